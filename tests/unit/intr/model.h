/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What should become of each attempt to interrupt, by the specifications: local APICs and their bus
 * (SDM volume 3, chapter 11), IOAPIC (82093AA), i8259 pair, MSI and MSI-X (PCI 3.0), and a
 * remapping unit (VT-d). It shares nothing with what it is a model of but the names of the states,
 * and it works on plain arrays. Records are numbered as attempts are made, from 1 on.
 *
 * What hardware may choose (an evicted cache entry) is asked for by `cache_use`.
 */
#ifndef TESTS_UNIT_INTR_MODEL_H
#define TESTS_UNIT_INTR_MODEL_H

#include <glib.h>

#include "hw/core/intr_result.h"
#include "hw/intr/record.h"

#define MODEL_APICS   6
#define MODEL_PINS    24
#define MODEL_EOIS    32u
#define MODEL_ENTRIES 16u /* of the biggest remapping table */
#define MODEL_PIDS    3
#define MODEL_FAULTS  2
#define MODEL_VECTORS 2 /* of MSI, and of MSI-X */

#define MODEL_RAM    (8u << 20)
#define MODEL_AT_PID 0x300000ull

typedef struct {
    JournalKind kind;
    unsigned number;
    IntrResult state;
    unsigned accepted, ended; /* local APICs */
} ModelRecord;

typedef struct {
    uint32_t rec, dest;
    uint8_t vector, mode;
    bool logical, one, level, asserted;
} ModelMsg;

enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_ENTRIES };

typedef struct {
    uint32_t id;
    bool absent; /* its processor is not plugged in */
    bool enabled, x2, software;
    uint8_t tpr;
    uint32_t ldr, dfr;
    uint32_t irr[256], isr[256]; /* records; 0 for none */
    bool tmr[256];
    uint32_t lvt[LVT_ENTRIES]; /* with remote IRR in bit 14 */
    bool lint[2];
    uint32_t lint_waits; /* record that waits at LINT0 */
    bool extint, error;  /* latched; told of an error */
} ModelApic;

typedef struct {
    uint64_t rte; /* as software reads it */
    bool asked;
    uint32_t waits;
    unsigned again;   /* EOIs in a row that found the pin active */
    bool stuck;       /* stuck-remote-irr: until a reset */
    bool interrupted; /* level-as-edge: masked in flight */
    bool pauses;
} ModelPin;

typedef struct {
    bool line, edge, level, masked, serving; /* edge: latched, its line is still up */
    uint32_t waits, takes;                   /* records */
} ModelPicInput;

typedef struct {
    ModelPicInput in[8];
    unsigned lowest;        /* of priority */
    unsigned icw, last_icw; /* the one that comes next, or 0 */
    bool started, single, automatic, rotates, fully, special, polls;
    bool gone; /* INT is up, and what it was up for is not there any more */
    uint32_t gone_rec;
} ModelPicChip;

typedef struct {
    uint32_t waits;
    bool pending, masked;
    uint64_t address;
    uint32_t data;
} ModelVector;

typedef struct {
    bool masked, pending;
    uint32_t waits, data;
    uint64_t address; /* with the upper half, if there is one */
} ModelEvent;

typedef struct {
    bool valid, wide; /* read in extended mode */
    uint64_t low, high;
} ModelCached;

typedef struct {
    uint64_t control;
    bool dirty; /* something is in the reserved rest */
    uint64_t pir[4];
} ModelPid;

typedef struct {
    /* What it is. */
    bool has_eim, posting, caching, sirtp_flushes;
    enum { CACHE_HOLD, CACHE_OFF, CACHE_RANDOM } cache_policy;
    unsigned fault_records;
    /* What it is set to. */
    bool remapping, compatibility, translating;
    bool wide, table_is_there; /* EIME; IRTA names memory */
    uint32_t entries;
    ModelCached cache[MODEL_ENTRIES];
    ModelEvent events[2];
    bool fault[MODEL_FAULTS], overflow, primary, waited; /* FRCD.F, FSTS.PFO, PPF, ICS.IWC */
    uint16_t fault_source[MODEL_FAULTS];
    unsigned next_fault;
} ModelUnit;

typedef struct {
    GArray *records; /* of ModelRecord; number 1 is the first */
    ModelApic apics[MODEL_APICS];
    unsigned apic_count, turn;
    ModelUnit unit;
    /* Memory. */
    uint64_t table[MODEL_ENTRIES][2];
    ModelPid pids[MODEL_PIDS];
    /* Emitters. */
    ModelPin pins[MODEL_PINS];
    ModelPicChip pic[2];
    bool pins_stick;    /* stuck-remote-irr */
    bool level_as_edge; /* the 82093AA's erratum */
    int64_t eoi_delay;  /* ns; and the EOIs under way, the oldest first */
    struct {
        int64_t at;
        uint8_t vector;
    } eois[MODEL_EOIS];
    unsigned eoi_count;
    uint32_t active_low, any_polarity;
    uint16_t ioapic_rid, hpet_rid, function_rid;
    int64_t now, pause_ends; /* ns; INT64_MAX: no pin pauses */
    bool master, bridge_master;
    bool msi_on, msix_on, msix_masked;
    unsigned msi_granted; /* vectors */
    ModelVector msi[MODEL_VECTORS], msix[MODEL_VECTORS];
    /* JOURNAL_CACHED and JOURNAL_STALE of a record: whether the unit used its cache for it. */
    unsigned (*cache_use)(void *opaque, uint32_t rec);
    void *opaque;
    GString *wrong; /* what the cache must not have done */
} Model;

/* model.c: records, and local APICs as they are after a reset. */
void model_init(Model *m);
void model_free(Model *m);
uint32_t model_open(Model *m, JournalKind kind, unsigned number);
ModelRecord *model_record(const Model *m, uint32_t rec);
void model_state(Model *m, uint32_t rec, IntrResult state);
/* What waited is gone. */
void model_withdraw(Model *m, uint32_t *waits, IntrResult why);

/* model_apic.c */
void model_apic_reset(Model *m, ModelApic *a); /* INIT, or what disabling leaves */
void model_apic_take(Model *m, ModelApic *a);  /* the CPU takes what there is to take */
void model_apic_eoi(Model *m, ModelApic *a);
void model_apic_svr(Model *m, ModelApic *a, bool software);
void model_apic_lvt(Model *m, ModelApic *a, unsigned entry, uint32_t value);
void model_apic_lint(Model *m, ModelApic *a, unsigned n, bool level);
void model_apic_fire(Model *m, ModelApic *a, unsigned entry);
void model_apic_icr(Model *m, ModelApic *a, uint32_t icr, uint32_t dest);
IntrResult model_apic_accept(Model *m, ModelApic *a, const ModelMsg *msg);
void model_apic_error(Model *m, ModelApic *a);

/* model_bus.c */
void model_bus(Model *m, const ModelMsg *msg);
/* A shorthand: all, or all but one. */
void model_bus_all(Model *m, const ModelMsg *msg, const ModelApic *except);
/* An address and data of a message that nobody remaps. */
ModelMsg model_message(uint32_t rec, uint64_t address, uint32_t data);

/* model_unit.c */
void model_request(Model *m, uint32_t rec, uint16_t rid, uint64_t address, uint32_t data,
                   bool pasid);
/* A write that is no request, and has no record. */
void model_refused_write(Model *m, uint16_t rid);
void model_unit_table(Model *m, uint32_t entries, bool wide, bool is_there);
void model_unit_flush(Model *m, unsigned first, unsigned count);
void model_unit_event_mask(Model *m, unsigned event, bool masked);
void model_unit_fault_clear(Model *m, unsigned n);
void model_unit_overflow_clear(Model *m);
void model_unit_wait(Model *m); /* a wait descriptor that interrupts is done */
void model_unit_wait_clear(Model *m);
void model_unit_reset(Model *m);

/* model_pic.c: what is written to a chip's first or second port; ELCR; an acknowledge, and a read
 * that may be a poll. */
void model_pic_line(Model *m, unsigned n, bool level);
void model_pic_write(Model *m, unsigned chip, bool second, uint8_t value);
void model_pic_levels(Model *m, unsigned chip, uint8_t value);
void model_pic_ack(Model *m);
void model_pic_read(Model *m, unsigned chip);
void model_pic_reset(Model *m);

/* model_emit.c */
void model_pin(Model *m, unsigned pin, bool asked);
void model_pin_entry(Model *m, unsigned pin, unsigned half, uint32_t value);
void model_pin_eoi(Model *m, uint8_t vector);
void model_ioapic_reset(Model *m);
void model_time(Model *m, int64_t ns);
void model_msi(Model *m, unsigned n);
void model_msi_written(Model *m);
void model_msix(Model *m, unsigned n);
void model_msix_written(Model *m, unsigned n);
void model_function_reset(Model *m);
void model_hpet(Model *m, unsigned timer, bool level, bool enabled, bool message, uint32_t address,
                uint32_t data);

#endif
