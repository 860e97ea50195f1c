/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bochs' display interface (its VBE documentation, "Bochs VBE Display API"): an index register, a
 * data register, and a mode by size and depth with the frame buffer as it comes. By ports 1CEh and
 * 1CFh, or by the registers of BAR 2.
 */
#include <string.h>

#include "hw/display/vga_internal.h"

#define ID_FIRST 0xb0c0u
#define ID_LAST  0xb0c5u

static unsigned dispi_bits(const Vga *vga)
{
    unsigned bpp = vga->dispi[DISPI_BPP];
    return bpp == 15 ? 16 : bpp;
}

static uint16_t read_caps(const Vga *vga, unsigned index)
{
    switch (index) {
    case DISPI_XRES:
        return DISPI_XRES_MAX;
    case DISPI_YRES:
        return DISPI_YRES_MAX;
    default:
        return 32;
    }
}

uint16_t vga_dispi_read(const Vga *vga, unsigned index)
{
    if (index == DISPI_MEMORY) {
        return (uint16_t)(vga->vram.size / DISPI_BANK_SIZE);
    }
    if ((vga->dispi[DISPI_ENABLE] & DISPI_GET_CAPS) && index >= DISPI_XRES && index <= DISPI_BPP) {
        return read_caps(vga, index);
    }
    return index < DISPI_REGS ? vga->dispi[index] : 0;
}

/* A mode begins: its lines are as long as they are seen, and memory is black unless it was said to
 * stay. */
static void dispi_begin(Vga *vga, uint16_t enable)
{
    unsigned bytes = vga->dispi[DISPI_XRES] * dispi_bits(vga) / 8;
    uint64_t lines = vga->vram.size / MAX(bytes, 1u);
    vga->dispi[DISPI_VIRT_WIDTH] = vga->dispi[DISPI_XRES];
    vga->dispi[DISPI_VIRT_HEIGHT] = (uint16_t)MIN(lines, (uint64_t)UINT16_MAX);
    vga->dispi[DISPI_X_OFFSET] = vga->dispi[DISPI_Y_OFFSET] = vga->dispi[DISPI_BANK] = 0;
    if (!(enable & DISPI_NO_CLEAR)) {
        uint64_t shown = (uint64_t)bytes * vga->dispi[DISPI_YRES];
        memset(vga->vram.host, 0, MIN(shown, vga->vram.size));
    }
}

static bool depth_is_known(uint16_t bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32;
}

static void write_size(Vga *vga, unsigned index, uint16_t value, uint16_t max)
{
    if (!vga_dispi_is_on(vga) && value <= max) {
        vga->dispi[index] = value;
    }
}

void vga_dispi_write(Vga *vga, unsigned index, uint16_t value)
{
    switch (index) {
    case DISPI_ID:
        vga->dispi[index] = value >= ID_FIRST && value <= ID_LAST ? value : vga->dispi[index];
        break;
    case DISPI_XRES:
        write_size(vga, index, value, DISPI_XRES_MAX);
        break;
    case DISPI_YRES:
        write_size(vga, index, value, DISPI_YRES_MAX);
        break;
    case DISPI_BPP:
        if (value == 0 || depth_is_known(value)) {
            write_size(vga, index, value ? value : 8, 32);
        }
        break;
    case DISPI_ENABLE:
        if ((value & DISPI_ENABLED) && !vga_dispi_is_on(vga)) {
            dispi_begin(vga, value);
        }
        vga->dispi[index] = value;
        break;
    case DISPI_BANK:
        if ((uint64_t)value * DISPI_BANK_SIZE < vga->vram.size) {
            vga->dispi[index] = value;
        }
        break;
    case DISPI_VIRT_WIDTH:
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET:
        vga->dispi[index] = value;
        break;
    default: /* height and memory follow from the rest */
        break;
    }
}

uint64_t vga_dispi_port_read(void *opaque, uint64_t offset, unsigned size)
{
    const Vga *vga = opaque;
    return offset == 0 ? vga->dispi_index : vga_dispi_read(vga, vga->dispi_index);
}

/* 1CEh and 1CFh are two registers of 16 bits each. */
void vga_dispi_port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vga *vga = opaque;
    if (offset == 0) {
        vga->dispi_index = (uint16_t)value;
    } else {
        vga_dispi_write(vga, vga->dispi_index, (uint16_t)value);
    }
}

void vga_dispi_reset(Vga *vga)
{
    memset(vga->dispi, 0, sizeof(vga->dispi));
    vga->dispi[DISPI_ID] = ID_LAST;
    vga->dispi[DISPI_BPP] = 8;
    vga->dispi_index = 0;
}

void vga_dispi_restored(Vga *vga)
{
    const uint16_t *r = vga->dispi;
    if (r[DISPI_XRES] > DISPI_XRES_MAX || r[DISPI_YRES] > DISPI_YRES_MAX ||
        !depth_is_known(r[DISPI_BPP])) {
        vga_dispi_reset(vga);
    }
}
