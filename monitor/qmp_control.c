/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that do something, and the look-up in all command tables. */
#include <string.h>

#include "monitor/commands.h"
#include "monitor/hmp.h"

static const QmpCommand *const tables[] = {
    qmp_commands_chardev, qmp_commands_checkpoint, qmp_commands_control, qmp_commands_cpu,
    qmp_commands_dump,    qmp_commands_hotplug,    qmp_commands_input,   qmp_commands_intr,
    qmp_commands_jobs,    qmp_commands_journal,    qmp_commands_lint,    qmp_commands_log,
    qmp_commands_memory,  qmp_commands_migration,  qmp_commands_net,     qmp_commands_nothing,
    qmp_commands_more,    qmp_commands_qom,        qmp_commands_query,   qmp_commands_schema,
    qmp_commands_screen,  qmp_commands_vnc};

const QmpCommand *qmp_command_find(const char *name)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const QmpCommand *c = tables[t]; c->name; c++) {
            if (strcmp(c->name, name) == 0) {
                return c;
            }
        }
    }
    return NULL;
}

void qmp_command_foreach(void (*visit)(const QmpCommand *command, void *opaque), void *opaque)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const QmpCommand *c = tables[t]; c->name; c++) {
            visit(c, opaque);
        }
    }
}

JsonNode *qmp_fail(GError *inner, GError **error)
{
    bool missing = g_error_matches(inner, DEVICE_ERROR, DEVICE_ERROR_NO_DEVICE);
    g_set_error(error, QMP_ERROR, missing ? QMP_DEVICE_NOT_FOUND : QMP_GENERIC_ERROR, "%s",
                inner->message);
    g_error_free(inner);
    return NULL;
}

static JsonNode *run_quit(Machine *machine, JsonObject *args, GError **error)
{
    runstate_request_shutdown(machine->runstate, CAUSE_HOST_QMP_QUIT);
    return qmp_empty();
}

static JsonNode *run_reset(Machine *machine, JsonObject *args, GError **error)
{
    runstate_request_reset(machine->runstate, CAUSE_HOST_QMP_RESET);
    return qmp_empty();
}

static JsonNode *run_powerdown(Machine *machine, JsonObject *args, GError **error)
{
    runstate_request_powerdown(machine->runstate);
    return qmp_empty();
}

static JsonNode *run_wakeup(Machine *machine, JsonObject *args, GError **error)
{
    if (!runstate_is_suspended(machine->runstate)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Unable to wake up: guest is not in suspended state");
        return NULL;
    }
    runstate_request_wakeup(machine->runstate);
    return qmp_empty();
}

static JsonNode *run_stop(Machine *machine, JsonObject *args, GError **error)
{
    runstate_stop(machine->runstate);
    return qmp_empty();
}

static JsonNode *run_cont(Machine *machine, JsonObject *args, GError **error)
{
    if (strcmp(runstate_name(machine->runstate), "shutdown") == 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Resetting the Virtual Machine is required");
        return NULL;
    }
    runstate_cont(machine->runstate);
    return qmp_empty();
}

static bool set_watchdog(Machine *machine, const char *name, GError **error)
{
    WatchdogAction action;
    if (!watchdog_action_find(name, &action)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Parameter 'action' does not accept value '%s'", name);
        return false;
    }
    runstate_set_watchdog(machine->runstate, action);
    return true;
}

static JsonNode *run_watchdog(Machine *machine, JsonObject *args, GError **error)
{
    const char *action = json_object_get_string_member(args, "action");
    return set_watchdog(machine, action, error) ? qmp_empty() : NULL;
}

static JsonNode *run_hmp(Machine *machine, JsonObject *args, GError **error)
{
    gint64 cpu = json_object_get_int_member_with_default(args, "cpu-index", 0);
    bool given = json_object_has_member(args, "cpu-index");
    if (given && (cpu < 0 || cpu >= machine->cpu_count)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Parameter 'cpu-index' expects a CPU number below %u", machine->cpu_count);
        return NULL;
    }
    GString *out = g_string_new(NULL);
    hmp_execute(machine, (unsigned)cpu, json_object_get_string_member(args, "command-line"), out);
    JsonNode *node = json_node_init_string(json_node_alloc(), out->str);
    g_string_free(out, TRUE);
    return node;
}

/* Negotiated by the server itself; listed so that query-commands shows it. */
static JsonNode *run_capabilities(Machine *machine, JsonObject *args, GError **error)
{
    return qmp_empty();
}

const QmpCommand qmp_commands_control[] = {
    {"qmp_capabilities", "?enable:a", run_capabilities, .effect = COMMAND_KEEPS},
    {"quit", NULL, run_quit, .effect = COMMAND_KEEPS},
    {"system_reset", NULL, run_reset, .effect = COMMAND_CHANGES},
    {"system_powerdown", NULL, run_powerdown, .effect = COMMAND_CHANGES},
    {"system_wakeup", NULL, run_wakeup, .effect = COMMAND_CHANGES},
    {"stop", NULL, run_stop, .effect = COMMAND_KEEPS},
    {"cont", NULL, run_cont, .effect = COMMAND_KEEPS},
    {"watchdog-set-action", "action:s", run_watchdog, .effect = COMMAND_CHANGES},
    {"human-monitor-command", "command-line:s ?cpu-index:i", run_hmp, .effect = COMMAND_CARRIES},
    {NULL},
};
