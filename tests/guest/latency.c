/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Round trips of interrupts, timed by the TSC, each through the remapping unit to its handler: an
 * MSI from each edu there is, on the root bus and behind bridges, a stored message of intr-testdev
 * if there is one, and an IOAPIC interrupt; an IPI to the CPU itself; and an IRTE update with flush
 * and wait. Prints "guest: time NAME NANOSECONDS", the TSC's rate measured against the ACPI PM
 * timer.
 */
#include "lib/vtd.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/pm.h"
#include "tests/include/testdevs.h"

enum { INDEX_MSI = 5, INDEX_PIN = 16, INDEX_STORED, ROUNDS = 20000 };
enum { VECTOR_MSI = 0x43, VECTOR_PIN = 0x54, VECTOR_STORED, VECTOR_IPI };
#define FREE_PIN  5 /* an ISA line that nobody drives: the guest raises it by pc-testdev */
#define MOST_EDUS 8
#define BUSES     32

/* Where a device is, and behind how many bridges. */
typedef struct {
    Pci pci;
    unsigned bridges;
} Edu;

static Edu edus[MOST_EDUS];
static unsigned edu_count;
static Pci store; /* who has stored messages */

static bool is_bridge(Pci pci)
{
    return pci_read(pci, 0) != UINT32_MAX && (pci_read(pci, 0xc) >> 16 & 0x7f) == 1;
}

/* Bridges above a bus have it in their range; each is let pass messages on. */
static unsigned open_bridges(uint8_t bus)
{
    unsigned bridges = 0;
    for (unsigned id = 0; id < BUSES << 8; id++) {
        Pci pci = {true, (uint8_t)(id >> 8), (uint8_t)id};
        uint32_t buses = is_bridge(pci) ? pci_read(pci, 0x18) : 0;
        if ((buses >> 8 & 0xff) != 0 && bus >= (buses >> 8 & 0xff) && bus <= (buses >> 16 & 0xff)) {
            pci_write(pci, 4, pci_read(pci, 4) | 6);
            bridges++;
        }
    }
    return bridges;
}

static void find_edus(void)
{
    for (unsigned id = 0; id < BUSES << 8 && edu_count < MOST_EDUS; id++) {
        Pci pci = {true, (uint8_t)(id >> 8), (uint8_t)id};
        if (pci_read(pci, 0) == 0x11e81234) {
            edus[edu_count++] = (Edu){pci, pci.bus ? open_bridges(pci.bus) : 0};
        }
    }
}

static uint64_t tsc_hz(void)
{
    uint32_t ticks = PM_TIMER_HZ / 20;
    uint32_t start = inl(PM_TIMER);
    uint64_t tsc = rdtsc();
    while (((inl(PM_TIMER) - start) & 0xffffff) < ticks) {
    }
    return (rdtsc() - tsc) * 20;
}

static void report(const char *name, uint64_t tsc, uint64_t rounds, uint64_t hz)
{
    print("guest: time %s %lu\n", name, tsc / rounds * 1000000000 / hz);
}

static void set_store(uint64_t address)
{
    enum { SLOT_ADDRESS = 0, SLOT_DATA = 8, SLOT_CONTROL = 12 };
    uint64_t slot = pci_bar(store, 4);
    pci_write(store, 4, pci_read(store, 4) | 6);
    write32(slot + SLOT_ADDRESS, (uint32_t)address);
    write32(slot + SLOT_ADDRESS + 4, (uint32_t)(address >> 32));
    write32(slot + SLOT_DATA, 0);
    write32(slot + SLOT_CONTROL, 0);
}

static void reprogram(Vtd *vtd)
{
    for (unsigned n = 0; n < edu_count; n++) {
        vtd_store(ORDER_LINUX, INDEX_MSI + n,
                  vtd_irte(vtd, (uint8_t)(VECTOR_MSI + n), apic_id(), false, pci_id(edus[n].pci)));
        msi_set(edus[n].pci, vtd_msi_address(INDEX_MSI + n), 0);
    }
    if (store.present) {
        vtd_store(ORDER_LINUX, INDEX_STORED,
                  vtd_irte(vtd, VECTOR_STORED, apic_id(), false, pci_id(store)));
        set_store(vtd_msi_address(INDEX_STORED));
    }
    vtd_store(ORDER_LINUX, INDEX_PIN, vtd_irte(vtd, VECTOR_PIN, apic_id(), false, vtd->ioapic_sid));
    ioapic_write(FREE_PIN, vtd_rte(INDEX_PIN, VECTOR_PIN, false));
}

/* One more of the vector than before. */
static inline bool came(uint8_t vector, uint64_t before)
{
    if (vector_count[vector] != before || wait_vector(vector, before + 1)) {
        return true;
    }
    fail("vector %u does not come", vector);
    return false;
}

static uint64_t time_msi(unsigned n)
{
    uint64_t bar = pci_bar(edus[n].pci, 0), start = rdtsc();
    uint8_t vector = (uint8_t)(VECTOR_MSI + n);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t before = vector_count[vector];
        write32(bar + EDU_RAISE, 1);
        if (!came(vector, before)) {
            break;
        }
        write32(bar + EDU_ACK, 1);
    }
    return rdtsc() - start;
}

static uint64_t time_stored(void)
{
    uint64_t bar = pci_bar(store, 0), start = rdtsc();
    write32(bar + E_DATA, 0);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t before = vector_count[VECTOR_STORED];
        write32(bar + E_COMMAND, C_IMS);
        if (!came(VECTOR_STORED, before)) {
            break;
        }
    }
    return rdtsc() - start;
}

static uint64_t time_ipi(void)
{
    uint64_t start = rdtsc();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t before = vector_count[VECTOR_IPI];
        apic_send_ipi(apic_id(), VECTOR_IPI);
        if (!came(VECTOR_IPI, before)) {
            break;
        }
    }
    return rdtsc() - start;
}

static uint64_t time_pin(void)
{
    uint64_t start = rdtsc();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t before = vector_count[VECTOR_PIN];
        outb(TESTDEV_IRQS + FREE_PIN, 1);
        if (!came(VECTOR_PIN, before)) {
            break;
        }
        outb(TESTDEV_IRQS + FREE_PIN, 0);
    }
    return rdtsc() - start;
}

static uint64_t time_update(Vtd *vtd)
{
    uint64_t start = rdtsc();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        vtd_store(
            ORDER_LINUX, INDEX_MSI,
            vtd_irte(vtd, (uint8_t)(VECTOR_MSI + (i & 1)), apic_id(), false, pci_id(edus[0].pci)));
        if (!vtd_flush_index(vtd, INDEX_MSI, 0)) {
            break;
        }
    }
    return rdtsc() - start;
}

void guest_main(void)
{
    Vtd vtd;
    acpi_init();
    interrupts_init();
    interrupts_on();
    find_edus();
    store = pci_find(0x1b36, 0x00f5);
    if (!vtd_find(&vtd) || edu_count == 0) {
        fail("this guest needs -device intel-iommu, -device edu and -device pc-testdev");
        return;
    }
    vtd_disable(&vtd);
    if (!vtd_enable(&vtd, ORDER_LINUX, reprogram)) {
        return;
    }
    uint64_t hz = tsc_hz();
    for (unsigned n = 0; n < edu_count; n++) {
        static const char *const names[] = {"msi", "msi-1-bridge", "msi-2-bridges",
                                            "msi-3-bridges"};
        if (edus[n].bridges < 4) {
            report(names[edus[n].bridges], time_msi(n), ROUNDS, hz);
        }
    }
    if (store.present) {
        report("stored-message", time_stored(), ROUNDS, hz);
    }
    report("ipi-to-itself", time_ipi(), ROUNDS, hz);
    report("ioapic", time_pin(), ROUNDS, hz);
    report("irte-update", time_update(&vtd), ROUNDS, hz);
}
