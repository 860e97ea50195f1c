/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See base/caches.h. A part is saved as its blocks that are not all zeros, each with its number,
 * and a number that no block has.
 */
#include "base/caches.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 512u
#define NONE  UINT32_MAX

static bool is_zero(const uint8_t *data, size_t len)
{
    return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

static void cache_save(GByteArray *out, const uint8_t *part, size_t bytes)
{
    const uint32_t none = NONE;
    for (size_t at = 0; at < bytes; at += BLOCK) {
        size_t len = MIN(BLOCK, bytes - at);
        uint32_t number = (uint32_t)(at / BLOCK);
        if (!is_zero(part + at, len)) {
            g_byte_array_append(out, (const uint8_t *)&number, sizeof(number));
            g_byte_array_append(out, part + at, (guint)len);
        }
    }
    g_byte_array_append(out, (const uint8_t *)&none, sizeof(none));
}

static void cache_clear(uint8_t *block, size_t len)
{
    if (!is_zero(block, len)) { /* else it may be a page that the host need not back */
        memset(block, 0, len);
    }
}

static const uint8_t *cache_load(const uint8_t *in, uint8_t *part, size_t bytes)
{
    uint32_t next;
    memcpy(&next, in, sizeof(next));
    for (size_t at = 0; at < bytes; at += BLOCK) {
        size_t len = MIN(BLOCK, bytes - at);
        if (next != at / BLOCK) {
            cache_clear(part + at, len);
            continue;
        }
        memcpy(part + at, in + sizeof(next), len);
        in += sizeof(next) + len;
        memcpy(&next, in, sizeof(next));
    }
    return in + sizeof(next);
}

void cache_visit(CacheVisit *visit, void *part, size_t bytes)
{
    if (visit->out) {
        cache_save(visit->out, part, bytes);
    } else {
        visit->in = cache_load(visit->in, part, bytes);
    }
}
