/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices, buses, configuration space, BARs and INTx (PCI Local Bus 3.0, PCI Express 5.0).
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/device.h"
#include "hw/core/upstream.h"

#define PCI_CONFIG_SIZE      256
#define PCIE_CONFIG_SIZE     4096
#define PCI_BARS             6
#define PCI_ROM_BAR          6
#define PCI_DEVFN(dev_, fn_) ((uint8_t)(((dev_) << 3) | (fn_)))

typedef struct PciBus PciBus;
typedef struct PciDevice PciDevice;

/* Hangs from DeviceClass.bus_class for BUS_PCI classes. */
typedef struct {
    uint16_t vendor_id, device_id;
    uint16_t subsystem_vendor_id, subsystem_id;
    uint8_t revision;
    uint32_t class_code;   /* 24 bits: base, sub, interface */
    uint8_t interrupt_pin; /* 0 none, 1 INTA# */
    bool express;          /* 4096 bytes of configuration space */
    uint8_t header_type;   /* 0, or 1 for bridges */
    /* Override points; NULL for the usual. Both are called after the usual has happened. */
    void (*config_written)(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size);
} PciDeviceClass;

typedef enum { PCI_BAR_IO, PCI_BAR_MEM32, PCI_BAR_MEM64, PCI_BAR_MEM64_PREFETCH } PciBarType;

typedef struct {
    bool present;
    PciBarType type;
    MemRegion *region; /* owned by the device */
    uint64_t size;
    uint64_t mapped_at; /* PCI_BAR_UNMAPPED if not decoded now */
} PciBar;
#define PCI_BAR_UNMAPPED UINT64_MAX

struct PciDevice {
    Device dev;
    const PciDeviceClass *pci_cls;
    PciBus *bus;
    int32_t devfn;  /* PROP_PCI_ADDR "addr"; -1 picks a free slot */
    char *bus_name; /* property "bus" */
    bool multifunction;
    uint8_t *config;   /* PCI(E)_CONFIG_SIZE bytes */
    uint8_t *writable; /* mask a byte */
    uint8_t *w1c;
    PciBar bars[PCI_BARS + 1];
    uint16_t next_cap; /* free space for capabilities */
    bool intx_level;
    struct PciMsi *msi; /* NULL without the capability */
    struct PciMsix *msix;
};

/* Properties that every PCI device has: addr, bus, multifunction, (id). For DeviceClass.bus_props.
 */
extern const PropInfo pci_bus_props[];
/* State rows for the PCI part, for a device's own table: STATE_STRUCTS-like sub table at offset 0.
 */
extern const StateField pci_device_state[];

/* Board side. */
typedef struct {
    /* INTx pin 0..3 of the root bus's device `devfn` after swizzling; level of the wire. */
    void (*set_intx)(void *opaque, uint8_t devfn, int pin, bool level);
    void *opaque;
    Upstream up;          /* the remapping unit or the system fabric */
    AddressSpace *memory; /* where memory BARs appear */
    AddressSpace *ports;
} PciHost;
PciBus *pci_root_bus_new(const char *name, const PciHost *host);
void pci_bus_free(PciBus *bus);
const char *pci_bus_name(const PciBus *bus);
uint8_t pci_bus_number(const PciBus *bus);
/* The bus of that name below (or at) `root`, or NULL. */
PciBus *pci_bus_find(PciBus *root, const char *name);
/* Puts an unrealized device in its slot; called by device creation before realize. */
bool pci_bus_attach(PciBus *bus, PciDevice *pci, GError **error);
void pci_bus_detach(PciDevice *pci);
PciDevice *pci_bus_device(const PciBus *bus, uint8_t devfn);
/* Calls `visit` for every device below `bus`, depth first. */
void pci_bus_foreach(PciBus *bus, void (*visit)(PciDevice *pci, void *opaque), void *opaque);

/* Configuration cycles, size 1, 2 or 4. Nothing there reads as all ones. */
uint32_t pci_config_read(PciBus *root, uint8_t bus, uint8_t devfn, uint32_t offset, unsigned size);
void pci_config_write(PciBus *root, uint8_t bus, uint8_t devfn, uint32_t offset, uint32_t value,
                      unsigned size);

/* What firmware would do where there is none: numbers buses, assigns BARs from the given windows,
 * sets interrupt lines by `irq_of(opaque, devfn, pin)`, enables decoding. */
typedef struct {
    uint64_t mem32_base, mem32_limit; /* inclusive */
    uint64_t mem64_base, mem64_limit; /* may be empty: base > limit */
    uint16_t io_base, io_limit;
    uint8_t (*irq_of)(void *opaque, uint8_t devfn, int pin);
    void *opaque;
} PciAssignment;
void pci_assign_resources(PciBus *root, const PciAssignment *how);

/* Device side. */
void pci_register_bar(PciDevice *pci, int n, PciBarType type, MemRegion *region);
/* Appends a capability of `size` bytes; its offset. The bytes after id and next are zero and
 * read-only; the caller fills config and writable. */
uint8_t pci_add_capability(PciDevice *pci, uint8_t cap_id, uint8_t size);
uint16_t pcie_add_extended_capability(PciDevice *pci, uint16_t cap_id, uint8_t version,
                                      uint16_t size);
void pci_set_intx(PciDevice *pci, bool level);
uint16_t pci_requester_id(const PciDevice *pci);
bool pci_is_bus_master(const PciDevice *pci);
/* DMA with this device's requester id, through its bus; refused (MEM_ACCESS_ERROR) without bus
 * mastering. A dword written into the interrupt window is an interrupt request. */
MemResult pci_dma_read(PciDevice *pci, uint64_t addr, void *buf, size_t len);
MemResult pci_dma_write(PciDevice *pci, uint64_t addr, const void *buf, size_t len);
/* To PCI reset state: configuration and BARs; DeviceClass.reset of a PCI class need not do it. */
void pci_device_reset(PciDevice *pci);

static inline uint16_t pci_get_word(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t pci_get_long(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline void pci_set_word(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void pci_set_long(uint8_t *p, uint32_t v)
{
    pci_set_word(p, (uint16_t)v);
    pci_set_word(p + 2, (uint16_t)(v >> 16));
}

#endif
