/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as people write them at the monitor: "$rsp + 8 * (2 | 1)"; private to monitor/. */
#ifndef MONITOR_EXPR_H
#define MONITOR_EXPR_H

#include <glib.h>

#include "machine/vcpu.h"

/* C's operators and precedence, on 64 bits without sign; numbers as C has them, 'c' a character,
 * $NAME a register of `vcpu` ($pc, $sp, $flags by these names, too). False and an error on what is
 * none. `vcpu` may be NULL. */
bool expr_parse(const char *text, const Vcpu *vcpu, uint64_t *value, GError **error);
/* A register by name; false if there is none. */
bool expr_register(const Vcpu *vcpu, const char *name, uint64_t *value);

#endif
