/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets of fuzzing: what a guest, an image or a client can send, made from bytes. A target reads
 * an input as a program of its own: which registers to write, which rings to build and to break.
 * The same bytes do the same, so an input that ends a run is all that is needed to end it again.
 *
 * Two drivers use the table: generator.c (any compiler, inputs from a seed) and libfuzzer.c
 * (clang's libFuzzer, inputs by coverage). docs/fuzzing.md tells how they are run.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* An input, read from its front. What is read past its end is 0. */
typedef struct {
    const uint8_t *data;
    size_t len, at;
} FuzzInput;

bool fuzz_more(const FuzzInput *in);
uint8_t fuzz_u8(FuzzInput *in);
uint64_t fuzz_u64(FuzzInput *in);
/* 0 to n - 1; n is 1 to 65536. */
unsigned fuzz_below(FuzzInput *in, unsigned n);
/* Copies at most `len` bytes out; how many there were. */
size_t fuzz_take(FuzzInput *in, void *to, size_t len);
/* A number that code trips over: few bits, all of them, around a power of two, small, any. */
uint64_t fuzz_number(FuzzInput *in);

typedef struct {
    const char *name;
    /* What all runs share, and may leave changed for the next: NULL if they share nothing. */
    void *(*open)(const void *data);
    void (*run)(void *state, FuzzInput *in);
    void (*close)(void *state);
    const void *data;
    unsigned length; /* bytes of an input, at most */
    unsigned renew;  /* after so many runs what is shared is made anew */
    unsigned cost;   /* of a run, beside one of a device's: as many fewer are made of it */
} FuzzTarget;

/* Tables of targets, each ended by a NULL name. */
extern const FuzzTarget fuzz_devices[], fuzz_vcpus[], fuzz_readers[], fuzz_monitors[],
    fuzz_networks[];
/* The nth of all of them; NULL after the last. */
const FuzzTarget *fuzz_target(unsigned n);
const FuzzTarget *fuzz_target_find(const char *name);

#endif
