/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: creation, properties, life and published lines. */
#include "hw/core/device.h"
#include "base/names.h"

#include <string.h>

#include "hw/core/properties.h"

GQuark device_error_quark(void)
{
    return g_quark_from_static_string("switchyard-device-error");
}

Device *device_new(const DeviceClass *cls, const Platform *platform, const char *id)
{
    g_assert(cls->instance_size >= sizeof(Device));
    Device *dev = g_malloc0(cls->instance_size);
    dev->cls = cls;
    dev->platform = platform;
    dev->id = g_intern_string(id ? id : cls->name);
    dev->given = g_ptr_array_new();
    dev->irq_in = g_array_new(false, false, sizeof(IrqArray));
    dev->irq_out = g_array_new(false, false, sizeof(IrqArray));
    prop_set_defaults(dev, cls->props);
    prop_set_defaults(dev, cls->bus_props);
    return dev;
}

const PropInfo *device_class_find_prop(const DeviceClass *cls, const char *name)
{
    const PropInfo *prop = prop_find(cls->props, name);
    return prop ? prop : prop_find(cls->bus_props, name);
}

static void set_unknown_prop(GError **error, const DeviceClass *cls, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const PropInfo *const tables[] = {cls->props, cls->bus_props};
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const PropInfo *p = tables[t]; p && p->name; p++) {
            g_ptr_array_add(names, (char *)p->name);
        }
    }
    const char *near = nearest_name(name, (const char *const *)names->pdata, names->len);
    if (near) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_NO_PROP,
                    "device '%s' has no property '%s' (did you mean '%s'?)", cls->name, name, near);
    } else {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_NO_PROP,
                    "device '%s' has no property '%s'; '-device %s,help' lists them", cls->name,
                    name, cls->name);
    }
}

bool device_set_prop(Device *dev, const char *name, const char *text, GError **error)
{
    const PropInfo *prop = device_class_find_prop(dev->cls, name);
    if (!prop) {
        set_unknown_prop(error, dev->cls, name);
        return false;
    }
    if (!prop_set(dev, prop, text, dev->platform->backends, error)) {
        g_prefix_error(error, "device '%s': ", dev->cls->name);
        return false;
    }
    g_ptr_array_add(dev->given, (void *)prop);
    return true;
}

bool device_realize(Device *dev, GError **error)
{
    g_assert(!dev->realized);
    prop_set_presets(dev, dev->cls->props, dev->given);
    if (dev->cls->realize && !dev->cls->realize(dev, error)) {
        return false;
    }
    dev->realized = true;
    return true;
}

void device_reset(Device *dev)
{
    if (dev->cls->reset) {
        dev->cls->reset(dev);
    }
}

static void free_irq_arrays(GArray *arrays)
{
    for (guint i = 0; i < arrays->len; i++) {
        IrqArray *array = &g_array_index(arrays, IrqArray, i);
        for (int n = 0; n < array->count; n++) {
            if (array->lines) {
                irq_line_clear(&array->lines[n]);
            } else {
                irq_connect(&array->outs[n], NULL);
            }
        }
        g_free((char *)array->name);
    }
    g_array_free(arrays, true);
}

void device_free(Device *dev)
{
    if (!dev) {
        return;
    }
    if (dev->realized && dev->cls->unrealize) {
        dev->cls->unrealize(dev);
    }
    prop_clear(dev, dev->cls->props);
    prop_clear(dev, dev->cls->bus_props);
    g_ptr_array_unref(dev->given);
    free_irq_arrays(dev->irq_in);
    free_irq_arrays(dev->irq_out);
    g_free(dev);
}

void device_add_irq_in(Device *dev, const char *name, IrqLine *lines, int count, IrqHandler handler,
                       void *opaque)
{
    for (int i = 0; i < count; i++) {
        irq_line_init(&lines[i], handler, opaque, i);
    }
    IrqArray array = {.name = g_strdup(name), .lines = lines, .count = count};
    g_array_append_val(dev->irq_in, array);
}

void device_add_irq_out(Device *dev, const char *name, IrqOut *outs, int count)
{
    IrqArray array = {.name = g_strdup(name), .outs = outs, .count = count};
    g_array_append_val(dev->irq_out, array);
}

IrqLine *device_irq_in(Device *dev, const char *name, int n)
{
    for (guint i = 0; i < dev->irq_in->len; i++) {
        IrqArray *array = &g_array_index(dev->irq_in, IrqArray, i);
        if (strcmp(array->name, name) == 0) {
            return n >= 0 && n < array->count ? &array->lines[n] : NULL;
        }
    }
    return NULL;
}

static void help_presets(const PropInfo *prop, GString *out)
{
    for (int i = 0; prop->presets && prop->choices[i]; i++) {
        g_string_append_printf(out, "  %-32s   %s sets", "", prop->choices[i]);
        for (const PropValue *v = prop->presets[i]; v->name; v++) {
            g_string_append_printf(out, " %s=%s", v->name, v->value);
        }
        g_string_append(out, prop->presets[i]->name ? "\n" : " nothing\n");
    }
}

static void help_table(const DeviceClass *cls, const PropInfo *table, GString *out)
{
    for (const PropInfo *p = table; p && p->name; p++) {
        g_autofree char *left = g_strdup_printf("%s=<%s>", p->name, prop_type_name(p));
        g_string_append_printf(out, "  %-32s - %s", left, p->help ? p->help : "");
        if (p->choices) {
            g_autofree char *all = g_strjoinv("|", (char **)p->choices);
            g_string_append_printf(out, " (%s)", all);
        }
        if (p->def) {
            g_string_append_printf(out, " (default: %s)", p->def);
        }
        g_string_append_c(out, '\n');
        help_presets(p, out);
    }
}

void device_class_help(const DeviceClass *cls, GString *out)
{
    g_string_append_printf(out, "%s options:\n", cls->name);
    help_table(cls, cls->props, out);
    help_table(cls, cls->bus_props, out);
}
