/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two-operand arithmetic of op_alu.c and op_fuse.c: always inlined with constant kind and size.
 */
#ifndef TARGET_I386_ALU_H
#define TARGET_I386_ALU_H

#include "target/i386/decode.h"

static ALWAYS_INLINE bool alu_writes(int kind)
{
    return kind != ALU_CMP && kind != ALU_TEST;
}

/* `flags` false: nobody will read them. */
static ALWAYS_INLINE uint64_t alu_do(Cpu *cpu, int kind, int bits, uint64_t a, uint64_t b,
                                     bool flags)
{
    uint64_t r;
    bool carry;
    switch (kind) {
    case ALU_ADD:
        r = a + b;
        if (flags) {
            cc_set(cpu, CCK_ADD, bits, r, b);
        }
        return r;
    case ALU_ADC:
        carry = flags_cf(cpu);
        r = a + b + carry;
        if (flags) {
            cc_set(cpu, CCK_ADD, bits, r, b);
            cpu->cc_op = carry ? CC_OP(CCK_ADC, bits) : CC_OP(CCK_ADD, bits);
        }
        return r;
    case ALU_SUB:
    case ALU_CMP:
        r = a - b;
        if (flags) {
            cc_set(cpu, CCK_SUB, bits, r, b);
        }
        return r;
    case ALU_SBB:
        carry = flags_cf(cpu);
        r = a - b - carry;
        if (flags) {
            cc_set(cpu, CCK_SUB, bits, r, b);
            cpu->cc_op = carry ? CC_OP(CCK_SBB, bits) : CC_OP(CCK_SUB, bits);
        }
        return r;
    case ALU_AND:
    case ALU_TEST:
        r = a & b;
        break;
    case ALU_OR:
        r = a | b;
        break;
    default:
        r = a ^ b;
        break;
    }
    if (flags) {
        cc_set(cpu, CCK_LOGIC, bits, r, 0);
    }
    return r;
}

static ALWAYS_INLINE void alu_rr(Cpu *cpu, const Op *op, int kind, int bits, bool flags)
{
    uint64_t r =
        alu_do(cpu, kind, bits, reg_get(cpu, op->dst, bits), reg_get(cpu, op->src, bits), flags);
    if (alu_writes(kind)) {
        reg_set(cpu, op->dst, bits, r);
    }
}

static ALWAYS_INLINE void alu_ri(Cpu *cpu, const Op *op, int kind, int bits, bool flags)
{
    uint64_t r = alu_do(cpu, kind, bits, reg_get(cpu, op->dst, bits), (uint64_t)op->imm, flags);
    if (alu_writes(kind)) {
        reg_set(cpu, op->dst, bits, r);
    }
}

static ALWAYS_INLINE bool alu_rm(Cpu *cpu, const Op *op, int kind, int bits, int ea_kind, bool cold)
{
    uint64_t b, ea;
    if (!ea_try(cpu, op, ea_kind, bits, false, cold, &ea) || !mem_get(cpu, ea, bits, cold, &b)) {
        return false;
    }
    uint64_t r = alu_do(cpu, kind, bits, reg_get(cpu, op->dst, bits), b, true);
    if (alu_writes(kind)) {
        reg_set(cpu, op->dst, bits, r);
    }
    return true;
}

/* Memory is the first operand; the second is a register or the immediate. */
static ALWAYS_INLINE bool alu_mx(Cpu *cpu, const Op *op, int kind, int bits, int ea_kind, bool imm,
                                 bool cold)
{
    uint64_t ea, a, b = imm ? (uint64_t)op->imm : reg_get(cpu, op->src, bits);
    if (!ea_try(cpu, op, ea_kind, bits, alu_writes(kind), cold, &ea)) {
        return false;
    }
    if (!alu_writes(kind)) {
        if (!mem_get(cpu, ea, bits, cold, &a)) {
            return false;
        }
        alu_do(cpu, kind, bits, a, b, true);
        return true;
    }
    void *host = cold ? mem_rmw(cpu, ea, bits) : mem_hit(cpu, ea, bits);
    if (G_LIKELY(host != NULL)) {
        host_set(host, bits, alu_do(cpu, kind, bits, host_get(host, bits), b, true));
        return true;
    }
    if (!cold) {
        return false;
    }
    a = mem_load(cpu, ea, bits);
    mem_store(cpu, ea, bits, alu_do(cpu, kind, bits, a, b, true));
    return true;
}

#endif
