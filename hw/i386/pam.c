/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PAM registers' segments. RAM is always mapped; a segment that is not RAM alone has a region
 * over it: the ROM or nothing, RAM that is not written to, or the mixture that lets a firmware copy
 * itself into the RAM underneath.
 */
#include "hw/i386/pam.h"

#include <string.h>

#include "base/bytes.h"

#define SEGMENT_SIZE    0x4000u
#define LAST_SIZE       0x10000u
#define ROM_SEEN        0x20000u
#define PAM_PRIORITY    1
#define FIELD_MASK      3u
#define FIELD_HIGH      4
#define PAGE_OF(region) ((region)->base >> PAGE_SHIFT)

static uint32_t pam_segment_base(unsigned n)
{
    return PAM_BASE + n * SEGMENT_SIZE;
}

/* The ROM's byte at a physical address, or NULL where it does not reach. */
static uint8_t *rom_at(const Pam *pam, uint32_t address)
{
    uint32_t seen = MIN(pam->rom_size, ROM_SEEN), below_end = PAM_BASE + PAM_SIZE - address;
    return pam->rom && below_end <= seen ? pam->rom + pam->rom_size - below_end : NULL;
}

static uint64_t pam_read(void *opaque, uint64_t offset, unsigned size)
{
    const PamSegment *segment = opaque;
    const Pam *pam = segment->pam;
    uint32_t address = (uint32_t)(segment->region.base + offset);
    const uint8_t *from =
        segment->access & PAM_READ_RAM ? pam->ram->host + address : rom_at(pam, address);
    return from ? bytes_load(from, size) : UINT64_MAX;
}

static void pam_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    const PamSegment *segment = opaque;
    MemRegion *ram = segment->pam->ram;
    uint64_t at = segment->region.base + offset;
    if (segment->access & PAM_WRITE_RAM) {
        as_before_write(segment->pam->memory, ram, ram->base + at, size);
        bytes_store(ram->host + at, value, size);
    }
}

static const MemOps pam_ops = {.read = pam_read, .write = pam_write};

/* Code is run from whatever is read alone; what is written to other memory than is read from goes
 * by the ops. */
static void lay_over(Pam *pam, PamSegment *segment)
{
    MemRegion *region = &segment->region;
    uint32_t address = (uint32_t)region->base;
    bool reads_ram = segment->access & PAM_READ_RAM;
    uint8_t *from = reads_ram ? pam->ram->host + address : rom_at(pam, address);
    bool plain = from && !(segment->access & PAM_WRITE_RAM);
    region->kind = plain ? MEM_ROM : MEM_IO;
    region->host = plain ? from : NULL;
    region->ops = plain ? NULL : &pam_ops;
    region->page_flags = plain && reads_ram ? pam->ram->page_flags + PAGE_OF(region) : NULL;
    as_add(pam->memory, region, address);
}

static void set_segment(Pam *pam, unsigned n, uint8_t access)
{
    PamSegment *segment = &pam->segment[n];
    if (segment->access == access) {
        return;
    }
    if (region_is_mapped(&segment->region)) {
        as_remove(pam->memory, &segment->region);
    }
    segment->access = access;
    if (access != PAM_ALL_RAM) {
        lay_over(pam, segment);
    }
}

void pam_init(Pam *pam, AddressSpace *memory, MemRegion *ram, uint8_t *rom, uint32_t rom_size)
{
    *pam = (Pam){.memory = memory, .ram = ram, .rom = rom, .rom_size = rom_size};
    for (unsigned n = 0; n < PAM_SEGMENTS; n++) {
        bool last = n == PAM_SEGMENTS - 1;
        pam->segment[n] = (PamSegment){.pam = pam, .access = PAM_ALL_RAM};
        pam->segment[n].region = (MemRegion){.name = last ? "bios" : "shadow",
                                             .base = pam_segment_base(n),
                                             .size = last ? LAST_SIZE : SEGMENT_SIZE,
                                             .priority = PAM_PRIORITY,
                                             .ops = &pam_ops,
                                             .opaque = &pam->segment[n]};
    }
}

void pam_set(Pam *pam, const uint8_t registers[PAM_REGISTERS])
{
    set_segment(pam, PAM_SEGMENTS - 1, registers[0] >> FIELD_HIGH & FIELD_MASK);
    for (unsigned n = 0; n < PAM_SEGMENTS - 1; n++) {
        unsigned shift = n % 2 ? FIELD_HIGH : 0;
        set_segment(pam, n, registers[1 + n / 2] >> shift & FIELD_MASK);
    }
}

void pam_open(uint8_t registers[PAM_REGISTERS])
{
    const uint8_t both = PAM_ALL_RAM | PAM_ALL_RAM << FIELD_HIGH;
    memset(registers, both, PAM_REGISTERS);
    registers[0] = PAM_ALL_RAM << FIELD_HIGH;
}
