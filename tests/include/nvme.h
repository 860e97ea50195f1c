/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVM Express 1.4, from the specification: sections 3.1, 4 to 6. */
#ifndef TESTS_NVME_H
#define TESTS_NVME_H

#define NVME_R_CAP   0x00
#define NVME_R_VS    0x08
#define NVME_R_INTMS 0x0c
#define NVME_R_INTMC 0x10
#define NVME_R_CC    0x14
#define NVME_R_CSTS  0x1c
#define NVME_R_AQA   0x24
#define NVME_R_ASQ   0x28
#define NVME_R_ACQ   0x30
/* CAP.DSTRD = 0 */
#define NVME_R_SQ_TAIL(q_) (0x1000 + 8 * (q_))
#define NVME_R_CQ_HEAD(q_) (0x1004 + 8 * (q_))

/* Enabled, 4 KiB pages, entries of 64 and 16 bytes. */
#define NVME_CC_ON       0x00460001
#define NVME_CC_SHUTDOWN 0x00004000
#define NVME_CSTS_READY  0x1
#define NVME_CSTS_FATAL  0x2
#define NVME_CSTS_DOWN   0x8

enum {
    NVME_A_DELETE_SQ = 0x00,
    NVME_A_CREATE_SQ = 0x01,
    NVME_A_GET_LOG = 0x02,
    NVME_A_DELETE_CQ = 0x04,
    NVME_A_CREATE_CQ = 0x05,
    NVME_A_IDENTIFY = 0x06,
    NVME_A_ABORT = 0x08,
    NVME_A_SET_FEATURES = 0x09,
    NVME_A_GET_FEATURES = 0x0a,
    NVME_A_ASYNC_EVENT = 0x0c,
    NVME_A_FORMAT = 0x80,
    NVME_A_VIRTUALIZATION = 0x1c,
    NVME_C_FLUSH = 0x00,
    NVME_C_WRITE = 0x01,
    NVME_C_READ = 0x02,
    NVME_C_WRITE_ZEROES = 0x08,
    NVME_C_DSM = 0x09,
};

/* Status: type and code. */
enum {
    NVME_S_OK = 0x000,
    NVME_S_OPCODE = 0x001,
    NVME_S_FIELD = 0x002,
    NVME_S_TRANSFER = 0x004,
    NVME_S_SQ_DELETED = 0x008,
    NVME_S_NAMESPACE = 0x00b,
    NVME_S_SEQUENCE = 0x00c,
    NVME_S_SGL_SEGMENT = 0x00d,
    NVME_S_SGL_COUNT = 0x00e,
    NVME_S_SGL_LENGTH = 0x00f,
    NVME_S_SGL_TYPE = 0x011,
    NVME_S_PRP = 0x013,
    NVME_S_LBA_RANGE = 0x080,
    NVME_S_CQ = 0x100,
    NVME_S_QID = 0x101,
    NVME_S_QUEUE_SIZE = 0x102,
    NVME_S_ASYNC_LIMIT = 0x105,
    NVME_S_VECTOR = 0x108,
    NVME_S_LOG_PAGE = 0x109,
    NVME_S_DELETION = 0x10c,
    NVME_S_NOT_SAVEABLE = 0x10d,
    NVME_S_CONTROLLER = 0x11f,
    NVME_S_SECONDARY_STATE = 0x120,
    NVME_S_RESOURCES = 0x121,
    NVME_S_RESOURCE_ID = 0x122,
    NVME_S_READ_ONLY = 0x182,
};
#define NVME_SGL_BLOCK   0x00
#define NVME_SGL_SEGMENT 0x20
#define NVME_SGL_LAST    0x30

#endif
