/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register files: a device's registers as const rows, and one function for masked access at every
 * width and alignment.
 *
 * An access that covers part of a register reads or writes those bytes; one that spans several
 * registers is done register by register, lowest first. Bytes that no row covers read as zero and
 * ignore writes; regfile_read() and regfile_write() return false if an access touched any.
 */
#ifndef HW_CORE_REGFILE_H
#define HW_CORE_REGFILE_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct RegRow {
    const char *name; /* the specification's */
    uint32_t offset;
    uint8_t width; /* bytes: 1, 2, 4 or 8; naturally aligned or not, as the hardware has it */
    uint64_t reset;
    uint64_t writable; /* bits that take the written value */
    uint64_t w1c;      /* bits cleared by writing 1 */
    uint64_t w1s;      /* bits set by writing 1 */
    /* What a read gives; `value` is what is stored. NULL: the stored value. */
    uint64_t (*read)(void *opaque, const struct RegRow *row, uint64_t value);
    /* After a write that touched the register: `old` and `now` as stored, `written` as the guest
     * gave it (untouched bytes zero), `mask` ones for the bytes it touched. */
    void (*written)(void *opaque, const struct RegRow *row, uint64_t old, uint64_t now,
                    uint64_t written, uint64_t mask);
} RegRow;

typedef struct {
    const RegRow *rows; /* sorted by offset, without overlaps */
    size_t count;
    uint32_t span;    /* bytes the file covers */
    uint64_t *values; /* one a row, the owner's; saved by STATE_REGFILE. NULL: hooks know all */
    int16_t *index;   /* byte offset -> row, -1 for none */
    void *opaque;
} RegFile;

/* Builds the index and sets reset values. Asserts that rows are sorted and disjoint. `values` has
 * room for `count`, and stays the caller's; NULL if the rows' hooks keep all there is to keep. */
void regfile_init(RegFile *rf, const RegRow *rows, uint64_t *values, size_t count, uint32_t span,
                  void *opaque);
void regfile_free(RegFile *rf);
void regfile_reset(RegFile *rf);
bool regfile_read(RegFile *rf, uint32_t offset, unsigned size, uint64_t *value);
bool regfile_write(RegFile *rf, uint32_t offset, unsigned size, uint64_t value);
/* The row that starts at `offset`, or NULL. */
const RegRow *regfile_find(const RegFile *rf, uint32_t offset);

/* The number of the row that starts at `offset`; asserts that there is one. */
static inline size_t regfile_row_at(const RegFile *rf, uint32_t offset)
{
    g_assert(offset < rf->span && rf->index[offset] >= 0);
    g_assert(offset == 0 || rf->index[offset - 1] != rf->index[offset]);
    return (size_t)rf->index[offset];
}

/* The stored value of the row that starts at `offset`. */
static inline uint64_t regfile_get(const RegFile *rf, uint32_t offset)
{
    return rf->values[regfile_row_at(rf, offset)];
}

static inline void regfile_set(RegFile *rf, uint32_t offset, uint64_t value)
{
    rf->values[regfile_row_at(rf, offset)] = value;
}

#endif
