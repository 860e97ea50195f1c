/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting QMP's byte stream into JSON values, in any portions. */
#include <string.h>

#include "monitor/qmp_frame.h"

/* Values and errors ("!") in order, joined by '|'. */
static void on_value(void *opaque, const char *text)
{
    g_string_append_printf(opaque, "%s|", text);
}

static void on_error(void *opaque, const char *why)
{
    g_string_append(opaque, "!|");
}

static void assert_cut(const char *input, const char *expected)
{
    static const QmpFrameOps ops = {.value = on_value, .error = on_error};
    for (size_t portion = 1; portion <= 3; portion++) {
        GString *got = g_string_new(NULL);
        QmpFrame frame;
        qmp_frame_init(&frame, &ops, got);
        size_t len = strlen(input);
        for (size_t i = 0; i < len; i += portion) {
            qmp_frame_feed(&frame, (const uint8_t *)input + i, MIN(portion, len - i));
        }
        g_assert_cmpstr(got->str, ==, expected);
        qmp_frame_free(&frame);
        g_string_free(got, TRUE);
    }
}

static void test_values(void)
{
    assert_cut("{}", "{}|");
    assert_cut("{}{}[1]", "{}|{}|[1]|");
    assert_cut(" {\"a\":\n{}}\n", "{\"a\": {}}|");
    assert_cut("12 null\ntrue\n", "12|null|true|");
}

static void test_strings(void)
{
    assert_cut("{\"a\":\"}{\\\"\"}", "{\"a\":\"}{\\\"\"}|");
    assert_cut("{'a':'\"\\''}", "{\"a\":\"\\\"'\"}|");
    assert_cut("{'a':'\xc3\xa4'}", "{\"a\":\"\xc3\xa4\"}|");
    assert_cut("{'a':'\\\\'}", "{\"a\":\"\\\\\"}|");
}

static void test_errors(void)
{
    assert_cut("{]{}", "!|{}|");
    assert_cut("\xff{}", "!|{}|");
    assert_cut("{\"a\": \x01{}", "!|{}|");
    assert_cut("{'bad \xff\n{}", "!|{}|");
    assert_cut("{'a\n{}", "!|{}|");
    assert_cut("%p{}", "!|{}|");
    assert_cut("{'a':'\\u0000'}{}", "!|{}|");
    assert_cut("{'a':'\\\\u0000'}{}", "{\"a\":\"\\\\u0000\"}|{}|");
    assert_cut("{'a':'\xc3'}{}", "!|{}|");
    assert_cut("}\n{}", "!|{}|");
}

/* What a reply could not give back as it came. */
static void test_numbers(void)
{
    assert_cut("[1e400]{}", "!|{}|");
    assert_cut("{'id':99999999999999999999}{}", "!|{}|");
    assert_cut("{'id':-9223372036854775809}{}", "!|{}|");
    assert_cut("{'id':9223372036854775807}", "{\"id\":9223372036854775807}|");
    assert_cut("{'1e400\\\\':-1.5e300}", "{\"1e400\\\\\":-1.5e300}|");
    assert_cut("{'99999999999999999999':'1e999'}", "{\"99999999999999999999\":\"1e999\"}|");
}

static void test_bounds(void)
{
    g_autofree char *deep = g_strnfill(5000, '[');
    g_autofree char *text = g_strconcat(deep, "\n{}", NULL);
    static const QmpFrameOps ops = {.value = on_value, .error = on_error};
    GString *got = g_string_new(NULL);
    QmpFrame frame;
    qmp_frame_init(&frame, &ops, got);
    qmp_frame_feed(&frame, (const uint8_t *)text, strlen(text));
    g_assert_cmpstr(got->str, ==, "!|{}|");
    g_assert_cmpuint(frame.text->len, <, QMP_FRAME_MAX_DEPTH + 2);
    qmp_frame_free(&frame);
    g_string_free(got, TRUE);
}

/* A string without end is given up where a value gets too long, and what follows is read. */
static void test_length(void)
{
    static const QmpFrameOps ops = {.value = on_value, .error = on_error};
    g_autofree char *part = g_strnfill(1 << 20, 'a');
    GString *got = g_string_new(NULL);
    QmpFrame frame;
    qmp_frame_init(&frame, &ops, got);
    qmp_frame_feed(&frame, (const uint8_t *)"{'a':'", 6);
    for (size_t fed = 0; fed <= QMP_FRAME_MAX_BYTES; fed += 1 << 20) {
        qmp_frame_feed(&frame, (const uint8_t *)part, 1 << 20);
    }
    g_assert_cmpstr(got->str, ==, "!|");
    g_assert_cmpuint(frame.text->len, ==, 0);
    qmp_frame_feed(&frame, (const uint8_t *)"\n{}", 3);
    g_assert_cmpstr(got->str, ==, "!|{}|");
    qmp_frame_free(&frame);
    g_string_free(got, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp-frame/values", test_values);
    g_test_add_func("/qmp-frame/strings", test_strings);
    g_test_add_func("/qmp-frame/errors", test_errors);
    g_test_add_func("/qmp-frame/numbers", test_numbers);
    g_test_add_func("/qmp-frame/bounds", test_bounds);
    g_test_add_func("/qmp-frame/length", test_length);
    return g_test_run();
}
