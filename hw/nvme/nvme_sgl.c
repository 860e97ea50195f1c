/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scatter gather lists (NVM Express 1.4, 4.4): data blocks, segments and last segments, at any
 * byte. No bit buckets, no keyed blocks. Of I/O commands only: over PCI Express admin commands have
 * PRPs.
 */
#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"

#define SGL_BYTES   16u
#define SGL_AT_ONCE 16u
#define PSDT_SGL    1 /* with one buffer for metadata; of which there is none */

enum { SGL_DATA_BLOCK = 0, SGL_SEGMENT = 2, SGL_LAST_SEGMENT = 3 };

typedef struct {
    uint64_t addr;
    uint32_t len;
    uint8_t type, subtype;
} SglDesc;

typedef struct {
    NvmeMap *map;
    uint32_t left;
    unsigned seen; /* descriptors, of whatever length */
} SglWalk;

static SglDesc sgl_decode(uint64_t low, uint64_t high)
{
    return (SglDesc){.addr = low,
                     .len = (uint32_t)high,
                     .type = (uint8_t)(high >> 60),
                     .subtype = high >> 56 & 0xf};
}

static bool is_segment(const SglDesc *d)
{
    return d->type == SGL_SEGMENT || d->type == SGL_LAST_SEGMENT;
}

static NvmeStatus add_block(SglWalk *w, const SglDesc *d)
{
    if (d->type != SGL_DATA_BLOCK || d->subtype != 0) {
        return NVME_INVALID_SGL_TYPE;
    }
    if (d->len > w->left) {
        return NVME_INVALID_SGL_LENGTH;
    }
    if (d->len > 0 && !nvme_map_add(w->map, d->addr, d->len)) {
        return NVME_INVALID_SGL_COUNT;
    }
    w->left -= d->len;
    return NVME_SUCCESS;
}

/* One segment; *d becomes the next one's descriptor, or anything else if this was the last. */
static NvmeStatus walk_segment(NvmeCtrl *n, SglWalk *w, SglDesc *d)
{
    bool last = d->type == SGL_LAST_SEGMENT;
    uint64_t at = d->addr;
    uint32_t count = d->len / SGL_BYTES;
    if (d->subtype != 0 || count == 0 || d->len % SGL_BYTES != 0) {
        return NVME_INVALID_SGL_SEGMENT;
    }
    if (count > NVME_MAX_SEGMENTS - w->seen) {
        return NVME_INVALID_SGL_COUNT;
    }
    w->seen += count;
    while (count > 0) {
        uint8_t raw[SGL_AT_ONCE * SGL_BYTES];
        uint32_t part = MIN(count, SGL_AT_ONCE);
        if (pci_dma_read(&n->pci, at, raw, part * SGL_BYTES) != MEM_OK) {
            return NVME_DATA_TRANSFER_ERROR;
        }
        for (uint32_t i = 0; i < part; i++) {
            const uint8_t *p = raw + i * SGL_BYTES;
            *d = sgl_decode(bytes_get64(p), bytes_get64(p + 8));
            if (is_segment(d) && !last && count == i + 1) {
                return NVME_SUCCESS;
            }
            NvmeStatus status = is_segment(d) ? NVME_INVALID_SGL_SEGMENT : add_block(w, d);
            if (status != NVME_SUCCESS) {
                return status;
            }
        }
        at += part * SGL_BYTES;
        count -= part;
    }
    /* 4.4: only a last segment ends without another. */
    return last ? NVME_SUCCESS : NVME_INVALID_SGL_SEGMENT;
}

NvmeStatus nvme_map_sgl(NvmeCtrl *n, const NvmeCmd *cmd, uint32_t len)
{
    SglDesc d = sgl_decode(cmd->prp1, cmd->prp2);
    SglWalk w = {.map = &n->subsystem->map, .left = len};
    NvmeStatus status = NVME_SUCCESS;
    if (cmd->psdt != PSDT_SGL) {
        return NVME_INVALID_FIELD;
    }
    if (!is_segment(&d)) {
        status = add_block(&w, &d);
    }
    while (status == NVME_SUCCESS && is_segment(&d)) {
        status = walk_segment(n, &w, &d);
    }
    if (status == NVME_SUCCESS && w.left > 0) {
        status = NVME_INVALID_SGL_LENGTH;
    }
    return status;
}
