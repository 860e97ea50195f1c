/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot 0.6.96: ELF images and those with load addresses in their header, with modules. The
 * modules are -initrd's "FILE ARGUMENTS,FILE ARGUMENTS"; a comma inside arguments is written twice.
 * Left out: video modes, symbols, drives and APM.
 */
#include <string.h>

#include "hw/i386/boot_internal.h"

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

/* The information structure, at BOOT_INFO, and what lies behind it. */
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
enum { MMAP_ENTRY = 24, MOD_ENTRY = 16, MODS_MAX = 64 };
#define AREA_BYTES (BOOT_INFO_END - BOOT_INFO)

/* The low-memory area being filled: tables first, then strings. */
typedef struct {
    uint8_t bytes[AREA_BYTES];
    size_t used;
} Area;

static uint32_t area_address(size_t offset)
{
    return (uint32_t)(BOOT_INFO + offset);
}

/* Room for `len` bytes; its offset, or 0 if the area is full. */
static size_t area_take(Area *area, size_t len)
{
    size_t at = (area->used + 7) & ~(size_t)7;
    if (len > AREA_BYTES - at) {
        return 0;
    }
    area->used = at + len;
    return at;
}

static size_t area_text(Area *area, const char *text)
{
    size_t len = strlen(text) + 1, at = area_take(area, len);
    if (at) {
        memcpy(area->bytes + at, text, len);
    }
    return at;
}

static const uint8_t *find_header(const uint8_t *data, size_t len)
{
    for (size_t at = 0; at + 12 <= MIN(len, (size_t)HEADER_WITHIN); at += 4) {
        const uint8_t *h = data + at;
        if (get32(h) == HEADER_MAGIC &&
            get32(h) + get32(h + HEADER_FLAGS) + get32(h + HEADER_CHECKSUM) == 0) {
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
static bool load_by_addresses(const BootInfo *info, const BootFile *file, const uint8_t *h,
                              ElfImage *image, GError **error)
{
    size_t header_at = (size_t)(h - file->data);
    if (file->len - header_at < HEADER_BYTES) {
        return boot_error(error, file, "truncated inside its multiboot header");
    }
    uint64_t header = get32(h + HEADER_ADDR), load = get32(h + HEADER_LOAD);
    uint64_t load_end = get32(h + HEADER_LOAD_END), bss_end = get32(h + HEADER_BSS_END);
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
    if (!boot_put(info, load, file->data + from, len) ||
        !boot_zero(info, load + len, end - load - len)) {
        return boot_error(error, file, "it lies outside the machine's RAM");
    }
    *image = (ElfImage){.entry = get32(h + HEADER_ENTRY), .low = load, .high = end};
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

static bool load_module(const BootInfo *info, const char *text, uint64_t *next, Area *area,
                        uint8_t *entry, GError **error)
{
    g_autofree char *path = g_strndup(text, strcspn(text, " "));
    g_auto(BootFile) file = {0};
    if (!boot_file_read(&file, "module", path, error)) {
        return false;
    }
    uint64_t at = (*next + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    size_t string = area_text(area, text);
    if (!string || at + file.len > info->ram_below_4g ||
        (file.len && !boot_put(info, at, file.data, file.len))) {
        g_set_error(
            error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
            "module '%s' of %zu MiB does not fit into the machine's RAM; give it more with -m",
            path, file.len >> 20);
        return false;
    }
    put32(entry, (uint32_t)at);
    put32(entry + 4, (uint32_t)(at + file.len));
    put32(entry + 8, area_address(string));
    *next = at + file.len;
    return true;
}

static bool load_modules(const BootInfo *info, const BootFile *kernel, uint64_t after, Area *area,
                         GError **error)
{
    g_autoptr(GPtrArray) list = split_modules(info->initrd);
    if (list->len > MODS_MAX) {
        return boot_error(error, kernel, "it can have %d modules, not %u", MODS_MAX, list->len);
    }
    size_t table = area_take(area, list->len * MOD_ENTRY);
    for (guint i = 0; i < list->len; i++) {
        if (!load_module(info, g_ptr_array_index(list, i), &after, area,
                         area->bytes + table + i * MOD_ENTRY, error)) {
            return false;
        }
    }
    put32(area->bytes + INFO_MODS_COUNT, list->len);
    put32(area->bytes + INFO_MODS, area_address(table));
    return true;
}

static void put_memory(const BootInfo *info, Area *area)
{
    size_t table = area_take(area, info->e820->count * MMAP_ENTRY);
    for (size_t i = 0; i < info->e820->count; i++) {
        uint8_t *at = area->bytes + table + i * MMAP_ENTRY;
        put32(at, E820_ENTRY_BYTES);
        e820_encode(&info->e820->entry[i], at + 4);
    }
    put32(area->bytes + INFO_MEM_LOWER, (uint32_t)(BOOT_LOW_END >> 10));
    put32(area->bytes + INFO_MEM_UPPER, (uint32_t)((info->ram_below_4g >> 10) - 1024));
    put32(area->bytes + INFO_MMAP_BYTES, (uint32_t)(info->e820->count * MMAP_ENTRY));
    put32(area->bytes + INFO_MMAP, area_address(table));
}

/* As other loaders do: the image's name, then the arguments. */
static bool put_cmdline(const BootInfo *info, const BootFile *kernel, Area *area, GError **error)
{
    g_autofree char *text = info->append ? g_strdup_printf("%s %s", kernel->path, info->append)
                                         : g_strdup(kernel->path);
    size_t at = area_text(area, text);
    if (!at) {
        return boot_error(error, kernel, "its command line of %zu bytes is too long", strlen(text));
    }
    put32(area->bytes + INFO_CMDLINE, area_address(at));
    return true;
}

bool multiboot_load(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error)
{
    const uint8_t *h = find_header(kernel->data, kernel->len);
    uint32_t flags = get32(h + HEADER_FLAGS);
    ElfImage image = {0};
    if (flags & FLAGS_UNKNOWN) {
        return boot_error(error, kernel,
                          "its multiboot header asks for what is unknown here (flags %#x)", flags);
    }
    if (!(flags & FLAG_ADDRESSES) && !elf_is(kernel->data, kernel->len)) {
        return boot_error(error, kernel, "a multiboot image that is neither ELF nor has addresses");
    }
    if (!(flags & FLAG_ADDRESSES ? load_by_addresses(info, kernel, h, &image, error)
                                 : elf_load(info, kernel, &image, error))) {
        return false;
    }
    g_autofree Area *area = g_new0(Area, 1);
    area->used = INFO_BYTES;
    put_memory(info, area);
    if (!put_cmdline(info, kernel, area, error) ||
        (info->initrd && !load_modules(info, kernel, image.high, area, error))) {
        return false;
    }
    put32(area->bytes + INFO_LOADER_NAME, area_address(area_text(area, "switchyard")));
    put32(area->bytes + INFO_FLAGS,
          HAS_MEMORY | HAS_CMDLINE | HAS_MMAP | HAS_LOADER_NAME | (info->initrd ? HAS_MODS : 0));
    if (!boot_put(info, BOOT_INFO, area->bytes, sizeof(area->bytes))) {
        return boot_error(error, kernel, "no RAM for its boot information");
    }
    *boot = (CpuBoot){
        .mode = CPU_BOOT_PROT32,
        .rip = image.entry,
        .rax = LOADER_MAGIC,
        .rbx = BOOT_INFO,
        .cs = BOOT_SEL_CODE32,
        .ds = BOOT_SEL_DATA,
        .gdt_base = BOOT_GDT,
        .gdt_limit = BOOT_GDT_ENTRIES * 8 - 1,
    };
    return true;
}
