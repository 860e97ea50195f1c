/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hyper-V's synthetic interrupt controller and timers, by the TLFS. */
#include "hyperv-board.h"

static void synic_on(HvVp *vp)
{
    hv_put(vp, HV_SIMP, HV_AT_SIMP | 1);
    hv_put(vp, HV_SIEFP, HV_AT_SIEFP | 1);
    hv_put(vp, HV_SCONTROL, 1);
}

static void test_synic_registers(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);

    g_assert_cmpuint(hv_get(vp, HV_SVERSION), ==, 1);
    refused(vp, HV_SVERSION, 1);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(hv_get(vp, HV_SINT(i)), ==, 1u << 16);
    }
    refused(vp, HV_SINT(3), 15);
    hv_put(vp, HV_SINT(3), 15 | 1u << 16);
    hv_put(vp, HV_SINT(3), VECTOR);
    g_assert_cmphex(hv_get(vp, HV_SINT(3)), ==, VECTOR);
    g_assert_cmphex(hv_get(vp_of(r, 1), HV_SINT(3)), ==, 1u << 16);
    refused(vp, HV_SIMP, 1ull << 50 | 1);
    device_reset(r->hyperv);
    g_assert_cmphex(hv_get(vp, HV_SINT(3)), ==, 1u << 16);
}

/* A message, another one that waits for its slot, and EOM. */
static void test_messages(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 2);
    const uint64_t slot = HV_AT_SIMP + 4 * 256;

    synic_on(vp);
    hv_put(vp, HV_SINT(4), VECTOR);
    hv_put(vp, HV_CONFIG(1), 1 | 4 << 16);
    hv_put(vp, HV_COUNT(1), 100);
    g_assert_false(has_vector(r, 2, VECTOR));
    advance(r, 10000);
    g_assert_false(has_vector(r, 2, VECTOR));
    advance(r, 1);
    g_assert_true(has_vector(r, 2, VECTOR));
    g_assert_cmphex(peek(r, slot, 4), ==, 0x80000010);
    g_assert_cmpuint(peek(r, slot + 4, 1), ==, 24);
    g_assert_cmpuint(peek(r, slot + 16, 4), ==, 1);
    g_assert_cmpuint(peek(r, slot + 24, 8), ==, 100);
    g_assert_cmpuint(peek(r, slot + 32, 8), >=, 100);
    g_assert_cmphex(hv_get(vp, HV_CONFIG(1)), ==, 4 << 16); /* one-shot: it ends disabled */
    g_assert_cmpstr(last(r)->source, ==, "vp2");
    g_assert_cmpint(last(r)->kind, ==, JOURNAL_STIMER);
    g_assert_cmpint(apic_ack(apic_from_device(r->apic[2])), ==, VECTOR);

    hv_put(vp, HV_CONFIG(0), 1 | 4 << 16);
    hv_put(vp, HV_COUNT(0), 1); /* over already: at once */
    g_assert_cmpint(last(r)->result, ==, INTR_MESSAGE_SLOT_FULL);
    g_assert_cmphex(peek(r, slot + 5, 1), ==, 1);
    hv_put(vp, HV_EOM, 0); /* the slot is still full */
    g_assert_cmpint(last(r)->result, ==, INTR_MESSAGE_SLOT_FULL);
    poke(r, slot, 0, 4);
    hv_put(vp, HV_EOM, 0);
    g_assert_cmpint(last(r)->result, ==, INTR_DELIVERED);
    g_assert_cmpuint(peek(r, slot + 16, 4), ==, 0);
    g_assert_cmphex(peek(r, slot + 5, 1), ==, 0);
}

static void test_auto_eoi(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);
    ApicState *apic = apic_from_device(r->apic[0]);

    synic_on(vp);
    hv_put(vp, HV_SINT(1), VECTOR | 1u << 17);
    hv_put(vp, HV_CONFIG(0), 1 | 1 << 16);
    hv_put(vp, HV_COUNT(0), 1);
    advance(r, 1000);
    g_assert_cmpint(apic_ack(apic), ==, VECTOR);
    g_assert_false(apic_isr(apic, VECTOR));
    g_assert_cmpint(last(r)->result, ==, INTR_ENDED);
    hv_put(vp, HV_SINT(1), VECTOR);
    poke(r, HV_AT_SIMP + 256, 0, 4);
    hv_put(vp, HV_CONFIG(0), 1 | 1 << 16);
    advance(r, 1000);
    g_assert_cmpint(apic_ack(apic), ==, VECTOR);
    g_assert_true(apic_isr(apic, VECTOR));
}

static unsigned taken(Rig *r, unsigned i)
{
    ApicState *apic = apic_from_device(r->apic[i]);
    unsigned n = 0;

    while (apic_ack(apic) >= 0) {
        apic_mmio_write(apic, 0xb0, 0, 4);
        n++;
    }
    return n;
}

static void test_direct(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 6);
    const uint64_t direct = 1u << 12 | VECTOR << 4;

    refused(vp, HV_CONFIG(0), 1ull << 20);
    hv_put(vp, HV_CONFIG(3), 1); /* neither a source nor a vector */
    g_assert_cmphex(hv_get(vp, HV_CONFIG(3)), ==, 0);
    hv_put(vp, HV_CONFIG(3), direct | 1 << 3); /* enabled by its count */
    hv_put(vp, HV_COUNT(3), 1000);
    g_assert_cmphex(hv_get(vp, HV_CONFIG(3)) & 1, ==, 1);
    hv_put(vp, HV_COUNT(3), 0); /* and disabled */
    g_assert_cmphex(hv_get(vp, HV_CONFIG(3)) & 1, ==, 0);
    advance(r, NS_PER_MS);
    g_assert_cmpuint(taken(r, 6), ==, 0);
    hv_put(vp, HV_COUNT(3), hv_get(vp, HV_TIME_COUNT) + 1000);
    advance(r, NS_PER_MS);
    g_assert_cmpuint(taken(r, 6), ==, 1);
    g_assert_cmpint(last(r)->kind, ==, JOURNAL_STIMER);
    g_assert_cmpuint(last(r)->number, ==, 3);
}

static void test_periodic(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);
    const uint64_t direct = 1u << 12 | VECTOR << 4;
    unsigned n = 0;

    for (unsigned lazy = 0; lazy < 2; lazy++) {
        hv_put(vp, HV_COUNT(0), 1000);
        hv_put(vp, HV_CONFIG(0), direct | 3 | lazy << 2);
        n = 0;
        for (unsigned i = 0; i < 100; i++) {
            advance(r, 50000); /* half a period */
            n += taken(r, 0);
        }
        g_assert_cmpuint(n, >=, 49);
        g_assert_cmpuint(n, <=, 50);
        g_assert_cmphex(hv_get(vp, HV_CONFIG(0)) & 1, ==, 1);
    }
    hv_put(vp, HV_CONFIG(0), 0);
    advance(r, NS_PER_MS);
    g_assert_cmpuint(taken(r, 0), ==, 0);
    hv_put(vp, HV_COUNT(0), 1); /* of 100 ns: they become one every 5 us */
    hv_put(vp, HV_CONFIG(0), direct | 3);
    uint64_t before = r->journal.last;
    advance(r, NS_PER_MS);
    g_assert_cmpuint(r->journal.last - before, <=, 200);
    hv_put(vp, HV_COUNT(0), UINT64_MAX); /* a period that never ends */
    advance(r, NS_PER_MS);
}

/* A timer's way, its count and what waits are the machine's state. */
static void test_saved(Rig *r, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    const StateField *state = r->hyperv->cls->state;
    HvVp *vp = vp_of(r, 2);

    hv_establish(vp);
    synic_on(vp);
    hv_put(vp, HV_SINT(4), VECTOR | 1u << 17);
    hv_put(vp, HV_CONFIG(1), 1 | 4 << 16);
    hv_put(vp, HV_COUNT(1), 100);
    poke(r, HV_AT_SIMP + 0x800, 0x77, 1);
    state_save(state, r->hyperv, saved);
    device_reset(r->hyperv);
    g_assert_cmphex(peek(r, HV_AT_SIMP + 0x800, 1), ==, 0);
    g_assert_true(
        state_load(state, state_version(state), r->hyperv, saved->data, saved->len, NULL));
    r->hyperv->cls->restored(r->hyperv);
    g_assert_cmphex(peek(r, HV_AT_SIMP + 0x800, 1), ==, 0x77);
    g_assert_cmphex(peek(r, HV_AT_CALL, 4), ==, 0xc3c1010f);
    advance(r, 10001);
    g_assert_cmpint(apic_ack(apic_from_device(r->apic[2])), ==, VECTOR);
    g_assert_false(apic_isr(apic_from_device(r->apic[2]), VECTOR));
}

/* Messages through a connection, and what waits; events, and their flags. */
static void test_connections(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 1);
    Device *dev = device_new(&hyperv_testdev_class, &r->platform, "hyperv-testdev");
    const uint64_t slot = HV_AT_SIMP + 5 * 256;

    hyperv_testdev_link(dev, r->hv);
    g_assert_true(device_realize(dev, NULL));
    hv_establish(vp);
    synic_on(vp);
    hv_put(vp, HV_SINT(5), VECTOR);
    as_store(r->platform.ports, 0x3000, 9u << 24 | 4u << 16 | 1u << 8 | 5, 4);
    as_store(r->platform.ports, 0x3000, 8u << 24 | 6u << 16 | 1u << 8 | 5, 4);
    poke(r, HV_AT_INPUT, 9, 4);
    poke(r, HV_AT_INPUT + 8, 0x42, 4);
    poke(r, HV_AT_INPUT + 12, 8, 4);
    poke(r, HV_AT_INPUT + 16, 0x1122334455667788, 8);
    g_assert_cmphex(hv_call(vp_of(r, 3), 0x5c, HV_AT_INPUT, 0), ==, 0);
    g_assert_cmphex(peek(r, slot, 4), ==, 0x42);
    g_assert_cmphex(peek(r, slot + 8, 8), ==, 9);
    g_assert_cmphex(peek(r, slot + 16, 8), ==, 0x1122334455667788);
    g_assert_cmpstr(last(r)->source, ==, "vp3");
    g_assert_cmpuint(taken(r, 1), ==, 1);
    g_assert_cmphex(hv_call(vp_of(r, 3), 0x5c, HV_AT_INPUT, 0), ==, 0);
    g_assert_cmpint(last(r)->result, ==, INTR_MESSAGE_SLOT_FULL);
    g_assert_cmphex(hv_call(vp_of(r, 3), 0x5c, HV_AT_INPUT, 0), ==, 0x13);
    poke(r, slot, 0, 4);
    hv_put(vp, HV_EOM, 0);
    g_assert_cmphex(peek(r, slot, 4), ==, 0x42);
    g_assert_cmpuint(taken(r, 1), ==, 1);

    g_assert_cmphex(hv_call(vp, 0x5d | HV_FAST, 8 | 1000ull << 32, 0), ==, 0);
    g_assert_cmphex(peek(r, HV_AT_SIEFP + 5 * 256 + 125, 1), ==, 1);
    g_assert_cmpuint(taken(r, 1), ==, 1);
    g_assert_cmphex(hv_call(vp, 0x5d | HV_FAST, 8 | 1000ull << 32, 0), ==, 0);
    g_assert_cmpint(last(r)->result, ==, INTR_MERGED_WAITING);
    g_assert_cmphex(hv_call(vp, 0x5d | HV_FAST, 8 | 2048ull << 32, 0), ==, 5);
    g_assert_cmphex(hv_call(vp, 0x5d | HV_FAST, 9, 0), ==, 0x12); /* messages' */
    as_store(r->platform.ports, 0x3000, 3u << 16 | 1u << 8 | 5, 4);
    g_assert_cmpint(last(r)->kind, ==, JOURNAL_SINT);
    g_assert_cmpuint(taken(r, 1), ==, 1);
    as_store(r->platform.ports, 0x3000, 3u << 16 | 1u << 8 | 6, 4);
    g_assert_cmpint(last(r)->result, ==, INTR_SINT_MASKED);
    as_store(r->platform.ports, 0x3000, 8u << 24 | 7u << 16, 4);
    g_assert_cmphex(hv_call(vp, 0x5d | HV_FAST, 8, 0), ==, 0x12);
    device_free(dev);
}

static void test_vmbus(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);

    hv_establish(vp);
    g_assert_cmphex(hv_call(vp, 0x5c, HV_AT_INPUT, 0), ==, 0x12);
    poke(r, HV_AT_INPUT + 12, 241, 4);
    g_assert_cmphex(hv_call(vp, 0x5c, HV_AT_INPUT, 0), ==, 5);
    poke(r, HV_AT_INPUT + 8, 1u << 31, 4);
    poke(r, HV_AT_INPUT + 12, 0, 4);
    g_assert_cmphex(hv_call(vp, 0x5c, HV_AT_INPUT, 0), ==, 5);
    g_assert_cmphex(hv_call(vp, 0x5d | HV_FAST, 1, 0), ==, 0x12);
}

/* What monitors show of it. */
static void test_described(Rig *r, gconstpointer data)
{
    g_autoptr(GString) words = g_string_new(NULL);
    HvVp *vp = vp_of(r, 1);

    hv_establish(vp);
    synic_on(vp);
    hv_put(vp, HV_SINT(4), VECTOR | 1 << 17);
    hv_put(vp, HV_CONFIG(1), 1 | 4 << 16);
    hv_put(vp, HV_COUNT(1), 100);
    hv_describe(r->hv, &(Facts){.words = words});
    g_assert_nonnull(
        strstr(words->str, "guest OS 0x1, reference time 0, hypercall page at 0x600000"));
    g_assert_nonnull(strstr(words->str, "  offers hv-relaxed hv-vapic hv-time "));
    g_assert_nonnull(strstr(words->str, "  vp0: SCONTROL=0\n"));
    g_assert_nonnull(strstr(words->str, "  vp1: SCONTROL=0x1, SIMP at 0x603000, SIEFP at 0x604000\n"
                                        "      SINT4 vector 51h, auto-EOI\n"
                                        "      STIMER1 config 0x40001 count 100, due at 100\n"
                                        "  vp2: SCONTROL=0\n"));
}

int main(int argc, char **argv)
{
    static const BoardTest tests[] = {
        {"/hyperv/synic", false, test_synic_registers},
        {"/hyperv/messages", false, test_messages},
        {"/hyperv/auto-eoi", false, test_auto_eoi},
        {"/hyperv/direct", false, test_direct},
        {"/hyperv/periodic", false, test_periodic},
        {"/hyperv/saved", false, test_saved},
        {"/hyperv/connections", false, test_connections},
        {"/hyperv/vmbus", false, test_vmbus},
        {"/hyperv/described", false, test_described},
    };

    g_test_init(&argc, &argv, NULL);
    board_add_tests(tests, G_N_ELEMENTS(tests));
    return g_test_run();
}
