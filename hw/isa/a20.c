/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/isa/a20.h"

#include <string.h>

void a20_gate_init(A20Gate *gate, void (*changed)(void *opaque, bool on), void *opaque)
{
    memset(gate, 0, sizeof(*gate));
    gate->source[A20_KEYBOARD] = true;
    gate->changed = changed;
    gate->opaque = opaque;
}

bool a20_gate_is_on(const A20Gate *gate)
{
    bool on = false;
    for (unsigned i = 0; i < A20_SOURCES; i++) {
        on |= gate->source[i];
    }
    return on;
}

void a20_gate_drive(A20Gate *gate, A20Source source, bool on)
{
    if (!gate) {
        return;
    }
    bool before = a20_gate_is_on(gate);
    gate->source[source] = on;
    bool now = a20_gate_is_on(gate);
    if (now != before && gate->changed) {
        gate->changed(gate->opaque, now);
    }
}
