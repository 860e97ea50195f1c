/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16550A UART with FIFOs (TI PC16550D data sheet, sections 6 to 8).
 *
 * A byte written to THR leaves for the host at once, whatever the divisor says, so the transmitter
 * is empty again before the next instruction and its interrupt is pending as soon as it is enabled.
 * Received bytes wait in the FIFO; below the trigger level the character time-out tells the guest
 * of them, after four character times. Left out: framing and parity errors (the host has none) and
 * the sending of break.
 */
#include "hw/char/serial.h"

#include <string.h>

#define SERIAL_PORTS     8
#define SERIAL_FIFO_SIZE 16
#define SERIAL_CLOCK_HZ  1843200ull
/* A time-out is never shorter than this, so that a zero divisor makes no busy timer. */
#define SERIAL_MIN_TIMEOUT (100 * NS_PER_US)

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };

#define IER_RDI  0x01u
#define IER_THRI 0x02u
#define IER_RLSI 0x04u
#define IER_MSI  0x08u
#define IER_MASK 0x0fu

#define IIR_NO_INT  0x01u
#define IIR_MSI     0x00u
#define IIR_THRI    0x02u
#define IIR_RDI     0x04u
#define IIR_RLSI    0x06u
#define IIR_CTI     0x0cu
#define IIR_FIFO_ON 0xc0u

#define FCR_ENABLE        0x01u
#define FCR_CLEAR_RX      0x02u
#define FCR_CLEAR_TX      0x04u
#define FCR_TRIGGER_SHIFT 6
#define FCR_KEPT          0xc9u

#define LCR_DLAB 0x80u

#define MCR_DTR  0x01u
#define MCR_RTS  0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u
#define MCR_MASK 0x1fu

#define LSR_DR     0x01u
#define LSR_OE     0x02u
#define LSR_BI     0x10u
#define LSR_THRE   0x20u
#define LSR_TEMT   0x40u
#define LSR_ERRORS 0x1eu

#define MSR_DCTS        0x01u
#define MSR_DDSR        0x02u
#define MSR_TERI        0x04u
#define MSR_DDCD        0x08u
#define MSR_CTS         0x10u
#define MSR_DSR         0x20u
#define MSR_RI          0x40u
#define MSR_DCD         0x80u
#define MSR_DELTAS      0x0fu
#define MSR_LINES_SHIFT 4

typedef struct {
    Device dev;
    uint32_t index, iobase, irq;
    Chardev *chr;
    MemRegion ports;
    IrqOut irq_out;
    Timer timeout;
    uint8_t ier, lcr, mcr, lsr, msr, scr, fcr, rbr;
    uint16_t divisor;
    uint8_t fifo[SERIAL_FIFO_SIZE];
    uint32_t fifo_head, fifo_count;
    bool thr_pending;     /* THRE interrupt not yet seen */
    bool timeout_pending; /* character time-out */
    bool carrier;         /* someone is at the other end */
} SerialState;

static const uint16_t default_iobase[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
static const uint8_t default_irq[] = {4, 3, 4, 3};

static bool serial_fifo_on(const SerialState *s)
{
    return s->fcr & FCR_ENABLE;
}

static uint32_t serial_trigger_level(const SerialState *s)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    return serial_fifo_on(s) ? levels[s->fcr >> FCR_TRIGGER_SHIFT] : 1;
}

/* The highest of the pending and enabled interrupts (table III of the data sheet). */
static uint8_t serial_pending(const SerialState *s)
{
    if ((s->ier & IER_RLSI) && (s->lsr & LSR_ERRORS)) {
        return IIR_RLSI;
    }
    if ((s->ier & IER_RDI) && s->fifo_count >= serial_trigger_level(s)) {
        return IIR_RDI;
    }
    if ((s->ier & IER_RDI) && s->timeout_pending) {
        return IIR_CTI;
    }
    if ((s->ier & IER_THRI) && s->thr_pending) {
        return IIR_THRI;
    }
    if ((s->ier & IER_MSI) && (s->msr & MSR_DELTAS)) {
        return IIR_MSI;
    }
    return IIR_NO_INT;
}

/* On a PC OUT2 gates the interrupt line; in loopback the outputs are off. */
static void serial_update_irq(SerialState *s)
{
    bool gate = (s->mcr & MCR_OUT2) && !(s->mcr & MCR_LOOP);
    irq_set(&s->irq_out, gate && serial_pending(s) != IIR_NO_INT);
}

static int64_t serial_char_time(const SerialState *s)
{
    unsigned bits = 1 + 5 + (s->lcr & 3) + ((s->lcr & 8) ? 1 : 0) + ((s->lcr & 4) ? 2 : 1);
    return (int64_t)muldiv64((uint64_t)bits * 16 * s->divisor, NS_PER_SEC, SERIAL_CLOCK_HZ);
}

static void serial_start_timeout(SerialState *s)
{
    s->timeout_pending = false;
    if (s->fifo_count == 0 || !serial_fifo_on(s)) {
        timer_cancel(&s->timeout);
        return;
    }
    int64_t four_chars = 4 * serial_char_time(s), wait = MAX(four_chars, SERIAL_MIN_TIMEOUT);
    timer_arm(&s->timeout, clock_now(s->dev.platform->clock) + wait);
}

static void serial_timed_out(void *opaque)
{
    SerialState *s = opaque;
    s->timeout_pending = s->fifo_count > 0;
    serial_update_irq(s);
}

static uint32_t serial_capacity(const SerialState *s)
{
    return serial_fifo_on(s) ? SERIAL_FIFO_SIZE : 1;
}

/* A byte arrives from the line or from loopback. */
static void serial_receive_byte(SerialState *s, uint8_t byte)
{
    if (s->fifo_count >= serial_capacity(s)) {
        s->lsr |= LSR_OE;
        return;
    }
    s->fifo[(s->fifo_head + s->fifo_count++) % SERIAL_FIFO_SIZE] = byte;
    s->lsr |= LSR_DR;
}

static void serial_clear_rx(SerialState *s)
{
    s->fifo_head = 0;
    s->fifo_count = 0;
    s->lsr &= ~(LSR_DR | LSR_BI);
    serial_start_timeout(s);
}

static uint8_t serial_read_rbr(SerialState *s)
{
    if (s->fifo_count > 0) {
        s->rbr = s->fifo[s->fifo_head];
        s->fifo_head = (s->fifo_head + 1) % SERIAL_FIFO_SIZE;
        s->fifo_count--;
    }
    if (s->fifo_count == 0) {
        s->lsr &= ~LSR_DR;
    }
    serial_start_timeout(s);
    serial_update_irq(s);
    if (s->chr && !(s->mcr & MCR_LOOP) && s->fifo_count == 0) {
        chr_accept_input(s->chr);
    }
    return s->rbr;
}

static void serial_write_thr(SerialState *s, uint8_t byte)
{
    if (s->mcr & MCR_LOOP) {
        serial_receive_byte(s, byte);
        serial_start_timeout(s);
    } else if (s->chr) {
        chr_write(s->chr, &byte, 1);
    }
    s->thr_pending = true;
    serial_update_irq(s);
}

static uint8_t serial_read_iir(SerialState *s)
{
    uint8_t id = serial_pending(s);
    if (id == IIR_THRI) {
        s->thr_pending = false;
        serial_update_irq(s);
    }
    return id | (serial_fifo_on(s) ? IIR_FIFO_ON : 0);
}

static uint8_t serial_read_lsr(SerialState *s)
{
    uint8_t value = s->lsr;
    s->lsr &= ~LSR_ERRORS;
    serial_update_irq(s);
    return value;
}

/* The modem lines as MSR shows them: looped back from MCR, or from the other end. */
static uint8_t serial_modem_lines(const SerialState *s)
{
    if (s->mcr & MCR_LOOP) {
        return ((s->mcr & MCR_RTS) ? MSR_CTS : 0) | ((s->mcr & MCR_DTR) ? MSR_DSR : 0) |
               ((s->mcr & MCR_OUT1) ? MSR_RI : 0) | ((s->mcr & MCR_OUT2) ? MSR_DCD : 0);
    }
    return s->carrier ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
}

static void serial_update_modem(SerialState *s)
{
    uint8_t old = s->msr & ~MSR_DELTAS;
    uint8_t now = serial_modem_lines(s);
    uint8_t delta = (old ^ now) >> MSR_LINES_SHIFT;
    if (!(old & MSR_RI) || (now & MSR_RI)) {
        delta &= ~MSR_TERI; /* only the trailing edge of RI counts */
    }
    s->msr = now | (s->msr & MSR_DELTAS) | delta;
}

static uint8_t serial_read_msr(SerialState *s)
{
    uint8_t value = s->msr;
    s->msr &= ~MSR_DELTAS;
    serial_update_irq(s);
    return value;
}

static void serial_write_ier(SerialState *s, uint8_t value)
{
    uint8_t turned_on = value & ~s->ier;
    s->ier = value & IER_MASK;
    if (turned_on & IER_THRI) {
        s->thr_pending = true; /* the transmitter is always empty */
    }
    serial_update_irq(s);
}

static void serial_write_fcr(SerialState *s, uint8_t value)
{
    bool toggled = (value ^ s->fcr) & FCR_ENABLE;
    s->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    if (toggled || (value & FCR_CLEAR_RX)) {
        serial_clear_rx(s);
    }
    if (toggled || (value & FCR_CLEAR_TX)) {
        s->thr_pending = true;
    }
    serial_update_irq(s);
    if (s->chr) {
        chr_accept_input(s->chr);
    }
}

static void serial_write_mcr(SerialState *s, uint8_t value)
{
    s->mcr = value & MCR_MASK;
    serial_update_modem(s);
    serial_update_irq(s);
}

static uint64_t serial_read(void *opaque, uint64_t offset, unsigned size)
{
    SerialState *s = opaque;
    bool dlab = s->lcr & LCR_DLAB;
    switch (offset) {
    case REG_DATA:
        return dlab ? s->divisor & 0xff : serial_read_rbr(s);
    case REG_IER:
        return dlab ? s->divisor >> 8 : s->ier;
    case REG_IIR_FCR:
        return serial_read_iir(s);
    case REG_LCR:
        return s->lcr;
    case REG_MCR:
        return s->mcr;
    case REG_LSR:
        return serial_read_lsr(s);
    case REG_MSR:
        return serial_read_msr(s);
    default:
        return s->scr;
    }
}

static void serial_write_divisor(SerialState *s, unsigned byte, uint8_t value)
{
    s->divisor = (uint16_t)((s->divisor & ~(0xffu << (8 * byte))) | (unsigned)value << (8 * byte));
}

static void serial_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    SerialState *s = opaque;
    uint8_t byte = (uint8_t)value;
    if ((s->lcr & LCR_DLAB) && offset <= REG_IER) {
        serial_write_divisor(s, (unsigned)offset, byte);
        return;
    }
    switch (offset) {
    case REG_DATA:
        serial_write_thr(s, byte);
        break;
    case REG_IER:
        serial_write_ier(s, byte);
        break;
    case REG_IIR_FCR:
        serial_write_fcr(s, byte);
        break;
    case REG_LCR:
        s->lcr = byte;
        break;
    case REG_MCR:
        serial_write_mcr(s, byte);
        break;
    case REG_SCR:
        s->scr = byte;
        break;
    default: /* LSR and MSR are read-only here */
        break;
    }
}

static const MemOps serial_ops = {
    .read = serial_read, .write = serial_write, .min_size = 1, .max_size = 1};

/* Loopback cuts the line: what arrives then waits at the host. */
static size_t serial_can_receive(void *opaque)
{
    const SerialState *s = opaque;
    uint32_t capacity = serial_capacity(s);
    return s->mcr & MCR_LOOP ? 0 : capacity - MIN(s->fifo_count, capacity);
}

static void serial_receive(void *opaque, const uint8_t *data, size_t len)
{
    SerialState *s = opaque;
    for (size_t i = 0; i < len; i++) {
        serial_receive_byte(s, data[i]);
    }
    serial_start_timeout(s);
    serial_update_irq(s);
}

static void serial_event(void *opaque, ChrEvent event)
{
    SerialState *s = opaque;
    if (event == CHR_BREAK) {
        serial_receive_byte(s, 0);
        s->lsr |= LSR_BI;
        serial_start_timeout(s);
    }
    serial_update_irq(s);
}

static const ChrHandlers serial_handlers = {
    .can_receive = serial_can_receive, .receive = serial_receive, .event = serial_event};

void serial_set_chardev(Device *dev, Chardev *chr)
{
    ((SerialState *)dev)->chr = chr;
}

static void serial_reset(Device *dev)
{
    SerialState *s = (SerialState *)dev;
    s->ier = s->mcr = s->scr = s->fcr = s->rbr = 0;
    s->lcr = 0;
    s->divisor = 12; /* 9600 baud, as PC firmware leaves it */
    s->lsr = LSR_THRE | LSR_TEMT;
    s->carrier = true;
    s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    s->thr_pending = false;
    serial_clear_rx(s);
    serial_update_irq(s);
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
    if (!serial_place(s, error)) {
        return false;
    }
    if (s->chr && !chr_attach(s->chr, &serial_handlers, s, error)) {
        return false;
    }
    timer_init(&s->timeout, dev->platform->clock, serial_timed_out, s);
    device_add_irq_out(dev, "", &s->irq_out, 1);
    if (dev->platform->gsi) {
        irq_connect(&s->irq_out, &dev->platform->gsi[s->irq]);
    }
    s->ports = (MemRegion){
        .name = "serial", .size = SERIAL_PORTS, .kind = MEM_IO, .ops = &serial_ops, .opaque = s};
    as_add(dev->platform->ports, &s->ports, s->iobase);
    serial_reset(dev);
    return true;
}

static void serial_unrealize(Device *dev)
{
    SerialState *s = (SerialState *)dev;
    as_remove(dev->platform->ports, &s->ports);
    timer_cancel(&s->timeout);
    if (s->chr) {
        chr_detach(s->chr, s);
    }
}

static const PropInfo serial_props[] = {
    PROP(PROP_UINT32, "index", SerialState, index, "0", "which of the four PC ports"),
    PROP_RANGE(PROP_UINT32, "iobase", SerialState, iobase, NULL, 0, 0xfff8, "first I/O port"),
    PROP_RANGE(PROP_UINT32, "irq", SerialState, irq, NULL, 0, 15, "ISA interrupt"),
    PROP(PROP_CHARDEV, "chardev", SerialState, chr, NULL, "the other end of the line"),
    PROP_END,
};

static const StateField serial_state[] = {
    STATE_FIELD(STATE_UINT8, SerialState, ier),
    STATE_FIELD(STATE_UINT8, SerialState, lcr),
    STATE_FIELD(STATE_UINT8, SerialState, mcr),
    STATE_FIELD(STATE_UINT8, SerialState, lsr),
    STATE_FIELD(STATE_UINT8, SerialState, msr),
    STATE_FIELD(STATE_UINT8, SerialState, scr),
    STATE_FIELD(STATE_UINT8, SerialState, fcr),
    STATE_FIELD(STATE_UINT8, SerialState, rbr),
    STATE_FIELD(STATE_UINT16, SerialState, divisor),
    STATE_ARRAY(STATE_UINT8, SerialState, fifo, SERIAL_FIFO_SIZE),
    STATE_FIELD(STATE_UINT32, SerialState, fifo_head),
    STATE_FIELD(STATE_UINT32, SerialState, fifo_count),
    STATE_FIELD(STATE_UINT8, SerialState, thr_pending),
    STATE_FIELD(STATE_UINT8, SerialState, timeout_pending),
    STATE_FIELD(STATE_UINT8, SerialState, carrier),
    STATE_FIELD(STATE_TIMER, SerialState, timeout),
    STATE_STRUCTS(SerialState, irq_out, 1, IrqOut, irq_out_state),
    STATE_END,
};

/* A loaded image may hold anything: keep the FIFO's indices inside it. */
static void serial_restored(Device *dev)
{
    SerialState *s = (SerialState *)dev;
    s->fifo_head %= SERIAL_FIFO_SIZE;
    uint32_t capacity = serial_capacity(s);
    s->fifo_count = MIN(s->fifo_count, capacity);
    serial_update_irq(s);
}

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
