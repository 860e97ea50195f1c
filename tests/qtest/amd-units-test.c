/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: two units in a machine: who is under which, each with its own registers and tables, and
 * what the IVRS table tells of them (5.2.2). */
#include "amd-lib.h"

#define SECOND_BASE     (AMD_BASE + 0x4000)
#define SECOND_FUNCTION 3 /* 00:00.3 */
#define VECTOR          0x61u
#define INDEX           5u
#define RSDP            0xf0000ull
#define IVHD_40         0x40
#define ENTRY_SELECT    2
#define ENTRY_SPECIAL   0x48

static Amd *start(void)
{
    return amd_start(",id=rest -device amd-iommu,id=second,scope=emitter", 1, false);
}

/* Sends under the emitter's own id. */
static void send(Amd *a)
{
    amd_send(a, WINDOW, INDEX, EMITTER);
}

/* The emitter's messages go through the second unit, whatever the first one does. */
static void test_apart(void)
{
    Amd *a = start();
    a->base = SECOND_BASE;
    amd_remap(a, EMITTER, 9);
    amd_set_irte32(a, INDEX, irte32(VECTOR, 0));
    amd_on(a, 0);
    send(a);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_wait(a);
    g_assert_cmphex(qtest_readq(a->qts, AMD_BASE + CONTROL), ==, 0);
    amd_set_control(a, 0, IOMMU_EN);
    a->base = AMD_BASE;
    a->tail = 0;
    amd_on(a, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR + 1, 0));
    amd_send(a, WINDOW, VECTOR + 2, EMITTER); /* as it is */
    g_assert_true(amd_took(a, 0, VECTOR + 2));
    amd_expect_no_event(a);
    amd_stop(a);
}

/* An event is in the log of the unit that saw it. */
static void test_events(void)
{
    Amd *a = start();
    a->base = SECOND_BASE;
    amd_on(a, 0);
    amd_set_dte(a, EMITTER, 2, DTE_IV | DTE_CTL(0));
    amd_flush_device(a, EMITTER);
    send(a);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    g_assert_cmphex(amd_read(a, EVT_TAIL), ==, 16);
    a->base = AMD_BASE;
    g_assert_cmphex(amd_read(a, EVT_TAIL), ==, 0);
    amd_stop(a);
}

static uint64_t find_ivrs(Amd *a)
{
    uint64_t xsdt = qtest_readq(a->qts, RSDP + 24);
    for (uint64_t at = xsdt + 36; at < xsdt + qtest_readl(a->qts, xsdt + 4); at += 8) {
        uint64_t table = qtest_readq(a->qts, at);
        if (qtest_readl(a->qts, table) == 0x53525649) { /* "IVRS" */
            return table;
        }
    }
    g_assert_not_reached();
}

/* Of a block: whether it tells of the emitter, and how many IOAPICs and HPETs. */
static void look_at_block(Amd *a, uint64_t at, bool *emitter, unsigned *special)
{
    uint64_t end = at + qtest_readw(a->qts, at + 2);
    for (at += 40; at < end; at += 4u << (qtest_readb(a->qts, at) >> 6)) {
        uint8_t type = qtest_readb(a->qts, at);
        *emitter |= type == ENTRY_SELECT && qtest_readw(a->qts, at + 1) == EMITTER;
        *special += type == ENTRY_SPECIAL;
    }
    g_assert_cmphex(at, ==, end);
}

static void test_table(void)
{
    static const struct {
        uint64_t base;
        uint16_t function;
        bool emitter;
        unsigned special;
    } units[] = {{AMD_BASE, UNIT_FUNCTION, false, 2}, {SECOND_BASE, SECOND_FUNCTION, true, 0}};
    Amd *a = start();
    unsigned seen = 0;
    uint64_t table = find_ivrs(a), end = table + qtest_readl(a->qts, table + 4);
    for (uint64_t at = table + 48; at < end; at += qtest_readw(a->qts, at + 2)) {
        if (qtest_readb(a->qts, at) == IVHD_40) {
            bool emitter = false;
            unsigned special = 0;
            g_assert_cmpuint(seen, <, G_N_ELEMENTS(units));
            look_at_block(a, at, &emitter, &special);
            g_assert_cmphex(qtest_readw(a->qts, at + 4), ==, units[seen].function);
            g_assert_cmphex(qtest_readq(a->qts, at + 8), ==, units[seen].base);
            g_assert_cmpint(emitter, ==, units[seen].emitter);
            g_assert_cmpuint(special, ==, units[seen++].special);
        }
    }
    g_assert_cmpuint(seen, ==, G_N_ELEMENTS(units));
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-units/apart", test_apart);
    g_test_add_func("/amd-units/events", test_events);
    g_test_add_func("/amd-units/table", test_table);
    return g_test_run();
}
