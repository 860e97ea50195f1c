/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical address spaces: RAM, ROM and register windows, found by address.
 *
 * A machine has two, memory and I/O ports. Regions are owned by whoever adds them; a region must be
 * removed before its storage goes. Where regions overlap the one with the higher priority answers,
 * and among equals the one added last. All accesses are little-endian.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    MEM_OK,
    MEM_DECODE_ERROR, /* nobody there: reads give all ones, writes are dropped */
    MEM_ACCESS_ERROR, /* refused, by a remapping unit for instance */
} MemResult;

#define MEM_LINE 64u

/*
 * A register window. `offset` is relative to the region, `size` is 1, 2, 4 or 8 bytes and never
 * outside [min_size, max_size] nor across the region's end: the address space splits wider
 * accesses, and widens a narrow read (a narrow write is passed at its own width). With min_size and
 * max_size 0, 1 and 8 are meant.
 */
typedef struct {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, uint64_t value, unsigned size);
    uint8_t min_size;
    uint8_t max_size;
    /* A whole aligned line that comes in one write (MOVDIR64B, a bus master's burst), for who tells
     * that from smaller ones. NULL: lines come by `write`, in pieces. */
    void (*write_line)(void *opaque, uint64_t offset, const uint8_t line[MEM_LINE]);
} MemOps;

typedef enum { MEM_RAM, MEM_ROM, MEM_IO } MemKind;

typedef struct MemRegion {
    const char *name; /* for `info mtree` and traces; not copied */
    uint64_t base;    /* set by as_add() */
    uint64_t size;
    MemKind kind;
    int priority;        /* RAM and ordinary windows 0; overlays above */
    uint8_t *host;       /* RAM and ROM: `size` bytes, page-aligned */
    uint8_t *page_flags; /* RAM: one byte a 4 KiB page, PAGE_* below; NULL for others */
    const MemOps *ops;   /* MEM_IO; and of MEM_ROM that is written to (flash), or NULL */
    void *opaque;
    bool mapped; /* kept by as_add() and as_remove() */
    bool busy;   /* inside its ops: it does not answer a second time */
} MemRegion;

/* page_flags bits. The CPU sets PAGE_CODE on pages it has decoded code from; PAGE_WATCHED is of
 * memwatch.h, PAGE_CLEAN of dram.h, PAGE_KEPT of mempast.h. Stores of the CPU to pages with any
 * take its slow path. */
#define PAGE_CODE    1u
#define PAGE_WATCHED 2u
#define PAGE_CLEAN   4u
#define PAGE_KEPT    8u
#define PAGE_SHIFT   12
#define PAGE_SIZE    (1ull << PAGE_SHIFT)

typedef struct AddressSpace AddressSpace;

/* A new, empty space of `bits` address bits (16 for ports, 52 for memory). Free with as_free(). */
AddressSpace *as_new(const char *name, unsigned bits);
void as_free(AddressSpace *as);

/*
 * Maps `region` at `base`. The region's base is set; its other fields must not change while mapped.
 * Ranges that run past the end of the space are cut. Every change bumps as_generation().
 */
void as_add(AddressSpace *as, MemRegion *region, uint64_t base);
void as_remove(AddressSpace *as, MemRegion *region);
/* Takes everything off the map without telling the listener: the first step of a machine's end,
 * after which its parts may go in any order. */
void as_clear(AddressSpace *as);
bool region_is_mapped(const MemRegion *region);

/* A counter that changes with every as_add() and as_remove(): cached look-ups compare it. */
uint64_t as_generation(const AddressSpace *as);

/* Called after every change of the map. One listener (the CPU's TLBs); NULL to remove. */
void as_set_listener(AddressSpace *as, void (*changed)(void *opaque), void *opaque);

/*
 * The region that answers at `addr`, or NULL. *first and *last (may be NULL) give the range around
 * `addr` over which this answer holds, so that a TLB may cache it.
 */
MemRegion *as_lookup(AddressSpace *as, uint64_t addr, uint64_t *first, uint64_t *last);

/* One access of 1, 2, 4 or 8 bytes, of any alignment. Reads of nothing give all ones. */
uint64_t as_load(AddressSpace *as, uint64_t addr, unsigned size, MemResult *result);
MemResult as_store(AddressSpace *as, uint64_t addr, uint64_t value, unsigned size);

/* Block transfers. A failing range gives the worst result; the rest is still transferred. */
MemResult as_read(AddressSpace *as, uint64_t addr, void *buf, size_t len);
MemResult as_write(AddressSpace *as, uint64_t addr, const void *buf, size_t len);

/*
 * The host address of RAM at [addr, addr+len), or NULL if that is not RAM of one region: for
 * reading, or for one write after which as_ram_written() is called. Never kept across a change of
 * the map.
 */
const void *as_ram_ptr(AddressSpace *as, uint64_t addr, size_t len);
void *as_ram_to_write(AddressSpace *as, uint64_t addr, size_t len);
void as_ram_written(AddressSpace *as, uint64_t addr, size_t len);

/*
 * Who is told when a page with PAGE_CODE set is written to by anyone but the CPU itself (as_store,
 * as_write, as_ram_written). `addr` is the physical address. One listener.
 */
void as_set_code_listener(AddressSpace *as,
                          void (*written)(void *opaque, uint64_t addr, size_t len), void *opaque);

/*
 * Who is told before a page with PAGE_KEPT set is written to for the first time; the flag is gone
 * then. `page` is its number in the region. One keeper; NULL to remove.
 */
void as_set_keeper(AddressSpace *as, void (*keep)(void *opaque, MemRegion *region, uint64_t page),
                   void *opaque);
/* For the CPU, whose stores go past as_store(): one to the page of `addr` comes. */
void as_before_write(AddressSpace *as, MemRegion *region, uint64_t addr, size_t len);

/* `info mtree`: one line a range, appended to `out`. */
void as_describe(AddressSpace *as, GString *out);

/* RAM of `size` bytes (a multiple of the page size), sparse and zeroed. Unmapped by ram_free(). */
bool ram_init(MemRegion *region, const char *name, uint64_t size, GError **error);
void ram_free(MemRegion *region);

#endif
