/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation services of a function (PCI Express 5.0, chapter 10): the capability, the
 * translations that it keeps (device TLB), DMA with translated addresses, and how it completes
 * invalidations.
 */
#ifndef HW_PCI_ATS_H
#define HW_PCI_ATS_H

#include "base/clock.h"
#include "hw/pci/pci.h"

#define PCI_ATS_ENTRIES 64

/* When an invalidation is completed. "Late" is later than a remapping unit waits. */
typedef enum { PCI_ATS_RIGHT, PCI_ATS_LATE, PCI_ATS_NEVER } PciAtsCompletion;

/* A page that it keeps; `bytes` 0: nothing. */
typedef struct {
    uint64_t page, bytes, address;
    bool read, write;
} PciAtsEntry;

typedef struct PciAts {
    PciDevice *pci;
    uint16_t cap;
    PciAtsCompletion completion;
    PciAtsEntry entries[PCI_ATS_ENTRIES];
    uint32_t victim;
    BusInvalidation asked[32]; /* by tag: invalidations to be completed */
    uint32_t tags;             /* which of these */
    Timer answer;
} PciAts;
extern const StateField pci_ats_state[];

/* Of an express function that is being realized; it has the capability if `present`. */
void pci_ats_init(PciAts *ats, PciDevice *pci, bool present, PciAtsCompletion completion);
void pci_ats_free(PciAts *ats);
void pci_ats_reset(PciAts *ats);
/* After a write of configuration space: Enable may be another. */
void pci_ats_config_written(PciAts *ats);
/* The capability's Enable; false without a capability. */
bool pci_ats_enabled(const PciAts *ats);
unsigned pci_ats_count(const PciAts *ats);

/* Asks for the translation of `addr`, and keeps the page if it is present. False: unsupported, or
 * the function may not ask. */
bool pci_ats_translate(PciAts *ats, const BusReq *req, uint64_t addr, BusTranslation *out);
/* DMA by what it keeps, which it asks for where it must. Refused (MEM_ACCESS_ERROR) where a page is
 * not there for this access. */
MemResult pci_ats_read(PciAts *ats, const BusReq *req, uint64_t addr, void *buf, size_t len);
MemResult pci_ats_write(PciAts *ats, const BusReq *req, uint64_t addr, const void *buf, size_t len);

/* Of the function of that id, or NULL. */
PciAts *pci_ats_find(PciBus *root, uint16_t requester_id);
/* An invalidation request, from the root complex. */
void pci_ats_invalidate(PciAts *ats, const BusInvalidation *what);

#endif
