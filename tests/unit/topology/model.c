/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of topologies; see model.h. */
#include "model.h"

#define DEEPEST 8 /* device and function numbers in a path, as docs/units.md has it */

enum { IOAPIC_IDS = 0xff00, HPET_IDS = 0xff08 }; /* docs/devices: of the board's own, and on */

static bool same_thing(const Name *a, const Name *b)
{
    bool nodes = a->kind <= NAME_PATH && b->kind <= NAME_PATH;
    return (nodes || a->kind == b->kind) && a->n == b->n;
}

static bool names(const Unit *unit, const Name *thing)
{
    for (unsigned i = 0; i < unit->count; i++) {
        if (same_thing(&unit->names[i], thing)) {
            return true;
        }
    }
    return false;
}

static bool names_a_bridge_above(const Plan *p, const Unit *unit, unsigned node)
{
    for (int at = p->nodes[node].above; at >= 0; at = p->nodes[at].above) {
        if (names(unit, &(Name){NAME_NODE, (unsigned)at})) {
            return true;
        }
    }
    return false;
}

static bool is_behind_conventional(const Plan *p, unsigned node)
{
    for (int at = p->nodes[node].above; at >= 0; at = p->nodes[at].above) {
        if (plan_is_conventional(&p->nodes[at])) {
            return true;
        }
    }
    return false;
}

/* From its root bus on. */
static unsigned depth(const Plan *p, unsigned node)
{
    const Node *n = &p->nodes[node];
    return plan_is_on_root(p, n) ? 1 : 1 + depth(p, (unsigned)n->above);
}

static bool node_is_right(const Plan *p, unsigned unit, unsigned node)
{
    for (unsigned i = 0; i <= unit; i++) {
        if (names_a_bridge_above(p, &p->units[i], node)) {
            return false;
        }
    }
    return !p->units[unit].all && !is_behind_conventional(p, node) && depth(p, node) <= DEEPEST;
}

static unsigned times_named(const Plan *p, const Name *thing)
{
    unsigned times = 0;
    for (unsigned u = 0; u < p->unit_count; u++) {
        for (unsigned i = 0; i < p->units[u].count; i++) {
            times += same_thing(&p->units[u].names[i], thing);
        }
    }
    return times;
}

/* A unit without names has the rest, too. */
bool model_takes_rest(const Unit *unit)
{
    return unit->all || unit->count == 0;
}

bool model_wrong_name(const Plan *p, unsigned *unit, unsigned *name)
{
    for (unsigned u = 0; u < p->unit_count; u++) {
        for (unsigned i = 0; i < p->units[u].count; i++) {
            const Name *thing = &p->units[u].names[i];
            bool node = thing->kind == NAME_NODE || thing->kind == NAME_PATH;
            if (thing->kind == NAME_NOTHING || times_named(p, thing) > 1 ||
                (node && !node_is_right(p, u, thing->n))) {
                *unit = u;
                *name = i;
                return true;
            }
        }
    }
    return false;
}

bool model_scopes_are_right(const Plan *p)
{
    unsigned rest = 0, unit, name;
    for (unsigned u = 0; u < p->unit_count; u++) {
        rest += model_takes_rest(&p->units[u]);
    }
    return rest == 1 && !model_wrong_name(p, &unit, &name);
}

/* VT-d 8.3: the first whose scope names it or, of a sub-hierarchy, what it is behind; else the one
 * with INCLUDE_PCI_ALL. A virtual function is where its physical function is (8.3.1). */
unsigned model_unit(const Plan *p, From from)
{
    static const NameKind kinds[] = {NAME_NODE, NAME_IOAPIC, NAME_HPET};
    const Name thing = {kinds[from.kind], from.n};
    unsigned rest = 0;
    for (unsigned u = 0; u < p->unit_count; u++) {
        if (names(&p->units[u], &thing) ||
            (from.kind == FROM_NODE && names_a_bridge_above(p, &p->units[u], from.n))) {
            return u;
        }
        rest = model_takes_rest(&p->units[u]) ? u : rest;
    }
    return rest;
}

static uint16_t node_id(const Plan *p, const Numbers *numbers, int n)
{
    const Node *node = &p->nodes[n];
    unsigned bus = node->above < 0 ? 0 : numbers->secondary[node->above];
    return (uint16_t)(bus << 8 | node->devfn);
}

static uint16_t own_id(const Plan *p, const Numbers *numbers, From from)
{
    switch (from.kind) {
    case FROM_IOAPIC:
        return (uint16_t)(IOAPIC_IDS + from.n);
    case FROM_HPET:
        return (uint16_t)(HPET_IDS + from.n);
    default: {
        unsigned id = node_id(p, numbers, (int)from.n);
        if (from.vf >= 0) {
            id += numbers->vf_offset[from.n] + (unsigned)from.vf * numbers->vf_stride[from.n];
        }
        return (uint16_t)id;
    }
    }
}

static uint16_t id_above(const Plan *p, const Numbers *numbers, int bridge, uint16_t id)
{
    Alias alias = p->nodes[bridge].alias;
    if (!plan_is_conventional(&p->nodes[bridge])) {
        return id;
    }
    if (alias == ALIAS_USUAL) {
        alias = p->nodes[bridge].kind == EXPRESS_TO_PCI ? ALIAS_SECONDARY : ALIAS_BRIDGE;
    }
    return alias == ALIAS_SECONDARY ? (uint16_t)(numbers->secondary[bridge] << 8)
           : alias == ALIAS_BRIDGE  ? node_id(p, numbers, bridge)
                                    : id;
}

Way model_way(const Plan *p, const Numbers *numbers, From from)
{
    Way way = {.unit = model_unit(p, from), .own_id = own_id(p, numbers, from)};
    way.id = way.own_id;
    int at = from.kind == FROM_NODE ? p->nodes[from.n].above : -1;
    for (; at >= 0 && p->nodes[at].kind != EXPANDER; at = p->nodes[at].above) {
        way.stopped |= !p->nodes[at].master;
        way.id = id_above(p, numbers, at, way.id);
    }
    return way;
}

/* SQ says which bits of the function number do not count: none, bit 2, bits 2 and 1, all three. */
static bool same_source(unsigned sq, uint16_t sid, uint16_t id)
{
    static const uint16_t left_out[] = {0, 4, 6, 7};
    return ((sid ^ id) & ~left_out[sq]) == 0;
}

unsigned model_check(const Check *check, uint16_t id)
{
    uint8_t bus = (uint8_t)(id >> 8), first = (uint8_t)(check->sid >> 8), last = check->sid & 0xff;
    switch (check->svt) {
    case 0:
        return 0;
    case 1:
        return same_source(check->sq, check->sid, id) ? 0 : 0x26;
    case 2:
        return first <= bus && bus <= last ? 0 : 0x26;
    default:
        return 0x24;
    }
}

bool model_passes_compatible(const Unit *unit)
{
    return !unit->remaps || (!unit->extended && unit->compatible);
}
