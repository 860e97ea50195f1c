/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of a machine's backends to the outside (base/outside.h). */
#ifndef HW_CORE_OUTSIDE_H
#define HW_CORE_OUTSIDE_H

#include "base/outside.h"
#include "hw/core/backends.h"

/* Theirs, for as long as they live; open, and nobody keeps it, unless somebody has changed that. */
Outside *backends_outside(Backends *backends);
/* Asks whoever keeps it; true if nobody does, or there are no backends. */
bool outside_passes(Backends *backends, CommandEffect effect, CommandTongue tongue,
                    const char *text, GError **error);

#endif
