/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random machines; see plan.h. */
#include "plan.h"

#include <stdio.h>

#define ROOT_SLOTS 20 /* above them are virtual functions of the root bus, and the board's own */
#define SLOTS      32
#define FUNCTIONS  8
#define MOST_VFS   12

uint32_t plan_draw(Plan *p, uint32_t below)
{
    p->state = p->state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((p->state >> 33) % below);
}

bool plan_chance(Plan *p, uint32_t percent)
{
    return plan_draw(p, 100) < percent;
}

bool plan_is_bridge(const Node *node)
{
    return node->kind != SENDER && node->kind != EXPANDER;
}

bool plan_is_on_root(const Plan *p, const Node *node)
{
    return node->above < 0 || p->nodes[node->above].kind == EXPANDER;
}

bool plan_is_conventional(const Node *node)
{
    return node->kind == EXPRESS_TO_PCI || node->kind == PCI_TO_PCI;
}

/* Behind a port there is device 0. */
static bool is_link(const Plan *p, int above)
{
    return above >= 0 &&
           (p->nodes[above].kind == ROOT_PORT || p->nodes[above].kind == DOWNSTREAM_PORT);
}

static bool is_taken(const Plan *p, int above, uint8_t devfn)
{
    for (unsigned i = 0; i < p->node_count; i++) {
        if (p->nodes[i].above == above && p->nodes[i].devfn == devfn) {
            return true;
        }
    }
    return false;
}

/* The next function of a device; -1 if it has all. */
static int draw_devfn(Plan *p, int above)
{
    bool root = plan_is_on_root(p, &(Node){.above = above});
    unsigned slot = is_link(p, above) ? 0
                    : root            ? 1 + plan_draw(p, ROOT_SLOTS)
                                      : plan_draw(p, SLOTS);
    for (unsigned function = 0; function < FUNCTIONS; function++) {
        uint8_t devfn = (uint8_t)(slot << 3 | function);
        if (!is_taken(p, above, devfn)) {
            return devfn;
        }
    }
    return -1;
}

/* Root buses from about these numbers on, so that each has enough of them. */
static const uint8_t root_numbers[] = {0x60, 0xb0};

static unsigned expanders(const Plan *p)
{
    unsigned count = 0;
    for (unsigned i = 0; i < p->node_count; i++) {
        count += p->nodes[i].kind == EXPANDER;
    }
    return count;
}

static Kind draw_kind(Plan *p, int above)
{
    static const Kind on_root[] = {ROOT_PORT, ROOT_PORT, EXPRESS_TO_PCI, PCI_TO_PCI, SENDER},
                      behind_port[] = {UPSTREAM_PORT, EXPRESS_TO_PCI, SENDER, SENDER},
                      on_pci[] = {PCI_TO_PCI, SENDER, SENDER};
    if (above < 0 && expanders(p) < G_N_ELEMENTS(root_numbers) && plan_chance(p, 8)) {
        return EXPANDER;
    }
    if (plan_is_on_root(p, &(Node){.above = above})) {
        return on_root[plan_draw(p, G_N_ELEMENTS(on_root))];
    }
    if (is_link(p, above)) {
        return behind_port[plan_draw(p, G_N_ELEMENTS(behind_port))];
    }
    return p->nodes[above].kind == UPSTREAM_PORT ? DOWNSTREAM_PORT
                                                 : on_pci[plan_draw(p, G_N_ELEMENTS(on_pci))];
}

/* What something can be behind, or -1, the first root bus. */
static int draw_above(Plan *p)
{
    unsigned n = plan_draw(p, p->node_count + 2);
    bool fits = n < p->node_count && p->nodes[n].kind != SENDER && !p->nodes[n].full;
    return fits ? (int)n : -1;
}

/* Virtual functions have the ids that come next, so that their function is the last one there. */
static void draw_vfs(Plan *p, Node *node)
{
    if (node->kind != SENDER || !plan_chance(p, 50)) {
        return;
    }
    if (is_link(p, node->above)) {
        node->vfs = 1 + plan_draw(p, MOST_VFS);
        p->nodes[node->above].full = true;
    } else if (node->above < 0) {
        node->vfs = 1 + plan_draw(p, 3);
    }
}

static void draw_node(Plan *p)
{
    int above = draw_above(p), devfn = draw_devfn(p, above);
    if (devfn < 0) {
        return;
    }
    Node *node = &p->nodes[p->node_count];
    *node = (Node){.kind = draw_kind(p, above),
                   .above = above,
                   .devfn = (uint8_t)devfn,
                   .master = !plan_chance(p, 3)};
    if (node->kind == EXPANDER) {
        node->bus_nr = (uint8_t)(root_numbers[expanders(p)] + plan_draw(p, 16));
    }
    node->alias = plan_is_conventional(node) ? plan_draw(p, ALIASES) : ALIAS_USUAL;
    draw_vfs(p, node);
    p->node_count++;
}

static Name draw_name(Plan *p)
{
    static const NameKind kinds[] = {NAME_NODE, NAME_NODE,   NAME_NODE, NAME_PATH,
                                     NAME_PATH, NAME_IOAPIC, NAME_HPET};
    Name name = {.kind =
                     plan_chance(p, 1) ? NAME_NOTHING : kinds[plan_draw(p, G_N_ELEMENTS(kinds))]};
    name.n = plan_draw(p, name.kind == NAME_IOAPIC ? p->ioapics
                          : name.kind == NAME_HPET ? p->hpets
                                                   : p->node_count);
    return name;
}

static void draw_unit(Plan *p, unsigned n)
{
    Unit *unit = &p->units[n];
    unit->remaps = plan_chance(p, 85);
    unit->extended = unit->remaps && plan_chance(p, 40);
    unit->compatible = plan_chance(p, 30);
    unit->translates = plan_chance(p, 80);
    unit->base = plan_chance(p, 30) ? 0xfeda0000ull + 0x4000 * n : 0;
    unsigned names = plan_draw(p, MOST_NAMES / 2);
    for (unsigned i = 0; i < names || (n > 0 && i == 0); i++) {
        unit->names[unit->count++] = draw_name(p);
    }
}

void plan_make(Plan *p, uint64_t seed)
{
    *p = (Plan){.state = seed * 0x9e3779b97f4a7c15ull + 1};
    p->ioapics = 1 + plan_draw(p, MOST_SOURCES);
    p->hpets = 1 + plan_draw(p, MOST_SOURCES);
    p->renumber = plan_chance(p, 50);
    p->ari = plan_chance(p, 50);
    unsigned nodes = 2 + plan_draw(p, MOST_NODES - 2);
    for (unsigned i = 0; i < nodes || p->node_count == 0; i++) {
        draw_node(p);
    }
    p->unit_count = 1 + plan_draw(p, MOST_UNITS);
    for (unsigned n = 0; n < p->unit_count; n++) {
        draw_unit(p, n);
    }
    if (!plan_chance(p, 1)) {
        p->units[plan_draw(p, p->unit_count)].all = true;
    }
}

static bool has_endpoints_only(const Plan *p, int port)
{
    unsigned endpoints = 0;
    for (unsigned n = 0; n < p->node_count; n++) {
        if (p->nodes[n].above == port && p->nodes[n].kind != SENDER) {
            return false;
        }
        endpoints += p->nodes[n].above == port;
    }
    return endpoints > 0;
}

int plan_draw_slot(Plan *p)
{
    unsigned first = plan_draw(p, p->node_count);
    for (unsigned i = 0; i < p->node_count; i++) {
        int n = (int)((first + i) % p->node_count);
        if (is_link(p, n) && has_endpoints_only(p, n)) {
            return n;
        }
    }
    return -1;
}

/* "00:1c.0/00.0" */
static void add_path(const Plan *p, GString *out, int n)
{
    int above = p->nodes[n].above;
    if (plan_is_on_root(p, &p->nodes[n])) {
        g_string_append_printf(out, "%02x:", above < 0 ? 0 : p->nodes[above].bus_nr);
    } else {
        add_path(p, out, above);
        g_string_append_c(out, '/');
    }
    g_string_append_printf(out, "%02x.%u", p->nodes[n].devfn >> 3, p->nodes[n].devfn & 7u);
}

static void add_name(const Plan *p, GString *out, const Name *name)
{
    switch (name->kind) {
    case NAME_NODE:
        g_string_append_printf(out, "n%u", name->n);
        break;
    case NAME_PATH:
        add_path(p, out, (int)name->n);
        break;
    case NAME_IOAPIC:
    case NAME_HPET:
        g_string_append(out, name->kind == NAME_IOAPIC ? "ioapic" : "hpet");
        if (name->n > 0) {
            g_string_append_printf(out, "%u", name->n);
        }
        break;
    default:
        g_string_append(out, "nobody");
    }
}

char *plan_unit_text(const Plan *p, unsigned n)
{
    const Unit *unit = &p->units[n];
    GString *out = g_string_new(NULL);
    g_string_printf(out, "intel-iommu,id=u%u,intremap=%s,eim=%s", n, unit->remaps ? "on" : "off",
                    unit->extended ? "on" : "off");
    if (unit->base) {
        g_string_append_printf(out, ",base=%#" G_GINT64_MODIFIER "x", unit->base);
    }
    g_string_append(out, unit->count || unit->all ? ",scope=" : "");
    for (unsigned i = 0; i < unit->count; i++) {
        g_string_append(out, i ? "+" : "");
        add_name(p, out, &unit->names[i]);
    }
    g_string_append(out, !unit->all ? "" : unit->count ? "+all" : "all");
    return g_string_free(out, false);
}

char *plan_node_text(const Plan *p, unsigned n)
{
    static const char *const drivers[] = {"pcie-root-port",  "x3130-upstream", "xio3130-downstream",
                                          "pcie-pci-bridge", "pci-bridge",     "pxb-pcie",
                                          "intr-testdev"};
    static const char *const aliases[] = {NULL, "bridge", "none", "secondary"};
    const Node *node = &p->nodes[n];
    GString *out = g_string_new(NULL);
    g_string_printf(out, "%s,id=n%u,addr=%x.%u,multifunction=on", drivers[node->kind], n,
                    node->devfn >> 3, node->devfn & 7u);
    if (node->above >= 0) {
        g_string_append_printf(out, ",bus=n%d", node->above);
    }
    if (node->alias != ALIAS_USUAL) {
        g_string_append_printf(out, ",alias=%s", aliases[node->alias]);
    }
    if (node->kind == EXPANDER) {
        g_string_append_printf(out, ",bus_nr=%u", node->bus_nr);
    }
    if (node->kind == SENDER) {
        g_string_append_printf(out, ",sriov-vfs=%u,msix-vectors=1,msi-vectors=1", node->vfs);
    }
    return g_string_free(out, false);
}

void plan_print(const Plan *p)
{
    for (unsigned n = 0; n < p->unit_count; n++) {
        g_autofree char *text = plan_unit_text(p, n);
        printf("# -device %s%s%s\n", text, p->units[n].compatible ? " (CFI)" : "",
               p->units[n].translates ? " (TE)" : "");
    }
    for (unsigned n = 0; n < p->node_count; n++) {
        g_autofree char *text = plan_node_text(p, n);
        printf("# -device %s%s\n", text, p->nodes[n].master ? "" : " (no bus mastering)");
    }
    printf("# %u IOAPICs, %u HPETs%s%s\n", p->ioapics, p->hpets,
           p->renumber ? ", buses renumbered" : "", p->ari ? ", ARI" : "");
}
