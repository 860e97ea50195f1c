/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memory holds while stores are in caches or in a write buffer. */
#include <string.h>

#include "dram-fixture.h"

#define LOW_BYTES  0x8000u
#define HIGH_BASE  0x100000000ull
#define HIGH_BYTES 0x4000u
#define AT         0x1040ull

typedef struct {
    AddressSpace *as;
    MemRegion low, high;
} Ram;

static void ram_up(Ram *r)
{
    r->as = as_new("memory", 52);
    g_assert_true(ram_init(&r->low, "low", LOW_BYTES, NULL));
    g_assert_true(ram_init(&r->high, "high", HIGH_BYTES, NULL));
    as_add(r->as, &r->low, 0);
    as_add(r->as, &r->high, HIGH_BASE);
}

static void ram_down(Ram *r)
{
    as_free(r->as);
    ram_free(&r->low);
    ram_free(&r->high);
}

static Dram *settled(Ram *r, bool cached, bool buffered)
{
    Dram *d = dram_new(r->as, (DramConfig){cached, buffered});
    dram_settle(d);
    return d;
}

static uint64_t held(const Dram *d, uint64_t at)
{
    uint64_t value = 0;
    g_assert_cmpint(dram_read(d, at, &value, sizeof(value)), ==, MEM_OK);
    return value;
}

static void test_cached(void)
{
    static const uint64_t bases[] = {0, HIGH_BASE};
    for (unsigned i = 0; i < G_N_ELEMENTS(bases); i++) {
        Ram r = {0};
        ram_up(&r);
        uint64_t at = bases[i] + AT;
        cpu_store(r.as, at, 1, 8);
        Dram *d = settled(&r, true, false);
        g_assert_cmphex(held(d, at), ==, 1);
        cpu_store(r.as, at, 2, 8);
        cpu_store(r.as, at + 0x38, 3, 8);
        cpu_store(r.as, at + 0x40, 4, 8);
        cpu_store(r.as, at - 8, 5, 8);
        g_assert_cmphex(held(d, at), ==, 1);
        dram_drain(d); /* there is no buffer */
        g_assert_cmphex(held(d, at), ==, 1);
        cpu_flush(r.as, at + 0x3f);
        g_assert_cmphex(held(d, at), ==, 2);
        g_assert_cmphex(held(d, at + 0x38), ==, 3);
        g_assert_cmphex(held(d, at + 0x40), ==, 0);
        g_assert_cmphex(held(d, at - 8), ==, 0);
        g_assert_false(dram_waits_for_drain(d, at - 8));
        as_flush_lines(r.as);
        g_assert_cmphex(held(d, at + 0x40), ==, 4);
        g_assert_cmphex(held(d, at - 8), ==, 5);
        dram_free(d);
        ram_down(&r);
    }
}

static void test_buffered(void)
{
    Ram r = {0};
    ram_up(&r);
    Dram *d = settled(&r, false, true);
    cpu_store(r.as, AT, 2, 8);
    cpu_flush(r.as, AT);
    as_flush_lines(r.as);
    g_assert_cmphex(held(d, AT), ==, 0);
    g_assert_true(dram_waits_for_drain(d, AT));
    dram_drain(d);
    g_assert_cmphex(held(d, AT), ==, 2);
    cpu_store(r.as, AT, 3, 8);
    g_assert_cmphex(held(d, AT), ==, 2);
    dram_drain(d);
    g_assert_cmphex(held(d, AT), ==, 3);
    dram_free(d);
    ram_down(&r);
}

static void test_both(void)
{
    Ram r = {0};
    ram_up(&r);
    Dram *d = settled(&r, true, true);
    cpu_store(r.as, AT, 2, 8);
    cpu_store(r.as, AT + 0x40, 2, 8);
    dram_drain(d);
    g_assert_cmphex(held(d, AT), ==, 0);
    g_assert_false(dram_waits_for_drain(d, AT));
    cpu_flush(r.as, AT);
    g_assert_cmphex(held(d, AT), ==, 0);
    g_assert_true(dram_waits_for_drain(d, AT + 8));
    g_assert_false(dram_waits_for_drain(d, AT + 0x40));
    dram_drain(d);
    g_assert_cmphex(held(d, AT), ==, 2);
    g_assert_cmphex(held(d, AT + 0x40), ==, 0);
    as_flush_lines(r.as);
    g_assert_cmphex(held(d, AT + 0x40), ==, 0);
    dram_drain(d);
    g_assert_cmphex(held(d, AT + 0x40), ==, 2);
    cpu_store(r.as, AT, 3, 8);
    dram_drain(d);
    g_assert_cmphex(held(d, AT), ==, 2);
    dram_free(d);
    ram_down(&r);
}

/* Devices' writes do not wait, and take along no stores beside them; what is not RAM is read as it
 * is. */
static void test_devices(void)
{
    Ram r = {0};
    ram_up(&r);
    Dram *d = settled(&r, true, true);
    uint8_t bytes[16];
    cpu_store(r.as, AT, 0x1111111111111111, 8);
    as_store(r.as, AT + 4, 0x22222222, 4);
    g_assert_cmphex(held(d, AT), ==, 0x2222222200000000);
    memset(bytes, 0x33, sizeof(bytes));
    as_write(r.as, 0x1ff8, bytes, sizeof(bytes));
    g_assert_cmphex(held(d, 0x2000), ==, 0x3333333333333333);
    r.low.host[0x3000] = 7;
    as_ram_written(r.as, 0x3000, 1);
    g_assert_cmphex(held(d, 0x3000), ==, 7);
    g_assert_cmpint(dram_read(d, LOW_BYTES, bytes, 8), ==, MEM_DECODE_ERROR);
    g_assert_null(dram_ptr(d, LOW_BYTES - 8, 16));
    g_assert_null(dram_ptr(d, LOW_BYTES, 1));
    as_flush_line(r.as, NULL);
    as_flush_line(r.as, bytes);
    dram_free(d);
    ram_down(&r);
}

/* A page's first store is noticed, and again after it has come to memory; the TLBs are told. */
static void test_marks(void)
{
    Ram r = {0};
    ram_up(&r);
    Dram *cached = settled(&r, true, false), *buffered = settled(&r, false, true);
    g_assert_cmphex(r.low.page_flags[1], ==, PAGE_CLEAN);
    cpu_store(r.as, AT, 1, 8);
    g_assert_cmphex(r.low.page_flags[1], ==, 0);
    uint64_t generation = as_generation(r.as);
    dram_drain(buffered);
    g_assert_cmphex(r.low.page_flags[1], ==, PAGE_CLEAN);
    g_assert_cmpuint(as_generation(r.as), !=, generation);
    g_assert_cmphex(held(cached, AT), ==, 0);
    g_assert_cmphex(held(buffered, AT), ==, 1);
    cpu_store(r.as, AT, 2, 8);
    generation = as_generation(r.as);
    as_flush_lines(r.as);
    g_assert_cmpuint(as_generation(r.as), !=, generation);
    g_assert_cmphex(held(cached, AT), ==, 2);
    g_assert_cmphex(held(buffered, AT), ==, 1);
    dram_drain(buffered);
    generation = as_generation(r.as);
    dram_drain(buffered);
    as_flush_lines(r.as);
    g_assert_cmpuint(as_generation(r.as), ==, generation);
    cpu_store(r.as, AT, 3, 8);
    r.high.host[5] = 6; /* nobody was told: a state was loaded */
    dram_settle(cached);
    g_assert_cmphex(held(cached, AT), ==, 3);
    g_assert_cmphex(held(cached, HIGH_BASE) >> 40, ==, 6);
    dram_free(cached);
    dram_free(buffered);
    cpu_store(r.as, AT, 4, 8);
    g_assert_cmphex(r.low.page_flags[1], ==, 0);
    ram_down(&r);
}

/* Against bytes, and for each line whether it waits in the buffer. */
typedef struct {
    uint8_t ram[LOW_BYTES], memory[LOW_BYTES];
    bool waits[LOW_BYTES / DRAM_LINE];
} Model;

static void model_bring(Model *m, unsigned line)
{
    memcpy(m->memory + line * DRAM_LINE, m->ram + line * DRAM_LINE, DRAM_LINE);
    m->waits[line] = false;
}

static void model_flush(Model *m, DramConfig c, unsigned first, unsigned last)
{
    for (unsigned line = first; c.cached && line <= last; line++) {
        if (c.buffered) {
            m->waits[line] = true;
        } else {
            model_bring(m, line);
        }
    }
}

static void model_drain(Model *m, DramConfig c)
{
    for (unsigned line = 0; c.buffered && line < G_N_ELEMENTS(m->waits); line++) {
        if (!c.cached || m->waits[line]) {
            model_bring(m, line);
        }
    }
}

static void one_step(Ram *r, Dram *d, Model *m, DramConfig c)
{
    unsigned at = (unsigned)g_test_rand_int_range(0, LOW_BYTES / 8) * 8;
    uint64_t value = (uint64_t)(uint32_t)g_test_rand_int() << 16;
    unsigned last = G_N_ELEMENTS(m->waits) - 1;
    switch (g_test_rand_int_range(0, 40)) {
    case 0:
        as_flush_lines(r->as);
        model_flush(m, c, 0, last);
        break;
    case 1 ... 3:
        dram_drain(d);
        model_drain(m, c);
        break;
    case 4 ... 9:
        as_store(r->as, at, value, 8);
        bytes_store(m->ram + at, value, 8);
        bytes_store(m->memory + at, value, 8);
        break;
    case 10 ... 19:
        cpu_flush(r->as, at);
        model_flush(m, c, at / DRAM_LINE, at / DRAM_LINE);
        break;
    default:
        cpu_store(r->as, at, value, 8);
        bytes_store(m->ram + at, value, 8);
        break;
    }
}

static void test_model(void)
{
    Model *m = g_new(Model, 1);
    for (unsigned run = 0; run < 300; run++) {
        Ram r = {0};
        DramConfig c = {run % 3 != 1, run % 3 != 0};
        ram_up(&r);
        memset(m, 0, sizeof(*m));
        Dram *d = settled(&r, c.cached, c.buffered);
        for (unsigned i = 0; i < 400; i++) {
            one_step(&r, d, m, c);
        }
        g_assert_cmpmem(dram_ptr(d, 0, LOW_BYTES), LOW_BYTES, m->memory, LOW_BYTES);
        dram_free(d);
        ram_down(&r);
    }
    g_free(m);
}

/* However many lines are flushed, a bounded number is remembered. */
static void test_bound(void)
{
    Ram r = {0};
    ram_up(&r);
    Dram *d = settled(&r, true, true);
    for (unsigned i = 0; i < 5000; i++) {
        cpu_store(r.as, AT, i, 8);
        cpu_flush(r.as, AT);
    }
    g_assert_cmphex(held(d, AT), ==, 4999);
    dram_free(d);
    ram_down(&r);
}

/* What was on its way is again, and comes to memory by a flush of its line or a drain. */
static void test_visit(void)
{
    for (unsigned buffered = 0; buffered < 2; buffered++) {
        Ram r = {0};
        ram_up(&r);
        Dram *d = settled(&r, true, buffered);
        cpu_store(r.as, AT, 1, 8);
        cpu_store(r.as, AT + 0x40, 2, 8);
        cpu_flush(r.as, AT + 0x40);
        CacheVisit saving = {.out = g_byte_array_new()};
        dram_visit(d, &saving);
        as_flush_lines(r.as);
        dram_drain(d);
        g_assert_cmphex(held(d, AT), ==, 1);
        dram_settle(d);
        CacheVisit loading = {.in = saving.out->data};
        dram_visit(d, &loading);
        g_assert_true(loading.in == saving.out->data + saving.out->len);
        g_assert_cmphex(held(d, AT), ==, 0);
        g_assert_cmphex(held(d, AT + 0x40), ==, buffered ? 0 : 2);
        dram_drain(d);
        g_assert_cmphex(held(d, AT), ==, 0);
        g_assert_cmphex(held(d, AT + 0x40), ==, 2);
        cpu_store(r.as, AT, 3, 8); /* the page is known to differ */
        as_flush_lines(r.as);
        dram_drain(d);
        g_assert_cmphex(held(d, AT), ==, 3);
        g_byte_array_unref(saving.out);
        dram_free(d);
        ram_down(&r);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dram/cached", test_cached);
    g_test_add_func("/dram/buffered", test_buffered);
    g_test_add_func("/dram/both", test_both);
    g_test_add_func("/dram/devices", test_devices);
    g_test_add_func("/dram/marks", test_marks);
    g_test_add_func("/dram/model", test_model);
    g_test_add_func("/dram/bound", test_bound);
    g_test_add_func("/dram/visit", test_visit);
    return g_test_run();
}
