/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interrupt that gets lost long after the mistake: a job's result is stored through a pointer to
 * what was freed and is now the interrupt remapping table. The unit goes on with the entry that it
 * has cached, until somebody flushes the cache for reasons of their own. tests/gdb/corrupt.gdb goes
 * from the loss back to the store; docs/debugging.md tells how.
 */
#include "lib/vtd.h"
#include "tests/include/testdevs.h"

enum { VECTOR = 0x51 };
#define INDEX       5
#define ROUNDS      40
#define BAD_ROUND   12
#define FLUSH_EVERY 10
#define PATIENCE    1000000 /* of the TSC */

typedef struct {
    uint64_t sum;
    uint64_t *result;
} Job;

static Vtd vtd;
static Pci edu;
static uint64_t bar;
static uint64_t results[ROUNDS];

static __attribute__((noinline)) void finish_job(Job *job)
{
    asm volatile("" : "+r"(job)); /* a function of its own */
    *job->result = job->sum << 4; /* here */
}

static void work(unsigned round)
{
    Job job = {.result = &results[round]};
    for (unsigned i = 0; i < 20000; i++) {
        job.sum = job.sum * 31 + i + round;
        asm volatile("" : "+r"(job.sum));
    }
    if (round == BAD_ROUND) { /* whoever had it has given it back */
        job.result = (uint64_t *)(uintptr_t)vtd_entry(INDEX);
    }
    finish_job(&job);
}

static bool interrupt_comes(void)
{
    uint64_t before = vector_count[VECTOR];
    write32(bar + EDU_RAISE, 1);
    for (uint64_t start = rdtsc(); rdtsc() - start < PATIENCE && vector_count[VECTOR] == before;
         pause()) {
    }
    write32(bar + EDU_ACK, 1);
    return vector_count[VECTOR] == before + 1;
}

void guest_main(void)
{
    if (!vtd_begin(&vtd, ORDER_LINUX, EDU, &edu, &bar)) {
        return;
    }
    vtd_store(ORDER_LINUX, INDEX, vtd_irte(&vtd, VECTOR, apic_id(), false, pci_id(edu)));
    vtd_flush_index(&vtd, INDEX, 0);
    msi_set(edu, vtd_msi_address(INDEX), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        work(round);
        if (round % FLUSH_EVERY == FLUSH_EVERY - 1) {
            vtd_flush_all(&vtd);
        }
        if (!interrupt_comes()) {
            print("guest: round %u: no interrupt\n", round);
            return;
        }
    }
}
