/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A share's server as the machine sees it (include/fsdev/fsdev.h): a process at the end of a
 * socket. */
#include "fsdev/fsdev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fsdev/confine.h"
#include "fsdev/server.h"

#define PATIENCE_MS 30000
#define SERVER_NAME "qemu-share"
#define SOCKET_FD   0 /* in the server */
#define FOLDER_FD   1

enum { T_ATTACH = 104, T_VERSION = 100, T_CLUNK = 120 };

struct Fsdev {
    char *id, *owner;
    int socket;       /* the server's; -1: */
    P9Server *within; /* it is in this process */
    bool gone;
    GHashTable *roots; /* fids that were attached */
};

/* All of it; false: the other end is gone, or says nothing for too long. */
static bool fsdev_get(int fd, uint8_t *bytes, size_t len, int patience_ms)
{
    for (size_t done = 0; done < len;) {
        struct pollfd one = {fd, POLLIN, 0};
        int ready = poll(&one, 1, patience_ms);
        ssize_t n = ready > 0 ? read(fd, bytes + done, len - done) : ready;
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

static bool fsdev_put(int fd, const uint8_t *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* A message: its length, or 0. */
static size_t get_message(int fd, uint8_t *message, int patience_ms)
{
    if (!fsdev_get(fd, message, P9_HEAD, patience_ms)) {
        return 0;
    }
    P9In in = {message, P9_HEAD, false};
    size_t len = p9_get(&in, 4);
    bool whole = len >= P9_HEAD && len <= FSDEV_MESSAGE_MOST &&
                 fsdev_get(fd, message + P9_HEAD, len - P9_HEAD, patience_ms);
    return whole ? len : 0;
}

/* In the new process. */
static void fsdev_serve(const FsdevOptions *options, bool (*forbid)(void))
{
    P9Server *server = p9_server_new(FOLDER_FD, options);
    uint8_t *message = g_malloc(FSDEV_MESSAGE_MOST), *answer = g_malloc(FSDEV_MESSAGE_MOST);
    umask(0);
    fsdev_confine(FOLDER_FD);
    if (forbid) {
        forbid();
    }
    for (size_t len; (len = get_message(SOCKET_FD, message, -1)) > 0;) {
        size_t told = p9_server_answer(server, message, len, answer, FSDEV_MESSAGE_MOST);
        if (!fsdev_put(SOCKET_FD, answer, told)) {
            break;
        }
    }
    _exit(0);
}

/* Nobody's pipes and terminal stay open, and Ctrl-C is not for it: it ends when its socket does. */
static void become_server(const FsdevOptions *options, int socket, int folder, bool (*forbid)(void))
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGPIPE};
    for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++) {
        signal(ignored[i], SIG_IGN);
    }
    prctl(PR_SET_NAME, SERVER_NAME);
    int high = fcntl(folder, F_DUPFD, FOLDER_FD + 1);
    if (high < 0 || dup2(socket, SOCKET_FD) < 0 || dup2(high, FOLDER_FD) < 0 ||
        close_range(FOLDER_FD + 1, ~0u, 0) != 0) {
        _exit(1);
    }
    fsdev_serve(options, forbid);
}

/* By a process between, so that it is no child that would have to be waited for. */
static int fsdev_start(const FsdevOptions *options, int folder, bool (*forbid)(void))
{
    int ends[2], status = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    pid_t between = fork();
    if (between == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            become_server(options, ends[1], folder, forbid);
        }
        _exit(pid < 0);
    }
    while (between > 0 && waitpid(between, &status, 0) < 0 && errno == EINTR) {
    }
    close(ends[1]);
    if (status != 0) {
        close(ends[0]);
        errno = between < 0 ? errno : EAGAIN;
        return -1;
    }
    return ends[0];
}

static Fsdev *fsdev_begin(const FsdevOptions *options, int socket, P9Server *within)
{
    Fsdev *fsdev = g_new0(Fsdev, 1);
    *fsdev = (Fsdev){.id = g_strdup(options->id),
                     .socket = socket,
                     .within = within,
                     .roots = g_hash_table_new(NULL, NULL)};
    return fsdev;
}

/* The folder's descriptor, or -1. */
static int fsdev_open(const FsdevOptions *options, GError **error)
{
    int folder = open(options->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        g_set_error(error, OPT_ERROR, 0, "path=%s: %s", options->path, g_strerror(errno));
    }
    return folder;
}

Fsdev *fsdev_new(const FsdevOptions *options, bool (*forbid)(void), GError **error)
{
    int folder = fsdev_open(options, error);
    if (folder < 0) {
        return NULL;
    }
    int socket = fsdev_start(options, folder, forbid);
    if (socket < 0) {
        g_set_error(error, OPT_ERROR, 0, "path=%s: its server can't be started: %s", options->path,
                    g_strerror(errno));
    }
    close(folder);
    return socket < 0 ? NULL : fsdev_begin(options, socket, NULL);
}

Fsdev *fsdev_new_within(const FsdevOptions *options, GError **error)
{
    int folder = fsdev_open(options, error);
    return folder < 0 ? NULL : fsdev_begin(options, -1, p9_server_new(folder, options));
}

/* A server sees the end of its socket. */
void fsdev_free(Fsdev *fsdev)
{
    if (fsdev->within) {
        p9_server_free(fsdev->within);
    } else {
        close(fsdev->socket);
    }
    g_hash_table_unref(fsdev->roots);
    g_free(fsdev->owner);
    g_free(fsdev->id);
    g_free(fsdev);
}

const char *fsdev_id(const Fsdev *fsdev)
{
    return fsdev->id;
}

const char *fsdev_owner(const Fsdev *fsdev)
{
    return fsdev->owner;
}

bool fsdev_claim(Fsdev *fsdev, const char *owner)
{
    if (owner && fsdev->owner) {
        return false;
    }
    g_free(fsdev->owner);
    fsdev->owner = g_strdup(owner);
    return true;
}

/* Who has something open, by what begins and ends it. */
static void fsdev_watch(Fsdev *fsdev, const uint8_t *message, size_t len, uint8_t answered)
{
    P9In in = {message, len, false};
    p9_get(&in, 4);
    uint8_t type = (uint8_t)p9_get(&in, 1);
    p9_get(&in, 2);
    gpointer fid = GUINT_TO_POINTER((uint32_t)p9_get(&in, 4));
    if (answered != type + 1) {
        return;
    }
    if (type == T_ATTACH) {
        g_hash_table_add(fsdev->roots, fid);
    } else if (type == T_CLUNK) {
        g_hash_table_remove(fsdev->roots, fid);
    } else if (type == T_VERSION) {
        g_hash_table_remove_all(fsdev->roots);
    }
}

static size_t fsdev_answer(Fsdev *fsdev, const uint8_t *message, size_t len, uint8_t *answer)
{
    if (fsdev->within) {
        return p9_server_answer(fsdev->within, message, len, answer, FSDEV_MESSAGE_MOST);
    }
    bool sent = !fsdev->gone && fsdev_put(fsdev->socket, message, len);
    size_t got = sent ? get_message(fsdev->socket, answer, PATIENCE_MS) : 0;
    fsdev->gone |= got == 0;
    return got;
}

size_t fsdev_ask(Fsdev *fsdev, const uint8_t *message, size_t len, uint8_t *answer)
{
    size_t got = fsdev_answer(fsdev, message, len, answer);
    if (got > 0) {
        fsdev_watch(fsdev, message, len, answer[4]);
    }
    return got;
}

bool fsdev_in_use(const Fsdev *fsdev)
{
    return g_hash_table_size(fsdev->roots) > 0;
}
