/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI power management block (ACPI 6.4, 4.8; ICH9 13.8): PM1 events and control, the PM timer, S3
 * and S5, and a block of general-purpose events. Always in ACPI mode: there is no SMI command port.
 */
#ifndef HW_ACPI_PM_H
#define HW_ACPI_PM_H

#include "hw/core/device.h"

/* Ports, fixed by the board and told in the FADT. */
#define PM_BASE     0x600
#define PM1_EVENT   (PM_BASE + 0x00)
#define PM1_CONTROL (PM_BASE + 0x04)
#define PM_TIMER    (PM_BASE + 0x08)
#define PM_GPE0     (PM_BASE + 0x20)
#define PM_GPE0_LEN 16
#define PM_GPES     (PM_GPE0_LEN / 2 * 8)
#define PM_SCI_IRQ  9
#define PM_TIMER_HZ 3579545u
/* SLP_TYP that powers off, and that sleeps with memory kept; \_S5 and \_S3 in the DSDT say the
 * same.
 */
#define PM_SLP_TYP_S5 0
#define PM_SLP_TYP_S3 5

extern const DeviceClass pm_class; /* maps its own ports */
/* The system control interrupt, a level. */
IrqOut *pm_sci_out(Device *dev);
/* Input "rtc": the RTC's interrupt, which sets RTC_STS. */
/* Inputs "gpe", PM_GPES of them: an edge sets the event's status bit. */
/* The machine woke up from S3: WAK_STS. */
void pm_woken(Device *dev);
/* Somebody pressed the power button. `dev` as void * so that it can be a callback. */
void pm_press_power_button(void *dev);

#endif
