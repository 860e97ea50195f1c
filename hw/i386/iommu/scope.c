/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scopes: reading them, and which unit has a function or an emitter; see scope.h. */
#include "hw/i386/iommu/scope.h"

#include <string.h>

#include "hw/i386/iommu/scope_internal.h"

#define SEPARATOR "+"
#define ALL       "all"

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

static bool parse_name(IommuPlace *place, const char *text, GError **error)
{
    if (strcmp(text, ALL) == 0) {
        place->include_all = true;
        return true;
    }
    IommuName name = {0};
    if (!*text || (strchr(text, ':') && !parse_path(text, &name))) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "scope=%s: '%s' is no name; ids, ioapic, hpet, paths as in 00:1c.0/00.0, and "
                    "all are, with '" SEPARATOR "' between them",
                    place->scope, text);
        return false;
    }
    name.text = g_strdup(text);
    g_array_append_val(place->names, name);
    return true;
}

static bool parse_names(IommuPlace *place, GError **error)
{
    g_auto(GStrv) names = g_strsplit(place->scope, SEPARATOR, -1);
    if (!names[0]) {
        return parse_name(place, "", error);
    }
    for (size_t i = 0; names[i]; i++) {
        if (!parse_name(place, names[i], error)) {
            return false;
        }
    }
    return true;
}

bool iommu_place_parse(IommuPlace *place, GError **error)
{
    place->names = g_array_new(false, false, sizeof(IommuName));
    g_array_set_clear_func(place->names, clear_name);
    place->entries = g_array_new(false, false, sizeof(IommuScopeEntry));
    place->include_all = !place->scope;
    if (!place->scope || parse_names(place, error)) {
        return true;
    }
    iommu_place_clear(place);
    return false;
}

void iommu_place_clear(IommuPlace *place)
{
    g_clear_pointer(&place->names, g_array_unref);
    g_clear_pointer(&place->entries, g_array_unref);
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

/* A virtual function is under its physical one's unit (VT-d 8.3.1). */
Device *iommu_above_function(const GPtrArray *units, const PciDevice *pci)
{
    pci = pci->pf ? pci->pf : pci;
    for (guint i = 0; i < units->len; i++) {
        if (place_has_function(iommu_place(units->pdata[i]), pci)) {
            return units->pdata[i];
        }
    }
    return iommu_above_rest(units);
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
