/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One memfd with two mappings, so that no mapping is both writable and executable. The host's
 * instruction fetch is coherent with stores through the other mapping (Intel SDM vol. 3, 8.1.3:
 * the jumps and the slow paths between a change and its execution leave nothing prefetched).
 */
#include "target/i386/jit/arena.h"

#include <sys/mman.h>
#include <unistd.h>

bool arena_init(CodeArena *arena, size_t size)
{
    int fd = memfd_create("host code", MFD_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    void *rw = MAP_FAILED, *rx = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0) {
        rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        rx = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (rw == MAP_FAILED || rx == MAP_FAILED) {
        if (rw != MAP_FAILED) {
            munmap(rw, size);
        }
        if (rx != MAP_FAILED) {
            munmap(rx, size);
        }
        return false;
    }
    *arena = (CodeArena){.rw = rw, .rx = rx, .size = size};
    return true;
}

void arena_free(CodeArena *arena)
{
    if (arena->rw) {
        munmap(arena->rw, arena->size);
        munmap(arena->rx, arena->size);
    }
    *arena = (CodeArena){0};
}
