/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SCSI logical unit behind whatever transport: a disk (SBC-3) or a CD-ROM drive (MMC-5), and what
 * both have (SPC-4).
 *
 * scsi_begin() takes a command block. If it has data, `task` says which way and how much is left;
 * the transport moves it, part by part, by scsi_move(), and tells scsi_end() when all that the
 * initiator has room for was moved.
 */
#ifndef HW_SCSI_SCSI_H
#define HW_SCSI_SCSI_H

#include <sys/uio.h>

#include "block/block.h"
#include "hw/core/state.h"

#define SCSI_CDB_SIZE   16u
#define SCSI_SENSE_SIZE 18u
#define SCSI_BUFFER     4096u

/* SCSI_NOBODY: what a target says for the units that it has not. */
typedef enum { SCSI_DISK, SCSI_CD, SCSI_NOBODY } ScsiKind;
typedef enum { SCSI_NO_DATA, SCSI_DATA_IN, SCSI_DATA_OUT } ScsiDirection;
/* SCSI_LATER: the host could not do it and stops the machine; the same again when it goes on. */
typedef enum { SCSI_GOOD, SCSI_CHECK_CONDITION, SCSI_LATER } ScsiStatus;

typedef struct {
    uint8_t key, asc, ascq;
} ScsiSense;

typedef struct {
    uint8_t cdb[SCSI_CDB_SIZE];
    uint8_t direction;
    bool of_medium; /* its data; else the buffer's */
    bool through;   /* what is written is to be on the medium */
    uint64_t at;    /* bytes into it */
    uint64_t left, done;
} ScsiTask;

typedef struct ScsiUnit {
    ScsiKind kind;
    BlockBackend *blk;
    uint32_t block;            /* bytes */
    uint32_t physical;         /* the same, of the medium; 0: as `block` */
    uint16_t rotation;         /* turns a minute; 0: not said, 1: does not turn */
    const struct ScsiBus *bus; /* what it is plugged into; NULL: it is a target's only unit */
    uint8_t target;
    const char *vendor, *product, *version, *serial;
    uint64_t wwn;
    bool write_cache;
    ScsiSense sense;     /* of the last command that failed */
    ScsiSense attention; /* a unit attention that waits; key 0: none */
    uint8_t event;       /* of the medium, that nobody was told of (MMC-5, 6.6.3) */
    uint64_t changes;    /* blk_changes() as they were seen last */
    ScsiTask task;
    uint8_t buffer[SCSI_BUFFER];
} ScsiUnit;

extern const StateField scsi_state[];

/* Power on, or a reset: the next command is told of it. */
void scsi_reset(ScsiUnit *u);
/* A saved state is believed nothing. */
bool scsi_state_makes_sense(ScsiUnit *u);
ScsiStatus scsi_begin(ScsiUnit *u, const uint8_t *cdb);
ScsiStatus scsi_move(ScsiUnit *u, const struct iovec *iov, unsigned count);
ScsiStatus scsi_end(ScsiUnit *u);
/* Sense data in fixed format, SCSI_SENSE_SIZE bytes; it is told once. */
void scsi_take_sense(ScsiUnit *u, uint8_t *data);

#endif
