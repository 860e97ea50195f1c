/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVH: an ELF image whose note XEN_ELFNOTE_PHYS32_ENTRY names a 32-bit entry, started with paging
 * off and EBX at an hvm_start_info (Xen's public/arch-x86/hvm/start_info.h, version 1).
 */
#include <string.h>

#include "hw/i386/boot/boot_internal.h"

#define NOTE_PHYS32_ENTRY 18
#define START_MAGIC       0x336ec578u
#define START_VERSION     1

enum { MODULE_BYTES = 32, MEMMAP_BYTES = 24, TABLE_ALIGN = 8 };
/* Offsets in the start info. */
enum {
    START_VERSION_AT = 4,
    START_MODULES = 12,
    START_MODLIST = 16,
    START_CMDLINE = 24,
    START_RSDP = 32,
    START_MEMMAP = 40,
    START_MEMMAP_COUNT = 48,
    START_BYTES = 56,
};

static const uint8_t *find_entry(const uint8_t *data, size_t len, size_t *size)
{
    return elf_is(data, len) ? elf_find_note(data, len, "Xen", NOTE_PHYS32_ENTRY, size) : NULL;
}

bool pvh_is(const uint8_t *data, size_t len)
{
    size_t size;
    return find_entry(data, len, &size) != NULL;
}

static bool load_initrd(BootRam *ram, uint8_t *start, GError **error)
{
    const char *path = ram->info->initrd;
    uint8_t module[MODULE_BYTES] = {0};
    g_auto(BootFile) initrd = {0};
    if (!boot_file_read(&initrd, "initrd", path, error)) {
        return false;
    }
    uint64_t at = boot_place_high(ram, initrd.len, BOOT_UPPER, BOOT_LIMIT), table = 0;
    bytes_put64(module, at);
    bytes_put64(module + 8, initrd.len);
    if (at && boot_put(ram, at, initrd.data, initrd.len)) {
        table = boot_put_table(ram, module, sizeof(module), TABLE_ALIGN);
    }
    if (!table) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
                    "initrd '%s' of %zu MiB does not fit into the machine's RAM beside the kernel; "
                    "give it more with -m",
                    path, initrd.len >> 20);
        return false;
    }
    bytes_put32(start + START_MODULES, 1);
    bytes_put64(start + START_MODLIST, table);
    return true;
}

static bool put_memmap(BootRam *ram, uint8_t *start)
{
    const E820Map *map = ram->info->e820;
    uint8_t table[E820_MAX * MEMMAP_BYTES] = {0};
    for (size_t i = 0; i < map->count; i++) {
        const E820Entry *e = &map->entry[i];
        uint8_t *at = table + i * MEMMAP_BYTES;
        bytes_put64(at, e->base);
        bytes_put64(at + 8, e->size);
        bytes_put32(at + 16, e->type);
    }
    uint64_t at = boot_put_table(ram, table, map->count * MEMMAP_BYTES, TABLE_ALIGN);
    bytes_put64(start + START_MEMMAP, at);
    bytes_put32(start + START_MEMMAP_COUNT, (uint32_t)map->count);
    return at != 0;
}

/* The start info and what it points at; its address, or 0. */
static uint64_t put_start_info(BootRam *ram, uint8_t start[START_BYTES])
{
    uint64_t cmdline = boot_put_text(ram, ram->info->append ? ram->info->append : "");
    bytes_put32(start, START_MAGIC);
    bytes_put32(start + START_VERSION_AT, START_VERSION);
    bytes_put64(start + START_CMDLINE, cmdline);
    bytes_put64(start + START_RSDP, ram->info->rsdp);
    return cmdline && put_memmap(ram, start) ? boot_put_table(ram, start, START_BYTES, TABLE_ALIGN)
                                             : 0;
}

bool pvh_load(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error)
{
    size_t size;
    const uint8_t *note = find_entry(kernel->data, kernel->len, &size);
    if (size != 4 && size != 8) {
        return boot_error(error, kernel, "its PVH note has %zu bytes, not 4 or 8", size);
    }
    ElfImage image = {0};
    uint8_t start[START_BYTES] = {0};
    uint64_t entry = size == 4 ? bytes_get32(note) : bytes_get64(note);
    if (!elf_load(ram, kernel, &image, error) ||
        (ram->info->initrd && !load_initrd(ram, start, error))) {
        return false;
    }
    *boot = (CpuBoot){.mode = CPU_BOOT_PROT32, .rip = entry, .rbx = put_start_info(ram, start)};
    if (!boot->rbx || !boot_put_gdt(ram, boot)) {
        return boot_error(error, kernel, "no RAM for its start info");
    }
    return true;
}
