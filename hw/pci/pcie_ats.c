/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation services of a function (PCI Express 5.0, chapter 10; capability: 10.5.1).
 *
 * An invalidation is completed a microsecond after it came, which is right; after the remapping
 * unit has given up; or never. Until then the function goes on using what it keeps. While ATS is
 * not enabled it keeps nothing and completes nothing.
 */
#include "hw/pci/ats.h"

#include <string.h>

#include "hw/core/rid.h"
#include "hw/pci/pci_internal.h"

#define RIGHT_NS NS_PER_US
#define LATE_NS  (2 * NS_PER_MS)

bool pci_ats_enabled(const PciAts *ats)
{
    return ats->cap &&
           pci_get_word(&ats->pci->config[ats->cap + PCI_ATS_CTRL]) & PCI_ATS_CTRL_ENABLE;
}

static void ats_forget(PciAts *ats, const BusInvalidation *what)
{
    for (unsigned i = 0; i < PCI_ATS_ENTRIES; i++) {
        PciAtsEntry *e = &ats->entries[i];
        bool meant = what->bytes == 0 ||
                     (e->page < what->address + what->bytes && what->address < e->page + e->bytes);
        if (meant) {
            e->bytes = 0;
        }
    }
}

static void ats_forget_all(PciAts *ats)
{
    ats_forget(ats, &(BusInvalidation){0});
}

/* What was kept and asked before ATS was switched off is not there when it is on again. */
void pci_ats_config_written(PciAts *ats)
{
    if (!pci_ats_enabled(ats)) {
        pci_ats_reset(ats);
    }
}

static bool ats_ready(const PciAts *ats)
{
    return pci_ats_enabled(ats) && pci_is_bus_master(ats->pci);
}

static const PciAtsEntry *ats_find(const PciAts *ats, uint64_t addr)
{
    for (unsigned i = 0; i < PCI_ATS_ENTRIES; i++) {
        const PciAtsEntry *e = &ats->entries[i];
        if (addr - e->page < e->bytes) {
            return e;
        }
    }
    return NULL;
}

unsigned pci_ats_count(const PciAts *ats)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PCI_ATS_ENTRIES; i++) {
        count += ats->entries[i].bytes != 0;
    }
    return count;
}

static void ats_keep(PciAts *ats, uint64_t addr, const BusTranslation *t)
{
    uint64_t bytes = 1ull << t->shift;
    ats_forget(ats, &(BusInvalidation){.address = addr & ~(bytes - 1), .bytes = bytes});
    ats->entries[ats->victim] = (PciAtsEntry){.page = addr & ~(bytes - 1),
                                              .bytes = bytes,
                                              .address = t->address,
                                              .read = t->read,
                                              .write = t->write};
    ats->victim = (ats->victim + 1) % PCI_ATS_ENTRIES;
}

bool pci_ats_translate(PciAts *ats, const BusReq *req, uint64_t addr, BusTranslation *out)
{
    *out = (BusTranslation){0};
    if (!ats_ready(ats) || !upstream_translate(&ats->pci->up, req, addr, out)) {
        return false;
    }
    if ((out->read || out->write) && !out->untranslated_only) {
        ats_keep(ats, addr, out);
    }
    return true;
}

/* The page for an access of at `addr`, kept or asked for now; NULL: there is none. */
static const PciAtsEntry *ats_page(PciAts *ats, const BusReq *req, uint64_t addr, bool write)
{
    BusTranslation t;
    const PciAtsEntry *e = ats_find(ats, addr);
    if (!e && pci_ats_translate(ats, req, addr, &t)) {
        e = ats_find(ats, addr);
    }
    return e && (write ? e->write : e->read) ? e : NULL;
}

static MemResult ats_transfer(PciAts *ats, const BusReq *req, uint64_t addr, uint8_t *buf,
                              size_t len, bool write)
{
    BusReq translated = *req;
    translated.translated = true;
    while (len > 0) {
        const PciAtsEntry *e = ats_ready(ats) ? ats_page(ats, req, addr, write) : NULL;
        if (!e) {
            return MEM_ACCESS_ERROR;
        }
        uint64_t inside = addr - e->page, to = e->address + inside;
        size_t part = (size_t)MIN((uint64_t)len, e->bytes - inside);
        MemResult result = write ? upstream_write(&ats->pci->up, &translated, to, buf, part)
                                 : upstream_read(&ats->pci->up, &translated, to, buf, part);
        if (result != MEM_OK) {
            return result;
        }
        addr += part;
        buf += part;
        len -= part;
    }
    return MEM_OK;
}

MemResult pci_ats_read(PciAts *ats, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    return ats_transfer(ats, req, addr, buf, len, false);
}

MemResult pci_ats_write(PciAts *ats, const BusReq *req, uint64_t addr, const void *buf, size_t len)
{
    return ats_transfer(ats, req, addr, (uint8_t *)buf, len, true);
}

/* ---- Invalidations ---- */

static void ats_answer(void *opaque)
{
    PciAts *ats = opaque;
    uint32_t tags = ats->tags;
    ats->tags = 0;
    for (unsigned tag = 0; tag < G_N_ELEMENTS(ats->asked); tag++) {
        if (tags >> tag & 1) {
            ats_forget(ats, &ats->asked[tag]);
        }
    }
    upstream_invalidated(&ats->pci->up, ats->pci->rid, tags);
}

void pci_ats_invalidate(PciAts *ats, const BusInvalidation *what)
{
    trace_event(ats->pci->dev.platform->trace, TRACE_PCI,
                "ats_invalidate sid=%s addr=%#" PRIx64 " bytes=%#" PRIx64 " tag=%u",
                rid_text(ats->pci->rid).text, what->address, what->bytes, what->tag);
    if (!pci_ats_enabled(ats) || ats->completion == PCI_ATS_NEVER) {
        return;
    }
    ats->asked[what->tag] = *what;
    ats->tags |= 1u << what->tag;
    timer_arm(&ats->answer, clock_now(ats->pci->dev.platform->clock) +
                                (ats->completion == PCI_ATS_LATE ? LATE_NS : RIGHT_NS));
}

PciAts *pci_ats_find(PciBus *root, uint16_t requester_id)
{
    PciDevice *pci = root->by_rid[requester_id];
    return pci ? pci->ats : NULL;
}

/* ---- Life ---- */

static const StateField entry_state[] = {
    STATE_FIELD(STATE_UINT64, PciAtsEntry, page),    STATE_FIELD(STATE_UINT64, PciAtsEntry, bytes),
    STATE_FIELD(STATE_UINT64, PciAtsEntry, address), STATE_FIELD(STATE_UINT8, PciAtsEntry, read),
    STATE_FIELD(STATE_UINT8, PciAtsEntry, write),    STATE_END,
};

static const StateField asked_state[] = {
    STATE_FIELD(STATE_UINT64, BusInvalidation, address),
    STATE_FIELD(STATE_UINT64, BusInvalidation, bytes),
    STATE_FIELD(STATE_UINT8, BusInvalidation, tag),
    STATE_END,
};

const StateField pci_ats_state[] = {
    STATE_STRUCTS(PciAts, entries, PCI_ATS_ENTRIES, PciAtsEntry, entry_state),
    STATE_FIELD_MAX(STATE_UINT32, PciAts, victim, PCI_ATS_ENTRIES - 1),
    STATE_STRUCTS(PciAts, asked, 32, BusInvalidation, asked_state),
    STATE_FIELD(STATE_UINT32, PciAts, tags),
    STATE_FIELD(STATE_TIMER, PciAts, answer),
    STATE_END,
};

void pci_ats_init(PciAts *ats, PciDevice *pci, bool present, PciAtsCompletion completion)
{
    ats->pci = pci;
    ats->completion = completion;
    timer_init(&ats->answer, pci->dev.platform->clock, ats_answer, ats);
    if (!present) {
        return;
    }
    ats->cap = pcie_add_extended_capability(pci, PCI_EXT_CAP_ID_ATS, 1, PCI_EXT_CAP_ATS_SIZEOF);
    /* Queue depth 0 means 32. */
    pci_set_word(&pci->config[ats->cap + PCI_ATS_CAP], PCI_ATS_CAP_PAGE_ALIGNED);
    pci_set_word(&pci->writable[ats->cap + PCI_ATS_CTRL],
                 PCI_ATS_CTRL_ENABLE | PCI_ATS_CTRL_STU(0x1f));
    pci->ats = ats;
}

void pci_ats_free(PciAts *ats)
{
    timer_cancel(&ats->answer);
}

void pci_ats_reset(PciAts *ats)
{
    pci_ats_free(ats);
    ats->tags = 0;
    ats->victim = 0;
    ats_forget_all(ats);
}
