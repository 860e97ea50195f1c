/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two right CPUs may differ in, where a sequence stopped: a row names the instructions, the
 * makers, the state that is forgiven, and the manual's words. All else must be the same.
 */
#ifndef TESTS_UNIT_CPUHOST_FORGIVE_H
#define TESTS_UNIT_CPUHOST_FORGIVE_H

#include "tests/unit/cpuhost/cpuhost.h"

/* A run on both. What is forgiven is made the host's in `ours`. */
typedef struct {
    Maker maker;   /* whose rows hold */
    bool switched; /* that is not the host's maker: a review */
    const Sequence *seq;
    const Outcome *host;
    const uint8_t *host_data;
    Outcome *ours;
    uint8_t *our_data;
} Comparison;

/* The instruction in which it stopped. */
typedef struct {
    ZydisDecodedInstruction zi;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
} Stop;

typedef struct {
    const char *name, *instructions;
    unsigned makers;
    bool only_switched; /* ours does as its maker: no difference to a host of the same */
    bool intels_first;  /* where one goes on, it is Intel's that stops in the instruction */
    /* True if it forgave something. */
    bool (*forgive)(Comparison *c, const Stop *stop);
    const char *state, *words;
} ForgiveRow;

/* NULL after the last. */
const ForgiveRow *forgive_row(unsigned n);
/* Applies the rows; a bit for each that forgave something. */
uint32_t forgive(Comparison *c);

#endif
