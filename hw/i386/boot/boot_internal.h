/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot protocols share: RAM that is still free, and helpers. Private to hw/i386/boot*.c.
 */
#ifndef HW_I386_BOOT_BOOT_INTERNAL_H
#define HW_I386_BOOT_BOOT_INTERNAL_H

#include "base/bytes.h"
#include "hw/i386/boot/boot.h"

#define BOOT_LOW_START 0x1000ull      /* below are real mode's vectors and the BIOS data area */
#define BOOT_UPPER     0x100000ull    /* where RAM goes on above the BIOS */
#define BOOT_LIMIT     0x100000000ull /* what 32-bit pointers reach */

/* Flat segments (Linux's boot protocol wants 10h and 18h). */
#define BOOT_SEL_CODE 0x10
#define BOOT_SEL_DATA 0x18

/* Guest RAM and what lies in it already (ram.c). The image is put first, then what can go
 * anywhere. */
typedef struct {
    const BootInfo *info;
    GArray *taken; /* of address ranges */
} BootRam;

void boot_ram_init(BootRam *ram, const BootInfo *info);
void boot_ram_clear(BootRam *ram);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BootRam, boot_ram_clear)

/* Each takes [addr, addr+len): with nothing, with a copy of `data`, with zeros. False if that is
 * not all RAM by the memory map. */
bool boot_take(BootRam *ram, uint64_t addr, uint64_t len);
bool boot_put(BootRam *ram, uint64_t addr, const void *data, size_t len);
bool boot_zero(BootRam *ram, uint64_t addr, uint64_t len);
/* A place for `len` bytes in [floor, limit) that nothing has taken, page-aligned, as high or as low
 * as possible; 0 if there is none. */
uint64_t boot_place_high(const BootRam *ram, uint64_t len, uint64_t floor, uint64_t limit);
uint64_t boot_place_low(const BootRam *ram, uint64_t len, uint64_t floor, uint64_t limit);
/* Puts a table or a text where it can be, as low as possible; its address, or 0. */
uint64_t boot_put_table(BootRam *ram, const void *data, size_t len, uint64_t align);
uint64_t boot_put_text(BootRam *ram, const char *text);
/* Bytes of RAM that the memory map leaves to a kernel. */
uint64_t boot_ram_size(const BootInfo *info);
/* The end of the RAM that goes on from `from` without a gap. */
uint64_t boot_ram_end(const BootInfo *info, uint64_t from);

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

/* A table of flat segments, and `boot` with the registers that speak of it. False without RAM. */
bool boot_put_gdt(BootRam *ram, CpuBoot *boot);

/* What a BIOS leaves in low memory and at F000:F000 (bios.c). */
void boot_write_bios(const BootInfo *info);
/* Starts in real mode, through the BIOS, with the setup code of `setup_segment` (its entry is at
 * 200h there) and the stack below `sp` in the same segment. */
void boot_enter_bios(CpuBoot *boot, uint16_t setup_segment, uint16_t sp);

/* ELF images (elf.c). Fields of the program headers that loaders need. */
typedef struct {
    bool is64;
    uint64_t entry;
    uint64_t low, high; /* physical range its segments cover, `high` exclusive */
} ElfImage;
bool elf_is(const uint8_t *data, size_t len);
bool elf_is_64(const uint8_t *data);
/* Copies every loadable segment to its physical address and zeroes the rest of it. */
bool elf_load(BootRam *ram, const BootFile *file, ElfImage *image, GError **error);
/* The descriptor of the note `type` of owner `name`: its bytes and their count, or NULL. */
const uint8_t *elf_find_note(const uint8_t *data, size_t len, const char *name, uint32_t type,
                             size_t *desc_len);

/* The protocols. Each *_is() looks at the file's first bytes. */
bool bzimage_is(const uint8_t *data, size_t len);
bool bzimage_load(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error);
bool pvh_is(const uint8_t *data, size_t len);
bool pvh_load(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error);
bool multiboot_is(const uint8_t *data, size_t len);
bool multiboot_load(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error);

#endif
