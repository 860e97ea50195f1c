/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Controller registers, enabling, reset and shutdown (NVM Express 1.4, 3.1, 7.3 and 7.6). The
 * doorbells are nvme_queue.c's. Not there: subsystem reset, memory buffers, boot partitions.
 */
#include <assert.h>

#include "hw/nvme/nvme_internal.h"

#define READY_TIMEOUT 15 /* 7.5 s; in fact it is ready at once */
#define LARGEST_PAGE  4  /* CAP.MPSMAX: 64 KiB */
#define REGS_SPAN     0x40

static uint64_t intmc_read(void *opaque, const RegRow *row, uint64_t value)
{
    return regfile_get(&((NvmeCtrl *)opaque)->regs, NVME_INTMS);
}

static void intms_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    nvme_intr_update_pin(opaque);
}

static void intmc_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    NvmeCtrl *n = opaque;
    regfile_set(&n->regs, NVME_INTMS, regfile_get(&n->regs, NVME_INTMS) & ~written);
    nvme_intr_update_pin(n);
}

static void change_status(NvmeCtrl *n, uint32_t clear, uint32_t set)
{
    uint32_t status = (uint32_t)regfile_get(&n->regs, NVME_CSTS);
    regfile_set(&n->regs, NVME_CSTS, (status & ~clear) | set);
}

bool nvme_is_ready(const NvmeCtrl *n)
{
    return (regfile_get(&n->regs, NVME_CSTS) & (CSTS_RDY | CSTS_CFS)) == CSTS_RDY;
}

void nvme_fatal(NvmeCtrl *n)
{
    trace_event(n->pci.dev.platform->trace, TRACE_NVME, "nvme_fatal dev=%s", n->pci.dev.id);
    change_status(n, 0, CSTS_CFS);
}

/* 3.1.5: a value that cannot be is a fatal error, as nothing else could tell of it; so is a
 * secondary controller that is offline (8.5.3). */
static void nvme_enable(NvmeCtrl *n, uint32_t cc)
{
    change_status(n, CSTS_SHST, 0);
    uint32_t mps = CC_MPS(cc);
    n->page_shift = (uint8_t)(CC_LOWEST_SHIFT + MIN(mps, LARGEST_PAGE));
    const NvmeSecondary *secondary = nvme_secondary(n);
    bool good = (!secondary || secondary->online) && mps <= LARGEST_PAGE && CC_AMS(cc) == 0 &&
                CC_CSS(cc) == 0;
    if (good && nvme_queues_enable(n)) {
        change_status(n, 0, CSTS_RDY);
    } else {
        nvme_fatal(n);
    }
}

/* 7.3.2: all but AQA, ASQ and ACQ. */
static void nvme_disable(NvmeCtrl *n)
{
    nvme_queues_reset(n);
    nvme_features_reset(n);
    n->page_shift = CC_LOWEST_SHIFT;
    regfile_set(&n->regs, NVME_INTMS, 0);
    change_status(n, CSTS_RDY | CSTS_CFS | CSTS_SHST, 0);
    nvme_virt_reset(n);
    nvme_intr_update_pin(n);
}

/* 7.6.2: what is in the volatile cache is safe when it says so. */
static void nvme_shut_down(NvmeCtrl *n)
{
    if (nvme_flush_all(n)) {
        change_status(n, CSTS_SHST, CSTS_SHST_COMPLETE);
    } else {
        nvme_fatal(n);
    }
}

static void cc_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                       uint64_t written, uint64_t mask)
{
    NvmeCtrl *n = opaque;
    uint32_t was = (uint32_t)old, is = (uint32_t)now;
    trace_event(n->pci.dev.platform->trace, TRACE_NVME, "nvme_cc dev=%s old=%x new=%x",
                n->pci.dev.id, was, is);
    if ((was & CC_EN) && !(is & CC_EN)) {
        nvme_disable(n);
        regfile_set(&n->regs, NVME_CC, 0);
    } else if (!(was & CC_EN) && (is & CC_EN)) {
        nvme_enable(n, is);
    }
    if (CC_SHN(is) != 0 && CC_SHN(was) == 0) {
        nvme_shut_down(n);
    }
}

static const RegRow nvme_rows[] = {
    {"CAP", NVME_CAP, 8,
     .reset = (NVME_QUEUE_ENTRIES - 1) | CAP_CQR | (uint64_t)READY_TIMEOUT << CAP_TO_SHIFT |
              CAP_CSS_NVM | (uint64_t)LARGEST_PAGE << CAP_MPSMAX_SHIFT},
    {"VS", NVME_VS, 4, .reset = NVME_VERSION_1_4},
    {"INTMS", NVME_INTMS, 4, .w1s = 0xffffffff, .written = intms_written},
    {"INTMC", NVME_INTMC, 4, .read = intmc_read, .written = intmc_written},
    {"CC", NVME_CC, 4, .writable = CC_ALL, .written = cc_written},
    {"CSTS", NVME_CSTS, 4},
    {"AQA", NVME_AQA, 4, .writable = 0x0fff0fff},
    {"ASQ", NVME_ASQ, 8, .writable = ~0xfffull},
    {"ACQ", NVME_ACQ, 8, .writable = ~0xfffull},
};
static_assert(G_N_ELEMENTS(nvme_rows) == NVME_REG_ROWS, "state holds every register");

static uint64_t nvme_bar_read(void *opaque, uint64_t offset, unsigned size)
{
    NvmeCtrl *n = opaque;
    uint64_t value = 0;
    if (n->serving) {
        return UINT64_MAX;
    }
    if (offset < REGS_SPAN) {
        regfile_read(&n->regs, (uint32_t)offset, size, &value);
    }
    return value;
}

/* 3.1.24: doorbells are dwords. */
static void nvme_bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    NvmeCtrl *n = opaque;
    if (n->serving) {
        return;
    }
    if (offset < REGS_SPAN) {
        regfile_write(&n->regs, (uint32_t)offset, size, value);
    } else if (offset >= NVME_DOORBELLS && size == 4 && offset % 4 == 0) {
        nvme_doorbell(n, (uint32_t)offset - NVME_DOORBELLS, (uint32_t)value);
    }
}

static const MemOps nvme_bar_ops = {
    .read = nvme_bar_read, .write = nvme_bar_write, .min_size = 1, .max_size = 4};

static uint64_t bar_size(const NvmeCtrl *n)
{
    uint64_t size = 2 * NVME_DOORBELLS;
    while (size < NVME_DOORBELLS + 8 * nvme_queue_count(n)) {
        size *= 2;
    }
    return size;
}

void nvme_regs_init(NvmeCtrl *n)
{
    n->page_shift = CC_LOWEST_SHIFT;
    regfile_init(&n->regs, nvme_rows, n->values, NVME_REG_ROWS, REGS_SPAN, n);
    n->bar = (MemRegion){
        .name = "nvme", .size = bar_size(n), .kind = MEM_IO, .ops = &nvme_bar_ops, .opaque = n};
}

void nvme_regs_free(NvmeCtrl *n)
{
    regfile_free(&n->regs);
}

void nvme_regs_reset(NvmeCtrl *n)
{
    nvme_disable(n);
    regfile_reset(&n->regs);
}
