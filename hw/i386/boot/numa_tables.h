/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SRAT and SLIT say after their headers (ACPI 6.4, 5.2.16, 5.2.17). Private to hw/i386/boot.
 */
#ifndef HW_I386_BOOT_NUMA_TABLES_H
#define HW_I386_BOOT_NUMA_TABLES_H

#include "hw/i386/boot/acpi.h"

/* Local APICs of all places, and memory without the hole below 1 MiB and that below 4 GiB. */
void numa_write_srat(GByteArray *out, const AcpiInfo *info);
void numa_write_slit(GByteArray *out, const NumaLayout *numa);

#endif
