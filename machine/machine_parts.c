/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of what a machine's state consists (machine/machine_parts.h). */
#include "machine/machine_parts.h"

#include "hw/intc/apic_bus.h"
#include "machine/accel.h"
#include "machine/vcpu_record.h"

static const StateField shape_state[] = {
    STATE_FIELD(STATE_UINT64, MachineShape, ram_size),
    STATE_FIELD(STATE_UINT32, MachineShape, cpus),
    STATE_FIELD(STATE_UINT8, MachineShape, with_cpus),
    STATE_END,
};

static const StateField clock_state[] = {
    STATE_FIELD(STATE_UINT64, ClockTime, now),
    STATE_FIELD(STATE_UINT64, ClockTime, order),
    STATE_END,
};

static const StateField requests_state[] = {
    STATE_FIELD(STATE_UINT8, RunRequests, reset),
    STATE_FIELD(STATE_UINT8, RunRequests, shutdown),
    STATE_FIELD(STATE_UINT8, RunRequests, exit),
    STATE_FIELD(STATE_UINT8, RunRequests, powerdown),
    STATE_FIELD(STATE_UINT8, RunRequests, suspend),
    STATE_FIELD(STATE_UINT8, RunRequests, wakeup),
    STATE_FIELD_MAX(STATE_UINT32, RunRequests, reset_cause, CAUSE_HOST_SIGNAL),
    STATE_FIELD_MAX(STATE_UINT32, RunRequests, shutdown_cause, CAUSE_HOST_SIGNAL),
    STATE_FIELD(STATE_UINT32, RunRequests, exit_status),
    STATE_END,
};

static const StateField run_state[] = {
    STATE_STRUCTS(RunSaved, requests, 1, RunRequests, requests_state),
    STATE_FIELD(STATE_UINT8, RunSaved, suspended),
    STATE_FIELD(STATE_UINT8, RunSaved, ended),
    STATE_END,
};

static const StateField random_state[] = {
    STATE_FIELD(STATE_UINT64, Random, state),
    STATE_END,
};

static const StateField journal_state[] = {
    STATE_FIELD(STATE_UINT64, Journal, last),
    STATE_END,
};

MachineShape machine_shape(const Machine *machine)
{
    return (MachineShape){.ram_size = machine->opts.ram_size,
                          .cpus = machine->cpu_count,
                          .with_cpus = machine->cpu_count > 0 && machine->cpus[0]->ops->reg};
}

static void free_vcpu_record(void *record)
{
    vcpu_record_free(record);
}

static GPtrArray *vcpu_records(const Machine *machine)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_vcpu_record);
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        g_ptr_array_add(records, vcpu_record_new(machine->cpus[i]));
    }
    return records;
}

static void part_clear(void *opaque)
{
    g_free(((MachinePart *)opaque)->id);
}

static void add(GArray *parts, const char *name, const char *id, const StateField *table,
                void *object, bool in_place)
{
    MachinePart part = {name, g_strdup(id), table, object, in_place, NULL};
    g_array_append_val(parts, part);
}

static void add_record(GArray *parts, const char *name, const char *id, const StateField *table,
                       void *record)
{
    add(parts, name, id, table, record, false);
}

static void add_struct(GArray *parts, const char *name, const char *id, const StateField *table,
                       void *object)
{
    if (table) { /* else a device without state */
        add(parts, name, id, table, object, true);
    }
}

static void add_records(GArray *parts, const Machine *machine, MachineRecords *records)
{
    add_record(parts, "machine", machine->cls->name, shape_state, &records->shape);
    add_record(parts, "clock", "", clock_state, &records->clock);
    add_record(parts, "run", "", run_state, &records->run);
    add_record(parts, "random", "", random_state, &records->random);
    for (guint i = 0; i < records->vcpus->len; i++) {
        const VcpuRecord *vcpu = records->vcpus->pdata[i];
        if (vcpu) {
            g_autofree char *id = g_strdup_printf("cpu%u", i);
            add_record(parts, "cpu", id, vcpu->table, vcpu->values);
        }
    }
}

/* What is loaded in place. */
static void add_structs(GArray *parts, Machine *machine)
{
    const AccelOps *accel = machine->opts.accel;
    if (accel && accel->turns && machine->accel_state) {
        add_struct(parts, "turns", accel->name, accel->turns, machine->accel_state);
    }
    add_struct(parts, "board", machine->cls->name, machine->cls->state, machine);
    if (machine->apic_bus) {
        add_struct(parts, "apic-bus", "", apic_bus_state, machine->apic_bus);
    }
    add_struct(parts, "journal", "", journal_state, &machine->journal);
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        add_struct(parts, dev->cls->name, dev->id, dev->cls->state, dev);
    }
}

void machine_records_take(MachineRecords *records, Machine *machine)
{
    *records = (MachineRecords){.shape = machine_shape(machine),
                                .clock = clock_save(machine->platform.clock),
                                .run = runstate_save(machine->runstate),
                                .vcpus = vcpu_records(machine)};
    if (machine->platform.random) {
        records->random = *machine->platform.random;
    }
}

void machine_records_clear(MachineRecords *records)
{
    g_clear_pointer(&records->vcpus, g_ptr_array_unref);
}

GArray *machine_parts(Machine *machine, MachineRecords *records)
{
    GArray *parts = g_array_new(false, false, sizeof(MachinePart));
    g_array_set_clear_func(parts, part_clear);
    add_records(parts, machine, records);
    add_structs(parts, machine);
    return parts;
}
