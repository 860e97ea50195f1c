/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Codecs of a data streaming accelerator: descriptors, records, WQCFG; and its CRC. */
#include <string.h>

#include "hw/dma/dsa/device.h"
#include "tests/include/dsa.h"

static void test_descriptor(void)
{
    DsaDescriptor raw = {.pasid_privileged = 0x80012345,
                         .flags_opcode = 0x03abcdef,
                         .record = 0x1122334455667788,
                         .source = 0x2122334455667788,
                         .destination = 0x3122334455667788,
                         .size = 0x41424344,
                         .handle = 0x5152,
                         .extra = {0x6162636465666768, 0x7172737475767778}};
    uint8_t bytes[DSA_DESC_BYTES];
    memcpy(bytes, &raw, sizeof(bytes));
    DsaDesc d = dsa_desc_decode(bytes);
    g_assert_cmphex(d.pasid, ==, 0x12345);
    g_assert_true(d.privileged);
    g_assert_false(d.reserved);
    g_assert_cmphex(d.flags, ==, 0xabcdef);
    g_assert_cmphex(d.opcode, ==, 3);
    g_assert_cmphex(d.record, ==, raw.record);
    g_assert_cmphex(d.source, ==, raw.source);
    g_assert_cmphex(d.destination, ==, raw.destination);
    g_assert_cmphex(d.size, ==, raw.size);
    g_assert_cmphex(d.handle, ==, raw.handle);
    g_assert_cmphex(d.expected, ==, 0x68);
    g_assert_cmphex(d.destination2, ==, raw.extra[0]);
    g_assert_cmphex(d.crc_seed, ==, 0x65666768);
    g_assert_cmphex(d.crc_seed_at, ==, raw.extra[1]);
    for (unsigned bit = 20; bit < 31; bit++) {
        raw.pasid_privileged = 1u << bit;
        memcpy(bytes, &raw, sizeof(bytes));
        g_assert_true(dsa_desc_decode(bytes).reserved);
    }
    raw.pasid_privileged = 0;
    raw.reserved = 0x8000;
    memcpy(bytes, &raw, sizeof(bytes));
    g_assert_true(dsa_desc_decode(bytes).reserved);
}

static void test_record(void)
{
    const DsaRecord record = {.status = 0x83,
                              .result = 1,
                              .completed = 0x11223344,
                              .fault = 0x5566778899aabbcc,
                              .invalid_flags = 0xa00000,
                              .crc = 0xb0000};
    const DsaCompletion expected = {.status = 0x83,
                                    .result = 1,
                                    .completed = 0x11223344,
                                    .fault = 0x5566778899aabbcc,
                                    .extra = {0xab0000}};
    uint8_t bytes[DSA_RECORD_BYTES];
    memset(bytes, 0xff, sizeof(bytes));
    dsa_record_encode(&record, bytes);
    g_assert_cmpmem(bytes, sizeof(bytes), &expected, sizeof(expected));
}

static void test_wqcfg(void)
{
    const uint32_t dwords[DSA_WQCFG_DWORDS] = {0x1234, 0x5678, 0x3abcde9d, 0x155};
    DsaWqConfig c = dsa_wqcfg_decode(dwords);
    g_assert_cmphex(c.size, ==, 0x1234);
    g_assert_cmphex(c.threshold, ==, 0x5678);
    g_assert_true(c.dedicated);
    g_assert_false(c.block_on_fault);
    g_assert_true(c.ats_disable);
    g_assert_cmphex(c.priority, ==, 9);
    g_assert_cmphex(c.pasid, ==, 0xabcde);
    g_assert_true(c.pasid_on);
    g_assert_true(c.privileged);
    g_assert_cmphex(c.xfer_shift, ==, 0x15);
    g_assert_cmphex(c.batch_shift, ==, 0xa);
    const uint32_t block[DSA_WQCFG_DWORDS] = {0, 0, 2};
    g_assert_true(dsa_wqcfg_decode(block).block_on_fault);
    g_assert_cmphex(dsa_wqcfg_writable(0), ==, 0xffff);
    g_assert_cmphex(dsa_wqcfg_writable(2), ==, 0x3ffffff7);
    g_assert_cmphex(dsa_wqcfg_writable(DSA_WQCFG_STATUS), ==, 0);
    g_assert_cmphex(dsa_wqcfg_status(5, true), ==, 0x40000005);
    g_assert_cmphex(dsa_wqcfg_status(0, false), ==, 0);
}

/* By the book: bit by bit, least significant first. */
static uint32_t slow_crc(const uint8_t *bytes, unsigned len)
{
    uint32_t crc = UINT32_MAX;
    for (unsigned i = 0; i < 8 * len; i++) {
        uint32_t bit = (crc ^ bytes[i / 8] >> i % 8) & 1;
        crc = crc >> 1 ^ (bit ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static uint32_t mirror(uint32_t word)
{
    uint32_t out = 0;
    for (unsigned i = 0; i < 32; i++) {
        out |= (word >> i & 1) << (31 - i);
    }
    return out;
}

static void test_crc(void)
{
    uint8_t bytes[300];
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * i + 3 * i);
        uint32_t crc = dsa_crc(UINT32_MAX, bytes, i + 1, true);
        g_assert_cmphex(~mirror(crc), ==, slow_crc(bytes, i + 1));
    }
    g_assert_cmphex(dsa_crc(0, (const uint8_t *)"\x80", 1, true), ==, 0x1edc6f41);
    g_assert_cmphex(dsa_crc(0, (const uint8_t *)"\x01", 1, false), ==, 0x1edc6f41);
}

/* A piece ends where a page of a side does that the operation uses. */
static void test_pieces(void)
{
    const DsaDesc move = {
        .opcode = DSA_OP_MEMMOVE, .source = 0x1f00, .destination = 0x9080, .size = 0x3000};
    const DsaOpRow *row = dsa_op_row(DSA_OP_MEMMOVE);
    g_assert_cmphex(dsa_piece_bytes(row, &move, 0), ==, 0x100);
    g_assert_cmphex(dsa_piece_bytes(row, &move, 0x100), ==, 0xe80);
    g_assert_cmphex(dsa_piece_bytes(row, &move, 0x2fff), ==, 1);
    g_assert_cmphex(dsa_piece_bytes(row, &move, 0x3000), ==, 0);
    g_assert_cmphex(dsa_piece_bytes(row, &move, UINT32_MAX), ==, 0);
    const DsaDesc back = {
        .opcode = DSA_OP_MEMMOVE, .source = 0x1f00, .destination = 0x2080, .size = 0x3000};
    g_assert_cmphex(dsa_piece_bytes(row, &back, 0), ==, 0x80); /* ends at 4F00h and 5080h */
    g_assert_cmphex(dsa_piece_bytes(row, &back, 0x80), ==, 0xe80);
    const DsaDesc fill = {
        .opcode = DSA_OP_FILL, .source = 0x1fff, .destination = 0x9080, .size = 0x3000};
    g_assert_cmphex(dsa_piece_bytes(dsa_op_row(DSA_OP_FILL), &fill, 0), ==, 0xf80);
    g_assert_null(dsa_op_row(7));
    g_assert_null(dsa_op_row(0xff));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dsa/descriptor", test_descriptor);
    g_test_add_func("/dsa/record", test_record);
    g_test_add_func("/dsa/wqcfg", test_wqcfg);
    g_test_add_func("/dsa/crc", test_crc);
    g_test_add_func("/dsa/pieces", test_pieces);
    return g_test_run();
}
