/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines: wires with a level. */
#include "hw/core/irq.h"

#include <stddef.h>

void irq_line_init(IrqLine *line, IrqHandler handler, void *opaque, int n)
{
    *line = (IrqLine){.handler = handler, .opaque = opaque, .n = n};
}

void irq_set(IrqLine *line, bool level)
{
    if (!line) {
        return;
    }
    line->level = level;
    if (line->intercept) {
        line->intercept(line->intercept_opaque, line, line->intercept_n, level);
        if (line->intercept_swallows) {
            return;
        }
    }
    line->handler(line->opaque, line->n, level);
}
