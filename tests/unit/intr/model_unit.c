/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A remapping unit, by VT-d 5.1 (requests), 5.2 (posting), 6.4 (the cache) and 7 (faults, events).
 */
#include <string.h>

#include "intr/model.h"

#define WINDOW     0xfee00000ull
#define WINDOW_END 0xfef00000ull

enum { FAULTS, INVALIDATION };

static uint64_t bits(uint64_t value, unsigned first, unsigned count)
{
    return value >> first & (count == 64 ? ~0ull : (1ull << count) - 1);
}

/* Events (7.4). */

static bool in_window(uint64_t address)
{
    return address >= WINDOW && address < WINDOW_END;
}

/* The register's lower half decides whether it is a request; it is never remapped (5.1.6). */
static void event_send(Model *m, unsigned event, uint32_t rec)
{
    const ModelEvent *e = &m->unit.events[event];

    if (in_window((uint32_t)e->address)) {
        ModelMsg msg = model_message(rec, e->address, e->data);
        model_bus(m, &msg);
    } else {
        model_state(m, rec, INTR_NOT_A_REQUEST);
    }
}

static void event_raise(Model *m, unsigned event)
{
    ModelEvent *e = &m->unit.events[event];
    uint32_t rec = model_open(m, JOURNAL_EVENT, event);

    if (!e->masked) {
        event_send(m, event, rec);
        return;
    }
    model_state(m, rec, e->waits ? INTR_MERGED_WAITING : INTR_EVENT_MASKED);
    e->waits = e->waits ? e->waits : rec;
    e->pending = true;
}

static void event_settle(Model *m, unsigned event)
{
    m->unit.events[event].pending = false;
    model_withdraw(m, &m->unit.events[event].waits, INTR_EVENT_SETTLED);
}

void model_unit_event_mask(Model *m, unsigned event, bool masked)
{
    ModelEvent *e = &m->unit.events[event];

    e->masked = masked;
    if (e->pending && !masked) {
        uint32_t rec = e->waits;

        e->pending = false;
        e->waits = 0;
        event_send(m, event, rec);
    }
}

/* Faults (7.2.1). */

static void condition(Model *m, bool *which)
{
    bool any = m->unit.overflow || m->unit.primary;

    *which = true;
    if (!any) {
        event_raise(m, FAULTS);
    }
}

static void fault(Model *m, uint16_t source)
{
    ModelUnit *u = &m->unit;

    for (unsigned i = 0; i < u->fault_records; i++) {
        if (u->overflow || (u->fault[i] && u->fault_source[i] == source)) {
            return;
        }
    }
    if (u->fault[u->next_fault]) {
        condition(m, &u->overflow);
        return;
    }
    u->fault[u->next_fault] = true;
    u->fault_source[u->next_fault] = source;
    u->next_fault = (u->next_fault + 1) % u->fault_records;
    condition(m, &u->primary);
}

static void faults_cleared(Model *m)
{
    ModelUnit *u = &m->unit;

    u->primary = u->primary && (u->fault[0] || u->fault[1]);
    if (!u->primary && !u->overflow) {
        event_settle(m, FAULTS);
    }
}

void model_unit_fault_clear(Model *m, unsigned n)
{
    if (m->unit.fault[n]) {
        m->unit.fault[n] = false;
        faults_cleared(m);
    }
}

void model_unit_overflow_clear(Model *m)
{
    m->unit.overflow = false;
    faults_cleared(m);
}

/* Wait descriptors (6.5.2.8). */

void model_unit_wait(Model *m)
{
    bool was = m->unit.waited;

    m->unit.waited = true;
    if (!was) {
        event_raise(m, INVALIDATION);
    }
}

void model_unit_wait_clear(Model *m)
{
    m->unit.waited = false;
    event_settle(m, INVALIDATION);
}

/* Entries (9.9, 9.10): why one cannot be used. */

static bool low_is_reserved(const ModelUnit *u, const ModelCached *e)
{
    if (bits(e->low, 15, 1)) { /* IM */
        return !u->posting || bits(e->low, 2, 6) || bits(e->low, 12, 2) || bits(e->low, 24, 14);
    }
    return bits(e->low, 12, 3) || bits(e->low, 24, 8) || bits(e->low, 5, 3) == 3 ||
           bits(e->low, 5, 3) == 6 || (!e->wide && (bits(e->low, 32, 8) || bits(e->low, 48, 16)));
}

static bool high_is_reserved(const ModelCached *e)
{
    return bits(e->high, 20, 12) || bits(e->high, 18, 2) == 3 ||
           (!bits(e->low, 15, 1) && bits(e->high, 32, 32));
}

static IntrResult entry_fault(const ModelUnit *u, const ModelCached *e)
{
    if (!(e->low & 1)) {
        return INTR_VTD_NOT_PRESENT;
    }
    return low_is_reserved(u, e) || high_is_reserved(e) ? INTR_VTD_ENTRY_RESERVED : INTR_ON_ITS_WAY;
}

/* SVT and SQ: whose the entry is. */
static bool entry_is_for(const ModelCached *e, uint16_t rid)
{
    static const uint16_t ignored[] = {0, 4, 6, 7};
    uint16_t sid = (uint16_t)e->high, other = ignored[bits(e->high, 16, 2)];

    switch (bits(e->high, 18, 2)) {
    case 0:
        return true;
    case 1:
        return (sid & ~other) == (rid & ~other);
    default:
        return rid >> 8 >= sid >> 8 && rid >> 8 <= (sid & 0xff);
    }
}

/* What the cache may do (6.4): it holds what it has, or forgets at random, or is off. */
static void check_cache(Model *m, uint32_t rec, uint32_t index, unsigned use)
{
    const ModelUnit *u = &m->unit;
    const ModelCached *line = &u->cache[index];
    bool cached = use & JOURNAL_CACHED;
    bool differs =
        u->table_is_there && (line->low != m->table[index][0] || line->high != m->table[index][1]);

    if (cached ? !line->valid : line->valid && u->cache_policy == CACHE_HOLD) {
        g_string_append_printf(m->wrong, "#%u: entry %u %s the cache\n", rec, index,
                               cached ? "cannot come from" : "has to come from");
    } else if (!!(use & JOURNAL_STALE) != (cached && differs)) {
        g_string_append_printf(m->wrong, "#%u: entry %u is called %s\n", rec, index,
                               use & JOURNAL_STALE ? "stale" : "like memory's");
    }
}

/* What is used for an index. False if memory has no table. */
static bool look_up(Model *m, uint32_t rec, uint32_t index, ModelCached *out)
{
    ModelUnit *u = &m->unit;
    unsigned use = m->cache_use(m->opaque, rec);

    check_cache(m, rec, index, use);
    if (use & JOURNAL_CACHED) {
        *out = u->cache[index];
        return true;
    }
    u->cache[index].valid = false;
    if (!u->table_is_there) {
        return false;
    }
    *out = (ModelCached){true, u->wide, m->table[index][0], m->table[index][1]};
    if (u->cache_policy != CACHE_OFF && (entry_fault(u, out) == INTR_ON_ITS_WAY || u->caching)) {
        u->cache[index] = *out;
    }
    return true;
}

void model_unit_flush(Model *m, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count && i < MODEL_ENTRIES; i++) {
        m->unit.cache[i].valid = false;
    }
}

void model_unit_table(Model *m, uint32_t entries, bool wide, bool is_there)
{
    m->unit.entries = entries;
    m->unit.wide = wide;
    m->unit.table_is_there = is_there;
    if (m->unit.sirtp_flushes) {
        model_unit_flush(m, 0, MODEL_ENTRIES);
    }
}

/* Posting (5.2.3). */

static bool pid_is_reserved(const ModelUnit *u, const ModelPid *p)
{
    return p->dirty || bits(p->control, 2, 14) || bits(p->control, 24, 8) ||
           (!u->wide && (bits(p->control, 32, 8) || bits(p->control, 48, 16)));
}

static IntrResult post(Model *m, const ModelCached *e, ModelPid *p)
{
    unsigned vector = (unsigned)bits(e->low, 16, 8);
    bool urgent = bits(e->low, 14, 1);

    p->pir[vector / 64] |= 1ull << vector % 64;
    if (p->control & 1) {
        return INTR_POSTED_OUTSTANDING;
    }
    if ((p->control & 2) && !urgent) {
        return INTR_POSTED_SUPPRESSED;
    }
    p->control |= 1;
    return INTR_POSTED_NOTIFIED;
}

static void notify(Model *m, const ModelPid *p)
{
    ModelMsg msg = {
        .rec = model_open(m, JOURNAL_NOTIFY, 0),
        .dest = (uint32_t)(m->unit.wide ? bits(p->control, 32, 32) : bits(p->control, 40, 8)),
        .vector = (uint8_t)bits(p->control, 16, 8),
        .asserted = true};

    model_bus(m, &msg);
}

static void block(Model *m, uint32_t rec, uint16_t rid, IntrResult why, bool quiet)
{
    model_state(m, rec, why);
    if (!quiet) {
        fault(m, rid);
    }
}

static void use_posted(Model *m, uint32_t rec, uint16_t rid, const ModelCached *e)
{
    uint64_t at = bits(e->low, 38, 26) << 6 | bits(e->high, 32, 32) << 32;
    uint64_t n = (at - MODEL_AT_PID) / 64;
    bool quiet = e->low & 2;

    if (at < MODEL_AT_PID || n >= MODEL_PIDS) {
        block(m, rec, rid, INTR_VTD_PID_ACCESS, quiet);
    } else if (pid_is_reserved(&m->unit, &m->pids[n])) {
        block(m, rec, rid, INTR_VTD_PID_RESERVED, quiet);
    } else {
        IntrResult posted = post(m, e, &m->pids[n]);

        model_state(m, rec, posted);
        if (posted == INTR_POSTED_NOTIFIED) {
            notify(m, &m->pids[n]);
        }
    }
}

static void use_remapped(Model *m, uint32_t rec, const ModelCached *e)
{
    uint8_t mode = (uint8_t)bits(e->low, 5, 3);
    ModelMsg msg = {.rec = rec,
                    .dest = (uint32_t)(e->wide ? bits(e->low, 32, 32) : bits(e->low, 40, 8)),
                    .vector = (uint8_t)bits(e->low, 16, 8),
                    .mode = mode,
                    .logical = bits(e->low, 2, 1),
                    .one = mode == 1 || (mode == 0 && bits(e->low, 3, 1)),
                    .level = bits(e->low, 4, 1),
                    .asserted = true};

    model_bus(m, &msg);
}

/* Remappable format (5.1.2.2). FPD keeps a fault of the entry itself quiet (7.1.3). */
static void remap(Model *m, uint32_t rec, uint16_t rid, uint64_t address, uint32_t data)
{
    uint32_t index = (uint32_t)(bits(address, 5, 15) | bits(address, 2, 1) << 15);
    ModelCached e;

    if (bits(address, 3, 1)) { /* SHV */
        index += data & 0xffff;
        if (data >> 16) {
            block(m, rec, rid, INTR_VTD_REQUEST_RESERVED, false);
            return;
        }
    }
    if (index >= m->unit.entries) {
        block(m, rec, rid, INTR_VTD_INDEX, false);
    } else if (!look_up(m, rec, index, &e)) {
        block(m, rec, rid, INTR_VTD_TABLE_ACCESS, false);
    } else if (entry_fault(&m->unit, &e) != INTR_ON_ITS_WAY) {
        block(m, rec, rid, entry_fault(&m->unit, &e), e.low & 2);
    } else if (!entry_is_for(&e, rid)) {
        block(m, rec, rid, INTR_VTD_SOURCE, e.low & 2);
    } else if (bits(e.low, 15, 1)) {
        use_posted(m, rec, rid, &e);
    } else {
        use_remapped(m, rec, &e);
    }
}

static void pass(Model *m, uint32_t rec, uint64_t address, uint32_t data)
{
    ModelMsg msg = model_message(rec, (uint32_t)address, data);

    model_bus(m, &msg);
}

static void request(Model *m, uint32_t rec, uint16_t rid, uint64_t address, uint32_t data)
{
    const ModelUnit *u = &m->unit;

    if (!u->remapping) {
        pass(m, rec, address, data);
    } else if (bits(address, 4, 1)) {
        remap(m, rec, rid, address, data);
    } else if (u->wide || !u->compatibility) {
        block(m, rec, rid, INTR_VTD_COMPATIBILITY, false);
    } else {
        pass(m, rec, address, data);
    }
}

void model_refused_write(Model *m, uint16_t rid)
{
    if (m->unit.translating || m->unit.remapping) {
        fault(m, rid);
    }
}

/* A write like others (3.14): the root table is empty. */
static void write_memory(Model *m, uint32_t rec, uint16_t rid, uint64_t address)
{
    if (m->unit.translating) {
        model_state(m, rec, INTR_WRITE_REFUSED);
        fault(m, rid);
    } else {
        model_state(m, rec, address < MODEL_RAM ? INTR_ORDINARY_WRITE : INTR_WRITE_REFUSED);
    }
}

void model_request(Model *m, uint32_t rec, uint16_t rid, uint64_t address, uint32_t data,
                   bool pasid)
{
    if (in_window(address) && !(address & 3) && !pasid) {
        request(m, rec, rid, address, data);
    } else if (in_window(address) || in_window(address + 3)) {
        model_state(m, rec, pasid ? INTR_WITH_PASID : INTR_NOT_ONE_DWORD);
        model_refused_write(m, rid);
    } else {
        write_memory(m, rec, rid, address);
    }
}

void model_unit_reset(Model *m)
{
    ModelUnit *u = &m->unit;

    for (unsigned i = 0; i < 2; i++) {
        model_withdraw(m, &u->events[i].waits, INTR_DEVICE_RESET);
        u->events[i] = (ModelEvent){.masked = true};
    }
    u->remapping = u->compatibility = u->translating = false;
    u->overflow = u->primary = u->waited = false;
    memset(u->fault, 0, sizeof(u->fault));
    u->next_fault = 0;
    model_unit_flush(m, 0, MODEL_ENTRIES);
    u->entries = 2;
    u->wide = false;
    u->table_is_there = true; /* IRTA is 0 */
}
