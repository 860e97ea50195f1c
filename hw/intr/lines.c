/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line a stage: "name serial=... sid=... dev=..." and what the stage adds. */
#include "hw/intr/lines.h"

#include "hw/core/rid.h"

typedef struct {
    const char *name, *number;
    TraceGroup group;
} KindRow;

static const KindRow kinds[JOURNAL_KINDS] = {
    [JOURNAL_PIN] = {"ioapic", "pin", TRACE_IOAPIC},
    [JOURNAL_MSI] = {"msi", "vector", TRACE_MSI},
    [JOURNAL_MSIX] = {"msix", "vector", TRACE_MSI},
    [JOURNAL_HPET] = {"hpet", "timer", TRACE_HPET},
    [JOURNAL_MESSAGE] = {"message", NULL, TRACE_MSI},
    [JOURNAL_EVENT] = {"event", "event", TRACE_VTD},
    [JOURNAL_NOTIFY] = {"notify", NULL, TRACE_VTD},
    [JOURNAL_LVT] = {"lvt", "entry", TRACE_APIC},
    [JOURNAL_IPI] = {"ipi", NULL, TRACE_APIC},
    [JOURNAL_STORED] = {"ims", "slot", TRACE_MSI},
    [JOURNAL_STORED_MEMORY] = {"ims-memory", "slot", TRACE_MSI},
    [JOURNAL_HYPERCALL] = {"hypercall", "code", TRACE_APIC},
    [JOURNAL_STIMER] = {"stimer", "timer", TRACE_APIC},
    [JOURNAL_SINT] = {"sint", "source", TRACE_APIC},
    [JOURNAL_PIC] = {"pic", "pin", TRACE_PIC},
    [JOURNAL_HUB] = {"uv-hub", "register", TRACE_APIC},
};

const char *journal_kind_name(JournalKind kind)
{
    return kinds[kind].name;
}

const char *journal_number_name(JournalKind kind)
{
    return kinds[kind].number;
}

/* "name serial=1 sid=00:04.0 dev=nvme0 vector=3", `suffix` after the kind's name or a name alone.
 */
static void begin(GString *out, const JournalRecord *r, const char *kind, const char *suffix)
{
    const KindRow *row = &kinds[r->kind];

    g_string_append_printf(out, "%s%s serial=%" PRIu64 " sid=%s dev=%s", kind, suffix, r->serial,
                           rid_text(r->rid_seen).text, r->source ? r->source : "?");
    if (row->number) {
        g_string_append_printf(out, " %s=%u", row->number, r->number);
    }
}

static void add_result(GString *out, const JournalRecord *r)
{
    g_string_append_printf(out, " result=%s", intr_result_name((IntrResult)r->result));
}

static void add_message(GString *out, const JournalRecord *r)
{
    if (r->kind == JOURNAL_IPI) {
        g_string_append_printf(out, " icr=0x%08x dest=0x%" PRIx64, r->data, r->address);
    } else if (journal_kind_is_synthetic(r->kind)) {
        g_string_append_printf(out, " vp=%" PRIu64 " vector=0x%02x", r->address, r->data);
    } else if (r->seen & JOURNAL_SENT) {
        g_string_append_printf(out, " addr=0x%08" PRIx64 " data=0x%04x", r->address, r->data);
    }
}

static void line_kept(GString *out, const JournalRecord *r)
{
    begin(out, r, kinds[r->kind].name, "_kept");
    add_result(out, r);
}

static void line_send(GString *out, const JournalRecord *r)
{
    begin(out, r, kinds[r->kind].name, "_send");
    add_message(out, r);
}

static void line_alias(GString *out, const JournalRecord *r)
{
    begin(out, r, "bridge_alias", "");
    g_string_append_printf(out, " from=%s", rid_text(r->rid).text);
}

static void line_relay(GString *out, const JournalRecord *r)
{
    begin(out, r, "vmd_remap", "");
    g_string_append_printf(out, " from=%s entry=%u", rid_text(r->rid).text,
                           (uint8_t)(r->relay - 1));
}

static const char *verdict(const JournalRecord *r)
{
    switch (intr_results[r->result].cls) {
    case INTR_CLASS_BLOCKED:
        return "block";
    case INTR_CLASS_POSTED:
        return "post";
    case INTR_CLASS_MALFORMED:
        return "write";
    default:
        return r->seen & JOURNAL_REMAPPED ? "deliver" : "pass";
    }
}

static void line_unit(GString *out, const JournalRecord *r)
{
    begin(out, r, "iommu_ir", "");
    add_message(out, r);
    g_string_append_printf(out, " unit=%s", r->unit);
    if (r->index != JOURNAL_NO_INDEX) {
        g_string_append_printf(out, " index=%u", r->index);
    }
    g_string_append_printf(out, " verdict=%s", verdict(r));
    if (r->seen & JOURNAL_ENTRY) {
        g_string_append_printf(out, " entry=%016" PRIx64 "%016" PRIx64 "%s", r->entry[1],
                               r->entry[0], r->seen & JOURNAL_STALE ? " stale=1" : "");
    }
    if (r->reason) {
        g_string_append_printf(out, " reason=%#x%s", r->reason,
                               r->seen & JOURNAL_QUIET ? " fpd=1" : "");
    }
    if (r->result != INTR_ON_ITS_WAY) {
        add_result(out, r);
    }
}

static void line_bus(GString *out, const JournalRecord *r)
{
    begin(out, r, "apic_bus_deliver", "");
    g_string_append_printf(out, " dest=0x%x vector=0x%02x mode=%s logical=%d trig=%s", r->dest,
                           r->vector, journal_mode_name(r->mode), (r->seen & JOURNAL_LOGICAL) != 0,
                           r->seen & JOURNAL_LEVEL ? "level" : "edge");
}

static void line_apic(GString *out, const JournalRecord *r, const char *name)
{
    begin(out, r, name, "");
    g_string_append_printf(out, " vector=0x%02x", r->vector);
}

static void line_accept(GString *out, const JournalRecord *r)
{
    line_apic(out, r, "apic_accept");
    g_string_append_printf(out, " id=%u answer=%s", r->last_apic,
                           intr_result_name((IntrResult)r->last_answer));
}

static void line_answer(GString *out, const JournalRecord *r)
{
    line_apic(out, r, "apic_bus_result");
    add_result(out, r);
}

static void line_taken(GString *out, const JournalRecord *r)
{
    line_apic(out, r, "apic_taken");
    g_string_append_printf(out, " id=%u after=%" PRId64, r->last_apic, r->time_taken - r->time);
}

static void line_eoi(GString *out, const JournalRecord *r)
{
    line_apic(out, r, "apic_ended");
    g_string_append_printf(out, " id=%u", r->last_apic);
    add_result(out, r);
}

static void line_end(GString *out, const JournalRecord *r)
{
    begin(out, r, kinds[r->kind].name, "_ended");
    add_result(out, r);
}

static const struct {
    void (*print)(GString *out, const JournalRecord *r);
    int group; /* -1: the kind's */
} stages[JOURNAL_STAGES] = {
    [JOURNAL_STAGE_KEPT] = {line_kept, -1},
    [JOURNAL_STAGE_SEND] = {line_send, -1},
    [JOURNAL_STAGE_ALIAS] = {line_alias, TRACE_PCI},
    [JOURNAL_STAGE_RELAY] = {line_relay, TRACE_PCI},
    [JOURNAL_STAGE_UNIT] = {line_unit, TRACE_VTD},
    [JOURNAL_STAGE_BUS] = {line_bus, TRACE_APIC},
    [JOURNAL_STAGE_ACCEPT] = {line_accept, TRACE_APIC},
    [JOURNAL_STAGE_ANSWER] = {line_answer, TRACE_APIC},
    [JOURNAL_STAGE_TAKEN] = {line_taken, TRACE_APIC},
    [JOURNAL_STAGE_EOI] = {line_eoi, TRACE_APIC},
    [JOURNAL_STAGE_END] = {line_end, -1},
};

void journal_print(Trace *trace, const JournalRecord *r, JournalStage stage)
{
    TraceGroup group =
        stages[stage].group < 0 ? kinds[r->kind].group : (TraceGroup)stages[stage].group;

    if (trace_on(trace, group)) {
        g_autoptr(GString) out = g_string_new(NULL);
        stages[stage].print(out, r);
        trace_print(trace, group, "%s", out->str);
    }
}

const char *journal_mode_name(unsigned mode)
{
    static const char *const names[8] = {"fixed", "lowest", "smi",  "reserved",
                                         "nmi",   "init",   "sipi", "extint"};

    return names[mode & 7];
}
