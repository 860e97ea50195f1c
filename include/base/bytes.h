/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integers of 1 to 8 bytes in memory, as guest and host have them: the lowest byte first, at any
 * alignment. The common sizes are an instruction each.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

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

/* Fields of a known size. */
static inline uint16_t bytes_get16(const void *p)
{
    return (uint16_t)bytes_load(p, 2);
}
static inline uint32_t bytes_get32(const void *p)
{
    return (uint32_t)bytes_load(p, 4);
}
static inline uint64_t bytes_get64(const void *p)
{
    return bytes_load(p, 8);
}
static inline void bytes_put16(void *p, uint16_t value)
{
    bytes_store(p, value, 2);
}
static inline void bytes_put32(void *p, uint32_t value)
{
    bytes_store(p, value, 4);
}
static inline void bytes_put64(void *p, uint64_t value)
{
    bytes_store(p, value, 8);
}

/* The same with the highest byte first. */
static inline uint16_t bytes_get16_be(const void *p)
{
    return __builtin_bswap16(bytes_get16(p));
}
static inline uint32_t bytes_get32_be(const void *p)
{
    return __builtin_bswap32(bytes_get32(p));
}
static inline uint64_t bytes_get64_be(const void *p)
{
    return __builtin_bswap64(bytes_get64(p));
}
static inline void bytes_put16_be(void *p, uint16_t value)
{
    bytes_put16(p, __builtin_bswap16(value));
}
static inline void bytes_put32_be(void *p, uint32_t value)
{
    bytes_put32(p, __builtin_bswap32(value));
}
static inline void bytes_put64_be(void *p, uint64_t value)
{
    bytes_put64(p, __builtin_bswap64(value));
}

#endif
