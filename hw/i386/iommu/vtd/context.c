/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: root and context tables of legacy mode (3.4.2, 9.1, 9.3): from a source id to a domain and
 * the way its requests are translated. Scalable mode's tables (9.2, 9.4 to 9.6) come later, beside
 * these.
 */
#include "hw/i386/iommu/vtd/context.h"
#include "hw/i386/iommu/vtd/regs.h"

#define ENTRY_SIZE 16

#define ROOT_P    0, 1
#define ROOT_CTP  12, 52
#define CTX_P     0, 1
#define CTX_FPD   1, 1
#define CTX_TT    2, 2
#define CTX_TABLE 12, 52
/* Upper quadword. */
#define CTX_AW    0, 3
#define CTX_AVAIL 3, 4
#define CTX_DID   8, 16

void vtd_root_decode(uint64_t low, uint64_t high, uint8_t haw, VtdRootEntry *out)
{
    *out = (VtdRootEntry){
        .present = vtd_get(low, ROOT_P),
        .reserved =
            (low & ~(vtd_mask(ROOT_P) | vtd_mask(ROOT_CTP))) || high || vtd_above_haw(low, haw),
        .context_table = low & vtd_mask(ROOT_CTP),
    };
}

void vtd_context_decode(uint64_t low, uint64_t high, uint8_t haw, VtdContextEntry *out)
{
    uint64_t known = vtd_mask(CTX_P) | vtd_mask(CTX_FPD) | vtd_mask(CTX_TT) | vtd_mask(CTX_TABLE);
    uint64_t known_high = vtd_mask(CTX_AW) | vtd_mask(CTX_AVAIL) | vtd_mask(CTX_DID);
    *out = (VtdContextEntry){
        .present = vtd_get(low, CTX_P),
        .fpd = vtd_get(low, CTX_FPD),
        .reserved = (low & ~known) || (high & ~known_high) || vtd_above_haw(low, haw),
        .type = (uint8_t)vtd_get(low, CTX_TT),
        .width = (uint8_t)vtd_get(high, CTX_AW),
        .domain = (uint16_t)vtd_get(high, CTX_DID),
        .table = low & vtd_mask(CTX_TABLE),
    };
}

/* AW 1, 2, 3: 39, 48, 57 bits. */
static bool width_is_supported(VtdContextLimits limits, uint8_t width)
{
    return limits.sagaw >> width & 1;
}

static bool type_is_supported(VtdContextLimits limits, uint8_t type)
{
    switch (type) {
    case VTD_TT_UNTRANSLATED:
        return true;
    case VTD_TT_ALL:
        return limits.device_iotlb;
    case VTD_TT_PASS_THROUGH:
        return limits.pass_through;
    default:
        return false;
    }
}

/* Pass-through wants the biggest width that the unit has (9.3, AW). */
static bool width_is_right(VtdContextLimits limits, uint8_t width, uint8_t type)
{
    bool is_biggest = !(limits.sagaw >> width >> 1);
    return width_is_supported(limits, width) && (type != VTD_TT_PASS_THROUGH || is_biggest);
}

static VtdFaultReason check_entry(VtdContextLimits limits, const VtdContextEntry *entry,
                                  VtdContext *out)
{
    out->fpd = entry->fpd;
    if (!entry->present) {
        return VTD_FR_CONTEXT_NOT_PRESENT;
    }
    if (entry->reserved) {
        return VTD_FR_CONTEXT_RESERVED;
    }
    out->type = entry->type;
    out->domain = entry->domain & limits.domain_mask;
    out->table = entry->table;
    out->levels = (uint8_t)(entry->width + 2);
    if (!type_is_supported(limits, entry->type) ||
        !width_is_right(limits, entry->width, entry->type)) {
        return VTD_FR_CONTEXT_INVALID;
    }
    return VTD_OK;
}

VtdFaultReason vtd_context_walk(VtdTables *tables, uint64_t root_table, VtdContextLimits limits,
                                uint16_t source_id, VtdContext *out)
{
    uint64_t raw[2];
    uint64_t root = (root_table & VTD_BASE_MASK) + (source_id >> 8) * ENTRY_SIZE;
    *out = (VtdContext){0};
    if (vtd_tables_read(tables, root, raw, ENTRY_SIZE) != MEM_OK) {
        return VTD_FR_ROOT_ACCESS;
    }
    VtdRootEntry root_entry;
    vtd_root_decode(raw[0], raw[1], limits.haw, &root_entry);
    if (!root_entry.present) {
        return VTD_FR_ROOT_NOT_PRESENT;
    }
    if (root_entry.reserved) {
        return VTD_FR_ROOT_RESERVED;
    }
    uint64_t at = root_entry.context_table + (source_id & 0xff) * ENTRY_SIZE;
    if (vtd_tables_read(tables, at, raw, ENTRY_SIZE) != MEM_OK) {
        return VTD_FR_CONTEXT_ACCESS;
    }
    VtdContextEntry entry;
    vtd_context_decode(raw[0], raw[1], limits.haw, &entry);
    return check_entry(limits, &entry, out);
}
