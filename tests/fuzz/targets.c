/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fuzz.h"

const FuzzTarget *fuzz_target(unsigned n)
{
    static const FuzzTarget *const tables[] = {fuzz_devices, fuzz_vcpus, fuzz_readers,
                                               fuzz_monitors, fuzz_networks};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const FuzzTarget *target = tables[i]; target->name; target++) {
            if (n-- == 0) {
                return target;
            }
        }
    }
    return NULL;
}

const FuzzTarget *fuzz_target_find(const char *name)
{
    const FuzzTarget *target = NULL;
    for (unsigned n = 0; (target = fuzz_target(n)) && strcmp(target->name, name) != 0; n++) {
    }
    return target;
}
