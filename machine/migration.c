/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Migration (include/machine/migration.h). A file is written anew or not at all, and read at once.
 * Left out: going on while memory is copied. */
#include "machine/migration.h"

#include <string.h>

#include "base/report.h"
#include "machine/machine_shares.h"
#include "machine/migration_channel.h"
#include "machine/snapshot.h"

/* NULL: it is another channel, or none. */
static const char *migration_file(const char *uri)
{
    return g_str_has_prefix(uri, "file:") && uri[5] ? uri + 5 : NULL;
}

bool migration_uri_is_known(const char *uri, GError **error)
{
    static const char *const kinds[] = {"exec:", "fd:", "file:", "tcp:", "unix:"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(uri, kinds[i]) && uri[strlen(kinds[i])]) {
            return true;
        }
    }
    g_set_error(error, OPT_ERROR, 0,
                "'%s' is no channel of ours; write file:PATH, exec:COMMAND, fd:NUMBER, "
                "tcp:HOST:PORT or unix:PATH",
                uri);
    return false;
}

static void set_status(Machine *machine, const char *status)
{
    Migration *m = &machine->migration;
    m->status = status;
    if (m->events) {
        g_autofree char *data = g_strdup_printf("{\"status\": \"%s\"}", status);
        runstate_tell(machine->runstate, "MIGRATION", data);
    }
}

static void failed(Machine *machine, const GError *error)
{
    g_free(machine->migration.error);
    machine->migration.error = g_strdup(error->message);
    set_status(machine, "failed");
}

static bool migration_send_to(Machine *machine, const char *uri, GError **error)
{
    const char *path = migration_file(uri);
    if (path) {
        return snapshot_write(machine, path, error);
    }
    g_autoptr(GByteArray) bytes = snapshot_pack(machine, error);
    return bytes && migration_channel_put(uri, bytes, error);
}

bool migration_send(Machine *machine, const char *uri, GError **error)
{
    bool ran = runstate_time_passes(machine->runstate);
    GError *why = NULL;
    if (!migration_uri_is_known(uri, error) || !shares_are_idle(machine, error)) {
        return false;
    }
    gint64 start = g_get_monotonic_time();
    set_status(machine, "setup");
    runstate_stop(machine->runstate);
    set_status(machine, "active");
    if (!migration_send_to(machine, uri, &why)) {
        failed(machine, why);
        g_propagate_error(error, why);
        if (ran) {
            runstate_cont(machine->runstate);
        }
        return false;
    }
    machine->migration.total_ms = (g_get_monotonic_time() - start) / 1000;
    runstate_mark_migrated(machine->runstate);
    set_status(machine, "completed");
    return true;
}

static void received(Machine *machine)
{
    runstate_mark_incoming(machine->runstate, false);
    set_status(machine, "completed");
    if (machine->migration.starts) {
        runstate_cont(machine->runstate);
    }
}

/* Nobody waits for the answer any more: a machine that did not come is the end. */
static void has_come(void *opaque, const GByteArray *bytes, const GError *error)
{
    Machine *machine = opaque;
    g_autoptr(GError) why = error ? g_error_copy(error) : NULL;
    set_status(machine, "active");
    if (bytes && snapshot_unpack(machine, "-incoming", bytes->data, bytes->len, &why)) {
        received(machine);
        return;
    }
    failed(machine, why);
    g_printerr(PROGRAM ": %s\n", why->message);
    runstate_request_exit(machine->runstate, 1);
}

bool migration_receive(Machine *machine, const char *uri, GError **error)
{
    const char *path = migration_file(uri);
    GError *why = NULL;
    if (!migration_uri_is_known(uri, error)) {
        return false;
    }
    set_status(machine, "setup");
    if (path) {
        set_status(machine, "active");
    }
    bool good =
        path ? snapshot_read(machine, path, &why)
             : migration_channel_take(uri, snapshot_most_bytes(machine), has_come, machine, &why);
    if (!good) {
        failed(machine, why);
        g_propagate_error(error, why);
        return false;
    }
    if (path) {
        received(machine);
    }
    return true;
}
