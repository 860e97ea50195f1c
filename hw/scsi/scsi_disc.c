/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on a disc: one session of one data track, on a CD-ROM or, above its capacity, a DVD-ROM
 * (MMC-5, 4.2, 5 and 6). */
#include <string.h>

#include "base/bytes.h"
#include "hw/scsi/scsi_internal.h"

#define SECTOR          2048u
#define FRAMES          75u /* a second's */
#define PREGAP          150u
#define CD_MOST_SECTORS (80u * 60 * FRAMES)
#define LEAD_OUT        0xaa
#define DATA_TRACK      0x14 /* ADR 1, a data track */
#define PROFILE_CD_ROM  0x0008
#define PROFILE_DVD_ROM 0x0010

/* In 32 bits, which is more than a disc has. */
static uint32_t disc_sectors(const ScsiUnit *u)
{
    uint64_t blocks = scsi_blocks(u);
    return (uint32_t)MIN(blocks, UINT32_MAX / 2);
}

static uint16_t profile_of(const ScsiUnit *u)
{
    if (!blk_has_medium(u->blk) || blk_tray_is_open(u->blk)) {
        return 0;
    }
    return scsi_blocks(u) > CD_MOST_SECTORS ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

/* An address as block number, or as minute, second and frame. */
static void put_address(uint8_t *p, uint64_t block, bool msf)
{
    uint32_t frames = (uint32_t)MIN(block, UINT32_MAX - PREGAP);
    if (!msf) {
        bytes_put32_be(p, frames);
        return;
    }
    frames += PREGAP;
    p[0] = 0;
    p[1] = (uint8_t)MIN(frames / FRAMES / 60, 255);
    p[2] = (uint8_t)(frames / FRAMES % 60);
    p[3] = (uint8_t)(frames % FRAMES);
}

static uint8_t *put_track(uint8_t *p, uint8_t track, uint64_t block, bool msf)
{
    p[1] = DATA_TRACK;
    p[2] = track;
    put_address(p + 4, block, msf);
    return p + 8;
}

static uint8_t *put_toc(ScsiUnit *u, uint8_t *p, uint8_t from, bool msf)
{
    if (from <= 1) {
        p = put_track(p, 1, 0, msf);
    }
    return put_track(p, LEAD_OUT, scsi_blocks(u), msf);
}

/* 6.26.3.4: first and last track, where the lead-out starts, and the track. */
static uint8_t *put_full_toc(ScsiUnit *u, uint8_t *p)
{
    static const uint8_t points[] = {0xa0, 0xa1, 0xa2, 1};
    for (size_t i = 0; i < sizeof(points); i++, p += 11) {
        p[0] = 1; /* session */
        p[1] = DATA_TRACK;
        p[3] = points[i];
        if (points[i] == 0xa0 || points[i] == 0xa1) {
            p[8] = 1; /* PMIN: a track's number */
        } else {
            uint8_t msf[4];
            put_address(msf, points[i] == 1 ? 0 : scsi_blocks(u), true);
            memcpy(p + 8, msf + 1, 3);
        }
    }
    return p;
}

static ScsiStatus begin_toc(ScsiUnit *u, const uint8_t *cdb)
{
    enum { TOC = 0, SESSIONS = 1, FULL_TOC = 2, HEADER = 4 };
    bool msf = cdb[1] & 2;
    unsigned format = cdb[2] & 0xf ? cdb[2] & 0xf : cdb[9] >> 6;
    uint8_t *p = u->buffer, *end = p + HEADER;
    memset(p, 0, 128);
    p[2] = p[3] = 1;
    if (format == TOC && (cdb[6] <= 1 || cdb[6] == LEAD_OUT)) {
        end = put_toc(u, end, cdb[6], msf);
    } else if (format == SESSIONS) {
        end = put_track(end, 1, 0, msf);
    } else if (format == FULL_TOC) {
        end = put_full_toc(u, end);
    } else {
        return scsi_bad_field(u);
    }
    bytes_put16_be(p, (uint16_t)(end - p - 2));
    return scsi_reply(u, (size_t)(end - p), bytes_get16_be(cdb + 7));
}

/* 5.3: a feature's flags are version, persistent, current. */
typedef struct {
    uint16_t code;
    bool persistent;
    uint16_t profile; /* that it is current with; 0: always */
    uint8_t len, data[8];
} Feature;

static const Feature features[] = {
    {0x0000, true, 0, 8, {0, PROFILE_DVD_ROM, 0, 0, 0, PROFILE_CD_ROM, 0, 0}},
    {0x0001, true, 0, 8, {0, 0, 0, 7 /* ATAPI */, 1}},
    {0x0002, true, 0, 4, {2}},
    {0x0003, true, 0, 4, {0x29 /* tray, eject, lock */}},
    {0x0010, false, 0, 8, {0, 0, SECTOR >> 8, 0, 0, 16, 0, 0}},
    {0x001e, false, PROFILE_CD_ROM, 4, {0}},
    {0x001f, false, PROFILE_DVD_ROM, 4, {0}},
    {0x0100, true, 0, 0, {0}},
};

static size_t put_feature(uint8_t *p, const Feature *f, uint16_t profile)
{
    enum { PERSISTENT = 2, CURRENT = 1, PROFILES = 0 };
    bool current = f->profile ? f->profile == profile : f->persistent || profile != 0;
    bytes_put16_be(p, f->code);
    p[2] = (uint8_t)((f->persistent ? PERSISTENT : 0) | (current ? CURRENT : 0));
    p[3] = f->len;
    memcpy(p + 4, f->data, f->len);
    if (f->code == PROFILES) {
        p[4 + 2] = profile == PROFILE_DVD_ROM;
        p[4 + 6] = profile == PROFILE_CD_ROM;
    }
    return 4u + f->len;
}

static ScsiStatus begin_configuration(ScsiUnit *u, const uint8_t *cdb)
{
    enum { ALL = 0, CURRENT_ONES = 1, ONE = 2, HEADER = 8 };
    unsigned which = cdb[1] & 3, from = bytes_get16_be(cdb + 2);
    uint16_t profile = profile_of(u);
    size_t len = HEADER;
    memset(u->buffer, 0, 256);
    if (which > ONE) {
        return scsi_bad_field(u);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        bool current = features[i].persistent || features[i].profile == profile;
        if (which == ONE ? features[i].code == from
                         : features[i].code >= from && (which == ALL || current)) {
            len += put_feature(u->buffer + len, &features[i], profile);
        }
    }
    bytes_put32_be(u->buffer, (uint32_t)len - 4);
    bytes_put16_be(u->buffer + 6, profile);
    return scsi_reply(u, len, bytes_get16_be(cdb + 7));
}

static ScsiStatus begin_disc_information(ScsiUnit *u, const uint8_t *cdb)
{
    enum { BYTES = 34, COMPLETE = 0x0e, UNRESTRICTED = 0x20 };
    uint8_t *p = u->buffer;
    if ((cdb[1] & 7) != 0) {
        return scsi_bad_field(u);
    }
    memset(p, 0, BYTES);
    p[1] = BYTES - 2;
    p[2] = COMPLETE;
    p[3] = p[4] = p[5] = p[6] = 1; /* first track, sessions, tracks of the last */
    p[7] = UNRESTRICTED;
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 7));
}

static ScsiStatus begin_track_information(ScsiUnit *u, const uint8_t *cdb)
{
    enum { BYTES = 36, DATA = 4, MODE_1 = 1, SIZE_AT = 24 };
    uint8_t *p = u->buffer;
    memset(p, 0, BYTES);
    p[1] = BYTES - 2;
    p[2] = p[3] = 1;
    p[5] = DATA;
    p[6] = MODE_1;
    bytes_put32_be(p + SIZE_AT, disc_sectors(u));
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 7));
}

/* No audio plays. */
static ScsiStatus begin_sub_channel(ScsiUnit *u, const uint8_t *cdb)
{
    enum { BYTES = 4, NO_STATUS = 0x15 };
    memset(u->buffer, 0, BYTES);
    u->buffer[1] = NO_STATUS;
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 7));
}

/* 6.22.3.2.1: the physical format, of a DVD alone. */
static ScsiStatus begin_dvd_structure(ScsiUnit *u, const uint8_t *cdb)
{
    enum { PHYSICAL = 0, BYTES = 4 + 2048, FIRST = 0x030000, LAYER_SIZE = 0x0f };
    uint8_t *p = u->buffer;
    if (profile_of(u) != PROFILE_DVD_ROM || cdb[7] != PHYSICAL) {
        return scsi_bad_field(u);
    }
    memset(p, 0, BYTES);
    bytes_put16_be(p, BYTES - 2);
    p[4] = 1; /* DVD-ROM, version 1 */
    p[5] = LAYER_SIZE;
    p[6] = 1; /* a layer, embossed */
    bytes_put32_be(p + 8, FIRST);
    bytes_put32_be(p + 12, FIRST + disc_sectors(u) - 1);
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 8));
}

/* 6.19: a data track's user data, or nothing. */
static ScsiStatus begin_read_cd(ScsiUnit *u, const uint8_t *cdb)
{
    enum { USER_DATA = 0x10, NOTHING = 0, ANY = 0, MODE_1 = 2 };
    uint64_t first = bytes_get32_be(cdb + 2), blocks = scsi_blocks(u);
    uint32_t count = bytes_get32_be(cdb + 5) & 0xffffff;
    unsigned type = cdb[1] >> 2 & 7;
    if (type != ANY && type != MODE_1) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_ILLEGAL_TRACK_MODE);
    }
    if (first > blocks || count > blocks - first) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
    }
    if ((cdb[9] & 0xf8) == NOTHING) {
        return SCSI_GOOD;
    }
    if ((cdb[9] & 0xf8) != USER_DATA || (cdb[10] & 7) != 0) {
        return scsi_bad_field(u);
    }
    u->task.of_medium = true;
    u->task.at = first * SECTOR;
    u->task.left = (uint64_t)count * SECTOR;
    u->task.direction = count ? SCSI_DATA_IN : SCSI_NO_DATA;
    return SCSI_GOOD;
}

const ScsiCommand scsi_disc_commands[] = {
    {OP_READ_TOC, .cd = true, .needs_medium = true, .begin = begin_toc},
    {OP_GET_CONFIGURATION, .cd = true, .heeds_no_attention = true, .begin = begin_configuration},
    {OP_READ_DISC_INFORMATION, .cd = true, .needs_medium = true, .begin = begin_disc_information},
    {OP_READ_TRACK_INFORMATION, .cd = true, .needs_medium = true, .begin = begin_track_information},
    {OP_READ_SUB_CHANNEL, .cd = true, .needs_medium = true, .begin = begin_sub_channel},
    {OP_READ_DVD_STRUCTURE, .cd = true, .needs_medium = true, .begin = begin_dvd_structure},
    {OP_READ_CD, .cd = true, .needs_medium = true, .begin = begin_read_cd},
    {0},
};
