/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HPET: IA-PC HPET (High Precision Event Timers) specification, revision 1.0a.
 *
 * The main counter is a function of the clock (10 ns a count). Each comparator arms a host timer
 * for its next match, and only while the match can be seen: counting is on, and the interrupt is
 * enabled or is a level whose status bit shows it. Periods that pass unseen become one match.
 *
 * All comparators can be periodic; counter and comparators are 64 bits wide unless properties make
 * them 32. Left out: nothing of the register model.
 */
#include "hw/timer/hpet.h"

#include "hw/core/rid.h"
#include "hw/intr/lint.h"
#include "hw/timer/hpet_regs.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/regfile.h"

#define HPET_MIN_TIMERS 3
#define HPET_MAX_TIMERS 32

#define PERIOD_NS 10
#define PERIOD_FS (PERIOD_NS * 1000000ull)
/* The closest two matches of a periodic comparator may come. */
#define MIN_PERIOD_NS 5000

#define REGS_FIXED 4
/* More than 24 comparators do not fit the specification's 1 KiB; the window grows to hold 32. */
#define HPET_SPAN      (REG_TIMERS + HPET_MAX_TIMERS * REG_TIMER_SIZE)
#define REGS_PER_TIMER 3
#define HPET_MAX_ROWS  (REGS_FIXED + REGS_PER_TIMER * HPET_MAX_TIMERS)

typedef struct HpetState HpetState;

enum { SIZE_64, SIZE_32 };

typedef struct {
    HpetState *hpet;
    unsigned n;
    uint64_t period; /* last value written while periodic */
    bool status;     /* GINTR_STA bit, level mode */
    bool rests;      /* the line is high since the last edge: see timer_edge() */
    Timer timer;
} HpetTimer;

struct HpetState {
    Device dev;
    HpetLinks links;
    MemRegion region;
    RegFile regs;
    RegRow rows[HPET_MAX_ROWS];
    uint64_t values[HPET_MAX_ROWS]; /* the register file's */
    uint64_t base;
    uint8_t timers_count;
    int count_size, timer_size; /* indices of sizes[] */
    int msi;                    /* OnOffAuto */
    bool messages;              /* FSB delivery is there */
    uint32_t intcap;

    uint64_t counter; /* at `counter_start`, or for good while halted */
    int64_t counter_start;
    HpetTimer timers[HPET_MAX_TIMERS];

    IrqOut outs[HPET_MAX_TIMERS]; /* moved to where the registers route them */
    IrqLine *gsis[HPET_GSIS];
    IrqLine *legacy[2];
};

static HpetState *hpet_from(Device *dev)
{
    return (HpetState *)dev;
}

HpetLinks *hpet_links(Device *dev)
{
    return &hpet_from(dev)->links;
}

uint64_t *hpet_base(Device *dev)
{
    return &hpet_from(dev)->base;
}

MemRegion *hpet_region(Device *dev)
{
    return &hpet_from(dev)->region;
}

void hpet_connect(Device *dev, int gsi, IrqLine *line)
{
    g_assert(gsi >= 0 && gsi < HPET_GSIS);
    hpet_from(dev)->gsis[gsi] = line;
}

void hpet_connect_legacy(Device *dev, int n, IrqLine *line)
{
    g_assert(n == 0 || n == 1);
    hpet_from(dev)->legacy[n] = line;
}

/* The counter. */

static bool hpet_running(const HpetState *s)
{
    return regfile_get(&s->regs, REG_GEN_CONF) & CONF_ENABLE;
}

static bool hpet_legacy(const HpetState *s)
{
    return regfile_get(&s->regs, REG_GEN_CONF) & CONF_LEG_RT;
}

static uint64_t width_mask(int size)
{
    return size == SIZE_32 ? UINT32_MAX : UINT64_MAX;
}

static uint64_t hpet_counter_at(const HpetState *s, int64_t now)
{
    uint64_t since = hpet_running(s) ? (uint64_t)(now - s->counter_start) / PERIOD_NS : 0;

    return (s->counter + since) & width_mask(s->count_size);
}

static int64_t hpet_now(const HpetState *s)
{
    return clock_now(s->dev.platform->clock);
}

/* Comparators. */

static uint64_t timer_reg(const HpetTimer *t, uint32_t reg)
{
    return regfile_get(&t->hpet->regs, REG_TIMERS + t->n * REG_TIMER_SIZE + reg);
}

static void timer_set_reg(HpetTimer *t, uint32_t reg, uint64_t value)
{
    regfile_set(&t->hpet->regs, REG_TIMERS + t->n * REG_TIMER_SIZE + reg, value);
}

static uint64_t timer_mask(const HpetTimer *t)
{
    return timer_reg(t, REG_TIMER_CONF) & TN_32BIT ? UINT32_MAX : width_mask(t->hpet->timer_size);
}

static bool timer_is_legacy(const HpetTimer *t)
{
    return hpet_legacy(t->hpet) && t->n < 2;
}

/* Where the interrupt goes: legacy replacement wins over the route (2.3.5, LEG_RT_CNF). */
static IrqLine *timer_line(const HpetTimer *t)
{
    uint64_t conf = timer_reg(t, REG_TIMER_CONF);

    if (timer_is_legacy(t)) {
        return t->hpet->legacy[t->n];
    }
    return t->hpet->gsis[(conf & TN_ROUTE_MASK) >> TN_ROUTE_SHIFT];
}

/* Does the timer speak through its output at all? */
static bool timer_has_wire(const HpetTimer *t)
{
    uint64_t conf = timer_reg(t, REG_TIMER_CONF);

    return (conf & TN_INT_ENABLE) && !(conf & TN_FSB_ENABLE) && hpet_running(t->hpet);
}

static IrqOut *timer_out(HpetTimer *t)
{
    return &t->hpet->outs[t->n];
}

/* Makes the wires show what the registers say. */
static void timer_drive(HpetTimer *t)
{
    bool level = timer_reg(t, REG_TIMER_CONF) & TN_LEVEL, high;

    t->rests = t->rests && !level && timer_is_legacy(t) && timer_has_wire(t);
    high = t->rests || (level && t->status && timer_has_wire(t));
    if (!high) {
        irq_lower(timer_out(t));
    }
    irq_connect(timer_out(t), timer_line(t));
    irq_set(timer_out(t), high);
}

/*
 * An edge. In place of the i8254 or the RTC the line dips and rests high, as theirs do: an i8259
 * wants a request to stay until its acknowledge. Elsewhere others may share the line, and an IOAPIC
 * needs no more than the rise.
 */
static void timer_edge(HpetTimer *t)
{
    trace_event(t->hpet->dev.platform->trace, TRACE_HPET, "hpet_pulse timer=%u", t->n);
    t->rests = timer_is_legacy(t);
    irq_lower(timer_out(t));
    if (t->rests) {
        irq_raise(timer_out(t));
    } else {
        irq_pulse(timer_out(t));
    }
}

static uint64_t timer_record(HpetTimer *t)
{
    HpetState *s = t->hpet;

    return journal_open(s->dev.platform->journal, JOURNAL_HPET, s->dev.id, s->links.requester_id,
                        t->n);
}

static void timer_send_fsb(HpetTimer *t)
{
    HpetState *s = t->hpet;
    uint64_t route = timer_reg(t, REG_TIMER_FSB);
    IntrMsg msg = {
        .serial = timer_record(t),
        .address = route >> 32,
        .data = (uint32_t)route,
        .requester_id = s->links.requester_id,
    };

    journal_send(s->dev.platform->journal, &msg);
    if (s->links.sink.send) {
        intr_send(&s->links.sink, &msg);
    }
}

/* A level timer's status shows what its interrupt does not tell. */
static void timer_kept(HpetTimer *t)
{
    journal_keep(t->hpet->dev.platform->journal, timer_record(t), INTR_HPET_DISABLED);
}

static void timer_match(HpetTimer *t)
{
    uint64_t conf = timer_reg(t, REG_TIMER_CONF);

    if (!(conf & TN_INT_ENABLE)) {
        timer_kept(t);
    }
    if (conf & TN_FSB_ENABLE) {
        if (conf & TN_INT_ENABLE) {
            timer_send_fsb(t); /* messages are edges (2.3.9.2.3) */
        }
        return;
    }
    if (conf & TN_LEVEL) {
        t->status = true;
        timer_drive(t);
    } else if (conf & TN_INT_ENABLE) {
        timer_edge(t);
    }
}

static bool timer_is_watched(const HpetTimer *t)
{
    uint64_t conf = timer_reg(t, REG_TIMER_CONF);

    return hpet_running(t->hpet) && (conf & (TN_INT_ENABLE | TN_LEVEL));
}

/*
 * Arms the host timer for the next match. `after` excludes a match at this very count, which has
 * been taken already.
 */
static void timer_rearm(HpetTimer *t, bool after)
{
    HpetState *s = t->hpet;
    uint64_t mask = timer_mask(t), diff;
    int64_t now = hpet_now(s), start = s->counter_start, when;

    if (!timer_is_watched(t)) {
        timer_cancel(&t->timer);
        return;
    }
    diff = (timer_reg(t, REG_TIMER_COMP) - hpet_counter_at(s, now)) & mask;
    if (after && diff == 0) {
        diff = mask == UINT64_MAX ? mask : mask + 1; /* once round */
    }
    if (diff > (uint64_t)INT64_MAX / (2 * PERIOD_NS)) {
        timer_cancel(&t->timer); /* centuries away */
        return;
    }
    when = start + ((now - start) / PERIOD_NS + (int64_t)diff) * PERIOD_NS;
    if (after && (timer_reg(t, REG_TIMER_CONF) & TN_PERIODIC)) {
        when = MAX(when, now + MIN_PERIOD_NS);
    }
    timer_arm(&t->timer, when);
}

/* Moves a periodic comparator past the counter; how many periods that took does not matter. */
static void timer_advance(HpetTimer *t)
{
    uint64_t mask = timer_mask(t), period = t->period & mask;
    uint64_t comparator = timer_reg(t, REG_TIMER_COMP);
    uint64_t behind = (hpet_counter_at(t->hpet, hpet_now(t->hpet)) - comparator) & mask;

    if (period == 0) {
        LINT_BREAK(&t->hpet->dev, LINT_HPET_NO_PERIOD, "timer %u", t->n);
        return;
    }
    comparator += (behind / period + 1) * period;
    timer_set_reg(t, REG_TIMER_COMP, comparator & mask);
}

static void timer_fired(void *opaque)
{
    HpetTimer *t = opaque;

    if (timer_reg(t, REG_TIMER_CONF) & TN_PERIODIC) {
        timer_advance(t);
    }
    timer_rearm(t, true);
    timer_match(t);
}

/* Registers. */

static HpetTimer *row_timer(HpetState *s, const RegRow *row)
{
    return &s->timers[(row->offset - REG_TIMERS) / REG_TIMER_SIZE];
}

static void hpet_each_timer(HpetState *s)
{
    for (unsigned i = 0; i < s->timers_count; i++) {
        timer_drive(&s->timers[i]);
        timer_rearm(&s->timers[i], false);
    }
}

static void gen_conf_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                             uint64_t written, uint64_t mask)
{
    HpetState *s = opaque;
    uint64_t changed = old ^ now;

    if (changed & CONF_ENABLE) {
        if (now & CONF_ENABLE) {
            s->counter_start = hpet_now(s);
        } else {
            s->counter += (uint64_t)(hpet_now(s) - s->counter_start) / PERIOD_NS;
        }
    }
    if ((changed & CONF_LEG_RT) && s->links.legacy_changed) {
        s->links.legacy_changed(s->links.legacy_opaque, now & CONF_LEG_RT);
    }
    if (changed) {
        hpet_each_timer(s);
    }
}

static uint64_t gintr_read(void *opaque, const RegRow *row, uint64_t value)
{
    HpetState *s = opaque;

    value = 0;
    for (unsigned i = 0; i < s->timers_count; i++) {
        value |= (uint64_t)s->timers[i].status << i;
    }
    return value;
}

static void gintr_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    HpetState *s = opaque;

    for (unsigned i = 0; i < s->timers_count; i++) {
        if (written & (1ull << i)) {
            s->timers[i].status = false;
            timer_drive(&s->timers[i]);
        }
    }
}

static uint64_t counter_read(void *opaque, const RegRow *row, uint64_t value)
{
    HpetState *s = opaque;

    return hpet_counter_at(s, hpet_now(s));
}

static void counter_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    HpetState *s = opaque;
    uint64_t current = hpet_counter_at(s, hpet_now(s));

    if (hpet_running(s)) {
        LINT_BREAK(&s->dev, LINT_HPET_COUNTER_LIVE, "%#" PRIx64, written);
    }
    s->counter = ((current & ~mask) | (written & mask)) & width_mask(s->count_size);
    s->counter_start = hpet_now(s);
    hpet_each_timer(s);
}

static void conf_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    HpetState *s = opaque;
    HpetTimer *t = row_timer(s, row);
    uint64_t route = (now & TN_ROUTE_MASK) >> TN_ROUTE_SHIFT;

    if (!(s->intcap & (1u << route))) {
        now = (now & ~TN_ROUTE_MASK) | (old & TN_ROUTE_MASK); /* reads back as it was (2.3.8) */
    }
    timer_set_reg(t, REG_TIMER_CONF, now);
    hpet_rules_conf(&s->dev, &(HpetConfWrite){.n = t->n,
                                              .written = written,
                                              .now = now,
                                              .fsb = timer_reg(t, REG_TIMER_FSB)});
    if (timer_mask(t) == UINT32_MAX) {
        timer_set_reg(t, REG_TIMER_COMP, (uint32_t)timer_reg(t, REG_TIMER_COMP));
        t->period = (uint32_t)t->period;
    }
    if (!(now & TN_LEVEL)) {
        t->status = false;
    }
    timer_drive(t);
    /* What the comparator equals now it may already have matched: only a change of what watches
     * the match looks again. */
    timer_rearm(t, timer_is_watched(t) && (old & (TN_INT_ENABLE | TN_LEVEL)));
}

/* VAL_SET reads as 0: it only steers the next write of the comparator. */
static uint64_t conf_read(void *opaque, const RegRow *row, uint64_t value)
{
    return value & ~TN_VAL_SET;
}

/*
 * 2.3.8 and 2.3.9.2.2: while periodic, a write is the period, and the comparator too if VAL_SET
 * was set; else the comparator.
 */
static void comp_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    HpetTimer *t = row_timer(opaque, row);
    uint64_t conf = timer_reg(t, REG_TIMER_CONF);

    mask &= timer_mask(t);
    if (conf & TN_PERIODIC) {
        t->period = (t->period & ~mask) | (written & mask);
    }
    if (!(conf & TN_PERIODIC) || (conf & TN_VAL_SET)) {
        old = (old & ~mask) | (written & mask);
    }
    timer_set_reg(t, REG_TIMER_COMP, old);
    timer_set_reg(t, REG_TIMER_CONF, conf & ~TN_VAL_SET);
    timer_rearm(t, false);
}

static void hpet_build_rows(HpetState *s)
{
    uint64_t gcap = GCAP_REV_ID | (uint64_t)(s->timers_count - 1) << GCAP_NUM_SHIFT |
                    (s->count_size == SIZE_64 ? GCAP_COUNT_SIZE : 0) |
                    (s->links.legacy_changed ? GCAP_LEG_RT : 0) | GCAP_VENDOR |
                    PERIOD_FS << GCAP_PERIOD_SHIFT;
    uint64_t counter = width_mask(s->count_size), comparator = width_mask(s->timer_size);
    uint64_t conf = TN_PERIODIC_CAP | (s->timer_size == SIZE_64 ? TN_SIZE_CAP : 0) |
                    (s->messages ? TN_FSB_CAP : 0) | (uint64_t)s->intcap << TN_ROUTE_CAP_SHIFT;
    uint64_t can = (s->timer_size == SIZE_64 ? TN_WRITABLE : TN_WRITABLE & ~TN_32BIT) |
                   (s->messages ? TN_FSB_ENABLE : 0);
    RegRow *row = s->rows;

    *row++ = (RegRow){"GCAP_ID", REG_GCAP_ID, 8, gcap};
    *row++ = (RegRow){"GEN_CONF",
                      REG_GEN_CONF,
                      8,
                      0,
                      CONF_ENABLE | (s->links.legacy_changed ? CONF_LEG_RT : 0),
                      .written = gen_conf_written};
    *row++ =
        (RegRow){"GINTR_STA", REG_GINTR_STA, 8, 0, .read = gintr_read, .written = gintr_written};
    *row++ = (RegRow){
        "MAIN_CNT", REG_MAIN_CNT, 8, 0, counter, .read = counter_read, .written = counter_written};
    for (unsigned i = 0; i < s->timers_count; i++) {
        uint32_t base = REG_TIMERS + i * REG_TIMER_SIZE;

        *row++ = (RegRow){"Tn_CONF",         base + REG_TIMER_CONF,  8, conf, can,
                          .read = conf_read, .written = conf_written};
        *row++ = (RegRow){"Tn_COMP",  base + REG_TIMER_COMP,  8, comparator,
                          comparator, .written = comp_written};
        *row++ = (RegRow){"Tn_FSB_ROUTE", base + REG_TIMER_FSB, 8, 0, s->messages ? UINT64_MAX : 0};
    }
    regfile_init(&s->regs, s->rows, s->values, (size_t)(row - s->rows), HPET_SPAN, s);
}

/* Matches that are due but not run yet come before what the guest does now. */
static void hpet_catch_up(HpetState *s)
{
    int64_t now = hpet_now(s);

    for (unsigned i = 0; i < s->timers_count; i++) {
        Timer *timer = &s->timers[i].timer;

        if (timer_is_armed(timer) && timer->expires <= now) {
            timer_cancel(timer);
            timer_fired(&s->timers[i]);
        }
    }
}

static inline void hpet_check_access(HpetState *s, uint64_t offset, unsigned size)
{
    if (G_UNLIKELY(size < 4 || (offset & (size - 1)))) {
        hpet_rules_access(&s->dev, offset, size);
    }
}

static uint64_t hpet_read(void *opaque, uint64_t offset, unsigned size)
{
    HpetState *s = opaque;
    uint64_t value = 0;

    hpet_check_access(s, offset, size);
    if (offset != REG_MAIN_CNT) {
        hpet_catch_up(s);
    }
    regfile_read(&s->regs, (uint32_t)offset, size, &value);
    return value;
}

static void hpet_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    HpetState *s = opaque;

    hpet_check_access(s, offset, size);
    hpet_catch_up(s);
    if (!regfile_write(&s->regs, (uint32_t)offset, size, value)) {
        LINT_BREAK(&s->dev, LINT_HPET_RESERVED_REGISTER, "%u bytes at %#" PRIx64, size, offset);
    }
}

static const MemOps hpet_ops = {hpet_read, hpet_write, 1, 8};

/* The device. */

static bool hpet_realize(Device *dev, GError **error)
{
    HpetState *s = hpet_from(dev);

    if (s->intcap == 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "hpet: hpet-intcap is 0; it must name at least one IOAPIC pin");
        return false;
    }
    if (s->count_size == SIZE_32) {
        s->timer_size = SIZE_32; /* a comparator is never wider than what it is compared with */
    }
    s->messages = s->msi == ONOFF_AUTO ? s->links.sends_messages : s->msi == ONOFF_ON;
    for (unsigned i = 0; i < HPET_MAX_TIMERS; i++) {
        s->timers[i].hpet = s;
        s->timers[i].n = i;
        timer_init(&s->timers[i].timer, dev->platform->clock, timer_fired, &s->timers[i]);
    }
    hpet_build_rows(s);
    s->region = (MemRegion){
        .name = "hpet",
        .size = MAX(HPET_WINDOW_SIZE, REG_TIMERS + (uint64_t)s->timers_count * REG_TIMER_SIZE),
        .kind = MEM_IO,
        .ops = &hpet_ops,
        .opaque = s};
    device_add_irq_out(dev, "", s->outs, s->timers_count);
    return true;
}

static void hpet_unrealize(Device *dev)
{
    HpetState *s = hpet_from(dev);

    for (unsigned i = 0; i < HPET_MAX_TIMERS; i++) {
        timer_cancel(&s->timers[i].timer);
    }
    regfile_free(&s->regs);
}

static void hpet_reset(Device *dev)
{
    HpetState *s = hpet_from(dev);
    bool was_legacy = hpet_legacy(s);

    regfile_reset(&s->regs);
    s->counter = 0;
    s->counter_start = 0;
    for (unsigned i = 0; i < s->timers_count; i++) {
        s->timers[i].period = 0;
        s->timers[i].status = false;
    }
    hpet_each_timer(s);
    if (was_legacy && s->links.legacy_changed) {
        s->links.legacy_changed(s->links.legacy_opaque, false);
    }
}

static const char *const sizes[] = {[SIZE_64] = "64", [SIZE_32] = "32", NULL};

static const PropInfo hpet_props[] = {
    PROP_RANGE(PROP_UINT8, "timers", HpetState, timers_count, "3", HPET_MIN_TIMERS, HPET_MAX_TIMERS,
               "number of comparators"),
    PROP(PROP_BOOL_OR_AUTO, "msi", HpetState, msi, "auto",
         "comparators can send messages (FSB); auto: on a board that has a remapping unit"),
    PROP(PROP_UINT64, "base", HpetState, base, "0",
         "address; 0: FED00000h and 1000h more for each"),
    PROP_CHOICE("count-size", HpetState, count_size, "64", sizes, "bits of the main counter"),
    PROP_CHOICE("timer-size", HpetState, timer_size, "64", sizes,
                "bits of the comparators; at most the counter's"),
    PROP(PROP_UINT32, "hpet-intcap", HpetState, intcap, "0xff0104",
         "bit set of the IOAPIC pins that comparators can drive"),
    PROP_END,
};

static void hpet_restored(Device *dev)
{
    HpetState *s = hpet_from(dev);

    for (unsigned i = 0; i < s->timers_count; i++) {
        irq_reconnect(timer_out(&s->timers[i]), timer_line(&s->timers[i]));
    }
}

static const StateField timer_state[] = {
    STATE_FIELD(STATE_UINT64, HpetTimer, period),
    STATE_FIELD(STATE_UINT8, HpetTimer, status),
    STATE_FIELD(STATE_UINT8, HpetTimer, rests),
    STATE_FIELD(STATE_TIMER, HpetTimer, timer),
    STATE_END,
};

static const StateField hpet_state[] = {
    STATE_REGFILE(HpetState, regs),
    STATE_FIELD(STATE_UINT64, HpetState, counter),
    STATE_FIELD(STATE_UINT64, HpetState, counter_start),
    STATE_STRUCTS(HpetState, timers, HPET_MAX_TIMERS, HpetTimer, timer_state),
    STATE_STRUCTS(HpetState, outs, HPET_MAX_TIMERS, IrqOut, irq_out_state),
    STATE_END,
};

const DeviceClass hpet_class = {
    .name = "hpet",
    .desc = "High precision event timers",
    .bus = BUS_SYSTEM,
    .category = DEVICE_INTERRUPT,
    .user_creatable = true,
    .instance_size = sizeof(HpetState),
    .props = hpet_props,
    .state = hpet_state,
    .realize = hpet_realize,
    .unrealize = hpet_unrealize,
    .reset = hpet_reset,
    .restored = hpet_restored,
};
