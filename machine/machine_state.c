/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole machine saved and loaded (include/machine/machine_state.h). */
#include "machine/machine_state.h"

#include <string.h>

#include "machine/checkpoint.h"
#include "machine/machine_drives.h"
#include "machine/machine_parts.h"
#include "machine/machine_ram.h"
#include "machine/vcpu_record.h"

static void save_parts(Machine *machine, GByteArray *out)
{
    g_auto(MachineRecords) records;
    machine_records_take(&records, machine);
    g_autoptr(GArray) parts = machine_parts(machine, &records);
    for (guint i = 0; i < parts->len; i++) {
        const MachinePart *part = &g_array_index(parts, MachinePart, i);
        state_section_save(out, part->name, part->id, part->table, part->object);
    }
}

void machine_save_parts(Machine *machine, GByteArray *out)
{
    state_stream_begin(out);
    save_parts(machine, out);
    state_stream_end(out);
}

bool machine_save(Machine *machine, GByteArray *out, GError **error)
{
    state_stream_begin(out);
    save_parts(machine, out);
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        StateSectionMark mark = state_section_begin(out, "ram", ram->name, 0);
        if (!ram_save(ram, out, error)) {
            return false;
        }
        state_section_end(out, mark);
    }
    if (!drives_save(machine->platform.backends, out, error)) {
        return false;
    }
    state_stream_end(out);
    return true;
}

static void part_load(const MachinePart *part)
{
    state_load(part->table, part->saved->version, part->object, part->saved->data, part->saved->len,
               NULL);
}

/* MachineRecords are loaded at once: they may change. */
static bool part_check(MachinePart *part, GPtrArray *sections, GError **error)
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
static bool shape_fits(const Machine *machine, const MachineShape *saved, GError **error)
{
    const MachineShape here = machine_shape(machine);
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

/* The sections that no table describes. */
typedef struct {
    GPtrArray *ram, *drives; /* of StateSection *, in the machine's order */
} Blobs;

static void blobs_clear(Blobs *blobs)
{
    g_ptr_array_unref(blobs->ram);
    g_ptr_array_unref(blobs->drives);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Blobs, blobs_clear)

static bool check_parts(const Machine *machine, GArray *parts, GPtrArray *sections, GError **error)
{
    for (guint i = 0; i < parts->len; i++) {
        MachinePart *part = &g_array_index(parts, MachinePart, i);
        if (!part_check(part, sections, error) ||
            (i == 0 && !shape_fits(machine, part->object, error))) {
            return false;
        }
    }
    return true;
}

static bool check_blobs(const Machine *machine, GPtrArray *sections, Blobs *blobs, GError **error)
{
    return check_ram(machine, sections, blobs->ram, error) &&
           drives_check(machine->platform.backends, sections, blobs->drives, error);
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

/* The clock goes by what they have counted. */
static void load_turns(const GArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const MachinePart *part = &g_array_index(parts, MachinePart, i);
        if (strcmp(part->name, "turns") == 0) {
            part_load(part);
        }
    }
}

static void load_structs(const GArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const MachinePart *part = &g_array_index(parts, MachinePart, i);
        if (part->in_place && strcmp(part->name, "turns") != 0) {
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

static void load_blobs(Machine *machine, void *opaque)
{
    const Blobs *blobs = opaque;
    for (guint i = 0; i < blobs->ram->len; i++) {
        const StateSection *section = blobs->ram->pdata[i];
        ram_load(machine->platform.memory, machine->ram->pdata[i], section->data, section->len);
    }
    drives_load(machine->platform.backends, blobs->drives);
}

static void load_all(Machine *machine, const GArray *parts, const MachineRecords *records,
                     void (*load_memory)(Machine *machine, void *opaque), void *opaque)
{
    /* Wires and routes are as they are in a new machine. */
    machine_reset(machine);
    load_memory(machine, opaque);
    load_turns(parts);
    clock_restore(machine->platform.clock, &records->clock);
    if (machine->platform.random) {
        machine->platform.random->state = records->random.state;
    }
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
    g_auto(MachineRecords) records;
    machine_records_take(&records, machine);
    g_autoptr(GArray) parts = machine_parts(machine, &records);
    g_auto(Blobs) blobs = {g_ptr_array_new(), g_ptr_array_new()};
    if (!check_parts(machine, parts, sections, error) ||
        !check_blobs(machine, sections, &blobs, error) ||
        !state_stream_all_taken(sections, error)) {
        return false;
    }
    checkpoints_forget(machine);
    journal_forget(&machine->journal);
    load_all(machine, parts, &records, load_blobs, &blobs);
    return true;
}

bool machine_load_parts(Machine *machine, const uint8_t *data, size_t len,
                        void (*load_memory)(Machine *machine, void *opaque), void *opaque,
                        GError **error)
{
    g_autoptr(GPtrArray) sections = state_stream_parse(data, len, error);
    if (!sections) {
        return false;
    }
    g_auto(MachineRecords) records;
    machine_records_take(&records, machine);
    g_autoptr(GArray) parts = machine_parts(machine, &records);
    if (!check_parts(machine, parts, sections, error) || !state_stream_all_taken(sections, error)) {
        return false;
    }
    load_all(machine, parts, &records, load_memory, opaque);
    return true;
}
