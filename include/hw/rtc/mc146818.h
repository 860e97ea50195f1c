/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MC146818 real-time clock with 128 bytes of CMOS, ports 70h and 71h. MC146818A data sheet.
 */
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include "hw/core/device.h"

extern const DeviceClass mc146818_class; /* property base: "utc", "localtime" or a date */
IrqOut *mc146818_irq_out(Device *dev);
/* The same whether or not the HPET stands in for it: what the power management block sees. */
IrqOut *mc146818_wake_out(Device *dev);
void mc146818_set_cmos(Device *dev, uint8_t index, uint8_t value);
uint8_t mc146818_get_cmos(Device *dev, uint8_t index);
void mc146818_set_irq_enabled(Device *dev, bool enabled);

#endif
