/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways in which drivers lose interrupts, one a run: the walks of docs/lost-interrupts.md. -append
 * says which. What is wrong in each is where a comment begins with "Wrong:". Afterwards the program
 * waits, so that the monitor can be asked.
 */
#include "lib/vtd.h"
#include "tests/include/apic.h"
#include "tests/include/ioapic.h"
#include "tests/include/testdevs.h"

enum { VECTOR_OLD = 0x41, VECTOR_NEW = 0x51 };
#define INDEX 5
#define LINE  5 /* pc-testdev's, and the IOAPIC's pin */

static Pci edus[2];
static volatile uint32_t ap_logical_id;

static void find_edus(void)
{
    unsigned count = 0;

    for (unsigned devfn = 0; devfn < 256 && count < 2; devfn++) {
        Pci at = {true, 0, (uint8_t)devfn};

        if (pci_read(at, 0) == 0x11e81234) {
            edus[count++] = at;
        }
    }
}

static void wait_a_little(void)
{
    for (uint64_t start = rdtsc(); rdtsc() - start < 1000000; pause()) {
    }
}

static void interrupt_from(Pci edu)
{
    write32(pci_bar(edu, 0) + EDU_RAISE, 1);
    wait_a_little();
    write32(pci_bar(edu, 0) + EDU_ACK, 1);
}

static uint64_t compatibility_address(uint32_t apic)
{
    return APIC_PAGE | apic << 12;
}

static void nothing_to_reprogram(Vtd *vtd)
{
    (void)vtd;
}

static void remapping_on(Vtd *vtd)
{
    vtd_enable(vtd, ORDER_LINUX, nothing_to_reprogram);
}

static void set_entry(const Vtd *vtd, uint8_t vector, uint32_t apic, Pci edu)
{
    vtd_store(ORDER_LINUX, INDEX, vtd_irte(vtd, vector, apic, false, pci_id(edu)));
}

/* Remapping on, an entry for the first device, and its interrupt. */
static void send_by_entry(Vtd *vtd)
{
    vtd_find(vtd);
    remapping_on(vtd);
    set_entry(vtd, VECTOR_OLD, apic_id(), edus[0]);
    msi_set(edus[0], vtd_msi_address(INDEX), 0);
    interrupt_from(edus[0]);
}

static void entry_not_flushed(void)
{
    Vtd vtd;

    send_by_entry(&vtd);
    check(vector_count[VECTOR_OLD] == 1, "the first device's interrupt does not come");
    /* Wrong: the entry goes to the other device without vtd_flush_index(). */
    set_entry(&vtd, VECTOR_NEW, apic_id(), edus[1]);
    msi_set(edus[1], vtd_msi_address(INDEX), 0);
    interrupt_from(edus[1]);
}

static void compatibility_format(void)
{
    Vtd vtd;

    vtd_find(&vtd);
    remapping_on(&vtd);
    /* Wrong: the address of a machine without remapping. */
    msi_set(edus[0], compatibility_address(apic_id()), VECTOR_OLD);
    interrupt_from(edus[0]);
}

static void eime_without_eim(void)
{
    Vtd vtd;

    vtd_find(&vtd);
    /* Wrong: the CPUs are in x2APIC mode, but the unit has to be asked as well. */
    vtd.eim = true;
    remapping_on(&vtd);
    set_entry(&vtd, VECTOR_OLD, 0, edus[0]);
    msi_set(edus[0], vtd_msi_address(INDEX), 0);
    interrupt_from(edus[0]);
    check(vector_count[VECTOR_OLD] == 1, "for CPU 0 both formats are the same");
    set_entry(&vtd, VECTOR_OLD, 1, edus[0]);
    vtd_flush_index(&vtd, INDEX, 0);
    interrupt_from(edus[0]);
}

static void move_to_other_vector(Frame *frame)
{
    (void)frame;
    /* Wrong: the pin's entry changes between the interrupt and its EOI. */
    write32(ioapic_base + IOREGSEL, IOREDTBL(LINE));
    write32(ioapic_base + IOWIN, RTE_LEVEL | VECTOR_NEW);
    outb(TESTDEV_IRQS + LINE, 0);
}

static void entry_changed_in_service(void)
{
    set_handler(VECTOR_OLD, move_to_other_vector);
    ioapic_write(LINE, RTE_LEVEL | VECTOR_OLD);
    outb(TESTDEV_IRQS + LINE, 1);
    check(wait_vector(VECTOR_OLD, 1), "the pin's first interrupt does not come");
    outb(TESTDEV_IRQS + LINE, 1);
}

static void wait_for_interrupts(void)
{
    ap_logical_id = apic_read(APIC_LDR);
    for (;;) {
        asm volatile("sti; hlt");
    }
}

static void destination_too_narrow(void)
{
    start_cpu(cpu_ids[8], wait_for_interrupts);
    while (!ap_logical_id) {
        pause();
    }
    print("guest: CPU 8 has the logical id %x\n", ap_logical_id);
    /* Wrong: an address has 8 bits for it. */
    msi_set(edus[0], APIC_PAGE | (uint8_t)ap_logical_id << 12 | 4, VECTOR_OLD);
    interrupt_from(edus[0]);
}

static void message_by_halves(void)
{
    uint8_t cap = pci_find_capability(edus[0], 5);
    uint8_t data = pci_read(edus[0], cap) >> 23 & 1 ? 12 : 8;

    start_cpu(cpu_ids[1], wait_for_interrupts);
    msi_set(edus[0], compatibility_address(cpu_ids[0]), VECTOR_OLD);
    interrupt_from(edus[0]);
    /* Wrong: the device may send between the two writes. */
    pci_write(edus[0], cap + 4, (uint32_t)compatibility_address(cpu_ids[1]));
    interrupt_from(edus[0]);
    check(wait_vector(VECTOR_OLD, 2), "the message of two halves does not arrive");
    pci_write(edus[0], (uint8_t)(cap + data), VECTOR_NEW);
    print("guest: vector %x came %lu times\n", VECTOR_NEW, vector_count[VECTOR_NEW]);
}

static void quieten_first(Frame *frame)
{
    (void)frame;
    /* Wrong: the other device on the pin is not asked. */
    write32(pci_bar(edus[0], 0) + EDU_ACK, 1);
}

static void second_device_forgotten(void)
{
    unsigned pin = FIRST_PCI_PIN + (edus[1].devfn >> 3) % 4;

    set_handler(VECTOR_OLD, quieten_first);
    ioapic_write(pin, RTE_LEVEL | RTE_LOW | VECTOR_OLD);
    write32(pci_bar(edus[1], 0) + EDU_RAISE, 1);
    check(wait_vector(VECTOR_OLD, 100), "the interrupt is not sent again");
}

static void wait_deaf(void)
{
    ap_logical_id = apic_read(APIC_LDR);
    for (;;) {
        asm volatile("cli; hlt");
    }
}

static void cpu_went_offline(void)
{
    start_cpu(cpu_ids[1], wait_deaf);
    while (!ap_logical_id) {
        pause();
    }
    /* Wrong: CPU 1, which has turned interrupts off for good, is still the device's. */
    msi_set(edus[0], compatibility_address(cpu_ids[1]), VECTOR_OLD);
    interrupt_from(edus[0]);
    apic_send_ipi(cpu_ids[1], ICR_ASSERT | ICR_INIT);
    wait_a_little();
    interrupt_from(edus[0]);
}

static void line_not_flushed(void)
{
    Vtd vtd;

    /* Wrong: ECAP.C is 0, and what was stored stays in the cache: it wants a CLFLUSH. */
    send_by_entry(&vtd);
}

static const struct {
    char name;
    void (*run)(void);
} walks[] = {
    {'a', entry_not_flushed},        {'b', compatibility_format},   {'c', eime_without_eim},
    {'d', entry_changed_in_service}, {'e', destination_too_narrow}, {'f', message_by_halves},
    {'g', second_device_forgotten},  {'h', cpu_went_offline},       {'i', line_not_flushed},
};

void guest_main(void)
{
    const char *which = command_line();

    acpi_init();
    interrupts_init();
    interrupts_on();
    find_edus();
    for (unsigned i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
        if (which[0] == walks[i].name && which[1] == '\0') {
            walks[i].run();
            print("guest: walk %c is over; ask the monitor\n", walks[i].name);
            wait_for_interrupts();
        }
    }
    fail("-append says '%s', which is no walk", which);
}
