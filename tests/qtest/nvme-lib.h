/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver of an NVM Express controller for qtests: one function, queues in the machine's memory.
 */
#ifndef TESTS_QTEST_NVME_LIB_H
#define TESTS_QTEST_NVME_LIB_H

#include "tests/include/nvme.h"
#include "vtd-lib.h"

#define NVME_ENTRIES 16
#define NVME_QUEUES  8

/* What a driver owns: from `memory` on. */
#define NVME_SQ_AT(q_) (0x1000ull * (q_))
#define NVME_CQ_AT(q_) (0x10000 + 0x1000ull * (q_))
#define NVME_DATA_AT   0x20000ull
#define NVME_MEMORY    0x100000ull /* bytes */

typedef struct {
    Vtd *v;
    QTest *qts;
    uint64_t config; /* of the function, in the ECAM window */
    uint64_t regs, vectors;
    uint64_t memory;
    uint16_t tail[NVME_QUEUES], head[NVME_QUEUES];
    bool phase[NVME_QUEUES];
    uint16_t cid;
} Nvme;

typedef struct {
    uint8_t opcode, psdt;
    uint32_t nsid;
    uint64_t prp1, prp2;
    uint32_t cdw10, cdw11, cdw12, cdw13;
} NvmeCommand;

typedef struct {
    bool there;
    uint32_t result;
    uint16_t sq_head, sqid, cid, status; /* without phase and "do not retry" */
} NvmeCompletion;

#define NVME_ECAM(rid_) (0xb0000000ull + ((uint64_t)(rid_) << 12))

/* The driver of function `rid` of a machine, whose BARs are assigned; vector n is FEE00000h and
 * 60h + n. */
void nvme_attach(Nvme *d, Vtd *v, uint16_t rid, uint64_t memory);
uint32_t nvme_reg(Nvme *d, uint32_t offset);
void nvme_set_reg(Nvme *d, uint32_t offset, uint32_t value);
/* Sets the admin queues up and CC.EN; CSTS then. */
uint32_t nvme_enable(Nvme *d);
void nvme_enable_vectors(Nvme *d, unsigned count);
/* Puts a command into a queue without ringing; its identifier. */
uint16_t nvme_put(Nvme *d, unsigned queue, const NvmeCommand *cmd);
void nvme_ring(Nvme *d, unsigned queue);
/* The queue's next completion, if there is one; with `ring` it is taken. */
NvmeCompletion nvme_take(Nvme *d, unsigned queue, bool ring);
/* All of it: put, ring, time, take. There has to be a completion. */
NvmeCompletion nvme_do(Nvme *d, unsigned queue, const NvmeCommand *cmd);
/* The same, its status alone. */
uint16_t nvme_status(Nvme *d, unsigned queue, NvmeCommand cmd);
/* A pair of I/O queues of this number, interrupts on. */
void nvme_create_queues(Nvme *d, unsigned queue, unsigned vector);

/* A machine with a unit and a controller, nvme0, over a file of NVME_DISK_BLOCKS blocks of 512
 * bytes. */
#define NVME_DISK_DEVFN  (5 << 3)
#define NVME_DISK_MEMORY 0x2000000ull /* what the driver owns */
#define NVME_DISK_BLOCKS 4096
#define NVME_DISK_DATA   (NVME_DISK_MEMORY + NVME_DATA_AT)
#define NVME_DISK_LIST   (NVME_DISK_MEMORY + 0xc0000)
typedef struct {
    Nvme d;
    char *file;
} NvmeDisk;
/* Off, enabled, and with a pair of I/O queues. `props` are nvme's, with a comma before the first.
 */
NvmeDisk *nvme_disk_start(const char *props, const char *drive_props);
NvmeDisk *nvme_disk_ready(const char *props);
NvmeDisk *nvme_disk_io(const char *props);
void nvme_disk_stop(NvmeDisk *disk);
/* A read or write of `count` blocks from `block` on, by NVME_DISK_DATA. */
NvmeCommand nvme_io(uint8_t opcode, uint64_t block, uint32_t count);
/* Memory has what nvme_disk_start() wrote to these blocks. */
void nvme_check_blocks(Nvme *d, uint64_t at, uint64_t block, uint32_t count);
/* Sets or gets a feature. */
NvmeCompletion nvme_feature(Nvme *d, bool set, uint32_t id, uint32_t value);

#endif
