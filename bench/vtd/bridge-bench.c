/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bridge costs a message that passes it: nanoseconds from a function's call to the top of
 * its bus, on the root bus and behind 1 and 3 bridges, which let ids pass or put their own in, or a
 * VMD, which sends it as its own vector or lets it pass. Aims: 5 ns a bridge, 40 ns a VMD.
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <time.h>

#include "hw/intr/journal.h"
#include "hw/pci-bridge/bridges.h"
#include "hw/pci/pci_internal.h"
#include "tests/unit/pci-fixture.h"

#define MESSAGES 2000000u
#define ROUNDS   7
#define MOST     3
#define ADDRESS  (INTR_WINDOW_BASE | 0x10)

/* The VMD's. */
#define VMCONFIG        0x44
#define VMCONFIG_BYPASS 0x2

static bool alias_pass(PciDevice *bridge, BusReq *req)
{
    *req = (BusReq){.requester_id = pci_requester_id(bridge)};
    return true;
}

static const PciDeviceClass alias_pci = {
    .ids = {.vendor_id = 0x1234, .device_id = 0x9abd, .class_code = 0x060400},
    .header_type = PCI_HEADER_TYPE_BRIDGE,
    .pass = alias_pass};
static const DeviceClass alias_class = {.name = "alias",
                                        .bus = BUS_PCI,
                                        .instance_size = sizeof(PciDevice),
                                        .bus_props = pci_bus_props,
                                        .bus_class = &alias_pci};
static const PciDeviceClass function_pci = {.ids = {.vendor_id = 0x1234, .device_id = 1}};
static const DeviceClass function_class = {.name = "function",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(PciDevice),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &function_pci};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static PciDevice *add(Platform *platform, const DeviceClass *cls, PciBus *bus)
{
    PciDevice *pci = pci_add(platform, cls, bus, "1");
    pci_set_word(&pci->config[PCI_COMMAND], PCI_COMMAND_MASTER);
    return pci;
}

static double once(PciDevice *pci)
{
    Journal *journal = pci->dev.platform->journal;
    double start = now_ns();
    for (unsigned i = 0; i < MESSAGES; i++) {
        uint64_t serial = journal_open(journal, JOURNAL_MESSAGE, "bench", pci->rid, 0);
        pci_send_message(pci, serial, ADDRESS, 0);
    }
    return (now_ns() - start) / MESSAGES;
}

static double best_of_rounds(PciDevice *pci, const PciTop *top)
{
    double best = 1e9;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double ns = once(pci);
        best = MIN(best, ns);
    }
    g_assert_cmpuint(top->messages, ==, ROUNDS * MESSAGES);
    return best;
}

/* The best of some rounds, behind that many bridges of a class. */
static double measure(Journal *journal, const DeviceClass *cls, unsigned bridges)
{
    Platform platform = {.journal = journal};
    PciTop top = {0};
    PciBus *root = pci_root_up(&platform, (PciHost){.opaque = &top, .above = pci_top_above});
    PciDevice *chain[MOST + 1];
    PciBus *bus = root;
    for (unsigned i = 0; i < bridges; i++) {
        chain[i] = add(&platform, cls, bus);
        bus = pci_child_bus_new(chain[i], "behind");
    }
    chain[bridges] = add(&platform, &function_class, bus);
    double best = best_of_rounds(chain[bridges], &top);
    pci_bus_free(root);
    for (unsigned i = 0; i <= bridges; i++) {
        device_free(&chain[i]->dev);
    }
    as_free(platform.memory);
    as_free(platform.ports);
    return best;
}

static void measure_all(const char *what, Journal *journal, const DeviceClass *cls)
{
    double none = measure(journal, cls, 0), one = measure(journal, cls, 1),
           three = measure(journal, cls, MOST);
    printf("%-34s %5.1f %5.1f %5.1f ns; a bridge %4.1f ns (aim 5)\n", what, none, one, three,
           (three - none) / MOST);
}

/* A VMD without ports, its vector 0 open; with bypass it lets messages pass. */
static PciDevice *add_vmd(Platform *platform, PciBus *root, bool bypass)
{
    Device *dev = device_new(&vmd_class, platform, "vmd");
    PciDevice *vmd = (PciDevice *)dev;
    g_assert_true(device_set_prop(dev, "mode", bypass ? "bypass" : "remap", NULL) &&
                  device_set_prop(dev, "ports", "0", NULL) && pci_bus_attach(root, vmd, NULL) &&
                  device_realize(dev, NULL));
    pci_device_config_write(vmd, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    pci_device_config_write(vmd, VMCONFIG, bypass ? VMCONFIG_BYPASS : 0, 2);
    pci_device_config_write(vmd, vmd->msix.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
    const MemRegion *table = &vmd->msix.region;
    table->ops->write(table->opaque, PCI_MSIX_ENTRY_LOWER_ADDR, ADDRESS, 8);
    table->ops->write(table->opaque, PCI_MSIX_ENTRY_VECTOR_CTRL, 0, 4);
    return vmd;
}

static void measure_vmd(const char *what, Journal *journal, Clock *clock, bool bypass)
{
    Trace trace;
    trace_init(&trace);
    Platform platform = {.journal = journal, .clock = clock, .trace = &trace};
    PciTop top = {0};
    PciBus *root = pci_root_up(&platform, (PciHost){.opaque = &top, .above = pci_top_above});
    PciDevice *vmd = add_vmd(&platform, root, bypass);
    PciDevice *function = add(&platform, &function_class, pci_domain_behind(vmd));
    double ns = best_of_rounds(function, &top);
    printf("%-34s %5.1f ns (aim 40)\n", what, ns);
    pci_bus_detach(function);
    device_free(&function->dev);
    pci_bus_free(root);
    device_free(&vmd->dev);
    as_free(platform.memory);
    as_free(platform.ports);
}

int main(void)
{
    Journal off = {0}, on = {0};
    Clock *clock = clock_new(CLOCK_MANUAL);
    journal_init(&off, 0, NULL, clock);
    journal_init(&on, JOURNAL_DEFAULT_SIZE, NULL, clock);
    printf("%-34s %5s %5s %5s\n", "behind so many bridges", "0", "1", "3");
    measure_all("that let ids pass", &on, &bridge_class);
    measure_all("that let ids pass, journal off", &off, &bridge_class);
    measure_all("that put their own in", &on, &alias_class);
    measure_vmd("a VMD that remaps", &on, clock, false);
    measure_vmd("a VMD with bypass", &on, clock, true);
    journal_free(&off);
    journal_free(&on);
    clock_free(clock);
    return 0;
}
