/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a Linux image's payload may be packed by. */
#ifndef TESTS_UNIT_BOOT_PACK_H
#define TESTS_UNIT_BOOT_PACK_H

#include <glib.h>
#include <stdint.h>

typedef GByteArray *(*Packer)(const uint8_t *data, size_t len);

typedef struct {
    const char *name; /* unpack_format()'s */
    Packer pack;
} PackFormat;

enum { PACK_FORMATS = 7 };
extern const PackFormat pack_formats[PACK_FORMATS];

GByteArray *pack_gzip(const uint8_t *data, size_t len);
GByteArray *pack_xz(const uint8_t *data, size_t len);
GByteArray *pack_lz4(const uint8_t *data, size_t len);
/* The unpacked size, as a Linux image has it behind its payload. */
void pack_append_size(GByteArray *packed, size_t len);

#endif
