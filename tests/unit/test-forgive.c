/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each row of cpuhost/forgive.c forgives its difference, for its makers, and nothing beside it. The
 * first gathers and stores are those of sequences in which hosts of both makers were seen to
 * differ.
 */
#include "makers-fixture.h"

/* A gather of elements of `size` bytes by indices of `index` bytes, at rbx or r11 (both 0 here)
 * plus an index. */
typedef struct {
    const char *name;
    uint8_t code[12], length;
    uint8_t size, index, bytes; /* bytes: of the index vector or the data, whichever is wider */
    uint8_t dst, vindex, mask, scale;
    int32_t disp;
} GatherRow;

static const GatherRow gathers[] = {
    {"vgatherqps xmm11, [xmm4+disp]",
     {0xc4, 0x62, 0x79, 0x93, 0x1c, 0x25, 0xa0, 0x27, 1, 0x10},
     10,
     4,
     8,
     16,
     11,
     4,
     0,
     1,
     0x100127a0},
    {"vgatherqps xmm2, [rsp+ymm15-6Eh]",
     {0x36, 0xc4, 0xa2, 0x1d, 0x93, 0x54, 0x3c, 0x92},
     8,
     4,
     8,
     32,
     2,
     15,
     12,
     1,
     -0x6e},
    {"vgatherqpd ymm3, [r8+ymm9*2-20h]",
     {0xc4, 0x82, 0xfd, 0x93, 0x5c, 0x48, 0xe0},
     7,
     8,
     8,
     32,
     3,
     9,
     0,
     2,
     -0x20},
    {"vpgatherqd xmm5, [rsp+xmm4]",
     {0x26, 0xc4, 0xe2, 0x79, 0x91, 0x2c, 0x24},
     7,
     4,
     8,
     16,
     5,
     4,
     0,
     1,
     0},
    {"vgatherqps xmm7, [rbx+ymm4-70h]",
     {0xc4, 0xe2, 0x7d, 0x93, 0x7c, 0x23, 0x90},
     7,
     4,
     8,
     32,
     7,
     4,
     0,
     1,
     -0x70},
    {"vpgatherqd xmm2, [xmm4+disp]",
     {0xc4, 0xe2, 0x79, 0x91, 0x14, 0x25, 0x70, 0x1b, 1, 0x10},
     10,
     4,
     8,
     16,
     2,
     4,
     0,
     1,
     0x10011b70},
    {"vpgatherdd ymm10, [rbx+ymm1*2-70h]",
     {0xc4, 0x62, 0x7d, 0x90, 0x54, 0x4b, 0x90},
     7,
     4,
     4,
     32,
     10,
     1,
     0,
     2,
     -0x70},
    {"vpgatherqd xmm3, gs:[r13+ymm15*2+70h]",
     {0x65, 0xc4, 0x82, 0x7d, 0x91, 0x5c, 0x7d, 0x70},
     8,
     4,
     8,
     32,
     3,
     15,
     0,
     2,
     0x70},
    {"vgatherdps xmm5, [rsi+xmm4*4+240h]",
     {0xc4, 0xe2, 0x79, 0x92, 0xac, 0xa6, 0x40, 2, 0, 0},
     10,
     4,
     4,
     16,
     5,
     4,
     0,
     4,
     0x240},
    {"vgatherdpd ymm6, [rbx+xmm4]",
     {0xc4, 0xe2, 0xfd, 0x92, 0x34, 0x23},
     6,
     8,
     4,
     32,
     6,
     4,
     0,
     1,
     0},
    {"vpgatherqq xmm6, [rbx+xmm4]",
     {0xc4, 0xe2, 0xf9, 0x91, 0x34, 0x23},
     6,
     8,
     8,
     16,
     6,
     4,
     0,
     1,
     0},
    {"vpgatherdq ymm6, [rbx+xmm4]",
     {0xc4, 0xe2, 0xfd, 0x90, 0x34, 0x23},
     6,
     8,
     4,
     32,
     6,
     4,
     0,
     1,
     0},
};

static void vector_get(const HostRegs *regs, unsigned n, uint8_t bytes[32])
{
    memcpy(bytes, XMM(regs, n), 16);
    memcpy(bytes + 16, regs->ymm[n], 16);
}

static void vector_set(HostRegs *regs, unsigned n, const uint8_t bytes[32])
{
    memcpy(XMM(regs, n), bytes, 16);
    memcpy(regs->ymm[n], bytes + 16, 16);
}

/* The last element is at `bad`; those before it are wanted or not by turns, the first is. */
static void gather_start(const GatherRow *row, uint64_t bad)
{
    unsigned count = row->bytes / MAX(row->size, row->index);
    uint8_t index[32] = {0}, mask[32], dst[32];

    start(row->code, row->length);
    memset(rig.seq.start.gpr, 0, sizeof(rig.seq.start.gpr));
    memset(mask, 0x5a, sizeof(mask)); /* no sign bit */
    memset(dst, 0x11, sizeof(dst));
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = i == count - 1 ? bad : DATA_BASE + 64 * i;
        int64_t value = (int64_t)(at - (uint64_t)(int64_t)row->disp) / row->scale;
        memcpy(index + i * row->index, &value, row->index);
        mask[(i + 1) * row->size - 1] = i % 2 == 0 || i == count - 1 ? 0x80 : 0x7f;
    }
    vector_set(&rig.seq.start, row->vindex, index);
    vector_set(&rig.seq.start, row->mask, mask);
    vector_set(&rig.seq.start, row->dst, dst);
}

/* What was before the last element is done; what is left of the mask is as its maker has it. */
static void check_gather(const GatherRow *row, unsigned maker)
{
    unsigned count = row->bytes / MAX(row->size, row->index), last = (count - 1) * row->size;
    uint8_t mask[32], dst[32], found[32];

    vector_get(&rig.seq.start, row->mask, mask);
    vector_get(&rig.seq.start, row->dst, dst);
    for (unsigned i = 0; i < count - 1; i += 2) {
        memcpy(dst + i * row->size, rig.seq.data + 64 * i, row->size);
    }
    memset(mask, 0, last);
    if (maker == INTEL) {
        memset(mask + last, 0xff, row->size);
        memset(mask + last + row->size, 0, sizeof(mask) - last - row->size);
    }
    vector_get(&rig.out[maker].regs, row->mask, found);
    g_assert_cmpmem(found, 32, mask, 32);
    vector_get(&rig.out[maker].regs, row->dst, found);
    g_assert_cmpmem(found, 32, dst, 32);
}

static void test_gather_row(const GatherRow *row, uint64_t bad, int vector)
{
    gather_start(row, bad);
    run();
    for (unsigned maker = 0; maker < MAKERS; maker++) {
        g_assert_cmpint(rig.out[maker].vector, ==, vector);
        g_assert_cmphex(rig.out[maker].regs.rip, ==, CODE_BASE);
        check_gather(row, maker);
    }
    expect_row("gather-mask", &rig.out[INTEL], &rig.out[AMD], MAKER_INTEL | MAKER_AMD, false);
    expect_row("gather-mask", &rig.out[AMD], &rig.out[INTEL], MAKER_INTEL | MAKER_AMD, false);
}

/* An element too few or too many is no matter of taste. */
static void test_gather_wrong(const GatherRow *row)
{
    Outcome wrong = rig.out[INTEL];
    uint8_t mask[32];

    vector_get(&wrong.regs, row->mask, mask);
    mask[row->size - 1] ^= 0x80; /* element 0 was done */
    vector_set(&wrong.regs, row->mask, mask);
    expect_no_row(&wrong, &rig.out[AMD]);
    wrong = rig.out[INTEL];
    vector_get(&wrong.regs, row->dst, mask);
    mask[0] ^= 1;
    vector_set(&wrong.regs, row->dst, mask);
    uint32_t rows;
    g_assert_false(
        forgiven(&wrong, rig.data[0], &rig.out[AMD], rig.data[0], MAKER_INTEL, false, &rows));
}

static bool lacks_avx2(void)
{
    if (cpu_model_has(vcpu_cpu(rig.vcpu[0][0])->cfg.model, FEAT_AVX2)) {
        return false;
    }
    g_test_skip("the host lacks AVX2");
    return true;
}

static void test_gather(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(gathers) && !lacks_avx2(); i++) {
        g_test_message("%s", gathers[i].name);
        test_gather_row(&gathers[i], ABSENT, EXCP_PF);
        test_gather_wrong(&gathers[i]);
        if (gathers[i].index == 8) {
            bool stack = strstr(gathers[i].name, "[rsp");
            test_gather_row(&gathers[i], NON_CANONICAL, stack ? EXCP_SS : EXCP_GP);
        }
    }
}

/* The FXSAVE image that a CPU leaves which has gone over to MMX: TOP is 0, so that the image's
 * order is the registers' own. */
static void go_over_to_mmx(Outcome *out, bool tags)
{
    uint16_t fsw = fsw_of(out), top = fsw >> 11 & 7;
    uint8_t st[8][16];

    memcpy(st, out->regs.fx + 32, sizeof(st));
    for (unsigned n = 0; n < 8; n++) {
        memcpy(out->regs.fx + 32 + 16 * n, st[(n - top) & 7], 16);
    }
    fsw &= (uint16_t)~0x3800;
    memcpy(out->regs.fx + 2, &fsw, 2);
    out->regs.fx[4] = tags ? 0xff : out->regs.fx[4];
}

/* r13 is the address of all of these. */
static void test_mmx_store(void)
{
    static const struct {
        const char *name;
        uint8_t code[5], length;
        bool stores;
    } rows[] = {
        {"movntq [r13], mm0", {0x41, 0x0f, 0xe7, 0x45, 0}, 5, true},
        {"movntq [r13], mm3", {0x41, 0x0f, 0xe7, 0x5d, 0}, 5, true},
        {"movq [r13], mm0", {0x41, 0x0f, 0x7f, 0x45, 0}, 5, true},
        {"movd [r13], mm4", {0x41, 0x0f, 0x7e, 0x65, 0}, 5, true},
        {"paddb mm0, [r13]", {0x41, 0x0f, 0xfc, 0x45, 0}, 5, false},
        {"movq mm0, [r13]", {0x41, 0x0f, 0x6f, 0x45, 0}, 5, false},
        {"movups [r13], xmm0", {0x41, 0x0f, 0x11, 0x45, 0}, 5, false},
    };
    const uint16_t fsw = 6 << 11;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (unsigned tags = 0; tags < 2; tags++) {
            Outcome intels;
            start(rows[i].code, rows[i].length);
            rig.seq.start.gpr[13] = ABSENT;
            memcpy(rig.seq.start.fx + 2, &fsw, 2);
            rig.seq.start.fx[4] = 0x9e;
            for (unsigned n = 0; n < 8; n++) {
                rig.seq.start.fx[32 + 16 * n] = (uint8_t)(0x10 + n);
            }
            g_test_message("%s", rows[i].name);
            run();
            g_assert_cmphex(fsw_of(&rig.out[INTEL]), ==, fsw);
            intels = rig.out[INTEL];
            go_over_to_mmx(&intels, tags);
            if (!rows[i].stores) {
                expect_no_row(&intels, &rig.out[INTEL]);
                continue;
            }
            expect_row("mmx-store-top", &intels, &rig.out[INTEL], MAKER_INTEL, false);
            intels.regs.fx[32 + 16 * 3]++; /* a register that the store would not change */
            expect_no_row(&intels, &rig.out[INTEL]);
        }
    }
}

/* ENTER: what it pushed before the fault may be there, and nothing above RSP may have changed. */
static void test_partial_frame(void)
{
    static const uint8_t code[] = {0xc8, 0x20, 0, 2};
    uint8_t data[DATA_SIZE];
    uint32_t rows;

    start(code, sizeof(code));
    rig.seq.start.gpr[R_RSP] = DATA_BASE + 20;
    run();
    g_assert_cmpint(rig.out[INTEL].vector, ==, EXCP_PF);
    memcpy(data, rig.data[INTEL], DATA_SIZE);
    memset(data + 12, 0xee, 8); /* RBP, pushed */
    g_assert_true(
        forgiven(&rig.out[INTEL], data, &rig.out[INTEL], rig.data[INTEL], MAKER_AMD, false, &rows));
    g_assert_cmphex(rows, ==, row_bit("partial-frame"));
    data[20] ^= 1;
    g_assert_false(
        forgiven(&rig.out[INTEL], data, &rig.out[INTEL], rig.data[INTEL], MAKER_AMD, false, &rows));
}

/* PUSHAD likewise. */
static void test_partial_pushad(void)
{
    static const uint8_t code[] = {0x60};
    uint8_t data[DATA_SIZE];
    uint32_t rows;

    start_32(code, sizeof(code));
    rig.seq.start.gpr[R_RSP] = DATA_BASE + 8;
    run();
    g_assert_cmpint(rig.out[INTEL].vector, ==, EXCP_PF);
    memcpy(data, rig.data[INTEL], DATA_SIZE);
    memset(data, 0xee, 8);
    g_assert_true(
        forgiven(&rig.out[INTEL], data, &rig.out[INTEL], rig.data[INTEL], MAKER_AMD, false, &rows));
    g_assert_cmphex(rows, ==, row_bit("partial-frame"));
}

/* #BR is what Linux' signal calls #GP; no other instruction's #GP is. */
static void test_bound_signal(void)
{
    static const uint8_t bound[] = {0x62, 0x03}, mov[] = {0x8b, 0x03};
    Outcome host;

    start_32(bound, sizeof(bound));
    memset(rig.seq.data, 0, DATA_SIZE);
    run();
    g_assert_cmpint(rig.out[INTEL].vector, ==, EXCP_BR);
    host = rig.out[INTEL];
    host.vector = EXCP_GP;
    expect_row("bound-signal", &host, &rig.out[INTEL], MAKER_INTEL | MAKER_AMD, false);
    host.vector = EXCP_PF;
    expect_no_row(&host, &rig.out[INTEL]);
    start_32(mov, sizeof(mov));
    rig.seq.start.gpr[R_RBX] = ABSENT;
    run();
    host = rig.out[INTEL];
    host.vector = EXCP_GP;
    expect_no_row(&host, &rig.out[INTEL]);
}

/* Four bytes from 4 GiB - 2 on, which a segment of 4 GiB has or has not. */
static void test_limit_4g(void)
{
    static const uint8_t code[] = {0x64, 0x8b, 0x03};
    Outcome host;

    start_32(code, sizeof(code));
    rig.seq.start.gpr[R_RBX] = UINT32_MAX - 1;
    run();
    host = rig.out[INTEL];
    host.vector = host.vector == EXCP_PF ? EXCP_GP : EXCP_PF;
    host.fault = host.vector == EXCP_PF ? 0x3e : 0;
    expect_row("limit-4g", &host, &rig.out[INTEL], MAKER_INTEL | MAKER_AMD, false);
    rig.seq.start.gpr[R_RBX] = UINT32_MAX - 7; /* all of it below */
    run();
    host = rig.out[INTEL];
    host.vector = host.vector == EXCP_PF ? EXCP_GP : EXCP_PF;
    expect_no_row(&host, &rig.out[INTEL]);
}

/* FRSTOR across the end of memory: CR2 anywhere in the operand. */
static void test_environment_order(void)
{
    static const uint8_t code[] = {0x41, 0xdd, 0x65, 0};
    Outcome host;

    start(code, sizeof(code));
    rig.seq.start.gpr[13] = DATA_BASE + DATA_SIZE - 20;
    run();
    host = rig.out[INTEL];
    g_assert_cmphex(host.fault >> 12, ==, (DATA_BASE + DATA_SIZE) >> 12);
    host.fault += 0x28;
    expect_row("environment-order", &host, &rig.out[INTEL], MAKER_INTEL | MAKER_AMD, false);
    host.fault += 0x1000;
    expect_no_row(&host, &rig.out[INTEL]);
}

/* MULPS with an unmasked overflow: PE by the host only if the unbounded result is inexact. */
static void test_sse_precision(void)
{
    static const uint8_t code[] = {0x0f, 0x59, 0xc1};
    const uint32_t huge = 0x7f000001, mxcsr = 0x1b80;
    Outcome host;

    start(code, sizeof(code));
    memcpy(XMM(&rig.seq.start, 0), &huge, 4);
    memcpy(XMM(&rig.seq.start, 1), &huge, 4);
    memcpy(rig.seq.start.fx + 24, &mxcsr, 4);
    run();
    host = rig.out[INTEL];
    g_assert_cmpint(host.vector, ==, EXCP_XM);
    g_assert_cmphex(host.regs.fx[24] & 0x3f, ==, OE | PE);
    host.regs.fx[24] &= ~PE;
    expect_row("sse-precision", &host, &rig.out[INTEL], MAKER_INTEL | MAKER_AMD, false);
    host.regs.fx[24] &= ~OE;
    expect_no_row(&host, &rig.out[INTEL]);
}

/* A row says what it forgives and why, and each name is there once. */
static void test_rows(void)
{
    const ForgiveRow *row, *other;

    for (unsigned i = 0; (row = forgive_row(i)); i++) {
        g_assert_cmpuint(strlen(row->instructions), >, 10);
        g_assert_cmpuint(strlen(row->state), >, 10);
        g_assert_true(strstr(row->words, "SDM vol. ") || strstr(row->words, "APM vol. "));
        g_assert_cmpuint(row->makers, !=, 0);
        for (unsigned j = 0; j < i; j++) {
            other = forgive_row(j);
            g_assert_cmpstr(row->name, !=, other->name);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rig_up();
    g_test_add_func("/forgive/rows", test_rows);
    g_test_add_func("/forgive/gather", test_gather);
    g_test_add_func("/forgive/mmx-store", test_mmx_store);
    g_test_add_func("/forgive/partial-frame", test_partial_frame);
    g_test_add_func("/forgive/partial-pushad", test_partial_pushad);
    g_test_add_func("/forgive/bound-signal", test_bound_signal);
    g_test_add_func("/forgive/limit-4g", test_limit_4g);
    g_test_add_func("/forgive/environment-order", test_environment_order);
    g_test_add_func("/forgive/sse-precision", test_sse_precision);
    int result = g_test_run();
    rig_down();
    return result;
}
