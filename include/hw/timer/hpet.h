/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HPET (IA-PC HPET specification 1.0a): 3 to 32 comparators, legacy replacement, level and edge,
 * periodic, and FSB messages (property msi=on), which go through the remapping path like any other.
 */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "hw/core/device.h"
#include "hw/core/intr_msg.h"

#define HPET_BASE        0xfed00000ull
#define HPET_WINDOW_SIZE 0x400ull

extern const DeviceClass hpet_class; /* properties: timers, msi, hpet-intcap */

typedef struct {
    IntrSink sink;
    uint16_t requester_id;
    /* Legacy replacement: called when LEG_RT_CNF changes, so that the board can disconnect the
     * i8254 from IRQ 0 and the RTC from IRQ 8. */
    void (*legacy_changed)(void *opaque, bool on);
    void *legacy_opaque;
} HpetLinks;
HpetLinks *hpet_links(Device *dev);
MemRegion *hpet_region(Device *dev);
/* Outputs: "" 0..31 are IOAPIC inputs (GSIs); the board connects those it has with
 * hpet_connect(). In legacy mode timer 0 drives line 0 of `legacy` (PIC 0 / IOAPIC 2), timer 1
 * drives line 1 (IRQ 8). */
void hpet_connect(Device *dev, int gsi, IrqLine *line);
void hpet_connect_legacy(Device *dev, int n, IrqLine *line);

#endif
