/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the parsed command line to a machine that is ready to run, and back to nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "hw/core/outside.h"
#include "machine/migration.h"
#include "machine/snapshot.h"
#include "net/outside.h"
#include "system/signals.h"
#include "system/vm.h"

/* -icount: the date is the same in every run, unless -rtc says otherwise. */
#define ICOUNT_RTC_BASE "2026-01-01"

static void quit_by_key(void *opaque)
{
    runstate_request_shutdown(((Vm *)opaque)->runstate, CAUSE_HOST_SIGNAL);
}

/* Hands `chr` over to the backends. A terminal has one reader. */
static bool keep_chardev(Vm *vm, Chardev *chr, GError **error)
{
    Backends *backends = vm->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(backends, &count);
    for (size_t i = 0; chr_is_stdio(chr) && i < count; i++) {
        if (chr_is_stdio(backends_chardev(backends, ids[i]))) {
            g_set_error(error, OPT_ERROR, 0,
                        "only one character device can have stdio; to share it use mon:stdio, or "
                        "-chardev stdio,id=ID,mux=on");
            chr_free(chr);
            return false;
        }
    }
    if (chr_is_stdio(chr) && (vm->opts->daemonize || vm->opts->curses)) {
        g_set_error(error, OPT_ERROR, 0, "stdio cannot be used with %s",
                    vm->opts->daemonize ? "-daemonize" : "-display curses");
        chr_free(chr);
        return false;
    }
    chr_set_quit_handler(chr, quit_by_key, vm);
    return backends_add_chardev(backends, chr, error);
}

/* A character device from -serial's and the like's text. "none" gives *chr NULL. */
static bool get_chardev(Vm *vm, const char *id, const char *spec, Chardev **chr, GError **error)
{
    Backends *backends = vm->platform.backends;
    g_autoptr(GError) why = NULL;
    *chr = NULL;
    if (g_str_has_prefix(spec, "chardev:")) {
        *chr = backends_chardev(backends, spec + 8);
        if (!*chr) {
            size_t count;
            g_autofree const char **ids = backends_chardev_ids(backends, &count);
            opt_error_nearest(error, spec + 8, ids, count, "no -chardev has the id '%s'", spec + 8);
        }
        return *chr != NULL;
    }
    /* With -nographic the keyboard is the guest's, Ctrl-C included. */
    bool guests = vm->opts->nographic && strcmp(spec, "stdio") == 0;
    Chardev *made = chr_new_from_spec(id, guests ? "stdio,signal=off" : spec, &why);
    if (!made) {
        if (why) {
            g_propagate_error(error, g_steal_pointer(&why));
            return false;
        }
        return true;
    }
    if (!keep_chardev(vm, made, error)) {
        return false;
    }
    *chr = made;
    return true;
}

static bool add_hmp(Vm *vm, Chardev *chr, GError **error)
{
    Hmp *hmp = hmp_new(vm->machine, chr, error);
    if (hmp) {
        g_ptr_array_add(vm->hmps, hmp);
    }
    return hmp != NULL;
}

static bool make_chardevs(Vm *vm, GError **error)
{
    for (guint i = 0; i < vm->opts->chardevs->len; i++) {
        const char *text = vm->opts->chardevs->pdata[i];
        Chardev *chr = chr_new_from_options(text, error);
        if (!chr || !keep_chardev(vm, chr, error)) {
            g_prefix_error(error, "-chardev %s: ", text);
            return false;
        }
    }
    return true;
}

static void warn_of_guess(const BlockBackend *blk)
{
    if (blk_format_was_guessed(blk) && !blk_is_read_only(blk) && !blk_has_overlay(blk)) {
        g_printerr(PROGRAM ": warning: file=%s: its format was not said and raw was guessed; what "
                           "looks like another format's header cannot be written to its first "
                           "sector; say format=raw\n",
                   blk_file(blk));
    }
}

static bool make_drives(Vm *vm, GError **error)
{
    for (guint i = 0; i < vm->opts->drives->len; i++) {
        const DriveOption *drive = vm->opts->drives->pdata[i];
        if (drive->below) {
            continue;
        }
        BlockOptions options = {
            .file = drive->file,
            .format = drive->format,
            .read_only = drive->read_only,
            .snapshot = drive->snapshot || vm->opts->snapshot_all,
            .unlocked = drive->unlocked,
            .locked = drive->locked,
            .unmap = drive->unmap,
        };
        BlockBackend *blk = blk_open(drive->id, &options, error);
        if (!blk || !backends_add_drive(vm->platform.backends, blk, error)) {
            g_prefix_error(error, "%s: ", drive->option);
            return false;
        }
        warn_of_guess(blk);
    }
    return true;
}

static bool make_netdevs(Vm *vm, GError **error)
{
    Backends *backends = vm->platform.backends;
    for (guint i = 0; i < vm->opts->netdevs->len; i++) {
        const NetdevOption *option = vm->opts->netdevs->pdata[i];
        Netdev *nd =
            netdev_new_outside(option->text, vm->platform.clock, backends_outside(backends), error);
        if (!nd || !backends_add_netdev(backends, nd, error)) {
            g_prefix_error(error, "%s: ", option->option);
            return false;
        }
    }
    return true;
}

/* Their servers are processes: before the machine has memory, which they would have with it. */
static bool make_shares(Vm *vm, GError **error)
{
    const GPtrArray *shares = vm->opts->shares;
    if (shares->len > 0 && vm->opts->icount.on) {
        g_set_error(error, OPT_ERROR, 0,
                    "-icount: what is in a shared folder is the host's, and no run would be the "
                    "same twice; use a disk, or leave -icount out");
        return false;
    }
    for (guint i = 0; i < shares->len; i++) {
        bool (*forbid)(void) = vm->opts->sandbox.off ? NULL : sandbox_forbid_programs;
        Fsdev *fsdev = fsdev_new(shares->pdata[i], forbid, error);
        if (!fsdev || !backends_add_fsdev(vm->platform.backends, fsdev, error)) {
            g_prefix_error(error, "-fsdev: ");
            return false;
        }
    }
    return true;
}

/* -object filter-dump,id=ID,netdev=ID,file=PATH */
static bool make_net_dump(Vm *vm, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "qom-type");
    const Backends *backends = vm->platform.backends;
    const char *id = optlist_get(opts, "netdev");
    Netdev *nd = id ? backends_netdev(backends, id) : NULL;
    optlist_get(opts, "qom-type");
    optlist_get(opts, "id");
    if (!id) {
        g_set_error(error, OPT_ERROR, 0, "netdev= is missing");
        return false;
    }
    if (!nd) {
        size_t count;
        g_autofree const char **ids = backends_netdev_ids(backends, &count);
        opt_error_nearest(error, id, ids, count, "no -netdev has the id '%s'", id);
        return false;
    }
    return netdev_add_dump(nd, opts, error);
}

static bool make_net_dumps(Vm *vm, GError **error)
{
    for (guint i = 0; i < vm->opts->net_dumps->len; i++) {
        const char *text = vm->opts->net_dumps->pdata[i];
        if (!make_net_dump(vm, text, error)) {
            g_prefix_error(error, "-object %s: ", text);
            return false;
        }
    }
    return true;
}

/* More likely forgotten than meant. */
static void warn_of_idle_netdevs(const Vm *vm)
{
    size_t count;
    g_autofree const char **ids = backends_netdev_ids(vm->platform.backends, &count);
    for (size_t i = 0; i < count; i++) {
        if (!netdev_owner(backends_netdev(vm->platform.backends, ids[i]))) {
            g_printerr(PROGRAM ": warning: netdev %s has no peer\n", ids[i]);
        }
    }
}

/* What stands behind the serial ports when nothing is said: the terminal with -nographic, else a
 * console in a window that is not there. */
static void default_serials(const Options *opts, const char *specs[4])
{
    for (guint i = 0; i < opts->serials->len; i++) {
        specs[i] = opts->serials->pdata[i];
    }
    if (opts->serials->len == 0 && !opts->nodefaults) {
        specs[0] = !opts->nographic ? "null" : opts->default_monitor ? "mon:stdio" : "stdio";
    }
}

static bool make_serials(Vm *vm, MachineOptions *mo, GError **error)
{
    const char *specs[4] = {NULL};
    default_serials(vm->opts, specs);
    for (int i = 0; i < 4; i++) {
        g_autofree char *id = g_strdup_printf("serial%d", i);
        if (specs[i] && !get_chardev(vm, id, specs[i], &mo->serial[i], error)) {
            g_prefix_error(error, "-serial %s: ", specs[i]);
            return false;
        }
    }
    if (vm->opts->debugcon &&
        !get_chardev(vm, "debugcon", vm->opts->debugcon, &mo->debugcon, error)) {
        g_prefix_error(error, "-debugcon %s: ", vm->opts->debugcon);
        return false;
    }
    return true;
}

/* "mon:" devices first have their serial port attached, by the board; then the monitor. */
static bool attach_shared_monitors(Vm *vm, GError **error)
{
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(vm->platform.backends, &count);
    for (size_t i = 0; i < count; i++) {
        Chardev *chr = backends_chardev(vm->platform.backends, ids[i]);
        if (chr_wants_monitor(chr) && !add_hmp(vm, chr, error)) {
            return false;
        }
    }
    return true;
}

static bool make_monitor(Vm *vm, const MonitorOption *option, const char *id, GError **error)
{
    Chardev *chr;
    if (!get_chardev(vm, id, option->spec, &chr, error)) {
        return false;
    }
    if (!chr || chr_wants_monitor(chr)) {
        return true; /* "none", or the shared one that attach_shared_monitors() makes */
    }
    if (!option->control) {
        return add_hmp(vm, chr, error);
    }
    Qmp *qmp = qmp_new(vm->machine, chr, option->pretty, error);
    if (qmp) {
        g_ptr_array_add(vm->qmps, qmp);
    }
    return qmp != NULL;
}

static bool make_monitors(Vm *vm, GError **error)
{
    for (guint i = 0; i < vm->opts->monitors->len; i++) {
        const MonitorOption *option = vm->opts->monitors->pdata[i];
        g_autofree char *id = g_strdup_printf("compat_monitor%u", i);
        if (!make_monitor(vm, option, id, error)) {
            g_prefix_error(error, "%s: ", option->option);
            return false;
        }
    }
    /* -nographic with a serial port elsewhere: the terminal is the monitor's. */
    const Options *o = vm->opts;
    if (o->nographic && o->default_monitor && !o->nodefaults && o->serials->len > 0) {
        MonitorOption option = {.spec = "stdio"};
        if (!make_monitor(vm, &option, "compat_monitor0", error)) {
            return false;
        }
    }
    return attach_shared_monitors(vm, error);
}

/* Of gdb's backends the sockets listen, and the machine does not wait for a client. */
static bool make_gdb(Vm *vm, GError **error)
{
    const char *spec = vm->opts->gdb;
    if (!spec || strcmp(spec, "none") == 0) {
        return true;
    }
    bool is_socket = g_str_has_prefix(spec, "tcp:") || g_str_has_prefix(spec, "unix:");
    g_autofree char *listens =
        g_strconcat(spec, is_socket && !strstr(spec, "server") ? ",server=on,wait=off" : "", NULL);
    Chardev *chr;
    if (!get_chardev(vm, "gdb", listens, &chr, error) ||
        !(vm->gdb = gdb_new(vm->machine, chr, error))) {
        g_prefix_error(error, "-gdb %s: ", spec);
        return false;
    }
    return true;
}

static bool make_qtest(Vm *vm, GError **error)
{
    Chardev *chr;
    if (!vm->opts->qtest) {
        return true;
    }
    if (!get_chardev(vm, "qtest", vm->opts->qtest, &chr, error)) {
        g_prefix_error(error, "-qtest %s: ", vm->opts->qtest);
        return false;
    }
    if (!chr) {
        return true; /* "none" */
    }
    vm->qtest = qtest_new(vm->machine, chr, vm->opts->qtest_log, error);
    return vm->qtest != NULL;
}

/* Devices on no bus are there before the board, which is built around them. */
static bool is_on_no_bus(const char *text)
{
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    const char *driver = optlist_get(opts, "driver");
    const DeviceClass *cls = driver ? device_class_find(driver) : NULL;
    return cls && cls->user_creatable && cls->bus == BUS_SYSTEM;
}

static bool create_system_devices(Vm *vm, GError **error)
{
    for (guint i = 0; i < vm->opts->devices->len; i++) {
        const char *text = vm->opts->devices->pdata[i];
        if (!is_on_no_bus(text)) {
            continue;
        }
        if (!machine_add_system_device(vm->machine, text, error)) {
            g_prefix_error(error, "-device %s: ", text);
            return false;
        }
    }
    return true;
}

static bool add_device(Machine *machine, const char *text, GError **error)
{
    g_autofree char *driver = g_strndup(text, strcspn(text, ","));
    return machine_is_cpu_driver(driver) ? machine_plug_cpu(machine, text, error)
                                         : machine_add_device(machine, text, error) != NULL;
}

static bool add_devices(Vm *vm, GError **error)
{
    for (guint i = 0; i < vm->opts->devices->len; i++) {
        const char *text = vm->opts->devices->pdata[i];
        if (!is_on_no_bus(text) && !add_device(vm->machine, text, error)) {
            g_prefix_error(error, "-device %s: ", text);
            return false;
        }
    }
    return true;
}

static bool set_machine_props(Vm *vm, GError **error)
{
    const GPtrArray *props = vm->opts->machine_props;
    for (guint i = 0; i + 2 < props->len; i += 3) {
        if (!machine_set_prop(vm->machine, props->pdata[i + 1], props->pdata[i + 2], error)) {
            g_prefix_error(error, "%s: ", (const char *)props->pdata[i]);
            return false;
        }
    }
    return true;
}

static bool check_cpu_count(const MachineClass *cls, const MachineOptions *mo, GError **error)
{
    if (mo->max_cpus <= cls->max_cpus) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "-smp %u: machine '%s' has %u CPUs at most", mo->max_cpus,
                cls->name, cls->max_cpus);
    return false;
}

static bool make_machine(Vm *vm, MachineOptions *mo, GError **error)
{
    const MachineClass *cls =
        vm->opts->machine_class ? vm->opts->machine_class : machine_classes[0];
    if (!check_cpu_count(cls, mo, error)) {
        return false;
    }
    vm->machine = machine_new(cls, &vm->platform, vm->runstate, mo);
    return journal_start(&vm->journal, vm->machine, &vm->opts->journal, error) &&
           set_machine_props(vm, error) && create_system_devices(vm, error) &&
           machine_build(vm->machine, error) && add_devices(vm, error) &&
           machine_check(vm->machine, error);
}

static bool open_trace(Vm *vm, GError **error)
{
    trace_init(&vm->trace);
    if (vm->opts->log_file && !trace_open(&vm->trace, vm->opts->log_file, error)) {
        g_prefix_error(error, "-D %s: ", vm->opts->log_file);
        return false;
    }
    return !vm->opts->log_items || trace_enable(&vm->trace, vm->opts->log_items, error);
}

/* Whoever reads it may send a signal at once, which is to end the machine and not the process. */
static bool write_pidfile(const Vm *vm, GError **error)
{
    signals_watch();
    if (!vm->opts->pidfile) {
        return true;
    }
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    g_autoptr(GError) why = NULL;
    if (!g_file_set_contents(vm->opts->pidfile, text, -1, &why)) {
        g_set_error(error, OPT_ERROR, 0, "-pidfile %s: %s", vm->opts->pidfile, why->message);
        return false;
    }
    return true;
}

/* One that is deferred runs as soon as it has come, any other once all is set up. */
static bool take_incoming(Vm *vm, GError **error)
{
    const char *incoming = vm->opts->incoming;
    if (!incoming) {
        return true;
    }
    runstate_mark_incoming(vm->runstate, true);
    if (strcmp(incoming, "defer") != 0 && !migration_receive(vm->machine, incoming, error)) {
        g_prefix_error(error, "-incoming %s: ", incoming);
        return false;
    }
    vm->machine->migration.starts = !vm->opts->paused;
    return true;
}

static bool load_snapshot(Vm *vm, GError **error)
{
    if (!vm->opts->loadvm || snapshot_load(vm->machine, vm->opts->loadvm, error)) {
        return true;
    }
    g_prefix_error(error, "-loadvm %s: ", vm->opts->loadvm);
    return false;
}

static bool check_icount(const Vm *vm, GError **error)
{
    if (vm->opts->icount.on && !vm->accel->has_cpus) {
        g_set_error(error, OPT_ERROR, 0,
                    "-icount: -accel %s executes no instructions; use -accel tcg", vm->accel->name);
        return false;
    }
    return true;
}

static Clock *make_clock(const Vm *vm)
{
    if (vm->opts->icount.on) {
        return clock_new_counted(vm->opts->icount.shift);
    }
    return clock_new(vm->accel->has_cpus ? CLOCK_HOST : CLOCK_MANUAL);
}

/* CPUs have something to execute: firmware, if there is no kernel. */
static void choose_firmware(MachineOptions *mo)
{
    if (!mo->kernel && !mo->firmware.bios && !mo->firmware.flash[0] && mo->accel->has_cpus) {
        mo->firmware.bios = "bios-256k.bin";
    }
}

/* What firmware starts shows itself on a screen, if nothing else is said. */
static void choose_screen(Options *o, const MachineOptions *mo)
{
    bool is_seen = !mo->kernel || o->vnc.on || o->curses;
    bool is_board = !o->machine_class || o->machine_class->acpi;
    if (is_board && mo->accel->has_cpus && is_seen && !o->nodefaults && !o->vga_said) {
        g_ptr_array_insert(o->devices, 0, g_strdup("VGA"));
    }
}

bool vm_init(Vm *vm, Options *opts, GError **error)
{
    MachineOptions mo = opts->machine;
    *vm = (Vm){.opts = opts};
    vm->qmps = g_ptr_array_new();
    vm->hmps = g_ptr_array_new();
    vm->runstate = runstate_new();
    runstate_set_watchdog(vm->runstate, opts->watchdog);
    vm->accel = accel_choose(opts, &vm->accel_options, error);
    if (!vm->accel || !open_trace(vm, error)) {
        return false;
    }
    mo.accel = vm->accel;
    mo.accel_options = vm->accel_options;
    choose_firmware(&mo);
    choose_screen(opts, &mo);
    if (!check_icount(vm, error)) {
        return false;
    }
    if (opts->icount.on || opts->seeded) {
        random_seed(&vm->random, mo.seed);
    }
    if (opts->icount.on && !mo.rtc_base) {
        mo.rtc_base = ICOUNT_RTC_BASE;
    }
    vm->platform = (Platform){
        .clock = make_clock(vm),
        .memory = as_new("memory", 52),
        .ports = as_new("I/O", 16),
        .random = &vm->random,
        .trace = &vm->trace,
        .backends = backends_new(),
    };
    backends_set_folders(vm->platform.backends, opts->folders);
    *backends_outside(vm->platform.backends) = (Outside){
        .keeps_frames = opts->icount.rr != REPLAY_OFF,
        .closed = opts->icount.rr == REPLAY_PLAY,
    };
    if (!make_chardevs(vm, error) || !make_drives(vm, error) || !make_netdevs(vm, error) ||
        !make_shares(vm, error) || !make_net_dumps(vm, error) || !make_serials(vm, &mo, error) ||
        !make_machine(vm, &mo, error) || !make_monitors(vm, error) || !make_gdb(vm, error) ||
        !make_qtest(vm, error) || !machine_restart(vm->machine, error) ||
        !load_snapshot(vm, error) || !take_incoming(vm, error) || !write_pidfile(vm, error)) {
        return false;
    }
    warn_of_idle_netdevs(vm);
    vm->set_up = true;
    return true;
}

void vm_free(Vm *vm)
{
    qtest_free(vm->qtest);
    gdb_free(vm->gdb);
    g_ptr_array_foreach(vm->qmps, (GFunc)(void (*)(void))qmp_free, NULL);
    g_ptr_array_foreach(vm->hmps, (GFunc)(void (*)(void))hmp_free, NULL);
    g_ptr_array_unref(vm->qmps);
    g_ptr_array_unref(vm->hmps);
    journal_stop(&vm->journal);
    machine_free(vm->machine);
    g_free(vm->accel_options);
    backends_free(vm->platform.backends); /* puts the terminal back */
    if (vm->platform.clock) {
        as_free(vm->platform.memory);
        as_free(vm->platform.ports);
        clock_free(vm->platform.clock);
    }
    runstate_free(vm->runstate);
    trace_close(&vm->trace);
    if (vm->set_up && vm->opts->pidfile) {
        unlink(vm->opts->pidfile);
    }
}
