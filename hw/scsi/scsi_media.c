/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tray and its lock, and what happens to the medium (MMC-5, 6.6, 6.42 and 6.24). */
#include <string.h>

#include "base/bytes.h"
#include "hw/scsi/scsi_internal.h"

static ScsiStatus begin_prevent(ScsiUnit *u, const uint8_t *cdb)
{
    blk_set_tray(u->blk, blk_tray_is_open(u->blk), cdb[4] & 1);
    return SCSI_GOOD;
}

/* With LOEJ the tray moves; else the disc starts or stops turning, which is nothing here. */
static ScsiStatus begin_start_stop(ScsiUnit *u, const uint8_t *cdb)
{
    enum { START = 1, LOEJ = 2, POWER_CONDITION = 0xf0 };
    bool opens = !(cdb[4] & START), held = blk_tray_is_held(u->blk);
    if (u->kind != SCSI_CD || !(cdb[4] & LOEJ) || (cdb[4] & POWER_CONDITION)) {
        return SCSI_GOOD;
    }
    if (opens && held && !blk_tray_is_open(u->blk)) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_MEDIUM_REMOVAL_PREVENTED);
    }
    if (!opens && blk_tray_is_open(u->blk) && blk_has_medium(u->blk)) {
        u->event = EVENT_NEW_MEDIUM;
        u->attention = (ScsiSense){KEY_UNIT_ATTENTION, ASC_MEDIUM_CHANGED >> 8, 0};
    }
    if (opens && !blk_tray_is_open(u->blk)) {
        u->event = EVENT_MEDIUM_REMOVAL;
    }
    blk_set_tray(u->blk, opens, held);
    return SCSI_GOOD;
}

/* 6.6: polled, of the medium alone. */
static ScsiStatus begin_event_status(ScsiUnit *u, const uint8_t *cdb)
{
    enum { POLLED = 1, MEDIA = 4, MEDIA_BIT = 1 << MEDIA, NO_EVENT = 0x80, HEADER = 4, BYTES = 8 };
    enum { TRAY_OPEN = 1, PRESENT = 2 };
    uint8_t *p = u->buffer;
    if (!(cdb[1] & POLLED)) {
        return scsi_bad_field(u);
    }
    memset(p, 0, BYTES);
    p[3] = MEDIA_BIT;
    if (!(cdb[4] & MEDIA_BIT)) {
        p[1] = HEADER - 2;
        p[2] = NO_EVENT;
        return scsi_reply(u, HEADER, bytes_get16_be(cdb + 7));
    }
    p[1] = BYTES - 2;
    p[2] = MEDIA;
    p[4] = u->event;
    p[5] = (uint8_t)((blk_tray_is_open(u->blk) ? TRAY_OPEN : 0) |
                     (blk_has_medium(u->blk) ? PRESENT : 0));
    u->event = EVENT_NONE;
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 7));
}

static ScsiStatus begin_mechanism_status(ScsiUnit *u, const uint8_t *cdb)
{
    enum { BYTES = 8, DOOR_OPEN = 0x10, SLOTS_AT = 5 };
    memset(u->buffer, 0, BYTES);
    u->buffer[1] = blk_tray_is_open(u->blk) ? DOOR_OPEN : 0;
    u->buffer[SLOTS_AT] = 0;
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 8));
}

static ScsiStatus begin_no_change(ScsiUnit *u, const uint8_t *cdb)
{
    return SCSI_GOOD;
}

const ScsiCommand scsi_media_commands[] = {
    {OP_PREVENT_REMOVAL, .cd = true, .disk = true, .begin = begin_prevent},
    {OP_START_STOP, .cd = true, .disk = true, .begin = begin_start_stop},
    {OP_GET_EVENT_STATUS, .cd = true, .heeds_no_attention = true, .begin = begin_event_status},
    {OP_MECHANISM_STATUS, .cd = true, .begin = begin_mechanism_status},
    {OP_SET_CD_SPEED, .cd = true, .begin = begin_no_change},
    {0},
};
