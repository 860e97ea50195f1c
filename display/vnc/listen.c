/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the server listens, and who connects. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/optlist.h"
#include "display/vnc/internal.h"

#define FIRST_PORT 5900u
#define BACKLOG    8

void vnc_close_listeners(VncServer *server)
{
    for (unsigned i = 0; i < server->listener_count; i++) {
        close(server->listeners[i]);
    }
    server->listener_count = 0;
}

/* Closes `fd` if it does not listen. */
static bool keep_listener(VncServer *server, int fd, const struct sockaddr *address, socklen_t len)
{
    if (fd >= 0 && bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0) {
        server->listeners[server->listener_count++] = fd;
        return true;
    }
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = why;
    return false;
}

static bool listen_path(const char *path, VncServer *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(address.sun_path, path);
    unlink(path);
    return keep_listener(server, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                         (struct sockaddr *)&address, sizeof(address));
}

static bool listen_one(const struct addrinfo *a, VncServer *server)
{
    int on = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (fd >= 0 && a->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    return keep_listener(server, fd, a->ai_addr, a->ai_addrlen);
}

/* All of the host's addresses with that port. A kind that the host has not is passed over; a port
 * that somebody has is not. */
static bool listen_port(const VncOptions *o, unsigned number, VncServer *server, GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    g_autofree char *port = g_strdup_printf("%u", FIRST_PORT + number);
    int why = getaddrinfo(o->host[0] ? o->host : NULL, port, &hints, &found);
    bool taken = false;
    if (why != 0) {
        g_set_error(error, OPT_ERROR, 0, "host %s: %s", o->host, gai_strerror(why));
        return false;
    }
    for (struct addrinfo *a = found; a && !taken && server->listener_count < VNC_LISTENERS;
         a = a->ai_next) {
        if (!listen_one(a, server)) {
            why = errno;
            taken = why == EADDRINUSE;
        }
    }
    freeaddrinfo(found);
    if (taken || server->listener_count == 0) {
        vnc_close_listeners(server);
        g_set_error(error, OPT_ERROR, 0, "cannot listen on %s:%s: %s", o->host, port,
                    g_strerror(why));
        return false;
    }
    return true;
}

bool vnc_listen(const VncOptions *o, VncServer *server, VncMessage *address, GError **error)
{
    bool listens = false;
    if (o->path) {
        listens = listen_path(o->path, server);
        if (!listens) {
            g_set_error(error, OPT_ERROR, 0, "cannot listen on unix:%s: %s", o->path,
                        g_strerror(errno));
            return false;
        }
    }
    for (unsigned number = o->number; !listens && number <= o->last; number++) {
        g_clear_error(error);
        listens = listen_port(o, number, server, error);
    }
    if (listens) {
        vnc_name_peer(server->listeners[0], true, address);
    }
    return listens;
}

void vnc_name_peer(int fd, bool here, VncMessage *out)
{
    struct sockaddr_storage address = {0};
    struct sockaddr *a = (struct sockaddr *)&address;
    socklen_t len = sizeof(address);
    memset(&out->peer, 0, sizeof(out->peer));
    if ((here ? getsockname(fd, a, &len) : getpeername(fd, a, &len)) != 0 ||
        a->sa_family == AF_UNIX) {
        g_strlcpy(out->peer.family, "unix", sizeof(out->peer.family));
        if (here) {
            g_strlcpy(out->peer.service, ((struct sockaddr_un *)a)->sun_path,
                      sizeof(out->peer.service));
        }
        return;
    }
    g_strlcpy(out->peer.family, a->sa_family == AF_INET6 ? "ipv6" : "ipv4",
              sizeof(out->peer.family));
    getnameinfo(a, len, out->peer.host, sizeof(out->peer.host), out->peer.service,
                sizeof(out->peer.service), NI_NUMERICHOST | NI_NUMERICSERV);
}
