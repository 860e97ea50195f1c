/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-qmp-schema, as the tables of commands have it: each command, the object of its arguments,
 * and the types that these are of (QAPI's SchemaInfo). Answers are told apart no further than
 * "any", since no table describes them.
 */
#include <string.h>

#include "monitor/commands.h"

static JsonObject *schema_entry(JsonArray *list, const char *name, const char *meta)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "name", name);
    json_object_set_string_member(o, "meta-type", meta);
    json_array_add_object_element(list, o);
    return o;
}

/* The letters of QmpCommand.args. */
static const char *schema_type(char letter)
{
    switch (letter) {
    case 's':
        return "str";
    case 'b':
        return "bool";
    case 'i':
        return "int";
    case 'a':
        return "[any]";
    default:
        return "any";
    }
}

static void schema_member(JsonArray *members, const char *word)
{
    bool optional = word[0] == '?';
    const char *name = word + optional, *colon = strchr(name, ':');
    if (!colon) { /* "*": others pass */
        return;
    }
    g_autofree char *key = g_strndup(name, (size_t)(colon - name));
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "name", key);
    json_object_set_string_member(o, "type", schema_type(colon[1]));
    if (optional) {
        json_object_set_null_member(o, "default");
    }
    json_array_add_object_element(members, o);
}

static void schema_command(const QmpCommand *command, void *opaque)
{
    JsonArray *list = opaque, *members = json_array_new();
    g_autofree char *type = g_strconcat(command->name, "-arg", NULL);
    g_auto(GStrv) words = g_strsplit(command->args ? command->args : "", " ", -1);
    for (char **word = words; *word; word++) {
        schema_member(members, *word);
    }
    JsonObject *o = schema_entry(list, command->name, "command");
    json_object_set_string_member(o, "arg-type", type);
    json_object_set_string_member(o, "ret-type", "any");
    json_object_set_array_member(schema_entry(list, type, "object"), "members", members);
}

static JsonNode *query_schema(Machine *machine, JsonObject *args, GError **error)
{
    static const struct {
        const char *name, *json;
    } builtins[] = {
        {"str", "string"},   {"int", "int"},   {"number", "number"},
        {"bool", "boolean"}, {"null", "null"}, {"any", "value"},
    };
    JsonArray *list = json_array_new();
    qmp_command_foreach(schema_command, list);
    for (size_t i = 0; i < G_N_ELEMENTS(builtins); i++) {
        JsonObject *o = schema_entry(list, builtins[i].name, "builtin");
        json_object_set_string_member(o, "json-type", builtins[i].json);
    }
    json_object_set_string_member(schema_entry(list, "[any]", "array"), "element-type", "any");
    return qmp_array_node(list);
}

const QmpCommand qmp_commands_schema[] = {
    {"query-qmp-schema", NULL, query_schema, .effect = COMMAND_KEEPS},
    {NULL},
};
