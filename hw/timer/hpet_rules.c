/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HPET: lint's checks. HPET 1.0a, 2.3.8 (Tn_CONF) and 2.3.9.2 (messages). */
#include <inttypes.h>

#include "hw/core/intr_msg.h"
#include "hw/intr/lint.h"
#include "hw/timer/hpet_regs.h"

static void hpet_check_message(const Device *dev, const HpetConfWrite *w)
{
    if (!intr_window_contains(w->fsb >> 32)) {
        LINT_BREAK(dev, LINT_HPET_FSB_ADDRESS, "timer %u, FSB_ROUTE=%#" PRIx64, w->n, w->fsb);
    }
    if (w->now & TN_LEVEL) {
        LINT_BREAK(dev, LINT_HPET_FSB_LEVEL, "timer %u", w->n);
    }
}

void hpet_rules_conf(const Device *dev, const HpetConfWrite *w)
{
    if ((w->written & TN_FSB_ENABLE) && !(w->now & TN_FSB_CAP)) {
        LINT_BREAK(dev, LINT_HPET_FSB_WITHOUT_CAPABILITY, "timer %u", w->n);
    }
    if (!(w->now & TN_INT_ENABLE)) {
        return;
    }
    if (w->now & TN_FSB_ENABLE) {
        hpet_check_message(dev, w);
    } else if (((w->written ^ w->now) & TN_ROUTE_MASK) && (w->written & TN_ROUTE_MASK)) {
        LINT_BREAK(dev, LINT_HPET_ROUTE, "timer %u, pin %u", w->n,
                   (unsigned)((w->written & TN_ROUTE_MASK) >> TN_ROUTE_SHIFT));
    }
}

void hpet_rules_access(const Device *dev, uint64_t offset, unsigned size)
{
    LINT_BREAK(dev, LINT_HPET_ACCESS_SIZE, "%u bytes at %#" PRIx64, size, offset);
}
