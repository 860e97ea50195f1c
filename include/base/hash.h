/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fast hash of memory, the same on every host: two machines that differ in a byte have different
 * ones but for one chance in 2^64. Not for what somebody may have chosen to collide.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* `seed`: the hash of what comes before, or a number that tells apart what is hashed. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);

#endif
