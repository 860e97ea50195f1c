/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt message storage: slots for messages of a function's own kind, beside MSI and MSI-X
 * (Intel Scalable I/O Virtualization 1.1, "interrupt message storage"). A slot has 16 bytes, either
 * in a BAR or in memory, where the function reads it by DMA each time it means to interrupt:
 *
 *   0 address (8)   8 data (4)   12 control (4): bit 0 mask, bit 1 pending (read-only)
 *
 * A slot whose address is 0 is free. After a reset those in the BAR are free and masked. Functions
 * may have more of control written to.
 */
#ifndef HW_PCI_IMS_H
#define HW_PCI_IMS_H

#include "base/facts.h"
#include "hw/pci/pci.h"

#define PCI_IMS_SLOT_SIZE  16u
#define PCI_IMS_MOST_SLOTS 2048u

typedef struct PciIms {
    PciDevice *pci;
    uint32_t slots, memory_slots; /* how many there are of each; 0: none */
    uint32_t control_bits;        /* of the BAR's slots, what software may write beside the mask */
    uint8_t *table;               /* the BAR's slots */
    uint8_t *memory_pending;      /* a byte for each slot in memory */
    uint64_t *waiting;            /* serial numbers: the BAR's slots, then memory's */
    MemRegion region;
} PciIms;
extern const StateField pci_ims_state[];

/* Of a function that is being realized; `slots` of them appear in BAR `bar`, or with
 * PCI_IMS_NO_BAR where the function shows them, by pci_ims_read() and pci_ims_write(). */
#define PCI_IMS_NO_BAR (-1)
void pci_ims_init(PciIms *ims, PciDevice *pci, uint32_t slots, int bar, uint32_t memory_slots);
void pci_ims_free(PciIms *ims);
void pci_ims_reset(PciIms *ims);

uint64_t pci_ims_read(void *ims, uint64_t offset, unsigned size);
void pci_ims_write(void *ims, uint64_t offset, uint64_t value, unsigned size);
/* Control of slot `n` of the BAR, which there is. */
uint32_t pci_ims_control(const PciIms *ims, uint32_t n);

/* The function means to interrupt by slot `n` of the BAR. Answers with what became of it. */
IntrResult pci_ims_notify(PciIms *ims, uint32_t n);
/* By slot `n` in memory, where the first one is at `base`. */
IntrResult pci_ims_memory_notify(PciIms *ims, uint64_t base, uint32_t n);
/* Software has changed slot `n` in memory: what is pending and no more masked is sent. */
void pci_ims_memory_changed(PciIms *ims, uint64_t base, uint32_t n);

/* For monitors. */
void pci_ims_describe(const PciIms *ims, const Facts *facts);
/* The message of slot `n` of the BAR; nothing if there is none. */
void pci_ims_describe_message(const PciIms *ims, uint32_t n, const Facts *facts);

#endif
