/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Intel's CPUs and AMD's do otherwise in user code: stores of x87 values that fault for two
 * reasons, repeated strings, selectors pushed. And what is the same on both: where DPPS and DPPD
 * stop, and what segments of 32-bit code permit.
 */
#include "makers-fixture.h"

/* A store of ST(0) to [r13], which is then followed by INT3. */
typedef struct {
    const char *name;
    uint8_t code[4], length, size;
    uint16_t masks; /* cleared in FCW */
    uint16_t exponent;
    uint64_t mantissa;
    bool empty, pops;
} StoreRow;

static const StoreRow stores[] = {
    {"fist m32", {0x41, 0xdb, 0x55, 0x00}, 4, 4, IE, 0x4032, 0x8080000000000001, false, false},
    {"fist m16", {0x41, 0xdf, 0x55, 0x00}, 4, 2, IE, 0x4032, 0x8080000000000001, false, false},
    {"fistp m32", {0x41, 0xdb, 0x5d, 0x00}, 4, 4, IE, 0x4032, 0x8080000000000001, false, true},
    {"fistp m16", {0x41, 0xdf, 0x5d, 0x00}, 4, 2, IE, 0x7fff, 0xc000000000000000, false, true},
    {"fistp m64", {0x41, 0xdf, 0x7d, 0x00}, 4, 8, IE, 0x4050, 0x8080000000000001, false, true},
    {"fisttp m16", {0x41, 0xdf, 0x4d, 0x00}, 4, 2, IE, 0x4032, 0x8080000000000001, false, true},
    {"fisttp m32", {0x41, 0xdb, 0x4d, 0x00}, 4, 4, IE, 0x4032, 0x8080000000000001, false, true},
    {"fisttp m64", {0x41, 0xdd, 0x4d, 0x00}, 4, 8, IE, 0x4050, 0x8080000000000001, false, true},
    {"fst m32, too large", {0x41, 0xd9, 0x55, 0x00}, 4, 4, OE, 0x4200, 1ull << 63, false, false},
    {"fst m32, too small", {0x41, 0xd9, 0x55, 0x00}, 4, 4, UE, 0x3e00, 1ull << 63, false, false},
    {"fstp m64, too large", {0x41, 0xdd, 0x5d, 0x00}, 4, 8, OE, 0x7000, 1ull << 63, false, true},
    {"fstp m64, too small", {0x41, 0xdd, 0x5d, 0x00}, 4, 8, UE, 0x0010, 1ull << 63, false, true},
    {"fst m64 of nothing", {0x41, 0xdd, 0x55, 0x00}, 4, 8, IE, 0x3fff, 1ull << 63, true, false},
    {"fstp m80 of nothing", {0x41, 0xdb, 0x7d, 0x00}, 4, 10, IE, 0x3fff, 1ull << 63, true, true},
    {"fbstp m80", {0x41, 0xdf, 0x75, 0x00}, 4, 10, IE, 0x4050, 0x8080000000000001, false, true},
};

static void store_start(const StoreRow *row, uint16_t unmasked, uint64_t address)
{
    HostRegs *r = &rig.seq.start;
    uint16_t fcw = (uint16_t)(0x37f & ~unmasked);

    start(row->code, row->length);
    r->gpr[13] = address;
    memcpy(r->fx, &fcw, 2);
    r->fx[4] = row->empty ? 0xfe : 0xff; /* TOP is 0 */
    memcpy(r->fx + 32, &row->mantissa, 8);
    memcpy(r->fx + 40, &row->exponent, 2);
}

/* The exception is pending, the stack is as it was, and memory too. */
static void expect_pending(const StoreRow *row, unsigned maker)
{
    const Outcome *out = &rig.out[maker];

    g_assert_cmpint(out->vector, ==, EXCP_BP);
    g_assert_cmphex(out->regs.rip, ==, CODE_BASE + row->length + 1);
    g_assert_cmphex(fsw_of(out) & (FSW_ES | row->masks), ==, FSW_ES | row->masks);
    g_assert_cmphex(fsw_of(out) & 0x3800, ==, 0);
    g_assert_cmphex(out->regs.fx[4], ==, row->empty ? 0xfe : 0xff);
    g_assert_cmpmem(rig.data[maker], DATA_SIZE, rig.seq.data, DATA_SIZE);
}

static void expect_fault(unsigned maker, int vector)
{
    const Outcome *out = &rig.out[maker];

    g_assert_cmpint(out->vector, ==, vector);
    g_assert_cmphex(out->regs.rip, ==, CODE_BASE);
    g_assert_cmphex(fsw_of(out), ==, 0);
}

static void test_x87_store_row(const StoreRow *row)
{
    static const struct {
        uint64_t address;
        int vector;
    } bad[] = {{ABSENT, EXCP_PF}, {DATA_BASE + DATA_RW, EXCP_PF}, {NON_CANONICAL, EXCP_GP}};
    uint32_t rows;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        store_start(row, row->masks, bad[i].address);
        run();
        expect_pending(row, INTEL);
        expect_fault(AMD, bad[i].vector);
        g_assert_true(forgiven(&rig.out[AMD], rig.data[AMD], &rig.out[INTEL], rig.data[INTEL],
                               MAKER_INTEL, true, &rows));
        g_assert_cmphex(rows, ==, row_bit("x87-store-first"));
        g_assert_true(forgiven(&rig.out[INTEL], rig.data[INTEL], &rig.out[AMD], rig.data[AMD],
                               MAKER_AMD, true, &rows));
        g_assert_cmphex(rows, ==, row_bit("x87-store-first"));
        expect_no_row(&rig.out[AMD], &rig.out[INTEL]);
        /* masked, there is one fault only */
        store_start(row, 0, bad[i].address);
        run();
        expect_fault(INTEL, bad[i].vector);
        expect_fault(AMD, bad[i].vector);
    }
    store_start(row, row->masks, DATA_BASE + 64);
    run();
    expect_pending(row, INTEL);
    expect_pending(row, AMD);
}

static void test_x87_store(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stores); i++) {
        g_test_message("%s", stores[i].name);
        test_x87_store_row(&stores[i]);
    }
}

/* One that is inexact and no more is stored: the page fault is all there is. */
static void test_x87_store_inexact(void)
{
    static const StoreRow row = {"fst m32", {0x41, 0xd9, 0x55, 0x00}, 4,     4,    PE,
                                 0x3fff,    0x8000000000000001,       false, false};

    store_start(&row, PE, ABSENT);
    run();
    expect_fault(INTEL, EXCP_PF);
    expect_fault(AMD, EXCP_PF);
}

/* What the SHA instructions make of an address that is not aligned; of one that is, or of registers
 * alone, all make the same. */
static void test_sha_alignment(void)
{
    static const uint8_t sha[][5] = {
        {0x41, 0x0f, 0x38, 0xcc, 0x4d}, /* sha256msg1 xmm1, [r13] */
        {0x41, 0x0f, 0x38, 0xc8, 0x4d}, /* sha1nexte */
    };
    uint32_t rows;

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(sha); i++) {
        bool aligned = i & 1;
        uint8_t code[6] = {0};
        memcpy(code, sha[i / 2], sizeof(sha[0]));
        start(code, sizeof(code));
        rig.seq.start.gpr[13] = DATA_BASE + (aligned ? 64 : 72);
        run();
        g_assert_cmpint(rig.out[AMD].vector, ==, EXCP_BP);
        g_assert_cmpint(rig.out[INTEL].vector, ==, aligned ? EXCP_BP : EXCP_GP);
        g_assert_true(forgiven(&rig.out[AMD], rig.data[AMD], &rig.out[INTEL], rig.data[INTEL],
                               MAKER_INTEL, true, &rows));
        g_assert_cmphex(rows, ==, aligned ? 0 : row_bit("sha-alignment"));
        g_assert_true(forgiven(&rig.out[INTEL], rig.data[INTEL], &rig.out[AMD], rig.data[AMD],
                               MAKER_AMD, true, &rows));
        g_assert_cmphex(rows, ==, aligned ? 0 : row_bit("sha-alignment"));
        if (!aligned) {
            expect_no_row(&rig.out[AMD], &rig.out[INTEL]);
        }
    }
}

/* Repeated compares that fault on the way: where they stand is the same, the flags are not. */
static void test_repeat_flags(void)
{
    static const struct {
        const char *name;
        uint8_t code[3], length, size;
    } repeats[] = {
        {"repne scasd", {0xf2, 0xaf}, 2, 4},       {"repe scasb", {0xf3, 0xae}, 2, 1},
        {"repne scasq", {0xf2, 0x48, 0xaf}, 3, 8}, {"repe cmpsb", {0xf3, 0xa6}, 2, 1},
        {"repe cmpsw", {0x66, 0xf3, 0xa7}, 3, 2},  {"repne cmpsd", {0xf2, 0xa7}, 2, 4},
        {"repne cmpsq", {0xf2, 0x48, 0xa7}, 3, 8},
    };
    const uint64_t before = FLAG_CF | FLAG_OF | FLAG_AF | FLAG_SF;

    for (size_t i = 0; i < G_N_ELEMENTS(repeats); i++) {
        bool equal = repeats[i].code[0] != 0xf2;
        start(repeats[i].code, repeats[i].length);
        memset(rig.seq.data, 0, DATA_SIZE);
        if (!equal) {
            memset(rig.seq.data + DATA_SIZE - 64, 1, 64);
        }
        rig.seq.start.rflags = 0x202 | before;
        rig.seq.start.gpr[R_RAX] = 0;
        rig.seq.start.gpr[R_RCX] = 1000;
        rig.seq.start.gpr[R_RSI] = DATA_BASE;
        rig.seq.start.gpr[R_RDI] = DATA_BASE + DATA_SIZE - 4 * repeats[i].size;
        run();
        g_test_message("%s", repeats[i].name);
        for (unsigned maker = 0; maker < MAKERS; maker++) {
            const HostRegs *r = &rig.out[maker].regs;
            bool intel = maker == INTEL;
            g_assert_cmpint(rig.out[maker].vector, ==, EXCP_PF);
            g_assert_cmpuint(r->gpr[R_RCX], ==, 996);
            g_assert_cmphex(r->gpr[R_RDI], ==, DATA_BASE + DATA_SIZE);
            g_assert_cmphex(r->rflags & FLAG_OF, ==, intel ? FLAG_OF : 0);
            g_assert_cmphex(r->rflags & FLAG_ZF, ==, !intel && equal ? FLAG_ZF : 0);
        }
        g_assert_cmphex(rig.out[INTEL].regs.rflags & FLAGS_ARITH, ==, before);
        expect_row("repeat-flags", &rig.out[INTEL], &rig.out[AMD], MAKER_INTEL | MAKER_AMD, true);
        expect_no_row(&rig.out[INTEL], &rig.out[AMD]);
    }
}

/* Repeated none at all with 32-bit addresses. */
static void test_repeat_none(void)
{
    static const struct {
        uint8_t opcode;
        bool rsi, rdi; /* cut by Intel's, too */
    } strings[] = {{0xa4, true, true},
                   {0xaa, false, true},
                   {0xac, false, false},
                   {0xa6, false, false},
                   {0xae, false, false}};
    const uint64_t high = 0xabcdull << 32;

    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
        const uint8_t code[] = {0x67, 0xf3, strings[i].opcode};
        start(code, sizeof(code));
        rig.seq.start.gpr[R_RCX] = high;
        rig.seq.start.gpr[R_RSI] |= high;
        rig.seq.start.gpr[R_RDI] |= high;
        run();
        for (unsigned maker = 0; maker < MAKERS; maker++) {
            const HostRegs *r = &rig.out[maker].regs;
            bool intel = maker == INTEL;
            g_assert_cmphex(r->gpr[R_RCX], ==, intel ? 0 : high);
            g_assert_cmphex(r->gpr[R_RSI] >> 32, ==, intel && strings[i].rsi ? 0 : high >> 32);
            g_assert_cmphex(r->gpr[R_RDI] >> 32, ==, intel && strings[i].rdi ? 0 : high >> 32);
        }
    }
}

/* DPPS and DPPD stop at the first multiplication or addition that raises: what later ones would
 * have found is not in MXCSR. */
static void test_dot_product_steps(void)
{
    static const struct {
        const char *name;
        uint8_t code[6];
        uint32_t mxcsr, found;
        uint64_t a[2], b[2];
    } rows[] = {
        /* the product underflows, and is denormal for the sum */
        {"dppd xmm0, xmm1, 64h",
         {0x66, 0x0f, 0x3a, 0x41, 0xc1, 0x64},
         0x4400,
         UE | PE,
         {0, 0x00500c63dc47ab19},
         {0, 0x3c00000000000001}},
        /* products overflow to infinities of both signs, whose sum is invalid */
        {"dpps xmm0, xmm1, b7h",
         {0x66, 0x0f, 0x3a, 0x40, 0xc1, 0xb7},
         0x10c0,
         OE | PE,
         {0x7f0000017f000001, 0},
         {0xff0000017f000001, 0}},
    };

    if (!cpu_model_has(vcpu_cpu(rig.vcpu[0][0])->cfg.model, FEAT_SSE41)) {
        g_test_skip("the host lacks SSE4.1");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        start(rows[i].code, sizeof(rows[i].code));
        memcpy(rig.seq.start.fx + 24, &rows[i].mxcsr, 4);
        memcpy(XMM(&rig.seq.start, 0), rows[i].a, 16);
        memcpy(XMM(&rig.seq.start, 1), rows[i].b, 16);
        run();
        g_test_message("%s", rows[i].name);
        g_assert_cmpint(rig.out[INTEL].vector, ==, EXCP_XM);
        g_assert_cmphex(rig.out[INTEL].regs.fx[24] & 0x3f, ==, rows[i].found);
    }
}

/* PUSH of a selector with an operand size of 32 bits (SDM vol. 2, PUSH). */
static void test_push_segment(void)
{
    static const uint8_t codes[][2] = {{0x1e}, {0x06}, {0x0e}, {0x16}, {0x0f, 0xa0}, {0x0f, 0xa8}};
    static const uint16_t selectors[] = {USER_SS, USER_SS,   USER_CS32,
                                         USER_SS, USER_FS32, USER_GS32};

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        unsigned at = DATA_SIZE / 2 - 4;
        start_32(codes[i], codes[i][0] == 0x0f ? 2 : 1);
        rig.seq.start.gpr[R_RSP] = DATA_BASE + at + 4;
        memset(rig.seq.data + at, 0xee, 4);
        run();
        for (unsigned maker = 0; maker < MAKERS; maker++) {
            uint32_t high = maker == INTEL ? 0xeeee0000 : 0;
            g_assert_cmphex(compare_field(rig.data[maker], at, 4), ==, high | selectors[i]);
            g_assert_cmphex(rig.out[maker].regs.gpr[R_RSP], ==, DATA_BASE + at);
        }
    }
}

static void expect_fault_32(const uint8_t *code, unsigned length, int vector)
{
    start_32(code, length);
    rig.seq.start.gpr[R_RAX] = DATA_SIZE + 16; /* beyond the limit of GS */
    run();
    for (unsigned maker = 0; maker < MAKERS; maker++) {
        g_assert_cmpint(rig.out[maker].vector, ==, vector);
        g_assert_cmphex(rig.out[maker].regs.rip, ==,
                        vector == EXCP_BP ? CODE_BASE + length + 1 : CODE_BASE);
    }
}

/* A code segment may be flat, and is not writable for that. */
static void test_code_segment(void)
{
    static const uint8_t store[] = {0x2e, 0x89, 0x03}, load[] = {0x2e, 0x8b, 0x03},
                         rmw[] = {0x2e, 0xff, 0x0b}, movups[] = {0x2e, 0x0f, 0x11, 0x03};

    expect_fault_32(store, sizeof(store), EXCP_GP);
    expect_fault_32(rmw, sizeof(rmw), EXCP_GP);
    expect_fault_32(movups, sizeof(movups), EXCP_GP);
    expect_fault_32(load, sizeof(load), EXCP_BP);
}

/* A pending x87 exception comes before the segment's limit. */
static void test_pending_first(void)
{
    static const uint8_t fadd[] = {0x65, 0xdc, 0x00}, paddb[] = {0x65, 0x0f, 0xfc, 0x00},
                         fnstsw[] = {0x65, 0xdd, 0x38}, movups[] = {0x65, 0x0f, 0x10, 0x00};
    const uint16_t fcw = 0x37e, fsw = 0x8081;
    const struct {
        const uint8_t *code;
        unsigned length;
        int vector;
    } rows[] = {
        {fadd, 3, EXCP_MF}, {paddb, 4, EXCP_MF}, {fnstsw, 3, EXCP_GP}, {movups, 4, EXCP_GP}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        start_32(rows[i].code, rows[i].length);
        rig.seq.start.gpr[R_RAX] = DATA_SIZE + 16;
        memcpy(rig.seq.start.fx, &fcw, 2);
        memcpy(rig.seq.start.fx + 2, &fsw, 2);
        run();
        g_assert_cmpint(rig.out[INTEL].vector, ==, rows[i].vector);
        g_assert_cmpint(rig.out[AMD].vector, ==, rows[i].vector);
    }
}

/* Elements that the mask leaves out may be beyond the limit, and in code that is not writable. */
static void test_masked_beyond_limit(void)
{
    static const uint8_t load[] = {0x65, 0xc4, 0xe2, 0x79, 0x2c, 0x08},
                         store[] = {0x65, 0xc4, 0xe2, 0x79, 0x2e, 0x08},
                         store_cs[] = {0x2e, 0xc4, 0xe2, 0x79, 0x2e, 0x08};
    const struct {
        const uint8_t *code;
        uint64_t offset; /* of the first of four elements */
        uint32_t mask;   /* those that are wanted, a bit each */
        int vector;
    } rows[] = {
        {load, DATA_SIZE - 8, 3, EXCP_BP},   {load, DATA_SIZE - 8, 7, EXCP_GP},
        {load, DATA_SIZE, 0, EXCP_BP},       {store, DATA_RW - 8, 3, EXCP_BP},
        {store, DATA_SIZE, 0, EXCP_BP},      {store, DATA_SIZE, 8, EXCP_GP},
        {store_cs, DATA_MIDDLE, 0, EXCP_BP}, {store_cs, DATA_MIDDLE, 1, EXCP_GP},
    };

    if (!cpu_model_has(vcpu_cpu(rig.vcpu[0][0])->cfg.model, FEAT_AVX)) {
        g_test_skip("the host lacks AVX");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t mask[4];
        for (unsigned n = 0; n < 4; n++) {
            mask[n] = rows[i].mask >> n & 1 ? 0x80000000 : 0;
        }
        start_32(rows[i].code, 6);
        rig.seq.start.gpr[R_RAX] = rows[i].offset;
        memcpy(XMM(&rig.seq.start, 0), mask, sizeof(mask));
        run();
        g_assert_cmpint(rig.out[INTEL].vector, ==, rows[i].vector);
        g_assert_cmpint(rig.out[AMD].vector, ==, rows[i].vector);
    }
}

/* All bytes of a vector instruction's operand are within the limit, the first alone is not enough.
 */
static void test_operand_across_limit(void)
{
    static const struct {
        const char *name;
        uint8_t code[7], length, width;
    } rows[] = {
        {"cvtsi2ss", {0x65, 0xf3, 0x0f, 0x2a, 0x00}, 5, 4},
        {"cvtsi2sd", {0x65, 0xf2, 0x0f, 0x2a, 0x00}, 5, 4},
        {"cvtss2si", {0x65, 0xf3, 0x0f, 0x2d, 0x00}, 5, 4},
        {"addsd", {0x65, 0xf2, 0x0f, 0x58, 0x00}, 5, 8},
        {"comiss", {0x65, 0x0f, 0x2f, 0x00}, 4, 4},
        {"movd", {0x65, 0x66, 0x0f, 0x6e, 0x00}, 5, 4},
        {"movhps", {0x65, 0x0f, 0x16, 0x00}, 4, 8},
        {"pinsrw", {0x65, 0x66, 0x0f, 0xc4, 0x00, 0x00}, 6, 2},
        {"movups", {0x65, 0x0f, 0x10, 0x00}, 4, 16},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (unsigned beyond = 0; beyond < 2; beyond++) {
            start_32(rows[i].code, rows[i].length);
            rig.seq.start.gpr[R_RAX] = DATA_SIZE - rows[i].width + beyond;
            run();
            g_test_message("%s", rows[i].name);
            g_assert_cmpint(rig.out[INTEL].vector, ==, beyond ? EXCP_GP : EXCP_BP);
            g_assert_cmpint(rig.out[AMD].vector, ==, beyond ? EXCP_GP : EXCP_BP);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rig_up();
    g_test_add_func("/makers/x87-store", test_x87_store);
    g_test_add_func("/makers/x87-store-inexact", test_x87_store_inexact);
    g_test_add_func("/makers/sha-alignment", test_sha_alignment);
    g_test_add_func("/makers/repeat-flags", test_repeat_flags);
    g_test_add_func("/makers/repeat-none", test_repeat_none);
    g_test_add_func("/makers/dot-product-steps", test_dot_product_steps);
    g_test_add_func("/makers/push-segment", test_push_segment);
    g_test_add_func("/makers/code-segment", test_code_segment);
    g_test_add_func("/makers/pending-first", test_pending_first);
    g_test_add_func("/makers/masked-beyond-limit", test_masked_beyond_limit);
    g_test_add_func("/makers/operand-across-limit", test_operand_across_limit);
    int result = g_test_run();
    rig_down();
    return result;
}
