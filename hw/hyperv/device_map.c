/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices' interrupts under a root partition: the hypervisor's table of what the root has mapped,
 * between the devices and the APIC bus. A request in remappable form names an entry, which is for
 * one device id. One in the form of a machine without a hypervisor passes: firmware's, and what the
 * root has not mapped.
 */
#include "hw/hyperv/hyperv_internal.h"
#include "hw/intr/stages.h"

/* Remappable form (VT-d 5.1.2.2). */
#define ADDRESS_INDEX_SHIFT 5
#define ADDRESS_INDEX_LOW   0x7fffu
#define ADDRESS_INDEX_HIGH  (1u << 2)
#define ADDRESS_SUBHANDLE   (1u << 3)
#define ADDRESS_REMAPPABLE  (1u << 4)
/* HV_DEVICE_ID of a PCI function and of an IOAPIC. */
#define DEVICE_TYPE_SHIFT   62
#define PCI_SEGMENT_SHIFT   16
#define PCI_SUB_BUS_SHIFT   32
#define PCI_SEC_BUS_SHIFT   40
#define PCI_PHANTOM_SHIFT   48
#define PCI_SHADOW          (1ull << 50) /* a bridge's range of buses */
#define PCI_RESERVED        (0x7ffull << 51)
#define IOAPIC_ID           0xffull
#define IOAPIC_RESERVED     (0x3fffffffffffffffull & ~IOAPIC_ID)
#define FUNCTION_BITS_ALL   7u
#define REQUESTER_BUS_SHIFT 8

const StateField hv_mapping_state[] = {
    STATE_FIELD(STATE_UINT64, HvMapping, device),
    STATE_FIELD_MAX(STATE_UINT32, HvMapping, vp, HV_SET_END - 1),
    STATE_FIELD(STATE_UINT8, HvMapping, vector),
    STATE_FIELD_MAX(STATE_UINT8, HvMapping, mode, 7),
    STATE_FIELD(STATE_UINT8, HvMapping, level),
    STATE_FIELD(STATE_UINT8, HvMapping, used),
    STATE_END,
};

HvDeviceType hv_device_type(uint64_t device)
{
    return (HvDeviceType)(device >> DEVICE_TYPE_SHIFT);
}

bool hv_device_is_valid(const HvPartition *hv, uint64_t device)
{
    switch (hv_device_type(device)) {
    case HV_DEVICE_PCI:
        return !(device & PCI_RESERVED) && (uint16_t)(device >> PCI_SEGMENT_SHIFT) == 0;
    case HV_DEVICE_IOAPIC:
        return !(device & IOAPIC_RESERVED) && hv->has_ioapic[device & IOAPIC_ID];
    default:
        return false;
    }
}

void hv_add_ioapic(HvPartition *hv, uint8_t id, uint16_t source_id)
{
    hv->ioapic_source[id] = source_id;
    hv->has_ioapic[id] = true;
}

/* Phantom functions leave out as many bits of the function's number. */
static uint16_t wanted_mask(uint64_t device)
{
    unsigned phantom = device >> PCI_PHANTOM_SHIFT & 3;

    return (uint16_t) ~(FUNCTION_BITS_ALL & ~(FUNCTION_BITS_ALL >> phantom));
}

/* As the journal has it: a requester with a mask, or (mask 0) a range of buses. */
static void wanted_by(const HvPartition *hv, uint64_t device, JournalUnit *unit)
{
    if (hv_device_type(device) == HV_DEVICE_IOAPIC) {
        unit->wanted = hv->ioapic_source[device & IOAPIC_ID];
        unit->wanted_mask = UINT16_MAX;
    } else if (device & PCI_SHADOW) {
        unit->wanted = (uint16_t)((device >> PCI_SEC_BUS_SHIFT & 0xff) << REQUESTER_BUS_SHIFT |
                                  (device >> PCI_SUB_BUS_SHIFT & 0xff));
    } else {
        unit->wanted = (uint16_t)device;
        unit->wanted_mask = wanted_mask(device);
    }
}

static bool is_wanted(const JournalUnit *unit, uint16_t requester)
{
    unsigned bus = requester >> REQUESTER_BUS_SHIFT;

    if (unit->wanted_mask == 0) {
        return bus >= unit->wanted >> REQUESTER_BUS_SHIFT && bus <= (unit->wanted & 0xffu);
    }
    return ((requester ^ unit->wanted) & unit->wanted_mask) == 0;
}

static unsigned map_index(const IntrMsg *msg)
{
    unsigned index = msg->address >> ADDRESS_INDEX_SHIFT & ADDRESS_INDEX_LOW;

    index |= msg->address & ADDRESS_INDEX_HIGH ? ADDRESS_INDEX_LOW + 1 : 0;
    return index + (msg->address & ADDRESS_SUBHANDLE ? msg->data & UINT16_MAX : 0);
}

/* What the table says of a request. */
static JournalUnit look_up(const HvPartition *hv, const IntrMsg *msg)
{
    JournalUnit unit = {.unit = hv->dev.id, .index = map_index(msg), .verdict = INTR_HV_NOT_MAPPED};
    const HvMapping *m = unit.index < HV_MAPPINGS ? &hv->mappings[unit.index] : NULL;

    if (!m || !m->used) {
        return unit;
    }
    unit.seen = JOURNAL_ENTRY;
    unit.entry[0] = m->device;
    unit.entry[1] = (uint64_t)m->vp << 32 | m->vector;
    wanted_by(hv, m->device, &unit);
    if (is_wanted(&unit, msg->requester_id)) {
        unit.seen |= JOURNAL_REMAPPED;
        unit.verdict = INTR_ON_ITS_WAY;
    } else {
        unit.verdict = INTR_HV_OTHER_DEVICE;
    }
    return unit;
}

static IntrResult sink_send(void *opaque, const IntrMsg *msg)
{
    HvPartition *hv = opaque;

    if (!intr_window_contains(msg->address) || !(msg->address & ADDRESS_REMAPPABLE)) {
        return intr_send(&hv->links.below, msg);
    }
    JournalUnit unit = look_up(hv, msg);
    journal_unit(hv_journal(hv), msg, &unit);
    if (unit.verdict != INTR_ON_ITS_WAY) {
        return unit.verdict;
    }
    const HvMapping *m = &hv->mappings[unit.index];
    const HvVp *vp = &hv->vps[m->vp];
    ApicMsg out = {.serial = msg->serial,
                   .dest = apic_initial_id(vp->apic),
                   .vector = m->vector,
                   .mode = m->mode,
                   .level = m->level,
                   .assert_level = true};
    return apic_bus_deliver_to(hv->links.bus, &out, vp->apic);
}

IntrSink hv_sink(HvPartition *hv)
{
    return (IntrSink){.send = sink_send, .opaque = hv};
}
