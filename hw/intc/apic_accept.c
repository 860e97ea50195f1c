/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC: accepting, prioritising, acknowledging and ending interrupts; errors; local sources.
 * Intel SDM vol. 3: 11.8 (handling interrupts), 11.5.1 (LVT), 11.5.3 (errors), 11.8.5 (EOI).
 */
#include "hw/intc/apic_internal.h"

static uint8_t priority_class(int vector)
{
    return vector < 0 ? 0 : (uint8_t)(vector & 0xf0);
}

/* Is the pin at the level that its entry calls active? (figure 11-8, bit 13) */
static bool apic_lint_active(const ApicState *s, int n)
{
    return (s->lvt[APIC_LVT_LINT0 + n] & LVT_POLARITY) ? !s->lint_level[n] : s->lint_level[n];
}

static bool apic_extint_active(const ApicState *s)
{
    uint32_t lvt = s->lvt[APIC_LVT_LINT0];

    if (!apic_is_enabled(s)) {
        return s->lint_level[0]; /* LINT0 is the INTR pin then (11.4.3) */
    }
    return s->extint_latched ||
           (apic_lint_active(s, 0) && !(lvt & LVT_MASKED) &&
            (lvt & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT == INTR_MODE_EXTINT);
}

/* 11.8.3.1: the higher of the task's and the in-service class. */
static void apic_update_ppr(ApicState *s)
{
    uint8_t in_service = priority_class(s->isr_top);

    s->ppr = (s->tpr & 0xf0) >= in_service ? s->tpr : in_service;
}

static inline bool apic_has_vector(const ApicState *s)
{
    return s->irr_top >= 0 && (s->irr_top & 0xf0) > (s->ppr & 0xf0);
}

static inline void apic_update_intr(ApicState *s)
{
    bool level = apic_has_vector(s) || apic_extint_active(s);

    if (level != s->intr) {
        s->intr = level;
        if (s->links.pins && s->links.pins->intr) {
            s->links.pins->intr(s->links.pins_opaque, level);
        }
    }
}

void apic_update(ApicState *s)
{
    s->irr_top = apic_highest(s->irr);
    s->isr_top = apic_highest(s->isr);
    apic_update_ppr(s);
    apic_update_intr(s);
}

/* P6 and bus lowest-priority arbitration (11.6.2.4). */
uint8_t apic_arbitration_priority(const ApicState *s)
{
    uint8_t tpr = s->tpr & 0xf0, irrv = priority_class(s->irr_top),
            isrv = priority_class(s->isr_top);

    if (tpr >= irrv && tpr > isrv) {
        return s->tpr;
    }
    return MAX((uint8_t)(tpr & isrv), irrv);
}

void apic_error(ApicState *s, uint32_t esr_bit)
{
    /* One error interrupt until the next write to ESR arms it again (11.5.3). */
    bool first = s->esr_pending == 0;

    s->esr_pending |= esr_bit;
    if (first) {
        apic_fire_lvt(s, APIC_LVT_ERROR);
    }
}

static void apic_accept_fixed(ApicState *s, uint8_t vector, bool level)
{
    if (G_UNLIKELY(vector < APIC_FIRST_VECTOR)) {
        apic_error(s, ESR_RECEIVE_ILLEGAL_VECTOR);
        return;
    }
    apic_set_bit(s->irr, vector);
    if (level) {
        apic_set_bit(s->tmr, vector);
    } else {
        apic_clear_bit(s->tmr, vector);
    }
    if (vector > s->irr_top) {
        s->irr_top = vector;
        apic_update_intr(s);
    }
}

static void apic_accept_init(ApicState *s)
{
    s->inits++;
    if (s->links.pins && s->links.pins->init) {
        s->links.pins->init(s->links.pins_opaque); /* the CPU resets us when it takes it */
    } else {
        apic_init_reset(s);
    }
}

static void apic_accept_pin(ApicState *s, void (*pin)(void *opaque), uint32_t *count)
{
    (*count)++;
    if (pin) {
        pin(s->links.pins_opaque);
    }
}

static void apic_accept_sipi(ApicState *s, uint8_t vector)
{
    s->sipis++;
    s->sipi_vector = vector;
    if (s->links.pins && s->links.pins->sipi) {
        s->links.pins->sipi(s->links.pins_opaque, vector);
    }
}

void apic_accept(ApicState *s, uint8_t vector, IntrDeliveryMode mode, bool level)
{
    static const CpuPins no_pins = {0};
    const CpuPins *pins = s->links.pins ? s->links.pins : &no_pins;

    trace_event(s->dev.platform->trace, TRACE_APIC,
                "apic_accept id=%u vector=0x%02x mode=%d trig=%s", s->links.apic_id, vector, mode,
                level ? "level" : "edge");
    switch (mode) {
    case INTR_MODE_FIXED:
    case INTR_MODE_LOWEST:
        apic_accept_fixed(s, vector, level);
        break;
    case INTR_MODE_SMI:
        apic_accept_pin(s, pins->smi, &s->smis);
        break;
    case INTR_MODE_NMI:
        apic_accept_pin(s, pins->nmi, &s->nmis);
        break;
    case INTR_MODE_INIT:
        apic_accept_init(s);
        break;
    case INTR_MODE_SIPI:
        apic_accept_sipi(s, vector);
        break;
    case INTR_MODE_EXTINT:
        s->extint_latched = true;
        apic_update_intr(s);
        break;
    }
}

int apic_ack(ApicState *s)
{
    int vector;

    if (apic_extint_active(s)) {
        s->extint_latched = false;
        vector = s->links.pic_ack ? s->links.pic_ack(s->links.pic_opaque) : -1;
        apic_update_intr(s);
        return vector;
    }
    if (!apic_has_vector(s)) {
        return -1;
    }
    vector = s->irr_top;
    apic_clear_bit(s->irr, (unsigned)vector);
    apic_set_bit(s->isr, (unsigned)vector);
    s->irr_top = apic_highest(s->irr);
    s->isr_top = vector;
    apic_update_ppr(s);
    apic_update_intr(s);
    return vector;
}

/* Does LINT `n` act as a level-triggered fixed interrupt? LINT1 is always edge (11.5.1). */
static bool apic_lint_is_level(const ApicState *s, int n)
{
    uint32_t lvt = s->lvt[APIC_LVT_LINT0 + n];

    return n == 0 && (lvt & LVT_LEVEL) && (lvt & LVT_DELIVERY_MASK) == 0;
}

static void apic_lint_eoi(ApicState *s, uint8_t vector)
{
    uint32_t *lvt = &s->lvt[APIC_LVT_LINT0];

    if ((*lvt & LVT_REMOTE_IRR) && (*lvt & LVT_VECTOR_MASK) == vector) {
        *lvt &= ~LVT_REMOTE_IRR;
        apic_lint_resample(s);
    }
}

void apic_eoi(ApicState *s)
{
    int vector = s->isr_top;

    if (vector < 0) {
        return;
    }
    apic_clear_bit(s->isr, (unsigned)vector);
    s->isr_top = apic_highest(s->isr);
    apic_update_ppr(s);
    apic_update_intr(s);
    trace_event(s->dev.platform->trace, TRACE_APIC, "apic_eoi id=%u vector=0x%02x trig=%s",
                s->links.apic_id, vector, apic_bit(s->tmr, (unsigned)vector) ? "level" : "edge");
    if (apic_bit(s->tmr, (unsigned)vector)) {
        apic_lint_eoi(s, (uint8_t)vector);
        if (!(s->svr & SVR_EOI_SUPPRESS)) {
            apic_bus_broadcast_eoi(s->links.bus, (uint8_t)vector);
        }
    }
}

uint8_t apic_get_cr8(const ApicState *s)
{
    return s->tpr >> 4;
}

void apic_set_cr8(ApicState *s, uint8_t cr8)
{
    s->tpr = (uint8_t)(cr8 << 4);
    apic_update_ppr(s);
    apic_update_intr(s);
}

bool apic_irr(const ApicState *s, uint8_t vector)
{
    return apic_bit(s->irr, vector);
}

bool apic_isr(const ApicState *s, uint8_t vector)
{
    return apic_bit(s->isr, vector);
}

bool apic_tmr(const ApicState *s, uint8_t vector)
{
    return apic_bit(s->tmr, vector);
}

/* Local sources. */

/* The delivery mode of an entry; the timer's and the error's have none and are fixed. */
static IntrDeliveryMode apic_lvt_mode(const ApicState *s, ApicLvt lvt)
{
    if (lvt == APIC_LVT_TIMER || lvt == APIC_LVT_ERROR) {
        return INTR_MODE_FIXED;
    }
    return (s->lvt[lvt] & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
}

void apic_fire_lvt(ApicState *s, ApicLvt lvt)
{
    IntrDeliveryMode mode = apic_lvt_mode(s, lvt);

    if (!apic_is_enabled(s) || (s->lvt[lvt] & LVT_MASKED)) {
        return;
    }
    switch (mode) {
    case INTR_MODE_FIXED:
    case INTR_MODE_SMI:
    case INTR_MODE_NMI:
    case INTR_MODE_INIT:
        apic_accept(s, s->lvt[lvt] & LVT_VECTOR_MASK, mode, false);
        break;
    default:
        break; /* ExtINT is sampled in apic_extint_active(); the rest is reserved */
    }
}

static void apic_lint_send_level(ApicState *s)
{
    uint32_t *lvt = &s->lvt[APIC_LVT_LINT0];

    if (apic_lint_active(s, 0) && !(*lvt & (LVT_MASKED | LVT_REMOTE_IRR))) {
        if ((*lvt & LVT_VECTOR_MASK) >= APIC_FIRST_VECTOR) {
            *lvt |= LVT_REMOTE_IRR;
        }
        apic_accept_fixed(s, *lvt & LVT_VECTOR_MASK, true);
    }
}

void apic_lint_resample(ApicState *s)
{
    if (apic_is_enabled(s) && apic_lint_is_level(s, 0)) {
        apic_lint_send_level(s);
    } else {
        s->lvt[APIC_LVT_LINT0] &= ~LVT_REMOTE_IRR;
    }
    apic_update_intr(s);
}

void apic_lint_changed(ApicState *s, int n, bool level)
{
    if (s->lint_level[n] == level) {
        return;
    }
    s->lint_level[n] = level;
    if (!apic_is_enabled(s)) {
        if (n == 1 && level) {
            apic_accept(s, 0, INTR_MODE_NMI, false); /* LINT1 is the NMI pin then */
        }
    } else if (apic_lint_is_level(s, n)) {
        apic_lint_send_level(s);
    } else if (apic_lint_active(s, n)) {
        apic_fire_lvt(s, APIC_LVT_LINT0 + n);
    }
    apic_update_intr(s);
}
