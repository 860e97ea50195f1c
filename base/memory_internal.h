/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memory.c has for memwatch.c and dram.c; private to base/. */
#ifndef BASE_MEMORY_INTERNAL_H
#define BASE_MEMORY_INTERNAL_H

#include <glib.h>

#include "base/memory.h"

/* Of MemWatch *. */
GPtrArray *as_watches(AddressSpace *as);
/* Of Dram *. */
GPtrArray *as_drams(AddressSpace *as);
/* Of MemRegion *. */
const GPtrArray *as_regions(const AddressSpace *as);
/* Tells the listener, and whoever compares the generation, that cached look-ups are void. */
void as_map_changed(AddressSpace *as);

#endif
