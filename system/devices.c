/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every device class there is, one a line. An explicit list: what can be created
 * does not depend on link order or constructors.
 */
#include <string.h>

#include "hw/acpi/pm.h"
#include "hw/block/pflash.h"
#include "hw/char/debugcon.h"
#include "hw/char/serial.h"
#include "hw/core/device.h"
#include "hw/display/ramfb.h"
#include "hw/display/vga.h"
#include "hw/dma/dsa.h"
#include "hw/hyperv/hyperv.h"
#include "hw/i386/amd_smbus.h"
#include "hw/i386/iommu/amdvi.h"
#include "hw/i386/iommu/vtd.h"
#include "hw/i386/mch.h"
#include "hw/ide/ide.h"
#include "hw/input/i8042.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/intc/uv_hub.h"
#include "hw/isa/lpc.h"
#include "hw/misc/debug_exit.h"
#include "hw/misc/intr_testdev.h"
#include "hw/misc/pc_testdev.h"
#include "hw/misc/pci_devices.h"
#include "hw/net/intel_nics.h"
#include "hw/nvme/nvme.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci-bridge/bridges.h"
#include "hw/rtc/mc146818.h"
#include "hw/scsi/scsi_bus.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "hw/virtio/virtio_devices.h"

/* clang-format off */
const DeviceClass *const device_classes[] = {
    &amd_smbus_class,
    &amdvi_class,
    &amdvi_function_class,
    &apic_class,
    &debug_exit_class,
    &debugcon_class,
    &dsa_class,
    &e1000_class,
    &e1000e_class,
    &edu_class,
    &fw_cfg_class,
    &hpet_class,
    &hyperv_class,
    &hyperv_testdev_class,
    &i6300esb_class,
    &i8042_class,
    &i8254_class,
    &i8259_class,
    &ich9_ahci_class,
    &ide_cd_class,
    &ide_hd_class,
    &igb_class,
    &intr_testdev_class,
    &ioapic_class,
    &lpc_class,
    &mc146818_class,
    &mch_class,
    &nvme_class,
    &nvme_ns_class,
    &pc_testdev_class,
    &pci_bridge_class,
    &pci_serial_class,
    &pci_testdev_class,
    &pcie_pci_bridge_class,
    &pcie_root_port_class,
    &pflash_class,
    &pm_class,
    &pxb_pcie_class,
    &ramfb_class,
    &scsi_cd_class,
    &scsi_hd_class,
    &serial_class,
    &uv_hub_class,
    &vga_class,
    &virtconsole_class,
    &virtio_blk_class,
    &virtio_keyboard_class,
    &virtio_mouse_class,
    &virtio_net_class,
    &virtio_rng_class,
    &virtio_scsi_class,
    &virtio_9p_class,
    &virtio_serial_class,
    &virtio_tablet_class,
    &virtserialport_class,
    &vmd_class,
    &vtd_class,
    &x3130_upstream_class,
    &xio3130_downstream_class,
    NULL,
};
/* clang-format on */

const DeviceClass *device_class_find(const char *name)
{
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (strcmp((*cls)->name, name) == 0 ||
            ((*cls)->alias && strcmp((*cls)->alias, name) == 0)) {
            return *cls;
        }
    }
    return NULL;
}
