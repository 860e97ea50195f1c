/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fuzz.h"

bool fuzz_more(const FuzzInput *in)
{
    return in->at < in->len;
}

size_t fuzz_take(FuzzInput *in, void *to, size_t len)
{
    size_t taken = MIN(len, in->len - in->at);
    memcpy(to, in->data + in->at, taken);
    in->at += taken;
    return taken;
}

uint8_t fuzz_u8(FuzzInput *in)
{
    uint8_t value = 0;
    fuzz_take(in, &value, sizeof(value));
    return value;
}

uint64_t fuzz_u64(FuzzInput *in)
{
    uint64_t value = 0;
    fuzz_take(in, &value, sizeof(value));
    return GUINT64_FROM_LE(value);
}

unsigned fuzz_below(FuzzInput *in, unsigned n)
{
    unsigned value = fuzz_u8(in);
    if (n > 256) {
        value |= (unsigned)fuzz_u8(in) << 8;
    }
    return value % n;
}

uint64_t fuzz_number(FuzzInput *in)
{
    switch (fuzz_below(in, 6)) {
    case 0:
        return fuzz_u64(in);
    case 1:
        return 1ull << fuzz_below(in, 64);
    case 2:
        return (1ull << fuzz_below(in, 64)) - 1 - fuzz_below(in, 4);
    case 3:
        return ~(uint64_t)fuzz_below(in, 16);
    case 4:
        return fuzz_below(in, 65536);
    default:
        return fuzz_u8(in);
    }
}
