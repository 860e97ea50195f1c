/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware tables as they are written (blob.h). */
#include "base/blob.h"

#include "base/bytes.h"

void blob_put(GByteArray *blob, uint64_t value, unsigned bytes)
{
    uint8_t field[8];
    bytes_store(field, value, bytes);
    g_byte_array_append(blob, field, bytes);
}

void blob_zeros(GByteArray *blob, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        blob_put(blob, 0, 1);
    }
}

void blob_text(GByteArray *blob, const char *text)
{
    g_byte_array_append(blob, (const guint8 *)text, (guint)strlen(text));
}

void blob_seal(uint8_t *bytes, size_t len, size_t checksum_at)
{
    uint8_t sum = 0;
    bytes[checksum_at] = 0;
    for (size_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    bytes[checksum_at] = (uint8_t)-sum;
}
