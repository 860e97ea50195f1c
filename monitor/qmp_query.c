/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that ask about the program and the machine. */
#include <string.h>

#include "machine/state_hash.h"
#include "monitor/commands.h"
#include "target/i386/cpu.h"

static JsonNode *query_version(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *inner = json_object_new(), *outer = json_object_new();
    json_object_set_int_member(inner, "micro", 0);
    json_object_set_int_member(inner, "minor", 2);
    json_object_set_int_member(inner, "major", 8);
    json_object_set_object_member(outer, "qemu", inner);
    json_object_set_string_member(outer, "package", "Switchyard 0.1.0");
    return qmp_object_node(outer);
}

static JsonNode *query_status(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_boolean_member(o, "running", runstate_is_running(machine->runstate));
    json_object_set_boolean_member(o, "singlestep", FALSE);
    json_object_set_string_member(o, "status", runstate_name(machine->runstate));
    return qmp_object_node(o);
}

static JsonNode *query_clock(Machine *machine, JsonObject *args, GError **error)
{
    Clock *clock = machine->platform.clock;
    JsonObject *o = json_object_new();
    json_object_set_int_member(o, "machine-ns", clock_now(clock));
    json_object_set_int_member(o, "withheld-ns", clock_withheld(clock));
    return qmp_object_node(o);
}

static void set_hash(JsonObject *o, const char *name, uint64_t hash)
{
    g_autofree char *text = g_strdup_printf("%016" PRIx64, hash);
    json_object_set_string_member(o, name, text);
}

static JsonNode *query_state_hash(Machine *machine, JsonObject *args, GError **error)
{
    StateHash hash = machine_state_hash(machine);
    JsonObject *o = json_object_new();
    json_object_set_int_member(o, "instructions", (gint64)hash.executed);
    set_hash(o, "cpus", hash.cpus);
    set_hash(o, "devices", hash.devices);
    set_hash(o, "ram", hash.ram);
    return qmp_object_node(o);
}

static JsonNode *query_current_machine(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_boolean_member(o, "wakeup-suspend-support", machine->cls->wake != NULL);
    return qmp_object_node(o);
}

static JsonNode *query_machines(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    for (const MachineClass *const *cls = machine_classes; *cls; cls++) {
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "name", (*cls)->name);
        if ((*cls)->alias) {
            json_object_set_string_member(o, "alias", (*cls)->alias);
        }
        if (cls == machine_classes) {
            json_object_set_boolean_member(o, "is-default", TRUE);
        }
        json_object_set_int_member(o, "cpu-max", (*cls)->max_cpus);
        json_object_set_boolean_member(o, "hotpluggable-cpus", FALSE);
        json_object_set_boolean_member(o, "numa-mem-supported", FALSE);
        json_object_set_boolean_member(o, "deprecated", FALSE);
        json_object_set_boolean_member(o, "acpi", (*cls)->acpi);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static void add_command(const QmpCommand *command, void *opaque)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "name", command->name);
    json_array_add_object_element(opaque, o);
}

static JsonNode *query_commands(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    qmp_command_foreach(add_command, list);
    return qmp_array_node(list);
}

static JsonNode *query_name(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    if (machine->opts.name) {
        json_object_set_string_member(o, "name", machine->opts.name);
    }
    return qmp_object_node(o);
}

static JsonNode *query_uuid(Machine *machine, JsonObject *args, GError **error)
{
    const char *uuid = machine->opts.uuid;
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "UUID", uuid ? uuid : "00000000-0000-0000-0000-000000000000");
    return qmp_object_node(o);
}

static JsonNode *query_kvm(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    json_object_set_boolean_member(o, "enabled", FALSE);
    json_object_set_boolean_member(o, "present", FALSE);
    return qmp_object_node(o);
}

static JsonNode *query_cpus(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (!machine_cpu_is_present(machine, i)) {
            continue;
        }
        JsonObject *o = json_object_new(), *props = json_object_new();
        g_autofree char *path = machine_cpu_path(machine, i);
        CpuPlace place = machine_cpu_place(machine, i);
        json_object_set_int_member(props, "socket-id", place.socket);
        json_object_set_int_member(props, "core-id", place.core);
        json_object_set_int_member(props, "thread-id", place.thread);
        json_object_set_int_member(o, "cpu-index", i);
        json_object_set_string_member(o, "qom-path", path);
        json_object_set_int_member(o, "thread-id", 0);
        json_object_set_string_member(o, "target", "x86_64");
        json_object_set_object_member(o, "props", props);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static JsonNode *query_chardev(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const Backends *backends = machine->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_chardev_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        const Chardev *chr = backends_chardev(backends, ids[i]);
        JsonObject *o = json_object_new();
        json_object_set_string_member(o, "label", ids[i]);
        json_object_set_string_member(o, "filename", chr_filename(chr));
        json_object_set_boolean_member(o, "frontend-open", chr_has_frontend(chr));
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

static JsonObject *describe_drive(const BlockBackend *blk)
{
    JsonObject *o = json_object_new(), *in = json_object_new();
    json_object_set_string_member(in, "file", blk_file(blk));
    json_object_set_string_member(in, "drv", "raw");
    json_object_set_boolean_member(in, "ro", blk_is_read_only(blk));
    json_object_set_string_member(o, "device", blk_id(blk));
    if (blk_owner(blk)) {
        json_object_set_string_member(o, "qdev", blk_owner(blk));
    }
    json_object_set_string_member(o, "type", "unknown");
    json_object_set_boolean_member(o, "locked", FALSE);
    json_object_set_boolean_member(o, "removable", FALSE);
    json_object_set_object_member(o, "inserted", in);
    return o;
}

static JsonNode *query_block(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const Backends *backends = machine->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_drive_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        json_array_add_object_element(list, describe_drive(backends_drive(backends, ids[i])));
    }
    return qmp_array_node(list);
}

/* What hangs from one root bus. */
typedef struct {
    const PciBus *root;
    JsonArray *devices;
} PciList;

static bool is_under(const PciDevice *pci, const PciBus *root)
{
    const PciBus *bus = pci->bus;
    while (pci_bus_bridge(bus)) {
        bus = pci_bus_bridge(bus)->bus;
    }
    return bus == root;
}

static void add_pci_device(PciDevice *pci, void *opaque)
{
    const PciList *list = opaque;
    if (!is_under(pci, list->root)) {
        return;
    }
    JsonObject *o = json_object_new(), *id = json_object_new(), *class = json_object_new();
    json_object_set_int_member(o, "bus", pci_bus_number(pci->bus));
    json_object_set_int_member(o, "slot", pci->devfn >> 3);
    json_object_set_int_member(o, "function", pci->devfn & 7);
    json_object_set_int_member(id, "vendor", pci_get_word(pci->config));
    json_object_set_int_member(id, "device", pci_get_word(pci->config + 2));
    json_object_set_object_member(o, "id", id);
    json_object_set_int_member(class, "class", pci_get_word(pci->config + 10));
    json_object_set_object_member(o, "class_info", class);
    json_object_set_string_member(o, "qdev_id", pci->dev.has_user_id ? pci->dev.id : "");
    json_array_add_object_element(list->devices, o);
}

static void add_root_bus(PciBus *root, void *opaque)
{
    JsonObject *bus = json_object_new();
    PciList list = {root, json_array_new()};
    pci_bus_foreach(root, add_pci_device, &list);
    json_object_set_int_member(bus, "bus", pci_bus_number(root));
    json_object_set_array_member(bus, "devices", list.devices);
    json_array_add_object_element(opaque, bus);
}

static JsonNode *query_pci(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *buses = json_array_new();
    if (machine->pci_root) {
        pci_roots_foreach(machine->pci_root, add_root_bus, buses);
    }
    return qmp_array_node(buses);
}

static JsonNode *query_cpu_definitions(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const char *name;
    for (unsigned i = 0; (name = cpu_model_listed(i)); i++) {
        JsonObject *o = json_object_new();
        g_autofree char *type = g_strdup_printf("%s-x86_64-cpu", name);
        json_object_set_string_member(o, "name", name);
        json_object_set_string_member(o, "typename", type);
        json_object_set_boolean_member(o, "static", strcmp(name, "base") == 0);
        json_object_set_boolean_member(o, "migration-safe",
                                       strcmp(name, "max") != 0 && strcmp(name, "host") != 0);
        json_object_set_boolean_member(o, "deprecated", FALSE);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

const QmpCommand qmp_commands_query[] = {
    {"query-version", NULL, query_version},
    {"query-status", NULL, query_status},
    {"query-current-machine", NULL, query_current_machine},
    {"query-machines", NULL, query_machines},
    {"query-commands", NULL, query_commands},
    {"query-name", NULL, query_name},
    {"query-uuid", NULL, query_uuid},
    {"query-kvm", NULL, query_kvm},
    {"query-cpus-fast", NULL, query_cpus},
    {"query-cpu-definitions", NULL, query_cpu_definitions},
    {"query-chardev", NULL, query_chardev},
    {"query-block", NULL, query_block},
    {"query-pci", NULL, query_pci},
    {"x-query-clock", NULL, query_clock},
    {"x-state-hash", NULL, query_state_hash},
    {NULL},
};
