/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI (Virtio 1.1, 4.1): modern, and transitional with the legacy I/O BAR.
 *
 * A device's struct starts with a VirtioPci. Its realize sets up vp->virtio (features,
 * configuration and queues), then calls virtio_pci_realize().
 */
#ifndef HW_VIRTIO_VIRTIO_PCI_H
#define HW_VIRTIO_VIRTIO_PCI_H

#include "hw/core/regfile.h"
#include "hw/pci/pci.h"
#include "hw/virtio/virtio.h"

#define VIRTIO_PCI_VENDOR   0x1af4
#define VIRTIO_VECTORS_AUTO 0xffffffffu

typedef struct {
    PciDevice pci;
    VirtioDevice virtio;
    /* Properties. */
    int disable_legacy;
    bool disable_modern;
    int iommu_platform;
    bool event_idx;
    bool indirect_desc;
    bool ioeventfd;
    uint32_t vectors;
    /* Registers. */
    RegFile common;
    RegFile legacy;
    uint32_t device_feature_select;
    uint32_t driver_feature_select;
    uint64_t driver_features; /* as written so far */
    uint16_t queue_select;
    uint16_t config_vector;
    uint8_t isr;
    uint8_t cfg_cap; /* where VIRTIO_PCI_CAP_PCI_CFG is */
    MemRegion modern_region;
    MemRegion legacy_region;
} VirtioPci;

/* Rows for a device's property table. */
#define VIRTIO_PCI_PROPS(struct_, vp_)                                                             \
    PROP(PROP_ONOFFAUTO, "disable-legacy", struct_, vp_.disable_legacy, "auto",                    \
         "no legacy I/O BAR; auto keeps it"),                                                      \
        PROP(PROP_BOOL, "disable-modern", struct_, vp_.disable_modern, "off",                      \
             "no Virtio 1.x capabilities"),                                                        \
        PROP(PROP_BOOL_OR_AUTO, "iommu_platform", struct_, vp_.iommu_platform, "auto",             \
             "the driver must map its DMA; auto: if there is a remapping unit"),                   \
        PROP(PROP_BOOL, "event_idx", struct_, vp_.event_idx, "on", "offer event indices"),         \
        PROP(PROP_BOOL, "indirect_desc", struct_, vp_.indirect_desc, "on",                         \
             "offer indirect descriptors"),                                                        \
        PROP(PROP_BOOL, "ioeventfd", struct_, vp_.ioeventfd, "on",                                 \
             "accepted; notifications are served at once here"),                                   \
        PROP(PROP_UINT32, "vectors", struct_, vp_.vectors, "4294967295",                           \
             "MSI-X vectors; 0 for none, 4294967295 for one a queue and one more")

extern const StateField virtio_pci_state[];
#define VIRTIO_PCI_STATE                                                                           \
    {                                                                                              \
        .name = "virtio_pci", .type = STATE_SUB, .offset = 0, .count = 1,                          \
        .size = sizeof(VirtioPci), .sub = virtio_pci_state                                         \
    }

/* Before the device adds queues and features. `opaque` is the device instance. */
void virtio_pci_init(VirtioPci *vp, const VirtioOps *ops);
bool virtio_pci_realize(VirtioPci *vp, GError **error);
/* For DeviceClass.unrealize, .reset and .restored. */
void virtio_pci_unrealize(Device *dev);
void virtio_pci_reset(Device *dev);
void virtio_pci_restored(Device *dev);
/* For PciDeviceClass: the window of VIRTIO_PCI_CAP_PCI_CFG (4.1.4.7). */
void virtio_pci_config_reading(PciDevice *pci, uint32_t offset, unsigned size);
void virtio_pci_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size);

#endif
