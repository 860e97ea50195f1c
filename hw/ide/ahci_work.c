/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The adapter at work: ports take turns, each with one command at a time, in parts, until there is
 * nothing to do or the slice has cost enough. What is left is the next slice's. (AHCI 1.3.1, 5.3
 * and 5.5)
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/ide/ahci.h"

#define SLICE_COST   (1024u * 1024) /* bytes moved, or what takes as long */
#define COMMAND_COST 4096u
#define FLUSH_COST   SLICE_COST /* it may wait for the disk */

void ahci_port_drop(AhciPort *p)
{
    AtaDrive *d = port_drive(p);
    p->work = (AhciWork){0};
    if (d) {
        d->task = (AtaTask){0};
    }
}

static void port_fatal(AhciPort *p, uint32_t why)
{
    p->work.busy = false;
    p->failed = true;
    ahci_port_raise(p, why);
}

static void clear_issue(AhciPort *p)
{
    port_set(p, PX_CI, port_get(p, PX_CI) & ~(1u << p->work.slot));
}

static uint64_t command_list(const AhciPort *p)
{
    return port_get(p, PX_CLB) | (uint64_t)port_get(p, PX_CLBU) << 32;
}

/* 4.2.2: how much was moved; of a queued command it says nothing. */
static void tell_moved(AhciPort *p)
{
    uint8_t bytes[4];
    uint64_t at = command_list(p) + p->work.slot * AHCI_HEADER_BYTES + HEADER_PRDBC_AT;
    bytes_put32(bytes, p->work.moved);
    if (pci_dma_write(&p->hba->pci, at, bytes, sizeof(bytes)) != MEM_OK) {
        port_fatal(p, PXIS_HBFS);
    }
}

/* 11.15 (Serial ATA 3.2): all that are queued end with the one that failed. */
static void end_queued(AhciPort *p, AtaDrive *d)
{
    if (d->regs.status & ATA_ERR) {
        d->failed = d->regs;
        d->failed.count = p->work.tag;
        d->has_failed = true;
        ahci_send_bits(p, 0);
    } else {
        ahci_send_bits(p, 1u << p->work.tag);
    }
}

/* The command has come to its end, good or bad: the drive's registers say which. */
static void end_command(AhciPort *p)
{
    AtaDrive *d = port_drive(p);
    bool failed = (d->regs.status & ATA_ERR) != 0;
    p->work.busy = false;
    if (d->task.protocol == ATA_QUEUED) {
        end_queued(p, d);
        return;
    }
    tell_moved(p);
    if (p->failed) {
        return;
    }
    if (!failed) {
        clear_issue(p);
    }
    bool by_pio_in = !failed && p->work.moved > 0 && d->task.protocol == ATA_BY_PIO &&
                     d->task.source != ATA_OF_PACKET && !(p->work.header & HEADER_W);
    if (by_pio_in) {
        ahci_send_pio_setup(p, true, p->work.moved);
    } else {
        ahci_send_registers(p, true);
    }
}

/* 11.2: the control register alone. */
static void control(AhciPort *p, uint8_t value)
{
    AtaDrive *d = port_drive(p);
    bool resetting = (value & ATA_CTL_SRST) != 0, was = p->resetting;
    p->work.busy = false;
    p->resetting = resetting;
    clear_issue(p);
    if (was && !resetting) {
        ata_reset(d);
        ahci_send_signature(p);
    } else if (resetting && !(p->work.header & HEADER_C)) {
        port_set(p, PX_TFD, ATA_BSY);
    }
}

static AtaRegs decode_registers(const uint8_t *fis)
{
    return (AtaRegs){
        .command = fis[2],
        .device = fis[7],
        .features = (uint16_t)(fis[3] | fis[11] << 8),
        .count = bytes_get16(fis + 12),
        .lba = bytes_load(fis + 4, 3) | bytes_load(fis + 8, 3) << 24,
    };
}

/* A queued command lets go of the task file as soon as it is taken. */
static void release_queued(AhciPort *p, AtaDrive *d)
{
    uint8_t status = d->regs.status;
    d->regs.status = ATA_DRDY | ATA_DSC;
    clear_issue(p);
    ahci_send_registers(p, false);
    d->regs.status = status;
    ahci_send_dma_setup(p, d->task.direction == ATA_TO_HOST);
}

static uint32_t start_device_command(AhciPort *p, const uint8_t *table)
{
    AtaDrive *d = port_drive(p);
    AtaRegs in = decode_registers(table);
    port_set(p, PX_TFD, (port_get(p, PX_TFD) & ~(uint32_t)ATA_ERR) | ATA_BSY);
    AtaResult result = ata_begin(d, &in);
    p->work.tag = (uint8_t)(in.count >> 3) % ATA_TAGS;
    if (result == ATA_DONE && in.command == ATA_PACKET) {
        result = ata_packet(d, table + TABLE_ACMD_AT);
    }
    if (result == ATA_DONE && d->task.protocol == ATA_QUEUED) {
        release_queued(p, d);
    }
    if (result != ATA_DONE || d->task.direction == ATA_NO_DATA) {
        end_command(p);
    }
    bool flushes = in.command == ATA_FLUSH || in.command == ATA_FLUSH_EXT;
    return flushes ? FLUSH_COST : COMMAND_COST;
}

/* A slot's header and table; what it cost. */
static uint32_t ahci_start(AhciPort *p, unsigned slot)
{
    uint8_t header[AHCI_HEADER_BYTES], table[TABLE_PRDT_AT];
    AhciWork *w = &p->work;
    *w = (AhciWork){.busy = true, .slot = (uint8_t)slot};
    port_set(p, PX_CMD, (port_get(p, PX_CMD) & ~PXCMD_CCS) | slot << PXCMD_CCS_SHIFT);
    if (pci_dma_read(&p->hba->pci, command_list(p) + slot * AHCI_HEADER_BYTES, header,
                     sizeof(header)) != MEM_OK) {
        port_fatal(p, PXIS_HBFS);
        return COMMAND_COST;
    }
    w->header = bytes_get32(header);
    w->table = bytes_get64(header + 8) & ~(uint64_t)TABLE_ALIGN;
    if (pci_dma_read(&p->hba->pci, w->table, table, sizeof(table)) != MEM_OK) {
        port_fatal(p, PXIS_HBFS);
        return COMMAND_COST;
    }
    if (!w->busy) { /* a read of its own has reset it */
        return COMMAND_COST;
    }
    if (table[0] != FIS_H2D || (w->header & HEADER_CFL) * 4 < FIS_H2D_BYTES) {
        port_fatal(p, PXIS_IFS); /* no device takes that */
        return COMMAND_COST;
    }
    if (!(table[1] & FIS_C)) {
        control(p, table[15]);
        return COMMAND_COST;
    }
    return start_device_command(p, table);
}

static uint32_t ahci_go_on(AhciPort *p, uint32_t budget)
{
    AtaDrive *d = port_drive(p);
    uint32_t before = d->task.left;
    AhciMove move = d->task.left ? ahci_move(p, MAX(budget, ATA_SECTOR)) : AHCI_MOVED;
    if (move == AHCI_MOVE_LATER) {
        return 0;
    }
    if (p->failed || !p->work.busy) { /* memory could not be reached; or it was reset */
        p->work.busy = false;
        return COMMAND_COST;
    }
    if (move == AHCI_MOVE_FAILED) {
        end_command(p);
    } else if (d->task.left == 0) {
        AtaResult result = ata_end(d);
        if (result == ATA_LATER) {
            return 0;
        }
        end_command(p);
    }
    return MAX(before - MIN(d->task.left, before), COMMAND_COST);
}

/* The next slot in turn; AHCI_SLOTS: none. */
static unsigned next_slot(const AhciPort *p)
{
    uint32_t issued = port_get(p, PX_CI);
    unsigned last = (port_get(p, PX_CMD) & PXCMD_CCS) >> PXCMD_CCS_SHIFT;
    for (unsigned i = 1; issued && i <= AHCI_SLOTS; i++) {
        unsigned slot = (last + i) % AHCI_SLOTS;
        if (issued & (1u << slot)) {
            return slot;
        }
    }
    return AHCI_SLOTS;
}

static bool port_may_work(const AhciPort *p)
{
    return port_drive(p) && !p->failed && (port_get(p, PX_CMD) & PXCMD_ST) &&
           port_get(p, PX_SSTS) == SSTS_PRESENT;
}

static bool port_has_work(const AhciPort *p)
{
    return port_may_work(p) && (p->work.busy || port_get(p, PX_CI) != 0);
}

static uint32_t serve_port(AhciPort *p, uint32_t budget)
{
    if (!port_may_work(p)) {
        return 0;
    }
    if (p->work.busy) {
        return ahci_go_on(p, budget);
    }
    unsigned slot = next_slot(p);
    return slot < AHCI_SLOTS ? ahci_start(p, slot) : 0;
}

static uint32_t serve_ports(Ahci *s, uint32_t budget)
{
    uint32_t spent = 0;
    for (unsigned i = 0; i < ICH9_AHCI_PORTS && spent < budget; i++) {
        AhciPort *p = &s->port[s->next_port];
        s->next_port = (s->next_port + 1) % ICH9_AHCI_PORTS;
        spent += serve_port(p, budget - spent);
    }
    return spent;
}

static void ahci_work(void *opaque)
{
    Ahci *s = opaque;
    uint32_t spent, all = 0;
    s->serving = true;
    do {
        spent = serve_ports(s, SLICE_COST - all);
        all += spent;
    } while (spent != 0 && all < SLICE_COST);
    s->serving = false;
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        if (port_has_work(&s->port[n])) {
            ahci_kick(s);
        }
    }
}

void ahci_work_init(Ahci *s)
{
    timer_init(&s->timer, s->pci.dev.platform->clock, ahci_work, s);
}

void ahci_kick(Ahci *s)
{
    if (!timer_is_armed(&s->timer)) {
        timer_arm(&s->timer, clock_last(s->pci.dev.platform->clock));
    }
}
