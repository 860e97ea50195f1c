/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives a Hyper-V partition as its CPUs do. */
#ifndef TESTS_UNIT_HYPERV_FIXTURE_H
#define TESTS_UNIT_HYPERV_FIXTURE_H

#include <string.h>

#include "base/bytes.h"
#include "hw/hyperv/hyperv.h"

/* MSRs. */
#define HV_GUEST_ID    0x40000000u
#define HV_HYPERCALL   0x40000001u
#define HV_VP_INDEX    0x40000002u
#define HV_RESET_MSR   0x40000003u
#define HV_VP_RUNTIME  0x40000010u
#define HV_TIME_COUNT  0x40000020u
#define HV_REF_TSC     0x40000021u
#define HV_TSC_HZ      0x40000022u
#define HV_APIC_HZ     0x40000023u
#define HV_EOI         0x40000070u
#define HV_ICR         0x40000071u
#define HV_TPR         0x40000072u
#define HV_VP_ASSIST   0x40000073u
#define HV_SCONTROL    0x40000080u
#define HV_SVERSION    0x40000081u
#define HV_SIEFP       0x40000082u
#define HV_SIMP        0x40000083u
#define HV_EOM         0x40000084u
#define HV_SINT(n_)    (0x40000090u + (n_))
#define HV_CONFIG(n_)  (0x400000b0u + 2 * (n_))
#define HV_COUNT(n_)   (0x400000b1u + 2 * (n_))
#define HV_CRASH_P(n_) (0x40000100u + (n_))
#define HV_CRASH_CTL   0x40000105u

/* Where its pages go, and hypercalls' input and output. */
#define HV_AT_CALL   0x600000ull
#define HV_AT_TSC    0x601000ull
#define HV_AT_ASSIST 0x602000ull
#define HV_AT_SIMP   0x603000ull
#define HV_AT_SIEFP  0x604000ull
#define HV_AT_INPUT  0x605000ull
#define HV_AT_OUTPUT 0x606000ull

#define HV_FAST       (1ull << 16)
#define HV_VAR(n_)    ((uint64_t)(n_) << 17)
#define HV_REPS(n_)   ((uint64_t)(n_) << 32)
#define HV_STATUS(r_) ((r_)&0xffff)

static inline void hv_put(HvVp *vp, uint32_t msr, uint64_t value)
{
    g_assert_true(hv_msr_write(vp, msr, value));
}

static inline uint64_t hv_get(HvVp *vp, uint32_t msr)
{
    uint64_t value;
    g_assert_true(hv_msr_read(vp, msr, &value));
    return value;
}

/* Makes hypercalls possible. */
static inline void hv_establish(HvVp *vp)
{
    hv_put(vp, HV_GUEST_ID, 1);
    hv_put(vp, HV_HYPERCALL, HV_AT_CALL | 1);
}

static inline uint64_t hv_call(HvVp *vp, uint64_t control, uint64_t input, uint64_t output)
{
    HvRegs regs = {.control = control, .input = input, .output = output};
    uint64_t result = 0;
    g_assert_true(hv_hypercall(vp, &regs, &result));
    return result;
}

/* A partition on what the caller has. */
static inline Device *hv_make(const Platform *platform, ApicBus *bus, HvFeatures features,
                              unsigned vps)
{
    Device *dev = device_new(&hyperv_class, platform, "hyperv");
    *hv_links(dev) = (HvLinks){.features = features,
                               .vps = vps,
                               .phys_bits = 46,
                               .tsc_hz = NS_PER_SEC,
                               .apic_hz = NS_PER_SEC,
                               .bus = bus,
                               .below = apic_bus_sink(bus)};
    return dev;
}

#endif
