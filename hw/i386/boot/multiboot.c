/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot 0.6.96: ELF images and those with load addresses in their header, with modules. The
 * modules are -initrd's "FILE ARGUMENTS,FILE ARGUMENTS"; a comma inside arguments is written twice.
 * Left out: video modes, symbols, drives and APM.
 */
#include <string.h>

#include "hw/i386/boot/boot_internal.h"

#define HEADER_MAGIC   0x1badb002u
#define LOADER_MAGIC   0x2badb002u
#define HEADER_WITHIN  8192
#define FLAG_ADDRESSES (1u << 16)
/* Flags that a loader must know or refuse: bits 0 to 15, of which page alignment, memory
 * information and (as a wish) video are known. */
#define FLAGS_UNKNOWN 0xfff8u

enum {
    HEADER_FLAGS = 4,
    HEADER_CHECKSUM = 8,
    HEADER_ADDR = 12,
    HEADER_LOAD = 16,
    HEADER_LOAD_END = 20,
    HEADER_BSS_END = 24,
    HEADER_ENTRY = 28,
    HEADER_BYTES = 32
};

/* The information structure. */
enum {
    INFO_FLAGS = 0,
    INFO_MEM_LOWER = 4,
    INFO_MEM_UPPER = 8,
    INFO_CMDLINE = 16,
    INFO_MODS_COUNT = 20,
    INFO_MODS = 24,
    INFO_MMAP_BYTES = 44,
    INFO_MMAP = 48,
    INFO_LOADER_NAME = 64,
    INFO_BYTES = 120,
};
enum { HAS_MEMORY = 1, HAS_CMDLINE = 4, HAS_MODS = 8, HAS_MMAP = 0x40, HAS_LOADER_NAME = 0x200 };
enum { MMAP_ENTRY = 24, MOD_ENTRY = 16, TABLE_ALIGN = 8 };

static const uint8_t *find_header(const uint8_t *data, size_t len)
{
    for (size_t at = 0; at + 12 <= MIN(len, (size_t)HEADER_WITHIN); at += 4) {
        const uint8_t *h = data + at;
        if (bytes_get32(h) == HEADER_MAGIC &&
            bytes_get32(h) + bytes_get32(h + HEADER_FLAGS) + bytes_get32(h + HEADER_CHECKSUM) ==
                0) {
            return h;
        }
    }
    return NULL;
}

bool multiboot_is(const uint8_t *data, size_t len)
{
    return find_header(data, len) != NULL;
}

/* An image whose header says where it goes. */
static bool load_by_addresses(BootRam *ram, const BootFile *file, const uint8_t *h, ElfImage *image,
                              GError **error)
{
    size_t header_at = (size_t)(h - file->data);
    if (file->len - header_at < HEADER_BYTES) {
        return boot_error(error, file, "truncated inside its multiboot header");
    }
    uint64_t header = bytes_get32(h + HEADER_ADDR), load = bytes_get32(h + HEADER_LOAD);
    uint64_t load_end = bytes_get32(h + HEADER_LOAD_END), bss_end = bytes_get32(h + HEADER_BSS_END);
    if (load > header || header - load > header_at) {
        return boot_error(error, file, "its multiboot header has load addresses that do not fit");
    }
    size_t from = header_at - (size_t)(header - load);
    uint64_t len = load_end ? load_end - load : file->len - from;
    if (load_end < load && load_end) {
        return boot_error(error, file, "its multiboot header has load addresses that do not fit");
    }
    if (len > file->len - from) {
        return boot_error(error, file, "truncated: its multiboot header wants %" PRIu64 " bytes",
                          len);
    }
    uint64_t end = MAX(bss_end, load + len);
    if (!boot_put(ram, load, file->data + from, len) ||
        !boot_zero(ram, load + len, end - load - len)) {
        return boot_error(error, file, "it lies outside the machine's RAM");
    }
    *image = (ElfImage){.entry = bytes_get32(h + HEADER_ENTRY), .low = load, .high = end};
    return true;
}

/* Splits "a b,c,,d" at single commas; doubled ones become one. */
static GPtrArray *split_modules(const char *text)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    GString *word = g_string_new(NULL);
    for (const char *p = text;; p++) {
        if (p[0] == ',' && p[1] == ',') {
            g_string_append_c(word, ',');
            p++;
        } else if (*p == ',' || *p == 0) {
            if (word->len) {
                g_ptr_array_add(list, g_strdup(word->str));
            }
            g_string_truncate(word, 0);
            if (*p == 0) {
                break;
            }
        } else {
            g_string_append_c(word, *p);
        }
    }
    g_string_free(word, true);
    return list;
}

static bool load_module(BootRam *ram, const char *text, uint64_t *next, uint8_t *entry,
                        GError **error)
{
    g_autofree char *path = g_strndup(text, strcspn(text, " "));
    g_auto(BootFile) file = {0};
    if (!boot_file_read(&file, "module", path, error)) {
        return false;
    }
    uint64_t at = boot_place_low(ram, file.len, *next, BOOT_LIMIT);
    at = at ? at : boot_place_low(ram, file.len, BOOT_UPPER, BOOT_LIMIT);
    if (!at || !boot_put(ram, at, file.data, file.len)) {
        g_set_error(
            error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
            "module '%s' of %zu MiB does not fit into the machine's RAM; give it more with -m",
            path, file.len >> 20);
        return false;
    }
    bytes_put32(entry, (uint32_t)at);
    bytes_put32(entry + 4, (uint32_t)(at + file.len));
    *next = at + file.len;
    return true;
}

/* The modules first, above 1 MiB and if possible behind the image, then what tells of them. */
static bool load_modules(BootRam *ram, uint64_t after, uint8_t *mbi, GError **error)
{
    g_autoptr(GPtrArray) list = split_modules(ram->info->initrd);
    g_autofree uint8_t *table = g_malloc0(MAX(list->len, 1) * MOD_ENTRY);
    uint64_t next = MAX(after, BOOT_UPPER);
    for (guint i = 0; i < list->len; i++) {
        if (!load_module(ram, list->pdata[i], &next, table + i * MOD_ENTRY, error)) {
            return false;
        }
    }
    bool told = true;
    for (guint i = 0; i < list->len; i++) {
        uint64_t text = boot_put_text(ram, list->pdata[i]);
        bytes_put32(table + i * MOD_ENTRY + 8, (uint32_t)text);
        told = told && text;
    }
    uint64_t at = boot_put_table(ram, table, list->len * MOD_ENTRY, TABLE_ALIGN);
    bytes_put32(mbi + INFO_MODS_COUNT, list->len);
    bytes_put32(mbi + INFO_MODS, (uint32_t)at);
    if (!told || !at) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "no RAM for the list of %u modules",
                    list->len);
    }
    return told && at;
}

static bool put_memory(BootRam *ram, uint8_t *mbi)
{
    const E820Map *map = ram->info->e820;
    uint8_t table[E820_MAX * MMAP_ENTRY];
    for (size_t i = 0; i < map->count; i++) {
        uint8_t *at = table + i * MMAP_ENTRY;
        bytes_put32(at, E820_ENTRY_BYTES);
        e820_encode(&map->entry[i], at + 4);
    }
    uint64_t at = boot_put_table(ram, table, map->count * MMAP_ENTRY, TABLE_ALIGN);
    bytes_put32(mbi + INFO_MEM_LOWER, (uint32_t)(boot_ram_end(ram->info, 0) >> 10));
    bytes_put32(mbi + INFO_MEM_UPPER,
                (uint32_t)((boot_ram_end(ram->info, BOOT_UPPER) - BOOT_UPPER) >> 10));
    bytes_put32(mbi + INFO_MMAP_BYTES, (uint32_t)(map->count * MMAP_ENTRY));
    bytes_put32(mbi + INFO_MMAP, (uint32_t)at);
    return at != 0;
}

/* The information structure with its texts; its address, or 0. The command line is, as with other
 * loaders, the image's name and then the arguments. */
static uint64_t put_info(BootRam *ram, const BootFile *kernel, uint8_t *mbi)
{
    const char *append = ram->info->append;
    g_autofree char *text = g_strjoin(append ? " " : "", kernel->path, append, NULL);
    uint64_t cmdline = boot_put_text(ram, text), name = boot_put_text(ram, "switchyard");
    bytes_put32(mbi + INFO_CMDLINE, (uint32_t)cmdline);
    bytes_put32(mbi + INFO_LOADER_NAME, (uint32_t)name);
    bytes_put32(mbi + INFO_FLAGS, HAS_MEMORY | HAS_CMDLINE | HAS_MMAP | HAS_LOADER_NAME |
                                      (ram->info->initrd ? HAS_MODS : 0));
    return cmdline && name && put_memory(ram, mbi)
               ? boot_put_table(ram, mbi, INFO_BYTES, TABLE_ALIGN)
               : 0;
}

bool multiboot_load(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error)
{
    const uint8_t *h = find_header(kernel->data, kernel->len);
    uint32_t flags = bytes_get32(h + HEADER_FLAGS);
    ElfImage image = {0};
    uint8_t mbi[INFO_BYTES] = {0};
    if (flags & FLAGS_UNKNOWN) {
        return boot_error(error, kernel,
                          "its multiboot header asks for what is unknown here (flags %#x)", flags);
    }
    if (!(flags & FLAG_ADDRESSES) && !elf_is(kernel->data, kernel->len)) {
        return boot_error(error, kernel, "a multiboot image that is neither ELF nor has addresses");
    }
    if (!(flags & FLAG_ADDRESSES ? load_by_addresses(ram, kernel, h, &image, error)
                                 : elf_load(ram, kernel, &image, error)) ||
        (ram->info->initrd && !load_modules(ram, image.high, mbi, error))) {
        return false;
    }
    *boot = (CpuBoot){
        .mode = CPU_BOOT_PROT32,
        .rip = image.entry,
        .rax = LOADER_MAGIC,
        .rbx = put_info(ram, kernel, mbi),
    };
    if (!boot->rbx || !boot_put_gdt(ram, boot)) {
        return boot_error(error, kernel, "no RAM for its boot information");
    }
    return true;
}
