/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot protocols: what firmware and a boot loader would do to get a kernel started. Linux's
 * images by each of their entries (its Documentation/x86/boot.rst), ELF images by their PVH note
 * (Xen's docs/misc/pvh), and multiboot images with modules (Multiboot specification 0.6.96).
 */
#ifndef HW_I386_BOOT_BOOT_H
#define HW_I386_BOOT_BOOT_H

#include "hw/i386/boot/e820.h"
#include "machine/vcpu.h"

typedef struct {
    AddressSpace *memory;
    const E820Map *e820; /* in ascending order */
    uint64_t rsdp;       /* 0 for none */
    const char *kernel;  /* paths; initrd and append may be NULL */
    const char *initrd;
    const char *append;
    bool host_decompress; /* unpack a bzImage here rather than in the guest */
} BootInfo;

/* Loads everything into guest memory and says how the first CPU starts. Errors name the file and
 * what is wrong with it. */
bool boot_load(const BootInfo *info, CpuBoot *boot, GError **error);

#endif
