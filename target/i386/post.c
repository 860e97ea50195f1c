/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to a vCPU, and how it takes them: post.h. */
#include "target/i386/post.h"

#include "target/i386/mmu.h"

#define A20_MASK (~(1ull << 20))

static void post_add(Cpu *cpu, uint32_t what)
{
    __atomic_fetch_or(&cpu->posted.what, what, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&cpu->pending, PEND_POSTED, __ATOMIC_SEQ_CST);
}

void cpu_post_flush(Cpu *cpu)
{
    post_add(cpu, POSTED_FLUSH);
}

void cpu_post_a20(Cpu *cpu, bool on)
{
    cpu->posted.a20_off = !on;
    post_add(cpu, POSTED_A20);
}

void cpu_post_watch(Cpu *cpu, uint64_t paddr)
{
    if (cpu->posted.n_pages == G_N_ELEMENTS(cpu->posted.pages)) {
        post_add(cpu, POSTED_FLUSH); /* what is filled again, is filled with the watch */
        return;
    }
    cpu->posted.pages[cpu->posted.n_pages++] = paddr;
    post_add(cpu, POSTED_WATCH);
}

void cpu_post_forget_returns(Cpu *cpu)
{
    post_add(cpu, POSTED_RETURNS);
}

void cpu_take_posted(Cpu *cpu)
{
    if (!(cpu->pending & PEND_POSTED)) {
        return;
    }
    __atomic_fetch_and(&cpu->pending, ~PEND_POSTED, __ATOMIC_SEQ_CST);
    uint32_t what = __atomic_exchange_n(&cpu->posted.what, 0, __ATOMIC_SEQ_CST);
    if (what & POSTED_A20) {
        cpu->paddr_mask = cpu->posted.a20_off ? A20_MASK : UINT64_MAX;
    }
    if (what & (POSTED_A20 | POSTED_FLUSH)) {
        mmu_flush_all(cpu);
    } else if (what & POSTED_WATCH) {
        for (unsigned i = 0; i < cpu->posted.n_pages; i++) {
            mmu_watch_page(cpu, cpu->posted.pages[i]);
        }
    }
    cpu->posted.n_pages = 0;
    if (what & POSTED_RETURNS) {
        cpu_forget_returns(cpu);
    }
}
