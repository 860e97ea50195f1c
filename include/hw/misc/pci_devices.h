/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices made for teaching and testing, and a watchdog, for the list of classes. */
#ifndef HW_MISC_PCI_DEVICES_H
#define HW_MISC_PCI_DEVICES_H

#include "hw/core/device.h"

extern const DeviceClass edu_class;         /* edu */
extern const DeviceClass i6300esb_class;    /* i6300esb */
extern const DeviceClass pci_testdev_class; /* pci-testdev */

#endif
