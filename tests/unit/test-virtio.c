/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI with a driver of our own against fake memory: negotiation, requests to a disk,
 * interrupts, and rings that break the rules. Also edu's DMA, which needs the same surroundings.
 */
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <unistd.h>

#include "hw/core/backends.h"
#include "hw/misc/pci_devices.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci.h"
#include "hw/virtio/virtio_devices.h"

#define RAM_SIZE   0x40000
#define DISK_SIZE  (4 * 1024 * 1024)
#define QUEUE_SIZE 8
#define DESC_AT    0x1000
#define AVAIL_AT   0x2000
#define USED_AT    0x3000
#define HEADER_AT  0x4000
#define STATUS_AT  0x5000
#define DATA_AT    0x10000
#define TABLE_AT   0x6000
#define COMMON     0x0000
#define ISR        0x1000
#define CONFIG     0x2000
#define NOTIFY     0x3000

typedef struct {
    Platform platform;
    PciBus *bus;
    Device *dev, *port;
    PciDevice *pci;
    char *file;
    uint64_t modern, legacy;
    uint8_t ram[RAM_SIZE];
    unsigned messages, accesses;
    uint64_t moved;
    uint32_t last_data;
    IrqLine line;
    bool wire;
    uint16_t avail;
} Fixture;

static MemResult ram_access(Fixture *f, uint64_t addr, size_t len)
{
    f->accesses++;
    f->moved += len;
    return addr < RAM_SIZE && len <= RAM_SIZE - addr ? MEM_OK : MEM_DECODE_ERROR;
}

static MemResult fake_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    Fixture *f = opaque;
    MemResult result = ram_access(f, addr, len);
    if (result == MEM_OK) {
        memcpy(buf, &f->ram[addr], len);
    }
    return result;
}

static MemResult fake_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                            size_t len)
{
    Fixture *f = opaque;
    MemResult result = ram_access(f, addr, len);
    if (result == MEM_OK) {
        memcpy(&f->ram[addr], buf, len);
    }
    return result;
}

static IntrResult fake_interrupt(void *opaque, const IntrMsg *msg)
{
    Fixture *f = opaque;
    f->messages++;
    f->last_data = msg->data;
    return INTR_DELIVERED;
}

static const UpstreamOps fake_ops = {fake_read, fake_write, fake_interrupt};

static Upstream fake_above(void *opaque, PciDevice *pci)
{
    return (Upstream){&fake_ops, opaque};
}

static void on_wire(void *opaque, int n, bool level)
{
    ((Fixture *)opaque)->wire = level;
}

static IrqLine *fake_intx_line(void *opaque, uint8_t devfn, int pin)
{
    return &((Fixture *)opaque)->line;
}

static void make_platform(Fixture *f)
{
    f->platform.memory = as_new("memory", 52);
    f->platform.ports = as_new("ports", 16);
    f->platform.clock = clock_new(CLOCK_MANUAL);
    f->platform.backends = backends_new();
    PciHost host = {
        .intx_line = fake_intx_line,
        .opaque = f,
        .above = fake_above,
        .memory = f->platform.memory,
        .ports = f->platform.ports,
        .translated = true,
    };
    irq_line_init(&f->line, on_wire, f, 0);
    f->bus = pci_root_bus_new("pcie.0", &host);
}

static void start_device(Fixture *f)
{
    PciAssignment how = {
        .mem32_base = 0xc0000000,
        .mem32_limit = 0xfebfffff,
        .mem64_base = 0x800000000,
        .mem64_limit = 0xfffffffff,
        .io_base = 0xc000,
        .io_limit = 0xffff,
    };
    f->pci = (PciDevice *)f->dev;
    g_assert_true(pci_bus_attach(f->bus, f->pci, NULL));
    g_assert_true(device_realize(f->dev, NULL));
    pci_device_reset(f->pci);
    device_reset(f->dev);
    pci_assign_resources(f->bus, &how);
    pci_config_write(f->bus, 0, (uint8_t)f->pci->devfn, PCI_COMMAND,
                     PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY | PCI_COMMAND_IO, 2);
    f->modern = f->pci->bars[4].mapped_at;
    f->legacy = f->pci->bars[0].mapped_at;
}

static void setup_blk(Fixture *f, gconstpointer data)
{
    make_platform(f);
    int fd = g_file_open_tmp("switchyard-XXXXXX", &f->file, NULL);
    g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
    close(fd);
    BlockOptions options = {.file = f->file};
    BlockBackend *blk = blk_open("disk", &options, NULL);
    g_assert_true(backends_add_drive(f->platform.backends, blk, NULL));
    f->dev = device_new(&virtio_blk_class, &f->platform, "blk");
    g_assert_true(device_set_prop(f->dev, "drive", "disk", NULL));
    g_assert_true(device_set_prop(f->dev, "serial", "SY-1", NULL));
    g_assert_true(device_set_prop(f->dev, "queue-size", "8", NULL));
    start_device(f);
}

static void setup_edu(Fixture *f, gconstpointer data)
{
    make_platform(f);
    f->dev = device_new(&edu_class, &f->platform, NULL);
    start_device(f);
}

static void setup_console(Fixture *f, gconstpointer data)
{
    make_platform(f);
    close(g_file_open_tmp("switchyard-XXXXXX", &f->file, NULL));
    g_autofree char *spec = g_strdup_printf("file:%s", f->file);
    Chardev *chr = chr_new_from_spec("out", spec, NULL);
    g_assert_true(backends_add_chardev(f->platform.backends, chr, NULL));
    f->dev = device_new(&virtio_serial_class, &f->platform, "vs");
    start_device(f);
    f->port = device_new(&virtconsole_class, &f->platform, "con");
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    g_assert_false(virtio_serial_plug(devices, f->port, NULL));
    g_ptr_array_add(devices, f->dev);
    g_assert_true(device_set_prop(f->port, "bus", "vs.0", NULL));
    g_assert_true(device_set_prop(f->port, "chardev", "out", NULL));
    g_assert_true(virtio_serial_plug(devices, f->port, NULL));
    g_assert_true(device_realize(f->port, NULL));
}

static void teardown(Fixture *f, gconstpointer data)
{
    device_free(f->port);
    pci_bus_detach(f->pci);
    device_free(f->dev);
    pci_bus_free(f->bus);
    backends_free(f->platform.backends);
    as_free(f->platform.memory);
    as_free(f->platform.ports);
    clock_free(f->platform.clock);
    if (f->file) {
        g_unlink(f->file);
        g_free(f->file);
    }
}

static uint64_t get(Fixture *f, uint32_t reg, unsigned size)
{
    return as_load(f->platform.memory, f->modern + reg, size, NULL);
}

static void put(Fixture *f, uint32_t reg, uint64_t value, unsigned size)
{
    as_store(f->platform.memory, f->modern + reg, value, size);
}

static uint64_t device_features(Fixture *f)
{
    put(f, VIRTIO_PCI_COMMON_DFSELECT, 0, 4);
    uint64_t features = get(f, VIRTIO_PCI_COMMON_DF, 4);
    put(f, VIRTIO_PCI_COMMON_DFSELECT, 1, 4);
    return features | get(f, VIRTIO_PCI_COMMON_DF, 4) << 32;
}

static void negotiate(Fixture *f, uint64_t features)
{
    put(f, VIRTIO_PCI_COMMON_STATUS, 0, 1);
    put(f, VIRTIO_PCI_COMMON_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER, 1);
    for (unsigned half = 0; half < 2; half++) {
        put(f, VIRTIO_PCI_COMMON_GFSELECT, half, 4);
        put(f, VIRTIO_PCI_COMMON_GF, (uint32_t)(features >> (32 * half)), 4);
    }
    put(f, VIRTIO_PCI_COMMON_STATUS, 0xb, 1);
}

static void start_queue(Fixture *f)
{
    put(f, VIRTIO_PCI_COMMON_Q_SELECT, 0, 2);
    put(f, VIRTIO_PCI_COMMON_Q_DESCLO, DESC_AT, 8);
    put(f, VIRTIO_PCI_COMMON_Q_AVAILLO, AVAIL_AT, 4);
    put(f, VIRTIO_PCI_COMMON_Q_AVAILHI, 0, 4);
    put(f, VIRTIO_PCI_COMMON_Q_USEDLO, USED_AT, 8);
    put(f, VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
    put(f, VIRTIO_PCI_COMMON_STATUS, 0xf, 1);
}

static void start_driver(Fixture *f)
{
    negotiate(f, device_features(f) & ~(1ull << VIRTIO_RING_F_EVENT_IDX));
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_STATUS, 1), ==, 0xb);
    start_queue(f);
}

static void set_desc(Fixture *f, uint32_t table, unsigned n, uint64_t addr, uint32_t len,
                     uint16_t flags, uint16_t next)
{
    struct vring_desc desc = {.addr = addr, .len = len, .flags = flags, .next = next};
    memcpy(&f->ram[table + n * sizeof(desc)], &desc, sizeof(desc));
}

static void kick(Fixture *f, uint16_t head)
{
    pci_set_word(&f->ram[AVAIL_AT + 4 + 2 * (f->avail % QUEUE_SIZE)], head);
    pci_set_word(&f->ram[AVAIL_AT + 2], ++f->avail);
    put(f, NOTIFY, 0, 2);
}

static uint8_t request(Fixture *f, uint32_t type, uint64_t sector, uint32_t len)
{
    struct virtio_blk_outhdr header = {.type = type, .sector = sector};
    memcpy(&f->ram[HEADER_AT], &header, sizeof(header));
    f->ram[STATUS_AT] = 0xff;
    uint16_t data_flags = VRING_DESC_F_NEXT | (type == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE);
    set_desc(f, DESC_AT, 0, HEADER_AT, sizeof(header), VRING_DESC_F_NEXT, len ? 1 : 2);
    set_desc(f, DESC_AT, 1, DATA_AT, len, data_flags, 2);
    set_desc(f, DESC_AT, 2, STATUS_AT, 1, VRING_DESC_F_WRITE, 0);
    kick(f, 0);
    return f->ram[STATUS_AT];
}

static uint16_t used_index(const Fixture *f)
{
    return pci_get_word(&f->ram[USED_AT + 2]);
}

static bool needs_reset(Fixture *f)
{
    return (get(f, VIRTIO_PCI_COMMON_STATUS, 1) & VIRTIO_CONFIG_S_NEEDS_RESET) != 0;
}

static void test_negotiation(Fixture *f, gconstpointer data)
{
    uint64_t features = device_features(f);
    g_assert_true(features & 1ull << VIRTIO_F_VERSION_1);
    g_assert_true(features & 1ull << VIRTIO_F_ACCESS_PLATFORM);
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_NUMQ, 2), ==, 1);
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_Q_SIZE, 2), ==, QUEUE_SIZE);
    g_assert_cmphex(get(f, CONFIG, 8), ==, DISK_SIZE / 512);
    negotiate(f, features | 1ull << 60);
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_STATUS, 1), ==, 3);
    negotiate(f, features & ~(1ull << VIRTIO_F_VERSION_1));
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_STATUS, 1), ==, 3);
    negotiate(f, features);
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_STATUS, 1), ==, 0xb);
    put(f, VIRTIO_PCI_COMMON_Q_SIZE, 3, 2); /* not a power of two */
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_Q_SIZE, 2), ==, QUEUE_SIZE);
    put(f, VIRTIO_PCI_COMMON_Q_MSIX, 9, 2); /* no such vector */
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_Q_MSIX, 2), ==, 0xffff);
    put(f, VIRTIO_PCI_COMMON_Q_SELECT, 5, 2);
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_Q_SIZE, 2), ==, 0);
}

static void test_disk(Fixture *f, gconstpointer data)
{
    start_driver(f);
    for (unsigned i = 0; i < 4096; i++) {
        f->ram[DATA_AT + i] = (uint8_t)(i * 7);
    }
    g_assert_cmpint(request(f, VIRTIO_BLK_T_OUT, 8, 4096), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpint(used_index(f), ==, 1);
    g_assert_cmpint(request(f, VIRTIO_BLK_T_FLUSH, 0, 0), ==, VIRTIO_BLK_S_OK);
    memset(&f->ram[DATA_AT], 0, 4096);
    f->accesses = 0;
    g_assert_cmpint(request(f, VIRTIO_BLK_T_IN, 8, 4096), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpint(f->accesses, <=, 16);
    g_assert_cmphex(pci_get_long(&f->ram[USED_AT + 4 + 8 * 2 + 4]), ==, 4097);
    for (unsigned i = 0; i < 4096; i++) {
        g_assert_cmphex(f->ram[DATA_AT + i], ==, (uint8_t)(i * 7));
    }
    g_assert_cmpint(request(f, VIRTIO_BLK_T_GET_ID, 0, 20), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpstr((char *)&f->ram[DATA_AT], ==, "SY-1");
    g_assert_cmpint(request(f, VIRTIO_BLK_T_IN, DISK_SIZE / 512, 512), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpint(request(f, VIRTIO_BLK_T_IN, UINT64_MAX, 512), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpint(request(f, VIRTIO_BLK_T_IN, 0, 100), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpint(request(f, 99, 0, 512), ==, VIRTIO_BLK_S_UNSUPP);
    g_assert_false(needs_reset(f));
}

static void test_indirect(Fixture *f, gconstpointer data)
{
    struct virtio_blk_outhdr header = {.type = VIRTIO_BLK_T_IN};
    start_driver(f);
    memcpy(&f->ram[HEADER_AT], &header, sizeof(header));
    set_desc(f, TABLE_AT, 0, HEADER_AT, sizeof(header), VRING_DESC_F_NEXT, 1);
    set_desc(f, TABLE_AT, 1, DATA_AT, 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
    set_desc(f, TABLE_AT, 2, STATUS_AT, 1, VRING_DESC_F_WRITE, 0);
    set_desc(f, DESC_AT, 5, TABLE_AT, 48, VRING_DESC_F_INDIRECT, 0);
    f->ram[STATUS_AT] = 0xff;
    kick(f, 5);
    g_assert_cmpint(f->ram[STATUS_AT], ==, VIRTIO_BLK_S_OK);
    g_assert_cmpint(pci_get_long(&f->ram[USED_AT + 4]), ==, 5);
    set_desc(f, TABLE_AT, 1, TABLE_AT, 48, VRING_DESC_F_INDIRECT, 0); /* nested */
    kick(f, 5);
    g_assert_true(needs_reset(f));
}

/* A request of 3 MiB, all of it from and to the same memory. */
static void set_long_request(Fixture *f, uint32_t type)
{
    enum { PARTS = 24, PART = 0x20000, AT = 0x18000 };
    struct virtio_blk_outhdr header = {.type = type};
    uint16_t flags = VRING_DESC_F_NEXT | (type == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE);
    memcpy(&f->ram[HEADER_AT], &header, sizeof(header));
    set_desc(f, TABLE_AT, 0, HEADER_AT, sizeof(header), VRING_DESC_F_NEXT, 1);
    for (unsigned i = 1; i <= PARTS; i++) {
        set_desc(f, TABLE_AT, i, AT, PART, flags, (uint16_t)(i + 1));
    }
    set_desc(f, TABLE_AT, PARTS + 1, STATUS_AT, 1, VRING_DESC_F_WRITE, 0);
    set_desc(f, DESC_AT, 5, TABLE_AT, (PARTS + 2) * 16, VRING_DESC_F_INDIRECT, 0);
    f->ram[STATUS_AT] = 0xff;
    f->moved = 0;
}

/* What a register access may move, with what it reads of rings. */
#define SLICE_BYTES (1100u * 1024)

static void test_slices(Fixture *f, gconstpointer data)
{
    start_driver(f);
    for (unsigned i = 0; i < 2; i++) {
        set_long_request(f, i ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT);
        kick(f, 5);
        g_assert_cmpuint(f->moved, <, SLICE_BYTES);
        g_assert_cmphex(f->ram[STATUS_AT], ==, 0xff);
        g_assert_cmpuint(used_index(f), ==, i);
        clock_run(f->platform.clock);
        g_assert_cmpuint(f->moved, >=, 3 << 20);
        g_assert_cmphex(f->ram[STATUS_AT], ==, VIRTIO_BLK_S_OK);
        g_assert_cmpuint(used_index(f), ==, i + 1);
    }
    g_assert_cmphex(pci_get_long(&f->ram[USED_AT + 4 + 8 + 4]), ==, (3 << 20) + 1);
    g_assert_false(needs_reset(f));
}

/* A ring full of them: a notification begins the first. */
static void test_slices_of_many(Fixture *f, gconstpointer data)
{
    start_driver(f);
    set_long_request(f, VIRTIO_BLK_T_OUT);
    for (unsigned i = 0; i < QUEUE_SIZE; i++) {
        pci_set_word(&f->ram[AVAIL_AT + 4 + 2 * i], 5);
    }
    f->avail = QUEUE_SIZE - 1;
    kick(f, 5);
    g_assert_cmpuint(f->moved, <, SLICE_BYTES);
    clock_run(f->platform.clock);
    g_assert_cmpuint(used_index(f), ==, QUEUE_SIZE);
    g_assert_cmpuint(f->moved, >=, (uint64_t)QUEUE_SIZE * (3 << 20));
}

/* What had begun is over, and what follows begins at its front. */
static void test_reset_between_slices(Fixture *f, gconstpointer data)
{
    start_driver(f);
    set_long_request(f, VIRTIO_BLK_T_OUT);
    kick(f, 5);
    put(f, VIRTIO_PCI_COMMON_STATUS, 0, 1);
    f->moved = 0;
    clock_run(f->platform.clock);
    g_assert_cmpuint(f->moved, ==, 0);
    g_assert_cmpuint(used_index(f), ==, 0);
    f->avail = 0;
    start_driver(f);
    g_assert_cmpint(request(f, VIRTIO_BLK_T_OUT, 8, 4096), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpuint(f->moved, >, 4096);
}

static void test_intx(Fixture *f, gconstpointer data)
{
    start_driver(f);
    request(f, VIRTIO_BLK_T_FLUSH, 0, 0);
    g_assert_true(f->wire);
    g_assert_cmphex(get(f, ISR, 1), ==, 1);
    g_assert_false(f->wire);
    g_assert_cmphex(get(f, ISR, 1), ==, 0);
    pci_set_word(&f->ram[AVAIL_AT], VRING_AVAIL_F_NO_INTERRUPT);
    request(f, VIRTIO_BLK_T_FLUSH, 0, 0);
    g_assert_false(f->wire);
}

static void test_msix(Fixture *f, gconstpointer data)
{
    uint8_t cap = f->pci->msix.cap;
    uint64_t table = f->pci->bars[1].mapped_at;
    as_store(f->platform.memory, table + 16, 0xfee00000, 8);
    as_store(f->platform.memory, table + 24, 0x41, 4);
    as_store(f->platform.memory, table + 28, 0, 4);
    pci_config_write(f->bus, 0, (uint8_t)f->pci->devfn, cap + 2, PCI_MSIX_FLAGS_ENABLE, 2);
    negotiate(f, device_features(f));
    put(f, VIRTIO_PCI_COMMON_Q_SELECT, 0, 2);
    put(f, VIRTIO_PCI_COMMON_Q_MSIX, 1, 2);
    start_queue(f);
    request(f, VIRTIO_BLK_T_FLUSH, 0, 0); /* used_event is 0: wants the first */
    g_assert_cmpuint(f->messages, ==, 1);
    g_assert_cmphex(f->last_data, ==, 0x41);
    g_assert_false(f->wire);
    request(f, VIRTIO_BLK_T_FLUSH, 0, 0); /* and not the second */
    g_assert_cmpuint(f->messages, ==, 1);
    g_assert_cmpuint(pci_get_word(&f->ram[USED_AT + 4 + 8 * QUEUE_SIZE]), ==, 2);
}

static void test_bad_rings(Fixture *f, gconstpointer data)
{
    start_driver(f);
    set_desc(f, DESC_AT, 0, HEADER_AT, 16, VRING_DESC_F_NEXT, 1);
    set_desc(f, DESC_AT, 1, HEADER_AT, 16, VRING_DESC_F_NEXT, 0); /* a loop */
    kick(f, 0);
    g_assert_true(needs_reset(f));
    g_assert_true(f->wire); /* the driver is told */
    f->avail = 0;
    memset(f->ram, 0, RAM_SIZE);
    start_driver(f);
    g_assert_false(needs_reset(f));
    kick(f, QUEUE_SIZE); /* no such descriptor */
    g_assert_true(needs_reset(f));
    f->avail = 100;
    start_driver(f);
    kick(f, 0); /* more available than the queue has */
    g_assert_true(needs_reset(f));
    memset(f->ram, 0, RAM_SIZE);
    f->avail = 0;
    start_driver(f);
    set_desc(f, DESC_AT, 0, 0x4000000000, 16, 0, 0); /* not memory */
    kick(f, 0);
    g_assert_true(needs_reset(f));
    put(f, VIRTIO_PCI_COMMON_STATUS, 0, 1);
    g_assert_cmphex(get(f, VIRTIO_PCI_COMMON_STATUS, 1), ==, 0);
}

/* Chains that would do as requests, but for one rule of 2.6.4.2 or 2.6.5.3. */
static void test_bad_chains(Fixture *f, gconstpointer data)
{
    enum { READ_LAST, INDIRECT_NEXT, NESTED, TOO_MANY, GOOD, CHAINS };
    const uint16_t write = VRING_DESC_F_WRITE, next = VRING_DESC_F_NEXT,
                   indirect = VRING_DESC_F_INDIRECT;
    for (unsigned i = 0; i < CHAINS; i++) {
        struct virtio_blk_outhdr header = {.type = VIRTIO_BLK_T_IN};
        memset(f->ram, 0, RAM_SIZE);
        f->avail = 0;
        start_driver(f);
        memcpy(&f->ram[HEADER_AT], &header, sizeof(header));
        f->ram[STATUS_AT] = 0xff;
        set_desc(f, TABLE_AT, 0, HEADER_AT, sizeof(header), next, 1);
        set_desc(f, TABLE_AT, 1, DATA_AT, 512, next | write, 2);
        set_desc(f, TABLE_AT, 2, i == READ_LAST ? HEADER_AT : STATUS_AT, 1,
                 i == READ_LAST ? next : write | (i == NESTED ? indirect : 0), 3);
        set_desc(f, TABLE_AT, 3, STATUS_AT, 1, write, 0);
        set_desc(f, DESC_AT, 0, TABLE_AT, 4 * sizeof(struct vring_desc),
                 indirect | (i == INDIRECT_NEXT ? next : 0), 1);
        /* Every place of the ring names the chain; so does one more than it has. */
        f->avail = i == TOO_MANY ? QUEUE_SIZE : 0;
        kick(f, 0);
        g_test_message("chain %u", i);
        g_assert_cmpint(needs_reset(f), ==, i != GOOD);
        g_assert_cmphex(f->ram[STATUS_AT], ==, i == GOOD ? VIRTIO_BLK_S_OK : 0xff);
    }
}

static void test_unmapped_data(Fixture *f, gconstpointer data)
{
    struct virtio_blk_outhdr header = {.type = VIRTIO_BLK_T_IN};
    start_driver(f);
    memcpy(&f->ram[HEADER_AT], &header, sizeof(header));
    set_desc(f, DESC_AT, 0, HEADER_AT, sizeof(header), VRING_DESC_F_NEXT, 1);
    set_desc(f, DESC_AT, 1, 0x5000000000, 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
    set_desc(f, DESC_AT, 2, STATUS_AT, 1, VRING_DESC_F_WRITE, 0);
    kick(f, 0);
    g_assert_cmpint(f->ram[STATUS_AT], ==, VIRTIO_BLK_S_IOERR);
}

static void legacy_put(Fixture *f, uint32_t reg, uint32_t value, unsigned size)
{
    as_store(f->platform.ports, f->legacy + reg, value, size);
}

static uint32_t legacy_get(Fixture *f, uint32_t reg, unsigned size)
{
    return (uint32_t)as_load(f->platform.ports, f->legacy + reg, size, NULL);
}

/* The legacy interface: one page number for the whole ring. */
static void test_legacy(Fixture *f, gconstpointer data)
{
    struct virtio_blk_outhdr header = {.type = VIRTIO_BLK_T_GET_ID};
    const uint32_t avail = DESC_AT + QUEUE_SIZE * 16;
    g_assert_cmphex(f->pci->config[PCI_DEVICE_ID], ==, 0x01);
    g_assert_cmpuint(legacy_get(f, VIRTIO_PCI_CONFIG_OFF(false), 4), ==, DISK_SIZE / 512);
    legacy_put(f, VIRTIO_PCI_STATUS, 3, 1);
    legacy_put(f, VIRTIO_PCI_GUEST_FEATURES, 0, 4);
    legacy_put(f, VIRTIO_PCI_QUEUE_SEL, 0, 2);
    g_assert_cmpuint(legacy_get(f, VIRTIO_PCI_QUEUE_NUM, 2), ==, QUEUE_SIZE);
    legacy_put(f, VIRTIO_PCI_QUEUE_PFN, DESC_AT >> 12, 4);
    legacy_put(f, VIRTIO_PCI_STATUS, 7, 1);
    memcpy(&f->ram[HEADER_AT], &header, sizeof(header));
    set_desc(f, DESC_AT, 0, HEADER_AT, sizeof(header), VRING_DESC_F_NEXT, 1);
    set_desc(f, DESC_AT, 1, DATA_AT, 20, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
    set_desc(f, DESC_AT, 2, STATUS_AT, 1, VRING_DESC_F_WRITE, 0);
    pci_set_word(&f->ram[avail + 2], 1);
    legacy_put(f, VIRTIO_PCI_QUEUE_NOTIFY, 0, 2);
    g_assert_cmpstr((char *)&f->ram[DATA_AT], ==, "SY-1");
    g_assert_cmpint(pci_get_word(&f->ram[0x2000 + 2]), ==, 1);
    g_assert_true(f->wire);
    g_assert_cmpuint(legacy_get(f, VIRTIO_PCI_ISR, 1), ==, 1);
    g_assert_false(f->wire);
}

static void console_queue(Fixture *f, unsigned n, uint32_t ring)
{
    put(f, VIRTIO_PCI_COMMON_Q_SELECT, n, 2);
    put(f, VIRTIO_PCI_COMMON_Q_SIZE, QUEUE_SIZE, 2);
    put(f, VIRTIO_PCI_COMMON_Q_DESCLO, ring, 8);
    put(f, VIRTIO_PCI_COMMON_Q_AVAILLO, ring + 0x400, 8);
    put(f, VIRTIO_PCI_COMMON_Q_USEDLO, ring + 0x800, 8);
    put(f, VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
}

static void console_submit(Fixture *f, unsigned n, uint32_t ring, uint64_t addr, uint32_t len,
                           uint16_t flags)
{
    uint16_t index = pci_get_word(&f->ram[ring + 0x402]);
    set_desc(f, ring, index % QUEUE_SIZE, addr, len, flags, 0);
    pci_set_word(&f->ram[ring + 0x404 + 2 * (index % QUEUE_SIZE)], index % QUEUE_SIZE);
    pci_set_word(&f->ram[ring + 0x402], (uint16_t)(index + 1));
    put(f, NOTIFY + 4 * n, n, 2);
}

static void test_console(Fixture *f, gconstpointer data)
{
    const uint32_t in = 0x20000, out = 0x21000, tx = 0x22000;
    g_autofree char *text = NULL;
    uint8_t *sent = &f->ram[HEADER_AT], *got = &f->ram[DATA_AT];
    negotiate(f, device_features(f) & ~(1ull << VIRTIO_RING_F_EVENT_IDX));
    g_assert_cmpuint(get(f, CONFIG + 4, 4), ==, 31);
    console_queue(f, 2, in);
    console_queue(f, 3, out);
    console_queue(f, 1, tx);
    put(f, VIRTIO_PCI_COMMON_STATUS, 0xf, 1);
    console_submit(f, 2, in, DATA_AT, 64, VRING_DESC_F_WRITE);
    console_submit(f, 2, in, DATA_AT + 64, 64, VRING_DESC_F_WRITE);
    pci_set_word(sent + 4, VIRTIO_CONSOLE_DEVICE_READY);
    pci_set_word(sent + 6, 1);
    console_submit(f, 3, out, HEADER_AT, 8, 0);
    g_assert_cmpuint(pci_get_word(got + 4), ==, VIRTIO_CONSOLE_PORT_ADD);
    pci_set_word(sent + 4, VIRTIO_CONSOLE_PORT_READY);
    console_submit(f, 3, out, HEADER_AT, 8, 0);
    g_assert_cmpuint(pci_get_word(got + 64 + 4), ==, VIRTIO_CONSOLE_CONSOLE_PORT);
    console_submit(f, 2, in, DATA_AT, 64, VRING_DESC_F_WRITE); /* what had no buffer yet */
    g_assert_cmpuint(pci_get_word(got + 4), ==, VIRTIO_CONSOLE_PORT_OPEN);
    memcpy(sent, "hello", 5);
    console_submit(f, 1, tx, HEADER_AT, 5, 0);
    put(f, CONFIG + 8, '!', 4);
    g_assert_true(g_file_get_contents(f->file, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "hello!");
    g_assert_false(needs_reset(f));
}

/* Nothing is lost of more than a slice's worth. */
static void test_console_slices(Fixture *f, gconstpointer data)
{
    const uint32_t tx = 0x22000, len = 0x30000, at = 0x10000, parts = 4;
    g_autofree char *text = NULL;
    gsize written;
    negotiate(f, device_features(f) & ~(1ull << VIRTIO_RING_F_EVENT_IDX));
    console_queue(f, 1, tx);
    put(f, VIRTIO_PCI_COMMON_STATUS, 0xf, 1);
    for (unsigned i = 0; i < parts; i++) {
        set_desc(f, TABLE_AT, i, at, len, i + 1 < parts ? VRING_DESC_F_NEXT : 0, (uint16_t)(i + 1));
    }
    f->moved = 0;
    console_submit(f, 1, tx, TABLE_AT, parts * 16, VRING_DESC_F_INDIRECT);
    g_assert_cmpuint(f->moved, <, 128 * 1024);
    clock_run(f->platform.clock);
    g_assert_true(g_file_get_contents(f->file, &text, &written, NULL));
    g_assert_cmpuint(written, ==, len * parts);
    g_assert_false(needs_reset(f));
}

static void test_edu(Fixture *f, gconstpointer data)
{
    AddressSpace *mem = f->platform.memory;
    uint64_t bar = f->legacy;
    g_assert_cmphex(as_load(mem, bar, 4, NULL), ==, 0x010000ed);
    as_store(mem, bar + 4, 0x12345678, 4);
    g_assert_cmphex(as_load(mem, bar + 4, 4, NULL), ==, ~0x12345678u);
    as_store(mem, bar + 0x20, 0x80, 4);
    as_store(mem, bar + 8, 5, 4);
    g_assert_cmphex(as_load(mem, bar + 8, 4, NULL), ==, 120);
    g_assert_cmphex(as_load(mem, bar + 0x24, 4, NULL), ==, 1);
    g_assert_true(f->wire);
    as_store(mem, bar + 0x64, 1, 4);
    g_assert_false(f->wire);
    f->ram[DATA_AT] = 0xab;
    as_store(mem, bar + 0x80, DATA_AT, 8);
    as_store(mem, bar + 0x88, 0x40000, 8);
    as_store(mem, bar + 0x90, 16, 8);
    as_store(mem, bar + 0x98, 5, 4);
    g_assert_cmphex(as_load(mem, bar + 0x98, 4, NULL), ==, 5);
    clock_advance_to(f->platform.clock, 200 * NS_PER_MS);
    g_assert_cmphex(as_load(mem, bar + 0x98, 4, NULL), ==, 4);
    g_assert_cmphex(as_load(mem, bar + 0x24, 4, NULL), ==, 0x100);
    as_store(mem, bar + 0x80, 0x40000, 8);
    as_store(mem, bar + 0x88, 0xf0000000ull + DATA_AT + 64, 8); /* above the 28-bit mask */
    as_store(mem, bar + 0x98, 3, 4);
    clock_advance_to(f->platform.clock, 400 * NS_PER_MS);
    g_assert_cmphex(f->ram[DATA_AT + 64], ==, 0xab);
    as_store(mem, bar + 0x90, UINT64_MAX, 8); /* outside the buffer */
    as_store(mem, bar + 0x98, 3, 4);
    clock_advance_to(f->platform.clock, 600 * NS_PER_MS);
    g_assert_cmphex(as_load(mem, bar + 0x98, 4, NULL), ==, 2);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/virtio/negotiation", test_negotiation},
        {"/virtio/disk", test_disk},
        {"/virtio/indirect", test_indirect},
        {"/virtio/slices", test_slices},
        {"/virtio/slices-of-many", test_slices_of_many},
        {"/virtio/reset-between-slices", test_reset_between_slices},
        {"/virtio/intx", test_intx},
        {"/virtio/msix", test_msix},
        {"/virtio/bad-rings", test_bad_rings},
        {"/virtio/bad-chains", test_bad_chains},
        {"/virtio/unmapped-data", test_unmapped_data},
        {"/virtio/legacy", test_legacy},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup_blk, tests[i].test, teardown);
    }
    g_test_add("/virtio/console", Fixture, NULL, setup_console, test_console, teardown);
    g_test_add("/virtio/console-slices", Fixture, NULL, setup_console, test_console_slices,
               teardown);
    g_test_add("/edu/registers", Fixture, NULL, setup_edu, test_edu, teardown);
    return g_test_run();
}
