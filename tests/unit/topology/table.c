/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the DMAR table; see table.h. */
#include "table.h"

#include <linux/pci_regs.h>
#include <string.h>

#define BIOS_AREA   0xe0000ull
#define BIOS_END    0x100000ull
#define RSDP_STEP   16
#define HEADER      36 /* of a system description table */
#define LENGTH      4
#define DMAR_HEADER 48
#define DRHD_HEADER 16
#define INCLUDE_ALL 1

static bool is_signed(Guest *g, uint64_t at, const char *signature)
{
    char text[9] = {0};
    uint64_t value = guest_load(g, at, 8);
    memcpy(text, &value, 8);
    return strncmp(text, signature, strlen(signature)) == 0;
}

static uint64_t find_rsdp(Guest *g)
{
    uint64_t at = BIOS_AREA;
    while (at < BIOS_END && !is_signed(g, at, "RSD PTR ")) {
        at += RSDP_STEP;
    }
    g_assert_cmphex(at, <, BIOS_END);
    return at;
}

static uint64_t find_dmar(Guest *g)
{
    uint64_t xsdt = guest_load(g, find_rsdp(g) + 24, 8);
    uint64_t end = xsdt + guest_load(g, xsdt + LENGTH, 4);
    for (uint64_t at = xsdt + HEADER; at < end; at += 8) {
        uint64_t table = guest_load(g, at, 8);
        if (is_signed(g, table, "DMAR")) {
            return table;
        }
    }
    g_error("there is no DMAR table");
}

/* VT-d 8.3.1: each step but the last leads through a bridge to its secondary bus. */
static Scope read_scope(Guest *g, uint64_t at)
{
    enum { ENUMERATION_ID = 4, START_BUS = 5, PATH = 6 };
    Scope scope = {.type = (uint8_t)guest_load(g, at, 1),
                   .enumeration_id = (uint8_t)guest_load(g, at + ENUMERATION_ID, 1)};
    uint64_t end = at + guest_load(g, at + 1, 1), bus = guest_load(g, at + START_BUS, 1);
    for (uint64_t step = at + PATH; step < end; step += 2) {
        uint64_t device = guest_load(g, step, 1), function = guest_load(g, step + 1, 1);
        if (step > at + PATH) {
            bus = guest_load(g, guest_config(scope.id) + PCI_SECONDARY_BUS, 1);
        }
        scope.id = (uint16_t)(bus << 8 | device << 3 | function);
    }
    return scope;
}

static void read_unit(Guest *g, uint64_t at, Drhd *unit)
{
    *unit = (Drhd){.include_all = guest_load(g, at + 4, 1) & INCLUDE_ALL,
                   .base = guest_load(g, at + 8, 8)};
    uint64_t end = at + guest_load(g, at + 2, 2);
    for (uint64_t scope = at + DRHD_HEADER; scope < end; scope += guest_load(g, scope + 1, 1)) {
        g_assert_cmpuint(unit->count, <, MOST_SCOPES);
        unit->scopes[unit->count++] = read_scope(g, scope);
    }
}

void table_read(Guest *g, Dmar *out)
{
    enum { FLAGS = 37, DRHD = 0 };
    uint64_t dmar = find_dmar(g), end = dmar + guest_load(g, dmar + LENGTH, 4);
    *out = (Dmar){.flags = (uint8_t)guest_load(g, dmar + FLAGS, 1)};
    for (uint64_t at = dmar + DMAR_HEADER; at < end; at += guest_load(g, at + 2, 2)) {
        if (guest_load(g, at, 2) == DRHD) {
            g_assert_cmpuint(out->count, <, MOST_UNITS);
            read_unit(g, at, &out->units[out->count++]);
        }
    }
}

/* An endpoint is itself, a bridge all that is behind it, too. */
static bool scope_takes(const Scope *scope, const uint16_t *ids, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (scope->id == ids[i] && scope->type == (i == 0 ? SCOPE_ENDPOINT : SCOPE_BRIDGE)) {
            return true;
        }
    }
    return scope->id == ids[0] && scope->type == SCOPE_BRIDGE;
}

const Drhd *table_unit(const Dmar *dmar, const uint16_t *ids, unsigned count)
{
    for (unsigned u = 0; u < dmar->count; u++) {
        const Drhd *unit = &dmar->units[u];
        for (unsigned i = 0; i < unit->count; i++) {
            if (scope_takes(&unit->scopes[i], ids, count)) {
                return unit;
            }
        }
        if (unit->include_all) {
            return unit;
        }
    }
    return NULL;
}

const Drhd *table_source(const Dmar *dmar, ScopeType type, uint8_t enumeration_id, uint16_t *id)
{
    for (unsigned u = 0; u < dmar->count; u++) {
        for (unsigned i = 0; i < dmar->units[u].count; i++) {
            const Scope *scope = &dmar->units[u].scopes[i];
            if (scope->type == type && scope->enumeration_id == enumeration_id) {
                *id = scope->id;
                return &dmar->units[u];
            }
        }
    }
    return NULL;
}
