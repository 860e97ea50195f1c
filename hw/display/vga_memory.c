/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA's memory as the CPU sees it at A0000h to BFFFFh (IBM's reference, "Video Subsystem":
 * graphics controller, write and read modes). Four planes, whose bytes at one address are
 * neighbours here: byte `a` of plane `p` is at 4a + p. Chained by four that is the order in which
 * the CPU sees them, too.
 */
#include "hw/display/vga_internal.h"

/* What the map select field shows where: the window's first byte, and how many there are. */
static bool window_offset(const Vga *vga, uint64_t offset, uint32_t *at)
{
    static const struct {
        uint32_t base, size;
    } maps[] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    unsigned map = vga->graph[GRAPH_MISC] >> MISC_MAP_SHIFT & 3;
    if (offset < maps[map].base || offset - maps[map].base >= maps[map].size) {
        return false;
    }
    *at = (uint32_t)(offset - maps[map].base);
    return true;
}

static uint8_t *byte_at(Vga *vga, uint64_t at)
{
    return &vga->vram.host[at & (vga->vram.size - 1)];
}

/* In an order of bytes that is the CPU's: chained, or one of Bochs' modes, in banks. */
static bool is_linear(const Vga *vga)
{
    return vga_dispi_is_on(vga) || (vga->seq[SEQ_MEMORY] & MEMORY_CHAIN4);
}

static uint64_t linear(const Vga *vga, uint32_t at)
{
    return vga_dispi_is_on(vga) ? (uint64_t)vga->dispi[DISPI_BANK] * DISPI_BANK_SIZE + at : at;
}

/* Even addresses are the even planes', odd ones the odd ones'. */
static uint64_t odd_even(uint32_t at, unsigned plane)
{
    return (uint64_t)(at & ~1u) / 2 * VGA_PLANES + plane;
}

/* A bit for each pixel whose colour is the one asked for, in the planes that matter. */
static uint8_t compare_colours(const Vga *vga)
{
    uint8_t same = 0xff;
    for (unsigned p = 0; p < VGA_PLANES; p++) {
        if (vga->graph[GRAPH_CARE] >> p & 1) {
            uint8_t wanted = vga->graph[GRAPH_COMPARE] >> p & 1 ? 0xff : 0;
            same &= (uint8_t) ~(vga->latch[p] ^ wanted);
        }
    }
    return same;
}

static uint8_t read_planes(Vga *vga, uint32_t at)
{
    for (unsigned p = 0; p < VGA_PLANES; p++) {
        vga->latch[p] = *byte_at(vga, (uint64_t)at * VGA_PLANES + p);
    }
    return vga->graph[GRAPH_MODE] & MODE_READ_1 ? compare_colours(vga)
                                                : vga->latch[vga->graph[GRAPH_READ_MAP] & 3];
}

uint64_t vga_window_read(void *opaque, uint64_t offset, unsigned size)
{
    Vga *vga = opaque;
    uint32_t at;
    if (!window_offset(vga, offset, &at)) {
        return 0xff;
    }
    if (is_linear(vga)) {
        return *byte_at(vga, linear(vga, at));
    }
    if (vga->graph[GRAPH_MODE] & MODE_ODD_EVEN) {
        return *byte_at(vga, odd_even(at, (vga->graph[GRAPH_READ_MAP] & 2u) | (at & 1)));
    }
    return read_planes(vga, at);
}

static uint8_t rotate(uint8_t value, unsigned by)
{
    return (uint8_t)(value >> by | value << (8 - by));
}

/* What the ALU makes of data and latch. */
static uint8_t combine(const Vga *vga, uint8_t value, uint8_t latch)
{
    switch (vga->graph[GRAPH_ROTATE] >> 3 & 3) {
    case 1:
        return value & latch;
    case 2:
        return value | latch;
    case 3:
        return value ^ latch;
    default:
        return value;
    }
}

static uint8_t masked(const Vga *vga, uint8_t mask, uint8_t value, unsigned plane)
{
    uint8_t latch = vga->latch[plane];
    return (uint8_t)((combine(vga, value, latch) & mask) | (latch & ~mask));
}

/* A plane's byte by the write mode. */
static uint8_t vga_written(const Vga *vga, uint8_t value, unsigned plane)
{
    uint8_t turned = rotate(value, vga->graph[GRAPH_ROTATE] & 7), mask = vga->graph[GRAPH_BIT_MASK];
    uint8_t set = vga->graph[GRAPH_SET_RESET] >> plane & 1 ? 0xff : 0;
    switch (vga->graph[GRAPH_MODE] & MODE_WRITE_MASK) {
    case 0:
        return masked(vga, mask, vga->graph[GRAPH_ENABLE_SET] >> plane & 1 ? set : turned, plane);
    case 1:
        return vga->latch[plane];
    case 2:
        return masked(vga, mask, value >> plane & 1 ? 0xff : 0, plane);
    default:
        return masked(vga, mask & turned, set, plane);
    }
}

static void write_planes(Vga *vga, uint32_t at, uint8_t value)
{
    for (unsigned p = 0; p < VGA_PLANES; p++) {
        if (vga->seq[SEQ_MAP_MASK] >> p & 1) {
            *byte_at(vga, (uint64_t)at * VGA_PLANES + p) = vga_written(vga, value, p);
        }
    }
}

static void write_odd_even(Vga *vga, uint32_t at, uint8_t value)
{
    for (unsigned p = at & 1; p < VGA_PLANES; p += 2) {
        if (vga->seq[SEQ_MAP_MASK] >> p & 1) {
            *byte_at(vga, odd_even(at, p)) = value;
        }
    }
}

void vga_window_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vga *vga = opaque;
    uint8_t byte = (uint8_t)value;
    uint32_t at;
    if (!window_offset(vga, offset, &at)) {
        return;
    }
    if (vga_dispi_is_on(vga)) {
        *byte_at(vga, linear(vga, at)) = byte;
    } else if (vga->seq[SEQ_MEMORY] & MEMORY_CHAIN4) {
        if (vga->seq[SEQ_MAP_MASK] >> (at & 3) & 1) {
            *byte_at(vga, at) = byte;
        }
    } else if (vga->graph[GRAPH_MODE] & MODE_ODD_EVEN) {
        write_odd_even(vga, at, byte);
    } else {
        write_planes(vga, at, byte);
    }
}
