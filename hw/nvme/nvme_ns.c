/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Namespaces: a drive each, of the controller's property "drive" or an nvme-ns device. What a
 * namespace is called worldwide is made of the serial number and its own number, so that it is the
 * same every time (RFC 4122, 4.3, version 5).
 */
#include <string.h>

#include "hw/nvme/nvme.h"
#include "hw/nvme/nvme_internal.h"

#define LEAST_BLOCK    512u
#define GREATEST_BLOCK 4096u

typedef struct {
    Device dev;
    char *bus_name;
    BlockBackend *blk;
    uint32_t nsid;
    uint32_t logical_block_size;
    bool share_rw;
    NvmeCtrl *ctrl; /* from plugging on */
    NvmeNs ns;
} NvmeNsDevice;

static void make_uuid(NvmeNs *ns, const char *serial, uint32_t nsid)
{
    enum { VERSION_AT = 6, VARIANT_AT = 8 };
    g_autofree char *name = g_strdup_printf("switchyard-nvme:%s:%u", serial, nsid);
    uint8_t digest[20];
    gsize len = sizeof(digest);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(sum, (const guchar *)name, -1);
    g_checksum_get_digest(sum, digest, &len);
    memcpy(ns->uuid, digest, sizeof(ns->uuid));
    ns->uuid[VERSION_AT] = (uint8_t)((ns->uuid[VERSION_AT] & 0x0f) | 0x50);
    ns->uuid[VARIANT_AT] = (uint8_t)((ns->uuid[VARIANT_AT] & 0x3f) | 0x80);
}

bool nvme_ns_open(NvmeCtrl *n, NvmeNs *ns, uint32_t nsid, BlockBackend *blk, uint32_t block_size,
                  bool share_rw, const char *owner, GError **error)
{
    if (!blk) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: no drive; give drive=ID of a -drive with if=none,id=ID", owner);
        return false;
    }
    if (block_size < LEAST_BLOCK || block_size > GREATEST_BLOCK ||
        (block_size & (block_size - 1)) != 0 || blk_size(blk) < block_size) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: logical_block_size=%u; it must be a power of two from %u to %u, and the "
                    "drive have a block",
                    owner, block_size, LEAST_BLOCK, GREATEST_BLOCK);
        return false;
    }
    if (!blk_claim(blk, owner, share_rw, error)) {
        g_prefix_error(error, "%s: ", owner);
        return false;
    }
    *ns = (NvmeNs){.blk = blk, .shift = (unsigned)__builtin_ctz(block_size)};
    ns->blocks = blk_size(blk) >> ns->shift;
    make_uuid(ns, n->serial, nsid);
    n->subsystem->ns[nsid - 1] = ns;
    return true;
}

static NvmeCtrl *find_controller(const GPtrArray *devices, const char *name)
{
    for (guint i = devices->len; i-- > 0;) {
        Device *dev = devices->pdata[i];
        if (dev->cls == &nvme_class && (!name || strcmp(dev->id, name) == 0)) {
            return (NvmeCtrl *)dev;
        }
    }
    return NULL;
}

static uint32_t free_nsid(const NvmeCtrl *n)
{
    uint32_t nsid = 1;
    while (nsid <= NVME_MAX_NAMESPACES && n->subsystem->ns[nsid - 1]) {
        nsid++;
    }
    return nsid;
}

bool nvme_ns_plug(const GPtrArray *devices, Device *dev, GError **error)
{
    NvmeNsDevice *d = (NvmeNsDevice *)dev;
    NvmeCtrl *n = find_controller(devices, d->bus_name);
    if (!n) {
        g_set_error(
            error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
            "%s: no bus '%s'; give -device nvme,id=ID,serial=TEXT before it (its bus is ID)",
            dev->id, d->bus_name ? d->bus_name : "nvme");
        return false;
    }
    d->nsid = d->nsid ? d->nsid : free_nsid(n);
    if (d->nsid > NVME_MAX_NAMESPACES || nvme_find_ns(n, d->nsid)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: nsid=%u is taken, or above %d; choose another", dev->id, d->nsid,
                    NVME_MAX_NAMESPACES);
        return false;
    }
    d->ctrl = n;
    return true;
}

Device *nvme_ns_of(const Device *ns)
{
    NvmeCtrl *n = ns->cls == &nvme_ns_class ? ((const NvmeNsDevice *)ns)->ctrl : NULL;
    return n ? &n->pci.dev : NULL;
}

static bool ns_realize(Device *dev, GError **error)
{
    NvmeNsDevice *d = (NvmeNsDevice *)dev;
    return nvme_ns_open(d->ctrl, &d->ns, d->nsid, d->blk, d->logical_block_size, d->share_rw,
                        dev->id, error);
}

static void ns_unrealize(Device *dev)
{
    const NvmeNsDevice *d = (NvmeNsDevice *)dev;
    d->ctrl->subsystem->ns[d->nsid - 1] = NULL;
    blk_release(d->blk);
}

static const PropInfo ns_props[] = {
    PROP(PROP_DRIVE, "drive", NvmeNsDevice, blk, NULL, "the -drive to show"),
    PROP(PROP_STRING, "bus", NvmeNsDevice, bus_name, NULL,
         "the controller: its id; the last one without"),
    PROP_RANGE(PROP_UINT32, "nsid", NvmeNsDevice, nsid, "0", 0, NVME_MAX_NAMESPACES,
               "number; 0: the first that is free"),
    PROP(PROP_UINT32, "logical_block_size", NvmeNsDevice, logical_block_size, "512", "bytes"),
    PROP(PROP_BOOL, "share-rw", NvmeNsDevice, share_rw, "off",
         "others may write to the image, too"),
    PROP_END,
};

const DeviceClass nvme_ns_class = {
    .name = "nvme-ns",
    .desc = "Namespace of an NVM Express controller",
    .bus = BUS_NVME,
    .category = DEVICE_STORAGE,
    .user_creatable = true,
    .instance_size = sizeof(NvmeNsDevice),
    .props = ns_props,
    .realize = ns_realize,
    .unrealize = ns_unrealize,
};
