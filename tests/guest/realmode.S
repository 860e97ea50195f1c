/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel of an old boot protocol that never leaves real mode: it asks the BIOS what setup code
 * asks, and holds the answers against each other. PROTOCOL is its version, LOADFLAGS 0 for a kernel
 * that loads below 1 MiB. The part that runs in protected mode elsewhere is a signature here.
 */
        .code16
        .section .text, "ax"
        .set SMAP, 0x534d4150
        .set HEAP, 0x1000               /* behind the setup code */
        .set ENTRY, HEAP                /* an E820 entry */
        .set SETUP_SECTORS, 4
        .set SIGNATURE, 0x6e72656b      /* realmode.ld puts it there */

        .org    0x1f1
        .byte   SETUP_SECTORS
        .org    0x1fe
        .word   0xaa55
        .byte   0xeb, start - 1f        /* at 200h, where the loader enters */
1:      .ascii  "HdrS"
        .word   PROTOCOL
        .org    0x210
        .byte   0, LOADFLAGS
        .org    0x214
        .long   CODE32
        .long   0, 0
        .org    0x22c
        .long   0x37ffffff              /* the highest place for an initial file system */
start:
        jmp     begin
        .org    0x238
        .long   255                     /* the longest command line */

        .org    0x280
/* Prints "guest: TEXT". */
        .macro  say text
        mov     $9f, %si
        call    print
        .section .text.strings, "ax"
9:      .asciz  "guest: \text\r\n"
        .previous
        .endm
/* Complains unless the condition holds. */
        .macro  check condition, text
        j\condition 8f
        say     "FAIL \text"
8:
        .endm

print:
        lodsb
        test    %al, %al
        jz      1f
        mov     $0x0e, %ah
        xor     %bx, %bx
        int     $0x10
        jmp     print
1:      ret

begin:
        cld
        mov     %cs, %ax
        sub     $0x20, %ax
        mov     %ds, %bx
        cmp     %ax, %bx
        check   e, "DS is not CS less 20h"
        mov     %ss, %bx
        cmp     %ax, %bx
        check   e, "SS is not CS less 20h"
        mov     %es, %bx
        cmp     %ax, %bx
        check   e, "ES is not CS less 20h"
        pushf
        pop     %ax
        test    $0x200, %ax
        check   z, "interrupts are on"
        cmpb    $0xff, 0x210
        check   e, "the loader has not said who it is"

        .if PROTOCOL >= 0x202
        mov     0x228, %eax
        xor     %edx, %edx
        mov     %ds, %dx
        shl     $4, %edx
        sub     %edx, %eax
        mov     %ax, %di
        .else
        cmpw    $0xa33f, 0x20
        check   e, "no old command line"
        mov     0x22, %di
        .endif
        mov     $cmdline, %si
        mov     $cmdline_end - cmdline, %cx
        repe cmpsb
        check   e, "the command line is another"

        .if LOADFLAGS == 0
        mov     $0x1000, %ax
        mov     %ax, %fs
        cmpl    $SIGNATURE, %fs:0
        check   e, "the rest of the kernel is not at 10000h"
        .endif

/* Memory: three functions, one memory. EBP keeps the end of what goes on from 1 MiB. */
        int     $0x12
        cmp     $639, %ax
        check   e, "low memory does not end at 9fc00h"
        xor     %ebx, %ebx
        xor     %ebp, %ebp
        xor     %esi, %esi
1:      mov     $0xe820, %eax
        mov     $SMAP, %edx
        mov     $20, %ecx
        mov     $ENTRY, %di
        int     $0x15
        check   nc, "E820h is refused"
        cmp     $SMAP, %eax
        check   e, "E820h has no SMAP"
        cmp     $20, %ecx
        check   e, "E820h has not 20 bytes"
        inc     %si
        cmpl    $0x100000, ENTRY
        jne     2f
        cmpl    $1, ENTRY + 16
        check   e, "what is at 1 MiB is no RAM"
        mov     ENTRY, %ebp
        add     ENTRY + 8, %ebp
2:      test    %ebx, %ebx
        jnz     1b
        cmp     $4, %si
        check   ae, "E820h has too few entries"
        mov     $0xe820, %eax
        mov     $99, %ebx
        mov     $SMAP, %edx
        mov     $20, %ecx
        int     $0x15
        check   c, "E820h has an entry 99"
        mov     $0xe820, %eax
        xor     %ebx, %ebx
        xor     %edx, %edx
        mov     $20, %ecx
        int     $0x15
        check   c, "E820h without SMAP"

        mov     $0xe801, %ax
        int     $0x15
        check   nc, "E801h is refused"
        cmp     %ax, %cx
        check   e, "E801h: AX is not CX"
        cmp     %bx, %dx
        check   e, "E801h: BX is not DX"
        movzwl  %ax, %edx
        movzwl  %bx, %eax
        shl     $10, %edx
        shl     $16, %eax
        jz      1f
        cmp     $15 * 1024 * 1024, %edx
        check   e, "E801h has memory from 16 MiB on and a hole below"
1:      lea     0x100000(%eax, %edx), %eax
        xor     %ebp, %eax
        shr     $16, %eax
        check   z, "E801h ends elsewhere than E820h"
        mov     $0x88, %ah
        int     $0x15
        check   nc, "88h is refused"
        mov     %ebp, %edx
        shr     $10, %edx
        sub     $1024, %edx
        cmp     $0xffff, %edx
        jbe     1f
        mov     $0xffff, %edx
1:      movzwl  %ax, %eax
        cmp     %edx, %eax
        check   e, "88h ends elsewhere than E820h"

/* The gate of address line 20 */
        mov     $0x2401, %ax
        int     $0x15
        check   nc, "A20 cannot be opened"
        mov     $0x2402, %ax
        int     $0x15
        check   nc, "A20 cannot be asked"
        cmp     $1, %al
        check   e, "A20 is not open"

/* Calls that are refused come back, with nothing changed. */
        mov     $0x1234, %ax
        mov     $0x5678, %bx
        clc
        int     $0x13
        check   c, "int 13h is granted"
        cmp     $0x1234, %ax
        check   e, "int 13h changes AX"
        cmp     $0x5678, %bx
        check   e, "int 13h changes BX"
        mov     $0x5300, %ax
        int     $0x15
        check   c, "there is APM"

/* Keyboard: nobody types. */
        mov     $0x01, %ah
        int     $0x16
        check   z, "there is a key"
        mov     $0x02, %ah
        int     $0x16
        test    %al, %al
        check   z, "there is a shift key"

/* Time: three ticks of 55 ms, by halting until each. */
        xor     %ax, %ax
        int     $0x1a
        mov     %dx, %bp
        add     $3, %bp
1:      sti
        hlt
        xor     %ax, %ax
        int     $0x1a
        cmp     %bp, %dx
        jb      1b
        say     "done"
        mov     $0x604, %dx             /* SLP_EN, SLP_TYP of S5 */
        mov     $0x2000, %ax
        out     %ax, %dx
2:      hlt
        jmp     2b

cmdline:
        .asciz  "old and slow"
cmdline_end:
