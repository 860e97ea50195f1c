/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of sockets in options (address.h), as QEMU's SocketAddress spells them. */
#include "net/address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static bool addr_resolve(NetAddr *a, const char *host, const char *port, GError **error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    int why = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (why != 0) {
        g_set_error(error, OPT_ERROR, 0, "%s:%s: is no address: %s", host, port, gai_strerror(why));
        return false;
    }
    memcpy(&a->addr, found->ai_addr, found->ai_addrlen);
    a->len = found->ai_addrlen;
    a->fd = -1;
    a->text = g_strdup_printf("%s:%s", host, port);
    freeaddrinfo(found);
    return true;
}

bool net_addr_parse(NetAddr *a, const char *key, const char *text, GError **error)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon[1] == '\0') {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: has no port; write HOST:PORT", key, text);
        return false;
    }
    g_autofree char *host = g_strndup(text, (size_t)(colon - text));
    if (!addr_resolve(a, host, colon + 1, error)) {
        g_prefix_error(error, "%s=", key);
        return false;
    }
    return true;
}

static bool addr_of_unix(NetAddr *a, const char *path, GError **error)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&a->addr;
    if (strlen(path) >= sizeof(un->sun_path)) {
        g_set_error(error, OPT_ERROR, 0, "%s: is longer than %zu characters", path,
                    sizeof(un->sun_path) - 1);
        return false;
    }
    un->sun_family = AF_UNIX;
    strcpy(un->sun_path, path);
    a->len = sizeof(*un);
    a->fd = -1;
    a->text = g_strdup(path);
    return true;
}

static bool addr_of_fd(NetAddr *a, const char *text, GError **error)
{
    uint64_t fd;
    if (!opt_parse_uint(text, &fd) || fd > INT32_MAX || fcntl((int)fd, F_GETFD) < 0) {
        g_set_error(error, OPT_ERROR, 0, "%s: is no open file descriptor", text);
        return false;
    }
    a->fd = (int)fd;
    a->text = g_strdup_printf("fd:%s", text);
    return true;
}

static const char *part_of(OptList *opts, const char *prefix, const char *name)
{
    g_autofree char *key = g_strdup_printf("%s.%s", prefix, name);
    return optlist_get(opts, key);
}

bool net_addr_is_given(const char *prefix, OptList *opts)
{
    return part_of(opts, prefix, "type") != NULL;
}

bool net_addr_read(NetAddr *a, const char *prefix, OptList *opts, GError **error)
{
    static const char *const types[] = {"inet", "unix", "fd"};
    static const char *const needs[][2] = {{"host", "port"}, {"path", NULL}, {"str", NULL}};
    const char *type = part_of(opts, prefix, "type");
    for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++) {
        if (strcmp(type, types[i]) != 0) {
            continue;
        }
        const char *one = part_of(opts, prefix, needs[i][0]);
        const char *two = needs[i][1] ? part_of(opts, prefix, needs[i][1]) : "";
        if (!one || !two) {
            g_set_error(error, OPT_ERROR, 0, "%s.%s= is missing", prefix, needs[i][one ? 1 : 0]);
            return false;
        }
        bool ok = i == 0   ? addr_resolve(a, one, two, error)
                  : i == 1 ? addr_of_unix(a, one, error)
                           : addr_of_fd(a, one, error);
        if (!ok) {
            g_prefix_error(error, "%s: ", prefix);
        }
        return ok;
    }
    if (!type) {
        g_set_error(error, OPT_ERROR, 0, "%s.type= is missing; it is inet, unix or fd", prefix);
        return false;
    }
    opt_error_nearest(error, type, types, G_N_ELEMENTS(types), "%s.type=%s: there is none", prefix,
                      type);
    return false;
}

void net_addr_clear(NetAddr *a)
{
    g_clear_pointer(&a->text, g_free);
}

int net_addr_socket(const NetAddr *a, int type, int (*use)(int, const struct sockaddr *, socklen_t))
{
    int on = 1, fd = socket(a->addr.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (a->addr.ss_family == AF_UNIX && use == bind) {
        unlink(((const struct sockaddr_un *)&a->addr)->sun_path);
    } else if (a->addr.ss_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (use(fd, (const struct sockaddr *)&a->addr, a->len) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}
