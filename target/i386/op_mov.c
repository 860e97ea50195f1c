/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MOV, MOVZX, MOVSX, MOVSXD, MOVBE, LEA, XCHG, BSWAP, XLAT, CMOVcc, SETcc and the conversions of
 * the accumulator (Intel SDM vol. 2). Moves to and from segment, control and debug registers are in
 * op_system.c.
 */
#include "target/i386/cpuid.h"
#include "target/i386/decode.h"

static ALWAYS_INLINE uint64_t ea_base(Cpu *cpu, const Op *op)
{
    return *(uint64_t *)op_reg(cpu, op->base) + (uint64_t)op->disp;
}

static ALWAYS_INLINE bool mov_load(Cpu *cpu, const Op *op, uint64_t ea, int bits, bool cold)
{
    uint64_t v;
    if (!mem_get(cpu, ea, bits, cold, &v)) {
        return false;
    }
    reg_set(cpu, op->dst, bits, v);
    return true;
}

static ALWAYS_INLINE bool mov_load_any(Cpu *cpu, const Op *op, int bits, bool cold)
{
    uint64_t ea;
    return ea_try(cpu, op, EA_SEGBASE, bits, false, cold, &ea) && mov_load(cpu, op, ea, bits, cold);
}

static ALWAYS_INLINE bool mov_store_any(Cpu *cpu, const Op *op, int bits, uint64_t v, bool cold)
{
    uint64_t ea;
    return ea_try(cpu, op, EA_SEGBASE, bits, true, cold, &ea) && mem_put(cpu, ea, bits, cold, v);
}

#define MOV_FUNCS(bits_)                                                                           \
    static OpNext mov_rr##bits_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        reg_set(cpu, op->dst, bits_, reg_get(cpu, op->src, bits_));                                \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext mov_ri##bits_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        reg_set(cpu, op->dst, bits_, (uint64_t)op->imm);                                           \
        NEXT();                                                                                    \
    }                                                                                              \
    MEM_HANDLER(mov_rb##bits_, mov_load(cpu, op, ea_base(cpu, op), bits_, cold))                   \
    MEM_HANDLER(mov_rm##bits_, mov_load(cpu, op, ea_fast(cpu, op), bits_, cold))                   \
    MEM_HANDLER(mov_br##bits_,                                                                     \
                mem_put(cpu, ea_base(cpu, op), bits_, cold, reg_get(cpu, op->src, bits_)))         \
    MEM_HANDLER(mov_mr##bits_,                                                                     \
                mem_put(cpu, ea_fast(cpu, op), bits_, cold, reg_get(cpu, op->src, bits_)))         \
    MEM_HANDLER(mov_mi##bits_, mem_put(cpu, ea_fast(cpu, op), bits_, cold, (uint64_t)op->imm))     \
    MEM_HANDLER(mov_rms##bits_, mov_load_any(cpu, op, bits_, cold))                                \
    MEM_HANDLER(mov_mrs##bits_, mov_store_any(cpu, op, bits_, reg_get(cpu, op->src, bits_), cold)) \
    MEM_HANDLER(mov_mis##bits_, mov_store_any(cpu, op, bits_, (uint64_t)op->imm, cold))

MOV_FUNCS(8)
MOV_FUNCS(16)
MOV_FUNCS(32)
MOV_FUNCS(64)

typedef struct {
    OpFn rr, ri;
    OpFn rb, rm, rms; /* base + disp; fast; slow */
    OpFn br, mr, mrs;
    OpFn mi, mis;
} MovRow;
#define MOV_ROW(b_)                                                                                \
    {                                                                                              \
        mov_rr##b_, mov_ri##b_, mov_rb##b_, mov_rm##b_, mov_rms##b_, mov_br##b_, mov_mr##b_,       \
            mov_mrs##b_, mov_mi##b_, mov_mis##b_                                                   \
    }
static const MovRow mov_rows[4] = {MOV_ROW(8), MOV_ROW(16), MOV_ROW(32), MOV_ROW(64)};

static bool is_special(const ZydisDecodedOperand *o)
{
    if (!decode_is_reg(o)) {
        return false;
    }
    ZydisRegisterClass cls = ZydisRegisterGetClass(o->reg.value);
    return cls == ZYDIS_REGCLASS_SEGMENT || cls == ZYDIS_REGCLASS_CONTROL ||
           cls == ZYDIS_REGCLASS_DEBUG || cls == ZYDIS_REGCLASS_TEST;
}

OpFn op_select_mov(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    if (is_special(a) || is_special(b)) {
        return op_select_segment(d, op);
    }
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_MOVDIRI && !cpu_model_has(d->model, FEAT_MOVDIRI)) {
        return NULL;
    }
    const MovRow *row = &mov_rows[CC_SIZE(a->size)];
    unsigned form = decode_is_mem(a)   ? (decode_is_imm(b) ? FORM_MI : FORM_MR)
                    : decode_is_mem(b) ? FORM_RM
                    : decode_is_imm(b) ? FORM_RI
                                       : FORM_RR;
    op_translates(op, XOP_MOV, form, a->size);
    if (decode_is_mem(a)) {
        bool fast = decode_mem(d, op, a);
        if (decode_is_imm(b)) {
            op->imm = b->imm.value.s;
            return fast ? row->mi : row->mis;
        }
        op->src = decode_reg(b->reg.value);
        return !fast ? row->mrs : op->index == OP_REG_ZERO ? row->br : row->mr;
    }
    op->dst = decode_reg(a->reg.value);
    if (decode_is_mem(b)) {
        bool fast = decode_mem(d, op, b);
        return !fast ? row->rms : op->index == OP_REG_ZERO ? row->rb : row->rm;
    }
    d->pure = true;
    if (decode_is_imm(b)) {
        op->imm = b->imm.value.s;
        return row->ri;
    }
    op->src = decode_reg(b->reg.value);
    return row->rr;
}

/* MOVZX, MOVSX, MOVSXD: source size, destination size, signed. */
#define EXT_FUNCS(name_, from_, to_, conv_)                                                        \
    static OpNext name_##_r##from_##_##to_(Cpu *cpu, const Op *op)                                 \
    {                                                                                              \
        reg_set(cpu, op->dst, to_, conv_(reg_get(cpu, op->src, from_), from_));                    \
        NEXT();                                                                                    \
    }                                                                                              \
    static ALWAYS_INLINE bool name_##_load##from_##_##to_(Cpu *cpu, const Op *op, int kind,        \
                                                          bool cold)                               \
    {                                                                                              \
        uint64_t ea, v;                                                                            \
        if (!ea_try(cpu, op, kind, from_, false, cold, &ea) ||                                     \
            !mem_get(cpu, ea, from_, cold, &v)) {                                                  \
            return false;                                                                          \
        }                                                                                          \
        reg_set(cpu, op->dst, to_, conv_(v, from_));                                               \
        return true;                                                                               \
    }                                                                                              \
    MEM_HANDLER(name_##_m##from_##_##to_, name_##_load##from_##_##to_(cpu, op, EA_FAST, cold))     \
    MEM_HANDLER(name_##_s##from_##_##to_, name_##_load##from_##_##to_(cpu, op, EA_SEGBASE, cold))
#define EXT_SIZES(name_, conv_)                                                                    \
    EXT_FUNCS(name_, 8, 16, conv_)                                                                 \
    EXT_FUNCS(name_, 8, 32, conv_)                                                                 \
    EXT_FUNCS(name_, 8, 64, conv_)                                                                 \
    EXT_FUNCS(name_, 16, 16, conv_)                                                                \
    EXT_FUNCS(name_, 16, 32, conv_)                                                                \
    EXT_FUNCS(name_, 16, 64, conv_)                                                                \
    EXT_FUNCS(name_, 32, 32, conv_)                                                                \
    EXT_FUNCS(name_, 32, 64, conv_)
EXT_SIZES(movzx, op_zext)
EXT_SIZES(movsx, op_sext)
#define EXT_ITEM(name_, f_, t_)                                                                    \
    {                                                                                              \
        name_##_r##f_##_##t_, name_##_m##f_##_##t_, name_##_s##f_##_##t_                           \
    }
#define EXT_ROW(n_)                                                                                \
    {                                                                                              \
        {{NULL}, EXT_ITEM(n_, 8, 16), EXT_ITEM(n_, 8, 32), EXT_ITEM(n_, 8, 64)},                   \
            {{NULL}, EXT_ITEM(n_, 16, 16), EXT_ITEM(n_, 16, 32), EXT_ITEM(n_, 16, 64)},            \
        {                                                                                          \
            {NULL}, {NULL}, EXT_ITEM(n_, 32, 32), EXT_ITEM(n_, 32, 64)                             \
        }                                                                                          \
    }
static const OpFn ext_rows[2][3][4][3] = {EXT_ROW(movzx), EXT_ROW(movsx)};

OpFn op_select_extend(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    bool sign = d->zi.mnemonic != ZYDIS_MNEMONIC_MOVZX;
    unsigned from = CC_SIZE(b->size), to = CC_SIZE(a->size);
    if (from > 2 || to < from) {
        from = to < 2 ? 1 : 2; /* MOVSXD with a 16-bit destination reads 16 bits */
    }
    const OpFn *row = ext_rows[sign][from][to];
    op->aux = (uint8_t)from;
    op_translates(op, sign ? XOP_MOVSX : XOP_MOVZX, decode_is_mem(b) ? FORM_RM : FORM_RR, a->size);
    op->dst = decode_reg(a->reg.value);
    if (decode_is_mem(b)) {
        return decode_mem(d, op, b) ? row[1] : row[2];
    }
    op->src = decode_reg(b->reg.value);
    d->pure = true;
    return row[0];
}

static OpNext lea64(Cpu *cpu, const Op *op)
{
    *(uint64_t *)op_reg(cpu, op->dst) = ea_fast(cpu, op);
    NEXT();
}

static OpNext lea64_base(Cpu *cpu, const Op *op)
{
    *(uint64_t *)op_reg(cpu, op->dst) = *(uint64_t *)op_reg(cpu, op->base) + (uint64_t)op->disp;
    NEXT();
}

static OpNext lea32(Cpu *cpu, const Op *op)
{
    *(uint64_t *)op_reg(cpu, op->dst) = (uint32_t)ea_fast(cpu, op);
    NEXT();
}

static OpNext lea16(Cpu *cpu, const Op *op)
{
    reg_set(cpu, op->dst, 16, ea_fast(cpu, op));
    NEXT();
}

/* The address is cut to the address size, then to the operand size: 64-bit registers with 32-bit
 * addresses and 32-bit registers with 16-bit ones need both. */
static OpNext lea_cut(Cpu *cpu, const Op *op)
{
    uint64_t v = ea_fast(cpu, op);
    v = op->asize == 4 ? (uint32_t)v : op->asize == 2 ? (uint16_t)v : v;
    if (op->osize == 2) {
        reg_set(cpu, op->dst, 16, v);
    } else {
        reg_set(cpu, op->dst, 64, op->osize == 4 ? (uint32_t)v : v);
    }
    NEXT();
}

OpFn op_select_lea(Decode *d, Op *op)
{
    if (!decode_is_mem(&d->ops[1])) {
        return NULL;
    }
    decode_mem(d, op, &d->ops[1]);
    op->dst = decode_reg(d->ops[0].reg.value);
    d->pure = true;
    if (op->asize < op->osize) {
        return lea_cut;
    }
    if (op->osize >= 4) {
        op_translates(op, XOP_LEA, FORM_RR, op->osize * 8u);
    }
    if (op->osize == 8) {
        return op->index == OP_REG_ZERO ? lea64_base : lea64;
    }
    return op->osize == 4 ? lea32 : lea16;
}

#define XCHG_FUNCS(bits_)                                                                          \
    static OpNext xchg_rr##bits_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        uint64_t a = reg_get(cpu, op->dst, bits_), b = reg_get(cpu, op->src, bits_);               \
        reg_set(cpu, op->dst, bits_, b);                                                           \
        reg_set(cpu, op->src, bits_, a);                                                           \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext xchg_mr##bits_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        uint64_t ea = op_ea(cpu, op, bits_ / 8, true), a;                                          \
        uint64_t b = reg_get(cpu, op->src, bits_);                                                 \
        void *host = mem_rmw(cpu, ea, bits_);                                                      \
        if (G_LIKELY(host != NULL)) {                                                              \
            a = host_get(host, bits_);                                                             \
            host_set(host, bits_, b);                                                              \
        } else {                                                                                   \
            a = mem_load(cpu, ea, bits_);                                                          \
            mem_store(cpu, ea, bits_, b);                                                          \
        }                                                                                          \
        reg_set(cpu, op->src, bits_, a);                                                           \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext xadd_rr##bits_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        uint64_t a = reg_get(cpu, op->dst, bits_), b = reg_get(cpu, op->src, bits_);               \
        cc_set(cpu, CCK_ADD, bits_, a + b, b);                                                     \
        reg_set(cpu, op->src, bits_, a);                                                           \
        reg_set(cpu, op->dst, bits_, a + b);                                                       \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext xadd_mr##bits_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        uint64_t ea = op_ea(cpu, op, bits_ / 8, true), a;                                          \
        uint64_t b = reg_get(cpu, op->src, bits_);                                                 \
        void *host = mem_rmw(cpu, ea, bits_);                                                      \
        if (G_LIKELY(host != NULL)) {                                                              \
            a = host_get(host, bits_);                                                             \
            host_set(host, bits_, a + b);                                                          \
        } else {                                                                                   \
            a = mem_load(cpu, ea, bits_);                                                          \
            mem_store(cpu, ea, bits_, a + b);                                                      \
        }                                                                                          \
        cc_set(cpu, CCK_ADD, bits_, a + b, b);                                                     \
        reg_set(cpu, op->src, bits_, a);                                                           \
        NEXT();                                                                                    \
    }
XCHG_FUNCS(8)
XCHG_FUNCS(16)
XCHG_FUNCS(32)
XCHG_FUNCS(64)
#define XCHG_ROW(b_)                                                                               \
    {                                                                                              \
        xchg_rr##b_, xchg_mr##b_, xadd_rr##b_, xadd_mr##b_                                         \
    }
static const OpFn xchg_rows[4][4] = {XCHG_ROW(8), XCHG_ROW(16), XCHG_ROW(32), XCHG_ROW(64)};

OpFn op_select_xchg(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    const OpFn *row = xchg_rows[CC_SIZE(a->size)];
    row += d->zi.mnemonic == ZYDIS_MNEMONIC_XADD ? 2 : 0;
    if (decode_is_mem(b)) {
        const ZydisDecodedOperand *t = a;
        a = b;
        b = t;
    }
    op->src = decode_reg(b->reg.value);
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_XCHG) {
        op_translates(op, XOP_XCHG, decode_is_mem(a) ? FORM_MR : FORM_RR, a->size);
    } else if (decode_is_mem(a) && a->size >= 32) {
        op_translates(op, XOP_XADD, FORM_MR, a->size);
    }
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
        return row[1];
    }
    op->dst = decode_reg(a->reg.value);
    d->pure = true;
    return row[0];
}

/* CMOVcc writes its destination even when the condition is false: the upper half is cleared. */
#define COND_FUNCS(cond_)                                                                          \
    static OpNext setcc_r##cond_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        *op_reg(cpu, op->dst) = flags_cond(cpu, cond_);                                            \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext setcc_m##cond_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        mmu_store8(cpu, op_ea(cpu, op, 1, true), flags_cond(cpu, cond_));                          \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext cmov_32_##cond_(Cpu *cpu, const Op *op)                                          \
    {                                                                                              \
        uint32_t a = *(uint32_t *)op_reg(cpu, op->dst), b = *(uint32_t *)op_reg(cpu, op->src);     \
        *(uint64_t *)op_reg(cpu, op->dst) = flags_cond(cpu, cond_) ? b : a;                        \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext cmov_64_##cond_(Cpu *cpu, const Op *op)                                          \
    {                                                                                              \
        uint64_t a = *(uint64_t *)op_reg(cpu, op->dst), b = *(uint64_t *)op_reg(cpu, op->src);     \
        *(uint64_t *)op_reg(cpu, op->dst) = flags_cond(cpu, cond_) ? b : a;                        \
        NEXT();                                                                                    \
    }
FOR_CONDITIONS(COND_FUNCS)
#define COND_ROW(c_) {setcc_r##c_, setcc_m##c_, cmov_32_##c_, cmov_64_##c_},
static const OpFn cond_rows[16][4] = {FOR_CONDITIONS(COND_ROW)};

/* CMOVcc of memory and of 16 bits: the load happens, and may fault, whatever the condition. */
static OpNext cmov_any(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    int bits = op->osize * 8;
    bool mem = op->src == OP_REG_ZERO;
    uint64_t v =
        mem ? mem_load(cpu, op_ea(cpu, op, op->osize, false), bits) : reg_get(cpu, op->src, bits);
    if (!flags_cond(cpu, op->aux)) {
        v = reg_get(cpu, op->dst, bits);
    }
    reg_set(cpu, op->dst, bits, v);
    NEXT();
}

OpFn op_select_cond(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    int cond = decode_cond(d->zi.mnemonic);
    const OpFn *row = cond_rows[cond];
    op->aux = (uint8_t)cond;
    if (d->zi.operand_count_visible == 1) { /* SETcc */
        if (decode_is_mem(a)) {
            decode_mem(d, op, a);
            return row[1];
        }
        op->dst = decode_reg(a->reg.value);
        d->pure = true;
        op_translates(op, XOP_SETCC, FORM_RR, 8);
        return row[0];
    }
    op->dst = decode_reg(a->reg.value);
    if (decode_is_mem(b)) {
        decode_mem(d, op, b);
        op->src = OP_REG_ZERO;
        return cmov_any;
    }
    op->src = decode_reg(b->reg.value);
    d->pure = true;
    if (a->size >= 32) {
        op_translates(op, XOP_CMOV, FORM_RR, a->size);
    }
    return a->size == 64 ? row[3] : a->size == 32 ? row[2] : cmov_any;
}

static OpNext cbw(Cpu *cpu, const Op *op)
{
    reg_set(cpu, R_RAX * 8, 16, op_sext(cpu->gpr[R_RAX], 8));
    NEXT();
}

static OpNext cwde(Cpu *cpu, const Op *op)
{
    cpu->gpr[R_RAX] = (uint32_t)op_sext(cpu->gpr[R_RAX], 16);
    NEXT();
}

static OpNext cdqe(Cpu *cpu, const Op *op)
{
    cpu->gpr[R_RAX] = op_sext(cpu->gpr[R_RAX], 32);
    NEXT();
}

static OpNext cwd(Cpu *cpu, const Op *op)
{
    reg_set(cpu, R_RDX * 8, 16, (int16_t)cpu->gpr[R_RAX] < 0 ? ~0ull : 0);
    NEXT();
}

static OpNext cdq(Cpu *cpu, const Op *op)
{
    cpu->gpr[R_RDX] = (int32_t)cpu->gpr[R_RAX] < 0 ? 0xffffffffu : 0;
    NEXT();
}

static OpNext cqo(Cpu *cpu, const Op *op)
{
    cpu->gpr[R_RDX] = (int64_t)cpu->gpr[R_RAX] < 0 ? ~0ull : 0;
    NEXT();
}

static OpNext bswap(Cpu *cpu, const Op *op)
{
    uint64_t *r = (uint64_t *)op_reg(cpu, op->dst);
    if (op->osize == 8) {
        *r = __builtin_bswap64(*r);
    } else if (op->osize == 4) {
        *r = __builtin_bswap32((uint32_t)*r);
    } else { /* undefined by the manual; processors give 0 */
        reg_set(cpu, op->dst, 16, 0);
    }
    NEXT();
}

static uint64_t swap_bytes(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

static OpNext movbe_load(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = mem_load(cpu, op_ea(cpu, op, op->osize, false), op->osize * 8);
    reg_set(cpu, op->dst, op->osize * 8, swap_bytes(v, op->osize));
    NEXT();
}

static OpNext movbe_store(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = swap_bytes(reg_get(cpu, op->src, op->osize * 8), op->osize);
    mem_store(cpu, op_ea(cpu, op, op->osize, true), op->osize * 8, v);
    NEXT();
}

/* The base is (E/R)BX; AL is added here, and the sum cut to the address size, as an index. */
static OpNext xlat(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    Op at = *op;
    at.disp = (uint8_t)cpu->gpr[R_RAX];
    *op_reg(cpu, R_RAX * 8) = mmu_load8(cpu, op_ea(cpu, &at, 1, false));
    NEXT();
}

static void sign_extends_rax(Op *op, unsigned from, unsigned to)
{
    op->dst = op->src = R_RAX * 8;
    op->aux = CC_SIZE(from);
    op_translates(op, XOP_MOVSX, FORM_RR, to);
}

OpFn op_select_convert(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    d->pure = true;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_CBW:
        return cbw;
    case ZYDIS_MNEMONIC_CWDE:
        sign_extends_rax(op, 16, 32);
        return cwde;
    case ZYDIS_MNEMONIC_CDQE:
        sign_extends_rax(op, 32, 64);
        return cdqe;
    case ZYDIS_MNEMONIC_CWD:
        return cwd;
    case ZYDIS_MNEMONIC_CDQ:
        op_translates(op, XOP_SIGN, FORM_RR, 32);
        return cdq;
    case ZYDIS_MNEMONIC_CQO:
        op_translates(op, XOP_SIGN, FORM_RR, 64);
        return cqo;
    case ZYDIS_MNEMONIC_BSWAP:
        op->dst = decode_reg(a->reg.value);
        if (op->osize >= 4) {
            op_translates(op, XOP_BSWAP, FORM_RR, op->osize * 8u);
        }
        return bswap;
    case ZYDIS_MNEMONIC_XLAT:
        d->pure = false;
        decode_mem(d, op, a);
        return xlat;
    case ZYDIS_MNEMONIC_MOVBE:
        d->pure = false;
        if (!cpu_model_has(d->model, FEAT_MOVBE)) {
            return NULL;
        }
        if (decode_is_mem(a)) {
            decode_mem(d, op, a);
            op->src = decode_reg(b->reg.value);
            return movbe_store;
        }
        decode_mem(d, op, b);
        op->dst = decode_reg(a->reg.value);
        return movbe_load;
    default:
        return NULL;
    }
}
