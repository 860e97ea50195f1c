/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work descriptors (64 bytes) and completion records (32 bytes). */
#ifndef HW_DMA_DSA_DESC_H
#define HW_DMA_DSA_DESC_H

#include <inttypes.h>
#include <stdbool.h>

#define DSA_DESC_BYTES   64u
#define DSA_RECORD_BYTES 32u

typedef enum {
    DSA_OP_NOOP = 0x00,
    DSA_OP_BATCH = 0x01,
    DSA_OP_DRAIN = 0x02,
    DSA_OP_MEMMOVE = 0x03,
    DSA_OP_FILL = 0x04,
    DSA_OP_COMPARE = 0x05,
    DSA_OP_COMPARE_PATTERN = 0x06,
    DSA_OP_DUALCAST = 0x09,
    DSA_OP_CRCGEN = 0x10,
    DSA_OP_COPY_CRC = 0x11,
    DSA_OP_CFLUSH = 0x20,
    DSA_OPS,
} DsaOpcode;

#define DSA_F_FENCE           0x000001u
#define DSA_F_RECORD_VALID    0x000004u
#define DSA_F_RECORD          0x000008u
#define DSA_F_INTERRUPT       0x000010u
#define DSA_F_CHECK_RESULT    0x000080u
#define DSA_F_CACHE           0x000100u
#define DSA_F_CLASS_1         0x000200u /* traffic classes of the addresses, */
#define DSA_F_CLASS_2         0x000400u
#define DSA_F_CLASS_3         0x000800u
#define DSA_F_CLASS_RECORD    0x001000u /* and of the record */
#define DSA_F_STRICT_ORDER    0x002000u
#define DSA_F_CRC_SEED_MEMORY 0x010000u
#define DSA_F_CRC_AS_IS       0x020000u /* neither inverted nor reflected; */
#define DSA_F_CRC_DATA_AS_IS  0x040000u /* nor are the data reflected */

typedef struct {
    uint32_t pasid;
    bool privileged;
    bool reserved; /* some reserved bit of the common part is set */
    uint32_t flags;
    uint8_t opcode;
    uint64_t record;      /* its address */
    uint64_t source;      /* or a pattern, or the list of a batch */
    uint64_t destination; /* or the second source, or a pattern to compare with */
    uint32_t size;        /* bytes, or descriptors of a batch */
    uint16_t handle;      /* of the completion interrupt */
    uint8_t expected;     /* result */
    uint64_t destination2;
    uint32_t crc_seed;
    uint64_t crc_seed_at;
} DsaDesc;

typedef struct {
    uint8_t status; /* DsaStatus, and DSA_STATUS_WRITE */
    uint8_t result;
    uint32_t completed; /* bytes, or descriptors */
    uint64_t fault;     /* address */
    uint32_t invalid_flags;
    uint32_t crc; /* in the same place */
} DsaRecord;

DsaDesc dsa_desc_decode(const uint8_t bytes[DSA_DESC_BYTES]);
void dsa_record_encode(const DsaRecord *record, uint8_t bytes[DSA_RECORD_BYTES]);

#endif
