/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: peripheral page requests (2.6, 2.4.7; PCI Express 5.0, 10.4): intr-testdev asks for
 * pages, the unit logs that, software answers by COMPLETE_PPR_REQUEST.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "amd-lib.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/pci.h"

#define AT_PPR     0x130000ull
#define PAGE       0x45000ull
#define GROUP      0x155u
#define PPR_BYTES  16u
#define ENTRIES    256u
#define VECTOR     0x51u
#define REFUSED    2u
#define LENGTH_256 (8ull << 56)
#define COMPLETE   (7ull << 60)
#define CODE(n_)   ((uint64_t)(n_) << 44)
#define TAG(n_)    ((uint64_t)(n_) << 32)
#define CODE_FAIL  0xfu

/* The page request capability comes after that of translations. */
static uint64_t pri_at(Amd *a)
{
    uint64_t config = PCI_ECAM + ((uint64_t)EMITTER << 12);
    for (uint32_t at = 0x100, header; at; at = PCI_EXT_CAP_NEXT(header)) {
        header = qtest_readl(a->qts, config + at);
        if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_PRI) {
            return config + at;
        }
    }
    g_assert_not_reached();
}

static void enable_pri(Amd *a, uint32_t most)
{
    uint64_t pri = pri_at(a);
    g_assert_cmpuint(qtest_readl(a->qts, pri + PCI_PRI_MAX_REQ), ==, 16);
    qtest_writew(a->qts, pri + PCI_PRI_STATUS, PCI_PRI_STATUS_RF); /* of before */
    qtest_writel(a->qts, pri + PCI_PRI_ALLOC_REQ, most);
    qtest_writew(a->qts, pri + PCI_PRI_CTRL, PCI_PRI_CTRL_RESET);
    g_assert_cmphex(qtest_readw(a->qts, pri + PCI_PRI_CTRL), ==, 0);
    qtest_writew(a->qts, pri + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE);
    g_assert_cmphex(qtest_readw(a->qts, pri + PCI_PRI_STATUS), ==, 0);
}

static uint16_t pri_status(Amd *a)
{
    return qtest_readw(a->qts, pri_at(a) + PCI_PRI_STATUS);
}

static Amd *start(uint64_t control)
{
    Amd *a = amd_start_emitter(",device-iotlb=on,ppr=on", ",ats=on,pri=on");
    g_assert_cmphex(amd_read(a, EFR) & 2, ==, 2);
    amd_write(a, PPR_LOG, AT_PPR | LENGTH_256);
    amd_on(a, PPR_LOG_EN | PPR_EN | control);
    amd_set_dte(a, EMITTER, 0, DTE_V | DTE_PPR);
    amd_flush_device(a, EMITTER);
    enable_pri(a, 16);
    return a;
}

static uint32_t request(Amd *a, uint32_t what)
{
    qtest_writel(a->qts, BAR + E_DATA, what);
    return amd_emit(a, C_REQUEST_PAGE, PAGE | 0x123, 0);
}

static void complete(Amd *a, unsigned code, unsigned group)
{
    amd_command(a, COMPLETE | EMITTER, CODE(code) | TAG(group));
}

static uint32_t response(Amd *a)
{
    return qtest_readl(a->qts, BAR + E_PRI);
}

static void test_logged(void)
{
    Amd *a = start(0);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & (PPR_RUN | PPR_INT), ==, PPR_RUN);
    g_assert_cmphex(request(a, GROUP | PAGE_READ), ==, 0);
    g_assert_cmphex(request(a, GROUP | PAGE_WRITE | PAGE_LAST), ==, 0);
    g_assert_cmphex(amd_read(a, PPR_TAIL), ==, 2 * PPR_BYTES);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & PPR_INT, ==, PPR_INT);
    g_assert_cmphex(qtest_readq(a->qts, AT_PPR), ==,
                    EMITTER | TAG(GROUP) | 1ull << 50 | 1ull << 60);
    g_assert_cmphex(qtest_readq(a->qts, AT_PPR + 8), ==, PAGE);
    g_assert_cmphex(qtest_readq(a->qts, AT_PPR + PPR_BYTES), ==,
                    EMITTER | TAG(GROUP | 1u << 9) | 1ull << 53 | 1ull << 60);
    g_assert_cmphex(response(a), ==, 0);
    complete(a, 1, GROUP); /* one answer for both */
    g_assert_cmphex(response(a), ==, PRI_RESPONSE(1, 1, GROUP));
    g_assert_cmphex(pri_status(a), ==, 0);
    /* Nobody waits for that. */
    complete(a, 0, GROUP);
    g_assert_cmphex(response(a), ==, PRI_RESPONSE(1, 1, GROUP));
    g_assert_cmphex(pri_status(a), ==, PCI_PRI_STATUS_UPRGI);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* A failure switches the function's interface off. */
static void test_failure(void)
{
    Amd *a = start(0);
    g_assert_cmphex(request(a, 7 | PAGE_READ | PAGE_LAST), ==, 0);
    complete(a, CODE_FAIL, 7);
    g_assert_cmphex(response(a), ==, PRI_RESPONSE(1, CODE_FAIL, 7));
    g_assert_cmphex(pri_status(a), ==, PCI_PRI_STATUS_RF | PCI_PRI_STATUS_STOPPED);
    g_assert_cmphex(request(a, 8 | PAGE_READ), ==, REFUSED);
    enable_pri(a, 1);
    g_assert_cmphex(request(a, 8 | PAGE_READ), ==, 0);
    g_assert_cmphex(request(a, 9 | PAGE_READ), ==, REFUSED); /* more than it may */
    amd_stop(a);
}

static void test_interrupt(void)
{
    Amd *a = start(PPR_INT_EN | GA_EN | XT_EN | INTCAPXT_EN);
    amd_write(a, XT_PPR, (uint64_t)VECTOR << 32);
    g_assert_cmphex(request(a, 1 | PAGE_READ), ==, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    g_assert_cmphex(request(a, 1 | PAGE_READ), ==, 0);
    g_assert_false(amd_took(a, 0, VECTOR)); /* software has not looked yet */
    amd_write(a, AMD_STATUS, PPR_INT);
    g_assert_cmphex(request(a, 1 | PAGE_READ), ==, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    g_autofree char *out = qtest_hmp(a->qts, "info journal kind=event");
    g_assert_nonnull(strstr(out, "page request log's interrupt"));
    amd_stop(a);
}

static void test_overflow(void)
{
    Amd *a = start(PPR_INT_EN | GA_EN | XT_EN | INTCAPXT_EN);
    amd_write(a, XT_PPR, (uint64_t)VECTOR << 32);
    amd_write(a, PPR_TAIL, (ENTRIES - 2) * PPR_BYTES);
    g_assert_cmphex(request(a, 1 | PAGE_READ), ==, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_write(a, AMD_STATUS, PPR_INT);
    /* What is not logged fails. */
    g_assert_cmphex(request(a, 2 | PAGE_READ | PAGE_LAST), ==, 0);
    g_assert_cmphex(response(a), ==, PRI_RESPONSE(1, CODE_FAIL, 2));
    g_assert_cmphex(amd_read(a, AMD_STATUS) & (PPR_OVERFLOW | PPR_RUN), ==, PPR_OVERFLOW);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_write(a, AMD_STATUS, PPR_OVERFLOW);
    amd_write(a, PPR_HEAD, amd_read(a, PPR_TAIL));
    amd_set_control(a, 0, PPR_LOG_EN);
    amd_set_control(a, PPR_LOG_EN, 0);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & (PPR_OVERFLOW | PPR_RUN), ==, PPR_RUN);
    enable_pri(a, 16);
    g_assert_cmphex(request(a, 3 | PAGE_READ), ==, 0);
    g_assert_cmphex(amd_read(a, PPR_TAIL), ==, 0);
    amd_stop(a);
}

/* Without PPR in the device's entry there is an event; without PPREn, and without its log, only the
 * failure; without PPRSup neither registers nor the command. */
static void test_refused(void)
{
    Amd *a = start(0);
    amd_set_dte(a, EMITTER, 0, DTE_V);
    amd_flush_device(a, EMITTER);
    g_assert_cmphex(request(a, 5 | PAGE_READ | PAGE_LAST), ==, 0);
    g_assert_cmphex(response(a), ==, PRI_RESPONSE(1, CODE_FAIL, 5));
    Event event = amd_take_event(a);
    g_assert_cmpuint(event.code, ==, INVALID_PPR_REQUEST);
    g_assert_cmphex(event.device, ==, EMITTER);
    g_assert_cmphex(event.domain, ==, 5 | 1u << 9);
    g_assert_cmphex(event.address, ==, PAGE);
    amd_set_dte(a, EMITTER, 0, DTE_V | DTE_PPR);
    amd_flush_device(a, EMITTER);
    static const uint64_t needed[] = {PPR_EN, PPR_LOG_EN};
    for (unsigned i = 0; i < G_N_ELEMENTS(needed); i++) {
        amd_set_control(a, 0, needed[i]);
        enable_pri(a, 16);
        g_assert_cmphex(request(a, 6 | PAGE_READ | PAGE_LAST), ==, 0);
        g_assert_cmphex(response(a), ==, PRI_RESPONSE(2 + i, CODE_FAIL, 6));
        amd_set_control(a, needed[i], 0);
    }
    amd_expect_no_event(a);
    g_assert_cmphex(amd_read(a, PPR_TAIL), ==, 0);
    complete(a, 0, 0x200); /* a reserved bit */
    amd_expect_event(a, ILLEGAL_COMMAND_ERROR, 0, 0, AT_COMMANDS + a->tail - PPR_BYTES);
    amd_stop(a);

    a = amd_start_emitter(",device-iotlb=on", ",ats=on,pri=on");
    amd_write(a, PPR_LOG, AT_PPR);
    g_assert_cmphex(amd_read(a, PPR_LOG), ==, 0);
    amd_on(a, PPR_EN);
    g_assert_cmphex(amd_read(a, CONTROL) & PPR_EN, ==, 0);
    enable_pri(a, 16);
    g_assert_cmphex(request(a, 6 | PAGE_READ | PAGE_LAST), ==, 0);
    g_assert_cmphex(response(a), ==, PRI_RESPONSE(1, CODE_FAIL, 6));
    complete(a, 0, 6);
    amd_expect_event(a, ILLEGAL_COMMAND_ERROR, 0, 0, AT_COMMANDS + a->tail - PPR_BYTES);
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-ppr/logged", test_logged);
    g_test_add_func("/amd-ppr/failure", test_failure);
    g_test_add_func("/amd-ppr/interrupt", test_interrupt);
    g_test_add_func("/amd-ppr/overflow", test_overflow);
    g_test_add_func("/amd-ppr/refused", test_refused);
    return g_test_run();
}
