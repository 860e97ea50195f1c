/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flash under firmware: what its commands do, and that its drive keeps it. */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>

#define CODE      "pflash-test-code.fd"
#define VARS      "pflash-test-vars.fd"
#define CODE_SIZE 0x20000u
#define VARS_SIZE 0x10000u
#define BLOCK     0x1000u
#define CODE_BASE (0x100000000ull - CODE_SIZE)
#define VARS_BASE (CODE_BASE - VARS_SIZE)

static void make_files(void)
{
    g_autofree char *bytes = g_malloc(CODE_SIZE);
    for (size_t i = 0; i < CODE_SIZE; i++) {
        bytes[i] = (char)(i * 11 + (i >> 8));
    }
    g_assert_true(g_file_set_contents(CODE, bytes, CODE_SIZE, NULL));
    g_assert_true(g_file_set_contents(VARS, bytes, VARS_SIZE, NULL));
}

static uint8_t byte_of(uint32_t offset)
{
    return (uint8_t)(offset * 11 + (offset >> 8));
}

static QTest *start(void)
{
    return qtest_init("-drive if=pflash,format=raw,unit=0,readonly=on,file=" CODE
                      " -drive if=pflash,format=raw,unit=1,file=" VARS);
}

static void end(QTest *qts)
{
    qtest_quit(qts);
    g_unlink(CODE);
    g_unlink(VARS);
}

static void program(QTest *qts, uint64_t at, uint8_t value)
{
    qtest_writeb(qts, at, 0x10);
    qtest_writeb(qts, at, value);
}

static void erase(QTest *qts, uint64_t at)
{
    qtest_writeb(qts, at, 0x20);
    qtest_writeb(qts, at, 0xd0);
}

static void test_places(void)
{
    make_files();
    QTest *qts = start();
    g_assert_cmphex(qtest_readb(qts, 0xfffffff0), ==, byte_of(CODE_SIZE - 16));
    g_assert_cmphex(qtest_readb(qts, 0xffff0), ==, byte_of(CODE_SIZE - 16));
    g_assert_cmphex(qtest_readb(qts, CODE_BASE), ==, byte_of(0));
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 0x123), ==, byte_of(0x123));
    g_assert_cmphex(qtest_readb(qts, VARS_BASE - 1), ==, 0xff);
    end(qts);
}

/* How firmware tells flash from ROM and RAM; and the chip's own tables. */
static void test_modes(void)
{
    make_files();
    QTest *qts = start();
    uint64_t at = VARS_BASE + 0x20;
    qtest_writeb(qts, at, 0x50);
    g_assert_cmphex(qtest_readb(qts, at), ==, byte_of(0x20));
    qtest_writeb(qts, at, 0x70);
    g_assert_cmphex(qtest_readb(qts, at), ==, 0);
    qtest_writeb(qts, at, 0x98);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 0x10), ==, 'Q');
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 0x27), ==, 16);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 0x2d), ==, VARS_SIZE / BLOCK - 1);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 0x2f), ==, BLOCK >> 8);
    qtest_writeb(qts, at, 0x90);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE), ==, 0x89);
    qtest_writeb(qts, at, 0xff);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE), ==, byte_of(0));
    end(qts);
}

static void test_write(void)
{
    make_files();
    QTest *qts = start();
    uint64_t at = VARS_BASE + BLOCK + 5;
    erase(qts, at);
    g_assert_cmphex(qtest_readb(qts, at), ==, 0x80);
    qtest_writeb(qts, at, 0xff);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + BLOCK), ==, 0xff);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 2 * BLOCK - 1), ==, 0xff);
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + BLOCK - 1), ==, byte_of(BLOCK - 1));
    g_assert_cmphex(qtest_readb(qts, VARS_BASE + 2 * BLOCK), ==, byte_of(2 * BLOCK));
    program(qts, at, 0x5f);
    program(qts, at, 0xf5); /* bits go down only */
    qtest_writeb(qts, at, 0xff);
    g_assert_cmphex(qtest_readb(qts, at), ==, 0x55);
    qtest_writeb(qts, at, 0x20); /* an erase that is not confirmed */
    qtest_writeb(qts, at, 0xff);
    g_assert_cmphex(qtest_readb(qts, at), ==, 0xb0);
    qtest_writeb(qts, at, 0x50);
    g_assert_cmphex(qtest_readb(qts, at), ==, 0x55);
    qtest_quit(qts);
    qts = start(); /* another machine finds it */
    g_assert_cmphex(qtest_readb(qts, at), ==, 0x55);
    g_assert_cmphex(qtest_readb(qts, at + 1), ==, 0xff);
    end(qts);
}

static void test_read_only(void)
{
    make_files();
    QTest *qts = start();
    program(qts, CODE_BASE, 0);
    g_assert_cmphex(qtest_readb(qts, CODE_BASE), ==, 0x92);
    qtest_writeb(qts, CODE_BASE, 0x50);
    erase(qts, CODE_BASE);
    g_assert_cmphex(qtest_readb(qts, CODE_BASE), ==, 0xa2);
    qtest_writeb(qts, CODE_BASE, 0xff);
    g_assert_cmphex(qtest_readb(qts, CODE_BASE + 1), ==, byte_of(1));
    end(qts);
}

/* A reset ends what was under way. */
static void test_reset(void)
{
    make_files();
    QTest *qts = start();
    qtest_writeb(qts, VARS_BASE, 0x90);
    json_object_unref(qtest_qmp(qts, "{'execute':'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    g_assert_cmphex(qtest_readb(qts, VARS_BASE), ==, byte_of(0));
    end(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pflash/places", test_places);
    g_test_add_func("/pflash/modes", test_modes);
    g_test_add_func("/pflash/write", test_write);
    g_test_add_func("/pflash/read-only", test_read_only);
    g_test_add_func("/pflash/reset", test_reset);
    return g_test_run();
}
