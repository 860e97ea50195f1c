/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report is made of; private to report*.c. */
#ifndef HW_INTR_REPORT_INTERNAL_H
#define HW_INTR_REPORT_INTERNAL_H

#include "hw/intr/report.h"

/* Losses of one emitter's pin or vector that ended in the same state. */
typedef struct {
    const char *source; /* NULL: no device is known */
    uint16_t rid, number;
    uint8_t kind, result;
    uint64_t count, serial; /* of the first, as the next two */
    int64_t time;
    char *sentence;
    int64_t time_last;
} ReportLoss;

/* All that one emitter meant, by its kind. */
typedef struct {
    const char *source; /* NULL: all that no device is known of */
    uint8_t kind;
    uint64_t attempts, lost;
    uint64_t results[INTR_RESULTS];
} ReportDevice;

typedef struct {
    int64_t time; /* at the end */
    uint64_t attempts, open, lost, losses_left_out;
    uint64_t results[INTR_RESULTS];
    GPtrArray *losses;  /* of ReportLoss, in the order of the first ones */
    GPtrArray *devices; /* of ReportDevice, by name */
    const Lint *lint;   /* NULL: off */
    const Symbols *symbols;
} ReportData;

char *report_json(const ReportData *data);
char *report_html(const ReportData *data);

#endif
