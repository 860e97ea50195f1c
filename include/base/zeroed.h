/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Big arrays that are mostly never touched: zeros that the host backs with a page where one is
 * written. An allocator's zeros may be memory used before, all of which it has to clear.
 */
#ifndef BASE_ZEROED_H
#define BASE_ZEROED_H

#include <stddef.h>

#define zeroed_new(type_, count_) ((type_ *)zeroed_alloc(sizeof(type_) * (count_)))
/* Sets the array to NULL. */
#define zeroed_clear(array_, count_)                                                               \
    (zeroed_free((array_), sizeof(*(array_)) * (count_)), (void)((array_) = NULL))

/* Never NULL: without memory the program ends, as g_new() does. */
void *zeroed_alloc(size_t bytes);
void zeroed_free(void *memory, size_t bytes); /* NULL is nothing */

#endif
