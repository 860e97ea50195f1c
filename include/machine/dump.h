/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's memory and its vCPUs' registers as an ELF core file, for crash, drgn and gdb. */
#ifndef MACHINE_DUMP_H
#define MACHINE_DUMP_H

#include "machine/machine.h"

/* Addresses are physical. Between turns. The file is left incomplete if false. */
bool machine_dump(Machine *machine, const char *path, GError **error);

#endif
