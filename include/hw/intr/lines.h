/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of -d that tell of interrupts: one a stage, printed from the journal's records. */
#ifndef HW_INTR_LINES_H
#define HW_INTR_LINES_H

#include "base/trace.h"
#include "hw/intr/record.h"

typedef enum {
    JOURNAL_STAGE_KEPT,   /* <kind>_kept: the emitter keeps it back */
    JOURNAL_STAGE_SEND,   /* <kind>_send */
    JOURNAL_STAGE_ALIAS,  /* bridge_alias */
    JOURNAL_STAGE_RELAY,  /* vmd_remap */
    JOURNAL_STAGE_UNIT,   /* iommu_ir */
    JOURNAL_STAGE_BUS,    /* apic_bus_deliver */
    JOURNAL_STAGE_ACCEPT, /* apic_accept: a local APIC's answer */
    JOURNAL_STAGE_ANSWER, /* apic_bus_result */
    JOURNAL_STAGE_TAKEN,  /* apic_taken */
    JOURNAL_STAGE_EOI,    /* apic_ended */
    JOURNAL_STAGE_END,    /* <kind>_ended */
    JOURNAL_STAGES,
} JournalStage;

/* If the stage's group is on. */
void journal_print(Trace *trace, const JournalRecord *r, JournalStage stage);

#endif
