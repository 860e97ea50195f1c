/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line editor. Keys are those of a shell in its usual (emacs) manner; what a terminal sends for
 * arrows and the like is ECMA-48's control sequences (5.4), as xterm and the Linux console use
 * them.
 *
 * Left out: search in the history, lines longer than the terminal is wide (they can be typed, but
 * cursor movements show at the right place only in the last row), bytes beyond ASCII.
 */
#include "monitor/line_edit.h"

#include <stdbool.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE       0x1b
#define COLUMNS      76

typedef enum {
    LE_PLAIN,
    LE_ESCAPE,   /* ESC came */
    LE_SEQUENCE, /* ESC [ or ESC O: until a final byte */
} LineEditMode;

struct LineEdit {
    const char *prompt;
    const LineEditOps *ops;
    void *opaque;
    GString *line;
    size_t cursor;      /* in `line` */
    GString *cut;       /* by ^K, ^U, ^W; ^Y has it back */
    GPtrArray *history; /* of char *, the oldest first */
    guint at;           /* which of them is shown; history->len: the new line */
    char *kept;         /* the new line meanwhile */
    LineEditMode mode;
    unsigned number; /* ESC [ number ~ */
};

static void le_say(LineEdit *le, const char *text)
{
    le->ops->write(le->opaque, text, strlen(text));
}

/* What is right of the cursor, and back to it. */
static void le_show_rest(LineEdit *le)
{
    size_t rest = le->line->len - le->cursor;
    g_autoptr(GString) out = g_string_new(le->line->str + le->cursor);
    g_string_append(out, "\033[K");
    if (rest) {
        g_string_append_printf(out, "\033[%zuD", rest);
    }
    le->ops->write(le->opaque, out->str, out->len);
}

void line_edit_show(LineEdit *le)
{
    le_say(le, le->prompt);
    le->ops->write(le->opaque, le->line->str, le->cursor);
    if (le->cursor < le->line->len) {
        le_show_rest(le);
    }
}

static void le_move_to(LineEdit *le, size_t place)
{
    size_t steps = place < le->cursor ? le->cursor - place : place - le->cursor;
    if (steps) {
        g_autofree char *text =
            g_strdup_printf("\033[%zu%c", steps, place < le->cursor ? 'D' : 'C');
        le->cursor = place;
        le_say(le, text);
    }
}

static void le_insert(LineEdit *le, const char *text, size_t len)
{
    len = MIN(len, LINE_EDIT_MOST - le->line->len);
    g_string_insert_len(le->line, (gssize)le->cursor, text, (gssize)len);
    le->ops->write(le->opaque, text, len);
    le->cursor += len;
    if (le->cursor < le->line->len) {
        le_show_rest(le);
    }
}

/* From `from` to `to`, between which the cursor is. */
static void le_erase(LineEdit *le, size_t from, size_t to)
{
    if (from < to) {
        bool last = le->cursor == to && to == le->line->len && to - from == 1;
        g_string_erase(le->line, (gssize)from, (gssize)(to - from));
        if (last) { /* what a terminal of the simplest kind understands */
            le->cursor = from;
            le_say(le, "\b \b");
            return;
        }
        le_move_to(le, from);
        le_show_rest(le);
    }
}

static void le_cut(LineEdit *le, size_t from, size_t to)
{
    if (from < to) {
        g_string_truncate(le->cut, 0);
        g_string_append_len(le->cut, le->line->str + from, (gssize)(to - from));
        le_erase(le, from, to);
    }
}

static size_t le_word_left(const LineEdit *le)
{
    size_t place = le->cursor;
    while (place > 0 && le->line->str[place - 1] == ' ') {
        place--;
    }
    while (place > 0 && le->line->str[place - 1] != ' ') {
        place--;
    }
    return place;
}

static size_t le_word_right(const LineEdit *le)
{
    size_t place = le->cursor;
    place += strspn(le->line->str + place, " ");
    return place + strcspn(le->line->str + place, " ");
}

/* In place of the line that is there. */
static void le_replace(LineEdit *le, const char *text)
{
    g_string_assign(le->line, text);
    le->cursor = le->line->len;
    le_say(le, "\r\033[K");
    line_edit_show(le);
}

static void le_go_in_history(LineEdit *le, bool back)
{
    if (back ? le->at == 0 : le->at == le->history->len) {
        return;
    }
    if (le->at == le->history->len) {
        g_free(le->kept);
        le->kept = g_strdup(le->line->str);
    }
    le->at += back ? -1u : 1u;
    le_replace(le, le->at < le->history->len ? le->history->pdata[le->at] : le->kept);
}

/* Not what is empty, and the same line once. */
static void le_remember(LineEdit *le)
{
    GPtrArray *history = le->history;
    bool again = history->len && strcmp(history->pdata[history->len - 1], le->line->str) == 0;
    if (le->line->str[strspn(le->line->str, " ")] && !again) {
        if (history->len == LINE_EDIT_HISTORY) {
            g_ptr_array_remove_index(history, 0);
        }
        g_ptr_array_add(history, g_strdup(le->line->str));
    }
    le->at = history->len;
}

static void le_enter(LineEdit *le)
{
    le_remember(le);
    g_autofree char *line = g_strdup(le->line->str);
    g_string_truncate(le->line, 0);
    le->cursor = 0;
    le_say(le, "\r\n");
    le->ops->enter(le->opaque, line);
    line_edit_show(le);
}

static gint le_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In columns, below the line, which is then there again. */
static void le_list(LineEdit *le, GPtrArray *found)
{
    size_t width = 0;
    for (guint i = 0; i < found->len; i++) {
        size_t len = strlen(found->pdata[i]);
        width = MAX(width, len + 2);
    }
    size_t per_row = width < COLUMNS ? COLUMNS / width : 1;
    g_autoptr(GString) out = g_string_new("\r\n");
    for (guint i = 0; i < found->len; i++) {
        bool ends = (i + 1) % per_row == 0 || i + 1 == found->len;
        g_string_append_printf(out, "%-*s%s", ends ? 0 : (int)width, (char *)found->pdata[i],
                               ends ? "\r\n" : "");
    }
    le_say(le, out->str);
    line_edit_show(le);
}

/* How far all of them agree. */
static size_t le_common(const GPtrArray *found)
{
    const char *first = found->pdata[0];
    size_t common = strlen(first);
    for (guint i = 1; i < found->len; i++) {
        const char *other = found->pdata[i];
        size_t same = 0;
        while (same < common && first[same] == other[same]) {
            same++;
        }
        common = same;
    }
    return common;
}

static void le_complete(LineEdit *le)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *before = g_strndup(le->line->str, le->cursor);
    if (!le->ops->complete) {
        return;
    }
    size_t begins = le->ops->complete(le->opaque, before, found), typed = le->cursor - begins;
    if (found->len == 0) {
        return;
    }
    g_ptr_array_sort(found, le_compare);
    const char *first = found->pdata[0];
    size_t common = le_common(found);
    if (common > typed) {
        le_insert(le, first + typed, common - typed);
    } else if (found->len > 1) {
        le_list(le, found);
    }
    /* A word that goes on ("driver,", "id=") is not at its end. */
    if (found->len == 1 && common && !strchr(",=", first[common - 1])) {
        le_insert(le, " ", 1);
    }
}

/* Keys that only move the cursor: where to; SIZE_MAX: it is none of them. */
static size_t le_target(const LineEdit *le, uint8_t byte)
{
    switch (byte) {
    case CTRL('A'):
        return 0;
    case CTRL('E'):
        return le->line->len;
    case CTRL('B'):
        return le->cursor ? le->cursor - 1 : 0;
    case CTRL('F'):
        return MIN(le->cursor + 1, le->line->len);
    default:
        return SIZE_MAX;
    }
}

/* Keys that take something away. */
static void le_delete(LineEdit *le, uint8_t byte)
{
    switch (byte) {
    case '\b':
    case 0x7f:
        le_erase(le, le->cursor ? le->cursor - 1 : 0, le->cursor);
        break;
    case CTRL('D'):
        le_erase(le, le->cursor, MIN(le->cursor + 1, le->line->len));
        break;
    case CTRL('K'):
        le_cut(le, le->cursor, le->line->len);
        break;
    case CTRL('U'):
        le_cut(le, 0, le->cursor);
        break;
    case CTRL('W'):
        le_cut(le, le_word_left(le), le->cursor);
        break;
    }
}

static void le_drop_line(LineEdit *le)
{
    le->at = le->history->len;
    g_string_truncate(le->line, 0);
    le->cursor = 0;
    le_say(le, "^C\r\n");
    line_edit_show(le);
}

static void le_control(LineEdit *le, uint8_t byte)
{
    size_t target = le_target(le, byte);
    if (target != SIZE_MAX) {
        le_move_to(le, target);
        return;
    }
    switch (byte) {
    case '\r':
    case '\n':
        le_enter(le);
        break;
    case '\t':
        le_complete(le);
        break;
    case CTRL('Y'):
        le_insert(le, le->cut->str, le->cut->len);
        break;
    case CTRL('P'):
    case CTRL('N'):
        le_go_in_history(le, byte == CTRL('P'));
        break;
    case CTRL('L'):
        le_say(le, "\033[H\033[2J");
        line_edit_show(le);
        break;
    case CTRL('C'):
        le_drop_line(le);
        break;
    case ESCAPE:
        le->mode = LE_ESCAPE;
        break;
    default:
        le_delete(le, byte);
    }
}

/* ESC [ or ESC O, perhaps a number, and this byte: the control key that does the same, or 0. */
static uint8_t le_key_of(unsigned number, uint8_t last)
{
    static const struct {
        uint8_t last, number, key;
    } rows[] = {
        {'A', 0, CTRL('P')}, {'B', 0, CTRL('N')}, {'C', 0, CTRL('F')}, {'D', 0, CTRL('B')},
        {'H', 0, CTRL('A')}, {'F', 0, CTRL('E')}, {'~', 1, CTRL('A')}, {'~', 3, CTRL('D')},
        {'~', 4, CTRL('E')}, {'~', 7, CTRL('A')}, {'~', 8, CTRL('E')},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].last == last && (rows[i].number == number || last != '~')) {
            return rows[i].key;
        }
    }
    return 0;
}

static void le_after_escape(LineEdit *le, uint8_t byte)
{
    le->mode = byte == '[' || byte == 'O' ? LE_SEQUENCE : LE_PLAIN;
    le->number = 0;
    if (byte == 'b') {
        le_move_to(le, le_word_left(le));
    } else if (byte == 'f') {
        le_move_to(le, le_word_right(le));
    } else if (byte == 'd') {
        le_cut(le, le->cursor, le_word_right(le));
    }
}

static void le_in_sequence(LineEdit *le, uint8_t byte)
{
    if (g_ascii_isdigit(byte)) {
        le->number = MIN(le->number * 10 + (byte - '0'), 999);
    } else if (byte >= 0x40) { /* final */
        le->mode = LE_PLAIN;
        le_control(le, le_key_of(le->number, byte));
    }
}

void line_edit_key(LineEdit *le, uint8_t byte)
{
    if (byte < 0x20 || byte == 0x7f) { /* also within a sequence, which it ends */
        le->mode = LE_PLAIN;
        le_control(le, byte);
    } else if (le->mode == LE_ESCAPE) {
        le_after_escape(le, byte);
    } else if (le->mode == LE_SEQUENCE) {
        le_in_sequence(le, byte);
    } else if (byte < 0x7f) {
        le_insert(le, (const char *)&byte, 1);
    }
}

LineEdit *line_edit_new(const char *prompt, const LineEditOps *ops, void *opaque)
{
    LineEdit *le = g_new0(LineEdit, 1);
    le->prompt = prompt;
    le->ops = ops;
    le->opaque = opaque;
    le->line = g_string_new(NULL);
    le->cut = g_string_new(NULL);
    le->history = g_ptr_array_new_with_free_func(g_free);
    return le;
}

void line_edit_free(LineEdit *le)
{
    if (le) {
        g_string_free(le->line, TRUE);
        g_string_free(le->cut, TRUE);
        g_ptr_array_free(le->history, TRUE);
        g_free(le->kept);
        g_free(le);
    }
}
