/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edu and pci-testdev on a whole machine: registers, DMA, and an MSI that reaches a local APIC. */
#include <linux/pci_regs.h>

#include "tests/qtest/libqtest.h"

#define EDU_DEVFN  (4 << 3)
#define TEST_DEVFN (5 << 3)
#define MACHINE    "-machine q35 -nodefaults -device edu,addr=4 -device pci-testdev,addr=5"
#define VECTOR     0x41
#define RAM_AT     0x100000

static uint64_t bar_of(QTest *qts, uint8_t devfn, int n)
{
    return qtest_pci_config_read(qts, 0, devfn, (uint8_t)(PCI_BASE_ADDRESS_0 + 4 * n), 4) & ~0xfull;
}

static void enable(QTest *qts, uint8_t devfn)
{
    qtest_pci_config_write(qts, 0, devfn, PCI_COMMAND,
                           PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static void test_registers(void)
{
    QTest *qts = qtest_init(MACHINE);
    enable(qts, EDU_DEVFN);
    uint64_t bar = bar_of(qts, EDU_DEVFN, 0);
    g_assert_cmphex(qtest_readl(qts, bar), ==, 0x010000ed);
    qtest_writel(qts, bar + 4, 0x0f0f0f0f);
    g_assert_cmphex(qtest_readl(qts, bar + 4), ==, 0xf0f0f0f0);
    qtest_writel(qts, bar + 8, 6);
    g_assert_cmpuint(qtest_readl(qts, bar + 8), ==, 720);
    qtest_writel(qts, RAM_AT, 0xcafe);
    qtest_writeq(qts, bar + 0x80, RAM_AT);
    qtest_writeq(qts, bar + 0x88, 0x40000);
    qtest_writeq(qts, bar + 0x90, 4);
    qtest_writel(qts, bar + 0x98, 1);
    qtest_clock_step(qts, 100000000);
    qtest_writeq(qts, bar + 0x80, 0x40000);
    qtest_writeq(qts, bar + 0x88, RAM_AT + 0x100);
    qtest_writel(qts, bar + 0x98, 3);
    qtest_clock_step(qts, 100000000);
    g_assert_cmphex(qtest_readl(qts, RAM_AT + 0x100), ==, 0xcafe);
    qtest_quit(qts);
}

static void test_msi(void)
{
    QTest *qts = qtest_init(MACHINE);
    uint64_t base;
    enable(qts, EDU_DEVFN);
    uint8_t cap = qtest_pci_find_capability(qts, 0, EDU_DEVFN, PCI_CAP_ID_MSI);
    g_assert_true(qtest_msr_read(qts, 0, 0x1b, &base));
    g_assert_true(qtest_msr_write(qts, 0, 0x1b, base | 0xc00)); /* x2APIC mode */
    g_assert_true(qtest_msr_write(qts, 0, 0x80f, 0x1ff));       /* software-enabled */
    qtest_pci_config_write(qts, 0, EDU_DEVFN, cap + PCI_MSI_ADDRESS_LO, 0xfee00000, 4);
    qtest_pci_config_write(qts, 0, EDU_DEVFN, cap + PCI_MSI_DATA_64, VECTOR, 2);
    qtest_pci_config_write(qts, 0, EDU_DEVFN, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    qtest_writel(qts, bar_of(qts, EDU_DEVFN, 0) + 0x60, 1);
    g_assert_true(qtest_apic_irr(qts, 0, VECTOR));
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
    qtest_quit(qts);
}

static void test_testdev(void)
{
    QTest *qts = qtest_init(MACHINE);
    enable(qts, TEST_DEVFN);
    uint64_t mem = bar_of(qts, TEST_DEVFN, 0);
    qtest_writeb(qts, mem, 1);
    g_assert_cmpuint(qtest_readb(qts, mem + 1), ==, 2);
    g_assert_cmpuint(qtest_readl(qts, mem + 12), ==, 0);
    uint32_t offset = qtest_readl(qts, mem + 4), data = qtest_readl(qts, mem + 8);
    qtest_writew(qts, mem + offset, (uint16_t)data);
    qtest_writew(qts, mem + offset, (uint16_t)data);
    g_assert_cmpuint(qtest_readl(qts, mem + 12), ==, 2);
    qtest_writeb(qts, mem, 200); /* no such test */
    g_assert_cmpuint(qtest_readb(qts, mem + 1), ==, 0);
    uint16_t io = (uint16_t)bar_of(qts, TEST_DEVFN, 1);
    qtest_outb(qts, io, 0);
    g_assert_cmpuint(qtest_inb(qts, io + 1), ==, 1);
    qtest_outb(qts, (uint16_t)(io + qtest_inl(qts, io + 4)), (uint8_t)qtest_inl(qts, io + 8));
    g_assert_cmpuint(qtest_inl(qts, io + 12), ==, 1);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edu/registers", test_registers);
    g_test_add_func("/edu/msi", test_msi);
    g_test_add_func("/pci-testdev/counts", test_testdev);
    return g_test_run();
}
