/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option lists: "a,b=c,d=x" (include/base/optlist.h). The syntax is that of QEMU's manual page,
 * "Standard options". Left out: nested keys ("a.b=c") and JSON.
 */
#include "base/optlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"

typedef struct {
    char *key, *value;
    bool flag; /* written without '=' */
} Opt;

struct OptList {
    GArray *opts;     /* of Opt */
    GPtrArray *asked; /* of const char *: keys that a reader knows */
};

GQuark opt_error_quark(void)
{
    return g_quark_from_static_string("switchyard-option");
}

static void opt_clear(gpointer data)
{
    Opt *opt = data;
    g_free(opt->key);
    g_free(opt->value);
}

/* Copies up to a single comma; ",," stands for one. */
static char *take_word(const char **text)
{
    GString *word = g_string_new(NULL);
    const char *p = *text;
    while (*p != '\0') {
        if (*p == ',') {
            p++;
            if (*p != ',') {
                break;
            }
        }
        g_string_append_c(word, *p++);
    }
    *text = p;
    return g_string_free(word, FALSE);
}

static Opt optlist_parse_word(const char *word, const char *implied, bool first)
{
    const char *equals = strchr(word, '=');
    if (equals) {
        return (Opt){g_strndup(word, (size_t)(equals - word)), g_strdup(equals + 1), false};
    }
    if (first && implied) {
        return (Opt){g_strdup(implied), g_strdup(word), false};
    }
    return (Opt){g_strdup(word), g_strdup("on"), true};
}

OptList *optlist_parse(const char *text, const char *implied)
{
    OptList *list = g_new0(OptList, 1);
    list->opts = g_array_new(FALSE, FALSE, sizeof(Opt));
    g_array_set_clear_func(list->opts, opt_clear);
    list->asked = g_ptr_array_new_with_free_func(g_free);
    for (bool first = true; *text != '\0'; first = false) {
        g_autofree char *word = take_word(&text);
        if (word[0] != '\0') {
            Opt opt = optlist_parse_word(word, implied, first);
            g_array_append_val(list->opts, opt);
        }
    }
    return list;
}

void optlist_put(GString *text, const char *key, const char *value)
{
    g_string_append_printf(text, "%s%s=", text->len ? "," : "", key);
    for (; *value; value++) {
        g_string_append(text, *value == ',' ? ",," : (char[]){*value, '\0'});
    }
}

void optlist_free(OptList *list)
{
    if (!list) {
        return;
    }
    g_array_unref(list->opts);
    g_ptr_array_unref(list->asked);
    g_free(list);
}

size_t optlist_count(const OptList *list)
{
    return list->opts->len;
}

const char *optlist_key(const OptList *list, size_t i)
{
    return g_array_index(list->opts, Opt, i).key;
}

const char *optlist_value(const OptList *list, size_t i)
{
    return g_array_index(list->opts, Opt, i).value;
}

static bool knows(const OptList *list, const char *key)
{
    for (guint i = 0; i < list->asked->len; i++) {
        if (strcmp(list->asked->pdata[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void ask(OptList *list, const char *key)
{
    if (!knows(list, key)) {
        g_ptr_array_add(list->asked, g_strdup(key));
    }
}

/* "nokey" for "key=off", once "key" is known to exist. */
static void fold_negation(Opt *opt, const char *key)
{
    if (opt->flag && g_str_has_prefix(opt->key, "no") && strcmp(opt->key + 2, key) == 0) {
        g_free(opt->key);
        g_free(opt->value);
        *opt = (Opt){g_strdup(key), g_strdup("off"), false};
    }
}

const char *optlist_get(OptList *list, const char *key)
{
    const char *found = NULL;
    ask(list, key);
    for (guint i = 0; i < list->opts->len; i++) {
        Opt *opt = &g_array_index(list->opts, Opt, i);
        fold_negation(opt, key);
        if (strcmp(opt->key, key) == 0) {
            found = opt->value;
        }
    }
    return found;
}

bool opt_parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"on", "yes", "true", "y"};
    static const char *const no[] = {"off", "no", "false", "n"};
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

bool opt_parse_uint(const char *text, uint64_t *out)
{
    if (!g_ascii_isdigit(text[0])) {
        return false;
    }
    char *end;
    errno = 0;
    uint64_t value = g_ascii_strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0') {
        return false;
    }
    *out = value;
    return true;
}

/* The power of two that a suffix stands for, or -1. */
static int suffix_shift(char c)
{
    static const char suffixes[] = "BKMGTP";
    const char *found = c ? strchr(suffixes, g_ascii_toupper(c)) : NULL;
    return found ? (int)(found - suffixes) * 10 : -1;
}

bool opt_parse_size(const char *text, uint64_t unit, uint64_t *out)
{
    if (!g_ascii_isdigit(text[0])) {
        return false;
    }
    char *end;
    double number;
    if (g_str_has_prefix(text, "0x")) {
        number = (double)g_ascii_strtoull(text, &end, 16);
    } else {
        number = g_ascii_strtod(text, &end);
    }
    double scale = (double)unit;
    if (*end != '\0') {
        int shift = suffix_shift(*end);
        if (shift < 0 || (end[1] != '\0' && strcmp(end + 1, "B") != 0 && strcmp(end + 1, "iB"))) {
            return false;
        }
        scale = (double)(1ull << shift);
    }
    double bytes = number * scale;
    if (!(bytes >= 0 && bytes < 9.2e18)) {
        return false;
    }
    *out = (uint64_t)bytes;
    return true;
}

bool optlist_bool(OptList *list, const char *key, bool *out, GError **error)
{
    const char *text = optlist_get(list, key);
    if (text && !opt_parse_bool(text, out)) {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: is neither 'on' nor 'off'", key, text);
        return false;
    }
    return true;
}

bool optlist_uint(OptList *list, const char *key, uint64_t min, uint64_t max, uint64_t *out,
                  GError **error)
{
    const char *text = optlist_get(list, key);
    uint64_t value;
    if (!text) {
        return true;
    }
    if (!opt_parse_uint(text, &value) || value < min || value > max) {
        g_set_error(error, OPT_ERROR, 0,
                    "%s=%s: is not a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, key,
                    text, min, max);
        return false;
    }
    *out = value;
    return true;
}

bool optlist_size(OptList *list, const char *key, uint64_t unit, uint64_t *out, GError **error)
{
    const char *text = optlist_get(list, key);
    if (text && !opt_parse_size(text, unit, out)) {
        g_set_error(error, OPT_ERROR, 0,
                    "%s=%s: is not a size; write a number with K, M, G or T, as in '512M'", key,
                    text);
        return false;
    }
    return true;
}

void optlist_ignore(OptList *list, const char *const *keys)
{
    for (; *keys; keys++) {
        optlist_get(list, *keys);
    }
}

bool optlist_finish(OptList *list, GError **error)
{
    for (guint i = 0; i < list->opts->len; i++) {
        const Opt *opt = &g_array_index(list->opts, Opt, i);
        if (!knows(list, opt->key)) {
            opt_error_nearest(error, opt->key, (const char *const *)list->asked->pdata,
                              list->asked->len, "there is no '%s' here", opt->key);
            return false;
        }
    }
    return true;
}

void opt_error_nearest(GError **error, const char *name, const char *const *names, size_t count,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    const char *nearest = nearest_name(name, names, count);
    if (nearest) {
        g_set_error(error, OPT_ERROR, 0, "%s (did you mean '%s'?)", what, nearest);
        return;
    }
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(all, "%s%s", i ? ", " : "", names[i]);
    }
    if (count == 0) {
        g_set_error_literal(error, OPT_ERROR, 0, what);
    } else {
        g_set_error(error, OPT_ERROR, 0, "%s; there is %s", what, all->str);
    }
    g_string_free(all, TRUE);
}
