/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals that ask a process to end, in a child whose only thread never looks at them.
 */
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/signals.h"

/* A child that says "ready", and "asked" at the first signal, if it `listens`. */
static pid_t deaf_child(int *from_child, bool listens)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        struct pollfd asked = {.fd = signals_watch(), .events = POLLIN};
        (void)!write(ends[1], "r", 1);
        while (!listens || poll(&asked, 1, -1) != 1) {
        }
        (void)!write(ends[1], "a", 1);
        for (;;) {
        }
    }
    close(ends[1]);
    *from_child = ends[0];
    char byte = 0;
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 1);
    g_assert_cmpint(byte, ==, 'r');
    return pid;
}

/* Signals of the child until it ends; how it did. */
static int ask_until_dead(pid_t pid, int number)
{
    int status = 0;
    for (unsigned i = 0; i < 1000; i++) {
        kill(pid, number);
        g_usleep(50000);
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return status;
        }
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return status;
}

static void test_second_kills(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        int from_child, status = 0;
        pid_t pid = deaf_child(&from_child, false);
        gint64 start = g_get_monotonic_time();
        status = ask_until_dead(pid, numbers[i]);
        g_assert_true(WIFSIGNALED(status));
        g_assert_cmpint(WTERMSIG(status), ==, numbers[i]);
        g_assert_cmpint(g_get_monotonic_time() - start, >=, (SIGNALS_GRACE_MS - 10) * 1000);
        close(from_child);
    }
}

/* Two at once are one: timeout(1) does that, and the process may have images to write. */
static void test_first_is_heard(void)
{
    int from_child, status = 0;
    char byte = 0;
    pid_t pid = deaf_child(&from_child, true);
    kill(pid, SIGTERM);
    kill(pid, SIGTERM);
    kill(pid, SIGINT);
    g_assert_cmpint(read(from_child, &byte, 1), ==, 1);
    g_assert_cmpint(byte, ==, 'a');
    g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(from_child);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signals/second-kills", test_second_kills);
    g_test_add_func("/signals/first-is-heard", test_first_is_heard);
    return g_test_run();
}
