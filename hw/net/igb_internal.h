/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of igb share: an 82576, a physical function with up to seven virtual ones. All
 * frames pass through it; a queue belongs to a pool, that is to a virtual function while it is
 * shown, or to the physical one.
 *
 * As in e1000: tails ask for slices, and while DMA is done the registers do not answer.
 */
#ifndef HW_NET_IGB_INTERNAL_H
#define HW_NET_IGB_INTERNAL_H

#include "hw/core/regfile.h"
#include "hw/net/e1000_spec.h"
#include "hw/net/igb_spec.h"
#include "hw/net/nic.h"
#include "hw/net/nic_stats.h"
#include "hw/pci/pci.h"

#define IGB_QUEUES     16
#define IGB_POOLS      8
#define IGB_VFS        7
#define IGB_VECTORS    10
#define IGBVF_VECTORS  3
#define IGB_ADDRESSES  24
#define IGB_SPAN       0x20000u
#define IGBVF_SPAN     0x4000u
#define IGB_ROWS       (58 + NIC_STAT_COUNT)
#define IGB_INTR_FIRST IGB_GPIE
#define IGB_INTR_SPAN  0x300u
#define IGB_INTR_ROWS  41
#define IGB_EITRS      25
#define IGB_QUEUE_ROWS 11
#define IGB_MAIL_WORDS 16
#define IGB_CONTEXTS   2
#define IGB_RETA_WORDS 32

typedef struct Igb Igb;

/* A function's interrupts. */
typedef struct {
    PciDevice *pci;
    unsigned vectors;
    RegFile regs;
    uint64_t values[IGB_INTR_ROWS];
    uint32_t told; /* bits by vector */
    NicThrottle throttle[IGB_VECTORS];
} IgbIntr;

typedef struct {
    Igb *igb;
    uint8_t number;
    bool sends;
    RegFile regs;
    uint64_t values[IGB_QUEUE_ROWS];
    /* Of one that sends. */
    NicTx next;
    NicOffload contexts[IGB_CONTEXTS];
    /* Of one that receives: a frame waits for room. */
    bool starved;
} IgbQueue;

/* A virtual function's half of the mailbox is its own, the memory both's. */
typedef struct {
    PciDevice pci;
    Igb *igb;
    MemRegion mmio;
    IgbIntr intr;
} IgbVf;

struct Igb {
    PciDevice pci;
    /* Properties. */
    Netdev *netdev;
    uint8_t mac[NET_MAC_SIZE];
    uint32_t bootindex;
    uint8_t sriov_vfs;

    MemRegion mmio;
    RegFile regs;
    uint64_t values[IGB_ROWS];
    IgbIntr intr;
    IgbQueue rx[IGB_QUEUES], tx[IGB_QUEUES];
    NicFilter filter;
    uint32_t reta[IGB_RETA_WORDS], rssrk[NIC_RSS_KEY_WORDS], uta[128], vlvf[32], vmolr[IGB_POOLS];
    uint32_t mail[IGB_POOLS * IGB_MAIL_WORDS];
    uint32_t v2p[IGB_POOLS]; /* V2PMAILBOX as a virtual function reads it; VFU and PFU are both's */
    NicEeprom eeprom;
    NicPhy phy;
    Timer work;
    bool busy;
    bool told_together; /* MSI or the pin */
    /* Within one call only. */
    uint16_t received;   /* bits by queue */
    uint8_t local_pools; /* that a frame being sent is for */
    uint8_t *local;      /* NET_FRAME_MAX bytes, for such a frame */
    uint8_t room[NIC_RX_ROOM];
};

static inline uint32_t igb_reg(const Igb *n, uint32_t offset)
{
    return (uint32_t)regfile_get(&n->regs, offset);
}
static inline void igb_set_reg(Igb *n, uint32_t offset, uint32_t value)
{
    regfile_set(&n->regs, offset, value);
}
static inline uint32_t igb_queue_reg(const IgbQueue *q, uint32_t reg)
{
    return (uint32_t)regfile_get(&q->regs, reg);
}

extern const DeviceClass igbvf_class;

/* igb_regs.c */
void igb_regs_init(Igb *n);
void igb_regs_free(Igb *n);
void igb_reset_all(Igb *n);
bool igb_link_is_up(const Igb *n);
void igb_link_changed(void *opaque, bool up);

/* igb_queue.c */
void igb_queues_init(Igb *n);
void igb_queues_free(Igb *n);
void igb_queue_reset(IgbQueue *q);
/* The queue that has that register of the physical function's, or NULL; *reg is which. */
IgbQueue *igb_queue_at(Igb *n, uint32_t offset, uint32_t *reg);
/* The same of a virtual function's. */
IgbQueue *igb_queue_of_vf(Igb *n, unsigned vf, uint32_t offset, uint32_t *reg);
/* Whose requests its DMA is. */
PciDevice *igb_queue_owner(const IgbQueue *q);
bool igb_queue_is_on(const IgbQueue *q);
typedef struct {
    uint64_t base;
    uint32_t entries, head, tail;
} IgbRing;
IgbRing igb_ring(const IgbQueue *q);
void igb_ring_advance(IgbQueue *q, IgbRing *ring);
void igb_kick(Igb *n);
void igb_work(void *opaque);
unsigned igb_shown_vfs(const Igb *n);

/* igb_intr.c */
void igb_intr_init(IgbIntr *intr, PciDevice *pci, unsigned vectors);
void igb_intr_free(IgbIntr *intr);
void igb_intr_reset(IgbIntr *intr);
bool igb_intr_has(const IgbIntr *intr, uint32_t offset);
void igb_intr_update(IgbIntr *intr);
/* Causes of the kind that ICR has, of the physical function. */
void igb_raise(Igb *n, uint32_t causes);
void igb_update_together(Igb *n);
uint32_t igb_icr_read(Igb *n);
void igb_icr_written(Igb *n, uint32_t value);
/* A queue has written descriptors back. */
void igb_queue_event(IgbQueue *q);
/* A virtual function's mailbox has something. */
void igb_vf_mail_event(IgbVf *vf);
extern const StateField igb_intr_state[];

/* igb_mailbox.c */
uint32_t igb_p2v_read(const Igb *n, unsigned vf);
void igb_p2v_written(Igb *n, unsigned vf, uint32_t value);
uint32_t igb_v2p_read(Igb *n, unsigned vf);
void igb_v2p_written(Igb *n, unsigned vf, uint32_t value);
/* The virtual function was reset, by its bus or its driver. */
void igb_vf_was_reset(Igb *n, unsigned vf);
/* The physical one is: they see that, until CTRL_EXT.PFRSTD says that it is over. */
void igb_mailbox_reset(Igb *n);
void igb_mailbox_reset_done(Igb *n);

/* igb_tx.c */
bool igb_send(IgbQueue *q, uint32_t budget);
/* igb_rx.c */
bool igb_receive(void *opaque, const NetFrame *frame);
void igb_received(void *opaque);
/* A frame from one of the pools to those; who has no room loses it. */
void igb_receive_local(Igb *n, const NetFrame *frame, uint8_t pools);
/* igb_pool.c: bits by pool that want a frame. */
uint8_t igb_pools_of(const Igb *n, const NetFrame *frame);
bool igb_has_pools(const Igb *n);
/* The same of one that pool `from` sends; whether it goes out, too. */
uint8_t igb_local_pools(const Igb *n, const NetFrame *frame, unsigned from, bool *out);

#endif
