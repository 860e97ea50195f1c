/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d registers: reset values, writable, write-1-to-clear and reserved bits at every width and in
 * both orders of halves; capabilities by property; GCMD and GSTS with latency; property errors.
 */
#include "vtd-lib.h"

#include <string.h>

typedef struct {
    const char *name;
    uint32_t offset, size;
    uint64_t reset, writable;
} Row;

static const Row rows[] = {
    {"VER", VER, 4, 0x10, 0},
    {"GCMD", GCMD, 4, 0, 0},
    {"GSTS", GSTS, 4, 0, 0},
    {"RTADDR", RTADDR, 8, 0, 0xfffffffffffff000},
    {"FSTS", FSTS, 4, 0, 0},
    {"FECTL", FECTL, 4, 0x80000000, 0x80000000},
    {"FEDATA", FEDATA, 4, 0, 0xffff},
    {"FEADDR", FEADDR, 4, 0, 0xfffffffc},
    {"FEUADDR", FEUADDR, 4, 0, 0xffffffff},
    {"AFLOG", 0x58, 8, 0, 0},
    {"PLMBASE", PLMBASE, 4, 0, 0xffe00000},
    {"PLMLIMIT", PLMLIMIT, 4, 0, 0xffe00000},
    {"PHMBASE", PHMBASE, 8, 0, 0xffffffe00000},
    {"PHMLIMIT", PHMLIMIT, 8, 0, 0xffffffe00000},
    {"IQH", IQH, 8, 0, 0},
    {"IQT", IQT, 8, 0, 0x7fff0},
    {"IQA", IQA, 8, 0, 0xfffffffffffff807},
    {"reserved 98h", 0x98, 4, 0, 0},
    {"ICS", ICS, 4, 0, 0},
    {"IECTL", IECTL, 4, 0x80000000, 0x80000000},
    {"IEDATA", IEDATA, 4, 0, 0xffff},
    {"IEADDR", IEADDR, 4, 0, 0xfffffffc},
    {"IEUADDR", IEUADDR, 4, 0, 0xffffffff},
    {"IQERCD", IQERCD, 8, 0, 0},
    {"IRTA", IRTA, 8, 0, 0xfffffffffffff80f},
    {"PQH", 0xc0, 8, 0, 0},
    {"IVA", IVA, 8, 0, 0},
    {"MTRRCAP", 0x100, 8, 0, 0},
    {"FRCD", 0x220, 8, 0, 0},
    {"past FRCD", 0x230, 8, 0, 0},
    {"end", 0xff8, 8, 0, 0},
};

static uint64_t read_by(Vtd *v, const Row *r, unsigned width)
{
    uint64_t value = 0, at = VTD_BASE + r->offset;
    for (unsigned i = 0; i < r->size; i += width) {
        uint64_t part = width == 1   ? qtest_readb(v->qts, at + i)
                        : width == 2 ? qtest_readw(v->qts, at + i)
                        : width == 4 ? qtest_readl(v->qts, at + i)
                                     : qtest_readq(v->qts, at + i);
        value |= part << (8 * i);
    }
    return value;
}

static void write_part(Vtd *v, const Row *r, unsigned at, unsigned width, uint64_t value)
{
    uint64_t to = VTD_BASE + r->offset + at, part = value >> (8 * at);
    if (width == 1) {
        qtest_writeb(v->qts, to, (uint8_t)part);
    } else if (width == 2) {
        qtest_writew(v->qts, to, (uint16_t)part);
    } else if (width == 4) {
        qtest_writel(v->qts, to, (uint32_t)part);
    } else {
        qtest_writeq(v->qts, to, part);
    }
}

static void write_by(Vtd *v, const Row *r, unsigned width, bool high_first, uint64_t value)
{
    for (unsigned i = 0; i < r->size; i += width) {
        write_part(v, r, high_first ? r->size - width - i : i, width, value);
    }
}

static void test_widths(void)
{
    static const uint64_t patterns[] = {UINT64_MAX, 0, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa,
                                        0x0123456789abcdef};
    Vtd *v = vtd_start("", 1, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *r = &rows[i];
        for (unsigned width = 1; width <= r->size; width *= 2) {
            g_assert_cmphex(read_by(v, r, width), ==, r->reset);
        }
        if (r->offset == GCMD) {
            continue; /* has a test of its own */
        }
        for (unsigned k = 0; k < G_N_ELEMENTS(patterns) * 8; k++) {
            unsigned width = 1u << (k & 3);
            uint64_t mask = r->size == 4 ? UINT32_MAX : UINT64_MAX;
            if (width <= r->size) {
                g_test_message("%s width %u", r->name, width);
                write_by(v, r, width, k & 4, patterns[k / 8] & mask);
                uint64_t fixed = r->reset & ~r->writable;
                g_assert_cmphex(read_by(v, r, width), ==, (patterns[k / 8] & r->writable) | fixed);
            }
        }
        write_by(v, r, r->size, false, r->reset);
        g_assert_cmphex(read_by(v, r, r->size), ==, r->reset);
    }
    vtd_stop(v);
}

static void test_capabilities(void)
{
    static const char *const sets[] = {
        "",
        ",intremap=off",
        ",eim=off",
        ",aw-bits=39,caching-mode=on,dma-drain=off,pt=off",
        ",aw-bits=57,snoop-control=on,device-iotlb=on,posted-interrupts=on",
        ",esirtps=on,esrtps=on,fault-records=256",
        ",dma-translation=off",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        const char *p = sets[i];
        Vtd *v = vtd_start(p, 1, false);
        uint64_t cap = vtd_readq(v, CAP), ecap = vtd_readq(v, ECAP);
        unsigned aw = strstr(p, "=39") ? 39 : strstr(p, "=57") ? 57 : 48;
        bool ir = !strstr(p, "intremap=off"), dma = !strstr(p, "dma-translation");
        g_assert_cmpuint(cap & 7, ==, 6);
        g_assert_cmpuint(cap >> 5 & 3, ==, 3);
        g_assert_cmpuint(cap >> 7 & 1, ==, strstr(p, "caching-mode") != NULL);
        g_assert_cmpuint(cap >> 8 & 31, ==, !dma ? 0 : aw == 39 ? 2 : aw == 48 ? 6 : 14);
        g_assert_cmpuint((cap >> 16 & 63) + 1, ==, aw);
        g_assert_cmpuint(cap >> 22 & 1, ==, 1);
        g_assert_cmpuint(cap >> 34 & 15, ==, 3);
        g_assert_cmpuint(cap >> 39 & 1, ==, 1);
        g_assert_cmpuint((cap >> 40 & 255) + 1, ==, strstr(p, "256") ? 256 : 1);
        g_assert_cmpuint(cap >> 48 & 63, ==, 18);
        g_assert_cmpuint(cap >> 54 & 3, ==, strstr(p, "drain=off") ? 0 : 3);
        g_assert_cmpuint(cap >> 59 & 1, ==, strstr(p, "posted") != NULL);
        g_assert_cmpuint(cap >> 62 & 3, ==, strstr(p, "esrtps") ? 3 : 0);
        g_assert_cmpuint(ecap & 3, ==, 3);
        g_assert_cmpuint(ecap >> 2 & 1, ==, strstr(p, "device-iotlb") != NULL);
        g_assert_cmpuint(ecap >> 3 & 1, ==, ir);
        g_assert_cmpuint(ecap >> 4 & 1, ==, ir && !strstr(p, "eim=off"));
        g_assert_cmpuint(ecap >> 6 & 1, ==, !strstr(p, "pt=off"));
        g_assert_cmpuint(ecap >> 7 & 1, ==, strstr(p, "snoop") != NULL);
        g_assert_cmpuint((ecap >> 8 & 0x3ff) * 16, ==, IVA);
        g_assert_cmpuint(ecap >> 20 & 15, ==, ir ? 15 : 0);
        g_assert_cmpuint(ecap >> 42 & 1, ==, strstr(p, "device-iotlb") != NULL);
        vtd_writeq(v, IRTA, UINT64_MAX);
        bool eime = ir && !strstr(p, "eim=off");
        g_assert_cmphex(vtd_readq(v, IRTA) & IRTA_EIME, ==, eime ? IRTA_EIME : 0);
        vtd_writel(v, GCMD, IRE | TE);
        g_assert_cmphex(vtd_readl(v, GSTS), ==, (ir ? IRE : 0) | (dma ? TE : 0));
        vtd_stop(v);
    }
}

/* Commands before the last one's status wait for it with gcmd-early=queue, eight of them. */
static void test_early_commands(void)
{
    Vtd *v = vtd_start(",gcmd-latency=50000,gcmd-early=queue", 1, false);
    static const uint32_t writes[] = {SIRTP, QIE, QIE | IRE, QIE, QIE | TE};
    static const uint32_t status[] = {SIRTP, SIRTP | QIE, SIRTP | QIE | IRE, SIRTP | QIE,
                                      SIRTP | QIE | TE};
    for (unsigned i = 0; i < G_N_ELEMENTS(writes); i++) {
        vtd_writel(v, GCMD, writes[i]);
    }
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(writes); i++) {
        qtest_clock_step(v->qts, 49999);
        g_assert_cmphex(vtd_readl(v, GSTS), ==, i ? status[i - 1] : 0);
        qtest_clock_step(v->qts, 1);
        g_assert_cmphex(vtd_readl(v, GSTS), ==, status[i]);
    }
    /* One that is on its way, eight that wait, and one too many: QIE, off and on again. */
    for (unsigned i = 0; i < 10; i++) {
        vtd_writel(v, GCMD, i & 1 ? TE | QIE : TE);
    }
    qtest_clock_step(v->qts, 20 * 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SIRTP | TE);
    /* A reset forgets what waits. */
    vtd_writel(v, GCMD, TE | QIE);
    vtd_writel(v, GCMD, TE);
    vtd_reset(v);
    qtest_clock_step(v->qts, 20 * 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    vtd_stop(v);
}

/* WBFS is set while the flush is under way; without CAP.RWBF there is no such command. */
static void test_write_buffer(void)
{
    Vtd *v = vtd_start(",rwbf=on,gcmd-latency=50000", 1, false);
    g_assert_cmphex(vtd_readq(v, CAP) >> 4 & 1, ==, 1);
    vtd_writel(v, GCMD, QIE);
    qtest_clock_step(v->qts, 50000);
    vtd_writel(v, GCMD, QIE | WBF);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE | WBF);
    qtest_clock_step(v->qts, 49999);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE | WBF);
    qtest_clock_step(v->qts, 1);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE);
    vtd_writel(v, GCMD, QIE | WBF);
    vtd_reset(v);
    qtest_clock_step(v->qts, 100000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    vtd_stop(v);
    v = vtd_start(",rwbf=on", 1, false);
    vtd_writel(v, GCMD, WBF);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    vtd_stop(v);
    v = vtd_start(",gcmd-latency=50000", 1, false);
    g_assert_cmphex(vtd_readq(v, CAP) >> 4 & 1, ==, 0);
    vtd_writel(v, GCMD, WBF);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    vtd_writel(v, GCMD, QIE); /* nothing is under way */
    qtest_clock_step(v->qts, 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE);
    vtd_stop(v);
}

/* One command at a time, with and without latency; one-shot bits. */
static void test_commands(void)
{
    Vtd *v = vtd_start(",gcmd-latency=50000", 1, false);
    vtd_writel(v, GCMD, SIRTP);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    vtd_writel(v, GCMD, QIE); /* too early: lost */
    qtest_clock_step(v->qts, 49999);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    qtest_clock_step(v->qts, 1);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SIRTP);
    qtest_clock_step(v->qts, 100000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SIRTP);
    vtd_writel(v, GCMD, QIE);
    qtest_clock_step(v->qts, 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SIRTP | QIE);
    vtd_writel(v, GCMD, QIE | SIRTP);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE);
    qtest_clock_step(v->qts, 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE | SIRTP);
    vtd_writel(v, GCMD, QIE | IRE);
    qtest_clock_step(v->qts, 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE | SIRTP | IRE);
    vtd_writel(v, GCMD, 0);
    qtest_clock_step(v->qts, 50000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SIRTP);
    vtd_stop(v);
    /* A driver that echoes RTPS into SRTP, with a new command beside it. */
    v = vtd_start("", 1, false);
    vtd_writel(v, GCMD, SRTP);
    vtd_writel(v, GCMD, SRTP | TE);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SRTP | TE);
    /* Bits that change nothing, and commands that are not there. */
    vtd_writel(v, GCMD, TE | 1u << 29 | 1u << 28 | 1u << 27 | 0x7fffff);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SRTP | TE);
    /* A narrow write leaves the commands in the other bytes alone. */
    qtest_writeb(v->qts, VTD_BASE + GCMD, 0);
    qtest_writew(v->qts, VTD_BASE + GCMD, 0);
    qtest_writeb(v->qts, VTD_BASE + GCMD + 2, CFI >> 16);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SRTP | TE | CFI);
    qtest_writeb(v->qts, VTD_BASE + GCMD + 3, (TE | QIE) >> 24);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, SRTP | TE | CFI | QIE);
    vtd_stop(v);
}

static void test_errors(void)
{
    static const struct {
        const char *props, *says;
    } bad[] = {
        {"aw-bits=40", "39, 48 or 57"},
        {"eim=on,intremap=off", "intremap=on"},
        {"x-scalable-mode=on", "not work yet"},
        {"scalable-mode=on", "not work yet"},
        {"x-flts=on", "not work yet"},
        {"fs1gp=on", "not work yet"},
        {"x-pasid-mode=on", "not work yet"},
        {"svm=on", "not work yet"},
        {"fault-records=0", "fault-records"},
        {"fault-records=257", "fault-records"},
        {"iec=maybe", "iec"},
        {"intremapp=on", "intremap"},
        {"posted-interrupts=on,intremap=off", "intremap=on"},
        {"stale-tables=on", "coherency=off or rwbf=on"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        vtd_expect_refused(bad[i].props, bad[i].says);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/regs/widths", test_widths);
    g_test_add_func("/vtd/regs/capabilities", test_capabilities);
    g_test_add_func("/vtd/regs/commands", test_commands);
    g_test_add_func("/vtd/regs/write-buffer", test_write_buffer);
    g_test_add_func("/vtd/regs/early-commands", test_early_commands);
    g_test_add_func("/vtd/regs/errors", test_errors);
    return g_test_run();
}
