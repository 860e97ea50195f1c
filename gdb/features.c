/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb/features.h"

#include <string.h>

static uint64_t feature_apic_id(const ApicState *apic, unsigned index)
{
    return apic_get_id(apic);
}

static uint64_t feature_cr8(const ApicState *apic, unsigned index)
{
    return apic_get_cr8(apic);
}

static uint64_t vector_bits(const ApicState *apic, unsigned word,
                            bool (*is_set)(const ApicState *apic, uint8_t vector))
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < 32; i++) {
        bits |= (uint32_t)is_set(apic, (uint8_t)(32 * word + i)) << i;
    }
    return bits;
}

static uint64_t feature_irr(const ApicState *apic, unsigned index)
{
    return vector_bits(apic, index, apic_irr);
}

static uint64_t feature_isr(const ApicState *apic, unsigned index)
{
    return vector_bits(apic, index, apic_isr);
}

static uint64_t feature_tmr(const ApicState *apic, unsigned index)
{
    return vector_bits(apic, index, apic_tmr);
}

#define GENERAL(name_)                                                                             \
    {                                                                                              \
        name_, 8, "int64", NULL, false, name_                                                      \
    }
#define POINTER(name_, type_)                                                                      \
    {                                                                                              \
        name_, 8, type_, NULL, false, name_                                                        \
    }
#define SELECTOR(name_)                                                                            \
    {                                                                                              \
        name_, 4, "int32", NULL, false, name_                                                      \
    }
#define STACK(name_)                                                                               \
    {                                                                                              \
        name_, 10, "i387_ext", NULL, false, name_                                                  \
    }
#define FLOAT(name_)                                                                               \
    {                                                                                              \
        name_, 4, "int", "float", false, name_                                                     \
    }
#define XMM(n_)                                                                                    \
    {                                                                                              \
        "xmm" #n_, 16, "vec128", "vector", false, "xmm" #n_                                        \
    }
#define YMM(n_)                                                                                    \
    {                                                                                              \
        "ymm" #n_ "h", 16, "uint128", NULL, false, "ymm" #n_ "h"                                   \
    }
#define BASE(name_)                                                                                \
    {                                                                                              \
        name_, 8, "int64", NULL, false, name_                                                      \
    }
#define SYSTEM(name_)                                                                              \
    {                                                                                              \
        name_, 8, "int64", "system", true, name_                                                   \
    }
#define APIC(name_, get_, index_)                                                                  \
    {                                                                                              \
        name_, 4, "int32", "apic", true, NULL, get_, index_                                        \
    }
#define WORDS(name_, get_)                                                                         \
    APIC(name_ "0", get_, 0), APIC(name_ "1", get_, 1), APIC(name_ "2", get_, 2),                  \
        APIC(name_ "3", get_, 3), APIC(name_ "4", get_, 4), APIC(name_ "5", get_, 5),              \
        APIC(name_ "6", get_, 6), APIC(name_ "7", get_, 7)
#define END                                                                                        \
    {                                                                                              \
        NULL                                                                                       \
    }

static const GdbReg core[] = {GENERAL("rax"),
                              GENERAL("rbx"),
                              GENERAL("rcx"),
                              GENERAL("rdx"),
                              GENERAL("rsi"),
                              GENERAL("rdi"),
                              POINTER("rbp", "data_ptr"),
                              POINTER("rsp", "data_ptr"),
                              GENERAL("r8"),
                              GENERAL("r9"),
                              GENERAL("r10"),
                              GENERAL("r11"),
                              GENERAL("r12"),
                              GENERAL("r13"),
                              GENERAL("r14"),
                              GENERAL("r15"),
                              POINTER("rip", "code_ptr"),
                              {"eflags", 4, "i386_eflags", NULL, false, "eflags"},
                              SELECTOR("cs"),
                              SELECTOR("ss"),
                              SELECTOR("ds"),
                              SELECTOR("es"),
                              SELECTOR("fs"),
                              SELECTOR("gs"),
                              STACK("st0"),
                              STACK("st1"),
                              STACK("st2"),
                              STACK("st3"),
                              STACK("st4"),
                              STACK("st5"),
                              STACK("st6"),
                              STACK("st7"),
                              FLOAT("fctrl"),
                              FLOAT("fstat"),
                              FLOAT("ftag"),
                              FLOAT("fiseg"),
                              FLOAT("fioff"),
                              FLOAT("foseg"),
                              FLOAT("fooff"),
                              FLOAT("fop"),
                              END};
static const GdbReg sse[] = {XMM(0),
                             XMM(1),
                             XMM(2),
                             XMM(3),
                             XMM(4),
                             XMM(5),
                             XMM(6),
                             XMM(7),
                             XMM(8),
                             XMM(9),
                             XMM(10),
                             XMM(11),
                             XMM(12),
                             XMM(13),
                             XMM(14),
                             XMM(15),
                             {"mxcsr", 4, "i386_mxcsr", "vector", false, "mxcsr"},
                             END};
static const GdbReg avx[] = {YMM(0),  YMM(1),  YMM(2),  YMM(3),  YMM(4),  YMM(5),
                             YMM(6),  YMM(7),  YMM(8),  YMM(9),  YMM(10), YMM(11),
                             YMM(12), YMM(13), YMM(14), YMM(15), END};
static const GdbReg segments[] = {BASE("fs_base"), BASE("gs_base"), END};
static const GdbReg system_regs[] = {SYSTEM("k_gs_base"),
                                     SYSTEM("cr0"),
                                     SYSTEM("cr2"),
                                     SYSTEM("cr3"),
                                     SYSTEM("cr4"),
                                     {"cr8", 8, "int64", "system", true, NULL, feature_cr8},
                                     SYSTEM("efer"),
                                     SYSTEM("xcr0"),
                                     SYSTEM("cs_base"),
                                     SYSTEM("ss_base"),
                                     SYSTEM("ds_base"),
                                     SYSTEM("es_base"),
                                     SYSTEM("gdtr_base"),
                                     SYSTEM("gdtr_limit"),
                                     SYSTEM("idtr_base"),
                                     SYSTEM("idtr_limit"),
                                     SYSTEM("ldtr"),
                                     SYSTEM("ldtr_base"),
                                     SYSTEM("tr"),
                                     SYSTEM("tr_base"),
                                     SYSTEM("dr0"),
                                     SYSTEM("dr1"),
                                     SYSTEM("dr2"),
                                     SYSTEM("dr3"),
                                     SYSTEM("dr6"),
                                     SYSTEM("dr7"),
                                     SYSTEM("star"),
                                     SYSTEM("lstar"),
                                     SYSTEM("cstar"),
                                     SYSTEM("fmask"),
                                     SYSTEM("sysenter_cs"),
                                     SYSTEM("sysenter_esp"),
                                     SYSTEM("sysenter_eip"),
                                     SYSTEM("pat"),
                                     SYSTEM("tsc_aux"),
                                     SYSTEM("instructions"),
                                     END};
static const GdbReg apic[] = {APIC("apic_id", feature_apic_id, 0), WORDS("apic_isr", feature_isr),
                              WORDS("apic_tmr", feature_tmr), WORDS("apic_irr", feature_irr), END};

/* What the types in the tables above are, in the feature where they are used first. */
static const char *const eflags_bits[32] = {
    [0] = "CF",  [1] = "",    [2] = "PF",   [4] = "AF",   [6] = "ZF",  [7] = "SF",
    [8] = "TF",  [9] = "IF",  [10] = "DF",  [11] = "OF",  [14] = "NT", [16] = "RF",
    [17] = "VM", [18] = "AC", [19] = "VIF", [20] = "VIP", [21] = "ID"};
static const char *const mxcsr_bits[32] = {"IE", "DE", "ZE", "OE", "UE", "PE", "DAZ",
                                           "IM", "DM", "ZM", "OM", "UM", "PM", [15] = "FZ"};
static const struct {
    const char *id, *type, *field;
    unsigned count;
} vectors[] = {
    {"v4f", "ieee_single", "v4_float", 4}, {"v2d", "ieee_double", "v2_double", 2},
    {"v16i8", "int8", "v16_int8", 16},     {"v8i16", "int16", "v8_int16", 8},
    {"v4i32", "int32", "v4_int32", 4},     {"v2i64", "int64", "v2_int64", 2},
};

static void feature_put_flags(GString *out, const char *id, const char *const bits[32])
{
    g_string_append_printf(out, "<flags id=\"%s\" size=\"4\">", id);
    for (unsigned i = 0; i < 32; i++) {
        if (bits[i]) {
            g_string_append_printf(out, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>", bits[i], i,
                                   i);
        }
    }
    g_string_append(out, "</flags>\n");
}

static void feature_put_core_types(GString *out)
{
    feature_put_flags(out, "i386_eflags", eflags_bits);
}

static void feature_put_sse_types(GString *out)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_string_append_printf(out, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>\n", vectors[i].id,
                               vectors[i].type, vectors[i].count);
    }
    g_string_append(out, "<union id=\"vec128\">");
    for (unsigned i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_string_append_printf(out, "<field name=\"%s\" type=\"%s\"/>", vectors[i].field,
                               vectors[i].id);
    }
    g_string_append(out, "<field name=\"uint128\" type=\"uint128\"/></union>\n");
    feature_put_flags(out, "i386_mxcsr", mxcsr_bits);
}

typedef struct {
    const char *file, *name;
    const GdbReg *regs;
    void (*put_types)(GString *out); /* may be NULL */
} Feature;
static const Feature features[] = {
    {"core.xml", "org.gnu.gdb.i386.core", core, feature_put_core_types},
    {"sse.xml", "org.gnu.gdb.i386.sse", sse, feature_put_sse_types},
    {"avx.xml", "org.gnu.gdb.i386.avx", avx},
    {"segments.xml", "org.gnu.gdb.i386.segments", segments},
    {"system.xml", "org.switchyard.i386.system", system_regs},
    {"apic.xml", "org.switchyard.i386.apic", apic},
};

const GdbReg *gdb_reg(unsigned n)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        for (const GdbReg *reg = features[i].regs; reg->name; reg++) {
            if (n-- == 0) {
                return reg;
            }
        }
    }
    return NULL;
}

static void feature_put_register(GString *out, const GdbReg *reg)
{
    g_string_append_printf(out, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"", reg->name,
                           reg->bytes * 8, reg->type);
    if (reg->group) {
        g_string_append_printf(out, " group=\"%s\"", reg->group);
    }
    g_string_append(out, "/>\n");
}

#define XML(kind_) "<?xml version=\"1.0\"?>\n<!DOCTYPE " kind_ " SYSTEM \"gdb-target.dtd\">\n"

static char *feature_describe(const Feature *feature)
{
    GString *out = g_string_new(XML("feature"));
    g_string_append_printf(out, "<feature name=\"%s\">\n", feature->name);
    if (feature->put_types) {
        feature->put_types(out);
    }
    for (const GdbReg *reg = feature->regs; reg->name; reg++) {
        feature_put_register(out, reg);
    }
    g_string_append(out, "</feature>\n");
    return g_string_free(out, false);
}

static char *feature_describe_all(void)
{
    GString *out = g_string_new(XML("target") "<target version=\"1.0\">\n"
                                              "<architecture>i386:x86-64</architecture>\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        g_string_append_printf(out, "<xi:include href=\"%s\"/>\n", features[i].file);
    }
    g_string_append(out, "</target>\n");
    return g_string_free(out, false);
}

char *gdb_description(const char *name)
{
    if (strcmp(name, "target.xml") == 0) {
        return feature_describe_all();
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        if (strcmp(name, features[i].file) == 0) {
            return feature_describe(&features[i]);
        }
    }
    return NULL;
}
