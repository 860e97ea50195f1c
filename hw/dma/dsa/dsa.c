/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dsa: a data streaming accelerator, 8086:0b25 (Intel Data Streaming Accelerator architecture
 * specification, 1.0, as far as Linux's idxd driver names it). Descriptors are submitted by 64-byte
 * writes, engines carry them out by DMA, and completions interrupt by MSI-X or by messages that are
 * stored in the device. BAR 0 has the registers and the message store, BAR 2 the portals, BAR 4
 * MSI-X.
 *
 * Left out: shared work queues (ENQCMD), PASIDs, ATS and page requests, occupancy interrupts,
 * performance counters, read buffers, and the halt state.
 */
#include "hw/dma/dsa.h"

#include <string.h>

#include "hw/dma/dsa/device.h"
#include "hw/pci/pcie.h"

#define VENDOR       0x8086
#define DEVICE_ID    0x0b25
#define CLASS        0x088000 /* another system peripheral */
#define MSIX_BAR     4
#define SLOTS_A_UNIT 256u

static void dsa_free_parts(Dsa *d)
{
    dsa_engines_free(d);
    dsa_regs_free(d);
    pci_ims_free(&d->ims);
}

static bool dsa_realize(Device *dev, GError **error)
{
    Dsa *d = (Dsa *)dev;
    const PcieSetup setup = {.type = pcie_endpoint_type(&d->pci), .flr = true};
    if (d->ims_slots % SLOTS_A_UNIT != 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: ims-slots=%u is no multiple of %u", dev->id, d->ims_slots, SLOTS_A_UNIT);
        return false;
    }
    dsa_engines_init(d);
    dsa_regs_init(d);
    dsa_portals_init(d);
    pci_ims_init(&d->ims, &d->pci, d->ims_slots, PCI_IMS_NO_BAR, 0);
    d->ims.control_bits = PERM_ALL;
    pcie_add_capability(&d->pci, &setup);
    if (!msix_init(&d->pci, DSA_VECTORS, MSIX_BAR, error)) {
        dsa_free_parts(d);
        return false;
    }
    return true;
}

static void dsa_unrealize(Device *dev)
{
    dsa_free_parts((Dsa *)dev);
}

static void dsa_reset(Device *dev)
{
    Dsa *d = (Dsa *)dev;
    timer_cancel(&d->work);
    dsa_regs_reset(d);
    dsa_tables_reset(d);
    dsa_handles_reset(d);
    pci_ims_reset(&d->ims);
    memset(d->wq, 0, sizeof(d->wq));
    memset(d->entries, 0, sizeof(d->entries));
    memset(d->engine, 0, sizeof(d->engine));
    d->enabled = d->disabling = d->command_active = false;
    d->command = d->command_wqs = 0;
}

static void dsa_restored(Device *dev)
{
    Dsa *d = (Dsa *)dev;
    pci_device_restored(&d->pci);
    dsa_state_mend(d);
}

static const PropInfo dsa_props[] = {
    PROP_RANGE(PROP_UINT16, "ims-slots", Dsa, ims_slots, "256", 0, PCI_IMS_MOST_SLOTS,
               "slots of the message store, in steps of 256; 0: none"),
    PROP(PROP_BOOL, "int-handles", Dsa, int_handles, "on",
         "drivers have to request interrupt handles; off: a handle is the entry's number"),
    PROP(PROP_UINT32, "revoke-after", Dsa, revoke_after, "0",
         "completion interrupts after which all handles are revoked, again and again; 0: never"),
    PROP_END,
};

static const PciDeviceClass dsa_pci = {
    .ids.vendor_id = VENDOR,
    .ids.device_id = DEVICE_ID,
    .ids.subsystem_vendor_id = VENDOR,
    .ids.class_code = CLASS,
    .express = true,
};

const DeviceClass dsa_class = {
    .name = "dsa",
    .desc = "Data streaming accelerator",
    .bus = BUS_PCI,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(Dsa),
    .props = dsa_props,
    .bus_props = pci_bus_props,
    .bus_class = &dsa_pci,
    .state = dsa_state,
    .realize = dsa_realize,
    .unrealize = dsa_unrealize,
    .reset = dsa_reset,
    .restored = dsa_restored,
};
