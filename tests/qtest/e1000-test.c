/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000 and e1000e by a driver in the test (8254x manual; 82574L data sheet), which has the other
 * end of the cable, too: EEPROM and PHY, sending with checksums and segmentation, receiving by
 * descriptors of each form, filters, scaling, and what a driver may do wrong.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "nic-lib.h"
#include "tests/include/e1000.h"

#define FRAME_ROOM 0x4000

static const uint8_t own[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

static bool is_e1000e(const void *model)
{
    return strcmp(model, "e1000e") == 0;
}

static uint16_t eeprom_word(Nic *n, const void *model, uint32_t word)
{
    uint32_t done = is_e1000e(model) ? 2 : 0x10;
    nic_set_reg(n, E1000_R_EERD, word << (is_e1000e(model) ? 2 : 8) | 1);
    g_assert_cmphex(nic_reg(n, E1000_R_EERD) & done, ==, done);
    return (uint16_t)(nic_reg(n, E1000_R_EERD) >> 16);
}

static uint16_t phy_read(Nic *n, unsigned phy, unsigned reg)
{
    nic_set_reg(n, E1000_R_MDIC, 0x08000000u | phy << 21 | reg << 16);
    g_assert_cmphex(nic_reg(n, E1000_R_MDIC) & 0x50000000, ==, phy == 1 ? 0x10000000 : 0x50000000);
    return (uint16_t)nic_reg(n, E1000_R_MDIC);
}

static void test_identity(const void *model)
{
    Nic *n = nic_start(model);
    uint16_t sum = 0;
    g_assert_cmphex(qtest_pci_config_read(n->qts, 0, NIC_DEVFN, 0, 4), ==,
                    is_e1000e(model) ? 0x10d38086 : 0x100e8086);
    for (unsigned word = 0; word < 64; word++) {
        sum = (uint16_t)(sum + eeprom_word(n, model, word));
    }
    g_assert_cmphex(sum, ==, 0xbaba);
    g_assert_cmphex(eeprom_word(n, model, 0), ==, 0x5452);
    g_assert_cmphex(nic_reg(n, E1000_R_RAL), ==, 0x12005452);
    g_assert_cmphex(nic_reg(n, E1000_R_RAH), ==, 0x80005634);
    g_assert_cmphex(phy_read(n, 1, 2), ==, 0x0141);
    g_assert_cmphex(phy_read(n, 1, 1) & 0x24, ==, 0x24);
    phy_read(n, 2, 2);
    g_assert_cmphex(nic_reg(n, E1000_R_STATUS) & 0xc3, ==, 0x83); /* up, 1000 Mb/s, full duplex */
    /* By the ports: RAL. */
    uint8_t bar = is_e1000e(model) ? PCI_BASE_ADDRESS_2 : PCI_BASE_ADDRESS_1;
    uint16_t io = (uint16_t)(qtest_pci_config_read(n->qts, 0, NIC_DEVFN, bar, 4) & ~3u);
    qtest_outl(n->qts, io, E1000_R_RAL);
    g_assert_cmphex(qtest_inl(n->qts, (uint16_t)(io + 4)), ==, 0x12005452);
    qtest_outl(n->qts, io, E1000_R_VET);
    qtest_outl(n->qts, (uint16_t)(io + 4), 0x88a8);
    g_assert_cmphex(nic_reg(n, E1000_R_VET), ==, 0x88a8);
    nic_set_reg(n, E1000_R_CTRL, E1000_CTRL_RST);
    g_assert_cmphex(nic_reg(n, E1000_R_VET), ==, 0x8100);
    nic_stop(n);
}

/* A word by EECD's wires: chip select, then bits with rising edges of the clock. */
static void wire_bit(Nic *n, bool bit)
{
    uint32_t pins = 0x42 | (bit ? 4 : 0);
    nic_set_reg(n, E1000_R_EECD, pins);
    nic_set_reg(n, E1000_R_EECD, pins | 1);
    nic_set_reg(n, E1000_R_EECD, pins);
}

static void test_wires(void)
{
    Nic *n = nic_start("e1000");
    nic_set_reg(n, E1000_R_EECD, 0x40);
    g_assert_cmphex(nic_reg(n, E1000_R_EECD) & 0x1c0, ==, 0x1c0); /* granted; there is one */
    for (unsigned word = 0; word < 3; word++) {
        uint32_t command = 6u << 6 | word, value = 0;
        nic_set_reg(n, E1000_R_EECD, 0x42);
        wire_bit(n, false); /* before the start bit */
        for (int i = 8; i >= 0; i--) {
            wire_bit(n, command >> i & 1);
        }
        for (int i = 0; i < 16; i++) {
            wire_bit(n, false);
            value = value << 1 | (nic_reg(n, E1000_R_EECD) >> 3 & 1);
        }
        g_assert_cmphex(value, ==, own[2 * word] | own[2 * word + 1] << 8);
        nic_set_reg(n, E1000_R_EECD, 0x40);
    }
    nic_stop(n);
}

/* ---- Sending ---- */

static void tx_on(Nic *n)
{
    nic_set_ring(n, E1000_R_TDBAL, 0);
    nic_set_reg(n, E1000_R_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP);
}

static void put_tx(Nic *n, unsigned i, uint64_t address, uint32_t command, uint32_t rest)
{
    uint64_t at = NIC_RING(0) + 16 * (i % NIC_ENTRIES);
    qtest_writeq(n->qts, at, address);
    qtest_writel(n->qts, at + 8, command);
    qtest_writel(n->qts, at + 12, rest);
}

static void tx_ring(Nic *n, unsigned tail)
{
    nic_set_reg(n, E1000_R_TDBAL + E1000_RING_TAIL, tail % NIC_ENTRIES);
    qtest_clock_step(n->qts, NIC_STEP);
}

static bool tx_is_done(Nic *n, unsigned i)
{
    return qtest_readl(n->qts, NIC_RING(0) + 16 * i + 12) & 1;
}

static void test_send(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t sent[1514], got[2000];
    tx_on(n);
    /* In two parts, of which only the last reports. */
    nic_make_frame(sent, sizeof(sent), 1);
    qtest_memwrite(n->qts, NIC_DATA, sent, sizeof(sent));
    put_tx(n, 0, NIC_DATA, 1000, 0);
    put_tx(n, 1, NIC_DATA + 1000, 514 | E1000_TX_EOP | E1000_TX_RS, 0);
    tx_ring(n, 1);
    g_assert_cmpuint(nic_reg(n, E1000_R_TDBAL + E1000_RING_HEAD), ==, 1);
    g_assert_true(nic_wire_is_quiet(n));
    tx_ring(n, 2);
    g_assert_cmpmem(got, nic_from_wire(n, got, sizeof(got)), sent, sizeof(sent));
    g_assert_false(tx_is_done(n, 0));
    g_assert_true(tx_is_done(n, 1));
    g_assert_cmphex(nic_reg(n, E1000_R_ICR) & 3, ==, E1000_I_TXDW | E1000_I_TXQE);
    /* A short one is padded, and its tag is put in. */
    nic_set_reg(n, E1000_R_CTRL, nic_reg(n, E1000_R_CTRL) | E1000_CTRL_VME);
    put_tx(n, 2, NIC_DATA, 20 | E1000_TX_EOP | E1000_TX_VLE, 0x20050000);
    tx_ring(n, 3);
    g_assert_cmpuint(nic_from_wire(n, got, sizeof(got)), ==, 64);
    g_assert_cmpmem(got, 12, sent, 12);
    g_assert_cmpmem(got + 12, 4, "\x81\x00\x20\x05", 4);
    g_assert_cmpmem(got + 16, 8, sent + 12, 8);
    g_assert_cmpuint(got[24] | got[63], ==, 0);
    g_assert_cmpuint(nic_reg(n, E1000_R_GPTC), ==, 2);
    g_assert_cmpuint(nic_reg(n, E1000_R_GPTC), ==, 0); /* read to clear */
    nic_stop(n);
}

/* 8254x manual, 3.3.6: where the headers and their sums are. */
static void put_context(Nic *n, unsigned i, uint32_t payload, uint32_t mss)
{
    put_tx(n, i, 14 | 24 << 8 | 33 << 16 | (uint64_t)34 << 32 | (uint64_t)50 << 40,
           payload | E1000_TX_DEXT | E1000_TX_TCP | E1000_TX_IP4 | (mss ? E1000_TX_TSE : 0),
           (uint32_t)NIC_HEADERS << 8 | mss << 16);
}

/* As drivers leave it: no sum in IP's header, in TCP's that of the pseudo header. */
static void unsum(uint8_t *frame, size_t tcp_len)
{
    uint16_t pseudo = nic_sum(frame + 26, 8, 6 + (uint32_t)tcp_len);
    memset(frame + 24, 0, 2);
    frame[50] = (uint8_t)(pseudo >> 8);
    frame[51] = (uint8_t)pseudo;
}

static void test_send_sums(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t right[600], sent[600], got[600];
    size_t len = nic_make_tcp(right, 300);
    memcpy(sent, right, len);
    unsum(sent, 320);
    qtest_memwrite(n->qts, NIC_DATA, sent, len);
    tx_on(n);
    put_context(n, 0, 0, 0);
    put_tx(n, 1, NIC_DATA, (uint32_t)len | E1000_TX_DATA | E1000_TX_DEXT | E1000_TX_EOP,
           E1000_TX_IXSM | E1000_TX_TXSM);
    put_tx(n, 2, NIC_DATA, (uint32_t)len | E1000_TX_DATA | E1000_TX_DEXT | E1000_TX_EOP,
           E1000_TX_TXSM);
    /* Legacy: one sum, from 34 on at 50. */
    put_tx(n, 3, NIC_DATA, (uint32_t)len | 50 << 16 | E1000_TX_EOP | 0x04000000, 34 << 8);
    tx_ring(n, 4);
    g_assert_cmpmem(got, nic_from_wire(n, got, sizeof(got)), right, len);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(right + 24, sent + 24, 2);
        g_assert_cmpmem(got, nic_from_wire(n, got, sizeof(got)), right, len);
    }
    /* Both ranges end beyond the frame: nothing is summed. */
    put_tx(n, 4,
           14 | 24 << 8 | 4000 << 16 | (uint64_t)34 << 32 | (uint64_t)50 << 40 |
               (uint64_t)4000 << 48,
           E1000_TX_DEXT | E1000_TX_TCP | E1000_TX_IP4, (uint32_t)NIC_HEADERS << 8);
    put_tx(n, 5, NIC_DATA, (uint32_t)len | E1000_TX_DATA | E1000_TX_DEXT | E1000_TX_EOP,
           E1000_TX_IXSM | E1000_TX_TXSM);
    tx_ring(n, 6);
    g_assert_cmpmem(got, nic_from_wire(n, got, sizeof(got)), sent, len);
    nic_stop(n);
}

static void test_segments(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t sent[4000], got[2000];
    size_t len = nic_make_tcp(sent, 3300);
    uint32_t at = 0;
    memset(sent + 16, 0, 2); /* the length is the card's to set */
    unsum(sent, 0);
    qtest_memwrite(n->qts, NIC_DATA, sent, len);
    tx_on(n);
    put_context(n, 0, 3300, 1448);
    put_tx(n, 1, NIC_DATA, NIC_HEADERS | E1000_TX_DATA | E1000_TX_DEXT | E1000_TX_TSE,
           E1000_TX_IXSM | E1000_TX_TXSM);
    put_tx(n, 2, NIC_DATA + NIC_HEADERS,
           3300 | E1000_TX_DATA | E1000_TX_DEXT | E1000_TX_TSE | E1000_TX_EOP | E1000_TX_RS, 0);
    tx_ring(n, 3);
    for (unsigned i = 0; i < 3; i++) {
        size_t part = i < 2 ? 1448 : 404;
        g_assert_cmpuint(nic_from_wire(n, got, sizeof(got)), ==, NIC_HEADERS + part);
        g_assert_true(nic_sums_are_right(got, NIC_HEADERS + part));
        g_assert_cmphex((uint32_t)(got[40] << 8 | got[41]), ==, 0x0304 + at);
        g_assert_cmphex(got[47], ==, i < 2 ? 0x10 : 0x18); /* PSH on the last */
        g_assert_cmpmem(got + NIC_HEADERS, part, sent + NIC_HEADERS + at, part);
        at += (uint32_t)part;
    }
    g_assert_true(tx_is_done(n, 2));
    nic_stop(n);
}

/* ---- Receiving ---- */

static void rx_on(Nic *n, uint32_t rctl, unsigned buffers)
{
    nic_set_ring(n, E1000_R_RDBAL, 1);
    for (unsigned i = 0; i < NIC_ENTRIES; i++) {
        qtest_writeq(n->qts, NIC_RING(1) + 16 * i, NIC_DATA + i * FRAME_ROOM);
    }
    nic_set_reg(n, E1000_R_RCTL, rctl | E1000_RCTL_EN);
    nic_set_reg(n, E1000_R_RDBAL + E1000_RING_TAIL, buffers);
}

typedef struct {
    uint32_t len, status, errors, tag, hash;
} Received;

/* Legacy descriptor `i` once it is done. */
static Received rx_legacy(Nic *n, unsigned i)
{
    uint64_t at = NIC_RING(1) + 16 * i;
    g_assert_true(nic_wait_memory(n, at + 12, 1, 1));
    return (Received){.len = qtest_readw(n->qts, at + 8),
                      .status = qtest_readb(n->qts, at + 12),
                      .errors = qtest_readb(n->qts, at + 13),
                      .tag = qtest_readw(n->qts, at + 14)};
}

static Received rx_extended(Nic *n, unsigned ring, unsigned i)
{
    uint64_t at = NIC_RING(ring) + 16 * i;
    g_assert_true(nic_wait_memory(n, at + 8, 1, 1));
    uint32_t status = qtest_readl(n->qts, at + 8);
    return (Received){.len = qtest_readw(n->qts, at + 12),
                      .status = status & 0xfffff,
                      .errors = status >> 24,
                      .tag = qtest_readw(n->qts, at + 14),
                      .hash = qtest_readl(n->qts, at + 4)};
}

static void check_data(Nic *n, unsigned i, const uint8_t *frame, size_t len)
{
    g_autofree uint8_t *got = g_malloc(len);
    qtest_memread(n->qts, NIC_DATA + i * FRAME_ROOM, got, len);
    g_assert_cmpmem(got, len, frame, len);
}

static void test_receive(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[1514];
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_256, 2);
    /* With its check sequence, bit by bit as a wire has it; as short ones are padded. */
    nic_make_frame(frame, 42, 3);
    nic_to_wire(n, frame, 42);
    Received r = rx_legacy(n, 0);
    g_assert_cmpuint(r.len, ==, 64);
    g_assert_cmphex(r.status, ==, E1000_RX_DD | E1000_RX_EOP | E1000_RX_IXSM);
    check_data(n, 0, frame, 42);
    uint32_t crc = ~0u;
    for (unsigned i = 0; i < 60; i++) {
        crc ^= qtest_readb(n->qts, NIC_DATA + i);
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }
    g_assert_cmphex(qtest_readl(n->qts, NIC_DATA + 60), ==, ~crc);
    g_assert_true(nic_wait_reg(n, E1000_R_ICR, E1000_I_RXT0, E1000_I_RXT0));
    /* More than there are descriptors for: it waits, and nothing is shown. */
    nic_make_frame(frame, sizeof(frame), 5);
    nic_to_wire(n, frame, sizeof(frame));
    g_assert_true(nic_wait_reg(n, E1000_R_RNBC, 1, 1));
    g_assert_cmpuint(nic_reg(n, E1000_R_RDBAL + E1000_RING_HEAD), ==, 1);
    nic_set_reg(n, E1000_R_RDBAL + E1000_RING_TAIL, 0);
    qtest_clock_step(n->qts, NIC_STEP);
    for (unsigned i = 1; i < 7; i++) {
        r = rx_legacy(n, i);
        g_assert_cmpuint(r.len, ==, i < 6 ? 256 : 1518 - 5 * 256);
        g_assert_cmphex(r.status & E1000_RX_EOP, ==, i < 6 ? 0 : E1000_RX_EOP);
        check_data(n, i, frame + (i - 1) * 256, i < 6 ? 256 : 1514 - 5 * 256);
    }
    g_assert_cmpuint(nic_reg(n, E1000_R_GPRC), ==, 2);
    g_assert_cmpuint(nic_reg(n, E1000_R_GORCL), ==, 64 + 1518);
    nic_stop(n);
}

static void test_receive_sums(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[600];
    size_t len = nic_make_tcp(frame, 200);
    bool extended = is_e1000e(model);
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC, 7);
    nic_set_reg(n, E1000_R_RFCTL, E1000_RFCTL_EXTEN);
    nic_set_reg(n, E1000_R_RXCSUM, 0x300); /* IPOFL, TUOFL */
    nic_to_wire(n, frame, len);
    frame[100] ^= 1;
    nic_to_wire(n, frame, len);
    frame[100] ^= 1;
    frame[22] ^= 1;
    nic_to_wire(n, frame, len);
    static const uint8_t errors[] = {0, E1000_RX_TCPE, E1000_RX_IPE};
    for (unsigned i = 0; i < 3; i++) {
        Received r = extended ? rx_extended(n, 1, i) : rx_legacy(n, i);
        g_assert_cmpuint(r.len, ==, len);
        g_assert_cmphex(r.status & 0x6f, ==,
                        E1000_RX_DD | E1000_RX_EOP | E1000_RX_TCPCS | E1000_RX_IPCS);
        g_assert_cmphex(r.errors, ==, errors[i]);
    }
    nic_stop(n);
}

static void test_vlan(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[100], untagged[96];
    nic_make_frame(frame, sizeof(frame), 9);
    memcpy(frame + 12, "\x81\x00\x60\x07", 4);
    memcpy(untagged, frame, 12);
    memcpy(untagged + 12, frame + 16, 84);
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC | E1000_RCTL_VFE, 7);
    nic_set_reg(n, E1000_R_CTRL, nic_reg(n, E1000_R_CTRL) | E1000_CTRL_VME);
    nic_to_wire(n, frame, sizeof(frame)); /* its VLAN is not asked for: lost */
    nic_make_frame(frame, 60, 1);
    nic_to_wire(n, frame, 60); /* no VLAN */
    g_assert_cmpuint(rx_legacy(n, 0).len, ==, 60);
    nic_set_reg(n, E1000_R_VFTA, 1 << 7);
    nic_make_frame(frame, sizeof(frame), 9);
    memcpy(frame + 12, "\x81\x00\x60\x07", 4);
    nic_to_wire(n, frame, sizeof(frame));
    Received r = rx_legacy(n, 1);
    g_assert_cmpuint(r.len, ==, 96);
    g_assert_cmphex(r.status & E1000_RX_VP, ==, E1000_RX_VP);
    g_assert_cmphex(r.tag, ==, 0x6007);
    check_data(n, 1, untagged, 96);
    nic_stop(n);
}

/* Whether a frame to that address comes in; a broadcast behind it says that it is over. */
static bool is_received(Nic *n, unsigned *at, const uint8_t address[6])
{
    uint8_t frame[60];
    nic_make_frame(frame, sizeof(frame), 11);
    memcpy(frame, address, 6);
    nic_to_wire(n, frame, sizeof(frame));
    memset(frame, 0xff, 6);
    nic_to_wire(n, frame, sizeof(frame));
    for (bool seen = false;; seen = true) {
        rx_legacy(n, *at);
        uint8_t first = qtest_readb(n->qts, NIC_DATA + *at * FRAME_ROOM);
        qtest_writel(n->qts, NIC_RING(1) + 16 * *at + 12, 0);
        nic_set_reg(n, E1000_R_RDBAL + E1000_RING_TAIL, *at);
        *at = (*at + 1) % NIC_ENTRIES;
        if (first == 0xff) {
            return seen;
        }
    }
}

static void test_filters(const void *model)
{
    Nic *n = nic_start(model);
    static const uint8_t other[6] = {0x52, 0x54, 0, 1, 2, 3},
                         group[6] = {1, 0, 0x5e, 0, 0x12, 0x34};
    unsigned at = 0;
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC, 7);
    g_assert_true(is_received(n, &at, own));
    g_assert_false(is_received(n, &at, other));
    g_assert_false(is_received(n, &at, group));
    /* A second address; the hash of bits 47:36 of the group's: 341h. */
    nic_set_reg(n, E1000_R_RAL + 8, 0x01005452);
    nic_set_reg(n, E1000_R_RAH + 8, 0x80000302);
    nic_set_reg(n, E1000_R_MTA + 4 * (0x341 / 32), 1u << 0x341 % 32);
    g_assert_true(is_received(n, &at, other));
    g_assert_true(is_received(n, &at, group));
    nic_set_reg(n, E1000_R_MTA + 4 * (0x341 / 32), 0);
    nic_set_reg(n, E1000_R_RAH + 8, 0x00000302);
    g_assert_false(is_received(n, &at, other));
    g_assert_false(is_received(n, &at, group));
    nic_set_reg(n, E1000_R_RCTL,
                E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC | E1000_RCTL_UPE);
    g_assert_true(is_received(n, &at, other));
    g_assert_false(is_received(n, &at, group));
    nic_stop(n);
}

static void test_long_frames(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[3000];
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC, 7);
    nic_make_frame(frame, sizeof(frame), 1);
    nic_to_wire(n, frame, 1515);
    nic_to_wire(n, frame, 1514);
    g_assert_cmpuint(rx_legacy(n, 0).len, ==, 1514);
    nic_set_reg(n, E1000_R_RCTL,
                E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC | E1000_RCTL_LPE);
    nic_to_wire(n, frame, 3000);
    g_assert_cmpuint(rx_legacy(n, 1).len, ==, 2048);
    g_assert_cmpuint(rx_legacy(n, 2).len, ==, 952);
    check_data(n, 2, frame + 2048, 952);
    nic_stop(n);
}

/* 82574, 7.1.5: four buffers a descriptor, and two places in the ring. */
static void test_packet_split(void)
{
    Nic *n = nic_start("e1000e");
    uint8_t frame[1514];
    nic_make_frame(frame, sizeof(frame), 1);
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC | E1000_RCTL_PS, 0);
    nic_set_reg(n, E1000_R_PSRCTL, 0x00000101); /* 128 bytes, 1 KiB; and a third of 0 */
    nic_set_reg(n, E1000_R_PSRCTL, 1 | 1 << 8 | 1 << 16);
    for (unsigned i = 0; i < 4; i++) {
        qtest_writeq(n->qts, NIC_RING(1) + 8 * i, NIC_DATA + i * FRAME_ROOM);
    }
    nic_set_reg(n, E1000_R_RDBAL + E1000_RING_TAIL, 2);
    nic_to_wire(n, frame, sizeof(frame));
    Received r = rx_extended(n, 1, 0);
    g_assert_cmpuint(r.len, ==, 128);
    g_assert_cmpuint(qtest_readw(n->qts, NIC_RING(1) + 18), ==, 1024);
    g_assert_cmpuint(qtest_readw(n->qts, NIC_RING(1) + 20), ==, 1514 - 1152);
    check_data(n, 0, frame, 128);
    check_data(n, 1, frame + 128, 1024);
    check_data(n, 2, frame + 1152, 1514 - 1152);
    g_assert_cmpuint(nic_reg(n, E1000_R_RDBAL + E1000_RING_HEAD), ==, 2);
    nic_stop(n);
}

/* The key and answers that Microsoft gives for verification of receive-side scaling. */
static void test_scaling(void)
{
    static const uint32_t key[10] = {0xda565a6d, 0xc20e5b25, 0x3d256741, 0xb08fa343, 0xcb2bcad0,
                                     0xb4307bae, 0xa32dcb77, 0x0cf23080, 0x3bb7426a, 0xfa01acbe};
    Nic *n = nic_start("e1000e");
    uint8_t frame[200];
    size_t len = nic_make_tcp(frame, 80);
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC, 7);
    nic_set_ring(n, E1000_R_RDBAL + E1000_RING_NEXT, 2);
    for (unsigned i = 0; i < NIC_ENTRIES; i++) {
        qtest_writeq(n->qts, NIC_RING(2) + 16 * i, NIC_DATA + (i + NIC_ENTRIES) * FRAME_ROOM);
    }
    nic_set_reg(n, E1000_R_RDBAL + E1000_RING_NEXT + E1000_RING_TAIL, 7);
    nic_set_reg(n, E1000_R_RFCTL, E1000_RFCTL_EXTEN);
    nic_set_reg(n, E1000_R_RXCSUM, 0x2000); /* PCSD: the hash is in the descriptor */
    for (unsigned i = 0; i < 10; i++) {
        nic_set_reg(n, E1000_R_RSSRK + 4 * i, key[i]);
    }
    /* 51CCC178h: entry 78h of the table, which chooses queue 1. */
    nic_set_reg(n, E1000_R_RETA + 4 * (0x78 / 4), 0x00000080);
    nic_set_reg(n, E1000_R_MRQC, 1 | 1 << 16 | 1 << 17);
    nic_to_wire(n, frame, len);
    Received r = rx_extended(n, 2, 0);
    g_assert_cmphex(r.hash, ==, 0x51ccc178);
    g_assert_cmphex(qtest_readl(n->qts, NIC_RING(2)), ==, 0x101); /* queue 1, TCP over IPv4 */
    check_data(n, NIC_ENTRIES, frame, len);
    /* Addresses alone; entry 42h chooses queue 0. */
    nic_set_reg(n, E1000_R_MRQC, 1 | 1 << 17);
    nic_to_wire(n, frame, len);
    r = rx_extended(n, 1, 0);
    g_assert_cmphex(r.hash, ==, 0x323e8fc2);
    g_assert_cmphex(qtest_readl(n->qts, NIC_RING(1)), ==, 2);
    nic_stop(n);
}

/* ---- What a driver may do wrong ---- */

static void test_own_registers(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[100], got[200];
    nic_make_frame(frame, sizeof(frame), 1);
    /* What it reads of itself is all ones, and what it writes there is dropped. */
    tx_on(n);
    put_tx(n, 0, n->regs + E1000_R_RAL, 60 | E1000_TX_EOP, 0);
    tx_ring(n, 1);
    g_assert_cmpuint(nic_from_wire(n, got, sizeof(got)), ==, 60);
    g_assert_cmpuint(got[0] & got[59], ==, 0xff);
    rx_on(n, E1000_RCTL_BAM | E1000_RCTL_SECRC, 7);
    qtest_writeq(n->qts, NIC_RING(1), n->regs);
    nic_to_wire(n, frame, sizeof(frame));
    rx_legacy(n, 0);
    g_assert_cmphex(nic_reg(n, E1000_R_VET), ==, 0x8100);
    nic_stop(n);
}

static void test_endless(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t got[2000];
    /* A frame without an end, longer than any. */
    tx_on(n);
    for (unsigned i = 0; i < NIC_ENTRIES; i++) {
        put_tx(n, i, NIC_DATA, 0xffff, 0);
    }
    tx_ring(n, 7);
    for (unsigned i = 0; i < 20; i++) {
        tx_ring(n, i + 8);
    }
    g_assert_true(nic_wire_is_quiet(n));
    /* Its end is lost with it; the next is sent. */
    unsigned head = nic_reg(n, E1000_R_TDBAL + E1000_RING_HEAD);
    put_tx(n, head, NIC_DATA, 100 | E1000_TX_EOP, 0);
    tx_ring(n, head + 1);
    g_assert_true(nic_wire_is_quiet(n));
    put_tx(n, head + 1, NIC_DATA, 100 | E1000_TX_EOP, 0);
    tx_ring(n, head + 2);
    g_assert_cmpuint(nic_from_wire(n, got, sizeof(got)), ==, 100);
    /* A ring that is nowhere, one of no length, a tail outside. */
    nic_set_reg(n, E1000_R_TDBAL + 4, 0xffffffff);
    tx_ring(n, head + 4);
    nic_set_reg(n, E1000_R_TDBAL + E1000_RING_LEN, 0);
    tx_ring(n, 1);
    nic_set_reg(n, E1000_R_TDBAL + E1000_RING_LEN, 128);
    nic_set_reg(n, E1000_R_TDBAL + E1000_RING_TAIL, 0xffff);
    qtest_clock_step(n->qts, NIC_STEP);
    g_assert_true(nic_wire_is_quiet(n));
    nic_stop(n);
}

/* Offsets beyond the frame, segments of no bytes, headers that are none. */
static void test_bad_contexts(const void *model)
{
    Nic *n = nic_start(model);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    uint8_t frame[400], got[0x20000];
    size_t len = nic_make_tcp(frame, 300);
    qtest_memwrite(n->qts, NIC_DATA, frame, len);
    tx_on(n);
    for (unsigned i = 0; i < 400; i += 2) {
        uint64_t offsets = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        put_tx(n, i, offsets, E1000_TX_DEXT | (g_rand_int(rand) & 0x07000fff), g_rand_int(rand));
        put_tx(n, i + 1, NIC_DATA,
               (uint32_t)len | E1000_TX_DATA | E1000_TX_DEXT | E1000_TX_EOP |
                   (g_rand_boolean(rand) ? E1000_TX_TSE : 0),
               E1000_TX_IXSM | E1000_TX_TXSM);
        tx_ring(n, i + 2);
        g_assert_cmpuint(nic_from_wire(n, got, sizeof(got)), >=, NIC_HEADERS);
        while (!nic_wire_is_empty(n)) {
            nic_from_wire(n, got, sizeof(got));
        }
    }
    nic_stop(n);
}

static void test_without_master(const void *model)
{
    Nic *n = nic_start(model);
    uint8_t frame[60], got[200];
    nic_make_frame(frame, sizeof(frame), 1);
    qtest_memwrite(n->qts, NIC_DATA, frame, sizeof(frame));
    qtest_pci_config_write(n->qts, 0, NIC_DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    tx_on(n);
    put_tx(n, 0, NIC_DATA, 60 | E1000_TX_EOP, 0);
    tx_ring(n, 1);
    g_assert_true(nic_wire_is_quiet(n));
    qtest_pci_config_write(n->qts, 0, NIC_DEVFN, PCI_COMMAND,
                           PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    qtest_clock_step(n->qts, NIC_STEP);
    g_assert_cmpmem(got, nic_from_wire(n, got, sizeof(got)), frame, sizeof(frame));
    nic_stop(n);
}

static void test_link(const void *model)
{
    Nic *n = nic_start(model);
    JsonObject *r = qtest_qmp(n->qts, "{'execute':'set_link','arguments':{'name':'n','up':false}}");
    json_object_unref(r);
    g_assert_cmphex(nic_reg(n, E1000_R_ICR) & E1000_I_LSC, ==, E1000_I_LSC);
    g_assert_cmphex(nic_reg(n, E1000_R_STATUS) & E1000_STATUS_LU, ==, 0);
    g_assert_cmphex(phy_read(n, 1, 1) & 4, ==, 0);
    r = qtest_qmp(n->qts, "{'execute':'set_link','arguments':{'name':'n','up':true}}");
    json_object_unref(r);
    g_assert_cmphex(nic_reg(n, E1000_R_STATUS) & E1000_STATUS_LU, ==, E1000_STATUS_LU);
    /* Whoever takes the PHY's power has none, either. */
    nic_set_reg(n, E1000_R_MDIC, 0x04200000 | 0x1940);
    g_assert_cmphex(nic_reg(n, E1000_R_STATUS) & E1000_STATUS_LU, ==, 0);
    nic_stop(n);
}

/* 82574, 10.2.8.8 and 10.2.11. */
static void test_semaphore_and_clock(void)
{
    Nic *n = nic_start("e1000e");
    g_assert_cmphex(nic_reg(n, E1000_R_SWSM), ==, 0);
    g_assert_cmphex(nic_reg(n, E1000_R_SWSM), ==, 1);
    nic_set_reg(n, E1000_R_SWSM, 0);
    g_assert_cmphex(nic_reg(n, E1000_R_SWSM), ==, 0);
    nic_set_reg(n, E1000_R_TIMINCA, 2 << 24 | 80); /* 80 each second tick of 40 ns */
    uint32_t before = nic_reg(n, E1000_R_SYSTIML);
    qtest_clock_step(n->qts, 8000);
    g_assert_cmpuint(nic_reg(n, E1000_R_SYSTIML) - before, ==, 8000);
    nic_stop(n);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(const void *model);
    } both[] = {
        {"identity", test_identity},
        {"send", test_send},
        {"send-sums", test_send_sums},
        {"segments", test_segments},
        {"receive", test_receive},
        {"receive-sums", test_receive_sums},
        {"vlan", test_vlan},
        {"filters", test_filters},
        {"long-frames", test_long_frames},
        {"own-registers", test_own_registers},
        {"endless", test_endless},
        {"bad-contexts", test_bad_contexts},
        {"without-master", test_without_master},
        {"link", test_link},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        g_autofree char *old = g_strdup_printf("/e1000/%s", both[i].name);
        g_autofree char *new = g_strdup_printf("/e1000e/%s", both[i].name);
        g_test_add_data_func(old, "e1000", both[i].test);
        g_test_add_data_func(new, "e1000e", both[i].test);
    }
    g_test_add_func("/e1000/wires", test_wires);
    g_test_add_func("/e1000e/packet-split", test_packet_split);
    g_test_add_func("/e1000e/scaling", test_scaling);
    g_test_add_func("/e1000e/semaphore-and-clock", test_semaphore_and_clock);
    return g_test_run();
}
