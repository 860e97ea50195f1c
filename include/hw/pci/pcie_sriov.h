/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single root I/O virtualization (PCI Express 5.0, 9): a physical function's virtual functions.
 *
 * They are devices of their own, made with the physical function. While VF Enable does not show
 * them they are in reset: no id, nothing decoded, no requests. So nothing is made or freed when a
 * guest turns them on and off.
 */
#ifndef HW_PCI_PCIE_SRIOV_H
#define HW_PCI_PCIE_SRIOV_H

#include "hw/pci/pci.h"

#define PCIE_SRIOV_MAX_VFS 127

typedef struct {
    const DeviceClass *vf_class; /* BUS_PCI, express, without a pin; its BARs are VF BARs */
    uint16_t total;
    uint16_t vf_device_id;
    /* Before a virtual function's realize: what it needs to know. */
    void (*setup)(PciDevice *pf, PciDevice *vf, unsigned n);
    /* It is no longer shown, and was reset. May be NULL. */
    void (*hidden)(PciDevice *pf, unsigned n);
} PcieSriovSetup;

/* The last step of the physical function's realize. Virtual functions are called "ID.vf0" and so
 * on. On a root bus they take the highest room that there is above the function; behind a port,
 * functions after the device's others, or the next bus number if there are more than 8 in all and
 * the guest does not say that the hierarchy is ARI capable. */
bool pcie_sriov_init(PciDevice *pf, const PcieSriovSetup *setup, GError **error);
/* The machine's list of devices gets the virtual functions, and frees them from now on. */
void pcie_sriov_hand_over(PciDevice *pf, GPtrArray *devices);
/* Number `n`, shown or not. */
PciDevice *pcie_sriov_vf(const PciDevice *pf, unsigned n);
/* How many are shown: numbers 0 and on. */
unsigned pcie_sriov_shown(const PciDevice *pf);

#endif
