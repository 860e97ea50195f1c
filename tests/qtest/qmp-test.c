/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP: envelopes, garbage, queries, and the events of resets and the end. */
#include <glib/gstdio.h>

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
    for (guint i = 0; i < json_array_get_length(json_node_get_array(machines)); i++) {
        JsonObject *o = json_array_get_object_element(json_node_get_array(machines), i);
        bool q35 = strcmp(json_object_get_string_member(o, "name"), "pc-q35-8.2") == 0;
        g_assert_true(json_object_has_member(o, "acpi"));
        g_assert_cmpint(json_object_get_boolean_member(o, "acpi"), ==, q35);
    }
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

static char *hash_of(QTest *qts, const char *part)
{
    g_autoptr(JsonNode) hash = ask(qts, "x-state-hash");
    return g_strdup(json_object_get_string_member(json_node_get_object(hash), part));
}

/* Memory, time and a device's register count each where they belong, and asking changes nothing. */
static void test_state_hash(void)
{
    QTest *qts = qtest_init("-machine q35 -seed 1");
    g_autofree char *ram = hash_of(qts, "ram"), *devices = hash_of(qts, "devices");
    g_autofree char *ram_again = hash_of(qts, "ram"), *devices_again = hash_of(qts, "devices");
    g_assert_cmpstr(ram, ==, ram_again);
    g_assert_cmpstr(devices, ==, devices_again);
    qtest_writeb(qts, 0x5003, 1);
    g_autofree char *written = hash_of(qts, "ram"), *unmoved = hash_of(qts, "devices");
    g_assert_cmpstr(ram, !=, written);
    g_assert_cmpstr(devices, ==, unmoved);
    qtest_clock_step(qts, 1);
    g_autofree char *later = hash_of(qts, "devices"), *line = qtest_hmp(qts, "x-state-hash");
    g_assert_cmpstr(devices, !=, later);
    g_assert_nonnull(strstr(line, written));
    g_assert_nonnull(strstr(line, later));
    g_autofree char *sections = qtest_hmp(qts, "x-state-hash sections");
    g_assert_nonnull(strstr(sections, "\nhpet hpet: "));
    qtest_quit(qts);
}

/* Capabilities and states by QEMU's names; a file that holds the machine. */
static void test_migration(void)
{
    QTest *qts = qtest_init("-machine q35 -incoming defer");
    g_autofree char *folder = g_dir_make_tmp("switchyard-test-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "moved", NULL);
    g_autoptr(JsonNode) none = ask(qts, "query-migrate");
    g_assert_false(json_object_has_member(json_node_get_object(none), "status"));
    assert_error(qts, "{'execute': 'migrate', 'arguments': {'uri': 'file:x'}}", "GenericError");
    assert_error(qts,
                 "{'execute': 'migrate-set-capabilities', 'arguments': {'capabilities': "
                 "[{'capability': 'xbzrle', 'state': true}]}}",
                 "GenericError");
    assert_error(qts, "{'execute': 'migrate-incoming', 'arguments': {'uri': 'file:/nowhere/x'}}",
                 "GenericError");
    g_autofree char *failed = qtest_hmp(qts, "info migrate"),
                    *state = qtest_hmp(qts, "info status");
    g_assert_nonnull(strstr(failed, "Migration status: failed\n/nowhere/x: "));
    g_assert_cmpstr(state, ==, "VM status: paused (inmigrate)\n");
    qtest_quit(qts);

    qts = qtest_init("-machine q35");
    g_autofree char *command = g_strdup_printf("migrate -d file:%s", file);
    g_autofree char *answer = qtest_hmp(qts, command), *over = qtest_hmp(qts, "info status");
    g_assert_cmpstr(answer, ==, "");
    g_assert_cmpstr(over, ==, "VM status: paused (postmigrate)\n");
    g_autoptr(JsonNode) done = ask(qts, "query-migrate");
    g_assert_cmpstr(json_object_get_string_member(json_node_get_object(done), "status"), ==,
                    "completed");
    qtest_quit(qts);

    qts = qtest_initf("-machine q35 -incoming file:%s", file);
    g_autofree char *runs = qtest_hmp(qts, "info status");
    g_assert_cmpstr(runs, ==, "VM status: running\n");
    qtest_quit(qts);
    g_unlink(file);
    g_rmdir(folder);
}

/* Until it is `text`. */
static void wait_for_status(QTest *qts, const char *text)
{
    for (;;) {
        g_autofree char *now = qtest_hmp(qts, "info status");
        if (strcmp(now, text) == 0) {
            return;
        }
        g_usleep(1000);
    }
}

/* From one process to another, which listens and answers meanwhile. */
static void move_over(const char *uri)
{
    QTest *to = qtest_initf("-machine q35 -incoming %s", uri);
    QTest *from = qtest_init("-machine q35");
    g_autofree char *waits = qtest_hmp(to, "info status");
    g_autofree char *command = g_strdup_printf("migrate -d %s", uri);
    g_assert_cmpstr(waits, ==, "VM status: paused (inmigrate)\n");
    qtest_writel(from, 0x2000, 0x12345678);
    g_autofree char *answer = qtest_hmp(from, command);
    g_assert_cmpstr(answer, ==, "");
    wait_for_status(to, "VM status: running\n");
    g_assert_cmphex(qtest_readl(to, 0x2000), ==, 0x12345678);
    g_autofree char *info = qtest_hmp(to, "info migrate");
    g_assert_nonnull(strstr(info, "completed"));
    qtest_quit(from);
    qtest_quit(to);
}

static void test_channels(void)
{
    g_autofree char *folder = g_dir_make_tmp("switchyard-test-XXXXXX", NULL);
    g_autofree char *unix_uri = g_strdup_printf("unix:%s/socket", folder);
    move_over(unix_uri);
    g_autofree char *file = g_build_filename(folder, "packed", NULL);
    g_autofree char *out = g_strdup_printf("migrate 'exec:gzip -c > %s'", file);
    g_autofree char *in = g_strdup_printf(
        "{'execute': 'migrate-incoming', 'arguments': {'uri': 'exec:gzip -dc %s'}}", file);
    QTest *qts = qtest_init("-machine q35 -sandbox off");
    qtest_writel(qts, 0x2000, 5);
    g_autofree char *answer = qtest_hmp(qts, out);
    g_assert_cmpstr(answer, ==, "");
    qtest_quit(qts);
    qts = qtest_init("-machine q35 -sandbox off -incoming defer");
    JsonObject *response = qtest_qmp(qts, "%s", in);
    g_assert_true(json_object_has_member(response, "return"));
    json_object_unref(response);
    wait_for_status(qts, "VM status: running\n");
    g_assert_cmphex(qtest_readl(qts, 0x2000), ==, 5);
    g_autofree char *nobody = qtest_hmp(qts, "migrate unix:/nowhere/socket");
    g_assert_nonnull(strstr(nobody, "unix:/nowhere/socket: No such file"));
    g_autofree char *state = qtest_hmp(qts, "info status");
    g_assert_cmpstr(state, ==, "VM status: running\n");
    qtest_quit(qts);
    g_autofree char *socket_file = g_build_filename(folder, "socket", NULL);
    g_unlink(socket_file);
    g_unlink(file);
    g_rmdir(folder);
}

static void expect_status(QTest *qts, const char *id, const char *status)
{
    JsonObject *event = qtest_qmp_wait_event(qts, "JOB_STATUS_CHANGE");
    JsonObject *data = json_object_get_object_member(event, "data");
    g_assert_cmpstr(json_object_get_string_member(data, "id"), ==, id);
    g_assert_cmpstr(json_object_get_string_member(data, "status"), ==, status);
    json_object_unref(event);
}

/* One job, and what becomes of it; NULL: no error. */
static void play_job(QTest *qts, const char *command, const char *rest, const char *wrong)
{
    const char *good[] = {"created", "running", "waiting", "pending", "concluded"};
    const char *bad[] = {"created", "running", "aborting", "concluded"};
    JsonObject *answer = qtest_qmp(
        qts, "{'execute': '%s', 'arguments': {'job-id': 'j', 'devices': [], %s}}", command, rest);
    g_assert_true(json_object_has_member(answer, "return"));
    json_object_unref(answer);
    for (size_t i = 0; i < (wrong ? G_N_ELEMENTS(bad) : G_N_ELEMENTS(good)); i++) {
        expect_status(qts, "j", wrong ? bad[i] : good[i]);
    }
    g_autoptr(JsonNode) jobs = ask(qts, "query-jobs");
    JsonObject *job = json_array_get_object_element(json_node_get_array(jobs), 0);
    const char *error = json_object_get_string_member_with_default(job, "error", NULL);
    g_assert_cmpstr(json_object_get_string_member(job, "type"), ==, command);
    g_assert_cmpstr(json_object_get_string_member(job, "status"), ==, "concluded");
    g_assert_true(wrong ? strstr(error, wrong) != NULL : error == NULL);
    answer = qtest_qmp(qts, "{'execute': 'job-dismiss', 'arguments': {'id': 'j'}}");
    g_assert_true(json_object_has_member(answer, "return"));
    json_object_unref(answer);
    expect_status(qts, "j", "null");
}

/* Snapshots as jobs: each step by its event, errors where the job has them. */
static void test_jobs(void)
{
    g_autofree char *folder = g_dir_make_tmp("switchyard-test-XXXXXX", NULL);
    QTest *qts = qtest_initf("-machine q35 -snapshots %s", folder);
    qtest_writel(qts, 0x2000, 1);
    play_job(qts, "snapshot-save", "'tag': 's', 'vmstate': ''", NULL);
    play_job(qts, "snapshot-save", "'tag': 's', 'vmstate': ''", "already exists");
    qtest_writel(qts, 0x2000, 2);
    play_job(qts, "snapshot-load", "'tag': 's', 'vmstate': ''", NULL);
    g_assert_cmphex(qtest_readl(qts, 0x2000), ==, 1);
    play_job(qts, "snapshot-delete", "'tag': 's'", NULL);
    play_job(qts, "snapshot-delete", "'tag': 's'", NULL);
    play_job(qts, "snapshot-load", "'tag': 's', 'vmstate': ''", "does not exist");
    assert_error(qts,
                 "{'execute': 'snapshot-delete', 'arguments': {'job-id': '1', 'tag': 's', "
                 "'devices': []}}",
                 "GenericError");
    assert_error(qts, "{'execute': 'job-dismiss', 'arguments': {'id': 'j'}}", "GenericError");
    qtest_quit(qts);
    g_rmdir(folder);
}

/* A command line on the human monitor, perhaps for another CPU. */
static char *hmp_on(QTest *qts, const char *line, int cpu)
{
    JsonObject *response = qtest_qmp(qts,
                                     "{'execute': 'human-monitor-command', 'arguments': "
                                     "{'command-line': '%s', 'cpu-index': %d}}",
                                     line, cpu);
    char *text = g_strdup(json_object_get_string_member_with_default(response, "return", NULL));
    json_object_unref(response);
    return text;
}

static void test_hmp(void)
{
    static const char *const dumps[] = {"xp/2xw 0x2000", "xp /2xw 0x2000", "xp  /2xw  0x2000"};
    static const char *const wrong[] = {"xp /2xw", "xp /2xq 0", "xp 0 /2xw", "xp 0 0", "xp"};
    QTest *qts = qtest_init("-machine q35 -smp 3");
    qtest_writel(qts, 0x2000, 0x12345678);
    for (size_t i = 0; i < G_N_ELEMENTS(dumps); i++) {
        g_autofree char *text = qtest_hmp(qts, dumps[i]);
        g_assert_true(g_str_has_prefix(text, "0000000000002000: 0x12345678 0x00000000\n"));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *text = qtest_hmp(qts, wrong[i]);
        g_assert_true(g_str_has_prefix(text, "usage: x/"));
    }
    g_autofree char *quotes = qtest_hmp(qts, "info 'cpus");
    g_assert_nonnull(strstr(quotes, "quot"));
    /* The CPU that a command speaks of */
    for (int cpu = 0; cpu < 3; cpu++) {
        g_autofree char *lapic = hmp_on(qts, "info lapic", cpu);
        g_autofree char *wanted = g_strdup_printf("for CPU %d\n", cpu);
        g_assert_nonnull(strstr(lapic, wanted));
        g_autofree char *registers = hmp_on(qts, "info registers", cpu);
        g_autofree char *title = g_strdup_printf("CPU#%d\n", cpu);
        g_assert_true(g_str_has_prefix(registers, title));
        g_autofree char *cpus = hmp_on(qts, "info cpus", cpu);
        g_autofree char *current = g_strdup_printf("* CPU #%d:", cpu);
        g_assert_nonnull(strstr(cpus, current));
    }
    static const int absent[] = {3, 7, -1, 65536};
    for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
        g_autofree char *text = hmp_on(qts, "info cpus", absent[i]);
        g_assert_null(text);
    }
    assert_error(qts,
                 "{'execute': 'human-monitor-command', 'arguments': {'command-line': 'help', "
                 "'cpu-index': 4294967296}}",
                 "GenericError");
    qtest_quit(qts);
}

/* A C string ends at NUL: what comes after it must not be lost unsaid. */
static void test_nul(void)
{
    static const char *const commands[] = {
        "{'execute': 'query-status\\u0000'}",
        "{'execute': '\\u0000'}",
        "{'execute': 'qom-get', 'arguments': {'path': '/machine', 'property': 'type\\u0000x'}}",
        "{'execute': 'query-status', 'id': 'a\\u0000'}",
        "{'execute': 'query-status', 'i\\u0000d': 1}",
    };
    QTest *qts = qtest_init("-machine none");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        assert_error(qts, commands[i], "GenericError");
        assert_recovered(qts);
    }
    JsonObject *response = qtest_qmp(qts, "{'execute': 'query-status', 'id': '\\\\u0000'}");
    g_assert_cmpstr(json_object_get_string_member(response, "id"), ==, "\\u0000");
    json_object_unref(response);
    qtest_quit(qts);
}

static char *ringbuf_read(QTest *qts, const char *arguments)
{
    JsonObject *response =
        qtest_qmp(qts, "{'execute': 'ringbuf-read', 'arguments': {%s}}", arguments);
    char *text = g_strdup(json_object_get_string_member_with_default(response, "return", NULL));
    json_object_unref(response);
    return text;
}

static void test_ringbuf(void)
{
    static const struct {
        const char *arguments, *wanted;
    } rows[] = {
        {"'device': 'r', 'size': 10", ""},
        {"'device': 'r', 'size': 10, 'format': 'utf8'", ""},
        {"'device': 'r', 'size': 10, 'format': 'base64'", ""},
        {"'device': 'r', 'size': 10, 'format': 'base63'", NULL},
        {"'device': 'r', 'size': 0", NULL},
        {"'device': 'r', 'size': -1", NULL},
        {"'device': 'n', 'size': 10", NULL},
        {"'device': '', 'size': 10", NULL},
    };
    QTest *qts = qtest_init("-machine q35 -chardev ringbuf,id=r,size=16 -chardev null,id=n "
                            "-serial chardev:r");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = ringbuf_read(qts, rows[i].arguments);
        g_assert_cmpstr(text, ==, rows[i].wanted);
    }
    for (const char *p = "abc\xff"; *p; p++) {
        qtest_outb(qts, 0x3f8, (uint8_t)*p);
        qtest_clock_step(qts, 10000000);
    }
    g_autofree char *some = ringbuf_read(qts, "'device': 'r', 'size': 2");
    g_assert_cmpstr(some, ==, "ab");
    g_autofree char *rest = ringbuf_read(qts, "'device': 'r', 'size': 1000000000");
    g_assert_cmpstr(rest, ==, "c\xef\xbf\xbd");
    g_autofree char *empty = ringbuf_read(qts, "'device': 'r', 'size': 2");
    g_assert_cmpstr(empty, ==, "");
    qtest_quit(qts);
}

/* Whatever a machine consists of is a class that can be asked about. */
static void test_classes(void)
{
    unsigned seen = 0;
    QTest *qts = qtest_init("-machine q35 -device intel-iommu -device edu -device pc-testdev "
                            "-device virtio-rng-pci -serial null -debugcon null");
    g_autofree char *tree = qtest_hmp(qts, "info qtree");
    g_auto(GStrv) lines = g_strsplit(tree, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, "dev: ")) {
            continue;
        }
        g_autofree char *name = g_strndup(*line + 5, strcspn(*line + 5, ","));
        JsonObject *response = qtest_qmp(qts,
                                         "{'execute': 'device-list-properties', 'arguments': "
                                         "{'typename': '%s'}}",
                                         name);
        g_test_message("%s", name);
        g_assert_true(json_object_has_member(response, "return"));
        json_object_unref(response);
        seen++;
    }
    g_assert_cmpuint(seen, >=, 15);
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
    g_test_add_func("/qmp/state-hash", test_state_hash);
    g_test_add_func("/qmp/migration", test_migration);
    g_test_add_func("/qmp/channels", test_channels);
    g_test_add_func("/qmp/jobs", test_jobs);
    g_test_add_func("/qmp/classes", test_classes);
    g_test_add_func("/qmp/hmp", test_hmp);
    g_test_add_func("/qmp/nul", test_nul);
    g_test_add_func("/qmp/ringbuf", test_ringbuf);
    return g_test_run();
}
