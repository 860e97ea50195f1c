/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk-pci: a disk (Virtio 1.1, 5.2) over a -drive. Requests are done one after the other, in
 * slices: host I/O, then the used ring, then one interrupt. Left out: discard, write-zeroes, legacy
 * SCSI passthrough.
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "block/block.h"
#include "hw/virtio/virtio_devices.h"
#include "hw/virtio/virtio_pci.h"

#define SECTOR_SIZE        512u
#define BOUNCE_SIZE        (64u * 1024)
#define MAX_REQUEST        (256ull * 1024 * 1024)
#define MIN_BLOCK          512u
#define MAX_BLOCK          32768u
#define CONFIG_SIZE        (offsetof(struct virtio_blk_config, num_queues) + 2)
#define TRANSITIONAL_ID    0x1001
#define CLASS_SCSI_STORAGE 0x010000
#define FLUSH_COST         (1024u * 1024) /* ends the slice: it may wait for the disk */
#define HEADS              16
#define SECTORS_PER_TRACK  63
#define MAX_CYLINDERS      16383u
/* The header and the status take two descriptors of a chain. */
#define SEGS_BESIDE_DATA 2
#define STATUS_LATER     0xff /* none of the driver's: the slice is over */

typedef struct {
    VirtioPci vp;
    BlockBackend *blk;
    char *serial;
    uint32_t logical_block_size, physical_block_size;
    bool config_wce;
    int write_cache;
    uint16_t num_queues;
    uint16_t queue_size;
    uint32_t bootindex;
    bool share_rw;
    uint8_t bounce[BOUNCE_SIZE];
} VirtioBlk;

static VirtioBlk *blk_of(void *opaque)
{
    return opaque;
}

/* 5.2.6.2: a driver that cannot flush gets a write-through disk. */
static bool is_write_back(const VirtioBlk *b)
{
    const VirtioDevice *v = &b->vp.virtio;
    if (virtio_has_feature(v, VIRTIO_BLK_F_CONFIG_WCE)) {
        return v->config[offsetof(struct virtio_blk_config, wce)] != 0;
    }
    return virtio_has_feature(v, VIRTIO_BLK_F_FLUSH);
}

static bool is_in_range(const VirtioBlk *b, uint64_t sector, uint64_t len)
{
    uint64_t sectors = blk_size(b->blk) / SECTOR_SIZE;
    return len % SECTOR_SIZE == 0 && len <= MAX_REQUEST && sector <= sectors &&
           len / SECTOR_SIZE <= sectors - sector;
}

static bool vblk_read_part(VirtioBlk *b, const VirtRequest *req, uint64_t at, uint64_t done,
                           size_t len)
{
    return blk_read(b->blk, at, b->bounce, len) &&
           virt_request_write(req, &b->vp.virtio.mem, done, b->bounce, len);
}

static bool vblk_write_part(VirtioBlk *b, const VirtRequest *req, uint64_t at, uint64_t done,
                            size_t len)
{
    uint64_t in_request = sizeof(struct virtio_blk_outhdr) + done;
    return virt_request_read(req, &b->vp.virtio.mem, in_request, b->bounce, len) &&
           blk_write(b->blk, at, b->bounce, len);
}

typedef bool (*MovePart)(VirtioBlk *b, const VirtRequest *req, uint64_t at, uint64_t done,
                         size_t len);

/* As far as the slice goes; the driver may have changed the request since the last one. */
static uint8_t move_parts(VirtioBlk *b, unsigned n, const VirtRequest *req, uint64_t sector,
                          uint64_t len, MovePart move)
{
    uint64_t *done = &b->vp.virtio.queues[n].done;
    while (*done < len) {
        size_t part = (size_t)MIN(len - *done, BOUNCE_SIZE);
        if (!virtio_spend(&b->vp.virtio, (uint32_t)part)) {
            return STATUS_LATER;
        }
        if (!move(b, req, sector * SECTOR_SIZE + *done, *done, part)) {
            return VIRTIO_BLK_S_IOERR;
        }
        *done += part;
    }
    return VIRTIO_BLK_S_OK;
}

static uint8_t do_read(VirtioBlk *b, unsigned n, const VirtRequest *req, uint64_t sector,
                       uint64_t len)
{
    return is_in_range(b, sector, len) ? move_parts(b, n, req, sector, len, vblk_read_part)
                                       : VIRTIO_BLK_S_IOERR;
}

static uint8_t do_flush(VirtioBlk *b)
{
    virtio_spend(&b->vp.virtio, FLUSH_COST);
    return blk_flush(b->blk) ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

static uint8_t do_write(VirtioBlk *b, unsigned n, const VirtRequest *req, uint64_t sector,
                        uint64_t len)
{
    if (blk_is_read_only(b->blk) || !is_in_range(b, sector, len)) {
        return VIRTIO_BLK_S_IOERR;
    }
    uint8_t status = move_parts(b, n, req, sector, len, vblk_write_part);
    return status == VIRTIO_BLK_S_OK && !is_write_back(b) ? do_flush(b) : status;
}

static uint8_t do_get_id(VirtioBlk *b, const VirtRequest *req, uint64_t len)
{
    char id[VIRTIO_BLK_ID_BYTES] = {0};
    if (b->serial) {
        memcpy(id, b->serial, strnlen(b->serial, sizeof(id)));
    }
    return virt_request_write(req, &b->vp.virtio.mem, 0, id, (size_t)MIN(len, sizeof(id)))
               ? VIRTIO_BLK_S_OK
               : VIRTIO_BLK_S_IOERR;
}

/* The status; *written is what went into the data part. */
static uint8_t do_request(VirtioBlk *b, unsigned n, const VirtRequest *req, uint32_t type,
                          uint64_t sector, uint64_t *written)
{
    uint64_t in_len = req->in_len - 1;
    uint8_t status = VIRTIO_BLK_S_UNSUPP;
    switch (type) {
    case VIRTIO_BLK_T_IN:
        status = do_read(b, n, req, sector, in_len);
        break;
    case VIRTIO_BLK_T_OUT:
        return do_write(b, n, req, sector, req->out_len - sizeof(struct virtio_blk_outhdr));
    case VIRTIO_BLK_T_FLUSH:
        return do_flush(b);
    case VIRTIO_BLK_T_GET_ID:
        in_len = MIN(in_len, VIRTIO_BLK_ID_BYTES);
        status = do_get_id(b, req, in_len);
        break;
    default:
        return status;
    }
    *written = status == VIRTIO_BLK_S_OK ? in_len : 0;
    return status;
}

static uint32_t blk_serve(void *opaque, unsigned n, const VirtRequest *req)
{
    VirtioBlk *b = blk_of(opaque);
    VirtioDevice *v = &b->vp.virtio;
    struct virtio_blk_outhdr header;
    uint64_t written = 0;
    if (req->in_len < 1 || !virt_request_read(req, &v->mem, 0, &header, sizeof(header))) {
        virtio_fail(v, "blk-header");
        return 0;
    }
    uint32_t type = GUINT32_FROM_LE(header.type);
    uint64_t sector = GUINT64_FROM_LE(header.sector);
    uint8_t status = do_request(b, n, req, type, sector, &written);
    if (status == STATUS_LATER) {
        return VIRTIO_LATER;
    }
    trace_event(v->trace, TRACE_VIRTIO,
                "virtio_blk dev=%s type=%u sector=%" PRIu64 " out=%" PRIu64 " in=%" PRIu64
                " status=%u",
                v->name, type, sector, req->out_len, req->in_len, status);
    if (!virt_request_write(req, &v->mem, req->in_len - 1, &status, 1)) {
        virtio_fail(v, "blk-status");
        return 0;
    }
    return (uint32_t)written + 1;
}

static void blk_handle(void *opaque, unsigned n)
{
    virtio_serve(&blk_of(opaque)->vp.virtio, n, blk_serve);
}

/* Back to what the host wants when the driver goes. */
static void blk_reset(void *opaque)
{
    VirtioBlk *b = opaque;
    b->vp.virtio.config[offsetof(struct virtio_blk_config, wce)] = b->write_cache != ONOFF_OFF;
}

static const VirtioOps blk_ops = {
    .device_id = VIRTIO_ID_BLOCK,
    .transitional_id = TRANSITIONAL_ID,
    .handle = blk_handle,
    .reset = blk_reset,
};

static bool block_size_is_good(uint32_t size)
{
    return size >= MIN_BLOCK && size <= MAX_BLOCK && (size & (size - 1)) == 0;
}

static bool check_properties(VirtioBlk *b, GError **error)
{
    const char *id = b->vp.pci.dev.id;
    if (!b->blk || !blk_has_medium(b->blk)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: no drive; give drive=ID of a -drive with if=none,id=ID", id);
        return false;
    }
    if (!block_size_is_good(b->logical_block_size) || !block_size_is_good(b->physical_block_size) ||
        b->logical_block_size > b->physical_block_size) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: block sizes must be powers of two from %u to %u, logical_block_size=%u "
                    "not above physical_block_size=%u",
                    id, MIN_BLOCK, MAX_BLOCK, b->logical_block_size, b->physical_block_size);
        return false;
    }
    if (b->queue_size < 4 || (b->queue_size & (b->queue_size - 1)) != 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: queue-size=%u; it must be a power of two from 4 to %d", id, b->queue_size,
                    VIRTQUEUE_MAX_SIZE);
        return false;
    }
    if (!blk_claim(b->blk, id, b->share_rw, error)) {
        g_prefix_error(error, "%s: ", id);
        return false;
    }
    return true;
}

static void fill_config(VirtioBlk *b)
{
    uint64_t sectors = blk_size(b->blk) / SECTOR_SIZE;
    uint64_t cylinders = sectors / (HEADS * SECTORS_PER_TRACK);
    struct virtio_blk_config config = {
        .capacity = GUINT64_TO_LE(sectors),
        .seg_max = GUINT32_TO_LE(b->queue_size - SEGS_BESIDE_DATA),
        .geometry = {.cylinders = GUINT16_TO_LE((uint16_t)MIN(cylinders, MAX_CYLINDERS)),
                     .heads = HEADS,
                     .sectors = SECTORS_PER_TRACK},
        .blk_size = GUINT32_TO_LE(b->logical_block_size),
        .physical_block_exp =
            (uint8_t)__builtin_ctz(b->physical_block_size / b->logical_block_size),
        .num_queues = GUINT16_TO_LE(b->num_queues),
    };
    memcpy(b->vp.virtio.config, &config, CONFIG_SIZE);
    b->vp.virtio.config_size = CONFIG_SIZE;
    if (b->config_wce) {
        b->vp.virtio.config_writable[offsetof(struct virtio_blk_config, wce)] = 1;
    }
}

static uint64_t features_of(const VirtioBlk *b)
{
    uint64_t features =
        VIRTIO_FEATURE(VIRTIO_BLK_F_SEG_MAX) | VIRTIO_FEATURE(VIRTIO_BLK_F_GEOMETRY) |
        VIRTIO_FEATURE(VIRTIO_BLK_F_BLK_SIZE) | VIRTIO_FEATURE(VIRTIO_BLK_F_TOPOLOGY);
    features |= b->write_cache != ONOFF_OFF ? VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH) : 0;
    features |= b->config_wce ? VIRTIO_FEATURE(VIRTIO_BLK_F_CONFIG_WCE) : 0;
    features |= blk_is_read_only(b->blk) ? VIRTIO_FEATURE(VIRTIO_BLK_F_RO) : 0;
    features |= b->num_queues > 1 ? VIRTIO_FEATURE(VIRTIO_BLK_F_MQ) : 0;
    return features;
}

static bool blk_realize(Device *dev, GError **error)
{
    VirtioBlk *b = (VirtioBlk *)dev;
    if (!check_properties(b, error)) {
        return false;
    }
    virtio_pci_init(&b->vp, &blk_ops);
    b->vp.virtio.offered = features_of(b);
    fill_config(b);
    for (unsigned n = 0; n < b->num_queues; n++) {
        virtio_add_queue(&b->vp.virtio, b->queue_size);
    }
    if (!virtio_pci_realize(&b->vp, error)) {
        blk_release(b->blk);
        return false;
    }
    return true;
}

static void blk_unrealize(Device *dev)
{
    virtio_pci_unrealize(dev);
    blk_release(((VirtioBlk *)dev)->blk);
}

static const PropInfo blk_props[] = {
    PROP(PROP_DRIVE, "drive", VirtioBlk, blk, NULL, "the -drive to show"),
    PROP(PROP_STRING, "serial", VirtioBlk, serial, NULL, "serial number, 20 characters"),
    PROP(PROP_UINT32, "logical_block_size", VirtioBlk, logical_block_size, "512", "bytes"),
    PROP(PROP_UINT32, "physical_block_size", VirtioBlk, physical_block_size, "512", "bytes"),
    PROP(PROP_BOOL, "config-wce", VirtioBlk, config_wce, "on",
         "the driver may change the cache mode"),
    PROP(PROP_ONOFFAUTO, "write-cache", VirtioBlk, write_cache, "auto", "write-back cache"),
    PROP_RANGE(PROP_UINT16, "num-queues", VirtioBlk, num_queues, "1", 1, VIRTIO_MAX_QUEUES,
               "request queues"),
    PROP_RANGE(PROP_UINT16, "queue-size", VirtioBlk, queue_size, "256", 4, VIRTQUEUE_MAX_SIZE,
               "entries a queue"),
    PROP(PROP_UINT32, "bootindex", VirtioBlk, bootindex, NULL, "accepted; no firmware reads it"),
    PROP(PROP_BOOL, "share-rw", VirtioBlk, share_rw, "off", "others may write to the image, too"),
    VIRTIO_PCI_PROPS(VirtioBlk, vp),
    PROP_END,
};

static const StateField blk_state[] = {
    VIRTIO_PCI_STATE,
    STATE_NOT_SAVED(VirtioBlk, bounce), /* within one request only */
    STATE_END,
};

static const PciDeviceClass blk_pci = {
    .ids.vendor_id = VIRTIO_PCI_VENDOR,
    .ids.device_id = TRANSITIONAL_ID,
    .ids.class_code = CLASS_SCSI_STORAGE,
    .interrupt_pin = 1,
    .config_reading = virtio_pci_config_reading,
    .config_written = virtio_pci_config_written,
};

const DeviceClass virtio_blk_class = {
    .name = "virtio-blk-pci",
    .alias = "virtio-blk",
    .desc = "Virtio block device",
    .bus = BUS_PCI,
    .category = DEVICE_STORAGE,
    .user_creatable = true,
    .instance_size = sizeof(VirtioBlk),
    .props = blk_props,
    .bus_props = pci_bus_props,
    .bus_class = &blk_pci,
    .state = blk_state,
    .realize = blk_realize,
    .unrealize = blk_unrealize,
    .reset = virtio_pci_reset,
    .restored = virtio_pci_restored,
};
