/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor's part of a vCPU's life: called by cpu_new() and cpu_free().
 */
#ifndef TARGET_I386_INTERP_H
#define TARGET_I386_INTERP_H

#include "target/i386/cpu_state.h"

void exec_init(Cpu *cpu);
void exec_free(Cpu *cpu);

#endif
