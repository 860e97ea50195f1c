/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VP asks to be done to other VPs: interrupts (TLFS 10.5) and flushes of translations
 * (TLFS 9.4). vCPUs take turns, so that a flush is over when the call is.
 */
#include "hw/hyperv/hyperv_internal.h"

#include "base/bytes.h"

#define VECTOR_FIRST 16u
#define VECTOR_LAST  255u
/* HvCallSendSyntheticClusterIpi's input. */
#define IPI_VECTOR   0
#define IPI_RESERVED 4
#define IPI_MASK     8
/* HvCallFlushVirtualAddressSpace's, and its flags. */
#define FLUSH_FLAGS    8
#define FLUSH_MASK     16
#define FLUSH_ALL_VPS  (1ull << 0)
#define FLUSH_RESERVED (~0xfull)

IntrResult hv_interrupt(HvVp *vp, uint64_t serial, uint8_t vector)
{
    ApicMsg msg = {
        .serial = serial,
        .dest = apic_initial_id(vp->apic),
        .vector = vector,
        .mode = INTR_MODE_FIXED,
        .assert_level = true,
    };

    journal_send(hv_journal(vp->hv),
                 &(IntrMsg){.serial = serial, .address = vp->index, .data = vector});
    return apic_bus_deliver_to(vp->hv->links.bus, &msg, vp->apic);
}

/* One message a VP, with a record of its own. A VP that is not there cannot take it. */
static void send_to(const HvCall *call, unsigned index, uint8_t vector)
{
    HvPartition *hv = call->vp->hv;
    Journal *journal = hv_journal(hv);
    uint64_t serial = journal_open(journal, JOURNAL_HYPERCALL, call->vp->name, 0, call->code);

    if (index < hv->links.vps) {
        hv_interrupt(&hv->vps[index], serial, vector);
    } else {
        journal_end(journal, serial, INTR_NO_APIC);
    }
}

static HvStatus send_ipi(const HvCall *call, const HvVpSet *set)
{
    uint32_t vector = bytes_get32(call->input + IPI_VECTOR);

    if (vector < VECTOR_FIRST || vector > VECTOR_LAST ||
        bytes_get32(call->input + IPI_RESERVED) != 0) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    for (unsigned i = 0; (i = hv_set_next(set, i)) < HV_SET_END; i++) {
        send_to(call, i, (uint8_t)vector);
    }
    return HV_STATUS_SUCCESS;
}

HvStatus hv_call_send_ipi(HvCall *call)
{
    HvVpSet set = hv_set_of_mask(bytes_get64(call->input + IPI_MASK));

    return send_ipi(call, &set);
}

HvStatus hv_call_send_ipi_ex(HvCall *call)
{
    HvVpSet set;
    HvStatus status = hv_set_read(call, IPI_MASK, call->var, &set);

    return status == HV_STATUS_SUCCESS ? send_ipi(call, &set) : status;
}

/* More than was asked for is flushed: all translations of these VPs. */
static void flush_vps(HvPartition *hv, const HvVpSet *set)
{
    for (unsigned i = 0; (i = hv_set_next(set, i)) < hv->links.vps; i++) {
        const HvVp *vp = &hv->vps[i];
        if (vp->pins) {
            vp->pins->flush(vp->pins_opaque);
        }
    }
}

static HvStatus flush_set(const HvCall *call, HvVpSet *set)
{
    uint64_t flags = bytes_get64(call->input + FLUSH_FLAGS);

    if (flags & FLUSH_RESERVED) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if (flags & FLUSH_ALL_VPS) {
        *set = hv_set_of_all(call->vp->hv);
    }
    flush_vps(call->vp->hv, set);
    return HV_STATUS_SUCCESS;
}

HvStatus hv_call_flush(HvCall *call)
{
    HvVpSet set = hv_set_of_mask(bytes_get64(call->input + FLUSH_MASK));

    return flush_set(call, &set);
}

HvStatus hv_call_flush_ex(HvCall *call)
{
    HvVpSet set;
    HvStatus status = hv_set_read(call, FLUSH_MASK, call->var, &set);

    return status == HV_STATUS_SUCCESS ? flush_set(call, &set) : status;
}

/* The VP spins; its turn ends with PAUSE anyway. */
HvStatus hv_call_long_spin(HvCall *call)
{
    return HV_STATUS_SUCCESS;
}
