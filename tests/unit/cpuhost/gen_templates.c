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
typedef struct {
    const char *code;
    unsigned size;
} Template;
static const Template templates_64[] = {
    /* and qword [rsp], ~(ID | AC | TF); popf */
    TEMPLATE("\x48\x81\x24\x24\xff\xfe\xdb\xff\x9d"),
    /* call $+5; add qword [rsp], 6; ret */
    TEMPLATE("\xe8\x00\x00\x00\x00\x48\x83\x04\x24\x06\xc3"), /* and dword [rbx], 0xffff; ldmxcsr
                                                                 [rbx] */
    TEMPLATE("\x81\x23\xff\xff\x00\x00\x0f\xae\x13"),
    /* or dword [rbx], 0x10000; ldmxcsr [rbx] */
    TEMPLATE("\x81\x0b\x00\x00\x01\x00\x0f\xae\x13"),
    TEMPLATE(ALIGN_RBX "\x66\x0f\x38\xf8\x1e"),                  /* movdir64b rbx, [rsi] */
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

/* 32-bit code. */
/* and ebx, -64 */
#define ALIGN_EBX "\x83\xe3\xc0"
/* mov word [ebx + 6], 0; mov dword [ebx + 8, 12, 16, 20, 28], 0 */
#define CLEAR_32                                                                                   \
    "\x66\xc7\x43\x06\x00\x00\xc7\x43\x08\x00\x00\x00\x00\xc7\x43\x0c\x00\x00\x00\x00"             \
    "\xc7\x43\x10\x00\x00\x00\x00\xc7\x43\x14\x00\x00\x00\x00\xc7\x43\x1c\x00\x00\x00\x00"
/* push edx; xor edx, edx */
#define NO_EDX "\x52\x31\xd2"
/* pop edx */
#define EDX "\x5a"
/* mov word [ebx + 4], selector; then a far pointer's load from [ebx] */
#define FAR(selector, load) TEMPLATE("\x66\xc7\x43\x04" selector load)
#define FAR_ALL(selector)                                                                          \
    FAR(selector, "\xc4\x0b"), FAR(selector, "\xc5\x0b"), FAR(selector, "\x0f\xb2\x0b"),           \
        FAR(selector, "\x0f\xb4\x0b"), FAR(selector, "\x0f\xb5\x0b"),                              \
        FAR(selector, "\x66\xc4\x4b\x02")
/* mov ax, selector; mov es, ds, fs, gs or ss, ax */
#define LOADS(selector)                                                                            \
    TEMPLATE("\x66\xb8" selector "\x8e\xc0"), TEMPLATE("\x66\xb8" selector "\x8e\xd8"),            \
        TEMPLATE("\x66\xb8" selector "\x8e\xe0"), TEMPLATE("\x66\xb8" selector "\x8e\xe8"),        \
        TEMPLATE("\x66\xb8" selector "\x8e\xd0")
static const Template templates_32[] = {
    /* and dword [esp], ~(ID | AC | TF); popfd */
    TEMPLATE("\x81\x24\x24\xff\xfe\xdb\xff\x9d"),
    /* call $+5; add dword [esp], 5; ret */
    TEMPLATE("\xe8\x00\x00\x00\x00\x83\x04\x24\x05\xc3"),
    /* push 23h, which is CS; call $+5; add dword [esp], 5; retf */
    TEMPLATE("\x6a\x23\xe8\x00\x00\x00\x00\x83\x04\x24\x05\xcb"),
    /* pushfd; push 23h; call $+5; add dword [esp], 5; iretd */
    TEMPLATE("\x9c\x6a\x23\xe8\x00\x00\x00\x00\x83\x04\x24\x05\xcf"),
    /* pushad; popad; of 16 bits too */
    TEMPLATE("\x60\x61"),
    TEMPLATE("\x66\x60\x66\x61"),
    /* pushad; mov ecx, [esp + 12], which is ESP; popad */
    TEMPLATE("\x60\x8b\x4c\x24\x0c\x61"),
    /* and dword [ebx], 0xffff; ldmxcsr [ebx]; or dword [ebx], 0x10000; ldmxcsr [ebx] */
    TEMPLATE("\x81\x23\xff\xff\x00\x00\x0f\xae\x13"),
    TEMPLATE("\x81\x0b\x00\x00\x01\x00\x0f\xae\x13"),
    TEMPLATE(ALIGN_EBX "\x0f\xae\x03" CLEAR_32),                        /* fxsave */
    TEMPLATE(ALIGN_EBX "\x0f\xae\x03" CLEAR_32 "\x0f\xae\x0b"),         /* fxrstor */
    TEMPLATE(ALIGN_EBX NO_EDX "\x83\xe0\x07\x0f\xae\x23" CLEAR_32 EDX), /* xsave */
    TEMPLATE(ALIGN_EBX NO_EDX "\x83\xe0\x07\x0f\xc7\x23" CLEAR_32 EDX), /* xsavec */
    TEMPLATE(ALIGN_EBX NO_EDX "\x83\xe0\x07\x0f\xae\x33" CLEAR_32 EDX), /* xsaveopt */
    /* mov dword [ebx], 0; mov dword [ebx + 4], 0x7fffffff; bound ecx, [ebx] */
    TEMPLATE("\xc7\x03\x00\x00\x00\x00\xc7\x43\x04\xff\xff\xff\x7f\x62\x0b"),
    /* push and pop, of 16 bits: ds to es, es to ds, ss to ss, fs to fs, gs to gs, cs to es */
    TEMPLATE("\x66\x1e\x66\x07"),
    TEMPLATE("\x66\x06\x66\x1f"),
    TEMPLATE("\x66\x16\x66\x17"),
    TEMPLATE("\x66\x0f\xa0\x66\x0f\xa1"),
    TEMPLATE("\x66\x0f\xa8\x66\x0f\xa9"),
    TEMPLATE("\x66\x0e\x66\x07"),
    /* selectors: the usual one, with another RPL, null, null with an RPL, code, a thread's own, a
     * kernel's, a table's, beyond the table */
    FAR_ALL("\x2b\x00"),
    FAR_ALL("\x2a\x00"),
    FAR_ALL("\x00\x00"),
    FAR_ALL("\x03\x00"),
    FAR_ALL("\x23\x00"),
    FAR_ALL("\x07\x00"),
    FAR_ALL("\x10\x00"),
    FAR_ALL("\x40\x00"),
    FAR_ALL("\xf8\xff"),
    LOADS("\x2b\x00"),
    LOADS("\x2a\x00"),
    LOADS("\x00\x00"),
    LOADS("\x23\x00"),
    LOADS("\x0f\x00"),
    LOADS("\x17\x00"),
    LOADS("\x10\x00"),
    LOADS("\x40\x00"),
    LOADS("\xfb\xff"),
};

/* The state components that models differ in whether they have them. */
static bool template_ok(Gen *gen, const Template *t)
{
    ZydisDecodedInstruction zi;

    for (unsigned at = 0; at < t->size; at += zi.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                &gen->decoder, NULL, (const uint8_t *)t->code + at, t->size - at, &zi))) {
            g_error("a template is no code at %u", at);
        }
        if (!gen->filter(&zi, gen->opaque)) {
            return false;
        }
    }
    return true;
}

void gen_append_template(Gen *gen)
{
    const Template *t = gen->seq->bits == 64 ? &templates_64[pick(gen, G_N_ELEMENTS(templates_64))]
                                             : &templates_32[pick(gen, G_N_ELEMENTS(templates_32))];
    unsigned at = 0;
    uint16_t pointers = gen->pointers;

    if (!template_ok(gen, t)) {
        return;
    }

    while (at < t->size) {
        const uint8_t *code = (const uint8_t *)t->code + at;
        ZydisDecodedInstruction zi;
        ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
        uint32_t undefined = gen->undefined;

        ZydisDecoderDecodeFull(&gen->decoder, code, t->size - at, &zi, ops);
        gen->pointers = 0xffff;
        gen_track(gen, &zi, ops, false);
        gen_append(gen, code, zi.length, undefined);
        at += zi.length;
    }
    gen->pointers = pointers;
}
