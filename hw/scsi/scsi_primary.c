/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all units do: who they are, whether they are ready, what went wrong (SPC-4, 6 and 7.8). */
#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/scsi/scsi_bus.h"
#include "hw/scsi/scsi_internal.h"

#define TYPE_DISK     0x00
#define TYPE_CD       0x05
#define TYPE_NOBODY   0x7f /* and no device can be there (SPC-4, 6.6.2) */
#define REMOVABLE     0x80
#define VERSION_SPC_3 0x05
#define FORMAT_2      0x02
#define QUEUES        0x02
#define VENDOR_BYTES  8
#define PRODUCT_BYTES 16
#define VERSION_BYTES 4
#define UNMAP_BLOCKS  (1u << 20) /* most, and most ranges, of one UNMAP */
#define UNMAP_RANGES  255

enum {
    PAGE_SUPPORTED = 0x00,
    PAGE_SERIAL = 0x80,
    PAGE_IDENTIFICATION = 0x83,
    PAGE_BLOCK_LIMITS = 0xb0,
    PAGE_BLOCK_CHARACTERISTICS = 0xb1,
    PAGE_PROVISIONING = 0xb2,
};

static uint8_t unit_type(const ScsiUnit *u)
{
    return u->kind == SCSI_CD ? TYPE_CD : u->kind == SCSI_DISK ? TYPE_DISK : TYPE_NOBODY;
}

static void put_scsi_text(uint8_t *at, size_t len, const char *text)
{
    memset(at, ' ', len);
    memcpy(at, text, strnlen(text, len));
}

static size_t page_supported(ScsiUnit *u, uint8_t *p)
{
    static const uint8_t pages[] = {PAGE_SUPPORTED,
                                    PAGE_SERIAL,
                                    PAGE_IDENTIFICATION,
                                    PAGE_BLOCK_LIMITS,
                                    PAGE_BLOCK_CHARACTERISTICS,
                                    PAGE_PROVISIONING};
    size_t count = u->kind == SCSI_DISK ? sizeof(pages) : 3;
    memcpy(p, pages, count);
    return count;
}

static size_t page_serial(ScsiUnit *u, uint8_t *p)
{
    size_t len = strnlen(u->serial, 36);
    memcpy(p, u->serial, len);
    return len;
}

/* 7.8.6: a vendor's name for it, and the one of IEEE if it has one. */
static size_t page_identification(ScsiUnit *u, uint8_t *p)
{
    enum { ASCII = 2, BINARY = 1, T10_VENDOR = 1, NAA = 3 };
    size_t serial = strnlen(u->serial, 20), len = VENDOR_BYTES + serial;
    p[0] = ASCII;
    p[1] = T10_VENDOR;
    p[3] = (uint8_t)len;
    put_scsi_text(p + 4, VENDOR_BYTES, u->vendor);
    memcpy(p + 4 + VENDOR_BYTES, u->serial, serial);
    len += 4;
    if (u->wwn) {
        p[len] = BINARY;
        p[len + 1] = NAA;
        p[len + 3] = 8;
        bytes_put64_be(p + len + 4, u->wwn);
        len += 12;
    }
    return len;
}

/* SBC-3, 6.5.3. */
static size_t page_block_limits(ScsiUnit *u, uint8_t *p)
{
    enum { UNMAP_BLOCKS_AT = 16, UNMAP_RANGES_AT = 20, WRITE_SAME_AT = 32, BYTES = 60 };
    bytes_put32_be(p + UNMAP_BLOCKS_AT, UNMAP_BLOCKS);
    bytes_put32_be(p + UNMAP_RANGES_AT, UNMAP_RANGES);
    bytes_put64_be(p + WRITE_SAME_AT, 0);
    return BYTES;
}

static size_t page_block_characteristics(ScsiUnit *u, uint8_t *p)
{
    bytes_put16_be(p, u->rotation);
    return 60;
}

/* SBC-3, 6.5.4: UNMAP, and nothing is said of what is read then. */
static size_t page_provisioning(ScsiUnit *u, uint8_t *p)
{
    enum { LBPU = 0x80, THIN = 2, BYTES = 4 };
    p[1] = LBPU;
    p[2] = THIN;
    return BYTES;
}

size_t scsi_vital_page(ScsiUnit *u, uint8_t page)
{
    static const struct {
        uint8_t page;
        bool of_cd;
        size_t (*fill)(ScsiUnit *u, uint8_t *p);
    } pages[] = {
        {PAGE_SUPPORTED, true, page_supported},
        {PAGE_SERIAL, true, page_serial},
        {PAGE_IDENTIFICATION, true, page_identification},
        {PAGE_BLOCK_LIMITS, false, page_block_limits},
        {PAGE_BLOCK_CHARACTERISTICS, false, page_block_characteristics},
        {PAGE_PROVISIONING, false, page_provisioning},
    };
    enum { HEADER = 4 };
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (pages[i].page == page && (pages[i].of_cd || u->kind == SCSI_DISK)) {
            size_t len = pages[i].fill(u, u->buffer + HEADER);
            u->buffer[0] = unit_type(u);
            u->buffer[1] = page;
            u->buffer[3] = (uint8_t)len;
            return HEADER + len;
        }
    }
    return 0;
}

static ScsiStatus inquire_page(ScsiUnit *u, const uint8_t *cdb)
{
    size_t len = scsi_vital_page(u, cdb[2]);
    return len ? scsi_reply(u, len, bytes_get16_be(cdb + 3)) : scsi_bad_field(u);
}

static ScsiStatus begin_inquiry(ScsiUnit *u, const uint8_t *cdb)
{
    enum { EVPD = 1, BYTES = 36 };
    memset(u->buffer, 0, 256);
    if (cdb[1] & EVPD) {
        return inquire_page(u, cdb);
    }
    if (cdb[2] != 0) {
        return scsi_bad_field(u);
    }
    uint8_t *p = u->buffer;
    p[0] = unit_type(u);
    p[1] = u->kind == SCSI_CD ? REMOVABLE : 0;
    p[2] = VERSION_SPC_3;
    p[3] = FORMAT_2;
    p[4] = BYTES - 5;
    p[7] = u->kind == SCSI_CD ? 0 : QUEUES;
    put_scsi_text(p + 8, VENDOR_BYTES, u->vendor);
    put_scsi_text(p + 16, PRODUCT_BYTES, u->product);
    put_scsi_text(p + 32, VERSION_BYTES, u->version);
    return scsi_reply(u, BYTES, bytes_get16_be(cdb + 3));
}

static ScsiStatus begin_request_sense(ScsiUnit *u, const uint8_t *cdb)
{
    if (u->sense.key == 0 && u->attention.key != 0) {
        u->sense = u->attention;
        u->attention = (ScsiSense){0};
    }
    scsi_take_sense(u, u->buffer);
    return scsi_reply(u, SCSI_SENSE_SIZE, cdb[4]);
}

/* Of the target's units; without a bus there is this one. */
static ScsiStatus begin_report_luns(ScsiUnit *u, const uint8_t *cdb)
{
    enum { HEADER = 8, LUN = 8 };
    static_assert(HEADER + SCSI_LUNS * LUN <= SCSI_BUFFER, "all fit in");
    uint16_t luns[SCSI_LUNS] = {0};
    size_t count = u->bus ? scsi_bus_luns(u->bus, u->target, luns, SCSI_LUNS) : 1;
    size_t len = HEADER + count * LUN;
    memset(u->buffer, 0, len);
    bytes_put32_be(u->buffer, (uint32_t)(count * LUN));
    for (size_t i = 0; i < count; i++) {
        bytes_put16_be(u->buffer + HEADER + i * LUN, luns[i]);
    }
    return scsi_reply(u, len, bytes_get32_be(cdb + 6));
}

static ScsiStatus begin_nothing(ScsiUnit *u, const uint8_t *cdb)
{
    return SCSI_GOOD;
}

#define ANY .disk = true, .cd = true, .nobody = true, .heeds_no_attention = true
const ScsiCommand scsi_primary_commands[] = {
    {OP_TEST_UNIT_READY, .disk = true, .cd = true, .needs_medium = true, .begin = begin_nothing},
    {OP_REQUEST_SENSE, ANY, .begin = begin_request_sense},
    {OP_INQUIRY, ANY, .begin = begin_inquiry},
    {OP_REPORT_LUNS, ANY, .begin = begin_report_luns},
    {0},
};
