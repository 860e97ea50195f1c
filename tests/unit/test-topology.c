/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random machines against a model (topology/model.h): bridges of each kind, functions with virtual
 * ones, IOAPICs and HPETs, below one to four remapping units. Each sender sends messages, whose
 * entries check the source in each way there is, and reads by DMA. Which unit it comes to, under
 * which id, and what the unit makes of it, has to be what the model says; and so has what the DMAR
 * table tells, and which scopes are refused.
 *
 *     test-topology [--seed N] [--runs M]
 *
 * Machine i of M has the seed N + i, so one that was reported is repeated by --seed S --runs 1.
 */
#include <stdio.h>

#include "topology/table.h"

#define DEFAULT_RUNS 1500
#define MOST_SENDERS 12
#define COMPATIBLE   0xd0 /* its vector: none of an entry's */

static gint64 opt_seed = 1, opt_runs = DEFAULT_RUNS;
static gboolean opt_tap;

static const GOptionEntry options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "First seed", "N"},
    {"runs", 0, 0, G_OPTION_ARG_INT64, &opt_runs, "Number of runs", "M"},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "Accepted; the output is TAP anyway", NULL},
    {NULL},
};

/* What came about, so that a run without it is noticed. */
typedef struct {
    uint64_t machines, refused, delivered, stopped, blocked[4][2], compatible[2], aliased, virtual,
        read, not_read, other_unit, expanded, replugged, by[BYS];
} Totals;

typedef struct {
    Plan plan;
    Guest guest;
    Dmar dmar;
    Totals *totals;
    GString *wrong;
} Run;

static void complain(Run *run, From from, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void complain(Run *run, From from, const char *format, ...)
{
    static const char *const kinds[] = {"n", "ioapic ", "hpet "};
    va_list args;
    va_start(args, format);
    g_string_append_printf(run->wrong, "# %s%u", kinds[from.kind], from.n);
    if (from.vf >= 0) {
        g_string_append_printf(run->wrong, ".vf%d", from.vf);
    }
    g_string_append(run->wrong, ": ");
    g_string_append_vprintf(run->wrong, format, args);
    g_string_append_c(run->wrong, '\n');
    va_end(args);
}

/* Nearly all scopes are mended until they may be; the rest stay as they were drawn. */
static void mend_scopes(Plan *p)
{
    unsigned u, name;
    for (u = 0; u < p->unit_count && plan_chance(p, 90); u++) {
        p->units[u].all |= p->units[u].count == 0;
    }
    while (u == p->unit_count && model_wrong_name(p, &u, &name)) {
        p->units[u].names[name] = p->units[u].names[--p->units[u].count];
        u = p->unit_count;
    }
    for (unsigned n = 0, rest = 0; u == p->unit_count && n < p->unit_count; n++) {
        bool takes = model_takes_rest(&p->units[n]);
        if (takes && rest++) {
            p->units[n--] = p->units[--p->unit_count];
            u = p->unit_count;
        }
    }
}

/* ---- What the table tells ---- */

static const Drhd *told_unit(Run *run, From from)
{
    uint16_t ids[MOST_NODES];
    unsigned count = 0;
    const Plan *p = &run->plan;
    if (from.kind != FROM_NODE) {
        uint16_t id = 0;
        ScopeType type = from.kind == FROM_IOAPIC ? SCOPE_IOAPIC : SCOPE_HPET;
        const Drhd *unit = table_source(&run->dmar, type, (uint8_t)from.n, &id);
        uint16_t own = model_way(p, &run->guest.numbers, from).own_id;
        if (unit && id != own) {
            complain(run, from, "the table has id %04x, expected %04x", id, own);
        }
        return unit;
    }
    for (int at = (int)from.n; at >= 0 && p->nodes[at].kind != EXPANDER; at = p->nodes[at].above) {
        From node = {FROM_NODE, (unsigned)at, -1};
        ids[count++] = model_way(p, &run->guest.numbers, node).own_id;
    }
    return table_unit(&run->dmar, ids, count);
}

/* Units are told apart by where their registers are: as the plan says, or 8 KiB after each other.
 */
static void check_bases(Run *run)
{
    for (unsigned u = 0; u < run->plan.unit_count; u++) {
        uint64_t base = run->plan.units[u].base;
        run->guest.bases[u] = base ? base : 0xfed90000ull + 0x2000 * u;
    }
    if (run->dmar.count != run->plan.unit_count) {
        g_string_append_printf(run->wrong, "# the table has %u units\n", run->dmar.count);
    }
}

static void check_told(Run *run, From from)
{
    unsigned expected = model_unit(&run->plan, from);
    const Drhd *unit = told_unit(run, from);
    if (!unit || unit->base != run->guest.bases[expected]) {
        complain(run, from, "the table has the unit at %#" G_GINT64_MODIFIER "x, expected u%u",
                 unit ? unit->base : 0, expected);
    }
}

/* ---- Requests ---- */

typedef struct {
    Verdict verdict;
    unsigned unit, reason, cpu;
    uint8_t vector;
    uint64_t low, high; /* the fault's record */
} Expected;

static void check_fault(Run *run, From from, const Expected *e)
{
    for (unsigned u = 0; u < run->plan.unit_count; u++) {
        Fault fault;
        bool is = guest_fault(&run->guest, u, &fault),
             expected = e->verdict == BLOCKED && u == e->unit;
        if (is != expected) {
            complain(run, from, "u%u %s a fault (%016" G_GINT64_MODIFIER "x)", u,
                     is ? "has" : "lacks", is ? fault.high : 0);
        } else if (is && (fault.low != e->low || fault.high != e->high)) {
            complain(run, from,
                     "u%u: record %016" G_GINT64_MODIFIER "x %016" G_GINT64_MODIFIER
                     "x, expected %016" G_GINT64_MODIFIER "x %016" G_GINT64_MODIFIER "x",
                     u, fault.high, fault.low, e->high, e->low);
        }
    }
}

static void check_taken(Run *run, From from, const Expected *e)
{
    for (unsigned cpu = 0; cpu < GUEST_CPUS; cpu++) {
        int taken, expected = e->verdict == DELIVERED && e->cpu == cpu ? e->vector : -1;
        taken = guest_take(&run->guest, cpu);
        if (taken != expected) {
            complain(run, from, "cpu %u took %d, expected %d", cpu, taken, expected);
        }
    }
}

/* VT-d 11.4.14 */
static void expect_block(Expected *e, unsigned reason, uint16_t id, uint64_t info, bool is_read)
{
    e->verdict = BLOCKED;
    e->reason = reason;
    e->low = info;
    e->high = 1ull << 63 | (is_read ? 1ull << 62 : 0) | (uint64_t)reason << 32 | id;
}

/* One that is near enough to the sender's for each form of the check to matter. */
static Check draw_check(Plan *p, const Way *way)
{
    Check check = {.svt = plan_draw(p, 16) == 0 ? 3 : plan_draw(p, 3), .sq = plan_draw(p, 4)};
    uint16_t id = plan_chance(p, 80) ? way->id : way->own_id;
    if (check.svt == 2) {
        unsigned first = (id >> 8) - 1u + plan_draw(p, 3), last = (id >> 8) - 1u + plan_draw(p, 3);
        check.sid = (uint16_t)((first & 0xff) << 8 | (last & 0xff));
    } else {
        check.sid = plan_chance(p, 60) ? id : (uint16_t)(id ^ plan_draw(p, 16));
    }
    return check;
}

static void try_entry(Run *run, From from, const Way *way)
{
    Plan *p = &run->plan;
    Check check = draw_check(p, way);
    Expected e = {.verdict = LOST, .unit = way->unit, .cpu = plan_draw(p, GUEST_CPUS)};
    unsigned index = guest_set_entry(&run->guest, &check, e.cpu);
    unsigned reason = model_check(&check, way->id);
    if (!way->stopped && reason) {
        expect_block(&e, reason, way->id, (uint64_t)index << 48, false);
    } else if (!way->stopped) {
        e.verdict = DELIVERED;
        e.vector = guest_vector(way->unit, index);
    }
    guest_send(&run->guest, from, index);
    check_fault(run, from, &e);
    check_taken(run, from, &e);
    run->totals->delivered += e.verdict == DELIVERED;
    run->totals->stopped += way->stopped;
    run->totals->blocked[check.svt][!way->stopped && reason != 0]++;
}

static void try_compatible(Run *run, From from, const Way *way)
{
    Expected e = {.verdict = LOST, .unit = way->unit, .cpu = plan_draw(&run->plan, GUEST_CPUS)};
    bool passes = model_passes_compatible(&run->plan.units[way->unit]);
    if (!way->stopped && !passes) {
        expect_block(&e, 0x25, way->id, 0, false);
    } else if (!way->stopped) {
        e.verdict = DELIVERED;
        e.vector = COMPATIBLE;
    }
    guest_send_compatible(&run->guest, from, COMPATIBLE, e.cpu);
    check_fault(run, from, &e);
    check_taken(run, from, &e);
    run->totals->compatible[passes]++;
}

/* Which ids have a context entry in a unit. */
typedef struct {
    unsigned count;
    struct {
        unsigned unit;
        uint16_t id;
    } rows[2 * MOST_SENDERS * MOST_UNITS];
} Contexts;

static bool has_context(const Contexts *c, unsigned unit, uint16_t id, bool bus_alone)
{
    for (unsigned i = 0; i < c->count; i++) {
        bool same = bus_alone ? c->rows[i].id >> 8 == id >> 8 : c->rows[i].id == id;
        if (c->rows[i].unit == unit && same) {
            return true;
        }
    }
    return false;
}

static void map(Run *run, Contexts *c, unsigned unit, uint16_t id)
{
    guest_map(&run->guest, unit, id);
    c->rows[c->count].unit = unit;
    c->rows[c->count++].id = id;
}

/* For the sender as its unit sees it, and as others would. */
static void draw_contexts(Run *run, Contexts *c, const Way *way)
{
    Plan *p = &run->plan;
    for (unsigned u = 0; u < p->unit_count; u++) {
        if (plan_chance(p, 60)) {
            map(run, c, u, way->id);
        }
        if (plan_chance(p, 30)) {
            map(run, c, u, way->own_id);
        }
    }
}

static void try_read(Run *run, From from, const Way *way, const Contexts *c)
{
    const Unit *unit = &run->plan.units[way->unit];
    Expected e = {.verdict = LOST, .unit = way->unit};
    uint64_t value = 0,
             expected = unit->translates ? guest_pattern(way->unit, way->id) : GUEST_PATTERN;
    bool reads = !way->stopped && (!unit->translates || has_context(c, way->unit, way->id, false));
    if (!way->stopped && !reads) {
        /* 7.1.3: the root entry is not present, or the context entry is not. */
        unsigned reason = has_context(c, way->unit, way->id, true) ? 2 : 1;
        expect_block(&e, reason, way->id, GUEST_IOVA, true);
    }
    bool done = guest_read(&run->guest, from, &value);
    if (done != reads || (done && value != expected)) {
        complain(run, from,
                 "read %d: %016" G_GINT64_MODIFIER "x, expected %d: %016" G_GINT64_MODIFIER "x",
                 done, value, reads, expected);
    }
    check_fault(run, from, &e);
    run->totals->read += reads;
    run->totals->not_read += !reads;
}

/* ---- A machine ---- */

static bool draw_sender(Plan *p, From *from)
{
    unsigned kind = plan_draw(p, 10);
    *from = (From){.kind = kind == 0 ? FROM_IOAPIC : kind == 1 ? FROM_HPET : FROM_NODE, .vf = -1};
    from->n = plan_draw(p, from->kind == FROM_NODE     ? p->node_count
                           : from->kind == FROM_IOAPIC ? p->ioapics
                                                       : p->hpets);
    const Node *node = &p->nodes[from->n];
    if (from->kind == FROM_NODE && node->vfs && plan_chance(p, 60)) {
        from->vf = (int)plan_draw(p, node->vfs);
    }
    return from->kind != FROM_NODE || node->kind == SENDER;
}

static bool is_expanded(const Plan *p, unsigned n)
{
    const Node *node = &p->nodes[n];
    return node->kind == EXPANDER || (node->above >= 0 && is_expanded(p, (unsigned)node->above));
}

static void try_sender(Run *run, From from, const Contexts *contexts)
{
    Way way = model_way(&run->plan, &run->guest.numbers, from);
    bool remaps = run->plan.units[way.unit].remaps;
    for (unsigned i = 0; i < 3 && remaps; i++) {
        from.by = plan_draw(&run->plan, BYS);
        try_entry(run, from, &way);
    }
    from.by = plan_draw(&run->plan, BYS);
    run->totals->by[from.by] += from.kind == FROM_NODE && from.vf < 0;
    try_compatible(run, from, &way);
    if (from.kind == FROM_NODE) {
        try_read(run, from, &way, contexts);
    }
    run->totals->aliased += way.id != way.own_id;
    run->totals->virtual += from.vf >= 0;
    run->totals->other_unit += way.unit > 0;
    run->totals->expanded += from.kind == FROM_NODE && is_expanded(&run->plan, from.n);
}

/* What comes back into a slot is wired as what was torn out of it. */
static void try_slot(Run *run, const Contexts *contexts)
{
    Plan *p = &run->plan;
    int slot = plan_draw_slot(p);
    if (slot < 0) {
        return;
    }
    guest_replug(&run->guest, (unsigned)slot);
    unsigned n = 0;
    while (p->nodes[n].above != slot) {
        n++;
    }
    From from = {FROM_NODE, n, p->nodes[n].vfs ? (int)plan_draw(p, p->nodes[n].vfs) : -1};
    try_sender(run, from, contexts);
    run->totals->replugged++;
}

static void use_machine(Run *run)
{
    From senders[MOST_SENDERS];
    Contexts contexts = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < MOST_SENDERS; i++) {
        count += draw_sender(&run->plan, &senders[count]);
    }
    for (unsigned i = 0; i < count; i++) {
        Way way = model_way(&run->plan, &run->guest.numbers, senders[i]);
        draw_contexts(run, &contexts, &way);
    }
    guest_start_units(&run->guest);
    for (unsigned i = 0; i < count; i++) {
        try_sender(run, senders[i], &contexts);
    }
    try_slot(run, &contexts);
}

static void check_table(Run *run)
{
    table_read(&run->guest, &run->dmar);
    check_bases(run);
    for (unsigned n = 0; n < run->plan.node_count; n++) {
        if (run->plan.nodes[n].kind != EXPANDER) { /* it never sends, and no entry is for it */
            check_told(run, (From){FROM_NODE, n, -1});
        }
    }
    for (unsigned n = 0; n < run->plan.ioapics; n++) {
        check_told(run, (From){FROM_IOAPIC, n, -1});
    }
    for (unsigned n = 0; n < run->plan.hpets; n++) {
        check_told(run, (From){FROM_HPET, n, -1});
    }
}

static bool run_one(uint64_t seed, Totals *totals)
{
    Run run = {.totals = totals, .wrong = g_string_new(NULL)};
    plan_make(&run.plan, seed);
    mend_scopes(&run.plan);
    bool right = model_scopes_are_right(&run.plan);
    bool opened = guest_open(&run.guest, &run.plan);
    if (opened != right) {
        g_string_append_printf(run.wrong, "# the scopes are %s\n", opened ? "taken" : "refused");
    }
    if (opened && right) {
        guest_read_numbers(&run.guest);
        check_table(&run);
        guest_number(&run.guest, &run.plan);
        use_machine(&run);
    }
    if (opened) {
        guest_close(&run.guest);
    }
    totals->machines += opened;
    totals->refused += !opened;
    bool ok = run.wrong->len == 0;
    if (!ok) {
        printf("# seed %" G_GINT64_MODIFIER "u:\n", seed);
        plan_print(&run.plan);
        printf("%s", run.wrong->str);
    }
    g_string_free(run.wrong, true);
    return ok;
}

static bool all_seen(const Totals *t)
{
    bool all = t->machines && t->refused && t->delivered && t->stopped && t->aliased &&
               t->virtual && t->read && t->not_read && t->other_unit && t->expanded &&
               t->replugged && t->by[BY_DMA] && t->by[BY_MSI] && t->by[BY_MSIX] &&
               t->compatible[0] && t->compatible[1];
    printf("# %" G_GINT64_MODIFIER "u machines, %" G_GINT64_MODIFIER
           "u refused; %" G_GINT64_MODIFIER "u slots emptied and filled again\n",
           t->machines, t->refused, t->replugged);
    printf("# senders: %" G_GINT64_MODIFIER "u under an alias, %" G_GINT64_MODIFIER
           "u virtual, %" G_GINT64_MODIFIER "u not under the first unit, %" G_GINT64_MODIFIER
           "u below a further root bus; %" G_GINT64_MODIFIER "u that used MSI, %" G_GINT64_MODIFIER
           "u MSI-X\n",
           t->aliased, t->virtual, t->other_unit, t->expanded, t->by[BY_MSI], t->by[BY_MSIX]);
    for (unsigned svt = 0; svt < 4; svt++) {
        const uint64_t *n = t->blocked[svt];
        printf("# SVT %u: %" G_GINT64_MODIFIER "u not blocked, %" G_GINT64_MODIFIER "u blocked\n",
               svt, n[0], n[1]);
        all = all && (n[0] || svt == 3) && (n[1] || svt == 0);
    }
    printf("# compatibility format: %" G_GINT64_MODIFIER "u blocked, %" G_GINT64_MODIFIER
           "u not; reads: %" G_GINT64_MODIFIER "u, and %" G_GINT64_MODIFIER "u refused\n",
           t->compatible[0], t->compatible[1], t->read, t->not_read);
    return all;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    Totals totals = {0};
    gint64 i = 0;
    bool ok = true;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..2\n");
    for (; ok && i < opt_runs; i++) {
        ok = run_one((uint64_t)(opt_seed + i), &totals);
    }
    printf("%s 1 %s\n", ok ? "ok" : "not ok", "/topology/random");
    printf("# %" G_GINT64_FORMAT " machines from seed %" G_GINT64_FORMAT "\n", i, opt_seed);
    bool enough = i >= DEFAULT_RUNS, all = all_seen(&totals);
    printf("%s 2 %s%s\n", all || !enough ? "ok" : "not ok", "/topology/all-seen",
           enough ? "" : " # SKIP too few machines to come to everything");
    return !ok || (enough && !all);
}
