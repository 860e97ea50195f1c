/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's numbers: values as a C compiler has them, and what is refused. */
#include <glib.h>
#include <string.h>

#include "monitor/expr.h"

static void test_values(void)
{
#define SAME(expression)                                                                           \
    {                                                                                              \
#expression, (uint64_t)(expression)                                                        \
    }
    static const struct {
        const char *text;
        uint64_t value;
    } rows[] = {
        SAME(1 + 2 * 3),
        SAME((1 + 2) * 3),
        SAME(100 / 7 % 5),
        SAME(100 - 7 - 5),
        {"0xff & 0x3c ^ 1 | 2", ((0xff & 0x3c) ^ 1) | 2},
        {"1 << 4 + 1", 1 << (4 + 1)},
        SAME(256 >> 2 >> 1),
        SAME(-1),
        SAME(- -5),
        SAME(~0ull),
        SAME('a' + 1),
        SAME(((((7))))),
        {" 0x10\t", 16},
        {"1 << 63", 1ull << 63},
        {"1 << 64", 0},
        {"1 >> 99", 0},
        {"0xffffffffffffffff + 1", 0},
        {"+3*-2", (uint64_t)-6},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *text = strcmp(rows[i].text, "~0ull") == 0 ? "~0" : rows[i].text;
        uint64_t value = 0xbad;
        GError *error = NULL;
        g_assert_true(expr_parse(text, NULL, &value, &error));
        g_assert_no_error(error);
        g_assert_cmphex(value, ==, rows[i].value);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "no number"},
        {"1 +", "no number"},
        {"(1", "')' expected"},
        {"1)", "follows"},
        {"1 2", "follows"},
        {"1/0", "division by zero"},
        {"1%0", "division"},
        {"$rax", "no CPU"},
        {"'a", "character"},
        {"''", "character"},
        {"0x", "no number"},
        {"12ab", "no number"},
        {"99999999999999999999", "no number"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        uint64_t value = 0xbad;
        g_assert_false(expr_parse(rows[i].text, NULL, &value, &error));
        g_assert_nonnull(strstr(error->message, rows[i].why));
        g_assert_cmphex(value, ==, 0xbad);
    }
}

/* However deep it is written, and whatever it is made of. */
static void test_bounds(void)
{
    static const char letters[] = "()+-*/%&|^<>~$'0x1a ";
    g_autofree char *deep = g_strnfill(100000, '('), *signs = g_strnfill(100000, '-');
    uint64_t value;
    g_assert_false(expr_parse(deep, NULL, &value, NULL));
    g_assert_false(expr_parse(signs, NULL, &value, NULL));
    for (unsigned run = 0; run < 100000; run++) {
        char text[24] = "";
        for (unsigned i = 0; i < 20; i++) {
            text[i] = letters[g_test_rand_int_range(0, sizeof(letters) - 1)];
        }
        expr_parse(text, NULL, &value, NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expr/values", test_values);
    g_test_add_func("/expr/refused", test_refused);
    g_test_add_func("/expr/bounds", test_bounds);
    return g_test_run();
}
