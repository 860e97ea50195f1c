/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -readconfig: options in a file, as QEMU has them, and -set, which adds a property to one that was
 * given. A section is an option, "[GROUP]" or "[GROUP "ID"]", its lines are the option's keys:
 *
 *     [device "nic0"]
 *       driver = "e1000e"
 */
#include <string.h>

#include "system/options.h"

/* Sections whose option has another name. */
static const struct {
    const char *group, *option;
} config_names[] = {
    {"smp-opts", "smp"},
    {"memory", "m"},
    {"boot-opts", "boot"},
    {"action", "action"},
};

static const char *config_option(const char *group)
{
    for (size_t i = 0; i < G_N_ELEMENTS(config_names); i++) {
        if (strcmp(config_names[i].group, group) == 0) {
            return config_names[i].option;
        }
    }
    return group;
}

/* The section that is being read. */
typedef struct {
    char *group; /* NULL: none yet */
    GString *text;
} Section;

static void section_clear(Section *s)
{
    g_clear_pointer(&s->group, g_free);
    g_string_free(s->text, TRUE);
    s->text = NULL;
}

static bool section_end(Options *o, Section *s, GError **error)
{
    if (!s->group) {
        return true;
    }
    const OptRow *row = options_find_row(config_option(s->group));
    if (!row || !row->has_arg) {
        g_set_error(error, OPT_ERROR, 0, "there is no section [%s]", s->group);
        return false;
    }
    if (!options_run_row(o, row, s->text->str, error)) {
        g_prefix_error(error, "[%s] %s: ", s->group, s->text->str);
        return false;
    }
    g_clear_pointer(&s->group, g_free);
    g_string_truncate(s->text, 0);
    return true;
}

/* [group] or [group "id"] */
static bool section_begin(Section *s, char *line, GError **error)
{
    char *end = strrchr(line, ']'), *quote = strchr(line, '"');
    if (!end || end[1] != '\0') {
        g_set_error(error, OPT_ERROR, 0, "'%s': write [GROUP] or [GROUP \"ID\"]", line);
        return false;
    }
    *end = '\0';
    if (quote) {
        char *close = strrchr(quote + 1, '"');
        *quote = '\0';
        if (!close) {
            g_set_error(error, OPT_ERROR, 0, "'%s': the id has no closing '\"'", quote + 1);
            return false;
        }
        *close = '\0';
        optlist_put(s->text, "id", quote + 1);
    }
    s->group = g_strdup(g_strstrip(line + 1));
    return true;
}

/* key = "value", or a bare value */
static bool section_key(Section *s, char *line, GError **error)
{
    char *equals = strchr(line, '=');
    if (!s->group || !equals) {
        g_set_error(error, OPT_ERROR, 0,
                    s->group ? "'%s': write KEY = \"VALUE\"" : "'%s': is before any [GROUP]", line);
        return false;
    }
    *equals = '\0';
    char *value = g_strstrip(equals + 1);
    size_t len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value[len - 1] = '\0';
        value++;
    }
    optlist_put(s->text, g_strstrip(line), value);
    return true;
}

static bool config_line(Options *o, Section *s, char *line, GError **error)
{
    g_strstrip(line);
    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    if (line[0] == '[') {
        return section_end(o, s, error) && section_begin(s, line, error);
    }
    return section_key(s, line, error);
}

static bool opt_readconfig(Options *o, const char *value, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(value, &text, NULL, &why)) {
        g_set_error(error, OPT_ERROR, 0, "could not be read: %s", why->message);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Section section = {.text = g_string_new(NULL)};
    bool ok = true;
    for (guint i = 0; ok && lines[i]; i++) {
        ok = config_line(o, &section, lines[i], error);
        if (!ok) {
            g_prefix_error(error, "line %u: ", i + 1);
        }
    }
    ok = ok && section_end(o, &section, error);
    section_clear(&section);
    return ok;
}

/* -set GROUP.ID.KEY=VALUE, where an option before gave that id. Devices alone keep their texts. */
static bool opt_set(Options *o, const char *value, GError **error)
{
    const char *equals = strchr(value, '=');
    g_autofree char *where = equals ? g_strndup(value, (size_t)(equals - value)) : NULL;
    g_auto(GStrv) parts = g_strsplit(where ? where : "", ".", 3);
    if (g_strv_length(parts) != 3) {
        g_set_error(error, OPT_ERROR, 0, "write device.ID.PROPERTY=VALUE");
        return false;
    }
    for (guint i = 0; strcmp(parts[0], "device") == 0 && i < o->devices->len; i++) {
        const char *text = g_ptr_array_index(o->devices, i);
        g_autoptr(OptList) opts = optlist_parse(text, "driver");
        if (g_strcmp0(optlist_get(opts, "id"), parts[1]) == 0) {
            GString *more = g_string_new(text);
            optlist_put(more, parts[2], equals + 1);
            g_free(o->devices->pdata[i]);
            o->devices->pdata[i] = g_string_free(more, FALSE);
            return true;
        }
    }
    g_set_error(error, OPT_ERROR, 0, "there is no %s \"%s\" before it", parts[0], parts[1]);
    return false;
}

/* Clients and what QEMU deprecates: nothing here is. */
static bool opt_compat(Options *o, const char *value, GError **error)
{
    static const char *const keys[] = {"deprecated-input", "deprecated-output", "unstable-input",
                                       "unstable-output", NULL};
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    optlist_ignore(opts, keys);
    return optlist_finish(opts, error);
}

const OptRow opt_rows_config[] = {
    {"readconfig", true, opt_readconfig, "options in a file: [device \"ID\"], driver = \"...\""},
    {"set", true, opt_set, "one more property of a device before: device.ID.PROPERTY=VALUE"},
    {"compat", true, opt_compat, NULL, "nothing here is deprecated or unstable"},
    {"add-fd", true, opt_add_fd, "an open file for -drive file=/dev/fdset/SET: fd=,set=[,opaque=]"},
    {"preconfig", false, NULL, NULL,
     "is not supported; the machine is changed by QMP or -S instead"},
    {"spice", true, NULL, NULL, "there is no SPICE server; leave it out"},
    {"writeconfig", true, NULL, NULL,
     "QEMU has it no more, either; keep the command line, or write a file for -readconfig"},
    {"watchdog", true, NULL, NULL, "QEMU has it no more, either; write -device i6300esb"},
    {"no-kvm", false, NULL, NULL, "QEMU has it no more, either; write -accel tcg"},
    {"soundhw", true, NULL, NULL, "there is no sound; leave it out"},
    {"semihosting", false, NULL, NULL, "x86 CPUs have none; -debugcon and -serial take text out"},
    {"semihosting-config", true, NULL, NULL, "x86 CPUs have none"},
    {NULL},
};
