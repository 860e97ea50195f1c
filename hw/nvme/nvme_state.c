/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a controller is saved, and whether what was loaded can be. */
#include "hw/nvme/nvme_internal.h"

static const StateField sq_state[] = {
    STATE_FIELD(STATE_UINT64, NvmeSq, base),
    STATE_FIELD_MAX(STATE_UINT32, NvmeSq, size, NVME_QUEUE_ENTRIES * 2),
    STATE_FIELD(STATE_UINT32, NvmeSq, head),
    STATE_FIELD(STATE_UINT32, NvmeSq, tail),
    STATE_FIELD(STATE_UINT16, NvmeSq, cqid),
    STATE_END,
};

static const StateField cq_state[] = {
    STATE_FIELD(STATE_UINT64, NvmeCq, base),
    STATE_FIELD_MAX(STATE_UINT32, NvmeCq, size, NVME_QUEUE_ENTRIES * 2),
    STATE_FIELD(STATE_UINT32, NvmeCq, head),
    STATE_FIELD(STATE_UINT32, NvmeCq, tail),
    STATE_FIELD(STATE_UINT8, NvmeCq, phase),
    STATE_FIELD(STATE_UINT8, NvmeCq, irq),
    STATE_FIELD(STATE_UINT16, NvmeCq, vector),
    STATE_FIELD(STATE_UINT32, NvmeCq, fresh),
    STATE_FIELD(STATE_UINT32, NvmeCq, sqs),
    STATE_END,
};

static const StateField error_state[] = {
    STATE_FIELD(STATE_UINT64, NvmeError, number),
    STATE_FIELD(STATE_UINT16, NvmeError, sqid),
    STATE_FIELD(STATE_UINT16, NvmeError, cid),
    STATE_FIELD(STATE_UINT16, NvmeError, status),
    STATE_FIELD(STATE_UINT64, NvmeError, lba),
    STATE_FIELD(STATE_UINT32, NvmeError, nsid),
    STATE_END,
};

static const StateField job_state[] = {
    STATE_FIELD(STATE_UINT8, NvmeJob, busy),
    STATE_FIELD(STATE_UINT16, NvmeJob, sqid),
    STATE_ARRAY(STATE_BYTES, NvmeJob, command, SQE_BYTES),
    STATE_FIELD(STATE_UINT64, NvmeJob, done),
    STATE_END,
};

/* A secondary's row is of its primary's state. */
static const StateField secondary_state[] = {
    STATE_FIELD(STATE_UINT8, NvmeSecondary, online),
    STATE_FIELD_MAX(STATE_UINT16, NvmeSecondary, queues, NVME_MAX_IOQPAIRS),
    STATE_FIELD_MAX(STATE_UINT16, NvmeSecondary, vectors, PCI_MSIX_MAX_VECTORS),
    STATE_END,
};

const StateField nvme_state[] = {
    PCI_STATE,
    STATE_STRUCTS_PTR(NvmeCtrl, secondaries, NvmeSecondary, secondary_state, nvme_secondary_count),
    STATE_REGFILE(NvmeCtrl, regs),
    STATE_FIELD_MAX(STATE_UINT8, NvmeCtrl, page_shift, 16),
    STATE_STRUCTS_PTR(NvmeCtrl, sq, NvmeSq, sq_state, nvme_queue_count),
    STATE_STRUCTS_PTR(NvmeCtrl, cq, NvmeCq, cq_state, nvme_queue_count),
    STATE_FIELD(STATE_UINT16, NvmeCtrl, next_sq),
    STATE_FIELD(STATE_TIMER, NvmeCtrl, work),
    STATE_FIELD(STATE_TIMER, NvmeCtrl, aggregation),
    STATE_STRUCTS(NvmeCtrl, job, 1, NvmeJob, job_state),
    STATE_FIELD(STATE_UINT32, NvmeCtrl, result),
    STATE_ARRAY(STATE_UINT32, NvmeCtrl, features, NVME_FEATURES),
    STATE_FIELD(STATE_UINT32, NvmeCtrl, under_temperature),
    STATE_BYTES_PTR(NvmeCtrl, coalescing_disabled, nvme_vectors),
    STATE_ARRAY(STATE_UINT16, NvmeCtrl, async_cids, NVME_MAX_AERL + 1),
    STATE_FIELD_MAX(STATE_UINT8, NvmeCtrl, async_count, NVME_MAX_AERL + 1),
    STATE_ARRAY(STATE_UINT32, NvmeCtrl, async_events, NVME_EVENT_TYPES),
    STATE_FIELD(STATE_UINT8, NvmeCtrl, async_masked),
    STATE_STRUCTS(NvmeCtrl, errors, NVME_ERROR_ENTRIES, NvmeError, error_state),
    STATE_FIELD(STATE_UINT64, NvmeCtrl, error_count),
    STATE_FIELD(STATE_UINT64, NvmeCtrl, bytes_read),
    STATE_FIELD(STATE_UINT64, NvmeCtrl, bytes_written),
    STATE_FIELD(STATE_UINT64, NvmeCtrl, reads),
    STATE_FIELD(STATE_UINT64, NvmeCtrl, writes),
    STATE_END,
};

static bool sq_makes_sense(const NvmeCtrl *n, const NvmeSq *sq)
{
    return sq->size == 0 || (sq->head < sq->size && sq->tail < sq->size &&
                             sq->cqid < nvme_queue_count(n) && n->cq[sq->cqid].size != 0);
}

bool nvme_state_makes_sense(const NvmeCtrl *n)
{
    bool good = n->next_sq < nvme_queue_count(n) && n->page_shift >= CC_LOWEST_SHIFT &&
                n->job.sqid < nvme_queue_count(n) &&
                (!n->job.busy || n->sq[n->job.sqid].size != 0) &&
                (!nvme_is_ready(n) || (n->sq[0].size != 0 && n->cq[0].size != 0));
    for (size_t i = 0; i < nvme_queue_count(n); i++) {
        const NvmeCq *cq = &n->cq[i];
        good &= sq_makes_sense(n, &n->sq[i]);
        good &= cq->size == 0 || (cq->head < cq->size && cq->tail < cq->size);
    }
    return good;
}
