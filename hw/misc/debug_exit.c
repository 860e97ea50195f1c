/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * isa-debug-exit: writing V to the port ends the emulator with status (V << 1) | 1, which is never
 * 0, so that a test tells its own end from a power-off (QEMU's documented behaviour). Reads as 0.
 */
#include "hw/misc/debug_exit.h"

#include "base/runstate.h"

typedef struct {
    Device dev;
    uint32_t iobase, iosize;
    MemRegion ports;
} DebugExitState;

static uint64_t debug_exit_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0;
}

static void debug_exit_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    DebugExitState *s = opaque;
    runstate_request_exit(s->dev.platform->runstate, (int)(((value << 1) | 1) & 0xff));
}

static const MemOps debug_exit_ops = {
    .read = debug_exit_read, .write = debug_exit_write, .min_size = 1, .max_size = 4};

static bool debug_exit_realize(Device *dev, GError **error)
{
    DebugExitState *s = (DebugExitState *)dev;
    s->ports = (MemRegion){.name = "isa-debug-exit",
                           .size = s->iosize,
                           .kind = MEM_IO,
                           .ops = &debug_exit_ops,
                           .opaque = s};
    as_add(dev->platform->ports, &s->ports, s->iobase);
    return true;
}

static void debug_exit_unrealize(Device *dev)
{
    as_remove(dev->platform->ports, &((DebugExitState *)dev)->ports);
}

static const PropInfo debug_exit_props[] = {
    PROP_RANGE(PROP_UINT32, "iobase", DebugExitState, iobase, "0x501", 0, 0xfffc, "I/O port"),
    PROP_RANGE(PROP_UINT32, "iosize", DebugExitState, iosize, "2", 1, 4, "ports covered"),
    PROP_END,
};

const DeviceClass debug_exit_class = {
    .name = "isa-debug-exit",
    .desc = "ends the emulator with a status of the guest's choice",
    .bus = BUS_ISA,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(DebugExitState),
    .props = debug_exit_props,
    .realize = debug_exit_realize,
    .unrealize = debug_exit_unrealize,
};
