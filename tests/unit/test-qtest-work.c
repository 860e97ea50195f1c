/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a slice of a qtest command may do, in bytes and timers. */
#include "system/qtest_work.h"

#define WINDOW_BYTES (256u << 20)

typedef struct {
    AddressSpace *memory;
    MemRegion window;
    uint64_t moved;
    Clock *clock;
    Timer timer;
    unsigned fired;
} Bench;

static uint64_t bench_load(void *opaque, uint64_t offset, unsigned size)
{
    ((Bench *)opaque)->moved += size;
    return 0x55;
}

static void bench_store(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    ((Bench *)opaque)->moved += size;
}

static void bench_fire(void *opaque)
{
    Bench *b = opaque;
    b->fired++;
    timer_arm(&b->timer, clock_now(b->clock) + 1);
}

static const MemOps bench_ops = {.read = bench_load, .write = bench_store};

static void bench_set_up(Bench *b, gconstpointer data)
{
    b->memory = as_new("memory", 52);
    b->window = (MemRegion){
        .name = "window", .size = WINDOW_BYTES, .kind = MEM_IO, .ops = &bench_ops, .opaque = b};
    as_add(b->memory, &b->window, 0);
    b->clock = clock_new(CLOCK_MANUAL);
    timer_init(&b->timer, b->clock, bench_fire, b);
}

static void bench_tear_down(Bench *b, gconstpointer data)
{
    timer_cancel(&b->timer);
    as_free(b->memory);
    clock_free(b->clock);
}

/* To registers, the whole of a window. */
static void test_fill(Bench *b, gconstpointer data)
{
    QtestWork work = {.kind = WORK_FILL, .memory = b->memory, .len = WINDOW_BYTES, .value = 0xff};
    unsigned slices = 1;
    g_assert_false(qtest_work_slice(&work));
    g_assert_cmpuint(b->moved, <=, 65536);
    while (!qtest_work_slice(&work)) {
        slices++;
    }
    g_assert_cmpuint(slices, >=, WINDOW_BYTES / 65536 - 1);
    g_assert_cmpuint(b->moved, ==, WINDOW_BYTES);
}

static void test_read(Bench *b, gconstpointer data)
{
    enum { LEN = 100000 };
    QtestWork work = {.kind = WORK_READ, .memory = b->memory, .addr = 3, .len = LEN};
    work.data = g_malloc0(LEN);
    while (!qtest_work_slice(&work)) {
    }
    g_assert_cmpuint(work.done, ==, LEN);
    g_assert_cmphex(work.data[LEN - 1], !=, 0xee);
    qtest_work_clear(&work);
    g_assert_null(work.data);
}

/* Years, with a timer of a tick. */
static void test_time(Bench *b, gconstpointer data)
{
    QtestWork work = {.kind = WORK_TIME, .clock = b->clock, .until = INT64_MAX / 2};
    timer_arm(&b->timer, 1);
    for (unsigned i = 1; i < 10; i++) {
        g_assert_false(qtest_work_slice(&work));
        g_assert_cmpuint(b->fired, ==, 256 * i);
    }
    timer_cancel(&b->timer);
    g_assert_true(qtest_work_slice(&work));
    g_assert_cmpint(clock_now(b->clock), ==, INT64_MAX / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/qtest-work/fill", Bench, NULL, bench_set_up, test_fill, bench_tear_down);
    g_test_add("/qtest-work/read", Bench, NULL, bench_set_up, test_read, bench_tear_down);
    g_test_add("/qtest-work/time", Bench, NULL, bench_set_up, test_time, bench_tear_down);
    return g_test_run();
}
