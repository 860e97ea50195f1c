/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands about character devices. */
#include <string.h>

#include "base/jsontext.h"
#include "base/optlist.h"
#include "monitor/commands.h"

static JsonNode *query_chardev(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const Backends *backends = machine->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        const Chardev *chr = backends_chardev(backends, ids[i]);
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "label", ids[i]);
        json_object_set_string_member(o, "filename", chr_filename(chr));
        json_object_set_boolean_member(o, "frontend-open", chr_has_frontend(chr));
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static JsonNode *query_backends(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const char *name;
    for (unsigned i = 0; (name = chr_backend_name(i)); i++) {
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "name", name);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static Chardev *chardev_named(const Machine *machine, JsonObject *args, const char *key,
                              GError **error)
{
    const char *id = json_object_get_string_member(args, key);
    Chardev *chr = backends_chardev(machine->platform.backends, id);
    if (!chr) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Chardev '%s' not found", id);
    }
    return chr;
}

static bool base64_wanted(JsonObject *args, bool *base64, GError **error)
{
    const char *format = json_object_get_string_member_with_default(args, "format", "utf8");
    *base64 = strcmp(format, "base64") == 0;
    if (!*base64 && strcmp(format, "utf8") != 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Parameter 'format' does not accept value '%s'", format);
        return false;
    }
    return true;
}

static JsonNode *run_ringbuf_read(Machine *machine, JsonObject *args, GError **error)
{
    const char *id = json_object_get_string_member(args, "device");
    gint64 size = json_object_get_int_member(args, "size");
    Chardev *chr = backends_chardev(machine->platform.backends, id);
    g_autoptr(GString) bytes = g_string_new(NULL);
    bool base64;
    if (!base64_wanted(args, &base64, error)) {
        return NULL;
    }
    if (!chr || size <= 0 || !chr_ringbuf_read(chr, (size_t)size, bytes)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "'%s' is no ring buffer, or the size is not above 0", id);
        return NULL;
    }
    g_autofree char *text = base64 ? g_base64_encode((guchar *)bytes->str, bytes->len)
                                   : g_utf8_make_valid(bytes->str, (gssize)bytes->len);
    return json_node_init_string(json_node_alloc(), text);
}

static JsonNode *run_ringbuf_write(Machine *machine, JsonObject *args, GError **error)
{
    const char *id = json_object_get_string_member(args, "device"),
               *data = json_object_get_string_member(args, "data");
    Chardev *chr = backends_chardev(machine->platform.backends, id);
    bool base64;
    if (!base64_wanted(args, &base64, error)) {
        return NULL;
    }
    if (!chr || !chr_ringbuf_read(chr, 0, NULL)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "'%s' is no ring buffer", id);
        return NULL;
    }
    gsize len = strlen(data);
    g_autofree guchar *bytes = base64 ? g_base64_decode(data, &len) : NULL;
    chr_write(chr, base64 ? (const void *)bytes : data, len);
    return qmp_empty();
}

/* ChardevBackend: {"type": T, "data": {...}}, with an address as {"type": "unix", "data": {...}}.
 * Its members are -chardev's keys, but for "device" and "filename". */
static void chardev_flatten(GString *text, JsonObject *data)
{
    static const struct {
        const char *qapi, *key;
    } names[] = {{"device", "path"}, {"out", "path"}, {"in", "input-path"}, {"str", "fd"}};
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    json_object_iter_init_ordered(&iter, data);
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        if (JSON_NODE_HOLDS_OBJECT(value)) {
            chardev_flatten(text, json_node_get_object(value));
            continue;
        }
        const char *key = name;
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
            key = strcmp(name, names[i].qapi) == 0 ? names[i].key : key;
        }
        g_autofree char *as_text = json_option_value(value);
        if (as_text && strcmp(name, "type") != 0) {
            optlist_put(text, key, as_text);
        }
    }
}

static JsonNode *run_chardev_add(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *backend = json_object_get_object_member(args, "backend");
    const char *type = qmp_member_text(backend, "type", NULL);
    if (!type) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Parameter 'backend.type' is missing");
        return NULL;
    }
    g_autoptr(GString) text = g_string_new(type);
    optlist_put(text, "id", json_object_get_string_member(args, "id"));
    bool server = strcmp(type, "socket") == 0;
    if (server) { /* QAPI's default, other than -chardev's */
        optlist_put(text, "server", "on");
        optlist_put(text, "wait", "off");
    }
    if (json_object_has_member(backend, "data") &&
        JSON_NODE_HOLDS_OBJECT(json_object_get_member(backend, "data"))) {
        chardev_flatten(text, json_object_get_object_member(backend, "data"));
    }
    GError *inner = NULL;
    Chardev *chr = chr_new_from_options(text->str, &inner);
    if (!chr || !backends_add_chardev(machine->platform.backends, chr, &inner)) {
        return qmp_fail(inner, error);
    }
    JsonObject *o = json_object_new();
    if (g_str_has_prefix(chr_filename(chr), "pty:")) {
        json_object_set_string_member(o, "pty", chr_filename(chr) + 4);
    }
    return qmp_object_node(o);
}

static JsonNode *run_chardev_remove(Machine *machine, JsonObject *args, GError **error)
{
    Chardev *chr = chardev_named(machine, args, "id", error);
    if (!chr) {
        return NULL;
    }
    if (chr_has_frontend(chr)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Chardev '%s' is busy", chr_id(chr));
        return NULL;
    }
    backends_remove_chardev(machine->platform.backends, chr);
    return qmp_empty();
}

static JsonNode *run_send_break(Machine *machine, JsonObject *args, GError **error)
{
    Chardev *chr = chardev_named(machine, args, "id", error);
    if (!chr) {
        return NULL;
    }
    chr_send_break(chr);
    return qmp_empty();
}

const QmpCommand qmp_commands_chardev[] = {
    {"query-chardev", NULL, query_chardev, .effect = COMMAND_KEEPS},
    {"query-chardev-backends", NULL, query_backends, .effect = COMMAND_KEEPS},
    {"ringbuf-read", "device:s size:i ?format:s", run_ringbuf_read, .effect = COMMAND_KEEPS},
    {"ringbuf-write", "device:s data:s ?format:s", run_ringbuf_write, .effect = COMMAND_KEEPS},
    {"chardev-add", "id:s backend:o", run_chardev_add, .effect = COMMAND_CHANGES},
    {"chardev-remove", "id:s", run_chardev_remove, .effect = COMMAND_CHANGES},
    {"chardev-send-break", "id:s", run_send_break, .effect = COMMAND_KEEPS},
    {NULL},
};
