/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest bytes to blocks of ops. Zydis finds out what an instruction is; a table says which file's
 * selector chooses its handler.
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

/* Ranges of mnemonics that go to one selector. */
static const OpSelect selectors[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
#define M(name_, select_) [ZYDIS_MNEMONIC_##name_] = select_,
#define CONDS(X_)                                                                                  \
    X_(O)                                                                                          \
    X_(NO)                                                                                         \
    X_(B) X_(NB) X_(Z) X_(NZ) X_(BE) X_(NBE) X_(S) X_(NS) X_(P) X_(NP) X_(L) X_(NL) X_(LE) X_(NLE)
#define J(c_)    M(J##c_, op_select_branch)
#define SET(c_)  M(SET##c_, op_select_cond)
#define CMOV(c_) M(CMOV##c_, op_select_cond)
    CONDS(J) CONDS(SET) CONDS(CMOV) M(ADD, op_select_alu) M(OR, op_select_alu) M(
        ADC, op_select_alu) M(SBB, op_select_alu) M(AND, op_select_alu) M(SUB, op_select_alu)
        M(XOR, op_select_alu) M(CMP, op_select_alu) M(TEST, op_select_alu) M(
            INC, op_select_unary) M(DEC, op_select_unary) M(NEG, op_select_unary)
            M(NOT, op_select_unary) M(MOV, op_select_mov) M(MOVNTI, op_select_mov) M(
                MOVZX, op_select_extend) M(MOVSX, op_select_extend) M(MOVSXD, op_select_extend)
                M(LEA, op_select_lea) M(XCHG, op_select_xchg) M(XADD, op_select_xchg) M(
                    CBW,
                    op_select_convert) M(CWDE,
                                         op_select_convert) M(CDQE, op_select_convert)
                    M(CWD, op_select_convert) M(CDQ, op_select_convert) M(CQO, op_select_convert) M(
                        BSWAP, op_select_convert)
                        M(XLAT, op_select_convert) M(MOVBE, op_select_convert) M(
                            SHL,
                            op_select_shift) M(SHR,
                                               op_select_shift) M(SAR, op_select_shift)
                            M(
                                ROL,
                                op_select_shift) M(ROR,
                                                   op_select_shift) M(RCL, op_select_shift)
                                M(RCR,
                                  op_select_shift) M(SHLD,
                                                     op_select_double_shift) M(SHRD,
                                                                               op_select_double_shift)
                                    M(MUL, op_select_muldiv) M(IMUL, op_select_muldiv) M(
                                        DIV, op_select_muldiv) M(IDIV, op_select_muldiv)
                                        M(BT, op_select_bit) M(BTS, op_select_bit) M(
                                            BTR, op_select_bit) M(BTC, op_select_bit)
                                            M(BSF, op_select_scan) M(BSR, op_select_scan) M(
                                                POPCNT,
                                                op_select_scan) M(CRC32, op_select_scan)
                                                M(CMPXCHG, op_select_cmpxchg) M(
                                                    CMPXCHG8B,
                                                    op_select_cmpxchg) M(CMPXCHG16B,
                                                                         op_select_cmpxchg)
#define STR(n_)  M(n_##B, op_select_string) M(n_##W, op_select_string) M(n_##D, op_select_string)
#define STRQ(n_) STR(n_) M(n_##Q, op_select_string)
                                                    STRQ(MOVS) STRQ(CMPS) STRQ(STOS) STRQ(
                                                        LODS) STRQ(SCAS) STR(INS)
                                                        STR(OUTS) M(PUSH, op_select_push_pop) M(
                                                            POP, op_select_push_pop)
                                                            M(PUSHA, op_select_frame) M(
                                                                PUSHAD,
                                                                op_select_frame) M(POPA,
                                                                                   op_select_frame)
                                                                M(POPAD, op_select_frame) M(
                                                                    PUSHF, op_select_frame)
                                                                    M(PUSHFD, op_select_frame)
                                                                        M(PUSHFQ, op_select_frame)
                                                                            M(POPF, op_select_frame)
                                                                                M(POPFD,
                                                                                  op_select_frame)
                                                                                    M(POPFQ,
                                                                                      op_select_frame)
                                                                                        M(ENTER,
                                                                                          op_select_frame)
                                                                                            M(LEAVE,
                                                                                              op_select_frame)
                                                                                                M(JMP,
                                                                                                  op_select_branch) M(CALL, op_select_branch) M(RET, op_select_branch) M(LOOP, op_select_branch) M(LOOPE, op_select_branch) M(LOOPNE, op_select_branch) M(JCXZ, op_select_branch) M(JECXZ, op_select_branch) M(JRCXZ,
                                                                                                                                                                                                                                                                                                               op_select_branch) M(INT,
                                                                                                                                                                                                                                                                                                                                   op_select_branch) M(INT3,
                                                                                                                                                                                                                                                                                                                                                       op_select_branch) M(INT1,
                                                                                                                                                                                                                                                                                                                                                                           op_select_branch) M(INTO,
                                                                                                                                                                                                                                                                                                                                                                                               op_select_branch) M(IRET, op_select_branch) M(IRETD, op_select_branch) M(IRETQ, op_select_branch) M(BOUND, op_select_branch) M(AAA,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              op_select_bcd) M(AAS,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               op_select_bcd) M(AAM, op_select_bcd) M(AAD, op_select_bcd) M(DAA, op_select_bcd) M(DAS, op_select_bcd) M(SALC, op_select_bcd) M(CLC, op_select_flag) M(STC, op_select_flag) M(CMC, op_select_flag) M(CLD,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    op_select_flag) M(STD,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      op_select_flag) M(LAHF, op_select_flag) M(SAHF, op_select_flag) M(NOP, op_select_flag) M(ENDBR32, op_select_flag) M(ENDBR64, op_select_flag) M(PREFETCH,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     op_select_flag) M(PREFETCHW,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       op_select_flag) M(PREFETCHNTA, op_select_flag) M(PREFETCHT0, op_select_flag) M(PREFETCHT1, op_select_flag) M(PREFETCHT2,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    op_select_flag) M(PREFETCHWT1, op_select_flag) M(CLDEMOTE, op_select_flag) M(LFENCE, op_select_flag) M(MFENCE, op_select_flag) M(SFENCE, op_select_flag) M(CLFLUSH, op_select_system) M(CLFLUSHOPT, op_select_system) M(CLWB,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            op_select_system) M(PAUSE,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                op_select_system) M(HLT,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    op_select_system) M(CLI,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        op_select_system) M(STI,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            op_select_system) M(CLTS, op_select_system) M(CLAC, op_select_system) M(STAC,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    op_select_system) M(LMSW, op_select_system) M(SMSW,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  op_select_system) M(INVLPG,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      op_select_system) M(INVPCID, op_select_system) M(WBINVD,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       op_select_system) M(INVD,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           op_select_system) M(SWAPGS,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               op_select_system) M(RDMSR,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   op_select_system) M(WRMSR, op_select_system) M(CPUID,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  op_select_system) M(XGETBV,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      op_select_system) M(XSETBV, op_select_system) M(RDTSC, op_select_system) M(RDTSCP,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 op_select_system) M(RDPMC,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     op_select_system) M(RDPID, op_select_system) M(RDRAND,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    op_select_system) M(RDSEED,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        op_select_system) M(RDFSBASE,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            op_select_system) M(RDGSBASE,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                op_select_system) M(WRFSBASE, op_select_system) M(WRGSBASE, op_select_system) M(SYSCALL, op_select_system) M(SYSRET,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             op_select_system) M(SYSENTER, op_select_system) M(SYSEXIT, op_select_system) M(LGDT, op_select_segment) M(LIDT, op_select_segment) M(SGDT,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  op_select_segment) M(SIDT,
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       op_select_segment)
                                                                                                    M(LLDT, op_select_segment) M(SLDT, op_select_segment) M(LTR, op_select_segment) M(STR, op_select_segment) M(
                                                                                                        LAR,
                                                                                                        op_select_segment) M(LSL, op_select_segment)
                                                                                                        M(VERR, op_select_segment) M(VERW, op_select_segment) M(
                                                                                                            ARPL,
                                                                                                            op_select_segment) M(LDS, op_select_segment)
                                                                                                            M(LES, op_select_segment) M(
                                                                                                                LFS,
                                                                                                                op_select_segment)
                                                                                                                M(LGS, op_select_segment) M(
                                                                                                                    LSS,
                                                                                                                    op_select_segment)
                                                                                                                    M(IN,
                                                                                                                      op_select_io)
                                                                                                                        M(OUT,
                                                                                                                          op_select_io)};

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
        op->ea_kind = (d->mode & CPU_MODE_FLAT) && op->seg < SEG_FS ? EA_TRUNC : EA_CHECK;
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
            op->seg = (uint8_t)MAX(decode_seg(o->mem.segment), 0);
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
    OpSelect select = selectors[d->zi.mnemonic];
    op->fn = select ? select(d, op) : op_select_fpu(d, op);
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
