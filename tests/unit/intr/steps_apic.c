/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random steps of CPUs at their local APICs. */
#include "intr/world.h"
#include "tests/include/apic.h"

typedef struct {
    unsigned n;
    ApicState *real;
    ModelApic *model;
} Who;

static Who who(World *w, unsigned n)
{
    return (Who){n, apic_from_device(w->rig.apic_devs[n]), &w->model.apics[n]};
}

/* Whichever way the local APIC's mode has. */
static void write_reg(const Who *a, uint32_t reg, uint32_t value)
{
    if (a->model->x2) {
        g_assert_true(apic_msr_write(a->real, MSR_X2APIC_FIRST + reg / 16, value));
    } else {
        apic_mmio_write(a->real, reg, value, 4);
    }
}

static void svr(World *w, const Who *a, bool on)
{
    world_say(w, "apic %u: by software %s", a->n, on ? "enabled" : "disabled");
    write_reg(a, APIC_SVR, 0xff | on << 8);
    if (a->model->enabled) {
        model_apic_svr(&w->model, a->model, on);
    }
}

/* From here to the next mode that the SDM's figure 11-27 allows. */
static void mode(World *w, const Who *a, bool extended)
{
    ModelApic *m = a->model;
    bool on = !m->enabled || (extended && !m->x2);
    uint64_t base = 0xfee00000 | (a->n == 0) << 8 | on << 11;

    m->x2 = on && m->enabled;
    world_say(w, "apic %u: %s", a->n, m->x2 ? "x2APIC" : on ? "xAPIC" : "disabled");
    g_assert_true(apic_msr_write(a->real, MSR_IA32_APIC_BASE, base | m->x2 << 10));
    m->enabled = on;
    if (!on) {
        model_apic_reset(&w->model, m);
    }
}

static void priority(World *w, const Who *a)
{
    static const uint8_t tprs[] = {0, 0, 0x20, 0x35, 0x60, 0xf0};
    uint8_t tpr = WORLD_PICK(w, tprs);

    world_say(w, "apic %u: TPR %#x", a->n, tpr);
    write_reg(a, APIC_TPR, tpr);
    a->model->tpr = a->model->enabled ? tpr : a->model->tpr;
}

static void logical_id(World *w, const Who *a)
{
    uint32_t ldr = (uint32_t)(world_draw(w, 4) ? 1u << world_draw(w, 3) : world_draw(w, 256)) << 24;
    uint32_t dfr = world_draw(w, 3) ? UINT32_MAX : 0x0fffffff;

    if (a->model->x2 || !a->model->enabled) {
        return;
    }
    world_say(w, "apic %u: LDR %#x DFR %#x", a->n, ldr, dfr);
    write_reg(a, APIC_LDR, ldr);
    write_reg(a, APIC_DFR, dfr);
    a->model->ldr = ldr;
    a->model->dfr = dfr;
}

static void write_entry(World *w, const Who *a, unsigned entry, uint32_t value)
{
    world_say(w, "apic %u: LVT %u is %#x", a->n, entry, value);
    write_reg(a, APIC_LVT_TIMER + 16 * entry, value);
    if (a->model->enabled) {
        model_apic_lvt(&w->model, a->model, entry, value);
    }
}

static void lvt(World *w, const Who *a)
{
    unsigned entry = world_draw(w, 3) ? LVT_LINT0 + world_draw(w, 3) : world_draw(w, LVT_ENTRIES);
    uint32_t value = world_vector(w) | (world_draw(w, 4) == 0) << 16;

    if (entry != LVT_TIMER && entry != LVT_ERROR && world_draw(w, 3) == 0) {
        value |= world_draw(w, 8) << 8;
    }
    if (entry == LVT_LINT0 || entry == LVT_LINT1) {
        value |= (world_draw(w, 4) == 0) << 13 | world_flip(w) << 15;
    }
    write_entry(w, a, entry, value);
}

/* LINT0's entry but for its mask, its polarity or its trigger mode. */
static void lint_entry(World *w, const Who *a)
{
    static const uint32_t bits[] = {1 << 16, 1 << 16, 1 << 13, 1 << 13, 1 << 15};

    write_entry(w, a, LVT_LINT0, (a->model->lvt[LVT_LINT0] & 0x1a7ff) ^ WORLD_PICK(w, bits));
}

static void lint(World *w, const Who *a)
{
    unsigned n = world_draw(w, 4) == 0;
    bool level = !a->model->lint[n];

    world_say(w, "apic %u: LINT%u %s", a->n, n, level ? "up" : "down");
    irq_set(&w->lint[a->n][n], level);
    model_apic_lint(&w->model, a->model, n, level);
}

static void send_icr(World *w, const Who *a, uint32_t icr, uint32_t dest)
{
    if (a->model->x2) {
        g_assert_true(apic_msr_write(a->real, 0x830, (uint64_t)dest << 32 | icr));
    } else {
        write_reg(a, APIC_ICR_HIGH, dest << 24);
        write_reg(a, APIC_ICR, icr);
        dest &= 0xff;
    }
    if (a->model->enabled) {
        model_apic_icr(&w->model, a->model, icr, dest);
    }
}

static void ipi(World *w, const Who *a)
{
    uint32_t dest = world_dest(w, a->model->x2), icr;

    icr = world_vector(w) | (uint32_t)world_mode(w) << 8 | world_draw(w, 2) << 11 |
          world_draw(w, 4) << 14 | (world_flip(w) ? world_draw(w, 4) << 18 : 0);
    world_say(w, "apic %u: ICR %#x to %#x", a->n, icr, dest);
    send_icr(w, a, icr, dest);
}

static void self_ipi(World *w, const Who *a)
{
    uint8_t vector = world_vector(w);

    if (a->model->x2) {
        world_say(w, "apic %u: self IPI %#x", a->n, vector);
        g_assert_true(apic_msr_write(a->real, 0x83f, vector));
        model_apic_icr(&w->model, a->model, 1 << 18 | vector, a->model->id);
    }
}

static void take(World *w, const Who *a)
{
    world_say(w, "apic %u: the CPU takes", a->n);
    apic_ack(a->real);
    model_apic_take(&w->model, a->model);
}

static void eoi(World *w, const Who *a)
{
    world_say(w, "apic %u: EOI", a->n);
    write_reg(a, APIC_EOI, 0);
    if (a->model->enabled) {
        model_apic_eoi(&w->model, a->model);
    }
}

static void clear_errors(World *w, const Who *a)
{
    world_say(w, "apic %u: ESR", a->n);
    write_reg(a, APIC_ESR, 0);
    a->model->error = a->model->error && !a->model->enabled;
}

/* The count ends while nothing else is due. */
static void timer(World *w, const Who *a)
{
    world_time(w, 20 * NS_PER_US);
    world_say(w, "apic %u: the timer's count ends", a->n);
    write_reg(a, APIC_TIMER_INITIAL, 1);
    world_time(w, NS_PER_US);
    if (a->model->enabled && !(a->model->lvt[LVT_TIMER] & 1 << 16)) {
        model_apic_fire(&w->model, a->model, LVT_TIMER);
    }
}

static void reset(World *w, const Who *a)
{
    if (world_flip(w)) {
        world_say(w, "apic %u: INIT", a->n);
        apic_init_reset(a->real);
    } else {
        world_say(w, "apic %u: reset", a->n);
        device_reset(w->rig.apic_devs[a->n]);
        a->model->enabled = !a->model->absent;
        a->model->x2 = false;
    }
    model_apic_reset(&w->model, a->model);
}

/* Its processor is taken out, or plugged in again. */
static void presence(World *w, const Who *a)
{
    ModelApic *m = a->model;

    m->absent = !m->absent;
    m->enabled = !m->absent;
    m->x2 = false;
    world_say(w, "apic %u: %s", a->n, m->absent ? "taken out" : "plugged in");
    apic_set_present(a->real, !m->absent);
    model_apic_reset(&w->model, m);
}

static void change_mode(World *w, const Who *a)
{
    mode(w, a, world_flip(w));
}

static void change_svr(World *w, const Who *a)
{
    svr(w, a, world_draw(w, 4));
}

void step_apic(World *w)
{
    static const struct {
        unsigned weight;
        void (*step)(World *w, const Who *a);
    } rows[] = {{22, take},    {6, lint_entry},  {18, eoi},  {12, ipi},         {4, self_ipi},
                {6, lvt},      {16, lint},       {4, timer}, {4, logical_id},   {4, change_svr},
                {4, priority}, {3, change_mode}, {2, reset}, {3, clear_errors}, {2, presence}};
    Who a = who(w, world_flip(w) ? 0 : world_draw(w, w->rig.apic_count));
    int n = (int)world_draw(w, 110);

    for (unsigned i = 0;; i++) {
        n -= (int)rows[i].weight;
        if (n >= 0) {
            continue;
        }
        if (!a.model->absent) {
            rows[i].step(w, &a);
        } else { /* nobody is there to do anything else; the wires go on */
            (world_flip(w) ? presence : lint)(w, &a);
        }
        return;
    }
}

void world_set_up_apics(World *w)
{
    for (unsigned i = 0; i < w->rig.apic_count; i++) {
        Who a = who(w, i);

        for (unsigned k = world_draw(w, 8) ? world_draw(w, 2) : 2; k > 0; k--) {
            mode(w, &a, k == 1 && w->model.apics[i].enabled && world_draw(w, 4));
        }
        svr(w, &a, world_draw(w, 6));
        logical_id(w, &a);
        lvt(w, &a);
        lvt(w, &a);
    }
}
