/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serial (tty): a device of the host's, a serial port as a rule. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/internal.h"

typedef struct {
    Chardev chr;
    ChrFd fd;
    bool is_tty;
    struct termios saved;
} ChrTty;

/* Lines are as the guest's port begins: 8 bits, no parity. Speeds of the guest's change nothing. */
static void tty_make_raw(ChrTty *s, int fd)
{
    s->is_tty = tcgetattr(fd, &s->saved) == 0;
    if (s->is_tty) {
        struct termios raw = s->saved;
        cfmakeraw(&raw);
        raw.c_cflag |= CLOCAL | CREAD;
        cfsetspeed(&raw, B115200);
        tcsetattr(fd, TCSANOW, &raw);
    }
}

static bool tty_open(Chardev *chr, OptList *opts, GError **error)
{
    ChrTty *s = (ChrTty *)chr;
    const char *path = optlist_get(opts, "path");
    if (!path) {
        g_set_error(error, OPT_ERROR, 0, "path= is missing");
        return false;
    }
    int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "path=%s: could not be opened: %s", path,
                    g_strerror(errno));
        return false;
    }
    tty_make_raw(s, fd);
    chr_set_filename(chr, "%s", path);
    chr_fd_init(&s->fd, chr, fd, fd, NULL);
    return true;
}

static void tty_close(Chardev *chr)
{
    ChrTty *s = (ChrTty *)chr;
    if (s->is_tty) {
        tcsetattr(s->fd.in, TCSANOW, &s->saved);
    }
    chr_fd_close(&s->fd);
}

static void tty_write(Chardev *chr, const uint8_t *data, size_t len)
{
    chr_fd_write(&((ChrTty *)chr)->fd, data, len);
}

static void tty_accept_input(Chardev *chr)
{
    chr_fd_update(&((ChrTty *)chr)->fd);
}

const ChrOps chr_tty_ops = {
    .name = "serial",
    .instance_size = sizeof(ChrTty),
    .open = tty_open,
    .close = tty_close,
    .write = tty_write,
    .accept_input = tty_accept_input,
};
