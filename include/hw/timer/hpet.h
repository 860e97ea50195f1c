/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HPET (IA-PC HPET specification 1.0a): 3 to 32 comparators, legacy replacement, level and edge,
 * periodic, and FSB messages (property msi), which go through the remapping path like any other.
 */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "hw/core/device.h"
#include "hw/core/intr_msg.h"

#define HPET_BASE        0xfed00000ull
#define HPET_LAST_BASE   0xfed3f000ull
#define HPET_WINDOW_SIZE 0x400ull
#define HPET_GSIS        32 /* that a route can name */

extern const DeviceClass hpet_class; /* properties: docs/devices/hpet.md */

typedef struct {
    IntrSink sink;
    uint16_t requester_id;
    bool sends_messages; /* with msi=auto */
    /* Legacy replacement: called when LEG_RT_CNF changes, so that the board can disconnect the
     * i8254 from IRQ 0 and the RTC from IRQ 8. NULL: the block has no legacy replacement. */
    void (*legacy_changed)(void *opaque, bool on);
    void *legacy_opaque;
} HpetLinks;
HpetLinks *hpet_links(Device *dev);
MemRegion *hpet_region(Device *dev);
/* Its address, as the property says; the board fills in what is 0, before realize. */
uint64_t *hpet_base(Device *dev);
/* Each timer has an output, which its registers connect to one of the lines given here: an IOAPIC
 * input (GSI 0..31), or in legacy mode what the i8254 (timer 0) and the RTC (timer 1) drive
 * otherwise. */
void hpet_connect(Device *dev, int gsi, IrqLine *line);
void hpet_connect_legacy(Device *dev, int n, IrqLine *line);

#endif
