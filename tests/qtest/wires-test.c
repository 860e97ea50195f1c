/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board's interrupt wires: who shares one, who keeps off it, and what each end makes of it. */
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "libqtest.h"
#include "tests/include/hpet.h"
#include "tests/include/pci.h"
#include "tests/include/testdevs.h"

#define PIC_LEVELS 0x4d0
#define PIC_IRR    0x0a
#define EDU_PIN    20 /* pin A of slot 4 */

enum { COM1 = 0x3f8, COM3 = 0x3e8, IER = 1, MCR = 4, OUT2 = 8 };

static uint64_t start_edu(QTest *qts, int slot)
{
    uint8_t devfn = (uint8_t)(slot << 3);

    qtest_pci_config_write(qts, 0, devfn, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    return qtest_pci_config_read(qts, 0, devfn, PCI_BASE_ADDRESS_0, 4) & ~0xfu;
}

/* A comparator that holds a pin since its match at 1000 counts. */
static void start_level_timer(QTest *qts, int n, unsigned pin)
{
    uint64_t timer = HPET_PAGE + HPET_TIMER((uint64_t)n);

    qtest_writel(qts, timer, pin << 9 | 1 << 2 | 1 << 1);
    qtest_writeq(qts, timer + 8, 1000);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    qtest_clock_step(qts, 10000);
}

static void test_edu_and_hpet(void)
{
    QTest *qts = qtest_init("-device edu,addr=4");
    uint64_t edu = start_edu(qts, 4);

    qtest_irq_intercept_in(qts, "ioapic");
    start_level_timer(qts, 2, EDU_PIN);
    g_assert_true(qtest_get_irq(qts, EDU_PIN));
    qtest_writel(qts, edu + EDU_RAISE, 1);
    qtest_writel(qts, HPET_PAGE + HPET_STATUS, 1 << 2);
    g_assert_true(qtest_get_irq(qts, EDU_PIN)); /* edu's is not lost */
    qtest_writel(qts, edu + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    qtest_quit(qts);
}

/* Edges of a timer go by unseen while another holds the line. */
static void test_pulses(void)
{
    QTest *qts = qtest_init("-device edu,addr=4");
    uint64_t edu = start_edu(qts, 4);

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_writel(qts, HPET_PAGE + HPET_TIMER(2), EDU_PIN << 9 | 1 << 2);
    qtest_writeq(qts, HPET_PAGE + HPET_COMPARATOR(2), 1000);
    qtest_writel(qts, edu + EDU_RAISE, 1);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    qtest_clock_step(qts, 10000);
    g_assert_true(qtest_get_irq(qts, EDU_PIN));
    g_assert_cmpuint(qtest_get_irq_raised(qts, EDU_PIN), ==, 1);
    qtest_writel(qts, edu + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    qtest_writeq(qts, HPET_PAGE + HPET_COMPARATOR(2), 2000);
    qtest_clock_step(qts, 10000);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    g_assert_cmpuint(qtest_get_irq_raised(qts, EDU_PIN), ==, 2);
    qtest_quit(qts);
}

static void test_functions_share_a_pin(void)
{
    QTest *qts = qtest_init("-device edu,addr=4 -device edu,addr=8");
    uint64_t one = start_edu(qts, 4), two = start_edu(qts, 8);

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_writel(qts, one + EDU_RAISE, 1);
    qtest_writel(qts, two + EDU_RAISE, 1);
    qtest_writel(qts, one + EDU_ACK, 1);
    g_assert_true(qtest_get_irq(qts, EDU_PIN));
    qtest_writel(qts, two + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    qtest_quit(qts);
}

/* COM1 and COM3 are both on IRQ 4; their transmitters are empty, which IER bit 1 makes a request.
 */
static void test_serial_ports(void)
{
    static const uint16_t ports[2] = {COM1, COM3};
    QTest *qts = qtest_init("-serial null -serial null -serial null");

    qtest_irq_intercept_in(qts, "ioapic");
    for (int first = 0; first < 2; first++) {
        for (int i = 0; i < 2; i++) {
            qtest_outb(qts, ports[i] + MCR, OUT2);
            qtest_outb(qts, ports[i] + IER, 2);
        }
        g_assert_true(qtest_get_irq(qts, 4));
        qtest_outb(qts, ports[first] + IER, 0);
        g_assert_true(qtest_get_irq(qts, 4));
        qtest_outb(qts, ports[!first] + IER, 0);
        g_assert_false(qtest_get_irq(qts, 4));
    }
    qtest_quit(qts);
}

static bool pic_requests(QTest *qts, int irq)
{
    uint16_t port = irq < 8 ? 0x20 : 0xa0;

    qtest_outb(qts, port, PIC_IRR);
    return qtest_inb(qts, port) >> (irq & 7) & 1;
}

/* At the i8259 pair an ISA device, and what the bridge routes there, share an input. */
static void test_pirq_on_isa_line(void)
{
    QTest *qts = qtest_init("-serial null -device edu,addr=4");
    uint64_t edu = start_edu(qts, 4);

    qtest_outb(qts, PIC_LEVELS, 1 << 4);
    qtest_pci_config_write(qts, 0, LPC_DEVFN, LPC_PIRQ_E_ROUTE, 4, 1);
    qtest_outb(qts, COM1 + MCR, OUT2);
    qtest_outb(qts, COM1 + IER, 2);
    qtest_writel(qts, edu + EDU_RAISE, 1);
    qtest_outb(qts, COM1 + IER, 0);
    g_assert_true(pic_requests(qts, 4));
    qtest_pci_config_write(qts, 0, LPC_DEVFN, LPC_PIRQ_E_ROUTE, 0x80, 1);
    g_assert_false(pic_requests(qts, 4));
    qtest_pci_config_write(qts, 0, LPC_DEVFN, LPC_PIRQ_E_ROUTE, 4, 1);
    g_assert_true(pic_requests(qts, 4));
    qtest_outb(qts, COM1 + IER, 2);
    qtest_writel(qts, edu + EDU_ACK, 1);
    g_assert_true(pic_requests(qts, 4));
    qtest_outb(qts, COM1 + IER, 0);
    g_assert_false(pic_requests(qts, 4));
    qtest_quit(qts);
}

/* Going over to messages with a request pending takes the wire down, and coming back raises it. */
static void check_mode(QTest *qts, uint8_t devfn, uint8_t flags, uint16_t enable)
{
    qtest_irq_intercept_in(qts, "ioapic");
    g_assert_true(qtest_get_irq(qts, EDU_PIN) || pic_requests(qts, 10));
    qtest_pci_config_write(qts, 0, devfn, flags, enable, 2);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    g_assert_false(pic_requests(qts, 10));
    g_assert_cmphex(qtest_pci_config_read(qts, 0, devfn, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, !=,
                    0);
    qtest_pci_config_write(qts, 0, devfn, flags, 0, 2);
    g_assert_true(qtest_get_irq(qts, EDU_PIN));
    g_assert_true(pic_requests(qts, 10));
}

static void test_msi_mode(void)
{
    QTest *qts = qtest_init("-device edu,addr=4");
    uint64_t edu = start_edu(qts, 4);

    qtest_writel(qts, edu + EDU_RAISE, 1);
    check_mode(qts, 4 << 3,
               qtest_pci_find_capability(qts, 0, 4 << 3, PCI_CAP_ID_MSI) + PCI_MSI_FLAGS,
               PCI_MSI_FLAGS_ENABLE);
    qtest_writel(qts, edu + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    qtest_quit(qts);
}

/* The entropy device, asked by its legacy interface for one buffer of 16 bytes. */
static uint16_t start_rng(QTest *qts, uint8_t devfn)
{
    uint16_t io = qtest_pci_config_read(qts, 0, devfn, PCI_BASE_ADDRESS_0, 4) & 0xfffc;

    qtest_pci_config_write(qts, 0, devfn, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    qtest_outb(qts, io + VIRTIO_PCI_STATUS, 3);
    qtest_outl(qts, io + VIRTIO_PCI_QUEUE_PFN, 0x100);
    qtest_outb(qts, io + VIRTIO_PCI_STATUS, 7);
    qtest_writeq(qts, 0x100000, 0x200000);
    qtest_writeq(qts, 0x100008, 0x0000000200000010);
    qtest_writew(qts, 0x100000 + 8 * 16 + 2, 1);
    qtest_outw(qts, io + VIRTIO_PCI_QUEUE_NOTIFY, 0);
    return io;
}

static void test_msix_mode(void)
{
    QTest *qts = qtest_init("-device virtio-rng-pci,addr=4");
    uint16_t io = start_rng(qts, 4 << 3);

    check_mode(qts, 4 << 3,
               qtest_pci_find_capability(qts, 0, 4 << 3, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS,
               PCI_MSIX_FLAGS_ENABLE);
    g_assert_cmpuint(qtest_inb(qts, io + VIRTIO_PCI_ISR), ==, 1);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    qtest_quit(qts);
}

/* set_irq_in is one driver more, beside the devices. */
static void test_qtest_drives_too(void)
{
    QTest *qts = qtest_init("-device edu,addr=4");
    uint64_t edu = start_edu(qts, 4);

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_set_irq_in(qts, "ioapic", "", EDU_PIN, 1);
    qtest_writel(qts, edu + EDU_RAISE, 1);
    qtest_set_irq_in(qts, "ioapic", "", EDU_PIN, 0);
    g_assert_true(qtest_get_irq(qts, EDU_PIN));
    qtest_writel(qts, edu + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, EDU_PIN));
    qtest_quit(qts);
}

/* What a device drives can be watched whether or not it is connected, and still arrives. */
static void test_intercept_out(void)
{
    QTest *qts = qtest_init("-serial null");

    qtest_irq_intercept_out(qts, "serial0");
    qtest_outb(qts, PIC_LEVELS, 1 << 4);
    qtest_outb(qts, COM1 + MCR, OUT2);
    qtest_outb(qts, COM1 + IER, 2);
    g_assert_true(qtest_get_irq(qts, 0));
    g_assert_true(pic_requests(qts, 4));
    qtest_outb(qts, COM1 + IER, 0);
    g_assert_false(qtest_get_irq(qts, 0));
    g_assert_false(pic_requests(qts, 4));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wires/edu-and-hpet", test_edu_and_hpet);
    g_test_add_func("/wires/pulses", test_pulses);
    g_test_add_func("/wires/functions-share-a-pin", test_functions_share_a_pin);
    g_test_add_func("/wires/serial-ports", test_serial_ports);
    g_test_add_func("/wires/pirq-on-isa-line", test_pirq_on_isa_line);
    g_test_add_func("/wires/msi-mode", test_msi_mode);
    g_test_add_func("/wires/msix-mode", test_msix_mode);
    g_test_add_func("/wires/qtest-drives-too", test_qtest_drives_too);
    g_test_add_func("/wires/intercept-out", test_intercept_out);
    return g_test_run();
}
