/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP: what interrupts depend on, decoded: remapping entries, units, MSI, posted descriptors. */
#include <string.h>

#include "base/optlist.h"
#include "hw/core/rid.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/pci/msi.h"
#include "monitor/hmp_commands.h"
#include "monitor/journal.h"

#define ENTRIES_SHOWN 1024u

/* For each remapping unit that can; or a line that says that there is none. */
static void for_units(Machine *machine, GString *out,
                      void (*one)(Device *unit, const IommuClass *cls, void *opaque, GString *out),
                      void *opaque)
{
    if (machine->iommus->len == 0) {
        g_string_append(out, "there is no remapping unit\n");
    }
    for (guint i = 0; i < machine->iommus->len; i++) {
        Device *unit = machine->iommus->pdata[i];
        iommu_describe(unit, out);
        g_string_append_c(out, '\n');
        one(unit, iommu_class(unit), opaque, out);
    }
}

static void unit_registers(Device *unit, const IommuClass *cls, void *opaque, GString *out)
{
    cls->describe_registers(unit, out);
}

void hmp_info_iommu(Machine *machine, char **args, GString *out)
{
    for_units(machine, out, unit_registers, NULL);
}

static void unit_entry(Device *unit, const IommuClass *cls, void *opaque, GString *out)
{
    uint64_t index = *(const uint64_t *)opaque;
    if (index >= cls->entries(unit)) {
        g_string_append_printf(out, "the table has %u entries\n", cls->entries(unit));
    } else {
        cls->describe_entry(unit, (uint32_t)index, false, out);
    }
}

static void unit_entries(Device *unit, const IommuClass *cls, void *opaque, GString *out)
{
    unsigned shown = 0;
    for (uint32_t i = 0; i < cls->entries(unit) && shown < ENTRIES_SHOWN; i++) {
        shown += cls->describe_entry(unit, i, true, out);
    }
    if (shown == 0) {
        g_string_append(out, "no entry is present or cached\n");
    }
}

void hmp_info_irte(Machine *machine, char **args, GString *out)
{
    uint64_t index = 0;
    if (!args[1] || strcmp(args[1], "all") == 0) {
        for_units(machine, out, unit_entries, NULL);
    } else if (opt_parse_uint(args[1], &index)) {
        for_units(machine, out, unit_entry, &index);
    } else {
        g_string_append(out, "usage: info irte [INDEX|all]\n");
    }
}

static void unit_descriptor(Device *unit, const IommuClass *cls, void *opaque, GString *out)
{
    cls->describe_descriptor(unit, *(const uint64_t *)opaque, out);
}

void hmp_info_pid(Machine *machine, char **args, GString *out)
{
    uint64_t address;
    if (!args[1] || !opt_parse_uint(args[1], &address)) {
        g_string_append(out, "usage: info pid ADDRESS\n");
        return;
    }
    for_units(machine, out, unit_descriptor, &address);
}

void hmp_info_msi(Machine *machine, char **args, GString *out)
{
    bool found = false;
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        const PciDevice *pci = (const PciDevice *)dev;
        if (dev->cls->bus != BUS_PCI || (args[1] && strcmp(args[1], dev->id) != 0) ||
            (!pci->msi.cap && !pci->msix.cap)) {
            continue;
        }
        found = true;
        g_string_append_printf(out, "%s (%s)\n", dev->id, rid_text(pci_requester_id(pci)).text);
        msi_describe(pci, out);
    }
    if (!found) {
        g_string_append(out, "no such device has MSI or MSI-X; 'info qtree' lists devices\n");
    }
}

/* One row of info interrupts. */
typedef struct {
    const char *source;
    uint16_t number;
    uint8_t kind, vector, result;
} Subject;

static Subject subject_of(const JournalRecord *r)
{
    return (Subject){.source = r->source,
                     .number = r->number,
                     .kind = r->kind,
                     .vector = r->seen & JOURNAL_BUS ? r->vector : 0,
                     .result = r->result};
}

static gint compare_subjects(gconstpointer a, gconstpointer b)
{
    const Subject *x = a, *y = b;
    int sources = g_strcmp0(x->source, y->source);
    if (sources != 0) {
        return sources;
    }
    return (x->kind - y->kind) * 0x1000000 + (x->number - y->number) * 0x100 +
           (x->vector != y->vector ? x->vector - y->vector : x->result - y->result);
}

static gboolean add_subject(gpointer key, gpointer value, gpointer opaque)
{
    const Subject *s = key;
    GString *out = opaque;
    g_string_append_printf(out, "%10u  %-8s %3u  ", *(const unsigned *)value,
                           journal_kind_name((JournalKind)s->kind), s->number);
    g_string_append_printf(out, s->vector ? "%02xh" : "-  ", s->vector);
    g_string_append_printf(out, "  %-22s %s\n", intr_result_name((IntrResult)s->result),
                           s->source ? s->source : "?");
    return FALSE;
}

void hmp_info_interrupts(Machine *machine, char **args, GString *out)
{
    const Journal *j = &machine->journal;
    GTree *rows =
        g_tree_new_full((GCompareDataFunc)(void (*)(void))compare_subjects, NULL, g_free, g_free);
    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);
        if (!r) {
            continue;
        }
        Subject subject = subject_of(r);
        unsigned *count = g_tree_lookup(rows, &subject);
        if (count) {
            (*count)++;
        } else {
            unsigned one = 1;
            g_tree_insert(rows, g_memdup2(&subject, sizeof(subject)), g_memdup2(&one, sizeof(one)));
        }
    }
    g_string_append_printf(out, "of the last %" PRIu64 " attempts:\n",
                           j->last + 1 - journal_first(j));
    g_string_append(out, "     count  kind      number  vector  state  emitter\n");
    g_tree_foreach(rows, add_subject, out);
    g_tree_destroy(rows);
}
