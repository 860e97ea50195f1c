/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs for both monitors: their models, what they are made of, and NMIs. */
#include <string.h>

#include "base/jsontext.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"
#include "target/i386/cpu.h"

static JsonNode *query_target(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "arch", "x86_64");
    return qmp_object_node(o);
}

static JsonNode *query_cpus(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (!machine_cpu_is_present(machine, i)) {
            continue;
        }
        JsonObject *o = json_object_new();
        g_autofree char *path = machine_cpu_path(machine, i);
        json_object_set_int_member(o, "cpu-index", i);
        json_object_set_string_member(o, "qom-path", path);
        json_object_set_int_member(o, "thread-id", 0);
        json_object_set_string_member(o, "target", "x86_64");
        json_object_set_object_member(o, "props", qmp_cpu_place(machine, i));
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static JsonNode *query_cpu_definitions(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const char *name;
    for (unsigned i = 0; (name = cpu_model_listed(i)); i++) {
        JsonObject *o = json_object_new();
        g_autofree char *type = g_strdup_printf("%s-x86_64-cpu", name);
        json_object_set_string_member(o, "name", name);
        json_object_set_string_member(o, "typename", type);
        json_object_set_boolean_member(o, "static", strcmp(name, "base") == 0);
        json_object_set_boolean_member(o, "migration-safe",
                                       strcmp(name, "max") != 0 && strcmp(name, "host") != 0);
        json_object_set_boolean_member(o, "deprecated", FALSE);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

/* CpuModelInfo as -cpu spells it: "name,feature=on". */
static char *model_text(JsonObject *model, GError **error)
{
    const char *name = qmp_member_text(model, "name", NULL);
    if (!name) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Parameter 'model.name' is missing");
        return NULL;
    }
    g_autoptr(GString) text = g_string_new(name);
    JsonNode *node = json_object_get_member(model, "props");
    if (node && JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObjectIter iter;
        const char *key;
        JsonNode *value;
        json_object_iter_init_ordered(&iter, json_node_get_object(node));
        while (json_object_iter_next_ordered(&iter, &key, &value)) {
            g_autofree char *as_text = json_option_value(value);
            g_string_append_printf(text, ",%s=%s", key, as_text ? as_text : "");
        }
    }
    return g_strdup(text->str);
}

static void add_feature(const char *name, bool on, void *opaque)
{
    json_object_set_boolean_member(opaque, name, on);
}

/* "static" names what differs from the base model, which has nothing that can be left out; "full"
 * all.
 */
static JsonNode *expand_model(Machine *machine, JsonObject *args, GError **error)
{
    const char *type = json_object_get_string_member(args, "type");
    bool full = strcmp(type, "full") == 0;
    if (!full && strcmp(type, "static") != 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Parameter 'type' does not accept value '%s'", type);
        return NULL;
    }
    g_autofree char *text = model_text(json_object_get_object_member(args, "model"), error);
    GError *inner = NULL;
    CpuModel *model = text ? cpu_model_parse(text, &inner) : NULL;
    if (!model) {
        return text ? qmp_fail(inner, error) : NULL;
    }
    JsonObject *props = json_object_new(), *info = json_object_new(), *outer = json_object_new();
    cpu_model_features(model, add_feature, props);
    g_auto(GStrv) words = g_strsplit(text, ",", 2);
    json_object_set_string_member(info, "name", full ? words[0] : "base");
    json_object_set_object_member(info, "props", props);
    json_object_set_object_member(outer, "model", info);
    cpu_model_free(model);
    return qmp_object_node(outer);
}

static JsonNode *run_inject_nmi(Machine *machine, JsonObject *args, GError **error)
{
    if (machine_pulse_nmi(machine) == 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "machine does not provide NMIs");
        return NULL;
    }
    return qmp_empty();
}

void hmp_nmi(Machine *machine, char **args, GString *out)
{
    if (machine_pulse_nmi(machine) == 0) {
        g_string_append(out, "Error: machine does not provide NMIs\n");
    }
}

const QmpCommand qmp_commands_cpu[] = {
    {"query-target", NULL, query_target, .effect = COMMAND_KEEPS},
    {"query-cpus-fast", NULL, query_cpus, .effect = COMMAND_KEEPS},
    {"query-cpu-definitions", NULL, query_cpu_definitions, .effect = COMMAND_KEEPS},
    {"query-cpu-model-expansion", "type:s model:o", expand_model, .effect = COMMAND_KEEPS},
    {"inject-nmi", NULL, run_inject_nmi, .effect = COMMAND_CHANGES},
    {NULL},
};
