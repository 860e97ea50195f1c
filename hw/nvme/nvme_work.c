/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The controller at work: submission queues take turns (round robin, NVM Express 1.4, 4.13), each
 * for as many commands as the arbitration burst allows, until there is nothing to do or the slice
 * has cost enough. What is left is the next slice's.
 */
#include <string.h>

#include "hw/nvme/nvme_internal.h"

#define SLICE_COST   (1024u * 1024) /* bytes moved, or what takes as long */
#define COMMAND_COST 4096u
#define LOOK_COST    4u   /* at a queue */
#define ARBITRATION  0x01 /* feature: burst in bits 2:0 (5.21.1.1) */
#define NO_LIMIT     7

static unsigned arbitration_burst(const NvmeCtrl *n)
{
    unsigned burst = n->features[ARBITRATION] & 7;
    return burst == NO_LIMIT ? NVME_QUEUE_ENTRIES : 1u << burst;
}

static bool sq_has_work(const NvmeCtrl *n, const NvmeSq *sq)
{
    return sq->size != 0 && sq->head != sq->tail && !nvme_cq_is_full(&n->cq[sq->cqid]);
}

static NvmeStatus nvme_perform(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd)
{
    n->result = 0;
    if (cmd->fuse != 0) {
        return NVME_INVALID_FIELD;
    }
    return sqid == 0 ? nvme_admin(n, cmd) : nvme_io(n, sqid, cmd);
}

static void nvme_complete(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd, NvmeStatus status)
{
    if (status == NVME_LATER) {
        return;
    }
    uint16_t field = (uint16_t)status;
    if (status != NVME_SUCCESS) {
        field |= status == NVME_ABORTED_SQ_DELETION ? 0 : NVME_DNR;
        nvme_log_error(n, sqid, cmd, field);
    }
    nvme_post(n, sqid, cmd->cid, n->result, field);
}

/* One command of the queue; its cost, 0 if it has to wait. */
static uint32_t serve_one(NvmeCtrl *n, uint16_t sqid)
{
    NvmeSq *sq = &n->sq[sqid];
    uint8_t raw[SQE_BYTES];
    bool failed = pci_dma_read(&n->pci, sq->base + (uint64_t)sq->head * SQE_BYTES, raw,
                               sizeof(raw)) != MEM_OK;
    if (failed) {
        nvme_fatal(n);
        return 0;
    }
    NvmeCmd cmd = nvme_cmd_decode(raw);
    if (sqid != 0 && n->job.busy && nvme_io_is_long(&cmd)) {
        return 0;
    }
    sq->head = (sq->head + 1) % sq->size;
    trace_event(n->pci.dev.platform->trace, TRACE_NVME,
                "nvme_command dev=%s sq=%u cid=%u op=%02x nsid=%x cdw10=%x", n->pci.dev.id, sqid,
                cmd.cid, cmd.opcode, cmd.nsid, cmd.cdw10[0]);
    NvmeStatus status = nvme_perform(n, sqid, &cmd);
    if (status == NVME_LATER && sqid != 0) {
        memcpy(n->job.command, raw, sizeof(raw));
    }
    nvme_complete(n, sqid, &cmd, status);
    return COMMAND_COST + (sqid == 0 ? NVME_IDENTIFY_BYTES : nvme_io_cost(n, &cmd));
}

/* A queue's turn; what it cost. A command may delete other queues, or end it all. */
static uint32_t serve_queue(NvmeCtrl *n, uint16_t sqid, uint32_t budget)
{
    uint32_t spent = 0;
    for (unsigned i = arbitration_burst(n); i > 0 && spent < budget; i--) {
        uint32_t cost = nvme_is_ready(n) && sq_has_work(n, &n->sq[sqid]) ? serve_one(n, sqid) : 0;
        if (cost == 0) {
            break;
        }
        spent += cost;
    }
    return spent;
}

/* One round, from where the last one ended. */
static uint32_t serve_round(NvmeCtrl *n, uint32_t budget)
{
    uint16_t count = (uint16_t)nvme_queue_count(n);
    uint32_t spent = 0;
    for (unsigned i = 0; i < count && spent < budget; i++) {
        uint16_t sqid = n->next_sq;
        n->next_sq = (uint16_t)((n->next_sq + 1) % count);
        if (sq_has_work(n, &n->sq[sqid])) {
            spent += serve_queue(n, sqid, budget - spent);
        }
    }
    return spent;
}

/* Its end could not be told. */
static bool job_waits(const NvmeCtrl *n)
{
    return nvme_cq_is_full(&n->cq[n->sq[n->job.sqid].cqid]);
}

static uint32_t serve_job(NvmeCtrl *n)
{
    if (!n->job.busy || job_waits(n)) {
        return 0;
    }
    NvmeCmd cmd = nvme_cmd_decode(n->job.command);
    n->result = 0;
    NvmeStatus status = nvme_job_step(n);
    if (status != NVME_LATER) {
        n->job.busy = false;
    }
    nvme_complete(n, n->job.sqid, &cmd, status);
    return SLICE_COST / 2;
}

static void signal_all(NvmeCtrl *n)
{
    for (size_t i = 0; i < nvme_queue_count(n); i++) {
        if (n->cq[i].fresh != 0) {
            nvme_intr_signal(n, &n->cq[i]);
        }
    }
    nvme_intr_update_pin(n);
}

static void work(void *opaque)
{
    NvmeCtrl *n = opaque;
    if (!nvme_is_ready(n)) {
        return;
    }
    n->serving = true;
    uint32_t spent, job = serve_job(n), all = job;
    do {
        spent = nvme_is_ready(n) ? serve_round(n, SLICE_COST - all) : 0;
        all += spent + LOOK_COST * (uint32_t)nvme_queue_count(n);
    } while (spent != 0 && all < SLICE_COST);
    nvme_async_deliver(n);
    signal_all(n);
    n->serving = false;
    if (nvme_is_ready(n) && (spent != 0 || job != 0 || (n->job.busy && !job_waits(n)))) {
        nvme_kick(n);
    }
}

void nvme_work_init(NvmeCtrl *n)
{
    timer_init(&n->work, n->pci.dev.platform->clock, work, n);
}

void nvme_kick(NvmeCtrl *n)
{
    if (!timer_is_armed(&n->work)) {
        timer_arm(&n->work, clock_last(n->pci.dev.platform->clock));
    }
}
