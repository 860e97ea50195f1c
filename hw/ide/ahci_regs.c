/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, resets and interrupts (AHCI 1.3.1, 3, 10.4 and 10.6). */
#include <assert.h>

#include "hw/ide/ahci.h"
#include "hw/pci/msi.h"

#define BAR_BYTES 0x1000u
#define SLOTS_ALL 0xffffffffu
#define SPEED_6G  3u

static AhciPort *ahci_port_of(void *opaque)
{
    return opaque;
}

void ahci_update_interrupt(Ahci *s, bool cleared)
{
    uint32_t pending = (uint32_t)regfile_get(&s->regs, AHCI_IS), was = pending;
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        const AhciPort *p = &s->port[n];
        pending |= port_get(p, PX_IS) & port_get(p, PX_IE) ? 1u << n : 0;
    }
    regfile_set(&s->regs, AHCI_IS, pending);
    bool line = pending != 0 && (regfile_get(&s->regs, AHCI_GHC) & GHC_IE) != 0;
    /* 10.6.2.1: one message when something comes up; and again for what software has left. */
    bool tells = line && (!s->line || cleared || pending != was);
    s->line = line;
    pci_set_intx(&s->pci, line);
    if (tells && msi_enabled(&s->pci)) {
        msi_notify(&s->pci, 0);
    }
}

void ahci_port_raise(AhciPort *p, uint32_t bits)
{
    port_set(p, PX_IS, port_get(p, PX_IS) | bits);
    ahci_update_interrupt(p->hba, false);
}

/* PCS and PRCS are of PxSERR (3.3.5). */
static void follow_errors(AhciPort *p)
{
    uint32_t errors = port_get(p, PX_SERR), status = port_get(p, PX_IS) & PXIS_W1C;
    status |= errors & PXSERR_EXCHANGED ? PXIS_PCS : 0;
    status |= errors & PXSERR_PHY_CHANGE ? PXIS_PRCS : 0;
    port_set(p, PX_IS, status);
}

/* A device that was reset says who it is, as soon as it is listened to. */
static void port_greet(AhciPort *p)
{
    if (p->fis_waits && (port_get(p, PX_CMD) & PXCMD_FRE) && port_drive(p)) {
        p->fis_waits = false;
        ahci_send_signature(p);
    }
}

/* 10.4.2: COMRESET, and what comes of it. */
static void port_comreset(AhciPort *p)
{
    AtaDrive *d = port_drive(p);
    ahci_port_drop(p);
    port_set(p, PX_TFD, PXTFD_RESET);
    port_set(p, PX_SIG, PXSIG_RESET);
    port_set(p, PX_SSTS, d ? SSTS_PRESENT : 0);
    p->fis_waits = d != NULL;
    p->resetting = false;
    if (d) {
        ata_reset(d);
        port_set(p, PX_SERR, port_get(p, PX_SERR) | PXSERR_EXCHANGED | PXSERR_PHY_CHANGE);
        follow_errors(p);
    }
    port_greet(p);
}

static void ahci_port_reset(AhciPort *p, bool all)
{
    static const uint32_t kept[] = {PX_CLB, PX_CLBU, PX_FB, PX_FBU};
    uint32_t values[G_N_ELEMENTS(kept)];
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        values[i] = port_get(p, kept[i]);
    }
    ahci_port_drop(p);
    regfile_reset(&p->regs);
    for (size_t i = 0; !all && i < G_N_ELEMENTS(kept); i++) {
        port_set(p, kept[i], values[i]);
    }
    port_comreset(p);
}

void ahci_hba_reset(Ahci *s, bool all)
{
    timer_cancel(&s->timer);
    s->next_port = 0;
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        ahci_port_reset(&s->port[n], all);
    }
    regfile_reset(&s->regs);
    ahci_update_interrupt(s, false);
}

static void ghc_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    Ahci *s = opaque;
    if (written & GHC_HR) {
        ahci_hba_reset(s, false);
    } else {
        ahci_update_interrupt(s, false);
    }
}

static void is_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                       uint64_t written, uint64_t mask)
{
    ahci_update_interrupt(opaque, true);
}

static void px_status_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                              uint64_t written, uint64_t mask)
{
    follow_errors(opaque);
    ahci_update_interrupt(ahci_port_of(opaque)->hba, false);
}

static void px_ie_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    ahci_update_interrupt(ahci_port_of(opaque)->hba, false);
}

/* 10.3.1: commands are run, or forgotten. */
static void switch_commands(AhciPort *p, bool on)
{
    uint32_t cmd = port_get(p, PX_CMD) & ~(PXCMD_CR | PXCMD_CCS);
    ahci_port_drop(p);
    p->failed = false;
    port_set(p, PX_CI, 0);
    port_set(p, PX_SACT, 0);
    port_set(p, PX_CMD, on ? cmd | PXCMD_CR : cmd);
}

static void px_cmd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                           uint64_t written, uint64_t mask)
{
    AhciPort *p = opaque;
    uint32_t cmd = (uint32_t)now & ~(PXCMD_FR | PXCMD_CLO);
    port_set(p, PX_CMD, cmd | (cmd & PXCMD_FRE ? PXCMD_FR : 0));
    if ((old ^ now) & PXCMD_ST) {
        switch_commands(p, (now & PXCMD_ST) != 0);
    }
    if (written & PXCMD_CLO) { /* 3.3.7: BSY and DRQ are overridden */
        port_set(p, PX_TFD, port_get(p, PX_TFD) & ~(uint32_t)(ATA_BSY | ATA_DRQ));
    }
    port_greet(p);
    ahci_update_interrupt(p->hba, false);
}

static void px_sctl_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    AhciPort *p = opaque;
    uint32_t was = old & PXSCTL_DET, is = now & PXSCTL_DET;
    if (was == is) {
        return;
    }
    if (is == DET_COMRESET || is == DET_OFFLINE) {
        ahci_port_drop(p);
        p->fis_waits = false;
        port_set(p, PX_SSTS, is == DET_OFFLINE ? DET_OFFLINE : 0);
        port_set(p, PX_TFD, PXTFD_RESET);
    } else {
        port_comreset(p);
    }
    ahci_update_interrupt(p->hba, false);
}

/* 3.3.13, 3.3.14: only while commands are run. */
static void px_issue_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                             uint64_t written, uint64_t mask)
{
    AhciPort *p = opaque;
    if (!(port_get(p, PX_CMD) & PXCMD_ST)) {
        port_set(p, row->offset, (uint32_t)old);
    } else if (row->offset == PX_CI) {
        ahci_kick(p->hba);
    }
}

static const RegRow hba_rows[] = {
    {"CAP", AHCI_CAP, 4,
     .reset = (ICH9_AHCI_PORTS - 1) | (AHCI_SLOTS - 1) << CAP_NCS_SHIFT | CAP_SAM |
              SPEED_6G << CAP_ISS_SHIFT | CAP_SCLO | CAP_SNCQ | CAP_S64A},
    {"GHC", AHCI_GHC, 4, .reset = GHC_AE, .writable = GHC_IE, .written = ghc_written},
    {"IS", AHCI_IS, 4, .w1c = 0xffffffff, .written = is_written},
    {"PI", AHCI_PI, 4, .reset = (1u << ICH9_AHCI_PORTS) - 1},
    {"VS", AHCI_VS, 4, .reset = AHCI_VERSION_1_3},
};
static_assert(G_N_ELEMENTS(hba_rows) == AHCI_HBA_ROWS, "state holds every register");

static const RegRow port_rows[] = {
    {"PxCLB", PX_CLB, 4, .writable = 0xfffffc00},
    {"PxCLBU", PX_CLBU, 4, .writable = 0xffffffff},
    {"PxFB", PX_FB, 4, .writable = 0xffffff00},
    {"PxFBU", PX_FBU, 4, .writable = 0xffffffff},
    {"PxIS", PX_IS, 4, .w1c = PXIS_W1C, .written = px_status_written},
    {"PxIE", PX_IE, 4, .writable = PXIS_ALL, .written = px_ie_written},
    {"PxCMD", PX_CMD, 4, .reset = PXCMD_SUD | PXCMD_POD,
     .writable = PXCMD_ST | PXCMD_FRE | PXCMD_ATAPI | PXCMD_DLAE, .written = px_cmd_written},
    {"PxTFD", PX_TFD, 4, .reset = PXTFD_RESET},
    {"PxSIG", PX_SIG, 4, .reset = PXSIG_RESET},
    {"PxSSTS", PX_SSTS, 4},
    {"PxSCTL", PX_SCTL, 4, .writable = 0xfff, .written = px_sctl_written},
    {"PxSERR", PX_SERR, 4, .w1c = 0xffffffff, .written = px_status_written},
    {"PxSACT", PX_SACT, 4, .w1s = SLOTS_ALL, .written = px_issue_written},
    {"PxCI", PX_CI, 4, .w1s = SLOTS_ALL, .written = px_issue_written},
};
static_assert(G_N_ELEMENTS(port_rows) == AHCI_PORT_ROWS, "state holds every register");

/* The register file of an offset, and where in it that is; NULL: nothing is there. */
static RegFile *file_at(Ahci *s, uint64_t *offset)
{
    if (*offset < AHCI_GENERIC) {
        return &s->regs;
    }
    uint64_t port = (*offset - AHCI_PORTS_AT) / AHCI_PORT_BYTES;
    if (*offset < AHCI_PORTS_AT || port >= ICH9_AHCI_PORTS) {
        return NULL;
    }
    *offset = (*offset - AHCI_PORTS_AT) % AHCI_PORT_BYTES;
    return &s->port[port].regs;
}

static uint64_t ahci_bar_read(void *opaque, uint64_t offset, unsigned size)
{
    Ahci *s = opaque;
    uint64_t value = 0;
    if (s->serving) {
        return UINT64_MAX;
    }
    RegFile *file = file_at(s, &offset);
    if (file) {
        regfile_read(file, (uint32_t)offset, size, &value);
    }
    return value;
}

static void ahci_bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Ahci *s = opaque;
    RegFile *file = s->serving ? NULL : file_at(s, &offset);
    if (file) {
        regfile_write(file, (uint32_t)offset, size, value);
    }
}

static const MemOps ahci_bar_ops = {
    .read = ahci_bar_read, .write = ahci_bar_write, .min_size = 1, .max_size = 4};

void ahci_regs_init(Ahci *s)
{
    regfile_init(&s->regs, hba_rows, s->values, AHCI_HBA_ROWS, AHCI_GENERIC, s);
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        AhciPort *p = &s->port[n];
        regfile_init(&p->regs, port_rows, p->values, AHCI_PORT_ROWS, AHCI_PORT_BYTES, p);
    }
    s->bar = (MemRegion){
        .name = "ahci", .size = BAR_BYTES, .kind = MEM_IO, .ops = &ahci_bar_ops, .opaque = s};
}

void ahci_regs_free(Ahci *s)
{
    for (unsigned n = 0; n < ICH9_AHCI_PORTS; n++) {
        regfile_free(&s->port[n].regs);
    }
    regfile_free(&s->regs);
}
