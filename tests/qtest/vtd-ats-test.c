/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation services (PCI Express 5.0, chapter 10; VT-d 3.4.2, 4.1, 6.5.2.5):
 * intr-testdev asks the unit for translations, keeps them, uses them, and completes invalidations
 * in time, late or never. Everything in legacy mode.
 */
#include <linux/pci_regs.h>

#include "tests/include/pci.h"
#include "vtd-lib.h"

#define ALL         1u /* translation types */
#define PASS        2u
#define IOVA        0x40001000ull
#define PAGE        AT_DATA
#define OTHER_PAGE  (AT_DATA + 0x10000)
#define WORD        0x1122334455667788ull
#define UNSUPPORTED 2u
#define TRANSLATED  4u /* flags of the emitter */
#define BY_ATS      8u
#define ALLOWED     3u /* of XLAT: read, write */
#define ONLY_PLAIN  4u
#define AT_REQUEST  1u /* of a fault record */
#define AT_ADDRESS  2u
#define MS          1000000ll
#define US          1000ll
#define WAIT(data_) (0x25 | (uint64_t)(data_) << 32)

static uint64_t config(unsigned at)
{
    return PCI_ECAM + ((uint64_t)SID_OWN << 12) + at;
}

static void enable_ats(Vtd *v, bool on)
{
    g_assert_cmphex(qtest_readw(v->qts, config(0x100)), ==, PCI_EXT_CAP_ID_ATS);
    qtest_writew(v->qts, config(0x100 + PCI_ATS_CTRL), on ? PCI_ATS_CTRL_ENABLE : 0);
}

static void set_entry(Vtd *v, unsigned type)
{
    vtd_set_context(v, SID_OWN, vtd_ss_context(type, 4, DOMAIN));
    vtd_flush_dma(v);
}

static Vtd *start_ats(const char *emitter)
{
    g_autofree char *props = g_strdup_printf(",ats=on%s", emitter);
    Vtd *v = vtd_start_dma_emitter(",device-iotlb=on", props);
    enable_ats(v, true);
    set_entry(v, ALL);
    vtd_map(v, AT_SS, 4, 1, IOVA, PAGE | SS_RW);
    return v;
}

static uint32_t give(Vtd *v, unsigned command, uint64_t addr, uint32_t flags)
{
    qtest_writeq(v->qts, BAR + E_ADDR, addr);
    qtest_writel(v->qts, BAR + E_FLAGS, flags);
    qtest_writel(v->qts, BAR + E_LEN, 8);
    qtest_writel(v->qts, BAR + E_COMMAND, command);
    return qtest_readl(v->qts, BAR + E_RESULT);
}

static uint32_t translate(Vtd *v, uint64_t addr, uint64_t *xlat)
{
    uint32_t result = give(v, C_TRANSLATE, addr, 0);
    *xlat = qtest_readq(v->qts, BAR + E_XLAT);
    return result;
}

static uint32_t kept(Vtd *v)
{
    return qtest_readl(v->qts, BAR + E_KEPT);
}

static uint32_t read_by(Vtd *v, uint64_t addr, uint32_t flags, uint64_t *word)
{
    uint32_t result = give(v, C_READ, addr, flags);
    *word = qtest_readq(v->qts, BAR + E_BUFFER);
    return result;
}

static void expect_fault(Vtd *v, uint8_t reason, unsigned at, uint64_t info)
{
    g_assert_cmphex(vtd_readq(v, v->frcd + 8) >> 60 & 3, ==, at);
    vtd_expect_fault(v, reason, SID_OWN, info);
}

/* ---- Translation requests ---- */

static void test_answers(void)
{
    Vtd *v = start_ats("");
    uint64_t xlat;
    g_assert_cmphex(translate(v, IOVA + 0x123, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, PAGE | ALLOWED);
    g_assert_cmpuint(qtest_readl(v->qts, BAR + E_XLAT_SHIFT), ==, 12);
    g_assert_cmpuint(kept(v), ==, 1);
    /* 2 MiB, to be read only. */
    vtd_map(v, AT_SS, 4, 2, 0x80000000, 0x600000 | SS_PS | 1);
    vtd_flush_iotlb(v);
    g_assert_cmphex(translate(v, 0x80012345, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, 0x600000 | 1);
    g_assert_cmpuint(qtest_readl(v->qts, BAR + E_XLAT_SHIFT), ==, 21);
    /* A page that is not there is no fault, and not kept. */
    uint32_t before = kept(v);
    g_assert_cmphex(translate(v, 0x80400000, &xlat), ==, 0);
    g_assert_cmphex(xlat & (ALLOWED | ONLY_PLAIN), ==, 0);
    g_assert_cmpuint(kept(v), ==, before);
    /* So is one beyond MGAW (11.4.2). */
    g_assert_cmphex(translate(v, 1ull << 48, &xlat), ==, 0);
    g_assert_cmphex(xlat & (ALLOWED | ONLY_PLAIN), ==, 0);
    g_assert_cmpuint(kept(v), ==, before);
    /* The interrupt range is written as it is. */
    g_assert_cmphex(translate(v, 0xfee00000, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, 0xfee00000 | 2 | ONLY_PLAIN);
    g_assert_cmpuint(kept(v), ==, before);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

static void test_denied(void)
{
    Vtd *v = start_ats("");
    uint64_t xlat;
    const unsigned types[] = {0, PASS};
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        set_entry(v, types[i]);
        g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED);
        expect_fault(v, 0x0d, AT_REQUEST, IOVA);
    }
    vtd_set_context(v, SID_OWN, (Pair){AT_SS | 3, 2 | (uint64_t)DOMAIN << 8}); /* FPD, type 0 */
    vtd_flush_dma(v);
    g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED);
    vtd_expect_no_fault(v);
    vtd_set_context(v, SID_OWN, (Pair){0, 0});
    vtd_flush_dma(v);
    g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED);
    expect_fault(v, 0x02, AT_REQUEST, IOVA);
    set_entry(v, ALL);
    vtd_map(v, AT_SS, 4, 1, IOVA, 0xfee00000 | SS_RW);
    vtd_flush_iotlb(v);
    g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED);
    expect_fault(v, 0x0e, AT_REQUEST, IOVA);
    g_assert_cmphex(give(v, C_TRANSLATE, IOVA, 2), ==, UNSUPPORTED); /* with a PASID */
    expect_fault(v, 0x31, AT_REQUEST, IOVA);
    g_assert_cmpuint(kept(v), ==, 0);
    /* Without translation, and without Enable, there is nothing to ask. */
    vtd_command(v, TE, false);
    g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED);
    vtd_command(v, TE, true);
    enable_ats(v, false);
    g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Whoever has no unit with ATS above gets one answer, and so has who asks without the capability.
 */
static void test_without(void)
{
    static const char *const machines[] = {
        "-device intr-testdev,addr=4,ats=on",
        "-device intel-iommu -device intr-testdev,addr=4,ats=on",
        "-device intel-iommu,device-iotlb=on -device intr-testdev,addr=4",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(machines); i++) {
        Vtd v = {.qts = qtest_initf("-machine q35 -nodefaults %s", machines[i])};
        uint64_t xlat;
        qtest_writew(v.qts, config(PCI_COMMAND), 0);
        qtest_writel(v.qts, config(PCI_BASE_ADDRESS_0), (uint32_t)BAR);
        qtest_writew(v.qts, config(PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
        qtest_writew(v.qts, config(0x100 + PCI_ATS_CTRL), PCI_ATS_CTRL_ENABLE);
        g_assert_cmphex(translate(&v, PAGE, &xlat), ==, UNSUPPORTED);
        g_assert_cmphex(read_by(&v, PAGE, TRANSLATED, &xlat), ==, UNSUPPORTED);
        g_assert_cmphex(read_by(&v, PAGE, BY_ATS, &xlat), ==, UNSUPPORTED);
        g_assert_cmphex(read_by(&v, PAGE, 0, &xlat), ==, 0);
        qtest_quit(v.qts);
    }
}

/* ---- Translated requests ---- */

static void test_translated(void)
{
    Vtd *v = start_ats("");
    uint64_t word = 0;
    qtest_writeq(v->qts, PAGE, WORD);
    g_assert_cmphex(read_by(v, PAGE, TRANSLATED, &word), ==, 0);
    g_assert_cmphex(word, ==, WORD);
    qtest_writeq(v->qts, BAR + E_BUFFER, ~WORD);
    g_assert_cmphex(give(v, C_WRITE, PAGE, TRANSLATED), ==, 0);
    g_assert_cmphex(qtest_readq(v->qts, PAGE), ==, ~WORD);
    /* No interrupt requests, and nothing beyond what there is. */
    qtest_writel(v->qts, BAR + E_BUFFER, 0x61);
    qtest_writeq(v->qts, BAR + E_ADDR, 0xfee00000);
    qtest_writel(v->qts, BAR + E_LEN, 4);
    qtest_writel(v->qts, BAR + E_COMMAND, C_WRITE); /* flags are as they were */
    g_assert_cmphex(qtest_readl(v->qts, BAR + E_RESULT), ==, UNSUPPORTED);
    expect_fault(v, 0x0e, AT_ADDRESS, 0xfee00000);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    g_assert_cmphex(read_by(v, 1ull << 48, TRANSLATED, &word), ==, UNSUPPORTED);
    expect_fault(v, 0x04, AT_ADDRESS, 1ull << 48);
    /* Only who is allowed to. */
    set_entry(v, 0);
    g_assert_cmphex(read_by(v, PAGE, TRANSLATED, &word), ==, UNSUPPORTED);
    expect_fault(v, 0x0d, AT_ADDRESS, PAGE);
    set_entry(v, ALL);
    g_assert_cmphex(read_by(v, PAGE, TRANSLATED, &word), ==, 0);
    vtd_command(v, TE, false);
    g_assert_cmphex(read_by(v, PAGE, TRANSLATED, &word), ==, UNSUPPORTED);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* By what the device keeps: a page each for reading and writing, across their border. */
static void test_kept(void)
{
    Vtd *v = start_ats("");
    uint64_t word;
    qtest_writeq(v->qts, PAGE + 0xffc, WORD);
    qtest_writel(v->qts, OTHER_PAGE, WORD >> 32);
    vtd_map(v, AT_SS, 4, 1, IOVA + 0x1000, OTHER_PAGE | 1);
    g_assert_cmphex(read_by(v, IOVA + 0xffc, BY_ATS, &word), ==, 0);
    g_assert_cmphex(word, ==, WORD);
    g_assert_cmpuint(kept(v), ==, 2);
    g_assert_cmphex(give(v, C_WRITE, IOVA, BY_ATS), ==, 0);
    g_assert_cmphex(give(v, C_WRITE, IOVA + 0x1000, BY_ATS), ==, UNSUPPORTED); /* read only */
    g_assert_cmphex(read_by(v, IOVA + 0x2000, BY_ATS, &word), ==, UNSUPPORTED);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* ---- Invalidations ---- */

static void ask(Vtd *v, uint16_t sid, uint64_t address, bool size)
{
    vtd_submit(v, 3 | (uint64_t)sid << 32, address | size);
}

static void ask_and_wait(Vtd *v, uint64_t address, bool size, uint32_t token)
{
    ask(v, SID_OWN, address, size);
    vtd_submit(v, WAIT(token), AT_STATUS);
    vtd_ring(v);
}

/* The device goes on with what it keeps until it is told. */
static void test_invalidated(void)
{
    Vtd *v = start_ats("");
    uint64_t word;
    qtest_writeq(v->qts, PAGE, WORD);
    qtest_writeq(v->qts, OTHER_PAGE, ~WORD);
    g_assert_cmphex(read_by(v, IOVA, BY_ATS, &word), ==, 0);
    vtd_map(v, AT_SS, 4, 1, IOVA, OTHER_PAGE | SS_RW);
    vtd_flush_iotlb(v);
    g_assert_cmphex(read_by(v, IOVA, BY_ATS, &word), ==, 0);
    g_assert_cmphex(word, ==, WORD);
    qtest_writel(v->qts, AT_STATUS, 0);
    ask_and_wait(v, IOVA, false, 7);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0);
    qtest_clock_step(v->qts, US);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 7);
    g_assert_cmpuint(kept(v), ==, 0);
    g_assert_cmphex(read_by(v, IOVA, BY_ATS, &word), ==, 0);
    g_assert_cmphex(word, ==, ~WORD);
    qtest_clock_step(v->qts, 5 * MS);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

static void keep_eight(Vtd *v)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t xlat;
        vtd_map(v, AT_SS, 4, 1, 0x40008000 + i * 0x1000, (PAGE + i * 0x1000) | SS_RW);
        g_assert_cmphex(translate(v, 0x40008000 + i * 0x1000, &xlat), ==, 0);
    }
    g_assert_cmpuint(kept(v), ==, 8);
}

/* 6.5.2.5: how many pages S and the address say. */
static void test_ranges(void)
{
    static const struct {
        uint64_t address;
        bool size;
        unsigned left;
    } rows[] = {
        {0x40009000, false, 7},        {0x40050000, false, 8},
        {0x4000a000, true, 6}, /* two pages */
        {0x4000d000, true, 4}, /* bit 12 set, bit 13 clear: four */
        {0x4000b000, true, 0}, /* bits 12 and 13 set: eight */
        {0x4000f000, true, 0},         {0x7ffffffffffff000, true, 0},
        {0xfffffffffffff000, true, 0},
    };
    Vtd *v = start_ats("");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        keep_eight(v);
        ask_and_wait(v, rows[i].address, rows[i].size, i + 1);
        qtest_clock_step(v->qts, US);
        g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, i + 1);
        g_assert_cmpuint(kept(v), ==, rows[i].left);
    }
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

static void expect_time_out(Vtd *v)
{
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_ITE);
    g_assert_cmphex(vtd_readq(v, IQERCD) >> 32 & 0xffff, ==, SID_OWN);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0); /* the wait was aborted */
}

static void test_never(void)
{
    Vtd *v = start_ats(",ats-completion=never");
    uint64_t word;
    qtest_writel(v->qts, AT_STATUS, 0);
    g_assert_cmphex(read_by(v, IOVA, BY_ATS, &word), ==, 0);
    ask_and_wait(v, IOVA, false, 7);
    qtest_clock_step(v->qts, 2 * MS);
    expect_time_out(v);
    vtd_writel(v, FSTS, FSTS_ITE);
    vtd_wait(v); /* the queue goes on */
    g_assert_cmpuint(kept(v), ==, 1);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Completed when the unit has given up: a completion that nobody waits for. */
static void test_late(void)
{
    Vtd *v = start_ats(",ats-completion=late");
    uint64_t word;
    qtest_writel(v->qts, AT_STATUS, 0);
    g_assert_cmphex(read_by(v, IOVA, BY_ATS, &word), ==, 0);
    ask_and_wait(v, IOVA, false, 7);
    qtest_clock_step(v->qts, MS + MS / 2);
    expect_time_out(v);
    g_assert_cmpuint(kept(v), ==, 1);
    vtd_writel(v, FSTS, FSTS_ITE);
    qtest_clock_step(v->qts, MS);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_ICE);
    g_assert_cmphex(vtd_readq(v, IQERCD) >> 48, ==, SID_OWN);
    g_assert_cmpuint(kept(v), ==, 0);
    vtd_writel(v, FSTS, FSTS_ICE);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Switched off, the function does not answer; and what it kept is gone. */
static void test_disabled(void)
{
    Vtd *v = start_ats("");
    uint64_t word;
    g_assert_cmphex(read_by(v, IOVA, BY_ATS, &word), ==, 0);
    g_assert_cmpuint(kept(v), ==, 1);
    enable_ats(v, false);
    enable_ats(v, true);
    g_assert_cmpuint(kept(v), ==, 0);
    enable_ats(v, false);
    qtest_writel(v->qts, AT_STATUS, 0);
    ask_and_wait(v, IOVA, false, 7);
    qtest_clock_step(v->qts, 2 * MS);
    expect_time_out(v);
    vtd_stop(v);
}

/* A unit reaches what is under it alone: the device, which is under another one, does not answer.
 */
static void test_other_unit(void)
{
    Vtd *v = vtd_start_dma_emitter(",device-iotlb=on,scope=ioapic",
                                   ",ats=on -device intel-iommu,device-iotlb=on,scope=all");
    uint64_t xlat;
    enable_ats(v, true);
    set_entry(v, ALL);
    g_assert_cmphex(translate(v, IOVA, &xlat), ==, UNSUPPORTED); /* the other one's TE is clear */
    qtest_writel(v->qts, AT_STATUS, 0);
    ask_and_wait(v, IOVA, false, 7);
    qtest_clock_step(v->qts, 2 * MS);
    expect_time_out(v);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/ats/answers", test_answers);
    g_test_add_func("/vtd/ats/denied", test_denied);
    g_test_add_func("/vtd/ats/without", test_without);
    g_test_add_func("/vtd/ats/translated", test_translated);
    g_test_add_func("/vtd/ats/kept", test_kept);
    g_test_add_func("/vtd/ats/invalidated", test_invalidated);
    g_test_add_func("/vtd/ats/ranges", test_ranges);
    g_test_add_func("/vtd/ats/never", test_never);
    g_test_add_func("/vtd/ats/late", test_late);
    g_test_add_func("/vtd/ats/disabled", test_disabled);
    g_test_add_func("/vtd/ats/other-unit", test_other_unit);
    return g_test_run();
}
