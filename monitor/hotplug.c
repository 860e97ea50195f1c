/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_add and device_del, and the places that CPUs can come to, over QMP and HMP. */
#include <string.h>

#include "base/jsontext.h"
#include "base/optlist.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

char *qmp_option_text(JsonObject *args, const char *first, GError **error)
{
    g_autoptr(GString) line = g_string_new(json_object_get_string_member(args, first));
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    json_object_iter_init_ordered(&iter, args);
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        g_autofree char *text = json_option_value(value);
        if (!text) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                        "Parameter '%s' has to be a string, a number or a boolean", name);
            return NULL;
        }
        if (strcmp(name, first) != 0) {
            optlist_put(line, name, text);
        }
    }
    return g_strdup(line->str);
}

static JsonNode *run_device_add(Machine *machine, JsonObject *args, GError **error)
{
    g_autofree char *line = qmp_option_text(args, "driver", error);
    GError *inner = NULL;
    if (!line) {
        return NULL;
    }
    if (!machine_hot_add(machine, line, &inner)) {
        return qmp_fail(inner, error);
    }
    return qmp_empty();
}

static JsonNode *run_device_del(Machine *machine, JsonObject *args, GError **error)
{
    bool surprise = json_object_get_boolean_member_with_default(args, "surprise", FALSE);
    GError *inner = NULL;
    if (!machine_hot_remove(machine, json_object_get_string_member(args, "id"), surprise, &inner)) {
        return qmp_fail(inner, error);
    }
    return qmp_empty();
}

JsonObject *qmp_cpu_place(const Machine *machine, unsigned index)
{
    JsonObject *o = json_object_new();
    CpuPlace place = machine_cpu_place(machine, index);
    json_object_set_int_member(o, "core-id", place.core);
    json_object_set_int_member(o, "thread-id", place.thread);
    json_object_set_int_member(o, "socket-id", place.socket);
    if (machine->opts.numa) {
        json_object_set_int_member(o, "node-id", machine->opts.numa->cpu[index]);
    }
    return o;
}

static JsonNode *query_hotpluggable_cpus(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    g_autofree char *driver = machine_cpu_driver(machine);
    for (unsigned i = machine->cpu_count; i-- > 0;) {
        JsonObject *o = json_object_new();
        json_object_set_object_member(o, "props", qmp_cpu_place(machine, i));
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

const QmpCommand qmp_commands_hotplug[] = {
    {"device_add", "driver:s *", run_device_add, .effect = COMMAND_CHANGES},
    {"device_del", "id:s ?surprise:b", run_device_del, .effect = COMMAND_CHANGES},
    {"query-hotpluggable-cpus", NULL, query_hotpluggable_cpus, .effect = COMMAND_KEEPS},
    {NULL},
};

void hmp_say_error(GString *out, GError *error)
{
    g_string_append_printf(out, "Error: %s\n", error->message);
    g_error_free(error);
}

void hmp_device_add(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    if (!args[1] || args[2]) {
        g_string_append(out, "usage: device_add DRIVER,bus=PORT[,PROPERTY=VALUE ...]\n");
    } else if (!machine_hot_add(machine, args[1], &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_device_del(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    bool surprise = args[1] && args[2] && strcmp(args[2], "surprise") == 0;
    if (!args[1] || (args[2] && (!surprise || args[3]))) {
        g_string_append(out, "usage: device_del ID [surprise]\n");
    } else if (!machine_hot_remove(machine, args[1], surprise, &error)) {
        hmp_say_error(out, error);
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
