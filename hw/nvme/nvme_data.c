/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a command's data is: physical region pages (NVM Express 1.4, 4.3); and moving it. A list of
 * pages is followed only as long as every list brings the end nearer.
 */
#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"

#define PRP_BYTES    8u
#define PRPS_AT_ONCE 64u
#define PSDT_PRP     0
#define DWORD_MASK   3u
#define QWORD_MASK   7u

bool nvme_map_add(NvmeMap *map, uint64_t addr, uint32_t len)
{
    NvmeSegment *last = map->count > 0 ? &map->segments[map->count - 1] : NULL;
    if (last && last->addr + last->len == addr) {
        last->len += len;
        return true;
    }
    if (map->count == NVME_MAX_SEGMENTS) {
        return false;
    }
    map->segments[map->count++] = (NvmeSegment){addr, len};
    return true;
}

/* Entries at `at`, no more than `want` or than fit before the page's end. 0 if the host lets none
 * be read. */
static unsigned read_prps(NvmeCtrl *n, uint64_t at, unsigned want, uint64_t *entries)
{
    uint64_t page = 1ull << n->page_shift;
    unsigned fit = (unsigned)((page - (at & (page - 1))) / PRP_BYTES);
    unsigned count = MIN(MIN(want, fit), PRPS_AT_ONCE);
    uint8_t raw[PRPS_AT_ONCE * PRP_BYTES];
    if (pci_dma_read(&n->pci, at, raw, count * PRP_BYTES) != MEM_OK) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        entries[i] = bytes_get64(raw + i * PRP_BYTES);
    }
    return count;
}

/* 4.3: the last entry of a page is the next list, unless it is the last of all; that one begins
 * where its page does. */
static NvmeStatus map_prp_list(NvmeCtrl *n, uint64_t list, uint32_t left)
{
    uint64_t page = 1ull << n->page_shift, entries[PRPS_AT_ONCE];
    if ((list & QWORD_MASK) != 0) {
        return NVME_INVALID_PRP_OFFSET;
    }
    while (left > 0) {
        unsigned want = (unsigned)((left + page - 1) / page);
        unsigned count = read_prps(n, list, want, entries);
        if (count == 0) {
            return NVME_DATA_TRANSFER_ERROR;
        }
        uint64_t next = list + count * PRP_BYTES;
        bool chained = want > count && (next & (page - 1)) == 0;
        for (unsigned i = 0; i < count - chained; i++) {
            uint32_t part = (uint32_t)MIN(left, page);
            if ((entries[i] & (page - 1)) != 0) {
                return NVME_INVALID_PRP_OFFSET;
            }
            if (!nvme_map_add(&n->subsystem->map, entries[i], part)) {
                return NVME_INVALID_FIELD;
            }
            left -= part;
        }
        if (chained && (entries[count - 1] & (page - 1)) != 0) {
            return NVME_INVALID_PRP_OFFSET;
        }
        list = chained ? entries[count - 1] : next;
    }
    return NVME_SUCCESS;
}

static NvmeStatus map_prps(NvmeCtrl *n, const NvmeCmd *cmd, uint32_t len)
{
    uint64_t page = 1ull << n->page_shift, offset = cmd->prp1 & (page - 1);
    uint32_t first = (uint32_t)MIN(len, page - offset), left = len - first;
    if ((cmd->prp1 & DWORD_MASK) != 0) {
        return NVME_INVALID_PRP_OFFSET;
    }
    nvme_map_add(&n->subsystem->map, cmd->prp1, first);
    if (left == 0) {
        return NVME_SUCCESS;
    }
    if (left > page) {
        return map_prp_list(n, cmd->prp2, left);
    }
    if ((cmd->prp2 & (page - 1)) != 0) {
        return NVME_INVALID_PRP_OFFSET;
    }
    nvme_map_add(&n->subsystem->map, cmd->prp2, left);
    return NVME_SUCCESS;
}

NvmeStatus nvme_map(NvmeCtrl *n, const NvmeCmd *cmd, uint32_t len)
{
    NvmeMap *map = &n->subsystem->map;
    map->count = map->at = 0;
    map->into = 0;
    return cmd->psdt == PSDT_PRP ? map_prps(n, cmd, len) : nvme_map_sgl(n, cmd, len);
}

static bool map_move(NvmeCtrl *n, uint8_t *buf, uint32_t len, bool to_host)
{
    NvmeMap *map = &n->subsystem->map;
    while (len > 0) {
        const NvmeSegment *s = &map->segments[map->at];
        uint32_t part = MIN(len, s->len - map->into);
        uint64_t addr = s->addr + map->into;
        MemResult result = to_host ? pci_dma_write(&n->pci, addr, buf, part)
                                   : pci_dma_read(&n->pci, addr, buf, part);
        if (result != MEM_OK) {
            return false;
        }
        map->into += part;
        if (map->into == s->len) {
            map->at++;
            map->into = 0;
        }
        buf += part;
        len -= part;
    }
    return true;
}

bool nvme_map_write(NvmeCtrl *n, const void *buf, uint32_t len)
{
    return map_move(n, (uint8_t *)buf, len, true);
}

bool nvme_map_read(NvmeCtrl *n, void *buf, uint32_t len)
{
    return map_move(n, buf, len, false);
}

NvmeStatus nvme_to_host(NvmeCtrl *n, const NvmeCmd *cmd, const void *buf, uint32_t len)
{
    NvmeStatus status = nvme_map(n, cmd, len);
    if (status != NVME_SUCCESS) {
        return status;
    }
    return nvme_map_write(n, buf, len) ? NVME_SUCCESS : NVME_DATA_TRANSFER_ERROR;
}

NvmeStatus nvme_from_host(NvmeCtrl *n, const NvmeCmd *cmd, void *buf, uint32_t len)
{
    NvmeStatus status = nvme_map(n, cmd, len);
    if (status != NVME_SUCCESS) {
        return status;
    }
    return nvme_map_read(n, buf, len) ? NVME_SUCCESS : NVME_DATA_TRANSFER_ERROR;
}
