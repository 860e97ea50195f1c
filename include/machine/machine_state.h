/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole machine saved and loaded: clock, run state, board, APIC bus, vCPUs, devices and memory,
 * each in a section of its own (docs/state.md). What is the host's (files, sockets, options) is not
 * in it. Both are called between turns: no vCPU runs and no device is in the middle of an access.
 */
#ifndef MACHINE_MACHINE_STATE_H
#define MACHINE_MACHINE_STATE_H

#include "machine/machine.h"

/* Appends the machine to `out`. False if it does not fit into one. */
bool machine_save(Machine *machine, GByteArray *out, GError **error);
/* Into a machine made with the same options. False with what does not fit, before anything is
 * changed. */
bool machine_load(Machine *machine, const uint8_t *data, size_t len, GError **error);

/* The same without memory and drives, for a checkpoint, which keeps those as they change: they are
 * loaded where `load_memory` is called. */
void machine_save_parts(Machine *machine, GByteArray *out);
bool machine_load_parts(Machine *machine, const uint8_t *data, size_t len,
                        void (*load_memory)(Machine *machine, void *opaque), void *opaque,
                        GError **error);

#endif
