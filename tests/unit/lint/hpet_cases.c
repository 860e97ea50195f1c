/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: the HPET. */
#include "lint/cases.h"

enum { GEN_CONF = 0x10, MAIN_CNT = 0xf0, CONF = 0x100, COMP = 0x108, FSB = 0x110 };
#define ENABLE      1u
#define LEVEL       (1u << 1)
#define INT_ENABLE  (1u << 2)
#define PERIODIC    (1u << 3)
#define VAL_SET     (1u << 6)
#define ROUTE(pin_) ((uint32_t)(pin_) << 9)
#define FSB_ENABLE  (1u << 14)
#define MESSAGE     (INTR_WINDOW_BASE << 32 | 0x61)

static void wr(Rig *rig, uint32_t reg, uint64_t value, unsigned size)
{
    rig_wr(rig, HPET_BASE + reg, value, size);
}

static void fsb(Rig *rig, uint64_t route, uint32_t conf)
{
    wr(rig, FSB, route, 8);
    wr(rig, CONF, FSB_ENABLE | conf, 4);
}

static void fsb_on(Rig *rig)
{
    fsb(rig, MESSAGE, INT_ENABLE);
}

static void no_fsb(Rig *rig)
{
    wr(rig, CONF, INT_ENABLE | ROUTE(2), 4);
}

static void fsb_nowhere(Rig *rig)
{
    fsb(rig, 0x61, INT_ENABLE);
}

/* Without its interrupt the address may come later. */
static void fsb_later(Rig *rig)
{
    fsb(rig, 0, 0);
    fsb_on(rig);
}

static void fsb_level(Rig *rig)
{
    fsb(rig, MESSAGE, INT_ENABLE | LEVEL);
}

static void run(Rig *rig, bool with_period)
{
    wr(rig, CONF, INT_ENABLE | PERIODIC | ROUTE(2) | VAL_SET, 4);
    if (with_period) {
        wr(rig, COMP, 1000, 8); /* the comparator, */
        wr(rig, COMP, 1000, 8); /* and the period */
    } else {
        wr(rig, CONF, INT_ENABLE | ROUTE(2), 4);
        wr(rig, COMP, 1000, 8);
        wr(rig, CONF, INT_ENABLE | PERIODIC | ROUTE(2), 4);
    }
    wr(rig, GEN_CONF, ENABLE, 4);
    clock_advance_to(rig->platform.clock, NS_PER_MS);
}

static void no_period(Rig *rig)
{
    run(rig, false);
}

static void period(Rig *rig)
{
    run(rig, true);
}

static void route_none(Rig *rig)
{
    wr(rig, CONF, INT_ENABLE | ROUTE(3), 4);
}

static void routes(Rig *rig)
{
    wr(rig, CONF, ROUTE(3), 4); /* disabled */
    wr(rig, CONF, INT_ENABLE | ROUTE(8), 4);
}

static void counter_live(Rig *rig)
{
    wr(rig, GEN_CONF, ENABLE, 4);
    wr(rig, MAIN_CNT, 0, 8);
}

static void counter_halted(Rig *rig)
{
    wr(rig, GEN_CONF, ENABLE, 4);
    wr(rig, GEN_CONF, 0, 4);
    wr(rig, MAIN_CNT, 0, 8);
}

static void word_access(Rig *rig)
{
    wr(rig, GEN_CONF, 0, 2);
}

static void reserved(Rig *rig)
{
    wr(rig, 0x30, 0, 4);
}

const LintCase lint_hpet_cases[] = {
    {LINT_HPET_FSB_WITHOUT_CAPABILITY, fsb_on, no_fsb, "hpet.msi=off"},
    {LINT_HPET_FSB_ADDRESS, fsb_nowhere, fsb_later},
    {LINT_HPET_FSB_LEVEL, fsb_level, fsb_on},
    {LINT_HPET_NO_PERIOD, no_period, period},
    {LINT_HPET_ROUTE, route_none, routes},
    {LINT_HPET_COUNTER_LIVE, counter_live, counter_halted},
    {LINT_HPET_ACCESS_SIZE, word_access, counter_live},
    {LINT_HPET_RESERVED_REGISTER, reserved, counter_live},
    {.breaks = NULL},
};
