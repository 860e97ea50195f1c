/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: where lint looks at what software does with the unit's rings. */
#include "hw/i386/iommu/amd/rules.h"

#include "hw/intr/lint.h"

static const struct {
    uint32_t offset;
    uint64_t run; /* of STATUS: the unit uses it */
    LintRule rule;
} live_rows[] = {
    {AMDVI_CMDBUF_BASE, AMDVI_ST_CMDBUF_RUN, LINT_AMD_RING_MOVED_LIVE},
    {AMDVI_EVTLOG_BASE, AMDVI_ST_EVENT_RUN, LINT_AMD_RING_MOVED_LIVE},
    {AMDVI_PPRLOG_BASE, AMDVI_ST_PPRLOG_RUN, LINT_AMD_RING_MOVED_LIVE},
    {AMDVI_GALOG_BASE, AMDVI_ST_GALOG_RUN, LINT_AMD_RING_MOVED_LIVE},
    {AMDVI_CMDBUF_HEAD, AMDVI_ST_CMDBUF_RUN, LINT_AMD_POINTER_LIVE},
    {AMDVI_EVTLOG_TAIL, AMDVI_ST_EVENT_RUN, LINT_AMD_POINTER_LIVE},
    {AMDVI_PPRLOG_TAIL, AMDVI_ST_PPRLOG_RUN, LINT_AMD_POINTER_LIVE},
    {AMDVI_GALOG_TAIL, AMDVI_ST_GALOG_RUN, LINT_AMD_POINTER_LIVE},
};

void amdvi_rules_ring_written(AmdviState *s, const RegRow *row)
{
    for (size_t i = 0; i < G_N_ELEMENTS(live_rows); i++) {
        if (live_rows[i].offset == row->offset && (amdvi_reg(s, AMDVI_STATUS) & live_rows[i].run)) {
            LINT_BREAK(&s->dev, live_rows[i].rule, "%s=%#" PRIx64, row->name,
                       amdvi_reg(s, row->offset));
        }
    }
}

void amdvi_rules_tail_written(AmdviState *s)
{
    uint64_t bytes = amdvi_queue_bytes(s), tail = amdvi_reg(s, AMDVI_CMDBUF_TAIL);
    if (tail >= bytes) {
        LINT_BREAK(&s->dev, LINT_AMD_TAIL_PAST_END, "%#" PRIx64 " of %#" PRIx64 " bytes", tail,
                   bytes);
    }
}

void amdvi_rules_wait(AmdviState *s, const AmdviCmd *c)
{
    if (!c->store && !c->interrupt && !c->flush) {
        LINT_BREAK(&s->dev, LINT_AMD_WAIT_WITHOUT_SIGNAL, "head %#" PRIx64,
                   amdvi_reg(s, AMDVI_CMDBUF_HEAD));
    }
}
