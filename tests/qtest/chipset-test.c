/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board's small chips by their ports: UART, 8042, PM block, fw_cfg, debug exit, ACPI tables. */
#include "libqtest.h"
#include "tests/include/pci.h"

#include <linux/pci_regs.h>
#include <string.h>

#define COM1 0x3f8

static void test_serial(void)
{
    enum { LINE = 4 };
    QTest *qts = qtest_init("-serial null");

    qtest_irq_intercept_in(qts, "ioapic");
    g_assert_cmphex(qtest_inb(qts, COM1 + 5), ==, 0x60);
    qtest_outb(qts, COM1 + 7, 0x5a);
    g_assert_cmphex(qtest_inb(qts, COM1 + 7), ==, 0x5a);
    qtest_outb(qts, COM1 + 2, 0xc7);
    g_assert_cmphex(qtest_inb(qts, COM1 + 2), ==, 0xc1);
    qtest_outb(qts, COM1 + 3, 0x83);
    qtest_outb(qts, COM1, 1);
    qtest_outb(qts, COM1 + 1, 0);
    g_assert_cmphex(qtest_inb(qts, COM1), ==, 1);
    qtest_outb(qts, COM1 + 3, 0x03);
    /* The transmitter is empty: its interrupt comes as soon as it is enabled, and IIR ends it. */
    qtest_outb(qts, COM1 + 4, 0x0b);
    qtest_outb(qts, COM1 + 1, 0x02);
    g_assert_true(qtest_get_irq(qts, LINE));
    g_assert_cmphex(qtest_inb(qts, COM1 + 2), ==, 0xc2);
    g_assert_false(qtest_get_irq(qts, LINE));
    g_assert_cmphex(qtest_inb(qts, COM1 + 2), ==, 0xc1);
    qtest_quit(qts);
}

static void test_serial_loopback(void)
{
    QTest *qts = qtest_init("-serial null");

    qtest_outb(qts, COM1 + 2, 0x07); /* FIFO, trigger at 1 */
    qtest_outb(qts, COM1 + 4, 0x1a); /* loop, OUT2, RTS */
    g_assert_cmphex(qtest_inb(qts, COM1 + 6) & 0xf0, ==, 0x90);
    for (int i = 0; i < 17; i++) {
        qtest_outb(qts, COM1, (uint8_t)i);
    }
    g_assert_cmphex(qtest_inb(qts, COM1 + 5), ==, 0x63); /* data, and one byte overran */
    g_assert_cmphex(qtest_inb(qts, COM1 + 5), ==, 0x61);
    for (int i = 0; i < 16; i++) {
        g_assert_cmphex(qtest_inb(qts, COM1), ==, i);
    }
    g_assert_cmphex(qtest_inb(qts, COM1 + 5), ==, 0x60);
    /* Below the trigger level the time-out announces what is there. */
    qtest_outb(qts, COM1 + 2, 0xc7);
    qtest_outb(qts, COM1 + 1, 0x01);
    qtest_outb(qts, COM1, 0x77);
    g_assert_cmphex(qtest_inb(qts, COM1 + 2), ==, 0xc1);
    qtest_clock_step(qts, 100000000);
    g_assert_cmphex(qtest_inb(qts, COM1 + 2), ==, 0xcc);
    g_assert_cmphex(qtest_inb(qts, COM1), ==, 0x77);
    g_assert_cmphex(qtest_inb(qts, COM1 + 2), ==, 0xc1);
    qtest_quit(qts);
}

/* The pin of the IOAPIC that is up, of those that PCI has; 0 if none is. */
static int pci_pin_up(QTest *qts)
{
    for (int pin = 16; pin < 24; pin++) {
        if (qtest_get_irq(qts, pin)) {
            return pin;
        }
    }
    return 0;
}

/* Two UARTs in slots whose INTA# is the same pin. */
static void test_pci_serial(void)
{
    enum { FIRST = 4 << 3, SECOND = 8 << 3 };
    static const uint8_t devfns[] = {FIRST, SECOND};
    QTest *qts = qtest_init("-nodefaults -chardev ringbuf,id=c0,size=16 -device "
                            "pci-serial,addr=4,chardev=c0 -device pci-serial,addr=8");
    uint16_t at[2];

    qtest_irq_intercept_in(qts, "ioapic");
    for (int i = 0; i < 2; i++) {
        g_assert_cmphex(qtest_pci_config_read(qts, 0, devfns[i], PCI_VENDOR_ID, 4), ==, 0x00021b36);
        g_assert_cmphex(qtest_pci_config_read(qts, 0, devfns[i], PCI_CLASS_PROG, 1), ==, 2);
        qtest_pci_config_write(qts, 0, devfns[i], PCI_COMMAND, PCI_COMMAND_IO, 2);
        at[i] = qtest_pci_config_read(qts, 0, devfns[i], PCI_BASE_ADDRESS_0, 4) & ~3u;
        qtest_outb(qts, at[i] + 4, 0x0b);
    }
    qtest_outb(qts, at[0], 'x');
    g_assert_cmpint(pci_pin_up(qts), ==, 0);
    qtest_outb(qts, at[0] + 1, 0x02);
    int pin = pci_pin_up(qts);
    g_assert_cmpint(pin, !=, 0);
    qtest_outb(qts, at[1] + 1, 0x02);
    g_assert_cmphex(qtest_inb(qts, at[0] + 2), ==, 0x02);
    g_assert_true(qtest_get_irq(qts, pin)); /* the other one's */
    g_assert_cmphex(qtest_pci_config_read(qts, 0, FIRST, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, ==,
                    0);
    g_assert_cmphex(qtest_inb(qts, at[1] + 2), ==, 0x02);
    g_assert_cmpint(pci_pin_up(qts), ==, 0);
    qtest_quit(qts);
}

static void test_i8042(void)
{
    QTest *qts = qtest_init("");

    qtest_outb(qts, 0x64, 0xaa);
    g_assert_cmphex(qtest_inb(qts, 0x64) & 1, ==, 1);
    g_assert_cmphex(qtest_inb(qts, 0x60), ==, 0x55);
    g_assert_cmphex(qtest_inb(qts, 0x64) & 1, ==, 0);
    qtest_outb(qts, 0x64, 0x60);
    qtest_outb(qts, 0x60, 0x04); /* no interrupts, no translation */
    qtest_outb(qts, 0x64, 0x20);
    g_assert_cmphex(qtest_inb(qts, 0x60), ==, 0x04);
    qtest_outb(qts, 0x60, 0xf2);
    g_assert_cmphex(qtest_inb(qts, 0x60), ==, 0xfa);
    g_assert_cmphex(qtest_inb(qts, 0x60), ==, 0xab);
    g_assert_cmphex(qtest_inb(qts, 0x60), ==, 0x83);
    qtest_outb(qts, 0x64, 0xd3);
    qtest_outb(qts, 0x60, 0x5a);
    g_assert_cmphex(qtest_inb(qts, 0x64) & 0x21, ==, 0x21);
    g_assert_cmphex(qtest_inb(qts, 0x60), ==, 0x5a);
    qtest_outb(qts, 0x64, 0xfe);
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    qtest_quit(qts);
}

static void test_pm(void)
{
    QTest *qts = qtest_init("");

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outw(qts, 0x602, 0x0100);
    json_object_unref(qtest_qmp(qts, "{'execute': 'system_powerdown'}"));
    /* The main loop presses the button between two commands. */
    qtest_wait_inw(qts, 0x600, 0x100);
    g_assert_true(qtest_get_irq(qts, 9));
    qtest_outw(qts, 0x600, 0x0100);
    g_assert_cmphex(qtest_inw(qts, 0x600) & 0x100, ==, 0);
    g_assert_false(qtest_get_irq(qts, 9));
    qtest_outb(qts, RESET_PORT, 0x06);
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    qtest_quit(qts);
}

static void test_fw_cfg(void)
{
    QTest *qts = qtest_init("-m 64");
    char signature[5] = {0};
    uint64_t ram = 0;

    qtest_outw(qts, 0x510, 0);
    for (int i = 0; i < 4; i++) {
        signature[i] = (char)qtest_inb(qts, 0x511);
    }
    g_assert_cmpstr(signature, ==, "QEMU");
    /* DMA: select and read the RAM size. */
    const uint8_t request[16] = {0x00, 0x03, 0x00, 0x0a, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0x20, 0};
    qtest_memwrite(qts, 0x1000, request, sizeof(request));
    qtest_outl(qts, 0x518, 0x00100000); /* 1000h, big-endian */
    g_assert_cmphex(qtest_readl(qts, 0x1000), ==, 0);
    qtest_memread(qts, 0x2000, &ram, sizeof(ram));
    g_assert_cmphex(ram, ==, 64u << 20);
    qtest_quit(qts);
}

static void test_debug_exit(void)
{
    QTest *qts = qtest_init("-device isa-debug-exit,iobase=0xf4,iosize=0x4");

    qtest_outl(qts, 0xf4, 0x10);
    g_assert_cmpint(qtest_wait(qts), ==, 0x21);
}

static void test_bridges(void)
{
    QTest *qts = qtest_init("");

    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0, 0, 4), ==, 0x29c08086);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, 0xf8, 0, 4), ==, 0x29188086);
    g_assert_cmphex(qtest_readl(qts, PCI_ECAM + (0xf8ull << 12)), ==, 0x29188086);
    g_assert_cmphex(qtest_readl(qts, 0xf0000), ==, 0x20445352); /* "RSD " */
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chipset/serial", test_serial);
    g_test_add_func("/chipset/serial-loopback", test_serial_loopback);
    g_test_add_func("/chipset/pci-serial", test_pci_serial);
    g_test_add_func("/chipset/i8042", test_i8042);
    g_test_add_func("/chipset/pm", test_pm);
    g_test_add_func("/chipset/fw-cfg", test_fw_cfg);
    g_test_add_func("/chipset/debug-exit", test_debug_exit);
    g_test_add_func("/chipset/bridges", test_bridges);
    return g_test_run();
}
