/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SHA instructions (Intel SDM vol. 2) by known answers: SHA-1 and SHA-256 of the examples of
 * FIPS 180-4, computed on a vCPU by code that uses all seven. The host needs none of them; where it
 * has them, the vCPU runs once as if it had not.
 */
#include "code-fixture.h"
#include "target/i386/cpu_model.h"

#define BLOCK     64u
#define BLOCKS    2u
#define STATE     DATA         /* two registers */
#define MESSAGE   (DATA + 64)  /* a block: four registers */
#define CONSTANTS (DATA + 256) /* SHA-256's */

/*
 * A block a turn: RBX is at STATE, RSI at MESSAGE, RDX at CONSTANTS. XMM1 and XMM2 are the state;
 * each of XMM3 to XMM6 in turn has the words for four rounds, and then gets those for the four that
 * come sixteen later.
 */
__asm__(".pushsection .rodata\n"
        ".macro load_block\n"
        "    movdqa (%rbx), %xmm1\n"
        "    movdqa 16(%rbx), %xmm2\n"
        "    movdqa (%rsi), %xmm3\n"
        "    movdqa 16(%rsi), %xmm4\n"
        "    movdqa 32(%rsi), %xmm5\n"
        "    movdqa 48(%rsi), %xmm6\n"
        ".endm\n"

        /* Four rounds by function n. `add` makes E plus the words; `next` becomes the E after. */
        ".macro sha1_four add, n, m, e, next\n"
        "    \\add \\m, \\e\n"
        "    movdqa %xmm1, \\next\n"
        "    sha1rnds4 $\\n, \\e, %xmm1\n"
        ".endm\n"
        ".macro sha1_schedule m0, m1, m2, m3\n"
        "    sha1msg1 \\m1, \\m0\n"
        "    pxor \\m2, \\m0\n"
        "    sha1msg2 \\m3, \\m0\n"
        ".endm\n"
        ".macro sha1_sixteen add, n0, n1, n2, n3\n"
        "    sha1_four \\add, \\n0, %xmm3, %xmm2, %xmm7\n"
        "    sha1_schedule %xmm3, %xmm4, %xmm5, %xmm6\n"
        "    sha1_four sha1nexte, \\n1, %xmm4, %xmm7, %xmm2\n"
        "    sha1_schedule %xmm4, %xmm5, %xmm6, %xmm3\n"
        "    sha1_four sha1nexte, \\n2, %xmm5, %xmm2, %xmm7\n"
        "    sha1_schedule %xmm5, %xmm6, %xmm3, %xmm4\n"
        "    sha1_four sha1nexte, \\n3, %xmm6, %xmm7, %xmm2\n"
        "    sha1_schedule %xmm6, %xmm3, %xmm4, %xmm5\n"
        ".endm\n"
        "sha1_code:\n"
        "    load_block\n"
        "    sha1_sixteen paddd, 0, 0, 0, 0\n"
        "    sha1_sixteen sha1nexte, 0, 1, 1, 1\n"
        "    sha1_sixteen sha1nexte, 1, 1, 2, 2\n"
        "    sha1_sixteen sha1nexte, 2, 2, 2, 3\n"
        "    sha1_sixteen sha1nexte, 3, 3, 3, 3\n"
        "    paddd (%rbx), %xmm1\n"
        "    sha1nexte 16(%rbx), %xmm2\n"
        "    movdqa %xmm1, (%rbx)\n"
        "    movdqa %xmm2, 16(%rbx)\n"
        "    hlt\n"
        "    jmp sha1_code\n"
        "sha1_code_end:\n"

        ".macro sha256_four n, m\n"
        "    movdqa \\m, %xmm0\n"
        "    paddd 16*(\\n)(%rdx), %xmm0\n"
        "    sha256rnds2 %xmm0, %xmm1, %xmm2\n"
        "    pshufd $0x0e, %xmm0, %xmm0\n"
        "    sha256rnds2 %xmm0, %xmm2, %xmm1\n"
        ".endm\n"
        ".macro sha256_schedule m0, m1, m2, m3\n"
        "    sha256msg1 \\m1, \\m0\n"
        "    movdqa \\m3, %xmm7\n"
        "    palignr $4, \\m2, %xmm7\n"
        "    paddd %xmm7, \\m0\n"
        "    sha256msg2 \\m3, \\m0\n"
        ".endm\n"
        ".macro sha256_sixteen n\n"
        "    sha256_four 4*\\n, %xmm3\n"
        "    sha256_schedule %xmm3, %xmm4, %xmm5, %xmm6\n"
        "    sha256_four 4*\\n+1, %xmm4\n"
        "    sha256_schedule %xmm4, %xmm5, %xmm6, %xmm3\n"
        "    sha256_four 4*\\n+2, %xmm5\n"
        "    sha256_schedule %xmm5, %xmm6, %xmm3, %xmm4\n"
        "    sha256_four 4*\\n+3, %xmm6\n"
        "    sha256_schedule %xmm6, %xmm3, %xmm4, %xmm5\n"
        ".endm\n"
        "sha256_code:\n"
        "    load_block\n"
        "    sha256_sixteen 0\n"
        "    sha256_sixteen 1\n"
        "    sha256_sixteen 2\n"
        "    sha256_sixteen 3\n"
        "    paddd (%rbx), %xmm1\n"
        "    paddd 16(%rbx), %xmm2\n"
        "    movdqa %xmm1, (%rbx)\n"
        "    movdqa %xmm2, 16(%rbx)\n"
        "    hlt\n"
        "    jmp sha256_code\n"
        "sha256_code_end:\n"
        ".popsection\n");
extern const uint8_t sha1_code[], sha1_code_end[], sha256_code[], sha256_code_end[];

typedef struct {
    const uint8_t *code, *code_end;
    unsigned words;         /* of the hash */
    uint8_t at[8];          /* where each is in the two registers */
    unsigned first_word;    /* a block's word i is at i ^ first_word */
    uint32_t initial[8];    /* FIPS 180-4, 5.3 */
    uint32_t constants[64]; /* 4.2.2 */
    uint32_t answers[4][8]; /* of each example */
} Hash;

static const char *const examples[4] = {
    "",
    "abc",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
    "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
};

static const Hash sha1 = {
    .code = sha1_code,
    .code_end = sha1_code_end,
    .words = 5,
    .at = {3, 2, 1, 0, 7},
    .first_word = 3,
    .initial = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0},
    .answers = {{0xda39a3ee, 0x5e6b4b0d, 0x3255bfef, 0x95601890, 0xafd80709},
                {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d},
                {0x84983e44, 0x1c3bd26e, 0xbaae4aa1, 0xf95129e5, 0xe54670f1},
                {0xa49b2446, 0xa02c645b, 0xf419f995, 0xb6709125, 0x3a04a259}},
};

static const Hash sha256 = {
    .code = sha256_code,
    .code_end = sha256_code_end,
    .words = 8,
    .at = {3, 2, 7, 6, 1, 0, 5, 4},
    .initial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
                0x5be0cd19},
    .constants = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
                  0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
                  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
                  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
                  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
                  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
                  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
                  0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
                  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
                  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
                  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2},
    .answers = {{0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924, 0x27ae41e4, 0x649b934c, 0xa495991b,
                 0x7852b855},
                {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61,
                 0xf20015ad},
                {0x248d6a61, 0xd20638b8, 0xe5c02693, 0x0c3e6039, 0xa33ce459, 0x64ff2167, 0xf6ecedd4,
                 0x19db06c1},
                {0xcf5b16a7, 0x78af8380, 0x036ce59e, 0x7b049237, 0x0b249b11, 0xe8f07a51, 0xafac4503,
                 0x7afee9d1}},
};

/* FIPS 180-4, 5.1.1: a bit, and the length at the end. */
static unsigned pad(const char *text, uint8_t padded[BLOCKS * BLOCK])
{
    size_t len = strlen(text);
    unsigned blocks = (unsigned)(len + 9 + BLOCK - 1) / BLOCK;
    uint16_t bits = GUINT16_TO_BE((uint16_t)(8 * len));

    memset(padded, 0, BLOCKS * BLOCK);
    memcpy(padded, text, len);
    padded[len] = 0x80;
    memcpy(padded + blocks * BLOCK - sizeof(bits), &bits, sizeof(bits));
    return blocks;
}

static void put_words(Fixture *f, uint64_t addr, const uint32_t *words, size_t count)
{
    as_write(f->memory, addr, words, count * sizeof(*words));
}

static void start(Fixture *f, const Hash *hash)
{
    uint32_t state[8] = {0};

    for (unsigned i = 0; i < hash->words; i++) {
        state[hash->at[i]] = hash->initial[i];
    }
    put_words(f, STATE, state, 8);
    put_words(f, CONSTANTS, hash->constants, 64);
    load(f, CODE, hash->code, (size_t)(hash->code_end - hash->code));
    f->cpu->cr4 |= CR4_OSFXSR;
    cpu_update_mode(f->cpu);
    f->cpu->gpr[R_RBX] = STATE;
    f->cpu->gpr[R_RSI] = MESSAGE;
    f->cpu->gpr[R_RDX] = CONSTANTS;
}

static void one_block(Fixture *f, const Hash *hash, const uint8_t block[BLOCK])
{
    uint32_t in[16], words[16];

    memcpy(in, block, sizeof(in));
    for (unsigned i = 0; i < 16; i++) {
        words[i ^ hash->first_word] = GUINT32_FROM_BE(in[i]);
    }
    put_words(f, MESSAGE, words, 16);
    g_assert_cmpint(run_on(f), ==, -1);
}

static void check_hash(Fixture *f, const Hash *hash)
{
    for (unsigned n = 0; n < G_N_ELEMENTS(examples); n++) {
        uint8_t padded[BLOCKS * BLOCK];
        uint32_t state[8];
        unsigned blocks = pad(examples[n], padded);

        start(f, hash);
        for (unsigned i = 0; i < blocks; i++) {
            one_block(f, hash, padded + i * BLOCK);
        }
        memcpy(state, f->ram.host + STATE, sizeof(state));
        for (unsigned i = 0; i < hash->words; i++) {
            g_assert_cmphex(state[hash->at[i]], ==, hash->answers[n][i]);
        }
    }
}

/* A vCPU of this model, on this host or on one that lacks the instructions. */
static void use_model(Fixture *f, const char *name, bool on_host)
{
    HostFeatures host = cpu_host_features();
    const CpuFeatureRow *row = &cpu_feature_rows[FEAT_SHA_NI];
    CpuModel *model;

    host.ebx7 &= on_host ? UINT32_MAX : ~(1u << row->bit);
    model = cpu_model_parse_for_host(name, &host, NULL);
    g_assert_true(cpu_model_has(model, FEAT_SHA_NI));
    fixture_down(f, NULL);
    fixture_up(f, NULL);
    cpu_model_free(f->model);
    f->model = model;
    f->cpu->cfg.model = model;
}

static void test_hashes(Fixture *f, const void *unused)
{
    for (unsigned on_host = 0; on_host < 2; on_host++) {
        use_model(f, "max", on_host);
        check_hash(f, &sha1);
        check_hash(f, &sha256);
    }
}

/* Operands in memory: Intel's have to be aligned (exceptions type 4), AMD's need not. */
static void test_alignment(Fixture *f, const void *unused)
{
    static const uint8_t code[][7] = {
        {0x0f, 0x38, 0xc8, 0x0b, 0xf4},    /* sha1nexte xmm1, [rbx]; hlt */
        {0x0f, 0x38, 0xc9, 0x0b, 0xf4},    /* sha1msg1 */
        {0x0f, 0x38, 0xca, 0x0b, 0xf4},    /* sha1msg2 */
        {0x0f, 0x3a, 0xcc, 0x0b, 2, 0xf4}, /* sha1rnds4, 2 */
        {0x0f, 0x38, 0xcb, 0x0b, 0xf4},    /* sha256rnds2 */
        {0x0f, 0x38, 0xcc, 0x0b, 0xf4},    /* sha256msg1 */
        {0x0f, 0x38, 0xcd, 0x0b, 0xf4},    /* sha256msg2 */
    };

    for (unsigned on_host = 0; on_host < 2; on_host++) {
        for (unsigned amd = 0; amd < 2; amd++) {
            use_model(f, amd ? "max,vendor=AuthenticAMD" : "max,vendor=GenuineIntel", on_host);
            for (size_t i = 0; i < 2 * G_N_ELEMENTS(code); i++) {
                bool aligned = i & 1;
                load(f, CODE, code[i / 2], sizeof(code[0]));
                f->cpu->cr4 |= CR4_OSFXSR;
                cpu_update_mode(f->cpu);
                f->cpu->gpr[R_RBX] = aligned ? DATA : DATA + 1;
                g_assert_cmpint(run_on(f), ==, aligned || amd ? -1 : EXCP_GP);
            }
        }
    }
}

#define ADD(name_, fn_) g_test_add("/sha/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("known-answers", test_hashes);
    ADD("alignment", test_alignment);
    return g_test_run();
}
