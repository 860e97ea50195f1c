/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several CPUs do to each other's memory and code: ticket and test-and-set locks, every
 * LOCK-able operation, a stack by CMPXCHG16B, mappings taken away by IPI, code that is remapped,
 * patched as kernels do it (SDM vol. 3, 9.1.3: INT3 first, then the tail, then the first byte, with
 * all CPUs serialized between), and code that modifies itself. All CPUs run each phase together.
 */
#include "lib/guest.h"
#include "tests/include/apic.h"

enum { V_FLUSH = 0x52, V_SYNC = 0x53, V_BREAKPOINT = 3, V_PAGE_FAULT = 14 };
#define MAX_CPUS 16

static volatile unsigned phase, arrived, acknowledged, stop;
static unsigned others;

static void atomic_inc(volatile unsigned *n)
{
    asm volatile("lock incl %0" : "+m"(*n) : : "memory", "cc");
}

static unsigned index_of(uint32_t id)
{
    unsigned i = 0;
    while (i < cpu_count && cpu_ids[i] != id) {
        i++;
    }
    return i;
}

static bool wait_for(volatile unsigned *counter, unsigned value)
{
    for (uint64_t start = rdtsc(); *counter < value; pause()) {
        if (rdtsc() - start > 60000000000ull) {
            return false;
        }
    }
    return true;
}

/* All others have taken the interrupt, and forgotten what its handler makes them forget. */
static void tell_others(int vector)
{
    unsigned before = acknowledged;
    apic_send_ipi(0, ICR_OTHERS | ICR_ASSERT | (unsigned)vector);
    check(wait_for(&acknowledged, before + others), "vector %x: no acknowledgement", vector);
}

/* --- locks --- */

#define LOCK_ROUNDS 20000

/* CPUs may take turns, for long: now and then, while others would find a lock taken. */
static void give_way(int round)
{
    if (round % 61 == 0) {
        pause();
    }
}

static struct {
    volatile uint32_t next, owner;
} ticket;
static volatile uint32_t flag;
static volatile uint64_t guarded[2];

static void ticket_phase(unsigned me)
{
    (void)me;
    for (int i = 0; i < LOCK_ROUNDS; i++) {
        uint32_t mine = 1;
        asm volatile("lock xaddl %0, %1" : "+r"(mine), "+m"(ticket.next) : : "memory", "cc");
        while (ticket.owner != mine) {
            pause();
        }
        uint64_t n = guarded[0];
        give_way(i);
        guarded[0] = n + 1;
        ticket.owner++;
    }
}

/* BTS, XCHG and CMPXCHG take turns at taking the lock. */
static bool try_lock(int how)
{
    bool taken;
    uint32_t one = 1, zero = 0;
    switch (how % 3) {
    case 0:
        asm volatile("lock btsl $0, %1" : "=@ccnc"(taken), "+m"(flag) : : "memory");
        return taken;
    case 1:
        asm volatile("xchgl %0, %1" : "+r"(one), "+m"(flag) : : "memory");
        return one == 0;
    default:
        asm volatile("lock cmpxchgl %3, %1"
                     : "=@ccz"(taken), "+m"(flag), "+a"(zero)
                     : "r"(1u)
                     : "memory");
        return taken;
    }
}

static void flag_phase(unsigned me)
{
    (void)me;
    for (int i = 0; i < LOCK_ROUNDS; i++) {
        while (!try_lock(i)) {
            pause();
        }
        uint64_t n = guarded[1];
        give_way(i);
        guarded[1] = n + 1;
        if (i & 1) {
            asm volatile("lock btrl $0, %0" : "+m"(flag) : : "memory", "cc");
        } else {
            flag = 0;
        }
    }
}

static volatile uint64_t sums[5], bits, carries[2];
static volatile uint8_t bytes;

/* Each CPU owns a bit of shared words; nobody else's operation may touch it. */
static void operations_phase(unsigned me)
{
    uint64_t mine = 1ull << me;
    for (int i = 0; i < LOCK_ROUNDS; i++) {
        asm volatile("lock addq $3, %0" : "+m"(sums[0]) : : "memory", "cc");
        asm volatile("lock subq %1, %0" : "+m"(sums[1]) : "r"((uint64_t)i) : "memory", "cc");
        asm volatile("lock incw %0; lock decl %1"
                     : "+m"(sums[2]), "+m"(sums[3])
                     :
                     : "memory", "cc");
        asm volatile("stc; lock adcq $0, %0" : "+m"(carries[0]) : : "memory", "cc");
        asm volatile("stc; lock sbbq $0, %0" : "+m"(carries[1]) : : "memory", "cc");
        asm volatile("lock notq %0" : "+m"(sums[4]) : : "memory", "cc");
        asm volatile("lock xorb $0x5a, %0" : "+m"(bytes) : : "memory", "cc");
        asm volatile("lock orq %1, %0" : "+m"(bits) : "r"(mine) : "memory", "cc");
        give_way(i);
        check(bits & mine, "CPU %u: LOCK OR was lost", me);
        asm volatile("lock andq %1, %0" : "+m"(bits) : "r"(~mine) : "memory", "cc");
        check(!(bits & mine), "CPU %u: LOCK AND was lost", me);
        asm volatile("lock btcq %1, %0" : "+m"(bits) : "r"((uint64_t)me) : "memory", "cc");
        check(bits & mine, "CPU %u: LOCK BTC was lost", me);
        asm volatile("lock xorq %1, %0" : "+m"(bits) : "r"(mine) : "memory", "cc");
    }
}

/* A stack of nodes: CMPXCHG16B on its head and a count of changes. */
#define NODES 64
static struct Node {
    struct Node *next;
    volatile uint64_t users;
} nodes[NODES];
static struct {
    struct Node *volatile top;
    volatile uint64_t changes;
} stack __attribute__((aligned(16)));

static bool replace_top(struct Node *from, uint64_t changes, struct Node *to)
{
    bool done;
    asm volatile("lock cmpxchg16b %1"
                 : "=@ccz"(done), "+m"(stack), "+a"(from), "+d"(changes)
                 : "b"(to), "c"(changes + 1)
                 : "memory");
    return done;
}

static void push(struct Node *node)
{
    uint64_t changes;
    do {
        changes = stack.changes;
        node->next = stack.top;
    } while (!replace_top(node->next, changes, node));
}

static struct Node *pop(void)
{
    for (;;) {
        uint64_t changes = stack.changes;
        struct Node *top = stack.top;
        if (!top || replace_top(top, changes, top->next)) {
            return top;
        }
    }
}

static void stack_phase(unsigned me)
{
    for (int i = 0; i < LOCK_ROUNDS; i++) {
        struct Node *a = pop(), *b = pop();
        if (a) {
            give_way(i);
            check(a->users++ == 0, "CPU %u: a node has two users", me);
            a->users--;
            push(a);
        }
        if (b) {
            push(b);
        }
    }
}

/* --- mappings --- */

extern uint64_t pml4[512];
#define WINDOW 0x10000000000ull
static uint64_t window_pdpt[512] __attribute__((aligned(4096)));
static uint64_t window_pd[512] __attribute__((aligned(4096)));
static volatile uint64_t window_pt[512] __attribute__((aligned(4096)));
static struct {
    volatile uint64_t number;
    uint8_t code[64];
    uint8_t rest[4096 - 72];
} frames[2] __attribute__((aligned(4096)));
static volatile uint64_t acknowledged_round; /* nobody may see an older one */
static volatile unsigned stale, misses;

static void flush(Frame *frame)
{
    (void)frame;
    asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
    atomic_inc(&acknowledged);
}

static void sync(Frame *frame)
{
    uint32_t r[4];
    (void)frame;
    cpuid(0, 0, r); /* serializes */
    atomic_inc(&acknowledged);
}

/* mov $n, %eax; ret */
static void put_function(uint8_t *code, uint32_t n)
{
    code[0] = 0xb8;
    memcpy(code + 1, &n, 4);
    code[5] = 0xc3;
}

static uint32_t call(const void *code)
{
    uint32_t result;
    asm volatile("call *%1" : "=a"(result) : "r"(code) : "memory", "cc");
    return result;
}

static void read_window(void)
{
    while (!stop) {
        uint64_t least = acknowledged_round;
        if (*(volatile uint64_t *)WINDOW < least) {
            atomic_inc(&stale);
        }
        least = acknowledged_round;
        if (call((void *)(WINDOW + 8)) < least) {
            atomic_inc(&stale);
        }
        pause();
    }
}

static void change_window(void)
{
    for (unsigned round = 1; round <= 1000; round++) {
        frames[round & 1].number = round;
        put_function(frames[round & 1].code, round);
        window_pt[0] = (uint64_t)&frames[round & 1] | 3;
        asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
        tell_others(V_FLUSH);
        acknowledged_round = round;
        check(call((void *)(WINDOW + 8)) == round, "round %u: old code in the window", round);
    }
    stop = 1;
}

static void mapping_phase(unsigned me)
{
    if (me == 0) {
        change_window();
    } else {
        read_window();
    }
}

/* A read of the window that may miss: the handler goes on behind it. */
extern char probe_missed[];
static bool probe(void)
{
    uint64_t value = 1;
    asm volatile("movq (%1), %0\n"
                 ".globl probe_missed\n"
                 "probe_missed:\n"
                 : "+a"(value)
                 : "r"(WINDOW)
                 : "memory");
    return value != 0;
}

static void page_fault(Frame *frame)
{
    atomic_inc(&misses);
    frame->rax = 0;
    frame->rip = (uint64_t)probe_missed;
}

/* The mapping comes and goes; while its state is known to all, a read must see that state. */
static void presence_phase(unsigned me)
{
    static volatile unsigned state; /* even: settled; bit 1: present */
    if (me != 0) {
        while (!stop) {
            unsigned before = state;
            bool present = probe();
            if (before == state && !(before & 1) && present != !!(before & 2)) {
                atomic_inc(&stale);
            }
            pause();
        }
        return;
    }
    for (unsigned round = 1; round <= 1000; round++) {
        state = (round - 1) * 2 + 1;
        window_pt[0] = round & 1 ? (uint64_t)&frames[0] | 3 : 0;
        asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
        tell_others(V_FLUSH);
        state = round * 2;
        for (int i = 0; i < 20; i++) {
            pause();
        }
    }
    stop = 1;
}

/* --- code --- */

/* Two pages, so that a place may lie across. */
static uint8_t text[8192] __attribute__((aligned(4096)));
static uint8_t *volatile place;
static volatile uint32_t new_value;

static void breakpoint(Frame *frame)
{
    if (frame->rip - 1 != (uint64_t)place) {
        fail("INT3 at %lx", frame->rip - 1);
    }
    frame->rax = new_value;
    frame->rip = (uint64_t)place + 5;
}

static void poke(uint8_t *at, const uint8_t bytes_[5])
{
    *(volatile uint8_t *)at = 0xcc;
    tell_others(V_SYNC);
    memcpy(at + 1, bytes_ + 1, 4);
    tell_others(V_SYNC);
    *(volatile uint8_t *)at = bytes_[0];
    tell_others(V_SYNC);
}

/* Callers see the old value or the new one, and no older one than what everybody knows of. */
static void call_place(void)
{
    while (!stop) {
        uint64_t least = acknowledged_round;
        uint8_t *code = place;
        if (!code) {
            continue;
        }
        uint32_t got = call(code), most = new_value;
        if (got < least || got > most) {
            atomic_inc(&stale);
        }
        pause();
    }
}

static void poke_phase(unsigned me)
{
    if (me != 0) {
        call_place();
        return;
    }
    static const unsigned offsets[] = {64, 4096 - 3, 4096 - 1, 4096 + 62};
    for (unsigned round = 1; round <= 200; round++) {
        uint8_t bytes_[5] = {0xb8};
        uint8_t *at = text + offsets[(round - 1) / 50];
        if (round % 50 == 1) {
            put_function(at, round - 1);
            place = at;
            tell_others(V_SYNC);
        }
        new_value = round;
        memcpy(bytes_ + 1, &round, 4);
        poke(at, bytes_);
        acknowledged_round = round;
        check(call(at) == round, "round %u: this CPU runs the old code", round);
    }
    stop = 1;
}

/* A static key: no operation, or a jump to where 1 is returned; then a jump whose target changes
 * under the others by one store, which must be seen whole. */
static void put_jump(uint8_t *at, const uint8_t *to, uint8_t bytes_[5])
{
    int32_t distance = (int32_t)(to - (at + 5));
    bytes_[0] = 0xe9;
    memcpy(bytes_ + 1, &distance, 4);
}

static void jump_phase(unsigned me)
{
    static uint8_t *const at = text + 3, *const no = text + 8, *const yes = text + 512;
    static const uint8_t nop[5] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
    uint8_t jump[5], *target = yes;
    if (me != 0) {
        while (!stop) {
            if (call(at) > 2) {
                atomic_inc(&stale);
            }
            pause();
        }
        return;
    }
    for (unsigned round = 1; round <= 100; round++) {
        new_value = round & 1; /* the breakpoint's answer, */
        place = at;            /* which goes on at `no`, which says 0 */
        put_jump(at, target, jump);
        poke(at, round & 1 ? jump : nop);
        check(call(at) == (round & 1), "round %u: the key is %u", round, call(at));
    }
    poke(at, jump);
    for (uint32_t round = 1; round <= 2000; round++) {
        int32_t distance = (int32_t)((round & 1 ? no : yes) - (at + 5));
        *(volatile int32_t *)(at + 1) = distance;
        check(call(at) == !(round & 1), "round %u: the old target", round);
        if (round % 32 == 0) {
            pause();
        }
    }
    stop = 1;
}

/* Each CPU has its code in the same page as the others': what it writes must not reach them, and
 * must be what it runs next. */
static void self_phase(unsigned me)
{
    /* mov %dil, 1f+1(%rip); nop; 1: mov $0, %al; movzx %al, %eax; ret: in one block */
    static const uint8_t same_block[] = {0x40, 0x88, 0x3d, 2,    0,    0,    0,
                                         0x90, 0xb0, 0,    0x0f, 0xb6, 0xc0, 0xc3};
    uint8_t *code = text + 2048 + me * 128;
    memcpy(code, same_block, sizeof(same_block));
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t got;
        asm volatile("call *%1" : "=a"(got) : "r"(code), "D"(i) : "memory", "cc");
        if (got != (i & 0xff)) {
            fail("CPU %u runs %u where it wrote %u", me, got, i & 0xff);
            break;
        }
    }
    code += 64;
    for (uint32_t i = 0; i < 1000; i++) {
        /* A function anew: some increments of EAX, its length changing. */
        uint8_t *p = code;
        *p++ = 0x31, *p++ = 0xc0; /* xor %eax, %eax */
        for (uint32_t n = 0; n < i % 20; n++) {
            *p++ = 0xff, *p++ = 0xc0; /* inc %eax */
        }
        *p++ = 0xc3;
        if (call(code) != i % 20) {
            fail("CPU %u: a function of %u increments", me, i % 20);
            break;
        }
    }
}

typedef void (*Phase)(unsigned me);
static const Phase phases[] = {NULL,        ticket_phase,  flag_phase,     operations_phase,
                               stack_phase, mapping_phase, presence_phase, poke_phase,
                               jump_phase,  self_phase};

static void ap_loop(void)
{
    unsigned me = index_of(apic_id()), seen = 0;
    atomic_inc(&arrived);
    interrupts_on();
    for (;;) {
        while (phase == seen) {
            pause();
        }
        seen = phase;
        phases[seen](me);
        atomic_inc(&arrived);
    }
}

static void run_phase(unsigned n)
{
    arrived = 0;
    stop = 0;
    stale = 0;
    acknowledged_round = 0;
    place = NULL;
    new_value = 0;
    phase = n;
    phases[n](0);
    check(wait_for(&arrived, others), "phase %u does not end", n);
    check(stale == 0, "phase %u: %u times something old was seen", n, stale);
}

static void prepare(void)
{
    pml4[WINDOW >> 39] = (uint64_t)window_pdpt | 3;
    window_pdpt[0] = (uint64_t)window_pd | 3;
    window_pd[0] = (uint64_t)window_pt | 3;
    put_function(frames[0].code, 0);
    window_pt[0] = (uint64_t)&frames[0] | 3;
    for (unsigned i = 0; i < NODES; i++) {
        push(&nodes[i]);
    }
    /* The key's places: xor %eax, %eax; ret after it, and mov $1, %eax; ret. */
    memcpy(text + 3, "\x0f\x1f\x44\x00\x00\x31\xc0\xc3", 8);
    put_function(text + 512, 1);
}

static void check_results(void)
{
    uint64_t all = (uint64_t)LOCK_ROUNDS * cpu_count;
    unsigned left = 0;
    check(guarded[0] == all, "ticket lock: %lu, not %lu", guarded[0], all);
    check(guarded[1] == all, "test-and-set lock: %lu, not %lu", guarded[1], all);
    check(sums[0] == 3 * all, "LOCK ADD: %lu", sums[0]);
    check(sums[1] == -(cpu_count * ((uint64_t)LOCK_ROUNDS * (LOCK_ROUNDS - 1) / 2)),
          "LOCK SUB: %lx", sums[1]);
    check(sums[2] == (all & 0xffff), "LOCK INC: %lu", sums[2]);
    check(sums[3] == (uint32_t)-all, "LOCK DEC: %lx", sums[3]);
    check(carries[0] == all && carries[1] == -all, "LOCK ADC, SBB: %lu %lx", carries[0],
          carries[1]);
    check(sums[4] == (all & 1 ? ~0ull : 0), "LOCK NOT: %lx", sums[4]);
    check(bytes == (all & 1 ? 0x5a : 0), "LOCK XOR: %x", bytes);
    check(bits == 0, "bits %lx are left", bits);
    while (pop()) {
        left++;
    }
    check(left == NODES, "%u nodes of %u are on the stack", left, NODES);
    check(misses > 0, "the window was never missed");
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    set_handler(V_FLUSH, flush);
    set_handler(V_SYNC, sync);
    set_handler(V_BREAKPOINT, breakpoint);
    set_handler(V_PAGE_FAULT, page_fault);
    if (cpu_count < 2 || cpu_count > MAX_CPUS) {
        fail("%u CPUs; this guest takes 2 to %u", cpu_count, MAX_CPUS);
        return;
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_ids[i] != apic_id()) {
            check(start_cpu(cpu_ids[i], ap_loop), "CPU %u does not start", cpu_ids[i]);
            others++;
            check(wait_for(&arrived, others), "CPU %u does not arrive", cpu_ids[i]);
        }
    }
    interrupts_on();
    prepare();
    for (unsigned n = 1; n < sizeof(phases) / sizeof(phases[0]); n++) {
        uint64_t start = rdtsc();
        run_phase(n);
        print("guest: phase %u took %lu us\n", n, (rdtsc() - start) / 1000);
    }
    check_results();
}
