/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address line 20 of the CPUs (Intel ICH9 data sheet, 5.13.1.1, A20M#): the keyboard controller's
 * A20GATE and port 92h's ALT_A20_GATE, either of which lets it through.
 */
#ifndef HW_ISA_A20_H
#define HW_ISA_A20_H

#include <stdbool.h>

typedef enum { A20_KEYBOARD, A20_FAST, A20_SOURCES } A20Source;

typedef struct A20Gate {
    bool source[A20_SOURCES];
    void (*changed)(void *opaque, bool on);
    void *opaque;
} A20Gate;

/* Open, by the keyboard controller. `changed` hears of each change after that. */
void a20_gate_init(A20Gate *gate, void (*changed)(void *opaque, bool on), void *opaque);
bool a20_gate_is_on(const A20Gate *gate);
/* NULL: a board without one. */
void a20_gate_drive(A20Gate *gate, A20Source source, bool on);

#endif
