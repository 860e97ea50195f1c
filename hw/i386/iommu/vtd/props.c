/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: the properties of intel-iommu, and what of them goes together. */
#include "hw/i386/iommu/vtd/unit.h"

static const char *const iec_choices[] = {"hold", "off", "random", NULL};
static const char *const gcmd_early_choices[] = {"lose", "queue", NULL};

#define P(type_, name_, field_, def_, help_)                                                       \
    PROP(PROP_##type_, name_, VtdState, props.field_, def_, help_)
#define P_RANGE(type_, name_, field_, def_, min_, max_, help_)                                     \
    PROP_RANGE(PROP_##type_, name_, VtdState, props.field_, def_, min_, max_, help_)
#define IOTLB_REGISTERS 16 /* bytes of IVA and IOTLB */
#define NOT_YET         "not yet: an error if switched on"

const PropInfo vtd_props[] = {
    IOMMU_PLACE_PROPS(VtdState, place),
    DMAR_TOLD_PROPS(VtdState, told),
    PROP_PRESET("model", VtdState, props.model, "default", vtd_models, vtd_model_presets,
                "a real unit's capabilities; properties given beside it go first"),
    P(ONOFFAUTO, "intremap", intremap, "auto", "interrupt remapping; auto is on"),
    P(ONOFFAUTO, "eim", eim, "auto",
      "extended interrupt mode (32-bit APIC ids); auto follows intremap and the CPUs' x2APIC"),
    P(BOOL, "x-buggy-eim", buggy_eim, "off", "accepted: eim has no known trouble here"),
    P(BOOL, "x2apic-optout", x2apic_opt_out, "off", "DMAR table: x2APIC mode is not to be used"),
    P(BOOL, "dma-ctrl-opt-in", dma_ctrl_opt_in, "off",
      "DMAR table: the platform asks for DMA remapping"),
    P(UINT32, "numa_node", numa_node, "0xffffffff",
      "proximity domain that the DMAR table tells; by default none"),
    P_RANGE(UINT32, "version", version, "0x10", 0x10, 0xff, "version register, major in bits 7:4"),
    P_RANGE(UINT8, "aw-bits", aw_bits, "48", 1, 64, "guest address width: 39, 48 or 57"),
    P_RANGE(UINT8, "haw", haw, "48", 32, 52, "host address width, which the DMAR table tells"),
    P_RANGE(UINT8, "sagaw", sagaw, "0", 0, 14,
            "CAP.SAGAW: 2, 4 and 8 for tables of 3, 4 and 5 levels, added; 0: all for aw-bits"),
    P_RANGE(UINT8, "domain-bits", domain_bits, "16", 4, 16, "CAP.ND: bits of domain ids, even"),
    P_RANGE(UINT8, "mamv", mamv, "18", 0, 45,
            "CAP.MAMV: 2^n pages are the most that one invalidation names"),
    P_RANGE(UINT32, "fro", fro, "0", 0, 2 * VTD_WINDOW_SIZE - VTD_FRCD_SIZE,
            "CAP.FRO: offset of the fault records; 0: 0x220, or 0x1000 if there are many"),
    P_RANGE(UINT32, "iro", iro, "0xf0", VTD_VARIABLE, VTD_WINDOW_SIZE - IOTLB_REGISTERS,
            "ECAP.IRO: offset of IVA and IOTLB"),
    P(BOOL, "coherency", coherency, "on", "ECAP.C: the unit snoops when it reads tables"),
    P(BOOL, "rwbf", rwbf, "off", "CAP.RWBF: GCMD.WBF flushes the write buffer"),
    P(BOOL, "stale-tables", stale_tables, "off",
      "tables are as memory has them, without what caches (coherency=off) or the write buffer "
      "(rwbf=on) hold"),
    P(BOOL, "protected-memory", protected_memory, "on", "CAP.PLMR and CAP.PHMR"),
    P(BOOL, "zlr", zlr, "on", "CAP.ZLR: zero-length reads of write-only pages"),
    P(BOOL, "page-request-drain", page_request_drain, "on", "ECAP.PDS (with device-iotlb)"),
    P(BOOL, "caching-mode", caching_mode, "off", "CAP.CM: entries not present are cached too"),
    P(BOOL, "snoop-control", snoop_control, "off", "ECAP.SC: page tables have the snoop bit"),
    P(BOOL, "dma-drain", dma_drain, "on", "CAP.DRD and CAP.DWD"),
    P(BOOL, "dma-translation", dma_translation, "on", "off: interrupt remapping only"),
    P(BOOL, "device-iotlb", device_iotlb, "off", "ECAP.DT: device-TLB invalidations"),
    P(BOOL, "pt", pass_through, "on", "ECAP.PT: pass-through translation type"),
    P(BOOL, "stale-tm", stale_tm, "off",
      "the transient-mapping bit is not reserved (with device-iotlb)"),
    P(BOOL, "x-scalable-mode", scalable_mode, "off", "scalable mode; " NOT_YET),
    P(BOOL, "scalable-mode", scalable_mode, "off", "the same as x-scalable-mode; " NOT_YET),
    P(BOOL, "x-flts", first_stage, "off", "first-stage translation; " NOT_YET),
    P(BOOL, "flts", first_stage, "off", "the same as x-flts; " NOT_YET),
    P(BOOL, "fs1gp", first_stage_1g, "off", "first-stage 1 GiB pages; " NOT_YET),
    P(BOOL, "x-pasid-mode", pasid_mode, "off", "process address space ids; " NOT_YET),
    P(BOOL, "svm", svm, "off", "shared virtual memory; " NOT_YET),
    P(BOOL, "x-pri", page_requests, "off", "page requests; " NOT_YET),
    P_RANGE(UINT16, "fault-records", fault_records, "1", 1, VTD_MAX_RECORDS,
            "fault recording registers"),
    P(UINT64, "gcmd-latency", gcmd_latency, "0", "ns until GSTS answers a command"),
    PROP_CHOICE("gcmd-early", VtdState, props.gcmd_early, "lose", gcmd_early_choices,
                "a command before the last one's status: lost, or done after it"),
    P(UINT64, "qi-latency", qi_latency, "0", "ns that the queue takes a descriptor"),
    PROP_CHOICE("iec", VtdState, props.iec, "hold", iec_choices,
                "interrupt entry cache: hold till invalidated, none, or evict at random"),
    P(UINT64, "seed", seed, "1", "seed of iec=random"),
    P(BOOL, "posted-interrupts", posted_interrupts, "off", "CAP.PI: posted-format entries"),
    P(BOOL, "esirtps", esirtps, "off", "CAP.ESIRTPS: SIRTP flushes the interrupt entry cache"),
    P(BOOL, "esrtps", esrtps, "off", "CAP.ESRTPS: SRTP flushes context cache and IOTLB"),
    PROP_END,
};

static bool vtd_fail(GError **error, const char *text)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "device 'intel-iommu': %s", text);
    return false;
}

static bool check_not_yet(const VtdProps *p, GError **error)
{
    const struct {
        bool on;
        const char *name;
    } later[] = {
        {p->scalable_mode, "x-scalable-mode=on (scalable mode)"},
        {p->first_stage, "x-flts=on (first-stage translation)"},
        {p->first_stage_1g, "fs1gp=on (first-stage 1 GiB pages)"},
        {p->pasid_mode, "x-pasid-mode=on (PASIDs)"},
        {p->svm, "svm=on (shared virtual memory)"},
        {p->page_requests, "x-pri=on (page requests)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++) {
        if (later[i].on) {
            g_autofree char *text =
                g_strdup_printf("%s does not work yet; leave it off", later[i].name);
            return vtd_fail(error, text);
        }
    }
    return true;
}

uint32_t vtd_props_fro(const VtdProps *p)
{
    uint16_t near_room = (VTD_WINDOW_SIZE - VTD_FRCD_NEAR) / VTD_FRCD_SIZE;
    return p->fro ? p->fro : p->fault_records > near_room ? VTD_FRCD_FAR : VTD_FRCD_NEAR;
}

/* Where fro and iro lead: units of 16 bytes, past the other registers, and apart. */
static bool check_offsets(const VtdProps *p, GError **error)
{
    uint32_t fro = vtd_props_fro(p), fro_end = fro + p->fault_records * VTD_FRCD_SIZE;
    if (fro % VTD_FRCD_SIZE || p->iro % VTD_FRCD_SIZE) {
        return vtd_fail(error, "fro and iro are multiples of 16");
    }
    if (fro < VTD_VARIABLE || fro_end > 2 * VTD_WINDOW_SIZE) {
        return vtd_fail(error, "the fault records have to be between 0xc0 and 0x2000: see fro");
    }
    if (p->iro < fro_end && fro < p->iro + IOTLB_REGISTERS) {
        return vtd_fail(error, "the fault records (fro) lie over IVA and IOTLB (iro)");
    }
    return true;
}

static bool check_widths(const VtdProps *p, GError **error)
{
    if (p->aw_bits != 39 && p->aw_bits != 48 && p->aw_bits != 57) {
        g_autofree char *text =
            g_strdup_printf("aw-bits=%u is not an address width; 39, 48 or 57 are", p->aw_bits);
        return vtd_fail(error, text);
    }
    if (p->sagaw % 2) {
        return vtd_fail(error, "sagaw is a sum of 2, 4 and 8");
    }
    return p->domain_bits % 2 == 0 || vtd_fail(error, "domain-bits is even, from 4 to 16");
}

bool vtd_props_check(VtdState *s, GError **error)
{
    const VtdProps *p = &s->props;
    if (!check_widths(p, error) || !check_offsets(p, error)) {
        return false;
    }
    s->intremap = p->intremap != ONOFF_OFF;
    s->eim =
        p->eim == ONOFF_ON || (p->eim == ONOFF_AUTO && s->intremap && !s->links.cpus_lack_x2apic);
    if (s->eim && !s->intremap) {
        return vtd_fail(error, "eim=on needs intremap=on");
    }
    if (p->posted_interrupts && !s->intremap) {
        return vtd_fail(error, "posted-interrupts=on needs intremap=on");
    }
    if (p->stale_tables && p->coherency && !p->rwbf) {
        return vtd_fail(error, "stale-tables=on needs coherency=off or rwbf=on");
    }
    if (p->gcmd_latency > INT64_MAX / 4 || p->qi_latency > INT64_MAX / 4) {
        return vtd_fail(error,
                        "gcmd-latency and qi-latency are nanoseconds, 0 to 2305843009213693951");
    }
    return check_not_yet(p, error);
}
