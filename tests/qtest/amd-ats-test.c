/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: address translation services (2.1.3, 2.4.4, 2.5.8; PCI Express 5.0, chapter 10):
 * intr-testdev asks the unit for translations, keeps them, uses them, and completes invalidations
 * in time, late or never, with COMPLETION_WAITs behind them.
 */
#include <linux/pci_regs.h>

#include "amd-lib.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/pci.h"

#define DOMAIN      7u
#define IOVA        0x45000ull
#define PAGE        AT_DATA
#define OTHER_PAGE  (AT_DATA + 0x10000)
#define WORD        0x1122334455667788ull
#define PTE_PR      1ull
#define PTE_R       (1ull << 61)
#define PTE_RW      (3ull << 61)
#define UNSUPPORTED 2u
#define TRANSLATED  4u /* flags of the emitter */
#define BY_ATS      8u
#define ALLOWED     3u /* of XLAT: read, write */
#define ONLY_PLAIN  4u
#define MS          1000000ll
#define US          1000ll

static void enable_ats(Amd *a, bool on)
{
    uint64_t config = PCI_ECAM + ((uint64_t)EMITTER << 12) + 0x100;
    g_assert_cmphex(qtest_readw(a->qts, config), ==, PCI_EXT_CAP_ID_ATS);
    qtest_writew(a->qts, config + PCI_ATS_CTRL, on ? PCI_ATS_CTRL_ENABLE : 0);
}

static void set_entry(Amd *a, uint64_t low, uint64_t high)
{
    amd_set_dte(a, EMITTER, 0, low);
    amd_set_dte(a, EMITTER, 1, DOMAIN | high);
    amd_flush_device(a, EMITTER);
}

static void map_page(Amd *a, uint64_t iova, uint64_t entry)
{
    qtest_writeq(a->qts, AT_TABLES + (iova >> 12) * 8, entry);
    amd_command(a, 3ull << 60 | (uint64_t)DOMAIN << 32, iova);
}

#define BY_TABLES (DTE_V | DTE_TV | DTE_MODE(1) | AT_TABLES | DTE_IR | DTE_IW)

/* The unit is on, and the emitter's entry lets it ask. */
static Amd *start(const char *emitter, uint64_t control)
{
    g_autofree char *props = g_strdup_printf(",ats=on%s", emitter);
    Amd *a = amd_start_emitter(",device-iotlb=on", props);
    amd_on(a, control);
    enable_ats(a, true);
    set_entry(a, BY_TABLES, DTE_I);
    map_page(a, IOVA, PAGE | PTE_PR | PTE_RW);
    return a;
}

static uint32_t translate(Amd *a, uint64_t address, uint64_t *xlat)
{
    uint32_t result = amd_emit(a, C_TRANSLATE, address, 0);
    *xlat = qtest_readq(a->qts, BAR + E_XLAT);
    return result;
}

static uint32_t kept(Amd *a)
{
    return qtest_readl(a->qts, BAR + E_KEPT);
}

static uint32_t read_by(Amd *a, uint64_t address, uint32_t flags, uint64_t *word)
{
    uint32_t result = amd_emit(a, C_READ, address, flags);
    *word = qtest_readq(a->qts, BAR + E_BUFFER);
    return result;
}

/* ---- Translation requests ---- */

static void test_answers(void)
{
    Amd *a = start("", 0);
    uint64_t xlat;
    g_assert_cmphex(translate(a, IOVA + 0x123, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, PAGE | ALLOWED);
    map_page(a, IOVA + 0x1000, OTHER_PAGE | PTE_PR | PTE_R);
    g_assert_cmphex(translate(a, IOVA + 0x1000, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, OTHER_PAGE | 1);
    g_assert_cmpuint(kept(a), ==, 2);
    /* A page that is not there is no fault, and not kept. */
    g_assert_cmphex(translate(a, IOVA + 0x2000, &xlat), ==, 0);
    g_assert_cmphex(xlat & (ALLOWED | ONLY_PLAIN), ==, 0);
    /* The interrupt range is written as it is, and nothing leads there. */
    g_assert_cmphex(translate(a, WINDOW, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, WINDOW | 2 | ONLY_PLAIN);
    map_page(a, IOVA + 0x3000, WINDOW | PTE_PR | PTE_RW);
    g_assert_cmphex(translate(a, IOVA + 0x3000, &xlat), ==, 0);
    g_assert_cmphex(xlat & (ALLOWED | ONLY_PLAIN), ==, 0);
    g_assert_cmpuint(kept(a), ==, 2);
    /* Where there are no tables, addresses are what they are, as far as IR and IW allow. */
    set_entry(a, DTE_V | DTE_TV | DTE_IR, DTE_I);
    g_assert_cmphex(translate(a, PAGE, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, PAGE | 1);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* The exclusion range's pages are what they are, too. */
static void test_excluded(void)
{
    Amd *a = start("", 0);
    uint64_t xlat;
    amd_write(a, EXCL_LIMIT, OTHER_PAGE);
    amd_write(a, EXCL_BASE, OTHER_PAGE | 3);
    g_assert_cmphex(translate(a, OTHER_PAGE, &xlat), ==, 0);
    g_assert_cmphex(xlat, ==, OTHER_PAGE | ALLOWED);
    amd_expect_no_event(a);
    amd_stop(a);
}

static void test_denied(void)
{
    Amd *a = start("", 0);
    uint64_t xlat;
    const uint64_t entries[][2] = {{BY_TABLES, 0}, {0, DTE_I}};
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        set_entry(a, entries[i][0], entries[i][1]);
        g_assert_cmphex(translate(a, IOVA, &xlat), ==, UNSUPPORTED);
        amd_expect_event(a, INVALID_DEVICE_REQUEST, EMITTER, EV_TR | EV_TYPE(1), IOVA);
        g_assert_cmphex(read_by(a, PAGE, TRANSLATED, &xlat), ==, UNSUPPORTED);
        amd_expect_event(a, INVALID_DEVICE_REQUEST, EMITTER, EV_TYPE(1), PAGE);
    }
    set_entry(a, BY_TABLES | 1 << 2, DTE_I);
    g_assert_cmphex(translate(a, IOVA, &xlat), ==, UNSUPPORTED);
    amd_expect_event(a, ILLEGAL_DEV_TABLE_ENTRY, EMITTER, EV_TR | EV_RZ, IOVA);
    set_entry(a, BY_TABLES, DTE_I);
    g_assert_cmphex(amd_emit(a, C_TRANSLATE, IOVA, 2), ==, UNSUPPORTED); /* with a PASID */
    amd_expect_event(a, INVALID_DEVICE_REQUEST, EMITTER, EV_TR | EV_TYPE(1), IOVA);
    map_page(a, IOVA, PAGE | PTE_PR | PTE_RW | 1ull << 9); /* reserved */
    g_assert_cmphex(translate(a, IOVA, &xlat), ==, UNSUPPORTED);
    amd_expect_event(a, IO_PAGE_FAULT, EMITTER, EV_TR | EV_PR | EV_RZ, IOVA);
    g_assert_cmpuint(kept(a), ==, 0);
    /* A unit that is off leaves nothing to ask, and logs nothing. */
    amd_set_control(a, 0, IOMMU_EN);
    g_assert_cmphex(translate(a, IOVA, &xlat), ==, UNSUPPORTED);
    g_assert_cmphex(read_by(a, PAGE, TRANSLATED, &xlat), ==, UNSUPPORTED);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* A unit without: the capability says so, and entries' I is not enough. */
static void test_without(void)
{
    for (unsigned with = 0; with < 2; with++) {
        Amd *a = amd_start_emitter(with ? ",device-iotlb=on" : "", ",ats=on");
        uint8_t cap = (uint8_t)qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, 0x34, 1);
        while (qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap, 1) != 0x0f) {
            cap = (uint8_t)qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap + 1, 1);
        }
        uint32_t header = qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap, 4);
        uint64_t xlat;
        g_assert_cmpuint(header >> 24 & 1, ==, with);
        amd_on(a, 0);
        enable_ats(a, true);
        set_entry(a, BY_TABLES, DTE_I);
        map_page(a, IOVA, PAGE | PTE_PR | PTE_RW);
        g_assert_cmphex(translate(a, IOVA, &xlat), ==, with ? 0 : UNSUPPORTED);
        amd_command(a, 4ull << 60 | EMITTER, IOVA);
        g_assert_cmphex(amd_read(a, AMD_STATUS) & CMD_RUN, ==, with ? CMD_RUN : 0);
        amd_stop(a);
    }
}

/* ---- Translated requests ---- */

static void test_translated(void)
{
    Amd *a = start("", 0);
    uint64_t word;
    qtest_writeq(a->qts, PAGE, WORD);
    g_assert_cmphex(read_by(a, PAGE, TRANSLATED, &word), ==, 0);
    g_assert_cmphex(word, ==, WORD);
    qtest_writeq(a->qts, BAR + E_BUFFER, ~WORD);
    g_assert_cmphex(amd_emit(a, C_WRITE, PAGE, TRANSLATED), ==, 0);
    g_assert_cmphex(qtest_readq(a->qts, PAGE), ==, ~WORD);
    /* They are no interrupt requests. */
    qtest_writel(a->qts, BAR + E_BUFFER, 0x61);
    g_assert_cmphex(amd_emit(a, C_WRITE, WINDOW, TRANSLATED), ==, UNSUPPORTED);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, EMITTER, EV_TYPE(3), WINDOW);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    amd_stop(a);
}

/* ---- Invalidations ---- */

static void ask(Amd *a, uint64_t address)
{
    amd_command(a, 4ull << 60 | 32ull << 24 | (uint64_t)EMITTER << 32 | EMITTER, address);
}

/* COMPLETION_WAIT with a store; nothing is looked at. */
static void put_wait(Amd *a, uint64_t token)
{
    amd_command(a, 1ull << 60 | AT_STORE | 1, token);
}

static bool stored(Amd *a, uint64_t token)
{
    return qtest_readq(a->qts, AT_STORE) == token;
}

/* The device goes on with what it keeps until it has done as it was told, and so long the wait
 * lasts, and what is behind it. */
static void test_right(void)
{
    Amd *a = start("", INV_TIMEOUT(1));
    uint64_t word;
    qtest_writeq(a->qts, PAGE, WORD);
    qtest_writeq(a->qts, OTHER_PAGE, ~WORD);
    g_assert_cmphex(read_by(a, IOVA, BY_ATS, &word), ==, 0);
    map_page(a, IOVA, OTHER_PAGE | PTE_PR | PTE_RW);
    g_assert_cmphex(read_by(a, IOVA, BY_ATS, &word), ==, 0);
    g_assert_cmphex(word, ==, WORD);
    ask(a, IOVA);
    put_wait(a, 77);
    put_wait(a, 78);
    g_assert_false(stored(a, 77) || stored(a, 78));
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail - 16);
    qtest_clock_step(a->qts, US);
    g_assert_true(stored(a, 78));
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail);
    g_assert_cmphex(read_by(a, IOVA, BY_ATS, &word), ==, 0);
    g_assert_cmphex(word, ==, ~WORD);
    qtest_clock_step(a->qts, 5 * MS);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* S and the address say how many pages. */
static void test_ranges(void)
{
    static const struct {
        uint64_t address;
        unsigned left;
    } rows[] = {
        {0x49000, 7},
        {0x50000, 8},
        {0x4a001, 6},
        {0x4d001, 4},
        {0x4b001, 0},
        {0x4f001, 0},
        {0x7ffffffffffff001, 0},
        {0xfffffffffffff001, 0},
    };
    Amd *a = start("", 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t xlat;
        for (uint64_t page = 0; page < 8; page++) {
            map_page(a, 0x48000 + page * 0x1000, (PAGE + page * 0x1000) | PTE_PR | PTE_RW);
            g_assert_cmphex(translate(a, 0x48000 + page * 0x1000, &xlat), ==, 0);
        }
        g_assert_cmpuint(kept(a), ==, 8);
        ask(a, rows[i].address);
        qtest_clock_step(a->qts, US);
        g_assert_cmpuint(kept(a), ==, rows[i].left);
    }
    amd_stop(a);
}

/* Late or never: InvTimeOut ends the command, which is logged, and the wait behind it. */
static void test_timeouts(void)
{
    static const struct {
        const char *emitter;
        unsigned code;
        int64_t ends; /* 0: it does not */
        bool logged;
    } rows[] = {
        {",ats-completion=late", 1, MS, true},
        {",ats-completion=late", 2, 2 * MS, false},
        {",ats-completion=late", 0, 2 * MS, false},
        {",ats-completion=never", 1, MS, true},
        {",ats-completion=never", 3, 100 * MS, true},
        {",ats-completion=never", 6, 100000 * MS, true},
        {",ats-completion=never", 0, 0, false},
        {",ats-completion=never", 7, 0, false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Amd *a = start(rows[i].emitter, INV_TIMEOUT(rows[i].code));
        uint64_t at = AT_COMMANDS + a->tail;
        ask(a, IOVA);
        put_wait(a, 77);
        if (rows[i].ends) {
            qtest_clock_step(a->qts, rows[i].ends - 1);
            g_assert_false(stored(a, 77));
            amd_expect_no_event(a);
            qtest_clock_step(a->qts, 1);
            g_assert_true(stored(a, 77));
        } else {
            qtest_clock_step(a->qts, 1000000 * MS);
            g_assert_false(stored(a, 77));
        }
        if (rows[i].logged) {
            amd_expect_event(a, IOTLB_INV_TIMEOUT, EMITTER, 0, at);
        }
        /* What comes after all that is not heeded. */
        qtest_clock_step(a->qts, 10 * MS);
        amd_expect_no_event(a);
        amd_stop(a);
    }
}

/* As many as there are tags are under way, each with its time; off and on again, none is. */
static void test_many(void)
{
    Amd *a = start(",ats-completion=never", INV_TIMEOUT(1));
    for (unsigned i = 0; i < 32; i++) {
        ask(a, IOVA);
        g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail);
        qtest_clock_step(a->qts, US);
    }
    ask(a, IOVA);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail - 16);
    qtest_clock_step(a->qts, MS - 32 * US);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail);
    g_assert_cmpuint(amd_take_event(a).code, ==, IOTLB_INV_TIMEOUT);
    amd_expect_no_event(a);
    qtest_clock_step(a->qts, US);
    g_assert_cmpuint(amd_take_event(a).code, ==, IOTLB_INV_TIMEOUT);
    put_wait(a, 77);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, a->tail);
    amd_set_control(a, 0, CMD_BUF_EN);
    amd_set_control(a, CMD_BUF_EN, 0);
    qtest_clock_step(a->qts, 5 * MS);
    g_assert_false(stored(a, 77));
    amd_expect_no_event(a);
    amd_wait(a);
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-ats/answers", test_answers);
    g_test_add_func("/amd-ats/excluded", test_excluded);
    g_test_add_func("/amd-ats/denied", test_denied);
    g_test_add_func("/amd-ats/without", test_without);
    g_test_add_func("/amd-ats/translated", test_translated);
    g_test_add_func("/amd-ats/right", test_right);
    g_test_add_func("/amd-ats/ranges", test_ranges);
    g_test_add_func("/amd-ats/timeouts", test_timeouts);
    g_test_add_func("/amd-ats/many", test_many);
    return g_test_run();
}
