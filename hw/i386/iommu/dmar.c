/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR table (VT-d 8): the host's address width, a DRHD for each unit, and an ATSR. */
#include "hw/i386/iommu/dmar.h"

#include "base/blob.h"

enum { DMAR_INTR_REMAP = 1, DMAR_X2APIC_OPT_OUT = 2 };
enum { DRHD = 0, ATSR = 2 };
enum { DRHD_BYTES = 16, ATSR_BYTES = 8, SCOPE_BYTES = 6, STEP_BYTES = 2 };
enum { DRHD_INCLUDE_ALL = 1, ATSR_ALL_PORTS = 1 };

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

/* VT-d 8.3 */
static void put_drhd(GByteArray *t, Device *unit)
{
    const IommuClass *cls = iommu_class(unit);
    const IommuScope *scope = &cls->links(unit)->scope;
    uint64_t base;
    cls->region(unit, &base);
    blob_put(t, DRHD, 2);
    blob_put(t, DRHD_BYTES + scopes_bytes(scope), 2);
    blob_put(t, scope->include_all ? DRHD_INCLUDE_ALL : 0, 1);
    blob_put(t, dmar_part_of(unit).register_pages_log2, 1);
    blob_put(t, scope->segment, 2);
    blob_put(t, base, 8);
    for (size_t i = 0; i < scope->count; i++) {
        put_scope(t, &scope->entries[i]);
    }
}

/* A unit that takes the rest of a segment comes after the others of it (VT-d 8.3). */
static void put_drhds(GByteArray *t, const GPtrArray *units, bool include_all)
{
    for (guint i = 0; i < units->len; i++) {
        Device *unit = units->pdata[i];
        if (iommu_class(unit)->links(unit)->scope.include_all == include_all) {
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

/* VT-d 8.1. The platform remaps interrupts if all of its units do. */
static void dmar_write(const GPtrArray *units, GByteArray *t)
{
    DmarUnit all = {.intremap = true, .host_address_width = UINT8_MAX};
    for (guint i = 0; i < units->len; i++) {
        DmarUnit part = dmar_part_of(units->pdata[i]);
        all.intremap &= part.intremap;
        all.x2apic_opt_out |= part.x2apic_opt_out;
        all.device_iotlb |= part.device_iotlb;
        all.host_address_width = MIN(all.host_address_width, part.host_address_width);
    }
    blob_put(t, all.host_address_width - 1u, 1);
    blob_put(t,
             (all.intremap ? DMAR_INTR_REMAP : 0) | (all.x2apic_opt_out ? DMAR_X2APIC_OPT_OUT : 0),
             1);
    blob_zeros(t, 10);
    put_drhds(t, units, false);
    put_drhds(t, units, true);
    if (all.device_iotlb) {
        put_atsr(t);
    }
}

const IommuTable dmar_table = {.signature = "DMAR", .revision = 1, .write = dmar_write};
