/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA's registers (IBM Personal System/2 Hardware Interface Technical Reference, "Video
 * Subsystem"): miscellaneous output, sequencer, graphics controller, CRT controller, attribute
 * controller, DAC. Timing is nobody's here: the status registers' retrace bits change with each
 * read, so that who waits for either goes on.
 */
#include <string.h>

#include "hw/display/vga_internal.h"

enum {
    PORT_CRTC_MONO_INDEX = 0x3b4,
    PORT_CRTC_MONO_DATA = 0x3b5,
    PORT_STATUS_1_MONO = 0x3ba,
    PORT_ATTR = 0x3c0,
    PORT_ATTR_READ = 0x3c1,
    PORT_MISC_WRITE = 0x3c2,
    PORT_SEQ_INDEX = 0x3c4,
    PORT_SEQ_DATA = 0x3c5,
    PORT_DAC_MASK = 0x3c6,
    PORT_DAC_READ = 0x3c7,
    PORT_DAC_WRITE = 0x3c8,
    PORT_DAC_DATA = 0x3c9,
    PORT_FEATURE = 0x3ca,
    PORT_MISC_READ = 0x3cc,
    PORT_GRAPH_INDEX = 0x3ce,
    PORT_GRAPH_DATA = 0x3cf,
    PORT_CRTC_INDEX = 0x3d4,
    PORT_CRTC_DATA = 0x3d5,
    PORT_STATUS_1 = 0x3da
};
#define MISC_COLOUR      (1u << 0) /* CRTC and status are at 3Dxh, not at 3Bxh */
#define STATUS_BLANK     (1u << 0)
#define STATUS_RETRACE   (1u << 3)
#define PROTECT_0_TO_7   (1u << 7)
#define OVERFLOW_COMPARE (1u << 4) /* the one bit of CRTC register 7 that is not protected */
#define ATTR_INDEX_MASK  0x3fu
#define ATTR_NUMBER      0x1fu
#define PALETTE_REGS     16

static bool is_for_crtc(const Vga *vga, unsigned port)
{
    return (port >= PORT_CRTC_INDEX) == ((vga->misc & MISC_COLOUR) != 0);
}

static uint8_t read_status_1(Vga *vga)
{
    vga->attr_data = false;
    vga->status_reads++;
    return vga->status_reads & 1 ? STATUS_RETRACE | STATUS_BLANK : 0;
}

static uint8_t read_dac(Vga *vga)
{
    uint8_t value = vga->dac[vga->dac_read * 3u + vga->dac_part];
    if (++vga->dac_part == 3) {
        vga->dac_part = 0;
        vga->dac_read++;
    }
    return value;
}

static uint8_t read_crtc_port(Vga *vga, unsigned port)
{
    if (!is_for_crtc(vga, port)) {
        return 0xff;
    }
    switch (port) {
    case PORT_CRTC_INDEX:
    case PORT_CRTC_MONO_INDEX:
        return vga->crtc_index;
    case PORT_CRTC_DATA:
    case PORT_CRTC_MONO_DATA:
        return vga->crtc_index < VGA_CRTC_REGS ? vga->crtc[vga->crtc_index] : 0;
    case PORT_STATUS_1:
    case PORT_STATUS_1_MONO:
        return read_status_1(vga);
    default:
        return 0xff;
    }
}

uint64_t vga_port_read(void *opaque, uint64_t offset, unsigned size)
{
    Vga *vga = opaque;
    unsigned port = VGA_FIRST_PORT + (unsigned)offset;
    switch (port) {
    case PORT_ATTR:
        return vga->attr_data ? 0 : vga->attr_index;
    case PORT_ATTR_READ:
        return (vga->attr_index & ATTR_NUMBER) < VGA_ATTR_REGS
                   ? vga->attr[vga->attr_index & ATTR_NUMBER]
                   : 0;
    case PORT_MISC_WRITE: /* input status 0: nobody switches anything */
        return 0;
    case PORT_SEQ_INDEX:
        return vga->seq_index;
    case PORT_SEQ_DATA:
        return vga->seq[vga->seq_index];
    case PORT_DAC_MASK:
        return vga->dac_mask;
    case PORT_DAC_READ:
        return vga->dac_reading ? 3 : 0;
    case PORT_DAC_WRITE:
        return vga->dac_write;
    case PORT_DAC_DATA:
        return read_dac(vga);
    case PORT_FEATURE:
        return vga->feature;
    case PORT_MISC_READ:
        return vga->misc;
    case PORT_GRAPH_INDEX:
        return vga->graph_index;
    case PORT_GRAPH_DATA:
        return vga->graph[vga->graph_index];
    default:
        return read_crtc_port(vga, port);
    }
}

static void write_attr(Vga *vga, uint8_t value)
{
    unsigned number = vga->attr_index & ATTR_NUMBER;
    if (!vga->attr_data) {
        vga->attr_index = value & ATTR_INDEX_MASK;
    } else if (number < VGA_ATTR_REGS) {
        vga->attr[number] = number < PALETTE_REGS ? value & 0x3f : value;
    }
    vga->attr_data = !vga->attr_data;
}

static void write_dac(Vga *vga, uint8_t value)
{
    uint8_t bits = vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC ? 0xff : 0x3f;
    vga->dac[vga->dac_write * 3u + vga->dac_part] = value & bits;
    if (++vga->dac_part == 3) {
        vga->dac_part = 0;
        vga->dac_write++;
    }
}

static void write_crtc(Vga *vga, uint8_t value)
{
    unsigned n = vga->crtc_index;
    bool kept = n <= CRTC_OVERFLOW && (vga->crtc[CRTC_PROTECT] & PROTECT_0_TO_7);
    if (n >= VGA_CRTC_REGS || (kept && n != CRTC_OVERFLOW)) {
        return;
    }
    uint8_t mask = kept ? OVERFLOW_COMPARE : 0xff;
    vga->crtc[n] = (uint8_t)((vga->crtc[n] & ~mask) | (value & mask));
}

static void write_crtc_port(Vga *vga, unsigned port, uint8_t value)
{
    if (!is_for_crtc(vga, port)) {
        return;
    }
    if (port == PORT_CRTC_INDEX || port == PORT_CRTC_MONO_INDEX) {
        vga->crtc_index = value & 0x1f;
    } else if (port == PORT_CRTC_DATA || port == PORT_CRTC_MONO_DATA) {
        write_crtc(vga, value);
    } else if (port == PORT_STATUS_1 || port == PORT_STATUS_1_MONO) {
        vga->feature = value;
    }
}

void vga_port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vga *vga = opaque;
    unsigned port = VGA_FIRST_PORT + (unsigned)offset;
    uint8_t byte = (uint8_t)value;
    switch (port) {
    case PORT_ATTR:
        write_attr(vga, byte);
        break;
    case PORT_MISC_WRITE:
        vga->misc = byte;
        break;
    case PORT_SEQ_INDEX:
        vga->seq_index = byte & (VGA_SEQ_REGS - 1);
        break;
    case PORT_SEQ_DATA:
        vga->seq[vga->seq_index] = byte;
        break;
    case PORT_DAC_MASK:
        vga->dac_mask = byte;
        break;
    case PORT_DAC_READ:
    case PORT_DAC_WRITE:
        vga->dac_reading = port == PORT_DAC_READ;
        *(vga->dac_reading ? &vga->dac_read : &vga->dac_write) = byte;
        vga->dac_part = 0;
        break;
    case PORT_DAC_DATA:
        write_dac(vga, byte);
        break;
    case PORT_GRAPH_INDEX:
        vga->graph_index = byte & (VGA_GRAPH_REGS - 1);
        break;
    case PORT_GRAPH_DATA:
        vga->graph[vga->graph_index] = byte;
        break;
    default:
        write_crtc_port(vga, port, byte);
        break;
    }
}

void vga_regs_reset(Vga *vga)
{
    vga->misc = vga->feature = vga->status_reads = 0;
    vga->seq_index = vga->graph_index = vga->crtc_index = vga->attr_index = 0;
    memset(vga->seq, 0, sizeof(vga->seq));
    memset(vga->graph, 0, sizeof(vga->graph));
    memset(vga->crtc, 0, sizeof(vga->crtc));
    memset(vga->attr, 0, sizeof(vga->attr));
    memset(vga->dac, 0, sizeof(vga->dac));
    memset(vga->latch, 0, sizeof(vga->latch));
    vga->attr_data = vga->dac_reading = false;
    vga->dac_mask = 0xff;
    vga->dac_read = vga->dac_write = vga->dac_part = 0;
}

/* The DAC has 6 bits a colour, unless it was asked for 8. */
static uint32_t dac_part(const Vga *vga, unsigned at)
{
    uint8_t value = vga->dac[at];
    return vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC ? value
                                                     : (uint32_t)(value << 2 | value >> 4) & 0xff;
}

uint32_t vga_dac_colour(const Vga *vga, uint8_t index)
{
    unsigned at = (index & vga->dac_mask) * 3u;
    return dac_part(vga, at) << 16 | dac_part(vga, at + 1) << 8 | dac_part(vga, at + 2);
}

uint32_t vga_attr_colour(const Vga *vga, uint8_t index)
{
    uint8_t select = vga->attr[ATTR_SELECT], six = vga->attr[index & 0xf] & 0x3f;
    uint8_t all = vga->attr[ATTR_MODE] & ATTR_MODE_P54
                      ? (uint8_t)((select & 0xf) << 4 | (six & 0xf))
                      : (uint8_t)((select & 0xc) << 4 | six);
    return vga_dac_colour(vga, all);
}
