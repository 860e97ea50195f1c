/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See model.h. */
#include "amdvi/model.h"

#include <string.h>

#define PAGE           4096u
#define BIT(word_, n_) ((word_) >> (n_)&1)

enum {
    ILLEGAL_DEV_TABLE_ENTRY = 1,
    IO_PAGE_FAULT,
    DEV_TAB_HARDWARE_ERROR,
    PAGE_TAB_HARDWARE_ERROR,
    INVALID_DEVICE_REQUEST = 8,
};
enum { I = 8, PR = 16, RW = 32, PE = 64, RZ = 128, MASTER_ABORT = 0x200, BLOCKED_KIND = 5 << 9 };

static bool is_on(const Model *m)
{
    return m->control & 1;
}

static void say(Model *m, unsigned device, unsigned code, unsigned flags, uint16_t domain,
                uint64_t address)
{
    m->event = (ModelEvent){code, flags, m->ids[device], domain, address};
}

/* The device's entry as the unit has it; else what is wrong with it has been said. */
static ModelDte *find_dte(Model *m, unsigned device, unsigned flags, uint64_t address)
{
    ModelDte *d = &m->dtes[device];
    uint64_t bytes = ((m->table & 0x1ff) + 1) * PAGE, offset = m->ids[device] * 32ull;
    uint64_t base = m->table & 0xffffffffff000ull;
    if (d->valid) {
        return d;
    }
    if (offset >= bytes) {
        say(m, device, ILLEGAL_DEV_TABLE_ENTRY, flags, 0, address);
        return NULL;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (!m->load(m->opaque, base + offset + i * 8, &d->q[i])) {
            say(m, device, DEV_TAB_HARDWARE_ERROR, flags | MASTER_ABORT, 0, address);
            return NULL;
        }
    }
    d->valid = true;
    d->logged = false;
    return d;
}

static uint64_t hypertransport(uint64_t address, uint32_t data)
{
    static const uint64_t kinds[] = {0, 1, 2, 7, 3, 4, 5, 6};
    return 0xfffffffdf8000000ull + ((data & 0xff) << 16) + ((address >> 12 & 0xff) << 8) +
           (BIT(address, 2) << 6) + (kinds[data >> 8 & 7] << 2);
}

/* A start-up IPI cannot be sent by a message: the APIC bus takes it for the other reserved kind. */
static ModelAnswer as_it_is(uint64_t address, uint32_t data)
{
    unsigned kind = data >> 8 & 7;
    return (ModelAnswer){.passed = true,
                         .dest = address >> 12 & 0xff,
                         .vector = (uint8_t)data,
                         .mode = (uint8_t)(kind == 6 ? 3 : kind),
                         .logical = BIT(address, 2),
                         .level = BIT(data, 15)};
}

static ModelAnswer blocked(Model *m, unsigned device, unsigned code, unsigned flags,
                           uint16_t domain, uint64_t address, uint32_t data)
{
    say(m, device, code, flags, domain, hypertransport(address, data));
    return (ModelAnswer){.blocked = true};
}

static bool is_for_guest(const Model *m, uint64_t low)
{
    return BIT(m->control, 17) && (m->control >> 25 & 7) && BIT(low, 7);
}

/* Why an entry cannot be used: 0, or a page fault's flags, with bit 0 if no event is for it. */
static unsigned entry_fault(const Model *m, uint64_t low, uint64_t high)
{
    bool wide = BIT(m->control, 17), ids32 = wide && BIT(m->control, 50);
    if (!BIT(low, 0)) {
        return I | (unsigned)BIT(low, 1);
    }
    if (is_for_guest(m, low)) {
        bool wrong = (low & 0x38) || (high & (0x00f0000000000f00ull | (ids32 ? 0 : 0xffull << 56)));
        return wrong ? I | PR | RZ : 0;
    }
    uint64_t must_be_0 = !wide   ? 0xff000080ull
                         : ids32 ? 0xffffffff00000080ull
                                 : 0xffffffffffff0080ull;
    uint64_t high_0 = !wide ? 0 : 0x00f0000000000f00ull | (ids32 ? 0 : 0xff00000000000000ull);
    bool kind_is_reserved = (low >> 2 & 7) > 1;
    return (low & must_be_0) || (high & high_0) || kind_is_reserved ? I | PR | RZ : 0;
}

static ModelAnswer entry_answer(const Model *m, uint64_t low, uint64_t high)
{
    bool wide = BIT(m->control, 17), ids32 = wide && BIT(m->control, 50);
    if (is_for_guest(m, low)) {
        return (ModelAnswer){.posted = true,
                             .vector = (uint8_t)high,
                             .is_run = BIT(low, 6),
                             .page = high & 0xffffffffff000ull};
    }
    uint64_t dest = ids32 ? (low >> 8 & 0xffffff) | high >> 56 << 24 : low >> 8 & 0xff;
    return (ModelAnswer){.dest = (uint32_t)dest,
                         .vector = (uint8_t)(wide ? high : low >> 16),
                         .mode = low >> 2 & 7,
                         .logical = BIT(low, 6),
                         .level = BIT(low, 5)};
}

static bool read_entry(Model *m, uint64_t table, unsigned index, uint64_t *low, uint64_t *high)
{
    *high = 0;
    if (BIT(m->control, 17)) {
        return m->load(m->opaque, table + index * 16, low) &&
               m->load(m->opaque, table + index * 16 + 8, high);
    }
    /* Half of an aligned quadword. */
    uint64_t both;
    if (!m->load(m->opaque, (table + index * 4) & ~7ull, &both)) {
        return false;
    }
    *low = both >> (index % 2 * 32) & 0xffffffff;
    return true;
}

static ModelAnswer by_table(Model *m, unsigned device, const ModelDte *d, uint64_t address,
                            uint32_t data, bool cached)
{
    unsigned index = data & 0x7ff;
    ModelIrte *known = &m->irtes[device][index];
    uint16_t domain = d->q[0] & 1 ? (uint16_t)d->q[1] : 0;
    bool quiet = BIT(d->q[2], 5);
    uint64_t low, high;
    if (index >= 1u << (d->q[2] >> 1 & 15)) {
        ModelAnswer a = blocked(m, device, IO_PAGE_FAULT, I, domain, address, data);
        m->event.code = quiet ? 0 : m->event.code;
        return a;
    }
    if (cached && known->valid) {
        ModelAnswer a = known->answer;
        a.by_cache = true;
        return a;
    }
    if (!read_entry(m, d->q[2] & 0x000fffffffffffc0ull, index, &low, &high)) {
        return blocked(m, device, PAGE_TAB_HARDWARE_ERROR, I | MASTER_ABORT, 0, address, data);
    }
    unsigned fault = entry_fault(m, low, high);
    if (fault) {
        ModelAnswer a = blocked(m, device, IO_PAGE_FAULT, fault & ~1u, domain, address, data);
        bool unmapped = !(fault & PR);
        m->event.code = unmapped && (quiet || (fault & 1)) ? 0 : m->event.code;
        return a;
    }
    ModelAnswer a = entry_answer(m, low, high);
    if (!BIT(m->control, 59)) {
        *known = (ModelIrte){true, a};
    }
    return a;
}

static ModelAnswer by_entry(Model *m, unsigned device, const ModelDte *d, uint64_t address,
                            uint32_t data, bool cached)
{
    uint64_t irr;
    ModelAnswer a = by_table(m, device, d, address, data, cached);
    if (a.posted && !m->load(m->opaque, a.page + 0x200, &irr)) {
        bool by_cache = a.by_cache;
        a = blocked(m, device, PAGE_TAB_HARDWARE_ERROR, I | MASTER_ABORT, 0, address, data);
        a.by_cache = by_cache;
    }
    return a;
}

static bool kind_passes(const ModelDte *d, unsigned kind)
{
    switch (kind) {
    case 2:
        return (d->q[1] >> 40 & 3) == 1;
    case 4:
        return BIT(d->q[2], 58);
    case 5:
        return BIT(d->q[2], 56);
    default:
        return BIT(d->q[2], 57);
    }
}

ModelAnswer model_message(Model *m, unsigned device, uint64_t address, uint32_t data, bool cached)
{
    m->event = (ModelEvent){0};
    unsigned kind = data >> 8 & 7;
    bool long_index = (m->control >> 43 & 3) == 1;
    if (!is_on(m)) {
        return as_it_is(address, data);
    }
    const ModelDte *d = find_dte(m, device, I, hypertransport(address, data));
    if (!d) {
        return (ModelAnswer){.blocked = true};
    }
    uint64_t q = d->q[2];
    if (!BIT(q, 0)) {
        return as_it_is(address, data);
    }
    unsigned control = q >> 60 & 3;
    if (control == 3 || (q >> 1 & 15) > 11 || (q >> 52 & 3)) {
        return blocked(m, device, ILLEGAL_DEV_TABLE_ENTRY, I | RZ, 0, address, data);
    }
    if (kind <= 1 || long_index) {
        return control == 1 ? as_it_is(address, data)
               : control == 2
                   ? by_entry(m, device, d, address, data, cached)
                   : blocked(m, device, INVALID_DEVICE_REQUEST, BLOCKED_KIND, 0, address, data);
    }
    if (kind == 3 || kind == 6) {
        return blocked(m, device, INVALID_DEVICE_REQUEST, 6 << 9, 0, address, data);
    }
    return kind_passes(d, kind)
               ? as_it_is(address, data)
               : blocked(m, device, INVALID_DEVICE_REQUEST, BLOCKED_KIND, 0, address, data);
}

/* ---- DMA ---- */

static bool fault(Model *m, unsigned device, ModelDte *d, unsigned flags, uint64_t address,
                  bool write)
{
    bool all_quiet = BIT(d->q[1], 34), rest_quiet = BIT(d->q[1], 33);
    if (!all_quiet && !(rest_quiet && d->logged)) {
        d->logged = true;
        say(m, device, IO_PAGE_FAULT, flags | (write ? RW : 0), (uint16_t)d->q[1], address);
    }
    return false;
}

typedef struct {
    unsigned code, flags; /* of what is wrong; code 0: nothing */
    uint64_t host;        /* of the page of 4 KiB */
    bool read, write;
} Walk;

static Walk walk(Model *m, const ModelDte *d, uint64_t address)
{
    Walk w = {.read = true, .write = true};
    uint64_t table = d->q[0] & 0xffffffffff000ull;
    unsigned level = d->q[0] >> 9 & 7, top = 64;
    for (;;) {
        /* Bits that no level decides by have to be 0: above the top, and between two tables. */
        for (unsigned bit = 12 + 9 * level; bit < top; bit++) {
            if (BIT(address, bit)) {
                return (Walk){.code = IO_PAGE_FAULT};
            }
        }
        uint64_t entry, index = address >> (12 + 9 * (level - 1)) & 511;
        if (!m->load(m->opaque, table + index * 8, &entry)) {
            return (Walk){.code = PAGE_TAB_HARDWARE_ERROR, .flags = MASTER_ABORT};
        }
        if (!BIT(entry, 0)) {
            return (Walk){.code = IO_PAGE_FAULT};
        }
        w.read = w.read && BIT(entry, 61);
        w.write = w.write && BIT(entry, 62);
        unsigned next = entry >> 9 & 7;
        uint64_t where = entry & 0xffffffffff000ull;
        if (next == 0 || next == 7) {
            unsigned size = 12 + 9 * (level - 1);
            if (next == 7) {
                unsigned least = size, zero = 12;
                while (BIT(where, zero)) {
                    zero++;
                }
                size = zero + 1;
                if (size <= least || size >= least + 9) {
                    return (Walk){.code = IO_PAGE_FAULT, .flags = PR | RZ};
                }
            }
            uint64_t within = (1ull << size) - 1;
            w.host = ((where & ~within) | (address & within)) & ~(uint64_t)(PAGE - 1);
            return w;
        }
        if (next >= level) {
            return (Walk){.code = IO_PAGE_FAULT, .flags = PR | RZ};
        }
        top = 12 + 9 * (level - 1);
        table = where;
        level = next;
    }
}

static ModelPage *remembered(Model *m, uint16_t domain, uint64_t address)
{
    for (unsigned i = 0; i < MODEL_PAGES; i++) {
        ModelPage *p = &m->pages[i];
        if (p->valid && p->domain == domain && p->page == address / PAGE) {
            return p;
        }
    }
    return NULL;
}

static bool by_pages(Model *m, unsigned device, ModelDte *d, uint64_t address, bool write,
                     bool cached, uint64_t *host)
{
    uint16_t domain = (uint16_t)d->q[1];
    ModelPage *p = remembered(m, domain, address);
    m->used_page = p && cached;
    if (!m->used_page) {
        Walk w = walk(m, d, address);
        if (w.code == PAGE_TAB_HARDWARE_ERROR) {
            say(m, device, w.code, w.flags | (write ? RW : 0), domain, address);
            return false;
        }
        if (w.code) {
            return fault(m, device, d, w.flags, address, write);
        }
        p = p ? p : &m->pages[m->next_page++ % MODEL_PAGES];
        *p = (ModelPage){true, w.read, w.write, domain, address / PAGE, w.host};
    }
    if (write ? !(p->write && BIT(d->q[0], 62)) : !(p->read && BIT(d->q[0], 61))) {
        return fault(m, device, d, PR | PE, address, write);
    }
    *host = p->host + address % PAGE;
    return true;
}

bool model_access(Model *m, unsigned device, uint64_t address, bool write, bool cached,
                  uint64_t *host)
{
    m->event = (ModelEvent){0};
    m->used_page = false;
    *host = address;
    if (!is_on(m)) {
        return true;
    }
    ModelDte *d = find_dte(m, device, write ? RW : 0, address);
    if (!d) {
        return false;
    }
    bool range = BIT(m->excl_base, 0) && (BIT(m->excl_base, 1) || BIT(d->q[1], 39));
    uint64_t page = address & ~(uint64_t)(PAGE - 1);
    if (!BIT(d->q[0], 0) || (range && page >= (m->excl_base & ~4095ull) && page <= m->excl_limit)) {
        return true;
    }
    unsigned mode = d->q[0] >> 9 & 7;
    if ((d->q[0] & 0x80800000000001fcull) || mode == 7) {
        say(m, device, ILLEGAL_DEV_TABLE_ENTRY, RZ | (write ? RW : 0), 0, address);
        return false;
    }
    if (BIT(d->q[0], 1) && mode) {
        return by_pages(m, device, d, address, write, cached, host);
    }
    return BIT(d->q[0], write ? 62 : 61) || fault(m, device, d, PR | PE, address, write);
}

/* ---- Invalidations ---- */

void model_forget_device(Model *m, unsigned device)
{
    m->dtes[device].valid = false;
}

void model_forget_interrupts(Model *m, unsigned device)
{
    memset(m->irtes[device], 0, sizeof(m->irtes[device]));
}

void model_forget_pages(Model *m, uint16_t domain, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < MODEL_PAGES; i++) {
        ModelPage *p = &m->pages[i];
        if (p->domain == domain && p->page >= first / PAGE && p->page <= last / PAGE) {
            p->valid = false;
        }
    }
}

void model_forget_all(Model *m)
{
    for (unsigned device = 0; device < MODEL_DEVICES; device++) {
        model_forget_device(m, device);
        model_forget_interrupts(m, device);
    }
    memset(m->pages, 0, sizeof(m->pages));
}
