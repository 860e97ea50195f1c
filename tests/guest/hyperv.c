/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of Hyper-V, in the order of a kernel's: the leaves, an id, the hypercall page, the
 * reference TSC page; interrupts and flushes between processors by hypercall, synthetic timers; and
 * as a root partition a device's interrupt, mapped, moved and unmapped.
 */
#include "lib/guest.h"
#include "tests/include/apic.h"

enum { V_IPI = 0x51, V_SINT = 0x52, V_DIRECT = 0x53, V_DEVICE = 0x54, V_MOVED = 0x55 };
enum {
    GUEST_ID = 0x40000000,
    HYPERCALL = 0x40000001,
    VP_INDEX = 0x40000002,
    TIME_COUNT = 0x40000020,
    REFERENCE_TSC = 0x40000021,
    SCONTROL = 0x40000080,
    SIMP = 0x40000083,
    EOM = 0x40000084,
    SINT2 = 0x40000092,
    STIMER0_CONFIG = 0x400000b0,
    STIMER0_COUNT = 0x400000b1,
    STIMER1_CONFIG = 0x400000b2,
    STIMER1_COUNT = 0x400000b3,
};
#define FLUSH_SPACE   0x2ull
#define SEND_IPI      0xbull
#define SEND_IPI_EX   0x15ull
#define PARTITION_ID  0x46ull
#define MAP_DEVICE    0x7cull
#define UNMAP_DEVICE  0x7dull
#define RETARGET      0x7eull
#define FAST          (1ull << 16)
#define VAR(n_)       ((uint64_t)(n_) << 17)
#define MAX_CPUS      8
#define SECONDS(n_)   ((n_)*1000000000ull)
#define EDU_INTERRUPT 0x60

extern uint64_t pml4[512];
#define WINDOW 0x10000000000ull

static uint8_t call_page[4096] __attribute__((aligned(4096)));
static uint64_t tsc_page[512] __attribute__((aligned(4096)));
static uint8_t messages[4096] __attribute__((aligned(4096)));
static uint64_t input[512] __attribute__((aligned(4096)));
static uint64_t output[512] __attribute__((aligned(4096)));
static uint64_t window_pdpt[512] __attribute__((aligned(4096)));
static uint64_t window_pd[512] __attribute__((aligned(4096)));
static volatile uint64_t window_pt[512] __attribute__((aligned(4096)));
static uint64_t frames[2][512] __attribute__((aligned(4096)));
static volatile unsigned arrived, taken[MAX_CPUS];
static volatile uint64_t seen[MAX_CPUS];
static volatile bool looking;
static void *entry; /* of the hypercall page */

static uint64_t hypercall(uint64_t control, uint64_t in, uint64_t out)
{
    register uint64_t r8 asm("r8") = out;
    uint64_t result;
    asm volatile("call *%[entry]"
                 : "=a"(result), "+c"(control), "+d"(in), "+r"(r8)
                 : [entry] "m"(entry)
                 : "r9", "r10", "r11", "memory", "cc");
    return result;
}

static void note_ipi(Frame *frame)
{
    (void)frame;
    taken[rdmsr(VP_INDEX)]++;
}

static void other_cpu(void)
{
    unsigned me = (unsigned)rdmsr(VP_INDEX);
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    interrupts_on();
    for (;;) {
        if (looking) {
            seen[me] = *(volatile uint64_t *)WINDOW;
        }
        pause();
    }
}

static void start_all(void)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_ids[i] != apic_id()) {
            unsigned before = arrived;
            check(start_cpu(cpu_ids[i], other_cpu), "CPU %u does not start", cpu_ids[i]);
            while (arrived == before) {
                pause();
            }
        }
    }
}

static bool is_root(void)
{
    uint32_t r[4];
    cpuid(0x40000003, 0, r);
    return r[1] >> 12 & 1;
}

static void establish(void)
{
    uint32_t r[4];
    cpuid(0x40000000, 0, r);
    check(memcmp(&r[1], "Microsoft Hv", 12) == 0, "the vendor is another one");
    check(r[0] == 0x4000000a, "the last leaf is %x", r[0]);
    cpuid(0x40000001, 0, r);
    check(r[0] == 0x31237648, "the interface is %x", r[0]);
    cpuid(0x40000100, 0,
          r); /* KVM's leaves come after these, if -append says that they are there */
    check((memcmp(&r[1], "KVMKVMKVM", 9) == 0) == (command_line()[0] == 'k'), "KVM's leaves");
    wrmsr(GUEST_ID, 0x8100ull << 48);
    if (is_root()) {
        check(!(rdmsr(HYPERCALL) & 1), "the page is there already");
        wrmsr(HYPERCALL, rdmsr(HYPERCALL) | 1);
        uint64_t at = rdmsr(HYPERCALL) & ~0xfffull; /* beyond what the page tables reach */
        window_pt[1] = at | 3;
        pml4[WINDOW >> 39] = (uint64_t)window_pdpt | 3;
        window_pdpt[0] = (uint64_t)window_pd | 3;
        window_pd[0] = (uint64_t)window_pt | 3;
        entry = (void *)(WINDOW + 0x1000);
    } else {
        wrmsr(HYPERCALL, (uint64_t)call_page | 1);
        entry = call_page;
    }
    check(*(uint8_t *)entry == 0x0f, "there is no code at the hypercall page");
}

static uint64_t reference_time(void)
{
    volatile uint64_t *page = tsc_page;
    return (uint64_t)((unsigned __int128)rdtsc() * page[1] >> 64) + page[2];
}

static void test_time(void)
{
    wrmsr(REFERENCE_TSC, (uint64_t)tsc_page | 1);
    check((uint32_t)tsc_page[0] == 1, "the page's sequence is %u", (uint32_t)tsc_page[0]);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t before = reference_time(), count = rdmsr(TIME_COUNT), after = reference_time();
        check(before <= count && count <= after, "the counter reads %lu between %lu and %lu", count,
              before, after);
    }
}

static bool all_taken(unsigned mask, unsigned rounds)
{
    for (uint64_t start = rdtsc(); rdtsc() - start < SECONDS(4); pause()) {
        bool all = true;
        for (unsigned i = 0; i < cpu_count; i++) {
            all &= taken[i] == (mask >> i & 1 ? rounds : 0);
        }
        if (all) {
            return true;
        }
    }
    return false;
}

static void clear_taken(void)
{
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        taken[i] = 0;
    }
}

static void test_ipis(void)
{
    unsigned all = (1u << cpu_count) - 1;
    set_handler(V_IPI, note_ipi);
    for (unsigned mask = 1; mask <= all; mask++) {
        clear_taken();
        check(hypercall(SEND_IPI | FAST, V_IPI, mask) == 0, "the call fails");
        check(all_taken(mask, 1), "VPs %x: not just these took it", mask);
    }
    clear_taken();
    input[0] = V_IPI;
    input[1] = 0; /* sparse */
    input[2] = 1;
    input[3] = all & ~1u;
    check(hypercall(SEND_IPI_EX | VAR(1), (uint64_t)input, 0) == 0, "the call with a set fails");
    check(all_taken(all & ~1u, 1), "the set: not just these took it");
    clear_taken();
    input[1] = 1; /* all */
    check(hypercall(SEND_IPI_EX, (uint64_t)input, 0) == 0, "the call to all fails");
    check(all_taken(all, 1), "all: somebody did not take it");
}

static void test_flush(void)
{
    frames[0][0] = 111;
    frames[1][0] = 222;
    window_pt[0] = (uint64_t)frames[0] | 3;
    pml4[WINDOW >> 39] = (uint64_t)window_pdpt | 3;
    window_pdpt[0] = (uint64_t)window_pd | 3;
    window_pd[0] = (uint64_t)window_pt | 3;
    looking = true;
    for (unsigned round = 0; round < 100; round++) {
        window_pt[0] = (uint64_t)frames[round & 1] | 3;
        input[0] = 0;
        input[1] = 3; /* all processors, all address spaces */
        input[2] = 0;
        check(hypercall(FLUSH_SPACE, (uint64_t)input, 0) == 0, "the flush fails");
        check(*(volatile uint64_t *)WINDOW == frames[round & 1][0], "the old page is still there");
        for (unsigned i = 1; i < cpu_count; i++) {
            for (uint64_t start = rdtsc();
                 seen[i] != frames[round & 1][0] && rdtsc() - start < SECONDS(4);) {
                pause();
            }
            check(seen[i] == frames[round & 1][0], "VP %u sees the old page", i);
        }
    }
    looking = false;
}

static void test_timers(void)
{
    wrmsr(SIMP, (uint64_t)messages | 1);
    wrmsr(SCONTROL, 1);
    wrmsr(SINT2, V_SINT);
    wrmsr(STIMER0_CONFIG, 1 | 2 << 16);
    uint64_t due = rdmsr(TIME_COUNT) + 10000;
    wrmsr(STIMER0_COUNT, due);
    check(wait_vector(V_SINT, 1), "no message came");
    check(*(uint32_t *)(messages + 512) == 0x80000010, "the message's type is another one");
    check(*(uint64_t *)(messages + 536) == due, "the message says another time");
    check(rdmsr(TIME_COUNT) >= due, "it came too soon");
    wrmsr(STIMER1_CONFIG, 1 | 2 << 16); /* its message has to wait */
    wrmsr(STIMER1_COUNT, 1);
    *(volatile uint32_t *)(messages + 512) = 0;
    check(vector_count[V_SINT] == 1, "the second message did not wait");
    wrmsr(EOM, 0);
    check(wait_vector(V_SINT, 2), "no second message came");
    check(*(uint32_t *)(messages + 528) == 1, "it is not timer 1's");
    wrmsr(STIMER0_COUNT, 10000); /* a millisecond */
    wrmsr(STIMER0_CONFIG, 3 | V_DIRECT << 4 | 1 << 12);
    check(wait_vector(V_DIRECT, 5), "the periodic timer does not come");
    wrmsr(STIMER0_CONFIG, 0);
}

static Pci edu;

static void fire(void)
{
    write32(pci_bar(edu, 0) + EDU_INTERRUPT, 1);
    write32(pci_bar(edu, 0) + EDU_INTERRUPT + 4, 1);
}

static void target(uint64_t *at, unsigned vector, unsigned vp)
{
    at[0] = vector | 2ull << 32;
    at[1] = 0;
    at[2] = 1;
    at[3] = 1ull << vp;
}

static void test_root(void)
{
    edu = pci_find(0x1234, 0x11e8);
    uint64_t device = 1ull << 62 | pci_id(edu);
    check(hypercall(PARTITION_ID, 0, (uint64_t)output) == 0, "the partition has no id");
    memset(input, 0, sizeof(input));
    input[0] = output[0];
    input[1] = device;
    input[6] = 1; /* one vector */
    target(&input[7], V_DEVICE, 0);
    check(hypercall(MAP_DEVICE | VAR(2), (uint64_t)input, (uint64_t)output) == 0, "no mapping");
    uint64_t mapped = output[1];
    check(msi_set(edu, (uint32_t)mapped, (uint32_t)(mapped >> 32)), "edu has no MSI");
    fire();
    check(wait_vector(V_DEVICE, 1), "the device's interrupt does not come");
    memset(input, 0, sizeof(input));
    input[0] = ~0ull;
    input[1] = device;
    input[2] = 1;
    input[3] = mapped;
    target(&input[5], V_MOVED, 1);
    check(hypercall(RETARGET | VAR(2), (uint64_t)input, 0) == 0, "it cannot be moved");
    fire();
    check(wait_vector(V_MOVED, 1), "it does not come to where it was moved");
    check(vector_cpu[V_MOVED] == cpu_ids[1], "it came to CPU %u", vector_cpu[V_MOVED]);
    check(hypercall(UNMAP_DEVICE, (uint64_t)input, 0) == 0, "it cannot be unmapped");
    fire();
    check(!wait_vector(V_MOVED, 2), "it comes though it is unmapped");
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    establish();
    start_all();
    interrupts_on();
    test_ipis();
    if (is_root()) {
        test_root();
        return;
    }
    test_time();
    test_flush();
    test_timers();
}
