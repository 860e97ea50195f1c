/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the VT-d unit share: its state, its register offsets and fields, and what each
 * file offers the others. Section numbers are those of the Intel VT-d specification, revision 4.1.
 *
 *   vtd.c          the device: properties, reset, wiring
 *   regs.c     register rows, capabilities, GCMD and GSTS
 *   event.c    the unit's own interrupts (fault, invalidation)
 *   fault.c    fault recording
 *   qi.c       the invalidation queue       desc.c      its descriptors' codec
 *   ir.c       interrupt requests           iec.c       the interrupt entry cache
 *   irte.c     the IRTE codec               pid.c       posted-interrupt descriptors
 *   dma.c      bus masters' reads and writes
 *   context.c  root and context tables      pagewalk.c  second-stage tables
 *   dmacache.c context cache and IOTLB
 *
 * Nothing here is re-entered half-way: a request is decided first, under the unit's own state, and
 * only then called out (a message delivered, memory written, an event sent). Events are collected
 * in `events_due` and sent by vtd_events_flush() as the last act of every entry into the unit.
 */
#ifndef HW_I386_IOMMU_VTD_VTD_INTERNAL_H
#define HW_I386_IOMMU_VTD_VTD_INTERNAL_H

#include <assert.h>

#include "hw/core/regfile.h"
#include "hw/i386/iommu/vtd.h"

/* A field is a "shift, width" pair, so that vtd_get(word, IRTE_V) names it. */
static inline uint64_t vtd_get(uint64_t word, unsigned shift, unsigned width)
{
    return (word >> shift) & (width >= 64 ? UINT64_MAX : (1ull << width) - 1);
}

static inline uint64_t vtd_put(uint64_t value, unsigned shift, unsigned width)
{
    return (value & (width >= 64 ? UINT64_MAX : (1ull << width) - 1)) << shift;
}

static inline uint64_t vtd_mask(unsigned shift, unsigned width)
{
    return vtd_put(UINT64_MAX, shift, width);
}

/* Bits shift and up, to the end of the word. */
static inline uint64_t vtd_mask_from(unsigned shift)
{
    return shift >= 64 ? 0 : UINT64_MAX << shift;
}

/* Register offsets (11.4). IVA and IOTLB are found by ECAP.IRO, the fault records by CAP.FRO. */
enum {
    VTD_VER = 0x00,
    VTD_CAP = 0x08,
    VTD_ECAP = 0x10,
    VTD_GCMD = 0x18,
    VTD_GSTS = 0x1c,
    VTD_RTADDR = 0x20,
    VTD_CCMD = 0x28,
    VTD_FSTS = 0x34,
    VTD_FECTL = 0x38,
    VTD_FEDATA = 0x3c,
    VTD_FEADDR = 0x40,
    VTD_FEUADDR = 0x44,
    VTD_PMEN = 0x64,
    VTD_PLMBASE = 0x68,
    VTD_PLMLIMIT = 0x6c,
    VTD_PHMBASE = 0x70,
    VTD_PHMLIMIT = 0x78,
    VTD_IQH = 0x80,
    VTD_IQT = 0x88,
    VTD_IQA = 0x90,
    VTD_ICS = 0x9c,
    VTD_IECTL = 0xa0,
    VTD_IEDATA = 0xa4,
    VTD_IEADDR = 0xa8,
    VTD_IEUADDR = 0xac,
    VTD_IQERCD = 0xb0,
    VTD_IRTA = 0xb8,
    VTD_IVA = 0xf0,
    VTD_IOTLB = 0xf8,
    VTD_FRCD_NEAR = 0x220, /* where the fault records are while they fit the first page */
    VTD_FRCD_FAR = 0x1000, /* where they are otherwise */
};
#define VTD_FRCD_SIZE   16
#define VTD_MAX_RECORDS 256
/* Base rows, and two a fault record. */
#define VTD_MAX_ROWS (40 + 2 * VTD_MAX_RECORDS)

/* GCMD and GSTS (11.4.4): each command bit is answered by the status bit of the same number. */
#define VTD_GCMD_TE    (1u << 31)
#define VTD_GCMD_SRTP  (1u << 30)
#define VTD_GCMD_QIE   (1u << 26)
#define VTD_GCMD_IRE   (1u << 25)
#define VTD_GCMD_SIRTP (1u << 24)
#define VTD_GCMD_CFI   (1u << 23)

/* FSTS (11.4.7.1). */
#define VTD_FSTS_PFO (1u << 0)
#define VTD_FSTS_PPF (1u << 1)
#define VTD_FSTS_IQE (1u << 4)
#define VTD_FSTS_ICE (1u << 5)
#define VTD_FSTS_ITE (1u << 6)
#define VTD_FSTS_FRI 8, 8
/* The conditions that a fault event tells of. */
#define VTD_FSTS_EVENTS (VTD_FSTS_PFO | VTD_FSTS_PPF | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE)

/* FECTL, IECTL. */
#define VTD_EVENT_IM (1u << 31)
#define VTD_EVENT_IP (1u << 30)

#define VTD_ICS_IWC (1u << 0)

/* IQERCD (11.4.9.9). */
#define VTD_IQERCD_IQEI   0, 4
#define VTD_IQERCD_ITESID 32, 16
#define VTD_IQERCD_ICESID 48, 16

/* IRTA (11.4.10.1) and RTADDR: bases are bits 63:12. */
#define VTD_IRTA_SIZE 0, 4
#define VTD_IRTA_EIME (1ull << 11)
#define VTD_BASE_MASK vtd_mask_from(12)

/* Host address width: physical addresses in guest tables have bits 63:HAW reserved. */
#define VTD_HAW 48

/* Fault reasons (7.1.3): the value of FRCD.FR. */
typedef enum {
    VTD_OK = 0,
    VTD_FR_ROOT_NOT_PRESENT = 0x01,     /* LRT.2 */
    VTD_FR_CONTEXT_NOT_PRESENT = 0x02,  /* LCT.2 */
    VTD_FR_CONTEXT_INVALID = 0x03,      /* LCT.4: TT or AW not supported */
    VTD_FR_ADDRESS_TOO_WIDE = 0x04,     /* LGN.1 */
    VTD_FR_NO_WRITE = 0x05,             /* LGN.2 */
    VTD_FR_NO_READ = 0x06,              /* LGN.3 */
    VTD_FR_PAGE_TABLE_ACCESS = 0x07,    /* LSS.1 */
    VTD_FR_ROOT_ACCESS = 0x08,          /* LRT.1 */
    VTD_FR_CONTEXT_ACCESS = 0x09,       /* LCT.1 */
    VTD_FR_ROOT_RESERVED = 0x0a,        /* LRT.3 */
    VTD_FR_CONTEXT_RESERVED = 0x0b,     /* LCT.3 */
    VTD_FR_PAGE_TABLE_RESERVED = 0x0c,  /* LSS.2 */
    VTD_FR_TRANSLATION_BLOCKED = 0x0d,  /* LCT.5: wants ATS, which comes later */
    VTD_FR_INTERRUPT_RANGE = 0x0e,      /* LGN.4 */
    VTD_FR_IR_REQUEST_RESERVED = 0x20,  /* IR.1 */
    VTD_FR_IR_INDEX = 0x21,             /* IR.2 */
    VTD_FR_IR_NOT_PRESENT = 0x22,       /* IR.3 */
    VTD_FR_IR_TABLE_ACCESS = 0x23,      /* IR.4 */
    VTD_FR_IR_ENTRY_RESERVED = 0x24,    /* IR.5 */
    VTD_FR_IR_COMPATIBILITY = 0x25,     /* IR.6 */
    VTD_FR_IR_SOURCE = 0x26,            /* IR.7 */
    VTD_FR_PID_ACCESS = 0x27,           /* IR.8 */
    VTD_FR_PID_RESERVED = 0x28,         /* IR.9 */
    VTD_FR_PASID_IN_LEGACY_MODE = 0x31, /* RTA.2 */
} VtdFaultReason;

/* FRCD type: T1 in bit 1, T2 in bit 0 (11.4.7.9). */
typedef enum { VTD_WRITE = 0, VTD_READ = 2 } VtdAccess;

typedef struct {
    uint16_t source_id;
    VtdFaultReason reason;
    VtdAccess access;
    uint64_t info; /* page address, or interrupt index << 48 */
    bool has_pasid;
    uint32_t pasid;
} VtdFault;

/* IQERCD.IQEI (11.4.9.9). */
typedef enum {
    VTD_IQEI_NONE = 0,
    VTD_IQEI_TAIL = 1,
    VTD_IQEI_FETCH = 2,
    VTD_IQEI_TYPE = 3,
    VTD_IQEI_RESERVED = 4,
    VTD_IQEI_WIDTH = 5,
    VTD_IQEI_TAIL_ALIGNMENT = 6,
} VtdQueueError;

/* ---- Interrupt remapping table entries (9.10) ---- */

/* How to decode: what the unit offers and the mode its table was set in. */
typedef struct {
    bool eime;
    bool posting; /* CAP.PI */
} VtdIrteMode;

typedef struct {
    bool present, fpd, posted;
    bool logical, redirection, level, urgent;
    uint8_t delivery, vector, avail;
    uint32_t dest; /* an id: already shifted down in xAPIC mode */
    uint64_t pid_address;
    uint16_t sid;
    uint8_t sq, svt;
} VtdIrte;

/* Takes the entry apart; VTD_OK, or the reason why it cannot be used. The fields are valid in any
 * case, for FPD counts also where P is clear. */
VtdFaultReason vtd_irte_decode(uint64_t low, uint64_t high, VtdIrteMode mode, VtdIrte *out);
void vtd_irte_encode(const VtdIrte *irte, VtdIrteMode mode, uint64_t *low, uint64_t *high);

/* ---- Posted-interrupt descriptors (9.12) ---- */

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

/* ---- Interrupt entry cache (6.4) ---- */

typedef enum { VTD_IEC_HOLD, VTD_IEC_OFF, VTD_IEC_RANDOM } VtdIecPolicy;

#define VTD_IRT_MAX       65536u
#define VTD_IEC_BLOCK     256u
#define VTD_IEC_BLOCKS    (VTD_IRT_MAX / VTD_IEC_BLOCK)
#define VTD_HANDLE_MASK_V 0xfu /* ECAP.MHMV */

/* An entry ready for use. It is valid while its epoch is above that of its block: invalidating is
 * to raise the block's epoch, or to clear the entry's. */
typedef struct {
    uint64_t epoch;
    uint64_t low, high;          /* as read, to tell stale entries */
    uint16_t sid_mask, sid;      /* SVT 00 and 01: (requester & mask) == sid */
    uint8_t bus_first, bus_last; /* SVT 10 */
    bool check_bus;
    bool posted, urgent, fpd;
    uint8_t fault; /* VtdFaultReason: what its use gives */
    ApicMsg msg;
    uint64_t pid_address;
} VtdIecEntry;

/* ---- Invalidation descriptors (6.5.2) ---- */

typedef enum {
    VTD_DESC_CONTEXT = 1,
    VTD_DESC_IOTLB = 2,
    VTD_DESC_DEVICE_TLB = 3,
    VTD_DESC_IEC = 4,
    VTD_DESC_WAIT = 5,
} VtdDescType;

/* Granularities: those of CCMD.CIRG and IOTLB.IIRG too. */
enum { VTD_INV_GLOBAL = 1, VTD_INV_DOMAIN = 2, VTD_INV_DEVICE = 3, VTD_INV_PAGE = 3 };

typedef struct {
    VtdDescType type;
    uint8_t granularity;
    uint16_t domain, source_id;
    uint8_t function_mask;                /* context cache */
    uint8_t address_mask;                 /* IOTLB */
    bool hint;                            /* IOTLB: leaf only */
    uint64_t address;                     /* IOTLB, device TLB; wait: status address */
    bool size;                            /* device TLB */
    bool global;                          /* IEC */
    uint8_t index_mask;                   /* IEC */
    uint16_t index;                       /* IEC */
    bool interrupt, status, fence, drain; /* wait */
    uint32_t status_data;                 /* wait */
} VtdDesc;

/* What a unit takes, for the descriptors' checks. */
typedef struct {
    bool intremap, device_iotlb, page_drain;
    uint8_t max_address_mask, max_handle_mask;
} VtdDescLimits;
/* `words` is 2 or 4 quadwords. */
VtdQueueError vtd_desc_decode(const uint64_t *q, unsigned words, const VtdDescLimits *limits,
                              VtdDesc *out);

/* ---- DMA remapping (3.4, 3.7, 9.1, 9.3, 9.8) ---- */

typedef enum {
    VTD_TT_UNTRANSLATED = 0,
    VTD_TT_ALL = 1,
    VTD_TT_PASS_THROUGH = 2
} VtdTranslationType;

typedef struct {
    bool present;
    bool reserved; /* a reserved bit is set */
    uint64_t context_table;
} VtdRootEntry;
void vtd_root_decode(uint64_t low, uint64_t high, VtdRootEntry *out);

typedef struct {
    bool present, fpd, reserved;
    uint8_t type;  /* VtdTranslationType or 3 */
    uint8_t width; /* AW */
    uint16_t domain;
    uint64_t table;
} VtdContextEntry;
void vtd_context_decode(uint64_t low, uint64_t high, VtdContextEntry *out);

/* A source's context, as the context cache holds it. */
typedef struct {
    uint64_t epoch;
    uint64_t table;
    uint16_t domain;
    uint8_t levels; /* of the second-stage table: 3, 4, 5 */
    uint8_t type;
    uint8_t fault; /* VtdFaultReason; cached only with caching mode */
    bool fpd;
} VtdContext;

/* A page's translation, as the IOTLB holds it. */
typedef struct {
    uint64_t epoch;
    uint64_t page; /* input address >> shift */
    uint64_t host; /* physical address of the page */
    uint16_t domain;
    uint8_t shift; /* 12, 21, 30 */
    bool read, write, snoop, transient;
    uint8_t fault; /* VtdFaultReason; cached only with caching mode */
} VtdMapping;

typedef struct {
    bool snoop, transient; /* these leaf bits exist */
} VtdPteBits;

#define VTD_MAX_ADDRESS_MASK 18 /* CAP.MAMV: 1 GiB */
#define VTD_IOTLB_WAYS       4
#define VTD_IOTLB_SETS       1024

typedef struct {
    VtdContext *contexts;     /* one a source id */
    uint64_t *context_epochs; /* one a domain */
    uint64_t *tlb_epochs;     /* one a domain */
    uint64_t context_epoch, tlb_epoch;
    VtdMapping *tlb; /* VTD_IOTLB_SETS sets of VTD_IOTLB_WAYS */
    uint32_t victim;
    uint32_t large_shifts; /* bit 1: 2 MiB pages were cached, bit 2: 1 GiB */
} VtdDmaCache;

/* ---- The unit ---- */

typedef struct {
    int intremap, eim; /* OnOffAuto */
    uint32_t version;
    uint8_t aw_bits;
    bool caching_mode, snoop_control, dma_drain, dma_translation, device_iotlb, pass_through;
    bool stale_tm, buggy_eim;
    bool scalable_mode, first_stage, pasid_mode, first_stage_1g, svm, page_requests;
    uint16_t fault_records;
    uint64_t gcmd_latency, qi_latency; /* ns */
    int iec;                           /* VtdIecPolicy */
    uint64_t seed;
    bool posted_interrupts, esirtps, esrtps;
} VtdProps;

/* Device-TLB invalidations under way: one a tag (PCIe ATS 10.3). */
#define VTD_ITAGS 32

typedef struct {
    Timer step;         /* qi-latency, and the rest of an overlong run */
    Timer timeout;      /* of the device-TLB invalidations under way */
    bool running;       /* the queue is being run: an inner IQT write only moves the tail */
    uint32_t tags_busy; /* device-TLB invalidations under way */
    uint16_t tag_source[VTD_ITAGS];
    bool wait_pending; /* a wait descriptor that they hold up */
    bool wait_interrupt, wait_status;
    uint32_t wait_data;
    uint64_t wait_address;
} VtdQueue;

typedef enum { VTD_EVENT_FAULT, VTD_EVENT_INVALIDATION, VTD_EVENTS } VtdEvent;

typedef struct {
    Device dev;
    VtdLinks links;
    VtdProps props;
    bool intremap, eim; /* decided */

    MemRegion region;
    RegFile regs;
    RegRow *rows;
    uint64_t values[VTD_MAX_ROWS]; /* the register file's, so that the state table reaches them */
    uint32_t frcd;                 /* offset of the fault records */

    /* GCMD: the command under way, 0 if none. */
    Timer gcmd_timer;
    uint32_t gcmd_pending;
    /* Copies of GSTS bits, for the fast paths. */
    bool translating, remapping, compatibility;
    /* Latched by SRTP and SIRTP. */
    uint64_t root_table;
    uint64_t irta;
    uint64_t irt_base;
    uint32_t irt_entries;
    bool eime;
    bool iec_flushed; /* since SIRTP */

    uint16_t next_record;
    uint32_t events_due;                /* bit a VtdEvent */
    uint64_t event_waiting[VTD_EVENTS]; /* serial numbers of those due or pending */
    VtdQueue queue;

    VtdIecEntry *iec;
    uint64_t iec_block_epochs[VTD_IEC_BLOCKS];
    uint64_t epoch; /* counts invalidations of all caches */
    uint64_t random;
    const uint8_t *irt_host; /* the table in host memory, valid at irt_generation */
    uint64_t irt_generation;
    bool irt_host_known;

    VtdDmaCache cache;
    VtdStats stats;
} VtdState;

/* regs.c */
void vtd_regs_init(VtdState *s);
void vtd_regs_free(VtdState *s);
void vtd_regs_reset(VtdState *s);
/* Copies what the fast paths need out of the registers. */
void vtd_regs_derive(VtdState *s);
void vtd_gcmd_done(void *opaque);
extern const MemOps vtd_mem_ops;
static inline uint64_t vtd_reg(const VtdState *s, uint32_t offset)
{
    return regfile_get(&s->regs, offset);
}
static inline bool vtd_queue_enabled(const VtdState *s)
{
    return vtd_reg(s, VTD_GSTS) & VTD_GCMD_QIE;
}

/* event.c */
void vtd_event_raise(VtdState *s, VtdEvent event);
/* Software has dealt with every condition of the event: nothing is pending any more. */
void vtd_event_settle(VtdState *s, VtdEvent event);
void vtd_event_control_written(VtdState *s, VtdEvent event);
void vtd_events_flush(VtdState *s);

/* fault.c */
void vtd_fault_record(VtdState *s, const VtdFault *fault);
/* Sets FSTS bits and raises the fault event if there was no condition before. */
void vtd_fault_status(VtdState *s, uint32_t bits);
/* After software cleared FSTS or FRCD bits. */
void vtd_fault_cleared(VtdState *s);

/* qi.c */
void vtd_qi_init(VtdState *s);
void vtd_qi_reset(VtdState *s);
void vtd_qi_disable(VtdState *s);
/* Something that may let the queue go on has happened: the tail, QIE, an error cleared. */
void vtd_qi_kick(VtdState *s);

/* ir.c */
IntrResult vtd_ir_request(VtdState *s, const IntrMsg *msg);
/* SIRTP: takes the table's address, size and mode from IRTA. */
void vtd_ir_set_table(VtdState *s, uint64_t irta);

/* iec.c */
void vtd_iec_init(VtdState *s);
void vtd_iec_free(VtdState *s);
void vtd_iec_reset(VtdState *s);
void vtd_iec_invalidate_all(VtdState *s);
void vtd_iec_invalidate(VtdState *s, uint16_t index, uint8_t mask);
/* The entry to use for `index`, from the cache or from memory through `scratch`. */
const VtdIecEntry *vtd_iec_get(VtdState *s, uint32_t index, VtdIecEntry *scratch);

/* context.c */
VtdFaultReason vtd_context_walk(VtdState *s, uint16_t source_id, VtdContext *out);

/* pagewalk.c */
VtdFaultReason vtd_page_walk(AddressSpace *memory, uint64_t table, unsigned levels, VtdPteBits bits,
                             uint64_t address, VtdMapping *out);

/* dmacache.c */
void vtd_dmacache_init(VtdState *s);
void vtd_dmacache_free(VtdState *s);
void vtd_dmacache_reset(VtdState *s);
const VtdContext *vtd_context_cached(VtdState *s, uint16_t source_id);
void vtd_context_fill(VtdState *s, uint16_t source_id, VtdContext *context);
const VtdMapping *vtd_iotlb_find(VtdState *s, uint16_t domain, uint64_t address);
void vtd_iotlb_fill(VtdState *s, VtdMapping *mapping);
void vtd_context_invalidate(VtdState *s, uint8_t granularity, uint16_t domain, uint16_t source_id,
                            uint8_t function_mask);
void vtd_iotlb_invalidate(VtdState *s, uint8_t granularity, uint16_t domain, uint64_t address,
                          uint8_t address_mask);

/* dma.c */
extern const UpstreamOps vtd_upstream_ops;
/* An interrupt message as it leaves an emitter: a request, or an ordinary dword write if its
 * address is outside the interrupt window or it carries a PASID. */
IntrResult vtd_dma_message(void *opaque, const IntrMsg *msg);

static inline uint64_t vtd_next_epoch(VtdState *s)
{
    return ++s->epoch;
}

#define VTD_GUEST_ERROR(s_, ...)                                                                   \
    trace_event((s_)->dev.platform->trace, TRACE_GUEST_ERRORS, __VA_ARGS__)

#endif
