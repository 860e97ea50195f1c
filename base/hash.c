/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four lanes, a word each at a time: xor, multiply by an odd number to 128 bits, and fold both
 * halves into one. So each bit of a word moves about half of its lane's.
 */
#include "base/hash.h"

#include "base/bytes.h"

#define LANES      4
#define MULTIPLIER 0x9fb21c651e98df25ull

static uint64_t hash_step(uint64_t lane, uint64_t word)
{
    unsigned __int128 product = (unsigned __int128)(lane ^ word) * MULTIPLIER;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_mix(uint64_t h)
{
    h = (h ^ h >> 32) * MULTIPLIER;
    h = (h ^ h >> 29) * MULTIPLIER;
    return h ^ h >> 32;
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
    const uint8_t *at = data;
    uint64_t lane[LANES], h = hash_mix(seed ^ len);
    for (unsigned i = 0; i < LANES; i++) {
        lane[i] = hash_mix(seed + i + 1);
    }
    for (; len >= LANES * 8; at += LANES * 8, len -= LANES * 8) {
        for (unsigned i = 0; i < LANES; i++) {
            lane[i] = hash_step(lane[i], bytes_load(at + 8 * i, 8));
        }
    }
    for (unsigned i = 0; i < LANES; i++) {
        h = hash_mix(h ^ lane[i]) + i;
    }
    for (; len > 0; at++, len--) {
        h = hash_step(h, *at);
    }
    return hash_mix(h);
}
