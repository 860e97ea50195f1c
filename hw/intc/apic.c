/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC: the device, its modes (IA32_APIC_BASE), resets and what others may ask of it.
 * Intel SDM vol. 3, chapter 11: 11.4.3 and 11.4.4 (enabling), 11.4.7 (resets), 11.12.1 (x2APIC
 * states). The map of the files is in apic_internal.h.
 *
 * Left out: CMCI, the P6 APR and RRD registers in x2APIC mode (as hardware).
 */
#include "hw/intc/apic_internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/caches.h"

#define DEFAULT_PHYS_BITS 52
#define LVT_RESET         LVT_MASKED
#define SVR_RESET         0xffu
#define XAPIC_BROADCAST   0xffu
#define BROADCAST         0xffffffffu

ApicLinks *apic_links(Device *dev)
{
    return &apic_from_device(dev)->links;
}

ApicState *apic_from_device(Device *dev)
{
    return (ApicState *)dev;
}

IrqLine *apic_lint(ApicState *s, int n)
{
    return &s->lint[n];
}

/* Identity and mode. */

bool apic_is_enabled(const ApicState *s)
{
    return s->base & APIC_BASE_ENABLE;
}

bool apic_is_x2apic(const ApicState *s)
{
    return s->base & APIC_BASE_EXTD;
}

uint32_t apic_get_id(const ApicState *s)
{
    return apic_is_x2apic(s) ? s->links.apic_id : s->xapic_id;
}

uint32_t apic_initial_id(const ApicState *s)
{
    return s->links.apic_id;
}

bool apic_has_logical_id(const ApicState *s)
{
    return s->ldr >> 24;
}

static bool apic_matches_x2apic(const ApicState *s, uint32_t dest)
{
    uint32_t id = s->links.apic_id;

    return dest >> 16 == id >> 4 && (dest & (1u << (id & 15)));
}

bool apic_matches_logical(const ApicState *s, uint32_t dest)
{
    uint8_t mda = (uint8_t)dest;
    uint8_t logical = (uint8_t)(s->ldr >> 24);

    if (apic_is_x2apic(s)) {
        return dest == BROADCAST || apic_matches_x2apic(s, dest);
    }
    if (dest == BROADCAST || dest == XAPIC_BROADCAST) {
        return true;
    }
    if (dest > XAPIC_BROADCAST) {
        return false; /* a cluster of x2APICs */
    }
    if (s->dfr == DFR_FLAT) {
        return mda & logical;
    }
    /* Cluster model: the high nibble names the cluster, the low one its members (11.6.2.2). */
    return s->dfr == DFR_CLUSTER && mda >> 4 == logical >> 4 && (mda & logical & 0xf);
}

bool apic_page_is_hidden(const ApicState *s, uint64_t page)
{
    return apic_is_x2apic(s) && page == (s->base & APIC_BASE_ADDR_MASK);
}

uint64_t apic_mmio_base(const ApicState *s)
{
    if (!apic_is_enabled(s) || apic_is_x2apic(s)) {
        return UINT64_MAX;
    }
    return s->base & APIC_BASE_ADDR_MASK;
}

ApicCounts apic_counts(const ApicState *s)
{
    return (ApicCounts){.nmis = s->nmis,
                        .smis = s->smis,
                        .inits = s->inits,
                        .sipis = s->sipis,
                        .sipi_vector = s->sipi_vector};
}

/* Resets. */

static void apic_reset_registers(ApicState *s)
{
    apic_forget(s, s->absent ? INTR_CPU_REMOVED : INTR_APIC_RESET);
    memset(s->tmr, 0, sizeof(s->tmr));
    s->tpr = 0;
    s->extint_latched = false;
    s->ldr = 0;
    s->dfr = DFR_FLAT;
    s->svr = SVR_RESET;
    s->esr = 0;
    s->esr_pending = 0;
    s->icr_low = 0;
    s->icr_high = 0;
    for (int i = 0; i < APIC_LVT_COUNT; i++) {
        s->lvt[i] = LVT_RESET;
    }
    apic_timer_reset(s);
    apic_update(s);
    apic_bus_changed(s->links.bus);
}

/* INIT keeps the id (11.4.7.3). */
void apic_init_reset(ApicState *s)
{
    apic_reset_registers(s);
}

static void apic_base_announce(ApicState *s)
{
    apic_bus_changed(s->links.bus);
    if (s->links.pins && s->links.pins->base_changed) {
        s->links.pins->base_changed(s->links.pins_opaque);
    }
}

static void apic_reset(Device *dev)
{
    ApicState *s = apic_from_device(dev);

    s->base = APIC_BASE_DEFAULT | (s->absent ? 0 : APIC_BASE_ENABLE) |
              (s->links.is_bsp ? APIC_BASE_BSP : 0);
    s->nmis = s->smis = s->inits = s->sipis = 0;
    s->sipi_vector = 0;
    s->xapic_id = (uint8_t)s->links.apic_id;
    apic_reset_registers(s);
    apic_base_announce(s);
}

bool apic_is_present(const ApicState *s)
{
    return !s->absent;
}

void apic_set_present(ApicState *s, bool present)
{
    s->absent = !present;
    apic_reset(&s->dev);
}

void apic_set_virtual_wire(ApicState *s)
{
    s->svr |= SVR_ENABLE;
    s->lvt[APIC_LVT_LINT0] = INTR_MODE_EXTINT << LVT_DELIVERY_SHIFT;
    s->lvt[APIC_LVT_LINT1] = INTR_MODE_NMI << LVT_DELIVERY_SHIFT;
    apic_lint_resample(s);
}

/* IA32_APIC_BASE. */

static bool apic_base_is_valid(const ApicState *s, uint64_t value)
{
    unsigned bits = s->links.phys_bits ? s->links.phys_bits : DEFAULT_PHYS_BITS;
    uint64_t valid =
        APIC_BASE_BSP | APIC_BASE_ENABLE | (APIC_BASE_ADDR_MASK & ((1ull << bits) - 1));
    bool enable = value & APIC_BASE_ENABLE, extd = value & APIC_BASE_EXTD;

    if (s->links.x2apic) {
        valid |= APIC_BASE_EXTD;
    }
    if ((value & ~valid) || (extd && !enable)) {
        return false;
    }
    /* SDM figure 11-27: into x2APIC mode only from xAPIC mode, and out of it only by disabling. */
    if (extd && !apic_is_enabled(s)) {
        return false;
    }
    return extd || !enable || !apic_is_x2apic(s);
}

static bool apic_set_base(ApicState *s, uint64_t value)
{
    uint64_t old = s->base;

    if (!apic_base_is_valid(s, value)) {
        apic_rules_base_refused(s, value);
        return false;
    }
    s->base = value;
    if (!(value & APIC_BASE_ENABLE) && (old & APIC_BASE_ENABLE)) {
        s->xapic_id = (uint8_t)s->links.apic_id;
        apic_reset_registers(s); /* 11.4.3: comes back as after power-up */
    }
    if ((value & APIC_BASE_EXTD) && !(old & APIC_BASE_EXTD)) {
        s->icr_high = 0; /* 11.12.5.1: everything else is kept */
    }
    trace_event(s->dev.platform->trace, TRACE_APIC, "apic_base id=%u value=0x%" PRIx64,
                s->links.apic_id, value);
    apic_base_announce(s);
    apic_update(s);
    return true;
}

/* The MSRs that are not in the x2APIC range; apic_regs.c does those. */
bool apic_base_msr_read(ApicState *s, uint32_t msr, uint64_t *value)
{
    if (msr == MSR_IA32_APIC_BASE) {
        *value = s->base;
        return true;
    }
    if (msr == MSR_IA32_TSC_DEADLINE && s->links.tsc_deadline) {
        *value = apic_timer_get_deadline(s);
        return true;
    }
    return false;
}

bool apic_base_msr_write(ApicState *s, uint32_t msr, uint64_t value)
{
    if (msr == MSR_IA32_APIC_BASE) {
        return apic_set_base(s, value);
    }
    if (msr == MSR_IA32_TSC_DEADLINE && s->links.tsc_deadline) {
        apic_timer_set_deadline(s, value);
        return true;
    }
    return false;
}

/* The device. */

static void apic_lint_handler(void *opaque, int n, bool level)
{
    apic_lint_changed(opaque, n, level);
}

static bool apic_realize(Device *dev, GError **error)
{
    ApicState *s = apic_from_device(dev);

    g_assert(s->links.bus);
    s->base = APIC_BASE_DEFAULT;
    s->xapic_id = (uint8_t)s->links.apic_id;
    s->irr_top = s->isr_top = -1;
    if (s->links.timer_hz == 0) {
        s->links.timer_hz = NS_PER_SEC;
    }
    apic_timer_init(s);
    device_add_irq_in(dev, "lint", s->lint, 2, apic_lint_handler, s);
    apic_bus_attach(s->links.bus, s, s->links.apic_id);
    return true;
}

static void apic_unrealize(Device *dev)
{
    ApicState *s = apic_from_device(dev);

    timer_cancel(&s->timer);
    apic_bus_detach(s->links.bus, s->links.apic_id);
}

static void apic_restored(Device *dev)
{
    ApicState *s = apic_from_device(dev);

    /* Their records are another machine's. */
    memset(s->serial_irr, 0, sizeof(s->serial_irr));
    memset(s->serial_isr, 0, sizeof(s->serial_isr));
    s->intr = false;
    apic_base_announce(s);
    apic_update(s);
}

static void apic_visit(ApicState *s, CacheVisit *visit)
{
    CACHE_VISIT(visit, s->serial_irr);
    CACHE_VISIT(visit, s->serial_isr);
}

static void apic_save_caches(const Device *dev, GByteArray *out)
{
    CacheVisit visit = {.out = out};
    apic_visit((ApicState *)dev, &visit);
}

static const uint8_t *apic_load_caches(Device *dev, const uint8_t *saved)
{
    CacheVisit visit = {.in = saved};
    apic_visit(apic_from_device(dev), &visit);
    return visit.in;
}

static const char *apic_mode_name(const ApicState *s)
{
    if (s->absent) {
        return "absent";
    }
    if (!apic_is_enabled(s)) {
        return "disabled";
    }
    return apic_is_x2apic(s) ? "x2apic" : "xapic";
}

static void apic_describe_set(const char *name, const uint64_t *set, GString *out)
{
    g_string_append_printf(out, "  %s:", name);
    for (unsigned v = 0; v < 256; v++) {
        if (apic_bit(set, v)) {
            g_string_append_printf(out, " 0x%02x", v);
        }
    }
    g_string_append_c(out, '\n');
}

void apic_describe(const ApicState *s, GString *out)
{
    static const char *const lvt_names[APIC_LVT_COUNT] = {"timer", "thermal", "perf",
                                                          "lint0", "lint1",   "error"};

    g_string_append_printf(out, "local APIC %u: mode=%s%s id=0x%x base=0x%" PRIx64 "\n",
                           s->links.apic_id, apic_mode_name(s), s->links.is_bsp ? " bsp" : "",
                           apic_get_id(s), s->base);
    g_string_append_printf(out, "  tpr=0x%02x ppr=0x%02x ldr=0x%08x dfr=0x%08x svr=0x%x esr=0x%x\n",
                           s->tpr, s->ppr, apic_logical_id(s), s->dfr, s->svr, s->esr);
    g_string_append_printf(out, "  icr=0x%08x%08x timer initial=%u current=%u divide=0x%x\n",
                           s->icr_high, s->icr_low, s->timer_initial, apic_timer_current(s),
                           s->timer_divide);
    for (int i = 0; i < APIC_LVT_COUNT; i++) {
        g_string_append_printf(out, "  lvt %s=0x%05x\n", lvt_names[i], s->lvt[i]);
    }
    apic_describe_set("irr", s->irr, out);
    apic_describe_set("isr", s->isr, out);
    apic_describe_set("tmr", s->tmr, out);
    g_string_append_printf(out, "  nmi=%u smi=%u init=%u sipi=%u sipi_vector=0x%02x\n", s->nmis,
                           s->smis, s->inits, s->sipis, s->sipi_vector);
}

static const StateField apic_state[] = {
    STATE_FIELD(STATE_UINT64, ApicState, base),
    STATE_FIELD(STATE_UINT8, ApicState, xapic_id),
    STATE_FIELD(STATE_UINT8, ApicState, absent),
    STATE_ARRAY(STATE_UINT64, ApicState, irr, 4),
    STATE_ARRAY(STATE_UINT64, ApicState, isr, 4),
    STATE_ARRAY(STATE_UINT64, ApicState, tmr, 4),
    STATE_FIELD(STATE_UINT8, ApicState, tpr),
    STATE_FIELD(STATE_UINT8, ApicState, extint_latched),
    STATE_ARRAY(STATE_UINT8, ApicState, lint_level, 2),
    STATE_FIELD(STATE_UINT32, ApicState, ldr),
    STATE_FIELD(STATE_UINT32, ApicState, dfr),
    STATE_FIELD(STATE_UINT32, ApicState, svr),
    STATE_FIELD(STATE_UINT32, ApicState, esr),
    STATE_FIELD(STATE_UINT32, ApicState, esr_pending),
    STATE_FIELD(STATE_UINT32, ApicState, icr_low),
    STATE_FIELD(STATE_UINT32, ApicState, icr_high),
    STATE_ARRAY(STATE_UINT32, ApicState, lvt, APIC_LVT_COUNT),
    STATE_FIELD(STATE_UINT32, ApicState, nmis),
    STATE_FIELD(STATE_UINT32, ApicState, smis),
    STATE_FIELD(STATE_UINT32, ApicState, inits),
    STATE_FIELD(STATE_UINT32, ApicState, sipis),
    STATE_FIELD(STATE_UINT8, ApicState, sipi_vector),
    STATE_FIELD(STATE_UINT32, ApicState, timer_initial),
    STATE_FIELD(STATE_UINT32, ApicState, timer_count),
    STATE_FIELD(STATE_UINT32, ApicState, timer_divide),
    STATE_FIELD(STATE_UINT64, ApicState, timer_start),
    STATE_FIELD(STATE_UINT64, ApicState, tsc_deadline),
    STATE_FIELD(STATE_TIMER, ApicState, timer),
    STATE_FIELD(STATE_UINT64, ApicState, lint_waiting),
    STATE_NOT_SAVED(ApicState, auto_eoi),
    STATE_NOT_SAVED(ApicState, serial_irr),
    STATE_NOT_SAVED(ApicState, serial_isr),
    STATE_END,
};

const DeviceClass apic_class = {
    .name = "apic",
    .desc = "Local APIC (xAPIC and x2APIC)",
    .bus = BUS_NONE,
    .instance_size = sizeof(ApicState),
    .state = apic_state,
    .realize = apic_realize,
    .unrealize = apic_unrealize,
    .reset = apic_reset,
    .restored = apic_restored,
    .save_caches = apic_save_caches,
    .load_caches = apic_load_caches,
};
