/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What answers from C0000h to FFFFFh: RAM, or the firmware's ROM and the ISA bus that lie there too
 * (Intel 82G33/Q35 MCH data sheet, 5.1.14 to 5.1.20: the PAM registers).
 */
#ifndef HW_I386_PAM_H
#define HW_I386_PAM_H

#include "base/memory.h"

#define PAM_REGISTERS 7
#define PAM_BASE      0xc0000u
#define PAM_SIZE      0x40000u
#define PAM_SEGMENTS  13 /* twelve of 16 KiB, and the last 64 KiB */

typedef struct {
    const struct Pam *pam;
    MemRegion region; /* over RAM, where not RAM alone answers */
    uint8_t access;   /* PAM_READ_RAM | PAM_WRITE_RAM */
} PamSegment;

typedef struct Pam {
    AddressSpace *memory;
    MemRegion *ram; /* at address 0; 1 MiB at least */
    /* The last bytes of the ROM, which end at FFFFFh as well as at 4 GiB; NULL: there is none. */
    uint8_t *rom;
    uint32_t rom_size;
    PamSegment segment[PAM_SEGMENTS];
} Pam;

enum { PAM_READ_RAM = 1 << 0, PAM_WRITE_RAM = 1 << 1, PAM_ALL_RAM = PAM_READ_RAM | PAM_WRITE_RAM };

/* All RAM. `rom` is of whole pages, page-aligned, and no more than 128 KiB of it are seen. */
void pam_init(Pam *pam, AddressSpace *memory, MemRegion *ram, uint8_t *rom, uint32_t rom_size);
/* As the registers say, which are two fields of two bits each; the first's low one is nothing's. */
void pam_set(Pam *pam, const uint8_t registers[PAM_REGISTERS]);
/* The registers' values for RAM everywhere. */
void pam_open(uint8_t registers[PAM_REGISTERS]);

#endif
