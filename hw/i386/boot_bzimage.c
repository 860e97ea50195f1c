/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bzImage by the 64-bit boot protocol (Linux's Documentation/x86/boot.rst and zero-page.rst).
 * Either the kernel unpacks itself, or its payload, an ELF image, is unpacked here and entered
 * directly. The real-mode entry and kernels before protocol 2.12 are left out.
 */
#include <string.h>

#include "hw/i386/boot_internal.h"
#include "hw/i386/unpack.h"

/* Offsets in the setup header, the same in the file and in the zero page. */
enum {
    HDR_START = 0x1f1,
    HDR_SETUP_SECTS = 0x1f1,
    HDR_BOOT_FLAG = 0x1fe,
    HDR_JUMP = 0x200,
    HDR_MAGIC = 0x202,
    HDR_VERSION = 0x206,
    HDR_TYPE_OF_LOADER = 0x210,
    HDR_LOADFLAGS = 0x211,
    HDR_RAMDISK_IMAGE = 0x218,
    HDR_RAMDISK_SIZE = 0x21c,
    HDR_CMD_LINE_PTR = 0x228,
    HDR_INITRD_ADDR_MAX = 0x22c,
    HDR_KERNEL_ALIGNMENT = 0x230,
    HDR_XLOADFLAGS = 0x236,
    HDR_CMDLINE_SIZE = 0x238,
    HDR_PAYLOAD_OFFSET = 0x248,
    HDR_PAYLOAD_LENGTH = 0x24c,
    HDR_PREF_ADDRESS = 0x258,
    HDR_INIT_SIZE = 0x260,
    HDR_LAST = 0x268,
};
/* The zero page besides. */
enum {
    ZERO_RSDP = 0x70,
    ZERO_E820_COUNT = 0x1e8,
    ZERO_E820 = 0x2d0,
    ZERO_E820_MAX = 128,
    ZERO_SIZE = 4096,
};
#define MAGIC            0x53726448u /* "HdrS" */
#define VERSION_2_12     0x020c
#define XLF_KERNEL_64    (1u << 0)
#define LOADER_UNDEFINED 0xff
#define ENTRY_64         0x200 /* from the start of the protected-mode part */
#define LARGEST_PAYLOAD  (1ull << 30)

typedef struct {
    const uint8_t *start; /* the protected-mode part */
    size_t len;
    uint64_t pref_address, init_size;
    uint32_t initrd_max, cmdline_size;
    const uint8_t *payload;
    size_t payload_len;
} Image;

bool bzimage_is(const uint8_t *data, size_t len)
{
    return len > HDR_LAST && get16(data + HDR_BOOT_FLAG) == 0xaa55 &&
           get32(data + HDR_MAGIC) == MAGIC;
}

static bool read_image(const BootFile *file, Image *image, GError **error)
{
    const uint8_t *h = file->data;
    unsigned sects = h[HDR_SETUP_SECTS] ? h[HDR_SETUP_SECTS] : 4;
    size_t start = (sects + 1) * 512ul;
    if (get16(h + HDR_VERSION) < VERSION_2_12 || !(get16(h + HDR_XLOADFLAGS) & XLF_KERNEL_64)) {
        return boot_error(error, file, "a bzImage without the 64-bit entry of boot protocol 2.12");
    }
    uint64_t offset = get32(h + HDR_PAYLOAD_OFFSET), payload = get32(h + HDR_PAYLOAD_LENGTH);
    if (start >= file->len || offset + payload > file->len - start) {
        return boot_error(error, file,
                          "truncated: it has %zu bytes and its header speaks of %" PRIu64,
                          file->len, start + offset + payload);
    }
    *image = (Image){
        .start = h + start,
        .len = file->len - start,
        .pref_address = get64(h + HDR_PREF_ADDRESS),
        .init_size = get32(h + HDR_INIT_SIZE),
        .initrd_max = get32(h + HDR_INITRD_ADDR_MAX),
        .cmdline_size = get32(h + HDR_CMDLINE_SIZE),
        .payload = h + start + offset,
        .payload_len = payload,
    };
    return true;
}

/* The kernel in its place, unpacked here; its entry, or 0 if this kernel has to unpack itself (an
 * unknown compression is no error, a damaged one is). */
static bool load_unpacked(const BootInfo *info, const BootFile *file, const Image *image,
                          uint64_t *entry, GError **error)
{
    *entry = 0;
    if (image->payload_len < 8 || !unpack_format(image->payload, image->payload_len)) {
        return true;
    }
    uint64_t size = get32(image->payload + image->payload_len - 4);
    if (size > LARGEST_PAYLOAD) {
        return boot_error(error, file, "its payload claims to unpack to %" PRIu64 " MiB",
                          size >> 20);
    }
    g_autoptr(GError) cause = NULL;
    g_autoptr(GBytes) unpacked = unpack(image->payload, image->payload_len, size, &cause);
    if (!unpacked) {
        return boot_error(error, file, "%s", cause->message);
    }
    gsize len;
    const uint8_t *data = g_bytes_get_data(unpacked, &len);
    BootFile elf = {.path = file->path, .data = (uint8_t *)data, .len = len};
    ElfImage loaded;
    if (!elf_is(data, len)) {
        return true;
    }
    if (!elf_load(info, &elf, &loaded, error)) {
        return false;
    }
    *entry = loaded.entry;
    return true;
}

static bool load_packed(const BootInfo *info, const BootFile *file, const Image *image,
                        uint64_t *entry, GError **error)
{
    if (!boot_put(info, image->pref_address, image->start, image->len)) {
        return boot_error(error, file,
                          "it needs %" PRIu64 " MiB of RAM from %" PRIu64
                          " MiB on; give the machine more with -m",
                          image->init_size >> 20, image->pref_address >> 20);
    }
    *entry = image->pref_address + ENTRY_64;
    return true;
}

static bool load_initrd(const BootInfo *info, const BootFile *file, const Image *image,
                        uint8_t *zero, GError **error)
{
    if (!info->initrd) {
        return true;
    }
    g_auto(BootFile) initrd = {0};
    if (!boot_file_read(&initrd, "initrd", info->initrd, error)) {
        return false;
    }
    uint64_t at = boot_place_high(info, initrd.len, image->pref_address + image->init_size,
                                  MIN((uint64_t)image->initrd_max + 1, info->ram_below_4g));
    if (!at || !boot_put(info, at, initrd.data, initrd.len)) {
        g_set_error(
            error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
            "initrd '%s' of %zu MiB does not fit into the machine's RAM beside kernel '%s'; "
            "give it more with -m",
            info->initrd, initrd.len >> 20, file->path);
        return false;
    }
    put32(zero + HDR_RAMDISK_IMAGE, (uint32_t)at);
    put32(zero + HDR_RAMDISK_SIZE, (uint32_t)initrd.len);
    return true;
}

static void fill_zero_page(const BootInfo *info, const BootFile *file, uint8_t *zero)
{
    /* The header's own length is in the jump that it starts with. */
    size_t end = HDR_MAGIC + file->data[HDR_JUMP + 1];
    end = MIN(end, file->len);
    memcpy(zero + HDR_START, file->data + HDR_START, MAX(end, (size_t)HDR_START) - HDR_START);
    zero[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
    put32(zero + HDR_CMD_LINE_PTR, (uint32_t)BOOT_CMDLINE);
    put64(zero + ZERO_RSDP, info->rsdp);
    size_t count = MIN(info->e820->count, (size_t)ZERO_E820_MAX);
    zero[ZERO_E820_COUNT] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        e820_encode(&info->e820->entry[i], zero + ZERO_E820 + i * E820_ENTRY_BYTES);
    }
}

/* The first 4 GiB one to one, by 2 MiB pages. */
static void write_page_tables(const BootInfo *info)
{
    enum { PRESENT = 1, WRITABLE = 2, LARGE = 0x80 };
    uint64_t table[512] = {BOOT_PAGE_TABLES + PAGE_SIZE + (PRESENT | WRITABLE)};
    boot_put(info, BOOT_PAGE_TABLES, table, sizeof(table));
    memset(table, 0, sizeof(table));
    for (uint64_t i = 0; i < 4; i++) {
        table[i] = BOOT_PAGE_TABLES + (2 + i) * PAGE_SIZE + (PRESENT | WRITABLE);
    }
    boot_put(info, BOOT_PAGE_TABLES + PAGE_SIZE, table, sizeof(table));
    for (uint64_t d = 0; d < 4; d++) {
        for (uint64_t i = 0; i < 512; i++) {
            table[i] = (d * 512 + i) << 21 | (PRESENT | WRITABLE | LARGE);
        }
        boot_put(info, BOOT_PAGE_TABLES + (2 + d) * PAGE_SIZE, table, sizeof(table));
    }
}

bool bzimage_load(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error)
{
    Image image = {0};
    uint64_t entry = 0;
    if (!read_image(kernel, &image, error)) {
        return false;
    }
    if (image.pref_address + image.init_size > info->ram_below_4g) {
        return boot_error(error, kernel,
                          "it needs RAM up to %" PRIu64 " MiB and the machine has %" PRIu64
                          " MiB there; give it more with -m",
                          (image.pref_address + image.init_size) >> 20, info->ram_below_4g >> 20);
    }
    if (info->append && strlen(info->append) > image.cmdline_size) {
        return boot_error(error, kernel, "its command line can have %u bytes, not %zu",
                          image.cmdline_size, strlen(info->append));
    }
    if (info->host_decompress && !load_unpacked(info, kernel, &image, &entry, error)) {
        return false;
    }
    if (!entry && !load_packed(info, kernel, &image, &entry, error)) {
        return false;
    }
    uint8_t zero[ZERO_SIZE] = {0};
    fill_zero_page(info, kernel, zero);
    if (!load_initrd(info, kernel, &image, zero, error) ||
        !boot_write_cmdline(info, kernel, error)) {
        return false;
    }
    boot_put(info, BOOT_PARAMS, zero, sizeof(zero));
    write_page_tables(info);
    *boot = (CpuBoot){
        .mode = CPU_BOOT_LONG64,
        .rip = entry,
        .rsi = BOOT_PARAMS,
        .cs = BOOT_SEL_CODE64,
        .ds = BOOT_SEL_DATA,
        .cr3 = BOOT_PAGE_TABLES,
        .gdt_base = BOOT_GDT,
        .gdt_limit = BOOT_GDT_ENTRIES * 8 - 1,
    };
    return true;
}
