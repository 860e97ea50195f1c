/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start of a paravirtual first domain of Xen's (xen/include/public/elfnote.h): notes that say
 * how it wants to be loaded, RSI = start info, and a page that Xen fills with hypercalls.
 */
    .macro note type, value:vararg
    .section .note.xen, "a"
    .balign 4
    .long 4, 2f - 1f, \type
    .asciz "Xen"
1:  \value
2:  .balign 4
    .endm

    note 1, .quad dom0_entry                /* XEN_ELFNOTE_ENTRY */
    note 2, .quad hypercall_page            /* _HYPERCALL_PAGE */
    note 3, .quad 0                         /* _VIRT_BASE: as linked */
    note 4, .quad 0                         /* _PADDR_OFFSET */
    note 5, .asciz "xen-3.0"                /* _XEN_VERSION */
    note 6, .asciz "calls"                  /* _GUEST_OS */
    note 8, .asciz "generic"                /* _LOADER */
    note 9, .asciz "yes"                    /* _PAE_MODE */
    note 17, .long 1 << 11                  /* _SUPPORTED_FEATURES: XENFEAT_dom0 */

    .text
    .globl dom0_entry, hypercall_page
dom0_entry:
    cld
    movq %rsi, start_info
    movq $dom0_stack_top, %rsp
    call guest_main
    call guest_exit

    .balign 4096
hypercall_page:
    .skip 4096

    .bss
    .balign 4096
    .skip 16384
dom0_stack_top:
    .section .note.GNU-stack, "", @progbits
