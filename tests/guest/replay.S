/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs when: processors add to what they share, a timer interrupts the first at whatever it
 * does, and each time a line says what it found there: the TSC, where it was, how far the others
 * are, a random number, all in one sum. Before that, a line is the sum of what instructions give
 * that makers have different ideas of: x87's transcendental ones, RCPPS and RSQRTPS. Under -icount
 * the lines are the same on every host (replay.txt). In assembler, so that compilers have no say.
 */
        .set    APIC, 0xfee00000
        .set    SVR, 0xf0
        .set    EOI, 0xb0
        .set    ICR, 0x300
        .set    LVT_TIMER, 0x320
        .set    INITIAL, 0x380
        .set    DIVIDE, 0x3e0
        .set    VECTOR, 0x40
        .set    PERIOD, 70001           /* of the timer, ns */
        .set    TICKS, 40
        .set    TRAMPOLINE, 0x8000
        .set    SUM_STEP, 0x9fb21c651e98df25
        .set    COM1, 0x3f8
        .set    FLOATS, 1000            /* operands */
        .set    FACTOR, 0x5851f42d4c957f2d

        .section .note.pvh, "a"
        .long   4, 4, 18                /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .long   pvh_entry

        .text
        .code32
        .globl  pvh_entry
pvh_entry:
        cli
        movl    $stack_top, %esp
        movl    $pml4, %eax             /* the first 4 GiB, one to one */
        movl    $pdpt + 3, (%eax)
        movl    $pdpt, %eax
        movl    $page_dirs + 3, %edx
        movl    $4, %ecx
1:      movl    %edx, (%eax)
        addl    $8, %eax
        addl    $4096, %edx
        loop    1b
        movl    $page_dirs, %eax
        movl    $0x83, %edx
        movl    $2048, %ecx
2:      movl    %edx, (%eax)
        addl    $8, %eax
        addl    $0x200000, %edx
        loop    2b
        call    long_mode
        ljmp    $8, $first

long_mode:
        movl    %cr4, %eax
        orl     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        movl    %eax, %cr4
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       /* EFER: LME */
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        andl    $~0x60000004, %eax      /* CD, NW, EM off */
        orl     $0x80000001, %eax       /* PG, PE on */
        movl    %eax, %cr0
        lgdt    gdt_pointer
        ret

/* RAX into the sum. */
        .macro  add_sum
        xorq    %rax, %r15
        movabsq $SUM_STEP, %rdx
        imulq   %rdx, %r15
        rorq    $29, %r15
        .endm

        .code64
first:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movb    $0xff, %al              /* no i8259 */
        outb    %al, $0x21
        outb    %al, $0xa1
        movl    $trampoline, %esi
        movl    $TRAMPOLINE, %edi
        movl    $trampoline_end - trampoline, %ecx
        rep movsb
        movl    $tick, %eax             /* the vector's gate */
        movw    %ax, idt + 16 * VECTOR
        movw    $8, idt + 16 * VECTOR + 2
        movw    $0x8e00, idt + 16 * VECTOR + 4
        shrl    $16, %eax
        movw    %ax, idt + 16 * VECTOR + 6
        lidt    idt_pointer
        call    floats
        movl    $APIC, %ebx
        movl    $0x1ff, SVR(%rbx)
        movl    $0xc4500, ICR(%rbx)     /* INIT and SIPI to all others */
        movl    $0xc4600 | TRAMPOLINE >> 12, ICR(%rbx)
        movl    $0xb, DIVIDE(%rbx)
        movl    $0x20000 | VECTOR, LVT_TIMER(%rbx)
        movl    $PERIOD, INITIAL(%rbx)
        sti
/* Adds, copies and calls, of odd lengths. */
work:
        incl    %ebp
        movl    $buffer, %edi
        movl    %ebp, %ecx
        andl    $0x1ff, %ecx
        movl    %ebp, %eax
        rep stosb
        imull   $0x10dcd, %ebp, %eax
        lock addl %eax, shared
        testl   $0x30, %ebp
        jz      1f
        call    leaf
        jmp     work
1:      pause
        jmp     work
leaf:
        addl    shared, %eax
        lock xorl %eax, shared + 64
        ret

tick:
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        add_sum
        movq    24(%rsp), %rax          /* where it was */
        add_sum
        movq    shared, %rax
        add_sum
        movq    shared + 64, %rax
        add_sum
        rdrand  %rax
        add_sum
        movl    $0, EOI(%rbx)
        call    put_sum
        incl    ticks
        cmpl    $TICKS, ticks
        jae     over
        popq    %rdx
        popq    %rcx
        popq    %rax
        iretq

/* The sum, in hexadecimal. */
put_sum:
        movl    $16, %ecx
1:      rolq    $4, %r15
        movl    %r15d, %eax
        andl    $15, %eax
        movb    digits(%rax), %al
        call    put
        loop    1b
        movb    $'\n', %al
put:
        movl    $COM1, %edx
        outb    %al, %dx
        ret

        .macro  draw                    /* RAX is a random number */
        movabsq $FACTOR, %rax
        imulq   %rax, %r8
        incq    %r8
        movq    %r8, %rax
        rorq    %cl, %rax
        .endm

/* An operand: any mantissa, an exponent within 32 of that of one. */
        .macro  draw_operand at
        draw
        btsq    $63, %rax
        movq    %rax, \at
        draw
        andl    $0x803f, %eax
        addl    $0x3fdf, %eax
        movw    %ax, \at + 8
        .endm

        .macro  add_x87 instruction:vararg
        fninit
        fldcw   control
        fldt    operands + 16
        fldt    operands
        \instruction
        fnstsw  %ax
        fstpt   result
        movzwl  %ax, %eax
        add_sum
        movq    result, %rax
        add_sum
        movzwl  result + 8, %eax
        add_sum
        .endm

        .macro  add_sse instruction
        \instruction operands, %xmm0
        movq    %xmm0, %rax
        add_sum
        movhlps %xmm0, %xmm0
        movq    %xmm0, %rax
        add_sum
        .endm

floats:
        movl    $FLOATS, %ecx
1:      draw_operand operands
        draw_operand operands + 16
        draw
        andl    $0xc00, %eax            /* any rounding */
        orl     $0x37f, %eax
        movw    %ax, control
        add_x87 f2xm1
        add_x87 fyl2x
        add_x87 fyl2xp1
        add_x87 fpatan
        add_x87 fsin
        add_x87 fcos
        add_x87 fsincos
        add_x87 fptan
        add_x87 fsqrt
        add_x87 fprem
        add_x87 fdiv %st(1), %st
        draw
        movq    %rax, operands          /* the other half is of an operand */
        add_sse rcpps
        add_sse rsqrtps
        add_sse sqrtps
        decl    %ecx
        jnz     1b
        jmp     put_sum

/* A triple fault ends the machine (-no-reboot). */
over:
        movl    $done, %esi
1:      lodsb
        testb   %al, %al
        jz      2f
        call    put
        jmp     1b
2:      lidt    no_idt
        int3

/* The other processors. */
another:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %ss
1:      movl    $1, %eax
        lock xaddl %eax, shared
        leal    (%rax, %rax, 4), %ecx
        lock addl %ecx, shared + 64
        testl   $0x7f, %eax
        jnz     1b
        pause
        jmp     1b

        .code16
trampoline:
        cli
        lgdtl   %cs:gdt_pointer_low - trampoline
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $24, $another_32
        .balign 4
gdt_pointer_low:
        .word   gdt_end - gdt - 1
        .long   gdt
trampoline_end:
        .code32
another_32:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %ss
        movl    $1, %esp                /* which of the stacks? */
        lock xaddl %esp, stacks
        shll    $6, %esp
        addl    $small_stacks, %esp
        call    long_mode
        ljmp    $8, $another

        .data
        .balign 16
gdt:    .quad   0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cf9a000000ffff
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt, 0
idt_pointer:
        .word   16 * 256 - 1
        .quad   idt
no_idt: .word   0
        .quad   0
ticks:  .long   0
stacks: .long   1
control:
        .word   0
        .balign 16
operands:
        .skip   32
result: .skip   16
digits: .ascii  "0123456789abcdef"
done:   .asciz  "guest: done\n"
        .balign 128
shared: .fill   128

        .bss
        .balign 4096
pml4:   .skip   4096
pdpt:   .skip   4096
page_dirs:
        .skip   4 * 4096
idt:    .skip   4096
buffer: .skip   512
small_stacks:
        .skip   64 * 17
        .skip   4096
stack_top:
