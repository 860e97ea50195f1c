/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packing, by each format's own library. */
#include "boot/pack.h"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static GByteArray *with_capacity(size_t len)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)(len + len / 2 + 4096));
    return out;
}

GByteArray *pack_gzip(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    z_stream s = {.next_in = (Bytef *)data,
                  .avail_in = (uInt)len,
                  .next_out = out->data,
                  .avail_out = out->len};
    deflateInit2(&s, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    g_assert_cmpint(deflate(&s, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint)s.total_out);
    deflateEnd(&s);
    return out;
}

GByteArray *pack_xz(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    size_t used = 0;
    g_assert_cmpint(
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, data, len, out->data, &used, out->len),
        ==, LZMA_OK);
    g_byte_array_set_size(out, (guint)used);
    return out;
}

static GByteArray *pack_lzma(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    lzma_options_lzma options;
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_lzma_preset(&options, 6);
    g_assert_cmpint(lzma_alone_encoder(&s, &options), ==, LZMA_OK);
    s.next_in = data;
    s.avail_in = len;
    s.next_out = out->data;
    s.avail_out = out->len;
    g_assert_cmpint(lzma_code(&s, LZMA_FINISH), ==, LZMA_STREAM_END);
    g_byte_array_set_size(out, (guint)s.total_out);
    lzma_end(&s);
    return out;
}

GByteArray *pack_lz4(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    int n = LZ4_compress_default((const char *)data, (char *)out->data + 8, (int)len,
                                 (int)out->len - 8);
    const uint32_t head[] = {0x184c2102, (uint32_t)n};
    memcpy(out->data, head, 8);
    g_byte_array_set_size(out, (guint)n + 8);
    return out;
}

static GByteArray *pack_zstd(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    g_byte_array_set_size(out, (guint)ZSTD_compress(out->data, out->len, data, len, 3));
    return out;
}

static GByteArray *pack_bzip2(const uint8_t *data, size_t len)
{
    GByteArray *out = with_capacity(len);
    unsigned used = out->len;
    g_assert_cmpint(
        BZ2_bzBuffToBuffCompress((char *)out->data, &used, (char *)data, (unsigned)len, 9, 0, 0),
        ==, BZ_OK);
    g_byte_array_set_size(out, used);
    return out;
}

/* lzop's container with an empty name and no checksums but the header's, which nobody checks. */
static GByteArray *pack_lzo(const uint8_t *data, size_t len)
{
    static const uint8_t head[38] = {0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a};
    GByteArray *out = g_byte_array_new();
    g_autofree uint8_t *packed = g_malloc(len + len / 2 + 4096);
    g_autofree uint8_t *work = g_malloc(LZO1X_1_MEM_COMPRESS);
    lzo_uint n;
    g_assert_cmpint(lzo_init(), ==, LZO_E_OK);
    g_assert_cmpint(lzo1x_1_compress(data, len, packed, &n, work), ==, LZO_E_OK);
    const uint32_t block[] = {GUINT32_TO_BE((uint32_t)len), GUINT32_TO_BE((uint32_t)n)};
    const uint32_t end = 0;
    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, (const guint8 *)block, sizeof(block));
    g_byte_array_append(out, packed, (guint)n);
    g_byte_array_append(out, (const guint8 *)&end, sizeof(end));
    return out;
}

const PackFormat pack_formats[PACK_FORMATS] = {
    {"gzip", pack_gzip}, {"xz", pack_xz},       {"lzma", pack_lzma}, {"lz4", pack_lz4},
    {"zstd", pack_zstd}, {"bzip2", pack_bzip2}, {"lzo", pack_lzo},
};

void pack_append_size(GByteArray *packed, size_t len)
{
    uint32_t size = (uint32_t)len;
    g_byte_array_append(packed, (const guint8 *)&size, 4);
}
