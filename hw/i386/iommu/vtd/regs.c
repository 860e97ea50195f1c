/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the register file (11.4). The rows are built once, when the properties are known: what the
 * unit does not offer is reserved space.
 *
 * Left out, and reserved here: advanced fault logging (CAP.AFL = 0), the page request queue, MTRR
 * and virtual command registers, performance monitoring.
 */
#include <assert.h>
#include <stdlib.h>

#include "hw/i386/iommu/vtd/unit.h"

#define PMEN_EPM         (1u << 31)
#define PMEN_PRS         (1u << 0)
#define PMR_ALIGNED_FROM 21 /* protected ranges have a granularity of 2 MiB */

#define CCMD_ICC  (1ull << 63)
#define CCMD_CIRG 61, 2
#define CCMD_CAIG 59, 2
#define CCMD_FM   32, 2
#define CCMD_SID  16, 16
#define CCMD_DID  0, 16

#define IOTLB_IVT  (1ull << 63)
#define IOTLB_IIRG 60, 2
#define IOTLB_IAIG 57, 2
#define IOTLB_DR   49, 1
#define IOTLB_DW   48, 1
#define IOTLB_DID  32, 16
#define IVA_AM     0, 6
#define IVA_IH     6, 1
#define IVA_ADDR   12, 52

/* ---- Register-based invalidation (6.5.1) ---- */

/* Refused (with "actual granularity" 0) while the queue is on, and for reserved granularities. */
static void ccmd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    if (!(written & CCMD_ICC)) {
        return;
    }
    uint8_t granularity = (uint8_t)vtd_get(now, CCMD_CIRG);
    now &= ~(CCMD_ICC | vtd_mask(CCMD_CAIG));
    vtd_before_invalidation(s);
    vtd_rules_register_invalidation(s, VTD_DESC_CONTEXT, granularity);
    if (!vtd_queue_enabled(s) && granularity != 0) {
        vtd_context_invalidate(&s->cache, granularity, (uint16_t)vtd_get(now, CCMD_DID),
                               (uint16_t)vtd_get(now, CCMD_SID), (uint8_t)vtd_get(now, CCMD_FM));
        now |= vtd_put(granularity, CCMD_CAIG);
    }
    regfile_set(&s->regs, VTD_CCMD, now);
}

static void iotlb_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    if (!(written & IOTLB_IVT)) {
        return;
    }
    uint64_t iva = vtd_reg(s, s->props.iro);
    uint8_t granularity = (uint8_t)vtd_get(now, IOTLB_IIRG);
    uint8_t address_mask = (uint8_t)vtd_get(iva, IVA_AM);
    now &= ~(IOTLB_IVT | vtd_mask(IOTLB_IAIG));
    vtd_before_invalidation(s);
    vtd_rules_register_invalidation(s, VTD_DESC_IOTLB, granularity);
    if (vtd_queue_enabled(s) || granularity == 0 ||
        (granularity == VTD_INV_PAGE && address_mask > s->props.mamv)) {
        VTD_GUEST_ERROR(s, "vtd_iotlb value=%#" PRIx64 " refused", written);
    } else {
        vtd_iotlb_invalidate(&s->cache, granularity, (uint16_t)vtd_get(now, IOTLB_DID),
                             iva & vtd_mask(IVA_ADDR), address_mask);
        now |= vtd_put(granularity, IOTLB_IAIG);
    }
    regfile_set(&s->regs, row->offset, now);
}

/* ---- Other hooks ---- */

static uint64_t vtd_read_zero(void *opaque, const RegRow *row, uint64_t value)
{
    return 0;
}

static void fsts_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    uint64_t causes = vtd_reg(s, VTD_IQERCD);
    if (old & ~now & VTD_FSTS_IQE) {
        causes &= ~vtd_mask(VTD_IQERCD_IQEI);
    }
    regfile_set(&s->regs, VTD_IQERCD, causes);
    vtd_fault_cleared(&s->faults);
    if (old & ~now & (VTD_FSTS_IQE | VTD_FSTS_ITE)) {
        vtd_qi_kick(s);
    }
}

static void frcd_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    if (old != now) {
        vtd_fault_cleared(&s->faults);
    }
}

static void fectl_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    vtd_event_control_written(&s->events, VTD_EVENT_FAULT);
}

static void iectl_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    vtd_event_control_written(&s->events, VTD_EVENT_INVALIDATION);
}

static void ics_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    if (!(now & VTD_ICS_IWC)) {
        vtd_event_settle(&s->events, VTD_EVENT_INVALIDATION);
    }
}

static void iqt_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    trace_event(s->dev.platform->trace, TRACE_VTD, "vtd_iqt head=%#x tail=%#x",
                (unsigned)vtd_reg(s, VTD_IQH), (unsigned)now);
    vtd_rules_tail(s, written);
    vtd_qi_kick(s);
}

static void iqa_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    trace_event(s->dev.platform->trace, TRACE_VTD, "vtd_iqa value=%#" PRIx64, now);
    vtd_rules_iqa(s, written);
}

static void irta_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    vtd_rules_irta(opaque, written);
}

/* Translation table modes other than legacy's are reserved without scalable mode. */
static void rtaddr_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                           uint64_t written, uint64_t mask)
{
    vtd_rules_reserved_bits(opaque, row->name, written & ~VTD_BASE_MASK);
}

static uint64_t gsts_read(void *opaque, const RegRow *row, uint64_t value)
{
    vtd_rules_status_read(opaque);
    return value;
}

static void event_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                          uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    if (old != now) {
        vtd_event_message_written(&s->events, row->name,
                                  row->offset < VTD_IEDATA ? VTD_EVENT_FAULT
                                                           : VTD_EVENT_INVALIDATION);
    }
}

static void pmen_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    VtdState *s = opaque;
    regfile_set(&s->regs, VTD_PMEN, now & PMEN_EPM ? now | PMEN_PRS : now & ~(uint64_t)PMEN_PRS);
}

/* ---- Rows ---- */

typedef enum { ALWAYS, WITH_INTREMAP, WITH_EIM, WITH_PMR } Presence;

typedef struct {
    Presence presence;
    RegRow row;
} Template;

#define WHOLE_32     0xffffffffull
#define EVENT_DATA   0xffffull /* 16-bit message data */
#define EVENT_ADDR   0xfffffffcull
#define QUEUE_OFFSET 0x7fff0ull

static const Template templates[] = {
    {ALWAYS, {"VER", VTD_VER, 4}},
    {ALWAYS, {"CAP", VTD_CAP, 8}},
    {ALWAYS, {"ECAP", VTD_ECAP, 8}},
    {ALWAYS, {"GCMD", VTD_GCMD, 4, .written = vtd_gcmd_written}},
    {ALWAYS, {"GSTS", VTD_GSTS, 4, .read = gsts_read}},
    {ALWAYS, {"RTADDR", VTD_RTADDR, 8, .writable = ~0xfffull, .written = rtaddr_written}},
    {ALWAYS, {"CCMD", VTD_CCMD, 8, .writable = 0xe0000003ffffffffull, .written = ccmd_written}},
    {ALWAYS,
     {"FSTS", VTD_FSTS, 4, .w1c = VTD_FSTS_PFO | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE,
      .written = fsts_written}},
    {ALWAYS,
     {"FECTL", VTD_FECTL, 4, .reset = VTD_EVENT_IM, .writable = VTD_EVENT_IM,
      .written = fectl_written}},
    {ALWAYS, {"FEDATA", VTD_FEDATA, 4, .writable = EVENT_DATA, .written = event_written}},
    {ALWAYS, {"FEADDR", VTD_FEADDR, 4, .writable = EVENT_ADDR, .written = event_written}},
    {WITH_EIM, {"FEUADDR", VTD_FEUADDR, 4, .writable = WHOLE_32, .written = event_written}},
    {WITH_PMR, {"PMEN", VTD_PMEN, 4, .writable = PMEN_EPM, .written = pmen_written}},
    {WITH_PMR, {"PLMBASE", VTD_PLMBASE, 4, .writable = WHOLE_32 << PMR_ALIGNED_FROM & WHOLE_32}},
    {WITH_PMR, {"PLMLIMIT", VTD_PLMLIMIT, 4, .writable = WHOLE_32 << PMR_ALIGNED_FROM & WHOLE_32}},
    {WITH_PMR, {"PHMBASE", VTD_PHMBASE, 8, .writable = 0xffffffe00000ull}},
    {WITH_PMR, {"PHMLIMIT", VTD_PHMLIMIT, 8, .writable = 0xffffffe00000ull}},
    {ALWAYS, {"IQH", VTD_IQH, 8}},
    {ALWAYS, {"IQT", VTD_IQT, 8, .writable = QUEUE_OFFSET, .written = iqt_written}},
    {ALWAYS, {"IQA", VTD_IQA, 8, .writable = ~0xfffull | 0x807, .written = iqa_written}},
    {ALWAYS, {"ICS", VTD_ICS, 4, .w1c = VTD_ICS_IWC, .written = ics_written}},
    {ALWAYS,
     {"IECTL", VTD_IECTL, 4, .reset = VTD_EVENT_IM, .writable = VTD_EVENT_IM,
      .written = iectl_written}},
    {ALWAYS, {"IEDATA", VTD_IEDATA, 4, .writable = EVENT_DATA, .written = event_written}},
    {ALWAYS, {"IEADDR", VTD_IEADDR, 4, .writable = EVENT_ADDR, .written = event_written}},
    {WITH_EIM, {"IEUADDR", VTD_IEUADDR, 4, .writable = WHOLE_32, .written = event_written}},
    {ALWAYS, {"IQERCD", VTD_IQERCD, 8}},
    {WITH_INTREMAP, {"IRTA", VTD_IRTA, 8, .writable = ~0xfffull | 0xf, .written = irta_written}},
    {ALWAYS, {"IVA", VTD_IVA, 8, .writable = ~0xfffull | 0x7f, .read = vtd_read_zero}},
    {ALWAYS, {"IOTLB", VTD_IOTLB, 8, .writable = 0xb003ffff00000000ull, .written = iotlb_written}},
};
static_assert(G_N_ELEMENTS(templates) + 2 * VTD_MAX_RECORDS <= VTD_MAX_ROWS, "rows fit");

static bool is_present(const VtdState *s, Presence presence)
{
    return presence == ALWAYS || (presence == WITH_INTREMAP && s->intremap) ||
           (presence == WITH_EIM && s->eim) || (presence == WITH_PMR && s->props.protected_memory);
}

/* Hardware has no more bits for a domain than there are in ids (11.4.6.1, 11.4.5.2). */
static uint64_t unimplemented_domain(const VtdState *s, unsigned shift, unsigned width)
{
    return vtd_mask(shift + s->props.domain_bits, width - s->props.domain_bits);
}

static RegRow build_row(const VtdState *s, const RegRow *template)
{
    RegRow row = *template;
    switch (row.offset) {
    case VTD_VER:
        row.reset = s->props.version;
        break;
    case VTD_CAP:
        row.reset = vtd_caps_cap(s);
        break;
    case VTD_ECAP:
        row.reset = vtd_caps_ecap(s);
        break;
    case VTD_CCMD:
        row.writable &= ~unimplemented_domain(s, CCMD_DID);
        break;
    case VTD_IVA:
        row.offset = s->props.iro;
        break;
    case VTD_IOTLB:
        row.offset = s->props.iro + (VTD_IOTLB - VTD_IVA);
        row.writable &= ~unimplemented_domain(s, IOTLB_DID);
        break;
    case VTD_IRTA:
        row.writable |= s->eim ? VTD_IRTA_EIME : 0;
        break;
    default:
        break;
    }
    return row;
}

static size_t build_rows(VtdState *s)
{
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
        if (is_present(s, templates[i].presence)) {
            s->rows[n++] = build_row(s, &templates[i].row);
        }
    }
    for (unsigned i = 0; i < s->props.fault_records; i++) {
        uint32_t offset = s->faults.at + i * VTD_FRCD_SIZE;
        s->rows[n++] = (RegRow){"FRCD_LO", offset, 8};
        s->rows[n++] =
            (RegRow){"FRCD_HI", offset + 8, 8, .w1c = 1ull << 63, .written = frcd_written};
    }
    return n;
}

static int compare_rows(const void *a, const void *b)
{
    const RegRow *first = a, *second = b;
    return (first->offset > second->offset) - (first->offset < second->offset);
}

void vtd_regs_init(VtdState *s)
{
    s->rows = g_new0(RegRow, VTD_MAX_ROWS);
    size_t count = build_rows(s);
    qsort(s->rows, count, sizeof(*s->rows), compare_rows);
    const RegRow *last = &s->rows[count - 1];
    uint32_t span = (uint32_t)VTD_WINDOW_SIZE * (last->offset >= VTD_WINDOW_SIZE ? 2 : 1);
    regfile_init(&s->regs, s->rows, s->values, count, span, s);
    vtd_gcmd_init(s);
}

void vtd_regs_free(VtdState *s)
{
    vtd_gcmd_reset(s);
    regfile_free(&s->regs);
    g_clear_pointer(&s->rows, g_free);
}

void vtd_regs_reset(VtdState *s)
{
    vtd_gcmd_reset(s);
    s->root_table = 0;
    regfile_reset(&s->regs);
    vtd_regs_derive(s);
}

void vtd_regs_derive(VtdState *s)
{
    uint64_t status = vtd_reg(s, VTD_GSTS);
    s->translating = status & VTD_GCMD_TE;
    s->remapping = status & VTD_GCMD_IRE;
    s->compatibility = status & VTD_GCMD_CFI;
}

static inline void regs_check_access(VtdState *s, uint64_t offset, unsigned size)
{
    if (G_UNLIKELY(size < 4 || (offset & (size - 1)))) {
        vtd_rules_access(s, offset, size);
    }
}

static uint64_t mem_read(void *opaque, uint64_t offset, unsigned size)
{
    VtdState *s = opaque;
    uint64_t value;
    regs_check_access(s, offset, size);
    if (!regfile_read(&s->regs, (uint32_t)offset, size, &value)) {
        VTD_GUEST_ERROR(s, "vtd_reserved read offset=%#" PRIx64 " size=%u", offset, size);
    }
    return value;
}

static void mem_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VtdState *s = opaque;
    regs_check_access(s, offset, size);
    if (!regfile_write(&s->regs, (uint32_t)offset, size, value)) {
        vtd_rules_no_register(s, offset, value);
        VTD_GUEST_ERROR(s, "vtd_reserved write offset=%#" PRIx64 " size=%u value=%#" PRIx64, offset,
                        size, value);
    }
    vtd_events_flush(&s->events);
}

const MemOps vtd_mem_ops = {.read = mem_read, .write = mem_write};
