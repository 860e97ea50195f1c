/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Hyper-V partition by its border with the CPU: leaves, registers and hypercalls, by the
 * TLFS. */
#include "hyperv-board.h"

static void test_leaves(Rig *r, gconstpointer data)
{
    HvLeaf leaf = hv_cpuid(vp_of(r, 0), 0x40000000u);

    g_assert_cmphex(leaf.eax, ==, 0x4000000au);
    g_assert_cmpmem(&leaf.ebx, 12, "Microsoft Hv", 12);
    g_assert_cmphex(hv_cpuid(vp_of(r, 0), 0x40000001u).eax, ==, 0x31237648u);
    leaf = hv_cpuid(vp_of(r, 0), 0x40000003u);
    g_assert_cmphex(leaf.eax, ==, 0xaff);
    g_assert_cmphex(leaf.ebx, ==, 0x30);
    g_assert_cmphex(leaf.edx, ==, 1u << 4 | 1u << 8 | 1u << 10 | 1u << 19);
    leaf = hv_cpuid(vp_of(r, 0), 0x40000004u);
    g_assert_cmphex(leaf.eax, ==, 0xc3c);
    g_assert_cmphex(leaf.ebx, ==, UINT32_MAX);
    g_assert_cmpuint(hv_cpuid(vp_of(r, 0), 0x40000005u).eax, ==, 4096);
    g_assert_cmphex(hv_cpuid(vp_of(r, 0), 0x40000081u).eax, ==, 0);
}

/* What is not offered is neither shown nor there. */
static void test_features(void)
{
    static const struct {
        HvFeature feature;
        uint32_t msr;
    } rows[] = {{HV_VPINDEX, HV_VP_INDEX}, {HV_RUNTIME, HV_VP_RUNTIME}, {HV_TIME, HV_TIME_COUNT},
                {HV_TIME, HV_REF_TSC},     {HV_FREQUENCIES, HV_TSC_HZ}, {HV_VAPIC, HV_TPR},
                {HV_SYNIC, HV_SCONTROL},   {HV_STIMER, HV_CONFIG(0)},   {HV_RESET, HV_RESET_MSR},
                {HV_CRASH, HV_CRASH_CTL}};
    Rig r;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        HvFeatures f = hv_features_none();
        uint64_t value;
        for (unsigned with = 0; with < 2; with++) {
            hv_features_add_all(&f);
            f.set = with ? f.set : 1u << HV_RELAXED;
            rig_open_with(&r, f);
            g_assert_cmpint(hv_msr_read(vp_of(&r, 1), rows[i].msr, &value), ==, with);
            rig_down(&r, NULL);
        }
    }
}

static void test_needs(void)
{
    HvFeatures f = hv_features_none();
    GError *error = NULL;
    HvFeature feature;

    g_assert_true(hv_feature_find("hv_stimer_direct", &feature));
    f.set = 1u << feature;
    g_assert_false(hv_features_check(&f, &error));
    g_assert_cmpstr(error->message, ==, "hv-stimer-direct needs hv-stimer");
    g_clear_error(&error);
    hv_features_add_all(&f);
    g_assert_true(hv_features_check(&f, NULL));
    g_assert_false(hv_has(&f, HV_ROOT));
    g_assert_false(hv_feature_find("hv-nothing", &feature));
}

/* The page covers memory while it is on, with an id only, and where memory can be. */
static void test_hypercall_page(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);
    HvRegs regs = {.control = 0x8 | HV_FAST};
    uint64_t result;

    poke(r, HV_AT_CALL, 0x1234, 4);
    hv_put(vp, HV_HYPERCALL, HV_AT_CALL | 1);
    g_assert_cmphex(hv_get(vp, HV_HYPERCALL), ==, HV_AT_CALL);
    g_assert_false(hv_hypercall(vp, &regs, &result));
    hv_establish(vp);
    g_assert_cmphex(peek(r, HV_AT_CALL, 4), ==, 0xc3c1010f);
    poke(r, HV_AT_CALL, 0, 4);
    g_assert_cmphex(peek(r, HV_AT_CALL, 4), ==, 0xc3c1010f);
    g_assert_true(hv_hypercall(vp, &regs, &result));
    g_assert_cmphex(result, ==, 0);
    refused(vp, HV_HYPERCALL, 1ull << 50 | 1);
    hv_put(vp_of(r, 5), HV_GUEST_ID, 0); /* the partition's, whoever writes it */
    g_assert_cmphex(peek(r, HV_AT_CALL, 4), ==, 0x1234);
    g_assert_false(hv_hypercall(vp, &regs, &result));
    hv_establish(vp);
    hv_put(vp, HV_HYPERCALL, HV_AT_CALL | 3); /* locked */
    hv_put(vp, HV_HYPERCALL, 0);
    g_assert_cmphex(hv_get(vp, HV_HYPERCALL), ==, HV_AT_CALL | 3);
    device_reset(r->hyperv);
    g_assert_cmphex(hv_get(vp, HV_HYPERCALL), ==, 0);
    g_assert_cmphex(peek(r, HV_AT_CALL, 4), ==, 0x1234);
}

static uint64_t reference_of_page(Rig *r, uint64_t tsc)
{
    uint64_t scale = peek(r, HV_AT_TSC + 8, 8), offset = peek(r, HV_AT_TSC + 16, 8);

    return (uint64_t)((unsigned __int128)tsc * scale >> 64) + offset;
}

static void test_time(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 3);

    hv_put(vp, HV_REF_TSC, HV_AT_TSC | 1);
    for (int64_t now = 0; now < 100 * NS_PER_SEC; now = now * 7 + 99) {
        clock_advance_to(r->platform.clock, now);
        g_assert_cmpuint(hv_get(vp, HV_TIME_COUNT), ==, reference_of_page(r, (uint64_t)now));
        g_assert_cmpuint(hv_get(vp, HV_TIME_COUNT) * 100, <=, (uint64_t)now);
        g_assert_cmpuint(hv_get(vp, HV_TIME_COUNT) * 100 + 101, >, (uint64_t)now);
    }
    g_assert_cmpuint(peek(r, HV_AT_TSC, 4), ==, 1);
    hv_tsc_moved(vp_of(r, 7), true); /* the numbers would be wrong there */
    g_assert_cmpuint(peek(r, HV_AT_TSC, 4), ==, 0);
    hv_tsc_moved(vp_of(r, 7), false);
    g_assert_cmpuint(peek(r, HV_AT_TSC, 4), ==, 1);
    g_assert_cmpuint(hv_get(vp, HV_TSC_HZ), ==, NS_PER_SEC);
    g_assert_cmpuint(hv_get(vp, HV_APIC_HZ), ==, NS_PER_SEC);
    g_assert_cmpuint(hv_get(vp, HV_VP_RUNTIME), ==, 123);
    refused(vp, HV_TIME_COUNT, 0);
}

static void test_identity(Rig *r, gconstpointer data)
{
    for (unsigned i = 0; i < VPS; i++) {
        g_assert_cmpuint(hv_get(vp_of(r, i), HV_VP_INDEX), ==, i);
    }
    refused(vp_of(r, 0), HV_VP_INDEX, 0);
    refused(vp_of(r, 0), 0x40000004u, 0);
    hv_put(vp_of(r, 0), HV_RESET_MSR, 0);
    g_assert_false(runstate_pending(r->rs));
    hv_put(vp_of(r, 0), HV_RESET_MSR, 1);
    g_assert_true(runstate_take(r->rs).reset);
}

static void told(void *opaque, const char *event, const char *data)
{
    if (strcmp(event, "GUEST_PANICKED") == 0) {
        g_string_append(opaque, data);
    }
}

static void test_crash(Rig *r, gconstpointer data)
{
    static const RunObserver observer = {.told = told};
    g_autoptr(GString) text = g_string_new(NULL);

    runstate_set_observer(r->rs, &observer, text);
    for (unsigned i = 0; i < 5; i++) {
        hv_put(vp_of(r, 0), HV_CRASH_P(i), 10 + i);
        g_assert_cmpuint(hv_get(vp_of(r, 1), HV_CRASH_P(i)), ==, 10 + i);
    }
    g_assert_cmphex(hv_get(vp_of(r, 0), HV_CRASH_CTL), ==, 3ull << 62);
    hv_put(vp_of(r, 0), HV_CRASH_CTL, 0);
    g_assert_cmpstr(text->str, ==, "");
    hv_put(vp_of(r, 0), HV_CRASH_CTL, 1ull << 63);
    g_assert_nonnull(strstr(text->str, "\"arg5\": 14"));
    runstate_set_observer(r->rs, NULL, NULL);
}

static void test_apic_registers(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 1);
    ApicState *apic = apic_from_device(r->apic[1]);
    uint64_t value;

    for (unsigned x2 = 0; x2 < 2; x2++) {
        if (x2) {
            g_assert_true(apic_msr_write(apic, MSR_IA32_APIC_BASE, 0xfee00c00));
        }
        hv_put(vp, HV_TPR, 0x20);
        g_assert_cmphex(apic_get_cr8(apic), ==, 2);
        g_assert_cmphex(hv_get(vp, HV_TPR), ==, 0x20);
        refused(vp, HV_TPR, 0x100);
        hv_put(vp, HV_TPR, 0);
        /* To APIC id 6, which is VP 2's. */
        hv_put(vp, HV_ICR, (x2 ? 6ull << 32 : 6ull << 56) | 0x4000 | (VECTOR + x2));
        g_assert_true(has_vector(r, 2, (uint8_t)(VECTOR + x2)));
        hv_put(vp, HV_ICR, 0x44000 | VECTOR);
        g_assert_cmphex(hv_get(vp, HV_ICR) & 0xff, ==, VECTOR);
        g_assert_cmpint(apic_ack(apic), ==, VECTOR);
        hv_put(vp, HV_EOI, 0);
        g_assert_false(apic_isr(apic, VECTOR));
        g_assert_false(hv_msr_read(vp, HV_EOI, &value));
    }
    hv_put(vp, HV_VP_ASSIST, HV_AT_ASSIST | 1);
    poke(r, HV_AT_ASSIST, 0x55, 1);
    hv_put(vp, HV_VP_ASSIST, 0);
    g_assert_cmphex(peek(r, HV_AT_ASSIST, 1), ==, 0); /* it went to the page */
}

static void test_shapes(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);
    const uint64_t ipi = 0xb, list = 0x3, ex = 0x15;

    hv_establish(vp);
    poke(r, HV_AT_INPUT, VECTOR, 8);
    g_assert_cmphex(hv_call(vp, 0x7777, HV_AT_INPUT, 0), ==, 2);
    g_assert_cmphex(hv_call(vp, ipi | 1ull << 27, HV_AT_INPUT, 0), ==, 3);
    g_assert_cmphex(hv_call(vp, ipi | HV_REPS(1), HV_AT_INPUT, 0), ==, 3);
    g_assert_cmphex(hv_call(vp, ipi | HV_VAR(1), HV_AT_INPUT, 0), ==, 3);
    g_assert_cmphex(hv_call(vp, list, HV_AT_INPUT, 0), ==, 3);
    g_assert_cmphex(hv_call(vp, list | HV_REPS(2) | 2ull << 48, HV_AT_INPUT, 0), ==, 3);
    g_assert_cmphex(hv_call(vp, list | HV_REPS(0xfff), HV_AT_INPUT, 0), ==, 3);
    g_assert_cmphex(hv_call(vp, list | HV_REPS(2), HV_AT_INPUT, 0), ==, HV_REPS(2));
    g_assert_cmphex(hv_call(vp, ipi, HV_AT_INPUT + 4, 0), ==, 4);
    g_assert_cmphex(hv_call(vp, ipi, HV_AT_INPUT + 0xff8, 0), ==, 4);
    g_assert_cmphex(hv_call(vp, ipi, 1ull << 45, 0), ==, 5);
    g_assert_cmphex(hv_call(vp, ex | HV_FAST | HV_VAR(12), VECTOR, 0), ==, 3); /* 120 bytes */
    g_assert_cmphex(hv_call(vp, 0x46, 0, HV_AT_OUTPUT), ==, 6);                /* the root's */
}

/* Whatever a guest asks for has an answer, and each attempt to interrupt one end. */
static void test_random(Rig *r, gconstpointer data)
{
    static const uint16_t codes[] = {0x2,  0x3,  0x8,  0xb,  0x13, 0x14, 0x15, 0x46,
                                     0x4e, 0x5c, 0x5d, 0x76, 0x7c, 0x7d, 0x7e, 0x77};
    g_autoptr(GRand) rand = g_rand_new_with_seed(13);
    uint64_t value;

    hv_establish(vp_of(r, 0));
    for (unsigned i = 0; i < 4000; i++) {
        HvVp *vp = vp_of(r, (unsigned)g_rand_int_range(rand, 0, VPS));
        uint64_t control = codes[g_rand_int_range(rand, 0, G_N_ELEMENTS(codes))] |
                           (uint64_t)g_rand_int_range(rand, 0, 4) << 16 |
                           HV_REPS(g_rand_int_range(rand, 0, 3));
        uint32_t msr = HV_GUEST_ID + 4 + (uint32_t)g_rand_int_range(rand, 0, 0x120);
        unsigned shift = (unsigned)g_rand_int_range(rand, 0, 64);
        poke(r, HV_AT_INPUT + 8 * (unsigned)g_rand_int_range(rand, 0, 12),
             (uint64_t)g_rand_int(rand) << shift, 8);
        g_assert_cmphex(HV_STATUS(hv_call(vp, control, HV_AT_INPUT, HV_AT_OUTPUT)), <, 0x20);
        hv_msr_read(vp, msr, &value);
        hv_msr_write(vp, msr, (uint64_t)g_rand_int(rand) << shift);
        advance(r, g_rand_int_range(rand, 0, 1000));
    }
    g_assert_cmpuint(r->journal.ended_twice, ==, 0);
}

/* No more than two registers where XMM is not offered. */
static void test_no_xmm(void)
{
    HvFeatures f = all_features();
    Rig r;

    f.set &= ~(1u << HV_XMM_INPUT);
    rig_open_with(&r, f);
    hv_establish(vp_of(&r, 0));
    g_assert_cmphex(hv_call(vp_of(&r, 0), 0xb | HV_FAST, VECTOR, 2), ==, 0);
    g_assert_cmphex(hv_call(vp_of(&r, 0), 0x2 | HV_FAST, 0, 0), ==, 3);
    rig_down(&r, NULL);
}

static void test_ipi(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 9);

    hv_establish(vp);
    g_assert_cmphex(hv_call(vp, 0xb | HV_FAST, VECTOR, 1ull << 2 | 1ull << 63), ==, 0);
    for (unsigned i = 0; i < VPS; i++) {
        g_assert_cmpint(has_vector(r, i, VECTOR), ==, i == 2 || i == 63);
    }
    /* Who asked, by which call; for whom, and what came of it. */
    const JournalRecord *record = last(r);
    g_assert_cmpint(record->kind, ==, JOURNAL_HYPERCALL);
    g_assert_cmpstr(record->source, ==, "vp9");
    g_assert_cmpuint(record->number, ==, 0xb);
    g_assert_cmpuint(record->address, ==, 63);
    g_assert_cmpint(record->result, ==, INTR_DELIVERED);
    g_assert_cmpuint(record->apic_id, ==, 189);
    g_assert_cmphex(hv_call(vp, 0xb | HV_FAST, 15, 1), ==, 5);
    g_assert_cmphex(hv_call(vp, 0xb | HV_FAST, 256, 1), ==, 5);
    g_assert_cmphex(hv_call(vp, 0xb | HV_FAST, 1ull << 32 | VECTOR, 1), ==, 5);
}

static void test_ipi_ex(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);
    HvRegs regs = {.control = 0x15 | HV_FAST | HV_VAR(2), .input = VECTOR};
    uint64_t result;

    hv_establish(vp);
    /* Banks 1 and 2: VP 64, and VP 129, which is not there. */
    regs.xmm[0] = 6;
    regs.xmm[1] = 1;
    regs.xmm[2] = 2;
    g_assert_true(hv_hypercall(vp, &regs, &result));
    g_assert_cmphex(result, ==, 0);
    for (unsigned i = 0; i < VPS; i++) {
        g_assert_cmpint(has_vector(r, i, VECTOR), ==, i == 64);
    }
    g_assert_cmpint(last(r)->result, ==, INTR_NO_APIC);
    regs.xmm[0] = 2; /* fewer banks than the header says */
    g_assert_true(hv_hypercall(vp, &regs, &result));
    g_assert_cmphex(result, ==, 3);
    regs = (HvRegs){.control = 0x15 | HV_FAST, .input = VECTOR + 1, .output = 1};
    g_assert_true(hv_hypercall(vp, &regs, &result));
    for (unsigned i = 0; i < VPS; i++) {
        g_assert_true(has_vector(r, i, VECTOR + 1));
    }
    regs.output = 2; /* no such format */
    g_assert_true(hv_hypercall(vp, &regs, &result));
    g_assert_cmphex(result, ==, 5);
}

static void test_flush(Rig *r, gconstpointer data)
{
    HvVp *vp = vp_of(r, 0);

    hv_establish(vp);
    poke(r, HV_AT_INPUT + 16, 1ull << 5, 8);
    g_assert_cmphex(hv_call(vp, 0x2, HV_AT_INPUT, 0), ==, 0);
    for (unsigned i = 0; i < VPS; i++) {
        g_assert_cmpuint(r->flushed[i], ==, i == 5);
    }
    poke(r, HV_AT_INPUT + 8, 1, 8); /* all processors */
    g_assert_cmphex(hv_call(vp, 0x3 | HV_REPS(3), HV_AT_INPUT, 0), ==, HV_REPS(3));
    for (unsigned i = 0; i < VPS; i++) {
        g_assert_cmpuint(r->flushed[i], ==, 1 + (i == 5));
    }
    poke(r, HV_AT_INPUT + 8, 0, 8);
    poke(r, HV_AT_INPUT + 16, 0, 8); /* sparse: bank 1, VP 69 */
    poke(r, HV_AT_INPUT + 24, 2, 8);
    poke(r, HV_AT_INPUT + 32, 1ull << 5, 8);
    g_assert_cmphex(hv_call(vp, 0x14 | HV_VAR(1) | HV_REPS(1), HV_AT_INPUT, 0), ==, HV_REPS(1));
    g_assert_cmpuint(r->flushed[69], ==, 2);
    g_assert_cmpuint(r->flushed[68], ==, 1);
    poke(r, HV_AT_INPUT + 8, 0x10, 8); /* a reserved flag */
    g_assert_cmphex(hv_call(vp, 0x13 | HV_VAR(1), HV_AT_INPUT, 0), ==, 5);
}

int main(int argc, char **argv)
{
    static const BoardTest tests[] = {
        {"/hyperv/leaves", false, test_leaves},
        {"/hyperv/hypercall-page", false, test_hypercall_page},
        {"/hyperv/time", false, test_time},
        {"/hyperv/identity", false, test_identity},
        {"/hyperv/crash", false, test_crash},
        {"/hyperv/apic", false, test_apic_registers},
        {"/hyperv/shapes", false, test_shapes},
        {"/hyperv/ipi", false, test_ipi},
        {"/hyperv/ipi-ex", false, test_ipi_ex},
        {"/hyperv/flush", false, test_flush},
        {"/hyperv/random", false, test_random},
        {"/hyperv/root/random", true, test_random},
    };

    g_test_init(&argc, &argv, NULL);
    board_add_tests(tests, G_N_ELEMENTS(tests));
    g_test_add_func("/hyperv/features", test_features);
    g_test_add_func("/hyperv/needs", test_needs);
    g_test_add_func("/hyperv/no-xmm", test_no_xmm);
    return g_test_run();
}
