/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest gets where it asks for random numbers: the host's, or, with -seed or -icount,
 * numbers that follow from a seed. The latter are no good for keys.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    bool seeded;    /* else the host's */
    uint64_t state; /* what comes next, with `seeded` */
} Random;

void random_seed(Random *random, uint64_t seed);
/* NULL is the host's. False if the host has none to give now. */
bool random_bytes(Random *random, void *to, size_t len);
/* Of a seeded one. */
uint64_t random_next(Random *random);

#endif
