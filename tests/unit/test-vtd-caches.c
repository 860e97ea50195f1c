/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VT-d unit's IOTLB by itself, and what the invalidation queue costs: work is counted in units,
 * and a register write does no more than so many.
 */
#include "vtd-fixture.h"

/* The IOTLB finds what has the domain, the page and the size, and nothing that shares its set. */
static void test_iotlb_tags(void)
{
    const uint64_t address = 0x40000000;
    Fixture f = {0};
    set_up(&f, "pt", "on");
    VtdDmaCache *c = &((VtdState *)f.vtd)->cache;
    for (unsigned shift = 12; shift <= 30; shift += 9) {
        VtdMapping m = {.domain = 7, .page = address >> shift, .shift = (uint8_t)shift};
        vtd_dmacache_reset(c);
        vtd_iotlb_fill(c, &m);
        for (uint32_t domain = 0; domain <= UINT16_MAX; domain++) {
            g_assert_cmpint(vtd_iotlb_find(c, (uint16_t)domain, address) != NULL, ==, domain == 7);
        }
        for (uint64_t page = 0; page < 65536; page++) {
            uint64_t at = page << 12;
            g_assert_cmpint(vtd_iotlb_find(c, 7, at) != NULL, ==, at >> shift == address >> shift);
        }
    }
    tear_down(&f);
}

#define MAMV         18
#define DOMAINS_USED 3
#define PAGES_USED   4096u

typedef struct {
    uint16_t domain;
    uint8_t shift;
    uint64_t page;
    bool held;
} KnownPage;

static KnownPage random_page(void)
{
    static const uint8_t shifts[] = {12, 12, 12, 12, 12, 12, 21, 30};
    uint8_t shift = shifts[g_test_rand_int_range(0, G_N_ELEMENTS(shifts))];
    uint64_t address = (uint64_t)(uint32_t)g_test_rand_int() << 4;
    if (g_test_rand_bit()) {
        address &= 0xffffff; /* close together */
    }
    return (KnownPage){.domain = (uint16_t)g_test_rand_int_range(0, DOMAINS_USED),
                       .shift = shift,
                       .page = address >> shift};
}

static bool holds(VtdDmaCache *c, const KnownPage *k)
{
    const VtdMapping *m = vtd_iotlb_find(c, k->domain, k->page << k->shift);
    return m && m->shift == k->shift && m->page == k->page;
}

static bool overlaps(const KnownPage *k, uint64_t address, unsigned mask)
{
    unsigned shift = MAX((unsigned)k->shift, 12 + mask);
    return k->page << k->shift >> shift == address >> shift;
}

static void fill_some(VtdDmaCache *c, KnownPage *known)
{
    for (unsigned i = 0; i < PAGES_USED / 4; i++) {
        KnownPage *k = &known[g_test_rand_int_range(0, PAGES_USED)];
        *k = random_page();
        VtdMapping m = {.domain = k->domain, .shift = k->shift, .page = k->page};
        if (!vtd_iotlb_find(c, k->domain, k->page << k->shift)) {
            vtd_iotlb_fill(c, &m);
        }
    }
}

/* An invalidation drops what it covers and nothing else, whatever has been dropped and evicted
 * before. */
static void test_iotlb_ranges(void)
{
    g_autofree KnownPage *known = g_new0(KnownPage, PAGES_USED);
    unsigned dropped = 0;
    Fixture f = {0};
    set_up(&f, "pt", "on");
    VtdDmaCache *c = &((VtdState *)f.vtd)->cache;
    for (unsigned i = 0; i < PAGES_USED; i++) {
        known[i] = random_page();
    }
    for (unsigned round = 0; round < 400; round++) {
        KnownPage at = random_page();
        uint64_t address = at.page << at.shift;
        unsigned mask = (unsigned)g_test_rand_int_range(0, MAMV + 1);
        unsigned granularity = (unsigned)g_test_rand_int_range(0, 40);
        granularity = granularity == 1 || granularity == 2 ? granularity : VTD_INV_PAGE;
        fill_some(c, known);
        for (unsigned i = 0; i < PAGES_USED; i++) {
            known[i].held = holds(c, &known[i]);
        }
        vtd_iotlb_invalidate(c, (uint8_t)granularity, at.domain, address, (uint8_t)mask);
        for (unsigned i = 0; i < PAGES_USED; i++) {
            const KnownPage *k = &known[i];
            bool covered = granularity == VTD_INV_GLOBAL ||
                           (k->domain == at.domain &&
                            (granularity == VTD_INV_DOMAIN || overlaps(k, address, mask)));
            if (k->held && !covered) {
                g_assert_true(holds(c, k));
            } else if (covered) {
                g_assert_false(holds(c, k));
                dropped += k->held;
            }
        }
    }
    g_assert_cmpuint(dropped, >, PAGES_USED);
    tear_down(&f);
}

#define LONGEST   32768u /* descriptors: IQA.QS 7 */
#define AT_LONG   0x100000ull
#define AT_PAGES  0x40000000ull
#define AT_STATUS 0x2000ull

/* A domain has as many pages in the IOTLB as go there. */
static void fill_iotlb(VtdDmaCache *c, uint16_t domain)
{
    for (uint64_t i = 0; i < 4ull * VTD_IOTLB_SETS * VTD_IOTLB_WAYS; i++) {
        VtdMapping m = {.domain = domain, .shift = 12, .page = (AT_PAGES >> 12) + i};
        vtd_iotlb_fill(c, &m);
    }
}

/* The longest queue, full of one descriptor. */
static void start_long_queue(Fixture *f, uint64_t low, uint64_t high)
{
    for (uint64_t i = 0; i < LONGEST; i++) {
        put(f, AT_LONG + i * 16, low, high);
    }
    reg_write(f, VTD_IQA, AT_LONG | 7, 8);
    reg_write(f, VTD_GCMD, VTD_GCMD_QIE, 4);
}

/* Whatever a guest puts into a queue, a write of the tail does so much and no more; the rest is
 * done in time, and all of it costs so much a descriptor. */
static void test_queue_cost(void)
{
    static const struct {
        const char *what;
        uint64_t low, high;
        unsigned most; /* units a descriptor */
    } rows[] = {
        {"IEC global", 4, 0, 20},
        {"IEC index", 0x14, 0, 10},
        {"IEC 128 indexes", 0x14 | 7ull << 27, 0, 10},
        {"IEC 32768 indexes", 0x14 | 15ull << 27, 0, 20},
        {"context global", 0x11, 0, 10},
        {"context device", 0x31 | 7ull << 16 | 0x20ull << 32, 0, 10},
        {"IOTLB global", 0x12, 0, 10},
        {"IOTLB domain", 0x22 | 7ull << 16, 0, 10},
        {"IOTLB page", 0x32 | 7ull << 16, AT_PAGES, 10},
        {"IOTLB 128 pages, none there", 0x32 | 7ull << 16, 7, 100},
        {"IOTLB 128 pages, once there", 0x32 | 7ull << 16, (AT_PAGES + 0x200000) | 7, 100},
        {"IOTLB 1 GiB, once there", 0x32 | 7ull << 16, AT_PAGES | 18, 10},
        {"IOTLB 1 GiB, none there", 0x32 | 7ull << 16, 18, 100},
        {"wait", 0x25, AT_STATUS, 20},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Fixture f = {0};
        set_up(&f, "pt", "on");
        fill_iotlb(&((VtdState *)f.vtd)->cache, 7);
        start_long_queue(&f, rows[i].low, rows[i].high);
        g_test_message("%s", rows[i].what);
        reg_write(&f, VTD_IQT, (LONGEST - 1) * 16, 8);
        /* The last one may be the one that drops the whole IOTLB. */
        g_assert_cmpuint(count(&f, "queue-work"), <, VTD_QI_BUDGET + 20000);
        g_assert_cmpuint(count(&f, "descriptors"), <, LONGEST - 1);
        for (int64_t ms = 1; reg_read(&f, VTD_IQH, 8) != (LONGEST - 1) * 16; ms++) {
            uint64_t before = count(&f, "queue-work");
            g_assert_cmpint(ms, <, 1000);
            clock_advance_to(f.platform.clock, ms * NS_PER_MS);
            /* No more than its share of the time. */
            g_assert_cmpuint((count(&f, "queue-work") - before) * VTD_QI_UNIT_NS, <, 2 * NS_PER_MS);
        }
        g_assert_cmpuint(count(&f, "descriptors"), ==, LONGEST - 1);
        g_test_message("  %" PRIu64 " units a descriptor", count(&f, "queue-work") / LONGEST);
        g_assert_cmpuint(count(&f, "queue-work"), <=, (uint64_t)rows[i].most * LONGEST + 20000);
        tear_down(&f);
    }
}

/* A status write to the unit's own registers goes nowhere: in the write that moved the tail, beside
 * the guest, and when a device's completion sets it off. */
static void test_own_registers(void)
{
    static const struct {
        uint32_t reg;
        uint32_t value;
    } rows[] = {{VTD_IQT, 0x40}, {VTD_GCMD, 0}, {VTD_FEDATA, 0x55}, {VTD_IQA, 0x8000}};
    static const char *const latencies[] = {"0", "1000"};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows) * 4; i++) {
        uint32_t reg = rows[i / 4].reg;
        bool completed = i & 1;
        Fixture f = {0};
        set_up(&f, "device-iotlb", "on");
        g_assert_true(device_set_prop(f.vtd, "qi-latency", latencies[i / 2 % 2], NULL));
        start_queue(&f);
        uint64_t before = reg_read(&f, reg, 4), status = reg_read(&f, VTD_GSTS, 4);
        put(&f, AT_QUEUE, completed ? VTD_DESC_DEVICE_TLB | 0x123ull << 32 : VTD_DESC_IEC, 0);
        put(&f, AT_QUEUE + 16, (uint64_t)rows[i / 4].value << 32 | 0x25, VTD_DEFAULT_BASE + reg);
        put(&f, AT_QUEUE + 32, 7ull << 32 | 0x25, AT_STATUS);
        reg_write(&f, VTD_IQT, 48, 8);
        clock_advance_to(f.platform.clock, 10 * NS_PER_US);
        if (completed) {
            g_assert_cmphex(memory64(&f, AT_STATUS), ==, 0);
            vtd_device_tlb_completed(f.vtd, 0x123, 1);
            clock_advance_to(f.platform.clock, 20 * NS_PER_US);
        }
        g_assert_cmphex(reg_read(&f, VTD_IQH, 8), ==, 48);
        g_assert_cmphex(reg_read(&f, VTD_GSTS, 4), ==, status);
        g_assert_cmphex(reg_read(&f, reg, 4), ==, reg == VTD_IQT ? 48 : before);
        g_assert_cmphex(memory64(&f, AT_STATUS), ==, 7);
        tear_down(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/iotlb-tags", test_iotlb_tags);
    g_test_add_func("/vtd/iotlb-ranges", test_iotlb_ranges);
    g_test_add_func("/vtd/queue-cost", test_queue_cost);
    g_test_add_func("/vtd/own-registers", test_own_registers);
    return g_test_run();
}
