/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VNC server, for both monitors: `query-vnc`, `query-vnc-servers`, `set_password`,
 * `expire_password` and `change-vnc-password`; `info vnc`. */
#include "display/vnc.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

static Vnc *vnc_of(const Machine *machine)
{
    return display_vnc(backends_display(machine->platform.backends));
}

static const char *auth_name(const Vnc *vnc)
{
    return vnc_wants_password(vnc) ? "vnc" : "none";
}

static JsonObject *peer_object(const VncPeer *peer)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "host", peer->host);
    json_object_set_string_member(o, "service", peer->service);
    json_object_set_string_member(o, "family", peer->family);
    json_object_set_boolean_member(o, "websocket", FALSE);
    return o;
}

static JsonArray *client_array(const Vnc *vnc)
{
    JsonArray *clients = json_array_new();
    const VncPeer *peer;
    for (unsigned i = 0; (peer = vnc_client_at(vnc, i)); i++) {
        json_array_add_object_element(clients, peer_object(peer));
    }
    return clients;
}

static JsonNode *run_query_vnc(Machine *machine, JsonObject *args, GError **error)
{
    const Vnc *vnc = vnc_of(machine);
    if (!vnc) {
        JsonObject *none = json_object_new();
        json_object_set_boolean_member(none, "enabled", FALSE);
        return qmp_object_node(none);
    }
    JsonObject *o = peer_object(vnc_address(vnc));
    json_object_remove_member(o, "websocket");
    json_object_set_boolean_member(o, "enabled", TRUE);
    json_object_set_string_member(o, "auth", auth_name(vnc));
    json_object_set_array_member(o, "clients", client_array(vnc));
    return qmp_object_node(o);
}

static JsonNode *run_query_vnc_servers(Machine *machine, JsonObject *args, GError **error)
{
    const Vnc *vnc = vnc_of(machine);
    JsonArray *all = json_array_new(), *addresses = json_array_new();
    JsonObject *o = json_object_new();
    if (vnc) {
        JsonObject *address = peer_object(vnc_address(vnc));
        json_object_set_string_member(address, "auth", auth_name(vnc));
        json_array_add_object_element(addresses, address);
        json_object_set_string_member(o, "id", "default");
        json_object_set_array_member(o, "server", json_array_ref(addresses));
        json_object_set_array_member(o, "clients", client_array(vnc));
        json_object_set_string_member(o, "auth", auth_name(vnc));
        json_array_add_object_element(all, json_object_ref(o));
    }
    json_array_unref(addresses);
    json_object_unref(o);
    return qmp_array_node(all);
}

/* The server, if it is there and has passwords. */
static Vnc *password_server(Machine *machine, const char *protocol, GError **error)
{
    Vnc *vnc = vnc_of(machine);
    if (strcmp(protocol, "vnc") != 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "protocol '%s': there is vnc alone",
                    protocol);
        return NULL;
    }
    if (!vnc || !vnc_wants_password(vnc)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    vnc ? "clients are not asked for a password; start with -vnc ...,password=on"
                        : "there is no VNC server; start with -vnc :N,password=on");
        return NULL;
    }
    return vnc;
}

static bool set_password(Machine *machine, const char *protocol, const char *password,
                         const char *connected, GError **error)
{
    Vnc *vnc = password_server(machine, protocol, error);
    if (vnc && connected && strcmp(connected, "keep") != 0) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "connected '%s': clients that are connected stay; there is keep alone",
                    connected);
        return false;
    }
    if (vnc) {
        vnc_set_password(vnc, password);
    }
    return vnc != NULL;
}

/* now, never, +SECONDS, or seconds since 1970. */
static bool parse_time(const char *text, int64_t *expires, GError **error)
{
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    guint64 seconds;
    bool later = text[0] == '+';
    if (strcmp(text, "never") == 0 || strcmp(text, "now") == 0) {
        *expires = text[1] == 'e' ? 0 : now;
        return true;
    }
    if (!g_ascii_string_to_unsigned(text + later, 10, 1, INT32_MAX * UINT64_C(2), &seconds, NULL)) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "time '%s' is neither now, never, +SECONDS nor seconds since 1970", text);
        return false;
    }
    *expires = (int64_t)seconds + (later ? now : 0);
    return true;
}

static bool expire_password(Machine *machine, const char *protocol, const char *time,
                            GError **error)
{
    int64_t expires;
    Vnc *vnc = password_server(machine, protocol, error);
    if (!vnc || !parse_time(time, &expires, error)) {
        return false;
    }
    vnc_expire_password(vnc, expires);
    return true;
}

static const char *text_of(JsonObject *args, const char *name)
{
    return json_object_get_string_member_with_default(args, name, NULL);
}

static JsonNode *run_set_password(Machine *machine, JsonObject *args, GError **error)
{
    return set_password(machine, text_of(args, "protocol"), text_of(args, "password"),
                        text_of(args, "connected"), error)
               ? qmp_empty()
               : NULL;
}

static JsonNode *run_expire_password(Machine *machine, JsonObject *args, GError **error)
{
    return expire_password(machine, text_of(args, "protocol"), text_of(args, "time"), error)
               ? qmp_empty()
               : NULL;
}

static JsonNode *run_change_vnc_password(Machine *machine, JsonObject *args, GError **error)
{
    return set_password(machine, "vnc", text_of(args, "password"), NULL, error) ? qmp_empty()
                                                                                : NULL;
}

const QmpCommand qmp_commands_vnc[] = {
    {"change-vnc-password", "password:s", run_change_vnc_password, .effect = COMMAND_KEEPS},
    {"expire_password", "protocol:s time:s ?display:s", run_expire_password,
     .effect = COMMAND_KEEPS},
    {"query-vnc", NULL, run_query_vnc, .effect = COMMAND_KEEPS},
    {"query-vnc-servers", NULL, run_query_vnc_servers, .effect = COMMAND_KEEPS},
    {"set_password", "protocol:s password:s ?connected:s ?display:s", run_set_password,
     .effect = COMMAND_KEEPS},
    {NULL},
};

static void print_peer(GString *out, const char *what, const VncPeer *peer, const char *auth)
{
    g_string_append_printf(out, "  %s: %s:%s (%s)\n    Auth: %s (Sub: none)\n", what, peer->host,
                           peer->service, peer->family, auth);
}

void hmp_info_vnc(Machine *machine, char **args, GString *out)
{
    const Vnc *vnc = vnc_of(machine);
    const VncPeer *peer;
    if (!vnc) {
        g_string_append(out, "None\n");
        return;
    }
    g_string_append(out, "default:\n");
    print_peer(out, "Server", vnc_address(vnc), auth_name(vnc));
    for (unsigned i = 0; (peer = vnc_client_at(vnc, i)); i++) {
        print_peer(out, "Client", peer, "none");
    }
}

void hmp_set_password(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    if (!args[1] || !args[2]) {
        g_string_append(out, "usage: set_password vnc PASSWORD\n");
    } else if (!set_password(machine, args[1], args[2], args[3], &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_expire_password(Machine *machine, char **args, GString *out)
{
    GError *error = NULL;
    if (!args[1] || !args[2]) {
        g_string_append(out, "usage: expire_password vnc now|never|+SECONDS|SECONDS\n");
    } else if (!expire_password(machine, args[1], args[2], &error)) {
        hmp_say_error(out, error);
    }
}
