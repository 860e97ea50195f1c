/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * igb by a driver in the test (82576 data sheet): advanced descriptors, ten vectors through the
 * unit, and virtual functions, whose queues, requester ids, interrupts and mailboxes are their own.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "nic-lib.h"
#include "tests/include/e1000.h"
#include "tests/include/igb.h"

#define MSIX_BAR   3
#define VF_BAR     0xe9000000ull
#define VF_MSIX    0xe9100000ull
#define ECAM(rid_) (0xb0000000ull + ((uint64_t)(rid_) << 12))

static void igb_queue_on(Nic *n, uint64_t regs, uint32_t at, unsigned ring)
{
    Nic view = *n;
    view.regs = regs;
    nic_set_ring(&view, at, ring);
    if ((at & 0xf000) == 0xc000 || (at & 0xf000) == 0x2000) {
        nic_set_reg(&view, at + IGB_R_SRRCTL, IGB_SRRCTL_ADV);
        for (unsigned i = 0; i < NIC_ENTRIES; i++) {
            qtest_writeq(n->qts, NIC_RING(ring) + 16 * i, NIC_DATA + 0x10000 * ring + 0x1000 * i);
        }
    }
    nic_set_reg(&view, at + IGB_R_CTL, IGB_QUEUE_ON);
    if (at >= 0xc000 && at < 0xd000) {
        nic_set_reg(&view, at + E1000_RING_TAIL, NIC_ENTRIES - 1);
    }
}

static void igb_put(Nic *n, unsigned ring, unsigned i, uint64_t address, uint32_t command,
                    uint32_t rest)
{
    uint64_t at = NIC_RING(ring) + 16 * i;
    qtest_writeq(n->qts, at, address);
    qtest_writel(n->qts, at + 8, command);
    qtest_writel(n->qts, at + 12, rest);
}

static void test_send(void)
{
    Nic *n = nic_start("igb");
    uint8_t right[600], sent[4000], got[2000];
    size_t len = nic_make_tcp(right, 300);
    memcpy(sent, right, len);
    g_assert_cmphex(qtest_pci_config_read(n->qts, 0, NIC_DEVFN, 0, 4), ==, 0x10c98086);
    /* As drivers leave it: no sum in IP's header, the pseudo header's in TCP's. */
    uint16_t pseudo = nic_sum(sent + 26, 8, 6 + 320);
    memset(sent + 24, 0, 2);
    sent[50] = (uint8_t)(pseudo >> 8);
    sent[51] = (uint8_t)pseudo;
    qtest_memwrite(n->qts, NIC_DATA, sent, len);
    nic_set_reg(n, E1000_R_TCTL, E1000_TCTL_EN);
    igb_queue_on(n, n->regs, IGB_R_TX(2), 0);
    igb_put(n, 0, 0, 14 << 9 | 20, IGB_TX_CONTEXT | 0xc00, 1 << 4 | 20 << 8 | 128u << 16);
    igb_put(n, 0, 1, NIC_DATA, IGB_TX_DATA | (uint32_t)len, 1 << 4 | 0x300 | (uint32_t)len << 14);
    igb_put(n, 0, 2, NIC_DATA, IGB_TX_DATA | IGB_TX_TSE | (uint32_t)len,
            1 << 4 | 0x300 | 300 << 14);
    nic_set_reg(n, IGB_R_TX(2) + E1000_RING_TAIL, 3);
    qtest_clock_step(n->qts, NIC_STEP);
    g_assert_cmpmem(got, nic_from_wire(n, got, sizeof(got)), right, len);
    for (unsigned i = 0; i < 3; i++) {
        size_t part = i < 2 ? 128 : 300 - 256;
        g_assert_cmpuint(nic_from_wire(n, got, sizeof(got)), ==, NIC_HEADERS + part);
        g_assert_true(nic_sums_are_right(got, NIC_HEADERS + part));
        g_assert_cmpmem(got + NIC_HEADERS, part, right + NIC_HEADERS + 128 * i, part);
    }
    g_assert_cmphex(qtest_readl(n->qts, NIC_RING(0) + 2 * 16 + 12) & 1, ==, 1);
    g_assert_cmpuint(nic_reg(n, E1000_R_GPTC), ==, 2);
    g_assert_cmpuint(nic_reg(n, E1000_R_GPTC), ==, 0); /* read to clear */
    nic_stop(n);
}

static void test_receive(void)
{
    Nic *n = nic_start("igb");
    uint8_t frame[600];
    size_t len = nic_make_tcp(frame, 200);
    nic_set_reg(n, E1000_R_RXCSUM, 0x300);
    igb_queue_on(n, n->regs, IGB_R_RX(0), 1);
    nic_set_reg(n, E1000_R_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC);
    nic_to_wire(n, frame, len);
    g_assert_true(nic_wait_memory(n, NIC_RING(1) + 8, 0x63, 0x63)); /* both sums were looked at */
    g_assert_cmpuint(qtest_readw(n->qts, NIC_RING(1) + 12), ==, len);
    g_assert_cmphex(qtest_readl(n->qts, NIC_RING(1)), ==, 0x110); /* IPv4 and TCP */
    /* The near registers are the same ones. */
    g_assert_cmpuint(nic_reg(n, E1000_R_RDBAL + E1000_RING_HEAD), ==, 1);
    frame[70] ^= 1;
    nic_to_wire(n, frame, len);
    g_assert_true(nic_wait_memory(n, NIC_RING(1) + 24, 0x20000063, 0x20000063));
    g_assert_cmphex(nic_reg(n, IGB_R_ICR) & E1000_I_RXT0, ==, E1000_I_RXT0);
    nic_stop(n);
}

static void test_vectors(void)
{
    Nic *n = nic_start("igb");
    nic_vectors_on(n, IGB_VECTORS, MSIX_BAR);
    nic_set_reg(n, IGB_R_GPIE, IGB_GPIE_MSIX);
    nic_set_reg(n, IGB_R_EIAC, 0x3ff);
    nic_set_reg(n, IGB_R_EIAM, 0x1ff);
    nic_set_reg(n, IGB_R_EIMS, 0x3ff);
    for (unsigned v = 0; v < IGB_VECTORS; v++) {
        nic_set_reg(n, IGB_R_EICS, 1u << v);
        g_assert_true(vtd_took(n->v, 0, (uint8_t)(0x80 + v)));
        nic_set_reg(n, IGB_R_EICS, 1u << v); /* masked by EIAM, but the last */
        g_assert_cmpint(vtd_took(n->v, 0, (uint8_t)(0x80 + v)), ==, v == 9);
    }
    /* The rest's vector by IVAR_MISC, where IMS lets them. */
    nic_set_reg(n, IGB_R_IVAR_MISC, 0x8900);
    nic_set_reg(n, IGB_R_ICS, IGB_I_LSC);
    g_assert_false(vtd_took(n->v, 0, 0x89));
    nic_set_reg(n, IGB_R_IMS, IGB_I_LSC);
    g_assert_true(vtd_took(n->v, 0, 0x89));
    /* At most each 100 us. */
    nic_set_reg(n, IGB_R_EITR(9), 100 << 2);
    nic_set_reg(n, IGB_R_EICS, 1u << 9);
    g_assert_true(vtd_took(n->v, 0, 0x89));
    nic_set_reg(n, IGB_R_EICS, 1u << 9);
    g_assert_false(vtd_took(n->v, 0, 0x89));
    qtest_clock_step(n->qts, 100000);
    g_assert_true(vtd_took(n->v, 0, 0x89));
    vtd_expect_no_fault(n->v);
    nic_stop(n);
}

/* 82576, 7.3.3: all by ICR, without GPIE.Multiple_MSIX. */
static void test_pin(void)
{
    Nic *n = nic_start("igb");
    nic_set_reg(n, IGB_R_IAM, 0xffffffff);
    for (unsigned i = 0; i < 2; i++) {
        /* At the places that drivers use; they are the same ones. */
        nic_set_reg(n, E1000_R_ICS, IGB_I_LSC);
        nic_set_reg(n, E1000_R_IMS, IGB_I_LSC | E1000_I_TXDW);
        g_assert_true(nic_pin_is_up(n));
        g_assert_cmphex(nic_reg(n, E1000_R_ICR), ==, E1000_I_INTA | IGB_I_LSC);
        g_assert_false(nic_pin_is_up(n));
        g_assert_cmphex(nic_reg(n, IGB_R_IMS), ==, 0); /* by IAM */
        igb_queue_on(n, n->regs, IGB_R_TX(0), 0);
        nic_set_reg(n, E1000_R_TCTL, E1000_TCTL_EN);
        nic_set_reg(n, IGB_R_IMS, IGB_I_LSC | E1000_I_TXDW);
        igb_put(n, 0, 0, NIC_DATA, IGB_TX_DATA | 60, 0);
        nic_set_reg(n, IGB_R_TX(0) + E1000_RING_TAIL, 1);
        qtest_clock_step(n->qts, NIC_STEP);
        g_assert_true(nic_pin_is_up(n));
        g_assert_cmphex(nic_reg(n, IGB_R_ICR), ==, E1000_I_INTA | E1000_I_TXDW);
    }
    nic_stop(n);
}

/* ---- Virtual functions ---- */

typedef struct {
    Nic *n;
    Nic vf; /* the first one's registers */
} WithVf;

static uint16_t sriov_capability(Nic *n)
{
    uint16_t at = 0x100;
    while (at && (qtest_readl(n->qts, ECAM(NIC_DEVFN) + at) & 0xffff) != PCI_EXT_CAP_ID_SRIOV) {
        at = (uint16_t)(qtest_readl(n->qts, ECAM(NIC_DEVFN) + at) >> 20);
    }
    g_assert_cmphex(at, !=, 0);
    return at;
}

static WithVf vf_start(void)
{
    WithVf w = {.n = nic_start("igb")};
    Nic *n = w.n;
    uint64_t cap = ECAM(NIC_DEVFN) + sriov_capability(n);
    g_assert_cmpuint(qtest_readw(n->qts, cap + PCI_SRIOV_TOTAL_VF), ==, 7);
    g_assert_cmphex(qtest_readw(n->qts, cap + PCI_SRIOV_VF_DID), ==, 0x10ca);
    qtest_writel(n->qts, cap + PCI_SRIOV_BAR, VF_BAR);
    qtest_writel(n->qts, cap + PCI_SRIOV_BAR + 12, VF_MSIX);
    qtest_writew(n->qts, cap + PCI_SRIOV_NUM_VF, 2);
    qtest_writew(n->qts, cap + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
    w.vf = *n;
    w.vf.regs = VF_BAR;
    w.vf.rid = (uint16_t)(NIC_DEVFN + qtest_readw(n->qts, cap + PCI_SRIOV_VF_OFFSET));
    w.vf.devfn = (uint8_t)w.vf.rid;
    qtest_writew(n->qts, ECAM(w.vf.rid) + PCI_COMMAND, PCI_COMMAND_MASTER);
    nic_set_reg(n, E1000_R_CTRL_EXT, IGB_EXT_PFRSTD);
    return w;
}

static void vf_vectors_on(WithVf *w)
{
    Nic *vf = &w->vf;
    vtd_remap_on(vf->v, 4, true);
    for (unsigned i = 0; i < IGBVF_VECTORS; i++) {
        Pair irte = irte_for((uint8_t)(0x80 + i), 0, true);
        irte.high = vf->rid | 1ull << 18;
        vtd_set_irte(vf->v, i, irte);
        qtest_writeq(vf->qts, VF_MSIX + i * 16, remappable_address(i, false));
        qtest_writel(vf->qts, VF_MSIX + i * 16 + 8, 0);
        qtest_writel(vf->qts, VF_MSIX + i * 16 + 12, 0);
    }
    uint8_t cap = qtest_pci_find_capability(vf->qts, 0, vf->devfn, PCI_CAP_ID_MSIX);
    qtest_writew(vf->qts, ECAM(vf->rid) + cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
}

static void test_mailbox(void)
{
    WithVf w = vf_start();
    Nic *pf = w.n, *vf = &w.vf;
    nic_set_reg(pf, IGB_R_VFLRE, 0xff);
    nic_reg(pf, IGB_R_ICR);
    g_assert_cmphex(nic_reg(vf, IGB_R_V2P), ==, 0x80); /* the reset is over: told once */
    g_assert_cmphex(nic_reg(vf, IGB_R_V2P), ==, 0);
    /* One holds it at a time. */
    nic_set_reg(vf, IGB_R_V2P, 4);
    nic_set_reg(pf, IGB_R_P2V(0), 8);
    g_assert_cmphex(nic_reg(pf, IGB_R_P2V(0)), ==, 4);
    nic_set_reg(vf, IGB_R_VMBMEM + 4, 0xcafe);
    nic_set_reg(vf, IGB_R_V2P, 1);
    g_assert_cmphex(nic_reg(pf, IGB_R_MBVFICR), ==, 1);
    g_assert_cmphex(nic_reg(pf, IGB_R_ICR) & IGB_I_VMMB, ==, IGB_I_VMMB);
    g_assert_cmphex(nic_reg(pf, IGB_R_VMBMEM + 4), ==, 0xcafe);
    g_assert_cmphex(nic_reg(pf, IGB_R_VMBMEM + 64 + 4), ==, 0); /* the other's */
    nic_set_reg(pf, IGB_R_MBVFICR, 1);
    /* The answer, by the vector that the virtual function chose. */
    vf_vectors_on(&w);
    nic_set_reg(vf, IGB_R_IVAR_MISC, 0x82);
    nic_set_reg(vf, IGB_R_EIAC, 7);
    nic_set_reg(vf, IGB_R_EIMS, 7);
    nic_set_reg(pf, IGB_R_P2V(0), 2 | 8);
    g_assert_true(vtd_took(vf->v, 0, 0x82));
    nic_set_reg(pf, IGB_R_VMBMEM, 0xbabe);
    nic_set_reg(pf, IGB_R_P2V(0), 1);
    g_assert_true(vtd_took(vf->v, 0, 0x82));
    g_assert_cmphex(nic_reg(vf, IGB_R_V2P), ==, 0x30);
    g_assert_cmphex(nic_reg(vf, IGB_R_VMBMEM), ==, 0xbabe);
    /* Resets: each is told the other's. */
    nic_set_reg(vf, E1000_R_CTRL, E1000_CTRL_RST);
    g_assert_cmphex(nic_reg(pf, IGB_R_VFLRE), ==, 1);
    nic_set_reg(pf, E1000_R_CTRL, E1000_CTRL_RST);
    g_assert_cmphex(nic_reg(vf, IGB_R_V2P), ==, 0x40);
    vtd_expect_no_fault(vf->v);
    nic_stop(w.n);
}

/* Frames to its address come into its queue, by DMA and a vector with its id; and it sends. */
static void test_virtual_queues(void)
{
    static const uint8_t address[6] = {2, 0, 0, 0, 0, 7};
    WithVf w = vf_start();
    Nic *pf = w.n, *vf = &w.vf;
    uint8_t frame[100], got[200];
    vf_vectors_on(&w);
    nic_set_reg(vf, IGB_R_IVAR(0), 0x81 | 0x80 << 8);
    nic_set_reg(vf, IGB_R_EIAC, 7);
    nic_set_reg(vf, IGB_R_EIMS, 7);
    nic_set_reg(pf, E1000_R_MRQC, IGB_MRQC_POOLS);
    nic_set_reg(pf, IGB_R_VT_CTL, 2 << 7);
    nic_set_reg(pf, E1000_R_RAL + 8, 0x00000002);
    nic_set_reg(pf, E1000_R_RAH + 8, 0x80040700);                     /* valid, pool 0 */
    nic_set_reg(pf, E1000_R_RAH, nic_reg(pf, E1000_R_RAH) | 1 << 20); /* its own: pool 2 */
    nic_set_reg(pf, IGB_R_VMOLR(2), IGB_VMOLR_BAM);
    nic_set_reg(pf, E1000_R_TCTL, E1000_TCTL_EN);
    nic_set_reg(pf, E1000_R_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC);
    igb_queue_on(pf, pf->regs, IGB_R_RX(2), 2);
    igb_queue_on(pf, vf->regs, E1000_R_RDBAL, 1);
    igb_queue_on(pf, vf->regs, E1000_R_TDBAL, 0);
    nic_set_reg(vf, E1000_R_RDBAL + E1000_RING_TAIL, NIC_ENTRIES - 1);
    nic_make_frame(frame, sizeof(frame), 1);
    nic_to_wire(pf, frame, sizeof(frame)); /* to all: pool 2 alone asks for that */
    memcpy(frame, address, 6);
    nic_to_wire(pf, frame, sizeof(frame));
    g_assert_true(nic_wait_memory(pf, NIC_RING(1) + 8, 3, 3));
    g_assert_true(nic_wait_memory(pf, NIC_RING(2) + 8, 3, 3));
    g_assert_true(vtd_took(vf->v, 0, 0x81));
    qtest_memread(pf->qts, NIC_DATA + 0x10000, got, sizeof(frame));
    g_assert_cmpmem(got, sizeof(frame), frame, sizeof(frame));
    g_assert_cmpuint(nic_reg(pf, IGB_R_RX(0) + E1000_RING_HEAD), ==, 1);
    qtest_memwrite(pf->qts, NIC_DATA, frame, sizeof(frame));
    igb_put(pf, 0, 0, NIC_DATA, IGB_TX_DATA | sizeof(frame), 0);
    nic_set_reg(vf, E1000_R_TDBAL + E1000_RING_TAIL, 1);
    qtest_clock_step(pf->qts, NIC_STEP);
    g_assert_cmpmem(got, nic_from_wire(pf, got, sizeof(got)), frame, sizeof(frame));
    g_assert_true(vtd_took(vf->v, 0, 0x80));
    vtd_expect_no_fault(vf->v);
    /* VFTE and the function's own bus mastering stop it. */
    igb_put(pf, 0, 1, NIC_DATA, IGB_TX_DATA | sizeof(frame), 0);
    nic_set_reg(pf, IGB_R_VFTE, 0xfe);
    nic_set_reg(vf, E1000_R_TDBAL + E1000_RING_TAIL, 2);
    qtest_clock_step(pf->qts, NIC_STEP);
    g_assert_true(nic_wire_is_quiet(pf));
    qtest_writew(pf->qts, ECAM(vf->rid) + PCI_COMMAND, 0);
    nic_set_reg(pf, IGB_R_VFTE, 0xff);
    qtest_clock_step(pf->qts, NIC_STEP);
    g_assert_true(nic_wire_is_quiet(pf));
    qtest_writew(pf->qts, ECAM(vf->rid) + PCI_COMMAND, PCI_COMMAND_MASTER);
    qtest_clock_step(pf->qts, NIC_STEP);
    g_assert_cmpuint(nic_from_wire(pf, got, sizeof(got)), ==, sizeof(frame));
    nic_stop(w.n);
}

/* By its queue's descriptor `at`. */
static void vf_sends(WithVf *w, const uint8_t to[6], unsigned at, uint8_t *frame, size_t len)
{
    memcpy(frame, to, 6);
    qtest_memwrite(w->n->qts, NIC_DATA, frame, len);
    igb_put(w->n, 0, at, NIC_DATA, IGB_TX_DATA | (uint32_t)len, 0);
    nic_set_reg(&w->vf, E1000_R_TDBAL + E1000_RING_TAIL, at + 1);
    qtest_clock_step(w->n->qts, NIC_STEP);
}

/* What pool 0 sends to pool 2's address comes there and not out; to all, both; to itself, nowhere;
 * without Loopback_en, out alone. */
static void test_between_pools(void)
{
    static const uint8_t own[6] = {2, 0, 0, 0, 0, 7}, all[6] = {255, 255, 255, 255, 255, 255};
    WithVf w = vf_start();
    Nic *pf = w.n, *vf = &w.vf;
    uint8_t frame[100], got[200], other[6];
    for (unsigned i = 0; i < 6; i++) {
        other[i] = (uint8_t)(nic_reg(pf, i < 4 ? E1000_R_RAL : E1000_R_RAH) >> 8 * (i % 4));
    }
    nic_set_reg(pf, E1000_R_MRQC, IGB_MRQC_POOLS);
    nic_set_reg(pf, IGB_R_VT_CTL, 2 << 7);
    nic_set_reg(pf, E1000_R_RAL + 8, 0x00000002);
    nic_set_reg(pf, E1000_R_RAH + 8, 0x80040700); /* valid, pool 0 */
    nic_set_reg(pf, E1000_R_RAH, nic_reg(pf, E1000_R_RAH) | 1 << 20);
    nic_set_reg(pf, IGB_R_VMOLR(0), IGB_VMOLR_BAM);
    nic_set_reg(pf, IGB_R_VMOLR(2), IGB_VMOLR_BAM);
    nic_set_reg(pf, IGB_R_DTXSWC, IGB_SWC_LOOPBACK);
    nic_set_reg(pf, E1000_R_TCTL, E1000_TCTL_EN);
    nic_set_reg(pf, E1000_R_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC);
    igb_queue_on(pf, pf->regs, IGB_R_RX(2), 2);
    igb_queue_on(pf, vf->regs, E1000_R_RDBAL, 1);
    igb_queue_on(pf, vf->regs, E1000_R_TDBAL, 0);
    nic_set_reg(vf, E1000_R_RDBAL + E1000_RING_TAIL, NIC_ENTRIES - 1);
    nic_make_frame(frame, sizeof(frame), 1);
    vf_sends(&w, other, 0, frame, sizeof(frame));
    g_assert_true(nic_wire_is_quiet(pf));
    g_assert_cmpuint(nic_reg(pf, IGB_R_RX(2) + E1000_RING_HEAD), ==, 1);
    qtest_memread(pf->qts, NIC_DATA + 0x20000, got, sizeof(frame));
    g_assert_cmpmem(got, sizeof(frame), frame, sizeof(frame));
    vf_sends(&w, all, 1, frame, sizeof(frame));
    g_assert_cmpmem(got, nic_from_wire(pf, got, sizeof(got)), frame, sizeof(frame));
    g_assert_cmpuint(nic_reg(pf, IGB_R_RX(2) + E1000_RING_HEAD), ==, 2);
    vf_sends(&w, own, 2, frame, sizeof(frame));
    g_assert_true(nic_wire_is_quiet(pf));
    g_assert_cmpuint(nic_reg(pf, IGB_R_RX(0) + E1000_RING_HEAD), ==, 0);
    nic_set_reg(pf, IGB_R_DTXSWC, 0);
    vf_sends(&w, other, 3, frame, sizeof(frame));
    g_assert_cmpuint(nic_from_wire(pf, got, sizeof(got)), ==, sizeof(frame));
    g_assert_cmpuint(nic_reg(pf, IGB_R_RX(2) + E1000_RING_HEAD), ==, 2);
    nic_stop(w.n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/igb/send", test_send);
    g_test_add_func("/igb/receive", test_receive);
    g_test_add_func("/igb/vectors", test_vectors);
    g_test_add_func("/igb/pin", test_pin);
    g_test_add_func("/igb/mailbox", test_mailbox);
    g_test_add_func("/igb/virtual-queues", test_virtual_queues);
    g_test_add_func("/igb/between-pools", test_between_pools);
    return g_test_run();
}
