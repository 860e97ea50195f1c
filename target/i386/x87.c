/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 arithmetic, loads, stores and control (Intel SDM vol. 1, chapter 8).
 *
 * An instruction that touches the register stack runs on the host's own x87 with the guest's
 * registers, tags, control and status words loaded, so that rounding, condition codes, stack
 * faults and unmasked responses are the hardware's. The rest is plain data movement. FCS and FDS
 * are not kept. Environments are in x87_env.c, transcendental instructions, of which makers have
 * different results, in x87_trans.c.
 */
#include "target/i386/x87.h"

#include "target/i386/op.h"

/*
 * Every two-byte opcode D8..DF C0..FF, and every memory form on (%rdi), as a function. Which of
 * them a guest can reach is decided by the decoder.
 */
#define X87_ENTRY 4
__asm__(".pushsection .text\n.p2align 4\n"
        "x87_reg_entries:\n.set i, 0\n.rept 512\n"
        ".byte 0xd8 + (i >> 6), 0xc0 + (i & 63), 0xc3, 0x90\n.set i, i + 1\n.endr\n"
        "x87_mem_entries:\n.set i, 0\n.rept 64\n"
        ".byte 0xd8 + (i >> 3), ((i & 7) << 3) | 7, 0xc3, 0x90\n.set i, i + 1\n.endr\n"
        ".popsection\n");
extern const uint8_t x87_reg_entries[] __attribute__((visibility("hidden")));
extern const uint8_t x87_mem_entries[] __attribute__((visibility("hidden")));

/*
 * Runs `entry` with the state in the FXSAVE image and the given RFLAGS; its memory operand is
 * `mem`. Returns RFLAGS. The host's x87 is left as the C environment wants it, with no exception
 * pending.
 */
__asm__(".pushsection .text\n.p2align 4\nx87_host_call:\n"
        "push %rbx\n"
        "mov %rdi, %rax\n"
        "mov %rsi, %rbx\n"
        "mov %rdx, %rdi\n"
        "fxrstor64 (%rbx)\n"
        "push %rcx\n"
        "popfq\n"
        "call *%rax\n"
        "pushfq\n"
        "pop %rax\n"
        "fxsave64 (%rbx)\n"
        "fninit\n"
        "pop %rbx\n"
        "ret\n.popsection\n");
extern uint64_t x87_host_call(const void *entry, void *image, void *mem, uint64_t flags)
    __attribute__((visibility("hidden")));

/* FpuInsn.imm: what run_host() has to do. */
#define X87_USES_FLAGS (1u << 0) /* FCMOVcc, FCOMI and family */
#define X87_STORES     (1u << 1)

#define HOST_RFLAGS 0x202u

typedef struct {
    _Alignas(16) uint8_t bytes[512];
} HostImage;

static void x87_check(Cpu *cpu)
{
    if (G_UNLIKELY(cpu->cr0 & (CR0_EM | CR0_TS))) {
        sys_check_x87(cpu);
    }
}

void x87_check_waiting(Cpu *cpu)
{
    x87_check(cpu);
    fpu_check_pending(cpu);
}

static void image_load(HostImage *image, const FpuState *fpu)
{
    unsigned top = (fpu->fsw >> FSW_TOP_SHIFT) & 7;
    /* Exceptions of the past must not trap here when CR0.NE is clear. */
    uint16_t fsw = fpu->fsw & ~(FSW_EXCEPTIONS | FSW_SF | FSW_ES | FSW_B);
    uint32_t mxcsr = host_mxcsr_store();

    memset(image->bytes, 0, 32);
    memcpy(image->bytes, &fpu->fcw, 2);
    memcpy(image->bytes + 2, &fsw, 2);
    image->bytes[4] = fpu->ftw;
    memcpy(image->bytes + 24, &mxcsr, 4);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(image->bytes + 32 + 16 * i, &fpu->st[(top + i) & 7], 16);
    }
}

static uint16_t image_fsw(const HostImage *image)
{
    uint16_t fsw;

    memcpy(&fsw, image->bytes + 2, 2);
    return fsw;
}

static void image_store(const HostImage *image, FpuState *fpu)
{
    unsigned top;

    fpu->fsw = image_fsw(image) | (fpu->fsw & (FSW_EXCEPTIONS | FSW_SF));
    fpu->ftw = image->bytes[4];
    top = (fpu->fsw >> FSW_TOP_SHIFT) & 7;
    for (unsigned i = 0; i < 8; i++) {
        memcpy(&fpu->st[(top + i) & 7], image->bytes + 32 + 16 * i, 10);
    }
    fpu_update_summary(fpu);
}

/* An unmasked invalid, overflow or underflow exception leaves the memory operand alone (SDM vol. 1,
 * 8.5.1.2, 8.5.4, 8.5.5). */
#define FCW_STORE_MASKS 0x0019u

static bool store_suppressed(const FpuState *fpu, uint16_t fsw)
{
    return fsw & ~fpu->fcw & FCW_STORE_MASKS;
}

/* Where the instruction in execution begins. */
static uint64_t insn_pointer(const Cpu *cpu)
{
    const Op *op = cpu->op;

    return (cpu->rip + (op ? op->off : 0)) & cpu->rip_mask;
}

void x87_note_pointers(Cpu *cpu, const FpuInsn *insn, bool mem, uint64_t ea)
{
    cpu->fpu.fop = insn->fop;
    cpu->fpu.fip = insn_pointer(cpu);
    cpu->fpu.fdp = mem ? ea : cpu->fpu.fdp;
}

/* Of two faults in a store, Intel's has the x87's first: it stays pending, and the address is never
 * used. AMD's has the page fault. */
static bool store_raises_early(Cpu *cpu, const FpuInsn *insn, uint64_t offset)
{
    FpuState *fpu = &cpu->fpu;
    uint8_t buf[16] = {0};
    HostImage image;

    x87_check_waiting(cpu);
    if ((fpu->fcw & FCW_STORE_MASKS) == FCW_STORE_MASKS) {
        return false;
    }
    image_load(&image, fpu);
    x87_host_call(insn->impl, &image, buf, HOST_RFLAGS);
    if (!store_suppressed(fpu, image_fsw(&image))) {
        return false;
    }
    image_store(&image, fpu);
    x87_note_pointers(cpu, insn, true, offset);
    return true;
}

static void run_host(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    FpuState *fpu = &cpu->fpu;
    bool mem = insn->width, stores = insn->imm & X87_STORES;
    uint8_t buf[16] = {0};
    HostImage image;
    uint64_t flags = HOST_RFLAGS;

    x87_check_waiting(cpu);
    if (insn->width == 10) {
        mmu_check_alignment(cpu, ea, 8);
    }
    if (mem && !stores) {
        mmu_load_bytes(cpu, ea, buf, insn->width);
    } else if (mem) {
        mmu_probe_write(cpu, ea, insn->width);
    }
    if (insn->imm & X87_USES_FLAGS) {
        flags |= flags_arith(cpu);
    }
    image_load(&image, fpu);
    flags = x87_host_call(insn->impl, &image, buf, flags);
    if (stores && !store_suppressed(fpu, image_fsw(&image))) {
        mmu_store_bytes(cpu, ea, buf, insn->width);
    }
    if (insn->imm & X87_USES_FLAGS) {
        flags_set_arith(cpu, (uint32_t)flags);
    }
    image_store(&image, fpu);
    x87_note_pointers(cpu, insn, mem, ea);
}

static void run_nop(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check(cpu);
}

static void run_waiting_nop(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check_waiting(cpu);
}

/* FWAIT looks at MP and TS, not at EM. */
static void run_fwait(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
        cpu_raise(cpu, EXCP_NM);
    }
    fpu_check_pending(cpu);
}

static void run_fninit(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check(cpu);
    fpu_init_x87(&cpu->fpu);
}

static void run_fnclex(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check(cpu);
    cpu->fpu.fsw &= ~(FSW_EXCEPTIONS | FSW_SF | FSW_ES | FSW_B);
}

static void run_fldcw(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check_waiting(cpu);
    cpu->fpu.fcw = (mmu_load16(cpu, ea) & FCW_WRITABLE) | FCW_ALWAYS_SET;
    fpu_update_summary(&cpu->fpu);
}

static void run_fnstcw(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check(cpu);
    mmu_store16(cpu, ea, cpu->fpu.fcw);
}

static void run_fnstsw(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    x87_check(cpu);
    if (insn->width) {
        mmu_store16(cpu, ea, cpu->fpu.fsw);
    } else {
        cpu->gpr[R_RAX] = (cpu->gpr[R_RAX] & ~0xffffull) | cpu->fpu.fsw;
    }
}

typedef struct {
    uint16_t mnemonic;
    FpuHandler run;
} ControlRow;

static const ControlRow control_rows[] = {
    {ZYDIS_MNEMONIC_FWAIT, run_fwait},       {ZYDIS_MNEMONIC_FNOP, run_waiting_nop},
    {ZYDIS_MNEMONIC_FENI8087_NOP, run_nop},  {ZYDIS_MNEMONIC_FDISI8087_NOP, run_nop},
    {ZYDIS_MNEMONIC_FSETPM287_NOP, run_nop}, {ZYDIS_MNEMONIC_FNINIT, run_fninit},
    {ZYDIS_MNEMONIC_FNCLEX, run_fnclex},     {ZYDIS_MNEMONIC_FLDCW, run_fldcw},
    {ZYDIS_MNEMONIC_FNSTCW, run_fnstcw},     {ZYDIS_MNEMONIC_FNSTSW, run_fnstsw},
    {ZYDIS_MNEMONIC_FLDENV, x87_run_fldenv}, {ZYDIS_MNEMONIC_FNSTENV, x87_run_fnstenv},
    {ZYDIS_MNEMONIC_FRSTOR, x87_run_frstor}, {ZYDIS_MNEMONIC_FNSAVE, x87_run_fnsave},
};

static FpuHandler find_control(ZydisMnemonic mnemonic)
{
    for (size_t i = 0; i < G_N_ELEMENTS(control_rows); i++) {
        if (control_rows[i].mnemonic == mnemonic) {
            return control_rows[i].run;
        }
    }
    return NULL;
}

static bool uses_flags(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_FCMOVB:
    case ZYDIS_MNEMONIC_FCMOVBE:
    case ZYDIS_MNEMONIC_FCMOVE:
    case ZYDIS_MNEMONIC_FCMOVNB:
    case ZYDIS_MNEMONIC_FCMOVNBE:
    case ZYDIS_MNEMONIC_FCMOVNE:
    case ZYDIS_MNEMONIC_FCMOVNU:
    case ZYDIS_MNEMONIC_FCMOVU:
    case ZYDIS_MNEMONIC_FCOMI:
    case ZYDIS_MNEMONIC_FCOMIP:
    case ZYDIS_MNEMONIC_FUCOMI:
    case ZYDIS_MNEMONIC_FUCOMIP:
        return true;
    default:
        return false;
    }
}

bool x87_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    bool mem = zi->operand_count_visible && fpu_is_mem(&ops[0]);
    unsigned opcode = zi->opcode, modrm;

    out->run = find_control(zi->mnemonic);
    if (out->run) {
        out->opsize = zi->operand_width == 16 ? 2 : 4;
        out->width = mem ? out->width : 0;
        return true;
    }
    if ((opcode & 0xf8) != 0xd8 || zi->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) {
        return false;
    }
    opcode -= 0xd8;
    modrm = (unsigned)(zi->raw.modrm.mod << 6 | zi->raw.modrm.reg << 3 | zi->raw.modrm.rm);
    out->run = run_host;
    out->fop = (uint16_t)(opcode << 8 | modrm);
    out->imm = uses_flags(zi->mnemonic) ? X87_USES_FLAGS : 0;
    if (!mem && x87_find_trans(zi->mnemonic)) {
        out->run = x87_run_trans;
        out->impl = x87_find_trans(zi->mnemonic);
        out->width = 0;
        return true;
    }
    if (!mem) {
        out->impl = x87_reg_entries + X87_ENTRY * (opcode * 64 + (modrm & 63));
        out->width = 0;
        return true;
    }
    out->impl = x87_mem_entries + X87_ENTRY * (opcode * 8 + zi->raw.modrm.reg);
    if (ops[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) {
        out->imm |= X87_STORES;
        out->early = store_raises_early;
    }
    return true;
}
