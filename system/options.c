/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: QEMU's options, as rows of tables by subject (options_machine.c,
 * options_device.c, options_run.c). Handlers only note what was asked for; setup.c acts on it, so
 * that the order of options does not matter.
 */
#include "system/options.h"
#include "base/names.h"
#include "base/report.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "base/jsontext.h"

static bool show_help(Options *o, const char *value, GError **error);

/* Scripts look for "QEMU emulator version X.Y", in -help's first line too, to know which options
 * there are. */
static void print_version(void)
{
    printf("QEMU emulator version 8.2.0 (Switchyard 0.1.0)\n");
}

static bool show_version(Options *o, const char *value, GError **error)
{
    print_version();
    o->done = true;
    return true;
}

static const OptRow rows_general[] = {
    {"h", false, show_help, NULL},
    {"help", false, show_help, "show this help and exit"},
    {"version", false, show_version, "show the version and exit"},
    {NULL},
};

static const OptRow *const tables[] = {
    rows_general, opt_rows_machine, opt_rows_device, opt_rows_object, opt_rows_share,
    opt_rows_net, opt_rows_run,     opt_rows_config, opt_rows_numa,   opt_rows_tables};

static bool show_help(Options *o, const char *value, GError **error)
{
    print_version();
    printf("Switchyard, a PC with an interrupt fabric that behaves like hardware\n"
           "usage: " PROGRAM " [options]\n\n");
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const OptRow *row = tables[t]; row->name; row++) {
            if (row->help) {
                printf("  -%-16s %s\n", row->name, row->help);
            }
        }
    }
    o->done = true;
    return true;
}

bool opt_wants_help(const char *value)
{
    return strcmp(value, "help") == 0 || strcmp(value, "?") == 0;
}

bool opt_accept(Options *o, const char *value, GError **error)
{
    return true;
}

bool opt_not_yet(Options *o, const char *value, GError **error)
{
    g_set_error(error, OPT_ERROR, 0, "is not supported yet; leave it out");
    return false;
}

void options_set_machine_prop(Options *o, const char *option, const char *name, const char *text)
{
    const char *const words[] = {option, name, text};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_ptr_array_add(o->machine_props, g_strdup(words[i]));
    }
}

static void free_drive(gpointer data)
{
    DriveOption *drive = data;
    g_free(drive->option);
    g_free(drive->id);
    g_free(drive->file);
    g_free(drive->format);
    g_free(drive);
}

static void free_monitor(gpointer data)
{
    MonitorOption *monitor = data;
    g_free(monitor->option);
    g_free(monitor->spec);
    g_free(monitor);
}

static void free_fw_cfg(gpointer data)
{
    FwCfgItem *item = data;
    g_free(item->name);
    g_free(item->data);
    g_free(item);
}

/* Those that take a value, for query-command-line-options. */
static void name_options(Options *o)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const OptRow *row = tables[t]; row->name; row++) {
            if (row->has_arg && row->help) {
                g_ptr_array_add(o->names, (char *)row->name);
            }
        }
    }
    g_ptr_array_add(o->names, NULL);
    o->machine.option_names = (const char *const *)o->names->pdata;
}

Options *options_new(void)
{
    Options *o = g_new0(Options, 1);
    GPtrArray **texts[] = {&o->strings,  &o->machine_props, &o->accels,    &o->devices, &o->serials,
                           &o->chardevs, &o->objects,       &o->net_dumps, &o->folders};
    o->shares = options_new_shares();
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        *texts[i] = g_ptr_array_new_with_free_func(g_free);
    }
    o->drives = g_ptr_array_new_with_free_func(free_drive);
    o->monitors = g_ptr_array_new_with_free_func(free_monitor);
    o->netdevs = g_ptr_array_new_with_free_func(options_free_netdev);
    o->net_nics = g_ptr_array_new_with_free_func(options_free_net_nic);
    o->net_backends = g_ptr_array_new_with_free_func(options_free_netdev);
    o->fw_cfg = g_ptr_array_new_with_free_func(free_fw_cfg);
    o->fdsets = g_array_new(FALSE, FALSE, sizeof(FdsetFile));
    o->acpi_tables = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    o->globals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    o->memory_objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    o->default_monitor = true;
    journal_options_init(&o->journal);
    o->names = g_ptr_array_new();
    o->machine = (MachineOptions){
        .ram_size = 128ull << 20,
        .cpus = 1,
        .sockets = 1,
        .cores = 1,
        .threads = 1,
        .max_cpus = 1,
        .debugcon_port = 0xe9,
        .forgive = FORGIVE_DEFAULT,
        .globals = o->globals,
        .fw_cfg = o->fw_cfg,
        .acpi_tables = o->acpi_tables,
        .fdsets = o->fdsets,
        .firmware = {.folders = o->folders, .boot = {.splash_time = -1, .reboot_timeout = -1}},
    };
    name_options(o);
    return o;
}

void options_free(Options *o)
{
    if (!o) {
        return;
    }
    GPtrArray *arrays[] = {
        o->strings,      o->machine_props, o->accels,  o->devices,  o->serials,    o->chardevs,
        o->objects,      o->drives,        o->fw_cfg,  o->monitors, o->netdevs,    o->net_nics,
        o->net_backends, o->net_dumps,     o->folders, o->shares,   o->acpi_tables};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++) {
        g_ptr_array_unref(arrays[i]);
    }
    g_hash_table_unref(o->globals);
    g_hash_table_unref(o->memory_objects);
    g_ptr_array_unref(o->names);
    options_free_numa(o->numa);
    g_array_unref(o->fdsets);
    journal_options_clear(&o->journal);
    vnc_options_clear(&o->vnc);
    char *texts[] = {o->qtest,    o->qtest_log, o->pidfile, o->log_items,
                     o->log_file, o->debugcon,  o->gdb};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(texts[i]);
    }
    g_free(o);
}

const char *options_keep(Options *o, const char *text)
{
    char *copy = g_strdup(text);
    g_ptr_array_add(o->strings, copy);
    return copy;
}

const OptRow *options_find_row(const char *name)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const OptRow *row = tables[t]; row->name; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static void set_unknown_option(GError **error, const char *arg, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const OptRow *row = tables[t]; row->name; row++) {
            g_ptr_array_add(names, (char *)row->name);
        }
    }
    const char *nearest = nearest_name(name, (const char *const *)names->pdata, names->len);
    if (nearest) {
        g_set_error(error, OPT_ERROR, 0, "%s: there is no such option (did you mean '-%s'?)", arg,
                    nearest);
    } else {
        g_set_error(error, OPT_ERROR, 0, "%s: there is no such option; -help lists them", arg);
    }
}

bool options_run_row(Options *o, const OptRow *row, const char *value, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!row->handler) {
        g_set_error_literal(error, OPT_ERROR, 0, row->why);
        return false;
    }
    if (row->handler(o, value, &why)) {
        return true;
    }
    if (value && row->help && opt_wants_help(value)) {
        printf("-%s: %s\n", row->name, row->help);
        o->done = true;
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

static bool parse_one(Options *o, int argc, char **argv, int *i, GError **error)
{
    const char *arg = argv[(*i)++];
    if (arg[0] != '-' || arg[1] == '\0') {
        g_set_error(
            error, OPT_ERROR, 0,
            "%s: is no option; a disk image is given as -drive file=%s,format=raw,if=virtio", arg,
            arg);
        return false;
    }
    const char *name = arg + (arg[1] == '-' ? 2 : 1);
    const OptRow *row = options_find_row(name);
    if (!row) {
        set_unknown_option(error, arg, name);
        return false;
    }
    if (!row->has_arg) {
        if (!options_run_row(o, row, NULL, error)) {
            g_prefix_error(error, "%s: ", arg);
            return false;
        }
        return true;
    }
    if (*i >= argc) {
        g_set_error(error, OPT_ERROR, 0, "%s: needs a value (%s)", arg,
                    row->help ? row->help : "see the manual");
        return false;
    }
    const char *value = argv[(*i)++];
    if (!options_run_row(o, row, value, error)) {
        g_prefix_error(error, "%s %s: ", arg, value);
        return false;
    }
    return true;
}

/* What only says something to a kernel would be lost without one, as it is without a board. */
static bool kernel_fits(const Options *o, GError **error)
{
    const MachineOptions *m = &o->machine;
    if (m->kernel && o->machine_class == &machine_none_class) {
        g_set_error(error, OPT_ERROR, 0,
                    "-kernel %s: machine 'none' cannot start it; use -machine q35", m->kernel);
        return false;
    }
    if (!m->kernel && (m->initrd || m->append)) {
        g_set_error(error, OPT_ERROR, 0,
                    "%s %s: there is no kernel to give it to; add -kernel FILE",
                    m->initrd ? "-initrd" : "-append", m->initrd ? m->initrd : m->append);
        return false;
    }
    return true;
}

/* Objects may come after the devices that name them. */
static bool rngs_exist(const Options *o, GError **error)
{
    for (guint i = 0; i < o->devices->len; i++) {
        const char *text = g_ptr_array_index(o->devices, i);
        g_autoptr(OptList) opts = optlist_parse(text, "driver");
        const char *rng = optlist_get(opts, "rng");
        if (rng && !g_ptr_array_find_with_equal_func(o->objects, rng, g_str_equal, NULL)) {
            g_set_error(error, OPT_ERROR, 0,
                        "-device %s: rng=%s: no -object has this id; add -object rng-random,id=%s",
                        text, rng, rng);
            return false;
        }
    }
    return true;
}

/* In the background there is no terminal, which -nographic would use for the defaults, and the
 * parent ends at once. */
static bool daemon_fits(const Options *o, GError **error)
{
    const char *other = o->nographic && !o->nodefaults ? "-nographic"
                        : o->curses                    ? "-display curses"
                        : o->exit_with_parent          ? "-run-with exit-with-parent=on"
                                                       : NULL;
    if (o->daemonize && other) {
        g_set_error(error, OPT_ERROR, 0, "%s: cannot be used with -daemonize", other);
        return false;
    }
    return true;
}

bool options_parse(Options *o, int argc, char **argv, GError **error)
{
    for (int i = 1; i < argc && !o->done;) {
        if (!parse_one(o, argc, argv, &i, error)) {
            return false;
        }
    }
    return o->done || (options_pair_net(o, error) && kernel_fits(o, error) &&
                       options_use_memory_backend(o, error) && options_lay_out_numa(o, error) &&
                       rngs_exist(o, error) && daemon_fits(o, error));
}

static bool flatten_member(GString *out, const char *name, JsonNode *node, GError **error)
{
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObjectIter iter;
        const char *inner;
        JsonNode *value;
        json_object_iter_init_ordered(&iter, json_node_get_object(node));
        while (json_object_iter_next_ordered(&iter, &inner, &value)) {
            g_autofree char *full = g_strdup_printf("%s.%s", name, inner);
            if (!flatten_member(out, full, value, error)) {
                return false;
            }
        }
        return true;
    }
    g_autofree char *text = json_option_value(node);
    if (!text) {
        g_set_error(error, OPT_ERROR, 0, "'%s' is neither text, whole number nor true or false",
                    name);
        return false;
    }
    optlist_put(out, name, text);
    return true;
}

char *options_flatten(const char *text, GError **error)
{
    if (text[0] != '{') {
        return g_strdup(text);
    }
    g_autoptr(GError) why = NULL;
    if (json_text_has_nul(text)) {
        g_set_error(error, OPT_ERROR, 0, "is no JSON object: a string contains NUL");
        return NULL;
    }
    g_autoptr(JsonNode) node = json_from_string(text, &why);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, OPT_ERROR, 0, "is no JSON object: %s",
                    why ? why->message : "not '{...}'");
        return NULL;
    }
    GString *out = g_string_new(NULL);
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        if (!flatten_member(out, name, value, error)) {
            g_string_free(out, TRUE);
            return NULL;
        }
    }
    return g_string_free(out, FALSE);
}
