/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: a unit and what holds it together. Section numbers are those of the Intel VT-d
 * specification, revision 4.1. Each part has a header and a file of its own:
 *
 *   vtd        the device: its life, how the board sees it
 *   props      properties, and what of them goes together
 *   models     what real units have for them
 *   caps       CAP and ECAP
 *   regs       register rows
 *   gcmd       commands, and GSTS
 *   fields     fields of words
 *   event      the unit's own interrupts (fault, invalidation)
 *   fault      fault recording
 *   qi, desc   the invalidation queue, and its descriptors' codec
 *   ir         interrupt requests
 *   irte, iec  the IRTE codec, and the interrupt entry cache
 *   pid        posted-interrupt descriptors
 *   dma        bus masters' reads and writes
 *   tables     how all tables are read: what memory has, or what was stored
 *   context    root and context tables
 *   pagewalk   second-stage tables
 *   pagetree   IOTLB slots in the order of their pages
 *   dmacache   context cache and IOTLB
 *   caches     what a checkpoint has beside a saved state
 *   rules      what lint looks after
 *
 * A part that decides by itself takes its own struct; those that act on several parts (regs, qi,
 * ir, dma) take the unit.
 *
 * Nothing here is re-entered half-way: a request is decided first, under the unit's own state, and
 * only then called out (a message delivered, memory written, an event sent). Events are collected
 * and sent by vtd_events_flush() as the last act of every entry into the unit.
 */
#ifndef HW_I386_IOMMU_VTD_UNIT_H
#define HW_I386_IOMMU_VTD_UNIT_H

#include "hw/i386/iommu/dmar.h"
#include "hw/i386/iommu/vtd.h"
#include "hw/i386/iommu/vtd/desc.h"
#include "hw/i386/iommu/vtd/dmacache.h"
#include "hw/i386/iommu/vtd/event.h"
#include "hw/i386/iommu/vtd/fault.h"
#include "hw/i386/iommu/vtd/iec.h"
#include "hw/i386/iommu/vtd/qi.h"
#include "hw/i386/iommu/vtd/regs.h"
#include "hw/i386/iommu/vtd/rules.h"
#include "hw/i386/iommu/vtd/tables.h"
#include "hw/i386/iommu/vtd/watch.h"

/* What becomes of a write of GCMD before the last one's status. */
typedef enum { VTD_GCMD_LOSE, VTD_GCMD_QUEUE } VtdGcmdEarly;

typedef struct {
    int intremap, eim; /* OnOffAuto */
    int model;         /* of vtd_models */
    uint32_t version;
    uint8_t aw_bits, haw, sagaw, domain_bits, mamv;
    uint32_t fro, iro; /* offsets; fro is 0 where the records' number decides */
    bool coherency, protected_memory, zlr, page_request_drain;
    bool caching_mode, snoop_control, dma_drain, dma_translation, device_iotlb, pass_through;
    bool stale_tm, buggy_eim, x2apic_opt_out, dma_ctrl_opt_in;
    uint32_t numa_node;
    bool scalable_mode, first_stage, pasid_mode, first_stage_1g, svm, page_requests;
    uint16_t fault_records;
    uint64_t gcmd_latency, qi_latency; /* ns */
    int gcmd_early;                    /* VtdGcmdEarly */
    int iec;                           /* VtdIecPolicy */
    uint64_t seed;
    bool posted_interrupts, esirtps, esrtps;
    bool rwbf, stale_tables;
} VtdProps;

/* What became of interrupt requests, since power-on. */
typedef struct {
    uint64_t remapped; /* delivered through an IRTE */
    uint64_t posted;
    uint64_t compatibility; /* passed as they are: remapping off, or CFI */
    uint64_t blocked;
} VtdVerdicts;

/* GCMD: the command under way, 0 if none, and with gcmd-early=queue the writes that wait for it. */
#define VTD_EARLY_COMMANDS 8
typedef struct {
    Timer timer;
    uint32_t pending;
    uint8_t early;
    uint32_t early_value[VTD_EARLY_COMMANDS], early_mask[VTD_EARLY_COMMANDS];
} VtdCommand;

struct VtdState {
    Device dev;
    IommuLinks links;
    IommuPlace place;
    DmarTold told;
    VtdProps props;
    bool intremap, eim; /* decided */

    MemRegion region;
    RegFile regs;
    RegRow *rows;
    uint64_t values[VTD_MAX_ROWS]; /* the register file's */
    VtdCommand command;
    /* Copies of GSTS bits, for the fast paths. */
    bool translating, remapping, compatibility;
    uint64_t root_table; /* latched by SRTP */

    VtdEvents events;
    VtdFaultLog faults;
    VtdQueue queue;
    VtdIec iec;
    VtdWatch irt_watch, queue_watch;
    VtdPidWatch pid_watch;
    VtdTables tables;
    VtdDmaCache cache;
    VtdVerdicts verdicts;
    VtdRules rules;
};

/* props.c */
extern const PropInfo vtd_props[];
bool vtd_props_check(VtdState *s, GError **error);
/* Where the fault records are. */
uint32_t vtd_props_fro(const VtdProps *p);

/* models.c: for PROP_PRESET */
extern const char *const vtd_models[];
extern const PropValue *const vtd_model_presets[];

/* caps.c: what CAP and ECAP say, and of CAP the widths of tables that the unit walks */
uint64_t vtd_caps_cap(const VtdState *s);
uint64_t vtd_caps_ecap(const VtdState *s);
uint8_t vtd_caps_sagaw(const VtdProps *p);

/* regs.c */
void vtd_regs_init(VtdState *s);
void vtd_regs_free(VtdState *s);
void vtd_regs_reset(VtdState *s);
/* Copies what the fast paths need out of the registers. */
void vtd_regs_derive(VtdState *s);
extern const MemOps vtd_mem_ops;
static inline uint64_t vtd_reg(const VtdState *s, uint32_t offset)
{
    return regfile_get(&s->regs, offset);
}
static inline bool vtd_queue_enabled(const VtdState *s)
{
    return vtd_reg(s, VTD_GSTS) & VTD_GCMD_QIE;
}

/* caches.c: DeviceClass's */
void vtd_save_caches(const Device *dev, GByteArray *out);
const uint8_t *vtd_load_caches(Device *dev, const uint8_t *saved);

/* gcmd.c: GCMD's hook, and the command under way */
void vtd_gcmd_init(VtdState *s);
void vtd_gcmd_reset(VtdState *s);
/* The write buffer is flushed before each invalidation of a cache (6.8, 11.4.5, 11.4.6). */
void vtd_before_invalidation(VtdState *s);
void vtd_gcmd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now, uint64_t written,
                      uint64_t mask);

/* describe.c: IommuClass's */
void vtd_describe_registers(Device *dev, const Facts *facts);
uint32_t vtd_entries(Device *dev);
bool vtd_describe_entry(Device *dev, uint32_t index, bool used_only, const Facts *facts);
void vtd_describe_descriptor(Device *dev, uint64_t address, const Facts *facts);

/* ir.c */
IntrResult vtd_ir_request(VtdState *s, const IntrMsg *msg);

/* dma.c */
extern const UpstreamOps vtd_upstream_ops;
/* An interrupt message as it leaves an emitter: a request, or an ordinary dword write if its
 * address is outside the interrupt window or it carries a PASID. */
IntrResult vtd_dma_message(void *opaque, const IntrMsg *msg);
/* Of dma.c, for ats.c: a fault's record, the requester's context entry (`fault` says whether it can
 * be used; `scratch` holds it if the cache does not), the page that has `addr` (in the IOTLB or
 * *scratch), and a transfer in memory. */
void vtd_dma_fault(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                   VtdAddressType at, VtdFaultReason reason);
const VtdContext *vtd_dma_context(VtdState *s, uint16_t source_id, VtdContext *scratch);
VtdFaultReason vtd_dma_mapping(VtdState *s, const VtdContext *ctx, uint64_t addr,
                               const VtdMapping **found, VtdMapping *scratch);
MemResult vtd_dma_transfer(VtdState *s, uint64_t host, VtdAccess access, void *buf, size_t len);

/* ats.c */
MemResult vtd_ats_access(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access, void *buf,
                         size_t len);
bool vtd_ats_translate(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out);
void vtd_ats_invalidated(void *opaque, uint16_t requester_id, uint32_t tags);
/* Sends the invalidation on; if nobody completes it, it times out. */
void vtd_ats_invalidate(VtdState *s, const VtdDesc *d, unsigned tag);

#define VTD_GUEST_ERROR(s_, ...)                                                                   \
    trace_event((s_)->dev.platform->trace, TRACE_GUEST_ERRORS, __VA_ARGS__)

#endif
