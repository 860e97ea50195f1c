/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several CPUs: starting them, every way of addressing an interrupt between them, TLB shoot-down by
 * IPI, locked counters, and code that one CPU patches under another. Runs in whichever APIC mode
 * the CPU offers.
 */
#include "lib/guest.h"
#include "tests/include/apic.h"

enum { V_IPI = 0x51, V_FLUSH = 0x52, V_LOWEST = 0x53, V_SELF = 0x54 };
#define MAX_CPUS 8

/* What the CPUs other than the first do; the first sets it. */
typedef enum { JOB_WAIT, JOB_COUNT, JOB_READ, JOB_RUN } Job;
static volatile Job job;
static volatile unsigned done;
static volatile unsigned taken[MAX_CPUS][256];
static volatile uint64_t plain_counter, exchange_counter;
static struct {
    uint64_t low, high;
} pair __attribute__((aligned(16)));
static unsigned others;

#define COUNT_ROUNDS 20000

static unsigned index_of(uint32_t id)
{
    unsigned i = 0;
    while (i < cpu_count && cpu_ids[i] != id) {
        i++;
    }
    return i;
}

static void note(Frame *frame)
{
    __atomic_add_fetch(&taken[index_of(apic_id())][frame->vector], 1, __ATOMIC_SEQ_CST);
}

static void add_locked(void)
{
    for (int i = 0; i < COUNT_ROUNDS; i++) {
        bool ok;
        asm volatile("lock incq %0" : "+m"(plain_counter) : : "memory");
        uint64_t old = exchange_counter;
        do {
            asm volatile("lock cmpxchgq %3, %1"
                         : "=@ccz"(ok), "+m"(exchange_counter), "+a"(old)
                         : "r"(old + 1)
                         : "memory");
        } while (!ok);
        uint64_t low = pair.low, high = pair.high;
        do {
            asm volatile("lock cmpxchg16b %1"
                         : "=@ccz"(ok), "+m"(pair), "+a"(low), "+d"(high)
                         : "b"(low + 1), "c"(high + 3)
                         : "memory");
        } while (!ok);
    }
}

/* A page whose frame changes under the readers, and a function that is patched under the callers.
 */
extern uint64_t pml4[512];
#define WINDOW 0x10000000000ull
static uint64_t window_pdpt[512] __attribute__((aligned(4096)));
static uint64_t window_pd[512] __attribute__((aligned(4096)));
static volatile uint64_t window_pt[512] __attribute__((aligned(4096)));
static uint64_t frames[2][512] __attribute__((aligned(4096)));
static uint8_t code[64] __attribute__((aligned(64)));
static volatile uint64_t expected;
static volatile unsigned acknowledged, wrong;

static void flush(Frame *frame)
{
    note(frame);
    asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
    __atomic_add_fetch(&acknowledged, 1, __ATOMIC_SEQ_CST);
}

static uint32_t call_code(void)
{
    uint32_t result;
    asm volatile("call *%1" : "=a"(result) : "r"(code) : "memory", "cc");
    return result;
}

static void work(void)
{
    switch (job) {
    case JOB_COUNT:
        add_locked();
        break;
    case JOB_READ:
        (void)*(volatile uint64_t *)WINDOW;
        return;
    case JOB_RUN: {
        /* Either the old or the new number, never anything else. */
        uint64_t before = expected;
        uint32_t got = call_code();
        uint64_t after = expected;
        if (got < before - 1 || got > after + 1) {
            __atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
        }
        return;
    }
    default:
        return;
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    while (job == JOB_COUNT) {
        pause();
    }
}

static void ap_loop(void)
{
    if (!x2apic) {
        apic_write(APIC_LDR, 1u << (24 + index_of(apic_id())));
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    interrupts_on();
    for (;;) {
        work();
        pause();
    }
}

static bool wait_for(volatile unsigned *counter, unsigned value)
{
    for (uint64_t start = rdtsc(); *counter < value; pause()) {
        if (rdtsc() - start > 8000000000ull) {
            return false;
        }
    }
    return true;
}

static void start_all(void)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_ids[i] != apic_id()) {
            check(start_cpu(cpu_ids[i], ap_loop), "CPU %u does not start", cpu_ids[i]);
            others++;
            check(wait_for(&done, others), "CPU %u does not arrive", cpu_ids[i]);
        }
    }
    done = 0;
    if (!x2apic) {
        apic_write(APIC_LDR, 1u << (24 + index_of(apic_id())));
    }
}

/* How often all CPUs have taken a vector. */
static unsigned sum(int vector)
{
    unsigned n = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        n += taken[i][vector];
    }
    return n;
}

/* Sends, and checks that just the CPUs in `mask` took it once. */
static void send(const char *what, uint32_t dest, uint32_t icr, unsigned mask)
{
    unsigned before[MAX_CPUS], wanted = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        before[i] = taken[i][V_IPI];
        wanted += mask >> i & 1;
    }
    unsigned total = sum(V_IPI);
    apic_send_ipi(dest, icr | ICR_ASSERT | V_IPI);
    for (uint64_t start = rdtsc(); sum(V_IPI) < total + wanted; pause()) {
        if (rdtsc() - start > 4000000000ull) {
            break;
        }
    }
    for (uint64_t start = rdtsc(); rdtsc() - start < 200000; pause()) {
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        check(taken[i][V_IPI] - before[i] == (mask >> i & 1), "%s: CPU %u took %u", what, i,
              taken[i][V_IPI] - before[i]);
    }
}

static uint32_t logical_of(unsigned cpu)
{
    uint32_t id = cpu_ids[cpu];
    return x2apic ? (id >> 4) << 16 | 1u << (id & 15) : 1u << cpu;
}

static void test_destinations(void)
{
    unsigned me = index_of(apic_id()), all = (1u << cpu_count) - 1, pairs = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        send("physical", cpu_ids[i], 0, 1u << i);
        send("logical", logical_of(i), ICR_LOGICAL, 1u << i);
    }
    for (unsigned i = 0; i + 1 < cpu_count; i += 2) {
        send("two at once", logical_of(i) | logical_of(i + 1), ICR_LOGICAL, 3u << i);
        pairs++;
    }
    send("self", 0, ICR_SELF, 1u << me);
    send("all", 0, ICR_ALL, all);
    send("others", 0, ICR_OTHERS, all & ~(1u << me));
    send("broadcast", x2apic ? UINT32_MAX : 0xff, 0, all);
    if (x2apic) {
        wrmsr(0x83f, V_SELF);
        check(wait_vector(V_SELF, 1), "self-IPI register");
    }
    check(pairs > 0, "only %u CPUs", cpu_count);
}

static void test_lowest_priority(void)
{
    enum { ROUNDS = 100 };
    uint32_t dest = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        dest |= logical_of(i);
    }
    for (unsigned i = 1; i <= ROUNDS; i++) {
        apic_send_ipi(dest, ICR_LOGICAL | ICR_LOWEST | ICR_ASSERT | V_LOWEST);
        for (uint64_t start = rdtsc(); sum(V_LOWEST) < i && rdtsc() - start < 4000000000ull;) {
            pause();
        }
        check(sum(V_LOWEST) == i, "lowest priority: %u taken of %u sent", sum(V_LOWEST), i);
    }
}

static void test_counters(void)
{
    job = JOB_COUNT;
    add_locked();
    check(wait_for(&done, others), "the others do not finish counting");
    uint64_t all = (uint64_t)COUNT_ROUNDS * (others + 1);
    check(plain_counter == all, "LOCK INC: %lu, not %lu", plain_counter, all);
    check(exchange_counter == all, "CMPXCHG: %lu, not %lu", exchange_counter, all);
    check(pair.low == all && pair.high == 3 * all, "CMPXCHG16B: %lu %lu", pair.low, pair.high);
    job = JOB_WAIT;
}

static void test_shootdown(void)
{
    frames[0][0] = 111;
    frames[1][0] = 222;
    pml4[WINDOW >> 39] = (uint64_t)window_pdpt | 3;
    window_pdpt[0] = (uint64_t)window_pd | 3;
    window_pd[0] = (uint64_t)window_pt | 3;
    window_pt[0] = (uint64_t)frames[0] | 3;
    job = JOB_READ;
    for (unsigned round = 1; round <= 200; round++) {
        window_pt[0] = (uint64_t)frames[round & 1] | 3;
        asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
        unsigned before = acknowledged;
        apic_send_ipi(0, ICR_OTHERS | ICR_ASSERT | V_FLUSH);
        check(wait_for(&acknowledged, before + others), "round %u: no acknowledgement", round);
        check(*(volatile uint64_t *)WINDOW == frames[round & 1][0], "the old page is still there");
    }
    job = JOB_WAIT;
}

/* mov $n, %eax; ret: the number is written by this CPU while the others call it. */
static void test_patching(void)
{
    code[0] = 0xb8;
    code[5] = 0xc3;
    expected = 0;
    job = JOB_RUN;
    for (uint32_t n = 1; n <= 2000; n++) {
        *(volatile uint32_t *)(code + 1) = n;
        expected = n;
        if (call_code() != n) {
            fail("round %u: this CPU still runs the old code", n);
            break;
        }
        if (n % 64 == 0) {
            pause();
        }
    }
    job = JOB_WAIT;
    check(wrong == 0, "%u calls returned what was never written", wrong);
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    static const int vectors[] = {V_IPI, V_LOWEST, V_SELF};
    for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        set_handler(vectors[i], note);
    }
    set_handler(V_FLUSH, flush);
    if (cpu_count < 2 || cpu_count > MAX_CPUS) {
        fail("%u CPUs; this guest takes 2 to %u", cpu_count, MAX_CPUS);
        return;
    }
    start_all();
    interrupts_on();
    print("guest: %u CPUs in %s mode\n", cpu_count, x2apic ? "x2apic" : "xapic");
    test_destinations();
    test_lowest_priority();
    test_counters();
    test_shootdown();
    test_patching();
}
