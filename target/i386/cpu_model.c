/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -cpu: model names and their features, as QEMU spells them. A named Intel model gets the features
 * of its generation that this CPU has; "enforce" makes a missing one an error. Vector instructions,
 * POPCNT and BMI2 are executed by the host's own, so a host that lacks one of them takes it away.
 */
#include "target/i386/cpu_model.h"

#include <cpuid.h>
#include <gio/gio.h>
#include <string.h>

typedef struct {
    const char *name, *desc, *brand;
    uint8_t level, model, stepping; /* family is 6 */
} ModelRow;

static const ModelRow models[] = {
    {"max", "all that this CPU has", "Switchyard CPU (max)", LEVEL_MAX, 0x6a, 6},
    {"host", "the same as max", "Switchyard CPU (max)", LEVEL_MAX, 0x6a, 6},
    {"base", "the least x86-64", "Switchyard CPU (base)", LEVEL_BASE, 0x0f, 11},
    {"qemu64", "a plain 64-bit CPU", "Switchyard CPU (qemu64)", LEVEL_QEMU64, 0x0f, 11},
    {"kvm64", "the same as qemu64", "Switchyard CPU (kvm64)", LEVEL_QEMU64, 0x0f, 11},
    {"Nehalem", "with SSE4.2", "Intel Core i7 9xx (Nehalem Class Core i7)", LEVEL_NEHALEM, 0x1a, 3},
    {"Westmere", "with AES", "Westmere E56xx/L56xx/X56xx (Nehalem-C)", LEVEL_WESTMERE, 0x2c, 1},
    {"SandyBridge", "with XSAVE", "Intel Xeon E312xx (Sandy Bridge)", LEVEL_SANDYBRIDGE, 0x2a, 1},
    {"IvyBridge", "as SandyBridge", "Intel Xeon E3-12xx v2 (Ivy Bridge)", LEVEL_SANDYBRIDGE, 0x3a,
     9},
    {"Haswell", "with PCID, SMEP", "Intel Core Processor (Haswell)", LEVEL_HASWELL, 0x3c, 4},
    {"Broadwell", "as Haswell", "Intel Core Processor (Broadwell)", LEVEL_HASWELL, 0x3d, 2},
    {"Skylake-Client", "with SMAP", "Intel Core Processor (Skylake)", LEVEL_SKYLAKE, 0x5e, 3},
    {"Skylake-Server", "with SMAP", "Intel Xeon Processor (Skylake)", LEVEL_SKYLAKE, 0x55, 4},
    {"Cascadelake-Server", "as Skylake", "Intel Xeon Processor (Cascadelake)", LEVEL_SKYLAKE, 0x55,
     6},
    {"Icelake-Server", "with UMIP", "Intel Xeon Processor (Icelake)", LEVEL_ICELAKE, 0x6a, 0},
    {"SapphireRapids", "as Icelake", "Intel Xeon Processor (SapphireRapids)", LEVEL_ICELAKE, 0x8f,
     4},
};

static const ModelRow *find_model(const char *name, const char **nearest)
{
    unsigned best = UINT_MAX;

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        unsigned distance = cpu_name_distance(name, models[i].name);
        size_t len = strlen(models[i].name);
        /* "Skylake-Client-v3" and "Haswell-noTSX" are versions of what we have. */
        if (distance == 0 ||
            (models[i].level > LEVEL_QEMU64 &&
             g_ascii_strncasecmp(name, models[i].name, len) == 0 && name[len] == '-')) {
            return &models[i];
        }
        if (distance < best) {
            best = distance;
            *nearest = models[i].name;
        }
    }
    return NULL;
}

/* XCR0 of the host, which tells whose registers its kernel keeps. */
static uint64_t host_xcr0(void)
{
    uint32_t eax, edx;

    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return eax | (uint64_t)edx << 32;
}

static HostFeatures host_features(void)
{
    const uint64_t ymm = 6;
    HostFeatures host = {0};
    unsigned eax, ebx, ecx, edx;

    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        host.ecx1 = ecx;
    }
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        host.ebx7 = ebx;
        host.ecx7 = ecx;
    }
    if (!(host.ecx1 & bit_OSXSAVE) || (host_xcr0() & ymm) != ymm) {
        host.ecx1 &= ~(uint32_t)bit_AVX;
    }
    return host;
}

/* Whether the instructions of this row are executed by the same ones of the host. */
static bool runs_on_host(int id)
{
    switch (id) {
    case FEAT_SSE3:
    case FEAT_PCLMULQDQ:
    case FEAT_SSSE3:
    case FEAT_SSE41:
    case FEAT_SSE42:
    case FEAT_POPCNT:
    case FEAT_AES:
    case FEAT_BMI2:
    case FEAT_AVX:
    case FEAT_AVX2:
    case FEAT_FMA:
    case FEAT_F16C:
    case FEAT_VAES:
    case FEAT_VPCLMULQDQ:
        return true;
    default:
        return false;
    }
}

/* Host and guest show a feature by the same bit. */
static bool host_has(const HostFeatures *host, const CpuFeatureRow *row)
{
    uint32_t word = row->leaf == 1 ? host->ecx1 : row->reg == CPUID_EBX ? host->ebx7 : host->ecx7;

    return word >> row->bit & 1;
}

static bool available(int id, const HostFeatures *host)
{
    const CpuFeatureRow *row = &cpu_feature_rows[id];

    return row->available && (!runs_on_host(id) || host_has(host, row));
}

static void add_missing(CpuModel *m, const char *name)
{
    char *longer = m->missing ? g_strdup_printf("%s,%s", m->missing, name) : g_strdup(name);
    g_free(m->missing);
    m->missing = longer;
}

static CpuModel *model_new(const ModelRow *row, const HostFeatures *host)
{
    CpuModel *m = g_new0(CpuModel, 1);

    m->name = g_strdup(row->name);
    m->brand = row->brand;
    m->host = *host;
    m->family = 6;
    m->model = row->model;
    m->stepping = row->stepping;
    for (int i = 0; i < FEAT_COUNT; i++) {
        m->has[i] = cpu_feature_rows[i].level <= row->level && available(i, host);
    }
    return m;
}

static bool enforce_level(const ModelRow *row, const HostFeatures *host, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (int i = 0; i < FEAT_COUNT && row->level < LEVEL_MAX; i++) {
        if (cpu_feature_rows[i].level <= row->level && !available(i, host)) {
            g_string_append_printf(list, "%s%s", list->len ? ", " : "", cpu_feature_rows[i].name);
        }
    }
    if (list->len == 0) {
        return true;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                "with enforce: %s does not have %s here", row->name, list->str);
    return false;
}

static bool set_feature(CpuModel *m, const char *name, bool on, bool *enforce_failed,
                        GError **error)
{
    const char *nearest = NULL;
    int id = cpu_feature_find(name, &nearest);

    if (id < 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "there is no feature '%s' (did you mean '%s'?)", name, nearest);
        return false;
    }
    if (on && !available(id, &m->host)) {
        add_missing(m, cpu_feature_rows[id].name);
        *enforce_failed = true;
        return true;
    }
    m->has[id] = on;
    return true;
}

static bool parse_switch(const char *name, const char *value, bool *on, GError **error)
{
    static const char *const yes[] = {"on", "yes", "true", "y", NULL};
    static const char *const no[] = {"off", "no", "false", "n", NULL};

    if (g_strv_contains(yes, value)) {
        *on = true;
        return true;
    }
    if (g_strv_contains(no, value)) {
        *on = false;
        return true;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s=%s is neither on nor off", name,
                value);
    return false;
}

/* Options that scripts pass and that change nothing here. */
static bool is_ignored(const char *name)
{
    static const char *const ignored[] = {"migratable",      "pmu",      "kvm", "host-phys-bits",
                                          "host-cache-info", "l3-cache", NULL};
    return g_strv_contains(ignored, name);
}

/* One item after the model's name: "+f", "-f", "f", "f=on|off", "enforce", "check". */
static bool parse_item(CpuModel *m, const char *item, bool *enforce, bool *failed, GError **error)
{
    g_auto(GStrv) pair = g_strsplit(item, "=", 2);
    const char *name = pair[0] ? pair[0] : "";
    bool on = true;

    if (name[0] == '+' || name[0] == '-') {
        return set_feature(m, name + 1, name[0] == '+', failed, error);
    }
    if (is_ignored(name)) {
        return true;
    }
    if (pair[0] && pair[1] && !parse_switch(name, pair[1], &on, error)) {
        return false;
    }
    if (strcmp(name, "enforce") == 0) {
        *enforce = on;
        return true;
    }
    if (strcmp(name, "check") == 0) {
        return true;
    }
    return set_feature(m, name, on, failed, error);
}

/* Features that are nothing without another. */
static void drop_dependents(CpuModel *m)
{
    static const struct {
        CpuFeature needs, feature;
    } rows[] = {{FEAT_XSAVE, FEAT_XSAVEOPT},   {FEAT_XSAVE, FEAT_XSAVEC},
                {FEAT_XSAVE, FEAT_XGETBV1},    {FEAT_XSAVE, FEAT_XSAVES},
                {FEAT_XSAVE, FEAT_AVX},        {FEAT_AVX, FEAT_AVX2},
                {FEAT_AVX, FEAT_FMA},          {FEAT_AVX, FEAT_F16C},
                {FEAT_AVX, FEAT_VAES},         {FEAT_AES, FEAT_VAES},
                {FEAT_AVX, FEAT_VPCLMULQDQ},   {FEAT_PCLMULQDQ, FEAT_VPCLMULQDQ},
                {FEAT_APIC, FEAT_X2APIC},      {FEAT_APIC, FEAT_TSC_DEADLINE},
                {FEAT_TSC, FEAT_TSC_DEADLINE}, {FEAT_SSE, FEAT_SSE2},
                {FEAT_PCID, FEAT_INVPCID}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        m->has[rows[i].feature] &= m->has[rows[i].needs];
    }
}

CpuModel *cpu_model_parse_for_host(const char *text, const HostFeatures *host, GError **error)
{
    g_auto(GStrv) items = g_strsplit(text ? text : "max", ",", -1);
    const char *nearest = NULL, *name = items[0] && items[0][0] ? items[0] : "max";
    const ModelRow *row = find_model(name, &nearest);
    bool enforce = false, failed = false;
    CpuModel *m;

    if (!row) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "there is no model '%s' (did you mean '%s'?)", name, nearest);
        return NULL;
    }
    m = model_new(row, host);
    for (int i = 1; items[0] && items[i]; i++) {
        if (items[i][0] && !parse_item(m, items[i], &enforce, &failed, error)) {
            goto bad;
        }
    }
    if (enforce && failed) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                    "with enforce: %s does not have %s here", m->name, m->missing);
        goto bad;
    }
    if (enforce && !enforce_level(row, host, error)) {
        goto bad;
    }
    drop_dependents(m);
    return m;
bad:
    cpu_model_free(m);
    return NULL;
}

CpuModel *cpu_model_parse(const char *text, GError **error)
{
    HostFeatures host = host_features();

    return cpu_model_parse_for_host(text, &host, error);
}

void cpu_model_free(CpuModel *model)
{
    if (model) {
        g_free(model->name);
        g_free(model->missing);
        g_free(model);
    }
}

bool cpu_model_has(const CpuModel *model, int feature)
{
    return model->has[feature];
}

bool cpu_model_has_x2apic(const CpuModel *model)
{
    return model->has[FEAT_X2APIC];
}

bool cpu_model_has_tsc_deadline(const CpuModel *model)
{
    return model->has[FEAT_TSC_DEADLINE];
}

const char *cpu_model_name(const CpuModel *model)
{
    return model->name;
}

const char *cpu_model_missing(const CpuModel *model)
{
    return model->missing;
}

uint64_t cpu_model_xcr0(const CpuModel *model)
{
    const uint64_t x87_sse = 3, avx = 4;

    return model->has[FEAT_XSAVE] ? x87_sse | (model->has[FEAT_AVX] ? avx : 0) : 0;
}

void cpu_model_help(GString *out)
{
    HostFeatures host = host_features();

    g_string_append(out, "Available CPUs:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        g_string_append_printf(out, "  %-20s %s\n", models[i].name, models[i].desc);
    }
    g_string_append(out, "\nRecognized CPUID flags:\n ");
    for (int i = 0; i < FEAT_COUNT; i++) {
        if (available(i, &host)) {
            g_string_append_printf(out, " %s", cpu_feature_rows[i].name);
        }
    }
    g_string_append_c(out, '\n');
}
