/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI buses and slots (PCI Local Bus 3.0). Left out: peer-to-peer routing control. */
#include "hw/pci/pci.h"

#include <string.h>

#include "hw/core/rid.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "hw/pci/pcie_sriov.h"

const PropInfo pci_bus_props[] = {
    PROP(PROP_PCI_ADDR, "addr", PciDevice, devfn, NULL, "slot and function: 5, 5.1 or 1f.3"),
    PROP(PROP_STRING, "bus", PciDevice, bus_name, NULL, "the bus to plug into: pcie.0"),
    PROP(PROP_BOOL, "multifunction", PciDevice, multifunction, "off",
         "function 0 announces other functions in its slot"),
    PROP_END,
};

static const StateField msi_state[] = {
    STATE_ARRAY(STATE_UINT64, PciMsi, waiting, PCI_MSI_MAX_VECTORS),
    STATE_NOT_SAVED(PciMsi, halves), /* of lint, as those below */
    STATE_NOT_SAVED(PciMsi, half_sent),
    STATE_END,
};

static size_t msix_waiting_size(const void *msix)
{
    return ((const PciMsix *)msix)->vectors * sizeof(uint64_t);
}

static const StateField msix_state[] = {
    STATE_BYTES_PTR(PciMsix, table, msix_table_size),
    STATE_BYTES_PTR(PciMsix, pba, msix_pba_size),
    STATE_BYTES_PTR(PciMsix, waiting, msix_waiting_size),
    STATE_NOT_SAVED(PciMsix, was_live),
    STATE_END,
};

static size_t config_length(const void *pci)
{
    return pci_config_size(pci);
}

const StateField pci_device_state[] = {
    STATE_BYTES_PTR(PciDevice, config, config_length),
    STATE_FIELD(STATE_UINT8, PciDevice, intx_level),
    STATE_STRUCTS(PciDevice, intx, 1, IrqOut, irq_out_state),
    STATE_STRUCTS(PciDevice, msi, 1, PciMsi, msi_state),
    STATE_STRUCTS(PciDevice, msix, 1, PciMsix, msix_state),
    STATE_END,
};

PciBus *pci_root_bus_new(const char *name, const PciHost *host)
{
    PciBus *bus = g_new0(PciBus, 1);
    bus->name = g_strdup(name);
    bus->host = *host;
    bus->by_rid = g_new0(PciDevice *, PCI_RIDS);
    return bus;
}

PciBus *pci_child_bus_new(PciDevice *bridge, const char *name)
{
    PciBus *bus = g_new0(PciBus, 1);
    bus->name = g_strdup(name);
    bus->bridge = bridge;
    bus->up = pci_bridge_upstream(bridge);
    bridge->bus->child[bridge->devfn] = bus;
    pci_renumber(bus);
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
    g_free(bus->by_rid);
    g_free(bus->name);
    g_free(bus);
}

const char *pci_bus_name(const PciBus *bus)
{
    return bus->name;
}

PciBus *pci_bus_find(PciBus *root, const char *name)
{
    if (strcmp(root->name, name) == 0) {
        return root;
    }
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        PciDevice *pci = root->devices[devfn];
        PciBus *found = root->child[devfn] ? pci_bus_find(root->child[devfn], name) : NULL;
        if (!found && pci && pci->domain) {
            found = pci_bus_find(pci->domain, name);
        }
        if (found) {
            return found;
        }
    }
    return NULL;
}

PciDevice *pci_bus_device(const PciBus *bus, uint8_t devfn)
{
    return bus->devices[devfn];
}

static void visit_vfs(PciDevice *pf, void (*visit)(PciDevice *pci, void *opaque), void *opaque)
{
    for (unsigned n = 0; n < pcie_sriov_shown(pf); n++) {
        visit(pcie_sriov_vf(pf, n), opaque);
    }
}

void pci_bus_foreach(PciBus *bus, void (*visit)(PciDevice *pci, void *opaque), void *opaque)
{
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (bus->devices[devfn]) {
            visit(bus->devices[devfn], opaque);
            visit_vfs(bus->devices[devfn], visit, opaque);
        }
        if (bus->child[devfn]) {
            pci_bus_foreach(bus->child[devfn], visit, opaque);
        }
    }
}

static bool slot_is_empty(const PciBus *bus, int slot)
{
    for (int fn = 0; fn < 8; fn++) {
        if (bus->devices[PCI_DEVFN(slot, fn)] || bus->kept[PCI_DEVFN(slot, fn)]) {
            return false;
        }
    }
    return true;
}

static int32_t pick_free_slot(const PciBus *bus)
{
    int slots = pci_bus_is_link(bus) ? 1 : PCI_SLOTS;
    for (int slot = 0; slot < slots; slot++) {
        if (slot_is_empty(bus, slot)) {
            return PCI_DEVFN(slot, 0);
        }
    }
    return -1;
}

static bool check_functions(const PciBus *bus, const PciDevice *pci, int32_t devfn, GError **error)
{
    int slot = PCI_SLOT_OF(devfn);
    const PciDevice *zero = bus->devices[pci_bus_is_link(bus) ? 0 : PCI_DEVFN(slot, 0)];
    if (PCI_FUNC_OF(devfn) != 0 && zero && !zero->multifunction) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "PCI slot %s:%02x.0 is a single-function device (%s); give it multifunction=on "
                    "to add %s at function %x",
                    bus->name, slot, zero->dev.id, pci->dev.id, PCI_FUNC_OF(devfn));
        return false;
    }
    if (devfn != 0 && pci_bus_is_link(bus)) {
        return true;
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
    there = there ? there : bus->kept[pci->devfn];
    if (there) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "PCI address %s:%02x.%x of %s is taken by %s", bus->name,
                    PCI_SLOT_OF(pci->devfn), PCI_FUNC_OF(pci->devfn), pci->dev.id, there->dev.id);
        return -1;
    }
    bool possible =
        pcie_check_address(bus, pci, error) && check_functions(bus, pci, pci->devfn, error);
    return possible ? pci->devfn : -1;
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
    pci_give_number(pci);
    pci_connect_intx(pci);
    return true;
}

void pci_bus_detach(PciDevice *pci)
{
    PciBus *bus = pci->bus;
    if (!bus) {
        return;
    }
    if (pci->pf) {
        pcie_sriov_detach_vf(pci);
        return;
    }
    pcie_sriov_free(pci);
    pci_domain_free(pci);
    PciBus *behind = bus->child[pci->devfn];
    pci_bus_free(behind);
    bus->child[pci->devfn] = NULL;
    pci_unmap_bars(pci);
    pci_set_intx(pci, false);
    msi_reset(pci);
    msix_reset(pci);
    irq_connect(&pci->intx, NULL);
    bus->devices[pci->devfn] = NULL;
    pci_take_number(pci);
    pcie_chain_functions(bus);
    pci->bus = NULL;
    msix_free(pci);
    pci_config_free(pci);
    if (behind) {
        pci_renumber(bus);
    }
}

bool pci_is_translated(const PciDevice *pci)
{
    return pci_root_of(pci->bus)->host.translated;
}

void pci_hand_over(PciDevice *pci, GPtrArray *devices)
{
    pcie_sriov_hand_over(pci, devices);
    pci_domain_hand_over(pci, devices);
}

bool pci_is_made_by(const PciDevice *pci, const PciDevice *maker)
{
    return pci->pf == maker || pci_domain_aperture(pci) == maker;
}

void pci_device_reset(PciDevice *pci)
{
    pci_keep_reset_config(pci);
    pci_set_intx(pci, false);
    memcpy(pci->config, pci->reset_config, pci_config_size(pci));
    msi_reset(pci);
    msix_reset(pci);
    pci_config_replaced(pci);
}

void pci_function_reset(PciDevice *pci)
{
    pci_device_reset(pci);
    device_reset(&pci->dev);
}

void pci_device_restored(PciDevice *pci)
{
    pci_config_replaced(pci);
    pci_update_intx(pci);
}
