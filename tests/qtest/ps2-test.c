/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The i8042 with its keyboard and mouse: commands, scan code sets, what waits while the controller
 * keeps a device off, and what a mouse says when monitors move it. */
#include "tests/qtest/libqtest.h"

#define DATA    0x60
#define STATUS  0x64
#define FULL    0x01
#define AUX     0x20
#define ACK     0xfa
#define RESEND  0xfe
#define KBD_OFF 0x10
#define AUX_OFF 0x20

static void check_said(QTest *qts, uint8_t from, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_assert_cmphex(qtest_inb(qts, STATUS) & (FULL | AUX), ==, from);
        g_assert_cmphex(qtest_inb(qts, DATA), ==, bytes[i]);
    }
    g_assert_cmphex(qtest_inb(qts, STATUS) & FULL, ==, 0);
}
#define SAID(qts_, from_, ...)                                                                     \
    check_said(qts_, from_, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define KBD_SAID(qts_, ...)   SAID(qts_, FULL, __VA_ARGS__)
#define MOUSE_SAID(qts_, ...) SAID(qts_, FULL | AUX, __VA_ARGS__)

static void set_mode(QTest *qts, uint8_t mode)
{
    qtest_outb(qts, STATUS, 0x60);
    qtest_outb(qts, DATA, mode);
}

static void to_mouse(QTest *qts, uint8_t byte)
{
    qtest_outb(qts, STATUS, 0xd4);
    qtest_outb(qts, DATA, byte);
}

static void say(QTest *qts, const char *line)
{
    g_autofree char *said = qtest_hmp(qts, line);
    g_assert_cmpstr(said, ==, "");
}

/* A keyboard in scan code set 3, untranslated. */
static QTest *start_set3(void)
{
    QTest *qts = qtest_init("-nodefaults");
    set_mode(qts, 0x05);
    qtest_outb(qts, DATA, 0xf0);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 3);
    KBD_SAID(qts, ACK);
    return qts;
}

static void test_commands(void)
{
    QTest *qts = qtest_init("-nodefaults");
    set_mode(qts, 0x05);
    qtest_outb(qts, DATA, 0xee);
    KBD_SAID(qts, 0xee);
    qtest_outb(qts, DATA, 0xf2);
    KBD_SAID(qts, ACK, 0xab, 0x83);
    qtest_outb(qts, DATA, 0xfe); /* once more */
    KBD_SAID(qts, 0x83);
    qtest_outb(qts, DATA, 0xed);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 7);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 0xf3);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 0xf2); /* no rate, but a command */
    KBD_SAID(qts, ACK, 0xab, 0x83);
    qtest_outb(qts, DATA, 0xf0);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 4); /* there is no such set */
    KBD_SAID(qts, RESEND);
    qtest_outb(qts, DATA, 0x42);
    KBD_SAID(qts, RESEND);
    qtest_outb(qts, DATA, 0xff);
    KBD_SAID(qts, ACK, 0xaa);
    qtest_quit(qts);
}

/* The set that is read back comes translated, as everything does. */
static void test_translated_sets(void)
{
    static const uint8_t translated[] = {0x43, 0x41, 0x3f};
    QTest *qts = qtest_init("-nodefaults");
    for (uint8_t set = 1; set <= 3; set++) {
        qtest_outb(qts, DATA, 0xf0);
        KBD_SAID(qts, ACK);
        qtest_outb(qts, DATA, set);
        KBD_SAID(qts, ACK);
        qtest_outb(qts, DATA, 0xf0);
        KBD_SAID(qts, ACK);
        qtest_outb(qts, DATA, 0);
        KBD_SAID(qts, ACK, translated[set - 1]);
    }
    qtest_outb(qts, DATA, 0xf2);
    KBD_SAID(qts, ACK, 0xab, 0x41);
    qtest_quit(qts);
}

static void test_set3(void)
{
    QTest *qts = start_set3();
    say(qts, "sendkey shift-a"); /* only what is held tells that it goes up */
    KBD_SAID(qts, 0x12, 0x1c, 0xf0, 0x12);
    say(qts, "sendkey delete");
    KBD_SAID(qts, 0x64);
    qtest_outb(qts, DATA, 0xf8); /* all do */
    KBD_SAID(qts, ACK);
    say(qts, "sendkey pause");
    KBD_SAID(qts, 0x62, 0xf0, 0x62);
    qtest_outb(qts, DATA, 0xfd); /* but these two */
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 0x1c);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 0x62);
    KBD_SAID(qts, ACK);
    qtest_outb(qts, DATA, 0xf4);
    KBD_SAID(qts, ACK);
    say(qts, "sendkey a-b");
    KBD_SAID(qts, 0x1c, 0x32, 0xf0, 0x32);
    qtest_outb(qts, DATA, 0xf6); /* and set 2 again */
    KBD_SAID(qts, ACK);
    say(qts, "sendkey delete");
    KBD_SAID(qts, 0xe0, 0x71, 0xe0, 0xf0, 0x71);
    qtest_quit(qts);
}

/* A key that is pressed while the controller keeps the keyboard off waits in the keyboard. */
static void test_kept_off(void)
{
    QTest *qts = qtest_init("-nodefaults");
    qtest_irq_intercept_in(qts, "ioapic");
    set_mode(qts, 0x47 | KBD_OFF);
    say(qts, "sendkey a");
    g_assert_cmphex(qtest_inb(qts, STATUS) & FULL, ==, 0);
    g_assert_false(qtest_get_irq(qts, 1));
    qtest_outb(qts, STATUS, 0xae);
    g_assert_true(qtest_get_irq(qts, 1));
    KBD_SAID(qts, 0x1e, 0x9e);
    g_assert_cmpuint(qtest_get_irq_raised(qts, 1), ==, 2); /* one a byte */
    qtest_outb(qts, STATUS, 0xad);
    say(qts, "sendkey b");
    qtest_outb(qts, DATA, 0xee); /* a command to the keyboard lets it speak: first the answer */
    KBD_SAID(qts, 0xee, 0x30, 0xb0);
    qtest_quit(qts);
}

static void mouse_enable(QTest *qts)
{
    to_mouse(qts, 0xf4);
    MOUSE_SAID(qts, ACK);
}

static void mouse_rate(QTest *qts, uint8_t rate)
{
    to_mouse(qts, 0xf3);
    MOUSE_SAID(qts, ACK);
    to_mouse(qts, rate);
    MOUSE_SAID(qts, ACK);
}

static void test_mouse_commands(void)
{
    QTest *qts = qtest_init("-nodefaults");
    to_mouse(qts, 0xff);
    MOUSE_SAID(qts, ACK, 0xaa, 0);
    to_mouse(qts, 0xf2);
    MOUSE_SAID(qts, ACK, 0);
    to_mouse(qts, 0xe8);
    MOUSE_SAID(qts, ACK);
    to_mouse(qts, 3);
    MOUSE_SAID(qts, ACK);
    mouse_rate(qts, 40);
    to_mouse(qts, 0xe7);
    MOUSE_SAID(qts, ACK);
    say(qts, "mouse_button 5");
    mouse_enable(qts);
    to_mouse(qts, 0xe9);
    MOUSE_SAID(qts, ACK, 0x35, 3, 40);
    to_mouse(qts, 0xf6);
    MOUSE_SAID(qts, ACK);
    to_mouse(qts, 0xe9);
    MOUSE_SAID(qts, ACK, 0x05, 2, 100);
    to_mouse(qts, 0xee); /* an echo of all, but for its end */
    MOUSE_SAID(qts, ACK);
    to_mouse(qts, 0x5a);
    MOUSE_SAID(qts, 0x5a);
    to_mouse(qts, 0xec);
    MOUSE_SAID(qts, ACK);
    to_mouse(qts, 0x42);
    MOUSE_SAID(qts, RESEND);
    qtest_quit(qts);
}

static void test_mouse_moves(void)
{
    QTest *qts = qtest_init("-nodefaults");
    qtest_irq_intercept_in(qts, "ioapic");
    say(qts, "mouse_move 5 5"); /* it is not asked for */
    g_assert_cmphex(qtest_inb(qts, STATUS) & FULL, ==, 0);
    mouse_enable(qts);
    unsigned before = qtest_get_irq_raised(qts, 12);
    say(qts, "mouse_move 5 -7");
    MOUSE_SAID(qts, 0x08, 5, 7);
    g_assert_cmpuint(qtest_get_irq_raised(qts, 12) - before, ==, 3);
    say(qts, "mouse_move -1 1");
    MOUSE_SAID(qts, 0x38, 0xff, 0xff);
    say(qts, "mouse_move 300 0"); /* more than a packet holds */
    MOUSE_SAID(qts, 0x08, 255, 0, 0x08, 45, 0);
    say(qts, "mouse_button 1");
    say(qts, "mouse_button 0");
    MOUSE_SAID(qts, 0x09, 0, 0, 0x08, 0, 0);
    say(qts, "mouse_move 0 0 1"); /* it has no wheel yet */
    g_assert_cmphex(qtest_inb(qts, STATUS) & FULL, ==, 0);
    to_mouse(qts, 0xe7);
    MOUSE_SAID(qts, ACK);
    say(qts, "mouse_move 3 -10");
    MOUSE_SAID(qts, 0x08, 3, 20);
    qtest_quit(qts);
}

static void test_mouse_remote(void)
{
    QTest *qts = qtest_init("-nodefaults");
    mouse_enable(qts);
    to_mouse(qts, 0xf0);
    MOUSE_SAID(qts, ACK);
    say(qts, "mouse_move 4 0");
    g_assert_cmphex(qtest_inb(qts, STATUS) & FULL, ==, 0);
    to_mouse(qts, 0xeb);
    MOUSE_SAID(qts, ACK, 0x08, 4, 0);
    to_mouse(qts, 0xeb);
    MOUSE_SAID(qts, ACK, 0x08, 0, 0);
    qtest_quit(qts);
}

static void check_qmp(QTest *qts, const char *events, bool fails)
{
    JsonObject *reply = qtest_qmp(
        qts, "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[%s]}}", events);
    g_assert_cmpint(json_object_has_member(reply, "error"), ==, fails);
    json_object_unref(reply);
}

#define BTN(name_, down_)                                                                          \
    "{\"type\":\"btn\",\"data\":{\"button\":\"" name_ "\",\"down\":" down_ "}}"
#define REL(axis_, value_)                                                                         \
    "{\"type\":\"rel\",\"data\":{\"axis\":\"" axis_ "\",\"value\":" value_ "}}"

static void test_wheel(void)
{
    QTest *qts = qtest_init("-nodefaults");
    mouse_rate(qts, 200);
    mouse_rate(qts, 100);
    mouse_rate(qts, 80);
    to_mouse(qts, 0xf2);
    MOUSE_SAID(qts, ACK, 3);
    mouse_enable(qts);
    check_qmp(qts, REL("x", "2") "," REL("y", "3") "," BTN("right", "true"), false);
    MOUSE_SAID(qts, 0x2a, 2, 0xfd, 0);
    check_qmp(qts, BTN("wheel-up", "true") "," BTN("wheel-up", "false"), false);
    MOUSE_SAID(qts, 0x0a, 0, 0, 0xff);
    check_qmp(qts, BTN("wheel-down", "true"), false);
    MOUSE_SAID(qts, 0x0a, 0, 0, 1);
    mouse_rate(qts, 200);
    mouse_rate(qts, 200);
    mouse_rate(qts, 80);
    to_mouse(qts, 0xf2);
    MOUSE_SAID(qts, ACK, 4);
    check_qmp(qts, BTN("side", "true"), false);
    MOUSE_SAID(qts, 0x0a, 0, 0, 0x10);
    check_qmp(qts, BTN("extra", "true") "," BTN("wheel-up", "true"), false);
    MOUSE_SAID(qts, 0x0a, 0, 0, 0x3f);
    check_qmp(qts, BTN("fourth", "true"), true);
    check_qmp(qts, REL("z", "1"), true);
    check_qmp(qts, "{\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":1}}", true);
    qtest_quit(qts);
}

/* What moves while the guest does not look is added up, and buttons are told apart. */
static void test_mouse_behind(void)
{
    QTest *qts = qtest_init("-nodefaults");
    mouse_enable(qts);
    int x = 0;
    for (unsigned i = 0; i < 1000; i++) {
        say(qts, "mouse_move 1 0");
    }
    while (qtest_inb(qts, STATUS) & FULL) {
        g_assert_cmphex(qtest_inb(qts, DATA), ==, 0x08);
        x += qtest_inb(qts, DATA);
        g_assert_cmphex(qtest_inb(qts, DATA), ==, 0);
    }
    g_assert_cmpint(x, ==, 1000);
    qtest_quit(qts);
}

static void test_mice(void)
{
    QTest *qts = qtest_init("-nodefaults");
    g_autofree char *mice = qtest_hmp(qts, "info mice");
    g_assert_cmpstr(mice, ==, "* Mouse #0: QEMU PS/2 Mouse\n");
    JsonObject *reply = qtest_qmp(qts, "{\"execute\":\"query-mice\"}");
    JsonObject *mouse =
        json_array_get_object_element(json_object_get_array_member(reply, "return"), 0);
    g_assert_cmpstr(json_object_get_string_member(mouse, "name"), ==, "QEMU PS/2 Mouse");
    g_assert_true(json_object_get_boolean_member(mouse, "current"));
    g_assert_false(json_object_get_boolean_member(mouse, "absolute"));
    json_object_unref(reply);
    say(qts, "mouse_set 0");
    g_autofree char *none = qtest_hmp(qts, "mouse_set 1");
    g_assert_nonnull(strstr(none, "no mouse 1"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ps2/commands", test_commands);
    g_test_add_func("/ps2/translated-sets", test_translated_sets);
    g_test_add_func("/ps2/set-3", test_set3);
    g_test_add_func("/ps2/kept-off", test_kept_off);
    g_test_add_func("/ps2/mouse/commands", test_mouse_commands);
    g_test_add_func("/ps2/mouse/moves", test_mouse_moves);
    g_test_add_func("/ps2/mouse/remote", test_mouse_remote);
    g_test_add_func("/ps2/mouse/wheel", test_wheel);
    g_test_add_func("/ps2/mouse/behind", test_mouse_behind);
    g_test_add_func("/ps2/mouse/list", test_mice);
    return g_test_run();
}
