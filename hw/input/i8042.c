/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8042 keyboard and auxiliary device controller, as in the IBM PS/2 Hardware Interface Technical
 * Reference ("Keyboard and Auxiliary Device Controller"). Its output buffer holds one byte; what
 * its devices have more to say waits in them, also while the controller keeps them off. What comes
 * from the keyboard is translated from scan code set 2 to set 1 on its way, if the guest has it so.
 */
#include "hw/input/i8042.h"

#include "base/runstate.h"
#include "hw/core/backends.h"
#include "hw/input/ps2.h"
#include "hw/isa/a20.h"

#define I8042_PORT_DATA   0x60
#define I8042_PORT_STATUS 0x64
#define I8042_IRQ_KBD     1
#define I8042_IRQ_AUX     12

#define STATUS_OBF     0x01u
#define STATUS_SYS     0x04u
#define STATUS_CMD     0x08u
#define STATUS_UNLOCK  0x10u
#define STATUS_AUX_OBF 0x20u

#define CTR_KBD_INT 0x01u
#define CTR_AUX_INT 0x02u
#define CTR_SYS     0x04u
#define CTR_KBD_DIS 0x10u
#define CTR_AUX_DIS 0x20u
#define CTR_XLATE   0x40u

#define OUTPORT_RESET_N 0x01u
#define OUTPORT_A20     0x02u

typedef struct {
    Device dev;
    MemRegion data, status;
    IrqOut irq[2]; /* keyboard, aux */
    uint8_t ctr, outport, command;
    bool last_was_command;
    uint8_t buffer; /* the last byte, also when it has been read */
    bool full, from_aux;
    Ps2Queue own[2]; /* the controller's own answers, as from the keyboard and as from the mouse */
    Ps2Keyboard keyboard;
    Ps2Mouse mouse;
} I8042State;

/* What the keyboard says in set 2, in set 1: the controller's table. Codes above 84h stay. */
static const uint8_t translation[] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
    0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
    0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
    0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
    0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
    0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
    0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
    0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
    0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
};

/* What the keyboard has for the guest; F0h, where it is translated, is not told but heeded. */
static bool take_from_keyboard(I8042State *s, uint8_t *byte)
{
    uint8_t breaks = 0;
    while (!(s->ctr & CTR_KBD_DIS) && ps2_take(&s->keyboard.out, byte)) {
        if (!(s->ctr & CTR_XLATE)) {
            return true;
        }
        if (*byte != 0xf0) {
            *byte = (*byte < sizeof(translation) ? translation[*byte] : *byte) | breaks;
            return true;
        }
        breaks = 0x80;
    }
    return false;
}

static bool take_from_mouse(I8042State *s, uint8_t *byte)
{
    return !(s->ctr & CTR_AUX_DIS) && ps2_mouse_take(&s->mouse, byte);
}

/* Fills the output buffer, if it is empty. */
static void i8042_pull(I8042State *s)
{
    uint8_t byte;
    if (s->full) {
        return;
    }
    if (ps2_take(&s->own[0], &byte) || take_from_keyboard(s, &byte)) {
        s->from_aux = false;
    } else if (ps2_take(&s->own[1], &byte) || take_from_mouse(s, &byte)) {
        s->from_aux = true;
    } else {
        return;
    }
    s->buffer = byte;
    s->full = true;
}

static void i8042_update(I8042State *s)
{
    i8042_pull(s);
    irq_set(&s->irq[0], s->full && !s->from_aux && (s->ctr & CTR_KBD_INT));
    irq_set(&s->irq[1], s->full && s->from_aux && (s->ctr & CTR_AUX_INT));
}

static void i8042_answer(I8042State *s, bool aux, uint8_t byte)
{
    ps2_reply_more(&s->own[aux], &byte, 1);
}

static void i8042_key(void *opaque, const Key *key, bool down)
{
    I8042State *s = opaque;
    ps2_keyboard_key(&s->keyboard, key, down);
    i8042_update(s);
}

/* ED's bits are scroll, num and caps lock. */
static unsigned i8042_leds(void *opaque)
{
    const I8042State *s = opaque;
    unsigned leds = s->keyboard.leds;
    return (leds & 2 ? KEYBOARD_NUM : 0) | (leds & 4 ? KEYBOARD_CAPS : 0) |
           (leds & 1 ? KEYBOARD_SCROLL : 0);
}

static const KeyboardOps keyboard_ops = {.key = i8042_key, .leds = i8042_leds};

static void i8042_pointer(void *opaque, const PointerEvent *event)
{
    I8042State *s = opaque;
    ps2_mouse_pointer(&s->mouse, event);
    i8042_update(s);
}

static const PointerOps pointer_ops = {.name = "QEMU PS/2 Mouse", .event = i8042_pointer};

static void i8042_write_outport(I8042State *s, uint8_t value)
{
    s->outport = value;
    a20_gate_drive(s->dev.platform->a20, A20_KEYBOARD, value & OUTPORT_A20);
    if (!(value & OUTPORT_RESET_N)) {
        runstate_request_reset(s->dev.platform->runstate, CAUSE_GUEST_RESET);
    }
}

/* A command to the controller that needs no argument. */
static void i8042_run_command(I8042State *s, uint8_t command)
{
    switch (command) {
    case 0x20:
        i8042_answer(s, false, s->ctr);
        break;
    case 0xa7:
        s->ctr |= CTR_AUX_DIS;
        break;
    case 0xa8:
        s->ctr &= ~CTR_AUX_DIS;
        break;
    case 0xa9: /* interface tests: no error */
    case 0xab:
        i8042_answer(s, false, 0x00);
        break;
    case 0xaa:
        s->ctr |= CTR_SYS;
        i8042_answer(s, false, 0x55);
        break;
    case 0xad:
        s->ctr |= CTR_KBD_DIS;
        break;
    case 0xae:
        s->ctr &= ~CTR_KBD_DIS;
        break;
    case 0xc0:
        i8042_answer(s, false, 0x80); /* input port: keyboard not locked */
        break;
    case 0xd0:
        i8042_answer(s, false, s->outport);
        break;
    case 0xdd:
        i8042_write_outport(s, s->outport & ~OUTPORT_A20);
        break;
    case 0xdf:
        i8042_write_outport(s, s->outport | OUTPORT_A20);
        break;
    case 0xf0 ... 0xff: /* pulse output lines that are 0; line 0 is reset */
        if (!(command & 1)) {
            runstate_request_reset(s->dev.platform->runstate, CAUSE_GUEST_RESET);
        }
        break;
    default:
        trace_event(s->dev.platform->trace, TRACE_GUEST_ERRORS, "i8042_command unknown=0x%02x",
                    command);
        break;
    }
}

static bool i8042_takes_argument(uint8_t command)
{
    return command == 0x60 || (command >= 0xd1 && command <= 0xd4);
}

static void i8042_write_command(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    I8042State *s = opaque;
    s->last_was_command = true;
    s->command = 0;
    if (i8042_takes_argument((uint8_t)value)) {
        s->command = (uint8_t)value;
    } else {
        i8042_run_command(s, (uint8_t)value);
    }
    i8042_update(s);
}

static void i8042_write_argument(I8042State *s, uint8_t command, uint8_t byte)
{
    switch (command) {
    case 0x60:
        s->ctr = byte;
        break;
    case 0xd1:
        i8042_write_outport(s, byte);
        break;
    case 0xd2:
        i8042_answer(s, false, byte);
        break;
    case 0xd3:
        i8042_answer(s, true, byte);
        break;
    default: /* D4h */
        s->ctr &= ~CTR_AUX_DIS;
        ps2_mouse_write(&s->mouse, byte);
        break;
    }
}

static void i8042_write_data(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    I8042State *s = opaque;
    uint8_t command = s->command;
    s->last_was_command = false;
    s->command = 0;
    if (command) {
        i8042_write_argument(s, command, (uint8_t)value);
    } else {
        s->ctr &= ~CTR_KBD_DIS;
        ps2_keyboard_write(&s->keyboard, (uint8_t)value);
    }
    i8042_update(s);
}

static uint64_t i8042_read_status(void *opaque, uint64_t offset, unsigned size)
{
    const I8042State *s = opaque;
    return (s->full ? STATUS_OBF | (s->from_aux ? STATUS_AUX_OBF : 0) : 0) | STATUS_UNLOCK |
           ((s->ctr & CTR_SYS) ? STATUS_SYS : 0) | (s->last_was_command ? STATUS_CMD : 0);
}

/* An empty buffer reads as the last byte again. */
static uint64_t i8042_read_data(void *opaque, uint64_t offset, unsigned size)
{
    I8042State *s = opaque;
    uint8_t byte = s->buffer;
    s->full = false;
    /* The next byte is a new edge. */
    irq_set(&s->irq[0], false);
    irq_set(&s->irq[1], false);
    i8042_update(s);
    return byte;
}

static const MemOps data_ops = {
    .read = i8042_read_data, .write = i8042_write_data, .min_size = 1, .max_size = 1};
static const MemOps status_ops = {
    .read = i8042_read_status, .write = i8042_write_command, .min_size = 1, .max_size = 1};

static void i8042_reset(Device *dev)
{
    I8042State *s = (I8042State *)dev;
    s->ctr = CTR_KBD_INT | CTR_AUX_INT | CTR_SYS | CTR_XLATE; /* as firmware leaves it */
    i8042_write_outport(s, OUTPORT_RESET_N | OUTPORT_A20 | 0xcc);
    s->command = s->buffer = 0;
    s->last_was_command = s->full = s->from_aux = false;
    ps2_queue_clear(&s->own[0]);
    ps2_queue_clear(&s->own[1]);
    ps2_keyboard_reset(&s->keyboard);
    s->mouse.buttons = 0;
    ps2_mouse_reset(&s->mouse);
    i8042_update(s);
}

static bool i8042_realize(Device *dev, GError **error)
{
    I8042State *s = (I8042State *)dev;
    device_add_irq_out(dev, "", s->irq, 2);
    if (dev->platform->gsi) {
        irq_connect(&s->irq[0], &dev->platform->gsi[I8042_IRQ_KBD]);
        irq_connect(&s->irq[1], &dev->platform->gsi[I8042_IRQ_AUX]);
    }
    s->data =
        (MemRegion){.name = "i8042-data", .size = 1, .kind = MEM_IO, .ops = &data_ops, .opaque = s};
    s->status = (MemRegion){
        .name = "i8042-status", .size = 1, .kind = MEM_IO, .ops = &status_ops, .opaque = s};
    as_add(dev->platform->ports, &s->data, I8042_PORT_DATA);
    as_add(dev->platform->ports, &s->status, I8042_PORT_STATUS);
    display_attach_keyboard(backends_display(dev->platform->backends), &keyboard_ops, s);
    display_attach_pointer(backends_display(dev->platform->backends), &pointer_ops, s);
    return true;
}

static void i8042_unrealize(Device *dev)
{
    I8042State *s = (I8042State *)dev;
    as_remove(dev->platform->ports, &s->data);
    as_remove(dev->platform->ports, &s->status);
    display_detach(backends_display(dev->platform->backends), s);
}

static void i8042_restored(Device *dev)
{
    I8042State *s = (I8042State *)dev;
    ps2_queue_restored(&s->own[0]);
    ps2_queue_restored(&s->own[1]);
    ps2_queue_restored(&s->keyboard.out);
    ps2_queue_restored(&s->mouse.out);
    a20_gate_drive(dev->platform->a20, A20_KEYBOARD, s->outport & OUTPORT_A20);
    i8042_update(s);
}

static const StateField i8042_state[] = {
    STATE_FIELD(STATE_UINT8, I8042State, ctr),
    STATE_FIELD(STATE_UINT8, I8042State, outport),
    STATE_FIELD(STATE_UINT8, I8042State, command),
    STATE_FIELD(STATE_UINT8, I8042State, last_was_command),
    STATE_FIELD(STATE_UINT8, I8042State, buffer),
    STATE_FIELD(STATE_UINT8, I8042State, full),
    STATE_FIELD(STATE_UINT8, I8042State, from_aux),
    STATE_STRUCTS(I8042State, own, 2, Ps2Queue, ps2_queue_state),
    STATE_STRUCTS(I8042State, keyboard, 1, Ps2Keyboard, ps2_keyboard_state),
    STATE_STRUCTS(I8042State, mouse, 1, Ps2Mouse, ps2_mouse_state),
    STATE_STRUCTS(I8042State, irq, 2, IrqOut, irq_out_state),
    STATE_END_SINCE(1),
};

const DeviceClass i8042_class = {
    .name = "i8042",
    .desc = "8042 keyboard controller",
    .instance_size = sizeof(I8042State),
    .state = i8042_state,
    .realize = i8042_realize,
    .unrealize = i8042_unrealize,
    .reset = i8042_reset,
    .restored = i8042_restored,
};
