/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's one clock, and timers on it. Nanoseconds since power-on, never backwards.
 *
 * CLOCK_HOST follows the host's monotonic clock while the machine runs and stands while it is
 * stopped. Time in which the host ran something else instead of the machine is withheld: it does
 * not pass for the guest, since a guest that waits for a few ticks would find that the time is over
 * and the ticks have not come. Two things tell such time: the scheduler's own count, looked at
 * after more than CLOCK_LOOK_NS without a reading; and, where that shows nothing (a stopped
 * process, a host that is a guest itself), whatever is beyond CLOCK_STALL_NS without a reading.
 * CLOCK_MANUAL moves only by clock_advance_to() (qtest's clock_step).
 * CLOCK_COUNTED (-icount) follows what vCPUs have executed, and nothing of the host's.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <inttypes.h>
#include <stdbool.h>

#define NS_PER_SEC 1000000000ll
#define NS_PER_MS  1000000ll
#define NS_PER_US  1000ll

#define CLOCK_LOOK_NS  (200 * NS_PER_US)
#define CLOCK_STALL_NS (10 * NS_PER_MS)

typedef enum { CLOCK_HOST, CLOCK_MANUAL, CLOCK_COUNTED } ClockKind;
typedef struct Clock Clock;

/* What the host's scheduler says of the thread that runs the machine. */
typedef struct {
    int64_t ran_ns;       /* processor time */
    uint64_t preemptions; /* how often others were run although it had work */
} HostUse;

/* Where CLOCK_HOST reads the host; tests script it. */
typedef struct {
    int64_t (*now)(void *opaque); /* ns, never backwards */
    HostUse (*use)(void *opaque);
    void *opaque;
} ClockHost;

/* What CLOCK_COUNTED follows. */
typedef struct {
    uint64_t (*executed)(void *opaque); /* instructions, never less than before */
    /* A timer is due before all others: whoever executes may have planned beyond it. */
    void (*sooner)(void *opaque, int64_t expires_ns);
    void *opaque;
} ClockCount;

/* CLOCK_HOST or CLOCK_MANUAL. */
Clock *clock_new(ClockKind kind);
/* CLOCK_COUNTED: an instruction takes 2^shift ns. It stands until it has something to follow. */
Clock *clock_new_counted(unsigned shift);
/* NULL: what was followed goes away. */
void clock_follow(Clock *clock, const ClockCount *count);
bool clock_is_counted(const Clock *clock);
/* CLOCK_COUNTED: how long so many instructions take, and how many it takes until then: at least 1.
 */
int64_t clock_duration(const Clock *clock, uint64_t instructions);
uint64_t clock_instructions_until(Clock *clock, int64_t ns);
/* CLOCK_COUNTED: nobody has anything to execute until then, and the time is over. */
void clock_skip_to(Clock *clock, int64_t ns);
/* CLOCK_HOST on another host than this one. */
Clock *clock_new_on(const ClockHost *host);
void clock_free(Clock *clock);

int64_t clock_now(Clock *clock);
/* The time as somebody read it last: costs nothing, and is no more than a slice old. */
int64_t clock_last(const Clock *clock);
/* Stop and go on (CLOCK_HOST). A new clock is stopped at 0. */
void clock_stop(Clock *clock);
void clock_start(Clock *clock);
/* What a saved machine has of its clock. Whether it runs is the host's affair. */
typedef struct {
    int64_t now;
    uint64_t order; /* of the next timer to be armed */
} ClockTime;
ClockTime clock_save(Clock *clock);
/* Goes on from there. Timers keep their times: whoever has timers restores them afterwards. */
void clock_restore(Clock *clock, const ClockTime *saved);
bool clock_is_running(const Clock *clock);
/* While the machine has nothing to do it need not read the clock: all time passes. */
void clock_set_idle(Clock *clock, bool idle);
/* ns withheld from the machine so far. */
int64_t clock_withheld(const Clock *clock);

/*
 * A timer fires once, at or after its time, from clock_run(); its callback may arm it again. It is
 * embedded in its owner and must be cancelled before the owner goes.
 */
typedef struct Timer {
    Clock *clock;
    void (*fire)(void *opaque);
    void *opaque;
    int64_t expires; /* ns; valid while armed */
    uint64_t order;  /* arming order, so that equal times fire in the order armed */
    int heap_index;  /* -1 while not armed */
} Timer;

void timer_init(Timer *timer, Clock *clock, void (*fire)(void *opaque), void *opaque);
void timer_arm(Timer *timer, int64_t expires_ns);
/* Arms it as one that was armed when `order` was its place (Timer.order): before those after it. */
void timer_restore(Timer *timer, int64_t expires_ns, uint64_t order);
void timer_cancel(Timer *timer);
static inline bool timer_is_armed(const Timer *timer)
{
    return timer->heap_index >= 0;
}

/* When the next timer is due, or INT64_MAX. */
int64_t clock_deadline(const Clock *clock);
/* How long until then: 0 if one is due, INT64_MAX without any. Never negative. */
int64_t clock_until_deadline(Clock *clock);
/* Fires what is due; a bounded number a call, so that a 0 ns period cannot hang us. True if any. */
bool clock_run(Clock *clock);
/* CLOCK_MANUAL: moves to `ns`, firing timers at their own times on the way. */
void clock_advance_to(Clock *clock, int64_t ns);
/* The same, but so many timers at most: false if there is more to do. */
bool clock_advance_some(Clock *clock, int64_t ns, unsigned fires);

/* value * mul / div in 128 bits: conversions between ns and ticks. */
static inline uint64_t muldiv64(uint64_t value, uint64_t mul, uint64_t div)
{
    return (uint64_t)((unsigned __int128)value * mul / div);
}

#endif
