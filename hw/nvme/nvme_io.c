/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NVM command set (NVM Express 1.4, 6): Flush, Read, Write, Write Zeroes, Dataset Management.
 * The last is a hint and may be none: it is checked and changes nothing. No metadata, no protection
 * information.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/nvme/nvme_internal.h"

#define FUA             0x40000000u /* CDW12 */
#define PROTECTION      0x3c000000u
#define DSM_RANGES      256
#define DSM_RANGE_BYTES 16
#define DSM_HINTS       0x7u
#define FLUSH_COST      (1024u * 1024) /* ends the slice: it may wait for the disk */
#define ZEROES_AT_ONCE  (512u * 1024)

NvmeNs *nvme_find_ns(const NvmeCtrl *n, uint32_t nsid)
{
    return nsid != 0 && nsid <= NVME_MAX_NAMESPACES ? n->subsystem->ns[nsid - 1] : NULL;
}

static uint64_t first_block(const NvmeCmd *cmd)
{
    return cmd->cdw10[0] | (uint64_t)cmd->cdw10[1] << 32;
}

static uint32_t block_count(const NvmeCmd *cmd)
{
    return (cmd->cdw10[2] & 0xffff) + 1;
}

static bool nvme_range_is_good(const NvmeNs *ns, uint64_t first, uint64_t count)
{
    return first <= ns->blocks && count <= ns->blocks - first;
}

/* What Read, Write and Write Zeroes have in common. */
static NvmeStatus nvme_check_access(const NvmeNs *ns, const NvmeCmd *cmd, bool writes)
{
    if (!ns) {
        return NVME_INVALID_NAMESPACE;
    }
    if (cmd->cdw10[2] & PROTECTION) {
        return NVME_INVALID_FIELD;
    }
    if (!nvme_range_is_good(ns, first_block(cmd), block_count(cmd))) {
        return NVME_LBA_OUT_OF_RANGE;
    }
    return writes && blk_is_read_only(ns->blk) ? NVME_READ_ONLY : NVME_SUCCESS;
}

static NvmeStatus finish_write(NvmeCtrl *n, const NvmeNs *ns, const NvmeCmd *cmd)
{
    bool through = (cmd->cdw10[2] & FUA) != 0 || !nvme_write_cache_is_on(n);
    return !through || blk_flush(ns->blk) ? NVME_SUCCESS : NVME_WRITE_FAULT;
}

static NvmeStatus read_chunk(NvmeCtrl *n, const NvmeNs *ns, uint64_t at, uint32_t len)
{
    if (!blk_read(ns->blk, at, n->subsystem->chunk, len)) {
        return NVME_READ_ERROR;
    }
    return nvme_map_write(n, n->subsystem->chunk, len) ? NVME_SUCCESS : NVME_DATA_TRANSFER_ERROR;
}

static NvmeStatus write_chunk(NvmeCtrl *n, const NvmeNs *ns, uint64_t at, uint32_t len)
{
    if (!nvme_map_read(n, n->subsystem->chunk, len)) {
        return NVME_DATA_TRANSFER_ERROR;
    }
    return blk_write(ns->blk, at, n->subsystem->chunk, len) ? NVME_SUCCESS : NVME_WRITE_FAULT;
}

static NvmeStatus nvme_transfer(NvmeCtrl *n, const NvmeCmd *cmd, bool writes)
{
    const NvmeNs *ns = nvme_find_ns(n, cmd->nsid);
    NvmeStatus status = nvme_check_access(ns, cmd, writes);
    if (status != NVME_SUCCESS) {
        return status;
    }
    uint64_t at = first_block(cmd) << ns->shift, bytes = (uint64_t)block_count(cmd) << ns->shift;
    if (bytes > 1ull << (CC_LOWEST_SHIFT + n->mdts)) {
        return NVME_INVALID_FIELD;
    }
    status = nvme_map(n, cmd, (uint32_t)bytes);
    for (uint64_t done = 0; status == NVME_SUCCESS && done < bytes; done += NVME_CHUNK) {
        uint32_t len = (uint32_t)MIN(bytes - done, NVME_CHUNK);
        status = (writes ? write_chunk : read_chunk)(n, ns, at + done, len);
    }
    *(writes ? &n->writes : &n->reads) += 1;
    *(writes ? &n->bytes_written : &n->bytes_read) += status == NVME_SUCCESS ? bytes : 0;
    return status == NVME_SUCCESS && writes ? finish_write(n, ns, cmd) : status;
}

bool nvme_flush_all(NvmeCtrl *n)
{
    bool good = true;
    for (unsigned i = 0; i < NVME_MAX_NAMESPACES; i++) {
        const NvmeNs *ns = n->subsystem->ns[i];
        good &= !ns || blk_flush(ns->blk);
    }
    return good;
}

static NvmeStatus nvme_flush(NvmeCtrl *n, const NvmeCmd *cmd)
{
    const NvmeNs *ns = nvme_find_ns(n, cmd->nsid);
    if (cmd->nsid == NVME_ALL_NAMESPACES) {
        return nvme_flush_all(n) ? NVME_SUCCESS : NVME_WRITE_FAULT;
    }
    if (!ns) {
        return NVME_INVALID_NAMESPACE;
    }
    return blk_flush(ns->blk) ? NVME_SUCCESS : NVME_WRITE_FAULT;
}

/* 6.7: ranges of 16 bytes: attributes, blocks, first block. */
static NvmeStatus dataset_management(NvmeCtrl *n, const NvmeCmd *cmd)
{
    const NvmeNs *ns = nvme_find_ns(n, cmd->nsid);
    uint32_t count = (cmd->cdw10[0] & 0xff) + 1;
    uint8_t ranges[DSM_RANGES * DSM_RANGE_BYTES];
    if (!ns) {
        return NVME_INVALID_NAMESPACE;
    }
    if (cmd->cdw10[1] & ~DSM_HINTS) {
        return NVME_INVALID_FIELD;
    }
    NvmeStatus status = nvme_from_host(n, cmd, ranges, count * DSM_RANGE_BYTES);
    for (uint32_t i = 0; status == NVME_SUCCESS && i < count; i++) {
        const uint8_t *range = ranges + i * DSM_RANGE_BYTES;
        if (!nvme_range_is_good(ns, bytes_get64(range + 8), bytes_get32(range + 4))) {
            status = NVME_LBA_OUT_OF_RANGE;
        }
    }
    return status;
}

/* Up to 65,536 blocks: in parts. */
static NvmeStatus begin_zeroes(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd)
{
    NvmeStatus status = nvme_check_access(nvme_find_ns(n, cmd->nsid), cmd, true);
    if (status == NVME_SUCCESS) {
        n->job = (NvmeJob){.busy = true, .sqid = sqid};
        status = NVME_LATER;
    }
    return status;
}

/* The namespace is looked up each time: a saved state that was loaded is believed nothing. */
NvmeStatus nvme_job_step(NvmeCtrl *n)
{
    NvmeCmd cmd = nvme_cmd_decode(n->job.command);
    const NvmeNs *ns = nvme_find_ns(n, cmd.nsid);
    NvmeStatus status = nvme_check_access(ns, &cmd, true);
    if (status != NVME_SUCCESS) {
        return status;
    }
    uint64_t bytes = (uint64_t)block_count(&cmd) << ns->shift;
    uint64_t end = MIN(bytes, n->job.done + ZEROES_AT_ONCE);
    memset(n->subsystem->chunk, 0, NVME_CHUNK);
    while (n->job.done < end) {
        uint64_t len = MIN(end - n->job.done, NVME_CHUNK);
        if (!blk_write(ns->blk, (first_block(&cmd) << ns->shift) + n->job.done, n->subsystem->chunk,
                       len)) {
            return NVME_WRITE_FAULT;
        }
        n->job.done += len;
    }
    return end < bytes ? NVME_LATER : finish_write(n, ns, &cmd);
}

bool nvme_io_is_long(const NvmeCmd *cmd)
{
    return cmd->opcode == IO_WRITE_ZEROES;
}

uint32_t nvme_io_cost(const NvmeCtrl *n, const NvmeCmd *cmd)
{
    const NvmeNs *ns = nvme_find_ns(n, cmd->nsid);
    uint32_t blocks = block_count(cmd);
    switch (cmd->opcode) {
    case IO_FLUSH:
        return FLUSH_COST;
    case IO_READ:
    case IO_WRITE:
        return ns ? MIN(blocks, 1024) << ns->shift : 0;
    default:
        return 0;
    }
}

NvmeStatus nvme_io(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd)
{
    switch (cmd->opcode) {
    case IO_FLUSH:
        return nvme_flush(n, cmd);
    case IO_READ:
        return nvme_transfer(n, cmd, false);
    case IO_WRITE:
        return nvme_transfer(n, cmd, true);
    case IO_WRITE_ZEROES:
        return begin_zeroes(n, sqid, cmd);
    case IO_DSM:
        return dataset_management(n, cmd);
    default:
        return NVME_INVALID_OPCODE;
    }
}
