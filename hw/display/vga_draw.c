/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the VGA shows, drawn when somebody looks: text (vga_text.c), 16 colours in planes, 256
 * colours, and Bochs' modes, whose depths pixman knows. Left out: CGA's interleaved graphics modes,
 * split screens and panning by less than a character.
 */
#include <string.h>

#include "hw/display/vga_internal.h"

#define BLANK_WIDTH  640
#define BLANK_HEIGHT 480
#define DOUBLE_SCAN  0x80u

pixman_image_t *vga_picture(Vga *vga, unsigned width, unsigned height)
{
    pixman_image_t *old = vga->picture;
    if (old && (pixman_image_get_width(old) != (int)width ||
                pixman_image_get_height(old) != (int)height)) {
        pixman_image_unref(old);
        vga->picture = NULL;
    }
    if (!vga->picture) {
        vga->picture = pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)width, (int)height, NULL, 0);
    }
    return vga->picture;
}

uint32_t *vga_picture_row(pixman_image_t *picture, unsigned y)
{
    uint8_t *pixels = (uint8_t *)pixman_image_get_data(picture);
    return (uint32_t *)(pixels + (size_t)y * (size_t)pixman_image_get_stride(picture));
}

/* Scan lines on the screen: ten bits, of which the overflow register has the upper two. */
unsigned vga_lines(const Vga *vga)
{
    unsigned overflow = vga->crtc[CRTC_OVERFLOW];
    return ((overflow >> 6 & 1) << 9 | (overflow >> 1 & 1) << 8 | vga->crtc[CRTC_LINES]) + 1;
}

unsigned vga_start(const Vga *vga)
{
    return (unsigned)vga->crtc[CRTC_START_HIGH] << 8 | vga->crtc[CRTC_START_HIGH + 1];
}

static pixman_image_t *draw_blank(Vga *vga)
{
    pixman_image_t *picture = vga_picture(vga, BLANK_WIDTH, BLANK_HEIGHT);
    for (unsigned y = 0; y < BLANK_HEIGHT; y++) {
        memset(vga_picture_row(picture, y), 0, BLANK_WIDTH * sizeof(uint32_t));
    }
    return picture;
}

/* A pixel of planes: bit 7 of their bytes is the first. */
static uint8_t planar_pixel(const Vga *vga, uint32_t address, unsigned bit)
{
    uint8_t pixel = 0;
    for (unsigned p = 0; p < VGA_PLANES; p++) {
        pixel |= (uint8_t)((vga_plane_byte(vga, address, p) >> (7 - bit) & 1) << p);
    }
    return pixel & vga->attr[ATTR_PLANES];
}

static void draw_planar_row(const Vga *vga, uint32_t *to, uint32_t address, unsigned bytes)
{
    for (unsigned x = 0; x < bytes * 8; x++) {
        to[x] = vga_attr_colour(vga, planar_pixel(vga, address + x / 8, x % 8));
    }
}

static void draw_byte_row(const Vga *vga, uint32_t *to, uint64_t from, unsigned width)
{
    for (unsigned x = 0; x < width; x++) {
        to[x] = vga_dac_colour(vga, vga->vram.host[(from + x) & (vga->vram.size - 1)]);
    }
}

static pixman_image_t *draw_graphics(Vga *vga)
{
    bool bytes = vga->graph[GRAPH_MODE] & MODE_256;
    unsigned columns = vga->crtc[CRTC_COLUMNS] + 1u, width = columns * (bytes ? 4 : 8);
    unsigned each = (vga->crtc[CRTC_ROW_LINES] & 0x1fu) + 1;
    each *= vga->crtc[CRTC_ROW_LINES] & DOUBLE_SCAN ? 2 : 1;
    unsigned lines = vga_lines(vga), height = MAX(lines / each, 1u),
             offset = vga->crtc[CRTC_OFFSET] * 2u;
    pixman_image_t *picture = vga_picture(vga, width, height);
    for (unsigned y = 0; y < height; y++) {
        uint32_t address = vga_start(vga) + y * offset;
        if (bytes) {
            draw_byte_row(vga, vga_picture_row(picture, y), (uint64_t)address * VGA_PLANES, width);
        } else {
            draw_planar_row(vga, vga_picture_row(picture, y), address, columns);
        }
    }
    return picture;
}

static pixman_format_code_t dispi_format(unsigned bpp)
{
    switch (bpp) {
    case 15:
        return PIXMAN_x1r5g5b5;
    case 16:
        return PIXMAN_r5g6b5;
    case 24:
        return PIXMAN_r8g8b8;
    default:
        return PIXMAN_x8r8g8b8;
    }
}

/* One line, whose bytes may lie anywhere and need not fill words: by way of a copy that does. */
static void draw_dispi_line(const Vga *vga, pixman_image_t *picture, unsigned y, uint64_t from,
                            unsigned bytes)
{
    unsigned width = (unsigned)pixman_image_get_width(picture);
    g_autofree uint32_t *line = g_malloc0(bytes + sizeof(uint32_t));
    uint64_t left = from < vga->vram.size ? vga->vram.size - from : 0;
    memcpy(line, vga->vram.host + (left ? from : 0), MIN(left, bytes));
    pixman_image_t *source = pixman_image_create_bits(
        dispi_format(vga->dispi[DISPI_BPP]), (int)width, 1, line, (int)((bytes + 3) & ~3u));
    pixman_image_composite32(PIXMAN_OP_SRC, source, NULL, picture, 0, 0, 0, 0, 0, (int)y,
                             (int)width, 1);
    pixman_image_unref(source);
}

static pixman_image_t *draw_dispi(Vga *vga)
{
    const uint16_t *r = vga->dispi;
    unsigned bits = r[DISPI_BPP] == 15 ? 16 : r[DISPI_BPP];
    unsigned width = r[DISPI_XRES], height = r[DISPI_YRES], bytes = (width * bits + 7) / 8;
    if (width == 0 || height == 0 || bits < 8) {
        return draw_blank(vga);
    }
    uint64_t stride = (uint64_t)MAX(r[DISPI_VIRT_WIDTH], r[DISPI_XRES]) * bits / 8;
    uint64_t from = r[DISPI_Y_OFFSET] * stride + (uint64_t)r[DISPI_X_OFFSET] * bits / 8;
    pixman_image_t *picture = vga_picture(vga, width, height);
    for (unsigned y = 0; y < height; y++, from += stride) {
        if (bits == 8) {
            draw_byte_row(vga, vga_picture_row(picture, y), from, width);
        } else {
            draw_dispi_line(vga, picture, y, from, bytes);
        }
    }
    return picture;
}

static bool is_blank(const Vga *vga)
{
    return !(vga->attr_index & ATTR_SHOWS) || (vga->seq[SEQ_CLOCKING] & CLOCKING_OFF);
}

bool vga_text(void *opaque, ScreenText *text)
{
    const Vga *vga = opaque;
    if (vga_dispi_is_on(vga) || is_blank(vga) || (vga->graph[GRAPH_MISC] & MISC_GRAPHICS)) {
        return false;
    }
    vga_text_cells(vga, text);
    return true;
}

pixman_image_t *vga_draw(void *opaque)
{
    Vga *vga = opaque;
    if (vga_dispi_is_on(vga)) {
        return draw_dispi(vga);
    }
    if (is_blank(vga)) {
        return draw_blank(vga);
    }
    return vga->graph[GRAPH_MISC] & MISC_GRAPHICS ? draw_graphics(vga) : vga_draw_text(vga);
}
