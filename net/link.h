/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames over a file descriptor; private to net/. On a stream each has its length in front, 4
 * bytes, the highest first, as QEMU's; on datagram sockets and TAP devices each is a message.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <glib-unix.h>
#include <sys/socket.h>

#include "net/internal.h"

typedef enum { LINK_STREAM, LINK_DATAGRAM, LINK_TAP } NetLinkKind;

typedef struct {
    Netdev *nd;
    NetLinkKind kind;
    int fd; /* -1: nobody is there, frames are lost */
    struct sockaddr_storage to;
    socklen_t to_len; /* 0: the socket is connected */
    GSource *in_watch, *out_watch;
    GByteArray *in, *out; /* read and not delivered, not written yet */
    /* The other end of a stream has gone; the link is closed. May be NULL. */
    void (*closed)(Netdev *nd);
} NetLink;

void net_link_init(NetLink *link, Netdev *nd);
/* Takes the descriptor over. */
void net_link_open(NetLink *link, int fd, NetLinkKind kind, void (*closed)(Netdev *nd));
void net_link_close(NetLink *link);
void net_link_free(NetLink *link);
/* For NetdevOps. */
void net_link_send(NetLink *link, const uint8_t *frame, size_t len);
bool net_link_is_busy(const NetLink *link);
void net_link_accept(NetLink *link);

/* Watches an fd; stops and forgets the watch. */
GSource *net_watch(int fd, GIOCondition what, GUnixFDSourceFunc callback, gpointer data);
void net_unwatch(GSource **source);

#endif
