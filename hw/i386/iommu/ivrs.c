/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IVRS table (AMD I/O Virtualization 5.2): a unit in three blocks, which say the same in what
 * software of three times understands: types 10h, 11h with the feature registers, and 40h. On
 * request, what firmware is known to get wrong in it.
 *
 * What a block tells of functions and emitters is in ivrs_entries.c, memory in ivrs_memory.c.
 */
#include "base/blob.h"
#include "base/fields.h"
#include "hw/i386/iommu/ivrs_internal.h"

enum { IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40 };
enum { IVHD_10_BYTES = 24, IVHD_11_BYTES = 40 };
#define FLAGS_IOTLB_SUP 4, 1
/* IVinfo */
#define IVINFO_EFR_SUP 0, 1
#define IVINFO_PA_SIZE 8, 7
#define IVINFO_VA_SIZE 15, 7
#define PA_BITS        52
#define VA_BITS        64

/* Type 10h has its features in a field of 32 bits (table 97); where they are in EFR. */
#define EFR_XT_SUP 2, 1
#define EFR_IA_SUP 6, 1
#define EFR_GA_SUP 7, 1
#define EFR_HATS   10, 2
#define OLD_XT_SUP 0, 1
#define OLD_IA_SUP 5, 1
#define OLD_GA_SUP 6, 1
#define OLD_HATS   30, 2

const char *const ivrs_broken_choices[] = {
    "no",       "ioapic-id", "no-ioapic", "no-hpet",          "no-ivhd",
    "old-ivhd", "wrong-efr", "no-alias",  "uncovered-device", NULL};

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

/* 5.2.2.1 */
static void put_ivhd(GByteArray *t, const GPtrArray *units, Device *unit, uint8_t type)
{
    IvrsUnit part = ivrs_part_of(unit);
    uint64_t base, features = part.features;
    iommu_class(unit)->region(unit, &base);
    g_autoptr(GByteArray) entries = g_byte_array_new();
    ivrs_put_entries(entries, units, unit, &part);
    unsigned header = type == IVHD_10 ? IVHD_10_BYTES : IVHD_11_BYTES;
    blob_put(t, type, 1);
    blob_put(t, field_put(part.device_iotlb, FLAGS_IOTLB_SUP), 1);
    blob_put(t, header + entries->len, 2);
    blob_put(t, pci_requester_id(part.function), 2);
    blob_put(t, part.capability, 2);
    blob_put(t, base, 8);
    blob_put(t, 0, 2); /* segment */
    blob_put(t, 0, 2); /* MSI number, unit id */
    blob_put(t, type == IVHD_10 ? old_features(&part) : 0, 4);
    if (type != IVHD_10) {
        features ^= part.told->broken == IVRS_WRONG_EFR ? field_mask(EFR_IA_SUP) : 0;
        blob_put(t, features, 8);
        blob_put(t, part.features2, 8);
    }
    g_byte_array_append(t, entries->data, entries->len);
}

static void put_unit(GByteArray *t, const GPtrArray *units, Device *unit)
{
    IvrsBroken broken = (IvrsBroken)ivrs_part_of(unit).told->broken;
    if (broken == IVRS_NO_IVHD) {
        return;
    }
    put_ivhd(t, units, unit, IVHD_10);
    if (broken != IVRS_OLD_IVHD) {
        put_ivhd(t, units, unit, IVHD_11);
        put_ivhd(t, units, unit, IVHD_40);
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
        put_unit(t, units, units->pdata[i]);
        ivrs_put_memory(t, units->pdata[i]);
    }
}

const IommuTable ivrs_table = {.signature = "IVRS", .revision = 2, .write = ivrs_write};
