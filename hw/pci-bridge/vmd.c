/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmd: Intel's Volume Management Device, a function of the root complex with a PCI domain of its
 * own behind its BARs: configuration space in CFGBAR, memory of what is there in MEMBAR1 and
 * MEMBAR2, root ports. There is no public specification: registers and layouts are what Linux's
 * driver (drivers/pci/controller/vmd.c) makes of them. Left out: see docs/devices/vmd.md.
 */
#include <linux/pci_regs.h>

#include "base/bytes.h"
#include "hw/pci-bridge/vmd_internal.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

#define VMCAP     0x40
#define VMCONFIG  0x44
#define VMLOCK    0x70
#define FIRST_CAP 0x80

#define VMCAP_BUS_RESTRICTIONS   0x0001u
#define VMCONFIG_BYPASS          0x0002u
#define VMCONFIG_BUS_START_SHIFT 8
#define VMLOCK_SHADOW            0x0002u

/* The start of MEMBAR2. */
#define MSIX_BYTES   0x2000u
#define SHADOW_AT    MSIX_BYTES
#define SHADOW_BYTES 16u

/* The capability of one that a hypervisor gives to a guest. */
#define SHADOW_CAP_BYTES     24
#define SHADOW_CAP_SIGNATURE 4
#define SHADOW_CAP_MEMBAR1   8
#define SHADOW_CAP_MEMBAR2   16
#define SHADOW_SIGNATURE     0x53484457u /* SHDW */

#define PORTS_MOST   32
#define VECTORS_MOST 255 /* a destination has 8 bits; 255 is nobody */
#define CFGBAR_MOST  (256ull << 20)
#define BAR_LEAST    (1ull << 20) /* a bus's configuration space; a bridge's window */

typedef enum { VMD_REMAP, VMD_BYPASS } VmdMode;
static const char *const modes[] = {"remap", "bypass", NULL};

static const char *const model_names[] = {"default", "201d", "28c0", "467f", "4c3d",
                                          "7d0b",    "9a0b", "a77f", "ad0b", NULL};
static const VmdModel models[] = {
    {0},
    {0x201d, 33},
    {0x28c0, 64, .bypasses = true, .restricts = true, .vmlock = true},
    {0x467f, 19, .restricts = true},
    {0x4c3d, 19, .restricts = true},
    {0x7d0b, 19, .restricts = true},
    {0x9a0b, 19, .restricts = true},
    {0xa77f, 19, .restricts = true},
    {0xad0b, 19, .restricts = true},
};
enum { MODEL_DEFAULT, MODEL_201D, MODEL_28C0 };

static const char *const bus_starts[] = {"0", "128", "224", NULL};
static const uint8_t first_buses[] = {0, 128, 224};

bool vmd_bypasses(const Vmd *s)
{
    return pci_get_word(&s->pci.config[VMCONFIG]) & VMCONFIG_BYPASS;
}

uint8_t vmd_first_bus(const Vmd *s)
{
    return first_buses[s->bus_start];
}

static bool has_shadow(const Vmd *s)
{
    return s->membar1_phys || s->membar2_phys;
}

/* What of MEMBAR2 is not passed down. */
static uint64_t own_bytes(const Vmd *s)
{
    return MSIX_BYTES + (s->kind->vmlock ? SHADOW_BYTES : 0);
}

static PciDomainWindow window_of(const Vmd *s, int bar, uint64_t phys, uint64_t skipped)
{
    const PciBar *b = &s->pci.bars[bar];
    if (b->mapped_at == PCI_BAR_UNMAPPED) {
        return (PciDomainWindow){0};
    }
    return (PciDomainWindow){.at = b->mapped_at + skipped,
                             .size = b->size - skipped,
                             .first = (phys ? phys : b->mapped_at) + skipped};
}

/* Where the domain behind has what the windows begin with. */
static uint64_t shadow_of(const Vmd *s, int bar, uint64_t phys)
{
    uint64_t at = s->pci.bars[bar].mapped_at;
    return phys ? phys : at == PCI_BAR_UNMAPPED ? 0 : at;
}

static void refresh_shadow(Vmd *s)
{
    if (s->shadow_cap) {
        uint8_t *cap = &s->pci.config[s->shadow_cap];
        bytes_put64(cap + SHADOW_CAP_MEMBAR1, shadow_of(s, VMD_MEMBAR1, s->membar1_phys));
        bytes_put64(cap + SHADOW_CAP_MEMBAR2, shadow_of(s, VMD_MEMBAR2, s->membar2_phys));
    }
}

/* Its BARs or its mode may be others now. */
static void vmd_follow(Vmd *s)
{
    const PciDomainView view = {
        .windows = {window_of(s, VMD_MEMBAR1, s->membar1_phys, 0),
                    window_of(s, VMD_MEMBAR2, s->membar2_phys, own_bytes(s))},
        .rewrites = !vmd_bypasses(s),
    };
    refresh_shadow(s);
    pci_domain_show(pci_domain_behind(&s->pci), &view);
}

static void vmd_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    vmd_follow((Vmd *)pci);
}

/* Where nobody behind has a BAR. */
static uint64_t unclaimed_read(void *opaque, uint64_t offset, unsigned size)
{
    return UINT64_MAX;
}

static void unclaimed_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
}

static uint64_t shadow_read(const Vmd *s, uint64_t offset, unsigned size)
{
    uint8_t bytes[SHADOW_BYTES] = {0};
    if (has_shadow(s)) {
        bytes_put64(bytes, shadow_of(s, VMD_MEMBAR1, s->membar1_phys));
        bytes_put64(bytes + 8, shadow_of(s, VMD_MEMBAR2, s->membar2_phys));
    }
    return offset + size <= sizeof(bytes) ? bytes_load(bytes + offset, size) : UINT64_MAX;
}

static uint64_t membar2_read(void *opaque, uint64_t offset, unsigned size)
{
    const Vmd *s = opaque;
    const MemRegion *msix = &s->pci.msix.region;
    if (offset + size <= MSIX_BYTES) {
        return msix->ops->read(msix->opaque, offset, size);
    }
    return s->kind->vmlock && offset >= SHADOW_AT ? shadow_read(s, offset - SHADOW_AT, size)
                                                  : UINT64_MAX;
}

static void membar2_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    const MemRegion *msix = &((const Vmd *)opaque)->pci.msix.region;
    if (offset + size <= MSIX_BYTES) {
        msix->ops->write(msix->opaque, offset, value, size);
    }
}

static const MemOps membar1_ops = {.read = unclaimed_read, .write = unclaimed_write};
static const MemOps membar2_ops = {.read = membar2_read, .write = membar2_write};

/* The BARs of what is behind lie on top. */
static void register_window(Vmd *s, int bar, PciBarType type, MemRegion *region)
{
    pci_register_bar(&s->pci, bar, type, region);
    region->priority = PCI_BAR_PRIORITY - 1;
}

static void vmd_add_bars(Vmd *s)
{
    s->cfgbar = (MemRegion){.name = "vmd-cfgbar",
                            .size = s->cfgbar_size,
                            .kind = MEM_IO,
                            .ops = &vmd_config_ops,
                            .opaque = s};
    s->membar1 = (MemRegion){.name = "vmd-membar1",
                             .size = s->membar1_size,
                             .kind = MEM_IO,
                             .ops = &membar1_ops,
                             .opaque = s};
    s->membar2 = (MemRegion){.name = "vmd-membar2",
                             .size = s->membar2_size,
                             .kind = MEM_IO,
                             .ops = &membar2_ops,
                             .opaque = s};
    pci_register_bar(&s->pci, VMD_CFGBAR, PCI_BAR_MEM64_PREFETCH, &s->cfgbar);
    register_window(s, VMD_MEMBAR1, PCI_BAR_MEM32, &s->membar1);
    register_window(s, VMD_MEMBAR2, PCI_BAR_MEM64, &s->membar2);
}

static void add_shadow(Vmd *s)
{
    if (!has_shadow(s)) {
        return;
    }
    if (s->kind->vmlock) {
        pci_set_long(&s->pci.config[VMLOCK], VMLOCK_SHADOW);
        return;
    }
    s->shadow_cap = pci_add_capability(&s->pci, PCI_CAP_ID_VNDR, SHADOW_CAP_BYTES);
    s->pci.config[s->shadow_cap + PCI_CAP_FLAGS] = SHADOW_CAP_BYTES;
    pci_set_long(&s->pci.config[s->shadow_cap + SHADOW_CAP_SIGNATURE], SHADOW_SIGNATURE);
}

static void add_registers(Vmd *s)
{
    uint8_t *config = s->pci.config;
    pci_set_word(&config[PCI_DEVICE_ID], s->kind->device_id);
    pci_set_word(&config[VMCAP], s->kind->restricts ? VMCAP_BUS_RESTRICTIONS : 0);
    pci_set_word(&config[VMCONFIG], (uint16_t)(s->bus_start << VMCONFIG_BUS_START_SHIFT));
    pci_set_word(&s->pci.writable[VMCONFIG], s->mode == VMD_BYPASS ? VMCONFIG_BYPASS : 0);
    s->pci.next_cap = FIRST_CAP;
}

static bool vmd_refuse(const Vmd *s, GError **error, const char *what)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, "%s: %s", s->pci.dev.id, what);
    return false;
}

static bool is_bar_size(uint64_t size, uint64_t most)
{
    return size >= BAR_LEAST && size <= most && (size & (size - 1)) == 0;
}

static bool vmd_check(const Vmd *s, GError **error)
{
    if (pci_bus_bridge(s->pci.bus) || pci_domain_aperture(&s->pci)) {
        return vmd_refuse(s, error, "vmd goes on a root bus: leave bus= out, or make it pcie.0");
    }
    if (s->mode == VMD_BYPASS && !s->kind->bypasses) {
        return vmd_refuse(s, error, "this model cannot bypass; mode=bypass goes with model=28c0");
    }
    if (s->bus_start != 0 && !s->kind->restricts) {
        return vmd_refuse(s, error,
                          "model=201d has all bus numbers; leave bus-start= out, or "
                          "choose another model");
    }
    if (!is_bar_size(s->cfgbar_size, CFGBAR_MOST) || !is_bar_size(s->membar1_size, 1ull << 31) ||
        !is_bar_size(s->membar2_size, 1ull << 40)) {
        return vmd_refuse(s, error,
                          "sizes of BARs are powers of two from 1M on, to 256M "
                          "(cfgbar-size), 2G (membar1-size) and 1T (membar2-size)");
    }
    return true;
}

/* Called "ID.0" and so on, as are the buses behind them. */
static bool add_port(Vmd *s, unsigned n, GError **error)
{
    g_autofree char *id = g_strdup_printf("%s.%u", s->pci.dev.id, n);
    g_autofree char *slot = g_strdup_printf("%u", n + 1);
    Device *port = device_new(&pcie_root_port_class, s->pci.dev.platform, id);
    ((PciDevice *)port)->devfn = PCI_DEVFN(n, 0);
    bool ok = device_set_prop(port, "slot", slot, NULL) &&
              pci_bus_attach(pci_domain_behind(&s->pci), (PciDevice *)port, error);
    g_assert(ok); /* the bus is empty */
    return device_realize(port, error);
}

static bool vmd_realize(Device *dev, GError **error)
{
    Vmd *s = (Vmd *)dev;
    int model = s->model ? s->model : s->mode == VMD_BYPASS ? MODEL_28C0 : MODEL_201D;
    s->kind = &models[model];
    if (!vmd_check(s, error)) {
        return false;
    }
    add_registers(s);
    vmd_add_bars(s);
    if (!msix_init_inside(&s->pci, s->vectors ? s->vectors : s->kind->vectors, VMD_MEMBAR2,
                          MSIX_BYTES, error)) {
        return false;
    }
    pcie_add_capability(&s->pci, &(PcieSetup){.type = PCIE_ROOT_COMPLEX_ENDPOINT});
    add_shadow(s);
    vmd_config_init(s);
    Upstream up = vmd_upstream(s);
    pci_domain_new(&s->pci, dev->id, vmd_first_bus(s), &up);
    for (unsigned n = 0; n < s->ports; n++) {
        if (!add_port(s, n, error)) {
            return false;
        }
    }
    vmd_follow(s);
    return true;
}

static void vmd_unrealize(Device *dev)
{
    vmd_config_drop((Vmd *)dev);
}

static void vmd_reset(Device *dev)
{
    Vmd *s = (Vmd *)dev;
    vmd_config_drop(s);
    vmd_follow(s);
}

static void vmd_restored(Device *dev)
{
    Vmd *s = (Vmd *)dev;
    pci_device_restored(&s->pci);
    vmd_follow(s);
}

static const PropInfo vmd_props[] = {
    PROP_CHOICE("mode", Vmd, mode, "remap", modes,
                "remap: messages from behind become vectors of its own; bypass: they can pass"),
    PROP_CHOICE("model", Vmd, model, "default", model_names,
                "device id; by default 201d, or 28c0 with mode=bypass"),
    PROP_RANGE(PROP_UINT8, "ports", Vmd, ports, "4", 0, PORTS_MOST,
               "root ports of its own: buses ID.0 and so on"),
    PROP_RANGE(PROP_UINT16, "vectors", Vmd, vectors, "0", 0, VECTORS_MOST,
               "MSI-X vectors; 0: as many as the model has"),
    PROP_CHOICE("bus-start", Vmd, bus_start, "0", bus_starts, "first bus number behind it"),
    PROP(PROP_SIZE, "cfgbar-size", Vmd, cfgbar_size, "32M", "1M for each bus"),
    PROP(PROP_SIZE, "membar1-size", Vmd, membar1_size, "32M", "first window, below 4G"),
    PROP(PROP_SIZE, "membar2-size", Vmd, membar2_size, "1M", "second window, with the MSI-X table"),
    PROP(PROP_UINT64, "membar1-phys", Vmd, membar1_phys, "0",
         "where the domain has the first window, told by the shadow registers; 0: where it is"),
    PROP(PROP_UINT64, "membar2-phys", Vmd, membar2_phys, "0", "the same of the second window"),
    PROP(PROP_UINT32, "cfg-latency", Vmd, cfg_latency, "0",
         "ns after which a configuration write comes to its function, if no read pushes it"),
    PROP_END,
};

static const StateField vmd_state[] = {
    PCI_STATE,
    STATE_STRUCTS(Vmd, posted, 1, VmdPosted, vmd_posted_state),
    STATE_END,
};

static const PciDeviceClass vmd_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x201d,
    .ids.revision = 4,
    .ids.class_code = 0x010400,
    .express = true,
    .config_written = vmd_config_written,
};

const DeviceClass vmd_class = {
    .name = "vmd",
    .desc = "Intel Volume Management Device: a PCI domain of its own, with root ports",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(Vmd),
    .props = vmd_props,
    .bus_props = pci_bus_props,
    .bus_class = &vmd_pci,
    .state = vmd_state,
    .realize = vmd_realize,
    .unrealize = vmd_unrealize,
    .reset = vmd_reset,
    .restored = vmd_restored,
};
