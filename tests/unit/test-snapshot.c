/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots in files: names, drives that forget, migration, and files that somebody changed. */
#include "machine/snapshot.h"

#include <glib/gstdio.h>
#include <signal.h>

#include "machine-fixture.h"
#include "machine/migration.h"

#define FILES 3000 /* changed ones; -m thorough: ten times as many */
#define DISK  (3 * BLK_CLUSTER_SIZE + 512)

typedef struct {
    Box box;
    char *folder, *disk;
} Shelf;

static void add_disk(Shelf *shelf, bool snapshot, const char *owner)
{
    GError *error = NULL;
    const BlockOptions options = {.file = shelf->disk, .snapshot = snapshot, .unlocked = true};
    BlockBackend *blk = blk_open("disk", &options, &error);
    box_must(blk && backends_add_drive(shelf->box.platform.backends, blk, &error) &&
                 (!owner || blk_claim(blk, owner, false, &error)),
             error);
}

/* A bare machine with a drive besides, whose writes are forgotten unless it is `kept`. */
static void shelf_open(Shelf *shelf, bool kept)
{
    MachineOptions options = box_machine_options();
    g_autofree uint8_t *zeros = g_malloc0(DISK);
    shelf->folder = g_dir_make_tmp("switchyard-test-XXXXXX", NULL);
    g_assert_nonnull(shelf->folder);
    shelf->disk = g_build_filename(shelf->folder, "disk", NULL);
    g_assert_true(g_file_set_contents(shelf->disk, (char *)zeros, DISK, NULL));
    options.snapshots = shelf->folder;
    box_open(&shelf->box, &options, false);
    add_disk(shelf, !kept, "somebody");
}

static void shelf_close(Shelf *shelf)
{
    const char *name;
    GDir *dir = g_dir_open(shelf->folder, 0, NULL);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(shelf->folder, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(shelf->folder);
    box_close(&shelf->box);
    g_free(shelf->folder);
    g_free(shelf->disk);
}

static BlockBackend *disk_of(const Shelf *shelf)
{
    return backends_drive(shelf->box.platform.backends, "disk");
}

static void assert_error(bool ok, GError **error, const char *what)
{
    g_assert_false(ok);
    g_assert_nonnull(*error);
    if (!strstr((*error)->message, what)) {
        g_error("'%s' is not in '%s'", what, (*error)->message);
    }
    g_clear_error(error);
}

static void test_names(void)
{
    static const char *const bad[] = {
        "",
        ".",
        "../x",
        "a/b",
        ".hidden",
        "0123456789012345678901234567890123456789012345678901234567890"
        "1234"};
    Shelf shelf;
    GError *error = NULL;
    shelf_open(&shelf, false);
    Machine *machine = shelf.box.machine;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_error(snapshot_save(machine, bad[i], &error), &error, "no '/'");
    }
    assert_error(snapshot_load(machine, "none", &error), &error, "'none' does not exist");
    assert_error(snapshot_delete(machine, "none", &error), &error, "'none' does not exist");
    g_assert_true(snapshot_save(machine, "two", &error));
    g_assert_true(snapshot_save(machine, "one", &error));
    g_assert_true(snapshot_save(machine, "two", &error));
    g_autoptr(GPtrArray) list = snapshot_list(machine, &error);
    g_assert_cmpuint(list->len, ==, 2);
    const SnapshotInfo *first = list->pdata[0];
    g_assert_cmpstr(first->name, ==, "one");
    g_assert_cmpint(first->clock_ns, ==, clock_now(shelf.box.platform.clock));
    g_assert_true(snapshot_delete(machine, "one", &error));
    assert_error(snapshot_load(machine, "one", &error), &error, "does not exist");
    machine->opts.snapshots = NULL;
    assert_error(snapshot_save(machine, "three", &error), &error, "-snapshots FOLDER");
    shelf_close(&shelf);
}

/* Time, memory and what was written to a drive are as they were. */
static void test_goes_back(void)
{
    Shelf shelf;
    GError *error = NULL;
    uint8_t a[512], b[512];
    shelf_open(&shelf, false);
    Machine *machine = shelf.box.machine;
    Clock *clock = shelf.box.platform.clock;
    memset(a, 'a', sizeof(a));
    clock_advance_to(clock, 5000);
    as_store(shelf.box.platform.memory, 0x5000, 1234, 8);
    g_assert_true(blk_write(disk_of(&shelf), DISK - 512, a, 512));
    g_assert_true(snapshot_save(machine, "s", &error));
    clock_advance_to(clock, 9000);
    as_store(shelf.box.platform.memory, 0x5000, 5678, 8);
    memset(b, 'b', sizeof(b));
    g_assert_true(blk_write(disk_of(&shelf), DISK - 512, b, 512));
    g_assert_true(blk_write(disk_of(&shelf), 0, b, 512));
    g_assert_true(snapshot_load(machine, "s", &error));
    g_assert_cmpint(clock_now(clock), ==, 5000);
    g_assert_cmpuint(as_load(shelf.box.platform.memory, 0x5000, 8, NULL), ==, 1234);
    g_assert_true(blk_read(disk_of(&shelf), DISK - 512, b, 512));
    g_assert_cmpmem(a, 512, b, 512);
    g_assert_true(blk_read(disk_of(&shelf), 0, b, 512));
    g_assert_cmpint(b[0], ==, 0);
    shelf_close(&shelf);
}

/* Its file would not go back with the machine. */
static void test_written_drive(void)
{
    Shelf shelf;
    GError *error = NULL;
    shelf_open(&shelf, true);
    assert_error(snapshot_save(shelf.box.machine, "s", &error), &error, "drive 'disk' is written");
    shelf_close(&shelf);
}

static void test_migration(void)
{
    Shelf shelf;
    GError *error = NULL;
    shelf_open(&shelf, true); /* stays where it is */
    Machine *machine = shelf.box.machine;
    g_autofree char *uri = g_strdup_printf("file:%s/moved", shelf.folder);
    assert_error(migration_send(machine, "pigeon:here", &error), &error, "write file:PATH");
    assert_error(migration_send(machine, "tcp:here", &error), &error, "has no port");
    assert_error(migration_send(machine, "fd:x", &error), &error, "write fd:NUMBER");
    assert_error(migration_send(machine, "exec:cat >/dev/null; exit 1", &error), &error,
                 "the command failed");
    assert_error(migration_send(machine, "exec:exit 1", &error), &error, "exec:exit 1: ");
    assert_error(migration_send(machine, "file:/nowhere/x", &error), &error,
                 "could not be written");
    g_assert_cmpstr(machine->migration.status, ==, "failed");
    as_store(shelf.box.platform.memory, 0x5000, 1234, 8);
    g_assert_true(migration_send(machine, uri, &error));
    g_assert_cmpstr(machine->migration.status, ==, "completed");
    g_assert_cmpstr(runstate_name(shelf.box.runstate), ==, "postmigrate");
    runstate_mark_incoming(shelf.box.runstate, true);
    runstate_cont(shelf.box.runstate);
    g_assert_cmpstr(runstate_name(shelf.box.runstate), ==, "inmigrate");
    as_store(shelf.box.platform.memory, 0x5000, 0, 8);
    assert_error(migration_receive(machine, "file:/nowhere/x", &error), &error, "/nowhere/x: ");
    g_assert_true(migration_receive(machine, uri, &error));
    g_assert_cmpstr(runstate_name(shelf.box.runstate), ==, "paused");
    g_assert_cmpuint(as_load(shelf.box.platform.memory, 0x5000, 8, NULL), ==, 1234);
    shelf_close(&shelf);
}

/* Each byte of the header is under its checksum. */
static void test_header(void)
{
    enum { HEADER_BYTES = 48 };
    Shelf shelf;
    GError *error = NULL;
    shelf_open(&shelf, false);
    g_assert_true(snapshot_save(shelf.box.machine, "s", &error));
    g_autofree char *path = g_build_filename(shelf.folder, "s.snapshot", NULL);
    g_autofree char *contents = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(path, &contents, &len, NULL));
    for (unsigned at = 0; at < HEADER_BYTES; at++) {
        contents[at] ^= 1;
        g_assert_true(g_file_set_contents(path, contents, (gssize)len, NULL));
        g_assert_false(snapshot_load(shelf.box.machine, "s", &error));
        g_assert_nonnull(strstr(error->message, "s.snapshot"));
        g_clear_error(&error);
        contents[at] ^= 1;
    }
    shelf_close(&shelf);
}

/* A few bytes other than they were, cut off, or with something behind. */
static void change(GRand *rand, GByteArray *file)
{
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
        g_byte_array_set_size(file, (guint)g_rand_int_range(rand, 0, (gint32)file->len));
        break;
    case 1:
        g_byte_array_append(file, file->data, (guint)g_rand_int_range(rand, 1, 100));
        break;
    case 2: /* the header */
        file->data[g_rand_int_range(rand, 0, 48)] ^= (uint8_t)g_rand_int_range(rand, 1, 256);
        break;
    default:
        for (int n = g_rand_int_range(rand, 1, 8); n > 0; n--) {
            file->data[g_rand_int_range(rand, 0, (gint32)file->len)] ^=
                (uint8_t)g_rand_int_range(rand, 1, 256);
        }
        break;
    }
}

/* All are refused: every byte is under a checksum, but for those of zstd's that mean nothing. */
static void test_changed_files(void)
{
    Shelf shelf;
    GError *error = NULL;
    shelf_open(&shelf, false);
    Machine *machine = shelf.box.machine;
    g_assert_true(snapshot_save(machine, "s", &error));
    g_autofree char *good = g_build_filename(shelf.folder, "s.snapshot", NULL);
    g_autofree char *bad = g_build_filename(shelf.folder, "t.snapshot", NULL);
    g_autofree char *contents = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(good, &contents, &len, NULL));
    unsigned refused = 0, files = g_test_thorough() ? 10 * FILES : FILES;
    for (unsigned i = 0; i < files; i++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());
        g_autoptr(GByteArray) file = g_byte_array_new();
        g_autoptr(GByteArray) before = box_save(&shelf.box);
        g_byte_array_append(file, (const guint8 *)contents, (guint)len);
        change(rand, file);
        g_assert_true(g_file_set_contents(bad, (char *)file->data, file->len, NULL));
        if (snapshot_load(machine, "t", &error)) {
            continue;
        }
        g_assert_nonnull(error);
        g_clear_error(&error);
        refused++;
        if (i % 100 == 0) {
            g_autoptr(GByteArray) after = box_save(&shelf.box);
            box_assert_same(before, after, "after what was refused");
        }
    }
    g_assert_cmpuint(refused, >=, files / 10 * 9);
    shelf_close(&shelf);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/snapshot/names", test_names);
    g_test_add_func("/snapshot/goes-back", test_goes_back);
    g_test_add_func("/snapshot/written-drive", test_written_drive);
    g_test_add_func("/snapshot/migration", test_migration);
    g_test_add_func("/snapshot/header", test_header);
    g_test_add_func("/snapshot/changed-files", test_changed_files);
    return g_test_run();
}
