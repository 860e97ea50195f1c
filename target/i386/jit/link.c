/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated blocks as a whole: where their code is, who jumps to whom, and what goes when there is
 * no more room.
 *
 * The arena is used in segments, round and round. When a segment's turn comes again, the blocks in
 * it go back to their handlers; so room is made a part at a time, and what is hot comes back soon.
 * An exit of a block is a jump that leads to the loop until jit_link() changes its displacement;
 * a block knows the exits that lead to it, so that they can be changed back.
 */
#include "target/i386/jit/link.h"

#include "target/i386/jit/translate_vector.h"

#define SEGMENTS 8
/* More than any block takes. */
#define ROOM (64u << 10)

struct Jit {
    CodeArena arena;
    Stubs stubs;
    size_t first; /* of the first segment, after the stubs */
    size_t segment_size;
    unsigned segment; /* being filled */
    size_t used;      /* from the arena's start */
    HostBlock *blocks[SEGMENTS];
};

static void site_set(Jit *jit, uint8_t *site, const uint8_t *target)
{
    int32_t disp = (int32_t)(target - (site + 4));
    memcpy(arena_writable(&jit->arena, site), &disp, 4);
}

static void unlink_exit(Jit *jit, HostExit *x)
{
    if (!x->to) {
        return;
    }
    site_set(jit, x->site, x->out);
    *x->prev = x->next;
    if (x->next) {
        x->next->prev = x->prev;
    }
    x->to = NULL;
}

/* Nobody goes to the block, and it goes to nobody. */
static void isolate(Jit *jit, HostBlock *h)
{
    for (HostExit *x = h->incoming, *next; x; x = next) {
        next = x->next;
        unlink_exit(jit, x);
        if (x->from) {
            x->from->open_exits |= (uint8_t)(1u << x->n);
        }
    }
    for (unsigned n = 0; n < 2; n++) {
        unlink_exit(jit, &h->exit[n]);
        h->exit[n].from = NULL;
    }
}

void jit_link(Jit *jit, Block *from, unsigned n, Block *to)
{
    HostExit *x = &from->translated->exit[n];
    HostBlock *h = to->translated;
    const uint8_t *way_in = h->warm && vec_covers(&x->vec, &h->needs) ? h->warm : to->host;
    from->open_exits &= (uint8_t) ~(1u << n);
    if (x->frame) {
        uint64_t frame = to->paddr & ~(uint64_t)(PAGE_SIZE - 1);
        memcpy(arena_writable(&jit->arena, x->frame), &frame, sizeof(frame));
        memcpy(arena_writable(&jit->arena, x->target),
               &(int32_t){(int32_t)(way_in - (x->target + 4))}, 4);
        site_set(jit, x->site, x->site + 4);
    } else {
        site_set(jit, x->site, way_in);
    }
    x->to = h;
    x->next = h->incoming;
    x->prev = &h->incoming;
    if (x->next) {
        x->next->prev = &x->next;
    }
    h->incoming = x;
}

void jit_kill(Jit *jit, Block *block)
{
    HostBlock *h = block->translated;
    isolate(jit, h);
    h->block = NULL;
    block->translated = NULL;
    block->host = NULL;
    block->open_exits = 0;
}

/* Back to the handlers. */
static void retire(Jit *jit, HostBlock *h)
{
    Block *b = h->block;
    if (b) {
        isolate(jit, h);
        for (unsigned i = 0; i < b->n_ops; i++) {
            b->ops[i].fn = h->fn[i];
        }
        b->enter = b->ops[0].fn;
        b->host = NULL;
        b->translated = NULL;
        b->open_exits = 0;
        b->runs = 0;
        b->tried = false;
    }
    g_free(h);
}

/* Goes on to the next segment; true if that cost translations. */
static bool next_segment(Jit *jit)
{
    jit->segment = (jit->segment + 1) % SEGMENTS;
    jit->used = jit->first + jit->segment * jit->segment_size;
    HostBlock *h = jit->blocks[jit->segment];
    bool any = h != NULL;
    jit->blocks[jit->segment] = NULL;
    for (HostBlock *next; h; h = next) {
        next = h->next;
        retire(jit, h);
    }
    return any;
}

static bool translatable(const Block *b)
{
    bool plain = (b->mode & CPU_MODE_CS64) || cpu_mode_is_flat32(b->mode);
    return plain && !(b->mode & (CPU_MODE_TF | 1u << 31)) && b->alive && !b->crosses && !b->tried;
}

/* Where handlers do not tail-call, going from block to block would grow the stack: there
 * translating is only done for the sake of the sanitizers that watch it. */
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool can_run = false;
#else
static const bool can_run = true;
#endif

static HostBlock *host_block_new(const CodeArena *arena, const Tr *t)
{
    Block *b = t->block;
    HostBlock *h = g_malloc0(sizeof(*h) + b->n_ops * sizeof(OpFn));
    h->block = b;
    if (t->warm) {
        h->warm = arena_executable(arena, t->warm);
        h->needs = t->needs;
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        h->fn[i] = b->ops[i].fn;
    }
    for (unsigned n = 0; n < 2; n++) {
        const Exit *from = &t->exit[n];
        if (from->site) {
            h->exit[n] = (HostExit){.site = arena_executable(arena, from->site),
                                    .out = arena_executable(arena, from->out),
                                    .n = (uint8_t)n,
                                    .vec = from->vec,
                                    .from = b};
            if (from->frame) {
                h->exit[n].frame = arena_executable(arena, from->frame);
                h->exit[n].target = arena_executable(arena, from->target);
            }
            b->open_exits |= (uint8_t)(1u << n);
        }
    }
    return h;
}

static void commit(Jit *jit, const Tr *t, uint8_t *start)
{
    Block *b = t->block;
    HostBlock *h = host_block_new(&jit->arena, t);
    for (unsigned i = 1; i < b->n_ops; i++) {
        if (t->resume[i]) {
            b->ops[i].fn = t->resume[i];
        }
    }
    b->translated = h;
    b->host = arena_executable(&jit->arena, start);
    b->enter = (OpFn)(uintptr_t)arena_executable(&jit->arena, jit->stubs.enter);
    h->next = jit->blocks[jit->segment];
    jit->blocks[jit->segment] = h;
    jit->used = ((size_t)(t->e.p - jit->arena.rw) + 15) & ~(size_t)15;
}

bool jit_translate(Jit *jit, Block *block, uint32_t cc_op)
{
    if (!translatable(block)) {
        return false;
    }
    bool evicted = false;
    size_t end = jit->first + (jit->segment + 1) * jit->segment_size;
    if (jit->used + ROOM > end) {
        evicted = next_segment(jit);
    }
    uint8_t *start = jit->arena.rw + jit->used;
    Tr t = {.arena = &jit->arena, .stubs = &jit->stubs, .block = block, .guess = cc_op};
    t.e.p = start;
    t.e.end = start + ROOM;
    tr_block(&t);
    block->tried = true;
    if (can_run && !t.e.overflow) {
        commit(jit, &t, start);
    }
    return evicted;
}

const uint8_t *jit_return_miss(const Jit *jit)
{
    return arena_executable(&jit->arena, jit->stubs.lookup);
}

static void free_blocks(Jit *jit)
{
    for (unsigned i = 0; i < SEGMENTS; i++) {
        for (HostBlock *h = jit->blocks[i], *next; h; h = next) {
            next = h->next;
            g_free(h);
        }
        jit->blocks[i] = NULL;
    }
}

void jit_reset(Jit *jit)
{
    free_blocks(jit);
    jit->segment = 0;
    jit->used = jit->first;
}

Jit *jit_new(size_t bytes)
{
    Jit *jit = g_new0(Jit, 1);
    if (!arena_init(&jit->arena, MAX(bytes, JIT_MIN_SIZE))) {
        g_free(jit);
        return NULL;
    }
    Emit e = {.p = jit->arena.rw, .end = jit->arena.rw + ROOM};
    stubs_emit(&jit->stubs, &e);
    jit->first = ((size_t)(e.p - jit->arena.rw) + 63) & ~(size_t)63;
    jit->segment_size = (jit->arena.size - jit->first) / SEGMENTS & ~(size_t)63;
    jit_reset(jit);
    return jit;
}

void jit_free(Jit *jit)
{
    if (jit) {
        free_blocks(jit);
        arena_free(&jit->arena);
        g_free(jit);
    }
}
