/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event on its way through the IDT; between excp.c and excp_enter.c. */
#ifndef TARGET_I386_EXCP_ENTER_H
#define TARGET_I386_EXCP_ENTER_H

#include "target/i386/cpu_state.h"

typedef struct {
    int vector;
    uint32_t error;
    bool has_error;
    bool soft;      /* INT n and the like */
    bool checked;   /* of those: all but INT1, whose gate may have any DPL */
    bool by_number; /* INT n of two bytes */
    bool external;  /* a vector from the APIC, or NMI */
    bool rf;        /* RFLAGS.RF in the pushed image */
    uint64_t rip;   /* return address */
} IntEvent;

/* Enters the handler, or raises with nothing changed but memory below the stack pointer. */
void excp_enter(Cpu *cpu, const IntEvent *ev);

#endif
