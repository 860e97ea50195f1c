/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Migration, for both monitors: `migrate`, `migrate-incoming`, their states and capabilities. */
#include "machine/migration.h"

#include <string.h>

#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

#define EVENTS "events" /* the capability: MIGRATION events */

static JsonNode *run_migrate(Machine *machine, JsonObject *args, GError **error)
{
    GError *inner = NULL;
    const char *uri = json_object_get_string_member(args, "uri");
    if (strcmp(runstate_name(machine->runstate), "inmigrate") == 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Guest is waiting for an incoming migration");
        return NULL;
    }
    return migration_send(machine, uri, &inner) ? qmp_empty() : qmp_fail(inner, error);
}

/* One has ended before the next command is read. */
static JsonNode *run_migrate_cancel(Machine *machine, JsonObject *args, GError **error)
{
    return qmp_empty();
}

static JsonNode *run_migrate_incoming(Machine *machine, JsonObject *args, GError **error)
{
    GError *inner = NULL;
    const char *uri = json_object_get_string_member(args, "uri");
    if (strcmp(runstate_name(machine->runstate), "inmigrate") != 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "'-incoming' was not specified on the command line");
        return NULL;
    }
    return migration_receive(machine, uri, &inner) ? qmp_empty() : qmp_fail(inner, error);
}

/* {} while there was none, as QEMU has it. */
static JsonNode *query_migrate(Machine *machine, JsonObject *args, GError **error)
{
    const Migration *m = &machine->migration;
    JsonObject *o = json_object_new();
    if (m->status) {
        json_object_set_string_member(o, "status", m->status);
    }
    if (m->status && strcmp(m->status, "completed") == 0) {
        json_object_set_int_member(o, "total-time", m->total_ms);
        json_object_set_int_member(o, "downtime", m->total_ms);
        json_object_set_int_member(o, "setup-time", 0);
    }
    if (m->status && strcmp(m->status, "failed") == 0) {
        json_object_set_string_member(o, "error-desc", m->error);
    }
    return qmp_object_node(o);
}

static JsonNode *query_migrate_capabilities(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "capability", EVENTS);
    json_object_set_boolean_member(o, "state", machine->migration.events);
    json_array_add_object_element(list, o);
    return qmp_array_node(list);
}

static bool set_capability(Machine *machine, JsonNode *element, GError **error)
{
    JsonObject *o = JSON_NODE_HOLDS_OBJECT(element) ? json_node_get_object(element) : NULL;
    const char *name = o ? qmp_member_text(o, "capability", NULL) : NULL;
    bool on = o && json_object_get_boolean_member_with_default(o, "state", FALSE);
    if (!name || (on && strcmp(name, EVENTS) != 0)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "There is no capability but '" EVENTS "'");
        return false;
    }
    if (strcmp(name, EVENTS) == 0) {
        machine->migration.events = on;
    }
    return true;
}

static JsonNode *run_migrate_set_capabilities(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_object_get_array_member(args, "capabilities");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        if (!set_capability(machine, json_array_get_element(list, i), error)) {
            return NULL;
        }
    }
    return qmp_empty();
}

const QmpCommand qmp_commands_migration[] = {
    {"migrate_cancel", NULL, run_migrate_cancel, .effect = COMMAND_KEEPS},
    {"migrate", "uri:s ?detach:b", run_migrate, .effect = COMMAND_KEEPS},
    {"migrate-incoming", "uri:s", run_migrate_incoming, .effect = COMMAND_REPLACES},
    {"query-migrate", NULL, query_migrate, .effect = COMMAND_KEEPS},
    {"query-migrate-capabilities", NULL, query_migrate_capabilities, .effect = COMMAND_KEEPS},
    {"migrate-set-capabilities", "capabilities:a", run_migrate_set_capabilities,
     .effect = COMMAND_KEEPS},
    {NULL},
};

void hmp_migrate(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    const char *uri = args[1] && strcmp(args[1], "-d") == 0 ? args[2] : args[1];
    if (!uri) {
        g_string_append(
            out, "usage: migrate [-d] file:PATH|exec:COMMAND|fd:NUMBER|tcp:HOST:PORT|unix:PATH\n");
    } else if (!migration_send(machine, uri, &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_info_migrate(Machine *machine, char **args, GString *out)
{
    const Migration *m = &machine->migration;
    if (!m->status) {
        return;
    }
    bool is_over = strcmp(m->status, "completed") == 0;
    g_string_append_printf(out, "Migration status: %s\n", m->status);
    if (is_over) {
        g_string_append_printf(out, "total time: %" PRId64 " ms\n", m->total_ms);
    }
    if (m->error && !is_over) {
        g_string_append_printf(out, "%s\n", m->error);
    }
}
