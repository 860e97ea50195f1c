/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that was asked to end does so in its main loop. Should that not come round any more,
 * who asks again wants it gone: the second signal has its default action.
 */
#include "system/signals.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

/* All that a signal handler can get at. */
static struct {
    bool watching;
    int fd;
    int64_t first_ms; /* 0: none yet */
} asked;

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

static void signals_handle(int number)
{
    int saved_errno = errno;
    int64_t now = monotonic_ms(), first = 0;
    if (__atomic_compare_exchange_n(&asked.first_ms, &first, now, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
        while (eventfd_write(asked.fd, 1) < 0 && errno == EINTR) {
        }
    } else if (now - first >= SIGNALS_GRACE_MS) {
        signal(number, SIG_DFL);
        raise(number); /* comes when the handler returns */
    }
    errno = saved_errno;
}

int signals_watch(void)
{
    struct sigaction action = {.sa_handler = signals_handle, .sa_flags = SA_RESTART};
    if (asked.watching) {
        return asked.fd;
    }
    asked.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (asked.fd < 0) {
        g_error("no descriptor for signals: %s", g_strerror(errno));
    }
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
    asked.watching = true;
    return asked.fd;
}
