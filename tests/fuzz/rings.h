/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of any virtio device, for its target: all queues are set up as they should be, then
 * chains come that are as the driver pleases. It owns one stretch of memory, RINGS_BYTES long.
 */
#ifndef TESTS_FUZZ_RINGS_H
#define TESTS_FUZZ_RINGS_H

#include "fuzz.h"
#include "tests/unit/machine-fixture.h"

#define RINGS_QUEUES 6
#define RINGS_SIZE   16 /* entries */
#define RINGS_BYTES  (RINGS_QUEUES * 0x4000)

typedef struct {
    Box *box;
    uint64_t bar, memory; /* of the modern registers; the rings' */
    unsigned queues;
    uint16_t next[RINGS_QUEUES]; /* index of the driver's */
    uint64_t notify[RINGS_QUEUES];
    /* An address for a descriptor, and what is handed to it. */
    uint64_t (*address)(void *opaque, FuzzInput *in);
    void *opaque;
} Rings;

/* False if there is no such device. */
bool rings_start(Rings *rings, Box *box, const char *cls, uint64_t memory, FuzzInput *in);
/* A chain on one of the queues, and perhaps a notification. */
void rings_offer(Rings *rings, FuzzInput *in);

#endif
