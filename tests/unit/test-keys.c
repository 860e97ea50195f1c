/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protection keys of users' pages and of the supervisor's: rights against a reference written from
 * the SDM (vol. 3, 4.6.2 and 4.7), what changes of PKRU and IA32_PKRS do to cached translations,
 * the instructions, and the XSAVE component.
 */
#include "cpu-fixture.h"
#include "cpuhost/vcpu.h"

#define PML4      0x1000u
#define PDPT      0x2000u
#define PD        0x3000u
#define PT        0x4000u
#define FRAME     0x200000u
#define VA        0x0000008040201000ull /* index 1 at each of the four levels */
#define P         1ull
#define W         2ull
#define U         4ull
#define KEY(k_)   ((uint64_t)(k_) << 59)
#define ERROR_PK  0x20u
#define MSR_PKRS  0x6e1u
#define PKRU_BYTE 2688u

static void map(Fixture *f, unsigned n, uint64_t bits)
{
    put64(f, PML4 + 8, PDPT | P | W | U);
    put64(f, PDPT + 8, PD | P | W | U);
    put64(f, PD + 8, PT | P | W | U);
    put64(f, PT + 8 + 8 * n, (FRAME + 0x1000 * n) | P | bits);
}

static void long_mode(Fixture *f, uint64_t cr4, bool wp, unsigned cpl)
{
    Cpu *cpu = f->cpu;

    cpu->cr0 = CR0_PE | CR0_PG | (wp ? CR0_WP : 0);
    cpu->cr4 = CR4_PAE | cr4;
    cpu->efer = EFER_LME | EFER_LMA | EFER_NXE;
    cpu->cpl = (uint8_t)cpl;
    mmu_set_cr3(cpu, PML4);
    mmu_flush_all(cpu);
    cpu_update_mode(cpu);
}

typedef struct {
    bool page_user, writable, wp, pke, pks, user;
    MmuAccess access;
    unsigned rights; /* of the page's key, AD and WD */
} Case;

/* Whether the key alone denies it: SDM 4.6.2, read line by line. */
static bool key_denies(const Case *c)
{
    bool applies = c->page_user ? c->pke : c->pks;
    bool ad = c->rights & 1, wd = c->rights & 2;

    if (!applies || c->access == MMU_EXEC) {
        return false;
    }
    return ad || (wd && c->access == MMU_WRITE && (c->user || c->wp));
}

static bool table_denies(const Case *c)
{
    if (c->user && !c->page_user) {
        return true;
    }
    return c->access == MMU_WRITE && !c->writable && (c->user || c->wp);
}

static void check(Fixture *f, const Case *c)
{
    const unsigned key = 5;
    uint32_t error = 1u | (c->access == MMU_WRITE ? 2u : 0) | (c->user ? 4u : 0) |
                     (c->access == MMU_EXEC ? 16u : 0);
    bool denied = key_denies(c);
    /* every other key denies all: none of them counts */
    uint64_t all = (0x55555555ull & ~(3ull << (2 * key))) | (uint64_t)c->rights << (2 * key);

    map(f, 0, (c->writable ? W : 0) | (c->page_user ? U : 0) | KEY(key));
    f->cpu->pkru = c->page_user ? all : 0x55555555;
    f->cpu->pkrs = c->page_user ? 0x55555555 : all;
    long_mode(f, (c->pke ? CR4_PKE : 0) | (c->pks ? CR4_PKS : 0), c->wp, c->user ? 3 : 0);
    if (denied || table_denies(c)) {
        g_assert_cmpint(touch(f, VA, c->access), ==, EXCP_PF);
        g_assert_cmphex(f->cpu->excp.error, ==, error | (denied ? ERROR_PK : 0));
    } else {
        g_assert_cmpint(touch(f, VA, c->access), ==, -1);
        g_assert_cmpint(touch(f, VA, c->access), ==, -1); /* now from the cache */
    }
}

static void test_rights(Fixture *f, const void *unused)
{
    for (unsigned bits = 0; bits < 256; bits++) {
        for (int access = MMU_READ; access <= MMU_EXEC; access++) {
            Case c = {bits & 1,  bits & 2,  bits & 4,          bits & 8,
                      bits & 16, bits & 32, (MmuAccess)access, bits >> 6};
            check(f, &c);
        }
    }
}

static bool is_cached(Fixture *f, uint64_t addr)
{
    return mmu_tlb_entry(f->cpu, addr, f->cpu->mmu_mode)->tag_read == (addr & ~0xfffull);
}

static void set_pkru(Fixture *f, uint32_t value)
{
    f->cpu->gpr[R_RAX] = value;
    f->cpu->gpr[R_RCX] = f->cpu->gpr[R_RDX] = 0;
    g_assert_cmpint(RAISED(f, sys_wrpkru(f->cpu)), ==, -1);
}

/* A change takes what is cached of its key, in every address space, and nothing else. */
static void test_cached(Fixture *f, const void *unused)
{
    const uint64_t other_space = 1;

    for (unsigned n = 0; n < 3; n++) {
        map(f, n, W | U | KEY(n));
    }
    long_mode(f, CR4_PKE | CR4_PCIDE, true, 3);
    for (unsigned n = 0; n < 3; n++) {
        g_assert_cmpint(touch(f, VA + 0x1000 * n, MMU_WRITE), ==, -1);
    }
    mmu_set_cr3(f->cpu, PML4 | other_space | 1ull << 63);
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_READ), ==, -1);
    set_pkru(f, 2u << 2); /* key 1: no writing */
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_READ), ==, -1);
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_WRITE), ==, EXCP_PF);
    mmu_set_cr3(f->cpu, PML4 | 1ull << 63);
    g_assert_true(is_cached(f, VA));
    g_assert_true(is_cached(f, VA + 0x2000));
    g_assert_false(is_cached(f, VA + 0x1000));
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_WRITE), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 0x27);
    set_pkru(f, 0);
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_WRITE), ==, -1);
    set_pkru(f, 1u << 2);
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_READ), ==, EXCP_PF);
    g_assert_cmpint(touch(f, VA + 0x1000, MMU_EXEC), ==, -1);
    /* tools see what is there */
    uint64_t paddr;
    g_assert_true(mmu_debug_translate(f->cpu, VA + 0x1000, &paddr));
    g_assert_cmphex(paddr, ==, FRAME + 0x1000);
}

/* What was pushed out of its place in the table is gone, too. */
static void test_victims(Fixture *f, const void *unused)
{
    const uint64_t far = (uint64_t)TLB_SIZE << 12; /* the same index */

    map(f, 0, W | U | KEY(3));
    put64(f, PD + 8 + 8 * (far >> 21), PT | P | W | U);
    long_mode(f, CR4_PKE, true, 3);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, -1);
    g_assert_cmpint(touch(f, VA + far, MMU_READ), ==, -1);
    g_assert_false(is_cached(f, VA));
    set_pkru(f, 1u << 6);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    g_assert_cmpint(touch(f, VA + far, MMU_READ), ==, EXCP_PF);
}

static int wrmsr(Fixture *f, uint32_t msr, uint64_t value)
{
    f->cpu->gpr[R_RCX] = msr;
    f->cpu->gpr[R_RAX] = (uint32_t)value;
    f->cpu->gpr[R_RDX] = value >> 32;
    return RAISED(f, sys_wrmsr(f->cpu));
}

static void test_pkrs(Fixture *f, const void *unused)
{
    map(f, 0, W | KEY(2));
    long_mode(f, CR4_PKS, true, 0);
    g_assert_cmpint(touch(f, VA, MMU_WRITE), ==, -1);
    g_assert_cmpint(wrmsr(f, MSR_PKRS, 1ull << 32), ==, EXCP_GP);
    g_assert_cmpint(wrmsr(f, MSR_PKRS, 1u << 4), ==, -1);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 0x21);
    g_assert_cmpint(RAISED(f, mmu_load_system(f->cpu, VA, 8)), ==, EXCP_PF); /* implicit ones too */
    g_assert_cmpint(wrmsr(f, MSR_PKRS, 0), ==, -1);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, -1);
    fixture_use_model(f, "max,-pks");
    g_assert_cmpint(wrmsr(f, MSR_PKRS, 0), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_write_cr(f->cpu, 4, CR4_PAE | CR4_PKS)), ==, EXCP_GP);
}

/* CR4.PKE as a whole: the cache forgets, CPUID tells, the instructions are there. */
static void test_control(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    map(f, 0, W | U | KEY(1));
    long_mode(f, 0, true, 0);
    cpu->pkru = 1u << 2;
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, -1);
    g_assert_cmphex(cpuid_query(cpu, 7, 0).ecx & (1u << 3 | 1u << 4), ==, 1u << 3);
    g_assert_cmpint(RAISED(f, sys_rdpkru(cpu)), ==, EXCP_UD);
    g_assert_cmpint(RAISED(f, sys_wrpkru(cpu)), ==, EXCP_UD);
    sys_write_cr(cpu, 4, CR4_PAE | CR4_PKE);
    g_assert_cmphex(cpuid_query(cpu, 7, 0).ecx & (1u << 3 | 1u << 4), ==, 1u << 3 | 1u << 4);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    cpu->gpr[R_RCX] = 1ull << 32; /* ECX counts */
    cpu->gpr[R_RAX] = cpu->gpr[R_RDX] = UINT64_MAX;
    g_assert_cmpint(RAISED(f, sys_rdpkru(cpu)), ==, -1);
    g_assert_cmphex(cpu->gpr[R_RAX], ==, 1u << 2);
    g_assert_cmphex(cpu->gpr[R_RDX], ==, 0);
    cpu->gpr[R_RCX] = 1;
    g_assert_cmpint(RAISED(f, sys_rdpkru(cpu)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, sys_wrpkru(cpu)), ==, EXCP_GP);
    cpu->gpr[R_RCX] = 0;
    cpu->gpr[R_RDX] = 1;
    g_assert_cmpint(RAISED(f, sys_wrpkru(cpu)), ==, EXCP_GP);
    sys_write_cr(cpu, 4, CR4_PAE);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, -1);
    fixture_use_model(f, "max,-pku");
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 4, CR4_PAE | CR4_PKE)), ==, EXCP_GP);
    g_assert_cmphex(cpu_model_xcr0(f->model) & 1u << 9, ==, 0);
}

/* Without long mode the bits of a key are reserved in PAE's entries, and no keys. */
static void test_pae(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    cpu->cr0 = CR0_PE | CR0_PG;
    cpu->cr4 = CR4_PAE | CR4_PKE;
    cpu->pkru = 0x55555555;
    put64(f, PDPT, PD | P);
    put64(f, PD + 8, PT | P | W | U);
    put64(f, PT + 8, FRAME | P | W | U);
    g_assert_true(mmu_load_pdptes(cpu, PDPT));
    mmu_set_cr3(cpu, PDPT);
    mmu_flush_all(cpu);
    cpu_update_mode(cpu);
    g_assert_cmpint(touch(f, 0x201000, MMU_WRITE), ==, -1);
}

static void test_leaves(Fixture *f, const void *unused)
{
    const uint32_t pkru = 1u << 9;

    fixture_use_model(f, "max,-avx");
    f->cpu->xcr0 = 3 | pkru;
    g_assert_cmphex(cpuid_query(f->cpu, 0xd, 0).eax, ==, 3 | pkru);
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 0).ebx, ==, 2696);
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 1).ebx, ==, 576 + 8);
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 9).eax, ==, 8);
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 9).ebx, ==, PKRU_BYTE);
    fixture_use_model(f, "max,-pku");
    g_assert_cmpuint(cpuid_query(f->cpu, 0xd, 9).eax, ==, 0);
}

/* User code with keys on; the byte offset of PKRU in the area at rbx. */
static void run_saves(BareVcpu *v, const uint8_t *code, unsigned length, unsigned offset,
                      uint32_t rfbm)
{
    g_autofree Sequence *seq = g_new0(Sequence, 1);
    Cpu *cpu = vcpu_cpu(v);
    VcpuMemory parts[VCPU_MEMORY_PARTS];
    Outcome out;
    uint64_t stored;

    seq->bits = 64;
    memset(seq->code, 0xcc, sizeof(seq->code));
    memcpy(seq->code, code, length);
    seq->start.rip = CODE_BASE;
    seq->start.rflags = 0x202;
    seq->start.gpr[R_RSP] = DATA_MIDDLE;
    seq->start.gpr[R_RBX] = DATA_BASE;
    seq->start.gpr[R_RBP] = rfbm;
    seq->start.gpr[R_RDI] = 0x12345674; /* PKRU; key 0 is allowed */
    seq->start.fx[0] = 0x7f, seq->start.fx[1] = 0x03;
    seq->start.fx[24] = 0x80, seq->start.fx[25] = 0x1f;
    vcpu_load(v, seq, true, 0);
    cpu->cr4 |= CR4_PKE;
    cpu_update_mode(cpu);
    g_assert_cmpint(cpu_run(cpu, 1000), ==, CPU_HALTED);
    g_assert_true(vcpu_stopped(v, &out));
    g_assert_cmpint(out.vector, ==, EXCP_BP);
    vcpu_memory(v, parts);
    memcpy(&stored, parts[VCPU_DATA].bytes + offset, 8);
    g_assert_cmphex(stored, ==, 0x12345674);
    g_assert_cmphex(out.regs.gpr[R_RAX], ==, 0x12345674); /* restored */
    g_assert_cmphex(out.regs.gpr[R_RSI], ==, 0);          /* after initialisation */
    cpu->cr4 &= ~(uint64_t)CR4_PKE;
    cpu->pkru = 0;
}

#define WRPKRU_EDI  0x89, 0xf8, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xef
#define WRPKRU_ZERO 0x31, 0xc0, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xef
#define RDPKRU      0x31, 0xc9, 0x0f, 0x01, 0xee
#define MASK        0x89, 0xe8, 0x31, 0xd2                   /* mov eax, ebp; xor edx, edx */
#define FROM_HEADER 0xc7, 0x83, 0x00, 0x02, 0, 0, 0, 0, 0, 0 /* mov dword [rbx + 512], 0 */
/* Saves, clears, restores, reads; then restores from a header that says "initial", and reads. */
#define SAVES(...)                                                                                 \
    {                                                                                              \
        WRPKRU_EDI, MASK, __VA_ARGS__, WRPKRU_ZERO, MASK, 0x48, 0x0f, 0xae, 0x2b, RDPKRU, 0x89,    \
            0xc7, FROM_HEADER, MASK, 0x48, 0x0f, 0xae, 0x2b, RDPKRU, 0x89, 0xc6, 0x89, 0xf8        \
    }

/* The standard format and the compacted one, with and without what comes before PKRU there. */
static void test_xsave(void)
{
    static const uint8_t xsave[] = SAVES(0x48, 0x0f, 0xae, 0x23);
    static const uint8_t xsaveopt[] = SAVES(0x48, 0x0f, 0xae, 0x33);
    static const uint8_t xsavec[] = SAVES(0x48, 0x0f, 0xc7, 0x23);

    for (unsigned jit = 0; jit < 2; jit++) {
        BareVcpu *v = vcpu_new("max", jit, 0);
        bool avx = cpu_model_has(vcpu_cpu(v)->cfg.model, FEAT_AVX);
        run_saves(v, xsave, sizeof(xsave), PKRU_BYTE, 0x200);
        run_saves(v, xsave, sizeof(xsave), PKRU_BYTE, 0x207);
        run_saves(v, xsaveopt, sizeof(xsaveopt), PKRU_BYTE, 0x203);
        run_saves(v, xsavec, sizeof(xsavec), 576, 0x200);
        run_saves(v, xsavec, sizeof(xsavec), 576, 0x203);
        run_saves(v, xsavec, sizeof(xsavec), avx ? 832 : 576, 0x207);
        vcpu_free(v);
    }
}

/* User code that takes a page away from itself, on both tiers. */
static void test_code(void)
{
    /* mov [rbx], eax; wrpkru; mov [rbx], eax */
    static const uint8_t code[] = {0x89, 0x03, 0x0f, 0x01, 0xef, 0x89, 0x03};
    g_autofree Sequence *seq = g_new0(Sequence, 1);

    seq->bits = 64;
    memset(seq->code, 0xcc, sizeof(seq->code));
    memcpy(seq->code, code, sizeof(code));
    seq->start.rip = CODE_BASE;
    seq->start.gpr[R_RAX] = 3; /* all pages have key 0 here */
    seq->start.gpr[R_RBX] = DATA_BASE;
    for (unsigned jit = 0; jit < 2; jit++) {
        BareVcpu *v = vcpu_new("max", jit, 0);
        Outcome out;
        vcpu_load(v, seq, true, 0);
        vcpu_cpu(v)->cr4 |= CR4_PKE;
        cpu_update_mode(vcpu_cpu(v));
        g_assert_cmpint(cpu_run(vcpu_cpu(v), 1000), ==, CPU_HALTED);
        g_assert_true(vcpu_stopped(v, &out));
        g_assert_cmpint(out.vector, ==, EXCP_PF);
        g_assert_cmphex(out.regs.rip, ==, CODE_BASE + 5);
        g_assert_cmphex(out.fault, ==, DATA_BASE);
        vcpu_free(v);
    }
}

#define ADD(name_, fn_) g_test_add("/keys/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("rights", test_rights);
    ADD("cached", test_cached);
    ADD("victims", test_victims);
    ADD("pkrs", test_pkrs);
    ADD("control", test_control);
    ADD("pae", test_pae);
    ADD("leaves", test_leaves);
    g_test_add_func("/keys/xsave", test_xsave);
    g_test_add_func("/keys/code", test_code);
    return g_test_run();
}
