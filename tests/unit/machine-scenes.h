/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What devices of a machine (machine-fixture.h) can be in the middle of, and how they go on. */
#ifndef TESTS_UNIT_MACHINE_SCENES_H
#define TESTS_UNIT_MACHINE_SCENES_H

#include "hw/i386/iommu/vtd.h"
#include "hw/i386/mch.h"
#include "hyperv-fixture.h"
#include "machine-fixture.h"
#include "tests/include/ahci.h"
#include "tests/include/amdvi.h"
#include "tests/include/dsa.h"
#include "tests/include/uv.h"

#define VTD_BASE    0xfed90000ull
#define HPET_BASE   0xfed00000ull
#define IOAPIC_BASE 0xfec00000ull
#define QUEUE       0x100000ull
#define VIRTQ       0x200000ull
#define NVME_MEM    0x300000ull
#define DSA_MEM     0x380000ull
#define AHCI_MEM    0x3e0000ull
#define VSCSI_MEM   0x240000ull
#define DSA_FILLED  0x800000ull
#define DEVICES     0x700000ull

static void wr(Box *box, uint64_t at, uint64_t value, unsigned size)
{
    as_store(box->platform.memory, at, value, size);
}

static void out(Box *box, uint64_t port, uint8_t value)
{
    as_store(box->platform.ports, port, value, 1);
}

/* Both timers of a PC, the RTC's, HPET's and the local APICs', towards IOAPIC and APICs. */
static void start_timers(Box *box)
{
    out(box, 0x43, 0x34);
    out(box, 0x40, 0x00);
    out(box, 0x40, 0x10);
    out(box, 0x43, 0xe2); /* its status latched, and not read */
    out(box, 0x70, 0x0a);
    out(box, 0x71, 0x76); /* the divider held for a while */
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 12345);
    out(box, 0x71, 0x26);
    out(box, 0x70, 0x0b);
    out(box, 0x71, 0x42);
    wr(box, HPET_BASE + 0x100, 0x4c | 20ull << 9, 8); /* periodic, pin 20 */
    wr(box, HPET_BASE + 0x108, 5000, 8);
    wr(box, HPET_BASE + 0x120, 0x06 | 21ull << 9, 8); /* level */
    wr(box, HPET_BASE + 0x128, 77777, 8);
    wr(box, HPET_BASE + 0x10, 1, 8);
    for (unsigned pin = 0; pin < 24; pin++) {
        wr(box, IOAPIC_BASE, 0x11 + 2 * pin, 4);
        wr(box, IOAPIC_BASE + 0x10, (pin & 1) << 24, 4);
        wr(box, IOAPIC_BASE, 0x10 + 2 * pin, 4);
        wr(box, IOAPIC_BASE + 0x10, (0x30 + pin) | (pin >= 16 ? 0xa000 : 0), 4);
    }
    for (unsigned i = 0; i < BOX_CPUS; i++) {
        apic_mmio_write(box->machine->apics[i], 0xf0, 0x1ff, 4);
        apic_mmio_write(box->machine->apics[i], 0x3e0, 0xb, 4);
        apic_mmio_write(box->machine->apics[i], 0x320, 0x20000 | (0x60 + i), 4);
        apic_mmio_write(box->machine->apics[i], 0x380, 30000 + 1000 * i, 4);
    }
}

/* A queue of invalidations half way: each takes its time, and the last ones wait and interrupt. */
static void start_vtd_queue(Box *box)
{
    enum { COUNT = 100, GCMD = 0x18, QIE = 1 << 26, IQT = 0x88, IQA = 0x90, IECTL = 0xa0 };
    for (unsigned i = 0; i < COUNT; i++) {
        bool wait = i % 3 == 2;
        wr(box, QUEUE + 16 * i, wait ? 5 | 1 << 5 | (i % 2) << 4 | (uint64_t)i << 32 : 4, 8);
        wr(box, QUEUE + 16 * i + 8, wait ? QUEUE + 0x2000 + 8 * i : 0, 8);
    }
    wr(box, VTD_BASE + IQA, QUEUE, 8);
    wr(box, VTD_BASE + GCMD, QIE, 4);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 2000);
    wr(box, VTD_BASE + IECTL + 4, 0x70, 4);
    wr(box, VTD_BASE + IECTL + 8, 0xfee00000, 4);
    wr(box, VTD_BASE + IECTL, 0, 4);
    wr(box, VTD_BASE + IQT, 16 * COUNT, 8);
}

static PciDevice *find_pci(Box *box, const char *name)
{
    return (PciDevice *)machine_find_device(box->machine, name);
}

static uint64_t memory_bar(Box *box, const PciDevice *pci, unsigned bar)
{
    uint64_t config = MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12) + 0x10 + 4 * bar;
    uint64_t value = as_load(box->platform.memory, config, 8, NULL);
    return (value & 6) == 4 ? value & ~15ull : (uint32_t)value & ~15u;
}

/* A DMA under way, and the interrupt asked for at its end. */
static void start_edu(Box *box)
{
    uint64_t base = memory_bar(box, find_pci(box, "edu"), 0);
    wr(box, base + 0x20, 0x80, 4);
    wr(box, base + 0x08, 6, 4);
    wr(box, base + 0x80, 0x3000, 8);
    wr(box, base + 0x88, 0x40000, 8);
    wr(box, base + 0x90, 64, 8);
    wr(box, base + 0x98, 5, 8);
}

/* One read from the disk, the `n`th of the queue that start_virtio() set up. */
static void post_request(Box *box, unsigned n)
{
    enum { WRITE = 2, NEXT = 1, NOTIFY = 0x3000 };
    uint64_t bar = memory_bar(box, find_pci(box, "virtio-blk-pci"), 4);
    uint64_t header = VIRTQ + 0x4000 + 16 * n, data = VIRTQ + 0x5000 + 512 * n;
    wr(box, header, 0, 8);
    wr(box, header + 8, n, 8);
    const struct {
        uint64_t at;
        uint32_t len;
        uint16_t flags;
    } parts[] = {{header, 16, NEXT}, {data, 512, NEXT | WRITE}, {header + 0x800, 1, WRITE}};
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        uint64_t desc = VIRTQ + 16 * (3 * n + i);
        wr(box, desc, parts[i].at, 8);
        wr(box, desc + 8, parts[i].len, 4);
        wr(box, desc + 12, parts[i].flags, 2);
        wr(box, desc + 14, 3 * n + i + 1, 2);
    }
    wr(box, VIRTQ + 0x1004 + 2 * n, 3 * n, 2);
    wr(box, VIRTQ + 0x1002, n + 1, 2);
    wr(box, bar + NOTIFY, 0, 2);
}

/* The disk's queue, with a vector that is masked, and so pending after the first request. */
static void start_virtio(Box *box)
{
    enum { FEATURE_SELECT = 8, FEATURE = 12, STATUS = 20, SIZE = 24, VECTOR = 26, ENABLE = 28 };
    PciDevice *pci = find_pci(box, "virtio-blk-pci");
    uint64_t config = MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12);
    uint64_t bar = memory_bar(box, pci, 4), vectors = memory_bar(box, pci, 1);
    wr(box, config + 4, 7, 2);
    wr(box, config + pci->msix.cap + 2, 0x8000, 2);
    wr(box, vectors + 16, 0xfee00000, 8);
    wr(box, vectors + 24, 0x71, 4);
    wr(box, bar + STATUS, 3, 1);
    wr(box, bar + FEATURE_SELECT, 1, 4);
    wr(box, bar + FEATURE, 3, 4); /* VERSION_1, ACCESS_PLATFORM */
    wr(box, bar + STATUS, 11, 1);
    wr(box, bar + SIZE, 16, 2);
    wr(box, bar + VECTOR, 1, 2);
    wr(box, bar + 32, VIRTQ, 8);
    wr(box, bar + 40, VIRTQ + 0x1000, 8);
    wr(box, bar + 48, VIRTQ + 0x2000, 8);
    wr(box, bar + ENABLE, 1, 2);
    wr(box, bar + STATUS, 15, 1);
    post_request(box, 0);
    g_assert_cmpuint(as_load(box->platform.memory, VIRTQ + 0x2002, 2, NULL), ==, 1);
    g_assert_cmpuint(pci->msix.pba[0], ==, 2);
}

/* The disk's next request; its vector is let through. */
static void use_virtio(Box *box)
{
    uint64_t vectors = memory_bar(box, find_pci(box, "virtio-blk-pci"), 1);
    apic_mmio_write(box->machine->apics[0], 0xf0, 0x1ff, 4);
    wr(box, vectors + 28, 0, 4);
    g_assert_cmpint(apic_ack(box->machine->apics[0]), ==, 0x71);
    post_request(box, 1);
    g_assert_cmpuint(as_load(box->platform.memory, VIRTQ + 0x2002, 2, NULL), ==, 2);
}

/* A command of queue `q` of the NVM Express controller: with n, the queue's nth. */
static void nvme_post_command(Box *box, unsigned q, unsigned n, uint32_t dword0, uint64_t data,
                              uint32_t cdw10, uint32_t cdw11)
{
    uint64_t at = NVME_MEM + q * 0x2000 + 64 * n;
    uint64_t regs = memory_bar(box, find_pci(box, "nvme"), 0);
    wr(box, at, dword0 | (n + 1) << 16, 4);
    wr(box, at + 4, q == 0 ? 0 : 1, 4);
    wr(box, at + 24, data, 8);
    wr(box, at + 40, cdw10, 4);
    wr(box, at + 44, cdw11, 4);
    wr(box, at + 48, 0, 4);
    wr(box, regs + 0x1000 + 8 * q, n + 1, 4);
}

static void let_pass(Box *box, int64_t ns)
{
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + ns);
}

static uint32_t nvme_completion(Box *box, unsigned q, unsigned n)
{
    return (uint32_t)as_load(box->platform.memory, NVME_MEM + 0x1000 + q * 0x2000 + 16 * n + 12, 4,
                             NULL);
}

/* A command is asked for that no slice has seen; one is done, of which aggregation has not told; an
 * event request waits. */
static void start_nvme(Box *box)
{
    enum { CREATE_SQ = 1, CREATE_CQ = 5, SET_FEATURES = 9, ASYNC_EVENT = 12, READ = 2 };
    PciDevice *pci = find_pci(box, "nvme");
    uint64_t regs = memory_bar(box, pci, 0), vectors = memory_bar(box, pci, 4);
    uint64_t config = MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12);
    wr(box, config + 4, 6, 2);
    wr(box, config + pci->msix.cap + 2, 0x8000, 2);
    wr(box, vectors + 16, 0xfee00000, 8);
    wr(box, vectors + 24, 0x72, 4);
    wr(box, vectors + 28, 0, 4);
    wr(box, regs + 0x14, 0, 4);
    wr(box, regs + 0x24, 15 | 15 << 16, 4);
    wr(box, regs + 0x28, NVME_MEM, 8);
    wr(box, regs + 0x30, NVME_MEM + 0x1000, 8);
    for (unsigned at = 0; at < 0x4000; at += 8) {
        wr(box, NVME_MEM + at, 0, 8);
    }
    wr(box, regs + 0x14, 0x460001, 4);
    nvme_post_command(box, 0, 0, CREATE_CQ, NVME_MEM + 0x3000, 1 | 15 << 16, 1 << 16 | 3);
    nvme_post_command(box, 0, 1, CREATE_SQ, NVME_MEM + 0x2000, 1 | 15 << 16, 1 << 16 | 1);
    nvme_post_command(box, 0, 2, SET_FEATURES, 0, 8, 3 | 1 << 8);
    nvme_post_command(box, 0, 3, ASYNC_EVENT, 0, 0, 0);
    let_pass(box, 1000);
    nvme_post_command(box, 1, 0, READ, NVME_MEM + 0x5000, 1, 0);
    let_pass(box, 1000);
    nvme_post_command(box, 1, 1, READ, NVME_MEM + 0x6000, 2, 0);
    g_assert_cmphex(nvme_completion(box, 1, 0), ==, 1 | 1 << 16);
    g_assert_cmphex(nvme_completion(box, 1, 1), ==, 0);
}

static void use_nvme(Box *box)
{
    uint64_t regs = memory_bar(box, find_pci(box, "nvme"), 0);
    apic_mmio_write(box->machine->apics[0], 0xf0, 0x1ff, 4);
    let_pass(box, 1000);
    g_assert_cmphex(nvme_completion(box, 1, 1), ==, 2 | 1 << 16);
    g_assert_cmpint(apic_ack(box->machine->apics[0]), ==, -1);
    let_pass(box, 100000);
    g_assert_cmpint(apic_ack(box->machine->apics[0]), ==, 0x72);
    wr(box, regs + 0x1018, 1, 4); /* no such queue: the event */
    let_pass(box, 1000);
    g_assert_cmphex(nvme_completion(box, 0, 3), ==, 4 | 1 << 16);
}

/* HPET timer 0 in place of the i8254 has fired: its line stays up for the i8259. */
static void start_hpet_legacy(Box *box)
{
    wr(box, HPET_BASE + 0x100, 4, 8);
    wr(box, HPET_BASE + 0x108, as_load(box->platform.memory, HPET_BASE + 0xf0, 8, NULL) + 100, 8);
    wr(box, HPET_BASE + 0x10, 3, 8);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 100000);
}

/* What is written again moves no wire. */
static void use_hpet_legacy(Box *box)
{
    wr(box, HPET_BASE + 0x100, 4, 8);
    out(box, 0x20, 0x0a); /* OCW3: the request register */
    g_assert_cmphex(as_load(box->platform.ports, 0x20, 1, NULL) & 1, ==, 1);
}

enum { DEVICE_TLB_SID = 0x18, DEVICE_TLB_DONE = 0x3000 };

static uint32_t waits_done(Box *box)
{
    return (uint32_t)as_load(box->platform.memory, QUEUE + DEVICE_TLB_DONE, 4, NULL);
}

/* A device has yet to answer to an invalidation, and a wait descriptor waits for that; another one
 * comes after. */
static void start_device_tlb(Box *box)
{
    enum { GCMD = 0x18, QIE = 1 << 26, IQT = 0x88, IQA = 0x90, DEVICE_TLB = 3, WAIT = 5 };
    const uint64_t descriptors[][2] = {
        {DEVICE_TLB | (uint64_t)DEVICE_TLB_SID << 32, 0x7000},
        {WAIT | 1 << 5 | 1ull << 32, QUEUE + DEVICE_TLB_DONE},
        {WAIT | 1 << 5 | 2ull << 32, QUEUE + DEVICE_TLB_DONE},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(descriptors); i++) {
        wr(box, QUEUE + 16 * i, descriptors[i][0], 8);
        wr(box, QUEUE + 16 * i + 8, descriptors[i][1], 8);
    }
    wr(box, VTD_BASE + IQA, QUEUE, 8);
    wr(box, VTD_BASE + GCMD, QIE, 4);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 2000);
    wr(box, VTD_BASE + IQT, 16 * G_N_ELEMENTS(descriptors), 8);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 10000);
}

static void use_device_tlb(Box *box)
{
    Device *vtd = box->machine->iommus->pdata[0];
    g_assert_cmpuint(waits_done(box), ==, 0);
    vtd_device_tlb_completed(vtd, DEVICE_TLB_SID, 1);
    g_assert_cmpuint(waits_done(box), ==, 1);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 10000);
    g_assert_cmpuint(waits_done(box), ==, 2);
}

/* Commands under way, of which the last is illegal, and an event that is not in the log yet. */
static void start_amd_queue(Box *box)
{
    enum { COUNT = 5, WAIT = 1, LOG = 0x1000, STORE = 0x2000 };
    const uint64_t length = 8ull << 56, all_devices = 15; /* in pages, less one */
    for (unsigned i = 0; i < COUNT; i++) {
        wr(box, QUEUE + 16 * i, i == COUNT - 1 ? 0 : (uint64_t)WAIT << 60 | (QUEUE + STORE) | 1, 8);
        wr(box, QUEUE + 16 * i + 8, i + 1, 8);
    }
    wr(box, AMD_BASE + DEV_TAB, DEVICES | all_devices, 8);
    wr(box, AMD_BASE + CMD_BUF, QUEUE | length, 8);
    wr(box, AMD_BASE + EVT_LOG, (QUEUE + LOG) | length, 8);
    wr(box, AMD_BASE + CONTROL, IOMMU_EN | CMD_BUF_EN | EVT_LOG_EN | EVT_INT_EN, 8);
    wr(box, AMD_BASE + CMD_TAIL, 16 * COUNT, 8);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 2500);
}

static void use_amd_queue(Box *box)
{
    g_assert_cmpuint(as_load(box->platform.memory, QUEUE + 0x2000, 8, NULL), ==, 2);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 2500);
    g_assert_cmpuint(as_load(box->platform.memory, QUEUE + 0x2000, 8, NULL), ==, 4);
    g_assert_cmphex(as_load(box->platform.memory, AMD_BASE + AMD_STATUS, 8, NULL), ==, EVT_RUN);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 700);
    g_assert_cmphex(as_load(box->platform.memory, AMD_BASE + AMD_STATUS, 8, NULL), ==,
                    EVT_RUN | EVT_INT);
    g_assert_cmphex(as_load(box->platform.memory, QUEUE + 0x1008, 8, NULL), ==, QUEUE + 16 * 4);
}

typedef struct {
    const char *name;
    void (*start)(Box *box);
    void (*use)(Box *box); /* what goes on after a load; may be NULL */
    const char *unit;      /* that it needs; NULL: Intel's */
} Scene;

/* Two timers whose messages share a slot: one of them waits there, the other one comes again. */
static void start_hyperv(Box *box)
{
    static const struct {
        uint32_t msr;
        uint64_t value;
    } steps[] = {{HV_GUEST_ID, 1},
                 {HV_HYPERCALL, HV_AT_CALL | 1},
                 {HV_REF_TSC, HV_AT_TSC | 1},
                 {HV_SIMP, HV_AT_SIMP | 1},
                 {HV_SCONTROL, 1},
                 {HV_SINT(3), 0x91 | 1u << 17},
                 {HV_CONFIG(0), 1 | 3 << 16},
                 {HV_COUNT(0), 1},
                 {HV_CONFIG(1), 1 | 3 << 16},
                 {HV_COUNT(1), 1},
                 {HV_COUNT(2), 700},
                 {HV_CONFIG(2), 3 | 0x92 << 4 | 1 << 12}};
    HvVp *vp = hv_vp(box->machine->hyperv, 1);
    apic_mmio_write(box->machine->apics[1], 0xf0, 0x1ff, 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        hv_put(vp, steps[i].msr, steps[i].value);
    }
}

static void use_hyperv(Box *box)
{
    HvVp *vp = hv_vp(box->machine->hyperv, 1);
    wr(box, HV_AT_SIMP + 3 * 256, 0, 4);
    hv_put(vp, HV_EOM, 0);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + NS_PER_MS);
}

/* A fill that takes several slices, in a batch with an interrupt through a slot; the queue's drain
 * waits for it. */
enum { DSA_FILL = 6 << 20, DSA_STORED = 0x73 };

static void submit_batch(Box *box, uint64_t portal, uint16_t handle)
{
    const DsaDescriptor list[] = {
        {.flags_opcode = (uint32_t)DSA_O_NOOP << 24},
        {.flags_opcode = (uint32_t)DSA_O_FILL << 24,
         .source = 0x0123456789abcdef,
         .destination = DSA_FILLED,
         .size = DSA_FILL},
    };
    const DsaDescriptor batch = {.flags_opcode = (uint32_t)DSA_O_BATCH << 24 | DSA_D_RECORD_VALID |
                                                 DSA_D_RECORD | DSA_D_INTERRUPT,
                                 .record = DSA_MEM,
                                 .source = DSA_MEM + 0x1000,
                                 .size = G_N_ELEMENTS(list),
                                 .handle = handle};
    as_write(box->platform.memory, DSA_MEM + 0x1000, list, sizeof(list));
    as_write(box->platform.memory, portal, &batch, sizeof(batch));
}

static void start_dsa(Box *box)
{
    PciDevice *pci = find_pci(box, "dsa");
    uint64_t regs = memory_bar(box, pci, 0), slot = regs + 0x2000 + 16 * 5;
    wr(box, MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12) + 4, 6, 2);
    wr(box, regs + DSA_R_CMD, DSA_C_RESET_DEVICE << 20, 4);
    wr(box, regs + 0x400, 1, 8);
    wr(box, regs + 0x420, 3, 8);
    wr(box, regs + 0x500, 16, 4);
    wr(box, regs + 0x508, DSA_WQ_DEDICATED | DSA_WQ_PRIORITY(3), 4);
    wr(box, regs + 0x50c, 31 | 10 << 5, 4);
    wr(box, regs + DSA_R_CMD, DSA_C_ENABLE_DEVICE << 20, 4);
    wr(box, regs + DSA_R_CMD, DSA_C_ENABLE_WQ << 20, 4);
    wr(box, regs + DSA_R_CMD, DSA_C_REQUEST_HANDLE << 20 | DSA_C_IMS | 5, 4);
    uint64_t handle = as_load(box->platform.memory, regs + DSA_R_CMDSTS, 4, NULL) >> 8;
    wr(box, slot, 0xfee00000, 8);
    wr(box, slot + 8, DSA_STORED, 8);
    wr(box, DSA_MEM, 0, 8);
    submit_batch(box, memory_bar(box, pci, 2) + DSA_PORTAL_SLOT, (uint16_t)handle);
    let_pass(box, 2000);
    wr(box, regs + DSA_R_CMD, DSA_C_DRAIN_WQ << 20 | 1, 4);
    g_assert_cmphex(as_load(box->platform.memory, regs + DSA_R_CMDSTS, 4, NULL), ==, DSA_C_ACTIVE);
}

static void use_dsa(Box *box)
{
    uint64_t regs = memory_bar(box, find_pci(box, "dsa"), 0);
    apic_mmio_write(box->machine->apics[0], 0xf0, 0x1ff, 4);
    let_pass(box, NS_PER_MS);
    g_assert_cmphex(as_load(box->platform.memory, regs + DSA_R_CMDSTS, 4, NULL), ==, 0);
    g_assert_cmphex(as_load(box->platform.memory, DSA_MEM, 8, NULL), ==, 1 | 2ull << 32);
    g_assert_cmphex(as_load(box->platform.memory, DSA_FILLED + DSA_FILL - 8, 8, NULL), ==,
                    0x0123456789abcdef);
    g_assert_cmpint(apic_ack(box->machine->apics[0]), ==, DSA_STORED);
}

/* A hub's clock under way to what it is compared with. */
static void start_uv_hub(Box *box)
{
    uint64_t now = as_load(box->platform.memory, UV_LOCAL_MMR_BASE + UV_RTC, 8, NULL);
    wr(box, UV_LOCAL_MMR_BASE + UV_RTC1_INT_CONFIG, 0x71, 8);
    wr(box, UV_LOCAL_MMR_BASE + UV_INT_CMPB, now + 1000, 8);
}

static void use_uv_hub(Box *box)
{
    uint64_t at = UV_LOCAL_MMR_BASE + UV_EVENT_OCCURRED2;
    g_assert_cmphex(as_load(box->platform.memory, at, 8, NULL), ==, 0);
    let_pass(box, NS_PER_MS);
    g_assert_cmphex(as_load(box->platform.memory, at, 8, NULL), ==, UV_EVENT_RTC_1);
}

/* A command of the disk's (or the drive's) in slot `slot`, to `data`. */
static void put_ahci_command(Box *box, unsigned port, unsigned slot, uint8_t op, uint8_t tag)
{
    uint64_t list = AHCI_MEM + 0x8000 * port, table = list + 0x1000 + 0x100 * slot;
    wr(box, list + 32 * slot, 5 | 1 << 16, 8);
    wr(box, list + 32 * slot + 8, table, 8);
    wr(box, table, 0x8027u | (uint32_t)op << 16 | 2u << 24, 4); /* features: 2 sectors, or DMA */
    wr(box, table + 4, 0x40000000u | slot, 4);
    wr(box, table + 8, 0, 4);
    wr(box, table + 12, op == 0x60 ? (uint32_t)tag << 3 : 2, 4);
    wr(box, table + 0x40, 0x28, 8); /* READ (10) of a packet: a block */
    wr(box, table + 0x48, 1, 1);
    wr(box, table + 0x80, list + 0x3000 + 0x400 * slot, 8);
    wr(box, table + 0x8c, 0x3ff, 4);
}

static void set_ahci_port(Box *box, uint64_t bar, unsigned port)
{
    wr(box, bar + AHCI_P(port, P_CLB), AHCI_MEM + 0x8000 * port, 4);
    wr(box, bar + AHCI_P(port, P_FB), AHCI_MEM + 0x8000 * port + 0x400, 4);
    wr(box, bar + AHCI_P(port, P_IE), 0xffffffff, 4);
    wr(box, bar + AHCI_P(port, P_CMD), P_CMD_FRE, 4);
    wr(box, bar + AHCI_P(port, P_CMD), P_CMD_FRE | P_CMD_ST, 4);
}

/* Queued reads of a disk and a packet of a CD-ROM drive, none of them begun. */
static void start_ahci(Box *box)
{
    PciDevice *pci = find_pci(box, "ide");
    uint64_t bar = memory_bar(box, pci, 5);
    wr(box, MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12) + 4, 7, 2);
    wr(box, bar + AHCI_R_GHC, AHCI_IE, 4);
    for (unsigned port = 0; port < 2; port++) {
        set_ahci_port(box, bar, port);
        for (unsigned slot = 0; slot < 3; slot++) {
            uint8_t op = slot == 2 ? 0x25 : 0x60;
            put_ahci_command(box, port, slot, port ? op : 0xa0, (uint8_t)slot);
        }
    }
    wr(box, bar + AHCI_P(1, P_SACT), 3, 4);
    wr(box, bar + AHCI_P(1, P_CI), 3, 4);
    wr(box, bar + AHCI_P(0, P_CI), 7, 4);
}

/* They are done; and one more. */
static void use_ahci(Box *box)
{
    uint64_t bar = memory_bar(box, find_pci(box, "ide"), 5);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 1000000);
    g_assert_cmphex(as_load(box->platform.memory, bar + AHCI_P(1, P_SACT), 4, NULL), ==, 0);
    wr(box, bar + AHCI_P(1, P_CI), 4, 4);
    clock_advance_to(box->platform.clock, clock_now(box->platform.clock) + 1000000);
    g_assert_cmphex(as_load(box->platform.memory, bar + AHCI_P(1, P_CI), 4, NULL), ==, 0);
}

/* The `n`th command of the adapter's one request queue: READ (10) of a block of its disk. */
static void post_vscsi(Box *box, unsigned n)
{
    enum { WRITE = 2, NEXT = 1, NOTIFY = 0x3000 };
    uint64_t at = VSCSI_MEM + 0x4000 + 0x800 * n;
    const struct {
        uint32_t off, len, flags;
    } parts[] = {{0, 51, NEXT}, {0x100, 108, NEXT | WRITE}, {0x200, 512, WRITE}};
    wr(box, at, 0x00400301, 8); /* unit 0 of target 3 */
    wr(box, at + 19, 0x28, 8);
    wr(box, at + 27, 1, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        uint64_t desc = VSCSI_MEM + 16 * (3 * n + i);
        wr(box, desc, at + parts[i].off, 8);
        wr(box, desc + 8, parts[i].len, 4);
        wr(box, desc + 12, parts[i].flags | (3 * n + i + 1) << 16, 4);
    }
    wr(box, VSCSI_MEM + 0x1004 + 2 * n, 3 * n, 2);
    wr(box, VSCSI_MEM + 0x1002, n + 1, 2);
    wr(box, memory_bar(box, find_pci(box, "virtio-scsi-pci"), 4) + NOTIFY + 8, 2, 2);
}

/* The first tells of the reset. */
static void start_vscsi(Box *box)
{
    enum { FEATURE_SELECT = 8, FEATURE = 12, STATUS = 20, SELECT = 22, SIZE = 24, ENABLE = 28 };
    PciDevice *pci = find_pci(box, "virtio-scsi-pci");
    uint64_t bar = memory_bar(box, pci, 4);
    wr(box, MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12) + 4, 7, 2);
    wr(box, bar + STATUS, 3, 1);
    wr(box, bar + FEATURE, 2, 4); /* HOTPLUG */
    wr(box, bar + FEATURE_SELECT, 1, 4);
    wr(box, bar + FEATURE, 3, 4);
    wr(box, bar + STATUS, 11, 1);
    wr(box, bar + SELECT, 2, 2);
    wr(box, bar + SIZE, 16, 2);
    wr(box, bar + 32, VSCSI_MEM, 8);
    wr(box, bar + 40, VSCSI_MEM + 0x1000, 8);
    wr(box, bar + 48, VSCSI_MEM + 0x2000, 8);
    wr(box, bar + ENABLE, 1, 2);
    wr(box, bar + STATUS, 15, 1);
    post_vscsi(box, 0);
    g_assert_cmpuint(as_load(box->platform.memory, VSCSI_MEM + 0x2002, 2, NULL), ==, 1);
}

static void use_vscsi(Box *box)
{
    post_vscsi(box, 1);
    g_assert_cmpuint(as_load(box->platform.memory, VSCSI_MEM + 0x2002, 2, NULL), ==, 2);
    g_assert_cmphex(as_load(box->platform.memory, VSCSI_MEM + 0x4800 + 0x10a, 1, NULL), ==, 0);
}

static const Scene scenes[] = {
    {"ahci", start_ahci, use_ahci},
    {"amd-queue", start_amd_queue, use_amd_queue, "amd-iommu"},
    {"dsa", start_dsa, use_dsa},
    {"hyperv", start_hyperv, use_hyperv},
    {"device-tlb", start_device_tlb, use_device_tlb},
    {"hpet-legacy", start_hpet_legacy, use_hpet_legacy},
    {"nvme", start_nvme, use_nvme},
    {"timers", start_timers, NULL},
    {"uv-hub", start_uv_hub, use_uv_hub},
    {"vtd-queue", start_vtd_queue, NULL},
    {"edu", start_edu, NULL},
    {"virtio-scsi", start_vscsi, use_vscsi},
    {"virtqueue", start_virtio, use_virtio},
};

#endif
