/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register files: masked access at every width, driven by const rows. */
#include "hw/core/regfile.h"

#include <glib.h>

void regfile_init(RegFile *rf, const RegRow *rows, uint64_t *values, size_t count, uint32_t span,
                  void *opaque)
{
    g_assert(count < INT16_MAX);
    *rf = (RegFile){.rows = rows, .values = values, .count = count, .span = span, .opaque = opaque};
    rf->index = g_new(int16_t, span);
    for (uint32_t i = 0; i < span; i++) {
        rf->index[i] = -1;
    }
    for (size_t i = 0; i < count; i++) {
        const RegRow *row = &rows[i];
        g_assert(row->offset + row->width <= span && row->width >= 1 && row->width <= 8);
        for (uint32_t b = row->offset; b < row->offset + row->width; b++) {
            g_assert(rf->index[b] == -1);
            rf->index[b] = (int16_t)i;
        }
    }
    regfile_reset(rf);
}

void regfile_free(RegFile *rf)
{
    g_clear_pointer(&rf->index, g_free);
}

void regfile_reset(RegFile *rf)
{
    for (size_t i = 0; rf->values && i < rf->count; i++) {
        rf->values[i] = rf->rows[i].reset;
    }
}

static uint64_t low_bytes(unsigned n)
{
    return n >= 8 ? UINT64_MAX : (1ull << (8 * n)) - 1;
}

/* The part of an access that falls on one row (or on none): bytes [offset, offset + length). */
typedef struct {
    int16_t row;
    unsigned length;
    unsigned in_row; /* first byte within the row */
} Part;

static Part next_part(const RegFile *rf, uint32_t offset, unsigned size)
{
    if (offset >= rf->span) {
        return (Part){.row = -1, .length = size};
    }
    int16_t row = rf->index[offset];
    if (row < 0) {
        return (Part){.row = -1, .length = 1};
    }
    const RegRow *r = &rf->rows[row];
    unsigned in_row = offset - r->offset;
    return (Part){.row = row, .length = MIN(size, r->width - in_row), .in_row = in_row};
}

const RegRow *regfile_find(const RegFile *rf, uint32_t offset)
{
    int16_t row = offset < rf->span ? rf->index[offset] : -1;
    return row >= 0 && rf->rows[row].offset == offset ? &rf->rows[row] : NULL;
}

bool regfile_read(RegFile *rf, uint32_t offset, unsigned size, uint64_t *value)
{
    bool known = true;
    *value = 0;
    for (unsigned done = 0; done < size;) {
        Part part = next_part(rf, offset + done, size - done);
        if (part.row < 0) {
            known = false;
        } else {
            const RegRow *row = &rf->rows[part.row];
            uint64_t v = rf->values ? rf->values[part.row] : 0;
            if (row->read) {
                v = row->read(rf->opaque, row, v);
            }
            *value |= ((v >> (8 * part.in_row)) & low_bytes(part.length)) << (8 * done);
        }
        done += part.length;
    }
    return known;
}

static void write_row(RegFile *rf, const Part *part, uint64_t bytes)
{
    const RegRow *row = &rf->rows[part->row];
    uint64_t mask = low_bytes(part->length) << (8 * part->in_row);
    uint64_t written = (bytes << (8 * part->in_row)) & mask;
    uint64_t old = rf->values ? rf->values[part->row] : 0;
    uint64_t settable = row->writable & mask;
    uint64_t now = (old & ~settable) | (written & settable);
    now &= ~(written & row->w1c);
    now |= written & row->w1s;
    if (rf->values) {
        rf->values[part->row] = now;
    }
    if (row->written) {
        row->written(rf->opaque, row, old, now, written, mask);
    }
}

bool regfile_write(RegFile *rf, uint32_t offset, unsigned size, uint64_t value)
{
    bool known = true;
    for (unsigned done = 0; done < size;) {
        Part part = next_part(rf, offset + done, size - done);
        if (part.row < 0) {
            known = false;
        } else {
            write_row(rf, &part, (value >> (8 * done)) & low_bytes(part.length));
        }
        done += part.length;
    }
    return known;
}
