/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop that runs decoded blocks: cpu_run().
 *
 * Within a block the ops call one another (op.h). Between blocks the loop looks at cpu->pending and
 * the budget, follows the block's link if its target is known and still mapped there, else finds
 * the block by linear address in this CPU's jump cache, else by physical address in the CodeCache,
 * else decodes it. Whether a linear address still leads to a block is always asked of the TLB, so
 * nothing here needs flushing when mappings change.
 *
 * Anything that raises comes back by siglongjmp to run_protected(), which restores RIP from the op
 * that was executing and delivers the exception.
 */
#include "target/i386/interp.h"

#include "target/i386/block.h"
#include "target/i386/breakpoints.h"
#include "target/i386/debug_regs.h"
#include "target/i386/decode.h"
#include "target/i386/excp.h"
#include "target/i386/exec.h"
#include "target/i386/mxcsr.h"
#include "target/i386/post.h"
#include "target/i386/steal_time.h"

/* Decoding one instruction a block, for a reason that is not in cpu->mode. */
#define MODE_SINGLE (1u << 31)

#define DR7_ENABLE(n)    (3u << (2 * (n)))
#define DR7_TYPE(dr7, n) (((dr7) >> (16 + 4 * (n))) & 3) /* 0: execution */

void exec_init(Cpu *cpu)
{
    cpu->exec = g_new0(Exec, 1);
    cpu->n_cpus = cpu->cfg.total;
    code_cache_attach(cpu->cfg.code, cpu);
}

void exec_free(Cpu *cpu)
{
    if (cpu->exec) {
        code_cache_detach(cpu->cfg.code, cpu);
        g_clear_pointer(&cpu->exec, g_free);
    }
}

OpNext op_stale(Cpu *cpu, const Op *op)
{
    cpu->budget += op->left;
    cpu->rip = (cpu->rip + op->off) & cpu->rip_mask;
    return NEXT_JUMP;
}

uint64_t ea_slow(Cpu *cpu, const Op *op, unsigned size, bool write)
{
    uint64_t ea = ea_fast(cpu, op);
    if (op->asize == 4) {
        ea = (uint32_t)ea;
    } else if (op->asize == 2) {
        ea = (uint16_t)ea;
    }
    if (op->ea_kind == EA_SEGBASE || op->ea_kind == EA_SEGTRUNC) {
        return ea + cpu->seg[op->seg].base;
    }
    return op->ea_kind == EA_CHECK ? seg_linear(cpu, op->seg, ea, size, write) : ea;
}

static uint64_t linear_rip(const Cpu *cpu)
{
    return cpu->mode & CPU_MODE_CS64 ? cpu->rip : (uint32_t)(cpu->seg[SEG_CS].base + cpu->rip);
}

/* Does `linear` lead to this block right now, as far as the TLB knows? */
static ALWAYS_INLINE bool leads_to(Cpu *cpu, uint64_t linear, const Block *b)
{
    const TlbEntry *e = mmu_tlb_entry(cpu, linear, cpu->mmu_mode);
    return e->tag_exec == (linear & ~(PAGE_SIZE - 1)) &&
           (e->paddr | (linear & (PAGE_SIZE - 1))) == b->paddr;
}

/* Code that runs from registers of a device or from ROM without a host address: read it. */
static const uint8_t *fetch_copy(Cpu *cpu, uint64_t paddr, uint8_t *buf, unsigned len)
{
    CpuBefore before = cpu_device_enter(cpu);
    as_read(cpu->cfg.memory, paddr, buf, len);
    cpu_device_leave(cpu, before);
    return buf;
}

static Block *decode_at(Cpu *cpu, uint64_t linear, uint64_t paddr, const uint8_t *host,
                        uint32_t mode)
{
    uint8_t first[16], second[16];
    unsigned room = (unsigned)(PAGE_SIZE - (paddr & (PAGE_SIZE - 1)));
    bool in_ram = host != NULL;
    DecodeInput in = {.paddr = paddr,
                      .bytes = host,
                      .avail = room,
                      .mode = mode,
                      .single = (mode & (MODE_SINGLE | CPU_MODE_TF)) || !in_ram};
    if (!in_ram) {
        in.avail = MIN(room, 15u);
        in.bytes = fetch_copy(cpu, paddr, first, in.avail);
    }
    Block *b = decode_block(cpu, &in);
    if (!b) {
        uint8_t *host2;
        uint64_t next = linear + in.avail;
        if (!(mode & CPU_MODE_CS64)) {
            next = (uint32_t)next;
        }
        in.more_paddr = mmu_translate_code(cpu, next, &host2);
        in.more = host2 ? host2 : fetch_copy(cpu, in.more_paddr, second, 15);
        in.more_avail = 15;
        b = decode_block(cpu, &in);
    }
    if (in_ram) {
        code_cache_insert(cpu->cfg.code, cpu, b);
    }
    return b;
}

/* A block with an instruction in two pages is only good while the second page is where it was. */
static bool second_page_holds(Cpu *cpu, uint64_t linear, const Block *b)
{
    uint8_t *host;
    uint64_t next = (linear | (PAGE_SIZE - 1)) + 1;
    if (!(b->mode & CPU_MODE_CS64)) {
        next = (uint32_t)next;
    }
    return mmu_translate_code(cpu, next, &host) == b->paddr2;
}

/* Another vCPU may have had the block cache flushed. */
static void forget_flushed(Cpu *cpu, Exec *x)
{
    uint64_t epoch = code_cache_epoch(cpu->cfg.code);
    if (x->epoch != epoch) {
        memset(x->jumps, 0, sizeof(x->jumps));
        x->epoch = epoch;
    }
}

/* The block that was last found at `linear`; whether it is still there is not said. */
static ALWAYS_INLINE Block *jump_cached(const Exec *x, uint64_t linear, uint32_t mode)
{
    unsigned slot = (unsigned)(linear ^ (linear >> JUMP_BITS)) & (JUMPS - 1);
    Block *b = x->jumps[slot].block;
    return b && x->jumps[slot].linear == linear && b->mode == mode && b->alive ? b : NULL;
}

static __attribute__((noinline)) Block *find_block_slow(Cpu *cpu, Exec *x, uint64_t linear,
                                                        uint32_t mode)
{
    CodeCache *code = cpu->cfg.code;
    uint8_t *host;
    if (!(mode & (CPU_MODE_CS64 | CPU_MODE_FLAT)) && cpu->rip > cpu->seg[SEG_CS].limit) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    uint64_t paddr = mmu_translate_code(cpu, linear, &host);
    if (G_UNLIKELY(cpu->breakpoints) && !(mode & MODE_SINGLE) && !cpu->parting &&
        breakpoints_in_code_page(cpu, linear & ~(PAGE_SIZE - 1))) {
        cpu_begin_anew(cpu);
    }
    code_cache_tidy(code, cpu);
    forget_flushed(cpu, x);
    Block *b = jump_cached(x, linear, mode);
    if (b && b->paddr == paddr) {
        return b; /* the TLB had lost it, no more */
    }
    b = code_cache_find(code, paddr, mode);
    if (b && b->crosses && !second_page_holds(cpu, linear, b)) {
        code_cache_invalidate(code, b->paddr, 1);
        b = NULL;
    }
    if (!b) {
        b = decode_at(cpu, linear, paddr, host, mode);
    }
    if (!b->crosses && host) {
        unsigned slot = (unsigned)(linear ^ (linear >> JUMP_BITS)) & (JUMPS - 1);
        x->jumps[slot].linear = linear;
        x->jumps[slot].block = b;
    }
    return b;
}

static ALWAYS_INLINE Block *find_block(Cpu *cpu, Exec *x, uint32_t mode)
{
    uint64_t linear = linear_rip(cpu);
    Block *b = jump_cached(x, linear, mode);
    if (G_LIKELY(b && leads_to(cpu, linear, b))) {
        return b;
    }
    return find_block_slow(cpu, x, linear, mode);
}

/* The block after `b` by link `n`, linking it if it may be. */
static __attribute__((noinline)) Block *find_linked(Cpu *cpu, Exec *x, Block *b, unsigned n)
{
    uint64_t epoch = x->epoch;
    Block *to = find_block(cpu, x, cpu->mode);
    if (x->epoch == epoch && b->alive && to->alive && !to->crosses) {
        b->link[n] = to;
    }
    return to;
}

/* DR6 bits of the execution breakpoints that RIP is at. */
static uint32_t code_breakpoints(const Cpu *cpu)
{
    uint64_t linear = linear_rip(cpu);
    uint32_t hits = 0;
    for (unsigned n = 0; n < 4; n++) {
        if ((cpu->dr[7] & DR7_ENABLE(n)) && DR7_TYPE(cpu->dr[7], n) == 0 && cpu->dr[n] == linear) {
            hits |= 1u << n;
        }
    }
    return hits;
}

/* The guest's own breakpoints of any kind make each instruction a block: a data breakpoint's trap
 * comes right after the instruction that hit it. A debugger's do in their pages. */
static bool wants_step(const Cpu *cpu)
{
    return G_UNLIKELY((cpu->dr[7] & DR7_ENABLES) || cpu->step_one) ||
           G_UNLIKELY(cpu->breakpoints && breakpoints_want_step(cpu, linear_rip(cpu)));
}

/* Their handlers look at TF themselves. */
static bool is_fast_call(const Block *b)
{
    switch (b->ops[0].mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_SYSEXIT:
        return true;
    default:
        return false;
    }
}

/* What a taken JMP or Jcc, or one that is fused to a compare, has changed is RIP alone. */
static __attribute__((noinline, cold)) void undo_branch(Cpu *cpu, const Block *b)
{
    const Op *op = &b->ops[b->n_ops - 1];
    unsigned at = op->off;
    if (op->cond != OP_NO_COND) {
        at += op->len - op->aux;
    }
    cpu->rip += at - (uint64_t)(int64_t)op->target;
    cpu->budget++;
    cpu_raise_error(cpu, EXCP_GP, 0);
}

/* Nor has a computed jump of host code. */
static __attribute__((noinline, cold)) void undo_jump(Cpu *cpu)
{
    cpu->rip = cpu->jump_page + cpu->jump_off;
    cpu->budget++;
    cpu_raise_error(cpu, EXCP_GP, 0);
}

/* `b` ended with `next`. A target in the branch's own page is canonical, and so is one that host
 * code goes to by itself; what is beyond the limit of a segment the handlers know. */
static ALWAYS_INLINE void check_branch(Cpu *cpu, const Block *b, OpNext next)
{
    if (next == NEXT_LINK0 && !b->link_local[0] && G_UNLIKELY(!mmu_is_canonical(cpu->rip))) {
        undo_branch(cpu, b);
    }
}

/* How to go on after host code's `next`. */
static ALWAYS_INLINE OpNext check_jump(Cpu *cpu, OpNext next)
{
    if (next != NEXT_LOOKUP) {
        return next;
    }
    if (G_UNLIKELY(!mmu_is_canonical(cpu->rip))) {
        undo_jump(cpu);
    }
    return NEXT_JUMP;
}

static ALWAYS_INLINE OpNext block_enter(Cpu *cpu, const Block *b)
{
    cpu->budget -= b->n_insns;
    cpu->rip -= block_offset(b);
    OpNext next = b->enter(cpu, b->ops);
    cpu->op = NULL;
    return next;
}

/* One instruction, with everything that may surround one: interrupt shadow, TF, the guest's
 * breakpoints. */
static OpNext step_here(Cpu *cpu, Exec *x)
{
    if ((cpu->dr[7] & DR7_ENABLES) && !(cpu->rflags & FLAG_RF) && cpu->int_shadow != SHADOW_SS) {
        uint32_t hits = code_breakpoints(cpu);
        if (hits) {
            cpu_deliver_debug(cpu, hits);
            return NEXT_EVENT;
        }
    }
    bool trap = cpu->rflags & FLAG_TF;
    cpu->int_shadow = SHADOW_NONE;
    cpu->dr6_held = cpu->dr6_traps;
    Block *b = find_block(cpu, x, cpu->mode | MODE_SINGLE);
    x->block = b;
    cpu->rflags &= ~FLAG_RF;
    cpu->step_next = false;
    cpu->stepping = true;
    OpNext next = block_enter(cpu, b);
    cpu->stepping = false;
    check_branch(cpu, b, next);
    cpu->dr6_held = 0;
    if (trap && cpu->int_shadow != SHADOW_SS && !is_fast_call(b)) {
        debug_trap(cpu, DR6_BS);
    }
    return next;
}

/* The same, unless a debugger's breakpoint stops before it. */
static OpNext interp_step(Cpu *cpu, Exec *x)
{
    bool stop = cpu->breakpoints && breakpoints_stop(cpu, linear_rip(cpu));
    return stop ? NEXT_EVENT : step_here(cpu, x);
}

/* An interrupt that IF holds back is nothing to leave the loop for: guests run long with one. */
static ALWAYS_INLINE bool has_events(const Cpu *cpu)
{
    return G_UNLIKELY(cpu->pending) && !(cpu->pending == PEND_INTR && !(cpu->rflags & FLAG_IF));
}

/* Takes what is pending, and what that brings with it: a handler's stack may be watched. */
static void take_events(Cpu *cpu)
{
    while (has_events(cpu) && cpu_take_events(cpu) && cpu->budget > 0) {
    }
}

/* Everything that can keep the CPU from executing the next instruction. False: *exit is why. */
static bool may_go_on(Cpu *cpu, CpuExit *exit)
{
    if (cpu->pending & PEND_KICK) {
        __atomic_and_fetch(&cpu->pending, ~PEND_KICK, __ATOMIC_SEQ_CST);
        *exit = CPU_RAN;
        return false;
    }
    if (G_UNLIKELY(cpu->pending & PEND_BREAK)) {
        __atomic_and_fetch(&cpu->pending, ~PEND_BREAK, __ATOMIC_SEQ_CST);
        *exit = CPU_BREAK;
        return false;
    }
    cpu_take_posted(cpu);
    take_events(cpu);
    if (cpu->shutdown) {
        *exit = CPU_TRIPLE_FAULT;
        return false;
    }
    if (cpu->halted || cpu->wait_sipi) {
        *exit = CPU_HALTED;
        return false;
    }
    *exit = CPU_RAN;
    return cpu->budget > 0;
}

/* Runs blocks until one says that more than RIP may have changed, or something is pending. */
static OpNext run_blocks(Cpu *cpu, Exec *x)
{
    Jit *jit = code_cache_jit(cpu->cfg.code);
    uint32_t hot = code_cache_hot(cpu->cfg.code);
    Block *b = find_block(cpu, x, cpu->mode);
    for (;;) {
        if (G_UNLIKELY(jit && !b->host && b->runs++ >= hot)) {
            code_cache_translate(cpu->cfg.code, b, cpu);
        }
        x->block = b;
        OpNext next = block_enter(cpu, b);
        b = x->block; /* host code goes from block to block on its own */
        check_branch(cpu, b, next);
        next = check_jump(cpu, next);
        if (has_events(cpu) || G_UNLIKELY(cpu->budget <= 0)) {
            return next;
        }
        if (G_LIKELY(next <= NEXT_LINK1)) {
            Block *to = b->link[next];
            if (G_LIKELY(to && to->alive &&
                         (b->link_local[next] || leads_to(cpu, linear_rip(cpu), to)))) {
                if (G_UNLIKELY(b->open_exits >> next & 1) && to->host) {
                    jit_link(jit, b, next, to);
                }
                b = to;
            } else {
                b = find_linked(cpu, x, b, next);
            }
        } else if (next == NEXT_JUMP) {
            b = find_block(cpu, x, cpu->mode);
        } else {
            return next;
        }
    }
}

/* The guest itself has each instruction be a block. */
static bool steps_anyway(const Cpu *cpu)
{
    return (cpu->mode & CPU_MODE_TF) || (cpu->int_shadow && cpu->pending) ||
           (cpu->dr[7] & DR7_ENABLES);
}

/* Begins a block that is to be executed in parts. */
static void part_block(Cpu *cpu, Exec *x)
{
    cpu->parting = true; /* until back_to_instruction(), if it raises */
    const Block *b = find_block(cpu, x, cpu->mode | (steps_anyway(cpu) ? MODE_SINGLE : 0));
    cpu->parting = false;
    cpu->block_left = b->n_insns;
    cpu->part_of = b->paddr;
}

static bool wants_parts(const Cpu *cpu)
{
    return cpu->exact && (cpu->block_left > 0 || cpu->step_one || breakpoints_near_stop(cpu) ||
                          (cpu->breakpoints && breakpoints_want_step(cpu, linear_rip(cpu))));
}

/* What the rest of a block has been charged already, where it is executed as one. */
static void charge_rest(Cpu *cpu, int64_t instructions)
{
    cpu->budget -= instructions;
    cpu->run_budget -= instructions;
}

/* One instruction of a block that has to be executed as one. What ends it early, ends that: an
 * exception (back_to_instruction()), its bytes written to, whatever is no NEXT_LINK or NEXT_JUMP,
 * and an STI with something pending. */
static OpNext execute_part(Cpu *cpu, Exec *x)
{
    if (cpu->block_left == 0) {
        part_block(cpu, x);
    }
    uint64_t epoch = x->epoch;
    const Block *whole = code_cache_find(cpu->cfg.code, cpu->part_of, cpu->mode);
    unsigned rest = --cpu->block_left;
    charge_rest(cpu, rest);
    OpNext next = step_here(cpu, x);
    charge_rest(cpu, -(int64_t)rest);
    if (next == NEXT_EVENT || next == NEXT_YIELD ||
        (cpu->int_shadow && (cpu->pending & ~PEND_BREAK)) ||
        (whole && x->epoch == epoch && !whole->alive)) {
        cpu->block_left = 0;
    }
    return next;
}

/* A part, and what may stop it before or after. True: *exit is how the run ends. */
static bool run_parts(Cpu *cpu, Exec *x, CpuExit *exit)
{
    *exit = CPU_BREAK;
    if (breakpoints_at_stop(cpu, linear_rip(cpu), true) ||
        (cpu->breakpoints && breakpoints_stop(cpu, linear_rip(cpu)))) {
        __atomic_and_fetch(&cpu->pending, ~PEND_BREAK, __ATOMIC_SEQ_CST);
        return true;
    }
    cpu->last_began = (VcpuStop){cpu_instructions(cpu), cpu_spent(cpu), 0};
    OpNext next = execute_part(cpu, x);
    if (cpu->pending & PEND_BREAK) {
        __atomic_and_fetch(&cpu->pending, ~PEND_BREAK, __ATOMIC_SEQ_CST);
        return true;
    }
    if (breakpoints_at_stop(cpu, linear_rip(cpu), false)) {
        return true;
    }
    *exit = next == NEXT_YIELD ? CPU_YIELDED : CPU_RAN;
    return next == NEXT_YIELD || cpu->step_one;
}

static CpuExit run_loop(Cpu *cpu)
{
    Exec *x = cpu->exec;
    CpuExit exit;
    while (cpu->block_left > 0 || may_go_on(cpu, &exit)) {
        cpu->rip_mask = cpu->mode & CPU_MODE_CS64   ? ~0ull
                        : cpu->mode & CPU_MODE_CS32 ? 0xffffffffull
                                                    : 0xffffull;
        if (cpu->mode & CPU_MODE_MASKED) {
            fpu_mxcsr_enter(cpu);
        }
        OpNext next;
        if (G_UNLIKELY(wants_parts(cpu))) {
            if (run_parts(cpu, x, &exit)) {
                return exit;
            }
            continue;
        }
        if (G_UNLIKELY((cpu->mode & CPU_MODE_TF) || (cpu->int_shadow && cpu->pending) ||
                       wants_step(cpu))) {
            next = interp_step(cpu, x);
        } else {
            cpu->int_shadow = SHADOW_NONE;
            cpu->rflags &= ~FLAG_RF;
            next = run_blocks(cpu, x);
        }
        if (next == NEXT_YIELD) {
            return CPU_YIELDED;
        }
    }
    return exit;
}

/* Something came out of a handler, or out of fetching: back to a precise state, in which the
 * instruction counts only if it was `executed`. */
static void back_to_instruction(Cpu *cpu, bool executed)
{
    const Op *op = cpu->op;
    cpu->stepping = cpu->parting = false;
    if (cpu->exact) {
        charge_rest(cpu, -(int64_t)cpu->block_left);
        cpu->block_left = 0;
        if (op && cpu->step_next) {
            cpu->block_left = op->left;
            cpu->part_of = ((const Exec *)cpu->exec)->block->paddr;
        }
    }
    if (op) {
        cpu->budget += op->left - (executed ? 1 : 0);
        cpu->rip = (cpu->rip + op->off) & cpu->rip_mask;
        cpu->op = NULL;
    }
}

static CpuExit run_protected(Cpu *cpu)
{
    sigjmp_buf env;
    cpu->unwind = &env;
    switch (sigsetjmp(env, 0)) {
    case CPU_UNWIND_NOT:
        break;
    case CPU_UNWIND_ANEW:
        back_to_instruction(cpu, false);
        break;
    default:
        back_to_instruction(cpu, cpu->excp.soft);
        cpu_deliver(cpu);
    }
    return run_loop(cpu);
}

CpuExit cpu_run(Cpu *cpu, uint64_t budget)
{
    steal_time_look(cpu, !cpu->halted && !cpu->wait_sipi);
    if (!cpu->exec) {
        exec_init(cpu);
    }
    forget_flushed(cpu, cpu->exec);
    if (G_UNLIKELY(cpu->breakpoints)) {
        breakpoints_resume(cpu, linear_rip(cpu));
    }
    if (cpu->return_miss != code_cache_return_miss(cpu->cfg.code)) {
        cpu->return_miss = code_cache_return_miss(cpu->cfg.code);
        cpu_forget_returns(cpu);
    }
    uint64_t done = cpu_instructions(cpu);
    if (cpu->stop_set && cpu->stop.from > done) {
        budget = MIN(budget, cpu->stop.from - done);
    }
    cpu->exact = clock_is_counted(cpu->cfg.clock);
    cpu->budget = cpu->run_budget = (int64_t)MIN(budget, (uint64_t)INT64_MAX / 2);
    cpu->op = NULL;
    CpuExit exit = run_protected(cpu);
    cpu->unwind = NULL;
    fpu_mxcsr_leave(cpu);
    cpu->insn_count += (uint64_t)(cpu->run_budget - cpu->budget);
    cpu->run_budget = cpu->budget = 0;
    steal_time_look(cpu, true);
    return exit;
}

CpuExit cpu_step(Cpu *cpu, bool masked)
{
    cpu->step_one = true;
    cpu->step_masked = masked;
    CpuExit exit = cpu_run(cpu, 1);
    cpu->step_one = cpu->step_masked = false;
    return exit;
}

void cpu_where(const Cpu *cpu, uint64_t *rip, uint64_t *instructions)
{
    const Op *op = cpu->op;

    *rip = op ? (cpu->rip + op->off) & cpu->rip_mask : cpu->rip;
    *instructions = cpu_instructions(cpu) - (op ? op->left : 0);
}

uint64_t cpu_instructions(const Cpu *cpu)
{
    return cpu->insn_count + (uint64_t)(cpu->run_budget - cpu->budget);
}

uint64_t cpu_spent(const Cpu *cpu)
{
    const Op *op = cpu->op;

    return cpu_instructions(cpu) - (op ? op->left : 0) + cpu->entry_cost;
}
