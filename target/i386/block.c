/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoded blocks by physical address and mode, and the pages they come from.
 *
 * A page with blocks has PAGE_CODE set, so that stores to it take the slow path and end up in
 * code_cache_invalidate(). Inside a page, 64-byte chunks that hold decoded bytes are marked, so
 * that data beside code costs no decoding. A dead block's ops are overwritten with op_stale():
 * whoever runs it, or follows a link to it, leaves it at the next op. Storage of blocks is only
 * ever freed as a whole, between blocks, and that starts a new epoch.
 */
#include "target/i386/block.h"

#include "target/i386/mxcsr.h"
#include "target/i386/post.h"

#define BUCKET_BITS    16
#define BUCKETS        (1u << BUCKET_BITS)
#define ARENA_CHUNK    (1u << 20)
#define ARENA_LIMIT    ((size_t)256 << 20)
#define HOST_CODE_SIZE ((size_t)64 << 20)

typedef struct {
    uint64_t chunks; /* bit a 64-byte chunk: holds decoded bytes */
    const uint8_t *host;
    GPtrArray *blocks;
} CodePage;

struct CodeCache {
    AddressSpace *memory;
    GHashTable *pages; /* page number -> CodePage */
    Block **buckets;
    GPtrArray *cpus;
    GPtrArray *arena;
    uint8_t *free;
    size_t left, used;
    uint64_t epoch, map_generation;
    VecIndex *vec_index;
    Jit *jit;
    size_t host_code_size;
    uint32_t hot;
};

static unsigned bucket_of(uint64_t paddr, uint32_t mode)
{
    uint64_t h = (paddr ^ ((uint64_t)mode << 40)) * 0x9e3779b97f4a7c15ull;
    return (unsigned)(h >> (64 - BUCKET_BITS));
}

static void page_free(void *data)
{
    CodePage *page = data;
    g_ptr_array_free(page->blocks, true);
    g_free(page);
}

/* GLib's tables grow and shrink by floating-point arithmetic, whose exceptions would be the guest's
 * (mxcsr.h). */
static void pages_add(CodeCache *code, uint64_t pfn, CodePage *page)
{
    uint32_t mxcsr = host_mxcsr_store();
    g_hash_table_insert(code->pages, GSIZE_TO_POINTER(pfn), page);
    host_mxcsr_load(mxcsr);
}

static void pages_remove(CodeCache *code, uint64_t pfn)
{
    uint32_t mxcsr = host_mxcsr_store();
    g_hash_table_remove(code->pages, GSIZE_TO_POINTER(pfn));
    host_mxcsr_load(mxcsr);
}

static void block_code_written(void *opaque, uint64_t addr, size_t len)
{
    code_cache_invalidate(opaque, addr, len);
}

CodeCache *code_cache_new(AddressSpace *memory)
{
    CodeCache *code = g_new0(CodeCache, 1);
    code->memory = memory;
    code->pages = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, page_free);
    code->buckets = g_new0(Block *, BUCKETS);
    code->cpus = g_ptr_array_new();
    code->arena = g_ptr_array_new_with_free_func(g_free);
    code->vec_index = vec_index_new();
    code->epoch = 1;
    code->host_code_size = HOST_CODE_SIZE;
    code->map_generation = as_generation(memory);
    as_set_code_listener(memory, block_code_written, code);
    return code;
}

void code_cache_free(CodeCache *code)
{
    if (!code) {
        return;
    }
    as_set_code_listener(code->memory, NULL, NULL);
    g_hash_table_destroy(code->pages);
    g_ptr_array_free(code->cpus, true);
    g_ptr_array_free(code->arena, true);
    g_free(code->buckets);
    g_free(code->vec_index);
    jit_free(code->jit);
    g_free(code);
}

void code_cache_set_arena(CodeCache *code, size_t bytes)
{
    code->host_code_size = bytes;
}

bool code_cache_set_hot(CodeCache *code, uint32_t runs)
{
    if (!code->jit) {
        code->jit = jit_new(code->host_code_size);
    }
    code->hot = runs;
    return code->jit != NULL;
}

/* `by` does it, the others are told. */
static void forget_returns(CodeCache *code, Cpu *by)
{
    cpu_forget_returns(by);
    for (unsigned i = 0; i < code->cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(code->cpus, i);
        if (cpu != by) {
            cpu_post_forget_returns(cpu);
        }
    }
}

void code_cache_translate(CodeCache *code, Block *block, Cpu *cpu)
{
    if (jit_translate(code->jit, block, cpu->cc_op)) {
        forget_returns(code, cpu);
    }
}

const uint8_t *code_cache_return_miss(const CodeCache *code)
{
    return code->jit ? jit_return_miss(code->jit) : NULL;
}

Jit *code_cache_jit(const CodeCache *code)
{
    return code->jit;
}

uint32_t code_cache_hot(const CodeCache *code)
{
    return code->hot;
}

void code_cache_attach(CodeCache *code, Cpu *cpu)
{
    if (!g_ptr_array_find(code->cpus, cpu, NULL)) {
        g_ptr_array_add(code->cpus, cpu);
    }
}

void code_cache_detach(CodeCache *code, Cpu *cpu)
{
    g_ptr_array_remove(code->cpus, cpu);
}

const VecIndex *code_cache_vec_index(const CodeCache *code)
{
    return code->vec_index;
}

uint64_t code_cache_epoch(const CodeCache *code)
{
    return code->epoch;
}

Block *code_cache_find(CodeCache *code, uint64_t paddr, uint32_t mode)
{
    Block *b = code->buckets[bucket_of(paddr, mode)];
    while (b && (b->paddr != paddr || b->mode != mode)) {
        b = b->hash_next;
    }
    return b;
}

void *code_cache_alloc(CodeCache *code, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (code->left < size) {
        code->free = g_malloc(ARENA_CHUNK);
        code->left = ARENA_CHUNK;
        code->used += ARENA_CHUNK;
        g_ptr_array_add(code->arena, code->free);
    }
    void *p = code->free;
    code->free += size;
    code->left -= size;
    return p;
}

/* The page's flag byte, or NULL if its memory has none (ROM). */
static uint8_t *page_flags(CodeCache *code, uint64_t pfn)
{
    uint64_t addr = pfn << PAGE_SHIFT;
    MemRegion *region = as_lookup(code->memory, addr, NULL, NULL);
    if (!region || !region->page_flags) {
        return NULL;
    }
    return &region->page_flags[(addr - region->base) >> PAGE_SHIFT];
}

static const uint8_t *page_host(CodeCache *code, uint64_t pfn)
{
    uint64_t addr = pfn << PAGE_SHIFT;
    MemRegion *region = as_lookup(code->memory, addr, NULL, NULL);
    return region && region->host ? region->host + (addr - region->base) : NULL;
}

static void page_unwatch(CodeCache *code, uint64_t pfn)
{
    uint8_t *flags = page_flags(code, pfn);
    if (flags) {
        *flags &= (uint8_t)~PAGE_CODE;
    }
}

static void watch_for_all(CodeCache *code, Cpu *by, uint64_t paddr)
{
    mmu_watch_page(by, paddr);
    for (unsigned i = 0; i < code->cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(code->cpus, i);
        if (cpu != by) {
            cpu_post_watch(cpu, paddr);
        }
    }
}

static CodePage *page_watch(CodeCache *code, Cpu *by, uint64_t pfn)
{
    CodePage *page = g_hash_table_lookup(code->pages, GSIZE_TO_POINTER(pfn));
    if (page) {
        return page;
    }
    page = g_new0(CodePage, 1);
    page->blocks = g_ptr_array_new();
    page->host = page_host(code, pfn);
    pages_add(code, pfn, page);
    uint8_t *flags = page_flags(code, pfn);
    if (flags) {
        *flags |= PAGE_CODE;
        watch_for_all(code, by, pfn << PAGE_SHIFT);
    }
    return page;
}

/* Bits of the chunks that [first, last] of a page touches. */
static uint64_t chunk_mask(unsigned first, unsigned last)
{
    unsigned lo = first / BLOCK_CHUNK, hi = last / BLOCK_CHUNK;
    return (~0ull << lo) & (~0ull >> (63 - hi));
}

/* The part of a block in page `pfn`, as offsets in it. */
static uint64_t block_chunks(const Block *b, uint64_t pfn)
{
    unsigned offset = (unsigned)(b->paddr & (PAGE_SIZE - 1));
    unsigned end = offset + b->len - 1;
    if (b->crosses && pfn == b->paddr2 >> PAGE_SHIFT) {
        return chunk_mask(0, (unsigned)(end & (PAGE_SIZE - 1)));
    }
    return chunk_mask(offset, MIN(end, (unsigned)PAGE_SIZE - 1));
}

void code_cache_insert(CodeCache *code, Cpu *by, Block *block)
{
    unsigned bucket = bucket_of(block->paddr, block->mode);
    block->hash_next = code->buckets[bucket];
    code->buckets[bucket] = block;

    uint64_t pfn = block->paddr >> PAGE_SHIFT;
    CodePage *page = page_watch(code, by, pfn);
    page->chunks |= block_chunks(block, pfn);
    g_ptr_array_add(page->blocks, block);
    if (block->crosses && block->paddr2 >> PAGE_SHIFT != pfn) {
        pfn = block->paddr2 >> PAGE_SHIFT;
        page = page_watch(code, by, pfn);
        page->chunks |= block_chunks(block, pfn);
        g_ptr_array_add(page->blocks, block);
    }
}

static void block_kill(CodeCache *code, Block *block)
{
    block->alive = false;
    block->enter = op_stale;
    for (unsigned i = 0; i < block->n_ops; i++) {
        block->ops[i].fn = op_stale;
    }
    if (block->translated) {
        jit_kill(code->jit, block);
    }
    Block **p = &code->buckets[bucket_of(block->paddr, block->mode)];
    while (*p && *p != block) {
        p = &(*p)->hash_next;
    }
    if (*p) {
        *p = block->hash_next;
    }
}

/* Kills the blocks of one page that have bytes in `mask`'s chunks. */
static void page_invalidate(CodeCache *code, uint64_t pfn, uint64_t mask)
{
    CodePage *page = g_hash_table_lookup(code->pages, GSIZE_TO_POINTER(pfn));
    if (!page || !(page->chunks & mask)) {
        return;
    }
    page->chunks = 0;
    for (unsigned i = 0; i < page->blocks->len;) {
        Block *b = g_ptr_array_index(page->blocks, i);
        uint64_t chunks = block_chunks(b, pfn);
        if (b->alive && !(chunks & mask)) {
            page->chunks |= chunks;
            i++;
            continue;
        }
        if (b->alive) {
            block_kill(code, b);
        }
        g_ptr_array_remove_index_fast(page->blocks, i);
    }
    if (page->blocks->len == 0) {
        pages_remove(code, pfn);
        page_unwatch(code, pfn);
    }
}

void code_cache_invalidate(CodeCache *code, uint64_t addr, size_t len)
{
    while (len) {
        unsigned first = (unsigned)(addr & (PAGE_SIZE - 1));
        size_t n = MIN(len, PAGE_SIZE - first);
        page_invalidate(code, addr >> PAGE_SHIFT, chunk_mask(first, (unsigned)(first + n - 1)));
        addr += n;
        len -= n;
    }
}

static void code_cache_flush(CodeCache *code, Cpu *by)
{
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, code->pages);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        page_unwatch(code, GPOINTER_TO_SIZE(key));
    }
    g_hash_table_remove_all(code->pages);
    memset(code->buckets, 0, BUCKETS * sizeof(*code->buckets));
    g_ptr_array_set_size(code->arena, 0);
    code->left = code->used = 0;
    if (code->jit) {
        jit_reset(code->jit);
        forget_returns(code, by);
    }
    code->epoch++;
}

/* Is the memory under every page with code still what it was decoded from? */
static bool map_keeps_code(CodeCache *code)
{
    GHashTableIter iter;
    void *key, *value;
    g_hash_table_iter_init(&iter, code->pages);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (page_host(code, GPOINTER_TO_SIZE(key)) != ((CodePage *)value)->host) {
            return false;
        }
    }
    return true;
}

void code_cache_tidy(CodeCache *code, Cpu *by)
{
    uint64_t generation = as_generation(code->memory);
    if (code->used > ARENA_LIMIT) {
        code_cache_flush(code, by);
    } else if (generation != code->map_generation && !map_keeps_code(code)) {
        code_cache_flush(code, by);
    }
    code->map_generation = generation;
}
