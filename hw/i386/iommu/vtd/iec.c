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
#include <emmintrin.h>
#include <string.h>

#include "vtd_internal.h"

#define IRTE_SIZE 16
/* iec=random: one use in this many finds its entry evicted. */
#define EVICTION_ODDS 4

typedef struct {
    uint64_t low, high;
} RawIrte;
static_assert(sizeof(RawIrte) == IRTE_SIZE, "entries are 16 bytes");

void vtd_iec_init(VtdState *s)
{
    /* Zeroed pages that the host backs only where the guest uses indexes. */
    s->iec = g_new0(VtdIecEntry, s->intremap ? VTD_IRT_MAX : 1);
}

void vtd_iec_free(VtdState *s)
{
    g_clear_pointer(&s->iec, g_free);
}

void vtd_iec_invalidate_all(VtdState *s)
{
    uint64_t epoch = vtd_next_epoch(s);
    for (unsigned i = 0; i < VTD_IEC_BLOCKS; i++) {
        s->iec_block_epochs[i] = epoch;
    }
    s->iec_flushed = true;
}

void vtd_iec_reset(VtdState *s)
{
    vtd_iec_invalidate_all(s);
    s->iec_flushed = false;
    s->random = s->props.seed * 2 + 1;
    s->irt_host_known = false;
}

void vtd_iec_invalidate(VtdState *s, uint16_t index, uint8_t mask)
{
    if (!s->intremap) {
        return;
    }
    uint32_t count = 1u << mask;
    uint32_t first = index & ~(count - 1);
    if (count >= VTD_IEC_BLOCK) {
        uint64_t epoch = vtd_next_epoch(s);
        for (uint32_t i = 0; i < count; i += VTD_IEC_BLOCK) {
            s->iec_block_epochs[(first + i) / VTD_IEC_BLOCK] = epoch;
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        s->iec[first + i].epoch = 0;
    }
}

/* The table's place in host memory, looked up again only when the memory map changes. */
static const uint8_t *table_host(VtdState *s)
{
    uint64_t generation = as_generation(s->links.memory);
    if (G_UNLIKELY(!s->irt_host_known || s->irt_generation != generation)) {
        s->irt_host = as_ram_ptr(s->links.memory, s->irt_base, (size_t)s->irt_entries * IRTE_SIZE);
        s->irt_generation = generation;
        s->irt_host_known = true;
    }
    return s->irt_host;
}

/* Entries are read in one piece (5.1.4 lets hardware do so, and software that exchanges 16 bytes
 * relies on it): one aligned 16-byte load, which x86 hosts do atomically. */
static bool read_entry(VtdState *s, uint32_t index, RawIrte *out)
{
    const uint8_t *host = table_host(s);
    if (G_LIKELY(host)) {
        __m128i both = _mm_load_si128((const __m128i *)(host + (size_t)index * IRTE_SIZE));
        memcpy(out, &both, sizeof(both));
        return true;
    }
    return as_read(s->links.memory, s->irt_base + (uint64_t)index * IRTE_SIZE, out, sizeof(*out)) ==
           MEM_OK;
}

/* Source validation, prepared: SQ says how many of the function number's bits do not count. */
static void prepare_source(const VtdIrte *irte, VtdIecEntry *e)
{
    static const uint16_t qualifier[] = {0xffff, 0xfffb, 0xfff9, 0xfff8};
    e->check_bus = irte->svt == 2;
    if (irte->svt == 1) {
        e->sid_mask = qualifier[irte->sq];
        e->sid = irte->sid & e->sid_mask;
    } else if (irte->svt == 2) {
        e->bus_first = irte->sid >> 8;
        e->bus_last = irte->sid & 0xff;
    }
}

static void prepare(const VtdState *s, const RawIrte *raw, VtdIecEntry *e)
{
    VtdIrte irte;
    VtdIrteMode mode = {.eime = s->eime, .posting = s->props.posted_interrupts};
    *e = (VtdIecEntry){.low = raw->low, .high = raw->high};
    e->fault = (uint8_t)vtd_irte_decode(raw->low, raw->high, mode, &irte);
    e->fpd = irte.fpd;
    if (e->fault != VTD_OK) {
        return;
    }
    prepare_source(&irte, e);
    e->posted = irte.posted;
    e->urgent = irte.urgent;
    e->pid_address = irte.pid_address;
    e->msg = (ApicMsg){
        .dest = irte.dest,
        .vector = irte.vector,
        .mode = (IntrDeliveryMode)irte.delivery,
        .logical = irte.logical,
        .redirection = irte.redirection,
        .level = irte.level,
        .assert_level = true,
    };
}

static void check_stale(VtdState *s, uint32_t index, const VtdIecEntry *e)
{
    RawIrte now;
    if (!read_entry(s, index, &now) || G_LIKELY(now.low == e->low && now.high == e->high)) {
        return;
    }
    s->stats.stale_hits++;
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_iec_stale index=%u cached=%016" PRIx64 "%016" PRIx64 " memory=%016" PRIx64
                "%016" PRIx64 " no invalidation covered it",
                index, e->high, e->low, now.high, now.low);
}

static bool evicts(VtdState *s)
{
    if (G_LIKELY(s->props.iec == VTD_IEC_HOLD)) {
        return false;
    }
    /* xorshift64: any sequence will do, and the same seed gives the same one. */
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->props.iec == VTD_IEC_OFF || s->random % EVICTION_ODDS == 0;
}

static const VtdIecEntry *fill(VtdState *s, uint32_t index, VtdIecEntry *scratch)
{
    RawIrte raw;
    s->stats.iec_misses++;
    if (!read_entry(s, index, &raw)) {
        *scratch = (VtdIecEntry){.fault = VTD_FR_IR_TABLE_ACCESS};
        return scratch;
    }
    prepare(s, &raw, scratch);
    if (s->props.iec == VTD_IEC_OFF || (scratch->fault != VTD_OK && !s->props.caching_mode)) {
        return scratch;
    }
    scratch->epoch = vtd_next_epoch(s);
    s->iec[index] = *scratch;
    return scratch;
}

const VtdIecEntry *vtd_iec_get(VtdState *s, uint32_t index, VtdIecEntry *scratch)
{
    const VtdIecEntry *e = &s->iec[index];
    bool hit = e->epoch > s->iec_block_epochs[index / VTD_IEC_BLOCK];
    if (G_LIKELY(hit && !evicts(s))) {
        s->stats.iec_hits++;
        check_stale(s, index, e);
        return e;
    }
    return fill(s, index, scratch);
}
