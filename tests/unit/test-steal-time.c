/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSR_KVM_STEAL_TIME (Linux, Documentation/virt/kvm/x86/msr.rst and cpuid.rst) on a vCPU whose
 * clock is on a scripted host, which stops it now and then.
 */
#include "code-fixture.h"

#define STEAL_MSR 0x4b564d03u
#define RECORD    0x200040u /* 64 bytes */
#define OTHER     0x200080u
#define NO_RAM    0x40000000u
#define LEAF_NAME 0x40000000u
#define LEAF_KVM  0x40000001u

typedef struct {
    Fixture f;
    int64_t now; /* the host's */
} Rig;

static int64_t rig_now(void *opaque)
{
    return ((Rig *)opaque)->now;
}

static HostUse rig_use(void *opaque)
{
    return (HostUse){0}; /* it tells nothing: what is beyond CLOCK_STALL_NS was withheld */
}

static void use_model(Rig *r, const char *text)
{
    g_autoptr(GError) error = NULL;
    CpuModel *model = cpu_model_parse(text, &error);

    g_assert_no_error(error);
    cpu_model_free(r->f.model);
    r->f.cpu->cfg.model = r->f.model = model;
}

static void rig_up(Rig *r, const void *unused)
{
    fixture_up(&r->f, NULL);
    clock_free(r->f.clock);
    r->now = NS_PER_SEC;
    r->f.clock = clock_new_on(&(ClockHost){.now = rig_now, .use = rig_use, .opaque = r});
    r->f.cpu->cfg.clock = r->f.clock;
    clock_start(r->f.clock);
    use_model(r, "max,kvm-steal-time=on");
}

static void rig_down(Rig *r, const void *unused)
{
    fixture_down(&r->f, NULL);
}

/* The host stops the emulator, and `ns` of that do not pass in the guest. */
static void stop_for(Rig *r, int64_t ns)
{
    r->now += CLOCK_STALL_NS + ns;
}

/* WRMSR by the guest: the exception, or -1. */
static int enable(Rig *r, uint64_t value)
{
    static const uint8_t code[] = {0x0f, 0x30, 0xf4}; /* wrmsr; hlt */

    load(&r->f, CODE, code, sizeof(code));
    r->f.cpu->gpr[R_RCX] = STEAL_MSR;
    r->f.cpu->gpr[R_RAX] = (uint32_t)value;
    r->f.cpu->gpr[R_RDX] = value >> 32;
    return run_on(&r->f);
}

static uint64_t read_msr(Rig *r)
{
    static const uint8_t code[] = {0x0f, 0x32, 0xf4}; /* rdmsr; hlt */

    r->f.cpu->rip = CODE;
    as_write(r->f.memory, CODE, code, sizeof(code));
    r->f.cpu->gpr[R_RCX] = STEAL_MSR;
    g_assert_cmpint(run_on(&r->f), ==, -1);
    return (uint32_t)r->f.cpu->gpr[R_RAX] | r->f.cpu->gpr[R_RDX] << 32;
}

/* A turn of a vCPU that has work, which it ends by HLT. */
static void turn(Rig *r)
{
    r->f.ram.host[CODE] = 0xf4;
    r->f.cpu->rip = CODE;
    g_assert_cmpint(run_on(&r->f), ==, -1);
}

static uint32_t version_at(Rig *r, uint64_t addr)
{
    return (uint32_t)get64(&r->f, addr + 8);
}

static void check_record(Rig *r, uint64_t addr, int64_t steal)
{
    g_assert_cmpint((int64_t)get64(&r->f, addr), ==, steal);
    g_assert_cmpuint(version_at(r, addr) & 1, ==, 0);
    g_assert_cmphex(get64(&r->f, addr + 8) >> 32, ==, 0); /* flags */
    for (unsigned at = 16; at < 64; at += 8) {
        g_assert_cmphex(get64(&r->f, addr + at), ==, 0);
    }
}

static void test_record(Rig *r, const void *unused)
{
    uint32_t version;

    stop_for(r, NS_PER_MS); /* before it was asked for */
    g_assert_cmpint(enable(r, RECORD | 1), ==, -1);
    g_assert_cmphex(read_msr(r), ==, RECORD | 1);
    check_record(r, RECORD, 0);
    version = version_at(r, RECORD);
    stop_for(r, 5 * NS_PER_MS);
    turn(r);
    check_record(r, RECORD, 5 * NS_PER_MS);
    g_assert_cmpuint(version_at(r, RECORD), !=, version);
    version = version_at(r, RECORD);
    r->now += CLOCK_STALL_NS / 2; /* not long enough to count */
    turn(r);
    check_record(r, RECORD, 5 * NS_PER_MS);
    g_assert_cmpuint(version_at(r, RECORD), ==, version);
    stop_for(r, 1);
    turn(r);
    check_record(r, RECORD, 5 * NS_PER_MS + 1);
    g_assert_cmpint(clock_withheld(r->f.clock), ==, 6 * NS_PER_MS + 1);
}

/* A record elsewhere starts with what is there; without the enable bit nothing is written. */
static void test_moved(Rig *r, const void *unused)
{
    g_assert_cmpint(enable(r, RECORD | 1), ==, -1);
    stop_for(r, 100);
    turn(r);
    put64(&r->f, OTHER, 1000);
    put64(&r->f, OTHER + 8, 7); /* whoever left it odd */
    g_assert_cmpint(enable(r, OTHER | 1), ==, -1);
    stop_for(r, 10);
    turn(r);
    check_record(r, RECORD, 100);
    check_record(r, OTHER, 1010);
    g_assert_cmpint(enable(r, OTHER), ==, -1);
    stop_for(r, 10);
    turn(r);
    check_record(r, OTHER, 1010);
    g_assert_cmpint(enable(r, OTHER | 1), ==, -1);
    cpu_reset(r->f.cpu);
    g_assert_cmphex(r->f.cpu->steal_time, ==, 0);
}

/* What the host withholds while a vCPU sleeps is not stolen from it. */
static void test_idle(Rig *r, const void *unused)
{
    g_assert_cmpint(enable(r, RECORD | 1), ==, -1);
    g_assert_true(r->f.cpu->halted);
    stop_for(r, 100); /* another vCPU's loss */
    cpu_run(r->f.cpu, 1000);
    check_record(r, RECORD, 0);
    stop_for(r, 100);
    turn(r);
    check_record(r, RECORD, 100);
    r->f.cpu->halted = false;
    r->f.cpu->wait_sipi = true;
    stop_for(r, 100);
    cpu_run(r->f.cpu, 1000);
    check_record(r, RECORD, 100);
}

static void test_reserved(Rig *r, const void *unused)
{
    for (unsigned bit = 1; bit < 6; bit++) {
        g_assert_cmpint(enable(r, RECORD | 1 | 1u << bit), ==, EXCP_GP);
    }
    g_assert_cmpint(enable(r, NO_RAM | 1), ==, -1);
    stop_for(r, 100);
    turn(r);
    g_assert_cmpint(enable(r, ~0x3full | 1), ==, -1); /* no memory has such addresses */
    stop_for(r, 100);
    turn(r);
    g_assert_cmpint(enable(r, (RAM_SIZE - 64) | 1), ==, -1);
    stop_for(r, 100);
    turn(r);
    check_record(r, RAM_SIZE - 64, 100);
}

/* Code that lies in a record is not run stale. */
static void test_code(Rig *r, const void *unused)
{
    static const uint8_t code[] = {0xb0, 1, 0xf4}; /* mov al, 1; hlt */

    as_write(r->f.memory, RECORD, code, sizeof(code));
    g_assert_cmpint(enable(r, RECORD | 1), ==, -1);
    for (unsigned i = 0; i < 3; i++) {
        r->f.cpu->rip = RECORD;
        g_assert_cmpint(run_on(&r->f), ==, -1);
        g_assert_cmphex(r->f.cpu->gpr[R_RAX] & 0xff, ==, 1);
    }
    stop_for(r, 0x200); /* mov al, 3 */
    r->f.cpu->rip = RECORD;
    g_assert_cmpint(run_on(&r->f), ==, -1);
    g_assert_cmphex(r->f.cpu->gpr[R_RAX] & 0xff, ==, 3);
}

static void check_name(Rig *r, const char name[12], uint32_t last)
{
    CpuidResult leaf = cpuid_query(r->f.cpu, LEAF_NAME, 0);
    uint32_t words[3] = {leaf.ebx, leaf.ecx, leaf.edx};

    g_assert_cmpmem(words, 12, name, 12);
    g_assert_cmphex(leaf.eax, ==, last);
}

static void test_cpuid(Rig *r, const void *unused)
{
    static const char *const without[] = {"max", "max,-kvm-steal-time", "max,kvm-steal-time=off",
                                          "qemu64", "EPYC"};

    check_name(r, "KVMKVMKVM\0\0", LEAF_KVM);
    g_assert_cmphex(cpuid_query(r->f.cpu, LEAF_KVM, 0).eax, ==, 1u << 5);
    use_model(r, "qemu64,+kvm-steal-time");
    check_name(r, "KVMKVMKVM\0\0", LEAF_KVM);
    use_model(r, "max,kvm_steal_time");
    check_name(r, "KVMKVMKVM\0\0", LEAF_KVM);
    for (size_t i = 0; i < G_N_ELEMENTS(without); i++) {
        use_model(r, without[i]);
        check_name(r, "SwitchyardTC", LEAF_NAME);
        g_assert_cmpint(enable(r, RECORD | 1), ==, EXCP_GP);
    }
    use_model(r, "max,+kvm-steal-time,-hypervisor");
    g_assert_cmphex(cpuid_query(r->f.cpu, LEAF_NAME, 0).eax, !=, LEAF_KVM);
}

static const VcpuReg *steal_register(void)
{
    const VcpuReg *reg;

    for (unsigned n = 0; (reg = cpu_reg(n)); n++) {
        if (strcmp(reg->name, "kvm_steal_time") == 0) {
            return reg;
        }
    }
    g_error("there is no such register");
}

/* A vCPU that is loaded goes on with its record; what was withheld of another's time is not its. */
static void test_loaded(Rig *r, const void *unused)
{
    const uint64_t value = RECORD | 0x3f;
    uint64_t held;

    g_assert_cmpint(enable(r, 0), ==, -1);
    stop_for(r, 1000);
    clock_now(r->f.clock);
    cpu_reg_set(r->f.cpu, steal_register(), &value);
    cpu_reg_get(r->f.cpu, steal_register(), &held);
    g_assert_cmphex(held, ==, RECORD | 1);
    g_assert_cmphex(read_msr(r), ==, RECORD | 1);
    stop_for(r, 10);
    turn(r);
    check_record(r, RECORD, 10);
}

#define ADD(name_, fn_) g_test_add("/steal-time/" name_, Rig, NULL, rig_up, fn_, rig_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("record", test_record);
    ADD("moved", test_moved);
    ADD("idle", test_idle);
    ADD("loaded", test_loaded);
    ADD("reserved", test_reserved);
    ADD("code", test_code);
    ADD("cpuid", test_cpuid);
    return g_test_run();
}
