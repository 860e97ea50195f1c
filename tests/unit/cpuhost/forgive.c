/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of what two right CPUs may differ in, and how each row is told from a mistake. */
#include "tests/unit/cpuhost/forgive.h"

#include "target/i386/cpu_state.h"

/* In an FXSAVE image. */
#define FX_FSW     2
#define FX_FTW     4
#define FX_MXCSR   24
#define FX_ST      32
#define FX_XMM     160
#define FSW_TOP    0x3800u
#define TOP_SHIFT  11
#define VEC_BYTES  32
#define EITHER     (MAKER_INTEL | MAKER_AMD)
#define ARITHMETIC 0x8d5u

static uint64_t field(const uint8_t *fx, unsigned offset, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, fx + offset, size);
    return value;
}

/* A fault that an operand in memory gives. */
static bool memory_fault(const Outcome *out)
{
    return out->vector == EXCP_SS || out->vector == EXCP_GP || out->vector == EXCP_PF ||
           out->vector == EXCP_AC;
}

/* Both stopped in the same instruction, and for the same reason. */
static bool same_fault(const Comparison *c)
{
    return memory_fault(c->host) && c->host->vector == c->ours->vector &&
           c->host->regs.rip == c->ours->regs.rip;
}

static bool is_class(const ZydisDecodedOperand *op, ZydisRegisterClass class_)
{
    return op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(op->reg.value) == class_;
}

static bool is_repeated(const ZydisDecodedInstruction *zi)
{
    return zi->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
}

static bool sse_precision(Comparison *c, const Stop *stop)
{
    const uint32_t oe_ue = 0x18, pe = 0x20;
    uint32_t theirs = (uint32_t)field(c->host->regs.fx, FX_MXCSR, 4);
    uint32_t ours = (uint32_t)field(c->ours->regs.fx, FX_MXCSR, 4);

    if (c->host->vector != EXCP_XM || c->ours->vector != EXCP_XM ||
        !(theirs & ~(theirs >> 7) & oe_ue) || (theirs ^ ours) != pe || !(ours & pe)) {
        return false;
    }
    memcpy(c->ours->regs.fx + FX_MXCSR, &theirs, sizeof(theirs));
    return true;
}

static bool environment_order(Comparison *c, const Stop *stop)
{
    uint64_t low = MIN(c->host->fault, c->ours->fault), high = MAX(c->host->fault, c->ours->fault);
    bool mine =
        stop->zi.mnemonic == ZYDIS_MNEMONIC_FLDENV || stop->zi.mnemonic == ZYDIS_MNEMONIC_FRSTOR;

    if (!mine || !same_fault(c) || c->host->vector != EXCP_PF || low == high ||
        high - low >= stop->ops[0].size / 8) {
        return false;
    }
    c->ours->fault = c->host->fault;
    return true;
}

/* Bytes of what ENTER pushes, by its nesting level, or PUSHA; 0 if it is neither. */
static uint64_t frame_bytes(const Stop *stop)
{
    uint64_t size = stop->zi.operand_width / 8;

    switch (stop->zi.mnemonic) {
    case ZYDIS_MNEMONIC_ENTER:
        return ((stop->ops[1].imm.value.u & 31) + 1) * size;
    case ZYDIS_MNEMONIC_PUSHA:
    case ZYDIS_MNEMONIC_PUSHAD:
        return 8 * size;
    default:
        return 0;
    }
}

static bool partial_frame(Comparison *c, const Stop *stop)
{
    uint64_t rsp = c->ours->regs.gpr[R_RSP], bytes = frame_bytes(stop), from, to;

    if (!bytes || !same_fault(c)) {
        return false;
    }
    /* as much of the frame as there is */
    from = MAX(rsp - bytes, DATA_BASE);
    to = MIN(rsp, DATA_BASE + DATA_SIZE);
    if (from >= to ||
        !memcmp(c->our_data + (from - DATA_BASE), c->host_data + (from - DATA_BASE), to - from)) {
        return false;
    }
    memcpy(c->our_data + (from - DATA_BASE), c->host_data + (from - DATA_BASE), to - from);
    return true;
}

static void vector_get(const HostRegs *regs, unsigned n, uint8_t bytes[VEC_BYTES])
{
    memcpy(bytes, regs->fx + FX_XMM + 16 * n, 16);
    memcpy(bytes + 16, regs->ymm[n], 16);
}

static void vector_set(HostRegs *regs, unsigned n, const uint8_t bytes[VEC_BYTES])
{
    memcpy(regs->fx + FX_XMM + 16 * n, bytes, 16);
    memcpy(regs->ymm[n], bytes + 16, 16);
}

static bool all_are(const uint8_t *bytes, unsigned size, uint8_t value)
{
    for (unsigned i = 0; i < size; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

/* An element that is still to be loaded has its sign bit on both, and is spread or not on either;
 * one that is not is without it, and zero on one of them. */
static bool same_selection(const uint8_t *a, const uint8_t *b, unsigned size)
{
    bool selected = a[size - 1] & 0x80;

    if (memcmp(a, b, size) == 0) {
        return true;
    }
    if (selected != !!(b[size - 1] & 0x80)) {
        return false;
    }
    return all_are(a, size, selected ? 0xff : 0) || all_are(b, size, selected ? 0xff : 0);
}

/* What the instruction does not use of its mask: zero on one of them. */
static bool same_rest(const uint8_t *a, const uint8_t *b, unsigned from)
{
    return memcmp(a + from, b + from, VEC_BYTES - from) == 0 ||
           all_are(a + from, VEC_BYTES - from, 0) || all_are(b + from, VEC_BYTES - from, 0);
}

/* Elements, and bytes of each. */
static bool gather_shape(const ZydisDecodedInstruction *zi, unsigned *size, unsigned *count)
{
    static const struct {
        uint16_t mnemonic;
        uint8_t size, index_size;
    } shapes[] = {
        {ZYDIS_MNEMONIC_VPGATHERDD, 4, 4}, {ZYDIS_MNEMONIC_VGATHERDPS, 4, 4},
        {ZYDIS_MNEMONIC_VPGATHERDQ, 8, 4}, {ZYDIS_MNEMONIC_VGATHERDPD, 8, 4},
        {ZYDIS_MNEMONIC_VPGATHERQD, 4, 8}, {ZYDIS_MNEMONIC_VGATHERQPS, 4, 8},
        {ZYDIS_MNEMONIC_VPGATHERQQ, 8, 8}, {ZYDIS_MNEMONIC_VGATHERQPD, 8, 8},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        if (zi->mnemonic == shapes[i].mnemonic) {
            *size = shapes[i].size;
            *count = zi->avx.vector_length / 8u / MAX(shapes[i].size, shapes[i].index_size);
            return zi->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
        }
    }
    return false;
}

static bool gather_mask(Comparison *c, const Stop *stop)
{
    uint8_t theirs[VEC_BYTES], ours[VEC_BYTES];
    unsigned mask, size, count;

    if (!gather_shape(&stop->zi, &size, &count) || !same_fault(c)) {
        return false;
    }
    mask = (unsigned)ZydisRegisterGetId(stop->ops[2].reg.value);
    vector_get(&c->host->regs, mask, theirs);
    vector_get(&c->ours->regs, mask, ours);
    if (!memcmp(theirs, ours, VEC_BYTES) || !same_rest(theirs, ours, count * size)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!same_selection(theirs + i * size, ours + i * size, size)) {
            return false;
        }
    }
    vector_set(&c->ours->regs, mask, theirs);
    return true;
}

/* Register `n` of the stack's eight, which an FXSAVE image has in the order of ST(0) to ST(7). */
static const uint8_t *physical(const uint8_t *fx, unsigned n)
{
    unsigned top = (unsigned)field(fx, FX_FSW, 2) >> TOP_SHIFT & 7;

    return fx + FX_ST + 16 * ((n - top) & 7);
}

static bool is_mmx_store(const Stop *stop)
{
    switch (stop->zi.mnemonic) {
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVQ:
    case ZYDIS_MNEMONIC_MOVNTQ:
        return stop->ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
               is_class(&stop->ops[1], ZYDIS_REGCLASS_MMX);
    case ZYDIS_MNEMONIC_MASKMOVQ:
        return true;
    default:
        return false;
    }
}

/* The host has made the transition to MMX, TOP alone or the tags with it; the registers are the
 * same. */
static bool mmx_store_top(Comparison *c, const Stop *stop)
{
    const uint8_t *theirs = c->host->regs.fx;
    uint8_t *ours = c->ours->regs.fx;
    uint16_t their_fsw = (uint16_t)field(theirs, FX_FSW, 2);
    uint16_t our_fsw = (uint16_t)field(ours, FX_FSW, 2);

    if (!is_mmx_store(stop) || !same_fault(c) || their_fsw != (our_fsw & ~FSW_TOP) ||
        (theirs[FX_FTW] != 0xff && theirs[FX_FTW] != ours[FX_FTW]) ||
        (their_fsw == our_fsw && theirs[FX_FTW] == ours[FX_FTW])) {
        return false;
    }
    for (unsigned n = 0; n < 8; n++) {
        if (memcmp(physical(theirs, n), physical(ours, n), 10)) {
            return false;
        }
    }
    memcpy(ours + FX_FSW, theirs + FX_FSW, 3);
    memcpy(ours + FX_ST, theirs + FX_ST, 128);
    return true;
}

static bool is_x87_store(const Stop *stop)
{
    switch (stop->zi.mnemonic) {
    case ZYDIS_MNEMONIC_FST:
    case ZYDIS_MNEMONIC_FSTP:
    case ZYDIS_MNEMONIC_FIST:
    case ZYDIS_MNEMONIC_FISTP:
    case ZYDIS_MNEMONIC_FISTTP:
    case ZYDIS_MNEMONIC_FBSTP:
        return stop->ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    default:
        return false;
    }
}

/* One of the two stopped at the store's address, and the other went on: nothing later is
 * comparable. */
static bool x87_store_first(Comparison *c, const Stop *stop)
{
    const uint16_t ie_oe_ue = 0x19;
    bool host_faulted = c->maker == MAKER_INTEL; /* ours is Intel's, the host AMD's */
    const Outcome *faulted = host_faulted ? c->host : c->ours;
    uint16_t fcw = (uint16_t)field(faulted->regs.fx, 0, 2);

    if (!is_x87_store(stop) || !memory_fault(faulted) || (fcw & ie_oe_ue) == ie_oe_ue ||
        same_fault(c)) {
        return false;
    }
    *c->ours = *c->host;
    memcpy(c->our_data, c->host_data, DATA_SIZE);
    return true;
}

static bool repeat_flags(Comparison *c, const Stop *stop)
{
    bool compares;

    switch (stop->zi.mnemonic) {
    case ZYDIS_MNEMONIC_CMPSB:
    case ZYDIS_MNEMONIC_CMPSW:
    case ZYDIS_MNEMONIC_CMPSD:
    case ZYDIS_MNEMONIC_CMPSQ:
    case ZYDIS_MNEMONIC_SCASB:
    case ZYDIS_MNEMONIC_SCASW:
    case ZYDIS_MNEMONIC_SCASD:
    case ZYDIS_MNEMONIC_SCASQ:
        compares = is_repeated(&stop->zi);
        break;
    default:
        compares = false;
    }
    if (!compares || !same_fault(c) ||
        !((c->host->regs.rflags ^ c->ours->regs.rflags) & ARITHMETIC)) {
        return false;
    }
    c->ours->regs.rflags =
        (c->ours->regs.rflags & ~(uint64_t)ARITHMETIC) | (c->host->regs.rflags & ARITHMETIC);
    return true;
}

/* Intel's stopped at an address that is not aligned, and AMD's went on. */
static bool sha_alignment(Comparison *c, const Stop *stop)
{
    const Outcome *intels = c->maker == MAKER_INTEL ? c->ours : c->host;

    if (stop->zi.meta.isa_set != ZYDIS_ISA_SET_SHA || intels->vector != EXCP_GP || same_fault(c)) {
        return false;
    }
    *c->ours = *c->host;
    memcpy(c->our_data, c->host_data, DATA_SIZE);
    return true;
}

static bool bound_signal(Comparison *c, const Stop *stop)
{
    if (stop->zi.mnemonic != ZYDIS_MNEMONIC_BOUND || c->host->regs.rip != c->ours->regs.rip ||
        c->host->vector != EXCP_GP || c->ours->vector != EXCP_BR) {
        return false;
    }
    c->ours->vector = EXCP_GP;
    return true;
}

static uint64_t register_value(const HostRegs *regs, ZydisRegister reg)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

    return ZydisRegisterGetClass(whole) == ZYDIS_REGCLASS_GPR64
               ? regs->gpr[ZydisRegisterGetId(whole)]
               : 0;
}

/* Whether an operand in memory has bytes on both sides of 4 GiB, as far as its registers tell. */
static bool wraps(const HostRegs *regs, const Stop *stop)
{
    for (unsigned i = 0; i < stop->zi.operand_count; i++) {
        const ZydisDecodedOperand *op = &stop->ops[i];
        bool stack = op->type == ZYDIS_OPERAND_TYPE_MEMORY &&
                     op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
        uint64_t at;
        if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || stop->zi.address_width != 32) {
            continue;
        }
        at = register_value(regs, op->mem.base) + (uint64_t)op->mem.disp.value +
             register_value(regs, op->mem.index) * MAX(op->mem.scale, 1);
        at = (uint32_t)at;
        /* a push's is below the stack pointer, by as much as it pushes */
        if (at + op->size / 8 > 1ull << 32 || (stack && at < op->size / 8)) {
            return true;
        }
    }
    return false;
}

static bool limit_4g(Comparison *c, const Stop *stop)
{
    const Outcome *a = c->host, *b = c->ours;
    bool segment = a->vector == EXCP_GP || a->vector == EXCP_SS || b->vector == EXCP_GP ||
                   b->vector == EXCP_SS;

    if (c->seq->bits != 32 || a->regs.rip != b->regs.rip || !memory_fault(a) || !memory_fault(b) ||
        (a->vector == b->vector && a->fault == b->fault) || !wraps(&a->regs, stop) ||
        (!segment && a->vector != b->vector)) {
        return false;
    }
    c->ours->vector = a->vector;
    c->ours->fault = a->fault;
    return true;
}

static const ForgiveRow rows[] = {
    {
        .name = "sse-precision",
        .instructions = "SSE and AVX arithmetic that raises #XM for an unmasked OE or UE",
        .makers = EITHER,
        .forgive = sse_precision,
        .state = "MXCSR.PE set by ours and not by the host",
        .words =
            "SDM vol. 1, 4.9.1.4 and 4.9.1.5: with the exception unmasked the result is rounded "
            "with an unbounded exponent, and PE tells whether that was exact, which ours does "
            "not compute",
    },
    {
        .name = "environment-order",
        .instructions = "FLDENV, FRSTOR with a page fault",
        .makers = EITHER,
        .forgive = environment_order,
        .state = "the address in CR2, within the operand",
        .words =
            "SDM vol. 3, 6.15 (#PF): CR2 has the linear address that caused the fault; no manual "
            "says in which order the parts of an environment are read",
    },
    {
        .name = "partial-frame",
        .instructions = "ENTER, PUSHA, PUSHAD with a fault",
        .makers = EITHER,
        .forgive = partial_frame,
        .state = "memory in the frame below RSP",
        .words =
            "SDM vol. 2, ENTER: the write at the final stack pointer is tried last; PUSHA: eight "
            "pushes. What was pushed before a fault lies below RSP, which is unchanged",
    },
    {
        .name = "gather-mask",
        .instructions = "VGATHERxxx, VPGATHERxx with a fault",
        .makers = EITHER,
        .forgive = gather_mask,
        .state =
            "the mask register: whether elements that remain are spread to all ones, and whether "
            "what is not an element's is cleared yet",
        .words =
            "SDM vol. 2, VGATHERDPS: \"Conditionality is specified by the most significant bit of "
            "each data element of the mask register\"; the operation spreads it and clears "
            "MASK[MAXVL-1:128] before the first load. APM vol. 4, VGATHERDPS: only the "
            "elements done are cleared when it is interrupted",
    },
    {
        .name = "mmx-store-top",
        .instructions = "MOVD, MOVQ, MOVNTQ, MASKMOVQ from an MMX register to memory with a fault",
        .makers = MAKER_INTEL,
        .forgive = mmx_store_top,
        .state = "x87 TOP already 0, and the tags already valid; the eight registers are the same",
        .words =
            "SDM vol. 1, 9.5.1: \"When an MMX instruction (other than the EMMS instruction) is "
            "executed, the processor changes the x87 FPU state\": TOP to 0, all tags to valid. "
            "Not said: that a fault undoes it",
    },
    {
        .name = "bound-signal",
        .instructions = "BOUND out of its bounds",
        .makers = EITHER,
        .forgive = bound_signal,
        .state = "the vector, #BR for #GP",
        .words = "SDM vol. 2, BOUND: #BR if the index is out of range, #GP for the memory operand; "
                 "Linux sends the same signal for both, and only ours tells them apart",
    },
    {
        .name = "limit-4g",
        .instructions = "any of 32-bit code with an operand that goes on at 0 after 4 GiB",
        .makers = EITHER,
        .forgive = limit_4g,
        .state = "the vector, #GP or #SS for #PF, and the address in CR2",
        .words =
            "SDM vol. 3, 5.3: \"When the effective limit is FFFFFFFFH (4 GBytes), these accesses "
            "may or may not cause the indicated exceptions. Behavior is "
            "implementation-specific and may vary from one execution to another.\"",
    },
    {
        .name = "x87-store-first",
        .instructions = "FST, FSTP, FIST, FISTP, FISTTP, FBSTP with an unmasked IE, OE or UE, to "
                        "memory that faults",
        .makers = EITHER,
        .only_switched = true,
        .forgive = x87_store_first,
        .state =
            "everything after: Intel's keeps the exception pending and does not use the address, "
            "AMD's takes the page fault",
        .words = "SDM vol. 1, 8.5.1.2, 8.5.4, 8.5.5: unmasked, the destination in memory is not "
                 "written. SDM vol. 3, 6.9 and APM vol. 2, 8.5 leave the order of faults "
                 "within an instruction to the implementation",
    },
    {
        .name = "sha-alignment",
        .instructions = "SHA instructions with an operand in memory that is not aligned",
        .makers = EITHER,
        .only_switched = true,
        .intels_first = true,
        .forgive = sha_alignment,
        .state = "everything after: Intel's raises #GP, AMD's goes on",
        .words =
            "SDM vol. 2, SHA1MSG1 and the others: exceptions type 4, whose legacy SSE operands "
            "in memory are aligned to 16 bytes. AMD's take any (measured on family 1Ah)",
    },
    {
        .name = "repeat-flags",
        .instructions = "REPE and REPNE CMPS, SCAS with a fault",
        .makers = EITHER,
        .only_switched = true,
        .forgive = repeat_flags,
        .state =
            "the arithmetic flags: Intel's as before the instruction, AMD's of the last iteration",
        .words = "SDM vol. 2, REP: \"When a fault occurs during the execution of a CMPS or SCAS "
                 "instruction that is prefixed with REPE or REPNE, the EFLAGS value is restored to "
                 "the state prior to the execution of the instruction.\" The APM has no such rule",
    },
};

const ForgiveRow *forgive_row(unsigned n)
{
    return n < G_N_ELEMENTS(rows) ? &rows[n] : NULL;
}

/* False if it is not in the sequence's code. */
static bool decode_stop(const Comparison *c, uint64_t rip, Stop *stop)
{
    uint64_t offset = rip - CODE_BASE;
    ZydisDecoder decoder;

    seq_decoder_init(&decoder, c->seq->bits);
    return offset <= CODE_SIZE - 15 &&
           ZYAN_SUCCESS(
               ZydisDecoderDecodeFull(&decoder, c->seq->code + offset, 15, &stop->zi, stop->ops));
}

/* Of the two, where the one is that may have stopped earlier. */
static uint64_t stopped_at(const Comparison *c, const ForgiveRow *row)
{
    bool is_ours = c->switched && (c->maker == MAKER_INTEL) == row->intels_first;

    return (is_ours ? c->ours : c->host)->regs.rip;
}

uint32_t forgive(Comparison *c)
{
    uint32_t applied = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ForgiveRow *row = &rows[i];
        Stop stop;
        if ((row->makers & c->maker) && (c->switched || !row->only_switched) &&
            decode_stop(c, stopped_at(c, row), &stop) && row->forgive(c, &stop)) {
            applied |= 1u << i;
        }
    }
    return applied;
}
