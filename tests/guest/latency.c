/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Round trips of interrupts, timed by the TSC: an MSI from edu and an IOAPIC interrupt from the
 * HPET's line, each through the remapping unit to its handler, and an IRTE update with flush and
 * wait. Prints "guest: time NAME NANOSECONDS", the TSC's rate measured against the ACPI PM timer.
 */
#include "lib/vtd.h"
#include "tests/include/pm.h"
#include "tests/include/testdevs.h"

enum { INDEX_MSI = 5, INDEX_PIN = 6, VECTOR_MSI = 0x43, VECTOR_PIN = 0x44, ROUNDS = 20000 };
#define FREE_PIN 5 /* an ISA line that nobody drives: the guest raises it by pc-testdev */

static Pci edu;

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

static void reprogram(Vtd *vtd)
{
    vtd_store(ORDER_LINUX, INDEX_MSI, vtd_irte(vtd, VECTOR_MSI, apic_id(), false, pci_id(edu)));
    vtd_store(ORDER_LINUX, INDEX_PIN, vtd_irte(vtd, VECTOR_PIN, apic_id(), false, vtd->ioapic_sid));
    msi_set(edu, vtd_msi_address(INDEX_MSI), 0);
    ioapic_write(FREE_PIN, vtd_rte(INDEX_PIN, VECTOR_PIN, false));
}

static uint64_t time_msi(void)
{
    uint64_t bar = pci_bar(edu, 0), start = rdtsc();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t before = vector_count[VECTOR_MSI];
        write32(bar + EDU_RAISE, 1);
        if (vector_count[VECTOR_MSI] == before && !wait_vector(VECTOR_MSI, before + 1)) {
            fail("the MSI does not come");
            break;
        }
        write32(bar + EDU_ACK, 1);
    }
    return rdtsc() - start;
}

static uint64_t time_pin(void)
{
    uint64_t start = rdtsc();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t before = vector_count[VECTOR_PIN];
        outb(TESTDEV_IRQS + FREE_PIN, 1);
        if (vector_count[VECTOR_PIN] == before && !wait_vector(VECTOR_PIN, before + 1)) {
            fail("the IOAPIC's interrupt does not come");
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
        vtd_store(ORDER_LINUX, INDEX_MSI,
                  vtd_irte(vtd, (uint8_t)(VECTOR_MSI + (i & 1)), apic_id(), false, pci_id(edu)));
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
    edu = pci_find(0x1234, 0x11e8);
    if (!vtd_find(&vtd) || !edu.present) {
        fail("this guest needs -device intel-iommu, -device edu and -device pc-testdev");
        return;
    }
    vtd_disable(&vtd);
    if (!vtd_enable(&vtd, ORDER_LINUX, reprogram)) {
        return;
    }
    uint64_t hz = tsc_hz();
    report("msi", time_msi(), ROUNDS, hz);
    report("ioapic", time_pin(), ROUNDS, hz);
    report("irte-update", time_update(&vtd), ROUNDS, hz);
}
