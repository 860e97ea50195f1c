/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI power management block (ACPI 6.4, 4.8.3; ICH9 13.8.3). Sleep states are S3 and S5. General-
 * purpose events come by the inputs "gpe"; none of them ends a sleep.
 *
 * The timer's status bit is worked out when somebody looks; a host timer runs only while its
 * interrupt is enabled.
 */
#include "hw/acpi/pm.h"

#include "base/runstate.h"

enum {
    STS_TIMER = 1 << 0,
    STS_GLOBAL = 1 << 5,
    STS_POWER_BUTTON = 1 << 8,
    STS_RTC = 1 << 10,
    STS_WAKE = 1 << 15,
};
#define STS_WRITABLE (STS_TIMER | STS_GLOBAL | STS_POWER_BUTTON | STS_RTC | STS_WAKE)
#define EN_WRITABLE  (STS_TIMER | STS_GLOBAL | STS_POWER_BUTTON | STS_RTC)
/* Bits 7:0 of status and enable lose their power in S3 (ICH9 13.8.3.1 and .2, "Power Well"). */
#define CORE_WELL         0x00ffu
#define CNT_SCI_EN        (1u << 0)
#define CNT_SLP_TYP_SHIFT 10
#define CNT_SLP_TYP_MASK  7u
#define CNT_SLP_EN        (1u << 13)
#define CNT_WRITABLE      (CNT_SLP_TYP_MASK << CNT_SLP_TYP_SHIFT)
/* The timer has 24 bits; TMR_STS is set whenever bit 23 changes, each 2.34 s (ICH9 13.8.3.1). */
#define TIMER_BITS 24
#define TIMER_MASK ((1u << TIMER_BITS) - 1)
#define TIMER_HALF (1ull << (TIMER_BITS - 1))

enum { EVENT_STS = 0, EVENT_EN = 2, CONTROL = 4, TIMER = 8 };

typedef struct {
    Device dev;
    uint16_t sts, en, cnt;
    uint64_t halves; /* changes of the timer's top bit that `sts` knows of */
    uint8_t gpe[PM_GPE0_LEN];
    Timer overflow; /* armed while the timer can interrupt */
    IrqOut sci;
    IrqLine rtc;
    IrqLine gpe_in[PM_GPES];
    MemRegion event, control, timer, gpe_region;
} PmState;

IrqOut *pm_sci_out(Device *dev)
{
    return &((PmState *)dev)->sci;
}

static uint64_t ticks_now(PmState *s)
{
    return muldiv64((uint64_t)clock_now(s->dev.platform->clock), PM_TIMER_HZ, NS_PER_SEC);
}

/* Catches up with the timer. */
static void look(PmState *s)
{
    uint64_t halves = ticks_now(s) / TIMER_HALF;
    if (halves != s->halves) {
        s->halves = halves;
        s->sts |= STS_TIMER;
    }
}

static void arm_overflow(PmState *s)
{
    if (!(s->en & STS_TIMER) || (s->sts & STS_TIMER)) {
        timer_cancel(&s->overflow);
    } else if (!timer_is_armed(&s->overflow)) {
        uint64_t next = (s->halves + 1) * TIMER_HALF;
        timer_arm(&s->overflow, (int64_t)muldiv64(next, NS_PER_SEC, PM_TIMER_HZ) + 1);
    }
}

/* What ends a sleep: the power button always, the RTC if it is enabled (ICH9 13.8.3.1). */
static void wake_if_due(PmState *s)
{
    if (s->sts & (STS_POWER_BUTTON | (s->en & STS_RTC))) {
        runstate_request_wakeup(s->dev.platform->runstate);
    }
}

/* ACPI 4.8.4.1: status in the first half, enables in the second. */
static bool gpe_interrupts(const PmState *s)
{
    for (unsigned i = 0; i < PM_GPE0_LEN / 2; i++) {
        if (s->gpe[i] & s->gpe[i + PM_GPE0_LEN / 2]) {
            return true;
        }
    }
    return false;
}

static void drive_sci(PmState *s)
{
    irq_set(&s->sci, (s->sts & s->en & EN_WRITABLE) != 0 || gpe_interrupts(s));
}

static void update(PmState *s)
{
    look(s);
    drive_sci(s);
    arm_overflow(s);
    wake_if_due(s);
}

static void overflowed(void *opaque)
{
    update(opaque);
}

void pm_press_power_button(void *dev)
{
    PmState *s = dev;
    s->sts |= STS_POWER_BUTTON;
    update(s);
}

static void rtc_changed(void *opaque, int n, bool level)
{
    PmState *s = opaque;
    if (level) {
        s->sts |= STS_RTC;
        update(s);
    }
}

static void gpe_changed(void *opaque, int n, bool level)
{
    PmState *s = opaque;
    if (level) {
        s->gpe[n / 8] |= (uint8_t)(1u << (n % 8));
        update(s);
    }
}

void pm_woken(Device *dev)
{
    PmState *s = (PmState *)dev;
    s->sts = (s->sts & ~CORE_WELL) | STS_WAKE;
    s->en &= ~CORE_WELL;
    s->halves = ticks_now(s) / TIMER_HALF;
    update(s);
}

/* The 16-bit registers take byte accesses, too: each is read or written through this window. */
static uint16_t pm_part_of(uint16_t old, uint64_t offset, uint64_t value, unsigned size)
{
    uint16_t mask = size >= 2 ? 0xffff : (uint16_t)(0xff << (8 * (offset & 1)));
    return (uint16_t)((old & ~mask) | ((value << (8 * (offset & 1))) & mask));
}

static uint64_t event_read(void *opaque, uint64_t offset, unsigned size)
{
    PmState *s = opaque;
    look(s);
    uint32_t both = s->sts | (uint32_t)s->en << 16;
    return both >> (8 * offset);
}

static void event_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PmState *s = opaque;
    look(s);
    if (offset < EVENT_EN) {
        s->sts &= (uint16_t) ~(pm_part_of(0, offset, value, size) & STS_WRITABLE);
    } else {
        s->en = pm_part_of(s->en, offset, value, size) & EN_WRITABLE;
    }
    update(s);
}

static const MemOps event_ops = {.read = event_read, .write = event_write, .max_size = 2};

static uint64_t control_read(void *opaque, uint64_t offset, unsigned size)
{
    return (unsigned)((PmState *)opaque)->cnt >> (8 * offset);
}

static void fall_asleep(PmState *s, unsigned slp_typ)
{
    RunState *rs = s->dev.platform->runstate;
    switch (slp_typ) {
    case PM_SLP_TYP_S5:
        runstate_request_shutdown(rs, CAUSE_GUEST_SHUTDOWN);
        break;
    case PM_SLP_TYP_S3:
        runstate_request_suspend(rs);
        wake_if_due(s);
        break;
    default:
        trace_event(s->dev.platform->trace, TRACE_UNIMP, "pm_sleep slp_typ=%u reason=no such state",
                    slp_typ);
    }
}

static void control_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PmState *s = opaque;
    uint16_t now = pm_part_of(s->cnt, offset, value, size);
    s->cnt = (uint16_t)((now & CNT_WRITABLE) | CNT_SCI_EN);
    if (now & CNT_SLP_EN) {
        fall_asleep(s, (now >> CNT_SLP_TYP_SHIFT) & CNT_SLP_TYP_MASK);
    }
}

static const MemOps control_ops = {.read = control_read, .write = control_write, .max_size = 2};

static uint64_t timer_read(void *opaque, uint64_t offset, unsigned size)
{
    return (ticks_now(opaque) & TIMER_MASK) >> (8 * offset);
}

static void timer_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    /* The counter is read-only. */
}

static const MemOps timer_ops = {.read = timer_read, .write = timer_write, .max_size = 4};

/* The first half is status, write 1 to clear; the second half enables. */
static uint64_t gpe_read(void *opaque, uint64_t offset, unsigned size)
{
    return ((PmState *)opaque)->gpe[offset];
}

static void gpe_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PmState *s = opaque;
    if (offset < PM_GPE0_LEN / 2) {
        s->gpe[offset] &= (uint8_t)~value;
    } else {
        s->gpe[offset] = (uint8_t)value;
    }
    update(s);
}

static const MemOps gpe_ops = {.read = gpe_read, .write = gpe_write, .max_size = 1};

static void map(PmState *s, MemRegion *region, const char *name, uint16_t at, uint64_t size,
                const MemOps *ops)
{
    *region = (MemRegion){.name = name, .size = size, .kind = MEM_IO, .ops = ops, .opaque = s};
    as_add(s->dev.platform->ports, region, at);
}

static bool pm_realize(Device *dev, GError **error)
{
    PmState *s = (PmState *)dev;
    timer_init(&s->overflow, dev->platform->clock, overflowed, s);
    device_add_irq_out(dev, "sci", &s->sci, 1);
    device_add_irq_in(dev, "rtc", &s->rtc, 1, rtc_changed, s);
    device_add_irq_in(dev, "gpe", s->gpe_in, PM_GPES, gpe_changed, s);
    map(s, &s->event, "pm1-event", PM1_EVENT, 4, &event_ops);
    map(s, &s->control, "pm1-control", PM1_CONTROL, 2, &control_ops);
    map(s, &s->timer, "pm-timer", PM_TIMER, 4, &timer_ops);
    map(s, &s->gpe_region, "gpe0", PM_GPE0, PM_GPE0_LEN, &gpe_ops);
    return true;
}

static void pm_unrealize(Device *dev)
{
    PmState *s = (PmState *)dev;
    MemRegion *const regions[] = {&s->event, &s->control, &s->timer, &s->gpe_region};
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        as_remove(dev->platform->ports, regions[i]);
    }
    timer_cancel(&s->overflow);
}

static void pm_reset(Device *dev)
{
    PmState *s = (PmState *)dev;
    s->sts = s->en = 0;
    s->cnt = CNT_SCI_EN;
    s->halves = ticks_now(s) / TIMER_HALF;
    for (size_t i = 0; i < PM_GPE0_LEN; i++) {
        s->gpe[i] = 0;
    }
    update(s);
}

static void pm_restored(Device *dev)
{
    drive_sci((PmState *)dev); /* looking at the timer is for who asks: the run would differ */
}

static const StateField pm_state[] = {
    STATE_FIELD(STATE_UINT16, PmState, sts),
    STATE_FIELD(STATE_UINT16, PmState, en),
    STATE_FIELD(STATE_UINT16, PmState, cnt),
    STATE_FIELD(STATE_UINT64, PmState, halves),
    STATE_ARRAY(STATE_UINT8, PmState, gpe, PM_GPE0_LEN),
    STATE_FIELD(STATE_TIMER, PmState, overflow),
    STATE_STRUCTS(PmState, sci, 1, IrqOut, irq_out_state),
    STATE_END,
};

const DeviceClass pm_class = {
    .name = "ich9-pm",
    .desc = "ACPI power management block",
    .bus = BUS_NONE,
    .instance_size = sizeof(PmState),
    .state = pm_state,
    .powered_in_sleep = true,
    .realize = pm_realize,
    .unrealize = pm_unrealize,
    .reset = pm_reset,
    .restored = pm_restored,
};
