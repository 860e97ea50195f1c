/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scopes: what a user puts under a remapping unit, and which unit a function or an emitter is under
 * (VT-d 8.3 and 8.3.1).
 *
 * A scope names devices: by their ids, or by a path of device and function numbers from a root bus
 * on. A bridge takes what is behind it along, whatever bus numbers the guest gives. Units are asked
 * in order, and the first whose scope names a function, or a bridge above it, has it; else it is
 * the one that takes the rest. The DMAR table is read in the same way. Nobody asks for a request:
 * the answer is found when a function is attached or buses are numbered otherwise.
 */
#ifndef HW_I386_IOMMU_SCOPE_H
#define HW_I386_IOMMU_SCOPE_H

#include "hw/i386/iommu/iommu.h"
#include "hw/pci/pci.h"

/* A name as the user wrote it. */
typedef struct {
    char *text;  /* an id, or a path */
    uint8_t bus; /* where the path starts */
    uint8_t steps;
    uint8_t path[IOMMU_PATH_MAX]; /* device and function numbers; no steps: it is an id */
} IommuName;

/* An emitter that is no PCI function. */
typedef struct {
    const char *id;
    IommuScopeType type;
    uint8_t enumeration_id;
    uint16_t source_id;
} IommuEmitter;

/* Whom scopes can name. */
typedef struct {
    const GPtrArray *units; /* of Device * */
    const GArray *emitters; /* of IommuEmitter */
    PciBus *root;
} IommuTopology;

/* For realize and unrealize of a unit: reads `place->scope` (without one the unit takes the rest),
 * and frees what that made. */
bool iommu_place_parse(IommuPlace *place, GError **error);
void iommu_place_clear(IommuPlace *place);
/* For realize of a unit whose class has properties that name further functions: adds a list of
 * those in `names`, with '+' between them; the caller says the rest of it. NULL with an error. */
IommuList *iommu_place_add_list(IommuPlace *place, const char *property, const char *names,
                                GError **error);
/* The same with memory that is kept for them: "START-END:NAMES", whole pages. With `all` NAMES may
 * be that, too, which is then true. */
IommuList *iommu_place_add_kept(IommuPlace *place, const char *property, const char *text,
                                bool *all, GError **error);

/* The unit that it is under, or NULL. */
Device *iommu_above_function(const GPtrArray *units, const PciDevice *pci);
Device *iommu_above_emitter(const GPtrArray *units, const char *id);

/* Once everything is there: does each name name one thing, and has an effect? One unit has to take
 * the rest. */
bool iommu_scopes_check(const IommuTopology *t, GError **error);
/* Fills in each unit's IommuScope: what the table and the monitors tell. Names of what is not
 * there any more are left out. */
void iommu_scopes_tell(const IommuTopology *t);

#endif
