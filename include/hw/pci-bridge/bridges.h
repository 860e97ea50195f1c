/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI and PCI Express bridges that one can plug in. */
#ifndef HW_PCI_BRIDGE_BRIDGES_H
#define HW_PCI_BRIDGE_BRIDGES_H

#include "hw/core/device.h"

extern const DeviceClass pci_bridge_class;
extern const DeviceClass pcie_pci_bridge_class;
extern const DeviceClass pcie_root_port_class;
extern const DeviceClass x3130_upstream_class;
extern const DeviceClass xio3130_downstream_class;

#endif
