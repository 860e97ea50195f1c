/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci-testdev: counts writes, by QEMU's published layout ("pci-testdev" in its specifications), for
 * kvm-unit-tests. BAR 0 is memory, BAR 1 is ports; each starts with a header through which a guest
 * picks a test, learns where and how wide to write, and reads how many writes arrived.
 *
 * Tests are one for each width. The tests of KVM's event notifications are left out.
 */
#include <string.h>

#include "hw/misc/pci_devices.h"
#include "hw/pci/pci.h"

#define TESTDEV_VENDOR 0x1b36
#define TESTDEV_DEVICE 0x0005
#define TESTDEV_CLASS  0x00ff00
#define MEM_BAR_SIZE   4096u
#define IO_BAR_SIZE    256u
#define HEADER_TEST    0 /* byte, write-only */
#define HEADER_COUNT   12
#define HEADER_NAME    16
#define HEADER_SIZE    64u
#define TEST_DATA      0xfau
#define TESTS          3

/* A test's register is 16 bytes from the next one, from the BAR's middle on. */
#define TEST_SPACING 16u

typedef struct {
    MemRegion region;
    const char *space; /* the first part of the tests' names */
    uint8_t test;
    uint32_t count;
} TestBar;

typedef struct {
    PciDevice pci;
    TestBar mem, io;
} PciTestdev;

static unsigned pci_testdev_width_of(const TestBar *bar)
{
    return bar->test < TESTS ? 1u << bar->test : 0;
}

static uint32_t place_of(const TestBar *bar)
{
    return bar->test < TESTS ? (uint32_t)bar->region.size / 2 + bar->test * TEST_SPACING : 0;
}

/* The header as the guest sees it; all fields little-endian. */
static void encode_header(const TestBar *bar, uint8_t header[HEADER_SIZE])
{
    static const char *const names[TESTS] = {"byte", "word", "long"};
    memset(header, 0, HEADER_SIZE);
    header[1] = (uint8_t)pci_testdev_width_of(bar);
    pci_set_long(&header[4], place_of(bar));
    pci_set_long(&header[8], TEST_DATA);
    pci_set_long(&header[HEADER_COUNT], bar->count);
    if (bar->test < TESTS) {
        g_snprintf((char *)&header[HEADER_NAME], HEADER_SIZE - HEADER_NAME, "%s-write-%s",
                   bar->space, names[bar->test]);
    }
}

static uint64_t pci_testdev_read(void *opaque, uint64_t offset, unsigned size)
{
    uint8_t header[HEADER_SIZE];
    uint64_t value = 0;
    encode_header(opaque, header);
    for (unsigned i = 0; i < size && offset + i < HEADER_SIZE; i++) {
        value |= (uint64_t)header[offset + i] << (8 * i);
    }
    return value;
}

static void pci_testdev_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    TestBar *bar = opaque;
    if (offset == HEADER_TEST) {
        bar->test = (uint8_t)value;
        bar->count = 0;
    } else if (offset == place_of(bar) && size == pci_testdev_width_of(bar) && value == TEST_DATA) {
        bar->count++;
    }
}

static const MemOps testdev_ops = {.read = pci_testdev_read, .write = pci_testdev_write};

static void add_bar(PciTestdev *t, TestBar *bar, int n, PciBarType type, const char *space,
                    uint32_t size)
{
    bar->space = space;
    bar->region = (MemRegion){
        .name = "pci-testdev", .size = size, .kind = MEM_IO, .ops = &testdev_ops, .opaque = bar};
    pci_register_bar(&t->pci, n, type, &bar->region);
}

static bool pci_testdev_realize(Device *dev, GError **error)
{
    PciTestdev *t = (PciTestdev *)dev;
    add_bar(t, &t->mem, 0, PCI_BAR_MEM32, "mmio", MEM_BAR_SIZE);
    add_bar(t, &t->io, 1, PCI_BAR_IO, "portio", IO_BAR_SIZE);
    return true;
}

static void pci_testdev_reset(Device *dev)
{
    PciTestdev *t = (PciTestdev *)dev;
    t->mem.test = t->io.test = 0;
    t->mem.count = t->io.count = 0;
}

static void pci_testdev_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const StateField bar_state[] = {
    STATE_FIELD(STATE_UINT8, TestBar, test),
    STATE_FIELD(STATE_UINT32, TestBar, count),
    STATE_END,
};

static const StateField testdev_state[] = {
    PCI_STATE,
    STATE_STRUCTS(PciTestdev, mem, 1, TestBar, bar_state),
    STATE_STRUCTS(PciTestdev, io, 1, TestBar, bar_state),
    STATE_END,
};

static const PciDeviceClass testdev_pci = {
    .ids.vendor_id = TESTDEV_VENDOR,
    .ids.device_id = TESTDEV_DEVICE,
    .ids.subsystem_vendor_id = 0x1af4,
    .ids.subsystem_id = 0x1100,
    .ids.class_code = TESTDEV_CLASS,
};

const DeviceClass pci_testdev_class = {
    .name = "pci-testdev",
    .desc = "PCI device that counts writes",
    .bus = BUS_PCI,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(PciTestdev),
    .bus_props = pci_bus_props,
    .bus_class = &testdev_pci,
    .state = testdev_state,
    .realize = pci_testdev_realize,
    .reset = pci_testdev_reset,
    .restored = pci_testdev_restored,
};
