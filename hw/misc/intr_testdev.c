/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intr-testdev: an emitter for tests of the interrupt path. It sends any message, well formed or
 * forged, under any requester id, reads and writes any memory, and has INTx, MSI and MSI-X in the
 * forms that functions have them in (PCI Local Bus 3.0, 6.8). Our own device, a PCI Express
 * endpoint; docs/devices/intr-testdev.md has its register map.
 */
#include "hw/misc/intr_testdev.h"

#include "hw/misc/intr_testdev_internal.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"

#define VENDOR    0x1b36 /* Red Hat's range for QEMU's own devices, with an id not used there */
#define DEVICE_ID 0x00f5
#define MSIX_BAR  2
#define IMS_BAR   4
#define VF_ID     0x00f6 /* of its virtual functions */

enum { IMS_OFF, IMS_BAR_ONLY, IMS_MEMORY, IMS_BOTH };
static const char *const ats_choices[] = {"right", "late", "never", NULL};
static const char *const ims_choices[] = {"off", "bar", "memory", "both", NULL};

static bool add_message_capabilities(IntrTestdev *t, GError **error)
{
    if (t->msi_vectors && !msi_init(&t->pci, t->msi_vectors, t->msi_64, t->msi_mask, error)) {
        return false;
    }
    return !t->msix_vectors ||
           msix_init_bars(&t->pci, t->msix_vectors, MSIX_BAR, t->msix_pba_bar, error);
}

static void add_ims(IntrTestdev *t)
{
    bool in_bar = t->ims_where == IMS_BAR_ONLY || t->ims_where == IMS_BOTH;
    bool in_memory = t->ims_where == IMS_MEMORY || t->ims_where == IMS_BOTH;
    pci_ims_init(&t->ims, &t->pci, in_bar ? t->ims_slots : 0, IMS_BAR,
                 in_memory ? t->ims_slots : 0);
}

static const DeviceClass intr_testdev_vf_class;

/* A virtual function has what the physical one has, but for the pin. */
static void testdev_set_up_vf(PciDevice *pf, PciDevice *vf, unsigned index)
{
    const IntrTestdev *t = (IntrTestdev *)pf;
    IntrTestdev *v = (IntrTestdev *)vf;
    v->requester_id = t->requester_id;
    v->msi_vectors = t->msi_vectors;
    v->msi_64 = t->msi_64;
    v->msi_mask = t->msi_mask;
    v->msix_vectors = t->msix_vectors;
    v->msix_pba_bar = t->msix_pba_bar;
    v->ims_where = t->ims_where;
    v->ims_slots = t->ims_slots;
    v->has_ats = t->has_ats;
    v->ats_completion = t->ats_completion;
}

static bool add_vfs(IntrTestdev *t, GError **error)
{
    const PcieSriovSetup setup = {.vf_class = &intr_testdev_vf_class,
                                  .total = t->sriov_vfs,
                                  .vf_device_id = VF_ID,
                                  .setup = testdev_set_up_vf};
    return t->sriov_vfs == 0 || pcie_sriov_init(&t->pci, &setup, error);
}

static void intr_testdev_unrealize(Device *dev)
{
    IntrTestdev *t = (IntrTestdev *)dev;
    intr_testdev_regs_free(t);
    pci_ims_free(&t->ims);
    pci_ats_free(&t->ats);
}

static bool intr_testdev_realize(Device *dev, GError **error)
{
    IntrTestdev *t = (IntrTestdev *)dev;
    const PcieSetup setup = {.type = pcie_endpoint_type(&t->pci), .flr = true};
    if (t->msix_pba_bar == 0 || t->msix_pba_bar == IMS_BAR) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: msix-pba-bar=%u is taken; 1, 2, 3 and 5 are free", dev->id,
                    t->msix_pba_bar);
        return false;
    }
    if (!add_message_capabilities(t, error)) {
        return false;
    }
    add_ims(t);
    pcie_add_capability(&t->pci, &setup);
    pci_ats_init(&t->ats, &t->pci, t->has_ats, (PciAtsCompletion)t->ats_completion);
    pci_pri_init(&t->pri, &t->pci, t->has_pri);
    pci_use_intx_pin(&t->pci, t->pin);
    intr_testdev_regs_init(t);
    if (!add_vfs(t, error)) {
        intr_testdev_unrealize(dev);
        return false;
    }
    return true;
}

static void intr_testdev_reset(Device *dev)
{
    IntrTestdev *t = (IntrTestdev *)dev;
    intr_testdev_regs_reset(t);
    pci_ims_reset(&t->ims);
    pci_ats_reset(&t->ats);
    pci_pri_reset(&t->pri);
}

static void intr_testdev_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const PropInfo testdev_props[] = {
    PROP(PROP_UINT32, "requester-id", IntrTestdev, requester_id, "0xffffffff",
         "source id of its requests; 0xffffffff: its bus, device and function"),
    PROP_RANGE(PROP_UINT8, "pin", IntrTestdev, pin, "1", 0, 4, "INTx: 1 is INTA#, 0 none"),
    PROP(PROP_UINT8, "msi-vectors", IntrTestdev, msi_vectors, "32",
         "MSI with 1, 2, 4, 8, 16 or 32 vectors; 0: none"),
    PROP(PROP_BOOL, "msi-64", IntrTestdev, msi_64, "on", "MSI has 64-bit addresses"),
    PROP(PROP_BOOL, "msi-mask", IntrTestdev, msi_mask, "on", "MSI has a mask for each vector"),
    PROP_RANGE(PROP_UINT16, "msix-vectors", IntrTestdev, msix_vectors, "32", 0,
               PCI_MSIX_MAX_VECTORS, "MSI-X with 1 to 2048 vectors; 0: none"),
    PROP_RANGE(PROP_UINT8, "msix-pba-bar", IntrTestdev, msix_pba_bar, "2", 0, PCI_BARS - 1,
               "BAR of MSI-X's pending bits; 2 is the table's"),
    PROP_CHOICE("ims", IntrTestdev, ims_where, "off", ims_choices,
                "interrupt message storage: slots in BAR 4, in memory, or both"),
    PROP_RANGE(PROP_UINT16, "ims-slots", IntrTestdev, ims_slots, "16", 1, PCI_IMS_MOST_SLOTS,
               "slots of each, up to 2048"),
    PROP(PROP_BOOL, "ats", IntrTestdev, has_ats, "off", "address translation services"),
    PROP_CHOICE("ats-completion", IntrTestdev, ats_completion, "right", ats_choices,
                "when invalidations are completed; late: when the unit has given up"),
    PROP(PROP_BOOL, "pri", IntrTestdev, has_pri, "off", "page requests"),
    PROP_RANGE(PROP_UINT8, "sriov-vfs", IntrTestdev, sriov_vfs, "0", 0, PCIE_SRIOV_MAX_VFS,
               "virtual functions, each with all of this but the pin"),
    PROP_END,
};

static const StateField testdev_state[] = {
    PCI_STATE,
    STATE_REGFILE(IntrTestdev, regs),
    STATE_ARRAY(STATE_BYTES, IntrTestdev, buffer, INTR_TESTDEV_BUFFER),
    STATE_STRUCTS(IntrTestdev, ims, 1, PciIms, pci_ims_state),
    STATE_STRUCTS(IntrTestdev, ats, 1, PciAts, pci_ats_state),
    STATE_STRUCTS(IntrTestdev, pri, 1, PciPri, pci_pri_state),
    STATE_FIELD(STATE_TIMER, IntrTestdev, delay),
    STATE_END_SINCE(2),
};

static void intr_testdev_config_written(PciDevice *pci, uint32_t offset, uint32_t value,
                                        unsigned size)
{
    pci_ats_config_written(&((IntrTestdev *)pci)->ats);
    pci_pri_config_written(&((IntrTestdev *)pci)->pri);
}

static const PciDeviceClass testdev_pci = {
    .ids.vendor_id = VENDOR,
    .ids.device_id = DEVICE_ID,
    .ids.class_code = 0xff0000,
    .express = true,
    .config_written = intr_testdev_config_written,
};

const DeviceClass intr_testdev_class = {
    .name = "intr-testdev",
    .desc = "Sends any interrupt message and does any DMA",
    .bus = BUS_PCI,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(IntrTestdev),
    .props = testdev_props,
    .bus_props = pci_bus_props,
    .bus_class = &testdev_pci,
    .state = testdev_state,
    .realize = intr_testdev_realize,
    .unrealize = intr_testdev_unrealize,
    .reset = intr_testdev_reset,
    .restored = intr_testdev_restored,
};

static const DeviceClass intr_testdev_vf_class = {
    .name = "intr-testdev-vf",
    .desc = "Virtual function of intr-testdev",
    .bus = BUS_PCI,
    .instance_size = sizeof(IntrTestdev),
    .bus_props = pci_bus_props,
    .bus_class = &testdev_pci,
    .state = testdev_state,
    .realize = intr_testdev_realize,
    .unrealize = intr_testdev_unrealize,
    .reset = intr_testdev_reset,
    .restored = intr_testdev_restored,
};
