/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI fixed hardware as the board has it (ACPI 4.8). */
#ifndef TESTS_INCLUDE_PM_H
#define TESTS_INCLUDE_PM_H

enum {
    PM1_STS = 0x600,
    PM1_EN = 0x602,
    PM1_CNT = 0x604,
    PM_TIMER = 0x608,
    GPE0_STS = 0x620,
    GPE0_EN = 0x628,
};
#define PM_TIMER_HZ   3579545l
#define PM_TIMER_MASK 0xffffffu
#define SCI           9

/* In PM1_STS and PM1_EN. */
enum {
    PM1_TMR = 1 << 0,
    PM1_GBL = 1 << 5,
    PM1_PWRBTN = 1 << 8,
    PM1_RTC = 1 << 10,
    PM1_WAK = 1 << 15
};

#endif
