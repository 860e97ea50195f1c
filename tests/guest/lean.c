/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leans on things that QEMU lets through and hardware does not. As a widely used suite does, it
 * names single bytes in CF8h, expects a PCI interrupt on the IOAPIC pin of the ISA interrupt that
 * its PIRQ is routed to, and puts the device's own id into the entry of the IOAPIC's pin; as a
 * kernel does, it writes ones to IA32_FMASK's upper half. Each is tried by itself, and goes on the
 * right way if that does not work.
 */
#include "lib/vtd.h"
#include "tests/include/ioapic.h"
#include "tests/include/pci.h"
#include "tests/include/testdevs.h"

enum { INDEX_EDU = 6 };
enum { VECTOR_LOW = 0x51, VECTOR_REMAPPED = 0x52 };

#define IA32_FMASK   0xc0000084u
#define VECTOR_GP    13
#define WRMSR_LENGTH 2

static Pci edu;
static volatile bool refused;

static uint16_t config_word(unsigned devfn, uint8_t offset)
{
    uint16_t value;

    outl(PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | devfn << 8 | offset);
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"((uint16_t)PCI_CONFIG_DATA));
    return value;
}

static void find_edu(void)
{
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        if (config_word(devfn, 0) == 0x1234 && config_word(devfn, 2) == 0x11e8) {
            edu = (Pci){true, 0, (uint8_t)devfn};
            return;
        }
    }
    fail("edu is not found through CF8h with low bits set");
    edu = pci_find(0x1234, 0x11e8);
}

static bool interrupts(int vector)
{
    uint64_t before = vector_count[vector];
    bool came;

    write32(pci_bar(edu, 0) + EDU_RAISE, 1);
    came = wait_vector(vector, before + 1);
    write32(pci_bar(edu, 0) + EDU_ACK, 1);
    return came;
}

/* An edge: on a wire of the ISA bus, active high. */
static void try_low_pin(void)
{
    unsigned pin = pci_read(edu, 0x3c) & 0xff;

    check(pin == 10 || pin == 11, "edu's interrupt line is %u", pin);
    ioapic_write(pin, (uint64_t)apic_id() << 56 | VECTOR_LOW);
    check(interrupts(VECTOR_LOW), "IRQ 10 does not come to IOAPIC pin 10");
    ioapic_write(pin, RTE_MASKED);
}

static void set_own_id(Vtd *vtd)
{
    vtd_store(ORDER_LINUX, INDEX_EDU, vtd_irte(vtd, VECTOR_REMAPPED, apic_id(), true, pci_id(edu)));
}

static void try_own_id(void)
{
    unsigned pin = FIRST_PCI_PIN + (edu.devfn >> 3) % 4;
    Vtd vtd;

    if (!vtd_find(&vtd)) {
        fail("no remapping unit in the ACPI tables");
        return;
    }
    vtd_disable(&vtd);
    if (!vtd_enable(&vtd, ORDER_LINUX, set_own_id)) {
        return;
    }
    ioapic_write(pin, vtd_rte(INDEX_EDU, VECTOR_REMAPPED, true) | RTE_LEVEL | RTE_LOW);
    if (!interrupts(VECTOR_REMAPPED)) {
        fail("the IOAPIC's entry with edu's id is refused, fault status %x", vtd_faults(&vtd));
    }
    ioapic_write(pin, RTE_MASKED);
}

static void skip_wrmsr(Frame *frame)
{
    refused = true;
    frame->rip += WRMSR_LENGTH;
}

static void try_fmask(void)
{
    set_handler(VECTOR_GP, skip_wrmsr);
    wrmsr(IA32_FMASK, ~0ull << 32 | 0x47700);
    check(!refused, "ones in IA32_FMASK's upper half are refused");
    check(refused || rdmsr(IA32_FMASK) == 0x47700, "IA32_FMASK reads %x",
          (uint32_t)rdmsr(IA32_FMASK));
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    interrupts_on();
    find_edu();
    if (!edu.present) {
        fail("there is no edu");
        return;
    }
    pci_write(edu, 4, pci_read(edu, 4) | 2);
    try_low_pin();
    try_own_id();
    try_fmask();
}
