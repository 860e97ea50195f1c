/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option lists, and the command line as far as it is noted without being acted on. */
#include "system/options.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

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
        {"-smp 8,sockets=2,dies=2,cores=2", 8, 8, 2, 4, 1},
        {"-smp 4,dies=2", 4, 4, 1, 4, 1},
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

/* Options that are wrong, and a word of what is said. */
typedef struct {
    const char *line, *says;
} Refused;

static void refuse_all(const Refused *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *why = refuse(rows[i].line);
        g_test_message("%s: %s", rows[i].line, why);
        g_assert_nonnull(strstr(why, rows[i].says));
    }
}

static void test_objects(void)
{
    static const Refused rows[] = {
        {"-machine memory-backend=m", "add -object memory-backend-ram,id=m,size=128M"},
        {"-m 64 -object memory-backend-ram,id=m,size=32M -machine memory-backend=m", "be equal"},
        {"-object memory-backend-ram,id=m,size=1M -machine memory-backend=m", "from 16M to 64G"},
        {"-object memory-backend-ram,id=m", "size= is missing"},
        {"-object memory-backend-ram,id=m,size=32M,shared=on", "did you mean 'share'"},
        {"-object secret,id=s", "data=TEXT or file=PATH"},
        {"-object secret,id=s,data=a,format=hex", "neither 'raw' nor 'base64'"},
        {"-object secret,id=s,data=a,keyid=k", "keyid=k: no -object"},
        {"-object secret,id=s,file=/nonexistent", "no such file"},
        {"-object tls-creds-x509,id=t", "no TLS here"},
        {"-object rng-radom,id=t", "did you mean 'rng-random'"},
        {"-object iothread,id=a -object iothread,id=a", "another object has this id"},
    };
    refuse_all(rows, G_N_ELEMENTS(rows));
    g_autoptr(Options) o = parse("-object secret,id=k,data=a -object secret,id=s,data=b,keyid=k "
                                 "-object memory-backend-memfd,id=m,size=48M,share=on "
                                 "-machine q35,memory-backend=m");
    g_assert_cmpuint(o->machine.ram_size, ==, 48 << 20);
    g_assert_cmpuint(o->objects->len, ==, 3);
}

/* Options in a file say what they say on the command line. */
static void test_config(void)
{
    static const Refused wrong[] = {
        {"driver = \"edu\"", "line 1: 'driver = \"edu\"': is before any"},
        {"[device\n", "line 1: '[device': write [GROUP]"},
        {"[device \"a]\n", "no closing"},
        {"[device]\nedu\n", "line 2: 'edu': write KEY"},
        {"[drives]\n", "there is no section [drives]"},
        {"[smp-opts]\ncpus = \"no\"\n", "[smp-opts] cpus=no: cpus=no"},
    };
    static const char good[] = "# a machine\n"
                               "[machine]\n  type = \"q35\"\n\n"
                               "[smp-opts]\n  cpus = \"4\"\n"
                               "[memory]\n  size = \"256M\"\n"
                               "[device \"x\"]\n  driver = \"edu\"\n  addr = \"4,0\"\n";
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "config-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    g_autofree char *line =
        g_strconcat("-readconfig ", path, " -set device.x.multifunction=on", NULL);
    g_assert_true(g_file_set_contents(path, good, -1, NULL));
    g_autoptr(Options) o = parse(line);
    g_assert_cmpuint(o->machine.cpus, ==, 4);
    g_assert_cmpuint(o->machine.ram_size, ==, 256 << 20);
    g_assert_cmpstr(o->devices->pdata[0], ==, "id=x,driver=edu,addr=4,,0,multifunction=on");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *why = NULL;
        g_assert_true(g_file_set_contents(path, wrong[i].line, -1, NULL));
        why = refuse(line);
        g_test_message("%s", why);
        g_assert_nonnull(strstr(why, wrong[i].says));
    }
    g_unlink(path);
    close(fd);
    static const Refused others[] = {
        {"-readconfig /nonexistent", "could not be read"},
        {"-set device.x.addr=3", "there is no device \"x\" before it"},
        {"-set addr=3", "write device.ID.PROPERTY=VALUE"},
    };
    refuse_all(others, G_N_ELEMENTS(others));
}

/* QEMU's event names are those of our items; only a misspelt item of -d is an error. */
static void test_events(void)
{
    static const struct {
        const char *line;
        uint32_t enabled;
    } rows[] = {
        {"-d int,vtd", 1u << TRACE_INT | 1u << TRACE_VTD},
        {"-d trace:vtd_ir_remap", 1u << TRACE_VTD},
        {"-d 'trace:vtd*'", 1u << TRACE_VTD},
        {"-trace 'enable=vtd_*'", 1u << TRACE_VTD},
        {"-trace 'p*i*'", 1u << TRACE_PCI | 1u << TRACE_PIC},
        {"-trace nothing_at_all", 0},
        {"-d in_asm,int", 1u << TRACE_INT},
        {"-trace all", (1u << TRACE_GROUPS) - 1},
    };
    static const Refused wrong[] = {
        {"-d vtdd", "did you mean 'vtd'"},
        {"-d vtd_ir_remap", "there is no trace group"},
        {"-d 'vtd*'", "there is no trace group"},
        {"-trace events=/nonexistent", "could not be read"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Options) o = parse(rows[i].line);
        Trace trace;
        trace_init(&trace);
        trace.out = NULL; /* without warnings */
        g_assert_true(trace_enable(&trace, o->log_items, NULL));
        g_assert_cmphex(trace.enabled, ==, rows[i].enabled);
    }
    refuse_all(wrong, G_N_ELEMENTS(wrong));
}

/* Names of QEMU's other PCs are this one. */
static void test_machine_names(void)
{
    static const char *const names[] = {"q35", "pc-q35-7.2", "pc", "pc-i440fx-6.0"};
    static const Refused wrong[] = {{"-machine microvm", "the nearest is q35"},
                                    {"-machine q53", "did you mean 'q35'"},
                                    {"-machine q35,nvdimm=on", "this machine has none"}};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *line = g_strconcat("-machine ", names[i], NULL);
        g_autoptr(Options) o = parse(line);
        g_assert_true(o->machine_class == machine_classes[0]);
    }
    refuse_all(wrong, G_N_ELEMENTS(wrong));
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
    g_test_add_func("/options/objects", test_objects);
    g_test_add_func("/options/config", test_config);
    g_test_add_func("/options/events", test_events);
    g_test_add_func("/options/machine-names", test_machine_names);
    g_test_add_func("/options/json-device", test_json_device);
    g_test_add_func("/options/json-refused", test_json_refused);
    return g_test_run();
}
