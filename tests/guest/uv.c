/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of a UV hub's interrupt registers, beside a remapping unit that is on: messages at once
 * and by the hub's clock, to either CPU, masked, moved, in time and too late.
 */
#include "tests/include/uv.h"
#include "lib/vtd.h"

#define VECTOR     0x61
#define LONG_TICKS 2000000 /* of the TSC */

static uint64_t hub;
static volatile uint32_t other_id;

static void other_cpu(void)
{
    interrupts_on();
    other_id = apic_id();
    for (;;) {
        pause();
    }
}

static uint64_t uv_read(uint32_t reg)
{
    return read64(hub + reg);
}

static void uv_write(uint32_t reg, uint64_t value)
{
    write64(hub + reg, value);
}

static bool more_comes(void)
{
    uint64_t before = vector_count[VECTOR];
    for (uint64_t start = rdtsc(); rdtsc() - start < LONG_TICKS; pause()) {
    }
    return vector_count[VECTOR] != before;
}

static void at_once(uint32_t dest)
{
    uint64_t before = vector_count[VECTOR];
    uv_write(UV_IPI_INT, UV_IPI_SEND | (uint64_t)dest << 16 | VECTOR);
    check(wait_vector(VECTOR, before + 1), "IPI_INT sends nothing to %x", dest);
    check(vector_cpu[VECTOR] == dest, "IPI_INT came to %x, not %x", vector_cpu[VECTOR], dest);
}

/* In the order of Linux's uv_setup_intr(). */
static void arm(uint32_t dest, uint64_t expires)
{
    uv_write(UV_RTC1_INT_CONFIG, UV_ENTRY_MASK);
    uv_write(UV_INT_CMPB, ~0ull);
    uv_write(UV_EVENT_OCCURRED2_ALIAS, UV_EVENT_RTC_1);
    check(!(uv_read(UV_EVENT_OCCURRED2) & UV_EVENT_RTC_1), "the event can't be cleared");
    uv_write(UV_RTC1_INT_CONFIG, (uint64_t)dest << 32 | VECTOR);
    uv_write(UV_INT_CMPB, expires);
}

static void by_clock(uint32_t dest)
{
    uint64_t before = vector_count[VECTOR], expires = uv_read(UV_RTC) + 100000;
    arm(dest, expires);
    check(wait_vector(VECTOR, before + 1), "the clock sends nothing to %x", dest);
    check(uv_read(UV_RTC) >= expires, "it comes too early");
    check(vector_cpu[VECTOR] == dest, "it came to %x, not %x", vector_cpu[VECTOR], dest);
    check(uv_read(UV_EVENT_OCCURRED2) & UV_EVENT_RTC_1, "the event is not noted");
    check(!more_comes(), "it comes twice");
}

static void masked(void)
{
    arm(apic_id(), uv_read(UV_RTC) + 100000);
    uv_write(UV_RTC1_INT_CONFIG, UV_ENTRY_MASK | VECTOR);
    while (!(uv_read(UV_EVENT_OCCURRED2) & UV_EVENT_RTC_1)) {
        pause();
    }
    uv_write(UV_RTC1_INT_CONFIG, (uint64_t)apic_id() << 32 | VECTOR);
    check(!more_comes(), "it comes though masked");
}

/* What has passed does not come: Linux then looks at the clock, and sends by itself. */
static void too_late(void)
{
    arm(apic_id(), uv_read(UV_RTC) - 1000);
    check(!more_comes() && !(uv_read(UV_EVENT_OCCURRED2) & UV_EVENT_RTC_1),
          "what has passed comes");
}

static void set_up_nothing(Vtd *vtd)
{
    (void)vtd;
}

void guest_main(void)
{
    Vtd vtd;
    acpi_init();
    interrupts_init();
    interrupts_on();
    if (!vtd_find(&vtd) || !vtd_enable(&vtd, ORDER_LINUX, set_up_nothing)) {
        fail("there is no remapping unit");
        return;
    }
    hub = UV_LOCAL_MMR_BASE;
    check((uv_read(UV_NODE_ID) >> 12 & 0xffff) == UV4_PART_NUMBER, "there is no hub");
    check(start_cpu(cpu_ids[1], other_cpu), "the other CPU does not start");
    while (!other_id) {
        pause();
    }
    at_once(apic_id());
    at_once(other_id);
    by_clock(apic_id());
    by_clock(other_id);
    masked();
    too_late();
    check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
}
