/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SR-IOV capability (PCI Express 5.0, 9.3.3) and what follows from its registers: which virtual
 * functions there are, their ids (9.2.1.2) and what they decode (9.2.1.1). More than TotalVFs in
 * NumVFs, which is undefined, shows TotalVFs. VF migration is left out.
 */
#include "hw/pci/pcie_sriov.h"

#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "hw/pci/pcie.h"

#define SRIOV_BYTES      0x40
#define SUPPORTED_PAGES  0x553u /* 4K, 8K, 64K, 256K, 1M, 4M: all must be (9.3.3.12) */
#define CONTROL_WRITABLE (PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE | PCI_SRIOV_CTRL_ARI)
#define NO_ID            0xffff /* a virtual function's vendor and device (9.3.4.1.1) */
#define WITHOUT_ARI      8      /* functions of a device */

struct PcieSriov {
    PcieSriovSetup setup;
    uint16_t cap;
    uint16_t first;       /* of the room that is kept for them on the bus */
    PciDevice **vfs;      /* `setup.total`; NULL when their end came first */
    bool handed_over;     /* the machine frees them */
    bool ending;          /* the first of them has gone: what is left only waits for its end */
    unsigned shown;       /* these follow from the registers */
    uint16_t enabled_num; /* NumVFs as it was enabled */
};

static uint16_t sriov_word(const PciDevice *pf, unsigned reg)
{
    return pci_get_word(&pf->config[pf->sriov->cap + reg]);
}

static void sriov_set_word(const PciDevice *pf, unsigned reg, uint16_t value)
{
    pci_set_word(&pf->config[pf->sriov->cap + reg], value);
}

PciDevice *pcie_sriov_vf(const PciDevice *pf, unsigned n)
{
    return pf->sriov->vfs[n];
}

unsigned pcie_sriov_shown(const PciDevice *pf)
{
    return pf->sriov ? pf->sriov->shown : 0;
}

/* 9.3.3.13: one bit of those supported; a value that cannot be is 4 KiB. */
static uint64_t system_page(const PciDevice *pf)
{
    uint32_t value = pci_get_long(&pf->config[pf->sriov->cap + PCI_SRIOV_SYS_PGSIZE]);
    bool good = (value & SUPPORTED_PAGES) == value && value != 0 && (value & (value - 1)) == 0;
    return good ? (uint64_t)value << 12 : 4096;
}

/* What one virtual function has of VF BAR `n`. */
static uint64_t vf_bar_share(const PciDevice *pf, int n)
{
    uint64_t page = system_page(pf), size = pf->sriov->vfs[0]->bars[n].size;
    return MAX(size, page);
}

static uint32_t vf_bar_offset(const PciDevice *pf, int n)
{
    return pf->sriov->cap + PCI_SRIOV_BAR + 4u * (uint32_t)n;
}

bool pcie_vf_bar(const PciDevice *pf, int n, PciVfBar *bar)
{
    if (!pf->sriov || pf->sriov->ending || !pf->sriov->vfs[0]->bars[n].present) {
        return false;
    }
    const PciBar *one = &pf->sriov->vfs[0]->bars[n];
    *bar = (PciVfBar){.offset = vf_bar_offset(pf, n),
                      .one = one,
                      .share = vf_bar_share(pf, n),
                      .size = vf_bar_share(pf, n) * pf->sriov->setup.total};
    return true;
}

bool pcie_vf_decodes(const PciDevice *vf)
{
    return vf->vf_index < vf->pf->sriov->shown &&
           (sriov_word(vf->pf, PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_MSE) != 0;
}

uint64_t pcie_vf_address(const PciDevice *vf, int n)
{
    const uint8_t *reg = &vf->pf->config[vf_bar_offset(vf->pf, n)];
    uint64_t share = vf_bar_share(vf->pf, n), base = pci_get_long(reg);
    if (pci_bar_is_64(&vf->bars[n])) {
        base |= (uint64_t)pci_get_long(reg + 4) << 32;
    }
    base &= ~(share - 1);
    return base ? base + vf->vf_index * share : 0;
}

/* Bits that a VF BAR lets be written: they tell the size of one function's share. */
static void set_bar_masks(PciDevice *pf)
{
    for (int n = 0; n < PCI_BARS; n++) {
        PciVfBar bar;
        if (!pcie_vf_bar(pf, n, &bar)) {
            continue;
        }
        uint64_t mask = ~(bar.share - 1);
        uint32_t low = pci_get_long(&pf->config[bar.offset]) & (uint32_t)mask;
        pci_set_long(&pf->config[bar.offset], low | pci_bar_type_bits(bar.one->type));
        pci_set_long(&pf->writable[bar.offset], (uint32_t)mask);
        if (pci_bar_is_64(bar.one)) {
            pci_set_long(&pf->writable[bar.offset + 4], (uint32_t)(mask >> 32));
        }
    }
}

/* 9.2.1.2 and 9.3.3.3.5: without ARI a device has 8 functions on its bus, and 256 on the next. */
static uint16_t first_offset(const PciDevice *pf)
{
    const PcieSriov *s = pf->sriov;
    bool on_bus = !pci_bus_is_link(pf->bus) || s->first + s->setup.total <= WITHOUT_ARI ||
                  (sriov_word(pf, PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_ARI);
    return (uint16_t)((on_bus ? s->first : PCI_DEVFNS) - pf->devfn);
}

/* Configuration cycles to the next bus number reach the device if no bridge takes them. */
static bool vf_is_routed(const PciDevice *vf)
{
    const PciBus *bus = vf->bus;
    uint8_t number = (uint8_t)(vf->rid >> 8);
    if (number == pci_bus_number(bus)) {
        return pcie_answers(bus, (uint8_t)vf->rid);
    }
    return bus->bridge && number > pci_bus_number(bus) &&
           number <= bus->bridge->config[PCI_SUBORDINATE_BUS];
}

void pcie_sriov_number(PciBus *root, PciDevice *pf, bool reachable)
{
    for (unsigned n = 0; n < pcie_sriov_shown(pf); n++) {
        PciDevice *vf = pf->sriov->vfs[n];
        vf->rid = (uint16_t)(pf->rid + sriov_word(pf, PCI_SRIOV_VF_OFFSET) +
                             n * sriov_word(pf, PCI_SRIOV_VF_STRIDE));
        vf->devfn = (uint8_t)vf->rid;
        vf->up = vf->bus->bridge ? vf->bus->up : root->host.above(root->host.opaque, vf);
        if (reachable && vf_is_routed(vf) && !root->by_rid[vf->rid]) {
            root->by_rid[vf->rid] = vf;
        }
    }
}

static void sriov_hide(PciDevice *pf, unsigned n)
{
    PciDevice *vf = pf->sriov->vfs[n];
    pf->sriov->shown = n;
    pci_take_number(vf);
    pci_function_reset(vf);
    pci_update_bars(vf);
    if (pf->sriov->setup.hidden) {
        pf->sriov->setup.hidden(pf, n);
    }
}

/* NumVFs stays as it is while they are enabled (9.3.3.7). */
static unsigned sriov_wanted(PciDevice *pf)
{
    PcieSriov *s = pf->sriov;
    if ((sriov_word(pf, PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_VFE) == 0) {
        s->enabled_num = 0;
        return 0;
    }
    if (s->enabled_num == 0) {
        s->enabled_num = sriov_word(pf, PCI_SRIOV_NUM_VF);
    }
    sriov_set_word(pf, PCI_SRIOV_NUM_VF, s->enabled_num);
    return MIN(s->enabled_num, s->setup.total);
}

void pcie_sriov_update(PciDevice *pf)
{
    PcieSriov *s = pf->sriov;
    if (s->ending) {
        return;
    }
    unsigned count = sriov_wanted(pf);
    while (s->shown > count) {
        sriov_hide(pf, s->shown - 1);
    }
    if (count == 0) {
        sriov_set_word(pf, PCI_SRIOV_VF_OFFSET, first_offset(pf));
        set_bar_masks(pf);
    }
    if (s->shown < count) {
        s->shown = count;
        pci_give_number(pf);
        trace_event(pf->dev.platform->trace, TRACE_PCI, "pci_vfs sid=%04x first=%04x count=%u",
                    pf->rid, s->vfs[0]->rid, count);
    }
    for (unsigned n = 0; n < s->shown; n++) {
        pci_update_bars(s->vfs[n]);
    }
}

void pcie_sriov_written(PciDevice *pf, uint32_t offset, unsigned size)
{
    if (pf->sriov && pci_ranges_overlap(offset, size, pf->sriov->cap, SRIOV_BYTES)) {
        pcie_sriov_update(pf);
    }
}

static bool sriov_has_room(const PciBus *bus, unsigned first, unsigned count)
{
    for (unsigned devfn = first; devfn < first + count; devfn++) {
        if (bus->devices[devfn] || bus->kept[devfn]) {
            return false;
        }
    }
    return true;
}

/* Behind a port upwards from the other functions; on a root bus downwards from its end, where
 * slots are taken last. */
static bool sriov_keep_room(PciDevice *pf, GError **error)
{
    PciBus *bus = pf->bus;
    unsigned total = pf->sriov->setup.total, first = (unsigned)pf->devfn + 1;
    unsigned last = PCI_DEVFNS - total;
    bool upwards = pci_bus_is_link(bus);
    unsigned at = upwards ? first : last;
    while (at >= first && at <= last && !sriov_has_room(bus, at, total)) {
        at += upwards ? 1u : -1u;
    }
    if (at < first || at > last) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: no room on PCI bus %s for %u virtual functions; give it fewer, or a "
                    "pcie-root-port of its own",
                    pf->dev.id, bus->name, total);
        return false;
    }
    pf->sriov->first = (uint16_t)at;
    for (unsigned n = 0; n < total; n++) {
        bus->kept[at + n] = pf;
    }
    return true;
}

/* 9.3.4.1: what of a function's header a virtual one has not. */
static void strip_header(PciDevice *vf)
{
    for (int n = 0; n < PCI_BARS; n++) {
        pci_set_long(&vf->config[pci_bar_offset(vf, n)], 0);
        pci_set_long(&vf->writable[pci_bar_offset(vf, n)], 0);
    }
    pci_set_word(&vf->config[PCI_VENDOR_ID], NO_ID);
    pci_set_word(&vf->config[PCI_DEVICE_ID], NO_ID);
    pci_set_word(&vf->writable[PCI_COMMAND], PCI_COMMAND_MASTER);
    vf->writable[PCI_INTERRUPT_LINE] = vf->writable[PCI_CACHE_LINE_SIZE] = 0;
}

static bool make_vf(PciDevice *pf, unsigned n, GError **error)
{
    const PcieSriovSetup *setup = &pf->sriov->setup;
    g_autofree char *id = g_strdup_printf("%s.vf%u", pf->dev.id, n);
    PciDevice *vf = (PciDevice *)device_new(setup->vf_class, pf->dev.platform, id);
    pf->sriov->vfs[n] = vf;
    vf->pci_cls = setup->vf_class->bus_class;
    vf->bus = pf->bus;
    vf->pf = pf;
    vf->vf_index = (uint16_t)n;
    vf->devfn = (int32_t)(pf->sriov->first + n);
    vf->rid = (uint16_t)(pf->rid + pf->sriov->first - pf->devfn + n);
    pci_config_init(vf);
    setup->setup(pf, vf, n);
    if (!device_realize(&vf->dev, error)) {
        return false;
    }
    strip_header(vf);
    return true;
}

static void add_sriov_capability(PciDevice *pf)
{
    PcieSriov *s = pf->sriov;
    uint8_t *cap = &pf->config[s->cap];
    pci_set_word(&pf->writable[s->cap + PCI_SRIOV_CTRL], CONTROL_WRITABLE);
    pci_set_word(cap + PCI_SRIOV_INITIAL_VF, s->setup.total);
    pci_set_word(cap + PCI_SRIOV_TOTAL_VF, s->setup.total);
    pci_set_word(&pf->writable[s->cap + PCI_SRIOV_NUM_VF], 0xffff);
    cap[PCI_SRIOV_FUNC_LINK] = (uint8_t)pf->devfn;
    pci_set_word(cap + PCI_SRIOV_VF_STRIDE, 1);
    pci_set_word(cap + PCI_SRIOV_VF_DID, s->setup.vf_device_id);
    pci_set_long(cap + PCI_SRIOV_SUP_PGSIZE, SUPPORTED_PAGES);
    pci_set_long(cap + PCI_SRIOV_SYS_PGSIZE, 1);
    pci_set_long(&pf->writable[s->cap + PCI_SRIOV_SYS_PGSIZE], SUPPORTED_PAGES);
    pcie_sriov_update(pf);
}

bool pcie_sriov_init(PciDevice *pf, const PcieSriovSetup *setup, GError **error)
{
    g_assert(setup->total > 0 && setup->total <= PCIE_SRIOV_MAX_VFS);
    pf->sriov = g_new0(PcieSriov, 1);
    pf->sriov->setup = *setup;
    pf->sriov->vfs = g_new0(PciDevice *, setup->total);
    if (!sriov_keep_room(pf, error)) {
        return false;
    }
    if (pci_bus_is_link(pf->bus) && !pf->ari_cap) {
        pcie_add_ari(pf);
    }
    for (unsigned n = 0; n < setup->total; n++) {
        if (!make_vf(pf, n, error)) {
            return false;
        }
    }
    pf->sriov->cap = pcie_add_extended_capability(pf, PCI_EXT_CAP_ID_SRIOV, 1, SRIOV_BYTES);
    add_sriov_capability(pf);
    return true;
}

void pcie_sriov_hand_over(PciDevice *pf, GPtrArray *devices)
{
    for (unsigned n = 0; pf->sriov && n < pf->sriov->setup.total; n++) {
        g_ptr_array_add(devices, pf->sriov->vfs[n]);
        pf->sriov->handed_over = true;
    }
}

void pcie_sriov_detach_vf(PciDevice *vf)
{
    pci_unmap_bars(vf);
    pci_take_number(vf);
    vf->pf->sriov->vfs[vf->vf_index] = NULL;
    vf->pf->sriov->shown = 0;
    vf->pf->sriov->ending = true;
    vf->bus = NULL;
    msix_free(vf);
    pci_config_free(vf);
}

void pcie_sriov_free(PciDevice *pf)
{
    PcieSriov *s = pf->sriov;
    if (!s) {
        return;
    }
    for (unsigned n = s->setup.total; n-- > 0 && !s->handed_over;) {
        PciDevice *vf = s->vfs[n];
        if (vf) {
            pcie_sriov_detach_vf(vf);
            device_free(&vf->dev);
        }
    }
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (pf->bus->kept[devfn] == pf) {
            pf->bus->kept[devfn] = NULL;
        }
    }
    g_free(s->vfs);
    g_clear_pointer(&pf->sriov, g_free);
}
