/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the interrupt entry cache (6.4). An entry once used is used again, decoded, until an
 * invalidation covers it: that is what makes a guest's forgotten flush visible. Entries that are
 * not present or not valid are kept only in caching mode (6.1).
 *
 * The cache has room for every index, so it never evicts for lack of space. iec=random throws
 * entries away at random and iec=off keeps none; hardware may do all of these. A used entry that
 * differs from memory is counted and traced.
 */
#include <assert.h>
#include <emmintrin.h>
#include <string.h>

#include "base/zeroed.h"
#include "hw/i386/iommu/vtd/fields.h"
#include "hw/i386/iommu/vtd/iec.h"
#include "hw/i386/iommu/vtd/regs.h"

/* iec=random: one use in this many finds its entry evicted. */
#define EVICTION_ODDS 4

typedef struct {
    uint64_t low, high;
} RawIrte;
static_assert(sizeof(RawIrte) == VTD_IRTE_SIZE, "entries are 16 bytes");

const StateField vtd_iec_state[] = {
    STATE_FIELD(STATE_UINT64, VtdIec, table.irta),
    STATE_FIELD(STATE_UINT64, VtdIec, random),
    STATE_FIELD(STATE_UINT8, VtdIec, flushed),
    /* The cache may be empty. */
    STATE_NOT_SAVED(VtdIec, epochs),
    STATE_NOT_SAVED(VtdIec, block_epochs),
    STATE_NOT_SAVED(VtdIec, epoch),
    STATE_NOT_SAVED(VtdIec, table.reachable),
    STATE_NOT_SAVED(VtdIec, table.host),
    STATE_NOT_SAVED(VtdIec, table.generation),
    STATE_NOT_SAVED(VtdIec, table.host_known),
    STATE_NOT_SAVED(VtdIec, hits),
    STATE_NOT_SAVED(VtdIec, misses),
    STATE_NOT_SAVED(VtdIec, stale_hits),
    STATE_END,
};

static uint64_t iec_next_epoch(VtdIec *iec)
{
    return ++iec->epoch;
}

void vtd_iec_init(VtdIec *iec, const VtdIecConfig *config)
{
    iec->config = *config;
    if (config->present) {
        iec->entries = zeroed_new(VtdIecEntry, VTD_IRT_MAX);
        iec->epochs = zeroed_new(uint64_t, VTD_IRT_MAX);
    }
}

void vtd_iec_free(VtdIec *iec)
{
    zeroed_clear(iec->entries, VTD_IRT_MAX);
    zeroed_clear(iec->epochs, VTD_IRT_MAX);
}

static void drop_all(VtdIec *iec)
{
    uint64_t epoch = iec_next_epoch(iec);
    for (unsigned i = 0; i < VTD_IEC_BLOCKS; i++) {
        iec->block_epochs[i] = epoch;
    }
}

void vtd_iec_invalidate_all(VtdIec *iec)
{
    drop_all(iec);
    iec->flushed = true;
}

static uint32_t entries_below_haw(uint64_t base, uint32_t entries, uint8_t haw)
{
    uint64_t room = vtd_above_haw(base, haw) ? 0 : ((1ull << haw) - base) / VTD_IRTE_SIZE;
    return (uint32_t)MIN(room, entries);
}

void vtd_iec_set_table(VtdIec *iec, uint64_t irta)
{
    uint64_t base = irta & VTD_BASE_MASK;
    uint32_t entries = 2u << vtd_get(irta, VTD_IRTA_SIZE);
    iec->table = (VtdIrt){
        .irta = irta,
        .base = base,
        .entries = entries,
        .reachable = entries_below_haw(base, entries, iec->config.haw),
        .eime = irta & VTD_IRTA_EIME,
    };
}

void vtd_iec_reset(VtdIec *iec)
{
    drop_all(iec);
    vtd_iec_set_table(iec, 0);
    iec->random = iec->config.seed * 2 + 1;
    iec->flushed = false;
    iec->hits = iec->misses = iec->stale_hits = 0;
}

void vtd_iec_restored(VtdIec *iec)
{
    drop_all(iec);
    vtd_iec_set_table(iec, iec->table.irta);
}

void vtd_iec_visit(VtdIec *iec, CacheVisit *visit)
{
    if (iec->entries) {
        cache_visit(visit, iec->entries, sizeof(*iec->entries) * VTD_IRT_MAX);
        cache_visit(visit, iec->epochs, sizeof(*iec->epochs) * VTD_IRT_MAX);
    }
    CACHE_VISIT(visit, iec->block_epochs);
    CACHE_VISIT(visit, iec->epoch);
    CACHE_VISIT(visit, iec->hits);
    CACHE_VISIT(visit, iec->misses);
    CACHE_VISIT(visit, iec->stale_hits);
}

void vtd_iec_invalidate(VtdIec *iec, uint16_t index, uint8_t mask)
{
    if (!iec->entries) {
        return;
    }
    uint32_t count = 1u << mask;
    uint32_t first = index & ~(count - 1);
    if (count >= VTD_IEC_BLOCK) {
        uint64_t epoch = iec_next_epoch(iec);
        for (uint32_t i = 0; i < count; i += VTD_IEC_BLOCK) {
            iec->block_epochs[(first + i) / VTD_IEC_BLOCK] = epoch;
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        iec->epochs[first + i] = 0;
    }
}

/* The table's place in host memory, looked up again only when the memory map changes. */
static inline const uint8_t *table_host(VtdIec *iec)
{
    VtdIrt *table = &iec->table;
    uint64_t generation = as_generation(iec->config.tables->memory);
    if (G_UNLIKELY(!table->host_known || table->generation != generation)) {
        table->host =
            vtd_tables_ptr(iec->config.tables, table->base, (size_t)table->entries * VTD_IRTE_SIZE);
        table->generation = generation;
        table->host_known = true;
    }
    return table->host;
}

/* Entries are read in one piece (5.1.4 lets hardware do so, and software that exchanges 16 bytes
 * relies on it): one aligned 16-byte load, which x86 hosts do atomically. */
static inline bool read_entry(VtdIec *iec, uint32_t index, RawIrte *out)
{
    const uint8_t *host = table_host(iec);
    if (G_LIKELY(host)) {
        __m128i both = _mm_load_si128((const __m128i *)(host + (size_t)index * VTD_IRTE_SIZE));
        memcpy(out, &both, sizeof(both));
        return true;
    }
    return vtd_tables_read(iec->config.tables, iec->table.base + (uint64_t)index * VTD_IRTE_SIZE,
                           out, sizeof(*out)) == MEM_OK;
}

/* Source validation, prepared: SQ says how many of the function number's bits do not count. */
static void prepare_source(const VtdIrte *irte, VtdIecEntry *e)
{
    static const uint16_t qualifier[] = {0xffff, 0xfffb, 0xfff9, 0xfff8};
    e->check_bus = irte->svt == 2;
    e->sid_mask = irte->svt == 1 ? qualifier[irte->sq] : 0;
    e->sid = irte->svt == 2 ? irte->sid : irte->sid & e->sid_mask;
}

static G_GNUC_NO_INLINE void tell_stale(VtdIec *iec, uint32_t index, const VtdIecEntry *e,
                                        RawIrte now)
{
    iec->stale_hits++;
    trace_event(iec->config.trace, TRACE_VTD,
                "vtd_iec_stale index=%u cached=%016" PRIx64 "%016" PRIx64 " memory=%016" PRIx64
                "%016" PRIx64 " no invalidation covered it",
                index, e->high, e->low, now.high, now.low);
}

static inline bool is_stale(VtdIec *iec, uint32_t index, const VtdIecEntry *e)
{
    RawIrte now;
    if (!read_entry(iec, index, &now) || G_LIKELY(now.low == e->low && now.high == e->high)) {
        return false;
    }
    tell_stale(iec, index, e, now);
    return true;
}

static G_GNUC_NO_INLINE bool evicts_sometimes(VtdIec *iec)
{
    /* xorshift64: any sequence will do, and the same seed gives the same one. */
    iec->random ^= iec->random << 13;
    iec->random ^= iec->random >> 7;
    iec->random ^= iec->random << 17;
    return iec->config.policy == VTD_IEC_OFF || iec->random % EVICTION_ODDS == 0;
}

static inline bool evicts(VtdIec *iec)
{
    return G_UNLIKELY(iec->config.policy != VTD_IEC_HOLD) && evicts_sometimes(iec);
}

static void prepare(const VtdIrte *irte, VtdIecEntry *e)
{
    prepare_source(irte, e);
    e->worked = true;
    e->posted = irte->posted;
    e->urgent = irte->urgent;
    e->pid_address = irte->pid_address;
    e->msg = (ApicMsg){
        .dest = irte->dest,
        .vector = irte->vector,
        .mode = (IntrDeliveryMode)irte->delivery,
        .logical = irte->logical,
        .redirection = irte->redirection,
        .level = irte->level,
        .assert_level = true,
    };
}

static inline bool keeps(const VtdIec *iec, VtdFaultReason fault)
{
    return iec->config.policy != VTD_IEC_OFF && (fault == VTD_OK || iec->config.caching_mode);
}

/* Where an entry from memory goes: into the cache, or into `scratch`. */
static VtdIecEntry *iec_place(VtdIec *iec, uint32_t index, VtdFaultReason fault,
                              VtdIecEntry *scratch)
{
    if (!keeps(iec, fault)) {
        *scratch = (VtdIecEntry){0};
        return scratch;
    }
    iec->epochs[index] = iec_next_epoch(iec);
    iec->entries[index].cached_at = iec->config.clock ? clock_last(iec->config.clock) : 0;
    return &iec->entries[index];
}

static const VtdIecEntry *fill(VtdIec *iec, uint32_t index, VtdIecEntry *scratch)
{
    RawIrte raw;
    VtdIrte irte;
    VtdIrteMode mode = {.eime = iec->table.eime, .posting = iec->config.posting};
    iec->misses++;
    if (!read_entry(iec, index, &raw)) {
        *scratch = (VtdIecEntry){.fault = VTD_FR_IR_TABLE_ACCESS};
        return scratch;
    }
    VtdFaultReason fault = vtd_irte_decode(raw.low, raw.high, mode, &irte);
    VtdIecEntry *e = iec_place(iec, index, fault, scratch);
    e->low = raw.low;
    e->high = raw.high;
    e->fault = (uint8_t)fault;
    e->fpd = irte.fpd;
    if (fault == VTD_OK) { /* else it is remembered who could use the one before */
        prepare(&irte, e);
    }
    return e;
}

bool vtd_iec_peek(VtdIec *iec, uint32_t index, uint64_t raw[2], const VtdIecEntry **cached)
{
    RawIrte entry = {0};
    bool readable = read_entry(iec, index, &entry);
    *cached = vtd_iec_holds(iec, index) ? &iec->entries[index] : NULL;
    raw[0] = entry.low;
    raw[1] = entry.high;
    return readable;
}

VtdIecUse vtd_iec_get(VtdIec *iec, uint32_t index, VtdIecEntry *scratch)
{
    bool hit = vtd_iec_holds(iec, index);
    if (G_LIKELY(hit && !evicts(iec))) {
        const VtdIecEntry *e = &iec->entries[index];
        iec->hits++;
        return (VtdIecUse){e, .cached = true, .stale = is_stale(iec, index, e)};
    }
    if (hit) {
        iec->epochs[index] = 0; /* evicted, also if memory's is now one that is not kept */
    }
    return (VtdIecUse){fill(iec, index, scratch)};
}
