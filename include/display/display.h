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

#define SCREEN_COLUMNS_MAX 256u
#define SCREEN_ROWS_MAX    128u

/* What stands in a text mode's cells: the attribute in bits 15:8 (foreground in 11:8), the
 * character of the guest's font in 7:0. */
typedef struct {
    unsigned columns, rows; /* 0: the mode is none */
    unsigned width, height; /* of the picture there is instead */
    int cursor_x, cursor_y; /* -1: it is not shown */
    uint16_t cells[SCREEN_ROWS_MAX][SCREEN_COLUMNS_MAX];
} ScreenText;

typedef struct {
    /* The picture as it is now, x8r8g8b8; the adapter's, until it draws again. */
    pixman_image_t *(*draw)(void *opaque);
    /* Fills `text`, which is all 0, in a text mode, and else answers false. May be NULL. */
    bool (*text)(void *opaque, ScreenText *text);
} ScreenOps;

/* A key of the keyboard, by QEMU's name for it and its code in scan code set 1 (with E0h or E1h in
 * front in bits 15:8), in set 2 (the same) and in set 3. */
typedef struct {
    const char *name;
    uint16_t set1, set2;
    uint8_t set3;
} Key;

/* A keyboard's lights, as USB has their bits. */
enum { KEYBOARD_NUM = 1, KEYBOARD_CAPS = 2, KEYBOARD_SCROLL = 4 };

typedef struct {
    void (*key)(void *opaque, const Key *key, bool down);
    unsigned (*leds)(void *opaque); /* that the guest has on; NULL: it has none */
} KeyboardOps;

/* Bits of PointerEvent.buttons. */
enum {
    POINTER_LEFT = 1,
    POINTER_RIGHT = 2,
    POINTER_MIDDLE = 4,
    POINTER_SIDE = 8,
    POINTER_EXTRA = 16
};
/* Where an absolute pointer is at the right or at the bottom. */
#define POINTER_MAX 0x7fff

/* How the pointer has moved since the last event, y and the wheel down; where it is, from 0 to
 * POINTER_MAX; which buttons are down now. */
typedef struct {
    int dx, dy, dz;
    unsigned x, y;
    unsigned buttons;
} PointerEvent;

typedef struct {
    const char *name; /* for monitors */
    bool absolute;    /* it takes x and y; else dx and dy */
    void (*event)(void *opaque, const PointerEvent *event);
} PointerOps;

Display *display_new(void);
void display_free(Display *display);

/* NULL displays take nothing and show nothing. The first screen is shown; of keyboards and pointers
 * the one that was preferred last has what is pressed and moved, at first the first. */
void display_attach_screen(Display *display, const ScreenOps *ops, void *opaque);
void display_attach_keyboard(Display *display, const KeyboardOps *ops, void *opaque);
void display_attach_pointer(Display *display, const PointerOps *ops, void *opaque);
/* Prefers that device's keyboard and pointer from now on, or (false) all others to it. */
void display_prefer(Display *display, void *opaque, bool prefer);
void display_detach(Display *display, void *opaque);

/* The server of it, for monitors; NULL: none. */
struct Vnc *display_vnc(const Display *display);
void display_set_vnc(Display *display, struct Vnc *vnc);
bool display_has_screen(const Display *display);
/* The picture, or NULL where there is no screen. */
pixman_image_t *display_draw(Display *display);
/* The text there is, or the picture's size where there is none. */
void display_text(Display *display, ScreenText *text);
/* Writes it as PNG or PPM; an error where there is no screen, too. */
typedef enum { PICTURE_PPM, PICTURE_PNG } PictureFormat;
bool display_save(Display *display, const char *path, PictureFormat format, GError **error);

/* A key goes down or up; false where there is no keyboard. */
bool display_press(Display *display, const Key *key, bool down);
/* The lights of the keyboard that is pressed; none where there is no keyboard. */
unsigned display_leds(const Display *display);
/* How pointers are moved: what is said is gathered until display_pointer_sync(), which tells the
 * pointer; false where there is none. */
void display_pointer_move(Display *display, int dx, int dy, int dz);
void display_pointer_place(Display *display, unsigned x, unsigned y);
void display_pointer_press(Display *display, unsigned buttons, bool down);
bool display_pointer_sync(Display *display);
/* What is gathered. */
PointerEvent display_pointer_now(const Display *display);
/* The pointers by number; NULL after the last. Their order does not change while they are there. */
const PointerOps *display_pointer_at(const Display *display, unsigned n);
bool display_pointer_is_current(const Display *display, unsigned n);
/* False if there is no such pointer. */
bool display_pointer_choose(Display *display, unsigned n);
/* Whether the current pointer is absolute; false where there is none. */
bool display_pointer_is_absolute(const Display *display);
/* By name, or NULL. */
const Key *key_find(const char *name);
/* By number (QMP's "number": a code of set 1, 80h added for E0h), or NULL. */
const Key *key_find_number(unsigned number);
/* The key with that place among all; NULL after the last. */
const Key *key_at(size_t n);

#endif
