/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMAR table (VT-d 8): the host's address width, a DRHD for each unit, an ATSR and RHSAs; and
 * on request what firmware is known to get wrong in it.
 */
#include "hw/i386/iommu/dmar.h"

#include "base/blob.h"

enum { DMAR_INTR_REMAP = 1, DMAR_X2APIC_OPT_OUT = 2, DMAR_DMA_CTRL_OPT_IN = 4 };
enum { DRHD = 0, ATSR = 2, RHSA = 3 };
enum { DRHD_BYTES = 16, ATSR_BYTES = 8, RHSA_BYTES = 20, SCOPE_BYTES = 6, STEP_BYTES = 2 };
enum { DRHD_INCLUDE_ALL = 1, ATSR_ALL_PORTS = 1 };
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

static size_t scopes_bytes(const IommuScope *scope)
{
    size_t bytes = 0;
    for (size_t i = 0; i < scope->count; i++) {
        bytes += scope_bytes(&scope->entries[i]);
    }
    return bytes;
}

static uint64_t told_base(Device *unit)
{
    uint64_t base;
    iommu_class(unit)->region(unit, &base);
    return iommu_class(unit)->place(unit)->broken == IOMMU_ZERO_BASE ? 0 : base;
}

/* VT-d 8.3 */
static void put_drhd(GByteArray *t, Device *unit)
{
    bool uncovered = iommu_class(unit)->place(unit)->broken == IOMMU_UNCOVERED_DEVICE;
    const IommuClass *cls = iommu_class(unit);
    const IommuScope *scope = &cls->links(unit)->scope;
    blob_put(t, DRHD, 2);
    blob_put(t, DRHD_BYTES + scopes_bytes(scope), 2);
    blob_put(t, scope->include_all && !uncovered ? DRHD_INCLUDE_ALL : 0, 1);
    blob_put(t, dmar_part_of(unit).register_pages_log2, 1);
    blob_put(t, scope->segment, 2);
    blob_put(t, told_base(unit), 8);
    for (size_t i = 0; i < scope->count; i++) {
        put_scope(t, &scope->entries[i]);
    }
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
        if (iommu_class(unit)->place(unit)->broken == IOMMU_DUPLICATE_BASE) {
            put_drhd(t, unit);
        }
    }
}

/* VT-d 8.5: the functions of all root ports may use address translation services. */
static void put_atsr(GByteArray *t)
{
    blob_put(t, ATSR, 2);
    blob_put(t, ATSR_BYTES, 2);
    blob_put(t, ATSR_ALL_PORTS, 1);
    blob_put(t, 0, 1);
    blob_put(t, 0, 2); /* segment */
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
    DmarUnit all = {.intremap = true, .host_address_width = UINT8_MAX};
    for (guint i = 0; i < units->len; i++) {
        DmarUnit part = dmar_part_of(units->pdata[i]);
        all.intremap &= part.intremap;
        all.x2apic_opt_out |= part.x2apic_opt_out;
        all.dma_ctrl_opt_in |= part.dma_ctrl_opt_in;
        all.device_iotlb |= part.device_iotlb;
        all.host_address_width = MIN(all.host_address_width, part.host_address_width);
        Device *unit = units->pdata[i];
        if (iommu_class(unit)->place(unit)->broken == IOMMU_WRONG_HAW) {
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
    if (all.device_iotlb) {
        put_atsr(t);
    }
    put_rhsas(t, units);
}

const IommuTable dmar_table = {.signature = "DMAR", .revision = 1, .write = dmar_write};
