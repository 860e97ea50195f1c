/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remapping units: what monitors show of one. */
#include "hw/i386/iommu/iommu.h"

#include <string.h>

#include "base/fields.h"

bool iommu_scope_has(const IommuScope *scope, IommuScopeType type, uint16_t source_id)
{
    for (size_t i = 0; i < scope->count; i++) {
        const IommuScopeEntry *entry = &scope->entries[i];
        if (entry->type == type && (entry->bus << 8 | entry->path[0]) == source_id) {
            return true;
        }
    }
    return false;
}

const char *const iommu_broken_choices[] = {"no",
                                            "no-ioapic-scope",
                                            "no-hpet-scope",
                                            "uncovered-device",
                                            "duplicate-base",
                                            "zero-base",
                                            "dead-unit",
                                            "wrong-haw",
                                            "vf-uncovered",
                                            "scope-type",
                                            "rmrr-not-reserved",
                                            "rmrr-backwards",
                                            "andd-without-scope",
                                            "andd-unterminated",
                                            NULL};

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
        g_string_append_printf(out, "%s%s, ", entry->name,
                               entry->type == IOMMU_BRIDGE ? " and what is behind it" : "");
    }
    g_string_append(out, scope->include_all ? "and all the rest; " : "no others; ");
    cls->describe(dev, out);
}

static void describe_fields(const IommuField *fields, size_t count, uint32_t reg, uint64_t value,
                            const Facts *f)
{
    const char *separator = "  ";

    facts_open(f, "fields");
    for (size_t i = 0; i < count; i++) {
        if (fields[i].reg == reg) {
            uint64_t field = field_get(value, fields[i].shift, fields[i].width);

            facts_number(f, fields[i].name, field);
            facts_say(f, "%s%s=%" PRIu64, separator, fields[i].name, field);
            separator = " ";
        }
    }
    facts_close(f);
}

void iommu_describe_registers(const RegFile *regs, const IommuField *fields, size_t count,
                              const Facts *f)
{
    facts_open_list(f, "registers");
    for (size_t i = 0; i < regs->count; i++) {
        const RegRow *row = &regs->rows[i];
        uint64_t value = regs->values[i];

        facts_open(f, NULL);
        facts_text(f, "name", row->name);
        facts_number(f, "offset", row->offset);
        facts_hex(f, "value", value);
        facts_say(f, "  %03x %-9s %0*" PRIx64, row->offset, row->name, row->width * 2, value);
        describe_fields(fields, count, row->offset, value, f);
        facts_say(f, "\n");
        facts_close(f);
    }
    facts_close_list(f);
}
