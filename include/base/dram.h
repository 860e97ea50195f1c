/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory holds while stores of the CPUs are still on their way to it: in the CPUs' caches
 * until a line is flushed, or in the chipset's write buffer until that is drained. RAM as the rest
 * of the program has it is what the CPUs and everyone who snoops see; a Dram is what one sees who
 * does not. Lines stay where they are until somebody moves them on: hardware may do so at any time,
 * and so this is the longest that it can take. What devices write is in memory at once.
 *
 * Pages are marked, so that the first store to one is noticed; where there is no Dram, nothing is.
 */
#ifndef BASE_DRAM_H
#define BASE_DRAM_H

#include "base/caches.h"
#include "base/memory.h"

#define DRAM_LINE 64u

typedef struct {
    bool cached;   /* stores wait for a flush of their line, or of all */
    bool buffered; /* stores, or what is flushed, wait for dram_drain() */
} DramConfig;

typedef struct Dram Dram;

/* Without pages until dram_settle(). */
Dram *dram_new(AddressSpace *as, DramConfig config);
void dram_free(Dram *d); /* NULL is nothing */
/* Memory now holds what RAM does, whatever RAM there is: nothing is on its way. */
void dram_settle(Dram *d);
/* What is on its way, for a checkpoint. To be loaded where nothing is, into the RAM of then. */
void dram_visit(Dram *d, CacheVisit *visit);
/* Empties the write buffer. */
void dram_drain(Dram *d);
/* Whether a line of RAM that differs waits for dram_drain(), not for a flush. */
bool dram_waits_for_drain(const Dram *d, uint64_t addr);
/* What memory holds at [addr, addr+len), to be read until the map changes; NULL: that is not RAM,
 * or not of one piece. */
const void *dram_ptr(const Dram *d, uint64_t addr, size_t len);
/* As as_read(), but of RAM what memory holds. */
MemResult dram_read(const Dram *d, uint64_t addr, void *buf, size_t len);

/* For the CPU: a line was flushed or written back, by its place in the host's memory (of RAM;
 * others are nothing), or all lines. */
void as_flush_line(AddressSpace *as, const void *host);
void as_flush_lines(AddressSpace *as);
/* For memory.c and the CPU: the first store to a page with PAGE_CLEAN, which is done or comes at
 * once; and somebody else's write, which is done. */
void as_page_touched(AddressSpace *as, MemRegion *region, uint64_t addr);
void as_written_through(AddressSpace *as, const MemRegion *region, uint64_t addr, size_t len);

#endif
