/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edu: the educational PCI device, by QEMU's published register map ("EDU device" in its
 * specifications). A write starts a factorial or a DMA transfer, either may raise an interrupt, by
 * MSI where the driver enabled it and by the pin otherwise.
 *
 * A factorial is done at once, so its busy bit is never seen set. DMA takes a millisecond of the
 * machine's clock. What the map leaves open: wrong widths read as all ones and write nothing, and a
 * transfer outside the buffer is dropped.
 */
#include <assert.h>
#include <string.h>

#include "hw/core/regfile.h"
#include "hw/misc/pci_devices.h"
#include "hw/pci/msi.h"

#define EDU_VENDOR       0x1234
#define EDU_DEVICE       0x11e8
#define EDU_REVISION     0x10
#define EDU_CLASS        0x00ff00
#define EDU_BAR_SIZE     0x100000u
#define EDU_ID           0x010000edu
#define EDU_REGS_SPAN    0xa0
#define EDU_WIDE_FROM    0x80 /* 8-byte accesses are allowed from here on */
#define EDU_BUFFER_AT    0x40000u
#define EDU_BUFFER_SIZE  4096u
#define EDU_DMA_DURATION NS_PER_MS
#define EDU_DEFAULT_MASK "0xfffffff"

enum {
    REG_ID = 0x00,
    REG_LIVENESS = 0x04,
    REG_FACTORIAL = 0x08,
    REG_STATUS = 0x20,
    REG_IRQ_STATUS = 0x24,
    REG_IRQ_RAISE = 0x60,
    REG_IRQ_ACK = 0x64,
    REG_DMA_SRC = 0x80,
    REG_DMA_DST = 0x88,
    REG_DMA_COUNT = 0x90,
    REG_DMA_CMD = 0x98,
};

#define STATUS_IRQ_ON_FACTORIAL 0x80u
#define DMA_CMD_RUN             0x1u
#define DMA_CMD_TO_RAM          0x2u
#define DMA_CMD_IRQ             0x4u
#define IRQ_FACTORIAL           0x1u
#define IRQ_DMA                 0x100u

#define REG_ROWS 11

typedef struct {
    PciDevice pci;
    uint64_t dma_mask;
    MemRegion region;
    RegFile regs;
    uint64_t values[REG_ROWS]; /* the register file's */
    Timer dma_timer;
    uint8_t buffer[EDU_BUFFER_SIZE];
} Edu;

static void update_pin(Edu *edu)
{
    pci_set_intx(&edu->pci, regfile_get(&edu->regs, REG_IRQ_STATUS) != 0);
}

static void raise_interrupt(Edu *edu, uint32_t bits)
{
    regfile_set(&edu->regs, REG_IRQ_STATUS, regfile_get(&edu->regs, REG_IRQ_STATUS) | bits);
    update_pin(edu);
    if (regfile_get(&edu->regs, REG_IRQ_STATUS) != 0) {
        msi_notify(&edu->pci, 0);
    }
}

static void liveness_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                             uint64_t written, uint64_t mask)
{
    regfile_set(&((Edu *)opaque)->regs, REG_LIVENESS, (uint32_t)~now);
}

/* Modulo 2^32 every factorial from 34! on is zero. */
static uint32_t factorial(uint32_t n)
{
    uint32_t product = 1;
    for (uint32_t i = 2; i <= n && product != 0; i++) {
        product *= i;
    }
    return product;
}

static void factorial_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                              uint64_t written, uint64_t mask)
{
    Edu *edu = opaque;
    regfile_set(&edu->regs, REG_FACTORIAL, factorial((uint32_t)now));
    if ((regfile_get(&edu->regs, REG_STATUS) & STATUS_IRQ_ON_FACTORIAL) != 0) {
        raise_interrupt(edu, IRQ_FACTORIAL);
    }
}

static void irq_raise_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                              uint64_t written, uint64_t mask)
{
    raise_interrupt(opaque, (uint32_t)written);
}

static void irq_ack_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    Edu *edu = opaque;
    regfile_set(&edu->regs, REG_IRQ_STATUS, regfile_get(&edu->regs, REG_IRQ_STATUS) & ~written);
    update_pin(edu);
}

static void dma_cmd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    Edu *edu = opaque;
    if ((now & DMA_CMD_RUN) != 0) {
        timer_arm(&edu->dma_timer, clock_now(edu->pci.dev.platform->clock) + EDU_DMA_DURATION);
    }
}

#define STORED(name_, offset_, width_, reset_, writable_, written_)                                \
    {                                                                                              \
        .name = name_, .offset = offset_, .width = width_, .reset = reset_, .writable = writable_, \
        .written = written_                                                                        \
    }

static const RegRow edu_rows[] = {
    STORED("id", REG_ID, 4, EDU_ID, 0, NULL),
    STORED("liveness", REG_LIVENESS, 4, 0, UINT32_MAX, liveness_written),
    STORED("factorial", REG_FACTORIAL, 4, 0, UINT32_MAX, factorial_written),
    STORED("status", REG_STATUS, 4, 0, STATUS_IRQ_ON_FACTORIAL, NULL),
    STORED("irq_status", REG_IRQ_STATUS, 4, 0, 0, NULL),
    STORED("irq_raise", REG_IRQ_RAISE, 4, 0, 0, irq_raise_written),
    STORED("irq_ack", REG_IRQ_ACK, 4, 0, 0, irq_ack_written),
    STORED("dma_src", REG_DMA_SRC, 8, 0, UINT64_MAX, NULL),
    STORED("dma_dst", REG_DMA_DST, 8, 0, UINT64_MAX, NULL),
    STORED("dma_count", REG_DMA_COUNT, 8, 0, UINT64_MAX, NULL),
    STORED("dma_cmd", REG_DMA_CMD, 8, 0, DMA_CMD_RUN | DMA_CMD_TO_RAM | DMA_CMD_IRQ,
           dma_cmd_written),
};
static_assert(G_N_ELEMENTS(edu_rows) == REG_ROWS, "state holds every register");

/* Where in the buffer [addr, addr + len) lies, or NULL if it does not. */
static uint8_t *buffer_at(Edu *edu, uint64_t addr, uint64_t len)
{
    if (addr < EDU_BUFFER_AT || len > EDU_BUFFER_SIZE ||
        addr - EDU_BUFFER_AT > EDU_BUFFER_SIZE - len) {
        return NULL;
    }
    return &edu->buffer[addr - EDU_BUFFER_AT];
}

static void edu_transfer(Edu *edu, uint64_t cmd)
{
    bool to_ram = (cmd & DMA_CMD_TO_RAM) != 0;
    uint64_t src = regfile_get(&edu->regs, REG_DMA_SRC);
    uint64_t dst = regfile_get(&edu->regs, REG_DMA_DST);
    uint64_t len = regfile_get(&edu->regs, REG_DMA_COUNT);
    uint64_t ram = (to_ram ? dst : src) & edu->dma_mask;
    uint8_t *own = buffer_at(edu, to_ram ? src : dst, len);
    if (!own) {
        trace_event(edu->pci.dev.platform->trace, TRACE_GUEST_ERRORS,
                    "edu_dma sid=%04x addr=%" PRIx64 " size=%" PRIx64 " reason=outside-buffer",
                    pci_requester_id(&edu->pci), to_ram ? src : dst, len);
    } else if (to_ram) {
        pci_dma_write(&edu->pci, ram, own, (size_t)len);
    } else {
        pci_dma_read(&edu->pci, ram, own, (size_t)len);
    }
}

static void dma_done(void *opaque)
{
    Edu *edu = opaque;
    uint64_t cmd = regfile_get(&edu->regs, REG_DMA_CMD);
    edu_transfer(edu, cmd);
    regfile_set(&edu->regs, REG_DMA_CMD, cmd & ~(uint64_t)DMA_CMD_RUN);
    if ((cmd & DMA_CMD_IRQ) != 0) {
        raise_interrupt(edu, IRQ_DMA);
    }
}

/* Four bytes below 80h, four or eight from there on, aligned. */
static bool is_allowed(uint64_t offset, unsigned size)
{
    return offset < EDU_REGS_SPAN && (offset & (size - 1)) == 0 &&
           (size == 4 || (size == 8 && offset >= EDU_WIDE_FROM));
}

static uint64_t edu_read(void *opaque, uint64_t offset, unsigned size)
{
    Edu *edu = opaque;
    uint64_t value;
    if (!is_allowed(offset, size) || !regfile_read(&edu->regs, (uint32_t)offset, size, &value)) {
        return UINT64_MAX;
    }
    return value;
}

static void edu_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Edu *edu = opaque;
    bool running = timer_is_armed(&edu->dma_timer);
    if (is_allowed(offset, size) && !(running && offset >= REG_DMA_SRC)) {
        regfile_write(&edu->regs, (uint32_t)offset, size, value);
    }
}

static const MemOps edu_ops = {.read = edu_read, .write = edu_write};

static bool edu_realize(Device *dev, GError **error)
{
    Edu *edu = (Edu *)dev;
    if (!msi_init(&edu->pci, 1, true, false, error)) {
        return false;
    }
    regfile_init(&edu->regs, edu_rows, edu->values, G_N_ELEMENTS(edu_rows), EDU_REGS_SPAN, edu);
    timer_init(&edu->dma_timer, dev->platform->clock, dma_done, edu);
    edu->region = (MemRegion){
        .name = "edu", .size = EDU_BAR_SIZE, .kind = MEM_IO, .ops = &edu_ops, .opaque = edu};
    pci_register_bar(&edu->pci, 0, PCI_BAR_MEM32, &edu->region);
    return true;
}

static void edu_unrealize(Device *dev)
{
    Edu *edu = (Edu *)dev;
    timer_cancel(&edu->dma_timer);
    regfile_free(&edu->regs);
}

static void edu_reset(Device *dev)
{
    Edu *edu = (Edu *)dev;
    timer_cancel(&edu->dma_timer);
    regfile_reset(&edu->regs);
    memset(edu->buffer, 0, sizeof(edu->buffer));
    update_pin(edu);
}

static void edu_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const PropInfo edu_props[] = {
    PROP(PROP_UINT64, "dma_mask", Edu, dma_mask, EDU_DEFAULT_MASK,
         "the address bits that DMA can reach"),
    PROP_END,
};

static const StateField edu_state[] = {
    PCI_STATE,
    STATE_REGFILE(Edu, regs),
    STATE_FIELD(STATE_TIMER, Edu, dma_timer),
    STATE_ARRAY(STATE_BYTES, Edu, buffer, EDU_BUFFER_SIZE),
    STATE_END,
};

static const PciDeviceClass edu_pci = {
    .ids.vendor_id = EDU_VENDOR,
    .ids.device_id = EDU_DEVICE,
    .ids.subsystem_vendor_id = 0x1af4,
    .ids.subsystem_id = 0x1100,
    .ids.revision = EDU_REVISION,
    .ids.class_code = EDU_CLASS,
    .interrupt_pin = 1,
};

const DeviceClass edu_class = {
    .name = "edu",
    .desc = "Educational PCI device",
    .bus = BUS_PCI,
    .category = DEVICE_MISC,
    .user_creatable = true,
    .instance_size = sizeof(Edu),
    .props = edu_props,
    .bus_props = pci_bus_props,
    .bus_class = &edu_pci,
    .state = edu_state,
    .realize = edu_realize,
    .unrealize = edu_unrealize,
    .reset = edu_reset,
    .restored = edu_restored,
};
