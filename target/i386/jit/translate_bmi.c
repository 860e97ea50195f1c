/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BMI1, BMI2 and LZCNT (Intel SDM vol. 2): the host's own instruction, if the host has it. Flags
 * are recorded as op_bmi.c does.
 *
 * Left out: 16-bit counts. ADCX and ADOX are in translate_adx.c.
 */
#include "target/i386/jit/translate.h"

enum { PP_NONE, PP_66, PP_F3, PP_F2 };
enum { MAP_0F = 1, MAP_0F38, MAP_0F3A };
typedef enum { NEEDS_BMI1, NEEDS_BMI2, NEEDS_LZCNT } Needs;
typedef enum {
    FLAGS_NONE,
    FLAGS_LOGIC, /* CF and OF clear, the rest by the result */
    FLAGS_CARRY, /* CF from the host, OF clear, the rest by the result */
    FLAGS_COUNT, /* CF and ZF from the host */
} Flags;

typedef struct {
    uint16_t mnemonic;
    uint8_t pp, map, opcode;
    uint8_t digit; /* in ModRM.reg, and VEX.vvvv is the destination; 0: none */
    Needs needs;
    Flags flags;
} Row;

static const Row rows[] = {
    {ZYDIS_MNEMONIC_ANDN, PP_NONE, MAP_0F38, 0xf2, 0, NEEDS_BMI1, FLAGS_LOGIC},
    {ZYDIS_MNEMONIC_BEXTR, PP_NONE, MAP_0F38, 0xf7, 0, NEEDS_BMI1, FLAGS_LOGIC},
    {ZYDIS_MNEMONIC_BLSR, PP_NONE, MAP_0F38, 0xf3, 1, NEEDS_BMI1, FLAGS_CARRY},
    {ZYDIS_MNEMONIC_BLSMSK, PP_NONE, MAP_0F38, 0xf3, 2, NEEDS_BMI1, FLAGS_CARRY},
    {ZYDIS_MNEMONIC_BLSI, PP_NONE, MAP_0F38, 0xf3, 3, NEEDS_BMI1, FLAGS_CARRY},
    {ZYDIS_MNEMONIC_BZHI, PP_NONE, MAP_0F38, 0xf5, 0, NEEDS_BMI2, FLAGS_CARRY},
    {ZYDIS_MNEMONIC_PDEP, PP_F2, MAP_0F38, 0xf5, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_PEXT, PP_F3, MAP_0F38, 0xf5, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_MULX, PP_F2, MAP_0F38, 0xf6, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_SHLX, PP_66, MAP_0F38, 0xf7, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_SHRX, PP_F2, MAP_0F38, 0xf7, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_SARX, PP_F3, MAP_0F38, 0xf7, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_RORX, PP_F2, MAP_0F3A, 0xf0, 0, NEEDS_BMI2, FLAGS_NONE},
    {ZYDIS_MNEMONIC_TZCNT, PP_F3, MAP_0F, 0xbc, 0, NEEDS_BMI1, FLAGS_COUNT},
    {ZYDIS_MNEMONIC_LZCNT, PP_F3, MAP_0F, 0xbd, 0, NEEDS_LZCNT, FLAGS_COUNT},
};

static bool bmi_host_has(Needs needs)
{
    switch (needs) {
    case NEEDS_BMI1:
        return __builtin_cpu_supports("bmi");
    case NEEDS_BMI2:
        return __builtin_cpu_supports("bmi2");
    default:
        return __builtin_cpu_supports("lzcnt");
    }
}

static const Row *bmi_find(const Op *op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].mnemonic == op->mnemonic) {
            return &rows[i];
        }
    }
    return NULL;
}

/* `rm` is a register, or with `mem` the address. */
static void bmi_encode(Emit *e, const Row *row, bool wide, int reg, int vvvv, int rm, bool mem)
{
    unsigned r = reg >= 8, b = rm >= 8;
    if (row->flags == FLAGS_COUNT) {
        emit8(e, 0xf3);
        emit8(e, 0x40 | (unsigned)wide << 3 | r << 2 | b);
        emit8(e, 0x0f);
    } else {
        emit8(e, 0xc4);
        emit8(e, (r ^ 1) << 7 | 1u << 6 | (b ^ 1) << 5 | row->map);
        emit8(e, (unsigned)wide << 7 | (~(unsigned)vvvv & 15) << 3 | row->pp);
    }
    emit8(e, row->opcode);
    emit8(e, (mem ? 0 : 0xc0u) | ((unsigned)reg & 7) << 3 | ((unsigned)rm & 7));
}

static void bmi_record(Tr *t, const Op *op, const Row *row, int result)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    tr_drop_late(t);
    if (flags_dead(op)) {
        return;
    }
    if (row->flags == FLAGS_LOGIC) {
        tr_flags(t, CCK_LOGIC, size, result, H_NONE, 0);
        return;
    }
    emit_setcc(e, 2, H_RCX);
    if (row->flags == FLAGS_CARRY) {
        emit_store(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
        tr_record(t, CCK_RES, size, result);
        return;
    }
    emit_setcc(e, 4, H_RDX);
    emit_shift_imm(e, 4, 2, H_RDX, 6);
    emit_alu_rr(e, ALU_OR, 2, H_RCX, H_RDX);
    emit_store(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
    emit_store_imm(e, 2, CC_FLAGS, H_CPU, CPU_OFF(cc_op));
    t->cc = CC_FLAGS;
}

static void tr_mulx(Tr *t, const Op *op, const Row *row, int rm, bool mem)
{
    Emit *e = &t->e;
    emit_mov(e, 3, H_RDX, tr_get(t, R_RDX * 8, H_RDX));
    int low = tr_dst(t, op->aux, H_RCX), high = tr_dst(t, op->dst, H_RAX);
    bmi_encode(e, row, op_size(op) == 3, high, low, rm, mem);
    tr_put(t, op->aux, low);
    tr_put(t, op->dst, high);
}

bool tr_bmi(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    const Row *row = bmi_find(op);
    bool mem = OP_FORM_KIND(op->form) == FORM_RM;
    int rm = H_RAX, vvvv = 0;
    if (!row || !bmi_host_has(row->needs) || op_size(op) < 2 || (mem && !tr_address_ok(op))) {
        return false;
    }
    if (mem) {
        tr_address(t, op);
        tr_tlb(t, op, op_size(op), false);
    } else {
        rm = tr_get(t, op->src, H_RCX);
    }
    if (row->mnemonic == ZYDIS_MNEMONIC_MULX) {
        tr_mulx(t, op, row, rm, mem);
        return true;
    }
    if (op->aux != OP_REG_ZERO) {
        vvvv = tr_get(t, op->aux, H_RDX);
    }
    if (row->flags != FLAGS_NONE) {
        tr_drop_late(t);
    }
    int dst = tr_dst(t, op->dst, H_RAX);
    if (row->digit) {
        bmi_encode(e, row, op_size(op) == 3, row->digit, dst, rm, mem);
    } else {
        bmi_encode(e, row, op_size(op) == 3, dst, vvvv, rm, mem);
    }
    if (row->mnemonic == ZYDIS_MNEMONIC_RORX) {
        emit8(e, (unsigned)op->imm & 0xff);
    }
    tr_put(t, op->dst, dst);
    if (row->flags != FLAGS_NONE) {
        bmi_record(t, op, row, dst);
    }
    return true;
}
