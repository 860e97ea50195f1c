/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses of a guest's code: from an ELF image's symbol table (gABI 4, "Symbol Table"),
 * or from lines as nm, System.map and /proc/kallsyms have them. What is read is the user's, but may
 * be anything.
 */
#ifndef BASE_SYMBOLS_H
#define BASE_SYMBOLS_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>

typedef struct Symbols Symbols;

/* Reads `path`. NULL and a line that names it if it has no symbols of code, is no regular file, or
 * is too large. */
Symbols *symbols_load(const char *path, GError **error);
/* NULL is none, here and below. */
void symbols_free(Symbols *s);

/* The guest runs that much above (or, wrapped, below) where the file says. */
void symbols_set_offset(Symbols *s, uint64_t offset);
/* How far an image that moves itself has moved is found each time it is needed: `where` says at
 * which address symbol `anchor` is now, or 0 if that is not known yet. False if there is no such
 * symbol. */
bool symbols_follow(Symbols *s, const char *anchor, uint64_t (*where)(void *opaque), void *opaque);

/* "modify_irte+0x120", which the caller frees; NULL if no symbol is near below `addr`. */
char *symbols_name(const Symbols *s, uint64_t addr);
/* Appends " (modify_irte+0x120)", or nothing. */
void symbols_add(const Symbols *s, uint64_t addr, GString *out);

#endif
