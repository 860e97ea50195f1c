/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the VT-d unit takes: nanoseconds per remapped message (entry cache hit and miss), the
 * same of messages that a function stores, per posted message, and per invalidation descriptor. The
 * unit, a real APIC bus and two local APICs, without a machine around them: what is measured goes
 * from the emitter's call to the IRR bit.
 * Aims: 40 ns for a hit, 150 ns for a miss, 100 ns for a descriptor.
 *
 * vtd-bench [ROW [RECORDS]] measures rows alone whose name has ROW in it, with a journal of RECORDS
 * records alone (0: off).
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../apics.h"
#include "hw/i386/iommu/vtd.h"
#include "hw/intr/journal.h"
#include "hw/pci/ims.h"
#include "tests/include/vtd.h"
#include "tests/unit/pci-fixture.h"

#define RAM_SIZE    (64ull << 20)
#define AT_IRT      0x800000ull
#define AT_QUEUE    0x100000ull
#define AT_PID      0x180000ull
#define AT_ROOT     0x200000ull /* then a context table, and a second-stage table of 3 levels */
#define DMA_PAGES   4096u
#define DOMAIN      7u
#define SOURCE      0x28
#define ENTRIES     65536u
#define ROUNDS      5
#define MESSAGES    1000000u
#define QUEUE_BYTES 4096u

typedef struct {
    Platform platform;
    Journal journal;
    uint32_t records; /* of the journal */
    MemRegion ram;
    ApicBus *bus;
    Device *apics[2];
    Device *vtd;
    IntrSink sink;
    PciBus *root; /* of the function that stores messages */
    PciDevice *function;
    PciIms store;
} Bench;

static Upstream above_function(void *opaque, PciDevice *pci)
{
    Device *vtd = ((Bench *)opaque)->vtd;
    return iommu_class(vtd)->upstream(vtd);
}

static void write_reg(Bench *b, uint64_t reg, uint64_t value, unsigned size)
{
    as_store(b->platform.memory, VTD_DEFAULT_BASE + reg, value, size);
}

static void set_entry(Bench *b, uint32_t index, uint64_t low, uint64_t high)
{
    as_store(b->platform.memory, AT_IRT + index * 16ull, low, 8);
    as_store(b->platform.memory, AT_IRT + index * 16ull + 8, high, 8);
}

static uint64_t message_address(uint32_t index)
{
    return INTR_WINDOW_BASE | 0x10 | (index & 0x7fffull) << 5 | (index >> 15) << 2;
}

/* A function with a message for each of the first entries in its slots. */
static void build_store(Bench *b)
{
    static const PciDeviceClass pci = {.ids = {.vendor_id = 0x1234, .device_id = 1}};
    static const DeviceClass cls = {.name = "function",
                                    .bus = BUS_PCI,
                                    .instance_size = sizeof(PciDevice),
                                    .bus_props = pci_bus_props,
                                    .bus_class = &pci};
    const PciHost host = {.memory = b->platform.memory,
                          .ports = b->platform.ports,
                          .opaque = b,
                          .above = above_function};
    b->root = pci_root_bus_new("pcie.0", &host);
    b->function = pci_add(&b->platform, &cls, b->root, "4");
    pci_set_word(&b->function->config[PCI_COMMAND], PCI_COMMAND_MASTER);
    pci_ims_init(&b->store, b->function, PCI_IMS_MOST_SLOTS, PCI_IMS_NO_BAR, 0);
    for (uint32_t i = 0; i < PCI_IMS_MOST_SLOTS; i++) {
        pci_ims_write(&b->store, i * PCI_IMS_SLOT_SIZE, message_address(i), 8);
        pci_ims_write(&b->store, i * PCI_IMS_SLOT_SIZE + 8, 0, 8);
    }
}

static void build(Bench *b)
{
    GError *error = NULL;
    b->platform.clock = clock_new(CLOCK_MANUAL);
    b->platform.journal = &b->journal;
    journal_init(&b->journal, b->records, NULL, b->platform.clock);
    b->platform.memory = as_new("memory", 52);
    b->platform.ports = as_new("ports", 16);
    bench_must(ram_init(&b->ram, "ram", RAM_SIZE, &error), error);
    as_add(b->platform.memory, &b->ram, 0);
    b->bus = apic_bus_new(&b->journal);
    b->apics[0] = bench_add_apic(&b->platform, b->bus, 0);
    b->apics[1] = bench_add_apic(&b->platform, b->bus, 1);
    b->vtd = device_new(&vtd_class, &b->platform, NULL);
    bench_must(device_set_prop(b->vtd, "posted-interrupts", "on", &error), error);
    const IommuClass *cls = iommu_class(b->vtd);
    cls->links(b->vtd)->apic_bus = b->bus;
    cls->links(b->vtd)->memory = b->platform.memory;
    bench_must(device_realize(b->vtd, &error), error);
    device_reset(b->vtd);
    uint64_t base;
    MemRegion *region = cls->region(b->vtd, &base);
    as_add(b->platform.memory, region, base);
    b->sink = cls->sink(b->vtd);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        set_entry(b, i, 1ull | (uint64_t)(32 + i % 200) << 16 | (uint64_t)(i & 1) << 32,
                  1ull << 18 | 0x20);
    }
    write_reg(b, IQA, AT_QUEUE, 8);
    write_reg(b, GCMD, QIE, 4);
    write_reg(b, IRTA, AT_IRT | 1u << 11 | 15, 8);
    write_reg(b, GCMD, QIE | SIRTP, 4);
    write_reg(b, GCMD, QIE | IRE, 4);
    build_store(b);
}

static void destroy(Bench *b)
{
    pci_ims_free(&b->store);
    pci_bus_free(b->root);
    device_free(&b->function->dev);
    device_free(b->vtd);
    device_free(b->apics[0]);
    device_free(b->apics[1]);
    apic_bus_free(b->bus);
    as_free(b->platform.memory);
    as_free(b->platform.ports);
    ram_free(&b->ram);
    journal_free(&b->journal);
    clock_free(b->platform.clock);
}

static inline void send(Bench *b, uint32_t index)
{
    IntrMsg msg = {
        .serial = journal_open(&b->journal, JOURNAL_MESSAGE, "bench", 0x20, 0),
        .address = message_address(index),
        .requester_id = 0x20,
    };
    intr_send(&b->sink, &msg);
}

static void put_descriptor(Bench *b, uint32_t slot, uint64_t low, uint64_t high)
{
    as_store(b->platform.memory, AT_QUEUE + slot * 16ull, low, 8);
    as_store(b->platform.memory, AT_QUEUE + slot * 16ull + 8, high, 8);
}

/* One descriptor fills the whole queue; the tail goes half a queue at a time. */
static double run_queue(Bench *b, uint64_t low, uint64_t high, unsigned count)
{
    static uint32_t tail;
    for (uint32_t i = 0; i < QUEUE_BYTES / 16; i++) {
        put_descriptor(b, i, low, high);
    }
    double start = bench_now_ns();
    for (unsigned done = 0; done < count; done += QUEUE_BYTES / 32) {
        tail = (tail + QUEUE_BYTES / 2) % QUEUE_BYTES;
        write_reg(b, IQT, tail, 8);
    }
    return (bench_now_ns() - start) / count;
}

static double measure_hit(Bench *b)
{
    for (uint32_t i = 0; i < 64; i++) {
        send(b, i);
    }
    double start = bench_now_ns();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        send(b, i & 63);
    }
    return (bench_now_ns() - start) / MESSAGES;
}

/* Every index once, between global flushes. */
static double measure_miss(Bench *b)
{
    const unsigned passes = MESSAGES / ENTRIES;
    double total = 0;
    for (unsigned pass = 0; pass < passes; pass++) {
        run_queue(b, 4, 0, QUEUE_BYTES / 32);
        double start = bench_now_ns();
        for (uint32_t i = 0; i < ENTRIES; i++) {
            send(b, i);
        }
        total += bench_now_ns() - start;
    }
    return total / (passes * (double)ENTRIES);
}

static double store_pass(Bench *b, uint32_t slots, unsigned count)
{
    double start = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        pci_ims_notify(&b->store, i % slots);
    }
    return bench_now_ns() - start;
}

static double measure_stored_hit(Bench *b)
{
    store_pass(b, 64, 64);
    return store_pass(b, 64, MESSAGES) / MESSAGES;
}

static double measure_stored_miss(Bench *b)
{
    const unsigned passes = MESSAGES / PCI_IMS_MOST_SLOTS;
    double total = 0;
    for (unsigned pass = 0; pass < passes; pass++) {
        run_queue(b, 4, 0, QUEUE_BYTES / 32);
        total += store_pass(b, PCI_IMS_MOST_SLOTS, PCI_IMS_MOST_SLOTS);
    }
    return total / (passes * (double)PCI_IMS_MOST_SLOTS);
}

static double measure_posted(Bench *b)
{
    set_entry(b, 7, 1ull | 1ull << 15 | 0x55ull << 16 | AT_PID << 32, 0);
    as_store(b->platform.memory, AT_PID + 32, 0x41ull << 16 | 2, 8);
    run_queue(b, 4, 0, QUEUE_BYTES / 32);
    double start = bench_now_ns();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        send(b, 7);
    }
    double each = (bench_now_ns() - start) / MESSAGES;
    set_entry(b, 7, 1ull | 39ull << 16, 0);
    return each;
}

static double measure_index_flush(Bench *b)
{
    return run_queue(b, 0x14, 0, MESSAGES);
}

static double measure_global_flush(Bench *b)
{
    return run_queue(b, 4, 0, MESSAGES);
}

/* As many pages as the IOTLB has room for, by DMA: what invalidations of others go past. */
static void fill_iotlb(Bench *b)
{
    AddressSpace *memory = b->platform.memory;
    uint64_t context = AT_ROOT + 0x1000, top = context + 0x1000, middle = top + 0x1000,
             leaves = middle + 0x1000;
    as_store(memory, AT_ROOT, context | 1, 8);
    as_store(memory, context + SOURCE * 16, top | 1, 8);
    as_store(memory, context + SOURCE * 16 + 8, DOMAIN << 8 | 1, 8);
    as_store(memory, top, middle | 3, 8);
    for (uint64_t i = 0; i < DMA_PAGES; i++) {
        as_store(memory, middle + i / 512 * 8, (leaves + i / 512 * 4096) | 3, 8);
        as_store(memory, leaves + i * 8, 3, 8);
    }
    write_reg(b, RTADDR, AT_ROOT, 8);
    write_reg(b, GCMD, QIE | IRE | SRTP, 4);
    write_reg(b, GCMD, QIE | IRE | TE, 4);
    Upstream up = iommu_class(b->vtd)->upstream(b->vtd);
    BusReq req = {.requester_id = SOURCE};
    for (uint64_t i = 0; i < DMA_PAGES; i++) {
        uint8_t byte;
        up.ops->read(up.opaque, &req, i << 12, &byte, 1);
    }
}

static double measure_page_flush(Bench *b)
{
    fill_iotlb(b);
    return run_queue(b, 0x32 | DOMAIN << 16, 1ull << 32, MESSAGES);
}

static double measure_pages_flush(Bench *b)
{
    fill_iotlb(b);
    return run_queue(b, 0x32 | DOMAIN << 16, 1ull << 32 | 7, MESSAGES);
}

static double measure_wait(Bench *b)
{
    return run_queue(b, 0x1234ull << 32 | 0x25, 0x120000, MESSAGES);
}

static const struct {
    const char *name;
    double (*measure)(Bench *b);
    int aim; /* ns, 0 for none */
} rows[] = {
    {"message, entry cached", measure_hit, 40},
    {"message, entry not cached", measure_miss, 150},
    {"stored message, entry cached", measure_stored_hit, 40},
    {"stored message, not cached", measure_stored_miss, 150},
    {"message posted", measure_posted, 0},
    {"queue: IEC by index", measure_index_flush, 100},
    {"queue: IEC global", measure_global_flush, 100},
    {"queue: IOTLB, a page", measure_page_flush, 100},
    {"queue: IOTLB, 128 pages", measure_pages_flush, 100},
    {"queue: wait with status", measure_wait, 100},
};

static void run(const char *only, uint32_t records)
{
    Bench b = {.records = records};
    printf(records ? "journal of %u records\n" : "journal off\n", records);
    build(&b);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        double best = 1e9;
        if (!strstr(rows[i].name, only)) {
            continue;
        }
        for (unsigned round = 0; round < ROUNDS; round++) {
            double ns = rows[i].measure(&b);
            best = MIN(best, ns);
        }
        printf("%-28s %7.1f ns", rows[i].name, best);
        printf(rows[i].aim ? "  (aim %d)\n" : "\n", rows[i].aim);
    }
    g_assert_cmpuint(iommu_count(b.vtd, iommu_counter_find(b.vtd, "blocked")), ==, 0);
    destroy(&b);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";

    if (argc > 2) {
        run(only, (uint32_t)atoi(argv[2]));
        return 0;
    }
    run(only, 0);
    run(only, JOURNAL_DEFAULT_SIZE);
    return 0;
}
