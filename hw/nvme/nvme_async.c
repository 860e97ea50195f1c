/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asynchronous events (NVM Express 1.4, 5.2). Of a type one is kept until a request asks for it,
 * and no other comes until its log page was read: however often a guest errs, it costs one
 * completion.
 */
#include "hw/nvme/nvme_internal.h"

#define EVENT(type_, info_, log_)                                                                  \
    ((uint32_t)(type_) | (uint32_t)(info_) << 8 | (uint32_t)(log_) << 16)
#define THERE 0x80000000u /* in async_events: not an empty one */

NvmeStatus nvme_async_request(NvmeCtrl *n, const NvmeCmd *cmd)
{
    if (n->async_count > n->aerl) {
        return NVME_TOO_MANY_ASYNC;
    }
    n->async_cids[n->async_count++] = cmd->cid;
    return NVME_LATER;
}

void nvme_async_event(NvmeCtrl *n, unsigned type, uint8_t info, uint8_t log)
{
    if ((n->async_masked & 1u << type) || n->async_events[type] != 0) {
        return;
    }
    n->async_events[type] = EVENT(type, info, log) | THERE;
    nvme_kick(n);
}

void nvme_async_unmask(NvmeCtrl *n, unsigned type)
{
    n->async_masked &= (uint8_t) ~(1u << type);
}

static void nvme_deliver(NvmeCtrl *n, unsigned type)
{
    uint32_t event = n->async_events[type];
    if (event == 0 || n->async_count == 0 || nvme_cq_is_full(&n->cq[0])) {
        return;
    }
    n->async_events[type] = 0;
    n->async_masked |= (uint8_t)(1u << type);
    nvme_post(n, 0, n->async_cids[--n->async_count], event & ~THERE, NVME_SUCCESS);
}

void nvme_async_deliver(NvmeCtrl *n)
{
    for (unsigned type = 0; type < G_N_ELEMENTS(n->async_events) && nvme_is_ready(n); type++) {
        nvme_deliver(n, type);
    }
}
