/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: the interrupt remapping table, and the cache of its entries (5.1, 6.4). */
#ifndef HW_I386_IOMMU_VTD_IEC_H
#define HW_I386_IOMMU_VTD_IEC_H

#include "base/caches.h"
#include "base/clock.h"
#include "base/memory.h"
#include "hw/i386/iommu/vtd/irte.h"
#include "hw/i386/iommu/vtd/tables.h"

typedef enum { VTD_IEC_HOLD, VTD_IEC_OFF, VTD_IEC_RANDOM } VtdIecPolicy;

#define VTD_IRT_MAX       65536u
#define VTD_IRTE_SIZE     16 /* bytes */
#define VTD_IEC_BLOCK     256u
#define VTD_IEC_BLOCKS    (VTD_IRT_MAX / VTD_IEC_BLOCK)
#define VTD_HANDLE_MASK_V 0xfu /* ECAP.MHMV */

/* An entry ready for use: a cache line. */
typedef struct {
    uint64_t low, high;     /* as read, to tell stale entries */
    uint16_t sid_mask, sid; /* SVT 00 and 01: (requester & mask) == sid; */
    bool check_bus;         /* SVT 10: buses sid[15:8] to sid[7:0] */
    bool posted, urgent, fpd;
    bool worked;   /* it was usable once; SID and its mask are still those of then */
    uint8_t fault; /* VtdFaultReason: what its use gives */
    ApicMsg msg;
    uint64_t pid_address;
    int64_t cached_at; /* ns: when it came into the cache */
} VtdIecEntry;
G_STATIC_ASSERT(sizeof(VtdIecEntry) == 64);

/* The table as SIRTP latched it from IRTA. */
typedef struct {
    uint64_t irta;
    uint64_t base;
    uint32_t entries;
    uint32_t reachable; /* those of them that do not lie above HAW */
    bool eime;
    const uint8_t *host; /* where it is in host memory, valid at `generation` */
    uint64_t generation;
    bool host_known;
} VtdIrt;

typedef struct {
    bool present; /* the unit remaps interrupts */
    VtdTables *tables;
    Trace *trace;
    Clock *clock;
    VtdIecPolicy policy;
    uint64_t seed; /* of VTD_IEC_RANDOM */
    bool caching_mode, posting;
    uint8_t haw;
} VtdIecConfig;

typedef struct {
    VtdIecConfig config;
    VtdIrt table;
    VtdIecEntry *entries; /* one an index; NULL if the unit does not remap */
    /* An entry is valid while its epoch is above that of its block: invalidating is to raise the
     * block's, or to clear the entries'. */
    uint64_t *epochs;
    uint64_t block_epochs[VTD_IEC_BLOCKS];
    uint64_t epoch; /* counts fills and invalidations */
    uint64_t random;
    bool flushed; /* since SIRTP */
    uint64_t hits, misses;
    uint64_t stale_hits; /* a cached entry used that differs from memory */
} VtdIec;
extern const StateField vtd_iec_state[];

void vtd_iec_init(VtdIec *iec, const VtdIecConfig *config);
void vtd_iec_free(VtdIec *iec);
void vtd_iec_reset(VtdIec *iec);
/* Its entries, for a checkpoint; the table is as it was. */
void vtd_iec_visit(VtdIec *iec, CacheVisit *visit);
/* After a load: the cache is empty, the table as it was latched. */
void vtd_iec_restored(VtdIec *iec);
/* SIRTP: takes the table's address, size and mode from IRTA. */
void vtd_iec_set_table(VtdIec *iec, uint64_t irta);
void vtd_iec_invalidate_all(VtdIec *iec);
void vtd_iec_invalidate(VtdIec *iec, uint16_t index, uint8_t mask);

static inline bool vtd_iec_holds(const VtdIec *iec, uint32_t index)
{
    return iec->epochs[index] > iec->block_epochs[index / VTD_IEC_BLOCK];
}

/* An entry for a request. */
typedef struct {
    const VtdIecEntry *entry;
    bool cached, stale; /* it comes from the cache; memory has another one */
} VtdIecUse;
/* The entry to use for `index`, from the cache or from memory through `scratch`. */
VtdIecUse vtd_iec_get(VtdIec *iec, uint32_t index, VtdIecEntry *scratch);

/* Looks, and changes nothing: the entry in memory (false if it cannot be read) and the one that a
 * request would find in the cache, or NULL. */
bool vtd_iec_peek(VtdIec *iec, uint32_t index, uint64_t raw[2], const VtdIecEntry **cached);

#endif
