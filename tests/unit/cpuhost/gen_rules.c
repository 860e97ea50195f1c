/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instructions can be compared, and what is known after each. */
#include "tests/unit/cpuhost/gen_internal.h"

/* What is answered by the operating system, the board, or differently by every model of CPU. */
static bool denied(const ZydisDecodedInstruction *zi)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDTSCP:
    case ZYDIS_MNEMONIC_RDPMC:
    case ZYDIS_MNEMONIC_RDRAND:
    case ZYDIS_MNEMONIC_RDSEED:
    case ZYDIS_MNEMONIC_RDPID:
    case ZYDIS_MNEMONIC_XGETBV:
    case ZYDIS_MNEMONIC_LAR:
    case ZYDIS_MNEMONIC_LSL:
    case ZYDIS_MNEMONIC_VERR:
    case ZYDIS_MNEMONIC_VERW:
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT:
    case ZYDIS_MNEMONIC_SLDT:
    case ZYDIS_MNEMONIC_STR:
    case ZYDIS_MNEMONIC_SMSW:
    case ZYDIS_MNEMONIC_LFS:
    case ZYDIS_MNEMONIC_LGS:
    case ZYDIS_MNEMONIC_LSS:
    case ZYDIS_MNEMONIC_LDS:
    case ZYDIS_MNEMONIC_LES:
    case ZYDIS_MNEMONIC_MONITOR:
    case ZYDIS_MNEMONIC_MWAIT:
    case ZYDIS_MNEMONIC_WRFSBASE:
    case ZYDIS_MNEMONIC_WRGSBASE:
    /* These store the FIP, FDP and masks that models differ in. */
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_XSAVE:
    case ZYDIS_MNEMONIC_XSAVE64:
    case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
    case ZYDIS_MNEMONIC_XRSTOR:
    case ZYDIS_MNEMONIC_XRSTOR64:
    case ZYDIS_MNEMONIC_XSAVEC:
    case ZYDIS_MNEMONIC_XSAVEC64:
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
    /* Every maker has results of its own: test-approx, test-x87-math. */
    case ZYDIS_MNEMONIC_RCPPS:
    case ZYDIS_MNEMONIC_RCPSS:
    case ZYDIS_MNEMONIC_RSQRTPS:
    case ZYDIS_MNEMONIC_RSQRTSS:
    case ZYDIS_MNEMONIC_VRCPPS:
    case ZYDIS_MNEMONIC_VRCPSS:
    case ZYDIS_MNEMONIC_VRSQRTPS:
    case ZYDIS_MNEMONIC_VRSQRTSS:
    case ZYDIS_MNEMONIC_F2XM1:
    case ZYDIS_MNEMONIC_FCOS:
    case ZYDIS_MNEMONIC_FPATAN:
    case ZYDIS_MNEMONIC_FPTAN:
    case ZYDIS_MNEMONIC_FSIN:
    case ZYDIS_MNEMONIC_FSINCOS:
    case ZYDIS_MNEMONIC_FYL2X:
    case ZYDIS_MNEMONIC_FYL2XP1:
    /* Only by templates: their operand must be prepared. AMD has one more bit of MXCSR. */
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_VLDMXCSR:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_RET:
        return true;
    default:
        return zi->meta.isa_set == ZYDIS_ISA_SET_PREFETCHWT1;
    }
}

static bool has_repeat_prefix(const ZydisDecodedInstruction *zi)
{
    for (unsigned i = 0; i < zi->raw.prefix_count; i++) {
        if (zi->raw.prefixes[i].value == 0xf2 || zi->raw.prefixes[i].value == 0xf3) {
            return true;
        }
    }
    return false;
}

/* Repeated none at all with 32-bit addresses, some of Intel's cut registers that others leave. */
static bool may_repeat_none(const Gen *gen, const ZydisDecodedInstruction *zi)
{
    const uint16_t pointers = 1u << RSI | 1u << RDI;

    return zi->meta.category == ZYDIS_CATEGORY_STRINGOP && zi->address_width == 32 &&
           gen->seq->bits == 64 && has_repeat_prefix(zi) &&
           (!(gen->small >> RCX & 1) || (gen->pointers & pointers) != pointers);
}

/* Encodings of which makers of CPUs, or the decoder, have different ideas. */
static bool disputed(const Gen *gen, const ZydisDecodedInstruction *zi,
                     const ZydisDecodedOperand *ops)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_CVTPI2PS: /* from memory: by the SDM it turns x87 state to MMX */
        return ops[1].type == ZYDIS_OPERAND_TYPE_MEMORY;
    case ZYDIS_MNEMONIC_NOP: /* 0F 0D on a register: #UD at AMD */
        return zi->opcode_map == ZYDIS_OPCODE_MAP_0F && zi->opcode == 0x0d;
    case ZYDIS_MNEMONIC_PAUSE: /* with REX.B it is XCHG, not for the decoder */
        return zi->attributes & ZYDIS_ATTRIB_HAS_REX;
    case ZYDIS_MNEMONIC_CMPSB: /* which of two faults comes first */
    case ZYDIS_MNEMONIC_CMPSW:
    case ZYDIS_MNEMONIC_CMPSD:
    case ZYDIS_MNEMONIC_CMPSQ:
        return zi->meta.category == ZYDIS_CATEGORY_STRINGOP &&
               (zi->address_width == 16 || !(gen->pointers >> RSI & 1) ||
                !(gen->pointers >> RDI & 1) || may_repeat_none(gen, zi));
    case ZYDIS_MNEMONIC_PUSH: /* which of two faults comes first, too */
    case ZYDIS_MNEMONIC_POP:
        /* a selector takes 16 bits of 32, or all of them (SDM vol. 2, PUSH) */
        if (zi->operand_width == 32 && ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            ZydisRegisterGetClass(ops[0].reg.value) == ZYDIS_REGCLASS_SEGMENT) {
            return true;
        }
        return ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY && !(gen->pointers >> RSP & 1);
    case ZYDIS_MNEMONIC_ARPL: /* whether memory must be writable if it does not change */
        return ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    case ZYDIS_MNEMONIC_INSB: /* repeated no times: permission checked or not */
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
    case ZYDIS_MNEMONIC_LOOPE: /* the prefix changes the condition at AMD */
    case ZYDIS_MNEMONIC_LOOPNE:
        return has_repeat_prefix(zi);
    default:
        return may_repeat_none(gen, zi);
    }
}

static bool writes_segment(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    return zi->operand_count_visible && ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(ops[0].reg.value) == ZYDIS_REGCLASS_SEGMENT &&
           (ops[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
}

/* Results that the SDM leaves undefined. */
static bool undefined_result(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_BSWAP:
        return zi->operand_width == 16;
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
        return zi->operand_width == 16 &&
               (ops[2].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || (ops[2].imm.value.u & 31) > 16);
    default:
        return false;
    }
}

bool gen_is_branch(const ZydisDecodedInstruction *zi)
{
    return zi->meta.category == ZYDIS_CATEGORY_COND_BR ||
           zi->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
           zi->meta.category == ZYDIS_CATEGORY_CALL;
}

static bool branch_ok(const Gen *gen, const ZydisDecodedInstruction *zi,
                      const ZydisDecodedOperand *ops)
{
    return gen->branch < 0 && ops[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           ops[0].imm.is_relative &&
           (gen->seq->bits == 32 || !(zi->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE));
}

static uint32_t tested_flags(const ZydisDecodedInstruction *zi)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFD:
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_LAHF:
        return FLAGS_ALL;
    default:
        return zi->cpu_flags ? zi->cpu_flags->tested & FLAGS_ALL : 0;
    }
}

bool gen_acceptable(Gen *gen, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    if (gen->only && zi->mnemonic != gen->only) {
        return false;
    }
    if (denied(zi) || writes_segment(zi, ops) || undefined_result(zi, ops) ||
        disputed(gen, zi, ops) || (gen_is_branch(zi) && !branch_ok(gen, zi, ops))) {
        return false;
    }
    /* Privileged instructions just raise #GP: one in a while is enough. */
    if ((zi->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) && !chance(gen, 2)) {
        return false;
    }
    return !(tested_flags(zi) & gen->undefined) && gen->filter(zi, gen->opaque);
}

/* Flags that may keep their old value: shifts by zero, repeats of no times. */
static bool may_leave_flags(const ZydisDecodedInstruction *zi)
{
    return zi->meta.category == ZYDIS_CATEGORY_SHIFT ||
           zi->meta.category == ZYDIS_CATEGORY_ROTATE || zi->mnemonic == ZYDIS_MNEMONIC_SHLD ||
           zi->mnemonic == ZYDIS_MNEMONIC_SHRD || zi->meta.category == ZYDIS_CATEGORY_STRINGOP;
}

/* What is known after the instruction. `skipped`: it may not run. */
bool gen_track(Gen *gen, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
               bool skipped)
{
    uint16_t written = 0;

    for (unsigned i = 0; i < zi->operand_count; i++) {
        if (ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
            ZydisRegister reg =
                ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, ops[i].reg.value);
            if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_GPR64) {
                written |= (uint16_t)(1u << ZydisRegisterGetId(reg));
            }
        }
    }
    /* Pushes and string instructions move their pointers a little; they stay pointers. */
    if (zi->meta.category == ZYDIS_CATEGORY_PUSH || zi->meta.category == ZYDIS_CATEGORY_STRINGOP ||
        zi->meta.category == ZYDIS_CATEGORY_CALL) {
        written = 0;
    } else if (zi->meta.category == ZYDIS_CATEGORY_POP && ops[0].reg.value != ZYDIS_REGISTER_RSP) {
        written &= ~(1u << RSP);
    }
    if (__builtin_popcount(gen->pointers & ~written) < 3 && !gen->only) {
        return false;
    }
    gen->pointers &= ~written;
    gen->small &= ~written;
    if (zi->cpu_flags) {
        uint32_t defined = zi->cpu_flags->modified | zi->cpu_flags->set_0 | zi->cpu_flags->set_1;
        if (!skipped && !may_leave_flags(zi)) {
            gen->undefined &= ~defined;
        }
        gen->undefined |= zi->cpu_flags->undefined & FLAGS_ALL;
    }
    return true;
}
