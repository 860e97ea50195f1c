/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -netdev user: hostfwd= (a port of the host leads into the guest) and guestfwd= (an address in the
 * guest's network leads to a program of the host). Left out: guestfwd= to a character device.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "net/user.h"

typedef struct {
    bool udp;
    struct in_addr host, guest; /* 0: any, and the first address that DHCP gives */
    int host_port, guest_port;
} HostForward;

/* Up to `separator`, which is taken, too; NULL if it is not there. */
static char *take_until(const char **text, char separator)
{
    const char *end = strchr(*text, separator);
    if (!end) {
        return NULL;
    }
    char *part = g_strndup(*text, (size_t)(end - *text));
    *text = end + 1;
    return part;
}

static bool parse_port(const char *text, uint64_t min, int *port)
{
    uint64_t value;
    if (!opt_parse_uint(text, &value) || value < min || value > UINT16_MAX) {
        return false;
    }
    *port = (int)value;
    return true;
}

static bool forward_parse_address(const char *text, struct in_addr *addr)
{
    return text[0] == '\0' || inet_pton(AF_INET, text, addr) == 1;
}

/* "[tcp|udp]:[ADDRESS]:PORT-[ADDRESS]:PORT"; what is wrong with it in QEMU's words, which scripts
 * look for, or NULL. */
static const char *parse_hostfwd(const char *text, HostForward *f)
{
    g_autofree char *protocol = take_until(&text, ':');
    if (!protocol) {
        return "No : separators";
    }
    f->udp = strcmp(protocol, "udp") == 0;
    if (!f->udp && protocol[0] && strcmp(protocol, "tcp") != 0) {
        return "Bad protocol name";
    }
    g_autofree char *host = take_until(&text, ':');
    if (!host) {
        return "Missing : separator";
    }
    if (!forward_parse_address(host, &f->host)) {
        return "Bad host address";
    }
    g_autofree char *host_port = take_until(&text, '-');
    if (!host_port) {
        return "Bad host port separator";
    }
    if (!parse_port(host_port, 0, &f->host_port)) {
        return "Bad host port";
    }
    g_autofree char *guest = take_until(&text, ':');
    if (!guest) {
        return "Missing guest address";
    }
    if (!forward_parse_address(guest, &f->guest)) {
        return "Bad guest address";
    }
    return parse_port(text, 1, &f->guest_port) ? NULL : "Bad guest port";
}

static bool add_hostfwd(Slirp *slirp, const char *rule, GError **error)
{
    HostForward f = {0};
    const char *wrong = parse_hostfwd(rule, &f);
    if (wrong) {
        g_set_error(error, OPT_ERROR, 0, "Invalid host forwarding rule '%s' (%s)", rule, wrong);
        return false;
    }
    if (slirp_add_hostfwd(slirp, f.udp, f.host, f.host_port, f.guest, f.guest_port) < 0) {
        g_set_error(error, OPT_ERROR, 0, "Could not set up host forwarding rule '%s': %s", rule,
                    g_strerror(errno));
        return false;
    }
    return true;
}

/* "[tcp]:ADDRESS:PORT-cmd:COMMAND" */
static bool add_guestfwd(Slirp *slirp, const char *rule, GError **error)
{
    const char *text = rule;
    g_autofree char *protocol = take_until(&text, ':');
    g_autofree char *server = protocol ? take_until(&text, ':') : NULL;
    g_autofree char *port_text = server ? take_until(&text, '-') : NULL;
    struct in_addr addr;
    int port;
    if (!port_text || (protocol[0] && strcmp(protocol, "tcp") != 0) ||
        inet_pton(AF_INET, server, &addr) != 1 || !parse_port(port_text, 1, &port)) {
        g_set_error(error, OPT_ERROR, 0,
                    "Invalid guest forwarding rule '%s'; write tcp:ADDRESS:PORT-cmd:COMMAND", rule);
        return false;
    }
    if (!g_str_has_prefix(text, "cmd:")) {
        g_set_error(error, OPT_ERROR, 0,
                    "guestfwd=%s: leads to a command only; write tcp:ADDRESS:PORT-cmd:COMMAND",
                    rule);
        return false;
    }
    if (slirp_add_exec(slirp, text + strlen("cmd:"), &addr, port) < 0) {
        g_set_error(error, OPT_ERROR, 0,
                    "guestfwd=%s: the address is taken or outside of the network (net=)", rule);
        return false;
    }
    return true;
}

bool user_add_forwards(Slirp *slirp, const OptList *opts, GError **error)
{
    for (size_t i = 0; i < optlist_count(opts); i++) {
        const char *key = optlist_key(opts, i), *value = optlist_value(opts, i);
        if ((strcmp(key, "hostfwd") == 0 && !add_hostfwd(slirp, value, error)) ||
            (strcmp(key, "guestfwd") == 0 && !add_guestfwd(slirp, value, error))) {
            return false;
        }
    }
    return true;
}
