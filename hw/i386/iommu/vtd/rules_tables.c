/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: lint's checks of tables that were written, but not flushed to where the unit sees it. An
 * entry made present and used before is wrong at once; one that is being changed may be found so
 * for a moment, until its flush or until an invalidation says that it is done. See rules.h.
 */
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intr/lint.h"

static void not_flushed(VtdState *s, uint64_t at)
{
    bool buffered = dram_waits_for_drain(s->tables.dram, at);
    LINT_BREAK(&s->dev, buffered ? LINT_WRITE_BUFFER_NOT_FLUSHED : LINT_TABLE_NOT_FLUSHED,
               "the entry at %#" PRIx64, at);
    s->rules.behind.since = 0;
}

void vtd_rules_behind(VtdState *s)
{
    VtdBehind *was = &s->rules.behind;
    VtdBehind use = {.since = clock_now(s->dev.platform->clock) + 1, .at = s->tables.behind_at};
    s->tables.behind = false;
    if (s->tables.was_absent) {
        not_flushed(s, use.at);
    } else if (!was->since || was->at != use.at) {
        *was = use;
    } else if (use.since - was->since >= VTD_RULES_CHANGING_NS) {
        not_flushed(s, use.at);
    }
}

void vtd_rules_invalidating(VtdState *s)
{
    if (G_LIKELY(!s->rules.behind.since)) {
        return;
    }
    vtd_tables_compare(&s->tables, s->rules.behind.at, VTD_IRTE_SIZE);
    if (s->tables.behind) {
        not_flushed(s, s->rules.behind.at);
    }
    s->tables.behind = false;
    s->rules.behind.since = 0;
}
