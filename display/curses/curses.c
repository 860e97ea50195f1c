/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal in the machine's process (display/curses.h). */
#include "display/curses.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/optlist.h"
#include "display/curses/internal.h"
#include "display/person.h"

#define DRAW_MS  33
#define KEYS_MAX 64 /* between two looks at the machine */
/* After so many screens that were the same the next ones come slower. */
#define SAME_ENOUGH 30
#define SAME_SKIPS  2

struct Curses {
    int socket;       /* to the terminal's process; -1: it has ended */
    int errors, told; /* what was said on stderr meanwhile, and where it goes; -1: it goes there */
    CursesFrame *frame;
    ScreenText now;
    Display *display;
    const CursesOwner *owner;
    void *opaque;
    Person person;
    GSource *watch, *timer;
    unsigned same, skipped;
};

static void drop_watch(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

/* Whether anything has changed. */
static bool show_text(Curses *curses)
{
    ScreenText *now = &curses->now;
    memset(now, 0, sizeof(*now));
    display_text(curses->display, now);
    if (memcmp(now, &curses->frame->text, sizeof(*now)) == 0) {
        return false;
    }
    atomic_fetch_add(&curses->frame->serial, 1);
    atomic_thread_fence(memory_order_release);
    curses->frame->text = *now;
    atomic_fetch_add(&curses->frame->serial, 1);
    return true;
}

static gboolean show_again(gpointer opaque)
{
    Curses *curses = opaque;
    if (curses->same >= SAME_ENOUGH && curses->skipped++ < SAME_SKIPS) {
        return G_SOURCE_CONTINUE;
    }
    curses->skipped = 0;
    curses->same = show_text(curses) ? 0 : curses->same + 1;
    return G_SOURCE_CONTINUE;
}

static gboolean terminal_ended(Curses *curses)
{
    close(curses->socket);
    curses->socket = -1;
    drop_watch(&curses->watch);
    drop_watch(&curses->timer);
    curses->owner->quit(curses->opaque);
    return G_SOURCE_REMOVE;
}

static gboolean on_key(gint fd, GIOCondition condition, gpointer opaque)
{
    Curses *curses = opaque;
    CursesKey key;
    ssize_t got = 0;
    for (unsigned i = 0; i < KEYS_MAX && (got = read(fd, &key, sizeof(key))) == sizeof(key); i++) {
        if (key.keysym == 0) {
            curses->owner->quit(curses->opaque);
            continue;
        }
        g_autofree char *text =
            person_key(&curses->person, curses->display, key.keysym, key.down != 0);
        curses->skipped = SAME_SKIPS;
        if (text) {
            curses->owner->command(curses->opaque, text);
        }
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        return terminal_ended(curses);
    }
    return G_SOURCE_CONTINUE;
}

/* In the new process. Ctrl-C is a key there, and it ends when the machine does. */
static void run_terminal(const CursesFrame *frame, int machine, bool (*confine)(void *, GError **),
                         void *opaque)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};
    const char ready = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++) {
        signal(ignored[i], SIG_IGN);
    }
    /* Not the sockets of other displays, which would not see the machine's end. */
    if (dup2(machine, STDERR_FILENO + 1) < 0 || close_range(STDERR_FILENO + 2, ~0u, 0) != 0) {
        _exit(1);
    }
    machine = STDERR_FILENO + 1;
    if ((confine && !confine(opaque, NULL)) || !curses_open_terminal()) {
        _exit(1);
    }
    if (send(machine, &ready, sizeof(ready), MSG_NOSIGNAL) < 0) {
        _exit(1);
    }
    curses_run(frame, machine);
}

static bool curses_fail(GError **error, const char *what)
{
    g_set_error(error, OPT_ERROR, 0, "%s: %s", what, g_strerror(errno));
    return false;
}

static bool start_terminal(Curses *curses, bool (*confine)(void *, GError **), void *opaque,
                           GError **error)
{
    int ends[2];
    char ready;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return curses_fail(error, "no socket to its process");
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        run_terminal(curses->frame, ends[1], confine, opaque);
    }
    close(ends[1]);
    curses->socket = ends[0];
    if (pid < 0) {
        return curses_fail(error, "its process cannot be started");
    }
    if (read(curses->socket, &ready, 1) != 1) {
        const char *term = g_getenv("TERM");
        g_set_error(error, OPT_ERROR, 0, "no terminal that ncurses knows (TERM=%s)",
                    term ? term : "");
        return false;
    }
    fcntl(curses->socket, F_SETFL, O_NONBLOCK);
    return true;
}

/* Messages would be written over the screen: they wait in a pipe for its end, those that it can
 * hold. */
static void keep_messages(Curses *curses)
{
    int ends[2];
    if (!isatty(STDERR_FILENO) || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return;
    }
    curses->told = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    curses->errors = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
}

static void tell_messages(Curses *curses)
{
    char text[1024];
    ssize_t got;
    if (curses->errors < 0) {
        return;
    }
    while ((got = read(curses->errors, text, sizeof(text))) > 0) {
        ssize_t written = write(curses->told, text, (size_t)got);
        (void)written; /* there is nobody else to tell */
    }
    close(curses->errors);
    close(curses->told);
}

Curses *curses_start(bool (*confine)(void *opaque, GError **error), void *opaque, GError **error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        g_set_error(error, OPT_ERROR, 0, "stdin and stdout are not a terminal");
        return NULL;
    }
    Curses *curses = g_new0(Curses, 1);
    curses->socket = curses->errors = curses->told = -1;
    curses->frame =
        mmap(NULL, sizeof(CursesFrame), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (curses->frame == MAP_FAILED) {
        curses->frame = NULL;
        curses_fail(error, "no memory for the screen");
    }
    if (!curses->frame || !start_terminal(curses, confine, opaque, error)) {
        curses_free(curses);
        return NULL;
    }
    keep_messages(curses);
    return curses;
}

void curses_attach(Curses *curses, Display *display, const CursesOwner *owner, void *opaque)
{
    curses->display = display;
    curses->owner = owner;
    curses->opaque = opaque;
    show_text(curses);
    curses->watch = g_unix_fd_source_new(curses->socket, G_IO_IN | G_IO_HUP);
    g_source_set_callback(curses->watch, G_SOURCE_FUNC(on_key), curses, NULL);
    g_source_attach(curses->watch, NULL);
    curses->timer = g_timeout_source_new(DRAW_MS);
    g_source_set_callback(curses->timer, show_again, curses, NULL);
    g_source_attach(curses->timer, NULL);
}

/* The process puts the terminal back once it sees that nobody is there, and is gone then. */
static void wait_for_terminal(int socket)
{
    uint8_t rest[sizeof(CursesKey)];
    shutdown(socket, SHUT_WR);
    fcntl(socket, F_SETFL, 0);
    while (read(socket, rest, sizeof(rest)) > 0) {
    }
}

void curses_free(Curses *curses)
{
    if (!curses) {
        return;
    }
    drop_watch(&curses->watch);
    drop_watch(&curses->timer);
    if (curses->socket >= 0) {
        wait_for_terminal(curses->socket);
        close(curses->socket);
    }
    tell_messages(curses);
    if (curses->frame) {
        munmap(curses->frame, sizeof(CursesFrame));
    }
    g_free(curses);
}
