/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lint as users meet it: -lint, `info lint`, x-query-lint, and the exit status. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "libqtest.h"

#define ARGS "-machine q35 -device intel-iommu -device isa-debug-exit,iobase=0xf4,iosize=0x4"
#define GCMD 0xfed90018ull
#define IRE  (1u << 25)

static void break_a_rule(QTest *qts)
{
    qtest_writel(qts, GCMD, IRE); /* before SIRTP */
}

static int end(QTest *qts)
{
    qtest_outl(qts, 0xf4, 0x10);
    return qtest_wait(qts);
}

static void test_status(void)
{
    static const struct {
        const char *args;
        bool breaks;
        int status;
    } runs[] = {
        {ARGS, true, 0x21},
        {ARGS " -lint on", true, 0x21},
        {ARGS " -lint off", true, 0x21},
        {ARGS " -lint error", false, 0x21},
        {ARGS " -lint error", true, 3},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        QTest *qts = qtest_init(runs[i].args);

        if (runs[i].breaks) {
            break_a_rule(qts);
        }
        g_assert_cmpint(end(qts), ==, runs[i].status);
    }
}

static void test_info(void)
{
    QTest *qts = qtest_init(ARGS);
    g_autofree char *before = qtest_hmp(qts, "info lint");

    g_assert_true(g_str_has_prefix(before, "0 of "));
    break_a_rule(qts);
    g_autofree char *after = qtest_hmp(qts, "info lint");
    g_assert_true(g_str_has_prefix(after, "ire-before-sirtp (error): IRE was set before SIRTP ever "
                                          "latched a table [VT-d 11.4.4.1]\n  "));
    g_assert_nonnull(strstr(after, ": 1, the first at 0.000000 s: IRTA=0\n1 of "));
    qtest_quit(qts);
    qts = qtest_init(ARGS " -lint off");
    g_autofree char *off = qtest_hmp(qts, "info lint");
    g_assert_cmpstr(off, ==, "lint is off\n");
    qtest_quit(qts);
}

static void test_query(void)
{
    QTest *qts = qtest_init(ARGS);

    break_a_rule(qts);
    JsonObject *response = qtest_qmp(qts, "{'execute': 'x-query-lint'}");
    JsonObject *lint = json_object_get_object_member(response, "return");
    JsonArray *broken = json_object_get_array_member(lint, "broken");
    JsonObject *rule = json_array_get_object_element(broken, 0);
    JsonArray *sources = json_object_get_array_member(rule, "sources");

    g_assert_true(json_object_get_boolean_member(lint, "enabled"));
    g_assert_cmpuint(json_array_get_length(broken), ==, 1);
    g_assert_cmpstr(json_object_get_string_member(rule, "rule"), ==, "ire-before-sirtp");
    g_assert_cmpstr(json_object_get_string_member(rule, "section"), ==, "VT-d 11.4.4.1");
    g_assert_cmpstr(json_object_get_string_member(rule, "severity"), ==, "error");
    JsonObject *source = json_array_get_object_element(sources, 0);
    g_assert_cmpint(json_object_get_int_member(source, "count"), ==, 1);
    g_assert_cmpstr(json_object_get_string_member(source, "details"), ==, "IRTA=0");
    g_assert_cmpint(json_object_get_int_member(source, "time-ns"), ==, 0);
    json_object_unref(response);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lint/status", test_status);
    g_test_add_func("/lint/info", test_info);
    g_test_add_func("/lint/query", test_query);
    return g_test_run();
}
