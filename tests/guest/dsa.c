/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of a data streaming accelerator behind the remapping unit: descriptors by MOVDIR64B, and
 * completions by stored messages in the device, whose slot is masked, moved to another vector and
 * freed while the device fires; interrupt handles, and the slot's rule for PASIDs.
 */
#include "tests/include/dsa.h"
#include "lib/vtd.h"

enum { SLOT = 77, INDEX_OLD = 20, INDEX_NEW = 21, VECTOR_OLD = 0x51, VECTOR_NEW = 0x52 };
#define ACCELERATOR 0x0b258086u
#define MASKED      1u /* of a slot's control */
#define PENDING     2u
#define PASID_ON    8u
#define SUCCESS     1u
#define BAD_HANDLE  0x19u
#define BURST       256u
#define FILL_BYTES  16384u
#define LONG_TICKS  2000000 /* of the TSC */

typedef struct {
    uint64_t address;
    uint32_t data, control;
} Slot;

static Vtd vtd;
static Pci device;
static uint64_t regs, portal;
static volatile Slot *slot;
static uint16_t handle;
static DsaDescriptor list[BURST] __attribute__((aligned(64)));
static volatile DsaCompletion record __attribute__((aligned(32)));
static uint8_t filled[FILL_BYTES];

static void wait_long(void)
{
    for (uint64_t start = rdtsc(); rdtsc() - start < LONG_TICKS; pause()) {
    }
}

static bool more_comes(int vector)
{
    uint64_t before = vector_count[vector];
    wait_long();
    return vector_count[vector] != before;
}

static uint32_t command(uint32_t code, uint32_t operand)
{
    uint32_t status;
    write32(regs + DSA_R_CMD, code << 20 | operand);
    while ((status = read32(regs + DSA_R_CMDSTS)) & DSA_C_ACTIVE) {
        pause();
    }
    return status;
}

static void submit(const DsaDescriptor *descriptor)
{
    asm volatile("movdir64b %0, %1" : : "m"(*descriptor), "r"(portal) : "memory");
}

/* A descriptor by itself, whose completion interrupts; its status. */
static uint8_t interrupt(void)
{
    DsaDescriptor noop = {.flags_opcode = DSA_O_NOOP << 24 | DSA_D_RECORD_VALID | DSA_D_RECORD |
                                          DSA_D_INTERRUPT,
                          .record = (uint64_t)&record,
                          .handle = handle};
    record.status = 0;
    submit(&noop);
    while (!record.status) {
        pause();
    }
    return record.status;
}

/* A batch of which each one interrupts. */
static void burst_start(void)
{
    DsaDescriptor batch = {.flags_opcode = DSA_O_BATCH << 24 | DSA_D_RECORD_VALID | DSA_D_RECORD,
                           .record = (uint64_t)&record,
                           .source = (uint64_t)list,
                           .size = BURST};
    for (unsigned i = 0; i < BURST; i++) {
        list[i] = (DsaDescriptor){.flags_opcode = DSA_O_FILL << 24 | DSA_D_INTERRUPT,
                                  .source = i,
                                  .destination = (uint64_t)filled,
                                  .size = FILL_BYTES,
                                  .handle = handle};
    }
    record.status = 0;
    submit(&batch);
}

static void burst_end(void)
{
    while (!record.status) {
        pause();
    }
    check(record.status == SUCCESS && record.completed == BURST, "a batch ends with %x after %u",
          record.status, record.completed);
}

static void set_control(uint32_t control)
{
    slot->control = control;
    (void)slot->control; /* it has got there */
}

static void point(unsigned index)
{
    slot->address = vtd_msi_address(index);
    slot->data = 0;
}

/* Nothing more comes, but it is pending. */
static void mask(int vector)
{
    set_control(slot->control | MASKED);
    wait_long();
    uint64_t before = vector_count[vector];
    burst_end();
    check(interrupt() == SUCCESS, "a descriptor fails while its slot is masked");
    wait_long();
    check(vector_count[vector] == before, "it comes though masked");
    check(slot->control & PENDING, "it is not pending");
}

static void masked_while_firing(void)
{
    uint64_t start = vector_count[VECTOR_OLD];
    burst_start();
    check(wait_vector(VECTOR_OLD, start + 1), "nothing comes");
    mask(VECTOR_OLD);
    uint64_t before = vector_count[VECTOR_OLD];
    set_control(0);
    wait_long();
    check(vector_count[VECTOR_OLD] == before + 1, "unmasked, %lu came",
          vector_count[VECTOR_OLD] - before);
    check(!(slot->control & PENDING), "it stays pending");
}

static void moved_while_firing(void)
{
    uint64_t start = vector_count[VECTOR_OLD];
    burst_start();
    check(wait_vector(VECTOR_OLD, start + 1), "nothing comes");
    mask(VECTOR_OLD);
    uint64_t old = vector_count[VECTOR_OLD];
    point(INDEX_NEW);
    set_control(0);
    burst_start();
    check(wait_vector(VECTOR_NEW, 2), "nothing comes at the new vector");
    burst_end();
    check(vector_count[VECTOR_OLD] == old, "it comes at the old vector");
}

/* What is pending goes with the slot: its next owner does not get it. */
static void freed_while_firing(void)
{
    burst_start();
    mask(VECTOR_NEW);
    slot->address = 0;
    point(INDEX_OLD);
    uint64_t old = vector_count[VECTOR_OLD], new = vector_count[VECTOR_NEW];
    set_control(0);
    check(!more_comes(VECTOR_OLD) && vector_count[VECTOR_NEW] == new,
          "a freed slot's interrupt comes");
    check(interrupt() == SUCCESS && wait_vector(VECTOR_OLD, old + 1),
          "the next owner's does not come");
}

static void rules(void)
{
    uint64_t before = vector_count[VECTOR_OLD];
    set_control(PASID_ON);
    check(interrupt() == BAD_HANDLE, "a slot of another PASID may be used");
    set_control(0);
    check(command(DSA_C_RELEASE_HANDLE, DSA_C_IMS | handle) == 0, "a handle can't be released");
    check(interrupt() == BAD_HANDLE, "a released handle may be used");
    check(!more_comes(VECTOR_OLD) && vector_count[VECTOR_OLD] == before, "it interrupts");
}

static void set_up(void)
{
    uint64_t tables = read64(regs + DSA_R_TABLES);
    uint64_t group = regs + (tables & 0xffff) * 0x100, wq = regs + (tables >> 16 & 0xffff) * 0x100;
    slot = (volatile Slot *)(regs + (tables >> 48) * 0x100) + SLOT;
    portal = pci_bar(device, 2) + DSA_PORTAL_SLOT;
    command(DSA_C_RESET_DEVICE, 0);
    write64(group, 1);
    write64(group + 32, 1);
    write32(wq, 32);
    write32(wq + 8, DSA_WQ_DEDICATED | DSA_WQ_PRIORITY(10));
    write32(wq + 12, 20 | 10 << 5);
    check(command(DSA_C_ENABLE_DEVICE, 0) == 0, "the device can't be enabled");
    check(command(DSA_C_ENABLE_WQ, 0) == 0, "the queue can't be enabled");
    uint32_t status = command(DSA_C_REQUEST_HANDLE, DSA_C_IMS | SLOT);
    check((status & 0xff) == 0, "no handle: %x", status);
    handle = (uint16_t)(status >> 8);
    vtd_store(ORDER_XEN, INDEX_OLD, vtd_irte(&vtd, VECTOR_OLD, apic_id(), false, pci_id(device)));
    vtd_store(ORDER_XEN, INDEX_NEW, vtd_irte(&vtd, VECTOR_NEW, apic_id(), false, pci_id(device)));
}

void guest_main(void)
{
    uint32_t leaf[4];
    cpuid(7, 0, leaf);
    if (!(leaf[2] >> 28 & 1)) {
        fail("the CPU has no MOVDIR64B");
        return;
    }
    if (!vtd_begin(&vtd, ORDER_XEN, ACCELERATOR, &device, &regs)) {
        return;
    }
    set_up();
    point(INDEX_OLD);
    set_control(0);
    masked_while_firing();
    moved_while_firing();
    freed_while_firing();
    rules();
    print("guest: %lu at the old vector, %lu at the new one\n", vector_count[VECTOR_OLD],
          vector_count[VECTOR_NEW]);
    check(vtd_faults(&vtd) == 0, "fault status %x", vtd_faults(&vtd));
}
