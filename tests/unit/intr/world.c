/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intr/world.h"

uint32_t world_draw(World *w, uint32_t n)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)((w->random >> 32) * n >> 32);
}

void world_say(World *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(w->steps, format, args);
    va_end(args);
    g_string_append_c(w->steps, '\n');
}

/* Few, so that they meet. */
uint8_t world_vector(World *w)
{
    static const uint8_t vectors[] = {5, 0x20, 0x31, 0x31, 0x31, 0x38, 0x61, 0x61, 0xf1};

    return WORLD_PICK(w, vectors);
}

uint8_t world_mode(World *w)
{
    return world_draw(w, 3) ? (uint8_t)world_draw(w, 2) : (uint8_t)world_draw(w, 8);
}

uint32_t world_dest(World *w, bool wide)
{
    static const uint32_t narrow[] = {0, 0, 0, 1, 2, 3, 4, 0x11, 0x2c, 0x44, 0xff},
                          others[] = {0x12c, 0x10001, 0x10003, 0x120fff, UINT32_MAX};

    return wide && world_draw(w, 3) == 0 ? WORLD_PICK(w, others) : WORLD_PICK(w, narrow);
}

/* Of an entry; the lower the likelier, and seldom beyond the table. */
unsigned world_index(World *w)
{
    return world_draw(w, 1 + world_draw(w, MODEL_ENTRIES + 1));
}

uint64_t world_address(World *w)
{
    static const uint64_t elsewhere[] = {0x1000, 0x1ffc, 0x40000000, 0xfef00000, 0x1fee00000};

    if (world_draw(w, 12) == 0) {
        return WORLD_PICK(w, elsewhere);
    }
    if (world_draw(w, 8) <
        (w->model.unit.remapping
             ? 7
             : 2)) { /* remappable: handle, SHV, and seldom bit 15 of the handle */
        return INTR_WINDOW_BASE | 0x10 | world_index(w) << 5 | (world_draw(w, 4) == 0) << 3 |
               (world_draw(w, 16) == 0) << 2;
    }
    return INTR_WINDOW_BASE | world_dest(w, false) << 12 | (world_draw(w, 4) == 0) << 3 |
           (world_draw(w, 4) == 0) << 2;
}

/* Of both formats: small enough for a subhandle. */
uint32_t world_data(World *w)
{
    uint32_t data = world_vector(w) | (uint32_t)world_mode(w) << 8 | world_draw(w, 4) << 14;

    switch (world_draw(w, 8)) {
    case 0:
        return data | 1u << 31;
    case 1:
    case 2:
        return world_draw(w, 3);
    default:
        return data;
    }
}

void world_time(World *w, int64_t ns)
{
    clock_advance_to(w->rig.platform.clock, clock_now(w->rig.platform.clock) + ns);
    model_time(&w->model, ns);
}

static unsigned cache_use(void *opaque, uint32_t rec)
{
    const JournalRecord *r = journal_find(&((World *)opaque)->rig.journal, rec);

    return r ? r->seen & (JOURNAL_CACHED | JOURNAL_STALE) : 0;
}

static void closed(void *opaque, const JournalRecord *record)
{
    g_array_append_val(((World *)opaque)->closed, *record);
}

static void draw_unit(World *w, const char *unit[][2])
{
    static const char *const policies[] = {"hold", "hold", "off", "random"};
    static const int policy_is[] = {CACHE_HOLD, CACHE_HOLD, CACHE_OFF, CACHE_RANDOM};
    ModelUnit *u = &w->model.unit;
    unsigned policy = world_draw(w, 4);

    u->has_eim = world_draw(w, 4);
    u->posting = world_draw(w, 4);
    u->caching = world_draw(w, 4) == 0;
    u->sirtp_flushes = world_flip(w);
    u->fault_records = 1 + world_draw(w, MODEL_FAULTS);
    u->cache_policy = policy_is[policy];
    const char *drawn[][2] = {
        {"eim", u->has_eim ? "on" : "off"},
        {"posted-interrupts", u->posting ? "on" : "off"},
        {"caching-mode", u->caching ? "on" : "off"},
        {"esirtps", u->sirtp_flushes ? "on" : "off"},
        {"fault-records", u->fault_records == 1 ? "1" : "2"},
        {"iec", policies[policy]},
        {NULL},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(drawn); i++) {
        unit[i][0] = drawn[i][0];
        unit[i][1] = drawn[i][1];
        if (drawn[i][0]) {
            g_string_append_printf(w->steps, "%s=%s ", drawn[i][0], drawn[i][1]);
        }
    }
}

static void draw_apics(World *w, RigSetup *setup)
{
    static const uint32_t ids[] = {0, 1, 2, 3, 0x11, 0x12c};

    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        if (i == 0 || world_flip(w)) {
            w->model.apics[setup->apics].id = ids[i];
            setup->ids[setup->apics++] = ids[i];
            g_string_append_printf(w->steps, "apic=%#x ", ids[i]);
        }
    }
    w->model.apic_count = setup->apics;
}

/* Of the IOAPIC. */
static void draw_habits(World *w, RigSetup *setup)
{
    static const char *const habits[] = {
        NULL,
        "ioapic.stuck-remote-irr=on",
        "ioapic.level-as-edge=on",
        "ioapic.stuck-remote-irr=on,ioapic.level-as-edge=on",
        "ioapic.eoi-delay=2503",
        "ioapic.eoi-delay=2503,ioapic.stuck-remote-irr=on",
    };
    unsigned n = world_draw(w, G_N_ELEMENTS(habits));

    setup->props = habits[n];
    w->model.pins_stick = n & 1;
    w->model.level_as_edge = n & 2;
    w->model.eoi_delay = n & 4 ? 2503 : 0;
    world_say(w, "habits %s", habits[n] ? habits[n] : "none");
}

static void connect_lines(World *w)
{
    for (unsigned i = 0; i < WORLD_PINS; i++) {
        irq_connect(&w->pins[i], device_irq_in(w->rig.ioapic, "", (int)(WORLD_FIRST_PIN + i)));
    }
    for (unsigned i = 0; i < w->rig.apic_count; i++) {
        for (int n = 0; n < 2; n++) {
            irq_connect(&w->lint[i][n], apic_lint(apic_from_device(w->rig.apic_devs[i]), n));
        }
    }
    apic_bus_add_eoi_listener(w->rig.apics, ioapic_eoi, w->rig.ioapic);
}

void world_open(World *w, uint64_t seed)
{
    const char *unit[8][2];
    RigSetup setup = {
        .ioapic_rid = 0xff00, .hpet_rid = 0xff01, .any_polarity = 1 << 5, .quiet = true};

    *w = (World){.random = seed * 0x9e3779b97f4a7c15 | 1, .steps = g_string_new(NULL)};
    w->closed = g_array_new(false, false, sizeof(JournalRecord));
    model_init(&w->model);
    world_draw(w, 2);
    setup.active_low = world_draw(w, 4) ? 0 : 1 << 6;
    draw_unit(w, unit);
    draw_apics(w, &setup);
    world_say(w, "active-low=%#x", setup.active_low);
    draw_habits(w, &setup);
    setup.unit = (const char *const(*)[2])unit;
    rig_open_as(&w->rig, &setup);
    w->model.ioapic_rid = setup.ioapic_rid;
    w->model.hpet_rid = setup.hpet_rid;
    w->model.function_rid = pci_requester_id(&w->rig.widget->pci);
    w->model.active_low = setup.active_low;
    w->model.any_polarity = setup.any_polarity;
    w->model.master = w->model.bridge_master = true;
    w->model.cache_use = cache_use;
    w->model.opaque = w;
    journal_listen(&w->rig.journal, false, closed, w);
    connect_lines(w);
    world_set_up_apics(w);
    world_set_up_unit(w);
    world_set_up_emitters(w);
    world_set_up_pic(w);
}

void world_close(World *w)
{
    for (unsigned i = 0; i < WORLD_PINS; i++) {
        irq_connect(&w->pins[i], NULL);
    }
    for (unsigned i = 0; i < w->rig.apic_count; i++) {
        irq_connect(&w->lint[i][0], NULL);
        irq_connect(&w->lint[i][1], NULL);
    }
    journal_unlisten(&w->rig.journal, closed, w);
    rig_close(&w->rig);
    model_free(&w->model);
    g_array_unref(w->closed);
    g_string_free(w->steps, true);
}
