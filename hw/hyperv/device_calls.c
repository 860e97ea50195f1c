/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root partition's calls for its devices' interrupts: HvCallMapDeviceInterrupt,
 * HvCallUnmapDeviceInterrupt and HvCallRetargetDeviceInterrupt. A device is given an entry of the
 * table in device_map.c: an address and data for its MSI, or a redirection entry for an IOAPIC's
 * pin, which name it. As Linux lays the inputs out (include/asm-generic/hyperv-tlfs.h); the
 * published specification has the calls' names and codes.
 */
#include "hw/hyperv/hyperv_internal.h"

#include "base/bytes.h"

/* All inputs begin so. */
#define IN_PARTITION 0
#define IN_DEVICE    8
/* Map: a descriptor of the interrupt, with its target at the end. */
#define MAP_TYPE    40
#define MAP_TRIGGER 44
#define MAP_COUNT   48
#define MAP_TARGET  56
/* Unmap, retarget: what map has answered; retarget's target. */
#define IN_ENTRY        16
#define RETARGET_TARGET 40
/* HV_DEVICE_INTERRUPT_TARGET */
#define TARGET_VECTOR 0
#define TARGET_FLAGS  4
#define TARGET_SET    8
#define TARGET_IS_SET 2u /* flags: a set of VPs, else a mask */
/* HV_INTERRUPT_ENTRY */
#define ENTRY_SOURCE 0
#define ENTRY_VALUE  8
#define ENTRY_BYTES  16
enum { SOURCE_MSI = 1, SOURCE_IOAPIC = 2 };
enum { TRIGGER_EDGE, TRIGGER_LEVEL };

/* A request in remappable form, and a redirection entry for one (VT-d 5.1.2.2, 5.1.5.1): hardware
 * under a hypervisor has no other. */
#define ADDRESS_INDEX_SHIFT 5
#define ADDRESS_REMAPPABLE  (1u << 4)
#define RTE_LEVEL_SHIFT     15
#define RTE_REMAPPABLE      (1ull << 48)
#define RTE_INDEX_SHIFT     49
#define INDEX_MASK          0x7fffu

#define VECTOR_FIRST 16u
#define VECTOR_LAST  255u

static HvStatus check_partition(const HvCall *call)
{
    uint64_t id = bytes_get64(call->input + IN_PARTITION);

    return id == HV_PARTITION_SELF || id == HV_PARTITION_ID ? HV_STATUS_SUCCESS
                                                            : HV_STATUS_INVALID_PARTITION_ID;
}

/* The hypervisor chooses one of the VPs that the root names: here the first. */
static HvStatus first_vp(const HvPartition *hv, const HvVpSet *set, uint32_t *vp)
{
    *vp = hv_set_next(set, 0);
    if (*vp == HV_SET_END) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    return *vp < hv->links.vps ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_INDEX;
}

/* Vector and VP of a target at this offset. The set's mask of banks counts as variable header. */
static HvStatus read_vp_target(const HvCall *call, size_t at, HvMapping *m)
{
    uint32_t vector = bytes_get32(call->input + at + TARGET_VECTOR);
    uint32_t flags = bytes_get32(call->input + at + TARGET_FLAGS);
    HvVpSet set = hv_set_of_mask(bytes_get64(call->input + at + TARGET_SET));
    HvStatus status = HV_STATUS_SUCCESS;

    if (vector < VECTOR_FIRST || vector > VECTOR_LAST || (flags & ~TARGET_IS_SET)) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if ((flags & TARGET_IS_SET) ? call->var == 0 : call->var != 0) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (flags & TARGET_IS_SET) {
        status = hv_set_read(call, at + TARGET_SET, call->var - 1, &set);
    }
    m->vector = (uint8_t)vector;
    return status == HV_STATUS_SUCCESS ? first_vp(call->vp->hv, &set, &m->vp) : status;
}

static bool mode_is_valid(uint32_t mode)
{
    return mode == INTR_MODE_FIXED || mode == INTR_MODE_LOWEST || mode == INTR_MODE_NMI;
}

static HvStatus read_map(const HvCall *call, HvMapping *m)
{
    uint32_t mode = bytes_get32(call->input + MAP_TYPE);
    uint32_t trigger = bytes_get32(call->input + MAP_TRIGGER);

    m->device = bytes_get64(call->input + IN_DEVICE);
    m->mode = (uint8_t)mode;
    m->level = trigger == TRIGGER_LEVEL;
    m->used = true;
    if (!mode_is_valid(mode) || trigger > TRIGGER_LEVEL ||
        bytes_get32(call->input + MAP_COUNT) != 1 || !hv_device_is_valid(call->vp->hv, m->device)) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    return read_vp_target(call, MAP_TARGET, m);
}

static uint64_t entry_value(const HvMapping *m, unsigned index)
{
    if (hv_device_type(m->device) == HV_DEVICE_PCI) {
        return INTR_WINDOW_BASE | index << ADDRESS_INDEX_SHIFT | ADDRESS_REMAPPABLE;
    }
    return m->vector | (uint64_t)m->mode << MSI_DATA_DELIVERY_SHIFT |
           (uint64_t)m->level << RTE_LEVEL_SHIFT | RTE_REMAPPABLE |
           (uint64_t)index << RTE_INDEX_SHIFT;
}

HvStatus hv_call_map_device(HvCall *call)
{
    HvPartition *hv = call->vp->hv;
    HvMapping m = {0};
    HvStatus status = check_partition(call);

    if (status == HV_STATUS_SUCCESS) {
        status = read_map(call, &m);
    }
    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    for (unsigned i = 0; i < HV_MAPPINGS; i++) {
        if (!hv->mappings[i].used) {
            bool pci = hv_device_type(m.device) == HV_DEVICE_PCI;
            hv->mappings[i] = m;
            bytes_put32(call->output + ENTRY_SOURCE, pci ? SOURCE_MSI : SOURCE_IOAPIC);
            bytes_put64(call->output + ENTRY_VALUE, entry_value(&m, i));
            return HV_STATUS_SUCCESS;
        }
    }
    return HV_STATUS_INSUFFICIENT_MEMORY;
}

/* The mapping that an entry names, if it is this device's. */
static HvMapping *named(const HvCall *call)
{
    HvPartition *hv = call->vp->hv;
    uint64_t value = bytes_get64(call->input + IN_ENTRY + ENTRY_VALUE);
    bool msi = bytes_get32(call->input + IN_ENTRY + ENTRY_SOURCE) == SOURCE_MSI;
    unsigned index = (msi ? value >> ADDRESS_INDEX_SHIFT : value >> RTE_INDEX_SHIFT) & INDEX_MASK;
    HvMapping *m = index < HV_MAPPINGS ? &hv->mappings[index] : NULL;

    return m && m->used && m->device == bytes_get64(call->input + IN_DEVICE) ? m : NULL;
}

HvStatus hv_call_unmap_device(HvCall *call)
{
    HvStatus status = check_partition(call);
    HvMapping *m = named(call);

    if (status == HV_STATUS_SUCCESS && !m) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if (status == HV_STATUS_SUCCESS) {
        *m = (HvMapping){0};
    }
    return status;
}

HvStatus hv_call_retarget_device(HvCall *call)
{
    HvStatus status = check_partition(call);
    HvMapping *m = named(call), to;

    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    if (!m) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    to = *m;
    status = read_vp_target(call, RETARGET_TARGET, &to);
    if (status == HV_STATUS_SUCCESS) {
        *m = to;
    }
    return status;
}
