/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking kernels on the host: the formats of Linux's scripts/Makefile.lib, each by its library.
 * A kernel's payload is one stream, with its unpacked size in the four bytes behind it.
 */
#include "hw/i386/boot/unpack.h"

#include "base/bytes.h"
#include "hw/i386/boot/large_alloc.h"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Each fills `out` and returns how much of it, or 0 on bad data. */
typedef size_t (*Unpacker)(const uint8_t *in, size_t len, uint8_t *out, size_t size);

static size_t unpack_gzip(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    z_stream s = {
        .next_in = (Bytef *)in, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)size};
    if (inflateInit2(&s, 16 + MAX_WBITS) != Z_OK) {
        return 0;
    }
    int status = inflate(&s, Z_FINISH);
    inflateEnd(&s);
    return status == Z_STREAM_END ? s.total_out : 0;
}

/* What a decoder may take for its dictionary, whose size is the image's to say: several times as
 * much as the packers' best levels use. */
#define LZMA_MEMORY (256u << 20)

static size_t run_lzma(lzma_stream *s, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    s->next_in = in;
    s->avail_in = len;
    s->next_out = out;
    s->avail_out = size;
    lzma_ret status = lzma_code(s, LZMA_RUN);
    size_t done = (size_t)s->total_out;
    lzma_end(s);
    return status == LZMA_STREAM_END || (status == LZMA_OK && done == size) ? done : 0;
}

static size_t unpack_xz(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    lzma_stream s = LZMA_STREAM_INIT;
    return lzma_stream_decoder(&s, LZMA_MEMORY, 0) == LZMA_OK ? run_lzma(&s, in, len, out, size)
                                                              : 0;
}

static size_t unpack_lzma(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    lzma_stream s = LZMA_STREAM_INIT;
    return lzma_alone_decoder(&s, LZMA_MEMORY) == LZMA_OK ? run_lzma(&s, in, len, out, size) : 0;
}

/* The legacy frame: a magic number, then blocks of up to 8 MiB, each behind its packed length. */
static size_t unpack_lz4(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    size_t at = 4, done = 0;
    while (at + 4 <= len && done < size) {
        uint32_t block = bytes_get32(in + at);
        at += 4;
        if (block > len - at) {
            return 0;
        }
        int room = (int)MIN(size - done, (size_t)LZ4_MAX_INPUT_SIZE);
        int n = LZ4_decompress_safe((const char *)in + at, (char *)out + done, (int)block, room);
        if (n < 0) {
            return 0;
        }
        at += block;
        done += (size_t)n;
    }
    return done;
}

static size_t unpack_zstd(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    size_t frame = ZSTD_findFrameCompressedSize(in, len);
    if (ZSTD_isError(frame)) {
        return 0;
    }
    size_t done = ZSTD_decompress(out, size, in, frame);
    return ZSTD_isError(done) ? 0 : done;
}

static size_t unpack_bzip2(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    bz_stream s = {.next_in = (char *)in,
                   .avail_in = (unsigned)len,
                   .next_out = (char *)out,
                   .avail_out = (unsigned)size};
    if (BZ2_bzDecompressInit(&s, 0, 0) != BZ_OK) {
        return 0;
    }
    int status = BZ2_bzDecompress(&s);
    size_t done = size - s.avail_out;
    BZ2_bzDecompressEnd(&s);
    return status == BZ_STREAM_END ? done : 0;
}

/* lzop's container: a header of variable length, then blocks behind their two lengths and the
 * checksums that the flags announce. */
static size_t unpack_lzo(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
    enum { FLAG_ADLER_D = 1, FLAG_ADLER_C = 2, FLAG_CRC_D = 0x100, FLAG_CRC_C = 0x200 };
    if (len < 64 || lzo_init() != LZO_E_OK) {
        return 0;
    }
    uint32_t flags = bytes_get32_be(in + 17);
    size_t at = 34 + in[33] + 4; /* name, header checksum */
    size_t done = 0;
    while (at + 8 <= len) {
        uint32_t unpacked = bytes_get32_be(in + at);
        if (unpacked == 0) {
            break;
        }
        uint32_t packed = bytes_get32_be(in + at + 4);
        at += 8 + 4 * (size_t)(!!(flags & FLAG_ADLER_D) + !!(flags & FLAG_CRC_D));
        if (packed < unpacked) {
            at += 4 * (size_t)(!!(flags & FLAG_ADLER_C) + !!(flags & FLAG_CRC_C));
        }
        if (at > len || packed > len - at || unpacked > size - done) {
            return 0;
        }
        lzo_uint n = size - done;
        if (packed == unpacked) {
            memcpy(out + done, in + at, packed);
            n = packed;
        } else if (lzo1x_decompress_safe(in + at, packed, out + done, &n, NULL) != LZO_E_OK) {
            return 0;
        }
        at += packed;
        done += n;
    }
    return done;
}

static const struct {
    const char *name;
    uint8_t magic[9];
    size_t magic_len;
    Unpacker run;
} formats[] = {
    {"gzip", {0x1f, 0x8b}, 2, unpack_gzip},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {"bzip2", {'B', 'Z', 'h'}, 3, unpack_bzip2},
    {"lzo", {0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a}, 9, unpack_lzo},
    {"lzma", {0x5d, 0, 0}, 3, unpack_lzma},
};

static int find_format(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (len >= formats[i].magic_len &&
            memcmp(data, formats[i].magic, formats[i].magic_len) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const char *unpack_format(const uint8_t *data, size_t len)
{
    int format = find_format(data, len);
    return format < 0 ? NULL : formats[format].name;
}

GBytes *unpack(const uint8_t *data, size_t len, size_t size, GError **error)
{
    int format = find_format(data, len);
    if (format < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "its payload has none of Linux's compressions");
        return NULL;
    }
    uint8_t *out = large_alloc(size);
    if (!out) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "no memory for its %zu MiB unpacked",
                    size >> 20);
        return NULL;
    }
    size_t done = formats[format].run(data, len, out, size);
    if (done == 0) {
        g_free(out);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "its %s payload is damaged or truncated", formats[format].name);
        return NULL;
    }
    return g_bytes_new_take(out, done);
}
