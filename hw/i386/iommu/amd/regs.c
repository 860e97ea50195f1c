/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the register file (3.4). The rows are built once, when the properties are known: what the
 * unit does not offer is reserved space. The extended feature registers tell what was switched on
 * and nothing else.
 *
 * Left out, and reserved here: guest translation, segmented device tables, MARC apertures, hardware
 * error registers, performance counters, and the copy of the MSI capability (MsiCapMmioSup).
 */
#include <assert.h>

#include "hw/i386/iommu/amd/ppr.h"
#include "hw/i386/iommu/amd/rules.h"
#include "hw/i386/iommu/amd/unit.h"

/* EFR (3.4.9). */
#define EFR_PPR_SUP 1, 1
#define EFR_XT_SUP  2, 1
#define EFR_IA_SUP  6, 1
#define EFR_GA_SUP  7, 1
#define EFR_HATS    10, 2
#define EFR_GAM_SUP 21, 3
#define HATS_LEVEL6 2
/* EFR2 */
#define EFR2_NUM_INT_SUP 8, 2 /* NumIntRemapSup */

uint64_t amdvi_features(const AmdviState *s)
{
    return field_put(s->props.page_requests, EFR_PPR_SUP) | field_put(s->xtsup, EFR_XT_SUP) |
           field_put(s->props.invalidate_all, EFR_IA_SUP) | field_put(s->props.ga, EFR_GA_SUP) |
           field_put(HATS_LEVEL6, EFR_HATS) | field_put(s->vapic, EFR_GAM_SUP);
}

uint64_t amdvi_features2(const AmdviState *s)
{
    return field_put(s->props.irt_2k, EFR2_NUM_INT_SUP);
}

static uint64_t control_writable(const AmdviState *s)
{
    return AMDVI_CTL_IOMMU_EN | AMDVI_CTL_EVENT_LOG_EN | AMDVI_CTL_EVENT_INT_EN |
           AMDVI_CTL_COMWAIT_INTEN | field_mask(AMDVI_CTL_INV_TIMEOUT) |
           field_mask(AMDVI_CTL_HINTS) | AMDVI_CTL_CMDBUF_EN | AMDVI_CTL_IRT_CACHE_DIS |
           (s->props.page_requests ? AMDVI_CTL_PPRLOG_EN | AMDVI_CTL_PPRINT_EN | AMDVI_CTL_PPR_EN
                                   : 0) |
           (s->props.ga ? AMDVI_CTL_GA_EN : 0) |
           (s->xtsup ? AMDVI_CTL_XT_EN | AMDVI_CTL_INTCAPXT_EN : 0) |
           (s->vapic ? field_mask(AMDVI_CTL_GAM) | AMDVI_CTL_GALOG_EN | AMDVI_CTL_GALOG_INTEN : 0) |
           (s->props.irt_2k ? field_mask(AMDVI_CTL_NUM_INT) : 0);
}

/* ---- Hooks ---- */

static void devtab_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                           uint64_t written, uint64_t mask)
{
    AmdviState *s = opaque;
    s->devices.base = now;
}

/* A base register's write clears the ring's pointers (3.4.2). */
static void ring_base_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                              uint64_t written, uint64_t mask)
{
    static const struct {
        uint32_t base, head, tail;
    } rings[] = {
        {AMDVI_CMDBUF_BASE, AMDVI_CMDBUF_HEAD, AMDVI_CMDBUF_TAIL},
        {AMDVI_EVTLOG_BASE, AMDVI_EVTLOG_HEAD, AMDVI_EVTLOG_TAIL},
        {AMDVI_PPRLOG_BASE, AMDVI_PPRLOG_HEAD, AMDVI_PPRLOG_TAIL},
        {AMDVI_GALOG_BASE, AMDVI_GALOG_HEAD, AMDVI_GALOG_TAIL},
    };
    AmdviState *s = opaque;
    amdvi_rules_ring_written(s, row);
    for (size_t i = 0; i < G_N_ELEMENTS(rings); i++) {
        if (rings[i].base == row->offset) {
            regfile_set(&s->regs, rings[i].head, 0);
            regfile_set(&s->regs, rings[i].tail, 0);
        }
    }
}

static void control_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    AmdviState *s = opaque;
    trace_event(s->dev.platform->trace, TRACE_AMDVI, "amdvi_control value=%#" PRIx64, now);
    amdvi_regs_derive(s);
    amdvi_log_update(&s->log);
    amdvi_galog_update(&s->galog);
    amdvi_ppr_update(s);
    amdvi_queue_control(s, old);
    amdvi_signals_update(&s->signals);
}

static void amdvi_status_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                                 uint64_t written, uint64_t mask)
{
    AmdviState *s = opaque;
    amdvi_signals_update(&s->signals);
}

static void tail_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    amdvi_rules_tail_written(opaque);
    amdvi_queue_kick(opaque);
}

/* Of a ring's pointer that the unit moves. */
static void pointer_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                            uint64_t written, uint64_t mask)
{
    amdvi_rules_ring_written(opaque, row);
}

/* ---- Rows ---- */

typedef enum { ALWAYS, WITH_XT, WITH_VAPIC, WITH_PPR } Presence;

typedef struct {
    Presence presence;
    RegRow row;
} Template;

#define RING_BASE   (AMDVI_BASE_MASK | 0xfull << 56)
#define XT_REGISTER 0xff0001ffffffff04ull

static const Template templates[] = {
    {ALWAYS,
     {"DevTabBase", AMDVI_DEVTAB_BASE, 8, .writable = AMDVI_BASE_MASK | 0x1ff,
      .written = devtab_written}},
    {ALWAYS,
     {"CmdBufBase", AMDVI_CMDBUF_BASE, 8, .reset = 8ull << 56, .writable = RING_BASE,
      .written = ring_base_written}},
    {ALWAYS,
     {"EventLogBase", AMDVI_EVTLOG_BASE, 8, .reset = 8ull << 56, .writable = RING_BASE,
      .written = ring_base_written}},
    {ALWAYS, {"Control", AMDVI_CONTROL, 8, .written = control_written}},
    {ALWAYS,
     {"ExclBase", AMDVI_EXCL_BASE, 8,
      .writable = AMDVI_BASE_MASK | AMDVI_EXCL_EN | AMDVI_EXCL_ALLOW}},
    {ALWAYS, {"ExclLimit", AMDVI_EXCL_LIMIT, 8, .writable = AMDVI_BASE_MASK}},
    {ALWAYS, {"ExtFeature", AMDVI_EFR, 8}},
    {WITH_PPR,
     {"PprLogBase", AMDVI_PPRLOG_BASE, 8, .reset = 8ull << 56, .writable = RING_BASE,
      .written = ring_base_written}},
    {WITH_VAPIC,
     {"GaLogBase", AMDVI_GALOG_BASE, 8, .reset = 8ull << 56, .writable = RING_BASE,
      .written = ring_base_written}},
    {WITH_VAPIC, {"GaLogTailAt", AMDVI_GALOG_TAILAT, 8, .writable = AMDVI_BASE_MASK | 0xff8}},
    {WITH_XT, {"XtGeneral", AMDVI_XT_GENERAL, 8, .writable = XT_REGISTER}},
    {WITH_XT, {"XtPpr", AMDVI_XT_PPR, 8, .writable = XT_REGISTER}},
    {WITH_XT, {"XtGa", AMDVI_XT_GA, 8, .writable = XT_REGISTER}},
    {ALWAYS, {"ExtFeature2", AMDVI_EFR2, 8}},
    {ALWAYS,
     {"CmdBufHead", AMDVI_CMDBUF_HEAD, 8, .writable = AMDVI_RING_PTR, .written = pointer_written}},
    {ALWAYS,
     {"CmdBufTail", AMDVI_CMDBUF_TAIL, 8, .writable = AMDVI_RING_PTR, .written = tail_written}},
    {ALWAYS, {"EventLogHead", AMDVI_EVTLOG_HEAD, 8, .writable = AMDVI_RING_PTR}},
    {ALWAYS,
     {"EventLogTail", AMDVI_EVTLOG_TAIL, 8, .writable = AMDVI_RING_PTR,
      .written = pointer_written}},
    {ALWAYS,
     {"Status", AMDVI_STATUS, 8,
      .w1c = AMDVI_ST_EVENT_OVERFLOW | AMDVI_ST_EVENT_INT | AMDVI_ST_COMWAIT_INT |
             AMDVI_ST_PPR_OVERFLOW | AMDVI_ST_PPR_INT | AMDVI_ST_GALOG_OVERFLOW |
             AMDVI_ST_GALOG_INT,
      .written = amdvi_status_written}},
    {WITH_PPR, {"PprLogHead", AMDVI_PPRLOG_HEAD, 8, .writable = AMDVI_RING_PTR}},
    {WITH_PPR,
     {"PprLogTail", AMDVI_PPRLOG_TAIL, 8, .writable = AMDVI_RING_PTR, .written = pointer_written}},
    {WITH_VAPIC, {"GaLogHead", AMDVI_GALOG_HEAD, 8, .writable = AMDVI_GALOG_PTR}},
    {WITH_VAPIC,
     {"GaLogTail", AMDVI_GALOG_TAIL, 8, .writable = AMDVI_GALOG_PTR, .written = pointer_written}},
};
static_assert(G_N_ELEMENTS(templates) <= AMDVI_MAX_ROWS, "rows fit");

static RegRow amdvi_build_row(const AmdviState *s, const RegRow *template)
{
    RegRow row = *template;
    switch (row.offset) {
    case AMDVI_EFR:
        row.reset = amdvi_features(s);
        break;
    case AMDVI_EFR2:
        row.reset = amdvi_features2(s);
        break;
    case AMDVI_CONTROL:
        row.writable = control_writable(s);
        break;
    default:
        break;
    }
    return row;
}

static bool amdvi_row_is_present(const AmdviState *s, Presence presence)
{
    return presence == ALWAYS || (presence == WITH_XT && s->xtsup) ||
           (presence == WITH_VAPIC && s->vapic) || (presence == WITH_PPR && s->props.page_requests);
}

void amdvi_regs_init(AmdviState *s)
{
    size_t n = 0;
    s->rows = g_new0(RegRow, AMDVI_MAX_ROWS);
    for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
        if (amdvi_row_is_present(s, templates[i].presence)) {
            s->rows[n++] = amdvi_build_row(s, &templates[i].row);
        }
    }
    regfile_init(&s->regs, s->rows, s->values, n, AMDVI_WINDOW_SIZE, s);
}

void amdvi_regs_free(AmdviState *s)
{
    regfile_free(&s->regs);
    g_clear_pointer(&s->rows, g_free);
}

void amdvi_regs_reset(AmdviState *s)
{
    regfile_reset(&s->regs);
    amdvi_regs_derive(s);
}

void amdvi_regs_derive(AmdviState *s)
{
    uint64_t control = amdvi_reg(s, AMDVI_CONTROL);
    s->enabled = control & AMDVI_CTL_IOMMU_EN;
    s->irt_cached = !s->links.rereads_entries && !(control & AMDVI_CTL_IRT_CACHE_DIS);
    s->int_2k = field_get(control, AMDVI_CTL_NUM_INT) == AMDVI_NUM_INT_2K;
    s->irte_mode = (AmdviIrteMode){
        .wide = control & AMDVI_CTL_GA_EN,
        .xt = control & AMDVI_CTL_XT_EN,
        .guests = field_get(control, AMDVI_CTL_GAM) != 0,
    };
    s->devices.base = amdvi_reg(s, AMDVI_DEVTAB_BASE);
}

static uint64_t regs_mem_read(void *opaque, uint64_t offset, unsigned size)
{
    AmdviState *s = opaque;
    uint64_t value;
    if (!regfile_read(&s->regs, (uint32_t)offset, size, &value)) {
        AMDVI_GUEST_ERROR(s, "amdvi_reserved read offset=%#" PRIx64 " size=%u", offset, size);
    }
    return value;
}

static void regs_mem_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    AmdviState *s = opaque;
    if (!regfile_write(&s->regs, (uint32_t)offset, size, value)) {
        AMDVI_GUEST_ERROR(s, "amdvi_reserved write offset=%#" PRIx64 " size=%u value=%#" PRIx64,
                          offset, size, value);
    }
    amdvi_signals_flush(&s->signals);
}

const MemOps amdvi_mem_ops = {.read = regs_mem_read, .write = regs_mem_write};
