/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scopes: reading them, and which unit has a function or an emitter; see scope.h. */
#include "hw/i386/iommu/scope.h"

#include <string.h>

#include "hw/i386/iommu/scope_internal.h"

#define SEPARATOR "+"
#define ALL       "all"
#define PAGE_MASK 0xfffull

static void clear_name(void *name)
{
    g_free(((IommuName *)name)->text);
}

/* "1f.0": a device and a function number; what follows them, or NULL. */
static const char *parse_step(const char *at, uint8_t *devfn)
{
    char *end;
    uint64_t slot = g_ascii_strtoull(at, &end, 16);
    if (!g_ascii_isxdigit(*at) || slot > 31 || end - at > 2 || *end != '.') {
        return NULL;
    }
    if (end[1] < '0' || end[1] > '7') {
        return NULL;
    }
    *devfn = PCI_DEVFN((uint8_t)slot, (uint8_t)(end[1] - '0'));
    return end + 2;
}

/* "00:1c.0/00.0": a root bus, and what leads from it to the function. */
static bool parse_path(const char *text, IommuName *name)
{
    char *end;
    uint64_t bus = g_ascii_strtoull(text, &end, 16);
    if (!g_ascii_isxdigit(*text) || bus > UINT8_MAX || end - text > 2 || *end != ':') {
        return false;
    }
    name->bus = (uint8_t)bus;
    const char *at = end;
    do {
        if (name->steps == IOMMU_PATH_MAX) {
            return false;
        }
        at = parse_step(at + 1, &name->path[name->steps++]);
    } while (at && *at == '/');
    return at && !*at;
}

/* One name, appended to `names`. */
static bool parse_name(GArray *names, const char *text)
{
    IommuName name = {0};
    if (!*text || (strchr(text, ':') && !parse_path(text, &name))) {
        return false;
    }
    name.text = g_strdup(text);
    g_array_append_val(names, name);
    return true;
}

/* Names with '+' between them; `all`, unless NULL, says whether that was one. */
static bool parse_names(GArray *names, const char *property, const char *text, bool *all,
                        GError **error)
{
    g_auto(GStrv) words = g_strsplit(*text ? text : SEPARATOR, SEPARATOR, -1);
    for (size_t i = 0; words[i]; i++) {
        if (all && strcmp(words[i], ALL) == 0) {
            *all = true;
        } else if (!parse_name(names, words[i])) {
            g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                        "%s=%s: '%s' is no name; %spaths as in 00:1c.0/00.0%s are, with '" SEPARATOR
                        "' between them",
                        property, text, words[i], all ? "ids, ioapic, hpet, " : "ids and ",
                        all ? ", and all" : "");
            return false;
        }
    }
    return true;
}

static GArray *names_new(void)
{
    GArray *names = g_array_new(false, false, sizeof(IommuName));
    g_array_set_clear_func(names, clear_name);
    return names;
}

static void clear_list(void *list)
{
    g_array_unref(((IommuList *)list)->names);
    g_array_unref(((IommuList *)list)->entries);
}

bool iommu_place_parse(IommuPlace *place, GError **error)
{
    place->names = names_new();
    place->entries = g_array_new(false, false, sizeof(IommuScopeEntry));
    place->ports = g_array_new(false, false, sizeof(IommuScopeEntry));
    place->buses = g_array_new(false, false, sizeof(IommuBuses));
    place->lists = g_array_new(false, false, sizeof(IommuList));
    g_array_set_clear_func(place->lists, clear_list);
    place->include_all = !place->scope;
    if (!place->scope ||
        parse_names(place->names, "scope", place->scope, &place->include_all, error)) {
        return true;
    }
    iommu_place_clear(place);
    return false;
}

static IommuList *add_list(IommuPlace *place, const char *property, const char *names, bool *all,
                           GError **error)
{
    const IommuList list = {.property = property,
                            .names = names_new(),
                            .entries = g_array_new(false, false, sizeof(IommuScopeEntry))};
    g_array_append_val(place->lists, list);
    return parse_names(list.names, property, names, all, error)
               ? &g_array_index(place->lists, IommuList, place->lists->len - 1)
               : NULL;
}

IommuList *iommu_place_add_list(IommuPlace *place, const char *property, const char *names,
                                GError **error)
{
    return add_list(place, property, names, NULL, error);
}

static IommuList *refuse_kept(GError **error, const char *property, const char *text,
                              const char *why)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, "%s=%s: %s", property, text, why);
    return NULL;
}

IommuList *iommu_place_add_kept(IommuPlace *place, const char *property, const char *text,
                                bool *all, GError **error)
{
    char *dash, *colon = NULL;
    uint64_t base = g_ascii_strtoull(text, &dash, 0), limit = 0;
    if (*dash == '-') {
        limit = g_ascii_strtoull(dash + 1, &colon, 0);
    }
    if (!colon || *colon != ':') {
        return refuse_kept(error, property, text, "START-END:NAMES is its form");
    }
    if ((base & PAGE_MASK) != 0 || (limit & PAGE_MASK) != PAGE_MASK || limit < base) {
        return refuse_kept(error, property, text,
                           "START is the first byte of a page of 4 KiB, END the last of one");
    }
    IommuList *list = add_list(place, property, colon + 1, all, error);
    if (list) {
        list->base = base;
        list->limit = limit;
    }
    return list;
}

void iommu_place_clear(IommuPlace *place)
{
    g_clear_pointer(&place->names, g_array_unref);
    g_clear_pointer(&place->entries, g_array_unref);
    g_clear_pointer(&place->ports, g_array_unref);
    g_clear_pointer(&place->buses, g_array_unref);
    g_clear_pointer(&place->lists, g_array_unref);
}

size_t iommu_path_of(const PciDevice *pci, uint8_t *bus, uint8_t path[IOMMU_PATH_MAX])
{
    size_t steps = 0;
    for (const PciDevice *at = pci; at; at = pci_bus_bridge(at->bus)) {
        *bus = pci_bus_number(at->bus);
        if (++steps > IOMMU_PATH_MAX) {
            return 0;
        }
        memmove(path + 1, path, steps - 1);
        path[0] = (uint8_t)at->devfn;
    }
    return steps;
}

bool iommu_name_is(const IommuName *name, const PciDevice *pci)
{
    uint8_t bus = 0, path[IOMMU_PATH_MAX];
    if (!name->steps) {
        return strcmp(name->text, pci->dev.id) == 0;
    }
    return iommu_path_of(pci, &bus, path) == name->steps && bus == name->bus &&
           memcmp(path, name->path, name->steps) == 0;
}

static bool place_has_function(const IommuPlace *place, const PciDevice *pci)
{
    for (; pci; pci = pci_bus_holder(pci->bus)) {
        for (guint i = 0; i < place->names->len; i++) {
            if (iommu_name_is(&g_array_index(place->names, IommuName, i), pci)) {
                return true;
            }
        }
    }
    return false;
}

static bool place_has_emitter(const IommuPlace *place, const char *id)
{
    for (guint i = 0; i < place->names->len; i++) {
        if (strcmp(g_array_index(place->names, IommuName, i).text, id) == 0) {
            return true;
        }
    }
    return false;
}

Device *iommu_above_rest(const GPtrArray *units)
{
    for (guint i = 0; i < units->len; i++) {
        if (iommu_place(units->pdata[i])->include_all) {
            return units->pdata[i];
        }
    }
    return NULL;
}

static Device *above_physical(const GPtrArray *units, const PciDevice *pci)
{
    for (guint i = 0; i < units->len; i++) {
        if (place_has_function(iommu_place(units->pdata[i]), pci)) {
            return units->pdata[i];
        }
    }
    return iommu_above_rest(units);
}

/* A virtual function is under its physical one's unit (VT-d 8.3.1). */
Device *iommu_above_function(const GPtrArray *units, const PciDevice *pci)
{
    if (pci_bypasses_units(pci->pf ? pci->pf : pci)) {
        return NULL;
    }
    Device *unit = above_physical(units, pci->pf ? pci->pf : pci);
    bool uncovered = unit && pci->pf && iommu_place(unit)->broken == IOMMU_VF_UNCOVERED;
    return uncovered ? iommu_above_rest(units) : unit;
}

Device *iommu_above_emitter(const GPtrArray *units, const char *id)
{
    for (guint i = 0; i < units->len; i++) {
        if (place_has_emitter(iommu_place(units->pdata[i]), id)) {
            return units->pdata[i];
        }
    }
    return iommu_above_rest(units);
}
