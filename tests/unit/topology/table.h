/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR table as a kernel reads it, out of guest memory (ACPI 5.2.5, 5.2.8; VT-d 8). */
#ifndef TESTS_UNIT_TOPOLOGY_TABLE_H
#define TESTS_UNIT_TOPOLOGY_TABLE_H

#include "guest.h"

#define MOST_SCOPES                                                                                \
    (MOST_NAMES + 2 * MOST_SOURCES + MOST_NODES) /* on a root bus each for itself                  \
                                                  */

typedef enum { SCOPE_ENDPOINT = 1, SCOPE_BRIDGE, SCOPE_IOAPIC, SCOPE_HPET } ScopeType;

typedef struct {
    uint8_t type, enumeration_id;
    uint16_t id; /* where the path ends, by the bus numbers of now */
} Scope;

typedef struct {
    uint64_t base;
    bool include_all;
    Scope scopes[MOST_SCOPES];
    unsigned count;
} Drhd;

typedef struct {
    uint8_t flags;
    Drhd units[MOST_UNITS]; /* in the table's order */
    unsigned count;
} Dmar;

/* Follows paths by bridges' registers, so before the buses are numbered otherwise. */
void table_read(Guest *g, Dmar *out);
/* Whose that function is, which is behind bridges of those ids, or NULL. */
const Drhd *table_unit(const Dmar *dmar, const uint16_t *ids, unsigned count);
/* An IOAPIC or HPET by its enumeration id, and the id that it sends under; or NULL. */
const Drhd *table_source(const Dmar *dmar, ScopeType type, uint8_t enumeration_id, uint16_t *id);

#endif
