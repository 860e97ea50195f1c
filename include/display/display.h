/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's screen and keyboard as the host has them: adapters attach what they show, keyboards
 * what they take, and monitors and displays look and press.
 */
#ifndef DISPLAY_DISPLAY_H
#define DISPLAY_DISPLAY_H

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>

typedef struct Display Display;

typedef struct {
    /* The picture as it is now, x8r8g8b8; the adapter's, until it draws again. */
    pixman_image_t *(*draw)(void *opaque);
} ScreenOps;

/* A key of the keyboard, by QEMU's name for it and its code in scan code set 1 (with E0h or E1h in
 * front in bits 15:8) and in set 2 (the same). */
typedef struct {
    const char *name;
    uint16_t set1, set2;
} Key;

typedef struct {
    void (*key)(void *opaque, const Key *key, bool down);
} KeyboardOps;

Display *display_new(void);
void display_free(Display *display);

/* One of each; the first that comes. NULL displays take nothing and show nothing. */
void display_attach_screen(Display *display, const ScreenOps *ops, void *opaque);
void display_attach_keyboard(Display *display, const KeyboardOps *ops, void *opaque);
void display_detach(Display *display, void *opaque);

bool display_has_screen(const Display *display);
/* The picture, or NULL where there is no screen. */
pixman_image_t *display_draw(Display *display);
/* Writes it as PNG or PPM; an error where there is no screen, too. */
typedef enum { PICTURE_PPM, PICTURE_PNG } PictureFormat;
bool display_save(Display *display, const char *path, PictureFormat format, GError **error);

/* A key goes down or up; false where there is no keyboard. */
bool display_press(Display *display, const Key *key, bool down);
/* By name, or NULL. */
const Key *key_find(const char *name);
/* By number (QMP's "number": a code of set 1, 80h added for E0h), or NULL. */
const Key *key_find_number(unsigned number);
/* The key with that place among all; NULL after the last. */
const Key *key_at(size_t n);

#endif
