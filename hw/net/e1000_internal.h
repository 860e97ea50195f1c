/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of e1000 and e1000e share. The 82574L has what the 82540EM has at the same places,
 * and more: a second queue each way, MSI and MSI-X, scaling, other descriptors.
 *
 * A tail that is written only asks for work: frames are sent, and received where there was no room,
 * in slices from a timer, each of bounded cost. While DMA is done the registers do not answer,
 * which can only be that DMA.
 */
#ifndef HW_NET_E1000_INTERNAL_H
#define HW_NET_E1000_INTERNAL_H

#include "hw/core/regfile.h"
#include "hw/net/e1000_spec.h"
#include "hw/net/nic.h"
#include "hw/net/nic_stats.h"
#include "hw/pci/pci.h"

#define E1000_QUEUES     2
#define E1000_VECTORS    5
#define E1000_SPAN       0x20000u
#define E1000_ROWS       129
#define E1000_MORE_ROWS  47
#define E1000_RETA_WORDS 32
#define E1000_PS_BUFFERS 4

typedef struct {
    bool is_82574;
    uint8_t queues, addresses, io_bar;
    uint32_t io_size, causes;
    const NicEepromKind *eeprom;
    const NicPhyKind *phy;
} E1000Model;

/* A ring as its registers have it. */
typedef struct {
    uint64_t base;
    uint32_t entries, head, tail;
    uint32_t at; /* its registers */
} E1000Ring;

/* 8254x manual, 3.3.3 to 3.3.7: a descriptor to be sent, decoded. */
typedef enum { E1000_TX_LEGACY, E1000_TX_CONTEXT, E1000_TX_DATA, E1000_TX_UNKNOWN } E1000TxKind;
typedef struct {
    E1000TxKind kind;
    uint64_t address;
    uint32_t len; /* a context's payload */
    bool eop, insert_sum, segment, report, delay, vlan;
    bool ip_sum, transport_sum;
    uint16_t tag;
    uint8_t sum_at, sum_start; /* legacy */
    /* A context. */
    bool is_tcp, is_v4;
    uint8_t ip_start, ip_sum_at, transport_start, transport_sum_at, header_len;
    uint16_t ip_end, transport_end, segment_size;
} E1000TxDesc;

/* A queue that sends. */
typedef struct {
    NicTx next;         /* the frame that is being put together */
    NicOffload context; /* as the last context says */
} E1000Tx;

typedef struct {
    PciDevice pci;
    const E1000Model *model;
    /* Properties. */
    Netdev *netdev;
    uint8_t mac[NET_MAC_SIZE];
    uint32_t bootindex;

    MemRegion mmio, io;
    uint32_t io_address;
    RegFile regs, more; /* both models', the 82574L's */
    uint64_t values[E1000_ROWS], more_values[E1000_MORE_ROWS];
    NicFilter filter;
    uint32_t reta[E1000_RETA_WORDS], rssrk[NIC_RSS_KEY_WORDS];
    NicEeprom eeprom;
    NicPhy phy;
    E1000Tx tx[E1000_QUEUES];
    Timer work;
    bool starved; /* a frame waits for room */
    bool busy;    /* DMA is done */
    uint8_t told; /* bits by cause of IVAR: its message is sent; bit 7: MSI or the pin */
    NicThrottle throttle[E1000_VECTORS];
    NicDelay rx_delay, tx_delay;
    uint64_t time_base; /* SYSTIM when `time_at` was, 82574 */
    uint64_t time_at;
    /* Within one call only. */
    uint8_t received; /* bits by queue */
    bool low;         /* few descriptors are left */
    uint8_t room[NIC_RX_ROOM];
} E1000;

static inline uint32_t e1000_reg(const E1000 *n, uint32_t offset)
{
    return (uint32_t)regfile_get(&n->regs, offset);
}
static inline void e1000_set_reg(E1000 *n, uint32_t offset, uint32_t value)
{
    regfile_set(&n->regs, offset, value);
}
/* Registers that the 82540EM has not read as 0. */
static inline uint32_t e1000_more(const E1000 *n, uint32_t offset)
{
    return n->model->is_82574 ? (uint32_t)regfile_get(&n->more, offset) : 0;
}

/* e1000_regs.c */
void e1000_regs_init(E1000 *n);
void e1000_regs_free(E1000 *n);
/* By CTRL.RST or the bus. */
void e1000_reset_all(E1000 *n);
bool e1000_link_is_up(const E1000 *n);
void e1000_link_changed(void *opaque, bool up);

/* e1000_ring.c */
E1000Ring e1000_ring(const E1000 *n, uint32_t at);
void e1000_ring_advance(E1000 *n, E1000Ring *ring);
/* There is something to do: a slice will run. */
void e1000_kick(E1000 *n);
void e1000_work(void *opaque);

/* e1000_intr.c */
void e1000_intr_init(E1000 *n);
void e1000_intr_reset(E1000 *n);
void e1000_raise(E1000 *n, uint32_t causes);
/* Registers or capabilities have changed. */
void e1000_intr_update(E1000 *n);
uint32_t e1000_icr_read(E1000 *n);
void e1000_icr_written(E1000 *n, uint32_t value);
void e1000_rx_events(E1000 *n);
/* Descriptors were written back; all of them allow a delay, or not. */
void e1000_tx_event(E1000 *n, unsigned queue, bool delayed);

/* e1000_tx.c: sends what fits into the budget; true if there is more, and it can go on. */
bool e1000_send(E1000 *n, unsigned queue, uint32_t budget);
/* e1000_desc.c */
E1000TxDesc e1000_tx_decode(const uint8_t raw[DESC_BYTES]);

/* e1000_rx.c: NicOps */
bool e1000_receive(void *opaque, const NetFrame *frame);
void e1000_received(void *opaque);

/* e1000_state.c */
extern const StateField e1000_state[], e1000e_state[];
void e1000_restored(Device *dev);

#endif
