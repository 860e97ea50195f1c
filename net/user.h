/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -netdev user: its parts; private to net/. */
#ifndef NET_USER_H
#define NET_USER_H

#include <libslirp.h>

#include "base/optlist.h"

/* What the options say; texts and addresses live as long as this. */
typedef struct {
    SlirpConfig config;
    GPtrArray *texts;      /* of char * */
    GPtrArray *dns_search; /* of char *, ends with NULL */
} UserOptions;

/* Into a config for slirp_new(). */
bool user_options_read(UserOptions *o, OptList *opts, GError **error);
void user_options_clear(UserOptions *o);
/* "10.0.2.0/24", for people. */
char *user_options_network(const UserOptions *o);

/* hostfwd= and guestfwd=: every one of them. */
bool user_add_forwards(Slirp *slirp, const OptList *opts, GError **error);

#endif
