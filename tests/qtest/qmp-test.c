/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP: envelopes, garbage, queries, and the events of resets and the end. */
#include <string.h>

#include "libqtest.h"

static void assert_error(QTest *qts, const char *command, const char *error_class)
{
    JsonObject *response = qtest_qmp(qts, "%s", command);
    g_assert_true(qtest_qmp_is_error(response, error_class));
    json_object_unref(response);
}

static JsonNode *ask(QTest *qts, const char *command)
{
    JsonObject *response = qtest_qmp(qts, "{\"execute\": \"%s\"}", command);
    g_assert_true(json_object_has_member(response, "return"));
    JsonNode *node = json_object_dup_member(response, "return");
    json_object_unref(response);
    return node;
}

/* Whatever came before, the next command is understood. */
static void assert_recovered(QTest *qts)
{
    assert_error(qts, "{ 'execute': 'no-such-cmd' }", "CommandNotFound");
}

static void test_garbage(void)
{
    static const char *const garbage[] = {
        "{]\n", "{\xff", "{\x01", "{'bad \xff", "{'execute': 'x', 'id':'\n", "%p", "null\n", "[]",
    };
    QTest *qts = qtest_init("-machine none");
    for (size_t i = 0; i < G_N_ELEMENTS(garbage); i++) {
        qtest_qmp_send_raw(qts, garbage[i], strlen(garbage[i]));
        JsonObject *response = qtest_qmp_receive(qts);
        g_assert_true(qtest_qmp_is_error(response, "GenericError"));
        json_object_unref(response);
        assert_recovered(qts);
    }
    qtest_quit(qts);
}

static void test_envelope(void)
{
    QTest *qts = qtest_init("-machine none");
    assert_error(qts, "{}", "GenericError");
    assert_error(qts, "{\"execute\": 4}", "GenericError");
    assert_error(qts, "{\"execute\": \"query-status\", \"extra\": 1}", "GenericError");
    assert_error(qts, "{\"execute\": \"query-status\", \"arguments\": 1}", "GenericError");
    assert_error(qts, "{\"execute\": \"query-status\", \"arguments\": {\"a\": 1}}", "GenericError");
    assert_error(qts, "{\"execute\": \"qom-list\"}", "GenericError");
    assert_error(qts, "{\"execute\": \"qom-list\", \"arguments\": {\"path\": 1}}", "GenericError");
    assert_error(qts, "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"x\"}}",
                 "DeviceNotFound");
    assert_error(qts, "{\"execute\": \"qmp_capabilities\"}", "CommandNotFound");
    JsonObject *response = qtest_qmp(qts, "{'execute': 'query-name', 'id': {'a': '}\"{'}}");
    JsonObject *id = json_object_get_object_member(response, "id");
    g_assert_cmpstr(json_object_get_string_member(id, "a"), ==, "}\"{");
    json_object_unref(response);
    qtest_quit(qts);
}

static void test_packets(void)
{
    static const char two[] = "{\"execute\": \"query-name\", \"id\": 1}{\"execute\":"
                              "\"query-name\", \"id\": 2}\n{\"exec";
    static const char rest[] = "ute\": \"query-name\", \"id\": 3}";
    QTest *qts = qtest_init("-machine none");
    qtest_qmp_send_raw(qts, two, strlen(two));
    for (int i = 1; i <= 3; i++) {
        if (i == 3) {
            qtest_qmp_send_raw(qts, rest, strlen(rest));
        }
        JsonObject *response = qtest_qmp_receive(qts);
        g_assert_cmpint(json_object_get_int_member(response, "id"), ==, i);
        json_object_unref(response);
    }
    qtest_quit(qts);
}

static bool has_name(JsonNode *list, const char *name)
{
    JsonArray *array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *o = json_array_get_object_element(array, i);
        if (strcmp(json_object_get_string_member(o, "name"), name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_queries(void)
{
    QTest *qts = qtest_init("-machine none -name somebody");
    g_autoptr(JsonNode) machines = ask(qts, "query-machines");
    g_assert_true(has_name(machines, "none"));
    g_autoptr(JsonNode) types = ask(qts, "qom-list-types");
    g_assert_true(has_name(types, "none-machine"));
    g_autoptr(JsonNode) commands = ask(qts, "query-commands");
    g_assert_true(has_name(commands, "query-commands"));
    g_autoptr(JsonNode) name = ask(qts, "query-name");
    g_assert_cmpstr(json_object_get_string_member(json_node_get_object(name), "name"), ==,
                    "somebody");
    g_autoptr(JsonNode) status = ask(qts, "query-status");
    g_assert_true(json_object_get_boolean_member(json_node_get_object(status), "running"));
    g_autofree char *text = qtest_hmp(qts, "info status");
    g_assert_cmpstr(text, ==, "VM status: running\n");
    qtest_quit(qts);
}

/* The machine's time is the one that the test moves, and nothing of that is withheld. */
static void test_clock(void)
{
    QTest *qts = qtest_init("-machine q35");
    qtest_clock_step(qts, 1500000);
    g_autoptr(JsonNode) clock = ask(qts, "x-query-clock");
    JsonObject *o = json_node_get_object(clock);
    g_assert_cmpint(json_object_get_int_member(o, "machine-ns"), ==, 1500000);
    g_assert_cmpint(json_object_get_int_member(o, "withheld-ns"), ==, 0);
    g_autofree char *text = qtest_hmp(qts, "info clock");
    g_assert_nonnull(strstr(text, "machine time: 0.001500 s"));
    qtest_quit(qts);
}

static void do_and_wait(QTest *qts, const char *command, const char *event)
{
    JsonNode *node = ask(qts, command);
    json_node_unref(node);
    json_object_unref(qtest_qmp_wait_event(qts, event));
}

static void test_events(void)
{
    QTest *qts = qtest_init("-machine none");
    do_and_wait(qts, "system_reset", "RESET");
    do_and_wait(qts, "stop", "STOP");
    do_and_wait(qts, "cont", "RESUME");
    do_and_wait(qts, "system_powerdown", "POWERDOWN");
    do_and_wait(qts, "quit", "SHUTDOWN");
    g_assert_cmpint(qtest_wait(qts), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/garbage", test_garbage);
    g_test_add_func("/qmp/envelope", test_envelope);
    g_test_add_func("/qmp/packets", test_packets);
    g_test_add_func("/qmp/queries", test_queries);
    g_test_add_func("/qmp/events", test_events);
    g_test_add_func("/qmp/clock", test_clock);
    return g_test_run();
}
