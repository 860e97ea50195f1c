/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-pci with a modern driver in the test (Virtio 1.1, 5.1) and the other end of the cable
 * in its hands, too (-netdev socket,fd=): sending with checksums and segmentation, receiving into
 * one buffer and into several, filters, pairs of queues, and what a driver may do wrong.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_net.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vtd-lib.h"

#define DEVFN       (5 << 3)
#define QUEUE_SIZE  8
#define MEMORY      0x600000ull
#define QUEUE_SPACE 0x4000ull /* of one queue: its rings and, from DATA on, what it points at */
#define AVAIL       0x400
#define USED        0x800
#define DATA        0x1000
#define HEADER      sizeof(struct virtio_net_hdr_mrg_rxbuf)
#define STEP        1000000
#define PATIENCE_MS 5000
#define NEEDS_RESET 0x40

typedef struct {
    Vtd *v;
    QTest *qts;
    int wire; /* our end of the cable */
    uint64_t common, notify, config;
    uint16_t avail[8];
} Net;

static const uint8_t own[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

static uint64_t net_structure(QTest *qts, uint8_t type)
{
    uint8_t at = (uint8_t)qtest_pci_config_read(qts, 0, DEVFN, PCI_CAPABILITY_LIST, 1);
    while (at != 0 && (qtest_pci_config_read(qts, 0, DEVFN, at, 1) != PCI_CAP_ID_VNDR ||
                       qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 3), 1) != type)) {
        at = (uint8_t)qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 1), 1);
    }
    g_assert_cmpuint(at, !=, 0);
    uint8_t reg = (uint8_t)(PCI_BASE_ADDRESS_0 +
                            4 * qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 4), 1));
    uint64_t base = qtest_pci_config_read(qts, 0, DEVFN, reg, 4);
    base |= (uint64_t)qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(reg + 4), 4) << 32;
    return (base & ~0xfull) + qtest_pci_config_read(qts, 0, DEVFN, (uint8_t)(at + 8), 4);
}

static Net *net_start(const char *netdev, const char *props)
{
    Net *n = g_new0(Net, 1);
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
    n->wire = fds[0];
    g_autofree char *all =
        g_strdup_printf(" -netdev socket,id=n,fd=%d%s "
                        "-device virtio-net-pci,netdev=n,addr=5,disable-legacy=on%s",
                        fds[1], netdev, props);
    n->v = vtd_start(all, 1, true);
    close(fds[1]);
    n->qts = n->v->qts;
    qtest_pci_config_write(n->qts, 0, DEVFN, PCI_COMMAND, 6, 2);
    n->common = net_structure(n->qts, VIRTIO_PCI_CAP_COMMON_CFG);
    n->notify = net_structure(n->qts, VIRTIO_PCI_CAP_NOTIFY_CFG);
    n->config = net_structure(n->qts, VIRTIO_PCI_CAP_DEVICE_CFG);
    return n;
}

static void net_stop(Net *n)
{
    vtd_stop(n->v);
    close(n->wire);
    g_free(n);
}

static uint64_t queue_at(unsigned q)
{
    return MEMORY + q * QUEUE_SPACE;
}

static void enable_queue(Net *n, unsigned q)
{
    qtest_memset(n->qts, queue_at(q), 0, QUEUE_SPACE);
    qtest_writew(n->qts, n->common + VIRTIO_PCI_COMMON_Q_SELECT, (uint16_t)q);
    qtest_writew(n->qts, n->common + VIRTIO_PCI_COMMON_Q_SIZE, QUEUE_SIZE);
    qtest_writel(n->qts, n->common + VIRTIO_PCI_COMMON_Q_DESCLO, (uint32_t)queue_at(q));
    qtest_writel(n->qts, n->common + VIRTIO_PCI_COMMON_Q_AVAILLO, (uint32_t)queue_at(q) + AVAIL);
    qtest_writel(n->qts, n->common + VIRTIO_PCI_COMMON_Q_USEDLO, (uint32_t)queue_at(q) + USED);
    qtest_writew(n->qts, n->common + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
    n->avail[q] = 0;
}

/* All of `features` must be offered. */
static void negotiate(Net *n, uint64_t features, unsigned queues)
{
    uint64_t c = n->common;
    qtest_writeb(n->qts, c + VIRTIO_PCI_COMMON_STATUS, 0);
    qtest_writeb(n->qts, c + VIRTIO_PCI_COMMON_STATUS, 3);
    features |= 1ull << 32 | 1ull << 33; /* VERSION_1, ACCESS_PLATFORM */
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t half = (uint32_t)(features >> (32 * i));
        qtest_writel(n->qts, c + VIRTIO_PCI_COMMON_DFSELECT, i);
        g_assert_cmphex(qtest_readl(n->qts, c + VIRTIO_PCI_COMMON_DF) & half, ==, half);
        qtest_writel(n->qts, c + VIRTIO_PCI_COMMON_GFSELECT, i);
        qtest_writel(n->qts, c + VIRTIO_PCI_COMMON_GF, half);
    }
    qtest_writeb(n->qts, c + VIRTIO_PCI_COMMON_STATUS, 11);
    g_assert_cmphex(qtest_readb(n->qts, c + VIRTIO_PCI_COMMON_STATUS), ==, 11);
    for (unsigned q = 0; q < queues; q++) {
        enable_queue(n, q);
    }
    qtest_writeb(n->qts, c + VIRTIO_PCI_COMMON_STATUS, 15);
}

static void put_desc(Net *n, unsigned q, unsigned i, uint64_t addr, uint32_t len, uint16_t flags)
{
    struct vring_desc desc = {addr, len, flags, (uint16_t)(i + 1)};
    qtest_memwrite(n->qts, queue_at(q) + i * sizeof(desc), &desc, sizeof(desc));
}

static void make_available(Net *n, unsigned q, unsigned head)
{
    qtest_writew(n->qts, queue_at(q) + AVAIL + 4 + 2u * (n->avail[q] % QUEUE_SIZE), (uint16_t)head);
    qtest_writew(n->qts, queue_at(q) + AVAIL + 2, ++n->avail[q]);
}

static void kick(Net *n, unsigned q)
{
    qtest_writew(n->qts, n->notify + 4 * q, (uint16_t)q);
    qtest_clock_step(n->qts, STEP);
}

static uint16_t used(Net *n, unsigned q)
{
    return qtest_readw(n->qts, queue_at(q) + USED + 2);
}

static void wait_used(Net *n, unsigned q, uint16_t count)
{
    for (int ms = 0; used(n, q) != count && ms < PATIENCE_MS; ms++) {
        g_usleep(1000);
    }
    g_assert_cmpuint(used(n, q), ==, count);
}

static void send_frame(Net *n, unsigned q, const struct virtio_net_hdr *h, const uint8_t *frame,
                       size_t len)
{
    struct virtio_net_hdr_mrg_rxbuf header = {.hdr = *h};
    uint64_t at = queue_at(q) + DATA;
    qtest_memwrite(n->qts, at, &header, sizeof(header));
    qtest_memwrite(n->qts, at + sizeof(header), frame, len);
    put_desc(n, q, 0, at, sizeof(header), VRING_DESC_F_NEXT);
    put_desc(n, q, 1, at + sizeof(header), (uint32_t)len, 0);
    make_available(n, q, 0);
    kick(n, q);
}

/* What comes out of the cable within our patience, or 0. */
static size_t from_wire(Net *n, uint8_t *frame, size_t size)
{
    struct pollfd p = {.fd = n->wire, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) != 1) {
        return 0;
    }
    ssize_t len = recv(n->wire, frame, size, 0);
    g_assert_cmpint(len, >, 0);
    return (size_t)len;
}

static void to_wire(Net *n, const uint8_t *frame, size_t len)
{
    g_assert_cmpint(send(n->wire, frame, len, 0), ==, (ssize_t)len);
}

/* A broadcast frame of a kind that nobody knows. */
static void make_frame(uint8_t *frame, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(seed + i);
    }
    memset(frame, 0xff, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
}

static void test_config(void)
{
    Net *n = net_start(",queues=3", ",mq=on,host_mtu=1400");
    uint8_t mac[6];
    g_assert_cmphex(qtest_pci_config_read(n->qts, 0, DEVFN, 0, 4), ==, 0x10411af4);
    qtest_memread(n->qts, n->config, mac, sizeof(mac));
    g_assert_cmpmem(mac, sizeof(mac), own, sizeof(own));
    g_assert_cmpuint(qtest_readw(n->qts, n->config + 6), ==, VIRTIO_NET_S_LINK_UP);
    g_assert_cmpuint(qtest_readw(n->qts, n->config + 8), ==, 3);
    g_assert_cmpuint(qtest_readw(n->qts, n->config + 10), ==, 1400);
    g_assert_cmpuint(qtest_readw(n->qts, n->common + VIRTIO_PCI_COMMON_NUMQ), ==, 7);
    /* A vector for each queue, the control queue's and the configuration's among them. */
    uint8_t cap = qtest_pci_find_capability(n->qts, 0, DEVFN, PCI_CAP_ID_MSIX);
    g_assert_cmpuint((qtest_pci_config_read(n->qts, 0, DEVFN, (uint8_t)(cap + 2), 2) & 0x7ff) + 1,
                     ==, 8);
    net_stop(n);
}

static void test_send(void)
{
    Net *n = net_start("", "");
    uint8_t frame[100], got[2000];
    const struct virtio_net_hdr plain = {0};
    negotiate(n, 0, 2);
    make_frame(frame, sizeof(frame), 1);
    send_frame(n, 1, &plain, frame, sizeof(frame));
    g_assert_cmpuint(used(n, 1), ==, 1);
    size_t len = from_wire(n, got, sizeof(got));
    g_assert_cmpmem(got, len, frame, sizeof(frame));
    net_stop(n);
}

static uint16_t ones_sum(const uint8_t *p, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

enum { IP = 14, TCP = 34, PAYLOAD = 54, SEGMENT = 2500, MSS = 1000 };

/* A TCP segment of 10.0.2.15 with `SEGMENT` bytes; its checksum is the pseudo header's. */
static size_t make_segment(uint8_t *frame)
{
    static const uint8_t headers[] = {
        0x52, 0x55, 10,   0,  2,    2, 0x52, 0x54, 0,  0x12, 0x34, 0x56, 8, 0, /* Ethernet */
        0x45, 0,    0,    0,  0x10, 0, 0x40, 0,    64, 6,    0,    0,          /* IPv4 */
        10,   0,    2,    15, 10,   0, 2,    2,                                /* addresses */
        0x12, 0x34, 0,    80, 0,    0, 0x10, 0,    0,  0,    0,    1,          /* TCP */
        0x50, 0x19, 0x20, 0,  0,    0, 0,    0,                                /* ACK PSH FIN */
    };
    memcpy(frame, headers, sizeof(headers));
    for (size_t i = 0; i < SEGMENT; i++) {
        frame[PAYLOAD + i] = (uint8_t)(i * 7);
    }
    uint16_t ip_len = PAYLOAD - IP + SEGMENT, tcp_len = PAYLOAD - TCP + SEGMENT;
    frame[IP + 2] = (uint8_t)(ip_len >> 8);
    frame[IP + 3] = (uint8_t)ip_len;
    uint16_t pseudo = ones_sum(frame + IP + 12, 8, 6u + tcp_len);
    frame[TCP + 16] = (uint8_t)(pseudo >> 8);
    frame[TCP + 17] = (uint8_t)pseudo;
    return PAYLOAD + SEGMENT;
}

static void check_sums(const uint8_t *frame, size_t len)
{
    g_assert_cmphex(ones_sum(frame + IP, TCP - IP, 0), ==, 0xffff);
    uint32_t pseudo = ones_sum(frame + IP + 12, 8, 6u + (uint32_t)(len - TCP));
    g_assert_cmphex(ones_sum(frame + TCP, len - TCP, pseudo), ==, 0xffff);
}

/* A large segment comes out as three that the wire can carry. */
static void test_segmentation(void)
{
    Net *n = net_start("", "");
    uint8_t frame[PAYLOAD + SEGMENT], got[2000];
    size_t len = make_segment(frame), done = 0;
    const struct virtio_net_hdr h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                     .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                     .hdr_len = PAYLOAD,
                                     .gso_size = MSS,
                                     .csum_start = TCP,
                                     .csum_offset = 16};
    negotiate(n, 1u << VIRTIO_NET_F_CSUM | 1u << VIRTIO_NET_F_HOST_TSO4, 2);
    send_frame(n, 1, &h, frame, len);
    for (unsigned i = 0; i < 3; i++) {
        size_t piece = from_wire(n, got, sizeof(got)), data = piece - PAYLOAD;
        g_assert_cmpuint(data, ==, i < 2 ? MSS : SEGMENT - 2 * MSS);
        g_assert_cmpmem(got + PAYLOAD, data, frame + PAYLOAD + done, data);
        g_assert_cmpuint(got[IP + 2] << 8 | got[IP + 3], ==, piece - IP);
        g_assert_cmpuint(got[IP + 4] << 8 | got[IP + 5], ==, 0x1000 + i);
        g_assert_cmpuint(got[TCP + 6] << 8 | got[TCP + 7], ==, 0x1000 + done);
        g_assert_cmphex(got[TCP + 13], ==, i < 2 ? 0x10 : 0x19);
        check_sums(got, piece);
        done += data;
    }
    net_stop(n);
}

/* Header fields that the frame does not bear out. */
static void test_bad_headers(void)
{
    static const struct virtio_net_hdr bad[] = {
        {.flags = 1, .csum_start = 0xffff, .csum_offset = 0xffff},
        {.flags = 1, .csum_start = 99, .csum_offset = 0},
        {.flags = 1, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 0},
        {.flags = 1, .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 1, .csum_start = 99},
        {.flags = 0xff, .gso_type = 0xff, .gso_size = 0xffff, .csum_start = 100},
    };
    Net *n = net_start("", "");
    uint8_t frame[100], got[2000];
    negotiate(n,
              1u << VIRTIO_NET_F_CSUM | 1u << VIRTIO_NET_F_HOST_TSO4 | 1u << VIRTIO_NET_F_HOST_TSO6,
              2);
    make_frame(frame, sizeof(frame), 9);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        send_frame(n, 1, &bad[i], frame, sizeof(frame));
        g_assert_cmpuint(used(n, 1), ==, i + 1);
        g_assert_cmpuint(from_wire(n, got, sizeof(got)), ==, sizeof(frame));
    }
    /* A frame that is none, and one that no wire carries: given back. */
    put_desc(n, 1, 0, queue_at(1) + DATA, HEADER, 0);
    make_available(n, 1, 0);
    put_desc(n, 1, 1, queue_at(1) + DATA, 0x20000, 0);
    make_available(n, 1, 1);
    kick(n, 1);
    g_assert_cmpuint(used(n, 1), ==, G_N_ELEMENTS(bad) + 2);
    /* Less than a header breaks the device. */
    put_desc(n, 1, 0, queue_at(1) + DATA, HEADER - 1, 0);
    make_available(n, 1, 0);
    kick(n, 1);
    g_assert_true(qtest_readb(n->qts, n->common + VIRTIO_PCI_COMMON_STATUS) & NEEDS_RESET);
    net_stop(n);
}

static void give_buffers(Net *n, unsigned q, unsigned count, uint32_t len)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned d = n->avail[q] % QUEUE_SIZE;
        put_desc(n, q, d, queue_at(q) + DATA + d * 0x400, len, VRING_DESC_F_WRITE);
        make_available(n, q, d);
    }
    kick(n, q);
}

static uint32_t used_len(Net *n, unsigned q, unsigned i)
{
    return qtest_readl(n->qts, queue_at(q) + USED + 4 + 8u * (i % QUEUE_SIZE) + 4);
}

static void expect_frame(Net *n, unsigned buffer, const uint8_t *frame, size_t len)
{
    uint8_t got[2000];
    qtest_memread(n->qts, queue_at(0) + DATA + buffer * 0x400 + HEADER, got, len);
    g_assert_cmpmem(got, len, frame, len);
}

/* Frames wait until there are buffers. */
static void test_receive(void)
{
    Net *n = net_start("", "");
    uint8_t frames[3][200];
    negotiate(n, 0, 2);
    for (unsigned i = 0; i < 3; i++) {
        make_frame(frames[i], sizeof(frames[i]), (uint8_t)(50 * i));
    }
    give_buffers(n, 0, 1, 0x400);
    for (unsigned i = 0; i < 3; i++) {
        to_wire(n, frames[i], sizeof(frames[i]));
    }
    wait_used(n, 0, 1);
    expect_frame(n, 0, frames[0], sizeof(frames[0]));
    g_assert_cmpuint(used_len(n, 0, 0), ==, HEADER + 200);
    g_assert_cmpuint(qtest_readw(n->qts, queue_at(0) + DATA + 10), ==, 1);
    give_buffers(n, 0, 2, 0x400);
    wait_used(n, 0, 3);
    expect_frame(n, 1, frames[1], sizeof(frames[1]));
    expect_frame(n, 2, frames[2], sizeof(frames[2]));
    net_stop(n);
}

/* All of a frame's buffers or none. */
static void test_mergeable(void)
{
    Net *n = net_start("", "");
    uint8_t frame[600], got[600];
    negotiate(n, 1u << VIRTIO_NET_F_MRG_RXBUF, 2);
    make_frame(frame, sizeof(frame), 3);
    give_buffers(n, 0, 2, 256);
    to_wire(n, frame, sizeof(frame));
    g_usleep(20000);
    g_assert_cmpuint(used(n, 0), ==, 0);
    give_buffers(n, 0, 2, 256);
    wait_used(n, 0, 3);
    g_assert_cmpuint(used_len(n, 0, 0), ==, 256);
    g_assert_cmpuint(used_len(n, 0, 2), ==, HEADER + 600 - 512);
    g_assert_cmpuint(qtest_readw(n->qts, queue_at(0) + DATA + 10), ==, 3);
    for (size_t i = 0; i < HEADER + 600; i++) {
        uint64_t at = queue_at(0) + DATA + (i / 256) * 0x400 + i % 256;
        if (i >= HEADER) {
            got[i - HEADER] = qtest_readb(n->qts, at);
        }
    }
    g_assert_cmpmem(got, sizeof(got), frame, sizeof(frame));
    net_stop(n);
}

/* Without merging a frame that is longer than a buffer is lost, and the buffer stays. */
static void test_too_long(void)
{
    Net *n = net_start("", "");
    uint8_t frame[600];
    negotiate(n, 0, 2);
    make_frame(frame, sizeof(frame), 3);
    give_buffers(n, 0, 1, 256);
    to_wire(n, frame, sizeof(frame));
    to_wire(n, frame, 100);
    wait_used(n, 0, 1);
    g_assert_cmpuint(used_len(n, 0, 0), ==, HEADER + 100);
    /* A buffer of no bytes would never be filled. */
    give_buffers(n, 0, 1, 0);
    to_wire(n, frame, 100);
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if (qtest_readb(n->qts, n->common + VIRTIO_PCI_COMMON_STATUS) & NEEDS_RESET) {
            break;
        }
        g_usleep(1000);
    }
    g_assert_true(qtest_readb(n->qts, n->common + VIRTIO_PCI_COMMON_STATUS) & NEEDS_RESET);
    net_stop(n);
}

static uint8_t command(Net *n, unsigned q, uint8_t class, uint8_t cmd, const void *data, size_t len)
{
    uint64_t at = queue_at(q) + DATA;
    qtest_writeb(n->qts, at, class);
    qtest_writeb(n->qts, at + 1, cmd);
    qtest_memwrite(n->qts, at + 2, data, len);
    qtest_writeb(n->qts, at + 0x800, 0xee);
    put_desc(n, q, 0, at, (uint32_t)(2 + len), VRING_DESC_F_NEXT);
    put_desc(n, q, 1, at + 0x800, 1, VRING_DESC_F_WRITE);
    make_available(n, q, 0);
    kick(n, q);
    return qtest_readb(n->qts, at + 0x800);
}

/* Of these frames only the last is to arrive. */
static void expect_last(Net *n, uint8_t (*frames)[64], unsigned count)
{
    uint16_t before = used(n, 0);
    give_buffers(n, 0, 1, 0x400);
    for (unsigned i = 0; i < count; i++) {
        to_wire(n, frames[i], sizeof(frames[i]));
    }
    wait_used(n, 0, (uint16_t)(before + 1));
    expect_frame(n, before % QUEUE_SIZE, frames[count - 1], sizeof(frames[0]));
}

static void test_filter(void)
{
    static const uint8_t other[6] = {0x52, 0x54, 0, 1, 2, 3}, group[6] = {1, 0, 0x5e, 1, 2, 3};
    static const uint8_t table[] = {0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 1, 2, 3};
    static const uint8_t too_many[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
    const uint8_t off = 0, on = 1;
    Net *n = net_start("", "");
    uint8_t frames[3][64];
    negotiate(n,
              1u << VIRTIO_NET_F_CTRL_VQ | 1u << VIRTIO_NET_F_CTRL_RX |
                  1u << VIRTIO_NET_F_CTRL_RX_EXTRA | 1u << VIRTIO_NET_F_CTRL_VLAN,
              3);
    for (unsigned i = 0; i < 3; i++) {
        make_frame(frames[i], sizeof(frames[i]), (uint8_t)(40 * i));
    }
    memcpy(frames[0], other, 6);
    memcpy(frames[1], group, 6);
    memcpy(frames[2], own, 6);
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &off, 1), ==, 0);
    expect_last(n, frames, 3);
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_MAC, 0, table, sizeof(table)), ==, 0);
    expect_last(n, frames, 2);
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, &on, 1), ==, 0);
    expect_last(n, frames, 1);
    /* A VLAN that was not asked for; then one that was. */
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, &off, 1), ==, 0);
    memcpy(frames[0], own, 6);
    memcpy(frames[0] + 12, (const uint8_t[]){0x81, 0, 0x20, 5}, 4);
    memcpy(frames[1], frames[2], 64);
    expect_last(n, frames, 2);
    const uint8_t vlan[2] = {5, 0};
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_VLAN, 0, vlan, 2), ==, 0);
    expect_last(n, frames, 1);
    /* Commands that are none. */
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_MAC, 0, too_many, sizeof(too_many)), ==, 1);
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_VLAN, 0, "\xff\xff", 2), ==, 1);
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_MQ, 0, "\x01", 2), ==, 1);
    g_assert_cmpuint(command(n, 2, 200, 7, &on, 1), ==, 1);
    g_assert_cmpuint(command(n, 2, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, &on, 0), ==, 1);
    net_stop(n);
}

/* What a flow sent on the second pair is answered there. */
static void test_pairs(void)
{
    Net *n = net_start(",queues=2", ",mq=on");
    uint8_t frame[PAYLOAD + SEGMENT], got[4000], reply[PAYLOAD];
    const struct virtio_net_hdr plain = {0};
    const uint8_t two[2] = {2, 0}, three[2] = {3, 0};
    negotiate(n, 1u << VIRTIO_NET_F_CTRL_VQ | 1u << VIRTIO_NET_F_MQ, 5);
    g_assert_cmpuint(command(n, 4, VIRTIO_NET_CTRL_MQ, 0, three, 2), ==, 1);
    g_assert_cmpuint(command(n, 4, VIRTIO_NET_CTRL_MQ, 0, two, 2), ==, 0);
    make_segment(frame);
    send_frame(n, 3, &plain, frame, PAYLOAD);
    g_assert_cmpuint(from_wire(n, got, sizeof(got)), ==, PAYLOAD);
    memcpy(reply, frame, PAYLOAD);
    memcpy(reply + IP + 12, frame + IP + 16, 4);
    memcpy(reply + IP + 16, frame + IP + 12, 4);
    memcpy(reply + TCP, frame + TCP + 2, 2);
    memcpy(reply + TCP + 2, frame + TCP, 2);
    give_buffers(n, 0, 1, 0x400);
    give_buffers(n, 2, 1, 0x400);
    to_wire(n, reply, sizeof(reply));
    wait_used(n, 2, 1);
    g_assert_cmpuint(used(n, 0), ==, 0);
    net_stop(n);
}

/* The driver is told that the cable was pulled, and nothing goes over it. */
static void test_link(void)
{
    Net *n = net_start("", ",id=card");
    uint8_t frame[100], got[200];
    const struct virtio_net_hdr plain = {0};
    negotiate(n, 1u << VIRTIO_NET_F_STATUS, 2);
    make_frame(frame, sizeof(frame), 1);
    g_autoptr(JsonObject) down =
        qtest_qmp(n->qts, "{'execute': 'set_link', 'arguments': {'name': 'card', 'up': false}}");
    g_assert_true(json_object_has_member(down, "return"));
    g_assert_cmpuint(qtest_readw(n->qts, n->config + 6), ==, 0);
    g_autofree char *page = qtest_hmp(n->qts, "info network");
    g_assert_nonnull(strstr(page, "n: type=socket"));
    g_assert_nonnull(strstr(page, "down"));
    send_frame(n, 1, &plain, frame, sizeof(frame));
    g_assert_cmpuint(used(n, 1), ==, 1);
    g_autofree char *said = qtest_hmp(n->qts, "set_link n on");
    g_assert_cmpstr(said, ==, "");
    g_assert_cmpuint(qtest_readw(n->qts, n->config + 6), ==, VIRTIO_NET_S_LINK_UP);
    frame[20] = 77;
    send_frame(n, 1, &plain, frame, sizeof(frame));
    size_t len = from_wire(n, got, sizeof(got));
    g_assert_cmpmem(got, len, frame, sizeof(frame));
    g_autoptr(JsonObject) nobody =
        qtest_qmp(n->qts, "{'execute': 'set_link', 'arguments': {'name': 'm', 'up': false}}");
    g_assert_true(qtest_qmp_is_error(nobody, "DeviceNotFound"));
    net_stop(n);
}

/* Both ways, cut to what maxlen= says. */
static void test_dump(void)
{
    g_autofree char *file = NULL, *text = NULL;
    gsize size;
    int fd = g_file_open_tmp("dump-XXXXXX", &file, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_autofree char *dump =
        g_strdup_printf(" -object filter-dump,id=f,netdev=n,maxlen=80,file=%s", file);
    Net *n = net_start(dump, "");
    uint8_t frame[100], got[200];
    const struct virtio_net_hdr plain = {0};
    negotiate(n, 0, 2);
    make_frame(frame, sizeof(frame), 1);
    send_frame(n, 1, &plain, frame, sizeof(frame));
    g_assert_cmpuint(from_wire(n, got, sizeof(got)), ==, sizeof(frame));
    give_buffers(n, 0, 1, 0x400);
    to_wire(n, frame, 60);
    wait_used(n, 0, 1);
    net_stop(n);
    g_assert_true(g_file_get_contents(file, &text, &size, NULL));
    unlink(file);
    g_assert_cmpuint(size, ==, 24 + 16 + 80 + 16 + 60);
    const uint32_t *words = (const uint32_t *)(void *)text;
    g_assert_cmphex(words[0], ==, 0xa1b2c3d4);
    g_assert_cmphex(words[1], ==, 0x00040002);
    g_assert_cmpuint(words[4], ==, 80);
    g_assert_cmpuint(words[5], ==, 1);
    g_assert_cmpuint(words[8], ==, 80);
    g_assert_cmpuint(words[9], ==, 100);
    g_assert_cmpmem(text + 40, 80, frame, 80);
    g_assert_cmpmem(text + 24 + 16 + 80 + 16, 60, frame, 60);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-net/config", test_config);
    g_test_add_func("/virtio-net/send", test_send);
    g_test_add_func("/virtio-net/segmentation", test_segmentation);
    g_test_add_func("/virtio-net/bad-headers", test_bad_headers);
    g_test_add_func("/virtio-net/receive", test_receive);
    g_test_add_func("/virtio-net/mergeable", test_mergeable);
    g_test_add_func("/virtio-net/too-long", test_too_long);
    g_test_add_func("/virtio-net/filter", test_filter);
    g_test_add_func("/virtio-net/pairs", test_pairs);
    g_test_add_func("/virtio-net/link", test_link);
    g_test_add_func("/virtio-net/dump", test_dump);
    return g_test_run();
}
