/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host's own MSIs through posted entries, without any virtual machine: each CPU has a descriptor,
 * devices' entries post their vectors into it, and one notification vector's handler hands them
 * out. Bursts of messages, first through remapped entries and then through posted ones: all are
 * handled, and the CPU is interrupted less often. Then a device that fires all the time.
 */
#include "lib/vtd.h"
#include "tests/include/intr_testdev.h"

enum { FIRST_INDEX = 8, SOURCES = 64, FIRST_VECTOR = 0x60, VECTOR_NOTIFY = 0x41, BURSTS = 200 };
#define LOOPS    3 /* of the handler, before it lets go of ON */
#define BUSY_TSC 20000

typedef struct {
    uint64_t address;
    uint32_t data;
    uint16_t rid, flags;
    uint32_t pasid, result;
    uint64_t unused;
} RingEntry;

static Vtd vtd;
static Pci device;
static uint64_t bar;
static PostedDescriptor pid;
static RingEntry ring[SOURCES] __attribute__((aligned(4096)));
static volatile uint64_t handled[SOURCES], interrupts, coalesced, most_at_once;

static uint64_t all_handled(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SOURCES; i++) {
        sum += handled[i];
    }
    return sum;
}

/* ---- Remapped: each vector is an interrupt ---- */

static void take_remapped(Frame *frame)
{
    handled[frame->vector - FIRST_VECTOR]++;
    interrupts++;
}

/* ---- Posted: the notification's handler looks at PIR ---- */

static uint64_t hand_out(void)
{
    uint64_t count = 0;
    for (unsigned word = 0; word < 4; word++) {
        uint64_t bits =
            pid.pir[word] ? __atomic_exchange_n(&pid.pir[word], 0, __ATOMIC_SEQ_CST) : 0;
        for (; bits; bits &= bits - 1, count++) {
            handled[word * 64 + (unsigned)__builtin_ctzll(bits) - FIRST_VECTOR]++;
        }
    }
    return count;
}

/* What is posted while ON is set comes without a notification; once ON is clear PIR is looked at
 * once more, for what was posted before. What comes after that notifies. */
static void take_notification(Frame *frame)
{
    (void)frame;
    uint64_t count = 0, more = 1;
    interrupts++;
    for (unsigned i = 0; i < LOOPS && more; i++) {
        more = hand_out();
        count += more;
    }
    __atomic_and_fetch(&pid.control, ~(uint64_t)PID_ON, __ATOMIC_SEQ_CST);
    count += hand_out();
    coalesced += count > 1 ? count - 1 : 0;
    most_at_once = count > most_at_once ? count : most_at_once;
}

/* ---- The device ---- */

static void set_entries(bool posted)
{
    for (unsigned i = 0; i < SOURCES; i++) {
        uint8_t vector = (uint8_t)(FIRST_VECTOR + i);
        vtd_store(ORDER_XEN, FIRST_INDEX + i,
                  posted ? vtd_irte_posted(vector, &pid, pci_id(device))
                         : vtd_irte(&vtd, vector, apic_id(), false, pci_id(device)));
        ring[i] = (RingEntry){.address = vtd_msi_address(FIRST_INDEX + i)};
    }
    vtd_flush_all(&vtd);
}

static bool wait_handled(uint64_t count)
{
    for (uint64_t start = rdtsc(); all_handled() < count; pause()) {
        if (rdtsc() - start > 4000000000ull) {
            return false;
        }
    }
    return true;
}

static void bursts(const char *name)
{
    uint64_t before = all_handled(), start = rdtsc();
    interrupts = 0;
    for (unsigned i = 1; i <= BURSTS; i++) {
        write32(bar + E_COMMAND, C_RING);
        if (!wait_handled(before + (uint64_t)i * SOURCES)) {
            fail("%s: %lu of burst %u are handled", name, all_handled() - before, i);
            return;
        }
    }
    uint64_t took = rdtsc() - start, count = all_handled() - before;
    check(count == (uint64_t)BURSTS * SOURCES, "%s: %lu handled", name, count);
    print("guest: %s: %lu messages, %lu interrupts, %lu TSC ticks a message\n", name, count,
          interrupts, took / count);
}

/* The handler is slower than the device: one source, every microsecond. None may be left at the
 * end. */
static void keep_firing(void)
{
    uint64_t before = handled[0], notified = vector_count[VECTOR_NOTIFY];
    write64(bar + E_ADDR, ring[0].address);
    write32(bar + E_DATA, 0);
    write32(bar + E_REPEAT, 2000);
    write32(bar + E_DELAY, 1000);
    write32(bar + E_COMMAND, C_MESSAGE);
    while (read32(bar + E_LEFT)) {
        interrupts_off();
        for (uint64_t start = rdtsc(); rdtsc() - start < BUSY_TSC;) {
        }
        interrupts_on();
    }
    write32(bar + E_DELAY, 0);
    check(handled[0] > before && vector_count[VECTOR_NOTIFY] > notified, "nothing comes");
    check(!(pid.control & PID_ON) && !pid.pir[0] && !pid.pir[1] && !pid.pir[2] && !pid.pir[3],
          "something is left: ON %u PIR %lx", (unsigned)(pid.control & PID_ON), pid.pir[1]);
    write64(bar + E_ADDR, ring[1].address);
    uint64_t last = handled[1];
    write32(bar + E_COMMAND, C_MESSAGE);
    check(wait_handled(all_handled() + (handled[1] == last)), "the last message does not come");
    check(handled[1] == last + 1, "the last message came %lu times", handled[1] - last);
}

void guest_main(void)
{
    if (!vtd_begin(&vtd, ORDER_XEN, INTR_TESTDEV, &device, &bar)) {
        return;
    }
    check(read64(vtd.base + CAP) >> 59 & 1, "CAP has no PI");
    write64(bar + E_RING, (uint64_t)ring);
    write32(bar + E_COUNT, SOURCES);
    for (unsigned i = 0; i < SOURCES; i++) {
        set_handler((int)(FIRST_VECTOR + i), take_remapped);
    }
    set_handler(VECTOR_NOTIFY, take_notification);
    pid.control = vtd_pid_control(&vtd, VECTOR_NOTIFY, apic_id());
    set_entries(false);
    bursts("remapped");
    check(interrupts == (uint64_t)BURSTS * SOURCES, "%lu interrupts", interrupts);
    set_entries(true);
    bursts("posted");
    check(interrupts <= 2 * BURSTS, "%lu interrupts", interrupts);
    print("guest: posted: up to %lu with one notification, %lu without any\n", most_at_once,
          coalesced);
    keep_firing();
    check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
}
