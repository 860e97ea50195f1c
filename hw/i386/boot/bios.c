/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a BIOS leaves behind: real mode's vectors, the BIOS data area, and the code that bios16.S is
 * assembled to. All kernels find it; those that start in real mode, or go there on their way, call
 * it. Xen puts its trampoline below what the data area says, whatever the loader's map says.
 */
#include <string.h>

#include "bios16.hex"
#include "hw/i386/boot/boot_internal.h"

#define BIOS_SEGMENT 0xf000u
#define BIOS_OFFSET  0xf000u
#define BIOS_BYTES   0x1000u
#define BIOS_AT      ((uint64_t)BIOS_SEGMENT * 16 + BIOS_OFFSET)
#define DATA_AREA    0x400

/* The words that bios16.S begins with, then pairs of vector and handler. */
enum { WORD_INIT, WORD_MEMORY, WORD_REFUSE, WORD_COUNT, WORD_VECTORS };
/* Its memory table: three words, one that pads, the map's count, the map. */
enum {
    MEMORY_TO_16M = 0,
    MEMORY_FROM_16M = 2,
    MEMORY_FROM_1M = 4,
    MEMORY_COUNT = 8,
    MEMORY_MAP = 12
};
enum { VECTORS = 256, VECTOR_BYTES = 4 };

static uint16_t word(unsigned n)
{
    return bytes_get16(bios16 + 2 * n);
}

/* KiB or 64 KiB blocks of RAM in [from, to), as many as a word can tell. */
static uint16_t amount(const BootInfo *info, uint64_t from, uint64_t to, unsigned shift)
{
    uint64_t end = boot_ram_end(info, BOOT_UPPER);
    end = MIN(end, to);
    return (uint16_t)MIN(end > from ? (end - from) >> shift : 0, UINT16_MAX);
}

/* Interrupt 15h, functions E820h, E801h and 88h. */
static void fill_memory(const BootInfo *info, uint8_t *table)
{
    const uint64_t mib16 = 16ull << 20;
    bytes_put16(table + MEMORY_TO_16M, amount(info, BOOT_UPPER, mib16, 10));
    bytes_put16(table + MEMORY_FROM_16M, amount(info, mib16, BOOT_LIMIT, 16));
    bytes_put16(table + MEMORY_FROM_1M, amount(info, BOOT_UPPER, BOOT_LIMIT, 10));
    bytes_put32(table + MEMORY_COUNT, (uint32_t)info->e820->count);
    for (size_t i = 0; i < info->e820->count; i++) {
        e820_encode(&info->e820->entry[i], table + MEMORY_MAP + i * E820_ENTRY_BYTES);
    }
}

static void write_vectors(const BootInfo *info)
{
    uint8_t vectors[VECTORS * VECTOR_BYTES];
    for (unsigned n = 0; n < VECTORS; n++) {
        bytes_put32(vectors + n * VECTOR_BYTES, BIOS_SEGMENT << 16 | word(WORD_REFUSE));
    }
    for (unsigned n = 0; n < word(WORD_COUNT); n++) {
        unsigned vector = word(WORD_VECTORS + 2 * n) % VECTORS;
        bytes_put32(vectors + vector * VECTOR_BYTES,
                    BIOS_SEGMENT << 16 | word(WORD_VECTORS + 2 * n + 1));
    }
    as_write(info->memory, 0, vectors, sizeof(vectors));
}

static void write_data_area(const BootInfo *info)
{
    enum { EBDA_SEGMENT = 0x0e, BASE_MEMORY_KIB = 0x13, BYTES = 0x100 };
    uint8_t data[BYTES] = {0};
    uint64_t end = boot_ram_end(info, 0);
    bytes_put16(data + EBDA_SEGMENT, (uint16_t)(end >> 4));
    bytes_put16(data + BASE_MEMORY_KIB, (uint16_t)(end >> 10));
    as_write(info->memory, DATA_AREA, data, sizeof(data));
}

void boot_write_bios(const BootInfo *info)
{
    G_STATIC_ASSERT(sizeof(bios16) + E820_MAX * E820_ENTRY_BYTES <= BIOS_BYTES);
    g_autofree uint8_t *image = g_malloc0(BIOS_BYTES);
    memcpy(image, bios16, sizeof(bios16));
    fill_memory(info, image + word(WORD_MEMORY) - BIOS_OFFSET);
    as_write(info->memory, BIOS_AT, image, BIOS_BYTES);
    write_vectors(info);
    write_data_area(info);
}

void boot_enter_bios(CpuBoot *boot, uint16_t setup_segment, uint16_t sp)
{
    *boot = (CpuBoot){
        .mode = CPU_BOOT_REAL,
        .cs = BIOS_SEGMENT,
        .rip = word(WORD_INIT),
        .ds = setup_segment,
        .rsp = sp,
    };
}
