/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMAR table's parts beside DRHDs (VT-d 8.4 to 8.8): memory reserved for functions, root ports
 * with ATS, proximity, devices of ACPI's namespace, translation caches of the SoC; in the table
 * and, as far as memory is concerned, in the memory map. And what is wrong in the table on request.
 */
#include <string.h>

#include "libqtest.h"

#define DEVICES                                                                                    \
    " -device intr-testdev,id=a,addr=5 -device intr-testdev,id=b,addr=6.0,multifunction=on"        \
    " -device pcie-root-port,id=rp,addr=7 -device intr-testdev,id=c,bus=rp"                        \
    " -device pcie-root-port,id=rq,addr=8"
#define RANGE     "0x1000000-0x10fffff"
#define BASE      0x1000000ull
#define LIMIT     0x10fffffull
#define HEADER    48
#define UNIT_BASE 0xfed90000ull

enum { DRHD, RMRR, ATSR, RHSA, ANDD, SATC };
enum { ENDPOINT = 1, BRIDGE, IOAPIC, HPET, NAMESPACE };

static QTest *start(const char *units)
{
    g_autofree char *args =
        g_strdup_printf("-m 64 -machine q35,hpet=off -nodefaults %s" DEVICES, units);
    return qtest_init(args);
}

/* The table without its header. */
static GByteArray *read_dmar(QTest *qts)
{
    uint64_t at = qtest_acpi_table(qts, "DMAR", 0);
    GByteArray *table = g_byte_array_new();
    g_byte_array_set_size(table, qtest_readl(qts, at + 4) - HEADER);
    qtest_memread(qts, at + HEADER, table->data, table->len);
    return table;
}

static uint64_t get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

/* The n-th structure of that type, or NULL. */
static const uint8_t *find(const GByteArray *table, unsigned type, unsigned n)
{
    for (guint at = 0; at < table->len; at += (guint)get(table->data + at + 2, 2)) {
        g_assert_cmpuint(get(table->data + at + 2, 2), >=, 8);
        if (get(table->data + at, 2) == type && n-- == 0) {
            return table->data + at;
        }
    }
    return NULL;
}

/* Scopes from `from` on to the structure's end as text: "1 00:05.0, ..." with the enumeration id of
 * those that have one. */
static char *scopes(const uint8_t *part, unsigned from)
{
    GString *out = g_string_new(NULL);
    unsigned end = (unsigned)get(part + 2, 2);
    for (unsigned at = from; at < end; at += part[at + 1]) {
        g_string_append_printf(out, "%s%u", out->len ? ", " : "", part[at]);
        if (part[at] > BRIDGE) {
            g_string_append_printf(out, "#%u", part[at + 4]);
        }
        g_string_append_printf(out, " %02x", part[at + 5]);
        for (unsigned step = 6; step < part[at + 1]; step += 2) {
            g_string_append_printf(out, "%c%02x.%u", step == 6 ? ':' : '/', part[at + step],
                                   part[at + step + 1]);
        }
    }
    return g_string_free(out, false);
}

static void expect_scopes(const uint8_t *part, unsigned from, const char *expected)
{
    g_autofree char *text = scopes(part, from);
    g_assert_cmpstr(text, ==, expected);
}

/* Types are in the order of their numbers (VT-d 8.1). */
static void expect_order(const GByteArray *table)
{
    uint64_t last = 0;
    for (guint at = 0; at < table->len; at += (guint)get(table->data + at + 2, 2)) {
        uint64_t type = get(table->data + at, 2);
        g_assert_cmpuint(type, >=, last);
        last = type;
    }
}

/* What the memory map has at an address: its type; 0 if nothing. Ranges ascend and do not meet. */
static unsigned type_at(QTest *qts, uint64_t address)
{
    enum { ROW = 20 };
    g_autoptr(GByteArray) map = qtest_fw_cfg_file(qts, "etc/e820");
    unsigned type = 0;
    uint64_t last = 0;
    for (guint at = 0; at < map->len; at += ROW) {
        uint64_t base = get(map->data + at, 8), size = get(map->data + at + 8, 8);
        g_assert_cmphex(base, >=, last);
        last = base + size;
        if (address >= base && address < last) {
            type = (unsigned)get(map->data + at + 16, 4);
        }
    }
    return type;
}

static void expect_map(QTest *qts, bool reserved)
{
    unsigned inside = reserved ? 2 : 1;
    const struct {
        uint64_t at;
        unsigned type;
    } rows[] = {{BASE - 1, 1}, {BASE, inside}, {LIMIT, inside}, {LIMIT + 1, 1}, {0x80000, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpuint(type_at(qts, rows[i].at), ==, rows[i].type);
    }
}

static void test_rmrr(void)
{
    QTest *qts = start("-device intel-iommu,rmrr=" RANGE ":a+c;0xe0000-0xe0fff:rp");
    g_autoptr(GByteArray) table = read_dmar(qts);
    const uint8_t *first = find(table, RMRR, 0), *second = find(table, RMRR, 1);
    g_assert_cmphex(get(first + 8, 8), ==, BASE);
    g_assert_cmphex(get(first + 16, 8), ==, LIMIT);
    expect_scopes(first, 24, "1 00:05.0, 1 00:07.0/00.0");
    g_assert_cmphex(get(second + 8, 8), ==, 0xe0000);
    g_assert_cmphex(get(second + 16, 8), ==, 0xe0fff);
    expect_scopes(second, 24, "2 00:07.0");
    g_assert_null(find(table, RMRR, 2));
    expect_order(table);
    expect_map(qts, true);
    g_assert_cmpuint(type_at(qts, 0xe0000), ==, 2);
    qtest_quit(qts);
}

/* Up to the borders of what there is. */
static void test_rmrr_borders(void)
{
    QTest *qts = start("-device intel-iommu,rmrr=0x100000-0x1fffff:a;0x200000-0x2fffff:b");
    g_assert_cmpuint(type_at(qts, 0xfffff), ==, 2);
    g_assert_cmpuint(type_at(qts, 0x100000), ==, 2);
    g_assert_cmpuint(type_at(qts, 0x2fffff), ==, 2);
    g_assert_cmpuint(type_at(qts, 0x300000), ==, 1);
    qtest_quit(qts);
}

static void test_satc(void)
{
    QTest *qts =
        start("-device intel-iommu,id=u,scope=a+b,satc=a+b,satc-required=on,device-iotlb=on "
              "-device intel-iommu,scope=all,satc=c");
    g_autoptr(GByteArray) table = read_dmar(qts);
    const uint8_t *first = find(table, SATC, 0), *second = find(table, SATC, 1);
    g_assert_cmphex(first[4], ==, 1);
    expect_scopes(first, 8, "1 00:05.0, 1 00:06.0");
    g_assert_cmphex(second[4], ==, 0);
    expect_scopes(second, 8, "1 00:07.0/00.0");
    expect_order(table);
    qtest_quit(qts);
}

/* The scope is with the unit, and the name has its number. */
static void test_andd(void)
{
    QTest *qts = start("-device intel-iommu,id=u,scope=a,andd='\\_SB.PCI0.ISA.COM1@a' "
                       "-device intel-iommu,scope=all,andd='\\_SB.PCI0.ISA.COM2@b;\\_SB.X@c'");
    static const char *const paths[] = {"\\_SB.PCI0.ISA.COM1", "\\_SB.PCI0.ISA.COM2", "\\_SB.X"};
    static const uint8_t numbers[] = {1, 17, 18};
    g_autoptr(GByteArray) table = read_dmar(qts);
    expect_scopes(find(table, DRHD, 0), 16, "1 00:05.0, 5#1 00:05.0");
    expect_scopes(find(table, DRHD, 1), 16, "3#0 ff:00.0, 5#17 00:06.0, 5#18 00:07.0/00.0");
    for (unsigned n = 0; n < G_N_ELEMENTS(paths); n++) {
        const uint8_t *part = find(table, ANDD, n);
        g_assert_cmpuint(get(part + 2, 2), ==, 8 + strlen(paths[n]) + 1);
        g_assert_cmpuint(part[7], ==, numbers[n]);
        g_assert_cmpstr((const char *)part + 8, ==, paths[n]);
    }
    expect_order(table);
    qtest_quit(qts);
}

/* All root ports if all units answer, none if none does, or those of the units that do. */
static void test_atsr(void)
{
    static const char *const rows[][2] = {
        {"-device intel-iommu,device-iotlb=on", "all"},
        {"-device intel-iommu", NULL},
        {"-device intel-iommu,device-iotlb=on,id=u,scope=rp "
         "-device intel-iommu,device-iotlb=on",
         "all"},
        {"-device intel-iommu,device-iotlb=on,id=u,scope=rq -device intel-iommu", "2 00:08.0"},
        {"-device intel-iommu,id=u,scope=rq -device intel-iommu,device-iotlb=on", "2 00:07.0"},
        {"-device intel-iommu,device-iotlb=on,id=u,scope=rq+rp -device intel-iommu",
         "2 00:07.0, 2 00:08.0"},
        {"-device intel-iommu,device-iotlb=on,id=u,scope=a -device intel-iommu", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        QTest *qts = start(rows[i][0]);
        g_autoptr(GByteArray) table = read_dmar(qts);
        const uint8_t *part = find(table, ATSR, 0);
        g_assert_cmpint(part != NULL, ==, rows[i][1] != NULL);
        if (part) {
            bool all = strcmp(rows[i][1], "all") == 0;
            g_assert_cmphex(part[4], ==, all);
            expect_scopes(part, 8, all ? "" : rows[i][1]);
            g_assert_null(find(table, ATSR, 1));
        }
        qtest_quit(qts);
    }
}

static void test_rhsa(void)
{
    QTest *qts = start("-device intel-iommu,numa_node=3 -device intel-iommu,id=u,scope=a");
    g_autoptr(GByteArray) table = read_dmar(qts);
    const uint8_t *part = find(table, RHSA, 0);
    g_assert_cmphex(get(part + 8, 8), ==, UNIT_BASE);
    g_assert_cmpuint(get(part + 16, 4), ==, 3);
    g_assert_null(find(table, RHSA, 1));
    qtest_quit(qts);
}

#define ALL_PARTS ",rmrr=" RANGE ":a,andd='\\_SB.X@a'"

/* Firmware's mistakes: each is in its place, and the rest is as it was. */
static void test_broken(void)
{
    static const char *const how[] = {"no",
                                      "rmrr-not-reserved",
                                      "rmrr-backwards",
                                      "andd-without-scope",
                                      "andd-unterminated",
                                      "scope-type"};
    for (size_t i = 0; i < G_N_ELEMENTS(how); i++) {
        bool is_type = strcmp(how[i], "scope-type") == 0;
        bool backwards = strcmp(how[i], "rmrr-backwards") == 0;
        bool lost = strcmp(how[i], "andd-without-scope") == 0;
        bool open = strcmp(how[i], "andd-unterminated") == 0;
        g_autofree char *unit = g_strdup_printf(
            "-device intel-iommu,id=u,scope=a+rp,broken=%s" ALL_PARTS " -device intel-iommu",
            how[i]);
        QTest *qts = start(unit);
        g_autoptr(GByteArray) table = read_dmar(qts);
        g_autofree char *expected = g_strdup_printf("%d 00:05.0, %d 00:07.0%s", is_type ? 2 : 1,
                                                    is_type ? 1 : 2, lost ? "" : ", 5#1 00:05.0");
        expect_scopes(find(table, DRHD, 0), 16, expected);
        g_assert_cmphex(get(find(table, RMRR, 0) + 8, 8), ==, backwards ? LIMIT : BASE);
        g_assert_cmphex(get(find(table, RMRR, 0) + 16, 8), ==, backwards ? BASE : LIMIT);
        expect_scopes(find(table, RMRR, 0), 24, "1 00:05.0");
        g_assert_cmpuint(get(find(table, ANDD, 0) + 2, 2), ==, 8 + strlen("\\_SB.X") + !open);
        expect_map(qts, strcmp(how[i], "rmrr-not-reserved") != 0);
        qtest_quit(qts);
    }
}

static void test_mistakes(void)
{
    static const char *const rows[][2] = {
        {"rmrr=0x1000000", "rmrr=0x1000000: START-END:NAMES is its form"},
        {"rmrr=0x1000000-0x1000fff", "START-END:NAMES is its form"},
        {"rmrr=0x1000800-0x1000fff:a", "START is the first byte of a page of 4 KiB, END the last"},
        {"rmrr=0x1000000-0x1001000:a", "START is the first byte of a page of 4 KiB, END the last"},
        {"rmrr=0x1001000-0x1000fff:a", "START is the first byte of a page of 4 KiB, END the last"},
        {"rmrr=0x1000000-0x1000fff:", "rmrr=: '' is no name; ids and paths"},
        {"rmrr=0x1000000-0x1000fff:nobody", "rmrr: nothing that sends has the id 'nobody'"},
        {"rmrr=0x1000000-0x1000fff:ioapic", "rmrr: ioapic is no function under it"},
        {"rmrr=0x40000000-0x40000fff:a", "rmrr: 0x40000000-0x40000fff is not in RAM"},
        {"rmrr=0x3fff000-0x3ffffff:a", "is not in RAM that the firmware leaves to others"},
        {"rmrr=0x0-0x100fff:a", "is not in RAM that the firmware leaves to others"},
        {"scope=a,id=u,satc=b -device intel-iommu", "id=u: satc: b is no function under it"},
        {"andd=COM1@a", "andd=COM1@a: PATH@NAME is its form"},
        {"andd='\\_SB.X'", "PATH@NAME is its form"},
        {"broken=vf-uncovered", "broken: vf-uncovered is of a unit whose scope names functions"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *err = NULL;
        g_autofree char *args = g_strdup_printf(
            "-m 64 -accel qtest -display none -nodefaults -device intel-iommu,%s" DEVICES,
            rows[i][0]);
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        if (!strstr(err, rows[i][1]) || strchr(err, '\n') != err + strlen(err) - 1) {
            g_error("%s: %s", rows[i][0], err);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dmar/rmrr", test_rmrr);
    g_test_add_func("/dmar/rmrr-borders", test_rmrr_borders);
    g_test_add_func("/dmar/satc", test_satc);
    g_test_add_func("/dmar/andd", test_andd);
    g_test_add_func("/dmar/atsr", test_atsr);
    g_test_add_func("/dmar/rhsa", test_rhsa);
    g_test_add_func("/dmar/broken", test_broken);
    g_test_add_func("/dmar/mistakes", test_mistakes);
    return g_test_run();
}
