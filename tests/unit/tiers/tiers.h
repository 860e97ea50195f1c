/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translator against interpreter: generated programs run on a vCPU of each tier.
 *
 * A program is a Sequence of cpuhost.h in several pages of code: blocks with branches in all
 * directions, calls, stores into its own code. rows.c and insns.c have instructions, program.c
 * control flow, and place.c places them; cpuhost/vcpu.c runs it; test-tiers.c compares the tiers at
 * every stop, and both with the host's CPU.
 */
#ifndef TESTS_UNIT_TIERS_H
#define TESTS_UNIT_TIERS_H

#include "tests/unit/cpuhost/vcpu.h" /* CODE_PAGES, SEQ_MAX: given by tests/unit/meson.build */

/* The end of the code pages is data: stores beside code. */
#define CODE_DATA     256u
#define CODE_DATA_END (CODE_BASE + CODE_SIZE)

#define FLAGS_ALL 0x8d5u
#define FLAGS_AF  0x10u

/* A program in the making. */
#define MAX_LABELS 24
#define MAX_FIXES  96
#define MAX_SITES  48
typedef struct {
    uint16_t at, next; /* of the displacement, of the instruction after it */
    uint8_t label;
} Fix;
typedef enum { SITE_IMM8, SITE_IMM32, SITE_JCC, SITE_KINDS } SiteKind;
typedef struct {
    uint16_t at, next;
    SiteKind kind;
} Site;
typedef struct {
    Sequence *seq;
    Rng rng;
    ZydisDecoder decoder;
    uint32_t undefined; /* RFLAGS bits without a defined value here */
    uint16_t label[MAX_LABELS];
    Fix fixes[MAX_FIXES];
    unsigned n_fixes;
    Site sites[MAX_SITES], stores[MAX_SITES]; /* what can be patched; what patches */
    unsigned n_sites, n_stores;
    bool wild;   /* operands that fault are wanted */
    bool kernel; /* system calls, too */
} Gen;

/* Guest registers by their use in programs. */
enum { FUEL = 15 };

/* An instruction before it has its place. */
typedef struct {
    uint8_t bytes[20];
    unsigned length;
    int rip_at; /* of a displacement from the next instruction, or -1 */
    uint64_t rip_target;
} Draft;

static inline unsigned pick(Gen *gen, unsigned n)
{
    return (unsigned)((rng_next(&gen->rng) >> 32) * n >> 32);
}

static inline bool chance(Gen *gen, unsigned percent)
{
    return pick(gen, 100) < percent;
}

static inline void draft_byte(Draft *draft, unsigned value)
{
    draft->bytes[draft->length++] = (uint8_t)value;
}

/* place.c */
void draft_bytes(Draft *draft, const void *bytes, unsigned length);
/* Places an instruction; where it is. One that reads undefined flags gets a CMP before it. */
unsigned place(Gen *gen, Draft *draft);
unsigned place_bytes(Gen *gen, const void *bytes, unsigned length);
#define PLACE(gen_, ...)                                                                           \
    place_bytes(gen_, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
/* Makes all flags but AF defined. */
void place_flags(Gen *gen);

/* insns.c */
unsigned pick_scratch(Gen *gen);
/* Any instruction that goes on to the next. */
void place_any(Gen *gen);
/* mov pointer, address of data */
void place_pointer(Gen *gen);

/* program.c */
/* False if the program is only for our vCPUs. */
bool program_generate(Sequence *seq, uint64_t seed);
/* program32.c: 32-bit code, for our vCPUs; of instructions that the filter has. */
void program32_generate(Sequence *seq, uint64_t seed, SeqFilter *filter, void *opaque);

/* program.c: RFLAGS bits that need not be the same when the program stands at `rip`. */
uint32_t program_undefined(const Sequence *seq, uint64_t rip);

#endif
