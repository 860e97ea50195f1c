/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checkpoints in memory, for both monitors. */
#include "machine/checkpoint.h"

#include "base/optlist.h"
#include "machine/machine_shares.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

void hmp_checkpoint(Machine *machine, char **args, GString *out)
{
    if (args[1]) {
        g_string_append(out, "usage: checkpoint\n");
        return;
    }
    GError *error = NULL;
    if (shares_are_idle(machine, &error)) {
        g_string_append_printf(out, "checkpoint %u\n", checkpoint_take(machine, false));
    } else {
        hmp_say_error(out, error);
    }
}

void hmp_restore(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    uint64_t id = 0;
    if (args[1] && (args[2] || !opt_parse_uint(args[1], &id) || id == 0 || id > UINT32_MAX)) {
        g_string_append(out, "usage: restore [NUMBER]\n");
    } else if (!checkpoint_restore(machine, (unsigned)id, &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_info_checkpoints(Machine *machine, char **args, GString *out)
{
    const GPtrArray *list = checkpoints(machine);
    for (guint i = 0; list && i < list->len; i++) {
        const Checkpoint *c = list->pdata[i];
        g_string_append_printf(out, "%5u %16" PRIu64 " instructions %16.9f s%s\n", c->id,
                               c->executed, (double)c->clock_ns / NS_PER_SEC,
                               c->automatic ? "" : ", asked for");
    }
    g_string_append_printf(out, "%u checkpoints keep %.1f MiB\n", list ? list->len : 0,
                           (double)checkpoints_bytes(machine) / (1 << 20));
}

static JsonNode *run_checkpoint(Machine *machine, JsonObject *args, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!shares_are_idle(machine, &why)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "%s", why->message);
        return NULL;
    }
    JsonObject *o = json_object_new();
    json_object_set_int_member(o, "id", checkpoint_take(machine, false));
    return qmp_object_node(o);
}

static JsonNode *run_restore(Machine *machine, JsonObject *args, GError **error)
{
    gint64 id = json_object_get_int_member_with_default(args, "id", 0);
    g_autoptr(GError) why = NULL;
    if (id < 0 || id > UINT32_MAX || !checkpoint_restore(machine, (unsigned)id, &why)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "%s",
                    why ? why->message : "id: there is no such number");
        return NULL;
    }
    return qmp_empty();
}

static JsonNode *query_checkpoints(Machine *machine, JsonObject *args, GError **error)
{
    const GPtrArray *list = checkpoints(machine);
    JsonArray *all = json_array_new();
    JsonObject *o = json_object_new();
    for (guint i = 0; list && i < list->len; i++) {
        const Checkpoint *c = list->pdata[i];
        JsonObject *one = json_object_new();
        json_object_set_int_member(one, "id", c->id);
        json_object_set_int_member(one, "instructions", (gint64)c->executed);
        json_object_set_int_member(one, "clock-nsec", c->clock_ns);
        json_object_set_boolean_member(one, "automatic", c->automatic);
        json_array_add_object_element(all, one);
    }
    json_object_set_array_member(o, "checkpoints", all);
    json_object_set_int_member(o, "bytes", (gint64)checkpoints_bytes(machine));
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_checkpoint[] = {
    {"x-checkpoint", NULL, run_checkpoint, .effect = COMMAND_KEEPS},
    {"x-restore", "?id:i", run_restore, .effect = COMMAND_GOES_BACK},
    {"x-query-checkpoints", NULL, query_checkpoints, .effect = COMMAND_KEEPS},
    {NULL},
};
