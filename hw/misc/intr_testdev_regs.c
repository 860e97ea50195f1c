/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intr-testdev: the registers of BAR 0, and when a command is carried out: at once, or DELAY ns
 * later, REPEAT times with DELAY between them. A new command takes the place of one that waits.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/misc/intr_testdev_internal.h"

#define BAR_SIZE  0x2000u
#define BUFFER_AT 0x1000u
/* What is repeated leaves the machine time for something else. */
#define LEAST_DELAY NS_PER_US

static void carry_out(IntrTestdev *t)
{
    uint32_t command = (uint32_t)intr_testdev_reg(t, REG_COMMAND);
    regfile_set(&t->regs, REG_RESULT, intr_testdev_perform(t, command));
}

static void intr_testdev_wait(IntrTestdev *t)
{
    int64_t delay = (int64_t)intr_testdev_reg(t, REG_DELAY);
    timer_arm(&t->delay, clock_now(t->pci.dev.platform->clock) + MAX(delay, LEAST_DELAY));
}

static void delay_is_over(void *opaque)
{
    IntrTestdev *t = opaque;
    uint64_t left = intr_testdev_reg(t, REG_LEFT) - 1;
    regfile_set(&t->regs, REG_LEFT, left);
    carry_out(t);
    if (left > 0) {
        intr_testdev_wait(t);
    }
}

static void command_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    IntrTestdev *t = opaque;
    uint64_t repeat = intr_testdev_reg(t, REG_REPEAT);
    timer_cancel(&t->delay);
    regfile_set(&t->regs, REG_LEFT, 0);
    if (intr_testdev_reg(t, REG_DELAY) == 0) {
        carry_out(t);
        return;
    }
    regfile_set(&t->regs, REG_LEFT, MAX(repeat, 1));
    intr_testdev_wait(t);
}

static uint64_t read_kept(void *opaque, const RegRow *row, uint64_t value)
{
    return pci_ats_count(&((IntrTestdev *)opaque)->ats);
}

/* The last response's group and code, and how many there were. */
static uint64_t read_pri(void *opaque, const RegRow *row, uint64_t value)
{
    const PciPri *pri = &((IntrTestdev *)opaque)->pri;
    return pri->last.group | (uint64_t)pri->last.code << 12 |
           (uint64_t)(pri->responses & 0xffff) << 16;
}

#define ALL_32 0xffffffffull
static const RegRow rows[] = {
    {"ADDR", REG_ADDR, 8, .writable = UINT64_MAX},
    {"DATA", REG_DATA, 4, .writable = ALL_32},
    {"FLAGS", REG_FLAGS, 4, .writable = FLAG_RID | FLAG_PASID | FLAG_TRANSLATED | FLAG_ATS},
    {"RID", REG_RID, 4, .writable = 0xffff},
    {"PASID", REG_PASID, 4, .writable = 0xfffff},
    {"LEN", REG_LEN, 4, .writable = 0x1fff},
    {"COMMAND", REG_COMMAND, 4, .writable = ALL_32, .written = command_written},
    {"RESULT", REG_RESULT, 4},
    {"LEFT", REG_LEFT, 4},
    {"RING", REG_RING, 8, .writable = UINT64_MAX},
    {"RING_COUNT", REG_RING_COUNT, 4, .writable = ALL_32},
    {"DELAY", REG_DELAY, 4, .writable = ALL_32},
    {"REPEAT", REG_REPEAT, 4, .writable = ALL_32},
    {"IMS_BASE", REG_IMS_BASE, 8, .writable = UINT64_MAX},
    {"XLAT", REG_XLAT, 8},
    {"XLAT_SHIFT", REG_XLAT_SHIFT, 4},
    {"KEPT", REG_KEPT, 4, .read = read_kept},
    {"PRI", REG_PRI, 4, .read = read_pri},
};
G_STATIC_ASSERT(G_N_ELEMENTS(rows) == INTR_TESTDEV_ROWS); /* state holds every register */

static uint64_t intr_testdev_read(void *opaque, uint64_t offset, unsigned size)
{
    IntrTestdev *t = opaque;
    uint64_t value = 0;
    if (offset >= BUFFER_AT) {
        value = bytes_load(&t->buffer[offset - BUFFER_AT], size);
    } else {
        regfile_read(&t->regs, (uint32_t)offset, size, &value);
    }
    return value;
}

static void intr_testdev_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IntrTestdev *t = opaque;
    if (offset >= BUFFER_AT) {
        bytes_store(&t->buffer[offset - BUFFER_AT], value, size);
    } else {
        regfile_write(&t->regs, (uint32_t)offset, size, value);
    }
}

static const MemOps testdev_ops = {.read = intr_testdev_read, .write = intr_testdev_write};

void intr_testdev_regs_init(IntrTestdev *t)
{
    regfile_init(&t->regs, rows, t->values, INTR_TESTDEV_ROWS, REG_SPAN, t);
    timer_init(&t->delay, t->pci.dev.platform->clock, delay_is_over, t);
    t->region = (MemRegion){
        .name = "intr-testdev", .size = BAR_SIZE, .kind = MEM_IO, .ops = &testdev_ops, .opaque = t};
    pci_register_bar(&t->pci, 0, PCI_BAR_MEM32, &t->region);
}

void intr_testdev_regs_free(IntrTestdev *t)
{
    timer_cancel(&t->delay);
    regfile_free(&t->regs);
}

void intr_testdev_regs_reset(IntrTestdev *t)
{
    timer_cancel(&t->delay);
    regfile_reset(&t->regs);
    memset(t->buffer, 0, sizeof(t->buffer));
}
