/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine's remapping units: what each is given, and who is above a requester. */
#include "hw/i386/iommu/iommu.h"
#include "hw/i386/q35_internal.h"

/* What is above a requester: the remapping unit that it is under, or the fabric in its place. */
Upstream q35_above(void *opaque, uint16_t requester_id)
{
    Q35Machine *m = opaque;
    Device *unit = iommu_list_above(m->machine.iommus, requester_id);
    return unit ? iommu_class(unit)->upstream(unit) : fabric_upstream(&m->fabric);
}

IntrSink q35_sink_above(Q35Machine *m, uint16_t source_id)
{
    Device *unit = iommu_list_above(m->machine.iommus, source_id);
    return unit ? iommu_class(unit)->sink(unit) : m->fabric.apic;
}

/* A unit whose scope is not set takes everything; IOAPICs and HPETs are named all the same, so that
 * the guest knows their source ids. */
static bool build_iommu(Q35Machine *m, Device *unit, unsigned number, GError **error)
{
    Machine *machine = &m->machine;
    const IommuClass *cls = iommu_class(unit);
    IommuLinks *links = cls->links(unit);
    IommuScope scope = links->scope;
    if (!scope.include_all && !scope.count) {
        scope =
            (IommuScope){.include_all = true, .entries = m->emitters, .count = m->emitter_count};
    }
    *links = (IommuLinks){.scope = scope,
                          .number = number,
                          .apic_bus = machine->apic_bus,
                          .memory = machine->platform.memory,
                          .cpus_lack_x2apic = !machine->cpu_traits.x2apic,
                          .trusts_ioapic = q35_forgives(m, FORGIVE_IOAPIC_SID),
                          .rereads_entries = q35_forgives(m, FORGIVE_IRTE_REREAD)};
    if (!device_realize(unit, error)) {
        return false;
    }
    uint64_t base;
    MemRegion *region = cls->region(unit, &base);
    as_add(machine->platform.memory, region, base);
    return true;
}

bool q35_build_upstream(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    m->fabric = (Fabric){machine->platform.memory, apic_bus_sink(machine->apic_bus),
                         machine->platform.journal};
    for (guint i = 0; i < machine->iommus->len; i++) {
        if (!build_iommu(m, machine->iommus->pdata[i], i, error)) {
            return false;
        }
    }
    return true;
}
