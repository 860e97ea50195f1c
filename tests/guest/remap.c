/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets the remapping unit up as Linux, FreeBSD and Xen do, in turn, and takes remapped interrupts
 * from an IOAPIC pin (i8254), the HPET (by message if it can, else by a pin) and an MSI device
 * (edu); then changes a live entry and flushes it. Prints what came in, as /proc/interrupts would.
 */
#include "lib/vtd.h"
#include "tests/include/hpet.h"
#include "tests/include/ioapic.h"
#include "tests/include/testdevs.h"

enum { INDEX_PIT = 3, INDEX_HPET = 4, INDEX_MSI = 5 };
enum { VECTOR_PIT = 0x41, VECTOR_HPET = 0x42, VECTOR_MSI = 0x43, VECTOR_MOVED = 0x63 };
#define PIT_PIN 2
#define ROUNDS  5

static Pci edu;
static Order order;
static bool hpet_by_message;
static unsigned hpet_pin;

static void reprogram(Vtd *vtd)
{
    uint32_t me = apic_id();
    uint16_t hpet_sid = hpet_by_message ? vtd->hpet_sid : vtd->ioapic_sid;
    vtd_store(order, INDEX_PIT, vtd_irte(vtd, VECTOR_PIT, me, false, vtd->ioapic_sid));
    vtd_store(order, INDEX_HPET, vtd_irte(vtd, VECTOR_HPET, me, false, hpet_sid));
    vtd_store(order, INDEX_MSI, vtd_irte(vtd, VECTOR_MSI, me, false, pci_id(edu)));
    ioapic_write(PIT_PIN, vtd_rte(INDEX_PIT, VECTOR_PIT, false));
    if (hpet_base && !hpet_by_message) {
        ioapic_write(hpet_pin, vtd_rte(INDEX_HPET, VECTOR_HPET, false));
    }
    if (edu.present) {
        msi_set(edu, vtd_msi_address(INDEX_MSI), 0);
    }
}

static void probe_hpet(const Vtd *vtd)
{
    if (!hpet_base) {
        return;
    }
    uint64_t config = read64(hpet_base + HPET_TIMER(0));
    hpet_by_message = (config >> 15 & 1) && vtd->has_hpet_sid;
    uint32_t routes = (uint32_t)(config >> 32);
    hpet_pin = routes ? (unsigned)__builtin_ctz(routes) : 0;
    for (unsigned pin = 16; pin < 24; pin++) {
        if (routes >> pin & 1) {
            hpet_pin = pin;
        }
    }
}

/* Count `rounds` interrupts of the i8254, then stop it. */
static void run_pit(uint64_t rounds)
{
    uint64_t before = vector_count[VECTOR_PIT];
    outb(0x43, 0x34);
    outb(0x40, 0xa9);
    outb(0x40, 0x04); /* 1 ms */
    check(wait_vector(VECTOR_PIT, before + rounds), "the i8254's interrupts do not come");
    ioapic_write(PIT_PIN, RTE_MASKED);
    outb(0x43, 0x30);
}

static void run_hpet(uint64_t rounds)
{
    if (!hpet_base) {
        return;
    }
    uint64_t period_fs = read64(hpet_base) >> 32, tick = 1000000000000ull / period_fs;
    write64(hpet_base + HPET_CONFIG, 0);
    write64(hpet_base + HPET_COUNTER, 0);
    if (hpet_by_message) {
        write64(hpet_base + HPET_FSB(0), vtd_msi_address(INDEX_HPET) << 32);
    }
    uint64_t route = hpet_by_message ? 1u << 14 : (uint64_t)hpet_pin << 9;
    write64(hpet_base + HPET_TIMER(0), 1u << 2 | route);
    write64(hpet_base + HPET_CONFIG, 1);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t before = vector_count[VECTOR_HPET];
        write64(hpet_base + HPET_COMPARATOR(0), read64(hpet_base + HPET_COUNTER) + tick);
        check(wait_vector(VECTOR_HPET, before + 1), "the HPET's interrupt does not come");
    }
    write64(hpet_base + HPET_TIMER(0), 0);
    write64(hpet_base + HPET_CONFIG, 0);
}

/* edu raises its interrupt when its register 60h is written, and is quiet again after 64h. */
static void raise_edu(int vector, uint64_t rounds)
{
    for (uint64_t i = 0; edu.present && i < rounds; i++) {
        uint64_t before = vector_count[vector];
        write32(pci_bar(edu, 0) + EDU_RAISE, 1);
        check(wait_vector(vector, before + 1), "the MSI for vector %x does not come", vector);
        write32(pci_bar(edu, 0) + EDU_ACK, 1);
    }
}

static void move_live_entry(Vtd *vtd)
{
    vtd_store(order, INDEX_MSI, vtd_irte(vtd, VECTOR_MOVED, apic_id(), false, pci_id(edu)));
    vtd_flush_index(vtd, INDEX_MSI, 0);
    raise_edu(VECTOR_MOVED, 1);
}

static void show(const char *chip, const char *what, int vector)
{
    print("guest: irq %3x: %10lu   %s %s\n", vector, vector_count[vector], chip, what);
}

void guest_main(void)
{
    Vtd vtd;
    acpi_init();
    interrupts_init();
    interrupts_on();
    if (!vtd_find(&vtd)) {
        fail("no remapping unit in the ACPI tables");
        return;
    }
    edu = pci_find(0x1234, 0x11e8);
    probe_hpet(&vtd);
    for (order = 0; order < ORDERS; order++) {
        vtd_disable(&vtd);
        if (!vtd_enable(&vtd, order, reprogram)) {
            return;
        }
        print("guest: remapping enabled in %s mode, in the order of %s\n",
              vtd.eim ? "x2apic" : "xapic", order_names[order]);
        run_pit(ROUNDS);
        run_hpet(ROUNDS);
        raise_edu(VECTOR_MSI, ROUNDS);
        move_live_entry(&vtd);
        check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
    }
    print("guest: irq           CPU0\n");
    show("IR-IO-APIC", "2-edge i8254", VECTOR_PIT);
    show(hpet_by_message ? "IR-HPET-MSI" : "IR-IO-APIC", "edge hpet", VECTOR_HPET);
    show("IR-PCI-MSI", "edge edu", VECTOR_MSI);
    show("IR-PCI-MSI", "edge edu, moved", VECTOR_MOVED);
}
