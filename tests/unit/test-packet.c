/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cards see in a frame (net/packet.h): headers of both versions of IP, and their checksums,
 * which are made here by another way. */
#include <string.h>

#include "net/packet.h"

#include <glib.h>

#define MOST 200

typedef struct {
    uint8_t bytes[MOST];
    size_t len;
    size_t ip, transport; /* where they are */
} Frame;

/* How a frame is to be. */
typedef struct {
    bool tagged, v6, udp;
    unsigned options; /* dwords of IPv4's or of TCP's */
    unsigned payload, padding;
} Shape;

/* RFC 1071, a byte after the other. */
static uint32_t add(uint32_t sum, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i & 1 ? at[i] : (uint32_t)at[i] << 8;
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void add_ip4(Frame *f, const Shape *s, size_t size)
{
    uint8_t *ip = f->bytes + f->ip;
    unsigned header = 20 + 4 * s->options;
    ip[0] = (uint8_t)(0x40 | header / 4);
    put16(ip + 2, (uint32_t)(header + size));
    ip[8] = 64;
    ip[9] = s->udp ? 17 : 6;
    memcpy(ip + 12, "\x0a\x00\x02\x0f\x0a\x00\x02\x02", 8);
    put16(ip + 10, (uint16_t)~fold(add(0, ip, header)));
    f->transport = f->ip + header;
}

static void add_ip6(Frame *f, const Shape *s, size_t size)
{
    uint8_t *ip = f->bytes + f->ip;
    ip[0] = 0x60;
    put16(ip + 4, (uint32_t)size);
    ip[6] = s->udp ? 17 : 6;
    ip[7] = 64;
    ip[8] = 0xfe;
    ip[24] = 0xfd;
    ip[39] = 2;
    f->transport = f->ip + 40;
}

/* The field of the checksum. */
static uint8_t *sum_of(Frame *f, const Shape *s)
{
    return f->bytes + f->transport + (s->udp ? 6 : 16);
}

static void add_sum(Frame *f, const Shape *s, size_t size)
{
    const uint8_t *ip = f->bytes + f->ip;
    uint32_t sum = s->v6 ? add(0, ip + 8, 32) : add(0, ip + 12, 8);
    sum += (s->udp ? 17 : 6) + (uint32_t)size;
    put16(sum_of(f, s), 0);
    put16(sum_of(f, s), (uint16_t)~fold(add(sum, f->bytes + f->transport, size)));
}

static size_t transport_header(const Shape *s)
{
    return s->udp ? 8 : 20 + (s->v6 ? 4 * s->options : 0);
}

static Frame make(const Shape *s)
{
    Frame f = {.ip = s->tagged ? 18 : 14};
    size_t size = transport_header(s) + s->payload;
    memset(f.bytes, 0x5a, sizeof(f.bytes));
    put16(f.bytes + 12, s->tagged ? 0x8100 : s->v6 ? 0x86dd : 0x0800);
    if (s->tagged) {
        put16(f.bytes + 14, 5);
        put16(f.bytes + 16, s->v6 ? 0x86dd : 0x0800);
    }
    memset(f.bytes + f.ip, 0, 40);
    (s->v6 ? add_ip6 : add_ip4)(&f, s, size);
    memset(f.bytes + f.transport, 0, transport_header(s));
    if (s->udp) {
        put16(f.bytes + f.transport + 4, (uint32_t)size);
    } else {
        f.bytes[f.transport + 12] = (uint8_t)(transport_header(s) / 4 << 4);
    }
    add_sum(&f, s, size);
    f.len = f.transport + size + s->padding;
    return f;
}

static const Shape shapes[] = {
    {.payload = 11},
    {.payload = 0, .padding = 6},
    {.udp = true, .payload = 5, .padding = 13},
    {.options = 3, .payload = 40},
    {.tagged = true, .payload = 9},
    {.v6 = true, .payload = 20},
    {.v6 = true, .options = 2, .payload = 7, .padding = 1},
    {.v6 = true, .udp = true, .tagged = true, .payload = 31},
};

static NetSum transport_sum(const Frame *f)
{
    NetPacket p = net_packet_parse(f->bytes, f->len);
    return net_packet_transport_sum(f->bytes, &p);
}

static NetSum ip_sum(const Frame *f)
{
    NetPacket p = net_packet_parse(f->bytes, f->len);
    return net_packet_ip_sum(f->bytes, &p);
}

static void test_headers(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        const Shape *s = &shapes[i];
        Frame f = make(s);
        NetPacket p = net_packet_parse(f.bytes, f.len);
        g_assert_cmpuint(p.version, ==, s->v6 ? 6 : 4);
        g_assert_cmpuint(p.protocol, ==, s->udp ? NET_PROTOCOL_UDP : NET_PROTOCOL_TCP);
        g_assert_true(p.has_ports && !p.fragment);
        g_assert_cmpuint(p.ip, ==, f.ip);
        g_assert_cmpuint(p.transport, ==, f.transport);
        g_assert_cmpuint(p.data, ==, f.transport + transport_header(s));
        g_assert_cmpuint(p.end, ==, f.len - s->padding);
        g_assert_cmpint(ip_sum(&f), ==, s->v6 ? NET_SUM_NONE : NET_SUM_RIGHT);
        g_assert_cmpint(transport_sum(&f), ==, NET_SUM_RIGHT);
    }
}

/* Each bit that a sum is over, and none besides, makes it wrong. */
static void test_sums(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        const Shape *s = &shapes[i];
        const Frame right = make(s);
        size_t data = right.transport + transport_header(s);
        for (size_t at = data; at < right.len; at++) {
            Frame f = right;
            f.bytes[at] ^= 0x10;
            bool summed = at < right.len - s->padding;
            g_assert_cmpint(transport_sum(&f), ==, summed ? NET_SUM_WRONG : NET_SUM_RIGHT);
            g_assert_cmpint(ip_sum(&f), ==, s->v6 ? NET_SUM_NONE : NET_SUM_RIGHT);
        }
        Frame f = right;
        f.bytes[right.ip + 8] ^= 1; /* time to live; of IPv6 the address */
        g_assert_cmpint(ip_sum(&f), ==, s->v6 ? NET_SUM_NONE : NET_SUM_WRONG);
        g_assert_cmpint(transport_sum(&f), ==, s->v6 ? NET_SUM_WRONG : NET_SUM_RIGHT);
    }
}

/* A sum of 0 is none over IPv4 alone, and UDP's own length has to be within the packet. */
static void test_udp(void)
{
    for (unsigned v6 = 0; v6 < 2; v6++) {
        const Shape s = {.udp = true, .v6 = v6, .payload = 12};
        static const uint16_t lengths[] = {0, 7, 21, 65535};
        Frame f = make(&s);
        put16(sum_of(&f, &s), 0);
        g_assert_cmpint(transport_sum(&f), ==, v6 ? NET_SUM_WRONG : NET_SUM_NONE);
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
            f = make(&s);
            put16(f.bytes + f.transport + 4, lengths[i]);
            g_assert_cmpint(transport_sum(&f), ==, NET_SUM_WRONG);
        }
    }
}

static NetPacket parse_with(const Shape *s, size_t at, uint8_t value)
{
    Frame f = make(s);
    f.bytes[at] = value;
    return net_packet_parse(f.bytes, f.len);
}

/* What is there is looked at, what is not right is not. */
static void test_odd(void)
{
    const Shape tcp = {.payload = 10}, six = {.v6 = true, .payload = 10};
    g_assert_cmpuint(parse_with(&tcp, 12, 9).version, ==, 0);       /* another type */
    g_assert_cmpuint(parse_with(&tcp, 14, 0x44).version, ==, 0);    /* a header of 16 bytes */
    g_assert_cmpuint(parse_with(&tcp, 14 + 3, 19).version, ==, 0);  /* shorter than its header */
    g_assert_cmpuint(parse_with(&tcp, 14 + 3, 200).version, ==, 0); /* longer than the frame */
    g_assert_cmpuint(parse_with(&six, 14 + 5, 200).version, ==, 0);
    NetPacket p = parse_with(&tcp, 14 + 7, 1); /* a fragment's offset */
    g_assert_true(p.version == 4 && p.fragment && !p.has_ports);
    p = parse_with(&tcp, 14 + 6, 0x20); /* more fragments */
    g_assert_true(p.version == 4 && p.fragment && !p.has_ports);
    p = parse_with(&tcp, 14 + 6, 0x40); /* do not fragment */
    g_assert_true(p.version == 4 && !p.fragment && p.has_ports);
    p = parse_with(&tcp, 14 + 9, 132); /* SCTP */
    g_assert_true(p.version == 4 && !p.has_ports);
    p = parse_with(&tcp, 34 + 12, 0x40); /* a TCP header of 16 bytes */
    g_assert_true(p.version == 4 && !p.has_ports);
    p = parse_with(&tcp, 34 + 12, 0xf0); /* one longer than the packet */
    g_assert_true(p.version == 4 && !p.has_ports);
}

/* Whatever the bytes are, nothing is found beyond them. */
static void test_bounds(void)
{
    for (unsigned i = 0; i < 100000; i++) {
        const Shape *s = &shapes[i % G_N_ELEMENTS(shapes)];
        Frame f = make(s);
        size_t len = (size_t)g_test_rand_int_range(0, (int)f.len + 1);
        f.bytes[g_test_rand_int_range(12, 60)] = (uint8_t)g_test_rand_int();
        g_autofree uint8_t *copy = g_memdup2(f.bytes, len); /* for sanitizers */
        NetPacket p = net_packet_parse(copy, len);
        g_assert_true(p.end <= len && (!p.has_ports || p.data <= p.end));
        g_assert_true(p.version == 0 || (p.ip < p.transport && p.transport <= p.end));
        net_packet_ip_sum(copy, &p);
        net_packet_transport_sum(copy, &p);
    }
}

static void test_store(void)
{
    /* RFC 1071, 3: their sum is ddf2h. */
    uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0};
    uint16_t sum = net_sum(bytes, 8);
    g_assert_cmpmem(&sum, 2, "\xdd\xf2", 2);
    net_store_sum(bytes, 0, sizeof(bytes), 8);
    g_assert_cmpmem(bytes + 8, 2, "\x22\x0d", 2);
    sum = net_sum(bytes, sizeof(bytes));
    g_assert_cmphex(sum, ==, 0xffff);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet/headers", test_headers);
    g_test_add_func("/packet/sums", test_sums);
    g_test_add_func("/packet/udp", test_udp);
    g_test_add_func("/packet/odd", test_odd);
    g_test_add_func("/packet/bounds", test_bounds);
    g_test_add_func("/packet/store", test_store);
    return g_test_run();
}
