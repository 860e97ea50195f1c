/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stdio: the terminal, raw while we have it and put back as it was. A shell that stops and
 * continues us sets the terminal up for itself in between.
 */
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/internal.h"

typedef struct {
    Chardev chr;
    ChrFd fd;
    bool is_tty, signals;
    struct termios saved;
    int continued; /* signalfd of SIGCONT, -1 for none */
    GSource *watch;
} ChrStdio;

/* Every key as it is typed; output keeps its newline translation. */
static void make_raw(ChrStdio *s)
{
    struct termios raw = s->saved;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!s->signals) {
        raw.c_lflag &= ~(tcflag_t)ISIG;
    }
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* In the background the terminal is another's, and setting it up would stop us. */
static bool in_background(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return foreground > 0 && foreground != getpgrp();
}

static gboolean on_continue(gint fd, GIOCondition condition, gpointer opaque)
{
    struct signalfd_siginfo info;
    /* Only to quiet the descriptor: how often it came makes no difference. */
    ssize_t n = read(fd, &info, sizeof(info));
    if (n > 0 && !in_background()) {
        make_raw(opaque);
    }
    return G_SOURCE_CONTINUE;
}

/* Blocked, SIGCONT continues us all the same, and can be read from a descriptor. */
static void watch_continue(ChrStdio *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->continued = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->continued >= 0) {
        s->watch = g_unix_fd_source_new(s->continued, G_IO_IN);
        g_source_set_callback(s->watch, G_SOURCE_FUNC(on_continue), s, NULL);
        g_source_attach(s->watch, NULL);
    }
}

static bool stdio_open(Chardev *chr, OptList *opts, GError **error)
{
    ChrStdio *s = (ChrStdio *)chr;
    s->signals = true;
    s->continued = -1;
    if (!optlist_bool(opts, "signal", &s->signals, error)) {
        return false;
    }
    s->is_tty = tcgetattr(STDIN_FILENO, &s->saved) == 0;
    if (s->is_tty) {
        make_raw(s);
        watch_continue(s);
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
    if (s->watch) {
        g_source_destroy(s->watch);
        g_source_unref(s->watch);
        close(s->continued);
    }
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
