/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDT, TSS, and what happens when a vector is taken. */
#include "guest.h"

typedef struct {
    uint16_t offset_low, selector, attributes, offset_middle;
    uint32_t offset_high, reserved;
} Gate;
_Static_assert(sizeof(Gate) == 16, "IDT gate in long mode");

extern uint8_t vector_entries[];
extern uint64_t gdt[];
static Gate idt[256];
static Handler handlers[256];
static uint32_t tss[26];
volatile uint64_t vector_count[256];
volatile uint32_t vector_cpu[256];

/* The entries of start.S are aligned to 16 bytes each. */
#define ENTRY_SIZE 16

static void set_gate(int vector)
{
    uint64_t at = (uint64_t)vector_entries + (uint64_t)vector * ENTRY_SIZE;
    idt[vector] = (Gate){
        .offset_low = (uint16_t)at,
        .selector = 8,
        .attributes = 0x8e00,
        .offset_middle = (uint16_t)(at >> 16),
        .offset_high = (uint32_t)(at >> 32),
    };
}

void load_idt(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = {sizeof(idt) - 1, (uint64_t)idt};
    asm volatile("lidt %0" : : "m"(pointer));
}

void interrupts_init(void)
{
    for (int v = 0; v < 256; v++) {
        set_gate(v);
    }
    load_idt();
    uint64_t base = (uint64_t)tss;
    tss[25] = sizeof(tss) << 16; /* no I/O permission map */
    gdt[6] =
        (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[7] = base >> 32;
    asm volatile("ltr %w0" : : "r"(0x30));
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    apic_init();
}

void set_handler(int vector, Handler handler)
{
    handlers[vector] = handler;
}

void vector_dispatch(Frame *frame)
{
    int v = (int)frame->vector;
    vector_count[v]++;
    vector_cpu[v] = apic_id();
    if (handlers[v]) {
        handlers[v](frame);
    } else if (v < 32) {
        fail("exception %d error %lx at %lx", v, frame->error, frame->rip);
        guest_exit();
    }
    if (v >= 32) {
        apic_eoi();
    }
}

bool wait_vector(int vector, uint64_t count)
{
    for (uint64_t start = rdtsc(); vector_count[vector] < count; pause()) {
        if (rdtsc() - start > 4000000000ull) {
            return false;
        }
    }
    return true;
}
