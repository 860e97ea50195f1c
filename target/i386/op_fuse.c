/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compare and the conditional jump after it as one op (64-bit code only).
 *
 * With the operation known at compile time the compiler reduces the flags' evaluation to the plain
 * comparison; the flags are recorded too, since code after the jump may read them.
 */
#include "target/i386/alu.h"

static ALWAYS_INLINE OpNext fuse_jump(Cpu *cpu, const Op *op, bool taken)
{
    if (taken) {
        cpu->rip += (uint64_t)(int64_t)op->target;
        return NEXT_LINK0;
    }
    cpu->rip += op->off + op->len;
    return NEXT_LINK1;
}

static ALWAYS_INLINE bool fuse_alu(Cpu *cpu, const Op *op, int kind, int form, int bits, bool cold)
{
    switch (form) {
    case FORM_RR:
        alu_rr(cpu, op, kind, bits, true);
        return true;
    case FORM_RI:
        alu_ri(cpu, op, kind, bits, true);
        return true;
    case FORM_RM:
        return alu_rm(cpu, op, kind, bits, EA_FAST, cold);
    case FORM_MR:
        return alu_mx(cpu, op, kind, bits, EA_FAST, false, cold);
    default:
        return alu_mx(cpu, op, kind, bits, EA_FAST, true, cold);
    }
}

/* After a TLB miss one version serves all conditions. */
#define FUSE_FUNC(kind_, form_, bits_, cond_)                                                      \
    static OpNext fuse_##kind_##form_##bits_##_##cond_(Cpu *cpu, const Op *op)                     \
    {                                                                                              \
        if (G_UNLIKELY(!fuse_alu(cpu, op, ALU_##kind_, FORM_##form_, bits_, false))) {             \
            return fuse_cold_##kind_##form_##bits_(cpu, op, cond_);                                \
        }                                                                                          \
        return fuse_jump(cpu, op, flags_cond(cpu, cond_));                                         \
    }
#define FUSE_COLD(kind_, form_, bits_)                                                             \
    static __attribute__((noinline, cold))                                                         \
    OpNext fuse_cold_##kind_##form_##bits_(Cpu *cpu, const Op *op, unsigned cond)                  \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        fuse_alu(cpu, op, ALU_##kind_, FORM_##form_, bits_, true);                                 \
        return fuse_jump(cpu, op, flags_cond(cpu, cond));                                          \
    }
#define FUSE_NAME(kind_, form_, bits_, cond_) fuse_##kind_##form_##bits_##_##cond_
#define FUSE_16(X_, k_, f_, b_)                                                                    \
    X_(k_, f_, b_, 0)                                                                              \
    X_(k_, f_, b_, 1)                                                                              \
    X_(k_, f_, b_, 2)                                                                              \
    X_(k_, f_, b_, 3)                                                                              \
    X_(k_, f_, b_, 4)                                                                              \
    X_(k_, f_, b_, 5)                                                                              \
    X_(k_, f_, b_, 6)                                                                              \
    X_(k_, f_, b_, 7)                                                                              \
    X_(k_, f_, b_, 8)                                                                              \
    X_(k_, f_, b_, 9)                                                                              \
    X_(k_, f_, b_, 10)                                                                             \
    X_(k_, f_, b_, 11)                                                                             \
    X_(k_, f_, b_, 12)                                                                             \
    X_(k_, f_, b_, 13)                                                                             \
    X_(k_, f_, b_, 14)                                                                             \
    X_(k_, f_, b_, 15)
#define FUSE_TABLE(k_, f_, b_)                                                                     \
    FUSE_COLD(k_, f_, b_)                                                                          \
    FUSE_16(FUSE_FUNC, k_, f_, b_)                                                                 \
    static const OpFn fuse_table_##k_##f_##b_[16] = {FUSE_16(FUSE_ITEM, k_, f_, b_)};
#define FUSE_ITEM(k_, f_, b_, c_) FUSE_NAME(k_, f_, b_, c_),
#define FUSE_SIZES(k_, f_)        FUSE_TABLE(k_, f_, 8) FUSE_TABLE(k_, f_, 32) FUSE_TABLE(k_, f_, 64)

FUSE_SIZES(CMP, RR)
FUSE_SIZES(CMP, RI)
FUSE_SIZES(CMP, RM)
FUSE_SIZES(CMP, MR)
FUSE_SIZES(CMP, MI)
FUSE_SIZES(TEST, RR)
FUSE_SIZES(TEST, RI)
FUSE_SIZES(TEST, MR)
FUSE_SIZES(TEST, MI)
FUSE_TABLE(SUB, RI, 32)
FUSE_TABLE(SUB, RI, 64)
FUSE_TABLE(SUB, RR, 64)
FUSE_TABLE(ADD, RI, 32)
FUSE_TABLE(ADD, RI, 64)
FUSE_TABLE(AND, RI, 32)
FUSE_TABLE(AND, RI, 64)
FUSE_TABLE(AND, RR, 64)

#define FUSE_ROW(k_, f_)                                                                           \
    [FORM_##f_] = {fuse_table_##k_##f_##8, NULL, fuse_table_##k_##f_##32, fuse_table_##k_##f_##64}
static const OpFn *const fuse_tables[ALU_KINDS][FORMS][4] = {
    [ALU_CMP] = {FUSE_ROW(CMP, RR), FUSE_ROW(CMP, RI), FUSE_ROW(CMP, RM), FUSE_ROW(CMP, MR),
                 FUSE_ROW(CMP, MI)},
    [ALU_TEST] = {FUSE_ROW(TEST, RR), FUSE_ROW(TEST, RI), FUSE_ROW(TEST, MR), FUSE_ROW(TEST, MI)},
    [ALU_SUB] = {[FORM_RI] = {NULL, NULL, fuse_table_SUBRI32, fuse_table_SUBRI64},
                 [FORM_RR] = {NULL, NULL, NULL, fuse_table_SUBRR64}},
    [ALU_ADD] = {[FORM_RI] = {NULL, NULL, fuse_table_ADDRI32, fuse_table_ADDRI64}},
    [ALU_AND] = {[FORM_RI] = {NULL, NULL, fuse_table_ANDRI32, fuse_table_ANDRI64},
                 [FORM_RR] = {NULL, NULL, NULL, fuse_table_ANDRR64}},
};

const OpFn *op_fused(int alu_kind, int form, int bits)
{
    return fuse_tables[alu_kind][form][CC_SIZE(bits)];
}
