/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the device amd-iommu: properties, life, and how the board wires it. What the unit does is
 * in the files beside this one; unit.h lists them.
 *
 * A saved unit comes back with empty caches: hardware may evict any entry at any time, so a guest
 * cannot tell, and the state stays small.
 */
#include "hw/i386/iommu/amd/unit.h"
#include "hw/i386/iommu/scope.h"

#define P(type_, name_, field_, def_, help_)                                                       \
    PROP(PROP_##type_, name_, AmdviState, props.field_, def_, help_)

static const PropInfo amdvi_props[] = {
    PROP(PROP_STRING, "scope", AmdviState, place.scope, NULL,
         "what is under it: ids, paths, ioapic, hpet, all; with + between them"),
    PROP(PROP_UINT64, "base", AmdviState, place.base, "0",
         "address of its registers; 0 is the usual place, and those after it"),
    IVRS_TOLD_PROPS(AmdviState, props.told),
    P(ONOFFAUTO, "intremap", intremap, "auto", "interrupt remapping; auto is on"),
    P(BOOL_OR_AUTO, "xtsup", xtsup, "auto",
      "EFR.XTSup (32-bit APIC ids); auto follows intremap, ga and the CPUs' x2APIC"),
    P(BOOL_OR_AUTO, "vapic", vapic, "auto",
      "EFR.GAMSup: posting to guests' virtual APICs; auto follows intremap and ga"),
    P(BOOL, "ga", ga, "on", "EFR.GASup: interrupt table entries of 128 bits"),
    P(BOOL, "dma-remap", dma_remap, "on", "off: interrupt remapping only"),
    P(BOOL, "device-iotlb", device_iotlb, "off",
      "IotlbSup: address translation services, for devices that keep translations"),
    P(BOOL, "ppr", page_requests, "off", "EFR.PPRSup: page requests and their log"),
    P(BOOL, "iasup", invalidate_all, "on", "EFR.IASup: INVALIDATE_IOMMU_ALL"),
    P(BOOL, "irt-2k", irt_2k, "off", "NumIntRemapSup: interrupt tables of 2048 entries"),
    P(UINT64, "command-latency", command_latency, "0", "ns that a command takes"),
    P(UINT64, "event-latency", event_latency, "0", "ns until an event is in the log"),
    PROP_END,
};

static bool amdvi_fail(GError **error, const char *text)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "device 'amd-iommu': %s", text);
    return false;
}

static bool amdvi_check_props(AmdviState *s, GError **error)
{
    const AmdviProps *p = &s->props;
    s->intremap = p->intremap != ONOFF_OFF;
    s->xtsup = p->xtsup == ONOFF_ON ||
               (p->xtsup == ONOFF_AUTO && s->intremap && p->ga && !s->links.cpus_lack_x2apic);
    if (s->xtsup && !s->intremap) {
        return amdvi_fail(error, "xtsup=on needs intremap=on");
    }
    if (s->xtsup && !p->ga) {
        return amdvi_fail(error, "xtsup=on needs ga=on: only 128-bit entries have 32-bit ids");
    }
    s->vapic = p->vapic == ONOFF_ON || (p->vapic == ONOFF_AUTO && s->intremap && p->ga);
    if (s->vapic && !(s->intremap && p->ga)) {
        return amdvi_fail(
            error, "vapic=on needs intremap=on and ga=on: only 128-bit entries have guest mode");
    }
    if (p->command_latency > INT64_MAX / 4 || p->event_latency > INT64_MAX / 4) {
        return amdvi_fail(
            error, "command-latency and event-latency are nanoseconds, 0 to 2305843009213693951");
    }
    return true;
}

static bool amdvi_realize(Device *dev, GError **error)
{
    AmdviState *s = (AmdviState *)dev;
    if (!amdvi_check_props(s, error) || !iommu_place_parse(&s->place, error)) {
        return false;
    }
    if (!ivrs_told_parse(&s->props.told, &s->place, error)) {
        iommu_place_clear(&s->place);
        return false;
    }
    amdvi_regs_init(s);
    amdvi_signals_init(&s->signals, &s->regs, s->links.apic_bus, dev);
    s->log = (AmdviLog){
        .regs = &s->regs,
        .signals = &s->signals,
        .dev = dev,
        .memory = s->links.memory,
        .own = &s->region,
        .latency = s->props.event_latency,
    };
    amdvi_log_init(&s->log);
    s->galog = (AmdviGaLog){
        .regs = &s->regs, .signals = &s->signals, .memory = s->links.memory, .own = &s->region};
    amdvi_queue_init(s);
    amdvi_asked_init(s);
    amdvi_devcache_init(&s->devices, s->links.memory);
    amdvi_ircache_init(&s->interrupts, s->links.memory, dev->platform->clock);
    amdvi_iotlb_init(&s->iotlb);
    s->region = (MemRegion){
        .name = "amd-iommu",
        .size = s->regs.span,
        .kind = MEM_IO,
        .ops = &amdvi_mem_ops,
        .opaque = s,
    };
    return true;
}

static void amdvi_unrealize(Device *dev)
{
    AmdviState *s = (AmdviState *)dev;
    amdvi_queue_reset(s);
    amdvi_log_reset(&s->log);
    amdvi_regs_free(s);
    amdvi_devcache_free(&s->devices);
    amdvi_ircache_free(&s->interrupts);
    amdvi_iotlb_free(&s->iotlb);
    iommu_place_clear(&s->place);
}

static void amdvi_reset(Device *dev)
{
    AmdviState *s = (AmdviState *)dev;
    amdvi_queue_reset(s);
    amdvi_log_reset(&s->log);
    amdvi_signals_reset(&s->signals);
    amdvi_devcache_reset(&s->devices);
    amdvi_ircache_reset(&s->interrupts);
    amdvi_iotlb_reset(&s->iotlb);
    amdvi_regs_reset(s);
    s->verdicts = (AmdviVerdicts){0};
}

static void amdvi_restored(Device *dev)
{
    AmdviState *s = (AmdviState *)dev;
    amdvi_log_restored(&s->log);
    /* A saved state may have it wait for nobody. */
    s->queue.waits = s->queue.waits && s->asked.tags;
    amdvi_devcache_invalidate_all(&s->devices);
    amdvi_ircache_invalidate_all(&s->interrupts);
    amdvi_iotlb_invalidate_all(&s->iotlb);
    amdvi_regs_derive(s);
}

/* What a saved state is without and a checkpoint has, since under -icount a stale entry is to be
 * stale again. */
static void amdvi_visit(AmdviState *s, CacheVisit *visit)
{
    amdvi_devcache_visit(&s->devices, visit);
    amdvi_ircache_visit(&s->interrupts, visit);
    amdvi_iotlb_visit(&s->iotlb, visit);
    CACHE_VISIT(visit, s->verdicts);
    CACHE_VISIT(visit, s->log.count);
    CACHE_VISIT(visit, s->log.lost);
    CACHE_VISIT(visit, s->queue.commands);
    CACHE_VISIT(visit, s->queue.work);
}

static void amdvi_save_caches(const Device *dev, GByteArray *out)
{
    CacheVisit visit = {.out = out};
    amdvi_visit((AmdviState *)dev, &visit);
}

static const uint8_t *amdvi_load_caches(Device *dev, const uint8_t *saved)
{
    CacheVisit visit = {.in = saved};
    amdvi_visit((AmdviState *)dev, &visit);
    return visit.in;
}

static const StateField amdvi_state[] = {
    STATE_REGFILE(AmdviState, regs),
    STATE_STRUCTS(AmdviState, signals, 1, AmdviSignals, amdvi_signals_state),
    STATE_STRUCTS(AmdviState, log, 1, AmdviLog, amdvi_log_state),
    STATE_STRUCTS(AmdviState, queue, 1, AmdviQueue, amdvi_queue_state),
    STATE_STRUCTS(AmdviState, asked, 1, AmdviAsked, amdvi_asked_state),
    STATE_NOT_SAVED(AmdviState, devices), /* caches may be empty */
    STATE_NOT_SAVED(AmdviState, interrupts),
    STATE_NOT_SAVED(AmdviState, iotlb),
    STATE_NOT_SAVED(AmdviState, verdicts),
    STATE_END,
};

#define COUNTER(name_, what_, field_)                                                              \
    {                                                                                              \
        name_, what_, offsetof(AmdviState, field_)                                                 \
    }

static const IommuCounter amdvi_counters[] = {
    COUNTER("remapped", "delivered through an IRTE", verdicts.remapped),
    COUNTER("posted", "posted to virtual APICs", verdicts.posted),
    COUNTER("passed", "passed as they are", verdicts.passed),
    COUNTER("blocked", "blocked", verdicts.blocked),
    COUNTER("irte-hits", "interrupt table cache hits", interrupts.hits),
    COUNTER("irte-misses", "interrupt table cache misses", interrupts.misses),
    COUNTER("stale-hits", "stale entries used", interrupts.stale_hits),
    COUNTER("dte-hits", "device table cache hits", devices.hits),
    COUNTER("dte-misses", "device table cache misses", devices.misses),
    COUNTER("stale-dtes", "stale device table entries used", devices.stale_hits),
    COUNTER("iotlb-hits", "translation cache hits", iotlb.hits),
    COUNTER("iotlb-misses", "translation cache misses", iotlb.misses),
    COUNTER("events", "events", log.count),
    COUNTER("lost-events", "events that were not logged", log.lost),
    COUNTER("commands", "commands", queue.commands),
    COUNTER("command-work", "cost of commands, in units of 10 ns", queue.work),
    {NULL},
};

static IommuLinks *amdvi_links(Device *dev)
{
    return &((AmdviState *)dev)->links;
}

static IommuPlace *amdvi_place(Device *dev)
{
    return &((AmdviState *)dev)->place;
}

static Upstream amdvi_upstream(Device *dev)
{
    return (Upstream){.ops = &amdvi_upstream_ops, .opaque = dev};
}

static IntrSink amdvi_sink(Device *dev)
{
    return (IntrSink){.send = amdvi_dma_message, .opaque = dev};
}

static MemRegion *amdvi_region(Device *dev, uint64_t *base)
{
    AmdviState *s = (AmdviState *)dev;
    uint64_t usual = AMDVI_DEFAULT_BASE + s->links.number * AMDVI_WINDOW_SIZE;
    *base = s->place.base ? s->place.base : usual;
    return &s->region;
}

/* The southbridge's function, where Linux looks for the IOAPIC of GSI 0; others beside it. */
static uint16_t amdvi_emitter_id(IommuScopeType type, unsigned number)
{
    return (uint16_t)(AMD_SOUTHBRIDGE_DEVFN + number);
}

static void amdvi_table_part(Device *dev, void *part)
{
    const AmdviState *s = (const AmdviState *)dev;
    const PciDevice *function = s->signals.function;
    *(IvrsUnit *)part = (IvrsUnit){
        .intremap = s->intremap,
        .device_iotlb = s->props.device_iotlb,
        .features = amdvi_features(s),
        .features2 = amdvi_features2(s),
        .function = function,
        .capability = amdvi_function_capability(function),
        .told = &s->props.told,
    };
}

static void amdvi_describe(Device *dev, GString *out)
{
    const AmdviState *s = (const AmdviState *)dev;
    g_string_append_printf(out, "%s, %d-bit entries%s", s->enabled ? "on" : "off",
                           s->irte_mode.wide ? 128 : 32, s->irte_mode.xt ? ", x2APIC" : "");
}

static const IommuClass amdvi_iommu_class = {
    .links = amdvi_links,
    .place = amdvi_place,
    .upstream = amdvi_upstream,
    .sink = amdvi_sink,
    .region = amdvi_region,
    .function = &amdvi_function_class,
    .link_function = amdvi_link_function,
    .emitter_id = amdvi_emitter_id,
    .table = &ivrs_table,
    .table_part = amdvi_table_part,
    .counters = amdvi_counters,
    .describe = amdvi_describe,
    .describe_registers = amdvi_describe_registers,
    .entries = amdvi_entries,
    .describe_entry = amdvi_describe_entry,
    .describe_descriptor = amdvi_describe_descriptor,
};

const DeviceClass amdvi_class = {
    .name = "amd-iommu",
    .desc = "AMD-Vi DMA and interrupt remapping unit",
    .bus = BUS_SYSTEM,
    .category = DEVICE_INTERRUPT,
    .user_creatable = true,
    .instance_size = sizeof(AmdviState),
    .props = amdvi_props,
    .iommu = &amdvi_iommu_class,
    .state = amdvi_state,
    .realize = amdvi_realize,
    .unrealize = amdvi_unrealize,
    .reset = amdvi_reset,
    .restored = amdvi_restored,
    .save_caches = amdvi_save_caches,
    .load_caches = amdvi_load_caches,
};
