/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices, buses, configuration space, BARs and INTx (PCI Local Bus 3.0, PCI Express 5.0).
 *
 * Life of a device: device_new() -> pci_bus_attach() -> device_realize() -> device_reset() and
 * pci_device_reset() ... -> pci_bus_detach() -> device_free().
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

/* What a function says it is (PCI Local Bus 3.0, 6.2.1 and 6.2.4). */
typedef struct {
    uint16_t vendor_id, device_id;
    uint16_t subsystem_vendor_id, subsystem_id;
    uint8_t revision;
    uint32_t class_code; /* 24 bits: base, sub, interface */
} PciIds;

/* A port whose slot devices come into and leave while the machine runs. */
typedef struct {
    /* Whether that is so; else an error. */
    bool (*takes)(const PciDevice *port, GError **error);
    /* A function was put in, and is as after a reset. */
    void (*plugged)(PciDevice *port);
    /* Somebody wants what is in the slot back: the guest is asked to let go of it, and
     * PciHost.released() says when it has. False with an error: it was just asked. */
    bool (*ask)(PciDevice *port, GError **error);
    /* What was in the slot is there no more. */
    void (*emptied)(PciDevice *port);
} PciSlotOps;

/* Hangs from DeviceClass.bus_class for BUS_PCI classes. */
typedef struct {
    PciIds ids;
    uint8_t interrupt_pin; /* 0 none, 1 INTA# */
    bool express;          /* 4096 bytes of configuration space */
    uint8_t header_type;   /* 0, or 1 for bridges */
    /* Override points, may be NULL: before the usual read (to refresh `config`), and after the
     * usual write. */
    void (*config_reading)(PciDevice *pci, uint32_t offset, unsigned size);
    void (*config_written)(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size);
    /* Bridges' override point, may be NULL: a request or a message from the bus behind, which bus
     * mastering lets pass. It may put another requester or PASID in, as bridges to conventional PCI
     * do; false stops it. */
    bool (*pass)(PciDevice *bridge, BusReq *req);
    const PciSlotOps *slot; /* NULL: nothing comes or goes behind it while the machine runs */
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

#define PCI_MSI_MAX_VECTORS 32
/* The table size field has 11 bits (PCI Express 6.1, 7.7.2.2). */
#define PCI_MSIX_MAX_VECTORS 2048
#define PCI_MSIX_ENTRY_SIZE  16

/* The capabilities of msi.h; `cap` is their offset, 0 without. */
typedef struct {
    uint8_t cap;
    uint8_t vectors;
    bool is64, maskable;
    uint64_t waiting[PCI_MSI_MAX_VECTORS]; /* serial numbers of what the pending bits hold */
    /* Of lint: registers of the message that were changed while it may be sent, and whether it was
     * sent since. */
    uint8_t halves;
    bool half_sent;
} PciMsi;

typedef struct {
    uint8_t cap;
    uint16_t vectors;
    uint8_t *table, *pba; /* as many as there are vectors */
    uint64_t *waiting;    /* the serial numbers of what the pending bits hold */
    bool was_live;        /* of lint: enabled, and the function not masked */
    MemRegion region;     /* the table's BAR */
    MemRegion pba_region; /* the pending bits', if it is another one */
} PciMsix;

struct PciDevice {
    Device dev;
    const PciDeviceClass *pci_cls;
    const PciIds *ids; /* read when it is attached; NULL for its class's */
    PciBus *bus;
    uint16_t rid;   /* requester id: bus number and devfn, while it is attached */
    Upstream up;    /* where its requests go, while it is attached */
    int32_t devfn;  /* PROP_PCI_ADDR "addr"; -1 picks a free slot */
    char *bus_name; /* property "bus" */
    bool multifunction;
    /* From attaching to detaching, PCI_CONFIG_SIZE bytes each, or PCIE_CONFIG_SIZE if express. */
    uint8_t *config;
    uint8_t *writable;     /* a mask for each byte */
    uint8_t *w1c;          /* bits cleared by writing 1 */
    uint8_t *reset_config; /* `config` as realize left it */
    bool have_reset_config;
    PciBar bars[PCI_BARS + 1];
    uint16_t next_cap;     /* free space for capabilities */
    uint16_t next_ext_cap; /* the same above PCI_CONFIG_SIZE */
    uint16_t last_ext_cap;
    uint8_t pcie_cap; /* pcie.h's capabilities; 0 without */
    uint16_t ari_cap;
    PciBus *domain;          /* behind it: pci_domain_new(); NULL without */
    struct PcieSriov *sriov; /* of a physical function: pcie_sriov.h; NULL without */
    PciDevice *pf;           /* of a virtual function: its physical one; NULL otherwise */
    uint16_t vf_index;
    bool intx_level; /* what the device asks for */
    IrqOut intx;     /* what the pin shows: not while COMMAND, MSI or MSI-X keep it off */
    PciMsi msi;
    PciMsix msix;
    struct PciIms *ims; /* ims.h; NULL without */
    struct PciAts *ats; /* ats.h; NULL without */
    struct PciPri *pri; /* pri.h; NULL without */
};

/* Properties that every PCI device has: addr, bus, multifunction, (id). For DeviceClass.bus_props.
 */
extern const PropInfo pci_bus_props[];
/* State rows for the PCI part; a device whose struct starts with a PciDevice begins its own table
 * with PCI_STATE and calls pci_device_restored() from `restored`. */
extern const StateField pci_device_state[];
#define PCI_STATE                                                                                  \
    {                                                                                              \
        .name = "pci", .type = STATE_SUB, .offset = 0, .count = 1, .size = sizeof(PciDevice),      \
        .sub = pci_device_state                                                                    \
    }

/* Board side. */
typedef struct {
    /* The line that INTx pin 0..3 of a root bus's slot drives, after swizzling; `devfn` names the
     * slot's function 0. May be NULL, or give NULL. */
    IrqLine *(*intx_line)(void *opaque, uint8_t devfn, int pin);
    void *opaque;
    bool translated; /* a remapping unit stands above: DMA addresses may not be physical */
    /* What that function of the root bus sees, and all behind it if it is a bridge: a
     * remapping unit or the system fabric. Asked when the function is attached, and again when what
     * is behind it comes, goes or is numbered otherwise; not for each request. */
    Upstream (*above)(void *opaque, PciDevice *pci);
    /* The guest has let go of what is behind the port, as was asked; may be NULL. Never called from
     * inside of an access. */
    void (*released)(void *opaque, PciDevice *port);
    AddressSpace *memory; /* where memory BARs appear */
    AddressSpace *ports;
} PciHost;
PciBus *pci_root_bus_new(const char *name, const PciHost *host);
/* Detaches what is still there, and frees. NULL is allowed. */
void pci_bus_free(PciBus *bus);
/* A further root bus of the segment, with numbers from `number` on, which the function (an
 * expander) owns; or NULL with an error. */
PciBus *pci_expander_bus_new(PciDevice *expander, const char *name, uint8_t number, GError **error);
/* The bus behind a bridge, which owns it. */
PciBus *pci_child_bus_new(PciDevice *bridge, const char *name);
/* That bus, or NULL; */
PciBus *pci_bus_behind(const PciDevice *bridge);
/* and the bridge above a bus, NULL above a root bus. */
PciDevice *pci_bus_bridge(const PciBus *bus);
/* The same, or whose root bus it is: an expander, or NULL for the segment's first. */
PciDevice *pci_bus_holder(const PciBus *bus);
/* An expander's root bus; NULL for other functions. */
PciBus *pci_expander_bus(const PciDevice *pci);
/* What is on an expander's root bus goes by no remapping unit, as its board has wired it: said when
 * it is made, */
void pci_root_set_bypass(PciBus *root);
/* and asked of a root bus, and of a function anywhere. */
bool pci_root_bypasses(const PciBus *root);
bool pci_bypasses_units(const PciDevice *pci);

/* A domain of its own behind a function, the aperture. Its windows in the machine's memory: */
typedef struct {
    uint64_t at, size; /* nothing if that is 0 */
    uint64_t first;    /* what the domain calls `at` */
} PciDomainWindow;
#define PCI_DOMAIN_WINDOWS 2
/* How the aperture has it now. */
typedef struct {
    PciDomainWindow windows[PCI_DOMAIN_WINDOWS];
    uint64_t rewrites; /* 1: it makes other messages of those that come from behind it */
} PciDomainView;
/* Its first root bus, with numbers from `number` on, whose functions see `above`. It is closed
 * until it is shown otherwise. It ends with its aperture; until they are handed over, what is on
 * the root bus is freed then, too. */
PciBus *pci_domain_new(PciDevice *aperture, const char *name, uint8_t number,
                       const Upstream *above);
void pci_domain_show(PciBus *root, const PciDomainView *view);
/* The domain behind a function, and the aperture of the one that a function is in; or NULL. */
PciBus *pci_domain_behind(const PciDevice *aperture);
PciDevice *pci_domain_aperture(const PciDevice *pci);
/* The aperture that makes other messages of the function's, or NULL. */
const PciDevice *pci_message_rewriter(const PciDevice *pci);

/* The machine's list of devices gets those that a function made itself, and frees them from now on:
 * virtual functions, what is on its domain's root bus. */
void pci_hand_over(PciDevice *pci, GPtrArray *devices);
/* Is it one of them? */
bool pci_is_made_by(const PciDevice *pci, const PciDevice *maker);

/* The port whose slot the function is in, or would be in on that bus; or NULL with an error. */
PciDevice *pci_bus_slot(const PciBus *bus, GError **error);
/* For the port: PciHost.released(). */
void pci_slot_released(PciDevice *port);
/* All functions on the bus, and behind its bridges, go to reset state. */
void pci_bus_reset(PciBus *bus);
/* A link that is down carries nothing: what is behind it answers no configuration cycle. (Whoever
 * takes a link down resets what is behind it, so that nothing there sends or decodes.) */
void pci_bus_set_link(PciBus *bus, bool up);
const char *pci_bus_name(const PciBus *bus);
uint8_t pci_bus_number(const PciBus *bus);
/* The bus of that name below (or at) `root`, or NULL. */
PciBus *pci_bus_find(PciBus *root, const char *name);
/* Puts an unrealized device in its slot and fills in its header; called by device creation before
 * realize. */
bool pci_bus_attach(PciBus *bus, PciDevice *pci, GError **error);
/* Unmaps its BARs, lowers its pin and frees its slot. Harmless if it is not attached. */
void pci_bus_detach(PciDevice *pci);
PciDevice *pci_bus_device(const PciBus *bus, uint8_t devfn);
/* Calls `visit` for every device below `bus`, depth first; a virtual function comes after its
 * physical one, if it is shown. */
void pci_bus_foreach(PciBus *bus, void (*visit)(PciDevice *pci, void *opaque), void *opaque);

/* Configuration cycles, size 1, 2 or 4. Nothing there reads as all ones. */
uint32_t pci_config_read(PciBus *root, uint8_t bus, uint8_t devfn, uint32_t offset, unsigned size);
void pci_config_write(PciBus *root, uint8_t bus, uint8_t devfn, uint32_t offset, uint32_t value,
                      unsigned size);

/* What firmware would do where there is none: numbers buses, assigns BARs from the given windows,
 * sets interrupt lines by `irq_of(opaque, devfn, pin)` (root bus slot and pin 0..3 after
 * swizzling), enables decoding, but not bus mastering. BARs without room stay unassigned. Returns
 * how many buses there are from the first root bus on. */
typedef struct {
    uint64_t mem32_base, mem32_limit; /* inclusive */
    uint64_t mem64_base, mem64_limit; /* may be empty: base > limit */
    uint16_t io_base, io_limit;
    uint8_t (*irq_of)(void *opaque, uint8_t devfn, int pin);
    void *opaque;
} PciAssignment;
unsigned pci_assign_resources(PciBus *root, const PciAssignment *how);
/* All bridges of the segment pass the requests of masters behind them. */
void pci_open_bridges(PciBus *root);
/* What a bridge forwards downstream of each kind, if COMMAND lets it. */
typedef enum { PCI_WINDOW_IO, PCI_WINDOW_MEM, PCI_WINDOW_PREFETCH, PCI_WINDOWS } PciWindowKind;
typedef struct {
    uint64_t base, limit; /* inclusive; nothing if base > limit */
} PciWindow;
PciWindow pci_bridge_window(const PciDevice *bridge, PciWindowKind kind);
/* What pci_assign_resources() gave to the root bus of an expander; the rest is the first's. */
PciWindow pci_root_window(const PciBus *bus, PciWindowKind kind);
/* The last bus number that is a root bus's: the next root bus follows. */
uint8_t pci_root_last(const PciBus *bus);
/* Calls `visit` for each root bus of the segment, the first one first. */
void pci_roots_foreach(PciBus *first, void (*visit)(PciBus *root, void *opaque), void *opaque);
bool pci_is_bridge(const PciDevice *pci);
/* `info pci`. */
void pci_describe(PciBus *root, GString *out);

/* Device side. */
/* A power-of-two region becomes BAR `n`. The address space must prefer RAM and chipset windows, so
 * this sets the region's priority to PCI_BAR_PRIORITY. */
#define PCI_BAR_PRIORITY (-1)
void pci_register_bar(PciDevice *pci, int n, PciBarType type, MemRegion *region);
/* Appends a capability of `size` bytes; its offset. The bytes after id and next are zero and
 * read-only; the caller fills config and writable. */
uint8_t pci_add_capability(PciDevice *pci, uint8_t cap_id, uint8_t size);
uint16_t pcie_add_extended_capability(PciDevice *pci, uint16_t cap_id, uint8_t version,
                                      uint16_t size);
void pci_set_intx(PciDevice *pci, bool level);
/* In realize, of a class without a pin: the instance has one, 1 INTA# to 4 INTD#; or 0, none. */
void pci_use_intx_pin(PciDevice *pci, uint8_t pin);
/* Its bus's number and its devfn, as of now: a bridge above may be numbered otherwise. */
static inline uint16_t pci_requester_id(const PciDevice *pci)
{
    return pci->rid;
}
/* What bridges above a bus make of the id of a requester on it. */
uint16_t pci_id_above(const PciBus *bus, uint16_t requester_id);
/* May it send requests? What bridges above it let pass is theirs to say. */
bool pci_is_bus_master(const PciDevice *pci);
/* The way up for a device that makes its own requests (any requester id, a PASID); NULL without bus
 * mastering. */
const Upstream *pci_upstream(const PciDevice *pci);
/* DMA with this device's requester id, through its bus; refused (MEM_ACCESS_ERROR) without bus
 * mastering, in the device or in a bridge above. A dword written into the interrupt window is an
 * interrupt request. */
MemResult pci_dma_read(PciDevice *pci, uint64_t addr, void *buf, size_t len);
MemResult pci_dma_write(PciDevice *pci, uint64_t addr, const void *buf, size_t len);
/* True if a remapping unit stands between the device and memory. */
bool pci_is_translated(const PciDevice *pci);
/* Sends an interrupt message, or whatever else a dword write to that address is. Bus masters only.
 */
IntrResult pci_send_message(PciDevice *pci, uint64_t serial, uint64_t address, uint32_t data);
/* To PCI reset state: configuration and BARs; DeviceClass.reset of a PCI class need not do it. */
void pci_device_reset(PciDevice *pci);
/* That, and then the device's own reset. */
void pci_function_reset(PciDevice *pci);
/* After a state load: maps BARs and drives the pin as the loaded configuration says. */
void pci_device_restored(PciDevice *pci);

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
