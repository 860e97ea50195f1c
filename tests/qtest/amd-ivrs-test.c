/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IVRS table: its blocks and what is in them, with the unit's own values, each form of telling
 * of functions, memory kept for some, and each mistake of firmware's.
 */
#include "amd-lib.h"

#define RSDP        0xf0000ull
#define SOUTHBRIDGE 0xa0

typedef struct {
    unsigned blocks, ioapics, hpets; /* in the last block, of the emitters */
    unsigned all, ends;              /* entries for all, and ends of ranges; */
    uint16_t ranges[4][2];           /* these ranges of ids */
    uint16_t ioapic_id;
    uint8_t type; /* of the last block */
    uint64_t base, features;
    uint16_t device;
    uint8_t capability;
} Ivrs;

static uint64_t find_ivrs(Amd *a)
{
    uint64_t xsdt = qtest_readq(a->qts, RSDP + 24);
    for (uint64_t at = xsdt + 36; at < xsdt + qtest_readl(a->qts, xsdt + 4); at += 8) {
        uint64_t table = qtest_readq(a->qts, at);
        if (qtest_readl(a->qts, table) == 0x53525649) { /* "IVRS" */
            return table;
        }
    }
    return 0;
}

static void read_entries(Amd *a, uint64_t at, uint64_t end, Ivrs *out)
{
    out->ioapics = out->hpets = out->all = out->ends = 0;
    while (at < end) {
        uint8_t type = qtest_readb(a->qts, at);
        out->all += type == 1;
        if (type == 3 || type == 4) {
            g_assert_cmpuint(out->ends, <, G_N_ELEMENTS(out->ranges));
            out->ranges[out->ends][type - 3] = qtest_readw(a->qts, at + 1);
            out->ends += type == 4;
        }
        if (type == 0x48) {
            uint8_t variety = qtest_readb(a->qts, at + 7);
            out->ioapics += variety == 1;
            out->hpets += variety == 2;
            out->ioapic_id = variety == 1 ? qtest_readw(a->qts, at + 5) : out->ioapic_id;
        }
        at += 4u << (type >> 6);
    }
    g_assert_cmphex(at, ==, end);
}

static Ivrs read_ivrs(Amd *a)
{
    Ivrs out = {0};
    uint64_t table = find_ivrs(a), at = table + 48;
    g_assert_cmphex(table, !=, 0);
    uint32_t length = qtest_readl(a->qts, table + 4);
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + qtest_readb(a->qts, table + i));
    }
    g_assert_cmphex(sum, ==, 0);
    while (at < table + length) {
        out.type = qtest_readb(a->qts, at);
        uint16_t bytes = qtest_readw(a->qts, at + 2);
        out.device = qtest_readw(a->qts, at + 4);
        out.capability = (uint8_t)qtest_readw(a->qts, at + 6);
        out.base = qtest_readq(a->qts, at + 8);
        out.features = out.type == 0x10 ? 0 : qtest_readq(a->qts, at + 24);
        read_entries(a, at + (out.type == 0x10 ? 24 : 40), at + bytes, &out);
        out.blocks++;
        at += bytes;
    }
    g_assert_cmphex(at, ==, table + length);
    return out;
}

static Ivrs ivrs_of(const char *props, uint64_t *features)
{
    Amd *a = amd_start(props, 1, false);
    Ivrs out = read_ivrs(a);
    *features = amd_read(a, EFR);
    if (out.blocks) {
        g_assert_cmphex(out.base, ==, AMD_BASE);
        g_assert_cmphex(out.device, ==, UNIT_FUNCTION);
        g_assert_cmphex(qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, out.capability, 1), ==,
                        0x0f);
    }
    amd_stop(a);
    return out;
}

static void test_right(void)
{
    uint64_t features;
    Ivrs t = ivrs_of("", &features);
    g_assert_cmpuint(t.blocks, ==, 3);
    g_assert_cmphex(t.type, ==, 0x40);
    g_assert_cmphex(t.features, ==, features);
    g_assert_cmpuint(t.ioapics, ==, 1);
    g_assert_cmpuint(t.hpets, ==, 1);
    g_assert_cmphex(t.ioapic_id, ==, SOUTHBRIDGE);
    t = ivrs_of(",intremap=off", &features);
    g_assert_cmpuint(t.ioapics + t.hpets, ==, 0);
}

static void test_broken(void)
{
    uint64_t features;
    Ivrs t = ivrs_of(",broken=ioapic-id", &features);
    g_assert_cmphex(t.ioapic_id, ==, SOUTHBRIDGE + 1);
    t = ivrs_of(",broken=no-ioapic", &features);
    g_assert_cmpuint(t.ioapics, ==, 0);
    t = ivrs_of(",broken=no-hpet", &features);
    g_assert_cmpuint(t.hpets, ==, 0);
    t = ivrs_of(",broken=no-ivhd", &features);
    g_assert_cmpuint(t.blocks, ==, 0);
    t = ivrs_of(",broken=old-ivhd", &features);
    g_assert_cmpuint(t.blocks, ==, 1);
    g_assert_cmphex(t.type, ==, 0x10);
    t = ivrs_of(",broken=wrong-efr", &features);
    g_assert_cmphex(t.features, !=, features);
}

/* A root bus that goes by no unit is in no range of ids. */
static void test_bypass(void)
{
    uint64_t features;
    Ivrs t = ivrs_of(",ivhd=all", &features);
    g_assert_cmpuint(t.all, ==, 1);
    g_assert_cmpuint(t.ends, ==, 0);
    t = ivrs_of(" -device pxb-pcie,id=far,bus_nr=0x80,bypass_iommu=on"
                " -device pxb-pcie,id=near,bus_nr=0xa0",
                &features);
    g_assert_cmpuint(t.all, ==, 0);
    g_assert_cmpuint(t.ends, ==, 2);
    g_assert_cmphex(t.ranges[0][0], ==, UNIT_FUNCTION + 1);
    g_assert_cmphex(t.ranges[0][1], ==, 0x7fff);
    g_assert_cmphex(t.ranges[1][0], ==, 0xa000);
    g_assert_cmphex(t.ranges[1][1], ==, 0xffff);
}

/* The IOAPIC and the HPET send under the southbridge's id: its device table entry is theirs. */
static void test_emitters(void)
{
    Amd *a = amd_start("", 1, false);
    amd_set_dte(a, SOUTHBRIDGE, 2, DTE_IV);
    amd_on(a, 0);
    qtest_writel(a->qts, 0xfec00000, 0x10 + 2 * 3 + 1);
    qtest_writel(a->qts, 0xfec00010, 0);
    qtest_writel(a->qts, 0xfec00000, 0x10 + 2 * 3);
    qtest_writel(a->qts, 0xfec00010, 0x41); /* pin 3: edge, fixed, to APIC 0 */
    qtest_set_irq_in(a->qts, "ioapic", "", 3, 1);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOUTHBRIDGE, EV_TYPE(5), amd_event_address(0x41));
    amd_stop(a);
}

/* ---- Functions and memory ---- */

#define BRIDGE  0x28 /* 00:05.0 */
#define SECOND  0x100
#define BEHIND  0x118
#define MEMORY  0x3000000ull
#define DEVICES " -device pcie-pci-bridge,id=bridge,addr=5 -device edu,id=behind,bus=bridge,addr=3"

/* A device entry, and where a range ends. */
typedef struct {
    uint8_t type;
    uint16_t first, last, alias;
} Told;

/* The entries of functions of the block of type 11h. */
static unsigned read_told(Amd *a, Told *told, unsigned most)
{
    uint64_t at = find_ivrs(a) + 48;
    while (qtest_readb(a->qts, at) != 0x11) {
        at += qtest_readw(a->qts, at + 2);
    }
    uint64_t end = at + qtest_readw(a->qts, at + 2);
    unsigned count = 0;
    for (at += 40; at < end; at += 4u << (qtest_readb(a->qts, at) >> 6)) {
        uint8_t type = qtest_readb(a->qts, at);
        uint16_t id = qtest_readw(a->qts, at + 1);
        if (type == 4) {
            told[count - 1].last = id;
        } else if (type != 0x48) {
            g_assert_cmpuint(count, <, most);
            told[count++] = (Told){type, id, id, 0};
        }
        if (type == 0x42 || type == 0x43) {
            told[count - 1].alias = qtest_readw(a->qts, at + 5);
        }
    }
    return count;
}

static const Told *find_told(const Told *told, unsigned count, uint16_t id)
{
    const Told *found = NULL;
    for (unsigned i = 0; i < count; i++) {
        if (id >= told[i].first && id <= told[i].last) {
            found = &told[i]; /* software goes by the last one */
        }
    }
    return found;
}

static void test_functions(void)
{
    Told told[64];
    Amd *a = amd_start_emitter(",ivhd=functions", DEVICES);
    unsigned count = read_told(a, told, G_N_ELEMENTS(told));
    const Told *behind = find_told(told, count, BEHIND);
    g_assert_cmphex(find_told(told, count, EMITTER)->type, ==, 2);
    g_assert_cmphex(find_told(told, count, BRIDGE)->type, ==, 2);
    g_assert_cmphex(find_told(told, count, SOUTHBRIDGE)->type, ==, 2);
    g_assert_cmphex(behind->type, ==, 0x42);
    g_assert_cmphex(behind->alias, ==, SECOND);
    g_assert_null(find_told(told, count, UNIT_FUNCTION));
    amd_stop(a);

    unsigned all = count;
    a = amd_start_emitter(",ivhd=functions,broken=no-alias", DEVICES);
    count = read_told(a, told, G_N_ELEMENTS(told));
    g_assert_cmpuint(count, ==, all);
    g_assert_cmphex(find_told(told, count, BEHIND)->type, ==, 2);
    amd_stop(a);
    a = amd_start_emitter(",ivhd=functions,broken=uncovered-device", DEVICES);
    g_assert_cmpuint(read_told(a, told, G_N_ELEMENTS(told)), ==, all - 1);
    amd_stop(a);
}

static void test_ranges(void)
{
    Told told[8];
    Amd *a = amd_start_emitter("", DEVICES);
    g_assert_cmpuint(read_told(a, told, G_N_ELEMENTS(told)), ==, 2);
    g_assert_cmphex(told[0].type, ==, 3);
    g_assert_cmphex(told[0].first, ==, UNIT_FUNCTION + 1);
    g_assert_cmphex(told[0].last, ==, 0xffff);
    g_assert_cmphex(told[1].type, ==, 0x43);
    g_assert_cmphex(told[1].first, ==, SECOND);
    g_assert_cmphex(told[1].last, ==, SECOND + 0xff);
    g_assert_cmphex(told[1].alias, ==, SECOND);
    amd_stop(a);
    a = amd_start_emitter(",ivhd=ranges,broken=no-alias", DEVICES);
    g_assert_cmpuint(read_told(a, told, G_N_ELEMENTS(told)), ==, 1);
    amd_stop(a);
    a = amd_start_emitter(",ivhd=all", DEVICES);
    g_assert_cmpuint(read_told(a, told, G_N_ELEMENTS(told)), ==, 1);
    g_assert_cmphex(told[0].type, ==, 1);
    amd_stop(a);
}

/* Memory that is kept: a block each, after the unit's. */
static void test_memory(void)
{
    static const struct {
        const char *names;
        uint8_t type, flags;
        uint16_t first, last;
    } rows[] = {
        {"emitter", 0x21, 7, EMITTER, 0},
        {"emitter:exclusion", 0x21, 8, EMITTER, 0},
        {"bridge", 0x22, 7, SECOND, SECOND + 0xff},
        {"all", 0x20, 7, 0, 0},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *props = g_strdup_printf(",ivmd=0x3000000-0x3001fff:%s", rows[i].names);
        Amd *a = amd_start_emitter(props, DEVICES);
        uint64_t at = find_ivrs(a) + 48, end = at - 48 + qtest_readl(a->qts, at - 44);
        while (qtest_readb(a->qts, at) < 0x20 || qtest_readb(a->qts, at) >= 0x40) {
            at += qtest_readw(a->qts, at + 2);
        }
        g_assert_cmphex(qtest_readb(a->qts, at), ==, rows[i].type);
        g_assert_cmphex(qtest_readb(a->qts, at + 1), ==, rows[i].flags);
        g_assert_cmphex(qtest_readw(a->qts, at + 4), ==, rows[i].first);
        g_assert_cmphex(qtest_readw(a->qts, at + 6), ==, rows[i].last);
        g_assert_cmphex(qtest_readq(a->qts, at + 16), ==, MEMORY);
        g_assert_cmphex(qtest_readq(a->qts, at + 24), ==, 0x2000);
        g_assert_cmphex(at + qtest_readw(a->qts, at + 2), ==, end);
        amd_stop(a);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-ivrs/right", test_right);
    g_test_add_func("/amd-ivrs/broken", test_broken);
    g_test_add_func("/amd-ivrs/bypass", test_bypass);
    g_test_add_func("/amd-ivrs/emitters", test_emitters);
    g_test_add_func("/amd-ivrs/functions", test_functions);
    g_test_add_func("/amd-ivrs/ranges", test_ranges);
    g_test_add_func("/amd-ivrs/memory", test_memory);
    return g_test_run();
}
