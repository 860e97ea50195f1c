/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See base/zeroed.h. */
#include "base/zeroed.h"

#include <glib.h>
#include <sys/mman.h>

void *zeroed_alloc(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        g_error("no memory for %zu bytes", bytes);
    }
    return memory;
}

void zeroed_free(void *memory, size_t bytes)
{
    if (memory) {
        munmap(memory, bytes);
    }
}
