/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ATA device behind whatever controller: commands by the registers that come with them, and
 * their data. Private to hw/ide/.
 *
 * ata_begin() takes a command. If it has data, the task says which way and how much is left, and
 * the controller moves it, part by part, with ata_move(); ata_end() is told when all that the host
 * has room for was moved. After either, the registers are what the host is shown.
 */
#ifndef HW_IDE_ATA_H
#define HW_IDE_ATA_H

#include <sys/uio.h>

#include "block/block.h"
#include "hw/core/device.h"
#include "hw/ide/ata_spec.h"
#include "hw/scsi/scsi.h"

#define ATA_PACKET_SIZE 16u
#define ATA_TAGS        32u

typedef struct {
    uint8_t command, device, status, error;
    uint16_t features, count;
    uint64_t lba; /* 48 bits; or what the registers hold instead */
} AtaRegs;

typedef enum { ATA_NO_DATA, ATA_TO_HOST, ATA_FROM_HOST } AtaDirection;
typedef enum { ATA_BY_PIO, ATA_BY_DMA, ATA_QUEUED } AtaProtocol;
/* What the data is of: sectors, `buffer`, or what the packet asked for. */
typedef enum { ATA_OF_MEDIUM, ATA_OF_BUFFER, ATA_OF_PACKET } AtaSource;
/* ATA_LATER: the host could not do it and stops the machine; the same again when it goes on. */
typedef enum { ATA_DONE, ATA_FAILED, ATA_LATER } AtaResult;

typedef struct {
    uint8_t direction, protocol, source;
    bool through; /* what is written is to be on the medium */
    uint64_t at;  /* bytes into the source */
    uint32_t left, done;
    uint32_t block; /* by PIO: bytes between two interrupts */
} AtaTask;

typedef struct AtaDrive {
    Device *dev; /* whose traces */
    BlockBackend *blk;
    bool is_cd, is_serial; /* a packet device; Serial ATA */
    char *serial, *model, *version;
    uint64_t wwn;
    uint32_t rotation; /* IDENTIFY word 217: 1 is no disk that turns */
    ScsiUnit scsi;     /* of a packet device */
    AtaRegs regs;
    AtaTask task;
    bool write_cache, standby;
    uint8_t multiple;      /* sectors of READ MULTIPLE; 0: not allowed */
    uint8_t transfer_mode; /* as SET FEATURES has it */
    uint8_t heads, sectors;
    AtaRegs failed; /* the queued command that failed, its tag in `count`; for the log */
    bool has_failed;
    uint8_t buffer[ATA_SECTOR];
} AtaDrive;

extern const StateField ata_state[];

void ata_init(AtaDrive *d);
/* Power on; or a reset by the bus, after which the registers have the signature. */
void ata_power_on(AtaDrive *d);
void ata_reset(AtaDrive *d);
/* A saved state is believed nothing. */
bool ata_state_makes_sense(AtaDrive *d);

AtaResult ata_begin(AtaDrive *d, const AtaRegs *regs);
/* The packet of a PACKET command that was begun, ATA_PACKET_SIZE bytes. */
AtaResult ata_packet(AtaDrive *d, const uint8_t *packet);
/* The next bytes, no more than are left; of sectors whole ones. */
AtaResult ata_move(AtaDrive *d, const struct iovec *iov, unsigned count);
AtaResult ata_end(AtaDrive *d);
/* Ends the task as one that the device gives up. */
AtaResult ata_abort(AtaDrive *d, uint8_t error);

bool ata_is_queued(uint8_t command);
/* The data of IDENTIFY (PACKET) DEVICE. */
void ata_identify(const AtaDrive *d, uint8_t *data);
/* SET FEATURES; false: there is no such feature. */
bool ata_set_features(AtaDrive *d, const AtaRegs *regs);

#endif
