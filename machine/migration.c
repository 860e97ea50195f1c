/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Migration by way of a file (include/machine/migration.h). Left out: other channels, and going on
 * while memory is copied. */
#include "machine/migration.h"

#include "machine/snapshot.h"

static const char *migration_file(const char *uri, GError **error)
{
    if (g_str_has_prefix(uri, "file:") && uri[5]) {
        return uri + 5;
    }
    g_set_error(error, OPT_ERROR, 0, "'%s' is no channel of ours; write file:PATH", uri);
    return NULL;
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

bool migration_send(Machine *machine, const char *uri, GError **error)
{
    const char *path = migration_file(uri, error);
    bool ran = runstate_time_passes(machine->runstate);
    GError *why = NULL;
    if (!path) {
        return false;
    }
    gint64 start = g_get_monotonic_time();
    set_status(machine, "setup");
    runstate_stop(machine->runstate);
    set_status(machine, "active");
    if (!snapshot_write(machine, path, &why)) {
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

bool migration_receive(Machine *machine, const char *uri, GError **error)
{
    const char *path = migration_file(uri, error);
    GError *why = NULL;
    if (!path) {
        return false;
    }
    set_status(machine, "setup");
    set_status(machine, "active");
    if (!snapshot_read(machine, path, &why)) {
        failed(machine, why);
        g_propagate_error(error, why);
        return false;
    }
    runstate_mark_incoming(machine->runstate, false);
    set_status(machine, "completed");
    if (machine->migration.starts) {
        runstate_cont(machine->runstate);
    }
    return true;
}
