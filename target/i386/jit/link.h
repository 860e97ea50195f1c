/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a translated block besides its code. Addresses are executable ones.
 */
#ifndef TARGET_I386_JIT_LINK_H
#define TARGET_I386_JIT_LINK_H

#include "target/i386/jit/jit.h"

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
};

struct HostBlock {
    Block *block; /* NULL: killed */
    HostExit exit[2];
    HostExit *incoming;
    HostBlock *next; /* in the same segment */
    OpFn fn[];       /* the ops' handlers */
};

#endif
