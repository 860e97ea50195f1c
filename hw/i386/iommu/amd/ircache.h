/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: interrupt remapping tables, and the cache of their entries (2.2.5, 2.4.5). */
#ifndef HW_I386_IOMMU_AMD_IRCACHE_H
#define HW_I386_IOMMU_AMD_IRCACHE_H

#include "base/caches.h"
#include "base/clock.h"
#include "hw/core/intr_msg.h"
#include "hw/i386/iommu/amd/hostptr.h"
#include "hw/i386/iommu/amd/irte.h"

#define AMDVI_IRCACHE_SLOTS   16384u
#define AMDVI_IRCACHE_DEVICES 65536u

typedef enum {
    AMDVI_IRTE_OK,
    AMDVI_IRTE_UNREADABLE,
    AMDVI_IRTE_NOT_MAPPED, /* RemapEn is clear */
    AMDVI_IRTE_RESERVED,
} AmdviIrteStatus;

/* An entry ready for use. */
typedef struct {
    union {
        struct {
            uint64_t low, high; /* as read, to tell stale entries */
        };
        uint64_t raw[2];
    };
    uint64_t epoch;    /* valid while above its device's and the cache's */
    int64_t cached_at; /* ns; for the journal */
    uint32_t key;      /* device id and index */
    bool sup_iopf;
    bool guest, is_run, ga_log; /* AmdviIrte's */
    uint32_t tag;
    uint64_t page;
    ApicMsg msg;
    AmdviHostPtr at;
} AmdviIrEntry;

/* Where an entry is. */
typedef struct {
    uint16_t device_id;
    uint16_t index;
    uint64_t table;
} AmdviIrPlace;

typedef struct {
    AddressSpace *memory;
    Clock *clock;
    AmdviIrEntry *slots;     /* by device id and index */
    uint64_t *device_epochs; /* of the last invalidation of each device's */
    uint64_t epoch, flushed; /* counts fills and invalidations; of the last one of all */
    uint64_t hits, misses, stale_hits;
} AmdviIrCache;

void amdvi_ircache_init(AmdviIrCache *c, AddressSpace *memory, Clock *clock);
void amdvi_ircache_free(AmdviIrCache *c);
void amdvi_ircache_reset(AmdviIrCache *c);
/* Its entries, for a checkpoint. */
void amdvi_ircache_visit(AmdviIrCache *c, CacheVisit *visit);
void amdvi_ircache_invalidate(AmdviIrCache *c, uint16_t device_id);
void amdvi_ircache_invalidate_all(AmdviIrCache *c);

typedef struct {
    const AmdviIrEntry *entry;
    AmdviIrteStatus status;
    bool cached, stale;
} AmdviIrLookup;

/* The entry at that place, from the cache or from memory through *scratch. Only what can be used is
 * kept, and with `keep`. */
AmdviIrLookup amdvi_ircache_get(AmdviIrCache *c, const AmdviIrPlace *at, AmdviIrteMode mode,
                                bool keep, AmdviIrEntry *scratch);
/* Looks, and changes nothing: the entry in memory (false if it cannot be read), and the one that
 * the cache holds or NULL. */
bool amdvi_ircache_peek(const AmdviIrCache *c, const AmdviIrPlace *at, AmdviIrteMode mode,
                        uint64_t raw[2], const AmdviIrEntry **cached);

#endif
