/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine of a plan, and its guest: everything goes by registers and tables that a guest sees,
 * but for the pins of IOAPICs and the local APICs, which the test plays.
 */
#ifndef TESTS_UNIT_TOPOLOGY_GUEST_H
#define TESTS_UNIT_TOPOLOGY_GUEST_H

#include "machine/machine.h"
#include "model.h"

#define MOST_ENTRIES 40 /* of a remapping table that a test uses */
#define GUEST_CPUS   2

typedef struct {
    const Plan *plan;
    Platform platform;
    RunState *runstate;
    Machine *machine;
    Numbers numbers;
    uint64_t bases[MOST_UNITS]; /* as the DMAR table tells them */
    uint64_t bars[MOST_NODES], vf_bars[MOST_NODES];
    uint64_t tables[MOST_UNITS], roots[MOST_UNITS]; /* of interrupt and of DMA remapping */
    unsigned pages, entries, domains;               /* that are in use */
} Guest;

/* False, and nothing to be closed, if the program does not want such a machine. */
bool guest_open(Guest *g, const Plan *p);
void guest_close(Guest *g);

/* The bus numbers that there are after a reset. */
void guest_read_numbers(Guest *g);
/* Gives others, if the plan says so, finds the functions' registers, and lets all be bus masters
 * that the plan wants to be. */
void guest_number(Guest *g, Plan *p);
/* Tears what is in a port's slot out and plugs it in again, and sets it up as it was. */
void guest_replug(Guest *g, unsigned port);
/* What each unit's driver does, with its tables; `bases` are to be known. */
void guest_start_units(Guest *g);

/* The same entry in each unit's table, with a vector that tells the unit; its index. */
unsigned guest_set_entry(Guest *g, const Check *check, unsigned cpu);
uint8_t guest_vector(unsigned unit, unsigned index);
/* Translates GUEST_IOVA for that id, in that unit, to a place of its own. */
void guest_map(Guest *g, unsigned unit, uint16_t id);
/* What is there; and where nothing is translated. */
uint64_t guest_pattern(unsigned unit, uint16_t id);
#define GUEST_IOVA    0x5000ull
#define GUEST_PATTERN 0x1122334455667788ull

/* Sends a message: remappable, of the entry at `index`, or in compatibility format. */
void guest_send(Guest *g, From from, unsigned index);
void guest_send_compatible(Guest *g, From from, uint8_t vector, unsigned cpu);
/* By DMA from GUEST_IOVA: false if the device was refused. */
bool guest_read(Guest *g, From from, uint64_t *value);

/* The vector that waits in the local APIC, taken and ended; -1: none. */
int guest_take(Guest *g, unsigned cpu);
typedef struct {
    uint64_t low, high; /* VT-d 11.4.14 */
} Fault;
/* The unit's record, cleared. */
bool guest_fault(Guest *g, unsigned unit, Fault *fault);

uint64_t guest_load(Guest *g, uint64_t address, unsigned size);
void guest_store(Guest *g, uint64_t address, uint64_t value, unsigned size);
/* Configuration space of a function. */
uint64_t guest_config(uint16_t id);

#endif
