/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables (ACPI 6.4, chapter 5): RSDP, RSDT, XSDT, FADT, FACS, MADT, HPET, MCFG, those of the
 * remapping units, the compiled DSDT, an SSDT with root buses and what they decode, and one with
 * the processors where they can be plugged.
 */
#ifndef HW_I386_BOOT_ACPI_H
#define HW_I386_BOOT_ACPI_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/i386/iommu/iommu.h"
#include "hw/pci/pci.h"
#include "machine/numa.h"

/* Source ids as the DMAR table tells them, of the first and up to seven more: a bus of its own,
 * where no device can be. */
#define ACPI_SOURCES    8
#define ACPI_SCOPE_BUS  0xff
#define ACPI_IOAPIC_SID ((uint16_t)(ACPI_SCOPE_BUS << 8 | 0x00))
#define ACPI_HPET_SID   ((uint16_t)(ACPI_SCOPE_BUS << 8 | 0x08))

/* How many tables -acpitable can add, and bytes of all of them. */
#define ACPI_EXTRA_TABLES 16
#define ACPI_EXTRA_BYTES  0x8000

typedef struct {
    uint8_t id;
    uint64_t base;
    uint32_t gsi_base;
} AcpiIoapic;

typedef struct {
    uint32_t hardware_id; /* low half of its capabilities register */
    uint64_t base;
    uint8_t number;
} AcpiHpet;

/* A root bus. Of the first, the windows are all there is: ports, memory below and above 4 GiB; what
 * others have is not its own. */
typedef struct {
    uint8_t first, last; /* bus numbers */
    PciWindow window[PCI_WINDOWS];
    bool has_domain;
    uint16_t domain; /* proximity domain */
} AcpiRoot;

typedef struct {
    const uint32_t *apic_ids;
    unsigned cpus;
    const bool *absent; /* which of them are places to plug a processor into; NULL: no hot-plug */
    AcpiIoapic ioapics[ACPI_SOURCES];
    unsigned ioapic_count;
    AcpiHpet hpets[ACPI_SOURCES];
    unsigned hpet_count;
    uint64_t ecam_base;
    const AcpiRoot *roots; /* the first one first */
    unsigned root_count;
    bool vga;                /* there is one */
    const GPtrArray *iommus; /* remapping units, of Device *; NULL is none */
    const NumaLayout *numa;  /* NULL: SRAT and SLIT say nothing */
    uint64_t ram_low;        /* bytes of memory below 4 GiB, for SRAT */
    const GPtrArray *extra;  /* of GByteArray *: tables as -acpitable has them; NULL is none */
} AcpiInfo;

/* The FACS is at this place of the blob, with the operating system's waking vectors in it. */
#define ACPI_FACS_AT           512
#define ACPI_FACS_WAKE_VECTOR  12
#define ACPI_FACS_XWAKE_VECTOR 24

/* Addresses in a blob that are the blob's base and something: where they are, and how wide. */
typedef struct {
    uint32_t offset;
    uint8_t size;
} AcpiPointer;
/* A table in it, whose bytes are to add up to zero. */
typedef struct {
    uint32_t start, length;
} AcpiSum;
/* What has to be done to a blob that is put where firmware has room. */
typedef struct {
    GArray *pointers; /* of AcpiPointer */
    GArray *sums;     /* of AcpiSum */
} AcpiLinks;

/* All tables in one blob that is to lie at `base` (64-byte aligned, below 4 GiB). With `links`
 * (otherwise NULL) these get what is to be done once that is known; checksums are zero until then.
 */
GByteArray *acpi_build(const AcpiInfo *info, uint64_t base, AcpiLinks *links);
/* The RSDP for a blob at `base`; 36 bytes. */
#define ACPI_RSDP_BYTES 36
enum {
    ACPI_RSDP_CHECKSUM = 8,
    ACPI_RSDP_RSDT = 16,
    ACPI_RSDP_V1_BYTES = 20,
    ACPI_RSDP_XSDT = 24,
    ACPI_RSDP_XCHECKSUM = 32
};
void acpi_build_rsdp(uint64_t base, uint8_t rsdp[ACPI_RSDP_BYTES]);

#endif
