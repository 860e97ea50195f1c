/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An AHCI host bus adapter's parts. Private to hw/ide/. */
#ifndef HW_IDE_AHCI_H
#define HW_IDE_AHCI_H

#include "hw/core/regfile.h"
#include "hw/ide/ahci_spec.h"
#include "hw/ide/ide.h"
#include "hw/ide/ide_bus.h"
#include "hw/pci/pci.h"

#define AHCI_HBA_ROWS  5
#define AHCI_PORT_ROWS 14
#define AHCI_CHUNK     (64u * 1024)

typedef struct Ahci Ahci;

/* The command under way. */
typedef struct {
    bool busy;
    uint8_t slot, tag;
    uint32_t header; /* its first dword */
    uint64_t table;
    uint32_t prd, into; /* where in the scatter list its data is; bytes of that entry are done */
    uint32_t moved;
} AhciWork;

typedef struct {
    Ahci *hba;
    unsigned number;
    IdeBus bus;
    RegFile regs;
    uint64_t values[AHCI_PORT_ROWS];
    AhciWork work;
    bool fis_waits; /* the signature, until there is room for it (10.1.1) */
    bool failed;    /* a fatal error: nothing is done until ST was off */
    bool resetting; /* SRST is set */
} AhciPort;

struct Ahci {
    PciDevice pci;
    MemRegion bar;
    RegFile regs;
    uint64_t values[AHCI_HBA_ROWS];
    AhciPort port[ICH9_AHCI_PORTS];
    uint32_t next_port;
    bool line; /* an interrupt is asked for */
    Timer timer;
    bool serving;
    uint8_t chunk[AHCI_CHUNK];
};

static inline AtaDrive *port_drive(const AhciPort *p)
{
    return p->bus.drives[0];
}

static inline uint32_t port_get(const AhciPort *p, uint32_t reg)
{
    return (uint32_t)regfile_get(&p->regs, reg);
}

static inline void port_set(AhciPort *p, uint32_t reg, uint32_t value)
{
    regfile_set(&p->regs, reg, value);
}

/* ahci_regs.c */
void ahci_regs_init(Ahci *s);
void ahci_regs_free(Ahci *s);
/* GHC.HR (10.4.3); or all of it, with what HR leaves as it is. */
void ahci_hba_reset(Ahci *s, bool all);
/* Bits of PxIS come up. */
void ahci_port_raise(AhciPort *p, uint32_t bits);
/* Interrupts as registers are now; `cleared`: after software has cleared some (10.6.2.1). */
void ahci_update_interrupt(Ahci *s, bool cleared);

/* ahci_fis.c: what the device sends is received, and told of. */
void ahci_send_signature(AhciPort *p);
void ahci_send_registers(AhciPort *p, bool interrupt);
void ahci_send_pio_setup(AhciPort *p, bool to_host, uint32_t bytes);
void ahci_send_dma_setup(AhciPort *p, bool to_host);
void ahci_send_bits(AhciPort *p, uint32_t done);

/* ahci_data.c: the next part of a command's data. */
typedef enum { AHCI_MOVED, AHCI_MOVE_FAILED, AHCI_MOVE_LATER } AhciMove;
AhciMove ahci_move(AhciPort *p, uint32_t most);

/* ahci_work.c */
void ahci_work_init(Ahci *s);
void ahci_kick(Ahci *s);
/* What is under way is given up. */
void ahci_port_drop(AhciPort *p);

#endif
