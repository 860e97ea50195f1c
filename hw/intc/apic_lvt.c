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

/* LINT0's may have waited. */
static uint64_t apic_lvt_record(ApicState *s, ApicLvt lvt)
{
    uint64_t none = 0, *waiting = lvt == APIC_LVT_LINT0 ? &s->lint_waiting : &none;

    return journal_reopen(apic_journal(s), waiting, JOURNAL_LVT, s->dev.id, 0, lvt);
}

static ApicMsg apic_lvt_message(ApicState *s, ApicLvt lvt)
{
    return (ApicMsg){
        .serial = apic_lvt_record(s, lvt),
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

/* A level waits for the EOI of the one before it; everything else is gone. */
static IntrResult apic_lvt_keep(ApicState *s, uint64_t serial, IntrResult why)
{
    if (why == INTR_REMOTE_IRR) {
        return journal_wait(apic_journal(s), serial, why, &s->lint_waiting);
    }
    return journal_keep(apic_journal(s), serial, why);
}

IntrResult apic_fire_lvt(ApicState *s, ApicLvt lvt)
{
    ApicMsg msg = apic_lvt_message(s, lvt);
    IntrResult answer = apic_lvt_answer(s, lvt, msg.mode);

    if (answer != INTR_DELIVERED) {
        return apic_lvt_keep(s, msg.serial, answer);
    }
    if (msg.level && msg.vector >= APIC_FIRST_VECTOR) {
        s->lvt[lvt] |= LVT_REMOTE_IRR;
    }
    journal_bus(apic_journal(s), &msg);
    return journal_answer(apic_journal(s), msg.serial, apic_accept(s, &msg));
}

/* What waits at LINT0 does so for its EOI; by a mask or the polarity it is gone. */
void apic_lint_recheck(ApicState *s)
{
    Journal *journal = apic_journal(s);

    if (!apic_lint_active(s, 0)) {
        journal_withdraw(journal, &s->lint_waiting, INTR_LINE_FELL);
    } else if (apic_lint_is_level(s, 0) && (s->lvt[APIC_LVT_LINT0] & LVT_MASKED)) {
        journal_withdraw(journal, &s->lint_waiting, INTR_LVT_MASKED);
    }
}

void apic_lint_resample(ApicState *s)
{
    uint32_t *lvt = &s->lvt[APIC_LVT_LINT0];

    if (!apic_is_enabled(s) || !apic_lint_is_level(s, 0)) {
        *lvt &= ~LVT_REMOTE_IRR;
    } else if (apic_lint_active(s, 0) && !(*lvt & (LVT_MASKED | LVT_REMOTE_IRR))) {
        apic_fire_lvt(s, APIC_LVT_LINT0);
    }
    apic_lint_recheck(s);
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

/* LINT1 is the NMI pin of a processor whose APIC is disabled (11.4.3); of none, in an empty socket.
 */
static void apic_nmi_pin(ApicState *s)
{
    ApicMsg msg = {
        .serial = apic_lvt_record(s, APIC_LVT_LINT1),
        .dest = s->links.apic_id,
        .mode = INTR_MODE_NMI,
        .assert_level = true,
    };

    journal_bus(apic_journal(s), &msg);
    if (apic_is_present(s)) {
        apic_take(s, &msg, INTR_TAKEN_NMI);
    }
    journal_answer(apic_journal(s), msg.serial,
                   apic_is_present(s) ? INTR_TAKEN_NMI : INTR_CPU_ABSENT);
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
    } else if (n == 0) {
        journal_withdraw(apic_journal(s), &s->lint_waiting, INTR_LINE_FELL);
    }
    apic_update(s);
}
