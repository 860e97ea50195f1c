/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chip of every serial port: a 16550A (TI PC16550D data sheet), on whatever bus. */
#ifndef HW_CHAR_UART_H
#define HW_CHAR_UART_H

#include "base/clock.h"
#include "base/memory.h"
#include "chardev/chardev.h"
#include "hw/core/state.h"

#define UART_PORTS     8
#define UART_FIFO_SIZE 16

typedef struct {
    Chardev *chr; /* the other end; NULL is an open port */
    Clock *clock;
    MemRegion ports; /* its eight registers, for its device to map */
    void (*set_irq)(void *opaque, bool level);
    void *opaque;
    Timer timeout;
    uint8_t ier, lcr, mcr, lsr, msr, scr, fcr, rbr;
    uint16_t divisor;
    uint8_t fifo[UART_FIFO_SIZE];
    uint32_t fifo_head, fifo_count;
    bool thr_pending;     /* THRE interrupt not yet seen */
    bool timeout_pending; /* character time-out */
    bool carrier;         /* someone is at the other end */
} Uart;

/* All but the interrupt's level, which is the device's. */
extern const StateField uart_state[];

/* Takes `chr`, if it is set, for itself, and is as after a reset; `set_irq` is told of the pin's
 * level, whether it has changed or not. `name` outlives it. */
bool uart_init(Uart *u, const char *name, Clock *clock, void (*set_irq)(void *opaque, bool level),
               void *opaque, GError **error);
void uart_free(Uart *u);
void uart_reset(Uart *u);
/* After uart_state was loaded. */
void uart_restored(Uart *u);

#endif
