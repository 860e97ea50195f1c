/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC: lint's checks, where they are more than a compare. Intel SDM vol. 3: 11.5.1 (LVT),
 * 11.6.1 (ICR), 11.9 (spurious vector), 11.12.5 (x2APIC states).
 */
#include "hw/intc/apic_internal.h"
#include "hw/intr/lint.h"

#define SPURIOUS_FIXED_BITS 0xfu
#define TIMER_MODE_RESERVED 3u
#define TIMER_MODE_DEADLINE 2u
#define ICR_SHORTHAND       (3u << 18)

static unsigned rules_timer_mode(uint32_t lvt)
{
    return (lvt & LVT_TIMER_MODE_MASK) >> LVT_TIMER_MODE_SHIFT;
}

static unsigned delivery(ApicLvt lvt, uint32_t value)
{
    bool fixed = lvt == APIC_LVT_TIMER || lvt == APIC_LVT_ERROR;

    return fixed ? INTR_MODE_FIXED : (value & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
}

static bool sends_vector(ApicLvt lvt, uint32_t value)
{
    return !(value & LVT_MASKED) && delivery(lvt, value) == INTR_MODE_FIXED;
}

static void apic_check_shared(const ApicState *s, ApicLvt lvt, uint32_t value)
{
    for (unsigned i = 0; i < APIC_LVT_COUNT; i++) {
        if (i != lvt && sends_vector((ApicLvt)i, s->lvt[i]) &&
            (s->lvt[i] & LVT_VECTOR_MASK) == (value & LVT_VECTOR_MASK)) {
            LINT_BREAK(&s->dev, LINT_LVT_VECTOR_SHARED, "entries %u and %u, vector %#x", i, lvt,
                       value & LVT_VECTOR_MASK);
        }
    }
}

static void apic_check_unmasked(const ApicState *s, ApicLvt lvt, uint32_t value)
{
    unsigned mode = delivery(lvt, value);

    if (!apic_software_enabled(s)) {
        LINT_BREAK(&s->dev, LINT_LVT_UNMASK_DISABLED, "entry %u, %#x", lvt, value);
    }
    if (mode == INTR_MODE_LOWEST || mode == 3 || mode == INTR_MODE_SIPI) {
        LINT_BREAK(&s->dev, LINT_LVT_DELIVERY_RESERVED, "entry %u, %#x", lvt, value);
    } else if (mode == INTR_MODE_FIXED && (value & LVT_VECTOR_MASK) < APIC_FIRST_VECTOR) {
        LINT_BREAK(&s->dev, LINT_LVT_VECTOR_LOW, "entry %u, %#x", lvt, value);
    } else if (mode == INTR_MODE_FIXED) {
        apic_check_shared(s, lvt, value);
    }
}

static bool timer_runs(const ApicState *s)
{
    return s->tsc_deadline != 0 || apic_timer_current(s) != 0;
}

static void check_timer(const ApicState *s, uint32_t value)
{
    uint32_t old = s->lvt[APIC_LVT_TIMER];
    unsigned from = rules_timer_mode(old), to = rules_timer_mode(value);

    if (to == TIMER_MODE_RESERVED) {
        LINT_BREAK(&s->dev, LINT_TIMER_MODE_RESERVED, "%#x", value);
    }
    if (from != to && (from == TIMER_MODE_DEADLINE || to == TIMER_MODE_DEADLINE) &&
        !(old & LVT_MASKED) && timer_runs(s)) {
        LINT_BREAK(&s->dev, LINT_TIMER_MODE_LIVE, "from %#x to %#x", old, value);
    }
}

void apic_rules_lvt(const ApicState *s, ApicLvt lvt, uint32_t value)
{
    if (!(value & LVT_MASKED)) {
        apic_check_unmasked(s, lvt, value);
    }
    if (lvt == APIC_LVT_TIMER) {
        check_timer(s, value);
    }
    if (lvt == APIC_LVT_LINT1 && (value & LVT_LEVEL) && delivery(lvt, value) == INTR_MODE_FIXED) {
        LINT_BREAK(&s->dev, LINT_LINT1_LEVEL, "%#x", value);
    }
}

static void check_disabling(const ApicState *s)
{
    for (unsigned i = 0; i < APIC_LVT_COUNT; i++) {
        if (sends_vector((ApicLvt)i, s->lvt[i])) {
            LINT_BREAK(&s->dev, LINT_SVR_DISABLE_LIVE_LVT, "entry %u, %#x", i, s->lvt[i]);
            return;
        }
    }
}

void apic_rules_svr(const ApicState *s, uint32_t value)
{
    uint32_t vector = value & SVR_VECTOR_MASK;

    if (!(value & SVR_ENABLE)) {
        if (apic_software_enabled(s)) {
            check_disabling(s);
        }
    } else if (vector < APIC_FIRST_VECTOR) {
        LINT_BREAK(&s->dev, LINT_SPURIOUS_VECTOR_LOW, "vector %#x", vector);
    } else if ((vector & SPURIOUS_FIXED_BITS) != SPURIOUS_FIXED_BITS) {
        LINT_BREAK(&s->dev, LINT_SPURIOUS_VECTOR_BITS, "vector %#x", vector);
    }
}

void apic_rules_base_refused(const ApicState *s, uint64_t value)
{
    bool enable = value & APIC_BASE_ENABLE, extd = value & APIC_BASE_EXTD;
    bool enters = extd && (!enable || !apic_is_enabled(s));
    bool leaves = !extd && enable && apic_is_x2apic(s);

    LINT_BREAK(&s->dev, enters || leaves ? LINT_X2APIC_TRANSITION : LINT_APIC_BASE_RESERVED,
               "IA32_APIC_BASE=%#" PRIx64 ", was %#" PRIx64, value, s->base);
}

void apic_rules_access(const ApicState *s, uint32_t offset, unsigned size)
{
    LINT_BREAK(&s->dev, LINT_APIC_ACCESS_SIZE, "%u bytes at %#x", size, offset);
}

void apic_rules_ipi(const ApicState *s, const ApicMsg *msg, uint32_t icr, IntrResult answer)
{
    if (answer == INTR_ICR_INVALID) {
        LINT_BREAK(&s->dev, LINT_ICR_INVALID, "ICR=%#x", icr);
        return;
    }
    if (answer == INTR_NO_APIC && !(icr & ICR_SHORTHAND)) {
        LINT_BREAK(&s->dev, LINT_IPI_NOBODY, "ICR=%#x, %s %#x", icr,
                   msg->logical ? "logical" : "physical", msg->dest);
    }
    if (msg->mode == INTR_MODE_LOWEST) {
        LINT_BREAK(&s->dev, LINT_IPI_LOWEST_PRIORITY, "ICR=%#x", icr);
    }
    if (msg->mode <= INTR_MODE_LOWEST && msg->vector < APIC_FIRST_VECTOR) {
        LINT_BREAK(&s->dev, LINT_IPI_VECTOR_LOW, "ICR=%#x", icr);
    }
}

void apic_rules_sipi(const ApicState *s)
{
    if (s->sipis > 2 * s->inits) {
        LINT_BREAK(&s->dev, LINT_SIPI_WITHOUT_INIT, "start-up IPIs %u, INITs %u", s->sipis,
                   s->inits);
    }
}
