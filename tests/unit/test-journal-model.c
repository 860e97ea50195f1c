/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal against a model: in generated runs, emitters, tables, masks and local APICs are set
 * up at random, and then random things happen to them. After each, every record has the state that
 * the model names (intr/model.h); in the end each has had exactly one ending, none has changed
 * after it, and the counters of the journal, the APIC bus and the remapping unit agree with the
 * records.
 *
 *     test-journal-model [--seed N] [--runs M]
 *
 * Run i of M has the seed N + i, so one that was reported is repeated by --seed S --runs 1. Without
 * --runs it takes some seconds.
 */
#include <stdio.h>
#include <string.h>

#include "intr/world.h"

#define DEFAULT_RUNS 4000
#define MOST_STEPS   100

static gint64 opt_seed = 1, opt_runs = DEFAULT_RUNS;
static gboolean opt_tap;

static const GOptionEntry options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "First seed", "N"},
    {"runs", 0, 0, G_OPTION_ARG_INT64, &opt_runs, "Number of runs", "M"},
    {"tap", 0, 0, G_OPTION_ARG_NONE, &opt_tap, "Accepted; the output is TAP anyway", NULL},
    {NULL},
};

/* What the records say that the counters should be. */
typedef struct {
    uint64_t delivered, dropped, remapped, posted, compatibility, blocked;
} Counts;

typedef struct {
    World world;
    unsigned often; /* the kind of step */
    Counts at_unit_reset;
    GString *wrong;
} Run;

typedef struct {
    uint64_t records, steps, states[INTR_RESULTS];
} Totals;

/* A local APIC's own entries, an IPI to itself and ExtINTs do not come by the bus. */
static bool went_by_bus(const JournalRecord *r)
{
    bool to_self = r->kind == JOURNAL_IPI && (r->data >> 18 & 3) == 1;

    return (r->seen & JOURNAL_BUS) && r->kind != JOURNAL_LVT && r->kind != JOURNAL_PIC && !to_self;
}

static bool was_refused(IntrResult state)
{
    switch (state) {
    case INTR_VECTOR_ILLEGAL:
    case INTR_APIC_SOFT_DISABLED:
    case INTR_APIC_DISABLED:
    case INTR_CPU_ABSENT:
    case INTR_NO_APIC:
    case INTR_RESERVED_MODE:
        return true;
    default:
        return false;
    }
}

static void count_bus(const JournalRecord *r, Counts *c)
{
    if (!went_by_bus(r) || r->result == INTR_DEASSERTED) {
        return;
    }
    *(was_refused(r->result) ? &c->dropped : &c->delivered) += 1;
}

static void count_unit(const JournalRecord *r, Counts *c)
{
    if (r->seen & JOURNAL_REMAPPED) {
        c->remapped++;
    } else if (intr_results[r->result].cls == INTR_CLASS_POSTED) {
        c->posted++;
    } else if (r->result >= INTR_VTD_REQUEST_RESERVED) {
        c->blocked++;
    } else if ((r->seen & JOURNAL_UNIT) && (r->seen & JOURNAL_BUS)) {
        c->compatibility++;
    }
}

static Counts count(const Journal *j)
{
    Counts c = {0};

    for (uint64_t n = 1; n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);

        count_bus(r, &c);
        count_unit(r, &c);
    }
    return c;
}

static uint64_t unit_counter(const Rig *rig, const char *name)
{
    const IommuCounter *counter = iommu_class(rig->vtd)->counters;

    while (g_strcmp0(counter->name, name) != 0) {
        counter++;
    }
    return *(const uint64_t *)((const char *)rig->vtd + counter->offset);
}

static void check_equal(Run *run, const char *what, uint64_t is, uint64_t should_be)
{
    if (is != should_be) {
        g_string_append_printf(run->wrong, "%s is %" PRIu64 ", by the records %" PRIu64 "\n", what,
                               is, should_be);
    }
}

/* The unit's counters begin anew with its reset. */
static void check_unit(Run *run)
{
    const Rig *rig = &run->world.rig;
    Counts now = count(&rig->journal), *then = &run->at_unit_reset;

    check_equal(run, "remapped", unit_counter(rig, "remapped"), now.remapped - then->remapped);
    check_equal(run, "posted", unit_counter(rig, "posted"), now.posted - then->posted);
    check_equal(run, "compatibility", unit_counter(rig, "compatibility"),
                now.compatibility - then->compatibility);
    check_equal(run, "blocked", unit_counter(rig, "blocked"), now.blocked - then->blocked);
    *then = now;
}

static void before_unit_reset(void *opaque)
{
    check_unit(opaque);
}

static void check_bus(Run *run)
{
    Counts now = count(&run->world.rig.journal);
    ApicBusStats stats = apic_bus_stats(run->world.rig.apics);

    check_equal(run, "delivered", stats.delivered, now.delivered);
    check_equal(run, "dropped", stats.dropped, now.dropped);
}

/* Each has ended once or not at all, and is as it was then. */
static void check_closed(Run *run)
{
    const GArray *closed = run->world.closed;
    const Journal *j = &run->world.rig.journal;
    uint64_t count[INTR_RESULTS] = {0};

    for (unsigned i = 0; i < closed->len; i++) {
        const JournalRecord *then = &g_array_index(closed, JournalRecord, i);

        count[then->result]++;
        if (memcmp(then, journal_find(j, then->serial), sizeof(*then)) != 0) {
            g_string_append_printf(run->wrong, "#%" PRIu64 " changed after it had ended as %s\n",
                                   then->serial, intr_result_name(then->result));
        }
    }
    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        check_equal(run, intr_results[i].name, j->results[i], count[i]);
    }
    check_equal(run, "ended twice", j->ended_twice, 0);
}

static void check_record(Run *run, const JournalRecord *r, const ModelRecord *model)
{
    if (r->kind != model->kind || r->number != model->number || r->result != model->state) {
        g_string_append_printf(run->wrong, "#%" PRIu64 " is %s %u, %s; by the model %s %u, %s\n",
                               r->serial, journal_kind_name(r->kind), r->number,
                               intr_result_name(r->result), journal_kind_name(model->kind),
                               model->number, intr_result_name(model->state));
    }
    if (intr_results[r->result].open == !!(r->seen & JOURNAL_CLOSED)) {
        g_string_append_printf(run->wrong, "#%" PRIu64 " is neither open nor closed\n", r->serial);
    }
}

static void check_records(Run *run)
{
    const Journal *j = &run->world.rig.journal;
    const Model *m = &run->world.model;

    check_equal(run, "number of records", j->last, m->records->len);
    for (uint64_t n = 1; n <= MIN(j->last, m->records->len); n++) {
        check_record(run, journal_find(j, n), model_record(m, (uint32_t)n));
    }
    g_string_append(run->wrong, m->wrong->str);
}

/* What is posted is in memory, too. */
static void check_descriptors(Run *run)
{
    for (unsigned n = 0; n < MODEL_PIDS; n++) {
        const ModelPid *model = &run->world.model.pids[n];
        uint64_t pid[8];

        as_read(run->world.rig.platform.memory, MODEL_AT_PID + 64 * n, pid, sizeof(pid));
        if (memcmp(pid, model->pir, sizeof(model->pir)) != 0 || pid[4] != model->control) {
            g_string_append_printf(run->wrong, "descriptor %u is not as posted\n", n);
        }
    }
}

static void check_apics(Run *run)
{
    for (unsigned i = 0; i < run->world.rig.apic_count; i++) {
        const ApicState *a = apic_from_device(run->world.rig.apic_devs[i]);
        const ModelApic *model = &run->world.model.apics[i];

        if (apic_takes(a, INTR_MODE_FIXED) != (model->enabled && model->software)) {
            g_string_append_printf(run->wrong, "apic %u would%s take a vector\n", i,
                                   model->software ? " not" : "");
        }
    }
}

/* What waits and is in service. */
static void check_vectors(Run *run)
{
    for (unsigned n = 0; n < 256 * run->world.rig.apic_count; n++) {
        const ApicState *a = apic_from_device(run->world.rig.apic_devs[n / 256]);
        const ModelApic *model = &run->world.model.apics[n / 256];
        uint8_t v = n % 256;

        if (apic_irr(a, v) != !!model->irr[v] || apic_isr(a, v) != !!model->isr[v] ||
            apic_tmr(a, v) != model->tmr[v]) {
            g_string_append_printf(run->wrong, "apic %u: IRR, ISR or TMR of vector %#x\n", n / 256,
                                   v);
        }
    }
}

/* A run has something that it does more often than the rest. */
static void step(Run *run)
{
    static void (*const steps[])(World * w) = {step_apic, step_unit, step_emitter, step_emitter,
                                               step_pic};
    World *w = &run->world;
    unsigned which = world_flip(w) ? run->often : world_draw(w, G_N_ELEMENTS(steps));

    steps[which](w);
    check_records(run);
    check_apics(run);
}

static void add_totals(const Run *run, Totals *totals)
{
    const Journal *j = &run->world.rig.journal;

    totals->records += j->last;
    for (uint64_t n = 1; n <= j->last; n++) {
        totals->states[journal_find(j, n)->result]++;
    }
}

static bool run_one(uint64_t seed, Totals *totals)
{
    Run run = {.wrong = g_string_new(NULL)};
    unsigned steps;
    bool ok;

    world_open(&run.world, seed);
    run.world.before_unit_reset = before_unit_reset;
    run.world.opaque = &run;
    check_records(&run);
    run.often = world_draw(&run.world, 5);
    steps = 20 + world_draw(&run.world, MOST_STEPS - 20);
    for (unsigned i = 0; i < steps && run.wrong->len == 0; i++) {
        step(&run);
        totals->steps++;
    }
    check_closed(&run);
    check_unit(&run);
    check_bus(&run);
    check_descriptors(&run);
    check_vectors(&run);
    add_totals(&run, totals);
    ok = run.wrong->len == 0;
    if (!ok) {
        printf("# seed %" PRIu64 ":\n%s\n%s\n", seed, run.world.steps->str, run.wrong->str);
    }
    world_close(&run.world);
    g_string_free(run.wrong, true);
    return ok;
}

/* The model's world has no message store, accelerator or hub: those are test-ims', test-dsa-intr's
 * and test-uv-hub's. */
static bool of_stores(unsigned i)
{
    return (i >= INTR_NO_SLOT && i <= INTR_HUB_MASKED) || i == INTR_SLOT_FREED;
}

/* Of AMD's unit, which has a model of its own, and of Hyper-V. */
static bool of_others(unsigned i)
{
    return i >= INTR_AMDVI_DTE_ILLEGAL || (i >= INTR_SYNIC_OFF && i <= INTR_MESSAGE_SLOT_FULL);
}

/* A state that no run has come to is not tested; and somebody answers every message. */
static bool all_states_seen(const Totals *totals)
{
    bool all = true;

    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        printf("# %-24s %" PRIu64 "\n", intr_results[i].name, totals->states[i]);
        all = all &&
              (totals->states[i] > 0) == (i != INTR_ON_ITS_WAY && !of_stores(i) && !of_others(i));
    }
    return all;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    Totals totals = {0};
    int64_t i = 0;
    bool ok = true, enough, all;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..2\n");
    while (ok && i < opt_runs) {
        ok = run_one((uint64_t)(opt_seed + i), &totals);
        i++;
    }
    printf("%s 1 /journal-model/random\n", ok ? "ok" : "not ok");
    printf("# %" PRId64 " runs from seed %" G_GINT64_FORMAT ": %" PRIu64 " steps, %" PRIu64
           " records\n",
           i, opt_seed, totals.steps, totals.records);
    enough = i >= DEFAULT_RUNS;
    all = all_states_seen(&totals);
    printf("%s 2 /journal-model/states%s\n", all || !enough ? "ok" : "not ok",
           enough ? "" : " # SKIP too few runs to come to every state");
    return !ok || (enough && !all);
}
