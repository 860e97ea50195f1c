/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FSTENV, FLDENV, FSAVE and FRSTOR in their 16-bit and 32-bit, protected and real-mode formats
 * (Intel SDM vol. 1, figures 8-9 to 8-12).
 */
#include "target/i386/x87.h"

#define ENV_WORDS  7
#define STACK_SIZE 80
#define MAX_SIZE   (4 * ENV_WORDS + STACK_SIZE)

/* Tags of the full tag word. */
enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static unsigned tag_of(const FpuState *fpu, unsigned n)
{
    unsigned exponent = fpu->st[n].exponent & 0x7fff;
    uint64_t mantissa = fpu->st[n].mantissa;

    if (!(fpu->ftw >> n & 1)) {
        return TAG_EMPTY;
    }
    if (exponent == 0 && mantissa == 0) {
        return TAG_ZERO;
    }
    return exponent == 0 || exponent == 0x7fff || !(mantissa >> 63) ? TAG_SPECIAL : TAG_VALID;
}

uint16_t x87_full_tags(const FpuState *fpu)
{
    uint16_t word = 0;

    for (unsigned i = 0; i < 8; i++) {
        word |= (uint16_t)(tag_of(fpu, i) << (2 * i));
    }
    return word;
}

uint8_t x87_abridged_tags(uint16_t word)
{
    uint8_t tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        tags |= (uint8_t)(((word >> (2 * i) & 3) != TAG_EMPTY) << i);
    }
    return tags;
}

static bool real_format(const Cpu *cpu)
{
    return !(cpu->mode & CPU_MODE_PE) || (cpu->mode & CPU_MODE_VM);
}

/* The seven fields; bits above 15 are lost in 16-bit formats, where the layout differs only in
 * real mode. */
static void pack(const Cpu *cpu, unsigned opsize, uint32_t env[ENV_WORDS])
{
    const FpuState *fpu = &cpu->fpu;
    uint32_t ip = (uint32_t)fpu->fip, dp = (uint32_t)fpu->fdp;

    env[0] = fpu->fcw | 0xffff0000;
    env[1] = fpu->fsw | 0xffff0000;
    env[2] = x87_full_tags(fpu) | 0xffff0000;
    if (!real_format(cpu)) {
        env[3] = ip;
        env[4] = fpu->fcs | (uint32_t)fpu->fop << 16;
        env[5] = dp;
        env[6] = fpu->fds | 0xffff0000;
    } else if (opsize == 4) {
        env[3] = (ip & 0xffff) | 0xffff0000;
        env[4] = fpu->fop | (ip >> 16) << 12;
        env[5] = (dp & 0xffff) | 0xffff0000;
        env[6] = (dp >> 16) << 12;
    } else {
        env[3] = ip;
        env[4] = fpu->fop | (ip >> 16 & 15) << 12;
        env[5] = dp;
        env[6] = (dp >> 16 & 15) << 12;
    }
}

static void unpack(Cpu *cpu, unsigned opsize, const uint32_t env[ENV_WORDS])
{
    FpuState *fpu = &cpu->fpu;

    fpu->fcw = (env[0] & FCW_WRITABLE) | FCW_ALWAYS_SET;
    fpu->fsw = (uint16_t)env[1];
    fpu->ftw = x87_abridged_tags((uint16_t)env[2]);
    if (!real_format(cpu)) {
        fpu->fip = env[3];
        fpu->fcs = (uint16_t)env[4];
        fpu->fop = opsize == 4 ? env[4] >> 16 & 0x7ff : 0;
        fpu->fdp = env[5];
        fpu->fds = (uint16_t)env[6];
    } else {
        fpu->fip = (env[3] & 0xffff) | (env[4] >> 12 & 0xffff) << 16;
        fpu->fop = env[4] & 0x7ff;
        fpu->fdp = (env[5] & 0xffff) | (env[6] >> 12 & 0xffff) << 16;
        fpu->fcs = fpu->fds = 0;
    }
    fpu_update_summary(fpu);
}

static void put_env(const Cpu *cpu, unsigned opsize, uint8_t *buf)
{
    uint32_t env[ENV_WORDS];

    pack(cpu, opsize, env);
    for (unsigned i = 0; i < ENV_WORDS; i++) {
        bytes_store(buf + i * opsize, env[i], opsize);
    }
}

static void get_env(Cpu *cpu, unsigned opsize, const uint8_t *buf)
{
    uint32_t env[ENV_WORDS];

    for (unsigned i = 0; i < ENV_WORDS; i++) {
        env[i] = (uint32_t)bytes_load(buf + i * opsize, opsize);
    }
    unpack(cpu, opsize, env);
}

static void put_stack(const FpuState *fpu, uint8_t *buf)
{
    unsigned top = (fpu->fsw >> FSW_TOP_SHIFT) & 7;

    for (unsigned i = 0; i < 8; i++) {
        memcpy(buf + 10 * i, &fpu->st[(top + i) & 7], 10);
    }
}

static void get_stack(FpuState *fpu, const uint8_t *buf)
{
    unsigned top = (fpu->fsw >> FSW_TOP_SHIFT) & 7;

    for (unsigned i = 0; i < 8; i++) {
        memcpy(&fpu->st[(top + i) & 7], buf + 10 * i, 10);
    }
}

/* In pieces that mmu_load_bytes() and mmu_store_bytes() take. */
static void x87_env_load(Cpu *cpu, unsigned unit, uint64_t addr, uint8_t *buf, unsigned size)
{
    mmu_check_alignment(cpu, addr, unit);
    for (unsigned done = 0; done < size; done += 16) {
        mmu_load_bytes(cpu, addr + done, buf + done, MIN(16, size - done));
    }
}

static void store(Cpu *cpu, unsigned unit, uint64_t addr, const uint8_t *buf, unsigned size)
{
    mmu_check_alignment(cpu, addr, unit);
    mmu_probe_write(cpu, addr, size);
    for (unsigned done = 0; done < size; done += 16) {
        mmu_store_bytes(cpu, addr + done, buf + done, MIN(16, size - done));
    }
}

static void x87_env_check(Cpu *cpu)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS)) {
        sys_check_x87(cpu);
    }
}

void x87_run_fldenv(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t buf[MAX_SIZE];

    x87_env_check(cpu);
    fpu_check_pending(cpu);
    x87_env_load(cpu, insn->opsize, ea, buf, ENV_WORDS * insn->opsize);
    get_env(cpu, insn->opsize, buf);
}

void x87_run_fnstenv(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t buf[MAX_SIZE];

    x87_env_check(cpu);
    put_env(cpu, insn->opsize, buf);
    store(cpu, insn->opsize, ea, buf, ENV_WORDS * insn->opsize);
    cpu->fpu.fcw |= FSW_EXCEPTIONS;
    fpu_update_summary(&cpu->fpu);
}

void x87_run_frstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t buf[MAX_SIZE];
    unsigned env = ENV_WORDS * insn->opsize;

    x87_env_check(cpu);
    fpu_check_pending(cpu);
    x87_env_load(cpu, insn->opsize, ea, buf, env + STACK_SIZE);
    get_env(cpu, insn->opsize, buf);
    get_stack(&cpu->fpu, buf + env);
}

void x87_run_fnsave(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t buf[MAX_SIZE];
    unsigned env = ENV_WORDS * insn->opsize;

    x87_env_check(cpu);
    put_env(cpu, insn->opsize, buf);
    put_stack(&cpu->fpu, buf + env);
    store(cpu, insn->opsize, ea, buf, env + STACK_SIZE);
    fpu_init_x87(&cpu->fpu);
}
