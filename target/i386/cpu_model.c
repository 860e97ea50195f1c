/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -cpu: a model and its features, as QEMU spells them. A named model gets the features of its row
 * that this CPU has; "enforce" makes a missing one an error. Vector instructions, POPCNT and BMI2
 * are executed by the host's own, so a host that lacks one of them takes it away.
 */
#include "target/i386/cpu_model.h"

#include <cpuid.h>
#include <gio/gio.h>
#include <string.h>

/* XCR0 of the host, which tells whose registers its kernel keeps. */
static uint64_t host_xcr0(void)
{
    uint32_t eax, edx;

    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return eax | (uint64_t)edx << 32;
}

HostFeatures cpu_host_features(void)
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
    return !runs_on_host(id) || host_has(host, &cpu_feature_rows[id]);
}

/* A feature by its name: its id, or -1 with its row in *absent, which is NULL if there is no such
 * name. */
static int find_feature(const char *name, const CpuFeatureRow **absent, const char **nearest)
{
    int id = cpu_feature_find(name, nearest);

    *absent = id < 0 ? cpu_feature_absent(name) : NULL;
    return id;
}

/* The names of the model's own row: all that is to be had of them. */
static void add_named(CpuModel *m, const char *names)
{
    g_auto(GStrv) list = g_strsplit(names ? names : "", ",", -1);

    for (int i = 0; list[i]; i++) {
        const CpuFeatureRow *absent;
        const char *nearest;
        int id = find_feature(list[i], &absent, &nearest);
        g_assert(id >= 0 || absent);
        if (id >= 0 && available(id, &m->host)) {
            m->has[id] = true;
        } else {
            g_ptr_array_add(m->lacking, (void *)(id >= 0 ? &cpu_feature_rows[id] : absent));
        }
    }
}

static bool names_contain(const char *names, const CpuFeatureRow *row)
{
    g_auto(GStrv) list = g_strsplit(names ? names : "", ",", -1);

    return g_strv_contains((const char *const *)list, row->name);
}

static CpuModel *model_new(const CpuModelRow *row, const HostFeatures *host)
{
    CpuModel *m = g_new0(CpuModel, 1);

    m->name = g_strdup(row->name);
    g_strlcpy(m->brand, row->brand, sizeof(m->brand));
    m->host = *host;
    m->missing = g_ptr_array_new();
    m->lacking = g_ptr_array_new();
    m->family = row->family;
    m->model = row->model;
    m->stepping = row->stepping;
    m->phys_bits = CPU_PHYS_BITS;
    m->apic_id = -1;
    m->hyperv = hv_features_none();
    cpu_model_set_vendor(m, row->vendor);
    m->leaf_max = m->amd ? LEAF_MAX_AMD : LEAF_MAX_INTEL;
    m->leaf_ext_max = m->amd ? LEAF_EXT_MAX_AMD : LEAF_EXT_MAX_INTEL;
    for (int i = 0; i < FEAT_COUNT; i++) {
        const CpuFeatureRow *f = &cpu_feature_rows[i];
        if (f->level > row->level || names_contain(row->minus, f)) {
            continue;
        }
        m->has[i] = available(i, host);
        if (!m->has[i] && row->level < LEVEL_MAX) {
            g_ptr_array_add(m->lacking, (void *)f);
        }
    }
    add_named(m, row->plus);
    return m;
}

static void append_names(GString *list, const GPtrArray *rows)
{
    for (unsigned i = 0; i < rows->len; i++) {
        const CpuFeatureRow *row = rows->pdata[i];
        g_string_append_printf(list, "%s%s", list->len ? ", " : "", row->name);
    }
}

/* What was asked for, or is the model's, must be there. */
static bool enforce_all(const CpuModel *m, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    append_names(list, m->missing);
    append_names(list, m->lacking);
    if (list->len == 0) {
        return true;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                "with enforce: %s does not have %s here", m->name, list->str);
    return false;
}

static bool is_feature(const char *name, GError **error)
{
    const char *nearest = NULL;
    const CpuFeatureRow *absent;

    if (find_feature(name, &absent, &nearest) >= 0 || absent) {
        return true;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "there is no feature '%s' (did you mean '%s'?)", name, nearest);
    return false;
}

static bool set_feature(CpuModel *m, const char *name, bool on, GError **error)
{
    const char *nearest;
    const CpuFeatureRow *row;
    int id;

    if (!is_feature(name, error)) {
        return false;
    }
    id = find_feature(name, &row, &nearest);
    row = id >= 0 ? &cpu_feature_rows[id] : row;
    g_ptr_array_remove(m->lacking, (void *)row);
    g_ptr_array_remove(m->missing, (void *)row);
    if (id >= 0 && available(id, &m->host)) {
        m->has[id] = on;
    } else if (on) {
        g_ptr_array_add(m->missing, (void *)row);
    }
    return true;
}

bool cpu_parse_switch(const char *name, const char *value, bool *on, GError **error)
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

/* One item after the model's name: "+f", "-f", "f", "f=on|off", "property=value", "enforce",
 * "check". */
static bool parse_item(CpuModel *m, const char *item, bool *enforce, GError **error)
{
    g_auto(GStrv) pair = g_strsplit(item, "=", 2);
    const char *name = pair[0] ? pair[0] : "";
    bool on = true;

    switch (cpu_model_set_hyperv(m, item, error)) {
    case CPU_PROPERTY_SET:
        return true;
    case CPU_PROPERTY_BAD:
        return false;
    default:
        break;
    }
    if (name[0] == '+' || name[0] == '-') {
        return set_feature(m, name + 1, name[0] == '+', error);
    }
    if (is_ignored(name)) {
        return true;
    }
    switch (cpu_model_set_property(m, name, pair[0] ? pair[1] : NULL, error)) {
    case CPU_PROPERTY_SET:
        return true;
    case CPU_PROPERTY_BAD:
        return false;
    default:
        break;
    }
    bool enforces = strcmp(name, "enforce") == 0, checks = strcmp(name, "check") == 0;
    if ((!enforces && !checks && !is_feature(name, error)) ||
        (pair[0] && pair[1] && !cpu_parse_switch(name, pair[1], &on, error))) {
        return false;
    }
    if (enforces) {
        *enforce = on;
    }
    return enforces || checks || set_feature(m, name, on, error);
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
    const CpuModelRow *row = cpu_model_find(name, &nearest);
    bool enforce = false;
    CpuModel *m;

    if (!row) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "there is no model '%s' (did you mean '%s'?)", name, nearest);
        return NULL;
    }
    m = model_new(row, host);
    for (int i = 1; items[0] && items[i]; i++) {
        if (items[i][0] && !parse_item(m, items[i], &enforce, error)) {
            goto bad;
        }
    }
    if (enforce && !enforce_all(m, error)) {
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
    HostFeatures host = cpu_host_features();

    return cpu_model_parse_for_host(text, &host, error);
}

void cpu_model_free(CpuModel *model)
{
    if (model) {
        g_free(model->name);
        g_ptr_array_free(model->missing, TRUE);
        g_ptr_array_free(model->lacking, TRUE);
        g_free(model);
    }
}

bool cpu_model_has(const CpuModel *model, int feature)
{
    return model->has[feature];
}

bool cpu_model_host_has(const CpuModel *model, int feature)
{
    return host_has(&model->host, &cpu_feature_rows[feature]);
}

VcpuTraits cpu_model_traits(const CpuModel *model)
{
    return (VcpuTraits){
        .x2apic = model->has[FEAT_X2APIC],
        .tsc_deadline = model->has[FEAT_TSC_DEADLINE],
        .phys_bits = model->phys_bits,
        .apic_id = model->apic_id,
        .apic_timer_hz = CPU_CRYSTAL_HZ,
        .tsc_hz = CPU_TSC_HZ,
        .amd = model->amd,
        .hyperv = model->hyperv,
    };
}

const char *cpu_model_name(const CpuModel *model)
{
    return model->name;
}

void cpu_model_warnings(const CpuModel *model, GString *out)
{
    static const char *const reg[] = {"EAX", "EBX", "ECX", "EDX"};

    for (unsigned i = 0; i < model->missing->len; i++) {
        const CpuFeatureRow *row = model->missing->pdata[i];
        g_string_append_printf(
            out, "TCG doesn't support requested feature: CPUID.%02XH:%s.%s [bit %u]\n", row->leaf,
            reg[row->reg], row->name, row->bit);
    }
}

bool cpu_model_is_amd(const CpuModel *model)
{
    return model->amd;
}

uint64_t cpu_model_xcr0(const CpuModel *model)
{
    const uint64_t x87_sse = 3, avx = 4, pkru = 1 << 9;

    if (!model->has[FEAT_XSAVE]) {
        return 0;
    }
    return x87_sse | (model->has[FEAT_AVX] ? avx : 0) | (model->has[FEAT_PKU] ? pkru : 0);
}

const char *cpu_model_listed(unsigned n)
{
    const CpuModelRow *row = cpu_model_row(n);

    return row ? row->name : NULL;
}

void cpu_model_features(const CpuModel *model,
                        void (*visit)(const char *name, bool has, void *opaque), void *opaque)
{
    for (int i = 0; i < FEAT_COUNT; i++) {
        visit(cpu_feature_rows[i].name, model->has[i], opaque);
    }
}

void cpu_model_help(GString *out)
{
    HostFeatures host = cpu_host_features();
    const CpuModelRow *row;

    g_string_append(out, "Available CPUs:\n");
    for (unsigned i = 0; (row = cpu_model_row(i)); i++) {
        g_string_append_printf(out, "  %-20s %s\n", row->name, row->desc);
    }
    g_string_append(out, "\nRecognized CPUID flags:\n ");
    for (int i = 0; i < FEAT_COUNT; i++) {
        if (available(i, &host)) {
            g_string_append_printf(out, " %s", cpu_feature_rows[i].name);
        }
    }
    g_string_append(out,
                    "\n\nProperties:\n  vendor=<12 letters> family= model= stepping= "
                    "model-id=<text>\n  phys-bits= level= xlevel= apic-id=<of a single CPU>\n"
                    "\nHyper-V:\n  hv-passthrough hv-spinlocks=<tries> hv-vendor-id=<text>\n ");
    for (unsigned i = 0; hv_feature_name(i); i++) {
        g_string_append_printf(out, " %s", hv_feature_name(i));
    }
    g_string_append_c(out, '\n');
}
