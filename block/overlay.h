/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written to a drive that forgets: clusters in a temporary file, over an image that stays
 * as it is. Private to block/.
 */
#ifndef BLOCK_OVERLAY_H
#define BLOCK_OVERLAY_H

#include "block/image.h"

typedef struct BlockOverlay BlockOverlay;

/* Over `base`, which stays the caller's. */
BlockOverlay *overlay_new(BlockImage *base, GError **error);
void overlay_free(BlockOverlay *overlay);
bool overlay_readv(BlockOverlay *overlay, uint64_t at, const struct iovec *iov, unsigned count);
bool overlay_writev(BlockOverlay *overlay, uint64_t at, const struct iovec *iov, unsigned count);
bool overlay_has(const BlockOverlay *overlay, uint64_t cluster);
void overlay_forget(BlockOverlay *overlay);

#endif
