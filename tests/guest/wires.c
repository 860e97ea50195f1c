/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt wires as a running CPU sees them: an IOAPIC entry of the wrong polarity, two drivers of
 * a wire, an i8259 request that goes before its acknowledge, INTx beside MSI, a TSC deadline that
 * is over, and the i8254's wave under a new count. Needs pc-testdev (a port for each ISA line) and
 * edu.
 */
#include "lib/guest.h"
#include "tests/include/apic.h"
#include "tests/include/ioapic.h"
#include "tests/include/pm.h"
#include "tests/include/testdevs.h"

enum { VECTOR_STORM = 0x61, VECTOR_EDGE, VECTOR_PCI, VECTOR_TIMER, PIC_BASE = 0x70 };

static Pci edu;

static uint32_t pm_timer(void)
{
    return inl(PM_TIMER) & PM_TIMER_MASK;
}

static uint32_t pm_since(uint32_t start)
{
    return (pm_timer() - start) & PM_TIMER_MASK;
}

static void wait_us(uint64_t us)
{
    for (uint32_t start = pm_timer(); pm_since(start) < us * PM_TIMER_HZ / 1000000; pause()) {
    }
}

static void set_line(int n, bool level)
{
    outb((uint16_t)(TESTDEV_IRQS + n), level);
}

/* Idle, the wire is at the level that the entry calls active: it fires until it is masked, and lets
 * the program run meanwhile. */
static void wrong_polarity(void)
{
    uint64_t count;

    set_line(5, false);
    ioapic_write(5, RTE_LEVEL | RTE_LOW | VECTOR_STORM);
    check(wait_vector(VECTOR_STORM, 50), "an idle wire of the wrong polarity gave %lu interrupts",
          vector_count[VECTOR_STORM]);
    ioapic_write(5, RTE_MASKED);
    count = vector_count[VECTOR_STORM];
    wait_us(100);
    check(vector_count[VECTOR_STORM] == count, "it goes on behind the mask");

    ioapic_write(6, RTE_LOW | VECTOR_EDGE);
    set_line(6, true);
    wait_us(100);
    check(vector_count[VECTOR_EDGE] == 0, "an active-low edge came with the rise");
    set_line(6, false);
    wait_us(100);
    check(vector_count[VECTOR_EDGE] == 1, "an active-low edge came %lu times with the fall",
          vector_count[VECTOR_EDGE]);
    ioapic_write(6, RTE_MASKED);
}

static void init_pics(uint8_t master_mask, uint8_t slave_mask)
{
    static const uint8_t words[2][4] = {{0x11, PIC_BASE, 4, 1}, {0x11, PIC_BASE + 8, 2, 1}};

    for (int i = 0; i < 2; i++) {
        uint16_t port = i ? 0xa0 : 0x20;

        outb(port, words[i][0]);
        for (int n = 1; n < 4; n++) {
            outb((uint16_t)(port + 1), words[i][n]);
        }
    }
    outb(0x21, master_mask);
    outb(0xa1, slave_mask);
}

static uint8_t pic_isr(uint16_t port)
{
    outb(port, 0x0b);
    return inb(port);
}

/* Up and down again with interrupts off: the acknowledge finds nothing and gets input 7 or 15. */
static void request_gone(int irq)
{
    bool slave = irq >= 8;
    uint64_t own = vector_count[PIC_BASE + irq];
    uint64_t spurious = vector_count[PIC_BASE + (slave ? 15 : 7)];

    interrupts_off();
    set_line(irq, true);
    set_line(irq, false);
    interrupts_on();
    wait_us(100);
    interrupts_off();
    check(vector_count[PIC_BASE + irq] == own, "IRQ %d came though its line had fallen", irq);
    check(vector_count[PIC_BASE + (slave ? 15 : 7)] == spurious + 1,
          "no default interrupt for IRQ %d", irq);
    check(pic_isr(0x20) == (slave ? 4 : 0) && pic_isr(0xa0) == 0, "in service after IRQ %d: %x %x",
          irq, pic_isr(0x20), pic_isr(0xa0));
    outb(0x20, 0x20);
    /* One that stays is taken. */
    set_line(irq, true);
    interrupts_on();
    wait_us(100);
    check(vector_count[PIC_BASE + irq] == own + 1, "IRQ %d does not come", irq);
    set_line(irq, false);
    outb(0xa0, 0x20);
    outb(0x20, 0x20);
}

static void requests_gone(void)
{
    init_pics(0xdb, 0xfd); /* IRQs 2, 5 and 9 */
    apic_write(APIC_LVT_LINT0, LVT_EXTINT);
    request_gone(5);
    request_gone(9);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

static void quieten_edu(Frame *frame)
{
    (void)frame;
    write32(pci_bar(edu, 0) + EDU_ACK, 1);
}

/* A pending INTx is off the wire while MSI is enabled, and back afterwards. */
static void intx_beside_msi(void)
{
    unsigned pin = FIRST_PCI_PIN + (edu.devfn >> 3) % 4;
    uint8_t cap = pci_find_capability(edu, 5);
    uint32_t control = pci_read(edu, cap);

    pci_write(edu, 4, pci_read(edu, 4) | 2);
    write32(pci_bar(edu, 0) + EDU_RAISE, 1);
    pci_write(edu, cap, control | 1u << 16);
    set_handler(VECTOR_PCI, quieten_edu);
    ioapic_write(pin, RTE_LEVEL | RTE_LOW | VECTOR_PCI);
    wait_us(200);
    check(vector_count[VECTOR_PCI] == 0, "INTx interrupts in MSI mode");
    pci_write(edu, cap, control);
    wait_us(200);
    check(vector_count[VECTOR_PCI] == 1, "after MSI mode INTx came %lu times",
          vector_count[VECTOR_PCI]);
    ioapic_write(pin, RTE_MASKED);
}

/* In the past it fires with the write: the MSR reads 0, the request is there. */
static void deadline_over(void)
{
    uint32_t r[4];

    cpuid(1, 0, r);
    if (!(r[2] >> 24 & 1)) {
        print("guest: skipped the TSC deadline: this CPU has none\n");
        return;
    }
    interrupts_off();
    apic_write(APIC_LVT_TIMER, LVT_DEADLINE | VECTOR_TIMER);
    wrmsr(MSR_TSC_DEADLINE, rdtsc() - 1);
    check(rdmsr(MSR_TSC_DEADLINE) == 0, "a deadline in the past reads %lx",
          rdmsr(MSR_TSC_DEADLINE));
    check(apic_read(APIC_IRR + VECTOR_TIMER / 32 * 16) >> (VECTOR_TIMER % 32) & 1,
          "a deadline in the past has no request");
    interrupts_on();
    check(vector_count[VECTOR_TIMER] == 1, "a deadline in the past came %lu times",
          vector_count[VECTOR_TIMER]);
    apic_write(APIC_LVT_TIMER, LVT_MASKED);
}

/* Changes of channel 2's output from `from` to `to` us after `start`. */
static unsigned changes(uint32_t start, uint64_t from, uint64_t to)
{
    unsigned count = 0;
    uint8_t last = 2;

    for (;;) {
        uint64_t us = (uint64_t)pm_since(start) * 1000000 / PM_TIMER_HZ;
        uint8_t out = inb(0x61) >> 5 & 1;

        if (us > to) {
            return count;
        }
        count += us >= from && last < 2 && out != last;
        last = us >= from ? out : 2;
    }
}

/* A wave of 50 ms gets a count of 1 ms in its first half: that ends at 25 ms, and what follows is
 * the new wave; not so, nothing changes until 50 ms. The host may keep us from looking: the best of
 * some.
 */
static void new_count(void)
{
    unsigned best = 0;

    for (int i = 0; i < 8 && best < 2; i++) {
        uint32_t start;
        unsigned count;

        outb(0x61, 0);
        outb(0x43, 0xb6);
        outb(0x42, 0x60);
        outb(0x42, 0xea);
        start = pm_timer();
        outb(0x61, 1);
        outb(0x42, 0xb0);
        outb(0x42, 0x04);
        count = changes(start, 27000, 47000);
        best = count > best ? count : best;
    }
    check(best >= 2, "the new wave changes %u times in 20 ms", best);
    outb(0x61, 0);
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    interrupts_on();
    edu = pci_find(0x1234, 0x11e8);
    if (!edu.present) {
        fail("there is no edu");
        return;
    }
    wrong_polarity();
    requests_gone();
    intx_beside_msi();
    deadline_over();
    new_count();
}
