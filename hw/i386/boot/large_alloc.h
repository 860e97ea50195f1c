/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for whole kernels and initrds.
 */
#ifndef HW_I386_BOOT_LARGE_ALLOC_H
#define HW_I386_BOOT_LARGE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/* Uninitialised, on large pages where the host has them: a page fault for every 4 KiB of an
 * unpacked kernel costs as much as unpacking it. For g_free(); NULL if there is no memory. */
uint8_t *large_alloc(size_t size);

#endif
