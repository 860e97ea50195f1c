/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program among other processes (system/process.h). */
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
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

typedef struct {
    char name[64]; /* empty: numbers were given */
    uid_t uid;
    gid_t gid;
} ProcessUser;

static bool find_user(ProcessUser *found, const char *user, GError **error)
{
    unsigned uid, gid;
    char rest;
    const struct passwd *pw = getpwnam(user);
    *found = (ProcessUser){.name = ""};
    if (pw) {
        g_strlcpy(found->name, user, sizeof(found->name));
        found->uid = pw->pw_uid;
        found->gid = pw->pw_gid;
        return true;
    }
    if (sscanf(user, "%u:%u%c", &uid, &gid, &rest) == 2) {
        found->uid = uid;
        found->gid = gid;
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "there is no such user, nor is it UID:GID");
    return false;
}

bool process_has_user(const char *user, GError **error)
{
    ProcessUser found;
    return find_user(&found, user, error);
}

bool process_drop(const char *user, const char *root, GError **error)
{
    ProcessUser next;
    if (user && !find_user(&next, user, error)) {
        return false;
    }
    if (root && (chroot(root) != 0 || chdir("/") != 0)) {
        return process_fail(error, "-chroot");
    }
    if (user && ((next.name[0] ? initgroups(next.name, next.gid) : setgroups(1, &next.gid)) != 0 ||
                 setgid(next.gid) != 0 || setuid(next.uid) != 0)) {
        return process_fail(error, "-runas");
    }
    if (user && next.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
        g_set_error(error, OPT_ERROR, 0, "-runas: the host lets us become root again");
        return false;
    }
    return true;
}
