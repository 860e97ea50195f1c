/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address line 20, by the keyboard controller and by port 92h. With the line held at 0 nothing of
 * this guest is where it was, so what does that is copied below 1 MiB, and runs without paging and
 * without a stack.
 */
#include "lib/guest.h"

#define ROUTINE 0x8000
#define RESULTS 0x7000

enum { WRAPPED = 0x11111111, APART = 0x22222222 };

extern const char a20_routine[], a20_routine_end[];
void a20_enter(void);

/* Stores what is read at 5 MiB after writes there and at 4 MiB. */
asm("    .text\n"
    "a20_enter:\n"
    "    pushq %rbx\n"
    "    pushq %rbp\n"
    "    movq %rsp, a20_stack(%rip)\n"
    "    pushq $0x18\n" /* 32-bit code */
    "    pushq $0x8000\n"
    "    lretq\n"
    "a20_back:\n"
    "    movq a20_stack(%rip), %rsp\n"
    "    popq %rbp\n"
    "    popq %rbx\n"
    "    ret\n"
    "    .local a20_stack\n"
    "    .comm a20_stack, 8, 8\n"
    "    .macro probe\n"
    "    movl $0x22222222, 0x500000\n"
    "    movl $0x11111111, 0x400000\n"
    "    movl 0x500000, %eax\n"
    "    stosl\n"
    "    .endm\n"
    "    .macro command byte\n"
    "    movb $\\byte, %al\n"
    "    outb %al, $0x64\n"
    "    .endm\n"
    "    .macro output_port set, clear\n"
    "    movb $0xd1, %al\n"
    "    outb %al, $0x64\n"
    "    movb %bl, %al\n"
    "    orb $\\set, %al\n"
    "    andb $~\\clear, %al\n"
    "    outb %al, $0x60\n"
    "    .endm\n"
    "    .macro port_92 set, clear\n"
    "    inb $0x92, %al\n"
    "    orb $\\set, %al\n"
    "    andb $~\\clear, %al\n"
    "    outb %al, $0x92\n"
    "    .endm\n"
    "    .code32\n"
    "a20_routine:\n"
    "    movl %cr0, %eax\n"
    "    movl %eax, %ebp\n"
    "    andl $0x7fffffff, %eax\n"
    "    movl %eax, %cr0\n"
    "    movl $0x7000, %edi\n"
    "    cld\n"
    "    command 0xd0\n" /* what is in the output port */
    "    inb $0x60, %al\n"
    "    movb %al, %bl\n"
    "    port_92 0, 2\n"
    "    probe\n"
    "    command 0xdd\n"
    "    probe\n"
    "    command 0xdf\n"
    "    probe\n"
    "    output_port 0, 2\n"
    "    probe\n"
    "    port_92 2, 0\n"
    "    probe\n"
    "    port_92 0, 2\n"
    "    probe\n"
    "    output_port 2, 0\n"
    "    probe\n"
    "    movl %ebp, %cr0\n"
    "    ljmp $0x08, $a20_back\n"
    "a20_routine_end:\n"
    "    .code64\n");

void guest_main(void)
{
    static const struct {
        const char *after;
        uint32_t value;
    } expected[] = {
        {"port 92h off", APART},       {"command DDh", WRAPPED}, {"command DFh", APART},
        {"command D1h, off", WRAPPED}, {"port 92h on", APART},   {"port 92h off", WRAPPED},
        {"command D1h, on", APART},
    };
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    memcpy((void *)ROUTINE, a20_routine, (size_t)(a20_routine_end - a20_routine));
    a20_enter();
    for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        uint32_t value = read32(RESULTS + 4 * i);
        check(value == expected[i].value, "after %s: %x, not %x", expected[i].after, value,
              expected[i].value);
    }
    guest_exit();
}
