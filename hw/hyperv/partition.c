/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A partition as a device: its life, its virtual processors and their state. */
#include <string.h>

#include "hw/hyperv/hyperv_internal.h"

#define VP_PAGES 3u

static size_t vp_count(const void *object)
{
    return ((const HvPartition *)object)->links.vps;
}

static const StateField vp_state[] = {
    STATE_FIELD(STATE_UINT8, HvVp, tsc_moved),
    STATE_STRUCTS(HvVp, assist, 1, HvOverlay, hv_overlay_state),
    STATE_FIELD(STATE_UINT64, HvVp, scontrol),
    STATE_ARRAY(STATE_UINT64, HvVp, sint, HV_SINTS),
    STATE_STRUCTS(HvVp, messages, 1, HvOverlay, hv_overlay_state),
    STATE_STRUCTS(HvVp, events, 1, HvOverlay, hv_overlay_state),
    STATE_STRUCTS(HvVp, timer, HV_TIMERS, HvTimer, hv_timer_state),
    STATE_END,
};

static size_t mapping_count(const void *object)
{
    return ((const HvPartition *)object)->mappings ? HV_MAPPINGS : 0;
}

static const StateField hyperv_state[] = {
    STATE_STRUCTS_PTR(HvPartition, vps, HvVp, vp_state, vp_count),
    STATE_FIELD(STATE_UINT64, HvPartition, guest_os_id),
    STATE_ARRAY(STATE_UINT64, HvPartition, crash, HV_CRASH_PARAMS),
    STATE_STRUCTS(HvPartition, hypercall, 1, HvOverlay, hv_overlay_state),
    STATE_STRUCTS(HvPartition, reference_tsc, 1, HvOverlay, hv_overlay_state),
    STATE_STRUCTS(HvPartition, connections, HV_CONNECTIONS, HvConnection, hv_connection_state),
    STATE_STRUCTS_PTR(HvPartition, mappings, HvMapping, hv_mapping_state, mapping_count),
    STATE_END,
};

HvPartition *hv_from_device(Device *dev)
{
    return (HvPartition *)dev;
}

HvLinks *hv_links(Device *dev)
{
    return &hv_from_device(dev)->links;
}

HvVp *hv_vp(HvPartition *hv, unsigned index)
{
    return &hv->vps[index];
}

void hv_vp_connect_apic(HvVp *vp, ApicState *apic)
{
    vp->apic = apic;
}

void hv_vp_connect_cpu(HvVp *vp, const HvPins *pins, void *opaque)
{
    vp->pins = pins;
    vp->pins_opaque = opaque;
}

static void init_vp(HvPartition *hv, unsigned index)
{
    g_autofree char *name = g_strdup_printf("vp%u", index);
    HvVp *vp = &hv->vps[index];

    vp->hv = hv;
    vp->index = index;
    vp->name = g_intern_string(name);
    hv_stimer_init(vp);
}

static bool init_pages(HvVp *vp, GError **error)
{
    unsigned rank = VP_PAGES * vp->index;

    return hv_overlay_init(&vp->assist, "hv-vp-assist", MEM_RAM, rank, error) &&
           hv_overlay_init(&vp->messages, "hv-messages", MEM_RAM, rank + 1, error) &&
           hv_overlay_init(&vp->events, "hv-event-flags", MEM_RAM, rank + 2, error);
}

/* VMCALL or VMMCALL, and RET: the hypercall page's code (TLFS 3.13). */
static void fill_hypercall_page(HvPartition *hv)
{
    static const uint8_t intel[] = {0x0f, 0x01, 0xc1, 0xc3}, amd[] = {0x0f, 0x01, 0xd9, 0xc3};

    memcpy(hv->hypercall.page, hv->links.amd ? amd : intel, sizeof(intel));
}

static void free_vp(HvVp *vp, AddressSpace *memory)
{
    hv_stimer_reset(vp);
    hv_overlay_free(&vp->assist, memory);
    hv_overlay_free(&vp->messages, memory);
    hv_overlay_free(&vp->events, memory);
}

static void hyperv_unrealize(Device *dev)
{
    HvPartition *hv = hv_from_device(dev);
    AddressSpace *memory = dev->platform->memory;

    for (unsigned i = 0; i < hv->links.vps; i++) {
        free_vp(&hv->vps[i], memory);
    }
    hv_overlay_free(&hv->hypercall, memory);
    hv_overlay_free(&hv->reference_tsc, memory);
    g_clear_pointer(&hv->vps, g_free);
    g_clear_pointer(&hv->mappings, g_free);
}

static bool init_all(HvPartition *hv, GError **error)
{
    hv->vps = g_new0(HvVp, hv->links.vps);
    hv->mappings = hv_offers(hv, HV_ROOT) ? g_new0(HvMapping, HV_MAPPINGS) : NULL;
    for (unsigned i = 0; i < hv->links.vps; i++) {
        init_vp(hv, i);
    }
    for (unsigned i = 0; i < hv->links.vps; i++) {
        if (!init_pages(&hv->vps[i], error)) {
            return false;
        }
    }
    unsigned rank = VP_PAGES * hv->links.vps;
    return hv_overlay_init(&hv->hypercall, "hv-hypercall", MEM_ROM, rank, error) &&
           hv_overlay_init(&hv->reference_tsc, "hv-reference-tsc", MEM_ROM, rank + 1, error);
}

static bool hv_check_root(const HvPartition *hv, GError **error)
{
    if (!hv_offers(hv, HV_ROOT) || hv_page_is_valid(hv, HV_ROOT_PAGES)) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                "hv-root puts pages at %#" PRIx64 ", beyond phys-bits=%u", HV_ROOT_PAGES,
                hv->links.phys_bits);
    return false;
}

static bool hyperv_realize(Device *dev, GError **error)
{
    HvPartition *hv = hv_from_device(dev);

    if (!hv_features_check(&hv->links.features, error) || !hv_check_root(hv, error)) {
        return false;
    }
    if (!init_all(hv, error)) {
        hyperv_unrealize(dev);
        return false;
    }
    return true;
}

/* A root partition's pages are where the hypervisor wants them, beyond its memory. */
static void place_root_page(HvOverlay *page, unsigned n)
{
    page->value = HV_ROOT_PAGES + n * PAGE_SIZE;
}

static void reset_vp(HvVp *vp)
{
    vp->tsc_moved = false;
    hv_overlay_reset(&vp->assist, hv_memory(vp->hv));
    if (hv_offers(vp->hv, HV_ROOT)) {
        place_root_page(&vp->assist, 1 + vp->index);
    }
    hv_synic_reset(vp);
    hv_stimer_reset(vp);
}

static void hyperv_reset(Device *dev)
{
    HvPartition *hv = hv_from_device(dev);

    for (unsigned i = 0; i < hv->links.vps; i++) {
        reset_vp(&hv->vps[i]);
    }
    hv_connections_reset(hv);
    hv->guest_os_id = 0;
    memset(hv->crash, 0, sizeof(hv->crash));
    hv_overlay_reset(&hv->hypercall, dev->platform->memory);
    hv_overlay_reset(&hv->reference_tsc, dev->platform->memory);
    if (hv->mappings) {
        memset(hv->mappings, 0, HV_MAPPINGS * sizeof(*hv->mappings));
        place_root_page(&hv->hypercall, 0);
    }
    fill_hypercall_page(hv);
    hv_reference_page(hv);
}

/* The pages' places follow from the registers. */
static void hyperv_restored(Device *dev)
{
    HvPartition *hv = hv_from_device(dev);
    AddressSpace *memory = dev->platform->memory;

    for (unsigned i = 0; i < hv->links.vps; i++) {
        hv_overlay_set(&hv->vps[i].assist, memory, hv->vps[i].assist.value);
        hv_synic_restored(&hv->vps[i]);
    }
    hv_overlay_set(&hv->hypercall, memory, hv->hypercall.value);
    hv_overlay_set(&hv->reference_tsc, memory, hv->reference_tsc.value);
}

const DeviceClass hyperv_class = {
    .name = "hyperv",
    .desc = "Hyper-V's interface: hypercalls, synthetic registers",
    .instance_size = sizeof(HvPartition),
    .state = hyperv_state,
    .realize = hyperv_realize,
    .unrealize = hyperv_unrealize,
    .reset = hyperv_reset,
    .powered_in_sleep = true, /* the hypervisor stays */
    .restored = hyperv_restored,
};
