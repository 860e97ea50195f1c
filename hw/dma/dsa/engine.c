/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Engines at work (DSA 1.0, 3.4 and 3.8). Each takes a descriptor from its group's queues and goes
 * on with it for as much as a turn costs; all of them together for as much as a slice of the main
 * loop's time may cost, whatever a guest has queued. A batch's descriptors are fetched and carried
 * out one after the other, so that a fence has nothing to wait for.
 *
 * What is moved may be written to the device itself: after each piece the engine looks whether it
 * still has its work.
 */
#include <string.h>

#include "hw/dma/dsa/device.h"

#define SLICE_COST (256 * 1024) /* bytes moved, or what takes as long */
#define TURN_COST  (32 * 1024)
#define DESC_COST  2048
#define PIECE_COST 512
#define WORK_DELAY NS_PER_US

void dsa_engine_abort(DsaEngine *e)
{
    memset(e, 0, sizeof(*e));
}

static void fetch_next(Dsa *d, DsaEngine *e);

static void batch_done(Dsa *d, DsaEngine *e, DsaRecord *record, DsaStatus status)
{
    DsaDesc own = dsa_desc_decode(e->own);
    e->in_batch = false;
    e->interrupts = e->own_interrupts;
    e->vector = e->own_vector;
    dsa_complete(d, e, &own, record, status);
    dsa_engine_abort(e);
}

/* The descriptor is done; the next one of the batch follows. */
static void descriptor_done(Dsa *d, DsaEngine *e, DsaRecord *record, DsaStatus status)
{
    DsaDesc desc = dsa_desc_decode(e->current);
    e->working = false;
    dsa_complete(d, e, &desc, record, status);
    if (!e->busy) {
        return;
    }
    if (!e->in_batch) {
        dsa_engine_abort(e);
        return;
    }
    e->one_failed |= dsa_has_failed(status);
    fetch_next(d, e);
}

/* A fence that comes after a failure ends the batch (3.8). */
static bool is_fenced_off(const DsaEngine *e)
{
    return e->one_failed && (dsa_desc_decode(e->current).flags & DSA_F_FENCE);
}

static void fetch_next(Dsa *d, DsaEngine *e)
{
    DsaDesc own = dsa_desc_decode(e->own);
    DsaRecord record = {.completed = e->next};
    uint64_t at = own.source + (uint64_t)e->next * DSA_DESC_BYTES;
    if (e->next >= own.size) {
        batch_done(d, e, &record, e->one_failed ? DSA_BATCH_FAIL : DSA_SUCCESS);
        return;
    }
    if (pci_dma_read(&d->pci, at, e->current, DSA_DESC_BYTES) != MEM_OK) {
        record.fault = at;
        batch_done(d, e, &record, DSA_BATCH_PAGE_FAULT);
        return;
    }
    if (is_fenced_off(e)) {
        batch_done(d, e, &record, DSA_BATCH_FAIL);
        return;
    }
    e->next++;
}

static void open_batch(Dsa *d, DsaEngine *e)
{
    e->in_batch = true;
    e->own_interrupts = e->interrupts;
    e->own_vector = e->vector;
    fetch_next(d, e);
}

/* Looks at the descriptor, and starts what can be carried out. */
static void engine_begin(Dsa *d, DsaEngine *e)
{
    DsaDesc desc = dsa_desc_decode(e->current);
    DsaRecord record = {0};
    DsaPiece piece = {.dsa = d, .desc = &desc, .engine = e, .record = &record};
    DsaStatus status = dsa_check(d, &desc, e, &record);
    if (status == DSA_SUCCESS && desc.opcode == DSA_OP_BATCH) {
        open_batch(d, e);
        return;
    }
    const DsaOpRow *row = dsa_op_row(desc.opcode);
    if (status == DSA_SUCCESS && row->start) {
        status = row->start(&piece);
    }
    if (status != DSA_SUCCESS) {
        descriptor_done(d, e, &record, status);
        return;
    }
    e->working = true;
    e->done = 0;
}

/* 8.3.5: against the expected result, if that is asked for. */
static DsaStatus final_status(const DsaDesc *desc, const DsaRecord *record)
{
    bool other = (desc->flags & DSA_F_CHECK_RESULT) && record->result != (desc->expected & 1);
    return other ? DSA_SUCCESS_PREDICATE : DSA_SUCCESS;
}

static void finish(Dsa *d, DsaPiece *piece, const DsaOpRow *row)
{
    piece->record->completed = piece->engine->done;
    if (row->finish) {
        row->finish(piece);
    }
    descriptor_done(d, piece->engine, piece->record, final_status(piece->desc, piece->record));
}

/* One piece of it; its cost. */
static int64_t go_on(Dsa *d, DsaEngine *e)
{
    DsaDesc desc = dsa_desc_decode(e->current);
    const DsaOpRow *row = dsa_op_row(desc.opcode);
    DsaRecord record = {0};
    DsaPiece piece = {.dsa = d, .desc = &desc, .engine = e, .record = &record};
    piece.bytes = row->step ? dsa_piece_bytes(row, &desc, e->done) : 0;
    int64_t cost = PIECE_COST + (int64_t)piece.bytes * row->cost;
    DsaStatus status = piece.bytes ? row->step(&piece) : DSA_SUCCESS;
    if (!e->busy) {
        return cost;
    }
    if (status != DSA_SUCCESS) {
        record.completed = e->done;
        descriptor_done(d, e, &record, status);
        return cost;
    }
    e->done += piece.bytes;
    if (piece.over || !row->step || e->done >= desc.size) {
        finish(d, &piece, row);
    }
    return cost;
}

static bool engine_take(Dsa *d, unsigned n)
{
    DsaEngine *e = &d->engine[n];
    const DsaEntry *entry = dsa_wq_take(d, n, &e->wq);
    if (!entry) {
        return false;
    }
    e->busy = true;
    e->portal = entry->portal;
    memcpy(e->own, entry->bytes, DSA_DESC_BYTES);
    memcpy(e->current, entry->bytes, DSA_DESC_BYTES);
    return true;
}

/* What it cost; 0: there is nothing to do. */
static int64_t engine_turn(Dsa *d, unsigned n, int64_t budget)
{
    DsaEngine *e = &d->engine[n];
    int64_t spent = 0;
    while (spent < budget && (e->busy || engine_take(d, n))) {
        if (e->working) {
            spent += go_on(d, e);
        } else {
            engine_begin(d, e);
            spent += DESC_COST;
        }
    }
    return spent;
}

static bool any_work(const Dsa *d)
{
    for (unsigned n = 0; n < DSA_ENGINES; n++) {
        if (d->engine[n].busy || dsa_wq_has_work(d, n)) {
            return true;
        }
    }
    return false;
}

static void engines_slice(void *opaque)
{
    Dsa *d = opaque;
    int64_t all = 0, spent;
    do {
        spent = 0;
        for (unsigned n = 0; n < DSA_ENGINES; n++) {
            spent += engine_turn(d, n, TURN_COST);
        }
        all += spent;
    } while (spent > 0 && all < SLICE_COST);
    dsa_command_progress(d);
    if (any_work(d)) {
        dsa_engines_wake(d);
    }
}

void dsa_engines_wake(Dsa *d)
{
    if (!timer_is_armed(&d->work)) {
        timer_arm(&d->work, clock_now(d->pci.dev.platform->clock) + WORK_DELAY);
    }
}

void dsa_engines_init(Dsa *d)
{
    timer_init(&d->work, d->pci.dev.platform->clock, engines_slice, d);
}

void dsa_engines_free(Dsa *d)
{
    timer_cancel(&d->work);
}
