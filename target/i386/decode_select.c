/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which file's selector chooses the handler of a mnemonic. What is not here is x87, MMX or vector
 * code, or none of ours: op_select_fpu() tells.
 */
#include "target/i386/decode.h"

/* GROUP(select, A, B, ...): a table entry for each mnemonic. A macro cannot call itself, but is
 * looked at again by each EXPAND: 27 mnemonics are the most. */
#define EXPAND(...)    EXPAND_9(EXPAND_9(EXPAND_9(__VA_ARGS__)))
#define EXPAND_9(...)  EXPAND_3(EXPAND_3(EXPAND_3(__VA_ARGS__)))
#define EXPAND_3(...)  EXPAND_1(EXPAND_1(EXPAND_1(__VA_ARGS__)))
#define EXPAND_1(...)  __VA_ARGS__
#define PARENTHESES    ()
#define GROUP(s_, ...) EXPAND(EACH(s_, __VA_ARGS__))
#define EACH(s_, n_, ...)                                                                          \
    [ZYDIS_MNEMONIC_##n_] = s_ __VA_OPT__(, EACH_AGAIN PARENTHESES(s_, __VA_ARGS__))
#define EACH_AGAIN() EACH

static const OpSelect selectors[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
    GROUP(op_select_branch, JO, JNO, JB, JNB, JZ, JNZ, JBE, JNBE, JS, JNS, JP, JNP, JL, JNL, JLE,
          JNLE),
    GROUP(op_select_cond, SETO, SETNO, SETB, SETNB, SETZ, SETNZ, SETBE, SETNBE, SETS, SETNS, SETP,
          SETNP, SETL, SETNL, SETLE, SETNLE),
    GROUP(op_select_cond, CMOVO, CMOVNO, CMOVB, CMOVNB, CMOVZ, CMOVNZ, CMOVBE, CMOVNBE, CMOVS,
          CMOVNS, CMOVP, CMOVNP, CMOVL, CMOVNL, CMOVLE, CMOVNLE),
    GROUP(op_select_branch, JMP, CALL, RET, LOOP, LOOPE, LOOPNE, JCXZ, JECXZ, JRCXZ, INT, INT3,
          INT1, INTO, IRET, IRETD, IRETQ, BOUND),
    GROUP(op_select_alu, ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST),
    GROUP(op_select_unary, INC, DEC, NEG, NOT),
    GROUP(op_select_mov, MOV, MOVNTI, MOVDIRI),
    GROUP(op_select_extend, MOVZX, MOVSX, MOVSXD),
    GROUP(op_select_lea, LEA),
    GROUP(op_select_xchg, XCHG, XADD),
    GROUP(op_select_convert, CBW, CWDE, CDQE, CWD, CDQ, CQO, BSWAP, XLAT, MOVBE),
    GROUP(op_select_shift, SHL, SHR, SAR, ROL, ROR, RCL, RCR),
    GROUP(op_select_double_shift, SHLD, SHRD),
    GROUP(op_select_muldiv, MUL, IMUL, DIV, IDIV),
    GROUP(op_select_bit, BT, BTS, BTR, BTC),
    GROUP(op_select_scan, BSF, BSR, POPCNT, CRC32),
    GROUP(op_select_cmpxchg, CMPXCHG, CMPXCHG8B, CMPXCHG16B),
    GROUP(op_select_string, MOVSB, MOVSW, MOVSD, MOVSQ, CMPSB, CMPSW, CMPSD, CMPSQ, STOSB, STOSW,
          STOSD, STOSQ, LODSB, LODSW, LODSD, LODSQ, SCASB, SCASW, SCASD, SCASQ),
    GROUP(op_select_string, INSB, INSW, INSD, OUTSB, OUTSW, OUTSD),
    GROUP(op_select_push_pop, PUSH, POP),
    GROUP(op_select_frame, PUSHA, PUSHAD, POPA, POPAD, PUSHF, PUSHFD, PUSHFQ, POPF, POPFD, POPFQ,
          ENTER, LEAVE),
    GROUP(op_select_bcd, AAA, AAS, AAM, AAD, DAA, DAS, SALC),
    GROUP(op_select_flag, CLC, STC, CMC, CLD, STD, LAHF, SAHF, NOP, ENDBR32, ENDBR64, PREFETCH,
          PREFETCHW, PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2, PREFETCHWT1, CLDEMOTE, LFENCE,
          MFENCE, SFENCE),
    GROUP(op_select_system, CLFLUSH, CLFLUSHOPT, CLWB, PAUSE, HLT, CLI, STI, CLTS, CLAC, STAC, LMSW,
          SMSW, INVLPG, INVPCID, WBINVD, INVD, SWAPGS, VMCALL, VMMCALL, RDMSR, WRMSR, CPUID),
    GROUP(op_select_system, RDPKRU, WRPKRU, XGETBV, XSETBV, RDTSC, RDTSCP, RDPMC, RDPID, RDRAND,
          RDSEED, RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE, MOVDIR64B, SYSCALL, SYSRET, SYSENTER,
          SYSEXIT),
    GROUP(op_select_segment, LGDT, LIDT, SGDT, SIDT, LLDT, SLDT, LTR, STR, LAR, LSL, VERR, VERW,
          ARPL, LDS, LES, LFS, LGS, LSS),
    GROUP(op_select_io, IN, OUT),
};

OpSelect op_selector(ZydisMnemonic mnemonic)
{
    return selectors[mnemonic] ? selectors[mnemonic] : op_select_fpu;
}
