/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command sets' parts. Private to hw/scsi/. */
#ifndef HW_SCSI_SCSI_INTERNAL_H
#define HW_SCSI_SCSI_INTERNAL_H

#include "hw/scsi/scsi.h"

/* Operation codes (SPC-4, SBC-3, MMC-5). */
enum {
    OP_TEST_UNIT_READY = 0x00,
    OP_REQUEST_SENSE = 0x03,
    OP_READ_6 = 0x08,
    OP_WRITE_6 = 0x0a,
    OP_INQUIRY = 0x12,
    OP_MODE_SELECT_6 = 0x15,
    OP_MODE_SENSE_6 = 0x1a,
    OP_START_STOP = 0x1b,
    OP_PREVENT_REMOVAL = 0x1e,
    OP_READ_CAPACITY_10 = 0x25,
    OP_READ_10 = 0x28,
    OP_WRITE_10 = 0x2a,
    OP_SEEK_10 = 0x2b,
    OP_VERIFY_10 = 0x2f,
    OP_SYNCHRONIZE_CACHE_10 = 0x35,
    OP_WRITE_SAME_10 = 0x41,
    OP_UNMAP = 0x42,            /* of a disk; */
    OP_READ_SUB_CHANNEL = 0x42, /* of a CD-ROM drive */
    OP_READ_TOC = 0x43,
    OP_GET_CONFIGURATION = 0x46,
    OP_GET_EVENT_STATUS = 0x4a,
    OP_READ_DISC_INFORMATION = 0x51,
    OP_READ_TRACK_INFORMATION = 0x52,
    OP_MODE_SELECT_10 = 0x55,
    OP_MODE_SENSE_10 = 0x5a,
    OP_READ_16 = 0x88,
    OP_WRITE_16 = 0x8a,
    OP_VERIFY_16 = 0x8f,
    OP_SYNCHRONIZE_CACHE_16 = 0x91,
    OP_WRITE_SAME_16 = 0x93,
    OP_SERVICE_ACTION_IN_16 = 0x9e,
    OP_REPORT_LUNS = 0xa0,
    OP_READ_12 = 0xa8,
    OP_WRITE_12 = 0xaa,
    OP_READ_DVD_STRUCTURE = 0xad,
    OP_SET_CD_SPEED = 0xbb,
    OP_MECHANISM_STATUS = 0xbd,
    OP_READ_CD = 0xbe,
};

/* Sense keys (SPC-4, 4.5.6), and additional codes with their qualifiers (annex F). */
enum {
    KEY_NOT_READY = 0x2,
    KEY_MEDIUM_ERROR = 0x3,
    KEY_ILLEGAL_REQUEST = 0x5,
    KEY_UNIT_ATTENTION = 0x6,
    KEY_DATA_PROTECT = 0x7,
};
#define ASC_WRITE_ERROR              0x0c00
#define ASC_READ_ERROR               0x1100
#define ASC_PARAMETER_LIST_LENGTH    0x1a00
#define ASC_INVALID_OPERATION        0x2000
#define ASC_LBA_OUT_OF_RANGE         0x2100
#define ASC_INVALID_FIELD_IN_CDB     0x2400
#define ASC_NO_SUCH_UNIT             0x2500
#define ASC_INVALID_FIELD_IN_LIST    0x2600
#define ASC_WRITE_PROTECTED          0x2700
#define ASC_MEDIUM_CHANGED           0x2800
#define ASC_RESET                    0x2900
#define ASC_NO_SAVING                0x3900
#define ASC_NO_MEDIUM_TRAY_CLOSED    0x3a01
#define ASC_NO_MEDIUM_TRAY_OPEN      0x3a02
#define ASC_MEDIUM_REMOVAL_PREVENTED 0x5302
#define ASC_ILLEGAL_TRACK_MODE       0x6400

/* Events of a medium (MMC-5, 6.6.3.4). */
enum { EVENT_NONE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW_MEDIUM = 2, EVENT_MEDIUM_REMOVAL = 3 };

ScsiStatus scsi_fail(ScsiUnit *u, uint8_t key, unsigned asc);
static inline ScsiStatus scsi_bad_field(ScsiUnit *u)
{
    return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}
/* The buffer's first bytes, as many as the initiator has room for. */
ScsiStatus scsi_reply(ScsiUnit *u, size_t len, uint64_t room);
/* So many bytes are to come into the buffer; scsi_end() acts on them. */
ScsiStatus scsi_expect(ScsiUnit *u, size_t len);
uint64_t scsi_blocks(const ScsiUnit *u);

/* How a command is begun; and ended, after its data has come (may be NULL). */
typedef struct {
    uint8_t op;
    bool disk, cd, nobody;
    bool needs_medium;
    bool heeds_no_attention; /* done although a unit attention waits (SPC-4, 5.14) */
    ScsiStatus (*begin)(ScsiUnit *u, const uint8_t *cdb);
    ScsiStatus (*end)(ScsiUnit *u, const uint8_t *cdb);
} ScsiCommand;

/* Each ends with a row without begin. */
extern const ScsiCommand scsi_primary_commands[]; /* scsi_primary.c */
extern const ScsiCommand scsi_block_commands[];   /* scsi_block.c */
extern const ScsiCommand scsi_mode_commands[];    /* scsi_mode.c */
extern const ScsiCommand scsi_media_commands[];   /* scsi_media.c */
extern const ScsiCommand scsi_disc_commands[];    /* scsi_disc.c */

/* A vital product data page into the buffer; its bytes, 0: there is none. */
size_t scsi_vital_page(ScsiUnit *u, uint8_t page);

#endif
