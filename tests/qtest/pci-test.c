/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI on a whole machine: configuration space through CF8h/CFCh and PCI_ECAM at every width
 * (PCI 3.0, 3.2.2.3; PCI Express 3.0, 7.2.2), BARs sized and moved, command bits, INTx to the
 * IOAPIC and to the i8259 pair, MSI and MSI-X with masks and pending bits as a local APIC sees
 * them.
 */
#include <linux/pci_regs.h>

#include "libqtest.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/pci.h"
#include "tests/include/testdevs.h"

#define EDU      (4 << 3)
#define EMITTER  (5 << 3)
#define MACHINE  "-machine q35 -nodefaults -device edu,addr=4 -device intr-testdev,addr=5"
#define NEW_BAR  0xe8000000u
#define NEW_MSIX 0xe9000000u
#define VECTOR   0x51

/* Registers of the two devices. */

static uint64_t ecam(uint8_t devfn, unsigned offset)
{
    return PCI_ECAM + ((uint64_t)devfn << 12) + offset;
}

static void enable_apic(QTest *qts)
{
    uint64_t base;
    g_assert_true(qtest_msr_read(qts, 0, 0x1b, &base));
    g_assert_true(qtest_msr_write(qts, 0, 0x1b, base | 0xc00)); /* x2APIC mode */
    g_assert_true(qtest_msr_write(qts, 0, 0x80f, 0x1ff));       /* software-enabled */
}

static void test_two_ways(void)
{
    QTest *qts = qtest_init(MACHINE);
    for (unsigned at = 0; at < 0x100; at += 4) {
        uint32_t whole = qtest_pci_config_read(qts, 0, EDU, (uint8_t)at, 4);
        g_assert_cmphex(qtest_readl(qts, ecam(EDU, at)), ==, whole);
        for (unsigned i = 0; i < 4; i++) {
            uint8_t byte = (uint8_t)(whole >> 8 * i);
            g_assert_cmphex(qtest_readb(qts, ecam(EDU, at + i)), ==, byte);
            g_assert_cmphex(qtest_pci_config_read(qts, 0, EDU, (uint8_t)(at + i), 1), ==, byte);
        }
        for (unsigned i = 0; i < 4; i += 2) {
            uint16_t word = (uint16_t)(whole >> 8 * i);
            g_assert_cmphex(qtest_readw(qts, ecam(EDU, at + i)), ==, word);
            g_assert_cmphex(qtest_pci_config_read(qts, 0, EDU, (uint8_t)(at + i), 2), ==, word);
        }
    }
    /* Each width writes its own bytes and no more. */
    qtest_writel(qts, ecam(EDU, PCI_BASE_ADDRESS_0), 0);
    qtest_writeb(qts, ecam(EDU, PCI_BASE_ADDRESS_0 + 3), 0xe8);
    g_assert_cmphex(qtest_readl(qts, ecam(EDU, PCI_BASE_ADDRESS_0)), ==, 0xe8000000);
    qtest_pci_config_write(qts, 0, EDU, PCI_BASE_ADDRESS_0 + 2, 0xe910, 2);
    g_assert_cmphex(qtest_readl(qts, ecam(EDU, PCI_BASE_ADDRESS_0)), ==, 0xe9100000);
    qtest_pci_config_write(qts, 0, EDU, PCI_INTERRUPT_LINE, 0x5a, 1);
    g_assert_cmphex(qtest_readb(qts, ecam(EDU, PCI_INTERRUPT_LINE)), ==, 0x5a);
    /* Identity is read-only, and nobody answers with ones. */
    qtest_writel(qts, ecam(EDU, PCI_VENDOR_ID), 0);
    g_assert_cmphex(qtest_readl(qts, ecam(EDU, PCI_VENDOR_ID)), ==, 0x11e81234);
    g_assert_cmphex(qtest_readl(qts, ecam(9 << 3, 0)), ==, 0xffffffff);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 9 << 3, 0, 2), ==, 0xffff);
    g_assert_cmphex(qtest_pci_config_read(qts, 7, 0, 0, 4), ==, 0xffffffff);
    /* CF8h counts only when it is written whole, and CFCh only with the enable bit. */
    qtest_outl(qts, PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | EDU << 8);
    qtest_outb(qts, PCI_CONFIG_ADDRESS, 0xff);
    g_assert_cmphex(qtest_inl(qts, PCI_CONFIG_ADDRESS), ==, 0x80000000u | EDU << 8);
    g_assert_cmphex(qtest_inl(qts, PCI_CONFIG_DATA), ==, 0x11e81234);
    qtest_outl(qts, PCI_CONFIG_ADDRESS, EDU << 8);
    g_assert_cmphex(qtest_inl(qts, PCI_CONFIG_DATA), ==, 0xffffffff);
    qtest_quit(qts);
}

static void test_bars(void)
{
    QTest *qts = qtest_init(MACHINE);
    uint32_t old = qtest_readl(qts, ecam(EDU, PCI_BASE_ADDRESS_0));
    qtest_writew(qts, ecam(EDU, PCI_COMMAND), PCI_COMMAND_MEMORY);
    g_assert_cmphex(qtest_readl(qts, old), ==, 0x010000ed);
    qtest_writew(qts, ecam(EDU, PCI_COMMAND), 0);
    g_assert_cmphex(qtest_readl(qts, old), ==, 0xffffffff);
    qtest_writel(qts, ecam(EDU, PCI_BASE_ADDRESS_0), 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, ecam(EDU, PCI_BASE_ADDRESS_0)), ==, 0xfff00000);
    g_assert_cmphex(qtest_readl(qts, ecam(EDU, PCI_BASE_ADDRESS_0 + 8)), ==, 0);
    qtest_writel(qts, ecam(EDU, PCI_BASE_ADDRESS_0), NEW_BAR);
    qtest_writew(qts, ecam(EDU, PCI_COMMAND), PCI_COMMAND_MEMORY);
    g_assert_cmphex(qtest_readl(qts, NEW_BAR + EDU_ID), ==, 0x010000ed);
    qtest_writel(qts, NEW_BAR + EDU_NOT, 0x12345678);
    /* Moved while it decodes, with its contents. */
    qtest_writel(qts, ecam(EDU, PCI_BASE_ADDRESS_0), NEW_BAR + 0x100000);
    g_assert_cmphex(qtest_readl(qts, NEW_BAR), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, NEW_BAR + 0x100000 + EDU_NOT), ==, ~0x12345678u);
    /* Over RAM, RAM wins, and it comes back unharmed. */
    qtest_writel(qts, 0x100000, 0xcafef00d);
    qtest_writel(qts, ecam(EDU, PCI_BASE_ADDRESS_0), 0x100000);
    g_assert_cmphex(qtest_readl(qts, 0x100000), ==, 0xcafef00d);
    qtest_quit(qts);
}

/* Line 10 is bit 2 of the second i8259's request register. */
static bool pic_requests_10(QTest *qts)
{
    qtest_outb(qts, 0xa0, 0x0a);
    return qtest_inb(qts, 0xa0) >> 2 & 1;
}

static void test_intx(void)
{
    enum { PIN = 20 };
    QTest *qts = qtest_init(MACHINE);
    qtest_writel(qts, ecam(EDU, PCI_BASE_ADDRESS_0), NEW_BAR);
    qtest_writew(qts, ecam(EDU, PCI_COMMAND), PCI_COMMAND_MEMORY);
    qtest_writeb(qts, ecam(LPC_DEVFN, LPC_PIRQ_E_ROUTE), 10);
    qtest_outb(qts, 0x4d1, 0x04); /* level-triggered */
    g_assert_false(pic_requests_10(qts));
    qtest_writel(qts, NEW_BAR + EDU_RAISE, 1);
    g_assert_cmphex(qtest_readw(qts, ecam(EDU, PCI_STATUS)) & PCI_STATUS_INTERRUPT, !=, 0);
    g_assert_true(pic_requests_10(qts));
    /* The routing moves the request, the command register and the device end it. */
    qtest_writeb(qts, ecam(LPC_DEVFN, LPC_PIRQ_E_ROUTE), 0x80);
    g_assert_false(pic_requests_10(qts));
    qtest_writeb(qts, ecam(LPC_DEVFN, LPC_PIRQ_E_ROUTE), 10);
    g_assert_true(pic_requests_10(qts));
    qtest_writew(qts, ecam(EDU, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    g_assert_false(pic_requests_10(qts));
    g_assert_cmphex(qtest_readw(qts, ecam(EDU, PCI_STATUS)) & PCI_STATUS_INTERRUPT, !=, 0);
    qtest_writew(qts, ecam(EDU, PCI_COMMAND), PCI_COMMAND_MEMORY);
    g_assert_true(pic_requests_10(qts));
    qtest_writel(qts, NEW_BAR + EDU_ACK, 1);
    g_assert_false(pic_requests_10(qts));
    g_assert_cmphex(qtest_readw(qts, ecam(EDU, PCI_STATUS)) & PCI_STATUS_INTERRUPT, ==, 0);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_writel(qts, NEW_BAR + EDU_RAISE, 1);
    g_assert_true(qtest_get_irq(qts, PIN));
    qtest_writel(qts, NEW_BAR + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, PIN));
    qtest_quit(qts);
}

static QTest *start_emitter(void)
{
    QTest *qts = qtest_init(MACHINE);
    enable_apic(qts);
    qtest_writew(qts, ecam(EMITTER, PCI_COMMAND), 0);
    qtest_writel(qts, ecam(EMITTER, PCI_BASE_ADDRESS_0), NEW_BAR);
    qtest_writel(qts, ecam(EMITTER, PCI_BASE_ADDRESS_2), NEW_MSIX);
    qtest_writew(qts, ecam(EMITTER, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    return qts;
}

static void signal_vector(QTest *qts, unsigned command, uint32_t n)
{
    qtest_writel(qts, NEW_BAR + E_DATA, n);
    qtest_writel(qts, NEW_BAR + E_COMMAND, command);
}

static bool took(QTest *qts, uint8_t vector)
{
    if (qtest_apic_ack(qts, 0) != vector) {
        return false;
    }
    g_assert_true(qtest_msr_write(qts, 0, 0x80b, 0));
    return true;
}

static void test_msi(void)
{
    QTest *qts = start_emitter();
    uint64_t cap = ecam(EMITTER, qtest_pci_find_capability(qts, 0, EMITTER, PCI_CAP_ID_MSI));
    uint16_t flags = qtest_readw(qts, cap + PCI_MSI_FLAGS);
    g_assert_cmphex(flags & PCI_MSI_FLAGS_64BIT, !=, 0);
    qtest_writel(qts, cap + PCI_MSI_ADDRESS_LO, 0xfee00000);
    qtest_writew(qts, cap + PCI_MSI_DATA_64, VECTOR & ~3);
    signal_vector(qts, C_MSI, 0);
    g_assert_false(took(qts, VECTOR & ~3)); /* not enabled */
    qtest_writew(qts, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | 2 << 4);
    signal_vector(qts, C_MSI, 0);
    g_assert_true(took(qts, VECTOR & ~3));
    signal_vector(qts, C_MSI, 2); /* the low bits of the data are the vector's number */
    g_assert_true(took(qts, (VECTOR & ~3) + 2));
    if (flags & PCI_MSI_FLAGS_MASKBIT) {
        qtest_writel(qts, cap + PCI_MSI_MASK_64, 4);
        signal_vector(qts, C_MSI, 2);
        g_assert_false(took(qts, (VECTOR & ~3) + 2));
        g_assert_cmphex(qtest_readl(qts, cap + PCI_MSI_PENDING_64), ==, 4);
        qtest_writel(qts, cap + PCI_MSI_MASK_64, 0);
        g_assert_true(took(qts, (VECTOR & ~3) + 2));
        g_assert_cmphex(qtest_readl(qts, cap + PCI_MSI_PENDING_64), ==, 0);
    }
    /* A message is a write of the device: without bus mastering there is none. */
    qtest_writew(qts, ecam(EMITTER, PCI_COMMAND), PCI_COMMAND_MEMORY);
    signal_vector(qts, C_MSI, 0);
    g_assert_false(took(qts, VECTOR & ~3));
    signal_vector(qts, C_MESSAGE, VECTOR);
    g_assert_cmphex(qtest_readl(qts, NEW_BAR + E_RESULT), ==, 0xffffffff);
    qtest_quit(qts);
}

static void test_msix(void)
{
    QTest *qts = start_emitter();
    uint64_t cap = ecam(EMITTER, qtest_pci_find_capability(qts, 0, EMITTER, PCI_CAP_ID_MSIX));
    uint64_t table = NEW_MSIX + (qtest_readl(qts, cap + PCI_MSIX_TABLE) & ~7u);
    uint64_t pba = NEW_MSIX + (qtest_readl(qts, cap + PCI_MSIX_PBA) & ~7u);
    uint64_t entry = table + 3 * PCI_MSIX_ENTRY_SIZE;
    g_assert_cmphex(qtest_readl(qts, cap + PCI_MSIX_TABLE) & 7, ==, 2);
    g_assert_cmphex(qtest_readl(qts, entry + PCI_MSIX_ENTRY_VECTOR_CTRL), ==, 1); /* after reset */
    qtest_writel(qts, entry, 0xfee00000);
    qtest_writel(qts, entry + PCI_MSIX_ENTRY_UPPER_ADDR, 0);
    qtest_writel(qts, entry + PCI_MSIX_ENTRY_DATA, VECTOR);
    qtest_writew(qts, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    signal_vector(qts, C_MSIX, 3);
    g_assert_false(took(qts, VECTOR));
    g_assert_cmphex(qtest_readq(qts, pba), ==, 1 << 3);
    qtest_writel(qts, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0); /* what was pending comes */
    g_assert_cmphex(qtest_readq(qts, pba), ==, 0);
    g_assert_true(took(qts, VECTOR));
    signal_vector(qts, C_MSIX, 3);
    g_assert_true(took(qts, VECTOR));
    qtest_writew(qts, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    signal_vector(qts, C_MSIX, 3);
    g_assert_false(took(qts, VECTOR));
    g_assert_cmphex(qtest_readq(qts, pba), ==, 1 << 3);
    qtest_writew(qts, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    g_assert_true(took(qts, VECTOR));
    qtest_writeq(qts, pba, UINT64_MAX); /* read-only */
    g_assert_cmphex(qtest_readq(qts, pba), ==, 0);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/two-ways", test_two_ways);
    g_test_add_func("/pci/bars", test_bars);
    g_test_add_func("/pci/intx", test_intx);
    g_test_add_func("/pci/msi", test_msi);
    g_test_add_func("/pci/msix", test_msix);
    return g_test_run();
}
