/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest bytes to blocks of ops. Zydis finds out what an instruction is; decode_select.c says
 * which file's selector chooses its handler.
 *
 * A block ends at a branch, after an instruction that may change mode or mappings, before one that
 * would cross the page's end, and at BLOCK_MAX_INSNS. Bytes that are no instruction of ours become
 * an op that raises #UD (or #GP where the instruction is longer than 15 bytes) when reached.
 * Flags that a later instruction of the block overwrites before anybody can look, faults included,
 * are not recorded.
 */
#include "target/i386/decode.h"

#include "target/i386/block.h"
#include "target/i386/cpuid.h"
#include "target/i386/excp.h"

int decode_cond(ZydisMnemonic mnemonic)
{
    static const uint8_t conds[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
#define ALL(c_, n_)                                                                                \
    [ZYDIS_MNEMONIC_J##c_] = (n_) + 1, [ZYDIS_MNEMONIC_SET##c_] = (n_) + 1,                        \
    [ZYDIS_MNEMONIC_CMOV##c_] = (n_) + 1,
        ALL(O, 0) ALL(NO, 1) ALL(B, 2) ALL(NB, 3) ALL(Z, 4) ALL(NZ, 5) ALL(BE, 6) ALL(NBE, 7)
            ALL(S, 8) ALL(NS, 9) ALL(P, 10) ALL(NP, 11) ALL(L, 12) ALL(NL, 13) ALL(LE, 14)
                ALL(NLE, 15)};
    return conds[mnemonic] - 1;
}

uint8_t decode_reg(ZydisRegister reg)
{
    if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15) {
        return (uint8_t)((reg - ZYDIS_REGISTER_RAX) * 8);
    }
    if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D) {
        return (uint8_t)((reg - ZYDIS_REGISTER_EAX) * 8);
    }
    if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15W) {
        return (uint8_t)((reg - ZYDIS_REGISTER_AX) * 8);
    }
    if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL) {
        return (uint8_t)((reg - ZYDIS_REGISTER_AL) * 8);
    }
    if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH) {
        return (uint8_t)((reg - ZYDIS_REGISTER_AH) * 8 + 1);
    }
    if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B) {
        return (uint8_t)((reg - ZYDIS_REGISTER_SPL + 4) * 8);
    }
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP) {
        return OP_REG_RIP;
    }
    return OP_REG_ZERO;
}

int decode_seg(ZydisRegister reg)
{
    if (reg >= ZYDIS_REGISTER_ES && reg <= ZYDIS_REGISTER_GS) {
        return (int)(reg - ZYDIS_REGISTER_ES);
    }
    return -1;
}

bool decode_mem(Decode *d, Op *op, const ZydisDecodedOperand *operand)
{
    int seg = decode_seg(operand->mem.segment);
    op->seg = seg < 0 ? SEG_DS : (uint8_t)seg;
    op->base = decode_reg(operand->mem.base);
    op->index = decode_reg(operand->mem.index);
    op->scale = operand->mem.scale == 8   ? 3
                : operand->mem.scale == 4 ? 2
                : operand->mem.scale == 2 ? 1
                                          : 0;
    op->disp = operand->mem.disp.value;
    /* No base, which Zydis 4.0 misses for R13 with 32-bit addresses. */
    if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM && d->zi.raw.modrm.mod == 0 &&
        d->zi.raw.modrm.rm == 4 && d->zi.raw.sib.base == 5 && d->zi.address_width != 16) {
        op->base = OP_REG_ZERO;
        op->disp = d->zi.raw.disp.value;
    }
    op->asize = d->zi.address_width / 8;
    if (op->base == OP_REG_RIP) {
        op->disp += op->off + op->len;
    }
    if (d->mode & CPU_MODE_CS64) {
        if (op->seg >= SEG_FS) {
            op->ea_kind = op->asize < 8 ? EA_SEGTRUNC : EA_SEGBASE;
        } else {
            op->ea_kind = op->asize < 8 ? EA_TRUNC : EA_FAST;
        }
    } else {
        /* flat or not, code may not be writable, and not readable */
        bool flat = (d->mode & CPU_MODE_FLAT) && op->seg < SEG_FS && op->seg != SEG_CS;
        op->ea_kind = flat ? EA_TRUNC : EA_CHECK;
    }
    return op->ea_kind == EA_FAST;
}

static void decoder_init(ZydisDecoder *z, const CpuModel *model, uint32_t mode)
{
    if (mode & CPU_MODE_CS64) {
        ZydisDecoderInit(z, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    } else {
        bool protected = (mode & CPU_MODE_PE) && !(mode & CPU_MODE_VM);
        ZydisDecoderInit(z,
                         mode & CPU_MODE_CS32 ? ZYDIS_MACHINE_MODE_LEGACY_32
                         : protected          ? ZYDIS_MACHINE_MODE_LEGACY_16
                                              : ZYDIS_MACHINE_MODE_REAL_16,
                         mode & CPU_MODE_SS32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    }
    /* Encodings of features that the CPU model lacks mean what they meant before. */
    ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
    ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
    ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_LZCNT, cpu_model_has(model, FEAT_ABM));
    ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_TZCNT, cpu_model_has(model, FEAT_BMI1));
    ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_WBNOINVD, ZYAN_FALSE);
    ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_CLDEMOTE, ZYAN_FALSE);
}

static OpNext op_undefined(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    cpu_raise(cpu, EXCP_UD);
}

static OpNext op_too_long(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    cpu_raise_error(cpu, EXCP_GP, 0);
}

/* Ends a block that stops before anything special. */
static OpNext op_continue(Cpu *cpu, const Op *op)
{
    cpu->rip = (cpu->rip + op->off) & cpu->rip_mask;
    return NEXT_LINK1;
}

/* What the second pass needs to know about each op. */
typedef struct {
    OpFn no_flags;
    uint32_t reads, writes; /* writes: for sure */
    uint32_t touches;       /* writes, perhaps */
    bool pure;
} OpInfo;

typedef struct {
    Decode d;
    Op ops[BLOCK_MAX_INSNS + 1];
    OpInfo info[BLOCK_MAX_INSNS + 1];
    unsigned n_ops, n_insns, len;
    const OpFn *fused; /* of the last op */
    bool ended;
    bool links[2];
    bool crosses;
} Builder;

static Op *builder_new_op(Builder *b)
{
    Op *op = &b->ops[b->n_ops];
    memset(op, 0, sizeof(*op));
    memset(&b->info[b->n_ops], 0, sizeof(b->info[0]));
    op->base = op->index = op->dst = op->src = OP_REG_ZERO;
    op->off = (uint16_t)(b->d.page_offset + b->len);
    op->idx = (uint8_t)b->n_insns;
    op->cond = OP_NO_COND;
    b->n_ops++;
    return op;
}

static void builder_raise(Builder *b, OpFn fn)
{
    Op *op = builder_new_op(b);
    op->fn = fn;
    b->n_insns++;
    b->len++;
    b->ended = true;
    b->links[0] = b->links[1] = false;
}

/* CMP or TEST before Jcc become one op, in 64-bit code with its usual operand size. */
static bool builder_fuse(Builder *b)
{
    Decode *d = &b->d;
    if (!b->fused || !(d->mode & CPU_MODE_CS64) || d->zi.operand_width == 16 ||
        d->zi.meta.category != ZYDIS_CATEGORY_COND_BR) {
        return false;
    }
    int cond = decode_cond(d->zi.mnemonic);
    if (cond < 0) {
        return false;
    }
    Op *op = &b->ops[b->n_ops - 1];
    op->fn = b->fused[cond];
    op->cond = (uint8_t)cond;
    op->aux = d->zi.length;
    op->len = (uint8_t)(op->len + d->zi.length);
    op->target = (int32_t)(op->off + op->len + d->ops[0].imm.value.s);
    b->info[b->n_ops - 1].no_flags = NULL;
    b->links[0] = b->links[1] = true;
    b->ended = true;
    b->len += d->zi.length;
    b->n_insns++;
    return true;
}

static void builder_flags(OpInfo *info, const Decode *d)
{
    const ZydisAccessedFlags *f = d->zi.cpu_flags;
    info->no_flags = d->no_flags;
    info->pure = d->pure;
    if (f) {
        info->reads = f->tested & FLAGS_ARITH;
        info->writes = (f->modified | f->set_0 | f->set_1 | f->undefined) & FLAGS_ARITH;
    }
    /* Zydis 4.0 leaves out the flags that these clear. */
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_VPTEST || d->zi.mnemonic == ZYDIS_MNEMONIC_VTESTPS ||
        d->zi.mnemonic == ZYDIS_MNEMONIC_VTESTPD) {
        info->writes = FLAGS_ARITH;
    }
    info->touches = info->writes;
    if (d->zi.meta.category == ZYDIS_CATEGORY_SHIFT ||
        d->zi.meta.category == ZYDIS_CATEGORY_ROTATE) {
        const ZydisDecodedOperand *count = &d->ops[d->zi.operand_count_visible - 1];
        unsigned mask = d->zi.operand_width == 64 ? 63 : 31;
        /* A count of zero leaves the flags alone. */
        if (!decode_is_imm(count) || (count->imm.value.u & mask) == 0) {
            info->reads |= FLAGS_ARITH;
            info->writes = 0;
        }
    }
}

/* The stack of PUSH, RET and so on is an operand through SS. */
static void builder_stack_segment(const Decode *d, Op *op)
{
    for (unsigned i = 0; i < d->zi.operand_count; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        if (decode_is_mem(o)) {
            int seg = decode_seg(o->mem.segment);
            op->seg = (uint8_t)MAX(seg, 0);
            return;
        }
    }
}

/* One decoded instruction to an op. */
static void builder_add(Builder *b)
{
    Decode *d = &b->d;
    if (builder_fuse(b)) {
        return;
    }
    d->no_flags = NULL;
    d->fused = NULL;
    d->ends = d->pure = d->links[0] = d->links[1] = false;
    Op *op = builder_new_op(b);
    op->len = d->zi.length;
    op->osize = d->zi.operand_width / 8;
    op->asize = d->zi.address_width / 8;
    op->mnemonic = (uint16_t)d->zi.mnemonic;
    builder_stack_segment(d, op);
    op->fn = op_selector(d->zi.mnemonic)(d, op);
    if (!op->fn) {
        op->fn = op_undefined;
        op->xop = XOP_NONE;
        d->ends = true;
        d->links[0] = d->links[1] = d->pure = false;
        d->no_flags = NULL;
        d->fused = NULL;
    }
    builder_flags(&b->info[b->n_ops - 1], d);
    b->fused = d->fused;
    b->ended = d->ends;
    b->links[0] = d->links[0];
    b->links[1] = d->links[1];
    b->len += d->zi.length;
    b->n_insns++;
}

/* Decodes at b->len; false if the bytes up to `avail` are not enough. */
static bool builder_step(Builder *b, const ZydisDecoder *z, const uint8_t *bytes, unsigned avail)
{
    Decode *d = &b->d;
    if (b->len >= avail) {
        return false;
    }
    ZyanStatus status =
        ZydisDecoderDecodeFull(z, bytes + b->len, MIN(avail - b->len, 15u), &d->zi, d->ops);
    if (status == ZYDIS_STATUS_NO_MORE_DATA) {
        if (avail - b->len < 15) {
            return false;
        }
        builder_raise(b, op_too_long);
    } else if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG) {
        builder_raise(b, op_too_long);
    } else if (ZYAN_FAILED(status)) {
        builder_raise(b, op_undefined);
    } else {
        builder_add(b);
    }
    return true;
}

/* Backwards: where nobody can see an op's flags before they are overwritten, don't record them. */
static void builder_drop_flags(Builder *b)
{
    uint32_t live = FLAGS_ARITH;
    for (unsigned i = b->n_ops; i-- > 0;) {
        const OpInfo *info = &b->info[i];
        b->ops[i].left = (uint8_t)(b->n_insns - b->ops[i].idx);
        if (!(info->touches & live)) {
            b->ops[i].form |= OP_FORM_DEAD;
            if (info->no_flags) {
                b->ops[i].fn = info->no_flags;
            }
        }
        live = (live & ~info->writes) | info->reads;
        if (!info->pure) {
            live = FLAGS_ARITH;
        }
    }
}

static Block *builder_finish(Builder *b, Cpu *cpu, const DecodeInput *in)
{
    if (!b->ended) {
        Op *op = builder_new_op(b);
        op->fn = op_continue;
        op->xop = XOP_CONTINUE;
        b->info[b->n_ops - 1].pure = true;
        b->links[1] = true;
    }
    builder_drop_flags(b);

    Block *block = code_cache_alloc(cpu->cfg.code, sizeof(*block) + b->n_ops * sizeof(Op));
    memset(block, 0, sizeof(*block));
    memcpy(block->ops, b->ops, b->n_ops * sizeof(Op));
    block->enter = block->ops[0].fn;
    block->paddr = in->paddr;
    block->mode = in->mode;
    block->len = (uint16_t)b->len;
    block->n_insns = (uint8_t)b->n_insns;
    block->n_ops = (uint8_t)b->n_ops;
    block->alive = true;
    block->crosses = b->crosses;
    block->paddr2 = in->more_paddr;

    /* In segmented code an address may wrap: then every jump is looked at anew. */
    bool plain = in->mode & (CPU_MODE_CS64 | CPU_MODE_FLAT);
    const Op *last = &b->ops[b->n_ops - 1];
    int64_t taken = last->target, next = b->d.page_offset + b->len;
    block->link_local[0] = plain && b->links[0] && taken >= 0 && taken < (int64_t)PAGE_SIZE;
    block->link_local[1] = plain && b->links[1] && next < (int64_t)PAGE_SIZE;
    return block;
}

Block *decode_block(Cpu *cpu, const DecodeInput *in)
{
    Builder b;
    ZydisDecoder z;
    decoder_init(&z, cpu->cfg.model, in->mode);
    b.d.model = cpu->cfg.model;
    b.d.code = cpu->cfg.code;
    b.d.mode = in->mode;
    b.d.page_offset = (uint16_t)(in->paddr & (PAGE_SIZE - 1));
    b.n_ops = b.n_insns = b.len = 0;
    b.fused = NULL;
    b.ended = b.crosses = b.links[0] = b.links[1] = false;

    unsigned limit = in->single ? 1 : BLOCK_MAX_INSNS;
    while (!b.ended && b.n_insns < limit) {
        if (!builder_step(&b, &z, in->bytes, in->avail)) {
            break;
        }
    }
    if (b.n_insns == 0) {
        if (!in->more) {
            return NULL;
        }
        uint8_t bytes[32] = {0};
        memcpy(bytes, in->bytes, in->avail);
        memcpy(bytes + in->avail, in->more, in->more_avail);
        builder_step(&b, &z, bytes, in->avail + in->more_avail);
        b.crosses = true;
    }
    return builder_finish(&b, cpu, in);
}
