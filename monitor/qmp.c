/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QMP server: greeting, negotiation, commands and events (QEMU Machine Protocol Specification).
 * Left out: out-of-band execution.
 */
#include "monitor/qmp.h"

#include <string.h>

#include "hw/core/outside.h"
#include "monitor/commands.h"
#include "monitor/qmp_frame.h"

struct Qmp {
    Machine *machine;
    Chardev *chr;
    bool pretty, connected, negotiated;
    QmpFrame frame;
};

GQuark qmp_error_quark(void)
{
    return g_quark_from_static_string("switchyard-qmp");
}

JsonNode *qmp_object_node(JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

JsonNode *qmp_array_node(JsonArray *array)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, array);
    return node;
}

const char *qmp_member_text(JsonObject *object, const char *name, const char *other)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : other;
}

JsonNode *qmp_empty(void)
{
    return qmp_object_node(json_object_new());
}

/* Takes the object. */
static void send_object(Qmp *qmp, JsonObject *object)
{
    JsonNode *node = qmp_object_node(object);
    g_autofree char *text = json_to_string(node, qmp->pretty);
    g_autofree char *line = g_strconcat(text, "\r\n", NULL);
    chr_write(qmp->chr, line, strlen(line));
    json_node_unref(node);
}

static void send_error(Qmp *qmp, const GError *error, JsonNode *id)
{
    static const char *const classes[] = {
        [QMP_GENERIC_ERROR] = "GenericError",
        [QMP_COMMAND_NOT_FOUND] = "CommandNotFound",
        [QMP_DEVICE_NOT_FOUND] = "DeviceNotFound",
    };
    JsonObject *inner = json_object_new(), *outer = json_object_new();
    bool ours = error->domain == QMP_ERROR;
    json_object_set_string_member(inner, "class", classes[ours ? error->code : 0]);
    json_object_set_string_member(inner, "desc", error->message);
    if (id) {
        json_object_set_member(outer, "id", json_node_copy(id));
    }
    json_object_set_object_member(outer, "error", inner);
    send_object(qmp, outer);
}

static void send_greeting(Qmp *qmp)
{
    const QmpCommand *command = qmp_command_find("query-version");
    JsonObject *inner = json_object_new(), *outer = json_object_new();
    json_object_set_member(inner, "version", command->run(qmp->machine, NULL, NULL));
    json_object_set_array_member(inner, "capabilities", json_array_new());
    json_object_set_object_member(outer, "QMP", inner);
    send_object(qmp, outer);
}

void qmp_event(Qmp *qmp, const char *name, const char *data)
{
    if (!qmp->connected || !qmp->negotiated) {
        return;
    }
    gint64 now = g_get_real_time();
    JsonObject *event = json_object_new(), *time = json_object_new();
    json_object_set_int_member(time, "seconds", now / G_USEC_PER_SEC);
    json_object_set_int_member(time, "microseconds", now % G_USEC_PER_SEC);
    json_object_set_object_member(event, "timestamp", time);
    json_object_set_string_member(event, "event", name);
    JsonNode *node = data ? json_from_string(data, NULL) : NULL;
    if (node) {
        json_object_set_member(event, "data", node);
    }
    send_object(qmp, event);
}

/* A command's envelope. */
typedef struct {
    const char *name;
    JsonObject *args;
    JsonNode *id;
} Request;

static bool read_member(Request *request, const char *name, JsonNode *value, GError **error)
{
    if (strcmp(name, "id") == 0) {
        request->id = value;
        return true;
    }
    if (strcmp(name, "execute") == 0) {
        if (!JSON_NODE_HOLDS_VALUE(value) || json_node_get_value_type(value) != G_TYPE_STRING) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                        "QMP input member 'execute' must be a string");
            return false;
        }
        request->name = json_node_get_string(value);
        return true;
    }
    if (strcmp(name, "arguments") == 0) {
        if (!JSON_NODE_HOLDS_OBJECT(value)) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                        "QMP input member 'arguments' must be an object");
            return false;
        }
        request->args = json_node_get_object(value);
        return true;
    }
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "QMP input member '%s' is unexpected", name);
    return false;
}

static bool read_request(JsonNode *node, Request *request, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "QMP input must be a JSON object");
        return false;
    }
    /* The id first: it goes with every error. */
    request->id = json_object_get_member(json_node_get_object(node), "id");
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        if (!read_member(request, name, value, error)) {
            return false;
        }
    }
    if (!request->name) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "QMP input lacks member 'execute'");
        return false;
    }
    return true;
}

static bool type_matches(JsonNode *node, char type)
{
    if (type == 'o') {
        return JSON_NODE_HOLDS_OBJECT(node);
    }
    if (type == 'a') {
        return JSON_NODE_HOLDS_ARRAY(node);
    }
    if (!JSON_NODE_HOLDS_VALUE(node)) {
        return false;
    }
    GType held = json_node_get_value_type(node);
    return held == (type == 's' ? G_TYPE_STRING : type == 'b' ? G_TYPE_BOOLEAN : G_TYPE_INT64);
}

/* The row's word for an argument, or NULL. */
static const char *find_arg(char **words, const char *name)
{
    for (char **word = words; *word; word++) {
        const char *start = **word == '?' ? *word + 1 : *word;
        size_t len = strcspn(start, ":");
        if (start[len] == ':' && strncmp(start, name, len) == 0 && name[len] == '\0') {
            return start;
        }
    }
    return NULL;
}

static bool check_args(const QmpCommand *command, JsonObject *args, GError **error)
{
    g_auto(GStrv) words = g_strsplit(command->args ? command->args : "", " ", -1);
    bool open = g_strv_contains((const char *const *)words, "*");
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    json_object_iter_init_ordered(&iter, args);
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        const char *word = find_arg(words, name);
        if (!word && open) {
            continue;
        }
        if (!word) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Parameter '%s' is unexpected", name);
            return false;
        }
        if (!type_matches(value, strchr(word, ':')[1])) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Invalid parameter type for '%s'",
                        name);
            return false;
        }
    }
    for (char **word = words; *word; word++) {
        g_autofree char *needed = g_strndup(*word, strcspn(*word, ":"));
        if (needed[0] != '\0' && needed[0] != '?' && needed[0] != '*' &&
            !json_object_has_member(args, needed)) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Parameter '%s' is missing", needed);
            return false;
        }
    }
    return true;
}

static bool negotiate(Qmp *qmp, JsonObject *args, GError **error)
{
    if (qmp->negotiated) {
        g_set_error(error, QMP_ERROR, QMP_COMMAND_NOT_FOUND,
                    "Capabilities negotiation is already complete, command ignored");
        return false;
    }
    JsonNode *enable = json_object_get_member(args, "enable");
    if (enable && (!JSON_NODE_HOLDS_ARRAY(enable) ||
                   json_array_get_length(json_node_get_array(enable)) > 0)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Capability not available");
        return false;
    }
    qmp->negotiated = true;
    return true;
}

/* The command alone, without its client's id. */
static char *command_text(const QmpCommand *command, JsonObject *args)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "execute", command->name);
    json_object_set_object_member(o, "arguments", json_object_ref(args));
    g_autoptr(JsonNode) node = qmp_object_node(o);
    return json_to_string(node, FALSE);
}

/* Whoever records or replays the machine is asked first. */
static bool qmp_passes(Machine *machine, const QmpCommand *command, JsonObject *args,
                       GError **error)
{
    g_autofree char *text = command_text(command, args);
    GError *inner = NULL;
    if (outside_passes(machine->platform.backends, command->effect, COMMAND_QMP, text, &inner)) {
        return true;
    }
    qmp_fail(inner, error);
    return false;
}

void qmp_execute(Machine *machine, const char *text)
{
    Request request = {0};
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    if (!node || !read_request(node, &request, NULL) || !request.args) {
        return;
    }
    const QmpCommand *command = qmp_command_find(request.name);
    JsonNode *result = command && check_args(command, request.args, NULL)
                           ? command->run(machine, request.args, NULL)
                           : NULL;
    g_clear_pointer(&result, json_node_unref);
}

static JsonNode *run_request(Qmp *qmp, const Request *request, JsonObject *args, GError **error)
{
    if (strcmp(request->name, "qmp_capabilities") == 0) {
        return negotiate(qmp, args, error) ? qmp_empty() : NULL;
    }
    if (!qmp->negotiated) {
        g_set_error(error, QMP_ERROR, QMP_COMMAND_NOT_FOUND,
                    "Expecting capabilities negotiation with 'qmp_capabilities'");
        return NULL;
    }
    const QmpCommand *command = qmp_command_find(request->name);
    if (!command) {
        g_set_error(error, QMP_ERROR, QMP_COMMAND_NOT_FOUND, "The command %s has not been found",
                    request->name);
        return NULL;
    }
    return check_args(command, args, error) && qmp_passes(qmp->machine, command, args, error)
               ? command->run(qmp->machine, args, error)
               : NULL;
}

static void on_value(void *opaque, const char *text)
{
    Qmp *qmp = opaque;
    Request request = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    if (!node) {
        if (!error) {
            g_set_error(&error, QMP_ERROR, QMP_GENERIC_ERROR, "JSON parse error, nothing there");
        }
        send_error(qmp, error, NULL);
        return;
    }
    if (!read_request(node, &request, &error)) {
        send_error(qmp, error, request.id);
        return;
    }
    g_autoptr(JsonObject) none = json_object_new();
    JsonNode *result = run_request(qmp, &request, request.args ? request.args : none, &error);
    if (!result) {
        send_error(qmp, error, request.id);
        return;
    }
    JsonObject *response = json_object_new();
    json_object_set_member(response, "return", result);
    if (request.id) {
        json_object_set_member(response, "id", json_node_copy(request.id));
    }
    send_object(qmp, response);
}

static void on_error(void *opaque, const char *why)
{
    g_autoptr(GError) error = g_error_new_literal(QMP_ERROR, QMP_GENERIC_ERROR, why);
    send_error(opaque, error, NULL);
}

static size_t qmp_room(void *opaque)
{
    return 65536;
}

static void qmp_receive(void *opaque, const uint8_t *data, size_t len)
{
    qmp_frame_feed(&((Qmp *)opaque)->frame, data, len);
}

static void qmp_chr_event(void *opaque, ChrEvent event)
{
    Qmp *qmp = opaque;
    if (event != CHR_OPENED && event != CHR_CLOSED) {
        return;
    }
    qmp->connected = event == CHR_OPENED;
    qmp->negotiated = false;
    qmp_frame_reset(&qmp->frame);
    if (qmp->connected) {
        send_greeting(qmp);
    }
}

static const ChrHandlers qmp_handlers = {
    .can_receive = qmp_room,
    .receive = qmp_receive,
    .event = qmp_chr_event,
};

Qmp *qmp_new(Machine *machine, Chardev *chr, bool pretty, GError **error)
{
    static const QmpFrameOps frame_ops = {.value = on_value, .error = on_error};
    Qmp *qmp = g_new0(Qmp, 1);
    qmp->machine = machine;
    qmp->chr = chr;
    qmp->pretty = pretty;
    qmp_frame_init(&qmp->frame, &frame_ops, qmp);
    if (!chr_attach(chr, &qmp_handlers, qmp, error)) {
        qmp_free(qmp);
        return NULL;
    }
    return qmp;
}

void qmp_free(Qmp *qmp)
{
    if (!qmp) {
        return;
    }
    chr_detach(qmp->chr, qmp);
    qmp_frame_free(&qmp->frame);
    g_free(qmp);
}
