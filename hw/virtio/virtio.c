/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio device core: status, feature negotiation, configuration and the serving of queues
 * (Virtio 1.1, 2.1 to 2.5 and 3.1).
 */
#include "hw/virtio/virtio.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <string.h>

#define SLICE_COST   (1024u * 1024) /* bytes moved, or what takes as long */
#define REQUEST_COST 4096u

const StateField virtio_state[] = {
    STATE_FIELD(STATE_UINT64, VirtioDevice, accepted),
    STATE_FIELD(STATE_UINT8, VirtioDevice, status),
    STATE_FIELD(STATE_UINT8, VirtioDevice, generation),
    STATE_ARRAY(STATE_BYTES, VirtioDevice, config, VIRTIO_MAX_CONFIG),
    STATE_STRUCTS(VirtioDevice, queues, VIRTIO_MAX_QUEUES, VirtQueue, virtqueue_state),
    STATE_FIELD_SINCE(STATE_UINT64, VirtioDevice, waiting, 1),
    STATE_FIELD_SINCE(STATE_UINT8, VirtioDevice, turn, 1),
    STATE_FIELD_SINCE(STATE_TIMER, VirtioDevice, work, 1),
    STATE_NOT_SAVED(VirtioDevice, budget), /* within one slice only */
    STATE_END,
};

void virtio_add_queue(VirtioDevice *v, uint16_t max_size)
{
    g_assert(v->queue_count < VIRTIO_MAX_QUEUES && max_size <= VIRTQUEUE_MAX_SIZE);
    VirtQueue *q = &v->queues[v->queue_count++];
    q->max_size = max_size;
    virtqueue_reset(q);
}

void virtio_reset(VirtioDevice *v)
{
    v->status = 0;
    v->accepted = 0;
    v->waiting = 0;
    v->turn = 0;
    timer_cancel(&v->work);
    for (unsigned n = 0; n < v->queue_count; n++) {
        virtqueue_reset(&v->queues[n]);
    }
    if (v->ops->reset) {
        v->ops->reset(v->opaque);
    }
}

bool virtio_is_running(const VirtioDevice *v)
{
    return (v->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0 &&
           (v->status & VIRTIO_CONFIG_S_NEEDS_RESET) == 0;
}

static void latch_ring_features(VirtioDevice *v)
{
    for (unsigned n = 0; n < v->queue_count; n++) {
        v->queues[n].event_idx = virtio_has_feature(v, VIRTIO_RING_F_EVENT_IDX);
        v->queues[n].indirect = virtio_has_feature(v, VIRTIO_RING_F_INDIRECT_DESC);
    }
}

/* Legacy drivers know no FEATURES_OK: what they write holds at once (2.2.3). */
void virtio_set_features(VirtioDevice *v, uint64_t features, bool legacy)
{
    if ((v->status & VIRTIO_CONFIG_S_FEATURES_OK) != 0) {
        return;
    }
    v->accepted = legacy ? features & v->offered : features;
    if (legacy) {
        latch_ring_features(v);
    }
}

static bool features_are_acceptable(const VirtioDevice *v)
{
    return (v->accepted & ~v->offered) == 0 && virtio_has_feature(v, VIRTIO_F_VERSION_1);
}

void virtio_set_status(VirtioDevice *v, uint8_t status)
{
    trace_event(v->trace, TRACE_VIRTIO, "virtio_status dev=%s data=%x", v->name, status);
    if (status == 0) {
        virtio_reset(v);
        return;
    }
    uint8_t set = status & (uint8_t)~v->status;
    if ((set & VIRTIO_CONFIG_S_FEATURES_OK) != 0) {
        if (features_are_acceptable(v)) {
            latch_ring_features(v);
        } else {
            trace_event(v->trace, TRACE_GUEST_ERRORS, "virtio_features dev=%s data=%" PRIx64,
                        v->name, v->accepted);
            status &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
        }
    }
    v->status = status | (v->status & VIRTIO_CONFIG_S_NEEDS_RESET);
    if ((set & VIRTIO_CONFIG_S_DRIVER_OK) != 0 && v->ops->started) {
        v->ops->started(v->opaque);
    }
}

static void handle_queue(VirtioDevice *v, unsigned n)
{
    if (n < v->queue_count && v->queues[n].enabled && virtio_is_running(v)) {
        v->ops->handle(v->opaque, n);
    }
}

void virtio_notified(VirtioDevice *v, unsigned n)
{
    trace_event(v->trace, TRACE_VIRTIO, "virtio_notify dev=%s index=%u", v->name, n);
    if (n < v->queue_count && !(v->waiting >> n & 1)) { /* else its turn comes anyway */
        handle_queue(v, n);
    }
}

uint64_t virtio_config_load(const VirtioDevice *v, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size && offset + i < v->config_size; i++) {
        value |= (uint64_t)v->config[offset + i] << (8 * i);
    }
    return value;
}

void virtio_config_store(VirtioDevice *v, uint64_t offset, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size && offset + i < v->config_size; i++) {
        uint8_t mask = v->config_writable[offset + i];
        uint8_t byte = (uint8_t)(value >> (8 * i));
        v->config[offset + i] = (uint8_t)((v->config[offset + i] & (uint8_t)~mask) | (byte & mask));
    }
    if (v->ops->config_written) {
        v->ops->config_written(v->opaque);
    }
}

void virtio_config_changed(VirtioDevice *v)
{
    v->generation++;
    if (virtio_is_running(v)) {
        v->signal(v->transport, -1);
    }
}

void virtio_fail(VirtioDevice *v, const char *why)
{
    if ((v->status & VIRTIO_CONFIG_S_NEEDS_RESET) != 0) {
        return;
    }
    trace_event(v->trace, TRACE_GUEST_ERRORS, "virtio_needs_reset dev=%s reason=%s", v->name, why);
    bool running = virtio_is_running(v);
    v->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
    if (running) {
        v->signal(v->transport, -1);
    }
}

bool virtio_pop(VirtioDevice *v, unsigned n, VirtRequest *req)
{
    VirtqResult result = virtqueue_pop(&v->queues[n], &v->mem, req);
    if (result == VIRTQ_BROKEN) {
        virtio_fail(v, "bad-ring");
    }
    return result == VIRTQ_OK;
}

void virtio_push(VirtioDevice *v, unsigned n, const VirtRequest *req, uint32_t written)
{
    if (virtqueue_push(&v->queues[n], &v->mem, req->head, written) == VIRTQ_BROKEN) {
        virtio_fail(v, "used-ring-not-writable");
    }
}

void virtio_publish(VirtioDevice *v, unsigned n)
{
    bool interrupt;
    if (virtqueue_publish(&v->queues[n], &v->mem, &interrupt) == VIRTQ_BROKEN) {
        virtio_fail(v, "used-ring-not-writable");
    } else if (interrupt) {
        v->signal(v->transport, (int)n);
    }
}

bool virtio_spend(VirtioDevice *v, uint32_t cost)
{
    if (v->budget == 0) {
        return false;
    }
    v->budget -= MIN(v->budget, cost);
    return true;
}

static void work_later(VirtioDevice *v)
{
    if (!timer_is_armed(&v->work)) {
        timer_arm(&v->work, clock_last(v->work.clock));
    }
}

/* One queue has a slice, then the next. */
static void virtio_work(void *opaque)
{
    VirtioDevice *v = opaque;
    unsigned n = v->turn % VIRTIO_MAX_QUEUES;
    if (v->waiting == 0) {
        return;
    }
    while (!(v->waiting >> n & 1)) {
        n = (n + 1) % VIRTIO_MAX_QUEUES;
    }
    v->waiting &= ~(1ull << n);
    v->turn = (uint8_t)((n + 1) % VIRTIO_MAX_QUEUES);
    handle_queue(v, n);
    if (v->waiting != 0) {
        work_later(v);
    }
}

void virtio_init_work(VirtioDevice *v, Clock *clock)
{
    timer_init(&v->work, clock, virtio_work, v);
}

/* False if the request waits for another slice: as if it had not been taken. */
static bool virtio_serve_one(VirtioDevice *v, unsigned n, VirtioServe serve, const VirtRequest *req)
{
    VirtQueue *q = &v->queues[n];
    uint32_t written = serve(v->opaque, n, req);
    if (written == VIRTIO_LATER) {
        virtqueue_undo(q, 1, 0);
        return false;
    }
    q->done = 0;
    virtio_push(v, n, req, written);
    return true;
}

void virtio_serve(VirtioDevice *v, unsigned n, VirtioServe serve)
{
    VirtRequest req;
    bool goes_on = true;
    if (v->busy) {
        return;
    }
    v->busy = true;
    v->budget = SLICE_COST;
    while (goes_on && v->budget > 0 && virtio_pop(v, n, &req)) {
        virtio_spend(v, REQUEST_COST);
        goes_on = virtio_serve_one(v, n, serve, &req);
    }
    bool more = !goes_on || (v->budget == 0 && virtqueue_has_request(&v->queues[n], &v->mem));
    v->busy = false;
    virtio_publish(v, n);
    if (more && virtio_is_running(v)) {
        v->waiting |= 1ull << n;
        work_later(v);
    }
}
