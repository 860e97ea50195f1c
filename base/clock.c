/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's clock, and its timers in a binary heap ordered by time, then by arming order. */
#include "base/clock.h"

#include <glib.h>
#include <sys/resource.h>
#include <time.h>

struct Clock {
    ClockKind kind;
    ClockHost host;
    bool running, idle;
    /* CLOCK_HOST: machine time minus host time while running, else machine time; CLOCK_COUNTED:
     * machine time minus that of what was executed. */
    int64_t offset;
    int64_t seen;     /* CLOCK_HOST: host time of the last reading */
    HostUse use;      /* CLOCK_HOST: what the scheduler said, and when */
    int64_t use_seen; /* the thread had work ever since */
    int64_t withheld;
    int64_t now;      /* CLOCK_MANUAL */
    ClockCount count; /* CLOCK_COUNTED */
    unsigned shift;
    uint64_t order;
    GPtrArray *heap; /* of Timer * */
};

/* At most this many callbacks a clock_run(), so that timers re-armed in the past cannot hang us. */
#define FIRES_PER_RUN 256

static int64_t read_host_clock(clockid_t id)
{
    struct timespec ts = {0};
    int failed = clock_gettime(id, &ts);
    g_assert(!failed); /* Linux has both clocks */
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static int64_t host_now(void *opaque)
{
    return read_host_clock(CLOCK_MONOTONIC);
}

static HostUse host_use(void *opaque)
{
    struct rusage usage = {0};
    int failed = getrusage(RUSAGE_THREAD, &usage);
    g_assert(!failed);
    return (HostUse){.ran_ns = read_host_clock(CLOCK_THREAD_CPUTIME_ID),
                     .preemptions = (uint64_t)usage.ru_nivcsw};
}

static Clock *new_clock(ClockKind kind, const ClockHost *host)
{
    Clock *clock = g_new0(Clock, 1);
    clock->kind = kind;
    clock->host = *host;
    clock->heap = g_ptr_array_new();
    return clock;
}

Clock *clock_new(ClockKind kind)
{
    return new_clock(kind, &(ClockHost){.now = host_now, .use = host_use});
}

Clock *clock_new_on(const ClockHost *host)
{
    return new_clock(CLOCK_HOST, host);
}

Clock *clock_new_counted(unsigned shift)
{
    Clock *clock = new_clock(CLOCK_COUNTED, &(ClockHost){0});
    clock->shift = shift;
    return clock;
}

void clock_free(Clock *clock)
{
    if (clock) {
        g_ptr_array_free(clock->heap, true);
        g_free(clock);
    }
}

/* Asks the scheduler, and says how long since the last time the thread waited although it had work.
 */
static int64_t look_at_scheduler(Clock *clock, int64_t host)
{
    HostUse before = clock->use;
    int64_t passed = host - clock->use_seen;
    clock->use = clock->host.use(clock->host.opaque);
    clock->use_seen = host;
    if (clock->use.preemptions == before.preemptions) {
        return 0;
    }
    int64_t waited = passed - (clock->use.ran_ns - before.ran_ns);
    return MAX(waited, 0);
}

/* `gap` ns went by without a reading while there was work: how much of that was withheld. */
static int64_t withheld_in(Clock *clock, int64_t host, int64_t gap)
{
    int64_t waited = look_at_scheduler(clock, host);
    int64_t told = MIN(waited, gap), beyond = gap - CLOCK_STALL_NS;
    return MAX(told, beyond);
}

/* The time of what was executed. */
static int64_t counted_ns(const Clock *clock)
{
    const ClockCount *count = &clock->count;
    return count->executed ? clock_duration(clock, count->executed(count->opaque)) : 0;
}

/* Of the kinds that do not read the host. */
static int64_t read_without_host(const Clock *clock)
{
    return clock->kind == CLOCK_MANUAL ? clock->now : clock->offset + counted_ns(clock);
}

int64_t clock_now(Clock *clock)
{
    if (clock->kind != CLOCK_HOST) {
        return read_without_host(clock);
    }
    if (!clock->running) {
        return clock->offset;
    }
    int64_t host = clock->host.now(clock->host.opaque), gap = host - clock->seen;
    if (gap > CLOCK_LOOK_NS && !clock->idle) {
        int64_t withheld = withheld_in(clock, host, gap);
        clock->offset -= withheld;
        clock->withheld += withheld;
    }
    clock->seen = host;
    return host + clock->offset;
}

int64_t clock_last(const Clock *clock)
{
    if (clock->kind != CLOCK_HOST) {
        return read_without_host(clock);
    }
    return clock->running ? clock->seen + clock->offset : clock->offset;
}

bool clock_is_counted(const Clock *clock)
{
    return clock->kind == CLOCK_COUNTED;
}

void clock_follow(Clock *clock, const ClockCount *count)
{
    int64_t now = clock_now(clock);
    g_assert(clock->kind == CLOCK_COUNTED);
    clock->count = count ? *count : (ClockCount){0};
    clock->offset = now - counted_ns(clock);
}

int64_t clock_duration(const Clock *clock, uint64_t instructions)
{
    return (int64_t)(instructions << clock->shift);
}

uint64_t clock_instructions_until(Clock *clock, int64_t ns)
{
    int64_t left = ns - clock_now(clock);
    return left > 0 ? ((uint64_t)(left - 1) >> clock->shift) + 1 : 1;
}

void clock_skip_to(Clock *clock, int64_t ns)
{
    int64_t now = clock_now(clock);
    g_assert(clock->kind == CLOCK_COUNTED);
    clock->offset += MAX(ns - now, 0);
}

/* From now on the thread has work. */
static void start_watching(Clock *clock)
{
    clock->use = clock->host.use(clock->host.opaque);
    clock->use_seen = clock->seen;
}

void clock_set_idle(Clock *clock, bool idle)
{
    clock_now(clock); /* what has passed is judged as it was */
    clock->idle = idle;
    if (!idle && clock->kind == CLOCK_HOST) {
        start_watching(clock);
    }
}

void clock_stop(Clock *clock)
{
    if (clock->running) {
        if (clock->kind == CLOCK_HOST) {
            clock->offset = clock_now(clock);
        }
        clock->running = false;
    }
}

void clock_start(Clock *clock)
{
    if (clock->running) {
        return;
    }
    clock->running = true;
    if (clock->kind == CLOCK_HOST) {
        clock->seen = clock->host.now(clock->host.opaque);
        clock->offset -= clock->seen;
        start_watching(clock);
    }
}

ClockTime clock_save(Clock *clock)
{
    return (ClockTime){.now = clock_now(clock), .order = clock->order};
}

void clock_restore(Clock *clock, const ClockTime *saved)
{
    clock->now = saved->now;
    clock->order = saved->order;
    clock->offset = saved->now - (clock->kind == CLOCK_COUNTED ? counted_ns(clock) : 0);
    if (clock->kind == CLOCK_HOST && clock->running) {
        clock->running = false;
        clock_start(clock);
    }
}

bool clock_is_running(const Clock *clock)
{
    return clock->running;
}

int64_t clock_withheld(const Clock *clock)
{
    return clock->withheld;
}

/* Heap of timers */

static Timer *heap_at(const Clock *clock, guint i)
{
    return g_ptr_array_index(clock->heap, i);
}

static bool fires_before(const Timer *a, const Timer *b)
{
    return a->expires != b->expires ? a->expires < b->expires : a->order < b->order;
}

static void heap_put(Clock *clock, guint i, Timer *timer)
{
    clock->heap->pdata[i] = timer;
    timer->heap_index = (int)i;
}

static void sift_up(Clock *clock, guint i)
{
    Timer *timer = heap_at(clock, i);
    while (i > 0 && fires_before(timer, heap_at(clock, (i - 1) / 2))) {
        heap_put(clock, i, heap_at(clock, (i - 1) / 2));
        i = (i - 1) / 2;
    }
    heap_put(clock, i, timer);
}

static void sift_down(Clock *clock, guint i)
{
    Timer *timer = heap_at(clock, i);
    for (;;) {
        guint child = 2 * i + 1;
        if (child >= clock->heap->len) {
            break;
        }
        if (child + 1 < clock->heap->len &&
            fires_before(heap_at(clock, child + 1), heap_at(clock, child))) {
            child++;
        }
        if (!fires_before(heap_at(clock, child), timer)) {
            break;
        }
        heap_put(clock, i, heap_at(clock, child));
        i = child;
    }
    heap_put(clock, i, timer);
}

void timer_init(Timer *timer, Clock *clock, void (*fire)(void *opaque), void *opaque)
{
    *timer = (Timer){.clock = clock, .fire = fire, .opaque = opaque, .heap_index = -1};
}

void timer_cancel(Timer *timer)
{
    if (!timer->clock || !timer_is_armed(timer)) {
        return;
    }
    Clock *clock = timer->clock;
    guint hole = (guint)timer->heap_index;
    timer->heap_index = -1;
    Timer *tail = heap_at(clock, clock->heap->len - 1);
    g_ptr_array_set_size(clock->heap, (gint)clock->heap->len - 1);
    if (tail != timer) {
        heap_put(clock, hole, tail);
        sift_up(clock, hole);
        sift_down(clock, (guint)tail->heap_index);
    }
}

static void arm_as(Timer *timer, int64_t expires_ns, uint64_t order)
{
    Clock *clock = timer->clock;
    timer_cancel(timer);
    timer->expires = expires_ns;
    timer->order = order;
    g_ptr_array_add(clock->heap, timer);
    sift_up(clock, clock->heap->len - 1);
    if (clock->count.sooner && timer->heap_index == 0) {
        clock->count.sooner(clock->count.opaque, expires_ns);
    }
}

void timer_arm(Timer *timer, int64_t expires_ns)
{
    arm_as(timer, expires_ns, timer->clock->order++);
}

void timer_restore(Timer *timer, int64_t expires_ns, uint64_t order)
{
    arm_as(timer, expires_ns, order);
    timer->clock->order = MAX(timer->clock->order, order + 1);
}

int64_t clock_deadline(const Clock *clock)
{
    return clock->heap->len ? heap_at(clock, 0)->expires : INT64_MAX;
}

int64_t clock_until_deadline(Clock *clock)
{
    int64_t deadline = clock_deadline(clock);
    if (deadline == INT64_MAX) {
        return INT64_MAX;
    }
    /* Read once: the deadline may lie between two readings. */
    int64_t left = deadline - clock_now(clock);
    return MAX(left, 0);
}

static bool fire_due(Clock *clock, int64_t now)
{
    if (clock_deadline(clock) > now) {
        return false;
    }
    Timer *timer = heap_at(clock, 0);
    timer_cancel(timer);
    timer->fire(timer->opaque);
    return true;
}

bool clock_run(Clock *clock)
{
    int64_t now = clock_now(clock);
    bool fired = false;
    for (int i = 0; i < FIRES_PER_RUN && fire_due(clock, now); i++) {
        fired = true;
    }
    return fired;
}

bool clock_advance_some(Clock *clock, int64_t ns, unsigned fires)
{
    g_assert(clock->kind == CLOCK_MANUAL);
    for (int64_t next; (next = clock_deadline(clock)) <= ns; fires--) {
        if (fires == 0) {
            return false;
        }
        clock->now = MAX(clock->now, next);
        fire_due(clock, clock->now);
    }
    clock->now = MAX(clock->now, ns);
    return true;
}

void clock_advance_to(Clock *clock, int64_t ns)
{
    while (!clock_advance_some(clock, ns, FIRES_PER_RUN)) {
    }
}
