/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the AMD-Vi unit takes: nanoseconds per remapped message (entry cache hit and miss), per
 * message posted to a virtual APIC, and per command. The unit, a real APIC bus and two local APICs,
 * without a machine around them: what is measured goes from the emitter's call to the IRR bit.
 * Aims: 40 ns for a hit, 150 ns for a miss.
 */
#include <stdio.h>
#include <string.h>

#include "../apics.h"
#include "hw/i386/iommu/amdvi.h"
#include "hw/intr/journal.h"
#include "tests/include/amdvi.h"

#define RAM_SIZE    (64ull << 20)
#define AT_COMMANDS 0x100000ull
#define AT_PAGE     0x180000ull
#define AT_DEVICES  0x200000ull
#define AT_IRT      0x400000ull
#define SOURCE      0x20
#define ENTRIES     512u
#define DEVICES     16u /* from SOURCE on, with a table each, for misses */
#define ROUNDS      5
#define MESSAGES    1000000u
#define RING        4096u
#define LENGTH_256  (8ull << 56)

typedef struct {
    Platform platform;
    Journal journal;
    uint32_t records; /* of the journal */
    MemRegion ram;
    ApicBus *bus;
    Device *apics[2];
    Device *unit;
    IntrSink sink;
    uint32_t tail;
} Bench;

static void put(Bench *b, uint64_t at, uint64_t value)
{
    as_store(b->platform.memory, at, value, 8);
}

static void set_entry(Bench *b, unsigned device, uint32_t index, uint64_t low, uint64_t high)
{
    uint64_t at = AT_IRT + (device * ENTRIES + index) * 16ull;
    put(b, at, low);
    put(b, at + 8, high);
}

static void build_tables(Bench *b)
{
    for (unsigned device = 0; device < DEVICES; device++) {
        put(b, AT_DEVICES + (SOURCE + device) * 32 + 16,
            DTE_IV | DTE_LEN(9) | DTE_CTL(2) | (AT_IRT + device * ENTRIES * 16ull));
        for (uint32_t i = 0; i < ENTRIES; i++) {
            set_entry(b, device, i, 1 | (i & 1) << 8, 32 + i % 200);
        }
    }
}

static void build(Bench *b)
{
    GError *error = NULL;
    uint64_t base;
    b->platform.clock = clock_new(CLOCK_MANUAL);
    b->platform.journal = &b->journal;
    journal_init(&b->journal, b->records, NULL, b->platform.clock);
    b->platform.memory = as_new("memory", 52);
    bench_must(ram_init(&b->ram, "ram", RAM_SIZE, &error), error);
    as_add(b->platform.memory, &b->ram, 0);
    b->bus = apic_bus_new(&b->journal);
    b->apics[0] = bench_add_apic(&b->platform, b->bus, 0);
    b->apics[1] = bench_add_apic(&b->platform, b->bus, 1);
    b->unit = device_new(&amdvi_class, &b->platform, NULL);
    const IommuClass *cls = iommu_class(b->unit);
    *cls->links(b->unit) = (IommuLinks){.apic_bus = b->bus, .memory = b->platform.memory};
    bench_must(device_realize(b->unit, &error), error);
    device_reset(b->unit);
    as_add(b->platform.memory, cls->region(b->unit, &base), AMD_BASE);
    b->sink = cls->sink(b->unit);
    build_tables(b);
    put(b, AMD_BASE + DEV_TAB, AT_DEVICES | 0x1ff);
    put(b, AMD_BASE + CMD_BUF, AT_COMMANDS | LENGTH_256);
    put(b, AMD_BASE + CONTROL, IOMMU_EN | CMD_BUF_EN | GA_EN | XT_EN | GAM_EN);
}

static void destroy(Bench *b)
{
    device_free(b->unit);
    device_free(b->apics[0]);
    device_free(b->apics[1]);
    apic_bus_free(b->bus);
    as_free(b->platform.memory);
    ram_free(&b->ram);
    journal_free(&b->journal);
    clock_free(b->platform.clock);
}

static inline void send(Bench *b, unsigned device, uint32_t index)
{
    IntrMsg msg = {
        .serial = journal_open(&b->journal, JOURNAL_MESSAGE, "bench", 0x20, 0),
        .address = INTR_WINDOW_BASE,
        .data = index,
        .requester_id = (uint16_t)(SOURCE + device),
    };
    intr_send(&b->sink, &msg);
}

/* One command fills the whole buffer; the tail goes half a buffer at a time. */
static double run_commands(Bench *b, uint64_t low, uint64_t high, unsigned count)
{
    for (uint32_t i = 0; i < RING / 16; i++) {
        put(b, AT_COMMANDS + i * 16ull, low);
        put(b, AT_COMMANDS + i * 16ull + 8, high);
    }
    double start = bench_now_ns();
    for (unsigned done = 0; done < count; done += RING / 32) {
        b->tail = (b->tail + RING / 2) % RING;
        put(b, AMD_BASE + CMD_TAIL, b->tail);
    }
    return (bench_now_ns() - start) / count;
}

static double measure_hit(Bench *b)
{
    for (uint32_t i = 0; i < 64; i++) {
        send(b, 0, i);
    }
    double start = bench_now_ns();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        send(b, 0, i & 63);
    }
    return (bench_now_ns() - start) / MESSAGES;
}

/* Every index of every device once, between invalidations of all. */
static double measure_miss(Bench *b)
{
    const unsigned passes = MESSAGES / (ENTRIES * DEVICES);
    double total = 0;
    for (unsigned pass = 0; pass < passes; pass++) {
        run_commands(b, 8ull << 60, 0, RING / 32);
        double start = bench_now_ns();
        for (unsigned device = 0; device < DEVICES; device++) {
            for (uint32_t i = 0; i < ENTRIES; i++) {
                send(b, device, i);
            }
        }
        total += bench_now_ns() - start;
    }
    return total / (passes * (double)(ENTRIES * DEVICES));
}

static double measure_posted(Bench *b)
{
    set_entry(b, 0, 7, 1 | 1 << 6 | 1 << 7, AT_PAGE | 0x55);
    run_commands(b, 5ull << 60 | SOURCE, 0, RING / 32);
    double start = bench_now_ns();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        send(b, 0, 7);
    }
    double each = (bench_now_ns() - start) / MESSAGES;
    set_entry(b, 0, 7, 1, 39);
    run_commands(b, 5ull << 60 | SOURCE, 0, RING / 32);
    return each;
}

static double measure_invalidate(Bench *b)
{
    return run_commands(b, 5ull << 60 | SOURCE, 0, MESSAGES);
}

static double measure_wait(Bench *b)
{
    return run_commands(b, 1ull << 60 | (AT_COMMANDS + 0x8000) | 1, 1, MESSAGES);
}

static const struct {
    const char *what;
    double (*measure)(Bench *b);
    const char *aim;
} rows[] = {
    {"AMD-Vi: remapped, entry cache hit", measure_hit, "  (aim 40)"},
    {"AMD-Vi: remapped, entry cache miss", measure_miss, "  (aim 150)"},
    {"AMD-Vi: posted to a virtual APIC", measure_posted, ""},
    {"INVALIDATE_INTERRUPT_TABLE", measure_invalidate, ""},
    {"COMPLETION_WAIT with store", measure_wait, ""},
};

/* The fastest of some rounds, without the journal and with it. */
int main(void)
{
    static const uint32_t records[] = {0, JOURNAL_DEFAULT_SIZE};
    printf("%-34s %9s %9s\n", "ns", "no records", "records");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        printf("%-34s", rows[i].what);
        for (size_t k = 0; k < G_N_ELEMENTS(records); k++) {
            Bench b = {.records = records[k]};
            double best = 0;
            build(&b);
            for (int round = 0; round < ROUNDS; round++) {
                double each = rows[i].measure(&b);
                best = round == 0 || each < best ? each : best;
            }
            destroy(&b);
            printf(" %9.1f", best);
        }
        printf("%s\n", rows[i].aim);
    }
    return 0;
}
