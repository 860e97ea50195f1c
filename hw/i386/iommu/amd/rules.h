/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: where lint looks at what software does with the unit's rings (hw/intr/lint.h). */
#ifndef HW_I386_IOMMU_AMD_RULES_H
#define HW_I386_IOMMU_AMD_RULES_H

#include "hw/i386/iommu/amd/cmd.h"
#include "hw/i386/iommu/amd/unit.h"

/* Software has written a ring's base, or the pointer of it that the unit moves. */
void amdvi_rules_ring_written(AmdviState *s, const RegRow *row);
/* It has moved CmdBufTail. */
void amdvi_rules_tail_written(AmdviState *s);
void amdvi_rules_wait(AmdviState *s, const AmdviCmd *c);

#endif
