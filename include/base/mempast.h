/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What RAM held at marks in the past. A mark costs nothing but a flag a page: the first write to a
 * page after it takes the slow path and keeps what the page held. To go back to a mark is to put
 * back the pages that were written since.
 */
#ifndef BASE_MEMPAST_H
#define BASE_MEMPAST_H

#include "base/memory.h"

typedef struct MemPast MemPast;

/* About these regions of `as`, of MemRegion *; without marks. They outlive it. */
MemPast *mem_past_new(AddressSpace *as, const GPtrArray *regions);
/* NULL is nothing. It must go before the regions do, or after all of the machine has. */
void mem_past_free(MemPast *past);
/* Sets another mark: now. */
void mem_past_mark(MemPast *past);
/* RAM is as at mark `n` (0 is the oldest), which becomes the last one. */
void mem_past_return(MemPast *past, unsigned n);
/* Mark `n` is no more. */
void mem_past_forget(MemPast *past, unsigned n);
/* What is kept, in bytes. */
uint64_t mem_past_bytes(const MemPast *past);

#endif
