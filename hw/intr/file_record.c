/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes into a record of the journal's file, and the file's own description of it. */
#include "hw/intr/file_record.h"

#include <stddef.h>

#include "hw/intr/sentence.h"

static void fill_emitter(FileRecord *out, const JournalRecord *r)
{
    out->serial = r->serial;
    out->time = r->time;
    out->rip = r->rip;
    out->instructions = r->instructions;
    out->cpu = r->cpu;
    out->number = r->number;
    out->rid = r->rid;
    out->rid_seen = r->rid_seen;
    out->relay = r->relay;
    out->kind = r->kind;
    out->result = r->result;
    out->seen = r->seen;
    if (r->seen & JOURNAL_SENT) {
        out->address = r->address;
        out->data = r->data;
    }
}

static void fill_unit(FileRecord *out, const JournalRecord *r)
{
    out->index = r->index;
    out->reason = r->reason;
    if (r->seen & JOURNAL_ENTRY) {
        out->entry_low = r->entry[0];
        out->entry_high = r->entry[1];
        out->wanted = r->wanted;
        out->wanted_mask = r->wanted_mask;
        out->time_cached = r->seen & JOURNAL_CACHED ? r->time_cached : 0;
    }
    if (r->seen & JOURNAL_WRITTEN) {
        out->time_written = r->time_written;
        out->rip_written = r->rip_written;
        out->cpu_written = r->cpu_written;
    }
}

static void fill_apics(FileRecord *out, const JournalRecord *r)
{
    out->vector = r->vector;
    out->mode = r->mode;
    out->dest = r->dest;
    out->answers = r->answers;
    out->accepted = r->accepted;
    out->taken = r->taken;
    out->ended = r->ended;
    if (r->answers) {
        out->apic = r->apic_id;
        out->hold = r->hold;
    }
    if (r->answers || r->taken) {
        out->last_apic = r->last_apic;
    }
    if (r->result == INTR_MERGED) {
        out->into = r->into;
    }
}

static void fill_cpu(FileRecord *out, const JournalRecord *r)
{
    if (r->taken) {
        out->time_taken = r->time_taken;
        out->rip_taken = r->rip_taken;
        out->instructions_taken = r->instructions_taken;
    }
    if (r->ended && r->ended == r->accepted) {
        out->time_ended = r->time_ended;
        out->eoi = r->eoi;
        if (r->eoi != JOURNAL_EOI_EDGE && r->eoi_pins) {
            out->eoi_pins = r->eoi_pins;
            out->eoi_pin = r->eoi_pin;
        }
    }
}

void file_record_fill(FileRecord *out, const JournalRecord *r, uint32_t source, uint32_t unit)
{
    *out = (FileRecord){.source = source, .unit = unit, .index = JOURNAL_NO_INDEX};
    fill_emitter(out, r);
    if (r->seen & JOURNAL_UNIT) {
        fill_unit(out, r);
    }
    if (r->seen & JOURNAL_BUS) {
        fill_apics(out, r);
    }
    fill_cpu(out, r);
}

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(FileRecord, name), sizeof(((FileRecord *)0)->name)                         \
    }

static const struct {
    const char *name;
    size_t offset, size;
} fields[] = {
    FIELD(time_cached), FIELD(time_written), FIELD(rip_written), FIELD(cpu_written),
    FIELD(serial),      FIELD(time),         FIELD(time_taken),  FIELD(time_ended),
    FIELD(rip),         FIELD(instructions), FIELD(rip_taken),   FIELD(instructions_taken),
    FIELD(address),     FIELD(entry_low),    FIELD(entry_high),  FIELD(into),
    FIELD(source),      FIELD(unit),         FIELD(data),        FIELD(index),
    FIELD(dest),        FIELD(apic),         FIELD(last_apic),   FIELD(cpu),
    FIELD(number),      FIELD(rid),          FIELD(rid_seen),    FIELD(seen),
    FIELD(wanted),      FIELD(wanted_mask),  FIELD(answers),     FIELD(accepted),
    FIELD(taken),       FIELD(ended),        FIELD(kind),        FIELD(result),
    FIELD(reason),      FIELD(vector),       FIELD(mode),        FIELD(hold),
    FIELD(eoi),         FIELD(eoi_pins),     FIELD(eoi_pin),     FIELD(relay),
};

/* By bit; NULL: none has it. */
static const char *const seen_bits[] = {
    "sent",    "aliased", "remapped", "unit",   "cached", "stale",  "quiet", "bus",
    "logical", "level",   "redirect", "waited", "behind", "closed", "entry", "written",
};

static void add_text(GString *out, const char *text)
{
    if (text) {
        g_string_append_printf(out, "\"%s\"", text);
    } else {
        g_string_append(out, "null");
    }
}

static void add_seen(GString *out)
{
    g_string_append(out, ",\n\"seen\":[");
    for (size_t i = 0; i < G_N_ELEMENTS(seen_bits); i++) {
        g_string_append(out, i ? "," : "");
        add_text(out, seen_bits[i]);
    }
    g_string_append_c(out, ']');
}

static void add_hold(GString *out)
{
    g_string_append(out, ",\n\"hold\":[");
    for (unsigned hold = 1; hold <= JOURNAL_HOLD_OFF; hold <<= 1) {
        g_autoptr(GString) words = g_string_new(NULL);
        journal_holds(words, hold);
        g_string_append(out, hold > 1 ? "," : "");
        add_text(out, words->str);
    }
    g_string_append_c(out, ']');
}

static void add_modes(GString *out)
{
    g_string_append(out, ",\n\"modes\":[");
    for (unsigned i = 0; i < 8; i++) {
        g_string_append(out, i ? "," : "");
        add_text(out, journal_mode_name(i));
    }
    g_string_append_c(out, ']');
}

static void add_fields(GString *out)
{
    g_string_append_printf(out, ",\n\"record\":{\"size\":%zu,\"fields\":[", sizeof(FileRecord));
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_string_append_printf(out, "%s\n{\"name\":\"%s\",\"offset\":%zu,\"size\":%zu}",
                               i ? "," : "", fields[i].name, fields[i].offset, fields[i].size);
    }
    g_string_append(out, "]}");
}

static void record_add_results(GString *out)
{
    g_string_append(out, ",\n\"results\":[");
    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        const IntrResultRow *row = &intr_results[i];

        g_string_append_printf(out,
                               "%s\n{\"name\":\"%s\",\"sentence\":\"%s\",\"section\":\"%s\","
                               "\"class\":\"%s\",\"open\":%s,\"lost\":%s,\"remedy\":",
                               i ? "," : "", row->name, row->sentence, row->section,
                               intr_class_name(row->cls), row->open ? "true" : "false",
                               row->lost ? "true" : "false");
        add_text(out, row->remedy);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void add_kinds(GString *out)
{
    g_string_append(out, ",\n\"kinds\":[");
    for (unsigned i = 0; i < JOURNAL_KINDS; i++) {
        g_string_append_printf(out, "%s{\"name\":\"%s\",\"number\":", i ? "," : "",
                               journal_kind_name((JournalKind)i));
        add_text(out, journal_number_name((JournalKind)i));
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

GString *file_record_header(void)
{
    GString *out = g_string_new("{\"byte_order\":\"");

    g_string_append(out, G_BYTE_ORDER == G_LITTLE_ENDIAN ? "little\"" : "big\"");
    add_fields(out);
    record_add_results(out);
    add_kinds(out);
    add_modes(out);
    add_seen(out);
    add_hold(out);
    g_string_append_printf(out, ",\n\"no_cpu\":%u,\"no_index\":%u}\n", JOURNAL_NO_CPU,
                           JOURNAL_NO_INDEX);
    return out;
}
