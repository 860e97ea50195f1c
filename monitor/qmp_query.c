/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that ask about the program and the machine. */
#include <string.h>

#include "machine/state_hash.h"
#include "monitor/commands.h"

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

static JsonObject *describe_drive(const BlockBackend *blk)
{
    JsonObject *o = json_object_new(), *in = json_object_new();
    json_object_set_string_member(in, "file", blk_file(blk));
    json_object_set_string_member(in, "drv", blk_format(blk));
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

/* A node a drive: image files have none of their own. */
static JsonNode *query_nodes(Machine *machine, JsonObject *args, GError **error)
{
    JsonArray *list = json_array_new();
    const Backends *backends = machine->platform.backends;
    size_t count;
    g_autofree const char **ids = backends_drive_ids(backends, &count);
    for (size_t i = 0; i < count; i++) {
        const BlockBackend *blk = backends_drive(backends, ids[i]);
        JsonObject *o = json_object_new(), *image = json_object_new();
        json_object_set_string_member(image, "filename", blk_file(blk));
        json_object_set_string_member(image, "format", blk_format(blk));
        json_object_set_int_member(image, "virtual-size", (gint64)blk_size(blk));
        json_object_set_string_member(o, "node-name", blk_id(blk));
        json_object_set_string_member(o, "file", blk_file(blk));
        json_object_set_string_member(o, "drv", blk_format(blk));
        json_object_set_boolean_member(o, "ro", blk_is_read_only(blk));
        json_object_set_object_member(o, "image", image);
        json_array_add_object_element(list, o);
    }
    return qmp_array_node(list);
}

/* Options without their keys: a client that wants to know of a key tries it. */
static JsonNode *query_options(Machine *machine, JsonObject *args, GError **error)
{
    const char *wanted = json_object_get_string_member_with_default(args, "option", NULL);
    JsonArray *list = json_array_new();
    for (const char *const *name = machine->opts.option_names; name && *name; name++) {
        if (!wanted || strcmp(wanted, *name) == 0) {
            JsonObject *o = json_object_new();
            json_object_set_string_member(o, "option", *name);
            json_object_set_array_member(o, "parameters", json_array_new());
            json_array_add_object_element(list, o);
        }
    }
    return qmp_array_node(list);
}

const QmpCommand qmp_commands_query[] = {
    {"query-version", NULL, query_version, .effect = COMMAND_KEEPS},
    {"query-status", NULL, query_status, .effect = COMMAND_KEEPS},
    {"query-current-machine", NULL, query_current_machine, .effect = COMMAND_KEEPS},
    {"query-machines", NULL, query_machines, .effect = COMMAND_KEEPS},
    {"query-commands", NULL, query_commands, .effect = COMMAND_KEEPS},
    {"query-name", NULL, query_name, .effect = COMMAND_KEEPS},
    {"query-uuid", NULL, query_uuid, .effect = COMMAND_KEEPS},
    {"query-kvm", NULL, query_kvm, .effect = COMMAND_KEEPS},
    {"query-block", NULL, query_block, .effect = COMMAND_KEEPS},
    {"query-named-block-nodes", "?flat:b", query_nodes, .effect = COMMAND_KEEPS},
    {"query-command-line-options", "?option:s", query_options, .effect = COMMAND_KEEPS},
    {"query-pci", NULL, query_pci, .effect = COMMAND_KEEPS},
    {"x-query-clock", NULL, query_clock, .effect = COMMAND_KEEPS},
    {"x-state-hash", NULL, query_state_hash, .effect = COMMAND_KEEPS},
    {NULL},
};
