/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual functions (82576, 7.10.2 and 9.6): two queues each way of the physical function's,
 * interrupts of their own, half a mailbox. What else a driver wants it asks the physical function's
 * for. */
#include "hw/net/igb_internal.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

#define VF_MSIX_BAR 3

static uint64_t vf_read(void *opaque, uint64_t offset, unsigned size)
{
    IgbVf *vf = opaque;
    Igb *n = vf->igb;
    uint32_t reg;
    uint64_t value = 0;
    IgbQueue *q = igb_queue_of_vf(n, vf->pci.vf_index, (uint32_t)offset, &reg);
    if (n->busy) {
        return UINT64_MAX;
    }
    if (q) {
        regfile_read(&q->regs, reg, size, &value);
    } else if (igb_intr_has(&vf->intr, (uint32_t)offset & ~3u)) {
        regfile_read(&vf->intr.regs, (uint32_t)offset - IGB_INTR_FIRST, size, &value);
    } else if (offset >= IGBVF_VMBMEM && offset < IGBVF_VMBMEM + 4 * IGB_MAIL_WORDS) {
        value = n->mail[vf->pci.vf_index * IGB_MAIL_WORDS + (offset - IGBVF_VMBMEM) / 4];
    } else if (offset == IGBVF_STATUS) {
        value = igb_reg(n, IGB_STATUS);
    } else if (offset == IGBVF_MAILBOX) {
        value = igb_v2p_read(n, vf->pci.vf_index);
    }
    return value;
}

static void vf_reset(IgbVf *vf)
{
    igb_intr_reset(&vf->intr);
    igb_vf_was_reset(vf->igb, vf->pci.vf_index);
}

static void vf_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IgbVf *vf = opaque;
    Igb *n = vf->igb;
    uint32_t reg;
    IgbQueue *q = igb_queue_of_vf(n, vf->pci.vf_index, (uint32_t)offset, &reg);
    if (n->busy || size != 4 || offset % 4 != 0) {
        return;
    }
    if (q) {
        regfile_write(&q->regs, reg, size, value);
    } else if (igb_intr_has(&vf->intr, (uint32_t)offset)) {
        regfile_write(&vf->intr.regs, (uint32_t)offset - IGB_INTR_FIRST, size, value);
    } else if (offset >= IGBVF_VMBMEM && offset < IGBVF_VMBMEM + 4 * IGB_MAIL_WORDS) {
        n->mail[vf->pci.vf_index * IGB_MAIL_WORDS + (offset - IGBVF_VMBMEM) / 4] = (uint32_t)value;
    } else if (offset == IGBVF_CTRL && (value & CTRL_RST)) {
        vf_reset(vf);
    } else if (offset == IGBVF_MAILBOX) {
        igb_v2p_written(n, vf->pci.vf_index, (uint32_t)value);
    }
}

static const MemOps vf_ops = {.read = vf_read, .write = vf_write, .min_size = 1, .max_size = 4};

static bool igbvf_realize(Device *dev, GError **error)
{
    IgbVf *vf = (IgbVf *)dev;
    igb_intr_init(&vf->intr, &vf->pci, IGBVF_VECTORS);
    pcie_add_capability(&vf->pci, &(PcieSetup){.type = pcie_endpoint_type(&vf->pci), .flr = true});
    vf->mmio = (MemRegion){
        .name = "igbvf", .size = IGBVF_SPAN, .kind = MEM_IO, .ops = &vf_ops, .opaque = vf};
    pci_register_bar(&vf->pci, 0, PCI_BAR_MEM64, &vf->mmio);
    if (!msix_init(&vf->pci, IGBVF_VECTORS, VF_MSIX_BAR, error)) {
        igb_intr_free(&vf->intr);
        return false;
    }
    return true;
}

static void igbvf_unrealize(Device *dev)
{
    igb_intr_free(&((IgbVf *)dev)->intr);
}

static void igbvf_reset(Device *dev)
{
    vf_reset((IgbVf *)dev);
}

static void igbvf_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    IgbVf *vf = (IgbVf *)pci;
    igb_intr_update(&vf->intr);
    igb_kick(vf->igb);
}

static void igbvf_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const StateField igbvf_state[] = {
    PCI_STATE,
    STATE_STRUCTS(IgbVf, intr, 1, IgbIntr, igb_intr_state),
    STATE_END,
};

static const PciDeviceClass igbvf_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x10ca,
    .ids.subsystem_vendor_id = 0x8086,
    .ids.subsystem_id = 0xa03c,
    .ids.revision = 1,
    .ids.class_code = 0x020000,
    .express = true,
    .config_written = igbvf_config_written,
};

/* Made by its physical function. */
const DeviceClass igbvf_class = {
    .name = "igbvf",
    .desc = "Virtual function of an Intel 82576",
    .bus = BUS_PCI,
    .instance_size = sizeof(IgbVf),
    .bus_props = pci_bus_props,
    .bus_class = &igbvf_pci,
    .state = igbvf_state,
    .realize = igbvf_realize,
    .unrealize = igbvf_unrealize,
    .reset = igbvf_reset,
    .restored = igbvf_restored,
};
