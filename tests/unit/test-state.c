/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State tables: every kind of row saved and loaded, versions, and what is wrong told in words. */
#include "hw/core/state.h"

#include <string.h>

#include "base/clock.h"
#include "hw/core/regfile.h"

static const RegRow rows[] = {
    {.name = "CTRL", .offset = 0, .width = 4, .reset = 1},
    {.name = "SLOT", .offset = 8, .width = 8},
    {.name = "SLOT", .offset = 16, .width = 8, .reset = 9},
};
/* The same registers in another order, as far as an index goes. */
static const RegRow rows_reordered[] = {
    {.name = "SLOT", .offset = 16, .width = 8, .reset = 9},
    {.name = "CTRL", .offset = 0, .width = 4, .reset = 1},
    {.name = "SLOT", .offset = 8, .width = 8},
};
static const RegRow rows_fewer[] = {
    {.name = "CTRL", .offset = 0, .width = 4, .reset = 1},
    {.name = "SLOT", .offset = 8, .width = 8},
};

typedef struct {
    uint8_t head;
    bool on;
} Part;

typedef struct {
    bool flag;
    uint64_t size;
    uint16_t list[3];
    uint8_t bytes[2];
    uint8_t *table;
    size_t table_len;
    Part parts[2];
    RegFile regs;
    uint64_t values[G_N_ELEMENTS(rows)];
    uint32_t added;
    Timer timer;
} Gadget;

static size_t table_length(const void *object)
{
    return ((const Gadget *)object)->table_len;
}

static const StateField part_state[] = {
    STATE_FIELD_MAX(STATE_UINT8, Part, head, 15),
    STATE_FIELD(STATE_UINT8, Part, on),
    STATE_END,
};
#define FIRST_ROWS                                                                                 \
    STATE_FIELD(STATE_UINT8, Gadget, flag), STATE_FIELD(STATE_UINT64, Gadget, size),               \
        STATE_ARRAY(STATE_UINT16, Gadget, list, 3), STATE_ARRAY(STATE_BYTES, Gadget, bytes, 2),    \
        STATE_BYTES_PTR(Gadget, table, table_length),                                              \
        STATE_STRUCTS(Gadget, parts, 2, Part, part_state), STATE_REGFILE(Gadget, regs),            \
        STATE_FIELD(STATE_TIMER, Gadget, timer)
static const StateField first_state[] = {FIRST_ROWS, STATE_END};
static const StateField state[] = {
    FIRST_ROWS,
    {.name = "added",
     .type = STATE_UINT32,
     .offset = offsetof(Gadget, added),
     .count = 1,
     .since = 1},
    STATE_END,
};

static void gadget_init(Gadget *g, Clock *clock, uint8_t *table, size_t len)
{
    *g = (Gadget){.table = table, .table_len = len};
    regfile_init(&g->regs, rows, g->values, G_N_ELEMENTS(rows), 24, g);
    timer_init(&g->timer, clock, NULL, NULL);
}

static void gadget_fill(Gadget *g)
{
    g->flag = true;
    g->size = 77;
    g->list[2] = 3;
    memcpy(g->bytes, "\xab\x05", 2);
    memcpy(g->table, "abcd", 4);
    g->parts[1] = (Part){.head = 15, .on = true};
    regfile_set(&g->regs, 16, 0x1234567890);
    g->added = 6;
    timer_arm(&g->timer, 1234);
}

static const char description[] =
    "flag=0x1\nsize=0x4d\nlist=0x0,0x0,0x3\nbytes=ab05\ntable=61626364\n"
    "parts[0].head=0x0\nparts[0].on=0x0\nparts[1].head=0xf\nparts[1].on=0x1\n"
    "CTRL=0x1\nSLOT[0]=0x0\nSLOT[1]=0x1234567890\ntimer=1234\nadded=0x6\n";

typedef struct {
    Clock *clock;
    uint8_t table_a[4], table_b[4];
    Gadget a, b;
    GByteArray *saved;
} Fixture;

static void set_up(Fixture *f, gconstpointer unused)
{
    f->clock = clock_new(CLOCK_MANUAL);
    gadget_init(&f->a, f->clock, f->table_a, 4);
    gadget_init(&f->b, f->clock, f->table_b, 4);
    gadget_fill(&f->a);
    f->saved = g_byte_array_new();
    state_save(state, &f->a, f->saved);
}

static void tear_down(Fixture *f, gconstpointer unused)
{
    timer_cancel(&f->a.timer);
    timer_cancel(&f->b.timer);
    regfile_free(&f->a.regs);
    regfile_free(&f->b.regs);
    g_byte_array_unref(f->saved);
    clock_free(f->clock);
}

static bool load(Fixture *f, GError **error)
{
    return state_load(state, 1, &f->b, f->saved->data, f->saved->len, error);
}

static char *describe(const Gadget *g)
{
    GString *text = g_string_new(NULL);
    state_describe(state, g, text);
    return g_string_free(text, false);
}

static void assert_same(const Fixture *f)
{
    g_autofree char *text = describe(&f->b);
    g_assert_cmpstr(text, ==, description);
    g_autoptr(GByteArray) again = g_byte_array_new();
    state_save(state, &f->b, again);
    g_assert_cmpmem(again->data, again->len, f->saved->data, f->saved->len);
}

static void assert_fails(Fixture *f, const StateField *table, uint32_t version, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = describe(&f->b);
    g_assert_false(state_load(table, version, &f->b, f->saved->data, f->saved->len, &error));
    g_autofree char *after = describe(&f->b);
    g_assert_cmpstr(before, ==, after);
    if (!strstr(error->message, what)) {
        g_error("'%s' is not in '%s'", what, error->message);
    }
}

static void test_round_trip(Fixture *f, gconstpointer unused)
{
    GError *error = NULL;
    load(f, &error);
    g_assert_no_error(error);
    assert_same(f);
}

/* A timer that was off is off afterwards. */
static void test_timer_off(Fixture *f, gconstpointer unused)
{
    timer_cancel(&f->a.timer);
    g_byte_array_set_size(f->saved, 0);
    state_save(state, &f->a, f->saved);
    timer_arm(&f->b.timer, 5);
    g_assert_true(load(f, NULL));
    g_assert_false(timer_is_armed(&f->b.timer));
}

static void note_fired(void *opaque)
{
    *(int *)opaque = *(int *)opaque * 10 + 1;
}
static void note_other_fired(void *opaque)
{
    *(int *)opaque = *(int *)opaque * 10 + 2;
}

static const StateField timer_state[] = {STATE_FIELD(STATE_TIMER, Gadget, timer), STATE_END};

/* Timers of the same time fire in the order that they were armed in, not that they are loaded in.
 */
static void test_timer_order(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
    int fired = 0;
    timer_cancel(&f->a.timer);
    timer_init(&f->a.timer, f->clock, note_fired, &fired);
    timer_init(&f->b.timer, f->clock, note_other_fired, &fired);
    timer_arm(&f->a.timer, 100);
    timer_arm(&f->b.timer, 100);
    state_save(timer_state, &f->a, first);
    state_save(timer_state, &f->b, second);
    g_assert_true(state_load(timer_state, 0, &f->b, second->data, second->len, NULL));
    g_assert_true(state_load(timer_state, 0, &f->a, first->data, first->len, NULL));
    clock_advance_to(f->clock, 100);
    g_assert_cmpint(fired, ==, 12);
}

/* Registers are found by offset, whatever their order; all of them have to be there. */
static void test_registers(Fixture *f, gconstpointer unused)
{
    regfile_free(&f->b.regs);
    regfile_init(&f->b.regs, rows_reordered, f->b.values, G_N_ELEMENTS(rows_reordered), 24, NULL);
    g_assert_true(load(f, NULL));
    g_assert_cmphex(regfile_get(&f->b.regs, 16), ==, 0x1234567890);
    g_assert_cmphex(regfile_get(&f->b.regs, 0), ==, 1);
    regfile_free(&f->b.regs);
    regfile_init(&f->b.regs, rows_fewer, f->b.values, G_N_ELEMENTS(rows_fewer), 24, NULL);
    assert_fails(f, state, 1, "regs: 3 registers where there are 2");
}

static void test_register_too_wide(Fixture *f, gconstpointer unused)
{
    f->a.values[0] = 1ull << 32;
    g_byte_array_set_size(f->saved, 0);
    state_save(state, &f->a, f->saved);
    assert_fails(f, state, 1, "regs: 0x100000000 is too wide for CTRL");
}

static void test_older(Fixture *f, gconstpointer unused)
{
    g_byte_array_set_size(f->saved, 0);
    state_save(first_state, &f->a, f->saved);
    f->b.added = 6;
    g_assert_true(state_load(state, 0, &f->b, f->saved->data, f->saved->len, NULL));
    g_autofree char *text = describe(&f->b);
    g_assert_cmpstr(text, ==, description);
    g_assert_cmpuint(state_version(first_state), ==, 0);
    g_assert_cmpuint(state_version(state), ==, 1);
}

/* A register that an older state does not have is at its reset value. */
static void test_older_registers(Fixture *f, gconstpointer unused)
{
    regfile_free(&f->a.regs);
    regfile_init(&f->a.regs, rows_fewer, f->a.values, G_N_ELEMENTS(rows_fewer), 24, NULL);
    g_byte_array_set_size(f->saved, 0);
    state_save(first_state, &f->a, f->saved);
    regfile_set(&f->b.regs, 16, 1);
    g_assert_true(state_load(state, 0, &f->b, f->saved->data, f->saved->len, NULL));
    g_assert_cmphex(regfile_get(&f->b.regs, 16), ==, 9);
}

static void test_newer(Fixture *f, gconstpointer unused)
{
    assert_fails(f, state, 2, "version 2 is newer than version 1");
    assert_fails(f, first_state, 0, "bytes follow after the last field");
}

static void test_other_tables(Fixture *f, gconstpointer unused)
{
    static const StateField renamed[] = {STATE_FIELD(STATE_UINT64, Gadget, size), STATE_END};
    static const StateField retyped[] = {
        {.name = "flag", .type = STATE_UINT64, .offset = offsetof(Gadget, size), .count = 1},
        STATE_END};
    assert_fails(f, renamed, 0, "size: in its place the saved state has 'flag'");
    assert_fails(f, retyped, 0, "flag: type 1 where 8 is meant");
    f->b.table_len = 3;
    assert_fails(f, state, 1, "table: 4 elements where there are 3");
}

/* Values that cannot be are told by their path. */
static void test_values(Fixture *f, gconstpointer unused)
{
    f->a.parts[1].head = 16;
    g_byte_array_set_size(f->saved, 0);
    state_save(state, &f->a, f->saved);
    assert_fails(f, state, 1, "parts[1].head: 0x10 is more than 0xf");
    f->b.timer.clock = NULL;
    f->a.parts[1].head = 0;
    g_byte_array_set_size(f->saved, 0);
    state_save(state, &f->a, f->saved);
    assert_fails(f, state, 1, "timer: a timer that is not there runs");
}

static void test_truncated(Fixture *f, gconstpointer unused)
{
    g_autofree char *before = describe(&f->b);
    for (guint len = 0; len < f->saved->len; len++) {
        /* Of its own, so that a sanitizer sees a byte too many. */
        g_autofree uint8_t *cut = g_malloc(MAX(len, 1));
        memcpy(cut, f->saved->data, len);
        g_autoptr(GError) error = NULL;
        g_assert_false(state_load(state, 1, &f->b, cut, len, &error));
        g_assert_nonnull(strstr(error->message, "the saved state ends here"));
        g_autofree char *after = describe(&f->b);
        g_assert_cmpstr(before, ==, after);
    }
}

/* Whatever is loaded, the object can be looked at and saved afterwards. */
static void test_flipped(Fixture *f, gconstpointer unused)
{
    for (guint bit = 0; bit < f->saved->len * 8; bit++) {
        g_autoptr(GError) error = NULL;
        f->saved->data[bit / 8] ^= 1u << bit % 8;
        bool loaded = load(f, &error);
        g_assert_true(loaded == !error);
        g_autofree char *text = describe(&f->b);
        if (loaded) {
            g_autoptr(GByteArray) again = g_byte_array_new();
            state_save(state, &f->b, again);
            g_assert_cmpmem(again->data, again->len, f->saved->data, f->saved->len);
        }
        f->saved->data[bit / 8] ^= 1u << bit % 8;
    }
    g_assert_true(load(f, NULL));
    assert_same(f);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer unused);
    } tests[] = {
        {"/state/round-trip", test_round_trip},
        {"/state/timer/off", test_timer_off},
        {"/state/timer/order", test_timer_order},
        {"/state/registers/order", test_registers},
        {"/state/registers/too-wide", test_register_too_wide},
        {"/state/version/older", test_older},
        {"/state/version/older-registers", test_older_registers},
        {"/state/version/newer", test_newer},
        {"/state/wrong/tables", test_other_tables},
        {"/state/wrong/values", test_values},
        {"/state/wrong/truncated", test_truncated},
        {"/state/wrong/flipped", test_flipped},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    }
    return g_test_run();
}
