/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SSDT of a machine that processors can be plugged into. Private to hw/i386/boot. */
#ifndef HW_I386_BOOT_CPU_SSDT_H
#define HW_I386_BOOT_CPU_SSDT_H

#include <glib.h>

/* Appends the whole table, but for its length and checksum: devices for `cpus` processors, at most
 * 4096, whose ACPI ids are 0 and up, and the methods of the register block. */
void cpu_ssdt_write(GByteArray *out, unsigned cpus);

#endif
