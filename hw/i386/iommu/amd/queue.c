/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the command buffer: commands are taken from the head until it meets the tail (2.4). An
 * illegal one, or one that cannot be read, is logged and stops it, until software clears CmdBufEn
 * and sets it again (2.5.6, 2.5.7). With command-latency it takes that long a command, beside the
 * guest; without, it runs inside the write that moved the tail, as far as that costs no more than
 * AMDVI_QUEUE_BUDGET; the rest is done later, beside the guest. Cost is counted, not measured, so
 * that a machine does the same on every host.
 */
#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/cmd.h"
#include "hw/i386/iommu/amd/ppr.h"
#include "hw/i386/iommu/amd/rules.h"
#include "hw/i386/iommu/amd/unit.h"

#define LENGTH_LEAST 8 /* 256 entries; less is reserved */

/* Costs, in units. */
#define COST_COMMAND      5    /* to fetch, check and decode it */
#define COST_STORE        5    /* a store into memory */
#define COST_STORE_DEVICE 1000 /* one to a device, which may set off anything */

static const StateField amdvi_wait_state[] = {
    STATE_FIELD(STATE_UINT8, AmdviCmd, store),
    STATE_FIELD(STATE_UINT8, AmdviCmd, interrupt),
    STATE_FIELD(STATE_UINT64, AmdviCmd, address),
    STATE_FIELD(STATE_UINT64, AmdviCmd, data),
    STATE_NOT_SAVED(AmdviCmd, opcode), /* those of other commands */
    STATE_NOT_SAVED(AmdviCmd, device_id),
    STATE_NOT_SAVED(AmdviCmd, domain),
    STATE_NOT_SAVED(AmdviCmd, flush),
    STATE_NOT_SAVED(AmdviCmd, last),
    STATE_NOT_SAVED(AmdviCmd, tag),
    STATE_NOT_SAVED(AmdviCmd, code),
    STATE_END,
};

const StateField amdvi_queue_state[] = {
    STATE_FIELD(STATE_TIMER, AmdviQueue, step),
    STATE_FIELD(STATE_UINT8, AmdviQueue, waits),
    STATE_STRUCTS(AmdviQueue, wait, 1, AmdviCmd, amdvi_wait_state),
    STATE_FIELD(STATE_UINT8, AmdviQueue, failed),
    STATE_NOT_SAVED(AmdviQueue, commands),
    STATE_NOT_SAVED(AmdviQueue, work),
    STATE_END,
};

typedef struct {
    uint64_t base;
    uint32_t bytes;
} CommandRing;

static CommandRing ring_of(const AmdviState *s)
{
    uint64_t base = amdvi_reg(s, AMDVI_CMDBUF_BASE);
    unsigned length = (unsigned)field_get(base, AMDVI_RING_LENGTH);
    return (CommandRing){
        .base = base & AMDVI_BASE_MASK,
        .bytes = AMDVI_CMD_BYTES << (length < LENGTH_LEAST ? LENGTH_LEAST : length),
    };
}

uint32_t amdvi_queue_bytes(const AmdviState *s)
{
    return ring_of(s).bytes;
}

static void queue_set_run(AmdviState *s)
{
    const uint64_t on = AMDVI_CTL_IOMMU_EN | AMDVI_CTL_CMDBUF_EN;
    bool runs = (amdvi_reg(s, AMDVI_CONTROL) & on) == on && !s->queue.failed;
    amdvi_change_status(&s->regs, runs ? AMDVI_ST_CMDBUF_RUN : 0, runs ? 0 : AMDVI_ST_CMDBUF_RUN);
}

static void queue_fail(AmdviState *s, AmdviEventCode code, uint16_t flags, uint64_t address)
{
    AMDVI_GUEST_ERROR(s, "amdvi_command %s addr=%#" PRIx64, amdvi_event_name(code), address);
    s->queue.failed = true;
    queue_set_run(s);
    amdvi_log_event(&s->log, &(AmdviEvent){.code = code, .flags = flags, .address = address});
}

/* The unit's stores do not lead back to it, nor do they become interrupts. */
static bool may_store(const AmdviState *s, uint64_t address)
{
    return as_lookup(s->links.memory, address, NULL, NULL) != &s->region &&
           !intr_window_contains(address);
}

static void queue_store(AmdviState *s, uint64_t address, uint64_t data)
{
    bool in_ram = as_ram_ptr(s->links.memory, address, sizeof(data));
    s->queue.work += in_ram ? COST_STORE : COST_STORE_DEVICE;
    if (G_LIKELY(in_ram || may_store(s, address))) {
        as_store(s->links.memory, address, data, sizeof(data));
    } else {
        AMDVI_GUEST_ERROR(s, "amdvi_completion_wait addr=%#" PRIx64 " dropped", address);
    }
}

/* What the unit does itself before it is done when it is taken, so that there is nothing to flush
 * for F. */
static void queue_complete_wait(AmdviState *s, const AmdviCmd *c)
{
    s->queue.waits = false;
    if (c->store) {
        queue_store(s, c->address, c->data);
    }
    if (c->interrupt) {
        amdvi_change_status(&s->regs, AMDVI_ST_COMWAIT_INT, 0);
        amdvi_signals_update(&s->signals);
    }
}

/* Devices that were asked for something hold it up (2.4.1). */
static void queue_start_wait(AmdviState *s, const AmdviCmd *c)
{
    if (s->asked.tags) {
        s->queue.waits = true;
        s->queue.wait = *c;
    } else {
        queue_complete_wait(s, c);
    }
}

static void queue_perform(AmdviState *s, const AmdviCmd *c, uint64_t at)
{
    trace_event(s->dev.platform->trace, TRACE_AMDVI,
                "amdvi_command op=%u device=%s domain=%#x addr=%#" PRIx64, c->opcode,
                rid_text(c->device_id).text, c->domain, c->address);
    uint64_t steps = s->iotlb.steps;
    switch (c->opcode) {
    case AMDVI_CMD_COMPLETION_WAIT:
        amdvi_rules_wait(s, c);
        queue_start_wait(s, c);
        break;
    case AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY:
        amdvi_devcache_invalidate(&s->devices, c->device_id);
        break;
    case AMDVI_CMD_INVALIDATE_INTERRUPT_TABLE:
        amdvi_ircache_invalidate(&s->interrupts, c->device_id);
        break;
    case AMDVI_CMD_INVALIDATE_IOMMU_PAGES:
        amdvi_iotlb_invalidate(&s->iotlb, c->domain, c->address, c->last);
        break;
    case AMDVI_CMD_INVALIDATE_IOTLB_PAGES:
        amdvi_asked_add(s, c, at);
        break;
    case AMDVI_CMD_COMPLETE_PPR_REQUEST:
        amdvi_ppr_complete(s, c);
        break;
    case AMDVI_CMD_INVALIDATE_IOMMU_ALL:
        amdvi_devcache_invalidate_all(&s->devices);
        amdvi_ircache_invalidate_all(&s->interrupts);
        amdvi_iotlb_invalidate_all(&s->iotlb);
        break;
    }
    s->queue.work += s->iotlb.steps - steps;
}

/* The command at the head. False if the buffer stopped there. */
static bool queue_step(AmdviState *s, const CommandRing *ring, uint32_t head)
{
    const AmdviCmdLimits limits = {.invalidate_all = s->props.invalidate_all,
                                   .device_iotlb = s->props.device_iotlb,
                                   .page_requests = s->props.page_requests};
    uint64_t words[2];
    AmdviCmd c;
    if (as_read(s->links.memory, ring->base + head, words, sizeof(words)) != MEM_OK) {
        queue_fail(s, AMDVI_EV_COMMAND_HARDWARE_ERROR, AMDVI_EV_MASTER_ABORT, ring->base + head);
        return false;
    }
    if (!amdvi_cmd_decode(words, limits, &c)) {
        queue_fail(s, AMDVI_EV_ILLEGAL_COMMAND_ERROR, 0, ring->base + head);
        return false;
    }
    /* The head moves first: a store to a device may lead back here by its DMA. */
    regfile_set(&s->regs, AMDVI_CMDBUF_HEAD, (head + AMDVI_CMD_BYTES) % ring->bytes);
    s->queue.commands++;
    s->queue.work += COST_COMMAND;
    queue_perform(s, &c, ring->base + head);
    return true;
}

/* Whether there is a command to take now. */
static bool queue_has_work(const AmdviState *s, const CommandRing *ring, uint32_t *head)
{
    uint32_t tail = (uint32_t)amdvi_reg(s, AMDVI_CMDBUF_TAIL) % ring->bytes;
    *head = (uint32_t)amdvi_reg(s, AMDVI_CMDBUF_HEAD) % ring->bytes;
    return (amdvi_reg(s, AMDVI_STATUS) & AMDVI_ST_CMDBUF_RUN) && *head != tail && !s->queue.waits &&
           !amdvi_asked_is_full(&s->asked);
}

static void queue_run(AmdviState *s)
{
    CommandRing ring = ring_of(s);
    uint32_t head;
    uint64_t budget_ends = s->queue.work + AMDVI_QUEUE_BUDGET;
    s->queue.running = true;
    while (queue_has_work(s, &ring, &head)) {
        if (s->queue.work >= budget_ends) {
            /* The guest gets as much time as the unit took. */
            timer_arm(&s->queue.step,
                      clock_now(s->dev.platform->clock) + AMDVI_QUEUE_BUDGET * AMDVI_QUEUE_UNIT_NS);
            break;
        }
        if (!queue_step(s, &ring, head)) {
            break;
        }
        ring = ring_of(s);
    }
    s->queue.running = false;
}

void amdvi_queue_kick(AmdviState *s)
{
    AmdviQueue *q = &s->queue;
    if (q->running || timer_is_armed(&q->step)) {
        return;
    }
    if (s->props.command_latency == 0) {
        queue_run(s);
        return;
    }
    CommandRing ring = ring_of(s);
    uint32_t head;
    if (queue_has_work(s, &ring, &head)) {
        timer_arm(&q->step, clock_now(s->dev.platform->clock) + (int64_t)s->props.command_latency);
    }
}

/* One command's time is over: now it takes effect. */
static void queue_fired(void *opaque)
{
    AmdviState *s = opaque;
    if (s->props.command_latency) {
        CommandRing ring = ring_of(s);
        uint32_t head;
        s->queue.running = true;
        if (queue_has_work(s, &ring, &head)) {
            queue_step(s, &ring, head);
        }
        s->queue.running = false;
    }
    amdvi_queue_kick(s);
    amdvi_signals_flush(&s->signals);
}

void amdvi_queue_settled(AmdviState *s)
{
    if (s->queue.waits && !s->asked.tags) {
        queue_complete_wait(s, &s->queue.wait);
    }
    amdvi_queue_kick(s);
    amdvi_signals_flush(&s->signals);
}

static void queue_stop(AmdviState *s)
{
    timer_cancel(&s->queue.step);
    amdvi_asked_reset(&s->asked);
    s->queue.waits = false;
}

void amdvi_queue_control(AmdviState *s, uint64_t old)
{
    uint64_t now = amdvi_reg(s, AMDVI_CONTROL);
    if (now & ~old & AMDVI_CTL_CMDBUF_EN) {
        s->queue.failed = false;
    }
    queue_set_run(s);
    if (!(amdvi_reg(s, AMDVI_STATUS) & AMDVI_ST_CMDBUF_RUN)) {
        queue_stop(s);
    }
    amdvi_queue_kick(s);
}

void amdvi_queue_init(AmdviState *s)
{
    timer_init(&s->queue.step, s->dev.platform->clock, queue_fired, s);
}

void amdvi_queue_reset(AmdviState *s)
{
    queue_stop(s);
    s->queue.failed = s->queue.running = false;
    s->queue.commands = s->queue.work = 0;
}
