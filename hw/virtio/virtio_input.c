/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-keyboard-pci, virtio-mouse-pci, virtio-tablet-pci (Virtio 1.1, 5.8): what is pressed and
 * moved as events of Linux's evdev, each in a buffer of the event queue; lights by the status
 * queue. From when a driver is there until it leaves they have the keys and the pointer. Events of
 * one press or move wait together for buffers; those that find no room are lost together.
 */
#include <linux/input-event-codes.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_input.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/core/backends.h"
#include "hw/virtio/virtio_devices.h"
#include "hw/virtio/virtio_input.h"

#define QUEUE_SIZE 64

enum { QUEUE_EVENTS, QUEUE_STATUS };

VinputKind vinput_kind(const VirtioInput *s)
{
    const DeviceClass *cls = s->vp.pci.dev.cls;
    return cls == &virtio_keyboard_class ? VINPUT_KEYBOARD
           : cls == &virtio_mouse_class  ? VINPUT_MOUSE
                                         : VINPUT_TABLET;
}

static bool write_event(VirtioDevice *v, const VirtRequest *req, const VinputEvent *event)
{
    uint8_t out[sizeof(struct virtio_input_event)];
    bytes_put16(out, event->type);
    bytes_put16(out + 2, event->code);
    bytes_put32(out + 4, event->value);
    return virt_request_write(req, &v->mem, 0, out, sizeof(out));
}

/* As many events as there are buffers for. */
static void deliver_events(VirtioInput *s)
{
    VirtioDevice *v = &s->vp.virtio;
    VirtRequest req;
    if (v->busy) {
        return;
    }
    v->busy = true;
    while (s->count > 0 && virtio_pop(v, QUEUE_EVENTS, &req)) {
        if (!write_event(v, &req, &s->waiting[s->first])) {
            virtio_fail(v, "input-event");
            break;
        }
        s->first = (s->first + 1) % VINPUT_WAITING;
        s->count--;
        virtio_push(v, QUEUE_EVENTS, &req, sizeof(struct virtio_input_event));
    }
    v->busy = false;
    virtio_publish(v, QUEUE_EVENTS);
}

/* Together with what says that they are all. False: they are lost. */
static bool tell_events(VirtioInput *s, const VinputEvent *events, unsigned count)
{
    VirtioDevice *v = &s->vp.virtio;
    if (!virtio_is_running(v) || !v->queues[QUEUE_EVENTS].enabled || count == 0 ||
        s->count + count + 1 > VINPUT_WAITING) {
        return false;
    }
    for (unsigned i = 0; i <= count; i++) {
        s->waiting[(s->first + s->count++) % VINPUT_WAITING] =
            i < count ? events[i] : (VinputEvent){EV_SYN, SYN_REPORT, 0};
    }
    deliver_events(s);
    return true;
}

static void vinput_key(void *opaque, const Key *key, bool down)
{
    tell_events(opaque, &(VinputEvent){EV_KEY, vinput_key_code(key), down}, 1);
}

static unsigned vinput_leds(void *opaque)
{
    return ((VirtioInput *)opaque)->leds;
}

static unsigned add_buttons(const VirtioInput *s, unsigned buttons, VinputEvent *events)
{
    unsigned count = 0, changed = buttons ^ s->buttons;
    for (unsigned i = 0; i < VINPUT_BUTTONS; i++) {
        if (changed >> i & 1) {
            events[count++] = (VinputEvent){EV_KEY, vinput_button_code(i), buttons >> i & 1};
        }
    }
    return count;
}

static void add_event(VinputEvent *events, unsigned *count, uint16_t type, uint16_t code, int value)
{
    events[(*count)++] = (VinputEvent){type, code, (uint32_t)value};
}

/* A wheel's events count upwards. */
static void vinput_pointer(void *opaque, const PointerEvent *event)
{
    VirtioInput *s = opaque;
    VinputEvent events[VINPUT_BUTTONS + 3];
    unsigned count = 0;
    if (vinput_kind(s) == VINPUT_TABLET) {
        if (event->x != s->x) {
            add_event(events, &count, EV_ABS, ABS_X, (int)event->x);
        }
        if (event->y != s->y) {
            add_event(events, &count, EV_ABS, ABS_Y, (int)event->y);
        }
    } else {
        if (event->dx) {
            add_event(events, &count, EV_REL, REL_X, event->dx);
        }
        if (event->dy) {
            add_event(events, &count, EV_REL, REL_Y, event->dy);
        }
    }
    if (event->dz) {
        add_event(events, &count, EV_REL, REL_WHEEL, -event->dz);
    }
    count += add_buttons(s, event->buttons, events + count);
    if (tell_events(s, events, count)) {
        s->x = event->x;
        s->y = event->y;
        s->buttons = (uint8_t)(event->buttons & ((1u << VINPUT_BUTTONS) - 1));
    }
}

static const KeyboardOps vinput_keyboard = {.key = vinput_key, .leds = vinput_leds};
static const PointerOps vinput_pointers[] = {
    [VINPUT_MOUSE] = {.name = "QEMU Virtio Mouse", .event = vinput_pointer},
    [VINPUT_TABLET] = {.name = "QEMU Virtio Tablet", .absolute = true, .event = vinput_pointer},
};

/* 5.8.6.2: the driver turns a light on or off. */
static uint32_t serve_status(void *opaque, unsigned n, const VirtRequest *req)
{
    static const uint8_t lights[] = {
        [LED_NUML] = KEYBOARD_NUM, [LED_CAPSL] = KEYBOARD_CAPS, [LED_SCROLLL] = KEYBOARD_SCROLL};
    VirtioInput *s = opaque;
    uint8_t in[sizeof(struct virtio_input_event)];
    if (virt_request_read(req, &s->vp.virtio.mem, 0, in, sizeof(in)) && bytes_get16(in) == EV_LED &&
        bytes_get16(in + 2) < G_N_ELEMENTS(lights)) {
        uint8_t light = lights[bytes_get16(in + 2)];
        s->leds = (uint8_t)((s->leds & ~light) | (bytes_get32(in + 4) ? light : 0));
    }
    return 0;
}

static void vinput_handle(void *opaque, unsigned n)
{
    VirtioInput *s = opaque;
    if (n == QUEUE_STATUS) {
        virtio_serve(&s->vp.virtio, n, serve_status);
    } else {
        deliver_events(s);
    }
}

static Display *vinput_display(const VirtioInput *s)
{
    return backends_display(s->vp.pci.dev.platform->backends);
}

static void vinput_started(void *opaque)
{
    VirtioInput *s = opaque;
    display_prefer(vinput_display(s), s, true);
}

static void vinput_reset(void *opaque)
{
    VirtioInput *s = opaque;
    display_prefer(vinput_display(s), s, false);
    memset(s->waiting, 0, sizeof(s->waiting));
    s->first = s->count = 0;
    s->leds = s->buttons = 0;
    s->x = s->y = 0;
    memset(s->vp.virtio.config, 0, sizeof(s->vp.virtio.config));
}

static void vinput_config_written(void *opaque)
{
    vinput_fill_config(opaque);
}

static const VirtioOps vinput_ops = {
    .device_id = VIRTIO_ID_INPUT,
    .handle = vinput_handle,
    .reset = vinput_reset,
    .config_written = vinput_config_written,
    .started = vinput_started,
};

static bool vinput_realize(Device *dev, GError **error)
{
    VirtioInput *s = (VirtioInput *)dev;
    VirtioDevice *v = &s->vp.virtio;
    VinputKind kind = vinput_kind(s);
    virtio_pci_init(&s->vp, &vinput_ops);
    v->config_size = VIRTIO_MAX_CONFIG;
    memset(v->config_writable, 0xff, offsetof(struct virtio_input_config, size));
    virtio_add_queue(v, QUEUE_SIZE);
    virtio_add_queue(v, QUEUE_SIZE);
    if (!virtio_pci_realize(&s->vp, error)) {
        return false;
    }
    if (kind == VINPUT_KEYBOARD) {
        display_attach_keyboard(vinput_display(s), &vinput_keyboard, s);
    } else {
        display_attach_pointer(vinput_display(s), &vinput_pointers[kind], s);
    }
    return true;
}

static void vinput_unrealize(Device *dev)
{
    display_detach(vinput_display((VirtioInput *)dev), dev);
    virtio_pci_unrealize(dev);
}

static void vinput_restored(Device *dev)
{
    VirtioInput *s = (VirtioInput *)dev;
    virtio_pci_restored(dev);
    display_prefer(vinput_display(s), s, virtio_is_running(&s->vp.virtio));
}

static const PropInfo vinput_props[] = {
    PROP(PROP_STRING, "serial", VirtioInput, serial, NULL, "what the driver is told as such"),
    VIRTIO_PCI_PROPS(VirtioInput, vp),
    PROP_END,
};

static const StateField vinput_event_state[] = {
    STATE_FIELD(STATE_UINT16, VinputEvent, type),
    STATE_FIELD(STATE_UINT16, VinputEvent, code),
    STATE_FIELD(STATE_UINT32, VinputEvent, value),
    STATE_END,
};

static const StateField vinput_state[] = {
    VIRTIO_PCI_STATE,
    STATE_STRUCTS(VirtioInput, waiting, VINPUT_WAITING, VinputEvent, vinput_event_state),
    STATE_FIELD_MAX(STATE_UINT32, VirtioInput, first, VINPUT_WAITING - 1),
    STATE_FIELD_MAX(STATE_UINT32, VirtioInput, count, VINPUT_WAITING),
    STATE_FIELD_MAX(STATE_UINT8, VirtioInput, leds, 7),
    STATE_FIELD_MAX(STATE_UINT8, VirtioInput, buttons, 0x1f),
    STATE_FIELD(STATE_UINT32, VirtioInput, x),
    STATE_FIELD(STATE_UINT32, VirtioInput, y),
    STATE_END,
};

#define VINPUT_PCI(class_code_)                                                                    \
    {                                                                                              \
        .ids.vendor_id = VIRTIO_PCI_VENDOR, .ids.class_code = class_code_, .interrupt_pin = 1,     \
        .config_reading = virtio_pci_config_reading, .config_written = virtio_pci_config_written,  \
    }
static const PciDeviceClass vinput_keyboard_pci = VINPUT_PCI(0x090000);
static const PciDeviceClass vinput_mouse_pci = VINPUT_PCI(0x090200);
static const PciDeviceClass vinput_tablet_pci = VINPUT_PCI(0x098000);

#define VINPUT_CLASS(what_, desc_)                                                                 \
    {                                                                                              \
        .name = "virtio-" #what_ "-pci", .alias = "virtio-" #what_, .desc = desc_, .bus = BUS_PCI, \
        .category = DEVICE_INPUT, .user_creatable = true, .instance_size = sizeof(VirtioInput),    \
        .props = vinput_props, .bus_props = pci_bus_props, .bus_class = &vinput_##what_##_pci,     \
        .state = vinput_state, .realize = vinput_realize, .unrealize = vinput_unrealize,           \
        .reset = virtio_pci_reset, .restored = vinput_restored,                                    \
    }
const DeviceClass virtio_keyboard_class = VINPUT_CLASS(keyboard, "Virtio keyboard");
const DeviceClass virtio_mouse_class = VINPUT_CLASS(mouse, "Virtio mouse, which is moved");
const DeviceClass virtio_tablet_class = VINPUT_CLASS(tablet, "Virtio tablet, an absolute pointer");
