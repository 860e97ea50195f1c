/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's memory for both monitors: how much there is, and parts of it into files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/optlist.h"
#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

/* A part of memory, by the addresses of a CPU or by physical ones. */
typedef struct {
    Vcpu *vcpu; /* NULL: physical */
    uint64_t addr, size;
} MemoryPart;

/* Of a page at most, from `addr` on: false if it is not mapped. */
static bool read_piece(Machine *machine, const MemoryPart *part, uint64_t addr, void *buf,
                       size_t len)
{
    uint64_t physical = addr;
    if (part->vcpu && !part->vcpu->ops->translate(part->vcpu, addr, &physical)) {
        return false;
    }
    as_read(machine->platform.memory, physical, buf, len);
    return true;
}

static bool save_part(Machine *machine, const MemoryPart *part, FILE *file, GError **error)
{
    uint8_t page[4096];
    for (uint64_t done = 0; done < part->size;) {
        uint64_t addr = part->addr + done, left = part->size - done;
        size_t len = (size_t)MIN(sizeof(page) - addr % sizeof(page), left);
        if (!read_piece(machine, part, addr, page, len)) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                        "Invalid addr 0x%016" PRIx64 "/size %" PRIu64 " specified", part->addr,
                        part->size);
            return false;
        }
        if (fwrite(page, 1, len, file) != len) {
            g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "writing memory to disk failed: %s",
                        g_strerror(errno));
            return false;
        }
        done += len;
    }
    return true;
}

static bool save_memory(Machine *machine, const MemoryPart *part, const char *path, GError **error)
{
    FILE *file = fopen(path, "wbe");
    if (!file) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Could not open '%s': %s", path,
                    g_strerror(errno));
        return false;
    }
    bool ok = save_part(machine, part, file, error);
    if (fclose(file) != 0 && ok) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "writing memory to disk failed: %s",
                    g_strerror(errno));
        return false;
    }
    return ok;
}

/* More than there is would only be the same addresses again. */
static bool check_part(const MemoryPart *part, GError **error)
{
    if (part->size > (64ull << 30) || part->addr + part->size < part->addr) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Parameter 'size' expects at most 64G");
        return false;
    }
    return true;
}

static JsonNode *save_from_qmp(Machine *machine, Vcpu *vcpu, JsonObject *args, GError **error)
{
    MemoryPart part = {vcpu, (uint64_t)json_object_get_int_member(args, "val"),
                       (uint64_t)json_object_get_int_member(args, "size")};
    const char *path = json_object_get_string_member(args, "filename");
    return check_part(&part, error) && save_memory(machine, &part, path, error) ? qmp_empty()
                                                                                : NULL;
}

static JsonNode *run_memsave(Machine *machine, JsonObject *args, GError **error)
{
    gint64 cpu = json_object_get_int_member_with_default(args, "cpu-index", 0);
    if (cpu < 0 || cpu >= machine->cpu_count || !machine->cpus[cpu]->ops->translate) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR,
                    "Parameter 'cpu-index' expects a CPU number");
        return NULL;
    }
    return save_from_qmp(machine, machine->cpus[cpu], args, error);
}

static JsonNode *run_pmemsave(Machine *machine, JsonObject *args, GError **error)
{
    return save_from_qmp(machine, NULL, args, error);
}

static JsonNode *query_memory_size(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    bool any = machine->ram->len > 0;
    json_object_set_int_member(o, "base-memory", any ? (gint64)machine->opts.ram_size : 0);
    json_object_set_int_member(o, "plugged-memory", 0);
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_memory[] = {
    {"memsave", "val:i size:i filename:s ?cpu-index:i", run_memsave, .effect = COMMAND_KEEPS},
    {"pmemsave", "val:i size:i filename:s", run_pmemsave, .effect = COMMAND_KEEPS},
    {"query-memory-size-summary", NULL, query_memory_size, .effect = COMMAND_KEEPS},
    {NULL},
};

static void save_from_hmp(Machine *machine, Vcpu *vcpu, char **args, GString *out)
{
    MemoryPart part = {.vcpu = vcpu};
    GError *error = NULL;
    if (!args[1] || !args[2] || !args[3] || args[4] || !opt_parse_uint(args[1], &part.addr) ||
        !opt_parse_uint(args[2], &part.size)) {
        g_string_append_printf(out, "usage: %s ADDRESS SIZE FILE\n", args[0]);
    } else if (!check_part(&part, &error) || !save_memory(machine, &part, args[3], &error)) {
        hmp_say_error(out, error);
    }
}

void hmp_memsave(Machine *machine, unsigned cpu, char **args, GString *out)
{
    if (cpu >= machine->cpu_count || !machine->cpus[cpu]->ops->translate) {
        g_string_append(out, "there is no CPU; pmemsave has physical memory\n");
        return;
    }
    save_from_hmp(machine, machine->cpus[cpu], args, out);
}

void hmp_pmemsave(Machine *machine, char **args, GString *out)
{
    save_from_hmp(machine, NULL, args, out);
}

void hmp_gva2gpa(Machine *machine, unsigned cpu, char **args, GString *out)
{
    uint64_t linear, physical;
    const Vcpu *vcpu = cpu < machine->cpu_count ? machine->cpus[cpu] : NULL;
    if (!args[1] || args[2] || !opt_parse_uint(args[1], &linear)) {
        g_string_append(out, "usage: gva2gpa ADDRESS\n");
    } else if (!vcpu || !vcpu->ops->translate) {
        g_string_append(out, "there is no CPU\n");
    } else if (vcpu->ops->translate(machine->cpus[cpu], linear, &physical)) {
        g_string_append_printf(out, "gpa: 0x%" PRIx64 "\n", physical);
    } else {
        g_string_append(out, "Unmapped\n");
    }
}

void hmp_info_memory_size(Machine *machine, char **args, GString *out)
{
    g_string_append_printf(out, "base memory: %" PRIu64 "\nplugged memory: 0\n",
                           machine->ram->len ? machine->opts.ram_size : 0);
}
