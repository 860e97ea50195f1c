/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Intel's gigabit controllers have in common, apart from where their registers are: the
 * EEPROM, the PHY, address filters, the offloads of what is sent, what is told of what is received,
 * and interrupts that are held back. Private to hw/net/.
 */
#ifndef HW_NET_NIC_H
#define HW_NET_NIC_H

#include "base/clock.h"
#include "hw/core/state.h"
#include "hw/pci/pci.h"
#include "net/net.h"
#include "net/packet.h"

#define NIC_MIN_FRAME   60 /* without its check sequence */
#define NIC_FCS         4
#define NIC_VLAN_TAG    4
#define NIC_VLAN_AT     12
#define NIC_MAX_RECEIVE 16384
#define NIC_TX_BYTES    (NET_FRAME_MAX + NIC_VLAN_TAG)

/* ---- EEPROM (nic_eeprom.c) ---- */

#define NIC_EEPROM_WORDS 64

/* What is in it beside the address. */
typedef struct {
    uint16_t device_id, subsystem_id, subsystem_vendor_id;
    uint8_t eerd_start, eerd_done; /* EERD's bits */
    uint8_t eerd_address_shift;
    bool microwire; /* EECD drives the part's wires */
} NicEepromKind;

typedef struct {
    const NicEepromKind *kind;
    uint16_t words[NIC_EEPROM_WORDS];
    uint8_t pins;     /* EECD's as they were written last */
    uint32_t shifted; /* what came in since chip select, a leading one in front */
    uint32_t out;     /* what goes out, the highest bit first */
    uint8_t out_bits;
} NicEeprom;
extern const StateField nic_eeprom_state[];

void nic_eeprom_init(NicEeprom *e, const NicEepromKind *kind, const uint8_t mac[NET_MAC_SIZE]);
/* EERD after a write: with the word and "done", if that started a read. */
uint32_t nic_eeprom_read(const NicEeprom *e, uint32_t eerd);
/* EECD is written; what it reads as, of the bits that are the EEPROM's. */
void nic_eeprom_drive(NicEeprom *e, uint32_t eecd);
uint32_t nic_eeprom_pins(const NicEeprom *e);

/* ---- PHY (nic_phy.c) ---- */

#define NIC_PHY_REGS 32

typedef struct {
    uint8_t reg;
    uint16_t reset, writable;
} NicPhyRow;

typedef enum { NIC_PHY_M88, NIC_PHY_IGP } NicPhyFamily;

typedef struct {
    NicPhyFamily family;
    uint16_t id_high, id_low;
    uint8_t page_select; /* the register that chooses a page */
} NicPhyKind;

typedef struct {
    const NicPhyKind *kind;
    uint16_t regs[NIC_PHY_REGS];
} NicPhy;
extern const StateField nic_phy_state[];

void nic_phy_init(NicPhy *phy, const NicPhyKind *kind);
void nic_phy_reset(NicPhy *phy);
bool nic_phy_has_power(const NicPhy *phy);
/* MDIC after a write: with what was read, "ready", and "error" if nobody answers. */
uint32_t nic_phy_access(NicPhy *phy, uint32_t mdic, bool cable);

/* ---- Filters (nic_filter.c) ---- */

#define NIC_MTA_WORDS  128
#define NIC_VFTA_WORDS 128
#define NIC_ADDRESSES  24

typedef struct {
    uint32_t ra[2 * NIC_ADDRESSES]; /* RAL and RAH in turn */
    uint32_t mta[NIC_MTA_WORDS], vfta[NIC_VFTA_WORDS];
} NicFilter;
extern const StateField nic_filter_state[];

/* As after a reset: the first address is the EEPROM's. */
void nic_filter_reset(NicFilter *f, const uint8_t mac[NET_MAC_SIZE]);
bool nic_filter_accepts(const NicFilter *f, uint32_t rctl, unsigned addresses,
                        const uint8_t *frame);
/* The pair of RAL and RAH that has the frame's destination, from 0 on; -1: none. */
int nic_filter_find(const NicFilter *f, unsigned addresses, const uint8_t *frame);
bool nic_filter_has_multicast(const NicFilter *f, uint32_t rctl, const uint8_t *frame);
bool nic_filter_accepts_vlan(const NicFilter *f, uint16_t id);

/* ---- Sending (nic_tx.c) ---- */

/* What is to be done with a frame; offsets are of the frame as it is in memory. */
typedef struct {
    bool ip_sum, transport_sum, segment, is_v4, is_tcp;
    bool insert_vlan;
    uint16_t vlan_type, vlan_tag;
    uint16_t ip_at, ip_sum_at, ip_end; /* `end`s are inclusive, 0: the frame's */
    uint16_t transport_at, transport_sum_at, transport_end;
    uint16_t header_len, segment_size;
} NicOffload;
extern const StateField nic_offload_state[];

/* A frame that descriptors put together. */
typedef struct {
    uint8_t *frame; /* NIC_TX_BYTES */
    uint32_t len;
    bool lost; /* it is longer than any can be, or a piece of it could not be read */
    NicOffload offload;
} NicTx;
extern const StateField nic_tx_state[];

void nic_tx_init(NicTx *tx);
void nic_tx_free(NicTx *tx);
/* There is nothing of a frame yet. */
void nic_tx_begin(NicTx *tx);
static inline bool nic_tx_is_empty(const NicTx *tx)
{
    return tx->len == 0 && !tx->lost;
}
/* Appends what is in memory there. */
void nic_tx_add(NicTx *tx, PciDevice *owner, uint64_t address, uint32_t len);
/* The frame is complete: with `pad`, as long as the shortest that goes over a wire. Does what a
 * card does itself, and leaves the rest to the netdev; valid up to nic_tx_begin(). False: there is
 * none. */
bool nic_tx_finish(NicTx *tx, bool pad, NetFrame *out);

/* ---- Receiving (nic_rx.c) ---- */

/* A frame as it goes to memory, and what its descriptor says of it. */
typedef struct {
    const uint8_t *data;
    uint32_t len;
    bool has_vlan; /* a tag was taken out */
    uint16_t vlan_tag;
    NetPacket packet; /* of the frame as it came */
    NetSum ip_sum, transport_sum;
} NicReceived;

typedef struct {
    bool strip_vlan, strip_fcs;
    uint16_t vlan_type;
} NicRxMode;

/* `room` has NIC_MAX_RECEIVE and some bytes, for a frame that cannot stay as it is. */
#define NIC_RX_ROOM (NIC_MAX_RECEIVE + NIC_MIN_FRAME)
NicReceived nic_rx_prepare(const NetFrame *frame, const NicRxMode *mode, uint8_t *room);
bool nic_rx_is_tagged(const NetFrame *frame, uint16_t vlan_type);
uint16_t nic_rx_tag(const NetFrame *frame);

/* Receive-side scaling by Microsoft's hash of addresses and ports. */
#define NIC_RSS_KEY_WORDS 10
typedef enum { /* the numbers are descriptors' (82574, 7.1.8; 82576, 7.1.5) */
               NIC_RSS_NONE = 0,
               NIC_RSS_TCP4 = 1,
               NIC_RSS_IP4 = 2,
               NIC_RSS_TCP6 = 3,
               NIC_RSS_IP6 = 5,
} NicRssType;
/* What is hashed, by bits 1 << NicRssType; the hash in *hash. */
NicRssType nic_rss_hash(const uint32_t key[NIC_RSS_KEY_WORDS], uint32_t types, const uint8_t *frame,
                        const NetPacket *p, uint32_t *hash);

/* ---- Interrupts that are held back (nic_moderation.c) ---- */

/* At most one an interval. */
typedef struct {
    Timer timer;
    uint64_t allowed_at; /* ns */
} NicThrottle;
extern const StateField nic_throttle_state[];

void nic_throttle_init(NicThrottle *t, Clock *clock, void (*fire)(void *opaque), void *opaque);
void nic_throttle_reset(NicThrottle *t);
/* Whether one may go now; then the next may in `interval` ns. Otherwise the timer tells when. */
bool nic_throttle_pass(NicThrottle *t, uint64_t interval);

/* A while after the last event, but not longer than another after the first. */
typedef struct {
    Timer timer;
    uint64_t latest; /* ns */
} NicDelay;
extern const StateField nic_delay_state[];

void nic_delay_init(NicDelay *d, Clock *clock, void (*fire)(void *opaque), void *opaque);
void nic_delay_reset(NicDelay *d);
/* `absolute` 0: there is no such limit. Both in units of 1.024 us. */
void nic_delay_event(NicDelay *d, uint32_t packet, uint32_t absolute);

#endif
