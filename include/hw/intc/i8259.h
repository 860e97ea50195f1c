/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pair of i8259A interrupt controllers of a PC, with the ELCR (ports 20h, 21h, A0h, A1h, 4D0h,
 * 4D1h). Intel 8259A data sheet; ICH9 13.4.
 */
#ifndef HW_INTC_I8259_H
#define HW_INTC_I8259_H

#include "hw/core/device.h"

extern const DeviceClass i8259_class; /* maps its own ports */

/* INTR output; the board points it at the BSP's LINT0 (and others'). */
IrqOut *i8259_intr_out(Device *dev);
/* Inputs: device_irq_in(dev, "", 0..15). Line 2 is the cascade and not usable. */
/* Acknowledge cycle of the CPU with this local APIC: the vector, spurious 7 or 15 included. */
int i8259_ack(void *dev, uint32_t apic_id);
void i8259_describe(Device *dev, GString *out);

/* An input as it is now. */
typedef struct {
    bool up, level, requested, masked, in_service;
} I8259Pin;
I8259Pin i8259_pin(Device *dev, unsigned n);

#endif
