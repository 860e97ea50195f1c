/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/iov.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

size_t iov_bytes(const struct iovec *iov, unsigned count)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        bytes += iov[i].iov_len;
    }
    return bytes;
}

unsigned iov_part(const struct iovec *iov, unsigned count, size_t skip, size_t len,
                  struct iovec *out, unsigned most)
{
    unsigned n = 0;
    for (unsigned i = 0; i < count && len > 0 && n < most; i++) {
        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        size_t part = MIN(iov[i].iov_len - skip, len);
        out[n++] = (struct iovec){(uint8_t *)iov[i].iov_base + skip, part};
        len -= part;
        skip = 0;
    }
    return n;
}

void iov_fill(const struct iovec *iov, unsigned count, const void *from, size_t len)
{
    const uint8_t *p = from;
    for (unsigned i = 0; i < count && len > 0; i++) {
        size_t part = MIN(iov[i].iov_len, len);
        memcpy(iov[i].iov_base, p, part);
        p += part;
        len -= part;
    }
}

void iov_gather(const struct iovec *iov, unsigned count, void *to, size_t len)
{
    uint8_t *p = to;
    for (unsigned i = 0; i < count && len > 0; i++) {
        size_t part = MIN(iov[i].iov_len, len);
        memcpy(p, iov[i].iov_base, part);
        p += part;
        len -= part;
    }
}
