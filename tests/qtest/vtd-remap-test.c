/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d interrupt remapping: formats, indexes, every fault reason with and without FPD, source
 * validation on both sides of each edge, delivery fields, destination ids above 255, and messages
 * made by DMA.
 */
#include "vtd-lib.h"

#define VECTOR  0x61
#define INDEX   5u
#define SOURCE  0x0123
#define HAW_END (1ull << 48) /* the first address above HAW */

static uint64_t fi(uint64_t index)
{
    return index << 48;
}

/* Remapping off, on, and off again. */
static void test_deliver(void)
{
    for (unsigned eime = 0; eime < 2; eime++) {
        Vtd *v = vtd_start("", eime ? 2 : 1, eime);
        vtd_send(v, 0xfee00000, VECTOR, SOURCE);
        g_assert_true(vtd_took(v, 0, VECTOR));
        vtd_set_irte(v, INDEX, irte_for(VECTOR, eime, eime));
        vtd_remap_on(v, 15, eime);
        vtd_send_index(v, INDEX, SOURCE);
        g_assert_true(vtd_took(v, eime, VECTOR));
        vtd_command(v, IRE, false);
        vtd_send(v, 0xfee00000, VECTOR + 1, SOURCE);
        g_assert_true(vtd_took(v, 0, VECTOR + 1));
        vtd_expect_no_fault(v);
        vtd_stop(v);
    }
}

/* Indexes to the last one, with and without sub-handle. */
static void test_handles(void)
{
    Vtd *v = vtd_start("", 1, false);
    static const uint32_t indexes[] = {0, 1, 0x7fff, 0x8000, 0xffff};
    vtd_remap_on(v, 15, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(indexes); i++) {
        vtd_set_irte(v, indexes[i], irte_for((uint8_t)(VECTOR + i), 0, false));
        vtd_send_index(v, indexes[i], SOURCE);
        g_assert_true(vtd_took(v, 0, (uint8_t)(VECTOR + i)));
    }
    vtd_send(v, remappable_address(0x7f00, true), 0xff, SOURCE);
    g_assert_true(vtd_took(v, 0, VECTOR + 2));
    /* Without SHV the data is not looked at, all of its bits. */
    vtd_send(v, remappable_address(1, false), 0xffff0003, SOURCE);
    g_assert_true(vtd_took(v, 0, VECTOR + 1));
    /* Bits 1:0 of the address do not count; a message is always a dword. */
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

typedef struct {
    const char *what;
    Pair irte;
    uint64_t address;
    uint32_t data;
    uint8_t reason;
    uint16_t index;
    bool qualified; /* FPD applies */
} Refusal;

/* Every fault reason of a request but the table's own, with and without FPD. */
static void test_reasons(void)
{
    Pair good = irte_for(VECTOR, 0, false);
    Pair good_post = irte_posted(VECTOR, AT_PID, false);
    uint64_t at = remappable_address(INDEX, false);
    const Refusal rows[] = {
        {"request reserved", good, remappable_address(INDEX, true), 0x10000, 0x20, INDEX, false},
        {"request reserved top", good, remappable_address(INDEX, true), 1u << 31, 0x20, INDEX,
         false},
        {"index = size", good, remappable_address(256, false), 0, 0x21, 256, false},
        {"sub-handle past size", good, remappable_address(255, true), 1, 0x21, 256, false},
        {"not present", {good.low & ~IRTE_P, 0}, at, 0, 0x22, INDEX, true},
        {"reserved 12", {good.low | 1ull << 12, 0}, at, 0, 0x24, INDEX, true},
        {"reserved 14", {good.low | 1ull << 14, 0}, at, 0, 0x24, INDEX, true},
        {"reserved 24", {good.low | 1ull << 24, 0}, at, 0, 0x24, INDEX, true},
        {"reserved 31", {good.low | 1ull << 31, 0}, at, 0, 0x24, INDEX, true},
        {"dest 39:32", {good.low | 1ull << 32, 0}, at, 0, 0x24, INDEX, true},
        {"dest 63:48", {good.low | 1ull << 48, 0}, at, 0, 0x24, INDEX, true},
        {"mode 3", {good.low | IRTE_DLM(3), 0}, at, 0, 0x24, INDEX, true},
        {"mode 6", {good.low | IRTE_DLM(6), 0}, at, 0, 0x24, INDEX, true},
        {"reserved 84", {good.low, 1ull << 20}, at, 0, 0x24, INDEX, true},
        {"reserved 127", {good.low, 1ull << 63}, at, 0, 0x24, INDEX, true},
        {"svt 3", {good.low, 3ull << 18}, at, 0, 0x24, INDEX, true},
        {"compatibility", good, 0xfee00000, VECTOR, 0x25, 0, false},
        {"source", {good.low, IRTE_SVT_SID | (SOURCE + 1)}, at, 0, 0x26, INDEX, true},
        {"posted reserved", {good_post.low | 4, good_post.high}, at, 0, 0x24, INDEX, true},
        {"posted reserved 37",
         {good_post.low | 1ull << 37, good_post.high},
         at,
         0,
         0x24,
         INDEX,
         true},
        {"descriptor out of memory", irte_posted(VECTOR, 0x300000000000, false), at, 0, 0x27, INDEX,
         true},
        {"descriptor reserved", irte_posted(VECTOR, AT_PID + 64, false), at, 0, 0x28, INDEX, true},
        {"descriptor tail", irte_posted(VECTOR, AT_PID + 128, false), at, 0, 0x28, INDEX, true},
    };
    Vtd *v = vtd_start(",eim=off,posted-interrupts=on", 1, false);
    qtest_writeq(v->qts, AT_PID + 64 + 32, 4);
    qtest_writeq(v->qts, AT_PID + 128 + 56, 1);
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
        const Refusal *r = &rows[i / 2];
        bool fpd = i & 1;
        Pair irte = r->irte;
        irte.low |= fpd ? IRTE_FPD : 0;
        vtd_set_irte(v, INDEX, irte);
        vtd_flush_iec(v);
        g_test_message("%s fpd=%d", r->what, fpd);
        vtd_send(v, r->address, r->data, SOURCE);
        g_assert_cmphex(qtest_readl(v->qts, BAR + E_RESULT), ==, 2);
        g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
        if (fpd && r->qualified) {
            vtd_expect_no_fault(v);
        } else {
            vtd_expect_fault(v, r->reason, SOURCE, fi(r->index));
        }
    }
    vtd_stop(v);
}

/* A table outside memory. */
static void test_table_access(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_queue_on(v, 0, false);
    vtd_writeq(v, IRTA, 0x300000000000);
    vtd_command(v, SIRTP, true);
    vtd_command(v, IRE, true);
    vtd_send_index(v, 1, SOURCE);
    vtd_expect_fault(v, 0x23, SOURCE, fi(1));
    vtd_stop(v);
}

/* A table that reaches above HAW, or lies there (21h). */
static void test_table_above_haw(void)
{
    static const struct {
        uint64_t base;
        unsigned size;
        uint32_t index;
        uint8_t reason;
    } rows[] = {
        {HAW_END - 0x1000, 7, 255, 0x23},
        {HAW_END - 0x1000, 7, 256, 0x21},
        {HAW_END - 0x1000, 8, 255, 0x23},
        {HAW_END - 0x1000, 8, 256, 0x21},
        {HAW_END, 7, 0, 0x21},
        {1ull << 63, 15, 1, 0x21},
        {UINT64_MAX << 20, 15, 0xffff, 0x21},
    };
    Vtd *v = vtd_start("", 1, false);
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        vtd_writeq(v, IRTA, rows[i].base | rows[i].size);
        vtd_command(v, SIRTP, true);
        vtd_flush_iec(v);
        g_test_message("row %u", i);
        vtd_send_index(v, rows[i].index, SOURCE);
        vtd_expect_fault(v, rows[i].reason, SOURCE, fi(rows[i].index));
    }
    vtd_stop(v);
}

static void test_posting_not_offered(void)
{
    Vtd *v = vtd_start("", 1, false);
    g_assert_cmphex(vtd_readq(v, CAP) >> 59 & 1, ==, 0);
    vtd_set_irte(v, INDEX, irte_posted(VECTOR, AT_PID, false));
    vtd_remap_on(v, 7, false);
    vtd_send_index(v, INDEX, SOURCE);
    vtd_expect_fault(v, 0x24, SOURCE, fi(INDEX));
    vtd_stop(v);
}

/* Compatibility format passes with CFI alone, and never in extended mode. */
static void test_compatibility(void)
{
    for (unsigned eime = 0; eime < 2; eime++) {
        Vtd *v = vtd_start("", 1, eime);
        vtd_remap_on(v, 7, eime);
        vtd_send(v, 0xfee00000, VECTOR, SOURCE);
        vtd_expect_fault(v, 0x25, SOURCE, 0);
        vtd_command(v, CFI, true);
        vtd_send(v, 0xfee00000, VECTOR, SOURCE);
        if (eime) {
            vtd_expect_fault(v, 0x25, SOURCE, 0);
        } else {
            vtd_expect_no_fault(v);
            g_assert_true(vtd_took(v, 0, VECTOR));
        }
        vtd_command(v, CFI, false);
        vtd_send(v, 0xfee00000, VECTOR, SOURCE);
        vtd_expect_fault(v, 0x25, SOURCE, 0);
        vtd_stop(v);
    }
}

typedef struct {
    uint64_t high;
    uint16_t rid;
    bool passes;
} Validation;

/* Sources: exact, three forms that ignore function bits, bus ranges. */
static void test_sources(void)
{
    static const Validation rows[] = {
        {0, 0xffff, true},
        {IRTE_SVT_SID | 0x0123, 0x0123, true},
        {IRTE_SVT_SID | 0x0123, 0x0122, false},
        {IRTE_SVT_SID | 0x0123, 0x8123, false},
        {IRTE_SVT_SID | IRTE_SQ(1) | 0x0123, 0x0127, true},
        {IRTE_SVT_SID | IRTE_SQ(1) | 0x0123, 0x0121, false},
        {IRTE_SVT_SID | IRTE_SQ(1) | 0x0123, 0x0122, false},
        {IRTE_SVT_SID | IRTE_SQ(1) | 0x0123, 0x012b, false},
        {IRTE_SVT_SID | IRTE_SQ(2) | 0x0123, 0x0125, true},
        {IRTE_SVT_SID | IRTE_SQ(2) | 0x0123, 0x0121, true},
        {IRTE_SVT_SID | IRTE_SQ(2) | 0x0123, 0x0122, false},
        {IRTE_SVT_SID | IRTE_SQ(2) | 0x0123, 0x012b, false},
        {IRTE_SVT_SID | IRTE_SQ(3) | 0x0123, 0x0120, true},
        {IRTE_SVT_SID | IRTE_SQ(3) | 0x0123, 0x0127, true},
        {IRTE_SVT_SID | IRTE_SQ(3) | 0x0123, 0x0128, false},
        {IRTE_SVT_SID | IRTE_SQ(3) | 0x0123, 0x011f, false},
        {IRTE_SVT_BUS | 0x0205, 0x01ff, false},
        {IRTE_SVT_BUS | 0x0205, 0x0200, true},
        {IRTE_SVT_BUS | 0x0205, 0x05ff, true},
        {IRTE_SVT_BUS | 0x0205, 0x0600, false},
        {IRTE_SVT_BUS | 0x0502, 0x0300, false},
        {IRTE_SVT_BUS | 0x0202, 0x0240, true},
    };
    Vtd *v = vtd_start("", 1, false);
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Pair irte = irte_for(VECTOR, 0, false);
        irte.high = rows[i].high;
        vtd_set_irte(v, INDEX, irte);
        vtd_flush_iec(v);
        vtd_send_index(v, INDEX, rows[i].rid);
        if (rows[i].passes) {
            vtd_expect_no_fault(v);
            g_assert_true(vtd_took(v, 0, VECTOR));
        } else {
            vtd_expect_fault(v, 0x26, rows[i].rid, fi(INDEX));
        }
    }
    vtd_stop(v);
}

/* Logical and physical destinations, the hint, level, every delivery mode. */
static void test_delivery(void)
{
    Vtd *v = vtd_start("", 2, true);
    vtd_remap_on(v, 7, true);
    Pair irte = irte_for(VECTOR, 0x3, true);
    irte.low |= IRTE_LOGICAL;
    vtd_set_irte(v, 1, irte);
    vtd_send_index(v, 1, SOURCE);
    g_assert_true(vtd_took(v, 0, VECTOR));
    g_assert_true(vtd_took(v, 1, VECTOR));
    irte.low |= IRTE_RH | IRTE_DLM(1);
    vtd_set_irte(v, 2, irte);
    vtd_send_index(v, 2, SOURCE);
    bool first = qtest_apic_irr(v->qts, 0, VECTOR), second = qtest_apic_irr(v->qts, 1, VECTOR);
    g_assert_true(first != second);
    g_assert_true(vtd_took(v, first ? 0 : 1, VECTOR));
    irte = irte_for(VECTOR, 1, true);
    irte.low |= IRTE_LEVEL;
    vtd_set_irte(v, 3, irte);
    vtd_send_index(v, 3, SOURCE);
    g_assert_true(qtest_apic(v->qts, 1).tmr[VECTOR]);
    g_assert_true(vtd_took(v, 1, VECTOR));
    for (unsigned mode = 0; mode < 8; mode++) {
        irte = irte_for(VECTOR, 1, true);
        irte.low |= IRTE_DLM(mode);
        vtd_set_irte(v, 8 + mode, irte);
        vtd_send_index(v, 8 + mode, SOURCE);
        bool reserved = mode == 3 || mode == 6;
        g_assert_cmphex(qtest_readl(v->qts, BAR + E_RESULT), ==, reserved ? 2 : 0);
        if (reserved) {
            vtd_expect_fault(v, 0x24, SOURCE, fi(8 + mode));
        }
    }
    vtd_stop(v);
}

static void test_big_ids(void)
{
    Vtd *v = vtd_start("", 288, true);
    static const uint32_t ids[] = {0, 1, 255, 256, 287};
    vtd_remap_on(v, 7, true);
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        vtd_set_irte(v, i, irte_for(VECTOR, ids[i], true));
        vtd_send_index(v, i, SOURCE);
        for (unsigned k = 0; k < G_N_ELEMENTS(ids); k++) {
            g_assert_cmpint(qtest_apic_irr(v->qts, ids[k], VECTOR), ==, k == i);
        }
        g_assert_true(vtd_took(v, ids[i], VECTOR));
    }
    vtd_stop(v);
}

/* A dword written into the interrupt range is a request; anything else there is refused. */
static void test_by_dma(void)
{
    Vtd *v = vtd_start("", 1, false);
    uint8_t bytes[16] = {0};
    uint32_t data = 0;
    vtd_remap_on(v, 7, false);
    vtd_set_irte(v, INDEX, irte_for(VECTOR, 0, false));
    uint64_t at = remappable_address(INDEX, false);
    g_assert_cmphex(vtd_dma_write(v, at, &data, 4, SOURCE), ==, 0);
    g_assert_true(vtd_took(v, 0, VECTOR));
    static const struct {
        uint64_t addr;
        uint32_t len;
        bool read;
    } odd[] = {{0xfee000b0, 1, false}, {0xfee000b0, 2, false}, {0xfee000b0, 8, false},
               {0xfee000b2, 4, false}, {0xfeeffffe, 4, false}, {0xfedffffc, 8, false},
               {0xfee000b0, 4, true},  {0xfeefffff, 16, true}};
    for (unsigned i = 0; i < G_N_ELEMENTS(odd); i++) {
        uint32_t result = odd[i].read ? vtd_dma_read(v, odd[i].addr, bytes, odd[i].len, SOURCE)
                                      : vtd_dma_write(v, odd[i].addr, bytes, odd[i].len, SOURCE);
        g_assert_cmphex(result, ==, 2);
        g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
        Fault f = vtd_take_fault(v, vtd_readl(v, FSTS) >> 8 & 0xff);
        g_assert_cmphex(f.reason, ==, 0xe);
        g_assert_cmphex(f.info, ==, odd[i].addr & ~0xfffull);
        g_assert_cmpint(f.type, ==, odd[i].read ? 2 : 0);
    }
    vtd_stop(v);
}

/* A table counts from SIRTP on, and not from the write to IRTA. */
static void test_latch(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_set_irte(v, INDEX, irte_for(VECTOR, 0, false));
    vtd_remap_on(v, 7, false);
    vtd_writeq(v, IRTA, AT_IRT | IRTA_EIME | 0);
    g_assert_cmphex(vtd_readq(v, IRTA), ==, AT_IRT | IRTA_EIME);
    vtd_send_index(v, INDEX, SOURCE);
    g_assert_true(vtd_took(v, 0, VECTOR));
    vtd_command(v, SIRTP, true);
    vtd_send_index(v, INDEX, SOURCE);
    vtd_expect_fault(v, 0x21, SOURCE, fi(INDEX));
    vtd_stop(v);
}

/* The table moves: entries come from where it is now, as soon as the cache is flushed. */
static void test_moved(void)
{
    Vtd *v = vtd_start("", 1, false);
    for (unsigned i = 0; i < 4; i++) {
        Pair irte = irte_for((uint8_t)(VECTOR + i), 0, false);
        qtest_memwrite(v->qts, AT_IRT + i * 0x100000 + INDEX * 16, &irte, sizeof(irte));
    }
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < 8; i++) {
        vtd_writeq(v, IRTA, (AT_IRT + i % 4 * 0x100000) | 7);
        vtd_command(v, SIRTP, true);
        vtd_flush_iec(v);
        vtd_send_index(v, INDEX, SOURCE);
        g_assert_true(vtd_took(v, 0, (uint8_t)(VECTOR + i % 4)));
    }
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/remap/deliver", test_deliver);
    g_test_add_func("/vtd/remap/handles", test_handles);
    g_test_add_func("/vtd/remap/reasons", test_reasons);
    g_test_add_func("/vtd/remap/table-access", test_table_access);
    g_test_add_func("/vtd/remap/table-above-haw", test_table_above_haw);
    g_test_add_func("/vtd/remap/posting-not-offered", test_posting_not_offered);
    g_test_add_func("/vtd/remap/compatibility", test_compatibility);
    g_test_add_func("/vtd/remap/sources", test_sources);
    g_test_add_func("/vtd/remap/delivery", test_delivery);
    g_test_add_func("/vtd/remap/big-ids", test_big_ids);
    g_test_add_func("/vtd/remap/by-dma", test_by_dma);
    g_test_add_func("/vtd/remap/latch", test_latch);
    g_test_add_func("/vtd/remap/moved", test_moved);
    return g_test_run();
}
