/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The southbridge's SMBus function of AMD's platforms; see amd_smbus.h. */
#include "hw/i386/amd_smbus.h"

#include "hw/pci/pci.h"

static void smbus_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const StateField smbus_state[] = {
    PCI_STATE,
    STATE_END,
};

static const PciDeviceClass smbus_pci = {
    .ids.vendor_id = 0x1022,
    .ids.device_id = 0x790b,
    .ids.revision = 0x51,
    .ids.class_code = 0x0c0500,
};

const DeviceClass amd_smbus_class = {
    .name = "amd-smbus",
    .desc = "southbridge's SMBus function of AMD's platforms",
    .bus = BUS_PCI,
    .instance_size = sizeof(PciDevice),
    .bus_props = pci_bus_props,
    .bus_class = &smbus_pci,
    .state = smbus_state,
    .restored = smbus_restored,
};
