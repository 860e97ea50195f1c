/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SWERR: the first error that no completion record tells of, and whether there were more (9.2). */
#include "hw/dma/dsa/device.h"

static uint64_t first_word(const DsaSoftError *e)
{
    uint64_t word = SWERR_VALID | SWERR_WQ_VALID |
                    (uint64_t)(e->error & ~DSA_STATUS_WRITE) << SWERR_ERROR_SHIFT |
                    (uint64_t)e->wq << SWERR_WQ_SHIFT;
    if (e->desc) {
        word |= SWERR_DESC_VALID | (uint64_t)e->desc->opcode << SWERR_OPCODE_SHIFT;
    }
    return word | (e->in_batch ? SWERR_BATCH : 0) | (e->error & DSA_STATUS_WRITE ? SWERR_WRITE : 0);
}

void dsa_report(Dsa *d, const DsaSoftError *e)
{
    uint64_t word = dsa_reg(d, DSA_SWERR);
    trace_event(d->pci.dev.platform->trace, TRACE_GUEST_ERRORS,
                "dsa_error dev=%s wq=%u error=%02x addr=%" PRIx64, d->pci.dev.id, e->wq, e->error,
                e->fault);
    if (word & SWERR_VALID) {
        regfile_set(&d->regs, DSA_SWERR, word | SWERR_OVERFLOW);
        return;
    }
    regfile_set(&d->regs, DSA_SWERR, first_word(e));
    regfile_set(&d->regs, DSA_SWERR + 8,
                e->index | (uint64_t)e->invalid_flags << SWERR_FLAGS_SHIFT);
    regfile_set(&d->regs, DSA_SWERR + 16, e->fault);
    if (dsa_reg(d, DSA_GENCTRL) & GENCTRL_SOFTWARE_ERROR) {
        dsa_event(d, INTCAUSE_SOFTWARE_ERROR);
    }
}
