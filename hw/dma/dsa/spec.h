/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, commands and statuses (Intel Data Streaming Accelerator specification, 1.0). */
#ifndef HW_DMA_DSA_SPEC_H
#define HW_DMA_DSA_SPEC_H

#include <inttypes.h>

/* BAR 0. */
enum {
    DSA_VERSION = 0x00,
    DSA_GENCAP = 0x10,
    DSA_WQCAP = 0x20,
    DSA_GRPCAP = 0x30,
    DSA_ENGCAP = 0x38,
    DSA_OPCAP = 0x40, /* 256 bits */
    DSA_TABLES = 0x60,
    DSA_TABLES_HIGH = 0x68,
    DSA_GENCFG = 0x80,
    DSA_GENCTRL = 0x88,
    DSA_GENSTS = 0x90,
    DSA_INTCAUSE = 0x98,
    DSA_CMD = 0xa0,
    DSA_CMDSTS = 0xa8,
    DSA_CMDCAP = 0xb0,
    DSA_SWERR = 0xc0, /* 256 bits */
    DSA_REGS_SPAN = 0xe0,
};

#define DSA_VERSION_1_0 0x100

#define GENCAP_OVERLAP_COPY    (1ull << 1)
#define GENCAP_CACHE_MEMORY    (1ull << 2)
#define GENCAP_CACHE_FLUSH     (1ull << 3)
#define GENCAP_COMMANDS        (1ull << 4)
#define GENCAP_XFER_SHIFT      16
#define GENCAP_BATCH_SHIFT     21
#define GENCAP_IMS_SHIFT       25 /* multiples of 256 slots */
#define GENCAP_CONFIG          (1ull << 31)
#define WQCAP_WQS_SHIFT        16
#define WQCAP_DEDICATED        (1ull << 49)
#define WQCAP_PRIORITY         (1ull << 51)
#define WQCAP_OCCUPANCY        (1ull << 52)
#define GENCTRL_SOFTWARE_ERROR 1u /* enables the interrupt */
#define GENCTRL_HALT           2u
#define GENSTS_DISABLED        0u
#define GENSTS_ENABLED         1u

#define INTCAUSE_SOFTWARE_ERROR 0x01u
#define INTCAUSE_COMMAND        0x02u
#define INTCAUSE_REVOKED        0x80000000u

#define CMD_OPERAND(v_)     ((v_)&0xfffffu)
#define CMD_CODE(v_)        ((v_) >> 20 & 0x1f)
#define CMD_INTERRUPT       (1u << 31)
#define CMD_INT_TABLE_IMS   (1u << 16) /* of the operand */
#define CMDSTS_ACTIVE       (1u << 31)
#define CMDSTS_RESULT_SHIFT 8

typedef enum {
    DSA_CMD_ENABLE_DEVICE = 1,
    DSA_CMD_DISABLE_DEVICE,
    DSA_CMD_DRAIN_ALL,
    DSA_CMD_ABORT_ALL,
    DSA_CMD_RESET_DEVICE,
    DSA_CMD_ENABLE_WQ,
    DSA_CMD_DISABLE_WQ,
    DSA_CMD_DRAIN_WQ,
    DSA_CMD_ABORT_WQ,
    DSA_CMD_RESET_WQ,
    DSA_CMD_DRAIN_PASID,
    DSA_CMD_ABORT_PASID,
    DSA_CMD_REQUEST_INT_HANDLE,
    DSA_CMD_RELEASE_INT_HANDLE,
    DSA_CMDS,
} DsaCommand;

/* What CMDSTS says of a command. */
typedef enum {
    DSA_CMD_SUCCESS = 0x00,
    DSA_CMD_INVALID = 0x01,
    DSA_CMD_INVALID_WQ = 0x02,
    DSA_CMD_ALREADY_ENABLED = 0x10,
    DSA_CMD_NO_BUS_MASTER = 0x12,
    DSA_CMD_WQ_SIZES = 0x14,
    DSA_CMD_GROUP_WQS = 0x15,     /* a WQ with a size is not in exactly one group */
    DSA_CMD_GROUP_ENGINES = 0x16, /* an engine is in more than one group */
    DSA_CMD_GROUP_HALF = 0x17,    /* a group has WQs and no engines, or the reverse */
    DSA_CMD_DEVICE_OFF = 0x20,
    DSA_CMD_WQ_ENABLED = 0x21,
    DSA_CMD_WQ_SIZE = 0x22,
    DSA_CMD_WQ_PRIORITY = 0x23,
    DSA_CMD_WQ_MODE = 0x24,
    DSA_CMD_WQ_BLOCK_ON_FAULT = 0x25,
    DSA_CMD_WQ_PASID = 0x26,
    DSA_CMD_WQ_MAX_BATCH = 0x27,
    DSA_CMD_WQ_MAX_XFER = 0x28,
    DSA_CMD_DEVICE_NOT_ENABLED = 0x31,
    DSA_CMD_WQ_NOT_ENABLED = 0x32,
    DSA_CMD_INT_INDEX = 0x41,
    DSA_CMD_PENDING = 0x100, /* ours: it goes on */
} DsaCmdError;

/* What a completion record says of a descriptor, and SWERR of one that has none. */
typedef enum {
    DSA_NONE = 0x00,
    DSA_SUCCESS = 0x01,
    DSA_SUCCESS_PREDICATE = 0x02, /* the result is not the expected one */
    DSA_PAGE_FAULT = 0x03,
    DSA_BATCH_FAIL = 0x05,
    DSA_BATCH_PAGE_FAULT = 0x06,
    DSA_BAD_OPCODE = 0x10,
    DSA_INVALID_FLAGS = 0x11,
    DSA_RESERVED_FIELD = 0x12,
    DSA_XFER_SIZE = 0x13,
    DSA_BATCH_COUNT = 0x14,
    DSA_OVERLAP = 0x16,
    DSA_DUALCAST_ADDRESSES = 0x17,
    DSA_LIST_ALIGNMENT = 0x18,
    DSA_INT_HANDLE = 0x19,
    DSA_RECORD_FAULT = 0x1a,
    DSA_RECORD_ALIGNMENT = 0x1b,
    DSA_HARDWARE_ERROR = 0x20,
    /* Ours: of what came to a portal that could not take it; SWERR alone has them. */
    DSA_WQ_OFF = 0x50,
    DSA_WQ_FULL = 0x51,
} DsaStatus;
#define DSA_STATUS_WRITE 0x80u /* of a page fault */

#define SWERR_VALID        (1ull << 0)
#define SWERR_OVERFLOW     (1ull << 1)
#define SWERR_DESC_VALID   (1ull << 2)
#define SWERR_WQ_VALID     (1ull << 3)
#define SWERR_BATCH        (1ull << 4)
#define SWERR_WRITE        (1ull << 5)
#define SWERR_ERROR_SHIFT  8
#define SWERR_WQ_SHIFT     16
#define SWERR_OPCODE_SHIFT 32
#define SWERR_FLAGS_SHIFT  32 /* of the second word, above the index in the batch */

/* MSIXPERM's entries and, in the same bits, IMS slots' control. */
#define PERM_IGNORE   (1u << 2)
#define PERM_PASID_ON (1u << 3)
#define PERM_ALL      0xfffff00cu

#endif
