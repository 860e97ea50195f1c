/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket, stream and dgram: another emulator, or whatever else speaks frames, at the end of a TCP,
 * UDP or unix socket. `socket` is the older spelling of the other two. A stream has one client at a
 * time; the next is accepted when it leaves.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/address.h"
#include "net/link.h"

#define MAX_RECONNECT 86400

typedef struct {
    Netdev nd;
    NetLink link;
    NetAddr addr; /* of a stream: where it listens or connects to */
    bool server;
    uint64_t reconnect; /* seconds, 0 for never */
    int listener;       /* -1 for none */
    GSource *listen_watch, *retry;
    char *made; /* a unix socket's file, to be removed */
} NetSocket;

static NetSocket *netsock_of(Netdev *nd)
{
    return (NetSocket *)nd;
}

static void set_host_error(GError **error, const NetAddr *a, const char *verb)
{
    g_set_error(error, OPT_ERROR, 0, "%s: cannot %s: %s", a->text, verb, g_strerror(errno));
}

static void wait_for_client(NetSocket *s);
static void try_again_later(NetSocket *s);

static void stream_closed(Netdev *nd)
{
    NetSocket *s = netsock_of(nd);
    netdev_set_info(nd, "disconnected");
    if (s->listener >= 0) {
        wait_for_client(s);
    } else if (s->reconnect) {
        try_again_later(s);
    }
}

static void stream_connected(NetSocket *s, int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails on others, rightly */
    netdev_set_info(&s->nd, "%s", s->addr.text);
    net_link_open(&s->link, fd, LINK_STREAM, stream_closed);
}

static gboolean client_came(gint listener, GIOCondition condition, gpointer opaque)
{
    NetSocket *s = opaque;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    net_unwatch(&s->listen_watch);
    stream_connected(s, fd);
    return G_SOURCE_REMOVE;
}

static void wait_for_client(NetSocket *s)
{
    s->listen_watch = net_watch(s->listener, G_IO_IN, client_came, s);
}

static gboolean try_again(gpointer opaque)
{
    NetSocket *s = opaque;
    int fd = net_addr_socket(&s->addr, SOCK_STREAM, connect);
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    net_unwatch(&s->retry);
    stream_connected(s, fd);
    return G_SOURCE_REMOVE;
}

static void try_again_later(NetSocket *s)
{
    s->retry = g_timeout_source_new_seconds((guint)s->reconnect);
    g_source_set_callback(s->retry, try_again, s, NULL);
    g_source_attach(s->retry, NULL);
}

static void note_made(NetSocket *s, const NetAddr *a)
{
    if (a->addr.ss_family == AF_UNIX) {
        s->made = g_strdup(((const struct sockaddr_un *)&a->addr)->sun_path);
    }
}

static bool stream_listen(NetSocket *s, GError **error)
{
    s->listener = s->addr.fd >= 0 ? s->addr.fd : net_addr_socket(&s->addr, SOCK_STREAM, bind);
    if (s->listener < 0 || listen(s->listener, 1) != 0) {
        set_host_error(error, &s->addr, "listen");
        return false;
    }
    if (s->addr.fd < 0) {
        note_made(s, &s->addr);
    }
    netdev_set_info(&s->nd, "listening on %s", s->addr.text);
    wait_for_client(s);
    return true;
}

static bool stream_connect(NetSocket *s, GError **error)
{
    int fd = s->addr.fd >= 0 ? s->addr.fd : net_addr_socket(&s->addr, SOCK_STREAM, connect);
    if (fd >= 0) {
        stream_connected(s, fd);
        return true;
    }
    if (s->reconnect) {
        try_again_later(s);
        return true;
    }
    set_host_error(error, &s->addr, "connect");
    return false;
}

static void sockets_init(NetSocket *s)
{
    s->listener = -1;
    s->addr.fd = -1;
    net_link_init(&s->link, &s->nd);
}

static bool stream_open(Netdev *nd, OptList *opts, GError **error)
{
    NetSocket *s = netsock_of(nd);
    sockets_init(s);
    if (!optlist_bool(opts, "server", &s->server, error) ||
        !optlist_uint(opts, "reconnect", 0, MAX_RECONNECT, &s->reconnect, error) ||
        !net_addr_read(&s->addr, "addr", opts, error) || !optlist_finish(opts, error)) {
        return false;
    }
    return s->server ? stream_listen(s, error) : stream_connect(s, error);
}

/* Bound to `local`, sending to `remote`, which may be the same multicast group. */
static bool dgram_start(NetSocket *s, const NetAddr *local, const NetAddr *remote, GError **error)
{
    int fd = local->fd >= 0 ? local->fd : net_addr_socket(local, SOCK_DGRAM, bind);
    if (fd < 0) {
        set_host_error(error, local, "bind");
        return false;
    }
    if (local->fd < 0) {
        note_made(s, local);
    }
    if (remote) {
        s->link.to = remote->addr;
        s->link.to_len = remote->len;
    }
    netdev_set_info(&s->nd, "%s%s%s", local->text, remote ? " to " : "",
                    remote ? remote->text : "");
    net_link_open(&s->link, fd, LINK_DATAGRAM, NULL);
    return true;
}

static bool is_multicast(const NetAddr *a)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&a->addr;
    return a->addr.ss_family == AF_INET && IN_MULTICAST(ntohl(in->sin_addr.s_addr));
}

/* All members of a group hear each other; `from` is an address of the host's to be a member at. */
static bool mcast_start(NetSocket *s, const NetAddr *group, const NetAddr *from, GError **error)
{
    const struct sockaddr_in *at = (const struct sockaddr_in *)&group->addr;
    struct ip_mreq member = {.imr_multiaddr = at->sin_addr};
    int on = 1;
    if (from) {
        member.imr_interface = ((const struct sockaddr_in *)&from->addr)->sin_addr;
    }
    int fd = net_addr_socket(group, SOCK_DGRAM, bind);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof(on)) != 0 ||
        (from && setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &member.imr_interface,
                            sizeof(member.imr_interface)) != 0)) {
        set_host_error(error, group, "join the group");
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    s->link.to = group->addr;
    s->link.to_len = group->len;
    netdev_set_info(&s->nd, "mcast=%s", group->text);
    net_link_open(&s->link, fd, LINK_DATAGRAM, NULL);
    return true;
}

static bool dgram_open(Netdev *nd, OptList *opts, GError **error)
{
    NetSocket *s = netsock_of(nd);
    NetAddr local = {.fd = -1}, remote = {.fd = -1};
    bool has_local = net_addr_is_given("local", opts),
         has_remote = net_addr_is_given("remote", opts);
    bool ok = false;
    sockets_init(s);
    if ((has_local && !net_addr_read(&local, "local", opts, error)) ||
        (has_remote && !net_addr_read(&remote, "remote", opts, error)) ||
        !optlist_finish(opts, error)) {
        goto out;
    }
    if (has_remote && is_multicast(&remote)) {
        ok = mcast_start(s, &remote, has_local ? &local : NULL, error);
    } else if (!has_local) {
        g_set_error(error, OPT_ERROR, 0, "dgram requires local= parameter");
    } else if (!has_remote && local.fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "remote.type= is missing: nobody to send to");
    } else {
        ok = dgram_start(s, &local, has_remote ? &remote : NULL, error);
    }
out:
    net_addr_clear(&local);
    net_addr_clear(&remote);
    return ok;
}

/* listen=, connect= and fd= are streams, mcast= and udp= datagrams. */
static bool netsock_start(NetSocket *s, const char *kind, const char *value, const NetAddr *local,
                          GError **error)
{
    NetAddr addr = {.fd = -1};
    bool ok = false;
    if (strcmp(kind, "mcast") == 0 || strcmp(kind, "udp") == 0) {
        ok = net_addr_parse(&addr, kind, value, error);
        if (ok && strcmp(kind, "mcast") == 0) {
            ok = mcast_start(s, &addr, local->text ? local : NULL, error);
        } else if (ok && local->text) {
            ok = dgram_start(s, local, &addr, error);
        } else if (ok) {
            g_set_error(error, OPT_ERROR, 0, "localaddr= is mandatory with udp=");
            ok = false;
        }
        net_addr_clear(&addr);
        return ok;
    }
    if (!net_addr_parse(&s->addr, kind, value, error)) {
        return false;
    }
    return strcmp(kind, "listen") == 0 ? stream_listen(s, error) : stream_connect(s, error);
}

static bool netsock_use_fd(NetSocket *s, OptList *opts, GError **error)
{
    uint64_t fd = 0;
    int type;
    socklen_t len = sizeof(type);
    if (!optlist_uint(opts, "fd", 0, INT32_MAX, &fd, error)) {
        return false;
    }
    if (getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
        g_set_error(error, OPT_ERROR, 0, "fd=%d: is no socket: %s", (int)fd, g_strerror(errno));
        return false;
    }
    s->addr.text = g_strdup_printf("fd=%d", (int)fd);
    if (type == SOCK_STREAM) {
        stream_connected(s, (int)fd);
    } else {
        net_link_open(&s->link, (int)fd, LINK_DATAGRAM, NULL);
    }
    return true;
}

static bool netsock_open(Netdev *nd, OptList *opts, GError **error)
{
    static const char *const kinds[] = {"listen", "connect", "mcast", "udp", "fd"};
    NetSocket *s = netsock_of(nd);
    const char *kind = NULL, *value = NULL, *local_text = optlist_get(opts, "localaddr");
    unsigned given = 0;
    sockets_init(s);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const char *found = optlist_get(opts, kinds[i]);
        kind = found ? kinds[i] : kind;
        value = found ? found : value;
        given += found != NULL;
    }
    if (given != 1) {
        g_set_error(error, OPT_ERROR, 0,
                    "exactly one of fd=, listen=, connect=, mcast= or udp= is required");
        return false;
    }
    if (!optlist_finish(opts, error)) {
        return false;
    }
    if (strcmp(kind, "fd") == 0) {
        return netsock_use_fd(s, opts, error);
    }
    /* With mcast= it is an address without a port. */
    NetAddr local = {.fd = -1};
    g_autofree char *with_port = local_text && strcmp(kind, "mcast") == 0
                                     ? g_strdup_printf("%s:0", local_text)
                                     : g_strdup(local_text);
    bool ok = (!with_port || net_addr_parse(&local, "localaddr", with_port, error)) &&
              netsock_start(s, kind, value, &local, error);
    net_addr_clear(&local);
    return ok;
}

static void netsock_close(Netdev *nd)
{
    NetSocket *s = netsock_of(nd);
    net_link_free(&s->link);
    net_unwatch(&s->listen_watch);
    net_unwatch(&s->retry);
    if (s->listener >= 0) {
        close(s->listener);
    }
    if (s->made) {
        unlink(s->made);
    }
    g_free(s->made);
    net_addr_clear(&s->addr);
}

static void netsock_send(Netdev *nd, const uint8_t *frame, size_t len)
{
    net_link_send(&netsock_of(nd)->link, frame, len);
}

static bool netsock_is_busy(Netdev *nd)
{
    return net_link_is_busy(&netsock_of(nd)->link);
}

static void netsock_accept(Netdev *nd)
{
    net_link_accept(&netsock_of(nd)->link);
}

#define SOCKET_OPS(name_, open_)                                                                   \
    {                                                                                              \
        .name = name_, .instance_size = sizeof(NetSocket), .open = open_, .close = netsock_close,  \
        .send = netsock_send, .is_busy = netsock_is_busy, .accept = netsock_accept                 \
    }

const NetdevOps net_socket_ops = SOCKET_OPS("socket", netsock_open);
const NetdevOps net_stream_ops = SOCKET_OPS("stream", stream_open);
const NetdevOps net_dgram_ops = SOCKET_OPS("dgram", dgram_open);
