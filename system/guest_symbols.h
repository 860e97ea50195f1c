/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's symbols, and where its kernel has put itself; private to system/. */
#ifndef SYSTEM_GUEST_SYMBOLS_H
#define SYSTEM_GUEST_SYMBOLS_H

#include "base/symbols.h"
#include "machine/machine.h"

/* `text` is FILE, or FILE@OFFSET for a kernel that runs that much above where the file says.
 * Without it Linux is asked through the machine's first CPU, each time a name is needed. The
 * machine outlives the symbols. NULL and an error. */
Symbols *guest_symbols_load(Machine *machine, const char *text, GError **error);

#endif
