/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scopes once everything is there: what each name stands for, what is wrong with it, and what the
 * table tells of it (VT-d 8.3.1).
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "base/optlist.h"
#include "hw/i386/iommu/scope_internal.h"
#include "hw/pci/pcie.h"

/* What a name stands for: one of these, or nothing. */
typedef struct {
    PciDevice *pci;
    const IommuEmitter *emitter;
    unsigned count; /* of things of that name */
} Thing;

typedef struct {
    const IommuName *name;
    Thing thing;
} Search;

static void compare_function(PciDevice *pci, void *opaque)
{
    Search *s = opaque;
    if (!pci->pf && iommu_name_is(s->name, pci)) {
        s->thing.pci = pci;
        s->thing.count++;
    }
}

static Thing find_thing(const IommuTopology *t, const IommuName *name)
{
    Search s = {.name = name};
    pci_bus_foreach(t->root, compare_function, &s);
    for (guint i = 0; i < t->emitters->len; i++) {
        const IommuEmitter *emitter = &g_array_index(t->emitters, IommuEmitter, i);
        if (strcmp(emitter->id, name->text) == 0) {
            s.thing.emitter = emitter;
            s.thing.count++;
        }
    }
    return s.thing;
}

static const char *thing_id(const Thing *thing)
{
    return thing->pci ? thing->pci->dev.id : thing->emitter->id;
}

static bool same_thing(const Thing *a, const Thing *b)
{
    return a->pci == b->pci && a->emitter == b->emitter;
}

static bool scope_refuse(GError **error, const Device *unit, const char *property,
                         const char *format, ...) G_GNUC_PRINTF(4, 5);
static bool scope_refuse(GError **error, const Device *unit, const char *property,
                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "-device %s,id=%s: %s: %s",
                unit->cls->name, unit->id, property, what);
    return false;
}

static void add_id(PciDevice *pci, void *opaque)
{
    g_ptr_array_add(opaque, (gpointer)pci->dev.id);
}

static bool refuse_unknown(const IommuTopology *t, const Device *unit, const char *property,
                           const IommuName *name, GError **error)
{
    if (name->steps) {
        return scope_refuse(error, unit, property, "there is no function at %s", name->text);
    }
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    pci_bus_foreach(t->root, add_id, ids);
    for (guint i = 0; i < t->emitters->len; i++) {
        g_ptr_array_add(ids, (gpointer)g_array_index(t->emitters, IommuEmitter, i).id);
    }
    opt_error_nearest(error, name->text, (const char *const *)ids->pdata, ids->len,
                      "-device %s,id=%s: %s: nothing that sends has the id '%s'", unit->cls->name,
                      unit->id, property, name->text);
    return false;
}

/* A bridge that may put its own id in, so that what is behind it has none of its own above. */
static const PciDevice *hiding_bridge(const PciDevice *pci)
{
    const PciDevice *bridge = pci_bus_bridge(pci->bus);
    while (bridge && bridge->pcie_cap && pcie_port_type(bridge) != PCIE_TO_PCI_BRIDGE) {
        bridge = pci_bus_bridge(bridge->bus);
    }
    return bridge;
}

/* Is the function under this unit by this name, and not by another? */
static bool check_effect(const IommuTopology *t, Device *unit, const PciDevice *pci, GError **error)
{
    const PciDevice *above = pci_bus_holder(pci->bus);
    const PciBus *root = pci_expander_bus(pci);
    Device *taker = iommu_above_function(t->units, pci);
    if (!taker || (root && pci_root_bypasses(root))) {
        return scope_refuse(error, unit, "scope",
                            "%s is under no unit: its root bus has bypass_iommu=on", pci->dev.id);
    }
    if (taker != unit) {
        return scope_refuse(
            error, unit, "scope",
            "%s is under '%s' already, whose scope names a bridge above it; give this "
            "unit before that one",
            pci->dev.id, taker->id);
    }
    if (iommu_place(unit)->include_all) {
        return scope_refuse(error, unit, "scope", "'all' takes %s, too; leave it out", pci->dev.id);
    }
    if (above && iommu_above_function(t->units, above) == unit) {
        return scope_refuse(error, unit, "scope",
                            "%s is behind a bridge that the scope names; leave it out",
                            pci->dev.id);
    }
    const PciDevice *hiding = hiding_bridge(pci);
    if (hiding) {
        return scope_refuse(
            error, unit, "scope",
            "%s sends under the id of the bridge %s, as units see it; name the bridge", pci->dev.id,
            hiding->dev.id);
    }
    return true;
}

static bool check_name(const IommuTopology *t, Device *unit, const char *property,
                       const IommuName *name, GError **error)
{
    Thing thing = find_thing(t, name);
    if (thing.count == 0) {
        return refuse_unknown(t, unit, property, name, error);
    }
    if (thing.count > 1) {
        return scope_refuse(error, unit, property,
                            "%u devices have the id '%s'; give them ids of their own", thing.count,
                            name->text);
    }
    uint8_t bus, path[IOMMU_PATH_MAX];
    if (thing.pci && iommu_path_of(thing.pci, &bus, path) == 0) {
        return scope_refuse(error, unit, property,
                            "%s is behind more than %d bridges; name one of them", name->text,
                            IOMMU_PATH_MAX - 1);
    }
    return true;
}

/* Is the same thing named before: in a unit up to this one, up to its name `n`? */
static const Device *named_before(const IommuTopology *t, const Device *unit, guint n,
                                  const Thing *thing)
{
    for (guint i = 0; i < t->units->len; i++) {
        Device *other = t->units->pdata[i];
        const GArray *names = iommu_place(other)->names;
        guint end = other == unit ? n : names->len;
        for (guint k = 0; k < end; k++) {
            Thing one = find_thing(t, &g_array_index(names, IommuName, k));
            if (same_thing(&one, thing)) {
                return other;
            }
        }
        if (other == unit) {
            break;
        }
    }
    return NULL;
}

/* Lists are of PCI functions that are under the unit. */
static bool check_lists(const IommuTopology *t, Device *unit, GError **error)
{
    const GArray *lists = iommu_place(unit)->lists;
    for (guint i = 0; i < lists->len; i++) {
        const IommuList *list = &g_array_index(lists, IommuList, i);
        for (guint k = 0; k < list->names->len; k++) {
            const IommuName *name = &g_array_index(list->names, IommuName, k);
            if (!check_name(t, unit, list->property, name, error)) {
                return false;
            }
            Thing thing = find_thing(t, name);
            if (!thing.pci || iommu_above_function(t->units, thing.pci) != unit) {
                return scope_refuse(error, unit, list->property, "%s is no function under it",
                                    name->text);
            }
        }
    }
    return true;
}

/* One that takes the rest takes virtual functions, too. */
static bool check_broken(Device *unit, GError **error)
{
    const IommuPlace *place = iommu_place(unit);
    return place->broken != IOMMU_VF_UNCOVERED || !place->include_all ||
           scope_refuse(error, unit, "broken",
                        "vf-uncovered is of a unit whose scope names functions, beside one for the "
                        "rest");
}

static bool check_unit(const IommuTopology *t, Device *unit, GError **error)
{
    const GArray *names = iommu_place(unit)->names;
    for (guint i = 0; i < names->len; i++) {
        const IommuName *name = &g_array_index(names, IommuName, i);
        if (!check_name(t, unit, "scope", name, error)) {
            return false;
        }
        Thing thing = find_thing(t, name);
        const Device *before = named_before(t, unit, i, &thing);
        if (before) {
            return scope_refuse(error, unit, "scope", "%s is in the scope of '%s' already",
                                thing_id(&thing), before->id);
        }
        if (thing.pci && !check_effect(t, unit, thing.pci, error)) {
            return false;
        }
    }
    return check_lists(t, unit, error) && check_broken(unit, error);
}

/* Exactly one takes the rest. */
static bool check_rest(const IommuTopology *t, GError **error)
{
    const Device *rest = NULL;
    for (guint i = 0; i < t->units->len; i++) {
        Device *unit = t->units->pdata[i];
        if (rest && iommu_place(unit)->include_all) {
            return scope_refuse(
                error, unit, "scope",
                "'%s' takes what nobody names already, and one unit can; name what this "
                "one is for",
                rest->id);
        }
        rest = iommu_place(unit)->include_all ? unit : rest;
    }
    if (!rest && t->units->len) {
        return scope_refuse(error, t->units->pdata[t->units->len - 1], "scope",
                            "no unit takes what nobody names; add '+all' to one scope");
    }
    return true;
}

bool iommu_scopes_check(const IommuTopology *t, GError **error)
{
    if (!check_rest(t, error)) {
        return false;
    }
    for (guint i = 0; i < t->units->len; i++) {
        if (!check_unit(t, t->units->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

static IommuScopeType type_of(const PciDevice *pci, bool wrong)
{
    bool bridge = pci->pci_cls->header_type == PCI_HEADER_TYPE_BRIDGE;
    return bridge != wrong ? IOMMU_BRIDGE : IOMMU_FUNCTION;
}

static void tell_function(GArray *entries, const PciDevice *pci, IommuScopeType type,
                          uint8_t enumeration_id)
{
    IommuScopeEntry entry = {.name = pci->dev.id, .type = type, .enumeration_id = enumeration_id};
    entry.steps = (uint8_t)iommu_path_of(pci, &entry.bus, entry.path);
    g_array_append_val(entries, entry);
}

static void tell_in_scope(IommuPlace *place, const PciDevice *pci)
{
    tell_function(place->entries, pci, type_of(pci, place->broken == IOMMU_SCOPE_TYPE), 0);
}

/* No entry stands for a root bus: what is on it is told of one by one (VT-d 8.3.1). */
static void tell_root(const IommuTopology *t, Device *unit, const PciBus *root)
{
    for (unsigned devfn = 0; devfn <= UINT8_MAX; devfn++) {
        const PciDevice *pci = pci_bus_device(root, (uint8_t)devfn);
        if (pci && iommu_above_function(t->units, pci) == unit) {
            tell_in_scope(iommu_place(unit), pci);
        }
    }
}

typedef struct {
    const IommuTopology *topology;
    Device *unit;
} Telling;

static void find_bypass(PciBus *root, void *opaque)
{
    *(bool *)opaque |= pci_root_bypasses(root);
}

static void tell_buses(PciBus *root, void *opaque)
{
    const Telling *told = opaque;
    const IommuBuses buses = {pci_bus_number(root), pci_root_last(root)};
    if (!pci_root_bypasses(root)) {
        g_array_append_val(iommu_place(told->unit)->buses, buses);
        tell_root(told->topology, told->unit, root);
    }
}

/* What goes by no unit must not be under the one that takes the rest: the others are told of one by
 * one. */
static void tell_rest(const IommuTopology *t, Device *unit)
{
    const IommuPlace *place = iommu_place(unit);
    bool bypass = false;
    g_array_set_size(place->buses, 0);
    pci_roots_foreach(t->root, find_bypass, &bypass);
    if (bypass && place->include_all && place->broken != IOMMU_UNCOVERED_DEVICE) {
        pci_roots_foreach(t->root, tell_buses, &(Telling){t, unit});
    }
}

static bool is_forgotten(const IommuPlace *place, const IommuEmitter *emitter)
{
    return (place->broken == IOMMU_NO_IOAPIC_SCOPE && emitter->type == IOMMU_IOAPIC) ||
           (place->broken == IOMMU_NO_HPET_SCOPE && emitter->type == IOMMU_HPET);
}

static void tell_emitter(GArray *entries, const IommuEmitter *emitter)
{
    IommuScopeEntry entry = {.name = emitter->id,
                             .type = emitter->type,
                             .enumeration_id = emitter->enumeration_id,
                             .bus = emitter->source_id >> 8,
                             .steps = 1,
                             .path = {(uint8_t)emitter->source_id}};
    g_array_append_val(entries, entry);
}

static void tell_list(const IommuTopology *t, IommuList *list)
{
    g_array_set_size(list->entries, 0);
    for (guint i = 0; i < list->names->len; i++) {
        Thing thing = find_thing(t, &g_array_index(list->names, IommuName, i));
        if (thing.pci) {
            tell_function(list->entries, thing.pci,
                          list->type ? list->type : type_of(thing.pci, false),
                          list->enumeration_id);
        }
    }
}

static void tell_root_port(PciDevice *pci, void *opaque)
{
    const Telling *ports = opaque;
    if (pci->pcie_cap && pcie_port_type(pci) == PCIE_ROOT_PORT &&
        iommu_above_function(ports->topology->units, pci) == ports->unit) {
        tell_function(iommu_place(ports->unit)->ports, pci, IOMMU_BRIDGE, 0);
    }
}

static void tell_root_ports(const IommuTopology *t, Device *unit)
{
    g_array_set_size(iommu_place(unit)->ports, 0);
    pci_bus_foreach(t->root, tell_root_port, &(Telling){t, unit});
}

/* Emitters are named one by one, also where the rest is taken (VT-d 8.3). */
static void tell_unit(const IommuTopology *t, Device *unit)
{
    IommuPlace *place = iommu_place(unit);
    g_array_set_size(place->entries, 0);
    for (guint i = 0; i < t->emitters->len; i++) {
        const IommuEmitter *emitter = &g_array_index(t->emitters, IommuEmitter, i);
        if (iommu_above_emitter(t->units, emitter->id) == unit && !is_forgotten(place, emitter)) {
            tell_emitter(place->entries, emitter);
        }
    }
    for (guint i = 0; i < place->names->len; i++) {
        Thing thing = find_thing(t, &g_array_index(place->names, IommuName, i));
        const PciBus *root = thing.pci ? pci_expander_bus(thing.pci) : NULL;
        if (root) {
            tell_root(t, unit, root);
        } else if (thing.pci) {
            tell_in_scope(place, thing.pci);
        }
    }
    tell_rest(t, unit);
    for (guint i = 0; i < place->lists->len; i++) {
        tell_list(t, &g_array_index(place->lists, IommuList, i));
    }
    tell_root_ports(t, unit);
    iommu_class(unit)->links(unit)->scope =
        (IommuScope){.include_all = place->include_all,
                     .buses = (const IommuBuses *)place->buses->data,
                     .bus_count = place->buses->len,
                     .entries = (const IommuScopeEntry *)place->entries->data,
                     .count = place->entries->len};
}

void iommu_scopes_tell(const IommuTopology *t)
{
    for (guint i = 0; i < t->units->len; i++) {
        tell_unit(t, t->units->pdata[i]);
    }
}
