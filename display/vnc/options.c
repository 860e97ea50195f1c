/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -vnc's text. Left out: TLS, SASL, connecting to a client that listens. */
#include <string.h>

#include "base/optlist.h"
#include "display/vnc.h"

#define NUMBER_MAX       (65535u - 5900u)
#define CLIENTS_DEFAULT  32u
#define CLIENTS_MAX      64u
#define DELAY_DEFAULT_MS 10u

/* Some are about what clients see anyway, or not at all. */
static const char *const harmless[] = {
    "lossy", "non-adaptive", "lock-key-sync", "power-control", "share", "id", "ipv4", "ipv6", NULL};

static bool vnc_parse_place(VncOptions *o, const char *place, GError **error)
{
    uint64_t number;
    if (g_str_has_prefix(place, "unix:")) {
        o->path = g_strdup(place + 5);
        return true;
    }
    const char *colon = strrchr(place, ':');
    if (!colon || !opt_parse_uint(colon + 1, &number) || number > NUMBER_MAX) {
        g_set_error(error, OPT_ERROR, 0,
                    "'%s' is neither HOST:N with a display from 0 to %u, unix:PATH nor none", place,
                    NUMBER_MAX);
        return false;
    }
    bool brackets = place[0] == '[' && colon > place + 1 && colon[-1] == ']';
    o->host = brackets ? g_strndup(place + 1, (gsize)(colon - place - 2))
                       : g_strndup(place, (gsize)(colon - place));
    o->number = (unsigned)number;
    return true;
}

static bool vnc_refuse(OptList *opts, GError **error)
{
    static const char *const none[] = {"tls-creds", "tls-authz", "sasl",     "sasl-authz",
                                       "reverse",   "websocket", "audiodev", "password-secret"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        const char *text = optlist_get(opts, none[i]);
        if (text && strcmp(text, "off") != 0) {
            g_set_error(error, OPT_ERROR, 0, "%s=%s: is not supported; leave it out", none[i],
                        text);
            return false;
        }
    }
    return true;
}

bool vnc_options_parse(VncOptions *o, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "vnc");
    const char *place = optlist_get(opts, "vnc");
    uint64_t last = 0, clients = CLIENTS_DEFAULT, delay = DELAY_DEFAULT_MS;
    vnc_options_clear(o);
    *o = (VncOptions){.on = place && strcmp(place, "none") != 0};
    if (!place) {
        g_set_error(error, OPT_ERROR, 0, "HOST:N, unix:PATH or none is missing");
        return false;
    }
    optlist_ignore(opts, harmless);
    if ((o->on && !vnc_parse_place(o, place, error)) ||
        !optlist_bool(opts, "password", &o->password, error) ||
        !optlist_uint(opts, "to", 0, NUMBER_MAX, &last, error) ||
        !optlist_uint(opts, "connections", 1, CLIENTS_MAX, &clients, error) ||
        !optlist_uint(opts, "key-delay-ms", 0, 1000, &delay, error) || !vnc_refuse(opts, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    o->option = g_strdup(text);
    o->last = MAX((unsigned)last, o->number);
    o->clients = (unsigned)clients;
    o->key_delay_ms = (unsigned)delay;
    return true;
}

void vnc_options_clear(VncOptions *o)
{
    g_clear_pointer(&o->option, g_free);
    g_clear_pointer(&o->host, g_free);
    g_clear_pointer(&o->path, g_free);
}
