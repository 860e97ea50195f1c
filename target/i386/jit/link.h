/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a translated block besides its code. Addresses are executable ones.
 */
#ifndef TARGET_I386_JIT_LINK_H
#define TARGET_I386_JIT_LINK_H

#include "target/i386/jit.h"

/* Guest vector registers, as masks: in the host's registers, with the upper halves; newer there
 * than in the Cpu, and with the upper halves. */
typedef struct {
    uint16_t cached, upper, dirty, dirty_upper;
} VecState;

typedef struct HostBlock HostBlock;
typedef struct HostExit HostExit;

struct HostExit {
    uint8_t *site;   /* the displacement that decides where it goes */
    uint8_t *out;    /* where it goes while not linked */
    uint8_t *frame;  /* to another page: the constant with the target's page frame, */
    uint8_t *target; /* and the displacement of the jump after that compare */
    Block *from;     /* NULL: its code is dead */
    HostBlock *to;
    HostExit *next, **prev; /* of those that lead to `to` */
    uint8_t n;
    VecState vec; /* what the host's registers have there */
};

struct HostBlock {
    Block *block; /* NULL: killed */
    HostExit exit[2];
    HostExit *incoming;
    uint8_t *warm; /* the way in for exits that have `needs`, or NULL */
    VecState needs;
    HostBlock *next; /* in the same segment */
    OpFn fn[];       /* the ops' handlers */
};

#endif
