/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d DMA remapping in legacy mode: root and context entries, tables of every depth and page size,
 * every fault reason with and without FPD, pass-through, register-based invalidation, protected
 * ranges. The caches have a test of their own, vtd-dmacache-test.
 */
#include "vtd-lib.h"

#define CTX  AT_CTX_OF(SID)
#define WORD 0x1122334455667788ull

typedef struct {
    const char *props;
    unsigned levels, leaf;
    uint64_t iova;
} Shape;

/* Tables of every depth, pages of every size, at every width. */
static void test_shapes(void)
{
    static const Shape rows[] = {
        {",aw-bits=39", 3, 1, 0x7fc0123000},
        {",aw-bits=39", 3, 2, 0x1234567000},
        {",aw-bits=39", 3, 3, 0x7fc0123000},
        {"", 3, 1, 0x40001000},
        {"", 4, 1, 0xfffff0123000},
        {"", 4, 2, 0x812345678000},
        {"", 4, 3, 0x812345678000},
        {",aw-bits=57", 5, 1, 0x1fffffffff12000},
        {",aw-bits=57", 5, 2, 0x100234567812000},
        {",aw-bits=57", 5, 3, 0x123456789a000},
        {",aw-bits=57,device-iotlb=on", 4, 1, 0x5000},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Shape *r = &rows[i];
        Vtd *v = vtd_start_dma(r->props);
        unsigned shift = 12 + 9 * (r->leaf - 1);
        uint64_t size = 1ull << shift, target = 0x1000000ull & ~(size - 1);
        uint64_t offset = r->iova & (size - 1) & 0x3fffff;
        uint64_t iova = (r->iova & ~(size - 1)) | offset | 0x18;
        uint64_t host = target + (iova & (size - 1)), word;
        vtd_set_context(v, SID, vtd_ss_context(i == 10 ? 1 : 0, r->levels, DOMAIN));
        vtd_map(v, AT_SS, r->levels, r->leaf, iova, target | SS_RW | (r->leaf > 1 ? SS_PS : 0));
        qtest_writeq(v->qts, host, WORD);
        g_assert_cmphex(vtd_read(v, iova, &word), ==, 0);
        g_assert_cmphex(word, ==, WORD);
        word = ~WORD;
        g_assert_cmphex(vtd_dma_write(v, iova, &word, 8, SID), ==, 0);
        g_assert_cmphex(qtest_readq(v->qts, host), ==, ~WORD);
        vtd_expect_no_fault(v);
        vtd_stop(v);
    }
}

/* Transfers that cross pages; a fault on the second page. */
static void test_crossing(void)
{
    Vtd *v = vtd_start_dma("");
    uint8_t out[4096], in[4096];
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA + 0x3000 + SS_RW);
    vtd_map(v, AT_SS, 3, 1, 0x6000, AT_DATA + 0x1000 + SS_RW);
    for (unsigned i = 0; i < sizeof(out); i++) {
        out[i] = (uint8_t)(i * 7);
    }
    g_assert_cmphex(vtd_dma_write(v, 0x5800, out, 4096, SID), ==, 0);
    qtest_memread(v->qts, AT_DATA + 0x3800, in, 0x800);
    qtest_memread(v->qts, AT_DATA + 0x1000, in + 0x800, 0x800);
    g_assert_cmpmem(in, 4096, out, 4096);
    g_assert_cmphex(vtd_dma_write(v, 0x6800, out, 4096, SID), ==, 2);
    vtd_expect_fault(v, 5, SID, 0x7000);
    vtd_stop(v);
}

/* A page may be read and written where every level allows it. */
static void test_permissions(void)
{
    Vtd *v = vtd_start_dma("");
    uint64_t word = 0;
    vtd_set_context(v, SID, vtd_ss_context(0, 4, DOMAIN));
    for (unsigned i = 0; i < 16; i++) {
        unsigned level = i / 4 + 1, allowed = i % 4;
        uint64_t at = vtd_map(v, AT_SS, 4, 1, 0x5000, AT_DATA | SS_RW);
        at = level > 1 ? AT_SS + (4 - level) * 0x1000 : at; /* the others' indexes are 0 */
        qtest_writeq(v->qts, at, (qtest_readq(v->qts, at) & ~SS_RW) | allowed);
        vtd_flush_dma(v);
        g_test_message("level %u: R %u W %u", level, allowed & 1, allowed >> 1);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, allowed & 1 ? 0 : 2);
        if (!(allowed & 1)) {
            vtd_expect_fault(v, 6, SID, 0x5000);
        }
        g_assert_cmphex(vtd_dma_write(v, 0x5000, &word, 8, SID), ==, allowed & 2 ? 0 : 2);
        if (!(allowed & 2)) {
            vtd_expect_fault(v, 5, SID, 0x5000);
        }
    }
    vtd_stop(v);
}

typedef struct {
    uint8_t reason;
    bool read, qualified;
    Pair root, ctx; /* zero: the good one */
    uint64_t leaf;  /* UINT64_MAX: the good one */
    uint64_t iova;
} Refusal;

/* Every fault reason of DMA, with and without FPD. */
static void test_reasons(void)
{
    const uint64_t good_leaf = AT_DATA | SS_RW, far = 0x300000000000;
    const Pair good = vtd_ss_context(0, 3, DOMAIN);
    const Pair root = {CTX | 1, 0};
    const Refusal rows[] = {
        {0x01, true, false, {CTX, 0}, good, good_leaf, 0x5018},
        {0x01, true, false, {CTX | 2, 1}, good, good_leaf, 0x5018},
        {0x02, true, true, root, {good.low & ~1ull, good.high}, good_leaf, 0x5018},
        {0x02, true, true, root, {(good.low & ~1ull) | 1u << 4, 1ull << 24}, good_leaf, 0x5018},
        {0x03, true, true, root, vtd_ss_context(3, 3, DOMAIN), good_leaf, 0x5018},
        {0x03, true, true, root, vtd_ss_context(1, 3, DOMAIN), good_leaf, 0x5018},
        {0x03, true, true, root, vtd_ss_context(0, 5, DOMAIN), good_leaf, 0x5018},
        {0x03, true, true, root, vtd_ss_context(0, 2, DOMAIN), good_leaf, 0x5018},
        {0x04, true, true, root, good, good_leaf, 1ull << 39},
        {0x04, false, true, root, good, good_leaf, UINT64_MAX - 0xfff},
        {0x03, true, true, root, vtd_ss_context(2, 3, DOMAIN), good_leaf, 0x5018},
        {0x04, true, true, root, vtd_ss_context(2, 4, DOMAIN), good_leaf, 1ull << 48},
        {0x05, false, true, root, good, AT_DATA | 1, 0x5018},
        {0x05, false, true, root, good, 0, 0x5018},
        {0x06, true, true, root, good, AT_DATA | 2, 0x5018},
        {0x07, true, true, root, {far | 1, good.high}, good_leaf, 0x5018},
        {0x08, true, false, {UINT64_MAX, 0}, good, good_leaf, 0x5018},
        {0x09, true, false, {far | 1, 0}, good, good_leaf, 0x5018},
        {0x0a, true, false, {CTX | 3, 0}, good, good_leaf, 0x5018},
        {0x0a, true, false, {CTX | 1, 1}, good, good_leaf, 0x5018},
        {0x0b, true, true, root, {good.low | 1u << 4, good.high}, good_leaf, 0x5018},
        {0x0b, true, true, root, {good.low | 1ull << 63, good.high}, good_leaf, 0x5018},
        {0x0b, true, true, root, {good.low, good.high | 1ull << 24}, good_leaf, 0x5018},
        {0x0b, true, true, root, {good.low, good.high | 1ull << 7}, good_leaf, 0x5018},
        {0x0c, true, true, root, good, good_leaf | 1ull << 11, 0x5000},
        {0x0c, true, true, root, good, good_leaf | 1ull << 62, 0x5000},
        {0x0c, true, true, root, good, good_leaf | 1ull << 50, 0x5000},
        {0x0e, true, true, root, good, 0xfee01000 | SS_RW, 0x5000},
    };
    Vtd *v = vtd_start_dma("");
    uint64_t word = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
        const Refusal *r = &rows[i / 2];
        bool fpd = i & 1, far_root = r->root.low == UINT64_MAX;
        Pair ctx = r->ctx;
        ctx.low |= fpd ? 2 : 0;
        vtd_set_context(v, SID, ctx);
        qtest_memwrite(v->qts, AT_ROOT + (SID >> 8) * 16, &r->root, sizeof(r->root));
        vtd_map(v, AT_SS, 3, 1, 0x5000, r->leaf);
        vtd_writeq(v, RTADDR, far_root ? far : AT_ROOT);
        vtd_command(v, SRTP, true);
        vtd_flush_dma(v);
        g_test_message("row %u reason %x fpd %d", i / 2, r->reason, fpd);
        uint32_t result =
            r->read ? vtd_read(v, r->iova, &word) : vtd_dma_write(v, r->iova, &word, 8, SID);
        g_assert_cmphex(result, ==, 2);
        if (fpd && r->qualified) {
            vtd_expect_no_fault(v);
        } else {
            unsigned at = vtd_readl(v, FSTS) >> 8 & 0xff;
            g_assert_cmphex(vtd_readq(v, v->frcd + at * 16 + 8) >> 62, ==, r->read ? 3 : 2);
            vtd_expect_fault(v, r->reason, SID, r->iova & ~0xfffull);
        }
    }
    vtd_stop(v);
}

/* Leaf bits that are there by property, and the zero-length read. */
static void test_optional_bits(void)
{
    Vtd *v = vtd_start_dma(",snoop-control=on,device-iotlb=on,stale-tm=on");
    uint64_t word;
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW | 1ull << 11 | 1ull << 62);
    g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
    vtd_map(v, AT_SS, 3, 1, 0x6000, AT_DATA | 2);
    g_assert_cmphex(vtd_dma_read(v, 0x6000, &word, 0, SID), ==, 0);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

static void test_pass_through(void)
{
    for (unsigned on = 0; on < 2; on++) {
        Vtd *v = vtd_start_dma(on ? "" : ",pt=off");
        uint64_t word;
        g_assert_cmphex(vtd_readq(v, ECAP) >> 6 & 1, ==, on);
        vtd_set_context(v, SID, vtd_ss_context(2, 4, DOMAIN));
        qtest_writeq(v->qts, AT_DATA, WORD);
        g_assert_cmphex(vtd_read(v, AT_DATA, &word), ==, on ? 0 : 2);
        if (on) {
            g_assert_cmphex(word, ==, WORD);
            vtd_expect_no_fault(v);
        } else {
            vtd_expect_fault(v, 3, SID, AT_DATA);
        }
        vtd_stop(v);
    }
}

static uint64_t seen(Vtd *v, uint64_t iova)
{
    uint64_t word;
    g_assert_cmphex(vtd_read(v, iova, &word), ==, 0);
    return word;
}

/* Pass-through wants the unit's biggest width in AW (9.3), and addresses below MGAW and HAW. */
static void test_pass_through_width(void)
{
    static const struct {
        const char *props;
        unsigned levels, address_bits;
    } rows[] = {{",aw-bits=39", 3, 39}, {"", 4, 48}, {",aw-bits=57", 5, 48}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Vtd *v = vtd_start_dma(rows[i].props);
        uint64_t word, beyond = 1ull << rows[i].address_bits;
        for (unsigned levels = 3; levels <= 5; levels++) {
            vtd_set_context(v, SID, vtd_ss_context(2, levels, DOMAIN));
            vtd_flush_dma(v);
            bool right = levels == rows[i].levels;
            g_assert_cmphex(vtd_read(v, AT_DATA, &word), ==, right ? 0 : 2);
            if (!right) {
                vtd_expect_fault(v, 3, SID, AT_DATA);
            }
        }
        vtd_set_context(v, SID, vtd_ss_context(2, rows[i].levels, DOMAIN));
        vtd_flush_dma(v);
        g_assert_cmphex(vtd_read(v, beyond - 8, &word), ==, 1); /* nobody there */
        vtd_expect_no_fault(v);
        g_assert_cmphex(vtd_read(v, beyond - 4, &word), ==, 2);
        vtd_expect_fault(v, 4, SID, beyond - 0x1000);
        g_assert_cmphex(vtd_read(v, beyond, &word), ==, 2);
        vtd_expect_fault(v, 4, SID, beyond);
        vtd_stop(v);
    }
}

/* In 7.1.3's order: the entries' conditions (LSS) first, on the way down, and the request's
 * permission (LGN.2, LGN.3) at the end. An entry without R and W ends the way, whatever else is in
 * it. */
static void test_order(void)
{
    const uint64_t reserved = 1ull << 50;
    static const struct {
        uint64_t upper, lower; /* what is changed in the level 2 entry and in the leaf */
        uint8_t read, write;   /* reasons */
    } rows[] = {
        {0, 0, 0, 0},     {0, 1, 6, 0},     {0, 2, 0, 5},     {0, 3, 6, 5},     {0, 4, 0xc, 0xc},
        {0, 5, 0xc, 0xc}, {0, 6, 0xc, 0xc}, {0, 7, 6, 5},     {1, 0, 6, 0},     {2, 0, 0, 5},
        {3, 0, 6, 5},     {1, 4, 0xc, 0xc}, {2, 4, 0xc, 0xc}, {3, 4, 6, 5},     {4, 0, 0xc, 0xc},
        {5, 0, 0xc, 0xc}, {6, 0, 0xc, 0xc}, {7, 0, 6, 5},     {1, 6, 0xc, 0xc}, {2, 1, 6, 5},
        {1, 2, 6, 5},     {1, 7, 6, 5},     {4, 3, 0xc, 0xc}, {7, 4, 6, 5},
    };
    Vtd *v = vtd_start_dma("");
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t word = 0, leaf = vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
        uint64_t at[2] = {AT_SS + 0x1000, leaf}, change[2] = {rows[i].upper, rows[i].lower};
        for (unsigned n = 0; n < 2; n++) {
            uint64_t entry = qtest_readq(v->qts, at[n]) & ~(change[n] & 3);
            qtest_writeq(v->qts, at[n], entry | (change[n] & 4 ? reserved : 0));
        }
        g_test_message("row %u", i);
        vtd_flush_dma(v);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, rows[i].read ? 2 : 0);
        if (rows[i].read) {
            vtd_expect_fault(v, rows[i].read, SID, 0x5000);
        }
        g_assert_cmphex(vtd_dma_write(v, 0x5000, &word, 8, SID), ==, rows[i].write ? 2 : 0);
        if (rows[i].write) {
            vtd_expect_fault(v, rows[i].write, SID, 0x5000);
        }
    }
    vtd_stop(v);
}

/* Register-based invalidation, refused while the queue is on. */
static void test_registers(void)
{
    Vtd *v = vtd_start("", 1, false);
    uint64_t word;
    vtd_writeq(v, RTADDR, AT_ROOT);
    vtd_command(v, SRTP, true);
    vtd_command(v, TE, true);
    qtest_writeq(v->qts, AT_DATA, 1);
    qtest_writeq(v->qts, AT_DATA + 0x1000, 2);
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    for (unsigned kind = 1; kind <= 3; kind++) {
        vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
        vtd_writeq(v, IOTLB, 1ull << 63 | 1ull << 60);
        g_assert_cmphex(vtd_readq(v, IOTLB), ==, 1ull << 60 | 1ull << 57);
        g_assert_cmphex(seen(v, 0x5000), ==, 1);
        vtd_map(v, AT_SS, 3, 1, 0x5000, (AT_DATA + 0x1000) | SS_RW);
        g_assert_cmphex(seen(v, 0x5000), ==, 1);
        vtd_writeq(v, IVA, 0x5000);
        vtd_writel(v, IOTLB, 0);
        vtd_writel(v, IOTLB + 4, 1u << 31 | kind << 28 | DOMAIN);
        g_assert_cmphex(vtd_readq(v, IOTLB) >> 57 & 3, ==, kind);
        g_assert_cmphex(vtd_readq(v, IOTLB) >> 63, ==, 0);
        g_assert_cmphex(seen(v, 0x5000), ==, 2);
        vtd_set_context(v, SID, (Pair){0, 0});
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
        vtd_writeq(v, CCMD, 1ull << 63 | (uint64_t)kind << 61 | SID << 16 | DOMAIN);
        g_assert_cmphex(vtd_readq(v, CCMD) >> 59, ==, kind << 2 | kind);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 2);
        vtd_expect_fault(v, 2, SID, 0x5000);
        vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    }
    /* The function mask. */
    for (uint64_t mask = 0; mask < 4; mask++) {
        g_assert_cmphex(seen(v, 0x5000), ==, 2);
        vtd_set_context(v, SID, (Pair){0, 0});
        vtd_writeq(v, CCMD, 1ull << 63 | 3ull << 61 | mask << 32 | (SID + 6) << 16 | DOMAIN);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, mask >= 2 ? 2 : 0);
        if (mask >= 2) {
            vtd_expect_fault(v, 2, SID, 0x5000);
        }
        vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    }
    /* Reserved granularity, and a mask beyond CAP.MAMV: not done. */
    g_assert_cmphex(seen(v, 0x5000), ==, 2);
    vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
    vtd_set_context(v, SID, (Pair){0, 0});
    vtd_writeq(v, CCMD, 1ull << 63 | SID << 16 | DOMAIN);
    g_assert_cmphex(vtd_readq(v, CCMD), ==, SID << 16 | DOMAIN);
    vtd_writeq(v, IOTLB, 1ull << 63);
    g_assert_cmphex(vtd_readq(v, IOTLB), ==, 0);
    vtd_writeq(v, IVA, 0x5000 | 19);
    vtd_writeq(v, IOTLB, 1ull << 63 | 3ull << 60 | (uint64_t)DOMAIN << 32);
    g_assert_cmphex(vtd_readq(v, IOTLB), ==, 3ull << 60 | (uint64_t)DOMAIN << 32);
    g_assert_cmphex(seen(v, 0x5000), ==, 2);
    vtd_writeq(v, IVA, 0x5000 | 18);
    vtd_writeq(v, IOTLB, 1ull << 63 | 3ull << 60 | (uint64_t)DOMAIN << 32);
    g_assert_cmphex(vtd_readq(v, IOTLB) >> 57 & 3, ==, 3);
    g_assert_cmphex(seen(v, 0x5000), ==, 1);
    vtd_queue_on(v, 0, false);
    vtd_writeq(v, CCMD, 1ull << 63 | 1ull << 61);
    g_assert_cmphex(vtd_readq(v, CCMD) >> 59, ==, 1 << 2);
    vtd_writeq(v, IOTLB, 1ull << 63 | 1ull << 60);
    g_assert_cmphex(vtd_readq(v, IOTLB), ==, 1ull << 60);
    vtd_stop(v);
}

/* Protected ranges, at both ends of each. */
static void test_protected(void)
{
    Vtd *v = vtd_start("", 1, false);
    uint64_t word = WORD;
    vtd_writel(v, PLMBASE, UINT32_MAX);
    g_assert_cmphex(vtd_readl(v, PLMBASE), ==, 0xffe00000);
    vtd_writel(v, PLMBASE, 0x400000);
    vtd_writel(v, PLMLIMIT, 0x400000);
    vtd_writeq(v, PHMBASE, 0x600000);
    vtd_writeq(v, PHMLIMIT, 0x600000);
    g_assert_cmphex(vtd_dma_write(v, AT_DATA, &word, 8, SID), ==, 0);
    vtd_writel(v, PMEN, 1u << 31);
    g_assert_cmphex(vtd_readl(v, PMEN), ==, 1u << 31 | 1);
    static const struct {
        uint64_t at;
        bool passes;
    } rows[] = {{0x3ffff8, true},  {0x3ffffc, false}, {0x400000, false}, {0x5ffff8, false},
                {0x600000, false}, {0x7ffffc, false}, {0x800000, true}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmphex(vtd_dma_write(v, rows[i].at, &word, 8, SID), ==, rows[i].passes ? 0 : 2);
        vtd_expect_no_fault(v);
    }
    vtd_writel(v, PMEN, 0);
    g_assert_cmphex(vtd_readl(v, PMEN), ==, 0);
    g_assert_cmphex(vtd_dma_write(v, AT_DATA, &word, 8, SID), ==, 0);
    vtd_stop(v);
}

/* Requests with a PASID are refused in legacy mode. */
static void test_pasid(void)
{
    Vtd *v = vtd_start_dma("");
    qtest_writeq(v->qts, BAR + E_ADDR, 0xfee00000);
    qtest_writel(v->qts, BAR + E_RID, SID);
    qtest_writel(v->qts, BAR + E_PASID, 0x54321);
    qtest_writel(v->qts, BAR + E_FLAGS, 3);
    qtest_writel(v->qts, BAR + E_COMMAND, C_MESSAGE);
    Fault f = vtd_take_fault(v, 0);
    g_assert_cmphex(f.reason, ==, 0x31);
    g_assert_true(f.pp);
    g_assert_cmphex(f.pasid, ==, 0x54321);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/dma/shapes", test_shapes);
    g_test_add_func("/vtd/dma/crossing", test_crossing);
    g_test_add_func("/vtd/dma/permissions", test_permissions);
    g_test_add_func("/vtd/dma/reasons", test_reasons);
    g_test_add_func("/vtd/dma/optional-bits", test_optional_bits);
    g_test_add_func("/vtd/dma/pass-through", test_pass_through);
    g_test_add_func("/vtd/dma/pass-through-width", test_pass_through_width);
    g_test_add_func("/vtd/dma/order", test_order);
    g_test_add_func("/vtd/dma/registers", test_registers);
    g_test_add_func("/vtd/dma/protected", test_protected);
    g_test_add_func("/vtd/dma/pasid", test_pasid);
    return g_test_run();
}
