/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads of one process at each other's locks and memory, on every CPU: mutexes and condition
 * variables (futexes), membarrier(2) against plain loads and stores, and mappings that one thread
 * takes away or makes read-only under the others, which the kernel carries out by interrupts to the
 * CPUs they run on. Prints sums that must come out, and "threads ok".
 */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS  3000

static void fail(const char *what, long n)
{
    printf("FAIL %s: %ld\n", what, n);
    exit(1);
}

typedef void *Body(void *arg);

static void run_all(Body *body)
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, body, (void *)i)) {
            fail("pthread_create", i);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* --- a queue between producers and consumers --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static long queue[8], queued, sent, received, count;

static void *queue_body(void *arg)
{
    long me = (long)arg;
    for (long i = 1; i <= ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        count++;
        if (me & 1) {
            while (queued == 8) {
                pthread_cond_wait(&emptied, &mutex);
            }
            queue[queued++] = i * me;
            sent += i * me;
            pthread_cond_signal(&filled);
        } else {
            while (queued == 0) {
                pthread_cond_wait(&filled, &mutex);
            }
            received += queue[--queued];
            pthread_cond_signal(&emptied);
        }
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

/* --- a spinlock that gives the CPU away, under which a plain counter counts --- */

static volatile int lock;
static volatile long spun;

static void *spin_body(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20 * ROUNDS; i++) {
        while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
            sched_yield();
        }
        spun = spun + 1;
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* --- membarrier: the light side has no barrier at all --- */

static volatile int intent[2];
static int inside;
static volatile long entered;

static void *barrier_body(void *arg)
{
    long me = (long)arg;
    if (me > 1) {
        return NULL;
    }
    for (int i = 0; i < ROUNDS / 3; i++) {
        intent[me] = 1;
        if (me == 0) {
            __asm__ volatile("" : : : "memory");
        } else if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)) {
            fail("membarrier", i);
        }
        if (!intent[1 - me]) { /* at most one of both sees that */
            if (__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED)) {
                fail("two threads are inside", i);
            }
            entered = entered + 1;
            __atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
        }
        intent[me] = 0;
        if (i % 8 == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* --- mappings --- */

static volatile char *volatile page;
static volatile int state; /* odd: being changed; 0: writable, 2: read-only, 4: gone */
static volatile long done, faults, accesses;
static _Thread_local sigjmp_buf fault;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(fault, 1);
}

/* The page is what the state says, if the state is the same before and after. */
static void access_page(void)
{
    int before = state;
    volatile int could = 0;
    if (sigsetjmp(fault, 1) == 0) {
        page[0] = 1;
        could = 1;
    } else {
        __atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (before == state && !(before & 1) && could != (before % 6 == 0)) {
        fail("the page could be written to in state", before % 6);
    }
    __atomic_fetch_add(&accesses, 1, __ATOMIC_RELAXED);
}

static void change_page(int i)
{
    __atomic_fetch_add(&state, 1, __ATOMIC_SEQ_CST);
    if (i % 3 == 0 && mprotect((void *)page, 4096, PROT_READ)) {
        fail("mprotect", i);
    } else if (i % 3 == 1 && munmap((void *)page, 4096)) {
        fail("munmap", i);
    } else if (i % 3 == 2 && mmap((void *)page, 4096, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page) {
        fail("mmap", i);
    }
    __atomic_fetch_add(&state, 1, __ATOMIC_SEQ_CST);
}

static void *mapping_body(void *arg)
{
    if ((long)arg) {
        while (!done) {
            access_page();
        }
        return NULL;
    }
    for (int i = 0; i < ROUNDS / 10; i++) {
        long seen = accesses;
        change_page(i);
        while (accesses < seen + 2) {
            sched_yield();
        }
    }
    done = 1;
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    printf("threads on %ld CPUs\n", sysconf(_SC_NPROCESSORS_ONLN));
    run_all(queue_body);
    if (sent != received || queued || count != THREADS * ROUNDS ||
        sent != (1 + 3) * (long)ROUNDS * (ROUNDS + 1) / 2) {
        fail("the queue's sum", received);
    }
    run_all(spin_body);
    if (spun != 20L * ROUNDS * THREADS) {
        fail("the spinlock's counter", spun);
    }
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0)) {
        fail("membarrier is missing", 0);
    }
    run_all(barrier_body);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    run_all(mapping_body);
    printf("sums %ld %ld, inside %d, faults %d\n", received, spun, entered > 0, faults > 0);
    printf("threads ok\n");
    return 0;
}
