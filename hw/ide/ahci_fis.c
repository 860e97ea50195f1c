/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames from a device: where they are received, and the registers and interrupts that follow from
 * them (AHCI 1.3.1, 4.2.1 and 5.3; Serial ATA 3.2, 10.5).
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/ide/ahci.h"

/* Frames have no address of their own: they go where PxFB says, while they are listened to. */
static void post_fis(AhciPort *p, unsigned at, const void *fis, size_t len)
{
    uint64_t base = port_get(p, PX_FB) | (uint64_t)port_get(p, PX_FBU) << 32;
    if ((port_get(p, PX_CMD) & PXCMD_FRE) &&
        pci_dma_write(&p->hba->pci, base + at, fis, len) != MEM_OK) {
        p->failed = true;
        ahci_port_raise(p, PXIS_HBFS);
    }
}

static void set_task_file(AhciPort *p, uint8_t status, uint8_t error)
{
    port_set(p, PX_TFD, (uint32_t)error << 8 | status);
}

/* What ends a command badly stops the port (6.2.2). */
static void tell_error(AhciPort *p)
{
    if (port_drive(p)->regs.status & ATA_ERR) {
        p->failed = true;
        ahci_port_raise(p, PXIS_TFES);
    }
}

static void put_registers(const AtaRegs *r, uint8_t *fis)
{
    fis[2] = r->status;
    fis[3] = r->error;
    bytes_store(fis + 4, r->lba & 0xffffff, 3);
    fis[7] = r->device;
    bytes_store(fis + 8, r->lba >> 24, 3);
    bytes_put16(fis + 12, r->count);
}

void ahci_send_registers(AhciPort *p, bool interrupt)
{
    const AtaRegs *r = &port_drive(p)->regs;
    uint8_t fis[20] = {FIS_D2H, interrupt ? FIS_I : 0};
    put_registers(r, fis);
    post_fis(p, RFIS_D2H, fis, sizeof(fis));
    set_task_file(p, r->status, r->error);
    if (interrupt) {
        ahci_port_raise(p, PXIS_DHRS);
    }
    tell_error(p);
}

void ahci_send_signature(AhciPort *p)
{
    const AtaRegs *r = &port_drive(p)->regs;
    ahci_send_registers(p, false);
    port_set(p, PX_SIG, (uint32_t)(r->lba & 0xffffff) << 8 | (r->count & 0xff));
}

/* The status of a command that reads by PIO is the last of these (Serial ATA 3.2, 11.7). */
void ahci_send_pio_setup(AhciPort *p, bool to_host, uint32_t bytes)
{
    const AtaRegs *r = &port_drive(p)->regs;
    uint8_t fis[20] = {FIS_PIO_SETUP, (uint8_t)((to_host ? FIS_I | FIS_D : 0))};
    put_registers(r, fis);
    fis[2] = ATA_DRDY | ATA_DSC | ATA_DRQ;
    fis[15] = r->status;
    bytes_put16(fis + 16, (uint16_t)bytes);
    post_fis(p, RFIS_PIO_SETUP, fis, sizeof(fis));
    if (to_host) {
        set_task_file(p, r->status, r->error);
        ahci_port_raise(p, PXIS_PSS);
    }
}

/* A queued command's data comes: its tag. */
void ahci_send_dma_setup(AhciPort *p, bool to_host)
{
    uint8_t fis[28] = {FIS_DMA_SETUP, (uint8_t)(to_host ? FIS_D : 0)};
    fis[4] = p->work.tag;
    bytes_put32(fis + 20, port_drive(p)->task.left);
    post_fis(p, RFIS_DMA_SETUP, fis, sizeof(fis));
}

/* 11.13: queued commands have ended. Only these bits of the status come with it. */
void ahci_send_bits(AhciPort *p, uint32_t done)
{
    enum { STATUS_BITS = 0x77 };
    const AtaRegs *r = &port_drive(p)->regs;
    uint8_t fis[8] = {FIS_BITS, FIS_I, r->status & STATUS_BITS, r->error};
    bytes_put32(fis + 4, done);
    post_fis(p, RFIS_BITS, fis, sizeof(fis));
    uint32_t kept = port_get(p, PX_TFD) & (ATA_BSY | ATA_DRQ);
    set_task_file(p, (uint8_t)(kept | (r->status & STATUS_BITS)), r->error);
    port_set(p, PX_SACT, port_get(p, PX_SACT) & ~done);
    ahci_port_raise(p, PXIS_SDBS);
    tell_error(p);
}
