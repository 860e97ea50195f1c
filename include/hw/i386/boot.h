/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot protocols: what firmware and a boot loader would do to get a kernel started. bzImage by its
 * 64-bit entry (Linux's Documentation/x86/boot.rst), ELF images by their PVH note (Xen's
 * docs/misc/pvh), and multiboot images with modules (Multiboot specification 0.6.96).
 */
#ifndef HW_I386_BOOT_H
#define HW_I386_BOOT_H

#include "hw/i386/e820.h"
#include "target/i386/cpu.h"

typedef struct {
    AddressSpace *memory;
    uint64_t ram_below_4g; /* bytes of RAM from 0; the rest is above 4 GiB */
    const E820Map *e820;
    uint64_t rsdp;      /* 0 for none */
    const char *kernel; /* paths; initrd and append may be NULL */
    const char *initrd;
    const char *append;
    bool host_decompress; /* unpack a bzImage here rather than in the guest */
} BootInfo;

/* Loads everything into guest memory and says how the first CPU starts. Errors name the file and
 * what is wrong with it. */
bool boot_load(const BootInfo *info, CpuBoot *boot, GError **error);

#endif
