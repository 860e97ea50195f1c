/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of a device with a device TLB: it maps a page, lets the device keep the translation and
 * use it, maps another one, and invalidates. -append says how the device completes invalidations:
 * right, late (after the unit has given up) or never.
 */
#include "lib/vtd.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/pci.h"

#define IOVA       0x40000000ull
#define DOMAIN     5ull
#define LEVELS     4
#define ATS_CAP    0x100u
#define ATS_ENABLE (1u << 31) /* of the dword at +4 */
#define BY_ATS     8u
#define TT_ALL     (1u << 2)
#define RW         3u
#define LATE_TICKS 5000000 /* of the TSC: the device is done by then */
#define ENTRIES    512

static Vtd vtd;
static Pci device;
static uint64_t bar;
static uint64_t root[ENTRIES] __attribute__((aligned(4096)));
static uint64_t contexts[ENTRIES] __attribute__((aligned(4096)));
static uint64_t tables[LEVELS][ENTRIES] __attribute__((aligned(4096)));
static uint64_t pages[2][ENTRIES] __attribute__((aligned(4096)));

static void map(const void *page)
{
    for (unsigned n = 0; n < LEVELS - 1; n++) {
        tables[n][IOVA >> (39 - 9 * n) & (ENTRIES - 1)] = (uint64_t)tables[n + 1] | RW;
    }
    tables[LEVELS - 1][IOVA >> 12 & (ENTRIES - 1)] = (uint64_t)page | RW;
}

static void set_context(void)
{
    root[2 * device.bus] = (uint64_t)contexts | 1;
    contexts[2 * device.devfn + 1] = (LEVELS - 2) | DOMAIN << 8;
    contexts[2 * device.devfn] = (uint64_t)tables[0] | TT_ALL | 1;
}

static void enable_ats(void)
{
    uint64_t config = PCI_ECAM + ((uint64_t)device.bus << 20) + ((uint64_t)device.devfn << 12);
    check((read32(config + ATS_CAP) & 0xffff) == 0xf, "the device has no ATS");
    write32(config + ATS_CAP + 4, read32(config + ATS_CAP + 4) | ATS_ENABLE);
}

/* What the device reads at IOVA by a translation that it keeps. */
static uint64_t device_reads(void)
{
    write64(bar + E_ADDR, IOVA);
    write32(bar + E_FLAGS, BY_ATS);
    write32(bar + E_LEN, 8);
    write32(bar + E_COMMAND, C_READ);
    check(read32(bar + E_RESULT) == 0, "the device's DMA ends with %x", read32(bar + E_RESULT));
    return read64(bar + E_BUFFER);
}

static void invalidate_iotlb(void)
{
    vtd_queue(&vtd, 2 | 2 << 4 | DOMAIN << 16, 0);
}

static void invalidate_device(void)
{
    vtd_queue(&vtd, 3 | (uint64_t)pci_id(device) << 32, IOVA);
}

/* One that is in order but for the device's TLB: the old page is read. */
static void forget_device(void)
{
    map(pages[1]);
    invalidate_iotlb();
    check(vtd_try_queue(&vtd), "the IOTLB's invalidation is aborted");
    check(device_reads() == 1, "the device does not keep its translation");
}

static void completed(void)
{
    invalidate_device();
    check(vtd_try_queue(&vtd), "the invalidation is aborted");
    check(read32(bar + E_KEPT) == 0, "the device keeps %u translations", read32(bar + E_KEPT));
    check(device_reads() == 2, "the device reads the old page after its invalidation");
    check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
}

/* The wait behind it is aborted (VT-d 6.5.2.10); the driver clears ITE, and the queue goes on. */
static void timed_out(bool comes_late)
{
    invalidate_device();
    check(!vtd_try_queue(&vtd), "the invalidation is completed");
    check(vtd_faults(&vtd) & FSTS_ITE, "fault status %x", vtd_faults(&vtd));
    check((read64(vtd.base + IQERCD) >> 32 & 0xffff) == pci_id(device), "IQERCD %lx",
          read64(vtd.base + IQERCD));
    for (uint64_t start = rdtsc(); rdtsc() - start < LATE_TICKS; pause()) {
    }
    bool unexpected = vtd_faults(&vtd) & FSTS_ICE;
    check(unexpected == comes_late, "fault status %x", vtd_faults(&vtd));
    write32(vtd.base + FSTS, FSTS_ITE | FSTS_ICE);
    check(vtd_flush_all(&vtd), "the queue stands");
    check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
    check(device_reads() == (comes_late ? 2 : 1), "the device reads the wrong page");
}

void guest_main(void)
{
    if (!vtd_begin(&vtd, ORDER_LINUX, INTR_TESTDEV, &device, &bar)) {
        return;
    }
    check(read64(vtd.base + ECAP) >> 2 & 1, "ECAP has no DT");
    pages[0][0] = 1;
    pages[1][0] = 2;
    map(pages[0]);
    set_context();
    enable_ats();
    if (!vtd_translate(&vtd, root)) {
        return;
    }
    check(device_reads() == 1, "the device reads the wrong page");
    check(read32(bar + E_KEPT) == 1, "the device keeps %u translations", read32(bar + E_KEPT));
    forget_device();
    switch (command_line()[0]) {
    case 'l':
        timed_out(true);
        break;
    case 'n':
        timed_out(false);
        break;
    default:
        completed();
        break;
    }
}
