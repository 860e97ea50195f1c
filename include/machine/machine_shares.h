/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared folders hold a machine where it is: what the guest has open of them is in their server. */
#ifndef MACHINE_MACHINE_SHARES_H
#define MACHINE_MACHINE_SHARES_H

#include "machine/machine.h"

/* False and an error: the guest has a share in use, so that the machine can't be saved. */
bool shares_are_idle(const Machine *machine, GError **error);

#endif
