/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots, for both monitors: `savevm`, `loadvm`, `delvm`, `info snapshots`. */
#include "machine/snapshot.h"

#include "monitor/hmp_commands.h"

typedef bool (*SnapshotAct)(Machine *machine, const char *name, GError **error);

static void act_on(Machine *machine, char **args, GString *out, SnapshotAct act)
{
    GError *error = NULL;
    if (!args[1] || args[2]) {
        g_string_append_printf(out, "usage: %s NAME\n", args[0]);
    } else if (!act(machine, args[1], &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_savevm(Machine *machine, char **args, GString *out)
{
    act_on(machine, args, out, snapshot_save);
}

void hmp_loadvm(Machine *machine, char **args, GString *out)
{
    act_on(machine, args, out, snapshot_load);
}

void hmp_delvm(Machine *machine, char **args, GString *out)
{
    act_on(machine, args, out, snapshot_delete);
}

static void say_snapshot(const SnapshotInfo *info, GString *out)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(info->date);
    g_autofree char *when = date ? g_date_time_format(date, "%Y-%m-%d %H:%M:%S") : g_strdup("");
    g_string_append_printf(out, "%-20s %8.1f MiB %s %12.6f s %15" PRIu64 "\n", info->name,
                           (double)info->bytes / (1 << 20), when,
                           (double)info->clock_ns / NS_PER_SEC, info->executed);
}

void hmp_info_snapshots(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) list = snapshot_list(machine, &error);
    if (!list) {
        hmp_say_error(out, error);
        return;
    }
    if (list->len == 0) {
        g_string_append(out, "There is no snapshot available.\n");
        return;
    }
    g_string_append_printf(out, "%-20s %12s %-19s %14s %15s\n", "TAG", "SIZE", "DATE", "CLOCK",
                           "INSTRUCTIONS");
    for (guint i = 0; i < list->len; i++) {
        say_snapshot(list->pdata[i], out);
    }
}
