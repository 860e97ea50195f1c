/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vCPUs of a machine share, and how they take turns; private to accel/tcg. */
#ifndef ACCEL_TCG_TCG_H
#define ACCEL_TCG_TCG_H

#include "machine/accel.h"
#include "target/i386/cpu.h"

/* Who runs guest code: the translator with the interpreter under it, or that alone (docs/cpu.md).
 */
typedef enum {
    TCG_TIER_AUTO, /* the translator, if the host gives memory for its code */
    TCG_TIER_INTERP,
    TCG_TIER_JIT,
} TcgTier;

typedef struct {
    TcgTier tier;
    uint32_t hot_runs; /* blocks that ran more often are translated */
} TcgOptions;

/* Below: a fraction of a millisecond, the latency of a timer or an interprocessor interrupt. */
#define TCG_QUANTUM 20000

/* A turn where time is counted, which may go on in several parts (counted.c). */
typedef struct {
    uint32_t index;      /* whose */
    uint32_t places;     /* of the round of turns that are to come */
    uint64_t left, used; /* of it, instructions; none left: the next one begins */
    Random lengths;      /* seeded: turns differ */
    int64_t end;         /* ns: when the turn would be over */
} TcgCounted;

typedef struct {
    CpuModel *model;
    CodeCache *code;
    CpuConfig config; /* of every vCPU, but for what VcpuConfig says */
    Clock *clock;
    unsigned next; /* whose turn it is */
    uint64_t quantum;
    bool waiting; /* somebody is, as this round of turns has shown */
    Vcpu *running;
    uint64_t done;     /* by all vCPUs, but for */
    uint64_t begun_at; /* what `running` has spent beyond this */
    TcgCounted counted;
} TcgState;

/* Lets `cpu` execute about `budget` instructions, and does what its end asks for. In tcg.c. */
CpuExit tcg_run_part(Machine *machine, TcgState *t, Vcpu *cpu, uint64_t budget);
/* `cpu` waits for somebody, as it seems, after so many instructions: turns get short. */
void tcg_yielded(const Machine *machine, TcgState *t, uint64_t instructions);
/* The next round's turns are longer, unless somebody waited in this one. */
void tcg_next_round(TcgState *t);
/* True if the main loop has something to do at once. */
bool tcg_must_return(const Machine *machine);

/* -icount, in counted.c: the clock counts from here on. */
void tcg_counted_start(TcgState *t, const Machine *machine);
/* AccelOps.run_slice for it. */
AccelResult tcg_counted_slice(Machine *machine, TcgState *t, int64_t until_ns);
/* AccelOps.executed and .turns. */
uint64_t tcg_executed(const void *state);
extern const StateField tcg_turns[];

/* AccelOps.configure. In options.c. */
bool tcg_configure(OptList *opts, void **options, GError **error);
TcgOptions tcg_default_options(void);

/* A target/i386 Cpu; `accel` is a TcgState. In vcpu.c. */
extern const VcpuOps tcg_vcpu;
/* The instruction that a Vcpu is executing, for the journal; from inside run(). */
void tcg_vcpu_where(void *opaque, JournalWhere *where);

#endif
