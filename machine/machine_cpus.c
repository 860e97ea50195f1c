/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs that come and go while the machine runs. Each place of -smp maxcpus= has a vCPU and a local
 * APIC from the start; one that is not plugged in waits for a SIPI that its local APIC, being
 * absent, cannot take. So the local APIC says who is there, and saved states need nothing else.
 */
#include <string.h>

#include "base/names.h"
#include "base/optlist.h"
#include "machine/machine.h"

#define DRIVER_SUFFIX "-x86_64-cpu"
#define MODEL_DEFAULT "max"

CpuPlace machine_cpu_place(const Machine *machine, unsigned index)
{
    const MachineOptions *m = &machine->opts;
    return (CpuPlace){.socket = index / (m->cores * m->threads),
                      .core = index / m->threads % m->cores,
                      .thread = index % m->threads};
}

bool machine_cpu_is_present(const Machine *machine, unsigned index)
{
    return apic_is_present(machine->apics[index]);
}

const char *machine_cpu_model(const Machine *machine)
{
    return machine->opts.cpu_model ? machine->opts.cpu_model : MODEL_DEFAULT;
}

char *machine_cpu_driver(const Machine *machine)
{
    const char *model = machine_cpu_model(machine);
    return g_strdup_printf("%.*s" DRIVER_SUFFIX, (int)strcspn(model, ","), model);
}

bool machine_is_cpu_driver(const char *driver)
{
    return g_str_has_suffix(driver, DRIVER_SUFFIX);
}

int machine_find_cpu(const Machine *machine, const char *id)
{
    for (unsigned i = 0; machine->cpu_ids && i < machine->cpu_count; i++) {
        if (machine->cpu_ids[i] && strcmp(machine->cpu_ids[i], id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool check_driver(const Machine *machine, const char *driver, GError **error)
{
    g_autofree char *ours = machine_cpu_driver(machine);
    if (strcmp(driver, ours) == 0) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "all CPUs of a machine are of one kind: here it is '%s'",
                ours);
    return false;
}

/* The place that the options name. What is left out is 0, as for a socket of one core. */
static bool read_place(const Machine *machine, OptList *opts, unsigned *index, GError **error)
{
    const MachineOptions *m = &machine->opts;
    uint64_t socket = 0, core = 0, thread = 0;
    if (!optlist_uint(opts, "socket-id", 0, m->max_cpus / (m->cores * m->threads) - 1, &socket,
                      error) ||
        !optlist_uint(opts, "core-id", 0, m->cores - 1, &core, error) ||
        !optlist_uint(opts, "thread-id", 0, m->threads - 1, &thread, error)) {
        return false;
    }
    *index = (unsigned)((socket * m->cores + core) * m->threads + thread);
    return true;
}

static void put_in(Machine *machine, unsigned index, const char *id)
{
    apic_set_present(machine->apics[index], true);
    machine->cpus[index]->ops->reset(machine->cpus[index]);
    machine->cpu_ids[index] = id ? g_intern_string(id) : NULL;
    machine->cls->cpu_plugged(machine, index);
}

bool machine_plug_cpu(Machine *machine, const char *text, GError **error)
{
    static const char *const accepted[] = {"node-id", "die-id", NULL};
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    const char *id = optlist_get(opts, "id");
    unsigned index;
    if (!machine->cls->cpu_plugged || machine->opts.max_cpus == machine->opts.cpus) {
        g_set_error(error, OPT_ERROR, 0,
                    "this machine has no place for another CPU; -smp %u,maxcpus=N has",
                    machine->opts.cpus);
        return false;
    }
    optlist_ignore(opts, accepted);
    if (!check_driver(machine, optlist_get(opts, "driver"), error) ||
        !read_place(machine, opts, &index, error) || !optlist_finish(opts, error)) {
        return false;
    }
    if (id && machine_id_is_taken(machine, id)) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another device has this id; choose a new one", id);
        return false;
    }
    if (machine_cpu_is_present(machine, index)) {
        CpuPlace place = machine_cpu_place(machine, index);
        g_set_error(error, OPT_ERROR, 0,
                    "CPU %u is there already: socket-id=%u, core-id=%u, thread-id=%u; "
                    "query-hotpluggable-cpus lists the empty places",
                    index, place.socket, place.core, place.thread);
        return false;
    }
    put_in(machine, index, id);
    return true;
}

bool machine_ask_cpu_out(Machine *machine, unsigned index, GError **error)
{
    if (index == 0) {
        g_set_error(error, OPT_ERROR, 0, "CPU 0 is the bootstrap processor, which stays");
        return false;
    }
    machine->cls->cpu_asked_out(machine, index);
    return true;
}

char *machine_cpu_path(const Machine *machine, unsigned index)
{
    const char *id = machine->cpu_ids ? machine->cpu_ids[index] : NULL;
    return id ? g_strdup_printf("/machine/peripheral/%s", id)
              : g_strdup_printf("/machine/unattached/cpu[%u]", index);
}

void machine_cpu_gone(Machine *machine, unsigned index)
{
    g_autofree char *path = machine_cpu_path(machine, index);
    const char *id = machine->cpu_ids[index];
    machine->cpu_ids[index] = NULL;
    apic_set_present(machine->apics[index], false);
    /* It may be in the middle of an instruction, the one that ejects it: an INIT is taken after. */
    const Vcpu *cpu = machine->cpus[index];
    cpu->pins->init(cpu->pins_opaque);
    machine_tell_deleted(machine, id, path);
}

unsigned machine_pulse_nmi(Machine *machine)
{
    unsigned count = 0;
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (machine_cpu_is_present(machine, i)) {
            IrqOut pin = {0};
            irq_connect(&pin, apic_lint(machine->apics[i], 1));
            irq_raise(&pin);
            irq_lower(&pin);
            irq_connect(&pin, NULL);
            count++;
        }
    }
    return count;
}
