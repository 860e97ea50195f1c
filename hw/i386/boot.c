/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing the boot protocol, and what all of them need. */
#include "hw/i386/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/i386/boot_internal.h"
#include "hw/i386/large_alloc.h"
#include "hw/i386/unpack.h"

/* The size as it was when the file was opened. */
static bool read_all(const char *path, BootFile *file)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = fstat(fd, &st) == 0;
    file->data = ok ? large_alloc(MAX((size_t)st.st_size, 1)) : NULL;
    while (ok && file->data && file->len < (size_t)st.st_size) {
        ssize_t n = read(fd, file->data + file->len, (size_t)st.st_size - file->len);
        if (n == 0) {
            break;
        }
        ok = n > 0 || errno == EINTR;
        file->len += n > 0 ? (size_t)n : 0;
    }
    int cause = errno;
    close(fd);
    errno = cause;
    return ok && file->data;
}

bool boot_file_read(BootFile *file, const char *what, const char *path, GError **error)
{
    *file = (BootFile){.path = path};
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR, "%s '%s' is a folder, not a file",
                    what, path);
        return false;
    }
    /* A pipe or a terminal may never end. */
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s '%s' is a device or a pipe; a plain file is needed", what, path);
        return false;
    }
    if (!read_all(path, file)) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s '%s' cannot be read: %s", what, path, g_strerror(errno));
        boot_file_free(file);
        return false;
    }
    return true;
}

void boot_file_free(BootFile *file)
{
    g_clear_pointer(&file->data, g_free);
}

bool boot_error(GError **error, const BootFile *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "kernel '%s': %s", file->path, text);
    return false;
}

bool boot_put(const BootInfo *info, uint64_t addr, const void *data, size_t len)
{
    void *host = as_ram_ptr(info->memory, addr, len);
    if (!host) {
        return false;
    }
    memcpy(host, data, len);
    as_ram_written(info->memory, addr, len);
    return true;
}

bool boot_zero(const BootInfo *info, uint64_t addr, uint64_t len)
{
    void *host = len ? as_ram_ptr(info->memory, addr, len) : NULL;
    if (!host) {
        return len == 0;
    }
    memset(host, 0, len);
    as_ram_written(info->memory, addr, len);
    return true;
}

void boot_write_gdt(const BootInfo *info)
{
    static const uint64_t gdt[BOOT_GDT_ENTRIES] = {
        [BOOT_SEL_CODE64 / 8] = 0x00af9b000000ffff,
        [BOOT_SEL_DATA / 8] = 0x00cf93000000ffff,
        [BOOT_SEL_CODE32 / 8] = 0x00cf9b000000ffff,
    };
    boot_put(info, BOOT_GDT, gdt, sizeof(gdt));
}

bool boot_write_cmdline(const BootInfo *info, const BootFile *kernel, GError **error)
{
    const char *text = info->append ? info->append : "";
    size_t len = strlen(text) + 1;
    if (len > BOOT_CMDLINE_MAX) {
        return boot_error(error, kernel,
                          "its command line of %zu bytes is too long; at most %llu fit", len,
                          BOOT_CMDLINE_MAX);
    }
    return boot_put(info, BOOT_CMDLINE, text, len) ||
           boot_error(error, kernel, "no RAM for its command line");
}

uint64_t boot_place_high(const BootInfo *info, uint64_t len, uint64_t floor, uint64_t limit)
{
    uint64_t best = 0;
    for (size_t i = 0; i < info->e820->count; i++) {
        const E820Entry *e = &info->e820->entry[i];
        uint64_t end = MIN(e->base + e->size, limit);
        if (e->type != E820_RAM || end < len) {
            continue;
        }
        uint64_t start = (end - len) & ~(PAGE_SIZE - 1);
        if (start >= MAX(e->base, floor) && start > best) {
            best = start;
        }
    }
    return best;
}

/* Some distributions pack their multiboot images with gzip and leave unpacking to the loader. */
static bool unwrap_gzip(BootFile *file, GError **error)
{
    const char *format = unpack_format(file->data, file->len);
    if (g_strcmp0(format, "gzip") != 0 || file->len < 8) {
        return true;
    }
    g_autoptr(GError) cause = NULL;
    GBytes *unpacked = unpack(file->data, file->len, get32(file->data + file->len - 4), &cause);
    if (!unpacked) {
        return boot_error(error, file, "%s", cause->message);
    }
    g_free(file->data);
    file->data = g_bytes_unref_to_data(unpacked, &file->len);
    return true;
}

/*
 * The BIOS data area's two words about low memory, as firmware leaves them: Xen puts its trampoline
 * below what they say whatever the loader's memory map says.
 */
static void write_bios_data(const BootInfo *info)
{
    enum { EBDA_SEGMENT = 0x0e, BASE_MEMORY_KIB = 0x13, BYTES = 0x17 };
    uint8_t data[BYTES] = {0};
    put32(data + EBDA_SEGMENT, BOOT_LOW_END >> 4);
    put32(data + BASE_MEMORY_KIB, BOOT_LOW_END >> 10);
    boot_put(info, BOOT_BIOS_DATA, data, sizeof(data));
}

/* Every BIOS call answers "not supported": carry set, nothing else changed. Kernels that start in
 * real mode ask without knowing that there is no BIOS, and would else run through whatever lies at
 * 0. */
static void write_bios_vectors(const BootInfo *info)
{
    static const uint8_t refuse[] = {
        0x55,                   /* push %bp */
        0x89, 0xe5,             /* mov %sp, %bp */
        0x80, 0x4e, 0x06, 0x01, /* orb $1, 6(%bp): CF of the caller */
        0x5d,                   /* pop %bp */
        0xcf,                   /* iret */
    };
    uint8_t vectors[256 * 4];
    for (size_t n = 0; n < sizeof(vectors); n += 4) {
        put32(vectors + n, BOOT_BIOS_CODE_SEGMENT << 16 | BOOT_BIOS_CODE_OFFSET);
    }
    boot_put(info, 0, vectors, sizeof(vectors));
    boot_put(info, (BOOT_BIOS_CODE_SEGMENT << 4) + BOOT_BIOS_CODE_OFFSET, refuse, sizeof(refuse));
}

bool boot_load(const BootInfo *info, CpuBoot *boot, GError **error)
{
    static const struct {
        bool (*is)(const uint8_t *data, size_t len);
        bool (*load)(const BootInfo *info, const BootFile *kernel, CpuBoot *boot, GError **error);
    } protocols[] = {
        {bzimage_is, bzimage_load},
        {multiboot_is, multiboot_load},
        {pvh_is, pvh_load},
    };
    g_auto(BootFile) kernel = {0};
    if (!boot_file_read(&kernel, "kernel", info->kernel, error) || !unwrap_gzip(&kernel, error)) {
        return false;
    }
    boot_write_gdt(info);
    write_bios_vectors(info);
    write_bios_data(info);
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (protocols[i].is(kernel.data, kernel.len)) {
            return protocols[i].load(info, &kernel, boot, error);
        }
    }
    return boot_error(error, &kernel,
                      "not a kernel this machine can start (or truncated); it takes a bzImage, an "
                      "ELF image with a PVH note, or a multiboot image");
}
