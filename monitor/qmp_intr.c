/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP: what interrupts depend on, as values: what HMP's info commands say in words. Not in QEMU, so
 * the names begin with "x-". docs/monitor.md. */
#include "hw/i386/iommu/iommu.h"
#include "monitor/commands.h"
#include "monitor/intr.h"

#define ENTRIES_MOST 65536u /* a table has no more */

/* A JsonBuilder hears the values. */

static void name_next(JsonBuilder *b, const char *name)
{
    if (name) {
        json_builder_set_member_name(b, name);
    }
}

static void json_open(void *opaque, const char *name, bool list)
{
    name_next(opaque, name);
    if (list) {
        json_builder_begin_array(opaque);
    } else {
        json_builder_begin_object(opaque);
    }
}

static void json_close(void *opaque, bool list)
{
    if (list) {
        json_builder_end_array(opaque);
    } else {
        json_builder_end_object(opaque);
    }
}

static void json_number(void *opaque, const char *name, uint64_t value)
{
    name_next(opaque, name);
    json_builder_add_int_value(opaque, (gint64)value);
}

static void json_hex(void *opaque, const char *name, uint64_t value)
{
    g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);

    name_next(opaque, name);
    json_builder_add_string_value(opaque, text);
}

static void json_flag(void *opaque, const char *name, bool value)
{
    name_next(opaque, name);
    json_builder_add_boolean_value(opaque, value);
}

static void json_text(void *opaque, const char *name, const char *value)
{
    name_next(opaque, name);
    json_builder_add_string_value(opaque, value);
}

static const FactsSink json_sink = {
    .open = json_open,
    .close = json_close,
    .number = json_number,
    .hex = json_hex,
    .flag = json_flag,
    .text = json_text,
};

/* The answer begins as an empty list. */
static Facts list_begin(void)
{
    Facts facts = {.sink = &json_sink, .opaque = json_builder_new()};

    facts_open_list(&facts, NULL);
    return facts;
}

static JsonNode *list_end(const Facts *facts)
{
    facts_close_list(facts);
    JsonNode *node = json_builder_get_root(facts->opaque);
    g_object_unref(facts->opaque);
    return node;
}

static JsonNode *query_iommu(Machine *machine, JsonObject *args, GError **error)
{
    const Facts facts = list_begin();

    intr_facts_units(machine, &facts);
    return list_end(&facts);
}

static JsonNode *query_irte(Machine *machine, JsonObject *args, GError **error)
{
    bool all = !json_object_has_member(args, "index");
    uint64_t index = (uint64_t)json_object_get_int_member_with_default(args, "index", 0);
    const Facts facts = list_begin();

    /* None is that high, nor negative. */
    index = MIN(index, INTR_NO_INDEX - 1);
    intr_facts_entries(machine, all ? INTR_NO_INDEX : (uint32_t)index, ENTRIES_MOST, &facts);
    return list_end(&facts);
}

static JsonNode *query_pid(Machine *machine, JsonObject *args, GError **error)
{
    const Facts facts = list_begin();

    intr_facts_descriptor(machine, (uint64_t)json_object_get_int_member(args, "address"), &facts);
    return list_end(&facts);
}

static JsonNode *query_msi(Machine *machine, JsonObject *args, GError **error)
{
    const char *device = json_object_get_string_member_with_default(args, "device", NULL);
    const Facts facts = list_begin();
    bool found = intr_facts_messages(machine, device, &facts);
    JsonNode *node = list_end(&facts);

    if (device && !found) {
        g_set_error(error, QMP_ERROR, QMP_DEVICE_NOT_FOUND,
                    "Device '%s' not found, or has no MSI or MSI-X", device);
        json_node_unref(node);
        return NULL;
    }
    return node;
}

static JsonNode *query_hyperv(Machine *machine, JsonObject *args, GError **error)
{
    const Facts facts = list_begin();

    if (machine->hyperv) {
        hv_describe(machine->hyperv, &facts);
    }
    return list_end(&facts);
}

static JsonObject *iommu_counters(const Device *iommu)
{
    JsonObject *o = json_object_new();

    json_object_set_string_member(o, "id", iommu->id);
    for (const IommuCounter *c = iommu_class(iommu)->counters; c->name; c++) {
        json_object_set_int_member(o, c->name, (gint64)iommu_count(iommu, c));
    }
    return o;
}

/* The first unit is "iommu", those after it "iommu1" and so on. */
static void add_iommus(const GPtrArray *iommus, JsonObject *o)
{
    for (guint i = 0; i < iommus->len; i++) {
        g_autofree char *name = i ? g_strdup_printf("iommu%u", i) : g_strdup("iommu");

        json_object_set_object_member(o, name, iommu_counters(iommus->pdata[i]));
    }
}

static JsonNode *query_interrupts(Machine *machine, JsonObject *args, GError **error)
{
    JsonObject *o = json_object_new();
    const Facts facts = list_begin();

    add_iommus(machine->iommus, o);
    if (machine->apic_bus) {
        ApicBusStats stats = apic_bus_stats(machine->apic_bus);
        JsonObject *bus = json_object_new();

        json_object_set_int_member(bus, "delivered", (gint64)stats.delivered);
        json_object_set_int_member(bus, "dropped", (gint64)stats.dropped);
        json_object_set_object_member(o, "apic-bus", bus);
    }
    intr_facts_attempts(&machine->journal, &facts);
    json_object_set_member(o, "attempts", list_end(&facts));
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_intr[] = {
    {"x-query-interrupts", NULL, query_interrupts, .effect = COMMAND_KEEPS},
    {"x-query-iommu", NULL, query_iommu, .effect = COMMAND_KEEPS},
    {"x-query-irte", "?index:i", query_irte, .effect = COMMAND_KEEPS},
    {"x-query-msi", "?device:s", query_msi, .effect = COMMAND_KEEPS},
    {"x-query-pid", "address:i", query_pid, .effect = COMMAND_KEEPS},
    {"x-query-hyperv", NULL, query_hyperv, .effect = COMMAND_KEEPS},
    {NULL},
};
