/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties: text from the command line into typed fields. */
#include "hw/core/properties.h"
#include "base/names.h"

#include <string.h>

#include "base/optlist.h"
#include "hw/core/backends.h"

G_GNUC_PRINTF(4, 5)
static bool bad_value(GError **error, const PropInfo *prop, const char *text, const char *format,
                      ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *wanted = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, "property '%s' cannot be '%s': %s",
                prop->name, text, wanted);
    return false;
}

static uint64_t type_max(PropType type)
{
    switch (type) {
    case PROP_UINT8:
        return UINT8_MAX;
    case PROP_UINT16:
        return UINT16_MAX;
    case PROP_UINT32:
        return UINT32_MAX;
    default:
        return UINT64_MAX;
    }
}

static bool prop_set_number(void *field, const PropInfo *prop, const char *text, GError **error)
{
    uint64_t value, max = prop->max ? prop->max : type_max(prop->type);
    if (!(prop->type == PROP_SIZE ? opt_parse_size(text, 1, &value)
                                  : opt_parse_uint(text, &value))) {
        return bad_value(error, prop, text,
                         prop->type == PROP_SIZE ? "a size such as 512M or 2G is needed"
                                                 : "a whole number, decimal or 0x, is needed");
    }
    if (value < prop->min || value > max) {
        return bad_value(error, prop, text, "it must be from %" PRIu64 " to %" PRIu64, prop->min,
                         max);
    }
    switch (prop->type) {
    case PROP_UINT8:
        *(uint8_t *)field = (uint8_t)value;
        break;
    case PROP_UINT16:
        *(uint16_t *)field = (uint16_t)value;
        break;
    case PROP_UINT32:
        *(uint32_t *)field = (uint32_t)value;
        break;
    default:
        *(uint64_t *)field = value;
        break;
    }
    return true;
}

static bool set_choice(int *field, const PropInfo *prop, const char *text, GError **error)
{
    for (int i = 0; prop->choices[i]; i++) {
        if (strcmp(prop->choices[i], text) == 0) {
            *field = i;
            return true;
        }
    }
    g_autofree char *all = g_strjoinv(", ", (char **)prop->choices);
    return bad_value(error, prop, text, "it is one of %s", all);
}

/* In these words only: QEMU takes "yes" and its like for a bool, but not here. */
static bool set_onoffauto(int *field, const PropInfo *prop, const char *text, GError **error)
{
    static const char *const words[] = {
        [ONOFF_AUTO] = "auto", [ONOFF_ON] = "on", [ONOFF_OFF] = "off"};
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *field = (int)i;
            return true;
        }
    }
    return bad_value(error, prop, text, "it is one of on, off, auto");
}

static bool set_bool_or_auto(int *field, const PropInfo *prop, const char *text, GError **error)
{
    bool on;
    if (!opt_parse_bool(text, &on)) {
        return set_onoffauto(field, prop, text, error);
    }
    *field = on ? ONOFF_ON : ONOFF_OFF;
    return true;
}

/* "5" or "5.1", the numbers in hexadecimal as PCI addresses are. */
static bool set_pci_addr(int32_t *field, const PropInfo *prop, const char *text, GError **error)
{
    char *end;
    uint64_t fn = 0, dev = g_ascii_strtoull(text, &end, 16);
    bool ok = end != text;
    if (ok && *end == '.') {
        const char *start = end + 1;
        fn = g_ascii_strtoull(start, &end, 16);
        ok = end != start;
    }
    if (!ok || *end || dev > 31 || fn > 7) {
        return bad_value(error, prop, text,
                         "a PCI address is DEVICE or DEVICE.FUNCTION, from 0 to 1f.7");
    }
    *field = (int32_t)(dev << 3 | fn);
    return true;
}

static void *drive_by_id(const Backends *backends, const char *id)
{
    return backends_drive(backends, id);
}

static void *chardev_by_id(const Backends *backends, const char *id)
{
    return backends_chardev(backends, id);
}

static void *netdev_by_id(const Backends *backends, const char *id)
{
    return backends_netdev(backends, id);
}

static void *fsdev_by_id(const Backends *backends, const char *id)
{
    return backends_fsdev(backends, id);
}

/* Each kind of thing that the host lends: how it is found, and the option that makes one. */
static const struct {
    const char *option;
    void *(*find)(const Backends *backends, const char *id);
    const char **(*ids)(const Backends *backends, size_t *count);
} backend_kinds[] = {
    [PROP_DRIVE] = {"-drive", drive_by_id, backends_drive_ids},
    [PROP_CHARDEV] = {"-chardev", chardev_by_id, backends_chardev_ids},
    [PROP_NETDEV] = {"-netdev", netdev_by_id, backends_netdev_ids},
    [PROP_FSDEV] = {"-fsdev", fsdev_by_id, backends_fsdev_ids},
};

static bool set_backend(void **field, const PropInfo *prop, const char *text,
                        struct Backends *backends, GError **error)
{
    const char *option = backend_kinds[prop->type].option;
    void *found = backends ? backend_kinds[prop->type].find(backends, text) : NULL;
    if (found) {
        *field = found;
        return true;
    }
    size_t count = 0;
    g_autofree const char **ids = backends ? backend_kinds[prop->type].ids(backends, &count) : NULL;
    const char *near = nearest_name(text, ids, count);
    return near ? bad_value(error, prop, text, "no %s has this id (did you mean '%s'?)", option,
                            near)
                : bad_value(error, prop, text, "no %s has this id", option);
}

bool prop_set(void *object, const PropInfo *prop, const char *text, struct Backends *backends,
              GError **error)
{
    void *field = (uint8_t *)object + prop->offset;
    switch (prop->type) {
    case PROP_BOOL:
        return opt_parse_bool(text, field) || bad_value(error, prop, text, "it is one of on, off");
    case PROP_STRING:
        g_free(*(char **)field);
        *(char **)field = g_strdup(text);
        return true;
    case PROP_ENUM:
        return set_choice(field, prop, text, error);
    case PROP_ONOFFAUTO:
        return set_onoffauto(field, prop, text, error);
    case PROP_BOOL_OR_AUTO:
        return set_bool_or_auto(field, prop, text, error);
    case PROP_PCI_ADDR:
        return set_pci_addr(field, prop, text, error);
    case PROP_DRIVE:
    case PROP_CHARDEV:
    case PROP_NETDEV:
    case PROP_FSDEV:
        return set_backend(field, prop, text, backends, error);
    case PROP_MAC:
        return net_parse_mac(text, field) ||
               bad_value(error, prop, text, "it is an address like 52:54:00:12:34:56");
    default:
        return prop_set_number(field, prop, text, error);
    }
}

void prop_set_defaults(void *object, const PropInfo *table)
{
    for (const PropInfo *p = table; p && p->name; p++) {
        if (p->def) {
            bool ok = prop_set(object, p, p->def, NULL, NULL);
            g_assert(ok);
        } else if (p->type == PROP_PCI_ADDR) {
            *(int32_t *)((uint8_t *)object + p->offset) = -1;
        }
    }
}

static bool is_given(const GPtrArray *given, const PropInfo *prop)
{
    for (guint i = 0; i < given->len; i++) {
        if (((const PropInfo *)given->pdata[i])->offset == prop->offset) {
            return true;
        }
    }
    return false;
}

void prop_set_presets(void *object, const PropInfo *table, const GPtrArray *given)
{
    for (const PropInfo *p = table; p && p->name; p++) {
        const PropValue *value =
            p->presets ? p->presets[*(const int *)((uint8_t *)object + p->offset)] : NULL;
        for (; value && value->name; value++) {
            const PropInfo *prop = prop_find(table, value->name);
            bool ok = is_given(given, prop) || prop_set(object, prop, value->value, NULL, NULL);
            g_assert(ok);
        }
    }
}

void prop_clear(void *object, const PropInfo *table)
{
    for (const PropInfo *p = table; p && p->name; p++) {
        if (p->type == PROP_STRING) {
            g_clear_pointer((char **)((uint8_t *)object + p->offset), g_free);
        }
    }
}

const PropInfo *prop_find(const PropInfo *table, const char *name)
{
    for (const PropInfo *p = table; p && p->name; p++) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

const char *prop_type_name(const PropInfo *prop)
{
    static const char *const names[] = {
        [PROP_BOOL] = "bool",
        [PROP_UINT8] = "uint8",
        [PROP_UINT16] = "uint16",
        [PROP_UINT32] = "uint32",
        [PROP_UINT64] = "uint64",
        [PROP_SIZE] = "size",
        [PROP_STRING] = "str",
        [PROP_ENUM] = "choice",
        [PROP_ONOFFAUTO] = "on|off|auto",
        [PROP_BOOL_OR_AUTO] = "bool|auto",
        [PROP_PCI_ADDR] = "addr",
        [PROP_DRIVE] = "drive's id",
        [PROP_CHARDEV] = "chardev's id",
        [PROP_NETDEV] = "netdev's id",
        [PROP_FSDEV] = "fsdev's id",
        [PROP_MAC] = "mac",
    };
    return names[prop->type];
}
