/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for host code, mapped twice: once to write to, once to execute.
 */
#ifndef TARGET_I386_JIT_ARENA_H
#define TARGET_I386_JIT_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *rw, *rx;
    size_t size;
} CodeArena;

bool arena_init(CodeArena *arena, size_t size);
void arena_free(CodeArena *arena);

/* The two views of one place. */
static inline uint8_t *arena_writable(const CodeArena *arena, const uint8_t *rx)
{
    return arena->rw + (rx - arena->rx);
}
static inline uint8_t *arena_executable(const CodeArena *arena, const uint8_t *rw)
{
    return arena->rx + (rw - arena->rw);
}

#endif
