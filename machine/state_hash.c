/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's state as a number (include/machine/state_hash.h). */
#include "machine/state_hash.h"

#include <string.h>

#include "base/hash.h"
#include "machine/accel.h"
#include "machine/machine_parts.h"
#include "machine/machine_ram.h"

static uint64_t hash_text(uint64_t seed, const char *text)
{
    return hash_bytes(seed, text, strlen(text));
}

static uint64_t hash_part(const MachinePart *part, GByteArray *scratch)
{
    uint64_t named = hash_text(hash_text(0, part->name), part->id);
    g_byte_array_set_size(scratch, 0);
    state_save(part->table, part->object, scratch);
    return hash_bytes(named, scratch->data, scratch->len);
}

static uint64_t hash_ram(const MemRegion *ram)
{
    uint64_t hash = hash_text(ram->size, ram->name);
    for (uint64_t at = 0; at < ram->size; at += PAGE_SIZE) {
        if (!ram_page_is_zero(ram->host + at)) {
            hash = hash_bytes(hash ^ at, ram->host + at, PAGE_SIZE);
        }
    }
    return hash;
}

/* Calls `visit` for each section but memory's. */
static void for_parts(Machine *machine,
                      void (*visit)(const MachinePart *part, uint64_t hash, void *opaque),
                      void *opaque)
{
    g_autoptr(GByteArray) scratch = g_byte_array_new();
    g_auto(MachineRecords) records;
    machine_records_take(&records, machine);
    g_autoptr(GArray) parts = machine_parts(machine, &records);
    for (guint i = 0; i < parts->len; i++) {
        const MachinePart *part = &g_array_index(parts, MachinePart, i);
        visit(part, hash_part(part, scratch), opaque);
    }
}

static void hash_add_part(const MachinePart *part, uint64_t hash, void *opaque)
{
    StateHash *all = opaque;
    uint64_t *sum = strcmp(part->name, "cpu") == 0 ? &all->cpus : &all->devices;
    *sum = hash_bytes(*sum, &hash, sizeof(hash));
}

StateHash machine_state_hash(Machine *machine)
{
    StateHash hash = {.executed = machine_executed(machine)};
    for_parts(machine, hash_add_part, &hash);
    for (guint i = 0; i < machine->ram->len; i++) {
        uint64_t one = hash_ram(machine->ram->pdata[i]);
        hash.ram = hash_bytes(hash.ram, &one, sizeof(one));
    }
    return hash;
}

void state_hash_describe(const StateHash *hash, GString *out)
{
    g_string_append_printf(out,
                           "instructions %" PRIu64 ": cpus %016" PRIx64 ", devices %016" PRIx64
                           ", ram %016" PRIx64,
                           hash->executed, hash->cpus, hash->devices, hash->ram);
}

static void describe_part(const MachinePart *part, uint64_t hash, void *opaque)
{
    g_string_append_printf(opaque, "%s %s: %016" PRIx64 "\n", part->name, part->id, hash);
}

void machine_state_hash_parts(Machine *machine, GString *out)
{
    for_parts(machine, describe_part, out);
}

void machine_state_hash_sections(Machine *machine, GString *out)
{
    machine_state_hash_parts(machine, out);
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        g_string_append_printf(out, "ram %s: %016" PRIx64 "\n", ram->name, hash_ram(ram));
    }
}
