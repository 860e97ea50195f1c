/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of hw/nvme share. A controller is one function; those of one device (a primary and
 * its virtual functions) are a subsystem and see the same namespaces.
 *
 * A doorbell only notes where its queue has got to. What is asked is done in slices, from a timer:
 * so a register write costs nothing, one slice a bounded time, and no command ever runs within
 * another's DMA. While a slice runs, the registers do not answer, which can only be its own DMA.
 */
#ifndef HW_NVME_NVME_INTERNAL_H
#define HW_NVME_NVME_INTERNAL_H

#include "block/block.h"
#include "hw/core/regfile.h"
#include "hw/nvme/nvme_spec.h"
#include "hw/pci/pci.h"

#define NVME_MAX_NAMESPACES 256
#define NVME_MAX_IOQPAIRS   2047
#define NVME_MAX_MDTS       7    /* 4 KiB << 7: 512 KiB a command */
#define NVME_MAX_SEGMENTS   256  /* parts of a command's data */
#define NVME_QUEUE_ENTRIES  2048 /* CAP.MQES + 1 */
#define NVME_ERROR_ENTRIES  4
#define NVME_MAX_AERL       7 /* one less than requests that may wait (5.2) */
#define NVME_REG_ROWS       9
#define NVME_EVENT_TYPES    4
#define NVME_IDENTIFY_BYTES 4096u
#define NVME_CHUNK          (64u * 1024)

typedef struct NvmeCtrl NvmeCtrl;

/* A namespace: a drive in blocks of 1 << shift bytes. */
typedef struct {
    BlockBackend *blk;
    unsigned shift;
    uint64_t blocks;
    uint8_t uuid[16];
} NvmeNs;

/* 4.2: a command, decoded. */
typedef struct {
    uint8_t opcode, fuse, psdt;
    uint16_t cid;
    uint32_t nsid;
    uint64_t prp1, prp2; /* the data pointer's halves; an SGL descriptor is both */
    uint32_t cdw10[6];   /* CDW10 to CDW15 */
} NvmeCmd;
NvmeCmd nvme_cmd_decode(const uint8_t raw[SQE_BYTES]);

/* Where a command's data is, walked from the front. */
typedef struct {
    uint64_t addr;
    uint32_t len;
} NvmeSegment;
typedef struct {
    NvmeSegment segments[NVME_MAX_SEGMENTS];
    unsigned count;
    unsigned at;   /* the segment that is next */
    uint32_t into; /* and how much of it is done */
} NvmeMap;

typedef struct {
    NvmeNs *ns[NVME_MAX_NAMESPACES]; /* by nsid - 1; NULL: not there */
    uint8_t chunk[NVME_CHUNK];       /* within one command only, as the next */
    NvmeMap map;
} NvmeSubsystem;

typedef struct {
    uint64_t base;
    uint32_t size; /* entries; 0: there is no such queue */
    uint32_t head, tail;
    uint16_t cqid;
} NvmeSq;

typedef struct {
    uint64_t base;
    uint32_t size;
    uint32_t head, tail;
    bool phase; /* of the entry that is written next */
    bool irq;
    uint16_t vector;
    uint32_t fresh; /* entries that no interrupt has told of */
    uint32_t sqs;   /* submission queues that complete here */
} NvmeCq;

/* 5.14.1.1 */
typedef struct {
    uint64_t number; /* 0: an empty entry */
    uint16_t sqid, cid, status;
    uint64_t lba;
    uint32_t nsid;
} NvmeError;

/* A command that takes more than a slice: Write Zeroes. */
typedef struct {
    bool busy;
    uint16_t sqid;
    uint8_t command[SQE_BYTES];
    uint64_t done; /* bytes */
} NvmeJob;

/* 5.21.1: those that are kept as they are written, by feature identifier. */
#define NVME_FEATURES 0x0c

/* What a secondary controller has been given (8.5); a virtual function's. */
typedef struct {
    bool online;
    uint16_t queues; /* pairs, the admin queues' among them */
    uint16_t vectors;
} NvmeSecondary;

struct NvmeCtrl {
    PciDevice pci;
    /* Properties. */
    BlockBackend *blk;
    char *serial;
    uint32_t max_ioqpairs;
    uint16_t msix_qsize;
    uint8_t mdts, aerl;
    uint32_t logical_block_size;
    uint32_t bootindex;
    bool share_rw;
    uint8_t sriov_max_vfs;
    uint16_t sriov_vq_flexible, sriov_vi_flexible;
    uint8_t sriov_max_vi_per_vf, sriov_max_vq_per_vf;
    bool sriov_online;

    NvmeCtrl *primary;          /* of a secondary; NULL otherwise */
    NvmeSecondary *secondaries; /* of a primary, sriov_max_vfs */
    NvmeSubsystem *subsystem;   /* the primary's */
    NvmeNs own_ns;              /* of property "drive" */
    uint16_t cntlid;
    MemRegion bar;
    RegFile regs;
    uint64_t values[NVME_REG_ROWS]; /* the register file's */
    uint8_t page_shift;             /* CC.MPS when it was enabled */
    NvmeSq *sq;                     /* max_ioqpairs + 1 of each; 0 is the admin queue */
    NvmeCq *cq;
    uint16_t next_sq; /* whose turn it is */
    Timer work;
    Timer aggregation;
    bool serving; /* a slice runs */
    NvmeJob job;
    uint32_t result; /* dword 0 of the completion of the command under way */

    uint32_t features[NVME_FEATURES];
    uint32_t under_temperature;   /* the other threshold of feature 04h */
    uint8_t *coalescing_disabled; /* a byte a vector (5.21.1.9) */
    uint16_t async_cids[NVME_MAX_AERL + 1];
    uint8_t async_count;
    uint32_t
        async_events[NVME_EVENT_TYPES]; /* by type: one that nobody has been told of yet; 0: none */
    uint8_t async_masked; /* types that were told of, and whose log page nobody has read */
    NvmeError errors[NVME_ERROR_ENTRIES]; /* the latest first */
    uint64_t error_count;
    uint64_t bytes_read, bytes_written, reads, writes;
};

/* nvme_state.c */
extern const StateField nvme_state[];
/* Of a state that was loaded: numbers that index are in range. */
bool nvme_state_makes_sense(const NvmeCtrl *n);

/* nvme_cmd.c: the completion's four dwords (4.6). */
void nvme_cqe_encode(uint8_t raw[CQE_BYTES], uint32_t result, uint16_t sq_head, uint16_t sqid,
                     uint16_t cid, bool phase, uint16_t status);

/* nvme_regs.c */
void nvme_regs_init(NvmeCtrl *n);
void nvme_regs_free(NvmeCtrl *n);
void nvme_regs_reset(NvmeCtrl *n);
bool nvme_is_ready(const NvmeCtrl *n);
/* CSTS.CFS: it does no more until it is reset. */
void nvme_fatal(NvmeCtrl *n);

/* nvme_queue.c */
/* The queues and all that commands left behind go, as by a controller reset (7.3.2). */
void nvme_queues_reset(NvmeCtrl *n);
/* The admin queues as AQA, ASQ and ACQ say; false if these make no sense. */
bool nvme_queues_enable(NvmeCtrl *n);
void nvme_doorbell(NvmeCtrl *n, uint32_t offset, uint32_t value);
bool nvme_cq_is_full(const NvmeCq *cq);
/* Posts a completion; there has to be room. */
void nvme_post(NvmeCtrl *n, uint16_t sqid, uint16_t cid, uint32_t result, uint16_t status);
NvmeStatus nvme_create_sq(NvmeCtrl *n, const NvmeCmd *cmd);
NvmeStatus nvme_delete_sq(NvmeCtrl *n, const NvmeCmd *cmd);
NvmeStatus nvme_create_cq(NvmeCtrl *n, const NvmeCmd *cmd);
NvmeStatus nvme_delete_cq(NvmeCtrl *n, const NvmeCmd *cmd);
size_t nvme_queue_count(const void *ctrl);

/* nvme_work.c */
void nvme_work_init(NvmeCtrl *n);
/* There is something to do: a slice will run. */
void nvme_kick(NvmeCtrl *n);

/* nvme_intr.c */
void nvme_intr_init(NvmeCtrl *n);
/* Tells of what the queue has got, now or when its interrupts are aggregated enough. */
void nvme_intr_signal(NvmeCtrl *n, NvmeCq *cq);
void nvme_intr_update_pin(NvmeCtrl *n);
uint16_t nvme_vector_limit(const NvmeCtrl *n);
uint16_t nvme_queue_limit(const NvmeCtrl *n); /* I/O queue pairs */

/* nvme_data.c: a command's data pointer (4.3 and 4.4). */
NvmeStatus nvme_map(NvmeCtrl *n, const NvmeCmd *cmd, uint32_t len);
NvmeStatus nvme_map_sgl(NvmeCtrl *n, const NvmeCmd *cmd, uint32_t len); /* nvme_sgl.c */
/* False if there are too many. Neighbours become one. */
bool nvme_map_add(NvmeMap *map, uint64_t addr, uint32_t len);
/* Moves the map's next `len` bytes. */
bool nvme_map_write(NvmeCtrl *n, const void *buf, uint32_t len); /* to the host */
bool nvme_map_read(NvmeCtrl *n, void *buf, uint32_t len);
/* All of it at once. */
NvmeStatus nvme_to_host(NvmeCtrl *n, const NvmeCmd *cmd, const void *buf, uint32_t len);
NvmeStatus nvme_from_host(NvmeCtrl *n, const NvmeCmd *cmd, void *buf, uint32_t len);

/* nvme_admin.c, nvme_io.c: one command. */
NvmeStatus nvme_admin(NvmeCtrl *n, const NvmeCmd *cmd);
NvmeStatus nvme_io(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd);
/* What it costs to do the command, in bytes moved. */
uint32_t nvme_io_cost(const NvmeCtrl *n, const NvmeCmd *cmd);
bool nvme_io_is_long(const NvmeCmd *cmd);
/* The next part of the job; NVME_LATER if that was not all. */
NvmeStatus nvme_job_step(NvmeCtrl *n);
NvmeNs *nvme_find_ns(const NvmeCtrl *n, uint32_t nsid);
bool nvme_flush_all(NvmeCtrl *n);

/* nvme_identify.c, nvme_features.c, nvme_log.c, nvme_async.c */
NvmeStatus nvme_identify(NvmeCtrl *n, const NvmeCmd *cmd);
void nvme_features_reset(NvmeCtrl *n);
NvmeStatus nvme_get_features(NvmeCtrl *n, const NvmeCmd *cmd);
NvmeStatus nvme_set_features(NvmeCtrl *n, const NvmeCmd *cmd);
bool nvme_write_cache_is_on(const NvmeCtrl *n);
size_t nvme_vectors(const void *ctrl); /* as many as msix_qsize */
NvmeStatus nvme_get_log(NvmeCtrl *n, const NvmeCmd *cmd);
void nvme_log_error(NvmeCtrl *n, uint16_t sqid, const NvmeCmd *cmd, uint16_t status);
#define NVME_TEMPERATURE 323 /* kelvin */
bool nvme_temperature_is_critical(const NvmeCtrl *n);
NvmeStatus nvme_async_request(NvmeCtrl *n, const NvmeCmd *cmd);
void nvme_async_event(NvmeCtrl *n, unsigned type, uint8_t info, uint8_t log);
/* A log page was read: events of its type may come again. */
void nvme_async_unmask(NvmeCtrl *n, unsigned type);
/* Answers waiting requests with what has happened. */
void nvme_async_deliver(NvmeCtrl *n);

/* nvme_virt.c: primary and secondary controllers (8.5) */
/* A primary's properties make sense; fills in what was left open. */
bool nvme_virt_check(NvmeCtrl *n, GError **error);
/* The end of a primary's realize: its virtual functions. */
bool nvme_virt_init(NvmeCtrl *n, GError **error);
size_t nvme_secondary_count(const void *ctrl);
/* This controller's row, or NULL of one that is not secondary. */
NvmeSecondary *nvme_secondary(const NvmeCtrl *n);
/* The primary was reset: so are secondary controllers, which are offline then. */
void nvme_virt_reset(NvmeCtrl *n);
NvmeStatus nvme_virt_manage(NvmeCtrl *n, const NvmeCmd *cmd);
NvmeStatus nvme_virt_identify_primary(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p);
NvmeStatus nvme_virt_identify_secondaries(NvmeCtrl *n, const NvmeCmd *cmd, uint8_t *p);

/* nvme.c */
extern const DeviceClass nvme_vf_class;

/* nvme_ns.c */
/* Sets the namespace up over `blk` and puts it into the subsystem. */
bool nvme_ns_open(NvmeCtrl *n, NvmeNs *ns, uint32_t nsid, BlockBackend *blk, uint32_t block_size,
                  bool share_rw, const char *owner, GError **error);

#endif
