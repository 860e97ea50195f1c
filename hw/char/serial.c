/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isa-serial: a UART at one of the four places that a PC has for it, or elsewhere. */
#include "hw/char/serial.h"

#include "hw/char/uart.h"

typedef struct {
    Device dev;
    uint32_t index, iobase, irq;
    Uart uart;
    IrqOut irq_out;
} SerialState;

static const uint16_t default_iobase[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
static const uint8_t default_irq[] = {4, 3, 4, 3};

void serial_set_chardev(Device *dev, Chardev *chr)
{
    ((SerialState *)dev)->uart.chr = chr;
}

static void serial_set_irq(void *opaque, bool level)
{
    irq_set(&((SerialState *)opaque)->irq_out, level);
}

static bool serial_place(SerialState *s, GError **error)
{
    if (s->index >= G_N_ELEMENTS(default_iobase)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "isa-serial: index %u is not one of 0 to 3", s->index);
        return false;
    }
    s->iobase = s->iobase ? s->iobase : default_iobase[s->index];
    s->irq = s->irq ? s->irq : default_irq[s->index];
    return true;
}

static bool serial_realize(Device *dev, GError **error)
{
    SerialState *s = (SerialState *)dev;
    if (!serial_place(s, error) ||
        !uart_init(&s->uart, "serial", dev->platform->clock, serial_set_irq, s, error)) {
        return false;
    }
    device_add_irq_out(dev, "", &s->irq_out, 1);
    if (dev->platform->gsi) {
        irq_connect(&s->irq_out, &dev->platform->gsi[s->irq]);
    }
    as_add(dev->platform->ports, &s->uart.ports, s->iobase);
    return true;
}

static void serial_unrealize(Device *dev)
{
    SerialState *s = (SerialState *)dev;
    as_remove(dev->platform->ports, &s->uart.ports);
    uart_free(&s->uart);
}

static void serial_reset(Device *dev)
{
    uart_reset(&((SerialState *)dev)->uart);
}

static void serial_restored(Device *dev)
{
    uart_restored(&((SerialState *)dev)->uart);
}

static const PropInfo serial_props[] = {
    PROP(PROP_UINT32, "index", SerialState, index, "0", "which of the four PC ports"),
    PROP_RANGE(PROP_UINT32, "iobase", SerialState, iobase, NULL, 0, 0xfff8, "first I/O port"),
    PROP_RANGE(PROP_UINT32, "irq", SerialState, irq, NULL, 0, 15, "ISA interrupt"),
    PROP(PROP_CHARDEV, "chardev", SerialState, uart.chr, NULL, "the other end of the line"),
    PROP_END,
};

static const StateField serial_state[] = {
    STATE_STRUCTS(SerialState, uart, 1, Uart, uart_state),
    STATE_STRUCTS(SerialState, irq_out, 1, IrqOut, irq_out_state),
    STATE_END,
};

const DeviceClass serial_class = {
    .name = "isa-serial",
    .desc = "16550A UART",
    .bus = BUS_ISA,
    .category = DEVICE_INPUT,
    .user_creatable = true,
    .instance_size = sizeof(SerialState),
    .props = serial_props,
    .state = serial_state,
    .realize = serial_realize,
    .unrealize = serial_unrealize,
    .reset = serial_reset,
    .restored = serial_restored,
};
