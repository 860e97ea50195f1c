/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that come and go while the machine runs. A device leaves with all that is behind it, what
 * it still does ends as by a reset: the functions of a slot share its power.
 */
#include "base/optlist.h"
#include "hw/ide/ide.h"
#include "hw/nvme/nvme.h"
#include "hw/scsi/scsi_bus.h"
#include "hw/virtio/virtio_devices.h"
#include "machine/machine.h"

void machine_tell_deleted(Machine *machine, const char *id, const char *path)
{
    g_autofree char *name = g_strescape(id ? id : "", NULL), *where = g_strescape(path, NULL);
    g_autofree char *device = id ? g_strdup_printf("\"device\": \"%s\", ", name) : g_strdup("");
    g_autofree char *data = g_strdup_printf("{%s\"path\": \"%s\"}", device, where);
    runstate_tell(machine->runstate, "DEVICE_DELETED", data);
}

static bool is_pci(const Device *dev)
{
    return dev->cls->bus == BUS_PCI;
}

/* Is the function on the bus, or anywhere behind it? */
static bool is_below(const PciDevice *pci, const PciBus *bus)
{
    for (const PciBus *at = pci->bus; at;
         at = pci_bus_bridge(at) ? pci_bus_bridge(at)->bus : NULL) {
        if (at == bus) {
            return true;
        }
    }
    return false;
}

/* Does it go when all functions below the bus go? */
static bool goes_with(const Device *dev, const PciBus *bus)
{
    const Device *holder = is_pci(dev) ? dev : virtio_serial_of(dev);
    holder = holder ? holder : nvme_ns_of(dev);
    holder = holder ? holder : ide_controller_of(dev);
    holder = holder ? holder : scsi_adapter_of(dev);
    return holder && is_below((const PciDevice *)holder, bus);
}

static void end_device(Machine *machine, Device *dev)
{
    const char *name = dev->has_user_id ? dev->id : NULL;
    if (is_pci(dev)) {
        pci_function_reset((PciDevice *)dev);
        pci_bus_detach((PciDevice *)dev);
    }
    device_free(dev);
    if (name) {
        g_autofree char *path = g_strdup_printf("/machine/peripheral/%s", name);
        machine_tell_deleted(machine, name, path);
    }
}

/* In reverse: what depends on a device came after it. */
static void empty_slot(Machine *machine, PciDevice *port)
{
    const PciBus *bus = pci_bus_behind(port);
    for (guint i = machine->devices->len; i-- > 0;) {
        Device *dev = machine->devices->pdata[i];
        if (goes_with(dev, bus)) {
            g_ptr_array_remove_index(machine->devices, i);
            end_device(machine, dev);
        }
    }
    port->pci_cls->slot->emptied(port);
}

void machine_slot_released(Machine *machine, PciDevice *port)
{
    empty_slot(machine, port);
}

/* Function 0 comes last: with it the guest looks at the slot (PCI Express 5.0, 6.7.3). */
static bool may_come(const PciDevice *pci, GError **error)
{
    if (!pci_bus_slot(pci->bus, error)) {
        return false;
    }
    if (pci->devfn != 0 && pci_bus_device(pci->bus, 0)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "function 0 is there already, so the guest would not see %s; add it last",
                    pci->dev.id);
        return false;
    }
    return true;
}

static bool goes_before(const Device *at, const Device *dev)
{
    return is_pci(at) && is_pci(dev) &&
           pci_is_made_by((const PciDevice *)at, (const PciDevice *)dev);
}

/* What it made came after it, and goes before. */
static void hotplug_drop(Machine *machine, Device *dev)
{
    bool last = false;
    for (guint i = machine->devices->len; i-- > 0 && !last;) {
        Device *at = machine->devices->pdata[i];
        last = at == dev;
        if (!last && !goes_before(at, dev)) {
            continue;
        }
        g_ptr_array_remove_index(machine->devices, i);
        if (is_pci(at)) {
            pci_bus_detach((PciDevice *)at);
        }
        device_free(at);
    }
}

static Device *plug_device(Machine *machine, const char *text, GError **error)
{
    Device *dev = machine_add_device(machine, text, error);
    if (!dev) {
        return NULL;
    }
    if (dev->cls->bus == BUS_SCSI) {
        return dev; /* its adapter has told the guest */
    }
    PciDevice *pci = (PciDevice *)dev;
    if (!is_pci(dev)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "Device '%s' does not support hotplugging", dev->cls->name);
    }
    if (!is_pci(dev) || !may_come(pci, error)) {
        hotplug_drop(machine, dev);
        return NULL;
    }
    pci_function_reset(pci);
    if (pci->devfn == 0) {
        PciDevice *port = pci_bus_bridge(pci->bus);
        port->pci_cls->slot->plugged(port);
    }
    return dev;
}

/* A bus that any unit may leave at any time. */
static bool unplug_unit(Machine *machine, Device *dev)
{
    g_ptr_array_remove(machine->devices, dev);
    end_device(machine, dev);
    return true;
}

static bool unplug_device(Machine *machine, const char *id, bool surprise, GError **error)
{
    Device *dev = machine_find_named(machine, id);
    if (dev && dev->cls->bus == BUS_SCSI) {
        return unplug_unit(machine, dev);
    }
    if (!dev || !is_pci(dev)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_NO_DEVICE,
                    dev ? "Device '%s' does not support hotplugging" : "Device '%s' not found", id);
        return false;
    }
    PciDevice *port = pci_bus_slot(((PciDevice *)dev)->bus, error);
    if (!port) {
        return false;
    }
    if (surprise) {
        empty_slot(machine, port);
        return true;
    }
    return port->pci_cls->slot->ask(port, error);
}

bool machine_hot_add(Machine *machine, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    const char *driver = optlist_get(opts, "driver");
    return driver && machine_is_cpu_driver(driver) ? machine_plug_cpu(machine, text, error)
                                                   : plug_device(machine, text, error) != NULL;
}

bool machine_hot_remove(Machine *machine, const char *id, bool surprise, GError **error)
{
    int cpu = machine_find_cpu(machine, id);
    return cpu >= 0 ? machine_ask_cpu_out(machine, (unsigned)cpu, error)
                    : unplug_device(machine, id, surprise, error);
}
