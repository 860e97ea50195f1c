/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two VT-d units on one bus: each message, each transfer and each event goes its own unit's way,
 * whatever the other one is set to.
 */
#include <string.h>

#include "tests/include/ioapic.h"
#include "vtd-lib.h"

#define VECTOR      0x61
#define INDEX       5u
#define SECOND_BASE 0xfedb0000ull
#define SECOND_SLOT 5
#define SECOND_SID  (SECOND_SLOT << 3)
#define IOAPIC_SID  0xff00

/* Both units remap; the emitter of `own` is under it by name, the other one under the rest. */
typedef struct {
    Vtd *own, *rest;
} Units;

static Units start(const char *own_props, const char *rest_props, unsigned cpus, bool x2apic)
{
    g_autofree char *props =
        g_strdup_printf(",id=rest,scope=all%s -device intel-iommu,id=own,base=%#" G_GINT64_MODIFIER
                        "x,scope=second+ioapic%s -device intr-testdev,id=second,addr=%x",
                        rest_props, (guint64)SECOND_BASE, own_props, SECOND_SLOT);
    Units u;
    u.rest = vtd_start(props, cpus, x2apic);
    u.own = vtd_beside(u.rest, SECOND_BASE, SECOND_SLOT);
    return u;
}

static void stop(Units *u)
{
    g_free(u->own);
    vtd_stop(u->rest);
}

/* Entries that only the device's own unit has: the same index gives another vector in each. */
static void test_apart(void)
{
    Units u = start("", "", 1, false);
    vtd_set_irte(u.rest, INDEX, irte_for(VECTOR, 0, false));
    vtd_set_irte(u.own, INDEX, irte_for(VECTOR + 16, 0, false));
    vtd_remap_on(u.rest, 7, false);
    vtd_remap_on(u.own, 7, false);
    vtd_send_index(u.rest, INDEX, SID_OWN);
    g_assert_true(vtd_took(u.rest, 0, VECTOR));
    vtd_send_index(u.own, INDEX, SECOND_SID);
    g_assert_true(vtd_took(u.rest, 0, VECTOR + 16));
    vtd_expect_no_fault(u.rest);
    vtd_expect_no_fault(u.own);
    /* Who is under a unit is a matter of wires, not of the id that it puts in. */
    vtd_send_index(u.own, INDEX, SID_OWN);
    g_assert_true(vtd_took(u.rest, 0, VECTOR + 16));
    stop(&u);
}

/* Blocked by one, and not by the other, with the fault where it belongs; each one's event comes. */
static void test_blocked(void)
{
    Units u = start("", "", 1, false);
    Vtd *const both[] = {u.rest, u.own};
    static const uint16_t sids[] = {SID_OWN, SECOND_SID};
    for (unsigned bad = 0; bad < 2; bad++) {
        Vtd *v = both[bad], *other = both[!bad];
        vtd_set_irte(v, INDEX, (Pair){0});
        vtd_set_irte(other, INDEX, irte_for(VECTOR, 0, false));
        for (unsigned i = 0; i < 2; i++) {
            vtd_remap_on(both[i], 7, false);
            vtd_writel(both[i], FEDATA, 0x80 + 16 * i);
            vtd_writel(both[i], FEADDR, 0xfee00000);
            vtd_writel(both[i], FECTL, 0);
        }
        vtd_send_index(other, INDEX, sids[!bad]);
        g_assert_true(vtd_took(v, 0, VECTOR));
        vtd_expect_no_fault(v);
        vtd_send_index(v, INDEX, sids[bad]);
        g_assert_true(vtd_took(v, 0, (uint8_t)(0x80 + 16 * bad)));
        vtd_expect_no_fault(other);
        vtd_expect_fault(v, 0x22, sids[bad], (uint64_t)INDEX << 48);
    }
    stop(&u);
}

/* The first remaps and the second does not yet: a guest's drivers start one after the other. */
static void test_one_on(void)
{
    Units u = start("", "", 1, false);
    vtd_remap_on(u.rest, 7, false);
    vtd_send(u.own, 0xfee00000, VECTOR, SECOND_SID);
    g_assert_true(vtd_took(u.rest, 0, VECTOR));
    vtd_send(u.rest, 0xfee00000, VECTOR, SID_OWN);
    g_assert_false(vtd_took(u.rest, 0, VECTOR));
    vtd_expect_fault(u.rest, 0x25, SID_OWN, 0);
    vtd_expect_no_fault(u.own);
    stop(&u);
}

static void test_posting_in_one(void)
{
    Units u = start(",posted-interrupts=on", "", 1, false);
    g_assert_cmphex(vtd_readq(u.own, CAP) >> 59 & 1, ==, 1);
    g_assert_cmphex(vtd_readq(u.rest, CAP) >> 59 & 1, ==, 0);
    qtest_writeq(u.own->qts, AT_PID + 32, 0x41 << 16);
    vtd_set_irte(u.own, INDEX, irte_posted(VECTOR, AT_PID, false));
    vtd_set_irte(u.rest, INDEX, irte_posted(VECTOR, AT_PID, false));
    vtd_remap_on(u.own, 7, false);
    vtd_remap_on(u.rest, 7, false);
    vtd_send_index(u.rest, INDEX, SID_OWN);
    vtd_expect_fault(u.rest, 0x24, SID_OWN, (uint64_t)INDEX << 48);
    g_assert_cmphex(qtest_readq(u.own->qts, AT_PID + VECTOR / 64 * 8), ==, 0);
    vtd_send_index(u.own, INDEX, SECOND_SID);
    g_assert_cmphex(qtest_readq(u.own->qts, AT_PID + VECTOR / 64 * 8), ==, 1ull << VECTOR % 64);
    g_assert_true(vtd_took(u.own, 0, 0x41));
    vtd_expect_no_fault(u.own);
    stop(&u);
}

/* 32-bit destinations in one, 8-bit ones in the other. */
static void test_eim_in_one(void)
{
    Units u = start(",eim=off", ",eim=on", 2, true);
    g_assert_cmphex(vtd_readq(u.rest, ECAP) >> 4 & 1, ==, 1);
    g_assert_cmphex(vtd_readq(u.own, ECAP) >> 4 & 1, ==, 0);
    vtd_set_irte(u.rest, INDEX, irte_for(VECTOR, 1, true));
    vtd_set_irte(u.own, INDEX, irte_for(VECTOR + 1, 1, false));
    vtd_remap_on(u.rest, 7, true);
    vtd_remap_on(u.own, 7, true);
    g_assert_cmphex(vtd_readq(u.own, IRTA) & IRTA_EIME, ==, 0);
    vtd_send_index(u.rest, INDEX, SID_OWN);
    g_assert_true(vtd_took(u.rest, 1, VECTOR));
    vtd_send_index(u.own, INDEX, SECOND_SID);
    g_assert_true(vtd_took(u.rest, 1, VECTOR + 1));
    stop(&u);
}

/* One translates, the other does not. */
static void test_dma(void)
{
    Units u = start("", "", 1, false);
    uint64_t word = 0x1122334455667788, got = 0;
    qtest_writeq(u.own->qts, AT_DATA, word);
    vtd_queue_on(u.own, 0, false);
    vtd_set_root(u.own, u.own->at + AT_ROOT);
    vtd_set_context(u.own, SECOND_SID, vtd_ss_context(0, 3, DOMAIN));
    vtd_map(u.own, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
    vtd_flush_dma(u.own);
    vtd_command(u.own, TE, true);
    vtd_read_word(u.own, 0x5000, &got, SECOND_SID);
    g_assert_cmphex(got, ==, word);
    vtd_read_word(u.rest, AT_DATA, &got, SID_OWN);
    g_assert_cmphex(got, ==, word);
    g_assert_cmphex(vtd_read_word(u.own, AT_DATA, &got, SECOND_SID), ==, 2); /* refused */
    Fault fault = vtd_take_fault(u.own, 0);
    g_assert_cmphex(fault.reason, ==, 6);
    g_assert_cmphex(fault.sid, ==, SECOND_SID);
    vtd_expect_no_fault(u.rest);
    stop(&u);
}

/* The IOAPIC is under the unit that names it. */
static void test_ioapic(void)
{
    enum { PIN = 3 };
    Units u = start("", "", 1, false);
    QTest *qts = u.own->qts;
    Pair irte = irte_for(VECTOR, 0, false);
    irte.high = IRTE_SVT_SID | IOAPIC_SID;
    vtd_set_irte(u.own, INDEX, irte);
    vtd_remap_on(u.own, 7, false);
    vtd_remap_on(u.rest, 7, false);
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(PIN));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, VECTOR);
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL_HIGH(PIN));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, INDEX << 17 | 1u << 16);
    qtest_set_irq_in(qts, "ioapic", NULL, PIN, 1);
    g_assert_true(vtd_took(u.own, 0, VECTOR));
    vtd_expect_no_fault(u.own);
    vtd_expect_no_fault(u.rest);
    stop(&u);
}

static void expect_words(const char *text, const char *const *words)
{
    for (; *words; words++) {
        g_test_message("%s in %s", *words, text);
        g_assert_nonnull(strstr(text, *words));
    }
}

/* Who it was is said by id. */
static void test_monitors(void)
{
    Units u = start("", "", 1, false);
    vtd_set_irte(u.own, INDEX, irte_for(VECTOR, 0, false));
    vtd_remap_on(u.own, 7, false);
    vtd_remap_on(u.rest, 7, false);
    vtd_send_index(u.own, INDEX, SECOND_SID);
    vtd_send_index(u.rest, INDEX, SID_OWN);
    g_autofree char *units = qtest_hmp(u.own->qts, "info iommu");
    expect_words(units, (const char *const[]){
                            "rest at 0xfed90000: hpet, and all the rest; interrupt remapping on",
                            "own at 0xfedb0000: ioapic, second, no others; ", NULL});
    g_autofree char *entries = qtest_hmp(u.own->qts, "info irte 5");
    const char *second = strstr(entries, "own at ");
    g_assert_nonnull(second);
    g_assert_nonnull(strstr(second, "vector 61h"));
    g_autofree char *first = g_strndup(entries, (gsize)(second - entries));
    g_assert_null(strstr(first, "vector 61h"));
    g_autofree char *why = qtest_hmp(u.own->qts, "why second");
    expect_words(why, (const char *const[]){"entry 5 of own was", NULL});
    g_autofree char *why_not = qtest_hmp(u.own->qts, "why emitter");
    expect_words(why_not, (const char *const[]){"(22h) at rest; ", NULL});
    g_autoptr(JsonObject) answer = qtest_qmp(u.own->qts, "{'execute': 'x-query-interrupts'}");
    JsonObject *list = json_object_get_object_member(answer, "return");
    JsonObject *named = json_object_get_object_member(list, "iommu1");
    g_assert_cmpstr(json_object_get_string_member(named, "id"), ==, "own");
    g_assert_cmpint(json_object_get_int_member(named, "remapped"), ==, 1);
    stop(&u);
}

/* After a reset both are off, and each remaps again for its own. */
static void test_reset(void)
{
    Units u = start("", "", 1, false);
    vtd_remap_on(u.own, 7, false);
    vtd_remap_on(u.rest, 7, false);
    vtd_reset(u.rest);
    g_assert_cmphex(vtd_readl(u.own, GSTS), ==, 0);
    g_assert_cmphex(vtd_readl(u.rest, GSTS), ==, 0);
    g_autofree Vtd *own = vtd_beside(u.rest, SECOND_BASE, SECOND_SLOT);
    vtd_set_irte(own, INDEX, irte_for(VECTOR, 0, false));
    vtd_remap_on(own, 7, false);
    vtd_send_index(own, INDEX, SECOND_SID);
    g_assert_true(vtd_took(own, 0, VECTOR));
    stop(&u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/apart", test_apart);
    g_test_add_func("/units/blocked", test_blocked);
    g_test_add_func("/units/one-on", test_one_on);
    g_test_add_func("/units/posting-in-one", test_posting_in_one);
    g_test_add_func("/units/eim-in-one", test_eim_in_one);
    g_test_add_func("/units/dma", test_dma);
    g_test_add_func("/units/ioapic", test_ioapic);
    g_test_add_func("/units/monitors", test_monitors);
    g_test_add_func("/units/reset", test_reset);
    return g_test_run();
}
