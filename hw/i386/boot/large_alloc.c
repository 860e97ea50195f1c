/* SPDX-License-Identifier: GPL-2.0-or-later */
/* malloc() and advice. */
#include "hw/i386/boot/large_alloc.h"

#include <glib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((uintptr_t)2 << 20)

uint8_t *large_alloc(size_t size)
{
    uint8_t *p = g_try_malloc(size);
    uintptr_t first = ((uintptr_t)p + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)p + size) & ~(LARGE_PAGE - 1);
    if (p && first < end) {
        /* Being refused is fine. */
        madvise((void *)first, end - first, MADV_HUGEPAGE);
    }
    return p;
}
