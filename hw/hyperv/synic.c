/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The synthetic interrupt controller (TLFS chapter 11): sixteen sources (SINTs) a VP, each with a
 * slot for a message in one page and flags for events in another.
 */
#include "hw/hyperv/hyperv_internal.h"

#include <string.h>

#include "base/bytes.h"

#define MSR_SCONTROL 0x40000080u
#define MSR_SVERSION 0x40000081u
#define MSR_SIEFP    0x40000082u
#define MSR_SIMP     0x40000083u
#define MSR_EOM      0x40000084u
#define MSR_SINT0    0x40000090u

#define SCONTROL_ENABLE 1u
#define SYNIC_VERSION   1u
#define VECTOR_FIRST    16u

/* A message (TLFS 11.8.1). */
#define MESSAGE_BYTES   256u
#define MESSAGE_TYPE    0
#define MESSAGE_SIZE    4 /* of the payload */
#define MESSAGE_FLAGS   5
#define MESSAGE_SENDER  8
#define MESSAGE_PAYLOAD 16
#define MESSAGE_PENDING 1u
/* Event flags (TLFS 11.9). */
#define EVENT_BYTES 256u

/* A source sends by this vector, whose interrupt may need no EOI. */
static void tell_auto_eoi(const HvVp *vp)
{
    uint64_t vectors[4] = {0};

    for (unsigned i = 0; i < HV_SINTS; i++) {
        uint64_t sint = vp->sint[i];
        if ((sint & HV_SINT_AUTO_EOI) && !(sint & HV_SINT_MASKED)) {
            vectors[(sint & HV_SINT_VECTOR) / 64] |= 1ull << (sint & HV_SINT_VECTOR) % 64;
        }
    }
    apic_set_auto_eoi(vp->apic, vectors);
}

void hv_synic_reset(HvVp *vp)
{
    vp->scontrol = 0;
    for (unsigned i = 0; i < HV_SINTS; i++) {
        vp->sint[i] = HV_SINT_MASKED;
    }
    hv_overlay_reset(&vp->messages, hv_memory(vp->hv));
    hv_overlay_reset(&vp->events, hv_memory(vp->hv));
    if (vp->apic) {
        tell_auto_eoi(vp);
    }
}

void hv_synic_restored(HvVp *vp)
{
    hv_overlay_set(&vp->messages, hv_memory(vp->hv), vp->messages.value);
    hv_overlay_set(&vp->events, hv_memory(vp->hv), vp->events.value);
    tell_auto_eoi(vp);
}

bool hv_synic_read(HvVp *vp, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_SCONTROL:
        *value = vp->scontrol;
        return true;
    case MSR_SVERSION:
        *value = SYNIC_VERSION;
        return true;
    case MSR_SIEFP:
        *value = vp->events.value;
        return true;
    case MSR_SIMP:
        *value = vp->messages.value;
        return true;
    case MSR_EOM:
        *value = 0;
        return true;
    default:
        *value = vp->sint[msr - MSR_SINT0];
        return true;
    }
}

/* Vectors below 16 are none (TLFS 11.8.4). */
static bool write_sint(HvVp *vp, unsigned n, uint64_t value)
{
    if ((value & HV_SINT_VECTOR) < VECTOR_FIRST && !(value & HV_SINT_MASKED)) {
        return false;
    }
    vp->sint[n] = value;
    tell_auto_eoi(vp);
    return true;
}

bool hv_synic_write(HvVp *vp, uint32_t msr, uint64_t value)
{
    switch (msr) {
    case MSR_SCONTROL:
        vp->scontrol = value;
        return true;
    case MSR_SVERSION:
        return false;
    case MSR_SIEFP:
        return hv_overlay_write_msr(vp->hv, &vp->events, value);
    case MSR_SIMP:
        return hv_overlay_write_msr(vp->hv, &vp->messages, value);
    case MSR_EOM:
        hv_stimer_slots_emptied(vp);
        hv_connections_slots_emptied(vp);
        return true;
    default:
        return write_sint(vp, msr - MSR_SINT0, value);
    }
}

/* Why nothing can be said through this source and page; INTR_DELIVERED if it can. */
static IntrResult sint_answer(const HvVp *vp, unsigned sint, const HvOverlay *page)
{
    if (!(vp->scontrol & SCONTROL_ENABLE) || !hv_overlay_on(page)) {
        return INTR_SYNIC_OFF;
    }
    return vp->sint[sint] & HV_SINT_MASKED ? INTR_SINT_MASKED : INTR_DELIVERED;
}

/* A polled source interrupts nobody. */
static IntrResult interrupt(HvVp *vp, unsigned sint, uint64_t serial)
{
    uint64_t value = vp->sint[sint];

    if (value & HV_SINT_POLLING) {
        return journal_end(hv_journal(vp->hv), serial, INTR_SINT_POLLED);
    }
    return hv_interrupt(vp, serial, (uint8_t)(value & HV_SINT_VECTOR));
}

void hv_raise_sint(HvPartition *hv, unsigned vp, unsigned sint)
{
    Journal *journal = hv_journal(hv);

    if (vp >= hv->links.vps || sint >= HV_SINTS) {
        return;
    }
    HvVp *to = &hv->vps[vp];
    uint64_t serial = journal_open(journal, JOURNAL_SINT, to->name, 0, sint);
    if (!(to->scontrol & SCONTROL_ENABLE)) {
        journal_end(journal, serial, INTR_SYNIC_OFF);
    } else if (to->sint[sint] & HV_SINT_MASKED) {
        journal_end(journal, serial, INTR_SINT_MASKED);
    } else {
        interrupt(to, sint, serial);
    }
}

static void put_message(HvVp *vp, size_t slot, const HvMessage *message)
{
    uint8_t bytes[MESSAGE_PAYLOAD + HV_PAYLOAD_BYTES] = {0};

    bytes_put32(bytes + MESSAGE_TYPE, message->type);
    bytes[MESSAGE_SIZE] = message->size;
    bytes_put64(bytes + MESSAGE_SENDER, message->sender);
    memcpy(bytes + MESSAGE_PAYLOAD, message->payload, message->size);
    hv_overlay_write(&vp->messages, hv_memory(vp->hv), slot, bytes,
                     MESSAGE_PAYLOAD + message->size);
}

IntrResult hv_synic_post(HvVp *vp, unsigned sint, const HvMessage *message, uint64_t *waiting,
                         uint64_t serial)
{
    Journal *journal = hv_journal(vp->hv);
    IntrResult answer = sint_answer(vp, sint, &vp->messages);
    size_t slot = (size_t)sint * MESSAGE_BYTES;

    if (answer != INTR_DELIVERED) {
        return journal_end(journal, serial, answer);
    }
    if (bytes_get32(vp->messages.page + slot + MESSAGE_TYPE) != 0) {
        uint8_t flags = vp->messages.page[slot + MESSAGE_FLAGS] | MESSAGE_PENDING;
        hv_overlay_write(&vp->messages, hv_memory(vp->hv), slot + MESSAGE_FLAGS, &flags, 1);
        return journal_wait(journal, serial, INTR_MESSAGE_SLOT_FULL, waiting);
    }
    put_message(vp, slot, message);
    return interrupt(vp, sint, serial);
}

IntrResult hv_synic_signal(HvVp *vp, unsigned sint, unsigned flag, uint64_t serial)
{
    Journal *journal = hv_journal(vp->hv);
    IntrResult answer = sint_answer(vp, sint, &vp->events);
    size_t at = (size_t)sint * EVENT_BYTES + flag / 8;

    if (answer != INTR_DELIVERED) {
        return journal_end(journal, serial, answer);
    }
    uint8_t bits = vp->events.page[at], bit = (uint8_t)(1u << flag % 8);
    if (bits & bit) {
        return journal_end(journal, serial, INTR_MERGED_WAITING);
    }
    bits |= bit;
    hv_overlay_write(&vp->events, hv_memory(vp->hv), at, &bits, 1);
    return interrupt(vp, sint, serial);
}
