/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of a plan and its guest; see guest.h. */
#include "guest.h"

#include <linux/pci_regs.h>

#include "hw/core/irq.h"
#include "machine/accel.h"
#include "tests/include/apic.h"
#include "tests/include/hpet.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/ioapic.h"
#include "tests/include/pci.h"
#include "tests/include/vtd.h"

#define RAM_BYTES     (32ull << 20)
#define PAGE          0x1000ull
#define TABLES        0x200000ull /* from here on, a page after the other */
#define FIRST_VECTOR  0x20
#define ENTRIES_LOG2  7u /* 256: IRTA's size field */
#define PIN           3  /* of IOAPICs: nobody else drives it */
#define COUNTS        100
#define MSI_ADDRESS   0xfee00000ull
#define ISSUE_TIME_NS 10000

/* Tables of DMA remapping (VT-d 9). */
enum { PRESENT = 1, READ_WRITE = 3, LEVELS = 3, THREE_LEVELS = 1, DOMAIN_SHIFT = 8 };

uint64_t guest_load(Guest *g, uint64_t address, unsigned size)
{
    return as_load(g->platform.memory, address, size, NULL);
}

void guest_store(Guest *g, uint64_t address, uint64_t value, unsigned size)
{
    as_store(g->platform.memory, address, value, size);
}

uint64_t guest_config(uint16_t id)
{
    return PCI_ECAM + ((uint64_t)id << 12);
}

/* A page that is zero still. */
static uint64_t new_page(Guest *g)
{
    return TABLES + g->pages++ * PAGE;
}

/* ---- The machine ---- */

static void must(bool ok, const GError *error)
{
    if (!ok) {
        g_error("%s", error ? error->message : "no reason is given");
    }
}

static void add_system_device(Guest *g, const char *text)
{
    GError *error = NULL;
    must(machine_add_system_device(g->machine, text, &error), error);
}

static void add_devices(Guest *g)
{
    GError *error = NULL;
    for (unsigned n = 0; n < g->plan->unit_count; n++) {
        g_autofree char *text = plan_unit_text(g->plan, n);
        add_system_device(g, text);
    }
    for (unsigned n = 1; n < g->plan->ioapics; n++) {
        add_system_device(g, "ioapic");
    }
    for (unsigned n = 1; n < g->plan->hpets; n++) {
        add_system_device(g, "hpet");
    }
    must(machine_build(g->machine, &error), error);
    for (unsigned n = 0; n < g->plan->node_count; n++) {
        g_autofree char *text = plan_node_text(g->plan, n);
        must(machine_add_device(g->machine, text, &error), error);
    }
}

bool guest_open(Guest *g, const Plan *p)
{
    const MachineOptions options = {.ram_size = RAM_BYTES,
                                    .cpus = GUEST_CPUS,
                                    .sockets = 1,
                                    .cores = GUEST_CPUS,
                                    .threads = 1,
                                    .max_cpus = GUEST_CPUS,
                                    .lint = LINT_MODE_OFF,
                                    .accel = &qtest_accel};
    GError *error = NULL;
    *g = (Guest){.plan = p, .runstate = runstate_new()};
    g->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                             .memory = as_new("memory", 52),
                             .ports = as_new("I/O", 16)};
    g->machine = machine_new(machine_class_find("q35"), &g->platform, g->runstate, &options);
    add_devices(g);
    if (!machine_check(g->machine, &error)) {
        g_error_free(error);
        guest_close(g);
        return false;
    }
    must(machine_restart(g->machine, &error), error);
    for (unsigned cpu = 0; cpu < GUEST_CPUS; cpu++) {
        apic_mmio_write(g->machine->apics[cpu], APIC_SVR, SVR_ENABLED, 4);
    }
    for (unsigned n = 0; n < p->unit_count; n++) {
        g->tables[n] = new_page(g);
        g->roots[n] = new_page(g);
    }
    return true;
}

void guest_close(Guest *g)
{
    machine_free(g->machine);
    as_free(g->platform.memory);
    as_free(g->platform.ports);
    clock_free(g->platform.clock);
    runstate_free(g->runstate);
}

/* ---- Bus numbers ---- */

static uint16_t id_of(const Guest *g, unsigned n)
{
    return model_way(g->plan, &g->numbers, (From){FROM_NODE, n, -1}).own_id;
}

static uint64_t capability(Guest *g, uint64_t config, uint8_t id)
{
    uint64_t at = guest_load(g, config + PCI_CAPABILITY_LIST, 1);
    while (at && guest_load(g, config + at, 1) != id) {
        at = guest_load(g, config + at + PCI_CAP_LIST_NEXT, 1);
    }
    g_assert_cmphex(at, !=, 0);
    return config + at;
}

static uint64_t sriov_of(Guest *g, unsigned n)
{
    uint64_t config = guest_config(id_of(g, n)), at = PCI_CFG_SPACE_SIZE;
    while (at && (guest_load(g, config + at, 4) & 0xffff) != PCI_EXT_CAP_ID_SRIOV) {
        at = guest_load(g, config + at, 4) >> 20;
    }
    g_assert_cmphex(at, !=, 0);
    return config + at;
}

/* Functions beyond 7 of a port's device answer with ARI forwarding alone. */
static void show_vfs(Guest *g, unsigned n)
{
    const Node *node = &g->plan->nodes[n];
    if (g->plan->ari && node->above >= 0) {
        uint64_t port =
            capability(g, guest_config(id_of(g, (unsigned)node->above)), PCI_CAP_ID_EXP);
        guest_store(g, port + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_ARI, 2);
    }
    uint64_t sriov = sriov_of(g, n);
    uint16_t ari = g->plan->ari && node->above >= 0 ? PCI_SRIOV_CTRL_ARI : 0;
    guest_store(g, sriov + PCI_SRIOV_CTRL, ari, 2);
    guest_store(g, sriov + PCI_SRIOV_NUM_VF, node->vfs, 2);
    guest_store(g, sriov + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE | ari, 2);
    g->numbers.vf_offset[n] = (uint16_t)guest_load(g, sriov + PCI_SRIOV_VF_OFFSET, 2);
    g->numbers.vf_stride[n] = (uint16_t)guest_load(g, sriov + PCI_SRIOV_VF_STRIDE, 2);
    g->vf_bars[n] = guest_load(g, sriov + PCI_SRIOV_BAR, 8) & ~15ull;
}

/* How many bus numbers beyond its own the virtual functions behind a bridge take. */
static unsigned vf_buses(const Guest *g, int bridge)
{
    for (unsigned n = 0; n < g->plan->node_count; n++) {
        const Node *node = &g->plan->nodes[n];
        if (node->above == bridge && node->vfs && !g->plan->ari && bridge >= 0 &&
            !plan_is_conventional(&g->plan->nodes[bridge])) {
            return 1;
        }
    }
    return 0;
}

/* Depth first, with gaps; what is left over is below a bridge, too. */
static uint8_t give_numbers(Guest *g, Plan *p, int above, uint8_t next)
{
    for (unsigned n = 0; n < p->node_count; n++) {
        if (p->nodes[n].above != above || !plan_is_bridge(&p->nodes[n])) {
            continue;
        }
        uint64_t config = guest_config(id_of(g, n));
        uint8_t secondary = (uint8_t)(next + plan_draw(p, 3));
        g->numbers.secondary[n] = secondary;
        guest_store(g, config + PCI_SECONDARY_BUS, secondary, 1);
        guest_store(g, config + PCI_SUBORDINATE_BUS, 0xff, 1);
        next = give_numbers(g, p, (int)n, (uint8_t)(secondary + 1 + vf_buses(g, (int)n)));
        next = (uint8_t)(next + plan_draw(p, 2));
        guest_store(g, config + PCI_SUBORDINATE_BUS, next - 1, 1);
    }
    return next;
}

static void close_bridges(Guest *g)
{
    for (unsigned n = g->plan->node_count; n-- > 0;) {
        if (plan_is_bridge(&g->plan->nodes[n])) {
            guest_store(g, guest_config(id_of(g, n)) + PCI_PRIMARY_BUS, 0, 4);
        }
    }
}

/* Bridges come before what is behind them. */
void guest_read_numbers(Guest *g)
{
    for (unsigned n = 0; n < g->plan->node_count; n++) {
        uint64_t config = guest_config(id_of(g, n));
        if (plan_is_bridge(&g->plan->nodes[n])) {
            g->numbers.secondary[n] = (uint8_t)guest_load(g, config + PCI_SECONDARY_BUS, 1);
        } else if (g->plan->nodes[n].kind == EXPANDER) {
            g->numbers.secondary[n] = g->plan->nodes[n].bus_nr; /* for good */
        }
    }
}

static void open_function(Guest *g, unsigned n)
{
    const Node *node = &g->plan->nodes[n];
    uint64_t config = guest_config(id_of(g, n));
    bool master = node->kind == SENDER || node->master;
    guest_store(g, config + PCI_COMMAND, PCI_COMMAND_MEMORY | (master ? PCI_COMMAND_MASTER : 0), 2);
    g->bars[n] = guest_load(g, config + PCI_BASE_ADDRESS_0, 8) & ~15ull;
    if (node->vfs) {
        show_vfs(g, n);
    }
    for (unsigned vf = 0; vf < node->vfs; vf++) {
        uint16_t id = model_way(g->plan, &g->numbers, (From){FROM_NODE, n, (int)vf}).own_id;
        guest_store(g, guest_config(id) + PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    }
}

static void open_functions(Guest *g)
{
    for (unsigned n = 0; n < g->plan->node_count; n++) {
        open_function(g, n);
    }
}

/* ---- Slots ---- */

/* Where a function's memory is, and that of its virtual functions. */
typedef struct {
    uint32_t bars[PCI_STD_NUM_BARS], vf_bars[PCI_STD_NUM_BARS];
} Places;

static void each_bar(Guest *g, unsigned n, Places *places, bool put)
{
    uint64_t config = guest_config(id_of(g, n)) + PCI_BASE_ADDRESS_0;
    uint64_t vfs = g->plan->nodes[n].vfs ? sriov_of(g, n) + PCI_SRIOV_BAR : 0;
    for (unsigned i = 0; i < PCI_STD_NUM_BARS; i++) {
        if (put) {
            guest_store(g, config + 4 * i, places->bars[i], 4);
        } else {
            places->bars[i] = (uint32_t)guest_load(g, config + 4 * i, 4);
        }
        if (vfs && put) {
            guest_store(g, vfs + 4 * i, places->vf_bars[i], 4);
        } else if (vfs) {
            places->vf_bars[i] = (uint32_t)guest_load(g, vfs + 4 * i, 4);
        }
    }
}

static void pull(Guest *g, unsigned n)
{
    GError *error = NULL;
    g_autofree char *name = g_strdup_printf("n%u", n);
    must(machine_hot_remove(g->machine, name, true, &error), error);
}

static void plug(Guest *g, unsigned n)
{
    GError *error = NULL;
    g_autofree char *text = plan_node_text(g->plan, n);
    must(machine_hot_add(g->machine, text, &error), error);
}

/* Function 0 is the last one that comes, and power the guest's to give (PCI Express 5.0, 6.7). */
void guest_replug(Guest *g, unsigned port)
{
    const Plan *p = g->plan;
    Places places[MOST_NODES];
    int first = -1;
    for (unsigned n = 0; n < p->node_count; n++) {
        if (p->nodes[n].above == (int)port) {
            each_bar(g, n, &places[n], false);
            first = p->nodes[n].devfn == 0 ? (int)n : first;
        }
    }
    pull(g, (unsigned)first);
    g_assert_cmphex(guest_load(g, guest_config(id_of(g, (unsigned)first)), 4), ==, UINT32_MAX);
    for (unsigned n = p->node_count; n-- > 0;) {
        if (p->nodes[n].above == (int)port && (int)n != first) {
            plug(g, n);
        }
    }
    plug(g, (unsigned)first);
    guest_store(g, capability(g, guest_config(id_of(g, port)), PCI_CAP_ID_EXP) + PCI_EXP_SLTCTL,
                PCI_EXP_SLTCTL_PWR_ON | PCI_EXP_SLTCTL_PWR_IND_ON, 2);
    for (unsigned n = 0; n < p->node_count; n++) {
        if (p->nodes[n].above == (int)port) {
            each_bar(g, n, &places[n], true);
            open_function(g, n);
        }
    }
}

static void give_all_numbers(Guest *g, Plan *p)
{
    close_bridges(g);
    give_numbers(g, p, -1, 1);
    for (unsigned n = 0; n < p->node_count; n++) {
        if (p->nodes[n].kind == EXPANDER) {
            give_numbers(g, p, (int)n, p->nodes[n].bus_nr + 1);
        }
    }
}

void guest_number(Guest *g, Plan *p)
{
    if (p->renumber) {
        give_all_numbers(g, p);
    }
    open_functions(g);
}

/* ---- Remapping units ---- */

uint8_t guest_vector(unsigned unit, unsigned index)
{
    return (uint8_t)(FIRST_VECTOR + unit * MOST_ENTRIES + index);
}

static void command(Guest *g, unsigned unit, uint32_t bit)
{
    const uint32_t one_shot = SRTP | SIRTP;
    uint64_t base = g->bases[unit];
    uint32_t on = (uint32_t)guest_load(g, base + GSTS, 4) & ~one_shot;
    guest_store(g, base + GCMD, on | bit, 4);
    g_assert_cmphex(guest_load(g, base + GSTS, 4) & bit, ==, bit);
}

static void start_unit(Guest *g, unsigned n)
{
    const Unit *unit = &g->plan->units[n];
    uint64_t base = g->bases[n];
    if (unit->remaps) {
        guest_store(g, base + IRTA, g->tables[n] | (unit->extended ? IRTA_EIME : 0) | ENTRIES_LOG2,
                    8);
        command(g, n, SIRTP);
        command(g, n, IRE);
    }
    if (unit->remaps && unit->compatible) {
        command(g, n, CFI);
    }
    if (unit->translates) {
        guest_store(g, base + RTADDR, g->roots[n], 8);
        command(g, n, SRTP);
        command(g, n, TE);
    }
}

void guest_start_units(Guest *g)
{
    for (unsigned n = 0; n < g->plan->unit_count; n++) {
        start_unit(g, n);
    }
    guest_store(g, GUEST_IOVA, GUEST_PATTERN, 8);
}

unsigned guest_set_entry(Guest *g, const Check *check, unsigned cpu)
{
    unsigned index = g->entries++;
    g_assert_cmpuint(index, <, MOST_ENTRIES);
    for (unsigned u = 0; u < g->plan->unit_count; u++) {
        uint64_t entry = g->tables[u] + index * 16;
        uint64_t destination = (uint64_t)cpu << (g->plan->units[u].extended ? 32 : 40);
        guest_store(g, entry, IRTE_P | (uint64_t)guest_vector(u, index) << 16 | destination, 8);
        guest_store(g, entry + 8,
                    (uint64_t)check->svt << 18 | (uint64_t)check->sq << 16 | check->sid, 8);
    }
    return index;
}

uint64_t guest_pattern(unsigned unit, uint16_t id)
{
    return 0xabcd000000000000ull | (uint64_t)unit << 16 | id;
}

/* VT-d 9.1: the bus's context table, by way of its root entry. */
static uint64_t context_table(Guest *g, unsigned unit, uint8_t bus)
{
    uint64_t root = g->roots[unit] + bus * 16ull;
    if (guest_load(g, root, 8) == 0) {
        guest_store(g, root, new_page(g) | PRESENT, 8);
    }
    return guest_load(g, root, 8) & ~(PAGE - 1);
}

/* Three levels of tables (9.8) that lead GUEST_IOVA to a page with the pattern; the first one. */
static uint64_t make_domain(Guest *g, uint64_t pattern)
{
    uint64_t top = new_page(g), table = top;
    for (unsigned level = 0; level < LEVELS; level++) {
        uint64_t next = new_page(g);
        uint64_t index = level == LEVELS - 1 ? GUEST_IOVA / PAGE : 0;
        guest_store(g, table + index * 8, next | READ_WRITE, 8);
        table = next;
    }
    guest_store(g, table, pattern, 8);
    return top;
}

/* VT-d 9.3 */
void guest_map(Guest *g, unsigned unit, uint16_t id)
{
    uint64_t entry = context_table(g, unit, (uint8_t)(id >> 8)) + (id & 0xffu) * 16ull;
    if (guest_load(g, entry, 8) == 0) {
        guest_store(g, entry, make_domain(g, guest_pattern(unit, id)) | PRESENT, 8);
        guest_store(g, entry + 8, THREE_LEVELS | (uint64_t)++g->domains << DOMAIN_SHIFT, 8);
    }
}

bool guest_fault(Guest *g, unsigned unit, Fault *fault)
{
    uint64_t base = g->bases[unit];
    uint64_t record = base + (guest_load(g, base + CAP, 8) >> 24 & 0x3ff) * 16;
    if (guest_load(g, base + FSTS, 4) == 0) {
        return false;
    }
    *fault = (Fault){guest_load(g, record, 8), guest_load(g, record + 8, 8)};
    guest_store(g, record + 12, 1u << 31, 4);
    guest_store(g, base + FSTS, FSTS_PFO, 4);
    g_assert_cmphex(guest_load(g, base + FSTS, 4), ==, 0);
    return true;
}

/* ---- Senders ---- */

static uint64_t registers_of(const Guest *g, From from)
{
    uint64_t share = 0x2000; /* what BAR 0 has: registers and the buffer */
    return from.vf < 0 ? g->bars[from.n] : g->vf_bars[from.n] + (unsigned)from.vf * share;
}

static void send_by_dma(Guest *g, From from, uint64_t address, uint32_t data)
{
    uint64_t registers = registers_of(g, from);
    guest_store(g, registers + E_ADDR, address, 8);
    guest_store(g, registers + E_DATA, data, 4);
    guest_store(g, registers + E_COMMAND, C_MESSAGE, 4);
}

/* Vector 0, by a command of the device. */
static void fire(Guest *g, From from, uint32_t device_command)
{
    guest_store(g, registers_of(g, from) + E_DATA, 0, 4);
    guest_store(g, registers_of(g, from) + E_COMMAND, device_command, 4);
}

static void send_by_msi(Guest *g, From from, uint64_t address, uint32_t data)
{
    uint64_t cap = capability(g, guest_config(id_of(g, from.n)), PCI_CAP_ID_MSI);
    guest_store(g, cap + PCI_MSI_ADDRESS_LO, address, 4);
    guest_store(g, cap + PCI_MSI_ADDRESS_HI, address >> 32, 4);
    guest_store(g, cap + PCI_MSI_DATA_64, data, 2);
    guest_store(g, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    fire(g, from, C_MSI);
    guest_store(g, cap + PCI_MSI_FLAGS, 0, 2);
}

static void send_by_msix(Guest *g, From from, uint64_t address, uint32_t data)
{
    uint64_t config = guest_config(id_of(g, from.n));
    uint64_t cap = capability(g, config, PCI_CAP_ID_MSIX);
    uint64_t place = guest_load(g, cap + PCI_MSIX_TABLE, 4);
    uint64_t bar = config + PCI_BASE_ADDRESS_0 + 4 * (place & PCI_MSIX_TABLE_BIR);
    uint64_t entry = (guest_load(g, bar, 8) & ~15ull) + (place & PCI_MSIX_TABLE_OFFSET);
    guest_store(g, entry + PCI_MSIX_ENTRY_LOWER_ADDR, address, 8);
    guest_store(g, entry + PCI_MSIX_ENTRY_DATA, data, 4);
    guest_store(g, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0, 4);
    guest_store(g, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
    fire(g, from, C_MSIX);
    guest_store(g, cap + PCI_MSIX_FLAGS, 0, 2);
}

static void function_sends(Guest *g, From from, uint64_t address, uint32_t data)
{
    static void (*const ways[BYS])(Guest * g, From from, uint64_t address, uint32_t data) = {
        [BY_DMA] = send_by_dma, [BY_MSI] = send_by_msi, [BY_MSIX] = send_by_msix};
    ways[from.vf < 0 ? from.by : BY_DMA](g, from, address, data);
}

static void set_ioapic(Guest *g, unsigned n, unsigned reg, uint32_t value)
{
    uint64_t page = IOAPIC_PAGE + n * PAGE;
    guest_store(g, page + IOREGSEL, reg, 4);
    guest_store(g, page + IOWIN, value, 4);
}

static void ioapic_sends(Guest *g, unsigned n, uint64_t entry)
{
    IrqOut wire = {0};
    set_ioapic(g, n, IOREDTBL_HIGH(PIN), (uint32_t)(entry >> 32));
    set_ioapic(g, n, IOREDTBL(PIN), (uint32_t)entry);
    irq_connect(&wire, device_irq_in(g->machine->ioapics->pdata[n], "", PIN));
    irq_pulse(&wire);
    irq_connect(&wire, NULL);
    set_ioapic(g, n, IOREDTBL(PIN), RTE_MASKED);
}

static void hpet_sends(Guest *g, unsigned n, uint64_t address, uint32_t data)
{
    uint64_t page = HPET_PAGE + n * PAGE;
    guest_store(g, page + HPET_FSB(0), address << 32 | data, 8);
    guest_store(g, page + HPET_TIMER(0), HPET_FSB_EN | HPET_INT_ENB, 8);
    guest_store(g, page + HPET_COMPARATOR(0), guest_load(g, page + HPET_COUNTER, 8) + COUNTS, 8);
    guest_store(g, page + HPET_CONFIG, 1, 8);
    clock_advance_to(g->platform.clock, clock_now(g->platform.clock) + ISSUE_TIME_NS);
    guest_store(g, page + HPET_CONFIG, 0, 8);
    guest_store(g, page + HPET_TIMER(0), 0, 8);
}

/* VT-d 5.1.2.2: the handle is in address bits 19:5 and 2; IOAPICs take theirs from the entry
 * (5.1.5.1). */
void guest_send(Guest *g, From from, unsigned index)
{
    const uint64_t remappable = 1u << 4, format = 1ull << 48;
    uint64_t address = MSI_ADDRESS | remappable | (uint64_t)index << 5;
    switch (from.kind) {
    case FROM_IOAPIC:
        ioapic_sends(g, from.n, format | (uint64_t)index << 49 | guest_vector(0, index));
        break;
    case FROM_HPET:
        hpet_sends(g, from.n, address, 0);
        break;
    default:
        function_sends(g, from, address, 0);
    }
}

void guest_send_compatible(Guest *g, From from, uint8_t vector, unsigned cpu)
{
    uint64_t address = MSI_ADDRESS | cpu << 12;
    switch (from.kind) {
    case FROM_IOAPIC:
        ioapic_sends(g, from.n, (uint64_t)cpu << 56 | vector);
        break;
    case FROM_HPET:
        hpet_sends(g, from.n, address, vector);
        break;
    default:
        function_sends(g, from, address, vector);
    }
}

bool guest_read(Guest *g, From from, uint64_t *value)
{
    uint64_t registers = registers_of(g, from);
    guest_store(g, registers + E_BUFFER, 0, 8);
    guest_store(g, registers + E_ADDR, GUEST_IOVA, 8);
    guest_store(g, registers + E_LEN, 8, 4);
    guest_store(g, registers + E_COMMAND, C_READ, 4);
    *value = guest_load(g, registers + E_BUFFER, 8);
    return guest_load(g, registers + E_RESULT, 4) == 0;
}

int guest_take(Guest *g, unsigned cpu)
{
    int vector = apic_ack(g->machine->apics[cpu]);
    if (vector >= 0) {
        apic_mmio_write(g->machine->apics[cpu], APIC_EOI, 0, 4);
    }
    return vector;
}
