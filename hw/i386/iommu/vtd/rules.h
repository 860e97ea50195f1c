/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: what lint remembers of a unit, and its checks where they are more than a compare (rules.c
 * for registers and the queue, rules_entry.c for requests, rules_tables.c for what is stored and
 * has not come to memory). All of it is forgotten at a reset.
 */
#ifndef HW_I386_IOMMU_VTD_RULES_H
#define HW_I386_IOMMU_VTD_RULES_H

#include "hw/i386/iommu/vtd/desc.h"
#include "hw/i386/iommu/vtd/iec.h"

typedef struct VtdState VtdState; /* unit.h */

/* One hit of the IOTLB in so many is compared with the tables. */
#define VTD_RULES_WALK_EVERY 16

/* An entry that was used while memory said something else. */
typedef struct {
    int64_t since; /* 0: none */
    uint32_t index;
    uint64_t cached[2], memory[2];
} VtdStaleUse;

/* An entry that is being changed may be found so for a moment, before its flush. */
#define VTD_RULES_CHANGING_NS NS_PER_MS

/* Whose vector it is: the entry that was read last for it. */
typedef struct {
    uint32_t dest, index;
    bool used, logical;
} VtdVectorUse;

/* An entry that was read before what was stored there came to memory. */
typedef struct {
    int64_t since; /* 0: none */
    uint64_t at;
} VtdBehind;

typedef struct {
    uint32_t unread;     /* the last command, till software has seen its status */
    bool table_replaced; /* by SIRTP, under IRE, and the entry cache not flushed since */
    bool root_replaced;  /* the same for SRTP and TE */
    bool context_unflushed, iotlb_unflushed; /* since SRTP */
    VtdStaleUse stale;
    VtdBehind behind;
    VtdVectorUse vectors[256];
    uint64_t pid_address; /* descriptor that was found with ON, first at: */
    int64_t pid_since;
    uint32_t dma_hits;
} VtdRules;

void vtd_rules_reset(VtdState *s);
/* A write of GCMD, before it is carried out; `command`: what is new in it. */
void vtd_rules_gcmd(VtdState *s, uint32_t written, uint32_t command);
/* Software has read GSTS. */
void vtd_rules_status_read(VtdState *s);
/* A level bit is about to be set in GSTS; SIRTP and SRTP have latched a table, or the same again.
 */
void vtd_rules_enable(VtdState *s, uint32_t bit);
void vtd_rules_table_set(VtdState *s, bool same);
void vtd_rules_root_set(VtdState *s, bool same);
void vtd_rules_access(VtdState *s, uint64_t offset, unsigned size);
/* Nothing is at `offset`. */
void vtd_rules_no_register(VtdState *s, uint64_t offset, uint64_t value);
/* Of a write, those of `bits` that are reserved and were not 0. */
void vtd_rules_reserved_bits(VtdState *s, const char *name, uint64_t bits);
void vtd_rules_irta(VtdState *s, uint64_t written);
void vtd_rules_iqa(VtdState *s, uint64_t written);
void vtd_rules_tail(VtdState *s, uint64_t written);
/* With the head on the descriptor at guest-physical `addr`. */
void vtd_rules_queue_error(VtdState *s, VtdQueueError cause, uint64_t addr);
void vtd_rules_descriptor(VtdState *s, const VtdDesc *d);
/* An invalidation through CCMD or IOTLB. */
void vtd_rules_register_invalidation(VtdState *s, VtdDescType type, uint8_t granularity);

/* A request that is no remapped one: in compatibility format, or remapping is off. */
void vtd_rules_passed(VtdState *s, const IntrMsg *msg);
/* An entry was read from memory for a request, or used from the cache though memory differs. */
void vtd_rules_filled(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e);
void vtd_rules_stale(VtdState *s, uint32_t index, const VtdIecEntry *e);
/* A table's entry was read while a store to it was on its way (tables.behind), and a cache is about
 * to be invalidated. In rules_tables.c. */
void vtd_rules_behind(VtdState *s);
void vtd_rules_invalidating(VtdState *s);
void vtd_rules_nobody(VtdState *s, uint32_t index, const ApicMsg *msg);
/* A descriptor was posted to, or not for its reserved bits; what became of the notification. */
void vtd_rules_posted(VtdState *s, uint64_t address, IntrResult posted);
void vtd_rules_pid_reserved(VtdState *s, uint64_t address);
void vtd_rules_notified(VtdState *s, const ApicMsg *msg, IntrResult result);

#endif
