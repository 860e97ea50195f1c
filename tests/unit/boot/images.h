/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of kernels to boot, each made of little but its headers. */
#ifndef TESTS_UNIT_BOOT_IMAGES_H
#define TESTS_UNIT_BOOT_IMAGES_H

#include <stdbool.h>

#include "boot/pack.h"

/* ELF: `code` at 2 MiB with 4 KiB of zeros behind it, and perhaps a PVH note; anywhere; and in a
 * 32-bit image. */
GByteArray *make_elf(const void *code, size_t len, bool pvh);
GByteArray *make_elf_at(uint64_t base, const void *code, size_t len);
GByteArray *make_elf32(uint32_t base, const void *code, size_t len);

/* A multiboot image that says where it goes: header first, then the last of `bytes`; one with 4 KiB
 * of zeros behind it. */
GByteArray *make_multiboot_at(uint32_t base, const guint8 *bytes, size_t len);
GByteArray *make_multiboot(void);

/* A Linux image: its setup header, 512 bytes of setup code, 1 KiB of protected-mode code, and its
 * payload. */
typedef struct {
    unsigned version;
    bool low, relocates, has64;
    uint32_t code32;
    Packer pack; /* NULL: no payload */
} Linux;

enum { SETUP = 1024, CODE = 1024 };

GByteArray *make_linux(const Linux *what);
GByteArray *make_bzimage(Packer pack);

#endif
