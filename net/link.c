/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames over a file descriptor (link.h). */
#include "net/link.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/bytes.h"

#define LENGTH_SIZE 4u
#define READ_SIZE   0x10000u
#define BUSY_BYTES  0x40000u /* queued for a slow reader: the card has to wait */
#define MAX_BURST   64       /* datagrams a turn */

GSource *net_watch(int fd, GIOCondition what, GUnixFDSourceFunc callback, gpointer data)
{
    GSource *source = g_unix_fd_source_new(fd, what);
    g_source_set_callback(source, G_SOURCE_FUNC(callback), data, NULL);
    g_source_attach(source, NULL);
    return source;
}

void net_unwatch(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

void net_link_init(NetLink *link, Netdev *nd)
{
    *link = (NetLink){.nd = nd, .fd = -1, .in = g_byte_array_new(), .out = g_byte_array_new()};
}

void net_link_close(NetLink *link)
{
    net_unwatch(&link->in_watch);
    net_unwatch(&link->out_watch);
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
    g_byte_array_set_size(link->in, 0);
    g_byte_array_set_size(link->out, 0);
}

void net_link_free(NetLink *link)
{
    if (link->in) {
        net_link_close(link);
        g_byte_array_unref(link->in);
        g_byte_array_unref(link->out);
    }
}

static void link_lost(NetLink *link)
{
    bool was_busy = net_link_is_busy(link);
    net_link_close(link);
    if (link->closed) {
        link->closed(link->nd);
    }
    if (was_busy) {
        netdev_can_send(link->nd);
    }
}

/* Whole frames out of what was read; false if the other end speaks something else. */
static bool deliver_stream(NetLink *link)
{
    guint at = 0;
    while (link->in->len - at >= LENGTH_SIZE && netdev_has_room(link->nd)) {
        uint32_t len = bytes_get32_be(link->in->data + at);
        if (len > NET_FRAME_MAX) {
            return false;
        }
        if (link->in->len - at - LENGTH_SIZE < len) {
            break;
        }
        netdev_deliver(link->nd, link->in->data + at + LENGTH_SIZE, len);
        at += LENGTH_SIZE + len;
    }
    g_byte_array_remove_range(link->in, 0, at);
    return true;
}

/* False: the link is gone. */
static bool read_stream(NetLink *link)
{
    guint had = link->in->len;
    if (had < LENGTH_SIZE + NET_FRAME_MAX) {
        g_byte_array_set_size(link->in, had + READ_SIZE);
        ssize_t n = read(link->fd, link->in->data + had, READ_SIZE);
        g_byte_array_set_size(link->in, had + (n > 0 ? (guint)n : 0));
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return false;
        }
    }
    return deliver_stream(link);
}

/* An error of a datagram socket is of one datagram: nobody listens there, for one. */
static void read_datagrams(NetLink *link)
{
    uint8_t frame[NET_FRAME_MAX];
    for (unsigned i = 0; i < MAX_BURST && netdev_has_room(link->nd); i++) {
        ssize_t n = read(link->fd, frame, sizeof(frame));
        if (n <= 0) {
            break;
        }
        netdev_deliver(link->nd, frame, (size_t)n);
    }
}

static gboolean link_readable(gint fd, GIOCondition condition, gpointer opaque)
{
    NetLink *link = opaque;
    if (!netdev_has_room(link->nd)) {
        net_unwatch(&link->in_watch);
        return G_SOURCE_REMOVE;
    }
    bool stays = true;
    if (link->kind == LINK_STREAM) {
        stays = read_stream(link);
    } else {
        read_datagrams(link);
    }
    netdev_offer(link->nd);
    if (!stays) {
        link_lost(link);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

void net_link_accept(NetLink *link)
{
    if (link->fd >= 0 && !link->in_watch) {
        link->in_watch = net_watch(link->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, link_readable, link);
    }
}

void net_link_open(NetLink *link, int fd, NetLinkKind kind, void (*closed)(Netdev *nd))
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    link->fd = fd;
    link->kind = kind;
    link->closed = closed;
    net_link_accept(link);
}

bool net_link_is_busy(const NetLink *link)
{
    return link->out->len > BUSY_BYTES;
}

/* False: the other end has gone. */
static bool flush_stream(NetLink *link)
{
    guint done = 0;
    while (done < link->out->len) {
        ssize_t n = send(link->fd, link->out->data + done, link->out->len - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno != EAGAIN) {
            return false;
        }
        if (n <= 0) {
            break;
        }
        done += (guint)n;
    }
    g_byte_array_remove_range(link->out, 0, done);
    return true;
}

static gboolean link_writable(gint fd, GIOCondition condition, gpointer opaque)
{
    NetLink *link = opaque;
    bool was_busy = net_link_is_busy(link);
    if (!flush_stream(link)) {
        link_lost(link);
        return G_SOURCE_REMOVE;
    }
    bool empty = link->out->len == 0;
    if (empty) {
        net_unwatch(&link->out_watch);
    }
    if (was_busy && !net_link_is_busy(link)) {
        netdev_can_send(link->nd);
    }
    return empty ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* What goes out now is written; the rest, and the end of a connection, are the watch's. */
static void send_on_stream(NetLink *link, const uint8_t *frame, size_t len)
{
    uint8_t length[LENGTH_SIZE];
    bytes_put32_be(length, (uint32_t)len);
    g_byte_array_append(link->out, length, sizeof(length));
    g_byte_array_append(link->out, frame, (guint)len);
    if (!link->out_watch && (!flush_stream(link) || link->out->len > 0)) {
        link->out_watch = net_watch(link->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, link_writable, link);
    }
}

void net_link_send(NetLink *link, const uint8_t *frame, size_t len)
{
    if (link->fd < 0) {
        return;
    }
    ssize_t sent = 0;
    switch (link->kind) {
    case LINK_STREAM:
        send_on_stream(link, frame, len);
        break;
    case LINK_DATAGRAM:
        sent = sendto(link->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL,
                      link->to_len ? (struct sockaddr *)&link->to : NULL, link->to_len);
        break;
    case LINK_TAP:
        sent = write(link->fd, frame, len);
        break;
    }
    (void)sent; /* a message that is not taken is lost, as on a wire */
}
