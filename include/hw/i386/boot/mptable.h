/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MP configuration table (MultiProcessor Specification 1.4, chapter 4), for kernels that find
 * their CPUs and interrupt lines without ACPI.
 */
#ifndef HW_I386_BOOT_MPTABLE_H
#define HW_I386_BOOT_MPTABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const uint32_t *apic_ids; /* the first is the bootstrap processor's */
    unsigned cpus;            /* those with ids of 255 and above are left out: ids have 8 bits */
    uint32_t cpu_signature;   /* CPUID 1, EAX and EDX */
    uint32_t cpu_features;
    uint8_t apic_version;
    uint32_t apic_base;
    uint8_t ioapic_id, ioapic_version;
    uint32_t ioapic_base;
    uint8_t sci_irq; /* an ISA line that is a level, active high */
    unsigned pci_buses;
    /* The IOAPIC pin that a root bus device's interrupt pin (0 is INTA) is wired to; active low,
     * level. */
    int (*pci_pin)(uint8_t devfn, int pin);
} MpInfo;

/* The floating pointer and, behind it, the table, to lie at `address` (16-byte aligned, below 1 MiB
 * where kernels look). */
GByteArray *mptable_build(const MpInfo *info, uint32_t address);

#endif
