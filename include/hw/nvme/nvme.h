/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVM Express controllers and their namespaces, for the list of classes and for plugging. */
#ifndef HW_NVME_NVME_H
#define HW_NVME_NVME_H

#include "hw/core/device.h"

extern const DeviceClass nvme_class;    /* nvme */
extern const DeviceClass nvme_ns_class; /* nvme-ns */

/* Gives a namespace its controller among `devices`, by its property "bus" (the last one without),
 * and its number. */
bool nvme_ns_plug(const GPtrArray *devices, Device *dev, GError **error);
/* The controller of a namespace; NULL for any other device. */
Device *nvme_ns_of(const Device *ns);

#endif
