/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the unit's own interrupts. One is sent when a condition of STATUS comes to be set while
 * CONTROL enables it, and not again until software has cleared that condition. It is the MSI of the
 * unit's PCI function; with IntCapXTEn it goes where the x2APIC interrupt control register says
 * (3.4.13). These are never remapped.
 */
#include "hw/i386/iommu/amd/signal.h"

#include "hw/i386/iommu/amd/regs.h"
#include "hw/intr/journal.h"
#include "hw/pci/msi.h"

#define XT_LOGICAL   2, 1
#define XT_DEST_LOW  8, 24
#define XT_VECTOR    32, 8
#define XT_MODE      40, 1 /* fixed, arbitrated */
#define XT_DEST_HIGH 56, 8

typedef struct {
    uint64_t status, enable;
    uint32_t xt;
} SignalRow;

static const SignalRow signal_rows[AMDVI_SIGNALS] = {
    [AMDVI_SIGNAL_EVENT] = {AMDVI_ST_EVENT_INT | AMDVI_ST_EVENT_OVERFLOW, AMDVI_CTL_EVENT_INT_EN,
                            AMDVI_XT_GENERAL},
    [AMDVI_SIGNAL_COMWAIT] = {AMDVI_ST_COMWAIT_INT, AMDVI_CTL_COMWAIT_INTEN, AMDVI_XT_GENERAL},
    [AMDVI_SIGNAL_GALOG] = {AMDVI_ST_GALOG_INT | AMDVI_ST_GALOG_OVERFLOW, AMDVI_CTL_GALOG_INTEN,
                            AMDVI_XT_GA},
    [AMDVI_SIGNAL_PPR] = {AMDVI_ST_PPR_INT | AMDVI_ST_PPR_OVERFLOW, AMDVI_CTL_PPRINT_EN,
                          AMDVI_XT_PPR},
};

/* What is due is sent before the unit is left. */
const StateField amdvi_signals_state[] = {
    STATE_FIELD(STATE_UINT32, AmdviSignals, raised),
    STATE_END,
};

void amdvi_signals_init(AmdviSignals *s, RegFile *regs, ApicBus *apic_bus, const Device *dev)
{
    s->regs = regs;
    s->apic_bus = apic_bus;
    s->dev = dev;
}

void amdvi_signals_reset(AmdviSignals *s)
{
    s->raised = s->due = 0;
}

void amdvi_signals_update(AmdviSignals *s)
{
    uint64_t status = regfile_get(s->regs, AMDVI_STATUS);
    uint64_t control = regfile_get(s->regs, AMDVI_CONTROL);
    uint32_t now = 0;
    for (unsigned i = 0; i < AMDVI_SIGNALS; i++) {
        const SignalRow *row = &signal_rows[i];
        now |= (status & row->status) && (control & row->enable) ? 1u << i : 0;
    }
    s->due |= now & ~s->raised;
    s->raised = now;
}

static ApicMsg xt_message(const AmdviSignals *s, AmdviSignal signal)
{
    uint64_t xt = regfile_get(s->regs, signal_rows[signal].xt);
    return (ApicMsg){
        .dest = (uint32_t)(field_get(xt, XT_DEST_LOW) | field_get(xt, XT_DEST_HIGH) << 24),
        .vector = (uint8_t)field_get(xt, XT_VECTOR),
        .mode = field_get(xt, XT_MODE) ? INTR_MODE_LOWEST : INTR_MODE_FIXED,
        .logical = field_get(xt, XT_LOGICAL),
        .assert_level = true,
    };
}

static void signal_send_msi(AmdviSignals *s, uint64_t serial)
{
    Journal *journal = s->dev->platform->journal;
    IntrMsg msg = {.serial = serial};
    if (!s->function || !msi_enabled(s->function)) {
        journal_keep(journal, serial, INTR_MSI_DISABLED);
        return;
    }
    msg.requester_id = pci_requester_id(s->function);
    msi_get_message(s->function, &msg.address, &msg.data);
    if (!intr_window_contains(msg.address)) {
        journal_end(journal, serial, INTR_NOT_A_REQUEST);
        return;
    }
    journal_send(journal, &msg);
    ApicMsg out = apic_msg_decode(&msg);
    apic_bus_deliver(s->apic_bus, &out);
}

static void signal_send(AmdviSignals *s, AmdviSignal signal)
{
    uint64_t serial = journal_open(s->dev->platform->journal, JOURNAL_EVENT, s->dev->id, 0,
                                   JOURNAL_EVENTS_AMD + signal);
    if (regfile_get(s->regs, AMDVI_CONTROL) & AMDVI_CTL_INTCAPXT_EN) {
        ApicMsg out = xt_message(s, signal);
        out.serial = serial;
        apic_bus_deliver(s->apic_bus, &out);
    } else {
        signal_send_msi(s, serial);
    }
}

void amdvi_signals_flush(AmdviSignals *s)
{
    while (G_UNLIKELY(s->due)) {
        AmdviSignal signal = (AmdviSignal)__builtin_ctz(s->due);
        s->due &= s->due - 1;
        signal_send(s, signal);
    }
}
