/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to be blocked by an AMD-Vi unit beside the rig's own; see ways.h. */
#ifndef TESTS_UNIT_INTR_WAYS_AMDVI_H
#define TESTS_UNIT_INTR_WAYS_AMDVI_H

#include "intr/rig.h"

IntrResult way_dte_illegal(Rig *rig);
IntrResult way_dte_unreadable(Rig *rig);
IntrResult way_intctl_abort(Rig *rig);
IntrResult way_not_passed(Rig *rig);
IntrResult way_reserved_kind(Rig *rig);
IntrResult way_beyond_inttablen(Rig *rig);
IntrResult way_remapen_clear(Rig *rig);
IntrResult way_irte_reserved(Rig *rig);
IntrResult way_irte_unreadable(Rig *rig);
IntrResult way_vapic_unreadable(Rig *rig);
IntrResult way_vapic_doorbell(Rig *rig);
IntrResult way_vapic_logged(Rig *rig);
IntrResult way_vapic_posted(Rig *rig);

#endif
