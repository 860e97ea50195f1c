/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d interrupt remapping against a model: a small independent function derives the verdict from
 * entry, request and mode, and 100,000 generated cases must agree with the unit, seen through its
 * fault records, the local APICs and the posted descriptors. The seed is printed; SEED=n repeats.
 *
 * A batch is one table, one ring of requests and one doorbell. Every request of a batch has an
 * entry and a source id of its own, so that no fault is compressed, and sources are compared in
 * order.
 */
#include "vtd-lib.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CASES   100000u
#define BATCH   200u
#define CPUS    4u
#define RECORDS 256u
#define SIZE    7u /* 256 entries */
#define ENTRIES (2u << SIZE)
#define AT_FAR  0x300000000000ull /* no memory there */
#define AT_HAW  (1ull << 48)      /* nor host addresses */

typedef struct {
    bool eime, cfi;
    uint64_t table;
} Mode;

typedef struct {
    Pair irte;
    uint64_t address;
    uint32_t data;
    uint16_t rid;
    Pair pid_control; /* low: control quadword, high: last quadword of the descriptor */
} Case;

typedef enum { BLOCKED, DELIVERED, PASSED, POSTED } Verdict;

typedef struct {
    Verdict verdict;
    uint8_t reason; /* BLOCKED: recorded unless quiet */
    bool quiet;
    uint32_t index;
    uint8_t vector;
    bool level;
    unsigned cpus; /* CPUs that may take it, a bit each */
    bool one;      /* one of them does, not all */
    bool counts;   /* shows in IRR: fixed or lowest priority, legal vector */
    bool notify;
} Expected;

/* ---- The model: VT-d 5.1, 5.2 and the APICs' matching ---- */

static unsigned bits(uint64_t word, unsigned low, unsigned count)
{
    return (unsigned)(word >> low & ((1ull << count) - 1));
}

static unsigned matching(uint32_t dest, bool logical, bool eime)
{
    unsigned set = 0;
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        bool hit;
        if (!logical) {
            /* The CPUs' APICs are in x2APIC mode in both modes of the unit. */
            hit = dest == cpu || dest == UINT32_MAX;
        } else {
            hit = dest == UINT32_MAX || (dest >> 16 == 0 && (dest & (1u << cpu)));
        }
        set |= hit ? 1u << cpu : 0;
    }
    (void)eime;
    return set;
}

static bool bad_entry(const Case *c, Mode m)
{
    uint64_t lo = c->irte.low, hi = c->irte.high;
    if (bits(hi, 18, 2) == 3) {
        return true;
    }
    if (bits(lo, 15, 1)) {
        return bits(lo, 2, 6) || bits(lo, 12, 2) || bits(lo, 24, 14) || bits(hi, 20, 12);
    }
    unsigned mode = bits(lo, 5, 3);
    return bits(lo, 12, 3) || bits(lo, 24, 8) || mode == 3 || mode == 6 || hi >> 20 ||
           (!m.eime && (bits(lo, 32, 8) || bits(lo, 48, 16)));
}

static bool source_fits(uint64_t hi, uint16_t rid)
{
    unsigned sid = bits(hi, 0, 16), diff = sid ^ rid;
    switch (bits(hi, 18, 2)) {
    case 0:
        return true;
    case 1:
        switch (bits(hi, 16, 2)) {
        case 0:
            return diff == 0;
        case 1:
            return diff == 0 || diff == 4;
        case 2:
            return diff == 0 || diff == 2 || diff == 4 || diff == 6;
        default:
            return diff < 8;
        }
    default:
        return rid >> 8 >= sid >> 8 && rid >> 8 <= (sid & 0xff);
    }
}

static Expected refuse(uint8_t reason, uint32_t index, bool quiet)
{
    return (Expected){
        .verdict = BLOCKED, .reason = reason, .index = index & 0xffff, .quiet = quiet};
}

static void aim(Expected *e, uint32_t dest, bool logical, bool hint, unsigned mode, bool eime)
{
    e->cpus = matching(dest, logical, eime);
    e->one = mode == 1 || hint;
    e->counts = mode <= 1 && e->vector >= 16;
}

static Expected posting(const Case *c, Mode m, uint32_t index, bool quiet)
{
    uint64_t control = c->pid_control.low;
    bool dirty = bits(control, 2, 14) || bits(control, 24, 8) ||
                 (!m.eime && (bits(control, 32, 8) || bits(control, 48, 16)));
    if (c->irte.high >> 32) {
        return refuse(0x27, index, quiet);
    }
    if (dirty || c->pid_control.high) {
        return refuse(0x28, index, quiet);
    }
    Expected e = {.verdict = POSTED, .index = index, .vector = (uint8_t)bits(control, 16, 8)};
    e.notify = !bits(control, 0, 1) && (bits(c->irte.low, 14, 1) || !bits(control, 1, 1));
    aim(&e, m.eime ? (uint32_t)(control >> 32) : bits(control, 40, 8), false, false, 0, m.eime);
    return e;
}

static Expected model(const Case *c, Mode m)
{
    Expected e = {.verdict = PASSED};
    if (!bits(c->address, 4, 1)) {
        if (m.eime || !m.cfi) {
            return refuse(0x25, 0, false);
        }
        e.vector = c->data & 0xff;
        e.level = bits(c->data, 15, 1);
        aim(&e, bits(c->address, 12, 8), bits(c->address, 2, 1), bits(c->address, 3, 1),
            bits(c->data, 8, 3), false);
        return e;
    }
    uint32_t index = bits(c->address, 5, 15) | bits(c->address, 2, 1) << 15;
    if (bits(c->address, 3, 1)) {
        index += c->data & 0xffff;
        if (c->data >> 16) {
            return refuse(0x20, index, false);
        }
    }
    if (index >= ENTRIES || m.table >= AT_HAW) {
        return refuse(0x21, index, false);
    }
    if (m.table != AT_IRT) {
        return refuse(0x23, index, false);
    }
    uint64_t lo = c->irte.low;
    bool quiet = bits(lo, 1, 1);
    if (!bits(lo, 0, 1)) {
        return refuse(0x22, index, quiet);
    }
    if (bad_entry(c, m)) {
        return refuse(0x24, index, quiet);
    }
    if (!source_fits(c->irte.high, c->rid)) {
        return refuse(0x26, index, quiet);
    }
    if (bits(lo, 15, 1)) {
        return posting(c, m, index, quiet);
    }
    e.verdict = DELIVERED;
    e.index = index;
    e.vector = (uint8_t)bits(lo, 16, 8);
    e.level = bits(lo, 4, 1);
    aim(&e, m.eime ? (uint32_t)(lo >> 32) : bits(lo, 40, 8), bits(lo, 2, 1), bits(lo, 3, 1),
        bits(lo, 5, 3), m.eime);
    return e;
}

/* ---- Generation: mostly right, now and then with one thing wrong ---- */

static uint64_t state;

static uint32_t pick(uint32_t below)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((state >> 33) % below);
}

static bool chance(uint32_t percent)
{
    return pick(100) < percent;
}

static uint32_t pick_dest(bool logical)
{
    return chance(10) ? 200 : logical ? pick(16) : pick(CPUS + 1);
}

static uint64_t pick_source(uint16_t rid)
{
    unsigned svt = chance(3) ? 3 : pick(3), sq = pick(4);
    uint16_t sid = rid;
    if (svt == 2) {
        uint8_t bus = rid >> 8;
        sid = (uint16_t)((uint8_t)(bus - 1 + pick(3)) << 8 | (uint8_t)(bus - 1 + pick(3)));
    } else if (chance(50)) {
        sid ^= (uint16_t)(chance(70) ? pick(8) : 1u << pick(16));
    }
    return (uint64_t)svt << 18 | (uint64_t)sq << 16 | sid;
}

static Pair pick_pid(Mode m)
{
    uint32_t dest = pick(CPUS);
    uint64_t control =
        pick(4) | (uint64_t)(32 + pick(200)) << 16 | (uint64_t)dest << (m.eime ? 32 : 40);
    control |= chance(5) ? 1ull << (2 + pick(14)) : 0;
    control |= chance(3) ? 1ull << (24 + pick(8)) : 0;
    control |= chance(3) ? 1ull << (32 + pick(8)) : 0;
    return (Pair){control, chance(3) ? 1ull << pick(64) : 0};
}

/* Modes that a test without CPUs can see in IRR, and sometimes the reserved ones. */
static unsigned pick_mode(void)
{
    static const unsigned reserved[] = {3, 6};
    return chance(5) ? reserved[pick(2)] : pick(2);
}

static Case generate(unsigned n, Mode m)
{
    Case c = {.rid = (uint16_t)(pick(255) << 8 | n), .data = pick(0x100)};
    bool logical = chance(40);
    c.address = remappable_address(n, false);
    c.irte.high = pick_source(c.rid);
    c.irte.low =
        (uint64_t)pick(0x100) << 16 | (chance(93) ? IRTE_P : 0) | (chance(20) ? IRTE_FPD : 0);
    if (chance(30)) {
        c.irte.low |= 1ull << 15 | (chance(50) ? 1ull << 14 : 0) | (AT_PID + n * 64) << 32;
        c.irte.high |= chance(3) ? 0x3000ull << 32 : 0;
        c.pid_control = pick_pid(m);
    } else {
        c.irte.low |= (logical ? IRTE_LOGICAL : 0) | (chance(20) ? IRTE_RH : 0) |
                      (chance(30) ? IRTE_LEVEL : 0) | IRTE_DLM(pick_mode()) |
                      (uint64_t)pick_dest(logical) << (m.eime ? 32 : 40);
    }
    if (chance(8)) {
        c.irte.low ^= 1ull << (bits(c.irte.low, 15, 1) ? pick(38) : pick(64));
    }
    if (chance(4)) {
        c.irte.high ^= 1ull << (20 + pick(44));
    }
    if (chance(30)) {
        unsigned part = pick(n + 1);
        c.address = remappable_address(n - part, true);
        c.data = part | (chance(10) ? 1u << (16 + pick(16)) : 0);
    } else if (chance(4)) {
        c.address = remappable_address(ENTRIES + pick(0x10000 - ENTRIES), false);
    } else if (chance(6)) {
        c.address =
            0xfee00000 | pick_dest(logical) << 12 | (logical ? 4 : 0) | (chance(20) ? 8 : 0);
        c.data = pick(0x100) | pick(2) << 8 | (chance(20) ? 0xc000 : 0);
    }
    return c;
}

/* A bit flip may have made a posted entry with an address outside the batch's descriptors. */
static bool is_posted_elsewhere(const Case *c, unsigned n)
{
    uint64_t pid = (c->irte.low >> 32 & 0xffffffc0) | (c->irte.high >> 32 << 32);
    return bits(c->irte.low, 15, 1) && !bits(c->irte.low, 2, 6) && (uint32_t)pid != AT_PID + n * 64;
}

/* ---- Running and comparing ---- */

typedef struct {
    bool must[CPUS][256], may[CPUS][256];
} Seen;

static void reset_apics(Vtd *v)
{
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        uint64_t base = cpu == 0 ? 0xfee00100 : 0xfee00000;
        qtest_msr_write(v->qts, cpu, 0x1b, base);
        qtest_msr_write(v->qts, cpu, 0x1b, base | 0x800);
        qtest_msr_write(v->qts, cpu, 0x1b, base | 0xc00);
        g_assert_true(qtest_msr_write(v->qts, cpu, 0x80f, 0x1ff));
    }
}

static void expect_irr(Seen *seen, const Expected *e)
{
    bool sent =
        e->verdict == DELIVERED || e->verdict == PASSED || (e->verdict == POSTED && e->notify);
    if (!sent || !e->counts) {
        return;
    }
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        if (e->cpus & (1u << cpu)) {
            seen->may[cpu][e->vector] = true;
            bool alone = e->cpus == 1u << cpu;
            seen->must[cpu][e->vector] |= !e->one || alone;
        }
    }
}

static void check_irr(Vtd *v, const Seen *seen)
{
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        QTestApic apic = qtest_apic(v->qts, cpu);
        for (unsigned vector = 0; vector < 256; vector++) {
            bool has = apic.irr[vector];
            if ((has && !seen->may[cpu][vector]) || (!has && seen->must[cpu][vector])) {
                g_error("cpu %u vector %#x: received %d, may %d, must %d", cpu, vector, has,
                        seen->may[cpu][vector], seen->must[cpu][vector]);
            }
        }
    }
}

static void check_pid(const Case *c, const Expected *e, const uint64_t pid[8], unsigned n)
{
    uint64_t control = c->pid_control.low;
    uint64_t pir[4] = {0};
    if (e->verdict == POSTED) {
        unsigned vector = bits(c->irte.low, 16, 8);
        pir[vector / 64] = 1ull << vector % 64;
        control |= e->notify ? 1 : 0;
    }
    if (memcmp(pir, pid, sizeof(pir)) || pid[4] != control) {
        g_error("case %u: descriptor control %" PRIx64 ", expected %" PRIx64, n, pid[4], control);
    }
}

/* The records that the model expects, in order. `first` is the record that comes next. */
static unsigned check_faults(Vtd *v, const Case *cases, const Expected *expected, unsigned first)
{
    Pair records[RECORDS];
    qtest_memread(v->qts, VTD_BASE + v->frcd, records, sizeof(records));
    unsigned next = first;
    for (unsigned i = 0; i < BATCH; i++) {
        const Expected *e = &expected[i];
        if (e->verdict != BLOCKED || e->quiet) {
            continue;
        }
        Pair r = records[next];
        Pair want = {(uint64_t)e->index << 48,
                     1ull << 63 | (uint64_t)e->reason << 32 | cases[i].rid};
        if (r.low != want.low || r.high != want.high) {
            g_error("case %u: record %016" PRIx64 "%016" PRIx64 ", expected %016" PRIx64
                    "%016" PRIx64 " (irte %016" PRIx64 "%016" PRIx64 " addr %" PRIx64 " data %x)",
                    i, r.high, r.low, want.high, want.low, cases[i].irte.high, cases[i].irte.low,
                    cases[i].address, cases[i].data);
        }
        next = (next + 1) % RECORDS;
    }
    unsigned left = (RECORDS - (next - first) % RECORDS) % RECORDS;
    for (unsigned i = 0; i < left && next != first; i++) {
        g_assert_cmphex(records[(next + i) % RECORDS].high >> 63, ==, 0);
    }
    bool any = next != first;
    g_assert_cmphex(vtd_readl(v, FSTS), ==, any ? FSTS_PPF | first << 8 : 0);
    if (any) {
        /* Writing back what was read clears what was set. */
        qtest_memwrite(v->qts, VTD_BASE + v->frcd, records, sizeof(records));
    }
    vtd_expect_no_fault(v);
    return next;
}

static void set_mode(Vtd *v, Mode m)
{
    vtd_writeq(v, IRTA, m.table | (m.eime ? IRTA_EIME : 0) | SIZE);
    vtd_command(v, SIRTP, true);
    vtd_command(v, CFI, m.cfi);
}

static unsigned run_batch(Vtd *v, Mode m, unsigned first, unsigned counts[4])
{
    Case cases[BATCH];
    Expected expected[BATCH];
    RingEntry ring[BATCH];
    static Pair table[ENTRIES];
    static uint64_t pids[BATCH][8];
    Seen seen = {0};
    memset(table, 0, sizeof(table));
    memset(pids, 0, sizeof(pids));
    for (unsigned i = 0; i < BATCH; i++) {
        do {
            cases[i] = generate(i, m);
        } while (is_posted_elsewhere(&cases[i], i));
        expected[i] = model(&cases[i], m);
        expect_irr(&seen, &expected[i]);
        counts[expected[i].verdict]++;
        table[i] = cases[i].irte;
        pids[i][4] = cases[i].pid_control.low;
        pids[i][7] = cases[i].pid_control.high;
        ring[i] = (RingEntry){
            .address = cases[i].address, .data = cases[i].data, .rid = cases[i].rid, .flags = 1};
    }
    qtest_memwrite(v->qts, AT_IRT, table, sizeof(table));
    qtest_memwrite(v->qts, AT_PID, pids, sizeof(pids));
    qtest_memwrite(v->qts, AT_RING, ring, sizeof(ring));
    set_mode(v, m);
    vtd_flush_iec(v);
    reset_apics(v);
    qtest_writel(v->qts, BAR + E_COMMAND, C_RING);
    g_assert_cmphex(qtest_readl(v->qts, BAR + E_RESULT), ==, 0);
    first = check_faults(v, cases, expected, first);
    check_irr(v, &seen);
    qtest_memread(v->qts, AT_PID, pids, sizeof(pids));
    for (unsigned i = 0; i < BATCH; i++) {
        check_pid(&cases[i], &expected[i], pids[i], i);
    }
    return first;
}

static void test_model(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : g_random_int();
    unsigned counts[4] = {0}, first = 0;
    g_test_message("SEED=%" PRIu64, seed);
    state = seed;
    Vtd *v = vtd_start(",posted-interrupts=on,fault-records=256", CPUS, true);
    vtd_queue_on(v, 0, false);
    set_mode(v, (Mode){.table = AT_IRT});
    vtd_flush_iec(v);
    vtd_command(v, IRE, true);
    qtest_writeq(v->qts, BAR + E_RING, AT_RING);
    qtest_writel(v->qts, BAR + E_COUNT, BATCH);
    for (unsigned done = 0; done < CASES; done += BATCH) {
        Mode m = {.eime = pick(2),
                  .cfi = pick(2),
                  .table = chance(90)   ? AT_IRT
                           : chance(50) ? AT_FAR
                                        : AT_HAW};
        first = run_batch(v, m, first, counts);
    }
    g_test_message("blocked %u, delivered %u, passed %u, posted %u", counts[BLOCKED],
                   counts[DELIVERED], counts[PASSED], counts[POSTED]);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/model/100000", test_model);
    return g_test_run();
}
