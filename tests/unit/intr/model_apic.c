/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A local APIC, by the SDM's chapter 11. */
#include <string.h>

#include "intr/model.h"

#define MASKED     (1u << 16)
#define LEVEL      (1u << 15)
#define REMOTE_IRR (1u << 14)
#define ACTIVE_LOW (1u << 13)

static int highest(const uint32_t *set)
{
    int v = 255;

    while (v >= 0 && !set[v]) {
        v--;
    }
    return v;
}

static unsigned mode_of(uint32_t lvt)
{
    return lvt >> 8 & 7;
}

/* 11.6.1: a record of several local APICs ends with the last of them. */
static void gone(Model *m, uint32_t *slot, IntrResult how)
{
    ModelRecord *r = model_record(m, *slot);

    r->ended++;
    if (r->ended == r->accepted) {
        r->state = how;
    }
    *slot = 0;
}

void model_apic_reset(Model *m, ModelApic *a)
{
    IntrResult how = a->absent ? INTR_CPU_REMOVED : INTR_APIC_RESET;

    for (unsigned v = 0; v < 256; v++) {
        if (a->irr[v]) {
            gone(m, &a->irr[v], how);
        }
        if (a->isr[v]) {
            gone(m, &a->isr[v], how);
        }
    }
    model_withdraw(m, &a->lint_waits, how);
    memset(a->tmr, 0, sizeof(a->tmr));
    a->software = a->extint = a->error = false;
    a->tpr = 0;
    a->ldr = 0;
    a->dfr = UINT32_MAX;
    for (unsigned i = 0; i < LVT_ENTRIES; i++) {
        a->lvt[i] = MASKED;
    }
}

static bool lint_is_active(const ModelApic *a, unsigned n)
{
    return a->lint[n] != !!(a->lvt[LVT_LINT0 + n] & ACTIVE_LOW);
}

static bool lint_is_level(const ModelApic *a)
{
    return (a->lvt[LVT_LINT0] & LEVEL) && mode_of(a->lvt[LVT_LINT0]) == 0;
}

/* 11.8.3: is a vector above the processor's priority? */
static bool may_take(const ModelApic *a, int vector)
{
    int serving = highest(a->isr);

    return vector >= 0 && vector >> 4 > a->tpr >> 4 && (serving < 0 || vector >> 4 > serving >> 4);
}

/* 11.4.3, 11.5.1: an i8259 is asked first. */
static bool extint_waits(const ModelApic *a)
{
    uint32_t lvt = a->lvt[LVT_LINT0];

    if (!a->enabled) {
        return a->lint[0];
    }
    return a->extint || (mode_of(lvt) == 7 && !(lvt & MASKED) && lint_is_active(a, 0));
}

void model_apic_take(Model *m, ModelApic *a)
{
    int v = highest(a->irr);

    if (extint_waits(a)) {
        a->extint = false;
    } else if (may_take(a, v)) {
        model_state(m, a->irr[v], INTR_TAKEN);
        a->isr[v] = a->irr[v];
        a->irr[v] = 0;
    }
}

/* 11.5.3: one interrupt until ESR is written. */
void model_apic_error(Model *m, ModelApic *a)
{
    bool told = a->error;

    a->error = true;
    if (!told) {
        model_apic_fire(m, a, LVT_ERROR);
    }
}

/* 11.4.7.2: by software disabled, it takes what has no vector of its own. */
static IntrResult accept_other(Model *m, ModelApic *a, unsigned mode)
{
    switch (mode) {
    case 2:
        return INTR_TAKEN_SMI;
    case 4:
        return INTR_TAKEN_NMI;
    case 5:
        model_apic_reset(m, a);
        return INTR_TAKEN_INIT;
    case 6:
        return INTR_TAKEN_SIPI;
    default:
        a->extint = true;
        return INTR_TAKEN_EXTINT;
    }
}

IntrResult model_apic_accept(Model *m, ModelApic *a, const ModelMsg *msg)
{
    bool vectored = msg->mode <= 1, merges = a->irr[msg->vector];

    if (!a->enabled) {
        return a->absent ? INTR_CPU_ABSENT : INTR_APIC_DISABLED;
    }
    if (!a->software && (vectored || msg->mode == 7)) {
        return INTR_APIC_SOFT_DISABLED;
    }
    if (!vectored) {
        return accept_other(m, a, msg->mode);
    }
    if (msg->vector < 16) {
        model_apic_error(m, a);
        return INTR_VECTOR_ILLEGAL;
    }
    a->tmr[msg->vector] = msg->level;
    if (!merges) {
        a->irr[msg->vector] = msg->rec;
        model_record(m, msg->rec)->accepted++;
    }
    return merges ? INTR_MERGED : INTR_DELIVERED;
}

/* What waits at LINT0 has its reason in the entry as it is now. */
static void lint_looks(Model *m, ModelApic *a)
{
    uint32_t *lvt = &a->lvt[LVT_LINT0];

    if (!a->enabled || !lint_is_level(a)) {
        *lvt &= ~REMOTE_IRR;
    } else if (lint_is_active(a, 0) && !(*lvt & (MASKED | REMOTE_IRR))) {
        model_apic_fire(m, a, LVT_LINT0);
    }
    if (!lint_is_active(a, 0)) {
        model_withdraw(m, &a->lint_waits, INTR_LINE_FELL);
    } else if ((*lvt & MASKED) && lint_is_level(a)) {
        model_withdraw(m, &a->lint_waits, INTR_LVT_MASKED);
    }
}

/* 11.8.5. */
void model_apic_eoi(Model *m, ModelApic *a)
{
    int v = highest(a->isr);
    uint32_t lint;

    if (v < 0) {
        return;
    }
    gone(m, &a->isr[v], INTR_ENDED);
    if (!a->tmr[v]) {
        return;
    }
    lint = a->lvt[LVT_LINT0];
    if ((lint & REMOTE_IRR) && (lint & 0xff) == (uint32_t)v) {
        a->lvt[LVT_LINT0] &= ~REMOTE_IRR;
        lint_looks(m, a);
    }
    model_pin_eoi(m, (uint8_t)v);
}

void model_apic_svr(Model *m, ModelApic *a, bool software)
{
    a->software = software;
    for (unsigned i = 0; !software && i < LVT_ENTRIES; i++) {
        a->lvt[i] |= MASKED;
    }
    if (!software && lint_is_level(a)) {
        model_withdraw(m, &a->lint_waits, INTR_LVT_MASKED);
    }
}

/* Figure 11-8: what each entry has. */
void model_apic_lvt(Model *m, ModelApic *a, unsigned entry, uint32_t value)
{
    static const uint32_t has[LVT_ENTRIES] = {0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

    a->lvt[entry] = (value & has[entry]) | (a->lvt[entry] & REMOTE_IRR);
    if (!a->software) {
        a->lvt[entry] |= MASKED;
    }
    if (entry == LVT_LINT0) {
        lint_looks(m, a);
    }
}

static IntrResult entry_says(const ModelApic *a, unsigned entry, unsigned mode)
{
    uint32_t lvt = a->lvt[entry];

    if (!a->enabled) {
        return INTR_APIC_DISABLED;
    }
    if (lvt & MASKED) {
        return INTR_LVT_MASKED;
    }
    if (lvt & REMOTE_IRR) {
        return INTR_REMOTE_IRR;
    }
    if (mode == 7) {
        return INTR_TAKEN_EXTINT;
    }
    return mode == 0 || mode == 2 || mode == 4 || mode == 5 ? INTR_DELIVERED : INTR_RESERVED_MODE;
}

/* 11.5.1. */
void model_apic_fire(Model *m, ModelApic *a, unsigned entry)
{
    bool has_mode = entry != LVT_TIMER && entry != LVT_ERROR;
    ModelMsg msg = {.dest = a->id,
                    .vector = a->lvt[entry] & 0xff,
                    .mode = has_mode ? (uint8_t)mode_of(a->lvt[entry]) : 0,
                    .level = entry == LVT_LINT0 && lint_is_level(a),
                    .asserted = true};
    IntrResult why = entry_says(a, entry, msg.mode);

    if (entry == LVT_LINT0 && a->lint_waits) {
        msg.rec = a->lint_waits;
        a->lint_waits = 0;
    } else {
        msg.rec = model_open(m, JOURNAL_LVT, entry);
    }
    if (why == INTR_DELIVERED) {
        if (msg.level && msg.vector >= 16) {
            a->lvt[entry] |= REMOTE_IRR;
        }
        why = model_apic_accept(m, a, &msg);
    } else if (why == INTR_REMOTE_IRR) {
        a->lint_waits = msg.rec;
    }
    model_state(m, msg.rec, why);
}

void model_apic_lint(Model *m, ModelApic *a, unsigned n, bool level)
{
    if (a->lint[n] == level) {
        return;
    }
    a->lint[n] = level;
    if (!a->enabled) {
        if (n == 1 && level) { /* 11.4.3: it is the NMI pin then */
            model_state(m, model_open(m, JOURNAL_LVT, LVT_LINT1),
                        a->absent ? INTR_CPU_ABSENT : INTR_TAKEN_NMI);
        }
    } else if (lint_is_active(a, n)) {
        model_apic_fire(m, a, LVT_LINT0 + n);
    } else if (n == 0) {
        model_withdraw(m, &a->lint_waits, INTR_LINE_FELL);
    }
}

/* Table 11-3, and NMI with every shorthand, as processors send it. */
static bool icr_can_send(unsigned mode, unsigned shorthand)
{
    bool listed = shorthand == 0 || shorthand == 3;

    return mode == 0 || mode == 4 || (listed && (mode == 1 || mode == 2 || mode == 5 || mode == 6));
}

void model_apic_icr(Model *m, ModelApic *a, uint32_t icr, uint32_t dest)
{
    unsigned shorthand = icr >> 18 & 3;
    ModelMsg msg = {.rec = model_open(m, JOURNAL_IPI, 0),
                    .dest = dest,
                    .vector = icr & 0xff,
                    .mode = icr >> 8 & 7,
                    .logical = icr >> 11 & 1,
                    .one = (icr >> 8 & 7) == 1,
                    .asserted = true};

    if (msg.mode == 5 && (icr & 1 << 15) && !(icr & 1 << 14)) {
        model_state(m, msg.rec, INTR_DEASSERTED);
    } else if (!icr_can_send(msg.mode, shorthand)) {
        model_state(m, msg.rec, INTR_ICR_INVALID);
    } else {
        if (msg.mode <= 1 && msg.vector < 16) {
            model_apic_error(m, a);
        }
        if (shorthand == 0) {
            model_bus(m, &msg);
        } else if (shorthand == 1) {
            model_state(m, msg.rec, model_apic_accept(m, a, &msg));
        } else {
            model_bus_all(m, &msg, shorthand == 3 ? a : NULL);
        }
    }
}
