/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the journal: see journal.h. */
#include "monitor/journal.h"

#include "hw/intr/sentence.h"

void journal_ask(const Journal *j, const JournalFilter *filter, JournalAnswer *answer)
{
    *answer = (JournalAnswer){0};
    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);

        if (r && journal_filter_matches(filter, r)) {
            answer->matches++;
            answer->results[r->result]++;
            answer->last = r;
            answer->last_lost = intr_results[r->result].lost ? r : answer->last_lost;
        }
    }
}

GPtrArray *journal_select(const Journal *j, const JournalFilter *filter, size_t most)
{
    GPtrArray *found = g_ptr_array_new();
    uint64_t first = journal_first(j);

    for (uint64_t n = j->last; n >= first && found->len < most; n--) {
        JournalRecord *r = journal_find(j, n);

        if (r && journal_filter_matches(filter, r)) {
            g_ptr_array_add(found, r);
        }
    }
    for (guint i = 0; i < found->len / 2; i++) { /* oldest first; inserting there moves the rest */
        gpointer *a = &found->pdata[i], *b = &found->pdata[found->len - 1 - i], newer = *a;

        *a = *b;
        *b = newer;
    }
    return found;
}

static const ApicState *apic_with_id(const Machine *machine, uint32_t id)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (apic_initial_id(machine->apics[i]) == id) {
            return machine->apics[i];
        }
    }
    return NULL;
}

/* Where it waits, as things are now. */
static void add_now(Machine *machine, const JournalRecord *r, GString *out)
{
    const ApicState *apic = apic_with_id(machine, r->apic_id);
    g_autoptr(GString) holds = g_string_new(NULL);

    if (r->result != INTR_DELIVERED || !apic || r->answers > 1) {
        return;
    }
    journal_holds(holds, apic_holds(apic, r->vector));
    g_string_append_printf(out, "; now: %s", holds->len > 0 ? holds->str : "nothing holds it");
}

void journal_say(Machine *machine, const JournalRecord *r, GString *out)
{
    journal_sentence(out, r, machine->journal.symbols);
    add_now(machine, r, out);
}

void journal_filter_lines(Machine *machine, JournalFilter *filter)
{
    journal_filter_clear(&machine->line_filter);
    machine->line_filter = *filter;
    machine->journal.filter = &machine->line_filter;
}

uint64_t journal_held(const Journal *j)
{
    uint64_t held = 0;

    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        held += journal_find(j, n) != NULL;
    }
    return held;
}
