/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The i8259 pair's state, and what the journal hears of it. */
#ifndef HW_INTC_I8259_INTERNAL_H
#define HW_INTC_I8259_INTERNAL_H

#include "hw/intc/i8259.h"
#include "hw/intr/journal.h"

#define PIC_PINS     8
#define CASCADE_PIN  2
#define CASCADE_BIT  (1u << CASCADE_PIN)
#define SPURIOUS_PIN 7
#define MASTER       0
#define SLAVE        1

typedef enum { INIT_DONE, INIT_ICW2, INIT_ICW3, INIT_ICW4 } InitStep;

typedef struct {
    uint8_t irr; /* edges whose line is still high; level requests come from `lines` */
    uint8_t imr, isr;
    uint8_t lines, elcr;
    uint8_t lowest; /* the input of lowest priority: 7 after ICW1 */
    uint8_t base;   /* ICW2 */
    uint8_t icw1;
    uint32_t step; /* InitStep */
    bool gone;     /* INT is up for a request that fell: the acknowledge gets the default input */
    bool auto_eoi, rotate_on_aeoi, sfnm, special_mask, poll, read_isr;
} PicChip;

/* Serial numbers in the journal, by input of the pair; 0 for none. */
typedef struct {
    uint64_t waiting[2 * PIC_PINS]; /* requests, */
    uint64_t taken[2 * PIC_PINS];   /* what is in service, */
    uint64_t gone[2]; /* and requests that fell, with INT still up for them, by chip */
    uint16_t open;    /* inputs that have one that waits or is in service */
    uint32_t apic_id; /* who acknowledged last */
} PicRecords;

typedef struct {
    Device dev;
    PicChip chips[2];
    IrqLine lines[2 * PIC_PINS];
    IrqOut intr;
    MemRegion ports[2], elcr_ports;
    PicRecords records;
} PicState;

/* What a chip is asked for, and the input that it signals now, or -1. */
uint8_t pic_chip_requests(const PicChip *c);
int pic_chip_pending(const PicChip *c);

/* Inputs have changed, or what lets them through: which requests there are, and what each waits
 * for; what is in service no more has ended. */
void pic_journal_update(PicState *s);
/* An input fell; `asked`: its chip signalled it. */
void pic_journal_fell(PicState *s, unsigned n, bool asked);
/* A CPU's acknowledge got input `n`, as `vector`; -1: it polled. `spurious`: nothing is there. */
void pic_journal_ack(PicState *s, unsigned n, bool spurious, int vector);
/* It got the cascade of the master. */
void pic_journal_passed(PicState *s);
/* All that a chip has is forgotten. */
void pic_journal_forget(PicState *s, unsigned chip, IntrResult why);

#endif
