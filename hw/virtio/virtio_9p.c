/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-9p-pci: a shared folder (Virtio 1.1, 5.9 names it; Linux's net/9p/trans_virtio.c uses it).
 * A request is a message of 9P and the room for its answer, both as the share's server has them:
 * the device only carries them.
 */
#include <errno.h>
#include <linux/virtio_9p.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "base/bytes.h"
#include "base/optlist.h"
#include "fsdev/fsdev.h"
#include "hw/virtio/virtio_devices.h"
#include "hw/virtio/virtio_pci.h"

#define TRANSITIONAL_ID 0x1009
#define CLASS_OTHERS    0x00ff00
#define QUEUE_SIZE      128
#define TAG_MOST        32u
#define HEAD_SIZE       7u  /* size[4] type[1] tag[2] */
#define ERROR_SIZE      11u /* and an errno */
#define ERROR_TYPE      7

typedef struct {
    VirtioPci vp;
    Fsdev *fsdev;
    char *mount_tag;
    uint8_t *message, *answer;
} Virtio9p;

static uint32_t p9_error(Virtio9p *s, uint16_t tag, uint32_t why)
{
    bytes_store(s->answer, ERROR_SIZE, 4);
    s->answer[4] = ERROR_TYPE;
    bytes_store(s->answer + 5, tag, 2);
    bytes_store(s->answer + HEAD_SIZE, why, 4);
    return ERROR_SIZE;
}

/* The guest's message, whose length it tells itself; 0: it is none. */
static uint32_t p9_take(Virtio9p *s, const VirtRequest *req)
{
    const VirtMem *mem = &s->vp.virtio.mem;
    if (!virt_request_read(req, mem, 0, s->message, HEAD_SIZE)) {
        return 0;
    }
    uint32_t len = (uint32_t)bytes_load(s->message, 4);
    bool whole = len >= HEAD_SIZE && len <= FSDEV_MESSAGE_MOST && len <= req->out_len;
    return whole && virt_request_read(req, mem, 0, s->message, len) ? len : 0;
}

static uint32_t p9_serve(void *opaque, unsigned n, const VirtRequest *req)
{
    Virtio9p *s = opaque;
    uint32_t len = p9_take(s, req);
    if (len == 0 || req->in_len < ERROR_SIZE) {
        virtio_fail(&s->vp.virtio, "9p-message");
        return 0;
    }
    uint16_t tag = (uint16_t)bytes_load(s->message + 5, 2);
    uint32_t told = (uint32_t)fsdev_ask(s->fsdev, s->message, len, s->answer);
    if (told == 0 || told > req->in_len) {
        told = p9_error(s, tag, told == 0 ? EIO : EMSGSIZE);
    }
    if (!virt_request_write(req, &s->vp.virtio.mem, 0, s->answer, told)) {
        virtio_fail(&s->vp.virtio, "9p-answer");
        return 0;
    }
    return told;
}

static void p9_handle(void *opaque, unsigned n)
{
    Virtio9p *s = opaque;
    virtio_serve(&s->vp.virtio, n, p9_serve);
}

static const VirtioOps p9_ops = {
    .device_id = VIRTIO_ID_9P,
    .transitional_id = TRANSITIONAL_ID,
    .handle = p9_handle,
};

static bool p9_check(Virtio9p *s, GError **error)
{
    size_t len = s->mount_tag ? strlen(s->mount_tag) : 0;
    const char *wrong = NULL;
    if (!s->fsdev) {
        wrong = "fsdev= is missing: the id of an -fsdev";
    } else if (len == 0 || len > TAG_MOST) {
        wrong = "mount_tag= is missing, or longer than 32 letters: the guest mounts by it";
    } else if (!fsdev_claim(s->fsdev, "virtio-9p-pci")) {
        wrong = "fsdev= is another device's already; a share has one";
    }
    if (wrong) {
        g_set_error_literal(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, wrong);
    }
    return !wrong;
}

static bool p9_realize(Device *dev, GError **error)
{
    Virtio9p *s = (Virtio9p *)dev;
    if (!p9_check(s, error)) {
        return false;
    }
    size_t len = strlen(s->mount_tag);
    VirtioDevice *v = &s->vp.virtio;
    virtio_pci_init(&s->vp, &p9_ops);
    v->offered = VIRTIO_FEATURE(VIRTIO_9P_MOUNT_TAG);
    bytes_store(v->config, len, 2);
    memcpy(v->config + 2, s->mount_tag, len);
    v->config_size = (uint32_t)(2 + len);
    virtio_add_queue(v, QUEUE_SIZE);
    if (!virtio_pci_realize(&s->vp, error)) {
        fsdev_claim(s->fsdev, NULL);
        return false;
    }
    s->message = g_malloc(FSDEV_MESSAGE_MOST);
    s->answer = g_malloc(FSDEV_MESSAGE_MOST);
    return true;
}

static void p9_unrealize(Device *dev)
{
    Virtio9p *s = (Virtio9p *)dev;
    virtio_pci_unrealize(dev);
    fsdev_claim(s->fsdev, NULL);
    g_free(s->message);
    g_free(s->answer);
}

static const PropInfo p9_props[] = {
    PROP(PROP_FSDEV, "fsdev", Virtio9p, fsdev, NULL, "the -fsdev to share"),
    PROP(PROP_STRING, "mount_tag", Virtio9p, mount_tag, NULL,
         "what the guest mounts it by, 1 to 32 letters"),
    VIRTIO_PCI_PROPS(Virtio9p, vp),
    PROP_END,
};

static const StateField p9_state[] = {
    VIRTIO_PCI_STATE,
    STATE_NOT_SAVED(Virtio9p, message), /* within one request only */
    STATE_NOT_SAVED(Virtio9p, answer),
    STATE_END,
};

static const PciDeviceClass p9_pci = {
    .ids.vendor_id = VIRTIO_PCI_VENDOR,
    .ids.device_id = TRANSITIONAL_ID,
    .ids.class_code = CLASS_OTHERS,
    .interrupt_pin = 1,
    .config_reading = virtio_pci_config_reading,
    .config_written = virtio_pci_config_written,
};

const DeviceClass virtio_9p_class = {
    .name = "virtio-9p-pci",
    .alias = "virtio-9p",
    .desc = "Virtio shared folder (9P2000.L)",
    .bus = BUS_PCI,
    .category = DEVICE_STORAGE,
    .user_creatable = true,
    .instance_size = sizeof(Virtio9p),
    .props = p9_props,
    .bus_props = pci_bus_props,
    .bus_class = &p9_pci,
    .state = p9_state,
    .realize = p9_realize,
    .unrealize = p9_unrealize,
    .reset = virtio_pci_reset,
    .restored = virtio_pci_restored,
};
