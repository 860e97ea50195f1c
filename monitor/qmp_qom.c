/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP commands about types, devices and their properties, as far as clients ask: there is no object
 * tree behind them, only the list of classes and the machine's list of devices.
 */
#include <string.h>

#include "hw/core/objects.h"
#include "hw/core/properties.h"
#include "monitor/commands.h"

static const char *parent_type(const DeviceClass *cls)
{
    static const char *const names[] = {
        [BUS_NONE] = "device",
        [BUS_SYSTEM] = "sys-bus-device",
        [BUS_PCI] = "pci-device",
        [BUS_ISA] = "isa-device",
        [BUS_VIRTIO_SERIAL] = "virtio-serial-port",
        [BUS_NVME] = "device",
        [BUS_IDE] = "ide-device",
        [BUS_SCSI] = "scsi-device",
    };
    return names[cls->bus];
}

static void add_type(JsonArray *list, const char *name, const char *parent, bool abstract)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "name", name);
    if (abstract) {
        json_object_set_boolean_member(o, "abstract", TRUE);
    }
    json_object_set_string_member(o, "parent", parent);
    json_array_add_object_element(list, o);
}

static bool implements(const char *wanted, const char *name, const char *parent, const char *root)
{
    return !wanted || strcmp(wanted, name) == 0 || strcmp(wanted, parent) == 0 ||
           strcmp(wanted, root) == 0 || strcmp(wanted, "object") == 0;
}

static void add_abstract_types(JsonArray *list, const char *wanted)
{
    static const char *const names[] = {"sys-bus-device", "pci-device", "isa-device",
                                        "virtio-serial-port"};
    if (implements(wanted, "device", "object", "device")) {
        add_type(list, "device", "object", true);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (implements(wanted, names[i], "device", "device")) {
            add_type(list, names[i], "device", true);
        }
    }
    if (implements(wanted, "machine", "object", "machine")) {
        add_type(list, "machine", "object", true);
    }
}

static JsonNode *list_types(Machine *machine, JsonObject *args, GError **error)
{
    static const char *const accels[] = {"tcg-accel", "qtest-accel"};
    JsonArray *list = json_array_new();
    const char *wanted = json_object_has_member(args, "implements")
                             ? json_object_get_string_member(args, "implements")
                             : NULL;
    if (json_object_has_member(args, "abstract") &&
        json_object_get_boolean_member(args, "abstract")) {
        add_abstract_types(list, wanted);
    }
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (implements(wanted, (*cls)->name, parent_type(*cls), "device")) {
            add_type(list, (*cls)->name, parent_type(*cls), false);
        }
    }
    for (const ObjectType *type = object_types; type->name; type++) {
        if (implements(wanted, type->name, "user-creatable", "user-creatable")) {
            add_type(list, type->name, "user-creatable", false);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(accels); i++) {
        if (implements(wanted, accels[i], "accel", "accel")) {
            add_type(list, accels[i], "accel", false);
        }
    }
    for (const MachineClass *const *cls = machine_classes; *cls; cls++) {
        g_autofree char *name = g_strdup_printf("%s-machine", (*cls)->name);
        if (implements(wanted, name, "machine", "machine")) {
            add_type(list, name, "machine", false);
        }
    }
    return qmp_array_node(list);
}

static void add_property(JsonArray *list, const char *name, const char *type, const char *help)
{
    JsonObject *o = json_object_new();
    json_object_set_string_member(o, "name", name);
    json_object_set_string_member(o, "type", type);
    if (help) {
        json_object_set_string_member(o, "description", help);
    }
    json_array_add_object_element(list, o);
}

static void add_table(JsonArray *list, const PropInfo *table)
{
    for (const PropInfo *p = table; p && p->name; p++) {
        add_property(list, p->name, prop_type_name(p), p->help);
    }
}

static JsonNode *list_class_properties(Machine *machine, JsonObject *args, GError **error)
{
    const char *name = json_object_get_string_member(args, "typename");
    const DeviceClass *cls = device_class_find(name);
    if (!cls) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", name);
        return NULL;
    }
    JsonArray *list = json_array_new();
    add_table(list, cls->props);
    add_table(list, cls->bus_props);
    return qmp_array_node(list);
}

/* Of any type: a machine's, or a device's, which device-list-properties has as well. */
static JsonNode *list_type_properties(Machine *machine, JsonObject *args, GError **error)
{
    const char *name = json_object_get_string_member(args, "typename");
    for (const MachineClass *const *cls = machine_classes; *cls; cls++) {
        g_autofree char *type = g_strdup_printf("%s-machine", (*cls)->name);
        if (strcmp(type, name) == 0) {
            JsonArray *list = json_array_new();
            add_property(list, "type", "string", NULL);
            add_table(list, (*cls)->props);
            return qmp_array_node(list);
        }
    }
    const ObjectType *object = object_type_find(name);
    if (!object) {
        return list_class_properties(machine, args, error);
    }
    JsonArray *list = json_array_new();
    add_property(list, "type", "string", NULL);
    for (const char *const *key = object->keys; *key; key++) {
        add_property(list, *key, "str", NULL);
    }
    return qmp_array_node(list);
}

static void qom_list_devices(JsonArray *list, const Machine *machine, bool by_user)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        const Device *dev = machine->devices->pdata[i];
        if (dev->has_user_id == by_user) {
            g_autofree char *type = g_strdup_printf("child<%s>", dev->cls->name);
            add_property(list, dev->id, type, NULL);
        }
    }
}

static JsonNode *qom_list(Machine *machine, JsonObject *args, GError **error)
{
    const char *path = json_object_get_string_member(args, "path");
    JsonArray *list = json_array_new();
    if (strcmp(path, "/") == 0) {
        add_property(list, "machine", "child<machine>", NULL);
    } else if (strcmp(path, "/machine") == 0) {
        add_property(list, "type", "string", NULL);
        add_property(list, "peripheral", "child<container>", NULL);
        add_property(list, "unattached", "child<container>", NULL);
        add_table(list, machine->cls->props);
    } else if (strcmp(path, "/machine/peripheral") == 0) {
        qom_list_devices(list, machine, true);
    } else if (strcmp(path, "/machine/unattached") == 0) {
        qom_list_devices(list, machine, false);
    } else {
        const Device *dev = machine_find_device(machine, path);
        if (!dev) {
            json_array_unref(list);
            g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", path);
            return NULL;
        }
        add_property(list, "type", "string", NULL);
        add_table(list, dev->cls->props);
        add_table(list, dev->cls->bus_props);
    }
    return qmp_array_node(list);
}

static JsonNode *int_node(uint64_t value)
{
    return json_node_init_int(json_node_alloc(), (gint64)value);
}

static JsonNode *string_node(const char *text)
{
    return json_node_init_string(json_node_alloc(), text ? text : "");
}

static JsonNode *prop_value(const void *object, const PropInfo *prop)
{
    static const char *const onoff[] = {"auto", "on", "off"};
    const void *field = (const uint8_t *)object + prop->offset;
    switch (prop->type) {
    case PROP_BOOL:
        return json_node_init_boolean(json_node_alloc(), *(const bool *)field);
    case PROP_UINT8:
        return int_node(*(const uint8_t *)field);
    case PROP_UINT16:
        return int_node(*(const uint16_t *)field);
    case PROP_UINT32:
        return int_node(*(const uint32_t *)field);
    case PROP_UINT64:
    case PROP_SIZE:
        return int_node(*(const uint64_t *)field);
    case PROP_STRING:
        return string_node(*(char *const *)field);
    case PROP_ENUM:
        return string_node(prop->choices[*(const int *)field]);
    case PROP_ONOFFAUTO:
    case PROP_BOOL_OR_AUTO:
        return string_node(onoff[*(const int *)field]);
    case PROP_PCI_ADDR:
        return json_node_init_int(json_node_alloc(), *(const int32_t *)field);
    case PROP_DRIVE: {
        const BlockBackend *blk = *(BlockBackend *const *)field;
        return string_node(blk ? blk_id(blk) : "");
    }
    case PROP_CHARDEV: {
        const Chardev *chr = *(Chardev *const *)field;
        return string_node(chr ? chr_id(chr) : "");
    }
    case PROP_NETDEV: {
        const Netdev *nd = *(Netdev *const *)field;
        return string_node(nd ? netdev_id(nd) : "");
    }
    case PROP_FSDEV: {
        const Fsdev *fsdev = *(Fsdev *const *)field;
        return string_node(fsdev ? fsdev_id(fsdev) : "");
    }
    case PROP_MAC: {
        char text[NET_MAC_TEXT];
        net_format_mac(field, text);
        return string_node(text);
    }
    }
    return string_node("");
}

static JsonNode *qom_get(Machine *machine, JsonObject *args, GError **error)
{
    const char *path = json_object_get_string_member(args, "path");
    const char *name = json_object_get_string_member(args, "property");
    bool is_machine = strcmp(path, "/machine") == 0;
    const Device *dev = is_machine ? NULL : machine_find_device(machine, path);
    if (!is_machine && !dev) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", path);
        return NULL;
    }
    if (strcmp(name, "type") == 0) {
        g_autofree char *type = g_strdup_printf("%s-machine", machine->cls->name);
        return string_node(dev ? dev->cls->name : type);
    }
    if (dev && strcmp(name, "realized") == 0) {
        return json_node_init_boolean(json_node_alloc(), dev->realized);
    }
    const PropInfo *prop =
        dev ? device_class_find_prop(dev->cls, name) : prop_find(machine->cls->props, name);
    if (!prop) {
        g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Property '%s.%s' not found",
                    dev ? dev->cls->name : machine->cls->name, name);
        return NULL;
    }
    return prop_value(dev ? (const void *)dev : (const void *)machine, prop);
}

/* Every field of a device's state table, as text by name. */
static JsonNode *device_state(Machine *machine, JsonObject *args, GError **error)
{
    const char *path = json_object_get_string_member(args, "path");
    const Device *dev = machine_find_device(machine, path);
    if (!dev) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND, "Device '%s' not found", path);
        return NULL;
    }
    JsonObject *o = json_object_new(), *fields = json_object_new();
    GString *text = g_string_new(NULL);
    if (dev->cls->state) {
        state_describe(dev->cls->state, dev, text);
    }
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *equals = strchr(*line, '=');
        if (equals) {
            *equals = '\0';
            json_object_set_string_member(fields, g_strstrip(*line), equals + 1);
        }
    }
    g_string_free(text, TRUE);
    json_object_set_string_member(o, "id", dev->id);
    json_object_set_string_member(o, "driver", dev->cls->name);
    json_object_set_object_member(o, "state", fields);
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_qom[] = {
    {"qom-list-types", "?implements:s ?abstract:b", list_types, .effect = COMMAND_KEEPS},
    {"qom-list", "path:s", qom_list, .effect = COMMAND_KEEPS},
    {"qom-get", "path:s property:s", qom_get, .effect = COMMAND_KEEPS},
    {"qom-list-properties", "typename:s", list_type_properties, .effect = COMMAND_KEEPS},
    {"device-list-properties", "typename:s", list_class_properties, .effect = COMMAND_KEEPS},
    {"x-query-device-state", "path:s", device_state, .effect = COMMAND_KEEPS},
    {NULL},
};
