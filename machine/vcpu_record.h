/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's registers on their way into a saved state or out of it. */
#ifndef MACHINE_VCPU_RECORD_H
#define MACHINE_VCPU_RECORD_H

#include "hw/core/state.h"
#include "machine/vcpu.h"

typedef struct {
    StateField *table; /* a row a register, in VcpuOps.reg's order */
    uint8_t *values;   /* what the table is about */
} VcpuRecord;

/* What the registers hold now. NULL if this kind of vCPU has none. */
VcpuRecord *vcpu_record_new(const Vcpu *vcpu);
void vcpu_record_free(VcpuRecord *record);
/* The registers hold what the record says. */
void vcpu_record_set(const VcpuRecord *record, Vcpu *vcpu);

#endif
