/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel's real-mode setup code finds of a BIOS: 4 KiB at F000:F000. The console is the first
 * serial port, as there is no display: int 10h's teletype writes to it, int 16h reads from it. The
 * memory map is what bios.c filled in. (Interrupt interfaces: Ralf Brown's list; int 15h/E820h
 * also ACPI 6.4, 15.1.) Left out: disks, video modes, APM, the PCI BIOS. What is not here is
 * refused: carry set, nothing else changed.
 */
        .code16
        .section .text, "ax"

        .set COM1, 0x3f8
        .set SMAP, 0x534d4150
        .set BDA, 0x40                  /* segment of the BIOS data area */
        .set BDA_EQUIPMENT, 0x10
        .set BDA_MEMORY, 0x13
        .set BDA_TICKS, 0x6c
        .set BDA_MIDNIGHT, 0x70
        .set TICKS_A_DAY, 0x1800b0
        .set CARRY, 0x01
        .set ZERO, 0x40
        .set E820_BYTES, 20

/* For bios.c: the entry, the table to fill in, the handler of all vectors, and those that have
   another: count, then vector and handler. */
        .word   init, memory, refuse, (vectors_end - vectors) / 4
vectors:
        .word   0x08, tick,    0x09, irq_low, 0x0a, irq_low, 0x0b, irq_low
        .word   0x0c, irq_low, 0x0d, irq_low, 0x0e, irq_low, 0x0f, irq_low
        .word   0x70, irq_high, 0x71, irq_high, 0x72, irq_high, 0x73, irq_high
        .word   0x74, irq_high, 0x75, irq_high, 0x76, irq_high, 0x77, irq_high
        .word   0x10, int10, 0x11, int11, 0x12, int12, 0x15, int15
        .word   0x16, int16, 0x18, nothing, 0x19, nothing, 0x1a, int1a, 0x1c, back
vectors_end:

/* Flags of the caller, who gets them back by iret. */
        .macro  with_flags operation, bits
        push    %bp
        mov     %sp, %bp
        \operation $\bits, 6(%bp)
        pop     %bp
        iret
        .endm

refuse: with_flags orb, CARRY
grant:  with_flags andb, ~CARRY
is_zero: with_flags orb, ZERO
not_zero: with_flags andb, ~ZERO
back:   iret

/* As firmware leaves the machine: the interrupt controllers at vectors 8 and 70h, the timer ticking,
   the serial port at 115200 8n1; then the setup code, at DS:0200h. */
init:
        mov     $init_ports, %si
        mov     $(init_ports_end - init_ports) / 3, %cx
1:      mov     %cs:(%si), %dx
        mov     %cs:2(%si), %al
        out     %al, %dx
        add     $3, %si
        loop    1b
        mov     %ds, %ax
        add     $0x20, %ax
        push    %ax
        push    $0
        xor     %eax, %eax
        xor     %edx, %edx
        xor     %esi, %esi
        lret

        .macro  port number, value
        .word   \number
        .byte   \value
        .endm
init_ports:
        port    0x20, 0x11
        port    0x21, 0x08
        port    0x21, 0x04
        port    0x21, 0x01
        port    0x21, 0xfa              /* IRQ 0 and the cascade */
        port    0xa0, 0x11
        port    0xa1, 0x70
        port    0xa1, 0x02
        port    0xa1, 0x01
        port    0xa1, 0xff
        port    0x43, 0x36              /* 18.2 Hz */
        port    0x40, 0x00
        port    0x40, 0x00
        port    COM1 + 3, 0x80
        port    COM1, 0x01
        port    COM1 + 1, 0x00
        port    COM1 + 3, 0x03
        port    COM1 + 1, 0x00
        port    COM1 + 2, 0x01
        port    COM1 + 4, 0x03
init_ports_end:

/* Interrupts of the chips */

tick:
        push    %ds
        push    $BDA
        pop     %ds
        incl    BDA_TICKS
        cmpl    $TICKS_A_DAY, BDA_TICKS
        jb      1f
        movl    $0, BDA_TICKS
        incb    BDA_MIDNIGHT
1:      pop     %ds
        int     $0x1c
        jmp     irq_low

irq_high:
        push    %ax
        mov     $0x20, %al
        out     %al, $0xa0
        pop     %ax
irq_low:
        push    %ax
        mov     $0x20, %al
        out     %al, $0x20
        pop     %ax
        iret

/* Console */

int10:
        cmp     $0x0e, %ah
        je      teletype
        cmp     $0x03, %ah
        je      cursor
        cmp     $0x0f, %ah
        je      video_mode
        jmp     refuse

teletype:
        call    write_byte
        iret

cursor:
        mov     $0x0607, %cx
        xor     %dx, %dx
        iret

video_mode:                             /* text, 80 columns, page 0 */
        mov     $0x5003, %ax
        xor     %bh, %bh
        iret

/* AL to the line; it is given up where nothing takes it. */
write_byte:
        push    %ax
        push    %cx
        push    %dx
        mov     %al, %ah
        xor     %cx, %cx
        mov     $COM1 + 5, %dx
1:      in      %dx, %al
        test    $0x20, %al
        loopz   1b
        mov     %ah, %al
        mov     $COM1, %dx
        out     %al, %dx
        pop     %dx
        pop     %cx
        pop     %ax
        ret

int16:
        test    $0xef, %ah              /* 00h and 10h */
        jz      read_key
        push    %ax
        and     $0xef, %ah
        cmp     $0x01, %ah
        pop     %ax
        je      peek_key                /* 01h and 11h */
        cmp     $0x02, %ah
        jne     refuse
        xor     %al, %al                /* no shift keys */
        iret

read_key:
        call    poll_key
        jnz     1f
        sti
        hlt                             /* the timer wakes us */
        jmp     read_key
1:      mov     %cs:key, %ax
        movw    $0, %cs:key
        iret

peek_key:
        call    poll_key
        jz      is_zero
        mov     %cs:key, %ax
        jmp     not_zero

/* Not zero if a key waits in `key`; an absent port has no bits that are 0. */
poll_key:
        cmpw    $0, %cs:key
        jne     1f
        push    %ax
        push    %dx
        mov     $COM1 + 5, %dx
        in      %dx, %al
        cmp     $0xff, %al
        je      2f
        test    $0x01, %al
        jz      2f
        mov     $COM1, %dx
        in      %dx, %al
        xor     %ah, %ah
        mov     %ax, %cs:key
2:      pop     %dx
        pop     %ax
        cmpw    $0, %cs:key
1:      ret

/* Memory */

int11:
        mov     $BDA_EQUIPMENT, %ax
        jmp     1f
int12:
        mov     $BDA_MEMORY, %ax
1:      push    %ds
        push    %bx
        push    $BDA
        pop     %ds
        mov     %ax, %bx
        mov     (%bx), %ax
        pop     %bx
        pop     %ds
        iret

int15:
        cmp     $0xe820, %ax
        je      e820
        cmp     $0xe801, %ax
        je      e801
        cmp     $0x88, %ah
        je      extended
        cmp     $0x24, %ah
        je      a20
        jmp     refuse

e820:
        cmp     $SMAP, %edx
        jne     refuse
        cmp     $E820_BYTES, %ecx
        jb      refuse
        cmp     %cs:map_count, %ebx
        jae     refuse
        push    %ds
        push    %si
        push    %di
        push    %cs
        pop     %ds
        imul    $E820_BYTES, %bx, %si
        add     $map, %si
        mov     $E820_BYTES / 2, %cx
        cld
        rep movsw
        pop     %di
        pop     %si
        pop     %ds
        inc     %ebx
        cmp     %cs:map_count, %ebx
        jb      1f
        xor     %ebx, %ebx
1:      mov     $E820_BYTES, %ecx
        mov     %edx, %eax
        jmp     grant

e801:
        mov     %cs:kib_to_16m, %ax
        mov     %cs:blocks_from_16m, %bx
        mov     %ax, %cx
        mov     %bx, %dx
        jmp     grant

extended:
        mov     %cs:kib_from_1m, %ax
        jmp     grant

/* AL 0 and 1 close and open the gate, 2 asks, 3 asks how. */
a20:
        cmp     $0x03, %al
        ja      refuse
        je      3f
        cmp     $0x02, %al
        je      2f
        push    %ax
        mov     %al, %ah
        add     %ah, %ah
        in      $0x92, %al
        and     $0xfc, %al              /* bit 0 would reset the machine */
        or      %ah, %al
        out     %al, $0x92
        pop     %ax
        xor     %ah, %ah
        jmp     grant
2:      in      $0x92, %al
        shr     $1, %al
        and     $0x01, %ax
        jmp     grant
3:      mov     $0x02, %bx              /* by port 92h */
        xor     %ah, %ah
        jmp     grant

/* Time of day: ticks since midnight */

int1a:
        test    %ah, %ah
        jnz     refuse
        push    %ds
        push    $BDA
        pop     %ds
        mov     BDA_TICKS, %dx
        mov     BDA_TICKS + 2, %cx
        mov     BDA_MIDNIGHT, %al
        movb    $0, BDA_MIDNIGHT
        pop     %ds
        iret

/* The program ended and wants the next to be booted. */
nothing:
        mov     $message, %si
1:      mov     %cs:(%si), %al
        inc     %si
        test    %al, %al
        jz      2f
        call    write_byte
        jmp     1b
2:      hlt
        jmp     2b

message:
        .asciz  "\r\nThe program has ended and there is nothing else to boot.\r\n"

        .balign 4
key:    .word   0                       /* read from the line already, or 0 */
        .balign 4
memory:
kib_to_16m:      .word 0                /* from 1 MiB to 16 MiB at most */
blocks_from_16m: .word 0                /* of 64 KiB */
kib_from_1m:     .word 0
                 .word 0
map_count:       .long 0
map:                                    /* E820 entries; bios.c knows how many fit */
