/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors that are plugged in and taken out while the machine runs: the register block that the
 * methods of the processor devices work with (ACPI 6.4, 8.4; the block is as QEMU publishes it for
 * guests, docs/specs/acpi_cpu_hotplug there), and its general-purpose event.
 */
#ifndef HW_ACPI_CPU_HOTPLUG_H
#define HW_ACPI_CPU_HOTPLUG_H

#include "hw/core/device.h"

#define CPU_HOTPLUG_PORT  0x0cd8
#define CPU_HOTPLUG_BYTES 12
#define CPU_HOTPLUG_GPE   2 /* whose method, _E02, looks for what changed */

extern const DeviceClass cpu_hotplug_class; /* maps its own ports */

typedef struct {
    unsigned count; /* places for processors */
    bool (*present)(void *opaque, unsigned cpu);
    uint32_t (*apic_id)(void *opaque, unsigned cpu);
    /* The guest has let go of it. */
    void (*eject)(void *opaque, unsigned cpu);
    /* The guest's answer to an event (_OST): 0 is success. */
    void (*status)(void *opaque, unsigned cpu, uint32_t event, uint32_t status);
    void *opaque;
} CpuHotplugLinks;
CpuHotplugLinks *cpu_hotplug_links(Device *dev); /* before realize */

/* The event's output, a pulse for each change. */
IrqOut *cpu_hotplug_event_out(Device *dev);
/* Tells the guest of a processor that is there now, or asks it to let one go. */
void cpu_hotplug_inserted(Device *dev, unsigned cpu);
void cpu_hotplug_ask_out(Device *dev, unsigned cpu);

#endif
