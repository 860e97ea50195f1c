/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's images by boot protocol 2.00 and later (Documentation/x86/boot.rst and zero-page.rst).
 * The 64-bit entry is taken where there is one, then the 32-bit entry, then the real-mode entry
 * (realmode.c). A kernel unpacks itself, or its payload, an ELF image, is unpacked here and
 * entered directly.
 */
#include <string.h>

#include "hw/i386/boot/linux.h"
#include "hw/i386/boot/unpack.h"

/* The zero page besides the setup header. */
enum {
    ZERO_RSDP = 0x70,
    ZERO_E820_COUNT = 0x1e8,
    ZERO_E820 = 0x2d0,
    ZERO_E820_MAX = 128,
    ZERO_SIZE = 4096,
};
#define MAGIC           0x53726448u /* "HdrS" */
#define XLF_KERNEL_64   (1u << 0)
#define ENTRY_64        0x200 /* from the start of the protected-mode part */
#define LOAD_LOW        0x10000u
#define LOAD_HIGH       0x100000u
#define LARGEST_PAYLOAD (1ull << 30)

/* The protocol's versions that added what is used here. */
enum {
    V2_00 = 0x200,
    V2_INITRD_MAX = 0x203,
    V2_32BIT = 0x205, /* before, the zero page that the 32-bit entry reads was the kernel's own */
    V2_CMDLINE_SIZE = 0x206,
    V2_PAYLOAD = 0x208,
    V2_INIT_SIZE = 0x20a,
    V2_64BIT = 0x20c,
};

bool bzimage_is(const uint8_t *data, size_t len)
{
    return len > HDR_LAST && bytes_get16(data + HDR_BOOT_FLAG) == 0xaa55 &&
           bytes_get32(data + HDR_MAGIC) == MAGIC;
}

/* Where the image goes and what is known of its needs. */
static void read_needs(const uint8_t *h, LinuxImage *image)
{
    image->high = h[HDR_LOADFLAGS] & LOADED_HIGH;
    bool sized = image->high && image->version >= V2_INIT_SIZE;
    image->load = !image->high ? LOAD_LOW : sized ? bytes_get64(h + HDR_PREF_ADDRESS) : LOAD_HIGH;
    uint32_t init_size = sized ? bytes_get32(h + HDR_INIT_SIZE) : 0;
    image->init_size = MAX(init_size, image->len);
    image->initrd_max =
        image->version >= V2_INITRD_MAX ? bytes_get32(h + HDR_INITRD_ADDR_MAX) : 0x37ffffff;
    image->cmdline_size =
        image->version >= V2_CMDLINE_SIZE ? bytes_get32(h + HDR_CMDLINE_SIZE) : 255;
}

static void choose_entry(const uint8_t *h, LinuxImage *image)
{
    uint32_t code32 = bytes_get32(h + HDR_CODE32_START);
    if (!image->high) {
        image->entry = LINUX_REAL;
    } else if (image->version >= V2_64BIT && (bytes_get16(h + HDR_XLOADFLAGS) & XLF_KERNEL_64)) {
        image->entry = LINUX_64;
        image->entry_offset = ENTRY_64;
    } else if (image->version >= V2_32BIT && code32 >= LOAD_HIGH &&
               code32 - LOAD_HIGH < image->len) {
        image->entry = LINUX_32;
        image->entry_offset = code32 - LOAD_HIGH;
    }
}

static bool bzimage_read_image(const BootFile *file, LinuxImage *image, GError **error)
{
    const uint8_t *h = file->data;
    unsigned sects = h[HDR_SETUP_SECTS] ? h[HDR_SETUP_SECTS] : 4;
    *image = (LinuxImage){
        .version = bytes_get16(h + HDR_VERSION),
        .setup_len = (sects + 1) * SECTOR_BYTES,
    };
    if (image->version < V2_00) {
        return boot_error(error, file, "a kernel of a boot protocol before 2.00");
    }
    bool told = image->version >= V2_PAYLOAD;
    uint64_t offset = told ? bytes_get32(h + HDR_PAYLOAD_OFFSET) : 0,
             payload = told ? bytes_get32(h + HDR_PAYLOAD_LENGTH) : 0;
    if (image->setup_len >= file->len || offset + payload > file->len - image->setup_len) {
        return boot_error(error, file,
                          "truncated: it has %zu bytes and its header speaks of %" PRIu64,
                          file->len, image->setup_len + offset + payload);
    }
    image->start = h + image->setup_len;
    image->len = file->len - image->setup_len;
    image->payload = payload ? image->start + offset : NULL;
    image->payload_len = payload;
    read_needs(h, image);
    choose_entry(h, image);
    return true;
}

/* The kernel in its place, unpacked here; its entry, or 0 if this kernel has to unpack itself (an
 * unknown compression is no error, a damaged one is). */
static bool load_unpacked(BootRam *ram, const BootFile *file, const LinuxImage *image,
                          uint64_t *entry, GError **error)
{
    *entry = 0;
    if (image->payload_len < 8 || !unpack_format(image->payload, image->payload_len)) {
        return true;
    }
    uint64_t size = bytes_get32(image->payload + image->payload_len - 4);
    uint64_t size_of_ram = boot_ram_size(ram->info), room = MIN(size_of_ram, LARGEST_PAYLOAD);
    if (size > room) {
        return boot_error(error, file,
                          "its payload claims to unpack to %" PRIu64 " MiB, and there are %" PRIu64
                          " for it; give it more with -m",
                          size >> 20, room >> 20);
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
    if (!elf_is(data, len) || elf_is_64(data) != (image->entry == LINUX_64)) {
        return true;
    }
    if (!elf_load(ram, &elf, &loaded, error)) {
        return false;
    }
    *entry = loaded.entry;
    return true;
}

static bool load_packed(BootRam *ram, const BootFile *file, const LinuxImage *image,
                        uint64_t *entry, GError **error)
{
    *entry = image->load + image->entry_offset;
    return boot_put(ram, image->load, image->start, image->len) ||
           boot_error(error, file, "no RAM at %#" PRIx64 " for it", image->load);
}

bool linux_put_initrd(BootRam *ram, const BootFile *kernel, const LinuxImage *image,
                      uint8_t *header, GError **error)
{
    const char *path = ram->info->initrd;
    g_auto(BootFile) initrd = {0};
    if (!path) {
        return true;
    }
    if (!boot_file_read(&initrd, "initrd", path, error)) {
        return false;
    }
    uint64_t floor = MAX(image->load + image->init_size, BOOT_UPPER);
    uint64_t at = boot_place_high(ram, initrd.len, floor, (uint64_t)image->initrd_max + 1);
    if (!at || !boot_put(ram, at, initrd.data, initrd.len)) {
        g_set_error(
            error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
            "initrd '%s' of %zu MiB does not fit into the machine's RAM beside kernel '%s'; "
            "give it more with -m",
            path, initrd.len >> 20, kernel->path);
        return false;
    }
    bytes_put32(header + HDR_RAMDISK_IMAGE, (uint32_t)at);
    bytes_put32(header + HDR_RAMDISK_SIZE, (uint32_t)initrd.len);
    return true;
}

static void fill_zero_page(const BootInfo *info, const BootFile *file, const LinuxImage *image,
                           uint8_t *zero)
{
    /* The header's own length is in the jump that it starts with. */
    size_t end = HDR_MAGIC + file->data[HDR_JUMP + 1];
    end = MIN(end, file->len);
    memcpy(zero + HDR_START, file->data + HDR_START, MAX(end, (size_t)HDR_START) - HDR_START);
    zero[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
    bytes_put32(zero + HDR_CODE32_START, (uint32_t)image->load);
    bytes_put64(zero + ZERO_RSDP, info->rsdp);
    size_t count = MIN(info->e820->count, (size_t)ZERO_E820_MAX);
    zero[ZERO_E820_COUNT] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        e820_encode(&info->e820->entry[i], zero + ZERO_E820 + i * E820_ENTRY_BYTES);
    }
}

/* The first 4 GiB one to one, by 2 MiB pages; the tables' address, or 0. */
static uint64_t put_page_tables(BootRam *ram)
{
    enum { PRESENT = 1, WRITABLE = 2, LARGE = 0x80, ENTRIES = 512, DIRECTORIES = 4, PAGES = 6 };
    g_autofree uint64_t *table = g_new0(uint64_t, PAGES * ENTRIES);
    uint64_t at = boot_put_table(ram, table, PAGES * PAGE_SIZE, PAGE_SIZE);
    table[0] = (at + PAGE_SIZE) | PRESENT | WRITABLE;
    for (uint64_t d = 0; d < DIRECTORIES; d++) {
        table[ENTRIES + d] = (at + (2 + d) * PAGE_SIZE) | PRESENT | WRITABLE;
    }
    for (uint64_t i = 0; i < DIRECTORIES * ENTRIES; i++) {
        table[2 * ENTRIES + i] = i << 21 | PRESENT | WRITABLE | LARGE;
    }
    return at && boot_put(ram, at, table, PAGES * PAGE_SIZE) ? at : 0;
}

/* The zero page, and the registers that go with it. */
static bool enter_by_zero_page(BootRam *ram, const BootFile *kernel, const LinuxImage *image,
                               uint64_t entry, CpuBoot *boot, GError **error)
{
    uint8_t zero[ZERO_SIZE] = {0};
    const char *append = ram->info->append;
    fill_zero_page(ram->info, kernel, image, zero);
    if (!linux_put_initrd(ram, kernel, image, zero, error)) {
        return false;
    }
    uint64_t cmdline = boot_put_text(ram, append ? append : "");
    bytes_put32(zero + HDR_CMD_LINE_PTR, (uint32_t)cmdline);
    *boot = (CpuBoot){
        .mode = image->entry == LINUX_64 ? CPU_BOOT_LONG64 : CPU_BOOT_PROT32,
        .rip = entry,
        .rsi = boot_put_table(ram, zero, sizeof(zero), PAGE_SIZE),
        .cr3 = image->entry == LINUX_64 ? put_page_tables(ram) : 0,
    };
    if (!cmdline || !boot->rsi || (image->entry == LINUX_64 && !boot->cr3) ||
        !boot_put_gdt(ram, boot)) {
        return boot_error(error, kernel, "no RAM for its boot parameters");
    }
    return true;
}

bool bzimage_load(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error)
{
    LinuxImage image;
    const BootInfo *info = ram->info;
    uint64_t entry = 0;
    if (!bzimage_read_image(kernel, &image, error)) {
        return false;
    }
    if (!boot_take(ram, image.load, image.init_size)) {
        return boot_error(error, kernel,
                          "it needs RAM up to %" PRIu64 " MiB and the machine has %" PRIu64
                          " MiB there; give it more with -m",
                          (image.load + image.init_size) >> 20,
                          boot_ram_end(info, BOOT_UPPER) >> 20);
    }
    if (info->append && strlen(info->append) > image.cmdline_size) {
        return boot_error(error, kernel, "its command line can have %u bytes, not %zu",
                          image.cmdline_size, strlen(info->append));
    }
    bool direct = info->host_decompress && image.entry != LINUX_REAL;
    if ((direct && !load_unpacked(ram, kernel, &image, &entry, error)) ||
        (!entry && !load_packed(ram, kernel, &image, &entry, error))) {
        return false;
    }
    return image.entry == LINUX_REAL ? linux_enter_real(ram, kernel, &image, boot, error)
                                     : enter_by_zero_page(ram, kernel, &image, entry, boot, error);
}
