/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of what a machine's state consists, but for memory: a table with an object each. Private to
 * machine/. */
#ifndef MACHINE_MACHINE_PARTS_H
#define MACHINE_MACHINE_PARTS_H

#include "hw/core/state_stream.h"
#include "machine/machine.h"

/* What has to be the same on both sides. */
typedef struct {
    uint64_t ram_size;
    uint32_t cpus;
    bool with_cpus;
} MachineShape;

/* What is no struct of its own while the machine runs. */
typedef struct {
    MachineShape shape;
    ClockTime clock;
    RunSaved run;
    Random random;
    GPtrArray *vcpus; /* of VcpuRecord *, NULL for those without registers; owned */
} MachineRecords;

/* A section with a table, on either way. */
typedef struct {
    const char *name;
    char *id; /* owned */
    const StateField *table;
    void *object;
    bool in_place;             /* the object is the machine's, not a record */
    const StateSection *saved; /* while loading */
} MachinePart;

MachineShape machine_shape(const Machine *machine);
void machine_records_take(MachineRecords *records, Machine *machine);
void machine_records_clear(MachineRecords *records);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MachineRecords, machine_records_clear)
/* Of MachinePart, in the order in which they are loaded; records first. The caller frees it. */
GArray *machine_parts(Machine *machine, MachineRecords *records);

#endif
