/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hw/pci share with each other and with nobody else. */
#ifndef HW_PCI_PCI_INTERNAL_H
#define HW_PCI_PCI_INTERNAL_H

#include <linux/pci_regs.h>

#include "hw/pci/pci.h"

#define PCI_BUSES        256
#define PCI_SLOTS        32
#define PCI_DEVFNS       256
#define PCI_RIDS         0x10000
#define PCI_PINS         4
#define PCI_SLOT_OF(df_) ((df_) >> 3)
#define PCI_FUNC_OF(df_) ((df_)&7)

struct PciBus {
    char *name;
    PciHost host;        /* the segment's first root bus only */
    Upstream up;         /* what its devices see; on a root bus PciHost.above says it for each */
    PciDevice *bridge;   /* NULL for a root bus */
    PciDevice *expander; /* of a further root bus */
    PciDevice *aperture; /* of a domain's first root bus, and how it shows the domain */
    PciDomainView view;
    bool handed_over;              /* the machine frees what is on the domain's root bus */
    uint8_t number;                /* root buses only */
    bool bypass;                   /* root buses only: what is on it goes by no remapping unit */
    PciWindow window[PCI_WINDOWS]; /* of a further root bus, by pci_assign_resources() */
    PciDevice *devices[PCI_DEVFNS];
    PciDevice **by_rid; /* first root bus only: who answers configuration cycles, by requester id */
    PciBus *child[PCI_DEVFNS];   /* the bus behind the bridge at this devfn, or its root bus */
    PciDevice *kept[PCI_DEVFNS]; /* for whose virtual functions room is kept there */
    bool link_down;              /* pci_bus_set_link() */
};

static inline bool pci_ranges_overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

/* pci_roots.c */
/* The segment's first root bus; */
PciBus *pci_root_of(PciBus *bus);
/* and the one whose bus number that is. */
PciBus *pci_root_at(PciBus *first, uint8_t number);
/* Nothing has an address on it. */
void pci_root_close(PciBus *root, void *opaque);

/* pci_domain.c */
/* The machine's address of what the bus's domain has there, or PCI_BAR_UNMAPPED. */
uint64_t pci_domain_reach(const PciBus *root, bool io, uint64_t base, uint64_t size);
void pci_domain_hand_over(PciDevice *aperture, GPtrArray *devices);
/* The aperture leaves its bus. */
void pci_domain_free(PciDevice *aperture);

/* pci_number.c */
/* Bus numbers anywhere in `bus`'s hierarchy may be others now: ids and routing follow. */
void pci_renumber(PciBus *bus);
/* The same for one function that comes or goes. */
void pci_give_number(PciDevice *pci);
void pci_take_number(PciDevice *pci);

/* pci_behind.c: after a configuration write that touched a bridge's [offset, offset + size), with
 * Bridge Control as it was. */
void pci_bridge_written(PciDevice *pci, uint32_t offset, unsigned size, uint16_t old_control);
/* Does anything pass to the bus, apart from addresses and numbers? */
bool pci_bus_is_open(const PciBus *bus);

/* pci_upstream.c */
/* The bridge as a stage: what the bus behind it sees. */
Upstream pci_bridge_upstream(PciDevice *bridge);

/* pci_rules.c: what lint looks at before a write of configuration space, and compares after it. */
typedef struct {
    uint16_t command, flags; /* the registers; of MSI */
    bool msi, msix;          /* enabled */
    uint32_t low, high, data, mask;
} PciRulesView;
PciRulesView pci_rules_look(const PciDevice *pci);
void pci_rules_config_written(PciDevice *pci, const PciRulesView *before);
/* A message that may be sent from now on. */
void pci_rules_message(const PciDevice *pci, uint64_t address, uint32_t data);

/* pci_config.c */
void pci_config_init(PciDevice *pci);
void pci_config_free(PciDevice *pci);
uint32_t pci_config_size(const PciDevice *pci);
void pci_keep_reset_config(PciDevice *pci);
/* All of the configuration space is new: what depends on it, here and behind a bridge, follows. */
void pci_config_replaced(PciDevice *pci);
uint32_t pci_device_config_read(PciDevice *pci, uint32_t offset, unsigned size);
void pci_device_config_write(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size);

/* pci_bar.c */
uint32_t pci_bar_offset(const PciDevice *pci, int n);
uint32_t pci_bar_type_bits(PciBarType type);
bool pci_bar_is_io(const PciBar *bar);
bool pci_bar_is_64(const PciBar *bar);
/* Maps and unmaps as COMMAND, the BARs and the bridges above say. */
void pci_update_bars(PciDevice *pci);
void pci_unmap_bars(PciDevice *pci);

/* pcie.c: a bus that is a link has one device, whose functions are 8, or 256 with ARI (PCI Express
 * 5.0, 6.13). */
bool pci_bus_is_link(const PciBus *bus);
bool pcie_answers(const PciBus *bus, uint8_t devfn);
/* A slot that devices may come into later. */
bool pcie_is_hotplug_slot(const PciDevice *pci);
bool pcie_check_address(const PciBus *bus, const PciDevice *pci, GError **error);
/* The functions with an ARI capability on the bus name each other anew. */
void pcie_chain_functions(PciBus *bus);
/* After a configuration write: a function-level reset, if it asks for one (PCI Express 5.0, 6.6.2).
 * It is over at once: the device's reset, then its configuration space's. */
void pcie_start_flr(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size);

/* pcie_sriov.c */
typedef struct PcieSriov PcieSriov;
/* A VF BAR: its register, what it is in one function, the room of one and of all. */
typedef struct {
    uint32_t offset;
    const PciBar *one;
    uint64_t share, size;
} PciVfBar;
bool pcie_vf_bar(const PciDevice *pf, int n, PciVfBar *bar); /* false: there is none */
/* Where a virtual function's BAR is, 0 if nowhere, and whether it decodes at all. */
uint64_t pcie_vf_address(const PciDevice *vf, int n);
bool pcie_vf_decodes(const PciDevice *vf);
/* The ids of those that are shown, after the physical function got its own. */
void pcie_sriov_number(PciBus *root, PciDevice *pf, bool reachable);
/* The registers are other ones, or [offset, offset + size) was written. */
void pcie_sriov_update(PciDevice *pf);
void pcie_sriov_written(PciDevice *pf, uint32_t offset, unsigned size);
void pcie_sriov_detach_vf(PciDevice *vf);
void pcie_sriov_free(PciDevice *pf);

/* pci_intx.c */
/* Wires the device's pin to the line that it reaches. */
void pci_connect_intx(PciDevice *pci);
/* Drives the pin as configuration space lets it. */
void pci_update_intx(PciDevice *pci);
/* The slot and pin of the root bus that pin `pin` of the device reaches. */
void pci_route_pin(const PciDevice *pci, int pin, uint8_t *root_devfn, int *root_pin);

#endif
