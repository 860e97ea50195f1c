/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine's remapping units: what each is given, and who is above whom. */
#include "hw/i386/boot/acpi.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/i386/iommu/route.h"
#include "hw/i386/iommu/scope.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
#include "hw/pci/ats.h"
#include "hw/pci/pri.h"
#include "hw/timer/hpet.h"

#define PAGE 0x1000ull

static Upstream upstream_of(Q35Machine *m, Device *unit)
{
    return unit ? iommu_class(unit)->upstream(unit) : fabric_upstream(&m->fabric);
}

static bool is_a_unit(const GPtrArray *units, const PciDevice *pci)
{
    for (guint i = 0; i < units->len; i++) {
        if (iommu_class(units->pdata[i])->function == pci->dev.cls) {
            return true;
        }
    }
    return false;
}

/* What is above a function of the root bus: a remapping unit, the fabric in its place, or a route
 * if it is a bridge with things behind it that are under several. */
Upstream q35_above(void *opaque, PciDevice *pci)
{
    Q35Machine *m = opaque;
    const GPtrArray *units = m->machine.iommus;
    if (is_a_unit(units, pci)) {
        return fabric_upstream(&m->fabric);
    }
    Upstream up = upstream_of(m, iommu_above_function(units, pci));
    if (units->len < 2 || !pci_bus_behind(pci)) {
        return up;
    }
    IommuRoute *route = g_hash_table_lookup(m->routes, pci);
    if (!route) {
        route = iommu_route_new();
        g_hash_table_insert(m->routes, pci, route);
    }
    return iommu_route_survey(route, units, pci, up) ? iommu_route_upstream(route) : up;
}

IntrSink q35_place_emitter(Q35Machine *m, const IommuEmitter *emitter)
{
    g_array_append_val(m->emitters, *emitter);
    if (m->machine.hyperv && emitter->type == IOMMU_IOAPIC) {
        hv_add_ioapic(m->machine.hyperv, emitter->enumeration_id, emitter->source_id);
    }
    Device *unit = iommu_above_emitter(m->machine.iommus, emitter->id);
    return unit ? iommu_class(unit)->sink(unit) : m->fabric.apic;
}

static IommuTopology topology(const Q35Machine *m)
{
    return (IommuTopology){m->machine.iommus, m->emitters, m->machine.pci_root};
}

void q35_tell_scopes(Q35Machine *m)
{
    IommuTopology t = topology(m);
    iommu_scopes_tell(&t);
}

bool q35_check_units(Machine *machine, GError **error)
{
    Q35Machine *m = (Q35Machine *)machine;
    IommuTopology t = topology(m);
    if (!iommu_scopes_check(&t, error)) {
        return false;
    }
    q35_tell_scopes(m);
    return true;
}

typedef struct {
    const char *what;
    uint64_t base, size;
} Place;

static bool overlap(const Place *a, const Place *b)
{
    return a->base < b->base + b->size && b->base < a->base + a->size;
}

static bool refuse_base(GError **error, const Device *unit, uint64_t base, const char *why)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "-device %s,id=%s: base=%#" PRIx64 ": %s",
                unit->cls->name, unit->id, base, why);
    return false;
}

/* Registers lie where nothing else does. */
static bool check_base(const Q35Machine *m, const Device *unit, const Place *registers,
                       GError **error)
{
    uint64_t size = m->machine.opts.ram_size;
    const Place taken[] = {
        {"RAM", 0, MIN(size, RAM_LOW_MAX)},
        {"RAM", RAM_HIGH_BASE, size > RAM_LOW_MAX ? size - RAM_LOW_MAX : 0},
        {"configuration space", MCH_ECAM_BASE, MCH_ECAM_SIZE},
        {"where BARs go", MEM32_BASE, MEM32_LIMIT - MEM32_BASE + 1},
        {"where BARs go", MEM64_BASE, MEM64_LIMIT - MEM64_BASE + 1},
        {"where IOAPICs go", IOAPIC_BASE, IOAPIC_LAST_BASE + PAGE - IOAPIC_BASE},
        {"where HPETs go", HPET_BASE, HPET_LAST_BASE + PAGE - HPET_BASE},
        {"the interrupt range", INTR_WINDOW_BASE, INTR_WINDOW_SIZE},
    };
    if (registers->base % PAGE != 0 || registers->base + registers->size < registers->base) {
        return refuse_base(error, unit, registers->base, "registers begin at a multiple of 4 KiB");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(taken); i++) {
        if (overlap(&taken[i], registers)) {
            g_autofree char *why = g_strdup_printf("that is %s", taken[i].what);
            return refuse_base(error, unit, registers->base, why);
        }
    }
    return true;
}

static Place registers_of(Device *unit)
{
    Place registers = {.what = unit->id};
    registers.size = iommu_class(unit)->region(unit, &registers.base)->size;
    return registers;
}

static bool check_registers(const Q35Machine *m, Device *unit, unsigned number, GError **error)
{
    Place own = registers_of(unit);
    if (!check_base(m, unit, &own, error)) {
        return false;
    }
    for (unsigned i = 0; i < number; i++) {
        Place other = registers_of(m->machine.iommus->pdata[i]);
        if (overlap(&own, &other)) {
            g_autofree char *why = g_strdup_printf(
                "the registers of '%s' at %#" PRIx64 " are there", other.what, other.base);
            return refuse_base(error, unit, own.base, why);
        }
    }
    return true;
}

/* A unit asks a function under it to forget translations. */
static void q35_invalidate(void *opaque, const Device *unit, uint16_t source_id,
                           const BusInvalidation *what)
{
    Q35Machine *m = opaque;
    PciAts *ats = pci_ats_find(m->machine.pci_root, source_id);
    if (ats && iommu_above_function(m->machine.iommus, ats->pci) == unit) {
        pci_ats_invalidate(ats, what);
    }
}

static void q35_respond_pages(void *opaque, const Device *unit, uint16_t source_id,
                              const BusPageResponse *response)
{
    Q35Machine *m = opaque;
    PciPri *pri = pci_pri_find(m->machine.pci_root, source_id);
    if (pri && iommu_above_function(m->machine.iommus, pri->pci) == unit) {
        pci_pri_respond(pri, response);
    }
}

/* All are of a maker that has the same ids for the board's emitters. */
static bool check_company(const Machine *machine, const Device *unit, GError **error)
{
    const Device *first = machine->iommus->pdata[0];
    if (iommu_class(unit)->emitter_id == iommu_class(first)->emitter_id) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                "-device %s,id=%s: '%s' is a unit of another maker: a machine has one's alone",
                unit->cls->name, unit->id, first->id);
    return false;
}

static bool build_iommu(Q35Machine *m, Device *unit, unsigned number, GError **error)
{
    Machine *machine = &m->machine;
    const IommuClass *cls = iommu_class(unit);
    if (!check_company(machine, unit, error)) {
        return false;
    }
    *cls->links(unit) = (IommuLinks){.number = number,
                                     .apic_bus = machine->apic_bus,
                                     .memory = machine->platform.memory,
                                     .invalidate = q35_invalidate,
                                     .respond_pages = q35_respond_pages,
                                     .invalidate_opaque = m,
                                     .cpus_lack_x2apic = !machine->cpu_traits.x2apic,
                                     .trusts_ioapic = q35_forgives(m, FORGIVE_IOAPIC_SID),
                                     .rereads_entries = q35_forgives(m, FORGIVE_IRTE_REREAD)};
    if (!device_realize(unit, error) || !check_registers(m, unit, number, error)) {
        return false;
    }
    Place registers = registers_of(unit);
    MemRegion *region = cls->region(unit, &registers.base);
    if (cls->place(unit)->broken != IOMMU_DEAD_UNIT) {
        as_add(machine->platform.memory, region, registers.base);
    }
    return true;
}

static void free_route(gpointer route)
{
    iommu_route_free(route);
}

bool q35_build_upstream(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    m->fabric = (Fabric){machine->platform.memory, apic_bus_sink(machine->apic_bus),
                         machine->platform.journal};
    m->emitters = g_array_new(false, false, sizeof(IommuEmitter));
    m->routes = g_hash_table_new_full(NULL, NULL, NULL, free_route);
    for (guint i = 0; i < machine->iommus->len; i++) {
        if (!build_iommu(m, machine->iommus->pdata[i], i, error)) {
            return false;
        }
    }
    return true;
}

void q35_free_upstream(Q35Machine *m)
{
    g_clear_pointer(&m->emitters, g_array_unref);
    g_clear_pointer(&m->routes, g_hash_table_unref);
}
