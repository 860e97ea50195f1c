/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every machine there is; the first is the one to run when -machine is not given. */
#include "system/machine.h"

const MachineClass *const machine_classes[] = {
    &machine_none_class,
    NULL,
};
