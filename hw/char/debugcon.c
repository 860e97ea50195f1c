/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isa-debugcon: one port, E9h usually. Writes are output; reads give a value to detect it by. */
#include "hw/char/debugcon.h"

typedef struct {
    Device dev;
    uint32_t iobase, readback;
    Chardev *chr;
    MemRegion port;
} DebugconState;

static uint64_t debugcon_read(void *opaque, uint64_t offset, unsigned size)
{
    return ((const DebugconState *)opaque)->readback;
}

static void debugcon_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    DebugconState *s = opaque;
    uint8_t byte = (uint8_t)value;
    if (s->chr) {
        chr_guest_write(s->chr, &byte, 1);
    }
}

static const MemOps debugcon_ops = {
    .read = debugcon_read, .write = debugcon_write, .min_size = 1, .max_size = 1};
/* Output only. */
static size_t debugcon_can_receive(void *opaque)
{
    return 0;
}

static void debugcon_receive(void *opaque, const uint8_t *data, size_t len)
{
}

static const ChrHandlers debugcon_handlers = {.can_receive = debugcon_can_receive,
                                              .receive = debugcon_receive};

void debugcon_set_chardev(Device *dev, Chardev *chr)
{
    ((DebugconState *)dev)->chr = chr;
}

static bool debugcon_realize(Device *dev, GError **error)
{
    DebugconState *s = (DebugconState *)dev;
    if (s->chr && !chr_attach(s->chr, &debugcon_handlers, s, error)) {
        return false;
    }
    s->port = (MemRegion){
        .name = "isa-debugcon", .size = 1, .kind = MEM_IO, .ops = &debugcon_ops, .opaque = s};
    as_add(dev->platform->ports, &s->port, s->iobase);
    return true;
}

static void debugcon_unrealize(Device *dev)
{
    DebugconState *s = (DebugconState *)dev;
    as_remove(dev->platform->ports, &s->port);
    if (s->chr) {
        chr_detach(s->chr, s);
    }
}

static const PropInfo debugcon_props[] = {
    PROP_RANGE(PROP_UINT32, "iobase", DebugconState, iobase, "0xe9", 0, 0xffff, "I/O port"),
    PROP_RANGE(PROP_UINT32, "readback", DebugconState, readback, "0xe9", 0, 0xff,
               "what the port reads as"),
    PROP(PROP_CHARDEV, "chardev", DebugconState, chr, NULL, "where the bytes go"),
    PROP_END,
};

const DeviceClass debugcon_class = {
    .name = "isa-debugcon",
    .desc = "debug console port",
    .bus = BUS_ISA,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(DebugconState),
    .props = debugcon_props,
    .realize = debugcon_realize,
    .unrealize = debugcon_unrealize,
};
