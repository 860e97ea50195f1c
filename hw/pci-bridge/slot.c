/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hot-plug slot (PCI Express 5.0, 6.7 and 7.5.3.9 to 7.5.3.11): there is a link while there is a
 * device with power and nobody disables the link. Commands are completed at once. Left out:
 * attention indicator, retention latch, interlock, power faults.
 */
#include "hw/pci-bridge/slot.h"

#include <linux/pci_regs.h>

#include "hw/pci/msi.h"

#define NUMBER_SHIFT 19
#define ASK_AGAIN_NS                                                                               \
    (5 * NS_PER_SEC) /* a button that is pressed again before means "no" (6.7.1.5) */

#define EVENTS                                                                                     \
    (PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC | PCI_EXP_SLTSTA_PDC |         \
     PCI_EXP_SLTSTA_CC | PCI_EXP_SLTSTA_DLLSC)
#define ENABLES                                                                                    \
    (PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PFDE | PCI_EXP_SLTCTL_MRLSCE | PCI_EXP_SLTCTL_PDCE |     \
     PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE | PCI_EXP_SLTCTL_DLLSCE)
#define OFF        (PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF)
#define POWER_BITS (PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PIC)

static uint8_t *slot_register(const Slot *slot, unsigned offset)
{
    return &slot->port->config[slot->port->pcie_cap + offset];
}

static uint16_t slot_get(const Slot *slot, unsigned offset)
{
    return pci_get_word(slot_register(slot, offset));
}

static void slot_set(const Slot *slot, unsigned offset, uint16_t bits, bool on)
{
    uint16_t value = slot_get(slot, offset);
    pci_set_word(slot_register(slot, offset), (uint16_t)(on ? value | bits : value & ~bits));
}

/* Function 0 is the last to come and the first to go. */
static bool is_occupied(const Slot *slot)
{
    return pci_bus_device(slot->behind, 0) != NULL;
}

static bool has_power(const Slot *slot)
{
    return !slot->hotplug || !(slot_get(slot, PCI_EXP_SLTCTL) & PCI_EXP_SLTCTL_PCC);
}

static bool should_link(const Slot *slot)
{
    return is_occupied(slot) && has_power(slot) &&
           !(slot_get(slot, PCI_EXP_LNKCTL) & PCI_EXP_LNKCTL_LD);
}

/* 6.7.3.4: the enable of each event, by its status bit. */
static bool slot_wants_interrupt(const Slot *slot)
{
    static const struct {
        uint16_t status, enable;
    } rows[] = {
        {PCI_EXP_SLTSTA_ABP, PCI_EXP_SLTCTL_ABPE},
        {PCI_EXP_SLTSTA_PFD, PCI_EXP_SLTCTL_PFDE},
        {PCI_EXP_SLTSTA_MRLSC, PCI_EXP_SLTCTL_MRLSCE},
        {PCI_EXP_SLTSTA_PDC, PCI_EXP_SLTCTL_PDCE},
        {PCI_EXP_SLTSTA_CC, PCI_EXP_SLTCTL_CCIE},
        {PCI_EXP_SLTSTA_DLLSC, PCI_EXP_SLTCTL_DLLSCE},
    };
    uint16_t control = slot_get(slot, PCI_EXP_SLTCTL), status = slot_get(slot, PCI_EXP_SLTSTA);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (control & PCI_EXP_SLTCTL_HPIE && control & rows[i].enable && status & rows[i].status) {
            return true;
        }
    }
    return false;
}

/* 6.7.3.4: the pin while it is so, a message each time that it becomes so. */
static void slot_signal(Slot *slot)
{
    PciDevice *port = slot->port;
    bool was = slot->interrupts;
    slot->interrupts = slot_wants_interrupt(slot);
    pci_set_intx(port, slot->interrupts);
    if (!slot->interrupts || was) {
        return;
    }
    if (msix_enabled(port)) {
        msix_notify(port, 0);
    } else if (msi_enabled(port)) {
        msi_notify(port, 0);
    }
}

static void slot_event(Slot *slot, uint16_t events)
{
    slot_set(slot, PCI_EXP_SLTSTA, events, true);
    trace_event(slot->port->dev.platform->trace, TRACE_PCI,
                "pci_slot port=%s events=%03x control=%04x status=%04x", slot->port->dev.id, events,
                slot_get(slot, PCI_EXP_SLTCTL), slot_get(slot, PCI_EXP_SLTSTA));
}

/* Link and presence as they are now; what changed is told of. */
static void slot_follow(Slot *slot)
{
    bool linked = slot_get(slot, PCI_EXP_LNKSTA) & PCI_EXP_LNKSTA_DLLLA, link = should_link(slot);
    bool there = slot_get(slot, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS;
    if (linked != link) {
        if (!link) {
            pci_bus_reset(slot->behind);
        }
        slot_set(slot, PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA, link);
        pci_bus_set_link(slot->behind, link);
        slot_event(slot, PCI_EXP_SLTSTA_DLLSC);
    }
    if (there != is_occupied(slot)) {
        slot_set(slot, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDS, !there);
        slot_event(slot, PCI_EXP_SLTSTA_PDC);
    }
}

/* Outside of the guest's access, which may have come by the device's own DMA. */
static void release_now(void *opaque)
{
    pci_slot_released(((Slot *)opaque)->port);
}

/* Power and its indicator are off: cards may come and go (6.7.1.1.2). */
static bool is_off(const Slot *slot)
{
    return (slot_get(slot, PCI_EXP_SLTCTL) & POWER_BITS) == OFF;
}

/* Whoever asked for the device may take it (6.7.1.5). */
static void release_if_off(Slot *slot)
{
    if (slot->asked && is_off(slot)) {
        timer_arm(&slot->release, clock_now(slot->port->dev.platform->clock));
    }
}

void slot_init(Slot *slot, PciDevice *port, PciBus *behind, uint16_t number)
{
    uint8_t cap = port->pcie_cap;
    uint32_t can =
        PCI_EXP_SLTCAP_ABP | PCI_EXP_SLTCAP_PCP | PCI_EXP_SLTCAP_PIP | PCI_EXP_SLTCAP_HPC;
    slot->port = port;
    slot->behind = behind;
    timer_init(&slot->release, port->dev.platform->clock, release_now, slot);
    if (!slot->hotplug) {
        can = 0;
    } else if (slot->surprise) {
        can |= PCI_EXP_SLTCAP_HPS;
    }
    pci_set_long(&port->config[cap + PCI_EXP_SLTCAP], can | (uint32_t)number << NUMBER_SHIFT);
    uint32_t link = pci_get_long(&port->config[cap + PCI_EXP_LNKCAP]);
    pci_set_long(&port->config[cap + PCI_EXP_LNKCAP], link | PCI_EXP_LNKCAP_DLLLARC);
    pci_set_word(&port->writable[cap + PCI_EXP_SLTCTL],
                 slot->hotplug ? ENABLES | POWER_BITS : PCI_EXP_SLTCTL_DLLSCE);
    pci_set_word(&port->w1c[cap + PCI_EXP_SLTSTA], EVENTS);
}

void slot_free(Slot *slot)
{
    if (slot->port) {
        timer_cancel(&slot->release);
    }
}

/* As at power-on: what is there has power and a link, and nothing has changed. What was asked for
 * is let go of. */
void slot_reset(Slot *slot)
{
    bool there = is_occupied(slot);
    if (slot->hotplug) {
        slot_set(slot, PCI_EXP_SLTCTL, POWER_BITS, false);
        slot_set(slot, PCI_EXP_SLTCTL, there ? PCI_EXP_SLTCTL_PWR_IND_ON : OFF, true);
    }
    slot_set(slot, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDS, there);
    slot_set(slot, PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA, there);
    pci_bus_set_link(slot->behind, there);
    slot->interrupts = false;
    if (slot->asked) {
        timer_arm(&slot->release, clock_now(slot->port->dev.platform->clock));
    }
}

void slot_restored(Slot *slot)
{
    pci_bus_set_link(slot->behind, should_link(slot));
}

void slot_written(Slot *slot, uint32_t offset, unsigned size)
{
    uint32_t control = slot->port->pcie_cap + PCI_EXP_SLTCTL;
    if (slot->hotplug && offset < control + 2 && control < offset + size) {
        slot_event(slot, PCI_EXP_SLTSTA_CC); /* 6.7.3.2: each write is a command */
        slot_follow(slot);
        release_if_off(slot);
    } else {
        slot_follow(slot);
    }
    slot_signal(slot);
}

bool slot_takes(const Slot *slot, GError **error)
{
    if (!slot->hotplug) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "Bus '%s' does not support hotplugging: its port has hotplug=off",
                    pci_bus_name(slot->behind));
    }
    return slot->hotplug;
}

bool slot_ask(Slot *slot, GError **error)
{
    uint64_t now = (uint64_t)clock_now(slot->port->dev.platform->clock);
    if (slot->asked && now - slot->asked_at < ASK_AGAIN_NS) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "the device behind %s is already in the process of unplug", slot->port->dev.id);
        return false;
    }
    slot->asked = true;
    slot->asked_at = now;
    release_if_off(slot); /* it has no power: nobody minds */
    slot_event(slot, PCI_EXP_SLTSTA_ABP);
    slot_signal(slot);
    return true;
}

/* The button says that it is to be used, and not only stored in the slot. It is not pressed while
 * the slot is not off: the guest, who has yet to look at the last card's end, or gave power
 * already, sees the card by itself, and would take the button for the wish to have it back. */
void slot_plugged(Slot *slot)
{
    if (is_occupied(slot) && !(slot_get(slot, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS)) {
        slot_follow(slot);
        if (is_off(slot)) {
            slot_event(slot, PCI_EXP_SLTSTA_ABP);
        }
        slot_signal(slot);
    }
}

void slot_emptied(Slot *slot)
{
    slot->asked = false;
    timer_cancel(&slot->release);
    slot_follow(slot);
    slot_signal(slot);
}

const StateField slot_state[] = {
    STATE_FIELD(STATE_UINT8, Slot, interrupts),
    STATE_FIELD(STATE_UINT8, Slot, asked),
    STATE_FIELD(STATE_UINT64, Slot, asked_at),
    STATE_FIELD(STATE_TIMER, Slot, release),
    STATE_END,
};
