/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot's file (docs/snapshots.md): 48 bytes of header with a checksum, then the state as one
 * zstd frame, which has its own.
 */
#include "machine/snapshot_file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "hw/core/state.h"

#define LEVEL 1 /* of compression: saving should not take long */

static const char magic[8] = "SWYDSNAP";
#define FORMAT 1u
enum {
    AT_FORMAT = 8,
    AT_SUM = 12, /* CRC-32 of the header with this field 0 */
    AT_DATE = 16,
    AT_CLOCK = 24,
    AT_EXECUTED = 32,
    AT_SIZE = 40,
    HEADER_BYTES = 48,
};

G_GNUC_PRINTF(3, 4)
static bool file_error(GError **error, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED, "%s: %s", path, what);
    return false;
}

static uint32_t header_sum(const uint8_t *header)
{
    uint8_t copy[HEADER_BYTES];
    memcpy(copy, header, HEADER_BYTES);
    bytes_put32(copy + AT_SUM, 0);
    return (uint32_t)crc32_z(0, copy, HEADER_BYTES);
}

static void header_encode(const SnapshotInfo *info, uint8_t *header)
{
    memset(header, 0, HEADER_BYTES);
    memcpy(header, magic, sizeof(magic));
    bytes_put32(header + AT_FORMAT, FORMAT);
    bytes_put64(header + AT_DATE, (uint64_t)info->date);
    bytes_put64(header + AT_CLOCK, (uint64_t)info->clock_ns);
    bytes_put64(header + AT_EXECUTED, info->executed);
    bytes_put64(header + AT_SIZE, info->size);
    bytes_put32(header + AT_SUM, header_sum(header));
}

static bool header_decode(const char *path, const uint8_t *header, size_t len, SnapshotInfo *info,
                          GError **error)
{
    if (len < HEADER_BYTES || memcmp(header, magic, sizeof(magic)) != 0) {
        return file_error(error, path, "this is no snapshot");
    }
    if (bytes_get32(header + AT_FORMAT) != FORMAT) {
        return file_error(error, path, "the snapshot has a format of another version");
    }
    if (bytes_get32(header + AT_SUM) != header_sum(header)) {
        return file_error(error, path, "the snapshot is damaged");
    }
    *info = (SnapshotInfo){.date = (int64_t)bytes_get64(header + AT_DATE),
                           .clock_ns = (int64_t)bytes_get64(header + AT_CLOCK),
                           .executed = bytes_get64(header + AT_EXECUTED),
                           .size = bytes_get64(header + AT_SIZE)};
    return true;
}

static GByteArray *compressed(const GByteArray *state)
{
    GByteArray *out = g_byte_array_new();
    size_t bound = ZSTD_compressBound(state->len);
    g_autofree uint8_t *frame = g_malloc(bound);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t len = ZSTD_compress2(context, frame, bound, state->data, state->len);
    ZSTD_freeCCtx(context);
    g_assert(!ZSTD_isError(len) && len <= UINT32_MAX); /* there is room, and it was checked */
    g_byte_array_append(out, frame, (guint)len);
    return out;
}

GByteArray *snapshot_file_encode(const SnapshotInfo *info, const GByteArray *state)
{
    uint8_t header[HEADER_BYTES];
    GByteArray *bytes = compressed(state);
    header_encode(info, header);
    return g_byte_array_prepend(bytes, header, HEADER_BYTES);
}

static bool write_all(FILE *file, const GByteArray *bytes)
{
    bool wrote = fwrite(bytes->data, bytes->len, 1, file) == 1;
    return fclose(file) == 0 && wrote;
}

bool snapshot_file_write(const char *path, const SnapshotInfo *info, const GByteArray *state,
                         GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".new", NULL);
    g_autoptr(GByteArray) bytes = snapshot_file_encode(info, state);
    FILE *file = fopen(temporary, "we");
    if (!file || !write_all(file, bytes) || g_rename(temporary, path) != 0) {
        file_error(error, path, "could not be written: %s", g_strerror(errno));
        g_unlink(temporary);
        return false;
    }
    return true;
}

bool snapshot_file_look(const char *path, SnapshotInfo *info, GError **error)
{
    uint8_t header[HEADER_BYTES];
    FILE *file = fopen(path, "re");
    if (!file) {
        return file_error(error, path, "%s", g_strerror(errno));
    }
    size_t len = fread(header, 1, sizeof(header), file);
    bool good = header_decode(path, header, len, info, error);
    if (good && fseek(file, 0, SEEK_END) == 0) {
        info->bytes = (uint64_t)ftell(file);
    }
    fclose(file);
    return good;
}

static GByteArray *uncompressed(const char *path, const uint8_t *frame, size_t len, size_t size,
                                GError **error)
{
    uint8_t *state = g_try_malloc(MAX(size, 1));
    size_t got = state ? ZSTD_decompress(state, size, frame, len) : 0;
    if (!state || ZSTD_isError(got) || got != size) {
        g_free(state);
        file_error(error, path, "the snapshot is damaged, or too large for this host");
        return NULL;
    }
    return g_byte_array_new_take(state, size);
}

GByteArray *snapshot_file_read(const char *path, uint64_t limit, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &why);
    if (!file) {
        file_error(error, path, "%s", why->message);
        return NULL;
    }
    return snapshot_file_decode(path, (const uint8_t *)g_mapped_file_get_contents(file),
                                g_mapped_file_get_length(file), limit, error);
}

GByteArray *snapshot_file_decode(const char *path, const uint8_t *data, size_t len, uint64_t limit,
                                 GError **error)
{
    SnapshotInfo info;
    if (!header_decode(path, data, len, &info, error)) {
        return NULL;
    }
    if (info.size > MIN(limit, UINT32_MAX)) {
        file_error(error, path, "the snapshot is of a larger machine than this");
        return NULL;
    }
    return uncompressed(path, data + HEADER_BYTES, len - HEADER_BYTES, info.size, error);
}
