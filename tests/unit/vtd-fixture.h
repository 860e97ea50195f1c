/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the unit tests of the VT-d unit share: a unit with RAM and an APIC bus, without a machine.
 */
#ifndef TESTS_UNIT_VTD_FIXTURE_H
#define TESTS_UNIT_VTD_FIXTURE_H

#include "hw/i386/iommu/vtd/unit.h"

#define RAM_SIZE (16ull << 20)
#define AT_QUEUE 0x1000ull

typedef struct {
    Platform platform;
    MemRegion ram;
    ApicBus *bus;
    Device *vtd;
    const IommuClass *cls;
} Fixture;

static inline uint64_t count(const Fixture *f, const char *name)
{
    return iommu_count(f->vtd, iommu_counter_find(f->vtd, name));
}

/* With `count` properties. */
static inline void set_up_with(Fixture *f, const char *const props[][2], unsigned count)
{
    GError *error = NULL;
    f->platform.clock = clock_new(CLOCK_MANUAL);
    f->platform.memory = as_new("memory", 52);
    g_assert_true(ram_init(&f->ram, "ram", RAM_SIZE, &error));
    as_add(f->platform.memory, &f->ram, 0);
    f->bus = apic_bus_new(NULL);
    f->vtd = device_new(&vtd_class, &f->platform, NULL);
    f->cls = iommu_class(f->vtd);
    *f->cls->links(f->vtd) = (IommuLinks){.apic_bus = f->bus, .memory = f->platform.memory};
    for (unsigned i = 0; i < count; i++) {
        g_assert_true(device_set_prop(f->vtd, props[i][0], props[i][1], &error));
    }
    g_assert_true(device_realize(f->vtd, &error));
    device_reset(f->vtd);
    uint64_t base;
    MemRegion *region = f->cls->region(f->vtd, &base);
    as_add(f->platform.memory, region, base);
}

static inline void set_up(Fixture *f, const char *prop, const char *value)
{
    const char *const props[][2] = {{prop, value}};
    set_up_with(f, props, 1);
}

static inline void tear_down(Fixture *f)
{
    device_free(f->vtd);
    apic_bus_free(f->bus);
    as_free(f->platform.memory);
    ram_free(&f->ram);
    clock_free(f->platform.clock);
}

static inline void reg_write(Fixture *f, uint32_t reg, uint64_t value, unsigned size)
{
    as_store(f->platform.memory, VTD_DEFAULT_BASE + reg, value, size);
}

static inline uint64_t reg_read(Fixture *f, uint32_t reg, unsigned size)
{
    return as_load(f->platform.memory, VTD_DEFAULT_BASE + reg, size, NULL);
}

static inline uint64_t memory64(Fixture *f, uint64_t at)
{
    return as_load(f->platform.memory, at, 8, NULL);
}

static inline void put(Fixture *f, uint64_t at, uint64_t low, uint64_t high)
{
    as_store(f->platform.memory, at, low, 8);
    as_store(f->platform.memory, at + 8, high, 8);
}

static inline void start_queue(Fixture *f)
{
    reg_write(f, VTD_IQA, AT_QUEUE, 8);
    reg_write(f, VTD_GCMD, VTD_GCMD_QIE, 4);
}

#endif
