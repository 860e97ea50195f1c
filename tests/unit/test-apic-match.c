/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Destination matching of the APIC bus against a model that is written down independently: for
 * each message and each local APIC, straight from the text of Intel SDM vol. 3, 11.6.2 and 11.12.
 * Modes, logical ids, task priorities and messages are generated from a fixed seed.
 */
#include "hw/intc/apic.h"

#define ROUNDS         400
#define MSGS_PER_ROUND 60
#define VECTOR         0x61

static const uint32_t ids[] = {0,   1,   2,   3,   4,      5,       7,       8,
                               15,  16,  17,  31,  32,     63,      100,     128,
                               200, 254, 255, 256, 257,    271,     272,     287,
                               300, 511, 512, 513, 0xffff, 0x10000, 0xfff0f, 0x12345678};
#define COUNT G_N_ELEMENTS(ids)

typedef struct {
    bool enabled, software, x2apic, flat;
    uint32_t id; /* in xAPIC mode perhaps one that software gave it */
    uint8_t logical, tpr;
} Model;

typedef struct {
    Platform platform;
    Trace trace;
    ApicBus *bus;
    Device *dev[COUNT];
    Model model[COUNT];
} Rig;

static ApicState *apic_of(Rig *rig, unsigned i)
{
    return apic_from_device(rig->dev[i]);
}

static void rig_open(Rig *rig)
{
    *rig = (Rig){0};
    trace_init(&rig->trace);
    rig->platform = (Platform){.clock = clock_new(CLOCK_MANUAL), .trace = &rig->trace};
    rig->bus = apic_bus_new(NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        rig->dev[i] = device_new(&apic_class, &rig->platform, "apic");
        *apic_links(rig->dev[i]) = (ApicLinks){.bus = rig->bus,
                                               .apic_id = ids[i],
                                               .is_bsp = i == 0,
                                               .x2apic = true,
                                               .id_writable = true};
        g_assert_true(device_realize(rig->dev[i], NULL));
    }
}

static void rig_close(Rig *rig)
{
    for (unsigned i = 0; i < COUNT; i++) {
        device_free(rig->dev[i]);
    }
    apic_bus_free(rig->bus);
    clock_free(rig->platform.clock);
}

static void set_base(Rig *rig, unsigned i, uint64_t bits)
{
    g_assert_true(apic_msr_write(apic_of(rig, i), MSR_IA32_APIC_BASE, 0xfee00000 | bits));
}

/* `x2`: percent in x2APIC mode. */
static void rig_randomise(Rig *rig, GRand *rand, unsigned x2)
{
    for (unsigned i = 0; i < COUNT; i++) {
        ApicState *apic = apic_of(rig, i);
        Model *m = &rig->model[i];

        device_reset(rig->dev[i]);
        *m = (Model){
            .enabled = g_rand_int_range(rand, 0, 12) != 0,
            .software = g_rand_int_range(rand, 0, 12) != 0,
            .x2apic = (unsigned)g_rand_int_range(rand, 0, 100) < x2,
            .flat = g_rand_boolean(rand),
            .id = ids[i],
            .logical = (uint8_t)g_rand_int_range(rand, 0, 256),
            .tpr = (uint8_t)(g_rand_int_range(rand, 0, 4) << 4),
        };
        apic_mmio_write(apic, 0xf0, m->software ? 0x1ff : 0xff, 4);
        apic_mmio_write(apic, 0xe0, m->flat ? 0xffffffff : 0x0fffffff, 4);
        apic_mmio_write(apic, 0xd0, (uint64_t)m->logical << 24, 4);
        apic_mmio_write(apic, 0x80, m->tpr, 4);
        if (g_rand_int_range(rand, 0, 4) == 0) {
            uint8_t id = (uint8_t)(g_rand_boolean(rand) ? ids[g_rand_int_range(rand, 0, COUNT)]
                                                        : (uint32_t)g_rand_int_range(rand, 0, 256));

            apic_mmio_write(apic, 0x20, (uint64_t)id << 24, 4);
            m->id = m->x2apic || id == (uint8_t)ids[i] ? ids[i] : id;
        }
        if (!m->enabled) {
            set_base(rig, i, 0);
        } else if (m->x2apic) {
            set_base(rig, i, 0xc00);
        }
    }
}

static bool model_physical(const Model *m, uint32_t dest)
{
    if (dest == 0xffffffff || (!m->x2apic && dest == 0xff)) {
        return true;
    }
    return dest == m->id && (m->x2apic || dest != 0xff);
}

static bool model_logical(const Model *m, uint32_t dest)
{
    uint8_t mda = (uint8_t)dest;

    if (dest == 0xffffffff) {
        return true;
    }
    if (m->x2apic) {
        return (dest >> 16) == (m->id >> 4) && ((dest >> (m->id & 15)) & 1) == 1;
    }
    if (dest >= 0xff) {
        return dest == 0xff;
    }
    if (m->flat) {
        return (mda & m->logical) != 0;
    }
    return (mda & 0xf0) == (m->logical & 0xf0) && (mda & m->logical & 0x0f) != 0;
}

static bool model_matches(const Model *m, const ApicMsg *msg)
{
    return m->enabled && m->software &&
           (msg->logical ? model_logical(m, msg->dest) : model_physical(m, msg->dest));
}

static uint32_t random_dest(GRand *rand)
{
    static const uint32_t special[] = {0xff, 0xffffffff, 0x1ff, 0xffff, 0x10001, 0x1000f, 0x110001};

    switch (g_rand_int_range(rand, 0, 5)) {
    case 0:
        return special[g_rand_int_range(rand, 0, G_N_ELEMENTS(special))];
    case 1: /* a cluster that exists */
        return (ids[g_rand_int_range(rand, 0, COUNT)] >> 4) << 16 |
               (uint32_t)g_rand_int_range(rand, 0, 0x10000);
    case 2:
        return (uint32_t)g_rand_int_range(rand, 0, 256);
    case 3:
        return g_rand_int(rand);
    default:
        return ids[g_rand_int_range(rand, 0, COUNT)];
    }
}

static ApicMsg random_msg(GRand *rand)
{
    return (ApicMsg){
        .dest = random_dest(rand),
        .vector = VECTOR,
        .mode = g_rand_int_range(rand, 0, 3) == 0 ? INTR_MODE_LOWEST : INTR_MODE_FIXED,
        .logical = g_rand_boolean(rand),
        .redirection = g_rand_int_range(rand, 0, 8) == 0,
        .assert_level = true,
    };
}

/* Takes the vector away again; true if it was there. */
static bool took(Rig *rig, unsigned i)
{
    ApicState *apic = apic_of(rig, i);

    if (!apic_irr(apic, VECTOR)) {
        return false;
    }
    g_assert_cmpint(apic_ack(apic), ==, VECTOR);
    if (apic_is_x2apic(apic)) {
        g_assert_true(apic_msr_write(apic, 0x80b, 0));
    } else {
        apic_mmio_write(apic, 0xb0, 0, 4);
    }
    g_assert_false(apic_irr(apic, VECTOR) || apic_isr(apic, VECTOR));
    return true;
}

static void check_one(Rig *rig, const ApicMsg *msg)
{
    bool one = msg->mode == INTR_MODE_LOWEST || msg->redirection;
    unsigned expected = 0, got = 0;
    uint8_t lowest = 0xff, winner = 0xff;
    bool answer;

    for (unsigned i = 0; i < COUNT; i++) {
        if (model_matches(&rig->model[i], msg)) {
            expected++;
            lowest = MIN(lowest, rig->model[i].tpr);
        }
    }
    answer = intr_reached(apic_bus_deliver(rig->bus, msg));
    for (unsigned i = 0; i < COUNT; i++) {
        bool match = model_matches(&rig->model[i], msg);

        if (took(rig, i)) {
            got++;
            winner = rig->model[i].tpr;
            g_assert_true(match);
        } else if (!one) {
            g_assert_false(match);
        }
    }
    g_assert_cmpint(answer, ==, expected != 0);
    if (one) {
        g_assert_cmpuint(got, ==, expected ? 1 : 0);
        g_assert_cmpuint(winner, ==, lowest);
    } else {
        g_assert_cmpuint(got, ==, expected);
    }
}

static void test_match(const void *data)
{
    unsigned x2 = GPOINTER_TO_UINT(data);
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x5317 + x2);
    Rig rig;

    rig_open(&rig);
    for (unsigned round = 0; round < ROUNDS; round++) {
        rig_randomise(&rig, rand, x2);
        for (unsigned i = 0; i < MSGS_PER_ROUND; i++) {
            ApicMsg msg = random_msg(rand);

            check_one(&rig, &msg);
        }
    }
    rig_close(&rig);
}

/* Equals take turns, and in the same order each time. */
static void test_round_robin(void)
{
    ApicMsg msg = {
        .dest = 0x000000ff, .vector = VECTOR, .mode = INTR_MODE_LOWEST, .assert_level = true};
    Rig rig;

    rig_open(&rig);
    for (unsigned i = 0; i < COUNT; i++) {
        device_reset(rig.dev[i]);
        apic_mmio_write(apic_of(&rig, i), 0xf0, 0x1ff, 4);
    }
    for (unsigned n = 0; n < 3 * COUNT; n++) {
        g_assert_true(intr_reached(apic_bus_deliver(rig.bus, &msg)));
        g_assert_true(took(&rig, n % COUNT));
    }
    rig_close(&rig);
}

static void test_shorthands(void)
{
    Rig rig;

    rig_open(&rig);
    for (unsigned i = 0; i < COUNT; i++) {
        device_reset(rig.dev[i]);
        apic_mmio_write(apic_of(&rig, i), 0xf0, 0x1ff, 4);
    }
    apic_mmio_write(apic_of(&rig, 3), 0x300, 0x000c0000 | VECTOR, 4); /* all but self */
    for (unsigned i = 0; i < COUNT; i++) {
        g_assert_cmpint(took(&rig, i), ==, i != 3);
    }
    apic_mmio_write(apic_of(&rig, 3), 0x300, 0x00080000 | VECTOR, 4); /* all */
    for (unsigned i = 0; i < COUNT; i++) {
        g_assert_true(took(&rig, i));
    }
    apic_mmio_write(apic_of(&rig, 3), 0x300, 0x00040000 | VECTOR, 4); /* self */
    for (unsigned i = 0; i < COUNT; i++) {
        g_assert_cmpint(took(&rig, i), ==, i == 3);
    }
    rig_close(&rig);
}

/* A processor above 255 that is still in xAPIC mode gets its INIT and SIPI by its full id. */
static void test_start_above_255(void)
{
    ApicState *bsp, *target = NULL;
    Rig rig;

    rig_open(&rig);
    for (unsigned i = 0; i < COUNT; i++) {
        device_reset(rig.dev[i]);
        target = ids[i] == 300 ? apic_of(&rig, i) : target;
    }
    bsp = apic_of(&rig, 0);
    set_base(&rig, 0, 0xd00);
    g_assert_true(apic_msr_write(bsp, 0x830, 300ull << 32 | 0xc500));
    g_assert_true(apic_msr_write(bsp, 0x830, 300ull << 32 | 0x8500)); /* level de-assert */
    g_assert_true(apic_msr_write(bsp, 0x830, 300ull << 32 | 0x4699));
    for (unsigned i = 0; i < COUNT; i++) {
        ApicCounts counts = apic_counts(apic_of(&rig, i));

        g_assert_cmpuint(counts.inits, ==, ids[i] == 300);
        g_assert_cmpuint(counts.sipis, ==, ids[i] == 300);
    }
    g_assert_cmpuint(apic_counts(target).sipi_vector, ==, 0x99);
    rig_close(&rig);
}

static void test_decode(void)
{
    ApicMsg msg = apic_msg_decode(&(IntrMsg){
        .address = 0xfee12000 | 0xc, .data = 0x8000 | 0x4000 | 0x100 | 0x42, .serial = 7});

    g_assert_cmphex(msg.dest, ==, 0x12);
    g_assert_true(msg.logical && msg.redirection && msg.level && msg.assert_level);
    g_assert_cmpint(msg.mode, ==, INTR_MODE_LOWEST);
    g_assert_cmphex(msg.vector, ==, 0x42);
    g_assert_cmpuint(msg.serial, ==, 7);
    msg = apic_msg_decode(&(IntrMsg){.address = 0x00123400fee56000ull, .data = 0x4042});
    g_assert_cmphex(msg.dest, ==, 0x00123456);
    g_assert_false(msg.level);
}

static void test_sink(void)
{
    IntrMsg msg = {.address = 0xfee00000, .data = VECTOR};
    IntrSink sink;
    Rig rig;

    rig_open(&rig);
    device_reset(rig.dev[0]);
    apic_mmio_write(apic_of(&rig, 0), 0xf0, 0x1ff, 4);
    sink = apic_bus_sink(rig.bus);
    g_assert_cmpint(intr_send(&sink, &msg), ==, INTR_DELIVERED);
    g_assert_true(took(&rig, 0));
    msg.address = 0xfed00000;
    g_assert_cmpint(intr_send(&sink, &msg), ==, INTR_NOT_A_REQUEST);
    msg.address = 0xfee00000;
    msg.data = 0x300 | VECTOR; /* a reserved delivery mode */
    intr_send(&sink, &msg);
    g_assert_false(took(&rig, 0));
    msg.data = 0x8000 | VECTOR; /* a level's de-assertion */
    intr_send(&sink, &msg);
    g_assert_false(took(&rig, 0));
    g_assert_cmpuint(apic_bus_stats(rig.bus).delivered, ==, 1);
    g_assert_cmpuint(apic_bus_stats(rig.bus).dropped, ==, 1);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/apic-match/xapic", GUINT_TO_POINTER(0), test_match);
    g_test_add_data_func("/apic-match/mixed", GUINT_TO_POINTER(50), test_match);
    g_test_add_data_func("/apic-match/x2apic", GUINT_TO_POINTER(100), test_match);
    g_test_add_func("/apic-match/round-robin", test_round_robin);
    g_test_add_func("/apic-match/shorthands", test_shorthands);
    g_test_add_func("/apic-match/start-above-255", test_start_above_255);
    g_test_add_func("/apic-match/decode", test_decode);
    g_test_add_func("/apic-match/sink", test_sink);
    return g_test_run();
}
