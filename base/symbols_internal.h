/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers of files with symbols; private to base/symbols*.c. */
#ifndef BASE_SYMBOLS_INTERNAL_H
#define BASE_SYMBOLS_INTERNAL_H

#include "base/symbols.h"

#define SYMBOL_NAME_MOST 512u /* bytes; longer names are cut */
#define SYMBOLS_MOST     (UINT32_C(4) << 20)
#define SYMBOLS_TEXT     (UINT64_C(256) << 20) /* bytes of a file's symbols or of their names */

typedef struct {
    int fd;
    uint64_t size;
} SymbolFile;

/* What is wrong with a file: a few words, or NULL. */
typedef const char *SymbolFault;

/* Bytes of the file; NULL if they are not all there, or more than anybody needs. */
void *symbol_file_read(const SymbolFile *f, uint64_t offset, uint64_t length);
/* A symbol of code. False if there are too many. `length` is its name's. */
bool symbols_put(Symbols *s, uint64_t addr, bool global, const char *name, size_t length);

SymbolFault symbols_read_elf(Symbols *s, const SymbolFile *f);
SymbolFault symbols_read_map(Symbols *s, const SymbolFile *f);

#endif
