/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map that boot protocols hand to kernels (ACPI 6.4, 15: address range types). */
#ifndef HW_I386_BOOT_E820_H
#define HW_I386_BOOT_E820_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };

typedef struct {
    uint64_t base, size;
    uint32_t type;
} E820Entry;

#define E820_MAX 32

typedef struct {
    E820Entry entry[E820_MAX];
    size_t count;
} E820Map;

/* Appends a range; empty ones and those that no longer fit are left out. */
void e820_add(E820Map *map, uint64_t base, uint64_t size, uint32_t type);
/* Takes a range out of the RAM that it lies in, which may make three ranges of one. True also if it
 * is reserved already; false if some of it is neither, or the map is full. */
bool e820_reserve(E820Map *map, uint64_t base, uint64_t size);
/* The 20-byte form of each entry, as int 15h, Linux and fw_cfg have it. */
#define E820_ENTRY_BYTES 20
void e820_encode(const E820Entry *entry, uint8_t out[E820_ENTRY_BYTES]);

#endif
