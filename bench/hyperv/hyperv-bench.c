/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long an IPI by hypercall takes, from the CPU's call of its virtual processor to the IRR bits
 * of those that it is for: HvCallSendSyntheticClusterIpi, fast, to one and to all of 64. A
 * partition and local APICs, without a machine around them.
 */
#include <stdio.h>

#include "../apics.h"
#include "tests/unit/hyperv-board.h"

#define SEND_IPI (0xbu | HV_FAST)
#define CALLS    200000u
#define ROUNDS   7

static double once(HvVp *vp, uint64_t mask)
{
    double start = bench_now_ns();
    for (unsigned i = 0; i < CALLS; i++) {
        hv_call(vp, SEND_IPI, 0x20 + i % 200, mask);
    }
    return (bench_now_ns() - start) / CALLS;
}

static void measure(const char *what, uint64_t mask)
{
    Rig rig;
    double best = 1e9;
    rig_up(&rig, NULL);
    hv_establish(hv_vp(rig.hv, 0));
    for (unsigned round = 0; round < ROUNDS; round++) {
        double ns = once(hv_vp(rig.hv, 0), mask);
        best = MIN(best, ns);
    }
    rig_down(&rig, NULL);
    printf("%-34s %7.1f ns\n", what, best);
}

int main(void)
{
    measure("IPI by hypercall, to one", 2);
    measure("to 64", UINT64_MAX);
    return 0;
}
