/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integers, texts and qids of 9P's messages (fsdev/wire.h). */
#include "fsdev/wire.h"

#include <string.h>

#define QID_DIR     0x80
#define QID_SYMLINK 0x02

const uint8_t *p9_get_bytes(P9In *in, size_t len)
{
    if (len > in->left) {
        in->bad = true;
        return NULL;
    }
    const uint8_t *bytes = in->at;
    in->at += len;
    in->left -= len;
    return bytes;
}

uint64_t p9_get(P9In *in, unsigned bytes)
{
    const uint8_t *from = p9_get_bytes(in, bytes);
    uint64_t value = 0;
    for (unsigned i = 0; from && i < bytes; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

void p9_get_text(P9In *in, char *text, size_t size)
{
    size_t len = p9_get(in, 2);
    const uint8_t *from = p9_get_bytes(in, len);
    text[0] = '\0';
    if (!from || len >= size || memchr(from, 0, len)) {
        in->bad = true;
        return;
    }
    memcpy(text, from, len);
    text[len] = '\0';
}

void p9_put_bytes(P9Out *out, const void *bytes, size_t len)
{
    if (len > out->most - out->len) {
        out->full = true;
        return;
    }
    memcpy(out->buf + out->len, bytes, len);
    out->len += len;
}

void p9_put(P9Out *out, uint64_t value, unsigned bytes)
{
    uint8_t raw[8];
    for (unsigned i = 0; i < bytes; i++) {
        raw[i] = (uint8_t)(value >> (8 * i));
    }
    p9_put_bytes(out, raw, bytes);
}

void p9_put_text(P9Out *out, const char *text)
{
    p9_put(out, strlen(text), 2);
    p9_put_bytes(out, text, strlen(text));
}

void p9_set(P9Out *out, size_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        out->buf[at + i] = (uint8_t)(value >> (8 * i));
    }
}

/* A folder may span file systems, whose numbers are each other's: the device is mixed in. */
P9Qid p9_qid_of(const struct stat *st)
{
    return (P9Qid){
        .type = S_ISDIR(st->st_mode)   ? QID_DIR
                : S_ISLNK(st->st_mode) ? QID_SYMLINK
                                       : 0,
        .version = (uint32_t)(st->st_mtim.tv_sec ^ st->st_size << 8),
        .path = st->st_ino ^ (uint64_t)st->st_dev << 48,
    };
}

void p9_put_qid(P9Out *out, const P9Qid *qid)
{
    p9_put(out, qid->type, 1);
    p9_put(out, qid->version, 4);
    p9_put(out, qid->path, 8);
}
