/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records somebody wants to see: "dev=nvme0,vector=0x31,state=blocked". */
#ifndef HW_INTR_FILTER_H
#define HW_INTR_FILTER_H

#include "base/optlist.h"
#include "hw/intr/record.h"

/* Every part that is given must match. */
typedef struct JournalFilter {
    char *dev;        /* id of the emitter, or NULL */
    int32_t rid;      /* -1: any, as the next ones */
    int32_t number;   /* pin, MSI vector, timer ... */
    int32_t kind;     /* JournalKind */
    int32_t vector;   /* at the local APIC */
    int64_t cpu;      /* APIC id */
    uint32_t results; /* bits of IntrClass; 0: any */
    int32_t result;   /* IntrResult */
    bool lost, open;  /* only what is */
} JournalFilter;

/* Matches everything. */
void journal_filter_init(JournalFilter *f);
void journal_filter_clear(JournalFilter *f);
/* Takes its keys out of `opts`: dev, bdf, pin, msi, vector, cpu, kind, state. False and an error
 * that names what would be right; `f` is then as journal_filter_init() leaves it. */
bool journal_filter_read(JournalFilter *f, OptList *opts, GError **error);
bool journal_filter_matches(const JournalFilter *f, const JournalRecord *r);

/* "00:1f.3" or "0000:00:1f.3" to a requester id. */
bool journal_parse_bdf(const char *text, uint16_t *rid);

#endif
