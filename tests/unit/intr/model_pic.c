/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The i8259 pair: 8259A data sheet; ELCR by ICH9 13.4.10. Inputs are walked in order of priority.
 */
#include "intr/model.h"

#define CASCADE 2u

static bool asks(const ModelPicInput *in)
{
    return in->edge || (in->line && in->level);
}

/* The input that the chip's INT is up for, or -1. */
static int first(const ModelPicChip *c)
{
    for (unsigned k = 1; k <= 8; k++) {
        unsigned n = (c->lowest + k) % 8;
        const ModelPicInput *in = &c->in[n];
        bool open = asks(in) && !in->masked;

        if (in->serving && !(c->special && in->masked)) {
            return c->fully && n == CASCADE && open ? (int)n : -1;
        }
        if (open) {
            return (int)n;
        }
    }
    return -1;
}

static void falls(ModelPicChip *c, unsigned n)
{
    bool was = first(c) >= 0;

    c->in[n].line = c->in[n].edge = false;
    c->gone = c->gone || (was && first(c) < 0);
}

static bool is_off(const Model *m)
{
    if (!m->pic[0].started) {
        return true;
    }
    for (unsigned n = 0; n < 16; n++) {
        if (!m->pic[n / 8].in[n % 8].masked) {
            return false;
        }
    }
    return true;
}

static IntrResult waits_for(const Model *m, unsigned chip, unsigned n)
{
    const ModelPicChip *c = &m->pic[chip];

    if (c->in[n].masked) {
        return INTR_PIC_MASKED;
    }
    if (first(c) != (int)n) {
        return INTR_PIC_HELD;
    }
    return chip == 0 ? INTR_PIC_REQUESTED : waits_for(m, 0, CASCADE);
}

static void input_settles(Model *m, unsigned chip, unsigned n)
{
    ModelPicInput *in = &m->pic[chip].in[n];

    if (in->takes && !in->serving) {
        model_withdraw(m, &in->takes, INTR_ENDED);
    }
    if (!asks(in)) {
        model_withdraw(m, &in->waits, INTR_PIC_SET_UP);
        return;
    }
    if (!in->waits && !is_off(m) && !(in->level && in->serving)) {
        in->waits = model_open(m, JOURNAL_PIC, 8 * chip + n);
    }
    if (in->waits) {
        model_state(m, in->waits, waits_for(m, chip, n));
    }
}

/* The slave's INT is an input of the master; then what each request waits for. */
static void settles(Model *m)
{
    ModelPicChip *slave = &m->pic[1];

    if (first(slave) >= 0 || slave->gone) {
        m->pic[0].in[CASCADE].edge = true;
    } else {
        falls(&m->pic[0], CASCADE);
    }
    for (unsigned n = 0; n < 16; n++) {
        if (n != CASCADE) {
            input_settles(m, n / 8, n % 8);
        }
    }
}

void model_pic_line(Model *m, unsigned n, bool level)
{
    ModelPicChip *c = &m->pic[n / 8];
    ModelPicInput *in = &c->in[n % 8];
    bool asked = first(c) == (int)(n % 8);

    if (level) {
        in->edge = in->edge || (!in->line && !in->level);
        in->line = true;
    } else {
        falls(c, n % 8);
        if (asked && first(c) < 0 && !c->gone_rec) {
            c->gone_rec = in->waits;
            in->waits = 0;
        }
        model_withdraw(m, &in->waits, INTR_LINE_FELL);
    }
    settles(m);
}

static void chip_forgets(Model *m, ModelPicChip *c, IntrResult why)
{
    model_withdraw(m, &c->gone_rec, why);
    for (unsigned n = 0; n < 8; n++) {
        ModelPicInput *in = &c->in[n];

        model_withdraw(m, &in->waits, why);
        model_withdraw(m, &in->takes, why);
        in->edge = in->masked = in->serving = false;
    }
    c->gone = c->special = c->polls = c->automatic = c->rotates = c->fully = false;
    c->lowest = 7;
}

static void ends(ModelPicChip *c, unsigned n, bool rotate)
{
    c->in[n].serving = false;
    c->lowest = rotate ? n : c->lowest;
}

static void ends_first(ModelPicChip *c, bool rotate)
{
    for (unsigned k = 1; k <= 8; k++) {
        unsigned n = (c->lowest + k) % 8;

        if (c->in[n].serving && !(c->special && c->in[n].masked)) {
            ends(c, n, rotate);
            return;
        }
    }
}

static void command(Model *m, ModelPicChip *c, uint8_t value)
{
    unsigned n = value & 7;

    if (value & 0x10) {
        chip_forgets(m, c, INTR_PIC_SET_UP);
        c->icw = 2;
        c->started = true;
        c->last_icw = value & 1 ? 4 : 3;
        c->single = value & 2;
    } else if (value & 8) {
        c->special = value & 0x40 ? value & 0x20 : c->special;
        c->polls = c->polls || value & 4;
    } else if ((value & 0x60) == 0x20) {
        ends_first(c, value & 0x80);
    } else if ((value & 0x60) == 0x60) {
        ends(c, n, value & 0x80);
    } else if ((value & 0x60) == 0) {
        c->rotates = value & 0x80;
    } else if (value & 0x80) {
        c->lowest = n;
    }
}

static void parameter(ModelPicChip *c, uint8_t value)
{
    if (c->icw == 0) {
        for (unsigned n = 0; n < 8; n++) {
            c->in[n].masked = value >> n & 1;
        }
        return;
    }
    if (c->icw == 4) {
        c->automatic = value & 2;
        c->fully = value & 0x10;
    }
    c->icw += c->icw == 2 && c->single ? 2 : 1;
    c->icw = c->icw > c->last_icw ? 0 : c->icw;
}

void model_pic_write(Model *m, unsigned chip, bool second, uint8_t value)
{
    if (second) {
        parameter(&m->pic[chip], value);
    } else {
        command(m, &m->pic[chip], value);
    }
    settles(m);
}

void model_pic_levels(Model *m, unsigned chip, uint8_t value)
{
    static const uint8_t wired[] = {0xf8, 0xde};

    for (unsigned n = 0; n < 8; n++) {
        m->pic[chip].in[n].level = value & wired[chip] & 1u << n;
    }
    settles(m);
}

static void taken(Model *m, ModelPicChip *c, unsigned chip, unsigned n)
{
    ModelPicInput *in = &c->in[n];

    in->takes = in->waits ? in->waits : model_open(m, JOURNAL_PIC, 8 * chip + n);
    in->waits = 0;
    model_state(m, in->takes, INTR_TAKEN);
}

/* The input that an acknowledge, or a poll, gets of a chip. */
static unsigned acknowledged(Model *m, unsigned chip, bool polled)
{
    ModelPicChip *c = &m->pic[chip];
    int n = first(c);

    if (n < 0 && !polled) {
        c->gone_rec = c->gone_rec ? c->gone_rec : model_open(m, JOURNAL_PIC, 8 * chip + 7);
        model_state(m, c->gone_rec, INTR_PIC_SPURIOUS);
        c->gone_rec = 0;
    }
    model_withdraw(m, &c->gone_rec, INTR_LINE_FELL);
    c->gone = false;
    if (n < 0) {
        return 7;
    }
    if (chip == 1 || n != CASCADE) {
        taken(m, c, chip, (unsigned)n);
    }
    c->in[n].edge = false;
    c->in[n].serving = true;
    if (c->automatic) {
        ends(c, (unsigned)n, c->rotates);
    }
    return (unsigned)n;
}

void model_pic_ack(Model *m)
{
    if (acknowledged(m, 0, false) == CASCADE) {
        acknowledged(m, 1, false);
    }
    settles(m);
}

void model_pic_read(Model *m, unsigned chip)
{
    if (m->pic[chip].polls) {
        acknowledged(m, chip, true);
        m->pic[chip].polls = false;
        settles(m);
    }
}

void model_pic_reset(Model *m)
{
    for (unsigned chip = 0; chip < 2; chip++) {
        ModelPicChip *c = &m->pic[chip];

        chip_forgets(m, c, INTR_DEVICE_RESET);
        c->icw = 0;
        c->started = false;
        for (unsigned n = 0; n < 8; n++) {
            c->in[n].level = false;
        }
    }
    settles(m);
}
