/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A qemu-nbd of our own for one image. Private to block/. */
#ifndef BLOCK_NBD_SERVER_H
#define BLOCK_NBD_SERVER_H

#include <glib.h>

typedef struct {
    GPid pid;
    int log; /* what it said, a file in memory */
} NbdServer;

/* Runs it on a socket that systemd(1) would have given it (sd_listen_fds(3)); our connected end,
 * or -1 with an error. It ends when that is closed. */
int nbd_server_start(NbdServer *server, char *const *arguments, GError **error);
/* The first line that it said, or NULL; the caller frees it. */
char *nbd_server_said(const NbdServer *server);
/* After our end was closed: when it has ended, for which it has some seconds, all is written and
 * its locks are free. */
void nbd_server_wait(NbdServer *server);

#endif
