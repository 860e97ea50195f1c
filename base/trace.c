/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace groups, and where their lines go. */
#include "base/trace.h"

#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "base/optlist.h"
#include "base/report.h"

static const struct {
    const char *name;
    const char *help;
    bool stamped;
} groups[TRACE_GROUPS] = {
    [TRACE_INT] = {"int", "exceptions and interrupts taken by CPUs"},
    [TRACE_CPU_RESET] = {"cpu_reset", "CPU registers at reset and at a triple fault"},
    [TRACE_GUEST_ERRORS] = {"guest_errors", "what a guest got wrong", true},
    [TRACE_UNIMP] = {"unimp", "what a guest asked for that is not there", true},
    [TRACE_APIC] = {"apic", "local APICs and the APIC bus", true},
    [TRACE_IOAPIC] = {"ioapic", "IOAPIC pins and messages", true},
    [TRACE_PIC] = {"pic", "i8259 pair", true},
    [TRACE_VTD] = {"vtd", "DMA and interrupt remapping unit", true},
    [TRACE_AMDVI] = {"amdvi", "the same of AMD's kind: commands and events", true},
    [TRACE_MSI] = {"msi", "MSI and MSI-X messages", true},
    [TRACE_HPET] = {"hpet", "HPET comparators and messages", true},
    [TRACE_PCI] = {"pci", "configuration space and BARs", true},
    [TRACE_IDE] = {"ide", "ATA disks, CD-ROM drives and their controllers", true},
    [TRACE_NVME] = {"nvme", "NVM Express controllers", true},
    [TRACE_DSA] = {"dsa", "data streaming accelerators", true},
    [TRACE_VIRTIO] = {"virtio", "virtio devices", true},
};

/* Lines a group at most, unless told otherwise. */
#define DEFAULT_LIMIT 1000000

void trace_init(Trace *trace)
{
    *trace = (Trace){.out = stderr, .limit = DEFAULT_LIMIT};
}

static int find_group(const char *name)
{
    for (int i = 0; i < TRACE_GROUPS; i++) {
        if (strcmp(groups[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static void set_unknown(GError **error, const char *name)
{
    const char *names[TRACE_GROUPS];
    for (int i = 0; i < TRACE_GROUPS; i++) {
        names[i] = groups[i].name;
    }
    const char *near = nearest_name(name, names, TRACE_GROUPS);
    g_set_error(error, OPT_ERROR, 0, "there is no trace group '%s'%s%s%s; 'help' lists them", name,
                near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* QEMU's items that list what its translator does; scripts ask for them beside others. */
static const struct {
    const char *name, *instead;
} qemu_items[] = {
    {"in_asm", "gdb and the monitor's 'x/i' show code"},
    {"out_asm", NULL},
    {"op", NULL},
    {"op_opt", NULL},
    {"op_ind", NULL},
    {"op_plugin", NULL},
    {"exec", "gdb and -icount tell where a CPU was"},
    {"nochain", NULL},
    {"cpu", "gdb and 'info registers' show registers; 'int' has them at each exception"},
    {"fpu", "gdb and 'info registers' show registers"},
    {"vpu", "gdb and 'info registers' show registers"},
    {"mmu", "'info tlb' and 'gva2gpa' show the guest's tables"},
    {"pcall", "'int' has task gates and exceptions"},
    {"page", NULL},
    {"plugin", NULL},
    {"strace", NULL},
    {"tid", NULL},
    {"invalid_mem", "'guest_errors' and 'unimp' have accesses that nobody takes"},
};

static bool is_qemu_item(const Trace *trace, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_items); i++) {
        const char *instead = qemu_items[i].instead;
        if (strcmp(qemu_items[i].name, name) != 0) {
            continue;
        }
        if (trace->out) {
            g_printerr(PROGRAM ": warning: -d %s: is not logged here%s%s\n", name,
                       instead ? "; " : "", instead ? instead : "");
        }
        return true;
    }
    return false;
}

/* Bits of the groups that a pattern of QEMU's event names means: 'hpet*', 'pci_route_irq', '*'. */
static uint32_t trace_events_named(const char *pattern)
{
    uint32_t bits = 0;
    for (int i = 0; i < TRACE_GROUPS; i++) {
        size_t len = strlen(groups[i].name);
        bool of_group = strncmp(pattern, groups[i].name, len) == 0 && pattern[len] == '_';
        if (of_group || g_pattern_match_simple(pattern, groups[i].name)) {
            bits |= 1u << i;
        }
    }
    return bits;
}

static bool enable_one(Trace *trace, const char *name, GError **error)
{
    bool events = g_str_has_prefix(name, "trace:");
    name += events ? strlen("trace:") : 0;
    int group = find_group(name);
    uint32_t bits = strcmp(name, "all") == 0 ? (1u << TRACE_GROUPS) - 1
                    : group >= 0             ? 1u << group
                    : events                 ? trace_events_named(name)
                                             : 0;
    if (!bits && events) { /* QEMU has some thousand of them: one that is not here is no mistake */
        if (trace->out) {
            g_printerr(PROGRAM ": warning: trace event '%s' does not exist\n", name);
        }
    } else if (!bits && !is_qemu_item(trace, name)) {
        set_unknown(error, name);
        return false;
    }
    trace->enabled |= bits;
    return true;
}

bool trace_enable(Trace *trace, const char *text, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    for (char **name = names; *name; name++) {
        if (!enable_one(trace, *name, error)) {
            return false;
        }
    }
    return true;
}

bool trace_switch(Trace *trace, const char *names, bool on, GError **error)
{
    Trace these = {0};

    if (!trace_enable(&these, names, error)) {
        return false;
    }
    trace->enabled = on ? trace->enabled | these.enabled : trace->enabled & ~these.enabled;
    return true;
}

const char *trace_group_name(TraceGroup group)
{
    return groups[group].name;
}

bool trace_open(Trace *trace, const char *path, GError **error)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot write the log file '%s': %s", path, g_strerror(errno));
        return false;
    }
    setvbuf(file, NULL, _IOLBF, 0);
    trace_close(trace);
    trace->out = file;
    return true;
}

void trace_close(Trace *trace)
{
    if (trace->out && trace->out != stderr) {
        fclose(trace->out);
    }
    trace->out = stderr;
}

void trace_help(GString *out)
{
    g_string_append(out, "Log items (comma separated):\n");
    for (int i = 0; i < TRACE_GROUPS; i++) {
        g_string_append_printf(out, "%-15s %s\n", groups[i].name, groups[i].help);
    }
}

/* "name time=... cpu=... the rest" */
static void stamp(Trace *trace, GString *line)
{
    g_autoptr(GString) text = g_string_new(" ");
    trace->stamp(trace->stamp_opaque, text);
    g_string_insert(line, (gssize)strcspn(line->str, " "), text->str);
}

void trace_print(Trace *trace, TraceGroup group, const char *format, ...)
{
    if (trace->limit && trace->lines[group] >= trace->limit) {
        return;
    }
    g_autoptr(GString) line = g_string_new(NULL);
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(line, format, args);
    va_end(args);
    if (trace->stamp && groups[group].stamped) {
        stamp(trace, line);
    }
    fprintf(trace->out, "%s\n", line->str);
    if (++trace->lines[group] == trace->limit) {
        fprintf(trace->out, "%s: %" PRIu64 " lines, further ones are left out\n",
                groups[group].name, trace->limit);
    }
    if (ferror(trace->out) && !report_written(trace->out, "the log")) {
        trace->enabled = 0;
    }
}
