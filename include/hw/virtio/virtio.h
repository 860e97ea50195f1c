/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio device without its transport (Virtio 1.1, chapter 2): status, features, device
 * configuration and queues. The transport (virtio_pci.h) owns one and fills in `mem` and `signal`.
 */
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include "base/clock.h"
#include "base/trace.h"
#include "hw/virtio/virtqueue.h"

#define VIRTIO_MAX_QUEUES    64
#define VIRTIO_MAX_CONFIG    128
#define VIRTIO_NO_VECTOR     0xffff
#define VIRTIO_FEATURE(bit_) (1ull << (bit_))

typedef struct VirtioDevice VirtioDevice;

typedef struct {
    uint16_t device_id;       /* chapter 5 */
    uint16_t transitional_id; /* PCI device id of the transitional form (4.1.2.1); 0: it has none */
    /* The driver notified queue `n`. `opaque` is the device instance everywhere. */
    void (*handle)(void *opaque, unsigned n);
    /* Device reset; may be NULL. */
    void (*reset)(void *opaque);
    /* The driver wrote to the device configuration, masked as `config_writable` says; may be NULL.
     */
    void (*config_written)(void *opaque);
    /* DRIVER_OK was set; may be NULL. */
    void (*started)(void *opaque);
} VirtioOps;

struct VirtioDevice {
    const VirtioOps *ops;
    void *opaque;
    const char *name;
    Trace *trace;
    VirtMem mem;
    /* The transport's interrupt: for queue `n`, or a configuration change if it is negative. */
    void (*signal)(void *transport, int n);
    void *transport;
    uint64_t offered;  /* feature bits */
    uint64_t accepted; /* by the driver */
    uint8_t status;
    uint8_t generation;
    bool busy; /* serving a queue: its own registers do not answer to its own DMA */
    uint8_t config[VIRTIO_MAX_CONFIG];
    uint8_t config_writable[VIRTIO_MAX_CONFIG];
    uint32_t config_size;
    VirtQueue queues[VIRTIO_MAX_QUEUES];
    unsigned queue_count;
    /* What virtio_serve() has not come to: a bit for each queue, and which of them is next. */
    uint64_t waiting;
    uint8_t turn;
    uint32_t budget; /* what this slice may cost still */
    Timer work;
};

extern const StateField virtio_state[];

/* The timer by which work goes on; before anything else. */
void virtio_init_work(VirtioDevice *v, Clock *clock);
/* Adds a queue of `max_size` entries (a power of two up to VIRTQUEUE_MAX_SIZE). */
void virtio_add_queue(VirtioDevice *v, uint16_t max_size);
void virtio_reset(VirtioDevice *v);
static inline bool virtio_has_feature(const VirtioDevice *v, unsigned bit)
{
    return (v->accepted & VIRTIO_FEATURE(bit)) != 0;
}
bool virtio_is_running(const VirtioDevice *v);

/* The transport's side. */
void virtio_set_features(VirtioDevice *v, uint64_t features, bool legacy);
void virtio_set_status(VirtioDevice *v, uint8_t status);
void virtio_notified(VirtioDevice *v, unsigned n);
/* Little-endian; bytes past the end read as zero and ignore writes. */
uint64_t virtio_config_load(const VirtioDevice *v, uint64_t offset, unsigned size);
void virtio_config_store(VirtioDevice *v, uint64_t offset, uint64_t value, unsigned size);

/* The device's side. */
/* Answers one request; the number of bytes written into it, or VIRTIO_LATER. */
#define VIRTIO_LATER UINT32_MAX
typedef uint32_t (*VirtioServe)(void *opaque, unsigned n, const VirtRequest *req);
/*
 * Serves what is available on queue `n`, a slice's worth at most, then shows the results to the
 * driver, and only then interrupts. What is left goes on by `handle`, from a timer, queues in turn.
 * A request that was put off is given to `serve` again, read anew: queues[n].done says how far it
 * had come, and is 0 for one that has not begun.
 */
void virtio_serve(VirtioDevice *v, unsigned n, VirtioServe serve);
/* For `serve`: before it does what costs so many bytes moved. False: later. */
bool virtio_spend(VirtioDevice *v, uint32_t cost);
/* For devices that take and give back by themselves. */
bool virtio_pop(VirtioDevice *v, unsigned n, VirtRequest *req);
void virtio_push(VirtioDevice *v, unsigned n, const VirtRequest *req, uint32_t written);
void virtio_publish(VirtioDevice *v, unsigned n);
/* The device configuration changed. */
void virtio_config_changed(VirtioDevice *v);
/* Something went wrong that only a reset can mend (2.1.2): `why` is for the trace. */
void virtio_fail(VirtioDevice *v, const char *why);

#endif
