/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HPET: registers and their bits (2.3), and lint's checks of a timer's. */
#ifndef HW_TIMER_HPET_REGS_H
#define HW_TIMER_HPET_REGS_H

#include "hw/core/device.h"

#define REG_GCAP_ID    0x000
#define REG_GEN_CONF   0x010
#define REG_GINTR_STA  0x020
#define REG_MAIN_CNT   0x0f0
#define REG_TIMERS     0x100
#define REG_TIMER_SIZE 0x20
#define REG_TIMER_CONF 0x00
#define REG_TIMER_COMP 0x08
#define REG_TIMER_FSB  0x10

/* GCAP_ID, 2.3.4. */
#define GCAP_REV_ID       0x01ull
#define GCAP_NUM_SHIFT    8
#define GCAP_COUNT_SIZE   (1ull << 13)
#define GCAP_LEG_RT       (1ull << 15)
#define GCAP_VENDOR       (0x8086ull << 16)
#define GCAP_PERIOD_SHIFT 32

/* GEN_CONF, 2.3.5. */
#define CONF_ENABLE 0x1ull
#define CONF_LEG_RT 0x2ull

/* Tn_CONF, 2.3.8. */
#define TN_LEVEL           (1ull << 1)
#define TN_INT_ENABLE      (1ull << 2)
#define TN_PERIODIC        (1ull << 3)
#define TN_PERIODIC_CAP    (1ull << 4)
#define TN_SIZE_CAP        (1ull << 5)
#define TN_VAL_SET         (1ull << 6)
#define TN_32BIT           (1ull << 8)
#define TN_ROUTE_SHIFT     9
#define TN_ROUTE_MASK      (0x1full << TN_ROUTE_SHIFT)
#define TN_FSB_ENABLE      (1ull << 14)
#define TN_FSB_CAP         (1ull << 15)
#define TN_ROUTE_CAP_SHIFT 32
#define TN_WRITABLE        (TN_LEVEL | TN_INT_ENABLE | TN_PERIODIC | TN_VAL_SET | TN_32BIT | TN_ROUTE_MASK)

/* Tn_CONF was written. */
typedef struct {
    unsigned n;
    uint64_t written, now; /* what software gave, and what came of it */
    uint64_t fsb;          /* Tn_FSB_ROUTE */
} HpetConfWrite;
void hpet_rules_conf(const Device *dev, const HpetConfWrite *w);
void hpet_rules_access(const Device *dev, uint64_t offset, unsigned size);

#endif
