/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command's data, by its scatter list (AHCI 1.3.1, 4.2.3.3). */
#include "base/bytes.h"
#include "hw/ide/ahci.h"

#define WHOLE 2048u /* the largest block of a medium */

typedef struct {
    uint64_t addr;
    uint32_t len;
    bool interrupts;
} Prd;

static bool read_prd(AhciPort *p, uint32_t n, Prd *prd)
{
    uint8_t raw[PRD_BYTES];
    uint64_t at = p->work.table + TABLE_PRDT_AT + (uint64_t)n * PRD_BYTES;
    if (pci_dma_read(&p->hba->pci, at, raw, sizeof(raw)) != MEM_OK) {
        return false;
    }
    uint32_t last = bytes_get32(raw + 12);
    *prd = (Prd){bytes_get64(raw) & ~1ull, ((last & PRD_COUNT) | 1) + 1, (last & PRD_I) != 0};
    return true;
}

static bool dma(AhciPort *p, bool to_host, uint64_t addr, uint8_t *buf, uint32_t len)
{
    return (to_host ? pci_dma_write(&p->hba->pci, addr, buf, len)
                    : pci_dma_read(&p->hba->pci, addr, buf, len)) == MEM_OK;
}

static void move_fatal(AhciPort *p, uint32_t why)
{
    p->failed = true;
    ahci_port_raise(p, why);
}

/* Moves up to `len` bytes between the list and `buf`; how many there was room for. False: memory
 * cannot be reached. */
static bool move_list(AhciPort *p, bool to_host, uint8_t *buf, uint32_t len, uint32_t *moved)
{
    AhciWork *w = &p->work;
    uint32_t entries = w->header >> 16;
    bool interrupts = false;
    for (*moved = 0; *moved < len && w->prd < entries;) {
        Prd prd;
        if (!read_prd(p, w->prd, &prd)) {
            move_fatal(p, PXIS_HBFS);
            return false;
        }
        uint32_t part = w->into < prd.len ? MIN(prd.len - w->into, len - *moved) : 0;
        if (part > 0 && !dma(p, to_host, prd.addr + w->into, buf + *moved, part)) {
            move_fatal(p, PXIS_HBDS);
            return false;
        }
        *moved += part;
        w->into += part;
        if (w->into >= prd.len) {
            w->prd++;
            w->into = 0;
            interrupts |= prd.interrupts;
        }
    }
    w->moved += *moved;
    if (interrupts) {
        ahci_port_raise(p, PXIS_DPS);
    }
    return true;
}

/* 6.1.4: the device has more than the list has room for. What it cannot send is lost; what it
 * cannot get, it gives up on. */
static AhciMove overflow(AhciPort *p, bool to_host)
{
    ahci_port_raise(p, PXIS_OFS);
    port_drive(p)->task.left = 0;
    if (!to_host) {
        ata_abort(port_drive(p), ATA_ABRT);
    }
    return to_host ? AHCI_MOVED : AHCI_MOVE_FAILED;
}

static AhciMove move_in(AhciPort *p, const struct iovec *chunk)
{
    uint32_t moved;
    AtaResult result = ata_move(port_drive(p), chunk, 1);
    if (result != ATA_DONE) {
        return result == ATA_LATER ? AHCI_MOVE_LATER : AHCI_MOVE_FAILED;
    }
    if (!move_list(p, true, chunk->iov_base, (uint32_t)chunk->iov_len, &moved)) {
        return AHCI_MOVE_FAILED;
    }
    return moved < chunk->iov_len ? overflow(p, true) : AHCI_MOVED;
}

static AhciMove move_out(AhciPort *p, const struct iovec *chunk)
{
    AhciWork before = p->work;
    uint32_t moved;
    if (!move_list(p, false, chunk->iov_base, (uint32_t)chunk->iov_len, &moved)) {
        return AHCI_MOVE_FAILED;
    }
    if (moved < chunk->iov_len) {
        return overflow(p, false);
    }
    if (!p->work.busy) { /* a write of its own has reset it */
        return AHCI_MOVE_FAILED;
    }
    AtaResult result = ata_move(port_drive(p), chunk, 1);
    if (result == ATA_LATER) {
        p->work = before;
    }
    return result == ATA_DONE    ? AHCI_MOVED
           : result == ATA_LATER ? AHCI_MOVE_LATER
                                 : AHCI_MOVE_FAILED;
}

AhciMove ahci_move(AhciPort *p, uint32_t most)
{
    const AtaTask *t = &port_drive(p)->task;
    uint32_t whole = MAX(most / WHOLE * WHOLE, WHOLE);
    const struct iovec chunk = {p->hba->chunk, MIN(MIN(t->left, whole), AHCI_CHUNK)};
    return t->direction == ATA_TO_HOST ? move_in(p, &chunk) : move_out(p, &chunk);
}
