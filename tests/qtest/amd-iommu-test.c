/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: interrupt remapping: the device table's controls, both forms of entries, each refusal
 * with its event, caches, destination ids above 255, and the unit's PCI function.
 */
#include "amd-lib.h"

#define VECTOR 0x61
#define INDEX  5u

/* Off, on, by an entry, and off again. */
static void test_deliver(void)
{
    Amd *a = amd_start("", 1, false);
    amd_send(a, WINDOW, VECTOR, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_set_irte32(a, INDEX, irte32(VECTOR + 1, 0));
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR + 1));
    amd_set_control(a, 0, IOMMU_EN);
    amd_send(a, WINDOW, VECTOR, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_expect_no_event(a);
    amd_stop(a);
}

/* IV and IntCtl. */
static void test_control(void)
{
    Amd *a = amd_start("", 1, false);
    amd_on(a, 0);
    amd_send(a, WINDOW, VECTOR, SOURCE); /* IV is clear */
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_set_dte(a, SOURCE, 2, DTE_IV | DTE_LEN(9) | AT_IRT | DTE_CTL(1));
    amd_flush_device(a, SOURCE);
    amd_send(a, WINDOW, VECTOR, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_set_dte(a, SOURCE, 2, DTE_IV | DTE_LEN(9) | AT_IRT);
    amd_flush_device(a, SOURCE);
    amd_send(a, WINDOW, VECTOR, SOURCE);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(5), amd_event_address(VECTOR));
    amd_stop(a);
}

/* Kinds that pass by a bit of their own: none shows in IRR. Bits alone let them pass. */
static void test_pass_bits(void)
{
    static const struct {
        unsigned mode;
        uint64_t bit;
        unsigned quadword, type;
    } rows[] = {
        {2, 1ull << 40, 1, 2}, {4, DTE_NMI, 2, 3}, {5, DTE_INIT, 2, 4},
        {7, DTE_EINT, 2, 6},   {3, 0, 2, 7},       {6, 0, 2, 5},
    };
    Amd *a = amd_start("", 1, false);
    amd_on(a, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool reserved = rows[i].bit == 0;
        amd_remap(a, SOURCE, 9);
        amd_set_dte(a, SOURCE, 1, 0);
        amd_flush_device(a, SOURCE);
        amd_send(a, WINDOW, rows[i].mode << 8, SOURCE);
        amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(reserved ? 6 : 5),
                         amd_event_address(0) | rows[i].type << 2);
        if (reserved) {
            continue;
        }
        uint64_t base = rows[i].quadword == 2 ? DTE_IV | DTE_LEN(9) | AT_IRT | DTE_CTL(2) : 0;
        amd_set_dte(a, SOURCE, rows[i].quadword, base | rows[i].bit);
        amd_flush_device(a, SOURCE);
        amd_send(a, WINDOW, rows[i].mode << 8, SOURCE);
        amd_expect_no_event(a);
    }
    amd_stop(a);
}

typedef struct {
    const char *what;
    uint64_t dte;
    uint64_t low, high; /* the entry */
    uint32_t data;
    unsigned code, flags;
    bool quiet_by_ig;
} Refusal;

static void refuse_one(Amd *a, const Refusal *r, bool ig)
{
    amd_set_dte(a, SOURCE, 2, r->dte | (ig ? DTE_IG : 0));
    amd_set_irte128(a, r->data, r->low, r->high);
    amd_flush_device(a, SOURCE);
    amd_flush_interrupts(a, SOURCE);
    amd_send(a, WINDOW, r->data, SOURCE);
    g_test_message("%s", r->what);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    if (ig && r->quiet_by_ig) {
        amd_expect_no_event(a);
    } else {
        amd_expect_event(a, r->code, SOURCE, r->flags,
                         amd_event_address((uint8_t)r->data) | (r->data >> 8 & 7) << 2);
    }
}

static void test_refusals(void)
{
    const uint64_t good = DTE_IV | DTE_LEN(8) | AT_IRT | DTE_CTL(2);
    const Refusal rows[] = {
        {"IntCtl 3", good | DTE_CTL(3), 1, VECTOR, INDEX, ILLEGAL_DEV_TABLE_ENTRY, EV_I | EV_RZ,
         false},
        {"IntTabLen 12", (good & ~DTE_LEN(15)) | DTE_LEN(12), 1, VECTOR, INDEX,
         ILLEGAL_DEV_TABLE_ENTRY, EV_I | EV_RZ, false},
        {"reserved bit 52", good | 1ull << 52, 1, VECTOR, INDEX, ILLEGAL_DEV_TABLE_ENTRY,
         EV_I | EV_RZ, false},
        {"beyond", good, 1, VECTOR, 256, IO_PAGE_FAULT, EV_I, true},
        {"RemapEn", good, 0, VECTOR, INDEX, IO_PAGE_FAULT, EV_I, true},
        {"IntType", good, 1 | 2 << 2, VECTOR, INDEX, IO_PAGE_FAULT, EV_I | EV_PR | EV_RZ, false},
        {"GuestMode", good, 1 | 1 << 7, VECTOR, INDEX, IO_PAGE_FAULT, EV_I | EV_PR | EV_RZ, false},
        {"24-bit id", good, 1 | 1 << 16, VECTOR, INDEX, IO_PAGE_FAULT, EV_I | EV_PR | EV_RZ, false},
        {"reserved", good, 1, VECTOR | 1ull << 52, INDEX, IO_PAGE_FAULT, EV_I | EV_PR | EV_RZ,
         false},
        {"no memory", (good & ~AT_IRT) | 0x40000000, 1, VECTOR, INDEX, PAGE_TAB_HARDWARE_ERROR,
         EV_I | EV_ABORT, false},
    };
    Amd *a = amd_start("", 1, false);
    amd_on(a, GA_EN);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        refuse_one(a, &rows[i], false);
        refuse_one(a, &rows[i], true);
    }
    amd_stop(a);
}

/* SupIOPF in the entry. */
static void test_quiet_entry(void)
{
    Amd *a = amd_start("", 1, false);
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR, 0) & ~1u);
    amd_send(a, WINDOW, INDEX, SOURCE);
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_I, amd_event_address(INDEX));
    amd_set_irte32(a, INDEX, (irte32(VECTOR, 0) & ~1u) | 2);
    amd_send(a, WINDOW, INDEX, SOURCE);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* The device table's end, and one that is not in memory. */
static void test_device_table(void)
{
    Amd *a = amd_start("", 1, false);
    amd_on(a, 0);
    amd_write(a, DEV_TAB, AT_DEVICES | 1); /* 256 devices */
    amd_send(a, WINDOW, VECTOR, 0xff);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_send(a, WINDOW, VECTOR, 0x100);
    amd_expect_event(a, ILLEGAL_DEV_TABLE_ENTRY, 0x100, EV_I, amd_event_address(VECTOR));
    amd_write(a, DEV_TAB, 0x40000000 | 0x1ff);
    amd_send(a, WINDOW, VECTOR, 0x101);
    amd_expect_event(a, DEV_TAB_HARDWARE_ERROR, 0x101, EV_I | EV_ABORT, amd_event_address(VECTOR));
    amd_send(a, WINDOW, VECTOR, 0xff); /* cached */
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_stop(a);
}

/* Fields of both forms: logical, arbitrated, RqEoi as the level, and ids of 32 bits. */
static void test_fields(void)
{
    Amd *a = amd_start("", 2, true);
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR, 1));
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 1, VECTOR));
    amd_set_irte32(a, INDEX + 1, irte32(VECTOR, 2) | 1u << 6); /* logical: CPU 1 of cluster 0 */
    amd_send(a, WINDOW, INDEX + 1, SOURCE);
    g_assert_true(amd_took(a, 1, VECTOR));
    amd_set_irte32(a, INDEX + 2, irte32(VECTOR, 3) | 1u << 6 | 1u << 2); /* arbitrated */
    amd_send(a, WINDOW, INDEX + 2, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR) != amd_took(a, 1, VECTOR));
    amd_set_control(a, GA_EN | XT_EN, 0);
    amd_flush_all(a);
    amd_set_irte128(a, INDEX, 1 | 1 << 8, VECTOR);
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 1, VECTOR));
    amd_set_irte128(a, INDEX + 1, 1, VECTOR | 1ull << 56); /* id 1000000h: nobody's */
    amd_send(a, WINDOW, INDEX + 1, SOURCE);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* 512 entries can be named, and with NumIntRemapMode 2048. */
static void test_index_bits(void)
{
    Amd *a = amd_start(",irt-2k=on", 1, false);
    g_assert_cmphex(amd_read(a, EFR2), ==, 1 << 8);
    amd_remap(a, SOURCE, 11);
    amd_on(a, 0);
    amd_set_irte32(a, 511, irte32(VECTOR, 0));
    amd_set_irte32(a, 2047, irte32(VECTOR + 1, 0));
    amd_send(a, WINDOW, 511, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_send(a, WINDOW, 2047, SOURCE); /* an ExtINT */
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(5),
                     amd_event_address(0xff) | 6 << 2);
    amd_set_control(a, NUM_INT_2K, 0);
    amd_send(a, WINDOW, 2047, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR + 1));
    amd_stop(a);
}

/* What was used is used until it is invalidated: entries of both tables, by each command. */
static void test_caches(void)
{
    Amd *a = amd_start("", 1, false);
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    for (unsigned all = 0; all < 2; all++) {
        amd_set_irte32(a, INDEX, irte32(VECTOR, 0));
        amd_flush_interrupts(a, SOURCE);
        amd_send(a, WINDOW, INDEX, SOURCE);
        g_assert_true(amd_took(a, 0, VECTOR));
        amd_set_irte32(a, INDEX, irte32(VECTOR + 1, 0));
        amd_flush_device(a, SOURCE);         /* not of this table */
        amd_flush_interrupts(a, SOURCE + 1); /* not of this device */
        amd_send(a, WINDOW, INDEX, SOURCE);
        g_assert_true(amd_took(a, 0, VECTOR));
        if (all) {
            amd_flush_all(a);
        } else {
            amd_flush_interrupts(a, SOURCE);
        }
        amd_send(a, WINDOW, INDEX, SOURCE);
        g_assert_true(amd_took(a, 0, VECTOR + 1));
        /* The device table's. */
        amd_set_dte(a, SOURCE, 2, DTE_IV | DTE_CTL(1));
        amd_flush_interrupts(a, SOURCE);
        amd_send(a, WINDOW, INDEX, SOURCE);
        g_assert_true(amd_took(a, 0, VECTOR + 1));
        if (all) {
            amd_flush_all(a);
        } else {
            amd_flush_device(a, SOURCE);
        }
        amd_send(a, WINDOW, VECTOR + 2, SOURCE); /* forwarded */
        g_assert_true(amd_took(a, 0, VECTOR + 2));
        amd_remap(a, SOURCE, 9);
        amd_flush_device(a, SOURCE);
    }
    /* IRTCacheDis */
    amd_set_control(a, IRT_CACHE_DIS, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR + 3, 0));
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR + 3));
    amd_set_irte32(a, INDEX, irte32(VECTOR + 4, 0));
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR + 4));
    amd_stop(a);
}

/* A machine that goes back uses the entries that it used then, stale or not. */
static void test_checkpoint(void)
{
    Amd *a = amd_start("", 1, false);
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR, 0));
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_set_irte32(a, INDEX, irte32(VECTOR + 1, 0));
    amd_set_dte(a, SOURCE, 2, DTE_IV | DTE_CTL(1));
    g_free(qtest_hmp(a->qts, "checkpoint"));
    const Amd then = *a; /* where its queue was */
    amd_flush_all(a);
    amd_send(a, WINDOW, VECTOR + 2, SOURCE); /* forwarded */
    g_assert_true(amd_took(a, 0, VECTOR + 2));
    g_free(qtest_hmp(a->qts, "restore"));
    *a = then;
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_flush_interrupts(a, SOURCE);
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR + 1));
    amd_stop(a);
}

/* An interrupt table of its own for each requester, also where a cache keeps both in one place. */
static void test_requesters(void)
{
    static const uint16_t others[] = {SOURCE + 1, SOURCE + 0x4000};
    Amd *a = amd_start("", 1, false);
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR, 0));
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        uint64_t table = AT_IRT + 0x1000 * (i + 1);
        amd_send(a, WINDOW, INDEX, SOURCE);
        g_assert_true(amd_took(a, 0, VECTOR));
        amd_set_dte(a, others[i], 2, DTE_IV | DTE_LEN(9) | table | DTE_CTL(2));
        qtest_writel(a->qts, table + INDEX * 4, irte32((uint8_t)(VECTOR + 1 + i), 0));
        amd_send(a, WINDOW, INDEX, others[i]);
        g_assert_true(amd_took(a, 0, (uint8_t)(VECTOR + 1 + i)));
        amd_send(a, WINDOW, INDEX, SOURCE);
        g_assert_true(amd_took(a, 0, VECTOR));
    }
    amd_stop(a);
}

/* A message made by DMA is a request like any other; other writes and reads of the range are not.
 */
static void test_window(void)
{
    uint32_t data = INDEX;
    uint64_t two = 0;
    Amd *a = amd_start("", 1, false);
    amd_remap(a, SOURCE, 9);
    amd_on(a, 0);
    amd_set_irte32(a, INDEX, irte32(VECTOR, 0));
    g_assert_cmpuint(amd_dma_write(a, WINDOW, &data, 4, SOURCE), ==, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    g_assert_cmpuint(amd_dma_write(a, WINDOW, &two, 8, SOURCE), !=, 0);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(3), WINDOW);
    g_assert_cmpuint(amd_dma_read(a, WINDOW + 4, &data, 4, SOURCE), !=, 0);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(0), WINDOW + 4);
    amd_stop(a);
}

/* 00:00.2, its capability block, and the southbridge's function. */
static void test_function(void)
{
    Amd *a = amd_start("", 1, false);
    g_assert_cmphex(qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, 0, 4), ==, 0x14511022);
    g_assert_cmphex(qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, 8, 4) >> 8, ==, 0x080600);
    g_assert_cmphex(qtest_pci_config_read(a->qts, 0, 0xa0, 0, 4), ==, 0x790b1022);
    uint32_t cap = qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, 0x34, 1);
    while ((qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap, 1) & 0xff) != 0x0f) {
        cap = qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap + 1, 1);
        g_assert_cmphex(cap, !=, 0);
    }
    uint32_t header = qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap, 4);
    g_assert_cmphex(header >> 16, ==, 0x080b); /* IOMMU, revision 1, EFRSup */
    qtest_pci_config_write(a->qts, 0, UNIT_FUNCTION, cap + 4, 0, 4);
    g_assert_cmphex(qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, cap + 4, 4), ==, AMD_BASE | 1);
    g_assert_cmphex(amd_read(a, EFR), ==, 0x2008c4);
    amd_stop(a);
}

/* Features that are off are not there. */
static void test_features(void)
{
    Amd *a = amd_start(",xtsup=off,ga=off,iasup=off", 1, false);
    g_assert_cmphex(amd_read(a, EFR), ==, 0x800);
    amd_set_control(a, GA_EN | XT_EN | INTCAPXT_EN, 0);
    g_assert_cmphex(amd_read(a, CONTROL), ==, 0);
    amd_on(a, 0);
    amd_command(a, 8ull << 60, 0);
    amd_expect_event(a, ILLEGAL_COMMAND_ERROR, 0, 0, AT_COMMANDS);
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-iommu/deliver", test_deliver);
    g_test_add_func("/amd-iommu/control", test_control);
    g_test_add_func("/amd-iommu/pass-bits", test_pass_bits);
    g_test_add_func("/amd-iommu/refusals", test_refusals);
    g_test_add_func("/amd-iommu/quiet-entry", test_quiet_entry);
    g_test_add_func("/amd-iommu/device-table", test_device_table);
    g_test_add_func("/amd-iommu/fields", test_fields);
    g_test_add_func("/amd-iommu/index-bits", test_index_bits);
    g_test_add_func("/amd-iommu/caches", test_caches);
    g_test_add_func("/amd-iommu/checkpoint", test_checkpoint);
    g_test_add_func("/amd-iommu/requesters", test_requesters);
    g_test_add_func("/amd-iommu/window", test_window);
    g_test_add_func("/amd-iommu/function", test_function);
    g_test_add_func("/amd-iommu/features", test_features);
    return g_test_run();
}
