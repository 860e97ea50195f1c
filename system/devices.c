/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every device class there is, one a line and sorted by file. An explicit list: what can be created
 * does not depend on link order or constructors.
 */
#include <string.h>

#include "hw/core/device.h"

const DeviceClass *const device_classes[] = {
    NULL,
};

const DeviceClass *device_class_find(const char *name)
{
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (strcmp((*cls)->name, name) == 0 ||
            ((*cls)->alias && strcmp((*cls)->alias, name) == 0)) {
            return *cls;
        }
    }
    return NULL;
}
