/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program among other processes (system/process.h). */
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/optlist.h"

static bool process_fail(GError **error, const char *what)
{
    g_set_error(error, OPT_ERROR, 0, "%s: %s", what, g_strerror(errno));
    return false;
}

bool process_has_files(GError **error)
{
    enum { LEAST = 32 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < LEAST) {
        g_set_error(error, OPT_ERROR, 0,
                    "only %" G_GUINT64_FORMAT " files may be open (ulimit -n); a machine needs %d",
                    (guint64)limit.rlim_cur, LEAST);
        return false;
    }
    return true;
}

bool process_follow_parent(pid_t parent, GError **error)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        return process_fail(error, "-run-with exit-with-parent=on");
    }
    /* It may have ended before we asked to be told. */
    if (getppid() != parent) {
        raise(SIGTERM);
    }
    return true;
}

/* In the process that was started: its status is that of the other's start. */
G_GNUC_NORETURN static void wait_until_ready(int fd)
{
    char byte;
    ssize_t n;
    do {
        n = read(fd, &byte, 1);
    } while (n < 0 && errno == EINTR);
    _exit(n == 1 ? 0 : 1);
}

bool process_daemonize(int *ready, GError **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return process_fail(error, "-daemonize");
    }
    pid_t pid = fork();
    if (pid > 0) {
        close(ends[1]);
        wait_until_ready(ends[0]);
    }
    close(ends[0]);
    /* A second time: what leads no session gets no controlling terminal when it opens one. */
    if (pid == 0 && setsid() >= 0 && (pid = fork()) > 0) {
        _exit(0);
    }
    if (pid < 0) {
        close(ends[1]);
        return process_fail(error, "-daemonize");
    }
    *ready = ends[1];
    return true;
}

bool process_is_ready(int ready, bool keep_stderr, GError **error)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool ok = null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
              (keep_stderr || dup2(null, STDERR_FILENO) >= 0) && write(ready, "", 1) == 1;
    if (!ok) {
        process_fail(error, "-daemonize");
    }
    if (null >= 0) {
        close(null);
    }
    close(ready);
    return ok;
}
