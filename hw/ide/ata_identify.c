/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device says it is, and what of it can be switched (ACS-3, 7.12, 7.13 and 7.47). */
#include <string.h>

#include "base/bytes.h"
#include "hw/ide/ata.h"

#define MOST_CYLINDERS 16383u
#define LBA_28_MOST    0x0fffffffu

static void put_word(uint8_t *data, unsigned word, unsigned value)
{
    bytes_put16(data + 2 * word, (uint16_t)value);
}

/* Two characters a word, the first one in the upper half; spaces at the end. */
static void put_ata_text(uint8_t *data, unsigned word, unsigned words, const char *text)
{
    size_t len = strnlen(text, 2 * words);
    for (size_t i = 0; i < 2 * words; i++) {
        data[2 * word + (i ^ 1)] = i < len ? (uint8_t)text[i] : ' ';
    }
}

static void put_capacity(const AtaDrive *d, uint8_t *data)
{
    uint64_t sectors = blk_size(d->blk) / ATA_SECTOR;
    uint64_t cylinders = MIN(sectors / (16 * 63), MOST_CYLINDERS);
    put_word(data, 1, (unsigned)cylinders);
    put_word(data, 3, 16);
    put_word(data, 6, 63);
    /* As they are set up now. */
    uint64_t current = MIN(sectors / ((unsigned)d->heads * d->sectors), 65535);
    put_word(data, 54, (unsigned)current);
    put_word(data, 55, d->heads);
    put_word(data, 56, d->sectors);
    bytes_put32(data + 2 * 57, (uint32_t)(current * d->heads * d->sectors));
    bytes_put32(data + 2 * 60, (uint32_t)MIN(sectors, LBA_28_MOST));
    bytes_put64(data + 2 * 100, sectors);
}

/* Multiword and Ultra DMA modes 0 to 2 and 0 to 5; the one that is on in the upper half. */
static void put_modes(const AtaDrive *d, uint8_t *data)
{
    enum { MWDMA = 0x20, UDMA = 0x40, KIND = 0xf8, MODE = 0x07 };
    unsigned on = 0x100u << (d->transfer_mode & MODE);
    put_word(data, 63, 0x07 | ((d->transfer_mode & KIND) == MWDMA ? on : 0));
    put_word(data, 88, 0x3f | ((d->transfer_mode & KIND) == UDMA ? on : 0));
    put_word(data, 64, 0x03); /* PIO 3 and 4 */
    for (unsigned word = 65; word <= 68; word++) {
        put_word(data, word, 120); /* ns a cycle */
    }
}

static void put_sata(const AtaDrive *d, uint8_t *data)
{
    enum { GEN1 = 0x02, GEN2 = 0x04, GEN3 = 0x08, NCQ = 0x100, NCQ_READ_LOG_DMA = 0x8000 };
    put_word(data, 76, GEN1 | GEN2 | GEN3 | (d->is_cd ? 0 : NCQ));
    put_word(data, 75, d->is_cd ? 0 : ATA_TAGS - 1);
}

/* Words 82 to 87: what there is, and whether it is on. */
static void put_feature_sets(const AtaDrive *d, uint8_t *data)
{
    enum { PACKET = 0x0010, POWER = 0x0008, SMART = 0x0001, CACHE = 0x0020, AHEAD = 0x0040 };
    enum {
        NOP = 0x4000,
        DEVICE_RESET = 0x0200,
        LBA_48 = 0x0400,
        FLUSH = 0x1000,
        FLUSH_EXT = 0x2000
    };
    enum { VALID = 0x4000, FUA = 0x0040, WWN = 0x0100, LOGS = 0x0020 };
    unsigned sets = NOP | POWER | (d->is_cd ? PACKET | DEVICE_RESET : SMART | CACHE | AHEAD);
    unsigned more = VALID | FLUSH | (d->is_cd ? 0 : LBA_48 | FLUSH_EXT);
    unsigned rest = VALID | (d->is_cd ? 0 : FUA | LOGS) | (d->wwn ? WWN : 0);
    put_word(data, 82, sets);
    put_word(data, 83, more);
    put_word(data, 84, rest);
    put_word(data, 85, sets & (d->write_cache ? ~0u : ~(unsigned)CACHE));
    put_word(data, 86, more & ~(unsigned)VALID);
    put_word(data, 87, rest);
}

static void put_wwn(const AtaDrive *d, uint8_t *data)
{
    for (unsigned i = 0; i < 4; i++) {
        put_word(data, 108 + i, (unsigned)(d->wwn >> (48 - 16 * i)) & 0xffff);
    }
}

static void put_disk(const AtaDrive *d, uint8_t *data)
{
    enum { MULTIPLE_VALID = 0x100, TRIM = 1, TRIM_ZEROES = 0x4000 };
    put_word(data, 0, 0x0040);
    put_capacity(d, data);
    put_word(data, 47, 0x8000 | 16);
    put_word(data, 59, d->multiple ? MULTIPLE_VALID | d->multiple : 0);
    put_word(data, 169, TRIM);
    put_word(data, 105, 1); /* sectors of a TRIM's list */
    put_word(data, 217, d->rotation);
}

static void put_packet_device(uint8_t *data)
{
    enum { ATAPI_CD = 0x8580, PACKETS_12 = 0, DRQ_50_US = 0x0040 };
    put_word(data, 0, ATAPI_CD | DRQ_50_US | PACKETS_12);
}

void ata_identify(const AtaDrive *d, uint8_t *data)
{
    enum { LBA = 0x200, DMA = 0x100, IORDY = 0x800, WORDS_64_88 = 0x06, CHS_NOW = 0x01 };
    memset(data, 0, ATA_SECTOR);
    if (d->is_cd) {
        put_packet_device(data);
    } else {
        put_disk(d, data);
    }
    put_ata_text(data, 10, 10, d->serial);
    put_ata_text(data, 23, 4, d->version);
    put_ata_text(data, 27, 20, d->model);
    put_word(data, 49, LBA | DMA | IORDY);
    put_word(data, 50, 0x4000);
    put_word(data, 53, WORDS_64_88 | (d->is_cd ? 0 : CHS_NOW));
    put_modes(d, data);
    if (d->is_serial) {
        put_sata(d, data);
    } else {
        put_word(data, 93, 0x6001); /* 80 wires */
    }
    put_word(data, 80, 0x01f0); /* ATA/ATAPI-4 to ACS-2 */
    put_feature_sets(d, data);
    put_wwn(d, data);
    uint8_t sum = 0xa5;
    data[ATA_SECTOR - 2] = 0xa5;
    for (unsigned i = 0; i < ATA_SECTOR - 2; i++) {
        sum = (uint8_t)(sum + data[i]);
    }
    data[ATA_SECTOR - 1] = (uint8_t)-sum;
}

/* 7.47.4: default PIO, PIO 0 to 4, multiword DMA 0 to 2, Ultra DMA 0 to 5. */
static bool mode_exists(uint8_t mode)
{
    static const uint8_t most[] = {1, 4, 0, 0, 2, 0, 0, 0, 5};
    unsigned kind = mode >> 3;
    bool kind_exists = kind <= 1 || kind == 4 || kind == 8;
    return kind_exists && (mode & 7) <= most[kind];
}

bool ata_set_features(AtaDrive *d, const AtaRegs *in)
{
    switch (in->features & 0xff) {
    case ATA_FEATURE_WRITE_CACHE:
        d->write_cache = true;
        return !d->is_cd;
    case ATA_FEATURE_NO_WRITE_CACHE:
        d->write_cache = d->is_cd;
        return !d->is_cd && blk_flush(d->blk);
    case ATA_FEATURE_TRANSFER_MODE:
        if (!mode_exists(in->count & 0xff)) {
            return false;
        }
        d->transfer_mode = in->count & 0xff;
        return true;
    case ATA_FEATURE_NO_READ_AHEAD:
    case ATA_FEATURE_READ_AHEAD:
    case ATA_FEATURE_NO_REVERTING:
    case ATA_FEATURE_REVERTING:
        return true;
    default:
        return false;
    }
}
