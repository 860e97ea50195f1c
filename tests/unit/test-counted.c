/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time that follows executed instructions, seeded random numbers, and hashes of memory. */
#include <glib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"

typedef struct {
    uint64_t executed;
    int64_t sooner; /* what was told last */
    unsigned told;
} Counter;

static uint64_t counter_executed(void *opaque)
{
    return ((Counter *)opaque)->executed;
}

static void counter_sooner(void *opaque, int64_t expires)
{
    Counter *counter = opaque;
    counter->sooner = expires;
    counter->told++;
}

static Clock *counting(Counter *counter, unsigned shift)
{
    const ClockCount count = {counter_executed, counter_sooner, counter};
    Clock *clock = clock_new_counted(shift);
    clock_follow(clock, &count);
    return clock;
}

static void ignore_fire(void *opaque)
{
}

static void test_follows(void)
{
    Counter counter = {.executed = 5};
    Clock *clock = counting(&counter, 3);
    g_assert_true(clock_is_counted(clock));
    g_assert_cmpint(clock_now(clock), ==, 0); /* what was executed before does not count */
    counter.executed += 10;
    g_assert_cmpint(clock_now(clock), ==, 80);
    g_assert_cmpint(clock_last(clock), ==, 80);
    clock_start(clock);
    clock_stop(clock); /* nobody executes meanwhile: nothing to do */
    g_assert_cmpint(clock_now(clock), ==, 80);
    clock_skip_to(clock, 1000);
    clock_skip_to(clock, 900); /* never back */
    g_assert_cmpint(clock_now(clock), ==, 1000);
    counter.executed++;
    g_assert_cmpint(clock_now(clock), ==, 1008);
    clock_follow(clock, NULL);
    g_assert_cmpint(clock_now(clock), ==, 1008);
    g_assert_cmpint(clock_withheld(clock), ==, 0);
    clock_free(clock);
}

/* Instructions until a time: enough to reach it, and not one more. */
static void test_until(void)
{
    Counter counter = {0};
    Clock *clock = counting(&counter, 2);
    const struct {
        int64_t ns;
        uint64_t instructions;
    } rows[] = {{0, 1}, {1, 1}, {4, 1}, {5, 2}, {8, 2}, {400, 100}, {401, 101}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpuint(clock_instructions_until(clock, rows[i].ns), ==, rows[i].instructions);
        g_assert_cmpint(clock_duration(clock, rows[i].instructions), >=, rows[i].ns);
    }
    g_assert_cmpuint(clock_instructions_until(clock, INT64_MAX), ==, (uint64_t)1 << 61);
    clock_free(clock);
}

static void test_sooner(void)
{
    Counter counter = {0};
    Clock *clock = counting(&counter, 0);
    Timer late, soon;
    timer_init(&late, clock, ignore_fire, NULL);
    timer_init(&soon, clock, ignore_fire, NULL);
    timer_arm(&late, 500);
    g_assert_cmpint(counter.sooner, ==, 500);
    timer_arm(&soon, 600);
    g_assert_cmpuint(counter.told, ==, 1);
    timer_arm(&soon, 400);
    g_assert_cmpint(counter.sooner, ==, 400);
    counter.executed = 450;
    g_assert_true(clock_run(clock));
    g_assert_false(timer_is_armed(&soon));
    g_assert_true(timer_is_armed(&late));
    timer_cancel(&late);
    clock_free(clock);
}

static void test_restore(void)
{
    Counter counter = {.executed = 100}, other = {.executed = 7};
    Clock *clock = counting(&counter, 1), *loaded = counting(&other, 1);
    counter.executed += 50;
    clock_skip_to(clock, 5000);
    ClockTime saved = clock_save(clock);
    clock_restore(loaded, &saved);
    g_assert_cmpint(clock_now(loaded), ==, 5000);
    other.executed += 3;
    g_assert_cmpint(clock_now(loaded), ==, 5006);
    clock_free(clock);
    clock_free(loaded);
}

static void test_random(void)
{
    Random a, b, other;
    uint8_t from_a[100], from_b[100];
    random_seed(&a, 1);
    random_seed(&b, 1);
    random_seed(&other, 2);
    g_assert_true(random_bytes(&a, from_a, sizeof(from_a)));
    g_assert_true(random_bytes(&b, from_b, sizeof(from_b)));
    g_assert_cmpmem(from_a, sizeof(from_a), from_b, sizeof(from_b));
    g_assert_true(random_bytes(&other, from_b, sizeof(from_b)));
    g_assert_cmpint(memcmp(from_a, from_b, sizeof(from_a)), !=, 0);
    memset(from_b, 0, sizeof(from_b));
    g_assert_true(random_bytes(NULL, from_b, sizeof(from_b)));
    uint8_t any = 0;
    for (size_t i = 0; i < sizeof(from_b); i++) {
        any |= from_b[i];
    }
    g_assert_cmpint(any, !=, 0);
}

/* Every bit counts, and so do order, length and seed. */
static void test_hash(void)
{
    uint8_t data[100] = {0};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (size_t bit = 0; bit < sizeof(data) * 8; bit++) {
        data[bit / 8] = (uint8_t)(1u << bit % 8);
        uint64_t hash = hash_bytes(0, data, sizeof(data));
        g_assert_true(g_hash_table_add(seen, g_memdup2(&hash, sizeof(hash))));
        data[bit / 8] = 0;
    }
    for (size_t len = 0; len <= sizeof(data); len++) {
        uint64_t hash = hash_bytes(0, data, len);
        g_assert_true(g_hash_table_add(seen, g_memdup2(&hash, sizeof(hash))));
    }
    g_assert_cmpuint(hash_bytes(1, data, 64), !=, hash_bytes(0, data, 64));
    /* The same on every host: this number is not to change. */
    g_assert_cmphex(hash_bytes(0, "switchyard", 10), ==, 0x93109c7a726f7babull);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/counted/follows", test_follows);
    g_test_add_func("/counted/until", test_until);
    g_test_add_func("/counted/sooner", test_sooner);
    g_test_add_func("/counted/restore", test_restore);
    g_test_add_func("/counted/random", test_random);
    g_test_add_func("/counted/hash", test_hash);
    return g_test_run();
}
