/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture is drawn when somebody looks (hw/display/ramfb.h), from RAM alone: looking at it does
 * nothing to devices. Lines that are not in RAM are black. */
#include "hw/display/ramfb.h"

#include <string.h>

#include "base/bytes.h"
#include "display/display.h"
#include "hw/core/backends.h"
#include "hw/nvram/fw_cfg.h"

#define RAMFB_FILE   "etc/ramfb"
#define WIDTH_MAX    2560u
#define HEIGHT_MAX   1600u
#define STRIDE_MAX   0x10000u
#define BLANK_WIDTH  640
#define BLANK_HEIGHT 480

/* The file. */
enum {
    AT_ADDRESS = 0,
    AT_FOURCC = 8,
    AT_WIDTH = 16,
    AT_HEIGHT = 20,
    AT_STRIDE = 24,
    FILE_BYTES = 28
};

typedef struct {
    Device dev;
    Device *fw_cfg;
    uint8_t file[FILE_BYTES];
    pixman_image_t *picture;
} Ramfb;

/* linux/drm_fourcc.h; little-endian. What is transparent is not. */
static const struct {
    char name[5];
    pixman_format_code_t format;
    unsigned bytes;
} formats[] = {
    {"XR24", PIXMAN_x8r8g8b8, 4}, {"AR24", PIXMAN_x8r8g8b8, 4}, {"XB24", PIXMAN_x8b8g8r8, 4},
    {"AB24", PIXMAN_x8b8g8r8, 4}, {"RG24", PIXMAN_r8g8b8, 3},   {"RG16", PIXMAN_r5g6b5, 2},
};

typedef struct {
    pixman_format_code_t format;
    uint64_t address;
    unsigned width, height, stride;
    size_t line; /* bytes that are seen */
} Shape;

/* False: there is none that can be drawn. */
static bool ramfb_shape(const Ramfb *s, Shape *shape)
{
    uint32_t width = bytes_get32_be(s->file + AT_WIDTH),
             height = bytes_get32_be(s->file + AT_HEIGHT),
             stride = bytes_get32_be(s->file + AT_STRIDE),
             fourcc = bytes_get32_be(s->file + AT_FOURCC);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (fourcc == bytes_get32(formats[i].name)) {
            uint32_t line = MIN(width, WIDTH_MAX) * formats[i].bytes;
            *shape = (Shape){.format = formats[i].format,
                             .address = bytes_get64_be(s->file + AT_ADDRESS),
                             .width = width,
                             .height = height,
                             .stride = stride ? stride : line,
                             .line = line};
            return width > 0 && width <= WIDTH_MAX && height > 0 && height <= HEIGHT_MAX &&
                   shape->stride >= line && shape->stride <= STRIDE_MAX;
        }
    }
    return false;
}

static pixman_image_t *ramfb_picture(Ramfb *s, int width, int height)
{
    if (s->picture && (pixman_image_get_width(s->picture) != width ||
                       pixman_image_get_height(s->picture) != height)) {
        g_clear_pointer(&s->picture, pixman_image_unref);
    }
    if (!s->picture) {
        s->picture = pixman_image_create_bits(PIXMAN_x8r8g8b8, width, height, NULL, 0);
    }
    return s->picture;
}

/* By way of a copy, whose line fills words. */
static void draw_ramfb_line(const Ramfb *s, const Shape *shape, unsigned y, uint32_t *copy)
{
    uint64_t from = shape->address + (uint64_t)y * shape->stride;
    const void *seen = as_ram_ptr(s->dev.platform->memory, from, shape->line);
    if (seen) {
        memcpy(copy, seen, shape->line);
    } else {
        memset(copy, 0, shape->line);
    }
    pixman_image_t *line = pixman_image_create_bits(shape->format, (int)shape->width, 1, copy,
                                                    (int)((shape->line + 3) & ~(size_t)3));
    pixman_image_composite32(PIXMAN_OP_SRC, line, NULL, s->picture, 0, 0, 0, 0, 0, (int)y,
                             (int)shape->width, 1);
    pixman_image_unref(line);
}

static pixman_image_t *ramfb_draw(void *opaque)
{
    Ramfb *s = opaque;
    Shape shape;
    if (!ramfb_shape(s, &shape)) {
        pixman_image_t *blank = ramfb_picture(s, BLANK_WIDTH, BLANK_HEIGHT);
        memset(pixman_image_get_data(blank), 0,
               (size_t)pixman_image_get_stride(blank) * BLANK_HEIGHT);
        return blank;
    }
    g_autofree uint32_t *copy = g_malloc0(shape.line + sizeof(uint32_t));
    ramfb_picture(s, (int)shape.width, (int)shape.height);
    for (unsigned y = 0; y < shape.height; y++) {
        draw_ramfb_line(s, &shape, y, copy);
    }
    return s->picture;
}

static const ScreenOps ramfb_screen = {.draw = ramfb_draw};

static void ramfb_written(void *opaque, const void *data)
{
    memcpy(((Ramfb *)opaque)->file, data, FILE_BYTES);
}

bool ramfb_connect(Device *dev, Device *fw_cfg)
{
    Ramfb *s = (Ramfb *)dev;
    s->fw_cfg = fw_cfg;
    display_attach_screen(backends_display(dev->platform->backends), &ramfb_screen, s);
    return fw_cfg_add_written_file(fw_cfg, RAMFB_FILE, FILE_BYTES, ramfb_written, s);
}

static bool ramfb_realize(Device *dev, GError **error)
{
    return true;
}

static void ramfb_unrealize(Device *dev)
{
    Ramfb *s = (Ramfb *)dev;
    display_detach(backends_display(dev->platform->backends), s);
    g_clear_pointer(&s->picture, pixman_image_unref);
}

static void ramfb_restored(Device *dev)
{
    Ramfb *s = (Ramfb *)dev;
    if (s->fw_cfg) {
        fw_cfg_put_file(s->fw_cfg, RAMFB_FILE, s->file, FILE_BYTES);
    }
}

static void ramfb_reset(Device *dev)
{
    memset(((Ramfb *)dev)->file, 0, FILE_BYTES);
    ramfb_restored(dev);
}

static const StateField ramfb_state[] = {
    STATE_ARRAY(STATE_UINT8, Ramfb, file, FILE_BYTES),
    STATE_END,
};

const DeviceClass ramfb_class = {
    .name = "ramfb",
    .desc = "a picture in the guest's memory, which firmware sets up by fw_cfg",
    .bus = BUS_SYSTEM,
    .category = DEVICE_DISPLAY,
    .user_creatable = true,
    .instance_size = sizeof(Ramfb),
    .state = ramfb_state,
    .realize = ramfb_realize,
    .unrealize = ramfb_unrealize,
    .reset = ramfb_reset,
    .restored = ramfb_restored,
};
