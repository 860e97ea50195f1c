/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/nbd_server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/optlist.h"

#define PROGRAM_NAME "qemu-nbd"
#define FIRST_FD     3 /* SD_LISTEN_FDS_START */
#define PATIENCE_MS  10000

/* In the abstract name space, under a name that the kernel chooses: nothing to clean up. */
static int listen_somewhere(struct sockaddr_un *where, socklen_t *len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *where = (struct sockaddr_un){.sun_family = AF_UNIX};
    *len = sizeof(*where);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)where, sizeof(sa_family_t)) != 0 ||
                    listen(fd, 1) != 0 || getsockname(fd, (struct sockaddr *)where, len) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool spawn(NbdServer *server, char *const *arguments, int listener, GError **error)
{
    /* Only the process itself knows its number, which has to be in LISTEN_PID. Keys of our terminal
     * are not for it. */
    static const char *const shell[] = {
        "/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec setsid \"$@\"", "sh", PROGRAM_NAME};
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(shell); i++) {
        g_ptr_array_add(words, (char *)shell[i]);
    }
    for (; *arguments; arguments++) {
        g_ptr_array_add(words, *arguments);
    }
    g_ptr_array_add(words, NULL);
    const int from[] = {listener}, to[] = {FIRST_FD};
    return g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)words->pdata, NULL,
                                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                                            NULL, NULL, -1, -1, server->log, from, to, 1,
                                            &server->pid, NULL, NULL, NULL, error);
}

int nbd_server_start(NbdServer *server, char *const *arguments, GError **error)
{
    struct sockaddr_un where;
    socklen_t len;
    g_autofree char *program = g_find_program_in_path(PROGRAM_NAME);
    if (!program) {
        g_set_error(error, OPT_ERROR, 0,
                    "only raw images are read without " PROGRAM_NAME
                    ", which is in the package qemu-utils");
        return -1;
    }
    int listener = listen_somewhere(&where, &len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server->log = memfd_create(PROGRAM_NAME, MFD_CLOEXEC);
    bool connected = listener >= 0 && fd >= 0 && server->log >= 0 &&
                     connect(fd, (struct sockaddr *)&where, len) == 0;
    if (!connected) {
        g_set_error(error, OPT_ERROR, 0, "no socket for " PROGRAM_NAME ": %s", g_strerror(errno));
    }
    if (!connected || !spawn(server, arguments, listener, error)) {
        close(fd);
        close(server->log);
        fd = -1;
    }
    close(listener);
    return fd;
}

char *nbd_server_said(const NbdServer *server)
{
    char text[1024];
    ssize_t len = pread(server->log, text, sizeof(text) - 1, 0);
    if (len <= 0) {
        return NULL;
    }
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return g_strdup(g_str_has_prefix(text, PROGRAM_NAME ": ") ? strchr(text, ' ') + 1 : text);
}

static bool has_ended(GPid pid)
{
    return waitpid(pid, NULL, WNOHANG) != 0;
}

void nbd_server_wait(NbdServer *server)
{
    static const int signals[] = {0, SIGTERM, SIGKILL};
    bool ended = false;
    for (size_t i = 0; i < G_N_ELEMENTS(signals) && !ended; i++) {
        kill(server->pid, signals[i]);
        for (int ms = 0; ms < PATIENCE_MS && !ended; ms++) {
            ended = has_ended(server->pid);
            if (!ended) {
                g_usleep(1000);
            }
        }
    }
    g_spawn_close_pid(server->pid);
    close(server->log);
}
