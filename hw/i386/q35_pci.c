/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine's root bus, and the chipset's functions on it. */
#include "hw/i386/amd_smbus.h"
#include "hw/i386/iommu/ivrs.h"
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"
#include "hw/ide/ide.h"

#define UNIT_FIRST 2 /* function number of the first unit's function */
#define UNIT_LAST  7
#define SATA_DEVFN PCI_DEVFN(0x1f, 2)

static void slot_released(void *opaque, PciDevice *port)
{
    machine_slot_released(opaque, port);
}

/* The southbridge's function, whose id the IOAPIC sends under. */
static bool build_southbridge(Q35Machine *m, GError **error)
{
    PciDevice *smbus = (PciDevice *)q35_make(m, &amd_smbus_class, "smbus");
    smbus->devfn = AMD_SOUTHBRIDGE_DEVFN;
    return pci_bus_attach(m->machine.pci_root, smbus, error) && q35_finish(m, &smbus->dev, error);
}

/* The function of a unit that has one: 00:00.2 and those after it, beside the host bridge. */
static bool build_unit_function(Q35Machine *m, Device *unit, unsigned number, GError **error)
{
    const IommuClass *cls = iommu_class(unit);
    if (!cls->function) {
        return true;
    }
    if (UNIT_FIRST + number > UNIT_LAST) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "-device %s,id=%s: there are %d such units already, and no function for more",
                    unit->cls->name, unit->id, UNIT_LAST - UNIT_FIRST + 1);
        return false;
    }
    g_autofree char *id = g_strdup_printf("%s-function", unit->id);
    PciDevice *function = (PciDevice *)q35_make(m, cls->function, g_intern_string(id));
    function->devfn = PCI_DEVFN(0, UNIT_FIRST + number);
    cls->link_function(unit, function);
    return pci_bus_attach(m->machine.pci_root, function, error) &&
           q35_finish(m, &function->dev, error) && (number > 0 || build_southbridge(m, error));
}

static bool build_unit_functions(Q35Machine *m, GError **error)
{
    for (guint i = 0; i < m->machine.iommus->len; i++) {
        if (!build_unit_function(m, m->machine.iommus->pdata[i], i, error)) {
            return false;
        }
    }
    return true;
}

/* 00:1f.2, beside the LPC bridge (ICH9, 5.16). Its buses are ide.0 to ide.5. */
static bool build_sata(Q35Machine *m, GError **error)
{
    if (!m->sata_on) {
        return true;
    }
    PciDevice *sata = (PciDevice *)q35_make(m, &ich9_ahci_class, "ide");
    sata->devfn = SATA_DEVFN;
    sata->multifunction = true;
    return pci_bus_attach(m->machine.pci_root, sata, error) && q35_finish(m, &sata->dev, error);
}

bool q35_build_pci(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    const PciHost host = {
        .intx_line = q35_intx_line,
        .opaque = m,
        .translated = machine->iommus->len > 0,
        .above = q35_above,
        .released = slot_released,
        .memory = machine->platform.memory,
        .ports = machine->platform.ports,
    };
    machine->pci_root = pci_root_bus_new("pcie.0", &host);
    Device *mch = m->mch = q35_make(m, &mch_class, "mch");
    m->lpc = q35_make(m, &lpc_class, "lpc");
    *lpc_links(m->lpc) = (LpcLinks){.routing_changed = q35_routing_changed, .opaque = m};
    *mch_links(mch) =
        (MchLinks){.pam = &m->pam, .adds_low_bits = q35_forgives(m, FORGIVE_CF8_LOW_BITS)};
    ((PciDevice *)mch)->devfn = PCI_DEVFN(0, 0);
    ((PciDevice *)mch)->multifunction =
        machine->iommus->len && iommu_class(machine->iommus->pdata[0])->function;
    ((PciDevice *)m->lpc)->devfn = LPC_DEVFN;
    ((PciDevice *)m->lpc)->multifunction = true;
    return pci_bus_attach(machine->pci_root, (PciDevice *)mch, error) &&
           q35_finish(m, mch, error) &&
           pci_bus_attach(machine->pci_root, (PciDevice *)m->lpc, error) &&
           q35_finish(m, m->lpc, error) && build_sata(m, error) && build_unit_functions(m, error);
}
