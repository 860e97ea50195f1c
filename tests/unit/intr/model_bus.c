/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets a message, by the SDM's 11.6.2, 11.11 and 11.12.10. */
#include "intr/model.h"

typedef struct {
    const ModelMsg *msg;
    bool named[MODEL_APICS];
    bool x2_second;
} Round;

/* 11.6.2.2: flat and cluster model. */
static bool matches_xapic(const ModelApic *a, uint32_t dest)
{
    uint8_t id = a->ldr >> 24, mda = (uint8_t)dest;

    if (dest > 0xff || id == 0) {
        return false;
    }
    if (a->dfr >> 28 == 0xf) {
        return id & mda;
    }
    return a->dfr >> 28 == 0 && id >> 4 == mda >> 4 && (id & mda & 0xf);
}

/* 11.12.10.2: the logical id follows from the id. */
static bool matches_x2apic(const ModelApic *a, uint32_t dest)
{
    return dest >> 16 == a->id >> 4 && (dest >> (a->id & 15) & 1);
}

/* A local APIC that is disabled is on the bus only for who names it, or truly all. */
static bool is_named(const ModelApic *a, const ModelMsg *msg)
{
    if (msg->dest == UINT32_MAX) {
        return !a->absent;
    }
    if (msg->dest == 0xff && a->enabled && !a->x2) {
        return true;
    }
    if (!msg->logical) {
        return a->id == msg->dest;
    }
    if (a->x2) {
        return matches_x2apic(a, msg->dest);
    }
    return a->enabled && matches_xapic(a, msg->dest);
}

static unsigned class_of_highest(const uint32_t *set)
{
    for (unsigned v = 255; v > 0; v--) {
        if (set[v]) {
            return v & 0xf0;
        }
    }
    return 0;
}

/* 11.6.2.4, APR. */
static unsigned arbitration(const ModelApic *a)
{
    unsigned tpr = a->tpr & 0xf0, irrv = class_of_highest(a->irr), isrv = class_of_highest(a->isr);

    return tpr >= irrv && tpr > isrv ? a->tpr : MAX(tpr & isrv, irrv);
}

static bool would_take(const ModelApic *a, unsigned mode)
{
    return a->enabled && (a->software || !(mode <= 1 || mode == 7));
}

/* The one with the lowest priority; among equals it goes round. */
static int choose(const Model *m, const Round *r)
{
    int best = -1;

    for (unsigned i = 0; i < m->apic_count; i++) {
        unsigned k = (m->turn + i) % m->apic_count;

        if (r->named[k] && would_take(&m->apics[k], r->msg->mode) &&
            (best < 0 || arbitration(&m->apics[k]) < arbitration(&m->apics[best]))) {
            best = (int)k;
        }
    }
    return best;
}

/* The best that can be said of all answers together. */
static IntrResult better(IntrResult a, IntrResult b)
{
    static const IntrResult order[] = {
        INTR_DELIVERED,          INTR_TAKEN_SMI,     INTR_TAKEN_NMI,  INTR_TAKEN_INIT,
        INTR_TAKEN_SIPI,         INTR_TAKEN_EXTINT,  INTR_MERGED,     INTR_VECTOR_ILLEGAL,
        INTR_APIC_SOFT_DISABLED, INTR_APIC_DISABLED, INTR_CPU_ABSENT, INTR_NO_APIC};

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (order[i] == a || order[i] == b) {
            return order[i];
        }
    }
    g_assert_not_reached();
}

/* Of a logical destination, x2APICs come second. No specification tells an order; it shows where
 * several have the error of one message to tell of. */
static bool is_turn(const ModelApic *a, const Round *r, bool second)
{
    return (r->x2_second && a->x2) == second;
}

static void deliver(Model *m, Round *r)
{
    IntrResult answer = INTR_NO_APIC;
    int chosen = r->msg->one ? choose(m, r) : -1;

    for (unsigned k = 0; k < 2 * m->apic_count; k++) {
        unsigned i = k % m->apic_count;

        if (r->named[i] && is_turn(&m->apics[i], r, k >= m->apic_count) &&
            (!r->msg->one || !would_take(&m->apics[i], r->msg->mode))) {
            answer = better(answer, model_apic_accept(m, &m->apics[i], r->msg));
        }
    }
    if (chosen >= 0) {
        m->turn = ((unsigned)chosen + 1) % m->apic_count;
        answer = better(answer, model_apic_accept(m, &m->apics[chosen], r->msg));
    }
    model_state(m, r->msg->rec, answer);
}

void model_bus(Model *m, const ModelMsg *msg)
{
    Round r = {.msg = msg, .x2_second = msg->logical && msg->dest != UINT32_MAX};

    if (msg->level && !msg->asserted) {
        model_state(m, msg->rec, INTR_DEASSERTED);
    } else if (msg->mode == 3) {
        model_state(m, msg->rec, INTR_RESERVED_MODE);
    } else {
        for (unsigned i = 0; i < m->apic_count; i++) {
            r.named[i] = is_named(&m->apics[i], msg);
        }
        deliver(m, &r);
    }
}

void model_bus_all(Model *m, const ModelMsg *msg, const ModelApic *except)
{
    Round r = {.msg = msg};

    for (unsigned i = 0; i < m->apic_count; i++) {
        r.named[i] = &m->apics[i] != except && !m->apics[i].absent;
    }
    deliver(m, &r);
}

/* 11.11.1 and 11.11.2. Delivery mode 110b is reserved in messages. */
ModelMsg model_message(uint32_t rec, uint64_t address, uint32_t data)
{
    uint8_t mode = data >> 8 & 7;
    bool level = data >> 15 & 1;

    return (ModelMsg){.rec = rec,
                      .dest = (uint32_t)(address >> 12 & 0xff) | (uint32_t)(address >> 40) << 8,
                      .vector = data & 0xff,
                      .mode = mode == 6 ? 3 : mode,
                      .logical = address >> 2 & 1,
                      .one = mode == 1 || (mode == 0 && (address >> 3 & 1)),
                      .level = level,
                      .asserted = !level || (data >> 14 & 1)};
}
