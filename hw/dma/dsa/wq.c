/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work queues: descriptors come in by portals, a page each, four to a queue (DSA 1.0, 3.3), and go
 * to the engines of the queue's group, by priority. A portal takes 64 bytes in one write; whatever
 * else is written there is dropped.
 *
 * Limited portals differ from the others in shared queues alone, which are not there.
 */
#include <string.h>

#include "hw/dma/dsa/device.h"

#define PORTAL_SHIFT     12
#define PORTALS_A_WQ     4u
#define PORTAL_BAR_BYTES (((uint64_t)DSA_WQS * PORTALS_A_WQ) << PORTAL_SHIFT)

static DsaEntry *wq_entry(Dsa *d, const DsaWq *wq, unsigned n)
{
    unsigned size = MAX(wq->size, 1);
    return &d->entries[(wq->base + (wq->head + n) % size) % DSA_ENTRIES];
}

static void drop_descriptor(Dsa *d, unsigned n, const uint8_t *line, DsaStatus error)
{
    DsaDesc desc = dsa_desc_decode(line);
    dsa_report(d, &(DsaSoftError){.error = (uint8_t)error, .wq = (uint8_t)n, .desc = &desc});
}

static void portal_write_line(void *opaque, uint64_t offset, const uint8_t *line)
{
    Dsa *d = opaque;
    unsigned portal = (unsigned)(offset >> PORTAL_SHIFT), n = portal / PORTALS_A_WQ;
    DsaWq *wq = &d->wq[n];
    if (!wq->enabled || wq->closing) {
        drop_descriptor(d, n, line, DSA_WQ_OFF);
        return;
    }
    if (wq->count >= wq->size) {
        drop_descriptor(d, n, line, DSA_WQ_FULL);
        return;
    }
    DsaEntry *entry = wq_entry(d, wq, wq->count++);
    memcpy(entry->bytes, line, DSA_DESC_BYTES);
    entry->portal = portal % PORTALS_A_WQ;
    dsa_engines_wake(d);
}

static uint64_t portal_read(void *opaque, uint64_t offset, unsigned size)
{
    return UINT64_MAX;
}

static void portal_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    const Dsa *d = opaque;
    trace_event(d->pci.dev.platform->trace, TRACE_GUEST_ERRORS,
                "dsa_portal dev=%s offset=%" PRIx64 " size=%u reason=no-line", d->pci.dev.id,
                offset, size);
}

static const MemOps portal_ops = {
    .read = portal_read, .write = portal_write, .write_line = portal_write_line};

void dsa_portals_init(Dsa *d)
{
    d->portals = (MemRegion){.name = "dsa-portals",
                             .size = PORTAL_BAR_BYTES,
                             .kind = MEM_IO,
                             .ops = &portal_ops,
                             .opaque = d};
    pci_register_bar(&d->pci, 2, PCI_BAR_MEM64, &d->portals);
}

void dsa_wqs_lay_out(Dsa *d)
{
    uint16_t base = 0;
    for (unsigned n = 0; n < DSA_WQS; n++) {
        DsaWq *wq = &d->wq[n];
        wq->base = base;
        wq->size = dsa_wq_config(d, n).size;
        wq->head = wq->count = 0;
        base += wq->size;
    }
}

static bool wq_is_worked_on(const Dsa *d, unsigned n)
{
    for (unsigned i = 0; i < DSA_ENGINES; i++) {
        if (d->engine[i].busy && d->engine[i].wq == n) {
            return true;
        }
    }
    return false;
}

bool dsa_wq_is_idle(const Dsa *d, unsigned n)
{
    return d->wq[n].count == 0 && !wq_is_worked_on(d, n);
}

void dsa_wq_abort(Dsa *d, unsigned n)
{
    d->wq[n].count = 0;
    for (unsigned i = 0; i < DSA_ENGINES; i++) {
        if (d->engine[i].wq == n) {
            dsa_engine_abort(&d->engine[i]);
        }
    }
}

/* Drain waits for what was submitted to its queue before. */
static bool wq_is_ready(const Dsa *d, unsigned group, unsigned n)
{
    if (d->wq[n].count == 0 || dsa_group_of_wq(d, n) != group) {
        return false;
    }
    const DsaEntry *entry = wq_entry((Dsa *)d, &d->wq[n], 0);
    return dsa_desc_decode(entry->bytes).opcode != DSA_OP_DRAIN || !wq_is_worked_on(d, n);
}

bool dsa_wq_has_work(const Dsa *d, unsigned engine)
{
    unsigned group = dsa_group_of_engine(d, engine);
    for (unsigned n = 0; group < DSA_GROUPS && n < DSA_WQS; n++) {
        if (wq_is_ready(d, group, n)) {
            return true;
        }
    }
    return false;
}

/* The one with the most credit; when nobody who is ready has any, all get as much as their priority
 * says. So a queue of priority 10 has ten turns while one of priority 1 has one. */
static unsigned choose_wq(Dsa *d, unsigned group)
{
    unsigned best = DSA_WQS;
    for (unsigned round = 0; round < 2 && best == DSA_WQS; round++) {
        for (unsigned n = 0; n < DSA_WQS; n++) {
            bool can = wq_is_ready(d, group, n) && d->wq[n].credit > 0;
            if (can && (best == DSA_WQS || d->wq[n].credit > d->wq[best].credit)) {
                best = n;
            }
        }
        for (unsigned n = 0; n < DSA_WQS && best == DSA_WQS; n++) {
            d->wq[n].credit = dsa_wq_config(d, n).priority;
        }
    }
    return best;
}

const DsaEntry *dsa_wq_take(Dsa *d, unsigned engine, uint8_t *n)
{
    if (!dsa_wq_has_work(d, engine)) {
        return NULL;
    }
    *n = (uint8_t)choose_wq(d, dsa_group_of_engine(d, engine));
    DsaWq *wq = &d->wq[*n];
    const DsaEntry *entry = wq_entry(d, wq, 0);
    wq->credit--;
    wq->head = (uint16_t)((wq->head + 1) % MAX(wq->size, 1));
    wq->count--;
    return entry;
}
