/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the specifications say of a planned machine: may its scopes be as they are, which unit a
 * request comes to, under which id, and what the unit does with it. Written from VT-d 4.1
 * (5.1, 7.1, 8.3, 9.1 to 9.3, 9.10), PCI Express 5.0 (2.2.6.2, 9.2.1.2), PCI Express to PCI
 * Bridge 1.0 (2.3) and docs/units.md, apart from the program's sources.
 */
#ifndef TESTS_UNIT_TOPOLOGY_MODEL_H
#define TESTS_UNIT_TOPOLOGY_MODEL_H

#include "plan.h"

/* Numbers that the guest gave, or read. */
typedef struct {
    uint8_t secondary[MOST_NODES]; /* of bridges; of expanders, their root bus's */
    uint16_t vf_offset[MOST_NODES], vf_stride[MOST_NODES];
} Numbers;

/* Who sends. */
typedef struct {
    enum { FROM_NODE, FROM_IOAPIC, FROM_HPET } kind;
    unsigned n;
    int vf; /* of a node: which virtual function; -1: itself */
    enum {
        BY_DMA,
        BY_MSI,
        BY_MSIX,
        BYS
    } by; /* of a node: a dword that it writes, or a capability's message */
} From;

/* How it arrives at the top. */
typedef struct {
    bool stopped; /* by a bridge without bus mastering */
    unsigned unit;
    uint16_t id, own_id; /* as the unit sees it; as its sender has it */
} Way;

/* The source-validation fields of an entry (VT-d 9.10): SVT, SQ, SID. */
typedef struct {
    unsigned svt, sq;
    uint16_t sid;
} Check;

typedef enum { LOST, DELIVERED, BLOCKED } Verdict;

/* Which name of which unit may not be there: false if each may. */
bool model_wrong_name(const Plan *p, unsigned *unit, unsigned *name);
/* Does the unit take what nobody names? Exactly one has to. */
bool model_takes_rest(const Unit *unit);
bool model_scopes_are_right(const Plan *p);
/* The unit that has the function or emitter in its scope. */
unsigned model_unit(const Plan *p, From from);
Way model_way(const Plan *p, const Numbers *numbers, From from);
/* A remappable request whose entry is present and otherwise right: 0, or the fault reason. */
unsigned model_check(const Check *check, uint16_t id);
/* One in compatibility format. */
bool model_passes_compatible(const Unit *unit);

#endif
