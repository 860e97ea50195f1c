/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing the boot protocol, and what all of them need. */
#include "hw/i386/boot/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/i386/boot/boot_internal.h"
#include "hw/i386/boot/large_alloc.h"
#include "hw/i386/boot/unpack.h"

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

bool boot_put_gdt(BootRam *ram, CpuBoot *boot)
{
    const bool long_mode = boot->mode == CPU_BOOT_LONG64;
    const uint64_t gdt[] = {
        [BOOT_SEL_CODE / 8] = long_mode ? 0x00af9b000000ffff : 0x00cf9b000000ffff,
        [BOOT_SEL_DATA / 8] = 0x00cf93000000ffff,
    };
    boot->cs = BOOT_SEL_CODE;
    boot->ds = BOOT_SEL_DATA;
    boot->gdt_base = boot_put_table(ram, gdt, sizeof(gdt), 8);
    boot->gdt_limit = sizeof(gdt) - 1;
    return boot->gdt_base != 0;
}

/* Some distributions pack their multiboot images with gzip and leave unpacking to the loader. */
static bool unwrap_gzip(BootFile *file, GError **error)
{
    const char *format = unpack_format(file->data, file->len);
    if (g_strcmp0(format, "gzip") != 0 || file->len < 8) {
        return true;
    }
    g_autoptr(GError) cause = NULL;
    GBytes *unpacked =
        unpack(file->data, file->len, bytes_get32(file->data + file->len - 4), &cause);
    if (!unpacked) {
        return boot_error(error, file, "%s", cause->message);
    }
    g_free(file->data);
    file->data = g_bytes_unref_to_data(unpacked, &file->len);
    return true;
}

bool boot_load(const BootInfo *info, CpuBoot *boot, GError **error)
{
    static const struct {
        bool (*is)(const uint8_t *data, size_t len);
        bool (*load)(BootRam *ram, const BootFile *kernel, CpuBoot *boot, GError **error);
    } protocols[] = {
        {bzimage_is, bzimage_load},
        {multiboot_is, multiboot_load},
        {pvh_is, pvh_load},
    };
    g_auto(BootFile) kernel = {0};
    if (!boot_file_read(&kernel, "kernel", info->kernel, error) || !unwrap_gzip(&kernel, error)) {
        return false;
    }
    g_auto(BootRam) ram = {0};
    boot_ram_init(&ram, info);
    boot_write_bios(info);
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (protocols[i].is(kernel.data, kernel.len)) {
            return protocols[i].load(&ram, &kernel, boot, error);
        }
    }
    return boot_error(error, &kernel,
                      "not a kernel this machine can start (or truncated); it takes a bzImage, an "
                      "ELF image with a PVH note, or a multiboot image");
}
