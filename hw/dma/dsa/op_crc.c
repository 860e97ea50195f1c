/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC generation: the polynomial of RFC 3720 (CRC32C) over a range, from a seed in the descriptor
 * or in memory (DSA 1.0, 8.3). As a rule the seed and the result are inverted and reflected, and so
 * are the data's bits, which is what RFC 3720 asks for; flags leave each as it is.
 */
#include "base/bytes.h"
#include "hw/dma/dsa/device.h"

/* The polynomial 11EDC6F41h, four bits at a time. */
static const uint32_t crc_nibble[16] = {
    0x00000000, 0x1edc6f41, 0x3db8de82, 0x2364b1c3, 0x7b71bd04, 0x65add245, 0x46c96386, 0x58150cc7,
    0xf6e37a08, 0xe83f1549, 0xcb5ba48a, 0xd587cbcb, 0x8d92c70c, 0x934ea84d, 0xb02a198e, 0xaef676cf,
};

static uint8_t reflect8(uint8_t byte)
{
    byte = (uint8_t)((byte & 0x0f) << 4 | byte >> 4);
    byte = (uint8_t)((byte & 0x33) << 2 | (byte >> 2 & 0x33));
    return (uint8_t)((byte & 0x55) << 1 | (byte >> 1 & 0x55));
}

static uint32_t reflect32(uint32_t word)
{
    return (uint32_t)reflect8((uint8_t)word) << 24 |
           (uint32_t)reflect8((uint8_t)(word >> 8)) << 16 |
           (uint32_t)reflect8((uint8_t)(word >> 16)) << 8 | reflect8((uint8_t)(word >> 24));
}

uint32_t dsa_crc(uint32_t crc, const uint8_t *bytes, uint32_t len, bool reflected)
{
    for (uint32_t i = 0; i < len; i++) {
        uint8_t byte = reflected ? reflect8(bytes[i]) : bytes[i];
        crc = crc << 4 ^ crc_nibble[crc >> 28 ^ byte >> 4];
        crc = crc << 4 ^ crc_nibble[crc >> 28 ^ (byte & 0xf)];
    }
    return crc;
}

/* Its own inverse. */
static uint32_t dress(const DsaDesc *desc, uint32_t crc)
{
    return desc->flags & DSA_F_CRC_AS_IS ? crc : ~reflect32(crc);
}

DsaStatus dsa_crc_start(DsaPiece *piece)
{
    uint32_t seed = piece->desc->crc_seed;
    DsaStatus status = DSA_SUCCESS;
    if (piece->desc->flags & DSA_F_CRC_SEED_MEMORY) {
        uint8_t raw[4] = {0};
        status = dsa_piece_read(piece, piece->desc->crc_seed_at, raw, sizeof(raw));
        seed = bytes_get32(raw);
    }
    piece->engine->crc = dress(piece->desc, seed);
    return status;
}

static DsaStatus crc_read(DsaPiece *piece, uint8_t *buf)
{
    uint64_t at = piece->desc->source + piece->engine->done;
    return dsa_piece_read(piece, at, buf, piece->bytes);
}

static void crc_add(DsaPiece *piece, const uint8_t *buf)
{
    bool reflected = !(piece->desc->flags & DSA_F_CRC_DATA_AS_IS);
    piece->engine->crc = dsa_crc(piece->engine->crc, buf, piece->bytes, reflected);
}

DsaStatus dsa_crc_step(DsaPiece *piece)
{
    uint8_t buf[DSA_PIECE_BYTES];
    DsaStatus status = crc_read(piece, buf);
    if (status == DSA_SUCCESS) {
        crc_add(piece, buf);
    }
    return status;
}

DsaStatus dsa_copy_crc_step(DsaPiece *piece)
{
    uint8_t buf[DSA_PIECE_BYTES];
    DsaStatus status = crc_read(piece, buf);
    if (status == DSA_SUCCESS) {
        uint64_t at = piece->desc->destination + piece->engine->done;
        status = dsa_piece_write(piece, at, buf, piece->bytes);
    }
    if (status == DSA_SUCCESS) {
        crc_add(piece, buf);
    }
    return status;
}

void dsa_crc_finish(const DsaPiece *piece)
{
    piece->record->crc = dress(piece->desc, piece->engine->crc);
}
