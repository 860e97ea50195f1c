/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The i8259 pair's inputs in the journal: a record from the request to its acknowledge and on to
 * its EOI. A pair whose inputs are all masked, as kernels leave it that use IOAPICs, or that nobody
 * has initialised is turned off: nobody means to interrupt by it, and there are no records until
 * somebody does.
 */
#include "hw/intc/i8259_internal.h"
#include "hw/intr/stages.h"

static Journal *pic_journal(const PicState *s)
{
    return s->dev.platform->journal;
}

static bool pic_is_off(const PicState *s)
{
    return s->chips[MASTER].icw1 == 0 || (s->chips[MASTER].imr & s->chips[SLAVE].imr) == UINT8_MAX;
}

/* By input of the pair, a bit each. */
static uint16_t pic_pair(uint8_t master, uint8_t slave)
{
    return (uint16_t)(master | slave << PIC_PINS);
}

static uint16_t pic_requests(const PicState *s)
{
    return pic_pair(pic_chip_requests(&s->chips[MASTER]) & (uint8_t)~CASCADE_BIT,
                    pic_chip_requests(&s->chips[SLAVE]));
}

static uint16_t pic_in_service(const PicState *s)
{
    return pic_pair(s->chips[MASTER].isr, s->chips[SLAVE].isr);
}

static void note_open(PicRecords *r, unsigned n)
{
    uint16_t bit = (uint16_t)(1u << n);

    r->open = (uint16_t)(r->waiting[n] || r->taken[n] ? r->open | bit : r->open & ~bit);
}

static IntrResult chip_waits_for(const PicChip *c, unsigned pin)
{
    if (c->imr & 1u << pin) {
        return INTR_PIC_MASKED;
    }
    return pic_chip_pending(c) == (int)pin ? INTR_PIC_REQUESTED : INTR_PIC_HELD;
}

/* A slave's input goes on to the cascade. */
static IntrResult pic_waits_for(const PicState *s, unsigned n)
{
    IntrResult why = chip_waits_for(&s->chips[n / PIC_PINS], n % PIC_PINS);

    return n >= PIC_PINS && why == INTR_PIC_REQUESTED
               ? chip_waits_for(&s->chips[MASTER], CASCADE_PIN)
               : why;
}

static uint64_t pic_record(PicState *s, uint64_t *waiting, unsigned n)
{
    return journal_reopen(pic_journal(s), waiting, JOURNAL_PIC, s->dev.id, 0, n);
}

/* A level that is in service asks for nothing more until its EOI. */
static bool asks_anew(const PicState *s, unsigned n)
{
    const PicChip *c = &s->chips[n / PIC_PINS];

    return !pic_is_off(s) && !(c->isr & c->elcr & 1u << n % PIC_PINS);
}

static void update_request(PicState *s, unsigned n, bool requested)
{
    uint64_t *waiting = &s->records.waiting[n];

    if (!requested) {
        journal_withdraw(pic_journal(s), waiting, INTR_PIC_SET_UP); /* ELCR: it is no level now */
        return;
    }
    if (*waiting == 0 && asks_anew(s, n)) {
        *waiting = pic_record(s, waiting, n);
    }
    journal_wait_on(pic_journal(s), *waiting, pic_waits_for(s, n));
}

static void end_service(PicState *s, unsigned n, IntrResult how)
{
    journal_eoi(pic_journal(s), s->records.taken[n], s->records.apic_id, how);
    s->records.taken[n] = 0;
}

void pic_journal_update(PicState *s)
{
    PicRecords *r = &s->records;
    uint16_t requests = pic_requests(s), in_service = pic_in_service(s);

    if (r->open == 0 && (requests == 0 || pic_is_off(s))) {
        return;
    }
    for (unsigned rest = r->open | requests; rest; rest &= rest - 1) {
        unsigned n = (unsigned)__builtin_ctz(rest);

        if (r->taken[n] && !(in_service & 1u << n)) {
            end_service(s, n, INTR_ENDED);
        }
        update_request(s, n, requests & 1u << n);
        note_open(r, n);
    }
}

void pic_journal_fell(PicState *s, unsigned n, bool asked)
{
    PicRecords *r = &s->records;
    unsigned chip = n / PIC_PINS;

    if (asked && r->gone[chip] == 0 && pic_chip_pending(&s->chips[chip]) < 0) {
        r->gone[chip] = r->waiting[n]; /* INT stays up */
        r->waiting[n] = 0;
    } else {
        journal_withdraw(pic_journal(s), &r->waiting[n], INTR_LINE_FELL);
    }
    note_open(r, n);
}

static void pic_take(PicState *s, unsigned n, uint64_t serial, int vector)
{
    const PicChip *c = &s->chips[n / PIC_PINS];

    journal_acknowledged(pic_journal(s), serial, vector, s->records.apic_id,
                         c->elcr & 1u << n % PIC_PINS);
    journal_taken(pic_journal(s), serial, s->records.apic_id);
    s->records.taken[n] = serial;
}

void pic_journal_passed(PicState *s)
{
    journal_withdraw(pic_journal(s), &s->records.gone[MASTER], INTR_LINE_FELL);
}

void pic_journal_ack(PicState *s, unsigned n, bool spurious, int vector)
{
    PicRecords *r = &s->records;
    uint64_t *gone = &r->gone[n / PIC_PINS];

    if (!spurious || vector < 0) {
        journal_withdraw(pic_journal(s), gone, INTR_LINE_FELL);
    }
    if (!spurious) {
        pic_take(s, n, pic_record(s, &r->waiting[n], n), vector);
        note_open(r, n);
    } else if (vector >= 0) {
        uint64_t serial = pic_record(s, gone, n);

        journal_acknowledged(pic_journal(s), serial, vector, r->apic_id, false);
        journal_end(pic_journal(s), serial, INTR_PIC_SPURIOUS);
    }
}

void pic_journal_forget(PicState *s, unsigned chip, IntrResult why)
{
    journal_withdraw(pic_journal(s), &s->records.gone[chip], why);
    for (unsigned n = chip * PIC_PINS; n < (chip + 1) * PIC_PINS; n++) {
        journal_withdraw(pic_journal(s), &s->records.waiting[n], why);
        end_service(s, n, why);
        note_open(&s->records, n);
    }
}
