/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMAR table (VT-d 8): the host's address width, a DRHD for each unit, and then in the order of
 * their numbers RMRRs, an ATSR, RHSAs, ANDDs and SATCs; and on request what firmware is known to
 * get wrong in it.
 */
#include "hw/i386/iommu/dmar.h"

#include <string.h>

#include "base/blob.h"
#include "hw/i386/iommu/dmar_internal.h"

enum { DMAR_INTR_REMAP = 1, DMAR_X2APIC_OPT_OUT = 2, DMAR_DMA_CTRL_OPT_IN = 4 };
enum { DRHD = 0, RMRR = 1, ATSR = 2, RHSA = 3, ANDD = 4, SATC = 5 };
enum { DRHD_BYTES = 16, RMRR_BYTES = 24, ATSR_BYTES = 8, RHSA_BYTES = 20, ANDD_BYTES = 8 };
enum { SATC_BYTES = 8, SCOPE_BYTES = 6, STEP_BYTES = 2 };
enum { DRHD_INCLUDE_ALL = 1, ATSR_ALL_PORTS = 1, SATC_ATC_REQUIRED = 1 };
#define WRONG_HAW 8 /* below a page's 12 bits */

static DmarUnit dmar_part_of(Device *unit)
{
    DmarUnit part = {0};
    iommu_class(unit)->table_part(unit, &part);
    return part;
}

static size_t scope_bytes(const IommuScopeEntry *entry)
{
    return SCOPE_BYTES + STEP_BYTES * entry->steps;
}

/* VT-d 8.3.1 */
static void put_scope(GByteArray *t, const IommuScopeEntry *entry)
{
    blob_put(t, entry->type, 1);
    blob_put(t, scope_bytes(entry), 1);
    blob_put(t, 0, 2);
    blob_put(t, entry->enumeration_id, 1);
    blob_put(t, entry->bus, 1);
    for (unsigned i = 0; i < entry->steps; i++) {
        blob_put(t, entry->path[i] >> 3, 1);
        blob_put(t, entry->path[i] & 7, 1);
    }
}

static void put_scopes(GByteArray *t, const IommuScope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        put_scope(t, &scope->entries[i]);
    }
}

static size_t scope_entries_bytes(const GArray *entries)
{
    size_t bytes = 0;
    for (guint i = 0; i < entries->len; i++) {
        bytes += scope_bytes(&g_array_index(entries, IommuScopeEntry, i));
    }
    return bytes;
}

static void put_scope_entries(GByteArray *t, const GArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        put_scope(t, &g_array_index(entries, IommuScopeEntry, i));
    }
}

static const IommuPlace *dmar_place_of(Device *unit)
{
    return iommu_class(unit)->place(unit);
}

static bool is_broken(Device *unit, IommuBroken how)
{
    return dmar_place_of(unit)->broken == (int)how;
}

/* Lists of a unit by their property, one after the other: NULL after the last. */
static const IommuList *next_list(Device *unit, const char *property, guint *at)
{
    const GArray *lists = dmar_place_of(unit)->lists;
    while (lists && *at < lists->len) {
        const IommuList *list = &g_array_index(lists, IommuList, (*at)++);
        if (strcmp(list->property, property) == 0) {
            return list;
        }
    }
    return NULL;
}

static uint64_t told_base(Device *unit)
{
    uint64_t base;
    iommu_class(unit)->region(unit, &base);
    return is_broken(unit, IOMMU_ZERO_BASE) ? 0 : base;
}

/* Devices of ACPI's namespace are in the scope of their unit, and have an ANDD. */
static void put_namespace_scopes(GByteArray *t, Device *unit)
{
    const IommuList *list;
    for (guint at = 0; (list = next_list(unit, DMAR_ANDD, &at));) {
        put_scope_entries(t, list->entries);
    }
}

/* The length of a structure that began at `from`, which follows its type. */
static void set_length(GByteArray *t, guint from)
{
    guint length = t->len - from;
    t->data[from + 2] = (uint8_t)length;
    t->data[from + 3] = (uint8_t)(length >> 8);
}

static bool is_on_all_buses(Device *unit)
{
    return iommu_class(unit)->links(unit)->scope.bus_count == 0;
}

/* VT-d 8.3 */
static void put_drhd(GByteArray *t, Device *unit)
{
    const IommuScope *scope = &iommu_class(unit)->links(unit)->scope;
    bool all =
        scope->include_all && is_on_all_buses(unit) && !is_broken(unit, IOMMU_UNCOVERED_DEVICE);
    guint from = t->len;
    blob_put(t, DRHD, 2);
    blob_put(t, DRHD_BYTES, 2);
    blob_put(t, all ? DRHD_INCLUDE_ALL : 0, 1);
    blob_put(t, dmar_part_of(unit).register_pages_log2, 1);
    blob_put(t, scope->segment, 2);
    blob_put(t, told_base(unit), 8);
    put_scopes(t, scope);
    if (!is_broken(unit, IOMMU_ANDD_WITHOUT_SCOPE)) {
        put_namespace_scopes(t, unit);
    }
    set_length(t, from);
}

/* A unit that takes the rest of a segment comes after the others of it (VT-d 8.3). */
static void put_drhds(GByteArray *t, const GPtrArray *units, bool include_all)
{
    for (guint i = 0; i < units->len; i++) {
        Device *unit = units->pdata[i];
        if (iommu_class(unit)->links(unit)->scope.include_all != include_all) {
            continue;
        }
        put_drhd(t, unit);
        if (is_broken(unit, IOMMU_DUPLICATE_BASE)) {
            put_drhd(t, unit);
        }
    }
}

/* VT-d 8.4 */
static void put_rmrr(GByteArray *t, Device *unit, const IommuList *list)
{
    bool backwards = is_broken(unit, IOMMU_RMRR_BACKWARDS);
    blob_put(t, RMRR, 2);
    blob_put(t, RMRR_BYTES + scope_entries_bytes(list->entries), 2);
    blob_put(t, 0, 2);
    blob_put(t, iommu_class(unit)->links(unit)->scope.segment, 2);
    blob_put(t, backwards ? list->limit : list->base, 8);
    blob_put(t, backwards ? list->base : list->limit, 8);
    put_scope_entries(t, list->entries);
}

/* VT-d 8.5: the root ports behind which translations may be kept: those of units that answer to
 * translation requests, or all if all units do. */
static void put_atsr(GByteArray *t, const GPtrArray *units, bool all)
{
    guint from = t->len;
    blob_put(t, ATSR, 2);
    blob_put(t, ATSR_BYTES, 2);
    blob_put(t, all ? ATSR_ALL_PORTS : 0, 1);
    blob_put(t, 0, 1);
    blob_put(t, 0, 2); /* segment */
    for (guint i = 0; !all && i < units->len; i++) {
        const GArray *ports = dmar_place_of(units->pdata[i])->ports;
        if (ports && dmar_part_of(units->pdata[i]).device_iotlb) {
            put_scope_entries(t, ports);
        }
    }
    set_length(t, from);
    if (!all && t->len - from == ATSR_BYTES) {
        g_byte_array_set_size(t, from); /* there are no such ports */
    }
}

/* VT-d 8.7 */
static void put_andd(GByteArray *t, Device *unit, const IommuList *list)
{
    size_t bytes = strlen(list->text) + !is_broken(unit, IOMMU_ANDD_UNTERMINATED);
    blob_put(t, ANDD, 2);
    blob_put(t, ANDD_BYTES + bytes, 2);
    blob_put(t, 0, 3);
    blob_put(t, list->enumeration_id, 1);
    g_byte_array_append(t, (const guint8 *)list->text, (guint)bytes);
}

/* VT-d 8.8 */
static void put_satc(GByteArray *t, Device *unit, const IommuList *list)
{
    blob_put(t, SATC, 2);
    blob_put(t, SATC_BYTES + scope_entries_bytes(list->entries), 2);
    blob_put(t, dmar_part_of(unit).satc_required ? SATC_ATC_REQUIRED : 0, 1);
    blob_put(t, 0, 1);
    blob_put(t, iommu_class(unit)->links(unit)->scope.segment, 2);
    put_scope_entries(t, list->entries);
}

static void put_lists(GByteArray *t, const GPtrArray *units, const char *property,
                      void (*put)(GByteArray *t, Device *unit, const IommuList *list))
{
    for (guint i = 0; i < units->len; i++) {
        const IommuList *list;
        for (guint at = 0; (list = next_list(units->pdata[i], property, &at));) {
            put(t, units->pdata[i], list);
        }
    }
}

/* VT-d 8.6: which memory a unit is near. */
static void put_rhsas(GByteArray *t, const GPtrArray *units)
{
    for (guint i = 0; i < units->len; i++) {
        DmarUnit part = dmar_part_of(units->pdata[i]);
        if (part.has_proximity) {
            blob_put(t, RHSA, 2);
            blob_put(t, RHSA_BYTES, 2);
            blob_put(t, 0, 4);
            blob_put(t, told_base(units->pdata[i]), 8);
            blob_put(t, part.proximity, 4);
        }
    }
}

/* VT-d 8.1. The platform remaps interrupts if all of its units do. */
static void dmar_write(const GPtrArray *units, GByteArray *t)
{
    DmarUnit all = {.intremap = true, .device_iotlb = true, .host_address_width = UINT8_MAX};
    for (guint i = 0; i < units->len; i++) {
        DmarUnit part = dmar_part_of(units->pdata[i]);
        all.intremap &= part.intremap;
        all.x2apic_opt_out |= part.x2apic_opt_out;
        all.dma_ctrl_opt_in |= part.dma_ctrl_opt_in;
        all.device_iotlb &= part.device_iotlb && is_on_all_buses(units->pdata[i]);
        all.host_address_width = MIN(all.host_address_width, part.host_address_width);
        if (is_broken(units->pdata[i], IOMMU_WRONG_HAW)) {
            all.host_address_width = WRONG_HAW;
        }
    }
    blob_put(t, all.host_address_width - 1u, 1);
    blob_put(t,
             (all.intremap ? DMAR_INTR_REMAP : 0) | (all.x2apic_opt_out ? DMAR_X2APIC_OPT_OUT : 0) |
                 (all.dma_ctrl_opt_in ? DMAR_DMA_CTRL_OPT_IN : 0),
             1);
    blob_zeros(t, 10);
    put_drhds(t, units, false);
    put_drhds(t, units, true);
    put_lists(t, units, DMAR_RMRR, put_rmrr);
    put_atsr(t, units, all.device_iotlb);
    put_rhsas(t, units);
    put_lists(t, units, DMAR_ANDD, put_andd);
    put_lists(t, units, DMAR_SATC, put_satc);
}

const IommuTable dmar_table = {.signature = "DMAR", .revision = 1, .write = dmar_write};
