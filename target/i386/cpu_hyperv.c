/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -cpu's "hv-..." items, as QEMU spells them: what of Hyper-V a guest is shown. */
#include <gio/gio.h>
#include <string.h>

#include "target/i386/cpu_model.h"

static bool set_spinlocks(HvFeatures *f, const char *value, GError **error)
{
    uint64_t number;

    if (!cpu_parse_number("hv-spinlocks", value, 0xfff, UINT32_MAX, &number, error)) {
        return false;
    }
    f->spinlocks = (uint32_t)number;
    return true;
}

static bool set_vendor_id(HvFeatures *f, const char *value, GError **error)
{
    if (strlen(value) > HV_VENDOR_LENGTH) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "hv-vendor-id=%s has more than %d letters", value, HV_VENDOR_LENGTH);
        return false;
    }
    g_strlcpy(f->vendor, value, sizeof(f->vendor));
    return true;
}

static const struct {
    const char *name;
    bool (*set)(HvFeatures *f, const char *value, GError **error);
} values[] = {{"hv-spinlocks", set_spinlocks}, {"hv-vendor-id", set_vendor_id}};

static CpuPropertyResult set_value(HvFeatures *f, const char *name, const char *value,
                                   GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (strcmp(name, values[i].name) != 0) {
            continue;
        }
        if (!value) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s= needs a value", name);
            return CPU_PROPERTY_BAD;
        }
        return values[i].set(f, value, error) ? CPU_PROPERTY_SET : CPU_PROPERTY_BAD;
    }
    return CPU_PROPERTY_NONE;
}

static CpuPropertyResult set_switch(HvFeatures *f, const char *name, bool on)
{
    HvFeature feature;

    if (strcmp(name, "hv-passthrough") == 0) {
        if (on) {
            hv_features_add_all(f);
        }
        return CPU_PROPERTY_SET;
    }
    if (!hv_feature_find(name, &feature)) {
        return CPU_PROPERTY_NONE;
    }
    f->set = on ? f->set | 1u << feature : f->set & ~(1u << feature);
    return CPU_PROPERTY_SET;
}

CpuPropertyResult cpu_model_set_hyperv(CpuModel *model, const char *item, GError **error)
{
    bool sign = item[0] == '+' || item[0] == '-', on = item[0] != '-';
    g_auto(GStrv) pair = g_strsplit(item + sign, "=", 2);
    const char *name = pair[0] ? g_strdelimit(pair[0], "_", '-') : "";
    const char *value = pair[0] ? pair[1] : NULL;

    if (!g_str_has_prefix(name, "hv-")) {
        return CPU_PROPERTY_NONE;
    }
    CpuPropertyResult result = set_value(&model->hyperv, name, value, error);
    if (result != CPU_PROPERTY_NONE) {
        return result;
    }
    if (value && !cpu_parse_switch(name, value, &on, error)) {
        return CPU_PROPERTY_BAD;
    }
    result = set_switch(&model->hyperv, name, on);
    if (result == CPU_PROPERTY_NONE) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "there is no '%s' of Hyper-V here; -cpu help lists what there is", name);
        return CPU_PROPERTY_BAD;
    }
    return result;
}
