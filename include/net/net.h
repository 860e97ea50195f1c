/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network backends (netdevs): what -netdev, -nic and -net give a network card to talk to. A card
 * and its netdev exchange Ethernet frames without their check sequence.
 *
 * To the card: a netdev puts frames into a bounded queue and, at the end of a burst, offers them.
 * What the card has no room for stays queued until it says that it has; what the queue has no room
 * for is dropped, as a switch does. Nothing is ever received from within netdev_send().
 *
 * From the card: a netdev takes a frame or says "not now", and calls back when it takes frames
 * again.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/optlist.h"

#define NET_MAC_SIZE     6
#define NET_HEADER_SIZE  14 /* two addresses and a type */
#define NET_MTU          1500
#define NET_IP_MAX       65535u
#define NET_FRAME_MAX    (NET_HEADER_SIZE + 4 + NET_IP_MAX) /* with a VLAN tag */
#define NET_QUEUE_FRAMES 1024
#define NET_QUEUE_BYTES  (4u << 20)
#define NET_MAX_QUEUES   16
#define NET_GATHER_NS    (20 * NS_PER_US) /* how long answers wait for others */

typedef struct Netdev Netdev;

typedef enum { NET_GSO_NONE, NET_GSO_TCP4, NET_GSO_TCP6 } NetGso;

/*
 * A frame, and what is still to be done with it by whoever sends it on. With `needs_csum` the sum
 * from `csum_start` to the end is to be stored `csum_offset` bytes after that; the field has the
 * pseudo header's sum. A `gso` frame stands for several with `gso_size` bytes of TCP data each,
 * behind copies of the first `header_len` bytes.
 */
typedef struct {
    const uint8_t *data;
    size_t len;
    bool sum_is_right; /* to the card: nobody needs to look at TCP's and UDP's checksums */
    bool needs_csum;
    uint16_t csum_start, csum_offset;
    NetGso gso;
    uint16_t gso_size, header_len;
} NetFrame;

/* Does what is still to be done with a frame of up to NET_FRAME_MAX bytes: `plain` gets it, or its
 * pieces, which with `large` need not fit a wire. `room` has NET_FRAME_MAX bytes. */
typedef void (*NetPlain)(void *opaque, const uint8_t *frame, size_t len);
void net_frame_finish(const NetFrame *f, bool large, uint8_t *room, NetPlain plain, void *opaque);

/* The card. */
typedef struct {
    /* A frame arrives; false if there is no room for it now. Only with netdev_set_merging() are
     * there others than plain ones. */
    bool (*receive)(void *opaque, const NetFrame *frame);
    /* The burst is over: a good time for one interrupt. May be NULL. */
    void (*received)(void *opaque);
    /* After a netdev_send() that was false: try again. */
    void (*can_send)(void *opaque);
    /* set_link. May be NULL. */
    void (*link_changed)(void *opaque, bool up);
} NicOps;

/* From the text after -netdev ("user,id=n"). The clock must outlive it. */
Netdev *netdev_new(const char *text, Clock *clock, GError **error);
void netdev_free(Netdev *nd);
/* Backend names, one a line, for -netdev help. */
void netdev_help(GString *out);

const char *netdev_id(const Netdev *nd);
/* Its kind: "user". */
const char *netdev_type(const Netdev *nd);
/* What it is connected to, for `info network`. */
const char *netdev_info(const Netdev *nd);
/* How many pairs of queues a card with several may have: queues=. */
unsigned netdev_queues(const Netdev *nd);
/* Who has it, or NULL. */
const char *netdev_owner(const Netdev *nd);
/* What was dropped because the card took nothing. */
uint64_t netdev_dropped(const Netdev *nd);

/* Its frames into a file (-object filter-dump): file=, maxlen=. */
bool netdev_add_dump(Netdev *nd, OptList *opts, GError **error);

/* One card has it; `owner` is its id. */
bool netdev_attach(Netdev *nd, const char *owner, const NicOps *ops, void *opaque, GError **error);
void netdev_detach(Netdev *nd);
/* The cable, both ways. What is sent over none is lost. */
void netdev_set_link(Netdev *nd, bool up);
bool netdev_link_is_up(const Netdev *nd);

/* For cards. All allow a NULL netdev: a card without one sends into nowhere. */
/* Whether it takes a frame now; if not, can_send() follows. */
bool netdev_takes(const Netdev *nd);
/* Sends, and does before what is still to be done. False: not now, can_send() follows. */
bool netdev_send(Netdev *nd, const NetFrame *frame);
/* A burst of netdev_send() is over. What came meanwhile, answers mostly, is received a moment
 * later: several at once, and put together where they follow each other. */
void netdev_sent(Netdev *nd);
/* There is room again: what waits is received before this returns. */
void netdev_receive_ready(Netdev *nd);
/* The card likes TCP segments that follow each other as one `gso` frame: bits 1 << NetGso. */
void netdev_set_merging(Netdev *nd, unsigned kinds);

/* The same number for all frames of a TCP or UDP connection, both ways; 0 for other frames. */
uint32_t net_flow_hash(const uint8_t *frame, size_t len);
/* 52:54:00:12:34:56 or with dashes. */
bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_SIZE]);
#define NET_MAC_TEXT sizeof("00:00:00:00:00:00")
void net_format_mac(const uint8_t mac[NET_MAC_SIZE], char text[NET_MAC_TEXT]);

#endif
