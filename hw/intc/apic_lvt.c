/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC: its own sources, which are the entries of the local vector table and the LINT pins.
 * Intel SDM vol. 3, 11.5.1 (LVT), 11.4.3 and 11.4.7.2 (disabled).
 */
#include "hw/intc/apic_internal.h"

/* Is the pin at the level that its entry calls active? (figure 11-8, bit 13) */
bool apic_lint_active(const ApicState *s, int n)
{
    return (s->lvt[APIC_LVT_LINT0 + n] & LVT_POLARITY) ? !s->lint_level[n] : s->lint_level[n];
}

/* Does LINT `n` act as a level-triggered fixed interrupt? LINT1 is always edge (11.5.1). */
static bool apic_lint_is_level(const ApicState *s, int n)
{
    uint32_t lvt = s->lvt[APIC_LVT_LINT0 + n];

    return n == 0 && (lvt & LVT_LEVEL) && (lvt & LVT_DELIVERY_MASK) == 0;
}

/* The delivery mode of an entry; the timer's and the error's have none and are fixed. */
static IntrDeliveryMode apic_lvt_mode(const ApicState *s, ApicLvt lvt)
{
    if (lvt == APIC_LVT_TIMER || lvt == APIC_LVT_ERROR) {
        return INTR_MODE_FIXED;
    }
    return (s->lvt[lvt] & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
}

static ApicMsg apic_lvt_message(const ApicState *s, ApicLvt lvt)
{
    return (ApicMsg){
        .serial = intr_serial_next(s->dev.platform->intr_log),
        .dest = s->links.apic_id,
        .vector = s->lvt[lvt] & LVT_VECTOR_MASK,
        .mode = apic_lvt_mode(s, lvt),
        .level = lvt == APIC_LVT_LINT0 && apic_lint_is_level(s, 0),
        .assert_level = true,
    };
}

/* What keeps an entry's interrupt from being accepted; INTR_DELIVERED if nothing does. */
static IntrResult apic_lvt_answer(const ApicState *s, ApicLvt lvt, IntrDeliveryMode mode)
{
    if (!apic_is_enabled(s)) {
        return INTR_APIC_DISABLED;
    }
    if (s->lvt[lvt] & LVT_MASKED) {
        return INTR_LVT_MASKED;
    }
    if (s->lvt[lvt] & LVT_REMOTE_IRR) {
        return INTR_REMOTE_IRR;
    }
    switch (mode) {
    case INTR_MODE_FIXED:
    case INTR_MODE_SMI:
    case INTR_MODE_NMI:
    case INTR_MODE_INIT:
        return INTR_DELIVERED;
    case INTR_MODE_EXTINT:
        return INTR_TAKEN_EXTINT; /* the pin is sampled in apic_extint_active() */
    default:
        return INTR_RESERVED_MODE;
    }
}

static void apic_lvt_trace(const ApicState *s, ApicLvt lvt, const ApicMsg *msg, IntrResult answer)
{
    static const char *const names[APIC_LVT_COUNT] = {"timer", "thermal", "perf",
                                                      "lint0", "lint1",   "error"};

    trace_event(s->dev.platform->trace, TRACE_APIC,
                "apic_lvt serial=%" PRIu64 " id=%u entry=%s vector=0x%02x mode=%d trig=%s%s%s",
                msg->serial, s->links.apic_id, names[lvt], msg->vector, msg->mode,
                msg->level ? "level" : "edge", answer == INTR_DELIVERED ? "" : " result=",
                answer == INTR_DELIVERED ? "" : intr_result_name(answer));
}

IntrResult apic_fire_lvt(ApicState *s, ApicLvt lvt)
{
    ApicMsg msg = apic_lvt_message(s, lvt);
    IntrResult answer = apic_lvt_answer(s, lvt, msg.mode);

    apic_lvt_trace(s, lvt, &msg, answer);
    if (answer != INTR_DELIVERED) {
        return answer;
    }
    if (msg.level && msg.vector >= APIC_FIRST_VECTOR) {
        s->lvt[lvt] |= LVT_REMOTE_IRR;
    }
    return apic_accept(s, &msg);
}

void apic_lint_resample(ApicState *s)
{
    uint32_t *lvt = &s->lvt[APIC_LVT_LINT0];

    if (!apic_is_enabled(s) || !apic_lint_is_level(s, 0)) {
        *lvt &= ~LVT_REMOTE_IRR;
    } else if (apic_lint_active(s, 0) && !(*lvt & (LVT_MASKED | LVT_REMOTE_IRR))) {
        apic_fire_lvt(s, APIC_LVT_LINT0);
    }
    apic_update(s);
}

void apic_lint_eoi(ApicState *s, uint8_t vector)
{
    uint32_t *lvt = &s->lvt[APIC_LVT_LINT0];

    if ((*lvt & LVT_REMOTE_IRR) && (*lvt & LVT_VECTOR_MASK) == vector) {
        *lvt &= ~LVT_REMOTE_IRR;
        apic_lint_resample(s);
    }
}

/* LINT1 is the NMI pin of a processor whose APIC is disabled (11.4.3). */
static void apic_nmi_pin(ApicState *s)
{
    ApicMsg msg = {
        .serial = intr_serial_next(s->dev.platform->intr_log),
        .dest = s->links.apic_id,
        .mode = INTR_MODE_NMI,
        .assert_level = true,
    };

    apic_take(s, &msg, INTR_TAKEN_NMI);
}

void apic_lint_changed(ApicState *s, int n, bool level)
{
    if (s->lint_level[n] == level) {
        return;
    }
    s->lint_level[n] = level;
    if (!apic_is_enabled(s)) {
        if (n == 1 && level) {
            apic_nmi_pin(s);
        }
    } else if (apic_lint_active(s, n)) {
        apic_fire_lvt(s, APIC_LVT_LINT0 + n);
    }
    apic_update(s);
}
