/* SPDX-License-Identifier: GPL-2.0-or-later */
/* intr-testdev: a PCI device that sends any interrupt message and does any DMA it is told to. */
#ifndef HW_MISC_INTR_TESTDEV_H
#define HW_MISC_INTR_TESTDEV_H

#include "hw/pci/pci.h"

extern const DeviceClass intr_testdev_class;

#endif
