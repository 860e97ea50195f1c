/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the PCI function that a unit is, too: the capability block that tells where its registers
 * are (3.2), and the MSI capability of its interrupts. Firmware has set the base address and locked
 * it (3.2.2), so that software can only read the block.
 */
#include "hw/i386/iommu/amd/unit.h"
#include "hw/pci/msi.h"

#define CAP_ID         0x0f
#define CAP_BYTES      0x18
#define CAP_HEADER     0x00
#define CAP_BASE_LOW   0x04
#define CAP_BASE_HIGH  0x08
#define CAP_RANGE      0x0c
#define CAP_MISC0      0x10
#define CAP_TYPE_IOMMU (3u << 16)
#define CAP_REVISION   (1u << 19)
#define CAP_IOTLB_SUP  (1u << 24)
#define CAP_EFR_SUP    (1u << 27)
#define BASE_ENABLE    1u
/* MISC0: widths of addresses. */
#define MISC0_PA_SIZE 8, 7
#define MISC0_VA_SIZE 15, 7
#define PA_BITS       52
#define VA_BITS       64

typedef struct {
    PciDevice pci;
    AmdviState *unit;
    uint8_t cap;
} AmdviFunction;

void amdvi_link_function(Device *dev, PciDevice *function)
{
    AmdviState *s = (AmdviState *)dev;
    ((AmdviFunction *)function)->unit = s;
    s->signals.function = function;
}

uint8_t amdvi_function_capability(const PciDevice *function)
{
    return ((const AmdviFunction *)function)->cap;
}

static bool function_realize(Device *dev, GError **error)
{
    AmdviFunction *f = (AmdviFunction *)dev;
    uint64_t base;
    iommu_class(&f->unit->dev)->region(&f->unit->dev, &base);
    f->cap = pci_add_capability(&f->pci, CAP_ID, CAP_BYTES);
    uint8_t *cap = &f->pci.config[f->cap];
    pci_set_long(cap + CAP_HEADER, pci_get_long(cap) | CAP_TYPE_IOMMU | CAP_REVISION | CAP_EFR_SUP |
                                       (f->unit->props.device_iotlb ? CAP_IOTLB_SUP : 0));
    pci_set_long(cap + CAP_BASE_LOW, (uint32_t)base | BASE_ENABLE);
    pci_set_long(cap + CAP_BASE_HIGH, (uint32_t)(base >> 32));
    pci_set_long(cap + CAP_MISC0,
                 (uint32_t)(field_put(PA_BITS, MISC0_PA_SIZE) | field_put(VA_BITS, MISC0_VA_SIZE)));
    return msi_init(&f->pci, 1, true, false, error);
}

static void function_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const StateField function_state[] = {
    PCI_STATE,
    STATE_END,
};

static const PciDeviceClass function_pci = {
    .ids.vendor_id = 0x1022,
    .ids.device_id = 0x1451,
    .ids.class_code = 0x080600,
    .interrupt_pin = 1,
};

const DeviceClass amdvi_function_class = {
    .name = "amd-iommu-pci",
    .desc = "AMD-Vi unit's PCI function",
    .bus = BUS_PCI,
    .instance_size = sizeof(AmdviFunction),
    .bus_props = pci_bus_props,
    .bus_class = &function_pci,
    .state = function_state,
    .realize = function_realize,
    .restored = function_restored,
};
