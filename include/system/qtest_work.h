/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a qtest command asks for that may take long: memory moved, which may be registers, and time
 * that passes, with timers in it. It is done in slices; the client waits, everything else does not.
 */
#ifndef SYSTEM_QTEST_WORK_H
#define SYSTEM_QTEST_WORK_H

#include "base/clock.h"
#include "base/memory.h"

typedef enum { WORK_NONE, WORK_READ, WORK_WRITE, WORK_FILL, WORK_TIME } QtestWorkKind;

typedef struct {
    QtestWorkKind kind;
    AddressSpace *memory;
    uint64_t addr, len; /* of what is left */
    uint8_t *data;      /* READ and WRITE: as many bytes; owned */
    uint64_t done;      /* of them */
    uint8_t value;      /* FILL */
    Clock *clock;       /* TIME: to `until`, on a manual clock */
    int64_t until;
} QtestWork;

/* True if it is over. A slice moves at most 1 MiB of RAM, 64 KiB of anything else, or fires 256
 * timers. */
bool qtest_work_slice(QtestWork *work);
/* Forgets it, done or not. */
void qtest_work_clear(QtestWork *work);

/* Bytes as the protocol has them, two digits each; what is missing or none of them is zero. The
 * bytes are the caller's, and one more. */
void qtest_put_hex(GString *out, const uint8_t *data, size_t len);
uint8_t *qtest_take_hex(const char *text, size_t len);

#endif
