/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a virtio input device is and has; private to hw/virtio/. */
#ifndef HW_VIRTIO_VIRTIO_INPUT_H
#define HW_VIRTIO_VIRTIO_INPUT_H

#include "display/display.h"
#include "hw/virtio/virtio_pci.h"

#define VINPUT_WAITING 64u /* events that the driver has no buffers for yet */

typedef enum { VINPUT_KEYBOARD, VINPUT_MOUSE, VINPUT_TABLET } VinputKind;

typedef struct {
    uint16_t type, code;
    uint32_t value;
} VinputEvent;

typedef struct {
    VirtioPci vp;
    char *serial;
    VinputEvent waiting[VINPUT_WAITING];
    uint32_t first, count; /* of those */
    uint8_t leds;          /* KEYBOARD_NUM ..., that the driver has on */
    uint8_t buttons;       /* as the driver knows them */
    uint32_t x, y;
} VirtioInput;

VinputKind vinput_kind(const VirtioInput *s);
/* Linux's number of a key; 0: it has none. */
uint16_t vinput_key_code(const Key *key);
/* The button of that bit of PointerEvent's. */
uint16_t vinput_button_code(unsigned bit);
#define VINPUT_BUTTONS 5u

/* Lays out what the driver has selected (5.8.4). */
void vinput_fill_config(VirtioInput *s);

#endif
