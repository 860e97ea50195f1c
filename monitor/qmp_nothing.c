/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP commands about what a machine can have and none has here: they answer so, since clients ask
 * them before they know. A row leaves when its thing comes.
 */
#include "monitor/commands.h"

static JsonNode *nothing_listed(Machine *machine, JsonObject *args, GError **error)
{
    return qmp_array_node(json_array_new());
}

static JsonNode *nothing_done(Machine *machine, JsonObject *args, GError **error)
{
    return qmp_empty();
}

static JsonNode *nothing_enabled(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_boolean_member(o, "enabled", FALSE);
    return qmp_object_node(o);
}

static JsonNode *nothing_shown(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "type", "none");
    return qmp_object_node(o);
}

static JsonNode *no_feature(GError **error, const char *what)
{
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "%s is not available", what);
    return NULL;
}

static JsonNode *no_sgx(Machine *machine, JsonObject *args, GError **error)
{
    return no_feature(error, "SGX");
}

static JsonNode *no_sev(Machine *machine, JsonObject *args, GError **error)
{
    return no_feature(error, "SEV");
}

static JsonNode *no_rocker(Machine *machine, JsonObject *args, GError **error)
{
    return no_feature(error, "A rocker switch");
}

const QmpCommand qmp_commands_nothing[] = {
    {"query-acpi-ospm-status", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-block-exports", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-block-jobs", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-display-options", NULL, nothing_shown, .effect = COMMAND_KEEPS},
    {"query-iothreads", NULL, nothing_listed,
     .effect = COMMAND_KEEPS}, /* one thread runs everything */
    {"query-memory-devices", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-pr-managers", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-rocker", "name:s", no_rocker, .effect = COMMAND_KEEPS},
    {"query-sev", NULL, nothing_enabled, .effect = COMMAND_KEEPS},
    {"query-sev-capabilities", NULL, no_sev, .effect = COMMAND_KEEPS},
    {"query-sev-launch-measure", NULL, no_sev, .effect = COMMAND_KEEPS},
    {"query-sgx", NULL, no_sgx, .effect = COMMAND_KEEPS},
    {"query-sgx-capabilities", NULL, no_sgx, .effect = COMMAND_KEEPS},
    {"query-spice", NULL, nothing_enabled, .effect = COMMAND_KEEPS},
    {"query-stats", "target:s *", nothing_listed, .effect = COMMAND_KEEPS},
    {"query-stats-schemas", "?provider:s", nothing_listed, .effect = COMMAND_KEEPS},
    {"query-tpm", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-tpm-models", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-tpm-types", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"query-yank", NULL, nothing_listed, .effect = COMMAND_KEEPS},
    {"rtc-reset-reinjection", NULL, nothing_done, .effect = COMMAND_KEEPS},
    {NULL},
};
