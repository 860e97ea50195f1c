/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VT-d unit's codecs (IRTE, posted descriptor, invalidation descriptor, root, context and page
 * table entries), and what only the object shows: completions of device-TLB invalidations, counters
 * and saved state.
 */
#include "dram-fixture.h"
#include "hw/i386/iommu/vtd/pid.h"
#include "vtd-fixture.h"

#include <string.h>

#define HAW      48
#define AT_STATE 0x2000ull
#define AT_IRT   0x10000ull
#define AT_TABLE 0x20000ull
#define AT_PID   0x30000ull
#define AT_ROOT  0x40000ull

static uint64_t random64(void)
{
    return (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
}

/* Decoding and encoding an IRTE agree on every field. */
static void test_irte(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        VtdIrteMode mode = {.eime = i & 1, .posting = true};
        VtdIrte in = {
            .present = true,
            .fpd = g_test_rand_bit(),
            .posted = g_test_rand_bit(),
            .avail = g_test_rand_int() & 15,
            .vector = (uint8_t)g_test_rand_int(),
            .sid = (uint16_t)g_test_rand_int(),
            .sq = g_test_rand_int() & 3,
            .svt = (uint8_t)g_test_rand_int_range(0, 3),
        };
        if (in.posted) {
            in.urgent = g_test_rand_bit();
            in.pid_address = random64() & ~63ull;
        } else {
            in.logical = g_test_rand_bit();
            in.redirection = g_test_rand_bit();
            in.level = g_test_rand_bit();
            in.delivery = (uint8_t)g_test_rand_int_range(0, 3);
            in.dest = (uint32_t)g_test_rand_int() & (mode.eime ? UINT32_MAX : 0xff);
        }
        uint64_t low, high, low2, high2;
        VtdIrte out;
        vtd_irte_encode(&in, mode, &low, &high);
        g_assert_cmpint(vtd_irte_decode(low, high, mode, &out), ==, VTD_OK);
        vtd_irte_encode(&out, mode, &low2, &high2);
        g_assert_cmphex(low, ==, low2);
        g_assert_cmphex(high, ==, high2);
        g_assert_cmphex(out.dest, ==, in.dest);
        g_assert_cmphex(out.pid_address, ==, in.pid_address);
    }
}

/* An IRTE's reserved bits, one at a time, in both formats and both modes. */
static void test_irte_reserved(void)
{
    static const struct {
        bool posted, eime;
        uint64_t low, high; /* bits that are not reserved */
    } rows[] = {
        {false, false, 0x0000ff0000ff8fff, 0x00000000000fffff},
        {false, true, 0xffffffff00ff8fff, 0x00000000000fffff},
        {true, false, 0xffffffc000ffcf03, 0xffffffff000fffff},
        {true, true, 0xffffffc000ffcf03, 0xffffffff000fffff},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t base = 1 | (rows[i].posted ? 1u << 15 : 0);
        VtdIrteMode mode = {.eime = rows[i].eime, .posting = true};
        for (unsigned bit = 1; bit < 128; bit++) {
            uint64_t low = base | (bit < 64 ? 1ull << bit : 0);
            uint64_t high = bit < 64 ? 0 : 1ull << (bit - 64);
            if (bit == 15) {
                continue;
            }
            bool known = bit < 64 ? rows[i].low >> bit & 1 : rows[i].high >> (bit - 64) & 1;
            VtdIrte out;
            g_test_message("format %u bit %u", i, bit);
            g_assert_cmpint(vtd_irte_decode(low, high, mode, &out), ==,
                            known ? VTD_OK : VTD_FR_IR_ENTRY_RESERVED);
            g_assert_cmpint(vtd_irte_flaw(low, high, mode) == NULL, ==, known);
        }
    }
}

/* What is reserved in an entry, in words. */
static void test_irte_flaws(void)
{
    static const struct {
        uint64_t low, high;
        VtdIrteMode mode;
        const char *says; /* NULL: nothing is wrong */
    } rows[] = {
        {0x0000010000310001, 0, {0}, NULL},
        {0x0000000100310001, 0, {0}, "IRTA.EIME is clear"},
        {0x0001000000310001, 0, {0}, "IRTA.EIME is clear"},
        {0x0000000100310001, 0, {.eime = true}, NULL},
        {0x0000000000318001, 0, {0}, "IM is set"},
        {0x0000000000318001, 0, {.posting = true}, NULL},
        {0x0000000000310061, 0, {0}, "delivery mode"},
        {0x00000000003100c1, 0, {0}, "delivery mode"},
        {0x0000000000310001, 3u << 18, {0}, "SVT is 3"},
        {0x0000000000310001, 1u << 20, {0}, "no field"},
        {0x0000000001310001, 0, {0}, "no field"},
        {0x0000000000318061, 0, {.posting = true}, "no field"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        VtdIrte out;
        const char *flaw = vtd_irte_flaw(rows[i].low, rows[i].high, rows[i].mode);

        g_test_message("row %u says %s", i, flaw ? flaw : "nothing");
        g_assert_cmpint(flaw != NULL, ==, rows[i].says != NULL);
        g_assert_true(!flaw || strstr(flaw, rows[i].says));
        g_assert_cmpint(vtd_irte_decode(rows[i].low, rows[i].high, rows[i].mode, &out) != VTD_OK,
                        ==, flaw != NULL);
    }
}

/* A posted descriptor's reserved bits, one at a time. */
static void test_pid_reserved(void)
{
    for (unsigned eime = 0; eime < 2; eime++) {
        uint64_t known = eime ? 0xffffffff00ff0003 : 0x0000ff0000ff0003;
        for (unsigned bit = 0; bit < 64; bit++) {
            VtdPid out;
            g_assert_cmpint(vtd_pid_decode(1ull << bit, eime, &out), ==, known >> bit & 1);
        }
    }
}

/* Reserved bits of every descriptor type, one at a time. */
static void test_descriptor_reserved(void)
{
    static const struct {
        uint64_t base, low, high;
    } rows[] = {
        {0x11, 0x0003ffffffff003f, 0},
        {0x12, 0x00000000ffff00ff, 0xfffffffffffff07f},
        {0x03, 0xfff0ffff001ff00f, 0xfffffffffffff001},
        {0x04, 0x0000fffff800001f, 0},
        {0x05, 0xffffffff000000ff, 0xfffffffffffffffc},
    };
    const VtdDescLimits limits = {true, true, true, 18, VTD_HANDLE_MASK_V};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (unsigned bit = 12; bit < 128; bit++) {
            uint64_t q[2] = {rows[i].base};
            q[bit / 64] |= 1ull << (bit % 64);
            bool known = bit < 64 ? rows[i].low >> bit & 1 : rows[i].high >> (bit - 64) & 1;
            VtdDesc d;
            VtdQueueError error = vtd_desc_decode(q, &limits, &d);
            g_test_message("descriptor %u bit %u", i + 1, bit);
            g_assert_cmpint(error, ==, known ? VTD_IQEI_NONE : VTD_IQEI_RESERVED);
        }
    }
}

/* Reserved bits of root and context entries, one at a time. */
static void test_context_reserved(void)
{
    uint64_t haw = (1ull << HAW) - 1;
    for (unsigned bit = 0; bit < 128; bit++) {
        uint64_t low = bit < 64 ? 1ull << bit : 0, high = bit < 64 ? 0 : 1ull << (bit - 64);
        VtdRootEntry root;
        VtdContextEntry ctx;
        vtd_root_decode(low, high, HAW, &root);
        g_assert_cmpint(root.reserved, ==, (low & ~(haw & ~0xffeull)) || high);
        vtd_context_decode(low, high, HAW, &ctx);
        g_assert_cmpint(ctx.reserved, ==, (low & ~(haw & ~0xff0ull)) || (high & ~0xffff7full));
    }
}

/* Reserved bits of page table entries, one at a time, at each level, with and without SNP and TM.
 */
static void test_pte_reserved(void)
{
    Fixture f = {0};
    set_up(&f, "pt", "on");
    VtdTables tables = {.memory = f.platform.memory};
    for (unsigned leaf = 1; leaf <= 3; leaf++) {
        for (unsigned allow = 0; allow < 2; allow++) {
            uint64_t low_bits = ((1ull << (9 * (leaf - 1))) - 1) << 12;
            uint64_t ignored = 0x7cull | 0x700ull | 0x3ffull << 52 | 1ull << 63;
            uint64_t known = 3 | ignored | 0x80 | (((1ull << HAW) - 1) & ~0xfffull & ~low_bits);
            known |= allow ? 1ull << 11 | 1ull << 62 : 0;
            for (unsigned level = 3; level > leaf; level--) {
                put(&f, AT_TABLE + (3 - level) * 0x1000, (AT_TABLE + (4 - level) * 0x1000) | 3, 0);
            }
            for (unsigned bit = 2; bit < 64; bit++) {
                VtdMapping m;
                VtdPteBits bits = {HAW, allow, allow};
                uint64_t entry = 3 | (leaf > 1 ? 0x80 : 0) | 1ull << bit;
                put(&f, AT_TABLE + (3 - leaf) * 0x1000, entry, 0);
                g_assert_cmpint(vtd_page_walk(&tables, AT_TABLE, 3, bits, 0, &m), ==,
                                known >> bit & 1 ? VTD_OK : VTD_FR_PAGE_TABLE_RESERVED);
            }
        }
    }
    tear_down(&f);
}

/* Above 1 GiB there is no page size bit: it is reserved. */
static void test_pte_levels(void)
{
    Fixture f = {0};
    set_up(&f, "pt", "on");
    VtdTables tables = {.memory = f.platform.memory};
    for (unsigned levels = 3; levels <= 5; levels++) {
        VtdMapping m;
        put(&f, AT_TABLE, 0x83, 0);
        g_assert_cmpint(vtd_page_walk(&tables, AT_TABLE, levels, (VtdPteBits){HAW}, 0, &m), ==,
                        levels == 3 ? VTD_OK : VTD_FR_PAGE_TABLE_RESERVED);
    }
    tear_down(&f);
}

/* Tables as memory has them: each level's store is seen once its line has been flushed. */
static void test_unsnooped_tables(void)
{
    Fixture f = {0};
    set_up(&f, "model", "client");
    AddressSpace *as = f.platform.memory;
    VtdTables tables = {.memory = as, .dram = dram_new(as, (DramConfig){.cached = true})};
    VtdContextLimits limits = {.haw = 39, .sagaw = 4, .domain_mask = 0xff};
    uint64_t stores[][2] = {{AT_ROOT, (AT_ROOT + 0x1000) | 1},
                            {AT_ROOT + 0x1000 + 5 * 16 + 8, 2 | 7 << 8},
                            {AT_ROOT + 0x1000 + 5 * 16, AT_TABLE | 1},
                            {AT_TABLE, (AT_TABLE + 0x1000) | 3},
                            {AT_TABLE + 0x1000, (AT_TABLE + 0x2000) | 3},
                            {AT_TABLE + 0x2000, (AT_TABLE + 0x3000) | 3},
                            {AT_TABLE + 0x3000, AT_PID | 3}};
    dram_settle(tables.dram);
    for (unsigned i = 0; i < G_N_ELEMENTS(stores); i++) {
        cpu_store(as, stores[i][0], stores[i][1], 8);
    }
    for (unsigned i = 0; i <= G_N_ELEMENTS(stores); i++) {
        VtdContext ctx;
        VtdMapping m = {0};
        VtdFaultReason reason = vtd_context_walk(&tables, AT_ROOT, limits, 5, &ctx);
        g_assert_cmpint(reason, ==,
                        i < 1   ? VTD_FR_ROOT_NOT_PRESENT
                        : i < 2 ? VTD_FR_CONTEXT_NOT_PRESENT
                                : VTD_OK);
        if (reason == VTD_OK) {
            reason = vtd_page_walk(&tables, ctx.table, ctx.levels, (VtdPteBits){39}, 8, &m);
            g_assert_cmpint(reason, ==, VTD_OK);
        }
        g_assert_true((m.read && m.write) == (i == G_N_ELEMENTS(stores)));
        g_assert_cmphex(m.host, ==, i == G_N_ELEMENTS(stores) ? AT_PID : 0);
        g_assert_true(tables.behind == (i < G_N_ELEMENTS(stores)));
        tables.behind = false;
        if (i < G_N_ELEMENTS(stores)) {
            cpu_flush(as, stores[i][0]);
        }
    }
    dram_free(tables.dram);
    tear_down(&f);
}

/* An interrupt goes by the entry that memory has, whatever was stored. */
static void test_unsnooped_entries(void)
{
    static const char *const props[][2] = {{"model", "client"}, {"stale-tables", "on"}};
    Fixture f = {0};
    set_up_with(&f, props, G_N_ELEMENTS(props));
    AddressSpace *as = f.platform.memory;
    IntrMsg msg = {.address = 0xfee00010 | 1 << 5};
    IntrSink sink = f.cls->sink(f.vtd);
    reg_write(&f, VTD_IRTA, AT_IRT, 8);
    reg_write(&f, VTD_GCMD, VTD_GCMD_SIRTP, 4);
    reg_write(&f, VTD_GCMD, VTD_GCMD_IRE, 4);
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        cpu_store(as, AT_IRT + 16, 1 | 0x41 << 16, 8);
        g_assert_cmpint(sink.send(sink.opaque, &msg), ==,
                        flushed ? INTR_NO_APIC : INTR_VTD_NOT_PRESENT);
        cpu_flush(as, AT_IRT + 16);
    }
    tear_down(&f);
}

/* Completions of device-TLB invalidations, a wait behind them, and completions that nobody waits
 * for. */
static void test_completions(void)
{
    Fixture f = {0};
    set_up(&f, "device-iotlb", "on");
    start_queue(&f);
    put(&f, AT_QUEUE, 3 | 0x123ull << 32, 0x1000);
    put(&f, AT_QUEUE + 16, 3 | 0x124ull << 32, 0x2001);
    put(&f, AT_QUEUE + 32, 7ull << 32 | 0x25, AT_STATE);
    reg_write(&f, VTD_IQT, 48, 8);
    g_assert_cmphex(memory64(&f, AT_STATE), ==, 0);
    /* Another function's completion of this tag is none. */
    vtd_device_tlb_completed(f.vtd, 0x124, 1);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, VTD_FSTS_ICE);
    g_assert_cmphex(reg_read(&f, VTD_IQERCD, 8) >> 48, ==, 0x124);
    reg_write(&f, VTD_FSTS, VTD_FSTS_ICE, 4);
    vtd_device_tlb_completed(f.vtd, 0x124, 2);
    g_assert_cmphex(memory64(&f, AT_STATE), ==, 0);
    vtd_device_tlb_completed(f.vtd, 0x123, 1);
    g_assert_cmphex(memory64(&f, AT_STATE), ==, 7);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, 0);
    vtd_device_tlb_completed(f.vtd, 0x124, 2);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, VTD_FSTS_ICE);
    g_assert_cmphex(reg_read(&f, VTD_IQERCD, 8) >> 48, ==, 0x124);
    reg_write(&f, VTD_FSTS, VTD_FSTS_ICE, 4);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, 0);
    clock_advance_to(f.platform.clock, 10 * NS_PER_MS);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, 0);
    tear_down(&f);
}

/* The cause of a queue error lasts as long as IQE, not until some other bit is cleared. */
static void test_error_causes(void)
{
    Fixture f = {0};
    set_up(&f, "device-iotlb", "on");
    start_queue(&f);
    vtd_device_tlb_completed(f.vtd, 0x124, 1);
    put(&f, AT_QUEUE, 0xf, 0);
    reg_write(&f, VTD_IQT, 16, 8);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, VTD_FSTS_ICE | VTD_FSTS_IQE);
    reg_write(&f, VTD_FSTS, VTD_FSTS_ICE, 4);
    g_assert_cmphex(reg_read(&f, VTD_IQERCD, 8), ==, 0x124ull << 48 | VTD_IQEI_TYPE);
    put(&f, AT_QUEUE, VTD_DESC_IEC, 0);
    reg_write(&f, VTD_FSTS, VTD_FSTS_IQE, 4);
    g_assert_cmphex(reg_read(&f, VTD_IQERCD, 8), ==, 0x124ull << 48);
    g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, 0);
    tear_down(&f);
}

static IntrResult send(Fixture *f, uint32_t index)
{
    IntrMsg msg = {.address = INTR_WINDOW_BASE | 0x10 | index << 5, .requester_id = 0x20};
    IntrSink sink = f->cls->sink(f->vtd);
    return intr_send(&sink, &msg);
}

static void start_remapping(Fixture *f)
{
    reg_write(f, VTD_IRTA, AT_IRT | 7, 8);
    reg_write(f, VTD_GCMD, VTD_GCMD_QIE | VTD_GCMD_SIRTP, 4);
    reg_write(f, VTD_GCMD, VTD_GCMD_QIE | VTD_GCMD_IRE, 4);
}

/* Memory that comes to lie over the table is where its entries are from then on. */
static void test_table_covered(void)
{
    Fixture f = {0};
    MemRegion over;
    GError *error = NULL;
    set_up(&f, "pt", "on");
    start_queue(&f);
    put(&f, AT_IRT + 16, 1 | 0x60ull << 16, 0);
    start_remapping(&f);
    g_assert_cmpint(send(&f, 1), ==, INTR_NO_APIC);
    g_assert_true(ram_init(&over, "over", 0x1000, &error));
    over.priority = 1;
    as_add(f.platform.memory, &over, AT_IRT);
    vtd_iec_invalidate_all(&((VtdState *)f.vtd)->iec);
    g_assert_cmpint(send(&f, 1), ==, INTR_VTD_NOT_PRESENT);
    as_remove(f.platform.memory, &over);
    g_assert_cmpint(send(&f, 1), ==, INTR_NO_APIC);
    tear_down(&f);
    ram_free(&over);
}

static void note_written(void *opaque, uint64_t addr, size_t len)
{
    *(uint64_t *)opaque = addr;
}

/* A descriptor in a page that code was decoded from: the CPU is told. */
static void test_post_into_code(void)
{
    Fixture f = {0};
    uint64_t written = 0;
    set_up(&f, "posted-interrupts", "on");
    as_set_code_listener(f.platform.memory, note_written, &written);
    start_queue(&f);
    put(&f, AT_IRT + 16, 1 | 1u << 15 | 0x61ull << 16 | AT_PID << 32, 0);
    start_remapping(&f);
    g_assert_cmpint(send(&f, 1), ==, INTR_POSTED_NOTIFIED);
    g_assert_cmphex(written, ==, 0);
    f.ram.page_flags[AT_PID >> PAGE_SHIFT] |= PAGE_CODE;
    g_assert_cmpint(send(&f, 1), ==, INTR_POSTED_OUTSTANDING);
    g_assert_cmphex(written, ==, AT_PID);
    tear_down(&f);
}

/* Counters. */
static void test_stats(void)
{
    Fixture f = {0};
    set_up(&f, "posted-interrupts", "on");
    start_queue(&f);
    put(&f, AT_IRT + 16, 1 | 0x60ull << 16, 0);
    put(&f, AT_IRT + 32, 1 | 1u << 15 | 0x61ull << 16 | AT_PID << 32, 0);
    send(&f, 1);
    start_remapping(&f);
    g_assert_cmpint(send(&f, 1), ==, INTR_NO_APIC);
    g_assert_cmpint(send(&f, 1), ==, INTR_NO_APIC);
    put(&f, AT_IRT + 16, 0, 0);
    g_assert_cmpint(send(&f, 1), ==, INTR_NO_APIC);
    g_assert_cmpint(send(&f, 2), ==, INTR_POSTED_NOTIFIED);
    g_assert_cmpint(send(&f, 3), ==, INTR_VTD_NOT_PRESENT);
    /* Stale by its upper half: the source that it checks. */
    put(&f, AT_IRT + 16, 1 | 0x60ull << 16, 1ull << 18);
    g_assert_cmpint(send(&f, 1), ==, INTR_NO_APIC);
    g_assert_cmpuint(count(&f, "compatibility"), ==, 1);
    g_assert_cmpuint(count(&f, "remapped"), ==, 4);
    g_assert_cmpuint(count(&f, "posted"), ==, 1);
    g_assert_cmpuint(count(&f, "blocked"), ==, 1);
    g_assert_cmpuint(count(&f, "iec-hits"), ==, 3);
    g_assert_cmpuint(count(&f, "stale-hits"), ==, 2);
    g_assert_cmpuint(count(&f, "faults"), ==, 1);
    tear_down(&f);
}

/* Root, context and page tables for source 20h, and TE. */
static void start_translating(Fixture *f)
{
    put(f, AT_ROOT, (AT_ROOT + 0x1000) | 1, 0);
    put(f, AT_ROOT + 0x1000 + 0x20 * 16, AT_TABLE | 1, 1 | 5u << 8);
    put(f, AT_TABLE, (AT_TABLE + 0x1000) | 3, 0);
    put(f, AT_TABLE + 0x1000, (AT_TABLE + 0x2000) | 3, 0);
    put(f, AT_TABLE + 0x2000, AT_STATE | 3, 0);
    reg_write(f, VTD_RTADDR, AT_ROOT, 8);
    reg_write(f, VTD_GCMD, VTD_GCMD_QIE | VTD_GCMD_IRE | VTD_GCMD_SRTP, 4);
    reg_write(f, VTD_GCMD, VTD_GCMD_QIE | VTD_GCMD_IRE | VTD_GCMD_TE, 4);
}

static MemResult read_as(Fixture *f, uint16_t source)
{
    Upstream up = f->cls->upstream(f->vtd);
    BusReq req = {.requester_id = source};
    uint64_t word;
    return upstream_read(&up, &req, 0, &word, sizeof(word));
}

/* A unit saved and loaded goes on as it was, with empty caches: the one that loads has used its own
 * before. */
static void test_state(void)
{
    Fixture f = {0}, g = {0};
    Fixture *const both[] = {&f, &g};
    for (unsigned i = 0; i < G_N_ELEMENTS(both); i++) {
        set_up(both[i], "pt", "on");
        start_queue(both[i]);
        start_remapping(both[i]);
        start_translating(both[i]);
        put(both[i], AT_IRT + 16, 1 | 0x60ull << 16, 0);
        g_assert_cmpint(send(both[i], 1), ==, INTR_NO_APIC);
        g_assert_cmpint(read_as(both[i], 0x20), ==, MEM_OK);
    }
    send(&f, 2);
    g_autoptr(GByteArray) saved = g_byte_array_new();
    state_save(vtd_class.state, f.vtd, saved);
    g_assert_true(state_load(vtd_class.state, state_version(vtd_class.state), g.vtd, saved->data,
                             saved->len, NULL));
    vtd_class.restored(g.vtd);
    for (uint32_t reg = 0; reg < VTD_WINDOW_SIZE; reg += 8) {
        g_assert_cmphex(reg_read(&f, reg, 8), ==, reg_read(&g, reg, 8));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(both); i++) {
        bool loaded = both[i] == &g;
        put(both[i], AT_IRT + 16, 0, 0);
        put(both[i], AT_TABLE + 0x2000, 0, 0);
        g_assert_cmpint(send(both[i], 1), ==, loaded ? INTR_VTD_NOT_PRESENT : INTR_NO_APIC);
        g_assert_cmpint(read_as(both[i], 0x20), ==, loaded ? MEM_ACCESS_ERROR : MEM_OK);
    }
    tear_down(&f);
    tear_down(&g);
}

static uint64_t random_place(void)
{
    static const uint64_t places[] = {
        AT_QUEUE,   AT_IRT,     AT_TABLE,          AT_PID,  0, 0x300000000000, VTD_DEFAULT_BASE,
        0xfee00000, 0xfee00010, UINT64_MAX - 4095, RAM_SIZE};
    uint64_t low = g_test_rand_bit() ? 0 : g_test_rand_int() & 0xfff;
    return places[g_test_rand_int_range(0, G_N_ELEMENTS(places))] + low;
}

static uint64_t random_value(void)
{
    switch (g_test_rand_int_range(0, 4)) {
    case 0:
        return random64();
    case 1:
        return random_place();
    case 2:
        return random64() & 0xfff;
    default:
        return random_place() & ~0xfffull;
    }
}

/* Half the words are pointers into the same memory, so that walks go deep. */
static void scramble(Fixture *f)
{
    for (unsigned i = 0; i < 64; i++) {
        uint64_t at = (random_place() & 0x3ffff) & ~7ull;
        as_store(f->platform.memory, at, random_value() | 3, 8);
    }
}

static void random_step(Fixture *f)
{
    static const unsigned sizes[] = {1, 2, 4, 8};
    Upstream up = f->cls->upstream(f->vtd);
    BusReq req = {.requester_id = g_test_rand_int() & 0x3ff, .has_pasid = false};
    IntrMsg msg = {.address = random_place(), .data = (uint32_t)random64(), .requester_id = 3};
    uint8_t buffer[256] = {0};
    size_t len = g_test_rand_int() & 255;
    switch (g_test_rand_int_range(0, 8)) {
    case 0:
        scramble(f);
        break;
    case 1:
        upstream_read(&up, &req, random_place(), buffer, len);
        break;
    case 2:
        upstream_write(&up, &req, random_place(), buffer, len);
        break;
    case 3:
        upstream_interrupt(&up, &msg);
        break;
    case 4:
        clock_advance_to(f->platform.clock, clock_now(f->platform.clock) + 5000);
        break;
    default:
        reg_write(f, g_test_rand_int() % (g_test_rand_bit() ? 0x100 : VTD_WINDOW_SIZE),
                  random_value(), sizes[g_test_rand_int() & 3]);
        break;
    }
}

/* Whatever a guest writes, the unit goes on and comes back by a reset. */
static void test_random(void)
{
    static const struct {
        const char *prop, *value;
    } sets[] = {{"posted-interrupts", "on"}, {"device-iotlb", "on"}, {"intremap", "off"},
                {"caching-mode", "on"},      {"qi-latency", "700"},  {"fault-records", "256"},
                {"iec", "random"},           {"eim", "off"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        Fixture f = {0};
        set_up(&f, sets[i].prop, sets[i].value);
        for (unsigned step = 0; step < 20000; step++) {
            random_step(&f);
        }
        device_reset(f.vtd);
        g_assert_cmphex(reg_read(&f, VTD_GSTS, 4), ==, 0);
        g_assert_cmphex(reg_read(&f, VTD_FSTS, 4), ==, 0);
        tear_down(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/irte", test_irte);
    g_test_add_func("/vtd/irte-reserved", test_irte_reserved);
    g_test_add_func("/vtd/irte-flaws", test_irte_flaws);
    g_test_add_func("/vtd/pid-reserved", test_pid_reserved);
    g_test_add_func("/vtd/descriptor-reserved", test_descriptor_reserved);
    g_test_add_func("/vtd/context-reserved", test_context_reserved);
    g_test_add_func("/vtd/pte-reserved", test_pte_reserved);
    g_test_add_func("/vtd/pte-levels", test_pte_levels);
    g_test_add_func("/vtd/unsnooped-tables", test_unsnooped_tables);
    g_test_add_func("/vtd/unsnooped-entries", test_unsnooped_entries);
    g_test_add_func("/vtd/completions", test_completions);
    g_test_add_func("/vtd/error-causes", test_error_causes);
    g_test_add_func("/vtd/table-covered", test_table_covered);
    g_test_add_func("/vtd/post-into-code", test_post_into_code);
    g_test_add_func("/vtd/stats", test_stats);
    g_test_add_func("/vtd/state", test_state);
    g_test_add_func("/vtd/random", test_random);
    return g_test_run();
}
