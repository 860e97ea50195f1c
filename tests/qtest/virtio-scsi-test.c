/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-scsi-pci with a modern driver in the test (Virtio 1.1, 5.6): commands of disks and CD-ROM
 * drives, task management, events of units that come and go, and what is nobody's.
 */
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>
#include <string.h>

#include "libqtest.h"

#define DEVFN      (5 << 3)
#define BAR        0xfe000000u
#define SECTORS    64
#define QUEUE_SIZE 8
#define RING       0x600000ull /* of queue n: RING + n * 0x4000, in three pages */
#define REQUEST    0x620000ull
#define RESPONSE   0x621000ull
#define DATA       0x622000ull
#define EVENTS     0x630000ull
#define UNTOUCHED  0xee

enum { CONTROL, EVENT, REQUESTS };
enum { GOOD = 0, CHECK_CONDITION = 2 };

typedef struct {
    QTest *qts;
    char *file[2];
    uint64_t common, notify, config;
    uint32_t notify_step;
    uint16_t avail[3];
    struct virtio_scsi_cmd_resp answer;
} Bus;

static uint64_t structure_at(Bus *b, uint8_t type)
{
    uint8_t at = (uint8_t)qtest_pci_config_read(b->qts, 0, DEVFN, PCI_CAPABILITY_LIST, 1);
    while (at && (qtest_pci_config_read(b->qts, 0, DEVFN, at, 1) != PCI_CAP_ID_VNDR ||
                  qtest_pci_config_read(b->qts, 0, DEVFN, (uint8_t)(at + 3), 1) != type)) {
        at = (uint8_t)qtest_pci_config_read(b->qts, 0, DEVFN, (uint8_t)(at + 1), 1);
    }
    g_assert_cmpuint(at, !=, 0);
    if (type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
        b->notify_step = qtest_pci_config_read(b->qts, 0, DEVFN, (uint8_t)(at + 16), 4);
    }
    return BAR + qtest_pci_config_read(b->qts, 0, DEVFN, (uint8_t)(at + 8), 4);
}

static void set_up_rings(Bus *b)
{
    for (uint16_t n = 0; n < 3; n++) {
        uint32_t at = (uint32_t)RING + n * 0x4000u;
        qtest_writew(b->qts, b->common + VIRTIO_PCI_COMMON_Q_SELECT, n);
        qtest_writew(b->qts, b->common + VIRTIO_PCI_COMMON_Q_SIZE, QUEUE_SIZE);
        qtest_writel(b->qts, b->common + VIRTIO_PCI_COMMON_Q_DESCLO, at);
        qtest_writel(b->qts, b->common + VIRTIO_PCI_COMMON_Q_AVAILLO, at + 0x1000);
        qtest_writel(b->qts, b->common + VIRTIO_PCI_COMMON_Q_USEDLO, at + 0x2000);
        qtest_writew(b->qts, b->common + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
    }
}

static void drive_adapter(Bus *b)
{
    uint64_t c = b->common;
    const uint32_t features[2] = {1u << VIRTIO_SCSI_F_HOTPLUG, 1};
    qtest_writeb(b->qts, c + VIRTIO_PCI_COMMON_STATUS, 0);
    qtest_writeb(b->qts, c + VIRTIO_PCI_COMMON_STATUS, 3);
    for (uint32_t i = 0; i < 2; i++) {
        qtest_writel(b->qts, c + VIRTIO_PCI_COMMON_GFSELECT, i);
        qtest_writel(b->qts, c + VIRTIO_PCI_COMMON_GF, features[i]);
    }
    qtest_writeb(b->qts, c + VIRTIO_PCI_COMMON_STATUS, 11);
    g_assert_cmphex(qtest_readb(b->qts, c + VIRTIO_PCI_COMMON_STATUS), ==, 11);
    set_up_rings(b);
    qtest_writeb(b->qts, c + VIRTIO_PCI_COMMON_STATUS, 15);
}

static char *make_image(size_t size)
{
    char *name = NULL;
    GError *error = NULL;
    g_autofree char *bytes = g_malloc(size);
    int fd = g_file_open_tmp("disk-XXXXXX", &name, &error);
    g_assert_no_error(error);
    g_close(fd, NULL);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i / 512 + i);
    }
    g_assert_true(g_file_set_contents(name, bytes, (gssize)size, NULL));
    return name;
}

/* A disk as unit 0 and a CD-ROM drive as unit 2 of target 3. */
static Bus *start_bus_with(unsigned sectors)
{
    Bus *b = g_new0(Bus, 1);
    b->file[0] = make_image(sectors * 512);
    b->file[1] = make_image(SECTORS * 512);
    b->qts = qtest_initf("-machine q35 -m 16M -device virtio-scsi-pci,addr=5,disable-legacy=on "
                         "-drive file=%s,format=raw,if=none,id=d "
                         "-drive file=%s,format=raw,if=none,id=c,media=cdrom "
                         "-device scsi-hd,drive=d,bus=scsi.0,scsi-id=3,serial=switch "
                         "-device scsi-cd,id=cd,drive=c,bus=scsi.0,scsi-id=3,lun=2",
                         b->file[0], b->file[1]);
    qtest_pci_config_write(b->qts, 0, DEVFN, PCI_BASE_ADDRESS_4, BAR, 4);
    qtest_pci_config_write(b->qts, 0, DEVFN, PCI_BASE_ADDRESS_5, 0, 4);
    qtest_pci_config_write(b->qts, 0, DEVFN, PCI_COMMAND, 6, 2);
    b->common = structure_at(b, VIRTIO_PCI_CAP_COMMON_CFG);
    b->notify = structure_at(b, VIRTIO_PCI_CAP_NOTIFY_CFG);
    b->config = structure_at(b, VIRTIO_PCI_CAP_DEVICE_CFG);
    drive_adapter(b);
    return b;
}

static Bus *start_bus(void)
{
    return start_bus_with(SECTORS);
}

static void stop_bus(Bus *b)
{
    qtest_quit(b->qts);
    for (int i = 0; i < 2; i++) {
        g_unlink(b->file[i]);
        g_free(b->file[i]);
    }
    g_free(b);
}

static void put_piece(Bus *b, unsigned queue, unsigned n, uint64_t at, uint32_t len, uint16_t flags)
{
    const struct vring_desc desc = {at, len, flags, (uint16_t)(n + 1)};
    qtest_memwrite(b->qts, RING + queue * 0x4000 + n * sizeof(desc), &desc, sizeof(desc));
}

static uint16_t used_count(Bus *b, unsigned queue)
{
    return qtest_readw(b->qts, RING + queue * 0x4000 + 0x2002);
}

static void offer(Bus *b, unsigned queue, uint16_t first)
{
    uint64_t ring = RING + queue * 0x4000 + 0x1000;
    qtest_writew(b->qts, ring + 4 + 2u * (b->avail[queue] % QUEUE_SIZE), first);
    qtest_writew(b->qts, ring + 2, ++b->avail[queue]);
    qtest_writew(b->qts, b->notify + queue * b->notify_step, (uint16_t)queue);
    qtest_clock_step(b->qts, 1000000);
}

/* A command with `in` or `out` bytes of data at DATA; the response, the rest of it in `answer`. */
static uint8_t command(Bus *b, uint8_t target, uint16_t lun, const void *cdb, uint32_t out,
                       uint32_t in)
{
    struct virtio_scsi_cmd_req req = {.lun = {1, target, (uint8_t)(0x40 | lun >> 8), (uint8_t)lun}};
    unsigned n = 0;
    memcpy(req.cdb, cdb, 16);
    qtest_memwrite(b->qts, REQUEST, &req, sizeof(req));
    qtest_memset(b->qts, RESPONSE, UNTOUCHED, sizeof(b->answer));
    put_piece(b, REQUESTS, n++, REQUEST, sizeof(req), VRING_DESC_F_NEXT);
    if (out) {
        put_piece(b, REQUESTS, n++, DATA, out, VRING_DESC_F_NEXT);
    }
    put_piece(b, REQUESTS, n++, RESPONSE, sizeof(b->answer),
              VRING_DESC_F_WRITE | (in ? VRING_DESC_F_NEXT : 0));
    if (in) {
        put_piece(b, REQUESTS, n, DATA, in, VRING_DESC_F_WRITE);
    }
    offer(b, REQUESTS, 0);
    g_assert_cmpuint(used_count(b, REQUESTS), ==, b->avail[REQUESTS]);
    qtest_memread(b->qts, RESPONSE, &b->answer, sizeof(b->answer));
    return b->answer.response;
}

/* The sense key with its codes, as key << 16 | asc << 8 | ascq. */
static uint32_t fails(Bus *b, uint8_t target, uint16_t lun, const void *cdb, uint32_t out,
                      uint32_t in)
{
    g_assert_cmpuint(command(b, target, lun, cdb, out, in), ==, VIRTIO_SCSI_S_OK);
    g_assert_cmpuint(b->answer.status, ==, CHECK_CONDITION);
    g_assert_cmpuint(b->answer.sense_len, ==, 18);
    return (uint32_t)(b->answer.sense[2] << 16 | b->answer.sense[12] << 8 | b->answer.sense[13]);
}

static void succeeds(Bus *b, uint16_t lun, const void *cdb, uint32_t out, uint32_t in)
{
    g_assert_cmpuint(command(b, 3, lun, cdb, out, in), ==, VIRTIO_SCSI_S_OK);
    g_assert_cmpuint(b->answer.status, ==, GOOD);
}

#define CDB(...) ((const uint8_t[16]){__VA_ARGS__})
#define READY    CDB(0x00)
#define RESET    0x062900

static void test_disk(void)
{
    Bus *b = start_bus();
    uint8_t data[1024], back[1024];
    g_assert_cmphex(qtest_pci_config_read(b->qts, 0, DEVFN, 0, 4), ==, 0x10481af4);
    g_assert_cmphex(fails(b, 3, 0, READY, 0, 0), ==, RESET); /* it was switched on */
    succeeds(b, 0, READY, 0, 0);
    succeeds(b, 0, CDB(0x28, 0, 0, 0, 0, 5, 0, 0, 1), 0, 512);
    g_assert_cmpuint(b->answer.resid, ==, 0);
    qtest_memread(b->qts, DATA, data, 512);
    for (unsigned i = 0; i < 512; i++) {
        g_assert_cmphex(data[i], ==, (uint8_t)(5 + i));
    }
    memset(data, 0xa5, sizeof(data));
    qtest_memwrite(b->qts, DATA, data, sizeof(data));
    succeeds(b, 0, CDB(0x2a, 8, 0, 0, 0, 62, 0, 0, 2), 1024, 0); /* with FUA */
    g_autofree char *image = NULL;
    g_assert_true(g_file_get_contents(b->file[0], &image, NULL, NULL));
    g_assert_cmpmem(image + 62 * 512, 1024, data, 1024);
    qtest_memset(b->qts, DATA, 0, 1024);
    succeeds(b, 0, CDB(0x28, 0, 0, 0, 0, 62, 0, 0, 2), 0, 1024);
    qtest_memread(b->qts, DATA, back, 1024);
    g_assert_cmpmem(back, 1024, data, 1024);
    succeeds(b, 0, CDB(0x35), 0, 0);
    g_assert_cmphex(fails(b, 3, 0, CDB(0x28, 0, 0, 0, 0, SECTORS, 0, 0, 1), 0, 512), ==, 0x052100);
    succeeds(b, 0, READY, 0, 0); /* the sense was told with its command */
    stop_bus(b);
}

/* Of more than a slice: what the parts leave is the whole. */
static void test_long(void)
{
    enum { LONG = 3 << 20 };
    const uint16_t count = LONG / 512;
    Bus *b = start_bus_with(count);
    g_autofree uint8_t *data = g_malloc(LONG), *back = g_malloc(LONG);
    g_autofree char *image = NULL;
    g_assert_cmphex(fails(b, 3, 0, READY, 0, 0), ==, RESET);
    for (uint32_t i = 0; i < LONG; i++) {
        data[i] = (uint8_t)(i / 65536 + i * 3);
    }
    qtest_memwrite(b->qts, DATA, data, LONG);
    succeeds(b, 0, CDB(0x2a, 0, 0, 0, 0, 0, 0, count >> 8, (uint8_t)count), LONG, 0);
    succeeds(b, 0, CDB(0x35), 0, 0);
    g_assert_true(g_file_get_contents(b->file[0], &image, NULL, NULL));
    g_assert_true(memcmp(image, data, LONG) == 0);
    qtest_memset(b->qts, DATA, 0, LONG);
    succeeds(b, 0, CDB(0x28, 0, 0, 0, 0, 0, 0, count >> 8, (uint8_t)count), 0, LONG);
    qtest_memread(b->qts, DATA, back, LONG);
    g_assert_true(memcmp(back, data, LONG) == 0);
    stop_bus(b);
}

static void test_inquiry(void)
{
    Bus *b = start_bus();
    uint8_t data[64];
    succeeds(b, 0, CDB(0x12, 0, 0, 0, 36), 0, 64);
    g_assert_cmpuint(b->answer.resid, ==, 64 - 36);
    qtest_memread(b->qts, DATA, data, 36);
    g_assert_cmphex(data[0], ==, 0);
    succeeds(b, 0, CDB(0x12, 1, 0x80, 0, 64), 0, 64);
    qtest_memread(b->qts, DATA, data, 10);
    g_assert_cmpmem(data + 4, 6, "switch", 6);
    succeeds(b, 2, CDB(0x12, 0, 0, 0, 36), 0, 64);
    qtest_memread(b->qts, DATA, data, 2);
    g_assert_cmphex(data[0], ==, 5);
    succeeds(b, 1, CDB(0x12, 0, 0, 0, 36), 0, 64); /* no such unit, but the target says so */
    g_assert_cmphex(qtest_readb(b->qts, DATA), ==, 0x7f);
    succeeds(b, 1, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64), 0, 64);
    qtest_memread(b->qts, DATA, data, 24);
    g_assert_cmpuint(data[3], ==, 16);
    g_assert_cmpuint(data[8 + 1], ==, 0);
    g_assert_cmpuint(data[16 + 1], ==, 2);
    g_assert_cmphex(fails(b, 3, 1, READY, 0, 0), ==, 0x052500);
    g_assert_cmpuint(command(b, 4, 0, READY, 0, 0), ==, VIRTIO_SCSI_S_BAD_TARGET);
    stop_bus(b);
}

static void test_disc(void)
{
    Bus *b = start_bus();
    g_assert_cmphex(fails(b, 3, 2, READY, 0, 0), ==, RESET);
    succeeds(b, 2, CDB(0x25), 0, 8);
    g_assert_cmphex(qtest_readl(b->qts, DATA), ==, GUINT32_TO_BE(SECTORS / 4 - 1));
    succeeds(b, 2, CDB(0x28, 0, 0, 0, 0, 1, 0, 0, 1), 0, 2048);
    g_assert_cmphex(qtest_readb(b->qts, DATA + 3), ==, 7);
    g_assert_cmphex(fails(b, 3, 2, CDB(0x2a, 0, 0, 0, 0, 1, 0, 0, 1), 2048, 0), ==, 0x052000);
    stop_bus(b);
}

/* Less room than there is data, data both ways, memory that is not there, a header that is too
 * short. */
static void test_bad_buffers(void)
{
    Bus *b = start_bus();
    g_assert_cmphex(fails(b, 3, 0, READY, 0, 0), ==, RESET);
    g_assert_cmpuint(command(b, 3, 0, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 2), 0, 512), ==,
                     VIRTIO_SCSI_S_OVERRUN);
    g_assert_cmpuint(command(b, 3, 0, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, 512), ==,
                     VIRTIO_SCSI_S_FAILURE);
    g_assert_cmpuint(command(b, 3, 0, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), 0, 512), ==,
                     VIRTIO_SCSI_S_OVERRUN);
    put_piece(b, REQUESTS, 0, REQUEST, 4, VRING_DESC_F_NEXT);
    put_piece(b, REQUESTS, 1, RESPONSE, sizeof(b->answer), VRING_DESC_F_WRITE);
    offer(b, REQUESTS, 0);
    g_assert_cmphex(qtest_readb(b->qts, b->common + VIRTIO_PCI_COMMON_STATUS) & 0x40, ==, 0x40);
    drive_adapter(b);
    memset(b->avail, 0, sizeof(b->avail));
    qtest_memset(b->qts, RING, 0, 3 * 0x4000);
    drive_adapter(b);
    g_assert_cmphex(fails(b, 3, 0, READY, 0, 0), ==, RESET);
    stop_bus(b);
}

static uint8_t manage(Bus *b, uint32_t function, uint8_t target, uint8_t lun)
{
    const struct virtio_scsi_ctrl_tmf_req tmf = {
        .type = VIRTIO_SCSI_T_TMF, .subtype = function, .lun = {1, target, 0x40, lun}};
    qtest_memwrite(b->qts, REQUEST, &tmf, sizeof(tmf));
    qtest_writeb(b->qts, RESPONSE, UNTOUCHED);
    put_piece(b, CONTROL, 0, REQUEST, sizeof(tmf), VRING_DESC_F_NEXT);
    put_piece(b, CONTROL, 1, RESPONSE, 1, VRING_DESC_F_WRITE);
    offer(b, CONTROL, 0);
    return qtest_readb(b->qts, RESPONSE);
}

static void test_management(void)
{
    Bus *b = start_bus();
    g_assert_cmphex(fails(b, 3, 0, READY, 0, 0), ==, RESET);
    g_assert_cmphex(fails(b, 3, 2, READY, 0, 0), ==, RESET);
    g_assert_cmpuint(manage(b, VIRTIO_SCSI_T_TMF_ABORT_TASK, 3, 0), ==, VIRTIO_SCSI_S_OK);
    succeeds(b, 0, READY, 0, 0);
    g_assert_cmpuint(manage(b, VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET, 3, 0), ==, VIRTIO_SCSI_S_OK);
    g_assert_cmphex(fails(b, 3, 0, READY, 0, 0), ==, RESET);
    succeeds(b, 2, READY, 0, 0);
    g_assert_cmpuint(manage(b, VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET, 3, 0), ==, VIRTIO_SCSI_S_OK);
    g_assert_cmphex(fails(b, 3, 2, READY, 0, 0), ==, RESET);
    g_assert_cmpuint(manage(b, VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET, 3, 1), ==,
                     VIRTIO_SCSI_S_INCORRECT_LUN);
    g_assert_cmpuint(manage(b, VIRTIO_SCSI_T_TMF_ABORT_TASK, 9, 0), ==, VIRTIO_SCSI_S_BAD_TARGET);
    g_assert_cmpuint(manage(b, VIRTIO_SCSI_T_TMF_CLEAR_ACA, 3, 0), ==,
                     VIRTIO_SCSI_S_FUNCTION_REJECTED);
    g_assert_cmpuint(manage(b, 77, 3, 0), ==, VIRTIO_SCSI_S_FUNCTION_REJECTED);
    stop_bus(b);
}

static void expect_event(Bus *b, unsigned n, uint32_t event, uint32_t reason, uint8_t lun)
{
    struct virtio_scsi_event e;
    g_assert_cmpuint(used_count(b, EVENT), ==, n + 1);
    qtest_memread(b->qts, EVENTS + 16 * n, &e, sizeof(e));
    g_assert_cmphex(e.event, ==, event);
    g_assert_cmpuint(e.reason, ==, reason);
    g_assert_cmpuint(e.lun[3], ==, lun);
}

static void give_event_buffer(Bus *b, uint16_t n)
{
    put_piece(b, EVENT, n, EVENTS + 16u * n, sizeof(struct virtio_scsi_event), VRING_DESC_F_WRITE);
    offer(b, EVENT, n);
}

static void must_qmp(JsonObject *answer)
{
    g_assert_true(json_object_has_member(answer, "return"));
    json_object_unref(answer);
}

/* Units go and come; of what there was no buffer for the next one tells. */
static void test_hotplug(void)
{
    Bus *b = start_bus();
    for (uint16_t n = 0; n < 2; n++) {
        give_event_buffer(b, n);
    }
    g_assert_cmpuint(used_count(b, EVENT), ==, 0);
    must_qmp(qtest_qmp(b->qts, "{'execute': 'device_del', 'arguments': {'id': 'cd'}}"));
    json_object_unref(qtest_qmp_wait_event(b->qts, "DEVICE_DELETED"));
    expect_event(b, 0, VIRTIO_SCSI_T_TRANSPORT_RESET, VIRTIO_SCSI_EVT_RESET_REMOVED, 2);
    g_assert_cmphex(fails(b, 3, 2, READY, 0, 0), ==, 0x052500);
    must_qmp(qtest_qmp(b->qts, "{'execute': 'device_add', 'arguments': {'driver': 'scsi-cd', "
                               "'id': 'new', 'drive': 'c', 'bus': 'scsi.0', 'scsi-id': 3, "
                               "'lun': 7}}"));
    expect_event(b, 1, VIRTIO_SCSI_T_TRANSPORT_RESET, VIRTIO_SCSI_EVT_RESET_RESCAN, 7);
    g_assert_cmphex(fails(b, 3, 7, READY, 0, 0), ==, RESET);
    must_qmp(qtest_qmp(b->qts, "{'execute': 'device_del', 'arguments': {'id': 'new'}}"));
    g_assert_cmpuint(used_count(b, EVENT), ==, 2);
    give_event_buffer(b, 2);
    expect_event(b, 2, VIRTIO_SCSI_T_EVENTS_MISSED, 0, 0);
    JsonObject *refused = qtest_qmp(b->qts, "{'execute': 'device_add', 'arguments': {'driver': "
                                            "'scsi-cd', 'drive': 'c', 'scsi-id': 3, 'lun': 0}}");
    g_assert_true(qtest_qmp_is_error(refused, "GenericError"));
    json_object_unref(refused);
    stop_bus(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-scsi/disk", test_disk);
    g_test_add_func("/virtio-scsi/long", test_long);
    g_test_add_func("/virtio-scsi/inquiry", test_inquiry);
    g_test_add_func("/virtio-scsi/disc", test_disc);
    g_test_add_func("/virtio-scsi/bad-buffers", test_bad_buffers);
    g_test_add_func("/virtio-scsi/management", test_management);
    g_test_add_func("/virtio-scsi/hotplug", test_hotplug);
    return g_test_run();
}
