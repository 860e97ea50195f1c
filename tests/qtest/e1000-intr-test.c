/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of e1000 and e1000e (8254x manual, 13.4.17; 82574L data sheet, 7.4): causes and what
 * acknowledges them, by pin, by MSI, by MSI-X through the unit; what holds them back.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "nic-lib.h"
#include "tests/include/e1000.h"

#define MSIX_BAR 3

static void test_pin(void)
{
    Nic *n = nic_start("e1000");
    nic_set_reg(n, E1000_R_ICS, E1000_I_LSC | E1000_I_RXT0);
    g_assert_false(nic_pin_is_up(n));
    nic_set_reg(n, E1000_R_IMS, E1000_I_LSC);
    g_assert_true(nic_pin_is_up(n));
    nic_set_reg(n, E1000_R_IMC, E1000_I_LSC);
    g_assert_false(nic_pin_is_up(n));
    nic_set_reg(n, E1000_R_IMS, E1000_I_LSC);
    nic_set_reg(n, E1000_R_ICR, E1000_I_LSC);
    g_assert_false(nic_pin_is_up(n));
    /* A read takes all, seen or not. */
    nic_set_reg(n, E1000_R_ICS, E1000_I_LSC);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, E1000_I_LSC | E1000_I_RXT0);
    g_assert_false(nic_pin_is_up(n));
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, 0);
    nic_stop(n);
}

/* 82574, 7.4.5: the three cases of a read. */
static void test_acknowledged(void)
{
    Nic *n = nic_start("e1000e");
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXT0);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, E1000_I_RXT0);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, 0); /* nothing was let through: taken */
    nic_set_reg(n, E1000_R_IMS, E1000_I_LSC);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXT0);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, E1000_I_RXT0);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, E1000_I_RXT0); /* not told of: it stays */
    nic_set_reg(n, E1000_R_CTRL_EXT, E1000_EXT_IAME);
    nic_set_reg(n, E1000_R_IAM, 0xffffffff);
    nic_set_reg(n, E1000_R_ICS, E1000_I_LSC);
    g_assert_true(nic_pin_is_up(n));
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==,
                    E1000_I_INTA | E1000_I_OTHER | E1000_I_LSC | E1000_I_RXT0);
    g_assert_false(nic_pin_is_up(n));
    g_assert_cmphex(nic_reg(n, E1000_R_IMS), ==, 0); /* masked by IAM */
    nic_set_reg(n, E1000_R_ICS, E1000_I_LSC | E1000_I_MDAC);
    nic_set_reg(n, E1000_R_ICR, E1000_I_LSC);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, E1000_I_OTHER | E1000_I_MDAC);
    nic_stop(n);
}

static void test_msi(void)
{
    Nic *n = nic_start("e1000e");
    nic_msi_on(n);
    nic_set_reg(n, E1000_R_IMS, E1000_I_LSC | E1000_I_RXT0);
    nic_set_reg(n, E1000_R_ICS, E1000_I_LSC);
    g_assert_true(vtd_took(n->v, 0, 0x70));
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXT0); /* one message until it is acknowledged */
    g_assert_false(vtd_took(n->v, 0, 0x70));
    g_assert_false(nic_reg(n, E1000_R_ICR) == 0);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXT0);
    g_assert_true(vtd_took(n->v, 0, 0x70));
    /* ITR: 100 us between two. */
    nic_set_reg(n, E1000_R_ITR, 390);
    nic_reg(n, E1000_R_ICR);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXT0);
    g_assert_true(vtd_took(n->v, 0, 0x70));
    nic_reg(n, E1000_R_ICR);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXT0);
    g_assert_false(vtd_took(n->v, 0, 0x70));
    qtest_clock_step(n->qts, 99000);
    g_assert_false(vtd_took(n->v, 0, 0x70));
    qtest_clock_step(n->qts, 1000);
    g_assert_true(vtd_took(n->v, 0, 0x70));
    nic_stop(n);
}

static void test_msix(void)
{
    static const uint32_t causes[] = {E1000_I_RXQ0, E1000_I_RXQ1, E1000_I_TXQ0, E1000_I_TXQ0 << 1,
                                      E1000_I_LSC};
    Nic *n = nic_start("e1000e");
    nic_vectors_on(n, 5, MSIX_BAR);
    nic_set_reg(n, E1000_R_IMS, 0x01f00000 | E1000_I_LSC);
    nic_set_reg(n, E1000_R_IVAR, 0xc | 0xb << 4 | 0xa << 8 | 0x9 << 12 | 0x8 << 16);
    for (unsigned i = 0; i < 5; i++) {
        nic_set_reg(n, E1000_R_ICS, causes[i]);
        g_assert_true(vtd_took(n->v, 0, (uint8_t)(0x84 - i)));
        nic_set_reg(n, E1000_R_ICS, causes[i]); /* it stays, so there is no other */
        g_assert_false(vtd_took(n->v, 0, (uint8_t)(0x84 - i)));
        nic_set_reg(n, E1000_R_ICR, 0x01f00000 | E1000_I_LSC);
    }
    g_assert_false(nic_pin_is_up(n));
    /* An entry that is not valid: never. */
    nic_set_reg(n, E1000_R_IVAR, 0x8 << 4);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXQ0);
    g_assert_cmpint(qtest_apic_ack(n->qts, 0), ==, -1);
    nic_set_reg(n, E1000_R_IVAR, 0x8);
    g_assert_true(vtd_took(n->v, 0, 0x80));
    vtd_expect_no_fault(n->v);
    nic_stop(n);
}

/* 82574, 7.4.5.1: a message clears its cause and masks it. */
static void test_auto_clear(void)
{
    Nic *n = nic_start("e1000e");
    nic_vectors_on(n, 5, MSIX_BAR);
    nic_set_reg(n, E1000_R_IVAR, 0x8 | 0xa << 16);
    nic_set_reg(n, E1000_R_EIAC, E1000_I_RXQ0);
    nic_set_reg(n, E1000_R_IMS, E1000_I_RXQ0 | E1000_I_OTHER | E1000_I_LSC);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXQ0);
    g_assert_true(vtd_took(n->v, 0, 0x80));
    g_assert_cmphex(nic_reg(n, E1000_R_IMS), ==, E1000_I_OTHER | E1000_I_LSC);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXQ0);
    g_assert_false(vtd_took(n->v, 0, 0x80));
    nic_set_reg(n, E1000_R_IMS, E1000_I_RXQ0);
    g_assert_true(vtd_took(n->v, 0, 0x80));
    /* EIAME: the other causes are masked by their message, and stay. */
    nic_set_reg(n, E1000_R_CTRL_EXT, E1000_EXT_EIAME);
    nic_set_reg(n, E1000_R_IAM, E1000_I_OTHER | E1000_I_LSC);
    nic_set_reg(n, E1000_R_ICS, E1000_I_LSC);
    g_assert_true(vtd_took(n->v, 0, 0x82));
    g_assert_cmphex(nic_reg(n, E1000_R_IMS), ==, 0);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR) & ~E1000_I_INTA, ==, E1000_I_OTHER | E1000_I_LSC);
    nic_stop(n);
}

static void test_throttle(void)
{
    Nic *n = nic_start("e1000e");
    nic_vectors_on(n, 5, MSIX_BAR);
    nic_set_reg(n, E1000_R_IVAR, 0x8 | 0x9 << 8);
    nic_set_reg(n, E1000_R_EITR(0), 1000); /* 256 us; vector 1 has no limit */
    nic_set_reg(n, E1000_R_IMS, E1000_I_RXQ0 | E1000_I_TXQ0);
    for (unsigned i = 0; i < 3; i++) {
        nic_set_reg(n, E1000_R_ICS, E1000_I_RXQ0 | E1000_I_TXQ0);
        g_assert_cmpint(qtest_apic_irr(n->qts, 0, 0x80), ==, i == 0);
        g_assert_true(qtest_apic_irr(n->qts, 0, 0x81));
        while (qtest_apic_ack(n->qts, 0) >= 0) {
            qtest_apic_eoi(n->qts, 0);
        }
        nic_set_reg(n, E1000_R_ICR, E1000_I_RXQ0 | E1000_I_TXQ0);
    }
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXQ0);
    qtest_clock_step(n->qts, 255000);
    g_assert_false(vtd_took(n->v, 0, 0x80));
    qtest_clock_step(n->qts, 1000);
    g_assert_true(vtd_took(n->v, 0, 0x80));
    nic_stop(n);
}

/* RDTR and RADV, TIDV and TADV: some time after the last frame, not more than another after the
 * first. */
static void test_delays(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[60];
    nic_make_frame(frame, sizeof(frame), 1);
    qtest_memwrite(n->qts, NIC_DATA, frame, sizeof(frame));
    nic_set_ring(n, E1000_R_TDBAL, 0);
    nic_set_reg(n, E1000_R_TIDV, 1000);
    nic_set_reg(n, E1000_R_TADV, 1500);
    nic_set_reg(n, E1000_R_TCTL, E1000_TCTL_EN);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t at = NIC_RING(0) + 16 * i;
        qtest_writeq(n->qts, at, NIC_DATA);
        qtest_writel(n->qts, at + 8, 60 | E1000_TX_EOP | E1000_TX_RS | E1000_TX_IDE);
        nic_set_reg(n, E1000_R_TDBAL + E1000_RING_TAIL, i + 1);
        qtest_clock_step(n->qts, 600 * 1024);
        g_assert_cmphex(nic_reg(n, E1000_R_ICR) & E1000_I_TXDW, ==, i == 2 ? E1000_I_TXDW : 0);
    }
    nic_set_ring(n, E1000_R_RDBAL, 1);
    for (unsigned i = 0; i < NIC_ENTRIES; i++) {
        qtest_writeq(n->qts, NIC_RING(1) + 16 * i, NIC_DATA + 0x1000 * i);
    }
    nic_set_reg(n, E1000_R_RDTR, 1000);
    nic_set_reg(n, E1000_R_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM);
    nic_set_reg(n, E1000_R_RDBAL + E1000_RING_TAIL, 7);
    nic_to_wire(n, frame, sizeof(frame));
    g_assert_true(nic_wait_reg(n, E1000_R_RDBAL + E1000_RING_HEAD, 1, 1));
    g_assert_cmphex(nic_reg(n, E1000_R_ICR) & E1000_I_RXT0, ==, 0);
    qtest_clock_step(n->qts, 1000 * 1024);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR) & E1000_I_RXT0, ==, E1000_I_RXT0);
    nic_stop(n);
}

/* Frames both ways, each queue's by its vector; the journal has what became of them. */
static void test_frames(void)
{
    Nic *n = nic_start("e1000e");
    uint8_t frame[60];
    nic_make_frame(frame, sizeof(frame), 1);
    qtest_memwrite(n->qts, NIC_DATA, frame, sizeof(frame));
    nic_vectors_on(n, 5, MSIX_BAR);
    nic_set_reg(n, E1000_R_IVAR, 0x8 | 0x9 << 8 | 0x80000000);
    nic_set_reg(n, E1000_R_EIAC, E1000_I_RXQ0 | E1000_I_TXQ0);
    nic_set_reg(n, E1000_R_IMS, E1000_I_RXQ0 | E1000_I_TXQ0);
    nic_set_ring(n, E1000_R_TDBAL, 0);
    nic_set_ring(n, E1000_R_RDBAL, 1);
    qtest_writeq(n->qts, NIC_RING(0), NIC_DATA);
    qtest_writel(n->qts, NIC_RING(0) + 8, 60 | E1000_TX_EOP | E1000_TX_RS);
    nic_set_reg(n, E1000_R_TCTL, E1000_TCTL_EN);
    nic_set_reg(n, E1000_R_TDBAL + E1000_RING_TAIL, 1);
    qtest_clock_step(n->qts, NIC_STEP);
    g_assert_true(vtd_took(n->v, 0, 0x81));
    qtest_writeq(n->qts, NIC_RING(1), NIC_DATA + 0x1000);
    nic_set_reg(n, E1000_R_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM);
    nic_set_reg(n, E1000_R_RDBAL + E1000_RING_TAIL, 7);
    nic_to_wire(n, frame, sizeof(frame));
    g_assert_true(nic_wait_memory(n, NIC_RING(1) + 12, 3, 3));
    g_assert_true(vtd_took(n->v, 0, 0x80));
    /* The vector's entry is gone: a fault, and the journal's ending. */
    vtd_set_irte(n->v, 0, (Pair){0, 0});
    vtd_flush_iec(n->v);
    nic_set_reg(n, E1000_R_IMS, E1000_I_RXQ0);
    nic_set_reg(n, E1000_R_ICS, E1000_I_RXQ0);
    vtd_expect_fault(n->v, 0x22, NIC_DEVFN, 0);
    g_autofree char *journal = qtest_hmp(n->qts, "info interrupts nic");
    g_assert_nonnull(strstr(journal, "entry-not-present      nic"));
    g_assert_nonnull(strstr(journal, "81h  ended                  nic"));
    nic_stop(n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/e1000-intr/pin", test_pin);
    g_test_add_data_func("/e1000-intr/delays", "e1000", test_delays);
    g_test_add_data_func("/e1000-intr/e1000e-delays", "e1000e", test_delays);
    g_test_add_func("/e1000-intr/acknowledged", test_acknowledged);
    g_test_add_func("/e1000-intr/msi", test_msi);
    g_test_add_func("/e1000-intr/msix", test_msix);
    g_test_add_func("/e1000-intr/auto-clear", test_auto_clear);
    g_test_add_func("/e1000-intr/throttle", test_throttle);
    g_test_add_func("/e1000-intr/frames", test_frames);
    return g_test_run();
}
