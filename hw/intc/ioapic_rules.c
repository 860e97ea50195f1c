/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOAPIC: lint's checks. 82093AA data sheet 3.2.4; remappable format: VT-d 5.1.5.1. */
#include "hw/intc/ioapic_rules.h"

#include <inttypes.h>

#include "hw/intr/lint.h"

#define RTE_REMAPPABLE (1ull << RTE_HANDLE_SHIFT)
#define RTE_DELIVERY   (RTE_DELIVERY_MASK << RTE_DELIVERY_SHIFT)
#define RTE_DEST       (0xffffull << RTE_HANDLE_SHIFT)
/* What the pin's interrupt is, besides the mask. */
#define RTE_MEANING                                                                                \
    (RTE_VECTOR_MASK | RTE_DELIVERY | RTE_DEST_LOGICAL | RTE_POLARITY | RTE_LEVEL | RTE_DEST)

#define FIRST_VECTOR 16
#define STUCK_NS     NS_PER_SEC

static unsigned mode_of(uint64_t rte)
{
    return rte >> RTE_DELIVERY_SHIFT & RTE_DELIVERY_MASK;
}

#define BREAK(rule_)                                                                               \
    LINT_BREAK(dev, rule_, "pin %u, entry %016" PRIx64 ", was %016" PRIx64, w->pin, w->now, w->old)

bool ioapic_entry_is_rewritten(const IoapicEntryWrite *w)
{
    bool way_out = (w->now & RTE_MASKED) && !(w->now & RTE_LEVEL);

    return (w->old & RTE_REMOTE_IRR) && ((w->old ^ w->now) & RTE_MEANING) && !way_out;
}

static void check_live(IoapicRules *rules, const Device *dev, const IoapicEntryWrite *w)
{
    bool *half = &rules->halves[w->pin];
    bool live = !(w->old & RTE_MASKED), changed = (w->old ^ w->now) & RTE_MEANING;

    if (w->upper) {
        *half = *half || (live && changed);
        return;
    }
    if (live && changed && !(w->now & RTE_MASKED) && *half) {
        BREAK(LINT_RTE_HALVES_LIVE);
    }
    *half = false;
}

static void check_compatible(const Device *dev, const IoapicEntryWrite *w)
{
    unsigned mode = mode_of(w->now);

    if (mode == 3 || mode == INTR_MODE_SIPI) {
        BREAK(LINT_RTE_DELIVERY_RESERVED);
    } else if (mode > INTR_MODE_LOWEST) {
        if (w->now & RTE_LEVEL) {
            BREAK(LINT_RTE_LEVEL_NOT_FIXED);
        }
    } else if ((w->now & RTE_VECTOR_MASK) < FIRST_VECTOR) {
        BREAK(LINT_RTE_VECTOR_LOW);
    }
}

static void check_wire(const Device *dev, const IoapicEntryWrite *w)
{
    bool low = w->now & RTE_POLARITY;

    if ((w->now & RTE_LEVEL) && low != w->active_low) {
        BREAK(LINT_RTE_POLARITY);
    }
}

static void ioapic_check_unmasked(const Device *dev, const IoapicEntryWrite *w)
{
    if (!(w->now & RTE_REMAPPABLE)) {
        check_compatible(dev, w);
    } else if (w->now & RTE_DELIVERY) {
        BREAK(LINT_RTE_REMAPPABLE_BITS);
    }
    check_wire(dev, w);
}

void ioapic_rules_written(IoapicRules *rules, const Device *dev, const IoapicEntryWrite *w)
{
    if (ioapic_entry_is_rewritten(w)) {
        BREAK(LINT_RTE_CHANGED_REMOTE_IRR);
    }
    check_live(rules, dev, w);
    if (!w->upper && !(w->now & RTE_MASKED)) {
        ioapic_check_unmasked(dev, w);
    }
}

/* A device that pulses the line, as the HPET does, is at home on an edge; one that holds it till
 * its handler has run is not. */
void ioapic_rules_pci_edge(IoapicRules *rules, const Device *dev, unsigned pin, bool level)
{
    JournalWhere now = lint_where(dev->platform->lint), *then = &rules->raised_by[pin];

    if (level) {
        *then = now;
        rules->raised[pin] = true;
        return;
    }
    if (rules->raised[pin] && (now.cpu != then->cpu || now.instructions != then->instructions)) {
        LINT_BREAK(dev, LINT_RTE_EDGE_ON_LEVEL_PIN, "pin %u", pin);
    }
    rules->raised[pin] = false;
}

void ioapic_rules_waits(const IoapicRules *rules, const Device *dev, unsigned pin)
{
    int64_t since = rules->sent_at[pin];

    if (since != 0 && clock_now(dev->platform->clock) + 1 - since >= STUCK_NS) {
        LINT_BREAK(dev, LINT_REMOTE_IRR_STUCK, "pin %u", pin);
    }
}

void ioapic_rules_eoi(const Device *dev, uint8_t vector, int waiting)
{
    if (waiting >= 0) {
        LINT_BREAK(dev, LINT_EOI_FOR_NO_PIN, "vector %#x, pin %d waits for its own", vector,
                   waiting);
    }
}

void ioapic_rules_index(const Device *dev, unsigned index, bool write)
{
    LINT_BREAK(dev, LINT_IOAPIC_INDEX, "%s of %#x", write ? "write" : "read", index);
}
