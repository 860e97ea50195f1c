/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A register window that tells whole lines from pieces. */
#ifndef TESTS_UNIT_PORTAL_FIXTURE_H
#define TESTS_UNIT_PORTAL_FIXTURE_H

#include <string.h>

#include "base/memory.h"

typedef struct {
    MemRegion region;
    unsigned lines, pieces;
    uint64_t at; /* of the last line */
    uint8_t line[MEM_LINE];
} Portal;

static inline void portal_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    ((Portal *)opaque)->pieces++;
}

static inline void portal_write_line(void *opaque, uint64_t offset, const uint8_t *line)
{
    Portal *portal = opaque;
    portal->lines++;
    portal->at = offset;
    memcpy(portal->line, line, MEM_LINE);
}

static inline void portal_up(Portal *portal)
{
    static const MemOps ops = {.write = portal_write, .write_line = portal_write_line};
    *portal = (Portal){.region = {.name = "portal",
                                  .size = PAGE_SIZE,
                                  .kind = MEM_IO,
                                  .priority = 1,
                                  .ops = &ops,
                                  .opaque = portal}};
}

#endif
