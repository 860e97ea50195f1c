/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture as clients' processes see it: which tiles of it have changed. */
#include <string.h>

#include "display/vnc/internal.h"

#define BLANK_SIZE (640u << 16 | 480u)

typedef struct {
    const uint8_t *pixels; /* NULL: black */
    size_t stride;
    unsigned width, height;
} Source;

static Source source_of(pixman_image_t *picture)
{
    if (!picture) {
        return (Source){.width = BLANK_SIZE >> 16, .height = BLANK_SIZE & 0xffff};
    }
    int width = pixman_image_get_width(picture), height = pixman_image_get_height(picture);
    return (Source){
        .pixels = (const uint8_t *)pixman_image_get_data(picture),
        .stride = (size_t)pixman_image_get_stride(picture),
        .width = MIN((unsigned)width, VNC_WIDTH_MAX),
        .height = MIN((unsigned)height, VNC_HEIGHT_MAX),
    };
}

static bool update_line(uint32_t *to, const uint8_t *from, size_t bytes)
{
    static const uint8_t black[VNC_TILE_WIDTH * sizeof(uint32_t)];
    from = from ? from : black;
    if (memcmp(to, from, bytes) == 0) {
        return false;
    }
    memcpy(to, from, bytes);
    return true;
}

static bool update_tile(VncFrame *frame, const Source *source, unsigned row, unsigned column)
{
    unsigned x = column * VNC_TILE_WIDTH, y = row * VNC_TILE_HEIGHT;
    size_t bytes = MIN(VNC_TILE_WIDTH, source->width - x) * sizeof(uint32_t);
    bool changed = false;
    for (unsigned end = MIN(y + VNC_TILE_HEIGHT, source->height); y < end; y++) {
        const uint8_t *line = source->pixels ? source->pixels + y * source->stride : NULL;
        changed |=
            update_line(&frame->pixels[y][x], line ? line + x * sizeof(uint32_t) : NULL, bytes);
    }
    return changed;
}

bool vnc_frame_update(VncFrame *frame, pixman_image_t *picture)
{
    Source source = source_of(picture);
    uint32_t size = source.width << 16 | source.height;
    bool resized = size != atomic_load(&frame->size), any = resized;
    for (unsigned row = 0; row * VNC_TILE_HEIGHT < source.height; row++) {
        for (unsigned column = 0; column * VNC_TILE_WIDTH < source.width; column++) {
            if (update_tile(frame, &source, row, column)) {
                atomic_fetch_add(&frame->tiles[row][column], 1);
                any = true;
            }
        }
    }
    atomic_store(&frame->size, size);
    if (any) {
        atomic_fetch_add(&frame->serial, 1);
    }
    return any;
}
