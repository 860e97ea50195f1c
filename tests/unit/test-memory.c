/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces against a model: a small space in which every byte's owner is found by asking all
 * regions in turn. Layouts and accesses are generated.
 */
#include <string.h>

#include "base/memory.h"
#include "base/memwatch.h"
#include "portal-fixture.h"

#define SPACE_BITS 16
#define SPACE      (1u << SPACE_BITS)
#define REGIONS    12

/* A register window whose bytes read as their low offset bits plus a tag, and that remembers
 * writes. */
typedef struct {
    uint8_t tag;
    uint8_t written[SPACE];
    unsigned widest, narrowest;
} Window;

static uint64_t window_read(void *opaque, uint64_t offset, unsigned size)
{
    Window *w = opaque;
    uint64_t value = 0;
    w->widest = MAX(w->widest, size);
    w->narrowest = MIN(w->narrowest, size);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)(uint8_t)(w->tag + offset + i) << (8 * i);
    }
    return value;
}

static void window_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Window *w = opaque;
    for (unsigned i = 0; i < size; i++) {
        w->written[offset + i] = (uint8_t)(value >> (8 * i));
    }
}

static const MemOps window_ops = {.read = window_read, .write = window_write};
static const MemOps dword_ops = {
    .read = window_read, .write = window_write, .min_size = 4, .max_size = 4};

typedef struct {
    MemRegion region[REGIONS];
    Window window[REGIONS];
    bool added[REGIONS];
    unsigned order[REGIONS], next_order;
} Model;

static int owner_of(const Model *m, uint64_t addr)
{
    int best = -1;
    for (int i = 0; i < REGIONS; i++) {
        const MemRegion *r = &m->region[i];
        if (!m->added[i] || addr < r->base || addr - r->base >= r->size) {
            continue;
        }
        if (best < 0 || r->priority > m->region[best].priority ||
            (r->priority == m->region[best].priority && m->order[i] > m->order[best])) {
            best = i;
        }
    }
    return best;
}

static uint8_t model_byte(const Model *m, uint64_t addr)
{
    int i = owner_of(m, addr);
    if (i < 0) {
        return 0xff;
    }
    const MemRegion *r = &m->region[i];
    uint64_t offset = addr - r->base;
    return r->kind == MEM_IO ? (uint8_t)(m->window[i].tag + offset) : r->host[offset];
}

static void add_random(Model *m, AddressSpace *as, int i)
{
    MemRegion *r = &m->region[i];
    uint64_t size = (uint64_t)g_test_rand_int_range(1, 5) << (g_test_rand_bit() ? 12 : 8);
    g_free(r->host);
    g_free(r->page_flags);
    *r = (MemRegion){.name = "r",
                     .size = size,
                     .kind = (MemKind)g_test_rand_int_range(0, 3),
                     .priority = g_test_rand_int_range(0, 3)};
    if (r->kind == MEM_IO) {
        r->ops = g_test_rand_bit() ? &window_ops : &dword_ops;
        r->opaque = &m->window[i];
        m->window[i].tag = (uint8_t)g_test_rand_int();
    } else {
        r->host = g_malloc(size);
        for (uint64_t b = 0; b < size; b++) {
            r->host[b] = (uint8_t)g_test_rand_int();
        }
        r->page_flags = r->kind == MEM_RAM ? g_malloc0(size / 256 + 1) : NULL;
    }
    /* Register windows are aligned to what they decode. */
    as_add(as, r, (uint64_t)g_test_rand_int_range(0, (SPACE - (int)size) / 16) * 16);
    m->added[i] = true;
    m->order[i] = ++m->next_order;
}

static void compare(const Model *m, AddressSpace *as)
{
    for (int n = 0; n < 200; n++) {
        uint64_t addr = (uint64_t)g_test_rand_int_range(0, SPACE - 64);
        uint8_t got[64], want[64];
        size_t len = (size_t)g_test_rand_int_range(1, 64);
        bool hole = false;
        for (size_t i = 0; i < len; i++) {
            want[i] = model_byte(m, addr + i);
            hole |= owner_of(m, addr + i) < 0;
        }
        g_assert_cmpint(as_read(as, addr, got, len), ==, hole ? MEM_DECODE_ERROR : MEM_OK);
        g_assert_cmpmem(got, len, want, len);
        unsigned size = 1u << g_test_rand_int_range(0, 4);
        uint64_t value = as_load(as, addr, size, NULL), expected = 0;
        for (unsigned i = 0; i < size; i++) {
            expected |= (uint64_t)model_byte(m, addr + i) << (8 * i);
        }
        g_assert_cmphex(value, ==, expected);
        int i = owner_of(m, addr);
        uint64_t first, last;
        MemRegion *r = as_lookup(as, addr, &first, &last);
        g_assert_true(r == (i < 0 ? NULL : &m->region[i]));
        g_assert_true(first <= addr && addr <= last);
        g_assert_cmpint(owner_of(m, first), ==, i);
        g_assert_cmpint(owner_of(m, last), ==, i);
    }
}

static void test_layouts(void)
{
    Model *m = g_new0(Model, 1);
    AddressSpace *as = as_new("test", SPACE_BITS);
    for (int step = 0; step < 300; step++) {
        int i = g_test_rand_int_range(0, REGIONS);
        if (m->added[i]) {
            uint64_t before = as_generation(as);
            as_remove(as, &m->region[i]);
            g_assert_cmpuint(as_generation(as), !=, before);
            m->added[i] = false;
        } else {
            add_random(m, as, i);
        }
        compare(m, as);
    }
    as_free(as);
    for (int i = 0; i < REGIONS; i++) {
        g_free(m->region[i].host);
        g_free(m->region[i].page_flags);
    }
    g_free(m);
}

static void test_widths(void)
{
    Window w = {.narrowest = 8};
    MemRegion r = {.name = "w", .size = 64, .kind = MEM_IO, .ops = &dword_ops, .opaque = &w};
    AddressSpace *as = as_new("test", 16);
    as_add(as, &r, 0x100);
    g_assert_cmphex(as_load(as, 0x108, 8, NULL), ==, 0x0f0e0d0c0b0a0908);
    g_assert_cmpuint(w.widest, ==, 4);
    g_assert_cmphex(as_load(as, 0x109, 1, NULL), ==, 0x09);
    g_assert_cmpuint(w.narrowest, ==, 4);
    as_store(as, 0x10a, 0xbeef, 2);
    g_assert_cmphex(w.written[10], ==, 0xef);
    g_assert_cmphex(w.written[11], ==, 0xbe);
    as_free(as);
}

static void test_lines(void)
{
    Portal portal;
    uint8_t block[160];
    AddressSpace *as = as_new("test", 16);
    portal_up(&portal);
    as_add(as, &portal.region, 0x1000);
    for (unsigned i = 0; i < sizeof(block); i++) {
        block[i] = (uint8_t)i;
    }
    as_write(as, 0x1140, block, MEM_LINE);
    g_assert_cmpuint(portal.lines, ==, 1);
    g_assert_cmphex(portal.at, ==, 0x140);
    g_assert_cmpmem(portal.line, MEM_LINE, block, MEM_LINE);
    as_write(as, 0x1138, block, 8 + MEM_LINE + 16); /* the line in the middle, the rest in pieces */
    g_assert_cmpuint(portal.lines, ==, 2);
    g_assert_cmpuint(portal.pieces, ==, 3);
    g_assert_cmpmem(portal.line, MEM_LINE, block + 8, MEM_LINE);
    as_write(as, 0x1148, block, MEM_LINE - 8);
    as_store(as, 0x1140, 1, 8);
    g_assert_cmpuint(portal.lines, ==, 2);
    g_assert_cmpuint(portal.pieces, ==, 3 + 7 + 1);
    as_free(as);
}

/* A device whose register makes it write to itself. */
typedef struct {
    AddressSpace *as;
    unsigned depth, deepest;
    uint64_t seen;
} Loop;

static uint64_t loop_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0;
}

static void loop_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Loop *loop = opaque;
    loop->depth++;
    loop->deepest = MAX(loop->deepest, loop->depth);
    if (loop->depth < 100) {
        as_store(loop->as, 0x100, value, 4);
        loop->seen = as_load(loop->as, 0x100, 4, NULL);
    }
    loop->depth--;
}

static void test_no_way_back_in(void)
{
    static const MemOps loop_ops = {.read = loop_read, .write = loop_write};
    Loop loop = {.as = as_new("test", 16)};
    MemRegion r = {.name = "loop", .size = 16, .kind = MEM_IO, .ops = &loop_ops, .opaque = &loop};
    as_add(loop.as, &r, 0x100);
    as_store(loop.as, 0x100, 1, 4);
    g_assert_cmpuint(loop.deepest, ==, 1);
    g_assert_cmphex(loop.seen, ==, UINT32_MAX);
    g_assert_cmphex(as_load(loop.as, 0x100, 4, NULL), ==, 0);
    as_free(loop.as);
}

static void count_code(void *opaque, uint64_t addr, size_t len)
{
    (*(int *)opaque)++;
}

static void test_code_pages(void)
{
    MemRegion ram;
    int told = 0;
    AddressSpace *as = as_new("test", 32);
    g_assert_true(ram_init(&ram, "ram", 1 << 20, NULL));
    as_add(as, &ram, 0x10000);
    as_set_code_listener(as, count_code, &told);
    ram.page_flags[2] |= PAGE_CODE;
    as_store(as, 0x10000, 1, 8);
    g_assert_cmpint(told, ==, 0);
    as_store(as, 0x12ffc, 1, 4);
    g_assert_cmpint(told, ==, 1);
    uint8_t block[8192] = {0};
    as_write(as, 0x11000, block, sizeof(block));
    g_assert_cmpint(told, ==, 2);
    as_ram_written(as, 0x13000, 16);
    g_assert_cmpint(told, ==, 2);
    g_assert_null(as_ram_ptr(as, 0x10000 + (1 << 20) - 4, 8));
    g_assert_nonnull(as_ram_ptr(as, 0x10000, 1 << 20));
    as_free(as);
    ram_free(&ram);
}

typedef struct {
    MemWatch watch;
    unsigned told;
    uint64_t addr;
    size_t len;
} Told;

static void note_told(void *opaque, uint64_t addr, size_t len)
{
    Told *told = opaque;
    told->told++;
    told->addr = addr;
    told->len = len;
}

static void count_change(void *opaque)
{
    (*(unsigned *)opaque)++;
}

/* Who watches a range is told of writes that touch it, of no others, and until it ends; two may
 * watch one page; whoever holds look-ups is told that pages are watched. */
static void test_watches(void)
{
    MemRegion ram = {0};
    Told a = {.watch.written = note_told, .watch.opaque = &a};
    Told b = {.watch.written = note_told, .watch.opaque = &b};
    unsigned changes = 0;
    uint8_t block[8192] = {0};
    AddressSpace *as = as_new("test", 32);
    g_assert_true(ram_init(&ram, "ram", 1 << 20, NULL));
    as_add(as, &ram, 0x10000);
    as_set_listener(as, count_change, &changes);
    as_watch(as, &a.watch, 0x12010, 0x10);
    g_assert_cmpuint(changes, ==, 1);
    as_watch(as, &b.watch, 0x12020, 0x1000);
    as_store(as, 0x12008, 1, 8);
    as_store(as, 0x11000, 1, 8);
    g_assert_cmpuint(a.told + b.told, ==, 0);
    as_store(as, 0x12018, 1, 8);
    g_assert_cmpuint(a.told, ==, 1);
    g_assert_cmphex(a.addr, ==, 0x12018);
    g_assert_cmpuint(a.len, ==, 8);
    g_assert_cmpuint(b.told, ==, 0);
    as_write(as, 0x11000, block, sizeof(block));
    g_assert_cmpuint(a.told, ==, 2);
    g_assert_cmpuint(b.told, ==, 1);
    as_watch(as, &a.watch, 0, 0);
    as_ram_written(as, 0x12010, 0x20);
    g_assert_cmpuint(a.told, ==, 2);
    g_assert_cmpuint(b.told, ==, 2);
    g_assert_cmpuint(ram.page_flags[2], ==, PAGE_WATCHED);
    as_watch(as, &b.watch, 0x13000, 8);
    g_assert_cmpuint(ram.page_flags[2], ==, 0);
    g_assert_cmpuint(ram.page_flags[3], ==, PAGE_WATCHED);
    as_watch(as, &b.watch, 0xfffff000, 0x2000);        /* not RAM */
    as_watch(as, &b.watch, UINT64_MAX - 0xfff, 0x100); /* in the last page of all addresses */
    as_watch(as, &b.watch, UINT64_MAX - 0xfff, 0x1000);
    as_watch(as, &b.watch, UINT64_MAX - 0xfff, 0x2000);
    as_watch(as, &b.watch, 0, 0);
    g_assert_cmpuint(ram.page_flags[3], ==, 0);
    as_free(as);
    ram_free(&ram);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/layouts", test_layouts);
    g_test_add_func("/memory/widths", test_widths);
    g_test_add_func("/memory/lines", test_lines);
    g_test_add_func("/memory/no-way-back-in", test_no_way_back_in);
    g_test_add_func("/memory/code-pages", test_code_pages);
    g_test_add_func("/memory/watches", test_watches);
    return g_test_run();
}
