/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared folders and saved machines (machine/machine_shares.h). */
#include "machine/machine_shares.h"

#include "base/optlist.h"

bool shares_are_idle(const Machine *machine, GError **error)
{
    const Fsdev *share = backends_fsdev_in_use(machine->platform.backends);
    if (share) {
        g_set_error(error, OPT_ERROR, 0,
                    "the guest has the shared folder '%s' mounted, which no saved machine could "
                    "have again; unmount it first",
                    fsdev_id(share));
    }
    return !share;
}
