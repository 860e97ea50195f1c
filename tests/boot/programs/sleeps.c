/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sleeps close together, so that a machine that is idle most of the time is always about to wake:
 * on each CPU a thread that sleeps 50 to 1,000 us at a time, two that wander, and one with a crowd
 * of timers that fall due a few ns apart. No sleep may be too short, and all must go on to the end.
 * Takes the seconds to run; prints "sleeps ok".
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS      1000000000ll
#define WANDER  2
#define MAX_CPU 64
#define CROWD   16

static int64_t end;
static int cpus;

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS + ts.tv_nsec;
}

static struct timespec to_timespec(int64_t ns)
{
    return (struct timespec){ns / NS, ns % NS};
}

static void fail(const char *what, int64_t ns)
{
    printf("FAIL %s: %lld ns\n", what, (long long)ns);
    exit(1);
}

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static void *sleeper(void *arg)
{
    long me = (long)arg, count = 0;
    unsigned seed = 1 + (unsigned)me;
    if (me < cpus) {
        pin((int)me);
    }
    for (; now_ns() < end; count++) {
        int64_t wanted = 50000 + rand_r(&seed) % 950000, before = now_ns();
        struct timespec ts = to_timespec(wanted);
        while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts)) {
        }
        if (now_ns() - before < wanted) {
            fail("a sleep was too short by", wanted - (now_ns() - before));
        }
    }
    return (void *)count;
}

/* All of the crowd must fire, and none before its time. */
static void *crowd(void *arg)
{
    struct pollfd fds[CROWD];
    unsigned seed = 99;
    long rounds = 0;
    for (int i = 0; i < CROWD; i++) {
        fds[i] = (struct pollfd){timerfd_create(CLOCK_MONOTONIC, 0), POLLIN, 0};
    }
    for (; now_ns() < end; rounds++) {
        int64_t base = now_ns() + 100000 + rand_r(&seed) % 300000;
        for (int i = 0; i < CROWD; i++) {
            struct itimerspec when = {.it_value = to_timespec(base + i * (rand_r(&seed) % 9))};
            timerfd_settime(fds[i].fd, TFD_TIMER_ABSTIME, &when, NULL);
        }
        for (int i = 0; i < CROWD; i++) {
            uint64_t fired = 0;
            if (read(fds[i].fd, &fired, sizeof(fired)) != sizeof(fired) || fired != 1) {
                fail("a timer fired more than once", (int64_t)fired);
            }
            if (now_ns() < base) {
                fail("a timer was early by", base - now_ns());
            }
        }
    }
    return (void *)rounds;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_CPU + WANDER], timers;
    end = now_ns() + atoi(argv[1]) * NS;
    cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    pthread_create(&timers, NULL, crowd, NULL);
    for (long i = 0; i < cpus + WANDER; i++) {
        pthread_create(&threads[i], NULL, sleeper, (void *)i);
    }
    for (int i = 0; i < cpus + WANDER; i++) {
        void *count;
        pthread_join(threads[i], &count);
        if (!count) {
            fail("a thread never woke", i);
        }
    }
    pthread_join(timers, NULL);
    printf("sleeps ok\n");
    return 0;
}
