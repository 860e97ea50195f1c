/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference time (TLFS 12.5): 100 ns units from the start of the machine, read from a register
 * or worked out by the guest from its TSC and the numbers in a page. Both give the same, to the
 * last unit.
 */
#include "hw/hyperv/hyperv_internal.h"

#include "base/bytes.h"

#define REFERENCE_HZ 10000000u
/* The page (TLFS 12.5.3.1). */
#define PAGE_SEQUENCE 0
#define PAGE_SCALE    8
#define PAGE_OFFSET   16
#define PAGE_BYTES    24
/* "Read the register instead". */
#define SEQUENCE_INVALID 0u
#define SEQUENCE_VALID   1u

/* TSC units to reference units, times 2^64. */
static uint64_t tsc_scale(const HvPartition *hv)
{
    return (uint64_t)(((unsigned __int128)REFERENCE_HZ << 64) / hv->links.tsc_hz);
}

uint64_t hv_reference_time(const HvPartition *hv)
{
    uint64_t now = (uint64_t)clock_now(hv->dev.platform->clock);
    uint64_t tsc = muldiv64(now, hv->links.tsc_hz, NS_PER_SEC);

    return (uint64_t)((unsigned __int128)tsc * tsc_scale(hv) >> 64);
}

/* The numbers are for the TSC as the machine counts it: they serve all VPs or none. */
static bool tsc_is_common(const HvPartition *hv)
{
    for (unsigned i = 0; i < hv->links.vps; i++) {
        if (hv->vps[i].tsc_moved) {
            return false;
        }
    }
    return true;
}

void hv_reference_page(HvPartition *hv)
{
    uint8_t page[PAGE_BYTES] = {0};

    bytes_put32(page + PAGE_SEQUENCE, tsc_is_common(hv) ? SEQUENCE_VALID : SEQUENCE_INVALID);
    bytes_put64(page + PAGE_SCALE, tsc_scale(hv));
    bytes_put64(page + PAGE_OFFSET, 0);
    hv_overlay_write(&hv->reference_tsc, hv_memory(hv), 0, page, sizeof(page));
}

void hv_tsc_moved(HvVp *vp, bool moved)
{
    if (vp->tsc_moved != moved) {
        vp->tsc_moved = moved;
        hv_reference_page(vp->hv);
    }
}
