/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of dsa share: the device and its parts. */
#ifndef HW_DMA_DSA_DEVICE_H
#define HW_DMA_DSA_DEVICE_H

#include "base/clock.h"
#include "base/trace.h"
#include "hw/core/regfile.h"
#include "hw/dma/dsa/desc.h"
#include "hw/dma/dsa/spec.h"
#include "hw/dma/dsa/wqcfg.h"
#include "hw/pci/ims.h"
#include "hw/pci/msi.h"

#define DSA_WQS         8u
#define DSA_GROUPS      4u
#define DSA_ENGINES     4u
#define DSA_ENTRIES     128u /* of all queues together */
#define DSA_VECTORS     9u   /* of MSI-X: 0 is for events of the device */
#define DSA_XFER_SHIFT  31
#define DSA_BATCH_SHIFT 10
#define DSA_REG_ROWS    22

#define DSA_LAST_GENERATION 31u /* of interrupt handles */

/* Where in BAR 0 the tables are; a table's offset register counts in these units. */
#define DSA_TABLE_UNIT   0x100u
#define DSA_GRPCFG_AT    0x400u
#define DSA_GRPCFG_BYTES 64u
#define DSA_WQCFG_AT     0x500u
#define DSA_WQCFG_BYTES  (4 * DSA_WQCFG_DWORDS)
#define DSA_MSIXPERM_AT  0x600u
#define DSA_IMS_AT       0x2000u
#define DSA_BAR_BYTES    0x10000u

/* What a descriptor came by. */
#define DSA_PORTAL_LIMITED 1u
#define DSA_PORTAL_IMS     2u /* its interrupt handle is of the message store */

#define DSA_GRPCFG_DWORDS  (DSA_GRPCFG_BYTES / 4)
#define DSA_GRPCFG_ENGINES 8u /* dword: after 256 bits of work queues */
#define DSA_GRPCFG_FLAGS   10u

typedef struct {
    uint8_t bytes[DSA_DESC_BYTES];
    uint8_t portal;
} DsaEntry;

typedef struct {
    uint32_t config[DSA_WQCFG_DWORDS]; /* as software wrote it */
    bool enabled;
    bool closing; /* to be disabled when it is empty: it takes nothing more */
    uint8_t credit;
    uint16_t base, size; /* its part of the entries, while the device is enabled */
    uint16_t head, count;
} DsaWq;

typedef struct {
    bool busy;
    bool in_batch; /* `current` is one of those in the list of `own` */
    uint8_t wq, portal;
    uint8_t own[DSA_DESC_BYTES]; /* as it came from the queue */
    uint8_t current[DSA_DESC_BYTES];
    bool working;    /* on `current`, which was found good */
    bool interrupts; /* when it is done, by that vector of the table that the portal stands for */
    uint16_t vector;
    uint32_t done; /* bytes of it */
    uint32_t crc;
    /* Of a batch. */
    bool own_interrupts;
    uint16_t own_vector;
    uint32_t next;   /* how many were taken from the list */
    bool one_failed; /* of them */
} DsaEngine;

typedef struct {
    PciDevice pci;
    /* Properties. */
    uint16_t ims_slots;
    bool int_handles;
    uint32_t revoke_after;
    MemRegion region, portals;
    RegFile regs;
    uint64_t values[DSA_REG_ROWS];
    uint32_t grpcfg[DSA_GROUPS][DSA_GRPCFG_DWORDS];
    uint32_t msixperm[DSA_VECTORS];
    PciIms ims;
    DsaWq wq[DSA_WQS];
    DsaEntry entries[DSA_ENTRIES];
    DsaEngine engine[DSA_ENGINES];
    bool enabled;
    bool disabling; /* when all is empty */
    /* The command that is carried out. */
    bool command_active;
    uint32_t command;
    uint32_t command_wqs; /* that it waits for */
    /* Interrupt handles: of MSI-X's vectors, then of the store's slots. */
    uint8_t granted[DSA_VECTORS + PCI_IMS_MOST_SLOTS];
    uint8_t generation;
    uint32_t interrupts; /* of completions, since handles were revoked */
    Timer work;
} Dsa;

static inline uint64_t dsa_reg(const Dsa *d, uint32_t offset)
{
    return regfile_get(&d->regs, offset);
}

static inline struct Journal *dsa_journal(const Dsa *d)
{
    return d->pci.dev.platform->journal;
}

static inline DsaWqConfig dsa_wq_config(const Dsa *d, unsigned n)
{
    return dsa_wqcfg_decode(d->wq[n].config);
}

/* regs.c: BAR 0's registers; tables.c: what is behind them. */
void dsa_regs_init(Dsa *d);
void dsa_regs_free(Dsa *d);
void dsa_regs_reset(Dsa *d);
/* Sets bits of INTCAUSE, and interrupts for those that were not set. */
void dsa_event(Dsa *d, uint32_t cause);
uint32_t dsa_table_read(Dsa *d, uint32_t offset);
void dsa_table_write(Dsa *d, uint32_t offset, uint32_t value);
void dsa_tables_reset(Dsa *d);
/* A work queue's configuration, but for its size. */
void dsa_wqcfg_reset(Dsa *d, unsigned n);

/* error.c: SWERR. */
typedef struct {
    uint8_t error; /* DsaStatus, and DSA_STATUS_WRITE */
    uint8_t wq;
    const DsaDesc *desc; /* or NULL */
    bool in_batch;
    uint16_t index; /* in the batch */
    uint32_t invalid_flags;
    uint64_t fault;
} DsaSoftError;
void dsa_report(Dsa *d, const DsaSoftError *error);

/* config.c: may it be enabled as it is configured? */
DsaCmdError dsa_check_device(const Dsa *d);
DsaCmdError dsa_check_wq(const Dsa *d, unsigned n);
/* The group that has the queue, or DSA_GROUPS. */
unsigned dsa_group_of_wq(const Dsa *d, unsigned n);
unsigned dsa_group_of_engine(const Dsa *d, unsigned n);

/* cmd.c: the command register. */
void dsa_command(Dsa *d, uint32_t value);
/* Some descriptor is done: what waits for that may go on. */
void dsa_command_progress(Dsa *d);

/* wq.c: portals, queues, and whose turn it is. */
void dsa_portals_init(Dsa *d);
void dsa_wqs_lay_out(Dsa *d);
/* All of it goes: what is queued, and what engines have taken from it. */
void dsa_wq_abort(Dsa *d, unsigned n);
bool dsa_wq_is_idle(const Dsa *d, unsigned n);
/* The next entry for an engine, or NULL. */
const DsaEntry *dsa_wq_take(Dsa *d, unsigned engine, uint8_t *wq);
bool dsa_wq_has_work(const Dsa *d, unsigned engine);

/* engine.c: descriptors are carried out, in slices of the main loop's time. */
void dsa_engines_init(Dsa *d);
void dsa_engines_free(Dsa *d);
void dsa_engines_wake(Dsa *d);
void dsa_engine_abort(DsaEngine *e);

/* op.c, op_crc.c: operations. */
typedef struct {
    Dsa *dsa;
    const DsaDesc *desc;
    DsaEngine *engine;
    uint32_t bytes;    /* of this piece, after engine->done of them */
    DsaRecord *record; /* for a result that ends it: then *over; and for faults */
    bool over;
} DsaPiece;
#define DSA_PIECE_BYTES 4096u
typedef struct {
    uint32_t flags; /* that it may have, beside those that all may have */
    bool sized;     /* works on desc->size bytes */
    bool writes;    /* to desc->destination, */
    bool reads;     /* from desc->source, */
    bool reads_two; /* and from desc->destination */
    uint8_t cost;   /* of a byte, in bytes moved */
    DsaStatus (*check)(const DsaDesc *desc);
    DsaStatus (*start)(DsaPiece *piece);
    DsaStatus (*step)(DsaPiece *piece);
    void (*finish)(const DsaPiece *piece);
} DsaOpRow;
/* NULL: there is no such operation. */
const DsaOpRow *dsa_op_row(uint8_t opcode);
/* Bits of OPCAP. */
uint64_t dsa_opcap(unsigned word);
/* Bytes of the next piece of what is left. */
uint32_t dsa_piece_bytes(const DsaOpRow *row, const DsaDesc *desc, uint32_t done);
/* DMA of a piece; the status of a fault is filled into its record. */
DsaStatus dsa_piece_read(DsaPiece *piece, uint64_t at, void *buf, uint32_t len);
DsaStatus dsa_piece_write(DsaPiece *piece, uint64_t at, const void *buf, uint32_t len);
DsaStatus dsa_crc_start(DsaPiece *piece);
DsaStatus dsa_crc_step(DsaPiece *piece);
DsaStatus dsa_copy_crc_step(DsaPiece *piece);
DsaStatus dsa_copy_crc_check(const DsaDesc *desc);
void dsa_crc_finish(const DsaPiece *piece);
/* The CRC of RFC 3720 of more bytes; most significant bit first. */
uint32_t dsa_crc(uint32_t crc, const uint8_t *bytes, uint32_t len, bool reflected);

/* check.c: is a descriptor one that can be carried out? Also finds its interrupt's vector. */
DsaStatus dsa_check(Dsa *d, const DsaDesc *desc, DsaEngine *e, DsaRecord *record);

/* intr.c: interrupt handles and the rules of MSIXPERM. */
DsaCmdError dsa_handle_request(Dsa *d, bool ims, uint16_t index, uint16_t *handle);
DsaCmdError dsa_handle_release(Dsa *d, bool ims, uint16_t handle);
void dsa_handles_reset(Dsa *d);
/* Whether a descriptor may interrupt by the handle; if not, that is its interrupt's end. */
bool dsa_intr_may(Dsa *d, bool ims, uint16_t handle, uint16_t *vector);
void dsa_intr_send(Dsa *d, bool ims, uint16_t vector);

/* complete.c: the end of a descriptor: its record, or SWERR, and its interrupt. */
void dsa_complete(Dsa *d, DsaEngine *e, const DsaDesc *desc, DsaRecord *record, DsaStatus status);
static inline bool dsa_has_failed(DsaStatus status)
{
    return status != DSA_SUCCESS && status != DSA_SUCCESS_PREDICATE;
}

/* state.c */
extern const StateField dsa_state[];
/* A loaded state is believed nothing. */
void dsa_state_mend(Dsa *d);

#endif
