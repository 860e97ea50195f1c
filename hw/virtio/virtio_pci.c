/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI (Virtio 1.1, 4.1): BARs, capabilities, vectors and interrupts. The registers
 * themselves are in virtio_pci_regs.c. Left out: separate notification pages, shared memory.
 *
 * BAR 0 legacy I/O, BAR 1 MSI-X, BAR 4 the modern structures, a page each. Drivers find them by
 * the capabilities; the arrangement is QEMU's.
 */
#include "hw/virtio/virtio_pci.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

#include "hw/pci/msi.h"
#include "hw/virtio/virtio_pci_internal.h"

#define LEGACY_BAR         0
#define MSIX_BAR           1
#define MODERN_BAR         4
#define MODERN_DEVICE_BASE 0x1040
#define MODERN_REVISION    1
#define MODERN_SUBSYSTEM   0x1100
#define CAP_SIZE           16
#define NOTIFY_CAP_SIZE    20
#define CFG_CAP_SIZE       20

const StateField virtio_pci_state[] = {
    PCI_STATE,
    STATE_STRUCTS(VirtioPci, virtio, 1, VirtioDevice, virtio_state),
    STATE_FIELD(STATE_UINT32, VirtioPci, device_feature_select),
    STATE_FIELD(STATE_UINT32, VirtioPci, driver_feature_select),
    STATE_FIELD(STATE_UINT64, VirtioPci, driver_features),
    STATE_FIELD(STATE_UINT16, VirtioPci, queue_select),
    STATE_FIELD(STATE_UINT16, VirtioPci, config_vector),
    STATE_FIELD(STATE_UINT8, VirtioPci, isr),
    STATE_END,
};

static MemResult virtio_pci_dma_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return pci_dma_read(opaque, addr, buf, len);
}

static MemResult virtio_pci_dma_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    return pci_dma_write(opaque, addr, buf, len);
}

/* 4.1.5.1: with MSI-X a message, else the ISR byte and the pin. A driver that gives no vector wants
 * no interrupt. */
static void signal_driver(void *transport, int n)
{
    VirtioPci *vp = transport;
    vp->isr |= n < 0 ? VIRTIO_PCI_ISR_CONFIG : 1;
    if (msix_enabled(&vp->pci)) {
        uint16_t vector = n < 0 ? vp->config_vector : vp->virtio.queues[n].vector;
        if (vector != VIRTIO_NO_VECTOR) {
            msix_notify(&vp->pci, vector);
        }
    } else {
        pci_set_intx(&vp->pci, true);
    }
}

void virtio_pci_init(VirtioPci *vp, const VirtioOps *ops)
{
    vp->virtio.ops = ops;
    vp->virtio.opaque = vp;
    vp->virtio.name = vp->pci.dev.id;
    vp->virtio.trace = vp->pci.dev.platform->trace;
    vp->virtio.mem =
        (VirtMem){.read = virtio_pci_dma_read, .write = virtio_pci_dma_write, .opaque = &vp->pci};
    vp->virtio.signal = signal_driver;
    vp->virtio.transport = vp;
    virtio_init_work(&vp->virtio, vp->pci.dev.platform->clock);
}

static bool wants_platform_access(const VirtioPci *vp)
{
    if (vp->iommu_platform == ONOFF_AUTO) {
        return pci_is_translated(&vp->pci);
    }
    return vp->iommu_platform == ONOFF_ON;
}

static bool has_legacy(const VirtioPci *vp)
{
    return vp->disable_legacy != ONOFF_ON && vp->virtio.ops->transitional_id != 0;
}

static void offer_features(VirtioPci *vp)
{
    uint64_t features = 0;
    if (!vp->disable_modern) {
        features |= VIRTIO_FEATURE(VIRTIO_F_VERSION_1);
        features |= wants_platform_access(vp) ? VIRTIO_FEATURE(VIRTIO_F_ACCESS_PLATFORM) : 0;
    }
    features |= has_legacy(vp) ? VIRTIO_FEATURE(VIRTIO_F_ANY_LAYOUT) : 0;
    features |= vp->event_idx ? VIRTIO_FEATURE(VIRTIO_RING_F_EVENT_IDX) : 0;
    features |= vp->indirect_desc ? VIRTIO_FEATURE(VIRTIO_RING_F_INDIRECT_DESC) : 0;
    vp->virtio.offered |= features;
}

/* 4.1.2: drivers tell the forms apart by device id and revision. */
static void set_identity(VirtioPci *vp)
{
    const VirtioOps *ops = vp->virtio.ops;
    uint8_t *config = vp->pci.config;
    pci_set_word(&config[PCI_SUBSYSTEM_VENDOR_ID], VIRTIO_PCI_VENDOR);
    if (has_legacy(vp)) {
        pci_set_word(&config[PCI_DEVICE_ID], ops->transitional_id);
        pci_set_word(&config[PCI_SUBSYSTEM_ID], ops->device_id);
    } else {
        pci_set_word(&config[PCI_DEVICE_ID], MODERN_DEVICE_BASE + ops->device_id);
        pci_set_word(&config[PCI_SUBSYSTEM_ID], MODERN_SUBSYSTEM);
        config[PCI_REVISION_ID] = MODERN_REVISION;
    }
}

/* 4.1.4: one vendor capability a structure. */
static uint8_t add_structure(VirtioPci *vp, uint8_t type, uint8_t cap_size, uint32_t offset,
                             uint32_t length)
{
    uint8_t cap = pci_add_capability(&vp->pci, PCI_CAP_ID_VNDR, cap_size);
    uint8_t *config = &vp->pci.config[cap];
    config[VIRTIO_PCI_CAP_LEN] = cap_size;
    config[VIRTIO_PCI_CAP_CFG_TYPE] = type;
    config[VIRTIO_PCI_CAP_BAR] = MODERN_BAR;
    pci_set_long(&config[VIRTIO_PCI_CAP_OFFSET], offset);
    pci_set_long(&config[VIRTIO_PCI_CAP_LENGTH], length);
    return cap;
}

static void add_cfg_window(VirtioPci *vp)
{
    uint8_t cap = add_structure(vp, VIRTIO_PCI_CAP_PCI_CFG, CFG_CAP_SIZE, 0, 0);
    uint8_t *writable = &vp->pci.writable[cap];
    vp->cfg_cap = cap;
    vp->pci.config[cap + VIRTIO_PCI_CAP_BAR] = 0;
    writable[VIRTIO_PCI_CAP_BAR] = 0xff;
    pci_set_long(&writable[VIRTIO_PCI_CAP_OFFSET], 0xffffffff);
    pci_set_long(&writable[VIRTIO_PCI_CAP_LENGTH], 0xffffffff);
    pci_set_long(&writable[CAP_SIZE], 0xffffffff);
}

static void add_modern(VirtioPci *vp)
{
    add_structure(vp, VIRTIO_PCI_CAP_COMMON_CFG, CAP_SIZE, VIRTIO_COMMON_AT, VIRTIO_PART_SIZE);
    add_structure(vp, VIRTIO_PCI_CAP_ISR_CFG, CAP_SIZE, VIRTIO_ISR_AT, VIRTIO_PART_SIZE);
    if (vp->virtio.config_size > 0) {
        add_structure(vp, VIRTIO_PCI_CAP_DEVICE_CFG, CAP_SIZE, VIRTIO_DEVICE_AT, VIRTIO_PART_SIZE);
    }
    uint8_t notify = add_structure(vp, VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY_CAP_SIZE, VIRTIO_NOTIFY_AT,
                                   VIRTIO_PART_SIZE);
    pci_set_long(&vp->pci.config[notify + VIRTIO_PCI_NOTIFY_CAP_MULT], VIRTIO_NOTIFY_STRIDE);
    add_cfg_window(vp);
    pci_register_bar(&vp->pci, MODERN_BAR, PCI_BAR_MEM64_PREFETCH, &vp->modern_region);
}

static bool add_vectors(VirtioPci *vp, GError **error)
{
    unsigned vectors = vp->vectors;
    if (vectors == VIRTIO_VECTORS_AUTO) {
        vectors = MIN(vp->virtio.queue_count + 1, PCI_MSIX_MAX_VECTORS);
    }
    return vectors == 0 || msix_init(&vp->pci, vectors, MSIX_BAR, error);
}

bool virtio_pci_realize(VirtioPci *vp, GError **error)
{
    if (!has_legacy(vp) && vp->disable_modern) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: disable-legacy=on and disable-modern=on leave no interface; turn one off",
                    vp->pci.dev.id);
        return false;
    }
    if (vp->disable_modern && vp->iommu_platform == ONOFF_ON) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: iommu_platform=on needs the modern interface; use disable-modern=off",
                    vp->pci.dev.id);
        return false;
    }
    offer_features(vp);
    set_identity(vp);
    if (!add_vectors(vp, error)) {
        return false;
    }
    virtio_pci_init_registers(vp);
    if (has_legacy(vp)) {
        pci_register_bar(&vp->pci, LEGACY_BAR, PCI_BAR_IO, &vp->legacy_region);
    }
    if (!vp->disable_modern) {
        add_modern(vp);
    }
    return true;
}

void virtio_pci_unrealize(Device *dev)
{
    VirtioPci *vp = (VirtioPci *)dev;
    timer_cancel(&vp->virtio.work);
    regfile_free(&vp->common);
    regfile_free(&vp->legacy);
}

void virtio_pci_reset_transport(VirtioPci *vp)
{
    virtio_reset(&vp->virtio);
    vp->device_feature_select = vp->driver_feature_select = 0;
    vp->driver_features = 0;
    vp->queue_select = 0;
    vp->config_vector = VIRTIO_NO_VECTOR;
    vp->isr = 0;
    pci_set_intx(&vp->pci, false);
}

void virtio_pci_reset(Device *dev)
{
    virtio_pci_reset_transport((VirtioPci *)dev);
}

void virtio_pci_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

/* 4.1.4.7: the window that the capability describes now; false if it is not a valid one. */
static bool cfg_window(const VirtioPci *vp, uint32_t *offset, unsigned *length)
{
    const uint8_t *cap = &vp->pci.config[vp->cfg_cap];
    *offset = pci_get_long(cap + VIRTIO_PCI_CAP_OFFSET);
    *length = pci_get_long(cap + VIRTIO_PCI_CAP_LENGTH);
    return cap[VIRTIO_PCI_CAP_BAR] == MODERN_BAR &&
           (*length == 1 || *length == 2 || *length == 4) && (*offset & (*length - 1)) == 0 &&
           *offset < VIRTIO_MODERN_SIZE;
}

static bool touches_cfg_data(const VirtioPci *vp, uint32_t offset, unsigned size)
{
    uint32_t data = vp->cfg_cap + CAP_SIZE;
    return vp->cfg_cap != 0 && offset < data + 4 && data < offset + size;
}

void virtio_pci_config_reading(PciDevice *pci, uint32_t offset, unsigned size)
{
    VirtioPci *vp = (VirtioPci *)pci;
    uint32_t where;
    unsigned length;
    if (touches_cfg_data(vp, offset, size) && cfg_window(vp, &where, &length)) {
        uint64_t value = virtio_modern_ops.read(vp, where, length);
        pci_set_long(&pci->config[vp->cfg_cap + CAP_SIZE], (uint32_t)value);
    }
}

void virtio_pci_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    VirtioPci *vp = (VirtioPci *)pci;
    uint32_t where;
    unsigned length;
    if (touches_cfg_data(vp, offset, size) && cfg_window(vp, &where, &length)) {
        uint32_t data = pci_get_long(&pci->config[vp->cfg_cap + CAP_SIZE]);
        virtio_modern_ops.write(vp, where, data & (0xffffffffu >> (32 - 8 * length)), length);
    }
}
