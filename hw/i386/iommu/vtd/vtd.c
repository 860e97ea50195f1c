/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the device intel-iommu: properties, life, and how the board wires it. What the unit does is
 * in the files beside this one; unit.h lists them.
 *
 * A saved unit comes back with empty caches: hardware may evict any entry at any time, so a guest
 * cannot tell, and the state stays small.
 */
#include "hw/i386/iommu/vtd/unit.h"

#include <string.h>

#include "hw/i386/iommu/dmar.h"
#include "hw/i386/iommu/scope.h"

static const char *const iec_choices[] = {"hold", "off", "random", NULL};
static const char *const gcmd_early_choices[] = {"lose", "queue", NULL};

#define P(type_, name_, field_, def_, help_)                                                       \
    PROP(PROP_##type_, name_, VtdState, props.field_, def_, help_)
#define P_RANGE(type_, name_, field_, def_, min_, max_, help_)                                     \
    PROP_RANGE(PROP_##type_, name_, VtdState, props.field_, def_, min_, max_, help_)
#define NOT_YET "not yet: an error if switched on"

static const PropInfo vtd_props[] = {
    IOMMU_PLACE_PROPS(VtdState, place),
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

static bool check_props(VtdState *s, GError **error)
{
    const VtdProps *p = &s->props;
    if (p->aw_bits != 39 && p->aw_bits != 48 && p->aw_bits != 57) {
        g_autofree char *text =
            g_strdup_printf("aw-bits=%u is not an address width; 39, 48 or 57 are", p->aw_bits);
        return vtd_fail(error, text);
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
    if (p->gcmd_latency > INT64_MAX / 4 || p->qi_latency > INT64_MAX / 4) {
        return vtd_fail(error,
                        "gcmd-latency and qi-latency are nanoseconds, 0 to 2305843009213693951");
    }
    return check_not_yet(p, error);
}

static bool vtd_realize(Device *dev, GError **error)
{
    VtdState *s = (VtdState *)dev;
    if (!check_props(s, error)) {
        return false;
    }
    if (!iommu_place_parse(&s->place, error)) {
        g_prefix_error(error, "device 'intel-iommu': ");
        return false;
    }
    Trace *trace = dev->platform->trace;
    const VtdIecConfig iec = {
        .present = s->intremap,
        .memory = s->links.memory,
        .trace = trace,
        .clock = dev->platform->clock,
        .policy = s->links.rereads_entries ? VTD_IEC_OFF : (VtdIecPolicy)s->props.iec,
        .seed = s->props.seed,
        .caching_mode = s->props.caching_mode,
        .posting = s->props.posted_interrupts,
    };
    vtd_events_init(&s->events, &s->regs, s->links.apic_bus, &s->dev, s->eim);
    vtd_fault_init(&s->faults, &s->regs, &s->events, trace, s->props.fault_records);
    vtd_regs_init(s);
    vtd_qi_init(s);
    vtd_iec_init(&s->iec, &iec);
    vtd_watch_init(&s->irt_watch, VTD_IRTE_SIZE, VTD_IRT_MAX, s->links.memory,
                   dev->platform->journal);
    vtd_watch_init(&s->queue_watch, VTD_QUEUE_SLOT, VTD_QUEUE_SLOTS, s->links.memory,
                   dev->platform->journal);
    vtd_pid_watch_init(&s->pid_watch, s->links.memory, dev->platform->journal);
    vtd_dmacache_init(&s->cache, trace, s->props.caching_mode);
    s->region = (MemRegion){
        .name = "intel-iommu",
        .size = s->regs.span,
        .kind = MEM_IO,
        .ops = &vtd_mem_ops,
        .opaque = s,
    };
    return true;
}

static void vtd_unrealize(Device *dev)
{
    VtdState *s = (VtdState *)dev;
    vtd_qi_reset(s);
    vtd_regs_free(s);
    vtd_watch_free(&s->irt_watch);
    vtd_watch_free(&s->queue_watch);
    vtd_pid_watch_clear(&s->pid_watch);
    vtd_iec_free(&s->iec);
    vtd_dmacache_free(&s->cache);
    iommu_place_clear(&s->place);
}

static void vtd_reset(Device *dev)
{
    VtdState *s = (VtdState *)dev;
    vtd_regs_reset(s);
    vtd_qi_reset(s);
    vtd_events_reset(&s->events);
    vtd_fault_reset(&s->faults);
    vtd_iec_reset(&s->iec);
    vtd_watch_set(&s->irt_watch, 0, 0);
    vtd_pid_watch_clear(&s->pid_watch);
    vtd_dmacache_reset(&s->cache);
    s->verdicts = (VtdVerdicts){0};
    vtd_rules_reset(s);
}

static void vtd_restored(Device *dev)
{
    VtdState *s = (VtdState *)dev;
    s->command.early = MIN(s->command.early, VTD_EARLY_COMMANDS);
    vtd_regs_derive(s);
    vtd_qi_restored(s);
    vtd_iec_restored(&s->iec);
    vtd_watch_set(&s->irt_watch, s->iec.table.base,
                  s->iec.table.irta ? (uint64_t)s->iec.table.entries * VTD_IRTE_SIZE : 0);
    vtd_pid_watch_clear(&s->pid_watch);
    vtd_dmacache_reset(&s->cache);
    vtd_rules_reset(s);
}

static const StateField command_state[] = {
    STATE_FIELD(STATE_TIMER, VtdCommand, timer),
    STATE_FIELD(STATE_UINT32, VtdCommand, pending),
    STATE_FIELD(STATE_UINT8, VtdCommand, early),
    STATE_ARRAY(STATE_UINT32, VtdCommand, early_value, VTD_EARLY_COMMANDS),
    STATE_ARRAY(STATE_UINT32, VtdCommand, early_mask, VTD_EARLY_COMMANDS),
    STATE_END,
};

static const StateField vtd_state[] = {
    STATE_REGFILE(VtdState, regs),
    STATE_STRUCTS(VtdState, command, 1, VtdCommand, command_state),
    STATE_FIELD(STATE_UINT64, VtdState, root_table),
    STATE_STRUCTS(VtdState, events, 1, VtdEvents, vtd_events_state),
    STATE_STRUCTS(VtdState, faults, 1, VtdFaultLog, vtd_fault_state),
    STATE_STRUCTS(VtdState, queue, 1, VtdQueue, vtd_qi_state),
    STATE_STRUCTS(VtdState, iec, 1, VtdIec, vtd_iec_state),
    STATE_NOT_SAVED(VtdState, cache), /* it may be empty */
    STATE_NOT_SAVED(VtdState, verdicts),
    STATE_NOT_SAVED(VtdState, irt_watch), /* the journal's, as the next two */
    STATE_NOT_SAVED(VtdState, queue_watch),
    STATE_NOT_SAVED(VtdState, pid_watch),
    STATE_NOT_SAVED(VtdState, rules),
    STATE_END,
};

#define COUNTER(name_, what_, field_)                                                              \
    {                                                                                              \
        name_, what_, offsetof(VtdState, field_)                                                   \
    }

static const IommuCounter vtd_counters[] = {
    COUNTER("remapped", "delivered through an IRTE", verdicts.remapped),
    COUNTER("posted", "posted", verdicts.posted),
    COUNTER("compatibility", "passed as they are", verdicts.compatibility),
    COUNTER("blocked", "blocked", verdicts.blocked),
    COUNTER("iec-hits", "entry cache hits", iec.hits),
    COUNTER("iec-misses", "entry cache misses", iec.misses),
    COUNTER("stale-hits", "stale entries used", iec.stale_hits),
    COUNTER("faults", "faults", faults.count),
    COUNTER("descriptors", "invalidation descriptors", queue.descriptors),
    COUNTER("queue-work", "cost of descriptors, in units of 10 ns", queue.work),
    {NULL},
};

static IommuLinks *vtd_links(Device *dev)
{
    return &((VtdState *)dev)->links;
}

static IommuPlace *vtd_place(Device *dev)
{
    return &((VtdState *)dev)->place;
}

static Upstream vtd_upstream(Device *dev)
{
    return (Upstream){.ops = &vtd_upstream_ops, .opaque = dev};
}

static IntrSink vtd_sink(Device *dev)
{
    return (IntrSink){.send = vtd_dma_message, .opaque = dev};
}

/* Several units lie one after the other, with room for the bigger size each. */
static MemRegion *vtd_region(Device *dev, uint64_t *base)
{
    VtdState *s = (VtdState *)dev;
    *base =
        s->place.base ? s->place.base : VTD_DEFAULT_BASE + s->links.number * 2 * VTD_WINDOW_SIZE;
    return &s->region;
}

static void vtd_table_part(Device *dev, void *part)
{
    const VtdState *s = (const VtdState *)dev;
    *(DmarUnit *)part = (DmarUnit){
        .intremap = s->intremap,
        .host_address_width = VTD_HAW,
        .register_pages_log2 = s->region.size > VTD_WINDOW_SIZE,
        .device_iotlb = s->props.device_iotlb,
        .x2apic_opt_out = s->props.x2apic_opt_out,
        .dma_ctrl_opt_in = s->props.dma_ctrl_opt_in,
        .has_proximity = s->props.numa_node != UINT32_MAX,
        .proximity = s->props.numa_node,
    };
}

static void vtd_describe(Device *dev, GString *out)
{
    const VtdState *s = (const VtdState *)dev;
    g_string_append_printf(out, "interrupt remapping %s, DMA translation %s",
                           s->remapping ? "on" : "off", s->translating ? "on" : "off");
}

static const IommuClass vtd_iommu_class = {
    .links = vtd_links,
    .place = vtd_place,
    .upstream = vtd_upstream,
    .sink = vtd_sink,
    .region = vtd_region,
    .table = &dmar_table,
    .table_part = vtd_table_part,
    .counters = vtd_counters,
    .describe = vtd_describe,
    .describe_registers = vtd_describe_registers,
    .entries = vtd_entries,
    .describe_entry = vtd_describe_entry,
    .describe_descriptor = vtd_describe_descriptor,
};

const DeviceClass vtd_class = {
    .name = "intel-iommu",
    .desc = "Intel VT-d DMA and interrupt remapping unit",
    .bus = BUS_SYSTEM,
    .category = DEVICE_INTERRUPT,
    .user_creatable = true,
    .instance_size = sizeof(VtdState),
    .props = vtd_props,
    .iommu = &vtd_iommu_class,
    .state = vtd_state,
    .realize = vtd_realize,
    .unrealize = vtd_unrealize,
    .reset = vtd_reset,
    .restored = vtd_restored,
};
