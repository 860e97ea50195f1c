/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IVRS table: what a unit's block tells of the functions and emitters under it (AMD I/O
 * Virtualization 5.2.2.2). The unit has all functions but those of root buses that go by none.
 * Firmware says so by one entry, by a range, or by an entry for each function; where a bridge puts
 * another id in, the latter two tell that, and else software finds it by the bridge's capabilities.
 * Of several units each block has an entry for each function under it.
 */
#include "base/blob.h"
#include "hw/i386/iommu/ivrs_internal.h"
#include "hw/i386/iommu/scope.h"

enum {
    ENTRY_ALL = 0x01,
    ENTRY_SELECT = 0x02,
    ENTRY_RANGE = 0x03,
    ENTRY_RANGE_END = 0x04,
    ENTRY_ALIAS = 0x42,
    ENTRY_ALIAS_RANGE = 0x43,
    ENTRY_SPECIAL = 0x48
};
enum { SPECIAL_IOAPIC = 1, SPECIAL_HPET = 2 };

/* Settings of an entry: the pass bits of the device table entry (5.2.2.2). The southbridge's IOAPIC
 * sends ExtINTs and NMIs. */
#define SETTINGS_IOAPIC 0xc7

const char *const ivrs_entry_choices[] = {"all", "ranges", "functions", NULL};

static void put_device(GByteArray *t, uint8_t type, uint16_t device_id)
{
    blob_put(t, type, 1);
    blob_put(t, device_id, 2);
    blob_put(t, 0, 1);
}

static void put_alias(GByteArray *t, uint8_t type, uint16_t device_id, uint16_t alias)
{
    put_device(t, type, device_id);
    blob_put(t, 0, 1);
    blob_put(t, alias, 2);
    blob_put(t, 0, 1);
}

static void put_special(GByteArray *t, uint8_t variety, uint8_t handle, uint16_t device_id,
                        uint8_t settings)
{
    blob_put(t, ENTRY_SPECIAL, 1);
    blob_put(t, 0, 2);
    blob_put(t, settings, 1);
    blob_put(t, handle, 1);
    blob_put(t, device_id, 2);
    blob_put(t, variety, 1);
}

static uint16_t told_id(const IvrsUnit *part, const IommuScopeEntry *entry)
{
    /* A function that is no southbridge's. */
    const uint16_t wrong = 0x00a1;
    bool wrong_one = part->told->broken == IVRS_IOAPIC_ID && entry->type == IOMMU_IOAPIC;
    return wrong_one ? wrong : (uint16_t)(entry->bus << 8 | entry->path[0]);
}

/* IOAPICs are told of where interrupts are remapped; Linux goes by that. */
static void put_emitter(GByteArray *t, const IvrsUnit *part, const IommuScopeEntry *entry)
{
    uint16_t id = told_id(part, entry);
    int broken = part->told->broken;
    if (entry->type == IOMMU_IOAPIC && part->intremap && broken != IVRS_NO_IOAPIC) {
        put_special(t, SPECIAL_IOAPIC, entry->enumeration_id, id, SETTINGS_IOAPIC);
    } else if (entry->type == IOMMU_HPET && part->intremap && broken != IVRS_NO_HPET) {
        put_special(t, SPECIAL_HPET, entry->enumeration_id, id, 0);
    }
}

/* ---- Functions ---- */

typedef struct {
    GByteArray *t;
    const IvrsUnit *part;
    const IommuScope *scope;
    const GPtrArray *units;
    const Device *unit; /* this one's block */
    guint last;         /* where the last entry is */
} Functions;

/* Where a root bus goes by no unit, the others are told of. */
static bool is_told(const Functions *f, uint16_t device_id)
{
    bool told = f->scope->bus_count == 0;
    for (size_t i = 0; i < f->scope->bus_count && !told; i++) {
        told =
            device_id >> 8 >= f->scope->buses[i].first && device_id >> 8 <= f->scope->buses[i].last;
    }
    return told;
}

/* With several units, those of each are told of. */
static bool is_this_units(const Functions *f, const PciDevice *pci)
{
    return f->units->len == 1 || iommu_above_function(f->units, pci) == f->unit;
}

static bool tells_alias(const Functions *f, uint16_t device_id, uint16_t alias)
{
    return alias != device_id && f->part->told->broken != IVRS_NO_ALIAS;
}

static void put_behind(PciDevice *pci, void *opaque)
{
    const Functions *f = opaque;
    const PciBus *bus = pci_bus_behind(pci);
    if (!bus) {
        return;
    }
    uint16_t first = (uint16_t)(pci_bus_number(bus) << 8), last = first | UINT8_MAX;
    uint16_t alias = pci_id_above(bus, last);
    if (is_told(f, last) && tells_alias(f, last, alias)) {
        put_alias(f->t, ENTRY_ALIAS_RANGE, first, alias);
        put_device(f->t, ENTRY_RANGE_END, last);
    }
}

/* The unit itself is before the first. */
static void ivrs_put_range(const Functions *f, uint8_t first_bus, uint8_t last_bus)
{
    uint16_t own = pci_requester_id(f->part->function), first = (uint16_t)(first_bus << 8);
    put_device(f->t, ENTRY_RANGE, MAX(first, (uint16_t)(own + 1)));
    put_device(f->t, ENTRY_RANGE_END, (uint16_t)(last_bus << 8 | UINT8_MAX));
}

static void put_ranges(const Functions *f)
{
    if (f->scope->bus_count == 0) {
        ivrs_put_range(f, 0, UINT8_MAX);
    }
    for (size_t i = 0; i < f->scope->bus_count; i++) {
        ivrs_put_range(f, f->scope->buses[i].first, f->scope->buses[i].last);
    }
}

static void put_function(PciDevice *pci, void *opaque)
{
    Functions *f = opaque;
    uint16_t id = pci_requester_id(pci), alias = pci_id_above(pci->bus, id);
    if (pci->dev.cls == f->part->function->dev.cls || !is_told(f, id) || !is_this_units(f, pci)) {
        return;
    }
    f->last = f->t->len;
    if (tells_alias(f, id, alias)) {
        put_alias(f->t, ENTRY_ALIAS, id, alias);
    } else {
        put_device(f->t, ENTRY_SELECT, id);
    }
}

static void put_functions(Functions *f)
{
    pci_bus_foreach(f->part->function->bus, put_function, f);
    if (f->part->told->broken == IVRS_UNCOVERED) {
        g_byte_array_set_size(f->t, f->last);
    }
}

void ivrs_put_entries(GByteArray *t, const GPtrArray *units, Device *unit, const IvrsUnit *part)
{
    const IommuScope *scope = &iommu_class(unit)->links(unit)->scope;
    Functions f = {.t = t, .part = part, .scope = scope, .units = units, .unit = unit};
    switch (units->len > 1 ? IVRS_FUNCTIONS : (IvrsEntries)part->told->entries) {
    case IVRS_ALL:
        if (scope->bus_count == 0) {
            put_device(t, ENTRY_ALL, 0);
        } else {
            put_ranges(&f);
        }
        break;
    case IVRS_RANGES:
        put_ranges(&f);
        pci_bus_foreach(part->function->bus, put_behind, &f);
        break;
    case IVRS_FUNCTIONS:
        put_functions(&f);
        break;
    }
    for (size_t i = 0; i < scope->count; i++) {
        put_emitter(t, part, &scope->entries[i]);
    }
}
