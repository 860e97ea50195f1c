/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a guest does with the devices of a full machine, the emulator goes on: random accesses
 * of every width to every port, register window and configuration register, guest memory full of
 * pointers back into those windows, and time passing. The seed is printed.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/qtest/libqtest.h"

#define RAM_BYTES 0x2000000u
#define STEPS     20000

/* Where registers are; the second number is how many bytes are worth hitting. */
static const struct {
    uint64_t base;
    uint32_t size;
} windows[] = {
    {0xfee00000, 0x400},  {0xfec00000, 0x50},    {0xfed00000, 0x200},
    {0xfed90000, 0x1000}, {0xb0000000, 0x8000},  {0xb00f8000, 0x100},
    {0xc0000000, 0x400},  {0xc0100000, 0x18000}, {0xa0000, 0x20000},
};

static const struct {
    uint16_t base, size;
} ports[] = {
    {0x20, 2},   {0x40, 4},   {0x60, 5},  {0x70, 2},     {0x92, 1},
    {0xa0, 2},   {0xb2, 2},   {0xe0, 16}, {0x3f8, 8},    {0x4d0, 2},
    {0x510, 12}, {0x600, 64}, {0xcf8, 8}, {0xc000, 512}, {0, 65535},
};

/* The registers that the machine has: those of its windows, and the BARs as they were assigned. */
static uint64_t random_address(void)
{
    switch (g_test_rand_int_range(0, 4)) {
    case 0:
        return (uint64_t)g_test_rand_int_range(0, RAM_BYTES);
    default: {
        int i = g_test_rand_int_range(0, G_N_ELEMENTS(windows));
        return windows[i].base + (uint64_t)g_test_rand_int_range(0, (gint32)windows[i].size);
    }
    }
}

/* Small numbers, single bits, pointers and noise. */
static uint64_t random_value(void)
{
    uint64_t noise = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
    switch (g_test_rand_int_range(0, 5)) {
    case 0:
        return noise & 0xf;
    case 1:
        return 1ull << (noise & 63);
    case 2:
        return random_address() & ~15ull;
    case 3:
        return ((noise & 0x1ff) << 4) | (noise >> 60);
    default:
        return noise;
    }
}

/* Tables, rings and descriptors made of pointers. */
static void fill_memory(QTest *qts)
{
    uint64_t page[512];
    for (int n = 0; n < 4; n++) {
        for (size_t i = 0; i < G_N_ELEMENTS(page); i++) {
            page[i] = random_value();
        }
        qtest_memwrite(qts, (uint64_t)g_test_rand_int_range(0, RAM_BYTES / 4096) * 4096, page,
                       sizeof(page));
    }
}

static void access_port(QTest *qts)
{
    int i = g_test_rand_int_range(0, G_N_ELEMENTS(ports));
    uint16_t port = (uint16_t)(ports[i].base + g_test_rand_int_range(0, ports[i].size));
    uint32_t value = (uint32_t)random_value();
    switch (g_test_rand_int_range(0, 6)) {
    case 0:
        qtest_inb(qts, port);
        break;
    case 1:
        qtest_inw(qts, port);
        break;
    case 2:
        qtest_inl(qts, port);
        break;
    case 3:
        qtest_outb(qts, port, (uint8_t)value);
        break;
    case 4:
        qtest_outw(qts, port, (uint16_t)value);
        break;
    default:
        qtest_outl(qts, port, value);
    }
}

static void access_memory(QTest *qts)
{
    uint64_t addr = random_address(), value = random_value();
    switch (g_test_rand_int_range(0, 8)) {
    case 0:
        qtest_readb(qts, addr);
        break;
    case 1:
        qtest_readw(qts, addr);
        break;
    case 2:
        qtest_readl(qts, addr & ~3ull);
        break;
    case 3:
        qtest_readq(qts, addr & ~7ull);
        break;
    case 4:
        qtest_writeb(qts, addr, (uint8_t)value);
        break;
    case 5:
        qtest_writew(qts, addr, (uint16_t)value);
        break;
    case 6:
        qtest_writel(qts, addr & ~3ull, (uint32_t)value);
        break;
    default:
        qtest_writeq(qts, addr & ~7ull, value);
    }
}

static void access_config(QTest *qts)
{
    uint8_t devfn = (uint8_t)(g_test_rand_bit() ? g_test_rand_int_range(0, 10) * 8 : 0xf8);
    uint8_t offset = (uint8_t)g_test_rand_int_range(0, 256);
    unsigned size = 1u << g_test_rand_int_range(0, 3);
    qtest_pci_config_write(qts, 0, devfn, (uint8_t)(offset & ~(size - 1)), (uint32_t)random_value(),
                           size);
    if (g_test_rand_int_range(0, 3) == 0) {
        /* Memory, I/O and bus mastering stay on often enough for something to happen. */
        qtest_pci_config_write(qts, 0, devfn, 4, 7, 2);
    }
}

static void step(QTest *qts)
{
    switch (g_test_rand_int_range(0, 100)) {
    case 0:
        fill_memory(qts);
        break;
    case 1 ... 5:
        qtest_clock_step(qts, g_test_rand_int_range(1, 20000000));
        break;
    case 6 ... 15:
        access_config(qts);
        break;
    case 16 ... 40:
        access_port(qts);
        break;
    case 41 ... 44:
        qtest_apic_ack(qts, (unsigned)g_test_rand_int_range(0, 2));
        break;
    default:
        access_memory(qts);
    }
}

static void test_random(gconstpointer data)
{
    g_autofree char *disk = NULL;
    int fd = g_file_open_tmp("disk-XXXXXX", &disk, NULL);
    g_assert_cmpint(ftruncate(fd, 1 << 20), ==, 0);
    g_close(fd, NULL);
    g_autofree char *args = g_strdup_printf(
        "-machine q35 -smp 2 -m 32M -no-shutdown -global hpet.msi=on %s -device edu "
        "-device virtio-rng-pci -device virtio-serial-pci -device virtconsole,chardev=c "
        "-chardev null,id=c -device pci-testdev "
        "-device intr-testdev -device pc-testdev -serial null "
        "-drive file=%s,if=none,id=d,format=raw -device virtio-blk-pci,drive=d",
        (const char *)data, disk);
    QTest *qts = qtest_init(args);
    for (int i = 0; i < STEPS; i++) {
        step(qts);
    }
    /* It still answers, and can be reset. */
    g_autoptr(JsonObject) reset = qtest_qmp(qts, "{'execute': 'system_reset'}");
    g_assert_false(qtest_qmp_is_error(reset, NULL));
    qtest_clock_step(qts, 1000);
    qtest_writel(qts, 0x1000, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, 0x1000), ==, 0x12345678);
    qtest_quit(qts);
    g_unlink(disk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/random/no-unit", "", test_random);
    g_test_add_data_func("/random/unit-unsnooped",
                         "-device intel-iommu,model=client,rwbf=on,stale-tables=on", test_random);
    g_test_add_data_func("/random/unit-server", "-device intel-iommu,model=server", test_random);
    g_test_add_data_func("/random/unit", "-device intel-iommu,intremap=on,eim=on", test_random);
    g_test_add_data_func(
        "/random/unit-slow",
        "-device intel-iommu,intremap=on,posted-interrupts=on,iec=random,seed=3,qi-latency=1000,"
        "gcmd-latency=2000,caching-mode=on,fault-records=4",
        test_random);
    g_test_add_data_func("/random/vmd",
                         "-device intel-iommu,intremap=on,eim=on "
                         "-device vmd,id=v,mode=bypass,ports=2,cfg-latency=1000 "
                         "-device intr-testdev,bus=v.0 -device edu,bus=v.1",
                         test_random);
    return g_test_run();
}
