/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -object: what devices and the machine name. What most of them configure is fixed here: memory is
 * the process's own, and random numbers come from the host's generator.
 */
#include <string.h>

#include "base/report.h"
#include "hw/core/objects.h"
#include "system/options.h"

static bool object_memory(Options *o, const char *id, OptList *opts, GError **error)
{
    uint64_t size = 0;
    const char *path = optlist_get(opts, "mem-path");
    if (!optlist_size(opts, "size", 1, &size, error) || !optlist_finish(opts, error)) {
        return false;
    }
    if (size == 0) {
        g_set_error(error, OPT_ERROR, 0, "size= is missing");
        return false;
    }
    if (path) {
        g_printerr(PROGRAM ": warning: -object mem-path=%s: memory is the process's own; no file "
                           "has it\n",
                   path);
    }
    g_hash_table_insert(o->memory_objects, g_strdup(id), g_memdup2(&size, sizeof(size)));
    return true;
}

/* Nothing here asks for a secret yet: it is only seen to that it could be had. */
static bool object_secret(Options *o, const char *id, OptList *opts, GError **error)
{
    const char *data = optlist_get(opts, "data"), *file = optlist_get(opts, "file"),
               *format = optlist_get(opts, "format"), *key = optlist_get(opts, "keyid");
    if (!optlist_finish(opts, error)) {
        return false;
    }
    if (!data == !file) {
        g_set_error(error, OPT_ERROR, 0, "write data=TEXT or file=PATH");
        return false;
    }
    if (format && strcmp(format, "raw") != 0 && strcmp(format, "base64") != 0) {
        g_set_error(error, OPT_ERROR, 0, "format=%s: is neither 'raw' nor 'base64'", format);
        return false;
    }
    if (key && !g_ptr_array_find_with_equal_func(o->objects, key, g_str_equal, NULL)) {
        g_set_error(error, OPT_ERROR, 0, "keyid=%s: no -object before this one has this id", key);
        return false;
    }
    if (file && !g_file_test(file, G_FILE_TEST_EXISTS)) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: there is no such file", file);
        return false;
    }
    return true;
}

static bool object_dump(Options *o, const char *id, OptList *opts, GError **error)
{
    return true; /* read with the networks: options_net.c */
}

/* One thread runs everything, and random numbers are the host generator's. */
static bool object_plain(Options *o, const char *id, OptList *opts, GError **error)
{
    return optlist_finish(opts, error);
}

/* What there is to see to in each of object_types. */
static const struct {
    const char *type;
    bool (*read)(Options *o, const char *id, OptList *opts, GError **error);
} object_readers[] = {
    {"filter-dump", object_dump},           {"iothread", object_plain},
    {"memory-backend-file", object_memory}, {"memory-backend-memfd", object_memory},
    {"memory-backend-ram", object_memory},  {"rng-builtin", object_plain},
    {"rng-random", object_plain},           {"secret", object_secret},
};

static void list_object_types(Options *o)
{
    g_print("List of user creatable objects:\n");
    for (const ObjectType *type = object_types; type->name; type++) {
        g_print("  %s\n", type->name);
    }
    o->done = true;
}

static bool object_unknown(const char *type, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const ObjectType *known = object_types; known->name; known++) {
        g_ptr_array_add(names, (char *)known->name);
    }
    if (g_str_has_prefix(type, "tls-creds-")) {
        g_set_error(error, OPT_ERROR, 0, "%s: sockets have no TLS here; use a tunnel (ssh -L)",
                    type);
        return false;
    }
    opt_error_nearest(error, type, (const char *const *)names->pdata, names->len,
                      "there is no object type '%s'", type);
    return false;
}

static bool object_id(const Options *o, const char *id, GError **error)
{
    if (!id) {
        g_set_error(error, OPT_ERROR, 0, "id= is missing");
        return false;
    }
    if (g_ptr_array_find_with_equal_func(o->objects, id, g_str_equal, NULL)) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another object has this id; choose a new one", id);
        return false;
    }
    return true;
}

static bool opt_object(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        list_object_types(o);
        return true;
    }
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_autoptr(OptList) opts = optlist_parse(text, "qom-type");
    const char *type = optlist_get(opts, "qom-type"), *id = optlist_get(opts, "id");
    const ObjectType *known = object_type_find(type ? type : "");
    if (known && (optlist_get(opts, "help") || optlist_get(opts, "?"))) {
        g_print("%s options:\n  id=<str>\n", type);
        for (const char *const *key = known->keys; *key; key++) {
            g_print("  %s=<str>\n", *key);
        }
        o->done = true;
        return true;
    }
    for (size_t i = 0; known && i < G_N_ELEMENTS(object_readers); i++) {
        if (strcmp(type, object_readers[i].type) != 0) {
            continue;
        }
        optlist_ignore(opts, known->keys);
        if (!object_id(o, id, error) || !object_readers[i].read(o, id, opts, error)) {
            return false;
        }
        g_ptr_array_add(o->objects, g_strdup(id));
        if (object_readers[i].read == object_dump) {
            g_ptr_array_add(o->net_dumps, g_strdup(text));
        }
        return true;
    }
    return object_unknown(type ? type : "", error);
}

/* memory-backend=ID of the machine: of its size, or where none was said the machine is of its. */
bool options_use_memory_backend(Options *o, GError **error)
{
    if (!o->memory_backend) {
        return true;
    }
    const uint64_t *size = g_hash_table_lookup(o->memory_objects, o->memory_backend);
    if (!size) {
        g_set_error(error, OPT_ERROR, 0,
                    "-machine memory-backend=%s: no -object has this id; add -object "
                    "memory-backend-ram,id=%s,size=%" G_GUINT64_FORMAT "M",
                    o->memory_backend, o->memory_backend, o->machine.ram_size >> 20);
        return false;
    }
    if (!o->memory_given) {
        return options_set_memory(o, *size, error);
    }
    if (*size != o->machine.ram_size) {
        g_set_error(error, OPT_ERROR, 0,
                    "-machine memory-backend=%s: has %" G_GUINT64_FORMAT
                    " bytes and -m %" G_GUINT64_FORMAT "; they must be equal",
                    o->memory_backend, *size, o->machine.ram_size);
        return false;
    }
    return true;
}

const OptRow opt_rows_object[] = {
    {"object", true, opt_object, "what devices name: rng-random,id=ID ...; help lists the types"},
    {NULL},
};
