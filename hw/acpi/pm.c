/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI power management block (ACPI 6.4, 4.8.3). Sleep states other than S5 are left out, and the
 * general-purpose events exist but never happen.
 */
#include "hw/acpi/pm.h"

#include "system/runstate.h"

enum {
    STS_TIMER = 1 << 0,
    STS_GLOBAL = 1 << 5,
    STS_POWER_BUTTON = 1 << 8,
    STS_RTC = 1 << 10,
    STS_WAKE = 1 << 15,
};
#define STS_WRITABLE      (STS_TIMER | STS_GLOBAL | STS_POWER_BUTTON | STS_RTC | STS_WAKE)
#define EN_WRITABLE       (STS_TIMER | STS_GLOBAL | STS_POWER_BUTTON | STS_RTC)
#define CNT_SCI_EN        (1u << 0)
#define CNT_SLP_TYP_SHIFT 10
#define CNT_SLP_TYP_MASK  7u
#define CNT_SLP_EN        (1u << 13)
#define CNT_WRITABLE      (CNT_SLP_TYP_MASK << CNT_SLP_TYP_SHIFT)
/* TMR_STS is set when the top bit of the 32-bit counter changes. */
#define TIMER_HALF (1ull << 31)

enum { EVENT_STS = 0, EVENT_EN = 2, CONTROL = 4, TIMER = 8 };

typedef struct {
    Device dev;
    uint16_t sts, en, cnt;
    uint8_t gpe[PM_GPE0_LEN];
    Timer overflow; /* armed while STS_TIMER is enabled */
    IrqOut sci;
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

static void update(PmState *s)
{
    irq_set(&s->sci, (s->sts & s->en & EN_WRITABLE) != 0);
    if (!(s->en & STS_TIMER)) {
        timer_cancel(&s->overflow);
    } else if (!timer_is_armed(&s->overflow)) {
        uint64_t next = (ticks_now(s) / TIMER_HALF + 1) * TIMER_HALF;
        timer_arm(&s->overflow, (int64_t)muldiv64(next, NS_PER_SEC, PM_TIMER_HZ) + 1);
    }
}

static void overflowed(void *opaque)
{
    PmState *s = opaque;
    s->sts |= STS_TIMER;
    update(s);
}

void pm_press_power_button(void *dev)
{
    PmState *s = dev;
    s->sts |= STS_POWER_BUTTON;
    update(s);
}

/* The 16-bit registers take byte accesses, too: each is read or written through this window. */
static uint16_t part_of(uint16_t old, uint64_t offset, uint64_t value, unsigned size)
{
    uint16_t mask = size >= 2 ? 0xffff : (uint16_t)(0xff << (8 * (offset & 1)));
    return (uint16_t)((old & ~mask) | ((value << (8 * (offset & 1))) & mask));
}

static uint64_t event_read(void *opaque, uint64_t offset, unsigned size)
{
    PmState *s = opaque;
    uint32_t both = s->sts | (uint32_t)s->en << 16;
    return both >> (8 * offset);
}

static void event_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PmState *s = opaque;
    if (offset < EVENT_EN) {
        s->sts &= (uint16_t) ~(part_of(0, offset, value, size) & STS_WRITABLE);
    } else {
        s->en = part_of(s->en, offset, value, size) & EN_WRITABLE;
    }
    update(s);
}

static const MemOps event_ops = {.read = event_read, .write = event_write, .max_size = 2};

static uint64_t control_read(void *opaque, uint64_t offset, unsigned size)
{
    return (unsigned)((PmState *)opaque)->cnt >> (8 * offset);
}

static void control_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PmState *s = opaque;
    uint16_t now = part_of(s->cnt, offset, value, size);
    s->cnt = (uint16_t)((now & CNT_WRITABLE) | CNT_SCI_EN);
    if (!(now & CNT_SLP_EN)) {
        return;
    }
    if (((now >> CNT_SLP_TYP_SHIFT) & CNT_SLP_TYP_MASK) == PM_SLP_TYP_S5) {
        runstate_request_shutdown(s->dev.platform->runstate, CAUSE_GUEST_SHUTDOWN);
    } else {
        trace_event(s->dev.platform->trace, TRACE_UNIMP,
                    "pm_sleep slp_typ=%u reason=only S5 is there",
                    (now >> CNT_SLP_TYP_SHIFT) & CNT_SLP_TYP_MASK);
    }
}

static const MemOps control_ops = {.read = control_read, .write = control_write, .max_size = 2};

static uint64_t timer_read(void *opaque, uint64_t offset, unsigned size)
{
    return (uint32_t)ticks_now(opaque) >> (8 * offset);
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
    for (size_t i = 0; i < PM_GPE0_LEN; i++) {
        s->gpe[i] = 0;
    }
    update(s);
}

static void pm_restored(Device *dev)
{
    update((PmState *)dev);
}

static const StateField pm_state[] = {
    STATE_FIELD(STATE_UINT16, PmState, sts),
    STATE_FIELD(STATE_UINT16, PmState, en),
    STATE_FIELD(STATE_UINT16, PmState, cnt),
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
    .realize = pm_realize,
    .unrealize = pm_unrealize,
    .reset = pm_reset,
    .restored = pm_restored,
};
