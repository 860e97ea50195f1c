/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-1 and SHA-256 (Intel SDM vol. 2, SHA1MSG1 to SHA256RNDS2; names as there), computed here, so
 * that a guest has them on any host. The translator uses the host's own where it has them.
 */
#include <string.h>

#include "target/i386/fpu_internal.h"
#include "target/i386/system_ops.h"

/* Element 0 is bits 31:0. */
typedef struct {
    uint32_t w[4];
} Words;

typedef Words ShaOp(Words src1, Words src2, Words wk, unsigned imm);

static uint32_t rol(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t ror(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t ch(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) ^ (~x & z);
}

static uint32_t maj(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) ^ (x & z) ^ (y & z);
}

static uint32_t sha1_function(unsigned n, uint32_t b, uint32_t c, uint32_t d)
{
    return n == 0 ? ch(b, c, d) : n == 2 ? maj(b, c, d) : b ^ c ^ d;
}

static Words sha1rnds4(Words src1, Words src2, Words wk, unsigned imm)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t a = src1.w[3], b = src1.w[2], c = src1.w[1], d = src1.w[0], e = 0;
    unsigned n = imm & 3;

    for (int i = 3; i >= 0; i--) {
        uint32_t next = sha1_function(n, b, c, d) + rol(a, 5) + src2.w[i] + e + k[n];
        e = d;
        d = c;
        c = rol(b, 30);
        b = a;
        a = next;
    }
    return (Words){{d, c, b, a}};
}

static Words sha1nexte(Words src1, Words src2, Words wk, unsigned imm)
{
    src2.w[3] += rol(src1.w[3], 30);
    return src2;
}

static Words sha1msg1(Words src1, Words src2, Words wk, unsigned imm)
{
    return (Words){{src2.w[2] ^ src1.w[0], src2.w[3] ^ src1.w[1], src1.w[0] ^ src1.w[2],
                    src1.w[1] ^ src1.w[3]}};
}

static Words sha1msg2(Words src1, Words src2, Words wk, unsigned imm)
{
    uint32_t w16 = rol(src1.w[3] ^ src2.w[2], 1);

    return (Words){{rol(src1.w[0] ^ w16, 1), rol(src1.w[1] ^ src2.w[0], 1),
                    rol(src1.w[2] ^ src2.w[1], 1), w16}};
}

static Words sha256rnds2(Words src1, Words src2, Words wk, unsigned imm)
{
    uint32_t a = src2.w[3], b = src2.w[2], c = src1.w[3], d = src1.w[2];
    uint32_t e = src2.w[1], f = src2.w[0], g = src1.w[1], h = src1.w[0];

    for (unsigned i = 0; i < 2; i++) {
        uint32_t t = ch(e, f, g) + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + wk.w[i] + h;
        uint32_t next = t + maj(a, b, c) + (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22));
        h = g;
        g = f;
        f = e;
        e = t + d;
        d = c;
        c = b;
        b = a;
        a = next;
    }
    return (Words){{f, e, b, a}};
}

static uint32_t sigma0(uint32_t x)
{
    return ror(x, 7) ^ ror(x, 18) ^ x >> 3;
}

static uint32_t sigma1(uint32_t x)
{
    return ror(x, 17) ^ ror(x, 19) ^ x >> 10;
}

static Words sha256msg1(Words src1, Words src2, Words wk, unsigned imm)
{
    return (Words){{src1.w[0] + sigma0(src1.w[1]), src1.w[1] + sigma0(src1.w[2]),
                    src1.w[2] + sigma0(src1.w[3]), src1.w[3] + sigma0(src2.w[0])}};
}

static Words sha256msg2(Words src1, Words src2, Words wk, unsigned imm)
{
    uint32_t w16 = src1.w[0] + sigma1(src2.w[2]), w17 = src1.w[1] + sigma1(src2.w[3]);

    return (Words){{w16, w17, src1.w[2] + sigma1(w16), src1.w[3] + sigma1(w17)}};
}

static Words words_of(__m128i v)
{
    Words words;

    memcpy(&words, &v, sizeof(words));
    return words;
}

/* An operand in memory is aligned on Intel's processors (SDM vol. 2, exceptions type 4); AMD's take
 * any (measured on family 1Ah). */
static __m128i sha_src(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    if (insn->src == NO_REG && cpu_is_amd(cpu)) {
        return fpu_load128u(cpu, ea);
    }
    return fpu_src(cpu, insn, ea);
}

static void run_sha(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    ShaOp *op = insn->impl;
    Words src2, result;
    __m128i v;

    fpu_check_sse(cpu);
    src2 = words_of(sha_src(cpu, insn, ea));
    result = op(words_of(fpu_xmm(cpu, insn->dst)), src2, words_of(fpu_xmm(cpu, 0)), insn->imm);
    memcpy(&v, &result, sizeof(v));
    fpu_set_xmm(cpu, insn->dst, v);
}

static const struct {
    uint16_t mnemonic;
    ShaOp *op;
} rows[] = {
    {ZYDIS_MNEMONIC_SHA1RNDS4, sha1rnds4},     {ZYDIS_MNEMONIC_SHA1NEXTE, sha1nexte},
    {ZYDIS_MNEMONIC_SHA1MSG1, sha1msg1},       {ZYDIS_MNEMONIC_SHA1MSG2, sha1msg2},
    {ZYDIS_MNEMONIC_SHA256RNDS2, sha256rnds2}, {ZYDIS_MNEMONIC_SHA256MSG1, sha256msg1},
    {ZYDIS_MNEMONIC_SHA256MSG2, sha256msg2},
};

bool sse_sha_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].mnemonic == zi->mnemonic) {
            out->run = run_sha;
            out->impl = rows[i].op;
            out->width = 16;
            if (zi->mnemonic == ZYDIS_MNEMONIC_SHA1RNDS4) {
                out->imm = (uint8_t)ops[2].imm.value.u;
            }
            return true;
        }
    }
    return false;
}
