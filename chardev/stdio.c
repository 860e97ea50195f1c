/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stdio: the terminal, raw while we have it and put back as it was. */
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/internal.h"

typedef struct {
    Chardev chr;
    ChrFd fd;
    bool is_tty;
    struct termios saved;
} ChrStdio;

/* Every key as it is typed; output keeps its newline translation. */
static void make_raw(ChrStdio *s, bool signals)
{
    struct termios raw = s->saved;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) {
        raw.c_lflag &= ~(tcflag_t)ISIG;
    }
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static bool stdio_open(Chardev *chr, OptList *opts, GError **error)
{
    ChrStdio *s = (ChrStdio *)chr;
    bool signals = true;
    if (!optlist_bool(opts, "signal", &signals, error)) {
        return false;
    }
    s->is_tty = tcgetattr(STDIN_FILENO, &s->saved) == 0;
    if (s->is_tty) {
        make_raw(s, signals);
    }
    /* Duplicates: closing them leaves the process its own. */
    chr_fd_init(&s->fd, chr, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3),
                fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), NULL);
    return true;
}

static void stdio_close(Chardev *chr)
{
    ChrStdio *s = (ChrStdio *)chr;
    chr_fd_close(&s->fd);
    if (s->is_tty) {
        tcsetattr(STDIN_FILENO, TCSANOW, &s->saved);
    }
}

static void stdio_write(Chardev *chr, const uint8_t *data, size_t len)
{
    chr_fd_write(&((ChrStdio *)chr)->fd, data, len);
}

static void stdio_accept_input(Chardev *chr)
{
    chr_fd_update(&((ChrStdio *)chr)->fd);
}

const ChrOps chr_stdio_ops = {
    .name = "stdio",
    .instance_size = sizeof(ChrStdio),
    .open = stdio_open,
    .close = stdio_close,
    .write = stdio_write,
    .accept_input = stdio_accept_input,
};
