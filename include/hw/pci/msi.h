/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI and MSI-X capabilities (PCI Local Bus 3.0, 6.8). Messages leave through the device's bus with
 * its requester id, and only while bus mastering is on.
 */
#ifndef HW_PCI_MSI_H
#define HW_PCI_MSI_H

#include "base/facts.h"
#include "hw/pci/pci.h"

/* MSI with 1, 2, 4 .. 32 vectors. */
bool msi_init(PciDevice *pci, unsigned vectors, bool is64, bool maskable, GError **error);
bool msi_enabled(const PciDevice *pci);
/* Sends vector `n` (taken modulo those the guest enabled), or sets its pending bit if masked. Like
 * msix_notify() it answers with what became of it. */
IntrResult msi_notify(PciDevice *pci, unsigned n);

/* The message that vector 0 of MSI sends. */
void msi_get_message(const PciDevice *pci, uint64_t *address, uint32_t *data);

/* MSI-X with 1 .. PCI_MSIX_MAX_VECTORS vectors: makes and registers BAR `bar`, which holds the
 * table at 0 and the pending bits in its upper half. */
bool msix_init(PciDevice *pci, unsigned vectors, int bar, GError **error);
/* The same with the pending bits in a BAR of their own, unless both are the same. */
bool msix_init_bars(PciDevice *pci, unsigned vectors, int table_bar, int pba_bar, GError **error);
/* The same in a BAR of the device's own, which has the table in the first half of its first `bytes`
 * and the pending bits in the second, and gives accesses there to the ops of pci->msix.region. */
bool msix_init_inside(PciDevice *pci, unsigned vectors, int bar, uint32_t bytes, GError **error);
bool msix_enabled(const PciDevice *pci);
/* Sends vector `n`, or sets its pending bit if it or the function is masked. Vectors that do not
 * exist (what drivers write for "none") are ignored. */
IntrResult msix_notify(PciDevice *pci, unsigned n);
/* Vector `n` of an enabled table, in place of a message that somebody else sent: under that one's
 * number, `serial`. */
IntrResult msix_relay(PciDevice *pci, unsigned n, uint64_t serial);

/* What it would send now, and what keeps it from it; for monitors. Values are members of an object
 * that the caller has opened. */
void msi_describe(const PciDevice *pci, const Facts *facts);
/* A message, and what it is: a request in which format, or none. */
void msi_describe_as_message(uint64_t address, uint32_t data, const Facts *facts);
/* The message of MSI (as vector 0 has it) or of MSI-X vector `n` alone; nothing if there is none.
 */
void msi_describe_message(const PciDevice *pci, bool msix, unsigned n, const Facts *facts);

/* The PCI core's side: a configuration write touched [offset, offset + size); reset. */
void msi_config_written(PciDevice *pci, uint32_t offset, unsigned size);
void msix_config_written(PciDevice *pci, uint32_t offset, unsigned size);
void msi_reset(PciDevice *pci);
void msix_reset(PciDevice *pci);
/* The bytes of the table and of the pending bits; a PciMsix, for state rows. */
size_t msix_table_size(const void *msix);
size_t msix_pba_size(const void *msix);
/* The device leaves its bus: the tables go. */
void msix_free(PciDevice *pci);

#endif
