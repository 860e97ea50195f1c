/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script by which firmware puts ACPI tables into memory: fw_cfg's "etc/table-loader", whose
 * commands are told in QEMU's docs/specs and carried out by SeaBIOS and OVMF.
 */
#ifndef HW_I386_BOOT_ACPI_LOADER_H
#define HW_I386_BOOT_ACPI_LOADER_H

#include "hw/i386/boot/acpi.h"

#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE   "etc/acpi/rsdp"
#define ACPI_LOADER_FILE "etc/table-loader"

/* For tables of acpi_build() with base 0, and an RSDP of acpi_build_rsdp() of the same. */
GByteArray *acpi_loader_script(const AcpiLinks *links);

#endif
