/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: units like real ones. What a preset shows of itself, and that the user's properties go
 * before it in any order; and that what CAP and ECAP say is so: where registers are, how wide
 * addresses and domain ids are, which tables are walked and how much an invalidation names.
 */
#include "vtd-lib.h"

#define PMEN_EPM    (1u << 31)
#define CAUSE       0xfu
#define RESERVED    4u /* IQERCD.IQEI */
#define OTHER_TABLE (AT_SS + 0x10000)

typedef struct {
    const char *props;
    uint32_t version;
    uint64_t cap, ecap;
    unsigned haw;
} Model;

/* From the logs, without what docs/vtd.md says is left out. */
static const Model models[] = {
    {",model=client", 0x10, 0xd2008c40660462, 0xf050da, 39},
    {",model=server", 0x10, 0x8d2078c106f0466, 0xf020df, 46},
    {",model=spr", 0x60, 0x8ed008c40780c66, 0x40000f050df, 52},
    {",model=qemu,eim=off", 0x10, 0xd2008c22260206, 0xf00f4a, 39},
};

static void test_shown(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        Vtd *v = vtd_start(models[i].props, 1, true);
        g_test_message("%s", models[i].props);
        g_assert_cmphex(vtd_readl(v, VER), ==, models[i].version);
        g_assert_cmphex(vtd_readq(v, CAP), ==, models[i].cap);
        g_assert_cmphex(vtd_readq(v, ECAP), ==, models[i].ecap);
        vtd_stop(v);
    }
}

static void test_given_goes_first(void)
{
    static const struct {
        const char *props;
        uint32_t version;
        unsigned mgaw, records;
    } rows[] = {
        {",model=client,aw-bits=48", 0x10, 47, 1},
        {",aw-bits=48,model=client", 0x10, 47, 1},
        {",aw-bits=48,model=client -global intel-iommu.version=0x50", 0x50, 47, 1},
        {" -global intel-iommu.model=server -global intel-iommu.fault-records=2", 0x10, 47, 2},
        {",model=spr -global intel-iommu.model=server", 0x60, 56, 1},
        {",fault-records=1,model=server", 0x10, 47, 1},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Vtd *v = vtd_start(rows[i].props, 1, false);
        uint64_t cap = vtd_readq(v, CAP);
        g_test_message("%s", rows[i].props);
        g_assert_cmphex(vtd_readl(v, VER), ==, rows[i].version);
        g_assert_cmpuint(cap >> 16 & 63, ==, rows[i].mgaw);
        g_assert_cmpuint((cap >> 40 & 255) + 1, ==, rows[i].records);
        vtd_stop(v);
    }
}

/* The registers are where they are told to be, and nowhere else. */
static void test_offsets(void)
{
    static const char *const props[] = {"",
                                        ",model=client",
                                        ",model=server",
                                        ",fro=0xd0,iro=0xff0",
                                        ",fro=0x1ff0",
                                        ",iro=0xc0,fro=0x1000,fault-records=256"};
    for (unsigned i = 0; i < G_N_ELEMENTS(props); i++) {
        Vtd *v = vtd_start(props[i], 1, false);
        uint32_t iro = (uint32_t)(vtd_readq(v, ECAP) >> 8 & 0x3ff) * 16;
        uint64_t global = 1ull << 63 | 1ull << 60;
        g_test_message("%s: IRO %x FRO %x", props[i], iro, v->frcd);
        vtd_writeq(v, iro + 8, global);
        g_assert_cmphex(vtd_readq(v, iro + 8), ==, 1ull << 60 | 1ull << 57);
        if (iro != IVA) {
            vtd_writeq(v, IOTLB, global);
            g_assert_cmphex(vtd_readq(v, IOTLB), ==, 0);
        }
        vtd_writeq(v, IRTA, AT_IRT);
        vtd_command(v, SIRTP, true);
        vtd_command(v, IRE, true);
        vtd_send_index(v, 99, SID);
        vtd_expect_fault(v, 0x21, SID, 99ull << 48);
        vtd_stop(v);
    }
}

static void test_offset_errors(void)
{
    static const struct {
        const char *props, *says;
    } bad[] = {
        {"fro=0x228", "multiples of 16"},
        {"iro=0x104", "multiples of 16"},
        {"fro=0x80", "between 0xc0 and 0x2000"},
        {"fro=0x1ff0,fault-records=2", "between 0xc0 and 0x2000"},
        {"model=client,iro=0x400", "lie over IVA"},
        {"iro=0x230,fault-records=2", "lie over IVA"},
        {"iro=0xb0", "iro"},
        {"sagaw=3", "a sum of 2, 4 and 8"},
        {"domain-bits=9", "even"},
        {"haw=53", "from 32 to 52"},
        {"mamv=46", "from 0 to 45"},
        {"model=amd", "client, server, spr, qemu"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        vtd_expect_refused(bad[i].props, bad[i].says);
    }
}

/* Addresses of tables and pages from HAW on are reserved, at every level; those below are taken. */
static void test_haw(void)
{
    for (unsigned m = 0; m < G_N_ELEMENTS(models); m++) {
        Vtd *v = vtd_start_dma(models[m].props);
        unsigned levels = vtd_readq(v, CAP) >> 8 & 4 ? 4 : 3;
        uint64_t beyond = 1ull << models[m].haw, word;
        Pair ctx = vtd_ss_context(0, levels, DOMAIN);
        uint64_t leaf = vtd_map(v, AT_SS, levels, 1, 0x5000, AT_DATA | SS_RW);
        g_test_message("%s", models[m].props);
        vtd_set_context(v, SID, ctx);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
        if (models[m].haw < 52) {
            qtest_writeq(v->qts, leaf, beyond | AT_DATA | SS_RW);
            vtd_flush_dma(v);
            g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 2);
            vtd_expect_fault(v, 0xc, SID, 0x5000);
        }
        qtest_writeq(v->qts, leaf, beyond >> 1 | AT_DATA | SS_RW);
        vtd_flush_dma(v);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 1); /* there is no memory */
        vtd_expect_no_fault(v);
        ctx.low |= beyond;
        vtd_set_context(v, SID, ctx);
        vtd_flush_dma(v);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 2);
        vtd_expect_fault(v, 0xb, SID, 0x5000);
        qtest_writeq(v->qts, AT_ROOT + (SID >> 8) * 16, AT_CTX_OF(SID) | beyond | 1);
        vtd_flush_dma(v);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 2);
        vtd_expect_fault(v, 0xa, SID, 0x5000);
        vtd_writeq(v, IRTA, beyond);
        vtd_command(v, SIRTP, true);
        vtd_command(v, IRE, true);
        vtd_send_index(v, 0, SID);
        vtd_expect_fault(v, 0x21, SID, 0);
        vtd_stop(v);
    }
}

/* Four levels of tables, and addresses of 39 bits: what MGAW cuts off is too wide (LGN.1), and
 * other depths are not to be had (LCT.4). */
static void test_widths(void)
{
    Vtd *v = vtd_start_dma(",model=client");
    uint64_t word;
    vtd_map(v, AT_SS, 4, 1, 0x7ffffff000, AT_DATA | SS_RW);
    vtd_map(v, AT_SS, 4, 1, 0x8000000000, AT_DATA | SS_RW);
    vtd_set_context(v, SID, vtd_ss_context(0, 4, DOMAIN));
    g_assert_cmphex(vtd_read(v, 0x7ffffff000, &word), ==, 0);
    g_assert_cmphex(vtd_read(v, 0x8000000000, &word), ==, 2);
    vtd_expect_fault(v, 4, SID, 0x8000000000);
    for (unsigned levels = 2; levels <= 9; levels++) {
        for (unsigned type = 0; type <= 2; type += 2) {
            vtd_set_context(v, SID, vtd_ss_context(type, levels, DOMAIN));
            vtd_flush_dma(v);
            g_test_message("type %u, %u levels", type, levels);
            g_assert_cmphex(vtd_read(v, 0x7ffffff000, &word), ==, levels != 4 ? 2 : type ? 1 : 0);
            if (levels != 4) {
                vtd_expect_fault(v, 3, SID, 0x7ffffff000);
            }
        }
    }
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Of an id the bits beyond ND are not there: 107h and 7 are one domain, for tags, descriptors and
 * registers. */
static void test_domain_bits(void)
{
    Vtd *v = vtd_start_dma(",model=client");
    uint64_t word;
    uint64_t leaf = vtd_map(v, AT_SS, 4, 1, 0x5000, AT_DATA | SS_RW);
    vtd_map(v, OTHER_TABLE, 4, 1, 0x5000, (AT_DATA + 0x1000) | SS_RW);
    qtest_writeq(v->qts, AT_DATA, 1);
    qtest_writeq(v->qts, AT_DATA + 0x1000, 2);
    vtd_set_context(v, SID, vtd_context(0, AT_SS, 4, 0x107));
    vtd_set_context(v, SID + 8, vtd_context(0, OTHER_TABLE, 4, 7));
    vtd_set_context(v, SID + 16, vtd_context(0, OTHER_TABLE, 4, 8));
    g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
    g_assert_cmphex(word, ==, 1);
    g_assert_cmphex(vtd_read_word(v, 0x5000, &word, SID + 8), ==, 0);
    g_assert_cmphex(word, ==, 1); /* the other's entry */
    g_assert_cmphex(vtd_read_word(v, 0x5000, &word, SID + 16), ==, 0);
    g_assert_cmphex(word, ==, 2);
    qtest_writeq(v->qts, leaf, (AT_DATA + 0x1000) | SS_RW);
    vtd_submit(v, 0x22 | 0xff07ull << 16, 0);
    vtd_wait(v);
    g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
    g_assert_cmphex(word, ==, 2);
    vtd_set_context(v, SID, (Pair){0});
    vtd_submit(v, 0x21 | 0x107ull << 16, 0);
    vtd_wait(v);
    g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 2);
    vtd_expect_fault(v, 2, SID, 0x5000);
    vtd_writeq(v, CCMD, 0xffff);
    g_assert_cmphex(vtd_readq(v, CCMD), ==, 0xff);
    vtd_writeq(v, 0x508, 0xffffull << 32);
    g_assert_cmphex(vtd_readq(v, 0x508), ==, 0xffull << 32);
    vtd_stop(v);
}

/* As many pages as MAMV names, and no more. */
static void test_address_mask(void)
{
    static const struct {
        const char *props;
        unsigned mamv;
    } rows[] = {{"", 18}, {",model=spr", 45}, {",mamv=0", 0}, {",mamv=9", 9}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Vtd *v = vtd_start_dma(rows[i].props);
        uint64_t word, leaf = vtd_map(v, AT_SS, 4, 1, 0, AT_DATA | SS_RW);
        vtd_set_context(v, SID, vtd_ss_context(0, 4, DOMAIN));
        g_assert_cmphex(vtd_read(v, 0, &word), ==, 0);
        qtest_writeq(v->qts, leaf, 0);
        g_assert_cmphex(vtd_read(v, 0, &word), ==, 0);
        vtd_submit(v, 0x32 | DOMAIN << 16, rows[i].mamv);
        vtd_wait(v);
        g_assert_cmphex(vtd_read(v, 0, &word), ==, 2);
        vtd_expect_fault(v, 6, SID, 0);
        vtd_submit(v, 0x32 | DOMAIN << 16, rows[i].mamv + 1);
        vtd_ring(v);
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_IQE);
        g_assert_cmphex(vtd_readq(v, IQERCD) & CAUSE, ==, RESERVED);
        vtd_stop(v);
    }
}

static void test_switched_off(void)
{
    for (unsigned on = 0; on < 2; on++) {
        Vtd *v = vtd_start_dma(on ? ",device-iotlb=on"
                                  : ",device-iotlb=on,zlr=off,protected-memory=off,"
                                    "page-request-drain=off");
        uint64_t word;
        vtd_map(v, AT_SS, 4, 1, 0x5000, AT_DATA | 2);
        vtd_set_context(v, SID, vtd_ss_context(0, 4, DOMAIN));
        g_assert_cmphex(vtd_dma_read(v, 0x5000, &word, 0, SID), ==, on ? 0 : 2);
        if (!on) {
            vtd_expect_fault(v, 6, SID, 0x5000);
        }
        vtd_expect_no_fault(v);
        static const uint32_t ranges[] = {PMEN, PLMBASE, PLMLIMIT, PHMBASE, PHMLIMIT};
        for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++) {
            vtd_writel(v, ranges[i], PMEN_EPM);
            g_assert_cmphex(vtd_readl(v, ranges[i]) & PMEN_EPM, ==, on ? PMEN_EPM : 0);
        }
        vtd_submit(v, 0xa5, AT_STATUS);
        vtd_ring(v);
        g_assert_cmphex(vtd_readl(v, FSTS) & FSTS_IQE, ==, on ? 0 : FSTS_IQE);
        vtd_stop(v);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/models/shown", test_shown);
    g_test_add_func("/vtd/models/given-goes-first", test_given_goes_first);
    g_test_add_func("/vtd/models/offsets", test_offsets);
    g_test_add_func("/vtd/models/errors", test_offset_errors);
    g_test_add_func("/vtd/models/haw", test_haw);
    g_test_add_func("/vtd/models/widths", test_widths);
    g_test_add_func("/vtd/models/domain-bits", test_domain_bits);
    g_test_add_func("/vtd/models/address-mask", test_address_mask);
    g_test_add_func("/vtd/models/switched-off", test_switched_off);
    return g_test_run();
}
