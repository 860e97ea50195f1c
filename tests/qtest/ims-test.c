/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt message storage of intr-testdev behind a remapping unit (Intel Scalable I/O
 * Virtualization 1.1): slots in a BAR and in memory, masked, pending, moved and freed while the
 * device fires; and what journal and monitors say of them.
 */
#include <string.h>

#include "vtd-lib.h"

#define VECTOR   0x61
#define ENTRY    5u /* of the remapping table */
#define SLOT     3u
#define PERIOD   5000
#define BAR4     0x20
#define IOVA     0x7000ull /* of the page with slots in memory */
#define PENDING  2u
#define MASKED   1u
#define REMAPPED remappable_address(ENTRY, false)

static uint64_t slot_at(Vtd *v, unsigned n)
{
    return (qtest_pci_config_read(v->qts, 0, SID_OWN, BAR4, 4) & ~15u) + 16ull * n;
}

static void set_slot(Vtd *v, uint64_t at, uint64_t address, uint32_t data, uint32_t control)
{
    qtest_writeq(v->qts, at, address);
    qtest_writeq(v->qts, at + 8, data | (uint64_t)control << 32);
}

static uint32_t control(Vtd *v, uint64_t at)
{
    return qtest_readl(v->qts, at + 12);
}

static void give(Vtd *v, unsigned command, uint32_t n)
{
    qtest_writel(v->qts, BAR + E_DATA, n);
    qtest_writel(v->qts, BAR + E_COMMAND, command);
}

static bool says(Vtd *v, const char *command, const char *expected)
{
    g_autofree char *out = qtest_hmp(v->qts, command);
    if (!strstr(out, expected)) {
        g_test_message("'%s' says:\n%s", command, out);
        return false;
    }
    return true;
}

/* The last stored message ended (or waits) so. */
static bool last_is(Vtd *v, const char *kind, const char *state)
{
    g_autofree char *command = g_strdup_printf("info journal kind=%s,state=%s", kind, state);
    return says(v, command, "stored message 3");
}

static Vtd *start_remapped(const char *emitter)
{
    Vtd *v = vtd_start_emitter("", emitter, 1, false);
    vtd_remap_on(v, 4, false);
    vtd_set_irte(v, ENTRY, irte_for(VECTOR, 0, false));
    return v;
}

static void test_bar(void)
{
    Vtd *v = start_remapped(",ims=bar,ims-slots=8");
    uint64_t at = slot_at(v, SLOT);
    g_assert_cmphex(control(v, at), ==, MASKED); /* after a reset */
    give(v, C_IMS, SLOT);
    g_assert_true(last_is(v, "ims", "no-slot"));
    set_slot(v, at, REMAPPED, 0, 0);
    give(v, C_IMS, SLOT);
    g_assert_true(vtd_took(v, 0, VECTOR));
    qtest_writel(v->qts, at + 12, MASKED);
    give(v, C_IMS, SLOT);
    give(v, C_IMS, SLOT);
    g_assert_false(vtd_took(v, 0, VECTOR));
    g_assert_cmphex(control(v, at), ==, MASKED | PENDING);
    g_assert_true(last_is(v, "ims", "slot-masked"));
    g_assert_true(last_is(v, "ims", "merged-waiting"));
    g_assert_true(says(v, "info msi emitter", "(remappable, handle 5), masked, pending"));
    g_assert_true(says(v, "why emitter", "now: its slot has fee000b0"));
    qtest_writel(v->qts, at + 12, MASKED); /* pending is the device's */
    g_assert_cmphex(control(v, at), ==, MASKED | PENDING);
    qtest_writel(v->qts, at + 12, PENDING);
    g_assert_true(vtd_took(v, 0, VECTOR));
    g_assert_cmphex(control(v, at), ==, 0);
    give(v, C_IMS, 8); /* there is none */
    g_assert_false(vtd_took(v, 0, VECTOR));
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

static void test_blocked(void)
{
    Vtd *v = start_remapped(",ims=bar");
    set_slot(v, slot_at(v, SLOT), remappable_address(ENTRY + 1, false), 0, 0);
    give(v, C_IMS, SLOT);
    vtd_expect_fault(v, 0x22, SID_OWN, (uint64_t)(ENTRY + 1) << 48);
    set_slot(v, slot_at(v, SLOT), 0xfee00000, VECTOR, 0); /* compatibility format */
    give(v, C_IMS, SLOT);
    vtd_expect_fault(v, 0x25, SID_OWN, 0);
    g_assert_true(last_is(v, "ims", "compatibility-blocked"));
    g_assert_false(vtd_took(v, 0, VECTOR));
    vtd_stop(v);
}

static void test_widths(void)
{
    Vtd *v = start_remapped(",ims=bar,ims-slots=2048");
    uint64_t at = slot_at(v, 2047);
    set_slot(v, at, REMAPPED, 0, MASKED);
    for (unsigned i = 0; i < 16; i++) {
        qtest_writeb(v->qts, at + i, 0xff);
    }
    for (unsigned i = 0; i < 16; i += 2) {
        qtest_writew(v->qts, at + i, 0xffff);
    }
    g_assert_cmphex(qtest_readq(v->qts, at), ==, REMAPPED);
    g_assert_cmphex(qtest_readq(v->qts, at + 8), ==, 1ull << 32);
    g_assert_cmphex(qtest_readb(v->qts, at + 12), ==, MASKED);
    qtest_writel(v->qts, at + 4, 1);
    qtest_writel(v->qts, at + 12, ~0u); /* reserved bits */
    g_assert_cmphex(qtest_readl(v->qts, at + 4), ==, 1);
    g_assert_cmphex(control(v, at), ==, MASKED);
    qtest_writel(v->qts, at + 4, 0);
    qtest_writeq(v->qts, at + 8, 0);
    give(v, C_IMS, 2047);
    g_assert_true(vtd_took(v, 0, VECTOR));
    vtd_stop(v);
}

static bool next(Vtd *v, uint8_t vector)
{
    qtest_clock_step(v->qts, PERIOD);
    return vtd_took(v, 0, vector);
}

static void fire_for_ever(Vtd *v, unsigned command)
{
    qtest_writel(v->qts, BAR + E_DELAY, PERIOD);
    qtest_writel(v->qts, BAR + E_REPEAT, 1000);
    give(v, command, SLOT);
}

static void test_moved(void)
{
    Vtd *v = start_remapped(",ims=bar");
    uint64_t at = slot_at(v, SLOT);
    vtd_set_irte(v, ENTRY + 1, irte_for(VECTOR + 1, 0, false));
    set_slot(v, at, REMAPPED, 0, 0);
    fire_for_ever(v, C_IMS);
    g_assert_true(next(v, VECTOR));
    qtest_writel(v->qts, at + 12, MASKED);
    g_assert_false(next(v, VECTOR));
    qtest_writel(v->qts, at, (uint32_t)remappable_address(ENTRY + 1, false));
    g_assert_false(next(v, VECTOR));
    qtest_writel(v->qts, at + 12, 0);
    g_assert_true(vtd_took(v, 0, VECTOR + 1)); /* two became one */
    g_assert_true(next(v, VECTOR + 1));
    g_assert_false(says(v, "info lint", "ims-changed-live"));
    qtest_writel(v->qts, at, (uint32_t)REMAPPED); /* as it should not be done */
    g_assert_true(next(v, VECTOR));
    g_assert_true(says(v, "info lint", "ims-changed-live"));
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Freed while the device is about to fire, and while it waits. */
static void test_freed(void)
{
    Vtd *v = start_remapped(",ims=bar");
    uint64_t at = slot_at(v, SLOT);
    set_slot(v, at, REMAPPED, 0, 0);
    fire_for_ever(v, C_IMS);
    set_slot(v, at, 0, 0, MASKED);
    g_assert_false(next(v, VECTOR));
    g_assert_true(last_is(v, "ims", "no-slot"));
    set_slot(v, at, REMAPPED, 0, MASKED);
    g_assert_false(next(v, VECTOR));
    g_assert_cmphex(control(v, at), ==, MASKED | PENDING);
    qtest_writeq(v->qts, at, 0);
    g_assert_cmphex(control(v, at), ==, MASKED);
    g_assert_true(last_is(v, "ims", "slot-freed"));
    /* Whoever has the slot next does not get what was meant for the last one. */
    set_slot(v, at, REMAPPED, 0, 0);
    g_assert_false(vtd_took(v, 0, VECTOR));
    g_assert_true(next(v, VECTOR));
    /* A reset takes back what waits. */
    qtest_writel(v->qts, at + 12, MASKED);
    g_assert_false(next(v, VECTOR));
    vtd_reset(v);
    g_assert_true(last_is(v, "ims", "device-reset"));
    g_assert_cmphex(control(v, slot_at(v, SLOT)), ==, MASKED);
    vtd_stop(v);
}

/* DMA is translated and messages are not: the slots' page is mapped at IOVA. */
static Vtd *start_memory(void)
{
    Vtd *v = vtd_start_dma_emitter("", ",ims=memory,ims-slots=64");
    vtd_set_context(v, SID_OWN, vtd_ss_context(0, 4, DOMAIN));
    vtd_map(v, AT_SS, 4, 1, IOVA, AT_DATA | SS_RW);
    qtest_writeq(v->qts, BAR + E_IMS_BASE, IOVA);
    return v;
}

static void test_memory(void)
{
    Vtd *v = start_memory();
    uint64_t at = AT_DATA + 16 * SLOT;
    give(v, C_IMS_MEMORY, SLOT);
    g_assert_true(last_is(v, "ims-memory", "no-slot"));
    set_slot(v, at, 0xfee00000, VECTOR, 0);
    give(v, C_IMS_MEMORY, SLOT);
    g_assert_true(vtd_took(v, 0, VECTOR));
    set_slot(v, at, 0xfee00000, VECTOR + 1, MASKED);
    give(v, C_IMS_MEMORY, SLOT);
    g_assert_false(vtd_took(v, 0, VECTOR + 1));
    g_assert_cmphex(control(v, at), ==, MASKED | PENDING);
    g_assert_true(says(v, "info msi emitter", "IMS in memory, 64 slots; pending: 3"));
    g_assert_true(says(v, "info journal state=slot-masked", "stored message 3 (in memory)"));
    give(v, C_IMS_CHANGED, SLOT); /* not yet */
    g_assert_false(vtd_took(v, 0, VECTOR + 1));
    qtest_writel(v->qts, at + 12, PENDING);
    g_assert_false(vtd_took(v, 0, VECTOR + 1)); /* the device has not been told */
    give(v, C_IMS_CHANGED, SLOT);
    g_assert_true(vtd_took(v, 0, VECTOR + 1));
    g_assert_cmphex(control(v, at), ==, 0);
    /* Freed while it waits. */
    qtest_writel(v->qts, at + 12, MASKED);
    give(v, C_IMS_MEMORY, SLOT);
    qtest_writeq(v->qts, at, 0);
    give(v, C_IMS_CHANGED, SLOT);
    g_assert_true(last_is(v, "ims-memory", "slot-freed"));
    give(v, C_IMS_CHANGED, 64); /* there is none */
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Its page is unmapped in flight: the unit refuses the read, and records it. */
static void test_unmapped(void)
{
    Vtd *v = start_memory();
    uint64_t at = AT_DATA + 16 * SLOT;
    set_slot(v, at, 0xfee00000, VECTOR, 0);
    fire_for_ever(v, C_IMS_MEMORY);
    g_assert_true(next(v, VECTOR));
    vtd_map(v, AT_SS, 4, 1, IOVA, 0);
    g_assert_true(next(v, VECTOR)); /* as long as the IOTLB has it */
    vtd_flush_iotlb(v);
    g_assert_false(next(v, VECTOR));
    vtd_expect_fault(v, 0x06, SID_OWN, IOVA);
    g_assert_true(last_is(v, "ims-memory", "slot-unreadable"));
    /* The same for one that waits. */
    vtd_map(v, AT_SS, 4, 1, IOVA, AT_DATA | SS_RW);
    vtd_flush_iotlb(v);
    qtest_writel(v->qts, at + 12, MASKED);
    g_assert_false(next(v, VECTOR));
    g_assert_true(last_is(v, "ims-memory", "slot-masked"));
    vtd_map(v, AT_SS, 4, 1, IOVA, 0);
    vtd_flush_iotlb(v);
    qtest_writel(v->qts, BAR + E_DELAY, 0);
    give(v, C_IMS_CHANGED, SLOT);
    vtd_expect_fault(v, 0x06, SID_OWN, IOVA);
    g_assert_false(last_is(v, "ims-memory", "slot-masked"));
    vtd_stop(v);
}

static void test_both(void)
{
    Vtd *v = start_remapped(",ims=both");
    set_slot(v, slot_at(v, SLOT), REMAPPED, 0, 0);
    set_slot(v, AT_DATA + 16 * SLOT, REMAPPED, 0, 0);
    qtest_writeq(v->qts, BAR + E_IMS_BASE, AT_DATA);
    give(v, C_IMS, SLOT);
    g_assert_true(vtd_took(v, 0, VECTOR));
    give(v, C_IMS_MEMORY, SLOT);
    g_assert_true(vtd_took(v, 0, VECTOR));
    g_assert_true(says(v, "info msi emitter", "IMS, 16 slots"));
    g_assert_true(says(v, "info msi emitter", "IMS in memory, 16 slots; pending: none"));
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ims/bar", test_bar);
    g_test_add_func("/ims/blocked", test_blocked);
    g_test_add_func("/ims/widths", test_widths);
    g_test_add_func("/ims/moved", test_moved);
    g_test_add_func("/ims/freed", test_freed);
    g_test_add_func("/ims/memory", test_memory);
    g_test_add_func("/ims/unmapped", test_unmapped);
    g_test_add_func("/ims/both", test_both);
    return g_test_run();
}
