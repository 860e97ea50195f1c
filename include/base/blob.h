/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware tables as they are written, field after field, the lowest byte first: what ACPI, DMAR
 * and MP tables share.
 */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include <glib.h>
#include <stdint.h>

/* Appends a field of 1 to 8 bytes, zeros, text without its end. */
void blob_put(GByteArray *blob, uint64_t value, unsigned bytes);
void blob_zeros(GByteArray *blob, unsigned bytes);
void blob_text(GByteArray *blob, const char *text);

/* Makes the byte at `checksum_at` such that all `len` bytes add up to zero. */
void blob_seal(uint8_t *bytes, size_t len, size_t checksum_at);

#endif
