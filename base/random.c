/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers (include/base/random.h). */
#include "base/random.h"

#include <glib.h>
#include <string.h>
#include <sys/random.h>

#define CHUNK 256u /* getrandom() gives this much without interruption */

void random_seed(Random *random, uint64_t seed)
{
    *random = (Random){.seeded = true, .state = seed};
}

/* A counter with an odd step, its bits mixed: Steele, Lea, Flood, "Fast splittable pseudorandom
 * number generators", 2014. */
uint64_t random_next(Random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

bool random_bytes(Random *random, void *to, size_t len)
{
    uint8_t *at = to;
    if (!random || !random->seeded) {
        for (size_t part; len > 0; at += part, len -= part) {
            part = MIN(len, CHUNK);
            if (getrandom(at, part, GRND_NONBLOCK) != (ssize_t)part) {
                return false;
            }
        }
        return true;
    }
    for (size_t part; len > 0; at += part, len -= part) {
        uint64_t value = random_next(random);
        part = MIN(len, sizeof(value));
        memcpy(at, &value, part);
    }
    return true;
}
