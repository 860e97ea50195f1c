/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pieces of something held at marks in the past. Whoever owns it keeps a piece here before
 * the first change after a mark; to go back is to put pieces back. A piece is kept with the last
 * mark; at an older one it was what the first mark from there on has of it.
 */
#ifndef BASE_UNDO_H
#define BASE_UNDO_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Undo Undo;
/* `data` NULL: nothing was kept but that it was (zeros, say). */
typedef void (*UndoPut)(void *opaque, uint64_t piece, const void *data, size_t len);

Undo *undo_new(void);
void undo_free(Undo *undo); /* NULL is nothing */
unsigned undo_marks(const Undo *undo);
void undo_mark(Undo *undo);
/* Is the piece kept with the last mark already, or is there none? */
bool undo_has(const Undo *undo, uint64_t piece);
void undo_keep(Undo *undo, uint64_t piece, const void *data, size_t len);
/* Back to mark `n` (0 is the oldest), which becomes the last, with nothing kept. */
void undo_return(Undo *undo, unsigned n, UndoPut put, void *opaque);
/* Mark `n` is no more: what the one before it lacks, that gets. */
void undo_forget(Undo *undo, unsigned n);
/* What is kept, in bytes. */
uint64_t undo_bytes(const Undo *undo);

#endif
