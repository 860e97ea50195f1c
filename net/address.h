/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of sockets in options; private to net/. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sys/socket.h>

#include "base/optlist.h"

typedef struct {
    struct sockaddr_storage addr;
    socklen_t len;
    int fd;     /* type=fd: a descriptor in place of an address; else -1 */
    char *text; /* for people */
} NetAddr;

/* "HOST:PORT", the value of `key`; an empty host is any. */
bool net_addr_parse(NetAddr *a, const char *key, const char *text, GError **error);
/* PREFIX.type=inet|unix|fd and what belongs to it. Fails if there is none. */
bool net_addr_read(NetAddr *a, const char *prefix, OptList *opts, GError **error);
bool net_addr_is_given(const char *prefix, OptList *opts);
void net_addr_clear(NetAddr *a);

/* A new socket that was bound or connected (connect, bind); -1 with errno. */
int net_addr_socket(const NetAddr *a, int type,
                    int (*use)(int, const struct sockaddr *, socklen_t));

#endif
