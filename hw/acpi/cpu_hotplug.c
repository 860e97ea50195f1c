/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register block of processor hot-plug. All registers are those of the selected processor:
 *
 *   0  write: selector (32 bits)     read: high half of the command's answer
 *   4  flags, 8 bits: read: 0 is there, 1 was inserted, 2 is asked to go
 *                     write 1: 1 and 2 clear those, 3 ejects
 *   5  write: command: 0 selects the next one that an event waits for, 1 and 2 say that the next
 *      data are event and status of _OST, 3 answers with the local APIC's id
 *   8  data: what the command answers, or takes
 */
#include "hw/acpi/cpu_hotplug.h"

enum { HOTPLUG_SELECTOR = 0, HOTPLUG_FLAGS = 4, HOTPLUG_COMMAND = 5, HOTPLUG_DATA = 8 };
enum {
    FLAG_PRESENT = 1 << 0,
    FLAG_INSERTED = 1 << 1,
    FLAG_ASKED_OUT = 1 << 2,
    FLAG_EJECT = 1 << 3
};
enum { COMMAND_NEXT = 0, COMMAND_OST_EVENT = 1, COMMAND_OST_STATUS = 2, COMMAND_APIC_ID = 3 };

typedef struct {
    Device dev;
    CpuHotplugLinks links;
    uint32_t selector, ost_event;
    uint8_t command;
    uint8_t *events; /* FLAG_INSERTED and FLAG_ASKED_OUT, a byte a processor */
    IrqOut event;
    MemRegion ports;
} CpuHotplug;

CpuHotplugLinks *cpu_hotplug_links(Device *dev)
{
    return &((CpuHotplug *)dev)->links;
}

IrqOut *cpu_hotplug_event_out(Device *dev)
{
    return &((CpuHotplug *)dev)->event;
}

static bool hotplug_is_present(const CpuHotplug *s)
{
    return s->links.present(s->links.opaque, s->selector);
}

static void hotplug_note(CpuHotplug *s, unsigned cpu, uint8_t what)
{
    s->events[cpu] |= what;
    irq_pulse(&s->event);
}

void cpu_hotplug_inserted(Device *dev, unsigned cpu)
{
    CpuHotplug *s = (CpuHotplug *)dev;
    s->events[cpu] &= (uint8_t)~FLAG_ASKED_OUT;
    hotplug_note(s, cpu, FLAG_INSERTED);
}

void cpu_hotplug_ask_out(Device *dev, unsigned cpu)
{
    hotplug_note((CpuHotplug *)dev, cpu, FLAG_ASKED_OUT);
}

/* From the selected one on, around to the one before it; the selector stays if there is none. */
static void select_next(CpuHotplug *s)
{
    for (unsigned i = 0; i < s->links.count; i++) {
        unsigned cpu = (s->selector + i) % s->links.count;
        if (s->events[cpu]) {
            s->selector = cpu;
            return;
        }
    }
}

static uint32_t hotplug_answer(const CpuHotplug *s)
{
    switch (s->command) {
    case COMMAND_NEXT:
        return s->selector;
    case COMMAND_APIC_ID:
        return s->links.apic_id(s->links.opaque, s->selector);
    default:
        return 0;
    }
}

static uint64_t hotplug_read(void *opaque, uint64_t offset, unsigned size)
{
    const CpuHotplug *s = opaque;
    switch (offset) {
    case HOTPLUG_FLAGS:
        return (hotplug_is_present(s) ? FLAG_PRESENT : 0) | s->events[s->selector];
    case HOTPLUG_DATA:
        return hotplug_answer(s);
    default:
        return 0;
    }
}

static void write_flags(CpuHotplug *s, uint64_t value)
{
    s->events[s->selector] &= (uint8_t) ~(value & (FLAG_INSERTED | FLAG_ASKED_OUT));
    if ((value & FLAG_EJECT) && hotplug_is_present(s)) {
        s->links.eject(s->links.opaque, s->selector);
    }
}

static void write_data(CpuHotplug *s, uint64_t value)
{
    if (s->command == COMMAND_OST_EVENT) {
        s->ost_event = (uint32_t)value;
    } else if (s->command == COMMAND_OST_STATUS) {
        s->links.status(s->links.opaque, s->selector, s->ost_event, (uint32_t)value);
    }
}

static void hotplug_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    CpuHotplug *s = opaque;
    switch (offset) {
    case HOTPLUG_SELECTOR:
        s->selector = value < s->links.count ? (uint32_t)value : s->selector;
        break;
    case HOTPLUG_FLAGS:
        write_flags(s, value);
        break;
    case HOTPLUG_COMMAND:
        s->command = (uint8_t)value;
        if (s->command == COMMAND_NEXT) {
            select_next(s);
        }
        break;
    case HOTPLUG_DATA:
        write_data(s, value);
        break;
    }
}

static const MemOps hotplug_ops = {.read = hotplug_read, .write = hotplug_write, .max_size = 4};

static bool hotplug_realize(Device *dev, GError **error)
{
    CpuHotplug *s = (CpuHotplug *)dev;
    s->events = g_new0(uint8_t, s->links.count);
    device_add_irq_out(dev, "event", &s->event, 1);
    s->ports = (MemRegion){.name = "cpu-hotplug",
                           .size = CPU_HOTPLUG_BYTES,
                           .kind = MEM_IO,
                           .ops = &hotplug_ops,
                           .opaque = s};
    as_add(dev->platform->ports, &s->ports, CPU_HOTPLUG_PORT);
    return true;
}

static void hotplug_unrealize(Device *dev)
{
    CpuHotplug *s = (CpuHotplug *)dev;
    as_remove(dev->platform->ports, &s->ports);
    g_free(s->events);
}

static void hotplug_reset(Device *dev)
{
    CpuHotplug *s = (CpuHotplug *)dev;
    s->selector = s->ost_event = 0;
    s->command = COMMAND_NEXT;
    for (unsigned i = 0; i < s->links.count; i++) {
        s->events[i] = 0;
    }
}

static size_t hotplug_events_size(const void *dev)
{
    return ((const CpuHotplug *)dev)->links.count;
}

static const StateField hotplug_state[] = {
    STATE_FIELD(STATE_UINT32, CpuHotplug, selector),
    STATE_FIELD(STATE_UINT32, CpuHotplug, ost_event),
    STATE_FIELD(STATE_UINT8, CpuHotplug, command),
    STATE_BYTES_PTR(CpuHotplug, events, hotplug_events_size),
    STATE_STRUCTS(CpuHotplug, event, 1, IrqOut, irq_out_state),
    STATE_END,
};

const DeviceClass cpu_hotplug_class = {
    .name = "acpi-cpu-hotplug",
    .desc = "Register block of processor hot-plug",
    .bus = BUS_NONE,
    .instance_size = sizeof(CpuHotplug),
    .state = hotplug_state,
    .realize = hotplug_realize,
    .unrealize = hotplug_unrealize,
    .reset = hotplug_reset,
};
