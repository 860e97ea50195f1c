/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every machine there is; the first is the one to run when -machine is not given. */
#include "hw/i386/q35.h"

const MachineClass *const machine_classes[] = {
    &q35_machine_class,
    &machine_none_class,
    NULL,
};
