/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic MSRs, a row each (TLFS appendix B). What has no row, or lacks the feature that it is
 * part of, gives #GP.
 */
#include "base/runstate.h"
#include "hw/hyperv/hyperv_internal.h"

#define MSR_GUEST_OS_ID   0x40000000u
#define MSR_HYPERCALL     0x40000001u
#define MSR_VP_INDEX      0x40000002u
#define MSR_RESET         0x40000003u
#define MSR_VP_RUNTIME    0x40000010u
#define MSR_TIME_COUNT    0x40000020u
#define MSR_REFERENCE_TSC 0x40000021u
#define MSR_TSC_HZ        0x40000022u
#define MSR_APIC_HZ       0x40000023u
#define MSR_EOI           0x40000070u
#define MSR_ICR           0x40000071u
#define MSR_TPR           0x40000072u
#define MSR_VP_ASSIST     0x40000073u
#define MSR_SYNIC_FIRST   0x40000080u
#define MSR_SYNIC_LAST    0x40000084u
#define MSR_SINT_FIRST    0x40000090u
#define MSR_SINT_LAST     0x4000009fu
#define MSR_STIMER_FIRST  0x400000b0u
#define MSR_STIMER_LAST   0x400000b7u
#define MSR_CRASH_P0      0x40000100u
#define MSR_CRASH_CTL     0x40000105u

#define HYPERCALL_LOCKED (1ull << 1)
#define RESET_NOW        1u
/* 2.6.5: the guest crashed, and P3 and P4 name a text. */
#define CRASH_NOTIFY (1ull << 63)
#define CRASH_TEXT   (1ull << 62)
#define NS_PER_UNIT  100u

/* The local APIC's registers that have a synthetic one, in its page. */
#define APIC_TPR      0x80u
#define APIC_EOI      0xb0u
#define APIC_ICR_LOW  0x300u
#define APIC_ICR_HIGH 0x310u

enum { ALWAYS = HV_FEATURES };

typedef struct {
    uint32_t first, last;
    int feature; /* HvFeature, or ALWAYS */
    /* NULL, or false, is #GP. */
    bool (*read)(HvVp *vp, uint32_t msr, uint64_t *value);
    bool (*write)(HvVp *vp, uint32_t msr, uint64_t value);
} HvMsrRow;

static bool read_guest_id(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->hv->guest_os_id;
    return true;
}

/* Without an id there are no hypercalls (TLFS 3.13). */
static bool write_guest_id(HvVp *vp, uint32_t msr, uint64_t value)
{
    HvOverlay *page = &vp->hv->hypercall;

    vp->hv->guest_os_id = value;
    if (value == 0) {
        hv_overlay_set(page, hv_memory(vp->hv), page->value & ~HV_PAGE_ENABLE);
    }
    return true;
}

static bool read_hypercall(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->hv->hypercall.value;
    return true;
}

static bool write_hypercall(HvVp *vp, uint32_t msr, uint64_t value)
{
    HvOverlay *page = &vp->hv->hypercall;

    if (!hv_page_is_valid(vp->hv, value)) {
        return false;
    }
    if (!(page->value & HYPERCALL_LOCKED)) {
        uint64_t refused = vp->hv->guest_os_id == 0 ? HV_PAGE_ENABLE : 0;
        hv_overlay_set(page, hv_memory(vp->hv), value & ~refused);
    }
    return true;
}

static bool read_vp_index(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->index;
    return true;
}

static bool read_zero(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = 0;
    return true;
}

static bool write_reset(HvVp *vp, uint32_t msr, uint64_t value)
{
    if (value & RESET_NOW) {
        runstate_request_reset(vp->hv->dev.platform->runstate, CAUSE_GUEST_RESET);
    }
    return true;
}

/* An instruction counts as a nanosecond of the VP's. */
static bool read_runtime(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->pins ? vp->pins->instructions(vp->pins_opaque) / NS_PER_UNIT : 0;
    return true;
}

static bool read_time(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = hv_reference_time(vp->hv);
    return true;
}

static bool read_reference_tsc(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->hv->reference_tsc.value;
    return true;
}

static bool write_reference_tsc(HvVp *vp, uint32_t msr, uint64_t value)
{
    return hv_overlay_write_msr(vp->hv, &vp->hv->reference_tsc, value);
}

static bool read_tsc_hz(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->hv->links.tsc_hz;
    return true;
}

static bool read_apic_hz(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->hv->links.apic_hz;
    return true;
}

/* The APIC's own register, by whichever way its mode has. */
static bool apic_store(HvVp *vp, uint32_t offset, uint64_t value)
{
    if (apic_is_x2apic(vp->apic)) {
        return apic_msr_write(vp->apic, MSR_X2APIC_FIRST + offset / 16, value);
    }
    apic_mmio_write(vp->apic, offset, value, sizeof(uint32_t));
    return true;
}

static bool apic_load(HvVp *vp, uint32_t offset, uint64_t *value)
{
    if (apic_is_x2apic(vp->apic)) {
        return apic_msr_read(vp->apic, MSR_X2APIC_FIRST + offset / 16, value);
    }
    *value = apic_mmio_read(vp->apic, offset, sizeof(uint32_t));
    return true;
}

static bool hv_write_eoi(HvVp *vp, uint32_t msr, uint64_t value)
{
    return value >> 32 == 0 && apic_store(vp, APIC_EOI, 0);
}

/* High and low half as the APIC has them: in x2APIC mode with an id of 32 bits. */
static bool read_icr(HvVp *vp, uint32_t msr, uint64_t *value)
{
    uint64_t high = 0;

    if (apic_is_x2apic(vp->apic)) {
        return apic_load(vp, APIC_ICR_LOW, value);
    }
    apic_load(vp, APIC_ICR_LOW, value);
    apic_load(vp, APIC_ICR_HIGH, &high);
    *value |= high << 32;
    return true;
}

static bool write_icr(HvVp *vp, uint32_t msr, uint64_t value)
{
    if (apic_is_x2apic(vp->apic)) {
        return apic_store(vp, APIC_ICR_LOW, value);
    }
    return apic_store(vp, APIC_ICR_HIGH, value >> 32) &&
           apic_store(vp, APIC_ICR_LOW, (uint32_t)value);
}

static bool hv_read_tpr(HvVp *vp, uint32_t msr, uint64_t *value)
{
    return apic_load(vp, APIC_TPR, value);
}

static bool hv_write_tpr(HvVp *vp, uint32_t msr, uint64_t value)
{
    return value <= 0xff && apic_store(vp, APIC_TPR, value);
}

static bool read_assist(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->assist.value;
    return true;
}

static bool write_assist(HvVp *vp, uint32_t msr, uint64_t value)
{
    return hv_overlay_write_msr(vp->hv, &vp->assist, value);
}

static bool read_crash(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = vp->hv->crash[msr - MSR_CRASH_P0];
    return true;
}

static bool write_crash(HvVp *vp, uint32_t msr, uint64_t value)
{
    vp->hv->crash[msr - MSR_CRASH_P0] = value;
    return true;
}

/* What can be told. */
static bool read_crash_ctl(HvVp *vp, uint32_t msr, uint64_t *value)
{
    *value = CRASH_NOTIFY | CRASH_TEXT;
    return true;
}

/* QMP's event has the parameters as QEMU's does. */
static bool write_crash_ctl(HvVp *vp, uint32_t msr, uint64_t value)
{
    const Platform *platform = vp->hv->dev.platform;
    const uint64_t *p = vp->hv->crash;

    if (!(value & CRASH_NOTIFY)) {
        return true;
    }
    trace_event(platform->trace, TRACE_GUEST_ERRORS,
                "hv_crash vp=%u p0=0x%" PRIx64 " p1=0x%" PRIx64 " p2=0x%" PRIx64 " p3=0x%" PRIx64
                " p4=0x%" PRIx64,
                vp->index, p[0], p[1], p[2], p[3], p[4]);
    g_autofree char *data =
        g_strdup_printf("{\"action\": \"run\", \"info\": {\"type\": \"hyper-v\", \"arg1\": %" PRIu64
                        ", \"arg2\": %" PRIu64 ", \"arg3\": %" PRIu64 ", \"arg4\": %" PRIu64
                        ", \"arg5\": %" PRIu64 "}}",
                        p[0], p[1], p[2], p[3], p[4]);
    runstate_tell(platform->runstate, "GUEST_PANICKED", data);
    return true;
}

static const HvMsrRow rows[] = {
    {MSR_GUEST_OS_ID, MSR_GUEST_OS_ID, ALWAYS, read_guest_id, write_guest_id},
    {MSR_HYPERCALL, MSR_HYPERCALL, ALWAYS, read_hypercall, write_hypercall},
    {MSR_VP_INDEX, MSR_VP_INDEX, HV_VPINDEX, read_vp_index, NULL},
    {MSR_RESET, MSR_RESET, HV_RESET, read_zero, write_reset},
    {MSR_VP_RUNTIME, MSR_VP_RUNTIME, HV_RUNTIME, read_runtime, NULL},
    {MSR_TIME_COUNT, MSR_TIME_COUNT, HV_TIME, read_time, NULL},
    {MSR_REFERENCE_TSC, MSR_REFERENCE_TSC, HV_TIME, read_reference_tsc, write_reference_tsc},
    {MSR_TSC_HZ, MSR_TSC_HZ, HV_FREQUENCIES, read_tsc_hz, NULL},
    {MSR_APIC_HZ, MSR_APIC_HZ, HV_FREQUENCIES, read_apic_hz, NULL},
    {MSR_EOI, MSR_EOI, HV_VAPIC, NULL, hv_write_eoi},
    {MSR_ICR, MSR_ICR, HV_VAPIC, read_icr, write_icr},
    {MSR_TPR, MSR_TPR, HV_VAPIC, hv_read_tpr, hv_write_tpr},
    {MSR_VP_ASSIST, MSR_VP_ASSIST, HV_VAPIC, read_assist, write_assist},
    {MSR_SYNIC_FIRST, MSR_SYNIC_LAST, HV_SYNIC, hv_synic_read, hv_synic_write},
    {MSR_SINT_FIRST, MSR_SINT_LAST, HV_SYNIC, hv_synic_read, hv_synic_write},
    {MSR_STIMER_FIRST, MSR_STIMER_LAST, HV_STIMER, hv_stimer_read, hv_stimer_write},
    {MSR_CRASH_P0, MSR_CRASH_P0 + HV_CRASH_PARAMS - 1, HV_CRASH, read_crash, write_crash},
    {MSR_CRASH_CTL, MSR_CRASH_CTL, HV_CRASH, read_crash_ctl, write_crash_ctl},
};

static const HvMsrRow *find_msr(const HvVp *vp, uint32_t msr)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const HvMsrRow *row = &rows[i];
        if (msr >= row->first && msr <= row->last) {
            bool has = row->feature == ALWAYS || hv_offers(vp->hv, (HvFeature)row->feature);
            return has ? row : NULL;
        }
    }
    return NULL;
}

bool hv_msr_read(HvVp *vp, uint32_t msr, uint64_t *value)
{
    const HvMsrRow *row = find_msr(vp, msr);

    return row && row->read && row->read(vp, msr, value);
}

bool hv_msr_write(HvVp *vp, uint32_t msr, uint64_t value)
{
    const HvMsrRow *row = find_msr(vp, msr);

    return row && row->write && row->write(vp, msr, value);
}
