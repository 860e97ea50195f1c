/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio PCI devices on a whole machine: identities, BARs, the legacy interface, and bad options.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "tests/qtest/libqtest.h"

#define DEVFN (4 << 3)

static void check_identity(const char *options, uint32_t id)
{
    QTest *qts = qtest_initf("-machine q35 -nodefaults -device %s,addr=4", options);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, DEVFN, PCI_VENDOR_ID, 4), ==, id);
    qtest_quit(qts);
}

static void test_identity(void)
{
    check_identity("virtio-rng-pci", 0x10051af4);
    check_identity("virtio-rng-pci,disable-legacy=on", 0x10441af4);
    check_identity("virtio-serial-pci", 0x10031af4);
}

static void test_legacy(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults -device virtio-rng-pci,addr=4");
    uint16_t io = qtest_pci_config_read(qts, 0, DEVFN, PCI_BASE_ADDRESS_0, 4) & 0xfffc;
    qtest_pci_config_write(qts, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    g_assert_cmpuint(qtest_inw(qts, io + VIRTIO_PCI_QUEUE_NUM), ==, 8);
    qtest_outb(qts, io + VIRTIO_PCI_STATUS, 3);
    g_assert_cmpuint(qtest_inb(qts, io + VIRTIO_PCI_STATUS), ==, 3);
    qtest_outl(qts, io + VIRTIO_PCI_QUEUE_PFN, 0x100);
    qtest_outb(qts, io + VIRTIO_PCI_STATUS, 7);
    qtest_writeq(qts, 0x100000, 0x200000); /* one buffer of 16 bytes to fill */
    qtest_writeq(qts, 0x100008, 0x0000000200000010);
    qtest_writew(qts, 0x100000 + 8 * 16 + 2, 1);
    qtest_outw(qts, io + VIRTIO_PCI_QUEUE_NOTIFY, 0);
    g_assert_cmpuint(qtest_readw(qts, 0x101002), ==, 1);
    g_assert_cmpuint(qtest_readl(qts, 0x101008), ==, 16);
    g_assert_cmphex(qtest_readq(qts, 0x200000) | qtest_readq(qts, 0x200008), !=, 0);
    g_assert_cmpuint(qtest_inb(qts, io + VIRTIO_PCI_ISR), ==, 1);
    qtest_outb(qts, io + VIRTIO_PCI_STATUS, 0);
    g_assert_cmpuint(qtest_inl(qts, io + VIRTIO_PCI_QUEUE_PFN), ==, 0);
    qtest_quit(qts);
}

static void check_refusal(const char *args, const char *text)
{
    g_autofree char *err = NULL;
    g_autofree char *all = g_strdup_printf("-machine q35 -nodefaults -display none %s", args);
    g_assert_cmpint(qtest_run(all, NULL, &err), ==, 1);
    g_assert_nonnull(g_strstr_len(err, -1, text));
}

static void test_errors(void)
{
    check_refusal("-device virtio-blk-pci", "drive=");
    check_refusal("-device virtio-rng-pci,disable-legacy=on,disable-modern=on", "no interface");
    check_refusal("-device virtserialport", "virtio-serial-pci");
    check_refusal("-device edu,addr=4 -device edu,addr=4", "taken");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-pci/identity", test_identity);
    g_test_add_func("/virtio-pci/legacy", test_legacy);
    g_test_add_func("/virtio-pci/errors", test_errors);
    return g_test_run();
}
