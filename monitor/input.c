/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mice, for both monitors: `input-send-event` (keys, too) and `query-mice` of QMP; `mouse_move`,
 * `mouse_button`, `mouse_set` and `info mice` of HMP. */
#include <stdlib.h>
#include <string.h>

#include "monitor/hmp_commands.h"
#include "monitor/keys.h"

static Display *input_display(const Machine *machine)
{
    return backends_display(machine->platform.backends);
}

static bool refuse_event(GError **error, const char *what, const char *name, const char *right)
{
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "%s '%s': there are %s", what, name, right);
    return false;
}

static bool send_key_event(Machine *machine, JsonObject *data, GError **error)
{
    if (!json_object_has_member(data, "key")) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "a key event has {'down': ..., 'key': ...}");
        return false;
    }
    const Key *key = monitor_key_of(json_object_get_member(data, "key"), error);
    bool down = json_object_get_boolean_member_with_default(data, "down", false);
    return key && monitor_press(machine, key, down, error);
}

static bool send_button_event(Machine *machine, JsonObject *data, GError **error)
{
    static const struct {
        const char *name;
        unsigned button;
        int wheel;
    } buttons[] = {{"left", POINTER_LEFT, 0},   {"middle", POINTER_MIDDLE, 0},
                   {"right", POINTER_RIGHT, 0}, {"side", POINTER_SIDE, 0},
                   {"extra", POINTER_EXTRA, 0}, {"wheel-up", 0, -1},
                   {"wheel-down", 0, 1}};
    const char *name = qmp_member_text(data, "button", "");
    bool down = json_object_get_boolean_member_with_default(data, "down", false);
    for (size_t i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if (strcmp(name, buttons[i].name) == 0) {
            display_pointer_press(input_display(machine), buttons[i].button, down);
            display_pointer_move(input_display(machine), 0, 0, down ? buttons[i].wheel : 0);
            return true;
        }
    }
    return refuse_event(error, "button", name,
                        "left, middle, right, wheel-up, wheel-down, side and extra");
}

/* Where it is on the other axis is where it was. */
static void place_on_axis(Display *display, bool is_y, int value)
{
    PointerEvent now = display_pointer_now(display);
    unsigned to = (unsigned)CLAMP(value, 0, POINTER_MAX);
    display_pointer_place(display, is_y ? now.x : to, is_y ? to : now.y);
}

static bool send_move_event(Machine *machine, JsonObject *data, bool absolute, GError **error)
{
    Display *display = input_display(machine);
    const char *axis = qmp_member_text(data, "axis", "");
    gint64 given = json_object_get_int_member_with_default(data, "value", 0);
    int value = (int)CLAMP(given, -POINTER_MAX, POINTER_MAX);
    bool is_y = strcmp(axis, "y") == 0;
    if (!is_y && strcmp(axis, "x") != 0) {
        return refuse_event(error, "axis", axis, "x and y");
    }
    if (absolute && !display_pointer_is_absolute(display)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Input handler not found for event type abs; virtio-tablet-pci is one");
        return false;
    }
    if (absolute) {
        place_on_axis(display, is_y, value);
    } else {
        display_pointer_move(display, is_y ? 0 : value, is_y ? value : 0, 0);
    }
    return true;
}

static bool input_event(Machine *machine, JsonNode *node, bool *moves, GError **error)
{
    JsonObject *event = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *inner = event ? json_object_get_member(event, "data") : NULL;
    JsonObject *data = inner && JSON_NODE_HOLDS_OBJECT(inner) ? json_node_get_object(inner) : NULL;
    const char *type = event ? qmp_member_text(event, "type", "") : "";
    bool is_key = strcmp(type, "key") == 0, is_abs = strcmp(type, "abs") == 0;
    if (data && is_key) {
        return send_key_event(machine, data, error);
    }
    *moves = true;
    if (data && strcmp(type, "btn") == 0) {
        return send_button_event(machine, data, error);
    }
    if (data && (is_abs || strcmp(type, "rel") == 0)) {
        return send_move_event(machine, data, is_abs, error);
    }
    return refuse_event(error, "event", type, "key, btn, rel and abs, each with its 'data'");
}

static JsonNode *run_input_send_event(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *events = json_object_get_array_member(args, "events");
    bool sent = true, moves = false;
    for (unsigned i = 0; sent && i < json_array_get_length(events); i++) {
        sent = input_event(machine, json_array_get_element(events, i), &moves, error);
    }
    if (moves && !display_pointer_sync(input_display(machine)) && sent) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "the machine has no mouse");
        sent = false;
    }
    return sent ? qmp_empty() : NULL;
}

static JsonNode *run_query_mice(Machine *machine, JsonObject *args, GError **error)
{
    const Display *display = input_display(machine);
    JsonArray *mice = json_array_new();
    const PointerOps *ops;
    for (unsigned i = 0; (ops = display_pointer_at(display, i)); i++) {
        JsonObject *mouse = json_object_new();
        json_object_set_string_member(mouse, "name", ops->name);
        json_object_set_int_member(mouse, "index", i);
        json_object_set_boolean_member(mouse, "current", display_pointer_is_current(display, i));
        json_object_set_boolean_member(mouse, "absolute", ops->absolute);
        json_array_add_object_element(mice, mouse);
    }
    return qmp_array_node(mice);
}

const QmpCommand qmp_commands_input[] = {
    {"input-send-event", "events:a ?device:s ?head:i", run_input_send_event,
     .effect = COMMAND_CHANGES},
    {"query-mice", NULL, run_query_mice, .effect = COMMAND_KEEPS},
    {NULL},
};

void hmp_info_mice(Machine *machine, char **args, GString *out)
{
    const Display *display = input_display(machine);
    const PointerOps *ops;
    for (unsigned i = 0; (ops = display_pointer_at(display, i)); i++) {
        g_string_append_printf(out, "%c Mouse #%u: %s%s\n",
                               display_pointer_is_current(display, i) ? '*' : ' ', i, ops->name,
                               ops->absolute ? " (absolute)" : "");
    }
    if (!display_pointer_at(display, 0)) {
        g_string_append(out, "No mouse devices connected\n");
    }
}

static void tell_pointer(Display *display, GString *out)
{
    if (!display_pointer_sync(display)) {
        g_string_append(out, "the machine has no mouse\n");
    }
}

static int number_of(const char *text)
{
    long value = text ? strtol(text, NULL, 0) : 0;
    return (int)CLAMP(value, -POINTER_MAX, POINTER_MAX);
}

/* Positive DZ turns the wheel up, as QEMU's does. An absolute pointer is placed. */
void hmp_mouse_move(Machine *machine, char **args, GString *out)
{
    Display *display = input_display(machine);
    if (!args[1] || !args[2]) {
        g_string_append(out, "usage: mouse_move DX DY [DZ]\n");
        return;
    }
    int x = number_of(args[1]), y = number_of(args[2]), wheel = number_of(args[3]);
    if (display_pointer_is_absolute(display)) {
        display_pointer_place(display, (unsigned)MAX(x, 0), (unsigned)MAX(y, 0));
        display_pointer_move(display, 0, 0, -wheel);
    } else {
        display_pointer_move(display, x, y, -wheel);
    }
    tell_pointer(display, out);
}

void hmp_mouse_button(Machine *machine, char **args, GString *out)
{
    Display *display = input_display(machine);
    if (!args[1]) {
        g_string_append(out, "usage: mouse_button STATE, 1 left, 2 middle, 4 right, added up\n");
        return;
    }
    int state = number_of(args[1]);
    display_pointer_press(display, POINTER_LEFT, state & 1);
    display_pointer_press(display, POINTER_MIDDLE, state & 2);
    display_pointer_press(display, POINTER_RIGHT, state & 4);
    tell_pointer(display, out);
}

void hmp_mouse_set(Machine *machine, char **args, GString *out)
{
    if (!args[1]) {
        g_string_append(out, "usage: mouse_set NUMBER, as 'info mice' has them\n");
    } else if (!display_pointer_choose(input_display(machine), (unsigned)number_of(args[1]))) {
        g_string_append_printf(out, "there is no mouse %s; 'info mice' lists them\n", args[1]);
    }
}
