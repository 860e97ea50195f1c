/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtio input device says it has (Virtio 1.1, 5.8.4): a window that shows a name, numbers
 * or a bitmap, as `select` and `subsel` say. Numbers of events are those of Linux's evdev.
 */
#include <assert.h>
#include <linux/input-event-codes.h>
#include <linux/virtio_input.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/virtio/virtio_input.h"

#define CONFIG_HEAD offsetof(struct virtio_input_config, u)
#define CONFIG_ROOM (VIRTIO_MAX_CONFIG - CONFIG_HEAD)
#define BUS_NUMBER  6 /* BUS_VIRTUAL */
#define VENDOR      0x0627

static const char *const vinput_names[] = {"QEMU Virtio Keyboard", "QEMU Virtio Mouse",
                                           "QEMU Virtio Tablet"};

static const uint16_t vinput_buttons[] = {BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA};
static_assert(G_N_ELEMENTS(vinput_buttons) == VINPUT_BUTTONS, "all of PointerEvent's");

uint16_t vinput_button_code(unsigned bit)
{
    return vinput_buttons[bit];
}

/* Up to 53h, F11 and F12 too, they are those of scan code set 1. */
static const struct {
    uint16_t set1, code;
} vinput_keys[] = {
    {0x54, KEY_SYSRQ},       {0x56, KEY_102ND},       {0x57, KEY_F11},       {0x58, KEY_F12},
    {0xe01c, KEY_KPENTER},   {0xe01d, KEY_RIGHTCTRL}, {0xe035, KEY_KPSLASH}, {0xe037, KEY_SYSRQ},
    {0xe038, KEY_RIGHTALT},  {0xe047, KEY_HOME},      {0xe048, KEY_UP},      {0xe049, KEY_PAGEUP},
    {0xe04b, KEY_LEFT},      {0xe04d, KEY_RIGHT},     {0xe04f, KEY_END},     {0xe050, KEY_DOWN},
    {0xe051, KEY_PAGEDOWN},  {0xe052, KEY_INSERT},    {0xe053, KEY_DELETE},  {0xe05b, KEY_LEFTMETA},
    {0xe05c, KEY_RIGHTMETA}, {0xe05d, KEY_COMPOSE},   {0xe11d, KEY_PAUSE},
};

uint16_t vinput_key_code(const Key *key)
{
    if (key->set1 < 0x54) {
        return key->set1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(vinput_keys); i++) {
        if (vinput_keys[i].set1 == key->set1) {
            return vinput_keys[i].code;
        }
    }
    return 0;
}

/* A bitmap as it grows. */
typedef struct {
    uint8_t *bytes;
    unsigned size;
} Bitmap;

static void bitmap_set(Bitmap *bitmap, unsigned bit)
{
    bitmap->bytes[bit / 8] |= (uint8_t)(1u << bit % 8);
    bitmap->size = MAX(bitmap->size, bit / 8 + 1);
}

static void keyboard_bits(unsigned type, Bitmap *bits)
{
    const Key *key;
    if (type == EV_REP) {
        bits->size = 1; /* keys that are held repeat, which the driver sees to */
    }
    for (unsigned led = LED_NUML; type == EV_LED && led <= LED_SCROLLL; led++) {
        bitmap_set(bits, led);
    }
    for (size_t i = 0; type == EV_KEY && (key = key_at(i)); i++) {
        bitmap_set(bits, vinput_key_code(key));
    }
}

static void pointer_bits(unsigned type, bool absolute, Bitmap *bits)
{
    for (unsigned i = 0; type == EV_KEY && i < VINPUT_BUTTONS; i++) {
        bitmap_set(bits, vinput_buttons[i]);
    }
    if (type == EV_REL) {
        bitmap_set(bits, REL_WHEEL);
    }
    if (type == (absolute ? EV_ABS : EV_REL)) {
        bitmap_set(bits, 0); /* X */
        bitmap_set(bits, 1); /* Y */
    }
}

static unsigned event_bits(const VirtioInput *s, unsigned type, uint8_t *out)
{
    Bitmap bits = {.bytes = out};
    VinputKind kind = vinput_kind(s);
    if (kind == VINPUT_KEYBOARD) {
        keyboard_bits(type, &bits);
    } else {
        pointer_bits(type, kind == VINPUT_TABLET, &bits);
    }
    return bits.size;
}

static unsigned text_bytes(const char *text, uint8_t *out)
{
    size_t len = text ? strnlen(text, CONFIG_ROOM) : 0;
    memcpy(out, text ? text : "", len);
    return (unsigned)len;
}

static unsigned device_ids(const VirtioInput *s, uint8_t *out)
{
    bytes_put16(out, BUS_NUMBER);
    bytes_put16(out + 2, VENDOR);
    bytes_put16(out + 4, (uint16_t)(vinput_kind(s) + 1));
    bytes_put16(out + 6, 1);
    return sizeof(struct virtio_input_devids);
}

static unsigned axis_range(const VirtioInput *s, unsigned axis, uint8_t *out)
{
    if (vinput_kind(s) != VINPUT_TABLET || axis > ABS_Y) {
        return 0;
    }
    bytes_put32(out + offsetof(struct virtio_input_absinfo, max), POINTER_MAX);
    return sizeof(struct virtio_input_absinfo);
}

void vinput_fill_config(VirtioInput *s)
{
    uint8_t *config = s->vp.virtio.config, *out = config + CONFIG_HEAD;
    unsigned subsel = config[offsetof(struct virtio_input_config, subsel)], size = 0;
    memset(out, 0, CONFIG_ROOM);
    switch (config[offsetof(struct virtio_input_config, select)]) {
    case VIRTIO_INPUT_CFG_ID_NAME:
        size = text_bytes(subsel ? NULL : vinput_names[vinput_kind(s)], out);
        break;
    case VIRTIO_INPUT_CFG_ID_SERIAL:
        size = text_bytes(subsel ? NULL : s->serial, out);
        break;
    case VIRTIO_INPUT_CFG_ID_DEVIDS:
        size = subsel ? 0 : device_ids(s, out);
        break;
    case VIRTIO_INPUT_CFG_EV_BITS:
        size = event_bits(s, subsel, out);
        break;
    case VIRTIO_INPUT_CFG_ABS_INFO:
        size = axis_range(s, subsel, out);
        break;
    default:
        break;
    }
    config[offsetof(struct virtio_input_config, size)] = (uint8_t)size;
}
