/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's line editor on a small terminal of the test's own: keys in, what is then on its
 * row, where the cursor stands, and which lines were entered. */
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/line_edit.h"

#define PROMPT "> "

/* What ECMA-48 calls CUB, CUF, EL and the like, on one row without an end. */
typedef struct {
    GString *row;
    size_t column;
    GString *escape; /* since ESC */
    GString *above;  /* rows that scrolled away */
    GPtrArray *entered;
    LineEdit *le;
} Screen;

static void screen_sequence(Screen *s, char last)
{
    int number = atoi(s->escape->str + 1);
    if (last == 'D') {
        g_assert_cmpint(number, <=, s->column);
        s->column -= (size_t)number;
    } else if (last == 'C') {
        s->column += (size_t)number;
        g_assert_cmpint(s->column, <=, s->row->len);
    } else if (last == 'K') {
        g_string_truncate(s->row, MIN(s->column, s->row->len));
    } else if (last == 'J') {
        g_string_truncate(s->row, 0);
    } else if (last == 'H') {
        s->column = 0;
    } else {
        g_assert_not_reached();
    }
}

static void screen_put(Screen *s, char c)
{
    if (c == '\r') {
        s->column = 0;
    } else if (c == '\b') {
        g_assert_cmpint(s->column--, >, 0);
    } else if (c == '\n') {
        g_string_append_printf(s->above, "%s\n", s->row->str);
        g_string_truncate(s->row, 0);
    } else {
        g_assert_cmpint(c, >=, ' ');
        if (s->column == s->row->len) {
            g_string_append_c(s->row, c);
        } else {
            s->row->str[s->column] = c;
        }
        s->column++;
    }
}

static void screen_write(void *opaque, const char *text, size_t len)
{
    Screen *s = opaque;
    for (size_t i = 0; i < len; i++) {
        if (s->escape->len) {
            g_string_append_c(s->escape, text[i]);
            if (s->escape->len > 2 && g_ascii_isalpha(text[i])) {
                g_string_erase(s->escape, 0, 1);
                screen_sequence(s, text[i]);
                g_string_truncate(s->escape, 0);
            }
        } else if (text[i] == '\033') {
            g_string_append_c(s->escape, text[i]);
        } else {
            screen_put(s, text[i]);
        }
    }
}

static void screen_enter(void *opaque, const char *line)
{
    const Screen *s = opaque;
    g_ptr_array_add(s->entered, g_strdup(line));
}

static size_t screen_complete(void *opaque, const char *before, GPtrArray *found)
{
    static const char *const words[] = {"info", "device_add", "device_del", "driver,"};
    const char *space = strrchr(before, ' '), *last = space ? space + 1 : before;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_has_prefix(words[i], last)) {
            g_ptr_array_add(found, g_strdup(words[i]));
        }
    }
    return (size_t)(last - before);
}

static const LineEditOps screen_ops = {screen_write, screen_enter, screen_complete};

static void screen_begin(Screen *s)
{
    s->row = g_string_new(NULL);
    s->column = 0;
    s->escape = g_string_new(NULL);
    s->above = g_string_new(NULL);
    s->entered = g_ptr_array_new_with_free_func(g_free);
    s->le = line_edit_new(PROMPT, &screen_ops, s);
    line_edit_show(s->le);
}

static void screen_end(Screen *s)
{
    line_edit_free(s->le);
    g_string_free(s->row, TRUE);
    g_string_free(s->escape, TRUE);
    g_string_free(s->above, TRUE);
    g_ptr_array_free(s->entered, TRUE);
}

static void type(Screen *s, const char *keys)
{
    for (; *keys; keys++) {
        line_edit_key(s->le, (uint8_t)*keys);
    }
}

/* What keys make of an empty line: "text|more" with the cursor at the bar. */
static void expect_line(const char *keys, const char *wanted)
{
    Screen s;
    screen_begin(&s);
    type(&s, keys);
    g_autoptr(GString) seen = g_string_new(s.row->str);
    while (seen->len > s.column && seen->str[seen->len - 1] == ' ') { /* "\b \b" */
        g_string_truncate(seen, seen->len - 1);
    }
    g_assert_true(g_str_has_prefix(seen->str, PROMPT));
    g_string_insert_c(seen, (gssize)s.column, '|');
    g_assert_cmpstr(seen->str + strlen(PROMPT), ==, wanted);
    /* What is entered is what was to be seen. */
    type(&s, "\r");
    g_autofree char *shown = g_strdup(wanted);
    memmove(strchr(shown, '|'), strchr(wanted, '|') + 1, strlen(strchr(wanted, '|')));
    g_assert_cmpstr(g_strchomp(s.entered->pdata[s.entered->len - 1]), ==, g_strchomp(shown));
    screen_end(&s);
}

static void test_keys(void)
{
    static const struct {
        const char *keys, *line;
    } rows[] = {
        {"abc", "abc|"},
        {"abc\x7f\b", "a|"},
        {"\x7f", "|"},
        {"abc\x01x", "x|abc"},
        {"abc\x01\x05x", "abcx|"},
        {"abc\x02\x02x", "ax|bc"},
        {"abc\x02\x02\x7f", "|bc"},
        {"abc\x01\x06\x04", "a|c"},
        {"one two\x01\x06\x06\x06\x0b", "one|"},
        {"one two\x15", "|"},
        {"one two\x02\x15", "|o"},
        {"one two \x17", "one |"},
        {"one two\x17\x17\x17", "|"},
        {"one two\x17\x01\x19 ", "two |one"},
        {"abc\033[D\033[Dx", "ax|bc"},
        {"abc\033OD\033OCx", "abcx|"},
        {"abc\033[Hx\033[Fy", "xabcy|"},
        {"abc\033[1~x\033[4~y", "xabcy|"},
        {"abc\033[D\033[D\033[3~", "a|c"},
        {"one two\033b\033bx\033fy", "xoney| two"},
        {"one two\033b\033b\033d", "| two"},
        {"a\033[99;99Xb\033[5~c\033xd", "abcd|"},
        {"a\xc3\xa4\x1c\x1f"
         "b",
         "ab|"},
        {"abc\x03", "|"},
        {"abc\x02\x0c", "ab|c"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("keys of row %zu", i);
        expect_line(rows[i].keys, rows[i].line);
    }
}

static void test_history(void)
{
    static const struct {
        const char *keys, *line;
    } rows[] = {
        {"\x10", "|"},
        {"\x0e", "|"},
        {"one\r\x10", "one|"},
        {"one\rtwo\r\033[A", "two|"},
        {"one\rtwo\r\033[A\033[A\033[A", "one|"},
        {"one\rtwo\rnew\033[A\033[A\033[B\033[B\033[B", "new|"},
        {"one\rone\r\r  \rtwo\r\x10\x10\x10", "one|"},
        {"one\r\x10s\r\x10\x10", "one|"},
        {"longer\rx\r\x10\x10\x0e", "x|"},
        {"one\r\x10\x03\x10", "one|"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("history of row %zu", i);
        expect_line(rows[i].keys, rows[i].line);
    }
}

static void test_completion(void)
{
    expect_line("in\t", "info |");
    expect_line("in\tin\t", "info info |");
    expect_line("zz\t", "zz|");
    expect_line("dev\t", "device_|");
    expect_line("dev\td\t", "device_del |");
    expect_line("dr\t", "driver,|");
    expect_line("in x\x02\x02\t", "info | x");
    Screen s;
    screen_begin(&s);
    type(&s, "dev\t\t");
    g_assert_nonnull(strstr(s.above->str, "device_add  device_del\n"));
    g_assert_cmpstr(s.row->str, ==, PROMPT "device_");
    screen_end(&s);
}

/* A line, the history and what a key may bring stay within bounds. */
static void test_bounds(void)
{
    Screen s;
    screen_begin(&s);
    for (unsigned i = 0; i < 3 * LINE_EDIT_MOST; i++) {
        line_edit_key(s.le, 'a');
    }
    type(&s, "\r");
    g_assert_cmpuint(strlen(s.entered->pdata[0]), ==, LINE_EDIT_MOST);
    for (unsigned i = 0; i < 2 * LINE_EDIT_HISTORY; i++) {
        g_autofree char *line = g_strdup_printf("%u\r", i);
        type(&s, line);
    }
    for (unsigned i = 0; i < 3 * LINE_EDIT_HISTORY; i++) {
        type(&s, "\x10");
    }
    g_autofree char *oldest = g_strdup_printf(PROMPT "%u", LINE_EDIT_HISTORY);
    g_assert_cmpstr(s.row->str, ==, oldest);
    type(&s, "\x15");
    for (unsigned i = 0; i < 200; i++) { /* what was cut doubles no line beyond its end */
        type(&s, "\x19\x19\x15");
    }
    screen_end(&s);
}

/* Whatever comes, the row shows the line: the screen's asserts look after that. */
static void test_random(void)
{
    for (unsigned run = 0; run < 200; run++) {
        Screen s;
        screen_begin(&s);
        for (unsigned i = 0; i < 300; i++) {
            static const char likely[] =
                "\x01\x02\x04\x05\x06\x0b\x0e\x10\x15\x17\x19\t\r\x7f\033[ ab";
            bool any = g_test_rand_int_range(0, 8) == 0;
            line_edit_key(s.le,
                          any ? (uint8_t)g_test_rand_int_range(0, 256)
                              : (uint8_t)likely[g_test_rand_int_range(0, sizeof(likely) - 1)]);
        }
        g_assert_true(g_str_has_prefix(s.row->str, PROMPT));
        g_autofree char *line = g_strdup(s.row->str + strlen(PROMPT));
        type(&s, "\033x\r");
        g_assert_cmpstr(g_strchomp(s.entered->pdata[s.entered->len - 1]), ==, g_strchomp(line));
        screen_end(&s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/line-edit/keys", test_keys);
    g_test_add_func("/line-edit/history", test_history);
    g_test_add_func("/line-edit/completion", test_completion);
    g_test_add_func("/line-edit/bounds", test_bounds);
    g_test_add_func("/line-edit/random", test_random);
    return g_test_run();
}
