/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters over the journal's records. */
#include "hw/intr/filter.h"

#include <stdio.h>
#include <string.h>

void journal_filter_init(JournalFilter *f)
{
    *f =
        (JournalFilter){.rid = -1, .number = -1, .kind = -1, .vector = -1, .cpu = -1, .result = -1};
}

void journal_filter_clear(JournalFilter *f)
{
    g_free(f->dev);
    journal_filter_init(f);
}

bool journal_parse_bdf(const char *text, uint16_t *rid)
{
    unsigned segment = 0, bus, device, function;
    char end;
    bool ok = sscanf(text, "%4x:%2x:%2x.%1x%c", &segment, &bus, &device, &function, &end) == 4;

    if (!ok) {
        segment = 0;
        ok = sscanf(text, "%2x:%2x.%1x%c", &bus, &device, &function, &end) == 3;
    }
    if (!ok || segment != 0 || device > 31 || function > 7) {
        return false;
    }
    *rid = (uint16_t)(bus << 8 | device << 3 | function);
    return true;
}

static bool read_bdf(JournalFilter *f, OptList *opts, GError **error)
{
    const char *text = optlist_get(opts, "bdf");
    uint16_t rid;

    if (!text) {
        return true;
    }
    if (!journal_parse_bdf(text, &rid)) {
        g_set_error(error, OPT_ERROR, 0, "bdf=%s: is not bus:device.function, as in 00:1f.3", text);
        return false;
    }
    f->rid = rid;
    return true;
}

/* -1 and an error if there is none. */
static int find_name(const char *key, const char *text, const char *const *names, size_t count,
                     GError **error)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            return (int)i;
        }
    }
    opt_error_nearest(error, text, names, count, "%s=%s: there is none", key, text);
    return -1;
}

static bool read_kind(JournalFilter *f, OptList *opts, GError **error)
{
    const char *text = optlist_get(opts, "kind"), *names[JOURNAL_KINDS];

    for (unsigned i = 0; i < JOURNAL_KINDS; i++) {
        names[i] = journal_kind_name((JournalKind)i);
    }
    return !text || (f->kind = find_name("kind", text, names, JOURNAL_KINDS, error)) >= 0;
}

/* A result's name, a class's, "lost" or "open". */
static bool read_state(JournalFilter *f, OptList *opts, GError **error)
{
    enum { LOST = INTR_RESULTS + INTR_CLASSES, OPEN, NAMES };
    const char *text = optlist_get(opts, "state"),
               *names[NAMES] = {[LOST] = "lost", [OPEN] = "open"};
    int found;

    if (!text) {
        return true;
    }
    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        names[i] = intr_result_name((IntrResult)i);
    }
    for (unsigned i = 0; i < INTR_CLASSES; i++) {
        names[INTR_RESULTS + i] = intr_class_name((IntrClass)i);
    }
    found = find_name("state", text, names, NAMES, error);
    f->lost = found == LOST;
    f->open = found == OPEN;
    if (found >= 0 && found < INTR_RESULTS) {
        f->result = found;
    } else if (found >= INTR_RESULTS && found < LOST) {
        f->results = 1u << (found - INTR_RESULTS);
    }
    return found >= 0;
}

static bool read_number(OptList *opts, const char *key, uint64_t max, int32_t *out, GError **error)
{
    uint64_t value = (uint64_t)*out;

    if (!optlist_uint(opts, key, 0, max, &value, error)) {
        return false;
    }
    *out = (int32_t)value;
    return true;
}

/* pin=N and msi=N say the kind, too: an IOAPIC's pin, unless the kind is another. */
static bool read_numbers(JournalFilter *f, OptList *opts, GError **error)
{
    uint64_t cpu = (uint64_t)f->cpu;

    if (!read_number(opts, "pin", UINT16_MAX, &f->number, error)) {
        return false;
    }
    if (f->number >= 0 && f->kind != JOURNAL_PIC) {
        f->kind = JOURNAL_PIN;
    }
    if (!read_number(opts, "msi", UINT16_MAX, &f->number, error) ||
        !read_number(opts, "vector", UINT8_MAX, &f->vector, error) ||
        !optlist_uint(opts, "cpu", 0, UINT32_MAX, &cpu, error)) {
        return false;
    }
    f->cpu = (int64_t)cpu;
    return true;
}

bool journal_filter_read(JournalFilter *f, OptList *opts, GError **error)
{
    journal_filter_init(f);
    f->dev = g_strdup(optlist_get(opts, "dev"));
    if (read_bdf(f, opts, error) && read_kind(f, opts, error) && read_state(f, opts, error) &&
        read_numbers(f, opts, error)) {
        return true;
    }
    journal_filter_clear(f);
    return false;
}

static bool matches_state(const JournalFilter *f, const JournalRecord *r)
{
    const IntrResultRow *row = &intr_results[r->result];

    return (f->result < 0 || f->result == r->result) &&
           (f->results == 0 || (f->results & 1u << row->cls) != 0) && (!f->lost || row->lost) &&
           (!f->open || row->open);
}

/* What a message that never came to a local APIC would have been there is not known. */
static bool matches_apic(const JournalFilter *f, const JournalRecord *r)
{
    bool seen = r->seen & JOURNAL_BUS;

    return (f->vector < 0 || (seen && f->vector == r->vector)) &&
           (f->cpu < 0 || (seen && r->answers > 0 && f->cpu == r->apic_id));
}

bool journal_filter_matches(const JournalFilter *f, const JournalRecord *r)
{
    return (!f->dev || (r->source && strcmp(f->dev, r->source) == 0)) &&
           (f->rid < 0 || f->rid == r->rid || f->rid == r->rid_seen) &&
           (f->kind < 0 || f->kind == r->kind) && (f->number < 0 || f->number == r->number) &&
           matches_apic(f, r) && matches_state(f, r);
}
