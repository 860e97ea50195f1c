/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netdevs whose frames to the card pass somebody who keeps the door (base/outside.h). */
#ifndef NET_OUTSIDE_H
#define NET_OUTSIDE_H

#include "base/outside.h"
#include "net/net.h"

/* As netdev_new(). `outside` must outlive it. Where that is closed, nothing of the host's is opened
 * and what the card sends goes nowhere. */
Netdev *netdev_new_outside(const char *text, Clock *clock, const Outside *outside, GError **error);
/* A frame that was kept, into the queue to the card, which drops what it has no room for; */
void netdev_enter(Netdev *nd, const uint8_t *frame, size_t len);
/* and the end of a burst of them: they are offered to the card, and the host may send more. */
void netdev_enter_end(Netdev *nd);

#endif
