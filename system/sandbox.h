/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this process may still ask of its host once the machine is set up (docs/security.md). Three
 * layers: no new privileges; Landlock, under which no path leads anywhere; and a seccomp filter of
 * few system calls. What else is needed now and then, an image that is hot-plugged or a snapshot to
 * write, is trapped and done by the helper, a process forked at the beginning that has no guest's
 * data in it (system/broker.h). Private to system/.
 */
#ifndef SYSTEM_SANDBOX_H
#define SYSTEM_SANDBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    bool off, asked;    /* -sandbox off; -sandbox on */
    const char *user;   /* -runas; NULL: stay who we are */
    const char *chroot; /* -chroot; NULL: all of the file system */
} SandboxOptions;

typedef struct {
    bool sockets;  /* the machine has networks that send to addresses */
    bool user_net; /* one of them is libslirp's, which opens sockets for its guest */
    bool clients;  /* monitors, gdb, qtest or a file of options name files of their own */
    bool spawns;   /* guestfwd= runs programs */
    bool images;   /* drives that qemu-nbd reads and writes */
} SandboxNeeds;

/* -sandbox's text. */
bool sandbox_parse(SandboxOptions *options, const char *text, GError **error);

/*
 * Starts the helper; before the machine has memory, of which the helper would keep a copy. Without
 * clients it opens only what is named in `argv`. Returns the helper's descriptor, or -1 where there
 * is to be no sandbox: it is off, not possible in this build, or, which is an error if it was asked
 * for, with these needs or on this host.
 */
int sandbox_prepare(const SandboxOptions *options, const SandboxNeeds *needs, char **argv,
                    GError **error);

/* When all is set up: from here on only what the filter allows. `helper` is sandbox_prepare()'s;
 * with -1 only chroot and user are seen to. */
bool sandbox_enter(const SandboxOptions *options, const SandboxNeeds *needs, int helper,
                   GError **error);

/* Whether this build can have one, and the options do not say it is off. */
bool sandbox_is_possible(const SandboxOptions *options);
/* For a display's server and, from its process, a client's (display/vnc.h). In sandbox_display.c.
 */
bool sandbox_confine_server(const SandboxOptions *options, GError **error);
void sandbox_confine_client(const SandboxOptions *options);

/* --- The filter, in sandbox_filter.c --- */

typedef enum {
    SANDBOX_BASE,    /* always */
    SANDBOX_SOCKETS, /* with needs.sockets */
    SANDBOX_USER_NET /* with needs.user_net */
} SandboxSet;

/* A call that is allowed: where `mask` is not 0, only if (argument & mask) == value. */
typedef struct {
    int nr;
    const char *name;
    SandboxSet set;
    struct {
        unsigned char arg;
        uint64_t mask, value;
    } check[2];
} SandboxRule;

const SandboxRule *sandbox_rules(size_t *count);
/* Loads the filter; `helper` is the one socket that messages go to. What is not allowed is trapped
 * (SIGSYS); what would be a new program, or a look into another, ends the process. */
bool sandbox_load_filter(const SandboxNeeds *needs, int helper, GError **error);
/* The same end for the helper, to which all else is allowed. */
bool sandbox_forbid_programs(void);
/* Landlock: no path leads anywhere, and no port. Does nothing on hosts without it. */
void sandbox_lock_paths(void);

/* --- Trapped calls, in sandbox_trap.c --- */

/* From here on trapped calls are done by the helper; what it must not do fails with EPERM, and is
 * said. */
bool sandbox_trap_calls(int helper, GError **error);

#endif
