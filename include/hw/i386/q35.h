/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine. */
#ifndef HW_I386_Q35_H
#define HW_I386_Q35_H

#include "machine/machine.h"

extern const MachineClass q35_machine_class;

#endif
