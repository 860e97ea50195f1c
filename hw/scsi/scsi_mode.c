/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mode pages (SPC-4, 7.5; SBC-3, 6.4; MMC-5, 7): what there is to be read, and the write cache,
 * which can be switched. */
#include <string.h>

#include "base/bytes.h"
#include "hw/scsi/scsi_internal.h"

enum {
    PAGE_ERROR_RECOVERY = 0x01,
    PAGE_CACHING = 0x08,
    PAGE_CONTROL = 0x0a,
    PAGE_POWER = 0x1a,
    PAGE_CAPABILITIES = 0x2a,
    PAGE_ALL = 0x3f,
};
enum { CURRENT = 0, CHANGEABLE = 1, DEFAULT = 2, SAVED = 3 };

#define PAGE_BYTES     20 /* the longest */
#define WCE            0x04
#define DISABLE_BLOCKS 0x08 /* DBD */
#define BLOCK_BYTES    8
#define WRITE_PROTECT  0x80 /* device-specific parameter (SBC-3, 6.4.1) */
#define DPO_FUA        0x10
#define SPEED          0x1b90 /* 40 times 176 kB/s */

typedef struct {
    uint8_t page, len; /* without its header of 2 bytes */
    bool disk, cd;
    uint8_t bytes[PAGE_BYTES];
} ModePage;

/* A CD-ROM drive (MMC-5, E.3.3): reads CD-R and CD-RW; a tray with a lock, that can be ejected. */
static const ModePage pages[] = {
    {PAGE_ERROR_RECOVERY, 10, true, true, {0}},
    {PAGE_CACHING, 18, true, false, {0}},
    {PAGE_CONTROL, 10, true, false, {0}},
    {PAGE_POWER, 10, false, true, {0}},
    {PAGE_CAPABILITIES,
     20,
     false,
     true,
     {0x3b, 0, 0x70, 0x60, 0x29, 0, SPEED >> 8, SPEED & 0xff, 0, 2, 0x02, 0, SPEED >> 8,
      SPEED & 0xff}},
};

static bool has_page(const ScsiUnit *u, const ModePage *page)
{
    return u->kind == SCSI_CD ? page->cd : page->disk;
}

/* The page at `p`; its bytes. */
static size_t put_page(const ScsiUnit *u, const ModePage *page, unsigned control, uint8_t *p)
{
    p[0] = page->page;
    p[1] = page->len;
    memset(p + 2, 0, page->len);
    if (control != CHANGEABLE) {
        memcpy(p + 2, page->bytes, page->len);
    }
    if (page->page == PAGE_CACHING && (control != CURRENT || u->write_cache)) {
        p[2] |= WCE;
    }
    if (page->page == PAGE_CAPABILITIES && control == CURRENT && blk_tray_is_held(u->blk)) {
        p[6] |= 0x02;
    }
    return page->len + 2u;
}

static size_t put_pages(const ScsiUnit *u, const uint8_t *cdb, uint8_t *p)
{
    size_t len = 0;
    uint8_t wanted = cdb[2] & 0x3f;
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (has_page(u, &pages[i]) && (wanted == PAGE_ALL || wanted == pages[i].page)) {
            len += put_page(u, &pages[i], cdb[2] >> 6, p + len);
        }
    }
    return len;
}

static void put_block_descriptor(const ScsiUnit *u, uint8_t *p)
{
    uint64_t blocks = scsi_blocks(u);
    bytes_put32_be(p, blocks > 0xffffff ? 0 : (uint32_t)blocks);
    bytes_put32_be(p + 4, u->block);
}

static ScsiStatus begin_mode_sense(ScsiUnit *u, const uint8_t *cdb)
{
    bool is_6 = cdb[0] == OP_MODE_SENSE_6;
    bool describes = u->kind == SCSI_DISK && !(cdb[1] & DISABLE_BLOCKS);
    size_t header = is_6 ? 4 : 8, at = header + (describes ? BLOCK_BYTES : 0);
    uint8_t *p = u->buffer;
    if (cdb[2] >> 6 == SAVED) {
        return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_NO_SAVING);
    }
    memset(p, 0, at);
    size_t len = put_pages(u, cdb, p + at);
    if (len == 0) {
        return scsi_bad_field(u);
    }
    len += at;
    uint8_t specific = 0;
    if (u->kind == SCSI_DISK) {
        specific = (uint8_t)(DPO_FUA | (blk_is_read_only(u->blk) ? WRITE_PROTECT : 0));
    }
    if (describes) {
        put_block_descriptor(u, p + header);
    }
    if (is_6) {
        p[0] = (uint8_t)(len - 1);
        p[2] = specific;
        p[3] = describes ? BLOCK_BYTES : 0;
    } else {
        bytes_put16_be(p, (uint16_t)(len - 2));
        p[3] = specific;
        p[7] = describes ? BLOCK_BYTES : 0;
    }
    return scsi_reply(u, len, is_6 ? cdb[4] : bytes_get16_be(cdb + 7));
}

static ScsiStatus begin_mode_select(ScsiUnit *u, const uint8_t *cdb)
{
    return scsi_expect(u, cdb[0] == OP_MODE_SELECT_6 ? cdb[4] : bytes_get16_be(cdb + 7));
}

static ScsiStatus scsi_bad_list(ScsiUnit *u)
{
    return scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_LIST);
}

static const ModePage *find_mode_page(const ScsiUnit *u, uint8_t number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (pages[i].page == number && has_page(u, &pages[i])) {
            return &pages[i];
        }
    }
    return NULL;
}

/* Changing what cannot be changed is an error (6.8), after which all is as it was. */
static bool page_is_good(const ScsiUnit *u, const uint8_t *p, size_t len)
{
    uint8_t now[PAGE_BYTES + 2], mask[PAGE_BYTES + 2];
    const ModePage *page = find_mode_page(u, p[0] & 0x3f);
    if (!page || page->len != p[1] || len < page->len + 2u) {
        return false;
    }
    put_page(u, page, CURRENT, now);
    put_page(u, page, CHANGEABLE, mask);
    for (size_t i = 2; i < page->len + 2u; i++) {
        if ((p[i] ^ now[i]) & ~mask[i]) {
            return false;
        }
    }
    return true;
}

static ScsiStatus end_mode_select(ScsiUnit *u, const uint8_t *cdb)
{
    bool is_6 = cdb[0] == OP_MODE_SELECT_6;
    size_t header = is_6 ? 4 : 8, len = u->task.done;
    if (len < header) {
        return len == 0 ? SCSI_GOOD : scsi_fail(u, KEY_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
    }
    size_t at = header + (is_6 ? u->buffer[3] : bytes_get16_be(u->buffer + 6));
    bool cache = u->write_cache;
    while (at + 2 <= len) {
        const uint8_t *p = u->buffer + at;
        if (!page_is_good(u, p, len - at)) {
            return scsi_bad_list(u);
        }
        cache = (p[0] & 0x3f) == PAGE_CACHING ? (p[2] & WCE) != 0 : cache;
        at += p[1] + 2u;
    }
    if (u->write_cache && !cache && !blk_flush(u->blk)) {
        return scsi_fail(u, KEY_MEDIUM_ERROR, ASC_WRITE_ERROR);
    }
    u->write_cache = cache;
    return SCSI_GOOD;
}

const ScsiCommand scsi_mode_commands[] = {
    {OP_MODE_SENSE_6, .disk = true, .cd = true, .begin = begin_mode_sense},
    {OP_MODE_SENSE_10, .disk = true, .cd = true, .begin = begin_mode_sense},
    {OP_MODE_SELECT_6, .disk = true, .cd = true, .begin = begin_mode_select,
     .end = end_mode_select},
    {OP_MODE_SELECT_10, .disk = true, .cd = true, .begin = begin_mode_select,
     .end = end_mode_select},
    {0},
};
