/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI buses, slots and bus mastering (PCI Local Bus 3.0; PCI-to-PCI Bridge 1.2 for the routing of
 * configuration cycles). Left out: hot plug, peer-to-peer routing control.
 */
#include "hw/pci/pci.h"

#include <string.h>

#include "hw/core/rid.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

const PropInfo pci_bus_props[] = {
    PROP(PROP_PCI_ADDR, "addr", PciDevice, devfn, NULL, "slot and function: 5, 5.1 or 1f.3"),
    PROP(PROP_STRING, "bus", PciDevice, bus_name, NULL, "the bus to plug into: pcie.0"),
    PROP(PROP_BOOL, "multifunction", PciDevice, multifunction, "off",
         "function 0 announces other functions in its slot"),
    PROP_END,
};

static const StateField msix_state[] = {
    STATE_ARRAY(STATE_BYTES, PciMsix, table, PCI_MSIX_MAX_VECTORS *PCI_MSIX_ENTRY_SIZE),
    STATE_ARRAY(STATE_BYTES, PciMsix, pba, PCI_MSIX_MAX_VECTORS / 8),
    STATE_END,
};

const StateField pci_device_state[] = {
    STATE_ARRAY(STATE_BYTES, PciDevice, config, PCIE_CONFIG_SIZE),
    STATE_FIELD(STATE_UINT8, PciDevice, intx_level),
    STATE_STRUCTS(PciDevice, intx, 1, IrqOut, irq_out_state),
    STATE_STRUCTS(PciDevice, msix, 1, PciMsix, msix_state),
    STATE_END,
};

PciBus *pci_root_bus_new(const char *name, const PciHost *host)
{
    PciBus *bus = g_new0(PciBus, 1);
    bus->name = g_strdup(name);
    bus->host = *host;
    return bus;
}

PciBus *pci_child_bus_new(PciDevice *bridge, const char *name)
{
    PciBus *bus = g_new0(PciBus, 1);
    bus->name = g_strdup(name);
    bus->bridge = bridge;
    bridge->bus->child[bridge->devfn] = bus;
    return bus;
}

void pci_bus_free(PciBus *bus)
{
    if (!bus) {
        return;
    }
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (bus->devices[devfn]) {
            pci_bus_detach(bus->devices[devfn]);
        }
    }
    g_free(bus->name);
    g_free(bus);
}

const char *pci_bus_name(const PciBus *bus)
{
    return bus->name;
}

uint8_t pci_bus_number(const PciBus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : 0;
}

PciBus *pci_root_of(PciBus *bus)
{
    while (bus->bridge) {
        bus = bus->bridge->bus;
    }
    return bus;
}

PciBus *pci_bus_find(PciBus *root, const char *name)
{
    if (strcmp(root->name, name) == 0) {
        return root;
    }
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        PciBus *found = root->child[devfn] ? pci_bus_find(root->child[devfn], name) : NULL;
        if (found) {
            return found;
        }
    }
    return NULL;
}

PciBus *pci_bus_by_number(PciBus *root, uint8_t number)
{
    if (pci_bus_number(root) == number) {
        return root;
    }
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        PciBus *child = root->child[devfn];
        if (!child) {
            continue;
        }
        const uint8_t *config = child->bridge->config;
        if (config[PCI_SECONDARY_BUS] != 0 && number >= config[PCI_SECONDARY_BUS] &&
            number <= config[PCI_SUBORDINATE_BUS]) {
            return pci_bus_by_number(child, number);
        }
    }
    return NULL;
}

PciDevice *pci_bus_device(const PciBus *bus, uint8_t devfn)
{
    return bus->devices[devfn];
}

void pci_bus_foreach(PciBus *bus, void (*visit)(PciDevice *pci, void *opaque), void *opaque)
{
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (bus->devices[devfn]) {
            visit(bus->devices[devfn], opaque);
        }
        if (bus->child[devfn]) {
            pci_bus_foreach(bus->child[devfn], visit, opaque);
        }
    }
}

static bool slot_is_empty(const PciBus *bus, int slot)
{
    for (int fn = 0; fn < 8; fn++) {
        if (bus->devices[PCI_DEVFN(slot, fn)]) {
            return false;
        }
    }
    return true;
}

static int32_t pick_free_slot(const PciBus *bus)
{
    for (int slot = 0; slot < PCI_SLOTS; slot++) {
        if (slot_is_empty(bus, slot)) {
            return PCI_DEVFN(slot, 0);
        }
    }
    return -1;
}

static bool check_functions(const PciBus *bus, const PciDevice *pci, int32_t devfn, GError **error)
{
    int slot = PCI_SLOT_OF(devfn);
    const PciDevice *zero = bus->devices[PCI_DEVFN(slot, 0)];
    if (PCI_FUNC_OF(devfn) != 0 && zero && !zero->multifunction) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "PCI slot %s:%02x.0 is a single-function device (%s); give it multifunction=on "
                    "to add %s at function %x",
                    bus->name, slot, zero->dev.id, pci->dev.id, PCI_FUNC_OF(devfn));
        return false;
    }
    if (PCI_FUNC_OF(devfn) == 0 && !pci->multifunction && !slot_is_empty(bus, slot)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "PCI slot %s:%02x has other functions already; %s at function 0 needs "
                    "multifunction=on",
                    bus->name, slot, pci->dev.id);
        return false;
    }
    return true;
}

static int32_t choose_devfn(const PciBus *bus, const PciDevice *pci, GError **error)
{
    if (pci->devfn < 0) {
        int32_t devfn = pick_free_slot(bus);
        if (devfn < 0) {
            g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                        "no free slot on PCI bus %s for %s", bus->name, pci->dev.id);
        }
        return devfn;
    }
    if (pci->devfn >= PCI_DEVFNS) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "PCI address of %s is out of range: slots are 0 to 1f, functions 0 to 7",
                    pci->dev.id);
        return -1;
    }
    const PciDevice *there = bus->devices[pci->devfn];
    if (there) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "PCI address %s:%02x.%x of %s is taken by %s", bus->name,
                    PCI_SLOT_OF(pci->devfn), PCI_FUNC_OF(pci->devfn), pci->dev.id, there->dev.id);
        return -1;
    }
    return check_functions(bus, pci, pci->devfn, error) ? pci->devfn : -1;
}

bool pci_bus_attach(PciBus *bus, PciDevice *pci, GError **error)
{
    int32_t devfn = choose_devfn(bus, pci, error);
    if (devfn < 0) {
        return false;
    }
    pci->devfn = devfn;
    pci->bus = bus;
    pci->pci_cls = pci->dev.cls->bus_class;
    bus->devices[devfn] = pci;
    pci_config_init(pci);
    pci_connect_intx(pci);
    return true;
}

void pci_bus_detach(PciDevice *pci)
{
    PciBus *bus = pci->bus;
    if (!bus) {
        return;
    }
    pci_bus_free(bus->child[pci->devfn]);
    bus->child[pci->devfn] = NULL;
    pci_unmap_bars(pci);
    pci_set_intx(pci, false);
    irq_connect(&pci->intx, NULL);
    bus->devices[pci->devfn] = NULL;
    pci->bus = NULL;
}

uint16_t pci_requester_id(const PciDevice *pci)
{
    return (uint16_t)(pci_bus_number(pci->bus) << 8 | pci->devfn);
}

static bool forwards_upstream(const PciDevice *pci)
{
    return (pci_get_word(&pci->config[PCI_COMMAND]) & PCI_COMMAND_MASTER) != 0;
}

bool pci_is_bus_master(const PciDevice *pci)
{
    for (; pci; pci = pci->bus->bridge) {
        if (!forwards_upstream(pci)) {
            return false;
        }
    }
    return true;
}

bool pci_is_translated(const PciDevice *pci)
{
    return pci_root_of(pci->bus)->host.translated;
}

const Upstream *pci_upstream(const PciDevice *pci)
{
    return pci_is_bus_master(pci) ? &pci_root_of(pci->bus)->host.up : NULL;
}

static BusReq request_of(const PciDevice *pci)
{
    return (BusReq){.requester_id = pci_requester_id(pci)};
}

MemResult pci_dma_read(PciDevice *pci, uint64_t addr, void *buf, size_t len)
{
    if (!pci_is_bus_master(pci)) {
        memset(buf, 0xff, len);
        return MEM_ACCESS_ERROR;
    }
    BusReq req = request_of(pci);
    return upstream_read(&pci_root_of(pci->bus)->host.up, &req, addr, buf, len);
}

MemResult pci_dma_write(PciDevice *pci, uint64_t addr, const void *buf, size_t len)
{
    if (!pci_is_bus_master(pci)) {
        return MEM_ACCESS_ERROR;
    }
    BusReq req = request_of(pci);
    return upstream_write(&pci_root_of(pci->bus)->host.up, &req, addr, buf, len);
}

/* A capability that points elsewhere makes an ordinary write. */
static IntrResult pci_write_dword(PciDevice *pci, uint64_t serial, uint64_t address, uint32_t data)
{
    uint32_t dword = GUINT32_TO_LE(data);
    IntrResult result = pci_dma_write(pci, address, &dword, sizeof(dword)) == MEM_OK
                            ? INTR_ORDINARY_WRITE
                            : INTR_WRITE_REFUSED;
    trace_event(pci->dev.platform->trace, TRACE_MSI,
                "msi_write serial=%" PRIu64 " sid=%s dev=%s addr=%" PRIx64 " data=%x result=%s",
                serial, rid_text(pci_requester_id(pci)).text, pci->dev.id, address, data,
                intr_result_name(result));
    return result;
}

IntrResult pci_send_message(PciDevice *pci, uint64_t serial, uint64_t address, uint32_t data)
{
    if (!pci_is_bus_master(pci)) {
        IntrResult why = forwards_upstream(pci) ? INTR_BRIDGE_OFF : INTR_MASTER_OFF;
        trace_event(pci->dev.platform->trace, TRACE_MSI,
                    "msi_kept serial=%" PRIu64 " sid=%s dev=%s addr=%" PRIx64 " data=%x result=%s",
                    serial, rid_text(pci_requester_id(pci)).text, pci->dev.id, address, data,
                    intr_result_name(why));
        return why;
    }
    if (!intr_window_contains(address)) {
        return pci_write_dword(pci, serial, address, data);
    }
    IntrMsg msg = {
        .serial = serial, .address = address, .data = data, .requester_id = pci_requester_id(pci)};
    trace_event(pci->dev.platform->trace, TRACE_MSI,
                "msi_send serial=%" PRIu64 " sid=%s dev=%s addr=%" PRIx64 " data=%x", serial,
                rid_text(msg.requester_id).text, pci->dev.id, address, data);
    return upstream_interrupt(&pci_root_of(pci->bus)->host.up, &msg);
}

void pci_device_reset(PciDevice *pci)
{
    pci_keep_reset_config(pci);
    pci_set_intx(pci, false);
    memcpy(pci->config, pci->reset_config, sizeof(pci->config));
    memset(pci->msi.waiting, 0, sizeof(pci->msi.waiting));
    msix_reset(pci);
    pci_update_bars(pci);
}

void pci_device_restored(PciDevice *pci)
{
    pci_update_bars(pci);
    pci_update_intx(pci);
}
