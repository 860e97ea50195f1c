/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hardware may lose of a device, for a checkpoint in this process (DeviceClass.save_caches):
 * the same function of a device names its parts to be saved and to be loaded.
 */
#ifndef BASE_CACHES_H
#define BASE_CACHES_H

#include <glib.h>
#include <stdint.h>

typedef struct {
    GByteArray *out;   /* to be saved: parts are appended; or NULL */
    const uint8_t *in; /* to be loaded: the next part */
} CacheVisit;

/* `bytes` at `part`, of which long stretches may be zeros: they take no room, and zeros that the
 * host does not back stay so. */
void cache_visit(CacheVisit *visit, void *part, size_t bytes);
#define CACHE_VISIT(visit_, lvalue_) cache_visit((visit_), &(lvalue_), sizeof(lvalue_))

#endif
