/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RDMSR and WRMSR: which registers there are, what can be written, and what that does. */
#include "cpu-fixture.h"

static int rdmsr(Fixture *f, uint32_t msr, uint64_t *value)
{
    int vector;

    f->cpu->gpr[R_RCX] = msr;
    vector = RAISED(f, sys_rdmsr(f->cpu));
    *value = (uint32_t)f->cpu->gpr[R_RAX] | f->cpu->gpr[R_RDX] << 32;
    return vector;
}

static int wrmsr(Fixture *f, uint32_t msr, uint64_t value)
{
    f->cpu->gpr[R_RCX] = msr;
    f->cpu->gpr[R_RAX] = (uint32_t)value;
    f->cpu->gpr[R_RDX] = value >> 32;
    return RAISED(f, sys_wrmsr(f->cpu));
}

static void test_msrs(Fixture *f, const void *unused)
{
    uint64_t value;

    g_assert_cmpint(rdmsr(f, 0x12345, &value), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, 0xc0000080u, EFER_SCE | EFER_NXE | EFER_LME), ==, -1);
    g_assert_cmpint(wrmsr(f, 0xc0000080u, 1u << 9), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, 0xc0000082u, 1ull << 60), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, 0xc0000100u, 0xffff888000000000ull), ==, -1);
    g_assert_cmphex(f->cpu->seg[SEG_FS].base, ==, 0xffff888000000000ull);
    g_assert_cmpint(wrmsr(f, 0x277, 0x0007040600070405ull), ==, -1);
    g_assert_cmpint(wrmsr(f, 0x277, 2), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, 0x10, 5000), ==, -1);
    g_assert_cmpint(rdmsr(f, 0x3b, &value), ==, -1);
    g_assert_cmpuint(value, ==, 5000);
    clock_advance_to(f->clock, 700);
    g_assert_cmpint(rdmsr(f, 0x10, &value), ==, -1);
    g_assert_cmpuint(value, ==, 5700);
    for (uint32_t msr = 0; msr < 0x1000; msr++) { /* none may do worse than #GP */
        rdmsr(f, msr, &value);
        wrmsr(f, msr, UINT64_MAX);
    }
    f->cpu->cpl = 3;
    g_assert_cmpint(rdmsr(f, 0x10, &value), ==, EXCP_GP);
}

/* A kernel that reads "enhanced IBRS" switches it on in IA32_SPEC_CTRL, whatever the model. */
static void test_ibrs_promise(Fixture *f, const void *unused)
{
    static const char *const models[] = {"max", "qemu64", "base", "Nehalem", "max,-spec-ctrl"};
    const CpuModel *own = f->cpu->cfg.model;

    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        uint64_t value = 0;
        CpuModel *model = cpu_model_parse(models[i], NULL);
        f->cpu->cfg.model = model;
        bool promised = rdmsr(f, 0x10a, &value) == -1 && (value & 2);
        g_assert_cmpint(promised, ==, cpu_model_has(model, FEAT_SPEC_CTRL));
        g_assert_cmpint(wrmsr(f, 0x48, 1), ==, promised ? -1 : EXCP_GP);
        f->cpu->cfg.model = own;
        cpu_model_free(model);
    }
}

/* Values that are taken whole, taken in part, and refused. */
typedef struct {
    const char *model;
    uint32_t msr;
    uint64_t value, reads;
    int vector;
} WriteRow;

static void check_rows(Fixture *f, const WriteRow *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const WriteRow *row = &rows[i];
        uint64_t value;
        fixture_use_model(f, row->model);
        cpu_reset(f->cpu);
        g_test_message("%s: msr %x := %" PRIx64, row->model, row->msr, row->value);
        g_assert_cmpint(wrmsr(f, row->msr, row->value), ==, row->vector);
        if (row->vector < 0) {
            g_assert_cmpint(rdmsr(f, row->msr, &value), ==, -1);
            g_assert_cmphex(value, ==, row->reads);
        }
    }
}

static void test_misc_enable(Fixture *f, const void *unused)
{
    static const WriteRow rows[] = {
        {"max", 0x1a0, 0x400c50809, 0x400c51809, -1}, /* bits 7, 11 and 12 are read-only */
        {"max", 0x1a0, 0x1880, 0x1800, -1},
        {"max", 0x1a0, 1ull << 18, 1ull << 18 | 0x1800, -1},
        {"max", 0x1a0, 1ull << 23, 1ull << 23 | 0x1800, -1},
        {"max", 0x1a0, 1ull << 34, 1ull << 34 | 0x1800, -1},
        {"max,-nx", 0x1a0, 1ull << 34, 0, EXCP_GP},
        {"max", 0x1a0, 1ull << 1, 0, EXCP_GP},
        {"max", 0x1a0, 1ull << 13, 0, EXCP_GP},
        {"max", 0x1a0, 1ull << 17, 0, EXCP_GP},
        {"max", 0x1a0, 1ull << 63, 0, EXCP_GP},
        {"EPYC", 0x1a0, 0, 0, EXCP_GP},
    };

    check_rows(f, rows, G_N_ELEMENTS(rows));
}

/* CPUID and EFER follow the two bits that switch something off. */
static void test_misc_enable_effects(Fixture *f, const void *unused)
{
    const uint32_t nx = 1u << 20;

    g_assert_cmpuint(cpuid_query(f->cpu, 0, 0).eax, >, 2);
    g_assert_cmpint(wrmsr(f, 0x1a0, 1u << 22), ==, -1);
    g_assert_cmpuint(cpuid_query(f->cpu, 0, 0).eax, ==, 2);
    g_assert_cmphex(cpuid_query(f->cpu, 0x80000001u, 0).edx & nx, ==, nx);
    g_assert_cmpint(wrmsr(f, 0x1a0, 1ull << 34), ==, -1);
    g_assert_cmphex(cpuid_query(f->cpu, 0x80000001u, 0).edx & nx, ==, 0);
    g_assert_cmpint(wrmsr(f, 0xc0000080u, EFER_NXE), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, 0x1a0, 0), ==, -1);
    g_assert_cmpint(wrmsr(f, 0xc0000080u, EFER_NXE), ==, -1);
}

/* As many banks as MCG_CAP says; CTL takes all or nothing, the others are cleared. */
static void test_machine_check(Fixture *f, const void *unused)
{
    uint64_t banks, value;

    g_assert_cmpint(rdmsr(f, 0x179, &banks), ==, -1);
    banks &= 0xff;
    g_assert_cmpuint(banks, ==, 4);
    for (uint32_t n = 0; n < 32; n++) {
        uint32_t ctl = 0x400 + 4 * n;
        bool there = n < banks;
        for (uint32_t reg = 0; reg < 4; reg++) {
            g_assert_cmpint(rdmsr(f, ctl + reg, &value), ==, there ? -1 : EXCP_GP);
            g_assert_cmpint(wrmsr(f, ctl + reg, 0), ==, there ? -1 : EXCP_GP);
            g_assert_cmpint(wrmsr(f, ctl + reg, 1ull << 62), ==, EXCP_GP);
            g_assert_cmpint(wrmsr(f, ctl + reg, UINT64_MAX), ==, there && reg == 0 ? -1 : EXCP_GP);
        }
        if (there) {
            g_assert_cmpint(rdmsr(f, ctl, &value), ==, -1);
            g_assert_cmphex(value, ==, UINT64_MAX);
        }
    }
    /* AMD's HWCR opens the status registers. */
    fixture_use_model(f, "EPYC");
    g_assert_cmpint(wrmsr(f, 0x401, 1), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, 0xc0010015u, 1u << 18), ==, -1);
    g_assert_cmpint(wrmsr(f, 0x401, 1), ==, -1);
}

/* Registers that one maker has and the other has not. */
static void test_makers(Fixture *f, const void *unused)
{
    static const uint32_t intels[] = {0x17, 0x3a, 0xce, 0x198, 0x1a0};
    static const uint32_t amds[] = {0xc0010010u, 0xc0010015u, 0xc001001fu, 0xc0010055u,
                                    0xc0011029u};
    uint64_t value;

    for (unsigned amd = 0; amd < 2; amd++) {
        fixture_use_model(f, amd ? "EPYC" : "Haswell");
        for (size_t i = 0; i < G_N_ELEMENTS(intels); i++) {
            g_assert_cmpint(rdmsr(f, intels[i], &value), ==, amd ? EXCP_GP : -1);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(amds); i++) {
            g_assert_cmpint(rdmsr(f, amds[i], &value), ==, amd ? -1 : EXCP_GP);
        }
        g_assert_cmpint(wrmsr(f, 0x79, 0), ==, amd ? EXCP_GP : -1);
        g_assert_cmpint(wrmsr(f, 0xc0010020u, 0), ==, amd ? -1 : EXCP_GP);
    }
}

/* The ratios say at which rate the TSC counts. */
static void test_platform_info(Fixture *f, const void *unused)
{
    uint64_t value;

    fixture_use_model(f, "Haswell");
    g_assert_cmpint(rdmsr(f, 0xce, &value), ==, -1);
    g_assert_cmpuint((value >> 8 & 0xff) * 100000000, ==, CPU_TSC_HZ);
    g_assert_cmpuint(value >> 40 & 0xff, ==, value >> 8 & 0xff);
    g_assert_cmpint(wrmsr(f, 0xce, value), ==, EXCP_GP);
    fixture_use_model(f, "EPYC");
    g_assert_cmpint(rdmsr(f, 0xc0010015u, &value), ==, -1);
    g_assert_cmphex(value & 1u << 24, !=, 0); /* the TSC does not change its rate */
}

static void test_fmask(Fixture *f, const void *unused)
{
    const uint32_t fmask = 0xc0000084u;
    uint64_t value;

    g_assert_cmpint(wrmsr(f, fmask, UINT32_MAX), ==, -1);
    g_assert_cmpint(wrmsr(f, fmask, ~2ull), ==, EXCP_GP);
    g_assert_cmpint(rdmsr(f, fmask, &value), ==, -1);
    g_assert_cmphex(value, ==, UINT32_MAX);
    f->cpu->cfg.fmask_upper_ignored = true;
    g_assert_cmpint(wrmsr(f, fmask, ~2ull), ==, -1);
    g_assert_cmpint(rdmsr(f, fmask, &value), ==, -1);
    g_assert_cmphex(value, ==, UINT32_MAX - 2);
}

#define ADD(name_, fn_) g_test_add("/msr/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("msrs", test_msrs);
    ADD("ibrs-promise", test_ibrs_promise);
    ADD("misc-enable", test_misc_enable);
    ADD("misc-enable-effects", test_misc_enable_effects);
    ADD("machine-check", test_machine_check);
    ADD("makers", test_makers);
    ADD("platform-info", test_platform_info);
    ADD("fmask", test_fmask);
    return g_test_run();
}
