/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LPC bridge (Intel ICH9 data sheet, chapter 13): PIRQ routing, which serial ports are decoded, and
 * ports 92h, B2h and B3h. At 1f.0 of the root bus.
 */
#ifndef HW_ISA_LPC_H
#define HW_ISA_LPC_H

#include "hw/pci/pci.h"

#define LPC_PIRQS 8

extern const DeviceClass lpc_class;

typedef struct {
    /* The routing of some PIRQ changed; `loaded`: with the state of what is at both ends. */
    void (*routing_changed)(void *opaque, bool loaded);
    void *opaque;
} LpcLinks;
LpcLinks *lpc_links(Device *dev);

/* The ISA interrupt that PIRQ n (0 is A) is routed to at the i8259 pair, or -1 for none. */
int lpc_pirq_route(Device *dev, int n);
/* What firmware would program: the route of a PIRQ, and which of COM1 and COM2 are decoded. */
void lpc_set_pirq_route(Device *dev, int n, uint8_t irq);
void lpc_set_serial_enabled(Device *dev, int port, bool enabled);

#endif
