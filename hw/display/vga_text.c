/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text modes (IBM's reference, "Video Subsystem", alphanumeric modes): plane 0 has characters,
 * plane 1 attributes, plane 2 up to eight fonts of 256 glyphs in 32 lines each. What blinks is
 * shown, always: a picture is of no moment in particular.
 */
#include "hw/display/vga_internal.h"

#define GLYPH_LINES   32
#define CELL_LINES    0x1fu
#define CURSOR_OFF    (1u << 5)
#define ATTR_SECOND   (1u << 3) /* of the foreground: the other font, if there are two */
#define LINE_GRAPHICS 0xc0u     /* to DFh: their eighth dot goes on in the ninth */

typedef struct {
    unsigned columns, rows, cell_width, cell_height;
    unsigned start, offset; /* cells: the first, and from row to row */
    unsigned font[2];       /* addresses in plane 2, by attribute bit 3 */
} TextMode;

static unsigned font_address(unsigned number)
{
    static const unsigned kib[] = {0, 16, 32, 48, 8, 24, 40, 56};
    return kib[number & 7] << 10;
}

static TextMode text_mode(const Vga *vga)
{
    uint8_t fonts = vga->seq[SEQ_FONTS];
    unsigned height = (vga->crtc[CRTC_ROW_LINES] & CELL_LINES) + 1u, lines = vga_lines(vga);
    TextMode mode = {
        .columns = MIN(vga->crtc[CRTC_COLUMNS] + 1u, SCREEN_COLUMNS_MAX),
        .rows = MAX(lines / height, 1u),
        .cell_width = vga->seq[SEQ_CLOCKING] & CLOCKING_8_DOTS ? 8 : 9,
        .cell_height = height,
        .start = vga_start(vga),
        .offset = vga->crtc[CRTC_OFFSET] * 2u,
        .font = {font_address((fonts & 3u) | (fonts >> 4 & 1u) << 2),
                 font_address((fonts >> 2 & 3u) | (fonts >> 5 & 1u) << 2)},
    };
    return mode;
}

/* A line of a glyph, its first dot in bit 8. */
static unsigned glyph_line(const Vga *vga, const TextMode *mode, uint8_t ch, uint8_t attribute,
                           unsigned line)
{
    unsigned font = mode->font[attribute & ATTR_SECOND ? 1 : 0];
    unsigned dots = vga_plane_byte(vga, font + ch * GLYPH_LINES + line, 2);
    bool goes_on = (vga->attr[ATTR_MODE] & ATTR_MODE_LINE_GRAPHICS) && (ch & 0xe0) == LINE_GRAPHICS;
    return dots << 1 | (goes_on ? dots & 1 : 0);
}

static void draw_cell(const Vga *vga, const TextMode *mode, uint32_t *to, unsigned cell,
                      unsigned line)
{
    uint8_t ch = vga_plane_byte(vga, cell, 0), attribute = vga_plane_byte(vga, cell, 1);
    uint8_t back = attribute >> 4;
    if (vga->attr[ATTR_MODE] & ATTR_MODE_BLINK) {
        back &= 7;
    }
    uint32_t colours[] = {vga_attr_colour(vga, back), vga_attr_colour(vga, attribute & 0xf)};
    unsigned dots = glyph_line(vga, mode, ch, attribute, line);
    for (unsigned x = 0; x < mode->cell_width; x++) {
        to[x] = colours[dots >> (8 - x) & 1];
    }
}

static void draw_row_line(const Vga *vga, const TextMode *mode, pixman_image_t *picture,
                          unsigned row, unsigned line)
{
    uint32_t *to = vga_picture_row(picture, row * mode->cell_height + line);
    for (unsigned column = 0; column < mode->columns; column++) {
        draw_cell(vga, mode, to + column * mode->cell_width,
                  mode->start + row * mode->offset + column, line);
    }
}

/* False: it is off, or outside. */
static bool find_cursor(const Vga *vga, const TextMode *mode, unsigned *column, unsigned *row)
{
    unsigned at = (unsigned)vga->crtc[CRTC_CURSOR_HIGH] << 8 | vga->crtc[CRTC_CURSOR_HIGH + 1];
    unsigned away = at - mode->start;
    if ((vga->crtc[CRTC_CURSOR_START] & CURSOR_OFF) || at < mode->start || mode->offset == 0) {
        return false;
    }
    *row = away / mode->offset;
    *column = away % mode->offset;
    return *row < mode->rows && *column < mode->columns;
}

static void draw_cursor(const Vga *vga, const TextMode *mode, pixman_image_t *picture)
{
    unsigned first = vga->crtc[CRTC_CURSOR_START] & CELL_LINES,
             last = vga->crtc[CRTC_CURSOR_END] & CELL_LINES;
    unsigned row, column;
    if (!find_cursor(vga, mode, &column, &row)) {
        return;
    }
    unsigned at = mode->start + row * mode->offset + column;
    uint32_t colour = vga_attr_colour(vga, vga_plane_byte(vga, at, 1) & 0xf);
    for (unsigned line = first; line <= last && line < mode->cell_height; line++) {
        uint32_t *to =
            vga_picture_row(picture, row * mode->cell_height + line) + column * mode->cell_width;
        for (unsigned x = 0; x < mode->cell_width; x++) {
            to[x] = colour;
        }
    }
}

void vga_text_cells(const Vga *vga, ScreenText *text)
{
    TextMode mode = text_mode(vga);
    uint8_t shown = vga->attr[ATTR_MODE] & ATTR_MODE_BLINK ? 0x7f : 0xff;
    unsigned row, column;
    bool cursor = find_cursor(vga, &mode, &column, &row);
    text->columns = mode.columns;
    text->rows = MIN(mode.rows, SCREEN_ROWS_MAX);
    text->cursor_x = cursor ? (int)column : -1;
    text->cursor_y = cursor ? (int)row : -1;
    for (unsigned y = 0; y < text->rows; y++) {
        for (unsigned x = 0; x < text->columns; x++) {
            unsigned cell = mode.start + y * mode.offset + x;
            text->cells[y][x] = (uint16_t)((vga_plane_byte(vga, cell, 1) & shown) << 8 |
                                           vga_plane_byte(vga, cell, 0));
        }
    }
}

pixman_image_t *vga_draw_text(Vga *vga)
{
    TextMode mode = text_mode(vga);
    pixman_image_t *picture =
        vga_picture(vga, mode.columns * mode.cell_width, mode.rows * mode.cell_height);
    for (unsigned row = 0; row < mode.rows; row++) {
        for (unsigned line = 0; line < mode.cell_height; line++) {
            draw_row_line(vga, &mode, picture, row, line);
        }
    }
    draw_cursor(vga, &mode, picture);
    return picture;
}
