/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that ask the process to end: SIGTERM, SIGINT, SIGHUP. */
#ifndef SYSTEM_SIGNALS_H
#define SYSTEM_SIGNALS_H

/* Within this time after the first, more of them say nothing new: timeout(1) sends two at once. */
#define SIGNALS_GRACE_MS 1000

/* Takes the signals over, for the rest of the process's life. Returns a descriptor that becomes
 * readable at the first and stays open; one that comes after the grace kills the process, whatever
 * its threads do. */
int signals_watch(void);

#endif
