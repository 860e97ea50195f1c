/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations (DSA 1.0, 8.3), a piece at a time: a piece ends where a page of either side does, so
 * that a fault is told at the first address that has it. A move within itself goes backward where
 * it has to.
 *
 * Left out: delta records and data integrity fields; a pattern longer than 8 bytes.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/dma/dsa/device.h"

#define PATTERN_BYTES 8u
#define SAME_LOW_BITS 0xfffu /* of both destinations of a dualcast */

static DsaStatus fault(DsaPiece *piece, MemResult result, uint64_t at, bool write)
{
    if (result == MEM_OK) {
        return DSA_SUCCESS;
    }
    piece->record->fault = at;
    piece->record->status = write ? DSA_STATUS_WRITE : 0;
    return result == MEM_ACCESS_ERROR ? DSA_PAGE_FAULT : DSA_HARDWARE_ERROR;
}

DsaStatus dsa_piece_read(DsaPiece *piece, uint64_t at, void *buf, uint32_t len)
{
    return fault(piece, pci_dma_read(&piece->dsa->pci, at, buf, len), at, false);
}

DsaStatus dsa_piece_write(DsaPiece *piece, uint64_t at, const void *buf, uint32_t len)
{
    return fault(piece, pci_dma_write(&piece->dsa->pci, at, buf, len), at, true);
}

static bool ranges_overlap(uint64_t a, uint64_t b, uint32_t size)
{
    return a - b < size || b - a < size;
}

/* Its end would be overwritten before it was read. */
static bool goes_backward(const DsaDesc *desc)
{
    return desc->opcode == DSA_OP_MEMMOVE && desc->destination > desc->source &&
           desc->destination - desc->source < desc->size;
}

/* Where the piece is from the start of what is worked on. */
static uint64_t piece_offset(const DsaPiece *piece)
{
    uint32_t done = piece->engine->done;
    return goes_backward(piece->desc) ? piece->desc->size - done - piece->bytes : done;
}

static uint32_t to_page_end(uint64_t at, uint32_t bytes)
{
    uint64_t room = PAGE_SIZE - at % PAGE_SIZE;
    return (uint32_t)MIN(bytes, room);
}

static uint32_t to_page_start(uint64_t end, uint32_t bytes)
{
    uint64_t room = (end - 1) % PAGE_SIZE + 1;
    return (uint32_t)MIN(bytes, room);
}

uint32_t dsa_piece_bytes(const DsaOpRow *row, const DsaDesc *desc, uint32_t done)
{
    uint32_t bytes = desc->size > done ? desc->size - done : 0;
    bytes = MIN(bytes, DSA_PIECE_BYTES);
    if (goes_backward(desc)) {
        bytes = to_page_start(desc->source + desc->size - done, bytes);
        return to_page_start(desc->destination + desc->size - done, bytes);
    }
    bytes = row->reads ? to_page_end(desc->source + done, bytes) : bytes;
    return row->writes || row->reads_two ? to_page_end(desc->destination + done, bytes) : bytes;
}

static DsaStatus move_step(DsaPiece *piece)
{
    uint8_t buf[DSA_PIECE_BYTES];
    uint64_t offset = piece_offset(piece);
    piece->record->result = goes_backward(piece->desc); /* told with a fault */
    DsaStatus status = dsa_piece_read(piece, piece->desc->source + offset, buf, piece->bytes);
    if (status == DSA_SUCCESS) {
        status = dsa_piece_write(piece, piece->desc->destination + offset, buf, piece->bytes);
    }
    return status;
}

static void move_finish(const DsaPiece *piece)
{
    piece->record->result = 0;
}

/* The byte of a pattern at that place. */
static uint8_t pattern_byte(uint64_t pattern, uint64_t at)
{
    return (uint8_t)(pattern >> 8 * (at % PATTERN_BYTES));
}

static void spread(uint8_t *buf, uint32_t bytes, uint64_t pattern, uint64_t at)
{
    for (uint32_t i = 0; i < bytes; i++) {
        buf[i] = pattern_byte(pattern, at + i);
    }
}

static DsaStatus fill_step(DsaPiece *piece)
{
    uint8_t buf[DSA_PIECE_BYTES];
    uint32_t done = piece->engine->done;
    spread(buf, piece->bytes, piece->desc->source, done);
    return dsa_piece_write(piece, piece->desc->destination + done, buf, piece->bytes);
}

/* They differ: that is the result, and where. */
static void compare_found(DsaPiece *piece, const uint8_t *a, const uint8_t *b)
{
    uint32_t at = 0;
    if (memcmp(a, b, piece->bytes) == 0) {
        return;
    }
    while (a[at] == b[at]) {
        at++;
    }
    piece->record->result = 1;
    piece->over = true;
    piece->bytes = at;
}

static DsaStatus compare_step(DsaPiece *piece)
{
    uint8_t one[DSA_PIECE_BYTES], two[DSA_PIECE_BYTES];
    uint32_t done = piece->engine->done;
    DsaStatus status = dsa_piece_read(piece, piece->desc->source + done, one, piece->bytes);
    if (status == DSA_SUCCESS) {
        status = dsa_piece_read(piece, piece->desc->destination + done, two, piece->bytes);
    }
    if (status == DSA_SUCCESS) {
        compare_found(piece, one, two);
    }
    return status;
}

static DsaStatus compare_pattern_step(DsaPiece *piece)
{
    uint8_t one[DSA_PIECE_BYTES], two[DSA_PIECE_BYTES];
    uint32_t done = piece->engine->done;
    spread(two, piece->bytes, piece->desc->destination, done);
    DsaStatus status = dsa_piece_read(piece, piece->desc->source + done, one, piece->bytes);
    if (status == DSA_SUCCESS) {
        compare_found(piece, one, two);
    }
    return status;
}

static DsaStatus dualcast_check(const DsaDesc *desc)
{
    if ((desc->destination ^ desc->destination2) & SAME_LOW_BITS) {
        return DSA_DUALCAST_ADDRESSES;
    }
    bool good = !ranges_overlap(desc->source, desc->destination, desc->size) &&
                !ranges_overlap(desc->source, desc->destination2, desc->size) &&
                !ranges_overlap(desc->destination, desc->destination2, desc->size);
    return good ? DSA_SUCCESS : DSA_OVERLAP;
}

static DsaStatus dualcast_step(DsaPiece *piece)
{
    uint8_t buf[DSA_PIECE_BYTES];
    uint32_t done = piece->engine->done;
    DsaStatus status = dsa_piece_read(piece, piece->desc->source + done, buf, piece->bytes);
    if (status == DSA_SUCCESS) {
        status = dsa_piece_write(piece, piece->desc->destination + done, buf, piece->bytes);
    }
    if (status == DSA_SUCCESS) {
        status = dsa_piece_write(piece, piece->desc->destination2 + done, buf, piece->bytes);
    }
    return status;
}

DsaStatus dsa_copy_crc_check(const DsaDesc *desc)
{
    return ranges_overlap(desc->source, desc->destination, desc->size) ? DSA_OVERLAP : DSA_SUCCESS;
}

/* Nothing is held back in caches; what is flushed has to be there. */
static DsaStatus flush_step(DsaPiece *piece)
{
    uint8_t byte;
    return dsa_piece_read(piece, piece->desc->destination + piece->engine->done, &byte, 1);
}

#define WRITE_FLAGS (DSA_F_CACHE | DSA_F_STRICT_ORDER)
#define CRC_FLAGS   (DSA_F_CRC_SEED_MEMORY | DSA_F_CRC_AS_IS | DSA_F_CRC_DATA_AS_IS)
#define CRC_COST    4

static const DsaOpRow op_rows[DSA_OPS + 1] = {
    [DSA_OP_NOOP] = {.cost = 1},
    [DSA_OP_BATCH] = {.cost = 1},
    [DSA_OP_DRAIN] = {.cost = 1},
    [DSA_OP_MEMMOVE] = {.flags = WRITE_FLAGS,
                        .sized = true,
                        .reads = true,
                        .writes = true,
                        .cost = 1,
                        .step = move_step,
                        .finish = move_finish},
    [DSA_OP_FILL] =
        {.flags = WRITE_FLAGS, .sized = true, .writes = true, .cost = 2, .step = fill_step},
    [DSA_OP_COMPARE] = {.flags = DSA_F_CHECK_RESULT,
                        .sized = true,
                        .reads = true,
                        .reads_two = true,
                        .cost = 1,
                        .step = compare_step},
    [DSA_OP_COMPARE_PATTERN] = {.flags = DSA_F_CHECK_RESULT,
                                .sized = true,
                                .reads = true,
                                .cost = 2,
                                .step = compare_pattern_step},
    [DSA_OP_DUALCAST] = {.flags = WRITE_FLAGS,
                         .sized = true,
                         .reads = true,
                         .writes = true,
                         .cost = 2,
                         .check = dualcast_check,
                         .step = dualcast_step},
    [DSA_OP_CRCGEN] = {.flags = CRC_FLAGS,
                       .sized = true,
                       .reads = true,
                       .cost = CRC_COST,
                       .start = dsa_crc_start,
                       .step = dsa_crc_step,
                       .finish = dsa_crc_finish},
    [DSA_OP_COPY_CRC] = {.flags = CRC_FLAGS | WRITE_FLAGS,
                         .sized = true,
                         .reads = true,
                         .writes = true,
                         .cost = CRC_COST,
                         .check = dsa_copy_crc_check,
                         .start = dsa_crc_start,
                         .step = dsa_copy_crc_step,
                         .finish = dsa_crc_finish},
    [DSA_OP_CFLUSH] =
        {.flags = DSA_F_CACHE, .sized = true, .writes = true, .cost = 1, .step = flush_step},
};

const DsaOpRow *dsa_op_row(uint8_t opcode)
{
    return opcode < G_N_ELEMENTS(op_rows) && op_rows[opcode].cost ? &op_rows[opcode] : NULL;
}

uint64_t dsa_opcap(unsigned word)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i++) {
        bits |= (uint64_t)(dsa_op_row((uint8_t)(64 * word + i)) != NULL) << i;
    }
    return bits;
}
