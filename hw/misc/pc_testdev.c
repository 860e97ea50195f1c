/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pc-testdev, the ISA device that kvm-unit-tests expects:
 *   ports E0h..E3h      a latch, read and written at any width
 *   ports E4h..E7h      a write used to flush a page out of a hypervisor's tables; no effect here,
 *                       where cached translations follow every change of the map
 *   ports E8h..EBh      a latch of single bytes, to see wider accesses being split
 *   ports 2000h..2017h  the level of interrupt line 0..23: a write of non-zero raises it
 *   FF000000h, 64 KiB   bytes that are reached as registers, not as RAM
 */
#include "hw/misc/pc_testdev.h"

#include "base/bytes.h"

#define TESTDEV_LATCH_PORT  0xe0
#define TESTDEV_FLUSH_PORT  0xe4
#define TESTDEV_BYTE_PORT   0xe8
#define TESTDEV_LATCH_BYTES 4
#define TESTDEV_IRQ_PORT    0x2000
#define TESTDEV_MEM_BASE    0xff000000ull
#define TESTDEV_MEM_SIZE    0x10000

typedef struct {
    Device dev;
    MemRegion latch_ports, flush_ports, byte_ports, irq_ports, memory;
    uint8_t latch[TESTDEV_LATCH_BYTES];
    uint8_t bytes[TESTDEV_LATCH_BYTES];
    uint8_t store[TESTDEV_MEM_SIZE];
    IrqOut irq[PLATFORM_GSIS];
} PcTestdevState;

static uint64_t latch_read(void *opaque, uint64_t offset, unsigned size)
{
    return bytes_load((const uint8_t *)opaque + offset, size);
}

static void latch_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    bytes_store((uint8_t *)opaque + offset, value, size);
}

static uint64_t nothing_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0;
}

static void nothing_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
}

static void irq_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PcTestdevState *s = opaque;
    irq_set(&s->irq[offset], value != 0);
}

static const MemOps latch_ops = {
    .read = latch_read, .write = latch_write, .min_size = 1, .max_size = 4};
static const MemOps byte_ops = {
    .read = latch_read, .write = latch_write, .min_size = 1, .max_size = 1};
static const MemOps flush_ops = {.read = nothing_read, .write = nothing_write};
static const MemOps irq_ops = {
    .read = nothing_read, .write = irq_write, .min_size = 1, .max_size = 1};
static const MemOps memory_ops = {.read = latch_read, .write = latch_write};

static void pc_testdev_map(AddressSpace *as, MemRegion *region, uint64_t base, uint64_t size,
                           const MemOps *ops, void *opaque)
{
    *region = (MemRegion){
        .name = "pc-testdev", .size = size, .kind = MEM_IO, .ops = ops, .opaque = opaque};
    as_add(as, region, base);
}

static bool pc_testdev_realize(Device *dev, GError **error)
{
    PcTestdevState *s = (PcTestdevState *)dev;
    AddressSpace *ports = dev->platform->ports;
    pc_testdev_map(ports, &s->latch_ports, TESTDEV_LATCH_PORT, 4, &latch_ops, s->latch);
    pc_testdev_map(ports, &s->flush_ports, TESTDEV_FLUSH_PORT, 4, &flush_ops, s);
    pc_testdev_map(ports, &s->byte_ports, TESTDEV_BYTE_PORT, 4, &byte_ops, s->bytes);
    pc_testdev_map(ports, &s->irq_ports, TESTDEV_IRQ_PORT, PLATFORM_GSIS, &irq_ops, s);
    pc_testdev_map(dev->platform->memory, &s->memory, TESTDEV_MEM_BASE, TESTDEV_MEM_SIZE,
                   &memory_ops, s->store);
    device_add_irq_out(dev, "", s->irq, PLATFORM_GSIS);
    for (int n = 0; dev->platform->gsi && n < PLATFORM_GSIS; n++) {
        irq_connect(&s->irq[n], &dev->platform->gsi[n]);
    }
    return true;
}

static void pc_testdev_unrealize(Device *dev)
{
    PcTestdevState *s = (PcTestdevState *)dev;
    AddressSpace *ports = dev->platform->ports;
    as_remove(ports, &s->latch_ports);
    as_remove(ports, &s->flush_ports);
    as_remove(ports, &s->byte_ports);
    as_remove(ports, &s->irq_ports);
    as_remove(dev->platform->memory, &s->memory);
}

static const StateField testdev_state[] = {
    {.name = "latch",
     .type = STATE_BYTES,
     .offset = offsetof(PcTestdevState, latch),
     .count = TESTDEV_LATCH_BYTES},
    {.name = "bytes",
     .type = STATE_BYTES,
     .offset = offsetof(PcTestdevState, bytes),
     .count = TESTDEV_LATCH_BYTES},
    {.name = "store",
     .type = STATE_BYTES,
     .offset = offsetof(PcTestdevState, store),
     .count = TESTDEV_MEM_SIZE},
    STATE_STRUCTS(PcTestdevState, irq, PLATFORM_GSIS, IrqOut, irq_out_state),
    STATE_END,
};

const DeviceClass pc_testdev_class = {
    .name = "pc-testdev",
    .desc = "kvm-unit-tests' helper: latches, interrupt lines, register memory",
    .bus = BUS_ISA,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(PcTestdevState),
    .state = testdev_state,
    .realize = pc_testdev_realize,
    .unrealize = pc_testdev_unrealize,
};
