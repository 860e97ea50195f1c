/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A logical unit's commands and their data (SPC-4, 4 and 5). */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "block/iov.h"
#include "hw/scsi/scsi_internal.h"

static const ScsiCommand *const command_sets[] = {scsi_primary_commands, scsi_block_commands,
                                                  scsi_mode_commands, scsi_media_commands,
                                                  scsi_disc_commands};

static bool is_for(const ScsiCommand *c, const ScsiUnit *u)
{
    return u->kind == SCSI_CD ? c->cd : u->kind == SCSI_DISK ? c->disk : c->nobody;
}

static const ScsiCommand *find_command(const ScsiUnit *u, uint8_t op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(command_sets); i++) {
        for (const ScsiCommand *c = command_sets[i]; c->begin; c++) {
            if (c->op == op && is_for(c, u)) {
                return c;
            }
        }
    }
    return NULL;
}

ScsiStatus scsi_fail(ScsiUnit *u, uint8_t key, unsigned asc)
{
    u->sense = (ScsiSense){key, (uint8_t)(asc >> 8), (uint8_t)asc};
    u->task.direction = SCSI_NO_DATA;
    u->task.left = 0;
    return SCSI_CHECK_CONDITION;
}

ScsiStatus scsi_reply(ScsiUnit *u, size_t len, uint64_t room)
{
    u->task.left = MIN(len, room);
    u->task.direction = u->task.left ? SCSI_DATA_IN : SCSI_NO_DATA;
    u->task.of_medium = false;
    u->task.at = 0;
    return SCSI_GOOD;
}

ScsiStatus scsi_expect(ScsiUnit *u, size_t len)
{
    if (len > SCSI_BUFFER) {
        return scsi_bad_field(u);
    }
    scsi_reply(u, len, len);
    u->task.direction = len ? SCSI_DATA_OUT : SCSI_NO_DATA;
    return SCSI_GOOD;
}

uint64_t scsi_blocks(const ScsiUnit *u)
{
    return blk_size(u->blk) / u->block;
}

void scsi_reset(ScsiUnit *u)
{
    u->sense = (ScsiSense){0};
    u->attention = (ScsiSense){KEY_UNIT_ATTENTION, ASC_RESET >> 8, 0};
    u->event = EVENT_NONE;
    u->task = (ScsiTask){0};
    u->write_cache = true;
    u->changes = blk_changes(u->blk);
    blk_set_tray(u->blk, blk_tray_is_open(u->blk), false);
    memset(u->buffer, 0, sizeof(u->buffer));
}

void scsi_take_sense(ScsiUnit *u, uint8_t *data)
{
    enum { CURRENT = 0x70, ADDITIONAL = SCSI_SENSE_SIZE - 8 };
    memset(data, 0, SCSI_SENSE_SIZE);
    data[0] = CURRENT;
    data[2] = u->sense.key;
    data[7] = ADDITIONAL;
    data[12] = u->sense.asc;
    data[13] = u->sense.ascq;
    u->sense = (ScsiSense){0};
}

/* What monitors did to the medium since the last command. */
static void notice_medium(ScsiUnit *u)
{
    if (u->changes != blk_changes(u->blk)) {
        u->changes = blk_changes(u->blk);
        if (blk_has_medium(u->blk)) {
            u->event = EVENT_NEW_MEDIUM;
            u->attention = (ScsiSense){KEY_UNIT_ATTENTION, ASC_MEDIUM_CHANGED >> 8, 0};
        } else {
            u->event = EVENT_MEDIUM_REMOVAL;
        }
    } else if (u->event == EVENT_NONE && blk_take_eject_request(u->blk)) {
        u->event = EVENT_EJECT_REQUEST;
    }
}

static ScsiStatus check_medium(ScsiUnit *u)
{
    if (blk_tray_is_open(u->blk)) {
        return scsi_fail(u, KEY_NOT_READY, ASC_NO_MEDIUM_TRAY_OPEN);
    }
    return blk_has_medium(u->blk) ? SCSI_GOOD
                                  : scsi_fail(u, KEY_NOT_READY, ASC_NO_MEDIUM_TRAY_CLOSED);
}

ScsiStatus scsi_begin(ScsiUnit *u, const uint8_t *cdb)
{
    const ScsiCommand *command = find_command(u, cdb[0]);
    u->task = (ScsiTask){0};
    memcpy(u->task.cdb, cdb, SCSI_CDB_SIZE);
    if (u->kind != SCSI_NOBODY) {
        notice_medium(u);
    } else if (!command) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_NO_SUCH_UNIT);
    }
    if (!command) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_INVALID_OPERATION);
    }
    if (u->attention.key != 0 && !command->heeds_no_attention) {
        u->sense = u->attention;
        u->attention = (ScsiSense){0};
        return SCSI_CHECK_CONDITION;
    }
    if (command->needs_medium && check_medium(u) != SCSI_GOOD) {
        return SCSI_CHECK_CONDITION;
    }
    if (cdb[0] != OP_REQUEST_SENSE) {
        u->sense = (ScsiSense){0};
    }
    return command->begin(u, u->task.cdb);
}

static ScsiStatus move_medium(ScsiUnit *u, const struct iovec *iov, unsigned count)
{
    bool in = u->task.direction == SCSI_DATA_IN;
    if (in ? blk_readv(u->blk, u->task.at, iov, count)
           : blk_writev(u->blk, u->task.at, iov, count)) {
        return SCSI_GOOD;
    }
    return errno == ENOMEDIUM
               ? scsi_fail(u, KEY_NOT_READY, ASC_NO_MEDIUM_TRAY_OPEN)
               : scsi_fail(u, KEY_MEDIUM_ERROR, in ? ASC_READ_ERROR : ASC_WRITE_ERROR);
}

ScsiStatus scsi_move(ScsiUnit *u, const struct iovec *iov, unsigned count)
{
    size_t len = iov_bytes(iov, count);
    ScsiStatus status = SCSI_GOOD;
    if (u->task.of_medium) {
        status = move_medium(u, iov, count);
    } else if (u->task.direction == SCSI_DATA_IN) {
        iov_fill(iov, count, u->buffer + u->task.at, len);
    } else {
        iov_gather(iov, count, u->buffer + u->task.at, len);
    }
    if (status == SCSI_GOOD) {
        u->task.at += len;
        u->task.done += len;
        u->task.left -= len;
    }
    return status;
}

ScsiStatus scsi_end(ScsiUnit *u)
{
    const ScsiCommand *command = find_command(u, u->task.cdb[0]);
    bool written = u->task.direction == SCSI_DATA_OUT;
    u->task.direction = SCSI_NO_DATA;
    if (!written) {
        return SCSI_GOOD;
    }
    if (u->task.of_medium) {
        return !u->task.through || blk_flush(u->blk)
                   ? SCSI_GOOD
                   : scsi_fail(u, KEY_MEDIUM_ERROR, ASC_WRITE_ERROR);
    }
    if (u->task.left > 0) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
    }
    return command && command->end ? command->end(u, u->task.cdb) : SCSI_GOOD;
}

static const StateField sense_state[] = {
    STATE_FIELD(STATE_UINT8, ScsiSense, key),
    STATE_FIELD(STATE_UINT8, ScsiSense, asc),
    STATE_FIELD(STATE_UINT8, ScsiSense, ascq),
    STATE_END,
};

static const StateField task_state[] = {
    STATE_ARRAY(STATE_BYTES, ScsiTask, cdb, SCSI_CDB_SIZE),
    STATE_FIELD_MAX(STATE_UINT8, ScsiTask, direction, SCSI_DATA_OUT),
    STATE_FIELD(STATE_UINT8, ScsiTask, of_medium),
    STATE_FIELD(STATE_UINT8, ScsiTask, through),
    STATE_FIELD(STATE_UINT64, ScsiTask, at),
    STATE_FIELD(STATE_UINT64, ScsiTask, left),
    STATE_FIELD(STATE_UINT64, ScsiTask, done),
    STATE_END,
};

const StateField scsi_state[] = {
    STATE_STRUCTS(ScsiUnit, sense, 1, ScsiSense, sense_state),
    STATE_STRUCTS(ScsiUnit, attention, 1, ScsiSense, sense_state),
    STATE_FIELD(STATE_UINT8, ScsiUnit, event),
    STATE_FIELD(STATE_UINT8, ScsiUnit, write_cache),
    STATE_FIELD(STATE_UINT64, ScsiUnit, changes),
    STATE_STRUCTS(ScsiUnit, task, 1, ScsiTask, task_state),
    STATE_ARRAY(STATE_BYTES, ScsiUnit, buffer, SCSI_BUFFER),
    STATE_END,
};

bool scsi_state_makes_sense(ScsiUnit *u)
{
    const ScsiTask *t = &u->task;
    uint64_t size = t->of_medium ? blk_size(u->blk) : SCSI_BUFFER;
    u->changes = blk_changes(u->blk);
    return t->direction == SCSI_NO_DATA ? t->left == 0 : t->at <= size && t->left <= size - t->at;
}
