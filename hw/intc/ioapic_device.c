/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOAPIC: the device, its properties and state, and what monitors show of it. */
#include <inttypes.h>
#include <string.h>

#include "hw/core/rid.h"
#include "hw/intc/ioapic_internal.h"
#include "hw/intr/journal.h"

IoapicLinks *ioapic_links(Device *dev)
{
    return &ioapic_from(dev)->links;
}

IoapicPlace *ioapic_place(Device *dev)
{
    return &ioapic_from(dev)->place;
}

unsigned ioapic_pins(Device *dev)
{
    return ioapic_from(dev)->pins;
}

uint8_t ioapic_version(Device *dev)
{
    return (uint8_t)ioapic_from(dev)->version;
}

Device *ioapic_list_find(const GPtrArray *ioapics, uint32_t gsi, unsigned *pin)
{
    for (guint i = 0; i < ioapics->len; i++) {
        const IoapicState *s = ioapic_from(ioapics->pdata[i]);

        if (gsi >= s->place.gsi_base && gsi - s->place.gsi_base < s->pins) {
            *pin = gsi - s->place.gsi_base;
            return ioapics->pdata[i];
        }
    }
    return NULL;
}

MemRegion *ioapic_region(Device *dev)
{
    return &ioapic_from(dev)->region;
}

void ioapic_describe(Device *dev, GString *out)
{
    static const char *const modes[] = {"fixed", "lowest", "smi",  "reserved",
                                        "nmi",   "init",   "sipi", "extint"};
    IoapicState *s = ioapic_from(dev);

    g_string_append_printf(out, "ioapic %s: id=%u version=0x%02x sid=%s gsi=%u..%u\n", dev->id,
                           s->id, s->version, rid_text(s->links.requester_id).text,
                           s->place.gsi_base, s->place.gsi_base + s->pins - 1);
    for (unsigned pin = 0; pin < s->pins; pin++) {
        uint64_t rte = s->rte[pin];

        g_string_append_printf(out,
                               "  pin %2u 0x%016" PRIx64
                               " vector=0x%02x mode=%s trig=%s%s%s%s%s line=%d sent=%" PRIu64 "\n",
                               pin, rte, (unsigned)(rte & RTE_VECTOR_MASK), modes[rte_mode(rte)],
                               rte & RTE_LEVEL ? "level" : "edge", rte & RTE_POLARITY ? " low" : "",
                               rte & RTE_MASKED ? " masked" : "",
                               rte & RTE_REMOTE_IRR ? " remote-irr" : "",
                               s->stuck[pin] ? " stuck" : "", s->asked[pin], s->sent[pin]);
    }
}

IoapicPin ioapic_pin(Device *dev, unsigned pin)
{
    const IoapicState *s = ioapic_from(dev);
    uint64_t rte = s->rte[pin];

    return (IoapicPin){
        .rte = rte,
        .vector = rte & RTE_VECTOR_MASK,
        .level = rte & RTE_LEVEL,
        .masked = rte & RTE_MASKED,
        .remote_irr = rte & RTE_REMOTE_IRR,
        .stuck = s->stuck[pin],
        .ending = memchr(s->eoi_vector, (int)(rte & RTE_VECTOR_MASK), s->eois) != NULL,
        .active = ioapic_pin_is_active(s, pin),
        .again = s->again[pin],
    };
}

static bool ioapic_check(const IoapicState *s, GError **error)
{
    if (s->version != VERSION_82093AA && s->version != VERSION_ICH) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "ioapic: version is 0x%x; it must be 0x11 or 0x20", s->version);
        return false;
    }
    return true;
}

static bool ioapic_realize(Device *dev, GError **error)
{
    IoapicState *s = ioapic_from(dev);

    if (!ioapic_check(s, error)) {
        return false;
    }
    s->has_eoi_register =
        s->eoi_register == ONOFF_AUTO ? s->version == VERSION_ICH : s->eoi_register == ONOFF_ON;
    s->region = (MemRegion){
        .name = "ioapic",
        .size = IOAPIC_WINDOW_SIZE,
        .kind = MEM_IO,
        .ops = &ioapic_ops,
        .opaque = s,
    };
    timer_init(&s->pause, dev->platform->clock, ioapic_pause_ends, s);
    timer_init(&s->eoi_timer, dev->platform->clock, ioapic_eoi_arrives, s);
    device_add_irq_in(dev, "", s->lines, s->pins, ioapic_line, s);
    return true;
}

static void ioapic_unrealize(Device *dev)
{
    timer_cancel(&ioapic_from(dev)->pause);
    timer_cancel(&ioapic_from(dev)->eoi_timer);
}

static void ioapic_reset(Device *dev)
{
    IoapicState *s = ioapic_from(dev);

    s->select = 0;
    s->rules = (IoapicRules){0};
    s->id = s->place.id;
    ioapic_reset_pins(s);
}

#define EOI_DELAY_MOST NS_PER_SEC

static const PropInfo ioapic_props[] = {
    PROP(PROP_UINT32, "version", IoapicState, version, "0x20", "0x20 (ICH) or 0x11 (82093AA)"),
    PROP_RANGE(PROP_UINT8, "pins", IoapicState, pins, "24", IOAPIC_PINS, IOAPIC_PINS_MAX,
               "number of pins"),
    PROP_RANGE(PROP_UINT32, "gsi-base", IoapicState, place.gsi_base, "0", 0, IOAPIC_GSI_MAX,
               "number of its first pin among the machine's; 0: the first that is free"),
    PROP(PROP_UINT64, "base", IoapicState, place.base, "0",
         "address; 0: FEC00000h and 1000h more for each"),
    PROP_RANGE(PROP_UINT8, "ioapic-id", IoapicState, place.id, "0", 0, IOAPIC_ID_MAX,
               "IOAPIC id after reset; 0: its number among the machine's"),
    PROP_RANGE(PROP_UINT8, "id", IoapicState, place.id, "0", 0, IOAPIC_ID_MAX,
               "the same, for -global"),
    PROP(PROP_ONOFFAUTO, "eoi-register", IoapicState, eoi_register, "auto",
         "have an EOI register; auto: with version 0x20"),
    PROP_RANGE(PROP_UINT32, "eoi-delay", IoapicState, eoi_delay, "0", 0, EOI_DELAY_MOST,
               "ns until an EOI clears remote IRR"),
    PROP(PROP_BOOL, "stuck-remote-irr", IoapicState, stuck_remote_irr, "off",
         "a pin whose entry is rewritten with remote IRR set never sends again"),
    PROP(PROP_BOOL, "level-as-edge", IoapicState, level_as_edge, "off",
         "82093AA erratum: after a level was masked in flight, the next goes out as an edge"),
    PROP_END,
};

static const StateField ioapic_state[] = {
    STATE_FIELD(STATE_UINT16, IoapicState, select),
    STATE_FIELD(STATE_UINT8, IoapicState, id),
    STATE_ARRAY(STATE_UINT64, IoapicState, rte, IOAPIC_PINS_MAX),
    STATE_ARRAY(STATE_UINT8, IoapicState, asked, IOAPIC_PINS_MAX),
    STATE_ARRAY(STATE_UINT8, IoapicState, stuck, IOAPIC_PINS_MAX),
    STATE_ARRAY(STATE_UINT8, IoapicState, interrupted, IOAPIC_PINS_MAX),
    STATE_ARRAY(STATE_UINT8, IoapicState, again, IOAPIC_PINS_MAX),
    STATE_ARRAY(STATE_UINT8, IoapicState, pausing, IOAPIC_PINS_MAX),
    STATE_FIELD(STATE_TIMER, IoapicState, pause),
    STATE_FIELD_MAX(STATE_UINT32, IoapicState, eois, IOAPIC_EOIS),
    STATE_ARRAY(STATE_UINT8, IoapicState, eoi_vector, IOAPIC_EOIS),
    STATE_ARRAY(STATE_UINT64, IoapicState, eoi_at, IOAPIC_EOIS),
    STATE_FIELD(STATE_TIMER, IoapicState, eoi_timer),
    STATE_ARRAY(STATE_UINT64, IoapicState, sent, IOAPIC_PINS_MAX),
    STATE_ARRAY(STATE_UINT64, IoapicState, waiting, IOAPIC_PINS_MAX),
    STATE_NOT_SAVED(IoapicState, rules),
    STATE_END_SINCE(1),
};

const DeviceClass ioapic_class = {
    .name = "ioapic",
    .desc = "I/O APIC",
    .bus = BUS_SYSTEM,
    .category = DEVICE_INTERRUPT,
    .user_creatable = true,
    .instance_size = sizeof(IoapicState),
    .props = ioapic_props,
    .state = ioapic_state,
    .realize = ioapic_realize,
    .unrealize = ioapic_unrealize,
    .reset = ioapic_reset,
};
