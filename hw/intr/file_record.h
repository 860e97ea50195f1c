/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record as it stands in the journal's file, and the header that tells a reader of it. */
#ifndef HW_INTR_FILE_RECORD_H
#define HW_INTR_FILE_RECORD_H

#include <glib.h>

#include "hw/intr/record.h"

/* Fields are in the order of their sizes, so that there are no gaps. What a record does not have
 * (`seen` and the counts say so) is 0. */
typedef struct {
    uint64_t serial;
    int64_t time, time_taken, time_ended;
    uint64_t rip, instructions, rip_taken, instructions_taken;
    uint64_t address, entry_low, entry_high, into;
    int64_t time_cached, time_written;
    uint64_t rip_written;
    uint32_t source, unit; /* numbers of names; 0: none */
    uint32_t data, index, dest, apic, last_apic;
    uint16_t cpu, number, rid, rid_seen, seen, wanted, wanted_mask;
    uint16_t answers, accepted, taken, ended, cpu_written, eoi_pin;
    uint8_t kind, result, reason, vector, mode, hold, eoi, eoi_pins, relay, pad[1];
} FileRecord;

/* `source` and `unit` are the numbers of the record's names. */
void file_record_fill(FileRecord *out, const JournalRecord *r, uint32_t source, uint32_t unit);
/* The layout above and the tables of what its numbers mean, as JSON. */
GString *file_record_header(void);

#endif
