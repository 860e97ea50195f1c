/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Submission and completion queues: doorbells, creation and deletion, completions (NVM Express 1.4,
 * 3.1.24, 3.1.25, 4.1, 4.6 and 5.3 to 5.6). Queues are contiguous (CAP.CQR).
 */
#include <string.h>

#include "hw/nvme/nvme_internal.h"

#define AQA_SQ_SIZE(aqa_) (((aqa_)&0xfff) + 1)
#define AQA_CQ_SIZE(aqa_) (((aqa_) >> 16 & 0xfff) + 1)
#define LEAST_ENTRIES     2 /* 4.1.3 */
#define PC                0x1u
#define IEN               0x2u

size_t nvme_queue_count(const void *ctrl)
{
    return (size_t)((const NvmeCtrl *)ctrl)->max_ioqpairs + 1;
}

bool nvme_cq_is_full(const NvmeCq *cq)
{
    return (cq->tail + 1) % cq->size == cq->head;
}

void nvme_queues_reset(NvmeCtrl *n)
{
    memset(n->sq, 0, nvme_queue_count(n) * sizeof(*n->sq));
    memset(n->cq, 0, nvme_queue_count(n) * sizeof(*n->cq));
    memset(n->async_cids, 0, sizeof(n->async_cids));
    memset(n->async_events, 0, sizeof(n->async_events));
    n->job = (NvmeJob){0};
    n->async_count = n->async_masked = 0;
    n->next_sq = 0;
    n->result = 0;
    timer_cancel(&n->work);
    timer_cancel(&n->aggregation);
}

static bool is_page_aligned(const NvmeCtrl *n, uint64_t addr)
{
    return (addr & ((1ull << n->page_shift) - 1)) == 0;
}

bool nvme_queues_enable(NvmeCtrl *n)
{
    uint32_t aqa = (uint32_t)regfile_get(&n->regs, NVME_AQA);
    uint64_t asq = regfile_get(&n->regs, NVME_ASQ), acq = regfile_get(&n->regs, NVME_ACQ);
    if (AQA_SQ_SIZE(aqa) < LEAST_ENTRIES || AQA_CQ_SIZE(aqa) < LEAST_ENTRIES ||
        !is_page_aligned(n, asq) || !is_page_aligned(n, acq)) {
        return false;
    }
    n->sq[0] = (NvmeSq){.base = asq, .size = AQA_SQ_SIZE(aqa)};
    n->cq[0] =
        (NvmeCq){.base = acq, .size = AQA_CQ_SIZE(aqa), .phase = true, .irq = true, .sqs = 1};
    return true;
}

static void ring_sq(NvmeCtrl *n, uint32_t id, uint32_t value)
{
    NvmeSq *sq = &n->sq[id];
    if (value >= sq->size) {
        nvme_async_event(n, EVENT_ERROR, EVENT_INVALID_DOORBELL_VALUE, LOG_ERROR);
        return;
    }
    sq->tail = value;
    nvme_kick(n);
}

/* The head goes over entries that were posted, and over no others. */
static void ring_cq(NvmeCtrl *n, uint32_t id, uint32_t value)
{
    NvmeCq *cq = &n->cq[id];
    uint32_t posted = (cq->tail + cq->size - cq->head) % cq->size;
    if (value >= cq->size || (value + cq->size - cq->head) % cq->size > posted) {
        nvme_async_event(n, EVENT_ERROR, EVENT_INVALID_DOORBELL_VALUE, LOG_ERROR);
        return;
    }
    bool was_full = nvme_cq_is_full(cq);
    cq->head = value;
    nvme_intr_update_pin(n);
    if (was_full) {
        nvme_kick(n);
    }
}

void nvme_doorbell(NvmeCtrl *n, uint32_t offset, uint32_t value)
{
    uint32_t id = offset / 8;
    bool of_cq = offset & 4;
    if (!nvme_is_ready(n)) {
        return;
    }
    bool exists = id < nvme_queue_count(n) && (of_cq ? n->cq[id].size : n->sq[id].size) != 0;
    if (!exists) {
        nvme_async_event(n, EVENT_ERROR, EVENT_INVALID_DOORBELL, LOG_ERROR);
    } else if (of_cq) {
        ring_cq(n, id, value);
    } else {
        ring_sq(n, id, value);
    }
}

void nvme_post(NvmeCtrl *n, uint16_t sqid, uint16_t cid, uint32_t result, uint16_t status)
{
    const NvmeSq *sq = &n->sq[sqid];
    NvmeCq *cq = &n->cq[sq->cqid];
    if (!nvme_is_ready(n) || sq->size == 0) { /* the command's own DMA reset it */
        return;
    }
    uint8_t raw[CQE_BYTES];
    nvme_cqe_encode(raw, result, (uint16_t)sq->head, sqid, cid, cq->phase, status);
    trace_event(n->pci.dev.platform->trace, TRACE_NVME,
                "nvme_completion dev=%s sq=%u cq=%u cid=%u status=%x result=%x", n->pci.dev.id,
                sqid, sq->cqid, cid, status, result);
    if (pci_dma_write(&n->pci, cq->base + (uint64_t)cq->tail * CQE_BYTES, raw, sizeof(raw)) !=
        MEM_OK) {
        nvme_fatal(n);
        return;
    }
    if (!nvme_is_ready(n)) {
        return;
    }
    cq->tail++;
    if (cq->tail == cq->size) {
        cq->tail = 0;
        cq->phase = !cq->phase;
    }
    cq->fresh++;
}

static uint16_t cmd_qid(const NvmeCmd *cmd)
{
    return (uint16_t)cmd->cdw10[0];
}

static uint32_t cmd_entries(const NvmeCmd *cmd)
{
    return (cmd->cdw10[0] >> 16) + 1;
}

static bool is_io_queue(const NvmeCtrl *n, uint16_t id)
{
    return id != 0 && id <= nvme_queue_limit(n) && id < nvme_queue_count(n);
}

/* What both kinds of creation look at (5.3 and 5.4). */
static NvmeStatus check_creation(NvmeCtrl *n, const NvmeCmd *cmd, uint32_t in_use,
                                 uint32_t entry_shift, uint32_t expected_shift)
{
    uint32_t entries = cmd_entries(cmd);
    if (in_use != 0) {
        return NVME_INVALID_QID;
    }
    if (entries < LEAST_ENTRIES || entries > NVME_QUEUE_ENTRIES || entry_shift != expected_shift) {
        return NVME_INVALID_QUEUE_SIZE;
    }
    if ((cmd->cdw10[1] & PC) == 0) {
        return NVME_INVALID_FIELD;
    }
    return is_page_aligned(n, cmd->prp1) ? NVME_SUCCESS : NVME_INVALID_PRP_OFFSET;
}

static uint32_t nvme_cc(const NvmeCtrl *n)
{
    return (uint32_t)regfile_get(&n->regs, NVME_CC);
}

NvmeStatus nvme_create_cq(NvmeCtrl *n, const NvmeCmd *cmd)
{
    uint16_t id = cmd_qid(cmd);
    uint16_t vector = (uint16_t)(cmd->cdw10[1] >> 16);
    if (!is_io_queue(n, id)) {
        return NVME_INVALID_QID;
    }
    NvmeStatus status = check_creation(n, cmd, n->cq[id].size, CC_IOCQES(nvme_cc(n)), CQE_SHIFT);
    if (status != NVME_SUCCESS) {
        return status;
    }
    if (vector >= nvme_vector_limit(n)) {
        return NVME_INVALID_VECTOR;
    }
    n->cq[id] = (NvmeCq){.base = cmd->prp1,
                         .size = cmd_entries(cmd),
                         .phase = true,
                         .irq = (cmd->cdw10[1] & IEN) != 0,
                         .vector = vector};
    return NVME_SUCCESS;
}

NvmeStatus nvme_create_sq(NvmeCtrl *n, const NvmeCmd *cmd)
{
    uint16_t id = cmd_qid(cmd);
    uint16_t cqid = (uint16_t)(cmd->cdw10[1] >> 16);
    if (!is_io_queue(n, id)) {
        return NVME_INVALID_QID;
    }
    if (!is_io_queue(n, cqid) || n->cq[cqid].size == 0) {
        return NVME_INVALID_CQ;
    }
    NvmeStatus status = check_creation(n, cmd, n->sq[id].size, CC_IOSQES(nvme_cc(n)), SQE_SHIFT);
    if (status != NVME_SUCCESS) {
        return status;
    }
    n->sq[id] = (NvmeSq){.base = cmd->prp1, .size = cmd_entries(cmd), .cqid = cqid};
    n->cq[cqid].sqs++;
    return NVME_SUCCESS;
}

/* 5.6: a command that is under way is over, and told so. */
static void abort_job_of(NvmeCtrl *n, uint16_t sqid)
{
    if (n->job.busy && n->job.sqid == sqid) {
        NvmeCmd cmd = nvme_cmd_decode(n->job.command);
        n->job = (NvmeJob){0};
        nvme_post(n, sqid, cmd.cid, 0, NVME_ABORTED_SQ_DELETION);
    }
}

NvmeStatus nvme_delete_sq(NvmeCtrl *n, const NvmeCmd *cmd)
{
    uint16_t id = cmd_qid(cmd);
    if (!is_io_queue(n, id) || n->sq[id].size == 0) {
        return NVME_INVALID_QID;
    }
    NvmeCq *cq = &n->cq[n->sq[id].cqid];
    abort_job_of(n, id);
    nvme_intr_signal(n, cq);
    cq->sqs--;
    n->sq[id] = (NvmeSq){0};
    return NVME_SUCCESS;
}

NvmeStatus nvme_delete_cq(NvmeCtrl *n, const NvmeCmd *cmd)
{
    uint16_t id = cmd_qid(cmd);
    if (!is_io_queue(n, id) || n->cq[id].size == 0) {
        return NVME_INVALID_QID;
    }
    if (n->cq[id].sqs != 0) {
        return NVME_INVALID_QUEUE_DELETION;
    }
    n->cq[id] = (NvmeCq){0};
    nvme_intr_update_pin(n);
    return NVME_SUCCESS;
}
