/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MC146818 real-time clock with 128 bytes of CMOS. Motorola MC146818A data sheet; ports, the
 * second 64 bytes and the PC's century byte (32h): ICH9 13.6.
 *
 * The time is a function of the machine's clock and an offset that starts from the host's date.
 * Interrupt flags are worked out when somebody looks: a host timer runs only for interrupts that
 * are enabled. What happened several times unseen is one flag.
 *
 * Left out: the square wave output, and daylight saving (bit B.DSE is stored, as on the ICH).
 */
#include "hw/rtc/mc146818.h"

#include <stdio.h>
#include <string.h>

#define PORT_INDEX 0x70
#define CMOS_SIZE  128
#define INDEX_MASK 0x7f

#define REG_SECONDS       0x00
#define REG_SECONDS_ALARM 0x01
#define REG_MINUTES       0x02
#define REG_MINUTES_ALARM 0x03
#define REG_HOURS         0x04
#define REG_HOURS_ALARM   0x05
#define REG_WEEKDAY       0x06
#define REG_DAY           0x07
#define REG_MONTH         0x08
#define REG_YEAR          0x09
#define REG_A             0x0a
#define REG_B             0x0b
#define REG_C             0x0c
#define REG_D             0x0d
#define REG_CENTURY       0x32

#define A_UIP       0x80u
#define A_DV_MASK   0x70u
#define A_DV_4M     0x00u
#define A_DV_1M     0x10u
#define A_DV_32K    0x20u
#define A_DV_RESET  0x60u /* 110 and 111 */
#define A_RATE_MASK 0x0fu
#define A_WRITABLE  0x7fu
#define A_POWER_ON  0x26u
#define B_SET       0x80u
#define B_PIE       0x40u
#define B_AIE       0x20u
#define B_UIE       0x10u
#define B_SQWE      0x08u
#define B_BINARY    0x04u
#define B_24H       0x02u
#define C_IRQF      0x80u
#define C_PF        0x40u
#define C_AF        0x20u
#define C_UF        0x10u
#define C_FLAGS     (C_PF | C_AF | C_UF) /* the enables are the same bits of B */
#define D_VRT       0x80u
#define HOUR_PM     0x80u
#define ALARM_ANY   0xc0u

#define SECONDS_PER_DAY 86400
/* UIP goes up 244 us before an update, which takes 1984 us (table "Update cycle times"). */
#define UIP_NS        ((244 + 1984) * NS_PER_US)
#define OSCILLATOR_HZ 32768

typedef struct {
    Device dev;
    char *base; /* property */
    uint8_t index;
    uint8_t cmos[CMOS_SIZE]; /* time registers are current only while updates are stopped */
    /* Seconds since 1970 on this clock's face, at the machine's time 0, and the second's phase. */
    int64_t epoch;
    int64_t phase;
    int64_t second;        /* how long one lasts, ns */
    int64_t looked;        /* flags are right up to this time of the machine */
    uint8_t weekday_shift; /* a guest may call any day the first */
    bool irq_enabled;
    Timer timer;
    IrqOut irq, wake;
    MemRegion ports;
} RtcState;

typedef struct {
    int64_t year;
    unsigned month, day, hour, minute, second;
} Date;

static RtcState *rtc_from(Device *dev)
{
    return (RtcState *)dev;
}

IrqOut *mc146818_irq_out(Device *dev)
{
    return &rtc_from(dev)->irq;
}

IrqOut *mc146818_wake_out(Device *dev)
{
    return &rtc_from(dev)->wake;
}

/* The calendar (proleptic Gregorian, in eras of 400 years that begin in March). */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t days_of_date(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static Date date_of_seconds(int64_t seconds)
{
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);
    int64_t rest = seconds - days * SECONDS_PER_DAY;
    int64_t era = floor_div(days + 719468, 146097);
    int64_t doe = days + 719468 - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (unsigned)((5 * doy + 2) / 153);
    Date d = {
        .day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
        .month = mp < 10 ? mp + 3 : mp - 9,
        .hour = (unsigned)(rest / 3600),
        .minute = (unsigned)(rest / 60 % 60),
        .second = (unsigned)(rest % 60),
    };

    d.year = yoe + era * 400 + (d.month <= 2);
    return d;
}

static unsigned weekday_of_seconds(int64_t seconds)
{
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);

    return (unsigned)(((days + 4) % 7 + 7) % 7); /* 1970 began on a Thursday; Sunday is 0 */
}

/* Encoding (data sheet, table 2). */

static bool rtc_binary(const RtcState *s)
{
    return s->cmos[REG_B] & B_BINARY;
}

static uint8_t rtc_encode(const RtcState *s, unsigned value)
{
    return (uint8_t)(rtc_binary(s) ? value : value / 10 << 4 | value % 10);
}

static unsigned rtc_decode(const RtcState *s, uint8_t value)
{
    return rtc_binary(s) ? value : (value >> 4) * 10u + (value & 15);
}

static uint8_t rtc_encode_hour(const RtcState *s, unsigned hour)
{
    unsigned twelve = hour % 12 ? hour % 12 : 12;

    if (s->cmos[REG_B] & B_24H) {
        return rtc_encode(s, hour);
    }
    return rtc_encode(s, twelve) | (hour >= 12 ? HOUR_PM : 0);
}

static unsigned rtc_decode_hour(const RtcState *s, uint8_t value)
{
    unsigned hour;

    if (s->cmos[REG_B] & B_24H) {
        return rtc_decode(s, value);
    }
    hour = rtc_decode(s, value & ~HOUR_PM) % 12;
    return value & HOUR_PM ? hour + 12 : hour;
}

/* Time. */

static int64_t rtc_now(const RtcState *s)
{
    return clock_now(s->dev.platform->clock);
}

/*
 * A second by the divider (data sheet, table 4): set up for a faster crystal than the PC's 32 kHz
 * one, it divides by as much more, and seconds last longer. 0: it stands, by reset or in a
 * combination that is for tests (ICH9 13.6.2.1).
 */
static int64_t rtc_divider_second(const RtcState *s)
{
    switch (s->cmos[REG_A] & A_DV_MASK) {
    case A_DV_4M:
        return 4194304 / OSCILLATOR_HZ * NS_PER_SEC;
    case A_DV_1M:
        return 1048576 / OSCILLATOR_HZ * NS_PER_SEC;
    case A_DV_32K:
        return NS_PER_SEC;
    default:
        return 0;
    }
}

/* Do seconds go by? */
static bool rtc_updates(const RtcState *s)
{
    return !(s->cmos[REG_B] & B_SET) && rtc_divider_second(s) != 0;
}

static int64_t rtc_seconds_at(const RtcState *s, int64_t now)
{
    return s->epoch + floor_div(now + s->phase, s->second);
}

/* The time of the machine at which the face shows `seconds`. */
static int64_t rtc_time_of(const RtcState *s, int64_t seconds)
{
    return (seconds - s->epoch) * s->second - s->phase;
}

/* The part of a second that has passed, `from` of that length. */
static int64_t rtc_fraction(const RtcState *s, int64_t now, int64_t of)
{
    int64_t passed = now + s->phase - floor_div(now + s->phase, s->second) * s->second;

    return (int64_t)muldiv64((uint64_t)passed, (uint64_t)of, (uint64_t)s->second);
}

/* Register A was written. Out of reset the first second ends after half of it (data sheet, "Divider
 * Control"); else the one under way goes on where it is. */
static void rtc_divider_written(RtcState *s, int64_t now, bool was_reset)
{
    int64_t second = rtc_divider_second(s), passed;

    if (second == 0) {
        return;
    }
    passed = was_reset ? second / 2 : rtc_fraction(s, now, second);
    s->second = second;
    s->phase = passed - now % second;
    s->phase += s->phase < 0 ? second : 0;
}

/* Writes the running time into the registers. */
static void rtc_store_time(RtcState *s, int64_t now)
{
    int64_t seconds = rtc_seconds_at(s, now);
    Date d = date_of_seconds(seconds);

    s->cmos[REG_SECONDS] = rtc_encode(s, d.second);
    s->cmos[REG_MINUTES] = rtc_encode(s, d.minute);
    s->cmos[REG_HOURS] = rtc_encode_hour(s, d.hour);
    s->cmos[REG_WEEKDAY] = rtc_encode(s, (weekday_of_seconds(seconds) + s->weekday_shift) % 7 + 1);
    s->cmos[REG_DAY] = rtc_encode(s, d.day);
    s->cmos[REG_MONTH] = rtc_encode(s, d.month);
    s->cmos[REG_YEAR] = rtc_encode(s, (unsigned)(d.year % 100));
    s->cmos[REG_CENTURY] = rtc_encode(s, (unsigned)(d.year / 100 % 100));
}

/* Nonsense is clamped: no guest value reaches the calendar out of range. */
static unsigned rtc_decode_within(const RtcState *s, unsigned reg, unsigned least, unsigned most)
{
    uint8_t raw = s->cmos[reg];
    unsigned value = reg == REG_HOURS ? rtc_decode_hour(s, raw) : rtc_decode(s, raw);

    return CLAMP(value, least, most);
}

/* Takes the time from the registers. */
static void rtc_take_time(RtcState *s, int64_t now)
{
    unsigned month = rtc_decode_within(s, REG_MONTH, 1, 12);
    unsigned day = rtc_decode_within(s, REG_DAY, 1, 31);
    int64_t year =
        rtc_decode_within(s, REG_CENTURY, 0, 99) * 100 + rtc_decode_within(s, REG_YEAR, 0, 99);
    int64_t seconds = days_of_date(year, month, day) * SECONDS_PER_DAY +
                      rtc_decode_within(s, REG_HOURS, 0, 23) * 3600 +
                      rtc_decode_within(s, REG_MINUTES, 0, 59) * 60 +
                      rtc_decode_within(s, REG_SECONDS, 0, 59);
    unsigned weekday = (rtc_decode(s, s->cmos[REG_WEEKDAY]) + 6) % 7;

    s->epoch += seconds - rtc_seconds_at(s, now);
    s->weekday_shift = (uint8_t)((weekday + 7 - weekday_of_seconds(seconds)) % 7);
}

/* Interrupts. */

/* Periodic interrupts a second of the face (data sheet, table 5), 0 for none. */
static unsigned rtc_periods_a_second(const RtcState *s)
{
    unsigned rate = s->cmos[REG_A] & A_RATE_MASK;

    if (rate == 0 || rtc_divider_second(s) == 0) {
        return 0;
    }
    if (rate <= 2 && (s->cmos[REG_A] & A_DV_MASK) == A_DV_32K) {
        rate += 7; /* 1 and 2 are 256 and 128 Hz from this crystal */
    }
    return OSCILLATOR_HZ >> (rate - 1);
}

static uint64_t rtc_periods_at(const RtcState *s, int64_t now, unsigned periods)
{
    return muldiv64((uint64_t)(now + s->phase), periods, (uint64_t)s->second);
}

static bool alarm_matches(const RtcState *s, uint8_t reg, unsigned value)
{
    uint8_t alarm = s->cmos[reg];

    if ((alarm & ALARM_ANY) == ALARM_ANY) {
        return true;
    }
    return (reg == REG_HOURS_ALARM ? rtc_decode_hour(s, alarm) : rtc_decode(s, alarm)) == value;
}

static int64_t alarm_second(const RtcState *s, int64_t minute_start, int64_t from)
{
    for (int64_t t = MAX(from, minute_start); t < minute_start + 60; t++) {
        if (alarm_matches(s, REG_SECONDS_ALARM, (unsigned)(t - minute_start))) {
            return t;
        }
    }
    return -1;
}

/* The first second of the face at or after `from` that matches the alarm; -1 if none does. */
static int64_t rtc_next_alarm(const RtcState *s, int64_t from)
{
    int64_t minute = floor_div(from, 60);

    for (int i = 0; i <= SECONDS_PER_DAY / 60; i++, minute++) {
        unsigned of_day = (unsigned)(minute - floor_div(minute, 1440) * 1440);
        int64_t found;

        if (!alarm_matches(s, REG_HOURS_ALARM, of_day / 60) ||
            !alarm_matches(s, REG_MINUTES_ALARM, of_day % 60)) {
            continue;
        }
        found = alarm_second(s, minute * 60, from);
        if (found >= 0) {
            return found;
        }
    }
    return -1;
}

static void rtc_drive(RtcState *s)
{
    bool active = s->cmos[REG_C] & s->cmos[REG_B] & C_FLAGS;

    s->cmos[REG_C] = (uint8_t)((s->cmos[REG_C] & C_FLAGS) | (active ? C_IRQF : 0));
    irq_set(&s->irq, active && s->irq_enabled);
    irq_set(&s->wake, active);
}

/* Sets the flags of everything that happened since the last look. */
static void rtc_look(RtcState *s)
{
    int64_t now = rtc_now(s), from = rtc_seconds_at(s, s->looked), to = rtc_seconds_at(s, now);
    unsigned periods = rtc_periods_a_second(s);

    if (periods && rtc_periods_at(s, now, periods) != rtc_periods_at(s, s->looked, periods)) {
        s->cmos[REG_C] |= C_PF;
    }
    if (rtc_updates(s) && to > from) {
        int64_t alarm = rtc_next_alarm(s, from + 1);

        s->cmos[REG_C] |= C_UF;
        if (alarm >= 0 && alarm <= to) {
            s->cmos[REG_C] |= C_AF;
        }
    }
    s->looked = now;
    rtc_drive(s);
}

static int64_t rtc_next_event(const RtcState *s)
{
    uint8_t wanted = s->cmos[REG_B] & ~s->cmos[REG_C]; /* a flag that is up stays up */
    int64_t next = INT64_MAX, second = rtc_seconds_at(s, s->looked) + 1;
    unsigned periods = rtc_periods_a_second(s);

    if ((wanted & B_PIE) && periods) {
        uint64_t n = rtc_periods_at(s, s->looked, periods) + 1;

        next = (int64_t)muldiv64(n, (uint64_t)s->second, periods) + (s->second % periods != 0) -
               s->phase;
    }
    if ((wanted & B_UIE) && rtc_updates(s)) {
        int64_t update = rtc_time_of(s, second);
        next = MIN(next, update);
    }
    if ((wanted & B_AIE) && rtc_updates(s)) {
        int64_t alarm = rtc_next_alarm(s, second);
        int64_t due = alarm < 0 ? INT64_MAX : rtc_time_of(s, alarm);
        next = MIN(next, due);
    }
    return next;
}

static void rtc_rearm(RtcState *s)
{
    int64_t next = rtc_next_event(s);

    if (next == INT64_MAX) {
        timer_cancel(&s->timer);
    } else {
        timer_arm(&s->timer, next);
    }
}

static void rtc_timer(void *opaque)
{
    rtc_look(opaque);
    rtc_rearm(opaque);
}

/* Registers. */

static bool is_time_register(uint8_t reg)
{
    switch (reg) {
    case REG_SECONDS:
    case REG_MINUTES:
    case REG_HOURS:
    case REG_WEEKDAY:
    case REG_DAY:
    case REG_MONTH:
    case REG_YEAR:
    case REG_CENTURY:
        return true;
    default:
        return false;
    }
}

static bool rtc_update_in_progress(const RtcState *s)
{
    int64_t now = rtc_now(s);

    return rtc_updates(s) && rtc_time_of(s, rtc_seconds_at(s, now) + 1) - now <= UIP_NS;
}

static uint8_t rtc_read_reg(RtcState *s, uint8_t reg)
{
    uint8_t value;

    switch (reg) {
    case REG_A:
        return s->cmos[REG_A] | (rtc_update_in_progress(s) ? A_UIP : 0);
    case REG_C:
        rtc_look(s);
        value = s->cmos[REG_C];
        s->cmos[REG_C] = 0;
        rtc_drive(s);
        rtc_rearm(s);
        return value;
    case REG_D:
        return D_VRT;
    default:
        if (is_time_register(reg) && rtc_updates(s)) {
            rtc_store_time(s, rtc_now(s));
        }
        return s->cmos[reg];
    }
}

/* Registers A and B stop and start the time between them. */
static void rtc_write_control(RtcState *s, uint8_t reg, uint8_t value)
{
    int64_t now = rtc_now(s);
    bool was_updating = rtc_updates(s);
    bool was_reset = (s->cmos[REG_A] & A_DV_RESET) == A_DV_RESET;

    if (was_updating) {
        rtc_store_time(s, now);
    }
    if (reg == REG_A) {
        s->cmos[REG_A] = value & A_WRITABLE;
    } else {
        s->cmos[REG_B] = value & B_SET ? value & ~B_UIE : value; /* SET clears UIE */
    }
    if (reg == REG_A) {
        rtc_divider_written(s, now, was_reset);
    }
    if (rtc_updates(s) && (!was_updating || reg == REG_A)) {
        rtc_take_time(s, now);
    } else if (rtc_updates(s)) {
        rtc_store_time(s, now); /* perhaps in another format */
    }
    s->looked = now;
}

static void rtc_write_reg(RtcState *s, uint8_t reg, uint8_t value)
{
    rtc_look(s);
    if (reg == REG_A || reg == REG_B) {
        rtc_write_control(s, reg, value);
    } else if (reg == REG_C || reg == REG_D) {
        return; /* read-only */
    } else if (is_time_register(reg) && rtc_updates(s)) {
        rtc_store_time(s, rtc_now(s));
        s->cmos[reg] = value;
        rtc_take_time(s, rtc_now(s));
    } else {
        s->cmos[reg] = value;
    }
    rtc_drive(s);
    rtc_rearm(s);
}

static uint64_t rtc_read(void *opaque, uint64_t offset, unsigned size)
{
    RtcState *s = opaque;

    return offset == 0 ? 0xff : rtc_read_reg(s, s->index); /* the index is write-only */
}

static void rtc_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    RtcState *s = opaque;

    if (offset == 0) {
        s->index = value & INDEX_MASK;
    } else {
        rtc_write_reg(s, s->index, (uint8_t)value);
    }
}

static const MemOps rtc_ops = {rtc_read, rtc_write, 1, 1};

/* For the board. */

void mc146818_set_cmos(Device *dev, uint8_t index, uint8_t value)
{
    rtc_from(dev)->cmos[index & INDEX_MASK] = value;
}

uint8_t mc146818_get_cmos(Device *dev, uint8_t index)
{
    return rtc_from(dev)->cmos[index & INDEX_MASK];
}

void mc146818_set_irq_enabled(Device *dev, bool enabled)
{
    RtcState *s = rtc_from(dev);

    s->irq_enabled = enabled;
    rtc_drive(s);
}

/* What the face shows at the start. */
static bool rtc_parse_base(const char *base, int64_t *seconds, GError **error)
{
    g_autoptr(GDateTime) date = NULL;
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *full = NULL;

    if (strcmp(base, "utc") == 0) {
        *seconds = now;
        return true;
    }
    if (strcmp(base, "localtime") == 0) {
        date = g_date_time_new_from_unix_local(now);
        *seconds = now + (date ? g_date_time_get_utc_offset(date) / G_USEC_PER_SEC : 0);
        return true;
    }
    full = strchr(base, 'T') ? g_strdup(base) : g_strconcat(base, "T00:00:00", NULL);
    date = g_date_time_new_from_iso8601(full, utc);
    if (!date) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "rtc: base '%s' is not a date; it must be utc, localtime, YYYY-MM-DD or "
                    "YYYY-MM-DDTHH:MM:SS",
                    base);
        return false;
    }
    *seconds = g_date_time_to_unix(date);
    return true;
}

static bool rtc_realize(Device *dev, GError **error)
{
    RtcState *s = rtc_from(dev);

    if (!rtc_parse_base(s->base, &s->epoch, error)) {
        return false;
    }
    s->second = NS_PER_SEC;
    s->epoch -= clock_now(dev->platform->clock) / NS_PER_SEC;
    s->irq_enabled = true;
    s->cmos[REG_A] = A_POWER_ON;
    s->cmos[REG_B] = B_24H;
    rtc_store_time(s, rtc_now(s));
    timer_init(&s->timer, dev->platform->clock, rtc_timer, s);
    s->ports = (MemRegion){.name = "rtc", .size = 2, .kind = MEM_IO, .ops = &rtc_ops, .opaque = s};
    as_add(dev->platform->ports, &s->ports, PORT_INDEX);
    device_add_irq_out(dev, "", &s->irq, 1);
    device_add_irq_out(dev, "wake", &s->wake, 1);
    return true;
}

static void rtc_unrealize(Device *dev)
{
    RtcState *s = rtc_from(dev);

    timer_cancel(&s->timer);
    as_remove(dev->platform->ports, &s->ports);
}

/* The battery keeps time and memory; reset clears the enables and the flags. */
static void rtc_reset(Device *dev)
{
    RtcState *s = rtc_from(dev);

    s->index = 0;
    s->irq_enabled = true;
    s->cmos[REG_B] &= ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    s->cmos[REG_C] = 0;
    s->looked = rtc_now(s);
    rtc_drive(s);
    rtc_rearm(s);
}

static const PropInfo rtc_props[] = {
    PROP(PROP_STRING, "base", RtcState, base, "utc", "utc, localtime or a date"),
    PROP_END,
};

static const StateField rtc_state[] = {
    STATE_FIELD(STATE_UINT8, RtcState, index),
    STATE_ARRAY(STATE_UINT8, RtcState, cmos, CMOS_SIZE),
    STATE_FIELD(STATE_UINT64, RtcState, epoch),
    STATE_FIELD(STATE_UINT64, RtcState, phase),
    STATE_FIELD(STATE_UINT64, RtcState, second),
    STATE_FIELD(STATE_UINT64, RtcState, looked),
    STATE_FIELD(STATE_UINT8, RtcState, weekday_shift),
    STATE_FIELD(STATE_UINT8, RtcState, irq_enabled),
    STATE_STRUCTS(RtcState, irq, 1, IrqOut, irq_out_state),
    STATE_STRUCTS(RtcState, wake, 1, IrqOut, irq_out_state),
    STATE_FIELD(STATE_TIMER, RtcState, timer),
    STATE_END,
};

const DeviceClass mc146818_class = {
    .name = "mc146818rtc",
    .alias = "mc146818",
    .desc = "MC146818 real-time clock with CMOS",
    .bus = BUS_NONE,
    .instance_size = sizeof(RtcState),
    .props = rtc_props,
    .powered_in_sleep = true,
    .state = rtc_state,
    .realize = rtc_realize,
    .unrealize = rtc_unrealize,
    .reset = rtc_reset,
};
