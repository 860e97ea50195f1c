/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-rng-pci: an entropy source (Virtio 1.1, 5.4). */
#include <linux/virtio_ids.h>

#include "hw/virtio/virtio_devices.h"
#include "hw/virtio/virtio_pci.h"

#define TRANSITIONAL_ID 0x1005
#define CLASS_OTHERS    0x00ff00
#define QUEUE_SIZE      8
#define CHUNK           256u
#define MAX_ANSWER      65536u

typedef struct {
    VirtioPci vp;
    char *rng;
    uint64_t max_bytes;
    uint32_t period;
} VirtioRng;

static uint32_t rng_serve(void *opaque, unsigned n, const VirtRequest *req)
{
    VirtioRng *r = opaque;
    VirtioDevice *v = &r->vp.virtio;
    uint32_t len = (uint32_t)MIN(req->in_len, MAX_ANSWER);
    uint8_t bytes[CHUNK];
    for (uint32_t done = 0; done < len; done += CHUNK) {
        size_t chunk = MIN(len - done, CHUNK);
        if (!random_bytes(r->vp.pci.dev.platform->random, bytes, chunk)) {
            return done;
        }
        if (!virt_request_write(req, &v->mem, done, bytes, chunk)) {
            virtio_fail(v, "rng-data");
            return done;
        }
    }
    return len;
}

static void rng_handle(void *opaque, unsigned n)
{
    VirtioRng *r = opaque;
    virtio_serve(&r->vp.virtio, n, rng_serve);
}

static const VirtioOps rng_ops = {
    .device_id = VIRTIO_ID_RNG,
    .transitional_id = TRANSITIONAL_ID,
    .handle = rng_handle,
};

static bool rng_realize(Device *dev, GError **error)
{
    VirtioRng *r = (VirtioRng *)dev;
    virtio_pci_init(&r->vp, &rng_ops);
    virtio_add_queue(&r->vp.virtio, QUEUE_SIZE);
    return virtio_pci_realize(&r->vp, error);
}

static const PropInfo rng_props[] = {
    PROP(PROP_STRING, "rng", VirtioRng, rng, NULL,
         "accepted; entropy comes from the host's getrandom(), or from -seed"),
    PROP(PROP_UINT64, "max-bytes", VirtioRng, max_bytes, "9223372036854775807",
         "accepted; the rate is not limited"),
    PROP(PROP_UINT32, "period", VirtioRng, period, "65536", "accepted with max-bytes"),
    VIRTIO_PCI_PROPS(VirtioRng, vp),
    PROP_END,
};

static const StateField rng_state[] = {VIRTIO_PCI_STATE, STATE_END};

static const PciDeviceClass rng_pci = {
    .ids.vendor_id = VIRTIO_PCI_VENDOR,
    .ids.device_id = TRANSITIONAL_ID,
    .ids.class_code = CLASS_OTHERS,
    .interrupt_pin = 1,
    .config_reading = virtio_pci_config_reading,
    .config_written = virtio_pci_config_written,
};

const DeviceClass virtio_rng_class = {
    .name = "virtio-rng-pci",
    .alias = "virtio-rng",
    .desc = "Virtio entropy source",
    .bus = BUS_PCI,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(VirtioRng),
    .props = rng_props,
    .bus_props = pci_bus_props,
    .bus_class = &rng_pci,
    .state = rng_state,
    .realize = rng_realize,
    .unrealize = virtio_pci_unrealize,
    .reset = virtio_pci_reset,
    .restored = virtio_pci_restored,
};
