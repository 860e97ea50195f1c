/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the invalidation queue (6.5.2). Descriptors are taken from the head until it meets the
 * tail. A bad one stops the queue with the head on it (IQE); it goes on when software has cleared
 * IQE, from the same head. With qi-latency the queue takes that long a descriptor, beside the
 * guest; without, it runs inside the write that moved the tail, as far as that costs no more than
 * VTD_QI_BUDGET; the rest is done later, beside the guest. Cost is counted, not measured, so that a
 * machine does the same on every host.
 *
 * Device-TLB invalidations are asynchronous: each takes a tag until the device's completion or a
 * time-out (ITE), and a wait descriptor behind them waits for all. A completion with a wrong tag or
 * source is an ICE. The wait descriptor that a time-out aborts writes no status (6.5.2.10).
 */
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/unit.h"

#define IQA_SIZE       0, 3
#define IQA_DW         11, 1
#define QUEUE_ERRORS   (VTD_FSTS_IQE | VTD_FSTS_ITE)
#define PAGE_BYTES     4096u
#define DESC_BYTES     16u
#define DEVTLB_TIMEOUT (1 * NS_PER_MS)

/* Costs, in units. */
#define COST_DESCRIPTOR   5    /* to fetch, check and decode it */
#define COST_STORE        5    /* a status write into memory */
#define COST_STORE_DEVICE 1000 /* one to a device, which may set off anything */
#define IEC_EPOCHS_A_UNIT 32   /* a cleared entry of the entry cache costs little */

const StateField vtd_qi_state[] = {
    STATE_FIELD(STATE_TIMER, VtdQueue, step),
    STATE_FIELD(STATE_TIMER, VtdQueue, timeout),
    STATE_FIELD(STATE_UINT32, VtdQueue, tags_busy),
    STATE_ARRAY(STATE_UINT16, VtdQueue, tag_source, VTD_ITAGS),
    STATE_FIELD(STATE_UINT8, VtdQueue, wait_pending),
    STATE_FIELD(STATE_UINT8, VtdQueue, wait_interrupt),
    STATE_FIELD(STATE_UINT8, VtdQueue, wait_status),
    STATE_FIELD(STATE_UINT32, VtdQueue, wait_data),
    STATE_FIELD(STATE_UINT64, VtdQueue, wait_address),
    STATE_NOT_SAVED(VtdQueue, descriptors),
    STATE_NOT_SAVED(VtdQueue, work),
    STATE_END,
};

typedef struct {
    uint64_t base;
    uint32_t bytes;
    bool wide; /* 256-bit descriptors: of scalable mode alone (11.4.9.3) */
} Queue;

static Queue queue_of(const VtdState *s)
{
    uint64_t iqa = vtd_reg(s, VTD_IQA);
    return (Queue){.base = iqa & VTD_BASE_MASK,
                   .bytes = PAGE_BYTES << vtd_get(iqa, IQA_SIZE),
                   .wide = vtd_get(iqa, IQA_DW)};
}

static void queue_error(VtdState *s, VtdQueueError cause)
{
    VTD_GUEST_ERROR(s, "vtd_queue_error head=%#" PRIx64 " tail=%#" PRIx64 " cause=%d",
                    vtd_reg(s, VTD_IQH), vtd_reg(s, VTD_IQT), cause);
    vtd_rules_queue_error(s, cause, queue_of(s).base + vtd_reg(s, VTD_IQH));
    uint64_t record = vtd_reg(s, VTD_IQERCD) & ~vtd_mask(VTD_IQERCD_IQEI);
    regfile_set(&s->regs, VTD_IQERCD, record | vtd_put(cause, VTD_IQERCD_IQEI));
    vtd_fault_status(&s->faults, VTD_FSTS_IQE);
}

/* The unit's writes do not lead back to it: its registers are for software, and while it completes
 * one descriptor it is in the middle of its work. Nor do they become interrupts (6.5.2.8). */
static bool may_write_status(const VtdState *s, uint64_t address)
{
    AddressSpace *memory = s->links.memory;
    return as_lookup(memory, address, NULL, NULL) != &s->region && !intr_window_contains(address);
}

static void write_status(VtdState *s, uint64_t address, uint32_t data)
{
    AddressSpace *memory = s->links.memory;
    bool in_ram = as_ram_ptr(memory, address, sizeof(data));
    s->queue.work += in_ram ? COST_STORE : COST_STORE_DEVICE;
    if (G_LIKELY(in_ram || may_write_status(s, address))) {
        as_store(memory, address, data, sizeof(data));
    } else {
        VTD_GUEST_ERROR(s, "vtd_wait_status addr=%#" PRIx64 " data=%#x dropped", address, data);
    }
}

static void complete_wait(VtdState *s, bool interrupt, bool status, uint64_t address, uint32_t data)
{
    if (status) {
        write_status(s, address, data);
    }
    if (interrupt) {
        bool was_set = vtd_reg(s, VTD_ICS) & VTD_ICS_IWC;
        regfile_set(&s->regs, VTD_ICS, VTD_ICS_IWC);
        if (!was_set) {
            vtd_event_raise(&s->events, VTD_EVENT_INVALIDATION);
        }
    }
}

static void start_wait(VtdState *s, const VtdDesc *d)
{
    VtdQueue *q = &s->queue;
    if (!q->tags_busy) {
        complete_wait(s, d->interrupt, d->status, d->address, d->status_data);
        return;
    }
    q->wait_pending = true;
    q->wait_interrupt = d->interrupt;
    q->wait_status = d->status;
    q->wait_address = d->address;
    q->wait_data = d->status_data;
}

static void start_device_tlb(VtdState *s, const VtdDesc *d)
{
    VtdQueue *q = &s->queue;
    unsigned tag = (unsigned)__builtin_ctz(~q->tags_busy);
    q->tags_busy |= 1u << tag;
    q->tag_source[tag] = d->source_id;
    trace_event(s->dev.platform->trace, TRACE_VTD, "vtd_device_tlb sid=%s addr=%#" PRIx64 " tag=%u",
                rid_text(d->source_id).text, d->address, tag);
    timer_arm(&q->timeout, clock_now(s->dev.platform->clock) + DEVTLB_TIMEOUT);
    vtd_ats_invalidate(s, d, tag);
}

static void qi_flush_iotlb(VtdState *s, const VtdDesc *d)
{
    uint64_t steps = s->cache.tree.steps;
    vtd_iotlb_invalidate(&s->cache, d->granularity, d->domain, d->address, d->address_mask);
    s->queue.work += s->cache.tree.steps - steps;
}

static void qi_flush_entries(VtdState *s, const VtdDesc *d)
{
    if (d->global) {
        vtd_iec_invalidate_all(&s->iec);
        s->queue.work += VTD_IEC_BLOCKS / IEC_EPOCHS_A_UNIT;
    } else {
        vtd_iec_invalidate(&s->iec, d->index, d->index_mask);
        s->queue.work += MIN(1u << d->index_mask, VTD_IEC_BLOCK) / IEC_EPOCHS_A_UNIT;
    }
}

static void perform(VtdState *s, const VtdDesc *d)
{
    if (G_UNLIKELY(trace_on(s->dev.platform->trace, TRACE_VTD))) {
        vtd_desc_trace(d, s->dev.platform->trace);
    }
    if (d->type != VTD_DESC_DEVICE_TLB && d->type != VTD_DESC_WAIT) {
        vtd_before_invalidation(s);
    }
    switch (d->type) {
    case VTD_DESC_CONTEXT:
        vtd_context_invalidate(&s->cache, d->granularity, d->domain, d->source_id,
                               d->function_mask);
        break;
    case VTD_DESC_IOTLB:
        qi_flush_iotlb(s, d);
        break;
    case VTD_DESC_DEVICE_TLB:
        start_device_tlb(s, d);
        break;
    case VTD_DESC_IEC:
        qi_flush_entries(s, d);
        break;
    case VTD_DESC_WAIT:
        start_wait(s, d);
        break;
    }
}

/* The descriptor at the head. False if the queue stopped there. */
static bool step_one(VtdState *s, const Queue *queue, uint32_t head)
{
    VtdDescLimits limits = {
        .intremap = s->intremap,
        .device_iotlb = s->props.device_iotlb,
        .page_drain = s->props.device_iotlb && s->props.page_request_drain,
        .max_address_mask = s->props.mamv,
        .max_handle_mask = VTD_HANDLE_MASK_V,
    };
    uint64_t words[DESC_BYTES / 8];
    VtdDesc d;
    if (as_read(s->links.memory, queue->base + head, words, DESC_BYTES) != MEM_OK) {
        queue_error(s, VTD_IQEI_FETCH);
        return false;
    }
    VtdQueueError error = vtd_desc_decode(words, &limits, &d);
    if (error != VTD_IQEI_NONE) {
        queue_error(s, error);
        return false;
    }
    /* The head moves first: a status write to a device may lead back here by its DMA, and must find
     * it moved. */
    regfile_set(&s->regs, VTD_IQH, (head + DESC_BYTES) % queue->bytes);
    s->queue.descriptors++;
    s->queue.work += COST_DESCRIPTOR;
    vtd_rules_descriptor(s, &d);
    perform(s, &d);
    return true;
}

/* Whether there is a descriptor to take now; bad tails and widths are found here. */
static bool has_work(VtdState *s, const Queue *queue, uint32_t *head)
{
    uint32_t tail = (uint32_t)vtd_reg(s, VTD_IQT);
    *head = (uint32_t)vtd_reg(s, VTD_IQH);
    if (!vtd_queue_enabled(s) || (vtd_reg(s, VTD_FSTS) & QUEUE_ERRORS) || s->queue.wait_pending ||
        s->queue.tags_busy == UINT32_MAX || *head == tail) {
        return false;
    }
    VtdQueueError error = queue->wide            ? VTD_IQEI_WIDTH
                          : tail >= queue->bytes ? VTD_IQEI_TAIL
                                                 : VTD_IQEI_NONE;
    if (error != VTD_IQEI_NONE) {
        queue_error(s, error);
    }
    return error == VTD_IQEI_NONE;
}

static void run(VtdState *s)
{
    Queue queue = queue_of(s);
    uint32_t head;
    uint64_t budget_ends = s->queue.work + VTD_QI_BUDGET;
    s->queue.running = true;
    while (has_work(s, &queue, &head)) {
        if (s->queue.work >= budget_ends) {
            /* The guest gets as much time as the unit took. */
            timer_arm(&s->queue.step,
                      clock_now(s->dev.platform->clock) + VTD_QI_BUDGET * VTD_QI_UNIT_NS);
            break;
        }
        if (!step_one(s, &queue, head)) {
            break;
        }
        queue = queue_of(s);
    }
    s->queue.running = false;
}

void vtd_qi_kick(VtdState *s)
{
    VtdQueue *q = &s->queue;
    if (q->running || timer_is_armed(&q->step)) {
        return;
    }
    if (s->props.qi_latency == 0) {
        run(s);
        return;
    }
    Queue queue = queue_of(s);
    uint32_t head;
    if (has_work(s, &queue, &head)) {
        timer_arm(&q->step, clock_now(s->dev.platform->clock) + (int64_t)s->props.qi_latency);
    }
}

/* One descriptor's time is over: now it takes effect. */
static void step_fired(void *opaque)
{
    VtdState *s = opaque;
    if (s->props.qi_latency) {
        Queue queue = queue_of(s);
        uint32_t head;
        s->queue.running = true;
        if (has_work(s, &queue, &head)) {
            step_one(s, &queue, head);
        }
        s->queue.running = false;
    }
    vtd_qi_kick(s);
    vtd_events_flush(&s->events);
}

static void finish_device_tlb(VtdState *s)
{
    VtdQueue *q = &s->queue;
    timer_cancel(&q->timeout);
    if (q->wait_pending) {
        q->wait_pending = false;
        complete_wait(s, q->wait_interrupt, q->wait_status, q->wait_address, q->wait_data);
    }
}

static void timed_out(void *opaque)
{
    VtdState *s = opaque;
    VtdQueue *q = &s->queue;
    uint16_t source = q->tag_source[__builtin_ctz(q->tags_busy)];
    q->tags_busy = 0;
    q->wait_pending = false;
    VTD_GUEST_ERROR(s, "vtd_device_tlb_timeout sid=%s", rid_text(source).text);
    uint64_t record = vtd_reg(s, VTD_IQERCD) & ~vtd_mask(VTD_IQERCD_ITESID);
    regfile_set(&s->regs, VTD_IQERCD, record | vtd_put(source, VTD_IQERCD_ITESID));
    vtd_fault_status(&s->faults, VTD_FSTS_ITE);
    vtd_events_flush(&s->events);
}

void vtd_device_tlb_completed(Device *dev, uint16_t source_id, uint32_t tags)
{
    VtdState *s = (VtdState *)dev;
    VtdQueue *q = &s->queue;
    for (unsigned tag = 0; tag < VTD_ITAGS; tag++) {
        if (!(tags & (1u << tag))) {
            continue;
        }
        if (!(q->tags_busy & (1u << tag)) || q->tag_source[tag] != source_id) {
            uint64_t record = vtd_reg(s, VTD_IQERCD) & ~vtd_mask(VTD_IQERCD_ICESID);
            regfile_set(&s->regs, VTD_IQERCD, record | vtd_put(source_id, VTD_IQERCD_ICESID));
            vtd_fault_status(&s->faults, VTD_FSTS_ICE);
            continue;
        }
        q->tags_busy &= ~(1u << tag);
        if (!q->tags_busy) {
            finish_device_tlb(s);
        }
    }
    vtd_qi_kick(s);
    vtd_events_flush(&s->events);
}

static void watch_queue(VtdState *s)
{
    Queue queue = queue_of(s);

    vtd_watch_set(&s->queue_watch, queue.base, queue.bytes);
}

void vtd_qi_enable(VtdState *s)
{
    watch_queue(s);
    vtd_qi_kick(s);
}

/* QIE cleared: what was fetched is done, nothing more is taken, and the head goes to 0 (11.4.4). */
void vtd_qi_disable(VtdState *s)
{
    timer_cancel(&s->queue.step);
    timer_cancel(&s->queue.timeout);
    s->queue.tags_busy = 0;
    s->queue.wait_pending = false;
    regfile_set(&s->regs, VTD_IQH, 0);
    vtd_watch_set(&s->queue_watch, 0, 0);
}

/* A saved state may tell of a time-out without an invalidation under way. */
void vtd_qi_restored(VtdState *s)
{
    if (!s->queue.tags_busy) {
        timer_cancel(&s->queue.timeout);
    }
    if (vtd_queue_enabled(s)) {
        watch_queue(s);
    }
}

void vtd_qi_init(VtdState *s)
{
    timer_init(&s->queue.step, s->dev.platform->clock, step_fired, s);
    timer_init(&s->queue.timeout, s->dev.platform->clock, timed_out, s);
}

void vtd_qi_reset(VtdState *s)
{
    vtd_qi_disable(s);
    s->queue.running = false;
    s->queue.descriptors = s->queue.work = 0;
}
