/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: commands, as they lie in the command buffer (2.4). */
#ifndef HW_I386_IOMMU_AMD_CMD_H
#define HW_I386_IOMMU_AMD_CMD_H

#include <inttypes.h>
#include <stdbool.h>

#define AMDVI_CMD_BYTES 16u

typedef enum {
    AMDVI_CMD_COMPLETION_WAIT = 1,
    AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY = 2,
    AMDVI_CMD_INVALIDATE_IOMMU_PAGES = 3,
    AMDVI_CMD_INVALIDATE_IOTLB_PAGES = 4,
    AMDVI_CMD_INVALIDATE_INTERRUPT_TABLE = 5,
    AMDVI_CMD_COMPLETE_PPR_REQUEST = 7,
    AMDVI_CMD_INVALIDATE_IOMMU_ALL = 8,
} AmdviOpcode;

typedef struct {
    uint8_t opcode; /* AmdviOpcode, or one that is refused */
    uint16_t device_id, domain;
    bool store, interrupt, flush; /* of COMPLETION_WAIT */
    uint64_t address;             /* where it stores, or the first address to invalidate */
    uint64_t data;                /* what it stores */
    uint64_t last;                /* to invalidate, inclusive */
    uint16_t tag;                 /* of COMPLETE_PPR_REQUEST: the group, */
    uint8_t code;                 /* and how it went */
} AmdviCmd;

/* What of it the unit offers. */
typedef struct {
    bool invalidate_all;
    bool device_iotlb;  /* INVALIDATE_IOTLB_PAGES */
    bool page_requests; /* COMPLETE_PPR_REQUEST */
} AmdviCmdLimits;

/* False: an illegal command (2.5.6). */
bool amdvi_cmd_decode(const uint64_t words[2], AmdviCmdLimits limits, AmdviCmd *out);

#endif
