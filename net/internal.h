/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What network backends share; private to net/. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include "base/optlist.h"
#include "net/outside.h"

typedef struct {
    const char *name;
    size_t instance_size; /* a struct that starts with a Netdev */
    bool (*open)(Netdev *nd, OptList *opts, GError **error);
    void (*close)(Netdev *nd);
    /* A plain frame. It is taken even when the backend is busy. */
    void (*send)(Netdev *nd, const uint8_t *frame, size_t len);
    /* Its own queue is filled: no frames for now; netdev_can_send() follows. NULL: never. */
    bool (*is_busy)(Netdev *nd);
    /* There is room in the queue again. May be NULL. */
    void (*accept)(Netdev *nd);
    /* It has no use for small frames: TCP segments up to the largest IP packet go through. */
    bool takes_large;
    /* Its frames are made here, not received: their checksums are right. */
    bool sums_are_right;
} NetdevOps;

/* Somebody who sees each frame (dump.c). */
typedef struct NetTap {
    void (*frame)(struct NetTap *tap, const uint8_t *frame, size_t len);
    void (*close)(struct NetTap *tap); /* frees it */
} NetTap;

struct Netdev {
    const NetdevOps *ops;
    char *id;
    char *info;
    char *owner;
    Clock *clock;
    const Outside *outside; /* NULL: nobody keeps the door */
    bool closed;            /* nothing of the host's is behind it */
    uint64_t queues;
    const NicOps *nic;
    void *nic_opaque;
    GQueue queue; /* of NetBuf *, to the card */
    size_t queued_bytes;
    uint64_t dropped;
    bool offering;    /* the card is being given frames */
    bool sending;     /* the card sends: frames to it wait */
    Timer gather;     /* and a moment more */
    unsigned merging; /* bits 1 << NetGso */
    bool link_down;
    GPtrArray *taps;   /* of NetTap * */
    uint8_t *assembly; /* NET_FRAME_MAX bytes: a frame put together */
};

typedef struct {
    size_t len;
    uint8_t data[];
} NetBuf;

extern const NetdevOps net_dgram_ops, net_socket_ops, net_stream_ops, net_tap_ops, net_user_ops;

/* For backends: a frame for the card, and the end of a burst of them. */
void netdev_deliver(Netdev *nd, const uint8_t *frame, size_t len);
void netdev_offer(Netdev *nd);
/* Somebody keeps the door: what the host does, and when, is not to be seen by the guest. */
bool netdev_is_kept(const Netdev *nd);
/* False: what is delivered now is dropped. */
bool netdev_has_room(const Netdev *nd);
/* It was busy, and is no more. */
void netdev_can_send(Netdev *nd);
void netdev_set_info(Netdev *nd, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* offload.c: does what `frame` wants done and sends the pieces. */
void netdev_send_offloaded(Netdev *nd, const NetFrame *frame);
/* To taps and the backend. */
void netdev_send_plain(Netdev *nd, const uint8_t *frame, size_t len);
/* merge.c: the next frame for the card out of the queue, merged if it likes that. *count is how
 * many of the queue's it is. */
NetFrame netdev_next_frame(Netdev *nd, unsigned *count);

#endif
