/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of other formats than raw, by qemu-nbd: made and looked at by qemu-img. Pieces of any
 * length anywhere, what was there before, backing files, locks, what is not an image; and a raw
 * image without a format said, whose head a guest tries to change.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"

#define DISK_BYTES (3u * 1024 * 1024)

static char *folder;

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

G_GNUC_PRINTF(1, 2) static void run(const char *format, ...)
{
    va_list args;
    GError *error = NULL;
    int status;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    bool ran = g_spawn_command_line_sync(line, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_true(ran && g_spawn_check_wait_status(status, NULL));
}

static void fill(uint8_t *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(seed + i * 7 + i / 251);
    }
}

static BlockBackend *open_disk(const char *file, const char *format, bool read_only)
{
    GError *error = NULL;
    const BlockOptions options = {.file = file, .format = format, .read_only = read_only};
    BlockBackend *blk = blk_open("d", &options, &error);
    g_assert_no_error(error);
    return blk;
}

/* As a raw file, by qemu-img. */
static void assert_holds(const char *file, const char *format, const uint8_t *expected)
{
    g_autofree char *raw = path_of("check.raw"), *bytes = NULL;
    gsize len;
    run("qemu-img convert -f %s -O raw %s %s", format, file, raw);
    g_assert_true(g_file_get_contents(raw, &bytes, &len, NULL));
    g_assert_cmpuint(len, ==, DISK_BYTES);
    g_assert_true(memcmp(bytes, expected, DISK_BYTES) == 0);
    g_unlink(raw);
}

static void put(BlockBackend *blk, uint8_t *model, uint64_t at, size_t len, unsigned seed)
{
    fill(model + at, len, seed);
    g_assert_true(blk_write(blk, at, model + at, len));
}

static void test_format(gconstpointer data)
{
    const char *format = data;
    g_autofree char *file = path_of("disk"), *model = g_malloc0(DISK_BYTES);
    g_autofree char *back = g_malloc(DISK_BYTES);
    run("qemu-img create -q -f %s %s %u", format, file, DISK_BYTES);
    BlockBackend *blk = open_disk(file, NULL, false);
    g_assert_cmpstr(blk_format(blk), ==, format);
    g_assert_cmpuint(blk_size(blk), ==, DISK_BYTES);
    put(blk, (uint8_t *)model, 0, 4096, 1);
    put(blk, (uint8_t *)model, 777, 3000, 2); /* no whole sectors */
    put(blk, (uint8_t *)model, 65530, 13, 3);
    put(blk, (uint8_t *)model, 512 * 1024 + 1, 2 * 1024 * 1024, 4);
    put(blk, (uint8_t *)model, DISK_BYTES - 5, 5, 5);
    g_assert_true(blk_flush(blk));
    g_assert_true(blk_read(blk, 0, back, DISK_BYTES));
    g_assert_true(memcmp(back, model, DISK_BYTES) == 0);
    g_assert_false(blk_write(blk, DISK_BYTES - 1, back, 2));
    blk_close(blk);
    assert_holds(file, format, (uint8_t *)model);
    blk = open_disk(file, format, true);
    g_assert_false(blk_write(blk, 0, back, 512));
    g_assert_true(blk_read(blk, 777, back, 3000));
    g_assert_true(memcmp(back, model + 777, 3000) == 0);
    blk_close(blk);
    g_unlink(file);
}

/* What is not in the image is its backing file's, which stays as it was. */
static void test_backing(void)
{
    g_autofree char *base = path_of("base.raw"), *file = path_of("top"), *before = NULL;
    g_autofree uint8_t *model = g_malloc(DISK_BYTES);
    fill(model, DISK_BYTES, 9);
    g_assert_true(g_file_set_contents(base, (char *)model, DISK_BYTES, NULL));
    run("qemu-img create -q -f qcow2 -b %s -F raw %s", base, file);
    BlockBackend *blk = open_disk(file, "qcow2", false);
    put(blk, model, 100001, 3000, 77);
    g_assert_true(blk_discard(blk, 0, 65536)); /* which nobody asked the host for */
    blk_close(blk);
    assert_holds(file, "qcow2", model);
    fill(model, DISK_BYTES, 9);
    g_assert_true(g_file_get_contents(base, &before, NULL, NULL));
    g_assert_true(memcmp(before, model, DISK_BYTES) == 0);
    g_unlink(file);
    g_unlink(base);
}

static void test_snapshot(void)
{
    g_autofree char *file = path_of("disk");
    g_autofree uint8_t *model = g_malloc0(DISK_BYTES);
    uint8_t back[3000];
    run("qemu-img create -q -f qcow2 %s %u", file, DISK_BYTES);
    const BlockOptions options = {.file = file, .snapshot = true};
    BlockBackend *blk = blk_open("d", &options, NULL);
    g_assert_true(blk_write(blk, 65530, "forgotten", 9));
    g_assert_true(blk_read(blk, 65530, back, 9));
    g_assert_cmpmem(back, 9, "forgotten", 9);
    blk_close(blk);
    assert_holds(file, "qcow2", model);
    g_unlink(file);
}

/* Two that write are refused, one that reads beside it, too; and qemu-img says the same of ours. */
static void test_locks(void)
{
    g_autofree char *file = path_of("disk");
    GError *error = NULL;
    run("qemu-img create -q -f qcow2 %s %u", file, DISK_BYTES);
    BlockBackend *blk = open_disk(file, NULL, false);
    for (int read_only = 0; read_only < 2; read_only++) {
        const BlockOptions options = {.file = file, .read_only = read_only};
        g_assert_null(blk_open("e", &options, &error));
        g_assert_nonnull(strstr(error->message, "Failed to get"));
        g_assert_null(strchr(error->message, '\n'));
        g_clear_error(&error);
    }
    blk_close(blk);
    blk_close(open_disk(file, NULL, false)); /* free at once */
    g_unlink(file);
}

/* qemu-nbd is killed under it: errors from then on, and no signal for us. */
static void test_gone(void)
{
    g_autofree char *file = path_of("disk"), *children = NULL, *list = NULL;
    char byte = 0;
    run("qemu-img create -q -f qcow2 %s %u", file, DISK_BYTES);
    BlockBackend *blk = open_disk(file, NULL, false);
    g_assert_true(blk_read(blk, 0, &byte, 1));
    children = g_strdup_printf("/proc/self/task/%d/children", getpid());
    g_assert_true(g_file_get_contents(children, &list, NULL, NULL));
    kill((pid_t)g_ascii_strtoll(list, NULL, 10), SIGKILL);
    while (blk_read(blk, 0, &byte, 1)) { /* it may still be at work */
    }
    g_assert_false(blk_write(blk, 0, &byte, 1));
    g_assert_cmpint(errno, ==, EIO);
    g_assert_false(blk_flush(blk));
    blk_close(blk);
    g_unlink(file);
}

static void test_bad_images(void)
{
    g_autofree char *file = path_of("disk");
    static const char *const heads[] = {"QFI\xfb is none", "KDMV", "vhdxfile", "raw as such"};
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        GError *error = NULL;
        bool is_raw = i == G_N_ELEMENTS(heads) - 1;
        char bytes[4096] = "";
        strcpy(bytes, heads[i]);
        g_assert_true(g_file_set_contents(file, bytes, sizeof(bytes), NULL));
        const BlockOptions options = {.file = file, .format = is_raw ? "qcow2" : NULL};
        g_assert_null(blk_open("d", &options, &error));
        g_assert_nonnull(strstr(error->message, file));
        g_assert_null(strchr(error->message, '\n'));
        g_clear_error(&error);
        const BlockOptions as_raw = {.file = file, .format = "raw"}; /* the user knows best */
        BlockBackend *blk = blk_open("d", &as_raw, &error);
        g_assert_no_error(error);
        blk_close(blk);
    }
    g_unlink(file);
}

static void test_no_program(void)
{
    g_autofree char *file = path_of("disk"), *path = g_strdup(g_getenv("PATH"));
    GError *error = NULL;
    run("qemu-img create -q -f qcow2 %s %u", file, DISK_BYTES);
    g_setenv("PATH", folder, true);
    const BlockOptions options = {.file = file};
    g_assert_null(blk_open("d", &options, &error));
    g_setenv("PATH", path, true);
    g_assert_nonnull(strstr(error->message, "qemu-utils"));
    g_clear_error(&error);
    g_unlink(file);
}

/* A raw image without a format said: its next start is not to follow what the guest wrote. */
static void test_guess(void)
{
    g_autofree char *file = path_of("disk");
    char bytes[4096] = "";
    static const struct {
        uint64_t at;
        const char *text;
    } bad[] = {{0, "QFI\xfb"}, {64, "\x7f\x10\xda\xbe"}, {0, "vhdx"}};
    g_assert_true(g_file_set_contents(file, bytes, sizeof(bytes), NULL));
    BlockBackend *blk = open_disk(file, NULL, false);
    g_assert_true(blk_format_was_guessed(blk));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        errno = 0;
        g_assert_false(blk_write(blk, bad[i].at, bad[i].text, 4));
        g_assert_cmpint(errno, ==, EPERM);
    }
    g_assert_true(blk_write(blk, 0, "QFI", 3));
    g_assert_false(blk_write(blk, 3, "\xfb", 1)); /* in parts it is the same */
    g_assert_true(blk_write(blk, 512, "QFI\xfb", 4));
    g_assert_true(blk_write(blk, 0, "boot", 4));
    blk_close(blk);
    blk = open_disk(file, "raw", false);
    g_assert_true(blk_write(blk, 0, "QFI\xfb", 4));
    blk_close(blk);
    g_unlink(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const char *const formats[] = {"qcow2", "vmdk", "vdi", "vhdx"};
    folder = g_dir_make_tmp("formats-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *path = g_strdup_printf("/image-formats/%s", formats[i]);
        g_test_add_data_func(path, formats[i], test_format);
    }
    g_test_add_func("/image-formats/backing", test_backing);
    g_test_add_func("/image-formats/snapshot", test_snapshot);
    g_test_add_func("/image-formats/locks", test_locks);
    g_test_add_func("/image-formats/gone", test_gone);
    g_test_add_func("/image-formats/bad-images", test_bad_images);
    g_test_add_func("/image-formats/no-program", test_no_program);
    g_test_add_func("/image-formats/guess", test_guess);
    int result = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return result;
}
