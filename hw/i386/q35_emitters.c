/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine's emitters that are not on PCI: the IOAPIC and the HPET. */
#include "hw/i386/boot/acpi.h"
#include "hw/i386/q35_internal.h"
#include "hw/timer/hpet.h"

bool q35_build_ioapic(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    Device *dev = q35_make(m, &ioapic_class, "ioapic");
    if (machine->opts.ioapic_version &&
        !device_set_prop(dev, "version", machine->opts.ioapic_version, error)) {
        return false;
    }
    *ioapic_links(dev) = (IoapicLinks){
        .sink = q35_sink_above(m, ACPI_IOAPIC_SID),
        .requester_id = ACPI_IOAPIC_SID,
        .active_low = PIRQ_PINS,
        .any_polarity = q35_forgives(m, FORGIVE_PCI_POLARITY) ? PIRQ_PINS : 0,
    };
    if (!q35_finish(m, dev, error)) {
        return false;
    }
    as_add(machine->platform.memory, ioapic_region(dev), IOAPIC_BASE);
    apic_bus_add_eoi_listener(machine->apic_bus, ioapic_eoi, dev);
    machine->ioapic = dev;
    q35_irq_connect(m);
    return true;
}

bool q35_build_hpet(Q35Machine *m, GError **error)
{
    if (!m->hpet_on) {
        return true;
    }
    m->hpet = q35_make(m, &hpet_class, "hpet");
    *hpet_links(m->hpet) = (HpetLinks){.sink = q35_sink_above(m, ACPI_HPET_SID),
                                       .requester_id = ACPI_HPET_SID,
                                       .legacy_changed = q35_hpet_legacy_changed,
                                       .legacy_opaque = m};
    if (!q35_finish(m, m->hpet, error)) {
        return false;
    }
    as_add(m->machine.platform.memory, hpet_region(m->hpet), HPET_BASE);
    for (int pin = 0; pin < IOAPIC_PINS; pin++) {
        hpet_connect(m->hpet, pin, device_irq_in(m->machine.ioapic, "", pin));
    }
    hpet_connect_legacy(m->hpet, 0, &m->gsi[0]);
    hpet_connect_legacy(m->hpet, 1, &m->gsi[8]);
    return true;
}
