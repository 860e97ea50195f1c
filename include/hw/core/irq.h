/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines: wires with a level. (Messages are another type: see intr_msg.h.)
 *
 * The receiving device owns an array of IrqLine, one an input; the sender keeps a pointer to one.
 * A NULL line is an unconnected output.
 */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include <stdbool.h>

typedef void (*IrqHandler)(void *opaque, int n, bool level);

typedef struct IrqLine {
    IrqHandler handler;
    void *opaque;
    int n;
    bool level; /* last level set */
    /* qtest's irq_intercept: told instead of (in) or beside (out) the handler. */
    void (*intercept)(void *opaque, struct IrqLine *line, int n, bool level);
    void *intercept_opaque;
    bool intercept_swallows;
    int intercept_n; /* number that the observer knows this line by */
} IrqLine;

void irq_line_init(IrqLine *line, IrqHandler handler, void *opaque, int n);

/* Sets the level. The handler is called on every call, also when the level stays. */
void irq_set(IrqLine *line, bool level);

static inline void irq_raise(IrqLine *line)
{
    irq_set(line, true);
}
static inline void irq_lower(IrqLine *line)
{
    irq_set(line, false);
}
static inline void irq_pulse(IrqLine *line)
{
    irq_set(line, true);
    irq_set(line, false);
}

#endif
