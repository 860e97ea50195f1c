/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nvme: an NVM Express controller (revision 1.4, NVM command set) over PCI Express: many queues
 * with an MSI-X vector each, namespaces over -drive. Left out: namespace management, Format NVM,
 * metadata and protection information, Compare, reservations, memory buffers, subsystem reset.
 */
#include "hw/nvme/nvme.h"

#include <assert.h>
#include <string.h>

#include "hw/nvme/nvme_internal.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"

#define NVME_VENDOR    0x1b36
#define NVME_DEVICE    0x0010
#define NVME_SUBVENDOR 0x1af4
#define NVME_SUBSYSTEM 0x1100
#define NVME_REVISION  0x02
#define NVME_CLASS     0x010802
#define MSIX_BAR       4

static bool nvme_check(const NvmeCtrl *n, GError **error)
{
    if (!n->serial || !*n->serial) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: serial property not set; give serial=TEXT, up to 20 characters",
                    n->pci.dev.id);
        return false;
    }
    if (strlen(n->serial) > 20) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: serial=%s is longer than 20 characters", n->pci.dev.id, n->serial);
        return false;
    }
    return true;
}

static void nvme_free_parts(NvmeCtrl *n)
{
    timer_cancel(&n->work);
    timer_cancel(&n->aggregation);
    nvme_regs_free(n);
    g_clear_pointer(&n->sq, g_free);
    g_clear_pointer(&n->cq, g_free);
    g_clear_pointer(&n->coalescing_disabled, g_free);
    g_clear_pointer(&n->secondaries, g_free);
}

static bool nvme_init_pci(NvmeCtrl *n, GError **error)
{
    pcie_add_capability(&n->pci, &(PcieSetup){.type = pcie_endpoint_type(&n->pci), .flr = true});
    pci_register_bar(&n->pci, 0, PCI_BAR_MEM64, &n->bar);
    return msix_init(&n->pci, n->msix_qsize, MSIX_BAR, error);
}

/* What physical and virtual functions have in common. */
static bool nvme_init_controller(NvmeCtrl *n, GError **error)
{
    n->sq = g_new0(NvmeSq, nvme_queue_count(n));
    n->cq = g_new0(NvmeCq, nvme_queue_count(n));
    n->coalescing_disabled = g_malloc0(nvme_vectors(n));
    nvme_regs_init(n);
    nvme_work_init(n);
    nvme_intr_init(n);
    nvme_features_reset(n);
    return nvme_init_pci(n, error);
}

/* The drive is another device's, unless a namespace was made of it. */
static void nvme_end(NvmeCtrl *n)
{
    nvme_free_parts(n);
    if (n->own_ns.blk) {
        blk_release(n->own_ns.blk);
        n->own_ns.blk = NULL;
    }
    g_clear_pointer(&n->subsystem, g_free);
}

static bool nvme_realize(Device *dev, GError **error)
{
    NvmeCtrl *n = (NvmeCtrl *)dev;
    if (!nvme_check(n, error) || !nvme_virt_check(n, error)) {
        return false;
    }
    n->subsystem = g_new0(NvmeSubsystem, 1);
    if (nvme_init_controller(n, error) && nvme_virt_init(n, error) &&
        (!n->blk || nvme_ns_open(n, &n->own_ns, 1, n->blk, n->logical_block_size, n->share_rw,
                                 dev->id, error))) {
        return true;
    }
    nvme_end(n);
    return false;
}

static void nvme_unrealize(Device *dev)
{
    nvme_end((NvmeCtrl *)dev);
}

static bool nvme_vf_realize(Device *dev, GError **error)
{
    NvmeCtrl *n = (NvmeCtrl *)dev;
    if (!nvme_init_controller(n, error)) {
        nvme_free_parts(n);
        return false;
    }
    return true;
}

static void nvme_vf_unrealize(Device *dev)
{
    nvme_free_parts((NvmeCtrl *)dev);
}

static void nvme_reset(Device *dev)
{
    nvme_regs_reset((NvmeCtrl *)dev);
}

/* Numbers that index: a saved state is believed nothing. */
static void nvme_restored(Device *dev)
{
    NvmeCtrl *n = (NvmeCtrl *)dev;
    pci_device_restored(&n->pci);
    if (!nvme_state_makes_sense(n)) {
        nvme_queues_reset(n);
        nvme_fatal(n);
    }
}

/* MSI-X on or off: the pin is, or is not, what tells. */
static void nvme_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    nvme_intr_update_pin((NvmeCtrl *)pci);
}

static const PropInfo nvme_props[] = {
    PROP(PROP_DRIVE, "drive", NvmeCtrl, blk, NULL, "the -drive that is namespace 1"),
    PROP(PROP_STRING, "serial", NvmeCtrl, serial, NULL, "serial number, 20 characters; required"),
    PROP_RANGE(PROP_UINT32, "max_ioqpairs", NvmeCtrl, max_ioqpairs, "64", 1, NVME_MAX_IOQPAIRS,
               "pairs of I/O queues"),
    PROP_RANGE(PROP_UINT16, "msix_qsize", NvmeCtrl, msix_qsize, "65", 1, PCI_MSIX_MAX_VECTORS,
               "MSI-X vectors"),
    PROP_RANGE(PROP_UINT8, "mdts", NvmeCtrl, mdts, "7", 1, NVME_MAX_MDTS,
               "most data a command moves, as a power of two of 4 KiB"),
    PROP_RANGE(PROP_UINT8, "aerl", NvmeCtrl, aerl, "3", 0, NVME_MAX_AERL,
               "asynchronous event requests that may wait, less one"),
    PROP(PROP_UINT32, "logical_block_size", NvmeCtrl, logical_block_size, "512", "bytes"),
    PROP(PROP_UINT32, "bootindex", NvmeCtrl, bootindex, NULL, "accepted; no firmware reads it"),
    PROP(PROP_BOOL, "share-rw", NvmeCtrl, share_rw, "off", "others may write to the image, too"),
    PROP_RANGE(PROP_UINT8, "sriov_max_vfs", NvmeCtrl, sriov_max_vfs, "0", 0, PCIE_SRIOV_MAX_VFS,
               "virtual functions"),
    PROP(PROP_UINT16, "sriov_vq_flexible", NvmeCtrl, sriov_vq_flexible, "0",
         "of max_ioqpairs, those for virtual functions; 0: two each"),
    PROP(PROP_UINT16, "sriov_vi_flexible", NvmeCtrl, sriov_vi_flexible, "0",
         "of msix_qsize, those for virtual functions; 0: two each"),
    PROP(PROP_UINT8, "sriov_max_vi_per_vf", NvmeCtrl, sriov_max_vi_per_vf, "0",
         "most vectors of a virtual function; 0: all there are"),
    PROP(PROP_UINT8, "sriov_max_vq_per_vf", NvmeCtrl, sriov_max_vq_per_vf, "0",
         "most queue pairs of a virtual function, 2 or more; 0: all there are"),
    PROP(PROP_BOOL, "sriov-online", NvmeCtrl, sriov_online, "off",
         "secondary controllers share what is flexible and are online at once"),
    PROP_END,
};

static const PciDeviceClass nvme_pci = {
    .ids.vendor_id = NVME_VENDOR,
    .ids.device_id = NVME_DEVICE,
    .ids.subsystem_vendor_id = NVME_SUBVENDOR,
    .ids.subsystem_id = NVME_SUBSYSTEM,
    .ids.revision = NVME_REVISION,
    .ids.class_code = NVME_CLASS,
    .interrupt_pin = 1,
    .express = true,
    .config_written = nvme_config_written,
};

const DeviceClass nvme_class = {
    .name = "nvme",
    .desc = "NVM Express controller",
    .bus = BUS_PCI,
    .category = DEVICE_STORAGE,
    .user_creatable = true,
    .instance_size = sizeof(NvmeCtrl),
    .props = nvme_props,
    .bus_props = pci_bus_props,
    .bus_class = &nvme_pci,
    .state = nvme_state,
    .realize = nvme_realize,
    .unrealize = nvme_unrealize,
    .reset = nvme_reset,
    .restored = nvme_restored,
};

static const PciDeviceClass nvme_vf_pci = {
    .ids.vendor_id = NVME_VENDOR,
    .ids.device_id = NVME_DEVICE,
    .ids.subsystem_vendor_id = NVME_SUBVENDOR,
    .ids.subsystem_id = NVME_SUBSYSTEM,
    .ids.revision = NVME_REVISION,
    .ids.class_code = NVME_CLASS,
    .express = true,
};

/* Made by its physical function; what it is to have is the primary controller's to say. */
const DeviceClass nvme_vf_class = {
    .name = "nvme-vf",
    .desc = "Virtual function of an NVM Express controller",
    .bus = BUS_PCI,
    .instance_size = sizeof(NvmeCtrl),
    .bus_props = pci_bus_props,
    .bus_class = &nvme_vf_pci,
    .state = nvme_state,
    .realize = nvme_vf_realize,
    .unrealize = nvme_vf_unrealize,
    .reset = nvme_reset,
    .restored = nvme_restored,
};
