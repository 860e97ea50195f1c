/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two files of the PCI transport share. */
#ifndef HW_VIRTIO_VIRTIO_PCI_INTERNAL_H
#define HW_VIRTIO_VIRTIO_PCI_INTERNAL_H

#include "hw/virtio/virtio_pci.h"

/* The modern BAR: a page for each structure. */
#define VIRTIO_PART_SIZE     0x1000u
#define VIRTIO_COMMON_AT     0x0000u
#define VIRTIO_ISR_AT        0x1000u
#define VIRTIO_DEVICE_AT     0x2000u
#define VIRTIO_NOTIFY_AT     0x3000u
#define VIRTIO_MODERN_SIZE   0x4000u
#define VIRTIO_NOTIFY_STRIDE 4u

extern const MemOps virtio_modern_ops;
extern const MemOps virtio_legacy_ops;
/* Builds the register files and regions. */
void virtio_pci_init_registers(VirtioPci *vp);
void virtio_pci_reset_transport(VirtioPci *vp);

#endif
