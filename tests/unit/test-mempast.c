/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory as it was at marks (base/mempast.h), against whole copies of it. */
#include <string.h>

#include "base/mempast.h"
#include "base/random.h"

#define BASE  0x100000
#define PAGES 16u
#define SIZE  (PAGES * PAGE_SIZE)
#define MARKS 6u

typedef struct {
    AddressSpace *as;
    MemRegion ram;
    GPtrArray *regions;
    MemPast *past;
    Random random;
    uint8_t copies[MARKS][SIZE]; /* what it was at each mark */
    unsigned marks;
} Rig;

static void rig_open(Rig *r, uint64_t seed)
{
    *r = (Rig){.as = as_new("memory", 52), .regions = g_ptr_array_new()};
    g_assert_true(ram_init(&r->ram, "ram", SIZE, NULL));
    as_add(r->as, &r->ram, BASE);
    g_ptr_array_add(r->regions, &r->ram);
    r->past = mem_past_new(r->as, r->regions);
    random_seed(&r->random, seed);
}

static void rig_close(Rig *r)
{
    mem_past_free(r->past);
    as_store(r->as, BASE, 1, 1); /* nobody is told any more */
    g_ptr_array_unref(r->regions);
    as_free(r->as);
    ram_free(&r->ram);
}

static void write_some(Rig *r)
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t data[300];
        size_t len = 1 + random_next(&r->random) % sizeof(data);
        uint64_t at = BASE + random_next(&r->random) % (SIZE - len);
        memset(data, (int)(random_next(&r->random) % 3), len);
        if (i % 2) {
            as_write(r->as, at, data, len);
        } else {
            memcpy(as_ram_to_write(r->as, at, len), data, len);
        }
    }
}

static void mark(Rig *r)
{
    mem_past_mark(r->past);
    memcpy(r->copies[r->marks++], r->ram.host, SIZE);
}

static void go_back(Rig *r, unsigned n)
{
    mem_past_return(r->past, n);
    g_assert_cmpmem(r->ram.host, SIZE, r->copies[n], SIZE);
    r->marks = n + 1;
}

static void forget(Rig *r, unsigned n)
{
    mem_past_forget(r->past, n);
    memmove(r->copies[n], r->copies[n + 1], (MARKS - n - 1) * (size_t)SIZE);
    r->marks--;
}

/* Marks, writes, returns and marks forgotten in any order. */
static void test_any_order(void)
{
    g_autofree Rig *r = g_new0(Rig, 1);
    for (uint64_t seed = 0; seed < 50; seed++) {
        rig_open(r, seed);
        for (unsigned step = 0; step < 200; step++) {
            unsigned what = random_next(&r->random) % 4;
            if (what == 0 && r->marks < MARKS) {
                mark(r);
            } else if (what == 1 && r->marks > 0) {
                go_back(r, random_next(&r->random) % r->marks);
            } else if (what == 2 && r->marks > 0) {
                forget(r, random_next(&r->random) % r->marks);
            } else {
                write_some(r);
            }
        }
        rig_close(r);
    }
}

/* A page is kept once a mark, and one of zeros takes no room. */
static void test_bytes(void)
{
    g_autofree Rig *r = g_new0(Rig, 1);
    rig_open(r, 0);
    as_store(r->as, BASE, 1, 8);
    g_assert_cmpuint(mem_past_bytes(r->past), ==, 0); /* no mark yet */
    mark(r);
    as_store(r->as, BASE + PAGE_SIZE, 1, 8);
    g_assert_cmpuint(mem_past_bytes(r->past), ==, 0);
    as_store(r->as, BASE, 2, 8);
    as_store(r->as, BASE + 8, 2, 8);
    g_assert_cmpuint(mem_past_bytes(r->past), ==, PAGE_SIZE);
    mark(r);
    as_store(r->as, BASE, 3, 8);
    g_assert_cmpuint(mem_past_bytes(r->past), ==, 2 * PAGE_SIZE);
    forget(r, 1); /* the older one has it */
    g_assert_cmpuint(mem_past_bytes(r->past), ==, PAGE_SIZE);
    go_back(r, 0);
    g_assert_cmpuint(mem_past_bytes(r->past), ==, 0);
    as_store(r->as, BASE, 4, 8); /* and is kept again */
    g_assert_cmpuint(mem_past_bytes(r->past), ==, PAGE_SIZE);
    forget(r, 0);
    g_assert_cmpuint(mem_past_bytes(r->past), ==, 0);
    g_assert_cmphex(r->ram.page_flags[0], ==, 0);
    rig_close(r);
}

/* Code that was decoded from a page is of what the page holds. */
static void count(void *opaque, uint64_t addr, size_t len)
{
    unsigned *told = opaque;
    g_assert_cmphex(addr, ==, BASE + 2 * PAGE_SIZE);
    ++*told;
}

static void test_code(void)
{
    g_autofree Rig *r = g_new0(Rig, 1);
    unsigned told = 0;
    rig_open(r, 0);
    as_set_code_listener(r->as, count, &told);
    mark(r);
    as_store(r->as, BASE + 2 * PAGE_SIZE, 1, 8);
    as_store(r->as, BASE + 3 * PAGE_SIZE, 1, 8);
    r->ram.page_flags[2] |= PAGE_CODE;
    go_back(r, 0);
    g_assert_cmpuint(told, ==, 1);
    g_assert_cmphex(r->ram.page_flags[2], ==, PAGE_CODE | PAGE_KEPT);
    rig_close(r);
}

/* Keeping pages leaves no floating-point exception behind, which would be the guest's. */
static void test_mxcsr(void)
{
    g_autofree Rig *r = g_new0(Rig, 1);
    const unsigned none = 0x1f80;
    rig_open(r, 0);
    mark(r);
    __builtin_ia32_ldmxcsr(none);
    for (unsigned page = 0; page < PAGES; page++) {
        as_store(r->as, BASE + page * PAGE_SIZE, 1, 8);
        g_assert_cmphex(__builtin_ia32_stmxcsr(), ==, none);
    }
    rig_close(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mempast/any-order", test_any_order);
    g_test_add_func("/mempast/bytes", test_bytes);
    g_test_add_func("/mempast/code", test_code);
    g_test_add_func("/mempast/mxcsr", test_mxcsr);
    return g_test_run();
}
