/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the device is saved. */
#include "hw/dma/dsa/device.h"

static const StateField wq_state[] = {
    STATE_ARRAY(STATE_UINT32, DsaWq, config, DSA_WQCFG_DWORDS),
    STATE_FIELD(STATE_UINT8, DsaWq, enabled),
    STATE_FIELD(STATE_UINT8, DsaWq, closing),
    STATE_FIELD(STATE_UINT8, DsaWq, credit),
    STATE_FIELD_MAX(STATE_UINT16, DsaWq, base, DSA_ENTRIES),
    STATE_FIELD_MAX(STATE_UINT16, DsaWq, size, DSA_ENTRIES),
    STATE_FIELD_MAX(STATE_UINT16, DsaWq, head, DSA_ENTRIES),
    STATE_FIELD_MAX(STATE_UINT16, DsaWq, count, DSA_ENTRIES),
    STATE_END,
};

static const StateField entry_state[] = {
    STATE_ARRAY(STATE_BYTES, DsaEntry, bytes, DSA_DESC_BYTES),
    STATE_FIELD_MAX(STATE_UINT8, DsaEntry, portal, 3),
    STATE_END,
};

static const StateField engine_state[] = {
    STATE_FIELD(STATE_UINT8, DsaEngine, busy),
    STATE_FIELD(STATE_UINT8, DsaEngine, in_batch),
    STATE_FIELD_MAX(STATE_UINT8, DsaEngine, wq, DSA_WQS - 1),
    STATE_FIELD_MAX(STATE_UINT8, DsaEngine, portal, 3),
    STATE_ARRAY(STATE_BYTES, DsaEngine, own, DSA_DESC_BYTES),
    STATE_ARRAY(STATE_BYTES, DsaEngine, current, DSA_DESC_BYTES),
    STATE_FIELD(STATE_UINT8, DsaEngine, working),
    STATE_FIELD(STATE_UINT8, DsaEngine, interrupts),
    STATE_FIELD(STATE_UINT16, DsaEngine, vector),
    STATE_FIELD(STATE_UINT32, DsaEngine, done),
    STATE_FIELD(STATE_UINT32, DsaEngine, crc),
    STATE_FIELD(STATE_UINT8, DsaEngine, own_interrupts),
    STATE_FIELD(STATE_UINT16, DsaEngine, own_vector),
    STATE_FIELD(STATE_UINT32, DsaEngine, next),
    STATE_FIELD(STATE_UINT8, DsaEngine, one_failed),
    STATE_END,
};

static const StateField group_state[] = {
    {.name = "dwords", .type = STATE_UINT32, .offset = 0, .count = DSA_GRPCFG_DWORDS},
    STATE_END,
};

const StateField dsa_state[] = {
    PCI_STATE,
    STATE_REGFILE(Dsa, regs),
    STATE_STRUCTS(Dsa, grpcfg, DSA_GROUPS, uint32_t[DSA_GRPCFG_DWORDS], group_state),
    STATE_ARRAY(STATE_UINT32, Dsa, msixperm, DSA_VECTORS),
    STATE_STRUCTS(Dsa, ims, 1, PciIms, pci_ims_state),
    STATE_STRUCTS(Dsa, wq, DSA_WQS, DsaWq, wq_state),
    STATE_STRUCTS(Dsa, entries, DSA_ENTRIES, DsaEntry, entry_state),
    STATE_STRUCTS(Dsa, engine, DSA_ENGINES, DsaEngine, engine_state),
    STATE_FIELD(STATE_UINT8, Dsa, enabled),
    STATE_FIELD(STATE_UINT8, Dsa, disabling),
    STATE_FIELD(STATE_UINT8, Dsa, command_active),
    STATE_FIELD(STATE_UINT32, Dsa, command),
    STATE_FIELD(STATE_UINT32, Dsa, command_wqs),
    STATE_ARRAY(STATE_BYTES, Dsa, granted, DSA_VECTORS + PCI_IMS_MOST_SLOTS),
    STATE_FIELD_MAX(STATE_UINT8, Dsa, generation, DSA_LAST_GENERATION),
    STATE_FIELD(STATE_UINT32, Dsa, interrupts),
    STATE_FIELD(STATE_TIMER, Dsa, work),
    STATE_END,
};

void dsa_state_mend(Dsa *d)
{
    for (unsigned n = 0; n < DSA_WQS; n++) {
        DsaWq *wq = &d->wq[n];
        wq->count = MIN(wq->count, wq->size);
    }
    for (unsigned n = 0; n < DSA_ENGINES; n++) {
        DsaEngine *e = &d->engine[n];
        if (!dsa_op_row(dsa_desc_decode(e->current).opcode)) {
            e->working = false;
        }
    }
}
