/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page requests of a function (PCI Express 5.0, 10.4; capability: 10.5.2): it asks for pages that a
 * translation request did not find, in groups, and is told when software has done what it could.
 */
#ifndef HW_PCI_PRI_H
#define HW_PCI_PRI_H

#include "hw/pci/pci.h"

#define PCI_PRI_CAPACITY 16u /* Outstanding Page Request Capacity */

typedef struct PciPri {
    PciDevice *pci;
    uint16_t cap;
    uint16_t outstanding[PCI_PRI_CAPACITY]; /* groups of those requests, */
    uint32_t count;                         /* so many */
    uint32_t responses;                     /* since the reset, and the last of them */
    BusPageResponse last;
} PciPri;
extern const StateField pci_pri_state[];

/* Of an express function that is being realized; it has the capability if `present`. */
void pci_pri_init(PciPri *pri, PciDevice *pci, bool present);
void pci_pri_reset(PciPri *pri);
/* After a write of configuration space: Enable and Reset may be others. */
void pci_pri_config_written(PciPri *pri);

/* Asks for a page. False: the function may not now, or has as many requests under way as it may. A
 * request that nobody takes is answered at once, as failed. */
bool pci_pri_request(PciPri *pri, const BusReq *req, const BusPageRequest *what);
/* Of the function of that id, or NULL. */
PciPri *pci_pri_find(PciBus *root, uint16_t requester_id);
/* A response, from the root complex: for all of its group. */
void pci_pri_respond(PciPri *pri, const BusPageResponse *response);

#endif
