/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bridge costs a message that passes it: nanoseconds from a function's call to the top of
 * its bus, on the root bus and behind 1 and 3 bridges, which let ids pass or put their own in. Aim:
 * 5 ns a bridge.
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <time.h>

#include "hw/intr/journal.h"
#include "tests/unit/pci-fixture.h"

#define MESSAGES 2000000u
#define ROUNDS   7
#define MOST     3
#define ADDRESS  (INTR_WINDOW_BASE | 0x10)

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

/* The best of some rounds, behind that many bridges of a class. */
static double measure(Journal *journal, const DeviceClass *cls, unsigned bridges)
{
    Platform platform = {.journal = journal};
    PciTop top = {0};
    PciBus *root = pci_root_up(&platform, (PciHost){.opaque = &top, .above = pci_top_above});
    PciDevice *chain[MOST + 1];
    PciBus *bus = root;
    double best = 1e9;
    for (unsigned i = 0; i < bridges; i++) {
        chain[i] = add(&platform, cls, bus);
        bus = pci_child_bus_new(chain[i], "behind");
    }
    chain[bridges] = add(&platform, &function_class, bus);
    for (unsigned round = 0; round < ROUNDS; round++) {
        double ns = once(chain[bridges]);
        best = MIN(best, ns);
    }
    g_assert_cmpuint(top.messages, ==, ROUNDS * MESSAGES);
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
    journal_free(&off);
    journal_free(&on);
    clock_free(clock);
    return 0;
}
