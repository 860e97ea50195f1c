/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors and completion records as they are in memory (DSA 1.0, 8.1 and 8.2). */
#include "hw/dma/dsa/desc.h"

#include <string.h>

#include "base/bytes.h"

#define PASID_BITS    0x000fffffu
#define RESERVED_BITS 0x7ff00000u
#define PRIVILEGED    0x80000000u
#define FLAG_BITS     0x00ffffffu

DsaDesc dsa_desc_decode(const uint8_t b[DSA_DESC_BYTES])
{
    uint32_t first = bytes_get32(b), second = bytes_get32(b + 4);
    return (DsaDesc){
        .pasid = first & PASID_BITS,
        .privileged = first & PRIVILEGED,
        .reserved = (first & RESERVED_BITS) || bytes_get16(b + 38),
        .flags = second & FLAG_BITS,
        .opcode = (uint8_t)(second >> 24),
        .record = bytes_get64(b + 8),
        .source = bytes_get64(b + 16),
        .destination = bytes_get64(b + 24),
        .size = bytes_get32(b + 32),
        .handle = bytes_get16(b + 36),
        .expected = b[40],
        .destination2 = bytes_get64(b + 40),
        .crc_seed = bytes_get32(b + 40),
        .crc_seed_at = bytes_get64(b + 48),
    };
}

void dsa_record_encode(const DsaRecord *record, uint8_t b[DSA_RECORD_BYTES])
{
    memset(b, 0, DSA_RECORD_BYTES);
    b[0] = record->status;
    b[1] = record->result;
    bytes_put32(b + 4, record->completed);
    bytes_put64(b + 8, record->fault);
    bytes_put32(b + 16, record->invalid_flags | record->crc);
}
