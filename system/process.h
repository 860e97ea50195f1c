/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program among other processes: going into the background, ending with its parent. Private to
 * system/. */
#ifndef SYSTEM_PROCESS_H
#define SYSTEM_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Whether the host lets us open the files that a machine begins with; without, libraries abort. */
bool process_has_files(GError **error);

/* Ends us by SIGTERM when the process ends that started us, `parent`; at once if it has. */
bool process_follow_parent(pid_t parent, GError **error);

/*
 * -daemonize. The caller goes on in the background, in a session of its own; the process that was
 * started waits and ends with status 0 when process_is_ready(), or with 1 if that never happens.
 * What goes wrong until then can still be said on stderr. `ready` is the pipe between the two.
 */
bool process_daemonize(int *ready, GError **error);
/* Leaves the terminal behind, stderr only where nothing is logged to it. The current folder stays:
 * files are named from there, and a reset reads the kernel again. */
bool process_is_ready(int ready, bool keep_stderr, GError **error);

/* Another root folder, then another user ("NAME", or "UID:GID"), for good; NULL: as it is. The name
 * is looked up before the root changes. */
bool process_has_user(const char *user, GError **error);
bool process_drop(const char *user, const char *root, GError **error);

#endif
