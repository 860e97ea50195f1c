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

typedef struct {
    CpuModel *model;
    CodeCache *code;
    CpuConfig config; /* of every vCPU, but for what VcpuConfig says */
    unsigned next;    /* whose turn it is */
    uint64_t quantum;
    bool waiting; /* somebody is, as this round of turns has shown */
    Vcpu *running;
} TcgState;

/* AccelOps.configure. In options.c. */
bool tcg_configure(OptList *opts, void **options, GError **error);
TcgOptions tcg_default_options(void);

/* A target/i386 Cpu; `accel` is a TcgState. In vcpu.c. */
extern const VcpuOps tcg_vcpu;
/* The instruction that a Vcpu is executing, for the journal; from inside run(). */
void tcg_vcpu_where(void *opaque, JournalWhere *where);

#endif
