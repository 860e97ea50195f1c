/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network backends without a card's registers: the queue and its bounds, back-pressure, the cable,
 * and segments that are put together and cut again.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"

enum { IP = 14, TCP = 34, PAYLOAD = 54, MSS = 1000 };

typedef struct {
    Clock *clock;
    Netdev *nd;
    int wire;
    /* The card's side. */
    bool takes;
    unsigned frames, bursts, retries;
    int link; /* as last told, -1 for never */
    uint8_t last[NET_FRAME_MAX];
    NetFrame meta; /* of `last` */
} Rig;

static bool rig_receive(void *opaque, const NetFrame *frame)
{
    Rig *r = opaque;
    if (!r->takes) {
        return false;
    }
    r->frames++;
    r->meta = *frame;
    memcpy(r->last, frame->data, frame->len);
    return true;
}

static void rig_received(void *opaque)
{
    ((Rig *)opaque)->bursts++;
}

static void rig_can_send(void *opaque)
{
    ((Rig *)opaque)->retries++;
}

static void rig_link_changed(void *opaque, bool up)
{
    ((Rig *)opaque)->link = up;
}

static const NicOps rig_ops = {
    .receive = rig_receive,
    .received = rig_received,
    .can_send = rig_can_send,
    .link_changed = rig_link_changed,
};

static Rig *rig_new(int type)
{
    Rig *r = g_new0(Rig, 1);
    int fds[2];
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(socketpair(AF_UNIX, type, 0, fds), ==, 0);
    g_autofree char *text = g_strdup_printf("socket,id=n,fd=%d", fds[0]);
    r->clock = clock_new(CLOCK_MANUAL);
    r->nd = netdev_new(text, r->clock, &error);
    g_assert_no_error(error);
    r->wire = fds[1];
    r->takes = true;
    r->link = -1;
    g_assert_true(netdev_attach(r->nd, "card", &rig_ops, r, &error));
    return r;
}

static void rig_free(Rig *r)
{
    netdev_detach(r->nd);
    netdev_free(r->nd);
    clock_free(r->clock);
    close(r->wire);
    g_free(r);
}

static void run_pending(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

static uint16_t fold(const uint8_t *p, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static uint16_t tcp_sum(const uint8_t *frame, size_t len)
{
    return fold(frame + TCP, len - TCP, fold(frame + IP + 12, 8, 6u + (uint32_t)(len - TCP)));
}

static size_t make_segment(uint8_t *frame, uint32_t seq, size_t data, uint8_t flags)
{
    static const uint8_t headers[] = {2,    0, 0, 0, 0,    1, 2,    0,    0,    0, 0, 2, 8, 0,
                                      0x45, 0, 0, 0, 0,    7, 0,    0,    64,   6, 0, 0, 1, 2,
                                      3,    4, 5, 6, 7,    8, 0x12, 0x34, 0x56, 1, 0, 0, 0, 0,
                                      0,    0, 0, 9, 0x50, 0, 0x20, 0,    0,    0, 0, 0};
    size_t len = PAYLOAD + data;
    memcpy(frame, headers, sizeof(headers));
    put16(frame + IP + 2, (unsigned)(len - IP));
    put16(frame + IP + 4, seq / MSS);
    put16(frame + TCP + 4, seq >> 16);
    put16(frame + TCP + 6, seq);
    frame[TCP + 13] = flags;
    for (size_t i = 0; i < data; i++) {
        frame[PAYLOAD + i] = (uint8_t)((seq + i) * 13);
    }
    put16(frame + IP + 10, (uint16_t)~fold(frame + IP, TCP - IP, 0));
    put16(frame + TCP + 16, (uint16_t)~tcp_sum(frame, len));
    return len;
}

static void to_wire(const Rig *r, const uint8_t *frame, size_t len)
{
    g_assert_cmpint(send(r->wire, frame, len, 0), ==, (ssize_t)len);
}

static void send_segments(const Rig *r, unsigned count, uint32_t first)
{
    uint8_t frame[2000];
    for (unsigned i = 0; i < count; i++) {
        size_t len = make_segment(frame, first + i * MSS, i + 1 < count ? MSS : MSS / 2,
                                  i + 1 < count ? 0x10 : 0x18);
        to_wire(r, frame, len);
    }
}

/* What is put together can be cut to the very same frames. */
static void test_merge(void)
{
    Rig *r = rig_new(SOCK_DGRAM);
    uint8_t frame[2000], got[2000];
    netdev_set_merging(r->nd, 1u << NET_GSO_TCP4);
    send_segments(r, 4, 7 * MSS);
    run_pending();
    g_assert_cmpuint(r->frames, ==, 1);
    g_assert_cmpuint(r->bursts, ==, 1);
    g_assert_cmpint(r->meta.gso, ==, NET_GSO_TCP4);
    g_assert_cmpuint(r->meta.gso_size, ==, MSS);
    g_assert_cmpuint(r->meta.header_len, ==, PAYLOAD);
    g_assert_cmpuint(r->meta.len, ==, PAYLOAD + 3 * MSS + MSS / 2);
    r->meta.data = r->last;
    g_assert_true(netdev_send(r->nd, &r->meta));
    for (unsigned i = 0; i < 4; i++) {
        size_t len = make_segment(frame, (7 + i) * MSS, i < 3 ? MSS : MSS / 2, i < 3 ? 0x10 : 0x18);
        ssize_t n = recv(r->wire, got, sizeof(got), MSG_DONTWAIT);
        g_assert_cmpmem(got, (size_t)n, frame, len);
    }
    rig_free(r);
}

/* Whatever is different keeps segments apart. */
static void test_no_merge(void)
{
    static const struct {
        unsigned at;
        uint8_t with;
    } changes[] = {
        {0, 3},                          /* another station */
        {IP + 1, 4},                     /* traffic class */
        {IP + 8, 63},                    /* hops */
        {IP + 15, 9},                    /* sender */
        {TCP + 1, 9},                    /* port */
        {TCP + 7, 9},                    /* sequence */
        {TCP + 11, 8},                   /* acknowledges something else */
        {TCP + 13, 0x11}, {TCP + 15, 1}, /* window */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(changes) + 1; i++) {
        Rig *r = rig_new(SOCK_DGRAM);
        uint8_t frame[2000];
        netdev_set_merging(r->nd, 1u << NET_GSO_TCP4);
        to_wire(r, frame, make_segment(frame, MSS, MSS, 0x10));
        size_t len = make_segment(frame, 2 * MSS, MSS, 0x10);
        if (i < G_N_ELEMENTS(changes)) {
            frame[changes[i].at] = changes[i].with;
            put16(frame + TCP + 16, 0);
            put16(frame + TCP + 16, (uint16_t)~tcp_sum(frame, len));
        } else {
            frame[PAYLOAD] ^= 1; /* damaged: the guest is to see that */
        }
        to_wire(r, frame, len);
        run_pending();
        g_assert_cmpuint(r->frames, ==, 2);
        rig_free(r);
    }
}

static void seal(uint8_t *frame, size_t len)
{
    put16(frame + IP + 10, 0);
    put16(frame + IP + 10, (uint16_t)~fold(frame + IP, TCP - IP, 0));
    put16(frame + TCP + 16, 0);
    put16(frame + TCP + 16, (uint16_t)~tcp_sum(frame, len));
}

/* What two segments in a row become, by their lengths, flags and a byte that both have otherwise.
 */
static void test_merge_ends(void)
{
    static const struct {
        size_t one, other;
        uint8_t flags;
        unsigned at;
        uint8_t with;
        unsigned frames;
    } rows[] = {
        {MSS, MSS, 0x10, 0, 2, 1},          {MSS, MSS, 0x18, 0, 2, 2}, /* the first one pushes */
        {MSS / 2, MSS, 0x10, 0, 2, 2},      /* the longer one comes last */
        {MSS - 1, MSS - 1, 0x10, 0, 2, 1},  /* sums of an odd count of bytes */
        {MSS, MSS, 0x10, IP + 6, 0x20, 2},  /* fragments */
        {4, 4, 0x10, TCP + 12, 0xf0, 2},    /* options that reach over the end */
        {MSS, MSS, 0x10, TCP + 12, 0x40, 2} /* a header that is too short */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Rig *r = rig_new(SOCK_DGRAM);
        const size_t lengths[] = {rows[i].one, rows[i].other};
        uint32_t seq = MSS;
        netdev_set_merging(r->nd, 1u << NET_GSO_TCP4);
        for (unsigned n = 0; n < 2; n++) {
            uint8_t frame[2000];
            size_t len = make_segment(frame, seq, lengths[n], n == 0 ? rows[i].flags : 0x10);
            put16(frame + IP + 4, 0);
            frame[rows[i].at] = rows[i].with;
            seal(frame, len);
            to_wire(r, frame, len);
            seq += (uint32_t)(len - TCP) - 4u * (frame[TCP + 12] >> 4); /* as the header has it */
        }
        run_pending();
        g_assert_cmpuint(r->frames, ==, rows[i].frames);
        rig_free(r);
    }
}

/* IP's length has 16 bits: what does not fit begins another frame. */
static void test_merge_limit(void)
{
    enum { BIG = 9000, COUNT = 8 };
    Rig *r = rig_new(SOCK_DGRAM);
    uint8_t frame[PAYLOAD + BIG];
    netdev_set_merging(r->nd, 1u << NET_GSO_TCP4);
    for (unsigned i = 0; i < COUNT; i++) {
        to_wire(r, frame, make_segment(frame, i * BIG, BIG, 0x10));
    }
    run_pending();
    g_assert_cmpuint(r->frames, ==, 2);
    g_assert_cmpuint(r->meta.len, ==, PAYLOAD + BIG);
    rig_free(r);
}

/* Frames that say they are longer or shorter than they are. */
static void test_garbage(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());
    Rig *r = rig_new(SOCK_DGRAM);
    netdev_set_merging(r->nd, 1u << NET_GSO_TCP4 | 1u << NET_GSO_TCP6);
    for (unsigned round = 0; round < 3000; round++) {
        uint8_t frame[400];
        size_t len = make_segment(frame, round * 100, 100, 0x10);
        for (int i = g_rand_int_range(rand, 0, 6); i > 0; i--) {
            frame[g_rand_int_range(rand, 12, PAYLOAD)] = (uint8_t)g_rand_int(rand);
        }
        len = (size_t)g_rand_int_range(rand, 1, (gint32)len + 1);
        to_wire(r, frame, len);
        const NetFrame wild = {.data = frame,
                               .len = len,
                               .needs_csum = round % 2,
                               .csum_start = (uint16_t)g_rand_int_range(rand, 0, 200),
                               .csum_offset = (uint16_t)g_rand_int(rand),
                               .gso = (NetGso)(round % 3),
                               .gso_size = (uint16_t)g_rand_int_range(rand, 0, 300)};
        netdev_send(r->nd, &wild);
        while (recv(r->wire, frame, sizeof(frame), MSG_DONTWAIT) > 0) {
        }
        net_flow_hash(frame, len);
        run_pending();
    }
    g_assert_cmpuint(r->frames, >, 0);
    rig_free(r);
}

/* A card that takes nothing: the queue has an end, and reading stops before it. */
static void test_bounds(void)
{
    Rig *r = rig_new(SOCK_STREAM);
    uint8_t frame[4 + 100] = {0, 0, 0, 100};
    unsigned sent = 0;
    r->takes = false;
    for (; sent < 20 * NET_QUEUE_FRAMES; sent++) {
        if (send(r->wire, frame, sizeof(frame), MSG_DONTWAIT) != sizeof(frame)) {
            run_pending();
            if (send(r->wire, frame, sizeof(frame), MSG_DONTWAIT) != sizeof(frame)) {
                break;
            }
        }
    }
    g_assert_cmpuint(sent, <, 20 * NET_QUEUE_FRAMES);
    g_assert_cmpuint(netdev_dropped(r->nd), ==, 0);
    r->takes = true;
    for (int i = 0; i < 1000 && r->frames < sent; i++) {
        netdev_receive_ready(r->nd);
        run_pending();
    }
    g_assert_cmpuint(r->frames, ==, sent);
    rig_free(r);
}

/* A reader that does not read: "not now", and a call when it does. */
static void test_back_pressure(void)
{
    Rig *r = rig_new(SOCK_STREAM);
    uint8_t data[1500] = {0}, sink[65536];
    const NetFrame frame = {.data = data, .len = sizeof(data)};
    unsigned sent = 0;
    while (netdev_send(r->nd, &frame)) {
        g_assert_cmpuint(++sent, <, 100000);
    }
    g_assert_cmpuint(r->retries, ==, 0);
    for (int i = 0; i < 100000 && r->retries == 0; i++) {
        g_assert_cmpint(recv(r->wire, sink, sizeof(sink), MSG_DONTWAIT), !=, 0);
        run_pending();
    }
    g_assert_cmpuint(r->retries, ==, 1);
    g_assert_true(netdev_send(r->nd, &frame));
    rig_free(r);
}

static void test_link(void)
{
    Rig *r = rig_new(SOCK_DGRAM);
    uint8_t data[100] = {0};
    const NetFrame frame = {.data = data, .len = sizeof(data)};
    netdev_set_link(r->nd, false);
    g_assert_cmpint(r->link, ==, 0);
    g_assert_false(netdev_link_is_up(r->nd));
    g_assert_true(netdev_send(r->nd, &frame));
    g_assert_cmpint(recv(r->wire, data, sizeof(data), MSG_DONTWAIT), ==, -1);
    to_wire(r, data, sizeof(data));
    run_pending();
    g_assert_cmpuint(r->frames, ==, 0);
    netdev_set_link(r->nd, true);
    g_assert_cmpint(r->link, ==, 1);
    to_wire(r, data, sizeof(data));
    run_pending();
    g_assert_cmpuint(r->frames, ==, 1);
    rig_free(r);
}

static void test_mac(void)
{
    uint8_t mac[NET_MAC_SIZE];
    char text[NET_MAC_TEXT];
    g_assert_true(net_parse_mac("52:54:00:aB:34:56", mac));
    net_format_mac(mac, text);
    g_assert_cmpstr(text, ==, "52:54:00:ab:34:56");
    static const char *const bad[] = {"",
                                      "52:54:00:12:34",
                                      "52:54:00:12:34:5",
                                      "52:54:00:12:34:567",
                                      "52:54:00:12:34:5g",
                                      "525400123456"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(net_parse_mac(bad[i], mac));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/merge", test_merge);
    g_test_add_func("/net/no-merge", test_no_merge);
    g_test_add_func("/net/merge-ends", test_merge_ends);
    g_test_add_func("/net/merge-limit", test_merge_limit);
    g_test_add_func("/net/garbage", test_garbage);
    g_test_add_func("/net/bounds", test_bounds);
    g_test_add_func("/net/back-pressure", test_back_pressure);
    g_test_add_func("/net/link", test_link);
    g_test_add_func("/net/mac", test_mac);
    return g_test_run();
}
