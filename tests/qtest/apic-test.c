/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC on the board: its page, its MSRs, and interprocessor interrupts among 288
 * processors against a model, so with ids above 255.
 */
#include "libqtest.h"
#include "tests/include/apic.h"

#define MSR_SVR MSR_X2APIC(APIC_SVR)
#define MSR_ICR MSR_X2APIC(APIC_ICR)
#define CPUS    288
#define VECTOR  0x61

static void test_page(void)
{
    static const struct {
        uint32_t reg, value; /* what reads back after all ones */
    } rows[] = {
        {0x20, 0x00000000},  {0x80, 0xff},     {0xd0, 0xff000000}, {0xe0, 0xffffffff},
        {0x310, 0xff000000}, {0x330, 0x107ff}, {0x340, 0x107ff},   {0x350, 0x1a7ff},
        {0x360, 0x1a7ff},    {0x370, 0x100ff}, {0x3e0, 0xb},
    };
    QTest *qts = qtest_init("-smp 1");

    g_assert_cmphex(qtest_readl(qts, APIC_PAGE + APIC_VERSION) & 0xff00ff, ==, 0x00050014);
    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        qtest_writel(qts, APIC_PAGE + rows[i].reg, 0xffffffff);
        g_assert_cmphex(qtest_readl(qts, APIC_PAGE + rows[i].reg), ==, rows[i].value);
        qtest_writel(qts, APIC_PAGE + rows[i].reg, rows[i].reg == 0xe0 ? 0xffffffff : 0);
    }
    g_assert_cmphex(qtest_readb(qts, APIC_PAGE + APIC_VERSION), ==, 0x14);
    qtest_quit(qts);
}

/* Whether EOI broadcasts can be held back: Intel's processors say so, and AMD's that they cannot.
 */
static void test_directed_eoi(void)
{
    static const struct {
        const char *line;
        bool offered;
    } rows[] = {{"-cpu max", true}, {"-cpu Skylake-Server", true}, {"-cpu EPYC", false}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        QTest *qts = qtest_init(rows[i].line);
        uint32_t version = qtest_readl(qts, APIC_PAGE + APIC_VERSION);
        g_assert_cmpint((version & APIC_VERSION_DIRECTED_EOI) != 0, ==, rows[i].offered);
        qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED | SVR_DIRECTED_EOI);
        g_assert_cmphex(qtest_readl(qts, APIC_PAGE + APIC_SVR), ==,
                        SVR_ENABLED | (rows[i].offered ? SVR_DIRECTED_EOI : 0));
        qtest_quit(qts);
    }
}

static void test_self_ipi(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    qtest_writel(qts, APIC_PAGE + APIC_TPR, 0);
    qtest_writel(qts, APIC_PAGE + APIC_ICR, ICR_SELF | VECTOR);
    g_assert_true(qtest_apic_irr(qts, 0, VECTOR));
    g_assert_cmphex(qtest_readl(qts, APIC_PAGE + APIC_IRR + 0x30), ==, 1u << 1);
    g_assert_cmphex(qtest_apic_ack(qts, 0), ==, VECTOR);
    g_assert_cmphex(qtest_readl(qts, APIC_PAGE + APIC_ISR + 0x30), ==, 1u << 1);
    g_assert_cmphex(qtest_readl(qts, APIC_PAGE + APIC_PPR), ==, 0x60);
    qtest_apic_eoi(qts, 0);
    g_assert_cmphex(qtest_readl(qts, APIC_PAGE + APIC_ISR + 0x30), ==, 0);
    qtest_quit(qts);
}

static void test_timer(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    qtest_writel(qts, APIC_PAGE + APIC_TIMER_DIVIDE, 0xb);
    qtest_writel(qts, APIC_PAGE + APIC_LVT_TIMER, VECTOR);
    qtest_writel(qts, APIC_PAGE + APIC_TIMER_INITIAL, 1000000);
    qtest_clock_step(qts, 1000);
    g_assert_cmpuint(qtest_readl(qts, APIC_PAGE + APIC_TIMER_CURRENT), <, 1000000);
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    qtest_clock_step_next(qts);
    for (unsigned i = 0; i < 100 && !qtest_apic_irr(qts, 0, VECTOR); i++) {
        qtest_clock_step_next(qts);
    }
    g_assert_true(qtest_apic_irr(qts, 0, VECTOR));
    g_assert_cmpuint(qtest_readl(qts, APIC_PAGE + APIC_TIMER_CURRENT), ==, 0);
    qtest_quit(qts);
}

static void test_modes(void)
{
    QTest *qts = qtest_init("-smp 1 -cpu max");
    uint64_t value;

    g_assert_true(qtest_msr_read(qts, 0, MSR_APIC_BASE, &value));
    g_assert_cmphex(value, ==, 0xfee00900);
    g_assert_false(qtest_msr_read(qts, 0, 0x802, &value));
    g_assert_false(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00500));
    g_assert_true(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00d00));
    g_assert_false(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00900));
    g_assert_false(qtest_msr_write(qts, 0, 0x80b, 1));
    g_assert_false(qtest_msr_write(qts, 0, 0x80e, 0));
    g_assert_false(qtest_msr_write(qts, 0, MSR_ICR, 0x10000));
    g_assert_true(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00100));
    g_assert_false(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00d00));
    g_assert_true(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00900));
    qtest_quit(qts);

    qts = qtest_init("-smp 1 -cpu max,-x2apic");
    g_assert_false(qtest_msr_write(qts, 0, MSR_APIC_BASE, 0xfee00d00));
    qtest_quit(qts);
}

/* Disabled by IA32_APIC_BASE and enabled again, it comes back as after power-up (11.4.3). */
static void test_disable(void)
{
    static const struct {
        uint32_t reg, value, after;
    } rows[] = {
        {0x80, 0x50, 0},          {0xd0, 0x03000000, 0},    {0xf0, 0x1ff, 0xff},
        {0x320, VECTOR, 0x10000}, {0x370, VECTOR, 0x10000}, {0x380, 1000000, 0},
        {0x3e0, 0xb, 0},
    };
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        qtest_writel(qts, APIC_PAGE + rows[i].reg, rows[i].value);
        g_assert_cmphex(qtest_readl(qts, APIC_PAGE + rows[i].reg), ==, rows[i].value);
    }
    qtest_writel(qts, APIC_PAGE + APIC_ICR, ICR_SELF | VECTOR);
    g_assert_true(qtest_apic_irr(qts, 0, VECTOR));
    g_assert_true(qtest_msr_write(qts, 0, MSR_APIC_BASE, APIC_PAGE | 0x100));
    g_assert_true(qtest_msr_write(qts, 0, MSR_APIC_BASE, APIC_PAGE | 0x900));
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmphex(qtest_readl(qts, APIC_PAGE + rows[i].reg), ==, rows[i].after);
    }
    qtest_quit(qts);
}

/* Entering deadline mode disarms the count (11.5.4.1). */
static void test_deadline_mode(void)
{
    QTest *qts = qtest_init("-smp 1 -cpu max");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    qtest_writel(qts, APIC_PAGE + APIC_TIMER_DIVIDE, 0xb);
    qtest_writel(qts, APIC_PAGE + APIC_LVT_TIMER, VECTOR);
    qtest_writel(qts, APIC_PAGE + APIC_TIMER_INITIAL, 1000000);
    g_assert_cmpuint(qtest_readl(qts, APIC_PAGE + APIC_TIMER_CURRENT), >, 0);
    qtest_writel(qts, APIC_PAGE + APIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
    g_assert_cmpuint(qtest_readl(qts, APIC_PAGE + APIC_TIMER_INITIAL), ==, 0);
    g_assert_cmpuint(qtest_readl(qts, APIC_PAGE + APIC_TIMER_CURRENT), ==, 0);
    qtest_writel(qts, APIC_PAGE + APIC_LVT_TIMER, VECTOR);
    qtest_clock_step(qts, 1000000000);
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    qtest_quit(qts);
}

static bool model_takes(uint32_t id, uint32_t icr, uint32_t dest)
{
    switch (icr >> 18 & 3) {
    case 1:
        return id == 0; /* processor 0 sends */
    case 2:
        return true;
    case 3:
        return id != 0;
    default:
        break;
    }
    if (dest == 0xffffffff) {
        return true;
    }
    if (icr & 0x800) {
        return dest >> 16 == id >> 4 && (dest >> (id & 15) & 1);
    }
    return dest == id;
}

/* Who got the vector; and takes it away. */
static unsigned collect(QTest *qts, const uint32_t *ids, uint32_t icr, uint32_t dest)
{
    unsigned got = 0;

    for (unsigned i = 0; i < CPUS; i++) {
        bool took = qtest_apic_irr(qts, i, VECTOR);

        g_assert_cmpint(took, ==, model_takes(ids[i], icr, dest));
        if (took) {
            got++;
            g_assert_cmpint(qtest_apic_ack(qts, i), ==, VECTOR);
            qtest_apic_eoi(qts, i);
        }
    }
    return got;
}

static void test_288(void)
{
    static const uint32_t shorthand[] = {0, 0, 0, 0, 0, 0, 2, 3};
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x288);
    QTest *qts = qtest_initf("-smp %d -cpu max", CPUS);
    uint32_t ids[CPUS];
    bool above = false;

    for (unsigned i = 0; i < CPUS; i++) {
        uint64_t value;

        g_assert_true(qtest_msr_write(qts, i, MSR_APIC_BASE, i == 0 ? 0xfee00d00 : 0xfee00c00));
        g_assert_true(qtest_msr_write(qts, i, MSR_SVR, SVR_ENABLED));
        g_assert_true(qtest_msr_read(qts, i, 0x802, &value));
        ids[i] = (uint32_t)value;
        above |= ids[i] > 255;
        g_assert_true(qtest_msr_read(qts, i, 0x80d, &value));
        g_assert_cmphex(value, ==, (ids[i] >> 4) << 16 | 1u << (ids[i] & 15));
    }
    g_assert_true(above);
    for (unsigned n = 0; n < 24; n++) {
        uint32_t id = ids[g_rand_int_range(rand, 0, CPUS)];
        uint32_t icr = VECTOR | shorthand[n % 8] << 18, dest = id;

        if (n % 2) {
            icr |= 0x800;
            dest = (id >> 4) << 16 | (uint32_t)g_rand_int_range(rand, 0, 0x10000);
        }
        g_assert_true(qtest_msr_write(qts, 0, MSR_ICR, (uint64_t)dest << 32 | icr));
        collect(qts, ids, icr, dest);
    }
    g_assert_true(qtest_msr_write(qts, 0, MSR_ICR, 0xffffffffull << 32 | VECTOR));
    g_assert_cmpuint(collect(qts, ids, VECTOR, 0xffffffff), ==, CPUS);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/apic/page", test_page);
    g_test_add_func("/apic/directed-eoi", test_directed_eoi);
    g_test_add_func("/apic/self-ipi", test_self_ipi);
    g_test_add_func("/apic/timer", test_timer);
    g_test_add_func("/apic/modes", test_modes);
    g_test_add_func("/apic/disable", test_disable);
    g_test_add_func("/apic/deadline-mode", test_deadline_mode);
    g_test_add_func("/apic/288", test_288);
    return g_test_run();
}
