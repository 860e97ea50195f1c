/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the local APIC share: its state, and each file's functions for the others.
 *
 *   apic.c         the device, IA32_APIC_BASE, resets, LINT inputs
 *   apic_regs.c    register table behind the MMIO page and the x2APIC MSRs
 *   apic_accept.c  IRR, ISR, TMR, priorities, acknowledge, EOI, errors
 *   apic_lvt.c     local vector table, LINT pins
 *   apic_ipi.c     ICR and SELF IPI
 *   apic_timer.c   the timer
 *   apic_rules.c   what lint looks after
 */
#ifndef HW_INTC_APIC_INTERNAL_H
#define HW_INTC_APIC_INTERNAL_H

#include "hw/intc/apic.h"
#include "hw/intr/stages.h"

/* IA32_APIC_BASE (SDM vol. 3, 11.4.4 and 11.12.1). */
#define APIC_BASE_BSP       (1ull << 8)
#define APIC_BASE_EXTD      (1ull << 10)
#define APIC_BASE_ENABLE    (1ull << 11)
#define APIC_BASE_ADDR_MASK (~0xfffull)
#define APIC_BASE_DEFAULT   0xfee00000ull

/* Local vector table, in register order (SDM 11.5.1); CMCI is absent. */
typedef enum {
    APIC_LVT_TIMER,
    APIC_LVT_THERMAL,
    APIC_LVT_PERF,
    APIC_LVT_LINT0,
    APIC_LVT_LINT1,
    APIC_LVT_ERROR,
    APIC_LVT_COUNT,
} ApicLvt;

#define LVT_VECTOR_MASK      0xffu
#define LVT_DELIVERY_SHIFT   8
#define LVT_DELIVERY_MASK    0x700u
#define LVT_DELIVERY_STATUS  (1u << 12)
#define LVT_POLARITY         (1u << 13)
#define LVT_REMOTE_IRR       (1u << 14)
#define LVT_LEVEL            (1u << 15)
#define LVT_MASKED           (1u << 16)
#define LVT_TIMER_MODE_SHIFT 17
#define LVT_TIMER_MODE_MASK  (3u << LVT_TIMER_MODE_SHIFT)
#define LVT_TIMER_DEADLINE   (2u << LVT_TIMER_MODE_SHIFT)

/* Spurious-interrupt vector register (SDM 11.9). */
#define SVR_VECTOR_MASK  0xffu
#define SVR_ENABLE       (1u << 8)
#define SVR_FOCUS        (1u << 9)
#define SVR_EOI_SUPPRESS (1u << 12)

/* Error status register (SDM 11.5.3). */
#define ESR_SEND_ILLEGAL_VECTOR    (1u << 5)
#define ESR_RECEIVE_ILLEGAL_VECTOR (1u << 6)
#define ESR_ILLEGAL_REGISTER       (1u << 7)

#define DFR_FLAT    0xffffffffu
#define DFR_CLUSTER 0x0fffffffu

/* Vectors below this one are illegal (SDM 11.5.2). */
#define APIC_FIRST_VECTOR 16

struct ApicState {
    Device dev;
    ApicLinks links;

    uint64_t base;
    uint8_t xapic_id;
    bool absent; /* its processor is not plugged in */
    uint64_t irr[4], isr[4], tmr[4];
    uint8_t tpr;
    uint64_t auto_eoi[4];
    bool extint_latched; /* an ExtINT message came and is not acknowledged */
    bool lint_level[2];
    uint32_t ldr, dfr; /* ldr: as the xAPIC register; x2APIC mode derives it from the id */
    uint32_t svr, esr, esr_pending;
    uint32_t icr_low, icr_high;
    uint32_t lvt[APIC_LVT_COUNT];
    /* What came by messages that leave no mark in the registers. */
    uint32_t nmis, smis, inits, sipis;
    uint8_t sipi_vector;

    /* The timer: at `timer_start` it stood at `timer_count`; it reloads with `timer_initial`. */
    uint32_t timer_initial, timer_count, timer_divide;
    int64_t timer_start;
    uint64_t tsc_deadline; /* 0: not armed */
    Timer timer;

    IrqLine lint[2];

    /* Of the journal: whose the bits of IRR and ISR are, and what waits at LINT0. */
    uint64_t serial_irr[256], serial_isr[256], lint_waiting;

    /* Derived. */
    int irr_top, isr_top; /* highest vector, -1 for none */
    uint8_t ppr;
    bool intr;
};

static inline bool apic_bit(const uint64_t *set, unsigned n)
{
    return (set[n >> 6] >> (n & 63)) & 1;
}

static inline void apic_set_bit(uint64_t *set, unsigned n)
{
    set[n >> 6] |= 1ull << (n & 63);
}

static inline void apic_clear_bit(uint64_t *set, unsigned n)
{
    set[n >> 6] &= ~(1ull << (n & 63));
}

/* Highest set bit, or -1. */
static inline int apic_highest(const uint64_t *set)
{
    for (int i = 3; i >= 0; i--) {
        if (set[i]) {
            return i * 64 + 63 - __builtin_clzll(set[i]);
        }
    }
    return -1;
}

static inline Journal *apic_journal(const ApicState *s)
{
    return s->dev.platform->journal;
}

static inline bool apic_software_enabled(const ApicState *s)
{
    return s->svr & SVR_ENABLE;
}

/* apic.c: IA32_APIC_BASE and IA32_TSC_DEADLINE. */
bool apic_base_msr_read(ApicState *s, uint32_t msr, uint64_t *value);
bool apic_base_msr_write(ApicState *s, uint32_t msr, uint64_t value);

/* apic_accept.c */
/* Rebuilds what is derived from the registers and drives INTR. */
void apic_update(ApicState *s);
void apic_error(ApicState *s, uint32_t esr_bit);
/* Does to the APIC and its CPU what `answer` says became of `msg`. */
void apic_take(ApicState *s, const ApicMsg *msg, IntrResult answer);
void apic_eoi(ApicState *s);
/* All that waits or is in service is forgotten, in IRR and ISR and in the journal. */
void apic_forget(ApicState *s, IntrResult result);

/* apic_lvt.c */
/* A local interrupt source fires. */
IntrResult apic_fire_lvt(ApicState *s, ApicLvt lvt);
/* Is the pin at the level that its entry calls active? */
bool apic_lint_active(const ApicState *s, int n);
void apic_lint_changed(ApicState *s, int n, bool level);
/* After a change of LINT entries: a level that waits behind a mask may go now. */
void apic_lint_resample(ApicState *s);
void apic_lint_recheck(ApicState *s);
void apic_lint_eoi(ApicState *s, uint8_t vector);

/* apic_ipi.c */
IntrResult apic_send_ipi(ApicState *s, uint32_t icr_low, uint32_t dest);
IntrResult apic_self_ipi(ApicState *s, uint8_t vector);

/* apic_timer.c */
void apic_timer_init(ApicState *s);
void apic_timer_reset(ApicState *s);
/* Arms or cancels the host timer to fit the registers. */
void apic_timer_rearm(ApicState *s);
/* An expiry that is due but not run yet comes before what the guest does or reads now. */
void apic_timer_catch_up(ApicState *s);
void apic_timer_set_lvt(ApicState *s, uint32_t value);
void apic_timer_set_initial(ApicState *s, uint32_t count);
void apic_timer_set_divide(ApicState *s, uint32_t value);
uint32_t apic_timer_current(const ApicState *s);
uint32_t apic_logical_id(const ApicState *s); /* LDR */
uint64_t apic_timer_get_deadline(ApicState *s);
void apic_timer_set_deadline(ApicState *s, uint64_t tsc);

/* apic_rules.c: before an LVT entry or SVR takes a value, */
void apic_rules_lvt(const ApicState *s, ApicLvt lvt, uint32_t value);
void apic_rules_svr(const ApicState *s, uint32_t value);
/* after IA32_APIC_BASE refused one, */
void apic_rules_base_refused(const ApicState *s, uint64_t value);
/* at an access that is not one aligned dword, */
void apic_rules_access(const ApicState *s, uint32_t offset, unsigned size);
/* and after an IPI was sent, or a start-up IPI taken. */
void apic_rules_ipi(const ApicState *s, const ApicMsg *msg, uint32_t icr, IntrResult answer);
void apic_rules_sipi(const ApicState *s);

#endif
