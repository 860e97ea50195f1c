/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See base/undo.h. */
#include "base/undo.h"

#include <string.h>

typedef struct {
    size_t len;
    uint8_t data[];
} Kept;

struct Undo {
    GPtrArray *marks; /* of GHashTable *: piece -> Kept *, or NULL; the oldest first */
    uint64_t bytes;
};

Undo *undo_new(void)
{
    Undo *undo = g_new0(Undo, 1);
    undo->marks = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
    return undo;
}

void undo_free(Undo *undo)
{
    if (undo) {
        g_ptr_array_unref(undo->marks);
        g_free(undo);
    }
}

unsigned undo_marks(const Undo *undo)
{
    return undo->marks->len;
}

void undo_mark(Undo *undo)
{
    g_ptr_array_add(undo->marks, g_hash_table_new_full(NULL, NULL, NULL, g_free));
}

static GHashTable *pieces_of(const Undo *undo, unsigned n)
{
    return undo->marks->pdata[n];
}

static GHashTable *last_pieces(const Undo *undo)
{
    return pieces_of(undo, undo->marks->len - 1);
}

bool undo_has(const Undo *undo, uint64_t piece)
{
    return undo->marks->len == 0 ||
           g_hash_table_contains(last_pieces(undo), GSIZE_TO_POINTER(piece));
}

void undo_keep(Undo *undo, uint64_t piece, const void *data, size_t len)
{
    if (undo_has(undo, piece)) {
        return;
    }
    Kept *kept = data ? g_malloc(sizeof(Kept) + len) : NULL;
    if (kept) {
        kept->len = len;
        memcpy(kept->data, data, len);
        undo->bytes += len;
    }
    g_hash_table_insert(last_pieces(undo), GSIZE_TO_POINTER(piece), kept);
}

static void put_back_last(Undo *undo, UndoPut put, void *opaque)
{
    GHashTableIter at;
    gpointer piece, value;
    g_hash_table_iter_init(&at, last_pieces(undo));
    while (g_hash_table_iter_next(&at, &piece, &value)) {
        const Kept *kept = value;
        size_t len = kept ? kept->len : 0;
        put(opaque, GPOINTER_TO_SIZE(piece), kept ? kept->data : NULL, len);
        undo->bytes -= len;
    }
    g_hash_table_remove_all(last_pieces(undo));
}

void undo_return(Undo *undo, unsigned n, UndoPut put, void *opaque)
{
    put_back_last(undo, put, opaque);
    while (undo->marks->len > n + 1) {
        g_ptr_array_set_size(undo->marks, (gint)undo->marks->len - 1);
        put_back_last(undo, put, opaque);
    }
}

/* `to` NULL: nobody takes them. */
static void hand_down(Undo *undo, GHashTable *from, GHashTable *to)
{
    GHashTableIter at;
    gpointer piece, value;
    g_hash_table_iter_init(&at, from);
    while (g_hash_table_iter_next(&at, &piece, &value)) {
        if (to && !g_hash_table_contains(to, piece)) {
            g_hash_table_iter_steal(&at);
            g_hash_table_insert(to, piece, value);
        } else {
            undo->bytes -= value ? ((Kept *)value)->len : 0;
        }
    }
}

void undo_forget(Undo *undo, unsigned n)
{
    hand_down(undo, pieces_of(undo, n), n > 0 ? pieces_of(undo, n - 1) : NULL);
    g_ptr_array_remove_index(undo->marks, n);
}

uint64_t undo_bytes(const Undo *undo)
{
    return undo->bytes;
}
