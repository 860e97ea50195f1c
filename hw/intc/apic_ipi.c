/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC: interprocessor interrupts. Intel SDM vol. 3, 11.6.1 (ICR) and 11.12.9 to 11.12.11
 * (x2APIC ICR, SELF IPI).
 *
 * IPIs are always edge-triggered (table 11-3: the processor overrides the trigger bit). An INIT
 * level de-assert only reset arbitration ids of old buses and is ignored.
 */
#include "hw/intc/apic_internal.h"

#define ICR_LOGICAL         (1u << 11)
#define ICR_ASSERT          (1u << 14)
#define ICR_LEVEL           (1u << 15)
#define ICR_SHORTHAND_SHIFT 18

typedef enum { DEST_FIELD, DEST_SELF, DEST_ALL, DEST_ALL_BUT_SELF } Shorthand;

static bool icr_is_init_deassert(uint32_t icr, IntrDeliveryMode mode)
{
    return mode == INTR_MODE_INIT && (icr & ICR_LEVEL) && !(icr & ICR_ASSERT);
}

/* Table 11-3. NMI to self and to all is not listed as valid, but kernels send it and processors
 * deliver it. */
static bool icr_is_valid(IntrDeliveryMode mode, Shorthand shorthand)
{
    switch (mode) {
    case INTR_MODE_FIXED:
    case INTR_MODE_NMI:
        return true;
    case INTR_MODE_LOWEST:
    case INTR_MODE_SMI:
    case INTR_MODE_INIT:
    case INTR_MODE_SIPI:
        return shorthand == DEST_FIELD || shorthand == DEST_ALL_BUT_SELF;
    default:
        return false; /* ExtINT cannot be sent, 3 is reserved */
    }
}

IntrResult apic_self_ipi(ApicState *s, uint8_t vector)
{
    return apic_send_ipi(s, (uint32_t)DEST_SELF << ICR_SHORTHAND_SHIFT | vector, s->links.apic_id);
}

static IntrResult apic_send_message(ApicState *s, const ApicMsg *msg, Shorthand shorthand)
{
    switch (shorthand) {
    case DEST_SELF:
        journal_bus(apic_journal(s), msg);
        return journal_answer(apic_journal(s), msg->serial, apic_accept(s, msg));
    case DEST_ALL:
        return apic_bus_deliver_all(s->links.bus, msg, NULL);
    case DEST_ALL_BUT_SELF:
        return apic_bus_deliver_all(s->links.bus, msg, s);
    default:
        return apic_bus_deliver(s->links.bus, msg);
    }
}

/* Why the ICR sends nothing; INTR_DELIVERED if it does. */
static IntrResult icr_answer(uint32_t icr, IntrDeliveryMode mode, Shorthand shorthand)
{
    if (icr_is_init_deassert(icr, mode)) {
        return INTR_DEASSERTED;
    }
    return icr_is_valid(mode, shorthand) ? INTR_DELIVERED : INTR_ICR_INVALID;
}

IntrResult apic_send_ipi(ApicState *s, uint32_t icr, uint32_t dest)
{
    ApicMsg msg = {
        .serial = journal_open(apic_journal(s), JOURNAL_IPI, s->dev.id, 0, 0),
        .dest = dest,
        .vector = icr & LVT_VECTOR_MASK,
        .mode = (icr & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT,
        .logical = icr & ICR_LOGICAL,
        .assert_level = true,
    };
    Shorthand shorthand = (icr >> ICR_SHORTHAND_SHIFT) & 3;
    IntrResult answer = icr_answer(icr, msg.mode, shorthand);

    journal_send(apic_journal(s), &(IntrMsg){.serial = msg.serial, .address = dest, .data = icr});
    if (answer != INTR_DELIVERED) {
        apic_rules_ipi(s, &msg, icr, answer);
        return journal_end(apic_journal(s), msg.serial, answer);
    }
    if (msg.mode <= INTR_MODE_LOWEST && msg.vector < APIC_FIRST_VECTOR) {
        apic_error(s, ESR_SEND_ILLEGAL_VECTOR);
    }
    answer = apic_send_message(s, &msg, shorthand);
    apic_rules_ipi(s, &msg, icr, answer);
    return answer;
}
