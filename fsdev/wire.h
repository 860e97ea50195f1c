/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P's messages (intro(5) of Plan 9's manual; Linux's Documentation/filesystems/9p for .L):
 * integers are little-endian, a text is its length in two bytes and its letters. Reading past the
 * end gives 0 and is remembered, as is writing past the room. Private to fsdev/.
 */
#ifndef FSDEV_WIRE_H
#define FSDEV_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define P9_HEAD     7u /* size[4] type[1] tag[2] */
#define P9_QID_SIZE 13u
#define P9_NAME     256u /* with its NUL */
#define P9_TARGET   4096u

typedef struct {
    const uint8_t *at;
    size_t left;
    bool bad; /* the message was too short, or a text none */
} P9In;

uint64_t p9_get(P9In *in, unsigned bytes);
/* Of at most size - 1 letters, none of them NUL; else the message is bad. */
void p9_get_text(P9In *in, char *text, size_t size);
/* `len` bytes as they are, or NULL. */
const uint8_t *p9_get_bytes(P9In *in, size_t len);

typedef struct {
    uint8_t *buf;
    size_t len, most;
    bool full;
} P9Out;

void p9_put(P9Out *out, uint64_t value, unsigned bytes);
void p9_put_text(P9Out *out, const char *text);
void p9_put_bytes(P9Out *out, const void *bytes, size_t len);
/* Over what was put before. */
void p9_set(P9Out *out, size_t at, uint64_t value, unsigned bytes);

/* What a file is for ever: type[1] version[4] path[8]. */
typedef struct {
    uint8_t type;
    uint32_t version;
    uint64_t path;
} P9Qid;

P9Qid p9_qid_of(const struct stat *st);
void p9_put_qid(P9Out *out, const P9Qid *qid);

#endif
