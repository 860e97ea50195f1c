/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What firmware does at power-on: bus numbers, BARs, bridge windows, interrupt lines, decoding
 * (PCI Firmware 3.2, 3.5; PCI-to-PCI Bridge 1.2, 3.2.5).
 *
 * A bus's wants are its BARs and the windows of its bridges, packed largest alignment first; the
 * same packing is done dry to find how large a bridge's window must be.
 */
#include "hw/pci/pci_internal.h"

#define BRIDGE_IO_ALIGN  0x1000ull
#define BRIDGE_MEM_ALIGN 0x100000ull
#define VF_BARS          (PCI_BARS + 2) /* from here on `Want.bar` is a VF BAR */
#define HOTPLUG_MEM      0x200000ull    /* for what may come into an empty slot */
#define ROOT_MEM         0x1000000ull   /* a further root bus's, at least */

typedef struct {
    PciDevice *pci;
    int bar;        /* -1 for the window of the bus behind `pci`; VF_BARS + n for a VF BAR */
    uint64_t size;  /* bytes */
    uint64_t align; /* power of two */
} Want;

static PciWindowKind kind_of(const PciBar *bar)
{
    static const PciWindowKind kinds[] = {
        [PCI_BAR_IO] = PCI_WINDOW_IO,
        [PCI_BAR_MEM32] = PCI_WINDOW_MEM,
        [PCI_BAR_MEM64] = PCI_WINDOW_MEM,
        [PCI_BAR_MEM64_PREFETCH] = PCI_WINDOW_PREFETCH,
    };
    return kinds[bar->type];
}

static uint64_t align_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

static int compare_wants(const void *a, const void *b)
{
    const Want *x = a, *y = b;
    if (x->align != y->align) {
        return x->align < y->align ? 1 : -1;
    }
    return x->pci->devfn != y->pci->devfn ? x->pci->devfn - y->pci->devfn : x->bar - y->bar;
}

static GArray *collect_wants(PciBus *bus, PciWindowKind kind);

/* The extent of `wants` from an aligned base, and that alignment. */
static uint64_t packed_size(const GArray *wants, uint64_t *align)
{
    uint64_t end = 0;
    *align = 1;
    for (guint i = 0; i < wants->len; i++) {
        const Want *want = &g_array_index(wants, Want, i);
        end = align_up(end, want->align) + want->size;
        *align = MAX(*align, want->align);
    }
    return end;
}

/* What a bus has to have though nothing wants it: there the guest places what comes later. */
static uint64_t spare_size(const PciDevice *holder, const PciBus *child, PciWindowKind kind,
                           uint64_t size)
{
    if (kind != PCI_WINDOW_MEM) {
        return size;
    }
    if (child->expander) {
        return MAX(size, ROOT_MEM);
    }
    return size == 0 && pcie_is_hotplug_slot(holder) ? HOTPLUG_MEM : size;
}

static void add_window_want(GArray *wants, PciDevice *holder, PciBus *child, PciWindowKind kind)
{
    g_autoptr(GArray) inner = collect_wants(child, kind);
    uint64_t granule = kind == PCI_WINDOW_IO ? BRIDGE_IO_ALIGN : BRIDGE_MEM_ALIGN;
    uint64_t align;
    uint64_t size = spare_size(holder, child, kind, packed_size(inner, &align));
    if (size > 0) {
        Want want = {.pci = holder, .bar = -1, .size = align_up(size, granule)};
        want.align = MAX(align, granule);
        g_array_append_val(wants, want);
    }
}

static GArray *collect_wants(PciBus *bus, PciWindowKind kind)
{
    GArray *wants = g_array_new(FALSE, FALSE, sizeof(Want));
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        PciDevice *pci = bus->devices[devfn];
        for (int n = 0; pci && n < PCI_BARS; n++) {
            const PciBar *bar = &pci->bars[n];
            if (bar->present && kind_of(bar) == kind) {
                Want want = {.pci = pci, .bar = n, .size = bar->size, .align = bar->size};
                g_array_append_val(wants, want);
            }
        }
        for (int n = 0; pci && n < PCI_BARS; n++) {
            PciVfBar bar;
            if (pcie_vf_bar(pci, n, &bar) && kind_of(bar.one) == kind) {
                Want want = {.pci = pci, .bar = VF_BARS + n, .size = bar.size, .align = bar.share};
                g_array_append_val(wants, want);
            }
        }
        if (bus->child[devfn]) {
            add_window_want(wants, pci, bus->child[devfn], kind);
        }
    }
    g_array_sort(wants, compare_wants);
    return wants;
}

static void write_vf_bar(PciDevice *pf, int n, uint64_t base)
{
    PciVfBar bar;
    pcie_vf_bar(pf, n, &bar);
    pci_device_config_write(pf, bar.offset, (uint32_t)base, 4);
    if (pci_bar_is_64(bar.one)) {
        pci_device_config_write(pf, bar.offset + 4, (uint32_t)(base >> 32), 4);
    }
}

static void write_bar(PciDevice *pci, int n, uint64_t base)
{
    if (n >= VF_BARS) {
        write_vf_bar(pci, n - VF_BARS, base);
        return;
    }
    uint32_t offset = pci_bar_offset(pci, n);
    pci_device_config_write(pci, offset, (uint32_t)base, 4);
    if (pci_bar_is_64(&pci->bars[n])) {
        pci_device_config_write(pci, offset + 4, (uint32_t)(base >> 32), 4);
    }
    uint16_t enable = pci_bar_is_io(&pci->bars[n]) ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    uint32_t command = pci_device_config_read(pci, PCI_COMMAND, 2);
    pci_device_config_write(pci, PCI_COMMAND, command | enable, 2);
}

static void write_window(PciBus *child, PciWindowKind kind, uint64_t base, uint64_t last)
{
    PciDevice *bridge = child->bridge;
    if (!bridge) {
        child->window[kind] = (PciWindow){base, last};
        return;
    }
    switch (kind) {
    case PCI_WINDOW_IO:
        pci_device_config_write(bridge, PCI_IO_BASE, (uint32_t)(base >> 8), 1);
        pci_device_config_write(bridge, PCI_IO_LIMIT, (uint32_t)(last >> 8), 1);
        break;
    case PCI_WINDOW_MEM:
        pci_device_config_write(bridge, PCI_MEMORY_BASE, (uint32_t)(base >> 16), 2);
        pci_device_config_write(bridge, PCI_MEMORY_LIMIT, (uint32_t)(last >> 16), 2);
        break;
    default:
        pci_device_config_write(bridge, PCI_PREF_MEMORY_BASE, (uint32_t)(base >> 16), 2);
        pci_device_config_write(bridge, PCI_PREF_MEMORY_LIMIT, (uint32_t)(last >> 16), 2);
        pci_device_config_write(bridge, PCI_PREF_BASE_UPPER32, (uint32_t)(base >> 32), 4);
        pci_device_config_write(bridge, PCI_PREF_LIMIT_UPPER32, (uint32_t)(last >> 32), 4);
        break;
    }
    uint16_t enable = kind == PCI_WINDOW_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    uint32_t command = pci_device_config_read(bridge, PCI_COMMAND, 2);
    pci_device_config_write(bridge, PCI_COMMAND, command | enable, 2);
}

/* Is `at`, the first aligned place from `base` on, one for it? */
static bool fits(const Want *want, uint64_t at, uint64_t base, uint64_t limit)
{
    return at >= base && at <= limit && want->size - 1 <= limit - at;
}

static uint64_t place_bus(PciBus *bus, PciWindowKind kind, uint64_t base, uint64_t limit);

/* Places wants [from, to) in [base, limit]; where the next may go. What does not fit stays
 * unassigned, as with firmware. */
static uint64_t place(const GArray *wants, guint from, guint to, PciWindowKind kind, uint64_t base,
                      uint64_t limit)
{
    for (guint i = from; i < to; i++) {
        const Want *want = &g_array_index(wants, Want, i);
        uint64_t at = align_up(base, want->align);
        if (!fits(want, at, base, limit)) {
            trace_event(want->pci->dev.platform->trace, TRACE_PCI,
                        "pci_no_room sid=%04x index=%d size=%" PRIx64, pci_requester_id(want->pci),
                        want->bar, want->size);
            continue;
        }
        if (want->bar >= 0) {
            write_bar(want->pci, want->bar, at);
        } else {
            PciBus *child = want->pci->bus->child[want->pci->devfn];
            write_window(child, kind, at, at + want->size - 1);
            place_bus(child, kind, at, at + want->size - 1);
        }
        base = at + want->size;
    }
    return base;
}

static uint64_t place_bus(PciBus *bus, PciWindowKind kind, uint64_t base, uint64_t limit)
{
    g_autoptr(GArray) wants = collect_wants(bus, kind);
    return place(wants, 0, wants->len, kind, base, limit);
}

/* Do the wants from the given one on fit into [base, limit] together? */
static bool all_fit(const GArray *wants, guint from, uint64_t base, uint64_t limit)
{
    for (guint i = from; i < wants->len; i++) {
        const Want *want = &g_array_index(wants, Want, i);
        uint64_t at = align_up(base, want->align);
        if (!fits(want, at, base, limit)) {
            return false;
        }
        base = at + want->size;
    }
    return true;
}

/* What can lie above 4 GiB lies below all the same if there is room, for kernels that map nothing
 * above; else the largest go up, so that as many as possible stay. */
static void place_prefetchable(PciBus *root, const PciAssignment *how, uint64_t base)
{
    g_autoptr(GArray) wants = collect_wants(root, PCI_WINDOW_PREFETCH);
    guint above = 0;
    while (!all_fit(wants, above, base, how->mem32_limit)) {
        above++;
    }
    place(wants, 0, above, PCI_WINDOW_PREFETCH, how->mem64_base, how->mem64_limit);
    place(wants, above, wants->len, PCI_WINDOW_PREFETCH, base, how->mem32_limit);
}

/* A window that nothing wants has its base above its limit (PCI-to-PCI Bridge 1.2, 3.2.5.6 to
 * 3.2.5.10). */
static void close_windows(PciDevice *pci, void *opaque)
{
    if (pci_is_bridge(pci)) {
        pci_device_config_write(pci, PCI_IO_BASE, 0xf0, 2);
        pci_device_config_write(pci, PCI_MEMORY_BASE, 0xfff0, 4);
        pci_device_config_write(pci, PCI_PREF_MEMORY_BASE, 0xfff0, 4);
        pci_device_config_write(pci, PCI_PREF_BASE_UPPER32, UINT32_MAX, 4);
        pci_device_config_write(pci, PCI_PREF_LIMIT_UPPER32, 0, 4);
    }
}

/* Bus numbers beyond the bus's own that virtual functions behind it may be on. */
static unsigned vf_buses(const PciBus *bus)
{
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (bus->devices[devfn] && bus->devices[devfn]->sriov && pci_bus_is_link(bus)) {
            return 1;
        }
    }
    return 0;
}

/* Depth first; the next free number. */
static unsigned number_buses(PciBus *bus, unsigned next, unsigned last)
{
    unsigned primary = pci_bus_number(bus);
    for (int devfn = 0; devfn < PCI_DEVFNS && next <= last; devfn++) {
        PciBus *child = bus->child[devfn];
        if (!child || !child->bridge) {
            continue;
        }
        PciDevice *bridge = child->bridge;
        pci_device_config_write(bridge, PCI_PRIMARY_BUS, primary, 1);
        pci_device_config_write(bridge, PCI_SECONDARY_BUS, next, 1);
        pci_device_config_write(bridge, PCI_SUBORDINATE_BUS, last, 1);
        next = number_buses(child, next + 1 + vf_buses(child), last);
        next = MIN(next, last + 1);
        pci_device_config_write(bridge, PCI_SUBORDINATE_BUS, next - 1, 1);
    }
    return next;
}

static void assign_interrupt_line(PciDevice *pci, void *opaque)
{
    const PciAssignment *how = opaque;
    int pin = pci->config[PCI_INTERRUPT_PIN];
    uint8_t devfn;
    if (pin == 0 || !how->irq_of) {
        return;
    }
    pci_route_pin(pci, pin - 1, &devfn, &pin);
    pci_device_config_write(pci, PCI_INTERRUPT_LINE, how->irq_of(how->opaque, devfn, pin), 1);
}

static void number_root(PciBus *root, void *opaque)
{
    unsigned *buses = opaque;
    unsigned next = number_buses(root, root->number + 1u, pci_root_last(root));
    *buses = root->expander ? *buses : next;
}

unsigned pci_assign_resources(PciBus *root, const PciAssignment *how)
{
    unsigned buses;
    pci_roots_foreach(root, number_root, &buses);
    pci_roots_foreach(root, pci_root_close, NULL);
    pci_bus_foreach(root, close_windows, NULL);
    place_bus(root, PCI_WINDOW_IO, how->io_base, how->io_limit);
    uint64_t next = place_bus(root, PCI_WINDOW_MEM, how->mem32_base, how->mem32_limit);
    place_prefetchable(root, how, next);
    pci_bus_foreach(root, assign_interrupt_line, (void *)how);
    return buses;
}

static void open_bridge(PciDevice *pci, void *opaque)
{
    if (pci_is_bridge(pci)) {
        uint32_t command = pci_device_config_read(pci, PCI_COMMAND, 2);
        pci_device_config_write(pci, PCI_COMMAND, command | PCI_COMMAND_MASTER, 2);
    }
}

static void open_bridges_of(PciBus *root, void *opaque)
{
    pci_bus_foreach(root, open_bridge, NULL);
}

void pci_open_bridges(PciBus *root)
{
    pci_roots_foreach(root, open_bridges_of, NULL);
}
