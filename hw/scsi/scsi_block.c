/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks: how many there are, reading and writing them (SBC-3, 5; READ and READ CAPACITY of MMC-5).
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/scsi/scsi_internal.h"

#define FUA              0x08
#define MOST_WRITE_SAME  (32u * 1024 * 1024) /* bytes that are written in one command */
#define UNMAP_DESCRIPTOR 16

/* First block and count, by the command's length (SPC-4, 4.2.2). */
typedef struct {
    uint64_t first, count;
} Range;

static Range range_of(const uint8_t *cdb)
{
    switch (cdb[0] >> 5) {
    case 0: { /* 6 bytes: a count of 0 is 256 */
        uint32_t first = bytes_get32_be(cdb) & 0x1fffff;
        return (Range){first, cdb[4] ? cdb[4] : 256};
    }
    case 4: /* 16 */
        return (Range){bytes_get64_be(cdb + 2), bytes_get32_be(cdb + 10)};
    case 5: /* 12 */
        return (Range){bytes_get32_be(cdb + 2), bytes_get32_be(cdb + 6)};
    default: /* 10 */
        return (Range){bytes_get32_be(cdb + 2), bytes_get16_be(cdb + 7)};
    }
}

static ScsiStatus check_range(ScsiUnit *u, const Range *r)
{
    uint64_t blocks = scsi_blocks(u);
    return r->first > blocks || r->count > blocks - r->first
               ? scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE)
               : SCSI_GOOD;
}

static ScsiStatus begin_transfer(ScsiUnit *u, const uint8_t *cdb, ScsiDirection direction)
{
    Range r = range_of(cdb);
    if (check_range(u, &r) != SCSI_GOOD) {
        return SCSI_CHECK_CONDITION;
    }
    u->task.of_medium = true;
    u->task.at = r.first * u->block;
    u->task.left = r.count * u->block;
    u->task.direction = r.count ? (uint8_t)direction : SCSI_NO_DATA;
    return SCSI_GOOD;
}

static ScsiStatus begin_read(ScsiUnit *u, const uint8_t *cdb)
{
    return begin_transfer(u, cdb, SCSI_DATA_IN);
}

static ScsiStatus begin_write(ScsiUnit *u, const uint8_t *cdb)
{
    bool is_6 = cdb[0] == OP_WRITE_6;
    if (blk_is_read_only(u->blk)) {
        return scsi_fail(u, KEY_DATA_PROTECT, ASC_WRITE_PROTECTED);
    }
    u->task.through = !u->write_cache || (!is_6 && (cdb[1] & FUA));
    return begin_transfer(u, cdb, SCSI_DATA_OUT);
}

/* Without comparing: what is there can be read, or the drive would have said so. */
static ScsiStatus begin_range(ScsiUnit *u, const uint8_t *cdb)
{
    Range r = range_of(cdb);
    return check_range(u, &r);
}

static ScsiStatus begin_synchronize(ScsiUnit *u, const uint8_t *cdb)
{
    return blk_flush(u->blk) ? SCSI_GOOD : scsi_fail(u, KEY_MEDIUM_ERROR, ASC_WRITE_ERROR);
}

static uint64_t last_block(const ScsiUnit *u)
{
    uint64_t blocks = scsi_blocks(u);
    return blocks ? blocks - 1 : 0;
}

static ScsiStatus begin_capacity_10(ScsiUnit *u, const uint8_t *cdb)
{
    uint64_t last = last_block(u);
    bytes_put32_be(u->buffer, (uint32_t)MIN(last, UINT32_MAX));
    bytes_put32_be(u->buffer + 4, u->block);
    return scsi_reply(u, 8, 8);
}

/* 5.16.2: with a sign that UNMAP is there. */
static ScsiStatus begin_service_action(ScsiUnit *u, const uint8_t *cdb)
{
    enum { READ_CAPACITY_16 = 0x10, BYTES = 32, LBPME = 0x80 };
    if ((cdb[1] & 0x1f) != READ_CAPACITY_16) {
        return scsi_bad_field(u);
    }
    memset(u->buffer, 0, BYTES);
    bytes_put64_be(u->buffer, last_block(u));
    bytes_put32_be(u->buffer + 8, u->block);
    u->buffer[13] = u->physical ? (uint8_t)__builtin_ctz(u->physical / u->block) : 0;
    u->buffer[14] = LBPME;
    return scsi_reply(u, BYTES, bytes_get32_be(cdb + 10));
}

static ScsiStatus begin_unmap(ScsiUnit *u, const uint8_t *cdb)
{
    if (blk_is_read_only(u->blk)) {
        return scsi_fail(u, KEY_DATA_PROTECT, ASC_WRITE_PROTECTED);
    }
    return scsi_expect(u, bytes_get16_be(cdb + 7));
}

/* 5.28: a header of 8 bytes, and a descriptor for each range. */
static ScsiStatus end_unmap(ScsiUnit *u, const uint8_t *cdb)
{
    enum { HEADER = 8 };
    uint64_t bytes = u->task.done;
    if (bytes < HEADER) {
        return bytes == 0 ? SCSI_GOOD
                          : scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
    }
    uint16_t told = bytes_get16_be(u->buffer + 2);
    uint64_t end = HEADER + MIN(bytes - HEADER, told);
    for (uint64_t at = HEADER; at + UNMAP_DESCRIPTOR <= end; at += UNMAP_DESCRIPTOR) {
        const uint8_t *d = u->buffer + at;
        Range r = {bytes_get64_be(d), bytes_get32_be(d + 8)};
        if (check_range(u, &r) != SCSI_GOOD) {
            return SCSI_CHECK_CONDITION;
        }
        if (!blk_discard(u->blk, r.first * u->block, r.count * u->block)) {
            return scsi_fail(u, KEY_MEDIUM_ERROR, ASC_WRITE_ERROR);
        }
    }
    return SCSI_GOOD;
}

/* 5.44: a block that many are to be like. With UNMAP and a block of zeros they are written all the
 * same, as is allowed. */
static ScsiStatus begin_write_same(ScsiUnit *u, const uint8_t *cdb)
{
    enum { NO_DATA = 0x01 };
    Range r = range_of(cdb);
    if (blk_is_read_only(u->blk)) {
        return scsi_fail(u, KEY_DATA_PROTECT, ASC_WRITE_PROTECTED);
    }
    uint64_t blocks = scsi_blocks(u);
    r.count = r.count ? r.count : blocks - MIN(r.first, blocks);
    if (check_range(u, &r) != SCSI_GOOD) {
        return SCSI_CHECK_CONDITION;
    }
    if ((cdb[1] & NO_DATA) || r.count * u->block > MOST_WRITE_SAME) {
        return scsi_bad_field(u);
    }
    return scsi_expect(u, u->block);
}

static ScsiStatus end_write_same(ScsiUnit *u, const uint8_t *cdb)
{
    Range r = range_of(cdb);
    r.count = r.count ? r.count : scsi_blocks(u) - r.first;
    for (uint64_t n = 0; n < r.count; n++) {
        if (!blk_write(u->blk, (r.first + n) * u->block, u->buffer, u->block)) {
            return scsi_fail(u, KEY_MEDIUM_ERROR, ASC_WRITE_ERROR);
        }
    }
    return u->write_cache || blk_flush(u->blk) ? SCSI_GOOD
                                               : scsi_fail(u, KEY_MEDIUM_ERROR, ASC_WRITE_ERROR);
}

#define BOTH .disk = true, .cd = true, .needs_medium = true
#define DISK .disk = true, .needs_medium = true
/* clang-format off */
const ScsiCommand scsi_block_commands[] = {
    {OP_READ_10, BOTH, .begin = begin_read},
    {OP_READ_12, BOTH, .begin = begin_read},
    {OP_READ_CAPACITY_10, BOTH, .begin = begin_capacity_10},
    {OP_SEEK_10, BOTH, .begin = begin_range},
    {OP_VERIFY_10, BOTH, .begin = begin_range},
    {OP_SYNCHRONIZE_CACHE_10, BOTH, .begin = begin_synchronize},
    {OP_READ_6, DISK, .begin = begin_read},
    {OP_READ_16, DISK, .begin = begin_read},
    {OP_WRITE_6, DISK, .begin = begin_write},
    {OP_WRITE_10, DISK, .begin = begin_write},
    {OP_WRITE_12, DISK, .begin = begin_write},
    {OP_WRITE_16, DISK, .begin = begin_write},
    {OP_VERIFY_16, DISK, .begin = begin_range},
    {OP_SYNCHRONIZE_CACHE_16, DISK, .begin = begin_synchronize},
    {OP_SERVICE_ACTION_IN_16, DISK, .begin = begin_service_action},
    {OP_UNMAP, DISK, .begin = begin_unmap, .end = end_unmap},
    {OP_WRITE_SAME_10, DISK, .begin = begin_write_same, .end = end_write_same},
    {OP_WRITE_SAME_16, DISK, .begin = begin_write_same, .end = end_write_same},
    {0},
};
/* clang-format on */
