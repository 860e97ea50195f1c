/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of the NVM Express specification, revision 1.4: sections 3.1, 4 to 6. */
#ifndef HW_NVME_NVME_SPEC_H
#define HW_NVME_NVME_SPEC_H

/* 3.1: controller registers. */
#define NVME_CAP       0x00
#define NVME_VS        0x08
#define NVME_INTMS     0x0c
#define NVME_INTMC     0x10
#define NVME_CC        0x14
#define NVME_CSTS      0x1c
#define NVME_AQA       0x24
#define NVME_ASQ       0x28
#define NVME_ACQ       0x30
#define NVME_DOORBELLS 0x1000

#define NVME_VERSION_1_4 0x00010400u

/* CAP */
#define CAP_CQR          (1ull << 16) /* queues are contiguous */
#define CAP_TO_SHIFT     24           /* 500 ms each */
#define CAP_CSS_NVM      (1ull << 37)
#define CAP_MPSMAX_SHIFT 52

/* CC */
#define CC_EN           0x1u
#define CC_CSS(cc_)     ((cc_) >> 4 & 0x7)
#define CC_MPS(cc_)     ((cc_) >> 7 & 0xf)
#define CC_AMS(cc_)     ((cc_) >> 11 & 0x7)
#define CC_SHN(cc_)     ((cc_) >> 14 & 0x3)
#define CC_IOSQES(cc_)  ((cc_) >> 16 & 0xf)
#define CC_IOCQES(cc_)  ((cc_) >> 20 & 0xf)
#define CC_ALL          0x00fffff1ull
#define CC_LOWEST_SHIFT 12 /* CC.MPS = 0: 4 KiB */

/* CSTS */
#define CSTS_RDY           0x1u
#define CSTS_CFS           0x2u
#define CSTS_SHST          0xcu
#define CSTS_SHST_COMPLETE 0x8u

#define SQE_SHIFT 6
#define CQE_SHIFT 4
#define SQE_BYTES (1u << SQE_SHIFT)
#define CQE_BYTES (1u << CQE_SHIFT)

/* Status (4.6.1): type in bits 10:8, code in bits 7:0. */
typedef enum {
    NVME_SUCCESS = 0x000,
    NVME_INVALID_OPCODE = 0x001,
    NVME_INVALID_FIELD = 0x002,
    NVME_DATA_TRANSFER_ERROR = 0x004,
    NVME_ABORTED_SQ_DELETION = 0x008,
    NVME_INVALID_NAMESPACE = 0x00b,
    NVME_SEQUENCE_ERROR = 0x00c,
    NVME_INVALID_SGL_SEGMENT = 0x00d,
    NVME_INVALID_SGL_COUNT = 0x00e,
    NVME_INVALID_SGL_LENGTH = 0x00f,
    NVME_INVALID_SGL_TYPE = 0x011,
    NVME_INVALID_PRP_OFFSET = 0x013,
    NVME_LBA_OUT_OF_RANGE = 0x080,
    NVME_INVALID_CQ = 0x100,
    NVME_INVALID_QID = 0x101,
    NVME_INVALID_QUEUE_SIZE = 0x102,
    NVME_TOO_MANY_ASYNC = 0x105,
    NVME_INVALID_VECTOR = 0x108,
    NVME_INVALID_LOG_PAGE = 0x109,
    NVME_INVALID_QUEUE_DELETION = 0x10c,
    NVME_NOT_SAVEABLE = 0x10d,
    NVME_NOT_CHANGEABLE = 0x10e,
    NVME_NOT_NS_SPECIFIC = 0x10f,
    NVME_INVALID_CONTROLLER_ID = 0x11f,
    NVME_INVALID_SECONDARY_STATE = 0x120,
    NVME_INVALID_RESOURCE_COUNT = 0x121,
    NVME_INVALID_RESOURCE_ID = 0x122,
    NVME_READ_ONLY = 0x182,
    NVME_WRITE_FAULT = 0x280,
    NVME_READ_ERROR = 0x281,
    /* Ours: there is no completion yet. */
    NVME_LATER = 0xffff,
} NvmeStatus;
#define NVME_DNR 0x4000u /* do not retry */

/* Admin commands (5). */
enum {
    ADMIN_DELETE_SQ = 0x00,
    ADMIN_CREATE_SQ = 0x01,
    ADMIN_GET_LOG = 0x02,
    ADMIN_DELETE_CQ = 0x04,
    ADMIN_CREATE_CQ = 0x05,
    ADMIN_IDENTIFY = 0x06,
    ADMIN_ABORT = 0x08,
    ADMIN_SET_FEATURES = 0x09,
    ADMIN_GET_FEATURES = 0x0a,
    ADMIN_ASYNC_EVENT = 0x0c,
    ADMIN_VIRT_MANAGEMENT = 0x1c,
};

/* NVM commands (6). */
enum {
    IO_FLUSH = 0x00,
    IO_WRITE = 0x01,
    IO_READ = 0x02,
    IO_WRITE_ZEROES = 0x08,
    IO_DSM = 0x09,
};

/* Log pages (5.14.1). */
enum {
    LOG_ERROR = 0x01,
    LOG_SMART = 0x02,
    LOG_FIRMWARE = 0x03,
    LOG_COMMANDS = 0x05,
};

/* Asynchronous events (5.2): type in bits 2:0, what in bits 15:8, log page in bits 23:16. */
enum {
    EVENT_ERROR = 0,
    EVENT_SMART = 1,
    EVENT_INVALID_DOORBELL = 0x00,
    EVENT_INVALID_DOORBELL_VALUE = 0x01,
    EVENT_TEMPERATURE = 0x01,
};

#define NVME_ALL_NAMESPACES 0xffffffffu

#endif
