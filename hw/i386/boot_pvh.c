/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVH: an ELF image whose note XEN_ELFNOTE_PHYS32_ENTRY names a 32-bit entry, started with paging
 * off and EBX at an hvm_start_info (Xen's public/arch-x86/hvm/start_info.h, version 1).
 */
#include <string.h>

#include "hw/i386/boot_internal.h"

#define NOTE_PHYS32_ENTRY 18
#define START_MAGIC       0x336ec578u
#define START_VERSION     1

/* Where the tables lie from BOOT_INFO on, and offsets in the start info. */
enum { MODULES_AT = 64, MEMMAP_AT = 128, MODULE_BYTES = 32, MEMMAP_BYTES = 24 };
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

static bool load_initrd(const BootInfo *info, const ElfImage *image, uint8_t *tables,
                        GError **error)
{
    g_auto(BootFile) initrd = {0};
    if (!boot_file_read(&initrd, "initrd", info->initrd, error)) {
        return false;
    }
    uint64_t at = boot_place_high(info, initrd.len, image->high, info->ram_below_4g);
    if (!at || !boot_put(info, at, initrd.data, initrd.len)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
                    "initrd '%s' of %zu MiB does not fit into the machine's RAM beside the kernel; "
                    "give it more with -m",
                    info->initrd, initrd.len >> 20);
        return false;
    }
    put64(tables + MODULES_AT, at);
    put64(tables + MODULES_AT + 8, initrd.len);
    put32(tables + START_MODULES, 1);
    put64(tables + START_MODLIST, BOOT_INFO + MODULES_AT);
    return true;
}

static void put_memmap(const BootInfo *info, uint8_t *tables)
{
    for (size_t i = 0; i < info->e820->count; i++) {
        const E820Entry *e = &info->e820->entry[i];
        uint8_t *at = tables + MEMMAP_AT + i * MEMMAP_BYTES;
        put64(at, e->base);
        put64(at + 8, e->size);
        put32(at + 16, e->type);
    }
    put64(tables + START_MEMMAP, BOOT_INFO + MEMMAP_AT);
    put32(tables + START_MEMMAP_COUNT, (uint32_t)info->e820->count);
}

bool pvh_load(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error)
{
    size_t size;
    const uint8_t *note = find_entry(kernel->data, kernel->len, &size);
    if (size != 4 && size != 8) {
        return boot_error(error, kernel, "its PVH note has %zu bytes, not 4 or 8", size);
    }
    ElfImage image = {0};
    uint8_t tables[MEMMAP_AT + E820_MAX * MEMMAP_BYTES] = {0};
    uint64_t entry = size == 4 ? get32(note) : get64(note);
    if (!elf_load(info, kernel, &image, error) ||
        (info->initrd && !load_initrd(info, &image, tables, error)) ||
        !boot_write_cmdline(info, kernel, error)) {
        return false;
    }
    put32(tables, START_MAGIC);
    put32(tables + START_VERSION_AT, START_VERSION);
    put64(tables + START_CMDLINE, BOOT_CMDLINE);
    put64(tables + START_RSDP, info->rsdp);
    put_memmap(info, tables);
    if (!boot_put(info, BOOT_INFO, tables, sizeof(tables))) {
        return boot_error(error, kernel, "no RAM for its start info");
    }
    *boot = (CpuBoot){
        .mode = CPU_BOOT_PROT32,
        .rip = entry,
        .rbx = BOOT_INFO,
        .cs = BOOT_SEL_CODE32,
        .ds = BOOT_SEL_DATA,
        .gdt_base = BOOT_GDT,
        .gdt_limit = BOOT_GDT_ENTRIES * 8 - 1,
    };
    return true;
}
