/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk-pci with a modern driver in the test (Virtio 1.1, 4.1 and 5.2): read, write, flush,
 * identity and bad requests; the same with the VT-d unit in between, where the driver's addresses
 * are its own and what is not mapped is blocked and recorded.
 */
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "vtd-lib.h"

#define DEVFN      (5 << 3)
#define SECTORS    64
#define QUEUE_SIZE 8
#define MEMORY     0x600000ull /* what the driver owns, 16 pages */
#define PAGES      16
#define DESC_AT    0x0000
#define AVAIL_AT   0x1000
#define USED_AT    0x2000
#define HEADER_AT  0x3000
#define STATUS_AT  0x3800
#define DATA_AT    0x4000
#define UNTOUCHED  0xee

typedef struct {
    Vtd *v;
    QTest *qts;
    char *file;
    uint64_t common, notify, config;
    uint64_t iova; /* where the device sees MEMORY */
    uint16_t avail;
} Disk;

static uint64_t find_structure(QTest *qts, uint8_t type)
{
    uint8_t at = (uint8_t)qtest_pci_config_read(qts, 0, DEVFN, PCI_CAPABILITY_LIST, 1);
    while (at != 0) {
        if (qtest_pci_config_read(qts, 0, DEVFN, at, 1) == PCI_CAP_ID_VNDR &&
            qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 3), 1) == type) {
            break;
        }
        at = (uint8_t)qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 1), 1);
    }
    g_assert_cmpuint(at, !=, 0);
    uint32_t bar = qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 4), 1);
    uint8_t reg = (uint8_t)(PCI_BASE_ADDRESS_0 + 4 * bar);
    uint64_t base = qtest_pci_config_read(qts, 0, DEVFN, reg, 4);
    if (base & PCI_BASE_ADDRESS_MEM_TYPE_64) {
        base |= (uint64_t)qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(reg + 4), 4) << 32;
    }
    return (base & ~0xfull) + qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 8), 4);
}

static void set_up_queue(Disk *d)
{
    qtest_writew(d->qts, d->common + VIRTIO_PCI_COMMON_Q_SELECT, 0);
    qtest_writew(d->qts, d->common + VIRTIO_PCI_COMMON_Q_SIZE, QUEUE_SIZE);
    qtest_writel(d->qts, d->common + VIRTIO_PCI_COMMON_Q_DESCLO, (uint32_t)(d->iova + DESC_AT));
    qtest_writel(d->qts, d->common + VIRTIO_PCI_COMMON_Q_AVAILLO, (uint32_t)(d->iova + AVAIL_AT));
    qtest_writel(d->qts, d->common + VIRTIO_PCI_COMMON_Q_USEDLO, (uint32_t)(d->iova + USED_AT));
    qtest_writew(d->qts, d->common + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
}

static void negotiate(Disk *d)
{
    uint64_t c = d->common;
    qtest_writeb(d->qts, c + VIRTIO_PCI_COMMON_STATUS, 0);
    qtest_writeb(d->qts, c + VIRTIO_PCI_COMMON_STATUS, 3);
    for (uint32_t i = 0; i < 2; i++) {
        qtest_writel(d->qts, c + VIRTIO_PCI_COMMON_DFSELECT, i);
        uint32_t offered = qtest_readl(d->qts, c + VIRTIO_PCI_COMMON_DF);
        qtest_writel(d->qts, c + VIRTIO_PCI_COMMON_GFSELECT, i);
        qtest_writel(d->qts, c + VIRTIO_PCI_COMMON_GF,
                     offered & (i == 1 ? 3 : 1u << VIRTIO_BLK_F_FLUSH));
    }
    qtest_writeb(d->qts, c + VIRTIO_PCI_COMMON_STATUS, 11);
    g_assert_cmphex(qtest_readb(d->qts, c + VIRTIO_PCI_COMMON_STATUS), ==, 11);
    set_up_queue(d);
    qtest_writeb(d->qts, c + VIRTIO_PCI_COMMON_STATUS, 15);
}

static Disk *start(const char *props)
{
    Disk *d = g_new0(Disk, 1);
    uint8_t image[SECTORS * 512];
    GError *error = NULL;
    int fd = g_file_open_tmp("disk-XXXXXX", &d->file, &error);
    g_assert_no_error(error);
    g_close(fd, NULL);
    for (size_t i = 0; i < sizeof(image); i++) {
        image[i] = (uint8_t)(i / 512 + i);
    }
    g_assert_true(g_file_set_contents(d->file, (char *)image, sizeof(image), NULL));
    g_autofree char *all =
        g_strdup_printf(" -drive file=%s,if=none,id=d,format=raw "
                        "-device virtio-blk-pci,drive=d,addr=5,disable-legacy=on,serial=switch%s",
                        d->file, props);
    d->v = vtd_start(all, 1, true);
    d->qts = d->v->qts;
    d->iova = MEMORY;
    qtest_pci_config_write(d->qts, 0, DEVFN, PCI_COMMAND, 6, 2);
    d->common = find_structure(d->qts, VIRTIO_PCI_CAP_COMMON_CFG);
    d->notify = find_structure(d->qts, VIRTIO_PCI_CAP_NOTIFY_CFG);
    d->config = find_structure(d->qts, VIRTIO_PCI_CAP_DEVICE_CFG);
    return d;
}

static void stop(Disk *d)
{
    vtd_stop(d->v);
    g_unlink(d->file);
    g_free(d->file);
    g_free(d);
}

static void put_desc(Disk *d, unsigned n, uint64_t addr, uint32_t len, uint16_t flags)
{
    struct vring_desc desc = {addr, len, flags, (uint16_t)(n + 1)};
    qtest_memwrite(d->qts, MEMORY + DESC_AT + n * sizeof(desc), &desc, sizeof(desc));
}

static void kick(Disk *d)
{
    qtest_writew(d->qts, MEMORY + AVAIL_AT + 4 + 2u * (d->avail % QUEUE_SIZE), 0);
    qtest_writew(d->qts, MEMORY + AVAIL_AT + 2, ++d->avail);
    qtest_writew(d->qts, d->notify, 0);
    qtest_clock_step(d->qts, 1000000);
}

static uint16_t used(Disk *d)
{
    return qtest_readw(d->qts, MEMORY + USED_AT + 2);
}

/* Header, data where there is any, status; the status byte, UNTOUCHED if nothing was answered. */
static uint8_t request(Disk *d, uint32_t type, uint64_t sector, uint64_t data, uint32_t len)
{
    struct virtio_blk_outhdr header = {.type = type, .sector = sector};
    uint16_t to_device = type == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE;
    unsigned n = 0;
    qtest_memwrite(d->qts, MEMORY + HEADER_AT, &header, sizeof(header));
    qtest_writeb(d->qts, MEMORY + STATUS_AT, UNTOUCHED);
    put_desc(d, n++, d->iova + HEADER_AT, sizeof(header), VRING_DESC_F_NEXT);
    if (len) {
        put_desc(d, n++, data, len, VRING_DESC_F_NEXT | to_device);
    }
    put_desc(d, n, d->iova + STATUS_AT, 1, VRING_DESC_F_WRITE);
    kick(d);
    return qtest_readb(d->qts, MEMORY + STATUS_AT);
}

static void check_transfers(Disk *d)
{
    uint8_t data[1024], back[1024];
    uint64_t at = d->iova + DATA_AT;
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, 3, at, 512), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpuint(used(d), ==, d->avail);
    uint64_t element = MEMORY + USED_AT + 4 + 8u * ((d->avail - 1u) % QUEUE_SIZE);
    g_assert_cmpuint(qtest_readl(d->qts, element + 4), ==, 513);
    qtest_memread(d->qts, MEMORY + DATA_AT, data, 512);
    for (unsigned i = 0; i < 512; i++) {
        g_assert_cmphex(data[i], ==, (uint8_t)(3 + i));
    }
    memset(data, 0xa5, sizeof(data));
    qtest_memwrite(d->qts, MEMORY + DATA_AT, data, sizeof(data));
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_OUT, 62, at, 1024), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_FLUSH, 0, 0, 0), ==, VIRTIO_BLK_S_OK);
    g_autofree char *image = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(d->file, &image, &len, NULL));
    g_assert_cmpmem(image + 62 * 512, 1024, data, 1024);
    qtest_memset(d->qts, MEMORY + DATA_AT, 0, 1024);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, 62, at, 1024), ==, VIRTIO_BLK_S_OK);
    qtest_memread(d->qts, MEMORY + DATA_AT, back, 1024);
    g_assert_cmpmem(back, 1024, data, 1024);
}

static void test_requests(void)
{
    Disk *d = start("");
    char id[VIRTIO_BLK_ID_BYTES + 1] = "";
    g_assert_cmphex(qtest_pci_config_read(d->qts, 0, DEVFN, 0, 4), ==, 0x10421af4);
    g_assert_cmpuint(qtest_readq(d->qts, d->config), ==, SECTORS);
    negotiate(d);
    check_transfers(d);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_GET_ID, 0, d->iova + DATA_AT, 20), ==, 0);
    qtest_memread(d->qts, MEMORY + DATA_AT, id, VIRTIO_BLK_ID_BYTES);
    g_assert_cmpstr(id, ==, "switch");
    stop(d);
}

static void test_bad_requests(void)
{
    Disk *d = start("");
    uint64_t at = d->iova + DATA_AT;
    negotiate(d);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, SECTORS, at, 512), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, SECTORS - 1, at, 1024), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_OUT, UINT64_MAX, at, 512), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, 0, at, 100), ==, VIRTIO_BLK_S_IOERR);
    g_assert_cmpuint(request(d, 0x7777, 0, at, 512), ==, VIRTIO_BLK_S_UNSUPP);
    check_transfers(d);
    /* Without bus mastering nothing is fetched. */
    qtest_pci_config_write(d->qts, 0, DEVFN, PCI_COMMAND, 2, 2);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, 0, at, 512), ==, UNTOUCHED);
    /* A reset brings it back, whatever it made of that. */
    qtest_pci_config_write(d->qts, 0, DEVFN, PCI_COMMAND, 6, 2);
    qtest_memset(d->qts, MEMORY, 0, 0x3000);
    d->avail = 0;
    negotiate(d);
    g_assert_cmpuint(request(d, VIRTIO_BLK_T_IN, 0, at, 512), ==, VIRTIO_BLK_S_OK);
    stop(d);
}

/* Four levels (VT-d 3.7) that show the device MEMORY at `iova`. */
static void map_memory(Disk *d, uint64_t iova)
{
    QTest *qts = d->qts;
    d->iova = iova;
    qtest_writeq(qts, AT_ROOT, AT_CTX | 1);
    qtest_writeq(qts, AT_CTX + DEVFN * 16, AT_SS | 1);
    qtest_writeq(qts, AT_CTX + DEVFN * 16 + 8, 1 << 8 | 2);
    for (unsigned level = 0; level < 3; level++) {
        qtest_writeq(qts, AT_SS + level * 0x1000, (AT_SS + (level + 1) * 0x1000) | 3);
    }
    for (unsigned i = 0; i < PAGES; i++) {
        qtest_writeq(qts, AT_SS + 0x3000 + ((iova >> 12) + i) * 8, (MEMORY + i * 0x1000) | 3);
    }
    vtd_queue_on(d->v, 0, false);
    vtd_set_root(d->v, AT_ROOT);
    vtd_flush_dma(d->v);
    vtd_command(d->v, TE, true);
}

static void test_translated(void)
{
    Disk *d = start(",iommu_platform=on");
    map_memory(d, 0x20000);
    negotiate(d);
    check_transfers(d);
    vtd_expect_no_fault(d->v);
    stop(d);
}

static void test_blocked(void)
{
    enum { WRITE_REFUSED = 5, READ_REFUSED = 6 };
    Disk *d = start(",iommu_platform=on");
    map_memory(d, 0x20000);
    negotiate(d);
    qtest_memset(d->qts, 0x50000, 0x11, 512);
    request(d, VIRTIO_BLK_T_IN, 0, 0x50000, 512);
    vtd_expect_fault(d->v, WRITE_REFUSED, DEVFN, 0x50000);
    g_assert_cmphex(qtest_readl(d->qts, 0x50000), ==, 0x11111111);
    qtest_memset(d->qts, MEMORY, 0, 0x3000);
    d->avail = 0;
    negotiate(d);
    request(d, VIRTIO_BLK_T_OUT, 5, 0x51000, 512);
    vtd_expect_fault(d->v, READ_REFUSED, DEVFN, 0x51000);
    qtest_memset(d->qts, MEMORY, 0, 0x3000);
    d->avail = 0;
    negotiate(d);
    check_transfers(d);
    stop(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-blk/requests", test_requests);
    g_test_add_func("/virtio-blk/bad-requests", test_bad_requests);
    g_test_add_func("/virtio-blk/translated", test_translated);
    g_test_add_func("/virtio-blk/blocked", test_blocked);
    return g_test_run();
}
