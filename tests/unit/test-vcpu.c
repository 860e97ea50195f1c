/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translator's vCPUs by their ops (include/machine/vcpu.h), on a q35 machine. */
#include "vcpu-fixture.h"

#define GDT     0x1000u
#define IDT     0x2000u
#define TABLES  0x4000u /* PML4, PDPT, PD, PT */
#define FAULT   0x9000u /* a handler: HLT */
#define CODE    0x10000u
#define DATA    0x20000u
#define STACK   0x30000u
#define SLOT    0x200000u /* 4 KiB pages from here for 2 MiB */
#define DEVICE  0xf0000000u
#define FOREVER 1000000000ull

static void put64(Rig *r, uint64_t addr, uint64_t value)
{
    as_store(r->platform.memory, addr, value, 8);
}

static uint64_t get64(Rig *r, uint64_t addr)
{
    return as_load(r->platform.memory, addr, 8, NULL);
}

static const VcpuReg *find(const Vcpu *v, const char *name)
{
    const VcpuReg *reg = vcpu_find_reg(v, name);
    if (!reg) {
        g_error("no register '%s'", name);
    }
    return reg;
}

static void set(Vcpu *v, const char *name, uint64_t value)
{
    const VcpuReg *reg = find(v, name);
    g_assert_cmpuint(reg->size, <=, 8);
    v->ops->reg_set(v, reg, &value);
}

static uint64_t get(const Vcpu *v, const char *name)
{
    uint64_t value[2] = {0};
    v->ops->reg_get(v, find(v, name), value);
    return value[0];
}

/* Tables that map the first 2 MiB, and from SLOT on what a test puts there; exceptions halt. */
static void set_up_memory(Rig *r)
{
    static const uint8_t hlt = 0xf4;
    put64(r, GDT + 8, 0x00af9b000000ffffull);
    put64(r, GDT + 16, 0x00cf93000000ffffull);
    put64(r, TABLES, (TABLES + 0x1000) | 3);
    put64(r, TABLES + 0x1000, (TABLES + 0x2000) | 3);
    put64(r, TABLES + 0x1000 + 8 * 3, 0xc0000000u | 0x83); /* devices */
    put64(r, TABLES + 0x2000, 0x83);
    put64(r, TABLES + 0x2000 + 8, (TABLES + 0x3000) | 3);
    as_write(r->platform.memory, FAULT, &hlt, 1);
    for (unsigned vector = 0; vector < 32; vector++) {
        put64(r, IDT + 16 * vector, 0x8ull << 16 | 0x8e00ull << 32 | FAULT);
        put64(r, IDT + 16 * vector + 8, 0);
    }
}

static void start(Rig *r, Vcpu *v, const void *code, size_t len)
{
    const CpuBoot boot = {.mode = CPU_BOOT_LONG64,
                          .rip = CODE,
                          .rsp = STACK,
                          .cs = 8,
                          .ds = 16,
                          .cr3 = TABLES,
                          .gdt_base = GDT,
                          .gdt_limit = 23};
    as_write(r->platform.memory, CODE, code, len);
    v->ops->boot(v, &boot);
    set(v, "cr4", 0x620); /* PAE, OSFXSR, OSXMMEXCPT */
    set(v, "idtr_base", IDT);
    set(v, "idtr_limit", 0xfff);
    set(v, "halted", 0);
}

/* Code as the assembler makes it, between `name` and `name_end`. */
#define GUEST_CODE(name_, text_)                                                                   \
    extern const uint8_t name_[], name_##_end[];                                                   \
    __asm__(".pushsection .rodata\n.globl " #name_ ", " #name_ "_end\n" #name_ ":\n" text_         \
            "\n" #name_ "_end:\n.popsection\n")
#define START(r_, v_, name_) start(r_, v_, name_, (size_t)(name_##_end - name_))

/* --- registers --- */

/* FTAG follows from what is in the stack. */
static bool is_derived(const VcpuReg *reg)
{
    return strcmp(reg->name, "ftag") == 0;
}

typedef struct {
    uint8_t bytes[VCPU_REG_BYTES];
} Value;

static Value filled(uint8_t byte)
{
    Value v;
    memset(v.bytes, byte, sizeof(v.bytes));
    return v;
}

static Value random_value(void)
{
    Value v;
    for (unsigned i = 0; i < sizeof(v.bytes); i++) {
        v.bytes[i] = (uint8_t)g_test_rand_int();
    }
    return v;
}

static Value reg_get(const Vcpu *v, const VcpuReg *reg)
{
    Value value = filled(0xee);
    v->ops->reg_get(v, reg, value.bytes);
    for (unsigned i = reg->size; i < sizeof(value.bytes); i++) {
        g_assert_cmphex(value.bytes[i], ==, 0xee); /* no more than its size */
    }
    return value;
}

/* What a register that goes from `low` to `high` when all bits are set makes of `value`. */
static void assert_holds(const VcpuReg *reg, Value is, Value value, Value low, Value high)
{
    for (unsigned i = 0; i < reg->size; i++) {
        uint8_t held = low.bytes[i] ^ high.bytes[i];
        g_test_message("%s byte %u", reg->name, i);
        g_assert_cmphex(is.bytes[i], ==, (value.bytes[i] & held) | (low.bytes[i] & ~held));
    }
}

static void limits(Vcpu *v, const VcpuReg *reg, Value *low, Value *high)
{
    v->ops->reg_set(v, reg, filled(0xff).bytes);
    *high = reg_get(v, reg);
    v->ops->reg_set(v, reg, filled(0).bytes);
    *low = reg_get(v, reg);
}

static void test_registers_hold(void)
{
    Rig r;
    const VcpuReg *reg;
    rig_up(&r, &tcg_accel, 1);
    Vcpu *v = r.machine->cpus[0];
    for (unsigned n = 0; (reg = v->ops->reg(n)); n++) {
        Value old = reg_get(v, reg), low, high, value = random_value();
        g_assert_cmpuint(reg->size, <=, VCPU_REG_BYTES);
        limits(v, reg, &low, &high);
        if (!is_derived(reg)) {
            g_assert_cmpint(memcmp(low.bytes, high.bytes, reg->size), !=, 0);
            v->ops->reg_set(v, reg, value.bytes);
            assert_holds(reg, reg_get(v, reg), value, low, high);
        }
        v->ops->reg_set(v, reg, old.bytes);
        Value again = reg_get(v, reg);
        g_assert_cmpmem(again.bytes, reg->size, old.bytes, reg->size);
    }
    rig_down(&r);
}

/* All are set, in the table's order, and none has changed another. */
static void test_registers_apart(void)
{
    Rig r;
    const VcpuReg *reg;
    Value low[512], high[512], value[512];
    rig_up(&r, &tcg_accel, 1);
    Vcpu *v = r.machine->cpus[0];
    for (unsigned n = 0; (reg = v->ops->reg(n)); n++) {
        g_assert_cmpuint(n, <, G_N_ELEMENTS(value));
        limits(v, reg, &low[n], &high[n]);
        value[n] = random_value();
    }
    for (unsigned n = 0; (reg = v->ops->reg(n)); n++) {
        for (unsigned other = 0; other < n; other++) {
            g_assert_cmpstr(reg->name, !=, v->ops->reg(other)->name);
        }
        v->ops->reg_set(v, reg, value[n].bytes);
    }
    for (unsigned n = 0; (reg = v->ops->reg(n)); n++) {
        if (!is_derived(reg)) {
            assert_holds(reg, reg_get(v, reg), value[n], low[n], high[n]);
        }
    }
    machine_reset(r.machine);
    rig_down(&r);
}

/* DATA on: 16 general registers, flags, XMM3, CR2, ST(0), LSTAR, FS's base by a load through it. */
GUEST_CODE(store_all, "mov %rsp, 0x20020\n"
                      "mov $0x20080, %rsp\n"
                      "push %r15\npush %r14\npush %r13\npush %r12\npush %r11\npush %r10\n"
                      "push %r9\npush %r8\npush %rdi\npush %rsi\npush %rbp\nlea -8(%rsp), %rsp\n"
                      "push %rbx\npush %rdx\npush %rcx\npush %rax\n"
                      "mov $0x20088, %rsp\npushfq\n"
                      "movups %xmm3, 0x20090\n"
                      "mov %cr2, %rax\nmov %rax, 0x200a0\n"
                      "fstpt 0x200b0\n"
                      "mov $0xc0000082, %ecx\nrdmsr\nmov %eax, 0x200c0\nmov %edx, 0x200c4\n"
                      "mov %fs:8, %rax\nmov %rax, 0x200d0\n"
                      "hlt");

static const char *const gprs[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                     "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static void set_wide(Vcpu *v, const char *name, const void *value)
{
    v->ops->reg_set(v, find(v, name), value);
}

static void test_registers_count(void)
{
    static const uint8_t xmm[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const uint8_t third[10] = {0xab, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xfd, 0x3f};
    Rig r;
    uint8_t bytes[16];
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, store_all);
    for (unsigned i = 0; i < 16; i++) {
        set(v, gprs[i], 0x1111000011110000ull * (i + 1));
    }
    set(v, "eflags", 0x8d7);
    set(v, "cr2", 0xfedcba9876543210ull);
    set(v, "lstar", 0xffffffff81000000ull);
    set(v, "fs_base", DATA + 0x200);
    set(v, "fstat", 5 << 11);
    set(v, "ftag", 0xffff & ~(3u << 10));
    set_wide(v, "st0", third);
    set_wide(v, "xmm3", xmm);
    put64(&r, DATA + 0x208, 0x12345678);
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(get64(&r, DATA + 8 * i), ==, 0x1111000011110000ull * (i + 1));
    }
    g_assert_cmphex(get64(&r, DATA + 0x80) & 0xcd5, ==, 0x8d5 & 0xcd5);
    as_read(r.platform.memory, DATA + 0x90, bytes, 16);
    g_assert_cmpmem(bytes, 16, xmm, 16);
    g_assert_cmphex(get64(&r, DATA + 0xa0), ==, 0xfedcba9876543210ull);
    as_read(r.platform.memory, DATA + 0xb0, bytes, 10);
    g_assert_cmpmem(bytes, 10, third, 10);
    g_assert_cmphex(get64(&r, DATA + 0xc0), ==, 0xffffffff81000000ull);
    g_assert_cmphex(get64(&r, DATA + 0xd0), ==, 0x12345678);
    g_assert_cmphex(get(v, "rip"), ==, CODE + (uint64_t)(store_all_end - store_all));
    g_assert_cmphex(get(v, "fstat") >> 11 & 7, ==, 6);
    g_assert_cmphex(get(v, "ftag"), ==, 0xffff);
    g_assert_cmphex(get(v, "halted"), ==, 1);
    rig_down(&r);
}

GUEST_CODE(change_all, "mov $0x55, %eax\nxor %ecx, %ecx\nsub $1, %ecx\n"
                       "movd %eax, %xmm9\nfninit\nfld1\n"
                       "mov %rax, %cr2\nmov $0x174, %ecx\nxor %edx, %edx\nwrmsr\nhlt");

static void test_registers_follow(void)
{
    Rig r;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, change_all);
    uint64_t before = get(v, "instructions");
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    g_assert_cmphex(get(v, "rax"), ==, 0x55);
    g_assert_cmphex(get(v, "eflags") & 0x8d5, ==, 0x44); /* of the last XOR */
    g_assert_cmphex(get(v, "xmm9"), ==, 0x55);
    g_assert_cmphex(get(v, "st0"), ==, 1ull << 63);
    g_assert_cmphex(get(v, "ftag"), ==, 0x3fff);
    g_assert_cmphex(get(v, "cr2"), ==, 0x55);
    g_assert_cmphex(get(v, "sysenter_cs"), ==, 0x55);
    g_assert_cmpuint(get(v, "instructions") - before, ==, 11);
    g_assert_cmpuint(v->ops->instructions(v), ==, get(v, "instructions"));
    rig_down(&r);
}

/* --- addresses --- */

GUEST_CODE(load_rax, "mov (%rax), %rbx\nhlt");

/* What a load does at `linear` is what translate() says. */
static void check_address(Rig *r, Vcpu *v, uint64_t linear, uint64_t physical)
{
    uint64_t said = 0, mark = 0x5a5a000000000000ull | linear;
    g_assert_true(v->ops->translate(v, linear, &said) == (physical != UINT64_MAX));
    START(r, v, load_rax);
    set(v, "rax", linear);
    if (physical != UINT64_MAX) {
        g_assert_cmphex(said, ==, physical);
        put64(r, physical, mark);
    }
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    if (physical == UINT64_MAX) {
        g_assert_cmphex(get(v, "rip"), ==, FAULT + 1);
        g_assert_cmphex(get(v, "cr2"), ==, linear);
    } else {
        g_assert_cmphex(get(v, "rbx"), ==, mark);
    }
}

static void test_translate(void)
{
    const uint64_t pml4 = TABLES, pdpt = TABLES + 0x1000, pd = TABLES + 0x2000,
                   pt = TABLES + 0x3000;
    Rig r;
    uint64_t physical;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, load_rax);
    put64(&r, pt + 8 * 5, 0x123000 | 3);    /* a page */
    put64(&r, pt + 8 * 6, 0x124000 | 2);    /* not present */
    put64(&r, pt + 8 * 7, 0x125000 | 1);    /* read only */
    put64(&r, pt + 8 * 8, 1ull << 51 | 1);  /* a reserved bit */
    put64(&r, pd + 8 * 2, 0x600000 | 0x83); /* 2 MiB */
    put64(&r, pdpt + 8 * 1, 0 | 0x83);      /* 1 GiB */
    put64(&r, pml4 + 8 * 511, pdpt | 3);    /* all of it again, at the top */
    for (unsigned i = 5; i <= 8; i++) {
        uint64_t pte = get64(&r, pt + 8 * i);
        v->ops->translate(v, SLOT + 0x1000 * i, &physical);
        g_assert_cmphex(get64(&r, pt + 8 * i), ==, pte); /* nothing is marked accessed */
    }
    check_address(&r, v, SLOT + 0x5000, 0x123000);
    check_address(&r, v, SLOT + 0x5ff8, 0x123ff8);
    check_address(&r, v, SLOT + 0x6000, UINT64_MAX);
    check_address(&r, v, SLOT + 0x7010, 0x125010);
    check_address(&r, v, SLOT + 0x8000, UINT64_MAX);
    check_address(&r, v, SLOT + 0x9000, UINT64_MAX); /* zero */
    check_address(&r, v, 0x400008, 0x600008);
    check_address(&r, v, 0x5ffff8, 0x7ffff8);
    check_address(&r, v, 0x600000, UINT64_MAX);
    check_address(&r, v, 0x40000000u + 0x654320, 0x654320);
    check_address(&r, v, 0x80000000u, UINT64_MAX);
    check_address(&r, v, 0xffffff8000000000ull + SLOT + 0x5100, 0x123100);
    check_address(&r, v, 0xffffff0000000000ull, UINT64_MAX);
    g_assert_cmphex(get64(&r, pt + 8 * 5) & 0x20, ==, 0x20);     /* the loads did mark it */
    g_assert_false(v->ops->translate(v, 1ull << 47, &physical)); /* not canonical */
    /* Without paging, and with A20 held low. */
    v->ops->reset(v);
    g_assert_true(v->ops->translate(v, 0x123456, &physical));
    g_assert_cmphex(physical, ==, 0x123456);
    v->ops->set_a20(v, false);
    g_assert_true(v->ops->translate(v, 0x123456, &physical));
    g_assert_cmphex(physical, ==, 0x023456);
    rig_down(&r);
}

/* --- what others want of a vCPU --- */

typedef struct {
    Rig *rig;
    Vcpu *kicks;      /* or NULL */
    MemRegion *moves; /* over SLOT, or NULL */
    unsigned writes;
} TestDevice;

static uint64_t device_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0;
}

static void device_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    TestDevice *d = opaque;
    d->writes++;
    if (d->kicks) {
        d->kicks->ops->kick(d->kicks);
    }
    if (d->moves) {
        as_add(d->rig->platform.memory, d->moves, SLOT);
    }
}

static const MemOps device_ops = {.read = device_read, .write = device_write};

static void device_up(TestDevice *d, Rig *r, MemRegion *region)
{
    *d = (TestDevice){.rig = r};
    *region = (MemRegion){.name = "test",
                          .size = 0x1000,
                          .kind = MEM_IO,
                          .priority = 2,
                          .ops = &device_ops,
                          .opaque = d};
    as_add(r->platform.memory, region, DEVICE);
}

GUEST_CODE(poke_for_ever, "mov $0xf0000000, %eax\n1: mov %ecx, (%rax)\njmp 1b");
GUEST_CODE(spin, "1: jmp 1b");

static void test_kick(void)
{
    Rig r;
    TestDevice d;
    MemRegion region;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    device_up(&d, &r, &region);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, poke_for_ever);
    d.kicks = v;
    for (unsigned i = 1; i < 100; i++) {
        g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_RAN);
        g_assert_cmpuint(d.writes, ==, i);
    }
    START(&r, v, spin);
    uint64_t before = v->ops->instructions(v);
    v->ops->kick(v);
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_RAN);
    g_assert_cmpuint(v->ops->instructions(v), ==, before);
    g_assert_cmpint(v->ops->run(v, 1000), ==, CPU_RAN);
    g_assert_cmpuint(v->ops->instructions(v), ==, before + 1000);
    rig_down(&r);
}

GUEST_CODE(look, "mov 0x200000, %ebx\nhlt");
GUEST_CODE(look_move_look,
           "mov $0xf0000000, %eax\nmov 0x200000, %ebx\nmov %ecx, (%rax)\nmov 0x200000, %edx\nhlt");

/* A device moves memory: that holds for the next instruction of the vCPU that made it, and when
 * another goes on. */
static void test_map_changes(void)
{
    g_autoptr(GError) error = NULL;
    Rig r;
    TestDevice d;
    MemRegion region, over;
    rig_up(&r, &tcg_accel, 2);
    set_up_memory(&r);
    device_up(&d, &r, &region);
    put64(&r, TABLES + 0x3000, SLOT | 3);
    Vcpu *v = r.machine->cpus[0], *other = r.machine->cpus[1];
    put64(&r, SLOT, 1);
    START(&r, other, look);
    g_assert_cmpint(other->ops->run(other, FOREVER), ==, CPU_HALTED);
    g_assert_cmphex(get(other, "rbx"), ==, 1);
    g_assert_true(ram_init(&over, "over", 0x1000, &error));
    over.priority = 3;
    over.host[0] = 2;
    d.moves = &over;
    START(&r, v, look_move_look);
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    g_assert_cmphex(get(v, "rbx"), ==, 1);
    g_assert_cmphex(get(v, "rdx"), ==, 2);
    START(&r, other, look);
    g_assert_cmpint(other->ops->run(other, FOREVER), ==, CPU_HALTED);
    g_assert_cmphex(get(other, "rbx"), ==, 2);
    as_remove(r.platform.memory, &over);
    ram_free(&over);
    rig_down(&r);
}

GUEST_CODE(write_pages, "1: movl $0xf403c083, (%rsi)\nadd $0x1000, %rsi\ndec %ecx\njnz 1b\nhlt");
#define PAGES 200u /* more than are noted one by one */

static void run_pages(Rig *r, Vcpu *v, unsigned add)
{
    for (unsigned i = 0; i < PAGES; i++) {
        set(v, "rip", SLOT + 0x1000 * i);
        set(v, "rax", 0);
        set(v, "halted", 0);
        g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
        g_assert_cmphex(get(v, "rax"), ==, add);
    }
}

/* One vCPU has written to pages, so that it may without asking; another runs code there; the first
 * writes again. */
static void test_code_changes(void)
{
    Rig r;
    rig_up(&r, &tcg_accel, 2);
    set_up_memory(&r);
    for (unsigned i = 0; i < PAGES; i++) {
        put64(&r, TABLES + 0x3000 + 8 * i, (SLOT + 0x1000 * i) | 3);
    }
    Vcpu *writer = r.machine->cpus[0], *runner = r.machine->cpus[1];
    START(&r, runner, spin);
    START(&r, writer, write_pages);
    for (unsigned round = 0; round < 3; round++) {
        set(writer, "rip", CODE); /* and its TLB stays as it is */
        set(writer, "halted", 0);
        set(writer, "rsi", SLOT);
        set(writer, "rcx", PAGES);
        g_assert_cmpint(writer->ops->run(writer, FOREVER), ==, CPU_HALTED);
        run_pages(&r, runner, 3); /* add $3, %eax; hlt */
        for (unsigned i = 0; i < PAGES; i++) {
            as_store(r.platform.memory, SLOT + 0x1000 * i + 2, 4, 1);
        }
        run_pages(&r, runner, 4);
    }
    rig_down(&r);
}

/* --- breakpoints --- */

GUEST_CODE(count, "1: inc %ecx\nmov %ecx, 0x20000\nmov 0x20004, %edx\ncmp $3, %ecx\njne 1b\nhlt");
#define COUNT_STORE (CODE + 2)

static void test_breakpoints(void)
{
    const VcpuBreakpoint at = {VCPU_BREAK_CODE, COUNT_STORE, 1},
                         write = {VCPU_BREAK_WRITE, DATA + 2, 4},
                         access = {VCPU_BREAK_ACCESS, DATA + 4, 1},
                         empty = {VCPU_BREAK_WRITE, DATA, 0};
    Rig r;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    g_assert_false(v->ops->break_insert(v, &empty));
    g_assert_false(v->ops->break_remove(v, &at));
    START(&r, v, count);
    g_assert_true(v->ops->break_insert(v, &at));
    for (unsigned i = 1; i <= 3; i++) {
        g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_BREAK);
        g_assert_cmphex(get(v, "rip"), ==, COUNT_STORE);
        g_assert_cmpuint(get(v, "rcx"), ==, i);
        g_assert_cmpuint(get64(&r, DATA) & 0xff, ==, i - 1);
        g_assert_cmpmem(v->ops->break_hit(v), sizeof(at), &at, sizeof(at));
    }
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    g_assert_true(v->ops->break_remove(v, &at));

    START(&r, v, count);
    g_assert_true(v->ops->break_insert(v, &write));
    g_assert_true(v->ops->break_insert(v, &access));
    for (unsigned i = 1; i <= 3; i++) {
        g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_BREAK);
        g_assert_cmpuint(get64(&r, DATA) & 0xff, ==, i); /* after the instruction */
        g_assert_cmpint(v->ops->break_hit(v)->kind, ==, VCPU_BREAK_WRITE);
        g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_BREAK);
        g_assert_cmpint(v->ops->break_hit(v)->kind, ==, VCPU_BREAK_ACCESS);
    }
    g_assert_true(v->ops->break_remove(v, &write));
    g_assert_true(v->ops->break_remove(v, &access));
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    START(&r, v, count);
    g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_HALTED);
    rig_down(&r);
}

/* The machine stops where one is hit. */
/* Who is sent elsewhere while it stands at a breakpoint has not passed it when it comes back. */
static void test_breakpoint_left(void)
{
    enum { ELSEWHERE = 0xb000, JMP = 0xe9, JMP_BYTES = 5 };
    const VcpuBreakpoint at = {VCPU_BREAK_CODE, COUNT_STORE, 1};
    Rig r;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, count);
    put64(&r, ELSEWHERE, JMP | (uint64_t)(COUNT_STORE - ELSEWHERE - JMP_BYTES) << 8);
    g_assert_true(v->ops->break_insert(v, &at));
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(v->ops->run(v, FOREVER), ==, CPU_BREAK);
        g_assert_cmphex(get(v, "rip"), ==, COUNT_STORE);
        g_assert_cmpuint(get(v, "rcx"), ==, 1);
        set(v, "rip", ELSEWHERE);
    }
    rig_down(&r);
}

GUEST_CODE(call_often, "mov $0x11000, %eax\nmov $0x11008, %ebx\n1: call *%rax\ncall *%rbx\njmp 1b");
GUEST_CODE(called, "inc %ecx\nret\n.fill 5, 1, 0x90\ninc %ecx\nnop\ninc %edx\nret");

/* In the middle of a function that ran often before; another one in its page is called first. */
static void test_breakpoint_in_called(void)
{
    enum { CALLED = CODE + 0x1000, INC_EDX = CALLED + 11 };
    const VcpuBreakpoint at = {VCPU_BREAK_CODE, INC_EDX, 1};
    Rig r;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, call_often);
    as_write(r.platform.memory, CALLED, called, (size_t)(called_end - called));
    g_assert_cmpint(v->ops->run(v, 10000), ==, CPU_RAN);
    g_assert_true(v->ops->break_insert(v, &at));
    uint64_t edx = get(v, "rdx");
    for (unsigned i = 0; i < 5; i++) {
        g_assert_cmpint(v->ops->run(v, 10000), ==, CPU_BREAK);
        g_assert_cmphex(get(v, "rip"), ==, INC_EDX);
        g_assert_cmpuint(get(v, "rdx"), ==, edx + i);
    }
    g_assert_true(v->ops->break_remove(v, &at));
    g_assert_cmpint(v->ops->run(v, 10000), ==, CPU_RAN);
    rig_down(&r);
}

static void test_breakpoint_stops_machine(void)
{
    const VcpuBreakpoint at = {VCPU_BREAK_CODE, COUNT_STORE, 1};
    Rig r;
    rig_up(&r, &tcg_accel, 1);
    set_up_memory(&r);
    Vcpu *v = r.machine->cpus[0];
    START(&r, v, count);
    g_assert_true(v->ops->break_insert(v, &at));
    runstate_cont(r.rs);
    tcg_accel.run_slice(r.machine, r.machine->accel_state, INT64_MAX);
    g_assert_false(runstate_is_running(r.rs));
    g_assert_cmphex(get(v, "rip"), ==, COUNT_STORE);
    rig_down(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vcpu/registers/hold", test_registers_hold);
    g_test_add_func("/vcpu/registers/apart", test_registers_apart);
    g_test_add_func("/vcpu/registers/count", test_registers_count);
    g_test_add_func("/vcpu/registers/follow", test_registers_follow);
    g_test_add_func("/vcpu/translate", test_translate);
    g_test_add_func("/vcpu/kick", test_kick);
    g_test_add_func("/vcpu/map-changes", test_map_changes);
    g_test_add_func("/vcpu/code-changes", test_code_changes);
    g_test_add_func("/vcpu/breakpoints", test_breakpoints);
    g_test_add_func("/vcpu/breakpoint-in-called", test_breakpoint_in_called);
    g_test_add_func("/vcpu/breakpoint-left", test_breakpoint_left);
    g_test_add_func("/vcpu/breakpoint-stops-machine", test_breakpoint_stops_machine);
    return g_test_run();
}
