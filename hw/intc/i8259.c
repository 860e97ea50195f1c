/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pair of 8259A interrupt controllers of a PC. Intel 8259A data sheet (order 231468); ELCR and
 * the fixed choices of a PC (cascade on input 2, LTIM ignored): ICH9 13.4 and 5.8.
 *
 * Left out: MCS-80/85 mode and buffered mode, which a PC cannot use.
 */
#include "hw/intc/i8259_internal.h"

#define PORT_MASTER 0x20
#define PORT_SLAVE  0xa0
#define PORT_ELCR   0x4d0

#define ICW1_SELECT    0x10u
#define ICW1_NEED_ICW4 0x01u
#define ICW1_SINGLE    0x02u
#define ICW2_BASE_MASK 0xf8u
#define ICW4_AEOI      0x02u
#define ICW4_SFNM      0x10u

#define OCW3_SELECT 0x08u
#define OCW3_POLL   0x04u
#define OCW3_RR     0x02u /* bit 0 is meant */
#define OCW3_RIS    0x01u
#define OCW3_ESMM   0x40u /* bit 5 is meant */
#define OCW3_SMM    0x20u

#define OCW2_LEVEL_MASK 0x07u
#define OCW2_CMD_SHIFT  5

#define POLL_INTERRUPT 0x80u

/* ELCR bits that exist: not IRQ 0, 1, 2, 8 and 13 (ICH9 13.4.10 and .11). */
static const uint8_t elcr_writable[2] = {0xf8, 0xde};

static PicState *pic_from(void *dev)
{
    return dev;
}

IrqOut *i8259_intr_out(Device *dev)
{
    return &pic_from(dev)->intr;
}

uint8_t pic_chip_requests(const PicChip *c)
{
    return c->irr | (c->lines & c->elcr);
}

/* The highest-priority input of `set`, in rotated order; PIC_PINS if it is empty. */
static unsigned chip_first(const PicChip *c, uint8_t set, unsigned *rank)
{
    unsigned first = (c->lowest + 1u) % PIC_PINS;
    unsigned rotated = (uint8_t)((set | set << PIC_PINS) >> first);

    *rank = rotated ? (unsigned)__builtin_ctz(rotated) : PIC_PINS;
    return rotated ? (first + *rank) % PIC_PINS : PIC_PINS;
}

/* The input that the chip would signal now, or -1. */
int pic_chip_pending(const PicChip *c)
{
    unsigned request_rank, service_rank;
    uint8_t in_service = c->special_mask ? c->isr & ~c->imr : c->isr;
    unsigned pin = chip_first(c, pic_chip_requests(c) & ~c->imr, &request_rank);
    unsigned serving = chip_first(c, in_service, &service_rank);

    if (pin == PIC_PINS) {
        return -1;
    }
    if (request_rank < service_rank) {
        return (int)pin;
    }
    /* Special fully nested mode: the slave may interrupt itself. */
    return c->sfnm && pin == CASCADE_PIN && serving == CASCADE_PIN ? (int)pin : -1;
}

static bool chip_int(const PicChip *c)
{
    return c->gone || pic_chip_pending(c) >= 0;
}

/*
 * Edge or level, an input must stay high until the acknowledge. If it falls before, INT stays up
 * and the acknowledge gets input 7 (data sheet, "Edge and Level Triggered Modes"; ICH9 5.8.4.2).
 */
static void chip_drop(PicChip *c, unsigned pin)
{
    uint8_t bit = (uint8_t)(1u << pin);
    bool was_pending = pic_chip_pending(c) >= 0;

    c->irr &= ~bit;
    c->lines &= ~bit;
    c->gone |= was_pending && pic_chip_pending(c) < 0;
}

static void chip_set_line(PicChip *c, unsigned pin, bool level)
{
    uint8_t bit = (uint8_t)(1u << pin);

    if (!level) {
        chip_drop(c, pin);
        return;
    }
    if (!(c->lines & bit) && !(c->elcr & bit)) {
        c->irr |= bit;
    }
    c->lines |= bit;
}

/* The cascade input is the slave's INT, a level; INTR is the master's. */
static void pic_update(PicState *s)
{
    PicChip *master = &s->chips[MASTER];

    if (chip_int(&s->chips[SLAVE])) {
        master->irr |= CASCADE_BIT;
    } else {
        chip_drop(master, CASCADE_PIN);
    }
    pic_journal_update(s);
    irq_set(&s->intr, chip_int(master));
}

static void pic_line(void *opaque, int n, bool level)
{
    PicState *s = opaque;
    PicChip *chip = &s->chips[n / PIC_PINS];

    if (n == CASCADE_PIN) {
        return; /* wired to the slave */
    }
    bool asked = pic_chip_pending(chip) == n % PIC_PINS;
    chip_set_line(chip, (unsigned)n % PIC_PINS, level);
    if (!level) {
        pic_journal_fell(s, (unsigned)n, asked);
    }
    pic_update(s);
}

static void chip_end(PicChip *c, unsigned pin, bool rotate)
{
    c->isr &= ~(1u << pin);
    if (rotate) {
        c->lowest = (uint8_t)pin;
    }
}

/* The acknowledge cycle of one chip: the input taken, or 7 for a request that went away. */
static unsigned chip_ack(PicChip *c)
{
    int pin = pic_chip_pending(c);

    c->gone = false;
    if (pin < 0) {
        return SPURIOUS_PIN; /* without its ISR bit */
    }
    c->irr &= ~(1u << pin);
    c->isr |= 1u << pin;
    if (c->auto_eoi) {
        chip_end(c, (unsigned)pin, c->rotate_on_aeoi);
    }
    return (unsigned)pin;
}

/* A CPU's acknowledge of one chip, whose vector then follows: the input. */
static unsigned pic_ack(PicState *s, unsigned chip, bool polled)
{
    PicChip *c = &s->chips[chip];
    bool spurious = pic_chip_pending(c) < 0;
    unsigned pin = chip_ack(c);

    if (chip != MASTER || pin != CASCADE_PIN || spurious) {
        pic_journal_ack(s, chip * PIC_PINS + pin, spurious, polled ? -1 : (int)(c->base + pin));
    } else {
        pic_journal_passed(s);
    }
    return pin;
}

int i8259_ack(void *dev, uint32_t apic_id)
{
    PicState *s = pic_from(dev);
    unsigned chip = MASTER, pin;
    int vector;

    s->records.apic_id = apic_id;
    pin = pic_ack(s, MASTER, false);
    if (pin == CASCADE_PIN) {
        chip = SLAVE;
        pin = pic_ack(s, SLAVE, false);
    }
    vector = (int)(s->chips[chip].base + pin);
    trace_event(s->dev.platform->trace, TRACE_PIC, "i8259_ack irq=%u vector=0x%02x",
                chip * PIC_PINS + pin, vector);
    pic_update(s);
    return vector;
}

/* Initialisation and operation command words. */

static void chip_icw1(PicChip *c, uint8_t value)
{
    c->icw1 = value;
    c->step = INIT_ICW2;
    c->irr = 0; /* edge sense is cleared: an input must rise again */
    c->gone = false;
    c->imr = 0;
    c->isr = 0;
    c->lowest = PIC_PINS - 1;
    c->special_mask = false;
    c->read_isr = false;
    c->poll = false;
    c->auto_eoi = false;
    c->rotate_on_aeoi = false;
    c->sfnm = false;
}

static void chip_eoi_unspecific(PicChip *c, bool rotate)
{
    unsigned rank;
    /* In special mask mode a masked one is not ended (data sheet, "Special Mask Mode"). */
    unsigned pin = chip_first(c, c->special_mask ? c->isr & ~c->imr : c->isr, &rank);

    if (pin < PIC_PINS) {
        chip_end(c, pin, rotate);
    }
}

static void chip_ocw2(PicChip *c, uint8_t value)
{
    unsigned pin = value & OCW2_LEVEL_MASK;

    switch (value >> OCW2_CMD_SHIFT) {
    case 0:
        c->rotate_on_aeoi = false;
        break;
    case 1:
        chip_eoi_unspecific(c, false);
        break;
    case 3:
        chip_end(c, pin, false);
        break;
    case 4:
        c->rotate_on_aeoi = true;
        break;
    case 5:
        chip_eoi_unspecific(c, true);
        break;
    case 6:
        c->lowest = (uint8_t)pin;
        break;
    case 7:
        chip_end(c, pin, true);
        break;
    default: /* 2: no operation */
        break;
    }
}

static void chip_ocw3(PicChip *c, uint8_t value)
{
    if (value & OCW3_ESMM) {
        c->special_mask = value & OCW3_SMM;
    }
    if (value & OCW3_POLL) {
        c->poll = true;
    } else if (value & OCW3_RR) {
        c->read_isr = value & OCW3_RIS;
    }
}

static void chip_next_icw(PicChip *c)
{
    switch (c->step) {
    case INIT_ICW2:
        if (!(c->icw1 & ICW1_SINGLE)) {
            c->step = INIT_ICW3;
            return;
        }
        /* fall through */
    case INIT_ICW3:
        c->step = c->icw1 & ICW1_NEED_ICW4 ? INIT_ICW4 : INIT_DONE;
        return;
    default:
        c->step = INIT_DONE;
    }
}

static void chip_write_data(PicChip *c, uint8_t value)
{
    switch (c->step) {
    case INIT_DONE:
        c->imr = value;
        return;
    case INIT_ICW2:
        c->base = value & ICW2_BASE_MASK;
        break;
    case INIT_ICW4:
        c->auto_eoi = value & ICW4_AEOI;
        c->sfnm = value & ICW4_SFNM;
        break;
    default: /* ICW3: the cascade is soldered */
        break;
    }
    chip_next_icw(c);
}

static void chip_write_command(PicChip *c, uint8_t value)
{
    if (value & ICW1_SELECT) {
        chip_icw1(c, value);
    } else if (value & OCW3_SELECT) {
        chip_ocw3(c, value);
    } else {
        chip_ocw2(c, value);
    }
}

static uint8_t pic_poll(PicState *s, PicChip *c)
{
    bool pending = pic_chip_pending(c) >= 0;
    unsigned pin = pic_ack(s, (unsigned)(c - s->chips), true);

    c->poll = false;
    return (uint8_t)(pending ? POLL_INTERRUPT | pin : pin);
}

static uint64_t chip_read(PicState *s, PicChip *c, uint64_t offset)
{
    uint8_t value;

    if (c->poll) {
        value = pic_poll(s, c);
        pic_update(s);
        return value;
    }
    if (offset == 1) {
        return c->imr;
    }
    return c->read_isr ? c->isr : pic_chip_requests(c);
}

static void chip_write(PicState *s, PicChip *c, uint64_t offset, uint8_t value)
{
    if (offset == 1) {
        chip_write_data(c, value);
    } else {
        chip_write_command(c, value);
    }
    if (offset == 0 && (value & ICW1_SELECT)) {
        pic_journal_forget(s, (unsigned)(c - s->chips), INTR_PIC_SET_UP);
    }
    pic_update(s);
}

static uint64_t master_read(void *opaque, uint64_t offset, unsigned size)
{
    PicState *s = opaque;

    return chip_read(s, &s->chips[MASTER], offset);
}

static void master_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PicState *s = opaque;

    chip_write(s, &s->chips[MASTER], offset, (uint8_t)value);
}

static uint64_t slave_read(void *opaque, uint64_t offset, unsigned size)
{
    PicState *s = opaque;

    return chip_read(s, &s->chips[SLAVE], offset);
}

static void slave_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PicState *s = opaque;

    chip_write(s, &s->chips[SLAVE], offset, (uint8_t)value);
}

static uint64_t elcr_read(void *opaque, uint64_t offset, unsigned size)
{
    PicState *s = opaque;

    return s->chips[offset].elcr;
}

static void elcr_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PicState *s = opaque;

    s->chips[offset].elcr = (uint8_t)value & elcr_writable[offset];
    pic_update(s);
}

static const MemOps master_ops = {master_read, master_write, 1, 1};
static const MemOps slave_ops = {slave_read, slave_write, 1, 1};
static const MemOps elcr_ops = {elcr_read, elcr_write, 1, 1};

I8259Pin i8259_pin(Device *dev, unsigned n)
{
    const PicChip *c = &pic_from(dev)->chips[n / PIC_PINS];
    uint8_t bit = (uint8_t)(1u << n % PIC_PINS);

    return (I8259Pin){.up = c->lines & bit,
                      .level = c->elcr & bit,
                      .requested = pic_chip_requests(c) & bit,
                      .masked = c->imr & bit,
                      .in_service = c->isr & bit};
}

void i8259_describe(Device *dev, GString *out)
{
    PicState *s = pic_from(dev);

    for (unsigned i = 0; i < 2; i++) {
        const PicChip *c = &s->chips[i];

        g_string_append_printf(out,
                               "pic%u: irr=%02x imr=%02x isr=%02x lines=%02x elcr=%02x base=%02x "
                               "lowest=%u smm=%d sfnm=%d aeoi=%d\n",
                               i, pic_chip_requests(c), c->imr, c->isr, c->lines, c->elcr, c->base,
                               c->lowest, c->special_mask, c->sfnm, c->auto_eoi);
    }
}

static bool pic_realize(Device *dev, GError **error)
{
    static const uint16_t bases[2] = {PORT_MASTER, PORT_SLAVE};
    static const char *const names[2] = {"i8259-master", "i8259-slave"};
    static const MemOps *const ops[2] = {&master_ops, &slave_ops};
    PicState *s = pic_from(dev);

    for (unsigned i = 0; i < 2; i++) {
        s->ports[i] =
            (MemRegion){.name = names[i], .size = 2, .kind = MEM_IO, .ops = ops[i], .opaque = s};
        as_add(dev->platform->ports, &s->ports[i], bases[i]);
    }
    s->elcr_ports =
        (MemRegion){.name = "i8259-elcr", .size = 2, .kind = MEM_IO, .ops = &elcr_ops, .opaque = s};
    as_add(dev->platform->ports, &s->elcr_ports, PORT_ELCR);
    device_add_irq_in(dev, "", s->lines, 2 * PIC_PINS, pic_line, s);
    device_add_irq_out(dev, "", &s->intr, 1);
    return true;
}

static void pic_unrealize(Device *dev)
{
    PicState *s = pic_from(dev);

    as_remove(dev->platform->ports, &s->elcr_ports);
    as_remove(dev->platform->ports, &s->ports[SLAVE]);
    as_remove(dev->platform->ports, &s->ports[MASTER]);
}

static void pic_reset(Device *dev)
{
    PicState *s = pic_from(dev);

    for (unsigned i = 0; i < 2; i++) {
        uint8_t lines = s->chips[i].lines; /* the wires keep their levels */

        s->chips[i] = (PicChip){.lines = lines, .lowest = PIC_PINS - 1};
        pic_journal_forget(s, i, INTR_DEVICE_RESET);
    }
    pic_update(s);
}

static const StateField chip_state[] = {
    STATE_FIELD(STATE_UINT8, PicChip, irr),
    STATE_FIELD(STATE_UINT8, PicChip, gone),
    STATE_FIELD(STATE_UINT8, PicChip, imr),
    STATE_FIELD(STATE_UINT8, PicChip, isr),
    STATE_FIELD(STATE_UINT8, PicChip, lines),
    STATE_FIELD(STATE_UINT8, PicChip, elcr),
    STATE_FIELD(STATE_UINT8, PicChip, lowest),
    STATE_FIELD(STATE_UINT8, PicChip, base),
    STATE_FIELD(STATE_UINT8, PicChip, icw1),
    STATE_FIELD(STATE_UINT32, PicChip, step),
    STATE_FIELD(STATE_UINT8, PicChip, auto_eoi),
    STATE_FIELD(STATE_UINT8, PicChip, rotate_on_aeoi),
    STATE_FIELD(STATE_UINT8, PicChip, sfnm),
    STATE_FIELD(STATE_UINT8, PicChip, special_mask),
    STATE_FIELD(STATE_UINT8, PicChip, poll),
    STATE_FIELD(STATE_UINT8, PicChip, read_isr),
    STATE_END,
};

static const StateField records_state[] = {
    STATE_ARRAY(STATE_UINT64, PicRecords, waiting, 2 * PIC_PINS),
    STATE_ARRAY(STATE_UINT64, PicRecords, taken, 2 * PIC_PINS),
    STATE_ARRAY(STATE_UINT64, PicRecords, gone, 2),
    STATE_FIELD(STATE_UINT16, PicRecords, open),
    STATE_FIELD(STATE_UINT32, PicRecords, apic_id),
    STATE_END,
};

static const StateField pic_state[] = {
    STATE_STRUCTS(PicState, chips, 2, PicChip, chip_state),
    STATE_STRUCTS(PicState, records, 1, PicRecords, records_state),
    STATE_STRUCTS(PicState, intr, 1, IrqOut, irq_out_state),
    STATE_END,
};

const DeviceClass i8259_class = {
    .name = "isa-i8259",
    .alias = "i8259",
    .desc = "Pair of 8259A interrupt controllers with ELCR",
    .bus = BUS_NONE,
    .instance_size = sizeof(PicState),
    .state = pic_state,
    .realize = pic_realize,
    .unrealize = pic_unrealize,
    .reset = pic_reset,
};
