/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IVRS table (AMD I/O Virtualization 5.2): a unit in three blocks, which say the same in what
 * software of three times understands: types 10h, 11h with the feature registers, and 40h. On
 * request, what firmware is known to get wrong in it.
 *
 * The unit has all functions, so that a block begins with an entry for all, or a range for each
 * root bus if one goes by no unit; bridges' aliases are found by their capabilities.
 */
#include "hw/i386/iommu/ivrs.h"

#include "base/blob.h"
#include "base/fields.h"

enum { IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40 };
enum { IVHD_10_BYTES = 24, IVHD_11_BYTES = 40 };
enum { ENTRY_ALL = 0x01, ENTRY_RANGE = 0x03, ENTRY_RANGE_END = 0x04, ENTRY_SPECIAL = 0x48 };
enum { SPECIAL_IOAPIC = 1, SPECIAL_HPET = 2 };

/* IVinfo */
#define IVINFO_EFR_SUP 0, 1
#define IVINFO_PA_SIZE 8, 7
#define IVINFO_VA_SIZE 15, 7
#define PA_BITS        52
#define VA_BITS        64

/* Settings of an entry: the pass bits of the device table entry (5.2.2.2). The southbridge's IOAPIC
 * sends ExtINTs and NMIs. */
#define SETTINGS_IOAPIC 0xc7

/* Type 10h has its features in a field of 32 bits (table 97); where they are in EFR. */
#define EFR_XT_SUP 2, 1
#define EFR_IA_SUP 6, 1
#define EFR_GA_SUP 7, 1
#define EFR_HATS   10, 2
#define OLD_XT_SUP 0, 1
#define OLD_IA_SUP 5, 1
#define OLD_GA_SUP 6, 1
#define OLD_HATS   30, 2

const char *const ivrs_broken_choices[] = {"no",      "ioapic-id", "no-ioapic", "no-hpet",
                                           "no-ivhd", "old-ivhd",  "wrong-efr", NULL};

static IvrsUnit ivrs_part_of(Device *unit)
{
    IvrsUnit part = {0};
    iommu_class(unit)->table_part(unit, &part);
    return part;
}

static uint32_t old_features(const IvrsUnit *part)
{
    uint64_t efr = part->features;
    return (uint32_t)(field_put(field_get(efr, EFR_XT_SUP), OLD_XT_SUP) |
                      field_put(field_get(efr, EFR_IA_SUP), OLD_IA_SUP) |
                      field_put(field_get(efr, EFR_GA_SUP), OLD_GA_SUP) |
                      field_put(field_get(efr, EFR_HATS), OLD_HATS));
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
    bool wrong_one = part->broken == IVRS_IOAPIC_ID && entry->type == IOMMU_IOAPIC;
    return wrong_one ? wrong : (uint16_t)(entry->bus << 8 | entry->path[0]);
}

/* IOAPICs are told of where interrupts are remapped; Linux goes by that. */
static void put_emitter(GByteArray *t, const IvrsUnit *part, const IommuScopeEntry *entry)
{
    uint16_t id = told_id(part, entry);
    if (entry->type == IOMMU_IOAPIC && part->intremap && part->broken != IVRS_NO_IOAPIC) {
        put_special(t, SPECIAL_IOAPIC, entry->enumeration_id, id, SETTINGS_IOAPIC);
    } else if (entry->type == IOMMU_HPET && part->intremap && part->broken != IVRS_NO_HPET) {
        put_special(t, SPECIAL_HPET, entry->enumeration_id, id, 0);
    }
}

/* An entry of 4 bytes, all of whose settings are 0. */
static void put_device(GByteArray *t, uint8_t type, uint16_t device_id)
{
    blob_put(t, type, 1);
    blob_put(t, device_id, 2);
    blob_put(t, 0, 1);
}

static void ivrs_put_entries(GByteArray *t, Device *unit, const IvrsUnit *part)
{
    const IommuScope *scope = &iommu_class(unit)->links(unit)->scope;
    if (scope->bus_count == 0) {
        put_device(t, ENTRY_ALL, 0);
    }
    for (size_t i = 0; i < scope->bus_count; i++) {
        put_device(t, ENTRY_RANGE, (uint16_t)(scope->buses[i].first << 8));
        put_device(t, ENTRY_RANGE_END, (uint16_t)(scope->buses[i].last << 8 | 0xff));
    }
    for (size_t i = 0; i < scope->count; i++) {
        put_emitter(t, part, &scope->entries[i]);
    }
}

/* 5.2.2.1 */
static void put_ivhd(GByteArray *t, Device *unit, uint8_t type)
{
    IvrsUnit part = ivrs_part_of(unit);
    uint64_t base, features = part.features;
    iommu_class(unit)->region(unit, &base);
    g_autoptr(GByteArray) entries = g_byte_array_new();
    ivrs_put_entries(entries, unit, &part);
    unsigned header = type == IVHD_10 ? IVHD_10_BYTES : IVHD_11_BYTES;
    blob_put(t, type, 1);
    blob_put(t, 0, 1); /* flags */
    blob_put(t, header + entries->len, 2);
    blob_put(t, part.device_id, 2);
    blob_put(t, part.capability, 2);
    blob_put(t, base, 8);
    blob_put(t, 0, 2); /* segment */
    blob_put(t, 0, 2); /* MSI number, unit id */
    blob_put(t, type == IVHD_10 ? old_features(&part) : 0, 4);
    if (type != IVHD_10) {
        features ^= part.broken == IVRS_WRONG_EFR ? field_mask(EFR_IA_SUP) : 0;
        blob_put(t, features, 8);
        blob_put(t, part.features2, 8);
    }
    g_byte_array_append(t, entries->data, entries->len);
}

static void put_unit(GByteArray *t, Device *unit)
{
    IvrsBroken broken = ivrs_part_of(unit).broken;
    if (broken == IVRS_NO_IVHD) {
        return;
    }
    put_ivhd(t, unit, IVHD_10);
    if (broken != IVRS_OLD_IVHD) {
        put_ivhd(t, unit, IVHD_11);
        put_ivhd(t, unit, IVHD_40);
    }
}

static void ivrs_write(const GPtrArray *units, GByteArray *t)
{
    blob_put(t,
             field_put(1, IVINFO_EFR_SUP) | field_put(PA_BITS, IVINFO_PA_SIZE) |
                 field_put(VA_BITS, IVINFO_VA_SIZE),
             4);
    blob_zeros(t, 8);
    for (guint i = 0; i < units->len; i++) {
        put_unit(t, units->pdata[i]);
    }
}

const IommuTable ivrs_table = {.signature = "IVRS", .revision = 2, .write = ivrs_write};
