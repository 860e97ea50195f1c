/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues, with indirect descriptors and event indices (Virtio 1.1, 2.6). Packed rings are
 * left out.
 */
#include "hw/virtio/virtqueue.h"

#include <linux/virtio_ring.h>
#include <string.h>

#include "base/bytes.h"

#define AVAIL_FLAGS      0 /* offsets in the available ring (2.6.6) */
#define AVAIL_IDX        2
#define AVAIL_RING       4
#define USED_IDX         2 /* and in the used ring (2.6.8) */
#define USED_RING        4
#define USED_ELEM_SIZE   8
#define DESC_SIZE        16
#define LEGACY_ALIGNMENT 4096

typedef struct {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
} Desc;

const StateField virtqueue_state[] = {
    STATE_FIELD(STATE_UINT16, VirtQueue, size),
    STATE_FIELD(STATE_UINT8, VirtQueue, enabled),
    STATE_FIELD(STATE_UINT8, VirtQueue, broken),
    STATE_FIELD(STATE_UINT8, VirtQueue, event_idx),
    STATE_FIELD(STATE_UINT8, VirtQueue, indirect),
    STATE_FIELD(STATE_UINT64, VirtQueue, desc),
    STATE_FIELD(STATE_UINT64, VirtQueue, driver),
    STATE_FIELD(STATE_UINT64, VirtQueue, device),
    STATE_FIELD(STATE_UINT16, VirtQueue, vector),
    STATE_FIELD(STATE_UINT16, VirtQueue, avail_seen),
    STATE_FIELD(STATE_UINT16, VirtQueue, avail_next),
    STATE_FIELD(STATE_UINT16, VirtQueue, used_next),
    STATE_FIELD(STATE_UINT16, VirtQueue, used_shown),
    STATE_FIELD(STATE_UINT16, VirtQueue, used_notified),
    STATE_FIELD_SINCE(STATE_UINT64, VirtQueue, done, 1),
    STATE_END,
};

void virtqueue_reset(VirtQueue *q)
{
    *q = (VirtQueue){.max_size = q->max_size, .size = q->max_size, .vector = 0xffff};
}

void virtqueue_set_legacy_address(VirtQueue *q, uint64_t base)
{
    uint64_t avail_end = AVAIL_RING + 2ull * q->size + 2;
    q->desc = base;
    q->driver = base + (uint64_t)q->size * DESC_SIZE;
    q->device = (q->driver + avail_end + LEGACY_ALIGNMENT - 1) & ~(uint64_t)(LEGACY_ALIGNMENT - 1);
}

static bool queue_load16(const VirtMem *mem, uint64_t addr, uint16_t *value)
{
    uint8_t raw[2];
    if (mem->read(mem->opaque, addr, raw, sizeof(raw)) != MEM_OK) {
        return false;
    }
    *value = bytes_get16(raw);
    return true;
}

static bool queue_store16(const VirtMem *mem, uint64_t addr, uint16_t value)
{
    uint8_t raw[2];
    bytes_put16(raw, value);
    return mem->write(mem->opaque, addr, raw, sizeof(raw)) == MEM_OK;
}

static VirtqResult break_queue(VirtQueue *q)
{
    q->broken = true;
    return VIRTQ_BROKEN;
}

static Desc decode_desc(const uint8_t *raw)
{
    return (Desc){
        .addr = bytes_get64(raw + offsetof(struct vring_desc, addr)),
        .len = bytes_get32(raw + offsetof(struct vring_desc, len)),
        .flags = bytes_get16(raw + offsetof(struct vring_desc, flags)),
        .next = bytes_get16(raw + offsetof(struct vring_desc, next)),
    };
}

static bool load_desc(const VirtMem *mem, uint64_t table, uint16_t index, Desc *desc)
{
    uint8_t raw[DESC_SIZE];
    if (mem->read(mem->opaque, table + (uint64_t)index * DESC_SIZE, raw, sizeof(raw)) != MEM_OK) {
        return false;
    }
    *desc = decode_desc(raw);
    return true;
}

/* Device-readable segments come first (2.6.4.2), and a chain has a bounded number of them. */
static bool append_segment(VirtRequest *req, const Desc *desc)
{
    bool writable = (desc->flags & VRING_DESC_F_WRITE) != 0;
    unsigned count = req->out_count + req->in_count;
    if (count >= VIRTQUEUE_MAX_SEGS || (!writable && req->in_count > 0)) {
        return false;
    }
    req->segs[count] = (VirtSeg){.addr = desc->addr, .len = desc->len};
    if (writable) {
        req->in_count++;
        req->in_len += desc->len;
    } else {
        req->out_count++;
        req->out_len += desc->len;
    }
    return true;
}

/* 2.6.5.3: one table in place of the rest of the chain, without further nesting. */
static bool take_indirect(const VirtMem *mem, const Desc *table, VirtRequest *req)
{
    uint8_t raw[VIRTQUEUE_MAX_SEGS * DESC_SIZE];
    uint32_t count = table->len / DESC_SIZE;
    if (table->len % DESC_SIZE != 0 || count == 0 || count > VIRTQUEUE_MAX_SEGS ||
        mem->read(mem->opaque, table->addr, raw, table->len) != MEM_OK) {
        return false;
    }
    uint32_t index = 0;
    for (uint32_t taken = 0; taken < count; taken++) {
        Desc desc = decode_desc(&raw[index * DESC_SIZE]);
        if ((desc.flags & VRING_DESC_F_INDIRECT) != 0 || !append_segment(req, &desc)) {
            return false;
        }
        if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
            return true;
        }
        index = desc.next;
        if (index >= count) {
            return false;
        }
    }
    return false; /* longer than the table: a loop */
}

static bool take_chain(VirtQueue *q, const VirtMem *mem, VirtRequest *req)
{
    uint16_t index = req->head;
    for (unsigned taken = 0; taken < q->size; taken++) {
        Desc desc;
        if (index >= q->size || !load_desc(mem, q->desc, index, &desc)) {
            return false;
        }
        if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
            return q->indirect && (desc.flags & VRING_DESC_F_NEXT) == 0 &&
                   take_indirect(mem, &desc, req);
        }
        if (!append_segment(req, &desc)) {
            return false;
        }
        if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
            return true;
        }
        index = desc.next;
    }
    return false;
}

/* VIRTQ_OK if there is an entry to take. The driver's index is read only when those seen are used
 * up. */
static VirtqResult look_for_request(VirtQueue *q, const VirtMem *mem)
{
    if (q->broken) {
        return VIRTQ_BROKEN;
    }
    if (!q->enabled) {
        return VIRTQ_EMPTY;
    }
    if (q->avail_seen != q->avail_next) {
        return VIRTQ_OK;
    }
    if (!queue_load16(mem, q->driver + AVAIL_IDX, &q->avail_seen) ||
        (uint16_t)(q->avail_seen - q->avail_next) > q->size) {
        return break_queue(q);
    }
    return q->avail_seen != q->avail_next ? VIRTQ_OK : VIRTQ_EMPTY;
}

bool virtqueue_has_request(VirtQueue *q, const VirtMem *mem)
{
    return look_for_request(q, mem) == VIRTQ_OK;
}

VirtqResult virtqueue_pop(VirtQueue *q, const VirtMem *mem, VirtRequest *req)
{
    VirtqResult result = look_for_request(q, mem);
    if (result != VIRTQ_OK) {
        return result;
    }
    req->out_count = req->in_count = 0;
    req->out_len = req->in_len = 0;
    uint64_t entry = q->driver + AVAIL_RING + 2ull * (q->avail_next & (q->size - 1));
    if (!queue_load16(mem, entry, &req->head) || !take_chain(q, mem, req)) {
        return break_queue(q);
    }
    q->avail_next++;
    return VIRTQ_OK;
}

VirtqResult virtqueue_push(VirtQueue *q, const VirtMem *mem, uint16_t head, uint32_t written)
{
    if (q->broken) {
        return VIRTQ_BROKEN;
    }
    uint32_t elem[2] = {GUINT32_TO_LE(head), GUINT32_TO_LE(written)};
    uint64_t addr =
        q->device + USED_RING + (uint64_t)USED_ELEM_SIZE * (q->used_next & (q->size - 1));
    if (mem->write(mem->opaque, addr, elem, sizeof(elem)) != MEM_OK) {
        return break_queue(q);
    }
    q->used_next++;
    return VIRTQ_OK;
}

void virtqueue_undo(VirtQueue *q, unsigned popped, unsigned pushed)
{
    q->avail_next = (uint16_t)(q->avail_next - popped);
    q->used_next = (uint16_t)(q->used_next - pushed);
}

/* 2.6.7: whether the used index moved past what the driver waits for. */
static bool wants_interrupt(VirtQueue *q, const VirtMem *mem, bool *wanted)
{
    uint16_t value;
    uint16_t old = q->used_notified;
    uint64_t used_event = q->driver + AVAIL_RING + 2ull * q->size;
    if (!queue_load16(mem, q->event_idx ? used_event : q->driver + AVAIL_FLAGS, &value)) {
        return false;
    }
    *wanted = q->event_idx ? vring_need_event(value, q->used_shown, old) != 0
                           : (value & VRING_AVAIL_F_NO_INTERRUPT) == 0;
    q->used_notified = q->used_shown;
    return true;
}

VirtqResult virtqueue_publish(VirtQueue *q, const VirtMem *mem, bool *interrupt)
{
    *interrupt = false;
    if (q->broken) {
        return VIRTQ_BROKEN;
    }
    if (!q->enabled) {
        return VIRTQ_OK; /* its addresses mean nothing yet */
    }
    uint64_t avail_event = q->device + USED_RING + (uint64_t)USED_ELEM_SIZE * q->size;
    if (q->event_idx && !queue_store16(mem, avail_event, q->avail_next)) {
        return break_queue(q);
    }
    if (q->used_shown == q->used_next) {
        return VIRTQ_OK;
    }
    if (!queue_store16(mem, q->device + USED_IDX, q->used_next)) {
        return break_queue(q);
    }
    q->used_shown = q->used_next;
    return wants_interrupt(q, mem, interrupt) ? VIRTQ_OK : break_queue(q);
}

typedef MemResult (*SegCopy)(const VirtMem *mem, uint64_t addr, uint8_t *buf, size_t len);

static MemResult copy_from(const VirtMem *mem, uint64_t addr, uint8_t *buf, size_t len)
{
    return mem->read(mem->opaque, addr, buf, len);
}

static MemResult copy_to(const VirtMem *mem, uint64_t addr, uint8_t *buf, size_t len)
{
    return mem->write(mem->opaque, addr, buf, len);
}

static bool copy_segments(const VirtSeg *segs, unsigned count, const VirtMem *mem, uint64_t offset,
                          uint8_t *buf, size_t len, SegCopy copy)
{
    for (unsigned i = 0; i < count && len > 0; i++) {
        if (offset >= segs[i].len) {
            offset -= segs[i].len;
            continue;
        }
        size_t chunk = MIN(len, segs[i].len - offset);
        if (copy(mem, segs[i].addr + offset, buf, chunk) != MEM_OK) {
            return false;
        }
        buf += chunk;
        len -= chunk;
        offset = 0;
    }
    return len == 0;
}

bool virt_request_read(const VirtRequest *req, const VirtMem *mem, uint64_t offset, void *buf,
                       size_t len)
{
    return copy_segments(req->segs, req->out_count, mem, offset, buf, len, copy_from);
}

bool virt_request_write(const VirtRequest *req, const VirtMem *mem, uint64_t offset,
                        const void *buf, size_t len)
{
    return copy_segments(req->segs + req->out_count, req->in_count, mem, offset, (uint8_t *)buf,
                         len, copy_to);
}
