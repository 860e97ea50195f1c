/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine as firmware tables tell of it: ACPI, and MultiProcessor specification 1.4. */
#include "display/display.h"
#include "hw/acpi/pm.h"
#include "hw/i386/boot/mptable.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
#include "hw/pci-bridge/bridges.h"
#include "hw/timer/hpet.h"

/* Local APIC ids, cpu_count of them. */
static uint32_t *apic_ids(const Q35Machine *m)
{
    uint32_t *ids = g_new(uint32_t, m->machine.cpu_count);
    for (unsigned i = 0; i < m->machine.cpu_count; i++) {
        ids[i] = q35_apic_id(m, i);
    }
    return ids;
}

/* The ids of those that are there, in place; how many. */
static unsigned keep_present(const Q35Machine *m, uint32_t *ids)
{
    unsigned count = 0;
    for (unsigned i = 0; i < m->machine.cpu_count; i++) {
        if (machine_cpu_is_present(&m->machine, i)) {
            ids[count++] = ids[i];
        }
    }
    return count;
}

/* Which places are empty; NULL if none can be, now or later. */
static bool *absent_cpus(const Q35Machine *m)
{
    bool *absent = m->cpu_hotplug ? g_new(bool, m->machine.cpu_count) : NULL;
    for (unsigned i = 0; absent && i < m->machine.cpu_count; i++) {
        absent[i] = !machine_cpu_is_present(&m->machine, i);
    }
    return absent;
}

static int ioapic_pin_of_pci(uint8_t devfn, int pin)
{
    return PIRQ_GSI + q35_pirq_of(devfn, pin);
}

/* Of IOAPICs and root buses, only the board's own: the pins that this table tells of are there. */
void q35_write_mptable(Q35Machine *m)
{
    enum { APIC_XAPIC = 0x14 };
    const Machine *machine = &m->machine;
    Device *ioapic = machine->ioapics->pdata[0];
    g_autofree uint32_t *ids = apic_ids(m);
    unsigned cpus = keep_present(m, ids);
    Vcpu *first = machine->cpus[0];
    CpuidResult cpuid = first->ops->cpuid ? first->ops->cpuid(first, 1, 0) : (CpuidResult){0};
    const MpInfo info = {
        .apic_ids = ids,
        .cpus = cpus,
        .cpu_signature = cpuid.eax,
        .cpu_features = cpuid.edx,
        .apic_version = APIC_XAPIC,
        .apic_base = INTR_WINDOW_BASE,
        .ioapic_id = ioapic_place(ioapic)->id,
        .ioapic_version = ioapic_version(ioapic),
        .ioapic_base = IOAPIC_BASE,
        .sci_irq = PM_SCI_IRQ,
        .pci_buses = m->pci_buses,
        .pci_pin = ioapic_pin_of_pci,
    };
    g_autoptr(GByteArray) table = mptable_build(&info, MP_ADDRESS);
    as_write(machine->platform.memory, MP_ADDRESS, table->data, table->len);
}

static void list_ioapics(const Machine *machine, AcpiInfo *info)
{
    for (guint i = 0; i < machine->ioapics->len; i++) {
        const IoapicPlace *place = ioapic_place(machine->ioapics->pdata[i]);
        info->ioapics[info->ioapic_count++] =
            (AcpiIoapic){.id = place->id, .base = place->base, .gsi_base = place->gsi_base};
    }
}

static void list_hpets(const Q35Machine *m, AcpiInfo *info)
{
    for (unsigned i = 0; i < m->hpet_count; i++) {
        uint64_t base = *hpet_base(m->hpets[i]);
        info->hpets[info->hpet_count++] = (AcpiHpet){
            .hardware_id = (uint32_t)as_load(m->machine.platform.memory, base, 4, NULL),
            .base = base,
            .number = (uint8_t)i,
        };
    }
}

static void list_root(PciBus *root, void *opaque)
{
    const PciDevice *expander = pci_bus_holder(root);
    AcpiRoot one = {.first = pci_bus_number(root), .last = pci_root_last(root)};
    if (expander) {
        one.has_domain = expander_proximity(expander, &one.domain);
        for (PciWindowKind kind = 0; kind < PCI_WINDOWS; kind++) {
            one.window[kind] = pci_root_window(root, kind);
        }
    } else {
        one.window[PCI_WINDOW_IO] = (PciWindow){0, UINT16_MAX};
        one.window[PCI_WINDOW_MEM] = (PciWindow){MEM32_BASE, MEM32_LIMIT};
        one.window[PCI_WINDOW_PREFETCH] = (PciWindow){MEM64_BASE, MEM64_LIMIT};
    }
    g_array_append_val((GArray *)opaque, one);
}

GByteArray *q35_acpi_tables(Q35Machine *m, uint64_t base, AcpiLinks *links)
{
    Machine *machine = &m->machine;
    g_autofree uint32_t *ids = apic_ids(m);
    g_autofree bool *absent = absent_cpus(m);
    g_autoptr(GArray) roots = g_array_new(false, false, sizeof(AcpiRoot));
    pci_roots_foreach(machine->pci_root, list_root, roots);
    AcpiInfo info = {
        .apic_ids = ids,
        .cpus = machine->cpu_count,
        .absent = absent,
        .ecam_base = mch_ecam_base(m->mch),
        .roots = (const AcpiRoot *)roots->data,
        .root_count = roots->len,
        .vga = display_has_screen(backends_display(machine->platform.backends)),
        .iommus = machine->iommus,
        .numa = machine->opts.numa,
        .ram_low = m->ram_low.size,
        .extra = machine->opts.acpi_tables,
    };
    list_ioapics(machine, &info);
    list_hpets(m, &info);
    q35_tell_scopes(m);
    GByteArray *tables = acpi_build(&info, base, links);
    g_assert(tables->len <= ACPI_AREA);
    return tables;
}
