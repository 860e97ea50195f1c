/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyperv-testdev: ports of a Hyper-V partition for tests, as kvm-unit-tests' programs ask for them
 * by port 3000h: message and event connections, and interrupts of a source. On a machine without
 * Hyper-V it does nothing.
 */
#include "hw/hyperv/hyperv_internal.h"

#define TESTDEV_PORT 0x3000u
#define TESTDEV_SIZE 4u
/* What is written: the connection's number, what to do, the VP, the source. */
#define WRITE_ID_SHIFT   24
#define WRITE_WHAT_SHIFT 16
#define WRITE_VP_SHIFT   8
enum {
    WHAT_ROUTE_CREATE = 1, /* a source needs no route here, */
    WHAT_ROUTE_DESTROY,    /* nor to be rid of one */
    WHAT_SET_SINT,
    WHAT_MESSAGES_CONNECT,
    WHAT_MESSAGES_DISCONNECT,
    WHAT_EVENTS_CONNECT,
    WHAT_EVENTS_DISCONNECT,
};

typedef struct {
    Device dev;
    HvPartition *hv; /* or NULL */
    MemRegion ports;
} HvTestdev;

void hyperv_testdev_link(Device *dev, HvPartition *hv)
{
    ((HvTestdev *)dev)->hv = hv;
}

static uint64_t testdev_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0;
}

static void testdev_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    HvPartition *hv = ((HvTestdev *)opaque)->hv;
    uint8_t id = (uint8_t)(value >> WRITE_ID_SHIFT), vp = (uint8_t)(value >> WRITE_VP_SHIFT);
    uint8_t sint = (uint8_t)value;

    if (!hv) {
        return;
    }
    switch (value >> WRITE_WHAT_SHIFT & 0xff) {
    case WHAT_SET_SINT:
        hv_raise_sint(hv, vp, sint);
        break;
    case WHAT_MESSAGES_CONNECT:
        hv_connect(hv, id, HV_CONNECTION_MESSAGES, vp, sint);
        break;
    case WHAT_EVENTS_CONNECT:
        hv_connect(hv, id, HV_CONNECTION_EVENTS, vp, sint);
        break;
    case WHAT_MESSAGES_DISCONNECT:
    case WHAT_EVENTS_DISCONNECT:
        hv_connect(hv, id, HV_CONNECTION_NONE, 0, 0);
        break;
    default:
        break;
    }
}

static const MemOps testdev_ops = {
    .read = testdev_read, .write = testdev_write, .min_size = 4, .max_size = 4};

static bool testdev_realize(Device *dev, GError **error)
{
    HvTestdev *s = (HvTestdev *)dev;

    s->ports = (MemRegion){.name = "hyperv-testdev",
                           .size = TESTDEV_SIZE,
                           .kind = MEM_IO,
                           .ops = &testdev_ops,
                           .opaque = s};
    as_add(dev->platform->ports, &s->ports, TESTDEV_PORT);
    return true;
}

static void testdev_unrealize(Device *dev)
{
    as_remove(dev->platform->ports, &((HvTestdev *)dev)->ports);
}

const DeviceClass hyperv_testdev_class = {
    .name = "hyperv-testdev",
    .desc = "connections of a Hyper-V partition, for tests",
    .bus = BUS_ISA,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(HvTestdev),
    .realize = testdev_realize,
    .unrealize = testdev_unrealize,
};
