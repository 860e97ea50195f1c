/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hyper-V's interface to a guest: a partition with its virtual processors (VPs), to Microsoft's
 * Hypervisor Top Level Functional Specification 6.0b (TLFS). What is left out is in
 * docs/hyperv.md.
 *
 * The border with the CPU is two tables, as it is with the local APIC: HvPins, by which the
 * partition drives a CPU, and the hv_*() functions below, by which the CPU asks its VP.
 */
#ifndef HW_HYPERV_HYPERV_H
#define HW_HYPERV_HYPERV_H

#include "base/facts.h"
#include "hw/core/device.h"
#include "hw/intc/apic.h"

typedef struct HvPartition HvPartition;
typedef struct HvVp HvVp;

/* What a partition offers; the names are those of -cpu. */
typedef enum {
    HV_RELAXED,
    HV_VAPIC,
    HV_TIME,
    HV_VPINDEX,
    HV_RUNTIME,
    HV_CRASH,
    HV_RESET,
    HV_SYNIC,
    HV_STIMER,
    HV_STIMER_DIRECT,
    HV_TLBFLUSH,
    HV_IPI,
    HV_FREQUENCIES,
    HV_XMM_INPUT,
    HV_ROOT, /* the partition that owns the devices; no guest's */
    HV_FEATURES,
} HvFeature;

#define HV_VENDOR_LENGTH   12
#define HV_SPINLOCKS_NEVER UINT32_MAX /* a spinning VP need not tell */
typedef struct {
    uint32_t set; /* a bit for each HvFeature */
    uint32_t spinlocks;
    char vendor[HV_VENDOR_LENGTH + 1]; /* "": Microsoft's */
} HvFeatures;

HvFeatures hv_features_none(void);
/* -cpu's name of a feature, '_' for '-' if you like; or NULL after the last. */
const char *hv_feature_name(unsigned n);
bool hv_feature_find(const char *name, HvFeature *feature);
static inline bool hv_has(const HvFeatures *f, HvFeature feature)
{
    return f->set >> feature & 1;
}
/* All that a guest partition has. */
void hv_features_add_all(HvFeatures *f);
/* False, with what is missing, if one needs another. */
bool hv_features_check(const HvFeatures *f, GError **error);

/* Partition to CPU. */
typedef struct {
    /* Translations that the CPU remembers are void, from its next instruction on. */
    void (*flush)(void *opaque);
    uint64_t (*instructions)(void *opaque);
} HvPins;

extern const DeviceClass hyperv_class;
extern const DeviceClass hyperv_testdev_class;
/* Before it is realized: the partition, or NULL. */
void hyperv_testdev_link(Device *dev, HvPartition *hv);

/* What the board sets before realize. */
typedef struct {
    HvFeatures features;
    unsigned vps;
    unsigned phys_bits;
    bool amd; /* hypercalls are VMMCALL */
    uint64_t tsc_hz, apic_hz;
    ApicBus *bus;
    IntrSink below; /* with HV_ROOT: where hv_sink() passes requests on to */
} HvLinks;
HvLinks *hv_links(Device *dev);
HvPartition *hv_from_device(Device *dev);

/* After realize. A VP's index is the vCPU's. */
HvVp *hv_vp(HvPartition *hv, unsigned index);
void hv_vp_connect_apic(HvVp *vp, ApicState *apic);
void hv_vp_connect_cpu(HvVp *vp, const HvPins *pins, void *opaque);

/* With HV_ROOT: what devices' interrupt requests go into. */
IntrSink hv_sink(HvPartition *hv);
/* An IOAPIC's requests come with this requester id. */
void hv_add_ioapic(HvPartition *hv, uint8_t id, uint16_t source_id);

/* What its guest has set up, for monitors: an object, in a list. */
void hv_describe(const HvPartition *hv, const Facts *facts);

/* CPU side. */
typedef struct {
    uint32_t eax, ebx, ecx, edx;
} HvLeaf;
/* Leaves 40000000h to 400000FFh; beyond the last all is 0. */
HvLeaf hv_cpuid(const HvVp *vp, uint32_t leaf);

#define HV_MSR_FIRST 0x40000000u
#define HV_MSR_LAST  0x400001ffu
/* False means #GP(0). */
bool hv_msr_read(HvVp *vp, uint32_t msr, uint64_t *value);
bool hv_msr_write(HvVp *vp, uint32_t msr, uint64_t value);
/* The CPU's TSC was written: is it the machine's still? */
void hv_tsc_moved(HvVp *vp, bool moved);

#define HV_CALL_XMM 6
typedef struct {
    uint64_t control, input, output; /* fast calls have input in both, */
    uint64_t xmm[2 * HV_CALL_XMM];   /* and go on here */
} HvRegs;
/* False: the interface is not established. Else *result is what the guest finds. */
bool hv_hypercall(HvVp *vp, const HvRegs *regs, uint64_t *result);

#endif
