/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What benchmarks of remapping units share: local APICs without CPUs, and the host's clock. */
#ifndef BENCH_APICS_H
#define BENCH_APICS_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hw/intc/apic.h"

static inline void bench_pin_level(void *opaque, bool level)
{
}

static inline void bench_pin(void *opaque)
{
}

static inline void bench_pin_vector(void *opaque, uint8_t vector)
{
}

static inline uint64_t bench_pin_tsc(void *opaque)
{
    return 0;
}

static inline int64_t bench_pin_tsc_to_ns(void *opaque, uint64_t tsc)
{
    return 0;
}

static const CpuPins bench_pins = {
    .intr = bench_pin_level,
    .nmi = bench_pin,
    .smi = bench_pin,
    .init = bench_pin,
    .sipi = bench_pin_vector,
    .tsc = bench_pin_tsc,
    .tsc_to_ns = bench_pin_tsc_to_ns,
    .base_changed = bench_pin,
};

static inline void bench_must(bool ok, GError *error)
{
    if (!ok) {
        fprintf(stderr, "bench: %s\n", error->message);
        exit(1);
    }
}

/* In x2APIC mode, enabled. */
static inline Device *bench_add_apic(const Platform *platform, ApicBus *bus, uint32_t id)
{
    GError *error = NULL;
    Device *dev = device_new(&apic_class, platform, NULL);
    ApicLinks *links = apic_links(dev);
    links->bus = bus;
    links->apic_id = id;
    links->is_bsp = id == 0;
    links->x2apic = true;
    links->timer_hz = 1000000000;
    links->pins = &bench_pins;
    bench_must(device_realize(dev, &error), error);
    device_reset(dev);
    ApicState *apic = apic_from_device(dev);
    apic_msr_write(apic, MSR_IA32_APIC_BASE, 0xfee00c00 | (id == 0 ? 0x100 : 0));
    apic_msr_write(apic, 0x80f, 0x1ff);
    return dev;
}

static inline double bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#endif
