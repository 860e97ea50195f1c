/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP: what is logged from now on, and of which interrupts; what HMP's trace-event and journal do.
 */
#include "monitor/commands.h"

#include "monitor/journal.h"

static JsonNode *trace_set_state(Machine *machine, JsonObject *args, GError **error)
{
    const char *name = json_object_get_string_member(args, "name");

    if (!trace_switch(machine->platform.trace, name, json_object_get_boolean_member(args, "enable"),
                      error)) {
        return NULL;
    }
    return qmp_object_node(json_object_new());
}

static JsonNode *trace_get_state(Machine *machine, JsonObject *args, GError **error)
{
    Trace asked = {0};
    JsonArray *list;

    if (!trace_enable(&asked, json_object_get_string_member(args, "name"), error)) {
        return NULL;
    }
    list = json_array_new();
    for (TraceGroup group = 0; group < TRACE_GROUPS; group++) {
        if (trace_on(&asked, group)) {
            JsonObject *o = json_object_new();

            json_object_set_string_member(o, "name", trace_group_name(group));
            json_object_set_string_member(
                o, "state", trace_on(machine->platform.trace, group) ? "enabled" : "disabled");
            json_array_add_object_element(list, o);
        }
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, list);
    return node;
}

static bool set_size(Journal *j, JsonObject *args, GError **error)
{
    gint64 size = json_object_get_int_member_with_default(args, "size", -1);

    if (!json_object_has_member(args, "size")) {
        return true;
    }
    if (size != 0 && (size < 0 || !journal_size_is_valid((uint64_t)size))) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Parameter 'size' has to be 0 or a power of two up to %u", JOURNAL_MOST);
        return false;
    }
    journal_resize(j, (uint32_t)size);
    return true;
}

static bool set_filter(Machine *machine, JsonObject *args, GError **error)
{
    JournalFilter filter;

    if (!json_object_has_member(args, "filter")) {
        return true;
    }
    if (!qmp_read_filter(machine, args, &filter, error)) {
        return false;
    }
    journal_filter_lines(machine, &filter);
    return true;
}

/* An empty filter lets everything pass. */
static JsonNode *set_journal(Machine *machine, JsonObject *args, GError **error)
{
    const Journal *j = &machine->journal;
    JsonObject *o;

    if (!set_filter(machine, args, error) || !set_size(&machine->journal, args, error)) {
        return NULL;
    }
    o = json_object_new();
    json_object_set_int_member(o, "size", j->ring ? (gint64)j->mask + 1 : 0);
    json_object_set_int_member(o, "records", (gint64)journal_held(j));
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_log[] = {
    {"trace-event-get-state", "name:s", trace_get_state, .effect = COMMAND_KEEPS},
    {"trace-event-set-state", "name:s enable:b", trace_set_state, .effect = COMMAND_KEEPS},
    {"x-journal", "?size:i ?filter:s", set_journal, .effect = COMMAND_KEEPS},
    {NULL},
};
