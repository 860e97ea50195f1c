/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Overlay pages (TLFS 5.2.1): the hypervisor's page covers the guest's at an address that the guest
 * chooses. What is in either stays while the other one shows.
 */
#include <string.h>

#include "hw/hyperv/hyperv_internal.h"

#define OVERLAY_PRIORITY 10 /* above all that a board maps */

static size_t page_size(const void *object)
{
    return PAGE_SIZE;
}

const StateField hv_overlay_state[] = {
    STATE_FIELD(STATE_UINT64, HvOverlay, value),
    STATE_BYTES_PTR(HvOverlay, page, page_size),
    STATE_NOT_SAVED(HvOverlay, region),
    STATE_END,
};

bool hv_overlay_init(HvOverlay *o, const char *name, MemKind kind, unsigned rank, GError **error)
{
    if (!ram_init(&o->region, name, PAGE_SIZE, error)) {
        return false;
    }
    o->region.kind = kind;
    o->region.priority = OVERLAY_PRIORITY + (int)rank;
    o->page = o->region.host;
    if (kind == MEM_ROM) {
        g_clear_pointer(&o->region.page_flags, g_free);
    }
    return true;
}

void hv_overlay_free(HvOverlay *o, AddressSpace *memory)
{
    as_remove(memory, &o->region);
    ram_free(&o->region);
    o->page = NULL;
}

void hv_overlay_set(HvOverlay *o, AddressSpace *memory, uint64_t value)
{
    bool on = value & HV_PAGE_ENABLE, was = region_is_mapped(&o->region);
    uint64_t base = value & HV_PAGE_MASK;

    o->value = value;
    if (was && (!on || base != o->region.base)) {
        as_remove(memory, &o->region);
        was = false;
    }
    if (on && !was) {
        as_add(memory, &o->region, base);
    }
}

void hv_overlay_reset(HvOverlay *o, AddressSpace *memory)
{
    hv_overlay_set(o, memory, 0);
    memset(o->page, 0, PAGE_SIZE);
}

void hv_overlay_write(HvOverlay *o, AddressSpace *memory, size_t offset, const void *data,
                      size_t size)
{
    memcpy(o->page + offset, data, size);
    if (region_is_mapped(&o->region)) {
        as_ram_written(memory, o->region.base + offset, size);
    }
}

bool hv_page_is_valid(const HvPartition *hv, uint64_t value)
{
    return (value & HV_PAGE_MASK) >> hv->links.phys_bits == 0;
}

bool hv_overlay_write_msr(const HvPartition *hv, HvOverlay *o, uint64_t value)
{
    if (!hv_page_is_valid(hv, value)) {
        return false;
    }
    hv_overlay_set(o, hv_memory(hv), value);
    return true;
}
