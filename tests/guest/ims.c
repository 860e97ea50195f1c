/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of an interrupt message store behind the remapping unit: slots in a BAR and in the
 * driver's own memory, masked, moved to another vector and freed while the device fires.
 */
#include "lib/vtd.h"
#include "tests/include/intr_testdev.h"

enum { SLOT = 3, INDEX_OLD = 20, INDEX_NEW = 21, VECTOR_OLD = 0x51, VECTOR_NEW = 0x52 };
#define PERIOD_NS  3000
#define FOR_GOOD   0x7fffffff
#define MASKED     1u /* of control */
#define PENDING    2u
#define LONG_TICKS 2000000 /* of the TSC: many periods */

typedef struct {
    uint64_t address;
    uint32_t data, control;
} Slot;

typedef struct {
    const char *name;
    volatile Slot *slot;
    uint32_t command;
} Store;

static Vtd vtd;
static Pci device;
static uint64_t bar;
static Slot memory[16] __attribute__((aligned(4096)));

static void wait_long(void)
{
    for (uint64_t start = rdtsc(); rdtsc() - start < LONG_TICKS; pause()) {
    }
}

static void fire(const Store *store, uint32_t times)
{
    write32(bar + E_DATA, SLOT);
    write32(bar + E_REPEAT, times);
    write32(bar + E_DELAY, PERIOD_NS);
    write32(bar + E_COMMAND, store->command);
}

static void stop(void)
{
    write32(bar + E_DELAY, 0);
    write32(bar + E_REPEAT, 0);
    write32(bar + E_DATA, 0);
    write32(bar + E_COMMAND, 0);
    check(read32(bar + E_LEFT) == 0, "it fires on");
    wait_long();
}

/* Slots in memory are the driver's: it says when it has changed one. A store is enough in the BAR.
 */
static void tell(const Store *store)
{
    if (store->command == C_IMS_MEMORY) {
        write32(bar + E_DATA, SLOT);
        write32(bar + E_COMMAND, C_IMS_CHANGED);
    } else {
        (void)store->slot->control; /* the writes have got there */
    }
}

static void set_control(const Store *store, uint32_t control)
{
    store->slot->control = control;
    tell(store);
}

/* After it, nothing more comes. */
static void mask(const Store *store)
{
    store->slot->control |= MASKED;
    (void)store->slot->control;
    wait_long();
}

static bool more_comes(int vector)
{
    uint64_t before = vector_count[vector];
    wait_long();
    return vector_count[vector] != before;
}

static void point(const Store *store, unsigned index)
{
    store->slot->address = vtd_msi_address(index);
    store->slot->data = 0;
}

static void masked_while_firing(const Store *store)
{
    fire(store, FOR_GOOD);
    check(more_comes(VECTOR_OLD), "%s: nothing comes", store->name);
    mask(store);
    check(!more_comes(VECTOR_OLD), "%s: it comes though masked", store->name);
    check(store->slot->control & PENDING, "%s: it is not pending", store->name);
    stop();
    uint64_t before = vector_count[VECTOR_OLD];
    set_control(store, 0);
    wait_long();
    check(vector_count[VECTOR_OLD] == before + 1, "%s: unmasked, %lu came", store->name,
          vector_count[VECTOR_OLD] - before);
    check(!(store->slot->control & PENDING), "%s: it stays pending", store->name);
}

static void moved_while_firing(const Store *store)
{
    fire(store, FOR_GOOD);
    check(more_comes(VECTOR_OLD), "%s: nothing comes", store->name);
    mask(store);
    uint64_t old = vector_count[VECTOR_OLD];
    point(store, INDEX_NEW);
    stop();
    set_control(store, 0);
    fire(store, FOR_GOOD);
    check(more_comes(VECTOR_NEW), "%s: nothing comes at the new vector", store->name);
    check(vector_count[VECTOR_OLD] == old, "%s: it comes at the old vector", store->name);
    stop();
}

/* What is pending goes with the slot: its next owner does not get it. */
static void freed_while_firing(const Store *store)
{
    fire(store, FOR_GOOD);
    check(more_comes(VECTOR_NEW), "%s: nothing comes", store->name);
    mask(store);
    check(store->slot->control & PENDING, "%s: it is not pending", store->name);
    store->slot->address = 0;
    stop();
    tell(store);
    point(store, INDEX_OLD);
    uint64_t old = vector_count[VECTOR_OLD], new = vector_count[VECTOR_NEW];
    set_control(store, 0);
    wait_long();
    check(vector_count[VECTOR_OLD] == old && vector_count[VECTOR_NEW] == new,
          "%s: a freed slot's interrupt comes", store->name);
    fire(store, 1);
    check(wait_vector(VECTOR_OLD, old + 1), "%s: the next owner's does not come", store->name);
    stop();
    store->slot->control = MASKED;
    store->slot->address = 0;
}

static void try(const Store *store)
{
    point(store, INDEX_OLD);
    set_control(store, 0);
    masked_while_firing(store);
    moved_while_firing(store);
    freed_while_firing(store);
    print("guest: %s: %lu at the old vector, %lu at the new one\n", store->name,
          vector_count[VECTOR_OLD], vector_count[VECTOR_NEW]);
}

static void set_entries(void)
{
    vtd_store(ORDER_XEN, INDEX_OLD, vtd_irte(&vtd, VECTOR_OLD, apic_id(), false, pci_id(device)));
    vtd_store(ORDER_XEN, INDEX_NEW, vtd_irte(&vtd, VECTOR_NEW, apic_id(), false, pci_id(device)));
}

void guest_main(void)
{
    if (!vtd_begin(&vtd, ORDER_XEN, INTR_TESTDEV, &device, &bar)) {
        return;
    }
    set_entries();
    memory[SLOT].control = MASKED;
    write64(bar + E_IMS_BASE, (uint64_t)memory);
    const Store stores[] = {
        {"slots in the BAR", (volatile Slot *)pci_bar(device, 4) + SLOT, C_IMS},
        {"slots in memory", &memory[SLOT], C_IMS_MEMORY},
    };
    try(&stores[0]);
    try(&stores[1]);
    check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
}
