/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: a unit and what holds it together. Section numbers are those of the AMD I/O
 * Virtualization Technology specification, revision 3.x. Each part has a header and a file of its
 * own:
 *
 *   amdvi            the device: properties, reset, how the board sees it
 *   function         the PCI function that it is, too: capability block and MSI
 *   regs             register rows, features
 *   queue, cmd       the command buffer, and the commands' codec
 *   asked            what devices were asked to forget
 *   log, event       the event log, and the events' codec
 *   galog            the guest virtual APIC log
 *   ppr              peripheral page requests, and their log
 *   ring             what the three logs have in common
 *   rules            where lint looks at what software does
 *   signal           the unit's own interrupts
 *   devcache, dte    the device table's cache, and its entries' codec
 *   ir               interrupt requests
 *   ircache, irte    the interrupt tables' cache, and their entries' codec
 *   dma              bus masters' reads and writes
 *   ats              translations that devices ask for and keep
 *   pagewalk, iotlb  I/O page tables, and the cache of translations
 *
 * A part that decides by itself takes its own struct; those that act on several parts (regs, queue,
 * ir, dma) take the unit.
 *
 * Nothing here is re-entered half-way: a request is decided first, under the unit's own state, and
 * only then called out. The unit's own interrupts are collected and sent by amdvi_signals_flush()
 * as the last act of every entry into the unit.
 */
#ifndef HW_I386_IOMMU_AMD_UNIT_H
#define HW_I386_IOMMU_AMD_UNIT_H

#include "hw/i386/iommu/amd/asked.h"
#include "hw/i386/iommu/amd/devcache.h"
#include "hw/i386/iommu/amd/galog.h"
#include "hw/i386/iommu/amd/iotlb.h"
#include "hw/i386/iommu/amd/ircache.h"
#include "hw/i386/iommu/amd/log.h"
#include "hw/i386/iommu/amd/queue.h"
#include "hw/i386/iommu/amd/regs.h"
#include "hw/i386/iommu/amd/signal.h"
#include "hw/i386/iommu/amdvi.h"
#include "hw/i386/iommu/ivrs.h"

typedef struct {
    int intremap; /* OnOffAuto */
    int xtsup;    /* OnOffAuto */
    int vapic;    /* OnOffAuto */
    bool ga, dma_remap, invalidate_all, irt_2k, device_iotlb, page_requests;
    uint64_t command_latency, event_latency; /* ns */
    IvrsTold told;
} AmdviProps;

/* What became of interrupt requests, since power-on. */
typedef struct {
    uint64_t remapped; /* delivered through an entry */
    uint64_t posted;   /* to a virtual APIC */
    uint64_t passed;   /* as they are */
    uint64_t blocked;  /* with or without an event */
} AmdviVerdicts;

struct AmdviState {
    Device dev;
    IommuLinks links;
    IommuPlace place;
    AmdviProps props;
    bool intremap, xtsup, vapic; /* decided */

    MemRegion region;
    RegFile regs;
    RegRow *rows;
    uint64_t values[AMDVI_MAX_ROWS]; /* the register file's */
    /* Copies of CONTROL's bits, for the fast paths. */
    bool enabled, irt_cached, int_2k;
    AmdviIrteMode irte_mode;

    AmdviSignals signals;
    AmdviLog log;
    AmdviGaLog galog;
    AmdviQueue queue;
    AmdviAsked asked;
    AmdviDevCache devices;
    AmdviIrCache interrupts;
    AmdviIotlb iotlb;
    AmdviVerdicts verdicts;
};

/* regs.c */
void amdvi_regs_init(AmdviState *s);
void amdvi_regs_free(AmdviState *s);
void amdvi_regs_reset(AmdviState *s);
/* Copies what the fast paths need out of the registers. */
void amdvi_regs_derive(AmdviState *s);
uint64_t amdvi_features(const AmdviState *s);
uint64_t amdvi_features2(const AmdviState *s);
extern const MemOps amdvi_mem_ops;
static inline uint64_t amdvi_reg(const AmdviState *s, uint32_t offset)
{
    return regfile_get(&s->regs, offset);
}

/* function.c */
void amdvi_link_function(Device *dev, PciDevice *function);
/* Where its capability block is in configuration space. */
uint8_t amdvi_function_capability(const PciDevice *function);

/* ir.c */
IntrResult amdvi_ir_request(AmdviState *s, const IntrMsg *msg);
/* A message's address as events have it: as HyperTransport would carry the request. */
uint64_t amdvi_ir_event_address(uint64_t address, uint32_t data);

/* dma.c */
extern const UpstreamOps amdvi_upstream_ops;
/* An interrupt message as it leaves an emitter: a request, or an ordinary dword write if its
 * address is outside the interrupt window or it carries a PASID. */
IntrResult amdvi_dma_message(void *opaque, const IntrMsg *msg);

/* ats.c */
bool amdvi_ats_translate(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out);
/* Asks the device to forget what the command says; its answer has the tag. */
void amdvi_ats_invalidate(AmdviState *s, const AmdviCmd *c, unsigned tag);
void amdvi_ats_invalidated(void *opaque, uint16_t requester_id, uint32_t tags);

/* describe.c: IommuClass's */
void amdvi_describe_registers(Device *dev, const Facts *facts);
uint32_t amdvi_entries(Device *dev);
bool amdvi_describe_entry(Device *dev, uint32_t index, bool used_only, const Facts *facts);
void amdvi_describe_descriptor(Device *dev, uint64_t address, const Facts *facts);

#define AMDVI_GUEST_ERROR(s_, ...)                                                                 \
    trace_event((s_)->dev.platform->trace, TRACE_GUEST_ERRORS, __VA_ARGS__)

#endif
