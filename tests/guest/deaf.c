/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that is past helping: its page-fault handler is not mapped, and starts on a stack of its
 * own, so that it page-faults for ever and never executes an instruction. deaf-test.py looks at
 * whether the emulator still answers.
 */
#include "lib/guest.h"

#define UNMAPPED   0x100000000ull /* the first 4 GiB are mapped */
#define PAGE_FAULT 14
#define IST1       9 /* as an index of 32-bit words in the TSS */

extern uint64_t gdt[];
static uint64_t idt[2 * 256];
static uint32_t tss[26];
static uint8_t stack[4096] __attribute__((aligned(16)));

void guest_main(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = {sizeof(idt) - 1, (uint64_t)idt};
    uint64_t base = (uint64_t)tss;
    tss[IST1] = (uint32_t)(uint64_t)(stack + sizeof(stack));
    gdt[6] =
        (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[7] = base >> 32;
    idt[2 * PAGE_FAULT] = 8ull << 16 | 0x8e01ull << 32;
    idt[2 * PAGE_FAULT + 1] = UNMAPPED >> 32;
    asm volatile("ltr %w0; lidt %1" : : "r"(0x30), "m"(pointer));
    print("guest: about to page-fault for ever\n");
    (void)read32(UNMAPPED);
    fail("the fault was handled");
}
