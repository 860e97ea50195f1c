/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SSDT with root buses and what each decodes. Private to hw/i386/boot. */
#ifndef HW_I386_BOOT_ROOTS_SSDT_H
#define HW_I386_BOOT_ROOTS_SSDT_H

#include "hw/i386/boot/acpi.h"

/* Appends what follows the table's header. */
void roots_ssdt_write(GByteArray *out, const AcpiInfo *info);

#endif
