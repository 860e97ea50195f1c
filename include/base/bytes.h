/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integers of 1 to 8 bytes in memory, as guest and host have them: the lowest byte first, at any
 * alignment. The common sizes are an instruction each.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <glib.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t bytes_load(const void *p, unsigned size)
{
    uint64_t value = 0;
    switch (size) {
    case 8:
        memcpy(&value, p, 8);
        break;
    case 4:
        memcpy(&value, p, 4);
        break;
    case 2:
        memcpy(&value, p, 2);
        break;
    case 1:
        memcpy(&value, p, 1);
        break;
    default:
        memcpy(&value, p, size);
        break;
    }
    return value;
}

static inline void bytes_store(void *p, uint64_t value, unsigned size)
{
    switch (size) {
    case 8:
        memcpy(p, &value, 8);
        break;
    case 4:
        memcpy(p, &value, 4);
        break;
    case 2:
        memcpy(p, &value, 2);
        break;
    case 1:
        memcpy(p, &value, 1);
        break;
    default:
        memcpy(p, &value, size);
        break;
    }
}

/* Appends the low `size` bytes of `value`. */
static inline void put_le(GByteArray *out, uint64_t value, unsigned size)
{
    uint8_t bytes[8];
    bytes_store(bytes, value, size);
    g_byte_array_append(out, bytes, size);
}

#endif
