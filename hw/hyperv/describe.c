/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What monitors show of a partition: what its guest has set up, VP by VP, and under a root what is
 * mapped for devices. Looking changes nothing.
 */
#include "hw/core/rid.h"
#include "hw/hyperv/hyperv_internal.h"

static void describe_page(const HvOverlay *page, const char *name, const char *text, const Facts *f)
{
    facts_open(f, name);
    facts_flag(f, "enabled", hv_overlay_on(page));
    facts_hex(f, "address", page->value & HV_PAGE_MASK);
    facts_close(f);
    if (hv_overlay_on(page)) {
        facts_say(f, ", %s at %#" PRIx64, text, page->value & HV_PAGE_MASK);
    }
}

static void describe_features(const HvPartition *hv, const Facts *f)
{
    facts_open_list(f, "features");
    facts_say(f, "  offers");
    for (unsigned i = 0; i < HV_FEATURES; i++) {
        if (hv_offers(hv, (HvFeature)i)) {
            facts_text(f, NULL, hv_feature_name(i));
            facts_say(f, " %s", hv_feature_name(i));
        }
    }
    facts_say(f, "\n");
    facts_close_list(f);
}

/* A source as power-on left it is not worth a line. */
static void describe_sint(const HvVp *vp, unsigned n, const Facts *f)
{
    uint64_t sint = vp->sint[n];
    if (sint == HV_SINT_MASKED) {
        return;
    }
    facts_open(f, NULL);
    facts_number(f, "sint", n);
    facts_number(f, "vector", sint & HV_SINT_VECTOR);
    facts_flag(f, "masked", sint & HV_SINT_MASKED);
    facts_flag(f, "auto-eoi", sint & HV_SINT_AUTO_EOI);
    facts_flag(f, "polling", sint & HV_SINT_POLLING);
    facts_close(f);
    facts_say(f, "      SINT%u vector %02xh%s%s%s\n", n, (unsigned)(sint & HV_SINT_VECTOR),
              sint & HV_SINT_MASKED ? ", masked" : "", sint & HV_SINT_AUTO_EOI ? ", auto-EOI" : "",
              sint & HV_SINT_POLLING ? ", polled" : "");
}

static void describe_timer(const HvTimer *t, unsigned n, const Facts *f)
{
    if (!t->config) {
        return;
    }
    facts_open(f, NULL);
    facts_number(f, "timer", n);
    facts_hex(f, "config", t->config);
    facts_number(f, "count", t->count);
    facts_flag(f, "armed", timer_is_armed(&t->timer));
    facts_number(f, "next", t->next);
    facts_flag(f, "message-waits", t->pending);
    facts_close(f);
    facts_say(f, "      STIMER%u config %#" PRIx64 " count %" PRIu64, n, t->config, t->count);
    if (timer_is_armed(&t->timer)) {
        facts_say(f, ", due at %" PRIu64, t->next);
    }
    facts_say(f, "%s\n", t->pending ? ", its message waits for the slot" : "");
}

static void describe_vp(const HvVp *vp, const Facts *f)
{
    facts_open(f, NULL);
    facts_number(f, "index", vp->index);
    facts_hex(f, "scontrol", vp->scontrol);
    facts_say(f, "  %s: SCONTROL=%#" PRIx64, vp->name, vp->scontrol);
    describe_page(&vp->assist, "assist", "assist page", f);
    describe_page(&vp->messages, "simp", "SIMP", f);
    describe_page(&vp->events, "siefp", "SIEFP", f);
    facts_say(f, "\n");
    facts_open_list(f, "sints");
    for (unsigned i = 0; i < HV_SINTS; i++) {
        describe_sint(vp, i, f);
    }
    facts_close_list(f);
    facts_open_list(f, "timers");
    for (unsigned i = 0; i < HV_TIMERS; i++) {
        describe_timer(&vp->timer[i], i, f);
    }
    facts_close_list(f);
    facts_close(f);
}

static void describe_mapping(const HvMapping *m, unsigned index, const Facts *f)
{
    if (!m->used) {
        return;
    }
    bool ioapic = hv_device_type(m->device) == HV_DEVICE_IOAPIC;
    facts_open(f, NULL);
    facts_number(f, "index", index);
    facts_hex(f, "device", m->device);
    facts_number(f, "vp", m->vp);
    facts_number(f, "vector", m->vector);
    facts_text(f, "mode", journal_mode_name(m->mode));
    facts_flag(f, "level", m->level);
    facts_close(f);
    facts_say(f, "  %4u %s %s: vector %02xh %s %s to vp%u\n", index, ioapic ? "IOAPIC" : "PCI",
              ioapic ? "" : rid_text((uint16_t)m->device).text, m->vector,
              journal_mode_name(m->mode), m->level ? "level" : "edge", m->vp);
}

void hv_describe(const HvPartition *hv, const Facts *f)
{
    facts_open(f, NULL);
    facts_hex(f, "guest-os-id", hv->guest_os_id);
    facts_number(f, "reference-time", hv_reference_time(hv));
    facts_say(f, "guest OS %#" PRIx64 ", reference time %" PRIu64, hv->guest_os_id,
              hv_reference_time(hv));
    describe_page(&hv->hypercall, "hypercall", "hypercall page", f);
    describe_page(&hv->reference_tsc, "reference-tsc", "reference TSC page", f);
    facts_say(f, "\n");
    describe_features(hv, f);
    facts_open_list(f, "vps");
    for (unsigned i = 0; i < hv->links.vps; i++) {
        describe_vp(&hv->vps[i], f);
    }
    facts_close_list(f);
    facts_open_list(f, "mappings");
    for (unsigned i = 0; hv->mappings && i < HV_MAPPINGS; i++) {
        describe_mapping(&hv->mappings[i], i, f);
    }
    facts_close_list(f);
    facts_close(f);
}
