/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Something to look at with a debugger: CPUs that count in rounds of their own, one that takes an
 * interrupt in each round, a number that one of them spoils. It ends when rounds_left is 0, which
 * nobody but a debugger sets.
 */
#include "lib/guest.h"
#include "tests/include/apic.h"

enum { V_ROUND = 0x61 };
#define MAX_CPUS   16
#define SPOIL_EACH 1000

volatile uint64_t rounds[MAX_CPUS];
volatile uint64_t precious = 0x5afe;
volatile unsigned rounds_left = 1;
volatile unsigned interrupts_taken;

static void on_round(Frame *frame __attribute__((unused)))
{
    interrupts_taken++;
}

__attribute__((noinline)) void spoil(uint64_t with)
{
    precious = with;
}

__attribute__((noinline)) uint64_t count_round(unsigned cpu, uint64_t round)
{
    uint64_t next = round + 1;
    rounds[cpu] = next;
    return next;
}

static void go_round(void)
{
    unsigned cpu = apic_id();
    uint64_t round = 0;
    while (rounds_left) {
        round = count_round(cpu, round);
        if (cpu == 0) {
            apic_send_ipi(cpu, V_ROUND);
        }
        if (cpu == 1 && round % SPOIL_EACH == 0) {
            spoil(round);
        }
    }
}

static void ap_rounds(void)
{
    go_round();
    for (;;) {
        asm volatile("hlt");
    }
}

void guest_main(void)
{
    interrupts_init();
    acpi_init();
    set_handler(V_ROUND, on_round);
    for (unsigned i = 1; i < cpu_count && i < MAX_CPUS; i++) {
        check(start_cpu(cpu_ids[i], ap_rounds), "CPU %u does not start", cpu_ids[i]);
    }
    print("guest: rounds begin\n");
    interrupts_on();
    go_round();
    guest_exit();
}
