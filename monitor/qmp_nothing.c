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
    {"query-acpi-ospm-status", NULL, nothing_listed},
    {"query-block-exports", NULL, nothing_listed},
    {"query-block-jobs", NULL, nothing_listed},
    {"query-display-options", NULL, nothing_shown},
    {"query-fdsets", NULL, nothing_listed},
    {"query-iothreads", NULL, nothing_listed}, /* one thread runs everything */
    {"query-memdev", NULL, nothing_listed},
    {"query-memory-devices", NULL, nothing_listed},
    {"query-pr-managers", NULL, nothing_listed},
    {"query-rocker", "name:s", no_rocker},
    {"query-sev", NULL, nothing_enabled},
    {"query-sev-capabilities", NULL, no_sev},
    {"query-sev-launch-measure", NULL, no_sev},
    {"query-sgx", NULL, no_sgx},
    {"query-sgx-capabilities", NULL, no_sgx},
    {"query-spice", NULL, nothing_enabled},
    {"query-stats", "target:s *", nothing_listed},
    {"query-stats-schemas", "?provider:s", nothing_listed},
    {"query-tpm", NULL, nothing_listed},
    {"query-tpm-models", NULL, nothing_listed},
    {"query-tpm-types", NULL, nothing_listed},
    {"query-yank", NULL, nothing_listed},
    {"rtc-reset-reinjection", NULL, nothing_done},
    {NULL},
};
