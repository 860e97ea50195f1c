/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole machine saved and loaded (include/machine/machine_state.h). */
#include "machine/machine_state.h"

#include <string.h>

#include "hw/core/state_stream.h"
#include "hw/intc/apic_bus.h"
#include "machine/machine_ram.h"
#include "machine/vcpu_record.h"

/* What has to be the same on both sides. */
typedef struct {
    uint64_t ram_size;
    uint32_t cpus;
    bool with_cpus;
} Shape;

static const StateField shape_state[] = {
    STATE_FIELD(STATE_UINT64, Shape, ram_size),
    STATE_FIELD(STATE_UINT32, Shape, cpus),
    STATE_FIELD(STATE_UINT8, Shape, with_cpus),
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

static const StateField journal_state[] = {
    STATE_FIELD(STATE_UINT64, Journal, last),
    STATE_END,
};

/* What is no struct of its own while the machine runs. */
typedef struct {
    Shape shape;
    ClockTime clock;
    RunSaved run;
    GPtrArray *vcpus; /* of VcpuRecord *, NULL for those without registers */
} Records;

static Shape shape_of(const Machine *machine)
{
    return (Shape){.ram_size = machine->opts.ram_size,
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

/* A section with a table, on either way. */
typedef struct {
    const char *name;
    char *id; /* owned */
    const StateField *table;
    void *object;
    bool in_place;             /* the object is the machine's, not a record */
    const StateSection *saved; /* while loading */
} Part;

static void part_clear(void *opaque)
{
    g_free(((Part *)opaque)->id);
}

static void add(GArray *parts, const char *name, const char *id, const StateField *table,
                void *object, bool in_place)
{
    Part part = {name, g_strdup(id), table, object, in_place, NULL};
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

static void add_records(GArray *parts, const Machine *machine, Records *records)
{
    add_record(parts, "machine", machine->cls->name, shape_state, &records->shape);
    add_record(parts, "clock", "", clock_state, &records->clock);
    add_record(parts, "run", "", run_state, &records->run);
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

/* In the order in which they are loaded. */
static GArray *machine_parts(Machine *machine, Records *records)
{
    GArray *parts = g_array_new(false, false, sizeof(Part));
    g_array_set_clear_func(parts, part_clear);
    add_records(parts, machine, records);
    add_structs(parts, machine);
    return parts;
}

bool machine_save(Machine *machine, GByteArray *out, GError **error)
{
    g_autoptr(GPtrArray) vcpus = vcpu_records(machine);
    Records records = {.shape = shape_of(machine),
                       .clock = clock_save(machine->platform.clock),
                       .run = runstate_save(machine->runstate),
                       .vcpus = vcpus};
    g_autoptr(GArray) parts = machine_parts(machine, &records);
    state_stream_begin(out);
    for (guint i = 0; i < parts->len; i++) {
        const Part *part = &g_array_index(parts, Part, i);
        state_section_save(out, part->name, part->id, part->table, part->object);
    }
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        StateSectionMark mark = state_section_begin(out, "ram", ram->name, 0);
        if (!ram_save(ram, out, error)) {
            return false;
        }
        state_section_end(out, mark);
    }
    state_stream_end(out);
    return true;
}

static void part_load(const Part *part)
{
    state_load(part->table, part->saved->version, part->object, part->saved->data, part->saved->len,
               NULL);
}

/* Records are loaded at once: they may change. */
static bool part_check(Part *part, GPtrArray *sections, GError **error)
{
    part->saved = state_stream_take(sections, part->name, part->id, error);
    if (!part->saved) {
        return false;
    }
    if (!state_check(part->table, part->saved->version, part->object, part->saved->data,
                     part->saved->len, error)) {
        g_prefix_error(error, "section '%s' of '%s': ", part->name, part->id);
        return false;
    }
    if (!part->in_place) {
        part_load(part);
    }
    return true;
}

/* The first part. */
static bool shape_fits(const Machine *machine, const Shape *saved, GError **error)
{
    const Shape here = shape_of(machine);
    if (saved->ram_size == here.ram_size && saved->cpus == here.cpus &&
        saved->with_cpus == here.with_cpus) {
        return true;
    }
    g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED,
                "the saved machine has %" PRIu64 " MiB and %u %s, this one %" PRIu64
                " MiB and %u %s",
                saved->ram_size >> 20, saved->cpus, saved->with_cpus ? "vCPUs" : "local APICs",
                here.ram_size >> 20, here.cpus, here.with_cpus ? "vCPUs" : "local APICs");
    return false;
}

/* Takes memory's sections; `saved` gets one for each region. */
static bool check_ram(const Machine *machine, GPtrArray *sections, GPtrArray *saved, GError **error)
{
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        StateSection *section = state_stream_take(sections, "ram", ram->name, error);
        if (!section || !ram_check(ram, section->data, section->len, error)) {
            return false;
        }
        g_ptr_array_add(saved, section);
    }
    return true;
}

static bool check_all(const Machine *machine, GArray *parts, GPtrArray *sections, GPtrArray *ram,
                      GError **error)
{
    for (guint i = 0; i < parts->len; i++) {
        Part *part = &g_array_index(parts, Part, i);
        if (!part_check(part, sections, error) ||
            (i == 0 && !shape_fits(machine, part->object, error))) {
            return false;
        }
    }
    return check_ram(machine, sections, ram, error) && state_stream_all_taken(sections, error);
}

/* Before the APICs, whose timers a TSC that is set moves. */
static void load_vcpus(const Machine *machine, const GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++) {
        if (records->pdata[i]) {
            vcpu_record_set(records->pdata[i], machine->cpus[i]);
        }
    }
}

static void load_structs(const GArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const Part *part = &g_array_index(parts, Part, i);
        if (part->in_place) {
            part_load(part);
        }
    }
}

/* Everything is loaded: what follows from it. */
static void restore_derived(Machine *machine)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        Device *dev = machine->devices->pdata[i];
        if (dev->cls->restored) {
            dev->cls->restored(dev);
        }
    }
}

static void load_all(Machine *machine, const GArray *parts, const GPtrArray *ram,
                     const Records *records)
{
    /* Wires and routes are as they are in a new machine. */
    machine_reset(machine);
    for (guint i = 0; i < ram->len; i++) {
        const StateSection *section = ram->pdata[i];
        ram_load(machine->platform.memory, machine->ram->pdata[i], section->data, section->len);
    }
    clock_restore(machine->platform.clock, &records->clock);
    load_vcpus(machine, records->vcpus);
    load_structs(parts);
    restore_derived(machine);
    runstate_restore(machine->runstate, &records->run);
}

bool machine_load(Machine *machine, const uint8_t *data, size_t len, GError **error)
{
    g_autoptr(GPtrArray) sections = state_stream_parse(data, len, error);
    if (!sections) {
        return false;
    }
    g_autoptr(GPtrArray) vcpus = vcpu_records(machine);
    Records records = {.vcpus = vcpus};
    g_autoptr(GArray) parts = machine_parts(machine, &records);
    g_autoptr(GPtrArray) ram = g_ptr_array_new();
    if (!check_all(machine, parts, sections, ram, error)) {
        return false;
    }
    journal_forget(&machine->journal);
    load_all(machine, parts, ram, &records);
    return true;
}
