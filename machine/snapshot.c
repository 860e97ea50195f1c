/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots by name, in the folder that -snapshots names (include/machine/snapshot.h). */
#include "machine/snapshot.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "hw/core/backends.h"
#include "machine/accel.h"
#include "machine/machine_drives.h"
#include "machine/machine_shares.h"
#include "machine/machine_state.h"
#include "machine/snapshot_file.h"

#define SUFFIX    ".snapshot"
#define NAME_MAX_ 64
/* What a state has beside memory and drives. */
#define LIMIT_REST (256ull << 20)

static uint64_t state_limit(const Machine *machine)
{
    uint64_t limit = LIMIT_REST + drives_limit(machine->platform.backends);
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        limit += ram->size + ram->size / PAGE_SIZE * 8;
    }
    return limit;
}

static SnapshotInfo info_of(const Machine *machine, const GByteArray *state)
{
    return (SnapshotInfo){
        .date = g_get_real_time() / G_USEC_PER_SEC,
        .clock_ns = clock_now(machine->platform.clock),
        .executed = machine_executed(machine),
        .size = state->len,
    };
}

bool snapshot_write(Machine *machine, const char *path, GError **error)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    if (!machine_save(machine, state, error)) {
        return false;
    }
    const SnapshotInfo info = info_of(machine, state);
    return snapshot_file_write(path, &info, state, error);
}

GByteArray *snapshot_pack(Machine *machine, GError **error)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    if (!machine_save(machine, state, error)) {
        return NULL;
    }
    const SnapshotInfo info = info_of(machine, state);
    return snapshot_file_encode(&info, state);
}

static bool load_state(Machine *machine, const char *path, GByteArray *state, GError **error)
{
    if (!state) {
        return false;
    }
    bool loaded = machine_load(machine, state->data, state->len, error);
    if (!loaded) {
        g_prefix_error(error, "%s: ", path);
    }
    g_byte_array_unref(state);
    return loaded;
}

bool snapshot_read(Machine *machine, const char *path, GError **error)
{
    return load_state(machine, path, snapshot_file_read(path, state_limit(machine), error), error);
}

bool snapshot_unpack(Machine *machine, const char *path, const uint8_t *data, size_t len,
                     GError **error)
{
    uint64_t limit = state_limit(machine);
    return load_state(machine, path, snapshot_file_decode(path, data, len, limit, error), error);
}

/* What cannot be compressed grows by less than a part in a hundred. */
uint64_t snapshot_most_bytes(const Machine *machine)
{
    uint64_t limit = state_limit(machine);
    return limit + limit / 64;
}

/* A name is one of a file, and not too clever. */
static char *snapshot_path(const Machine *machine, const char *name, GError **error)
{
    const char *folder = machine->opts.snapshots;
    if (!folder) {
        g_set_error(error, OPT_ERROR, 0, "there is no place for snapshots; -snapshots FOLDER has");
        return NULL;
    }
    if (!name[0] || name[0] == '.' || strchr(name, '/') || strlen(name) > NAME_MAX_ ||
        !g_utf8_validate(name, -1, NULL)) {
        g_set_error(error, OPT_ERROR, 0,
                    "a snapshot's name has 1 to %d letters, no '/' and no '.' at its beginning",
                    NAME_MAX_);
        return NULL;
    }
    return g_strdup_printf("%s/%s" SUFFIX, folder, name);
}

bool snapshot_save(Machine *machine, const char *name, GError **error)
{
    g_autofree char *path = snapshot_path(machine, name, error);
    const BlockBackend *written = drives_find_written(machine->platform.backends);
    if (!path || !shares_are_idle(machine, error)) {
        return false;
    }
    if (written) {
        g_set_error(error, OPT_ERROR, 0,
                    "drive '%s' is written to and would not be as the machine remembers it; use "
                    "-snapshot, or snapshot=on or readonly=on of the drive",
                    blk_id(written));
        return false;
    }
    return machine_while_stopped(machine, path, snapshot_write, error);
}

static bool must_exist(const char *path, const char *name, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "Snapshot '%s' does not exist in one or more devices", name);
    return false;
}

bool snapshot_exists(const Machine *machine, const char *name)
{
    g_autofree char *path = snapshot_path(machine, name, NULL);
    return path && g_file_test(path, G_FILE_TEST_EXISTS);
}

bool snapshot_load(Machine *machine, const char *name, GError **error)
{
    g_autofree char *path = snapshot_path(machine, name, error);
    return path && must_exist(path, name, error) &&
           machine_while_stopped(machine, path, snapshot_read, error);
}

bool snapshot_delete(Machine *machine, const char *name, GError **error)
{
    g_autofree char *path = snapshot_path(machine, name, error);
    if (!path || !must_exist(path, name, error)) {
        return false;
    }
    if (g_unlink(path) != 0) {
        g_set_error(error, OPT_ERROR, 0, "%s: %s", path, g_strerror(errno));
        return false;
    }
    return true;
}

static void snapshot_info_free(void *opaque)
{
    SnapshotInfo *info = opaque;
    g_free(info->name);
    g_free(info);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const SnapshotInfo *const *one = a, *const *other = b;
    return strcmp((*one)->name, (*other)->name);
}

static void list_file(GPtrArray *list, const char *folder, const char *file)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    SnapshotInfo info;
    if (!g_str_has_suffix(file, SUFFIX) || !snapshot_file_look(path, &info, NULL)) {
        return;
    }
    info.name = g_strndup(file, strlen(file) - strlen(SUFFIX));
    g_ptr_array_add(list, g_memdup2(&info, sizeof(info)));
}

GPtrArray *snapshot_list(const Machine *machine, GError **error)
{
    const char *file, *folder = machine->opts.snapshots;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(snapshot_info_free);
    GDir *dir = folder ? g_dir_open(folder, 0, error) : NULL;
    if (folder && !dir) {
        return NULL;
    }
    while (dir && (file = g_dir_read_name(dir)) != NULL) {
        list_file(list, folder, file);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_ptr_array_sort(list, by_name);
    return g_steal_pointer(&list);
}
