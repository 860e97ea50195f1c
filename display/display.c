/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "display/display.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "display/internal.h"

Display *display_new(void)
{
    return g_new0(Display, 1);
}

void display_free(Display *display)
{
    g_free(display);
}

void display_attach_screen(Display *display, const ScreenOps *ops, void *opaque)
{
    if (display && !display->screen) {
        display->screen = ops;
        display->screen_opaque = opaque;
    }
}

void display_detach(Display *display, void *opaque)
{
    if (!display) {
        return;
    }
    if (display->screen_opaque == opaque) {
        display->screen = NULL;
        display->screen_opaque = NULL;
    }
    input_detach(&display->keyboards, opaque);
    input_detach(&display->pointers, opaque);
}

struct Vnc *display_vnc(const Display *display)
{
    return display ? display->vnc : NULL;
}

void display_set_vnc(Display *display, struct Vnc *vnc)
{
    if (display) {
        display->vnc = vnc;
    }
}

bool display_has_screen(const Display *display)
{
    return display && display->screen;
}

pixman_image_t *display_draw(Display *display)
{
    return display && display->screen ? display->screen->draw(display->screen_opaque) : NULL;
}

void display_text(Display *display, ScreenText *text)
{
    const ScreenOps *screen = display ? display->screen : NULL;
    if (!screen || (screen->text && screen->text(display->screen_opaque, text))) {
        return;
    }
    pixman_image_t *picture = display_draw(display);
    text->width = (unsigned)pixman_image_get_width(picture);
    text->height = (unsigned)pixman_image_get_height(picture);
}

/* Three bytes a pixel, red first, as both formats want them. */
static uint8_t *rgb_of(pixman_image_t *picture)
{
    int width = pixman_image_get_width(picture), height = pixman_image_get_height(picture);
    const uint8_t *pixels = (const uint8_t *)pixman_image_get_data(picture);
    int stride = pixman_image_get_stride(picture);
    uint8_t *rgb = g_malloc((size_t)width * (size_t)height * 3), *to = rgb;
    for (int y = 0; y < height; y++) {
        const uint32_t *row = (const uint32_t *)(pixels + (size_t)y * (size_t)stride);
        for (int x = 0; x < width; x++) {
            *to++ = (uint8_t)(row[x] >> 16);
            *to++ = (uint8_t)(row[x] >> 8);
            *to++ = (uint8_t)row[x];
        }
    }
    return rgb;
}

static bool save_png(FILE *file, const uint8_t *rgb, int width, int height)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    return png_image_write_to_stdio(&image, file, 0, rgb, 0, NULL) != 0;
}

static bool save_ppm(FILE *file, const uint8_t *rgb, int width, int height)
{
    size_t bytes = (size_t)width * (size_t)height * 3;
    return fprintf(file, "P6\n%d %d\n255\n", width, height) > 0 &&
           fwrite(rgb, 1, bytes, file) == bytes;
}

bool display_save(Display *display, const char *path, PictureFormat format, GError **error)
{
    pixman_image_t *picture = display_draw(display);
    if (!picture) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "there is no screen; start with -vga std or -device VGA");
        return false;
    }
    FILE *file = fopen(path, "wb");
    if (!file) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
        return false;
    }
    g_autofree uint8_t *rgb = rgb_of(picture);
    int width = pixman_image_get_width(picture), height = pixman_image_get_height(picture);
    bool saved = format == PICTURE_PNG ? save_png(file, rgb, width, height)
                                       : save_ppm(file, rgb, width, height);
    saved = fclose(file) == 0 && saved;
    if (!saved) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: could not be written", path);
    }
    return saved;
}
