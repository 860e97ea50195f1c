/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intr-testdev: an emitter for tests of the interrupt path. It sends any message, well formed or
 * forged, under any requester id, reads and writes any memory, and has MSI and MSI-X. Our own
 * device; docs/vtd.md has its register map.
 *
 * BAR 0, registers of 32 bits:
 *   00h, 04h ADDR    08h DATA    0Ch FLAGS (bit 0: RID counts, bit 1: PASID counts)
 *   10h RID          14h PASID   18h LEN (bytes of a transfer, up to 4096)
 *   1Ch COMMAND      20h RESULT (read-only)
 *   28h, 2Ch RING    30h RING_COUNT
 *   1000h to 1FFFh: buffer of DMA transfers
 *
 * COMMAND: 1 sends ADDR and DATA as a message, 2 writes the buffer's LEN bytes to ADDR, 3 reads
 * them, 4 and 5 signal MSI or MSI-X vector DATA, 6 sends RING_COUNT messages from the ring in
 * memory. A ring entry has 32 bytes: address (8), data (4), requester id (2), flags (2), pasid (4),
 * result (4, written back), 8 unused. RESULT: 0 done, 1 nobody there, 2 refused, for messages and
 * transfers alike; FFFFFFFFh without bus mastering.
 */
#include "hw/misc/intr_testdev.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/core/regfile.h"
#include "hw/intr/journal.h"
#include "hw/pci/msi.h"

#define VENDOR      0x1b36 /* Red Hat's range for QEMU's own devices, with an id not used there */
#define DEVICE_ID   0x00f5
#define BAR_SIZE    0x2000u
#define BUFFER_AT   0x1000u
#define BUFFER_SIZE 0x1000u
#define RING_MOST   4096u
#define VECTORS     32
#define MSIX_BAR    2

enum {
    REG_ADDR = 0x00,
    REG_DATA = 0x08,
    REG_FLAGS = 0x0c,
    REG_RID = 0x10,
    REG_PASID = 0x14,
    REG_LEN = 0x18,
    REG_COMMAND = 0x1c,
    REG_RESULT = 0x20,
    REG_RING = 0x28,
    REG_RING_COUNT = 0x30,
    REG_SPAN = 0x34,
};
#define ROWS       10
#define FLAG_RID   1u
#define FLAG_PASID 2u
#define NO_MASTER  0xffffffffu

enum { CMD_MESSAGE = 1, CMD_WRITE, CMD_READ, CMD_MSI, CMD_MSIX, CMD_RING };

typedef struct {
    uint64_t address;
    uint32_t data;
    uint16_t requester_id, flags;
    uint32_t pasid, result;
    uint64_t unused;
} RingEntry;
static_assert(sizeof(RingEntry) == 32, "ring entries have 32 bytes");

typedef struct {
    PciDevice pci;
    uint32_t requester_id; /* property; more than 16 bits: the device's own */
    MemRegion region;
    RegFile regs;
    uint64_t values[ROWS]; /* the register file's */
    uint8_t buffer[BUFFER_SIZE];
} IntrTestdev;

static uint64_t reg(const IntrTestdev *t, uint32_t offset)
{
    return regfile_get(&t->regs, offset);
}

static uint16_t intr_testdev_source(const IntrTestdev *t, uint64_t flags, uint64_t rid)
{
    if (flags & FLAG_RID) {
        return (uint16_t)rid;
    }
    return t->requester_id <= UINT16_MAX ? (uint16_t)t->requester_id : pci_requester_id(&t->pci);
}

static uint32_t send_message(IntrTestdev *t, const RingEntry *e)
{
    const Upstream *up = pci_upstream(&t->pci);
    Journal *journal = t->pci.dev.platform->journal;
    uint16_t rid = intr_testdev_source(t, e->flags, e->requester_id);
    IntrMsg msg = {
        .serial = journal_open(journal, JOURNAL_MESSAGE, t->pci.dev.id, rid, 0),
        .address = e->address,
        .data = e->data,
        .requester_id = rid,
        .has_pasid = e->flags & FLAG_PASID,
        .pasid = e->pasid,
    };
    if (!up) {
        journal_end(journal, msg.serial, INTR_MASTER_OFF);
        return NO_MASTER;
    }
    journal_send(journal, &msg);
    return intr_blocked(upstream_interrupt(up, &msg)) ? MEM_ACCESS_ERROR : MEM_OK;
}

static uint32_t intr_testdev_transfer(IntrTestdev *t, bool to_memory)
{
    const Upstream *up = pci_upstream(&t->pci);
    uint64_t flags = reg(t, REG_FLAGS);
    BusReq req = {
        .requester_id = intr_testdev_source(t, flags, reg(t, REG_RID)),
        .has_pasid = flags & FLAG_PASID,
        .pasid = (uint32_t)reg(t, REG_PASID),
    };
    uint64_t asked = reg(t, REG_LEN);
    size_t len = MIN(asked, BUFFER_SIZE);
    if (!up) {
        return NO_MASTER;
    }
    return to_memory ? upstream_write(up, &req, reg(t, REG_ADDR), t->buffer, len)
                     : upstream_read(up, &req, reg(t, REG_ADDR), t->buffer, len);
}

/* The ring is read and written back as the device's own DMA, so it is translated too. */
static uint32_t run_ring(IntrTestdev *t)
{
    uint64_t asked = reg(t, REG_RING_COUNT), count = MIN(asked, RING_MOST);
    for (uint64_t i = 0; i < count; i++) {
        RingEntry e;
        uint64_t at = reg(t, REG_RING) + i * sizeof(e);
        MemResult result = pci_dma_read(&t->pci, at, &e, sizeof(e));
        if (result != MEM_OK) {
            return result;
        }
        e.result = send_message(t, &e);
        pci_dma_write(&t->pci, at + offsetof(RingEntry, result), &e.result, sizeof(e.result));
    }
    return MEM_OK;
}

static uint32_t intr_testdev_perform(IntrTestdev *t, uint64_t command)
{
    uint32_t data = (uint32_t)reg(t, REG_DATA);
    RingEntry e = {
        .address = reg(t, REG_ADDR),
        .data = data,
        .requester_id = (uint16_t)reg(t, REG_RID),
        .flags = (uint16_t)reg(t, REG_FLAGS),
        .pasid = (uint32_t)reg(t, REG_PASID),
    };
    switch (command) {
    case CMD_MESSAGE:
        return send_message(t, &e);
    case CMD_WRITE:
        return intr_testdev_transfer(t, true);
    case CMD_READ:
        return intr_testdev_transfer(t, false);
    case CMD_MSI:
        msi_notify(&t->pci, data);
        return MEM_OK;
    case CMD_MSIX:
        msix_notify(&t->pci, data % VECTORS);
        return MEM_OK;
    case CMD_RING:
        return run_ring(t);
    default:
        return MEM_DECODE_ERROR;
    }
}

static void command_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    IntrTestdev *t = opaque;
    regfile_set(&t->regs, REG_RESULT, intr_testdev_perform(t, written));
}

#define ALL_32 0xffffffffull
static const RegRow rows[] = {
    {"ADDR", REG_ADDR, 8, .writable = UINT64_MAX},
    {"DATA", REG_DATA, 4, .writable = ALL_32},
    {"FLAGS", REG_FLAGS, 4, .writable = FLAG_RID | FLAG_PASID},
    {"RID", REG_RID, 4, .writable = 0xffff},
    {"PASID", REG_PASID, 4, .writable = 0xfffff},
    {"LEN", REG_LEN, 4, .writable = 0x1fff},
    {"COMMAND", REG_COMMAND, 4, .written = command_written},
    {"RESULT", REG_RESULT, 4},
    {"RING", REG_RING, 8, .writable = UINT64_MAX},
    {"RING_COUNT", REG_RING_COUNT, 4, .writable = ALL_32},
};
static_assert(G_N_ELEMENTS(rows) == ROWS, "state holds every register");

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

static bool intr_testdev_realize(Device *dev, GError **error)
{
    IntrTestdev *t = (IntrTestdev *)dev;
    if (!msi_init(&t->pci, VECTORS, true, true, error) ||
        !msix_init(&t->pci, VECTORS, MSIX_BAR, error)) {
        return false;
    }
    regfile_init(&t->regs, rows, t->values, ROWS, REG_SPAN, t);
    t->region = (MemRegion){
        .name = "intr-testdev", .size = BAR_SIZE, .kind = MEM_IO, .ops = &testdev_ops, .opaque = t};
    pci_register_bar(&t->pci, 0, PCI_BAR_MEM32, &t->region);
    return true;
}

static void intr_testdev_unrealize(Device *dev)
{
    IntrTestdev *t = (IntrTestdev *)dev;
    regfile_free(&t->regs);
}

static void intr_testdev_reset(Device *dev)
{
    IntrTestdev *t = (IntrTestdev *)dev;
    regfile_reset(&t->regs);
    memset(t->buffer, 0, sizeof(t->buffer));
}

static void intr_testdev_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const PropInfo testdev_props[] = {
    PROP(PROP_UINT32, "requester-id", IntrTestdev, requester_id, "0xffffffff",
         "source id of its requests; 0xffffffff: its bus, device and function"),
    PROP_END,
};

static const StateField testdev_state[] = {
    PCI_STATE,
    STATE_REGFILE(IntrTestdev, regs),
    STATE_ARRAY(STATE_BYTES, IntrTestdev, buffer, BUFFER_SIZE),
    STATE_END,
};

static const PciDeviceClass testdev_pci = {
    .ids.vendor_id = VENDOR,
    .ids.device_id = DEVICE_ID,
    .ids.class_code = 0xff0000,
};

const DeviceClass intr_testdev_class = {
    .name = "intr-testdev",
    .desc = "Sends any interrupt message and does any DMA",
    .bus = BUS_PCI,
    .user_creatable = true,
    .instance_size = sizeof(IntrTestdev),
    .props = testdev_props,
    .bus_props = pci_bus_props,
    .bus_class = &testdev_pci,
    .state = testdev_state,
    .realize = intr_testdev_realize,
    .unrealize = intr_testdev_unrealize,
    .reset = intr_testdev_reset,
    .restored = intr_testdev_restored,
};
