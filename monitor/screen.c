/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen and keyboard, for both monitors: `screendump`, `sendkey` and `send-key`. */
#include <stdlib.h>
#include <string.h>

#include "display/display.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"
#include "monitor/keys.h"

#define KEYS_MAX 16

static Display *display_of(const Machine *machine)
{
    return backends_display(machine->platform.backends);
}

static bool parse_format(const char *name, PictureFormat *format)
{
    static const char *const names[] = {[PICTURE_PPM] = "ppm", [PICTURE_PNG] = "png"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *format = (PictureFormat)i;
            return true;
        }
    }
    return false;
}

static JsonNode *run_screendump(Machine *machine, JsonObject *args, GError **error)
{
    const char *path = json_object_get_string_member(args, "filename");
    const char *name = json_object_get_string_member_with_default(args, "format", "ppm");
    GError *why = NULL;
    PictureFormat format;
    if (!parse_format(name, &format)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "format '%s': there are ppm and png",
                    name);
        return NULL;
    }
    if (!display_save(display_of(machine), path, format, &why)) {
        return qmp_fail(why, error);
    }
    return qmp_empty();
}

/* {"type": "qcode", "data": "ret"} or {"type": "number", "data": 28} */
const Key *monitor_key_of(JsonNode *node, GError **error)
{
    JsonObject *value = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *type = value ? qmp_member_text(value, "type", "") : "";
    const Key *key = NULL;
    if (strcmp(type, "qcode") == 0) {
        key = key_find(qmp_member_text(value, "data", ""));
    } else if (strcmp(type, "number") == 0) {
        key = key_find_number((unsigned)json_object_get_int_member_with_default(value, "data", 0) &
                              0xff);
    }
    if (!key) {
        g_autofree char *text = json_to_string(node, FALSE);
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "%s is no key", text);
    }
    return key;
}

bool monitor_press(Machine *machine, const Key *key, bool down, GError **error)
{
    if (display_press(display_of(machine), key, down)) {
        return true;
    }
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "the machine has no keyboard");
    return false;
}

/* All go down, and up again in the other order. */
static bool press_together(Machine *machine, const Key *const keys[], unsigned count,
                           GError **error)
{
    bool pressed = true;
    for (unsigned i = 0; pressed && i < count; i++) {
        pressed = monitor_press(machine, keys[i], true, error);
    }
    for (unsigned i = count; pressed && i-- > 0;) {
        pressed = monitor_press(machine, keys[i], false, error);
    }
    return pressed;
}

static JsonNode *run_send_key(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_object_get_array_member(args, "keys");
    const Key *keys[KEYS_MAX];
    unsigned count = json_array_get_length(list);
    if (count > KEYS_MAX) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "no more than %d keys at a time",
                    KEYS_MAX);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        keys[i] = monitor_key_of(json_array_get_element(list, i), error);
        if (!keys[i]) {
            return NULL;
        }
    }
    return press_together(machine, keys, count, error) ? qmp_empty() : NULL;
}

const QmpCommand qmp_commands_screen[] = {
    {"screendump", "filename:s ?format:s ?device:s ?head:i", run_screendump,
     .effect = COMMAND_KEEPS},
    {"send-key", "keys:a ?hold-time:i", run_send_key, .effect = COMMAND_CHANGES},
    {NULL},
};

void hmp_screendump(Machine *machine, char **args, GString *out)
{
    PictureFormat format = PICTURE_PPM;
    GError *error = NULL;
    bool named = args[1] && args[2] && strcmp(args[2], "-f") == 0 && args[3];
    if (!args[1] || (args[2] && (!named || args[4] || !parse_format(args[3], &format)))) {
        g_string_append(out, "usage: screendump FILE [-f ppm|png]\n");
    } else if (!display_save(display_of(machine), args[1], format, &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_sendkey(Machine *machine, char **args, GString *out)
{
    if (!args[1]) {
        g_string_append(out, "usage: sendkey KEY[-KEY...], as in ctrl-alt-delete\n");
        return;
    }
    g_auto(GStrv) names = g_strsplit(args[1], "-", KEYS_MAX);
    const Key *keys[KEYS_MAX];
    unsigned count = 0;
    for (; names[count]; count++) {
        bool is_number = g_str_has_prefix(names[count], "0x");
        keys[count] = is_number ? key_find_number((unsigned)strtoul(names[count], NULL, 16) & 0xff)
                                : key_find(names[count]);
        if (!keys[count]) {
            g_string_append_printf(out, "'%s' is no key\n", names[count]);
            return;
        }
    }
    GError *error = NULL;
    if (!press_together(machine, keys, count, &error)) {
        hmp_say_error(out, error);
    }
}
