/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each rule of lint has a case: a function that breaks it, and one that comes close and does not.
 */
#ifndef TESTS_UNIT_LINT_CASES_H
#define TESTS_UNIT_LINT_CASES_H

#include "intr/rig.h"

typedef struct {
    LintRule rule;
    void (*breaks)(Rig *rig);
    void (*comes_close)(Rig *rig);
    const char *props; /* of the devices: see rig_open_with(); NULL: as usual */
} LintCase;

/* By chip; each ends with a row whose functions are NULL. */
extern const LintCase lint_unit_cases[];
extern const LintCase lint_queue_cases[];
extern const LintCase lint_entry_cases[];
extern const LintCase lint_apic_cases[];
extern const LintCase lint_ioapic_cases[];
extern const LintCase lint_pci_cases[];
extern const LintCase lint_hpet_cases[];
extern const LintCase lint_amd_cases[];

#endif
