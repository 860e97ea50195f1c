/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables behind the registers, by dwords: GRPCFG, WQCFG and MSIXPERM (DSA 1.0, 9.2). Groups and
 * sizes of queues can be changed while the device is disabled, the rest of a queue while the queue
 * is; what is written otherwise is lost.
 */
#include <string.h>

#include "hw/dma/dsa/device.h"

#define GRPFLAGS_LOW  0x0ff0ffbfu
#define GRPFLAGS_HIGH 0x33u

typedef struct {
    uint32_t at, entry_bytes, entries;
    uint32_t (*read)(const Dsa *d, unsigned entry, unsigned dword);
    void (*write)(Dsa *d, unsigned entry, unsigned dword, uint32_t value);
} Table;

static uint32_t grpcfg_read(const Dsa *d, unsigned group, unsigned dword)
{
    return d->grpcfg[group][dword];
}

static uint32_t grpcfg_writable(unsigned dword)
{
    switch (dword) {
    case 0:
        return (1u << DSA_WQS) - 1;
    case DSA_GRPCFG_ENGINES:
        return (1u << DSA_ENGINES) - 1;
    case DSA_GRPCFG_FLAGS:
        return GRPFLAGS_LOW;
    case DSA_GRPCFG_FLAGS + 1:
        return GRPFLAGS_HIGH;
    default:
        return 0;
    }
}

static void grpcfg_write(Dsa *d, unsigned group, unsigned dword, uint32_t value)
{
    if (!d->enabled) {
        d->grpcfg[group][dword] = value & grpcfg_writable(dword);
    }
}

static uint32_t wqcfg_read(const Dsa *d, unsigned n, unsigned dword)
{
    const DsaWq *wq = &d->wq[n];
    return dword == DSA_WQCFG_STATUS ? dsa_wqcfg_status(wq->count, wq->enabled) : wq->config[dword];
}

static void wqcfg_write(Dsa *d, unsigned n, unsigned dword, uint32_t value)
{
    bool open = dword == 0 ? !d->enabled : !d->wq[n].enabled;
    if (open) {
        d->wq[n].config[dword] = value & dsa_wqcfg_writable(dword);
    }
}

static uint32_t msixperm_read(const Dsa *d, unsigned n, unsigned dword)
{
    return dword == 0 ? d->msixperm[n] : 0;
}

static void msixperm_write(Dsa *d, unsigned n, unsigned dword, uint32_t value)
{
    if (dword == 0) {
        d->msixperm[n] = value & PERM_ALL;
    }
}

static const Table tables[] = {
    {DSA_GRPCFG_AT, DSA_GRPCFG_BYTES, DSA_GROUPS, grpcfg_read, grpcfg_write},
    {DSA_WQCFG_AT, DSA_WQCFG_BYTES, DSA_WQS, wqcfg_read, wqcfg_write},
    {DSA_MSIXPERM_AT, 8, DSA_VECTORS, msixperm_read, msixperm_write},
};

static const Table *table_at(uint32_t offset)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (offset - tables[i].at < tables[i].entry_bytes * tables[i].entries) {
            return &tables[i];
        }
    }
    return NULL;
}

uint32_t dsa_table_read(Dsa *d, uint32_t offset)
{
    const Table *t = table_at(offset);
    if (!t) {
        return 0;
    }
    uint32_t inside = offset - t->at;
    return t->read(d, inside / t->entry_bytes, inside % t->entry_bytes / 4);
}

void dsa_table_write(Dsa *d, uint32_t offset, uint32_t value)
{
    const Table *t = table_at(offset);
    if (t) {
        uint32_t inside = offset - t->at;
        t->write(d, inside / t->entry_bytes, inside % t->entry_bytes / 4, value);
    }
}

void dsa_wqcfg_reset(Dsa *d, unsigned n)
{
    memset(&d->wq[n].config[1], 0, sizeof(d->wq[n].config) - sizeof(d->wq[n].config[0]));
}

void dsa_tables_reset(Dsa *d)
{
    memset(d->grpcfg, 0, sizeof(d->grpcfg));
    memset(d->msixperm, 0, sizeof(d->msixperm));
    for (unsigned n = 0; n < DSA_WQS; n++) {
        memset(d->wq[n].config, 0, sizeof(d->wq[n].config));
    }
}
