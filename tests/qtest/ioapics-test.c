/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several IOAPICs on the board: their pages, GSIs, source ids and tables. */
#include <string.h>

#include "tests/include/apic.h"
#include "tests/include/hpet.h"
#include "tests/include/ioapic.h"
#include "vtd-lib.h"

#define SECOND  (IOAPIC_PAGE + 0x1000)
#define THIRD   (IOAPIC_PAGE + 0x5000)
#define VECTOR  0x52
#define INDEX   9u
#define SID_ONE 0xff00 /* the board's own; each after it has the next function */

static uint32_t rd(QTest *qts, uint64_t page, uint32_t index)
{
    qtest_writel(qts, page + IOREGSEL, index);
    return qtest_readl(qts, page + IOWIN);
}

static void wr(QTest *qts, uint64_t page, uint32_t index, uint32_t value)
{
    qtest_writel(qts, page + IOREGSEL, index);
    qtest_writel(qts, page + IOWIN, value);
}

static void set_entry(QTest *qts, uint64_t page, unsigned pin, uint64_t entry)
{
    wr(qts, page, IOREDTBL_HIGH(pin), (uint32_t)(entry >> 32));
    wr(qts, page, IOREDTBL(pin), (uint32_t)entry);
}

static QTest *start(const char *args)
{
    QTest *qts = qtest_init(args);

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    return qts;
}

/* Each has a page, an id, a version and pins of its own. */
static void test_registers(void)
{
    QTest *qts = start("-device ioapic -device ioapic,pins=120,version=0x11,ioapic-id=9,"
                       "base=0xfec05000,gsi-base=100");

    g_assert_cmphex(rd(qts, IOAPIC_PAGE, 1), ==, 0x00170020);
    g_assert_cmphex(rd(qts, SECOND, 1), ==, 0x00170020);
    g_assert_cmphex(rd(qts, THIRD, 1), ==, 0x00770011);
    g_assert_cmphex(rd(qts, IOAPIC_PAGE, 0), ==, 0);
    g_assert_cmphex(rd(qts, SECOND, 0), ==, 1u << 24);
    g_assert_cmphex(rd(qts, THIRD, 0), ==, 9u << 24);
    set_entry(qts, THIRD, 119, 0x12);
    g_assert_cmphex(rd(qts, THIRD, IOREDTBL(119)), ==, 0x12);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(23)), ==, 0x10000);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(24)), ==, 0);
    qtest_quit(qts);
}

/* The index register has eight bits, and a ninth where there are entries that it reaches. */
static void test_index(void)
{
    QTest *qts = start("-global ioapic.pins=120 -device ioapic,pins=240");

    g_assert_cmphex(rd(qts, IOAPIC_PAGE, 1), ==, 0x00770020);
    g_assert_cmphex(rd(qts, SECOND, 1), ==, 0x00ef0020);
    set_entry(qts, IOAPIC_PAGE, 0, 0x10031);
    set_entry(qts, SECOND, 239, 0x10032);
    g_assert_cmphex(rd(qts, IOAPIC_PAGE, 0x110), ==, 0x10031);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(239)), ==, 0x10032);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(239) & 0xff), ==, 0x10000);
    qtest_quit(qts);
}

static void check_hmp(QTest *qts, const char *command, const char *expected)
{
    g_autofree char *out = qtest_hmp(qts, command);

    if (!strstr(out, expected)) {
        g_error("'%s' does not say '%s':\n%s", command, expected, out);
    }
}

/* The last pin of a big one: sent, ended by a broadcast and by its own EOI register. */
static void test_pin(void)
{
    QTest *qts = start("-device ioapic,id=far,pins=240");

    set_entry(qts, SECOND, 239, RTE_LEVEL | VECTOR);
    qtest_set_irq_in(qts, "far", "", 239, 1);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(239)), ==, RTE_LEVEL | 1 << 14 | VECTOR);
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
    qtest_apic_eoi(qts, 0);
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR); /* still asked for */
    check_hmp(qts, "info pic", "ioapic far: id=1 version=0x20 sid=ff:00.1 gsi=24..263");
    check_hmp(qts, "why pin 263", "far (ff:00.1) pin 239");
    check_hmp(qts, "why pin 263", "the line is up");
    check_hmp(qts, "why pin 239", "0 in the journal");
    check_hmp(qts, "info journal pin 263", "far (ff:00.1) pin 239");
    qtest_set_irq_in(qts, "far", "", 239, 0);
    qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, VECTOR); /* the other's register */
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(239)), ==, RTE_LEVEL | 1 << 14 | VECTOR);
    qtest_writel(qts, SECOND + IOAPIC_EOI, VECTOR);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(239)), ==, RTE_LEVEL | VECTOR);
    qtest_quit(qts);
}

/* A comparator's route is a GSI, and may be another IOAPIC's pin. */
static void test_hpet_route(void)
{
    enum { ROUTE = 29, PIN = ROUTE - 24, INT_ENB = 1 << 2 };
    QTest *qts = start("-device ioapic -global hpet.hpet-intcap=0x20ff0104");

    set_entry(qts, SECOND, PIN, VECTOR);
    qtest_writel(qts, HPET_PAGE + HPET_TIMER(2), ROUTE << 9 | INT_ENB);
    qtest_writeq(qts, HPET_PAGE + HPET_COMPARATOR(2), 1000);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    qtest_clock_step(qts, 9999);
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    qtest_clock_step(qts, 1);
    g_assert_true(qtest_apic_irr(qts, 0, VECTOR));
    check_hmp(qts, "why pin 29", "ioapic1 (ff:00.1) pin 5");
    qtest_quit(qts);
}

/* Two pins of one vector on two IOAPICs: a broadcast ends both. */
static void test_broadcast(void)
{
    QTest *qts = start("-device ioapic,id=b,version=0x11");

    set_entry(qts, IOAPIC_PAGE, 5, RTE_LEVEL | VECTOR);
    set_entry(qts, SECOND, 5, RTE_LEVEL | VECTOR);
    for (unsigned i = 0; i < 2; i++) {
        qtest_set_irq_in(qts, i ? "b" : "ioapic", "", 5, 1);
        qtest_set_irq_in(qts, i ? "b" : "ioapic", "", 5, 0);
    }
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
    qtest_apic_eoi(qts, 0);
    g_assert_cmphex(rd(qts, IOAPIC_PAGE, IOREDTBL(5)), ==, RTE_LEVEL | VECTOR);
    g_assert_cmphex(rd(qts, SECOND, IOREDTBL(5)), ==, RTE_LEVEL | VECTOR);
    qtest_quit(qts);
}

/* The structure of the MADT for the n-th IOAPIC, 0 where there are not so many. */
static uint64_t madt_ioapic(QTest *qts, unsigned n)
{
    enum { IO_APIC = 1 };
    uint64_t madt = qtest_acpi_table(qts, "APIC", 0), end = madt + qtest_readl(qts, madt + 4);

    for (uint64_t at = madt + 44; at < end; at += qtest_readb(qts, at + 1)) {
        if (qtest_readb(qts, at) == IO_APIC && n-- == 0) {
            return at;
        }
    }
    return 0;
}

/* What the DMAR table's first unit says of the n-th scope of a type: enumeration id << 16 | source
 * id; 0 where there are not so many. */
static uint32_t dmar_scope(QTest *qts, uint8_t type, unsigned n)
{
    uint64_t drhd = qtest_acpi_table(qts, "DMAR", 0) + 48, end = drhd + qtest_readw(qts, drhd + 2);

    for (uint64_t at = drhd + 16; at < end; at += qtest_readb(qts, at + 1)) {
        if (qtest_readb(qts, at) == type && n-- == 0) {
            return (uint32_t)qtest_readb(qts, at + 4) << 16 | qtest_readb(qts, at + 5) << 8 |
                   qtest_readb(qts, at + 6) << 3 | qtest_readb(qts, at + 7);
        }
    }
    return 0;
}

static void check_ioapic(QTest *qts, unsigned n, uint8_t id, uint32_t base, uint32_t gsi)
{
    uint64_t at = madt_ioapic(qts, n);

    g_assert_cmpuint(qtest_readb(qts, at + 2), ==, id);
    g_assert_cmphex(qtest_readl(qts, at + 4), ==, base);
    g_assert_cmpuint(qtest_readl(qts, at + 8), ==, gsi);
    g_assert_cmphex(dmar_scope(qts, 3, n), ==, (uint32_t)id << 16 | (SID_ONE + n));
}

static void test_tables(void)
{
    QTest *qts = qtest_init("-device intel-iommu -global ioapic.pins=30 -device ioapic,ioapic-id=12"
                            " -device ioapic,gsi-base=2000,base=0xfecff000 -device hpet");

    check_ioapic(qts, 0, 0, IOAPIC_PAGE, 0);
    check_ioapic(qts, 1, 12, SECOND, 30);
    check_ioapic(qts, 2, 2, 0xfecff000, 2000);
    g_assert_cmphex(madt_ioapic(qts, 3), ==, 0);
    g_assert_cmphex(dmar_scope(qts, 4, 0), ==, 0xff08);
    g_assert_cmphex(dmar_scope(qts, 4, 1), ==, 1 << 16 | 0xff09);
    g_assert_cmphex(dmar_scope(qts, 4, 2), ==, 0);
    uint64_t first = qtest_acpi_table(qts, "HPET", 0),
             second = qtest_acpi_table(qts, "HPET", first);
    g_assert_cmphex(qtest_readq(qts, first + 44), ==, 0xfed00000);
    g_assert_cmphex(qtest_readq(qts, second + 44), ==, 0xfed01000);
    g_assert_cmphex(qtest_acpi_table(qts, "HPET", second), ==, 0);
    qtest_quit(qts);
}

/* The same id for all who look: register, MADT and scope. */
static void test_own_id(void)
{
    QTest *qts = qtest_init("-device intel-iommu -global ioapic.id=7");

    check_ioapic(qts, 0, 7, IOAPIC_PAGE, 0);
    g_assert_cmphex(rd(qts, IOAPIC_PAGE, 0), ==, 7u << 24);
    qtest_quit(qts);
}

/* An entry of the table is for one IOAPIC's source id; the other's is refused. */
static void test_remapped(void)
{
    Vtd *v = vtd_start(" -device ioapic,id=b", 1, false);
    uint64_t entry = (uint64_t)INDEX << 49 | 1ull << 48;

    for (unsigned own = 0; own < 2; own++) {
        uint16_t allowed = own ? SID_ONE : SID_ONE + 1, refused = own ? SID_ONE + 1 : SID_ONE;
        const char *const names[] = {"b", "ioapic"};
        Pair irte = irte_for(VECTOR, 0, false);

        irte.high = IRTE_SVT_SID | allowed;
        vtd_set_irte(v, INDEX, irte);
        if (own == 0) {
            vtd_remap_on(v, 7, false);
        }
        vtd_flush_iec(v);
        set_entry(v->qts, IOAPIC_PAGE, 3, entry);
        set_entry(v->qts, SECOND, 3, entry);
        qtest_set_irq_in(v->qts, names[own], "", 3, 1);
        g_assert_true(vtd_took(v, 0, VECTOR));
        vtd_expect_no_fault(v);
        qtest_set_irq_in(v->qts, names[!own], "", 3, 1);
        g_assert_false(vtd_took(v, 0, VECTOR));
        vtd_expect_fault(v, 0x26, refused, (uint64_t)INDEX << 48);
        qtest_set_irq_in(v->qts, names[own], "", 3, 0);
        qtest_set_irq_in(v->qts, names[!own], "", 3, 0);
    }
    vtd_stop(v);
}

/* What is wrong is said in a line. */
static void test_mistakes(void)
{
    static const char *const rows[][2] = {
        {"-device ioapic,gsi-base=20", "GSIs 20 to 43 overlap with 0 to 23 of 'ioapic'"},
        {"-device ioapic,gsi-base=20", "gsi-base=24 is free"},
        {"-device ioapic,gsi-base=90 -device ioapic,id=x,gsi-base=80",
         "ioapic 'x': GSIs 80 to 103 overlap with 90 to 113 of 'ioapic1'"},
        {"-device ioapic,base=0xfec00000", "'ioapic' is at 0xfec00000, too"},
        {"-device ioapic,base=0xfec00800", "base has to be 0xfec00000 to 0xfecff000"},
        {"-device ioapic,base=0xfed00000", "base has to be 0xfec00000 to 0xfecff000"},
        {"-device ioapic,ioapic-id=3 -device ioapic,ioapic-id=3", "'ioapic1' has ioapic-id=3, too"},
        {"-device ioapic,pins=241", "from 24 to 240"},
        {"-device ioapic,version=0x21", "it must be 0x11 or 0x20"},
        {"-global ioapic.gsi-base=8", "has its base and GSIs from 0 on for good"},
        {"-machine none -device ioapic", "machine 'none' has no place for 'ioapic'"},
        {"-device hpet,base=0xfed00000", "another one has this base"},
        {"-device hpet,base=0xfec00000", "base has to be 0xfed00000 to 0xfed3f000"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *err = NULL;
        g_autofree char *args =
            g_strdup_printf("%s -accel qtest -display none -nodefaults", rows[i][0]);

        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        if (!strstr(err, rows[i][1]) || strchr(err, '\n') != err + strlen(err) - 1) {
            g_error("%s: %s", rows[i][0], err);
        }
    }
}

/* As many as there are source ids for. */
static void test_most(void)
{
    g_autoptr(GString) args = g_string_new("-accel qtest -display none -nodefaults");
    g_autofree char *err = NULL;

    for (unsigned i = 1; i < 8; i++) {
        g_string_append(args, " -device ioapic");
    }
    QTest *qts = qtest_init(args->str);
    g_assert_cmphex(rd(qts, IOAPIC_PAGE + 7 * 0x1000, 0), ==, 7u << 24);
    qtest_quit(qts);
    g_string_append(args, " -device ioapic");
    g_assert_cmpint(qtest_run(args->str, NULL, &err), ==, 1);
    g_assert_nonnull(strstr(err, "9 devices 'ioapic' with the board's own; it has room for 8"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ioapics/registers", test_registers);
    g_test_add_func("/ioapics/index", test_index);
    g_test_add_func("/ioapics/pin", test_pin);
    g_test_add_func("/ioapics/hpet-route", test_hpet_route);
    g_test_add_func("/ioapics/broadcast", test_broadcast);
    g_test_add_func("/ioapics/tables", test_tables);
    g_test_add_func("/ioapics/own-id", test_own_id);
    g_test_add_func("/ioapics/remapped", test_remapped);
    g_test_add_func("/ioapics/mistakes", test_mistakes);
    g_test_add_func("/ioapics/most", test_most);
    return g_test_run();
}
