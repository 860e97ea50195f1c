/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of virtio over PCI: the common configuration structure (Virtio 1.1, 4.1.4.3), ISR,
 * notifications, and the legacy layout (4.1.4.8). Most are banked by a select register, so rows
 * have hooks and the register file stores nothing.
 *
 * While a device serves a queue its registers do not answer: the only access then is its own DMA,
 * which would enter it a second time.
 */
#include <linux/virtio_pci.h>

#include "hw/pci/msi.h"
#include "hw/virtio/virtio_pci_internal.h"

#define ALL_ONES         (~0ull)
#define LEGACY_PFN_SHIFT VIRTIO_PCI_QUEUE_ADDR_SHIFT

static VirtQueue *selected_queue(VirtioPci *vp)
{
    return vp->queue_select < vp->virtio.queue_count ? &vp->virtio.queues[vp->queue_select] : NULL;
}

/* The bytes the guest wrote, laid over the old value. */
static uint64_t merge(uint64_t old, uint64_t written, uint64_t mask)
{
    return (old & ~mask) | written;
}

static uint32_t select_half(uint64_t features, uint32_t select)
{
    return select < 2 ? (uint32_t)(features >> (32 * select)) : 0;
}

static uint64_t read_feature_select(void *opaque, const RegRow *row, uint64_t value)
{
    VirtioPci *vp = opaque;
    return row->offset == VIRTIO_PCI_COMMON_DFSELECT ? vp->device_feature_select
                                                     : vp->driver_feature_select;
}

static void feature_select_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                   uint64_t written, uint64_t mask)
{
    VirtioPci *vp = opaque;
    uint32_t *select = row->offset == VIRTIO_PCI_COMMON_DFSELECT ? &vp->device_feature_select
                                                                 : &vp->driver_feature_select;
    *select = (uint32_t)merge(*select, written, mask);
}

static uint64_t read_device_feature(void *opaque, const RegRow *row, uint64_t value)
{
    VirtioPci *vp = opaque;
    return select_half(vp->virtio.offered, vp->device_feature_select);
}

static uint64_t read_driver_feature(void *opaque, const RegRow *row, uint64_t value)
{
    VirtioPci *vp = opaque;
    return select_half(vp->driver_features, vp->driver_feature_select);
}

static void driver_feature_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                   uint64_t written, uint64_t mask)
{
    VirtioPci *vp = opaque;
    if (vp->driver_feature_select < 2) {
        unsigned shift = 32 * vp->driver_feature_select;
        vp->driver_features = merge(vp->driver_features, written << shift, mask << shift);
        virtio_set_features(&vp->virtio, vp->driver_features, false);
    }
}

/* 4.1.5.1.2: a vector that does not exist reads back as none. */
static uint16_t usable_vector(const VirtioPci *vp, uint64_t vector)
{
    return vector < vp->pci.msix.vectors ? (uint16_t)vector : VIRTIO_NO_VECTOR;
}

static uint64_t read_config_vector(void *opaque, const RegRow *row, uint64_t value)
{
    return ((VirtioPci *)opaque)->config_vector;
}

static void config_vector_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                  uint64_t written, uint64_t mask)
{
    VirtioPci *vp = opaque;
    vp->config_vector = usable_vector(vp, merge(vp->config_vector, written, mask));
}

static uint64_t read_num_queues(void *opaque, const RegRow *row, uint64_t value)
{
    return ((VirtioPci *)opaque)->virtio.queue_count;
}

static uint64_t read_status(void *opaque, const RegRow *row, uint64_t value)
{
    return ((VirtioPci *)opaque)->virtio.status;
}

static void status_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                           uint64_t written, uint64_t mask)
{
    VirtioPci *vp = opaque;
    if (written == 0) {
        virtio_pci_reset_transport(vp);
    } else {
        virtio_set_status(&vp->virtio, (uint8_t)written);
    }
}

static uint64_t read_generation(void *opaque, const RegRow *row, uint64_t value)
{
    return ((VirtioPci *)opaque)->virtio.generation;
}

static uint64_t read_queue_select(void *opaque, const RegRow *row, uint64_t value)
{
    return ((VirtioPci *)opaque)->queue_select;
}

static void queue_select_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                 uint64_t written, uint64_t mask)
{
    VirtioPci *vp = opaque;
    vp->queue_select = (uint16_t)merge(vp->queue_select, written, mask);
}

static uint64_t read_queue_size(void *opaque, const RegRow *row, uint64_t value)
{
    const VirtQueue *q = selected_queue(opaque);
    return q ? q->size : 0;
}

static void queue_size_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                               uint64_t written, uint64_t mask)
{
    VirtQueue *q = selected_queue(opaque);
    if (!q || q->enabled) {
        return;
    }
    uint64_t size = merge(q->size, written, mask);
    if (size > 0 && size <= q->max_size && (size & (size - 1)) == 0) {
        q->size = (uint16_t)size;
    }
}

static uint64_t read_queue_vector(void *opaque, const RegRow *row, uint64_t value)
{
    const VirtQueue *q = selected_queue(opaque);
    return q ? q->vector : VIRTIO_NO_VECTOR;
}

static void queue_vector_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                 uint64_t written, uint64_t mask)
{
    VirtQueue *q = selected_queue(opaque);
    if (q) {
        q->vector = usable_vector(opaque, merge(q->vector, written, mask));
    }
}

static uint64_t read_queue_enable(void *opaque, const RegRow *row, uint64_t value)
{
    const VirtQueue *q = selected_queue(opaque);
    return q && q->enabled;
}

/* Only a reset disables a queue (4.1.4.3.2). */
static void queue_enable_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                 uint64_t written, uint64_t mask)
{
    VirtQueue *q = selected_queue(opaque);
    if (q && (written & 1) != 0) {
        q->enabled = true;
    }
}

static uint64_t read_queue_notify_off(void *opaque, const RegRow *row, uint64_t value)
{
    return ((VirtioPci *)opaque)->queue_select;
}

static uint64_t *queue_address(VirtQueue *q, const RegRow *row)
{
    switch (row->offset) {
    case VIRTIO_PCI_COMMON_Q_DESCLO:
        return &q->desc;
    case VIRTIO_PCI_COMMON_Q_AVAILLO:
        return &q->driver;
    default:
        return &q->device;
    }
}

static uint64_t read_queue_address(void *opaque, const RegRow *row, uint64_t value)
{
    VirtQueue *q = selected_queue(opaque);
    return q ? *queue_address(q, row) : 0;
}

static void queue_address_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                  uint64_t written, uint64_t mask)
{
    VirtQueue *q = selected_queue(opaque);
    if (q && !q->enabled) {
        uint64_t *address = queue_address(q, row);
        *address = merge(*address, written, mask);
    }
}

#define RO(name_, offset_, width_, read_)                                                          \
    {                                                                                              \
        .name = name_, .offset = offset_, .width = width_, .read = read_                           \
    }
#define RW(name_, offset_, width_, read_, written_)                                                \
    {                                                                                              \
        .name = name_, .offset = offset_, .width = width_, .read = read_, .written = written_      \
    }

static const RegRow common_rows[] = {
    RW("device_feature_select", VIRTIO_PCI_COMMON_DFSELECT, 4, read_feature_select,
       feature_select_written),
    RO("device_feature", VIRTIO_PCI_COMMON_DF, 4, read_device_feature),
    RW("driver_feature_select", VIRTIO_PCI_COMMON_GFSELECT, 4, read_feature_select,
       feature_select_written),
    RW("driver_feature", VIRTIO_PCI_COMMON_GF, 4, read_driver_feature, driver_feature_written),
    RW("config_msix_vector", VIRTIO_PCI_COMMON_MSIX, 2, read_config_vector, config_vector_written),
    RO("num_queues", VIRTIO_PCI_COMMON_NUMQ, 2, read_num_queues),
    RW("device_status", VIRTIO_PCI_COMMON_STATUS, 1, read_status, status_written),
    RO("config_generation", VIRTIO_PCI_COMMON_CFGGENERATION, 1, read_generation),
    RW("queue_select", VIRTIO_PCI_COMMON_Q_SELECT, 2, read_queue_select, queue_select_written),
    RW("queue_size", VIRTIO_PCI_COMMON_Q_SIZE, 2, read_queue_size, queue_size_written),
    RW("queue_msix_vector", VIRTIO_PCI_COMMON_Q_MSIX, 2, read_queue_vector, queue_vector_written),
    RW("queue_enable", VIRTIO_PCI_COMMON_Q_ENABLE, 2, read_queue_enable, queue_enable_written),
    RO("queue_notify_off", VIRTIO_PCI_COMMON_Q_NOFF, 2, read_queue_notify_off),
    RW("queue_desc", VIRTIO_PCI_COMMON_Q_DESCLO, 8, read_queue_address, queue_address_written),
    RW("queue_driver", VIRTIO_PCI_COMMON_Q_AVAILLO, 8, read_queue_address, queue_address_written),
    RW("queue_device", VIRTIO_PCI_COMMON_Q_USEDLO, 8, read_queue_address, queue_address_written),
};
#define COMMON_SPAN (VIRTIO_PCI_COMMON_Q_USEDHI + 4)

static uint64_t read_legacy_host_features(void *opaque, const RegRow *row, uint64_t value)
{
    return (uint32_t)((VirtioPci *)opaque)->virtio.offered;
}

static uint64_t read_legacy_guest_features(void *opaque, const RegRow *row, uint64_t value)
{
    return (uint32_t)((VirtioPci *)opaque)->driver_features;
}

static void legacy_guest_features_written(void *opaque, const RegRow *row, uint64_t old,
                                          uint64_t now, uint64_t written, uint64_t mask)
{
    VirtioPci *vp = opaque;
    vp->driver_features = (uint32_t)merge(vp->driver_features, written, mask);
    virtio_set_features(&vp->virtio, vp->driver_features, true);
}

static uint64_t read_legacy_pfn(void *opaque, const RegRow *row, uint64_t value)
{
    const VirtQueue *q = selected_queue(opaque);
    return q && q->enabled ? q->desc >> LEGACY_PFN_SHIFT : 0;
}

/* A page number of zero takes the queue away again. */
static void legacy_pfn_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                               uint64_t written, uint64_t mask)
{
    VirtQueue *q = selected_queue(opaque);
    if (!q) {
        return;
    }
    VirtQueue before = *q;
    virtqueue_reset(q);
    q->vector = before.vector;
    q->event_idx = before.event_idx;
    q->indirect = before.indirect;
    if (written != 0) {
        virtqueue_set_legacy_address(q, written << LEGACY_PFN_SHIFT);
        q->enabled = true;
    }
}

static void legacy_notify_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                  uint64_t written, uint64_t mask)
{
    virtio_notified(&((VirtioPci *)opaque)->virtio, (unsigned)written);
}

/* 4.1.4.5.1: reading clears it and lowers the pin. */
static uint64_t virtio_pci_read_isr(void *opaque, const RegRow *row, uint64_t value)
{
    VirtioPci *vp = opaque;
    uint8_t isr = vp->isr;
    vp->isr = 0;
    pci_set_intx(&vp->pci, false);
    return isr;
}

static const RegRow legacy_rows[] = {
    RO("host_features", VIRTIO_PCI_HOST_FEATURES, 4, read_legacy_host_features),
    RW("guest_features", VIRTIO_PCI_GUEST_FEATURES, 4, read_legacy_guest_features,
       legacy_guest_features_written),
    RW("queue_pfn", VIRTIO_PCI_QUEUE_PFN, 4, read_legacy_pfn, legacy_pfn_written),
    RO("queue_num", VIRTIO_PCI_QUEUE_NUM, 2, read_queue_size),
    RW("queue_sel", VIRTIO_PCI_QUEUE_SEL, 2, read_queue_select, queue_select_written),
    RW("queue_notify", VIRTIO_PCI_QUEUE_NOTIFY, 2, NULL, legacy_notify_written),
    RW("status", VIRTIO_PCI_STATUS, 1, read_status, status_written),
    RO("isr", VIRTIO_PCI_ISR, 1, virtio_pci_read_isr),
    RW("config_vector", VIRTIO_MSI_CONFIG_VECTOR, 2, read_config_vector, config_vector_written),
    RW("queue_vector", VIRTIO_MSI_QUEUE_VECTOR, 2, read_queue_vector, queue_vector_written),
};
#define LEGACY_SPAN VIRTIO_PCI_CONFIG_OFF(true)

static uint64_t modern_read(void *opaque, uint64_t offset, unsigned size)
{
    VirtioPci *vp = opaque;
    uint32_t part = (uint32_t)offset & ~(VIRTIO_PART_SIZE - 1);
    uint32_t within = (uint32_t)offset & (VIRTIO_PART_SIZE - 1);
    uint64_t value = 0;
    if (vp->virtio.busy) {
        return ALL_ONES;
    }
    switch (part) {
    case VIRTIO_COMMON_AT:
        regfile_read(&vp->common, within, size, &value);
        return value;
    case VIRTIO_ISR_AT:
        return within == 0 ? virtio_pci_read_isr(vp, NULL, 0) : 0;
    case VIRTIO_DEVICE_AT:
        return virtio_config_load(&vp->virtio, within, size);
    default:
        return 0;
    }
}

static void modern_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VirtioPci *vp = opaque;
    uint32_t part = (uint32_t)offset & ~(VIRTIO_PART_SIZE - 1);
    uint32_t within = (uint32_t)offset & (VIRTIO_PART_SIZE - 1);
    if (vp->virtio.busy) {
        return;
    }
    switch (part) {
    case VIRTIO_COMMON_AT:
        regfile_write(&vp->common, within, size, value);
        break;
    case VIRTIO_DEVICE_AT:
        virtio_config_store(&vp->virtio, within, value, size);
        break;
    case VIRTIO_NOTIFY_AT:
        virtio_notified(&vp->virtio, within / VIRTIO_NOTIFY_STRIDE);
        break;
    default:
        break;
    }
}

const MemOps virtio_modern_ops = {.read = modern_read, .write = modern_write};

/* The device configuration follows the vectors, which are there only while MSI-X is enabled. */
static uint32_t legacy_config_at(const VirtioPci *vp)
{
    return VIRTIO_PCI_CONFIG_OFF(msix_enabled(&vp->pci));
}

static uint64_t legacy_read(void *opaque, uint64_t offset, unsigned size)
{
    VirtioPci *vp = opaque;
    uint32_t config = legacy_config_at(vp);
    uint64_t value = 0;
    if (vp->virtio.busy) {
        return ALL_ONES;
    }
    if (offset >= config) {
        return virtio_config_load(&vp->virtio, offset - config, size);
    }
    regfile_read(&vp->legacy, (uint32_t)offset, size, &value);
    return value;
}

static void legacy_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VirtioPci *vp = opaque;
    uint32_t config = legacy_config_at(vp);
    if (vp->virtio.busy) {
        return;
    }
    if (offset >= config) {
        virtio_config_store(&vp->virtio, offset - config, value, size);
    } else {
        regfile_write(&vp->legacy, (uint32_t)offset, size, value);
    }
}

const MemOps virtio_legacy_ops = {.read = legacy_read, .write = legacy_write, .max_size = 4};

static uint64_t round_up_to_power_of_two(uint64_t value)
{
    uint64_t size = 4;
    while (size < value) {
        size *= 2;
    }
    return size;
}

void virtio_pci_init_registers(VirtioPci *vp)
{
    regfile_init(&vp->common, common_rows, NULL, G_N_ELEMENTS(common_rows), COMMON_SPAN, vp);
    regfile_init(&vp->legacy, legacy_rows, NULL, G_N_ELEMENTS(legacy_rows), LEGACY_SPAN, vp);
    vp->modern_region = (MemRegion){.name = "virtio-pci",
                                    .size = VIRTIO_MODERN_SIZE,
                                    .kind = MEM_IO,
                                    .ops = &virtio_modern_ops,
                                    .opaque = vp};
    vp->legacy_region =
        (MemRegion){.name = "virtio-pci-legacy",
                    .size = round_up_to_power_of_two(LEGACY_SPAN + vp->virtio.config_size),
                    .kind = MEM_IO,
                    .ops = &virtio_legacy_ops,
                    .opaque = vp};
}
