/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI Express capability (PCI Express 5.0, 7.5.3): what kind of port a function has, its link,
 * and function-level reset. Its registers beyond those of every function (slots, root control) are
 * the port's own: it finds them at `pci->pcie_cap`.
 */
#ifndef HW_PCI_PCIE_H
#define HW_PCI_PCIE_H

#include "hw/pci/pci.h"

/* Device/port type (7.5.3.2). */
typedef enum {
    PCIE_ENDPOINT = 0,
    PCIE_ROOT_PORT = 4,
    PCIE_UPSTREAM_PORT = 5,
    PCIE_DOWNSTREAM_PORT = 6,
    PCIE_TO_PCI_BRIDGE = 7,
    PCIE_ROOT_COMPLEX_ENDPOINT = 9,
} PciePortType;

typedef struct {
    PciePortType type;
    uint8_t port;           /* port number of a root, upstream or downstream port */
    bool slot;              /* a slot is implemented: root and downstream ports */
    bool flr;               /* function-level reset: endpoints */
    uint8_t message_number; /* of the MSI or MSI-X that the port's own events use */
} PcieSetup;

/* Appends the capability, version 2, to a class that is `express`; its offset, also in
 * pci->pcie_cap. An endpoint on a root bus has to say so (PCIE_ROOT_COMPLEX_ENDPOINT) and has no
 * link; pcie_endpoint_type() tells which of the two it is. */
uint8_t pcie_add_capability(PciDevice *pci, const PcieSetup *setup);
/* An endpoint that is a function of several, behind a port, also gets the ARI capability, by which
 * there may be 256 functions once the port forwards to them. One that has virtual functions asks
 * for it. */
void pcie_add_ari(PciDevice *pci);
PciePortType pcie_endpoint_type(const PciDevice *pci);
/* The type, of a function with the capability. */
PciePortType pcie_port_type(const PciDevice *pci);

#endif
