/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's `info` pages. */
#include <inttypes.h>
#include <string.h>

#include "base/optlist.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "monitor/hmp_commands.h"

static void info_version(Machine *machine, char **args, GString *out)
{
    g_string_append(out, "8.2.0 (Switchyard 0.1.0)\n");
}

static void info_status(Machine *machine, char **args, GString *out)
{
    bool running = runstate_is_running(machine->runstate);
    const char *name = runstate_name(machine->runstate);
    if (running || strcmp(name, "paused") == 0) {
        g_string_append_printf(out, "VM status: %s\n", name);
    } else {
        g_string_append_printf(out, "VM status: paused (%s)\n", name);
    }
}

static void info_clock(Machine *machine, char **args, GString *out)
{
    Clock *clock = machine->platform.clock;
    g_string_append_printf(
        out, "machine time: %.6f s\nwithheld by the host: %.6f s (ran others instead)\n",
        (double)clock_now(clock) / NS_PER_SEC, (double)clock_withheld(clock) / NS_PER_SEC);
}

static void info_name(Machine *machine, char **args, GString *out)
{
    if (machine->opts.name) {
        g_string_append_printf(out, "%s\n", machine->opts.name);
    }
}

static void info_uuid(Machine *machine, char **args, GString *out)
{
    const char *uuid = machine->opts.uuid;
    g_string_append_printf(out, "%s\n", uuid ? uuid : "00000000-0000-0000-0000-000000000000");
}

static void info_kvm(Machine *machine, char **args, GString *out)
{
    g_string_append(out, "kvm support: not compiled\n");
}

/* "-a", a number, or nothing for `cpu`. */
static void for_cpus(Machine *machine, unsigned cpu, char **args, GString *out,
                     void (*one)(Machine *machine, unsigned cpu, GString *out))
{
    uint64_t n = cpu;
    if (args[1] && strcmp(args[1], "-a") == 0) {
        for (unsigned i = 0; i < machine->cpu_count; i++) {
            if (machine_cpu_is_present(machine, i)) {
                one(machine, i, out);
            }
        }
        return;
    }
    if ((args[1] && !opt_parse_uint(args[1], &n)) || n >= machine->cpu_count) {
        g_string_append_printf(out, "there are %u CPUs; give a number or -a\n", machine->cpu_count);
        return;
    }
    one(machine, (unsigned)n, out);
}

static void one_cpu(Machine *machine, unsigned n, GString *out)
{
    g_string_append_printf(out, "CPU#%u\n", n);
    machine->cpus[n]->ops->describe(machine->cpus[n], out);
}

static void one_apic(Machine *machine, unsigned n, GString *out)
{
    g_string_append_printf(out, "dumping local APIC state for CPU %u\n", n);
    apic_describe(machine->apics[n], out);
}

static void info_registers(Machine *machine, unsigned cpu, char **args, GString *out)
{
    for_cpus(machine, cpu, args, out, one_cpu);
}

static void info_lapic(Machine *machine, unsigned cpu, char **args, GString *out)
{
    for_cpus(machine, cpu, args, out, one_apic);
}

static void info_cpus(Machine *machine, unsigned current, char **args, GString *out)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        const Vcpu *cpu = machine->cpus[i];
        if (!machine_cpu_is_present(machine, i)) {
            continue;
        }
        g_string_append_printf(out, "%c CPU #%u: apic-id=%u", i == current ? '*' : ' ', i,
                               apic_get_id(machine->apics[i]));
        if (cpu->ops->run) {
            g_string_append_printf(out, " instructions=%" PRIu64 "%s", cpu->ops->instructions(cpu),
                                   cpu->ops->has_work(cpu) ? "" : " (halted)");
        }
        g_string_append_c(out, '\n');
    }
}

static void info_pic(Machine *machine, char **args, GString *out)
{
    for (guint i = 0; i < machine->ioapics->len; i++) {
        ioapic_describe(machine->ioapics->pdata[i], out);
    }
    if (machine->pic) {
        i8259_describe(machine->pic, out);
    }
}

static void info_irq(Machine *machine, char **args, GString *out)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        for (guint a = 0; a < dev->irq_in->len; a++) {
            const IrqArray *array = &g_array_index(dev->irq_in, IrqArray, a);
            for (int n = 0; n < array->count; n++) {
                if (irq_line_level(&array->lines[n])) {
                    g_string_append_printf(out, "%s %s[%d] is high\n", dev->id, array->name, n);
                }
            }
        }
    }
}

static void info_mtree(Machine *machine, char **args, GString *out)
{
    as_describe(machine->platform.memory, out);
    as_describe(machine->platform.ports, out);
}

static void info_pci(Machine *machine, char **args, GString *out)
{
    if (machine->pci_root) {
        pci_describe(machine->pci_root, out);
    }
}

static void info_qtree(Machine *machine, char **args, GString *out)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        g_string_append_printf(out, "dev: %s, id \"%s\"\n", dev->cls->name, dev->id);
        for (guint a = 0; a < dev->irq_in->len; a++) {
            const IrqArray *array = &g_array_index(dev->irq_in, IrqArray, a);
            g_string_append_printf(out, "  gpio-in \"%s\" %d\n", array->name, array->count);
        }
        for (guint a = 0; a < dev->irq_out->len; a++) {
            const IrqArray *array = &g_array_index(dev->irq_out, IrqArray, a);
            g_string_append_printf(out, "  gpio-out \"%s\" %d\n", array->name, array->count);
        }
    }
}

static void info_state(Machine *machine, char **args, GString *out)
{
    const Device *dev = args[1] ? machine_find_device(machine, args[1]) : NULL;
    if (!dev) {
        g_string_append(out, "usage: info state DEVICE; 'info qtree' lists them\n");
        return;
    }
    if (dev->cls->state) {
        state_describe(dev->cls->state, dev, out);
    }
}

static void info_irq_remap(Machine *machine, char **args, GString *out)
{
    if (!machine->iommus->len) {
        g_string_append(out, "there is no remapping unit\n");
    }
    for (guint i = 0; i < machine->iommus->len; i++) {
        Device *iommu = machine->iommus->pdata[i];
        if (machine->iommus->len > 1) {
            iommu_describe(iommu, out);
            g_string_append_c(out, '\n');
        }
        for (const IommuCounter *c = iommu_class(iommu)->counters; c->name; c++) {
            g_string_append_printf(out, "%-28s %" PRIu64 "\n", c->what, iommu_count(iommu, c));
        }
    }
}

static void info_chardev(Machine *machine, char **args, GString *out)
{
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(machine->platform.backends, &count);
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(out, "%s: filename=%s\n", ids[i],
                               chr_filename(backends_chardev(machine->platform.backends, ids[i])));
    }
}

static void info_block(Machine *machine, char **args, GString *out)
{
    size_t count;
    g_autofree const char **ids = backends_drive_ids(machine->platform.backends, &count);
    for (size_t i = 0; i < count; i++) {
        const BlockBackend *blk = backends_drive(machine->platform.backends, ids[i]);
        g_string_append_printf(out, "%s: %s (%s%s)\n", ids[i], blk_file(blk), blk_format(blk),
                               blk_is_read_only(blk) ? ", read-only" : "");
        if (blk_owner(blk)) {
            g_string_append_printf(out, "    Attached to:      %s\n", blk_owner(blk));
        }
    }
}

const HmpCommand hmp_info_pages[] = {
    {"version", NULL, "the program's version", info_version, .effect = COMMAND_KEEPS},
    {"status", NULL, "running or not", info_status, .effect = COMMAND_KEEPS},
    {"clock", NULL, "the machine's time, and what the host withheld from it", info_clock,
     .effect = COMMAND_KEEPS},
    {"name", NULL, "the machine's name", info_name, .effect = COMMAND_KEEPS},
    {"cpus", NULL, "the CPUs", .run_cpu = info_cpus, .effect = COMMAND_KEEPS},
    {"registers", NULL, "a CPU's registers: [N|-a]", .run_cpu = info_registers,
     .effect = COMMAND_KEEPS},
    {"lapic", NULL, "a local APIC: [N|-a]", .run_cpu = info_lapic, .effect = COMMAND_KEEPS},
    {"pic", "ioapic", "the IOAPICs and the i8259 pair", info_pic, .effect = COMMAND_KEEPS},
    {"irq", NULL, "input lines that are high", info_irq, .effect = COMMAND_KEEPS},
    {"irq-remap", NULL, "the remapping unit's counters", info_irq_remap, .effect = COMMAND_KEEPS},
    {"journal", NULL, "attempts to interrupt: [FILTER] [last=N]", hmp_info_journal,
     .effect = COMMAND_KEEPS},
    {"interrupts", NULL, "what became of them, by device, vector and state", hmp_info_interrupts,
     .effect = COMMAND_KEEPS},
    {"iommu", NULL, "remapping units: registers and fields", hmp_info_iommu,
     .effect = COMMAND_KEEPS},
    {"irte", NULL, "interrupt remapping entries, in memory and cached: [INDEX|all]", hmp_info_irte,
     .effect = COMMAND_KEEPS},
    {"msi", NULL, "MSI and MSI-X: [DEVICE]", hmp_info_msi, .effect = COMMAND_KEEPS,
     .words = hmp_words_device},
    {"pid", NULL, "a posted-interrupt descriptor: ADDRESS", hmp_info_pid, .effect = COMMAND_KEEPS},
    {"hyperv", NULL, "the Hyper-V partition: pages, sources, timers, mappings", hmp_info_hyperv,
     .effect = COMMAND_KEEPS},
    {"lint", NULL, "rules that the guest broke", hmp_info_lint, .effect = COMMAND_KEEPS},
    {"memory_size_summary", NULL, "how much memory there is", hmp_info_memory_size,
     .effect = COMMAND_KEEPS},
    {"uuid", NULL, "the machine's UUID", info_uuid, .effect = COMMAND_KEEPS},
    {"kvm", NULL, "whether KVM runs the CPUs: it does not", info_kvm, .effect = COMMAND_KEEPS},
    {"mtree", NULL, "what answers at which address", info_mtree, .effect = COMMAND_KEEPS},
    {"hotpluggable-cpus", NULL, "places for CPUs", hmp_info_hotpluggable_cpus,
     .effect = COMMAND_KEEPS},
    {"pci", NULL, "PCI devices", info_pci, .effect = COMMAND_KEEPS},
    {"vnc", NULL, "the VNC server and its clients", hmp_info_vnc, .effect = COMMAND_KEEPS},
    {"mice", NULL, "mice, and which of them is moved", hmp_info_mice, .effect = COMMAND_KEEPS},
    {"qtree", NULL, "all devices and their lines", info_qtree, .effect = COMMAND_KEEPS},
    {"state", NULL, "a device's state: DEVICE", info_state, .effect = COMMAND_KEEPS,
     .words = hmp_words_device},
    {"chardev", NULL, "character devices", info_chardev, .effect = COMMAND_KEEPS},
    {"block", NULL, "drives", info_block, .effect = COMMAND_KEEPS},
    {"network", NULL, "netdevs and their cards", hmp_info_network, .effect = COMMAND_KEEPS},
    {"tlb", NULL, "a CPU's page tables, page by page", .run_cpu = hmp_info_tlb,
     .effect = COMMAND_KEEPS},
    {"mem", NULL, "and in ranges of the same rights", .run_cpu = hmp_info_mem,
     .effect = COMMAND_KEEPS},
    {"roms", NULL, "firmware and option ROMs", hmp_info_roms, .effect = COMMAND_KEEPS},
    {"memdev", NULL, "the memory there is", hmp_info_memdev, .effect = COMMAND_KEEPS},
    {"trace-events", NULL, "groups of traces, on or off: [PATTERN]", hmp_info_trace_events,
     .effect = COMMAND_KEEPS},
    {"balloon", NULL, "memory that the guest gave back", hmp_info_nothing, .effect = COMMAND_KEEPS},
    {"iothreads", NULL, "threads for devices: one thread runs everything", hmp_info_nothing,
     .effect = COMMAND_KEEPS},
    {"jit", NULL, "the translator", hmp_info_nothing, .effect = COMMAND_KEEPS},
    {"memory-devices", NULL, "memory that was plugged in", hmp_info_nothing,
     .effect = COMMAND_KEEPS},
    {"numa", NULL, "nodes, their CPUs and memory", hmp_info_numa, .effect = COMMAND_KEEPS},
    {"spice", NULL, "the SPICE server: there is none", hmp_info_nothing, .effect = COMMAND_KEEPS},
    {"tpm", NULL, "the TPM: there is none", hmp_info_nothing, .effect = COMMAND_KEEPS},
    {"usb", NULL, "devices on USB", hmp_info_nothing, .effect = COMMAND_KEEPS},
    {"migrate", NULL, "how a migration went", hmp_info_migrate, .effect = COMMAND_KEEPS},
    {"snapshots", NULL, "what savevm has saved", hmp_info_snapshots, .effect = COMMAND_KEEPS},
    {"checkpoints", NULL, "where restore can go back to", hmp_info_checkpoints,
     .effect = COMMAND_KEEPS},
    {NULL},
};
