/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Hyper-V partition of many VPs with memory, local APICs and a journal, and nothing else. */
#ifndef TESTS_UNIT_HYPERV_BOARD_H
#define TESTS_UNIT_HYPERV_BOARD_H

#include "base/runstate.h"
#include "hw/intr/journal.h"
#include "hyperv-fixture.h"

#define VPS    70
#define RAM    (8u << 20)
#define VECTOR 0x51u

typedef struct {
    Platform platform;
    Trace trace;
    RunState *rs;
    Journal journal;
    MemRegion ram;
    ApicBus *bus;
    Device *apic[VPS], *hyperv;
    HvPartition *hv;
    unsigned flushed[VPS];
} Rig;

static inline void pin_flush(void *opaque)
{
    (*(unsigned *)opaque)++;
}

static inline uint64_t pin_instructions(void *opaque)
{
    return 12300;
}

static const HvPins pins = {pin_flush, pin_instructions};

static inline void add_apic(Rig *r, unsigned i)
{
    r->apic[i] = device_new(&apic_class, &r->platform, "apic");
    *apic_links(r->apic[i]) =
        (ApicLinks){.bus = r->bus, .apic_id = 3 * i, .is_bsp = i == 0, .x2apic = true};
    g_assert_true(device_realize(r->apic[i], NULL));
    device_reset(r->apic[i]);
    apic_mmio_write(apic_from_device(r->apic[i]), 0xf0, 0x1ff, 4);
}

static inline void rig_open_with(Rig *r, HvFeatures features)
{
    *r = (Rig){0};
    trace_init(&r->trace);
    r->rs = runstate_new();
    r->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                             .memory = as_new("memory", 52),
                             .ports = as_new("ports", 16),
                             .trace = &r->trace,
                             .journal = &r->journal,
                             .runstate = r->rs};
    journal_init(&r->journal, 1024, &r->trace, r->platform.clock);
    g_assert_true(ram_init(&r->ram, "ram", RAM, NULL));
    as_add(r->platform.memory, &r->ram, 0);
    r->bus = apic_bus_new(&r->journal);
    r->hyperv = hv_make(&r->platform, r->bus, features, VPS);
    g_assert_true(device_realize(r->hyperv, NULL));
    r->hv = hv_from_device(r->hyperv);
    for (unsigned i = 0; i < VPS; i++) {
        add_apic(r, i);
        hv_vp_connect_apic(hv_vp(r->hv, i), apic_from_device(r->apic[i]));
        hv_vp_connect_cpu(hv_vp(r->hv, i), &pins, &r->flushed[i]);
    }
    hv_add_ioapic(r->hv, 0, 0xf0ff);
    device_reset(r->hyperv);
}

static inline HvFeatures all_features(void)
{
    HvFeatures f = hv_features_none();

    hv_features_add_all(&f);
    return f;
}

static inline void rig_up(Rig *r, gconstpointer data)
{
    rig_open_with(r, all_features());
}

static inline void root_up(Rig *r, gconstpointer data)
{
    HvFeatures f = all_features();

    f.set |= 1u << HV_ROOT;
    rig_open_with(r, f);
    hv_put(hv_vp(r->hv, 0), HV_GUEST_ID, 1);
    hv_put(hv_vp(r->hv, 0), HV_HYPERCALL, hv_get(hv_vp(r->hv, 0), HV_HYPERCALL) | 1);
}

static inline void rig_down(Rig *r, gconstpointer data)
{
    device_free(r->hyperv);
    for (unsigned i = 0; i < VPS; i++) {
        device_free(r->apic[i]);
    }
    apic_bus_free(r->bus);
    as_remove(r->platform.memory, &r->ram);
    ram_free(&r->ram);
    as_free(r->platform.memory);
    as_free(r->platform.ports);
    clock_free(r->platform.clock);
    journal_free(&r->journal);
    runstate_free(r->rs);
}

static inline HvVp *vp_of(Rig *r, unsigned i)
{
    return hv_vp(r->hv, i);
}

static inline bool has_vector(Rig *r, unsigned i, uint8_t vector)
{
    return apic_irr(apic_from_device(r->apic[i]), vector);
}

static inline void poke(Rig *r, uint64_t at, uint64_t value, unsigned size)
{
    as_store(r->platform.memory, at, value, size);
}

static inline uint64_t peek(Rig *r, uint64_t at, unsigned size)
{
    return as_load(r->platform.memory, at, size, NULL);
}

static inline const JournalRecord *last(Rig *r)
{
    return journal_find(&r->journal, r->journal.last);
}

static inline void refused(HvVp *vp, uint32_t msr, uint64_t value)
{
    g_assert_false(hv_msr_write(vp, msr, value));
}

static inline void advance(Rig *r, int64_t ns)
{
    clock_advance_to(r->platform.clock, clock_now(r->platform.clock) + ns);
}

typedef struct {
    const char *name;
    bool root;
    void (*run)(Rig *r, gconstpointer data);
} BoardTest;

static inline void board_add_tests(const BoardTest *tests, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_test_add(tests[i].name, Rig, NULL, tests[i].root ? root_up : rig_up, tests[i].run,
                   rig_down);
    }
}

#endif
