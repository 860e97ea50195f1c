/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option lists, and the command line as far as it is noted without being acted on. */
#include "system/options.h"

#include <string.h>

static void test_words(void)
{
    g_autoptr(OptList) opts = optlist_parse("first,a=1,b=x,,y,flag,nooff,a=2", "name");
    bool flag = false, off = true;
    uint64_t a = 0;
    g_assert_cmpstr(optlist_get(opts, "name"), ==, "first");
    g_assert_cmpstr(optlist_get(opts, "b"), ==, "x,y");
    g_assert_true(optlist_bool(opts, "flag", &flag, NULL) && flag);
    g_assert_true(optlist_bool(opts, "off", &off, NULL) && !off);
    g_assert_true(optlist_uint(opts, "a", 0, 10, &a, NULL));
    g_assert_cmpuint(a, ==, 2);
    g_assert_true(optlist_finish(opts, NULL));
}

static void test_unknown_key(void)
{
    g_autoptr(OptList) opts = optlist_parse("sokets=1", NULL);
    g_autoptr(GError) error = NULL;
    optlist_get(opts, "sockets");
    g_assert_false(optlist_finish(opts, &error));
    g_assert_nonnull(strstr(error->message, "did you mean 'sockets'"));
}

static void test_bad_values(void)
{
    static const char *const sizes[] = {"", "x", "-1", "1X", "1e30", "99999999T", "1Mi", "nan"};
    uint64_t size;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_assert_false(opt_parse_size(sizes[i], 1, &size));
    }
    g_autoptr(OptList) opts = optlist_parse("b=maybe,n=11,n2=0x", NULL);
    bool b = false;
    uint64_t n = 7;
    g_assert_false(optlist_bool(opts, "b", &b, NULL));
    g_assert_false(optlist_uint(opts, "n", 0, 10, &n, NULL));
    g_assert_false(optlist_uint(opts, "n2", 0, 10, &n, NULL));
    g_assert_cmpuint(n, ==, 7);
}

static void test_sizes(void)
{
    static const struct {
        const char *text;
        uint64_t unit, value;
    } rows[] = {
        {"512", 1u << 20, 512ull << 20},
        {"512M", 1u << 20, 512ull << 20},
        {"4G", 1, 4ull << 30},
        {"1.5G", 1, 3ull << 29},
        {"64KiB", 1, 65536},
        {"100B", 1u << 20, 100},
        {"0x1000", 1, 4096},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t value = 0;
        g_assert_true(opt_parse_size(rows[i].text, rows[i].unit, &value));
        g_assert_cmpuint(value, ==, rows[i].value);
    }
}

static Options *parse_line(const char *line, GError **error)
{
    g_auto(GStrv) argv = NULL;
    Options *o = options_new();
    int argc;
    g_autofree char *full = g_strconcat("qemu-system-x86_64 ", line, NULL);
    g_assert_true(g_shell_parse_argv(full, &argc, &argv, NULL));
    options_parse(o, argc, argv, error);
    return o;
}

static Options *parse(const char *line)
{
    g_autoptr(GError) error = NULL;
    Options *o = parse_line(line, &error);
    g_assert_no_error(error);
    return o;
}

/* What is wrong with a line. */
static char *refuse(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Options) o = parse_line(line, &error);
    g_assert_nonnull(error);
    return g_strdup(error->message);
}

static void test_topology(void)
{
    static const struct {
        const char *line;
        unsigned cpus, max, sockets, cores, threads;
    } rows[] = {
        {"-smp 1", 1, 1, 1, 1, 1},
        {"-smp 8", 8, 8, 1, 8, 1},
        {"-smp 8,sockets=2", 8, 8, 2, 4, 1},
        {"-smp 8,threads=2", 8, 8, 1, 4, 2},
        {"-smp 8,cores=2,threads=2", 8, 8, 2, 2, 2},
        {"-smp 2,maxcpus=288", 2, 288, 1, 288, 1},
        {"-smp sockets=2,cores=2", 4, 4, 2, 2, 1},
        {"-smp cpus=3,maxcpus=6,cores=3,threads=1", 3, 6, 2, 3, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Options) o = parse(rows[i].line);
        g_assert_cmpuint(o->machine.cpus, ==, rows[i].cpus);
        g_assert_cmpuint(o->machine.max_cpus, ==, rows[i].max);
        g_assert_cmpuint(o->machine.sockets, ==, rows[i].sockets);
        g_assert_cmpuint(o->machine.cores, ==, rows[i].cores);
        g_assert_cmpuint(o->machine.threads, ==, rows[i].threads);
    }
}

static void test_drives(void)
{
    g_autoptr(Options) o = parse("-drive file=a,,b,if=virtio,format=raw -drive "
                                 "file=c,if=none,id=d,readonly=on,cache=unsafe -blockdev "
                                 "driver=file,node-name=f,filename=g -blockdev "
                                 "'{\"driver\":\"raw\",\"node-name\":\"h\",\"file\":\"f\"}'");
    const DriveOption *drive = o->drives->pdata[0];
    g_assert_cmpuint(o->drives->len, ==, 4);
    g_assert_cmpstr(drive->file, ==, "a,b");
    g_assert_cmpstr(o->devices->pdata[0], ==, "virtio-blk-pci,drive=virtio0");
    drive = o->drives->pdata[1];
    g_assert_cmpstr(drive->id, ==, "d");
    g_assert_true(drive->read_only);
    drive = o->drives->pdata[3];
    g_assert_cmpstr(drive->id, ==, "h");
    g_assert_cmpstr(drive->file, ==, "g");
}

static void test_json_device(void)
{
    g_autoptr(Options) o = parse("-device '{\"driver\": \"edu\", \"id\": \"a,b\", \"n\": 5, "
                                 "\"on\": true}'");
    g_assert_cmpstr(o->devices->pdata[0], ==, "driver=edu,id=a,,b,n=5,on=on");
}

static void test_json_refused(void)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"-device '{\"driver\": \"edu\\u0000x\"}'", "contains NUL"},
        {"-device '{\"dri\\u0000ver\": \"edu\"}'", "contains NUL"},
        {"-device '{\"driver\": null}'", "'driver' is neither"},
        {"-device '{\"driver\": \"edu\", \"addr\": 1.5}'", "'addr' is neither"},
        {"-device '{\"driver\": [1]}'", "'driver' is neither"},
        {"-device '{'", "is no JSON object"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *why = refuse(rows[i].line);
        g_assert_nonnull(strstr(why, rows[i].says));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/words", test_words);
    g_test_add_func("/options/unknown-key", test_unknown_key);
    g_test_add_func("/options/bad-values", test_bad_values);
    g_test_add_func("/options/sizes", test_sizes);
    g_test_add_func("/options/topology", test_topology);
    g_test_add_func("/options/drives", test_drives);
    g_test_add_func("/options/json-device", test_json_device);
    g_test_add_func("/options/json-refused", test_json_refused);
    return g_test_run();
}
