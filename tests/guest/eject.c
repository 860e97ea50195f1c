/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs that are taken out while they run: one by another, and one by itself, in the middle of its
 * own code. Neither does anything after that, and no start-up IPI brings it back. Started with
 * places for more CPUs than there are, so that the registers of CPU hot-plug are there.
 */
#include "lib/guest.h"
#include "tests/include/apic.h"

enum { SELECTOR = 0xcd8, FLAGS = 0xcdc };
enum { PRESENT = 1, EJECT = 8 };
enum { OTHER = 1, ITSELF = 2 };

static volatile uint64_t beats[3];
static volatile uint32_t leave, after;

static void beat(void)
{
    uint32_t id = apic_id();
    while (id != ITSELF || !leave) {
        beats[id]++;
        pause();
    }
    outl(SELECTOR, id);
    /* The store belongs to the same block of code. */
    asm volatile("outb %b0, %1\n\tmovl $1, %2" : : "a"(EJECT), "d"((uint16_t)FLAGS), "m"(after));
    for (;;) {
        after++;
    }
}

static uint8_t flags_of(uint32_t cpu)
{
    outl(SELECTOR, cpu);
    return inb(FLAGS);
}

static void wait_a_little(void)
{
    for (int i = 0; i < 100000; i++) {
        pause();
    }
}

static void check_gone(uint32_t cpu, const char *who)
{
    check(flags_of(cpu) == 0, "the CPU that %s took out is still there: %x", who, flags_of(cpu));
    uint64_t before = beats[cpu];
    wait_a_little();
    check(beats[cpu] == before, "the CPU that %s took out still works", who);
    apic_send_ipi(cpu, 0x4500); /* INIT */
    apic_send_ipi(cpu, 0x4608); /* start-up */
    wait_a_little();
    check(beats[cpu] == before && after == 0, "the CPU that %s took out works again", who);
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    for (uint32_t cpu = OTHER; cpu <= ITSELF; cpu++) {
        check(flags_of(cpu) == PRESENT, "CPU %u is not there", cpu);
        check(start_cpu(cpu, beat), "CPU %u does not come", cpu);
    }
    wait_a_little();
    check(beats[OTHER] > 0 && beats[ITSELF] > 0, "they do not work");
    outl(SELECTOR, OTHER);
    outb(FLAGS, EJECT);
    check_gone(OTHER, "another");
    leave = 1;
    wait_a_little();
    check(after == 0, "a CPU goes on after it took itself out");
    check_gone(ITSELF, "itself");
    guest_exit();
}
