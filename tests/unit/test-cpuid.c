/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -cpu's names and errors, and what CPUID says. */
#include "cpu-fixture.h"
#include "target/i386/cpu_model.h"

static void expect_error(const char *text, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(cpu_model_parse(text, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_parse(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) warnings = g_string_new(NULL);
    CpuModel *m = cpu_model_parse("max,-x2apic,sse4_2=off,-SSE4.1,+vmx", &error);

    g_assert_no_error(error);
    g_assert_false(cpu_model_traits(m).x2apic);
    g_assert_false(cpu_model_has(m, FEAT_SSE42));
    g_assert_false(cpu_model_has(m, FEAT_SSE41));
    cpu_model_warnings(m, warnings);
    g_assert_cmpstr(warnings->str, ==,
                    "TCG doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]\n");
    g_assert_true(cpu_model_traits(m).tsc_deadline);
    cpu_model_free(m);
    m = cpu_model_parse("base", &error);
    g_assert_true(cpu_model_has(m, FEAT_SSE2));
    g_assert_false(cpu_model_has(m, FEAT_SSE3));
    cpu_model_free(m);
    m = cpu_model_parse("Skylake-Client-v3,migratable=off", &error);
    g_assert_no_error(error);
    g_assert_true(cpu_model_has(m, FEAT_SMAP));
    cpu_model_free(m);
}

static void test_parse_errors(void)
{
    expect_error("maxx", "'max'");
    expect_error("max,-x2apick", "'x2apic'");
    expect_error("max,x2apic=maybe", "neither on nor off");
    expect_error("max,+vmx,enforce", "vmx");
    expect_error("Icelake-Server,enforce", "la57");
    expect_error("EPYC,enforce", "sse4a");
    expect_error("Skylake-Server-v9x", "did you mean 'Skylake-Server'");
    expect_error("EPYC-Rom", "'EPYC-Rome'");
    expect_error("max,vendor=Foo", "12 letters");
    expect_error("max,vendor", "needs a value");
    expect_error("max,family=271", "from 0 to 270");
    expect_error("max,model=-1", "from 0 to 255");
    expect_error("max,stepping=0x1z", "from 0 to 15");
    expect_error("max,phys-bits=31", "from 32 to 52");
    expect_error("max,apic-id=4294967295", "apic-id");
    expect_error("max,modelid=x", "there is no feature 'modelid'");
}

static void take_bit(HostFeatures *host, const CpuFeatureRow *row)
{
    uint32_t *word = row->leaf == 1          ? &host->ecx1
                     : row->reg == CPUID_EBX ? &host->ebx7
                                             : &host->ecx7;

    *word &= ~(1u << row->bit);
}

static bool depends_on(CpuFeature feature, CpuFeature needed)
{
    static const CpuFeature rows[][2] = {{FEAT_AVX2, FEAT_AVX},
                                         {FEAT_FMA, FEAT_AVX},
                                         {FEAT_F16C, FEAT_AVX},
                                         {FEAT_VAES, FEAT_AVX},
                                         {FEAT_VPCLMULQDQ, FEAT_AVX},
                                         {FEAT_VAES, FEAT_AES},
                                         {FEAT_VPCLMULQDQ, FEAT_PCLMULQDQ}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i][0] == feature && rows[i][1] == needed) {
            return true;
        }
    }
    return false;
}

/* What is executed by the host's own instructions goes with the host's bit, and what is nothing
 * without it goes too. */
static void test_host_lacks(void)
{
    static const CpuFeature on_host[] = {FEAT_SSE3,  FEAT_PCLMULQDQ, FEAT_SSSE3, FEAT_SSE41,
                                         FEAT_SSE42, FEAT_POPCNT,    FEAT_AES,   FEAT_BMI2,
                                         FEAT_AVX,   FEAT_AVX2,      FEAT_FMA,   FEAT_F16C,
                                         FEAT_VAES,  FEAT_VPCLMULQDQ};
    const HostFeatures all = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    g_autoptr(GError) error = NULL;
    CpuModel *full = cpu_model_parse_for_host("max", &all, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(on_host); i++) {
        const CpuFeatureRow *row = &cpu_feature_rows[on_host[i]];
        g_autofree char *plus = g_strdup_printf("max,+%s", row->name);
        g_autofree char *enforce = g_strdup_printf("%s,enforce", plus);
        HostFeatures host = all;
        take_bit(&host, row);
        CpuModel *m = cpu_model_parse_for_host(plus, &host, NULL);
        g_assert_cmpuint(m->missing->len, ==, 1);
        g_assert_true(m->missing->pdata[0] == row);
        for (int f = 0; f < FEAT_COUNT; f++) {
            bool expected = f != (int)on_host[i] && cpu_model_has(full, f) &&
                            !depends_on((CpuFeature)f, on_host[i]);
            g_assert_cmpint(cpu_model_has(m, f), ==, expected);
        }
        cpu_model_free(m);
        g_assert_null(cpu_model_parse_for_host(enforce, &host, &error));
        g_assert_nonnull(strstr(error->message, row->name));
        g_clear_error(&error);
    }
    HostFeatures no_aes = all;
    take_bit(&no_aes, &cpu_feature_rows[FEAT_AES]);
    g_assert_null(cpu_model_parse_for_host("Westmere,enforce", &no_aes, &error));
    g_assert_nonnull(strstr(error->message, "aes"));
    cpu_model_free(full);
}

/* "-f" takes away what depends on f. */
static void test_dependents(void)
{
    const HostFeatures all = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    CpuModel *m = cpu_model_parse_for_host("max,-avx", &all, NULL);

    g_assert_false(cpu_model_has(m, FEAT_AVX2));
    g_assert_false(cpu_model_has(m, FEAT_FMA));
    g_assert_true(cpu_model_has(m, FEAT_BMI2));
    g_assert_cmphex(cpu_model_xcr0(m), ==, 0x203);
    cpu_model_free(m);
    m = cpu_model_parse_for_host("max,-avx2", &all, NULL);
    g_assert_true(cpu_model_has(m, FEAT_AVX));
    g_assert_true(cpu_model_has(m, FEAT_FMA));
    g_assert_cmphex(cpu_model_xcr0(m), ==, 0x207);
    cpu_model_free(m);
    m = cpu_model_parse_for_host("max,-xsave", &all, NULL);
    g_assert_false(cpu_model_has(m, FEAT_AVX));
    g_assert_false(cpu_model_has(m, FEAT_F16C));
    g_assert_false(cpu_model_has(m, FEAT_XSAVES));
    g_assert_cmphex(cpu_model_xcr0(m), ==, 0);
    cpu_model_free(m);
    m = cpu_model_parse_for_host("qemu64", &all, NULL);
    g_assert_false(cpu_model_has(m, FEAT_XSAVE));
    g_assert_false(cpu_model_has(m, FEAT_BMI1));
    cpu_model_free(m);
}

/* What a CPU of this model answers. */
static CpuidResult ask(Fixture *f, const char *text, uint32_t leaf, uint32_t subleaf)
{
    const CpuModel *own = f->cpu->cfg.model;
    g_autoptr(GError) error = NULL;
    CpuModel *m = cpu_model_parse(text, &error);

    g_assert_no_error(error);
    f->cpu->cfg.model = m;
    CpuidResult r = cpuid_query(f->cpu, leaf, subleaf);
    f->cpu->cfg.model = own;
    cpu_model_free(m);
    return r;
}

static void assert_text(CpuidResult r, const char *text)
{
    const uint32_t words[] = {r.ebx, r.edx, r.ecx};

    g_assert_cmpmem(words, sizeof(words), text, 12);
}

/* Every row of the table makes a model; what it names is known. */
static void test_models(Fixture *f, const void *unused)
{
    const CpuModelRow *row;

    for (unsigned i = 0; (row = cpu_model_row(i)); i++) {
        g_autofree char *version = g_strdup_printf("%s-v1", row->name);
        assert_text(ask(f, version, 0, 0), row->vendor);
        g_assert_cmpstr(cpu_model_listed(i), ==, row->name);
    }
    g_assert_null(cpu_model_listed(1000));
    /* 17h.01h.2 */
    g_assert_cmphex(ask(f, "EPYC", 1, 0).eax, ==, 0x800f12);
    g_assert_cmphex(ask(f, "EPYC-Milan", 1, 0).eax, ==, 0xa00f11);
    g_assert_cmphex(ask(f, "Opteron_G3", 1, 0).eax, ==, 0x100f23);
    g_assert_cmphex(ask(f, "Icelake-Server", 1, 0).eax, ==, 0x606a0);
}

static void test_properties(Fixture *f, const void *unused)
{
    static const char text[] = "max,vendor=AuthenticAMD,family=0x19,model=1,stepping=2,"
                               "model-id=A \"CPU\" of ours,phys-bits=40,level=7,xlevel=0x80000004";
    CpuidResult r = ask(f, text, 0, 0);

    g_assert_cmphex(r.eax, ==, 7);
    assert_text(r, "AuthenticAMD");
    g_assert_cmphex(ask(f, text, 1, 0).eax, ==, 0xa00f12);
    r = ask(f, text, 0x80000002u, 0);
    g_assert_cmpmem(&r, 16, "A \"CPU\" of ours", 16);
    g_assert_cmphex(ask(f, text, 0x80000000u, 0).eax, ==, 0x80000004u);
    g_assert_cmphex(ask(f, text, 0x80000008u, 0).eax, ==, 0); /* beyond xlevel */
    g_assert_cmphex(ask(f, "max,phys-bits=46", 0x80000008u, 0).eax & 0xff, ==, 46);
    g_assert_cmphex(ask(f, "max,phys-bits=0", 0x80000008u, 0).eax & 0xff, ==, CPU_PHYS_BITS);
}

/* Leaves that makers have to themselves. */
static void test_amd_leaves(Fixture *f, const void *unused)
{
    CpuidResult r = ask(f, "EPYC", 0x80000000u, 0);

    g_assert_cmphex(r.eax, ==, 0x8000001eu);
    assert_text(r, "AuthenticAMD");
    r = ask(f, "EPYC", 0x80000001u, 0);
    g_assert_cmphex(r.eax, ==, 0x800f12);
    g_assert_cmphex(r.edx & 0x3ff, ==, ask(f, "EPYC", 1, 0).edx & 0x3ff);
    g_assert_cmphex(r.ecx & 2, ==, 2); /* more than one CPU a package, as APIC ids say */
    g_assert_cmphex(ask(f, "max", 0x80000001u, 0).edx & 0x3ff, ==, 0);
    r = ask(f, "EPYC", 0x80000008u, 0);
    g_assert_cmphex(r.ecx, ==, 2 << 12 | 3);
    r = ask(f, "EPYC", 0x8000001eu, 0); /* id 1: thread 1 of core 0 */
    g_assert_cmphex(r.eax, ==, 1);
    g_assert_cmphex(r.ebx, ==, 1 << 8);
    g_assert_cmphex(ask(f, "EPYC", 0x8000001du, 3).eax & 0xff, ==, 3 << 5 | 3);
    g_assert_cmphex(ask(f, "EPYC", 4, 0).eax, ==, 0);
    g_assert_cmphex(ask(f, "EPYC", 0x5000, 0).eax, ==, 0); /* Intel: as the last leaf */
    g_assert_cmphex(ask(f, "max", 0x5000, 0).eax, ==, ask(f, "max", 0x16, 0).eax);
    g_assert_cmphex(ask(f, "EPYC", 7, 0).edx, ==, 0); /* nothing of Intel's speculation control */
}

/* "+f" for what is only known by name warns, and is an error with "enforce"; "-f" is neither. */
static void test_absent(void)
{
    static const struct {
        const char *text, *warning;
    } rows[] = {
        {"max,+avx512f", "CPUID.07H:EBX.avx512f [bit 16]"},
        {"max,fma4=on", "CPUID.80000001H:ECX.fma4 [bit 16]"},
        {"max,+npt", "CPUID.8000000AH:EDX.npt [bit 0]"},
        {"max,-avx512f", NULL},
        {"max,+svm,-svm", NULL},
        {"EPYC", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *enforce = g_strdup_printf("%s,enforce", rows[i].text);
        g_autoptr(GString) out = g_string_new(NULL);
        CpuModel *m = cpu_model_parse(rows[i].text, NULL);
        g_assert_nonnull(m);
        cpu_model_warnings(m, out);
        if (rows[i].warning) {
            g_assert_nonnull(strstr(out->str, rows[i].warning));
            expect_error(enforce, "with enforce: max does not have ");
        } else {
            g_assert_cmpstr(out->str, ==, "");
        }
        cpu_model_free(m);
    }
}

static void test_rows(void)
{
    for (int i = 0; i < FEAT_COUNT; i++) {
        const CpuFeatureRow *a = &cpu_feature_rows[i];
        const char *nearest;
        g_assert_nonnull(a->name);
        g_assert_cmpint(cpu_feature_find(a->name, &nearest), ==, i);
        g_assert_null(cpu_feature_absent(a->name));
        for (int j = 0; j < i; j++) {
            const CpuFeatureRow *b = &cpu_feature_rows[j];
            g_assert_false(a->leaf == b->leaf && a->subleaf == b->subleaf && a->reg == b->reg &&
                           a->bit == b->bit);
        }
    }
}

/* What an XSAVE area needs: for what is enabled, and for what there is. */
static void test_xsave_leaves(Fixture *f)
{
    bool avx = cpu_model_has(f->cpu->cfg.model, FEAT_AVX);
    CpuidResult r = cpuid_query(f->cpu, 0xd, 0);

    g_assert_cmphex(r.eax, ==, avx ? 0x207 : 0x203);
    g_assert_cmpuint(r.ebx, ==, 576);
    g_assert_cmpuint(r.ecx, ==, 2696); /* with PKRU */
    g_assert_cmphex(cpuid_query(f->cpu, 0xd, 1).eax, ==, 15);
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 2).eax, ==, avx ? 256 : 0);
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 2).ebx, ==, avx ? 576 : 0);
    if (avx) {
        f->cpu->xcr0 = 7;
        g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 0).ebx, ==, 832);
        g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 1).ebx, ==, 832);
    }
}

static int xsetbv(Fixture *f, uint64_t value)
{
    int vector;

    f->cpu->gpr[R_RCX] = 0;
    f->cpu->gpr[R_RAX] = (uint32_t)value;
    f->cpu->gpr[R_RDX] = value >> 32;
    vector = RAISED(f, sys_xsetbv(f->cpu));
    return vector;
}

/* XCR0 (SDM vol. 3, 2.6). */
static void test_xsetbv(Fixture *f, const void *unused)
{
    g_assert_cmpint(xsetbv(f, 1), ==, EXCP_UD);
    f->cpu->cr4 |= CR4_OSXSAVE;
    g_assert_cmpint(xsetbv(f, 0), ==, EXCP_GP);
    g_assert_cmpint(xsetbv(f, 1), ==, -1);
    g_assert_cmpint(xsetbv(f, 2), ==, EXCP_GP);
    g_assert_cmpint(xsetbv(f, 5), ==, EXCP_GP); /* AVX without SSE */
    g_assert_cmpint(xsetbv(f, 0xb), ==, EXCP_GP);
    g_assert_cmpint(xsetbv(f, 1ull << 63 | 3), ==, EXCP_GP);
    g_assert_cmpint(xsetbv(f, 3), ==, -1);
    g_assert_cmphex(f->cpu->xcr0, ==, 3);
    if (cpu_model_has(f->cpu->cfg.model, FEAT_AVX)) {
        f->cpu->cr0 |= CR0_PE;
        g_assert_cmpint(xsetbv(f, 7), ==, -1);
        g_assert_cmphex(f->cpu->mode & CPU_MODE_AVX, !=, 0);
        g_assert_cmpint(xsetbv(f, 3), ==, -1);
        g_assert_cmphex(f->cpu->mode & CPU_MODE_AVX, ==, 0);
    }
}

static void test_leaves(Fixture *f, const void *unused)
{
    CpuidResult r = cpuid_query(f->cpu, 0, 0);

    g_assert_cmphex(r.ebx, ==, 0x756e6547); /* "Genu" */
    g_assert_cmphex(r.edx, ==, 0x49656e69);
    g_assert_cmphex(r.ecx, ==, 0x6c65746e);
    r = cpuid_query(f->cpu, 1, 0);
    g_assert_cmphex(r.ebx >> 24, ==, 1);
    g_assert_cmpuint((r.ebx >> 16) & 0xff, ==, 4);
    g_assert_cmphex(r.ecx & (1u << 27), ==, 0); /* OSXSAVE follows CR4 */
    f->cpu->cr4 |= CR4_OSXSAVE;
    g_assert_cmphex(cpuid_query(f->cpu, 1, 0).ecx & (1u << 27), !=, 0);
    r = cpuid_query(f->cpu, 0xb, 0);
    g_assert_cmpuint(r.eax, ==, 1);
    g_assert_cmpuint(r.ebx, ==, 2);
    r = cpuid_query(f->cpu, 0xb, 1);
    g_assert_cmpuint(r.eax, ==, 2);
    g_assert_cmpuint(r.ebx, ==, 4);
    g_assert_cmpuint(r.edx, ==, 1);
    r = cpuid_query(f->cpu, 0x15, 0);
    g_assert_cmpuint((uint64_t)r.ecx * r.ebx / r.eax, ==, CPU_TSC_HZ);
    test_xsave_leaves(f);
    g_assert_cmpuint(cpuid_query(f->cpu, 0x80000008u, 0).eax & 0xff, ==, CPU_PHYS_BITS);
}

static void test_cr_rules(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 0, CR0_PG)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 0, CR0_PE | CR0_NW)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 4, CR4_LA57)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 4, CR4_PCIDE)), ==, EXCP_GP);
    cpu->efer = EFER_LME;
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 0, CR0_PE | CR0_PG)), ==, EXCP_GP); /* no PAE */
    sys_write_cr(cpu, 4, CR4_PAE);
    sys_write_cr(cpu, 0, CR0_PE | CR0_PG);
    g_assert_cmphex(cpu->efer, ==, EFER_LME | EFER_LMA);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 4, 0)), ==, EXCP_GP);
    cpu->gpr[R_RCX] = 0xc0000080u;
    cpu->gpr[R_RAX] = cpu->gpr[R_RDX] = 0;
    g_assert_cmpint(RAISED(f, sys_wrmsr(cpu)), ==, EXCP_GP);
    sys_write_cr(cpu, 4, CR4_PAE | CR4_PCIDE);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 0, CR0_PE)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 8, 16)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_read_cr(cpu, 5)), ==, EXCP_UD);
}

#define ADD(name_, fn_) g_test_add("/cpuid/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpuid/parse", test_parse);
    g_test_add_func("/cpuid/parse-errors", test_parse_errors);
    g_test_add_func("/cpuid/host-lacks", test_host_lacks);
    g_test_add_func("/cpuid/dependents", test_dependents);
    g_test_add_func("/cpuid/absent", test_absent);
    g_test_add_func("/cpuid/rows", test_rows);
    ADD("models", test_models);
    ADD("properties", test_properties);
    ADD("amd-leaves", test_amd_leaves);
    ADD("leaves", test_leaves);
    ADD("xsetbv", test_xsetbv);
    ADD("cr-rules", test_cr_rules);
    return g_test_run();
}
