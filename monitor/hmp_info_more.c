/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of `info` that people know from QEMU: memory, traces, and what there is none of. */
#include <inttypes.h>
#include <string.h>

#include "monitor/hmp_commands.h"

void hmp_info_memdev(Machine *machine, char **args, GString *out)
{
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *region = machine->ram->pdata[i];
        g_string_append_printf(out, "memory backend: %s\n  size:  %" PRIu64 "\n", region->name,
                               region->size);
    }
}

/* Of what is mapped below 4 GiB, which is where firmware is. */
void hmp_info_roms(Machine *machine, char **args, GString *out)
{
    uint64_t first, last;
    for (uint64_t addr = 0; addr < 1ull << 32; addr = last + 1) {
        const MemRegion *region = as_lookup(machine->platform.memory, addr, &first, &last);
        if (region && region->kind == MEM_ROM) {
            g_string_append_printf(out,
                                   "addr=%016" PRIx64 " size=0x%06" PRIx64 " mem=rom name=\"%s\"\n",
                                   first, last - first + 1, region->name);
        }
    }
}

void hmp_info_trace_events(Machine *machine, char **args, GString *out)
{
    for (unsigned group = 0; group < TRACE_GROUPS; group++) {
        const char *name = trace_group_name((TraceGroup)group);
        if (!args[1] || g_pattern_match_simple(args[1], name)) {
            g_string_append_printf(out, "%s : state %d\n", name,
                                   trace_on(machine->platform.trace, (TraceGroup)group));
        }
    }
}

/* -numa, with the CPUs that are there. */
void hmp_info_numa(Machine *machine, char **args, GString *out)
{
    const NumaLayout *numa = machine->opts.numa;
    unsigned count = numa ? numa->count : 0;
    g_string_append_printf(out, "%u nodes\n", count);
    for (unsigned node = 0; node < count; node++) {
        g_string_append_printf(out, "node %u cpus:", node);
        for (unsigned cpu = 0; cpu < machine->cpu_count; cpu++) {
            if (numa->cpu[cpu] == node && machine_cpu_is_present(machine, cpu)) {
                g_string_append_printf(out, " %u", cpu);
            }
        }
        g_string_append_printf(out, "\nnode %u size: %" PRIu64 " MB\nnode %u plugged: 0 MB\n", node,
                               numa->memory[node] >> 20, node);
    }
}

/* What of it there is none: a row says so in words of its own. */
void hmp_info_nothing(Machine *machine, char **args, GString *out)
{
    static const struct {
        const char *page, *text;
    } rows[] = {
        {"balloon", "Error: No balloon device has been activated\n"},
        {"iothreads", ""},
        {"jit", "Blocks that ran often are host code; 'info cpus' counts instructions\n"},
        {"memory-devices", ""},
        {"spice", "Server: disabled\n"},
        {"tpm", "TPM device:\n"},
        {"usb", "Error: USB support not enabled\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(args[0], rows[i].page) == 0) {
            g_string_append(out, rows[i].text);
        }
    }
}
