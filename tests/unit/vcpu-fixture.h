/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A q35 machine with any accelerator, for tests of vCPUs by their ops. */
#ifndef TESTS_UNIT_VCPU_FIXTURE_H
#define TESTS_UNIT_VCPU_FIXTURE_H

#include <string.h>

#include "machine/accel.h"

#define RAM (64ull << 20)

typedef struct {
    Trace trace;
    RunState *rs;
    Platform platform;
    Machine *machine;
} Rig;

static inline void rig_up(Rig *r, const AccelOps *accel, unsigned cpus)
{
    g_autoptr(GError) error = NULL;
    MachineOptions opts = {.ram_size = RAM,
                           .cpus = cpus,
                           .sockets = cpus,
                           .cores = 1,
                           .threads = 1,
                           .max_cpus = cpus,
                           .accel = accel,
                           .forgive = FORGIVE_DEFAULT};
    trace_init(&r->trace);
    r->rs = runstate_new();
    r->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                             .memory = as_new("memory", 52),
                             .ports = as_new("I/O", 16),
                             .trace = &r->trace,
                             .backends = backends_new()};
    r->machine = machine_new(machine_class_find("q35"), &r->platform, r->rs, &opts);
    g_assert_true(machine_build(r->machine, &error));
    g_assert_true(machine_restart(r->machine, &error));
}

static inline void rig_down(Rig *r)
{
    machine_free(r->machine);
    backends_free(r->platform.backends);
    as_free(r->platform.memory);
    as_free(r->platform.ports);
    clock_free(r->platform.clock);
    runstate_free(r->rs);
}

#endif
