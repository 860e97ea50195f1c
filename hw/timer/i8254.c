/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i8254 programmable interval timer and port 61h. Intel 8254 data sheet (order 231164);
 * ICH9 13.3 (ports 40h to 43h) and 13.7.1 (port 61h, NMI_SC).
 *
 * Counts are functions of the clock. A channel's position is the number of its input clocks since
 * its count was loaded; only channel 0, which drives a line, arms a timer, for the next change of
 * its output. Changes that pass unseen become one.
 *
 * Left out: the one clock between writing a count and its load; in mode 3 with an odd count the
 * reading is that of the even count below.
 */
#include "hw/timer/i8254.h"

#define PIT_HZ       1193182ull
#define PIT_CHANNELS 3
#define PORT_PIT     0x40
#define PORT_NMI_SC  0x61
#define REG_CONTROL  3

/* The closest two interrupts may come: counts of 1 or 2 ask for what no PC could serve. */
#define MIN_PERIOD_NS 5000

#define CTRL_BCD         0x01u
#define CTRL_MODE_SHIFT  1
#define CTRL_MODE_MASK   7u
#define CTRL_RW_SHIFT    4
#define CTRL_RW_MASK     3u
#define CTRL_SC_SHIFT    6
#define SC_READ_BACK     3u
#define READ_BACK_STATUS 0x10u /* active low */
#define READ_BACK_COUNT  0x20u /* active low */
#define STATUS_NULL      0x40u
#define STATUS_OUT       0x80u

/* Port 61h (ICH9 13.7.1). */
#define SC_GATE2        0x01u
#define SC_WRITABLE     0x0fu
#define SC_REFRESH      0x10u
#define SC_OUT2         0x20u
#define SC_SPEAKER_CHAN 2
#define REFRESH_NS      15085 /* 18 counts of the 14.318 MHz / 12 clock */

typedef enum { RW_LATCH, RW_LOW, RW_HIGH, RW_BOTH } RwMode;

typedef struct {
    uint8_t mode; /* 0 to 5 */
    uint8_t rw;   /* RwMode */
    bool bcd, gate;
    bool loaded;    /* a count is in the counting element */
    bool triggered; /* modes 1 and 5: the gate rose since then */
    bool has_next;  /* a new count waits for `next_at` */
    uint32_t count; /* 1 to 65536 */
    uint32_t next;
    uint64_t next_at;           /* position at which it takes over */
    int64_t start;              /* when `base` was the position */
    uint64_t base;              /* input clocks counted until `start` */
    bool write_high, read_high; /* the second byte is next */
    uint8_t write_low;
    bool count_latched, status_latched;
    uint16_t latched_count;
    uint8_t latched_status;
} PitChannel;

typedef struct {
    Device dev;
    PitChannel channels[PIT_CHANNELS];
    uint8_t nmi_sc;
    bool irq_enabled;
    Timer timer;
    IrqOut irq;
    MemRegion ports, sc_port;
} PitState;

static PitState *pit_from(Device *dev)
{
    return (PitState *)dev;
}

IrqOut *i8254_irq_out(Device *dev)
{
    return &pit_from(dev)->irq;
}

static int64_t pit_now(const PitState *s)
{
    return clock_now(s->dev.platform->clock);
}

/* Does the counter move? */
static bool channel_counts(const PitChannel *c)
{
    switch (c->mode) {
    case 1:
    case 5:
        return c->triggered;
    default:
        return c->loaded && c->gate;
    }
}

/* Input clocks since the count was loaded or triggered. */
static uint64_t channel_position(const PitChannel *c, int64_t now)
{
    if (!channel_counts(c) || now <= c->start) {
        return c->base;
    }
    return c->base + muldiv64((uint64_t)(now - c->start), PIT_HZ, NS_PER_SEC);
}

/* The time of a position, rounded up. */
static int64_t channel_time_of(const PitChannel *c, uint64_t position)
{
    return c->start + (int64_t)muldiv64(position - c->base, NS_PER_SEC, PIT_HZ) + 1;
}

/* Keeps the position across a change of what channel_counts() depends on. */
static void channel_freeze(PitChannel *c, int64_t now)
{
    c->base = channel_position(c, now);
    c->start = now;
}

static bool channel_is_periodic(const PitChannel *c)
{
    return c->mode == 2 || c->mode == 3;
}

/* Mode 3: OUT is high for the first half of the wave, the longer one of an odd count. */
static uint32_t first_half(uint32_t count)
{
    return (count + 1) / 2;
}

/* The end of the cycle under way, in mode 3 of the half-cycle. */
static uint64_t channel_reload_after(const PitChannel *c, uint64_t position)
{
    uint64_t cycle = position / c->count * c->count, half = cycle + first_half(c->count);

    return c->mode == 3 && c->count > 1 && position < half ? half : cycle + c->count;
}

/* A count written during a periodic cycle takes over at its end (data sheet, modes 2 and 3); where
 * that is the middle of a wave, with the second half. */
static void channel_sync(PitChannel *c, int64_t now)
{
    if (c->has_next && channel_position(c, now) >= c->next_at) {
        bool middle = c->next_at % c->count != 0;

        c->start = channel_time_of(c, c->next_at);
        c->base = middle ? first_half(c->next) : 0;
        c->count = c->next;
        c->has_next = false;
    }
}

static bool channel_out_at(const PitChannel *c, uint64_t position)
{
    switch (c->mode) {
    case 0:
        return c->loaded && position >= c->count;
    case 1:
        return !c->triggered || position >= c->count;
    case 2:
        return !channel_counts(c) || position % c->count != c->count - 1 || c->count == 1;
    case 3:
        return !channel_counts(c) || position % c->count < first_half(c->count);
    default: /* 4 and 5: low for the one clock of the terminal count */
        return !(c->loaded && position == c->count);
    }
}

static uint16_t channel_encode(const PitChannel *c, uint32_t value)
{
    if (!c->bcd) {
        return (uint16_t)value;
    }
    value %= 10000;
    return (uint16_t)((value / 1000) << 12 | (value / 100 % 10) << 8 | (value / 10 % 10) << 4 |
                      value % 10);
}

static uint32_t channel_decode(const PitChannel *c, uint16_t value)
{
    uint32_t count = value;

    if (c->bcd) {
        count = (value >> 12) * 1000u + ((value >> 8) & 15) * 100u + ((value >> 4) & 15) * 10u +
                (value & 15);
    }
    return count ? count : c->bcd ? 10000 : 0x10000;
}

/* What the counting element shows. */
static uint16_t channel_count_at(const PitChannel *c, uint64_t position)
{
    uint32_t modulus = c->bcd ? 10000 : 0x10000, half;

    if (!c->loaded) {
        return 0;
    }
    switch (c->mode) {
    case 2:
        return channel_encode(c, c->count - (uint32_t)(position % c->count));
    case 3: /* by twos, once for each half of the wave */
        position %= c->count;
        half = first_half(c->count);
        position = position < half ? position : position - half;
        return channel_encode(c, (c->count & ~1u) - 2 * (uint32_t)position);
    default: /* runs on below zero */
        return channel_encode(c, (c->count + modulus - (uint32_t)(position % modulus)) % modulus);
    }
}

/* Channel 0's output. */

/* The position of the next rising edge that the line shows after `position`, or UINT64_MAX. */
static uint64_t channel_next_edge(const PitChannel *c, uint64_t position)
{
    if (!channel_counts(c)) {
        return UINT64_MAX;
    }
    switch (c->mode) {
    case 2:
    case 3:
        return channel_reload_after(c, position);
    case 4:
    case 5:
        return position <= c->count ? c->count + 1 : UINT64_MAX;
    default:
        return position < c->count ? c->count : UINT64_MAX;
    }
}

static void pit_arm(PitState *s)
{
    const PitChannel *c = &s->channels[0];
    int64_t now = pit_now(s);
    uint64_t position = channel_position(c, now);
    uint64_t edge = s->irq_enabled ? channel_next_edge(c, position) : UINT64_MAX;

    if (edge == UINT64_MAX) {
        timer_cancel(&s->timer);
        return;
    }
    int64_t due = channel_time_of(c, edge);
    bool again = channel_is_periodic(c) && position > 0;
    timer_arm(&s->timer, again ? MAX(due, now + MIN_PERIOD_NS) : due);
}

static void pit_drive(PitState *s, bool level)
{
    if (s->irq_enabled) {
        irq_set(&s->irq, level);
    }
}

static void pit_timer(void *opaque)
{
    PitState *s = opaque;
    PitChannel *c = &s->channels[0];
    int64_t now = pit_now(s);

    channel_sync(c, now);
    if (c->mode == 2 || c->mode == 4) {
        pit_drive(s, false); /* the low pulse of one clock ends here */
        pit_drive(s, true);
    } else {
        if (c->mode == 3 && c->count <= 4) {
            pit_drive(s, false); /* too fast for both edges to be seen */
        }
        pit_drive(s, channel_out_at(c, channel_position(c, now)));
    }
    pit_arm(s);
}

/* After a change of channel 0. */
static void pit_refresh(PitState *s)
{
    channel_sync(&s->channels[0], pit_now(s));
    pit_drive(s, channel_out_at(&s->channels[0], channel_position(&s->channels[0], pit_now(s))));
    pit_arm(s);
}

static void pit_changed(PitState *s, const PitChannel *c)
{
    if (c == &s->channels[0]) {
        pit_refresh(s);
    }
}

/* Loading, latching, reading. */

/* A running count is not disturbed: in modes 2 and 3 the new one takes over at the end of the
 * cycle, in modes 1 and 5 at the next trigger. */
static void channel_load(PitChannel *c, uint16_t value, int64_t now)
{
    uint32_t count = channel_decode(c, value);

    channel_sync(c, now);
    if (c->triggered || (c->loaded && channel_is_periodic(c) && c->gate)) {
        c->next = count;
        c->next_at = c->triggered ? UINT64_MAX : channel_reload_after(c, channel_position(c, now));
        c->has_next = true;
        return;
    }
    c->count = count;
    c->has_next = false;
    c->base = 0;
    c->start = now;
    c->loaded = true;
}

static void channel_set_gate(PitChannel *c, bool gate, int64_t now)
{
    bool rising = gate && !c->gate;

    if (gate == c->gate) {
        return;
    }
    channel_sync(c, now);
    channel_freeze(c, now);
    c->gate = gate;
    if (rising && c->mode != 0 && c->mode != 4) {
        c->base = 0; /* triggers, or starts the cycle anew; the newest count is loaded */
        c->count = c->has_next ? c->next : c->count;
        c->has_next = false;
        c->triggered = c->loaded && (c->mode == 1 || c->mode == 5);
    }
}

static void channel_write_count(PitState *s, PitChannel *c, uint8_t value)
{
    int64_t now = pit_now(s);

    switch (c->rw) {
    case RW_LOW:
        channel_load(c, value, now);
        break;
    case RW_HIGH:
        channel_load(c, (uint16_t)(value << 8), now);
        break;
    default:
        c->write_high = !c->write_high;
        if (c->write_high) {
            c->write_low = value;
            if (c->mode == 0) {
                c->loaded = false; /* the first byte stops the count and lowers OUT */
            }
        } else {
            channel_load(c, (uint16_t)(value << 8 | c->write_low), now);
        }
    }
    pit_changed(s, c);
}

static void channel_latch_count(PitChannel *c, int64_t now)
{
    if (!c->count_latched) {
        channel_sync(c, now);
        c->latched_count = channel_count_at(c, channel_position(c, now));
        c->count_latched = true;
    }
}

static void channel_latch_status(PitChannel *c, int64_t now)
{
    if (c->status_latched) {
        return;
    }
    channel_sync(c, now);
    c->latched_status =
        (uint8_t)((channel_out_at(c, channel_position(c, now)) ? STATUS_OUT : 0) |
                  (!c->loaded || c->has_next ? STATUS_NULL : 0) | c->rw << CTRL_RW_SHIFT |
                  c->mode << CTRL_MODE_SHIFT | (c->bcd ? CTRL_BCD : 0));
    c->status_latched = true;
}

static uint8_t channel_read(PitState *s, PitChannel *c)
{
    int64_t now = pit_now(s);
    uint16_t value;
    bool high;

    if (c->status_latched) {
        c->status_latched = false;
        return c->latched_status;
    }
    channel_sync(c, now);
    value = c->count_latched ? c->latched_count : channel_count_at(c, channel_position(c, now));
    high = c->rw == RW_HIGH || (c->rw == RW_BOTH && c->read_high);
    if (c->rw == RW_BOTH) {
        c->read_high = !c->read_high;
    }
    if (c->rw != RW_BOTH || high) {
        c->count_latched = false;
    }
    return (uint8_t)(high ? value >> 8 : value);
}

static void pit_read_back(PitState *s, uint8_t value)
{
    for (unsigned i = 0; i < PIT_CHANNELS; i++) {
        if (!(value & (2u << i))) {
            continue;
        }
        if (!(value & READ_BACK_COUNT)) {
            channel_latch_count(&s->channels[i], pit_now(s));
        }
        if (!(value & READ_BACK_STATUS)) {
            channel_latch_status(&s->channels[i], pit_now(s));
        }
    }
}

static void pit_control(PitState *s, uint8_t value)
{
    unsigned select = value >> CTRL_SC_SHIFT;
    unsigned rw = (value >> CTRL_RW_SHIFT) & CTRL_RW_MASK;
    unsigned mode = (value >> CTRL_MODE_SHIFT) & CTRL_MODE_MASK;
    PitChannel *c;

    if (select == SC_READ_BACK) {
        pit_read_back(s, value);
        return;
    }
    c = &s->channels[select];
    if (rw == RW_LATCH) {
        channel_latch_count(c, pit_now(s));
        return;
    }
    *c = (PitChannel){
        .mode = mode > 5 ? mode - 4 : mode, /* 6 and 7 are 2 and 3 */
        .rw = rw,
        .bcd = value & CTRL_BCD,
        .gate = c->gate,
        .count = 0x10000,
    };
    pit_changed(s, c);
}

/* An edge that is due but not run yet comes before what the guest does now. */
static void pit_catch_up(PitState *s)
{
    if (timer_is_armed(&s->timer) && s->timer.expires <= pit_now(s)) {
        timer_cancel(&s->timer);
        pit_timer(s);
    }
}

static uint64_t pit_read(void *opaque, uint64_t offset, unsigned size)
{
    PitState *s = opaque;

    return offset == REG_CONTROL ? 0xff : channel_read(s, &s->channels[offset]);
}

static void pit_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PitState *s = opaque;

    pit_catch_up(s);
    if (offset == REG_CONTROL) {
        pit_control(s, (uint8_t)value);
    } else {
        channel_write_count(s, &s->channels[offset], (uint8_t)value);
    }
}

static uint64_t sc_read(void *opaque, uint64_t offset, unsigned size)
{
    PitState *s = opaque;
    PitChannel *c = &s->channels[SC_SPEAKER_CHAN];
    int64_t now = pit_now(s);
    uint8_t value = s->nmi_sc;

    channel_sync(c, now);
    if (channel_out_at(c, channel_position(c, now))) {
        value |= SC_OUT2;
    }
    if (now / REFRESH_NS % 2) {
        value |= SC_REFRESH;
    }
    return value;
}

static void sc_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PitState *s = opaque;

    s->nmi_sc = value & SC_WRITABLE;
    channel_set_gate(&s->channels[SC_SPEAKER_CHAN], value & SC_GATE2, pit_now(s));
}

static const MemOps pit_ops = {pit_read, pit_write, 1, 1};
static const MemOps sc_ops = {sc_read, sc_write, 1, 1};

void i8254_set_irq_enabled(Device *dev, bool enabled)
{
    PitState *s = pit_from(dev);

    if (s->irq_enabled == enabled) {
        return;
    }
    pit_drive(s, false);
    s->irq_enabled = enabled;
    pit_refresh(s);
}

static bool pit_realize(Device *dev, GError **error)
{
    PitState *s = pit_from(dev);

    s->irq_enabled = true;
    timer_init(&s->timer, dev->platform->clock, pit_timer, s);
    s->ports =
        (MemRegion){.name = "i8254", .size = 4, .kind = MEM_IO, .ops = &pit_ops, .opaque = s};
    as_add(dev->platform->ports, &s->ports, PORT_PIT);
    s->sc_port =
        (MemRegion){.name = "nmi-sc", .size = 1, .kind = MEM_IO, .ops = &sc_ops, .opaque = s};
    as_add(dev->platform->ports, &s->sc_port, PORT_NMI_SC);
    device_add_irq_out(dev, "", &s->irq, 1);
    return true;
}

static void pit_unrealize(Device *dev)
{
    PitState *s = pit_from(dev);

    timer_cancel(&s->timer);
    as_remove(dev->platform->ports, &s->sc_port);
    as_remove(dev->platform->ports, &s->ports);
}

static void pit_reset(Device *dev)
{
    PitState *s = pit_from(dev);

    s->nmi_sc = 0;
    s->irq_enabled = true;
    for (unsigned i = 0; i < PIT_CHANNELS; i++) {
        s->channels[i] =
            (PitChannel){.mode = 3, .rw = RW_BOTH, .count = 0x10000, .gate = i != SC_SPEAKER_CHAN};
    }
    pit_refresh(s);
}

static const StateField channel_state[] = {
    STATE_FIELD(STATE_UINT8, PitChannel, mode),
    STATE_FIELD(STATE_UINT8, PitChannel, rw),
    STATE_FIELD(STATE_UINT8, PitChannel, bcd),
    STATE_FIELD(STATE_UINT8, PitChannel, gate),
    STATE_FIELD(STATE_UINT8, PitChannel, loaded),
    STATE_FIELD(STATE_UINT8, PitChannel, triggered),
    STATE_FIELD(STATE_UINT8, PitChannel, has_next),
    STATE_FIELD(STATE_UINT32, PitChannel, count),
    STATE_FIELD(STATE_UINT32, PitChannel, next),
    STATE_FIELD(STATE_UINT64, PitChannel, next_at),
    STATE_FIELD(STATE_UINT64, PitChannel, start),
    STATE_FIELD(STATE_UINT64, PitChannel, base),
    STATE_FIELD(STATE_UINT8, PitChannel, write_high),
    STATE_FIELD(STATE_UINT8, PitChannel, read_high),
    STATE_FIELD(STATE_UINT8, PitChannel, write_low),
    STATE_FIELD(STATE_UINT8, PitChannel, count_latched),
    STATE_FIELD(STATE_UINT8, PitChannel, status_latched),
    STATE_FIELD(STATE_UINT16, PitChannel, latched_count),
    STATE_FIELD(STATE_UINT8, PitChannel, latched_status),
    STATE_END,
};

static const StateField pit_state[] = {
    STATE_STRUCTS(PitState, channels, PIT_CHANNELS, PitChannel, channel_state),
    STATE_FIELD(STATE_UINT8, PitState, nmi_sc),
    STATE_FIELD(STATE_UINT8, PitState, irq_enabled),
    STATE_STRUCTS(PitState, irq, 1, IrqOut, irq_out_state),
    STATE_FIELD(STATE_TIMER, PitState, timer),
    STATE_END,
};

const DeviceClass i8254_class = {
    .name = "isa-pit",
    .alias = "i8254",
    .desc = "8254 interval timer and port 61h",
    .bus = BUS_NONE,
    .instance_size = sizeof(PitState),
    .state = pit_state,
    .realize = pit_realize,
    .unrealize = pit_unrealize,
    .reset = pit_reset,
};
