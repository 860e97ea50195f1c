/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: posted-interrupt descriptors (9.12). */
#ifndef HW_I386_IOMMU_VTD_PID_H
#define HW_I386_IOMMU_VTD_PID_H

#include "base/memory.h"
#include "hw/i386/iommu/vtd/fault.h"

#define VTD_PID_SIZE 64
typedef struct {
    bool on, sn;
    uint8_t nv;
    uint32_t ndst; /* an id: already shifted down in xAPIC mode */
} VtdPid;
/* The control quadword (bits 319:256); false if reserved bits are set. */
bool vtd_pid_decode(uint64_t control, bool eime, VtdPid *out);
/* Records `vector` in the descriptor at `address`. *posted says how; if it is INTR_POSTED_NOTIFIED,
 * *msg is to be sent. */
VtdFaultReason vtd_pid_post(AddressSpace *memory, uint64_t address, uint8_t vector, bool urgent,
                            bool eime, IntrResult *posted, ApicMsg *msg);

#endif
