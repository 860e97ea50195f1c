/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI and MSI-X capabilities (PCI Local Bus 3.0, 6.8). Messages leave through the device's bus with
 * its requester id, and only while bus mastering is on.
 */
#ifndef HW_PCI_MSI_H
#define HW_PCI_MSI_H

#include "hw/pci/pci.h"

/* MSI with 1, 2, 4 .. 32 vectors. */
bool msi_init(PciDevice *pci, unsigned vectors, bool is64, bool maskable, GError **error);
void msi_free(PciDevice *pci);
bool msi_enabled(const PciDevice *pci);
/* Sends vector `n` (taken modulo those the guest enabled), or sets its pending bit if masked. */
void msi_notify(PciDevice *pci, unsigned n);

/* MSI-X: table and PBA in `region` (the device's own MEM_IO region or a private one registered as
 * BAR `bar`) at the given offsets. With region NULL msix makes and registers BAR `bar` itself. */
bool msix_init(PciDevice *pci, unsigned vectors, int bar, GError **error);
void msix_free(PciDevice *pci);
bool msix_enabled(const PciDevice *pci);
void msix_notify(PciDevice *pci, unsigned n);
void msix_set_pending(PciDevice *pci, unsigned n);

#endif
