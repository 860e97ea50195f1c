/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8042 keyboard and auxiliary device controller, as in the IBM PS/2 Hardware Interface Technical
 * Reference ("Keyboard and Auxiliary Device Controller"), with a keyboard that reports
 * keys in scan code set 1 or 2, and a three-byte mouse that answers its commands and never moves.
 * A key that comes while the controller has the keyboard disabled is lost.
 */
#include "hw/input/i8042.h"

#include "base/runstate.h"
#include "display/display.h"
#include "hw/core/backends.h"
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

#define PS2_ACK    0xfa
#define PS2_RESEND 0xfe
#define PS2_BAT_OK 0xaa

#define QUEUE_SIZE 64

typedef struct {
    Device dev;
    MemRegion data, status;
    IrqOut irq[2]; /* keyboard, aux */
    uint8_t ctr, outport, command, kbd_command, aux_command;
    bool last_was_command;
    uint8_t sample_rate, resolution;
    bool reporting;
    uint8_t kbd_set; /* 1 or 2 */
    bool kbd_scans;
    /* Bytes for the guest, oldest first; what does not fit is lost, as with a real overrun. */
    uint8_t queue[QUEUE_SIZE], from_aux[QUEUE_SIZE];
    uint32_t head, count;
} I8042State;

static void i8042_update_irq(I8042State *s)
{
    bool full = s->count > 0, aux = full && s->from_aux[s->head];
    irq_set(&s->irq[0], full && !aux && (s->ctr & CTR_KBD_INT));
    irq_set(&s->irq[1], aux && (s->ctr & CTR_AUX_INT));
}

static void i8042_put(I8042State *s, bool aux, uint8_t byte)
{
    if (s->count < QUEUE_SIZE) {
        uint32_t at = (s->head + s->count++) % QUEUE_SIZE;
        s->queue[at] = byte;
        s->from_aux[at] = aux;
    }
}

static void i8042_put_all(I8042State *s, bool aux, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        i8042_put(s, aux, bytes[i]);
    }
}
#define PUT(s_, aux_, ...)                                                                         \
    i8042_put_all(s_, aux_, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void i8042_write_outport(I8042State *s, uint8_t value)
{
    s->outport = value;
    a20_gate_drive(s->dev.platform->a20, A20_KEYBOARD, value & OUTPORT_A20);
    if (!(value & OUTPORT_RESET_N)) {
        runstate_request_reset(s->dev.platform->runstate, CAUSE_GUEST_RESET);
    }
}

/* The byte as the controller hands it on: in set 1 where it translates. */
static uint8_t translated_id(const I8042State *s, uint8_t plain, uint8_t translated)
{
    return s->ctr & CTR_XLATE ? translated : plain;
}

static void kbd_defaults(I8042State *s)
{
    s->kbd_set = 2;
    s->kbd_scans = true;
}

static void kbd_choose_set(I8042State *s, uint8_t set)
{
    if (set == 0) {
        bool first = s->kbd_set == 1;
        PUT(s, false, PS2_ACK, translated_id(s, s->kbd_set, first ? 0x43 : 0x41));
    } else if (set <= 2) {
        s->kbd_set = set;
        PUT(s, false, PS2_ACK);
    } else {
        PUT(s, false, PS2_RESEND);
    }
}

/* A code with E0h or E1h in front. */
static void put_code(I8042State *s, uint16_t code, bool breaks, bool set1)
{
    if (code >> 8) {
        i8042_put(s, false, (uint8_t)(code >> 8));
    }
    if (breaks && !set1) {
        i8042_put(s, false, 0xf0);
    }
    i8042_put(s, false, (uint8_t)(code | (breaks && set1 ? 0x80 : 0)));
}

/* It goes down and up at once. */
static void put_pause(I8042State *s, bool set1)
{
    if (set1) {
        PUT(s, false, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    } else {
        PUT(s, false, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    }
}

static void i8042_key(void *opaque, const Key *key, bool down)
{
    I8042State *s = opaque;
    bool set1 = s->kbd_set == 1 || (s->ctr & CTR_XLATE);
    if (!s->kbd_scans || (s->ctr & CTR_KBD_DIS)) {
        return;
    }
    if (key->set1 >> 8 == 0xe1) {
        if (down) {
            put_pause(s, set1);
        }
    } else {
        put_code(s, set1 ? key->set1 : key->set2, !down, set1);
    }
    i8042_update_irq(s);
}

static const KeyboardOps keyboard_ops = {.key = i8042_key};

/* Keyboard commands (the same reference, "Keyboards"). */
static void kbd_write(I8042State *s, uint8_t byte)
{
    uint8_t pending = s->kbd_command;
    s->kbd_command = 0;
    if (pending == 0xf0) {
        kbd_choose_set(s, byte);
        return;
    }
    if (pending) {
        PUT(s, false, PS2_ACK);
        return;
    }
    switch (byte) {
    case 0xed: /* LEDs */
    case 0xf0: /* scan code set */
    case 0xf3: /* typematic */
        s->kbd_command = byte;
        PUT(s, false, PS2_ACK);
        break;
    case 0xee:
        PUT(s, false, 0xee);
        break;
    case 0xf2:
        /* With translation on, the second id byte arrives translated. */
        PUT(s, false, PS2_ACK, 0xab, translated_id(s, 0x83, 0x41));
        break;
    case 0xf4:
    case 0xf5:
    case 0xf6:
        kbd_defaults(s);
        s->kbd_scans = byte != 0xf5;
        PUT(s, false, PS2_ACK);
        break;
    case 0xf7 ... 0xfa:
        PUT(s, false, PS2_ACK);
        break;
    case 0xff:
        kbd_defaults(s);
        PUT(s, false, PS2_ACK, PS2_BAT_OK);
        break;
    default:
        PUT(s, false, PS2_RESEND);
        break;
    }
}

static void aux_defaults(I8042State *s)
{
    s->sample_rate = 100;
    s->resolution = 2;
    s->reporting = false;
}

static void aux_argument(I8042State *s, uint8_t command, uint8_t byte)
{
    if (command == 0xf3) {
        s->sample_rate = byte;
    } else {
        s->resolution = byte;
    }
    PUT(s, true, PS2_ACK);
}

static void aux_write(I8042State *s, uint8_t byte)
{
    uint8_t pending = s->aux_command;
    s->aux_command = 0;
    if (pending) {
        aux_argument(s, pending, byte);
        return;
    }
    switch (byte) {
    case 0xe8: /* resolution */
    case 0xf3: /* sample rate */
        s->aux_command = byte;
        PUT(s, true, PS2_ACK);
        break;
    case 0xe9:
        PUT(s, true, PS2_ACK, s->reporting ? 0x20 : 0, s->resolution, s->sample_rate);
        break;
    case 0xeb: /* read data: nothing moved */
        PUT(s, true, PS2_ACK, 0x08, 0, 0);
        break;
    case 0xf2:
        PUT(s, true, PS2_ACK, 0x00);
        break;
    case 0xf4:
    case 0xf5:
        s->reporting = byte == 0xf4;
        PUT(s, true, PS2_ACK);
        break;
    case 0xe6:
    case 0xe7:
    case 0xea:
    case 0xee:
    case 0xf0:
        PUT(s, true, PS2_ACK);
        break;
    case 0xf6:
        aux_defaults(s);
        PUT(s, true, PS2_ACK);
        break;
    case 0xff:
        aux_defaults(s);
        PUT(s, true, PS2_ACK, PS2_BAT_OK, 0x00);
        break;
    default:
        PUT(s, true, PS2_RESEND);
        break;
    }
}

/* A command to the controller that needs no argument. */
static void i8042_run_command(I8042State *s, uint8_t command)
{
    switch (command) {
    case 0x20:
        PUT(s, false, s->ctr);
        break;
    case 0xa7:
        s->ctr |= CTR_AUX_DIS;
        break;
    case 0xa8:
        s->ctr &= ~CTR_AUX_DIS;
        break;
    case 0xa9: /* interface tests: no error */
    case 0xab:
        PUT(s, false, 0x00);
        break;
    case 0xaa:
        s->ctr |= CTR_SYS;
        PUT(s, false, 0x55);
        break;
    case 0xad:
        s->ctr |= CTR_KBD_DIS;
        break;
    case 0xae:
        s->ctr &= ~CTR_KBD_DIS;
        break;
    case 0xc0:
        PUT(s, false, 0x80); /* input port: keyboard not locked */
        break;
    case 0xd0:
        PUT(s, false, s->outport);
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
    i8042_update_irq(s);
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
        i8042_put(s, false, byte);
        break;
    case 0xd3:
        i8042_put(s, true, byte);
        break;
    default: /* D4h */
        s->ctr &= ~CTR_AUX_DIS;
        aux_write(s, byte);
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
        kbd_write(s, (uint8_t)value);
    }
    i8042_update_irq(s);
}

static uint64_t i8042_read_status(void *opaque, uint64_t offset, unsigned size)
{
    const I8042State *s = opaque;
    uint8_t full = s->count > 0 ? STATUS_OBF : 0;
    uint8_t aux = s->count > 0 && s->from_aux[s->head] ? STATUS_AUX_OBF : 0;
    return full | aux | STATUS_UNLOCK | ((s->ctr & CTR_SYS) ? STATUS_SYS : 0) |
           (s->last_was_command ? STATUS_CMD : 0);
}

/* An empty buffer reads as the last byte again. */
static uint64_t i8042_read_data(void *opaque, uint64_t offset, unsigned size)
{
    I8042State *s = opaque;
    uint8_t byte = s->queue[s->head];
    if (s->count == 0) {
        return s->queue[(s->head + QUEUE_SIZE - 1) % QUEUE_SIZE];
    }
    s->head = (s->head + 1) % QUEUE_SIZE;
    s->count--;
    /* The next byte is a new edge. */
    irq_set(&s->irq[0], false);
    irq_set(&s->irq[1], false);
    i8042_update_irq(s);
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
    s->command = s->kbd_command = s->aux_command = 0;
    s->last_was_command = false;
    s->head = s->count = 0;
    aux_defaults(s);
    kbd_defaults(s);
    i8042_update_irq(s);
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
    s->head %= QUEUE_SIZE;
    s->count = MIN(s->count, QUEUE_SIZE);
    a20_gate_drive(dev->platform->a20, A20_KEYBOARD, s->outport & OUTPORT_A20);
    i8042_update_irq(s);
}

static const StateField i8042_state[] = {
    STATE_FIELD(STATE_UINT8, I8042State, ctr),
    STATE_FIELD(STATE_UINT8, I8042State, outport),
    STATE_FIELD(STATE_UINT8, I8042State, command),
    STATE_FIELD(STATE_UINT8, I8042State, kbd_command),
    STATE_FIELD(STATE_UINT8, I8042State, aux_command),
    STATE_FIELD(STATE_UINT8, I8042State, last_was_command),
    STATE_FIELD(STATE_UINT8, I8042State, sample_rate),
    STATE_FIELD(STATE_UINT8, I8042State, resolution),
    STATE_FIELD(STATE_UINT8, I8042State, reporting),
    STATE_FIELD_MAX(STATE_UINT8, I8042State, kbd_set, 2),
    STATE_FIELD(STATE_UINT8, I8042State, kbd_scans),
    STATE_ARRAY(STATE_UINT8, I8042State, queue, QUEUE_SIZE),
    STATE_ARRAY(STATE_UINT8, I8042State, from_aux, QUEUE_SIZE),
    STATE_FIELD(STATE_UINT32, I8042State, head),
    STATE_FIELD(STATE_UINT32, I8042State, count),
    STATE_STRUCTS(I8042State, irq, 2, IrqOut, irq_out_state),
    STATE_END,
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
