/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remapping units beside each other. The second is of a class that nothing but this test knows: it
 * counts what reaches it, and answers reads with its own pattern.
 */
#include <string.h>

#include "base/runstate.h"
#include "hw/i386/boot/acpi.h"
#include "hw/i386/iommu/vtd.h"
#include "hw/i386/q35.h"
#include "hw/intc/ioapic.h"
#include "machine/accel.h"

#define RAM_SIZE    (64ull << 20)
#define PATTERN     0x5a
#define TALLY_BASE  0xfd000000ull
#define UNDER_TALLY 0x0123
#define UNDER_VTD   0x0010

typedef struct {
    Device dev;
    IommuLinks links;
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
    *base = TALLY_BASE;
    return &((Tally *)dev)->region;
}

static bool tally_realize(Device *dev, GError **error)
{
    static const MemOps ops = {.read = number_read, .write = number_write};
    ((Tally *)dev)->region =
        (MemRegion){.name = "tally", .size = 0x1000, .kind = MEM_IO, .ops = &ops, .opaque = dev};
    return true;
}

static void tally_table(const GPtrArray *units, GByteArray *out)
{
    g_byte_array_append(out, (const guint8 *)"tally", 5);
}

static void tally_describe(Device *dev, GString *out)
{
    g_string_append(out, "counts");
}

static const IommuTable table = {.signature = "TALY", .revision = 7, .write = tally_table};
static const IommuCounter counters[] = {{"messages", "messages", offsetof(Tally, messages)},
                                        {NULL}};
static const IommuClass tally_iommu = {
    .links = tally_links,
    .upstream = tally_upstream,
    .sink = tally_sink,
    .region = tally_region,
    .table = &table,
    .counters = counters,
    .describe = tally_describe,
};
static const DeviceClass tally_class = {
    .name = "tally",
    .instance_size = sizeof(Tally),
    .iommu = &tally_iommu,
    .realize = tally_realize,
};

/* What the second unit takes: a function, a bridge with what is behind it, the board's IOAPIC. */
static const IommuScopeEntry named[] = {
    {.type = IOMMU_FUNCTION, .source_id = UNDER_TALLY},
    {.type = IOMMU_BRIDGE, .source_id = 0x0018, .bus_first = 4, .bus_last = 6},
    {.type = IOMMU_IOAPIC, .source_id = ACPI_IOAPIC_SID},
};

/* A board with a unit that takes the rest, made first, and one that takes what it names. */
typedef struct {
    Platform platform;
    RunState *runstate;
    Machine *machine;
    Device *vtd;
    Tally *tally;
} Board;

static void build_board(Board *b)
{
    GError *error = NULL;
    const MachineOptions opts = {.ram_size = RAM_SIZE,
                                 .cpus = 1,
                                 .sockets = 1,
                                 .cores = 1,
                                 .threads = 1,
                                 .max_cpus = 1,
                                 .accel = &qtest_accel};
    b->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                             .memory = as_new("memory", 52),
                             .ports = as_new("I/O", 16)};
    b->runstate = runstate_new();
    b->machine = machine_new(&q35_machine_class, &b->platform, b->runstate, &opts);
    b->vtd = machine_add_system_device(b->machine, "intel-iommu", &error);
    g_assert_no_error(error);
    iommu_class(b->vtd)->links(b->vtd)->scope.include_all = true;
    b->tally = (Tally *)device_new(&tally_class, &b->machine->platform, "second");
    b->tally->links.scope = (IommuScope){.entries = named, .count = G_N_ELEMENTS(named)};
    machine_own(b->machine, &b->tally->dev);
    g_ptr_array_add(b->machine->iommus, b->tally);
    machine_build(b->machine, &error);
    g_assert_no_error(error);
    machine_reset(b->machine);
}

static void free_board(Board *b)
{
    machine_free(b->machine);
    runstate_free(b->runstate);
    as_free(b->platform.memory);
    as_free(b->platform.ports);
    clock_free(b->platform.clock);
}

static uint64_t vtd_count(const Board *b, const char *name)
{
    return iommu_count(b->vtd, iommu_counter_find(b->vtd, name));
}

static Upstream above(const Board *b, uint16_t requester)
{
    Device *unit = iommu_list_above(b->machine->iommus, requester);
    return iommu_class(unit)->upstream(unit);
}

/* Who is named goes to who names it, and the rest to who takes the rest, whatever their order. */
static void test_choice(void)
{
    Board b = {0};
    build_board(&b);
    Device *tally = &b.tally->dev;
    GPtrArray *list = b.machine->iommus;
    for (unsigned turn = 0; turn < 2; turn++) {
        for (uint32_t id = 0; id <= UINT16_MAX; id++) {
            bool behind = id >> 8 >= 4 && id >> 8 <= 6;
            bool is_named = behind || id == UNDER_TALLY || id == 0x0018 || id == ACPI_IOAPIC_SID;
            g_assert_true(iommu_list_above(list, id) == (is_named ? tally : b.vtd));
            g_assert_null(iommu_list_above(list, 1u << 16 | id)); /* another segment */
        }
        gpointer first = list->pdata[0];
        list->pdata[0] = list->pdata[1];
        list->pdata[1] = first;
    }
    iommu_class(b.vtd)->links(b.vtd)->scope.include_all = false;
    g_assert_null(iommu_list_above(list, UNDER_VTD));
    g_assert_true(iommu_list_above(list, UNDER_TALLY) == tally);
    free_board(&b);
}

/* DMA and messages of two requesters reach a unit each. */
static void test_requesters(void)
{
    Board b = {0};
    build_board(&b);
    const uint32_t data = 0x41;
    uint32_t word;
    BusReq one = {.requester_id = UNDER_TALLY}, other = {.requester_id = UNDER_VTD};
    Upstream up = above(&b, UNDER_TALLY), rest = above(&b, UNDER_VTD);
    as_store(b.platform.memory, 0x1000, 0x12345678, 4);
    g_assert_cmpint(upstream_read(&up, &one, 0x1000, &word, 4), ==, MEM_OK);
    g_assert_cmphex(word, ==, PATTERN * 0x01010101u);
    g_assert_cmpint(upstream_read(&rest, &other, 0x1000, &word, 4), ==, MEM_OK);
    g_assert_cmphex(word, ==, 0x12345678);
    g_assert_cmpint(upstream_write(&up, &one, 0x1000, &data, 4), ==, MEM_OK);
    g_assert_cmphex(as_load(b.platform.memory, 0x1000, 4, NULL), ==, 0x12345678);
    IntrMsg msg = {.address = INTR_WINDOW_BASE, .data = data, .requester_id = UNDER_TALLY};
    upstream_interrupt(&up, &msg);
    g_assert_cmpuint(b.tally->messages, ==, 1);
    g_assert_cmphex(b.tally->last, ==, UNDER_TALLY);
    g_assert_cmpuint(vtd_count(&b, "compatibility"), ==, 0);
    msg.requester_id = UNDER_VTD;
    upstream_interrupt(&rest, &msg);
    g_assert_cmpuint(b.tally->messages, ==, 1);
    g_assert_cmpuint(b.tally->reads, ==, 1);
    g_assert_cmpuint(b.tally->writes, ==, 1);
    g_assert_cmpuint(vtd_count(&b, "compatibility"), ==, 1);
    free_board(&b);
}

/* The board wires an emitter to the unit that names it, and maps both units. */
static void test_board(void)
{
    enum { IOREGSEL = 0, IOWIN = 0x10, RTE = 0x10, PIN = 20, VER = 0 };
    Board b = {0};
    IrqOut wire = {0};
    build_board(&b);
    AddressSpace *memory = b.platform.memory;
    g_assert_cmphex(as_load(memory, VTD_DEFAULT_BASE + VER, 4, NULL), ==, 0x10);
    g_assert_cmphex(as_load(memory, TALLY_BASE, 4, NULL), ==, 1);
    as_store(memory, IOAPIC_BASE + IOREGSEL, RTE + 2 * PIN, 4);
    as_store(memory, IOAPIC_BASE + IOWIN, 0x42 | 1 << 13, 4); /* edge, active low */
    irq_connect(&wire, device_irq_in(b.machine->ioapics->pdata[0], "", PIN));
    irq_raise(&wire);
    irq_lower(&wire);
    g_assert_cmpuint(b.tally->messages, >, 0);
    g_assert_cmphex(b.tally->last, ==, ACPI_IOAPIC_SID);
    g_assert_cmpuint(vtd_count(&b, "compatibility"), ==, 0);
    irq_line_clear(device_irq_in(b.machine->ioapics->pdata[0], "", PIN));
    free_board(&b);
}

static const uint8_t *find(const GByteArray *blob, const char *signature)
{
    for (guint i = 0; i + 4 <= blob->len; i += 64) {
        if (memcmp(blob->data + i, signature, 4) == 0) {
            return blob->data + i;
        }
    }
    return NULL;
}

/* Each kind of unit has its table, which tells of its kind alone. */
static void test_tables(void)
{
    enum { HEADER = 36, LENGTH = 4, REVISION = 8, DMAR_HEADER = 48, DRHD_LENGTH = 2 };
    Board b = {0};
    build_board(&b);
    const uint32_t ids[] = {0};
    const AcpiInfo info = {.apic_ids = ids, .cpus = 1, .iommus = b.machine->iommus};
    g_autoptr(GByteArray) blob = acpi_build(&info, 0x100000);
    const uint8_t *tally = find(blob, "TALY"), *dmar = find(blob, "DMAR");
    g_assert_nonnull(tally);
    g_assert_nonnull(dmar);
    g_assert_cmpuint(tally[LENGTH], ==, HEADER + 5);
    g_assert_cmpuint(tally[REVISION], ==, 7);
    g_assert_true(memcmp(tally + HEADER, "tally", 5) == 0);
    g_assert_cmpuint(dmar[LENGTH], ==, DMAR_HEADER + dmar[DMAR_HEADER + DRHD_LENGTH]);
    free_board(&b);
}

/* What monitors ask, without knowing the class. */
static void test_describe(void)
{
    Board b = {0};
    build_board(&b);
    for (guint i = 0; i < b.machine->iommus->len; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        iommu_describe(b.machine->iommus->pdata[i], text);
        g_assert_cmpstr(text->str, ==,
                        i ? "second at 0xfd000000: 0123, 0018, buses 04 to 06, ff00, no others; "
                            "counts"
                          : "intel-iommu at 0xfed90000: and all the rest; interrupt "
                            "remapping off, DMA translation off");
    }
    b.tally->messages = 3;
    g_assert_cmpuint(iommu_count(&b.tally->dev, iommu_counter_find(&b.tally->dev, "messages")), ==,
                     3);
    g_assert_null(iommu_counter_find(&b.tally->dev, "blocked"));
    free_board(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iommu/choice", test_choice);
    g_test_add_func("/iommu/requesters", test_requesters);
    g_test_add_func("/iommu/board", test_board);
    g_test_add_func("/iommu/tables", test_tables);
    g_test_add_func("/iommu/describe", test_describe);
    return g_test_run();
}
