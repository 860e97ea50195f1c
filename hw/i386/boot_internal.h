/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot protocols share: where their tables go, and helpers. Private to hw/i386/boot*.c. */
#ifndef HW_I386_BOOT_INTERNAL_H
#define HW_I386_BOOT_INTERNAL_H

#include "hw/i386/boot.h"

/* Low memory that the loaders use, all of it ordinary RAM for the kernel afterwards. */
#define BOOT_BIOS_DATA         0x400ull
#define BOOT_BIOS_CODE_SEGMENT 0xf000u
#define BOOT_BIOS_CODE_OFFSET  0xf000u
#define BOOT_GDT               0x1000ull
#define BOOT_PAGE_TABLES       0x2000ull /* six pages */
#define BOOT_INFO              0x9000ull /* PVH and multiboot tables */
#define BOOT_INFO_END          0x10000ull
#define BOOT_PARAMS            0x10000ull /* Linux's zero page */
#define BOOT_CMDLINE           0x20000ull
#define BOOT_CMDLINE_MAX       0x10000ull
#define BOOT_LOW_END           0x9fc00ull

/* Flat segments in the table at BOOT_GDT (Linux's boot protocol wants 10h and 18h). */
#define BOOT_SEL_CODE64  0x10
#define BOOT_SEL_DATA    0x18
#define BOOT_SEL_CODE32  0x20
#define BOOT_GDT_ENTRIES 5

typedef struct {
    const char *path;
    uint8_t *data;
    size_t len;
} BootFile;

/* Reads a whole file; "what" ("kernel", "initrd") and the path are named in errors. */
bool boot_file_read(BootFile *file, const char *what, const char *path, GError **error);
void boot_file_free(BootFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BootFile, boot_file_free)

/* An error of the form "kernel 'PATH': ..." */
G_GNUC_PRINTF(3, 4)
bool boot_error(GError **error, const BootFile *file, const char *format, ...);

/* Copies into guest RAM; false if [addr, addr+len) is not all RAM. */
bool boot_put(const BootInfo *info, uint64_t addr, const void *data, size_t len);
bool boot_zero(const BootInfo *info, uint64_t addr, uint64_t len);
void boot_write_gdt(const BootInfo *info);
/* The kernel's command line at BOOT_CMDLINE. */
bool boot_write_cmdline(const BootInfo *info, const BootFile *kernel, GError **error);
/* A place for `len` bytes below `limit` and above `floor`, page-aligned, as high as possible; 0 if
 * there is none. */
uint64_t boot_place_high(const BootInfo *info, uint64_t len, uint64_t floor, uint64_t limit);

static inline uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}
static inline uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}
static inline void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}
static inline void put64(uint8_t *p, uint64_t v)
{
    put32(p, (uint32_t)v);
    put32(p + 4, (uint32_t)(v >> 32));
}

/* ELF images (boot_elf.c). Fields of the program headers that loaders need. */
typedef struct {
    bool is64;
    uint64_t entry;
    uint64_t low, high; /* physical range its segments cover, `high` exclusive */
} ElfImage;
bool elf_is(const uint8_t *data, size_t len);
/* Copies every loadable segment to its physical address and zeroes the rest of it. */
bool elf_load(const BootInfo *info, const BootFile *file, ElfImage *image, GError **error);
/* The descriptor of the note `type` of owner `name`: its bytes and their count, or NULL. */
const uint8_t *elf_find_note(const uint8_t *data, size_t len, const char *name, uint32_t type,
                             size_t *desc_len);

/* The protocols. Each *_is() looks at the file's first bytes. */
bool bzimage_is(const uint8_t *data, size_t len);
bool bzimage_load(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error);
bool pvh_is(const uint8_t *data, size_t len);
bool pvh_load(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error);
bool multiboot_is(const uint8_t *data, size_t len);
bool multiboot_load(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error);

#endif
