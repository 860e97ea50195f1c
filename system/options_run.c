/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options for running: monitors, logs, what a reset or the end of the guest does, qtest. */
#include <stdio.h>
#include <string.h>

#include "machine/migration.h"
#include "system/options.h"
#include "system/process.h"

static void add_monitor(Options *o, const char *option, const char *value, const char *spec,
                        bool control, bool pretty)
{
    MonitorOption *monitor = g_new0(MonitorOption, 1);
    monitor->option = g_strdup_printf("%s %s", option, value);
    monitor->spec = g_strdup(spec);
    monitor->control = control;
    monitor->pretty = pretty;
    g_ptr_array_add(o->monitors, monitor);
}

static bool opt_monitor(Options *o, const char *value, GError **error)
{
    o->default_monitor = false;
    add_monitor(o, "-monitor", value, value, false, false);
    return true;
}

static bool opt_qmp(Options *o, const char *value, GError **error)
{
    o->default_monitor = false;
    add_monitor(o, "-qmp", value, value, true, false);
    return true;
}

static bool opt_qmp_pretty(Options *o, const char *value, GError **error)
{
    o->default_monitor = false;
    add_monitor(o, "-qmp-pretty", value, value, true, true);
    return true;
}

static bool opt_mon(Options *o, const char *value, GError **error)
{
    static const char *const modes[] = {"readline", "control"};
    g_autoptr(OptList) opts = optlist_parse(value, "chardev");
    const char *chardev = optlist_get(opts, "chardev"), *mode = optlist_get(opts, "mode");
    bool pretty = false;
    optlist_get(opts, "id");
    if (!optlist_bool(opts, "pretty", &pretty, error) || !optlist_finish(opts, error)) {
        return false;
    }
    if (!chardev) {
        g_set_error(error, OPT_ERROR, 0, "chardev= is missing");
        return false;
    }
    if (mode && strcmp(mode, modes[0]) != 0 && strcmp(mode, modes[1]) != 0) {
        opt_error_nearest(error, mode, modes, G_N_ELEMENTS(modes), "mode=%s: there is none", mode);
        return false;
    }
    o->default_monitor = false;
    g_autofree char *spec = g_strconcat("chardev:", chardev, NULL);
    add_monitor(o, "-mon", value, spec, mode && strcmp(mode, "control") == 0, pretty);
    return true;
}

static bool opt_nographic(Options *o, const char *value, GError **error)
{
    o->nographic = o->machine.firmware.no_graphic = true;
    return true;
}

static bool opt_nodefaults(Options *o, const char *value, GError **error)
{
    o->nodefaults = true;
    return true;
}

static bool opt_no_reboot(Options *o, const char *value, GError **error)
{
    o->no_reboot = true;
    return true;
}

static bool opt_no_shutdown(Options *o, const char *value, GError **error)
{
    o->no_shutdown = true;
    return true;
}

static bool choose(OptList *opts, const char *key, const char *first, const char *second,
                   bool *is_second, GError **error)
{
    const char *text = optlist_get(opts, key);
    if (!text) {
        return true;
    }
    if (strcmp(text, first) != 0 && strcmp(text, second) != 0) {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: is neither '%s' nor '%s'", key, text, first,
                    second);
        return false;
    }
    *is_second = strcmp(text, second) == 0;
    return true;
}

static bool opt_watchdog_action(Options *o, const char *value, GError **error)
{
    const char *names[WATCHDOG_ACTIONS];
    for (unsigned i = 0; i < WATCHDOG_ACTIONS; i++) {
        names[i] = watchdog_action_name((WatchdogAction)i);
    }
    if (!watchdog_action_find(value, &o->watchdog)) {
        opt_error_nearest(error, value, names, WATCHDOG_ACTIONS, "there is no action '%s'", value);
        return false;
    }
    return true;
}

static bool opt_action(Options *o, const char *value, GError **error)
{
    static const char *const harmless[] = {"panic", NULL};
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    const char *watchdog = optlist_get(opts, "watchdog");
    optlist_ignore(opts, harmless);
    if (watchdog && !opt_watchdog_action(o, watchdog, error)) {
        return false;
    }
    return choose(opts, "reboot", "reset", "shutdown", &o->no_reboot, error) &&
           choose(opts, "shutdown", "poweroff", "pause", &o->no_shutdown, error) &&
           optlist_finish(opts, error);
}

static bool opt_paused(Options *o, const char *value, GError **error)
{
    o->paused = true;
    return true;
}

static bool opt_lint(Options *o, const char *value, GError **error)
{
    static const char *const names[] = {
        [LINT_MODE_ON] = "on", [LINT_MODE_OFF] = "off", [LINT_MODE_ERROR] = "error"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            o->machine.lint = (LintMode)i;
            return true;
        }
    }
    opt_error_nearest(error, value, names, G_N_ELEMENTS(names), "there is no '%s'", value);
    return false;
}

static bool append_items(Options *o, const char *value)
{
    char *all = o->log_items ? g_strconcat(o->log_items, ",", value, NULL) : g_strdup(value);
    g_free(o->log_items);
    o->log_items = all;
    return true;
}

static bool opt_log_items(Options *o, const char *value, GError **error)
{
    Trace scratch;
    if (opt_wants_help(value)) {
        GString *text = g_string_new(NULL);
        trace_help(text);
        fputs(text->str, stdout);
        g_string_free(text, TRUE);
        o->done = true;
        return true;
    }
    trace_init(&scratch);
    scratch.out = NULL; /* warnings come when the log is opened */
    bool ok = trace_enable(&scratch, value, error);
    trace_close(&scratch);
    return ok && append_items(o, value);
}

/* Event names or patterns, a line each, as a comma-separated list of items. '-' before a name turns
 * it off, as all are at first. */
static char *trace_events_of_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(path, &text, NULL, &why)) {
        g_set_error(error, OPT_ERROR, 0, "events=%s: could not be read: %s", path, why->message);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) items = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line && **line != '#' && **line != '-') {
            g_string_append_printf(items, "%strace:%s", items->len ? "," : "", *line);
        }
    }
    return g_strdup(items->str);
}

static bool opt_trace(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "enable");
    const char *enable = optlist_get(opts, "enable"), *file = optlist_get(opts, "file"),
               *events = optlist_get(opts, "events");
    if (!optlist_finish(opts, error)) {
        return false;
    }
    if (events) {
        g_autofree char *items = trace_events_of_file(events, error);
        if (!items || (items[0] && !opt_log_items(o, items, error))) {
            return false;
        }
    }
    if (file) {
        g_free(o->log_file);
        o->log_file = g_strdup(file);
    }
    g_autofree char *named = g_strconcat("trace:", enable, NULL);
    return !enable || opt_log_items(o, opt_wants_help(enable) ? enable : named, error);
}

static bool set_text(char **field, const char *value)
{
    g_free(*field);
    *field = g_strdup(value);
    return true;
}

static bool opt_log_file(Options *o, const char *value, GError **error)
{
    return set_text(&o->log_file, value);
}

static bool opt_journal(Options *o, const char *value, GError **error)
{
    return journal_options_read(&o->journal, value, error);
}

static bool opt_qtest(Options *o, const char *value, GError **error)
{
    return set_text(&o->qtest, value);
}

static bool opt_qtest_log(Options *o, const char *value, GError **error)
{
    return set_text(&o->qtest_log, value);
}

static bool opt_gdb(Options *o, const char *value, GError **error)
{
    return set_text(&o->gdb, value);
}

static bool opt_gdb_here(Options *o, const char *value, GError **error)
{
    return opt_gdb(o, "tcp::1234", error);
}

static bool opt_pidfile(Options *o, const char *value, GError **error)
{
    return set_text(&o->pidfile, value);
}

static bool opt_snapshots(Options *o, const char *value, GError **error)
{
    if (!g_file_test(value, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, OPT_ERROR, 0, "there is no such folder");
        return false;
    }
    o->machine.snapshots = options_keep(o, value);
    return true;
}

static bool opt_loadvm(Options *o, const char *value, GError **error)
{
    o->loadvm = options_keep(o, value);
    return true;
}

static bool opt_incoming(Options *o, const char *value, GError **error)
{
    if (strcmp(value, "defer") != 0 && !migration_uri_is_known(value, error)) {
        return false;
    }
    o->incoming = options_keep(o, value);
    return true;
}

static bool opt_sandbox(Options *o, const char *value, GError **error)
{
    return sandbox_parse(&o->sandbox, value, error);
}

static bool has_user_net(const char *text)
{
    return g_str_has_prefix(text, "user") || strstr(text, "type=user") != NULL;
}

void options_find_needs(Options *o, char **argv)
{
    SandboxNeeds *needs = &o->sandbox_needs;
    needs->clients = o->monitors->len > 0 || o->qtest || (o->nographic && o->default_monitor);
    for (char **arg = argv; *arg; arg++) {
        needs->clients |= strstr(*arg, "mon:") != NULL || strstr(*arg, "readconfig") != NULL;
    }
    for (guint i = 0; i < o->drives->len; i++) {
        const DriveOption *drive = o->drives->pdata[i];
        needs->images |= blk_format_needs_program(drive->file, drive->format);
    }
    needs->sockets = o->netdevs->len > 0;
    for (guint i = 0; i < o->netdevs->len; i++) {
        const NetdevOption *netdev = o->netdevs->pdata[i];
        needs->user_net |= has_user_net(netdev->text);
        needs->spawns |= strstr(netdev->text, "guestfwd=") != NULL;
    }
}

static bool opt_runas(Options *o, const char *value, GError **error)
{
    o->sandbox.user = options_keep(o, value);
    return process_has_user(value, error);
}

static bool opt_chroot(Options *o, const char *value, GError **error)
{
    if (!g_file_test(value, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, OPT_ERROR, 0, "there is no such folder");
        return false;
    }
    o->sandbox.chroot = options_keep(o, value);
    return true;
}

static bool opt_msg(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    bool guest_name = false;
    if (!optlist_bool(opts, "timestamp", &o->message_times, error) ||
        !optlist_bool(opts, "guest-name", &guest_name, error) || !optlist_finish(opts, error)) {
        return false;
    }
    if (guest_name) {
        g_set_error(error, OPT_ERROR, 0, "guest-name=on: is not supported yet; leave it out");
    }
    return !guest_name;
}

static bool opt_daemonize(Options *o, const char *value, GError **error)
{
    o->daemonize = true;
    return true;
}

static bool opt_run_with(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    const char *root = optlist_get(opts, "chroot"), *user = optlist_get(opts, "user");
    bool teardown = false;
    if ((root && !opt_chroot(o, root, error)) || (user && !opt_runas(o, user, error))) {
        return false;
    }
    return optlist_bool(opts, "exit-with-parent", &o->exit_with_parent, error) &&
           optlist_bool(opts, "async-teardown", &teardown, error) && optlist_finish(opts, error);
}

const OptRow opt_rows_run[] = {
    {"nographic", false, opt_nographic, "serial port and monitor on the terminal, no display"},
    {"monitor", true, opt_monitor, "the monitor on a character device"},
    {"qmp", true, opt_qmp, "QMP on a character device"},
    {"qmp-pretty", true, opt_qmp_pretty, "QMP, indented"},
    {"mon", true, opt_mon, "a monitor: chardev=ID[,mode=readline|control,pretty=]"},
    {"nodefaults", false, opt_nodefaults, "no serial port and monitor that were not asked for"},
    {"no-reboot", false, opt_no_reboot, "end where the guest would reset"},
    {"no-shutdown", false, opt_no_shutdown, "stay where the guest powers off"},
    {"action", true, opt_action, "reboot=reset|shutdown,shutdown=poweroff|pause"},
    {"S", false, opt_paused, "start stopped"},
    {"s", false, opt_gdb_here, "the same as -gdb tcp::1234"},
    {"gdb", true, opt_gdb, "tcp::PORT|unix:PATH|stdio|chardev:ID|none: where gdb connects"},
    {"d", true, opt_log_items, "log items: int,cpu_reset,guest_errors ...; help lists them"},
    {"D", true, opt_log_file, "the log's file"},
    {"lint", true, opt_lint, "on|off|error: what the guest does that hardware need not forgive"},
    {"trace", true, opt_trace, "the same: [enable=]ITEMS[,events=FILE][,file=PATH]"},
    {"journal", true, opt_journal,
     "attempts to interrupt: "
     "off|[on,]size=RECORDS,quiet=on,file=PATH,report=PATH,symbols=PATH,FILTER for lines "
     "of -d"},
    {"qtest", true, opt_qtest, "a qtest server on a character device"},
    {"qtest-log", true, opt_qtest_log, "its log's file"},
    {"pidfile", true, opt_pidfile, "write the process id there"},
    {"sandbox", true, opt_sandbox, "on (as it is)|off: what the process may ask of its host"},
    {"msg", true, opt_msg, "timestamp=on: the time before each message"},
    {"no-user-config", false, opt_accept, NULL, "no file is read that was not named"},
    {"nodefconfig", false, opt_accept, NULL, "no file is read that was not named"},
    {"no-fd-bootchk", false, opt_accept, NULL, "there is no floppy to check"},
    {"daemonize", false, opt_daemonize, "go into the background once the machine is there"},
    {"run-with", true, opt_run_with, "exit-with-parent=on|chroot=DIR|user=USER"},
    {"icount", true, opt_icount,
     "time by instructions: "
     "[shift=]N|auto[,sleep=off][,rr=record|replay,rrfile=PATH][,hash=N[,hash-file=PATH]]"},
    {"incoming", true, opt_incoming,
     "go on from another's machine: file:PATH, tcp:HOST:PORT ..., or defer"},
    {"snapshots", true, opt_snapshots, "the folder of savevm and loadvm"},
    {"loadvm", true, opt_loadvm, "go on from a snapshot: NAME"},
    {"runas", true, opt_runas, "USER|UID:GID: whom to become once the machine is there"},
    {"chroot", true, opt_chroot, "the folder that is to be the root of all late names"},
    {"singlestep", false, opt_accept, NULL,
     "what is seen of a run is the same; -accel tcg,tier=interp runs single instructions"},
    {"plugin", true, NULL, NULL,
     "there are no plug-ins; -icount, gdb and the journal tell what ran and what interrupted"},
    {"dfilter", true, NULL, NULL, "no log has addresses of code to choose by; leave it out"},
    {"seed", true, opt_seed, "the guest's random numbers, and with -icount turns, follow from it"},
    {"watchdog-action", true, opt_watchdog_action,
     "what a watchdog does: reset|shutdown|poweroff|inject-nmi|pause|debug|none"},
    {NULL},
};
