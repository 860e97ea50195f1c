/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI and PCI Express bridges that one can plug in. */
#ifndef HW_PCI_BRIDGE_BRIDGES_H
#define HW_PCI_BRIDGE_BRIDGES_H

#include "hw/pci/pci.h"

extern const DeviceClass pci_bridge_class;
extern const DeviceClass pcie_pci_bridge_class;
extern const DeviceClass pcie_root_port_class;
extern const DeviceClass pxb_pcie_class;
extern const DeviceClass vmd_class;
extern const DeviceClass x3130_upstream_class;
extern const DeviceClass xio3130_downstream_class;

/* The proximity domain that an expander's root bus was said to be in; false: none was. */
bool expander_proximity(const PciDevice *expander, uint16_t *domain);

#endif
