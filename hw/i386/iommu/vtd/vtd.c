/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the device intel-iommu: its life, and how the board wires it. What the unit does is in the
 * files beside this one; unit.h lists them.
 *
 * A saved unit comes back with empty caches: hardware may evict any entry at any time, so a guest
 * cannot tell, and the state stays small. A checkpoint has them (caches.c).
 */
#include "hw/i386/iommu/vtd/unit.h"

#include <string.h>

#include "hw/i386/iommu/scope.h"

static bool parse_place(VtdState *s, GError **error)
{
    if (!iommu_place_parse(&s->place, error)) {
        return false;
    }
    if (!dmar_told_parse(&s->told, s->links.number, &s->place, error)) {
        iommu_place_clear(&s->place);
        return false;
    }
    return true;
}

static bool vtd_realize(Device *dev, GError **error)
{
    VtdState *s = (VtdState *)dev;
    if (!vtd_props_check(s, error)) {
        return false;
    }
    if (!parse_place(s, error)) {
        g_prefix_error(error, "device 'intel-iommu': ");
        return false;
    }
    Trace *trace = dev->platform->trace;
    const VtdIecConfig iec = {
        .present = s->intremap,
        .tables = &s->tables,
        .trace = trace,
        .clock = dev->platform->clock,
        .policy = s->links.rereads_entries ? VTD_IEC_OFF : (VtdIecPolicy)s->props.iec,
        .seed = s->props.seed,
        .caching_mode = s->props.caching_mode,
        .posting = s->props.posted_interrupts,
        .haw = s->props.haw,
    };
    s->tables = (VtdTables){.memory = s->links.memory};
    if (s->props.stale_tables) {
        DramConfig lag = {.cached = !s->props.coherency, .buffered = s->props.rwbf};
        s->tables.dram = dram_new(s->links.memory, lag);
    }
    vtd_events_init(&s->events, &s->regs, s->links.apic_bus, &s->dev, s->eim);
    vtd_fault_init(&s->faults, &s->regs, &s->events, trace, s->props.fault_records,
                   vtd_props_fro(&s->props));
    vtd_regs_init(s);
    vtd_qi_init(s);
    vtd_iec_init(&s->iec, &iec);
    vtd_watch_init(&s->irt_watch, VTD_IRTE_SIZE, VTD_IRT_MAX, s->links.memory,
                   dev->platform->journal);
    vtd_watch_init(&s->queue_watch, VTD_QUEUE_SLOT, VTD_QUEUE_SLOTS, s->links.memory,
                   dev->platform->journal);
    vtd_pid_watch_init(&s->pid_watch, s->links.memory, dev->platform->journal);
    vtd_dmacache_init(&s->cache, trace, s->props.caching_mode, s->props.domain_bits);
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
    dram_free(s->tables.dram);
}

/* Nothing that was stored is still on its way. */
static void settle_tables(VtdState *s)
{
    if (s->tables.dram) {
        dram_settle(s->tables.dram);
    }
    s->tables.behind = false;
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
    settle_tables(s);
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
    settle_tables(s);
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
    STATE_NOT_SAVED(VtdState, cache),  /* it may be empty */
    STATE_NOT_SAVED(VtdState, tables), /* all lines may have been flushed */
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
        .host_address_width = s->props.haw,
        .register_pages_log2 = s->region.size > VTD_WINDOW_SIZE,
        .device_iotlb = s->props.device_iotlb,
        .x2apic_opt_out = s->props.x2apic_opt_out,
        .dma_ctrl_opt_in = s->props.dma_ctrl_opt_in,
        .has_proximity = s->props.numa_node != UINT32_MAX,
        .proximity = s->props.numa_node,
        .satc_required = s->told.satc_required,
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
    .save_caches = vtd_save_caches,
    .load_caches = vtd_load_caches,
};
