/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_add and device_del, and where a CPU can go: QMP and HMP. */
#include <string.h>

#include "machine/machine.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

/* What a member's value is in -device's text, commas doubled; NULL if that has no such values. */
static char *option_text(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_VALUE(node)) {
        return NULL;
    }
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING: {
        g_auto(GStrv) parts = g_strsplit(json_node_get_string(node), ",", -1);
        return g_strjoinv(",,", parts);
    }
    case G_TYPE_BOOLEAN:
        return g_strdup(json_node_get_boolean(node) ? "on" : "off");
    case G_TYPE_INT64:
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    default:
        return NULL;
    }
}

/* The same as -device's text. */
static char *device_text(JsonObject *args, GError **error)
{
    GString *text = g_string_new(json_object_get_string_member(args, "driver"));
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    json_object_iter_init_ordered(&iter, args);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        if (strcmp(name, "driver") == 0) {
            continue;
        }
        g_autofree char *value = option_text(node);
        if (!value) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Invalid parameter type for '%s'",
                        name);
            g_string_free(text, TRUE);
            return NULL;
        }
        g_string_append_printf(text, ",%s=%s", name, value);
    }
    return g_string_free(text, FALSE);
}

static JsonNode *run_device_add(Machine *machine, JsonObject *args, GError **error)
{
    g_autofree char *text = device_text(args, error);
    return text && machine_hot_add(machine, text, error) ? qmp_empty() : NULL;
}

static JsonNode *run_device_del(Machine *machine, JsonObject *args, GError **error)
{
    const char *id = json_object_get_string_member(args, "id");
    if (machine_find_cpu(machine, id) < 0 && !machine_find_device(machine, id)) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", id);
        return NULL;
    }
    return machine_hot_remove(machine, id, error) ? qmp_empty() : NULL;
}

static JsonNode *query_hotpluggable_cpus(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    g_autofree char *driver = machine_cpu_driver(machine);
    for (unsigned i = machine->cpu_count; i-- > 0;) {
        JsonObject *o = json_object_new(), *props = json_object_new();
        CpuPlace place = machine_cpu_place(machine, i);
        json_object_set_int_member(props, "core-id", place.core);
        json_object_set_int_member(props, "thread-id", place.thread);
        json_object_set_int_member(props, "socket-id", place.socket);
        json_object_set_object_member(o, "props", props);
        json_object_set_int_member(o, "vcpus-count", 1);
        if (machine_cpu_is_present(machine, i)) {
            g_autofree char *path = machine_cpu_path(machine, i);
            json_object_set_string_member(o, "qom-path", path);
        }
        json_object_set_string_member(o, "type", driver);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

const QmpCommand qmp_commands_device[] = {
    {"device_add", "driver:s ?bus:s ?id:s *", run_device_add},
    {"device_del", "id:s", run_device_del},
    {"query-hotpluggable-cpus", NULL, query_hotpluggable_cpus},
    {NULL},
};

void hmp_device_add(Machine *machine, char **args, GString *out)
{
    g_autoptr(GError) error = NULL;
    if (!args[1]) {
        g_string_append(out, "device_add DRIVER[,PROPERTY=VALUE]...\n");
    } else if (!machine_hot_add(machine, args[1], &error)) {
        g_string_append_printf(out, "Error: %s\n", error->message);
    }
}

void hmp_device_del(Machine *machine, char **args, GString *out)
{
    g_autoptr(GError) error = NULL;
    if (!args[1]) {
        g_string_append(out, "device_del ID\n");
    } else if (!machine_hot_remove(machine, args[1], &error)) {
        g_string_append_printf(out, "Error: %s\n", error->message);
    }
}

void hmp_info_hotpluggable_cpus(Machine *machine, char **args, GString *out)
{
    g_autofree char *driver = machine_cpu_driver(machine);
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        CpuPlace place = machine_cpu_place(machine, i);
        g_string_append_printf(out, "CPU #%u: %s,socket-id=%u,core-id=%u,thread-id=%u: ", i, driver,
                               place.socket, place.core, place.thread);
        if (machine_cpu_is_present(machine, i)) {
            g_autofree char *path = machine_cpu_path(machine, i);
            g_string_append_printf(out, "%s\n", path);
        } else {
            g_string_append(out, "empty\n");
        }
    }
}
