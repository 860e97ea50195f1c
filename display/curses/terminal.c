/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal's process: cells of the guest's to the terminal, keys to the machine. Ctrl-A is its
 * own, as on terminals that a serial port has. What does not fit is cut off, with the cursor's line
 * kept in sight.
 */
#define NCURSES_WIDECHAR 1
#include <errno.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>

#include "display/curses/internal.h"

#define LOOK_MS     30
#define KEY_MS      10 /* between keys: a keyboard's buffer is short */
#define ESCAPE_MS   25 /* Alt and a key is Esc and the key at once */
#define ESCAPE_KEY  1  /* Ctrl-A */
#define COLOURS     8
#define BRIGHT      8u
#define KEYSYM_ALT  0xffe9u
#define KEYSYM_CTRL 0xffe3u
#define HELP_ROWS   3

typedef struct {
    const CursesFrame *frame;
    int machine;
    ScreenText shown;
    uint32_t serial;
    bool escape; /* Ctrl-A was typed */
    bool drawn;
} Terminal;

bool curses_open_terminal(void)
{
    setlocale(LC_CTYPE, "");
    set_escdelay(ESCAPE_MS);
    if (!newterm(NULL, stdout, stdin)) {
        return false;
    }
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    if (has_colors()) {
        start_color();
        for (short back = 0; back < COLOURS; back++) {
            for (short fore = 0; fore < COLOURS; fore++) {
                init_pair((short)(1 + back * COLOURS + fore), fore, back);
            }
        }
    }
    clear();
    refresh();
    return true;
}

/* A VGA has blue in the lowest bit, a terminal red. */
static short terminal_colour(unsigned colour)
{
    return (short)((colour & 2) | (colour >> 2 & 1) | (colour & 1) << 2);
}

static void draw_text_cell(unsigned y, unsigned x, uint16_t cell)
{
    wchar_t text[2] = {curses_character((uint8_t)cell), L'\0'};
    unsigned fore = cell >> 8 & 0xf, back = cell >> 12;
    attr_t attr = (fore & BRIGHT ? A_BOLD : 0) | (back & BRIGHT ? A_BLINK : 0);
    short pair =
        has_colors() ? (short)(1 + terminal_colour(back) * COLOURS + terminal_colour(fore)) : 0;
    cchar_t c;
    setcchar(&c, text, attr, pair, NULL);
    mvadd_wch((int)y, (int)x, &c);
}

/* The first row that is seen. */
static unsigned first_row(const ScreenText *text)
{
    unsigned lines = (unsigned)LINES;
    return text->cursor_y >= 0 && (unsigned)text->cursor_y >= lines
               ? (unsigned)text->cursor_y - lines + 1
               : 0;
}

static void draw_text(const ScreenText *text)
{
    unsigned first = first_row(text),
             rows = MIN(text->rows - MIN(first, text->rows), (unsigned)LINES),
             columns = MIN(text->columns, (unsigned)COLS);
    for (unsigned y = 0; y < rows; y++) {
        for (unsigned x = 0; x < columns; x++) {
            draw_text_cell(y, x, text->cells[first + y][x]);
        }
    }
    bool cursor = text->cursor_y >= 0 && (unsigned)text->cursor_y - first < rows &&
                  text->cursor_x >= 0 && (unsigned)text->cursor_x < columns;
    curs_set(cursor);
    if (cursor) {
        move(text->cursor_y - (int)first, text->cursor_x);
    }
}

static void draw_no_text(const ScreenText *text)
{
    curs_set(0);
    mvprintw(LINES / 2, 0, "The guest's screen is a picture of %u by %u dots; -vnc shows it.",
             text->width, text->height);
    mvprintw(LINES / 2 + 1, 0, "Keys go to the guest. Ctrl-A x ends it, Ctrl-A Ctrl-A is Ctrl-A.");
}

static void draw_terminal(const Terminal *t)
{
    erase();
    if (t->shown.columns > 0) {
        draw_text(&t->shown);
    } else {
        draw_no_text(&t->shown);
    }
    refresh();
}

/* False: there is none yet, it changes just now, or has not changed. */
static bool take_frame(Terminal *t)
{
    uint32_t before = atomic_load(&t->frame->serial);
    if (before == 0 || (before & 1) || (before == t->serial && t->drawn)) {
        return false;
    }
    t->shown = t->frame->text;
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load(&t->frame->serial) != before) {
        return false;
    }
    t->shown.columns = MIN(t->shown.columns, SCREEN_COLUMNS_MAX);
    t->shown.rows = MIN(t->shown.rows, SCREEN_ROWS_MAX);
    t->serial = before;
    t->drawn = true;
    return true;
}

static void leave(void)
{
    endwin();
    _exit(0);
}

static void terminal_say(const Terminal *t, uint32_t keysym, bool down)
{
    CursesKey key = {keysym, down};
    if (send(t->machine, &key, sizeof(key), MSG_NOSIGNAL) < 0) {
        leave();
    }
}

static void tap(const Terminal *t, const CursesStroke *stroke, bool alt)
{
    const uint32_t keysyms[] = {alt ? KEYSYM_ALT : 0, stroke->held, stroke->keysym};
    for (unsigned i = 0; i < G_N_ELEMENTS(keysyms); i++) {
        if (keysyms[i]) {
            terminal_say(t, keysyms[i], true);
        }
    }
    for (unsigned i = G_N_ELEMENTS(keysyms); i-- > 0;) {
        if (keysyms[i]) {
            terminal_say(t, keysyms[i], false);
        }
    }
    poll(NULL, 0, KEY_MS);
}

/* What follows Ctrl-A. Anything else is the guest's again. */
static bool take_command(const Terminal *t, int key)
{
    static const CursesStroke itself = {KEYSYM_CTRL, 'a'};
    if (key == 'x') {
        terminal_say(t, 0, true);
        return true;
    }
    if (key == ESCAPE_KEY) {
        tap(t, &itself, false);
        return true;
    }
    return false;
}

static void take_key(Terminal *t, int key)
{
    CursesStroke stroke;
    bool escape = t->escape, alt = false;
    t->escape = false;
    if (key == KEY_RESIZE) {
        t->drawn = false;
    } else if (escape && take_command(t, key)) {
        return;
    } else if (key == ESCAPE_KEY && !escape) {
        t->escape = true;
    } else {
        if (key == '\033') {
            int next = getch();
            alt = next != ERR;
            key = alt ? next : key;
        }
        if (curses_stroke(key, &stroke)) {
            tap(t, &stroke, alt);
        }
    }
}

void curses_run(const CursesFrame *frame, int machine)
{
    static Terminal terminal;
    Terminal *t = &terminal;
    struct pollfd polls[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = machine, .events = POLLIN}};
    t->frame = frame;
    t->machine = machine;
    for (;;) {
        int key;
        int ready = poll(polls, G_N_ELEMENTS(polls), LOOK_MS);
        if (ready > 0 && (polls[1].revents || (polls[0].revents & (POLLHUP | POLLERR)))) {
            leave();
        }
        while ((key = getch()) != ERR) {
            take_key(t, key);
        }
        if (take_frame(t)) {
            draw_terminal(t);
        }
    }
}
