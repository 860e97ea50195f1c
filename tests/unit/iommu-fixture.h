/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of several remapping units: a unit of a class that nothing else knows, which counts
 * what reaches it and answers reads with its own pattern; and a q35 board to put units on.
 */
#ifndef TESTS_UNIT_IOMMU_FIXTURE_H
#define TESTS_UNIT_IOMMU_FIXTURE_H

#include <string.h>

#include "base/runstate.h"
#include "hw/i386/iommu/scope.h"
#include "hw/i386/q35.h"
#include "machine/accel.h"

#define RAM_SIZE   (64ull << 20)
#define PATTERN    0x5a
#define TALLY_BASE 0xfed80000ull

typedef struct {
    Device dev;
    IommuLinks links;
    IommuPlace place;
    MemRegion region;
    uint64_t messages, reads, writes;
    uint16_t last; /* who sent the last message */
} Tally;

static MemResult tally_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    ((Tally *)opaque)->reads++;
    memset(buf, PATTERN, len);
    return MEM_OK;
}

static MemResult tally_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                             size_t len)
{
    ((Tally *)opaque)->writes++;
    return MEM_OK;
}

static IntrResult tally_interrupt(void *opaque, const IntrMsg *msg)
{
    Tally *t = opaque;
    t->messages++;
    t->last = msg->requester_id;
    return INTR_DELIVERED;
}

static IommuLinks *tally_links(Device *dev)
{
    return &((Tally *)dev)->links;
}

static IommuPlace *tally_place(Device *dev)
{
    return &((Tally *)dev)->place;
}

static Upstream tally_upstream(Device *dev)
{
    static const UpstreamOps ops = {
        .read = tally_read, .write = tally_write, .interrupt = tally_interrupt};
    return (Upstream){.ops = &ops, .opaque = dev};
}

static IntrSink tally_sink(Device *dev)
{
    return (IntrSink){.send = tally_interrupt, .opaque = dev};
}

static uint64_t number_read(void *opaque, uint64_t offset, unsigned size)
{
    return ((Tally *)opaque)->links.number;
}

static void number_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    /* Read-only. */
}

static MemRegion *tally_region(Device *dev, uint64_t *base)
{
    const Tally *t = (const Tally *)dev;
    *base = t->place.base ? t->place.base : TALLY_BASE + t->links.number * 0x1000ull;
    return &((Tally *)dev)->region;
}

static bool tally_realize(Device *dev, GError **error)
{
    static const MemOps ops = {.read = number_read, .write = number_write};
    ((Tally *)dev)->region =
        (MemRegion){.name = "tally", .size = 0x1000, .kind = MEM_IO, .ops = &ops, .opaque = dev};
    return iommu_place_parse(&((Tally *)dev)->place, error);
}

static void tally_unrealize(Device *dev)
{
    iommu_place_clear(&((Tally *)dev)->place);
}

static void tally_table(const GPtrArray *units, GByteArray *out)
{
    g_byte_array_append(out, (const guint8 *)"tally", 5);
}

static void tally_describe(Device *dev, GString *out)
{
    g_string_append(out, "counts");
}

static const PropInfo tally_props[] = {IOMMU_PLACE_PROPS(Tally, place), PROP_END};
static const IommuTable tally_tables = {.signature = "TALY", .revision = 7, .write = tally_table};
static const IommuCounter tally_counters[] = {{"messages", "messages", offsetof(Tally, messages)},
                                              {NULL}};
static const IommuClass tally_iommu = {
    .links = tally_links,
    .place = tally_place,
    .upstream = tally_upstream,
    .sink = tally_sink,
    .region = tally_region,
    .table = &tally_tables,
    .counters = tally_counters,
    .describe = tally_describe,
};
static const DeviceClass tally_class = {
    .name = "tally",
    .instance_size = sizeof(Tally),
    .props = tally_props,
    .iommu = &tally_iommu,
    .realize = tally_realize,
    .unrealize = tally_unrealize,
};

/* A board; units are added before it is built. */
typedef struct {
    Platform platform;
    RunState *runstate;
    Machine *machine;
} Board;

static inline void open_board(Board *b)
{
    const MachineOptions opts = {.ram_size = RAM_SIZE,
                                 .cpus = 1,
                                 .sockets = 1,
                                 .cores = 1,
                                 .threads = 1,
                                 .max_cpus = 1,
                                 .accel = &qtest_accel};
    *b = (Board){.platform = {.clock = clock_new(CLOCK_MANUAL),
                              .memory = as_new("memory", 52),
                              .ports = as_new("I/O", 16)}};
    b->runstate = runstate_new();
    b->machine = machine_new(&q35_machine_class, &b->platform, b->runstate, &opts);
}

/* `scope` may be NULL. */
static inline Tally *add_tally(Board *b, const char *id, const char *scope)
{
    Device *dev = device_new(&tally_class, &b->machine->platform, id);
    if (scope) {
        g_assert_true(device_set_prop(dev, "scope", scope, NULL));
    }
    machine_own(b->machine, dev);
    g_ptr_array_add(b->machine->iommus, dev);
    return (Tally *)dev;
}

static inline void build_board(Board *b)
{
    GError *error = NULL;
    machine_build(b->machine, &error);
    g_assert_no_error(error);
    machine_reset(b->machine);
}

/* A device of the class on a bus of the board. */
static inline PciDevice *plug(Board *b, const DeviceClass *cls, PciBus *bus, const char *id,
                              const char *addr)
{
    Device *dev = device_new(cls, &b->machine->platform, id);
    g_assert_true(device_set_prop(dev, "addr", addr, NULL));
    g_assert_true(device_set_prop(dev, "multifunction", "on", NULL));
    g_assert_true(pci_bus_attach(bus, (PciDevice *)dev, NULL));
    g_assert_true(device_realize(dev, NULL));
    pci_device_reset((PciDevice *)dev);
    machine_own(b->machine, dev);
    return (PciDevice *)dev;
}

static inline void close_board(Board *b)
{
    machine_free(b->machine);
    runstate_free(b->runstate);
    as_free(b->platform.memory);
    as_free(b->platform.ports);
    clock_free(b->platform.clock);
}

#endif
