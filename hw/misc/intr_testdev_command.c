/* SPDX-License-Identifier: GPL-2.0-or-later */
/* intr-testdev: what its commands do. */
#include <assert.h>

#include "hw/intr/journal.h"
#include "hw/misc/intr_testdev_internal.h"

#define RING_MOST 4096u
#define NO_MASTER 0xffffffffu

enum {
    CMD_MESSAGE = 1,
    CMD_WRITE,
    CMD_READ,
    CMD_MSI,
    CMD_MSIX,
    CMD_RING,
    CMD_PIN,
    CMD_IMS,
    CMD_IMS_MEMORY,
    CMD_IMS_CHANGED,
    CMD_TRANSLATE,
    CMD_REQUEST_PAGE,
};

/* DATA of a page request. */
#define PAGE_GROUP 0x1ffu
#define PAGE_LAST  (1u << 9)
#define PAGE_READ  (1u << 10)
#define PAGE_WRITE (1u << 11)

typedef struct {
    uint64_t address;
    uint32_t data;
    uint16_t requester_id, flags;
    uint32_t pasid, result;
    uint64_t unused;
} RingEntry;
static_assert(sizeof(RingEntry) == 32, "ring entries have 32 bytes");

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

static uint32_t send_from_registers(IntrTestdev *t)
{
    const RingEntry e = {
        .address = intr_testdev_reg(t, REG_ADDR),
        .data = (uint32_t)intr_testdev_reg(t, REG_DATA),
        .requester_id = (uint16_t)intr_testdev_reg(t, REG_RID),
        .flags = (uint16_t)intr_testdev_reg(t, REG_FLAGS),
        .pasid = (uint32_t)intr_testdev_reg(t, REG_PASID),
    };
    return send_message(t, &e);
}

static BusReq intr_testdev_request(const IntrTestdev *t)
{
    uint64_t flags = intr_testdev_reg(t, REG_FLAGS);
    return (BusReq){
        .requester_id = intr_testdev_source(t, flags, intr_testdev_reg(t, REG_RID)),
        .has_pasid = flags & FLAG_PASID,
        .pasid = (uint32_t)intr_testdev_reg(t, REG_PASID),
        .translated = flags & FLAG_TRANSLATED,
    };
}

static uint32_t intr_testdev_transfer(IntrTestdev *t, bool to_memory)
{
    const Upstream *up = pci_upstream(&t->pci);
    BusReq req = intr_testdev_request(t);
    uint64_t addr = intr_testdev_reg(t, REG_ADDR), asked = intr_testdev_reg(t, REG_LEN);
    size_t len = MIN(asked, INTR_TESTDEV_BUFFER);
    if (!up) {
        return NO_MASTER;
    }
    if (intr_testdev_reg(t, REG_FLAGS) & FLAG_ATS) {
        return to_memory ? pci_ats_write(&t->ats, &req, addr, t->buffer, len)
                         : pci_ats_read(&t->ats, &req, addr, t->buffer, len);
    }
    return to_memory ? upstream_write(up, &req, addr, t->buffer, len)
                     : upstream_read(up, &req, addr, t->buffer, len);
}

static uint32_t intr_testdev_translate(IntrTestdev *t)
{
    BusTranslation got;
    BusReq req = intr_testdev_request(t);
    bool supported = pci_ats_translate(&t->ats, &req, intr_testdev_reg(t, REG_ADDR), &got);
    regfile_set(&t->regs, REG_XLAT,
                got.address | got.read | got.write << 1 | got.untranslated_only << 2);
    regfile_set(&t->regs, REG_XLAT_SHIFT, got.shift);
    return supported ? MEM_OK : MEM_ACCESS_ERROR;
}

static uint32_t intr_testdev_request_page(IntrTestdev *t, uint32_t data)
{
    BusReq req = intr_testdev_request(t);
    const BusPageRequest what = {.address = intr_testdev_reg(t, REG_ADDR) & ~0xfffull,
                                 .group = data & PAGE_GROUP,
                                 .last = data & PAGE_LAST,
                                 .read = data & PAGE_READ,
                                 .write = data & PAGE_WRITE};
    return pci_pri_request(&t->pri, &req, &what) ? MEM_OK : MEM_ACCESS_ERROR;
}

/* The ring is read and written back as the device's own DMA, so it is translated too. */
static uint32_t run_ring(IntrTestdev *t)
{
    uint64_t asked = intr_testdev_reg(t, REG_RING_COUNT), count = MIN(asked, RING_MOST);
    for (uint64_t i = 0; i < count; i++) {
        RingEntry e;
        uint64_t at = intr_testdev_reg(t, REG_RING) + i * sizeof(e);
        MemResult result = pci_dma_read(&t->pci, at, &e, sizeof(e));
        if (result != MEM_OK) {
            return result;
        }
        e.result = send_message(t, &e);
        pci_dma_write(&t->pci, at + offsetof(RingEntry, result), &e.result, sizeof(e.result));
    }
    return MEM_OK;
}

uint32_t intr_testdev_perform(IntrTestdev *t, uint32_t command)
{
    uint32_t data = (uint32_t)intr_testdev_reg(t, REG_DATA);
    switch (command) {
    case CMD_MESSAGE:
        return send_from_registers(t);
    case CMD_WRITE:
        return intr_testdev_transfer(t, true);
    case CMD_READ:
        return intr_testdev_transfer(t, false);
    case CMD_MSI:
        msi_notify(&t->pci, data);
        return MEM_OK;
    case CMD_MSIX:
        msix_notify(&t->pci, data);
        return MEM_OK;
    case CMD_RING:
        return run_ring(t);
    case CMD_PIN:
        pci_set_intx(&t->pci, data & 1);
        return MEM_OK;
    case CMD_IMS:
        pci_ims_notify(&t->ims, data);
        return MEM_OK;
    case CMD_IMS_MEMORY:
        pci_ims_memory_notify(&t->ims, intr_testdev_reg(t, REG_IMS_BASE), data);
        return MEM_OK;
    case CMD_IMS_CHANGED:
        pci_ims_memory_changed(&t->ims, intr_testdev_reg(t, REG_IMS_BASE), data);
        return MEM_OK;
    case CMD_TRANSLATE:
        return intr_testdev_translate(t);
    case CMD_REQUEST_PAGE:
        return intr_testdev_request_page(t, data);
    default:
        return MEM_DECODE_ERROR;
    }
}
