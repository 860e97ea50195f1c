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
#include "hw/char/uart.h"

#include <string.h>

#define UART_CLOCK_HZ 1843200ull
/* A time-out is never shorter than this, so that a zero divisor makes no busy timer. */
#define UART_MIN_TIMEOUT (100 * NS_PER_US)

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

static bool uart_fifo_on(const Uart *u)
{
    return u->fcr & FCR_ENABLE;
}

static uint32_t uart_trigger_level(const Uart *u)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    return uart_fifo_on(u) ? levels[u->fcr >> FCR_TRIGGER_SHIFT] : 1;
}

/* The highest of the pending and enabled interrupts (table III of the data sheet). */
static uint8_t uart_pending(const Uart *u)
{
    if ((u->ier & IER_RLSI) && (u->lsr & LSR_ERRORS)) {
        return IIR_RLSI;
    }
    if ((u->ier & IER_RDI) && u->fifo_count >= uart_trigger_level(u)) {
        return IIR_RDI;
    }
    if ((u->ier & IER_RDI) && u->timeout_pending) {
        return IIR_CTI;
    }
    if ((u->ier & IER_THRI) && u->thr_pending) {
        return IIR_THRI;
    }
    if ((u->ier & IER_MSI) && (u->msr & MSR_DELTAS)) {
        return IIR_MSI;
    }
    return IIR_NO_INT;
}

/* On a PC OUT2 gates the interrupt line; in loopback the outputs are off. */
static void uart_update_irq(Uart *u)
{
    bool gate = (u->mcr & MCR_OUT2) && !(u->mcr & MCR_LOOP);
    u->set_irq(u->opaque, gate && uart_pending(u) != IIR_NO_INT);
}

static int64_t uart_char_time(const Uart *u)
{
    unsigned bits = 1 + 5 + (u->lcr & 3) + ((u->lcr & 8) ? 1 : 0) + ((u->lcr & 4) ? 2 : 1);
    return (int64_t)muldiv64((uint64_t)bits * 16 * u->divisor, NS_PER_SEC, UART_CLOCK_HZ);
}

static void uart_start_timeout(Uart *u)
{
    u->timeout_pending = false;
    if (u->fifo_count == 0 || !uart_fifo_on(u)) {
        timer_cancel(&u->timeout);
        return;
    }
    int64_t four_chars = 4 * uart_char_time(u), wait = MAX(four_chars, UART_MIN_TIMEOUT);
    timer_arm(&u->timeout, clock_now(u->clock) + wait);
}

static void uart_timed_out(void *opaque)
{
    Uart *u = opaque;
    u->timeout_pending = u->fifo_count > 0;
    uart_update_irq(u);
}

static uint32_t uart_capacity(const Uart *u)
{
    return uart_fifo_on(u) ? UART_FIFO_SIZE : 1;
}

/* A byte arrives from the line or from loopback. */
static void uart_receive_byte(Uart *u, uint8_t byte)
{
    if (u->fifo_count >= uart_capacity(u)) {
        u->lsr |= LSR_OE;
        return;
    }
    u->fifo[(u->fifo_head + u->fifo_count++) % UART_FIFO_SIZE] = byte;
    u->lsr |= LSR_DR;
}

static void uart_clear_rx(Uart *u)
{
    u->fifo_head = 0;
    u->fifo_count = 0;
    u->lsr &= ~(LSR_DR | LSR_BI);
    uart_start_timeout(u);
}

static uint8_t uart_read_rbr(Uart *u)
{
    if (u->fifo_count > 0) {
        u->rbr = u->fifo[u->fifo_head];
        u->fifo_head = (u->fifo_head + 1) % UART_FIFO_SIZE;
        u->fifo_count--;
    }
    if (u->fifo_count == 0) {
        u->lsr &= ~LSR_DR;
    }
    uart_start_timeout(u);
    uart_update_irq(u);
    if (u->chr && !(u->mcr & MCR_LOOP) && u->fifo_count == 0) {
        chr_accept_input(u->chr);
    }
    return u->rbr;
}

static void uart_write_thr(Uart *u, uint8_t byte)
{
    if (u->mcr & MCR_LOOP) {
        uart_receive_byte(u, byte);
        uart_start_timeout(u);
    } else if (u->chr) {
        chr_guest_write(u->chr, &byte, 1);
    }
    u->thr_pending = true;
    uart_update_irq(u);
}

static uint8_t uart_read_iir(Uart *u)
{
    uint8_t id = uart_pending(u);
    if (id == IIR_THRI) {
        u->thr_pending = false;
        uart_update_irq(u);
    }
    return id | (uart_fifo_on(u) ? IIR_FIFO_ON : 0);
}

static uint8_t uart_read_lsr(Uart *u)
{
    uint8_t value = u->lsr;
    u->lsr &= ~LSR_ERRORS;
    uart_update_irq(u);
    return value;
}

/* The modem lines as MSR shows them: looped back from MCR, or from the other end. */
static uint8_t uart_modem_lines(const Uart *u)
{
    if (u->mcr & MCR_LOOP) {
        return ((u->mcr & MCR_RTS) ? MSR_CTS : 0) | ((u->mcr & MCR_DTR) ? MSR_DSR : 0) |
               ((u->mcr & MCR_OUT1) ? MSR_RI : 0) | ((u->mcr & MCR_OUT2) ? MSR_DCD : 0);
    }
    return u->carrier ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
}

static void uart_update_modem(Uart *u)
{
    uint8_t old = u->msr & ~MSR_DELTAS;
    uint8_t now = uart_modem_lines(u);
    uint8_t delta = (old ^ now) >> MSR_LINES_SHIFT;
    if (!(old & MSR_RI) || (now & MSR_RI)) {
        delta &= ~MSR_TERI; /* only the trailing edge of RI counts */
    }
    u->msr = now | (u->msr & MSR_DELTAS) | delta;
}

static uint8_t uart_read_msr(Uart *u)
{
    uint8_t value = u->msr;
    u->msr &= ~MSR_DELTAS;
    uart_update_irq(u);
    return value;
}

static void uart_write_ier(Uart *u, uint8_t value)
{
    uint8_t turned_on = value & ~u->ier;
    u->ier = value & IER_MASK;
    if (turned_on & IER_THRI) {
        u->thr_pending = true; /* the transmitter is always empty */
    }
    uart_update_irq(u);
}

static void uart_write_fcr(Uart *u, uint8_t value)
{
    bool toggled = (value ^ u->fcr) & FCR_ENABLE;
    u->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    if (toggled || (value & FCR_CLEAR_RX)) {
        uart_clear_rx(u);
    }
    if (toggled || (value & FCR_CLEAR_TX)) {
        u->thr_pending = true;
    }
    uart_update_irq(u);
    if (u->chr) {
        chr_accept_input(u->chr);
    }
}

static void uart_write_mcr(Uart *u, uint8_t value)
{
    u->mcr = value & MCR_MASK;
    uart_update_modem(u);
    uart_update_irq(u);
}

static uint64_t uart_read(void *opaque, uint64_t offset, unsigned size)
{
    Uart *u = opaque;
    bool dlab = u->lcr & LCR_DLAB;
    switch (offset) {
    case REG_DATA:
        return dlab ? u->divisor & 0xff : uart_read_rbr(u);
    case REG_IER:
        return dlab ? u->divisor >> 8 : u->ier;
    case REG_IIR_FCR:
        return uart_read_iir(u);
    case REG_LCR:
        return u->lcr;
    case REG_MCR:
        return u->mcr;
    case REG_LSR:
        return uart_read_lsr(u);
    case REG_MSR:
        return uart_read_msr(u);
    default:
        return u->scr;
    }
}

static void uart_write_divisor(Uart *u, unsigned byte, uint8_t value)
{
    u->divisor = (uint16_t)((u->divisor & ~(0xffu << (8 * byte))) | (unsigned)value << (8 * byte));
}

static void uart_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Uart *u = opaque;
    uint8_t byte = (uint8_t)value;
    if ((u->lcr & LCR_DLAB) && offset <= REG_IER) {
        uart_write_divisor(u, (unsigned)offset, byte);
        return;
    }
    switch (offset) {
    case REG_DATA:
        uart_write_thr(u, byte);
        break;
    case REG_IER:
        uart_write_ier(u, byte);
        break;
    case REG_IIR_FCR:
        uart_write_fcr(u, byte);
        break;
    case REG_LCR:
        u->lcr = byte;
        break;
    case REG_MCR:
        uart_write_mcr(u, byte);
        break;
    case REG_SCR:
        u->scr = byte;
        break;
    default: /* LSR and MSR are read-only here */
        break;
    }
}

static const MemOps uart_ops = {
    .read = uart_read, .write = uart_write, .min_size = 1, .max_size = 1};

/* Loopback cuts the line: what arrives then waits at the host. */
static size_t uart_can_receive(void *opaque)
{
    const Uart *u = opaque;
    uint32_t capacity = uart_capacity(u);
    return u->mcr & MCR_LOOP ? 0 : capacity - MIN(u->fifo_count, capacity);
}

static void uart_receive(void *opaque, const uint8_t *data, size_t len)
{
    Uart *u = opaque;
    for (size_t i = 0; i < len; i++) {
        uart_receive_byte(u, data[i]);
    }
    uart_start_timeout(u);
    uart_update_irq(u);
}

static void uart_event(void *opaque, ChrEvent event)
{
    Uart *u = opaque;
    if (event == CHR_BREAK) {
        uart_receive_byte(u, 0);
        u->lsr |= LSR_BI;
        uart_start_timeout(u);
    }
    uart_update_irq(u);
}

static const ChrHandlers uart_handlers = {
    .can_receive = uart_can_receive,
    .receive = uart_receive,
    .event = uart_event,
    .guest = true,
};

void uart_reset(Uart *u)
{
    u->ier = u->mcr = u->scr = u->fcr = u->rbr = 0;
    u->lcr = 0;
    u->divisor = 12; /* 9600 baud, as PC firmware leaves it */
    u->lsr = LSR_THRE | LSR_TEMT;
    u->carrier = true;
    u->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    u->thr_pending = false;
    uart_clear_rx(u);
    uart_update_irq(u);
}

bool uart_init(Uart *u, const char *name, Clock *clock, void (*set_irq)(void *opaque, bool level),
               void *opaque, GError **error)
{
    u->clock = clock;
    u->set_irq = set_irq;
    u->opaque = opaque;
    u->ports = (MemRegion){
        .name = name, .size = UART_PORTS, .kind = MEM_IO, .ops = &uart_ops, .opaque = u};
    if (u->chr && !chr_attach(u->chr, &uart_handlers, u, error)) {
        return false;
    }
    timer_init(&u->timeout, clock, uart_timed_out, u);
    uart_reset(u);
    return true;
}

void uart_free(Uart *u)
{
    timer_cancel(&u->timeout);
    if (u->chr) {
        chr_detach(u->chr, u);
    }
}

const StateField uart_state[] = {
    STATE_FIELD(STATE_UINT8, Uart, ier),
    STATE_FIELD(STATE_UINT8, Uart, lcr),
    STATE_FIELD(STATE_UINT8, Uart, mcr),
    STATE_FIELD(STATE_UINT8, Uart, lsr),
    STATE_FIELD(STATE_UINT8, Uart, msr),
    STATE_FIELD(STATE_UINT8, Uart, scr),
    STATE_FIELD(STATE_UINT8, Uart, fcr),
    STATE_FIELD(STATE_UINT8, Uart, rbr),
    STATE_FIELD(STATE_UINT16, Uart, divisor),
    STATE_ARRAY(STATE_UINT8, Uart, fifo, UART_FIFO_SIZE),
    STATE_FIELD(STATE_UINT32, Uart, fifo_head),
    STATE_FIELD(STATE_UINT32, Uart, fifo_count),
    STATE_FIELD(STATE_UINT8, Uart, thr_pending),
    STATE_FIELD(STATE_UINT8, Uart, timeout_pending),
    STATE_FIELD(STATE_UINT8, Uart, carrier),
    STATE_FIELD(STATE_TIMER, Uart, timeout),
    STATE_END,
};

/* A loaded image may hold anything: keep the FIFO's indices inside it. */
void uart_restored(Uart *u)
{
    u->fifo_head %= UART_FIFO_SIZE;
    uint32_t capacity = uart_capacity(u);
    u->fifo_count = MIN(u->fifo_count, capacity);
    uart_update_irq(u);
}
