/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients send: QMP, HMP, qtest and gdb, on connections that stay. Their words are known, and
 * put together in ways that nobody meant. No '/' and no backslash: nothing of it names a file
 * outside the folder that it is run in.
 */
#include <glib/gstdio.h>

#include "accel/tcg/tcg.h"
#include "chardev/internal.h"
#include "fuzz.h"
#include "gdb/gdb.h"
#include "hw/core/outside.h"
#include "monitor/commands.h"
#include "monitor/hmp.h"
#include "monitor/hmp_commands.h"
#include "monitor/qmp.h"
#include "system/qtest.h"
#include "tests/unit/machine-fixture.h"

typedef struct Client Client;
typedef struct {
    void *(*connect)(Client *c, GError **error);
    void (*disconnect)(void *server);
    const char *const *words;
    const char *greeting; /* sent first; NULL for none */
    bool needs_cpus;
    const HmpCommand *commands; /* whose names are words, too; NULL for none */
} Protocol;

struct Client {
    Box box;
    Chardev *chr;
    const Protocol *protocol;
    void *server;
    GPtrArray *words; /* of char * */
    char *folder, *back;
};

static void clients_send(Client *c, const char *text, size_t len)
{
    while (len > 0) {
        size_t room = chr_can_receive(c->chr), part = MIN(len, room);
        if (part == 0) {
            return; /* nobody listens any more */
        }
        chr_receive(c->chr, (const uint8_t *)text, part);
        text += part;
        len -= part;
    }
}

static void clients_add_command(const QmpCommand *command, void *opaque)
{
    g_ptr_array_add(opaque, g_strdup_printf("\"%s\"", command->name));
}

/* A command of the host's is nothing to be drawn at random. */
static bool clients_command(void *opaque, CommandEffect effect, CommandTongue tongue,
                            const char *text, GError **error)
{
    g_auto(GStrv) words = NULL;
    bool migrates = strstr(text, "migrate") || (g_shell_parse_argv(text, NULL, &words, NULL) &&
                                                strcmp(words[0], "migrate") == 0);
    if (migrates) {
        g_set_error(error, OPT_ERROR, 0, "not here");
    }
    return !migrates;
}

static const OutsideOps clients_outside = {.command = clients_command};

static void *clients_open(const void *data)
{
    Client *c = g_new0(Client, 1);
    static const TcgOptions tcg = {.tier = TCG_TIER_INTERP};
    MachineOptions options = box_machine_options();
    GError *error = NULL;
    c->protocol = data;
    if (c->protocol->needs_cpus) {
        options.accel = &tcg_accel;
        options.accel_options = &tcg;
    }
    c->back = g_get_current_dir();
    c->folder = g_dir_make_tmp("switchyard-fuzz-XXXXXX", &error);
    box_must(c->folder && g_chdir(c->folder) == 0, error);
    box_open(&c->box, &options, true);
    backends_outside(c->box.platform.backends)->ops = &clients_outside;
    c->chr = chr_new_from_spec("client", "null", &error);
    box_must(c->chr, error);
    c->server = c->protocol->connect(c, &error);
    box_must(c->server, error);
    c->words = g_ptr_array_new_with_free_func(g_free);
    for (const char *const *word = c->protocol->words; *word; word++) {
        g_ptr_array_add(c->words, g_strdup(*word));
    }
    for (const HmpCommand *command = c->protocol->commands; command && command->name; command++) {
        g_ptr_array_add(c->words, g_strdup(command->name));
        for (const HmpCommand *page = command->pages; page && page->name; page++) {
            g_ptr_array_add(c->words, g_strdup(page->name));
        }
    }
    if (c->protocol->greeting) {
        qmp_command_foreach(clients_add_command, c->words);
        clients_send(c, c->protocol->greeting, strlen(c->protocol->greeting));
    }
    return c;
}

static void clients_close(void *state)
{
    Client *c = state;
    c->protocol->disconnect(c->server);
    chr_free(c->chr);
    box_close(&c->box);
    g_ptr_array_unref(c->words);
    GDir *dir = g_dir_open(".", 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_unlink(name);
    }
    g_dir_close(dir);
    if (g_chdir(c->back) != 0 || g_rmdir(c->folder) != 0) {
        g_error("%s could not be removed", c->folder);
    }
    g_free(c->folder);
    g_free(c->back);
    g_free(c);
}

static void clients_run(void *state, FuzzInput *in)
{
    Client *c = state;
    g_autoptr(GString) text = g_string_new(NULL);
    while (fuzz_more(in) && text->len < 4096) {
        switch (fuzz_below(in, 8)) {
        case 0:
            g_string_append_printf(text, "%" G_GINT64_FORMAT, (gint64)fuzz_number(in));
            break;
        case 1:
            g_string_append_printf(text, "0x%" G_GINT64_MODIFIER "x", (guint64)fuzz_number(in));
            break;
        case 2: {
            char byte = (char)fuzz_u8(in);
            g_string_append_c(text, byte == '/' || byte == '\\' ? '_' : byte);
            break;
        }
        default:
            g_string_append(text, c->words->pdata[fuzz_below(in, c->words->len)]);
        }
    }
    g_string_append_c(text, '\n');
    clients_send(c, text->str, text->len);
    /* What takes long goes on while the next words come, or ends with the connection. */
    for (unsigned n = 0; n < 64 && g_main_context_iteration(NULL, FALSE); n++) {
    }
}

static void *clients_connect_qmp(Client *c, GError **error)
{
    return qmp_new(c->box.machine, c->chr, false, error);
}

static void clients_end_qmp(void *server)
{
    qmp_free(server);
}

static void *clients_connect_hmp(Client *c, GError **error)
{
    return hmp_new(c->box.machine, c->chr, error);
}

static void clients_end_hmp(void *server)
{
    hmp_free(server);
}

static void *clients_connect_qtest(Client *c, GError **error)
{
    return qtest_new(c->box.machine, c->chr, "/dev/null", error);
}

static void clients_end_qtest(void *server)
{
    qtest_free(server);
}

static void *clients_connect_gdb(Client *c, GError **error)
{
    return gdb_new(c->box.machine, c->chr, error);
}

static void clients_end_gdb(void *server)
{
    gdb_free(server);
}

static const Protocol clients_qmp = {clients_connect_qmp, clients_end_qmp,
                                     (const char *const[]){"{\"execute\":",
                                                           "\"arguments\":",
                                                           "{",
                                                           "}",
                                                           "}\n",
                                                           "[",
                                                           "]",
                                                           ",",
                                                           ":",
                                                           "\"id\":",
                                                           "\"a\"",
                                                           "null",
                                                           "true",
                                                           "-1",
                                                           "1e400",
                                                           "\"nvme\"",
                                                           "\"driver\":",
                                                           "\"path\":",
                                                           "\"command-line\":",
                                                           "\"info irte all\"",
                                                           "\"edu\"",
                                                           "\"qom-path\":",
                                                           "\"property\":",
                                                           "\"serial\":",
                                                           "\"filter\":",
                                                           "\"size\":",
                                                           "\"name\":",
                                                           "99999999999999999999",
                                                           "\"\\u0000\"",
                                                           "\n",
                                                           " ",
                                                           NULL},
                                     "{\"execute\":\"qmp_capabilities\"}\n"};

static const Protocol clients_hmp = {clients_connect_hmp, clients_end_hmp,
                                     (const char *const[]){"help",
                                                           "info",
                                                           "stop",
                                                           "cont",
                                                           "system_reset",
                                                           "system_powerdown",
                                                           "device_add",
                                                           "device_del",
                                                           "netdev_del",
                                                           "set_link",
                                                           "why",
                                                           "journal",
                                                           "log",
                                                           "trace-event",
                                                           "x",
                                                           "xp",
                                                           "version",
                                                           "status",
                                                           "cpus",
                                                           "registers",
                                                           "lapic",
                                                           "pic",
                                                           "irq",
                                                           "irq-remap",
                                                           "interrupts",
                                                           "iommu",
                                                           "irte",
                                                           "msi",
                                                           "pid",
                                                           "lint",
                                                           "mtree",
                                                           "pci",
                                                           "qtree",
                                                           "state",
                                                           "chardev",
                                                           "block",
                                                           "network",
                                                           "nvme",
                                                           "edu",
                                                           "vtd",
                                                           "pin",
                                                           "vector",
                                                           "cpu",
                                                           "last=",
                                                           "filter",
                                                           "off",
                                                           "on",
                                                           "all",
                                                           "-a",
                                                           "=",
                                                           ",",
                                                           " ",
                                                           " ",
                                                           " ",
                                                           " ",
                                                           "\n",
                                                           "\t",
                                                           "\x7f",
                                                           "\x03",
                                                           "\x1b[A",
                                                           "id=",
                                                           "bus=",
                                                           "pcie.0",
                                                           "ioapic",
                                                           "/16xb",
                                                           "/1000000xg",
                                                           "/i",
                                                           NULL},
                                     .commands = hmp_commands};

static const Protocol clients_qtest = {clients_connect_qtest, clients_end_qtest,
                                       (const char *const[]){"readb",
                                                             "writew",
                                                             "inw",
                                                             "outw",
                                                             "apic",
                                                             "apic_ack",
                                                             "apic_eoi",
                                                             "msr_read",
                                                             "msr_write",
                                                             "readw",
                                                             "readl",
                                                             "readq",
                                                             "writeb",
                                                             "writel",
                                                             "writeq",
                                                             "inb",
                                                             "inl",
                                                             "outb",
                                                             "outl",
                                                             "read",
                                                             "write",
                                                             "memset",
                                                             "b64read",
                                                             "b64write",
                                                             "clock_step",
                                                             "clock_set",
                                                             "irq_intercept_in",
                                                             "irq_intercept_out",
                                                             "ioapic",
                                                             "set_irq_in",
                                                             "endianness",
                                                             "0xfed90000",
                                                             "0xfec00000",
                                                             "0xb0000000",
                                                             "0x100000",
                                                             "4096",
                                                             "0xffffffffffffffff",
                                                             " ",
                                                             " ",
                                                             " ",
                                                             " ",
                                                             "\n",
                                                             "\n",
                                                             "-",
                                                             "0x",
                                                             "AAAA",
                                                             "unnamed-gpio-in",
                                                             NULL},
                                       NULL};

static const Protocol clients_gdb = {
    clients_connect_gdb, clients_end_gdb,
    (const char *const[]){"$qSupported:multiprocess+;xmlRegisters=i386#",
                          "$?#3f",
                          "$g#67",
                          "$G",
                          "$p",
                          "$P",
                          "$m",
                          "$M",
                          "$X",
                          "$Z0,",
                          "$z0,",
                          "$Z2,",
                          "$Z4,",
                          "$Hg",
                          "$Hc-1",
                          "$vCont?#49",
                          "$vCont;",
                          "$qXfer:features:read:target.xml:",
                          "$qXfer:memory-map:read::",
                          "$qRcmd,",
                          "696e666f",
                          "$qfThreadInfo#bb",
                          "$qSearch:memory:",
                          "$T1#",
                          "$D#44",
                          "$vAttach;",
                          "$QStartNoAckMode#b0",
                          "+",
                          "-",
                          "#",
                          "#00",
                          ",",
                          ";",
                          ":",
                          "c",
                          "s",
                          "\x03",
                          "}",
                          "*",
                          "p1.1",
                          "-1",
                          "ffffffff",
                          NULL},
    NULL, true};

#define CLIENT(called)                                                                             \
    {                                                                                              \
#called, clients_open, clients_run, clients_close, &clients_##called,                      \
            .length = 300, .renew = 1000, .cost = 5,                                               \
    }

const FuzzTarget fuzz_monitors[] = {CLIENT(qmp), CLIENT(hmp), CLIENT(qtest), CLIENT(gdb), {0}};
