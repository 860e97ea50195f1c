/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See intr.h: remapping entries, units, MSI and posted descriptors, decoded by who has them. */
#include "monitor/intr.h"

#include <string.h>

#include "hw/core/rid.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/pci/msi.h"

typedef void (*UnitFacts)(Device *unit, const IommuClass *cls, const void *opaque, const Facts *f);

/* For each remapping unit; or a line that says that there is none. */
static void for_units(const Machine *machine, const Facts *f, UnitFacts one, const void *opaque)
{
    if (machine->iommus->len == 0) {
        facts_say(f, "there is no remapping unit\n");
    }
    for (guint i = 0; i < machine->iommus->len; i++) {
        Device *unit = machine->iommus->pdata[i];
        g_autoptr(GString) what = g_string_new(NULL);

        iommu_describe(unit, what);
        facts_open(f, NULL);
        facts_text(f, "unit", unit->id);
        facts_say(f, "%s\n", what->str);
        one(unit, iommu_class(unit), opaque, f);
        facts_close(f);
    }
}

static void unit_registers(Device *unit, const IommuClass *cls, const void *opaque, const Facts *f)
{
    cls->describe_registers(unit, f);
}

void intr_facts_units(Machine *machine, const Facts *f)
{
    for_units(machine, f, unit_registers, NULL);
}

typedef struct {
    uint32_t index;
    unsigned most;
} Entries;

static void one_entry(Device *unit, const IommuClass *cls, uint32_t index, const Facts *f)
{
    if (index < cls->entries(unit)) {
        cls->describe_entry(unit, index, false, f);
    } else {
        facts_say(f, "the table has %u entries\n", cls->entries(unit));
    }
}

static void used_entries(Device *unit, const IommuClass *cls, unsigned most, const Facts *f)
{
    unsigned shown = 0;

    for (uint32_t i = 0; i < cls->entries(unit) && shown < most; i++) {
        shown += cls->describe_entry(unit, i, true, f);
    }
    if (shown == 0) {
        facts_say(f, "no entry is present or cached\n");
    }
}

static void unit_entries(Device *unit, const IommuClass *cls, const void *opaque, const Facts *f)
{
    const Entries *wanted = opaque;

    facts_number(f, "table-entries", cls->entries(unit));
    facts_open_list(f, "entries");
    if (wanted->index == INTR_NO_INDEX) {
        used_entries(unit, cls, wanted->most, f);
    } else {
        one_entry(unit, cls, wanted->index, f);
    }
    facts_close_list(f);
}

void intr_facts_entries(Machine *machine, uint32_t index, unsigned most, const Facts *f)
{
    const Entries wanted = {index, most};

    for_units(machine, f, unit_entries, &wanted);
}

static void unit_descriptor(Device *unit, const IommuClass *cls, const void *opaque, const Facts *f)
{
    cls->describe_descriptor(unit, *(const uint64_t *)opaque, f);
}

void intr_facts_descriptor(Machine *machine, uint64_t address, const Facts *f)
{
    for_units(machine, f, unit_descriptor, &address);
}

static bool has_messages(const Device *dev, const char *id)
{
    const PciDevice *pci = (const PciDevice *)dev;

    return dev->cls->bus == BUS_PCI && (!id || strcmp(id, dev->id) == 0) &&
           (pci->msi.cap || pci->msix.cap || pci->ims);
}

/* In another domain than the machine's own, ids are that one's. */
static void say_domain(const PciDevice *pci, const Facts *f)
{
    const PciDevice *aperture = pci_domain_aperture(pci);

    if (aperture) {
        facts_text(f, "behind", aperture->dev.id);
        facts_say(f, " behind %s", aperture->dev.id);
    }
}

bool intr_facts_messages(const Machine *machine, const char *id, const Facts *f)
{
    bool found = false;

    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        const PciDevice *pci = (const PciDevice *)dev;

        if (!has_messages(dev, id)) {
            continue;
        }
        found = true;
        facts_open(f, NULL);
        facts_text(f, "device", dev->id);
        facts_text(f, "bdf", rid_text(pci_requester_id(pci)).text);
        facts_say(f, "%s (%s", dev->id, rid_text(pci_requester_id(pci)).text);
        say_domain(pci, f);
        facts_say(f, ")\n");
        msi_describe(pci, f);
        facts_close(f);
    }
    return found;
}

/* One row of attempts. */
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
    const Facts *f = opaque;
    unsigned count = *(const unsigned *)value;

    facts_open(f, NULL);
    facts_text(f, "device", s->source);
    facts_text(f, "kind", journal_kind_name((JournalKind)s->kind));
    facts_number(f, "number", s->number);
    facts_say(f, "%10u  %-8s %3u  ", count, journal_kind_name((JournalKind)s->kind), s->number);
    if (s->vector) {
        facts_number(f, "vector", s->vector);
        facts_say(f, "%02xh", s->vector);
    } else {
        facts_say(f, "-  ");
    }
    facts_text(f, "state", intr_result_name((IntrResult)s->result));
    facts_number(f, "count", count);
    facts_say(f, "  %-22s %s\n", intr_result_name((IntrResult)s->result),
              s->source ? s->source : "?");
    facts_close(f);
    return FALSE;
}

static void count_subject(GTree *rows, const JournalRecord *r)
{
    Subject subject = subject_of(r);
    unsigned *count = g_tree_lookup(rows, &subject), one = 1;

    if (count) {
        (*count)++;
    } else {
        g_tree_insert(rows, g_memdup2(&subject, sizeof(subject)), g_memdup2(&one, sizeof(one)));
    }
}

void intr_facts_attempts(const Journal *j, const Facts *f)
{
    GTree *rows =
        g_tree_new_full((GCompareDataFunc)(void (*)(void))compare_subjects, NULL, g_free, g_free);

    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);

        if (r) {
            count_subject(rows, r);
        }
    }
    facts_say(f, "of the last %" PRIu64 " attempts:\n", j->last + 1 - journal_first(j));
    facts_say(f, "     count  kind      number  vector  state  emitter\n");
    g_tree_foreach(rows, add_subject, (gpointer)f);
    g_tree_destroy(rows);
}
