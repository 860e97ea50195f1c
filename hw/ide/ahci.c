/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ich9-ahci: the Serial ATA controller of an ICH9 in AHCI mode (AHCI 1.3.1; Intel ICH9 data sheet,
 * chapter 15), six ports with a drive each. Left out: port multipliers, enclosure management,
 * command completion coalescing, power states of the link, plugging while the machine runs.
 */
#include "hw/ide/ahci.h"
#include "hw/pci/msi.h"

#define AHCI_BAR   5
#define MAP_AT     0x90 /* ICH9, 15.1.30: SATA mode */
#define MAP_AHCI   0x40
#define PCS_AT     0x92
#define PORTS_MASK ((1u << ICH9_AHCI_PORTS) - 1)

IdeBus *ahci_bus(Device *dev, unsigned n)
{
    return n < ICH9_AHCI_PORTS ? &((Ahci *)dev)->port[n].bus : NULL;
}

static void init_ports(Ahci *s)
{
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        AhciPort *p = &s->port[n];
        p->hba = s;
        p->number = n;
        p->bus = (IdeBus){.controller = &s->pci.dev, .units = 1, .is_serial = true};
    }
}

static bool ahci_realize(Device *dev, GError **error)
{
    Ahci *s = (Ahci *)dev;
    init_ports(s);
    if (!msi_init(&s->pci, 1, true, false, error)) {
        return false;
    }
    ahci_regs_init(s);
    ahci_work_init(s);
    pci_register_bar(&s->pci, AHCI_BAR, PCI_BAR_MEM32, &s->bar);
    s->pci.config[MAP_AT] = MAP_AHCI;
    s->pci.writable[PCS_AT] = PORTS_MASK;
    return true;
}

static void ahci_unrealize(Device *dev)
{
    Ahci *s = (Ahci *)dev;
    timer_cancel(&s->timer);
    ahci_regs_free(s);
}

static void ahci_reset(Device *dev)
{
    ahci_hba_reset((Ahci *)dev, true);
}

/* Numbers that index: a saved state is believed nothing. */
static void ahci_restored(Device *dev)
{
    Ahci *s = (Ahci *)dev;
    pci_device_restored(&s->pci);
    s->next_port %= ICH9_AHCI_PORTS;
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        AhciPort *p = &s->port[n];
        if (p->work.busy && !port_drive(p)) {
            ahci_port_drop(p);
        }
        p->work.slot %= AHCI_SLOTS;
        p->work.tag %= ATA_TAGS;
    }
}

static void ahci_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    ahci_update_interrupt((Ahci *)pci, false);
}

static const StateField work_state[] = {
    STATE_FIELD(STATE_UINT8, AhciWork, busy),
    STATE_FIELD(STATE_UINT8, AhciWork, slot),
    STATE_FIELD(STATE_UINT8, AhciWork, tag),
    STATE_FIELD(STATE_UINT32, AhciWork, header),
    STATE_FIELD(STATE_UINT64, AhciWork, table),
    STATE_FIELD(STATE_UINT32, AhciWork, prd),
    STATE_FIELD(STATE_UINT32, AhciWork, into),
    STATE_FIELD(STATE_UINT32, AhciWork, moved),
    STATE_END,
};

static const StateField port_state[] = {
    STATE_REGFILE(AhciPort, regs),
    STATE_STRUCTS(AhciPort, work, 1, AhciWork, work_state),
    STATE_FIELD(STATE_UINT8, AhciPort, fis_waits),
    STATE_FIELD(STATE_UINT8, AhciPort, failed),
    STATE_FIELD(STATE_UINT8, AhciPort, resetting),
    STATE_END,
};

static const StateField ahci_state[] = {
    PCI_STATE,
    STATE_REGFILE(Ahci, regs),
    STATE_STRUCTS(Ahci, port, ICH9_AHCI_PORTS, AhciPort, port_state),
    STATE_FIELD(STATE_UINT32, Ahci, next_port),
    STATE_FIELD(STATE_UINT8, Ahci, line),
    STATE_FIELD(STATE_TIMER, Ahci, timer),
    STATE_NOT_SAVED(Ahci, chunk), /* within one part of a command only */
    STATE_END,
};

static const PciDeviceClass ahci_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x2922,
    .ids.subsystem_vendor_id = 0x1af4,
    .ids.subsystem_id = 0x1100,
    .ids.revision = 2,
    .ids.class_code = 0x010601,
    .interrupt_pin = 1,
    .config_written = ahci_config_written,
};

const DeviceClass ich9_ahci_class = {
    .name = "ich9-ahci",
    .alias = "ahci",
    .desc = "Serial ATA controller of an ICH9",
    .bus = BUS_PCI,
    .category = DEVICE_STORAGE,
    .user_creatable = true,
    .instance_size = sizeof(Ahci),
    .bus_props = pci_bus_props,
    .bus_class = &ahci_pci,
    .state = ahci_state,
    .realize = ahci_realize,
    .unrealize = ahci_unrealize,
    .reset = ahci_reset,
    .restored = ahci_restored,
};
