/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC: accepting, prioritising, acknowledging and ending interrupts; errors.
 * Intel SDM vol. 3: 11.8 (handling interrupts), 11.5.3 (errors), 11.8.5 (EOI).
 */
#include "hw/intc/apic_internal.h"
#include "hw/intr/lint.h"

static uint8_t priority_class(int vector)
{
    return vector < 0 ? 0 : (uint8_t)(vector & 0xf0);
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

bool apic_takes(const ApicState *s, IntrDeliveryMode mode)
{
    if (G_UNLIKELY(!(s->base & APIC_BASE_ENABLE))) {
        return false;
    }
    switch (mode) {
    case INTR_MODE_FIXED:
    case INTR_MODE_LOWEST:
    case INTR_MODE_EXTINT:
        return apic_software_enabled(s);
    default:
        return true;
    }
}

static void apic_accept_fixed(ApicState *s, const ApicMsg *msg, IntrResult answer)
{
    uint8_t vector = msg->vector;

    if (answer == INTR_DELIVERED) {
        s->serial_irr[vector] = msg->serial;
    } else {
        journal_merged(apic_journal(s), msg->serial, s->serial_irr[vector]);
    }
    apic_set_bit(s->irr, vector);
    if (msg->level) {
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
    apic_rules_sipi(s);
    if (s->links.pins && s->links.pins->sipi) {
        s->links.pins->sipi(s->links.pins_opaque, vector);
    }
}

/* Why it takes nothing of this mode. */
static IntrResult apic_refusal(const ApicState *s)
{
    if (s->absent) {
        return INTR_CPU_ABSENT;
    }
    return apic_is_enabled(s) ? INTR_APIC_SOFT_DISABLED : INTR_APIC_DISABLED;
}

/* What becomes of a message: decided before anything changes. */
static inline IntrResult apic_answer(const ApicState *s, const ApicMsg *msg)
{
    static const IntrResult others[] = {
        [INTR_MODE_SMI] = INTR_TAKEN_SMI,       [INTR_MODE_NMI] = INTR_TAKEN_NMI,
        [INTR_MODE_INIT] = INTR_TAKEN_INIT,     [INTR_MODE_SIPI] = INTR_TAKEN_SIPI,
        [INTR_MODE_EXTINT] = INTR_TAKEN_EXTINT,
    };

    if (G_UNLIKELY(!apic_takes(s, msg->mode))) {
        return apic_refusal(s);
    }
    if (msg->mode > INTR_MODE_LOWEST) {
        return others[msg->mode];
    }
    if (G_UNLIKELY(msg->vector < APIC_FIRST_VECTOR)) {
        return INTR_VECTOR_ILLEGAL;
    }
    return apic_bit(s->irr, msg->vector) ? INTR_MERGED : INTR_DELIVERED;
}

static void apic_carry_out(ApicState *s, const ApicMsg *msg, IntrResult answer)
{
    static const CpuPins no_pins = {0};
    const CpuPins *pins = s->links.pins ? s->links.pins : &no_pins;

    switch (answer) {
    case INTR_TAKEN_SMI:
        apic_accept_pin(s, pins->smi, &s->smis);
        break;
    case INTR_TAKEN_NMI:
        apic_accept_pin(s, pins->nmi, &s->nmis);
        break;
    case INTR_TAKEN_INIT:
        apic_accept_init(s);
        break;
    case INTR_TAKEN_SIPI:
        apic_accept_sipi(s, msg->vector);
        break;
    case INTR_TAKEN_EXTINT:
        s->extint_latched = true;
        apic_update_intr(s);
        break;
    case INTR_VECTOR_ILLEGAL:
        apic_error(s, ESR_RECEIVE_ILLEGAL_VECTOR);
        break;
    default:
        break;
    }
}

/* What will keep the CPU from taking the vector that it is about to be given. */
unsigned apic_holds(const ApicState *s, uint8_t vector)
{
    const CpuPins *pins = s->links.pins;
    unsigned holds = pins && pins->holds ? pins->holds(s->links.pins_opaque) : 0;

    if (G_LIKELY((vector & 0xf0) > (s->ppr & 0xf0))) {
        return holds;
    }
    if ((vector & 0xf0) <= (s->tpr & 0xf0)) {
        holds |= JOURNAL_HOLD_TPR;
    }
    if ((vector & 0xf0) <= priority_class(s->isr_top)) {
        holds |= JOURNAL_HOLD_ISR;
    }
    return holds;
}

static inline void apic_conclude(ApicState *s, const ApicMsg *msg, IntrResult answer)
{
    Journal *journal = apic_journal(s);

    if (G_LIKELY(journal_keeps(journal))) {
        journal_accept(journal, msg, s->links.apic_id, answer,
                       (JournalHold)apic_holds(s, msg->vector));
    }
    if (G_LIKELY(answer == INTR_DELIVERED || answer == INTR_MERGED)) {
        apic_accept_fixed(s, msg, answer);
    } else {
        apic_carry_out(s, msg, answer);
    }
}

void apic_take(ApicState *s, const ApicMsg *msg, IntrResult answer)
{
    apic_conclude(s, msg, answer);
}

IntrResult apic_accept(ApicState *s, const ApicMsg *msg)
{
    IntrResult answer = apic_answer(s, msg);

    apic_conclude(s, msg, answer);
    return answer;
}

int apic_ack(ApicState *s)
{
    int vector;

    if (apic_extint_active(s)) {
        s->extint_latched = false;
        vector = s->links.pic_ack ? s->links.pic_ack(s->links.pic_opaque, s->links.apic_id) : -1;
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
    s->serial_isr[vector] = s->serial_irr[vector];
    journal_taken(apic_journal(s), s->serial_isr[vector], s->links.apic_id);
    apic_update_ppr(s);
    apic_update_intr(s);
    if (apic_bit(s->auto_eoi, (unsigned)vector)) {
        apic_eoi(s);
    }
    return vector;
}

void apic_set_auto_eoi(ApicState *s, const uint64_t vectors[4])
{
    memcpy(s->auto_eoi, vectors, sizeof(s->auto_eoi));
}

/* Of a vector whose request was a level's (11.8.5). */
static void apic_eoi_level(ApicState *s, uint8_t vector, uint64_t serial)
{
    bool kept = s->svr & SVR_EOI_SUPPRESS;

    journal_eoi_begins(apic_journal(s), serial, kept ? JOURNAL_EOI_KEPT : JOURNAL_EOI_BROADCAST);
    apic_lint_eoi(s, vector);
    if (!kept) {
        apic_bus_broadcast_eoi(s->links.bus, vector);
    }
}

void apic_eoi(ApicState *s)
{
    int vector = s->isr_top;

    if (vector < 0) {
        LINT_BREAK(&s->dev, LINT_EOI_NOTHING_IN_SERVICE, "ISR is empty");
        return;
    }
    apic_clear_bit(s->isr, (unsigned)vector);
    s->isr_top = apic_highest(s->isr);
    apic_update_ppr(s);
    apic_update_intr(s);
    uint64_t serial = s->serial_isr[vector];
    if (apic_bit(s->tmr, (unsigned)vector)) {
        apic_eoi_level(s, (uint8_t)vector, serial);
    }
    journal_eoi(apic_journal(s), serial, s->links.apic_id, INTR_ENDED);
}

static void apic_forget_set(ApicState *s, uint64_t *set, const uint64_t *serials, IntrResult result)
{
    for (int vector; (vector = apic_highest(set)) >= 0;) {
        apic_clear_bit(set, (unsigned)vector);
        journal_eoi(apic_journal(s), serials[vector], s->links.apic_id, result);
    }
}

void apic_forget(ApicState *s, IntrResult result)
{
    apic_forget_set(s, s->irr, s->serial_irr, result);
    apic_forget_set(s, s->isr, s->serial_isr, result);
    journal_withdraw(apic_journal(s), &s->lint_waiting, result);
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
