/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sentences. The verb comes from the table of results; here is what a stage knows beside it: what
 * the unit saw and what it wanted, whom the APIC bus looked for, how the CPU got it.
 */
#include "hw/intr/sentence.h"

#include "base/clock.h"
#include "hw/core/intr_msg.h"
#include "hw/core/rid.h"

static const char *const subjects[JOURNAL_KINDS] = {
    [JOURNAL_PIN] = "pin %u",
    [JOURNAL_MSI] = "MSI %u",
    [JOURNAL_MSIX] = "MSI-X %u",
    [JOURNAL_HPET] = "timer %u's message",
    [JOURNAL_MESSAGE] = "message",
    [JOURNAL_NOTIFY] = "posted-interrupt notification",
    [JOURNAL_IPI] = "IPI",
    [JOURNAL_STORED] = "stored message %u",
    [JOURNAL_STORED_MEMORY] = "stored message %u (in memory)",
    [JOURNAL_HYPERCALL] = "interrupt by hypercall %u",
    [JOURNAL_STIMER] = "synthetic timer %u",
    [JOURNAL_SINT] = "synthetic source %u",
    [JOURNAL_PIC] = "IRQ %u",
};
static const char *const events[] = {
    "fault event",
    "invalidation event",
    [JOURNAL_EVENTS_AMD] = "event log's interrupt",
    "completion wait's interrupt",
    "guest virtual APIC log's interrupt",
    "page request log's interrupt",
};
static const char *const hub_registers[] = {"RTC1_INT_CONFIG", "IPI_INT"};
static const char *const entries[] = {"timer", "thermal sensor", "performance counter",
                                      "LINT0", "LINT1",          "error"};

static bool has_rid(const JournalRecord *r)
{
    return r->kind != JOURNAL_LVT && r->kind != JOURNAL_IPI && r->kind != JOURNAL_EVENT &&
           r->kind != JOURNAL_NOTIFY && r->kind != JOURNAL_HUB && r->kind != JOURNAL_PIC &&
           !journal_kind_is_synthetic(r->kind);
}

static void add_what(GString *out, const JournalRecord *r)
{
    if (r->kind == JOURNAL_EVENT) {
        g_string_append(out, events[r->number % G_N_ELEMENTS(events)]);
    } else if (r->kind == JOURNAL_LVT) {
        g_string_append_printf(out, "%s entry", entries[r->number % G_N_ELEMENTS(entries)]);
    } else if (r->kind == JOURNAL_HUB) {
        g_string_append(out, hub_registers[r->number % G_N_ELEMENTS(hub_registers)]);
    } else {
        g_string_append_printf(out, subjects[r->kind], r->number); /* NOLINT: they are above */
    }
}

void journal_subject(GString *out, const JournalRecord *r)
{
    if (r->source) {
        g_string_append_printf(out, "%s ", r->source);
    }
    if (has_rid(r)) {
        g_string_append_printf(out, r->source ? "(%s) " : "%s ", rid_text(r->rid).text);
    }
    add_what(out, r);
}

/* Without floating point: a vCPU's own exceptions may be collected in the host's MXCSR meanwhile
 * (target/i386/mxcsr.h). */
static void add_seconds(GString *out, int64_t ns)
{
    int64_t us = (ns + NS_PER_US / 2) / NS_PER_US;

    g_string_append_printf(out, "%" PRId64 ".%06" PRId64 " s", us / G_USEC_PER_SEC,
                           us % G_USEC_PER_SEC);
}

static void add_duration(GString *out, int64_t ns)
{
    static const struct {
        int64_t below, unit;
        const char *name;
    } rows[] = {{10000, 1, "ns"}, {10 * NS_PER_MS, 1000, "us"}, {INT64_MAX, NS_PER_MS, "ms"}};
    unsigned i = 0;

    if (ns == 0) {
        g_string_append(out, "less than a slice"); /* the clock was not read in between */
        return;
    }
    while (ns >= rows[i].below) {
        i++;
    }
    g_string_append_printf(out, "%" PRId64 " %s", ns / rows[i].unit, rows[i].name);
}

/* "ffffffff8162a4c0 (modify_irte+0x120)" */
static void add_address(GString *out, uint64_t addr, const Symbols *symbols)
{
    g_string_append_printf(out, "%" PRIx64, addr);
    symbols_add(symbols, addr, out);
}

static void add_cause(GString *out, const JournalRecord *r, const Symbols *symbols)
{
    if (r->cpu != JOURNAL_NO_CPU) {
        g_string_append_printf(out, ", set off by CPU %u at ", r->cpu);
        add_address(out, r->rip, symbols);
    }
}

/* The unit: what it saw, what it read, what it wanted. */

void journal_add_writer(GString *out, int64_t time, uint16_t cpu, uint64_t rip,
                        const Symbols *symbols)
{
    g_string_append(out, "last written at ");
    add_seconds(out, time);
    if (cpu == JOURNAL_NO_CPU) {
        g_string_append(out, " by a device");
    } else {
        g_string_append_printf(out, " by CPU %u at ", cpu);
        add_address(out, rip, symbols);
    }
}

bool journal_writer_is_descriptors(const JournalRecord *r)
{
    return !(r->seen & (JOURNAL_STALE | JOURNAL_BEHIND)) &&
           (intr_results[r->result].cls == INTR_CLASS_POSTED || r->result == INTR_VTD_PID_ACCESS ||
            r->result == INTR_VTD_PID_RESERVED);
}

static void add_writer(GString *out, const JournalRecord *r, const Symbols *symbols)
{
    if (r->seen & JOURNAL_WRITTEN) {
        g_string_append(out, journal_writer_is_descriptors(r) ? "; its descriptor was "
                                                              : "; memory was ");
        journal_add_writer(out, r->time_written, r->cpu_written, r->rip_written, symbols);
    }
}

static void add_entry(GString *out, const JournalRecord *r, const Symbols *symbols)
{
    g_string_append_printf(out, "; entry %u", r->index);
    if (!intr_blocked((IntrResult)r->result)) {
        g_string_append_printf(out, " of %s", r->unit); /* a refusal has said whose */
    }
    if (!(r->seen & JOURNAL_ENTRY)) {
        return;
    }
    g_string_append_printf(out, " was %016" PRIx64 "%016" PRIx64 " %s", r->entry[1], r->entry[0],
                           r->seen & JOURNAL_CACHED ? "in the cache" : "in memory");
    if (r->seen & JOURNAL_CACHED) {
        g_string_append(out, " since ");
        add_seconds(out, r->time_cached);
    }
    if (r->seen & JOURNAL_STALE) {
        g_string_append(out, ", but memory has another one: no invalidation has covered it since");
    }
    if (r->seen & JOURNAL_BEHIND) {
        g_string_append(out, ", but another one was stored there: no flush of its line (ECAP.C is "
                             "0), or of the write buffer (CAP.RWBF), has brought it to memory");
    }
    add_writer(out, r, symbols);
    if (intr_result_has_flaw((IntrResult)r->result) && r->flaw) {
        g_string_append_printf(out, "; %s", r->flaw);
    }
}

static void add_requester(GString *out, const JournalRecord *r)
{
    if (r->seen & JOURNAL_ALIASED || r->rid_seen != r->rid) {
        g_string_append_printf(out, "; the unit saw requester %s", rid_text(r->rid_seen).text);
    }
    if ((r->result != INTR_VTD_SOURCE && r->result != INTR_HV_OTHER_DEVICE) ||
        !(r->seen & JOURNAL_ENTRY)) {
        return;
    }
    if (r->wanted_mask == 0) {
        g_string_append_printf(out, "; the entry is for buses %02x to %02x", r->wanted >> 8,
                               r->wanted & 0xff);
    } else {
        g_string_append_printf(out, "; the entry is for %s%s", rid_text(r->wanted).text,
                               r->wanted_mask == UINT16_MAX ? "" : " by a mask");
    }
}

static void add_unit(GString *out, const JournalRecord *r, const Symbols *symbols)
{
    if (!(r->seen & JOURNAL_UNIT)) {
        return;
    }
    if (r->index != JOURNAL_NO_INDEX) {
        add_entry(out, r, symbols);
    } else if (r->result == INTR_VTD_COMPATIBILITY) {
        g_string_append_printf(out, "; its address was %08" PRIx64 ", data %04x", r->address,
                               r->data);
    }
    add_requester(out, r);
    if (r->seen & JOURNAL_QUIET && r->reason) {
        g_string_append(out, r->result >= INTR_AMDVI_DTE_ILLEGAL
                                 ? "; no event was logged (IG, SupIOPF)"
                                 : "; no fault was recorded (FPD)");
    }
}

/* The APIC bus, and the first local APIC that answered. */

static void add_destination(GString *out, const JournalRecord *r)
{
    if (!(r->seen & JOURNAL_BUS)) {
        return;
    }
    g_string_append_printf(out, "; vector %02xh", r->vector);
    if (r->mode != INTR_MODE_FIXED) {
        g_string_append_printf(out, " (%s)", journal_mode_name(r->mode));
    }
    if (r->answers == 0) {
        g_string_append_printf(out, " for the %s destination %x",
                               r->seen & JOURNAL_LOGICAL ? "logical" : "physical", r->dest);
    } else {
        g_string_append_printf(out, " at local APIC %u", r->apic_id);
        if (r->answers > 1) {
            g_string_append_printf(out, " and %u more", r->answers - 1u);
        }
    }
}

void journal_counts(GString *out, const uint64_t counts[INTR_RESULTS])
{
    const char *separator = "";

    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        if (counts[i] > 0) {
            g_string_append_printf(out, "%s%" PRIu64 " %s", separator, counts[i],
                                   intr_result_name((IntrResult)i));
            separator = ", ";
        }
    }
}

void journal_holds(GString *out, unsigned holds)
{
    static const struct {
        JournalHold bit;
        const char *what;
    } rows[] = {
        {JOURNAL_HOLD_OFF, "the CPU waits for a start-up IPI"},
        {JOURNAL_HOLD_IF, "RFLAGS.IF is clear"},
        {JOURNAL_HOLD_SHADOW, "the instruction after STI or MOV SS comes first"},
        {JOURNAL_HOLD_TPR, "the task priority is not below it"},
        {JOURNAL_HOLD_ISR, "a vector of its class or a higher one is in service"},
        {JOURNAL_HOLD_HALTED, "the CPU is halted"},
    };
    const char *separator = "";

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (holds & rows[i].bit) {
            g_string_append_printf(out, "%s%s", separator, rows[i].what);
            separator = ", ";
        }
    }
}

static void add_held(GString *out, const JournalRecord *r)
{
    g_autoptr(GString) held = g_string_new(NULL);

    journal_holds(held, r->hold & ~(unsigned)JOURNAL_HOLD_HALTED);
    if (held->len > 0) {
        g_string_append_printf(out, " (when it came: %s)", held->str);
    }
}

/* Whom the EOI of a level reached. */
static void add_eoi(GString *out, const JournalRecord *r)
{
    if (r->eoi == JOURNAL_EOI_KEPT) {
        g_string_append(out, "; its EOI was not broadcast (SVR bit 12)");
    } else if (r->eoi == JOURNAL_EOI_BROADCAST && r->eoi_pins == 0) {
        g_string_append(out,
                        "; its EOI was broadcast, and found no pin with that vector and remote "
                        "IRR set");
    } else if (r->eoi == JOURNAL_EOI_BROADCAST) {
        g_string_append_printf(out, "; its EOI was broadcast, and cleared remote IRR of %s pin %u",
                               r->eoi_ioapic, r->eoi_pin);
        if (r->eoi_pins > 1) {
            g_string_append_printf(out, " and %u more", r->eoi_pins - 1u);
        }
    }
}

static void add_cpu(GString *out, const JournalRecord *r, const Symbols *symbols)
{
    if (!(r->seen & JOURNAL_BUS) || r->accepted == 0) {
        return;
    }
    if (r->taken > 0) {
        g_string_append(out, "; taken after ");
        add_duration(out, r->time_taken - r->time);
        g_string_append(out, " before the instruction at ");
        add_address(out, r->rip_taken, symbols);
    }
    add_held(out, r);
    if (r->result == INTR_ENDED) {
        g_string_append(out, "; ended after ");
        add_duration(out, r->time_ended - r->time_taken);
        g_string_append(out, " more");
        add_eoi(out, r);
    }
}

static void add_merged(GString *out, const JournalRecord *r)
{
    if (r->result == INTR_MERGED && r->into) {
        g_string_append_printf(out, "; that is #%" PRIu64, r->into);
    }
}

/* No table of a VMD has a vector 255: its relay is 0. */
static void add_relay(GString *out, const JournalRecord *r)
{
    RidText vmd = rid_text(r->rid_seen);
    uint8_t vector = (uint8_t)(r->relay - 1);

    if (r->result == INTR_VMD_NO_ENTRY) {
        g_string_append_printf(out, "; it asked for vector %u of VMD %s", vector, vmd.text);
    } else if (r->relay) {
        g_string_append_printf(out, "; VMD %s has it as its vector %u", vmd.text, vector);
    }
}

void journal_sentence(GString *out, const JournalRecord *r, const Symbols *symbols)
{
    const IntrResultRow *row = &intr_results[r->result];

    g_string_append_printf(out, "#%" PRIu64 " ", r->serial);
    journal_subject(out, r);
    g_string_append(out, ", ");
    add_seconds(out, r->time);
    add_cause(out, r, symbols);
    g_string_append_printf(out, ": %s", row->sentence);
    if (r->seen & JOURNAL_UNIT && intr_blocked((IntrResult)r->result)) {
        g_string_append_printf(out, " at %s", r->unit);
    }
    add_relay(out, r);
    add_unit(out, r, symbols);
    add_destination(out, r);
    add_merged(out, r);
    add_cpu(out, r, symbols);
    if (row->remedy) {
        g_string_append_printf(out, "; %s", row->remedy);
    }
    g_string_append_printf(out, " [%s]", row->section);
}
