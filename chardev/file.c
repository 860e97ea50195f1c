/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file, pipe and pty: character devices on paths. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/internal.h"

typedef struct {
    Chardev chr;
    ChrFd fd;
    int slave; /* pty: held open so that a client that leaves does not hang us up; else 0 */
} ChrFile;

static void file_close(Chardev *chr)
{
    ChrFile *s = (ChrFile *)chr;
    chr_fd_close(&s->fd);
    if (s->slave > 0) {
        close(s->slave);
    }
}

static void file_write(Chardev *chr, const uint8_t *data, size_t len)
{
    chr_fd_write(&((ChrFile *)chr)->fd, data, len);
}

static void file_accept_input(Chardev *chr)
{
    chr_fd_update(&((ChrFile *)chr)->fd);
}

static const char *need_path(OptList *opts, GError **error)
{
    const char *path = optlist_get(opts, "path");
    if (!path) {
        g_set_error(error, OPT_ERROR, 0, "path= is missing");
    }
    return path;
}

static int open_path(const char *path, int flags, GError **error)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "path=%s: could not be opened: %s", path,
                    g_strerror(errno));
    }
    return fd;
}

static bool file_open(Chardev *chr, OptList *opts, GError **error)
{
    bool append = false;
    const char *path = need_path(opts, error);
    const char *input = optlist_get(opts, "input-path");
    if (!path || !optlist_bool(opts, "append", &append, error)) {
        return false;
    }
    int out = open_path(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), error);
    int in = out >= 0 && input ? open_path(input, O_RDONLY, error) : -1;
    if (out < 0 || (input && in < 0)) {
        if (out >= 0) {
            close(out);
        }
        return false;
    }
    chr_set_filename(chr, "file");
    chr_fd_init(&((ChrFile *)chr)->fd, chr, in, out, NULL);
    return true;
}

const ChrOps chr_file_ops = {
    .name = "file",
    .instance_size = sizeof(ChrFile),
    .open = file_open,
    .close = file_close,
    .write = file_write,
    .accept_input = file_accept_input,
};

/* PATH.in and PATH.out if both are there, else PATH for both ways. */
static bool pipe_open(Chardev *chr, OptList *opts, GError **error)
{
    const char *path = need_path(opts, error);
    if (!path) {
        return false;
    }
    g_autofree char *in_path = g_strconcat(path, ".in", NULL);
    g_autofree char *out_path = g_strconcat(path, ".out", NULL);
    int in = open(in_path, O_RDWR | O_CLOEXEC);
    int out = open(out_path, O_RDWR | O_CLOEXEC);
    if (in < 0 || out < 0) {
        if (in >= 0) {
            close(in);
        }
        if (out >= 0) {
            close(out);
        }
        in = out = open_path(path, O_RDWR, error);
        if (in < 0) {
            return false;
        }
    }
    chr_set_filename(chr, "pipe:%s", path);
    chr_fd_init(&((ChrFile *)chr)->fd, chr, in, out, NULL);
    return true;
}

const ChrOps chr_pipe_ops = {
    .name = "pipe",
    .instance_size = sizeof(ChrFile),
    .open = pipe_open,
    .close = file_close,
    .write = file_write,
    .accept_input = file_accept_input,
};

static bool pty_open(Chardev *chr, OptList *opts, GError **error)
{
    ChrFile *s = (ChrFile *)chr;
    char name[128] = "";
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, name, sizeof(name)) != 0) {
        g_set_error(error, OPT_ERROR, 0, "no pseudo terminal can be had: %s", g_strerror(errno));
        if (master >= 0) {
            close(master);
        }
        return false;
    }
    s->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios tty;
    if (s->slave > 0 && tcgetattr(s->slave, &tty) == 0) {
        cfmakeraw(&tty);
        tcsetattr(s->slave, TCSANOW, &tty);
    }
    chr_set_filename(chr, "pty:%s", name);
    chr_fd_init(&s->fd, chr, master, master, NULL);
    printf("char device redirected to %s (label %s)\n", name, chr->id);
    fflush(stdout);
    return true;
}

const ChrOps chr_pty_ops = {
    .name = "pty",
    .instance_size = sizeof(ChrFile),
    .open = pty_open,
    .close = file_close,
    .write = file_write,
    .accept_input = file_accept_input,
};
