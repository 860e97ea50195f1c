/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: second-stage tables of 3, 4 and 5 levels with 4 KiB, 2 MiB and 1 GiB pages (3.7, 9.8).
 * Permissions are the AND of all levels. An entry without R and W is not present, and its other
 * bits do not matter. First-stage tables (3.6) come with scalable mode.
 */
#include "hw/i386/iommu/vtd/pagewalk.h"
#include "hw/i386/iommu/vtd/fields.h"
#include "hw/i386/iommu/vtd/regs.h"

#define SS_R    0, 1
#define SS_W    1, 1
#define SS_PS   7, 1
#define SS_SNP  11, 1
#define SS_ADDR 12, 40
#define SS_TM   62, 1
/* Bits that tables ignore: X, EMT and IPAT, A, D, 10, 61:52 and 63. */
#define SS_IGNORED (vtd_mask(2, 5) | vtd_mask(8, 3) | vtd_mask(52, 10) | vtd_mask(63, 1))

#define LEVEL_BITS 9
#define BIGGEST    3 /* the highest level with a page size bit: 1 GiB */

static unsigned level_shift(unsigned level)
{
    return PAGE_SHIFT + LEVEL_BITS * (level - 1);
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level <= BIGGEST && vtd_get(entry, SS_PS));
}

static bool entry_is_reserved(uint64_t entry, unsigned level, VtdPteBits bits)
{
    uint64_t address = vtd_mask(SS_ADDR) & ~vtd_mask_from(bits.haw);
    uint64_t known = vtd_mask(SS_R) | vtd_mask(SS_W) | address | SS_IGNORED;
    if (is_leaf(entry, level)) {
        known |= vtd_mask(SS_PS);
        known |= bits.snoop ? vtd_mask(SS_SNP) : 0;
        known |= bits.transient ? vtd_mask(SS_TM) : 0;
        /* A big page is aligned to its size. */
        known &= ~(vtd_mask(PAGE_SHIFT, level_shift(level) - PAGE_SHIFT));
    }
    return entry & ~known;
}

VtdFaultReason vtd_page_walk(VtdTables *tables, uint64_t table, unsigned levels, VtdPteBits bits,
                             uint64_t address, VtdMapping *out)
{
    *out = (VtdMapping){.read = true, .write = true};
    for (unsigned level = levels;; level--) {
        uint64_t entry;
        uint64_t index = vtd_get(address, level_shift(level), LEVEL_BITS);
        if (vtd_tables_read(tables, table + index * sizeof(entry), &entry, sizeof(entry)) !=
            MEM_OK) {
            return VTD_FR_PAGE_TABLE_ACCESS;
        }
        out->shift = (uint8_t)level_shift(level);
        out->read &= vtd_get(entry, SS_R);
        out->write &= vtd_get(entry, SS_W);
        if (!vtd_get(entry, SS_R) && !vtd_get(entry, SS_W)) {
            return VTD_OK;
        }
        if (entry_is_reserved(entry, level, bits)) {
            return VTD_FR_PAGE_TABLE_RESERVED;
        }
        if (is_leaf(entry, level)) {
            out->page = address >> out->shift;
            out->host = entry & vtd_mask(SS_ADDR);
            out->snoop = vtd_get(entry, SS_SNP);
            out->transient = vtd_get(entry, SS_TM);
            return VTD_OK;
        }
        table = entry & vtd_mask(SS_ADDR);
    }
}
