/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines: wires with a level, and those who drive them. */
#include "hw/core/irq.h"

#include <stddef.h>

const StateField irq_out_state[] = {
    STATE_FIELD(STATE_UINT8, IrqOut, level),
    /* Whoever has an output that moves connects it, and in any order. */
    STATE_NOT_SAVED(IrqOut, line),
    STATE_NOT_SAVED(IrqOut, next),
    STATE_END,
};

void irq_line_init(IrqLine *line, IrqHandler handler, void *opaque, int n)
{
    *line = (IrqLine){.handler = handler, .opaque = opaque, .n = n};
}

bool irq_line_level(const IrqLine *line)
{
    for (const IrqOut *out = line->drivers; out; out = out->next) {
        if (out->level) {
            return true;
        }
    }
    return false;
}

static void line_changed(IrqLine *line, bool level)
{
    if (line->watch.changed) {
        line->watch.changed(line->watch.opaque, line->watch.n, level);
    } else {
        line->handler(line->opaque, line->n, level);
    }
}

void irq_set(IrqOut *out, bool level)
{
    if (out->level == level) {
        return;
    }
    bool before = out->line && irq_line_level(out->line);
    out->level = level;
    if (out->watch.changed) {
        out->watch.changed(out->watch.opaque, out->watch.n, level);
    }
    if (out->line && irq_line_level(out->line) != before) {
        line_changed(out->line, level);
    }
}

static void leave_line(IrqOut *out)
{
    IrqOut **link = &out->line->drivers;
    while (*link != out) {
        link = &(*link)->next;
    }
    *link = out->next;
    out->line = NULL;
    out->next = NULL;
}

static void enter_line(IrqOut *out, IrqLine *line)
{
    out->line = line;
    out->next = line->drivers;
    line->drivers = out;
}

void irq_reconnect(IrqOut *out, IrqLine *line)
{
    if (out->line) {
        leave_line(out);
    }
    if (line) {
        enter_line(out, line);
    }
}

void irq_connect(IrqOut *out, IrqLine *line)
{
    IrqLine *left = out->line;
    if (left == line) {
        return;
    }
    if (left) {
        leave_line(out);
        if (out->level && !irq_line_level(left)) {
            line_changed(left, false);
        }
    }
    if (!line) {
        return;
    }
    bool before = irq_line_level(line);
    enter_line(out, line);
    if (out->level && !before) {
        line_changed(line, true);
    }
}

void irq_line_clear(IrqLine *line)
{
    while (line->drivers) {
        IrqOut *out = line->drivers;
        line->drivers = out->next;
        out->line = NULL;
        out->next = NULL;
    }
}
