/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching who writes to ranges of RAM: pages with something watched in them take the CPU's slow
 * path, as pages with decoded code do; other memory costs nothing.
 */
#ifndef BASE_MEMWATCH_H
#define BASE_MEMWATCH_H

#include "base/memory.h"

/* Embedded in its owner; the owner fills in `written` and `opaque` once. */
typedef struct MemWatch {
    /* A write that touches [addr, addr+len), which may begin before the range or end after it; it
     * is done, or comes at once. Whoever writes is at it: nothing may be changed here. */
    void (*written)(void *opaque, uint64_t addr, size_t len);
    void *opaque;
    uint64_t addr, len; /* watched now; len is 0 for nothing */
} MemWatch;

/* Watches [addr, addr+len) from now on, as far as it is RAM, in place of what `watch` watched. A
 * `len` of 0 ends it, which the owner must do before it goes. */
void as_watch(AddressSpace *as, MemWatch *watch, uint64_t addr, uint64_t len);
/* For the CPU, whose stores go past as_store(): tells the watches. */
void as_tell_watches(AddressSpace *as, uint64_t addr, size_t len);

#endif
