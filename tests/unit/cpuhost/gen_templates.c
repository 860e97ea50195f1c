/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions whose operand must be prepared, as machine code. What models of CPU differ in (FIP,
 * FDP, FOP, the mask of MXCSR) is cleared after it was stored.
 */
#include "tests/unit/cpuhost/gen_internal.h"

/* and rbx, -64 */
#define ALIGN_RBX "\x48\x83\xe3\xc0"
/* mov eax, 3; xor edx, edx */
#define ALL_STATE "\xb8\x03\x00\x00\x00\x31\xd2"
/* and eax, 3; xor edx, edx */
#define ONE_STATE "\x83\xe0\x03\x31\xd2"
/* mov eax, 7; xor edx, edx */
#define AVX_STATE "\xb8\x07\x00\x00\x00\x31\xd2"
/* and eax, 7; xor edx, edx */
#define SOME_STATE "\x83\xe0\x07\x31\xd2"
/* mov word [rbx + 6], 0; mov qword [rbx + 8], 0; mov qword [rbx + 16], 0; mov dword [rbx + 28], 0
 */
#define CLEAR                                                                                      \
    "\x66\xc7\x43\x06\x00\x00"                                                                     \
    "\x48\xc7\x43\x08\x00\x00\x00\x00"                                                             \
    "\x48\xc7\x43\x10\x00\x00\x00\x00"                                                             \
    "\xc7\x43\x1c\x00\x00\x00\x00"
/* mov qword [rbx + 512], bv; mov qword [rbx + 520], 0; mov qword [rbx + 528], 0 */
#define HEADER(bv)                                                                                 \
    "\x48\xc7\x83\x00\x02\x00\x00" bv "\x00\x00"                                                   \
    "\x48\xc7\x83\x08\x02\x00\x00\x00\x00\x00\x00"                                                 \
    "\x48\xc7\x83\x10\x02\x00\x00\x00\x00\x00\x00"
#define XRSTOR(bv) ALIGN_RBX ALL_STATE "\x48\x0f\xae\x23" CLEAR HEADER(bv)

/* mov qword [rbx + 512 + at], 0 */
#define ZERO(at) "\x48\xc7\x83" at "\x02\x00\x00\x00\x00\x00\x00"
/* xsavec64 of all, with a clean header */
#define COMPACT                                                                                    \
    ALIGN_RBX AVX_STATE "\x48\x0f\xc7\x23" CLEAR ZERO("\x10") ZERO("\x18") ZERO("\x20")            \
        ZERO("\x28") ZERO("\x30") ZERO("\x38")

#define TEMPLATE(text)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct {
    const char *code;
    unsigned size;
} templates[] = {
    /* and qword [rsp], ~(ID | AC | TF); popf */
    TEMPLATE("\x48\x81\x24\x24\xff\xfe\xdb\xff\x9d"),
    /* call $+5; add qword [rsp], 6; ret */
    TEMPLATE("\xe8\x00\x00\x00\x00\x48\x83\x04\x24\x06\xc3"), /* and dword [rbx], 0xffff; ldmxcsr
                                                                 [rbx] */
    TEMPLATE("\x81\x23\xff\xff\x00\x00\x0f\xae\x13"),
    /* or dword [rbx], 0x10000; ldmxcsr [rbx] */
    TEMPLATE("\x81\x0b\x00\x00\x01\x00\x0f\xae\x13"),
    TEMPLATE(ALIGN_RBX "\x0f\xae\x03" CLEAR),                    /* fxsave */
    TEMPLATE(ALIGN_RBX "\x48\x0f\xae\x03" CLEAR),                /* fxsave64 */
    TEMPLATE(ALIGN_RBX "\x48\x0f\xae\x03" CLEAR "\x0f\xae\x0b"), /* fxrstor */
    TEMPLATE(ALIGN_RBX ALL_STATE "\x48\x0f\xae\x23" CLEAR),      /* xsave64 */
    TEMPLATE(ALIGN_RBX ONE_STATE "\x0f\xae\x23" CLEAR),          /* xsave */
    TEMPLATE(ALIGN_RBX ONE_STATE "\x48\x0f\xae\x33" CLEAR),      /* xsaveopt64 */
    TEMPLATE(XRSTOR("\x00\x00") "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x01\x00") "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x02\x00") "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x03\x00") ONE_STATE "\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x03\x01") "\x48\x0f\xae\x2b"),         /* a component of no user's */
    TEMPLATE(ALIGN_RBX AVX_STATE "\x48\x0f\xae\x23" CLEAR),  /* xsave64 */
    TEMPLATE(ALIGN_RBX SOME_STATE "\x48\x0f\xae\x33" CLEAR), /* xsaveopt64 */
    TEMPLATE(ALIGN_RBX AVX_STATE "\x48\x0f\xc7\x23" CLEAR),  /* xsavec64 */
    TEMPLATE(ALIGN_RBX SOME_STATE "\x0f\xc7\x23" CLEAR),     /* xsavec */
    TEMPLATE(XRSTOR("\x07\x00") AVX_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x04\x00") SOME_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x03\x00") AVX_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(COMPACT AVX_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(COMPACT SOME_STATE "\x48\x0f\xae\x2b"),
    /* bytes 63:16 of the header must be zero */
    TEMPLATE(ALIGN_RBX AVX_STATE "\x48\x0f\xc7\x23" CLEAR "\x80\x8b\x20\x02\x00\x00\x01"
                                 "\x48\x0f\xae\x2b"),
};

/* The state components that models differ in whether they have them. */
static bool template_ok(Gen *gen, unsigned n)
{
    ZydisDecodedInstruction zi;

    for (unsigned at = 0; at < templates[n].size; at += zi.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&gen->decoder, NULL,
                                                        (const uint8_t *)templates[n].code + at,
                                                        templates[n].size - at, &zi))) {
            g_error("template %u is no code at %u", n, at);
        }
        if (!gen->filter(&zi, gen->opaque)) {
            return false;
        }
    }
    return true;
}

void gen_append_template(Gen *gen)
{
    unsigned n = pick(gen, G_N_ELEMENTS(templates)), at = 0;
    uint16_t pointers = gen->pointers;

    if (!template_ok(gen, n)) {
        return;
    }

    while (at < templates[n].size) {
        const uint8_t *code = (const uint8_t *)templates[n].code + at;
        ZydisDecodedInstruction zi;
        ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
        uint32_t undefined = gen->undefined;

        ZydisDecoderDecodeFull(&gen->decoder, code, templates[n].size - at, &zi, ops);
        gen->pointers = 0xffff;
        gen_track(gen, &zi, ops, false);
        gen_append(gen, code, zi.length, undefined);
        at += zi.length;
    }
    gen->pointers = pointers;
}
