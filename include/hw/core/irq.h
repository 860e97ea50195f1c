/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines: wires with a level. (Messages are another type: see intr_msg.h.)
 *
 * A wire may have several drivers, and is high while any of them pulls it up. So each sender owns
 * an output, an IrqOut with its own share of the level; the receiving device owns an array of
 * IrqLine, one an input, which knows its outputs. The line's level is what they say and is kept
 * nowhere else. Levels are logical: high means that something is asked for, whatever the voltage.
 */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include <stdbool.h>

#include "hw/core/state.h"

typedef struct IrqLine IrqLine;
typedef struct IrqOut IrqOut;

typedef void (*IrqHandler)(void *opaque, int n, bool level);

/* qtest's irq_intercept: told of changes, by the number that it knows the wire by. */
typedef struct {
    IrqHandler changed; /* NULL for nobody */
    void *opaque;
    int n;
} IrqWatch;

struct IrqLine {
    IrqHandler handler;
    void *opaque;
    int n;
    IrqOut *drivers; /* a list */
    IrqWatch watch;  /* told instead of the handler */
};

struct IrqOut {
    IrqLine *line;  /* NULL: not connected */
    IrqOut *next;   /* the line's next driver */
    bool level;     /* this driver's share */
    IrqWatch watch; /* told beside the line */
};

/* For the state table of the device that has outputs: their levels. */
extern const StateField irq_out_state[];

void irq_line_init(IrqLine *line, IrqHandler handler, void *opaque, int n);
bool irq_line_level(const IrqLine *line);
/* Lets go of all drivers, without telling anybody: the receiver goes away. */
void irq_line_clear(IrqLine *line);

/* Moves an output, and its share of the level, to `line`; NULL disconnects it. Both ends must stay
 * where they are until then. */
void irq_connect(IrqOut *out, IrqLine *line);
/* irq_connect() after a load: both ends know the level already, and nobody is told. */
void irq_reconnect(IrqOut *out, IrqLine *line);
/* Sets an output's share. The line's handler is called when that changes the line. */
void irq_set(IrqOut *out, bool level);

static inline void irq_raise(IrqOut *out)
{
    irq_set(out, true);
}
static inline void irq_lower(IrqOut *out)
{
    irq_set(out, false);
}
/* An edge: up and down again. Nobody sees it on a line that another driver holds up. */
static inline void irq_pulse(IrqOut *out)
{
    irq_set(out, true);
    irq_set(out, false);
}

#endif
