/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d posted interrupts: PIR, ON, SN, URG in every combination, several sources at once, both APIC
 * modes, bad descriptors (those are in vtd-remap-test).
 */
#include "vtd-lib.h"

#define NOTIFY  0x41
#define SOURCES 4

static void set_descriptor(Vtd *v, bool on, bool sn, uint8_t nv, uint32_t ndst)
{
    qtest_memset(v->qts, AT_PID, 0, 64);
    qtest_writeq(v->qts, AT_PID + 32,
                 (uint64_t)ndst << 32 | (uint64_t)nv << 16 | (sn ? 2 : 0) | (on ? 1 : 0));
}

static void test_combinations(void)
{
    for (unsigned eime = 0; eime < 2; eime++) {
        Vtd *v = vtd_start(",posted-interrupts=on", 2, eime);
        uint32_t cpu = eime ? 1 : 0;
        g_assert_cmphex(vtd_readq(v, CAP) >> 59 & 1, ==, 1);
        vtd_remap_on(v, 7, eime);
        for (unsigned i = 0; i < 8; i++) {
            bool on = i & 1, sn = i & 2, urgent = i & 4;
            uint8_t vector = (uint8_t)(i * 32 + 17);
            bool notify = !on && (urgent || !sn);
            set_descriptor(v, on, sn, NOTIFY, eime ? cpu : cpu << 8);
            vtd_set_irte(v, i, irte_posted(vector, AT_PID, urgent));
            vtd_send_index(v, i, 0x55);
            g_assert_cmphex(qtest_readq(v->qts, AT_PID + vector / 64 * 8), ==, 1ull << vector % 64);
            uint32_t control = qtest_readl(v->qts, AT_PID + 32);
            g_assert_cmphex(control & 3, ==, (on || notify ? 1 : 0) | (sn ? 2 : 0));
            g_assert_cmphex(control >> 16, ==, NOTIFY);
            g_assert_cmpint(vtd_took(v, cpu, NOTIFY), ==, notify);
        }
        vtd_expect_no_fault(v);
        vtd_stop(v);
    }
}

/* Several devices post into one descriptor; SN collects. */
static void test_several(void)
{
    Vtd *v = vtd_start(",posted-interrupts=on", 1, false);
    RingEntry ring[64] = {0};
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(ring); i++) {
        Pair irte = irte_posted((uint8_t)(i * 4), AT_PID, i == 40);
        irte.high |= IRTE_SVT_SID | (0x100 + i % SOURCES);
        vtd_set_irte(v, i, irte);
        ring[i] = (RingEntry){.address = remappable_address(i, false),
                              .rid = (uint16_t)(0x100 + i % SOURCES),
                              .flags = 1};
    }
    qtest_memwrite(v->qts, AT_RING, ring, sizeof(ring));
    qtest_writeq(v->qts, BAR + E_RING, AT_RING);
    set_descriptor(v, false, true, NOTIFY, 0);
    qtest_writel(v->qts, BAR + E_COUNT, 40);
    qtest_writel(v->qts, BAR + E_COMMAND, C_RING);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    g_assert_cmphex(qtest_readl(v->qts, AT_PID + 32) & 3, ==, 2);
    qtest_writel(v->qts, BAR + E_COUNT, 64);
    qtest_writel(v->qts, BAR + E_COMMAND, C_RING);
    g_assert_true(vtd_took(v, 0, NOTIFY));
    for (unsigned word = 0; word < 4; word++) {
        g_assert_cmphex(qtest_readq(v->qts, AT_PID + word * 8), ==, 0x1111111111111111ull);
    }
    qtest_memread(v->qts, AT_RING, ring, sizeof(ring));
    for (unsigned i = 0; i < G_N_ELEMENTS(ring); i++) {
        g_assert_cmphex(ring[i].result, ==, 0);
    }
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/posting/combinations", test_combinations);
    g_test_add_func("/vtd/posting/several", test_several);
    return g_test_run();
}
