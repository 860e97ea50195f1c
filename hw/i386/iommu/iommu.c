/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remapping units: which of them a requester is under, and what monitors show of one. */
#include "hw/i386/iommu/iommu.h"

#include <string.h>

static bool entry_names(const IommuScopeEntry *entry, uint16_t source_id)
{
    uint8_t bus = source_id >> 8;
    return source_id == entry->source_id ||
           (entry->type == IOMMU_BRIDGE && bus >= entry->bus_first && bus <= entry->bus_last);
}

bool iommu_scope_has(const IommuScope *scope, IommuScopeType type, uint16_t source_id)
{
    for (size_t i = 0; i < scope->count; i++) {
        if (scope->entries[i].type == type && scope->entries[i].source_id == source_id) {
            return true;
        }
    }
    return false;
}

static bool scope_names(const IommuScope *scope, uint16_t source_id)
{
    for (size_t i = 0; i < scope->count; i++) {
        if (entry_names(&scope->entries[i], source_id)) {
            return true;
        }
    }
    return false;
}

Device *iommu_list_above(const GPtrArray *units, uint32_t requester)
{
    Device *rest = NULL;
    for (guint i = 0; i < units->len; i++) {
        Device *unit = units->pdata[i];
        const IommuScope *scope = &iommu_class(unit)->links(unit)->scope;
        if (scope->segment != requester >> 16) {
            continue;
        }
        if (scope_names(scope, (uint16_t)requester)) {
            return unit;
        }
        rest = scope->include_all ? unit : rest;
    }
    return rest;
}

uint64_t iommu_count(const Device *dev, const IommuCounter *counter)
{
    return *(const uint64_t *)((const char *)dev + counter->offset);
}

const IommuCounter *iommu_counter_find(const Device *dev, const char *name)
{
    const IommuCounter *c = iommu_class(dev)->counters;
    while (c->name && strcmp(c->name, name) != 0) {
        c++;
    }
    return c->name ? c : NULL;
}

void iommu_describe(Device *dev, GString *out)
{
    const IommuClass *cls = iommu_class(dev);
    const IommuScope *scope = &cls->links(dev)->scope;
    uint64_t base;
    cls->region(dev, &base);
    g_string_append_printf(out, "%s at %#" PRIx64 ": ", dev->id, base);
    for (size_t i = 0; i < scope->count; i++) {
        const IommuScopeEntry *entry = &scope->entries[i];
        g_string_append_printf(out, "%04x, ", entry->source_id);
        if (entry->type == IOMMU_BRIDGE) {
            g_string_append_printf(out, "buses %02x to %02x, ", entry->bus_first, entry->bus_last);
        }
    }
    g_string_append(out, scope->include_all ? "and all the rest; " : "no others; ");
    cls->describe(dev, out);
}
