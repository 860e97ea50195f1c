/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of -cpu that are no features, as QEMU spells them: who made the CPU, its signature,
 * its name, the width of addresses, the last leaves of CPUID, and the APIC id of a single CPU.
 */
#include <gio/gio.h>
#include <string.h>

#include "target/i386/cpu_model.h"

/* SDM vol. 2, CPUID: family and extended family are added. */
#define FAMILY_MAX (0xf + 0xff)

void cpu_model_set_vendor(CpuModel *model, const char *vendor)
{
    g_strlcpy(model->vendor, vendor, sizeof(model->vendor));
    model->amd = strcmp(vendor, "AuthenticAMD") == 0 || strcmp(vendor, "HygonGenuine") == 0;
}

static bool set_vendor(CpuModel *m, const char *value, GError **error)
{
    if (strlen(value) != VENDOR_LENGTH) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "vendor=%s has not %d letters, as GenuineIntel and AuthenticAMD have", value,
                    VENDOR_LENGTH);
        return false;
    }
    cpu_model_set_vendor(m, value);
    return true;
}

static bool set_model_id(CpuModel *m, const char *value, GError **error)
{
    memset(m->brand, 0, sizeof(m->brand));
    g_strlcpy(m->brand, value, sizeof(m->brand));
    return true;
}

typedef struct {
    const char *name;
    size_t offset; /* of an unsigned */
    uint64_t min, max;
} NumberRow;

static const NumberRow numbers[] = {
    {"family", offsetof(CpuModel, family), 0, FAMILY_MAX},
    {"model", offsetof(CpuModel, model), 0, 0xff},
    {"stepping", offsetof(CpuModel, stepping), 0, 15},
    {"phys-bits", offsetof(CpuModel, phys_bits), 32, 52},
    {"level", offsetof(CpuModel, leaf_max), 1, 0xffff},
    {"xlevel", offsetof(CpuModel, leaf_ext_max), 0x80000000u, 0x8000ffffu},
};

bool cpu_parse_number(const char *name, const char *value, uint64_t min, uint64_t max,
                      uint64_t *number, GError **error)
{
    gchar *end;

    *number = g_ascii_strtoull(value, &end, 0);
    if (g_ascii_isdigit(*value) && *end == 0 && *number >= min && *number <= max) {
        return true;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "%s=%s is no number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, name, value,
                min, max);
    return false;
}

static bool model_set_number(CpuModel *m, const NumberRow *row, const char *value, GError **error)
{
    uint64_t number;

    /* QEMU's way to say "the usual width" */
    if (strcmp(row->name, "phys-bits") == 0 && strcmp(value, "0") == 0) {
        m->phys_bits = CPU_PHYS_BITS;
        return true;
    }
    if (!cpu_parse_number(row->name, value, row->min, row->max, &number, error)) {
        return false;
    }
    *(unsigned *)(void *)((uint8_t *)m + row->offset) = (unsigned)number;
    return true;
}

static bool set_apic_id(CpuModel *m, const char *value, GError **error)
{
    uint64_t number;

    if (!cpu_parse_number("apic-id", value, 0, UINT32_MAX - 1, &number, error)) {
        return false;
    }
    m->apic_id = (int64_t)number;
    return true;
}

static const struct {
    const char *name;
    bool (*set)(CpuModel *m, const char *value, GError **error);
} texts[] = {{"vendor", set_vendor}, {"model-id", set_model_id}, {"apic-id", set_apic_id}};

static bool set_one(CpuModel *m, const char *name, const char *value, bool *known, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            return value && model_set_number(m, &numbers[i], value, error);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            return value && texts[i].set(m, value, error);
        }
    }
    *known = false;
    return false;
}

CpuPropertyResult cpu_model_set_property(CpuModel *model, const char *name, const char *value,
                                         GError **error)
{
    bool known = true;

    if (set_one(model, name, value, &known, error)) {
        return CPU_PROPERTY_SET;
    }
    if (known && !value) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s= needs a value", name);
    }
    return known ? CPU_PROPERTY_BAD : CPU_PROPERTY_NONE;
}
