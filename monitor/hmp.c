/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HMP: a prompt and commands. The `info` pages are in hmp_info.c; line_edit.c has the line that is
 * typed, hmp_complete.c what Tab does with it.
 */
#include "monitor/hmp.h"
#include "base/names.h"

#include <inttypes.h>
#include <string.h>

#include "base/optlist.h"
#include "hw/core/outside.h"
#include "machine/state_hash.h"
#include "monitor/hmp_commands.h"
#include "monitor/line_edit.h"

#define PROMPT "(qemu) "

struct Hmp {
    Machine *machine;
    Chardev *chr;
    LineEdit *edit;
    bool greeted;
    unsigned cpu; /* of which commands speak */
};

/* "xp/4xw" is command "xp". */
static bool name_matches(const HmpCommand *c, const char *word)
{
    size_t len = strcspn(word, "/");
    return (strlen(c->name) == len && strncmp(c->name, word, len) == 0) ||
           (c->alias && strlen(c->alias) == len && strncmp(c->alias, word, len) == 0);
}

const HmpCommand *hmp_find(const HmpCommand *table, const char *word)
{
    for (const HmpCommand *c = table; c->name; c++) {
        if (name_matches(c, word)) {
            return c;
        }
    }
    return NULL;
}

static void say_unknown(const HmpCommand *table, char **args, GString *out)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const HmpCommand *c = table; c->name; c++) {
        g_ptr_array_add(names, (char *)c->name);
    }
    const char *near = nearest_name(args[0], (const char *const *)names->pdata, names->len);
    g_string_append_printf(out, "unknown command: '%s'", args[0]);
    if (near) {
        g_string_append_printf(out, " (did you mean '%s'?)", near);
    }
    g_string_append_c(out, '\n');
}

static void cmd_quit(Machine *machine, char **args, GString *out)
{
    runstate_request_shutdown(machine->runstate, CAUSE_HOST_QMP_QUIT);
}

static void cmd_reset(Machine *machine, char **args, GString *out)
{
    runstate_request_reset(machine->runstate, CAUSE_HOST_QMP_RESET);
}

static void cmd_powerdown(Machine *machine, char **args, GString *out)
{
    runstate_request_powerdown(machine->runstate);
}

static void cmd_wakeup(Machine *machine, char **args, GString *out)
{
    if (!runstate_is_suspended(machine->runstate)) {
        g_string_append(out, "Error: Unable to wake up: guest is not in suspended state\n");
    }
    runstate_request_wakeup(machine->runstate);
}

static void cmd_stop(Machine *machine, char **args, GString *out)
{
    runstate_stop(machine->runstate);
}

static void cmd_cont(Machine *machine, char **args, GString *out)
{
    runstate_cont(machine->runstate);
}

/* "help", "help COMMAND", "help info [PAGE]". */
static void cmd_help(Machine *machine, char **args, GString *out)
{
    const HmpCommand *one = args[1] ? hmp_find(hmp_commands, args[1]) : NULL;
    if (!args[1]) {
        hmp_list(hmp_commands, "", out);
        hmp_list(hmp_info_pages, "info ", out);
    } else if (!one) {
        say_unknown(hmp_commands, args + 1, out);
    } else if (!one->pages) {
        g_string_append_printf(out, "%s -- %s\n", one->name, one->help);
    } else if (!args[2]) {
        hmp_list(one->pages, "info ", out);
    } else if ((one = hmp_find(one->pages, args[2]))) {
        g_string_append_printf(out, "info %s -- %s\n", one->name, one->help);
    } else {
        say_unknown(hmp_info_pages, args + 2, out);
    }
}

static void cmd_info(Machine *machine, unsigned cpu, char **args, GString *out)
{
    if (!args[1]) {
        hmp_list(hmp_info_pages, "info ", out);
        return;
    }
    hmp_dispatch(hmp_info_pages, machine, cpu, args + 1, out);
}

static void cmd_state_hash(Machine *machine, char **args, GString *out)
{
    if (args[1] && strcmp(args[1], "sections") == 0) {
        machine_state_hash_sections(machine, out);
        return;
    }
    StateHash hash = machine_state_hash(machine);
    state_hash_describe(&hash, out);
    g_string_append_c(out, '\n');
}

static void choose_cpu(Machine *machine, char **args, unsigned *cpu, GString *out)
{
    uint64_t n;
    if (!args[1] || args[2] || !opt_parse_uint(args[1], &n) || n >= machine->cpu_count ||
        !machine_cpu_is_present(machine, (unsigned)n)) {
        g_string_append_printf(out, "usage: cpu N, of %u CPUs\n", machine->cpu_count);
        return;
    }
    *cpu = (unsigned)n;
}

const HmpCommand hmp_commands[] = {
    {"help", "?", "this list", cmd_help, .effect = COMMAND_KEEPS, .words = hmp_words_help},
    {"info", NULL, "a page about the machine; 'info' alone lists them", .run_cpu = cmd_info,
     .effect = COMMAND_KEEPS, .words = hmp_words_info, .pages = hmp_info_pages},
    {"quit", "q", "end the program", cmd_quit, .effect = COMMAND_KEEPS},
    {"stop", "s", "stop the machine", cmd_stop, .effect = COMMAND_KEEPS},
    {"cont", "c", "let it go on", cmd_cont, .effect = COMMAND_KEEPS},
    {"system_reset", NULL, "reset the machine", cmd_reset, .effect = COMMAND_CHANGES},
    {"screendump", NULL, "the screen as a picture: FILE [-f ppm|png]", hmp_screendump,
     .effect = COMMAND_KEEPS},
    {"sendkey", NULL, "press keys together: KEY[-KEY...]", hmp_sendkey, .effect = COMMAND_CHANGES},
    {"mouse_move", NULL, "move the mouse: DX DY [DZ]", hmp_mouse_move, .effect = COMMAND_CHANGES},
    {"mouse_button", NULL, "which of its buttons are down: 1 left, 2 middle, 4 right, added up",
     hmp_mouse_button, .effect = COMMAND_CHANGES},
    {"mouse_set", NULL, "which mouse is moved: NUMBER", hmp_mouse_set, .effect = COMMAND_CHANGES},
    {"set_password", NULL, "of the VNC server: vnc PASSWORD", hmp_set_password,
     .effect = COMMAND_KEEPS},
    {"expire_password", NULL, "when it ends: vnc now|never|+SECONDS", hmp_expire_password,
     .effect = COMMAND_KEEPS},
    {"system_powerdown", NULL, "press the power button", cmd_powerdown, .effect = COMMAND_CHANGES},
    {"system_wakeup", NULL, "wake a sleeping guest up", cmd_wakeup, .effect = COMMAND_CHANGES},
    {"device_add", NULL,
     "plug a device into a slot, or a CPU in: DRIVER[,bus=PORT][,PROPERTY=VALUE ...]",
     hmp_device_add, .effect = COMMAND_CHANGES, .words = hmp_words_driver},
    {"device_del", NULL, "ask the guest to let go of it, or tear it out: ID [surprise]",
     hmp_device_del, .effect = COMMAND_CHANGES, .words = hmp_words_user_device},
    {"netdev_add", NULL, "a network for a card to come: BACKEND,id=ID[,...], as -netdev",
     hmp_netdev_add, .effect = COMMAND_CHANGES},
    {"netdev_del", NULL, "take one away that no card has: ID", hmp_netdev_del,
     .effect = COMMAND_CHANGES, .words = hmp_words_netdev},
    {"set_link", NULL, "plug a cable in or pull it out: ID on|off", hmp_set_link,
     .effect = COMMAND_CHANGES, .words = hmp_words_netdev},
    {"why", NULL, "what became of interrupts: DEVICE|BDF|pin N|vector N [cpu N]", hmp_why,
     .effect = COMMAND_KEEPS, .words = hmp_words_device},
    {"journal", NULL,
     "how much is kept, and of which lines are logged: [off|size N|filter FILTER|none]",
     hmp_journal, .effect = COMMAND_KEEPS},
    {"log", NULL, "what is logged: GROUPS|none", hmp_log, .effect = COMMAND_KEEPS,
     .words = hmp_words_trace},
    {"logfile", NULL, "where it goes: [FILE]", hmp_logfile, .effect = COMMAND_KEEPS},
    {"trace-event", NULL, "one group: GROUP on|off", hmp_trace_event, .effect = COMMAND_KEEPS,
     .words = hmp_words_trace},
    {"savevm", NULL, "save the machine under a name, in -snapshots' folder: NAME", hmp_savevm,
     .effect = COMMAND_KEEPS},
    {"loadvm", NULL, "go on from there: NAME", hmp_loadvm, .effect = COMMAND_REPLACES,
     .words = hmp_words_snapshot},
    {"delvm", NULL, "forget it: NAME", hmp_delvm, .effect = COMMAND_KEEPS,
     .words = hmp_words_snapshot},
    {"break-intr", NULL,
     "stop where an attempt to interrupt ends: SERIAL, vector N, ending NAME, FILTER, or none",
     hmp_break_intr, .effect = COMMAND_KEEPS},
    {"checkpoint", NULL, "keep the machine as it is in memory, to go back to", hmp_checkpoint,
     .effect = COMMAND_KEEPS},
    {"restore", NULL, "go back to a checkpoint: [NUMBER]", hmp_restore,
     .effect = COMMAND_GOES_BACK},
    {"dump-guest-memory", NULL, "memory and registers as an ELF core: FILE", hmp_dump,
     .effect = COMMAND_KEEPS},
    {"migrate", NULL, "save the machine into a file, to go on elsewhere: [-d] file:PATH",
     hmp_migrate, .effect = COMMAND_KEEPS},
    {"memsave", NULL, "memory as a CPU sees it into a file: ADDRESS SIZE FILE",
     .run_cpu = hmp_memsave, .effect = COMMAND_KEEPS},
    {"pmemsave", NULL, "physical memory into a file: ADDRESS SIZE FILE", hmp_pmemsave,
     .effect = COMMAND_KEEPS},
    {"gva2gpa", NULL, "where an address of a CPU's leads: ADDRESS", .run_cpu = hmp_gva2gpa,
     .effect = COMMAND_KEEPS},
    {"nmi", NULL, "pulse the NMI pin of all CPUs", hmp_nmi, .effect = COMMAND_CHANGES},
    {"x", NULL, "memory as a CPU sees it, or its code: x/COUNTxSIZE ADDRESS, x/8i $pc",
     .run_cpu = hmp_x, .effect = COMMAND_KEEPS},
    {"x-state-hash", NULL, "all that the machine is, as numbers to compare: [sections]",
     cmd_state_hash, .effect = COMMAND_KEEPS},
    {"xp", NULL, "physical memory: xp/COUNTxSIZE ADDRESS", .run_cpu = hmp_xp,
     .effect = COMMAND_KEEPS},
    {"print", "p", "a number: print[/x|d|u|o|c] $rsp + 8", .run_cpu = hmp_print,
     .effect = COMMAND_KEEPS},
    {"i", NULL, "read a port: i/SIZE PORT", .run_cpu = hmp_port_in, .effect = COMMAND_CHANGES},
    {"o", NULL, "write a port: o/SIZE PORT VALUE", .run_cpu = hmp_port_out,
     .effect = COMMAND_CHANGES},
    {"sum", NULL, "checksum of physical memory: ADDRESS SIZE", hmp_sum, .effect = COMMAND_KEEPS},
    {"cpu", NULL, "of which CPU commands speak from now on: N", .choose = choose_cpu,
     .effect = COMMAND_KEEPS},
    {NULL},
};

void hmp_list(const HmpCommand *table, const char *prefix, GString *out)
{
    for (const HmpCommand *c = table; c->name; c++) {
        g_autofree char *left = g_strconcat(prefix, c->name, NULL);
        g_string_append_printf(out, "%-20s -- %s\n", left, c->help);
    }
}

void hmp_dispatch(const HmpCommand *table, Machine *machine, unsigned cpu, char **args,
                  GString *out)
{
    const HmpCommand *c = hmp_find(table, args[0]);
    if (!c) {
        say_unknown(table, args, out);
    } else if (c->run_cpu) {
        c->run_cpu(machine, cpu, args, out);
    } else {
        c->run(machine, args, out);
    }
}

/* Whoever records or replays the machine is asked first. */
static void dispatch_line(Machine *machine, unsigned *cpu, const char *line, char **args,
                          GString *out)
{
    GError *error = NULL;
    const HmpCommand *c = hmp_find(hmp_commands, args[0]);
    if (c && !outside_passes(machine->platform.backends, c->effect, COMMAND_HMP, line, &error)) {
        hmp_say_error(out, error);
    } else if (c && c->choose) {
        c->choose(machine, args, cpu, out);
    } else {
        hmp_dispatch(hmp_commands, machine, *cpu, args, out);
    }
}

/* With the CPU that the monitor speaks of, which a command may change. */
static void execute_choosing(Machine *machine, unsigned *cpu, const char *line, GString *out)
{
    g_auto(GStrv) args = NULL;
    g_autoptr(GError) error = NULL;
    if (g_shell_parse_argv(line, NULL, &args, &error)) {
        dispatch_line(machine, cpu, line, args, out);
    } else if (!g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING)) {
        g_string_append_printf(out, "%s\n", error->message);
    }
}

void hmp_execute(Machine *machine, unsigned cpu, const char *line, GString *out)
{
    execute_choosing(machine, &cpu, line, out);
}

static void hmp_say(Hmp *hmp, const char *text)
{
    chr_write(hmp->chr, text, strlen(text));
}

/* Terminals in raw mode want both characters. */
static void say_lines(Hmp *hmp, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *joined = g_strjoinv("\r\n", lines);
    hmp_say(hmp, joined);
}

static void hmp_line_write(void *opaque, const char *text, size_t len)
{
    const Hmp *hmp = opaque;
    chr_write(hmp->chr, text, len);
}

static void hmp_line_enter(void *opaque, const char *line)
{
    Hmp *hmp = opaque;
    g_autoptr(GString) out = g_string_new(NULL);
    execute_choosing(hmp->machine, &hmp->cpu, line, out);
    say_lines(hmp, out->str);
}

static size_t hmp_line_complete(void *opaque, const char *before, GPtrArray *found)
{
    const Hmp *hmp = opaque;
    return hmp_complete(hmp->machine, before, found);
}

static const LineEditOps hmp_line_ops = {
    .write = hmp_line_write,
    .enter = hmp_line_enter,
    .complete = hmp_line_complete,
};

static size_t hmp_room(void *opaque)
{
    return 4096;
}

static void hmp_receive(void *opaque, const uint8_t *data, size_t len)
{
    const Hmp *hmp = opaque;
    for (size_t i = 0; i < len; i++) {
        line_edit_key(hmp->edit, data[i]);
    }
}

/* On a shared terminal the monitor keeps quiet until somebody turns to it. */
static void hmp_event(void *opaque, ChrEvent event)
{
    Hmp *hmp = opaque;
    bool turned = event == CHR_FOCUS_IN || (event == CHR_OPENED && !chr_is_mux(hmp->chr));
    if (!turned) {
        return;
    }
    if (!hmp->greeted || event == CHR_OPENED) {
        hmp_say(hmp, "\r\nSwitchyard monitor - type 'help' for more information\r\n");
        hmp->greeted = true;
    }
    line_edit_show(hmp->edit);
}

static const ChrHandlers hmp_handlers = {
    .can_receive = hmp_room,
    .receive = hmp_receive,
    .event = hmp_event,
};

Hmp *hmp_new(Machine *machine, Chardev *chr, GError **error)
{
    Hmp *hmp = g_new0(Hmp, 1);
    hmp->machine = machine;
    hmp->chr = chr;
    hmp->edit = line_edit_new(PROMPT, &hmp_line_ops, hmp);
    if (!chr_attach(chr, &hmp_handlers, hmp, error)) {
        hmp_free(hmp);
        return NULL;
    }
    return hmp;
}

void hmp_free(Hmp *hmp)
{
    if (!hmp) {
        return;
    }
    chr_detach(hmp->chr, hmp);
    line_edit_free(hmp->edit);
    g_free(hmp);
}
